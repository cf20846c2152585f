//! The terminal that the program was started in. When it ends, so does the server, which would otherwise go on unseen
//! with its port and its ledger. SIGHUP tells of that end and of a wish to read the roster again alike: which it is,
//! the terminal tells. Used by `signals`.

use std::{fs::File, io, time::Duration};

use rustix::io::Errno;

/// The controlling terminal, by the name that it has for every process.
const NAME: &str = "/dev/tty";

/// How often it is looked at: some shells go without a signal to those that they leave behind.
const LOOKED_AT: Duration = Duration::from_secs(2);

pub(super) struct Terminal;

impl Terminal {
    /// `None` where the program was started in none, or is to go on without it, as by `nohup`.
    pub(super) fn of_the_program() -> Option<Self> {
        (File::open(NAME).is_ok() && !is_to_go_on()).then_some(Self)
    }

    pub(super) fn is_gone(&self) -> bool {
        // Any other error, such as no descriptor to open it with, tells nothing about it.
        let is_of_its_end = |error: io::Error| matches!(Errno::from_io_error(&error), Some(Errno::NXIO | Errno::IO));
        File::open(NAME).is_err_and(is_of_its_end)
    }

    pub(super) async fn ended(&self) {
        while !self.is_gone() {
            tokio::time::sleep(LOOKED_AT).await;
        }
    }
}

/// Whether whoever started the program has seen to it that SIGHUP does not end it.
fn is_to_go_on() -> bool {
    #[cfg(target_os = "linux")]
    return std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_up(&status));
    // Elsewhere nothing tells, and `nohup` leaves no terminal as input, output or log.
    #[cfg(not(target_os = "linux"))]
    {
        use io::IsTerminal as _;
        !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal())
    }
}

/// Whether the system's account of a process says that SIGHUP, the first of all signals, is ignored.
#[cfg(target_os = "linux")]
fn ignores_hang_up(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn whether_the_signal_is_ignored_stands_in_the_systems_account() {
        for (status, expected) in [
            ("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n", false),
            ("SigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n", true),
            ("Name:\tsquares-server\n", false),
        ] {
            assert_eq!(ignores_hang_up(status), expected, "{status:?}");
        }
    }
}
