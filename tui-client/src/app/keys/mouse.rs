//! What the mouse does: the wheel scrolls what is under it, a click selects a result and opens the selected one, a
//! click on a student shows theirs, and one on the rule above the input goes back to the newest.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::app::{App, Detail, Item, MainView, Row, Screen, list_lines};

/// The lines that one notch of the mouse wheel scrolls.
const WHEEL: isize = 3;

impl App {
    /// Whether the mouse did anything to what is shown.
    pub(in crate::app) fn mouse(&mut self, mouse: MouseEvent) -> bool {
        if self.screen == Screen::Join {
            return false;
        }
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(mouse, -WHEEL),
            MouseEventKind::ScrollDown => self.wheel(mouse, WHEEL),
            MouseEventKind::Down(MouseButton::Left) => return self.click(mouse),
            _ => return false,
        }
        true
    }

    fn wheel(&mut self, mouse: MouseEvent, lines: isize) {
        let parts = self.layout();
        let over_list = parts.online.contains((mouse.column, mouse.row).into());
        match self.main_view {
            MainView::Feed if over_list => self.people.online.scroll(lines, list_lines(parts.online.height)),
            MainView::Feed => self.reading.feed.scroll(lines),
            MainView::Chart => self.scroll_body(lines.signum()),
            _ => self.scroll_body(lines),
        }
    }

    fn click(&mut self, mouse: MouseEvent) -> bool {
        let parts = self.layout();
        let at = (mouse.column, mouse.row).into();
        let list = match self.main_view {
            MainView::Online => parts.body,
            _ => parts.online,
        };
        if matches!(self.main_view, MainView::Feed | MainView::Online) && list.contains(at) {
            let Some(line) = (mouse.row - list.y).checked_sub(1) else { return false };
            let (people, _) = self.people.online.visible(list_lines(list.height));
            let Some(person) = people.get(usize::from(line)) else { return false };
            let id = person.id.clone();
            self.filter_person(&id);
            return true;
        }
        if parts.rule.contains(at) && matches!(self.main_view, MainView::Feed) && !self.reading.feed.is_following() {
            self.reading.feed.follow_newest();
            return true;
        }
        if matches!(self.main_view, MainView::Feed) && parts.feed.contains(at) {
            return match self.reading.feed.line(usize::from(mouse.row - parts.feed.y)) {
                Some(Item::Row(row)) if self.reading.feed.selected().map(Row::seq) == Some(row.seq()) => {
                    self.main_view = MainView::Detail(Detail::new(row.clone()));
                    true
                }
                Some(Item::Row(row)) => {
                    let seq = row.seq();
                    self.reading.feed.select_seq(seq);
                    true
                }
                Some(Item::Gap) => {
                    self.reading.feed.follow_newest();
                    true
                }
                _ => false,
            };
        }
        false
    }
}
