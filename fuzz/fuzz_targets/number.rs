//! `cargo fuzz run number`: see `src/number.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::number::check(data));
