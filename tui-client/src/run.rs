//! The full-screen client's one loop: keys, what the link tells, signals and due moments become events, the app turns
//! them into effects, and a frame is drawn when something changed. Nothing here decides anything. Called by `main`.
//!
//! There is no tick: while nothing happens, the loop sleeps.

mod effects;
mod frames;
mod full_screen;
mod input;
mod output;
mod owned_terminal;
mod present;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::app::{App, Setup, Urgency};
use crate::event::{Event, LinkEvent};
use crate::link::{self, Link};
use crate::signals::{self, Signal};
use crate::store::export::Export;
use crate::store::history::History;
use crate::store::settings::{self, Remembered};
use crate::terminal::clipboard::Through;
use crate::terminal::input::Input;
use crate::terminal::notification::Notifier;
use crate::terminal::{self, Modes};
use frames::Frames;
pub use full_screen::FullScreen;
use input::Inputs;
use output::Output;
use owned_terminal::{OwnedTerminal, OwnsTerminal};
pub use present::{WallOptions, present};

/// How long the link may take to leave; a host waits for its guests' last results.
const FAREWELL: Duration = Duration::from_secs(5);

/// The most events of other threads that wait.
const THREAD_EVENTS: usize = 64;

/// The most events taken before the next frame is considered.
const MAX_EVENTS_A_FRAME: usize = 256;

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
    terminal::leave_on_panic();
    // The theme alone decides on colours; without this, NO_COLOR would also cancel bold and reverse.
    crossterm::style::force_color_output(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let signals = signals::hear_all()?;
        terminal::mend();
        terminal::enter(options.modes)?;
        let ended = Loop::start(options, signals)?.run().await;
        terminal::leave();
        let (link, ended) = ended;
        // A link that does not come to an end has its squares on the disk.
        let _ = tokio::time::timeout(FAREWELL, link.leave()).await;
        ended
    });
    terminal::leave();
    runtime.shutdown_background();
    // A terminal that is gone is no failure of ours, and nobody is there to hear of it.
    ended.map(|()| ExitCode::SUCCESS)
}

/// The loop and everything it holds together.
struct Loop {
    app: App,
    output: Output,
    owned: OwnedTerminal,
    frames: Frames,
    /// How soon the screen should show what the app knows.
    urgency: Option<Urgency>,
    inputs: Inputs,
    signals: mpsc::Receiver<Signal>,
    link: Link,
    news: mpsc::Receiver<LinkEvent>,
    /// What threads beside the link tell, and their way to do so.
    others: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    /// What is kept of the typing; none before the first student is known, or without a home.
    history: Option<History>,
    export: Option<Export>,
    through: Through,
    notifier: Notifier,
    state: Option<PathBuf>,
    remembered: Remembered,
    running: bool,
}

/// What the loop waited for.
enum Incoming {
    Signal(Signal),
    Input(Input),
    Event(Event),
    /// The moment that was waited for has come.
    Nothing,
    /// There is no terminal any more, or the link has panicked.
    Ended,
}

impl Loop {
    fn start(options: RoomOptions, signals: mpsc::Receiver<Signal>) -> io::Result<Self> {
        let RoomOptions { setup, link, modes, may_ask, through, notifier, state } = options;
        let ask = setup.appearance.wants_background();
        let now = Instant::now();
        let remembered = setup.remembered.clone();
        let terminal = terminal::size()?;
        let mut output = Output::new(modes, terminal)?;
        let size = output.resize(terminal);
        let (mut app, effects) = App::new(Setup { size, ..setup }, now);
        // The first frame comes before anything that takes time.
        app.needs_draw();
        output.show(&app, now)?;
        let mut frames = Frames::default();
        frames.drawn(now);
        let (link, news) = Link::start(link)?;
        let (tell, others) = mpsc::channel(THREAD_EVENTS);
        let mut this = Self {
            app,
            output,
            owned: OwnedTerminal::new(modes, terminal, may_ask),
            frames,
            urgency: None,
            inputs: Inputs::start()?,
            signals,
            link,
            news,
            others,
            tell,
            history: None,
            export: None,
            through,
            notifier,
            state,
            remembered,
            running: true,
        };
        if ask {
            this.owned.background.send();
        }
        this.execute(effects);
        Ok(this)
    }

