//! Section 1, ids: an epoch is one life of one user's log. What belongs to another life never matches, whatever its number.

use crate::support::{builder, call, notify_many, open, position, start};
use campanile_testkit::{Ready, StreamRequest, TestNode, token};
use serde_json::json;

async fn ready(request: StreamRequest) -> Ready {
    request.open().await.ready().await
}

fn epoch(cursor: &str) -> String {
    cursor.rsplit_once('-').unwrap().0.to_owned()
}

async fn assert_unknown(request: StreamRequest) {
    let ready = ready(request).await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref()), ("reset", Some("unknown")));
}

#[tokio::test]
async fn an_epoch_is_drawn_for_each_user_and_stays() {
    let node = start().await;
    let mut epochs = Vec::new();
    for user in 0..20 {
        let user = format!("u{user}");
        let first = ready(node.stream(&user)).await.cursor;
        node.notify(&user, "x").await;
        let second = ready(node.stream(&user)).await.cursor;
        assert_eq!((epoch(&first), second.rsplit_once('-').unwrap().1), (epoch(&second), "1"));
        epochs.push(epoch(&first));
    }
    epochs.sort();
    epochs.dedup();
    assert_eq!(epochs.len(), 20, "{epochs:?}");
}

/// A log that begins again begins at 1, under another epoch: `900` of before is not "you are up to date" for ever.
#[tokio::test]
async fn an_erase_begins_a_new_epoch_and_no_position_from_before_matches() {
    let node = start().await;
    notify_many(&node, "u", 1..=3).await;
    let old = position(&node, "u").await;
    let mut stream = open(&node, "u").await;
    let _ = call(&node, "DELETE", "/api/users/u").await.expect(202);
    assert_eq!(stream.farewell().await["reason"], "revoked");
    let new = ready(node.stream("u")).await;
    assert_ne!(epoch(&new.cursor), epoch(&old));
    assert_eq!((new.seq(), new.json["counts"].clone()), (0, json!({"unread": 0, "unseen": 0, "version": 0})));
    for seq in 0..=3 {
        assert_unknown(node.stream("u").position(format!("{}-{seq}", epoch(&old)))).await;
    }
    notify_many(&node, "u", 1..=3).await;
    assert_unknown(node.stream("u").position(&old)).await;
    assert_eq!(ready(node.stream("u").position(&new.cursor)).await.resume, "exact");
}

/// The stream that is open over an erase must not go on in the new log under the old epoch.
#[tokio::test]
async fn a_stream_over_an_erase_says_nothing_of_the_new_log() {
    let node = start().await;
    for round in 0..5 {
        let mut stream = open(&node, "u").await;
        let _ = call(&node, "DELETE", "/api/users/u").await.expect(202);
        node.notify("u", &format!("of the new log, {round}")).await;
        assert_eq!(stream.farewell().await["reason"], "revoked");
    }
}

#[tokio::test]
async fn the_same_name_in_two_tenants_has_two_logs() {
    let node = builder().env("CAMPANILE_AUTH__TENANT_CLAIM", "org").start().await;
    let stream = |org: &str| {
        let claims = json!({"sub": "u", "org": org, "exp": token::now() + 600});
        node.anonymous_stream().bearer(&node.sign(claims))
    };
    let (a, b) = (ready(stream("a")).await, ready(stream("b")).await);
    assert_ne!(epoch(&a.cursor), epoch(&b.cursor));
    assert_unknown(stream("b").position(&a.cursor)).await;
    assert_eq!(ready(stream("b").position(&b.cursor)).await.resume, "exact");
}

/// Row "another life of the store": a new file at the old place, under a node that was restarted.
#[tokio::test]
async fn a_new_file_is_another_life_of_the_store() {
    let mut node = builder().fixed_address().start().await;
    notify_many(&node, "u", 1..=3).await;
    let old = position(&node, "u").await;
    node.kill();
    for file in std::fs::read_dir(node.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("campanile.db")) {
            std::fs::remove_file(path).unwrap();
        }
    }
    node.restart().await;
    notify_many(&node, "u", 1..=3).await;
    assert_ne!(epoch(&position(&node, "u").await), epoch(&old));
    assert_unknown(node.stream("u").position(&old)).await;
}

async fn unknown_for_all(node: &TestNode, old: &str) {
    for user in ["u", "v"] {
        assert_unknown(node.stream(user).position(old)).await;
    }
}

#[tokio::test]
async fn a_position_that_was_never_given_is_unknown_to_everybody() {
    let node = start().await;
    let own = position(&node, "u").await;
    let flipped = if own.starts_with('0') { own.replacen('0', "1", 1) } else { format!("0{}", &own[1..]) };
    unknown_for_all(&node, &flipped).await;
    unknown_for_all(&node, &format!("{}-0", "0".repeat(own.len() - 2))).await;
}
