//! Contrast of every theme in every depth, on the backgrounds and in the palettes that terminals have.

mod names;
mod palettes;

use super::*;
use palettes::{PALETTES, Palette};

/// Further backgrounds of terminals, and of schemes in wide use.
const DARK_ONES: &[Rgb] = &[Rgb(0x1e, 0x1e, 0x1e), Rgb(0x28, 0x2c, 0x34), Rgb(0x2e, 0x34, 0x40), Rgb(0x30, 0x0a, 0x24)];
const LIGHT_ONES: &[Rgb] = &[Rgb(0xfa, 0xfa, 0xfa), Rgb(0xf2, 0xf2, 0xf2), Rgb(0xee, 0xe8, 0xd5)];

/// All depths that are offered.
const DEPTHS: [Depth; 3] = [Depth::Sixteen, Depth::Palette, Depth::True];

/// The colour as a terminal of this palette shows it.
fn shown(colour: Color, palette: &Palette) -> Rgb {
    let named = match colour {
        Color::Rgb(red, green, blue) => return Rgb(red, green, blue),
        Color::Indexed(index @ 16..=231) => return Rgb::of_cube(index),
        Color::Black => 0,
        Color::LightCyan => 14,
        Color::White => 15,
        other => panic!("{other:?} is not known to this test"),
    };
    palette.colours[named]
}

fn styles(theme: Theme) -> Vec<Style> {
    let Theme { plain, strong, rule, dim, square, names, mine, waiting, selected, notice, error, key, found } = theme;
    let others = [plain, strong, rule, dim, square, mine, waiting, selected, notice, error, key, found];
    others.into_iter().chain(names).collect()
}

/// How well each style of a theme is told from its background in a terminal, at the worst; what has no colour of its
/// own has the terminal's.
fn contrast(appearance: Appearance, palette: &Palette, background: Rgb, foreground: Rgb) -> f64 {
    let theme = appearance.theme();
    let of = |style: Style| {
        // What marks a part is laid over plain text.
        let style = theme.plain.patch(style);
        let front = style.fg.map_or(foreground, |colour| shown(colour, palette));
        front.contrast(style.bg.map_or(background, |colour| shown(colour, palette)))
    };
    styles(theme).into_iter().map(of).fold(f64::INFINITY, f64::min)
}

/// Every theme in every depth and palette, on each of the palette's backgrounds that it is for.
fn every_terminal(mut check: impl FnMut(Appearance, &Palette, (Rgb, Rgb))) {
    for palette in PALETTES {
        for depth in DEPTHS {
            let both = || palette.dark.iter().chain(palette.light);
            for &(background, foreground) in both() {
                for choice in [Choice::Contrast, Choice::Mono] {
                    check(Appearance { choice, depth, ..Appearance::default() }, palette, (background, foreground));
                }
                for background_known in [None, Some(background)] {
                    let auto = Appearance { depth, background: background_known, ..Appearance::default() };
                    check(auto, palette, (background, foreground));
                }
            }
            for (choice, grounds) in [(Choice::Dark, palette.dark), (Choice::Light, palette.light)] {
                for &grounds in grounds {
                    check(Appearance { choice, depth, ..Appearance::default() }, palette, grounds);
                }
            }
        }
    }
}

#[test]
fn text_of_every_theme_stands_out_in_every_palette_and_depth() {
    let mut pairs = 0;
    every_terminal(|appearance, palette, (background, foreground)| {
        pairs += 1;
        let least = match appearance.choice {
            Choice::Contrast => 7.0,
            // Here the palette's own text falls short, and text without a colour is the terminal's own.
            _ if foreground.contrast(background) < LEAST => foreground.contrast(background),
            _ => LEAST,
        };
        let contrast = contrast(appearance, palette, background, foreground);
        assert!(contrast >= least, "{appearance:?} in {} on {background:?}: {contrast:.2}", palette.name);
    });
    assert!(pairs > 150, "{pairs}");
}

#[test]
fn of_all_palettes_only_the_text_of_solarized_light_falls_short_by_itself() {
    let grounds = PALETTES
        .iter()
        .flat_map(|palette| palette.dark.iter().chain(palette.light).map(move |grounds| (palette.name, *grounds)));
    let short: Vec<_> = grounds.filter(|(_, (back, front))| front.contrast(*back) < LEAST).collect();
    assert_eq!(short, [("Solarized", (Rgb(0xfd, 0xf6, 0xe3), Rgb(0x65, 0x7b, 0x83)))]);
}

#[test]
fn colours_that_are_the_same_everywhere_stand_out_from_further_backgrounds() {
    for depth in [Depth::Palette, Depth::True] {
        for (choice, backgrounds) in [(Choice::Dark, DARK_ONES), (Choice::Light, LIGHT_ONES)] {
            for background in backgrounds {
                let appearance = Appearance { choice, depth, background: Some(*background), ..Appearance::default() };
                assert!(appearance.can_be_read(choice), "{appearance:?}");
            }
        }
    }
}

#[test]
fn a_theme_that_is_chosen_by_the_background_stands_out_from_whatever_it_is() {
    let greys = (0..=255).map(|level| Rgb(level, level, level));
    for background in greys.chain(DARK_ONES.iter().chain(LIGHT_ONES).copied()) {
        for depth in DEPTHS {
            let theme = Appearance { depth, background: Some(background), ..Appearance::default() }.theme();
            for colour in styles(theme).into_iter().filter_map(|style| style.fg) {
                for palette in PALETTES {
                    let contrast = shown(colour, palette).contrast(background);
                    assert!(contrast >= LEAST, "{depth:?} {colour:?} on {background:?} in {}", palette.name);
                }
            }
        }
    }
    let auto = |background| Appearance { background, ..Appearance::default() }.theme();
    assert_eq!(auto(Some(Rgb(0, 0, 0))), Appearance { choice: Choice::Dark, ..Appearance::default() }.theme());
    assert_eq!(auto(Some(Rgb(255, 255, 255))), Appearance { choice: Choice::Light, ..Appearance::default() }.theme());
    assert_eq!((auto(None), auto(Some(Rgb(128, 128, 128)))), (Theme::mono(), Theme::mono()));
}

#[test]
fn mono_sets_no_colour_and_only_high_contrast_a_background() {
    assert!(styles(Theme::mono()).iter().all(|style| style.fg.is_none()));
    for choice in Choice::ALL {
        let coloured =
            styles(Appearance { choice, ..Appearance::default() }.theme()).iter().any(|style| style.bg.is_some());
        assert_eq!(coloured, choice == Choice::Contrast);
    }
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    for (colorterm, term, depth) in [
        ("truecolor", "xterm-256color", Depth::True),
        ("24bit", "screen", Depth::True),
        ("", "xterm-direct", Depth::True),
        ("", "tmux-256color", Depth::Palette),
        ("1", "xterm", Depth::Sixteen),
        ("", "", Depth::Sixteen),
    ] {
        assert_eq!(Depth::of(colorterm, term, false), depth, "{colorterm} {term}");
    }
    assert_eq!(Depth::of("", "", true), Depth::True, "a console of Windows");
}
