//! The floor: what it costs to hand the same bytes to as many clients with nothing but one write to each. It is this
//! program itself, started in another mode, so that its CPU time is its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::table;

/// The first argument that makes this program the floor.
pub(crate) const MODE: &str = "floor";

/// What the floor does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Floor {
    pub(crate) clients: usize,
    pub(crate) lines_a_write: usize,
    /// Rounds of one write to everybody; 0: as many as it can.
    pub(crate) rounds_a_second: u32,
}

impl Floor {
    /// The command that starts it.
    pub(crate) fn command(self) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        let numbers = [self.clients, self.lines_a_write, self.rounds_a_second as usize];
        command.arg(MODE).args(numbers.map(|number| number.to_string()));
        Ok(command)
    }
}

/// Is the floor until it is killed.
pub(crate) fn serve(arguments: impl Iterator<Item = String>) -> ExitCode {
    let numbers: Vec<usize> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let [clients, lines_a_write, rounds_a_second] = numbers[..] else { return ExitCode::from(2) };
    match broadcast(clients, lines_a_write, rounds_a_second) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn broadcast(clients: usize, lines_a_write: usize, rounds_a_second: usize) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    table::say(&format!("listening on {}", listener.local_addr()?));
    let mut streams = Vec::with_capacity(clients);
    while streams.len() < clients {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        BufReader::new(&stream).read_line(&mut String::new())?;
        stream.write_all(b"{\"type\":\"welcome\",\"replay_after\":0}\n")?;
        streams.push(stream);
    }
    let pause = Duration::from_secs(1).checked_div(u32::try_from(rounds_a_second).unwrap_or(u32::MAX));
    let mut next = Instant::now();
    let mut seq = 0u64;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        for _ in 0..lines_a_write {
            seq += 1;
            line(&mut bytes, seq)?;
        }
        for mut stream in &streams {
            <&TcpStream>::write_all(&mut stream, &bytes)?;
        }
        if let Some(pause) = pause {
            next += pause;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
}

/// A line as long as the server's in the other phases.
fn line(out: &mut Vec<u8>, seq: u64) -> std::io::Result<()> {
    writeln!(
        out,
        r#"{{"type":"result","seq":{seq},"at":"2026-01-01T00:00:00.000Z","student":"s00000","name":"s00000","number":"{seq}","square":"{}","id":"b{seq:012}"}}"#,
        u128::from(seq) * u128::from(seq)
    )
}
