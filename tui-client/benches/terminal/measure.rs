//! Every part of the measurement: what is done, what must be right about it, and the figures that come of it. Called
//! by `main`.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use squares::address::DEFAULT_ADDRESS;
use squares::lang::Lang;
use squares::strings::Strings;
use squares::text::grouped;

use crate::figure::{Figure, ms, quantile};
use crate::frame;
use crate::process::{Usage, resident};
use crate::room::Room;
use crate::support::{Home, PATIENCE};
use crate::terminal::Terminal;
use crate::tls;

/// How much is measured.
pub(crate) struct Extent {
    /// How often the program is started.
    starts: usize,
    /// How long the idle room is watched, and before that left alone.
    idle: Duration,
    settle: Duration,
    /// How long each flood lasts.
    flood: Duration,
    /// Keys of each kind.
    keys: usize,
    /// Results after which the memory is looked at.
    results: u64,
    frames: u64,
    /// Whether figures that a busy machine spoils are judged.
    alone: bool,
}

impl Extent {
    /// What `cargo bench` measures.
    pub(crate) fn full() -> Self {
        Self {
            starts: 20,
            idle: Duration::from_secs(10),
            // A thread for files that has nothing to do ends after ten seconds.
            settle: Duration::from_secs(12),
            flood: Duration::from_secs(6),
            keys: 300,
            results: 100_000,
            frames: 1_000,
            alone: true,
        }
    }

    /// Everything in short, as a test of its answers.
    pub(crate) fn short() -> Self {
        Self {
            starts: 2,
            idle: Duration::from_millis(500),
            settle: Duration::from_millis(200),
            flood: Duration::from_millis(500),
            keys: 10,
            results: 5_000,
            frames: 50,
            alone: false,
        }
    }
}

/// Measures these parts; all of them where none is named.
pub(crate) fn all(extent: &Extent, parts: &[&str]) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, measure) in [
        ("start", start as fn(&Extent) -> anyhow::Result<Vec<Figure>>),
        ("host", host),
        ("idle", idle),
        ("flood", flood),
        ("memory", memory),
        ("frame", frame),
        ("tls", |extent| tls::figures(extent.starts)),
    ] {
        if parts.is_empty() || parts.contains(&name) {
            figures.extend(measure(extent)?);
        }
    }
    Ok(figures)
}

/// Folders of its own, a room, and a terminal that has joined it.
fn joined() -> anyhow::Result<(Home, Room, Terminal)> {
    let home = Home::new();
    let mut room = Room::open()?;
    let address = room.address()?;
    let terminal = Terminal::start(&home, &["--server", &address]);
    room.let_in()?;
    terminal.until_in()?;
    Ok((home, room, terminal))
}

/// Before anybody has answered.
fn start(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let address = silent.local_addr()?.to_string();
    let mut times = Vec::new();
    for _ in 0..extent.starts {
        let home = Home::new();
        let terminal = Terminal::start(&home, &["--server", &address]);
        let shown = terminal.until_shows(Strings::of(Lang::Ko).program)?;
        times.push(shown - terminal.0.started);
    }
    Ok(vec![
        Figure::at_most(10.0, "first paint after exec, p50", ms(quantile(&mut times, 0.5)), "ms"),
        Figure::new("the same, p95", ms(quantile(&mut times, 0.95)), "ms"),
    ])
}

/// With nobody at the default address, it hosts. Where somebody is, there is nothing to measure.
fn host(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..extent.starts {
        if !extent.alone || TcpListener::bind(DEFAULT_ADDRESS).is_err() {
            return Ok(Vec::new());
        }
        let home = Home::new();
        let mut terminal = Terminal::start(&home, &[]);
        let shown = terminal.until_in()?;
        times.push(shown - terminal.0.started);
        terminal.0.rest(Duration::from_millis(300));
        memory = resident(terminal.pid())?;
        terminal.0.type_text("/exit\r");
        // What follows is the end of the program.
        while terminal.next(Instant::now() + Duration::from_secs(5)).is_ok() {}
    }
    Ok(vec![
        Figure::at_most(30.0, "in the room after exec, hosting, p50", ms(quantile(&mut times, 0.5)), "ms"),
        Figure::new("the same, p95", ms(quantile(&mut times, 0.95)), "ms"),
        Figure::new("resident, ready, hosting", memory, "MiB"),
    ])
}

