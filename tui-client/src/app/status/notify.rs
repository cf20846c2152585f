//! Telling somebody who looks elsewhere that results of theirs have come: with a bell, or a mark in the window's title.
//! Off, unless it is asked for. The terminal says whether it has the focus.

use crate::app::App;
use crate::config::Notify;
use crate::event::{Effect, TerminalEffect};

/// Whether somebody looks elsewhere, and how many results of theirs came meanwhile.
#[derive(Debug, Default)]
pub(super) struct MissedResults {
    elsewhere: bool,
    count: usize,
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

    /// So many new results of mine have come.
    pub(in crate::app) fn mine_came(&mut self, count: usize) {
        let missed = &mut self.status.missed;
        if count == 0 || !missed.elsewhere {
            return;
        }
        missed.count += count;
        let effect = match self.setup.notify {
            Notify::Off => return,
            Notify::Bell => TerminalEffect::Bell,
            Notify::Title => TerminalEffect::Title(format!("({}) {}", missed.count, self.strings.program)),
        };
        self.effects.push(Effect::Terminal(effect));
    }
}
