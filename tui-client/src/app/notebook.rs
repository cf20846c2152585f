//! What is kept of the typing for later runs: the lines entered, and the one that is being typed. The app says when; `run`
//! gives it to the disk.

use std::time::Instant;

use super::notices::Gravity;
use super::{App, Screen, Urgency};
use crate::event::Effect;

impl App {
    /// Asks for what this student's earlier runs left, once, and gives the line that is being typed to be kept where it
    /// is another than before.
    pub(super) fn settle_notebook(&mut self, effects: &mut Vec<Effect>) {
        if self.screen != Screen::Room || self.me.id.is_empty() {
            return;
        }
        if self.notebook != self.me.id {
            if !self.notebook.is_empty() {
                self.recall.forget();
            }
            self.notebook.clone_from(&self.me.id);
            effects.push(Effect::OpenNotebook(self.me.id.clone()));
        }
        if self.draft != self.input.text() {
            self.input.text().clone_into(&mut self.draft);
            effects.push(Effect::NoteDraft(self.draft.clone()));
        }
    }

    /// What earlier runs left was read. A line that is being typed meanwhile goes before the one that was left.
    pub(super) fn notebook_opened(&mut self, student: &str, lines: Vec<String>, draft: &str, now: Instant) {
        if student != self.notebook {
            return;
        }
        self.recall.load(lines);
        if self.input.is_empty() && !draft.is_empty() {
            self.input.set(draft);
            self.input.text().clone_into(&mut self.draft);
            self.recheck();
            self.notices.show(Gravity::Info, self.strings.draft_is_back.to_owned(), now);
        }
        self.redraw(Urgency::Soon);
    }

    /// A line was entered: it can be called back, also by later runs.
    pub(super) fn note(&mut self, line: &str, effects: &mut Vec<Effect>) {
        if self.recall.entered(line) {
            effects.push(Effect::NoteLine(line.to_owned()));
        }
    }
}
