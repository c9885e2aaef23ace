//! Section 3: topics and everyone.

use crate::support::{builder, call, counts, each, items, open, position, read, scoped, start};
use campanile_testkit::{Request, TestNode};
use serde_json::{Value, json};

/// A name as it stands in a path.
fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn join(node: &TestNode, topic: &str, user: &str) {
    let path = format!("/api/topics/{}/members/{}", encoded(topic), encoded(user));
    let answer = call(node, "PUT", &path).await.expect(204);
    assert!(answer.body.is_empty(), "{answer}");
}

async fn members(node: &TestNode, topic: &str) -> Vec<Value> {
    let page = read(node, &format!("/api/topics/{}/members?limit=1000", encoded(topic))).await;
    assert_eq!(page["nextCursor"], Value::Null);
    each(page["items"].as_array().unwrap(), "user")
}

async fn recipients(node: &TestNode, to: Value) -> u64 {
    let answer = node.post_api("/api/notifications", json!({"type": "t", "to": to})).await.expect(202).json();
    answer["recipients"].as_u64().unwrap()
}

#[tokio::test]
async fn users_join_and_leave_as_often_as_they_like() {
    let node = start().await;
    assert_eq!(read(&node, "/api/topics/news/members").await, json!({"items": [], "nextCursor": null}));
    for _ in 0..2 {
        join(&node, "news", "u").await;
        join(&node, "news", "v").await;
        assert_eq!(members(&node, "news").await, ["u", "v"]);
    }
    for _ in 0..2 {
        let _ = call(&node, "DELETE", "/api/topics/news/members/u").await.expect(204);
        assert_eq!(members(&node, "news").await, ["v"]);
    }
    let _ = call(&node, "DELETE", "/api/topics/nobody-ever-joined/members/u").await.expect(204);
    let page = read(&node, "/api/topics/news/members").await;
    assert_eq!(page, json!({"items": [{"user": "v"}], "nextCursor": null}));
}

