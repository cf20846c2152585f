//! `/read`: all digits of a result, without selecting it first. In linear mode, long numbers are said in short.

use super::{Detail, Item, Row};
use crate::app::status::Severity;
use crate::app::{App, MainView};

impl App {
    /// Opens the result that is selected or, where none is, the last one that was there to be read.
    pub(crate) fn read_in_full(&mut self) {
        match self.chosen_row().or_else(|| self.last_read()).cloned() {
            Some(row) => self.show(MainView::Detail(Detail::new(row))),
            None => self.say(Severity::Info, self.strings.nothing_to_read),
        }
    }

    /// What came while the command was typed is not what it is about.
    fn last_read(&self) -> Option<&Row> {
        let feed = &self.reading.feed;
        if feed.is_following() {
            let before = self.composer.newest_before;
            return feed.rows().rev().find(|row| before.is_none_or(|newest| row.seq() <= newest));
        }
        let height = usize::from(self.layout().feed.height);
        (0..height).rev().find_map(|line| match feed.line(line) {
            Some(Item::Row(row)) => Some(row),
            _ => None,
        })
    }
}
