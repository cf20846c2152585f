//! An app at one moment, which tests move on: keys and news in, effects out. The app's own tests use it, and the
//! pictures of screens.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares::app::{App, Setup};
use squares::event::{Effect, Event, LinkEvent};

/// An app, and the moment at which it is.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) now: Instant,
    /// Of its screen, in cells.
    pub(crate) size: (u16, u16),
}

impl Stage {
    /// The app at its start, and what is to be done at once.
    pub(crate) fn start(setup: Setup) -> (Self, Vec<Effect>) {
        let (now, size) = (Instant::now(), setup.size);
        let (app, effects) = App::new(setup, now);
        (Self { app, now, size }, without_notes(effects))
    }

    /// What is to be done, but for what is kept of the typing.
    pub(crate) fn update(&mut self, event: Event) -> Vec<Effect> {
        without_notes(self.app.update(event, self.now))
    }

    pub(crate) fn link(&mut self, news: LinkEvent) -> Vec<Effect> {
        self.update(Event::Link(news))
    }

    pub(crate) fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
        self.update(Event::Key(KeyEvent::new(code, modifiers)))
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        self.key(code, KeyModifiers::NONE)
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }
}

/// Whether it is about what is kept of the typing for later runs.
pub(crate) fn is_note(effect: &Effect) -> bool {
    matches!(effect, Effect::History(_) | Effect::Remember)
}

fn without_notes(mut effects: Vec<Effect>) -> Vec<Effect> {
    effects.retain(|effect| !is_note(effect));
    effects
}
