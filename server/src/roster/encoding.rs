//! A roster file's bytes as text. Only UTF-8 is read; what is something else is named, with how to save it as UTF-8.
//! Called by `roster`.

/// The text of a roster file, without a byte-order mark.
///
/// # Errors
/// What it is in place of UTF-8.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, String> {
    if let Some(what) = other_kind(bytes) {
        return Err(format!("it is {what}; save it as UTF-8, in Excel as 'CSV UTF-8'"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        let guess = if is_korean(bytes) { ", and it seems to be CP949 (EUC-KR), Excel's plain 'CSV'" } else { "" };
        format!("line {line}: it is not UTF-8{guess}; save it as UTF-8, in Excel as 'CSV UTF-8'")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("it is empty; give a header line, such as id,name, and a line for each student".to_owned());
    }
    Ok(text)
}

/// What a file is that begins so, where it is not one in UTF-8.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    const OTHERS: [(&[u8], &str); 6] = [
        (b"\xff\xfe", "in UTF-16"),
        (b"\xfe\xff", "in UTF-16"),
        (b"PK\x03\x04", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
        (b"%PDF", "a PDF"),
        (b"<", "a web page or XML, whatever its name ends with"),
    ];
    let found = OTHERS.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|&(_, what)| what);
    // Without a mark, letters of ASCII have a zero beside them.
    let zeros = bytes.iter().take(200).filter(|&&byte| byte == 0).count();
    found.or_else(|| (zeros * 4 > bytes.len().min(200)).then_some("in UTF-16"))
}

/// Whether all that is not ASCII comes in pairs, as Korean does in CP949.
fn is_korean(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        let is_pair =
            || rest.clone().next().is_some_and(|trail| matches!(trail, 0x41..=0x5a | 0x61..=0x7a | 0x81..=0xfe));
        match byte {
            0..=0x7f => {}
            0x81..=0xfe if is_pair() => drop(rest.next()),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_named() {
        let wide = |text: &str, mark: bool| -> Vec<u8> {
            let mark = mark.then_some(0xfeff);
            mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        for (bytes, why) in [
            (wide("id,name\ns1,a\n", true), "UTF-16"),
            (wide("id,name\ns1,a\n", false), "UTF-16"),
            (b"\xfe\xff\0i\0d".to_vec(), "UTF-16"),
            (
                b"\xc7\xd0\xb9\xf8,\xc0\xcc\xb8\xa7\n1,\xb1\xe8\n".to_vec(),
                "line 1: it is not UTF-8, and it seems to be CP949",
            ),
            (b"id,name\n1,Ren\xe9\n".to_vec(), "line 2: it is not UTF-8; save"),
            (b"PK\x03\x04\x14\0".to_vec(), "an Excel workbook"),
            (b"<html><table>".to_vec(), "a web page"),
            (b"".to_vec(), "it is empty"),
            (b"\xef\xbb\xbf \r\n\n".to_vec(), "it is empty"),
        ] {
            let error = text_of(&bytes).expect_err(why);
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(text_of(b"\xef\xbb\xbfid\n"), Ok("id\n"));
    }
}
