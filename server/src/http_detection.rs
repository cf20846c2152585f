//! HTTP requests at the wrong port: a browser sends what any page asks it to, and without this check a form's text
//! could join and square behind the head of its request. `session` checks the first line of each connection, and `wire`
//! answers a browser that does not speak TLS; nothing behind such a line is read.

/// What a browser shows, or a script reads.
const SENTENCE: &str = "This is a Squares server, and it speaks no HTTP; connect with the program squares.\n";

/// Whether a connection begins with an HTTP request. `begin` is its first line, or the beginning of one that is longer
/// than a line may be.
pub(crate) fn is_request(begin: &[u8]) -> bool {
    // HTTP skips leading empty lines.
    let blank = begin.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let begin = &begin[blank..];
    let end = begin.iter().position(|&byte| byte == b'\n');
    let (line, is_whole) = (&begin[..end.unwrap_or(begin.len())], end.is_some());
    let Some(space) = line.iter().position(|&byte| is_blank(byte)) else { return false };
    let (method, rest) = (&line[..space], &line[space + 1..]);
    if method.is_empty() || !method.iter().all(|&byte| is_of_a_token(byte)) {
        return false;
    }
    // The version is at the end; a line cut short is recognised by its target.
    let targets = [&b"/"[..], b"*", b"http:", b"https:"];
    if is_whole { ends_with_version(rest) } else { targets.iter().any(|target| rest.starts_with(target)) }
}

/// The characters of a method (RFC 9110, section 5.6.2).
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the line's last word is `HTTP/` and a version.
fn ends_with_version(line: &[u8]) -> bool {
    let word = line.trim_ascii_end().rsplit(|&byte| is_blank(byte)).next().unwrap_or_default();
    let version = word.split_at_checked(b"HTTP/".len());
    version.is_some_and(|(name, version)| {
        name.eq_ignore_ascii_case(b"HTTP/") && version.first().is_some_and(u8::is_ascii_digit)
    })
}

/// What separates the words of a request: a space, or what servers accept in its place.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The answer to such a request, after which the connection closes.
pub(crate) fn refusal() -> String {
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{SENTENCE}",
        SENTENCE.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_http_are_told_from_lines_of_ours() {
        for http in [
            "GET / HTTP/1.1\r\n",
            "POST /x?y=z HTTP/1.0\n{\"type\":\"join\"",
            "\r\n\r\nPUT /a b HTTP/1.1 \r\n",
            "OPTIONS * HTTP/1.1\n",
            "CONNECT room:7878 HTTP/1.1\r\n",
            "GET http://room:7878/ HTTP/1.1\r\n",
            "M-SEARCH * HTTP/1.1\r\n",
            "PRI * HTTP/2.0\r\n",
            "x / HTTP/1.9\n",
            "get\t/\thttp/1.1\r\n",
            "GET  / HTTP/1.1\t \r\n",
            "GET / HTTP/11.22\n",
        ] {
            assert!(is_request(http.as_bytes()), "{http:?}");
        }
        for ours in [
            "",
            "\n",
            "{\"type\":\"ping\"}\n",
            "hello there\n",
            "GET /\n",
            " GET / HTTP/1.1\n",
            "{} HTTP/1.1\n",
            "HTTP/1.1\n",
            "a HTTP\n",
            "a HTTP/x\n",
        ] {
            assert!(!is_request(ours.as_bytes()), "{ours:?}");
        }
        let long = "a".repeat(70_000);
        assert!(is_request(format!("POST /{long}").as_bytes()) && is_request(format!("GET https://{long}").as_bytes()));
        assert!(!is_request(format!("{{\"x\":\"{long}").as_bytes()) && !is_request(long.as_bytes()));
        assert!(!is_request(format!("{long} HTTP/1.1 {long}").as_bytes()));
    }

    #[test]
    fn the_answer_has_the_length_that_it_says() {
        let refusal = refusal();
        let (head, text) = refusal.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 400 Bad Request\r\n") && head.contains(&format!("Length: {}\r\n", text.len()))
        );
        assert_eq!(text.lines().count(), 1);
    }
}
