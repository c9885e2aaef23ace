//! Nothing in a request can put a line into a stream: a property over the whole server, with hostile strings in every field.

use crate::support::start;
use campanile_testkit::{Event, Request, SseReader, TestNode, token};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

const CASES: u32 = 200;

/// What has broken somebody's stream before: line ends in every notation, whole events, and what JSON, URLs or headers may make of them.
const FRAGMENTS: &[&str] = &[
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\r",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{b}",
    "\u{c}",
    "\0",
    "\u{feff}",
    "\u{1b}[2J",
    "\u{7f}",
    "id: 9",
    "id:",
    "data: x",
    "event: evil",
    "retry: 1",
    ":",
    ": ",
    "\ndata: x\n\n",
    "\nid: e-9\nevent: evil\ndata: {}\n\n",
    "\r\nid: 9\r\n\r\n",
    "%0a",
    "%0d%0a",
    "%00",
    "\\n",
    "\\u000a",
    "\\",
    "\"",
    "\"}",
    "{",
    "}",
    "</script>",
    "\u{202e}",
    "\u{200b}",
    " ",
    "é",
    "🔔",
    "/",
    "//",
    "a",
    "0",
    "-",
    "+",
    "&",
    "=",
    "?",
    "#",
    ",",
    "ready",
    "notification",
    "__heartbeat__",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(FRAGMENTS).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// A draft for the watcher `w`, by the hostile string in one place.
fn drafts(text: &str) -> Vec<Value> {
    let with = |member: &str, value: Value| {
        let mut draft = json!({"type": "t", "to": {"users": ["w"]}});
        draft[member] = value;
        draft
    };
    let mut data = json!({});
    data[text] = json!([text, {"a": text}]);
    vec![
        with("type", json!(text)),
        with("to", json!({"users": ["w", text]})),
        with("to", json!({"users": ["w"], "except": [text]})),
        with("severity", json!(text)),
        with("title", json!(text)),
        with("body", json!(text)),
        with("link", json!(text)),
        with("link", json!(format!("/{text}"))),
        with("data", data),
        with("relatedEntity", json!({"type": text, "id": text})),
        with("actorId", json!(text)),
        with("tenant", json!(text)),
        with(text, json!(text)),
    ]
}

/// JSON with its white space as hostile as JSON allows.
fn spread_out(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n\t\r")
}

/// What a notification must look like to the watcher.
fn expected(id: &Value, draft: &Value) -> Value {
    let or_null = |value: &Value| value.clone();
    json!({
        "notificationId": id, "notificationTypeName": draft["type"], "severity": draft["severity"].as_str().unwrap_or("info"),
        "title": or_null(&draft["title"]), "body": or_null(&draft["body"]), "link": or_null(&draft["link"]),
        "data": or_null(&draft["data"]), "relatedEntityType": or_null(&draft["relatedEntity"]["type"]),
        "relatedEntityId": or_null(&draft["relatedEntity"]["id"]), "actorId": or_null(&draft["actorId"]),
    })
}

/// A stream that is watched: every event is one of ours, by its bytes.
struct Watcher {
    stream: SseReader,
    epoch: String,
    seq: u64,
}

impl Watcher {
    async fn open(node: &TestNode) -> Self {
        let mut stream = node.stream("w").open().await;
        let ready = stream.ready().await;
        let epoch = ready.cursor.rsplit_once('-').unwrap().0.to_owned();
        Self { stream, epoch, seq: ready.seq() }
    }

    /// The next event but for counts, each of which must be exactly the lines it should be.
    async fn next(&mut self) -> Event {
        loop {
            let event = self.stream.event().await;
            let id = match event.name.as_str() {
                "notification" => {
                    self.seq += 1;
                    format!("id: {}-{}\n", self.epoch, self.seq)
                }
                _ => String::new(),
            };
            let bytes = format!("{id}event: {}\ndata: {}\n\n", event.name, event.data);
            assert_eq!(String::from_utf8_lossy(&event.raw), bytes);
            assert!(!event.data.contains(['\n', '\r']), "{event:?}");
            if event.name != "counts" {
                return event;
            }
        }
    }

    async fn publish(&mut self, node: &TestNode, draft: &Value) {
        let request =
            Request::post("/api/notifications").bearer(node.api_key()).body("application/json", spread_out(draft));
        let answer = node.send(request).await;
        match answer.status() {
            202 => {}
            422 => return,
            _ => panic!("{draft}\n{answer}"),
        }
        let tenant = draft["tenant"].as_str().unwrap_or("default");
        let reached = tenant == "default" && draft["actorId"] != "w" && draft["to"]["except"] != json!(["w"]);
        if reached {
            let event = self.next().await;
            assert_eq!(event.name, "notification", "{event:?}");
            let mut json = event.json();
            let occurred_at = json.as_object_mut().unwrap().remove("occurredAt");
            assert!(occurred_at.is_some_and(|time| time.is_string()));
            assert_eq!(json, expected(&answer.json()["notificationId"], draft));
        }
    }

    async fn signal(&mut self, node: &TestNode, signal: &Value) {
        let request = Request::post("/api/signals").bearer(node.api_key()).body("application/json", spread_out(signal));
        let answer = node.send(request).await;
        match answer.status() {
            202 => {}
            422 => return,
            _ => panic!("{signal}\n{answer}"),
        }
        let event = self.next().await;
        assert_eq!((json!(event.name), event.json()), (signal["event"].clone(), signal["data"].clone()));
    }
}

/// A stream's first bytes, whatever it was asked with: a retry line and `ready`, and not one line more.
async fn greeting(node: &TestNode, user: &str, text: &str) {
    let claims = json!({"sub": user, "exp": token::now() + 600});
    let request = node
        .anonymous_stream()
        .bearer(&node.sign(claims))
        .query("lastEventId", text)
        .query("x", text)
        .query(text, text);
    let mut stream = request.query("ticket", text).query("eventsource", text).open().await;
    if stream.status() == 401 {
        return; // The user is none.
    }
    assert_eq!(stream.ready().await.json["user"], user);
    let lines: Vec<_> = stream.body().split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::to_vec).collect();
    assert_eq!(lines.len(), 6, "retry, event, id, data, blank: {stream}");
    assert!(!stream.head().raw().windows(5).any(|part| part == b"evil:"), "{stream:?}");
}

