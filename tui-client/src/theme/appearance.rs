//! Which styles: by the chosen theme, the colours that the terminal has, and its background. Colours without enough
//! contrast with the background are not used, and where the background is not known there are no colours at all: bold,
//! underlined and reversed text can be read on any. `main` gives what it found out, the app what was chosen.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use super::{NAMES, Rgb, Theme};

/// The least contrast of text with its background.
pub(super) const LEAST: f64 = 4.5;

/// What a person may choose. Its name in settings and flags is that of the variant, in lower case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// Whether names have colours of their own. Its name in settings is that of the variant, in lower case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameStyle {
    /// Each student has one of a few, where the theme has colours.
    #[default]
    Colour,
    /// All are as ordinary text.
    Plain,
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// Sixteen, which each terminal may redefine.
    #[default]
    Sixteen,
    /// 256, of which all but sixteen are always the same.
    Palette,
    /// All of them.
    True,
}

/// Everything that decides how things look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appearance {
    /// What was chosen.
    pub choice: Choice,
    /// How many colours there are.
    pub depth: Depth,
    /// The terminal's background, where it is known.
    pub background: Option<Rgb>,
    /// Whether names have colours.
    pub names: NameStyle,
}

#[derive(Debug, Clone, Copy)]
struct Shades {
    /// One of the sixteen, and its worst rendering in the palettes in wide use. None where none has enough contrast in
    /// all of them.
    sixteen: Option<(Color, Rgb)>,
    /// One of the 6x6x6 of 256.
    palette: u8,
    rgb: Rgb,
}

impl Shades {
    const fn at(self, depth: Depth) -> Option<Color> {
        match (depth, self.sixteen) {
            (Depth::Sixteen, Some((colour, _))) => Some(colour),
            (Depth::Sixteen, None) => None,
            (Depth::Palette, _) => Some(Color::Indexed(self.palette)),
            (Depth::True, _) => Some(Color::Rgb(self.rgb.0, self.rgb.1, self.rgb.2)),
        }
    }

    /// How it is rendered at worst.
    fn seen(self, depth: Depth) -> Option<Rgb> {
        match depth {
            Depth::Sixteen => self.sixteen.map(|(_, worst)| worst),
            Depth::Palette => Some(Rgb::of_cube(self.palette)),
            Depth::True => Some(self.rgb),
        }
    }
}

const fn shades(sixteen: Option<(Color, Rgb)>, palette: u8, rgb: Rgb) -> Shades {
    Shades { sixteen, palette, rgb }
}

/// The colours of one kind of background.
#[derive(Debug)]
struct Colours {
    /// Of my results, of notices and of errors.
    main: [Shades; 3],
    /// Of what is there to be looked up.
    dim: Shades,
    /// Of names: far enough from one another, from `dim` and from my own for colour-blind eyes too.
    names: [Shades; NAMES],
}

/// Of the 16 ANSI colours, only bright cyan has enough contrast on every dark palette: Solarized's bright yellow is a
/// grey and its bright red an orange that have not, and Tango's bright red has not either.
const DARK: Colours = Colours {
    main: [
        shades(Some((Color::LightCyan, Rgb(0x93, 0xa1, 0xa1))), 117, Rgb(0x7d, 0xcf, 0xff)),
        shades(None, 221, Rgb(0xff, 0xd8, 0x66)),
        shades(None, 210, Rgb(0xff, 0x8f, 0x8f)),
    ],
    dim: shades(None, 145, Rgb(0xa3, 0xa3, 0xad)),
    names: [
        shades(None, 72, Rgb(0x88, 0xaa, 0xff)),
        shades(None, 185, Rgb(0xee, 0xcc, 0x77)),
        shades(None, 151, Rgb(0x88, 0xbb, 0x88)),
        shades(None, 159, Rgb(0x66, 0xff, 0xdd)),
        shades(None, 209, Rgb(0xcc, 0x99, 0x55)),
        shades(None, 229, Rgb(0xaa, 0xee, 0xaa)),
    ],
};

/// Of the 16 ANSI colours, only black has enough contrast on every light palette: Solarized's blue and red have not,
/// nor has the magenta of the macOS Terminal.
const LIGHT: Colours = Colours {
    main: [
        shades(None, 25, Rgb(0x05, 0x50, 0xae)),
        shades(None, 90, Rgb(0x6a, 0x1b, 0x9a)),
        shades(None, 124, Rgb(0xa4, 0x00, 0x1a)),
    ],
    dim: shades(None, 59, Rgb(0x62, 0x62, 0x6c)),
    names: [
        shades(None, 88, Rgb(0x66, 0x22, 0x33)),
        shades(None, 94, Rgb(0x88, 0x55, 0x33)),
        shades(None, 53, Rgb(0x55, 0x22, 0x55)),
        shades(None, 54, Rgb(0x33, 0x22, 0x77)),
        shades(None, 17, Rgb(0xaa, 0x44, 0x00)),
        shades(None, 52, Rgb(0x77, 0x11, 0x00)),
    ],
};

