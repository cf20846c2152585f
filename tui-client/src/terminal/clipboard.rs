//! Copying by OSC 52, the one way that also works over SSH. Called by `run`.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::write;

/// The most bytes that GNU screen takes of a string; it throws away longer ones.
const SCREENFUL: usize = 250;

/// Which multiplexer is between this program and the terminal's clipboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Through {
    /// None, or one that has a clipboard of its own, as tmux does.
    #[default]
    Nothing,
    /// GNU screen, which passes on only what is wrapped.
    Screen,
    /// One that calls itself screen, as GNU screen does, but also tmux where somebody has come from it by SSH.
    PerhapsScreen,
}

impl Through {
    /// Reads it from the environment: screen sets `STY`, tmux `TMUX`, each stays set within the other, and both may
    /// call the terminal `screen`; only screen puts the name of the terminal around it behind a point.
    pub fn from_environment(variable: impl Fn(&str) -> String) -> Self {
        let (tmux, screen, term) = (!variable("TMUX").is_empty(), !variable("STY").is_empty(), variable("TERM"));
        if term.starts_with("screen.") || screen && !tmux {
            Self::Screen
        } else if term.starts_with("screen") && (screen || !tmux) {
            Self::PerhapsScreen
        } else {
            Self::Nothing
        }
    }
}

/// Gives a text to the terminal's clipboard. Terminals do not answer.
///
/// # Errors
/// As the system reports them: the terminal is gone.
pub fn copy(text: &str, through: Through) -> io::Result<()> {
    write(&sequence(text, through))
}

fn sequence(text: &str, through: Through) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes();
    let mut bytes = if through == Through::Nothing { Vec::new() } else { through_screen(&plain) };
    // Each of the two ignores what is meant for the other.
    if through != Through::Screen {
        bytes.extend(plain);
    }
    bytes
}

/// A sequence as GNU screen passes it on to the terminal around it. It must not end with the string terminator.
pub(super) fn through_screen(sequence: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in sequence.chunks(SCREENFUL) {
        bytes.extend_from_slice(b"\x1bP");
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(b"\x1b\\");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gnu_screen_passes_on_what_is_wrapped_and_no_more_at_once_than_it_takes() {
        let text = "7".repeat(1_000);
        let plain = sequence(&text, Through::Nothing);
        let wrapped = sequence(&text, Through::Screen);
        let parts: Vec<&[u8]> = wrapped.split(|byte| *byte == b'\\').filter(|part| !part.is_empty()).collect();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() < 256));
        let inside =
            |part: &&[u8]| part.strip_prefix(b"\x1bP").and_then(|part| part.strip_suffix(b"\x1b")).unwrap().to_vec();
        assert_eq!(parts.iter().map(inside).collect::<Vec<_>>().concat(), plain);
        assert_eq!(sequence("12", Through::Screen), b"\x1bP\x1b]52;c;MTI=\x07\x1b\\");
        assert_eq!(sequence("12", Through::PerhapsScreen), b"\x1bP\x1b]52;c;MTI=\x07\x1b\\\x1b]52;c;MTI=\x07");
    }

    #[test]
    fn what_stands_between_is_read_from_the_environment() {
        let through = |set: &[(&str, &str)]| {
            Through::from_environment(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default()
            })
        };
        assert_eq!(through(&[("TERM", "xterm")]), Through::Nothing);
        assert_eq!(through(&[("TERM", "xterm"), ("STY", "1.tty")]), Through::Screen);
        assert_eq!(through(&[("TERM", "screen.xterm-256color")]), Through::Screen);
        assert_eq!(through(&[("TERM", "screen-256color")]), Through::PerhapsScreen);
        assert_eq!(through(&[("TERM", "screen-256color"), ("TMUX", "/tmp/x")]), Through::Nothing);
        // One within the other.
        assert_eq!(through(&[("TERM", "screen.screen"), ("TMUX", "/tmp/x"), ("STY", "1.tty")]), Through::Screen);
        assert_eq!(through(&[("TERM", "screen"), ("TMUX", "/tmp/x"), ("STY", "1.tty")]), Through::PerhapsScreen);
        assert_eq!(through(&[("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("STY", "1.tty")]), Through::Nothing);
    }
}
