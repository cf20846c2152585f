//! Answers and reports of terminals: whole, in pieces, late and cut short, none of them types.

use super::*;

/// Answers and reports that nobody here asked for, of every kind there is.
pub(super) const REPORTS: &[&[u8]] = &[
    b"\x1b[?62;1;2;4;6;9;15;22;29c",
    b"\x1b[?1;2c",
    b"\x1b[?c",
    b"\x1b[>41;354;0c",
    b"\x1bP!|00000000\x1b\\",
    b"\x1b[0n",
    b"\x1b[?13n",
    b"\x1b[?997;1n",
    b"\x1b[?997;2n",
    b"\x1b[24;80R",
    b"\x1b[1;2R",
    b"\x1b[?24;80;1R",
    b"\x1b[?2026;2$y",
    b"\x1b[?2048;0$y",
    b"\x1b[4;2$y",
    b"\x1bP>|XTerm(379)\x1b\\",
    b"\x1bP>|tmux 3.5a\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP0$r\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1b[?0u",
    b"\x1b[?31u",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b_Gi=31,p=2;ENOENT:no such image\x1b\\",
    b"\x1b]4;15;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]4;15;rgb:ffff/ffff/ffff\x07",
    b"\x1b]10;rgb:d7d7/dada/e0e0\x1b\\",
    b"\x1b]12;rgb:0000/0000/0000\x07",
    b"\x1b]11;?\x1b\\",
    b"\x1b]52;c;MTIKMTMK\x1b\\",
    b"\x1b]52;c;!\x07",
    "\x1b]l제곱방 — 각각\x1b\\".as_bytes(),
    "\x1b]L\u{c791}\x07".as_bytes(),
    b"\x1b]99;i=1:p=?;\x1b\\",
    b"\x1b]1337;Capabilities=T3Cw\x07",
    b"\x1bXstart of string\x1b\\",
    b"\x1b^privacy message\x1b\\",
    b"\x1b[8;24;80t",
    b"\x1b[4;600;800t",
    b"\x1b[6;16;8t",
    b"\x1b[1t",
    b"\x1b[3;0;0t",
    b"\x1b[48;24;80;600;800t",
    b"\x1b[2;1;1x",
    b"\x1b[1;1;1;1;0&w",
    b"\x1b[>0;276;0c",
    b"\x1b[=1u",
    b"\x1b[0;0\"q",
    b"\x1b[?1;0;256S",
    b"\x1b[>4;2m",
    b"\x1b[99999999999999999999u",
    b"\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33;34c",
    "\u{9b}?62c".as_bytes(),
    "\u{9d}10;rgb:0/0/0\u{9c}".as_bytes(),
    "\u{90}>|x\u{9c}".as_bytes(),
];

#[test]
fn every_report_of_every_terminal_is_passed_over() {
    for report in REPORTS {
        assert_eq!(all(report), [], "{report:?}");
        let among = [b"12", *report, b"34"].concat();
        assert_eq!(all(&among), text("1234"), "{report:?}");
        assert_eq!(all(&report.repeat(3)), [], "{report:?}");
    }
}

#[test]
fn a_report_in_two_pieces_types_nothing_however_late_the_second_comes() {
    for report in REPORTS {
        for cut in 1..report.len() {
            for late in [1, 20, 100, 140, 400] {
                // What a pause behind `ESC [` makes of it is a key of its own.
                if cut == 2 && late > 300 || cut == 1 && late > 140 {
                    continue;
                }
                let mut terminal = Terminal::new();
                let mut out = terminal.send(&report[..cut]);
                out.extend(terminal.wait(late));
                out.extend(terminal.send(&report[cut..]));
                out.extend(terminal.pause());
                assert_eq!(out, [], "{report:?} cut at {cut}, {late} ms");
                terminal.assert_alive(report);
            }
        }
    }
}

#[test]
fn a_report_a_byte_at_a_time_types_nothing() {
    for report in REPORTS {
        for gap in [0, 1, 5, 50, 100] {
            let mut terminal = Terminal::new();
            let mut out = Vec::new();
            for byte in *report {
                out.extend(terminal.send(&[*byte]));
                out.extend(terminal.wait(gap));
            }
            // A sequence that takes longer than any may is given up.
            if gap * (report.len() as u64) < 5_000 {
                assert_eq!(out, [], "{report:?}, {gap} ms");
            }
            terminal.pause();
            terminal.assert_alive(report);
        }
    }
}

