//! Typing with more than the line's own keys: pasting, what was entered before, and what comes back after the end.

use super::stage::is_note;
use super::*;

impl Stage {
    fn open_notebook(&mut self, lines: &[&str], draft: &str) {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.update(Event::History(HistoryNews::Opened { student: "me".into(), lines, draft: draft.into() }));
    }

    /// What is to be kept of the typing for later runs.
    fn notes(&mut self, keys: &str) -> Vec<Effect> {
        let press = |app: &mut App, code| app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), self.now);
        let mut notes: Vec<Effect> = keys.chars().flat_map(|c| press(&mut self.app, KeyCode::Char(c))).collect();
        notes.extend(press(&mut self.app, KeyCode::Enter));
        notes.retain(is_note);
        notes
    }
}

#[test]
fn one_line_pasted_is_typed_and_several_are_asked_about() {
    let mut room = Stage::with(0, false);
    assert_eq!(room.paste("12\r\n"), []);
    assert_eq!((room.app.composer.input.text(), room.app.is_confirming_paste()), ("12", false));
    assert_eq!(room.paste("34\n5x\r\n\n６\n1/2"), []);
    let MainView::Paste(question) = &room.app.main_view else { panic!("nothing was asked") };
    let judged: Vec<_> = question.lines().iter().map(|judged| (judged.line, judged.text.as_str())).collect();
    assert_eq!((judged, question.counts()), (vec![(2, "5x"), (4, "1/2"), (1, "34"), (3, "6")], (2, 2)));
    assert_eq!(room.press(KeyCode::Char('9')), [], "what is typed meanwhile goes nowhere");
    assert_eq!(room.press(KeyCode::Enter), [square("34"), square("6")]);
    assert_eq!((room.app.composer.input.text(), room.app.is_confirming_paste()), ("12", false));
}

#[test]
fn what_was_pasted_can_be_thrown_away_grows_by_pieces_and_outlives_the_connection() {
    let mut room = Stage::with(0, false);
    room.paste("1\n2");
    assert_eq!(room.press(KeyCode::Esc), []);
    assert!(!room.app.is_confirming_paste());
    room.paste("1\n2\n");
    room.paste("3\n");
    room.lose(5);
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Resumed });
    room.update(Event::Resize(40, 12));
    assert_eq!(room.press(KeyCode::Enter), [square("1"), square("2"), square("3")]);
    room.paste("x\ny");
    assert_eq!((room.press(KeyCode::Enter), room.app.is_confirming_paste()), (vec![], false));
    room.paste(&"1\n".repeat(1_001));
    assert!(!room.app.is_confirming_paste() && !room.notice().is_empty());
}

#[test]
fn earlier_runs_lines_come_before_this_ones() {
    let mut room = Stage::with(0, false);
    room.enter("3");
    room.open_notebook(&["1", "2"], "");
    for line in ["3", "2", "1", "1"] {
        room.press(KeyCode::Up);
        assert_eq!(room.app.composer.input.text(), line);
    }
    room.control('n');
    assert_eq!(room.app.composer.input.text(), "2");
    room.key(KeyCode::Char('>'), KeyModifiers::ALT);
    assert_eq!(room.app.composer.input.text(), "");
}

#[test]
fn history_is_searched_as_it_is_typed() {
    let mut room = Stage::with(0, false);
    room.open_notebook(&["120", "/find 가람", "12", "7"], "");
    room.enter("5");
    room.press(KeyCode::Char('9'));
    let found = |room: &Stage| {
        let at = room.app.composer.search.as_ref().and_then(|search| search.found);
        at.and_then(|at| room.app.composer.history.line(at)).unwrap_or("nothing").to_owned()
    };
    room.control('r');
    assert_eq!(found(&room), "5");
    room.press(KeyCode::Char('1'));
    room.press(KeyCode::Char('2'));
    assert_eq!((found(&room), room.app.composer.input.text()), ("12".into(), "9"));
    room.control('r');
    assert_eq!(found(&room), "120");
    room.control('r');
    assert!(room.app.composer.search.as_ref().is_some_and(|search| search.last), "there is no other");
    room.control('s');
    assert_eq!(found(&room), "12");
    room.press(KeyCode::Esc);
    assert_eq!(
        (room.app.composer.input.text(), room.app.composer.search.is_none()),
        ("9", true),
        "Esc brings back what was typed"
    );
    room.control('r');
    room.paste("가람");
    room.control('a');
    assert_eq!(
        room.app.composer.input.text(),
        "/find 가람",
        "a key of the line takes what was found and does what it does"
    );
    room.control('u');
    room.control('k');
    room.control('r');
    room.press(KeyCode::Char('0'));
    assert_eq!(room.press(KeyCode::Enter), [square("120")]);
    room.control('r');
    room.press(KeyCode::Char('x'));
    assert_eq!((found(&room), room.press(KeyCode::Enter)), ("nothing".into(), vec![]));
}

