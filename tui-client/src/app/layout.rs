//! Where each part of the screen goes at a given size. The app asks it how many results fit, the view where to draw.

use ratatui::layout::Rect;

/// The smallest screen that holds the program; below it a sentence asks for more room.
pub(crate) const SMALLEST: (u16, u16) = (30, 8);

/// From this width on the online list stands beside the feed.
const WIDTH_WITH_ONLINE: u16 = 72;

/// From this height on the header has two lines, and there are a rule below it and a footer.
const HEIGHT_WITH_FRAME: u16 = 14;

/// From this height on there is a footer.
const HEIGHT_WITH_FOOTER: u16 = 10;

/// The parts of the room. A part that has folded away has no cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// One line, or two where there is room.
    pub(crate) header: Rect,
    /// The rule below the header.
    pub(crate) top_rule: Rect,
    /// The feed and the online list together: what help and a result's detail fill.
    pub(crate) body: Rect,
    /// The results.
    pub(crate) feed: Rect,
    /// One column between the feed and the online list.
    pub(crate) separator: Rect,
    /// The online list.
    pub(crate) online: Rect,
    /// The rule above the input, which also says what is new below.
    pub(crate) rule: Rect,
    /// The input line.
    pub(crate) input: Rect,
    /// What is wrong with the input, or a notice.
    pub(crate) hint: Rect,
    /// The keys.
    pub(crate) footer: Rect,
}

/// Whether a screen is large enough for more than a sentence.
pub(crate) const fn is_large_enough(width: u16, height: u16) -> bool {
    width >= SMALLEST.0 && height >= SMALLEST.1
}

/// The parts of the room on a screen of this size.
pub(crate) fn layout(width: u16, height: u16) -> Layout {
    let framed = height >= HEIGHT_WITH_FRAME;
    let mut left = height;
    let mut take = |wanted: u16| {
        let taken = wanted.min(left);
        left -= taken;
        taken
    };
    let header = take(if framed { 2 } else { 1 });
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

    let online_width = match width {
        0..WIDTH_WITH_ONLINE => 0,
        WIDTH_WITH_ONLINE..100 => 22,
        100..140 => 28,
        140.. => 34,
    };
    let separator_width = u16::from(online_width > 0) * 2;
    let margin = u16::from(online_width > 0);
    let feed_width = width - online_width - separator_width - margin;
    Layout {
        header,
        top_rule,
        body,
        feed: Rect { width: feed_width, ..body },
        separator: Rect { x: feed_width + margin, width: separator_width.min(1), ..body },
        online: Rect { x: width - online_width, width: online_width, ..body },
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
        for width in [0, 1, 29, 30, 71, 72, 80, 100, 200, 999] {
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
                assert!(parts.online.right() <= width && parts.feed.right() <= width);
                assert!(
                    parts.feed.right() <= parts.separator.x && parts.separator.right() <= parts.online.x.max(width)
                );
            }
        }
    }

    #[test]
    fn the_online_list_folds_away_first() {
        assert_eq!(layout(71, 24).online.width, 0);
        assert_eq!(layout(71, 24).feed.width, 71);
        assert!(layout(72, 24).online.width > 0);
        assert_eq!(layout(30, 8).feed.height, 4);
    }
}
