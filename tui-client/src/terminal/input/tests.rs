//! What every terminal may send, whole, in pieces, late and cut short.

mod pastes;
mod reports;

use crossterm::event::{KeyEventKind, MouseButton, MouseEventKind};
use proptest::prelude::*;

use super::*;
use reports::REPORTS;

/// A decoder with a clock of its own.
struct Terminal {
    decoder: Decoder,
    now: Instant,
}

impl Terminal {
    fn new() -> Self {
        Self { decoder: Decoder::default(), now: Instant::now() }
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.decoder.feed(bytes, self.now)
    }

    /// Nothing comes for so long.
    fn wait(&mut self, milliseconds: u64) -> Vec<Input> {
        let end = self.now + Duration::from_millis(milliseconds);
        let mut out = Vec::new();
        while let Some(deadline) = self.decoder.deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline.max(self.now);
            out.extend(self.decoder.timeout(self.now));
        }
        self.now = end;
        out
    }

    /// Nothing comes until everything that was begun is over.
    fn pause(&mut self) -> Vec<Input> {
        self.wait(10_000)
    }

    /// Whether keys arrive as themselves.
    fn assert_alive(&mut self, behind: &[u8]) {
        assert_eq!(self.send(b"a"), [key(KeyCode::Char('a'))], "behind {behind:?}");
        assert_eq!(self.send(b"\x03"), [ctrl('c')], "behind {behind:?}");
    }
}

fn key(code: KeyCode) -> Input {
    Input::Key(code.into())
}

