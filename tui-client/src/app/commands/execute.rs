//! What each command does. Enter on a line that begins with `/` ends here; so does Tab, which completes it.

use super::{
    Argument, COPIED, CommandAction, CompletionSources, LANGS, THEMES, common_start, completions, is_command, parse,
    word,
};
use crate::app::status::Severity;
use crate::app::{App, Copied, HelpPlace, MainView};
use crate::config::keyword;
use crate::event::{Effect, TerminalEffect};
use crate::lang::Lang;
use crate::strings::Strings;
use crate::text;

/// The most of a text that is quoted in a notice, in cells.
const QUOTED: usize = 24;

/// Where Tab stands among what a line may be completed to.
#[derive(Debug)]
pub(in crate::app) struct Completion {
    lines: Vec<String>,
    at: usize,
}

impl App {
    pub(in crate::app) fn command(&mut self) {
        match parse(self.composer.input.text()) {
            Ok((command, argument)) => {
                if command.action != CommandAction::Export {
                    self.reading.exports.forget_warning();
                }
                if command.argument == Argument::Nothing && !argument.is_empty() {
                    self.say(Severity::Error, (self.strings.no_argument)(command.name));
                } else if self.act(command.action, &argument) {
                    self.entered();
                }
            }
            Err((name, nearest)) => {
                let name = text::printable(&name).into_owned();
                let name = text::shorten(&name, QUOTED, self.glyphs.ellipsis);
                self.say(Severity::Error, (self.strings.unknown_command)(&name, nearest));
            }
        }
    }

    /// Does what a command says. Whether the line was understood; where it was not, it stays, to be mended.
    fn act(&mut self, action: CommandAction, argument: &str) -> bool {
        match action {
            CommandAction::Exit => self.leave(),
            CommandAction::Help if argument.is_empty() => self.show(MainView::Help(HelpPlace::default())),
            CommandAction::Help => return self.help_about(argument),
            CommandAction::Mine => self.filter_mine(),
            CommandAction::Who if argument.is_empty() => self.show(MainView::Online),
            CommandAction::Who => return self.filter_student(argument),
            CommandAction::Find if argument.is_empty() && self.reading.feed.filter.text.is_none() => {
                self.say(Severity::Info, self.strings.find_first);
            }
            CommandAction::Find => self.find(argument),
            CommandAction::Join => self.say_how_to_join(),
            CommandAction::Chart => self.open_chart(),
            CommandAction::Copy => match word(COPIED, argument) {
                Some("number") => self.copy(Copied::Number),
                None if !argument.is_empty() => return self.refuse(self.strings.unknown_copy),
                _ => self.copy(Copied::Square),
            },
            CommandAction::Read => self.read_in_full(),
            CommandAction::Export if self.setup.guest => return self.refuse(self.strings.guest_cannot_export),
            CommandAction::Export => return self.export(argument),
            CommandAction::Theme => return self.choose_theme(argument),
            CommandAction::Lang => return self.choose_language(argument),
        }
        true
    }

    /// Without a word, the other of the two.
    fn choose_language(&mut self, argument: &str) -> bool {
        let lang = match word(LANGS, argument) {
            Some("ko") => Lang::Ko,
            Some(_) => Lang::En,
            None if argument.is_empty() => match self.strings.lang {
                Lang::Ko => Lang::En,
                Lang::En => Lang::Ko,
            },
            None => return self.refuse(self.strings.unknown_language),
        };
        self.strings = Strings::of(lang);
        self.setup.remembered.lang = Some(lang);
        self.effects.push(Effect::Remember);
        self.say(Severity::Info, self.strings.language_chosen);
        true
    }

    /// Without a word, the next one.
    fn choose_theme(&mut self, argument: &str) -> bool {
        let named = word(THEMES, argument).and_then(|word| keyword(word).ok());
        let choice = match named {
            Some(choice) => choice,
            None if argument.is_empty() => self.setup.appearance.next(),
            None => return self.refuse(self.strings.unknown_theme),
        };
        self.setup.appearance.choice = choice;
        self.restyle();
        if self.setup.appearance.wants_background() {
            self.effects.push(Effect::Terminal(TerminalEffect::AskBackground));
        }
        self.setup.remembered.theme = Some(choice);
        self.effects.push(Effect::Remember);
        self.say(Severity::Info, (self.strings.theme_chosen)(choice));
        true
    }

    /// Tab (1) and Shift-Tab (-1): the line becomes as much as is certain; after that, one possible line after another.
    pub(in crate::app) fn complete(&mut self, step: isize) {
        if !is_command(self.composer.input.text()) {
            return;
        }
        let line = if let Some(Completion { lines, at }) = &mut self.composer.completion {
            let count = isize::try_from(lines.len()).unwrap_or(isize::MAX);
            let next = isize::try_from(*at).unwrap_or(0).saturating_add(step).rem_euclid(count);
            *at = next.unsigned_abs();
            lines[*at].clone()
        } else {
            let people = &self.people.online.people;
            let people =
                people.iter().map(|person| &*person.name).chain(people.iter().map(|person| &*person.id)).collect();
            let help = self.help_words();
            let known = CompletionSources { people, help: &help, guest: self.setup.guest };
            let lines = completions(self.composer.input.text(), &known);
            let certain = common_start(&lines);
            if certain.is_empty() {
                return;
            }
            if lines.len() == 1 || certain.chars().count() > self.composer.input.text().trim_start().chars().count() {
                certain.to_owned()
            } else {
                let at = if step < 0 { lines.len() - 1 } else { 0 };
                let line = lines[at].clone();
                self.composer.completion = Some(Completion { lines, at });
                line
            }
        };
        self.set_input(&line);
    }
}
