//! `cargo fuzz run line`: see `src/line.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::line::check(data));
