//! The lives of a server: how one ends and the next begins.

use crate::{record::Record, scene::Scene};
use campanile_testkit::TestNode;

/// How a life ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Death {
    /// SIGKILL.
    Killed,
    /// SIGTERM: streams are asked to reconnect, and what is under way is finished.
    Drained,
}

/// Ends this life, and answers when nobody listens any more.
pub(crate) async fn end(node: &mut TestNode, death: Death, scene: &Scene) {
    match death {
        Death::Killed => {
            node.kill();
            scene.record.killed();
        }
        Death::Drained => {
            node.terminate();
            let status = node.ended().await;
            assert!(status.success(), "asked to end, it ended with {status}");
            scene.record.drained();
        }
    }
}

/// Puts what the server has counted in this life on record.
pub(crate) async fn take_stock(node: &TestNode, record: &Record) {
    let overflows = node.metric("campanile_dropped_frames_total", "").await;
    let refills = node.metric("campanile_refills_total", "outcome=\"read\"").await;
    let timeouts = node.metric("campanile_write_timeouts_total", "").await;
    let sheds = node.metric("campanile_sheds_total", "").await;
    record.counted([overflows, sheds, refills, timeouts]);
}

/// Begins the next one, which writes streams by the other way than the last.
pub(crate) async fn begin(node: &mut TestNode, scene: &Scene) {
    scene.record.begun();
    let ways = ["direct", "ordinary"]; // the first life, which nobody begins here, has the first way
    let way = ways[scene.record.begins() % ways.len()];
    node.set_env("CAMPANILE_SSE__WRITE_PATH", way);
    node.restart().await;
}