/// Of the 16 ANSI colours, only white has enough contrast with black everywhere.
const CONTRAST: [Shades; 3] =
    [shades(None, 51, Rgb(0, 255, 255)), shades(None, 226, Rgb(255, 255, 0)), shades(None, 226, Rgb(255, 255, 0))];
const WHITE: Shades = shades(Some((Color::White, Rgb(255, 255, 255))), 231, Rgb(255, 255, 255));
const BLACK: Shades = shades(Some((Color::Black, Rgb(0, 0, 0))), 16, Rgb(0, 0, 0));

impl Choice {
    /// All of them, in the order in which `/theme` goes through them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Dark, Self::Light, Self::Contrast, Self::Mono];
}

impl Depth {
    /// By what `COLORTERM` and `TERM` say. The console of Windows (10 or later) and its Terminal have all colours, and
    /// say so in neither.
    #[must_use]
    pub fn of(colorterm: &str, term: &str, is_of_windows: bool) -> Self {
        if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") || is_of_windows {
            Self::True
        } else if term.contains("256color") {
            Self::Palette
        } else {
            Self::Sixteen
        }
    }
}

impl Appearance {
    /// The styles.
    #[must_use]
    pub fn theme(self) -> Theme {
        let choice = match self.choice {
            Choice::Auto => [Choice::Dark, Choice::Light].into_iter().find(|choice| self.can_be_read(*choice)),
            choice => Some(choice),
        };
        match choice {
            Some(Choice::Dark) => self.coloured(&DARK),
            Some(Choice::Light) => self.coloured(&LIGHT),
            Some(Choice::Contrast) => Theme::contrast(self.depth),
            Some(Choice::Mono | Choice::Auto) | None => Theme::mono(),
        }
    }

    /// The next choice that can be read on this background.
    #[must_use]
    pub fn next(self) -> Choice {
        let at = Choice::ALL.iter().position(|choice| *choice == self.choice).unwrap_or(0);
        let others = Choice::ALL.iter().cycle().skip(at + 1).take(Choice::ALL.len());
        others.copied().find(|choice| self.can_be_read(*choice)).unwrap_or_default()
    }

    /// Whether a choice can be read on this background. Dark and light cannot where the background is not known.
    fn can_be_read(self, choice: Choice) -> bool {
        let colours = match choice {
            Choice::Dark => DARK.main,
            Choice::Light => LIGHT.main,
            Choice::Auto | Choice::Contrast | Choice::Mono => return true,
        };
        self.background.is_some_and(|background| self.stand_out(&colours, background))
    }

    fn stand_out(self, colours: &[Shades], background: Rgb) -> bool {
        let mut seen = colours.iter().filter_map(|shades| shades.seen(self.depth));
        seen.all(|colour| colour.contrast(background) >= LEAST)
    }

    /// What has no colour in a depth, or none with enough contrast here, looks as it does without colours.
    fn coloured(self, colours: &Colours) -> Theme {
        let without = Theme::mono();
        let style = |shades: Shades, with: Modifier, otherwise: Style| {
            shades.at(self.depth).map_or(otherwise, |colour| Style::new().fg(colour).add_modifier(with))
        };
        // What somebody chose is what they get; by itself, nothing falls short of the background.
        let chosen = self.choice != Choice::Auto;
        let soft =
            |shades: &[Shades]| chosen || self.background.is_none_or(|background| self.stand_out(shades, background));
        let [mine, notice, error] = colours.main;
        let dim = if soft(&[colours.dim]) { style(colours.dim, Modifier::empty(), without.dim) } else { without.dim };
        let names = if self.names == NameStyle::Colour && soft(&colours.names) {
            colours.names.map(|shades| style(shades, Modifier::empty(), without.plain))
        } else {
            without.names
        };
        Theme {
            mine: style(mine, Modifier::empty(), without.mine),
            waiting: style(mine, Modifier::ITALIC, without.waiting),
            notice: style(notice, Modifier::BOLD, without.notice),
            error: style(error, Modifier::BOLD, without.error),
            rule: dim,
            dim,
            names,
            ..without
        }
    }

    /// Whether the terminal's background matters, so that it should be asked for.
    #[must_use]
    pub fn wants_background(self) -> bool {
        self.choice == Choice::Auto
    }
}

impl Theme {
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
            dim: plain,
            square: bold,
            names: [plain; NAMES],
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
        let plain = Style { fg: WHITE.at(depth), bg: BLACK.at(depth), ..Style::new() };
        let bold = plain.add_modifier(Modifier::BOLD);
        let [mine, notice, error] = CONTRAST.map(|shades| shades.at(depth).map_or(bold, |colour| bold.fg(colour)));
        Self {
            plain,
            strong: bold,
            rule: plain,
            dim: plain,
            names: [plain; NAMES],
            mine,
            waiting: mine.add_modifier(Modifier::ITALIC),
            notice,
            error: error.add_modifier(Modifier::UNDERLINED),
            key: bold,
            ..Self::mono()
        }
    }
}

#[cfg(test)]
mod tests;
