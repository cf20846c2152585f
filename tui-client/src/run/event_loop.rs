//! The one loop of the full screen: keys, what the link and other threads tell, signals and due moments become events,
//! what is [`Shown`] turns them into effects, and a frame is drawn when one is due. Called by `run` for the room and by
//! `present` for the wall.
//!
//! There is no tick: while nothing happens, the loop sleeps.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

use super::input::Inputs;
use crate::event::{Effect, Event, LinkEvent};
use crate::link::{Link, LinkOptions};
use crate::signals::{self, Signal};
use crate::terminal::input::Input;
use crate::terminal::{self, BackgroundQuery, Modes};

/// How long the link may take to leave; a host waits for its guests' last results.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long the end waits for a reply of the terminal that was just asked for.
const LATE_REPLY: Duration = Duration::from_millis(100);

/// The most events of other threads that wait.
const THREAD_EVENTS: usize = 64;

/// The most events taken before the next frame is considered.
pub(super) const MAX_EVENTS_A_FRAME: usize = 256;

/// What the loop shows: the room or the wall. It decides; the loop and [`Shown::execute`] act.
pub(super) trait Shown: Sized {
    fn update(&mut self, event: Event, now: Instant) -> Vec<Effect>;
    fn execute(this: &mut EventLoop<Self>, effect: Effect);
    /// When the next frame is due; `None` where nothing has changed.
    fn frame_due(&mut self, now: Instant) -> Option<Instant>;
    /// Draws a frame; gives an event that follows from it.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    fn draw(&mut self, now: Instant) -> io::Result<Option<Event>>;
    /// When [`Event::Wake`] is due.
    fn next_wake(&self) -> Option<Instant> {
        None
    }
    /// The most keys and the like that are taken before the next frame is considered, besides the first.
    fn inputs_a_frame(&self) -> usize {
        MAX_EVENTS_A_FRAME
    }
    /// The terminal has this size. Gives back the one to lay out for.
    fn resize(&mut self, size: (u16, u16)) -> (u16, u16);
    /// What the terminal shows is not known any more: all of it is painted, at once.
    fn repaint(&mut self);
    /// A person who comes back to the terminal may see nothing yet.
    fn uncover(&mut self) {
        self.repaint();
    }
    /// The terminal is about to be given back.
    fn before_leaving(&mut self) {}
    /// Whether the colours go by the terminal's background.
    fn wants_background(&self) -> bool;
    /// The loop has ended.
    fn finish(&mut self) {}
}

pub(super) struct EventLoop<S> {
    pub(super) shown: S,
    pub(super) modes: Modes,
    /// The size of the terminal when it was last asked.
    size: (u16, u16),
    pub(super) background: BackgroundQuery,
    /// Stopped, or about to be: the terminal is not ours.
    stopped: bool,
    inputs: Inputs,
    signals: mpsc::Receiver<Signal>,
    pub(super) link: Link,
    link_events: mpsc::Receiver<LinkEvent>,
    /// What threads beside the link tell, and their way to do so.
    others: mpsc::Receiver<Event>,
    pub(super) tell: mpsc::Sender<Event>,
    pub(super) running: bool,
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

/// Takes the terminal over, and runs until the person leaves, the system asks to end, or the terminal is gone. The
/// terminal is as it was before then, whichever it was. `make` gives what is shown on a terminal of a size, and what is
/// to be done at once.
///
/// # Errors
/// Where there is no terminal to speak of.
pub(super) fn run<S: Shown>(
    modes: Modes,
    may_ask: bool,
    link: LinkOptions,
    make: impl FnOnce((u16, u16)) -> io::Result<(S, Vec<Effect>)>,
) -> io::Result<S> {
    terminal::leave_on_panic();
    // The theme alone decides on colours; without this, NO_COLOR would also cancel bold and reverse.
    crossterm::style::force_color_output(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let signals = signals::hear_all()?;
        terminal::mend();
        terminal::enter(modes)?;
        let size = terminal::size()?;
        let (shown, effects) = make(size)?;
        let (link, link_events) = Link::start(link)?;
        let (tell, others) = mpsc::channel(THREAD_EVENTS);
        let mut this = EventLoop {
            shown,
            modes,
            size,
            background: BackgroundQuery::new(may_ask),
            stopped: false,
            inputs: Inputs::start()?,
            signals,
            link,
            link_events,
            others,
            tell,
            running: true,
        };
        if this.shown.wants_background() {
            this.background.send();
        }
        this.execute(effects);
        let ended = this.run().await;
        this.await_reply().await;
        this.shown.finish();
        terminal::leave();
        // A link that does not come to an end has its squares on the disk.
        let _ = timeout(FAREWELL, this.link.leave()).await;
        ended.map(|()| this.shown)
    });
    terminal::leave();
    runtime.shutdown_background();
    ended
}

