//! Pastes, marked as such or not, with an end or without.

use super::*;

#[test]
fn what_is_pasted_is_text_whatever_it_looks_like() {
    let paste = |text: &str| vec![Input::Paste(text.into())];
    assert_eq!(all(b"\x1b[200~12\r\n13\t\x1b[201~"), paste("12\r\n13\t"));
    assert_eq!(all(b"\x1b[200~\x1b[31m12\x1b[0m\x03\x07\x1b[201~"), paste("\u{fffd}[31m12\u{fffd}[0m\u{fffd}\u{fffd}"));
    assert_eq!(all(b"\x1b[200~a\x1b[200~b\x1b[201~"), paste("a\u{fffd}[200~b"));
    assert_eq!(all("\x1b[200~가\u{9b}A\x1b[201~".as_bytes()), paste("가\u{fffd}A"));
    assert_eq!(all(b"\x1b[200~\x1b[201~"), []);
    assert_eq!(all(b"\x1b[201~12"), text("12"));
    let behind = all(b"1\x1b[200~2\x1b[201~3\x1b[200~4\x1b[201~");
    assert_eq!(behind, [&text("1")[..], &paste("2"), &text("3"), &paste("4")].concat());
    let whole = b"\x1b[200~1\n2\n\x1b[201~";
    for cut in 0..=whole.len() {
        let mut terminal = Terminal::new();
        let mut out = terminal.send(&whole[..cut]);
        out.extend(terminal.wait(140));
        out.extend(terminal.send(&whole[cut..]));
        assert_eq!(out, paste("1\n2\n"), "{cut}");
    }
}

#[test]
fn a_paste_whose_end_never_comes_ends_by_a_pause_and_stays_a_paste() {
    for cut in ["", "\x1b", "\x1b[20", "\x1b[201"] {
        let mut terminal = Terminal::new();
        assert_eq!(terminal.send(format!("\x1b[200~12\n13\n{cut}").as_bytes()), []);
        assert_eq!(terminal.wait(900), []);
        let Some(Input::Paste(text)) = terminal.wait(200).pop() else { panic!("no paste") };
        assert_eq!(text, "12\n13\n", "{cut:?}");
        terminal.assert_alive(cut.as_bytes());
    }
    // Ctrl-C that is pressed meanwhile ends it; where it may be a part of it, it comes behind it.
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~12\n13\n");
    terminal.wait(500);
    assert_eq!(terminal.send(b"\x03"), [Input::Paste("12\n13\n".into()), ctrl('c')]);
    terminal.assert_alive(b"");
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~12\x03\x03");
    assert_eq!(terminal.pause(), [Input::Paste("12".into()), ctrl('c'), ctrl('c')]);
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~12\x0313");
    assert_eq!(terminal.pause(), [Input::Paste("12\u{fffd}13".into()), ctrl('c')]);
    // What comes after a long pause is still none of it typing.
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~12\n13\n");
    terminal.wait(3_000);
    assert_eq!(terminal.send(b"14\n\x1b[201~5"), [&[Input::Paste("14\n".into())][..], &text("5")].concat());
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~12\n13\n");
    terminal.wait(3_000);
    assert_eq!(terminal.send(b"14\n15\n16\n17\n18\n19\n20\n"), []);
    assert_eq!(terminal.pause(), [Input::Paste("14\n15\n16\n17\n18\n19\n20\n".into())]);
}

