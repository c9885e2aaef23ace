//! Section 3: whom a publish is for.

use crate::support::{draft, items, start, start_with};
use campanile_testkit::TestNode;
use serde_json::{Value, json};

async fn recipients(node: &TestNode, to: Value) -> u64 {
    let answer = node.post_api("/api/notifications", json!({"type": "t", "to": to})).await.expect(202).json();
    answer["recipients"].as_u64().unwrap()
}

async fn pointers(node: &TestNode, to: Value) -> Vec<String> {
    node.post_api("/api/notifications", json!({"type": "t", "to": to})).await.pointers()
}

#[tokio::test]
async fn a_user_named_twice_gets_it_once() {
    let node = start().await;
    assert_eq!(recipients(&node, json!({"users": ["u", "v", "u", "u"]})).await, 2);
    assert_eq!(items(&node, "u", "").await.len(), 1);
}

#[tokio::test]
async fn excepted_users_are_left_out() {
    let node = start().await;
    assert_eq!(recipients(&node, json!({"users": ["u", "v", "w"], "except": ["v", "stranger"]})).await, 2);
    assert!(items(&node, "v", "").await.is_empty());
    assert_eq!(recipients(&node, json!({"users": ["u"], "except": ["u"]})).await, 0);
}

#[tokio::test]
async fn empty_or_missing_never_means_everybody() {
    let node = start().await;
    items(&node, "bystander", "").await;
    for (to, pointer) in [
        (json!({}), "/to"),
        (json!({"users": []}), "/to/users"),
        (json!({"users": null}), "/to"),
        (json!({"except": ["x"]}), "/to"),
        (json!(null), "/to"),
        (json!([]), "/to"),
        (json!("u"), "/to"),
        (json!({"users": "u"}), "/to/users"),
        (json!({"users": {"0": "u"}}), "/to/users"),
        (json!({"users": [["u"]]}), "/to/users/0"),
        (json!({"users": [7]}), "/to/users/0"),
        (json!({"users": [null]}), "/to/users/0"),
    ] {
        assert!(pointers(&node, to.clone()).await[0].starts_with(pointer), "{to}");
    }
    assert!(items(&node, "bystander", "").await.is_empty());
}

#[tokio::test]
async fn an_audience_of_the_actor_alone_is_202_for_nobody() {
    let node = start().await;
    let draft = |notify: Value| json!({"type": "t", "to": {"users": ["a"]}, "actorId": "a", "notifyActor": notify});
    for (notify, expected) in [(json!(false), 0), (json!(null), 0), (json!(true), 1)] {
        let answer = node.post_api("/api/notifications", draft(notify)).await.expect(202).json();
        assert_eq!(answer["recipients"], expected);
    }
    assert_eq!(items(&node, "a", "").await.len(), 1);
}

#[tokio::test]
async fn a_user_id_is_1_to_256_bytes_without_control_characters() {
    let node = start().await;
    let longest = "é".repeat(128);
    for good in ["u", "Zoë 🔔", "a/b?c#d", longest.as_str()] {
        assert_eq!(recipients(&node, json!({"users": [good]})).await, 1);
        assert_eq!(items(&node, good, "").await.len(), 1);
    }
    for bad in ["", "a\nb", "a\0", "\u{7f}", "\u{9f}", &format!("{longest}x")] {
        assert_eq!(pointers(&node, json!({"users": ["ok", bad]})).await, ["/to/users/1"], "{bad:?}");
    }
}

#[tokio::test]
async fn so_many_users_and_no_more() {
    let node = start_with("LIMITS__USERS_PER_PUBLISH", 5).await;
    let users = |count: u32| (0..count).map(|user| user.to_string()).collect::<Vec<_>>();
    assert_eq!(recipients(&node, json!({"users": users(5)})).await, 5);
    assert_eq!(pointers(&node, json!({"users": users(6)})).await, ["/to/users"]);
}

#[tokio::test]
async fn a_thousand_recipients_are_one_transaction() {
    let node = start().await;
    let mut last = node.stream("999").open().await;
    last.ready().await;
    let users: Vec<_> = (0..1000).map(|user| user.to_string()).collect();
    assert_eq!(recipients(&node, json!({"users": users})).await, 1000);
    assert_eq!(last.expect("notification").await.seq(), 1);
    for user in ["0", "500", "999"] {
        assert_eq!(items(&node, user, "").await.len(), 1);
    }
}

#[tokio::test]
async fn somebody_who_was_never_here_finds_it_later() {
    let node = start().await;
    node.publish(draft(&["newcomer"])).await;
    let ready = node.stream("newcomer").open().await.ready().await;
    assert_eq!(ready.json["counts"], json!({"unread": 1, "unseen": 1, "version": 1}));
}
