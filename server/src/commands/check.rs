//! `squares-server check`: reads a ledger from end to end and says whether it is sound.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::CommandFactory as _;
use squares_server::{ClusterConfig, LedgerError, LedgerFile};

use super::{Folder, counted, progress::Progress};
use crate::{
    flags::{ClusterFlags, Flags},
    signals::Interrupt,
};

/// Something is wrong with the ledger.
const NOT_SOUND: u8 = 3;

/// Check the ledger: its file, gaps, duplicates, and every square anew
///
/// With --cluster, it is also compared with the log that it should be a part of. A server may be running on it. Exits
/// with 0 where it is sound, 3 where something is wrong, and 1 where it cannot be read at all. Nothing is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// A backup, in place of the ledger in the data folder
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    cluster: ClusterFlags,
}

/// Why a file that was named is none that can be checked, without words about the data folder.
fn no_ledger(file: &Path, error: LedgerError) -> anyhow::Error {
    let what = match error {
        LedgerError::NotALedger(_) => "is not a ledger of Squares",
        LedgerError::NotSqlite(_) => "is not a ledger of Squares, or its beginning is damaged",
        LedgerError::Missing(_) if file.exists() => "is not a ledger of Squares: nothing stands in it",
        LedgerError::Missing(_) => "is not there",
        other => return other.into(),
    };
    anyhow!("{} {what}; give the file of a ledger or of a backup, or none for the ledger in --data", file.display())
}

/// How the ledger differs from the log of this cluster.
#[cfg(feature = "cluster")]
fn differs_from_log(ledger: &LedgerFile, cluster: &ClusterConfig) -> anyhow::Result<Option<String>> {
    Ok(squares_server::runtime(1)?.block_on(squares_server::compare(ledger, cluster))?)
}

/// A program without the feature takes no cluster.
#[cfg(not(feature = "cluster"))]
fn differs_from_log(_: &LedgerFile, _: &ClusterConfig) -> anyhow::Result<Option<String>> {
    Ok(None)
}

impl Check {
    pub(crate) fn run(self, data: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let cluster = self.cluster.config(Flags::command).unwrap_or_else(|error| error.exit());
        let mut ledger = match &self.file {
            Some(file) => LedgerFile::open_file(file).map_err(|error| no_ledger(file, error))?,
            None => LedgerFile::open(&self.folder.path(data)?)?,
        };
        let mut progress = Progress::new("checking");
        progress.says("checking the file");
        let interrupt = Interrupt::hear()?;
        let asked = interrupt.clone();
        let findings = ledger.check(move || asked.go_on().is_continue(), |done, all| progress.reached(done, all));
        drop(progress);
        let Some(mut findings) = findings else { return Ok(interrupt.end()) };
        if let Some(cluster) = cluster {
            findings.wrong.extend(differs_from_log(&ledger, &cluster)?);
        }
        let mut out = std::io::stdout().lock();
        let path = ledger.path.display();
        let _ = match findings.range {
            Some((first, last)) => {
                let results = counted(findings.results, "result");
                writeln!(out, "{path}: {results}, {first} to {last}")
            }
            None => writeln!(out, "{path}: no results"),
        };
        let _ = writeln!(out, "its name: {}", ledger.ledger_id);
        for what in &findings.wrong {
            let _ = writeln!(out, "wrong: {what}");
        }
        if findings.untold > 0 {
            let _ = writeln!(out, "wrong: {} like these", counted(findings.untold, "more finding"));
        }
        let verdict = if findings.is_sound() {
            "sound"
        } else {
            "not sound: restore a backup, and keep this one for whoever looks into it"
        };
        let _ = writeln!(out, "{verdict}");
        Ok(if findings.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(NOT_SOUND) })
    }
}
