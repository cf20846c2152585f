//! Contrast of every theme in every depth, on the backgrounds that terminals have.

use super::*;

/// Backgrounds of terminals as they come, and of palettes in wide use.
const DARK_ONES: &[Rgb] = &[
    Rgb(0, 0, 0),
    Rgb(0x1e, 0x1e, 0x1e),
    Rgb(0x28, 0x2c, 0x34),
    Rgb(0x00, 0x2b, 0x36),
    Rgb(0x2e, 0x34, 0x40),
    Rgb(0x30, 0x0a, 0x24),
];
const LIGHT_ONES: &[Rgb] =
    &[Rgb(255, 255, 255), Rgb(0xfd, 0xf6, 0xe3), Rgb(0xfa, 0xfa, 0xfa), Rgb(0xf2, 0xf2, 0xf2), Rgb(0xee, 0xe8, 0xd5)];

/// What terminals of sixteen colours make of those that are used: the Linux console and VGA, xterm, the Windows console.
const SIXTEEN: [[(Color, Rgb); 8]; 3] = [
    [
        (Color::Black, Rgb(0, 0, 0)),
        (Color::White, Rgb(255, 255, 255)),
        (Color::LightCyan, Rgb(0x55, 0xff, 0xff)),
        (Color::LightYellow, Rgb(0xff, 0xff, 0x55)),
        (Color::LightRed, Rgb(0xff, 0x55, 0x55)),
        (Color::Blue, Rgb(0, 0, 0xaa)),
        (Color::Magenta, Rgb(0xaa, 0, 0xaa)),
        (Color::Red, Rgb(0xaa, 0, 0)),
    ],
    [
        (Color::Black, Rgb(0, 0, 0)),
        (Color::White, Rgb(255, 255, 255)),
        (Color::LightCyan, Rgb(0, 255, 255)),
        (Color::LightYellow, Rgb(255, 255, 0)),
        (Color::LightRed, Rgb(255, 0, 0)),
        (Color::Blue, Rgb(0, 0, 0xee)),
        (Color::Magenta, Rgb(0xcd, 0, 0xcd)),
        (Color::Red, Rgb(0xcd, 0, 0)),
    ],
    [
        (Color::Black, Rgb(0x0c, 0x0c, 0x0c)),
        (Color::White, Rgb(0xf2, 0xf2, 0xf2)),
        (Color::LightCyan, Rgb(0x61, 0xd6, 0xd6)),
        (Color::LightYellow, Rgb(0xf9, 0xf1, 0xa5)),
        (Color::LightRed, Rgb(0xe7, 0x48, 0x56)),
        (Color::Blue, Rgb(0, 0x37, 0xda)),
        (Color::Magenta, Rgb(0x88, 0x17, 0x98)),
        (Color::Red, Rgb(0xc5, 0x0f, 0x1f)),
    ],
];

/// The colour as each terminal shows it.
fn shown(colour: Color) -> Vec<Rgb> {
    match colour {
        Color::Rgb(red, green, blue) => vec![Rgb(red, green, blue)],
        Color::Indexed(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            vec![Rgb(level(index / 36), level(index / 6 % 6), level(index % 6))]
        }
        named => SIXTEEN.iter().flatten().filter(|(name, _)| *name == named).map(|(_, colour)| *colour).collect(),
    }
}

fn styles(theme: Theme) -> [Style; 10] {
    let Theme { plain, strong, rule, mine, waiting, selected, notice, error, key, found } = theme;
    [plain, strong, rule, mine, waiting, selected, notice, error, key, found]
}

/// What colours a theme uses stand out from every background by at least so much.
fn check(choice: Choice, backgrounds: &[Rgb], least: f64) {
    for depth in [Depth::Sixteen, Depth::Palette, Depth::True] {
        for style in styles(Looks { choice, depth, background: None }.theme()) {
            let Some(colour) = style.fg else { continue };
            let colours = shown(colour);
            assert!(!colours.is_empty(), "{colour:?} is not known");
            let own: Vec<Rgb> = style.bg.map(shown).unwrap_or_default();
            // The Windows console's palette is only ever on its own black or white.
            let console = depth == Depth::Sixteen;
            let backgrounds = if !own.is_empty() {
                &own[..]
            } else if console {
                &backgrounds[..1]
            } else {
                backgrounds
            };
            for (colour, background) in colours.iter().flat_map(|one| backgrounds.iter().map(move |other| (one, other)))
            {
                let contrast = colour.contrast(*background);
                assert!(contrast >= least, "{choice:?} {depth:?} {colour:?} on {background:?}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn text_of_every_theme_stands_out_from_its_background() {
    check(Choice::Dark, DARK_ONES, LEAST);
    check(Choice::Light, LIGHT_ONES, LEAST);
    check(Choice::Contrast, &[], 7.0);
}

#[test]
fn a_theme_that_is_chosen_by_the_background_stands_out_from_whatever_it_is() {
    let greys = (0..=255).map(|level| Rgb(level, level, level));
    for background in greys.chain(DARK_ONES.iter().chain(LIGHT_ONES).copied()) {
        let theme = Looks { choice: Choice::Auto, depth: Depth::True, background: Some(background) }.theme();
        let coloured = styles(theme).into_iter().filter_map(|style| style.fg);
        assert!(coloured.flat_map(shown).all(|colour| colour.contrast(background) >= LEAST), "{background:?}");
    }
    let auto = |background| Looks { background, ..Looks::default() }.theme();
    assert_eq!(auto(Some(Rgb(0, 0, 0))), Looks { choice: Choice::Dark, ..Looks::default() }.theme());
    assert_eq!(auto(Some(Rgb(255, 255, 255))), Looks { choice: Choice::Light, ..Looks::default() }.theme());
    assert_eq!((auto(None), auto(Some(Rgb(128, 128, 128)))), (Theme::mono(), Theme::mono()));
}

#[test]
fn mono_sets_no_colour_and_only_high_contrast_a_background() {
    assert!(styles(Theme::mono()).iter().all(|style| style.fg.is_none()));
    for choice in Choice::ALL {
        let coloured = styles(Looks { choice, ..Looks::default() }.theme()).iter().any(|style| style.bg.is_some());
        assert_eq!(coloured, choice == Choice::Contrast);
        assert_eq!(choice.code().parse(), Ok(choice));
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
        assert_eq!(Depth::of(colorterm, term), depth, "{colorterm} {term}");
    }
}
