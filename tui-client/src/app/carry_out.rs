//! What each command does. Enter on a line that begins with `/` ends here; so does Tab, which completes it.

use std::time::Instant;

use super::commands::{self, Action, Argument, COPIED, LANGS, Parsed, THEMES};
use super::notices::Gravity;
use super::{App, Body, Copied};
use crate::config::keyword;
use crate::event::Effect;
use crate::lang::Lang;
use crate::strings::Strings;
use crate::text;

/// The most of a text that is quoted in a notice, in cells.
const QUOTED: usize = 24;

/// Where Tab stands among what a line may be completed to.
#[derive(Debug)]
pub(super) struct Completion {
    lines: Vec<String>,
    at: usize,
}

impl App {
    /// Carries out the command in the input.
    pub(super) fn command(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match commands::parse(self.input.text()) {
            Parsed::Command { command, argument } => {
                if command.action != Action::Export {
                    self.exports.forget_warning();
                }
                if command.argument == Argument::Nothing && !argument.is_empty() {
                    self.notices.show(Gravity::Error, (self.strings.no_argument)(command.name), now);
                } else if self.act(command.action, &argument, now, effects) {
                    self.entered(effects);
                }
            }
            Parsed::Unknown { name, nearest } => {
                let name = text::printable(&name).into_owned();
                let name = text::shorten(&name, QUOTED, self.glyphs.ellipsis);
                self.notices.show(Gravity::Error, (self.strings.unknown_command)(&name, nearest), now);
            }
        }
    }

    /// Does what a command says. Whether the line was understood; where it was not, it stays, to be mended.
    fn act(&mut self, action: Action, argument: &str, now: Instant, effects: &mut Vec<Effect>) -> bool {
        match action {
            Action::Exit => self.leave(now, effects),
            Action::Help => self.show(Body::Help(0)),
            Action::Mine => self.filter_mine(),
            Action::Who if argument.is_empty() => self.show(Body::Online),
            Action::Who => return self.filter_student(argument, now),
            Action::Find if argument.is_empty() && self.feed.filter.needle.is_none() => {
                self.notices.show(Gravity::Info, self.strings.find_first.to_owned(), now);
            }
            Action::Find => self.find(argument),
            Action::Chart => self.open_chart(),
            Action::Copy => match commands::word(COPIED, argument) {
                Some("number") => self.copy(Copied::Number, now, effects),
                None if !argument.is_empty() => {
                    self.notices.show(Gravity::Error, self.strings.unknown_copy.to_owned(), now);
                    return false;
                }
                _ => self.copy(Copied::Square, now, effects),
            },
            Action::Export => return self.export(argument, now, effects),
            Action::Theme => return self.choose_theme(argument, now, effects),
            Action::Lang => return self.choose_language(argument, now, effects),
        }
        true
    }

    /// Without a word, the other of the two.
    fn choose_language(&mut self, argument: &str, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let lang = match commands::word(LANGS, argument) {
            Some("ko") => Lang::Ko,
            Some(_) => Lang::En,
            None if argument.is_empty() => match self.strings.lang {
                Lang::Ko => Lang::En,
                Lang::En => Lang::Ko,
            },
            None => {
                self.notices.show(Gravity::Error, self.strings.unknown_language.to_owned(), now);
                return false;
            }
        };
        self.strings = Strings::of(lang);
        self.remembered.lang = Some(lang);
        effects.push(Effect::Remember);
        self.notices.show(Gravity::Info, self.strings.language_chosen.to_owned(), now);
        true
    }

    /// Without a word, the next one.
    fn choose_theme(&mut self, argument: &str, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let named = commands::word(THEMES, argument).and_then(|word| keyword(word).ok());
        let choice = match named {
            Some(choice) => choice,
            None if argument.is_empty() => self.appearance.next(),
            None => {
                self.notices.show(Gravity::Error, self.strings.unknown_theme.to_owned(), now);
                return false;
            }
        };
        self.appearance.choice = choice;
        self.restyle();
        if self.appearance.wants_background() {
            effects.push(Effect::AskBackground);
        }
        self.remembered.theme = Some(choice);
        effects.push(Effect::Remember);
        self.notices.show(Gravity::Info, (self.strings.theme_chosen)(choice), now);
        true
    }

    /// Tab (1) and Shift-Tab (-1): the line becomes as much as is certain; after that, one possible line after another.
    pub(super) fn complete(&mut self, step: isize) {
        if !commands::is_command(self.input.text()) {
            return;
        }
        let line = if let Some(Completion { lines, at }) = &mut self.completion {
            let count = isize::try_from(lines.len()).unwrap_or(isize::MAX);
            let next = isize::try_from(*at).unwrap_or(0).saturating_add(step).rem_euclid(count);
            *at = next.unsigned_abs();
            lines[*at].clone()
        } else {
            let people = self.online.people();
            let called: Vec<&str> =
                people.iter().map(|person| &*person.name).chain(people.iter().map(|person| &*person.id)).collect();
            let lines = commands::completions(self.input.text(), &called);
            let certain = commands::common_start(&lines);
            if certain.is_empty() {
                return;
            }
            if lines.len() == 1 || certain.chars().count() > self.input.text().trim_start().chars().count() {
                certain.to_owned()
            } else {
                let at = if step < 0 { lines.len() - 1 } else { 0 };
                let line = lines[at].clone();
                self.completion = Some(Completion { lines, at });
                line
            }
        };
        self.input.set(&line);
        self.recheck();
    }
}
