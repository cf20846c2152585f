//! What fills the middle of the room, and how it scrolls.

use crossterm::event::{KeyCode, KeyEvent};

use super::{App, Detail, HelpPlace, Pasted, head_lines};
use crate::keys::{Action, Key, KeyContext};

#[derive(Debug)]
pub(crate) enum MainView {
    Feed,
    /// Every key and command.
    Help(HelpPlace),
    Detail(Detail),
    /// Who is online, where there is no room for the list beside the feed, or more of it is wanted.
    Online,
    /// The results as a picture.
    Chart,
    /// Whether to square several lines that were pasted.
    Paste(Pasted),
}

/// The lines of the online list that are left for people, below its title.
pub(crate) const fn list_lines(height: u16) -> usize {
    height.saturating_sub(1) as usize
}

impl App {
    /// A key that scrolls wherever nothing is typed. Whether it is one.
    pub(super) fn scroll_key(&mut self, key: KeyEvent, page: isize) -> bool {
        let lines = match (key.code, self.setup.keymap.action(Key::of(key), KeyContext { empty: true, chart: false })) {
            (KeyCode::Up, _) => -1,
            (KeyCode::Down, _) => 1,
            (KeyCode::Home, _) | (_, Some(Action::Oldest)) => isize::MIN / 2,
            (KeyCode::End, _) | (_, Some(Action::Newest)) => isize::MAX / 2,
            (_, Some(Action::PageUp)) => -page,
            (_, Some(Action::PageDown)) => page,
            _ => return false,
        };
        self.scroll_body(lines);
        true
    }

    pub(super) fn scroll_body(&mut self, lines: isize) {
        let parts = self.layout();
        let (cells, height) = (usize::from(parts.body.width), usize::from(parts.body.height));
        match &mut self.main_view {
            MainView::Feed if lines > isize::MAX / 4 => self.reading.feed.follow_newest(),
            MainView::Feed if lines < isize::MIN / 4 => {
                if self.status.connection.is_joined() {
                    self.reading.feed.go_to_beginning();
                }
                self.reading.feed.show_oldest();
            }
            MainView::Feed => self.reading.feed.scroll(lines),
            MainView::Help(HelpPlace { scrolled, found }) => {
                let (scrolled, found) = (*scrolled, *found);
                let most = self.help(cells).len().saturating_sub(height);
                let scrolled = scrolled.min(most).saturating_add_signed(lines).min(most);
                self.main_view = MainView::Help(HelpPlace { scrolled, found });
            }
            MainView::Detail(detail) => {
                let head = usize::from(head_lines(parts.body.height));
                detail.scroll(lines, cells, height.saturating_sub(head));
            }
            MainView::Paste(question) => question.scroll(lines, height.saturating_sub(1)),
            MainView::Online => self.people.online.move_cursor(lines, list_lines(parts.body.height)),
            MainView::Chart if lines < isize::MIN / 4 => self.reading.chart.fit(),
            MainView::Chart => self.reading.chart.zoom(if lines < 0 { 1 } else { -1 }),
        }
    }

    /// Whether what fills the middle goes on below the visible lines.
    pub(crate) fn goes_on_below(&self) -> bool {
        let body = self.layout().body;
        let (cells, height) = (usize::from(body.width), usize::from(body.height));
        match &self.main_view {
            MainView::Help(place) => self.help(cells).len() > place.scrolled.saturating_add(height),
            MainView::Detail(detail) => {
                detail.line(height.saturating_sub(head_lines(body.height).into()), cells).is_some()
            }
            MainView::Paste(question) => {
                let height = height.saturating_sub(1);
                question.lines().len() > question.scrolled(height) + height
            }
            MainView::Feed | MainView::Online | MainView::Chart => false,
        }
    }

    pub(super) fn scroll_online(&mut self, pages: isize) {
        let parts = self.layout();
        let beside = matches!(self.main_view, MainView::Feed) && parts.online.width > 0;
        let lines = list_lines(if beside { parts.online.height } else { parts.body.height });
        self.people.online.scroll(pages * isize::try_from(lines.max(2) - 1).unwrap_or(1), lines);
    }

    /// A page keeps one line visible.
    pub(super) fn page(&self) -> isize {
        let height = self.layout().body.height;
        isize::try_from(height.max(2) - 1).unwrap_or(1)
    }

    pub(super) fn show(&mut self, body: MainView) {
        if matches!(body, MainView::Online) {
            self.people.online.start_at(&self.people.me.id);
            // However far the list was scrolled, who is chosen is seen.
            self.people.online.move_cursor(0, list_lines(self.layout().body.height));
        }
        if matches!(self.main_view, MainView::Feed) && !matches!(body, MainView::Feed) {
            self.reading.feed.set_unread_divider();
        }
        self.main_view = body;
    }
}
