//! What is kept of the typing for later runs: the lines entered, and the one that is being typed. The app says when;
//! `run` gives it to the disk.

use squares_shared::pin::may_become_pin;

use crate::app::status::Severity;
use crate::app::{App, Screen, Urgency, commands};
use crate::event::Effect;
use crate::store::history::HistoryCommand;

impl App {
    /// Asks for what this student's earlier runs left, once, and gives the line that is being typed to be kept where it
    /// is another than before.
    pub(in crate::app) fn reconcile_draft(&mut self) {
        let me = &self.people.me.id;
        if self.screen != Screen::Room || me.is_empty() {
            return;
        }
        if self.composer.student != *me {
            if !self.composer.student.is_empty() {
                self.composer.history.forget();
            }
            self.composer.student.clone_from(me);
            self.effects.push(Effect::History(HistoryCommand::Open(me.clone())));
        }
        let line = self.composer.input.text();
        let draft = if self.may_become_pin(line) { "" } else { line };
        if self.composer.draft != draft && !self.is_undecided(line) {
            let draft = draft.to_owned();
            self.composer.draft.clone_from(&draft);
            self.effects.push(Effect::History(HistoryCommand::Draft(draft)));
        }
    }

    /// Whether a line that is being typed is the PIN, or may become it with the next keys.
    fn may_become_pin(&self, line: &str) -> bool {
        self.has_pin(line) || self.setup.pin.as_ref().is_some_and(|pin| may_become_pin(line, pin.text()))
    }

    /// Whether a line may be a PIN though none is known: before a server has said how it lets students in, somebody
    /// may type theirs where it is not asked for.
    fn is_undecided(&self, line: &str) -> bool {
        self.status.connection.hello.is_none() && !commands::is_command(line)
    }

    /// Whether the PIN in use stands in a line.
    pub(in crate::app) fn has_pin(&self, line: &str) -> bool {
        self.setup.pin.as_ref().is_some_and(|pin| pin.is(line) || line.split_whitespace().any(|word| pin.is(word)))
    }

    /// What earlier runs left was read. A line that is being typed meanwhile goes before the one that was left.
    pub(in crate::app) fn history_opened(&mut self, student: &str, mut lines: Vec<String>, draft: &str) {
        if student != self.composer.student {
            return;
        }
        lines.retain(|line| !self.has_pin(line));
        self.composer.history.load(lines);
        if self.composer.input.is_empty() && !draft.is_empty() && !self.has_pin(draft) {
            self.set_input(draft);
            self.composer.input.text().clone_into(&mut self.composer.draft);
            self.say(Severity::Info, self.strings.draft_is_back);
        }
        self.redraw(Urgency::Soon);
    }

    /// A line was entered: it can be called back, also by later runs.
    pub(in crate::app) fn note(&mut self, line: &str) {
        let line = if self.has_pin(line) || self.is_undecided(line) { "" } else { line };
        if self.composer.history.entered(line) {
            self.effects.push(Effect::History(HistoryCommand::Line(line.to_owned())));
        }
    }
}
