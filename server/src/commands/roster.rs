//! `squares-server roster --make-pins IN OUT --sheet FILE`: a roster with PINs for everybody, and the sheet to hand
//! out.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow, bail};
use squares_server::{LONGEST_ROSTER, make_pins};
use squares_shared::{
    new_file::{NewFile, NewFileError},
    regular_file,
};

use super::counted;

/// Give every student of a roster without a PIN a random one
///
/// Writes the roster with hashes to OUT, and the new PINs to FILE, which is to be handed out and then deleted: they
/// stand nowhere else. Neither may exist yet, and both are readable for their owner alone.
#[derive(Debug, clap::Args)]
pub(crate) struct MakePins {
    /// The roster to read and the roster to write, of the same kind (JSON or CSV)
    #[arg(long, required = true, num_args = 2, value_names = ["IN", "OUT"])]
    make_pins: Vec<PathBuf>,
    /// Where the new PINs go, as CSV
    #[arg(long, required = true, value_name = "FILE")]
    sheet: PathBuf,
}

impl MakePins {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let [from, to] = &*self.make_pins else { bail!("--make-pins takes two files: IN and OUT") };
        let bytes =
            regular_file::read(from, LONGEST_ROSTER).with_context(|| format!("cannot read {}", from.display()))?;
        let made = make_pins(&bytes).map_err(|why| anyhow!("the roster {} cannot be used: {why}", from.display()))?;
        // Both are begun before either is filled, and the sheet has its name before the roster has: nobody is left
        // with one that lacks the other.
        let (roster, sheet) = (begin(to)?, begin(&self.sheet)?);
        fill(&roster, to, &made.roster)?;
        fill(&sheet, &self.sheet, &made.sheet)?;
        sheet.publish()?;
        if let Err(error) = roster.publish() {
            let _ = fs::remove_file(&self.sheet);
            return Err(error.into());
        }
        let (to, sheet) = (to.display(), self.sheet.display());
        let said = format!(
            "{} got a PIN, {} had one: the roster is {to}, the new PINs are in {sheet}; hand them out, then delete that file",
            counted(made.made as u64, "student"),
            made.had
        );
        let _ = writeln!(io::stdout(), "{said}");
        Ok(ExitCode::SUCCESS)
    }
}

fn begin(path: &Path) -> anyhow::Result<NewFile> {
    match NewFile::begin(path) {
        Err(NewFileError::Exists(path)) => {
            bail!("cannot make {}; give the name of a file that is not there yet", path.display())
        }
        begun => Ok(begun?),
    }
}

fn fill(new: &NewFile, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    new.file().write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
}
