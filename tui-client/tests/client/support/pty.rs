//! A terminal of one's own: the program on one side, an emulator on the other, and every byte it was sent.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::{Home, PATIENCE, SQUARES};

/// A terminal with `squares` in it.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// The modes of the terminal before the program ran.
    before: String,
    /// Ends when the terminal has nothing more to give.
    reading: Option<thread::JoinHandle<()>>,
}

struct Shown {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
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
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let emulator = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let shown = Arc::new((Mutex::new(Shown { emulator, bytes: Vec::new() }), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let watched = Arc::clone(&shown);
        let reading = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let mut shown = watched.0.lock().unwrap();
                shown.emulator.process(&chunk[..count]);
                shown.bytes.extend_from_slice(&chunk[..count]);
                watched.1.notify_all();
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { child, master: Some(pair.master), writer: Some(writer), shown, before, reading: Some(reading) }
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
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            if fits(shown.emulator.screen(), &shown.bytes[from..]) {
                return shown.emulator.screen().contents();
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let contents = shown.emulator.screen().contents();
                drop(shown);
                panic!("{what} does not come; the screen shows:\n{contents}");
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until this was sent, behind the first so many bytes.
    pub(crate) fn until_sent(&self, sequence: &str, from: usize) {
        let wanted = sequence.as_bytes();
        self.until_bytes(sequence, from, |_, bytes| bytes.windows(wanted.len()).any(|part| part == wanted));
    }

    /// How many bytes were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.shown.0.lock().unwrap().bytes.len()
    }

    /// Everything that was sent so far.
    pub(crate) fn all_sent(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap().bytes).into_owned()
    }

    pub(crate) fn contents(&self) -> String {
        self.shown.0.lock().unwrap().emulator.screen().contents()
    }

    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.shown.0.lock().unwrap().emulator.screen().cursor_position()
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Makes the window another size.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let mut shown = self.shown.0.lock().unwrap();
        shown.emulator.screen_mut().set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
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
            thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    pub(crate) fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last is on the screen once its terminal has nothing more to give.
                if let Some(reading) = self.reading.take() {
                    reading.join().unwrap();
                }
                return status.exit_code();
            }
            assert!(Instant::now() < end, "the program does not end; the screen shows:\n{}", self.contents());
            thread::sleep(std::time::Duration::from_millis(2));
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
        let shown = self.shown.0.lock().unwrap();
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
