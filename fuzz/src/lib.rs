//! What must hold for any bytes from outside: one function for each place where they are read. The fuzzer calls these
//! with inputs that it makes up, and the test `tui-client/tests/client/corpus.rs` with those that it has found worth
//! keeping.

pub mod client;
pub mod line;
pub mod message;
pub mod number;
pub mod roster;
pub mod terminal;

/// Asserts that somebody's terminal may be shown this.
fn assert_printable(text: &str) {
    assert!(text.chars().all(squares_shared::student::is_printable), "raw text: {text:?}");
}
