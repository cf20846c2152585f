//! Decodes what the terminal sends: keys, the mouse, pasted text, focus, and replies to queries. [`Decoder`] is pure:
//! it is given bytes with the moment they came, and says by when it wants to be asked again. `run` drives it;
//! [`source`] reads the bytes.
//!
//! What is not understood reaches no field, and nothing blocks the keyboard: every sequence ends by its own rules
//! (`sequence`), after a pause, or at a size limit, and Ctrl-C ends it at once. A sequence that was given up because
//! its end did not come is remembered for a moment, so that a late rest is recognised and not taken for typing.

mod burst;
mod keys;
mod meaning;
mod mouse;
mod paste;
mod sequence;
pub mod source;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

use crate::theme::Rgb;
use meaning::Step;
use paste::Paste;
use sequence::{CTRL_C, ESC, Framed};

/// How long a lone ESC may be the beginning of a sequence. The Esc key is delayed by this; a mobile link may delay the
/// rest of a sequence for about as long.
const ESC_ALONE: Duration = Duration::from_millis(150);

/// Bytes that come so close together count as one read: ESC and a letter are Alt and that letter. A slow serial line
/// needs it.
const ONE_READ: Duration = Duration::from_millis(3);

/// How long `ESC [` and its like may wait for more before they are Alt and that key.
const INTRODUCED: Duration = Duration::from_millis(300);

/// The pause after which an incomplete sequence is given up.
const PAUSE: Duration = Duration::from_millis(500);

/// The most time that a sequence may take, even without a pause: a person who types into one that never ends gets the
/// keyboard back.
const SEQUENCE: Duration = Duration::from_secs(5);

/// How long the rest of a sequence that was given up is still recognised.
const LATE: Duration = Duration::from_secs(10);

/// How long a single byte, which a person could have typed, is taken for that rest.
const SOON: Duration = Duration::from_secs(2);

/// How long a `[` right behind a lone Esc waits for the rest of a sequence.
const BRACKET: Duration = Duration::from_millis(30);

/// A lone Ctrl-C after such a pause was pressed, and is not part of a paste.
const HAND: Duration = Duration::from_millis(30);

/// The pause that ends a paste whose end does not come.
const PASTE_PAUSE: Duration = Duration::from_secs(1);

/// How long the rest of such a paste is still recognised.
const PASTE_LATE: Duration = Duration::from_secs(10);

/// So many bytes in one read, soon after such a paste, were not typed.
const PASTE_REST: usize = 16;

/// An Enter that comes so soon behind a line was not pressed by a hand: it may be the first of many.
const QUICK: Duration = Duration::from_millis(8);

/// How long such an Enter, and a line that comes with its Enter, waits for more lines.
const BURST_PAUSE: Duration = Duration::from_millis(30);

/// The pause that ends a burst which has several lines: nobody waits for an Enter of their own.
const LINES_PAUSE: Duration = Duration::from_millis(100);

/// How long lines behind such a burst still belong to it, so that none of them answers the question about it.
const LINES_LATE: Duration = Duration::from_secs(1);

/// The most bytes of a sequence that are kept; a longer one is skipped all the same.
const LONGEST: usize = 512;

/// An event of the terminal, or its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Text that was pasted, whether or not the terminal marked it as such.
    Paste(String),
    /// The window has gained the focus, or lost it.
    Focus(bool),
    /// Its background.
    Background(Rgb),
    /// The window has another size. On Unix a signal says so.
    Resized,
}

/// Makes sense of bytes as they come.
#[derive(Debug, Default)]
pub struct Decoder {
    /// An incomplete sequence.
    held: Vec<u8>,
    /// When its first byte came.
    began: Option<Instant>,
    /// When the last byte of anything came.
    last: Option<Instant>,
    /// What is held may be typed: an Esc was given before it.
    behind_esc: bool,
    paste: Option<Paste>,
    /// Lines that came in one burst.
    burst: Vec<u8>,
    /// So many bytes of the burst were given as keys before it was known as one.
    typed: usize,
    /// Plain characters that came as fast as a burst, given as keys.
    run: Vec<u8>,
    /// Until when lines belong to the burst before.
    lines_until: Option<Instant>,
    given_up: Option<(GivenUp, Instant)>,
}

/// What was given up, and whose rest may still come.
#[derive(Debug)]
enum GivenUp {
    Sequence(Vec<u8>),
    Paste,
}

