//! Where somebody stopped reading: the divider stands above what they missed, and nowhere else.

use super::*;

/// A room with thirty results of others.
fn room() -> Stage {
    let mut room = Stage::with(1, false);
    room.link(LinkEvent::Results((1..=30).map(|seq| result(seq, "s0", None)).collect()));
    room
}

fn has_divider(room: &Stage) -> bool {
    (0..24).any(|line| matches!(room.app.reading.feed.line(line), Some(Item::Divider)))
}

/// A square of mine, and its result.
fn square_one(room: &mut Stage, seq: u64) {
    room.enter("5");
    room.link(LinkEvent::Queued(pending("a", "5")));
    room.link(LinkEvent::Results(vec![result(seq, "me", Some("a"))]));
}

#[test]
fn who_missed_nothing_finds_no_divider_above_their_own_result() {
    let ways: [&[KeyCode]; 6] = [
        &[KeyCode::F(1), KeyCode::Esc],
        &[KeyCode::F(6), KeyCode::Esc],
        &[KeyCode::PageUp, KeyCode::End],
        &[KeyCode::PageUp, KeyCode::Esc],
        &[KeyCode::PageUp, KeyCode::PageDown],
        &[KeyCode::F(1)],
    ];
    for way in ways {
        let mut room = room();
        for &key in way {
            room.press(key);
        }
        square_one(&mut room, 31);
        assert!(room.app.reading.feed.is_following() && !has_divider(&room), "{way:?}");
    }
    let mut room = room();
    room.paste("1\n2");
    room.press(KeyCode::Esc);
    room.control('r');
    room.press(KeyCode::Esc);
    square_one(&mut room, 31);
    assert!(!has_divider(&room));
}

#[test]
fn what_was_missed_is_marked_until_somebody_looks_away_again_or_speaks() {
    let missed = |way: &[KeyCode], back: &[KeyCode]| {
        let mut room = room();
        way.iter().for_each(|key| drop(room.press(*key)));
        room.link(LinkEvent::Results(vec![result(31, "s0", None)]));
        back.iter().for_each(|key| drop(room.press(*key)));
        room
    };
    for (way, back) in [(&[KeyCode::F(1)], &[KeyCode::Esc]), (&[KeyCode::PageUp], &[KeyCode::End])] {
        let mut room = missed(way, back);
        assert!(has_divider(&room), "{way:?}");
        room.link(LinkEvent::Results(vec![result(32, "s0", None)]));
        assert!(has_divider(&room), "it stays while somebody catches up");
        square_one(&mut room, 33);
        assert!(!has_divider(&room), "who speaks has read");
    }
    let mut room = missed(&[KeyCode::F(1)], &[KeyCode::Esc]);
    room.press(KeyCode::F(1));
    room.press(KeyCode::Esc);
    assert!(!has_divider(&room), "nothing came while they looked away again");
}
