//! The wall, as the one loop of `event_loop` shows it. Called by `main`.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use super::event_loop::{self, EventLoop, Shown};
use super::full_screen::FullScreen;
use crate::event::{Effect, Event, TerminalEffect};
use crate::link::LinkOptions;
use crate::present::{Wall, WallSetup};
use crate::terminal::Modes;
use crate::{text, view};

/// The exit code where the server lets nobody watch from here.
const NOT_LET_IN: u8 = 3;

/// What the wall needs to start.
pub struct WallOptions {
    /// What it starts with.
    pub setup: WallSetup,
    /// What the link needs to know.
    pub link: LinkOptions,
    /// What of the terminal is ours.
    pub modes: Modes,
    /// Whether the terminal may be asked for its background.
    pub may_ask: bool,
}

/// Shows the room until somebody presses q, Esc or Ctrl-C, the system asks to end, or the terminal is gone. The exit
/// code is 3 where the server lets nobody watch from this machine, which is said on standard error.
///
/// # Errors
/// Where there is no terminal to speak of.
pub fn present(options: WallOptions) -> io::Result<ExitCode> {
    let WallOptions { setup, link, modes, may_ask } = options;
    let make = |size| {
        let (wall, screen) = (Wall::new(setup, Instant::now()), FullScreen::new(size)?);
        Ok((ShownWall { wall, screen, frame: None }, Vec::new()))
    };
    let ShownWall { wall, .. } = event_loop::run(modes, may_ask, link, make)?;
    let Some(why) = wall.refusal() else { return Ok(ExitCode::SUCCESS) };
    // Where nobody reads it, the code says it.
    let _ = writeln!(io::stderr(), "squares: {}", text::printable(why));
    Ok(ExitCode::from(NOT_LET_IN))
}

struct ShownWall {
    wall: Wall,
    screen: FullScreen,
    /// When the next frame is due, of all that was said since the last.
    frame: Option<Instant>,
}

impl Shown for ShownWall {
    fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        self.wall.update(event, now)
    }

    fn execute(this: &mut EventLoop<Self>, effect: Effect) {
        match effect {
            Effect::Link(command) => drop(this.link.ask(command)),
            Effect::Terminal(TerminalEffect::Suspend) => this.stop(),
            Effect::Terminal(TerminalEffect::Repaint) => this.shown.repaint(),
            Effect::Quit => this.running = false,
            // The wall asks for nothing else.
            _ => {}
        }
    }

    /// A moment that was given once stays due, though the wall looks beyond it by then.
    fn frame_due(&mut self, now: Instant) -> Option<Instant> {
        self.frame = [self.frame, self.wall.next_frame(now)].into_iter().flatten().min();
        self.frame
    }

    fn draw(&mut self, now: Instant) -> io::Result<Option<Event>> {
        self.wall.before_frame(now);
        self.screen.draw(|frame| view::draw_wall(&self.wall, frame, now))?;
        self.frame = None;
        // What is due behind this moment must not be missed.
        self.frame_due(now);
        Ok(None)
    }

    fn resize(&mut self, size: (u16, u16)) -> (u16, u16) {
        self.screen.resize(size);
        size
    }

    fn repaint(&mut self) {
        self.screen.repaint();
        self.frame = Some(Instant::now());
    }

    fn wants_background(&self) -> bool {
        self.wall.setup.appearance.wants_background()
    }
}