/// Nobody does anything; then somebody types.
fn idle(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let (_home, _room, mut terminal) = joined()?;
    terminal.0.rest(Duration::from_millis(300));
    let pid = terminal.pid();
    thread::sleep(extent.settle);
    let memory = resident(pid)?;
    terminal.0.rest(Duration::from_millis(1));
    let (bytes, before) = (terminal.0.sent(), Usage::of(pid)?);
    thread::sleep(extent.idle);
    let usage = Usage::of(pid)?.since(before);
    terminal.0.rest(Duration::from_millis(1));
    let bytes = terminal.0.sent() - bytes;
    ensure!(bytes == 0, "an idle screen is not written to: {bytes} bytes");
    let mut echoes = echoes(&mut terminal, extent.keys)?;
    Ok(vec![
        Figure::at_most(8.0, "resident, ready", memory, "MiB"),
        Figure::at_most(0.0, "idle: CPU", ms(usage.cpu), "ms"),
        Figure::at_most(0.0, "idle: wake-ups", usage.wakeups as f64, ""),
        Figure::at_most(0.0, "idle: written", bytes as f64, "bytes"),
        Figure::new("key to echo, idle, p50", ms(quantile(&mut echoes, 0.5)), "ms"),
        Figure::at_most(2.0, "key to echo, idle, p99", ms(quantile(&mut echoes, 0.99)), "ms"),
    ])
}

/// Types digits and takes them back, and gives how long each took to be seen. What comes meanwhile is taken too.
fn echoes(terminal: &mut Terminal, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let mut echoes = Vec::new();
    let line = |screen: &vt100::Screen, text: &str| {
        screen.contents().lines().any(|line| line.strip_prefix("> ").is_some_and(|typed| typed.trim_end() == text))
    };
    for key in 0..keys {
        let digit = (key % 10).to_string();
        let pressed = Instant::now();
        terminal.0.type_text(&digit);
        let seen = terminal.until("the digit", |screen| line(screen, &digit))?;
        echoes.push(seen.saturating_duration_since(pressed));
        terminal.0.type_text("\x7f");
        terminal.until("the empty line", |screen| !line(screen, &digit))?;
        // Out of step with everything that has a period.
        pause(terminal, Duration::from_millis(7 + (key as u64 * 5) % 19))?;
    }
    Ok(echoes)
}

/// Takes what comes for so long.
fn pause(terminal: &Terminal, time: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + time;
    while terminal.next(end)?.is_some() {}
    Ok(())
}

