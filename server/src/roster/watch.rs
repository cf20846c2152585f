//! Tells when something has happened to the roster's file, so that nobody has to look at it all the time. Used by
//! `admission`, which looks whether the file is another than it was.
//!
//! What is watched is the folder, since editors and other careful programs do not write into a file: they make another
//! and move it over the first, or remove the first and make it again. Of a file that is reached by a link, the folder
//! of the link and that of the file are watched. Network file systems tell nothing of what other machines write; there,
//! and where the system watches no more folders, looking from time to time goes on.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::Notify, time::sleep};

/// How often to look where the system tells of changes, and where it does not.
const RARELY: Duration = Duration::from_secs(30);
const OFTEN: Duration = Duration::from_secs(1);

/// A file that is watched until this is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    happened: Arc<Notify>,
    /// `None` where the system does not tell.
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches this file from now on, also where it is not there yet.
    pub(super) fn of(file: &Path) -> Self {
        let happened = Arc::new(Notify::new());
        let watcher = watch(file, &happened)
            .inspect_err(|error| tracing::debug!(%error, "the roster's folder cannot be watched"))
            .ok();
        Self { happened, watcher }
    }

    /// Waits until something may have happened to it. Dropped at any time, nothing is missed.
    pub(super) async fn happened(&self) {
        let long = if self.watcher.is_some() { RARELY } else { OFTEN };
        tokio::select! {
            () = self.happened.notified() => {}
            () = sleep(long) => {}
        }
    }
}

fn watch(file: &Path, happened: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let file = std::path::absolute(file)?;
    let real = file.canonicalize().unwrap_or_else(|_| file.clone());
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let folders: HashSet<PathBuf> = [folder(&file), folder(&real)].into_iter().flatten().collect();
    let names: HashSet<OsString> =
        [&file, &real].into_iter().filter_map(|path| path.file_name()).map(Into::into).collect();
    let happened = Arc::clone(happened);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Where events were lost, one may have been of this file. The ledger may be in the same folder.
        let concerns = event.map_or(true, |event| {
            event.need_rescan()
                || !event.kind.is_access()
                    && event.paths.iter().filter_map(|path| path.file_name()).any(|name| names.contains(name))
        });
        if concerns {
            happened.notify_one();
        }
    })?;
    folders.iter().try_for_each(|folder| watcher.watch(folder, RecursiveMode::NonRecursive))?;
    Ok(watcher)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::time::timeout;

    use super::*;

    /// Far less than the time after which it looks by itself.
    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn whatever_way_a_file_is_changed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("roster.csv"), folder.path().join("other"));
        let watch = Watch::of(&file);
        if watch.watcher.is_none() {
            return;
        }
        let changes: [(&str, &dyn Fn()); 5] = [
            ("made", &|| fs::write(&file, "a").unwrap()),
            ("written", &|| fs::write(&file, "ab").unwrap()),
            ("moved over", &|| {
                fs::write(&other, "c").unwrap();
                fs::rename(&other, &file).unwrap();
            }),
            ("removed", &|| fs::remove_file(&file).unwrap()),
            ("made anew", &|| fs::write(&file, "d").unwrap()),
        ];
        for (what, change) in changes {
            change();
            timeout(SOON, watch.happened.notified()).await.unwrap_or_else(|_| panic!("{what}"));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_behind_a_link_is_told_of_too() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept/of-class.csv"), folder.path().join("roster.csv"));
        fs::create_dir(kept.parent().unwrap()).unwrap();
        fs::write(&kept, "a").unwrap();
        std::os::unix::fs::symlink("kept/of-class.csv", &link).unwrap();
        let watch = Watch::of(&link);
        fs::write(&kept, "ab").unwrap();
        timeout(SOON, watch.happened.notified()).await.unwrap();
    }
}