impl Decoder {
    /// Takes bytes that came at this moment.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<Input> {
        let mut out = self.timeout(now);
        if bytes.is_empty() {
            return out;
        }
        let gap = self.last.replace(now).map(|last| now.saturating_duration_since(last));
        let mut bytes = bytes;
        if let Some(mut paste) = self.paste.take() {
            let pressed = gap > Some(HAND) && bytes.iter().all(|byte| *byte == CTRL_C);
            match paste.take(bytes, &mut out) {
                Some(behind) => bytes = behind,
                None if pressed => {
                    self.give_up_paste(paste, now, &mut out);
                    return out;
                }
                None => {
                    self.paste = Some(paste);
                    return out;
                }
            }
        }
        if bytes
            .first()
            .is_some_and(|&first| self.held == [ESC] && gap > Some(ONE_READ) && !sequence::introduces(first))
        {
            self.held.clear();
            out.push(Input::Key(KeyCode::Esc.into()));
        }
        if let ([control], Some(&first)) = (&self.held[..], bytes.first())
            && sequence::goes_on(*control, first)
        {
            // Written in UTF-8 from now on, so that it is not taken for half of a character.
            self.held.insert(0, 0xc2);
        }
        if !bytes.is_empty() && self.held.is_empty() {
            bytes = self.late(bytes, now, &mut out);
        }
        if bytes.is_empty() || self.gather(bytes, gap, now, &mut out) {
            return out;
        }
        if self.held.is_empty() {
            self.began = Some(now);
        }
        self.held.extend_from_slice(bytes);
        self.decode(now, &mut out);
        out
    }

    /// By when [`Self::timeout`] has something to say, where no bytes come before; none while nothing is held back.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let last = self.last?;
        if self.paste.is_some() {
            return Some(last + PASTE_PAUSE);
        }
        if !self.burst.is_empty() {
            let start = &self.burst[..self.burst.len().min(LONGEST)];
            return Some(last + if burst::is_paste(start) { LINES_PAUSE } else { BURST_PAUSE });
        }
        let pause = match self.held[..] {
            [] => return None,
            [ESC] => ESC_ALONE,
            [ESC, _] if self.behind_esc => BRACKET,
            [ESC, introducer] if sequence::introduces(introducer) => INTRODUCED,
            _ => PAUSE,
        };
        Some((last + pause).min(self.began.unwrap_or(last) + SEQUENCE))
    }

    /// Gives up what should have ended by now.
    pub fn timeout(&mut self, now: Instant) -> Vec<Input> {
        let mut out = Vec::new();
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return out;
        }
        if let Some(paste) = self.paste.take() {
            self.give_up_paste(paste, now, &mut out);
        } else if self.burst.is_empty() {
            let held = std::mem::take(&mut self.held);
            match held[..] {
                [ESC] => out.push(Input::Key(KeyCode::Esc.into())),
                [ESC, key] if self.behind_esc => out.push(Input::Key(keys::typed(key.into()))),
                [ESC, key] if sequence::introduces(key) => {
                    let key = keys::typed(key.into());
                    out.push(Input::Key(KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..key }));
                }
                _ => {}
            }
            self.given_up = Some((GivenUp::Sequence(sequence::of_seven_bits(held)), now + LATE));
            self.behind_esc = false;
        } else {
            self.end_burst(now, &mut out);
        }
        out
    }

    fn give_up_paste(&mut self, paste: Paste, now: Instant, out: &mut Vec<Input>) {
        paste.give_up(out);
        self.given_up = Some((GivenUp::Paste, now + PASTE_LATE));
    }

    /// Whether these bytes are lines in one burst, which no hand types: they are gathered until a pause.
    fn gather(&mut self, bytes: &[u8], gap: Option<Duration>, now: Instant, out: &mut Vec<Input>) -> bool {
        if self.burst.is_empty() {
            if !self.held.is_empty() {
                self.run.clear();
                return false;
            }
            if gap.is_none_or(|gap| gap > QUICK) {
                self.run.clear();
            }
            let before = self.run.len();
            self.run.extend_from_slice(bytes);
            if !burst::begins(&self.run) {
                if self.run.len() > LONGEST || !burst::is_plain(bytes) {
                    self.run.clear();
                }
                return false;
            }
            self.typed = before;
            self.burst = std::mem::take(&mut self.run);
        } else if burst::is_text(bytes) {
            self.burst.extend_from_slice(bytes);
        } else {
            self.end_burst(now, out);
            return false;
        }
        if self.burst.len() >= paste::LARGEST {
            let kept = self.burst.split_off(paste::cut(&self.burst));
            let lines = std::mem::replace(&mut self.burst, kept);
            self.push_burst(&lines, now, out);
        }
        true
    }

    fn end_burst(&mut self, now: Instant, out: &mut Vec<Input>) {
        let mut burst = std::mem::take(&mut self.burst);
        let goes_on = self.lines_until.is_some_and(|until| now < until) && !burst::ends_in_command(&burst);
        if goes_on || burst::is_paste(&burst) {
            self.push_burst(&burst, now, out);
        } else {
            self.held = burst.split_off(std::mem::take(&mut self.typed));
            self.began = Some(now);
            self.decode(now, out);
        }
    }

    /// The lines of a burst. What was typed of the first before it was known as such is taken back.
    fn push_burst(&mut self, lines: &[u8], now: Instant, out: &mut Vec<Input>) {
        out.extend(std::iter::repeat_n(Input::Key(KeyCode::Backspace.into()), std::mem::take(&mut self.typed)));
        out.push(Input::Paste(paste::text(lines)));
        self.lines_until = Some(now + LINES_LATE);
    }

    /// Takes from the beginning of these bytes what is the rest of something that was given up. Gives back what is
    /// behind it.
    fn late<'a>(&mut self, bytes: &'a [u8], now: Instant, out: &mut Vec<Input>) -> &'a [u8] {
        let Some((given_up, until)) = self.given_up.take() else { return bytes };
        if until <= now {
            return bytes;
        }
        let begun = match given_up {
            GivenUp::Sequence(begun) => begun,
            GivenUp::Paste => return self.late_paste(bytes, until, out),
        };
        let soon = until.saturating_duration_since(now) > LATE - SOON;
        if !sequence::may_go_on(&begun, bytes, soon) {
            return bytes;
        }
        let joined = [&begun[..], &bytes[..bytes.len().min(LONGEST)]].concat();
        match sequence::frame(&joined) {
            Some(Framed::Whole(length, sequence)) if length > begun.len() => {
                let behind = &bytes[length - begun.len()..];
                if sequence.begins_paste() {
                    return self.begin_paste(Paste::default(), behind, out);
                }
                meaning::push(sequence, out);
                behind
            }
            // A sequence of which only the ESC had come goes on. A string is not begun by a letter that may be typing.
            Some(Framed::Open) if begun == [ESC] && bytes[0] == b'[' => {
                self.held = joined;
                self.began = Some(now);
                self.behind_esc = bytes.len() == 1;
                &bytes[bytes.len()..]
            }
            _ => bytes,
        }
    }

    /// What comes soon after a paste without an end may belong to it.
    fn late_paste<'a>(&mut self, bytes: &'a [u8], until: Instant, out: &mut Vec<Input>) -> &'a [u8] {
        self.given_up = Some((GivenUp::Paste, until));
        let rest = paste::end(bytes).is_some() || bytes.len() > PASTE_REST && burst::is_text(bytes);
        if !rest {
            return bytes;
        }
        let behind = self.begin_paste(Paste::default(), bytes, out);
        if self.paste.is_none() {
            self.given_up = None;
        }
        behind
    }

    /// Everything up to the end of a paste is text. Gives back what is behind it.
    fn begin_paste<'a>(&mut self, mut paste: Paste, bytes: &'a [u8], out: &mut Vec<Input>) -> &'a [u8] {
        paste.take(bytes, out).unwrap_or_else(|| {
            self.paste = Some(paste);
            &bytes[bytes.len()..]
        })
    }

    /// Makes sense of what is held, as far as it is whole.
    fn decode(&mut self, now: Instant, out: &mut Vec<Input>) {
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        while !rest.is_empty() {
            match meaning::step(rest, out) {
                Step::Took(count) => rest = &rest[count..],
                Step::Pastes(count) => {
                    let (opening, pasted) = rest.split_at(count);
                    rest = self.begin_paste(Paste::begun_by(opening), pasted, out);
                }
                Step::Open => break,
            }
        }
        if rest.len() < held.len() {
            self.began = Some(now);
        }
        self.behind_esc &= rest.len() == 2;
        self.held = shortened(rest);
    }
}

/// As much of what was begun as is needed to know where it ends, and what it is where that is of use.
fn shortened(begun: &[u8]) -> Vec<u8> {
    match (begun.get(..LONGEST), begun.last()) {
        // The ESC may be half of the end.
        (Some(start), Some(&ESC)) if begun.len() > LONGEST => [start, &[ESC]].concat(),
        (Some(start), _) => start.to_vec(),
        (None, _) => begun.to_vec(),
    }
}

#[cfg(test)]
mod tests;
