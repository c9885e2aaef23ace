//! The bus in memory passes the contract of its port.

use campanile_core::bus::{MemoryBus, contract};
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn the_bus_in_memory_passes_the_contract() {
    contract::run_all(async || {
        let near = MemoryBus::default();
        let far = near.join();
        let pair: contract::Pair = [Arc::new(near), Arc::new(far)];
        pair
    })
    .await;
}
