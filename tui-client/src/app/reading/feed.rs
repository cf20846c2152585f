//! The shared results: which are loaded, which are visible, which one is selected. The app gives it what the link tells
//! and the scrolling keys; the view asks which item stands on which line.
//!
//! The feed is a column of items: a marker at the top, the loaded results with a divider where somebody stopped
//! reading, and at the end my squares that wait for their answer. It is anchored to a result's `seq`, never to an
//! offset, so that nothing moves while somebody reads, whatever arrives above or below. It may show only what a
//! filter lets through. What is loaded is bounded: following the newest, the oldest go; reading further up, whichever
//! end is farther from what is being read. What went is fetched again as history when it is wanted, at either end.

mod filter;
mod names;
mod paging;
mod pending;
mod viewport;

use std::collections::VecDeque;

use squares_shared::message::{PageRequest, SquareResult};

pub(crate) use filter::{Filter, SearchText, StudentFilter};
pub(crate) use pending::{PendingList, PendingSquare};
pub(crate) use viewport::{Item, Top};

use names::Names;
use viewport::ScrollAnchor;

use super::row::Row;
use crate::link::Continues;

/// The most results that are loaded while the newest are followed, and their bytes.
const FOLLOWING: Bound = Bound { rows: 5_000, bytes: 4 << 20 };

/// The most results that are loaded while somebody reads further up, and their bytes.
const READING: Bound = Bound { rows: 5_000, bytes: 8 << 20 };

#[derive(Debug, Clone, Copy)]
struct Bound {
    rows: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// What is let through.
    pub(crate) filter: Filter,
    rows: VecDeque<Row>,
    bytes: usize,
    /// Everything that is let through is loaded from this `seq` on, down to the newest or to the gap.
    from: u64,
    /// Results may exist before `from`.
    more_above: bool,
    /// The last result that the server sent as it came, whether or not it was let through.
    last_live: u64,
    /// Results behind this `seq`, below the last row, are not loaded; new ones are only counted.
    gap: Option<u64>,
    /// How many came while there was a gap.
    new_beyond_gap: usize,
    asked: Option<PageRequest>,
    /// The server refused a page, or somebody stopped the search: none is asked for until somebody scrolls.
    stalled: bool,
    /// The next earlier result is to be selected as soon as it is found.
    seeking: bool,
    /// How many results were looked through.
    searched: usize,
    /// How many results are wanted even where they are not visible.
    at_least: usize,
    /// Up to where the server said that results follow by themselves.
    replay_until: Option<u64>,
    anchor: ScrollAnchor,
    selected: Option<u64>,
    /// The newest result that was visible.
    seen: u64,
    /// Behind this result somebody stopped reading.
    divider: Option<u64>,
    /// My squares that wait.
    pub(crate) pending: PendingList,
    /// The visible lines.
    height: usize,
    /// The names loaded so far.
    pub(crate) names: Names,
}

impl Feed {
    pub(crate) fn new(height: usize) -> Self {
        Self { from: 1, height, ..Self::default() }
    }

    /// A feed of what a filter lets through, beginning with what is loaded here.
    pub(crate) fn filtered(&self, filter: Filter) -> Self {
        let mut feed = Self::new(self.height);
        feed.filter = filter;
        feed.last_live = self.last_live;
        feed.replay_until = self.replay_until;
        feed.names = self.names.clone();
        if self.gap.is_some() {
            feed.begin_at_newest();
        } else {
            (feed.from, feed.more_above) = (self.from, self.more_above);
            for row in self.rows.iter().filter(|row| feed.filter.matches(row)) {
                feed.bytes += row.size();
                feed.rows.push_back(row.clone());
            }
            feed.searched = self.rows.len();
        }
        feed.seen = feed.rows.back().map_or(0, Row::seq);
        feed
    }

    /// The server let us in: results follow from behind `replay_after`, up to `latest` at once.
    pub(crate) fn joined(&mut self, latest: u64, replay_after: u64, continues: Continues) {
        self.lost();
        self.stalled = false;
        self.replay_until = Some(latest);
        if continues == Continues::Resumed {
            return;
        }
        let before = std::mem::replace(&mut self.last_live, replay_after);
        let leaves_gap = matches!(continues, Continues::Gap(..));
        if leaves_gap && self.anchor != ScrollAnchor::Newest && !self.rows.is_empty() {
            // Somebody reads: what they read stays, and the gap below it is shown.
            self.gap.get_or_insert(before);
            return;
        }
        self.clear();
        self.begin_at_newest();
        if !leaves_gap {
            self.names = Names::default();
            self.seen = 0;
            self.divider = None;
        }
    }

