//! What the client remembers from one run to the next, and the folder for that. Called by `main` and `run`.

use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use squares_shared::{new_file, private_file, regular_file};

use crate::lang::Lang;
use crate::theme::Choice;

/// What one run keeps for the next: the file, as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The student id of the last join.
    pub student: Option<String>,
    /// The name typed for it.
    pub name: Option<String>,
    /// The last server that is not the default one.
    pub server: Option<String>,
    /// The language chosen with `/lang`.
    #[serde(deserialize_with = "known")]
    pub lang: Option<Lang>,
    /// The theme chosen with `/theme`.
    #[serde(deserialize_with = "known")]
    pub theme: Option<Choice>,
}

/// A choice that this version does not know is none.
fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(value)?).ok())
}

/// The longest file that is read.
const LONGEST: u64 = 64 << 10;

/// The folder for what outlives a run but is no document: `squares` in the user's state folder (XDG); on Windows in
/// the local application data, since campus profiles copy the roaming one about. `None` where the user has no home;
/// one that is no absolute path is none, since nothing would be found again from another folder.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    // What the crate calls the cache on Windows is the local application data.
    let local = if cfg!(windows) { base.cache_dir() } else { base.data_dir() };
    Some(base.state_dir().unwrap_or(local).join("squares")).filter(|folder| folder.is_absolute())
}

/// Reads what was remembered; nothing, where there is nothing or it cannot be read.
#[must_use]
pub fn read(state: &Path) -> Remembered {
    let text = regular_file::read(&path(state), LONGEST).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Remembers, in one step: a reader finds what was there before or all of this.
///
/// # Errors
/// As the system reports them; what was there before stays.
pub fn write(state: &Path, remembered: &Remembered) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(remembered)?;
    text.push(b'\n');
    private_file::make_folder(state)?;
    new_file::replace(&path(state), &text)
}

fn path(state: &Path) -> PathBuf {
    state.join("client.json")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_remembered_is_read_back_and_what_is_unreadable_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state/squares");
        assert_eq!(read(&state), Remembered::default());
        let remembered = Remembered {
            student: Some("s1".into()),
            name: Some("가나".into()),
            server: Some("a:1".into()),
            lang: Some(Lang::Ko),
            theme: Some(Choice::Light),
        };
        write(&state, &remembered).unwrap();
        assert_eq!(read(&state), remembered);
        write(&state, &Remembered::default()).unwrap();
        assert_eq!(read(&state), Remembered::default());
        for bad in ["", "{", "[]", "{\"student\":7}", "{\"lang\":\"fr\",\"theme\":7}"] {
            fs::write(path(&state), bad).unwrap();
            assert_eq!(read(&state), Remembered::default(), "{bad}");
        }
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "nothing else is left");
    }
}