/// A header can hold less; what it can hold is a position that nobody knows.
async fn by_header(node: &TestNode, text: &str) {
    let value: Vec<u8> = text.bytes().filter(|byte| *byte >= 0x20 && *byte != 0x7f).collect();
    // Only HTTP/1.1 takes the spaces around a value away; in HTTP/2 such a value must not be sent.
    let request = node.stream("h").http1().position(&value).field("X-Forwarded-For", &value);
    let mut stream = request.field("User-Agent", &value).open().await;
    let ready = stream.ready().await;
    let expected = if value.trim_ascii().is_empty() { "fresh" } else { "reset" };
    assert_eq!(ready.resume, expected, "{value:?}");
    assert_eq!(stream.body().iter().filter(|byte| **byte == b'\n').count(), 5, "{stream}");
}

async fn check(node: &TestNode, text: &str) {
    let mut watcher = Watcher::open(node).await;
    for draft in drafts(text) {
        watcher.publish(node, &draft).await;
    }
    for signal in [
        json!({"to": {"users": ["w"]}, "event": text, "data": text}),
        json!({"to": {"users": ["w"]}, "event": "s", "data": {"k": [text]}}),
        json!({"to": {"users": ["w"]}, "event": "s", "data": 1, "key": text}),
    ] {
        watcher.signal(node, &signal).await;
    }
    greeting(node, text, text).await;
    greeting(node, "g", text).await;
    by_header(node, text).await;
    let unknown = node.anonymous_stream().ticket(text).open().await;
    assert_eq!(unknown.status(), 401);
    // Whatever was injected, and not noticed so far, would come before this.
    watcher.publish(node, &json!({"type": "t", "to": {"users": ["w"]}, "title": "last"})).await;
}

#[test]
fn no_field_of_any_request_can_inject_a_line_into_a_stream() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let node = runtime.block_on(start());
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let result = TestRunner::new(config).run(&hostile(), |text| {
        runtime.block_on(check(&node, &text));
        Ok(())
    });
    drop(runtime);
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// What is logged is one line of JSON per event, whatever was in the request.
#[tokio::test]
async fn no_field_can_inject_a_line_into_the_log() {
    let node = crate::support::builder().env("CAMPANILE_LOG", "debug").start().await;
    for text in ["\n{\"level\":\"ERROR\"}\n", "\r\nx", "\u{1b}[31mred", "\u{2028}"] {
        let claims = json!({"sub": format!("u{text}"), "exp": token::now() + 60});
        let stream = node.anonymous_stream().bearer(&node.sign(claims)).query("lastEventId", text);
        let _ = stream.open().await;
        node.publish(json!({"type": "t", "to": {"users": ["u"]}, "title": text, "body": text})).await;
    }
    node.has_streams(0).await;
    for line in node.log() {
        let json: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(json["timestamp"].is_string() && !line.contains('\u{1b}'), "{line:?}");
    }
}
