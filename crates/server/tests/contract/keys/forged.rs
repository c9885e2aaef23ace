//! SSE-RULES 2.5, "Tokens", for public keys: none of these opens anything.

use super::{
    JWKS, PEM, Signer, by_key, claims, key,
    provider::{Provider, Says},
    signer::der,
    status, text,
};
use crate::support::builder;
use campanile_testkit::{Request, TestNode, token};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a refusal takes when nothing is computed for it, with room for a slow machine.
const NO_WORK: Duration = Duration::from_millis(500);

async fn start() -> TestNode {
    by_key(JWKS, key("a.jwks.json").display()).start().await
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// Row "`alg: none`, `None`, `nOnE`, empty signature".
#[tokio::test]
async fn without_a_signature_there_is_no_token() {
    let node = start().await;
    let signer = Signer::of("p256-a");
    for alg in ["none", "None", "nOnE", "NONE", "", "RS256", "ES256", "EdDSA"] {
        let header = signer.header_with("alg", json!(alg));
        let unsigned = token::unsigned(&header, claims().to_string().as_bytes());
        for bad in
            [&format!("{unsigned}."), &unsigned, &format!("{unsigned}.AA"), &format!("{unsigned}.{}", "A".repeat(86))]
        {
            assert_eq!(status(&node, bad).await, 401, "{alg}");
        }
    }
}

/// Row "RS256 public key used as HS256 secret", also where HS256 is fine with another secret.
#[tokio::test]
async fn a_public_key_is_never_a_secret() {
    let pem = text("rsa-a.pub.pem");
    let set: Value = serde_json::from_str(&text("a.jwks.json")).unwrap();
    let modulus = set["keys"][0]["n"].as_str().unwrap();
    let also_by_secret = builder().env(PEM, key("rsa-a.pub.pem").display()).start().await;
    let by_set = start().await;
    let secrets = [
        pem.as_bytes(),
        pem.trim().as_bytes(),
        &der(&pem),
        text("rsa-a.pkcs1.pem").as_bytes(),
        modulus.as_bytes(),
        b"",
    ]
    .map(<[u8]>::to_vec);
    for secret in &secrets {
        for kid in [json!("rsa-a"), json!(null)] {
            let header = Signer::of("rsa-a").header_with("kid", kid);
            for alg in ["HS256", "HS384", "HS512"] {
                let mut header = header.clone();
                header["alg"] = json!(alg);
                let forged = token::assemble(&header, claims().to_string().as_bytes(), secret);
                assert_eq!(status(&by_set, &forged).await, 401, "{alg}");
                assert_eq!(status(&also_by_secret, &forged).await, 401, "{alg}");
            }
        }
    }
    assert_eq!(status(&also_by_secret, &also_by_secret.token("u")).await, 200, "the secret itself is fine");
    assert_eq!(status(&also_by_secret, &Signer::of("rsa-a").sign(&claims())).await, 200, "so is the key");
}

/// The algorithm is the key's: another key's name, another algorithm's name, and algorithms that are ours by no key.
#[tokio::test]
async fn the_algorithm_is_the_keys_and_never_the_tokens() {
    let node = start().await;
    for (owner, others) in
        [("rsa-a", ["p256-a", "ed25519-a"]), ("p256-a", ["rsa-a", "ed25519-a"]), ("ed25519-a", ["rsa-a", "p256-a"])]
    {
        let signer = Signer::of(owner);
        assert_eq!(status(&node, &signer.sign(&claims())).await, 200, "{owner}");
        for other in others {
            let by_other_name = signer.header_with("kid", json!(other));
            assert_eq!(status(&node, &signer.sign_with(&by_other_name, &claims())).await, 401, "{owner} as {other}");
            let by_other_algorithm = signer.header_with("alg", json!(Signer::of(other).algorithm()));
            assert_eq!(
                status(&node, &signer.sign_with(&by_other_algorithm, &claims())).await,
                401,
                "{owner} like {other}"
            );
        }
        for alg in ["RS384", "RS512", "PS256", "ES384", "Ed448", "rs256", "RSA-OAEP", "PBES2-HS256+A128KW"] {
            let header = signer.header_with("alg", json!(alg));
            assert_eq!(status(&node, &signer.sign_with(&header, &claims())).await, 401, "{owner} by {alg}");
        }
    }
}

/// `auth.algorithms`: only what is listed is accepted.
#[tokio::test]
async fn an_algorithm_that_is_not_listed_is_refused() {
    let node =
        by_key(JWKS, key("a.jwks.json").display()).env("CAMPANILE_AUTH__ALGORITHMS", "ES256,EdDSA").start().await;
    for (owner, expected) in [("rsa-a", 401), ("p256-a", 200), ("ed25519-a", 200)] {
        assert_eq!(status(&node, &Signer::of(owner).sign(&claims())).await, expected, "{owner}");
    }
}

/// Row "`kid` = `../../dev/null`, SQL, 1 MB, unknown, other tenant's".
#[tokio::test]
async fn a_name_is_looked_up_in_the_list_and_nowhere_else() {
    let node = start().await;
    let signer = Signer::of("p256-a");
    let huge = "k".repeat(4000);
    for kid in ["../../dev/null", "/dev/null", "' OR 1=1 --", "p256-b", "P256-A", "p256-a\0", "p256-a ", "", &huge] {
        let header = signer.header_with("kid", json!(kid));
        assert_eq!(status(&node, &signer.sign_with(&header, &claims())).await, 401, "{kid}");
        let by_nothing = token::assemble(&header, claims().to_string().as_bytes(), b"");
        assert_eq!(status(&node, &by_nothing).await, 401, "{kid}");
    }
    for kid in [json!(5), json!(["p256-a"]), json!({"p256-a": 1})] {
        let header = signer.header_with("kid", kid.clone());
        assert_eq!(status(&node, &signer.sign_with(&header, &claims())).await, 401, "{kid}");
    }
    let stranger = Signer::of("p256-b");
    assert_eq!(status(&node, &stranger.sign_with(&signer.header(), &claims())).await, 401, "another's key by our name");
}

/// Row "`jwk`, `jku`, `x5u`, `x5c` in the header": no request goes out, and what is in the token does not check it.
#[tokio::test]
async fn a_token_brings_no_key_and_sends_nobody_for_one() {
    let foreign: Value = serde_json::from_str(&text("b.jwks.json")).unwrap();
    let trap = Provider::start(Says::set(foreign.to_string())).await;
    let node = start().await;
    let certificate = token::base64url(&der(&text("certificate.pem")));
    for (member, value) in [
        ("jwk", foreign["keys"][1].clone()),
        ("jku", json!(trap.url())),
        ("x5u", json!(trap.url())),
        ("x5c", json!([certificate])),
        ("x5t", json!("AAAA")),
    ] {
        let stranger = Signer::of("p256-b");
        for kid in [json!("p256-b"), json!("p256-a"), json!(trap.url()), json!(null)] {
            let mut header = stranger.header_with("kid", kid);
            header[member] = value.clone();
            assert_eq!(status(&node, &stranger.sign_with(&header, &claims())).await, 401, "{member}");
        }
        let ours = Signer::of("p256-a");
        let ignored = status(&node, &ours.sign_with(&ours.header_with(member, value), &claims())).await;
        assert!([200, 401].contains(&ignored), "{member}: {ignored}");
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}

/// Row "unknown `crit`".
#[tokio::test]
async fn an_unknown_critical_extension_is_refused() {
    let node = start().await;
    let signer = Signer::of("ed25519-a");
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), json!("x")] {
        let mut header = signer.header_with("crit", crit.clone());
        header["b64"] = json!(false);
        assert_eq!(status(&node, &signer.sign_with(&header, &claims())).await, 401, "{crit}");
    }
}

