//! `cargo fuzz run roster`: see `src/roster.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::roster::check(data));
