//! What a busy machine might spare a run: every way hangs at once, and meanwhile more comes than a ring holds, and more than memory may hold.

use crate::{publishers::Publishers, scene::Scene, weather::Weather};
use campanile_testkit::{PATIENCE, TestNode};
use std::time::{Duration, Instant};

/// A flood may meet readers that have just left.
const FLOODS: usize = 20;

/// Floods readers that stall until the server has dropped frames from rings, and let go of backlogs because memory was short.
pub(crate) async fn until_it_lets_go(node: &TestNode, scene: &Scene, weather: &mut Weather) {
    for flood in 0..FLOODS {
        weather.clear_up().await;
        most_have_streams(node, scene).await;
        weather.hang_everywhere();
        Publishers::flood(node, scene, flood).await;
        let let_go = ["campanile_dropped_frames_total", "campanile_sheds_total"];
        if node.metric(let_go[0], "").await > 0.5 && node.metric(let_go[1], "").await > 0.5 {
            return;
        }
    }
    panic!(
        "after {FLOODS} floods over readers that stall, no ring has overflowed, or the budget of memory was never reached"
    );
}

async fn most_have_streams(node: &TestNode, scene: &Scene) {
    let deadline = Instant::now() + PATIENCE;
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let most = scene.cast.clients as f64 * 0.75;
    while node.metric("campanile_connections", "").await < most {
        assert!(Instant::now() < deadline, "the ways are clear, and yet not {most} streams are open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
