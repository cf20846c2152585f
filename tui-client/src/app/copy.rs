//! Copying a number or its square, as a value and not as the screen shows it.

use std::time::Instant;

use super::notices::Gravity;
use super::{App, Body, Row};
use crate::event::Effect;
use crate::text;

/// The most of a value that is quoted in the notice, in cells.
const QUOTED: usize = 24;

/// What of a result is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// The number that was squared.
    Number,
    /// Its square.
    Square,
}

impl App {
    /// Copies from the result that is open or selected; where none is, from the newest of mine, or the newest in the
    /// feed.
    pub(crate) fn copy(&mut self, what: Copied, now: Instant, effects: &mut Vec<Effect>) {
        let row = match &self.body {
            Body::Detail(detail) => Some(&detail.row),
            _ => self.feed.selected().or_else(|| self.newest()),
        };
        let Some(row) = row else {
            return self.notices.show(Gravity::Info, self.strings.nothing_to_copy.to_owned(), now);
        };
        if !self.can_copy {
            return self.notices.show(Gravity::Warning, self.strings.cannot_copy.to_owned(), now);
        }
        let value = match what {
            Copied::Number => row.number(),
            Copied::Square => row.square(),
        };
        let shown = text::shorten(value, QUOTED, self.glyphs.ellipsis);
        let digits = text::grouped(text::digits(value));
        let mut sentence = (self.strings.copied)(what == Copied::Square, &shown, &digits);
        effects.push(Effect::Copy(value.to_owned()));
        // Once a run is enough; those whose tmux is set up know.
        if std::mem::take(&mut self.tell_of_tmux) {
            sentence.push_str(self.strings.copied_in_tmux);
        }
        self.notices.show(Gravity::Info, sentence, now);
    }

    fn newest(&self) -> Option<&Row> {
        let mine = self.feed.rows().rev().find(|row| row.student() == self.me.id);
        mine.or_else(|| self.feed.rows().last())
    }
}
