//! `cargo fuzz run message`: see `src/message.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::message::check(data));
