//! Signals during a question: they are noted, and have their usual effect once the terminal is restored. Used by
//! `prompt` alone.

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

use super::keys::Heard;

/// Set up once: what has taken a signal from the system cannot give it back, only let it have its usual effect.
static NOTES: OnceLock<Notes> = OnceLock::new();

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
    /// SIGTSTP or SIGCONT, whichever came last; 0 where neither did.
    stop_or_continue: Arc<AtomicUsize>,
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
        notes.stop_or_continue.store(0, Ordering::SeqCst);
        Ok(Self { notes, ends_at_signals })
    }

    /// The next thing heard. [`Heard::End`] is returned by every later call too.
    pub(super) fn heard(&self) -> Option<Heard> {
        if self.end().is_some() {
            return Some(Heard::End);
        }
        match self.notes.stop_or_continue.swap(0, Ordering::SeqCst) {
            0 => None,
            signal if signal == number(Signal::CONT) => Some(Heard::Continue),
            _ => Some(Heard::Stop),
        }
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
        let notes = &self.notes.stop_or_continue;
        notes.store(0, Ordering::SeqCst);
        if kill_current_process_group(Signal::STOP).is_ok() {
            // It may be a moment until the stop has come to this thread.
            while notes.swap(0, Ordering::SeqCst) != number(Signal::CONT) {
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
            flag::register_conditional_default(signal.as_raw(), Arc::clone(idle))?;
            flag::register_usize(signal.as_raw(), Arc::clone(&notes.end), number(signal))?;
        }
        flag::register_conditional_default(Signal::TSTP.as_raw(), Arc::clone(&notes.idle))?;
        for signal in [Signal::TSTP, Signal::CONT] {
            flag::register_usize(signal.as_raw(), Arc::clone(&notes.stop_or_continue), number(signal))?;
        }
        Ok(notes)
    }
}

fn number(signal: Signal) -> usize {
    usize::try_from(signal.as_raw()).unwrap_or_default()
}
