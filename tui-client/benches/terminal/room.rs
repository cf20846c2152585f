//! A room whose results come at a chosen rate: a server that speaks just enough of the protocol, so that what is
//! measured is the client and not somebody's ledger.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// The number of the first result; the others count on from there. Short enough that an 80-column screen shows all
/// digits.
pub(crate) const FIRST: u64 = 100_001;

/// How often a flood writes. More often, and the writer itself would be what is measured.
const STEP: Duration = Duration::from_millis(1);

/// The students whose results come, in turn.
const STUDENTS: [(&str, &str); 4] =
    [("20260002", "예시 나래"), ("20260003", "예시 다솜"), ("20260004", "Sample Four"), ("20260005", "예시 마루")];

/// The room, with one client in it.
pub(crate) struct Room {
    listener: TcpListener,
    stream: Option<Arc<Mutex<TcpStream>>>,
    sent: u64,
}

impl Room {
    pub(crate) fn open() -> anyhow::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0")?, stream: None, sent: 0 })
    }

    pub(crate) fn address(&self) -> anyhow::Result<String> {
        Ok(self.listener.local_addr()?.to_string())
    }

    /// Lets a client in, and answers its pings from then on.
    pub(crate) fn let_in(&mut self) -> anyhow::Result<()> {
        let (stream, _) = self.listener.accept()?;
        stream.set_nodelay(true)?;
        let reader = BufReader::new(stream.try_clone()?);
        let writer = Arc::new(Mutex::new(stream));
        say(
            &writer,
            r#"{"type":"hello","protocol":1,"server":"bench","auth":"open","log":"bench","latest":0,"limits":{"line":65536,"digits":10000,"rate":0,"burst":50}}"#,
        )?;
        let answering = Arc::clone(&writer);
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let answer = if line.contains(r#""type":"join""#) {
                    r#"{"type":"welcome","student":{"id":"20260001","name":"예시 가람","department":null},"online":{"count":1,"students":[{"id":"20260001","name":"예시 가람","sessions":1}]},"latest":0,"replay_after":0}"#
                } else if line.contains(r#""type":"ping""#) {
                    r#"{"type":"pong","at":"2026-01-02T03:04:05.678Z"}"#
                } else {
                    continue;
                };
                if say(&answering, answer).is_err() {
                    return;
                }
            }
        });
        self.stream = Some(writer);
        Ok(())
    }

    /// Sends so many results at so many a second, in a thread of its own; without a rate, as fast as the client
    /// reads. It gives the moment at which each was sent, the first one's number, and says when it is done.
    pub(crate) fn flood(&mut self, count: u64, rate: Option<u64>) -> anyhow::Result<Flood> {
        let stream = Arc::clone(self.stream.as_ref().context("nobody is in the room")?);
        let first = self.sent;
        self.sent += count;
        let thread = thread::spawn(move || {
            let start = Instant::now();
            let mut moments = Vec::with_capacity(usize::try_from(count)?);
            let mut text = String::new();
            let mut sent = 0;
            while sent < count {
                let due = match rate {
                    Some(rate) => u64::try_from(start.elapsed().as_micros())? * rate / 1_000_000,
                    None => sent + 500,
                };
                text.clear();
                let upto = due.min(count);
                for seq in first + sent..first + upto {
                    line(&mut text, seq);
                }
                if upto > sent {
                    let now = Instant::now();
                    stream.lock().map_err(|_| anyhow::anyhow!("a thread panicked"))?.write_all(text.as_bytes())?;
                    moments.extend((sent..upto).map(|_| now));
                    sent = upto;
                }
                if rate.is_some() {
                    thread::sleep(STEP);
                }
            }
            Ok(moments)
        });
        Ok(Flood { first: FIRST + first, last: FIRST + first + count - 1, thread })
    }
}

/// Results on their way.
pub(crate) struct Flood {
    /// The numbers of the first and the last of them.
    pub(crate) first: u64,
    pub(crate) last: u64,
    thread: thread::JoinHandle<anyhow::Result<Vec<Instant>>>,
}

impl Flood {
    /// When each was sent, once all are.
    pub(crate) fn moments(self) -> anyhow::Result<Vec<Instant>> {
        self.thread.join().map_err(|_| anyhow::anyhow!("the flood panicked"))?
    }
}

/// A result as the real server writes it.
fn line(text: &mut String, seq: u64) {
    use std::fmt::Write as _;

    let number = FIRST + seq;
    let square = u128::from(number) * u128::from(number);
    let (student, name) = STUDENTS[(seq % STUDENTS.len() as u64) as usize];
    let (minute, second, milli) = (seq / 60_000 % 60, seq / 1_000 % 60, seq % 1_000);
    // Writing into a string does not fail.
    let _ = writeln!(
        text,
        r#"{{"type":"result","seq":{},"at":"2026-01-02T03:{minute:02}:{second:02}.{milli:03}Z","student":"{student}","name":"{name}","number":"{number}","square":"{square}","id":"b{seq:015}"}}"#,
        seq + 1
    );
}

fn say(stream: &Mutex<TcpStream>, line: &str) -> anyhow::Result<()> {
    let mut stream = stream.lock().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
    Ok(stream.write_all(format!("{line}\n").as_bytes())?)
}
