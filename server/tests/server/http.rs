//! What comes from a web page, which can make a browser send almost anything to any port: it is turned away at its
//! first line.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::json;

use crate::support::{PATIENCE, Peer, Program, server};

/// All that a server answers to this, sent in pieces of so many bytes, without its first line where that is the
/// `hello`.
fn answer_to(program: &Program, bytes: &[u8], piece: usize) -> String {
    let mut stream = TcpStream::connect(program.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in bytes.chunks(piece) {
        // It may be turned away before it has said everything.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
    }
    let answer = String::from_utf8(answer).unwrap();
    match answer.split_once('\n') {
        Some((hello, rest)) if hello.starts_with(r#"{"type":"hello""#) => rest.to_owned(),
        _ => answer,
    }
}

fn check_refused(answer: &str) {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer:?}"));
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n") && head.contains("Connection: close"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", text.len())), "{head}");
    assert_eq!(text.lines().count(), 1, "nothing follows: {text}");
}

#[test]
fn a_web_page_cannot_join_and_square() {
    let (program, _folder) = server(&[]);
    let (mut watcher, _) = Peer::join(&program, "watcher", json!({}));
    let body = "{\"type\":\"join\",\"student\":\"page\"}\n{\"type\":\"square\",\"number\":\"13\"}\n";
    let long = "x".repeat(70_000);
    for (request, piece) in [
        (format!("POST / HTTP/1.1\r\nHost: room\r\nContent-Type: text/plain\r\n\r\n{body}"), 4096),
        (format!("POST / HTTP/1.1\r\n\r\n{body}"), 1),
        (format!("\r\n\nPUT /x HTTP/1.0\n{body}"), 7),
        (format!("\u{feff}POST / HTTP/1.1\r\n\r\n{body}"), 4096),
        (format!("OPTIONS * HTTP/1.1\r\nAccess-Control-Request-Method: POST\r\n\r\n{body}"), 4096),
        (format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{body}"), 4096),
        (format!("POST /{long} HTTP/1.1\r\n\r\n{body}"), 4096),
        (format!("POST /{long} HTTP/1.1\r\n\r\n{body}"), 200_000),
    ] {
        check_refused(&answer_to(&program, request.as_bytes(), piece));
    }
    watcher.square("2", "w");
    assert_eq!(watcher.next_of("result")["seq"], 1, "nothing was squared before");
    drop(watcher);
    let (_, log) = program.stop();
    assert_eq!(log.matches("refused: a request of HTTP").count(), 8, "{log}");
}

#[test]
fn what_only_looks_like_it_is_a_mistake_like_any_other() {
    let (program, _folder) = server(&[]);
    for line in ["hello there", "GET /", "HTTP/1.1", "{\"type\":\"x\"} HTTP/1.1", "GET / HTTP"] {
        let mut peer = Peer::connect(&program);
        peer.send_raw(format!("{line}\r\n{{\"type\":\"ping\"}}\r\n").as_bytes());
        assert_eq!(peer.next()["code"], "bad_message", "{line}");
        assert_eq!(peer.next()["type"], "pong", "{line}");
        // Behind a first line it is one too.
        peer.send_raw(b"GET / HTTP/1.1\r\n{\"type\":\"ping\"}\n");
        assert_eq!(peer.next()["code"], "bad_message");
        assert_eq!(peer.next()["type"], "pong");
    }
}

#[test]
fn a_browser_at_a_server_with_tls_is_answered_too() {
    let (program, _folder) = server(&["--tls", "self"]);
    check_refused(&answer_to(&program, b"GET / HTTP/1.1\r\nHost: room\r\n\r\n", 4096));
}

#[test]
fn a_byte_order_mark_before_the_first_line_is_passed_over() {
    let (program, _folder) = server(&[]);
    for piece in [1, 2, 100] {
        let line = "\u{feff}{\"type\":\"join\",\"student\":\"a\",\"backlog\":0}\r\n\r\n{\"type\":\"leave\"}\r\n";
        let answer = answer_to(&program, line.as_bytes(), piece);
        assert!(answer.starts_with(r#"{"type":"welcome""#) && answer.contains(r#""reason":"left""#), "{answer}");
    }
}
