//! The shared results: which are loaded, which are in sight, which one is selected. The app feeds it the link's news
//! and the scrolling keys; the view asks which item stands on which line.
//!
//! The feed is a column of items: a marker at the top, the loaded results, and at the end my squares that wait for
//! their answer. Its place is held by a result's `seq`, never by an offset, so that nothing moves while somebody reads,
//! whatever arrives above or below. What is loaded is bounded: following the newest, the oldest go; reading further up,
//! whichever end is farther from what is being read. What went is fetched again as history when it is wanted.

mod sight;
mod waiting;

use std::collections::VecDeque;

use squares_shared::message::{Page, PageRequest, SquareResult};

pub(crate) use sight::{Item, Top};
pub(crate) use waiting::{Waiting, WaitingList};

use sight::Place;

use super::row::Row;
use crate::text;

/// The most results that are loaded while the newest are followed, and their bytes.
const FOLLOWING: Bound = Bound { rows: 5_000, bytes: 4 << 20 };

/// The most results that are loaded while somebody reads further up, and their bytes.
const READING: Bound = Bound { rows: 20_000, bytes: 32 << 20 };

/// The results on a page that is asked for.
const PAGE: u64 = 200;

#[derive(Debug, Clone, Copy)]
struct Bound {
    rows: usize,
    bytes: usize,
}

/// A page that was asked for and has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    before: Option<u64>,
}

/// The shared results.
#[derive(Debug)]
pub(crate) struct Feed {
    rows: VecDeque<Row>,
    bytes: usize,
    /// Results exist above the first row.
    more_above: bool,
    /// Results exist below the last row that are not loaded; new ones are only counted.
    cut: bool,
    /// How many came while `cut`.
    uncounted: usize,
    asked: Option<Asked>,
    /// Pages that were asked for and will come, but are not wanted any more.
    abandoned: usize,
    /// The server refused a page; none is asked for until somebody scrolls.
    stalled: bool,
    /// Up to where the server said that results follow by themselves.
    replay_until: Option<u64>,
    /// Where the stream began, for a feed that holds nothing yet.
    begins_behind: u64,
    place: Place,
    selected: Option<u64>,
    /// The newest result that was in sight.
    seen: u64,
    /// My squares that wait.
    pub(crate) waiting: WaitingList,
    /// The lines in sight.
    height: usize,
    name_width: usize,
    id_width: usize,
}

