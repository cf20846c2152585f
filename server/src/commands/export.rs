//! `squares-server export`: all results as CSV for spreadsheets, or as JSON lines for programs, a result at a time; or
//! who took part, as CSV.

use std::{
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use squares_server::{LedgerError, LedgerFile, LedgerStudent, ResultRow};
use squares_shared::{
    new_file::NewFile,
    spreadsheet::{BYTE_ORDER_MARK, Table},
};

use super::{Folder, progress::Progress};
use crate::signals::Interrupt;

/// Write all results as CSV or JSON lines, or who took part, to FILE or standard output
///
/// A server may be running on the ledger. FILE must not exist yet; it is readable for its owner alone. A table in it
/// begins with a byte-order mark, for spreadsheets.
#[derive(Debug, clap::Args)]
#[group(id = "form", args = ["csv", "jsonl", "students"], required = true, multiple = false)]
pub(crate) struct Export {
    /// A table for spreadsheets: seq, at, student, name, number, square, id; a text that a spreadsheet would take for
    /// a formula gets a ' before it
    #[arg(long)]
    csv: bool,
    /// The results as clients get them, a JSON object on each line
    #[arg(long)]
    jsonl: bool,
    /// Who took part, as a table for spreadsheets: id, name, squares, and the times of the first and the last one
    #[arg(long)]
    students: bool,
    /// Where to; standard output if left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("it was interrupted")]
    Interrupted,
    #[error("cannot write: {0}; check the disk's space, or what takes the output")]
    Write(#[from] io::Error),
}

impl Export {
    pub(crate) fn run(self, data: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let ledger = LedgerFile::open(&self.folder.path(data)?)?;
        let Some(path) = &self.file else {
            let ended = self.write(&ledger, io::stdout().lock(), || ControlFlow::Continue(()));
            return match ended {
                // Whoever reads it, such as `head`, has enough.
                Err(Ended::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
                ended => Ok(ended.map(|()| ExitCode::SUCCESS)?),
            };
        };
        let interrupt = Interrupt::hear()?;
        let new = NewFile::begin(path)?;
        let mark = if self.jsonl { "" } else { BYTE_ORDER_MARK };
        let written = new.file().write_all(mark.as_bytes()).map_err(Ended::Write);
        match written.and_then(|()| self.write(&ledger, new.file(), || interrupt.go_on())) {
            Ok(()) => {
                new.publish()?;
                Ok(ExitCode::SUCCESS)
            }
            Err(Ended::Interrupted) => {
                drop(new);
                Ok(interrupt.end())
            }
            // Half a table would pass for a whole one.
            Err(ended) => Err(ended).with_context(|| format!("{} was not made", path.display())),
        }
    }

    fn write(&self, ledger: &LedgerFile, out: impl Write, go_on: impl Fn() -> ControlFlow<()>) -> Result<(), Ended> {
        let mut out = BufWriter::with_capacity(256 << 10, out);
        let mut progress = Progress::new("writing");
        let mut reached = |result: &ResultRow| {
            progress.reached(result.seq, ledger.latest);
            if go_on().is_break() { Err(Ended::Interrupted) } else { Ok(()) }
        };
        if self.students {
            let mut table = Table::begin(&mut out, ["id", "name", "squares", "first", "last"])?;
            for LedgerStudent { id, name, squares, first, last } in ledger.students()? {
                table.row([id, name, squares.to_string(), first, last])?;
            }
            table.end()?;
        } else if self.csv {
            let mut table = Table::of_results(&mut out)?;
            ledger.each(|result| {
                table.result(&result.result(&result.time()))?;
                reached(result)
            })?;
            table.end()?;
        } else {
            let mut line = Vec::new();
            ledger.each(|result| {
                line.clear();
                result.append_line(&mut line);
                out.write_all(&line)?;
                reached(result)
            })?;
        }
        out.flush()?;
        drop(progress);
        Ok(())
    }
}
