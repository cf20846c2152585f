//! Showing a part of the results: mine, one student's, or those with a text in them. While a part is shown, the feed of
//! everything is kept beside it where it was, and goes on with what comes. Keys, commands and the mouse end here.

use std::collections::HashSet;

use squares_shared::student::check_id;

use super::Row;
use super::chart::StudentCount;
use super::feed::{Filter, SearchText, StudentFilter};
use crate::app::status::Severity;
use crate::app::{App, MainView};
use crate::keys::Action;
use crate::text;

/// The most of a text that is quoted in a notice, in cells.
const QUOTED: usize = 24;

/// The most students that are named where one has to be chosen.
const LISTED: usize = 6;

impl App {
    /// Shows only my results; where they are shown already, everything again.
    pub(crate) fn filter_mine(&mut self) {
        self.toggle_student(self.whose(&self.people.me.id, &self.people.me.name));
    }

    /// Shows only this student's results, found by id, by name, or by a part of either. Says so where nobody is
    /// found, and asks which where several are. Whether the words are done with.
    pub(crate) fn filter_student(&mut self, who: &str) -> bool {
        let who = who.trim();
        let found = self.students_named(who);
        match &found[..] {
            [whose] => self.show_only(Filter { student: Some(whose.clone()), text: None }),
            // Somebody who is away, and of whom nothing is loaded, can be asked for by the whole id.
            [] if who.contains(|c: char| c.is_ascii_digit()) && check_id(who).is_ok() => {
                self.show_only(Filter { student: Some(self.whose(who, who)), text: None });
            }
            several => {
                let who = text::printable(who).into_owned();
                let who = text::shorten(&who, QUOTED, self.glyphs.ellipsis);
                let sentence = match several {
                    [] => (self.strings.nobody_named)(&who),
                    several => (self.strings.several_named)(&who, &self.listed(several)),
                };
                self.say(Severity::Error, sentence);
                return several.is_empty();
            }
        }
        true
    }

    /// Students by name and id, the first of them.
    fn listed(&self, students: &[StudentFilter]) -> String {
        let one = |whose: &StudentFilter| {
            let name = text::cut(&whose.name, QUOTED, self.glyphs.ellipsis);
            if whose.name == whose.id { whose.id.clone() } else { format!("{name} {}", whose.id) }
        };
        let mut listed: Vec<String> = students.iter().take(LISTED).map(one).collect();
        if students.len() > LISTED {
            listed.push((self.strings.more_online)(&text::grouped(students.len() - LISTED)));
        }
        listed.join(", ")
    }

    /// The name that belongs to an id now: of who is online, else of the latest result that is loaded. None where
    /// there is neither.
    pub(crate) fn name_now(&self, id: &str) -> Option<&str> {
        self.people.online.name(id).or_else(|| {
            // Where only this student is shown, it is the last row.
            let rows = self.reading.feed.rows().rev().chain(self.reading.whole_feed().rows().rev());
            rows.into_iter().find(|row| row.student() == id).map(Row::name)
        })
    }

    /// The name of somebody who is counted on the chart: the one under which they are online, else that of their
    /// latest result.
    pub(crate) fn name_of<'a>(&'a self, count: &'a StudentCount) -> &'a str {
        self.people.online.name(&count.id).unwrap_or(&count.name)
    }

    /// The same as [`Self::filter_student`] for an id that stands in the list; where theirs are shown already,
    /// everything again.
    pub(crate) fn filter_person(&mut self, id: &str) {
        self.toggle_student(self.whose(id, self.name_now(id).unwrap_or(id)));
    }

    /// Shows only the results of the student whose result is selected; where they are shown already, everything again.
    pub(crate) fn filter_selected(&mut self) {
        match self.chosen_row() {
            Some(row) => self.toggle_student(self.whose(row.student(), row.name())),
            None if self.reading.feed.filter.student.is_some() => self.leave_filter(),
            None => {
                let key = self.setup.keymap.name(Action::SelectEarlier, self.strings.lang);
                self.say(Severity::Info, (self.strings.select_first)(key.as_deref(), self.setup.mouse));
            }
        }
    }

    /// The result that is open, else the selected one.
    pub(super) fn chosen_row(&self) -> Option<&Row> {
        match &self.main_view {
            MainView::Detail(detail) => Some(&detail.row),
            _ => self.reading.feed.selected(),
        }
    }

