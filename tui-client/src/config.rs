//! The settings file, in TOML: which key does what, the mouse, language and colours, and what tells of results that
//! came meanwhile. A mistake in it is told with its line and column before anything starts. Called by `main`.
//!
//! ```toml
//! mouse = false
//! notify = "bell"        # or "title", "desktop", or "off"
//! lang = "ko"            # or "en"
//! theme = "light"        # or "auto", "dark", "contrast", "mono"
//! names = "plain"        # or "colour"
//!
//! [keys]
//! chart = "Ctrl-G"
//! copy-square = ["F8", "Alt-C"]
//! suspend = []           # no key at all
//! ```

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use squares_shared::regular_file;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::{ACTIONS, Action, Key, Keymap};
use crate::lang::Lang;
use crate::nearest::nearest;
use crate::theme::{Choice, NameStyle};

/// The longest file that is read.
const LONGEST: u64 = 1 << 20;

/// What is said of another word for `notify`.
const NOTIFY_MEND: &str = "notify is \"off\", \"bell\", \"title\" or \"desktop\"";

/// What the file sets; the rest keeps its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Which key does what.
    pub keymap: Keymap,
    /// The language of the screen.
    pub lang: Option<Lang>,
    /// Whether the mouse is ours.
    pub mouse: Option<bool>,
    /// What tells of results that came while somebody looked elsewhere.
    pub notify: Option<Notify>,
    /// The colours.
    pub theme: Option<Choice>,
    /// Whether names have colours.
    pub names: Option<NameStyle>,
    /// The file in the usual place, and why it could not be read: the defaults apply then.
    pub unread: Option<(PathBuf, String)>,
}

/// What tells of results of mine that came while somebody looked elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Nothing.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// How many came, in the window's title.
    Title,
    /// A notification of the desktop, by way of the terminal.
    Desktop,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the settings in {path}: {error}; give another file with --config, or none")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{line}:{column}: {fault}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong, and how to mend it.
        fault: String,
    },
}

/// Where the file usually is: `squares/config.toml` in the user's folder for settings (XDG). `None` where the user
/// has no home.
fn usual_path() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    Some(folder.join("squares/config.toml")).filter(|path| path.is_absolute())
}

impl Config {
    /// Reads the file that was given, which must be there, or the usual one, which need not: where that
    /// one cannot be read, the defaults apply.
    ///
    /// # Errors
    /// Where the one that was given cannot be read, or something in either is wrong.
    pub fn read(given: Option<&Path>) -> Result<Self, ConfigError> {
        match given.map(Path::to_owned).or_else(usual_path) {
            Some(path) => Self::read_at(path, given.is_some()),
            None => Ok(Self::default()),
        }
    }

    fn read_at(path: PathBuf, given: bool) -> Result<Self, ConfigError> {
        let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "not a text in UTF-8");
        let read = regular_file::read(&path, LONGEST).map(|bytes| String::from_utf8(bytes).map_err(not_text));
        let text = match read {
            Ok(Ok(text)) => text,
            Ok(Err(error)) | Err(error) if !given => {
                // A missing file is normal, and not reported.
                let unread = path.symlink_metadata().is_ok().then(|| (path, error.to_string()));
                return Ok(Self { unread, ..Self::default() });
            }
            Ok(Err(error)) | Err(error) => return Err(ConfigError::Unreadable { path, error }),
        };
        Self::parse(&text).map_err(|ConfigFault { at, fault }| {
            let before = text.get(..at).unwrap_or(&text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            ConfigError::Wrong { path, line, column, fault }
        })
    }

    fn parse(text: &str) -> Result<Self, ConfigFault> {
        let table = DeTable::parse(text).map_err(|error| {
            ConfigFault::at(error.span().unwrap_or_default(), error.message().trim().replace('\n', ", "))
        })?;
        let mut config = Self::default();
        for (name, value) in table.get_ref() {
            match &**name.get_ref() {
                "keys" => config.keymap = keys(value)?,
                "mouse" => {
                    let mouse = value.get_ref().as_bool();
                    config.mouse = Some(mouse.ok_or_else(|| ConfigFault::at(value.span(), "mouse is true or false"))?);
                }
                "notify" => config.notify = Some(word(value, NOTIFY_MEND)?),
                "lang" => config.lang = Some(word(value, "lang is \"ko\" or \"en\"")?),
                "theme" => {
                    let mend = "theme is \"auto\", \"dark\", \"light\", \"contrast\" or \"mono\"";
                    config.theme = Some(word(value, mend)?);
                }
                "names" => config.names = Some(word(value, "names is \"colour\" or \"plain\"")?),
                unknown => {
                    let mend = "there are keys, lang, mouse, names, notify, theme";
                    return Err(ConfigFault::at(name.span(), format!("there is no setting '{unknown}'; {mend}")));
                }
            }
        }
        Ok(config)
    }
}