#[test]
fn a_paste_without_bounds_arrives_in_pieces_and_is_not_held_in_memory() {
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b[200~");
    let line = [b'7'; 1023];
    let mut pasted = 0;
    for _ in 0..3 * paste::LARGEST / 1024 {
        for input in terminal.send(&[&line[..], b"\n"].concat()) {
            let Input::Paste(text) = input else { panic!("{input:?}") };
            assert!(text.ends_with('\n') && text.lines().all(|line| line.len() == 1023));
            pasted += text.len();
        }
        assert!(terminal.decoder.paste.as_ref().is_some());
    }
    assert!(pasted >= 2 * paste::LARGEST, "{pasted}");
}

#[test]
fn lines_in_one_burst_are_a_paste_and_a_line_alone_is_typing() {
    let paste = |text: &str| vec![Input::Paste(text.into())];
    for burst in ["12\r13\r", "12\r\n13\r\n14", "1\n2\n3\n", "가\r나\r", "1\t2\r3\t4\r"] {
        assert_eq!(all(burst.as_bytes()), paste(burst), "{burst:?}");
    }
    for typing in ["12\r", "\r\r", "12", "s1\tx\r", "\r", "12\r\n"] {
        assert!(all(typing.as_bytes()).iter().all(|input| matches!(input, Input::Key(_))), "{typing:?}");
        let mut terminal = Terminal::new();
        let mut typed = terminal.send(typing.as_bytes());
        typed.extend(terminal.wait(30));
        assert!(typed.len() >= typing.len(), "{typing:?} waits no time that is felt");
    }
    // A script that types.
    let typed = all(b"12\r/exit\r");
    assert_eq!(typed, [&text("12")[..], &[key(KeyCode::Enter)], &text("/exit"), &[key(KeyCode::Enter)]].concat());
    // One Enter, and the beginning of a line: typed in a hurry, on a slow line.
    assert_eq!(all(b"12\r3"), [&text("12")[..], &[key(KeyCode::Enter)], &text("3")].concat());
    // In several reads.
    let mut terminal = Terminal::new();
    assert_eq!(terminal.send(b"12\r1"), []);
    terminal.wait(5);
    assert_eq!(terminal.send(b"3\r14\r15"), []);
    terminal.wait(5);
    assert_eq!(terminal.send(b"\r"), []);
    assert_eq!(terminal.pause(), paste("12\r13\r14\r15\r"));
    // A key that is no text ends it.
    let mut terminal = Terminal::new();
    terminal.send(b"12\r13\r");
    assert_eq!(terminal.send(b"\x03"), [&paste("12\r13\r")[..], &[ctrl('c')]].concat());
}

#[test]
fn lines_that_come_within_milliseconds_in_reads_of_their_own_are_a_paste() {
    let lines: String = (1000..1020).map(|number| format!("{number}\r")).collect();
    for gap in [0, 1, 2, 5, 8, 20] {
        let mut terminal = Terminal::new();
        terminal.send(b"7");
        terminal.wait(500);
        let mut out = Vec::new();
        for line in lines.split_inclusive('\r') {
            out.extend(terminal.send(line.as_bytes()));
            out.extend(terminal.wait(gap));
        }
        out.extend(terminal.pause());
        assert_eq!(out, [Input::Paste(lines.clone())], "{gap} ms");
    }
    // A byte at a time: what of the first line was typed is taken back.
    for (gap, pieces) in [(0, 1), (1, 1), (2, 2), (5, 3), (7, 1)] {
        let mut terminal = Terminal::new();
        let mut out = Vec::new();
        for piece in b"911\r912\r913\r".chunks(pieces) {
            out.extend(terminal.send(piece));
            out.extend(terminal.wait(gap));
        }
        out.extend(terminal.pause());
        let first = text("911").into_iter().take(3 / pieces * pieces);
        let back = vec![key(KeyCode::Backspace); first.len()];
        assert_eq!(out, [&first.collect::<Vec<_>>()[..], &back, &[Input::Paste("911\r912\r913\r".into())]].concat());
    }
    // One that is late is no answer to the question about those before it.
    let mut terminal = Terminal::new();
    terminal.send(b"1\r2\r");
    assert_eq!(terminal.wait(200), [Input::Paste("1\r2\r".into())]);
    terminal.send(b"3\r");
    assert_eq!(terminal.wait(200), [Input::Paste("3\r".into())]);
    // An Enter that a hand presses is one.
    assert_eq!(terminal.send(b"\r"), [key(KeyCode::Enter)]);
}

#[test]
fn an_enter_of_a_hand_is_not_held_back() {
    let mut terminal = Terminal::new();
    for byte in b"12\r13\r\r7" {
        let enter = if *byte == b'\r' { key(KeyCode::Enter) } else { key(KeyCode::Char((*byte).into())) };
        assert_eq!(terminal.send(&[*byte]), [enter]);
        assert_eq!(terminal.decoder.deadline(), None);
        terminal.wait(9);
    }
    // One that an input method sends with its last syllable comes in a moment, and keys behind it are none of a paste.
    assert_eq!(terminal.send("가\r".as_bytes()), []);
    assert_eq!(terminal.wait(30), [&text("가")[..], &[key(KeyCode::Enter)]].concat());
    terminal.send(b"12");
    terminal.wait(1);
    terminal.send(b"\r");
    assert_eq!(terminal.send(b"\x1b[A"), [key(KeyCode::Enter), key(KeyCode::Up)]);
}

#[test]
fn a_paste_whose_opening_comes_in_pieces_is_a_paste() {
    for (first, gap, rest) in [
        ("\x1b", 250, "[200~701\n702\n\x1b[201~"),
        ("\x1b", 1_900, "[200~701\n702\n\x1b[201~"),
        ("\x1b[20", 900, "0~701\n702\n\x1b[201~"),
        ("\x1b[", 200, "200~701\n702\n\x1b[201~"),
        ("\x1b[200", 1_500, "~701\n702\n\x1b[201~"),
    ] {
        let mut terminal = Terminal::new();
        terminal.send(first.as_bytes());
        terminal.wait(gap);
        let out = terminal.send(rest.as_bytes());
        assert_eq!(out, [Input::Paste("701\n702\n".into())], "{first:?} {gap}");
    }
    // The text comes in a third read; and without an end.
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b");
    terminal.wait(300);
    assert_eq!(terminal.send(b"[200~"), []);
    terminal.wait(300);
    assert_eq!(terminal.send(b"711\r"), []);
    assert_eq!(terminal.pause(), [Input::Paste("711\r".into())]);
}

#[test]
fn what_stands_on_both_sides_of_a_control_is_not_joined() {
    for end in ["\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
        assert_eq!(all(format!("\x1b[200~12{end}34\x1b[201~").as_bytes()), [Input::Paste("12\n34".into())]);
    }
    for control in
        (0..0x20_u8).map(char::from).chain('\u{7f}'..'\u{a0}').filter(|c| !"\t\n\u{b}\u{c}\r\u{85}".contains(*c))
    {
        let pasted = all(format!("\x1b[200~1{control}2\x1b[201~").as_bytes());
        assert_eq!(pasted, [Input::Paste("1\u{fffd}2".into())], "{control:?}");
    }
}

#[test]
fn a_paste_with_controls_of_eight_bits_ends_where_it_ends() {
    for (begin, end) in [("\x1b[", &b"\x1b["[..]), ("\u{9b}", "\u{9b}".as_bytes()), ("\u{9b}", b"\x9b")] {
        let begin = if end == b"\x9b" { end } else { begin.as_bytes() };
        let whole = [begin, b"200~1\n2\n", end, b"201~3"].concat();
        for cut in 0..=whole.len() {
            let mut terminal = Terminal::new();
            let mut out = terminal.send(&whole[..cut]);
            out.extend(terminal.wait(140));
            out.extend(terminal.send(&whole[cut..]));
            assert_eq!(out, [&[Input::Paste("1\n2\n".into())][..], &text("3")].concat(), "{begin:?} {cut}");
        }
    }
    // Half of a character ends nothing; nor does a control of eight bits where the opening was none.
    assert_eq!(all("\u{9b}200~\u{ac1b}201~\u{9b}201~".as_bytes()), [Input::Paste("\u{ac1b}201~".into())]);
    let pasted = all("\x1b[200~1\n\u{9b}201~2\x1b[201~".as_bytes());
    assert_eq!(pasted, [Input::Paste("1\n\u{fffd}201~2".into())]);
}
