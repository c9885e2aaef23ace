//! The target `connection`.
#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::connection(data));
#[cfg(not(fuzzing))]
fn main() {}
