//! What an open stream costs that says nothing.

use crate::{load::open_stream, report::proportional_kib};
use campanile_testkit::TestNode;
use std::path::Path;

/// Opens streams of as many users and answers how much the server's proportional set size grew per stream.
pub(crate) async fn kib_per_stream(binary: &Path, streams: usize) -> Result<f64, String> {
    let mut node = TestNode::builder(binary).in_memory().start().await;
    node.allow_open_streams();
    warm_up(&node).await?;
    let before = proportional_kib(node.process_id())?;
    let mut open = Vec::with_capacity(streams);
    for user in 0..streams {
        open.push(open_stream(node.address(), &node.token(&format!("user-{user}"))).await?);
    }
    let after = proportional_kib(node.process_id())?;
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
