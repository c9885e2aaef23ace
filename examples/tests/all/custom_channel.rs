//! A channel of one's own, with each of its outcomes, beside one that hangs.

use crate::process::Example;
use campanile_testkit::{Request, soon};
use serde_json::json;
use std::time::Duration;

/// More than a channel works on at once: the pager has hung on all that it takes.
const ALERTS: usize = 12;

async fn count(example: &Example, channel: &str, outcome: &str) -> u64 {
    let metrics = example.get("/metrics").await;
    let sample = format!("campanile_deliveries_total{{channel=\"{channel}\",outcome=\"{outcome}\"}} ");
    metrics.text().lines().find_map(|line| line.strip_prefix(&sample)).map_or(0, |value| value.parse().unwrap())
}

async fn outcomes(example: &Example) -> [u64; 3] {
    let mut counts = [0; 3];
    for (count, outcome) in counts.iter_mut().zip(["delivered", "permanent", "skipped"]) {
        *count = self::count(example, "chat", outcome).await;
    }
    counts
}

#[tokio::test]
async fn the_chat_is_told_and_the_pager_delays_nobody() {
    let example = Example::start(env!("CARGO_BIN_EXE_custom_channel")).await;
    let mut stream = example.open(Request::get("/notifications/stream").field("X-Forwarded-User", "alice")).await;
    stream.ready().await;
    for n in 0..ALERTS {
        assert_eq!(example.submit("/alerts", &format!("what=disk {n}"), None).await.status(), 204);
    }
    for n in 0..ALERTS {
        assert_eq!(stream.until("notification").await.json()["data"], json!({ "what": format!("disk {n}") }));
    }
    // bob's room is closed, and carol has none.
    let all = ALERTS as u64;
    soon("every delivery has its outcome", async {
        while outcomes(&example).await != [all; 3] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(count(&example, "chat", "transient").await, 1, "alice's room was busy once, and was told again");
    let mut told: Vec<String> = serde_json::from_value(example.get("/chat/ops").await.json()).unwrap();
    told.sort_by_key(|title| title.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(told, (0..ALERTS).map(|n| format!("Alert: disk {n}")).collect::<Vec<_>>(), "each once");

    // The pager is asked twice, given up, and has delivered nothing.
    let paged = 3 * all;
    soon("the pager is given up", async {
        while count(&example, "pager", "given-up").await < paged {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(
        (count(&example, "pager", "timeout").await, count(&example, "pager", "delivered").await),
        (2 * paged, 0)
    );
}

#[tokio::test]
async fn an_interrupt_tells_streams_to_come_back() {
    let example = Example::start(env!("CARGO_BIN_EXE_custom_channel")).await;
    let mut stream = example.open(Request::get("/notifications/stream").field("X-Forwarded-User", "alice")).await;
    stream.ready().await;
    example.leaves(stream).await;
}
