//! Section 3: revoking what was issued before a moment.

use crate::support::{call, open, scoped, start, start_with};
use campanile_testkit::{Answer, Request, TestNode, token};
use serde_json::{Value, json};

/// A moment so many seconds from now, as RFC 3339.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(token::now() + seconds).unwrap().to_string()
}

async fn revoke(node: &TestNode, user: &str, issued_before: &str) {
    let body = json!({"issuedBefore": issued_before});
    let answer = node.post_api(&format!("/api/users/{user}/revoke"), body).await.expect(202);
    assert!(answer.body.is_empty(), "{answer}");
}

/// A token that was issued so many seconds ago.
fn issued(node: &TestNode, user: &str, ago: i64) -> String {
    node.sign(json!({"sub": user, "iat": token::now() - ago, "exp": token::now() + 600}))
}

async fn get(node: &TestNode, path: &str, token: &str) -> Answer {
    node.send(Request::get(path).bearer(token)).await
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.problem(401)["code"], "credentials-invalid");
    assert!(
        answer.field("www-authenticate").is_some_and(|value| value.contains(r#"error="invalid_token""#)),
        "{answer}"
    );
}

#[tokio::test]
async fn older_tokens_are_401_everywhere_and_younger_ones_good() {
    let node = start().await;
    let (old, young, bare) = (issued(&node, "u", 60), issued(&node, "u", 0), node.token("u"));
    for token in [&old, &young, &bare] {
        let _ = get(&node, "/notifications", token).await.expect(200);
    }
    revoke(&node, "u", &moment(-30)).await;
    for token in [&old, &bare] {
        for path in ["", "/counts", "/changes", "/stream", "/01890000-0000-7000-8000-000000000000"] {
            is_refused(&get(&node, &format!("/notifications{path}"), token).await);
        }
        for path in ["/seen", "/read-all", "/bulk", "/stream/tickets"] {
            is_refused(&node.send(Request::post(format!("/notifications{path}")).bearer(token)).await);
        }
        let cookie = Request::get("/notifications").cookie("campanile_token", token);
        is_refused(&node.send(cookie).await);
        assert_eq!(node.send(Request::new("HEAD", "/notifications/stream").bearer(token)).await.status(), 401);
    }
    let _ = get(&node, "/notifications", &young).await.expect(200);
    for other in [issued(&node, "v", 60), node.token("v")] {
        let _ = get(&node, "/notifications", &other).await.expect(200);
    }
}

#[tokio::test]
async fn open_streams_of_revoked_tokens_end_and_the_others_go_on() {
    let node = start().await;
    let mut old = node.anonymous_stream().bearer(&issued(&node, "u", 60)).open().await;
    let mut young = node.anonymous_stream().bearer(&issued(&node, "u", 0)).open().await;
    let mut other = open(&node, "v").await;
    for stream in [&mut old, &mut young] {
        stream.ready().await;
    }
    revoke(&node, "u", &moment(-30)).await;
    assert_eq!(old.farewell().await["reason"], "revoked");
    node.publish(json!({"type": "t", "to": {"users": ["u", "v"]}})).await;
    young.expect("notification").await;
    other.expect("notification").await;
}

#[tokio::test]
async fn a_ticket_falls_with_the_token_it_was_issued_to() {
    let node = start().await;
    let ask = Request::post("/notifications/stream/tickets").bearer(&issued(&node, "u", 60));
    let ticket = node.send(ask).await.expect(201).json()["ticket"].as_str().unwrap().to_owned();
    revoke(&node, "u", &moment(-30)).await;
    is_refused(&node.anonymous_stream().ticket(&ticket).refused().await);
}

#[tokio::test]
async fn an_applications_token_is_revoked_by_its_subject() {
    let node = start().await;
    let old =
        json!({"sub": "app", "iat": token::now() - 60, "exp": token::now() + 600, "scope": "notifications:admin"});
    let old = node.sign(old);
    let _ = get(&node, "/api/connections", &old).await.expect(200);
    revoke(&node, "app", &moment(-30)).await;
    is_refused(&get(&node, "/api/connections", &old).await);
    let publish = Request::post("/api/notifications").bearer(&old).json(crate::support::draft(&["u"]));
    is_refused(&node.send(publish).await);
    let _ = get(&node, "/api/connections", &scoped(&node, "app", "notifications:admin")).await.expect(200);
    let _ = call(&node, "GET", "/api/connections").await.expect(200);
}

#[tokio::test]
async fn the_latest_moment_counts() {
    let node = start().await;
    let (old, young) = (issued(&node, "u", 60), issued(&node, "u", 20));
    for (moment, status) in [(moment(-30), 200), (moment(-3000), 200), (moment(-10), 401), (moment(-30), 401)] {
        revoke(&node, "u", &moment).await;
        is_refused(&get(&node, "/notifications", &old).await);
        assert_eq!(get(&node, "/notifications", &young).await.status(), status, "{moment}");
    }
}

#[tokio::test]
async fn a_token_issued_at_that_very_moment_is_not_older() {
    let node = start().await;
    let at = token::now() - 30;
    let at_it = node.sign(json!({"sub": "u", "iat": at, "exp": token::now() + 600}));
    let stamp = jiff::Timestamp::from_second(at).unwrap();
    revoke(&node, "u", &stamp.to_string()).await;
    let _ = get(&node, "/notifications", &at_it).await.expect(200);
    revoke(&node, "u", &(stamp + jiff::SignedDuration::from_millis(1)).to_string()).await;
    is_refused(&get(&node, "/notifications", &at_it).await);
}

#[tokio::test]
async fn a_revocation_survives_a_kill() {
    let mut node = crate::support::builder().start().await;
    let (old, young) = (issued(&node, "u", 60), issued(&node, "u", 0));
    revoke(&node, "u", &moment(-30)).await;
    node.restart().await;
    is_refused(&get(&node, "/notifications", &old).await);
    is_refused(&node.anonymous_stream().bearer(&old).refused().await);
    let _ = get(&node, "/notifications", &young).await.expect(200);
}

#[tokio::test]
async fn a_revocation_is_for_one_tenant() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let of = |org: &str| node.sign(json!({"sub": "u", "org": org, "exp": token::now() + 600}));
    let (acme, other) = (of("acme"), of("other"));
    let body = json!({"issuedBefore": moment(0), "tenant": "acme"});
    let _ = node.post_api("/api/users/u/revoke", body).await.expect(202);
    is_refused(&get(&node, "/notifications", &acme).await);
    let _ = get(&node, "/notifications", &other).await.expect(200);
}

