//! A figure beside its goal, and the table of them. Made by `measure`, printed by `main`.

use std::fmt::Write as _;
use std::time::Duration;

/// A figure that was measured.
pub(crate) struct Figure {
    name: String,
    /// The value, and the most that it should be, where there is a goal.
    value: f64,
    most: Option<f64>,
    unit: &'static str,
}

impl Figure {
    /// A figure that should be no more than `most`.
    pub(crate) fn at_most(most: f64, name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, most: Some(most), unit }
    }

    /// A figure without a goal.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, most: None, unit }
    }
}

/// The figures, one a line.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut table = String::from("| figure | measured | goal | |\n| --- | ---: | ---: | --- |\n");
    for Figure { name, value, most, unit } in figures {
        let goal = most.map(|most| format!("{} {unit}", shown(most))).unwrap_or_default();
        let verdict = most.map_or("", |most| if *value <= most { "ok" } else { "MISSED" });
        // Writing into a string does not fail.
        let _ = writeln!(table, "| {name} | {} {unit} | {goal} | {verdict} |", shown(*value));
    }
    table
}

fn shown(value: f64) -> String {
    if value == 0.0 || value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The value below which this part of them lies. They need not be in order; none of them is nothing.
pub(crate) fn quantile(values: &mut [Duration], part: f64) -> Duration {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    // The number of values is small, and the part is at most one.
    let at = (last as f64 * part).round() as usize;
    values.get(at).copied().unwrap_or_default()
}

/// In milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
