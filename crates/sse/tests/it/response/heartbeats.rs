//! Signs of life, by the clock of the test.

use std::time::Duration;

use axum::response::IntoResponse;
use campanile_sse::{Heartbeat, ServerSentEvents};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep};

use super::text;

const HEARTBEAT: &str = "event: __heartbeat__\ndata:\n\n";

/// The first frames of a response, each with the second it came in.
async fn first(count: usize, response: ServerSentEvents<u64>) -> Vec<(u64, String)> {
    let (start, mut body) = (Instant::now(), response.into_response().into_body());
    let mut frames = Vec::new();
    while frames.len() < count {
        let frame = body.frame().await.unwrap().unwrap();
        frames.push((start.elapsed().as_secs(), text(frame.into_data().unwrap())));
    }
    frames
}

/// A value after each of these pauses, in seconds, and then nothing for ever.
fn after(pauses: &'static [u64]) -> ServerSentEvents<u64> {
    let values = stream::iter(pauses).then(|&pause| async move {
        sleep(Duration::from_secs(pause)).await;
        pause
    });
    ServerSentEvents::new(values.chain(stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_beats_at_its_interval() {
    let beats = first(3, after(&[]).heartbeat(Heartbeat::event(Duration::from_secs(30)))).await;
    assert_eq!(beats, [30, 60, 90].map(|at| (at, HEARTBEAT.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_a_colon() {
    let beats = first(2, after(&[]).heartbeat(Heartbeat::comment(Duration::from_secs(15)))).await;
    assert_eq!(beats, [15, 30].map(|at| (at, ":\n".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn it_beats_only_when_nothing_was_written_for_the_interval() {
    let frames = first(7, after(&[10, 29, 45, 5]).heartbeat(Heartbeat::event(Duration::from_secs(30)))).await;
    let event = |at: u64, pause: u64| (at, format!("data: {pause}\n\n"));
    let beat = |at: u64| (at, HEARTBEAT.to_owned());
    assert_eq!(frames, [event(10, 10), event(39, 29), beat(69), event(84, 45), event(89, 5), beat(119), beat(149)]);
}

#[tokio::test(start_paused = true)]
async fn nobody_who_does_not_ask_for_it_gets_one() {
    let waited = tokio::time::timeout(Duration::from_secs(1_000_000), first(1, after(&[]))).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_nothing_does_not_spin_and_one_of_ages_does_not_overflow() {
    let start = Instant::now();
    first(100, after(&[]).heartbeat(Heartbeat::comment(Duration::ZERO))).await;
    assert!(start.elapsed() >= Duration::from_millis(99), "{:?}", start.elapsed());
    let never = after(&[3600]).heartbeat(Heartbeat::comment(Duration::MAX));
    assert_eq!(first(1, never).await, [(3600, "data: 3600\n\n".to_owned())]);
}
