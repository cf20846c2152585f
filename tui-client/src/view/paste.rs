//! Several lines that were pasted: the question whether to square them, then those that are not numbers, with the
//! reason, then the numbers.

use ratatui::layout::Rect;

use super::expression;
use super::paint::Paint;
use crate::app::{App, Pasted};
use crate::text;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect, question: &Pasted) {
    if area.height == 0 {
        return;
    }
    let (theme, ellipsis) = (&app.theme, app.glyphs.ellipsis);
    let (good, bad) = question.counts();
    let mut words = (app.strings.paste_question)(good, bad);
    if !text::fits(&words, area.width.into()) {
        words = (app.strings.paste_question_short)(good, bad);
    }
    paint.put_cut(area, &words, theme.notice);
    let lines = question.lines();
    let height = usize::from(area.height - 1);
    let number_cells = lines.len().to_string().len();
    let cells = usize::from(area.width).saturating_sub(number_cells + 4);
    for (judged, y) in lines.iter().skip(question.scrolled(height)).zip(area.top() + 1..area.bottom()) {
        let (mark, words, style) = match judged.fault {
            Some(fault) => {
                let reason = app.fault_words(fault).unwrap_or_default();
                let shown = text::printable(text::head(&judged.text, cells)).into_owned();
                ("!", expression::wrong(&shown, &reason, cells, &app.glyphs), theme.error)
            }
            None => (" ", text::shorten(&judged.text, cells, ellipsis).into_owned(), theme.plain),
        };
        let line = format!("{mark} {:>number_cells$}  {words}", judged.line);
        paint.put(area.x, y, area.width, &line, style);
    }
}
