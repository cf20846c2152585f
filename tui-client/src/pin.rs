//! A PIN as it is held in memory between the keys and the server.

use squares_shared::{pin, typed};
use zeroize::Zeroizing;

/// A PIN that somebody typed. It prints as nothing that tells it, and leaves no trace in memory when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// This text as a PIN, as it was meant: without white space around it, full-width characters read as ASCII.
    /// Its form is read by the server, which knows what was hashed.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        Self(Zeroizing::new(typed::read(&text).into_owned()))
    }

    /// Whether a text is this PIN, or the same number.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        pin::is_pin(text, &self.0)
    }

    /// The text; it goes to the server, and nowhere else.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pin(…)")
    }
}
