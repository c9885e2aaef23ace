//! The server binary.
mod config;
fn main() {}
