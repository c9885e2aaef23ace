//! Section 2: the log as JSON, waiting for what comes.

use crate::support::{builder, call, notify_many, open, position, read, start, start_with};
use campanile_testkit::{Answer, Request, Socket, TestNode, soon, token};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Long enough that a test would fail by it.
const WAIT: &str = "/notifications/changes?wait=60";

fn poll(node: &TestNode, user: &str) -> Request {
    Request::get(WAIT).bearer(&node.token(user))
}

/// Polls, and does something as soon as the poll waits.
async fn while_it_waits<T>(node: &TestNode, poll: Request, then: impl Future<Output = T>) -> (Answer, T) {
    tokio::join!(node.send(poll), async {
        node.has_streams(1).await;
        then.await
    })
}

#[tokio::test]
async fn a_wait_ends_with_the_first_change() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let exact = poll(&node, "u").query("after", &begin);
    let (answer, id) = while_it_waits(&node, exact, node.notify("u", "at last")).await;
    let page = answer.expect(200).json();
    assert_eq!((&page["resume"], &page["changes"][0]["data"]["notificationId"]), (&json!("exact"), &json!(id)));
    let (answer, id) = while_it_waits(&node, poll(&node, "u"), node.notify("u", "one more")).await;
    let page = answer.expect(200).json();
    assert_eq!((&page["resume"], &page["changes"][0]["data"]["notificationId"]), (&json!("fresh"), &json!(id)));
    assert_eq!((page["changes"].as_array().unwrap().len(), &page["counts"]["version"]), (1, &json!(2)));
    node.has_streams(0).await;
}

#[tokio::test]
async fn a_mark_made_elsewhere_ends_a_wait_and_other_users_changes_do_not() {
    let node = start().await;
    let id = node.notify("u", "x").await;
    let elsewhere = async {
        node.notify("v", "not yours").await;
        crate::support::mark(&node, "u", &id, "read").await;
    };
    let (answer, ()) = while_it_waits(&node, poll(&node, "u"), elsewhere).await;
    let page = answer.expect(200).json();
    assert_eq!(page["changes"][0]["data"], json!({"notificationIds": [id], "state": {"read": true}}));
}

#[tokio::test]
async fn what_is_there_already_is_answered_at_once() {
    let node = start().await;
    let begin = position(&node, "u").await;
    notify_many(&node, "u", 1..=3).await;
    let began = Instant::now();
    let page = node.send(poll(&node, "u").query("after", begin).query("limit", "2")).await.expect(200).json();
    assert_eq!((page["changes"].as_array().unwrap().len(), &page["more"]), (2, &json!(true)));
    let head = node.send(poll(&node, "u").by("HEAD")).await.expect(200);
    assert!(head.body.is_empty() && head.field("content-type") == Some("application/json"), "{head}");
    assert!(began.elapsed() < Duration::from_secs(10), "neither of them waits");
}

#[tokio::test]
async fn a_wait_for_nothing_ends_in_time_and_empty() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let began = Instant::now();
    let page = node.get_as("u", &format!("/notifications/changes?after={begin}&wait=1")).await.expect(200).json();
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!((&page["resume"], &page["changes"], &page["cursor"]), (&json!("exact"), &json!([]), &json!(begin)));
}

#[tokio::test]
async fn a_wait_ends_with_the_token() {
    let node = start().await;
    let short = node.sign(json!({"sub": "u", "exp": token::now() + 2}));
    let began = Instant::now();
    let page = node.send(Request::get(WAIT).bearer(&short)).await.expect(200).json();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((&page["resume"], &page["changes"]), (&json!("fresh"), &json!([])));
}

