//! Colours as numbers: the background that the environment tells, and the contrast of two colours.

/// A colour of eight bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// The colours 16 to 231 of 256, which are the same in every terminal.
    #[must_use]
    pub fn of_cube(index: u8) -> Self {
        let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * (step % 6) };
        let index = index.saturating_sub(16);
        Self(level(index / 36), level(index / 6 % 6), level(index % 6))
    }

    /// What the environment says where the terminal does not: `COLORFGBG` is `foreground;background`, two of the
    /// sixteen.
    #[must_use]
    pub fn from_environment(colorfgbg: &str) -> Option<Self> {
        match colorfgbg.rsplit(';').next()?.parse().ok()? {
            0_u8..=6 | 8 => Some(Self(0, 0, 0)),
            7 | 9..=15 => Some(Self(255, 255, 255)),
            _ => None,
        }
    }

    /// The contrast with another colour, from 1 to 21, as WCAG 2 defines it.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }

    fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(self.0) + 0.7152 * channel(self.1) + 0.0722 * channel(self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_may_say_what_the_background_is() {
        assert_eq!(Rgb::from_environment("15;0"), Some(Rgb(0, 0, 0)));
        assert_eq!(Rgb::from_environment("0;default;15"), Some(Rgb(255, 255, 255)));
        assert_eq!(Rgb::from_environment("default"), None);
    }

    #[test]
    fn black_and_white_contrast_most() {
        assert!((Rgb(0, 0, 0).contrast(Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!((Rgb(7, 7, 7).contrast(Rgb(7, 7, 7)) - 1.0).abs() < 1e-9);
    }
}
