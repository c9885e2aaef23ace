//! The bell: what its page does, with the application's own cookie.

use crate::process::{Example, with_cookie};
use campanile_testkit::{Answer, Request};

async fn start() -> Example {
    Example::start(env!("CARGO_BIN_EXE_minimal")).await
}

/// Signs in and gives the cookie, as the browser sends it back.
async fn sign_in(example: &Example, name: &str) -> String {
    let answer = example.submit("/sign-in", &format!("name={name}"), None).await.expect(303);
    let cookie = answer.field("set-cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// A request as the page makes it: the browser adds cookie and origin.
async fn ask(example: &Example, method: &str, path: &str, cookie: &str) -> Answer {
    let request = Request::new(method, path).field("Sec-Fetch-Site", "same-origin");
    example.send(with_cookie(request, Some(cookie))).await
}

#[test]
fn it_has_less_than_60_lines_of_rust() {
    assert!(include_str!("../../minimal/main.rs").lines().count() < 60);
}

#[tokio::test]
async fn the_page_shows_what_was_missed_and_what_comes_and_marks_it_read() {
    let example = start().await;
    assert!(example.get("/").await.expect(200).text().contains("<button id=\"bell\""));
    let (alice, bob) = (sign_in(&example, "alice").await, sign_in(&example, "bob").await);
    assert_eq!(example.submit("/greet", "name=alice", Some(&bob)).await.status(), 204);

    let inbox = ask(&example, "GET", "/notifications", &alice).await.expect(200).json();
    assert_eq!((&inbox["items"][0]["title"], &inbox["counts"]["unread"]), (&"bob says hello".into(), &1.into()));
    let path = format!("/notifications/stream?eventsource=1&lastEventId={}", inbox["streamCursor"].as_str().unwrap());
    let mut stream = example.open(with_cookie(Request::get(&path), Some(&alice))).await;
    assert_eq!(stream.ready().await.resume, "exact");
    assert_eq!(example.submit("/greet", "name=alice", Some(&alice)).await.status(), 204);
    let event = stream.until("notification").await.json();
    assert_eq!(event["title"], "alice says hello");
    assert_eq!(stream.until("counts").await.json()["unread"], 2);

    let one = format!("/notifications/{}/read", event["notificationId"].as_str().unwrap());
    assert_eq!(ask(&example, "POST", &one, &alice).await.status(), 204);
    assert_eq!(stream.until("updated").await.json()["state"]["read"], true);
    assert_eq!(stream.until("counts").await.json()["unread"], 1);
    assert_eq!(ask(&example, "POST", "/notifications/read-all", &alice).await.status(), 204);
    assert_eq!(stream.until("counts").await.json()["unread"], 0);
    assert_eq!(ask(&example, "GET", "/notifications/counts", &bob).await.json()["version"], 0, "bob has heard nothing");
}

#[tokio::test]
async fn only_the_applications_own_pages_may_use_its_cookie() {
    let example = start().await;
    assert_eq!(example.get("/notifications").await.status(), 401);
    let alice = sign_in(&example, "alice").await;
    let read_all = || with_cookie(Request::post("/notifications/read-all"), Some(&alice));
    assert_eq!(example.send(read_all()).await.problem(403)["code"], "foreign-origin");
    for (field, value) in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(
            example.send(read_all().field(field, value)).await.problem(403)["code"],
            "foreign-origin",
            "{field}"
        );
    }
}

#[tokio::test]
async fn an_interrupt_tells_streams_to_come_back() {
    let example = start().await;
    let alice = sign_in(&example, "alice").await;
    let mut stream = example.open(with_cookie(Request::get("/notifications/stream"), Some(&alice))).await;
    stream.ready().await;
    example.leaves(stream).await;
}
