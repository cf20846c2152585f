//! Signals, heard in a thread of their own. Called by `run`.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::terminal::{self, Signal, Signals};

/// How long ending may take in all once the system asks for it, whatever hangs.
const LAST_MOMENT: Duration = Duration::from_secs(8);

/// The most signals that wait. Of sizes only a few do: the last one is asked for.
const SIGNALS: usize = 16;

/// Hears signals in a thread of its own, so that the end comes even where the loop hangs, because a terminal that was
/// stopped takes no bytes.
pub(super) fn hear() -> io::Result<mpsc::Receiver<Signal>> {
    let (tell, told) = mpsc::channel(SIGNALS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::listen()?
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        loop {
            let signal = runtime.block_on(signals.next());
            // A full queue holds the same signals already, and those that matter more have room left by sizes.
            if signal != Signal::Resize || tell.capacity() > SIGNALS / 2 {
                let _ = tell.try_send(signal);
            }
            if signal == Signal::End {
                std::thread::sleep(LAST_MOMENT);
                terminal::give_up();
                std::process::exit(0);
            }
        }
    })?;
    Ok(told)
}
