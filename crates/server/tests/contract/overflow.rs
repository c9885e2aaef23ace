//! Section 1, slow readers, as a property: whatever a reader does, logged events come whole and in order, and every live event that is
//! missing was told of, where it is missing.

use crate::support::{builder, notify_many, position};
use campanile_testkit::{Event, SseReader, TestNode};
use serde_json::json;
use std::time::Duration;

/// Of each kind. With this size, several times what the kernels of both sides hold.
const EVENTS: u64 = 120;
const FILLER: usize = 40_000;

/// What a reader has seen so far, and must not see.
#[derive(Default)]
struct Seen {
    seq: u64,
    signal: u64,
    /// Live events that were told to be missing since the last one that came.
    told: u64,
    gaps: u32,
    last: String,
}

impl Seen {
    fn take(&mut self, event: &Event) {
        match event.name.as_str() {
            "notification" => {
                assert_eq!(event.seq(), self.seq + 1, "logged events are dense");
                self.seq += 1;
            }
            "tick" => {
                let number = event.json()["n"].as_u64().unwrap();
                assert_eq!(
                    number,
                    self.signal + self.told + 1,
                    "{} were told to be missing after {}",
                    self.told,
                    self.signal
                );
                (self.signal, self.told) = (number, 0);
            }
            "gap" => {
                // Another one may follow when more was lost while logged events were written in between.
                assert_ne!(self.last, "gap", "one for an episode");
                self.told += event.json()["dropped"].as_u64().unwrap();
                self.gaps += 1;
            }
            "counts" => {}
            other => panic!("{other}"),
        }
        self.last.clone_from(&event.name);
    }

    /// Reads everything, with a pause now and then that the publishers use.
    async fn all(mut self, mut stream: SseReader, pause: Duration) -> Self {
        while (self.seq, self.signal) != (EVENTS, EVENTS) {
            for _ in 0..fastrand::u32(1..30) {
                self.take(&stream.event().await);
                if (self.seq, self.signal) == (EVENTS, EVENTS) {
                    break;
                }
            }
            tokio::time::sleep(pause).await;
        }
        self
    }
}

async fn publish(node: &TestNode) {
    let filler = "x".repeat(FILLER);
    for n in 1..=EVENTS {
        node.signal(json!({"to": {"users": ["u"]}, "event": "tick", "data": {"n": n, "x": filler}})).await;
        node.publish(json!({"type": "t", "to": {"users": ["u"]}, "data": {"x": filler}})).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_or_repeated_in_silence_however_slowly_somebody_reads() {
    let node = builder().env("CAMPANILE_SSE__BUFFER_FRAMES", 8).start().await;
    let mut readers = Vec::new();
    for pause in [0, 10, 40] {
        let mut stream = node.stream("u").receive_buffer(4096).open().await;
        stream.ready().await;
        readers.push(Seen::default().all(stream, Duration::from_millis(pause)));
    }
    let (seen, ()) = tokio::join!(futures_util::future::join_all(readers), publish(&node));
    assert!(seen.iter().any(|seen| seen.gaps > 0), "nobody was slow");
}

/// What comes while a stream replays joins what it replays: with the smallest ring there is.
#[tokio::test]
async fn a_replay_and_what_comes_meanwhile_join_without_a_seam() {
    let node = builder().env("CAMPANILE_SSE__BUFFER_FRAMES", 1).start().await;
    let begin = position(&node, "u").await;
    notify_many(&node, "u", 1..=40).await;
    let reading = |from: u64| {
        let request = node.stream("u").position(begin.replace("-0", &format!("-{from}")));
        async move {
            let mut stream = request.open().await;
            assert_eq!(stream.ready().await.resume, "exact");
            for seq in from + 1..=80 {
                assert_eq!(stream.until("notification").await.seq(), seq);
            }
        }
    };
    let readers = (0..8).map(|number| reading(number * 5));
    tokio::join!(futures_util::future::join_all(readers), notify_many(&node, "u", 41..=80));
}
