//! Filling the hole that `--follow` finds when it was away for more than the server replays: pages of history, from the
//! oldest on, five hundred places at a time, so that a hole of any size takes little memory. Pure; called by `plain`.
//!
//! A stretch of places that holds nothing is followed by one of twice as many, and one that holds too much is begun
//! again as one of fewer: whatever a server answers, what is held is bounded, and it gets further or is believed no
//! more.

use serde::Deserialize;
use serde_json::value::RawValue;
use squares_shared::message::{MAX_PAGE, PageRequest, SquareResult};

/// The most bytes of results that are held.
const MOST_BYTES: usize = 8 << 20;

/// The most answers in a row that bring nothing: with stretches that double, every place there can be is passed by
/// then.
const MOST_BARREN: u32 = 256;

/// A hole that is being filled. While it is, live results are passed over: the join that follows brings them.
#[derive(Debug)]
pub(super) struct CatchUp {
    /// Everything up to here was printed.
    printed: u64,
    /// The end of the stretch that is being fetched.
    stretch: u64,
    /// How many places the next stretch has.
    step: u64,
    /// The page that is awaited lies before this place.
    before: u64,
    /// The highest `seq` when the server let us in: every place up to it was given by then, so a stretch that ends
    /// there stays as it is.
    latest: u64,
    /// The results of this stretch so far, ascending, and the bytes of their lines.
    found: Vec<Fetched>,
    bytes: usize,
    /// How many answers in a row brought nothing.
    barren: u32,
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
    more: bool,
}

impl CatchUp {
    pub(super) const fn new(printed: u64, latest: u64) -> Self {
        Self {
            printed,
            stretch: printed,
            step: MAX_PAGE,
            before: printed,
            latest,
            found: Vec::new(),
            bytes: 0,
            barren: 0,
        }
    }

    /// The page to ask for next; none where what is left is so little that a join replays it.
    pub(super) fn ask(&mut self) -> Option<PageRequest> {
        if self.latest.saturating_sub(self.printed) <= MAX_PAGE {
            return None;
        }
        self.stretch = self.printed.saturating_add(self.step).min(self.latest);
        Some(self.request(self.stretch.saturating_add(1)))
    }

    /// Takes the line of a page.
    ///
    /// # Errors
    /// Where it is none, or none that answers what was asked; what is wrong with it.
    pub(super) fn take(&mut self, line: &str) -> Result<Next, String> {
        let page: RawPage<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if page.results.len() as u64 > MAX_PAGE {
            return Err("a page of it holds too many results".into());
        }
        let mut found = Vec::with_capacity(page.results.len() + self.found.len());
        let mut reached = page.results.is_empty() || !page.more;
        let mut last = 0;
        for raw in page.results {
            let result: SquareResult = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
            if result.seq <= last || result.seq >= self.before {
                return Err("a page of it is out of order".into());
            }
            last = result.seq;
            reached |= result.seq <= self.printed.saturating_add(1);
            if result.seq > self.printed {
                let fields = raw.get().trim_start().trim_start_matches('{');
                let line = format!("{{\"type\":\"result\",{fields}");
                self.bytes += line.len();
                found.push(Fetched { result, line });
            }
        }
        // A page may be short because its line would be too long: then what is missing lies before its first result.
        found.append(&mut self.found);
        let held = found.len() as u64;
        match found.first() {
            Some(first) if !reached => {
                let before = first.result.seq;
                if self.step > 1 && (held > MAX_PAGE || self.bytes > MOST_BYTES) {
                    return self.begin_again();
                }
                self.found = found;
                Ok(Next::Ask(self.request(before)))
            }
            _ => {
                self.bytes = 0;
                self.printed = self.stretch;
                if found.is_empty() {
                    self.get_nowhere()?;
                    self.step = self.step.saturating_mul(2);
                } else {
                    self.barren = 0;
                    self.step = if self.step < MAX_PAGE { (self.step * 2).min(MAX_PAGE) } else { self.step };
                }
                Ok(Next::Print(found, self.printed))
            }
        }
    }

    /// The stretch holds more than is held: a shorter one.
    fn begin_again(&mut self) -> Result<Next, String> {
        self.get_nowhere()?;
        self.bytes = 0;
        self.step = (self.step / 4).max(1);
        Ok(Next::Print(Vec::new(), self.printed))
    }

    fn get_nowhere(&mut self) -> Result<(), String> {
        self.barren += 1;
        if self.barren > MOST_BARREN { Err("its pages lead nowhere".into()) } else { Ok(()) }
    }

