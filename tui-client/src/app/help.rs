//! Help as lines at a given width: keys beside what they do where there is room, else above it. The app scrolls them,
//! the view draws those that are visible. `topics` finds the place that `/help WORD` asks for.

mod topics;

use super::commands::{COMMANDS, CommandSpec};
use super::{App, MainView, Screen};
use crate::keys::{ACTIONS, Action};
use crate::lang::{Both, Lang};
use crate::strings::{HELP, HELP_COMMANDS, HELP_JOINING, HELP_JOINING_ROWS, HelpHeading, HelpRow};
use crate::text;

/// From this width on a key stands beside what it does.
const BESIDE: usize = 56;

/// The cells of the keys' column.
pub(crate) const KEY_COLUMN: usize = 24;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HelpPlace {
    /// How many lines it is scrolled down by.
    pub(crate) scrolled: usize,
    /// The item that was asked for, counted as in [`HelpLine`].
    pub(crate) found: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HelpLine {
    /// Which heading or row it is of, counted from the first heading on.
    pub(crate) item: usize,
    pub(crate) kind: HelpLineKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HelpLineKind {
    /// Nothing, above a heading.
    Blank,
    Heading(&'static str),
    /// A key and, beside it, what it does.
    Key(String, &'static str),
    /// More of what a key does, beside or below it.
    More(&'static str),
}

/// A heading or a row of help, and what it is known by.
struct HelpItem {
    /// The key, the command or what is filled in, as it is shown; a heading has none.
    key: Option<String>,
    /// What that does, or the heading.
    what: Both,
    about: About,
}

enum About {
    Heading(&'static HelpHeading),
    Command(&'static CommandSpec),
    Action(Action),
    Row(&'static HelpRow),
}

impl App {
    /// All lines of help, laid out in `cells`.
    pub(crate) fn help(&self, cells: usize) -> Vec<HelpLine> {
        let lang = self.strings.lang;
        let mut lines = Vec::new();
        for (item, HelpItem { key, what, .. }) in self.help_items().into_iter().enumerate() {
            let mut push = |kind| lines.push(HelpLine { item, kind });
            let Some(key) = key else {
                if item > 0 {
                    push(HelpLineKind::Blank);
                }
                push(HelpLineKind::Heading(what.of(lang)));
                continue;
            };
            let mut what = text::wrap(what.of(lang), cells.saturating_sub(indent(cells))).into_iter();
            // A key with many names stands alone, however much room there is.
            let beside = cells >= BESIDE && text::fits(&key, KEY_COLUMN);
            let first = if beside { what.next().unwrap_or_default() } else { "" };
            push(HelpLineKind::Key(key, first));
            what.map(HelpLineKind::More).for_each(push);
        }
        lines
    }

    /// Every heading and row; on the join screen, what is to be filled in comes first. Without arrows where the screen
    /// is ASCII, without the mouse where it is not ours, and without what a guest cannot do.
    fn help_items(&self) -> Vec<HelpItem> {
        let (lang, setup) = (self.strings.lang, &self.setup);
        // Names in English have no arrows.
        let names = if setup.ascii { Lang::En } else { lang };
        let heading = |of: &'static HelpHeading| HelpItem { key: None, what: of.words, about: About::Heading(of) };
        let rows = |rows: &'static [HelpRow]| {
            let there = rows.iter().filter(|row| setup.mouse || !row.mouse);
            there.map(|row| HelpItem { key: Some(row.key.of(lang).to_owned()), what: row.what, about: About::Row(row) })
        };
        let mut items = Vec::new();
        if self.screen == Screen::Join {
            items.push(heading(&HELP_JOINING));
            items.extend(rows(HELP_JOINING_ROWS));
        }
        for (at, section) in HELP.iter().enumerate() {
            items.push(heading(&section.heading));
            items.extend(rows(section.rows));
            let actions = ACTIONS.iter().filter(|entry| entry.section == section.section);
            let named = actions.map(|entry| (setup.keymap.names(entry.action, names, KEY_COLUMN), entry));
            // An action that was left without a key is not there.
            items.extend(named.filter(|(key, _)| !key.is_empty()).map(|(key, entry)| HelpItem {
                key: Some(key),
                what: entry.help,
                about: About::Action(entry.action),
            }));
            if at == 0 {
                items.push(heading(&HELP_COMMANDS));
                let commands = COMMANDS.iter().filter(|command| !setup.guest || command.is_for_guests());
                items.extend(commands.map(|command| HelpItem {
                    key: Some(command.usage.of(lang).to_owned()),
                    what: command.help,
                    about: About::Command(command),
                }));
            }
        }
        items
    }

    /// Opens help where an item begins, with the heading that stands above it, if it is the first one there.
    pub(super) fn open_help_at(&mut self, found: usize) {
        let lines = self.help(self.layout().body.width.into());
        let is_text = |line: &HelpLine| line.item == found && line.kind != HelpLineKind::Blank;
        let first = lines.iter().position(is_text).unwrap_or(0);
        let before = first.checked_sub(1).map(|before| &lines[before].kind);
        let headed = matches!(before, Some(HelpLineKind::Heading(_)));
        self.show(MainView::Help(HelpPlace { scrolled: first - usize::from(headed), found: Some(found) }));
    }
}

/// How far what a key does is indented.
pub(crate) const fn indent(cells: usize) -> usize {
    if cells >= BESIDE { KEY_COLUMN + 2 } else { 4 }
}
