//! How things look: styles that are readable on dark and on light backgrounds, and the glyphs, with plain ASCII forms
//! for terminals that draw `²` or `…` two cells wide. The view reads both; `main` chooses them.

use ratatui::style::{Color, Modifier, Style};

/// The styles of everything on the screen. None sets a background, and none relies on colour alone.
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

impl Theme {
    /// The colours of every terminal's sixteen that have contrast enough on black and on white alike.
    #[must_use]
    pub const fn color() -> Self {
        let plain = Style::new();
        Self {
            plain,
            strong: plain.add_modifier(Modifier::BOLD),
            rule: plain,
            mine: plain.fg(Color::Magenta),
            waiting: plain.fg(Color::Magenta).add_modifier(Modifier::ITALIC),
            selected: plain.add_modifier(Modifier::REVERSED),
            notice: plain.fg(Color::Magenta).add_modifier(Modifier::BOLD),
            error: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            key: plain.add_modifier(Modifier::BOLD),
            found: plain.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
        }
    }

    /// No colours at all, for `NO_COLOR`: crossterm would print an escape that cancels bold where it is told of
    /// colours then, so none is ever set.
    #[must_use]
    pub const fn mono() -> Self {
        let plain = Style::new();
        Self {
            plain,
            strong: plain.add_modifier(Modifier::BOLD),
            rule: plain,
            mine: plain.add_modifier(Modifier::BOLD),
            waiting: plain,
            selected: plain.add_modifier(Modifier::REVERSED),
            notice: plain.add_modifier(Modifier::BOLD),
            error: plain.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
            key: plain.add_modifier(Modifier::BOLD),
            found: plain.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::color()
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

    fn styles(theme: Theme) -> [Style; 10] {
        let Theme { plain, strong, rule, mine, waiting, selected, notice, error, key, found } = theme;
        [plain, strong, rule, mine, waiting, selected, notice, error, key, found]
    }

    #[test]
    fn mono_sets_no_colour_and_no_theme_a_background() {
        assert!(styles(Theme::mono()).iter().all(|style| style.fg.is_none()));
        for theme in [Theme::color(), Theme::mono()] {
            assert!(styles(theme).iter().all(|style| style.bg.is_none()));
        }
    }

    #[test]
    fn the_ascii_forms_are_ascii() {
        assert!(format!("{:?}", Glyphs::new(true)).is_ascii());
    }
}
