//! `/export`, from the command to the file, through whatever happens meanwhile.

use std::path::PathBuf;

use squares_shared::message::PageRequest;

use super::*;
use crate::store::export::Format;

/// In a room whose ledger has so many results, of which the last few are loaded.
fn room(latest: u64) -> Stage {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), ..setup() });
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(0, latest, latest - 100), continues: Continues::Anew });
    room.link(LinkEvent::Results((latest - 99..=latest).map(|seq| result(seq, "s0", None)).collect()));
    room
}

fn begin(path: &str, replace: bool) -> Effect {
    let path = PathBuf::from(path);
    Effect::Export(ExportCommand::Begin { format: Format::of(&path).unwrap(), path, replace })
}

/// The page of results that a request asks for.
fn page(request: &PageRequest, student: &str) -> Page {
    let (after, before) = (request.after.unwrap(), request.before.unwrap());
    let to = before.min(after + 501);
    let results = (after + 1..to).map(|seq| result(seq, student, None)).collect();
    Page { results, more: to < before, student: request.student.clone() }
}

/// Answers every page until the file is complete. Gives what was written, and how often somebody asked.
fn finish(room: &mut Stage, first: Vec<Effect>, student: &str) -> (Vec<u64>, usize) {
    let (mut seqs, mut asked, mut effects) = (Vec::new(), 0, first);
    while let Some(effect) = effects.pop() {
        match effect {
            Effect::Link(Command::Page { owner, request }) => {
                asked += 1;
                assert_eq!(request.limit, Some(500));
                let page = page(&request, student);
                effects.extend(room.link(LinkEvent::Page { owner, request, page }));
            }
            Effect::Export(ExportCommand::Page(results)) => {
                seqs.extend(results.iter().map(|result| result.seq));
                effects.extend(room.update(Event::Export(ExportNews::Ready)));
            }
            Effect::Export(ExportCommand::End) => effects.extend(room.update(Event::Export(ExportNews::Done))),
            other => panic!("{other:?}"),
        }
    }
    (seqs, asked)
}

#[test]
fn all_results_are_exported_however_few_are_loaded() {
    let mut room = room(1_234);
    assert_eq!(room.enter("/export a.csv"), [begin("a.csv", false)]);
    let first = room.update(Event::Export(ExportNews::Ready));
    let (seqs, asked) = finish(&mut room, first, "s0");
    assert_eq!((seqs, asked), ((1..=1_234).collect(), 3));
    assert_eq!(room.notice(), "1,234 results in a.csv.");
    assert_eq!(room.app.reading.exports.progress(), None);
}

#[test]
fn what_a_filter_lets_through_is_exported_where_there_is_one() {
    let mut room = room(300);
    room.enter("/find 99");
    room.enter("/export 결과.jsonl");
    let first = room.update(Event::Export(ExportNews::Ready));
    let (seqs, _) = finish(&mut room, first, "s0");
    assert!(seqs.contains(&99) && seqs.contains(&199) && !seqs.contains(&100), "{seqs:?}");
    room.press(KeyCode::Esc);
    room.press(KeyCode::Esc);
    room.enter("/who s0");
    room.enter("/export b.csv");
    let asked = room.update(Event::Export(ExportNews::Ready));
    let request = PageRequest { before: Some(301), after: Some(0), limit: Some(500), student: Some("s0".into()) };
    assert_eq!(asked, [Effect::Link(Command::Page { owner: PageOwner::Export, request })]);
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_the_same_command_again() {
    let mut room = room(100);
    room.enter("/export a.csv");
    room.update(Event::Export(ExportNews::Exists));
    assert_eq!(room.notice(), "a.csv is there already. Enter again replaces it.");
    assert_eq!(room.press(KeyCode::Enter), [begin("a.csv", true)]);
    room.update(Event::Export(ExportNews::Failed(std::io::ErrorKind::Other, "disk full".into())));
    assert_eq!(room.notice(), "Could not write a.csv: disk full");
    assert_eq!(room.app.composer.input.text(), "/export a.csv", "to be mended");
    room.press(KeyCode::Enter);
    room.update(Event::Export(ExportNews::Failed(std::io::ErrorKind::NotFound, "no such file".into())));
    assert_eq!(room.notice(), "Could not write a.csv: there is no such folder");
    room.control('u');
    room.enter("/export a.csv");
    room.update(Event::Export(ExportNews::Exists));
    room.control('u');
    room.enter("/mine");
    assert_eq!(room.enter("/export a.csv"), [begin("a.csv", false)], "something else was meant meanwhile");
}

#[test]
fn esc_and_ctrl_c_say_no_to_replacing_a_file() {
    let mut room = room(100);
    for no in [KeyEvent::from(KeyCode::Esc), KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)] {
        room.enter("/export a.csv");
        room.update(Event::Export(ExportNews::Exists));
        room.update(Event::Key(no));
        assert!(room.app.status.notices.current().is_none());
        room.control('u');
        assert_eq!(room.enter("/export a.csv"), [begin("a.csv", false)], "it is asked again");
        room.control('c');
    }
}

