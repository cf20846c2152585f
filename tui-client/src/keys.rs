//! Which key does what: every action with its name, its usual keys and its help (`table`), and the keymap that a
//! settings file may change. The app looks actions up in it; the footer, the help screen and every sentence with a
//! key in it read it too, so that what they show is what works.

mod key;
mod keyboard;
mod table;

pub use key::{Key, KeyError};
pub(crate) use keyboard::latin_keys;
pub use table::{ACTIONS, Action, ActionInfo, Scope, Section};

use crate::lang::{Lang, both};
use crate::text;

/// The keys of every action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bound: Vec<(Key, Action)>,
}

/// One key that was given to two actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The key.
    pub key: Key,
    /// The action that has it.
    pub has: Action,
    /// The action that is to have it too.
    pub wants: Action,
}

/// Where a key is pressed: some keys do one thing on an empty line and another in a text, or on the chart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyContext {
    pub(crate) empty: bool,
    pub(crate) chart: bool,
}

impl Default for Keymap {
    fn default() -> Self {
        // A program cannot be stopped on Windows.
        Self::usual(!cfg!(windows))
    }
}

impl Keymap {
    /// The usual keys; none that stops the program, where it cannot be stopped.
    fn usual(can_stop: bool) -> Self {
        let there = ACTIONS.iter().filter(|entry| can_stop || entry.action != Action::Suspend);
        let keys = there.flat_map(|entry| entry.keys.iter().map(|key| (key.parse().ok(), entry.action)));
        Self { bound: keys.filter_map(|(key, action)| Some((key?, action))).collect() }
    }

    /// The usual keys, with others for these actions.
    ///
    /// # Errors
    /// The first key that two actions would share.
    pub fn with(others: &[(Action, Vec<Key>)]) -> Result<Self, Conflict> {
        let mut keymap = Self::default();
        keymap.bound.retain(|(_, action)| !others.iter().any(|(other, _)| other == action));
        for (wants, keys) in others {
            for &key in keys {
                let taken = keymap.bound.iter().find(|(taken, has)| *taken == key && has.scope() == wants.scope());
                match taken {
                    Some((_, has)) if has == wants => {}
                    Some((_, has)) => return Err(Conflict { key, has: *has, wants: *wants }),
                    None => keymap.bound.push((key, *wants)),
                }
            }
        }
        Ok(keymap)
    }

    /// What a key does there. The narrowest scope wins.
    pub(crate) fn action(&self, key: Key, place: KeyContext) -> Option<Action> {
        let within = |scope: Scope| {
            let found = self.bound.iter().find(|(bound, action)| *bound == key && action.scope() == scope);
            found.map(|(_, action)| *action)
        };
        let chart = if place.chart { within(Scope::Chart) } else { None };
        let empty = || if place.empty { within(Scope::EmptyLine) } else { None };
        chart.or_else(empty).or_else(|| within(Scope::Everywhere))
    }

    /// The keys of an action, the usual one first.
    pub(crate) fn keys(&self, action: Action) -> impl Iterator<Item = Key> {
        self.bound.iter().filter(move |(_, bound)| *bound == action).map(|(key, _)| *key)
    }

    /// The name of an action's first key; none where it has none.
    pub(crate) fn name(&self, action: Action, lang: Lang) -> Option<String> {
        self.keys(action).next().map(|key| key.name(lang))
    }

    /// The keys of an action, as many as fit into `cells`, and one at least.
    pub(crate) fn names(&self, action: Action, lang: Lang, cells: usize) -> String {
        let mut names = String::new();
        for name in self.keys(action).map(|key| key.name(lang)) {
            if names.is_empty() {
                names = name;
            } else if text::width(&names) + 1 + text::width(&name) <= cells {
                names.push(' ');
                names.push_str(&name);
            }
        }
        names
    }

    /// What the footer writes for a hint; none where no key does it.
    pub(crate) fn hint(&self, hint: Hint, lang: Lang) -> Option<String> {
        match hint {
            Hint::Word(word) => Some(word.to_owned()),
            Hint::UpDown => Some(both("↑↓", "Up/Down").of(lang).to_owned()),
            Hint::Of(actions) => {
                let names: Vec<String> = actions.iter().filter_map(|action| self.name(*action, lang)).collect();
                together(&names)
            }
        }
    }
}

