//! Section 1, who: whose stream it is, and by which credentials.

use crate::support::{builder, start, start_with};
use campanile_testkit::{Request, token};
use serde_json::{Value, json};

const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

fn in_an_hour() -> i64 {
    token::now() + 3600
}

#[tokio::test]
async fn the_user_is_the_tokens_sub_else_its_name_identifier() {
    let node = start().await;
    let cases = [
        (json!({"sub": "ann", "exp": in_an_hour()}), "ann"),
        (json!({NAME_IDENTIFIER: "bob", "exp": in_an_hour()}), "bob"),
        (json!({"sub": "ann", NAME_IDENTIFIER: "bob", "exp": in_an_hour()}), "ann"),
    ];
    for (claims, user) in cases {
        let mut stream = node.anonymous_stream().bearer(&node.sign(claims)).open().await;
        assert_eq!(stream.ready().await.json["user"], user);
    }
}

#[tokio::test]
async fn a_token_without_a_user_is_told_that_in_the_contracts_words() {
    let node = start().await;
    let token = node.sign(json!({"exp": in_an_hour(), "name": "ann"}));
    let answer = node.anonymous_stream().bearer(&token).refused().await;
    assert_eq!(answer.problem(401)["detail"], "User identifier claim not found.");
    assert!(answer.field("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{answer}");
}

#[tokio::test]
async fn a_user_is_a_string_of_1_to_256_bytes_without_control_characters() {
    let node = start().await;
    let open = |user: Value| {
        let token = node.sign(json!({"sub": user, "exp": in_an_hour()}));
        let request = node.anonymous_stream().bearer(&token);
        async move { request.open().await }
    };
    let longest = "é".repeat(128);
    for good in ["u", "Zoë 🔔", "a\u{2028}b", "../..", longest.as_str()] {
        assert_eq!(open(json!(good)).await.ready().await.json["user"], good);
    }
    let long = format!("{longest}x");
    for bad in
        [json!(""), json!("a\nb"), json!("a\0"), json!("\u{7f}"), json!("\u{85}"), json!(long), json!(7), json!(["a"])]
    {
        assert_eq!(open(bad.clone()).await.status(), 401, "{bad}");
    }
}

#[tokio::test]
async fn the_claims_that_name_the_user_are_configurable() {
    let node = start_with("AUTH__USER_CLAIMS", "uid,email").await;
    for (claims, user) in [(json!({"uid": "7", "email": "a@b"}), "7"), (json!({"email": "a@b", "sub": "x"}), "a@b")] {
        let mut claims = claims;
        claims["exp"] = json!(in_an_hour());
        let mut stream = node.anonymous_stream().bearer(&node.sign(claims)).open().await;
        assert_eq!(stream.ready().await.json["user"], user);
    }
    let _ = node.stream("sub-does-not-count").refused().await.problem(401);
}

#[tokio::test]
async fn users_of_different_tenants_never_meet() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let stream = |org: &str| {
        let token = node.sign(json!({"sub": "u", "org": org, "exp": in_an_hour()}));
        node.anonymous_stream().bearer(&token)
    };
    let (mut a, mut b) = (stream("a").open().await, stream("b").open().await);
    let (position_a, position_b) = (a.ready().await, b.ready().await);
    assert_ne!(position_a.cursor, position_b.cursor);
    for org in ["b", "a"] {
        node.publish(json!({"type": "t", "tenant": org, "to": {"users": ["u"]}, "title": org})).await;
    }
    assert_eq!(a.expect("notification").await.json()["title"], "a");
    assert_eq!(b.expect("notification").await.json()["title"], "b");
    let foreign = stream("b").position(&position_a.cursor).open().await.ready().await;
    assert_eq!(foreign.reset_reason.as_deref(), Some("unknown"));
}

#[tokio::test]
async fn a_token_without_a_tenant_is_401_once_tenants_are_configured() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    for tenant in [Value::Null, json!(""), json!(7), json!("a\n")] {
        let token = node.sign(json!({"sub": "u", "org": tenant, "exp": in_an_hour()}));
        let _ = node.anonymous_stream().bearer(&token).refused().await.problem(401);
    }
    let _ = node.stream("u").refused().await.problem(401);
}

#[tokio::test]
async fn without_tenants_everybody_is_in_the_default_one() {
    let node = start().await;
    let token = node.sign(json!({"sub": "u", "tenant": "x", "exp": in_an_hour()}));
    let mut stream = node.anonymous_stream().bearer(&token).open().await;
    stream.ready().await;
    node.publish(json!({"type": "t", "tenant": "default", "to": {"users": ["u"]}, "title": "here"})).await;
    assert_eq!(stream.expect("notification").await.json()["title"], "here");
}

