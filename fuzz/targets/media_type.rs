#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_fuzz::media_type(data));
