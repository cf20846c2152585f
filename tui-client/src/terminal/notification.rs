//! Notifications of the desktop, which many terminals make of a sequence (OSC 777 or OSC 9), also over SSH. Called by
//! `run`.
//!
//! One sequence alone is sent, since Ghostty, foot, kitty and WezTerm know both and would notify twice. OSC 777 is
//! known to most (also Konsole, rxvt and VTE), OSC 9 is what iTerm2 has. Whoever knows neither ignores it.

use std::io;

use super::clipboard::{self, Through};
use super::write;

/// The most bytes of a title and of a text.
const LONGEST: usize = 200;

/// Where a notification goes through, and who makes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notifier {
    iterm: bool,
    tmux: bool,
    through: Through,
}

impl Notifier {
    /// Reads it from the environment, where iTerm2 names itself, also in a variable that SSH hands on.
    pub fn from_environment(variable: impl Fn(&str) -> String) -> Self {
        let iterm = variable("TERM_PROGRAM") == "iTerm.app" || variable("LC_TERMINAL") == "iTerm2";
        let tmux = !variable("TMUX").is_empty() || variable("TERM").starts_with("tmux");
        Self { iterm, tmux, through: Through::from_environment(variable) }
    }

    /// Has the desktop notify of a text. Terminals do not answer.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub fn notify(&self, title: &str, text: &str) -> io::Result<()> {
        write(&self.sequence(title, text))
    }

    fn sequence(&self, title: &str, text: &str) -> Vec<u8> {
        let (title, text) = (harmless(title), harmless(text));
        // What begins with a digit and a semicolon would be a command of ConEmu's (OSC 9;4 is progress): a title does
        // not.
        let plain = if self.iterm {
            format!("\x1b]9;{title}: {text}\x07")
        } else {
            format!("\x1b]777;notify;{title};{text}\x07")
        };
        match self.through {
            // GNU screen would print what is meant for tmux; tmux ignores what is meant for screen.
            Through::Screen | Through::PerhapsScreen => clipboard::through_screen(plain.as_bytes()),
            // Only with `allow-passthrough`, which is off unless somebody sets it.
            Through::Nothing if self.tmux => {
                format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes()
            }
            Through::Nothing => plain.into_bytes(),
        }
    }
}

/// A text without what would end the sequence, begin another or count as a separator, and not too long.
fn harmless(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let c = match c {
            ';' => ',',
            c if c.is_control() => ' ',
            c => c,
        };
        if out.len() + c.len_utf8() > LONGEST {
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notifier(set: &[(&str, &str)]) -> Notifier {
        Notifier::from_environment(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        })
    }

    #[test]
    fn each_terminal_gets_one_sequence_wrapped_for_what_stands_between() {
        let osc_777 = "\x1b]777;notify;Squares;12² = 144\x07";
        let osc_9 = "\x1b]9;Squares: 12² = 144\x07";
        for (set, expect) in [
            (&[("TERM", "xterm-256color")][..], osc_777.to_owned()),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], osc_9.to_owned()),
            (&[("TERM", "xterm-256color"), ("LC_TERMINAL", "iTerm2")], osc_9.to_owned()),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/x")], format!("\x1bPtmux;\x1b{osc_777}\x1b\\")),
            // tmux on the other side of SSH.
            (&[("TERM", "tmux-256color")], format!("\x1bPtmux;\x1b{osc_777}\x1b\\")),
            (&[("TERM", "tmux-256color"), ("LC_TERMINAL", "iTerm2")], format!("\x1bPtmux;\x1b{osc_9}\x1b\\")),
            (&[("TERM", "screen.xterm"), ("STY", "1.tty")], format!("\x1bP{osc_777}\x1b\\")),
            (&[("TERM", "screen-256color")], format!("\x1bP{osc_777}\x1b\\")),
        ] {
            let bytes = notifier(set).sequence("Squares", "12² = 144");
            assert_eq!(String::from_utf8(bytes), Ok(expect), "{set:?}");
        }
    }

    #[test]
    fn nothing_in_a_text_ends_the_sequence_or_begins_another() {
        let hostile = "a\x07b\x1b]52;c;x\x1b\\c\u{9c}d;e\r\nf".to_owned() + &"가".repeat(1_000);
        for set in [&[][..], &[("LC_TERMINAL", "iTerm2")], &[("TMUX", "x")]] {
            let bytes = notifier(set).sequence(&hostile, &hostile);
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.len() < 2 * LONGEST + 40, "{text:?}");
            assert_eq!(text.matches('\x07').count(), 1, "{text:?}");
            assert!(!text.contains('\u{9c}') && !text.contains("\x1b]52"), "{text:?}");
        }
    }
}