    /// The newest result that is known to be there, whether or not it has come.
    pub(crate) fn newest_known(&self) -> u64 {
        self.last_live.max(self.replay_until.unwrap_or(0))
    }

    /// Whether a result came after joining.
    pub(crate) fn is_live(&self, seq: u64) -> bool {
        self.replay_until.is_some_and(|until| seq > until)
    }

    /// The connection is gone: the page in flight will not come.
    pub(crate) fn lost(&mut self) {
        self.asked = None;
    }

    /// The server refused something, perhaps a page.
    pub(crate) fn refused(&mut self) {
        if self.asked.take().is_some() {
            self.stalled = true;
        }
    }

    /// New results, ascending. Those that are there already are left out.
    pub(crate) fn extend(&mut self, results: &[SquareResult]) {
        for result in results {
            if result.seq <= self.last_live {
                continue;
            }
            self.last_live = result.seq;
            self.searched += usize::from(self.gap.is_none());
            let Some(row) = self.filter.row(result) else { continue };
            if self.gap.is_some() {
                self.new_beyond_gap += 1;
            } else {
                self.push(row);
            }
        }
        if self.anchor == ScrollAnchor::Newest {
            self.seen = self.rows.back().map_or(self.seen, Row::seq);
        }
        self.trim();
    }

    /// The feed has another height.
    pub(crate) fn resize(&mut self, height: usize) {
        if height == self.height {
            return;
        }
        let top = self.top();
        self.height = height;
        if self.anchor != ScrollAnchor::Newest {
            self.scroll_to(top);
            self.reveal_selected();
        }
    }

    /// Scrolls by so many lines, down if positive.
    pub(crate) fn scroll(&mut self, lines: isize) {
        self.stalled = false;
        self.set_unread_divider();
        let top = self.top().saturating_add(lines);
        self.scroll_to(top);
        self.keep_selected_visible();
    }

    /// To the oldest result that is loaded.
    pub(crate) fn show_oldest(&mut self) {
        self.scroll(isize::MIN / 2);
    }

    /// To the oldest there is, if the oldest that was loaded is read already, or no more than a page that came since
    /// stands above it: what is loaded goes, and pages come from the beginning on.
    pub(crate) fn go_to_beginning(&mut self) {
        let near = isize::try_from(paging::PAGE).unwrap_or(0);
        if self.more_above && !self.rows.is_empty() && self.top() <= near && self.anchor != ScrollAnchor::Newest {
            self.clear();
            (self.from, self.more_above, self.stalled) = (1, false, false);
            self.gap = Some(0);
        }
    }

    /// Shows this result among its neighbours, selected and in the middle. They are fetched if they are not loaded.
    pub(crate) fn show(&mut self, row: &Row) {
        self.set_unread_divider();
        self.stalled = false;
        let seq = row.seq();
        let known = self.rows.front().is_some_and(|first| first.seq() <= seq);
        let known = known && self.rows.back().is_some_and(|last| last.seq() >= seq);
        if !known {
            self.clear();
            self.push(row.clone());
            (self.from, self.more_above) = (seq, true);
            self.gap = Some(seq);
        }
        self.selected = Some(seq);
        let middle = isize::try_from(self.height / 2).unwrap_or(0);
        self.anchor = ScrollAnchor::At { seq, line: middle };
        if known {
            let top = self.top();
            self.scroll_to(top);
        }
    }

    /// Somebody looks away from the newest result: a divider shows there when they come back.
    pub(crate) fn set_unread_divider(&mut self) {
        if self.anchor == ScrollAnchor::Newest && self.gap.is_none() {
            self.divider = Some(self.last_live);
        }
    }

