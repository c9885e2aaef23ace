//! Open connections, and cutting them.

use crate::{
    stream_wire::Wire,
    support::{Answer, App, as_key, eventually},
};
use axum::body::Body;
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::HttpOptions;
use serde_json::{Value, json};
use std::sync::Arc;

async fn call(app: &App, method: &str, path: &str) -> Answer {
    app.call(as_key().method(method).uri(path).body(Body::empty()).unwrap()).await
}

async fn open(app: &App, users: &[&str]) -> Vec<Wire> {
    let address = app.listen().await;
    let mut wires = Vec::new();
    for user in users {
        let mut wire = Wire::open(address, user, "", "").await;
        wire.until("event: ready").await;
        wires.push(wire);
    }
    wires
}

fn named() -> App {
    let options = HttpOptions { node: "node-a".into(), ..HttpOptions::default() };
    App::with(Engine::builder(Arc::new(MemoryStore::default())), options)
}

#[tokio::test]
async fn open_streams_are_listed_as_they_are() {
    let app = named();
    let mut wires = open(&app, &["u1", "u2"]).await;
    app.publish("u1", "one").await;
    let told = wires[0].until("event: counts").await;
    let page = call(&app, "GET", "/api/connections?user=u1").await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["nextCursor"]), (1, &Value::Null));
    let open = &page["items"][0];
    assert!(told.contains(&format!(r#""connectionId":{}"#, open["id"])), "{told}");
    assert!(told.contains(&format!("id: {}\n", open["cursor"].as_str().unwrap())), "{told} {open}");
    assert!(open["cursor"].as_str().unwrap().ends_with("-1"));
    for (member, value) in [("user", "u1"), ("tenant", "default"), ("node", "node-a"), ("transport", "http/1.1")] {
        assert_eq!(open[member], value);
    }
    assert_eq!(open["behind"], 0);
    assert!(["since", "lastWriteAt"].iter().all(|time| open[time].as_str().unwrap().ends_with('Z')), "{open}");
    assert_eq!(call(&app, "GET", "/api/connections?tenant=acme").await.json()["items"], json!([]));
}

#[tokio::test]
async fn connections_are_listed_in_pages() {
    let app = named();
    let _wires = open(&app, &["u1", "u2", "u1", "u3", "u1"]).await;
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    for expected in [2, 2, 1] {
        let page = call(&app, "GET", &format!("/api/connections?limit=2{cursor}")).await.json();
        let items = page["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), expected);
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        cursor = page["nextCursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert!(cursor.is_empty());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    for (query, name) in [("limit=x", "limit"), ("cursor=x", "cursor"), ("user=", "user"), ("node=a", "node")] {
        let answer = call(&app, "GET", &format!("/api/connections?{query}")).await;
        assert_eq!(answer.pointers(), [format!("/query/{name}")]);
    }
}

#[tokio::test]
async fn one_connection_is_cut_with_evicted_and_the_others_stay() {
    let app = named();
    let mut wires = open(&app, &["u1", "u1"]).await;
    let page = call(&app, "GET", "/api/connections?user=u1&limit=1").await.json();
    let path = format!("/api/connections/{}", page["items"][0]["id"].as_str().unwrap());
    call(&app, "DELETE", &format!("{path}?tenant=acme")).await.problem(404, "not-found");
    let answer = call(&app, "DELETE", &path).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
    let first = wires.remove(0).read_out().await;
    assert!(first.ends_with("event: reconnect\ndata: {\"reason\":\"evicted\",\"retryMs\":300000}\n\n"), "{first}");
    app.publish("u1", "still here").await;
    wires[0].until("still here").await;
    for unknown in [path.as_str(), "/api/connections/nonsense", "/api/connections/%ff"] {
        call(&app, "DELETE", unknown).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn all_connections_of_a_user_are_cut_at_once() {
    let app = named();
    let mut wires = open(&app, &["u/1", "u/1", "u2"]).await;
    assert_eq!(call(&app, "DELETE", "/api/users/u%2F1/connections").await.status, 202);
    let last = wires.pop();
    for wire in wires {
        assert!(wire.read_out().await.contains(r#""reason":"evicted""#));
    }
    eventually("one is left", || app.http.engine().connections() == 1).await;
    drop(last);
    assert_eq!(call(&app, "DELETE", "/api/users/nobody/connections").await.status, 202);
    assert_eq!(call(&app, "DELETE", "/api/users/a%00/connections").await.pointers(), ["/path/user"]);
}
