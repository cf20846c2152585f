//! The results and how they are looked at: the feed, filters, the chart, one result in full, and exports.

mod chart;
mod copy;
mod detail;
mod export;
mod feed;
mod filter;
mod in_full;
mod row;

use squares_shared::message::{Page, PageRequest, SquareResult, Welcome};

#[cfg(test)]
pub(crate) use chart::Point;
pub(crate) use chart::{Chart, Pane, Plot, curve};
pub(crate) use copy::Copied;
pub(crate) use detail::{Detail, DetailLine, head_lines};
pub(crate) use feed::{Feed, Item, PendingSquare, Top};
pub(crate) use row::Row;

use crate::link::{Command, Continues, PageOwner};
use chart::Tally;
use export::Exports;
use feed::Filter;

#[derive(Debug)]
pub(crate) struct Reading {
    /// The feed that is shown: of everything, or of what a filter lets through.
    pub(crate) feed: Feed,
    /// The feed of everything, while another is shown.
    whole: Option<Feed>,
    pub(crate) chart: Chart,
    pub(crate) exports: Exports,
}

impl Reading {
    /// Nothing is known yet; so many lines are visible.
    pub(super) fn new(height: usize) -> Self {
        Self { feed: Feed::new(height), whole: None, chart: Chart::default(), exports: Exports::default() }
    }

    /// The feed of everything, whether or not it is shown.
    pub(crate) fn whole_feed(&self) -> &Feed {
        self.whole.as_ref().unwrap_or(&self.feed)
    }

    /// The feed that is shown, and the one that is kept beside it.
    pub(super) fn each_feed(&mut self, to: impl FnMut(&mut Feed)) {
        std::iter::once(&mut self.feed).chain(&mut self.whole).for_each(to);
    }

    /// Shows only what a filter lets through. The feed of everything is kept beside it where it was.
    pub(super) fn show_only(&mut self, filter: Filter) {
        self.show_everything();
        self.feed.set_unread_divider();
        let mut filtered = self.feed.filtered(filter);
        filtered.pending = std::mem::take(&mut self.feed.pending);
        self.whole = Some(std::mem::replace(&mut self.feed, filtered));
    }

    pub(super) fn show_everything(&mut self) {
        let Some(mut whole) = self.whole.take() else { return };
        whole.pending = std::mem::take(&mut self.feed.pending);
        self.feed = whole;
        self.chart.start_again();
    }

    pub(super) fn joined(&mut self, welcome: &Welcome, continues: Continues) {
        self.each_feed(|feed| feed.joined(welcome.latest, welcome.replay_after, continues));
        if continues == Continues::Anew {
            self.chart.fit();
        }
        if continues != Continues::Resumed {
            self.chart.tally = Tally::behind(welcome.replay_after);
        }
    }

    /// New results came, ascending.
    pub(super) fn results(&mut self, results: &[SquareResult]) {
        self.each_feed(|feed| feed.extend(results));
        self.chart.tally.live(results);
    }

    /// The page to ask for now, if one is wanted.
    pub(super) fn wanted(&mut self) -> Option<Command> {
        let owner = if self.whole.is_some() { PageOwner::FilteredFeed } else { PageOwner::WholeFeed };
        self.feed.wanted().map(|request| Command::Page { owner, request })
    }

    /// A page of history came for the feed that asked for it, which may be gone by now.
    pub(super) fn page(&mut self, owner: PageOwner, request: &PageRequest, page: &Page) {
        let feed = match (owner, &mut self.whole) {
            (PageOwner::WholeFeed, Some(whole)) => whole,
            (PageOwner::WholeFeed, None) | (PageOwner::FilteredFeed, Some(_)) => &mut self.feed,
            (PageOwner::FilteredFeed, None) | (PageOwner::Export, _) => return,
        };
        feed.page(request, page);
        if request.student.is_none() && request.after.is_none() {
            self.chart.tally.earlier(request.before, &page.results, page.more);
        }
    }

    /// The connection is gone: the pages in flight will not come.
    pub(super) fn connection_lost(&mut self) {
        self.exports.lost();
        self.each_feed(Feed::lost);
    }

    /// Brings in line what depends on what fills the middle of the room; the chart may also stand beside the feed.
    pub(super) fn reconcile(&mut self, feed_shown: bool, chart_shown: bool, chart_beside: bool, me: &str) {
        self.chart.reconcile(chart_shown, chart_beside, &mut self.feed, me);
        if feed_shown {
            self.feed.clear_unread_divider(me, false);
        }
    }
}
