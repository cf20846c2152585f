//! What an export that was killed leaves on the disk, and what becomes of it.

use serde_json::json;

use crate::support::{Fake, Home, fake, pty::Pty};

#[test]
fn what_a_killed_export_left_goes_with_the_next_one() {
    let (fake, home) = (Fake::listen(), Home::new());
    let folder = home.path().join("out");
    std::fs::create_dir(&folder).unwrap();
    let names = || {
        let files = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let begin = || {
        let mut pty = Pty::start(&home, &["--server", &fake.address(), "--student", "s1"]);
        let mut peer = fake.accept();
        peer.hello("log", 3);
        peer.hear_type("join");
        peer.welcome_behind("s1", 0, 3);
        for seq in 1..=3 {
            peer.result(seq, "s2", &seq.to_string(), None);
        }
        pty.until_shows("3² = 9");
        // One that was killed may have left the line that it had just entered.
        pty.type_text("\x15");
        pty.type_text(&format!("/export {}\r", folder.join("r.csv").display()));
        assert_eq!(peer.hear_type("history")["limit"], 500);
        (pty, peer)
    };
    let (mut pty, _peer) = begin();
    pty.kill();
    assert!(matches!(&names()[..], [part] if part.starts_with(".squares-export.")), "{:?}", names());
    let (pty, mut peer) = begin();
    assert!(matches!(&names()[..], [part] if part.starts_with(".squares-export.")), "{:?}", names());
    let results: Vec<_> = (1..=3).map(|seq: u64| fake::result(seq, "s2", &seq.to_string(), None)).collect();
    peer.say(&json!({"type": "history", "results": results, "more": false, "student": null}));
    pty.until_shows("3 results in");
    assert_eq!(names(), ["r.csv"]);
}
