//! Screens as SVG: words as text that is stretched to its cells, and everything else (blocks, dots, lines) as shapes,
//! so that it aligns whatever fonts a browser has. What differs from run to run is written as something that does not.

use std::fmt::Write as _;

/// One cell, in pixels.
pub(super) const CELL: (f32, f32) = (8.4, 18.0);

const MARGIN: f32 = 12.0;

/// The terminal's own colours.
#[derive(Clone, Copy)]
pub(super) struct Own {
    pub(super) background: &'static str,
    pub(super) foreground: &'static str,
}

pub(super) const DARK: Own = Own { background: "#16181d", foreground: "#d7dae0" };
pub(super) const LIGHT: Own = Own { background: "#ffffff", foreground: "#1f2328" };

/// A picture of one screen.
pub(super) fn picture(screen: &vt100::Screen, own: Own) -> String {
    let (rows, columns) = size(screen);
    let (width, height) = (f32::from(columns) * CELL.0 + 2.0 * MARGIN, f32::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut out = head(width, height);
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>", own.background);
    (0..rows).for_each(|at| out.push_str(&row(screen, at, own, (MARGIN, MARGIN))));
    out.push_str("</svg>\n");
    out
}

/// How many rows and columns a screen has.
pub(super) fn size(screen: &vt100::Screen) -> (u16, u16) {
    let (rows, columns) = screen.size();
    (rows.get(), columns.get())
}

/// The beginning of a picture of so many pixels.
pub(super) fn head(width: f32, height: f32) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'D2Coding',\
         'Noto Sans Mono CJK KR',monospace\" font-size=\"14\">\n"
    )
}

/// A row of a screen whose upper left corner is there.
pub(super) fn row(screen: &vt100::Screen, row: u16, own: Own, (left, top): (f32, f32)) -> String {
    let cells = cells(screen, row, own);
    let y = top + f32::from(row) * CELL.1;
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = cells.get(at) {
        let start = at;
        let mut text = String::new();
        let shaped = shape(&first.text).is_some();
        // A word ends at a blank: what follows it stands at its own place, whatever the font makes of this one.
        while let Some(cell) = cells.get(at)
            && cell.look == first.look
            && cell.wide == first.wide
            && shape(&cell.text).is_some() == shaped
            && !text.ends_with(' ')
        {
            text.push_str(&cell.text);
            at += if cell.wide { 2 } else { 1 };
        }
        let x = left + cell_offset(start);
        first.look.draw(&mut out, &text, (x, y), cell_offset(at - start), shaped);
    }
    out
}

fn cell_offset(cells: usize) -> f32 {
    f32::from(u16::try_from(cells).unwrap()) * CELL.0
}

struct Cell {
    text: String,
    wide: bool,
    look: Look,
}

/// The cells of a row, without what differs from run to run: the time of day, and how long a round trip took.
fn cells(screen: &vt100::Screen, row: u16, own: Own) -> Vec<Cell> {
    let cursor = screen.cursor_position();
    let columns = size(screen).1;
    let mut cells: Vec<Cell> = (0..columns)
        .map(|column| {
            let cell = screen.cell(row, column).unwrap();
            let text = if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() };
            Cell {
                text,
                wide: cell.is_wide(),
                look: Look::of(cell, (row, column) == cursor && !screen.hide_cursor(), own),
            }
        })
        .collect();
    let is = |cells: &[Cell], pattern: &str| {
        let fits = |(cell, wanted): (&Cell, char)| match wanted {
            '0' => cell.text.parse::<u8>().is_ok_and(|digit| digit < 10),
            wanted => cell.text.chars().eq([wanted]),
        };
        cells.len() >= pattern.len() && cells.iter().zip(pattern.chars()).all(fits)
    };
    for at in 0..cells.len() {
        let begins = at == 0 || cells[at - 1].text == " ";
        for (pattern, fixed) in [("00:00:00", "10:24:00"), ("00:00", "10:24")] {
            let ends = cells.get(at + pattern.len()).is_none_or(|cell| cell.text == " ");
            if begins && ends && is(&cells[at..], pattern) {
                cells[at..].iter_mut().zip(fixed.chars()).for_each(|(cell, digit)| cell.text = digit.to_string());
            }
        }
    }
    for pattern in [" · <0 ms", " · 0 ms", " · 00 ms", " · 000 ms"] {
        let length = pattern.chars().count();
        if let Some(at) = (0..cells.len()).find(|&at| is(&cells[at..], pattern)) {
            let gone: Vec<Cell> = cells.drain(at..at + length).collect();
            // What follows moves up to the next gap, which grows. A wide glyph's second cell is none.
            let is_gap = |&at: &usize| is(&cells[at..], "  ") && (at == 0 || !cells[at - 1].wide);
            let gap = (at..cells.len()).find(is_gap).unwrap_or(cells.len());
            let blanks = gone.into_iter().map(|cell| Cell { text: " ".to_owned(), wide: false, ..cell });
            cells.splice(gap..gap, blanks);
            break;
        }
    }
    cells
}

