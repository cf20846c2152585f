//! The room on the wall: what [`Wall`] holds as a frame. What is most wanted from the last row comes first, and takes
//! as much room as there is: how to join, how many are in, and the latest results in large digits. On a small screen
//! the large letters go, then the chart, then all but the newest result. `run` calls [`draw_wall`] for each frame.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::Rect;
use squares_shared::message::Invite;

use super::big::{self, Size};
use super::chart::{self, Plane};
use super::equation::{self, Equation};
use super::paint::{Paint, Segment};
use crate::app::{Row, State};
use crate::present::Wall;
use crate::text;
use crate::theme::Glyphs;

/// From these sizes on there is something beside the results.
const BESIDE: (u16, u16) = (64, 8);

/// The most results in large digits.
const MAX_LARGE: usize = 4;

/// From this height on there is room for large letters in how to join.
const LARGE: u16 = 22;

/// Draws the wall. No cursor is placed: nothing can be typed.
pub fn draw_wall(wall: &Wall, frame: &mut Frame<'_>, now: Instant) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    let mut paint = Paint::new(frame.buffer_mut(), wall.setup.ascii, wall.theme.plain);
    let mut draw = Draw { wall, now, paint: &mut paint };
    // A margin, where it costs nothing.
    let margin = if area.width >= 100 { 2 } else { u16::from(area.width >= 40) };
    let mut rest = Rect { x: area.x + margin, width: area.width - 2 * margin, ..area };
    if rest.height >= 2 {
        draw.header(take(&mut rest, 1));
    }
    if rest.height >= 2 {
        draw.how_to_join(&mut rest, area.height);
    }
    if rest.height >= 6 {
        let rule = take(&mut rest, 1);
        draw.paint.rule(rule, wall.glyphs.horizontal, wall.theme.rule);
    }
    if rest.width < BESIDE.0 || rest.height < BESIDE.1 {
        return draw.results(rest);
    }
    let side = rest.width * 2 / 5;
    let beside = Rect { x: rest.right() - side, width: side, ..rest };
    draw.results(Rect { width: rest.width - side - 2, ..rest });
    draw.beside(beside);
}

/// Takes lines off the top.
fn take(rest: &mut Rect, lines: u16) -> Rect {
    let lines = lines.min(rest.height);
    let taken = Rect { height: lines, ..*rest };
    *rest = Rect { y: rest.y + lines, height: rest.height - lines, ..*rest };
    taken
}

struct Draw<'a, 'b> {
    wall: &'a Wall,
    now: Instant,
    paint: &'a mut Paint<'b>,
}

impl Draw<'_, '_> {
    /// Which room this is, how the connection is, and how many are online.
    fn header(&mut self, line: Rect) {
        let Wall { strings, theme, connection, .. } = self.wall;
        let mut left = vec![Segment::new(strings.program, theme.strong, 1)];
        left.extend(self.state().into_iter().zip([1, 0]).map(|(words, rank)| Segment::new(words, theme.notice, rank)));
        let online = if connection.is_joined() { (strings.online)(self.wall.online) } else { String::new() };
        let right = vec![
            Segment::new(online, theme.strong, 0),
            Segment::new(format!("  {}", strings.wall_leave), theme.dim, 2),
        ];
        self.paint.parts(line, left, right, self.wall.glyphs.dot);
    }

    /// What is wrong with the connection, and what happens next; nothing while all is well.
    fn state(&self) -> Vec<String> {
        let Wall { strings, connection, .. } = self.wall;
        if self.wall.is_refused() {
            return vec![strings.wall_refused.to_owned()];
        }
        match &connection.state {
            State::Joined => Vec::new(),
            State::Connecting | State::Connected | State::Idle => vec![strings.connecting.to_owned()],
            State::Disconnected { why, .. } => {
                let next = connection.countdown(self.now).map(strings.retry_in);
                vec![(strings.lost)(why), next.unwrap_or_else(|| strings.retrying.to_owned())]
            }
        }
    }

