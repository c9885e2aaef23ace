//! What an open stream costs that says nothing.

use crate::load::open_stream;
use campanile_testkit::TestNode;
use std::{fs, path::Path};

/// Opens streams of as many users and answers how much the server's proportional set size grew per stream.
pub(crate) async fn kib_per_stream(binary: &Path, streams: usize) -> Result<f64, String> {
    let mut node = TestNode::builder(binary).in_memory().start().await;
    node.allow_open_streams();
    warm_up(&node).await?;
    let before = proportional_kib(&node)?;
    let mut open = Vec::with_capacity(streams);
    for user in 0..streams {
        open.push(open_stream(node.address(), &node.token(&format!("user-{user}"))).await?);
    }
    let after = proportional_kib(&node)?;
    drop(open);
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 of both")]
    Ok((after.saturating_sub(before)) as f64 / streams as f64)
}

/// Threads, pools and code are there before the first measured stream.
async fn warm_up(node: &TestNode) -> Result<(), String> {
    for user in 0..20 {
        open_stream(node.address(), &node.token(&format!("early-{user}"))).await?;
    }
    node.has_streams(0).await;
    Ok(())
}

fn proportional_kib(node: &TestNode) -> Result<u64, String> {
    let path = format!("/proc/{}/smaps_rollup", node.process_id());
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).and_then(|rest| rest.split_whitespace().next());
    pss.and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("{path} shows no Pss"))
}
