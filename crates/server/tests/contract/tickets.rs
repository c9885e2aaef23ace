//! Section 2, tickets: what a page gives to an `EventSource` that cannot set headers.

use crate::support::{position, start, start_with};
use campanile_testkit::{Request, TestNode, token};
use serde_json::json;

async fn ticket(node: &TestNode, user: &str) -> String {
    let answer = node.post_as(user, "/notifications/stream/tickets").await.expect(201).json();
    assert_eq!(answer["expiresIn"], 30);
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    answer["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_opens_one_stream_of_its_caller() {
    let node = start().await;
    let one = ticket(&node, "u").await;
    let mut stream = node.anonymous_stream().ticket(&one).open().await;
    assert_eq!(stream.ready().await.json["user"], "u");
    let again = node.anonymous_stream().ticket(&one).refused().await;
    let _ = again.problem(401);
    assert_ne!(ticket(&node, "u").await, ticket(&node, "u").await);
}

#[tokio::test]
async fn only_a_200_uses_a_ticket_up() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let one = ticket(&node, "u").await;
    let mut full = node.stream("u").open().await;
    full.ready().await;
    let request = node.anonymous_stream().ticket(&one);
    assert_eq!(request.clone().open().await.status(), 429);
    drop(full);
    node.has_streams(0).await;
    let unacceptable = Request::get("/notifications/stream").query("ticket", &one).field("Accept", "text/html");
    let _ = node.send(unacceptable).await.problem(406);
    let _ = request.by("HEAD").await.expect(200);
    let _ = request.by("HEAD").await.expect(200);
    request.open().await.ready().await;
    assert_eq!(request.open().await.status(), 401);
    let _ = request.by("HEAD").await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_at_once_one_counts() {
    let node = start().await;
    let request = node.anonymous_stream().ticket(&ticket(&node, "u").await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = request.clone();
        tasks.spawn(async move { request.open().await });
    }
    let streams = tasks.join_all().await;
    assert_eq!(streams.iter().filter(|stream| stream.status() == 200).count(), 1);
    assert_eq!(streams.iter().filter(|stream| stream.status() == 401).count(), 29);
}

#[tokio::test]
async fn a_tickets_stream_ends_when_its_callers_token_does() {
    let node = start().await;
    let token = node.sign(json!({"sub": "u", "exp": token::now() + 3}));
    let answer = node.send(Request::post("/notifications/stream/tickets").bearer(&token)).await.expect(201).json();
    let mut stream = node.anonymous_stream().ticket(answer["ticket"].as_str().unwrap()).open().await;
    stream.ready().await;
    stream.expect("expiring").await;
    assert_eq!(stream.farewell().await["reason"], "expired");
}

#[tokio::test]
async fn a_new_ticket_and_the_last_id_continue_a_plain_page() {
    let node = start().await;
    let before = position(&node, "u").await;
    node.notify("u", "1").await;
    let request = node.anonymous_stream().ticket(&ticket(&node, "u").await).query("lastEventId", &before);
    let mut stream = request.open().await;
    assert_eq!(stream.ready().await.resume, "exact");
    assert_eq!(stream.expect("notification").await.json()["title"], "1");
}

#[tokio::test]
async fn a_ticket_is_good_for_a_stream_and_nothing_else() {
    let node = start().await;
    let one = ticket(&node, "u").await;
    for target in ["/notifications", "/notifications/counts"] {
        let _ = node.send(Request::get(target).query("ticket", &one)).await.problem(401);
    }
    let _ = node.send(Request::post("/notifications/stream/tickets").query("ticket", &one)).await.problem(401);
    let _ = node.send(Request::get("/notifications/counts").bearer(&one)).await.problem(401);
    let publish = Request::post("/api/notifications").query("ticket", &one).json(crate::support::draft(&["u"]));
    let _ = node.send(publish).await.problem(401);
    node.anonymous_stream().ticket(&one).open().await.ready().await;
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing() {
    let node = start().await;
    let one = ticket(&node, "u").await;
    let flipped = if one.ends_with('a') { "b" } else { "a" };
    let near = format!("{}{flipped}", &one[..one.len() - 1]);
    for bad in ["", "x", &near, &one[..one.len() - 1], &format!("{one}x"), "%00", "\n", &"t".repeat(4000)] {
        assert_eq!(node.anonymous_stream().ticket(bad).open().await.status(), 401, "{bad:?}");
    }
    let bytes = node.anonymous_stream().query("ticket", [0xff, 0xfe]);
    assert_eq!(bytes.open().await.status(), 401);
}

#[tokio::test]
async fn a_ticket_wants_credentials() {
    let node = start().await;
    let _ = node.send(Request::post("/notifications/stream/tickets")).await.problem(401);
    let by_key = Request::post("/notifications/stream/tickets").bearer(node.api_key());
    let _ = node.send(by_key).await.problem(401);
}
