//! The mouse, in the forms that terminals have for it. Pure; called by `meaning`.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// SGR's form, `ESC [ < button ; column ; row M`, or `m` where a button goes up; and urxvt's, which has no `<` and
/// counts buttons from 32.
pub(super) fn with_numbers(body: &[u8], last: u8) -> Option<MouseEvent> {
    let (body, offset) = match body {
        [b'<', body @ ..] => (body, 0),
        body => (body, 32),
    };
    let mut numbers = std::str::from_utf8(body).ok()?.split(';').map(|number| number.parse::<u32>().ok());
    let button = numbers.next()??.checked_sub(offset)?;
    let (column, row) = (numbers.next()??, numbers.next()??);
    let mouse = event(button, column, row)?;
    let kind = match mouse.kind {
        MouseEventKind::Down(button) if last == b'm' => MouseEventKind::Up(button),
        kind => kind,
    };
    Some(MouseEvent { kind, ..mouse })
}

/// X10's form: each of the three is a byte that counts from 32.
pub(super) fn x10([button, column, row]: [u8; 3]) -> Option<MouseEvent> {
    let number = |byte: u8| u32::from(byte).checked_sub(32);
    event(number(button)?, number(column)?, number(row)?)
}

/// Columns and rows count from 1; some terminals say 0 beyond the edge.
fn event(bits: u32, column: u32, row: u32) -> Option<MouseEvent> {
    let cell = |number: u32| u16::try_from(number.saturating_sub(1)).ok();
    let (moves, number) = (bits & 32 != 0, bits & 3 | (bits & 0xc0) >> 4);
    let button = match number {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (number, moves) {
        (0..=2, false) => MouseEventKind::Down(button),
        (0..=2, true) => MouseEventKind::Drag(button),
        (3, false) => MouseEventKind::Up(MouseButton::Left),
        (3..=5, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, bits & 4 != 0);
    modifiers.set(KeyModifiers::ALT, bits & 8 != 0);
    modifiers.set(KeyModifiers::CONTROL, bits & 16 != 0);
    Some(MouseEvent { kind, column: cell(column)?, row: cell(row)?, modifiers })
}
