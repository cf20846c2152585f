//! Command lines in, flags or bad usage out.

use super::*;

#[test]
fn every_flag_has_the_variable_of_its_name() {
    shared::assert_variables(&Flags::command());
}

#[test]
fn the_man_pages_and_completions_are_current() {
    shared::assert_assets_are_current(&Flags::command(), "squares");
}

fn read(arguments: &[&str]) -> Result<Flags, clap::Error> {
    let all = std::iter::once("squares").chain(arguments.iter().copied()).map(OsString::from);
    Flags::read_from(all, |_| false)
}

fn numbers(arguments: &[&str]) -> Vec<String> {
    read(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}")).numbers
}

#[test]
fn the_command_line_is_well_formed() {
    Flags::command().debug_assert();
}

#[test]
fn negative_numbers_are_numbers_wherever_they_stand() {
    assert_eq!(numbers(&["-5", "--student", "s", "-.5", "-1e3", "7"]), ["-5", "-.5", "-1e3", "7"]);
    assert_eq!(
        numbers(&["-1,000", "-1_0", "−5", "－5", "-５", "-", "-1E5"]),
        ["-1,000", "-1_0", "−5", "－5", "-５", "-", "-1E5"]
    );
    assert_eq!(numbers(&["--student=s", "1", "--", "-5", "--x", "-x"]), ["1", "-5", "--x", "-x"]);
    assert_eq!(
        numbers(&["-5x", "- 5", "-,5", "-_5", "-+5", "-−5", ""]),
        ["-5x", "- 5", "-,5", "-_5", "-+5", "-−5", ""]
    );
}

#[test]
fn unknown_flags_are_bad_usage_even_behind_numbers() {
    for bad in [&["-x"][..], &["--nope"], &["12", "-x"], &["-5", "--nope"], &["--5"], &["--lang", "fr"], &["--student"]]
    {
        let error = read(bad).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{bad:?}");
    }
    for fine in ["--help", "--version"] {
        assert_eq!(read(&[fine]).unwrap_err().exit_code(), 0);
    }
}

#[test]
fn every_word_that_a_flag_offers_is_read() {
    for argument in Flags::command().get_arguments().filter(|argument| argument.get_action().takes_values()) {
        for word in argument.get_possible_values() {
            let flag = format!("--{}={}", argument.get_long().unwrap(), word.get_name());
            assert!(read(&[&flag]).is_ok(), "{flag}");
        }
    }
}

#[test]
fn what_means_nothing_for_a_guest_is_bad_usage() {
    for bad in [&["--guest", "12"][..], &["--guest", "--json"], &["--follow", "--guest"], &["--guest", "--config", "a"]]
    {
        let error = read(bad).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{bad:?}");
        assert!(error.to_string().contains("leave out"), "{error}");
    }
    let flags = read(&["--guest", "--server", "a", "--lang", "ko"]).unwrap();
    assert!(flags.guest && flags.config.is_none());
}

#[test]
fn a_fingerprint_is_read_as_the_log_shows_it_and_as_openssl_does() {
    let shown = "SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81";
    for written in [shown.to_owned(), shown.replace("SHA256:", ""), shown.to_uppercase().replace(' ', ":")] {
        let flags = read(&["--fingerprint", &written]).unwrap();
        assert_eq!(flags.fingerprint.as_deref(), Some(shown), "{written}");
    }
    for bad in ["", "SHA256:", "md5:00", &shown[..40], &shown.replace('8', "g")] {
        assert_eq!(read(&["--fingerprint", bad]).unwrap_err().exit_code(), 2, "{bad}");
    }
}

#[test]
fn values_may_begin_like_numbers_too() {
    let flags = read(&["--student", "-5", "--name", "-1"]).unwrap();
    assert_eq!((flags.student.as_deref(), flags.name.as_deref()), (Some("-5"), Some("-1")));
}

#[test]
fn a_server_is_a_host_with_or_without_a_port() {
    assert_eq!(read(&["--server", "192.0.2.7"]).unwrap().server.as_deref(), Some("192.0.2.7:7878"));
    assert_eq!(read(&["--server", "7904"]).unwrap().server.as_deref(), Some("127.0.0.1:7904"));
    assert_eq!(read(&["--server=:7904,a\r"]).unwrap().server.as_deref(), Some("127.0.0.1:7904,a:7878"));
    for bad in ["a b", "", "a:", "a:http", "a,b c", "-1"] {
        let error = read(&["--server", bad]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{bad}");
        assert!(error.to_string().contains("such as 192.0.2.7:7878") || bad.is_empty(), "{error}");
    }
}

#[test]
fn what_an_editor_or_an_input_method_left_around_a_value_is_dropped_or_read() {
    let flags = read(&[
        "--student",
        " ２０２６-０００１\r",
        "--name",
        "\u{3000}가람 \r",
        "--lang",
        "ko\r",
        "--theme",
        " ｄａｒｋ ",
        "--notify",
        "bell\r\n",
        "--config",
        "a/b.toml\r",
        "--tls-ca= c.pem\r",
        "--json\r",
        "12\r",
        " 1 2 ",
        "-5\r",
        "１２",
    ])
    .unwrap();
    assert_eq!((flags.student.as_deref(), flags.name.as_deref()), (Some("2026-0001"), Some("가람")));
    assert_eq!((flags.lang, flags.theme, flags.notify), (Some(Lang::Ko), Some(Choice::Dark), Some(Notify::Bell)));
    assert_eq!((flags.config, flags.tls_ca), (Some("a/b.toml".into()), Some("c.pem".into())));
    assert!(flags.json);
    assert_eq!(flags.numbers, ["12", "1 2", "-5", "１２"]);
}

#[test]
#[cfg(unix)]
fn a_number_that_is_not_utf_8_is_a_wrong_number_and_holds_up_no_other() {
    use std::os::unix::ffi::OsStringExt as _;
    let words = [b"squares".to_vec(), b"12".to_vec(), b"5\xff".to_vec(), b"13".to_vec()];
    let flags = Flags::read_from(words.map(OsString::from_vec), |_| false).unwrap();
    assert_eq!(flags.numbers, ["12", "5\u{fffd}", "13"]);
}
