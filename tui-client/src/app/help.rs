//! Help as lines at a given width: keys beside what they do where there is room, else above it. The app scrolls them,
//! the view draws those in sight.

use super::commands::COMMANDS;
use crate::strings::Strings;
use crate::text;

/// From this width on a key stands beside what it does.
const BESIDE: usize = 56;

/// The cells of the keys' column.
pub(crate) const KEY_COLUMN: usize = 24;

/// A line of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelpLine {
    Blank,
    Heading(&'static str),
    /// A key and, beside it, what it does.
    Key(&'static str, &'static str),
    /// More of what a key does, beside or below it.
    More(&'static str),
}

/// All lines of help, laid out in `cells`.
pub(crate) fn help(strings: &'static Strings, cells: usize) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let commands: Vec<_> =
        COMMANDS.iter().map(|command| (command.usage.of(strings.lang), command.help.of(strings.lang))).collect();
    let commands = (strings.help_commands, &*commands);
    for (heading, keys) in strings.help.iter().copied().chain(std::iter::once(commands)) {
        if !lines.is_empty() {
            lines.push(HelpLine::Blank);
        }
        lines.push(HelpLine::Heading(heading));
        for &(key, what) in keys {
            let mut what = text::wrap(what, cells.saturating_sub(indent(cells))).into_iter();
            let beside = if cells >= BESIDE { what.next().unwrap_or_default() } else { "" };
            lines.push(HelpLine::Key(key, beside));
            lines.extend(what.map(HelpLine::More));
        }
    }
    lines
}

/// How far what a key does is indented.
pub(crate) const fn indent(cells: usize) -> usize {
    if cells >= BESIDE { KEY_COLUMN + 2 } else { 4 }
}
