//! The results as a picture: where each stands on the parabola, how many came in each minute, and who squared how much.
//! The app keeps the counts and what is looked at; the view draws them.

mod tally;

use std::collections::VecDeque;

pub(crate) use tally::{StudentCount, Tally};

use super::{Feed, Row};
use crate::app::status::Severity;
use crate::app::{App, MainView};
use crate::digits::Magnitude;

/// How many results a chart is drawn of, where there are so many.
const WANTED: usize = 2_000;

/// From so many times the usual size on, as a power of ten, the largest number changes the scale: twenty times, where
/// the others would stand in a twentieth of the picture.
const WILD: f64 = 1.3;

/// The deepest zoom, as a power of the square root of two.
const DEEPEST: i32 = 40;

/// What the chart shows where there is no room for all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    #[default]
    Parabola,
    /// The results in each minute, and who squared how much.
    Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// By powers of ten where the numbers are wildly different, else evenly.
    #[default]
    Fitting,
    Even,
    /// By powers of ten, on either side of zero.
    Powers,
}

#[derive(Debug, Default)]
pub(crate) struct Chart {
    pub(crate) pane: Pane,
    pub(crate) scale: Scale,
    zoom: i32,
    /// The middle of the visible part, as a fraction of what is visible at no zoom; 0 is the middle of all.
    middle: f64,
    /// Where the results that are shown stand, worked out once for each: a picture in a flood is drawn sixty times a
    /// second.
    placed: VecDeque<Placed>,
    pub(crate) tally: Tally,
}

/// Where a result stands on either scale.
#[derive(Debug, Clone, Copy)]
struct Placed {
    seq: u64,
    mine: bool,
    log: f64,
    even: (f64, f64),
    powers: (f64, f64),
}

impl Placed {
    fn new(row: &Row, me: &str) -> Self {
        let size = SignedLog::of(row.number());
        let (even, powers) = (size.point(false), size.point(true));
        Self { seq: row.seq(), mine: row.student() == me, log: size.log, even, powers }
    }
}

/// A result as a point on a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) mine: bool,
}

/// The points of a chart, and the axes that they are on.
#[derive(Debug, PartialEq)]
pub(crate) struct Plot {
    pub(crate) points: Vec<Point>,
    /// Whether the axes are divided by powers of ten: `x` is the sign of the number times the logarithm of one more
    /// than its size, and `y` the same of its square.
    pub(crate) powers: bool,
    pub(crate) x: [f64; 2],
    pub(crate) y: [f64; 2],
}

impl Chart {
    /// Other results are shown.
    pub(crate) fn start_again(&mut self) {
        self.placed.clear();
    }

    /// All of it is visible again.
    pub(crate) const fn fit(&mut self) {
        self.zoom = 0;
        self.middle = 0.0;
    }

    /// Whether all of it is visible.
    pub(crate) const fn is_fit(&self) -> bool {
        self.zoom == 0
    }

    /// Whether only powers of ten can divide the axes: beyond this a square is no number of the machine's any more.
    pub(crate) fn is_forced(&self) -> bool {
        self.placed.iter().any(|placed| placed.log > 150.0)
    }

    /// Closer (positive) or farther.
    pub(crate) fn zoom(&mut self, steps: i32) {
        self.zoom = self.zoom.saturating_add(steps).clamp(0, DEEPEST);
        if self.zoom == 0 {
            self.middle = 0.0;
        }
    }

    /// Sideways, by quarters of the visible part.
    pub(crate) fn pan(&mut self, quarters: i32) {
        let part = self.part();
        let most = (1.0 - part) / 2.0;
        self.middle = (self.middle + f64::from(quarters) * part / 4.0).clamp(-most, most);
    }

    /// The visible part of all.
    fn part(&self) -> f64 {
        (-0.5 * f64::from(self.zoom)).exp2()
    }

    /// The other scale than the one that is shown.
    pub(crate) const fn other_scale(&mut self, powers: bool) {
        self.scale = if powers { Scale::Even } else { Scale::Powers };
        self.fit();
    }

