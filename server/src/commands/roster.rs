//! `squares-server roster --make-pins IN OUT --sheet FILE`: a roster with PINs for everybody, and the sheet to hand
//! out.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow, bail};
use squares_server::{LONGEST_ROSTER, make_pins};
use squares_shared::regular_file;

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
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let [from, to] = &*self.make_pins else { bail!("--make-pins takes two files: IN and OUT") };
        let bytes =
            regular_file::read(from, LONGEST_ROSTER).with_context(|| format!("cannot read {}", from.display()))?;
        let made = make_pins(&bytes).map_err(|why| anyhow!("the roster {} cannot be used: {why}", from.display()))?;
        // Both are made before either is filled, so that a sheet without its roster, or the reverse, is not left
        // behind.
        let mut roster = create(to)?;
        let filled = create(&self.sheet).and_then(|mut sheet| {
            let filled = fill(&mut roster, to, &made.roster).and_then(|()| fill(&mut sheet, &self.sheet, &made.sheet));
            if filled.is_err() {
                let _ = fs::remove_file(&self.sheet);
            }
            filled
        });
        if filled.is_err() {
            let _ = fs::remove_file(to);
        }
        filled?;
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

/// A new file that its owner alone may read, from its first moment on.
fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot make {}; give the name of a file that is not there yet", path.display()))
}

fn fill(file: &mut File, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
}
