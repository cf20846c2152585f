//! Filling the hole that `--follow` finds when it was away for more than the server replays: pages of history, from the
//! oldest on, five hundred places at a time, so that a hole of any size takes little memory. Pure; called by `plain`.

use serde::Deserialize;
use serde_json::value::RawValue;
use squares_shared::message::{MAX_PAGE, PageRequest, SquareResult};

/// A hole that is being filled. While it is, live results are passed over: the join that follows brings them.
#[derive(Debug)]
pub(super) struct CatchUp {
    /// Everything up to here was printed.
    printed: u64,
    /// The end of the stretch that is being fetched.
    stretch: u64,
    /// The highest `seq` when the server let us in: every place up to it was given by then, so a stretch that ends
    /// there stays as it is.
    latest: u64,
    /// The results of this stretch so far, ascending.
    found: Vec<Fetched>,
}

/// A result of a page of history.
#[derive(Debug)]
pub(super) struct Fetched {
    /// The result.
    pub(super) result: SquareResult,
    /// Its line as a live result would have had.
    pub(super) line: String,
}

/// What to do after a page.
#[derive(Debug)]
pub(super) enum Next {
    /// Ask for this one.
    Ask(PageRequest),
    /// Print these, everything up to this place being printed then, and go on with [`CatchUp::ask`].
    Print(Vec<Fetched>, u64),
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

impl CatchUp {
    pub(super) const fn new(printed: u64, latest: u64) -> Self {
        Self { printed, stretch: printed, latest, found: Vec::new() }
    }

    /// The page to ask for next; none where what is left is so little that a join replays it.
    pub(super) fn ask(&mut self) -> Option<PageRequest> {
        if self.latest.saturating_sub(self.printed) <= MAX_PAGE {
            return None;
        }
        self.stretch = (self.printed + MAX_PAGE).min(self.latest);
        Some(request(self.stretch + 1))
    }

    /// Takes the line of a page.
    ///
    /// # Errors
    /// Where it is none.
    pub(super) fn take(&mut self, line: &str) -> serde_json::Result<Next> {
        let page: RawPage<'_> = serde_json::from_str(line)?;
        let mut found = Vec::with_capacity(page.results.len() + self.found.len());
        let mut reached = page.results.is_empty();
        for raw in page.results {
            let result: SquareResult = serde_json::from_str(raw.get())?;
            reached |= result.seq <= self.printed + 1;
            if result.seq > self.printed {
                let fields = raw.get().trim_start().trim_start_matches('{');
                found.push(Fetched { result, line: format!("{{\"type\":\"result\",{fields}") });
            }
        }
        // A page may be short because its line would be too long: then what is missing lies before its first result.
        found.append(&mut self.found);
        match found.first() {
            Some(first) if !reached => {
                let before = first.result.seq;
                self.found = found;
                Ok(Next::Ask(request(before)))
            }
            _ => {
                self.printed = self.stretch;
                Ok(Next::Print(found, self.printed))
            }
        }
    }
}

fn request(before: u64) -> PageRequest {
    PageRequest { before: Some(before), limit: Some(MAX_PAGE), student: None, after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger with these places taken, whose pages hold at most `most` results.
    fn page(places: &[u64], request: &PageRequest, most: usize) -> String {
        let before = request.before.unwrap();
        let fits: Vec<_> = places.iter().filter(|&&seq| seq < before).collect();
        let limit = most.min(usize::try_from(request.limit.unwrap()).unwrap());
        let from = fits.len().saturating_sub(limit);
        let results: Vec<String> = fits[from..]
            .iter()
            .map(|seq| {
                format!(r#"{{"seq":{seq},"at":"t","student":"s","name":"n","number":"{seq}","square":"1","new":[]}}"#)
            })
            .collect();
        format!(r#"{{"type":"history","results":[{}],"more":{},"student":null}}"#, results.join(","), from > 0)
    }

    fn fill(places: &[u64], printed: u64, latest: u64, most: usize) -> (Vec<u64>, u64) {
        let mut catch_up = CatchUp::new(printed, latest);
        let (mut all, mut upto) = (Vec::new(), printed);
        while let Some(mut request) = catch_up.ask() {
            loop {
                match catch_up.take(&page(places, &request, most)).unwrap() {
                    Next::Ask(next) => request = next,
                    Next::Print(found, to) => {
                        all.extend(found.iter().map(|fetched| fetched.result.seq));
                        upto = to;
                        break;
                    }
                }
            }
        }
        (all, upto)
    }

    #[test]
    fn every_result_of_the_hole_is_found_once_and_in_order() {
        for most in [1, 7, 500] {
            let places: Vec<u64> = (1..=2600).filter(|seq| seq % 7 != 0).collect();
            let (found, upto) = fill(&places, 100, 2600, most);
            assert!(2600 - upto <= MAX_PAGE);
            let expected: Vec<u64> = places.into_iter().filter(|&seq| seq > 100 && seq <= upto).collect();
            assert_eq!(found, expected, "pages of {most}");
        }
    }

    #[test]
    fn an_empty_stretch_is_passed_over() {
        let (found, upto) = fill(&[1, 2, 3000], 2, 3000, 500);
        assert_eq!((found, upto), (vec![], 2502));
    }

    #[test]
    fn a_result_of_a_page_gets_the_line_it_had_live() {
        let mut catch_up = CatchUp::new(0, 501);
        let request = catch_up.ask().unwrap();
        let Ok(Next::Print(found, 500)) = catch_up.take(&page(&[1, 501], &request, 500)) else { panic!("a page") };
        assert_eq!(
            found[0].line,
            r#"{"type":"result","seq":1,"at":"t","student":"s","name":"n","number":"1","square":"1","new":[]}"#
        );
    }
}
