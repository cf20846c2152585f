//! Bytes of the terminal, read in a thread of its own, since reading blocks: while nothing comes, nothing wakes.
//! Called by `run`.

use std::io;
use std::time::Instant;

use tokio::sync::mpsc;

/// The most reads that wait. A person cannot fill it; of a paste each holds some kilobytes.
const READS: usize = 256;

/// What one read gave, and when.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes.
    Bytes(Vec<u8>, Instant),
    /// The window has another size. Elsewhere a signal says so.
    #[cfg(windows)]
    Resized,
}

/// Reads from now on. When it can read no more, the channel closes.
///
/// # Errors
/// Where there is no terminal, or no thread to be had.
#[cfg(unix)]
pub fn start() -> io::Result<mpsc::Receiver<Chunk>> {
    use std::io::{IsTerminal, Read as _};
    use std::os::fd::AsFd;

    /// As much as a terminal of the system buffers.
    const MAX_BYTES: usize = 4096;

    // Not the standard library's reader, which has a buffer and a lock.
    let input = io::stdin();
    let mut terminal = if input.is_terminal() {
        std::fs::File::from(input.as_fd().try_clone_to_owned()?)
    } else {
        std::fs::File::open("/dev/tty")?
    };
    let (tell, told) = mpsc::channel(READS);
    std::thread::Builder::new().name("input".into()).spawn(move || {
        let mut bytes = [0; MAX_BYTES];
        loop {
            match terminal.read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => {
                    if tell.blocking_send(Chunk::Bytes(bytes[..count].to_vec(), Instant::now())).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The program before us left the terminal in non-blocking mode.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    use rustix::event::{PollFd, PollFlags, poll};
                    // Where waiting fails, so will reading.
                    let _ = poll(&mut [PollFd::new(&terminal, PollFlags::IN)], None);
                }
                Err(_) => return,
            }
        }
    })?;
    Ok(told)
}

/// Reads from now on. When it can read no more, the channel closes.
///
/// # Errors
/// Where there is no console, or no thread to be had.
#[cfg(windows)]
pub fn start() -> io::Result<mpsc::Receiver<Chunk>> {
    use squares_shared::console::ConsoleInput;

    let mut console = ConsoleInput::open()?;
    let (tell, told) = mpsc::channel(READS);
    std::thread::Builder::new().name("input".into()).spawn(move || {
        while let Ok(read) = console.wait() {
            let resized = read.is_resized.then_some(Chunk::Resized);
            let bytes = Some(read.bytes).filter(|bytes| !bytes.is_empty());
            let bytes = bytes.map(|bytes| Chunk::Bytes(bytes, Instant::now()));
            for chunk in [resized, bytes].into_iter().flatten() {
                if tell.blocking_send(chunk).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(told)
}
