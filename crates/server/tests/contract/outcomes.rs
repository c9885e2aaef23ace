//! Section 3: what became of a publish.

use crate::support::{builder, call, each, items, mark, open, read, scoped, start, start_with, unknown_id};
use campanile_testkit::{Request, TestNode, token};
use serde_json::{Value, json};

/// Publishes, and answers the notification's place.
async fn publish(node: &TestNode, draft: Value) -> String {
    let answer = node.post_api("/api/notifications", draft).await.expect(202);
    answer.field("location").expect("a place").to_owned()
}

fn id_of(place: &str) -> String {
    place.rsplit_once('/').unwrap().1.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_place_of_a_publish_says_what_became_of_it() {
    let node = start().await;
    let _streams = [open(&node, "u").await, open(&node, "u").await, open(&node, "v").await];
    let place = publish(&node, json!({"type": "a.b", "to": {"users": ["u", "v", "w"]}, "title": "x"})).await;
    let id = id_of(&place);
    assert_eq!(place, format!("/api/notifications/{id}"));
    mark(&node, "v", &id, "read").await;
    mark(&node, "w", &id, "archive").await;
    let answer = call(&node, "GET", &place).await.expect(200);
    assert_eq!(answer.field("content-type"), Some("application/json"), "{answer}");
    let outcome = answer.json();
    let occurred_at = items(&node, "u", "").await[0]["occurredAt"].clone();
    let expected = json!({
        "notificationId": id, "type": "a.b", "occurredAt": occurred_at, "state": "done",
        "recipients": 3, "stored": 3, "live": 3, "read": 1
    });
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn recipients_are_told_with_what_each_did() {
    let node = start().await;
    node.notify("u", "makes the seqs differ").await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["w", "u", "v"]}})).await;
    let id = id_of(&place);
    mark(&node, "u", &id, "read").await;
    mark(&node, "v", &id, "archive").await;
    let page = read(&node, &format!("{place}/recipients")).await;
    let of = |user: &str, seq: u64| {
        json!({"user": user, "seq": seq, "read": false, "readAt": null, "seen": false, "seenAt": null, "archived": false,
            "archivedAt": null, "removed": false})
    };
    let (mut u, mut v) = (of("u", 2), of("v", 1));
    let state = |user: &str, member: &str| {
        let items = page["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["user"] == user).unwrap()[member].clone();
        assert!(found.as_str().is_some_and(|time| time.ends_with('Z')), "{page}");
        found
    };
    (u["read"], u["readAt"], u["seen"], u["seenAt"]) =
        (json!(true), state("u", "readAt"), json!(true), state("u", "seenAt"));
    (v["archived"], v["archivedAt"]) = (json!(true), state("v", "archivedAt"));
    assert_eq!(page, json!({"items": [u, v, of("w", 1)], "nextCursor": null}));
}

#[tokio::test]
async fn many_recipients_are_listed_in_pages_that_join() {
    let node = start().await;
    let users: Vec<String> = (0..150).map(|user| format!("{user:03}")).collect();
    let place = publish(&node, json!({"type": "t", "to": {"users": users}})).await;
    for (query, size) in [("", 100), ("?limit=1", 1), ("?limit=1000", 150)] {
        let page = read(&node, &format!("{place}/recipients{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), size);
        assert_eq!(page["nextCursor"].is_null(), size == 150, "{query}");
    }
    let (mut found, mut query) = (Vec::new(), String::from("?limit=40"));
    loop {
        let page = read(&node, &format!("{place}/recipients{query}")).await;
        found.extend(each(page["items"].as_array().unwrap(), "user"));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=40&cursor={next}");
    }
    assert_eq!(found, users);
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("cursor=x", "/query/cursor"),
        ("a=1", "/query/a"),
    ] {
        assert_eq!(call(&node, "GET", &format!("{place}/recipients?{query}")).await.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn a_publish_for_nobody_has_a_place_too() {
    let node = start().await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["a"]}, "actorId": "a"})).await;
    let outcome = read(&node, &place).await;
    assert_eq!((&outcome["recipients"], &outcome["stored"], &outcome["state"]), (&json!(0), &json!(0), &json!("done")));
    assert_eq!(read(&node, &format!("{place}/recipients")).await, json!({"items": [], "nextCursor": null}));
}

#[tokio::test]
async fn a_publish_that_is_live_only_has_a_place_too() {
    let node = builder().config("[types.ticker]\nchannels = [\"sse\"]\n").start().await;
    let _streams = [open(&node, "u").await, open(&node, "u").await];
    let place = publish(&node, json!({"type": "ticker", "to": {"users": ["u", "v"]}, "title": "live"})).await;
    let mut outcome = read(&node, &place).await;
    assert!(outcome["occurredAt"].take().as_str().is_some_and(|time| time.ends_with('Z')));
    let expected = json!({
        "notificationId": id_of(&place), "type": "ticker", "occurredAt": null, "state": "done",
        "recipients": 2, "stored": 0, "live": 2, "read": 0
    });
    assert_eq!(outcome, expected);
    assert_eq!(read(&node, &format!("{place}/recipients")).await, json!({"items": [], "nextCursor": null}));
    let _ = call(&node, "GET", &format!("{place}?tenant=acme")).await.problem(404);
    let _ = call(&node, "DELETE", &place).await.expect(202);
    assert_eq!(read(&node, &place).await["state"], "withdrawn");
}

