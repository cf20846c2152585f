//! What docs/protocol.md promises, held against what everybody saw and what the ledger has in the end.

use std::collections::{BTreeMap, BTreeSet};

use squares::conversation::read_line;
use squares_shared::{
    line::LineReader,
    message::{FromClient, FromServer, Join, PageRequest, Since, SquareResult, to_line},
    number::Number,
    stream::Stream as _,
};
use tokio::time::{Duration, timeout};

use super::{network::End, terminal::Shared};

/// The whole ledger, page by page, as a client gets it.
pub(crate) async fn ledger(end: &End) -> Result<BTreeMap<u64, SquareResult>, String> {
    let mut lines = LineReader::new(64 << 20);
    let mut results = BTreeMap::new();
    let ask = |before| to_line(&FromClient::History(PageRequest { before, limit: Some(7), ..PageRequest::default() }));
    let mut out = to_line(&FromClient::Join(Join {
        student: "oracle".into(),
        since: Since { backlog: Some(0), ..Since::default() },
        ..Join::default()
    }));
    out.extend(ask(None));
    loop {
        while !out.is_empty() {
            end.writable().await;
            let count = end.try_write(&out).map_err(|error| error.to_string())?;
            out.drain(..count);
        }
        timeout(Duration::from_secs(60), end.readable()).await.map_err(|_| "the ledger is not told")?;
        let mut buffer = [0; 4096];
        let count = end.try_read(&mut buffer).map_err(|error| error.to_string())?;
        lines.push(&buffer[..count]);
        while let Some(line) = lines.next_line() {
            let Ok(Some(FromServer::History(page))) = read_line(line) else { continue };
            let first = page.results.first().map(|result| result.seq);
            for result in page.results {
                let seq = result.seq;
                if results.insert(seq, result).is_some() {
                    return Err(format!("{seq} stands on two pages"));
                }
            }
            if !page.more {
                return Ok(results);
            }
            out.extend(ask(first));
        }
    }
}

/// Holds the promises against it all.
pub(crate) fn judge(ledger: &BTreeMap<u64, SquareResult>, clients: &[(String, Shared)]) -> Result<(), String> {
    let mut recorded: BTreeMap<&str, usize> = BTreeMap::new();
    for result in ledger.values() {
        let square = Number::parse(&result.number, 1_000).map(|number| number.square().to_string());
        if square.as_ref() != Ok(&result.square) {
            return Err(format!("{} squared is not {}", result.number, result.square));
        }
        *recorded.entry(&result.number).or_default() += 1;
    }
    // Promise 3: no number was typed twice, so none stands twice, however often it was sent.
    if let Some((number, times)) = recorded.iter().find(|(_, times)| **times != 1) {
        return Err(format!("{number} was typed once and recorded {times} times"));
    }
    let students: BTreeSet<&str> = clients.iter().map(|(student, _)| &**student).chain(["oracle"]).collect();
    for (student, notes) in clients {
        let notes = notes.lock();
        if let Some(wrong) = &notes.wrong {
            return Err(format!("{student} met what must not be: {wrong}"));
        }
        // What was told to be kept is recorded, though the client and the server were killed.
        for (id, number) in &notes.kept {
            if !recorded.contains_key(&**number) {
                return Err(format!("{id}, {number} of {student}, was kept and never recorded"));
            }
        }
        for (id, seq) in &notes.answered {
            let stands =
                ledger.get(seq).is_some_and(|result| result.student == *student && result.id.as_ref() == Some(id));
            if !stands {
                return Err(format!("{id} of {student} was answered with {seq}: {:?}", ledger.get(seq)));
            }
        }
        if let Some(result) = notes.paged.iter().find(|result| ledger.get(&result.seq) != Some(result)) {
            return Err(format!(
                "{student} saw {result:?} on a page, and the ledger has {:?}",
                ledger.get(&result.seq)
            ));
        }
        for (begin, run) in &notes.runs {
            let mut last = *begin;
            for result in run {
                // Promise 2: one order, each once.
                if result.seq <= last {
                    return Err(format!("{student} saw {} behind {last}", result.seq));
                }
                // Promise 1: what anyone has seen stands, as it was seen.
                if ledger.get(&result.seq) != Some(result) {
                    return Err(format!("{student} saw {result:?}, and the ledger has {:?}", ledger.get(&result.seq)));
                }
                // Promise 4: with nothing lost between.
                if let Some((missed, _)) = ledger.range(last + 1..result.seq).next() {
                    return Err(format!("{missed} was never shown to {student}, who saw {}", result.seq));
                }
                last = result.seq;
            }
        }
        // In the end everybody is where the ledger is.
        let reached = notes.runs.last().map_or(0, |(begin, run)| run.last().map_or(*begin, |result| result.seq));
        let latest = ledger.keys().next_back().copied().unwrap_or(0);
        if reached != latest {
            return Err(format!("{student} is at {reached}, and the ledger at {latest}"));
        }
        // Promise 6: who is there is online once, and nobody else.
        let online: BTreeSet<&str> = notes.online.iter().map(String::as_str).collect();
        if !online.is_subset(&students) || clients.iter().any(|(other, _)| !online.contains(&**other)) {
            return Err(format!("{student} takes {online:?} to be online"));
        }
    }
    Ok(())
}
