//! Section 3: open connections, and cutting them.

use crate::support::{call, each, notify_many, open, read, scoped, start, start_with, unknown_id};
use campanile_testkit::{Request, SseReader, TestNode};
use serde_json::{Value, json};

async fn listed(node: &TestNode, query: &str) -> Vec<Value> {
    read(node, &format!("/api/connections{query}")).await["items"].as_array().unwrap().clone()
}

async fn open_all(node: &TestNode, users: &[&str]) -> Vec<SseReader> {
    let mut streams = Vec::new();
    for user in users {
        streams.push(open(node, user).await);
    }
    streams
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|time| time.len() >= 20 && time.ends_with('Z') && &time[10..11] == "T")
}

#[tokio::test]
async fn an_open_stream_is_listed_with_all_there_is_to_know() {
    let node = start().await;
    let mut stream = node.stream("u").http1().open().await;
    let ready = stream.ready().await;
    let before = listed(&node, "?user=u").await.remove(0);
    notify_many(&node, "u", 1..=3).await;
    stream.until_some(|event| (event.name == "counts" && event.json()["version"] == 3).then_some(())).await;
    let page = read(&node, "/api/connections?user=u").await;
    let item = page["items"][0].clone();
    let members: Vec<_> = item.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["behind", "cursor", "id", "lastWriteAt", "node", "since", "tenant", "transport", "user"]);
    assert_eq!(item["id"], ready.json["connectionId"]);
    assert_eq!(item["cursor"], json!(stream.last_event_id()));
    for (member, value) in [("user", "u"), ("tenant", "default"), ("transport", "http/1.1")] {
        assert_eq!(item[member], value);
    }
    assert!(item["behind"] == 0 && item["node"].as_str().is_some_and(|name| !name.is_empty()), "{item}");
    assert!(is_time(&item["since"]) && is_time(&item["lastWriteAt"]), "{item}");
    assert_eq!(item["since"], before["since"]);
    assert!(item["lastWriteAt"].as_str() >= before["lastWriteAt"].as_str(), "{before} {item}");
    assert_eq!(page["nextCursor"], Value::Null);
}

#[tokio::test]
async fn what_is_closed_is_not_listed() {
    let node = start().await;
    assert_eq!(read(&node, "/api/connections").await, json!({"items": [], "nextCursor": null}));
    let mut streams = open_all(&node, &["u", "u", "v"]).await;
    assert_eq!(each(&listed(&node, "?user=u").await, "user"), ["u", "u"]);
    assert_eq!(listed(&node, "").await.len(), 3);
    assert!(listed(&node, "?user=nobody").await.is_empty() && listed(&node, "?tenant=acme").await.is_empty());
    streams.truncate(1);
    node.has_streams(1).await;
    assert_eq!(listed(&node, "").await.len(), 1);
}

#[tokio::test]
async fn many_connections_are_listed_in_pages_that_join() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 20).await;
    let _streams = open_all(&node, &["u"; 12]).await;
    let (mut found, mut query) = (Vec::new(), String::from("?limit=5"));
    loop {
        let page = read(&node, &format!("/api/connections{query}")).await;
        found.extend(each(page["items"].as_array().unwrap(), "id"));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=5&cursor={next}");
    }
    assert_eq!(found, each(&listed(&node, "?limit=1000").await, "id"));
    assert_eq!(found.len(), 12);
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("cursor=x", "/query/cursor"),
        ("user=", "/query/user"),
        ("user=a%00", "/query/user"),
        ("user=u&user=v", "/query/user"),
        ("node=a", "/query/node"),
    ] {
        assert_eq!(call(&node, "GET", &format!("/api/connections?{query}")).await.pointers(), [pointer], "{query}");
    }
}

#[tokio::test]
async fn one_connection_is_cut_with_evicted_and_the_others_stay() {
    let node = start().await;
    let mut streams = open_all(&node, &["u", "u", "v"]).await;
    let id = listed(&node, "?user=u&limit=1").await[0]["id"].as_str().unwrap().to_owned();
    let elsewhere = call(&node, "DELETE", &format!("/api/connections/{id}?tenant=acme")).await;
    let _ = elsewhere.problem(404);
    let answer = call(&node, "DELETE", &format!("/api/connections/{id}")).await.expect(202);
    assert!(answer.body.is_empty(), "{answer}");
    assert_eq!(streams.remove(0).farewell().await, json!({"reason": "evicted", "retryMs": 300_000}));
    for (stream, user) in streams.iter_mut().zip(["u", "v"]) {
        node.notify(user, "still here").await;
        stream.expect("notification").await;
    }
    for unknown in [id, unknown_id(1), "nonsense".into(), "%FF".into()] {
        let _ = call(&node, "DELETE", &format!("/api/connections/{unknown}")).await.problem(404);
    }
}

#[tokio::test]
async fn all_connections_of_a_user_are_cut_and_may_come_back() {
    let node = start().await;
    let mut streams = open_all(&node, &["u/1", "u/1", "v"]).await;
    let answer = call(&node, "DELETE", "/api/users/u%2F1/connections").await.expect(202);
    assert!(answer.body.is_empty(), "{answer}");
    for _ in 0..2 {
        assert_eq!(streams.remove(0).farewell().await["reason"], "evicted");
    }
    node.notify("v", "still here").await;
    streams[0].expect("notification").await;
    let _ = open(&node, "u/1").await;
    let _ = call(&node, "DELETE", "/api/users/nobody/connections").await.expect(202);
    assert_eq!(call(&node, "DELETE", "/api/users/a%00/connections").await.pointers(), ["/path/user"]);
}

#[tokio::test]
async fn cutting_is_for_the_same_tenant_only() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let _ = call(&node, "DELETE", "/api/users/u/connections?tenant=acme").await.expect(202);
    node.notify("u", "still here").await;
    stream.expect("notification").await;
}

#[tokio::test]
async fn connections_are_for_administrators() {
    let node = start().await;
    let publisher = scoped(&node, "a", "notifications:publish");
    for (method, path, status) in [
        ("GET", "/api/connections".to_owned(), 200),
        ("DELETE", format!("/api/connections/{}", unknown_id(1)), 404),
        ("DELETE", "/api/users/u/connections".into(), 202),
    ] {
        let by = |token: &str| node.send(Request::new(method, &path).bearer(token));
        let _ = by(&publisher).await.problem(403);
        let _ = by(&node.token("u")).await.problem(403);
        let _ = node.send(Request::new(method, &path)).await.problem(401);
        assert_eq!(by(&scoped(&node, "a", "notifications:admin")).await.status(), status, "{method} {path}");
    }
}

#[tokio::test]
async fn a_reader_that_stalls_is_seen_to_be_behind() {
    let node = start().await;
    let stream = node.stream("u").receive_buffer(4096).open().await;
    let behind = async {
        loop {
            node.publish(crate::support::draft_with("data", json!("x".repeat(60_000)))).await;
            let item = listed(&node, "?user=u").await.remove(0);
            if item["behind"].as_u64().unwrap() > 0 {
                return;
            }
        }
    };
    campanile_testkit::soon("it falls behind", behind).await;
    drop(stream);
}