/// Names in a row, with what is held down said once; none where there are none.
fn together(names: &[String]) -> Option<String> {
    let (first, others) = names.split_first()?;
    let held = &first[..first.rfind('-').map_or(0, |at| at + 1)];
    let behind: Option<Vec<&str>> = others.iter().map(|name| name.strip_prefix(held)).collect();
    match behind {
        Some(behind) if !held.is_empty() && !behind.is_empty() => Some(format!("{first}/{}", behind.join("/"))),
        _ => Some(names.join(" ")),
    }
}

/// What stands before the words of a footer's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A key that is always this one.
    Word(&'static str),
    /// The arrows up and down.
    UpDown,
    /// The first keys of these actions.
    Of(&'static [Action]),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        name.parse().unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    #[test]
    fn every_usual_key_can_be_read_and_none_is_given_twice() {
        let keymap = Keymap::usual(true);
        assert_eq!(keymap.bound.len(), ACTIONS.iter().map(|entry| entry.keys.len()).sum::<usize>());
        for (at, (key, action)) in keymap.bound.iter().enumerate() {
            let twice = keymap.bound[..at].iter().find(|(other, has)| other == key && has.scope() == action.scope());
            assert_eq!(twice, None, "{action:?}");
        }
    }

    #[test]
    fn ctrl_z_is_not_offered_where_no_program_can_be_stopped() {
        assert_eq!(Keymap::usual(true).name(Action::Suspend, Lang::En).as_deref(), Some("Ctrl-Z"));
        let keymap = Keymap::usual(false);
        assert_eq!(keymap.name(Action::Suspend, Lang::En), None);
        assert_eq!(keymap.action(key("Ctrl-Z"), KeyContext::default()), None);
    }

    #[test]
    fn a_narrower_meaning_goes_first() {
        let keymap = Keymap::default();
        let at = |name: &str, empty, chart| keymap.action(key(name), KeyContext { empty, chart });
        assert_eq!(at("Ctrl-D", true, false), Some(Action::Leave));
        assert_eq!(at("Ctrl-D", false, false), Some(Action::DeleteForward));
        assert_eq!(at("Shift-Left", false, true), Some(Action::PanLeft));
        assert_eq!(at("Shift-Left", false, false), Some(Action::WordLeft));
        assert_eq!(at("F12", true, true), None);
    }

    #[test]
    fn other_keys_take_the_place_of_the_usual_ones_and_conflicts_are_named() {
        let keymap = Keymap::with(&[(Action::Chart, vec![key("Ctrl-G"), key("Ctrl+G")]), (Action::Leave, vec![])]);
        let keymap = keymap.unwrap_or_else(|conflict| panic!("{conflict:?}"));
        let everywhere = KeyContext::default();
        assert_eq!(keymap.action(key("Ctrl-G"), everywhere), Some(Action::Chart));
        assert_eq!(keymap.action(key("F6"), everywhere), None);
        assert_eq!(keymap.action(key("Ctrl-D"), KeyContext { empty: true, chart: false }), Some(Action::DeleteForward));
        assert_eq!(keymap.hint(Hint::Of(&[Action::Leave]), Lang::En), None);
        let hint = |actions| keymap.hint(Hint::Of(actions), Lang::Ko);
        assert_eq!(hint(&[Action::PanLeft, Action::PanRight]).as_deref(), Some("Shift-←/→"));
        assert_eq!(hint(&[Action::PageUp, Action::PageDown]).as_deref(), Some("PgUp PgDn"));
        assert_eq!(
            Keymap::with(&[(Action::Chart, vec![key("F8")])]),
            Err(Conflict { key: key("F8"), has: Action::CopySquare, wants: Action::Chart })
        );
        // Two that change places do not meet.
        assert!(Keymap::with(&[(Action::CopySquare, vec![key("F7")]), (Action::CopyNumber, vec![key("F8")])]).is_ok());
    }
}