fn held(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

fn ctrl(c: char) -> Input {
    held(KeyCode::Char(c), KeyModifiers::CONTROL)
}

fn alt(c: char) -> Input {
    held(KeyCode::Char(c), KeyModifiers::ALT)
}

/// Characters as they are typed.
fn text(text: &str) -> Vec<Input> {
    text.chars().map(|c| Input::Key(keys::typed(c))).collect()
}

fn all(bytes: &[u8]) -> Vec<Input> {
    let mut terminal = Terminal::new();
    let mut out = terminal.send(bytes);
    out.extend(terminal.pause());
    out
}

#[test]
fn what_is_typed_behind_esc_is_typed() {
    let mut terminal = Terminal::new();
    terminal.send(b"\x1b");
    terminal.wait(40);
    assert_eq!(terminal.send(b"1"), [key(KeyCode::Esc), key(KeyCode::Char('1'))]);
    terminal.send(b"\x1b");
    terminal.wait(40);
    assert_eq!(terminal.send("가".as_bytes()), [&[key(KeyCode::Esc)][..], &text("가")].concat());
    terminal.send(b"\x1b");
    terminal.wait(40);
    assert_eq!(terminal.send(b"\x1b"), [key(KeyCode::Esc)]);
    assert_eq!(terminal.wait(200), [key(KeyCode::Esc)]);
    // A bracket soon behind it waits a moment, and is typed.
    assert_eq!(terminal.send(b"["), []);
    assert_eq!(terminal.wait(40), text("["));
    terminal.send(b"\x1b");
    terminal.wait(200);
    assert_eq!(terminal.send(b"O"), text("O"));
    assert_eq!(terminal.send(b"]"), text("]"));
    terminal.send(b"\x1b");
    terminal.wait(200);
    terminal.send(b"12\r");
    assert_eq!(terminal.wait(30), [&text("12")[..], &[key(KeyCode::Enter)]].concat());
}

#[test]
fn esc_and_a_key_in_one_read_are_alt_and_that_key() {
    for c in ['b', 'f', 'd', 'y', '<', '>', '.', '/', '1', ' '] {
        assert_eq!(all(format!("\x1b{c}").as_bytes()), [alt(c)], "{c}");
    }
    assert_eq!(all("\x1b가".as_bytes()), [alt('가')]);
    assert_eq!(all(b"\x1b\x7f"), [held(KeyCode::Backspace, KeyModifiers::ALT)]);
    assert_eq!(all(b"\x1b\r"), [held(KeyCode::Enter, KeyModifiers::ALT)]);
    assert_eq!(all(b"\x1bB"), [held(KeyCode::Char('B'), KeyModifiers::ALT | KeyModifiers::SHIFT)]);
    assert_eq!(all(b"\x1b["), [alt('[')]);
    assert_eq!(all(b"\x1b]"), [alt(']')]);
    assert_eq!(all(b"\x1b\x1b\x1b"), vec![key(KeyCode::Esc); 3]);
    assert_eq!(all(b"\x1b\x1b[A"), [held(KeyCode::Up, KeyModifiers::ALT)]);
    assert_eq!(all(b"\x1b\x03"), [ctrl('c')]);
    let mut slow = Terminal::new();
    slow.send(b"\x1b");
    slow.wait(2);
    assert_eq!(slow.send(b"b"), [alt('b')]);
}

#[test]
fn every_key_is_known_in_every_form_that_terminals_have_for_it() {
    use KeyCode as K;
    const NONE: KeyModifiers = KeyModifiers::NONE;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    const ALT: KeyModifiers = KeyModifiers::ALT;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;
    let check = |bytes: &str, code: KeyCode, modifiers: KeyModifiers| {
        assert_eq!(all(bytes.as_bytes()), [held(code, modifiers)], "{bytes:?}");
    };
    for (last, code) in [('A', K::Up), ('B', K::Down), ('C', K::Right), ('D', K::Left), ('H', K::Home), ('F', K::End)] {
        check(&format!("\x1b[{last}"), code, NONE);
        check(&format!("\x1bO{last}"), code, NONE);
        check(&format!("\x1b[1;2{last}"), code, SHIFT);
        check(&format!("\x1b[1;3{last}"), code, ALT);
        check(&format!("\x1b[1;5{last}"), code, CTRL);
        check(&format!("\x1b[1;6{last}"), code, CTRL | SHIFT);
        check(&format!("\x1b[1;1:1{last}"), code, NONE);
        check(&format!("\x1b[5{last}"), code, CTRL);
        check(&format!("\x1bO5{last}"), code, CTRL);
        check(&format!("\x1bO1;5{last}"), code, CTRL);
        check(&format!("\u{9b}{last}"), code, NONE);
        check(&format!("\u{8f}{last}"), code, NONE);
    }
    for (last, code) in [('a', K::Up), ('b', K::Down), ('c', K::Right), ('d', K::Left)] {
        check(&format!("\x1b[{last}"), code, SHIFT);
        check(&format!("\x1bO{last}"), code, CTRL);
    }
    for (number, code) in [
        (1, K::Home),
        (2, K::Insert),
        (3, K::Delete),
        (4, K::End),
        (5, K::PageUp),
        (6, K::PageDown),
        (7, K::Home),
        (8, K::End),
        (11, K::F(1)),
        (15, K::F(5)),
        (17, K::F(6)),
        (21, K::F(10)),
        (23, K::F(11)),
        (24, K::F(12)),
        (28, K::F(15)),
        (34, K::F(20)),
    ] {
        check(&format!("\x1b[{number}~"), code, NONE);
        check(&format!("\x1b[{number};3~"), code, ALT);
        check(&format!("\x1b[{number};5~"), code, CTRL);
        check(&format!("\x1b[{number}^"), code, CTRL);
        check(&format!("\x1b[{number}$"), code, SHIFT);
        check(&format!("\x1b[{number}@"), code, CTRL | SHIFT);
    }
    for number in 0..4_u8 {
        let last = char::from(b'P' + number);
        check(&format!("\x1bO{last}"), K::F(number + 1), NONE);
        if last != 'R' {
            check(&format!("\x1b[1;2{last}"), K::F(number + 1), SHIFT);
            check(&format!("\x1b[{last}"), K::F(number + 1), NONE);
        }
    }
    for number in 0..5_u8 {
        check(&format!("\x1b[[{}", char::from(b'A' + number)), K::F(number + 1), NONE);
    }
    check("\x1b[Z", K::BackTab, SHIFT);
    check("\x1b[127;5u", K::Backspace, CTRL);
    check("\x1b[27u", K::Esc, NONE);
    check("\x1b[13;2u", K::Enter, SHIFT);
    check("\x1b[9;2u", K::BackTab, SHIFT);
    check("\x1b[97;5u", K::Char('a'), CTRL);
    check("\x1b[99;5:1u", K::Char('c'), CTRL);
    check("\x1b[97;3u", K::Char('a'), ALT);
    check("\x1b[97:65;2u", K::Char('A'), SHIFT);
    check("\x1b[49:33;2u", K::Char('!'), SHIFT);
    check("\x1b[97;2;65u", K::Char('A'), SHIFT);
    check("\x1b[0;;44032u", K::Char('가'), NONE);
    check("\x1b[57399u", K::Char('0'), NONE);
    check("\x1b[57414u", K::Enter, NONE);
    check("\x1b[57421;5u", K::PageUp, CTRL);
    check("\x1b[27;5;99~", K::Char('c'), CTRL);
    check("\x1b[27;2;13~", K::Enter, SHIFT);
    check("\x1b[27;3;98~", K::Char('b'), ALT);
    assert_eq!(all(b"\x1b[57441u"), [], "a Shift alone");
    assert_eq!(all(b"\x1b[97;9u"), [], "what the desktop has");
    let Some(Input::Key(up)) = all(b"\x1b[97;1:3u").pop() else { panic!("no key") };
    assert_eq!((up.code, up.kind), (K::Char('a'), KeyEventKind::Release));
}

#[test]
fn the_keypad_in_application_mode_types() {
    let typed: Vec<Input> = b"pqrstuvwxyjklmnoX ".iter().flat_map(|key| all(&[ESC, b'O', *key])).collect();
    assert_eq!(typed, text("0123456789*+,-./= "));
    assert_eq!(all(b"\x1bOM"), [key(KeyCode::Enter)]);
}

#[test]
fn the_mouse_is_read_in_every_form_and_never_types() {
    let wheel = |column, row| {
        let kind = MouseEventKind::ScrollUp;
        vec![Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })]
    };
    assert_eq!(all(b"\x1b[<64;10;5M"), wheel(9, 4));
    assert_eq!(all(b"\x1b[96;10;5M"), wheel(9, 4));
    assert_eq!(all(b"\x1b[M`*%"), wheel(9, 4));
    assert_eq!(all(b"\x1b[M`\xe0\xff"), wheel(191, 222));
    assert_eq!(all(b"\x1b[<64;0;0M"), wheel(0, 0));
    assert_eq!(all(b"\x1b[M`  "), wheel(0, 0));
    assert_eq!(all(b"\x1b[<64;65536;1M"), wheel(65535, 0));
    let up = MouseEventKind::Up(MouseButton::Left);
    let released = MouseEvent { kind: up, column: 0, row: 0, modifiers: KeyModifiers::CONTROL };
    assert_eq!(all(b"\x1b[<16;1;1m"), [Input::Mouse(released)]);
    for nothing in [
        &b"\x1b[<64;65537;1M"[..],
        b"\x1b[<0;1M",
        b"\x1b[<;;M",
        b"\x1b[<-1;1;1M",
        b"\x1b[<99999999999;1;1M",
        b"\x1b[<255;1;1M",
        b"\x1b[0;0M",
        b"\x1b[3;1;1M",
        b"\x1b[M\x20\x20\x1b[M\x20",
        b"\x1b[1;2;3;4m",
        b"\x1b[<35;10;1",
    ] {
        assert!(!all(nothing).iter().any(|input| matches!(input, Input::Key(_))), "{nothing:?}");
    }
}

