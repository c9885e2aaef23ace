//! The target `event_stream`.
#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::event_stream(data));
#[cfg(not(fuzzing))]
fn main() {}