    /// Shows only results with this text in their number, square, name or student id, within the student's that is
    /// shown, if one is. Without a text, the search that is shown ends.
    pub(crate) fn find(&mut self, typed: &str) {
        let student = self.reading.feed.filter.student.clone();
        match SearchText::new(typed) {
            text @ Some(_) => {
                self.show_only(Filter { student, text });
                // The newest that is found is where going through them begins.
                self.reading.feed.select(-1);
            }
            None if student.is_some() => self.show_only(Filter { student, text: None }),
            None => self.leave_filter(),
        }
    }

    /// To the next result of a search: the earlier one (-1), or the later one (1).
    pub(crate) fn find_next(&mut self, step: isize) {
        if self.reading.feed.filter.text.is_none() {
            return self.say(Severity::Info, self.strings.find_first);
        }
        self.main_view = MainView::Feed;
        if self.reading.feed.is_at_end(step) {
            return self.say(Severity::Info, self.strings.history_last);
        }
        self.reading.feed.select(step);
    }

    /// Shows everything again, with the result that was selected among its neighbours.
    pub(crate) fn leave_filter(&mut self) {
        let selected = self.reading.feed.selected().cloned();
        self.reading.show_everything();
        if let Some(row) = selected {
            self.reading.feed.show(&row);
        }
    }

    /// What Esc does to a feed that is not of everything: stops a search that goes on, else ends the filter.
    /// Whether there was one.
    pub(in crate::app) fn escape_filter(&mut self) -> bool {
        if self.reading.feed.filter.is_all() {
            return false;
        }
        if self.reading.feed.filter.text.is_none() || !self.reading.feed.stop_asking() {
            self.leave_filter();
        }
        true
    }

    /// A square of mine was sent: where it will not be seen, everything is shown again.
    pub(in crate::app) fn show_what_was_sent(&mut self) {
        if !self.reading.feed.filter.shows_pending() {
            self.reading.show_everything();
        }
        self.reading.feed.follow_newest();
        self.reading.feed.clear_unread_divider(&self.people.me.id, true);
        self.main_view = MainView::Feed;
    }

    fn whose(&self, id: &str, name: &str) -> StudentFilter {
        StudentFilter { id: id.to_owned(), name: name.to_owned(), me: id == self.people.me.id }
    }

    fn toggle_student(&mut self, whose: StudentFilter) {
        if self.reading.feed.filter.student.as_ref().is_some_and(|shown| shown.id == whose.id) {
            return self.leave_filter();
        }
        self.show_only(Filter { student: Some(whose), text: None });
    }

    fn show_only(&mut self, filter: Filter) {
        self.reading.show_only(filter);
        self.main_view = MainView::Feed;
    }

    /// Those who may be meant: by the id, by the name, by a part of either; among those online and in the results.
    /// Each once, under the name that is theirs now.
    fn students_named(&self, who: &str) -> Vec<StudentFilter> {
        let me = std::iter::once((&*self.people.me.id, &*self.people.me.name));
        let online = self.people.online.people.iter().map(|person| (&*person.id, &*person.name));
        let rows = self.reading.whole_feed().rows().rev().map(|row| (row.student(), row.name()));
        let known: Vec<(&str, &str)> = me.chain(online).chain(rows).collect();
        let lower = who.to_lowercase();
        let begins = |text: &str| text.to_lowercase().starts_with(&lower);
        // A given name stands behind the family's.
        let within = |text: &str| text.to_lowercase().contains(&lower);
        let named = |fits: &dyn Fn(&str, &str) -> bool| {
            let mut seen = HashSet::new();
            let found = known.iter().filter(|(id, name)| fits(id, name) && seen.insert(*id));
            found.map(|(id, _)| *id).collect::<Vec<&str>>()
        };
        let mut found = named(&|id, _| id.eq_ignore_ascii_case(who));
        if found.is_empty() {
            found = named(&|_, name| name == who);
        }
        if found.is_empty() && !lower.is_empty() {
            found = named(&|id, name| begins(name) || begins(id));
            let others = named(&|id, name| within(name) || within(id));
            let others: Vec<&str> = others.into_iter().filter(|id| !found.contains(id)).collect();
            found.extend(others);
        }
        let name = |id: &str| known.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name);
        found.into_iter().map(|id| self.whose(id, name(id))).collect()
    }
}
