//! What of the feed is visible: which item stands on which line, and how the scroll anchor holds while items come and
//! go above and below. The feed moves it, the view asks it.

use super::{Feed, PendingSquare};
use crate::app::Row;

/// What stands on one line of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// The marker above the oldest result that is loaded.
    Top(Top),
    Row(&'a Row),
    /// Where somebody stopped reading.
    Divider,
    /// The marker below the newest result that is loaded, where newer ones are not.
    Gap,
    /// So many more of my squares wait than are shown.
    MorePending(usize),
    /// A square of mine that waits, or was refused.
    Pending(&'a PendingSquare),
}

/// What is known of the results above the oldest that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Top {
    /// Nothing is known yet.
    Unknown,
    /// There are none at all, above or below, that are let through.
    Empty,
    /// The oldest that is loaded is the first there is.
    Beginning,
    /// There are more; they come when somebody scrolls here.
    More,
    /// A page of them is in flight.
    Loading,
}

/// Where the feed stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ScrollAnchor {
    /// The newest is on the last line.
    #[default]
    Newest,
    /// The result `seq` is on `line`, counted from the first visible line; it may lie a little outside.
    At { seq: u64, line: isize },
}

impl Feed {
    /// The item on a line, counted from the first visible one.
    pub(crate) fn line(&self, line: usize) -> Option<Item<'_>> {
        let index = usize::try_from(self.top() + isize::try_from(line).ok()?).ok()?;
        self.item(index)
    }

    /// Whether the newest result is followed.
    pub(crate) fn is_following(&self) -> bool {
        self.anchor == ScrollAnchor::Newest
    }

    /// How many results have come below the visible ones since the newest was left.
    pub(crate) fn new_below(&self) -> usize {
        if self.is_following() {
            return 0;
        }
        let visible = self.last_visible_row().map_or(0, |index| self.rows[index].seq());
        let seen = self.seen.max(visible);
        self.rows.len() - self.rows.partition_point(|row| row.seq() <= seen) + self.new_beyond_gap
    }

    /// Where somebody reads who does not follow the newest: the `seq` of the selected result, or of the last visible
    /// one, and that of the newest. None where a filter leaves results out.
    pub(crate) fn place(&self) -> Option<(u64, u64)> {
        if self.is_following() || !self.filter.is_all() {
            return None;
        }
        let last = || self.last_visible_row().map(|index| self.rows[index].seq());
        Some((self.selected.or_else(last)?, self.newest_known()))
    }

    /// Whether everything that is let through is loaded.
    pub(crate) const fn is_whole(&self) -> bool {
        !self.more_above && self.gap.is_none()
    }

    /// How many results have come since somebody looked away from the newest.
    pub(crate) fn new_since_divider(&self) -> usize {
        let Some(divider) = self.divider else { return 0 };
        self.rows.len() - self.rows.partition_point(|row| row.seq() <= divider) + self.new_beyond_gap
    }

    pub(crate) fn selected(&self) -> Option<&Row> {
        let seq = self.selected?;
        self.rows.get(self.index_of(seq)).filter(|row| row.seq() == seq)
    }

    /// The result that holds the anchor, and its line; none while the newest is followed.
    #[cfg(test)]
    pub(crate) fn anchor(&self) -> Option<(u64, isize)> {
        match self.anchor {
            ScrollAnchor::Newest => None,
            ScrollAnchor::At { seq, line } => Some((seq, line)),
        }
    }

    fn item(&self, index: usize) -> Option<Item<'_>> {
        let Some(mut index) = index.checked_sub(1) else { return Some(Item::Top(self.top_marker())) };
        if let Some(divider) = self.divider_above() {
            if index == divider {
                return Some(Item::Divider);
            }
            index -= usize::from(index > divider);
        }
        if let Some(row) = self.rows.get(index) {
            return Some(Item::Row(row));
        }
        let mut index = index - self.rows.len();
        if self.gap.is_some() {
            if index == 0 {
                return Some(Item::Gap);
            }
            index -= 1;
        }
        let shown = self.pending_shown();
        let hidden = self.pending_here() - shown;
        if hidden > 0 {
            if index == 0 {
                return Some(Item::MorePending(hidden));
            }
            index -= 1;
        }
        if index < shown { self.pending.get(hidden + index).map(Item::Pending) } else { None }
    }

    /// The row that the divider stands above, where it parts any rows.
    fn divider_above(&self) -> Option<usize> {
        let divider = self.divider?;
        let above = self.rows.partition_point(|row| row.seq() <= divider);
        (above > 0 && above < self.rows.len()).then_some(above)
    }

    fn item_of(&self, row: usize) -> usize {
        1 + row + usize::from(self.divider_above().is_some_and(|above| above <= row))
    }

    /// The row that an item is, or the next one below it; past the last, the last.
    fn row_from(&self, item: isize) -> usize {
        let index = usize::try_from(item - 1).unwrap_or(0);
        let row = index - usize::from(self.divider_above().is_some_and(|above| above < index));
        row.min(self.rows.len().saturating_sub(1))
    }

    fn top_marker(&self) -> Top {
        if self.asked.is_some() {
            Top::Loading
        } else if self.more_above {
            Top::More
        } else if !self.rows.is_empty() {
            Top::Beginning
        } else if self.filter.is_all() && (self.gap.is_some() || self.replay_until.is_none_or(|until| until > 0)) {
            Top::Unknown
        } else {
            Top::Empty
        }
    }

    /// Squares that wait for their result take up at most half of the feed; the latest are shown.
    fn pending_shown(&self) -> usize {
        self.pending_here().min((self.height / 2).max(1))
    }

    fn pending_here(&self) -> usize {
        if self.filter.shows_pending() { self.pending.len() } else { 0 }
    }

    fn items(&self) -> usize {
        let shown = self.pending_shown();
        let markers = 1 + usize::from(self.divider_above().is_some()) + usize::from(self.gap.is_some());
        markers + self.rows.len() + usize::from(self.pending_here() > shown) + shown
    }

    /// The index of the item on the first visible line; negative where blank lines stand above the first item.
    pub(super) fn top(&self) -> isize {
        match self.anchor {
            ScrollAnchor::Newest => self.lowest_top(),
            ScrollAnchor::At { seq, line } => {
                isize::try_from(self.item_of(self.index_of(seq))).unwrap_or(isize::MAX) - line
            }
        }
    }

    /// `top` where the last item is on the last line.
    fn lowest_top(&self) -> isize {
        isize::try_from(self.items()).unwrap_or(isize::MAX) - isize::try_from(self.height).unwrap_or(isize::MAX)
    }

    /// Puts the item `top` on the first line, as far as there are items, and anchors to a visible result.
    pub(super) fn scroll_to(&mut self, top: isize) {
        let lowest = self.lowest_top();
        let top = top.clamp(lowest.min(0), lowest);
        if (top >= lowest && self.selected.is_none() && self.gap.is_none()) || self.rows.is_empty() {
            self.anchor = ScrollAnchor::Newest;
            self.seen = self.rows.back().map_or(self.seen, Row::seq);
            return;
        }
        let index = self.row_from(top);
        let line = isize::try_from(self.item_of(index)).unwrap_or(isize::MAX) - top;
        self.anchor = ScrollAnchor::At { seq: self.rows[index].seq(), line };
        if let Some(index) = self.last_visible_row() {
            self.seen = self.seen.max(self.rows[index].seq());
        }
    }

    pub(super) fn last_visible_row(&self) -> Option<usize> {
        let end = self.top() + isize::try_from(self.height).ok()?;
        // The item at `end` is just below the visible ones; the row of item i is i - 1, and one less below the divider.
        let index = usize::try_from(end - 2).ok().filter(|_| !self.rows.is_empty())?;
        let row = index - usize::from(self.divider_above().is_some_and(|above| above <= index));
        Some(row.min(self.rows.len() - 1))
    }

    pub(super) fn reveal_selected(&mut self) {
        let Some(seq) = self.selected else { return };
        let item = isize::try_from(self.item_of(self.index_of(seq))).unwrap_or(isize::MAX);
        let height = isize::try_from(self.height.max(1)).unwrap_or(isize::MAX);
        let top = self.top();
        // The marker above the oldest comes into sight with it.
        let upper = if item == 1 && height > 1 { 0 } else { item };
        if upper < top {
            self.scroll_to(upper);
        } else if item >= top + height {
            self.scroll_to(item - height + 1);
        }
    }

    /// Scrolling takes the selection along: it is always visible.
    pub(super) fn keep_selected_visible(&mut self) {
        let (Some(seq), Some(last)) = (self.selected, self.last_visible_row()) else { return };
        let first = self.row_from(self.top()).min(last);
        self.selected = Some(self.rows[self.index_of(seq).clamp(first, last)].seq());
    }

    /// Where a result stands among the rows, or would stand.
    pub(super) fn index_of(&self, seq: u64) -> usize {
        self.rows.partition_point(|row| row.seq() < seq)
    }
}