    /// What a student types; the first of it in large letters where there is room, and beside it how many are in.
    fn how_to_join(&mut self, rest: &mut Rect, height: u16) {
        let Wall { strings, theme, invite, .. } = self.wall;
        let commands = self.wall.commands();
        let (Some(first), spare) = (commands.first(), rest.height / 3) else { return };
        let mut used = 0;
        if height >= LARGE
            && let Some((lines, size)) = self.large_command(first, rest.width)
            && big::HEIGHT * u16::try_from(lines.len()).unwrap_or(u16::MAX) <= spare
        {
            let longest = lines.iter().map(|line| size.width(line)).max().unwrap_or(0);
            take(rest, 1);
            self.large_count(*rest, longest);
            for line in lines {
                let area = take(rest, big::HEIGHT);
                big::put(self.paint, area, line, size, self.wall.setup.ascii, theme.strong);
                used += big::HEIGHT;
            }
        }
        // What is in large letters stands below in small ones too: it is copied from there.
        let local = invite.as_ref().is_some_and(|invite| invite.is_local() && !invite.servers.is_empty());
        let note = if local { strings.wall_this_machine } else { "" };
        let fingerprint = invite.as_ref().and_then(|invite| invite.fingerprint.as_ref());
        let fingerprint = fingerprint.or(self.wall.fingerprint.as_ref());
        let most = usize::from(spare.saturating_sub(used).max(1));
        let heading_width = u16::try_from(text::width(strings.wall_join)).unwrap_or(0) + 2;
        let headed = rest.width >= heading_width + 24 && text::fits(first, (rest.width - heading_width).into());
        let cells = usize::from(rest.width - if headed { heading_width } else { 0 });
        let mut lines = vec![(first.clone(), theme.strong)];
        lines.extend(invite.iter().flat_map(Invite::ssh_commands).map(|command| (command, theme.strong)));
        // Of a fingerprint every digit counts: it is shown whole or not at all.
        let fingerprint = fingerprint.map(|fingerprint| (strings.wall_fingerprint)(fingerprint));
        let fingerprint = fingerprint.as_deref().map_or_else(Vec::new, |words| text::wrap(words, cells));
        if lines.len() + fingerprint.len() <= most {
            lines.extend(fingerprint.into_iter().map(|words| (words.to_owned(), theme.plain)));
        }
        lines.extend(commands.iter().skip(1).map(|command| (command.clone(), theme.plain)));
        for (at, (words, style)) in lines.into_iter().take(most).enumerate() {
            let line = take(rest, 1);
            let mut x = line.x;
            if headed {
                let heading = if at == 0 { strings.wall_join } else { "" };
                self.paint.put(x, line.y, heading_width, heading, theme.plain);
                x += heading_width;
            }
            let x = self.paint.put_cut(Rect { x, width: line.right() - x, ..line }, &words, style);
            let room = line.right().saturating_sub(x + 2);
            if at == 0 && text::fits(note, room.into()) {
                self.paint.put(x + 2, line.y, room, note, theme.plain);
            }
        }
    }

    /// How many are online, in large digits at the right, where the command leaves room for them.
    fn large_count(&mut self, area: Rect, command: usize) {
        let count = self.wall.online.to_string();
        let size = if self.wall.setup.ascii { Size::Wide } else { Size::Narrow };
        let width = u16::try_from(size.width(&count)).unwrap_or(u16::MAX);
        if self.wall.connection.is_joined() && command + usize::from(width) + 4 <= area.width.into() {
            let area = Rect { x: area.right() - width, width, ..area };
            big::put(self.paint, area, &count, size, self.wall.setup.ascii, self.wall.theme.mine);
        }
    }

