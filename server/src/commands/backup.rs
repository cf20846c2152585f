//! `squares-server backup FILE`: a copy of the ledger, made while a server runs or not.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use squares_server::{BackupError, LedgerFile};

use super::{Folder, progress::Progress};
use crate::signals::Interrupt;

/// Copy the ledger to FILE, also while a server is running on it
///
/// FILE must not exist yet; it is readable for its owner alone. To restore it, put it as ledger.sqlite3 into an empty
/// data folder. The server then gives the ledger a new name, so that clients begin anew instead of mixing it with
/// what they have seen.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The copy to make
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

impl Backup {
    pub(crate) fn run(self, data: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let ledger = LedgerFile::open(&self.folder.path(data)?)?;
        let (from, latest) = (ledger.path.display().to_string(), ledger.latest);
        let mut progress = Progress::new("copying");
        let interrupt = Interrupt::hear()?;
        let made = ledger.backup(&self.file, |done, all| {
            progress.reached(done, all);
            interrupt.go_on()
        });
        drop(progress);
        match made {
            Err(BackupError::CalledOff) => return Ok(interrupt.end()),
            made => made?,
        }
        let size = std::fs::metadata(&self.file).map_or(0, |file| file.len());
        let (file, size) = (self.file.display(), in_words(size));
        let _ = writeln!(std::io::stdout(), "{file}: a backup of {from}, at least up to result {latest}, {size}");
        Ok(ExitCode::SUCCESS)
    }
}

/// So many bytes, in the unit that fits.
fn in_words(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    if bytes < MEBIBYTE {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MiB", bytes.div_ceil(MEBIBYTE))
    }
}
