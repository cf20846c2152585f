//! The wall's one loop: keys, what the link tells, signals and due moments become events, the wall turns them into
//! effects, and a frame is drawn when one is due. Called by `main`.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::full_screen::FullScreen;
use super::input::Inputs;
use super::owned_terminal::{OwnedTerminal, OwnsTerminal};
use super::{FAREWELL, MAX_EVENTS_A_FRAME};
use crate::event::{Effect, Event, LinkEvent, TerminalEffect};
use crate::link::{Link, LinkOptions};
use crate::present::{Wall, WallSetup};
use crate::signals::{self, Signal};
use crate::terminal::input::Input;
use crate::terminal::{self, Modes};

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
    terminal::leave_on_panic();
    crossterm::style::force_color_output(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let signals = signals::hear_all()?;
        terminal::mend();
        terminal::enter(options.modes)?;
        let (link, wall, ended) = WallLoop::start(options, signals)?.run().await;
        terminal::leave();
        let _ = tokio::time::timeout(FAREWELL, link.leave()).await;
        ended.map(|()| wall)
    });
    terminal::leave();
    runtime.shutdown_background();
    let wall = ended?;
    let Some(why) = wall.refusal() else { return Ok(ExitCode::SUCCESS) };
    // Where nobody reads it, the code says it.
    let _ = writeln!(io::stderr(), "squares: {}", crate::text::printable(why));
    Ok(ExitCode::from(NOT_LET_IN))
}

struct WallLoop {
    wall: Wall,
    screen: FullScreen,
    owned: OwnedTerminal,
    inputs: Inputs,
    signals: mpsc::Receiver<Signal>,
    link: Link,
    news: mpsc::Receiver<LinkEvent>,
    /// When the next frame is due, of all that was said since the last.
    frame: Option<Instant>,
    running: bool,
}

enum WallIncoming {
    Signal(Signal),
    Input(Input),
    Link(LinkEvent),
    Frame,
    Ended,
}

impl WallLoop {
    fn start(options: WallOptions, signals: mpsc::Receiver<Signal>) -> io::Result<Self> {
        let WallOptions { setup, link, modes, may_ask } = options;
        let ask = setup.appearance.wants_background();
        let terminal = terminal::size()?;
        let (link, news) = Link::start(link)?;
        let mut this = Self {
            wall: Wall::new(setup, Instant::now()),
            screen: FullScreen::new(terminal)?,
            owned: OwnedTerminal::new(modes, terminal, may_ask),
            inputs: Inputs::start()?,
            signals,
            link,
            news,
            frame: None,
            running: true,
        };
        if ask {
            this.owned.background.send();
        }
        Ok(this)
    }

    async fn run(mut self) -> (Link, Wall, io::Result<()>) {
        let input = io::stdin();
        let mut gone = Box::pin(terminal::gone(&input));
        let mut ended = Ok(());
        while self.running {
            if let Err(error) = self.draw_if_due() {
                ended = Err(error);
                break;
            }
            match self.next(&mut gone).await {
                WallIncoming::Signal(signal) => self.signal(signal),
                WallIncoming::Input(input) => self.input(&input),
                WallIncoming::Link(event) => self.update(Event::Link(event)),
                WallIncoming::Frame => {}
                WallIncoming::Ended => break,
            }
            for _ in 0..MAX_EVENTS_A_FRAME {
                let Some(event) = self.running.then(|| self.news.try_recv().ok()).flatten() else { break };
                self.update(Event::Link(event));
            }
        }
        self.owned.await_reply(&mut self.inputs).await;
        (self.link, self.wall, ended)
    }

    async fn next(&mut self, gone: &mut (impl Future<Output = ()> + Unpin)) -> WallIncoming {
        let frame = self.frame.filter(|_| !self.owned.stopped);
        let Self { signals, inputs, news, .. } = self;
        tokio::select! {
            biased;
            signal = signals.recv() => signal.map_or(WallIncoming::Ended, WallIncoming::Signal),
            input = inputs.next() => input.map_or(WallIncoming::Ended, WallIncoming::Input),
            () = gone => WallIncoming::Ended,
            () = sleep_until(frame.unwrap_or_else(Instant::now).into()), if frame.is_some() => WallIncoming::Frame,
            event = news.recv() => event.map_or(WallIncoming::Ended, WallIncoming::Link),
        }
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.plan(now);
        if self.owned.stopped || self.frame.is_none_or(|frame| frame > now) {
            return Ok(());
        }
        self.wall.before_frame(now);
        self.screen.draw_wall(&self.wall, now)?;
        self.frame = None;
        self.plan(now);
        Ok(())
    }

    /// A moment that was given once stays due, though the wall looks beyond it by then.
    fn plan(&mut self, now: Instant) {
        let next = self.wall.next_frame(now);
        self.frame = [self.frame, next].into_iter().flatten().min();
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::Key(key) => self.update(Event::Key(*key)),
            Input::Background(background) => {
                self.owned.background.replied();
                self.update(Event::Background(*background));
            }
            Input::Resized => self.resized(),
            Input::Paste(_) | Input::Mouse(_) | Input::Focus(_) => {}
        }
    }

    fn update(&mut self, event: Event) {
        for effect in self.wall.update(event, Instant::now()) {
            match effect {
                Effect::Link(command) => drop(self.link.ask(command)),
                Effect::Terminal(TerminalEffect::Suspend) => self.stop(),
                Effect::Terminal(TerminalEffect::Repaint) => self.repaint(),
                Effect::Quit => self.running = false,
                // The wall asks for nothing else.
                _ => {}
            }
        }
    }
}

impl OwnsTerminal for WallLoop {
    fn owned(&mut self) -> &mut OwnedTerminal {
        &mut self.owned
    }

    fn before_leaving(&mut self) {}

    fn repaint(&mut self) {
        self.screen.repaint();
        self.frame = Some(Instant::now());
    }

    fn uncover(&mut self) {
        self.repaint();
    }

    fn resize(&mut self, size: (u16, u16)) {
        self.screen.resize(size);
        self.update(Event::Resize(size.0, size.1));
    }

    fn wants_background(&self) -> bool {
        self.wall.setup.appearance.wants_background()
    }

    fn end(&mut self) {
        self.running = false;
    }
}
