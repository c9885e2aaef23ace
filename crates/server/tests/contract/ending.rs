//! Section 1, ending: by time, by token, and always cleanly.

use crate::support::{builder, position, start, start_with};
use campanile_testkit::{End, SseReader, TestNode, soon, token};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A stream whose token ends in so many seconds.
async fn open_for(node: &TestNode, seconds: i64) -> (SseReader, i64) {
    let exp = token::now() + seconds;
    let token = node.sign(json!({"sub": "u", "exp": exp}));
    let mut stream = node.anonymous_stream().bearer(&token).open().await;
    stream.ready().await;
    (stream, exp)
}

#[tokio::test]
async fn a_stream_is_told_before_its_token_ends_and_ends_with_it() {
    let node = start_with("SSE__EXPIRING_SECONDS", 1).await;
    let (mut stream, exp) = open_for(&node, 3).await;
    let expiring = stream.expect("expiring").await;
    let told = jiff::Timestamp::now().as_millisecond();
    assert_eq!(expiring.id, None);
    let said: jiff::Timestamp = expiring.json()["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(said.as_second(), exp);
    assert!((exp * 1000 - 1100..=exp * 1000 - 50).contains(&told), "{} ms before the end", exp * 1000 - told);
    assert_eq!(stream.farewell().await["reason"], "expired");
    let ended = jiff::Timestamp::now().as_millisecond();
    assert!((exp * 1000 - 50..=exp * 1000 + 4000).contains(&ended), "{} ms after the end", ended - exp * 1000);
}

#[tokio::test]
async fn a_stream_whose_token_ends_soon_is_told_at_once() {
    let node = start().await;
    let from = Instant::now();
    let (mut stream, exp) = open_for(&node, 20).await;
    let expiring = stream.expect("expiring").await.json();
    let said: jiff::Timestamp = expiring["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(said.as_second(), exp);
    assert!(from.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn nothing_is_said_after_a_token_has_ended() {
    let node = start().await;
    let (mut stream, exp) = open_for(&node, 2).await;
    let publishing = async {
        let mut number = 0;
        while token::now() <= exp + 2 {
            number += 1;
            node.notify("u", &number.to_string()).await;
        }
    };
    let reading = async {
        let mut last = None;
        while let Ok(event) = soon("the end", stream.event_or_end()).await {
            let now = jiff::Timestamp::now().as_millisecond();
            assert!(
                event.name == "reconnect" || now < exp * 1000 + 1500,
                "{event:?} came {} ms late",
                now - exp * 1000
            );
            last = Some(event.name);
        }
        last
    };
    let ((), last) = tokio::join!(publishing, reading);
    assert_eq!(last.as_deref(), Some("reconnect"));
}

/// Leeway admits a request that comes a moment late, and then its token is over: nothing that waits for its user is said.
#[tokio::test]
async fn a_token_that_leeway_admits_gets_a_beginning_and_the_end_and_nothing_between() {
    let node = builder().env("CAMPANILE_SSE__EXPIRING_SECONDS", 600).start().await;
    let before = position(&node, "u").await;
    node.notify("u", "not for a token that is over").await;
    let token = node.sign(json!({"sub": "u", "exp": token::now() - 5}));
    for request in [node.anonymous_stream().position(&before), node.anonymous_stream()] {
        let mut stream = request.bearer(&token).open().await;
        stream.ready().await;
        assert_eq!(stream.farewell().await["reason"], "expired");
    }
    let refused = node.anonymous_stream().bearer(&node.sign(json!({"sub": "u", "exp": token::now() - 31})));
    assert_eq!(refused.refused().await.problem(401)["detail"], "The token has expired.");
}

#[tokio::test]
async fn a_stream_that_was_told_of_its_end_goes_on_until_then() {
    let node = start().await;
    let (mut stream, exp) = open_for(&node, 3).await;
    let expiring = stream.expect("expiring").await;
    let at = jiff::Timestamp::from_second(exp).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&expiring.raw),
        format!("event: expiring\ndata: {{\"expiresAt\":\"{at:.3}\"}}\n\n")
    );
    node.notify("u", "still here").await;
    assert_eq!(stream.expect("notification").await.json()["title"], "still here");
    stream.expect("counts").await;
    assert_eq!(stream.farewell().await["reason"], "expired", "and it was told once");
}

/// A provider that writes milliseconds, or a century, breaks nothing.
#[tokio::test]
async fn a_token_without_an_end_in_sight_is_a_token() {
    let node = start().await;
    for exp in [token::now() * 1000, 253_402_300_800, i64::MAX] {
        let token = node.sign(json!({"sub": "u", "exp": exp}));
        let mut stream = node.anonymous_stream().bearer(&token).open().await;
        stream.ready().await;
        node.notify("u", "x").await;
        stream.expect("notification").await;
    }
}

#[tokio::test]
async fn streams_may_have_a_longest_life_and_do_not_end_together() {
    let node = start_with("SSE__MAX_LIFETIME_SECONDS", 2).await;
    let mut streams = JoinSet::new();
    for _ in 0..10 {
        let request = node.stream("u");
        streams.spawn(async move {
            let mut stream = request.open().await;
            stream.ready().await;
            let from = Instant::now();
            assert_eq!(stream.farewell().await["reason"], "lifetime");
            from.elapsed()
        });
    }
    let mut lives = streams.join_all().await;
    lives.sort();
    let (first, last) = (lives[0], lives[9]);
    assert!(
        first >= Duration::from_millis(1550) && last < Duration::from_millis(4500),
        "2 s, 20 % of jitter: {lives:?}"
    );
    assert!(last - first > Duration::from_millis(100), "{lives:?}");
}

#[tokio::test]
async fn a_position_survives_a_farewell() {
    let node = start_with("SSE__MAX_LIFETIME_SECONDS", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    node.notify("u", "1").await;
    stream.expect("notification").await;
    assert_eq!(stream.to_end().await, End::Clean);
    node.notify("u", "2").await;
    let mut again = node.stream("u").position(stream.last_event_id()).open().await;
    assert_eq!(again.ready().await.resume, "exact");
    assert_eq!(again.expect("notification").await.json()["title"], "2");
}

/// A close with unread input is a reset, and a reset destroys what is under way: the server has to read what it does not want.
#[tokio::test]
async fn what_a_client_sends_meanwhile_does_not_destroy_the_last_frame() {
    let node = builder()
        .env("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest")
        .env("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", 1)
        .start()
        .await;
    for round in 0..10 {
        let mut stream = node.stream("u").http1().open().await;
        stream.ready().await;
        let size = 1000 * (round + 1);
        stream.socket().send(&vec![b'x'; size]).await.unwrap();
        let next = node.stream("u").open().await;
        assert_eq!(stream.farewell().await["reason"], "evicted", "round {round}");
        drop(next);
    }
}

#[tokio::test]
async fn the_log_has_one_line_when_a_stream_opens_and_one_when_it_ends() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    let id = stream.ready().await.json["connectionId"].as_str().unwrap().to_owned();
    drop(stream);
    node.has_streams(0).await;
    let about = |log: Vec<String>| log.into_iter().filter(|line| line.contains(&id)).count();
    let both = async {
        while about(node.log()) < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon("two lines in the log", both).await;
    assert_eq!(about(node.log()), 2, "{:?}", node.log());
}