#[tokio::test]
async fn a_revocation_says_a_moment_in_rfc_3339_and_nothing_else() {
    let node = start().await;
    for good in ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456Z", "2026-01-31T14:00:00+02:00"] {
        revoke(&node, "somebody", good).await;
    }
    for bad in [
        json!("yesterday"),
        json!(""),
        json!("2026-01-31"),
        json!("2026-01-31 12:00:00Z"),
        json!("2026-01-31T12:00:00"),
        json!("2026-02-30T12:00:00Z"),
        json!(1_800_000_000),
        json!(null),
    ] {
        let answer = node.post_api("/api/users/u/revoke", json!({"issuedBefore": bad})).await;
        assert_eq!(answer.pointers(), ["/issuedBefore"], "{bad}");
    }
    let more = json!({"issuedBefore": moment(0), "user": "v"});
    assert_eq!(node.post_api("/api/users/u/revoke", more).await.pointers(), ["/user"]);
    assert_eq!(node.post_api("/api/users/u/revoke", json!({})).await.pointers(), ["/issuedBefore"]);
    assert_eq!(
        node.post_api("/api/users/a%00/revoke", json!({"issuedBefore": moment(0)})).await.pointers(),
        ["/path/user"]
    );
    let _ = get(&node, "/notifications", &node.token("u")).await.expect(200);
}

#[tokio::test]
async fn revoking_is_for_administrators() {
    let node = start().await;
    let request = || Request::post("/api/users/u/revoke").json(json!({"issuedBefore": moment(0)}));
    let _ = node.send(request()).await.problem(401);
    let _ = node.send(request().bearer(&node.token("u"))).await.problem(403);
    let _ = node.send(request().bearer(&scoped(&node, "a", "notifications:publish"))).await.problem(403);
    let _ = node.send(request().bearer(&scoped(&node, "a", "notifications:admin"))).await.expect(202);
    let text: Value = json!({"issuedBefore": moment(0)});
    let text = Request::post("/api/users/u/revoke").bearer(node.api_key()).body("text/plain", text.to_string());
    let _ = node.send(text).await.problem(415);
}