    /// The other part, where there is no room for both.
    pub(in crate::app) const fn toggle_pane(&mut self) {
        self.pane = match self.pane {
            Pane::Parabola => Pane::Counts,
            Pane::Counts => Pane::Parabola,
        };
    }

    /// Counts from here on, behind this `seq`; for whoever reads no feed.
    pub(crate) fn begin(&mut self, replay_after: u64) {
        self.tally = Tally::behind(replay_after);
    }

    /// A result of somebody came, for whoever reads no feed. Only the latest so many stand on the parabola.
    pub(crate) fn add(&mut self, row: &Row, most: usize) {
        self.placed.push_back(Placed::new(row, ""));
        let surplus = self.placed.len().saturating_sub(most);
        self.placed.drain(..surplus);
    }

    /// More than a screenful is loaded while the picture is looked at; beside the feed it is of what is loaded anyway.
    pub(super) fn reconcile(&mut self, shown: bool, beside: bool, feed: &mut Feed, me: &str) {
        feed.want_at_least(if shown { WANTED } else { 0 });
        if shown || beside {
            self.keep_up(feed.rows(), me);
        } else {
            self.placed = VecDeque::new();
        }
    }

    /// Takes up what changed at either end of the results that are shown.
    fn keep_up<'a>(&mut self, rows: impl ExactSizeIterator<Item = &'a Row> + DoubleEndedIterator + Clone, me: &str) {
        let (first, last) = (rows.clone().next(), rows.clone().next_back());
        let (Some(first), Some(last)) = (first.map(Row::seq), last.map(Row::seq)) else { return self.placed.clear() };
        while self.placed.front().is_some_and(|placed| placed.seq < first) {
            self.placed.pop_front();
        }
        while self.placed.back().is_some_and(|placed| placed.seq > last) {
            self.placed.pop_back();
        }
        if let (Some(from), Some(to)) = (self.placed.front(), self.placed.back()) {
            let (from, to) = (from.seq, to.seq);
            let earlier: Vec<Placed> =
                rows.clone().take_while(|row| row.seq() < from).map(|row| Placed::new(row, me)).collect();
            let later: Vec<Placed> =
                rows.clone().rev().take_while(|row| row.seq() > to).map(|row| Placed::new(row, me)).collect();
            earlier.into_iter().rev().for_each(|placed| self.placed.push_front(placed));
            self.placed.extend(later.into_iter().rev());
        }
        if self.placed.len() != rows.len() {
            self.placed = rows.map(|row| Placed::new(row, me)).collect();
        }
    }

    /// Whether the axes are divided by powers of ten.
    pub(crate) fn divides_by_powers(&self) -> bool {
        match self.scale {
            Scale::Powers => true,
            Scale::Even => self.is_forced(),
            Scale::Fitting => is_wild(self.placed.iter().map(|placed| placed.log)),
        }
    }

    /// Lays out what [`Self::keep_up`] took up.
    pub(crate) fn plot(&self) -> Plot {
        let powers = self.divides_by_powers();
        let point = |placed: &Placed| {
            let (x, y) = if powers { placed.powers } else { placed.even };
            Point { x, y, mine: placed.mine }
        };
        let points: Vec<Point> = self.placed.iter().map(point).collect();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for point in &points {
            low = low.min(point.x);
            high = high.max(point.x);
        }
        if low > high {
            (low, high) = (-10.0, 10.0);
        }
        // The vertex gives the curve its shape: it stays visible unless the results are far from it.
        let span = high - low;
        if low > 0.0 && low < span {
            low = 0.0;
        } else if high < 0.0 && -high < span {
            high = 0.0;
        }
        let room = ((high - low) * 0.05).max(low.abs().max(high.abs()) * 0.01).max(if powers { 0.5 } else { 1e-12 });
        // The axis has five labels, or three of them.
        let [low, high] = round_out([low - room, high + room], 4.0, powers);
        let whole = high - low;
        let centre = f64::midpoint(low, high) + self.middle * whole;
        let half = whole * self.part() / 2.0;
        let x = [centre - half, centre + half];
        let ends = x.map(|x| curve(x, powers));
        let bottom = if x[0] <= 0.0 && x[1] >= 0.0 { 0.0 } else { ends[0].min(ends[1]) };
        let top = ends[0].max(ends[1]);
        // This one has four, or two.
        let [bottom, top] = round_out([bottom, top.max(bottom + f64::MIN_POSITIVE)], 3.0, powers);
        Plot { points, powers, x, y: [bottom, top] }
    }
}

