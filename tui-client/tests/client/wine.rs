//! The full screen of the program for Windows, under wine: its keys go through wine's console and its real interface,
//! from a Linux pseudo-terminal, and what it writes comes through a pipe into an emulator. `.ci/windows` builds it and
//! runs this with `SQUARES_WINE`, the command that starts `examples/screen.rs` as built for Windows; nothing else does.

use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::support::{Home, Server};

/// The command; its words are parted by blanks.
const VARIABLE: &str = "SQUARES_WINE";

/// Wine takes its time to start, the first time most of all.
const PATIENCE: Duration = Duration::from_secs(120);

struct Wine {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: mpsc::Receiver<Vec<u8>>,
    emulator: vt100::Parser,
    bytes: Vec<u8>,
}

impl Wine {
    fn start(command: &str, address: &str, folder: &Path) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let fifo = folder.join("output");
        mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
        let mut shell = CommandBuilder::new("sh");
        shell.args(["-c", "out=$0; exec \"$@\" >\"$out\""]);
        shell.arg(&fifo);
        shell.args(command.split_whitespace());
        shell.arg(address);
        // Its folders within the wine prefix.
        shell.env("LOCALAPPDATA", "C:\\squares-test");
        let child = pair.slave.spawn_command(shell).unwrap();
        drop(pair.slave);
        // What wine itself writes on the terminal is not looked at, but it must not wait to be.
        let mut noise = pair.master.try_clone_reader().unwrap();
        thread::spawn(move || std::io::copy(&mut noise, &mut std::io::sink()));
        let (send, output) = mpsc::channel();
        thread::spawn(move || {
            let mut pipe = std::fs::File::open(fifo).unwrap();
            let mut chunk = [0; 16 << 10];
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                if send.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        let emulator = vt100::Parser::new(size.rows.try_into().unwrap(), size.cols.try_into().unwrap(), 0);
        Self { child, _master: pair.master, keys, output, emulator, bytes: Vec::new() }
    }

    fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn until_shows(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.emulator.screen().contents().contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.output.recv_timeout(left) else {
                panic!("{text:?} does not come; the screen shows:\n{}", self.emulator.screen().contents());
            };
            self.take(&chunk);
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.emulator.process(chunk);
        self.bytes.extend_from_slice(chunk);
    }

    /// Waits for its end; gives its exit code.
    fn end(&mut self) -> u32 {
        while let Ok(chunk) = self.output.recv_timeout(PATIENCE) {
            self.take(&chunk);
        }
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn the_screen_for_windows_joins_squares_asks_about_a_paste_and_gives_the_console_back() {
    let Ok(command) = std::env::var(VARIABLE) else { return };
    let (server, home) = (Server::start(&[]), Home::new());
    let mut wine = Wine::start(&command, &server.address, home.path());
    wine.until_shows("Student");
    wine.keys("20260001\t");
    wine.until_shows("20260001");
    wine.keys("가람");
    wine.until_shows("가람");
    wine.keys("\r");
    wine.until_shows("* ");
    wine.keys("12\r");
    wine.until_shows("12² = 144");
    // Lines that come at once, marked or not, are asked about and squared by nobody.
    wine.keys("13\r14\r15\r");
    wine.until_shows("Square 3 numbers?");
    wine.keys("\r");
    wine.until_shows("15² = 225");
    wine.keys("/exit\r");
    assert_eq!(wine.end(), 0);
    assert_eq!(server.numbers(), ["12", "13", "14", "15"]);
    let screen = wine.emulator.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "left as it was");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}