#[test]
fn broken_characters_are_dropped_and_hangul_is_no_control() {
    for hangul in ["가나다", "ㄱㅏ", "각늤됀", "\u{ac1b}", "\u{c69b}\u{b29d}\u{d7a3}"] {
        assert_eq!(all(hangul.as_bytes()), text(hangul), "{hangul}");
        let mut terminal = Terminal::new();
        let mut out = Vec::new();
        for byte in hangul.bytes() {
            out.extend(terminal.send(&[byte]));
            out.extend(terminal.wait(100));
        }
        assert_eq!(out, text(hangul), "{hangul}");
    }
    for broken in [
        &b"\x80"[..],
        b"\xff\xfe",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xea\xb0",
        b"\xea",
        b"\x9d\x9d",
        b"\x90\x98\x9e\x9f",
        b"\xb0\xa1\xb3\xaa",
        b"\xf5\x80\x80\x80",
    ] {
        assert_eq!(all(&[broken, b"12"].concat()), text("12"), "{broken:?}");
        let mut terminal = Terminal::new();
        terminal.send(broken);
        assert_eq!(terminal.send(b"\x03"), [ctrl('c')], "{broken:?}");
    }
    // With eight bits, as some program before may have set it.
    assert_eq!(all(b"\x9bA\x8fB"), [key(KeyCode::Up), key(KeyCode::Down)]);
}

