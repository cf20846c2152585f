//! What stands over the feed, as lines: help, who is online, a result in full, the counts of the chart, and the
//! question about what was pasted. Called by the linear view when one is opened.

use super::COLUMNS;
use crate::app::{App, HelpLine, HelpLineKind, MainView};
use crate::text;
use crate::view::local_time;

/// The most students, pasted lines or counts that are said.
const MOST: usize = 50;

/// Says what is opened; nothing where the feed is shown.
pub(super) fn say(app: &App, lines: &mut Vec<String>) {
    let strings = app.strings;
    match &app.main_view {
        MainView::Feed => {}
        MainView::Help(place) => {
            let all = app.help(usize::from(COLUMNS));
            let heading = |line: &&HelpLine| matches!(line.kind, HelpLineKind::Heading(_));
            // What was asked about, with all that stands under it, where that is a heading.
            let (from, until) = match place.found {
                None => (0, usize::MAX),
                Some(found) if all.iter().filter(heading).any(|line| line.item == found) => {
                    let next = all.iter().filter(heading).map(|line| line.item).find(|item| *item > found);
                    (found, next.unwrap_or(usize::MAX))
                }
                Some(found) => (found, found + 1),
            };
            for HelpLine { kind, .. } in all.into_iter().filter(|line| (from..until).contains(&line.item)) {
                match (kind, lines.last_mut()) {
                    (HelpLineKind::Blank, _) => {}
                    (HelpLineKind::Heading(heading), _) => lines.push(heading.to_owned()),
                    (HelpLineKind::Key(key, what), _) => lines.push(format!("{key}: {what}")),
                    (HelpLineKind::More(what), Some(last)) => last.push_str(what),
                    (HelpLineKind::More(what), None) => lines.push(what.to_owned()),
                }
            }
        }
        MainView::Online => {
            lines.push((strings.online)(app.people.online.count));
            for person in app.people.online.people.iter().take(MOST) {
                let me = if person.id == app.people.me.id { format!(" ({})", strings.me) } else { String::new() };
                let id = if person.id == person.name { String::new() } else { format!(", {}", person.id) };
                let terminals = if person.sessions > 1 {
                    format!(", {}{}", app.glyphs.times, person.sessions)
                } else {
                    String::new()
                };
                lines.push(format!("{}{me}{id}{terminals}", person.name));
            }
            let more = app.people.online.count.saturating_sub(app.people.online.people.len().min(MOST));
            if more > 0 {
                lines.push((strings.more_online)(&text::grouped(more)));
            }
        }
        MainView::Detail(detail) => {
            let row = &detail.row;
            let when = row.at().map(|at| local_time(app, at, "%Y-%m-%d %H:%M:%S"));
            let who = [Some(row.name().to_owned()), Some(row.student().to_owned()), when];
            lines.push(who.into_iter().flatten().collect::<Vec<_>>().join(", "));
            let (number, square) = row.digits();
            for (words, digits, value) in
                [(strings.number, number, row.number()), (strings.square, square, row.square())]
            {
                lines.push(format!("{words} ({}): {value}", (strings.digits)(&text::grouped(digits))));
            }
        }
        MainView::Chart => {
            let tally = &app.reading.chart.tally;
            lines.push((strings.who_squared)(&tally.total().to_string(), tally.is_whole()));
            for count in tally.leaders(MOST) {
                lines.push(format!("{}: {}", text::name_in_line(app.name_of(count)), count.results));
            }
        }
        MainView::Paste(question) => {
            let (good, bad) = question.counts();
            lines.push((strings.paste_question)(good, bad));
            for judged in question.lines().iter().take(bad.min(MOST)) {
                let why = judged.fault.and_then(|fault| app.fault_words(fault)).unwrap_or_default();
                let shown = text::printable(text::head(&judged.text, 100)).into_owned();
                lines.push(format!("{}. {shown}: {why}", judged.line));
            }
            let keys = if good == 0 { strings.paste_keys_none } else { strings.paste_keys };
            let hint = |(hint, what): &(crate::keys::Hint, &str)| {
                Some(format!("{}: {what}", app.setup.keymap.hint(*hint, strings.lang)?))
            };
            lines.push(keys.iter().filter_map(hint).collect::<Vec<_>>().join(", "));
        }
    }
}