/// Results pour in: once only watched, once while somebody types.
fn flood(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (rate, called, cpu) in [(10, "10", None), (1_000, "1k", Some(25.0)), (10_000, "10k", Some(6.0))] {
        let (_home, mut room, mut terminal) = joined()?;
        terminal.0.rest(Duration::from_millis(300));
        let pid = terminal.pid();
        let count = (extent.flood.as_millis() as u64 * rate / 1_000).max(1);
        let before_it = terminal.0.sent();
        let (start, before) = (Instant::now(), Usage::of(pid)?);
        let flood = room.flood(count, Some(rate))?;
        let (first, last) = (flood.first, flood.last);
        // When which result was first seen to be the newest.
        let mut seen: Vec<(Instant, u64)> = Vec::new();
        while seen.last().is_none_or(|(_, newest)| *newest < last) {
            let came = terminal.next(Instant::now() + PATIENCE)?;
            let at = came.ok_or_else(|| anyhow::anyhow!("the flood stands still:\n{}", terminal.0.contents()))?;
            if let Some(newest) = newest(&terminal.0.screen()) {
                seen.push((at, newest));
            }
        }
        let (lasted, usage) = (start.elapsed().as_secs_f64(), Usage::of(pid)?.since(before));
        let moments = flood.moments()?;
        let mut behind = Vec::new();
        let mut next = first;
        for (at, newest) in &seen {
            while next <= *newest {
                behind.push(at.saturating_duration_since(moments[(next - first) as usize]));
                next += 1;
            }
        }
        ensure!(behind.len() as u64 == count, "every result was seen, or passed by: {} of {count}", behind.len());
        let drained = seen.last().and_then(|(at, _)| Some(at.saturating_duration_since(*moments.last()?)));
        let frames = terminal.frames(before_it) as f64 / lasted;
        ensure!(frames < 64.0, "a flood is drawn sixty times a second at most: {frames}");
        let at = format!("at {called}/s: ");
        let thousand = ms(usage.cpu) * 1_000.0 / count as f64;
        figures.push(match cpu {
            Some(most) => Figure::at_most(most, format!("{at}CPU for 1,000 results"), thousand, "ms"),
            None => Figure::new(format!("{at}CPU for 1,000 results"), thousand, "ms"),
        });
        figures.extend([
            Figure::at_most(60.0, format!("{at}frames"), frames, "/s"),
            Figure::at_most(
                100.0,
                format!("{at}to the terminal"),
                (terminal.0.sent() - before_it) as f64 / lasted / 1_000.0,
                "kB/s",
            ),
            Figure::new(format!("{at}screen behind by, p50"), ms(quantile(&mut behind, 0.5)), "ms"),
            Figure::at_most(35.0, format!("{at}screen behind by, p99"), ms(quantile(&mut behind, 0.99)), "ms"),
            Figure::at_most(50.0, format!("{at}drained after its end"), ms(drained.unwrap_or_default()), "ms"),
        ]);
        if rate >= 1_000 {
            // Long enough for all keys, each of which takes a fiftieth of a second or so.
            let flood = room.flood(extent.keys as u64 * rate / 20, Some(rate))?;
            let mut echoes = echoes(&mut terminal, extent.keys)?;
            figures.extend([
                Figure::new(format!("{at}key to echo, p50"), ms(quantile(&mut echoes, 0.5)), "ms"),
                Figure::at_most(5.0, format!("{at}key to echo, p99"), ms(quantile(&mut echoes, 0.99)), "ms"),
            ]);
            drop(terminal);
            // The client is gone before the flood is over.
            let _ = flood.moments();
        }
    }
    Ok(figures)
}

/// The newest of the room's numbers that stands on the screen.
fn newest(screen: &vt100::Screen) -> Option<u64> {
    let contents = screen.contents();
    contents.lines().rev().find_map(|row| {
        let before = row.split_once('²')?.0;
        let digits = before.rsplit(|c: char| !c.is_ascii_digit() && c != ',').next()?;
        digits.replace(',', "").parse().ok()
    })
}

/// What a long session leaves in memory.
fn memory(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let (_home, mut room, terminal) = joined()?;
    let pid = terminal.pid();
    let mut figures = Vec::new();
    for times in [1, 2] {
        let flood = room.flood(extent.results, None)?;
        terminal.until_shows(&format!("{}²", grouped(flood.last)))?;
        flood.moments()?;
        let name = format!("resident after {} results", extent.results * times);
        figures.push(Figure::at_most(16.0, name, resident(pid)?, "MiB"));
    }
    Ok(figures)
}

/// A frame by itself.
fn frame(extent: &Extent) -> anyhow::Result<Vec<Figure>> {
    let (mut drawing, mut hearing) = frame::times(extent.frames)?;
    Ok(vec![
        Figure::at_most(1.0, "a frame of 200x50, p50", ms(quantile(&mut drawing, 0.5)), "ms"),
        Figure::at_most(1.0, "the same, p99", ms(quantile(&mut drawing, 0.99)), "ms"),
        Figure::new("250 results heard, p50", ms(quantile(&mut hearing, 0.5)), "ms"),
    ])
}
