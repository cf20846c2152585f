//! Where each part of the screen goes at a given size. The app asks it how many results fit, the view where to draw.

use ratatui::layout::Rect;

/// The smallest screen that holds the program; below it a sentence asks for more room.
pub(crate) const SMALLEST: (u16, u16) = (30, 8);

/// From this width on the online list stands beside the feed.
const WIDTH_WITH_ONLINE: u16 = 72;

/// From this width on the header needs one line only.
pub(crate) const WIDTH_OF_ONE_LINE: u16 = 80;

/// From this width on the room's figures stand below the online list.
const WIDTH_WITH_FIGURES: u16 = 100;

/// Wider than any screen is what is laid out to be said in lines ([`crate::view::Linear::SIZE`]): nothing of it is
/// seen, so that figures and chart would cost time for nobody.
const WIDER_THAN_SCREENS: u16 = 1_000;

/// From this width on the chart stands between the feed and the online list.
const WIDTH_WITH_CHART: u16 = 150;

/// The columns between two panes: air, a rule, air.
const BETWEEN: u16 = 3;

/// From this height on there are a rule below the header and a footer.
const HEIGHT_WITH_FRAME: u16 = 14;

/// From this height on there is a footer.
const HEIGHT_WITH_FOOTER: u16 = 10;

/// The parts of the room. A part that has folded away has no cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// One line, or two where one is too narrow and there is room.
    pub(crate) header: Rect,
    pub(crate) top_rule: Rect,
    /// All panes together: what help and a result's detail fill.
    pub(crate) body: Rect,
    pub(crate) feed: Rect,
    pub(crate) chart: Rect,
    pub(crate) online: Rect,
    /// The room's figures, below the online list.
    pub(crate) figures: Rect,
    /// One column to the left of the chart, and one to the left of the online list.
    pub(crate) separators: [Rect; 2],
    /// The rule above the input, which also says what is new below.
    pub(crate) rule: Rect,
    pub(crate) input: Rect,
    /// What is wrong with the input, or a notice.
    pub(crate) hint: Rect,
    pub(crate) footer: Rect,
}

/// Whether a screen is wide enough for the room's figures, and for marks beside who has just squared.
pub(super) fn has_figures(width: u16) -> bool {
    (WIDTH_WITH_FIGURES..WIDER_THAN_SCREENS).contains(&width)
}

/// Whether a screen is large enough for more than a sentence.
pub(crate) const fn is_large_enough(width: u16, height: u16) -> bool {
    width >= SMALLEST.0 && height >= SMALLEST.1
}

/// The parts of the room on a screen of this size.
pub(crate) fn layout(width: u16, height: u16) -> Layout {
    layout_above(width, height, 0)
}

/// The same, where a sentence takes so many of the body's lowest lines.
pub(crate) fn layout_above(width: u16, height: u16, taken_below: u16) -> Layout {
    let framed = height >= HEIGHT_WITH_FRAME;
    let mut left = height;
    let mut take = |wanted: u16| {
        let taken = wanted.min(left);
        left -= taken;
        taken
    };
    let header = take(if framed && width < WIDTH_OF_ONE_LINE { 2 } else { 1 });
    let input = take(1);
    let hint = take(1);
    let rule = take(1);
    let top_rule = take(u16::from(framed));
    let footer = take(u16::from(height >= HEIGHT_WITH_FOOTER));
    let body = left;

    let mut y = 0;
    let mut line = |height: u16| {
        let rect = Rect::new(0, y, width, height);
        y += height;
        rect
    };
    let header = line(header);
    let top_rule = line(top_rule);
    let body = line(body);
    let rule = line(rule);
    let input = line(input);
    let hint = line(hint);
    let footer = line(footer);

    let body = Rect { height: body.height.saturating_sub(taken_below), ..body };
    let online_width = match width {
        0..WIDTH_WITH_ONLINE => 0,
        WIDTH_WITH_ONLINE..WIDTH_WITH_FIGURES => 22,
        _ => 28,
    };
    // The feed and the chart share what is left alike.
    let chart_width = if !(WIDTH_WITH_CHART..WIDER_THAN_SCREENS).contains(&width) {
        0
    } else {
        ((width - online_width) / 2 - BETWEEN).min(120)
    };
    let pane = |width: u16, right: u16| {
        let x = if width > 0 { right - width } else { right };
        let separator = Rect { x: x.saturating_sub(2), width: u16::from(width > 0), ..body };
        (Rect { x, width, ..body }, separator, if width > 0 { x - BETWEEN } else { right })
    };
    let (online, before_online, right) = pane(online_width, width);
    let (chart, before_chart, right) = pane(chart_width, right);
    let lines = match body.height {
        _ if !has_figures(width) => 0,
        0..4 => 0,
        4..8 => 1,
        8..12 => 2,
        12..20 => 4,
        20.. => 5,
    };
    Layout {
        header,
        top_rule,
        body,
        feed: Rect { width: right, ..body },
        chart,
        online: Rect { height: online.height - lines, ..online },
        figures: Rect { y: online.bottom() - lines, height: lines, ..online },
        separators: [before_chart, before_online],
        rule,
        input,
        hint,
        footer,
    }
}

/// The cells of a field on the join screen; its label and its borders need the others.
pub(crate) const fn join_field_width(width: u16) -> u16 {
    let room = width.saturating_sub(JOIN_LABEL + 1);
    if room > 34 { 34 } else { room }
}

/// The cells of a label on the join screen.
pub(crate) const JOIN_LABEL: u16 = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_every_screen_without_overlapping() {
        for width in [0, 1, 29, 30, 71, 72, 80, 99, 100, 149, 150, 200, 999, 1_000] {
            for height in 0..60 {
                let parts = layout(width, height);
                let column =
                    [parts.header, parts.top_rule, parts.body, parts.rule, parts.input, parts.hint, parts.footer];
                let mut y = 0;
                for part in column {
                    assert_eq!((part.x, part.y, part.width), (0, y, width), "{width}x{height}");
                    y += part.height;
                }
                assert_eq!(y, height, "{width}x{height}");
                let panes = [parts.feed, parts.chart, parts.online];
                let shown: Vec<Rect> = panes.into_iter().filter(|pane| pane.width > 0).collect();
                assert!(shown.is_sorted_by(|one, next| one.right() + BETWEEN == next.x), "{width}x{height}");
                assert!(shown.last().is_none_or(|pane| pane.right() == width), "{width}x{height}");
                assert_eq!(parts.online.height + parts.figures.height, parts.body.height);
                assert_eq!(parts.figures.y, parts.online.bottom());
            }
        }
    }

    #[test]
    fn the_chart_folds_away_first_and_then_the_figures_and_the_online_list() {
        assert_eq!(layout(71, 24).online.width, 0);
        assert_eq!(layout(71, 24).feed.width, 71);
        assert!(layout(72, 24).online.width > 0);
        assert_eq!((layout(99, 24).figures.height, layout(100, 24).figures.height), (0, 4));
        assert_eq!((layout(149, 24).chart.width, layout(150, 24).chart.width), (0, 58));
        assert_eq!((layout(79, 24).header.height, layout(80, 24).header.height), (2, 1));
        assert_eq!(layout(30, 8).feed.height, 4);
    }
}