/// Bounds of an axis moved outwards, so that its `parts` begin and end at round values; at whole ones, if so wanted.
fn round_out([low, high]: [f64; 2], parts: f64, whole: bool) -> [f64; 2] {
    const ROUND: [f64; 11] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0];
    let least = (high - low) / parts;
    let tens = 10_f64.powf(least.log10().floor());
    let tens = if whole { tens.max(1.0) } else { tens };
    for step in ROUND.map(|round| round * tens) {
        let from = (low / step).floor() * step;
        let to = from + parts * step;
        let fits = to >= high - step * 1e-9 && from.is_finite() && to.is_finite() && from < to;
        if fits && (!whole || step.fract() == 0.0) {
            return [from, to];
        }
    }
    [low, high]
}

/// The square of `x`, both on the scale.
pub(crate) fn curve(x: f64, powers: bool) -> f64 {
    if !powers {
        return x * x;
    }
    let log = x.abs();
    // log10(1 + n²) for log10(1 + n) = log.
    if log > 15.0 {
        return 2.0 * log;
    }
    let size = 10_f64.powf(log) - 1.0;
    (1.0 + size * size).log10()
}

/// How large a number is, also where it is too large or too small for the machine's own.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SignedLog {
    negative: bool,
    /// The logarithm of its size to the base of ten; minus infinity for nought.
    log: f64,
}

impl SignedLog {
    /// Of a number in canonical form.
    fn of(number: &str) -> Self {
        let magnitude = Magnitude::with_digits(number, 17).text;
        let (mantissa, exponent) = magnitude.split_once('e').unwrap_or((&magnitude, "0"));
        let [mantissa, exponent] = [mantissa, exponent].map(|text| text.parse::<f64>().unwrap_or_default());
        Self { negative: mantissa < 0.0, log: mantissa.abs().log10() + exponent }
    }

    fn point(self, powers: bool) -> (f64, f64) {
        let sign = if self.negative { -1.0 } else { 1.0 };
        if powers {
            let log = if self.log > 15.0 { self.log } else { (1.0 + 10_f64.powf(self.log)).log10() };
            return (sign * log, curve(log, true));
        }
        let x = sign * 10_f64.powf(self.log);
        // What the logarithm lost is not seen, but for whole numbers it is given back.
        let x = if x.abs() < 1e15 && (x - x.round()).abs() < x.abs() * 1e-13 { x.round() } else { x };
        (x, x * x)
    }
}

/// Whether the few largest would press all the others into one spot.
fn is_wild(logs: impl Iterator<Item = f64>) -> bool {
    let mut logs: Vec<f64> = logs.map(|log| log.max(-3.0)).collect();
    let Some(largest) = logs.iter().copied().reduce(f64::max) else { return false };
    let middle = logs.len() / 2;
    let (_, middle, _) = logs.select_nth_unstable_by(middle, f64::total_cmp);
    largest > 150.0 || largest - *middle > WILD
}

impl App {
    /// Opens the picture of the results that are shown.
    pub(in crate::app) fn open_chart(&mut self) {
        self.reading.chart.fit();
        self.show(MainView::Chart);
    }

    pub(in crate::app) fn rescale_chart(&mut self) {
        let powers = self.reading.chart.divides_by_powers();
        self.reading.chart.other_scale(powers);
        if powers && self.reading.chart.divides_by_powers() {
            self.say(Severity::Info, self.strings.only_powers);
        }
    }

    /// Sideways, where not all of it is visible.
    pub(in crate::app) fn pan_chart(&mut self, quarters: i32) {
        if self.reading.chart.is_fit() {
            return self.say(Severity::Info, self.strings.chart_all_seen);
        }
        self.reading.chart.pan(quarters);
    }
}

#[cfg(test)]
mod tests;
