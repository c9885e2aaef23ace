//! Section 3, limits: exactly at them, and one beyond.

use crate::support::{call, counts, draft_with, items, open, position, start, unknown_id};
use campanile_testkit::{Request, TestNode};
use serde_json::{Value, json};

async fn publish_text(node: &TestNode, body: &str) -> campanile_testkit::Answer {
    node.send(Request::post("/api/notifications").bearer(node.api_key()).body("application/json", body)).await
}

async fn is_taken(node: &TestNode, member: &str, value: Value) {
    let _ = node.post_api("/api/notifications", draft_with(member, value)).await.expect(202);
}

async fn is_refused(node: &TestNode, member: &str, value: Value) {
    assert_eq!(node.post_api("/api/notifications", draft_with(member, value)).await.pointers(), [format!("/{member}")]);
}

#[tokio::test]
async fn lengths_are_in_characters_or_bytes_as_the_contract_says() {
    let node = start().await;
    // (member, what one character is repeated, how often at the most)
    for (member, character, most) in [
        ("title", "é", 200),
        ("title", "👩‍🚀", 200 / 3),
        ("body", "🔔", 4000),
        ("type", "ü", 128),
        ("actorId", "u", 256),
        ("actorId", "é", 128),
        ("actorId", "🔔", 64),
    ] {
        is_taken(&node, member, json!(character.repeat(most))).await;
        let more = character.repeat(most) + if character == "👩‍🚀" { "xxx" } else { "x" };
        is_refused(&node, member, json!(more)).await;
    }
    for (at, most) in [("https://example.com/", 2048), ("/", 2048)] {
        is_taken(&node, "link", json!(format!("{at}{}", "x".repeat(most - at.len())))).await;
        is_refused(&node, "link", json!(format!("{at}{}", "x".repeat(most - at.len() + 1)))).await;
    }
}

#[tokio::test]
async fn an_empty_text_is_a_text_and_an_empty_name_is_none() {
    let node = start().await;
    for member in ["title", "body"] {
        is_taken(&node, member, json!("")).await;
    }
    assert_eq!(items(&node, "u", "").await[0]["body"], "");
    for member in ["type", "link", "actorId", "severity"] {
        is_refused(&node, member, json!("")).await;
    }
    is_refused(&node, "notifyActor", json!("")).await;
}

#[tokio::test]
async fn an_actor_obeys_the_rules_of_user_ids() {
    let node = start().await;
    for bad in ["a\nb", "a\0", "\u{7f}", "\u{85}"] {
        is_refused(&node, "actorId", json!(bad)).await;
    }
    for bad in [json!(7), json!(["a"]), json!({"id": "a"}), json!(true)] {
        is_refused(&node, "actorId", bad).await;
    }
    is_taken(&node, "actorId", json!("Zoë 🔔/?#")).await;
    assert_eq!(items(&node, "u", "").await[0]["actorId"], "Zoë 🔔/?#");
}

#[tokio::test]
async fn a_related_entity_has_a_type_and_an_id_and_nothing_else() {
    let node = start().await;
    is_taken(&node, "relatedEntity", json!({"type": "x".repeat(256), "id": "é".repeat(128)})).await;
    for (entity, pointers) in [
        (json!({}), &["/relatedEntity/id", "/relatedEntity/type"][..]),
        (json!({"type": "a"}), &["/relatedEntity/id"]),
        (json!({"type": null, "id": "a"}), &["/relatedEntity/type"]),
        (json!({"type": "a", "id": 42}), &["/relatedEntity/id"]),
        (json!({"type": "a", "id": "x".repeat(257)}), &["/relatedEntity/id"]),
        (json!({"type": "a", "id": "b", "url": "/"}), &["/relatedEntity/url"]),
        (json!("invoice"), &["/relatedEntity"]),
        (json!([]), &["/relatedEntity"]),
    ] {
        let answer = node.post_api("/api/notifications", draft_with("relatedEntity", entity.clone())).await;
        assert_eq!(answer.pointers(), pointers, "{entity}");
    }
}

#[tokio::test]
async fn data_nests_as_deeply_as_a_body_may_and_no_deeper() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let with = |levels: usize, (open, close): (&str, &str)| {
        let data = format!("{}{}", open.repeat(levels), close.repeat(levels)).replace(":}", ":0}");
        format!(r#"{{"type":"t","to":{{"users":["u"]}},"data":{data}}}"#)
    };
    for form in [("[", "]"), ("{\"a\":", "}")] {
        let _ = publish_text(&node, &with(126, form)).await.expect(202);
        assert_eq!(publish_text(&node, &with(127, form)).await.problem(400)["code"], "malformed");
    }
    let page = node.get_as("u", &format!("/notifications/changes?after={begin}")).await.expect(200);
    assert!(page.text().contains(&"[".repeat(126)), "what was taken can be read again");
    let mut stream = node.stream("u").position(&begin).open().await;
    stream.ready().await;
    assert!(stream.expect("notification").await.data.contains(&"[".repeat(126)));
    assert_eq!(node.get_as("u", "/notifications").await.expect(200).text().matches("notificationId").count(), 2);
}

