//! The full-screen client: the room, as the one loop of `event_loop` shows it. Nothing here decides anything: the app
//! does. Called by `main`.

mod effects;
mod event_loop;
mod frames;
mod full_screen;
mod input;
mod output;
mod present;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use crossterm::event::KeyCode;

use crate::app::{App, Setup, Urgency};
use crate::event::{Effect, Event};
use crate::link;
use crate::store::export::Export;
use crate::store::history::History;
use crate::store::settings::{self, Remembered};
use crate::terminal::Modes;
use crate::terminal::clipboard::Through;
use crate::terminal::notification::Notifier;
use event_loop::{EventLoop, MAX_EVENTS_A_FRAME, Shown};
use frames::Frames;
pub use full_screen::FullScreen;
use output::Output;
pub use present::{WallOptions, present};

/// What the full-screen client needs to start.
pub struct RoomOptions {
    /// What the app starts with; its size is taken from the terminal.
    pub setup: Setup,
    /// What the link needs to know.
    pub link: link::LinkOptions,
    /// What of the terminal is ours.
    pub modes: Modes,
    /// Whether the terminal may be asked for its background; some print such a question.
    pub may_ask: bool,
    /// What stands between us and the clipboard.
    pub through: Through,
    /// How the desktop notifies of something.
    pub notifier: Notifier,
    /// Where settings are kept.
    pub state: Option<PathBuf>,
}

/// Runs until the person leaves, the system asks to end, or the terminal is gone. The terminal is as it was before,
/// whichever it was.
///
/// # Errors
/// Where there is no terminal to speak of.
pub fn run(options: RoomOptions) -> io::Result<ExitCode> {
    let RoomOptions { setup, link, modes, may_ask, through, notifier, state } = options;
    let make = |size| Room::start(setup, modes, size, (through, notifier, state));
    event_loop::run(modes, may_ask, link, make).map(|_| ExitCode::SUCCESS)
}

/// The room, and what beside the terminal and the link its effects need.
struct Room {
    app: App,
    output: Output,
    frames: Frames,
    /// How soon the screen should show what the app knows.
    urgency: Option<Urgency>,
    /// What is kept of the typing; none before the first student is known, or without a home.
    history: Option<History>,
    export: Option<Export>,
    through: Through,
    notifier: Notifier,
    state: Option<PathBuf>,
    remembered: Remembered,
}

impl Room {
    /// The room with its first frame, which comes before anything that takes time, and what is to be done at once.
    fn start(
        setup: Setup,
        modes: Modes,
        terminal: (u16, u16),
        (through, notifier, state): (Through, Notifier, Option<PathBuf>),
    ) -> io::Result<(Self, Vec<Effect>)> {
        let now = Instant::now();
        let remembered = setup.remembered.clone();
        let mut output = Output::new(modes, terminal)?;
        let size = output.resize(terminal);
        let (mut app, effects) = App::new(Setup { size, ..setup }, now);
        app.needs_draw();
        output.show(&app, now)?;
        let mut frames = Frames::default();
        frames.drawn(now);
        let (history, export, urgency) = (None, None, None);
        let room = Self { app, output, frames, urgency, history, export, through, notifier, state, remembered };
        Ok((room, effects))
    }
}

impl Shown for Room {
    fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        self.app.update(event, now)
    }

    fn execute(this: &mut EventLoop<Self>, effect: Effect) {
        this.execute_effect(effect);
    }

    fn frame_due(&mut self, now: Instant) -> Option<Instant> {
        self.urgency = self.urgency.max(self.app.needs_draw());
        self.urgency.map(|urgency| self.frames.due(urgency, now))
    }

    fn draw(&mut self, now: Instant) -> io::Result<Option<Event>> {
        self.urgency = None;
        self.frames.drawn(now);
        let (close, many) = self.output.show(&self.app, now)?;
        self.frames.were_many(many);
        Ok(close.then(|| Event::Key(KeyCode::Esc.into())))
    }

    fn next_wake(&self) -> Option<Instant> {
        self.app.next_wake()
    }

    fn inputs_a_frame(&self) -> usize {
        // What is said line by line shows the line as it was when it was entered.
        if matches!(self.output, Output::Linear(_)) { 0 } else { MAX_EVENTS_A_FRAME }
    }

    fn resize(&mut self, size: (u16, u16)) -> (u16, u16) {
        self.output.resize(size)
    }

    fn repaint(&mut self) {
        self.output.repaint();
        self.urgency = Some(Urgency::Now);
    }

    fn uncover(&mut self) {
        self.output.uncover();
        self.urgency = Some(Urgency::Now);
    }

    fn before_leaving(&mut self) {
        self.output.leave();
    }

    fn wants_background(&self) -> bool {
        self.app.setup.appearance.wants_background()
    }

    fn finish(&mut self) {
        let now = &self.app.setup.remembered;
        if let (Some(state), true) = (&self.state, *now != self.remembered) {
            // At the end the write is waited for.
            let _ = settings::write(state, now);
        }
        if let Some(history) = self.history.take() {
            history.finish();
        }
        if let Some(export) = self.export.take() {
            export.stop();
        }
        self.output.leave();
    }
}