#[test]
fn an_export_goes_on_where_it_was_through_a_lost_connection_and_ends_with_the_ledger() {
    let mut room = room(1_000);
    room.enter("/export a.csv");
    let asked = room.update(Event::Export(ExportNews::Ready));
    room.lose(1);
    assert!(room.app.reading.exports.progress().is_some());
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    assert_eq!(
        room.link(LinkEvent::Joined { welcome: welcome(0, 1_000, 1_000), continues: Continues::Resumed }),
        asked
    );
    let other = Hello { log: "other".into(), ..hello(Auth::Open) };
    room.link(LinkEvent::Hello { hello: other, hosting: false });
    let effects = room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert!(
        effects.contains(&Effect::Export(ExportCommand::Stop)) && room.notice().starts_with("Could not write a.csv")
    );
}

#[test]
fn ctrl_c_stops_an_export_before_it_means_anything_else() {
    let mut room = room(1_000);
    room.enter("/export a.csv");
    room.update(Event::Export(ExportNews::Ready));
    room.enter("/export b.csv");
    assert_eq!(room.notice(), Strings::of(Lang::En).export_busy);
    room.control('c');
    assert_eq!(room.control('c'), [Effect::Export(ExportCommand::Stop)]);
    assert_eq!(room.control('c'), [], "and then asks whether to leave");
}

#[test]
fn a_name_says_how_to_write() {
    let mut room = room(1_000);
    for name in ["", "results", "results.txt"] {
        room.control('u');
        assert_eq!(room.enter(&format!("/export {name}")), []);
        assert_eq!(room.notice(), Strings::of(Lang::En).export_usage);
    }
    room.control('u');
    assert_eq!(room.enter("/export \"my results.csv\""), [begin("my results.csv", false)]);
}

#[test]
fn in_lines_an_export_tells_its_beginning_now_and_then_how_far_it_is_and_its_end() {
    let mut room = room(100_000);
    let mut linear = crate::view::Linear::default();
    let mut said = linear.say(&room.app, room.now).bytes;
    room.enter("/export a.csv");
    said.push_str(&linear.say(&room.app, room.now).bytes);
    assert!(!said.contains("Exporting"), "whether it begins is not known yet: {said}");
    let mut effects = room.update(Event::Export(ExportNews::Ready));
    let mut halfway = String::new();
    while let Some(Effect::Link(Command::Page { owner, request })) = effects.pop() {
        // A tenth of a second a page.
        room.now += Duration::from_millis(100);
        let page = page(&request, "s0");
        let from = page.results[0].seq;
        room.link(LinkEvent::Page { owner, request, page });
        if from == 50_001 {
            room.press(KeyCode::Char('1'));
        }
        let new = linear.say(&room.app, room.now).bytes;
        if from > 50_001 && from < 60_000 {
            halfway.push_str(&new);
        }
        if from == 59_501 {
            room.press(KeyCode::Backspace);
        }
        said.push_str(&new);
        effects = room.update(Event::Export(ExportNews::Ready));
    }
    assert_eq!(effects.pop(), None);
    room.update(Event::Export(ExportNews::Done));
    said.push_str(&linear.say(&room.app, room.now).bytes);
    assert_eq!(halfway, "", "nothing breaks into what is being typed");
    let told: Vec<&str> = said.lines().filter(|line| line.contains("xport") || line.contains("a.csv")).collect();
    assert!(told[0].ends_with("Exporting up to 100,000 results to a.csv. Ctrl-C stops it."), "{told:?}");
    assert!(told.last().unwrap().ends_with("100,000 results in a.csv."), "{told:?}");
    assert!((4..=9).contains(&told.len()) && told[1].contains("exporting 15%, 15,500"), "{told:?}");
}

#[test]
fn what_went_wrong_is_no_longer_said_once_something_else_is_entered() {
    for other in ["5", "/mine"] {
        let mut room = room(100);
        room.enter("/export a.csv");
        room.update(Event::Export(ExportNews::Failed(std::io::ErrorKind::NotFound, "no such file".into())));
        room.control('u');
        assert!(room.app.status.notices.current().is_some(), "it stays while something is typed");
        room.enter(other);
        assert!(room.app.status.notices.current().is_none());
    }
}

#[test]
fn an_export_that_is_not_given_all_of_the_results_does_not_end_as_if_it_were() {
    // Nothing where there is more; all but the newest; nothing at all.
    for (given, more) in [(vec![], true), (vec![1, 2, 3], false), (vec![], false)] {
        let mut room = room(300);
        room.enter("/export a.csv");
        let effects = room.update(Event::Export(ExportNews::Ready));
        let [Effect::Link(Command::Page { owner, request })] = &effects[..] else { panic!("{effects:?}") };
        let results = given.iter().map(|seq| result(*seq, "s0", None)).collect();
        let page = Page { results, more, student: None };
        let effects = room.link(LinkEvent::Page { owner: *owner, request: request.clone(), page });
        assert!(
            effects.contains(&Effect::Export(ExportCommand::Stop))
                && !effects.contains(&Effect::Export(ExportCommand::End)),
            "{effects:?}"
        );
        assert!(room.notice().contains("did not give all"), "{}", room.notice());
    }
}