    /// The divider goes once the newest is read again and nothing of the others has come, or once a square was sent.
    pub(crate) fn clear_unread_divider(&mut self, me: &str, spoke: bool) {
        let Some(divider) = self.divider.filter(|_| self.anchor == ScrollAnchor::Newest) else { return };
        let behind = self.rows.partition_point(|row| row.seq() <= divider);
        if spoke || self.rows.range(behind..).all(|row| row.student() == me) {
            self.divider = None;
        }
    }

    /// Back to the newest result, following it; nothing is selected.
    pub(crate) fn follow_newest(&mut self) {
        self.stalled = false;
        self.selected = None;
        self.seeking = false;
        self.anchor = ScrollAnchor::Newest;
        if self.gap.is_some() {
            // What is loaded does not reach the newest: start again from there.
            self.clear();
            self.begin_at_newest();
        }
        self.seen = self.rows.back().map_or(self.seen, Row::seq);
        self.trim();
    }

    /// Selects the result before (-1) or behind (1) the selected one; if none is, the last visible one.
    pub(crate) fn select(&mut self, step: isize) {
        self.stalled = false;
        if self.rows.is_empty() {
            return;
        }
        self.set_unread_divider();
        let last = self.rows.len() - 1;
        let index = match self.selected {
            None => self.last_visible_row().unwrap_or(last),
            Some(seq) => {
                let index = self.index_of(seq);
                self.seeking = step < 0 && index == 0 && self.more_above;
                if step > 0 && index >= last {
                    if self.gap.is_none() {
                        self.follow_newest();
                    }
                    return;
                }
                index.saturating_add_signed(step).min(last)
            }
        };
        self.selected = Some(self.rows[index].seq());
        let top = self.top();
        self.scroll_to(top);
        self.reveal_selected();
    }

    /// Whether the selected result is the first (-1) or the last (1) there is.
    pub(crate) fn is_at_end(&self, step: isize) -> bool {
        let Some(seq) = self.selected else { return false };
        let (row, open) = match step {
            ..0 => (self.rows.front(), self.more_above),
            _ => (self.rows.back(), self.gap.is_some()),
        };
        !open && row.is_some_and(|row| row.seq() == seq)
    }

    /// Selects a visible result.
    pub(crate) fn select_seq(&mut self, seq: u64) {
        self.set_unread_divider();
        let top = self.top();
        self.selected = Some(seq);
        self.scroll_to(top);
    }

    /// The results that are loaded, oldest first.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &Row> + DoubleEndedIterator + Clone {
        self.rows.iter()
    }

    /// Nothing is loaded; what comes next is what the server sends, and what lies before it is fetched.
    fn begin_at_newest(&mut self) {
        self.from = self.last_live.saturating_add(1);
        self.more_above = self.last_live > 0;
    }

    fn push(&mut self, row: Row) {
        self.measure(&row);
        self.rows.push_back(row);
    }

    fn push_front(&mut self, row: Row) {
        self.measure(&row);
        self.rows.push_front(row);
    }

    fn measure(&mut self, row: &Row) {
        self.bytes += row.size();
        self.names.measure(row);
    }

    fn trim(&mut self) {
        let bound = if self.anchor == ScrollAnchor::Newest { FOLLOWING } else { READING };
        while self.rows.len() > bound.rows || (self.bytes > bound.bytes && self.rows.len() > self.height.max(1)) {
            let from_top = match self.anchor {
                ScrollAnchor::Newest => true,
                ScrollAnchor::At { seq, .. } => self.index_of(seq) >= self.rows.len() / 2,
            };
            let gone = if from_top {
                self.more_above = true;
                let gone = self.rows.pop_front();
                self.from = gone.as_ref().map_or(self.from, |row| row.seq() + 1);
                gone
            } else {
                let gone = self.rows.pop_back();
                if let Some(row) = &gone {
                    self.gap = Some(row.seq() - 1);
                    self.new_beyond_gap += usize::from(row.seq() > self.seen);
                }
                gone
            };
            self.bytes -= gone.map_or(0, |row| row.size());
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
        self.more_above = false;
        self.gap = None;
        self.new_beyond_gap = 0;
        self.asked = None;
        self.seeking = false;
        // What was found went too: the two are told side by side.
        self.searched = 0;
        self.anchor = ScrollAnchor::Newest;
        self.selected = None;
    }
}

#[cfg(test)]
mod tests;
