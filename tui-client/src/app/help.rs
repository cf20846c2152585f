//! Help as lines at a given width: keys beside what they do where there is room, else above it. The app scrolls them,
//! the view draws those that are visible.

use super::commands::COMMANDS;
use super::{App, Screen, Setup};
use crate::keys::{ACTIONS, Keymap};
use crate::lang::{Both, Lang};
use crate::strings::{HELP, HELP_JOINING, Strings};
use crate::text;

/// From this width on a key stands beside what it does.
const BESIDE: usize = 56;

/// The cells of the keys' column.
pub(crate) const KEY_COLUMN: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HelpLine {
    Blank,
    Heading(&'static str),
    /// A key and, beside it, what it does.
    Key(String, &'static str),
    /// More of what a key does, beside or below it.
    More(&'static str),
}

impl App {
    /// All lines of help, laid out in `cells`.
    pub(crate) fn help(&self, cells: usize) -> Vec<HelpLine> {
        let Setup { keymap, ascii, guest, .. } = &self.setup;
        help(self.strings, keymap, (*ascii, *guest), self.screen, cells)
    }
}

/// The lines, laid out in `cells`; on the join screen, what is to be filled in comes first. Without arrows
/// where the screen is ASCII, and without what a guest cannot do.
fn help(
    strings: &'static Strings,
    keymap: &Keymap,
    (ascii, guest): (bool, bool),
    screen: Screen,
    cells: usize,
) -> Vec<HelpLine> {
    let lang = strings.lang;
    // Names in English have no arrows.
    let names = if ascii { Lang::En } else { lang };
    let mut sections: Vec<(&str, Vec<(String, &str)>)> = Vec::new();
    let fixed = |keys: &[(Both, Both)]| -> Vec<(String, &str)> {
        keys.iter().map(|(key, what)| (key.of(lang).to_owned(), what.of(lang))).collect()
    };
    if screen == Screen::Join {
        let (heading, keys) = HELP_JOINING;
        sections.push((heading.of(lang), fixed(keys)));
    }
    for (section, heading, keys) in HELP {
        let mut keys = fixed(keys);
        // An action that was left without a key is not there.
        let actions = ACTIONS.iter().filter(|entry| entry.section == *section);
        let actions = actions.map(|entry| (keymap.names(entry.action, names, KEY_COLUMN), entry.help.of(lang)));
        keys.extend(actions.filter(|(names, _)| !names.is_empty()));
        sections.push((heading.of(lang), keys));
    }
    let commands = COMMANDS.iter().filter(|command| !guest || command.is_for_guests());
    let commands = commands.map(|command| (command.usage.of(lang).to_owned(), command.help.of(lang)));
    sections.push((strings.help_commands, commands.collect()));
    let mut lines = Vec::new();
    for (heading, keys) in sections {
        if !lines.is_empty() {
            lines.push(HelpLine::Blank);
        }
        lines.push(HelpLine::Heading(heading));
        for (key, what) in keys {
            let mut what = text::wrap(what, cells.saturating_sub(indent(cells))).into_iter();
            // A key with many names stands alone, however much room there is.
            let beside = cells >= BESIDE && text::fits(&key, KEY_COLUMN);
            let first = if beside { what.next().unwrap_or_default() } else { "" };
            lines.push(HelpLine::Key(key, first));
            lines.extend(what.map(HelpLine::More));
        }
    }
    lines
}

/// How far what a key does is indented.
pub(crate) const fn indent(cells: usize) -> usize {
    if cells >= BESIDE { KEY_COLUMN + 2 } else { 4 }
}
