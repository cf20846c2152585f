//! `cargo fuzz run terminal`: see `src/terminal.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::terminal::check(data));
