//! What the app asks for, done: each effect goes to the link, to the threads of history and export, or to the terminal.
//! Called by `run`.

use std::path::PathBuf;

use super::Room;
use super::event_loop::{EventLoop, Shown as _};
use crate::event::{Effect, Event, LinkEvent, TerminalEffect};
use crate::host;
use crate::link::{self, Command};
use crate::store::export::{Export, ExportCommand, ExportNews};
use crate::store::history::{History, HistoryCommand};
use crate::store::settings;
use crate::terminal;
use crate::terminal::clipboard;

impl EventLoop<Room> {
    pub(super) fn execute_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Link(command) => self.send_to_link(command),
            Effect::History(command) => self.keep(command),
            Effect::Export(command) => self.export(command),
            Effect::Terminal(effect) => self.terminal(effect),
            Effect::LookForOwnLedger(data) => self.look_for_own_ledger(data),
            Effect::Remember => self.remember(),
            Effect::Quit => self.running = false,
        }
    }

    /// Gives the link a command without ever waiting for it. Where its queue is full, because a disk hangs, a number
    /// goes back to the input line, and of anything else it is said that it was not done.
    fn send_to_link(&mut self, command: Command) {
        match self.link.ask(command) {
            Ok(()) => {}
            Err(Command::Square(number)) => {
                self.update(Event::Link(LinkEvent::NotQueued { number, waiting: link::MAX_WAITING }));
            }
            Err(command) => self.update(Event::LinkBusy(command)),
        }
    }

    fn export(&mut self, command: ExportCommand) {
        match command {
            ExportCommand::Begin { path, format, replace } => {
                let tell = self.tell.clone();
                let tell = move |news| drop(tell.blocking_send(Event::Export(news)));
                match Export::begin(path, format, replace, tell) {
                    Ok(export) => self.shown.export = Some(export),
                    Err(error) => self.update(Event::Export(ExportNews::failed(&error))),
                }
            }
            ExportCommand::Stop => drop(self.shown.export.take()),
            command => drop(self.shown.export.as_ref().map(|export| export.send(command))),
        }
    }

    /// A terminal that takes nothing any more ends the loop by itself.
    fn terminal(&mut self, effect: TerminalEffect) {
        match effect {
            TerminalEffect::Suspend => self.stop(),
            TerminalEffect::Repaint => self.shown.repaint(),
            TerminalEffect::AskBackground => self.background.send(),
            TerminalEffect::Bell => drop(terminal::bell()),
            TerminalEffect::Title(title) => drop(terminal::title(&title)),
            TerminalEffect::Notify { title, text } => drop(self.shown.notifier.notify(&title, &text)),
            TerminalEffect::Copy(text) if !self.modes.bare => drop(clipboard::copy(&text, self.shown.through)),
            TerminalEffect::Copy(_) => {}
        }
    }

    /// Keeps what is typed, once it is known whose it is. Without a home or a thread nothing is kept, and everything
    /// else works.
    fn keep(&mut self, command: HistoryCommand) {
        if let (None, HistoryCommand::Open(_), Some(state)) = (&self.shown.history, &command, &self.shown.state) {
            let tell = self.tell.clone();
            let tell = move |news| drop(tell.blocking_send(Event::History(news)));
            self.shown.history = History::start(state.clone(), tell).ok();
        }
        if let Some(history) = &self.shown.history {
            history.send(command);
        }
    }

    /// Looks in a thread of its own: a disk may be slow.
    fn look_for_own_ledger(&self, data: PathBuf) {
        let tell = self.tell.clone();
        let look = move || {
            if let Some(log) = host::own_ledger(&data) {
                let _ = tell.blocking_send(Event::OwnLedger(log));
            }
        };
        // Without a thread it is not told.
        drop(std::thread::Builder::new().name("own-ledger".into()).spawn(look));
    }

    /// Keeps what the next run should know, where it changed.
    fn remember(&mut self) {
        let now = self.shown.app.setup.remembered.clone();
        if now != self.shown.remembered {
            self.shown.remembered = now.clone();
            if let Some(state) = self.shown.state.clone() {
                // What cannot be remembered is typed again.
                drop(tokio::task::spawn_blocking(move || settings::write(&state, &now)));
            }
        }
    }
}
