//! How things look: the styles, chosen by [`Appearance`], and the glyphs, with ASCII forms for terminals that draw `²`
//! or `…` two cells wide. The view reads both; `main` and the app choose them.

mod appearance;
mod background;

use ratatui::style::Style;

pub use appearance::{Appearance, Choice, Depth};
pub use background::Rgb;

/// The styles of everything on the screen. None relies on colour alone, and only high contrast sets a background:
/// elsewhere text has the terminal's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Ordinary text.
    pub plain: Style,
    /// The program's name, headings, the label of the field that has the focus.
    pub strong: Style,
    /// Rules and the separator between the feed and the online list.
    pub rule: Style,
    /// What is mine: my results in the feed, my line in the online list.
    pub mine: Style,
    /// A square of mine that waits for its answer.
    pub waiting: Style,
    /// The selected row.
    pub selected: Style,
    /// Something to notice: new results below, a connection that is gone, a warning.
    pub notice: Style,
    /// Something that is wrong.
    pub error: Style,
    /// A key in the footer and in help.
    pub key: Style,
    /// Where a text that is searched for stands.
    pub found: Style,
}

/// The glyphs that some terminals cannot draw, or draw too wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Behind a number that is squared.
    pub squared: &'static str,
    /// Before a number of terminals.
    pub times: &'static str,
    /// Where something is left out, or still to come.
    pub ellipsis: &'static str,
    /// A horizontal rule.
    pub horizontal: &'static str,
    /// The separator between the feed and the online list.
    pub vertical: &'static str,
    /// Where the separator meets the rule above it.
    pub tee_down: &'static str,
    /// Where the separator meets the rule below it.
    pub tee_up: &'static str,
    /// Between two facts on one line.
    pub dot: &'static str,
    /// Towards the newest result.
    pub down: &'static str,
    /// From the digits of a number to those of its square.
    pub to: &'static str,
    /// A result of somebody else on the chart.
    pub point: &'static str,
    /// A result of mine on the chart.
    pub point_mine: &'static str,
    /// Up and down, as keys.
    pub up_down: &'static str,
}

impl Glyphs {
    /// The glyphs, or their ASCII forms.
    #[must_use]
    pub const fn new(ascii: bool) -> Self {
        if ascii {
            Self {
                squared: "^2",
                times: "x",
                ellipsis: "...",
                horizontal: "-",
                vertical: "|",
                tee_down: "+",
                tee_up: "+",
                dot: "|",
                down: "v",
                to: "->",
                point: "o",
                point_mine: "*",
                up_down: "Up/Down",
            }
        } else {
            Self {
                squared: "²",
                times: "×",
                ellipsis: "…",
                horizontal: "─",
                vertical: "│",
                tee_down: "┬",
                tee_up: "┴",
                dot: "·",
                down: "↓",
                to: "→",
                point: "•",
                point_mine: "*",
                up_down: "↑↓",
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ascii_forms_are_ascii() {
        assert!(format!("{:?}", Glyphs::new(true)).is_ascii());
    }
}
