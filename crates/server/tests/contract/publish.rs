//! Section 3: publishing.

use crate::support::{builder, draft, draft_with, each, items, start};
use campanile_testkit::{Request, TestNode};
use serde_json::{Value, json};

async fn pointers(node: &TestNode, draft: Value) -> Vec<String> {
    node.post_api("/api/notifications", draft).await.pointers()
}

#[tokio::test]
async fn a_publish_is_202_with_its_id_and_place() {
    let node = start().await;
    let answer = node.post_api("/api/notifications", draft(&["u1", "u2"])).await.expect(202);
    let json = answer.json();
    let id = json["notificationId"].as_str().unwrap();
    assert_eq!(json, json!({"notificationId": id, "recipients": 2, "replayed": false}));
    assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "a UUIDv7: {id}");
    assert_eq!(answer.field("location"), Some(format!("/api/notifications/{id}").as_str()));
    assert_eq!(each(&items(&node, "u1", "").await, "notificationId"), [json!(id)]);
}

#[tokio::test]
async fn what_was_accepted_survives_a_kill() {
    let mut node = builder().start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(json!(node.notify("u", &number.to_string()).await));
    }
    node.kill();
    node.restart().await;
    ids.reverse();
    assert_eq!(each(&items(&node, "u", "").await, "notificationId"), ids);
}

#[tokio::test]
async fn type_and_to_are_required() {
    let node = start().await;
    assert_eq!(pointers(&node, json!({})).await, ["/to", "/type"]);
    assert_eq!(pointers(&node, json!({"type": "t"})).await, ["/to"]);
    assert_eq!(pointers(&node, json!({"to": {"users": ["u"]}})).await, ["/type"]);
}

#[tokio::test]
async fn a_type_is_1_to_128_visible_characters_without_spaces() {
    let node = start().await;
    let longest = "é".repeat(128);
    for good in ["t", "invoices.approved", "a/b:c", longest.as_str()] {
        node.publish(draft_with("type", json!(good))).await;
    }
    let long = format!("{longest}x");
    for bad in [
        "",
        " ",
        "a b",
        "a\nid: 9",
        "a\rdata: x",
        "a\0b",
        "\u{2028}",
        "\u{200b}",
        "\u{202e}x",
        "\u{ad}",
        "a\u{85}",
        long.as_str(),
    ] {
        assert_eq!(pointers(&node, draft_with("type", json!(bad))).await, ["/type"], "{bad:?}");
    }
    for bad in [json!(1), json!(null), json!(["t"])] {
        assert_eq!(pointers(&node, draft_with("type", bad)).await, ["/type"]);
    }
}

#[tokio::test]
async fn every_fault_is_told_at_once_with_its_place() {
    let node = start().await;
    let bad = json!({
        "type": "a b", "to": {"users": ["ok", "", "a\n"], "except": ["\u{0}"]}, "severity": "loud", "title": "t".repeat(201),
        "body": "b".repeat(4001), "link": "javascript:alert(1)", "relatedEntity": {"type": "", "id": 7}, "actorId": "",
        "notifyActor": "yes", "tittle": "x"
    });
    let expected = [
        "/actorId",
        "/body",
        "/link",
        "/notifyActor",
        "/relatedEntity/id",
        "/relatedEntity/type",
        "/severity",
        "/title",
        "/tittle",
        "/to/except/0",
        "/to/users/1",
        "/to/users/2",
        "/type",
    ];
    assert_eq!(pointers(&node, bad).await, expected);
    assert!(items(&node, "ok", "").await.is_empty(), "nothing of it was published");
}

