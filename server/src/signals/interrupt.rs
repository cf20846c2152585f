//! Signals that end a command which is in the middle of making a file: it first takes away what it has made so far.
//! Used by `backup`, `check` and `export`, which look at it as they go on.

use std::{
    io,
    ops::ControlFlow,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Notes that the command was interrupted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    /// The signal; 0 where there was none.
    by: Arc<AtomicUsize>,
    once: Arc<AtomicBool>,
}

impl Interrupt {
    /// Notes it from now on. The second time, the program ends at once.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn hear() -> io::Result<Self> {
        let interrupt = Self::default();
        #[cfg(unix)]
        {
            use rustix::process::Signal;
            use signal_hook::flag;
            for signal in [Signal::INT, Signal::TERM, Signal::HUP].map(Signal::as_raw) {
                flag::register_conditional_default(signal, Arc::clone(&interrupt.once))?;
                flag::register(signal, Arc::clone(&interrupt.once))?;
                flag::register_usize(signal, Arc::clone(&interrupt.by), usize::try_from(signal).unwrap_or_default())?;
            }
        }
        #[cfg(windows)]
        interrupt.hear_console()?;
        Ok(interrupt)
    }

    /// Notes what `signals::Signals` hears, in a thread of its own.
    #[cfg(windows)]
    fn hear_console(&self) -> io::Result<()> {
        let (by, once) = (Arc::clone(&self.by), Arc::clone(&self.once));
        let mut signals = super::Signals::new()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            loop {
                runtime.block_on(signals.end());
                if once.swap(true, Ordering::SeqCst) {
                    std::process::exit(1);
                }
                by.store(1, Ordering::SeqCst);
            }
        })?;
        Ok(())
    }

    pub(crate) fn go_on(&self) -> ControlFlow<()> {
        if self.by.load(Ordering::SeqCst) == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Ends the program as the signal would have.
    pub(crate) fn end(self) -> ExitCode {
        #[cfg(unix)]
        if let Ok(signal) = i32::try_from(self.by.load(Ordering::SeqCst)) {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
        ExitCode::FAILURE
    }
}
