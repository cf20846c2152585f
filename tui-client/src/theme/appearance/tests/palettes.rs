//! The sixteen colours as terminals that people have define them, each with where its values are from, and the
//! backgrounds on which they are used, each with the colour of text that has none.

use crate::theme::Rgb;

/// What a terminal makes of the sixteen colours.
pub(super) struct Palette {
    pub(super) name: &'static str,
    /// In the order of their numbers.
    pub(super) colours: [Rgb; 16],
    /// Dark backgrounds, each with the colour of text on it.
    pub(super) dark: &'static [(Rgb, Rgb)],
    /// Light ones.
    pub(super) light: &'static [(Rgb, Rgb)],
}

const fn rgb(hex: u32) -> Rgb {
    let [_, red, green, blue] = hex.to_be_bytes();
    Rgb(red, green, blue)
}

const fn sixteen(hex: [u32; 16]) -> [Rgb; 16] {
    let mut colours = [Rgb(0, 0, 0); 16];
    let mut at = 0;
    while at < 16 {
        colours[at] = rgb(hex[at]);
        at += 1;
    }
    colours
}

pub(super) const PALETTES: &[Palette] = &[
    // XTerm-col.ad of xterm, with its black on white and `-rv`.
    Palette {
        name: "xterm",
        colours: sixteen([
            0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
            0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
        ]),
        dark: &[(rgb(0x000000), rgb(0xffffff))],
        light: &[(rgb(0xffffff), rgb(0x000000))],
    },
    // The colours that a VGA adapter starts with, as the Linux console has them (`default_red` and its like in
    // drivers/tty/vt/vt.c).
    Palette {
        name: "VGA",
        colours: sixteen([
            0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa, 0x555555, 0xff5555,
            0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
        ]),
        dark: &[(rgb(0x000000), rgb(0xaaaaaa))],
        light: &[],
    },
    // The table "The Values" of github.com/altercation/solarized: base03 and base0, base3 and base00.
    Palette {
        name: "Solarized",
        colours: sixteen([
            0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36, 0xcb4b16,
            0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3,
        ]),
        dark: &[(rgb(0x002b36), rgb(0x839496))],
        light: &[(rgb(0xfdf6e3), rgb(0x657b83))],
    },
    // The scheme of that name in defaults.json of github.com/microsoft/terminal, which the Windows console has too.
    Palette {
        name: "Campbell",
        colours: sixteen([
            0x0c0c0c, 0xc50f1f, 0x13a10e, 0xc19c00, 0x0037da, 0x881798, 0x3a96dd, 0xcccccc, 0x767676, 0xe74856,
            0x16c60c, 0xf9f1a5, 0x3b78ff, 0xb4009e, 0x61d6d6, 0xf2f2f2,
        ]),
        dark: &[(rgb(0x0c0c0c), rgb(0xcccccc))],
        light: &[],
    },
    // The palette of that name of GNOME Terminal (terminal-pcs.c), on its own grounds, and on those of GNOME, light
    // and dark.
    Palette {
        name: "Tango",
        colours: sixteen([
            0x2e3436, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf, 0x555753, 0xef2929,
            0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec,
        ]),
        dark: &[(rgb(0x2e3436), rgb(0xd3d7cf)), (rgb(0x1e1e1e), rgb(0xffffff)), (rgb(0x000000), rgb(0xffffff))],
        light: &[(rgb(0xeeeeec), rgb(0x2e3436)), (rgb(0xffffff), rgb(0x1e1e1e))],
    },
    // Terminal of macOS, as the table of 3-bit and 4-bit colours in Wikipedia's "ANSI escape code" has it: its
    // themes Pro and Basic.
    Palette {
        name: "Terminal",
        colours: sixteen([
            0x000000, 0xc23621, 0x25bc24, 0xadad27, 0x492ee1, 0xd338d3, 0x33bbc8, 0xcbcccd, 0x818383, 0xfc391f,
            0x31e722, 0xeaec23, 0x5833ff, 0xf935f8, 0x14f0f0, 0xe9ebeb,
        ]),
        dark: &[(rgb(0x000000), rgb(0xf2f2f2))],
        light: &[(rgb(0xffffff), rgb(0x000000))],
    },
];
