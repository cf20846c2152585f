//! Who I am, and the students online, sorted by name: kept up to date from `welcome`, `online` and `presence`.

mod active;

use std::collections::HashMap;

use squares_shared::message::{Online, Person, Presence, Welcome};

use crate::text;
use active::Active;

/// The most students that are listed; the count tells of the others.
const MAX_PEOPLE: usize = 5_000;

#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) me: Me,
    pub(crate) online: OnlineList,
    pub(crate) active: Active,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) department: Option<String>,
}

impl People {
    pub(super) fn joined(&mut self, welcome: Welcome) {
        self.online.replace(&welcome.online);
        if let Some(me) = welcome.student {
            self.me = Me {
                id: text::printable(&me.id).into_owned(),
                name: text::name_or_id(&me.name, &me.id).into_owned(),
                department: me.department.map(|department| text::printable(&department).into_owned()),
            };
        }
    }

    pub(super) fn others(&self) -> usize {
        let known = self.online.people.iter().filter(|person| person.id != self.me.id).count();
        known.max(self.online.count.saturating_sub(1))
    }
}

#[derive(Debug, Default)]
pub(crate) struct OnlineList {
    pub(crate) count: usize,
    /// Those that are listed, sorted by name, then id.
    pub(crate) people: Vec<Person>,
    /// The name under which an id stands in `people`.
    names: HashMap<String, String>,
    scroll: usize,
    /// The id of the student at the cursor, where the list fills the middle.
    cursor: String,
}

impl OnlineList {
    /// The server sent the whole list.
    pub(crate) fn replace(&mut self, online: &Online) {
        self.people.clear();
        self.names.clear();
        self.count = online.count;
        for person in online.students.iter().take(MAX_PEOPLE) {
            let person = shown(person);
            if self.names.insert(person.id.clone(), person.name.clone()).is_none() {
                self.people.push(person);
            }
        }
        self.people.sort_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Who came, changed and left.
    pub(crate) fn apply(&mut self, presence: &Presence) {
        self.count = presence.count;
        for id in &presence.left {
            self.remove(&text::printable(id));
        }
        for person in &presence.joined {
            let person = shown(person);
            self.remove(&person.id);
            if self.people.len() < MAX_PEOPLE {
                let at = self.people.partition_point(|other| key(other) < key(&person));
                self.names.insert(person.id.clone(), person.name.clone());
                self.people.insert(at, person);
            }
        }
    }

    /// Whether somebody else is online under the name of the one at this place of the list.
    pub(crate) fn is_alike(&self, person: &Person) -> bool {
        let at = self.people.partition_point(|other| key(other) < key(person));
        let beside = [at.checked_sub(1), at.checked_add(1)];
        beside.into_iter().flatten().filter_map(|at| self.people.get(at)).any(|other| other.name == person.name)
    }

    /// The name under which somebody is online.
    pub(crate) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// The students to list on so many lines, and how many more there are that no line is left for.
    pub(crate) fn visible(&self, lines: usize) -> (&[Person], usize) {
        let all = self.people.len();
        let unlisted = self.count.saturating_sub(all);
        if all <= lines && unlisted == 0 {
            return (&self.people, 0);
        }
        let shown = lines.saturating_sub(1);
        let first = self.scroll.min(all.saturating_sub(shown));
        let end = (first + shown).min(all);
        (&self.people[first..end], all - end + unlisted)
    }

    /// Scrolls a list of so many lines.
    pub(crate) fn scroll(&mut self, by: isize, lines: usize) {
        let most = self.people.len().saturating_sub(lines.saturating_sub(1));
        let most = if self.people.len() <= lines { 0 } else { most };
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }

    pub(crate) fn cursor(&self) -> Option<&Person> {
        self.people.iter().find(|person| person.id == self.cursor)
    }

    /// Choosing begins here.
    pub(crate) fn start_at(&mut self, id: &str) {
        id.clone_into(&mut self.cursor);
    }

    /// Moves the cursor, and scrolls so many lines along with it.
    pub(crate) fn move_cursor(&mut self, by: isize, lines: usize) {
        let Some(last) = self.people.len().checked_sub(1) else { return };
        let at = self.people.iter().position(|person| person.id == self.cursor);
        let at = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
        self.cursor.clone_from(&self.people[at].id);
        let shown = self.visible(lines).0.len().max(1);
        let first = self.scroll.min(at).max((at + 1).saturating_sub(shown));
        self.scroll = first;
    }

    fn remove(&mut self, id: &str) {
        let Some(name) = self.names.remove(id) else { return };
        let at = self.people.partition_point(|other| key(other) < (name.as_str(), id));
        if self.people.get(at).is_some_and(|person| person.id == id) {
            self.people.remove(at);
        }
    }
}

fn key(person: &Person) -> (&str, &str) {
    (&person.name, &person.id)
}

fn shown(person: &Person) -> Person {
    Person {
        id: text::printable(&person.id).into_owned(),
        name: text::name_or_id(&person.name, &person.id).into_owned(),
        sessions: person.sessions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, name: &str, sessions: u32) -> Person {
        Person { id: id.into(), name: name.into(), sessions }
    }

    fn ids(list: &OnlineList) -> Vec<&str> {
        list.people.iter().map(|person| person.id.as_str()).collect()
    }

    #[test]
    fn the_list_stays_sorted_as_people_come_change_and_leave() {
        let mut list = OnlineList::default();
        list.replace(&Online { count: 2, students: vec![person("2", "나래", 1), person("1", "가람", 1)] });
        assert_eq!(ids(&list), ["1", "2"]);
        list.apply(&Presence {
            count: 3, joined: vec![person("3", "다온", 1), person("1", "하늘", 2)], left: vec![]
        });
        assert_eq!(ids(&list), ["2", "3", "1"]);
        assert_eq!(list.people[2].sessions, 2);
        list.apply(&Presence { count: 1, joined: vec![], left: vec!["2".into(), "3".into(), "unknown".into()] });
        assert_eq!(ids(&list), ["1"]);
        let me = Me { id: "1".into(), ..Me::default() };
        let people = People { me, online: list, ..People::default() };
        assert_eq!((people.online.count, people.others()), (1, 0));
    }

    #[test]
    fn of_two_with_one_name_both_are_alike() {
        let mut list = OnlineList::default();
        let students =
            vec![person("1", "가람", 1), person("2", "나래", 1), person("3", "나래", 1), person("4", "다온", 1)];
        list.replace(&Online { count: 4, students });
        let alike: Vec<bool> = list.people.iter().map(|person| list.is_alike(person)).collect();
        assert_eq!(alike, [false, true, true, false]);
    }

    #[test]
    fn a_list_too_long_says_how_many_more() {
        let mut list = OnlineList::default();
        let students: Vec<_> = (0..10).map(|at| person(&at.to_string(), "가", 1)).collect();
        list.replace(&Online { count: 12, students });
        assert_eq!(list.visible(20).1, 2);
        assert_eq!((list.visible(4).0.len(), list.visible(4).1), (3, 9));
        list.scroll(5, 4);
        assert_eq!((list.visible(4).0[0].id.as_str(), list.visible(4).1), ("5", 4));
        list.scroll(100, 4);
        assert_eq!((list.visible(4).0[0].id.as_str(), list.visible(4).1), ("7", 2));
        assert_eq!(list.visible(0), (&[][..], 12 - 7));
    }
}
