//! Keeps the data folder, its files and keys to their owner. What others may read or write is restricted where it is
//! this server's own, and else named on the log. Called by `ledger`, `tls` and `roster` as they open files.

#[cfg(unix)]
mod modes;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod windows_profile;

#[cfg(unix)]
pub(crate) use modes::{restrict_file, restrict_folder, warn_if_loose};
#[cfg(windows)]
pub(crate) use windows::{restrict_file, restrict_folder, warn_if_loose};

/// Whether a file of this name in the data folder is this server's.
fn is_ours(name: &str) -> bool {
    name.starts_with("ledger.") || name.starts_with("ledger-saved-") || name.starts_with("tls-self.")
}