/// Row "`exp` missing; string; negative; 1e300; float; `nbf` in the future; `nbf` as string"; and `iat` likewise.
#[tokio::test]
async fn times_are_whole_seconds() {
    let node = start().await;
    let signer = Signer::of("ed25519-a");
    let soon = token::now() + 3600;
    assert_eq!(status(&node, &signer.sign(&json!({"sub": "u"}))).await, 401);
    for exp in [
        json!(soon.to_string()),
        json!(-1),
        json!(1e300),
        json!(soon as f64 + 0.5),
        json!(null),
        json!(token::now() - 60),
    ] {
        assert_eq!(status(&node, &signer.sign(&claims_with("exp", exp.clone()))).await, 401, "exp {exp}");
    }
    for nbf in [json!(soon), json!("0"), json!(1e300), json!(0.5)] {
        assert_eq!(status(&node, &signer.sign(&claims_with("nbf", nbf.clone()))).await, 401, "nbf {nbf}");
    }
    for iat in [json!("0"), json!(-1), json!(1e300), json!(0.5), json!([1])] {
        assert_eq!(status(&node, &signer.sign(&claims_with("iat", iat.clone()))).await, 401, "iat {iat}");
    }
    assert_eq!(status(&node, &signer.sign(&claims_with("iat", json!(token::now())))).await, 200);
}

