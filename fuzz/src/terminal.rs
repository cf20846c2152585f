//! Bytes of a terminal: whatever comes, in whatever pieces and with whatever pauses, no control is typed, and behind
//! a pause every key arrives as itself.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares::terminal::input::{Decoder, Input};

/// Reads `data` as pieces, each behind two bytes that say how long it is and how long the pause before it was.
pub fn check(data: &[u8]) {
    let (mut decoder, mut now) = (Decoder::default(), Instant::now());
    let mut rest = data;
    while let &[length, pause, ref behind @ ..] = rest {
        let (piece, behind) = behind.split_at(usize::from(length).min(behind.len()));
        wait(&mut decoder, &mut now, Duration::from_millis(u64::from(pause) * 4));
        typed(decoder.feed(piece, now));
        rest = behind;
    }
    wait(&mut decoder, &mut now, Duration::from_secs(60));
    assert_eq!(decoder.deadline(), None, "something is held back for ever");
    assert_eq!(decoder.feed(b"a", now), [Input::Key(KeyCode::Char('a').into())]);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(decoder.feed(b"\x03", now), [Input::Key(interrupt)]);
}

/// Nothing comes for so long.
fn wait(decoder: &mut Decoder, now: &mut Instant, pause: Duration) {
    let end = *now + pause;
    while let Some(deadline) = decoder.deadline().filter(|deadline| *deadline <= end) {
        *now = deadline.max(*now);
        typed(decoder.timeout(*now));
    }
    *now = end;
}

fn typed(inputs: Vec<Input>) {
    for input in inputs {
        match input {
            Input::Key(KeyEvent { code: KeyCode::Char(c), .. }) => assert!(!c.is_control(), "{c:?} is typed"),
            Input::Paste(text) => {
                let raw = |c: &char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
                assert_eq!(text.chars().find(raw), None, "{text:?} is pasted");
            }
            _ => {}
        }
    }
}
