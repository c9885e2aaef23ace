//! The store against its contract, and against what happens to disks and processes.

mod contract;