#[tokio::test]
async fn a_bearer_token_wins_over_a_cookie_and_a_cookie_over_a_ticket() {
    let node = start().await;
    let ticket = node.post_as("by-ticket", "/notifications/stream/tickets").await.expect(201).json();
    let ticket = ticket["ticket"].as_str().unwrap();
    let cookie = node.token("by-cookie");
    let request = node.anonymous_stream().ticket(ticket);
    let with_cookie = request.clone().cookie("campanile_token", &cookie);
    let all = with_cookie.clone().bearer(&node.token("by-bearer"));
    for (request, user) in [(all, "by-bearer"), (with_cookie, "by-cookie"), (request, "by-ticket")] {
        assert_eq!(request.open().await.ready().await.json["user"], user);
    }
}

#[tokio::test]
async fn a_bad_credential_is_not_helped_by_a_good_one_behind_it() {
    let node = start().await;
    let cookie = node.token("u");
    let request = node.anonymous_stream().cookie("campanile_token", &cookie);
    assert_eq!(request.clone().bearer("nonsense").open().await.status(), 401);
    let ticket = node.post_as("u", "/notifications/stream/tickets").await.expect(201).json();
    let by_ticket = node.anonymous_stream().ticket(ticket["ticket"].as_str().unwrap());
    assert_eq!(by_ticket.clone().cookie("campanile_token", "nonsense").open().await.status(), 401);
    assert_eq!(by_ticket.open().await.status(), 200, "the ticket was not used up");
}

#[tokio::test]
async fn the_cookies_name_is_configurable() {
    let node = start_with("AUTH__COOKIE", "session").await;
    let token = node.token("u");
    let request = |name: &str| node.anonymous_stream().cookie(name, &token);
    assert_eq!(request("session").open().await.status(), 200);
    assert_eq!(request("campanile_token").open().await.status(), 401);
    let among_others = node.anonymous_stream().field("Cookie", format!("a=b; session={token}; c=d"));
    assert_eq!(among_others.open().await.status(), 200);
}

#[tokio::test]
async fn a_long_lived_token_in_a_url_is_no_credential() {
    let node = start().await;
    for name in ["token", "access_token", "ticket", "jwt", "authorization"] {
        let answer = node.anonymous_stream().query(name, node.token("u")).refused().await;
        let _ = answer.problem(401);
    }
}

#[tokio::test]
async fn the_scheme_is_read_without_case_and_two_headers_are_refused() {
    let node = start().await;
    let token = node.token("u");
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let request = node.anonymous_stream().field("Authorization", format!("{scheme} {token}"));
        assert_eq!(request.open().await.status(), 200, "{scheme}");
    }
    let twice = node.stream("u").bearer(&node.token("v")).open().await.status();
    assert!([400, 401].contains(&twice), "{twice}");
    for other in ["Basic dTpw", "Bearer", "Bearer ", "Token x", ""] {
        assert_eq!(node.anonymous_stream().field("Authorization", other).open().await.status(), 401, "{other:?}");
    }
}

#[tokio::test]
async fn without_credentials_the_answer_says_which_kind_is_wanted() {
    let node = start().await;
    for target in ["/notifications/stream", "/notifications", "/notifications/counts"] {
        let answer = node.send(Request::get(target)).await;
        let _ = answer.problem(401);
        assert!(answer.field("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{answer}");
    }
}

#[tokio::test]
async fn no_answer_and_no_log_line_shows_a_token_or_a_ticket() {
    let node = builder().env("CAMPANILE_LOG", "debug").start().await;
    let bad = token::sign(b"another secret that nobody here knows", &json!({"sub": "u", "exp": in_an_hour()}));
    let answer = node.anonymous_stream().bearer(&bad).query("ticket", "ticket-0123456789").refused().await;
    let good = node.token("u");
    node.anonymous_stream().bearer(&good).open().await.ready().await;
    node.has_streams(0).await;
    let shown = format!("{answer}\n{}", node.log().join("\n"));
    for secret in [&bad, &good, "ticket-0123456789", node.api_key()] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    let signatures = [&bad, &good].map(|token| token.rsplit('.').next().unwrap().to_owned());
    assert!(signatures.iter().all(|signature| !shown.contains(signature.as_str())), "a signature is shown");
}