struct ConfigFault {
    /// The offset, in bytes.
    at: usize,
    fault: String,
}

impl ConfigFault {
    fn at(place: Range<usize>, fault: impl Into<String>) -> Self {
        Self { at: place.start, fault: fault.into() }
    }
}

/// One of a few words; the error for anything else says which.
fn word<T: DeserializeOwned>(value: &Spanned<DeValue<'_>>, mend: &str) -> Result<T, ConfigFault> {
    let read = value.get_ref().as_str().and_then(|text| keyword(text).ok());
    read.ok_or_else(|| ConfigFault::at(value.span(), mend))
}

/// One of a few words, here and on the command line.
///
/// # Errors
/// Where it is another.
pub(crate) fn keyword<T: DeserializeOwned>(text: &str) -> Result<T, serde::de::value::Error> {
    T::deserialize(text.into_deserializer())
}

fn keys(value: &Spanned<DeValue<'_>>) -> Result<Keymap, ConfigFault> {
    let table = value.get_ref().as_table();
    let table =
        table.ok_or_else(|| ConfigFault::at(value.span(), "keys is a table: [keys], then a line for each action"))?;
    let mut others: Vec<(Action, Vec<Key>)> = Vec::new();
    let mut places = Vec::new();
    // The table is sorted by name; mistakes are told in the order in which they stand in the file.
    let mut lines: Vec<_> = table.iter().collect();
    lines.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in lines {
        let action = Action::named(name.get_ref()).ok_or_else(|| {
            let near = nearest(name.get_ref(), ACTIONS.iter().map(|entry| (entry.name, entry.name)));
            let mend = near.map_or_else(
                || "config.example.toml names all of them".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            ConfigFault::at(name.span(), format!("there is no action '{}'; {mend}", name.get_ref()))
        })?;
        let mut bound = Vec::new();
        let one = std::slice::from_ref(value);
        let values = value.get_ref().as_array().map_or(one, |array| array);
        for value in values {
            let text = value.get_ref().as_str();
            let text =
                text.ok_or_else(|| ConfigFault::at(value.span(), "a key is a text, such as \"F8\" or \"Ctrl-R\""))?;
            let key: Key = text.parse().map_err(|error| ConfigFault::at(value.span(), format!("'{text}': {error}")))?;
            places.push((action, key, value.span()));
            bound.push(key);
        }
        others.push((action, bound));
    }
    Keymap::with(&others).map_err(|conflict| {
        let place = places.iter().rfind(|(action, key, _)| *action == conflict.wants && *key == conflict.key);
        let span = place.map(|(_, _, span)| span.clone()).unwrap_or_default();
        let (has, key) = (conflict.has.entry().name, conflict.key.name(Lang::En));
        ConfigFault::at(span, format!("{key} is the key of {has} already; give {has} another, or none: {has} = []"))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let place = format!("{}:", path.display());
        Config::read(Some(&path)).map_err(|error| error.to_string().replace(&place, ""))
    }

    #[test]
    fn what_the_file_says_takes_the_place_of_the_usual() {
        assert_eq!(read(""), Ok(Config::default()));
        let config =
            read("mouse = false\nnotify = 'bell'\n[keys]\nchart = 'Ctrl-G'\nhelp = ['F1', 'Alt-H']\nleave = []\n");
        let config = config.unwrap();
        assert_eq!((config.mouse, config.notify), (Some(false), Some(Notify::Bell)));
        let looks = read("lang = 'ko'\ntheme = 'contrast'\nnames = 'plain'").unwrap();
        assert_eq!((looks.lang, looks.theme), (Some(Lang::Ko), Some(Choice::Contrast)));
        assert_eq!(looks.names, Some(NameStyle::Plain));
        assert_eq!(config.keymap.name(Action::Chart, Lang::En).as_deref(), Some("Ctrl-G"));
        assert_eq!(config.keymap.keys(Action::Help).count(), 2);
        assert_eq!(config.keymap.name(Action::Leave, Lang::En), None);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_column() {
        for (text, told) in [
            (
                "[keys]\nchart = 'F6'\ncopy-sqare = 'F8'\n",
                "3:1: there is no action 'copy-sqare'; did you mean copy-square?",
            ),
            ("[keys]\nzzz = 'F8'\n", "2:1: there is no action 'zzz'; config.example.toml names all of them"),
            (
                "[keys]\nchart = ['F6', 'Hyper-X']\n",
                "2:16: 'Hyper-X': no such key; write it as in F8, Ctrl-R, Alt-Left or PgUp",
            ),
            ("[keys]\nchart = 'q'\n", "2:9: 'q': this key types; hold Ctrl or Alt with it"),
            ("[keys]\nchart = 'Ctrl-C'\n", "2:9: 'Ctrl-C': Enter, Esc, Tab and Ctrl-C cannot be given away"),
            (
                "[keys]\nchart = 'F8'\n",
                "2:9: F8 is the key of copy-square already; give copy-square another, or none: copy-square = []",
            ),
            (
                "[keys]\nonline = 'F12'\nchart = 'F12'\n",
                "3:9: F12 is the key of online already; give online another, or none: online = []",
            ),
            ("[keys]\nchart = 6\n", "2:9: a key is a text, such as \"F8\" or \"Ctrl-R\""),
            ("keys = 1\n", "1:8: keys is a table: [keys], then a line for each action"),
            ("mouse = 1", "1:9: mouse is true or false"),
            ("# 가나\nnotify = 'loud'", "2:10: notify is \"off\", \"bell\", \"title\" or \"desktop\""),
            ("lang = 'fr'", "1:8: lang is \"ko\" or \"en\""),
            ("lang = 1", "1:8: lang is \"ko\" or \"en\""),
            ("\ntheme = 'pink'", "2:9: theme is \"auto\", \"dark\", \"light\", \"contrast\" or \"mono\""),
            ("colour = 'dark'", "1:1: there is no setting 'colour'; there are keys, lang, mouse, names, notify, theme"),
            ("names = 'pink'", "1:9: names is \"colour\" or \"plain\""),
        ] {
            assert_eq!(read(text), Err(told.to_owned()), "{text}");
        }
        let syntax = read("[keys]\nchart = \n").unwrap_err();
        assert!(syntax.starts_with("2:9: "), "{syntax}");
        let twice = read("mouse = true\nmouse = true\n").unwrap_err();
        assert!(twice.starts_with("2:1: "), "{twice}");
    }

    #[test]
    fn the_example_has_every_action_with_its_usual_keys() {
        let text = include_str!("../../assets/config.example.toml");
        let usual = Config { mouse: Some(true), notify: Some(Notify::Off), ..Config::default() };
        assert_eq!(read(text).map(|config| (config.mouse, config.notify)), Ok((usual.mouse, usual.notify)));
        let keys = text.split_once("[keys]\n").unwrap().1;
        for (line, entry) in keys.lines().zip(ACTIONS) {
            let quoted: Vec<String> = entry.keys.iter().map(|key| format!("\"{key}\"")).collect();
            let value = if let [one] = &*quoted { one.clone() } else { format!("[{}]", quoted.join(", ")) };
            assert_eq!(line, format!("{} = {value}  # {}", entry.name, entry.help.of(Lang::En)));
        }
        assert_eq!(keys.lines().count(), ACTIONS.len());
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_in_the_usual_place_is_told_and_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("bytes"), b"\xff").unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        std::os::unix::fs::symlink("nothing", at("link")).unwrap();
        for name in ["folder", "bytes", "pipe", "loop", "link"] {
            let config = Config::read_at(at(name), false).unwrap();
            assert_eq!(config.unread.map(|(path, _)| path), Some(at(name)));
            assert!(matches!(Config::read_at(at(name), true), Err(ConfigError::Unreadable { .. })), "{name}");
        }
        for nothing in ["none", "none/config.toml", "bytes/config.toml"] {
            assert_eq!(Config::read_at(at(nothing), false).unwrap(), Config::default(), "{nothing}");
        }
    }

    #[test]
    fn a_file_that_was_given_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Config::read(Some(&folder.path().join("none"))), Err(ConfigError::Unreadable { .. })));
    }
}
