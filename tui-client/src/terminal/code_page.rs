//! Whether the console of Windows draws lines and `…` two cells wide, as its fonts for Chinese, Japanese and Korean
//! code pages do: then the screen is drawn with ASCII. Windows Terminal has such fonts no more. Called by `main`.

/// Whether this program's console does; `variable` gives what the environment has.
#[must_use]
pub fn draws_wide(variable: &impl Fn(&str) -> String) -> bool {
    cfg!(windows) && variable("WT_SESSION").is_empty() && answer(&variable("SystemRoot")).is_some_and(|it| is_wide(&it))
}

/// What the system's program answers that names the console's code page. The function for it is unsafe to call.
fn answer(system_root: &str) -> Option<Vec<u8>> {
    use std::process::{Command, Stdio};
    let program = std::path::Path::new(system_root).join("System32").join("chcp.com");
    let asked = Command::new(program).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    Some(asked.stdout)
}

/// Whether such an answer, in whichever language, ends in the number of such a code page.
fn is_wide(answer: &[u8]) -> bool {
    let end = answer.iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    let begin = answer[..end].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |before| before + 1);
    matches!(&answer[begin..end], b"932" | b"936" | b"949" | b"950" | b"1361" | b"54936")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_page_of_wide_fonts_is_known_in_any_language() {
        let korean = [&b"\xc8\xb0\xbc\xba \xc4\xda\xb5\xe5 \xc6\xe4\xc0\xcc\xc1\xf6: 949\r\n"[..]];
        for wide in korean.into_iter().chain([&b"Active code page: 949\r\n"[..], b"950", b"Aktive Codepage: 932."]) {
            assert!(is_wide(wide), "{wide:?}");
        }
        for other in [&b"Active code page: 65001\r\n"[..], b"Active code page: 437", b"", b"no number", b"1949"] {
            assert!(!is_wide(other), "{other:?}");
        }
    }
}