    async fn run(mut self) -> (Link, io::Result<()>) {
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
                Incoming::Input(input) => self.input(input),
                Incoming::Event(event) => self.update(event),
                Incoming::Nothing => {}
                Incoming::Ended => break,
            }
            self.take_what_waits();
            let now = Instant::now();
            if self.app.next_wake().is_some_and(|wake| wake <= now) {
                self.update(Event::Wake);
            }
        }
        self.owned.await_reply(&mut self.inputs).await;
        let now = self.app.setup.remembered.clone();
        if let (Some(state), true) = (&self.state, now != self.remembered) {
            // At the end the write is waited for.
            let _ = settings::write(state, &now);
        }
        if let Some(history) = self.history.take() {
            history.finish();
        }
        if let Some(export) = self.export.take() {
            export.stop();
        }
        self.output.leave();
        (self.link, ended)
    }

    /// Waits for the next thing to happen.
    async fn next(&mut self, gone: &mut (impl Future<Output = ()> + Unpin)) -> Incoming {
        let now = Instant::now();
        self.urgency = self.urgency.max(self.app.needs_draw());
        let frame = self.urgency.filter(|_| !self.owned.stopped).map(|urgency| self.frames.due(urgency, now));
        let deadline = [frame, self.app.next_wake()].into_iter().flatten().min();
        let Self { signals, inputs, news, others, .. } = self;
        tokio::select! {
            biased;
            signal = signals.recv() => signal.map_or(Incoming::Ended, Incoming::Signal),
            input = inputs.next() => input.map_or(Incoming::Ended, Incoming::Input),
            () = gone => Incoming::Ended,
            Some(event) = others.recv() => Incoming::Event(event),
            news = news.recv() => news.map_or(Incoming::Ended, |news| Incoming::Event(Event::Link(news))),
            () = sleep_until(deadline.unwrap_or(now).into()), if deadline.is_some() => Incoming::Nothing,
        }
    }

    /// Takes what came meanwhile, so that one frame shows all of it.
    fn take_what_waits(&mut self) {
        // What is said line by line shows the line as it was when it was entered.
        let inputs = if matches!(self.output, Output::Linear(_)) { 0 } else { MAX_EVENTS_A_FRAME };
        for _ in 0..inputs {
            let Some(input) = self.running.then(|| self.inputs.next_now()).flatten() else { break };
            self.input(input);
        }
        for _ in 0..MAX_EVENTS_A_FRAME {
            let Some(news) = self.running.then(|| self.news.try_recv().ok()).flatten() else { break };
            self.update(Event::Link(news));
        }
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.urgency = self.urgency.max(self.app.needs_draw());
        let due = self.urgency.is_some_and(|urgency| self.frames.due(urgency, now) <= now);
        if due && !self.owned.stopped {
            self.urgency = None;
            self.frames.drawn(now);
            let (close, many) = self.output.show(&self.app, now)?;
            self.frames.were_many(many);
            if close {
                self.update(Event::Key(KeyCode::Esc.into()));
            }
        }
        Ok(())
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Key(key) => self.update(Event::Key(key)),
            Input::Paste(text) => self.update(Event::Paste(text)),
            Input::Mouse(mouse) => self.update(Event::Mouse(mouse)),
            Input::Focus(focused) => self.update(Event::Focus(focused)),
            Input::Background(background) => {
                self.owned.background.replied();
                self.update(Event::Background(background));
            }
            Input::Resized => self.resized(),
        }
    }

    fn update(&mut self, event: Event) {
        let effects = self.app.update(event, Instant::now());
        self.execute(effects);
    }
}

impl OwnsTerminal for Loop {
    fn owned(&mut self) -> &mut OwnedTerminal {
        &mut self.owned
    }

    fn before_leaving(&mut self) {
        self.output.leave();
    }

    fn repaint(&mut self) {
        self.output.repaint();
        self.urgency = Some(Urgency::Now);
    }

    fn uncover(&mut self) {
        self.output.uncover();
        self.urgency = Some(Urgency::Now);
    }

    fn resize(&mut self, size: (u16, u16)) {
        let (width, height) = self.output.resize(size);
        self.update(Event::Resize(width, height));
    }

    fn wants_background(&self) -> bool {
        self.app.setup.appearance.wants_background()
    }

    fn end(&mut self) {
        self.running = false;
    }
}
