//! Keys on a line as before / keys / after, and properties over any of them.

use proptest::prelude::*;

use super::*;

/// A text with its caret as `|`.
fn line(picture: &str) -> LineEditor {
    let caret = picture.find('|').expect("the picture has a caret");
    let mut line = LineEditor::new(&picture.replace('|', ""));
    line.caret = caret;
    line
}

fn picture(line: &LineEditor) -> String {
    let (before, behind) = line.text.split_at(line.caret);
    format!("{before}|{behind}")
}

/// `C-` and `M-` before a key's name, or the characters themselves.
pub(crate) fn keys(names: &str) -> Vec<KeyEvent> {
    names
        .split(' ')
        .map(|name| {
            let (modifiers, name) = match name.split_once('-') {
                Some(("C", rest)) => (KeyModifiers::CONTROL, rest),
                Some(("M", rest)) => (KeyModifiers::ALT, rest),
                _ => (KeyModifiers::NONE, name),
            };
            let code = match name {
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "home" => KeyCode::Home,
                "end" => KeyCode::End,
                "back" => KeyCode::Backspace,
                "del" => KeyCode::Delete,
                name => KeyCode::Char(name.chars().next().expect("a key has a name")),
            };
            KeyEvent::new(code, modifiers)
        })
        .collect()
}

fn check(before: &str, names: &str, after: &str) {
    let mut line = line(before);
    for key in keys(names) {
        assert_ne!(line.key(key, &Keymap::default()), Edit::NotMine, "{names}");
    }
    assert_eq!(picture(&line), after, "{before} {names}");
}

#[test]
fn keys_do_what_readline_does() {
    check("12|", "3 4", "1234|");
    check("12|34", "left 5 right", "152|34");
    check("12|34", "C-a 0 C-e 5", "012345|");
    check("12|34", "home x end y", "x1234y|");
    check("12|34", "C-b C-f C-f", "123|4");
    check("12|34", "back", "1|34");
    check("12|34", "C-h C-h C-h", "|34");
    check("12|34", "C-d", "12|4");
    check("12|34", "del del del", "12|");
    check("12|34", "C-k", "12|");
    check("12|34", "C-u", "|34");
    check("12|34", "C-u C-e C-y", "3412|");
    check("12|34", "C-t", "132|4");
    check("1234|", "C-t", "1243|");
    check("|1234", "C-t", "|1234");
    check("one 2.5|", "M-b", "one 2.|5");
    check("one 2.5|", "C-w", "one |");
    check("one 2.5|", "M-back", "one 2.|");
    check("one two |", "C-w", "one |");
    check("|one two", "M-f", "one| two");
    check("|one two", "M-d", "| two");
    check("|one two", "M-d M-d C-y C-y", "one twoone two|");
    check("one two|", "C-w C-w C-y", "one two|");
    check("one two|", "C-left C-left C-right", "one| two");
}

#[test]
fn what_was_cut_earlier_can_be_put_back_too() {
    check("1 2|", "C-w back C-w C-y M-y", "2|");
    check("1 2|", "C-w back C-w C-y M-y M-y", "1|");
    check("1 2|", "C-w M-y", "1 |");
}

#[test]
fn changes_are_undone_one_by_one_and_what_was_typed_in_one_go_at_once() {
    check("12|", "3 4 C-_", "12|");
    check("12|", "3 left 4 C-_", "12|3");
    check("12|", "3 left 4 C-_ C-_", "12|");
    check("1234|", "back back C-_", "1234|");
    check("one two|", "C-w C-w C-_", "one |");
    check("one two|", "C-u C-_ C-_ C-_", "one two|");
    check("12|", "C-t C-_", "12|");
    check("|", "C-k 7 C-k C-y C-_", "|");
    let mut line = LineEditor::new("12");
    line.set("345");
    line.act(Action::Undo);
    assert_eq!(picture(&line), "12|", "a line called back is undone too");
    line.take();
    line.act(Action::Undo);
    assert_eq!(picture(&line), "|", "what was entered is over");
}

#[test]
fn the_caret_steps_over_whole_graphemes() {
    check("가나|다", "back", "가|다");
    check("가|나다", "right", "가나|다");
    check("|e\u{302}\u{323}x", "right", "ệ|x");
}

#[test]
fn what_is_typed_decomposed_is_composed() {
    check("|", "ᄀ ᅡ ᆨ", "각|");
    check("e|x", "\u{301}", "é|x");
    let mut line = LineEditor::default();
    assert_eq!(line.insert("\u{1100}\u{1161}\t\u{1102}\u{1161}"), Edit::Changed);
    assert_eq!(line.text(), "가 나");
}

#[test]
fn keys_of_others_are_left_to_them() {
    let mut line = line("12|");
    for key in [KeyCode::Up, KeyCode::Enter, KeyCode::PageUp, KeyCode::F(1), KeyCode::Tab] {
        assert_eq!(line.key(KeyEvent::new(key, KeyModifiers::NONE), &Keymap::default()), Edit::NotMine);
    }
    for name in ["C-c", "C-l", "C-z", "C-home", "M-x"] {
        assert_eq!(line.key(keys(name)[0], &Keymap::default()), Edit::NotMine, "{name}");
    }
}

#[test]
fn what_does_not_fit_is_not_taken_in_at_all() {
    let mut line = LineEditor::new("12");
    assert_eq!(line.insert(&"3".repeat(MAX_BYTES)), Edit::Full);
    assert_eq!(line.text(), "12");
}

#[test]
fn the_caret_is_always_visible() {
    let mut line = LineEditor::new("1234567890");
    line.reveal(5);
    assert_eq!(line.visible(5), ("7890", 4));
    line.key(keys("C-a")[0], &Keymap::default());
    line.reveal(5);
    assert_eq!(line.visible(5), ("12345", 0));
    line.reveal(20);
    assert_eq!(line.visible(20), ("1234567890", 0));
}

proptest! {
        #[test]
        fn no_keys_break_a_line(start in "[0-9가-각\u{1100}\u{1161}\u{11a8}e\u{301}👨\u{200d} ]{0,8}",
                                steps in prop::collection::vec(0_usize..27, 0..30), cells in 0_usize..12) {
            let names = "left right C-a C-e C-b C-f back C-h del C-d C-u C-k C-w C-y C-t M-b M-f M-d M-back C-left 가 \u{1161} \u{301} 7 C-_ M-y C-_";
            let all = keys(names);
            let mut line = LineEditor::new(&start);
            let keymap = Keymap::default();
            for step in steps {
                line.key(all[step], &keymap);
                line.reveal(cells);
                let (shown, caret) = line.visible(cells);
                prop_assert!(text::width(shown) <= cells);
                prop_assert!(caret < cells.max(1) || cells < 3, "{caret} of {cells}");
prop_assert!(line.text.is_char_boundary(line.caret));
            }
        }
    }