/// How a cell looks.
#[derive(PartialEq)]
struct Look {
    foreground: String,
    background: Option<String>,
    bold: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &vt100::Cell, is_cursor: bool, own: Own) -> Self {
        let foreground = color(cell.fgcolor()).unwrap_or_else(|| own.foreground.to_owned());
        let background = color(cell.bgcolor());
        let (foreground, background) = if cell.inverse() || is_cursor {
            (background.unwrap_or_else(|| own.background.to_owned()), Some(foreground))
        } else {
            (foreground, background)
        };
        Self { foreground, background, bold: cell.bold(), underline: cell.underline() }
    }

    fn draw(&self, out: &mut String, text: &str, (x, y): (f32, f32), length: f32, shaped: bool) {
        if let Some(background) = &self.background {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{height}\" fill=\"{background}\"/>"
            );
        }
        if text.trim().is_empty() {
            return;
        }
        if shaped {
            let mut path = String::new();
            for (at, c) in text.chars().enumerate() {
                let left = x + cell_offset(at);
                for [from, to, width, height] in shape(c.encode_utf8(&mut [0; 4])).unwrap_or_default() {
                    let _ = write!(path, "M{:.1} {:.1}h{width:.1}v{height:.1}h-{width:.1}z", left + from, y + to);
                }
            }
            let _ = writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", self.foreground);
            return;
        }
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let line = if self.underline { " text-decoration=\"underline\"" } else { "" };
        let baseline = y + 13.5;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
             fill=\"{}\"{weight}{line} xml:space=\"preserve\">{text}</text>",
            self.foreground
        );
    }
}

/// The rectangles that a glyph is made of, in pixels from its cell's corner; none where it is a letter.
fn shape(glyph: &str) -> Option<Vec<[f32; 4]>> {
    const QUARTERS: &str = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█";
    let c = glyph.chars().next()?;
    let (width, height) = CELL;
    let (half, middle) = (width / 2.0, height / 2.0);
    let line = |thick: f32| Some(vec![[0.0, middle - thick / 2.0, width, thick]]);
    let levels = u32::from(c).wrapping_sub(0x2580);
    match c {
        ' ' => None,
        '─' => line(1.2),
        '━' => line(3.6),
        '╸' => Some(vec![[0.0, middle - 1.8, half, 3.6]]),
        '│' => Some(vec![[half - 0.6, 0.0, 1.2, height]]),
        '┬' => Some(vec![[0.0, middle - 0.6, width, 1.2], [half - 0.6, middle, 1.2, middle]]),
        '┴' => Some(vec![[0.0, middle - 0.6, width, 1.2], [half - 0.6, 0.0, 1.2, middle]]),
        '└' => Some(vec![[half, middle - 0.6, half, 1.2], [half - 0.6, 0.0, 1.2, middle + 0.6]]),
        '\u{2800}'..='\u{28FF}' => {
            let bits = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
            let set = |bit: &usize| (u32::from(c) - 0x2800) >> bit & 1 == 1;
            let dot = |bit: usize| {
                let (across, down) = bits[bit];
                [f32::from(across as u8) * half + 1.0, f32::from(down as u8) * height / 4.0 + 1.1, 2.2, 2.2]
            };
            Some((0..8).filter(set).map(dot).collect())
        }
        _ if QUARTERS.contains(c) => {
            let mask = QUARTERS.chars().position(|other| other == c)?;
            let corners = [(0.0, 0.0), (half, 0.0), (0.0, middle), (half, middle)];
            let quarters = corners.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
            // A hair more than a quarter, so that no seam is seen between two.
            Some(quarters.map(|(_, (x, y))| [x, y, half + 0.1, middle + 0.1]).collect())
        }
        // Bars that stand, in eighths.
        _ if (1..8).contains(&levels) => {
            let tall = height * f32::from(u8::try_from(levels).ok()?) / 8.0;
            Some(vec![[0.0, height - tall, width, tall]])
        }
        _ => None,
    }
}

/// A colour of the terminal as a picture shows it; `None` for the terminal's own.
fn color(color: vt100::Color) -> Option<String> {
    const BASIC: [&str; 16] = [
        "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0", "#7f848e", "#ef8a92",
        "#b1d196", "#f0d399", "#82c0f5", "#d69be8", "#7bc8d1", "#ffffff",
    ];
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index @ 0..=15) => Some(BASIC[usize::from(index)].to_owned()),
        vt100::Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6)))
        }
        vt100::Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}
