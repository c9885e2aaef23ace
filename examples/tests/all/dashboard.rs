//! Signals: what is measured is on every open page at once, and nowhere else.

use crate::process::Example;
use campanile_testkit::{Request, SseReader};
use serde_json::json;

async fn wall(example: &Example) -> SseReader {
    let mut stream = example.open(Request::get("/notifications/stream?eventsource=1")).await;
    stream.ready().await;
    stream
}

#[tokio::test]
async fn a_figure_reaches_every_page_and_is_not_kept() {
    let example = Example::start(env!("CARGO_BIN_EXE_dashboard")).await;
    assert!(example.get("/").await.expect(200).text().contains("new EventSource(\"/notifications/stream"));
    let (mut one, mut other) = (wall(&example).await, wall(&example).await);
    assert_eq!(example.submit("/figures", "orders=41", None).await.expect(200).text(), "2 pages\n");
    for stream in [&mut one, &mut other] {
        let figure = stream.until("figure").await;
        assert_eq!((figure.json(), figure.id), (json!({ "name": "orders", "value": 41.0 }), None));
    }
    drop(other);
    assert_eq!(example.submit("/figures", "orders=42&visitors=7.5", None).await.status(), 200);
    assert_eq!(one.until("figure").await.json(), json!({ "name": "orders", "value": 42.0 }));
    assert_eq!(one.until("figure").await.json(), json!({ "name": "visitors", "value": 7.5 }));
    assert_eq!(example.get("/notifications").await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_interrupt_tells_streams_to_come_back() {
    let example = Example::start(env!("CARGO_BIN_EXE_dashboard")).await;
    let stream = wall(&example).await;
    example.leaves(stream).await;
}
