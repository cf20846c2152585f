//! The sentence about the input line and about what just happened, and how many rows of the room it takes. The view
//! shows it; what fills the middle makes room for it.

use super::{App, Check, CommandSpec, Layout, MainView, Screen, Severity, candidates, layout, layout_above};
use crate::text;

#[derive(Debug)]
pub(crate) struct StatusMessage {
    pub(crate) words: String,
    pub(crate) severity: Severity,
    /// Every key may change it.
    pub(crate) passing: bool,
}

impl App {
    /// The parts of the room. The middle is less high where a sentence needs its lowest rows.
    pub(crate) fn layout(&self) -> Layout {
        let (width, height) = self.setup.size;
        let parts = layout(width, height);
        match self.rows_above(&parts).saturating_sub(parts.rule.height) {
            0 => parts,
            taken => layout_above(width, height, taken),
        }
    }

    /// How many rows the sentence takes from the rule on upwards, because it would not fit below: to the very top, if
    /// need be, since of a fingerprint every digit counts.
    pub(crate) fn rows_above(&self, parts: &Layout) -> u16 {
        // What is said while somebody types keeps to its line, so that nothing jumps.
        let stays = self.status.notices.current().is_some() || self.is_wrong();
        if !stays || self.screen != Screen::Room || self.composer.search.is_some() {
            return 0;
        }
        let cells = usize::from(parts.hint.width);
        let sentence = self.status_message(cells);
        let count = u16::try_from(text::wrap(&sentence.words, cells).len()).unwrap_or(u16::MAX);
        let below = parts.hint.height + parts.footer.height;
        let about_the_line = matches!(self.main_view, MainView::Paste(_)) && self.status.notices.current().is_none();
        if sentence.passing || about_the_line || count <= below.max(1) { 0 } else { count.min(parts.rule.bottom()) }
    }

    fn is_wrong(&self) -> bool {
        matches!(self.composer.check, Check::Wrong(_) | Check::TooManyDigits { .. })
    }

    /// What is to be said in a line of so many cells.
    pub(crate) fn status_message(&self, cells: usize) -> StatusMessage {
        let strings = self.strings;
        // What is wrong with the line is nearer than why there is no connection.
        if let Some(notice) = self.status.notices.current().filter(|notice| !(self.is_wrong() && notice.while_lost)) {
            return StatusMessage { words: notice.text.clone(), severity: notice.severity, passing: false };
        }
        let mild = |words: String| StatusMessage { words, severity: Severity::Info, passing: true };
        match self.composer.check {
            Check::Empty if text::fits(strings.placeholder, cells) => mild(strings.placeholder.to_owned()),
            Check::Empty => mild(strings.placeholder_short.to_owned()),
            Check::Number { digits } => mild(self.number_words(digits, cells)),
            Check::Unfinished(_) => mild(self.fault_words(self.composer.check).unwrap_or_default()),
            Check::Wrong(_) | Check::TooManyDigits { .. } => {
                let words = self.fault_words(self.composer.check).unwrap_or_default();
                StatusMessage { words, severity: Severity::Error, passing: false }
            }
            Check::Command => mild(self.command_words(cells)),
        }
    }

    /// What Enter would square, as far as there is room, and how many digits it has.
    fn number_words(&self, digits: usize, cells: usize) -> String {
        let count = (self.strings.digits)(&text::grouped(digits));
        let behind = format!(" {} {count}", self.glyphs.dot);
        let room = cells.saturating_sub(text::width(&behind));
        match &self.composer.read_as {
            Some(number) if room >= 5 => {
                format!("{}{behind}", text::shorten(number, room, self.glyphs.ellipsis))
            }
            _ => count,
        }
    }

    /// What is wrong with a text, if anything is.
    pub(crate) fn fault_words(&self, check: Check) -> Option<String> {
        match check {
            Check::Unfinished(fault) | Check::Wrong(fault) => Some((self.strings.fault)(fault)),
            Check::TooManyDigits { limit } => Some((self.strings.too_many_digits)(&text::grouped(limit))),
            Check::Empty | Check::Number { .. } | Check::Command => None,
        }
    }

    /// What the command being typed does; where it may become several, their names.
    fn command_words(&self, cells: usize) -> String {
        let lang = self.strings.lang;
        let found = candidates(self.composer.input.text(), self.setup.guest);
        let full = |command: &&CommandSpec| format!("{}  {}", command.usage.of(lang), command.help.of(lang));
        let whole = found.iter().map(full).collect::<Vec<_>>().join("   ");
        if found.len() == 1 || text::fits(&whole, cells) {
            return whole;
        }
        found.iter().map(|command| format!("/{}", command.name)).collect::<Vec<_>>().join(" ")
    }
}