impl Feed {
    pub(crate) fn new(height: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            bytes: 0,
            more_above: false,
            cut: false,
            uncounted: 0,
            asked: None,
            abandoned: 0,
            stalled: false,
            replay_until: None,
            begins_behind: 0,
            place: Place::Newest,
            selected: None,
            seen: 0,
            waiting: WaitingList::default(),
            height,
            name_width: 0,
            id_width: 0,
        }
    }

    /// The server let us in: results follow from behind `replay_after`, up to `latest` at once.
    pub(crate) fn joined(&mut self, latest: u64, replay_after: u64, resumed: bool, same_ledger: bool) {
        self.lost();
        self.stalled = false;
        self.replay_until = Some(latest);
        if resumed {
            return;
        }
        if same_ledger && self.place != Place::Newest && !self.rows.is_empty() {
            // Somebody reads: what they read stays, and the hole below it shows as a cut.
            self.cut = true;
            return;
        }
        self.clear();
        self.begins_behind = replay_after;
        self.more_above = replay_after > 0;
        if !same_ledger {
            self.name_width = 0;
            self.id_width = 0;
            self.seen = 0;
        }
    }

    /// The connection is gone: what was under way will not come.
    pub(crate) fn lost(&mut self) {
        self.asked = None;
        self.abandoned = 0;
    }

    /// The server refused something, perhaps a page.
    pub(crate) fn refused(&mut self) {
        if self.abandoned > 0 {
            self.abandoned -= 1;
        } else if self.asked.take().is_some() {
            self.stalled = true;
        }
    }

    /// New results, ascending. Those that are there already are left out.
    pub(crate) fn extend(&mut self, results: &[SquareResult]) {
        for result in results {
            if self.cut {
                self.uncounted += 1;
            } else if self.rows.back().is_none_or(|last| last.seq() < result.seq) {
                self.push(Row::new(result));
            }
        }
        if self.place == Place::Newest {
            self.seen = self.rows.back().map_or(self.seen, Row::seq);
        }
        self.trim();
    }

    /// A page of earlier results.
    pub(crate) fn page(&mut self, page: &Page) {
        if self.abandoned > 0 {
            self.abandoned -= 1;
            return;
        }
        let Some(asked) = self.asked.take() else { return };
        if page.student.is_some() {
            return;
        }
        let oldest = self.rows.front().map(Row::seq);
        if asked.before.is_some() && oldest.is_some() && asked.before != oldest {
            // Rows went since it was asked for: it does not join what is loaded.
            return;
        }
        for result in page.results.iter().rev() {
            if self.rows.front().is_none_or(|first| result.seq < first.seq()) {
                self.push_front(Row::new(result));
            }
        }
        if asked.before.is_none() {
            self.extend(&page.results);
        }
        // A page that brought nothing would be asked for again and again.
        self.more_above = page.more && self.rows.front().map(Row::seq) != oldest;
        self.trim();
    }

    /// The page to ask for now, if one is wanted. It counts as asked for.
    pub(crate) fn wanted(&mut self) -> Option<PageRequest> {
        if self.asked.is_some() || self.stalled || !self.more_above || self.height == 0 {
            return None;
        }
        let near_top = match self.place {
            Place::Newest => self.top() <= 0,
            Place::At { .. } => self.top() <= isize::try_from(self.height).unwrap_or(isize::MAX),
        };
        let oldest = self.rows.front().map(Row::seq);
        let replayed =
            self.cut || self.rows.back().map_or(self.begins_behind, Row::seq) >= self.replay_until.unwrap_or(0);
        if !near_top || (!replayed && self.place == Place::Newest) {
            return None;
        }
        let before = match oldest {
            Some(seq) => Some(seq),
            None if self.begins_behind > 0 => Some(self.begins_behind.saturating_add(1)),
            None => None,
        };
        self.asked = Some(Asked { before });
        Some(PageRequest { before, limit: Some(PAGE), student: None })
    }

    /// The feed has another height.
    pub(crate) fn resize(&mut self, height: usize) {
        if height == self.height {
            return;
        }
        let top = self.top();
        self.height = height;
        if self.place != Place::Newest {
            self.place_at(top);
            self.reveal_selected();
        }
    }

    /// Moves what is in sight by so many lines, down if positive.
    pub(crate) fn scroll(&mut self, lines: isize) {
        self.stalled = false;
        let top = self.top().saturating_add(lines);
        self.place_at(top);
        self.keep_selected_in_sight();
    }

    /// To the oldest result that is loaded.
    pub(crate) fn show_oldest(&mut self) {
        self.scroll(isize::MIN / 2);
    }

    /// Back to the newest result, following it; nothing is selected.
    pub(crate) fn follow_newest(&mut self) {
        self.stalled = false;
        self.selected = None;
        self.place = Place::Newest;
        if self.cut {
            // What is loaded does not reach the newest: start anew from there.
            self.clear();
            self.begins_behind = 0;
            self.more_above = true;
            self.replay_until = None;
        }
        self.seen = self.rows.back().map_or(self.seen, Row::seq);
        self.trim();
    }

    /// Selects the result before (-1) or behind (1) the selected one; if none is, the last one in sight.
    pub(crate) fn select(&mut self, step: isize) {
        self.stalled = false;
        if self.rows.is_empty() {
            return;
        }
        let last = self.rows.len() - 1;
        let index = match self.selected {
            None => self.last_row_in_sight().unwrap_or(last),
            Some(seq) => {
                let index = self.index_of(seq);
                if step > 0 && index >= last {
                    if !self.cut {
                        self.follow_newest();
                    }
                    return;
                }
                index.saturating_add_signed(step).min(last)
            }
        };
        self.selected = Some(self.rows[index].seq());
        let top = self.top();
        self.place_at(top);
        self.reveal_selected();
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
        self.name_width = self.name_width.max(text::width(row.name()));
        self.id_width = self.id_width.max(text::width(row.student()));
    }

    fn trim(&mut self) {
        let bound = if self.place == Place::Newest { FOLLOWING } else { READING };
        while self.rows.len() > bound.rows || (self.bytes > bound.bytes && self.rows.len() > self.height.max(1)) {
            let from_top = match self.place {
                Place::Newest => true,
                Place::At { seq, .. } => self.index_of(seq) >= self.rows.len() / 2,
            };
            let gone = if from_top {
                self.more_above = true;
                self.rows.pop_front()
            } else {
                self.cut = true;
                let gone = self.rows.pop_back();
                self.uncounted += usize::from(gone.as_ref().is_some_and(|row| row.seq() > self.seen));
                gone
            };
            self.bytes -= gone.map_or(0, |row| row.size());
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
        self.more_above = false;
        self.cut = false;
        self.uncounted = 0;
        self.abandoned += usize::from(self.asked.take().is_some());
        self.place = Place::Newest;
        self.selected = None;
    }
}

#[cfg(test)]
mod tests;