/// Row "wrong `aud`, array `aud`, wrong `iss`, missing `typ`, ID token". A missing `typ` is taken: RFC 7519 leaves it out at will, and
/// large providers do.
#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let node = by_key(JWKS, key("a.jwks.json").display())
        .env("CAMPANILE_AUTH__ISSUER", "https://id.example")
        .env("CAMPANILE_AUTH__AUDIENCE", "campanile")
        .start()
        .await;
    let signer = Signer::of("p256-a");
    let of = |iss: Value, aud: Value| {
        let mut claims = claims_with("iss", iss);
        claims["aud"] = aud;
        claims
    };
    let good = of(json!("https://id.example"), json!("campanile"));
    assert_eq!(status(&node, &signer.sign(&good)).await, 200);
    assert_eq!(status(&node, &signer.sign(&of(json!("https://id.example"), json!(["other", "campanile"])))).await, 200);
    for bad in [
        of(json!("https://id.example"), json!("other")),
        of(json!("https://id.example"), json!(["other"])),
        of(json!("https://id.example"), json!(null)),
        of(json!("https://evil.example"), json!("campanile")),
        of(json!("https://id.example/"), json!("campanile")),
        claims(),
    ] {
        assert_eq!(status(&node, &signer.sign(&bad)).await, 401, "{bad}");
    }
    for (claim, value) in
        [("nonce", json!("n-0S6")), ("at_hash", json!("77Q")), ("c_hash", json!("LDk")), ("typ", json!("ID"))]
    {
        let mut id_token = good.clone();
        id_token[claim] = value;
        assert_eq!(status(&node, &signer.sign(&id_token)).await, 401, "{claim}");
    }
    for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE"] {
        assert_eq!(status(&node, &signer.sign_with(&signer.header_with("typ", json!(typ)), &good)).await, 401, "{typ}");
    }
    for typ in [json!("at+jwt"), json!("application/at+jwt"), json!(null)] {
        assert_eq!(
            status(&node, &signer.sign_with(&signer.header_with("typ", typ.clone()), &good)).await,
            200,
            "{typ}"
        );
    }
}

/// Row "valid token, missing right".
#[tokio::test]
async fn a_good_token_without_the_scope_is_403() {
    let node = start().await;
    let publish = |scope: &str| {
        let token = Signer::of("rsa-a").sign(&claims_with("scope", json!(scope)));
        Request::post("/api/notifications").bearer(&token).json(json!({"type": "t", "to": {"users": ["u"]}}))
    };
    let _ = node.send(publish("notifications:publish openid")).await.expect(202);
    let refused = node.send(publish("openid")).await;
    assert_eq!(refused.problem(403)["code"], "insufficient-scope");
    assert!(refused.field("www-authenticate").unwrap().contains("insufficient_scope"));
}

/// Row "expires mid-stream".
#[tokio::test]
async fn a_stream_ends_when_its_token_does_and_the_next_attempt_is_401() {
    let node = by_key(JWKS, key("a.jwks.json").display()).env("CAMPANILE_AUTH__LEEWAY_SECONDS", 0).start().await;
    let token = Signer::of("ed25519-a").sign(&claims_with("exp", json!(token::now() + 2)));
    let mut stream = node.anonymous_stream().bearer(&token).open().await;
    stream.ready().await;
    let last = stream.until("reconnect").await;
    assert_eq!(last.json()["reason"], "expired");
    let refused = node.anonymous_stream().bearer(&token).refused().await;
    assert_eq!(refused.problem(401)["detail"], "The token has expired.");
}

/// Row "JWE, nested, 1 MB token, PBES2 with p2c 10^9": refused quickly.
#[tokio::test]
async fn what_is_no_signed_token_costs_no_work() {
    let node = start().await;
    let signer = Signer::of("rsa-a");
    let jwe = |alg: &str| {
        let header = json!({"alg": alg, "enc": "A256GCM", "p2c": 1_000_000_000, "p2s": "AAAA", "kid": "rsa-a"});
        format!("{}.AAAA.AAAA.AAAA.AAAA", token::base64url(header.to_string().as_bytes()))
    };
    let nested = signer.sign_with(&signer.header_with("cty", json!("JWT")), &claims());
    let compressed = signer.sign_with(&signer.header_with("zip", json!("DEF")), &claims());
    let encrypted = signer.sign_with(&signer.header_with("enc", json!("A256GCM")), &claims());
    let padded = signer.sign(&claims_with("pad", json!("a".repeat(20_000))));
    let tokens =
        [jwe("PBES2-HS256+A128KW"), jwe("dir"), jwe("RSA-OAEP"), jwe("RS256"), nested, compressed, encrypted, padded];
    for bad in &tokens {
        let took = quickest(async || assert_eq!(status(&node, bad).await, 401, "{}", &bad[..60])).await;
        assert!(took < NO_WORK, "{took:?} for {}", &bad[..60]);
    }
    let took = quickest(async || {
        let megabyte = node.anonymous_stream().bearer(&"a".repeat(1 << 20)).try_open().await;
        // The head alone is too large for any token to be looked for in it.
        assert!(megabyte.is_err() || [401, 431].contains(&megabyte.unwrap().status()));
    })
    .await;
    assert!(took < NO_WORK, "{took:?}");
}

/// How long the least of three attempts took: a busy machine has a quiet moment, a server that works on a token has none.
async fn quickest(attempt: impl AsyncFn()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let before = Instant::now();
        attempt().await;
        least = least.min(before.elapsed());
    }
    least
}

/// Row "token in the query string".
#[tokio::test]
async fn a_token_in_a_url_is_no_credential_and_is_not_logged() {
    let node = start().await;
    let token = Signer::of("ed25519-a").sign(&claims());
    for name in ["access_token", "token", "jwt", "ticket", "authorization"] {
        let opened = node.anonymous_stream().query(name, &token).open().await;
        assert_eq!(opened.status(), 401, "{name}");
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!node.log().concat().contains(signature));
}