#[tokio::test]
async fn unknown_members_and_duplicate_keys_are_told_with_a_pointer() {
    let node = start().await;
    assert_eq!(pointers(&node, draft_with("topic", json!("x"))).await, ["/topic"]);
    assert_eq!(pointers(&node, draft_with("a~b/c", json!(1))).await, ["/a~0b~1c"]);
    let nested = json!({"type": "t", "to": {"users": ["u"], "all": true}});
    assert_eq!(pointers(&node, nested).await, ["/to/all"]);
    for (text, pointer) in [
        (r#"{"type":"t","type":"t","to":{"users":["u"]}}"#, "/type"),
        (r#"{"type":"t","to":{"users":["u"]},"to":{"users":["v"]}}"#, "/to"),
        (r#"{"type":"t","to":{"users":["u"],"users":["v"]}}"#, "/to/users"),
        (r#"{"type":"t","to":{"users":["u"]},"relatedEntity":{"type":"a","id":"b","id":"c"}}"#, "/relatedEntity/id"),
    ] {
        let request = Request::post("/api/notifications").bearer(node.api_key()).body("application/json", text);
        assert_eq!(node.send(request).await.pointers(), [pointer], "{text}");
    }
}

#[tokio::test]
async fn a_severity_is_one_of_five() {
    let node = start().await;
    for good in ["info", "success", "warning", "error", "fatal"] {
        node.publish(draft_with("severity", json!(good))).await;
    }
    for bad in ["", "INFO", "debug", "critical"] {
        assert_eq!(pointers(&node, draft_with("severity", json!(bad))).await, ["/severity"], "{bad:?}");
    }
}

#[tokio::test]
async fn a_link_is_a_web_address_or_a_path() {
    let node = start().await;
    for good in ["/", "/invoices/42", "/a?b=c#d", "https://example.com/x", "http://example.com", "HTTPS://EXAMPLE.COM/"]
    {
        node.publish(draft_with("link", json!(good))).await;
    }
    for bad in [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "//host",
        "/\\host",
        "\\\\host",
        "data:text/html,x",
        "invoices/42",
        "mailto:a@b",
        "ftp://a/b",
        " /x",
        "/x\n",
        "/\u{0}",
        "https://",
        "https:/x",
        "http:x",
        "/\t/host",
        "\u{1}javascript:x",
        "vbscript:x",
        "https://a b/",
        "/\u{7f}",
    ] {
        assert_eq!(pointers(&node, draft_with("link", json!(bad))).await, ["/link"], "{bad:?}");
    }
}

#[tokio::test]
async fn title_and_body_have_limits_in_characters() {
    let node = start().await;
    for (member, most) in [("title", 200), ("body", 4000)] {
        for character in ["x", "🔔"] {
            node.publish(draft_with(member, json!(character.repeat(most)))).await;
            let long = draft_with(member, json!(character.repeat(most + 1)));
            assert_eq!(pointers(&node, long).await, [format!("/{member}")]);
        }
    }
}

#[tokio::test]
async fn null_is_as_good_as_absent_where_a_member_may_be() {
    let node = start().await;
    let mut draft = draft(&["u"]);
    for member in ["severity", "title", "body", "link", "data", "relatedEntity", "actorId"] {
        draft[member] = Value::Null;
    }
    node.publish(draft).await;
    assert_eq!(items(&node, "u", "").await[0]["severity"], "info");
}

#[tokio::test]
async fn unknown_types_are_refused_where_types_are_strict() {
    let node = builder().config("types_policy = \"strict\"\n[types.\"known\"]\nseverity = \"error\"\n").start().await;
    node.publish(draft_with("type", json!("known"))).await;
    assert_eq!(pointers(&node, draft_with("type", json!("unknown"))).await, ["/type"]);
}

#[tokio::test]
async fn publishing_while_every_reader_stalls_answers_within_a_moment() {
    let node = start().await;
    let mut stalled = Vec::new();
    for _ in 0..5 {
        stalled.push(node.stream("u").receive_buffer(4096).open().await);
    }
    for _ in 0..100 {
        let from = std::time::Instant::now();
        node.publish(draft_with("data", json!("x".repeat(50_000)))).await;
        assert!(from.elapsed().as_millis() < 2000, "{:?}", from.elapsed());
    }
}
