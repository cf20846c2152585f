//! The terminal is given back as it was, whatever ends the client or stops it.

use rustix::process::Signal;
use squares::lang::Lang;
use squares::strings::Strings;

use super::{enter, until_asked, until_in};
use crate::support::{Home, SQUARES, Server, pty::Pty};

#[test]
fn whatever_ends_it_the_terminal_is_as_it_was() {
    let server = Server::start(&[]);
    for (what, end) in [
        ("/exit", None),
        ("TERM", Some(Signal::TERM)),
        ("INT", Some(Signal::INT)),
        ("HUP", Some(Signal::HUP)),
        ("QUIT", Some(Signal::QUIT)),
        ("ABRT", Some(Signal::ABORT)),
        ("ALRM", Some(Signal::ALARM)),
        ("IO", Some(Signal::IO)),
        ("PROF", Some(Signal::PROF)),
        ("SYS", Some(Signal::SYS)),
        ("TRAP", Some(Signal::TRAP)),
        ("USR1", Some(Signal::USR1)),
        ("USR2", Some(Signal::USR2)),
        ("VTALRM", Some(Signal::VTALARM)),
        ("XCPU", Some(Signal::XCPU)),
    ] {
        let home = Home::new();
        let mut pty = enter(&home, &server.address, "s1");
        match end {
            None => pty.type_text("/exit\r"),
            Some(signal) => pty.signal(signal),
        }
        assert_eq!(pty.exit_code(), 0, "{what}");
        pty.until_sent("\x1b[?1049l", 0);
        pty.until_sent("\x1b[?25h", 0);
        pty.assert_clean();
    }
}

#[test]
fn a_disk_that_takes_no_more_is_told_and_ends_nothing() {
    let server = Server::start(&[]);
    // Of files, that is: a terminal has no length.
    let limited = "ulimit -f 0; exec \"$0\" \"$@\"";
    let arguments = ["-c", limited, SQUARES, "--server", &server.address, "--student", "s1"];
    let path = [("PATH", &*std::env::var("PATH").unwrap())];
    let mut pty = Pty::start_program(&Home::new(), "sh", &arguments, &path);
    until_in(&pty, Lang::En);
    pty.type_text("12\r");
    pty.until("why nothing is kept", |screen| {
        screen.contents().split_whitespace().collect::<Vec<_>>().join(" ").contains("files may not grow further")
    });
    pty.type_text("13\r");
    for square in ["12² = 144", "13² = 169"] {
        pty.until_shows(square);
    }
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn what_a_killed_client_left_of_the_terminal_is_mended_by_the_next() {
    let server = Server::start(&[]);
    let left = "printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[5;1Hremains'; stty raw -echo; exec \"$0\" \"$@\"";
    let arguments = ["-c", left, SQUARES, "--server", &server.address, "--student", "s1"];
    let path = [("PATH", &*std::env::var("PATH").unwrap())];
    let mut pty = Pty::start_program(&Home::new(), "sh", &arguments, &path);
    until_in(&pty, Lang::En);
    // Not every terminal empties a screen that it is on already, so that the first frame must.
    let sent = pty.all_sent();
    let (emptied, painted) = (sent.find("\x1b[2J"), sent.find(Strings::of(Lang::En).program));
    assert!(emptied.is_some() && emptied < painted, "{emptied:?} {painted:?}");
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

/// Set where [`panics_with_the_terminal_taken`] is to panic.
const PANIC: &str = "PANIC_WITH_THE_TERMINAL_TAKEN";

/// Not a test by itself: the next one runs it in a terminal.
#[test]
fn panics_with_the_terminal_taken() {
    if std::env::var_os(PANIC).is_some() {
        squares::terminal::leave_on_panic();
        squares::terminal::enter(squares::terminal::Modes { mouse: true, ..Default::default() }).unwrap();
        // Wherever it happens, the program is over.
        let _ = std::thread::spawn(|| panic!("as planned")).join();
        unreachable!("the panic ended the process");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_what_happened() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "pty::terminal::panics_with_the_terminal_taken", "--nocapture"];
    let mut pty = Pty::start_program(&Home::new(), this.to_str().unwrap(), &arguments, &[(PANIC, "1")]);
    assert_eq!(pty.exit_code(), 101);
    pty.until("the panic on the first screen", |screen| {
        !screen.alternate_screen() && screen.contents().contains("as planned")
    });
    pty.assert_clean();
}

#[test]
fn ctrl_c_leaves_the_join_screen_and_twice_the_room() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address]);
    until_asked(&pty, Lang::En);
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
    let mut pty = enter(&home, &server.address, "s1");
    pty.type_text("\x03\x03");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[cfg(target_os = "linux")]
#[test]
fn stopped_and_continued_it_gives_the_terminal_back_takes_it_again_and_paints_all_of_it() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    for by_key in [false, true] {
        if by_key {
            pty.type_text("\x1a");
        } else {
            pty.signal(Signal::TSTP);
        }
        pty.until_state('T');
        pty.until("the first screen", |screen| !screen.alternate_screen());
        pty.assert_clean();
        server.square_as("s2", if by_key { "14" } else { "13" });
        let before = pty.sent();
        pty.signal(Signal::CONT);
        for sequence in ["\x1b[?1049h", "\x1b[?2004h", "\x1b[?1006h", "144"] {
            pty.until_sent(sequence, before);
        }
        pty.until_shows(if by_key { "14² = 196" } else { "13² = 169" });
        pty.until_shows("12² = 144");
    }
    // Stopped in a way that cannot be answered, with the modes changed meanwhile as a shell does.
    pty.signal(Signal::STOP);
    pty.until_state('T');
    let before = pty.sent();
    pty.signal(Signal::CONT);
    pty.until_sent("144", before);
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn a_closed_terminal_ends_it_at_once() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    let start = std::time::Instant::now();
    pty.close();
    pty.exit_code();
    assert!(start.elapsed().as_secs() < 2);
}
