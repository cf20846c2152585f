//! The wall's one loop: keys, what the link tells, signals and due moments become events, the wall turns them into
//! effects, and a frame is drawn when one is due. Called by `main`.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::full_screen::FullScreen;
use super::input::Inputs;
use super::{FAREWELL, MAX_EVENTS_A_FRAME};
use crate::event::{Effect, Event, LinkEvent, TerminalEffect};
use crate::link::{Link, LinkOptions};
use crate::present::{Wall, WallSetup};
use crate::signals::{self, Signal};
use crate::terminal::input::Input;
use crate::terminal::{self, BackgroundQuery, Modes};

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
        let (link, wall, ended) = Loop::start(options, signals)?.run().await;
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

struct Loop {
    wall: Wall,
    screen: FullScreen,
    terminal: (u16, u16),
    inputs: Inputs,
    signals: mpsc::Receiver<Signal>,
    link: Link,
    news: mpsc::Receiver<LinkEvent>,
    background: BackgroundQuery,
    modes: Modes,
    /// When the next frame is due, of all that was said since the last.
    frame: Option<Instant>,
    stopped: bool,
    running: bool,
}

enum Incoming {
    Signal(Signal),
    Input(Input),
    Link(LinkEvent),
    Frame,
    Ended,
}

impl Loop {
    fn start(options: WallOptions, signals: mpsc::Receiver<Signal>) -> io::Result<Self> {
        let WallOptions { setup, link, modes, may_ask } = options;
        let ask = setup.appearance.wants_background();
        let terminal = terminal::size()?;
        let (link, news) = Link::start(link)?;
        let mut this = Self {
            wall: Wall::new(setup, Instant::now()),
            screen: FullScreen::new(terminal)?,
            terminal,
            inputs: Inputs::start()?,
            signals,
            link,
            news,
            background: BackgroundQuery::new(may_ask),
            modes,
            frame: None,
            stopped: false,
            running: true,
        };
        if ask {
            this.background.send();
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
                Incoming::Signal(signal) => self.signal(signal),
                Incoming::Input(input) => self.input(&input),
                Incoming::Link(event) => self.update(Event::Link(event)),
                Incoming::Frame => {}
                Incoming::Ended => break,
            }
            for _ in 0..MAX_EVENTS_A_FRAME {
                let Some(event) = self.running.then(|| self.news.try_recv().ok()).flatten() else { break };
                self.update(Event::Link(event));
            }
        }
        (self.link, self.wall, ended)
    }

    async fn next(&mut self, gone: &mut (impl Future<Output = ()> + Unpin)) -> Incoming {
        let frame = self.frame.filter(|_| !self.stopped);
        let Self { signals, inputs, news, .. } = self;
        tokio::select! {
            biased;
            signal = signals.recv() => signal.map_or(Incoming::Ended, Incoming::Signal),
            input = inputs.next() => input.map_or(Incoming::Ended, Incoming::Input),
            () = gone => Incoming::Ended,
            () = sleep_until(frame.unwrap_or_else(Instant::now).into()), if frame.is_some() => Incoming::Frame,
            event = news.recv() => event.map_or(Incoming::Ended, Incoming::Link),
        }
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.plan(now);
        if self.stopped || self.frame.is_none_or(|frame| frame > now) {
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

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End => self.running = false,
            Signal::Stop => self.stop(),
            Signal::Continue => self.go_on(),
            Signal::Resize => self.resized(),
        }
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::Key(key) => self.update(Event::Key(*key)),
            Input::Background(background) => {
                self.background.replied();
                self.update(Event::Background(*background));
            }
            Input::Resized => self.resized(),
            Input::Paste(_) | Input::Mouse(_) | Input::Focus(_) => {}
        }
    }

    fn resized(&mut self) {
        let Ok(terminal) = terminal::size() else { return };
        if terminal == self.terminal {
            self.screen.repaint();
        }
        self.terminal = terminal;
        self.screen.resize(terminal);
        self.update(Event::Resize(terminal.0, terminal.1));
    }

    fn update(&mut self, event: Event) {
        for effect in self.wall.update(event, Instant::now()) {
            match effect {
                Effect::Link(command) => drop(self.link.ask(command)),
                Effect::Terminal(TerminalEffect::Suspend) => self.stop(),
                Effect::Terminal(TerminalEffect::Repaint) => self.screen.repaint(),
                Effect::Quit => self.running = false,
                // The wall asks for nothing else.
                _ => {}
            }
        }
    }

    fn stop(&mut self) {
        if self.stopped {
            return;
        }
        terminal::leave();
        self.stopped = true;
        if terminal::stop().is_err() {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        terminal::leave();
        self.stopped = false;
        if terminal::enter(self.modes).is_err() {
            self.running = false;
            return;
        }
        self.screen.repaint();
        self.resized();
    }
}
