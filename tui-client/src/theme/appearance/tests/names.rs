//! The colours of names: told apart by every eye, and off where they are not wanted.

use super::*;

/// What eyes without one kind of cone make of red, green and blue, in light: Machado, Oliveira and Fernandes, "A
/// Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), at the full severity. The first is
/// the usual eye.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("usual", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

/// About five times the difference that an eye just notices (2.3 in CIELAB).
const APART: f64 = 12.0;

/// The colour in CIELAB under the light D65, as this eye sees it.
fn seen(Rgb(red, green, blue): Rgb, eye: [[f64; 3]; 3]) -> [f64; 3] {
    let light = [red, green, blue].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    let [r, g, b] = eye.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0));
    let curve = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
    let y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn names_are_told_apart_by_every_eye() {
    for colours in [&DARK, &LIGHT] {
        for depth in [Depth::Palette, Depth::True] {
            let all = colours.names.iter().chain([&colours.main[0], &colours.dim]);
            let all: Vec<Rgb> = all.filter_map(|shades| shades.seen(depth)).collect();
            assert_eq!(all.len(), NAMES + 2);
            for (name, eye) in EYES {
                for (at, one) in all.iter().enumerate() {
                    for other in &all[..at] {
                        let (a, b) = (seen(*one, eye), seen(*other, eye));
                        let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                        assert!(apart >= APART, "{name}, {depth:?}: {one:?} and {other:?} are {apart:.1} apart");
                    }
                }
            }
        }
    }
}

#[test]
fn the_distances_between_known_colours_are_right() {
    let distance = |one: Rgb, other: Rgb, eye: usize| {
        let (a, b) = (seen(one, EYES[eye].1), seen(other, EYES[eye].1));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
    assert!((distance(black, white, 0) - 100.0).abs() < 0.1);
    // Red and green of like lightness are what eyes without red or green cones confuse.
    let (red, green) = (Rgb(0xc8, 0x50, 0x50), Rgb(0x7d, 0x7d, 0x3c));
    assert!(distance(red, green, 0) > 2.0 * distance(red, green, 2));
}

#[test]
fn names_are_plain_in_mono_in_high_contrast_and_where_that_is_set() {
    let names = |appearance: Appearance| {
        let theme = appearance.theme();
        theme.names.iter().filter(|style| **style != theme.plain).count()
    };
    for depth in DEPTHS {
        let of = |choice, names| Appearance { choice, depth, names, ..Appearance::default() };
        let coloured = if depth == Depth::Sixteen { 0 } else { NAMES };
        assert_eq!(names(of(Choice::Dark, NameStyle::Colour)), coloured);
        assert_eq!(names(of(Choice::Light, NameStyle::Colour)), coloured);
        for choice in Choice::ALL {
            assert_eq!(names(of(choice, NameStyle::Plain)), 0);
        }
        for choice in [Choice::Contrast, Choice::Mono] {
            assert_eq!(names(of(choice, NameStyle::Colour)), 0);
        }
    }
}

#[test]
fn a_student_keeps_a_colour_and_a_class_shares_all_of_them() {
    let theme = Appearance { choice: Choice::Dark, depth: Depth::True, ..Appearance::default() }.theme();
    let mut counts = [0; NAMES];
    for at in 0..600 {
        let style = theme.name(&format!("2026{at:04}"));
        counts[theme.names.iter().position(|name| *name == style).unwrap()] += 1;
    }
    assert!(counts.iter().all(|count| (60..=150).contains(count)), "{counts:?}");
}
