//! The target `media_type`.
#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::media_type(data));
#[cfg(not(fuzzing))]
fn main() {}
