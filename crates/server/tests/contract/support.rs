//! What the tests of the contract share.

use campanile_testkit::{Answer, End, Next, NodeBuilder, Request, SseReader, TestNode, token};
use serde_json::{Value, json};
use std::time::Duration;

/// A node of this build, about to start.
pub(crate) fn builder() -> NodeBuilder {
    TestNode::builder(env!("CARGO_BIN_EXE_campanile"))
}

/// A node with all defaults.
pub(crate) async fn start() -> TestNode {
    builder().start().await
}

/// A node with one setting, given as its variable's name without `CAMPANILE_`.
pub(crate) async fn start_with(name: &str, value: impl ToString) -> TestNode {
    builder().env(&format!("CAMPANILE_{name}"), value).start().await
}

/// The smallest publish.
pub(crate) fn draft(users: &[&str]) -> Value {
    json!({"type": "test", "to": {"users": users}})
}

/// The smallest publish with one more member.
pub(crate) fn draft_with(member: &str, value: Value) -> Value {
    let mut draft = draft(&["u"]);
    draft[member] = value;
    draft
}

/// A request with the API key, without a body.
pub(crate) async fn call(node: &TestNode, method: &str, target: &str) -> Answer {
    node.send(Request::new(method, target).bearer(node.api_key())).await
}

/// A request with the API key, which must be answered with JSON and 200.
pub(crate) async fn read(node: &TestNode, target: &str) -> Value {
    call(node, "GET", target).await.expect(200).json()
}

/// An id that no server made.
pub(crate) fn unknown_id(number: usize) -> String {
    format!("01890000-0000-7000-8000-{number:012x}")
}

/// A token with this scope.
pub(crate) fn scoped(node: &TestNode, user: &str, scope: &str) -> String {
    node.sign(json!({"sub": user, "exp": token::now() + 600, "iat": token::now(), "scope": scope}))
}

/// Opens a stream and reads its first event.
pub(crate) async fn open(node: &TestNode, user: &str) -> SseReader {
    let mut stream = node.stream(user).open().await;
    stream.ready().await;
    stream
}

/// A user's inbox.
pub(crate) async fn items(node: &TestNode, user: &str, query: &str) -> Vec<Value> {
    let page = node.get_as(user, &format!("/notifications{query}")).await.expect(200).json();
    page["items"].as_array().expect("items").clone()
}

/// A member of each value.
pub(crate) fn each(values: &[Value], member: &str) -> Vec<Value> {
    values.iter().map(|value| value[member].clone()).collect()
}

/// A user's counts as (unread, unseen, version).
pub(crate) async fn counts(node: &TestNode, user: &str) -> (u64, u64, u64) {
    triple(&node.get_as(user, "/notifications/counts").await.expect(200).json())
}

/// Counts as (unread, unseen, version).
pub(crate) fn triple(counts: &Value) -> (u64, u64, u64) {
    let member = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("no {name} in {counts}"));
    (member("unread"), member("unseen"), member("version"))
}

/// A user's position now, which begins the user's log if there is none.
pub(crate) async fn position(node: &TestNode, user: &str) -> String {
    let page = node.get_as(user, "/notifications").await.expect(200).json();
    page["streamCursor"].as_str().expect("a cursor").to_owned()
}

/// Marks one notification, which must succeed.
pub(crate) async fn mark(node: &TestNode, user: &str, id: &str, what: &str) {
    let answer = node.post_as(user, &format!("/notifications/{id}/{what}")).await.expect(204);
    assert!(answer.body.is_empty(), "{answer}");
}

/// Marks up to a place, which must succeed.
pub(crate) async fn mark_up_to(node: &TestNode, user: &str, what: &str, body: Value) {
    let request = Request::post(format!("/notifications/{what}")).json(body);
    let _ = node.send_as(user, request).await.expect(204);
}

/// `DELETE` of one notification.
pub(crate) async fn delete(node: &TestNode, user: &str, id: &str) -> Answer {
    node.send_as(user, Request::new("DELETE", format!("/notifications/{id}"))).await
}

/// Publishes `count` notifications to a user, with titles from `first` on, one after the other.
pub(crate) async fn notify_many(node: &TestNode, user: &str, titles: std::ops::RangeInclusive<u32>) -> Vec<String> {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(node.notify(user, &title.to_string()).await);
    }
    ids
}

/// When a refused client may come back, in seconds.
pub(crate) fn retry_after(answer: &Answer) -> u64 {
    let value = answer.field("retry-after").unwrap_or_else(|| panic!("no Retry-After:\n{answer}"));
    value.parse().unwrap_or_else(|_| panic!("{value:?} is no number of seconds"))
}

/// A refusal that an `EventSource` understands: 200, a time to come back, no `ready`, the reason, a clean end, and not a byte more.
pub(crate) async fn polite_refusal(mut stream: SseReader, reason: &str) {
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.head().get("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(stream.head().get("retry-after"), None, "an EventSource reads no headers");
    let Next::Retry(time) = stream.next().await else { panic!("no retry line first; {stream}") };
    assert!((Duration::from_secs(5)..=Duration::from_secs(60)).contains(&time), "{time:?}");
    assert_eq!(stream.to_end().await, End::Clean);
    let millis = time.as_millis();
    let whole =
        format!("retry: {millis}\nevent: reconnect\ndata: {{\"reason\":\"{reason}\",\"retryMs\":{millis}}}\n\n");
    assert_eq!(String::from_utf8_lossy(stream.body()), whole);
}
