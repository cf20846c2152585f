//! A terminal of one's own: the program on one side, an emulator on the other, and every byte it was sent with the
//! moment at which it came. The tests use it, the terminal bench, and whoever draws the pictures of the README.

#![allow(dead_code, reason = "the bench asks when something came, and the tests do not")]

use std::cell::{Ref, RefCell};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::{Home, PATIENCE, SQUARES};

/// How often a condition is looked at that no output announces, such as a file.
const LOOK: Duration = Duration::from_millis(20);

/// A terminal with `squares` in it.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    /// What the terminal was sent and nobody has looked at; it ends when the terminal has nothing more to give.
    output: mpsc::Receiver<(Instant, Vec<u8>)>,
    shown: RefCell<Shown>,
    pub(crate) started: Instant,
    /// The modes of the terminal before the program ran.
    before: String,
}

struct Shown {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
}

/// What a wait for output came to.
pub(crate) enum Output {
    /// Something, at this moment.
    Came(Instant),
    Nothing,
    Ended,
}

impl Pty {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_program(home, SQUARES, arguments, &[])
    }

    pub(crate) fn start_program(home: &Home, program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_sized(home, (80, 24), program, arguments, environment)
    }

    /// In a terminal of so many columns and rows.
    pub(crate) fn start_sized(
        home: &Home,
        (cols, rows): (u16, u16),
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let before = modes(&*pair.master);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (send, output) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if send.send((Instant::now(), chunk[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let emulator = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let shown = RefCell::new(Shown { emulator, bytes: Vec::new() });
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (master, writer) = (Some(pair.master), Some(writer));
        Self { child, master, writer, output, shown, started, before }
    }

    /// Takes what comes next, at the latest then.
    pub(crate) fn next(&self, until: Instant) -> Output {
        match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((at, chunk)) => {
                let mut shown = self.shown.borrow_mut();
                shown.emulator.process(&chunk);
                shown.bytes.extend_from_slice(&chunk);
                Output::Came(at)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Output::Nothing,
            Err(mpsc::RecvTimeoutError::Disconnected) => Output::Ended,
        }
    }

    /// The screen with what was taken so far.
    pub(crate) fn screen(&self) -> Ref<'_, vt100::Screen> {
        Ref::map(self.shown.borrow(), |shown| shown.emulator.screen())
    }

    /// The screen with everything that came so far, and its bytes.
    fn shown(&self) -> Ref<'_, Shown> {
        while let Output::Came(_) = self.next(Instant::now()) {}
        self.shown.borrow()
    }

    /// Takes everything that comes until nothing has for this long.
    pub(crate) fn rest(&self, quiet: Duration) {
        let end = Instant::now() + PATIENCE;
        while let Output::Came(_) = self.next(Instant::now() + quiet) {
            assert!(Instant::now() < end, "the screen does not come to rest");
        }
    }

    /// Waits until the screen is as wanted; gives its text.
    pub(crate) fn until(&self, what: &str, mut fits: impl FnMut(&vt100::Screen) -> bool) -> String {
        self.until_bytes(what, 0, |shown, _| fits(shown))
    }

    /// Waits until these rows stand on the screen, one below the other.
    pub(crate) fn until_shows_rows(&self, rows: &[&str]) {
        let trimmed = |screen: &vt100::Screen| -> Vec<String> {
            screen.rows(0, u16::MAX).map(|row| row.trim_end().to_owned()).collect()
        };
        self.until(&rows.join("/"), |screen| trimmed(screen).windows(rows.len()).any(|shown| shown == rows));
    }

    /// Waits until this stands on the screen.
    pub(crate) fn until_shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contents().contains(text))
    }

    fn until_bytes(&self, what: &str, from: usize, mut fits: impl FnMut(&vt100::Screen, &[u8]) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            let (screen, bytes) = (shown.emulator.screen(), &shown.bytes);
            if fits(screen, &bytes[from..]) {
                return screen.contents();
            }
            assert!(Instant::now() < end, "{what} does not come; the screen shows:\n{}", screen.contents());
            drop(shown);
            if let Output::Ended = self.next(Instant::now() + LOOK) {
                thread::sleep(LOOK);
            }
        }
    }

    /// Waits until this was sent, behind the first so many bytes.
    pub(crate) fn until_sent(&self, sequence: &str, from: usize) {
        let wanted = sequence.as_bytes();
        self.until_bytes(sequence, from, |_, bytes| bytes.windows(wanted.len()).any(|part| part == wanted));
    }

    /// How many bytes were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.shown().bytes.len()
    }

    /// Everything that was sent so far.
    pub(crate) fn all_sent(&self) -> String {
        String::from_utf8_lossy(&self.shown().bytes).into_owned()
    }

    pub(crate) fn contents(&self) -> String {
        self.shown().emulator.screen().contents()
    }

    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.shown().emulator.screen().cursor_position()
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Makes the window another size.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        drop(self.shown());
        self.shown.borrow_mut().emulator.screen_mut().set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    /// Waits for a state as the system tells it, such as `T` for stopped.
    #[cfg(target_os = "linux")]
    pub(crate) fn until_state(&self, wanted: char) {
        let path = format!("/proc/{}/stat", self.pid().as_raw_nonzero());
        let end = Instant::now() + PATIENCE;
        loop {
            let stat = std::fs::read_to_string(&path).unwrap();
            if stat.rsplit(')').next().unwrap().trim_start().starts_with(wanted) {
                return;
            }
            assert!(Instant::now() < end, "the process does not come to {wanted}: {stat}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last is on the screen once its terminal has nothing more to give.
                while let Output::Came(_) = self.next(end) {}
                return status.exit_code();
            }
            assert!(Instant::now() < end, "the program does not end; the screen shows:\n{}", self.contents());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Closes the terminal, as its window's cross does.
    pub(crate) fn close(&mut self) {
        drop(self.writer.take());
        drop(self.master.take());
    }

    /// Whether the terminal is as it was before: modes, screen, paste, mouse and cursor.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(modes(&**self.master.as_ref().unwrap()), self.before, "the modes of the terminal");
        let shown = self.shown();
        let screen = shown.emulator.screen();
        assert!(!screen.alternate_screen(), "the other screen");
        assert!(!screen.bracketed_paste(), "paste");
        assert!(!screen.hide_cursor(), "the cursor");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse");
        let stream = String::from_utf8_lossy(&shown.bytes);
        for mode in ["1000", "1002", "1003", "1004", "1006", "1015", "1049", "2004", "2026"] {
            let (on, off) = (stream.rfind(&format!("\x1b[?{mode}h")), stream.rfind(&format!("\x1b[?{mode}l")));
            assert!(on <= off, "mode {mode} is left on");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    let modes = master.get_termios().unwrap();
    format!("{:?} {:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.control_flags, modes.local_flags)
}
