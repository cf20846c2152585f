//! Telling somebody who looks elsewhere that results of theirs have come: with a bell, a mark in the window's title, or
//! a notification of the desktop. Off, unless it is asked for. The terminal says whether it has the focus.

use std::time::{Duration, Instant};

use squares_shared::message::SquareResult;

use crate::app::App;
use crate::config::Notify;
use crate::digits::{Magnitude, grouped};
use crate::event::{Effect, TerminalEffect};
use crate::text;

/// The least time between two notifications of the desktop, which stay until somebody closes them.
const BETWEEN: Duration = Duration::from_secs(10);

/// The most digits of a number that a notification has in full.
const IN_FULL: usize = 15;

/// Whether somebody looks elsewhere, and how many results of theirs came meanwhile.
#[derive(Debug, Default)]
pub(super) struct MissedResults {
    elsewhere: bool,
    count: usize,
    notified: Option<Instant>,
}

impl App {
    /// The terminal got the focus, or lost it.
    pub(in crate::app) fn focus(&mut self, focused: bool) {
        let missed = &mut self.status.missed;
        missed.elsewhere = !focused;
        if focused && std::mem::take(&mut missed.count) > 0 && self.setup.notify == Notify::Title {
            self.effects.push(Effect::Terminal(TerminalEffect::Title(self.strings.program.to_owned())));
        }
    }

    /// So many new results of mine have come, of which this is the newest.
    pub(in crate::app) fn mine_came(&mut self, count: usize, newest: &SquareResult) {
        let missed = &mut self.status.missed;
        if !missed.elsewhere {
            return;
        }
        missed.count += count;
        let effect = match self.setup.notify {
            Notify::Off => return,
            Notify::Bell => TerminalEffect::Bell,
            Notify::Title => TerminalEffect::Title(format!("({}) {}", missed.count, self.strings.program)),
            Notify::Desktop => {
                if missed.notified.is_some_and(|then| self.now < then + BETWEEN) {
                    return;
                }
                missed.notified = Some(self.now);
                let (number, number_is_exact) = in_short(&newest.number);
                let (square, square_is_exact) = in_short(&newest.square);
                let (open, close) = if number.starts_with('-') { ("(", ")") } else { ("", "") };
                let equals = if number_is_exact && square_is_exact { "=" } else { self.glyphs.nearly };
                let newest = format!("{open}{number}{close}{} {equals} {square}", self.glyphs.squared);
                TerminalEffect::Notify {
                    title: self.strings.program.to_owned(),
                    text: (self.strings.results_came)(missed.count, &newest),
                }
            }
        };
        self.effects.push(Effect::Terminal(effect));
    }
}

/// A number of a few digits in groups, a longer one by its magnitude; and whether that is exact.
fn in_short(number: &str) -> (String, bool) {
    let number = text::printable_number(number);
    if text::digits(&number) <= IN_FULL {
        return (grouped(&number).into_owned(), true);
    }
    let Magnitude { text, exact } = Magnitude::of(&number);
    (text, exact)
}
