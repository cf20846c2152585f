//! A terminal with `squares` in it: every byte with the moment at which it came, and what the screen shows for it.

use std::collections::VecDeque;
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Columns and rows, as in the table of other programs.
pub(crate) const SIZE: (u16, u16) = (80, 24);

/// What begins every frame.
const FRAME: &[u8] = b"\x1b[?2026h";

/// The program in its terminal; it ends with this.
pub(crate) struct Terminal {
    pub(crate) started: Instant,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    output: mpsc::Receiver<(Instant, Vec<u8>)>,
    waiting: VecDeque<(Instant, Vec<u8>)>,
    emulator: vt100::Parser,
    /// Bytes and frames that were written so far.
    pub(crate) bytes: usize,
    pub(crate) frames: usize,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the program with a home of its own.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let (cols, rows) = SIZE;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_squares"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "en_US.UTF-8")] {
            command.env(name, value);
        }
        for name in ["HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(name, home);
        }
        let mut reader = pair.master.try_clone_reader()?;
        let writer = pair.master.take_writer()?;
        let (tell, output) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if tell.send((Instant::now(), chunk[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        Ok(Self {
            started,
            child,
            writer,
            output,
            waiting: VecDeque::new(),
            emulator: vt100::Parser::new(rows.try_into()?, cols.try_into()?, 0),
            bytes: 0,
            frames: 0,
            _master: pair.master,
        })
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.process_id().ok_or_else(|| anyhow::anyhow!("the program has ended"))
    }

    pub(crate) fn type_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.writer.write_all(text.as_bytes())?;
        Ok(self.writer.flush()?)
    }

    /// Takes what comes next, at the latest then. Gives the moment at which it came; none where nothing did.
    pub(crate) fn next(&mut self, until: Instant) -> anyhow::Result<Option<Instant>> {
        let left = until.saturating_duration_since(Instant::now());
        let (at, chunk) = match self.waiting.pop_front() {
            Some(waiting) => waiting,
            None => match self.output.recv_timeout(left) {
                Ok(came) => came,
                Err(mpsc::RecvTimeoutError::Timeout) => return Ok(None),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    bail!("the program ended; the screen shows:\n{}", self.contents())
                }
            },
        };
        self.bytes += chunk.len();
        // A frame is written in one go, so that its beginning is rarely cut in two.
        self.frames += chunk.windows(FRAME.len()).filter(|part| *part == FRAME).count();
        self.emulator.process(&chunk);
        Ok(Some(at))
    }

    /// Waits until the screen is as wanted; gives the moment at which it was.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> anyhow::Result<Instant> {
        let mut at = Instant::now();
        let end = at + PATIENCE;
        while !fits(self.emulator.screen()) {
            match self.next(end)? {
                Some(came) => at = came,
                None => bail!("{what} does not come; the screen shows:\n{}", self.contents()),
            }
        }
        Ok(at)
    }

    /// Waits until this stands on the screen.
    pub(crate) fn until_shows(&mut self, text: &str) -> anyhow::Result<Instant> {
        self.until(text, |screen| screen.contents().contains(text))
    }

    /// Takes everything that comes until nothing has for this long.
    pub(crate) fn rest(&mut self, quiet: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.next(Instant::now() + quiet)?.is_some() {
            ensure!(Instant::now() < end, "the screen does not come to rest");
        }
        Ok(())
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    pub(crate) fn contents(&self) -> String {
        self.emulator.screen().contents()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
