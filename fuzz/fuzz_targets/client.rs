//! `cargo fuzz run client`: see `src/client.rs` for what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| squares_fuzz::client::check(data));
