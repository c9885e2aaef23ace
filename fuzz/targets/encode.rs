//! The target `encode`.
#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::encode(data));
#[cfg(not(fuzzing))]
fn main() {}
