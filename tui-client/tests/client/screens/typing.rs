//! What typing brings to the screen: questions, searches, commands, and files.

use squares::event::Pin;
use squares::store::export::ExportNews;
use squares::store::history::HistoryNews;
use squares_shared::message::Page;

use super::*;

#[test]
fn several_lines_pasted_are_asked_about() {
    check("paste", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("12");
        stage.update(Event::Paste(format!("1\n1/2\n-2.5\n1,234\n{}\n2+3\n１２\n1e3\n9\n가", "7".repeat(100))));
        stage
    });
}

#[test]
fn a_pin_that_is_not_squared() {
    check("pin_withheld", |lang, size| {
        let mut stage = Stage::with(
            |setup| {
                setup.student = Some("20260002".into());
                setup.pin = Some(Pin::new("4711"));
            },
            lang,
            size,
        );
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 3), hosting: false });
        stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
        stage.link(LinkEvent::Results((1..=3).map(result).collect()));
        stage.type_in("4711");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn a_number_that_waits_for_a_server_to_answer() {
    check("wait_for_server", |lang, size| {
        let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.type_in("12");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn a_part_of_a_name_that_several_have() {
    check("who_of_several", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/who 2026000");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn history_searched() {
    check("history", |lang, size| {
        let mut stage = Stage::room(lang, size);
        let lines = vec!["1234567".into(), "/find 가람".into(), "9".repeat(300), "12".into()];
        stage.update(Event::History(HistoryNews::Opened { student: "20260002".into(), lines, draft: String::new() }));
        stage.key(KeyCode::Char('r'), KeyModifiers::CONTROL);
        stage.type_in("가람");
        stage
    });
}

#[test]
fn a_line_that_was_being_typed_comes_back() {
    check("draft", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.update(Event::History(HistoryNews::Opened {
            student: "20260002".into(),
            lines: vec![],
            draft: "123.5".into(),
        }));
        stage
    });
}

#[test]
fn a_command_being_typed() {
    check("command_typed", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/챠");
        stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        stage.type_in("/c");
        stage
    });
}

#[test]
fn an_export_under_way() {
    check("export", |lang, size| {
        let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 9_057), hosting: false });
        stage.link(LinkEvent::Joined {
            welcome: Welcome { replay_after: 9_000, ..welcome(9_057) },
            continues: Continues::Anew,
        });
        stage.link(LinkEvent::Results((9_001..=9_057).map(result).collect()));
        stage.type_in("/export results.csv");
        stage.press(KeyCode::Enter);
        let mut asked = stage.update(Event::Export(ExportNews::Ready));
        for _ in 0..8 {
            let Some(Effect::Link(Command::Page { owner, request })) = asked.pop() else {
                panic!("no page is asked for")
            };
            let after = request.after.unwrap_or(0);
            let results = (after + 1..=after + 500).map(result).collect();
            stage.link(LinkEvent::Page { owner, request, page: Page { results, more: true, student: None } });
            asked = stage.update(Event::Export(ExportNews::Ready));
        }
        stage
    });
}

#[test]
fn a_file_that_is_there_is_asked_about() {
    check("export_exists", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/export results.csv");
        stage.press(KeyCode::Enter);
        stage.update(Event::Export(ExportNews::Exists));
        stage
    });
}

#[test]
fn what_is_said_covers_no_newest_result() {
    for lang in [Lang::En, Lang::Ko] {
        for size in [(80, 24), (200, 50), SMALL, (30, 8)] {
            let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
            stage.link(LinkEvent::Connecting(SERVER.into()));
            stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 3), hosting: false });
            stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
            stage.link(LinkEvent::Results((1..=3).map(result).collect()));
            let shows = |stage: &Stage| assert!(stage.picture().contains("13² = 169"), "{}", stage.picture());
            shows(&stage);
            if size.0 > SMALL.0 {
                let folder = format!("/home/sample/{}", "a-long-name/".repeat(20));
                let kind = std::io::ErrorKind::NotADirectory;
                stage.update(Event::History(HistoryNews::Unkept(Unkept::new(
                    std::path::Path::new(&folder),
                    &kind.into(),
                ))));
                shows(&stage);
                stage.press(KeyCode::Esc);
            }
            for wrong in ["12x", "1.2.3", "/nope", "/who nobody"] {
                stage.type_in(wrong);
                stage.press(KeyCode::Enter);
                shows(&stage);
                stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
            }
        }
    }
}

#[test]
fn settings_that_cannot_be_read() {
    check("unread_settings", |lang, size| {
        let unread = |setup: &mut Setup| {
            setup.student = Some("20260002".into());
            let why = "it is a folder, and not a file".to_owned();
            setup.unread_settings = Some(("/home/sample/.config/squares/config.toml".into(), why));
        };
        let mut stage = Stage::with(unread, lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 3), hosting: false });
        stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
        stage.link(LinkEvent::Results((1..=3).map(result).collect()));
        stage
    });
}

#[test]
fn results_of_ones_own_that_are_elsewhere() {
    check("room_own_results_elsewhere", |lang, size| {
        let folder = std::path::PathBuf::from("/home/sample/.local/share/squares");
        let hosted_before = |setup: &mut Setup| {
            setup.student = Some("20260002".into());
            setup.data = Some(folder.clone());
        };
        let mut stage = Stage::with(hosted_before, lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: Hello { log: "theirs".into(), ..hello(Auth::Open, 3) }, hosting: false });
        let asked = stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
        assert!(asked.contains(&Effect::LookForOwnLedger(folder.clone())), "{asked:?}");
        stage.link(LinkEvent::Results((1..=3).map(result).collect()));
        let before = stage.picture();
        stage.update(Event::OwnLedger("theirs".into()));
        assert_eq!(stage.picture(), before, "it is the same");
        stage.update(Event::OwnLedger("mine".into()));
        stage
    });
}

#[test]
fn who_hosts_or_names_a_server_is_not_told_of_results_elsewhere() {
    for (server, hosting) in [(None, true), (Some(SERVER), false)] {
        let setup = |setup: &mut Setup| {
            setup.student = Some("20260002".into());
            setup.data = Some("/home/sample/.local/share/squares".into());
            setup.server = server.map(str::to_owned);
        };
        let mut stage = Stage::with(setup, Lang::En, SMALL);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 3), hosting });
        let asked = stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
        assert!(!asked.iter().any(|effect| matches!(effect, Effect::LookForOwnLedger(_))), "{asked:?}");
    }
}
