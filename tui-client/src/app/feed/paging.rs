//! How a feed gets what is not loaded, page by page: earlier results when somebody comes near the oldest that is
//! loaded, and later ones when they come near the end of a feed that was cut. The app asks it what it wants, and
//! gives it the pages that come.

use squares_shared::message::{MAX_PAGE, Page, PageRequest};

use super::sight::Place;
use super::{FOLLOWING, Feed};

/// The results on a page that is asked for.
pub(super) const PAGE: u64 = 200;

/// A page that was asked for and has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    request: PageRequest,
    /// For a page of later results, up to where they were known when it was asked for.
    behind: Option<u64>,
}

/// The end of a feed that does not reach the newest result. The protocol only pages backwards, so that what comes
/// next is asked for by guessing where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Everything up to here is loaded.
    pub(super) covered: u64,
    /// How far the next page reaches beyond that.
    step: u64,
    /// The last guess reached too far: the next page ends where its results began.
    before: Option<u64>,
}

impl Cut {
    pub(super) const fn behind(covered: u64) -> Self {
        Self { covered, step: PAGE, before: None }
    }
}

impl Feed {
    /// The page to ask for now, if one is wanted. It counts as asked for.
    pub(crate) fn wanted(&mut self) -> Option<PageRequest> {
        if self.asked.is_some() || self.stalled || self.height == 0 {
            return None;
        }
        let (before, behind) = match self.wanted_above() {
            Some(before) => (before, None),
            None => {
                let (before, behind) = self.wanted_below()?;
                (before, Some(behind))
            }
        };
        // A search looks through many results for a few.
        let limit = if self.filter.needle.is_some() { MAX_PAGE } else { PAGE };
        let student = self.filter.student.as_ref().map(|whose| whose.id.clone());
        let request = PageRequest { before: Some(before), limit: Some(limit), student, after: None };
        self.asked = Some(Asked { request: request.clone(), behind });
        Some(request)
    }

    fn wanted_above(&self) -> Option<u64> {
        let replayed = self.cut.is_some() || self.stream >= self.replay_until.unwrap_or(0);
        let height = isize::try_from(self.height).unwrap_or(isize::MAX);
        let near = match self.place {
            Place::Newest => replayed && self.top() <= 0,
            Place::At { .. } => self.top() <= height,
        };
        // Long numbers fill what may be loaded with few results: a page more would only push out another.
        let few = replayed && self.rows.len() < self.at_least && self.bytes < FOLLOWING.bytes / 2;
        (self.more_above && (near || few)).then_some(self.from)
    }

    fn wanted_below(&mut self) -> Option<(u64, u64)> {
        let covered = self.cut.as_ref()?.covered;
        if covered >= self.stream {
            self.cut = None;
            self.uncounted = 0;
            return None;
        }
        let near = self.last_row_in_sight().is_none_or(|index| index + self.height >= self.rows.len());
        if !near {
            return None;
        }
        // One student's results lie as far apart as those that are loaded.
        let apart = match (self.filter.student.is_some(), self.rows.front(), self.rows.back()) {
            (true, Some(first), Some(last)) => (last.seq() - first.seq()) / self.rows.len() as u64,
            _ => 1,
        };
        let cut = self.cut.as_ref()?;
        let step = cut.step.max(PAGE.saturating_mul(apart));
        let before = cut.before.unwrap_or_else(|| covered.saturating_add(step).min(self.stream).saturating_add(1));
        Some((before, covered))
    }

    /// A page of history, and what it answers. Whether this feed had asked for it.
    pub(crate) fn page(&mut self, request: &PageRequest, page: &Page) -> bool {
        if self.asked.as_ref().is_none_or(|asked| asked.request != *request) {
            return false;
        }
        let Some(asked) = self.asked.take() else { return false };
        self.searched += page.results.len();
        match asked.behind {
            None => self.page_above(request, page),
            Some(behind) => self.page_below(request, page, behind),
        }
        self.trim();
        true
    }

    fn page_above(&mut self, request: &PageRequest, page: &Page) {
        if request.before != Some(self.from) {
            // Rows went since it was asked for: it does not join what is loaded.
            return;
        }
        let before = self.from;
        let mut found = false;
        for result in page.results.iter().rev().filter(|result| result.seq < before) {
            if let Some(row) = self.filter.row(result) {
                self.push_front(row);
                found = true;
            }
        }
        let first = page.results.first().map_or(before, |first| first.seq.min(before));
        self.from = first;
        // A page that brought nothing would be asked for again and again.
        self.more_above = page.more && first < before;
        if !self.more_above {
            self.seeking = false;
        } else if found && self.seeking {
            self.seeking = false;
            self.select(-1);
        }
    }

    fn page_below(&mut self, request: &PageRequest, page: &Page, behind: u64) {
        let Some(cut) = self.cut.as_mut().filter(|cut| cut.covered == behind) else { return };
        let upto = request.before.unwrap_or(u64::MAX) - 1;
        let first = page.results.first().map_or(upto, |first| first.seq);
        if page.more && first > behind.saturating_add(1) {
            // There may be more between what is loaded and this page.
            cut.before = Some(first);
            self.stalled = page.results.is_empty() || first > upto;
            return;
        }
        let was_empty = self.rows.is_empty();
        let mut found = 0;
        for result in page.results.iter().filter(|result| result.seq > behind && result.seq <= upto) {
            if let Some(row) = self.filter.row(result) {
                if row.seq() > self.seen {
                    self.uncounted = self.uncounted.saturating_sub(1);
                }
                self.push(row);
                found += 1;
            }
        }
        let step = self.cut.as_ref().map_or(PAGE, |cut| cut.step);
        let step = if found == 0 { step.saturating_mul(2) } else { PAGE };
        self.cut = Some(Cut { covered: upto, step, before: None });
        if upto >= self.stream {
            self.cut = None;
            self.uncounted = 0;
        }
        if let (true, Some(first)) = (was_empty, self.rows.front()) {
            // The oldest were gone to: they are shown from their beginning.
            self.place = Place::At { seq: first.seq(), line: 1 };
        }
    }

    /// Nothing more is asked for until somebody scrolls, selects, or comes back to the newest. Whether something was.
    pub(crate) fn stop_asking(&mut self) -> bool {
        let was_asking = self.is_asking() && !self.stalled;
        self.stalled = true;
        self.seeking = false;
        was_asking
    }

    #[cfg(test)]
    pub(super) fn asked_for(&self) -> Option<PageRequest> {
        self.asked.as_ref().map(|asked| asked.request.clone())
    }

    /// Whether a page is under way.
    pub(crate) const fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether asking was stopped, though there is more.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.stalled && self.more_above
    }

    /// How many results were looked through, and whether there are earlier ones.
    pub(crate) const fn searched(&self) -> (usize, bool) {
        (self.searched, self.more_above)
    }

    /// Wants so many results loaded wherever somebody reads, as far as there are any: a chart of ten shows little.
    pub(crate) fn want_at_least(&mut self, rows: usize) {
        self.at_least = rows;
    }
}
