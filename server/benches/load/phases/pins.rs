//! PINs under load: a class that joins at once, and whether a flood of guesses is felt by somebody who is in.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use super::{Outcome, Server};
use crate::{asker::Asker, table::figure};

/// A class.
const STUDENTS: usize = 200;

/// Machines that guess, each from an address of its own, and connections of each.
const GUESSERS: (u8, usize) = (20, 5);

const PIN: &str = "23456789";

pub(super) fn measure(clients: usize, time: Duration) -> Outcome {
    let students = STUDENTS.min(clients);
    let folder = tempfile::tempdir()?;
    let roster = folder.path().join("roster.csv");
    let hash = squares_server::hash_pin(PIN)?;
    let rows: String = (0..students).map(|at| format!("s{at},\"{hash}\"\n")).collect();
    fs::write(&roster, format!("id,pin\n{rows}"))?;
    let roster = roster.to_string_lossy().into_owned();
    let server =
        Server::start_with(folder.path(), "127.0.0.1:0", &["--rate", "0", "--auth", "pin", "--roster", &roster])?;

    let begin = Instant::now();
    let cpu = server.process.cpu();
    let joining: Vec<_> = (0..students)
        .map(|at| {
            let address = server.address;
            thread::spawn(move || Asker::join(address, &format!("s{at}"), &format!(r#","backlog":0,"pin":"{PIN}""#)))
        })
        .collect();
    let mut inside = Vec::with_capacity(students);
    for join in joining {
        inside.push(join.join().map_err(|_| "a thread is gone")??);
    }
    let each = (server.process.cpu() - cpu) * 1e3 / students as f64;
    figure(
        &format!("{students} join at once with a PIN"),
        &format!("{:.2} s until the last is in, {each:.0} ms CPU each", begin.elapsed().as_secs_f64()),
        "10 s for 200",
    );
    let mut honest = inside.swap_remove(0);
    drop(inside);
    figure("round trip with nobody guessing, p50 p99", &round_trips(&mut honest, time)?, "");

    let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new([AtomicU64::new(0), AtomicU64::new(0)]));
    let address = server.address;
    let guessing: Vec<_> = (0..GUESSERS.0)
        .flat_map(|machine| (0..GUESSERS.1).map(move |at| (machine, at)))
        .map(|(machine, at)| {
            let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
            thread::spawn(move || guess(address, machine, (at * 37 + usize::from(machine)) % students, &stop, &answers))
        })
        .collect();
    thread::sleep(time / 10);
    let meanwhile = round_trips(&mut honest, time)?;
    // On a busy machine, checks wait for everything else; the first may come late.
    let begin = Instant::now();
    let answered = || answers.each_ref().map(|count| count.load(Ordering::Relaxed));
    while answered() == [0, 0] && begin.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(10));
    }
    let [wrong, held] = answered();
    stop.store(true, Ordering::Relaxed);
    for guesser in guessing {
        let _ = guesser.join();
    }
    figure("round trip in a flood of guesses, p50 p99", &meanwhile, "no slower");
    figure("guesses that were looked at, and turned away", &format!("{wrong}, {held}"), "");
    if wrong + held == 0 { Err("nobody guessed".into()) } else { Ok(()) }
}

/// Squares now and then, and how long each took.
fn round_trips(honest: &mut Asker, time: Duration) -> Outcome<String> {
    let mut times = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < time {
        let asked = Instant::now();
        honest.send("{\"type\":\"square\",\"number\":\"12\"}\n")?;
        honest.until("result")?;
        times.push(asked.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    Ok(format!("{:.2} {:.2} ms", at(50), at(99)))
}

/// Guesses from an address of this machine's own, until told to stop or closed.
fn guess(
    server: SocketAddr,
    machine: u8,
    first: usize,
    stop: &AtomicBool,
    answers: &[AtomicU64; 2],
) -> std::io::Result<()> {
    let mut student = first;
    while !stop.load(Ordering::Relaxed) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 1, machine + 1), 0)).into())?;
        socket.connect(&server.into())?;
        let mut stream = BufReader::new(TcpStream::from(socket));
        stream.get_ref().set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        while !stop.load(Ordering::Relaxed) {
            student = (student + 7) % STUDENTS;
            let guess = format!("{{\"type\":\"join\",\"student\":\"s{student}\",\"pin\":\"1\"}}\n");
            line.clear();
            if stream.get_mut().write_all(guess.as_bytes()).is_err() || stream.read_line(&mut line).unwrap_or(0) == 0 {
                break;
            }
            if line.contains("bad_pin") {
                answers[0].fetch_add(1, Ordering::Relaxed);
            } else if line.contains("rate_limited") {
                answers[1].fetch_add(1, Ordering::Relaxed);
                // Even a flood has a pace: as fast as a thread goes would measure this machine's threads.
                thread::sleep(Duration::from_millis(5));
            } else if line.contains("join_timeout") {
                break;
            }
        }
    }
    Ok(())
}
