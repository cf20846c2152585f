//! Filling the gap that `--follow` finds when it was away for more than the server replays: pages of history, forwards
//! from what was printed. Live results are held meanwhile, or if they are many, become part of the gap. Pure; called
//! by `plain`.

use serde::Deserialize;
use serde_json::value::RawValue;
use squares_shared::message::{MAX_PAGE, PageRequest, SquareResult};

/// The most bytes of live results that are held.
const MAX_HELD: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct CatchUp {
    /// Everything up to here was printed.
    printed: u64,
    /// The gap reaches up to here.
    end: u64,
    /// The page that is awaited does.
    asked: u64,
    /// What is printed of live results behind the gap, and how many bytes that is.
    held: Vec<String>,
    bytes: usize,
}

/// A result of a page of history.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) result: SquareResult,
    /// Its line as a live result would have had.
    pub(super) line: String,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
    more: bool,
}

impl CatchUp {
    /// A gap from behind `printed` up to and with `end`.
    pub(super) const fn new(printed: u64, end: u64) -> Self {
        Self { printed, end, asked: end, held: Vec::new(), bytes: 0 }
    }

    /// Up to where everything was printed.
    pub(super) const fn printed(&self) -> u64 {
        self.printed
    }

    /// The page to ask for next.
    pub(super) fn request(&mut self) -> PageRequest {
        self.asked = self.end;
        let before = Some(self.end.saturating_add(1));
        PageRequest { before, after: Some(self.printed), limit: Some(MAX_PAGE), student: None }
    }

    /// Keeps what is to be printed of a live result until the gap is filled.
    pub(super) fn hold(&mut self, seq: u64, line: String) {
        self.bytes += line.len();
        self.held.push(line);
        if self.bytes > MAX_HELD {
            self.end = seq;
            self.held.clear();
            self.bytes = 0;
        }
    }

    /// Takes the line of the page that was asked for; gives what is to be printed.
    ///
    /// # Errors
    /// Where it leads no further; what is wrong with it.
    pub(super) fn take(&mut self, line: &str) -> Result<Vec<Fetched>, String> {
        let page: RawPage<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let before = self.printed;
        let mut found = Vec::with_capacity(page.results.len());
        for raw in page.results {
            let result: SquareResult = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
            if result.seq > self.printed && result.seq <= self.asked {
                self.printed = result.seq;
                let fields = raw.get().trim_start().trim_start_matches('{');
                found.push(Fetched { result, line: format!("{{\"type\":\"result\",{fields}") });
            }
        }
        if !page.more {
            self.printed = self.asked;
        } else if self.printed == before {
            return Err("its pages lead nowhere".into());
        }
        Ok(found)
    }

    /// What is held, once the gap is filled; otherwise there is more to ask for.
    pub(super) fn finish(self) -> Result<Vec<String>, Self> {
        if self.printed >= self.end { Ok(self.held) } else { Err(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page of a ledger with these places taken, whose pages hold at most `most` results.
    fn page(places: &[u64], request: &PageRequest, most: usize) -> String {
        let (after, before) = (request.after.unwrap(), request.before.unwrap());
        let fits: Vec<_> = places.iter().filter(|seq| (after + 1..before).contains(seq)).collect();
        let results: Vec<String> = fits
            .iter()
            .take(most)
            .map(|seq| {
                format!(r#"{{"seq":{seq},"at":"t","student":"s","name":"n","number":"{seq}","square":"1","new":[]}}"#)
            })
            .collect();
        let more = fits.len() > most;
        format!(r#"{{"type":"history","results":[{}],"more":{more},"student":null}}"#, results.join(","))
    }

    #[test]
    fn every_result_of_the_hole_is_found_once_and_in_order_before_what_came_live() {
        for (most, live, size) in [(1, 0, 0), (7, 1, 10), (500, 3, 10), (500, 40, 100_000)] {
            let mut places: Vec<u64> = (1..=2600).filter(|seq| seq % 7 != 0).collect();
            let (mut catch_up, mut printed, mut pages) = (CatchUp::new(100, 2600), Vec::new(), 0);
            let held = loop {
                let request = catch_up.request();
                for seq in (2601 + live * pages..).take(if pages < 10 { live } else { 0 } as usize) {
                    places.push(seq);
                    catch_up.hold(seq, format!("{seq}{}", " ".repeat(size)));
                }
                pages += 1;
                let found = catch_up.take(&page(&places, &request, most)).unwrap();
                printed.extend(found.iter().map(|fetched| fetched.result.seq));
                match catch_up.finish() {
                    Ok(held) => break held,
                    Err(more) => catch_up = more,
                }
            };
            printed.extend(held.iter().map(|line| line.trim().parse::<u64>().unwrap()));
            places.retain(|seq| *seq > 100);
            assert_eq!(printed, places, "pages of {most}, {live} live ones of {size} bytes");
        }
    }

    #[test]
    fn a_server_whose_pages_lead_nowhere_is_asked_once() {
        for results in ["", r#"{"seq":10,"at":"t","student":"s","name":"n","number":"1","square":"1"}"#] {
            let mut catch_up = CatchUp::new(10, i64::MAX as u64);
            catch_up.request();
            let line = format!(r#"{{"type":"history","results":[{results}],"more":true,"student":null}}"#);
            assert!(catch_up.take(&line).is_err_and(|why| why.contains("nowhere")));
        }
    }

    #[test]
    fn a_result_of_a_page_gets_the_line_it_had_live() {
        let mut catch_up = CatchUp::new(0, 500);
        let request = catch_up.request();
        assert_eq!(
            catch_up.take(&page(&[1, 501], &request, 500)).unwrap()[0].line,
            r#"{"type":"result","seq":1,"at":"t","student":"s","name":"n","number":"1","square":"1","new":[]}"#
        );
        assert_eq!(catch_up.finish().map_err(|catch_up| catch_up.printed()), Ok(Vec::new()));
    }
}
