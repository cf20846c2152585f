//! Help: its order, and the place that `/help WORD` opens.

use super::*;

/// The lines of help, as text.
fn text(app: &App, cells: usize) -> Vec<String> {
    let text = |line: HelpLine| match line.kind {
        HelpLineKind::Blank => String::new(),
        HelpLineKind::Heading(words) => words.to_owned(),
        HelpLineKind::Key(key, what) => format!("{key}: {what}"),
        HelpLineKind::More(what) => what.to_owned(),
    };
    app.help(cells).into_iter().map(text).collect()
}

/// The first line of what was asked about, which is in sight.
fn found(room: &Stage) -> String {
    let MainView::Help(place) = room.app.main_view else { panic!("help is not open") };
    let layout = room.app.layout();
    let lines = room.app.help(layout.body.width.into());
    let is_found = |line: &HelpLine| Some(line.item) == place.found && line.kind != HelpLineKind::Blank;
    let at = lines.iter().position(is_found).unwrap();
    let scrolled = place.scrolled.min(lines.len().saturating_sub(layout.body.height.into()));
    assert!((scrolled..scrolled + usize::from(layout.body.height)).contains(&at), "{place:?}");
    text(&room.app, layout.body.width.into()).swap_remove(at)
}

#[test]
fn commands_stand_second_and_what_every_shell_has_last() {
    for lang in [Lang::Ko, Lang::En] {
        let (room, _) = Stage::start(Setup { lang, student: Some("me".into()), ..setup() });
        let headings = room.app.help(80).into_iter().filter_map(|line| match line.kind {
            HelpLineKind::Heading(words) => Some(words),
            _ => None,
        });
        let expect = match lang {
            Lang::Ko => ["제곱하기", "명령", "결과 보기", "방", "고쳐 쓰기"],
            Lang::En => ["Squaring", "Commands", "Results", "Room", "Editing"],
        };
        assert_eq!(headings.collect::<Vec<_>>(), expect);
    }
}

#[test]
fn a_word_opens_help_at_its_place() {
    for (word, expect) in [
        ("export", "/export FILE: "),
        ("/export", "/export FILE: "),
        ("저장", "/export FILE: "),
        ("ㄷ테ㅐㄳ", "/export FILE: "),
        ("F6", "F6: "),
        ("ctrl-r", "Ctrl-R: "),
        ("Alt-↑", "Shift-Up Alt-Up Ctrl-Up: "),
        ("enter", "Enter: square the number"),
        ("클릭", "click: "),
        ("results", "Results"),
        ("결과", "Results"),
        ("편집", "Editing"),
        ("commands", "Commands"),
        ("undo", "Ctrl-_: undo"),
        ("되돌리기", "Ctrl-_: undo"),
        ("2.5e-3", "numbers: "),
        ("config.toml", "config.toml: "),
    ] {
        for (columns, rows) in [(80, 24), (30, 8), (200, 50)] {
            let mut room = Stage::with(0, false);
            room.update(Event::Resize(columns, rows));
            assert_eq!(room.enter(&format!("/help {word}")), [], "{word}");
            assert!(room.app.composer.input.is_empty(), "{word}");
            let line = found(&room);
            // Where there is little room, what a key does stands below it.
            let (key, _) = expect.split_once(": ").unwrap_or((expect, ""));
            let expect = if columns < 56 { key } else { expect };
            assert!(line.starts_with(expect), "{word}: {line}");
            room.update(Event::Resize(44, 9));
            found(&room);
        }
    }
}

#[test]
fn a_word_that_help_does_not_know_is_told_with_the_nearest_and_stays_to_be_mended() {
    let mut room = Stage::with(0, false);
    for (word, notice) in [
        ("exprot", "Help has nothing on 'exprot'. Did you mean /help export? All of it: /help"),
        ("reslts", "Help has nothing on 'reslts'. Did you mean /help results? All of it: /help"),
        ("zebra", "Help has nothing on 'zebra'. All of it: /help"),
        ("/", "Help has nothing on '/'. All of it: /help"),
    ] {
        room.enter(&format!("/help {word}"));
        assert_eq!((room.notice(), room.app.composer.input.text()), (notice, &*format!("/help {word}")));
        assert!(matches!(room.app.main_view, MainView::Feed));
        room.control('u');
    }
    room.enter("/help a\u{1b}[2Jb");
    assert!(!room.notice().contains('\u{1b}'));
}

#[test]
fn tab_completes_what_help_may_be_asked_about() {
    let mut room = Stage::with(0, false);
    for (typed, completed) in
        [("/help exp", "/help export"), ("/help edi", "/help editing"), ("/help ctrl-r", "/help Ctrl-R")]
    {
        room.type_in(typed);
        room.press(KeyCode::Tab);
        assert_eq!(room.app.composer.input.text(), completed);
        room.control('u');
    }
}

#[test]
fn without_a_mouse_help_does_not_speak_of_one() {
    for lang in [Lang::Ko, Lang::En] {
        let (room, _) = Stage::start(Setup { lang, mouse: false, student: Some("me".into()), ..setup() });
        let all = text(&room.app, 80).join("\n");
        assert!(!["클릭", "휠", "마우스", "click", "wheel", "mouse"].iter().any(|word| all.contains(word)), "{all}");
    }
    let (mut room, _) = Stage::start(Setup { mouse: false, student: Some("me".into()), ..setup() });
    room.press(KeyCode::F(9));
    assert_eq!(room.notice(), "Select a result first, with Shift-Up.");
}