#[test]
fn a_report_that_is_cut_short_costs_no_key_behind_a_pause_and_never_ctrl_c() {
    for report in REPORTS {
        for cut in 1..report.len() {
            let mut terminal = Terminal::new();
            terminal.send(&report[..cut]);
            let after = terminal.send(b"\x03");
            assert_eq!(after.last(), Some(&ctrl('c')), "{report:?} cut at {cut}");
            let mut terminal = Terminal::new();
            terminal.send(&report[..cut]);
            let given_up = terminal.pause();
            let typed = given_up.iter().any(|input| matches!(input, Input::Key(key) if key.modifiers.is_empty()));
            assert!(!typed || given_up == [key(KeyCode::Esc)], "{report:?} cut at {cut}: {given_up:?}");
            terminal.assert_alive(report);
        }
    }
}

#[test]
fn somebody_who_types_into_what_has_no_end_gets_the_keys_back() {
    for begun in [&b"\x1b]11;rgb:"[..], b"\x1bP", b"\x1b_G", b"\x1b["] {
        let mut terminal = Terminal::new();
        terminal.send(begun);
        let mut typed = Vec::new();
        for _ in 0..60 {
            terminal.wait(100);
            typed.extend(terminal.send(b"7"));
        }
        assert!(typed.len() >= 9, "{begun:?}: {}", typed.len());
    }
}

#[test]
fn the_background_is_heard_whenever_it_comes() {
    let white = Input::Background(Rgb(255, 255, 255));
    for end in ["\x1b\\", "\x07", "\u{9c}"] {
        let answer = format!("\x1b]11;rgb:ffff/ffff/ffff{end}");
        assert_eq!(all(answer.as_bytes()), std::slice::from_ref(&white), "{end:?}");
        for cut in 1..answer.len() {
            let mut terminal = Terminal::new();
            let mut out = terminal.send(&answer.as_bytes()[..cut]);
            out.extend(terminal.wait(100));
            out.extend(terminal.send(&answer.as_bytes()[cut..]));
            assert_eq!(out, std::slice::from_ref(&white), "{end:?} at {cut}");
        }
    }
    // So late that it was given up.
    let mut terminal = Terminal::new();
    assert_eq!(terminal.send(b"\x1b]11;rgb:ffff/ff"), []);
    assert_eq!(terminal.wait(1_000), []);
    assert_eq!(terminal.send(b"ff/ffff\x07"), [white]);
}

#[test]
fn a_wheel_behind_an_esc_that_was_late_types_nothing() {
    let wheel = MouseEvent { kind: MouseEventKind::ScrollUp, column: 9, row: 9, modifiers: KeyModifiers::NONE };
    let mut terminal = Terminal::new();
    // Within the wait for an Esc alone nothing is closed either.
    assert_eq!(terminal.send(b"\x1b"), []);
    assert_eq!(terminal.wait(100), []);
    assert_eq!(terminal.send(b"[<64;10;10M"), [Input::Mouse(wheel)]);
    for gap in [151, 500, 1_900] {
        let mut terminal = Terminal::new();
        terminal.send(b"\x1b");
        assert_eq!(terminal.wait(gap), [key(KeyCode::Esc)]);
        assert_eq!(terminal.send(b"[<64;10;10M12"), [&[Input::Mouse(wheel)][..], &text("12")].concat());
    }
    for cut in 2..10 {
        let mut terminal = Terminal::new();
        terminal.send(&b"\x1b[<64;10;10M"[..cut]);
        assert_eq!(terminal.wait(250), []);
        assert_eq!(terminal.send(&b"\x1b[<64;10;10M"[cut..]), [Input::Mouse(wheel)], "{cut}");
        let mut terminal = Terminal::new();
        terminal.send(&b"\x1b[<64;10;10M"[..cut]);
        terminal.wait(700);
        let typed = terminal.send(&b"\x1b[<64;10;10M"[cut..]);
        assert!(!typed.iter().any(|input| matches!(input, Input::Key(_))), "{cut}: {typed:?}");
    }
}

