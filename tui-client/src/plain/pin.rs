//! Asking for a PIN on the terminal, unseen. Called by `plain` where a server wants one and `SQUARES_PIN` is not set.

/// Asks on the controlling terminal, whatever standard input and output are; `None` where there is none.
#[cfg(unix)]
pub(super) fn ask() -> Option<String> {
    use std::io::{BufRead, BufReader, Write};

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let mut terminal = std::fs::File::options().read(true).write(true).open("/dev/tty").ok()?;
    let before = tcgetattr(&terminal).ok()?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    unseen.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHONL);
    terminal.write_all(b"PIN: ").ok()?;
    tcsetattr(&terminal, OptionalActions::Flush, &unseen).ok()?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    read.ok()?;
    let pin = line.trim_end_matches(['\r', '\n']);
    (!pin.is_empty()).then(|| pin.to_owned())
}

/// Elsewhere `SQUARES_PIN` is the only way.
#[cfg(not(unix))]
pub(super) fn ask() -> Option<String> {
    None
}
