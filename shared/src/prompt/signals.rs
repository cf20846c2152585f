//! What the system asks of the program while it asks for a PIN. A signal that comes meanwhile is noted, and has its
//! usual effect once the question is over. Used by `prompt` alone.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::process::{Signal, kill_current_process_group};
use signal_hook::{flag, low_level::emulate_default_handler};

/// Set up once: what has taken a signal from the system cannot give it back, only let it have its usual effect.
static NOTES: OnceLock<Notes> = OnceLock::new();

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// To end.
    End,
    /// To stop.
    Stop,
    /// It was stopped, and is continued.
    Continue,
}

/// Hears signals, until it is dropped. Then the program ends, where one has asked for that.
#[derive(Debug)]
pub(super) struct Signals {
    notes: &'static Notes,
    ends_at_signals: bool,
}

#[derive(Debug, Default)]
struct Notes {
    /// The number of the signal that asked to end; 0 where none did.
    end: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
    /// No question is asked just now: signals have their usual effect at once.
    idle: Arc<AtomicBool>,
    /// The same for those that another part of the program may answer to.
    idle_and_nobodys: Arc<AtomicBool>,
}

impl Signals {
    /// Hears them from now on; `ends_at_signals` as in [`super::ask_unseen`].
    ///
    /// # Errors
    /// The system's.
    pub(super) fn hear(ends_at_signals: bool) -> io::Result<Self> {
        let notes = match NOTES.get() {
            Some(notes) => notes,
            None => {
                let notes = Notes::register()?;
                NOTES.get_or_init(|| notes)
            }
        };
        notes.idle.store(false, Ordering::SeqCst);
        notes.idle_and_nobodys.store(false, Ordering::SeqCst);
        notes.end.store(0, Ordering::SeqCst);
        notes.stop.store(false, Ordering::SeqCst);
        notes.continued.store(false, Ordering::SeqCst);
        Ok(Self { notes, ends_at_signals })
    }

    /// What was heard and not told yet; to end is told again and again.
    pub(super) fn heard(&self) -> Option<Heard> {
        if self.end().is_some() {
            return Some(Heard::End);
        }
        // Whoever was stopped and continued before this is looked at has been through both.
        if self.notes.continued.swap(false, Ordering::SeqCst) {
            self.notes.stop.store(false, Ordering::SeqCst);
            return Some(Heard::Continue);
        }
        self.notes.stop.swap(false, Ordering::SeqCst).then_some(Heard::Stop)
    }

    /// The signal that ends the program; none where another part of it answers to that.
    fn end(&self) -> Option<i32> {
        let end = i32::try_from(self.notes.end.load(Ordering::SeqCst)).ok().filter(|&end| end != 0)?;
        let is_answered = !self.ends_at_signals && [Signal::INT, Signal::TERM].iter().any(|it| it.as_raw() == end);
        (!is_answered).then_some(end)
    }

    /// Stops the program and its group, as the terminal's own Ctrl-Z would, and comes back when they are continued.
    pub(super) fn stop(&self) {
        /// How soon it is noticed.
        const SOON: Duration = Duration::from_millis(10);
        self.notes.continued.store(false, Ordering::SeqCst);
        if kill_current_process_group(Signal::STOP).is_ok() {
            // It may be a moment until the stop has come to this thread.
            while !self.notes.continued.swap(false, Ordering::SeqCst) {
                std::thread::sleep(SOON);
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.notes.idle.store(true, Ordering::SeqCst);
        self.notes.idle_and_nobodys.store(self.ends_at_signals, Ordering::SeqCst);
        if let Some(end) = self.end() {
            // It does not come back.
            let _ = emulate_default_handler(end);
        }
    }
}

impl Notes {
    fn register() -> io::Result<Self> {
        let notes = Self::default();
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
            let may_be_answered = matches!(signal, Signal::INT | Signal::TERM);
            let idle = if may_be_answered { &notes.idle_and_nobodys } else { &notes.idle };
            let number = usize::try_from(signal.as_raw()).unwrap_or_default();
            flag::register_conditional_default(signal.as_raw(), Arc::clone(idle))?;
            flag::register_usize(signal.as_raw(), Arc::clone(&notes.end), number)?;
        }
        flag::register_conditional_default(Signal::TSTP.as_raw(), Arc::clone(&notes.idle))?;
        flag::register(Signal::TSTP.as_raw(), Arc::clone(&notes.stop))?;
        flag::register(Signal::CONT.as_raw(), Arc::clone(&notes.continued))?;
        Ok(notes)
    }
}
