//! `POST /api/signals`.

use crate::{stream_wire::Wire, support::App};

const PATH: &str = "/api/signals";

#[tokio::test]
async fn a_signal_reaches_open_streams_and_nothing_else() {
    let app = App::new();
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let body = r#"{"to":{"users":["u1","u2"]},"event":"order.status","data":{ "n": 1.10 },"key":"order-42"}"#;
    let answer = app.api(PATH, body).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (202, &br#"{"connections":1}"#[..]), "{answer}");
    assert_eq!(answer.header("location"), None);
    let stream = wire.until("event: order.status\ndata: {\"n\":1.10}\n\n").await;
    assert_eq!(stream.matches("id: ").count(), 1, "only ready has an id: {stream}");
    assert_eq!(app.user("u1", "GET", "/notifications/counts").await.json()["version"], 0);
    let nobody = app.api(PATH, r#"{"to":{"users":["u3"]},"event":"x"}"#).await;
    assert_eq!((nobody.status.as_u16(), &nobody.json()["connections"]), (202, &0.into()));
}

#[tokio::test]
async fn names_of_the_stream_itself_are_no_signals() {
    let app = App::new();
    for name in [
        "ready",
        "notification",
        "updated",
        "counts",
        "gap",
        "reconnect",
        "expiring",
        "__heartbeat__",
        "open",
        "error",
        "message",
        "",
        "a b",
        "a\\nid: 9",
        "a\\rdata: x",
        "\\u2028",
        "a\\u0000",
    ] {
        let body = format!(r#"{{"to":{{"users":["u1"]}},"event":"{name}"}}"#);
        assert_eq!(app.api(PATH, body).await.pointers(), ["/event"], "{name}");
    }
    let long = format!(r#"{{"to":{{"users":["u1"]}},"event":"{}"}}"#, "x".repeat(65));
    assert_eq!(app.api(PATH, long).await.pointers(), ["/event"]);
}

#[tokio::test]
async fn every_fault_of_a_signal_is_listed() {
    let app = App::new();
    let body = r#"{"to":{"topic":"a\u0000"},"event":"ready","key":"","title":"no","data":1,"data":2}"#;
    let mut pointers = app.api(PATH, body).await.pointers();
    pointers.sort();
    assert_eq!(pointers, ["/data", "/event", "/key", "/title", "/to/topic"]);
    assert_eq!(app.api(PATH, "{}").await.pointers(), ["/to", "/event"]);
    app.api(PATH, "{").await.problem(400, "malformed");
}
