//! A store in memory: for tests, for `memory:`, and as the plainest reading of the port.

/// Keeps everything in memory; gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {}
