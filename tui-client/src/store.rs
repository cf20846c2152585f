//! What the client keeps on disk: squares that no server has answered (`outbox`), what a student typed (`history`),
//! what a run remembers for the next (`settings`), and the files of results that people ask for (`export`).

pub mod export;
mod held_file;
pub mod history;
pub mod outbox;
pub(crate) mod outbox_worker;
pub mod settings;

use std::io;
use std::path::{Path, PathBuf};

/// What is typed cannot be kept on the disk, so that it does not survive an end of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkept {
    /// Where it would be kept; none where the user has no home.
    pub folder: Option<PathBuf>,
    /// Which of the usual errors it is.
    pub kind: io::ErrorKind,
    /// The system's words.
    pub words: String,
}

impl Unkept {
    /// This folder cannot be written to.
    #[must_use]
    pub fn new(folder: &Path, error: &io::Error) -> Self {
        Self { folder: Some(folder.to_owned()), kind: error.kind(), words: error.to_string() }
    }

    /// There is no folder to write to.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { folder: None, kind: io::ErrorKind::NotFound, words: String::new() }
    }
}
