//! How far an export has come, in a line now and then: when it begins, and every few seconds while it goes on. Its
//! end is a notice, which is said as every notice is. Called by the linear view.

use std::time::{Duration, Instant};

use crate::app::App;
use crate::text;

/// The least time between two lines of one export.
const EVERY: Duration = Duration::from_secs(3);

/// What was said of the export under way; nothing where there is none.
#[derive(Debug, Default)]
pub(super) struct Exporting {
    said: Option<Instant>,
}

impl Exporting {
    pub(super) fn say(&mut self, app: &App, now: Instant, lines: &mut Vec<String>) {
        let Some((path, results)) = app.exporting() else {
            self.said = None;
            return;
        };
        match self.said {
            None => lines.push((app.strings.export_begins)(&text::grouped(results), &path)),
            // A word that is being read back is not broken into for this.
            Some(said) if now < said + EVERY || !app.composer.input.is_empty() => return,
            Some(_) => {
                let progress = app.reading.exports.progress();
                lines.extend(
                    progress.map(|(percent, written)| (app.strings.exporting)(percent, &text::grouped(written))),
                );
            }
        }
        self.said = Some(now);
    }
}
