//! What the rule above the input says of a filter: whose results are shown, what is searched for and how far the search
//! has come.

use super::paint::Segment;
use crate::app::App;
use crate::text;

/// The most of a text that is searched for, in cells.
const QUOTED: usize = 16;

/// The parts to write, the most important first; none where everything is shown.
pub(super) fn parts(app: &App) -> Vec<Segment> {
    let (feed, strings, theme) = (&app.reading.feed, app.strings, &app.theme);
    let mut parts = Vec::new();
    if let Some(whose) = &feed.filter.student {
        // The student may have another name by now.
        let name = app.name_now(&whose.id).unwrap_or(&whose.name);
        let name = text::cut(name, QUOTED, app.glyphs.ellipsis);
        let words = if whose.me { strings.only_mine.to_owned() } else { (strings.only_student)(&name) };
        parts.push(Segment::new(words, theme.notice, 0));
    }
    let Some(search_text) = &feed.filter.text else {
        if !parts.is_empty() {
            parts.push(Segment::new(strings.show_all, theme.plain, 1));
        }
        return parts;
    };
    let typed = text::printable(&search_text.typed).into_owned();
    let typed = text::cut(&typed, QUOTED, app.glyphs.ellipsis);
    // While it goes on, how far it has come is what is waited for.
    let (searching, (searched, more)) = (feed.is_asking(), feed.searched());
    let found = (strings.found)(&typed, &text::grouped(feed.rows().len()));
    parts.push(Segment::new(found, theme.notice, u8::from(searching)));
    if searching {
        parts.push(Segment::new(strings.searching, theme.plain, 3));
    } else if feed.is_stopped() {
        parts.push(Segment::new(strings.search_stopped, theme.plain, 3));
    }
    parts.push(Segment::new(
        (strings.searched)(&text::grouped(searched)),
        theme.plain,
        u8::from(!searching) + u8::from(!more),
    ));
    let words = if searching { strings.stop_search } else { strings.show_all };
    parts.push(Segment::new(words, theme.plain, 4));
    parts
}
