//! What the terminal answers when it is asked for its background. The answer comes among the keys, as `ESC ] 11 ; rgb:… ESC \`,
//! and the input library takes it for keys too: it is put together here, and every key that is none of it goes on to
//! where it belongs, in order. Called by `run`. Nothing waits for an answer: some terminals never give one.

use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};

use crate::theme::Rgb;

/// The question.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How an answer begins, behind `ESC ]`.
const START: &str = "11;rgb";

/// The most characters of an answer.
const LONGEST: usize = 40;

/// An answer that may be under way.
#[derive(Debug, Default)]
pub(super) struct Answers {
    asked: Option<Instant>,
    /// What may be the beginning of an answer.
    kept: Vec<KeyEvent>,
}

/// What came of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// These are no answer; the last one just came.
    Keys(Vec<Input>),
    /// It is a part of one.
    More,
    /// The answer is complete.
    Background(Rgb),
}

impl Answers {
    /// The question was asked.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// Whether an answer may still come.
    pub(super) fn is_waiting(&self, now: Instant) -> bool {
        self.asked.is_some_and(|asked| now < asked + PATIENCE)
    }

    pub(super) fn hear(&mut self, event: Input, now: Instant) -> Heard {
        let (Input::Key(key), true) = (&event, self.is_waiting(now) || !self.kept.is_empty()) else {
            return self.none(event);
        };
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let first = self.kept.is_empty();
        // `ESC \`, also in two pieces; or a bell.
        let escaped = self.kept.last().is_some_and(|last| last.code == KeyCode::Esc);
        let ends = match key.code {
            KeyCode::Char('\\') => alt || escaped,
            KeyCode::Char('g') => control,
            _ => false,
        };
        if ends && !first {
            let text = self.text();
            return match text.strip_prefix("11;").and_then(Rgb::from_answer) {
                Some(background) => {
                    *self = Self::default();
                    Heard::Background(background)
                }
                None => self.none(event),
            };
        }
        let belongs = match key.code {
            KeyCode::Char(']') if first => alt,
            KeyCode::Char(c) if !first && !alt && !control && !escaped => {
                let mut text = self.text();
                text.push(c);
                let plain = |c: char| c.is_ascii_hexdigit() || matches!(c, '/' | ':' | 'a');
                text.len() <= LONGEST
                    && match text.strip_prefix(START) {
                        Some(behind) => behind.chars().all(plain),
                        None => START.starts_with(&text),
                    }
            }
            KeyCode::Esc => !first && !escaped && self.text().starts_with(START),
            _ => false,
        };
        if !belongs {
            return self.none(event);
        }
        self.kept.push(*key);
        Heard::More
    }

    /// What may be the beginning of an answer is none.
    fn none(&mut self, event: Input) -> Heard {
        let kept = std::mem::take(&mut self.kept).into_iter().map(Input::Key);
        Heard::Keys(kept.chain(std::iter::once(event)).collect())
    }

    fn text(&self) -> String {
        let character = |key: &KeyEvent| match key.code {
            KeyCode::Char(c) => Some(c),
            _ => None,
        };
        self.kept.iter().skip(1).filter_map(character).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(code, modifiers))
    }

    /// As the input library takes bytes: `^` holds Alt with the next character, `~` is Esc, `_` the bell.
    fn keys(text: &str) -> Vec<Input> {
        let mut alt = false;
        let mut keys = Vec::new();
        for c in text.chars() {
            let held = if std::mem::take(&mut alt) { KeyModifiers::ALT } else { KeyModifiers::NONE };
            match c {
                '^' => alt = true,
                '~' => keys.push(key(KeyCode::Esc, KeyModifiers::NONE)),
                '_' => keys.push(key(KeyCode::Char('g'), KeyModifiers::CONTROL)),
                c => keys.push(key(KeyCode::Char(c), held)),
            }
        }
        keys
    }

    /// What goes on, and the background.
    fn hear(text: &str) -> (Vec<Input>, Option<Rgb>) {
        let now = Instant::now();
        let mut answers = Answers::default();
        answers.asked(now);
        let (mut others, mut background) = (Vec::new(), None);
        for event in keys(text) {
            match answers.hear(event, now) {
                Heard::Keys(keys) => others.extend(keys),
                Heard::More => {}
                Heard::Background(rgb) => background = Some(rgb),
            }
        }
        (others, background)
    }

    #[test]
    fn an_answer_is_taken_from_among_the_keys() {
        for end in ["^\\", "_", "~\\"] {
            let (others, background) = hear(&format!("12^]11;rgb:1e1e/1e1e/2e2e{end}34"));
            assert_eq!((others, background), (keys("1234"), Some(Rgb(0x1e, 0x1e, 0x2e))), "{end}");
        }
    }

    #[test]
    fn what_is_no_answer_goes_on_in_order() {
        for text in
            ["^]12", "^]11;rgb:12x", "^]11;rgb:^\\1", "^]^]11", "^]~1", "~^\\_", "^]11;rgb:/~~1", "^]11;rgb:0/0/0~1"]
        {
            assert_eq!(hear(text), (keys(text), None), "{text}");
        }
        let long = format!("^]11;rgb:{}", "f".repeat(2 * LONGEST));
        assert_eq!(hear(&long), (keys(&long), None));
    }

    proptest::proptest! {
        #[test]
        fn no_key_is_lost_or_moved(text in "[]1;rgb:f/0~_^\\\\]{0,60}") {
            let now = Instant::now();
            let mut answers = Answers::default();
            answers.asked(now);
            let (mut came, mut gone_on) = (Vec::new(), Vec::new());
            for event in keys(&text) {
                came.push(event.clone());
                match answers.hear(event, now) {
                    Heard::Keys(keys) => gone_on.extend(keys),
                    Heard::More => {}
                    // An answer takes the keys it is made of, and only those.
                    Heard::Background(_) => came.clone_from(&gone_on),
                }
            }
            gone_on.extend(answers.kept.iter().copied().map(Input::Key));
            proptest::prop_assert_eq!(gone_on, came);
        }
    }

    #[test]
    fn without_a_question_nothing_is_kept_back() {
        let now = Instant::now();
        let mut answers = Answers::default();
        let event = keys("^]").remove(0);
        assert_eq!(answers.hear(event.clone(), now), Heard::Keys(vec![event.clone()]));
        answers.asked(now);
        assert_eq!(answers.hear(event.clone(), now + PATIENCE), Heard::Keys(vec![event]));
    }
}