#[tokio::test]
async fn data_is_any_json_and_null_is_as_good_as_none() {
    let node = start().await;
    for data in [
        "0",
        "-0.0",
        "1e308",
        "\"\"",
        "false",
        "[]",
        "{}",
        "{\"\":1}",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\\ud83d\\ude00\"",
    ] {
        let body = format!(r#"{{"type":"t","to":{{"users":["u"]}},"data":{data}}}"#);
        let _ = publish_text(&node, &body).await.expect(202);
        let newest = node.get_as("u", "/notifications?limit=1").await.expect(200);
        assert!(newest.text().contains(&format!(r#""data":{data},"#)), "verbatim: {newest}");
    }
    is_taken(&node, "data", Value::Null).await;
    assert_eq!(items(&node, "u", "?limit=1").await[0]["data"], Value::Null);
}

#[tokio::test]
async fn null_is_as_good_as_absent_for_every_member_that_may_be_absent() {
    let node = start().await;
    let mut full = json!({"type": "t", "to": {"users": ["u"], "except": null}});
    for member in ["severity", "title", "body", "link", "data", "relatedEntity", "actorId", "notifyActor", "tenant"] {
        full[member] = Value::Null;
    }
    let _ = node.post_api("/api/notifications", full).await.expect(202);
    let signal = json!({"to": {"users": ["u"]}, "event": "e", "data": null, "key": null, "tenant": null});
    let _ = node.post_api("/api/signals", signal).await.expect(202);
    let up_to = Request::post("/notifications/seen").json(json!({"upTo": null}));
    let _ = node.send_as("u", up_to).await.expect(204);
    assert_eq!(counts(&node, "u").await, (1, 0, 2));
}

#[tokio::test]
async fn a_signals_key_has_1_to_256_bytes() {
    let node = start().await;
    let signal = |key: &str| node.post_api("/api/signals", json!({"to": {"users": ["u"]}, "event": "e", "key": key}));
    for good in ["k".repeat(256), "é".repeat(128), " a b ".into()] {
        let _ = signal(&good).await.expect(202);
    }
    for bad in [String::new(), "k".repeat(257), "é".repeat(128) + "x"] {
        assert_eq!(signal(&bad).await.pointers(), ["/key"]);
    }
}

#[tokio::test]
async fn ten_thousand_users_are_the_most() {
    let node = crate::support::start_with("LIMITS__BODY_BYTES", 1 << 20).await;
    let users = |count: usize| (0..count).map(|user| user.to_string()).collect::<Vec<_>>();
    let draft = |count: usize| json!({"type": "t", "to": {"users": users(count)}});
    assert_eq!(node.post_api("/api/notifications", draft(10_001)).await.pointers(), ["/to/users"]);
    assert_eq!(counts(&node, "0").await, (0, 0, 0));
    let mut last = open(&node, "9999").await;
    let answer = node.post_api("/api/notifications", draft(10_000)).await.expect(202).json();
    assert_eq!(answer["recipients"], 10_000);
    assert_eq!(last.expect("notification").await.seq(), 1);
    let except = json!({"type": "t", "to": {"everyone": true, "except": users(10_001)}});
    assert_eq!(node.post_api("/api/notifications", except).await.pointers(), ["/to/except"]);
}

#[tokio::test]
async fn ids_of_the_server_are_uuids_of_version_7_and_times_are_utc_with_milliseconds() {
    let node = start().await;
    let ready = node.stream("u").open().await.ready().await;
    let id = node.notify("u", "x").await;
    for id in [ready.json["connectionId"].as_str().unwrap(), id.as_str()] {
        let parts: Vec<_> = id.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{id}");
        assert!(parts[2].starts_with('7') && "89ab".contains(&parts[3][..1]), "version and variant: {id}");
        let millis = i64::from_str_radix(&format!("{}{}", parts[0], parts[1]), 16).unwrap();
        let age = jiff::Timestamp::now().as_millisecond() - millis;
        assert!((0..60_000).contains(&age), "{id} is of another time: {age} ms");
    }
    let at = items(&node, "u", "").await[0]["occurredAt"].as_str().unwrap().to_owned();
    assert!(at.len() == "2026-01-31T12:00:00.000Z".len() && at.ends_with('Z'), "{at}");
    let parsed: jiff::Timestamp = at.parse().unwrap();
    assert!((jiff::Timestamp::now().as_millisecond() - parsed.as_millisecond()).abs() < 60_000, "{at}");
    let _ = call(&node, "GET", &format!("/api/notifications/{}", unknown_id(7))).await.problem(404);
}