    /// The command in one large line, or the server of it on a line of its own.
    fn large_command<'c>(&self, command: &'c str, width: u16) -> Option<(Vec<&'c str>, Size)> {
        let size = if self.wall.setup.ascii { Size::Wide } else { Size::Narrow };
        let before = command.find("--server ").map_or(0, |at| at + "--server ".len());
        let (program, server) = command.split_at(before);
        let in_two = [program.trim_end(), server].into_iter().filter(|line| !line.is_empty()).collect();
        let fits = |lines: &Vec<&str>| lines.iter().all(|line| size.width(line) <= width.into());
        [vec![command], in_two].into_iter().find(fits).map(|lines| (lines, size))
    }

    /// The latest results, the newest first and in the largest digits.
    fn results(&mut self, area: Rect) {
        let wall = self.wall;
        let mut rest = area;
        if wall.results().is_empty() {
            return self.nothing_yet(area);
        }
        let mut are_large = true;
        for (at, row) in wall.results().iter().enumerate() {
            if rest.height == 0 {
                return;
            }
            let newest = at == 0;
            let hidden = newest && !wall.shows_square(self.now);
            let style = if newest && wall.is_new(self.now) { wall.theme.mine } else { wall.theme.strong };
            // Some of those before stay in sight.
            let others = if newest { 3 } else { 6 };
            are_large &= at < MAX_LARGE && rest.height > big::HEIGHT + others;
            let large = if are_large { self.large(row, hidden, area.width, newest) } else { None };
            are_large &= large.is_some();
            let line = take(&mut rest, 1);
            let Some((words, size)) = large else {
                self.caption(line, row, hidden, newest && wall.is_new(self.now));
                continue;
            };
            self.caption(line, row, hidden, false);
            big::put(self.paint, take(&mut rest, big::HEIGHT), &words, size, wall.setup.ascii, style);
            if rest.height > others {
                take(&mut rest, 1);
            }
        }
    }

    /// Whose result it is, and the result in letters of the usual size.
    fn caption(&mut self, line: Rect, row: &Row, hidden: bool, is_new: bool) {
        let Wall { glyphs, theme, .. } = self.wall;
        let cells = usize::from(line.width);
        let name = if cells >= 24 { (cells / 4).clamp(12, 20) } else { 0 };
        let mut x = line.x;
        if name > 0 {
            let style = if is_new { theme.mine } else { theme.name(row.student()) };
            let shown = text::column(row.name(), name, glyphs.ellipsis);
            x = self.paint.put(x, line.y, line.width, &shown, style) + 1;
        }
        let room = |x: u16| line.right().saturating_sub(x);
        let Equation { number, between, square } = Equation::new(row.number(), row.square(), room(x).into(), glyphs);
        let square = if hidden { glyphs.ellipsis } else { &square };
        let style = if is_new { theme.mine } else { theme.plain };
        x = self.paint.put(x, line.y, room(x), &number, style);
        x = self.paint.put(x, line.y, room(x), &between, theme.dim);
        self.paint.put(x, line.y, room(x), square, style.patch(theme.square));
    }

    /// The result for large digits, shortened by its magnitude where it is long, and the square alone where that is still
    /// too long: the line above has its number. Those before the newest are smaller.
    fn large(&self, row: &Row, hidden: bool, width: u16, newest: bool) -> Option<(String, Size)> {
        let ascii = self.wall.setup.ascii;
        let letters = if ascii { Size::Wide } else { Size::Narrow }.letters(width);
        // The font has no other sign for this. What is cut is never drawn in large digits.
        let glyphs = Glyphs { nearly: "~", ellipsis: "…", ..self.wall.glyphs };
        let Equation { number, between, square } = Equation::new(row.number(), row.square(), letters, &glyphs);
        let is_whole = |part: &str| !part.is_empty() && !part.contains(glyphs.ellipsis);
        let (before, square) = if is_whole(&number) && is_whole(&square) {
            (format!("{number}{between}"), square.into_owned())
        } else {
            (String::new(), equation::square_alone(row.square(), letters, &glyphs)?)
        };
        // The size is that of the whole, so that nothing jumps when the square comes.
        let size = Size::fitting(&format!("{before}{square}"), width, ascii)?;
        let size = if newest || ascii { size } else { Size::Narrow };
        Some((if hidden { before } else { before + &square }, size))
    }

    fn nothing_yet(&mut self, area: Rect) {
        let Wall { strings, theme, connection, .. } = self.wall;
        let words = if connection.is_joined() {
            strings.wall_nothing_yet
        } else if connection.why_lost().is_some() {
            strings.wall_no_server
        } else {
            ""
        };
        self.paint.put_in_the_middle(area, &text::wrap(words, area.width.into()), theme.plain);
    }

    /// Everybody's results on their curve; the newest stands out as mine do in the room.
    fn parabola(&mut self, area: Rect) {
        let Wall { strings, theme, glyphs, .. } = self.wall;
        let mut plot = self.wall.chart.plot();
        if area.height < 3 || plot.points.is_empty() {
            return;
        }
        if let Some(newest) = plot.points.last_mut() {
            newest.mine = true;
        }
        let mut below = area;
        let curve = Segment::new(format!("y = x{}", glyphs.squared), theme.strong, 1);
        let scale = Segment::new(if plot.powers { strings.chart_powers } else { "" }, theme.notice, 0);
        self.paint.parts(take(&mut below, 1), vec![curve, scale], Vec::new(), glyphs.dot);
        Plane::new(below, &plot, self.wall.setup.ascii).draw(self.paint, theme, [glyphs.point, glyphs.point_mine]);
    }

    /// The parabola, and who squared most.
    fn beside(&mut self, area: Rect) {
        let wall = self.wall;
        let leaders = wall.chart.tally.leaders(usize::from(area.height / 4).clamp(2, 8));
        let lines = u16::try_from(leaders.len()).unwrap_or(0);
        let mut rest = area;
        let chart = if lines > 0 { area.height - lines - 2 } else { area.height };
        self.parabola(take(&mut rest, chart));
        take(&mut rest, 1);
        let heading = (wall.strings.who_squared)(&text::grouped(wall.chart.tally.total()), wall.chart.tally.is_whole());
        self.paint.put_cut(take(&mut rest, 1), &heading, wall.theme.strong);
        let styles = |id: &str| [wall.theme.name(id), wall.theme.strong];
        let leaders = leaders.into_iter().map(|one| (&*one.name, one.results, styles(&one.id)));
        chart::leaders(self.paint, rest, &leaders.collect::<Vec<_>>(), &wall.glyphs);
    }
}
