//! The moving picture of the README: two students and the wall, each in a terminal of its own, see one result, lose the
//! server, and are back with what was typed meanwhile. Played by the real programs; each step is a frame.

use std::fmt::Write as _;
use std::time::Duration;

use super::svg::{self, CELL, Own};
use crate::support::pty::Pty;
use crate::support::{Home, SQUARES, Server};

/// The terminals of the students, one above the other, and of the wall beside them.
const STUDENT: (u16, u16) = (56, 13);
const WALL: (u16, u16) = (84, 27);
const GAP: f32 = 14.0;
const MARGIN: f32 = 12.0;

/// A frame: how long it is seen, in seconds, and the three screens.
struct Frame {
    seconds: f32,
    screens: [vt100::Screen; 3],
}

/// The frames, in their order.
pub(super) struct Played(Vec<Frame>);

impl Played {
    /// The three screens at the end.
    pub(super) fn last(&self) -> &[vt100::Screen] {
        self.0.last().map_or(&[], |frame| &frame.screens)
    }
}

/// Plays the scene with a server that listens there.
pub(super) fn play(lang: &str, theme: &str, listen: &str) -> Played {
    let mut server = Server::start_on(listen, &[]);
    let names = if lang == "ko" { ["예시 가람", "예시 나래"] } else { ["Sample One", "Sample Two"] };
    // Each in a home of its own: what one of them typed is no other's history.
    let homes = [Home::new(), Home::new(), Home::new()];
    let address = server.address.clone();
    let open = |home: &Home, size, more: &[&str]| {
        let arguments = [&["--server", &address, "--lang", lang, "--theme", theme], more].concat();
        Pty::start_sized(home, size, SQUARES, &arguments, &[("COLORTERM", "truecolor")])
    };
    let student = |home, id, name| open(home, STUDENT, &["--student", id, "--name", name]);
    let mut terminals = [
        student(&homes[0], "20260001", names[0]),
        student(&homes[1], "20260002", names[1]),
        open(&homes[2], WALL, &["--present"]),
    ];
    let (two, none) = if lang == "ko" { ("접속 2명", "끊") } else { ("2 online", "retrying") };
    terminals[2].until_shows(two);
    let mut frames = Vec::new();
    let mut shoot = |terminals: &[Pty; 3], seconds| {
        terminals.iter().for_each(|terminal| terminal.rest(Duration::from_millis(300)));
        let screens = [0, 1, 2].map(|at: usize| terminals[at].screen().clone());
        frames.push(Frame { seconds, screens });
    };
    let all_show = |terminals: &[Pty; 3], text: &str| {
        terminals.iter().for_each(|terminal| drop(terminal.until_shows(text)));
    };
    for terminal in &terminals[..2] {
        terminal.until_shows(if lang == "ko" { "연결됨" } else { "onnected" });
    }
    shoot(&terminals, 1.2);
    for (who, keys, result) in [(0, "12", "144"), (1, "98765", "9,754,525,225"), (0, "-0.5", "0.25")] {
        for key in keys.chars() {
            terminals[who].type_text(&key.to_string());
            shoot(&terminals, 0.25);
        }
        terminals[who].type_text("\r");
        all_show(&terminals, result);
        shoot(&terminals, 1.4);
    }
    server.kill();
    terminals[2].until(none, |screen| !screen.contents().contains(two));
    shoot(&terminals, 1.0);
    terminals[1].type_text("7");
    shoot(&terminals, 0.3);
    terminals[1].type_text("\r");
    terminals[1].until_shows("7²");
    shoot(&terminals, 1.4);
    server.start_again();
    all_show(&terminals, "= 49");
    terminals[2].until_shows(two);
    shoot(&terminals, 2.8);
    Played(frames)
}

/// The frames as one picture. A row is drawn once for each time that it looks so, and seen only then.
pub(super) fn svg(played: &Played, own: Own) -> String {
    let of = |(columns, rows): (u16, u16)| (f32::from(columns) * CELL.0, f32::from(rows) * CELL.1);
    let (student, wall) = (of(STUDENT), of(WALL));
    let below = student.1 + 2.0 * MARGIN + GAP;
    let beside = student.0 + 2.0 * MARGIN + GAP;
    let panes = [(0.0, 0.0, student), (0.0, below, student), (beside, 0.0, wall)];
    let height = (below + student.1).max(wall.1) + 2.0 * MARGIN;
    let mut body = String::new();
    let total: f32 = played.0.iter().map(|frame| frame.seconds).sum();
    let mut times: Vec<(usize, usize)> = Vec::new();
    for (pane, (x, y, (wide, tall))) in panes.into_iter().enumerate() {
        let tall = if pane == 2 { height - 2.0 * MARGIN } else { tall };
        let _ = writeln!(
            body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\" fill=\"{}\" stroke=\"#80808060\"/>",
            wide + 2.0 * MARGIN,
            tall + 2.0 * MARGIN,
            own.background
        );
        for row in 0..svg::size(&played.0[0].screens[pane]).0 {
            let drawn: Vec<String> = played
                .0
                .iter()
                .map(|frame| svg::row(&frame.screens[pane], row, own, (x + MARGIN, y + MARGIN)))
                .collect();
            let mut from = 0;
            while from < drawn.len() {
                let to = (from..drawn.len()).find(|&at| drawn[at] != drawn[from]).unwrap_or(drawn.len());
                match (&*drawn[from], from, to == drawn.len()) {
                    ("", ..) => {}
                    (all, 0, true) => body.push_str(all),
                    (part, ..) => {
                        let at = times.iter().position(|time| *time == (from, to)).unwrap_or_else(|| {
                            times.push((from, to));
                            times.len() - 1
                        });
                        let _ = write!(body, "<g class=\"t t{at}\">\n{part}</g>\n");
                    }
                }
                from = to;
            }
        }
    }
    let percent = |frame: usize| played.0[..frame].iter().fold(0.0, |sum, frame| sum + frame.seconds) / total * 100.0;
    let mut style = format!(".t{{visibility:hidden;animation:{total:.2}s step-end infinite}}\n");
    for (at, &(from, to)) in times.iter().enumerate() {
        let _ = write!(style, ".t{at}{{animation-name:k{at}}}@keyframes k{at}{{0%{{visibility:hidden}}");
        let _ = write!(style, "{:.2}%{{visibility:visible}}", percent(from));
        if to < played.0.len() {
            let _ = write!(style, "{:.2}%{{visibility:hidden}}", percent(to));
        }
        style.push_str("}\n");
    }
    // Who wants no motion sees how it ends.
    style.push_str("@media (prefers-reduced-motion:reduce){.t{animation:none}");
    for (at, _) in times.iter().enumerate().filter(|(_, (_, to))| *to == played.0.len()) {
        let _ = write!(style, ".t{at}{{visibility:visible}}");
    }
    style.push_str("}\n");
    let width = beside + wall.0 + 2.0 * MARGIN;
    format!(
        "{}<style>\n{style}</style>\n{body}</svg>\n",
        svg::head(width, height.max(below + student.1 + 2.0 * MARGIN))
    )
}