    fn request(&mut self, before: u64) -> PageRequest {
        self.before = before;
        PageRequest { before: Some(before), after: None, limit: Some(self.step.min(MAX_PAGE)), student: None }
    }
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
    fn empty_stretches_are_passed_over_in_strides() {
        let (found, upto) = fill(&[1, 2, 3000], 2, 3000, 500);
        assert!((found, upto) == (vec![], 2502) || upto == 3000, "{upto}");
        let far = 1 << 62;
        let (found, upto) = fill(&[1, far - 600, far], 1, far, 500);
        assert!(far - upto <= MAX_PAGE);
        assert_eq!(found.first().copied().unwrap_or(far - 600), far - 600);
    }

    #[test]
    fn a_stride_that_holds_too_much_is_taken_in_smaller_ones() {
        let places: Vec<u64> = (1..=10).chain(20_000..=26_000).collect();
        let (found, upto) = fill(&places, 10, 26_000, 500);
        assert!(26_000 - upto <= MAX_PAGE);
        assert_eq!(found, (20_000..=upto).collect::<Vec<_>>());
        // Long lines, too.
        let mut catch_up = CatchUp::new(0, 700);
        let (mut held, mut all, mut request) = (0, Vec::new(), catch_up.ask());
        while let Some(asked) = request {
            let before = asked.before.unwrap();
            let from = before.saturating_sub(asked.limit.unwrap().min(5)).max(1);
            let long: Vec<String> = (from..before)
                .map(|seq| {
                    let square = "1".repeat(300_000);
                    format!(r#"{{"seq":{seq},"at":"t","student":"s","name":"n","number":"1","square":"{square}"}}"#)
                })
                .collect();
            let line = format!(r#"{{"results":[{}],"more":true}}"#, long.join(","));
            request = match catch_up.take(&line).unwrap() {
                Next::Ask(next) => Some(next),
                Next::Print(found, _) => {
                    all.extend(found.iter().map(|fetched| fetched.result.seq));
                    catch_up.ask()
                }
            };
            held = held.max(catch_up.bytes);
        }
        assert!(held < MOST_BYTES + (2 << 20), "{held}");
        assert_eq!(all, (1..=*all.last().unwrap()).collect::<Vec<_>>());
        assert!(700 - all.last().unwrap() <= MAX_PAGE);
    }

    /// Pages by a rule for as long as they are asked for; how many results are held at the most, and what ended it.
    fn lied_to(latest: u64, lie: impl Fn(&PageRequest, usize) -> Vec<u64>) -> (usize, Option<String>) {
        let mut catch_up = CatchUp::new(10, latest);
        let mut most = 0;
        let Some(mut request) = catch_up.ask() else { return (0, None) };
        for n in 0..800 {
            let results: Vec<String> = lie(&request, n)
                .iter()
                .map(|seq| format!(r#"{{"seq":{seq},"at":"t","student":"s","name":"n","number":"1","square":"1"}}"#))
                .collect();
            let line = format!(r#"{{"type":"history","results":[{}],"more":true,"student":null}}"#, results.join(","));
            request = match catch_up.take(&line) {
                Ok(Next::Ask(next)) => next,
                Ok(Next::Print(..)) => match catch_up.ask() {
                    Some(next) => next,
                    None => return (most, None),
                },
                Err(why) => return (most, Some(why)),
            };
            most = most.max(catch_up.found.len());
        }
        (most, None)
    }

    #[test]
    fn a_server_that_lies_makes_it_hold_little_and_ask_no_more() {
        let before = |request: &PageRequest| request.before.unwrap();
        let far = i64::MAX as u64;
        // Nothing, for ever; the same again; later ones; descending ones; too many.
        assert_eq!(lied_to(far, |_, _| vec![]), (0, None));
        for lie in [
            &(|request: &PageRequest, _: usize| vec![before(request)]) as &dyn Fn(&PageRequest, usize) -> Vec<u64>,
            &|_, _| vec![far],
            &|_, _| vec![30, 20],
            &|_, _| vec![20, 20],
            &|_, _| (11..600).collect(),
        ] {
            assert!(matches!(lied_to(far, lie), (..=1, Some(_))), "{:?}", lied_to(far, lie));
        }
        // One at a time, without an end to them; and nothing where little is asked for, but too much where much is.
        let (most, _) = lied_to(far, |request, _| vec![before(request) - 1]);
        assert!(most as u64 <= MAX_PAGE + 1, "{most}");
        let (most, why) = lied_to(far, |request, _| {
            let many = before(request) > 600;
            if many { (before(request) - 500..before(request)).collect() } else { vec![] }
        });
        assert!(most as u64 <= 2 * MAX_PAGE && why.is_none_or(|why| why.contains("nowhere")), "{most}");
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
