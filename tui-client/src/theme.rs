//! How things look: the styles, chosen by [`Appearance`], and the glyphs, with ASCII forms for terminals that draw `²`
//! or `…` two cells wide. The view reads both; `main` and the app choose them.

mod appearance;
mod background;

use ratatui::style::Style;

pub use appearance::{Appearance, Choice, Depth, NameStyle};
pub use background::Rgb;

/// The styles of everything on the screen. None relies on colour alone, and only high contrast sets a background:
/// elsewhere text has the terminal's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Ordinary text.
    pub plain: Style,
    /// The program's name, headings, the label of the field that has the focus.
    pub strong: Style,
    /// Rules and the separators between the feed, the chart and the online list.
    pub rule: Style,
    /// What is there to be looked up, not to be read: times, ids, the equals sign, the curve of the chart.
    pub dim: Style,
    /// Laid over the square of a result, which is what the program is for.
    pub square: Style,
    /// The names of others: a student has the same colour for as long as the theme stays.
    pub names: [Style; NAMES],
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

/// How many colours there are for names. More could not be told apart by colour-blind eyes.
pub const NAMES: usize = 6;

impl Theme {
    /// The style of a student's name, which goes by the student id.
    #[must_use]
    pub fn name(&self, id: &str) -> Style {
        // FNV-1a, since the standard library's hash differs from run to run, and then a mixing of its bits, since ids
        // differ in their last digits alone.
        let hash = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = (mixed >> 40) % NAMES as u64;
        self.names[usize::try_from(at).unwrap_or(0)]
    }
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
    /// Where the two axes of the chart meet.
    pub corner: &'static str,
    /// Between two facts on one line.
    pub dot: &'static str,
    /// Towards the newest result.
    pub down: &'static str,
    /// From the digits of a number to those of its square.
    pub to: &'static str,
    /// Before a square that is not written in full.
    pub nearly: &'static str,
    /// Before somebody who has just squared.
    pub active: &'static str,
    /// A result of somebody else on the chart: in ASCII as it is drawn, else in the legend.
    pub point: &'static str,
    /// A result of mine on the chart.
    pub point_mine: &'static str,
    /// A bar that lies, and its last half cell.
    pub bar: [&'static str; 2],
    /// Bars that stand, from nothing to a whole cell.
    pub levels: [&'static str; 9],
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
                corner: "+",
                dot: "|",
                down: "v",
                to: "->",
                nearly: "~",
                active: "o",
                point: "o",
                point_mine: "*",
                bar: ["=", "-"],
                levels: [" ", ".", ".", "-", "-", "=", "=", "#", "#"],
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
                corner: "└",
                dot: "·",
                down: "↓",
                to: "→",
                nearly: "≈",
                active: "●",
                point: "⠶",
                point_mine: "⣿",
                bar: ["━", "╸"],
                levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
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