#[tokio::test]
async fn members_are_listed_in_pages_that_join() {
    let node = start().await;
    let users: Vec<String> = (0..25).map(|user| format!("{user:02}")).collect();
    for user in users.iter().rev() {
        join(&node, "team", user).await;
    }
    let (mut found, mut query) = (Vec::new(), String::from("?limit=10"));
    loop {
        let page = read(&node, &format!("/api/topics/team/members{query}")).await;
        found.extend(each(page["items"].as_array().unwrap(), "user"));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=10&cursor={next}");
        // What happens between two pages neither repeats nor hides anybody else.
        let _ = call(&node, "DELETE", "/api/topics/team/members/00").await.expect(204);
    }
    assert_eq!(found, users);
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("cursor=-", "/query/cursor"),
        ("a=1", "/query/a"),
    ] {
        assert_eq!(call(&node, "GET", &format!("/api/topics/team/members?{query}")).await.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn a_path_may_name_any_topic_and_any_user() {
    let node = start().await;
    let longest = "é".repeat(128);
    for name in ["a/b", "%", "a b", "?x=1#y", "Zoë 🔔", "..", "members", "a+b", "%2F", longest.as_str()] {
        join(&node, name, name).await;
        assert_eq!(members(&node, name).await, [name]);
        assert_eq!(recipients(&node, json!({"topic": name})).await, 1, "{name}");
    }
}

#[tokio::test]
async fn a_topic_is_1_to_256_bytes_that_can_be_seen_and_no_pattern() {
    let node = start().await;
    let long = format!("{}x", "é".repeat(128));
    let bad = [
        "a\0b",
        "a\nb",
        "\u{7f}",
        "a\u{85}",
        "\u{200b}",
        "\u{202e}swen",
        "\u{2066}a\u{2069}",
        "\u{feff}a",
        "a\u{ad}b",
        "\u{2028}",
        "*",
        "orders/*",
        long.as_str(),
    ];
    for bad in bad {
        let path = format!("/api/topics/{}/members", encoded(bad));
        assert_eq!(call(&node, "GET", &path).await.pointers(), ["/path/topic"], "{bad:?}");
        for method in ["PUT", "DELETE"] {
            assert_eq!(call(&node, method, &format!("{path}/u")).await.pointers(), ["/path/topic"], "{bad:?}");
        }
        for route in ["/api/notifications", "/api/signals"] {
            let mut body = json!({"to": {"topic": bad}});
            body[if route.ends_with("signals") { "event" } else { "type" }] = json!("x");
            assert_eq!(node.post_api(route, body).await.pointers(), ["/to/topic"], "{bad:?}");
        }
    }
    for bad in ["a\0b", "a\nb", "\u{9f}", long.as_str()] {
        let path = format!("/api/topics/t/members/{}", encoded(bad));
        assert_eq!(call(&node, "PUT", &path).await.pointers(), ["/path/user"], "{bad:?}");
    }
    let _ = call(&node, "PUT", "/api/topics/t/members/%FF").await.problem(400);
    let _ = call(&node, "PUT", "/api/topics/t/members/").await.problem(404);
    let big = encoded(&"x".repeat(10_000));
    assert_eq!(call(&node, "GET", &format!("/api/topics/{big}/members")).await.pointers(), ["/path/topic"]);
}

#[tokio::test]
async fn a_publish_to_a_topic_is_for_its_members_of_that_moment() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    for user in ["u", "v", "w"] {
        join(&node, "news", user).await;
    }
    assert_eq!(recipients(&node, json!({"topic": "news"})).await, 3);
    assert_eq!(stream.expect("notification").await.seq(), 1);
    assert_eq!(recipients(&node, json!({"topic": "news", "except": ["v", "stranger"]})).await, 2);
    join(&node, "news", "late").await;
    let _ = call(&node, "DELETE", "/api/topics/news/members/w").await.expect(204);
    assert_eq!(recipients(&node, json!({"topic": "news"})).await, 3);
    let _ = call(&node, "DELETE", "/api/topics/news/members/u").await.expect(204);
    for (user, unread) in [("u", 3), ("v", 2), ("w", 2), ("late", 1)] {
        assert_eq!(counts(&node, user).await.0, unread, "{user}");
    }
    assert_eq!(recipients(&node, json!({"topic": "nobody joined it"})).await, 0);
}

#[tokio::test]
async fn everyone_is_all_who_have_a_log() {
    let node = start().await;
    assert_eq!(recipients(&node, json!({"everyone": true})).await, 0);
    node.notify("was told something", "x").await;
    items(&node, "has looked", "").await;
    let mut listening = open(&node, "listens").await;
    join(&node, "news", "only a member").await;
    assert_eq!(recipients(&node, json!({"everyone": true})).await, 3);
    assert_eq!(listening.expect("notification").await.seq(), 1);
    assert_eq!(recipients(&node, json!({"everyone": true, "except": ["listens", "stranger"]})).await, 2);
    for (user, unread) in
        [("was told something", 3), ("has looked", 2), ("listens", 1), ("only a member", 0), ("new", 0)]
    {
        assert_eq!(counts(&node, user).await.0, unread, "{user}");
    }
}

#[tokio::test]
async fn the_actor_is_left_out_of_a_topic_and_of_everyone_unless_asked() {
    let node = start().await;
    for user in ["a", "u"] {
        items(&node, user, "").await;
    }
    join(&node, "news", "a").await;
    for (to, with_actor) in [(json!({"topic": "news"}), 1), (json!({"everyone": true}), 2)] {
        for notify in [false, true] {
            let draft = json!({"type": "t", "to": to, "actorId": "a", "notifyActor": notify});
            let answer = node.post_api("/api/notifications", draft).await.expect(202).json();
            assert_eq!(answer["recipients"], with_actor - u64::from(!notify), "{to} {notify}");
        }
    }
}

#[tokio::test]
async fn an_audience_is_exactly_one_of_three_and_everyone_is_literally_true() {
    let node = start().await;
    items(&node, "bystander", "").await;
    for (to, pointer) in [
        (json!({"users": ["u"], "topic": "news"}), "/to"),
        (json!({"users": ["u"], "everyone": true}), "/to"),
        (json!({"topic": "news", "everyone": true}), "/to"),
        (json!({"everyone": false}), "/to/everyone"),
        (json!({"everyone": "true"}), "/to/everyone"),
        (json!({"everyone": 1}), "/to/everyone"),
        (json!({"everyone": {}}), "/to/everyone"),
        (json!({"everyone": null}), "/to"),
        (json!({"topic": ""}), "/to/topic"),
        (json!({"topic": ["news"]}), "/to/topic"),
        (json!({"topic": "news", "except": "u"}), "/to/except"),
        (json!({"everyone": true, "except": [""]}), "/to/except/0"),
        (json!({"everyone": true, "everybody": true}), "/to/everybody"),
    ] {
        assert_eq!(
            node.post_api("/api/notifications", json!({"type": "t", "to": to})).await.pointers(),
            [pointer],
            "{to}"
        );
        assert_eq!(node.post_api("/api/signals", json!({"event": "e", "to": to})).await.pointers(), [pointer], "{to}");
    }
    assert_eq!(counts(&node, "bystander").await, (0, 0, 0));
    assert_eq!(recipients(&node, json!({"users": ["u"], "topic": null, "everyone": null, "except": null})).await, 1);
}

#[tokio::test]
async fn signals_go_to_the_open_streams_of_a_topic_and_of_everyone() {
    let node = start().await;
    let (mut u, mut v) = (open(&node, "u").await, open(&node, "v").await);
    join(&node, "news", "u").await;
    join(&node, "news", "away").await;
    let signal = async |event: &str, to: Value| node.signal(json!({"to": to, "event": event})).await;
    assert_eq!(signal("a", json!({"topic": "news"})).await, 1);
    assert_eq!(signal("b", json!({"everyone": true})).await, 2);
    assert_eq!(signal("c", json!({"everyone": true, "except": ["u"]})).await, 1);
    assert_eq!(signal("d", json!({"topic": "nobody joined it"})).await, 0);
    signal("end", json!({"everyone": true})).await;
    for name in ["a", "b", "end"] {
        u.expect(name).await;
    }
    for name in ["b", "c", "end"] {
        v.expect(name).await;
    }
}

#[tokio::test]
async fn topics_of_different_tenants_never_meet() {
    let node = start().await;
    join(&node, "news", "u").await;
    let _ = call(&node, "PUT", "/api/topics/news/members/v?tenant=acme").await.expect(204);
    assert_eq!(members(&node, "news").await, ["u"]);
    assert_eq!(read(&node, "/api/topics/news/members?tenant=acme").await["items"], json!([{"user": "v"}]));
    let acme = json!({"type": "t", "to": {"topic": "news"}, "tenant": "acme"});
    assert_eq!(node.post_api("/api/notifications", acme).await.expect(202).json()["recipients"], 1);
    let everyone = json!({"type": "t", "to": {"everyone": true}, "tenant": "acme"});
    items(&node, "u", "").await;
    assert_eq!(node.post_api("/api/notifications", everyone).await.expect(202).json()["recipients"], 1);
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
    for bad in ["tenant=", "tenant=a%0Ab", "tenant=%FF", "tenant=a&tenant=b"] {
        assert_eq!(
            call(&node, "PUT", &format!("/api/topics/t/members/u?{bad}")).await.pointers(),
            ["/query/tenant"],
            "{bad}"
        );
    }
}

#[tokio::test]
async fn memberships_are_for_administrators() {
    let node = start().await;
    let publisher = scoped(&node, "a", "notifications:publish");
    let admin = scoped(&node, "a", "notifications:admin");
    for (method, path, status) in [
        ("PUT", "/api/topics/t/members/u", 204),
        ("GET", "/api/topics/t/members", 200),
        ("DELETE", "/api/topics/t/members/u", 204),
    ] {
        let by = |token: &str| node.send(Request::new(method, path).bearer(token));
        let _ = by(&publisher).await.problem(403);
        let _ = by(&node.token("u")).await.problem(403);
        let _ = node.send(Request::new(method, path)).await.problem(401);
        let _ = by(&admin).await.expect(status);
        let _ = by(node.api_key()).await.expect(status);
    }
    let put = || Request::new("PUT", "/api/topics/t/members/u").bearer(node.api_key());
    let _ = node.send(put().json(json!({}))).await.expect(204);
    assert_eq!(node.send(put().json(json!({"role": "x"}))).await.pointers(), ["/role"]);
    let _ = node.send(put().body("text/plain", "x")).await.problem(415);
}

#[tokio::test]
async fn memberships_survive_a_kill() {
    let mut node = builder().start().await;
    join(&node, "news", "u").await;
    join(&node, "news", "v").await;
    let _ = call(&node, "DELETE", "/api/topics/news/members/v").await.expect(204);
    let before = position(&node, "u").await;
    node.restart().await;
    assert_eq!(members(&node, "news").await, ["u"]);
    assert_eq!(recipients(&node, json!({"topic": "news"})).await, 1);
    let mut stream = node.stream("u").position(&before).open().await;
    assert_eq!((stream.ready().await.resume.as_str(), stream.expect("notification").await.seq()), ("exact", 1));
}