#[test]
fn while_nothing_is_held_back_there_is_no_deadline() {
    let mut terminal = Terminal::new();
    assert_eq!(terminal.decoder.deadline(), None);
    terminal.send(b"12\r\x1b[A\x1b[?997;1n\x1b[200~x\x1b[201~");
    assert_eq!(terminal.decoder.deadline(), None);
    terminal.send(b"\x1b");
    assert!(terminal.decoder.deadline().is_some());
    terminal.pause();
    assert_eq!(terminal.decoder.deadline(), None);
}

/// Bytes that are likely to begin, break and end something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(&b"\x1b[]OP_^X;:<?$~MmRu\x07\\0129\r\n"[..]).prop_map(|byte| vec![byte]),
        prop::sample::select(REPORTS).prop_map(<[u8]>::to_vec),
        prop::sample::select(&["\x1b[200~", "\x1b[201~", "가", "\x1b\\", "\u{9b}", "\x1b[M", "\x1b[[", "\x1b\x1b"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_keeps_the_keyboard(pieces in prop::collection::vec((bytes(), 0_u64..700), 0..8)) {
        let mut terminal = Terminal::new();
        for (bytes, gap) in &pieces {
            for input in terminal.send(bytes) {
                if let Input::Key(KeyEvent { code: KeyCode::Char(c), .. }) = input {
                    prop_assert!(!c.is_control());
                }
            }
            terminal.wait(*gap);
        }
        terminal.pause();
        prop_assert!(terminal.decoder.held.len() <= LONGEST + 1);
        terminal.assert_alive(b"");
        prop_assert_eq!(terminal.decoder.deadline(), None);
    }

    #[test]
    fn reports_among_keys_take_none_and_add_none(
        parts in prop::collection::vec((prop::sample::select(REPORTS), "[0-9가나]{0,3}"), 1..6),
        cuts in prop::collection::vec(1_usize..9, 1..40),
    ) {
        let all: Vec<u8> =
            parts.iter().flat_map(|(report, keys)| [keys.as_bytes(), report].concat()).collect();
        let expected: String = parts.iter().map(|(_, keys)| keys.as_str()).collect();
        let mut terminal = Terminal::new();
        let (mut rest, mut out) = (&all[..], Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            out.extend(terminal.send(piece));
            out.extend(terminal.wait(1));
            rest = behind;
        }
        out.extend(terminal.pause());
        prop_assert_eq!(out, text(&expected));
    }
}
