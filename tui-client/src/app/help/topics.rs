//! Which place of help a word means: a command with or without its slash, a key, a section, or a word that stands in
//! help, in either language and keyboard mode. `/help WORD` asks, and Tab completes from the same words.

use super::{About, HelpItem};
use crate::app::App;
use crate::app::commands::{is_name_of, keys as typed_keys};
use crate::app::status::Severity;
use crate::keys::Key;
use crate::lang::Lang;
use crate::nearest::nearest;
use crate::text;

/// The most of a word that is quoted in a notice, in cells.
const QUOTED: usize = 24;

impl App {
    /// Opens help at what a word means. Whether there is such a place; where there is none, the nearest is named.
    pub(in crate::app) fn help_about(&mut self, word: &str) -> bool {
        let items = self.help_items();
        if let Some(found) = self.find_help(&items, word) {
            self.open_help_at(found);
            return true;
        }
        let near = nearest(&typed_keys(word.trim_start_matches(SLASHES)), known_by(&items));
        let word = text::printable(word).into_owned();
        let word = text::shorten(&word, QUOTED, self.glyphs.ellipsis);
        self.say(Severity::Error, (self.strings.unknown_topic)(&word, near));
        false
    }

    fn find_help(&self, items: &[HelpItem], word: &str) -> Option<usize> {
        let name = word.trim_start_matches(SLASHES);
        let typed = typed_keys(name);
        if typed.is_empty() {
            return None;
        }
        let find = |fits: &dyn Fn(&HelpItem) -> bool| items.iter().position(fits);
        let command = |item: &HelpItem| matches!(item.about, About::Command(command) if is_name_of(command, name));
        let row_key = |item: &HelpItem| match item.about {
            About::Row(row) => {
                [Lang::Ko, Lang::En].iter().any(|lang| row.key.of(*lang).to_lowercase() == name.to_lowercase())
            }
            _ => false,
        };
        let key = name.parse::<Key>().ok();
        let bound = |item: &HelpItem| match (&item.about, key) {
            (About::Action(action), Some(key)) => self.setup.keymap.keys(*action).any(|bound| bound == key),
            _ => false,
        };
        let section = |item: &HelpItem| topics(item).any(|topic| typed_keys(topic) == typed);
        find(&command).or_else(|| find(&row_key)).or_else(|| find(&bound)).or_else(|| find(&section)).or_else(|| {
            // A word of its own comes before a part of one.
            let lowered = name.to_lowercase();
            let words = [&lowered, &typed];
            find(&|item| words.iter().any(|word| stands_in(item, word, true)))
                .or_else(|| find(&|item| words.iter().any(|word| stands_in(item, word, false))))
        })
    }

    /// What Tab may complete behind `/help`: commands, sections, then keys.
    pub(in crate::app) fn help_words(&self) -> Vec<String> {
        let lang = self.strings.lang;
        let items = self.help_items();
        let commands = items.iter().filter_map(|item| match item.about {
            About::Command(command) => Some(command.name.to_owned()),
            _ => None,
        });
        let sections = items.iter().filter_map(|item| match item.about {
            About::Heading(heading) => {
                let topics = if lang == Lang::Ko { heading.topics_ko } else { heading.topics_en };
                topics.first().map(|topic| (*topic).to_owned())
            }
            _ => None,
        });
        let keys = items.iter().filter_map(|item| match item.about {
            About::Action(action) => self.setup.keymap.name(action, Lang::En),
            _ => None,
        });
        commands.chain(sections).chain(keys).collect()
    }
}

/// What may stand before a command's name.
const SLASHES: [char; 2] = ['/', '／'];

/// The words by which a section is asked for.
fn topics(item: &HelpItem) -> impl Iterator<Item = &'static str> {
    let (ko, en): (&[&str], &[&str]) = match item.about {
        About::Heading(heading) => (heading.topics_ko, heading.topics_en),
        _ => (&[], &[]),
    };
    ko.iter().chain(en).copied()
}

/// Every name that a slip may have been meant for, as the keys that type it, with the word to ask for instead.
fn known_by(items: &[HelpItem]) -> impl Iterator<Item = (String, &'static str)> {
    items.iter().flat_map(|item| {
        let names: Vec<(String, &'static str)> = match item.about {
            About::Command(command) => command.names().map(|name| (typed_keys(name), command.name)).collect(),
            _ => topics(item).map(|topic| (typed_keys(topic), topic)).collect(),
        };
        names
    })
}

/// Whether a word stands in what an item says, in either language; as a `whole` word or as a part of one. A letter
/// alone would stand in nearly everything.
fn stands_in(item: &HelpItem, word: &str, whole: bool) -> bool {
    if word.is_ascii() && word.len() < 2 {
        return false;
    }
    let says = |words: &str| {
        let words = words.to_lowercase();
        if whole { words.split(|c: char| !c.is_alphanumeric()).any(|part| part == word) } else { words.contains(word) }
    };
    let both = |words: crate::lang::Both| says(words.of(Lang::Ko)) || says(words.of(Lang::En));
    both(item.what)
        || match item.about {
            About::Row(row) => both(row.key),
            About::Command(command) => both(command.usage),
            About::Action(action) => says(action.entry().name),
            About::Heading(_) => false,
        }
}
