//! Times gathered one by one, and what is said of them.

use std::time::Duration;

/// A collection of times.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The times below which the given thousandths of all lie, in milliseconds.
    pub(crate) fn percentiles<const N: usize>(&mut self, thousandths: [usize; N]) -> [f64; N] {
        self.0.sort_unstable();
        thousandths.map(|part| {
            let at = (self.0.len() * part / 1000).min(self.0.len().saturating_sub(1));
            self.0.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        })
    }
}
