//! What the next bytes mean: a key, text, a sequence, or nothing that is used here. Pure; called by the decoder.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Input;
use super::keys::{self, typed};
use super::mouse;
use super::sequence::{self, ESC, Framed, Sequence, frame};
use crate::terminal::background_query::parse_reply;

/// How far the next bytes were understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many were understood, or passed over.
    Took(usize),
    /// Behind so many, everything is pasted text.
    Pastes(usize),
    /// They are the beginning of something.
    Open,
}

/// Takes the next thing from the beginning of these bytes, of which there is at least one.
pub(super) fn step(bytes: &[u8], out: &mut Vec<Input>) -> Step {
    match frame(bytes) {
        Some(Framed::Whole(length, sequence)) if sequence.begins_paste() => return Step::Pastes(length),
        Some(Framed::Whole(length, sequence)) => {
            push(sequence, out);
            return Step::Took(length);
        }
        Some(Framed::Open) => return Step::Open,
        Some(Framed::Cut(length)) => return Step::Took(length),
        None => {}
    }
    match *bytes {
        [ESC] => Step::Open,
        [ESC, ref behind @ ..] => escaped(behind, out),
        _ => character(bytes, out),
    }
}

pub(super) fn push(sequence: Sequence<'_>, out: &mut Vec<Input>) {
    match sequence {
        Sequence::Control(b"", b'I') => out.push(Input::Focus(true)),
        Sequence::Control(b"", b'O') => out.push(Input::Focus(false)),
        Sequence::Control(body, last @ (b'M' | b'm')) => out.extend(mouse::with_numbers(body, last).map(Input::Mouse)),
        Sequence::X10(bytes) => out.extend(mouse::x10(bytes).map(Input::Mouse)),
        Sequence::Control(body, last) => keys::control(body, last, out),
        Sequence::Console(last @ b'A'..=b'E') => out.push(Input::Key(KeyCode::F(last - b'A' + 1).into())),
        Sequence::Key(modifiers, last) => out.extend(keys::single(modifiers, last).map(Input::Key)),
        Sequence::Command(text) => {
            let background = text.strip_prefix(b"11;").and_then(|reply| parse_reply(std::str::from_utf8(reply).ok()?));
            out.extend(background.map(Input::Background));
        }
        Sequence::Console(_) | Sequence::Other => {}
    }
}

/// Behind an ESC that begins no sequence stands a key with Alt.
fn escaped(behind: &[u8], out: &mut Vec<Input>) -> Step {
    // Esc pressed twice; or, as rxvt and PuTTY have it, Alt and a key that is a sequence.
    if behind[0] == ESC && !matches!(behind, [ESC, b'[' | b'O', _, ..]) {
        out.push(Input::Key(KeyCode::Esc.into()));
        return Step::Took(1);
    }
    let before = out.len();
    match step(behind, out) {
        Step::Took(length) => {
            for input in &mut out[before..] {
                match input {
                    // Ctrl-C is Ctrl-C, whatever was left before it.
                    Input::Key(key) if *key == keys::CTRL_C => {}
                    Input::Key(key) => key.modifiers |= KeyModifiers::ALT,
                    _ => {}
                }
            }
            Step::Took(length + 1)
        }
        Step::Pastes(length) => Step::Pastes(length + 1),
        Step::Open => Step::Open,
    }
}

/// A control, or a character of text.
fn character(bytes: &[u8], out: &mut Vec<Input>) -> Step {
    if bytes[0] < 0x80 {
        out.push(Input::Key(control(bytes[0]).unwrap_or_else(|| typed(bytes[0].into()))));
        return Step::Took(1);
    }
    match sequence::character(bytes) {
        Ok(c) => {
            // An 8-bit control that begins no sequence types nothing.
            if !c.is_control() {
                out.push(Input::Key(typed(c)));
            }
            Step::Took(c.len_utf8())
        }
        Err(Some(wrong)) => Step::Took(wrong),
        // The rest of a character may still come, but for four bytes that are none.
        Err(None) if bytes.len() >= 4 => Step::Took(1),
        Err(None) => Step::Open,
    }
}

/// A key that is a 7-bit control.
fn control(byte: u8) -> Option<KeyEvent> {
    let held = |c: u8| KeyEvent::new(KeyCode::Char(c.into()), KeyModifiers::CONTROL);
    Some(match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        0 => held(b' '),
        0x01..=0x1a => held(byte - 1 + b'a'),
        0x1c..=0x1f => held(byte - 0x1c + b'4'),
        _ => return None,
    })
}
