//! What delivering through TLS costs, beside the same without: the same few hundred clients, each a thread that reads
//! lines and checks that no result is missing, doubled or out of order.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use super::{Outcome, Server};
use crate::table::figure;

/// More than this many threads measure the scheduler.
const MAX_CLIENTS: usize = 200;

/// Lines a second to all clients together at the moderate rate, and results that the sender has under way flat out.
const MODERATE_LINES: f64 = 50_000.0;
const WINDOW: u64 = 256;

/// What the clients saw.
#[derive(Default)]
struct Counters {
    lines: AtomicU64,
    faults: AtomicU64,
    latest: AtomicU64,
}

/// The connection of a client, joined.
enum Stream {
    Plain(TcpStream),
    Secret(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secret(stream) => stream.read(buffer),
        }
    }
}

impl Stream {
    fn join(address: SocketAddr, tls: Option<&Arc<ClientConfig>>, student: &str) -> Outcome<Self> {
        let tcp = TcpStream::connect(address)?;
        tcp.set_nodelay(true)?;
        let mut stream = match tls {
            None => Self::Plain(tcp),
            Some(config) => {
                let session = ClientConnection::new(Arc::clone(config), ServerName::try_from("localhost")?)?;
                Self::Secret(Box::new(StreamOwned::new(session, tcp)))
            }
        };
        stream.say(&format!("{{\"type\":\"join\",\"student\":\"{student}\",\"after\":0}}\n"))?;
        Ok(stream)
    }

    fn say(&mut self, lines: &str) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(lines.as_bytes()),
            Self::Secret(stream) => stream.write_all(lines.as_bytes()),
        }
    }

    /// Reads to the end, counting and checking.
    fn watch(self, seen: &Counters) {
        let mut last = None;
        let mut lines = BufReader::with_capacity(64 << 10, self);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|count| count > 0) {
            let seq =
                line.strip_prefix(r#"{"type":"result","seq":"#).and_then(|rest| rest.split(',').next()?.parse().ok());
            if let Some(seq) = seq {
                if last.is_some_and(|last: u64| seq != last + 1) {
                    seen.faults.fetch_add(1, Ordering::Relaxed);
                }
                last = Some(seq);
                seen.lines.fetch_add(1, Ordering::Relaxed);
                seen.latest.fetch_max(seq, Ordering::Relaxed);
            }
            line.clear();
        }
    }
}

/// Both ways, one after the other.
pub(super) fn measure(clients: usize, time: Duration) -> Outcome {
    let clients = clients.min(MAX_CLIENTS);
    for secret in [false, true] {
        let folder = tempfile::tempdir()?;
        let flags: &[&str] = if secret { &["--rate", "0", "--tls", "self"] } else { &["--rate", "0"] };
        let server = Server::start_with(folder.path(), "127.0.0.1:0", flags)?;
        let tls = if secret { Some(trusting(folder.path())?) } else { None };
        let name = if secret { "inside TLS" } else { "plain" };
        with(&server, tls.as_ref(), name, clients, time)?;
    }
    Ok(())
}

fn with(server: &Server, tls: Option<&Arc<ClientConfig>>, name: &str, clients: usize, time: Duration) -> Outcome {
    let seen = Arc::new(Counters::default());
    let (cpu, memory) = (server.process.cpu(), server.process.resident());
    let mut watchers: Vec<JoinHandle<()>> = Vec::with_capacity(clients);
    for at in 0..clients {
        let (stream, seen) = (Stream::join(server.address, tls, &format!("s{at}"))?, Arc::clone(&seen));
        watchers.push(thread::Builder::new().stack_size(256 << 10).spawn(move || stream.watch(&seen))?);
    }
    let mut sender = Stream::join(server.address, tls, "sender")?;
    let mut sent = 0;
    let mut square = |sender: &mut Stream| {
        sent += 1;
        sender.say(&format!("{{\"type\":\"square\",\"number\":\"{sent}\"}}\n")).map(|()| sent)
    };
    // The first one says that everybody is in: whoever joins after it gets it all the same.
    square(&mut sender)?;
    until(&seen, 1, clients)?;
    figure(
        &format!("{name}: {clients} clients join"),
        &format!(
            "{:.0} µs CPU and {:.1} KiB each",
            (server.process.cpu() - cpu) * 1e6 / clients as f64,
            (server.process.resident() - memory) / clients as f64
        ),
        "",
    );
    for flat_out in [false, true] {
        let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), seen.lines.load(Ordering::Relaxed));
        let mut last = 0;
        let mut due = begin;
        while begin.elapsed() < time {
            if flat_out && last >= seen.latest.load(Ordering::Relaxed) + WINDOW {
                thread::sleep(Duration::from_micros(200));
                continue;
            }
            last = square(&mut sender)?;
            if !flat_out {
                due += Duration::from_secs_f64(clients as f64 / MODERATE_LINES);
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        }
        until(&seen, last, clients)?;
        let delivered = (seen.lines.load(Ordering::Relaxed) - lines) as f64;
        let each = (server.process.cpu() - cpu) * 1e6 / delivered;
        let rate = delivered / begin.elapsed().as_secs_f64() / 1e6;
        let how = if flat_out { "flat out" } else { "at a moderate rate" };
        figure(&format!("{name}: CPU a line {how}"), &format!("{each:.3} µs, {rate:.2}M lines/s"), "");
    }
    match seen.faults.load(Ordering::Relaxed) {
        0 => Ok(()),
        faults => Err(format!("{faults} lines missing, doubled or out of order").into()),
    }
}

/// Waits until every client has every result up to this one.
fn until(seen: &Counters, results: u64, clients: usize) -> Outcome {
    let begin = Instant::now();
    while seen.lines.load(Ordering::Relaxed) < results * clients as u64 {
        if begin.elapsed() > Duration::from_secs(60) {
            return Err("some results were not delivered".into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// A client's side that trusts the certificate of this server alone.
fn trusting(data: &Path) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data.join("tls-self.pem"))?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