#[test]
fn a_line_that_was_being_typed_comes_back_unless_another_is() {
    let mut room = Stage::with(0, false);
    room.open_notebook(&[], "1234");
    assert_eq!((room.app.composer.input.text(), room.notice().is_empty()), ("1234", false));
    assert_eq!(room.press(KeyCode::Enter), [square("1234")]);
    let mut room = Stage::with(0, false);
    room.press(KeyCode::Char('7'));
    room.open_notebook(&[], "1234");
    assert_eq!(room.app.composer.input.text(), "7");
    room.update(Event::History(HistoryNews::Opened {
        student: "other".into(),
        lines: vec!["secret".into()],
        draft: "x".into(),
    }));
    room.press(KeyCode::Up);
    assert_eq!(room.app.composer.input.text(), "7", "another student's lines are not this one's");
}

#[test]
fn a_line_outlives_every_view() {
    let mut room = Stage::with(2, false);
    room.link(LinkEvent::Results((1..=50).map(|seq| result(seq, "s0", None)).collect()));
    for c in "123".chars() {
        room.press(KeyCode::Char(c));
    }
    for view in [KeyCode::F(1), KeyCode::F(2), KeyCode::F(6), KeyCode::F(9), KeyCode::PageUp] {
        room.press(view);
        room.update(Event::Resize(40, 12));
        room.press(KeyCode::Esc);
        room.update(Event::Resize(80, 24));
    }
    assert_eq!(room.press(KeyCode::Enter), [square("123")]);
}

#[test]
fn what_is_typed_is_given_to_be_kept() {
    let mut room = Stage::with(0, false);
    assert_eq!(
        room.notes("12"),
        [
            Effect::History(HistoryCommand::Draft("1".into())),
            Effect::History(HistoryCommand::Draft("12".into())),
            Effect::History(HistoryCommand::Line("12".into())),
            Effect::History(HistoryCommand::Draft(String::new())),
        ]
    );
    assert_eq!(room.notes("/mine").last(), Some(&Effect::History(HistoryCommand::Draft(String::new()))));
    let effects = room.app.update(Event::Resize(40, 12), room.now);
    assert_eq!(effects, [], "nothing changed");
}

#[test]
fn ctrl_c_clears_a_line_that_can_be_called_back_or_undone() {
    let mut room = Stage::with(0, false);
    for back in [KeyCode::Up, KeyCode::Char('_')] {
        for c in "1/2".chars() {
            room.press(KeyCode::Char(c));
        }
        room.control('c');
        assert_eq!(room.app.composer.input.text(), "");
        room.key(back, if back == KeyCode::Up { KeyModifiers::NONE } else { KeyModifiers::CONTROL });
        assert_eq!(room.app.composer.input.text(), "1/2");
        room.control('u');
    }
}

#[test]
fn keys_of_a_settings_file_take_the_place_of_the_usual_ones() {
    let key = |name: &str| name.parse().unwrap();
    let keymap = Keymap::with(&[(Action::Help, vec![key("Ctrl-G")]), (Action::Undo, vec![key("F12")])]).unwrap();
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), keymap, ..setup() });
    room.press(KeyCode::F(1));
    assert!(matches!(room.app.main_view, MainView::Feed));
    room.control('g');
    assert!(matches!(room.app.main_view, MainView::Help(_)));
    room.press(KeyCode::Esc);
    room.press(KeyCode::Char('1'));
    room.press(KeyCode::F(12));
    assert_eq!(room.app.composer.input.text(), "");
}

#[test]
fn what_the_link_has_no_room_for_is_said_and_can_be_asked_for_again() {
    let mut room = Stage::with(0, false);
    room.update(Event::LinkBusy(Command::Ping));
    assert_eq!(room.notice(), "", "nobody asked for that");
    assert_eq!(room.update(Event::LinkBusy(Command::ReconnectNow)), []);
    assert_eq!(room.notice(), Strings::of(Lang::En).link_busy);
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), lang: Lang::Ko, ..setup() });
    room.app.form.joining = true;
    assert_eq!(room.update(Event::LinkBusy(Command::Join { student: "me".into(), name: None })), []);
    let told = room.app.form.error.as_ref().map(|(_, sentence)| sentence.as_str());
    assert_eq!((told, room.app.form.joining), (Some(Strings::of(Lang::Ko).link_busy), false));
}

#[test]
fn a_page_of_history_that_the_link_has_no_room_for_is_not_asked_for_without_end() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 5_000, 4_900), continues: Continues::Anew });
    room.link(LinkEvent::Results((4_901..=5_000).map(|seq| result(seq, "s0", None)).collect()));
    let Some(Effect::Link(page @ Command::Page { .. })) = room.enter("/chart").pop() else { panic!("a page") };
    assert_eq!(room.update(Event::LinkBusy(page)), [], "the link would refuse it again");
    assert_eq!(room.notice(), Strings::of(Lang::En).link_busy);
}
