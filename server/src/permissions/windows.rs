//! Access lists of Windows: a data folder outside the user's profile, such as `C:\class`, is open to every user of the
//! machine. The system's own program `icacls` restricts it, since the functions for it are unsafe to call. Part of
//! `permissions`.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
};

use super::windows_profile::Profile;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Restricts this data folder to its owner, where all in it is ours and the profile does not already.
pub(crate) fn restrict_folder(folder: &Path, _except: &str) {
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let shown = path.display();
    match Profile::of(variable) {
        Some(profile) if profile.has(&path) => {}
        Some(_) if has_others(&path) => {
            tracing::warn!(folder = %shown, "others may look into the data folder, which holds other files too; a folder of its own is better");
        }
        Some(profile) => match restrict(&profile, &path) {
            Ok(()) => tracing::info!(folder = %shown, "the data folder is for its owner alone"),
            Err(error) => {
                tracing::warn!(folder = %shown, %error, "others may look into the data folder; restrict it with icacls");
            }
        },
        None => tracing::warn!(folder = %shown, "cannot see who may read the data folder"),
    }
}

fn restrict(profile: &Profile, folder: &Path) -> io::Result<()> {
    let program = Path::new(&variable("SystemRoot").unwrap_or_default()).join("System32").join("icacls.exe");
    let mut icacls = Command::new(program);
    icacls.args(profile.restriction(folder)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = icacls.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("icacls failed: {status}"))) }
}

/// A folder that cannot be read has nothing else in it that we know of.
fn has_others(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| !super::is_ours(&name.to_string_lossy()))
}

/// Files take over the list of their folder.
pub(crate) fn restrict_file(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// Warns of a file outside the user's profile, which everybody on the machine may be able to read.
pub(crate) fn warn_if_loose(path: &Path, what: &str) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // Those in the data folder have its list.
    let is_ours = path.file_name().is_some_and(|name| super::is_ours(&name.to_string_lossy()));
    if !is_ours && Profile::of(variable).is_none_or(|profile| !profile.has(&path)) {
        tracing::warn!(path = %path.display(), "others on this machine may be able to use {what}; keep it in your own folder");
    }
}
