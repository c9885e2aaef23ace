//! What threads share, by names that a test can put its own meaning to: `tests/loom.rs` compiles the modules that use them with loom's.

pub(crate) use parking_lot::Mutex;
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