impl<S: Shown> EventLoop<S> {
    async fn run(&mut self) -> io::Result<()> {
        let input = io::stdin();
        let mut gone = Box::pin(terminal::gone(&input));
        while self.running {
            self.draw_if_due()?;
            match self.next(&mut gone).await {
                Incoming::Signal(signal) => self.signal(signal),
                Incoming::Input(input) => self.input(input),
                Incoming::Event(event) => self.update(event),
                Incoming::Nothing => {}
                Incoming::Ended => break,
            }
            self.take_what_waits();
            if self.shown.next_wake().is_some_and(|wake| wake <= Instant::now()) {
                self.update(Event::Wake);
            }
        }
        Ok(())
    }

    async fn next(&mut self, gone: &mut (impl Future<Output = ()> + Unpin)) -> Incoming {
        let now = Instant::now();
        let frame = self.shown.frame_due(now).filter(|_| !self.stopped);
        let deadline = [frame, self.shown.next_wake()].into_iter().flatten().min();
        let Self { signals, inputs, link_events, others, .. } = self;
        tokio::select! {
            biased;
            signal = signals.recv() => signal.map_or(Incoming::Ended, Incoming::Signal),
            input = inputs.next() => input.map_or(Incoming::Ended, Incoming::Input),
            () = gone => Incoming::Ended,
            Some(event) = others.recv() => Incoming::Event(event),
            event = link_events.recv() => event.map_or(Incoming::Ended, |event| Incoming::Event(Event::Link(event))),
            () = sleep_until(deadline.unwrap_or(now).into()), if deadline.is_some() => Incoming::Nothing,
        }
    }

    /// Takes what came meanwhile, so that one frame shows all of it.
    fn take_what_waits(&mut self) {
        for _ in 0..self.shown.inputs_a_frame() {
            let Some(input) = self.running.then(|| self.inputs.next_now()).flatten() else { break };
            self.input(input);
        }
        for _ in 0..MAX_EVENTS_A_FRAME {
            let Some(event) = self.running.then(|| self.link_events.try_recv().ok()).flatten() else { break };
            self.update(Event::Link(event));
        }
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let due = self.shown.frame_due(now).is_some_and(|due| due <= now);
        if due && !self.stopped {
            self.shown.draw(now)?.into_iter().for_each(|event| self.update(event));
        }
        Ok(())
    }

    fn input(&mut self, input: Input) {
        let event = match input {
            Input::Key(key) => Event::Key(key),
            Input::Paste(text) => Event::Paste(text),
            Input::Mouse(mouse) => Event::Mouse(mouse),
            Input::Focus(focused) => Event::Focus(focused),
            Input::Background(background) => {
                self.background.replied();
                Event::Background(background)
            }
            Input::Resized => return self.resized(),
        };
        self.update(event);
    }

    pub(super) fn update(&mut self, event: Event) {
        let effects = self.shown.update(event, Instant::now());
        self.execute(effects);
    }

    fn execute(&mut self, effects: Vec<Effect>) {
        effects.into_iter().for_each(|effect| S::execute(self, effect));
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End => self.running = false,
            Signal::Stop => self.stop(),
            Signal::Continue => self.go_on(),
            Signal::Resize => self.resized(),
        }
    }

    /// Gives the terminal back and stops; [`Signal::Continue`] follows.
    pub(super) fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.shown.before_leaving();
        terminal::leave();
        self.stopped = true;
        if terminal::stop().is_err() {
            self.go_on();
        }
    }

    /// Takes the terminal again, and paints all of it; also where somebody stopped us in a way that could not be
    /// answered (SIGSTOP).
    fn go_on(&mut self) {
        terminal::leave();
        self.stopped = false;
        if terminal::enter(self.modes).is_err() {
            self.running = false;
            return;
        }
        self.resized();
        // It may be another terminal by now, or have other colours.
        if self.shown.wants_background() {
            self.background.send();
        }
        self.shown.repaint();
    }

    /// The terminal may have another size. Where it has not, somebody came back to it who sees nothing yet (dtach),
    /// and all of it is painted.
    fn resized(&mut self) {
        let Ok(size) = terminal::size() else { return };
        if std::mem::replace(&mut self.size, size) == size {
            self.shown.uncover();
        }
        let (width, height) = self.shown.resize(size);
        self.update(Event::Resize(width, height));
    }

    /// Gives a reply that is on its way a moment, so that it does not arrive in the shell.
    async fn await_reply(&mut self) {
        let reply = async {
            while self.background.is_pending() {
                match self.inputs.next().await {
                    None | Some(Input::Background(_)) => break,
                    Some(_) => {}
                }
            }
        };
        let _ = timeout(LATE_REPLY, reply).await;
    }
}
