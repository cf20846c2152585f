//! Copying a number or its square, as a value and not as the screen shows it.

use super::Row;
use crate::app::App;
use crate::app::status::Severity;
use crate::event::{Effect, TerminalEffect};
use crate::text;

/// The most of a value that is quoted in the notice, in cells.
const QUOTED: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    Number,
    Square,
}

impl App {
    /// Copies from the result that is open or selected; where none is, from the newest of mine, or the newest in the
    /// feed.
    pub(crate) fn copy(&mut self, what: Copied) {
        let row = self.chosen_row().or_else(|| self.newest());
        let value = row.map(|row| if what == Copied::Number { row.number() } else { row.square() }.to_owned());
        let Some(value) = value else { return self.say(Severity::Info, self.strings.nothing_to_copy) };
        if !self.setup.can_copy {
            return self.say(Severity::Warning, self.strings.cannot_copy);
        }
        let shown = text::shorten(&value, QUOTED, self.glyphs.ellipsis);
        let digits = text::grouped(text::digits(&value));
        let mut sentence = (self.strings.copied)(what == Copied::Square, &shown, &digits);
        self.effects.push(Effect::Terminal(TerminalEffect::Copy(value)));
        // Once a run is enough; those whose tmux is set up know.
        if std::mem::take(&mut self.setup.in_tmux) {
            sentence.push_str(self.strings.copied_in_tmux);
        }
        self.say(Severity::Info, sentence);
    }

    fn newest(&self) -> Option<&Row> {
        let mine = self.reading.feed.rows().rev().find(|row| row.student() == self.people.me.id);
        mine.or_else(|| self.reading.feed.rows().last())
    }
}
