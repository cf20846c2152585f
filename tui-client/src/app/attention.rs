//! Telling somebody who looks elsewhere that results of theirs have come: with a bell, or a mark in the window's title.
//! Off, unless it is asked for. The terminal says who looks where.

use super::App;
use crate::config::Notify;
use crate::event::Effect;

/// Who looks where, and what came meanwhile.
#[derive(Debug, Default)]
pub(super) struct Attention {
    notify: Notify,
    elsewhere: bool,
    missed: usize,
}

impl Attention {
    pub(super) fn new(notify: Notify) -> Self {
        Self { notify, ..Self::default() }
    }
}

impl App {
    /// The terminal says that it is looked at, or no longer.
    pub(super) fn focus(&mut self, focused: bool, effects: &mut Vec<Effect>) {
        self.attention.elsewhere = !focused;
        if focused && std::mem::take(&mut self.attention.missed) > 0 && self.attention.notify == Notify::Title {
            effects.push(Effect::Title(self.strings.program.to_owned()));
        }
    }

    /// So many new results of mine have come.
    pub(super) fn mine_came(&mut self, count: usize, effects: &mut Vec<Effect>) {
        if count == 0 || !self.attention.elsewhere {
            return;
        }
        self.attention.missed += count;
        match self.attention.notify {
            Notify::Off => {}
            Notify::Bell => effects.push(Effect::Bell),
            Notify::Title => {
                effects.push(Effect::Title(format!("({}) {}", self.attention.missed, self.strings.program)));
            }
        }
    }
}
