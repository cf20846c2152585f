//! Bytes to lines: however they are cut on their way, the lines are the same, and no more than one of them is held.

use squares_shared::line::{Line, LineReader};

/// Reads `data` behind its first two bytes, which say how long a line may be and how the rest is cut.
pub fn check(data: &[u8]) {
    let &[limit, cuts, ref input @ ..] = data else { return };
    let limit = usize::from(limit);
    let mut reader = LineReader::new(limit);
    let mut taken = Vec::new();
    let (mut rest, mut cut) = (input, u32::from(cuts) + 1);
    while !rest.is_empty() {
        cut = cut.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, behind) = rest.split_at((cut >> 24) as usize % rest.len().min(64) + 1);
        reader.push(piece);
        loop {
            let announced = reader.has_line();
            let line = reader.next_line().map(|line| match line {
                Line::Whole(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
            // An empty line is announced and passed over; nothing else is, and nothing comes unannounced.
            assert!(announced || line.is_none());
            let Some(line) = line else { break };
            taken.push(line);
        }
        assert!(reader.held() <= limit + 1, "held {} of a limit of {limit}", reader.held());
        rest = behind;
    }
    assert_eq!(taken, by_the_rule(limit, input));
}

/// The rule itself, on everything at once: cut at `\n`, drop one `\r`, pass over what is empty, compare with the limit.
fn by_the_rule(limit: usize, input: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut lines: Vec<&[u8]> = input.split(|&byte| byte == b'\n').collect();
    let unfinished = lines.pop().unwrap_or_default();
    let lines = lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.is_empty());
    let mut taken: Vec<_> = lines.map(|line| (line.len() <= limit).then(|| line.to_vec())).collect();
    let might_end_here = unfinished.len() == limit + 1 && unfinished.ends_with(b"\r");
    if unfinished.len() > limit && !might_end_here {
        taken.push(None);
    }
    taken
}