#[test]
fn reports_with_controls_of_eight_bits_type_nothing_in_any_pieces() {
    for report in [
        &b"\x9b?997;1n"[..],
        b"\x9b24;80R",
        b"\x9bI",
        b"\x9d11;rgb:0000/0000/0000\x9c",
        b"\x9d4;15;rgb:ffff/ffff/ffff\x07",
        b"\x90>|XTerm(379)\x9c",
        b"\x901$r0m\x9c",
        b"\x9fGi=31;OK\x9c",
    ] {
        let keys = |inputs: Vec<Input>| inputs.into_iter().filter(|it| matches!(it, Input::Key(_))).collect::<Vec<_>>();
        assert_eq!(keys(all(report)), [], "{report:?}");
        for gap in [0, 1, 50, 200] {
            let mut terminal = Terminal::new();
            for byte in report {
                assert_eq!(keys(terminal.send(&[*byte])), [], "{report:?}, {gap} ms");
                assert_eq!(keys(terminal.wait(gap)), [], "{report:?}, {gap} ms");
            }
            terminal.assert_alive(report);
        }
        for cut in 1..report.len() {
            // Cut elsewhere, the beginning of a string may as well be broken text.
            let known = cut == 1 || report[0] == 0x9b || report[..cut].contains(&b';') || report[0] > 0x9d;
            let mut terminal = Terminal::new();
            let mut out = terminal.send(&report[..cut]);
            out.extend(terminal.wait(200));
            out.extend(terminal.send(&report[cut..]));
            assert!(!known || keys(out).is_empty(), "{report:?} cut at {cut}");
        }
    }
    // A function key, and what was no control at all.
    let mut terminal = Terminal::new();
    terminal.send(b"\x8f");
    terminal.wait(20);
    assert_eq!(terminal.send(b"A"), [key(KeyCode::Up)]);
    assert_eq!(all(b"\x9d\x9d12"), text("12"));
    terminal.send(b"\x9d");
    terminal.wait(600);
    assert_eq!(terminal.send(b"1"), text("1"));
}

#[test]
fn a_rest_of_one_byte_types_nothing_for_a_moment() {
    let up = |modifiers| vec![held(KeyCode::Left, modifiers)];
    for (begun, gap, rest, expected) in [
        (&b"\x1b[3"[..], 700, &b"~"[..], vec![key(KeyCode::Delete)]),
        (b"\x1b[1;5", 700, b"D", up(KeyModifiers::CONTROL)),
        (b"\x1b[?2026;2$", 1_000, b"y", vec![]),
        (b"\x1b]11;rgb:0/0/0\x1b", 3_000, b"\\", vec![Input::Background(Rgb(0, 0, 0))]),
        (b"\x1b]11;rgb:0/0/0", 8_000, b"\x07", vec![Input::Background(Rgb(0, 0, 0))]),
        (b"\x1b]11;rgb:", 8_000, b"0/0/0\x1b\\", vec![Input::Background(Rgb(0, 0, 0))]),
        (b"\x1b]1", 8_000, b"1;rgb:0/0/0\x1b\\", vec![Input::Background(Rgb(0, 0, 0))]),
    ] {
        let mut terminal = Terminal::new();
        terminal.send(begun);
        assert_eq!(terminal.wait(gap), [], "{begun:?}");
        assert_eq!(terminal.send(rest), expected, "{begun:?}");
        assert_eq!(terminal.send(b"12"), text("12"));
    }
    // The keypad, and the whole of an answer but its ESC.
    let mut terminal = Terminal::new();
    terminal.send(b"\x1bO");
    terminal.wait(450);
    assert_eq!(terminal.send(b"q"), text("1"));
    for (gap, rest, expected) in [
        (8_000, &b"]11;rgb:0/0/0\x1b\\"[..], vec![Input::Background(Rgb(0, 0, 0))]),
        (2_300, b"[?997;1n", vec![]),
        (2_300, b"[3~", vec![key(KeyCode::Delete)]),
    ] {
        let mut terminal = Terminal::new();
        terminal.send(b"\x1b");
        terminal.wait(gap);
        assert_eq!(terminal.send(rest), expected, "{rest:?}");
    }
    // Letters are letters again behind the moment.
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[1;5");
    terminal.wait(3_000);
    assert_eq!(terminal.send(b"D"), text("D"));
}
