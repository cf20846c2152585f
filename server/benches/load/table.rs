//! What the bench prints.

use std::io::Write as _;

/// Prints a line. A reader that is gone is no reason to stop in the middle.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a figure with its name, and what it should reach.
pub(crate) fn figure(name: &str, value: &str, goal: &str) {
    let goal = if goal.is_empty() { String::new() } else { format!("  (goal {goal})") };
    say(&format!("| {name} | {value}{goal} |"));
}