#[tokio::test]
async fn a_drain_ends_a_wait_and_takes_no_new_one() {
    let mut node = start_with("SSE__DRAIN_SECONDS", 2).await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(open(&node, "somebody").await);
    }
    let other = poll(&node, "v");
    let (answer, refused) = tokio::join!(node.send(poll(&node, "u")), async {
        node.has_streams(9).await;
        node.terminate();
        node.logged("the drain", |line| line.contains("ending streams")).await;
        node.send(other).await
    });
    assert_eq!(answer.expect(200).json()["changes"], json!([]));
    assert_eq!(refused.problem(503)["code"], "draining");
    assert!(refused.field("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{refused}");
    drop(streams);
    assert_eq!(node.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_wait_has_a_place_like_a_stream() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let stream = open(&node, "u").await;
    let refused = node.send(poll(&node, "u")).await;
    assert_eq!(refused.problem(429)["detail"], "Too many concurrent SSE connections.");
    assert!(refused.field("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{refused}");
    let _ = node.get_as("u", "/notifications/changes").await.expect(200);
    drop(stream);
    node.has_streams(0).await;
    let (answer, refused) = while_it_waits(&node, poll(&node, "u"), async {
        let refused = node.stream("u").refused().await;
        node.notify("u", "x").await;
        refused
    })
    .await;
    let _ = (answer.expect(200), refused.problem(429));
}

#[tokio::test]
async fn the_nodes_limit_counts_waits_too() {
    let node = start_with("SSE__MAX_CONNECTIONS", 1).await;
    let _stream = open(&node, "somebody").await;
    let refused = node.send(poll(&node, "u")).await;
    assert!(refused.problem(503)["code"] == "node-full" && refused.field("retry-after").is_some(), "{refused}");
    let _ = node.get_as("u", "/notifications/changes").await.expect(200);
}

#[tokio::test]
async fn a_client_that_closes_gives_its_place_back_at_once() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    for _ in 0..3 {
        let mut socket = Socket::connect(node.address(), None).await.unwrap();
        socket.send(&poll(&node, "u").encode(node.address())).await.unwrap();
        node.has_streams(1).await;
        drop(socket);
        soon("the place is free", node.has_streams(0)).await;
    }
    let _ = open(&node, "u").await;
}

#[tokio::test]
async fn a_wait_is_in_the_list_of_connections_and_can_be_cut() {
    let node = start().await;
    let (answer, item) = while_it_waits(&node, poll(&node, "u"), async {
        let item = read(&node, "/api/connections?user=u").await["items"][0].clone();
        let _ = call(&node, "DELETE", &format!("/api/connections/{}", item["id"].as_str().unwrap())).await.expect(202);
        item
    })
    .await;
    assert_eq!((&item["transport"], &item["user"]), (&json!("long-poll"), &json!("u")));
    assert_eq!(answer.expect(200).json()["changes"], json!([]));
    assert_eq!(read(&node, "/api/connections").await, json!({"items": [], "nextCursor": null}));
}

#[tokio::test]
async fn a_wait_by_a_revoked_token_ends_with_401() {
    let node = start().await;
    let body = json!({"issuedBefore": "2100-01-01T00:00:00Z"});
    let revoke = node.post_api("/api/users/u/revoke", body);
    let (answer, revoked) = while_it_waits(&node, poll(&node, "u"), revoke).await;
    let _ = revoked.expect(202);
    let _ = answer.problem(401);
}

#[tokio::test]
async fn clients_that_only_poll_miss_nothing_and_repeat_nothing() {
    let node = builder().start().await;
    let begin = position(&node, "u").await;
    let follow = async {
        let (mut after, mut titles) = (begin, Vec::<Value>::new());
        while titles.len() < 30 {
            let page = node.send(poll(&node, "u").query("after", &after).query("limit", "4")).await.expect(200).json();
            assert_eq!(page["resume"], "exact");
            titles.extend(page["changes"].as_array().unwrap().iter().map(|change| change["data"]["title"].clone()));
            page["cursor"].as_str().unwrap().clone_into(&mut after);
        }
        titles
    };
    let (titles, _) = tokio::join!(follow, notify_many(&node, "u", 1..=30));
    assert_eq!(titles, (1..=30).map(|title| json!(title.to_string())).collect::<Vec<_>>());
}
