//! `squares-server pin` at a terminal: what is typed is not shown, and however the question ends, the terminal is as
//! it was before.

use std::{
    io::{Read as _, Write},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PROGRAM, eventually};

/// A terminal with the program in it, which asks.
struct PromptTerminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    /// What it wrote so far.
    said: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
    /// The modes of the terminal before.
    before: String,
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    let modes = master.get_termios().unwrap();
    format!("{:?} {:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.control_flags, modes.local_flags)
}

impl PromptTerminal {
    fn start() -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::new(PROGRAM);
        command.arg("pin");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keys = pair.master.take_writer().unwrap();
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let (mut terminal, all) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&said));
        let reading = std::thread::spawn(move || {
            let mut part = [0; 4096];
            // A terminal that nobody has open any more ends by an error.
            while let Ok(count @ 1..) = terminal.read(&mut part) {
                all.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        let asked = Self { child, master: pair.master, keys, said, reading, before };
        asked.until_asked(1);
        asked
    }

    /// Waits until it has asked so often; what was typed before it asks is thrown away.
    fn until_asked(&self, times: usize) {
        eventually("it asks, unseen", || self.said().matches("PIN: ").count() == times);
        assert_ne!(modes(&*self.master), self.before);
    }

    fn said(&self) -> String {
        String::from_utf8(self.said.lock().unwrap().clone()).unwrap()
    }

    fn until_seen(&self, what: &str) {
        eventually(what, || modes(&*self.master) == self.before);
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).unwrap();
        stat.rsplit(')').next().unwrap().trim_start().starts_with('T')
    }

    /// Waits for its end; gives whether it succeeded, and all that it wrote.
    fn end(mut self) -> (bool, String) {
        let status = self.child.wait().unwrap();
        self.until_seen("the terminal is as it was before");
        self.reading.join().unwrap();
        (status.success(), String::from_utf8(self.said.lock().unwrap().clone()).unwrap())
    }
}

#[test]
fn a_pin_is_typed_unseen_and_its_hash_printed() {
    let mut asked = PromptTerminal::start();
    asked.press("48\x7f711\r");
    let (succeeded, said) = asked.end();
    assert!(succeeded && said.starts_with("PIN: \r\n$argon2id$"), "{said}");
    assert!(!said.contains("4711"), "{said}");
}

#[test]
fn however_it_is_ended_the_terminal_shows_again_what_is_typed() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let mut asked = PromptTerminal::start();
        asked.press("47");
        asked.signal(signal);
        let (succeeded, said) = asked.end();
        assert!(!succeeded && !said.contains("47") && !said.contains("$argon2id$"), "{signal:?}: {said}");
    }
    for keys in ["\x03", "\x04", "\x1c", "\r"] {
        let mut asked = PromptTerminal::start();
        asked.press(keys);
        let (succeeded, said) = asked.end();
        assert!(!succeeded && said.contains("no PIN was typed"), "{keys:?}: {said}");
    }
}

#[test]
fn stopped_it_gives_the_terminal_back_and_continued_it_asks_again() {
    let mut asked = PromptTerminal::start();
    for (asked_before, by_key) in [(1, true), (2, false)] {
        asked.press("99");
        if by_key {
            asked.press("\x1a");
        } else {
            asked.signal(Signal::TSTP);
        }
        eventually("it stops", || asked.is_stopped());
        asked.until_seen("the shell has the terminal as it was");
        asked.signal(Signal::CONT);
        asked.until_asked(asked_before + 1);
    }
    // Stopped without being asked, and continued on a terminal that the shell may have set anew.
    asked.signal(Signal::STOP);
    eventually("it stops", || asked.is_stopped());
    asked.signal(Signal::CONT);
    asked.until_asked(4);
    asked.press("4711\r");
    let (succeeded, said) = asked.end();
    assert!(succeeded && said.contains("$argon2id$"), "{said}");
}
