//! Section 1, who: credentials that are no longer, or not quite, good never become somebody else's, and never less than a refusal.

use crate::support::{builder, position, start};
use campanile_testkit::{Request, StreamRequest, TestNode, token};
use serde_json::{Value, json};

const COOKIE: &str = "campanile_token";
const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

fn stale(node: &TestNode, user: &str) -> String {
    node.sign(json!({"sub": user, "exp": token::now() - 3600}))
}

async fn ticket(node: &TestNode, user: &str) -> String {
    let answer = node.post_as(user, "/notifications/stream/tickets").await.expect(201).json();
    answer["ticket"].as_str().unwrap().to_owned()
}

/// The detail of the 401 that a request gets.
async fn refusal(request: StreamRequest) -> String {
    let answer = request.refused().await;
    let challenge = answer.field("www-authenticate").unwrap_or_default().to_owned();
    assert!(challenge.starts_with("Bearer") && challenge.contains("invalid_token"), "{answer}");
    answer.problem(401)["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_stale_token_never_slides_to_another_identity() {
    let node = start().await;
    let (old, other) = (stale(&node, "old"), node.token("other"));
    let one = ticket(&node, "by-ticket").await;
    let cases = [
        node.anonymous_stream().bearer(&old).cookie(COOKIE, &other),
        node.anonymous_stream().bearer(&old).ticket(&one),
        node.anonymous_stream().cookie(COOKIE, &old).ticket(&one),
        node.anonymous_stream().bearer(&old).cookie(COOKIE, &other).ticket(&one),
    ];
    for request in cases {
        assert_eq!(refusal(request).await, "The token has expired.");
    }
    let opened = node.anonymous_stream().ticket(&one).open().await.ready().await;
    assert_eq!(opened.json["user"], "by-ticket", "none of them has used the ticket");
}

/// `sub` comes first and, where it is there, alone: what cannot be a user is not passed over for the next claim.
#[tokio::test]
async fn a_claim_that_is_no_user_never_slides_to_the_next_claim() {
    let node = start().await;
    for bad in [json!(""), json!(7), json!(["a"]), json!({}), json!(true), json!("a\nb"), json!("x".repeat(257))] {
        let token = node.sign(json!({"sub": bad, NAME_IDENTIFIER: "other", "exp": token::now() + 60}));
        let answer = node.anonymous_stream().bearer(&token).refused().await;
        let _ = answer.problem(401);
    }
    let absent = node.sign(json!({"sub": null, NAME_IDENTIFIER: "u", "exp": token::now() + 60}));
    let ready = node.anonymous_stream().bearer(&absent).open().await.ready().await;
    assert_eq!(ready.json["user"], "u", "null is no claim");
}

#[tokio::test]
async fn without_any_of_the_claims_the_detail_is_the_contracts() {
    let node = builder().env("CAMPANILE_AUTH__USER_CLAIMS", "uid").start().await;
    for claims in [json!({"sub": "u"}), json!({"uid": null}), json!({})] {
        let mut claims = claims;
        claims["exp"] = json!(token::now() + 60);
        let detail = refusal(node.anonymous_stream().bearer(&node.sign(claims))).await;
        assert_eq!(detail, "User identifier claim not found.");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused_even_if_they_are_the_same() {
    let node = start().await;
    let token = node.token("u");
    let _ = node.anonymous_stream().bearer(&token).bearer(&token).refused().await.problem(401);
    let _ = node.anonymous_stream().bearer("nonsense").bearer(&token).refused().await.problem(401);
    let with_cookie = node.anonymous_stream().bearer(&token).bearer(&token).cookie(COOKIE, &token);
    let _ = with_cookie.refused().await.problem(401);
}

#[tokio::test]
async fn no_kind_of_credential_is_taken_for_another() {
    let node = start().await;
    let (token, one) = (node.token("u"), ticket(&node, "u").await);
    let cases = [
        node.anonymous_stream().bearer(&one),
        node.anonymous_stream().cookie(COOKIE, &one),
        node.anonymous_stream().ticket(&token),
        node.anonymous_stream().bearer(node.api_key()),
        node.anonymous_stream().cookie(COOKIE, node.api_key()),
        node.anonymous_stream().field("X-Api-Key", node.api_key()),
        node.anonymous_stream().field("X-Api-Key", &token),
        node.anonymous_stream().field("Proxy-Authorization", format!("Bearer {token}")),
    ];
    for request in cases {
        let _ = request.refused().await.problem(401);
    }
}

/// A 401 says whether there were credentials at all (RFC 6750, 3.1), in a form that is the same for every route.
#[tokio::test]
async fn a_challenge_names_an_error_only_if_credentials_were_given() {
    let node = start().await;
    for path in ["/notifications/stream", "/notifications", "/notifications/changes"] {
        let without = node.send(Request::get(path)).await;
        assert_eq!(without.field("www-authenticate"), Some(r#"Bearer realm="campanile""#), "{without}");
        let with = node.send(Request::get(path).bearer("nonsense")).await;
        let challenge = r#"Bearer realm="campanile", error="invalid_token""#;
        assert_eq!(with.field("www-authenticate"), Some(challenge), "{with}");
    }
}

/// Row "someone else's id": the position of one user in the hands of another shows nothing, whatever the two have in common.
#[tokio::test]
async fn the_current_token_counts_for_a_replay_and_not_the_one_that_got_the_position() {
    let node = start().await;
    for user in ["a", "b"] {
        node.notify(user, &format!("for {user}")).await;
    }
    let begin = position(&node, "a").await.replace("-1", "-0");
    let mut own = node.stream("a").position(&begin).open().await;
    assert_eq!(own.ready().await.resume, "exact");
    assert_eq!(own.expect("notification").await.json()["title"], "for a");
    let mut other = node.stream("b").position(&begin).open().await;
    let ready = other.ready().await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref()), ("reset", Some("unknown")));
    node.notify("b", "next").await;
    let next = other.expect("notification").await;
    assert_eq!((&next.json()["title"], next.seq()), (&Value::from("next"), 2));
}
