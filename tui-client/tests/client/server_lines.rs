//! Whatever a server says, the client goes on: made-up and damaged lines of the protocol into the real link, which
//! answers with a loss and another try at the most.

use crate::support::client::Client;
use crate::support::{Fake, Home};
use proptest::prelude::*;
use squares::event::LinkEvent;

const LINES: [&str; 10] = [
    r#"{"type":"result","seq":7,"at":"2026-01-02T03:04:05.678Z","student":"s2","name":"가람","number":"12","square":"144","id":"x"}"#,
    r#"{"type":"presence","count":2,"joined":[{"id":"s2","name":"가람","sessions":1}],"left":["s3"]}"#,
    r#"{"type":"online","count":2,"students":[{"id":"s1","name":"s1","sessions":1}]}"#,
    r#"{"type":"history","results":[],"more":false,"student":null}"#,
    r#"{"type":"pong","at":"2026-01-02T03:04:05.678Z"}"#,
    r#"{"type":"error","code":"rate_limited","message":"Too fast.","id":"x","retry_after_ms":5}"#,
    r#"{"type":"welcome","student":{"id":"s1","name":"s1","department":null},"online":{"count":1,"students":[]},"latest":9,"replay_after":0}"#,
    r#"{"type":"hello","protocol":1,"server":"s","auth":"open","log":"other","latest":3,"limits":{"line":9,"digits":1,"rate":0,"burst":0}}"#,
    r#"{"type":"something new","field":[1,2,{"three":null}]}"#,
    r#"{"type":"bye","reason":"shutdown"}"#,
];

/// A line as it stands, with a piece of it changed, or of bytes without sense.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = || prop::sample::select(LINES.to_vec()).prop_map(|line| line.as_bytes().to_vec());
    let junk = || {
        prop_oneof![
            "[-0-9e.,:\\[\\]{}\"\u{1b}\u{202e}가]{0,6}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..6)
        ]
    };
    let damaged = (known(), any::<prop::sample::Index>(), 0_usize..8, junk()).prop_map(|(mut line, at, cut, junk)| {
        let at = at.index(line.len());
        let end = (at + cut).min(line.len());
        line.splice(at..end, junk);
        line
    });
    prop_oneof![3 => known(), 6 => damaged, 1 => prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_of_a_server_ends_the_client(lines in prop::collection::vec(line(), 1..20)) {
        let (fake, home) = (Fake::listen(), Home::new());
        let mut client = Client::at(&home, &fake.address());
        client.join("s1");
        let (mut peer, _) = fake.let_in(0);
        for line in &lines {
            peer.say_bytes(line);
        }
        peer.hang_up();
        // It comes to the loss of this connection, and leaves in order.
        client.until(|event| matches!(event, LinkEvent::Disconnected { .. }).then_some(()));
        client.leave();
    }
}
