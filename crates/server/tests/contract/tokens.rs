//! SSE-RULES 2.5: tokens that are not what they say. All of them are 401, quickly, and none of them opens anything.

use crate::support::{builder, start};
use campanile_testkit::{TestNode, token};
use serde_json::{Value, json};

fn claims() -> Value {
    json!({"sub": "u", "exp": token::now() + 3600})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// The status that a token gets.
async fn status(node: &TestNode, token: &str) -> u16 {
    node.anonymous_stream().bearer(token).open().await.status()
}

fn with_header(node: &TestNode, header: &Value) -> String {
    token::assemble(header, claims().to_string().as_bytes(), node.secret())
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_never_the_tokens() {
    let node = start().await;
    for alg in ["none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PBES2-HS256+A128KW"] {
        let header = json!({"alg": alg, "typ": "JWT", "p2c": 1_000_000_000});
        assert_eq!(status(&node, &with_header(&node, &header)).await, 401, "{alg}");
        let unsigned = token::unsigned(&header, claims().to_string().as_bytes());
        assert_eq!(status(&node, &format!("{unsigned}.")).await, 401, "{alg} without a signature");
    }
    assert_eq!(status(&node, &with_header(&node, &json!({"typ": "JWT"}))).await, 401, "no algorithm");
}

#[tokio::test]
async fn a_signature_that_is_not_ours_is_no_signature() {
    let node = start().await;
    let good = node.sign(claims());
    assert_eq!(status(&node, &good).await, 200);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other = token::sign(b"the wrong secret, but long enough for HS256", &claims());
    let empty = token::sign(b"", &claims());
    let payload = token::base64url(claims_with("sub", json!("admin")).to_string().as_bytes());
    let header = signed.split('.').next().unwrap();
    let forged = format!("{header}.{payload}.{signature}");
    let cut = format!("{signed}.{}", &signature[..signature.len() - 4]);
    let five_parts = format!("{header}.a.b.c.{signature}");
    let twice = format!("{good}.{signature}");
    let padded = format!("{good}=");
    for bad in [&other, &empty, &forged, &cut, &five_parts, &twice, &padded, signed, "..", ".", "a.b.c", "💥"] {
        assert_eq!(status(&node, bad).await, 401, "{bad}");
    }
}

#[tokio::test]
async fn a_keys_whereabouts_in_a_header_are_not_followed() {
    let node = start().await;
    let huge = "k".repeat(2000);
    for kid in ["../../dev/null", "' OR 1=1 --", "/proc/self/environ", huge.as_str()] {
        let answer = status(&node, &with_header(&node, &json!({"alg": "HS256", "kid": kid}))).await;
        assert!([200, 401].contains(&answer), "{answer}");
        let signed_with_nothing =
            token::assemble(&json!({"alg": "HS256", "kid": kid}), claims().to_string().as_bytes(), b"");
        assert_eq!(status(&node, &signed_with_nothing).await, 401, "{kid}");
    }
    let jwk =
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": token::base64url(b"my own key, 32 bytes or more long")}});
    let by_own_key = token::assemble(&jwk, claims().to_string().as_bytes(), b"my own key, 32 bytes or more long");
    assert_eq!(status(&node, &by_own_key).await, 401);
}

#[tokio::test]
async fn an_unknown_critical_extension_is_refused() {
    let node = start().await;
    for crit in [json!(["x"]), json!(["exp"]), json!([])] {
        assert_eq!(status(&node, &with_header(&node, &json!({"alg": "HS256", "crit": crit, "x": 1}))).await, 401);
    }
}

#[tokio::test]
async fn a_time_must_be_a_whole_number_that_makes_sense() {
    let node = start().await;
    let soon = token::now() + 3600;
    let exps = [
        json!(soon.to_string()),
        json!(-1),
        json!(1e300),
        json!(soon as f64 + 0.5),
        json!(null),
        json!([soon]),
        json!(true),
    ];
    for exp in exps {
        assert_eq!(status(&node, &node.sign(claims_with("exp", exp.clone()))).await, 401, "exp {exp}");
    }
    assert_eq!(status(&node, &node.sign(json!({"sub": "u"}))).await, 401, "without exp");
    for nbf in [json!(soon), json!("0"), json!([]), json!(1e300), json!(-5)] {
        assert_eq!(status(&node, &node.sign(claims_with("nbf", nbf.clone()))).await, 401, "nbf {nbf}");
    }
    assert_eq!(status(&node, &node.sign(claims_with("nbf", json!(token::now() - 5)))).await, 200);
}

#[tokio::test]
async fn leeway_admits_a_request_and_nothing_more() {
    let node = start().await;
    let ended = |ago: i64| node.sign(claims_with("exp", json!(token::now() - ago)));
    assert_eq!(status(&node, &ended(60)).await, 401);
    let mut stream = node.anonymous_stream().bearer(&ended(5)).open().await;
    stream.ready().await;
    let last = stream.until("reconnect").await;
    assert_eq!(last.json()["reason"], "expired");
    assert_eq!(status(&node, &node.sign(claims_with("nbf", json!(token::now() + 10)))).await, 200);
    let strict = builder().env("CAMPANILE_AUTH__LEEWAY_SECONDS", 0).start().await;
    let late = strict.sign(claims_with("exp", json!(token::now() - 2)));
    assert_eq!(status(&strict, &late).await, 401);
}

#[tokio::test]
async fn issuer_and_audience_are_checked_when_they_are_configured() {
    let (issuer, audience) = ("https://id.example", "campanile");
    let node = builder().env("CAMPANILE_AUTH__ISSUER", issuer).env("CAMPANILE_AUTH__AUDIENCE", audience).start().await;
    let token = |iss: Value, aud: Value| {
        let mut claims = claims_with("iss", iss);
        claims["aud"] = aud;
        node.sign(claims)
    };
    for good in [json!(audience), json!(["other", audience])] {
        assert_eq!(status(&node, &token(json!(issuer), good)).await, 200);
    }
    for bad in [json!("other"), json!(["other"]), json!([]), json!(null), json!({"a": audience}), json!("Campanile")] {
        assert_eq!(status(&node, &token(json!(issuer), bad)).await, 401);
    }
    for bad in [json!("https://id.example/"), json!(null), json!([issuer])] {
        assert_eq!(status(&node, &token(bad, json!(audience))).await, 401);
    }
    assert_eq!(status(&node, &node.sign(claims())).await, 401);
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_work() {
    let node = start().await;
    let big = "a".repeat(20_000);
    let deep = "[".repeat(3000);
    let header = json!({"alg": "HS256"});
    for payload in ["", "null", "[]", "\"u\"", "{", "\u{0}", deep.as_str(), "{\"sub\":\"u\",\"sub\":\"v\"}"] {
        let bad = token::assemble(&header, payload.as_bytes(), node.secret());
        assert_eq!(status(&node, &bad).await, 401, "{}", &payload[..payload.len().min(20)]);
    }
    assert_eq!(status(&node, &token::assemble(&header, b"\xff\xfe", node.secret())).await, 401);
    assert_eq!(status(&node, &node.sign(claims_with("pad", json!(big)))).await, 401, "a token of 27 KB");
}

#[tokio::test]
async fn a_token_made_for_another_purpose_is_refused() {
    let node = start().await;
    for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE"] {
        assert_eq!(status(&node, &with_header(&node, &json!({"alg": "HS256", "typ": typ}))).await, 401, "{typ}");
    }
    for typ in ["JWT", "jwt", "at+jwt", "application/jwt"] {
        assert_eq!(status(&node, &with_header(&node, &json!({"alg": "HS256", "typ": typ}))).await, 200, "{typ}");
    }
    assert_eq!(status(&node, &with_header(&node, &json!({"alg": "HS256"}))).await, 200, "typ may be left out");
}
