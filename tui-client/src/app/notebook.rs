//! What is kept of the typing for later runs: the lines entered, and the one that is being typed. The app says when;
//! `run` gives it to the disk.

use std::time::Instant;

use squares_shared::pin::may_become_pin;

use super::notices::Gravity;
use super::{App, Screen, Urgency, commands};
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
        let line = self.input.text();
        let draft = if self.may_become_pin(line) { "" } else { line };
        if self.draft != draft && !self.is_undecided(line) {
            draft.clone_into(&mut self.draft);
            effects.push(Effect::NoteDraft(self.draft.clone()));
        }
    }

    /// Whether a line that is being typed is the PIN, or may become it with the next keys.
    fn may_become_pin(&self, line: &str) -> bool {
        self.has_pin(line) || self.pin.as_ref().is_some_and(|pin| may_become_pin(line, pin.text()))
    }

    /// Whether a line may be a PIN though none is known: before a server has said how it lets students in, somebody
    /// may type theirs where it is not asked for.
    fn is_undecided(&self, line: &str) -> bool {
        self.connection.hello.is_none() && !commands::is_command(line)
    }

    /// Whether the PIN in use stands in a line.
    pub(super) fn has_pin(&self, line: &str) -> bool {
        self.pin.as_ref().is_some_and(|pin| pin.is(line) || line.split_whitespace().any(|word| pin.is(word)))
    }

    /// What earlier runs left was read. A line that is being typed meanwhile goes before the one that was left.
    pub(super) fn notebook_opened(&mut self, student: &str, mut lines: Vec<String>, draft: &str, now: Instant) {
        if student != self.notebook {
            return;
        }
        lines.retain(|line| !self.has_pin(line));
        let draft = if self.has_pin(draft) { "" } else { draft };
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
        let line = if self.has_pin(line) || self.is_undecided(line) { "" } else { line };
        if self.recall.entered(line) {
            effects.push(Effect::NoteLine(line.to_owned()));
        }
    }
}