#[tokio::test]
async fn what_was_never_published_is_404_for_whoever_asks() {
    let node = start().await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["u"]}})).await;
    for path in [
        format!("/api/notifications/{}", unknown_id(1)),
        "/api/notifications/nonsense".into(),
        "/api/notifications/%ff".into(),
        "/api/notifications/%00".into(),
        format!("{place}%20"),
    ] {
        for path in [path.clone(), format!("{path}/recipients")] {
            let _ = call(&node, "GET", &path).await.problem(404);
        }
        let _ = call(&node, "DELETE", &path).await.problem(404);
    }
    let _ =
        call(&node, "GET", &place.to_uppercase().replace("/API/NOTIFICATIONS", "/api/notifications")).await.expect(200);
}

#[tokio::test]
async fn the_place_can_be_followed_whatever_the_tenant() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let draft = |tenant: &str| json!({"type": "t", "to": {"users": ["u"]}, "tenant": tenant});
    for tenant in ["default", "acme", "a b&c=é/…", "50%"] {
        let place = publish(&node, draft(tenant)).await;
        assert_eq!(read(&node, &place).await["notificationId"], id_of(&place), "{tenant}: {place}");
    }
    let place = publish(&node, draft("acme")).await;
    let _ = call(&node, "GET", &format!("/api/notifications/{}", id_of(&place))).await.problem(404);
    let claims = json!({"sub": "a", "org": "acme", "exp": token::now() + 600, "scope": "notifications:publish"});
    let acme = node.sign(claims);
    let of_token = Request::post("/api/notifications").bearer(&acme).json(json!({"type": "t", "to": {"users": ["u"]}}));
    let of_token = node.send(of_token).await.expect(202);
    let place = of_token.field("location").unwrap();
    let _ = node.send(Request::get(place).bearer(&acme)).await.expect(200);
    let other = json!({"sub": "a", "org": "other", "exp": token::now() + 600, "scope": "notifications:admin"});
    let _ = node
        .send(Request::get(format!("/api/notifications/{}", id_of(place))).bearer(&node.sign(other)))
        .await
        .problem(404);
}

#[tokio::test]
async fn the_place_stands_under_the_base_path() {
    let node = start_with("BASE_PATH", "/push").await;
    let draft = json!({"type": "t", "to": {"users": ["u"]}});
    let answer = node.post_api("/push/api/notifications", draft).await.expect(202);
    let place = answer.field("location").unwrap();
    assert!(place.starts_with("/push/api/notifications/"), "{answer}");
    assert_eq!(read(&node, place).await["notificationId"], answer.json()["notificationId"]);
}

#[tokio::test]
async fn whoever_may_publish_may_ask_and_only_an_administrator_withdraws() {
    let node = start().await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["u"]}})).await;
    let (publisher, admin) = (scoped(&node, "a", "notifications:publish"), scoped(&node, "a", "notifications:admin"));
    for path in [place.clone(), format!("{place}/recipients")] {
        for token in [&publisher, &admin] {
            let _ = node.send(Request::get(&path).bearer(token)).await.expect(200);
        }
        let _ = node.send(Request::get(&path).bearer(&node.token("u"))).await.problem(403);
        let _ = node.send(Request::get(&path)).await.problem(401);
    }
    let refused = node.send(Request::new("DELETE", &place).bearer(&publisher)).await;
    let _ = refused.problem(403);
    let challenge = refused.field("www-authenticate").unwrap();
    assert!(
        challenge.contains(r#"error="insufficient_scope""#) && challenge.contains(r#"scope="notifications:admin""#)
    );
    let _ = node.send(Request::new("DELETE", &place).bearer(&admin)).await.expect(202);
}

#[tokio::test]
async fn what_became_of_a_publish_is_known_after_a_kill() {
    let mut node = builder().start().await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["u", "v"]}})).await;
    mark(&node, "u", &id_of(&place), "read").await;
    let before = read(&node, &place).await;
    node.restart().await;
    assert_eq!(read(&node, &place).await, before);
}

#[tokio::test]
async fn reading_and_deleting_in_the_inbox_shows_in_the_outcome() {
    let node = start().await;
    let place = publish(&node, json!({"type": "t", "to": {"users": ["u", "v"]}})).await;
    let id = id_of(&place);
    mark(&node, "u", &id, "read").await;
    mark(&node, "v", &id, "read").await;
    mark(&node, "v", &id, "unread").await;
    assert_eq!(read(&node, &place).await["read"], 1);
    let _ = crate::support::delete(&node, "u", &id).await.expect(204);
    let outcome = read(&node, &place).await;
    assert_eq!((&outcome["read"], &outcome["recipients"]), (&json!(1), &json!(2)), "who has read it, has read it");
    let page = read(&node, &format!("{place}/recipients")).await;
    assert_eq!(each(page["items"].as_array().unwrap(), "removed"), [true, false]);
}
