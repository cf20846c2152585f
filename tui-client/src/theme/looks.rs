//! Which styles: by what the person chose, how many colours the terminal has, and what its background is. Colours that would
//! not stand out from a background that is known are not used, and where none is known there are no colours at all: what
//! is bold, underlined or reversed can be read on any. `main` says what it found out, the app what was chosen.

use ratatui::style::{Color, Modifier, Style};

use super::{Rgb, Theme};

/// The least contrast of text with its background.
pub(super) const LEAST: f64 = 4.5;

/// What a person may choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// By the terminal's background.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// White and bright colours on black, whatever the terminal's colours are.
    Contrast,
    /// No colours.
    Mono,
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// Sixteen, which each terminal may define anew.
    #[default]
    Sixteen,
    /// 256, of which all but sixteen are always the same.
    Palette,
    /// All of them.
    True,
}

/// Everything that decides how things look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looks {
    /// What was chosen.
    pub choice: Choice,
    /// How many colours there are.
    pub depth: Depth,
    /// The terminal's background, where it is known.
    pub background: Option<Rgb>,
}

/// A colour in each depth.
#[derive(Debug, Clone, Copy)]
struct Shades(Color, u8, Rgb);

impl Shades {
    const fn at(self, depth: Depth) -> Color {
        match depth {
            Depth::Sixteen => self.0,
            Depth::Palette => Color::Indexed(self.1),
            Depth::True => Color::Rgb(self.2.0, self.2.1, self.2.2),
        }
    }
}

/// The colours of mine, of notices and of errors.
type Colours = [Shades; 3];

const DARK: Colours = [
    Shades(Color::LightCyan, 117, Rgb(0x7d, 0xcf, 0xff)),
    Shades(Color::LightYellow, 221, Rgb(0xff, 0xd8, 0x66)),
    Shades(Color::LightRed, 210, Rgb(0xff, 0x8f, 0x8f)),
];

const LIGHT: Colours = [
    Shades(Color::Blue, 25, Rgb(0x05, 0x50, 0xae)),
    Shades(Color::Magenta, 90, Rgb(0x6a, 0x1b, 0x9a)),
    Shades(Color::Red, 124, Rgb(0xa4, 0x00, 0x1a)),
];

const CONTRAST: Colours = [
    Shades(Color::LightCyan, 51, Rgb(0, 255, 255)),
    Shades(Color::LightYellow, 226, Rgb(255, 255, 0)),
    Shades(Color::LightYellow, 226, Rgb(255, 255, 0)),
];
const WHITE: Shades = Shades(Color::White, 231, Rgb(255, 255, 255));
const BLACK: Shades = Shades(Color::Black, 16, Rgb(0, 0, 0));

impl Choice {
    /// All of them, in the order in which `/theme` goes through them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Dark, Self::Light, Self::Contrast, Self::Mono];

    /// Its name in settings, flags and commands.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "contrast",
            Self::Mono => "mono",
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|choice| *choice == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

impl std::str::FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|choice| choice.code() == text);
        known.ok_or("no such theme; choose auto, dark, light, contrast or mono")
    }
}

impl Depth {
    /// By what `COLORTERM` and `TERM` say.
    #[must_use]
    pub fn of(colorterm: &str, term: &str) -> Self {
        if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Palette
        } else {
            Self::Sixteen
        }
    }
}

impl Looks {
    /// The styles.
    #[must_use]
    pub fn theme(self) -> Theme {
        match self.choice {
            Choice::Dark => Theme::coloured(DARK, self.depth),
            Choice::Light => Theme::coloured(LIGHT, self.depth),
            Choice::Mono => Theme::mono(),
            Choice::Contrast => Theme::contrast(self.depth),
            Choice::Auto => match self.background {
                Some(background) if stands_out(DARK, background) => Theme::coloured(DARK, self.depth),
                Some(background) if stands_out(LIGHT, background) => Theme::coloured(LIGHT, self.depth),
                _ => Theme::mono(),
            },
        }
    }

    /// Whether the terminal's background matters, so that it should be asked for.
    #[must_use]
    pub fn wants_background(self) -> bool {
        self.choice == Choice::Auto
    }
}

/// Whether colours have contrast enough with a background.
fn stands_out(colours: Colours, background: Rgb) -> bool {
    colours.iter().all(|shades| shades.2.contrast(background) >= LEAST)
}

impl Theme {
    fn coloured([mine, notice, error]: Colours, depth: Depth) -> Self {
        let plain = Style::new();
        let coloured = |shades: Shades| plain.fg(shades.at(depth));
        Self {
            mine: coloured(mine),
            waiting: coloured(mine).add_modifier(Modifier::ITALIC),
            notice: coloured(notice).add_modifier(Modifier::BOLD),
            error: coloured(error).add_modifier(Modifier::BOLD),
            ..Self::mono()
        }
    }

    /// No colours at all, for `NO_COLOR` too.
    #[must_use]
    pub const fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let underlined = bold.add_modifier(Modifier::UNDERLINED);
        Self {
            plain,
            strong: bold,
            rule: plain,
            mine: bold,
            waiting: plain.add_modifier(Modifier::ITALIC),
            selected: plain.add_modifier(Modifier::REVERSED),
            notice: bold,
            error: underlined,
            key: bold,
            found: underlined,
        }
    }

    fn contrast(depth: Depth) -> Self {
        let plain = Style::new().fg(WHITE.at(depth)).bg(BLACK.at(depth));
        let bold = plain.add_modifier(Modifier::BOLD);
        let [mine, notice, error] = CONTRAST.map(|shades| bold.fg(shades.at(depth)));
        Self {
            plain,
            strong: bold,
            rule: plain,
            mine,
            waiting: mine.add_modifier(Modifier::ITALIC),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            notice,
            error: error.add_modifier(Modifier::UNDERLINED),
            key: bold,
            found: Style::new().add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::mono()
    }
}

#[cfg(test)]
mod tests;
