//! The store against its contract, and against what happens to disks and processes.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and what they are written with")]

mod backup;
mod child;
mod contract;
mod disk;
mod durability;
mod kill;
mod kit;
mod leftovers;
mod migration;
mod opening;
mod privacy;
mod shape;
