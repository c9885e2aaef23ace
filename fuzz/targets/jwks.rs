//! The target `jwks`.
#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::jwks(data));
#[cfg(not(fuzzing))]
fn main() {}
