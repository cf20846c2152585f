//! How a feed gets what is not loaded, page by page: earlier results when somebody comes near the oldest that is
//! loaded, and later ones when they come near a gap below it. The app asks it what it wants, and gives it the pages
//! that come.

use squares_shared::message::{MAX_PAGE, Page, PageRequest};

use super::viewport::ScrollAnchor;
use super::{FOLLOWING, Feed};

/// The results on a page that is asked for.
pub(super) const PAGE: u64 = 200;

impl Feed {
    /// The page to ask for now, if one is wanted. It counts as asked for.
    pub(crate) fn wanted(&mut self) -> Option<PageRequest> {
        if self.asked.is_some() || self.stalled || self.height == 0 {
            return None;
        }
        // A search looks through many results for a few.
        let limit = Some(if self.filter.text.is_some() { MAX_PAGE } else { PAGE });
        let student = self.filter.student.as_ref().map(|whose| whose.id.clone());
        self.asked = if self.wants_earlier() {
            Some(PageRequest { before: Some(self.from), after: None, limit, student })
        } else {
            let after = self.wanted_after()?;
            // What comes later than this comes by itself.
            Some(PageRequest { before: Some(self.last_live.saturating_add(1)), after: Some(after), limit, student })
        };
        self.asked.clone()
    }

    fn wants_earlier(&self) -> bool {
        let replayed = self.gap.is_some() || self.last_live >= self.replay_until.unwrap_or(0);
        let height = isize::try_from(self.height).unwrap_or(isize::MAX);
        let near = match self.anchor {
            ScrollAnchor::Newest => replayed && self.top() <= 0,
            ScrollAnchor::At { .. } => self.top() <= height,
        };
        // Long numbers fill what may be loaded with few results: a page more would only push out another.
        let few = replayed && self.rows.len() < self.at_least && self.bytes < FOLLOWING.bytes / 2;
        self.more_above && (near || few)
    }

    /// Where the next page of later results begins, when the end of what is loaded is near.
    fn wanted_after(&self) -> Option<u64> {
        let near = self.last_visible_row().is_none_or(|index| index + self.height >= self.rows.len());
        self.gap.filter(|_| near)
    }

    /// A page of history, and what it answers. Whether this feed had asked for it.
    pub(crate) fn page(&mut self, request: &PageRequest, page: &Page) -> bool {
        if self.asked.take_if(|asked| asked == request).is_none() {
            return false;
        }
        self.searched += page.results.len();
        match request.after {
            None => self.earlier_page(request, page),
            Some(after) => self.later_page(request, page, after),
        }
        self.trim();
        true
    }

    fn earlier_page(&mut self, request: &PageRequest, page: &Page) {
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

    fn later_page(&mut self, request: &PageRequest, page: &Page, after: u64) {
        if self.gap != Some(after) {
            return;
        }
        // The page reaches to its last result, or, where there are no more, as far as it was asked for.
        let newest = request.before.map_or(self.last_live, |before| before - 1);
        let upto = if page.more { page.results.last().map(|last| last.seq) } else { Some(newest) };
        let Some(upto) = upto else {
            self.stalled = true;
            return;
        };
        let was_empty = self.rows.is_empty();
        for result in page.results.iter().filter(|result| result.seq > after && result.seq <= upto) {
            if let Some(row) = self.filter.row(result) {
                if row.seq() > self.seen {
                    self.new_beyond_gap = self.new_beyond_gap.saturating_sub(1);
                }
                self.push(row);
            }
        }
        self.gap = Some(upto);
        self.close_gap();
        if let (true, Some(first)) = (was_empty, self.rows.front()) {
            // The oldest were gone to: they are shown from their beginning.
            self.anchor = ScrollAnchor::At { seq: first.seq(), line: 1 };
        }
    }

    /// The gap ends once everything that the server sent is loaded.
    fn close_gap(&mut self) {
        if self.gap.is_some_and(|after| after >= self.last_live) {
            self.gap = None;
            self.new_beyond_gap = 0;
        }
    }

    /// Nothing more is asked for until somebody scrolls, selects, or comes back to the newest. Whether something was.
    pub(crate) fn stop_asking(&mut self) -> bool {
        let was_asking = self.is_asking() && !self.stalled;
        self.stalled = true;
        self.seeking = false;
        was_asking
    }

    /// Whether a page is in flight.
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
