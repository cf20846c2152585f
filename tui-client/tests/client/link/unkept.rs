//! What waits for its answer while the disk takes nothing, or while nobody answers.

use squares::event::LinkEvent;
use squares::link::LinkOptions;

use super::hosting::free_address;
use super::outbox_files;
use crate::support::client::{Client, options};
use crate::support::{Fake, Home};

#[test]
fn where_nothing_can_be_kept_squares_are_sent_all_the_same_and_again_after_a_loss() {
    let (fake, home) = (Fake::listen(), Home::new());
    std::fs::create_dir_all(home.state()).unwrap();
    std::fs::write(home.outbox(), "in the way").unwrap();
    let mut client = Client::at(&home, &fake.address());
    client.square("0");
    let given_back = |event| if let LinkEvent::NotQueued { number, .. } = event { Some(number) } else { None };
    assert_eq!(client.until(given_back), "0", "nobody has joined");
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    let unkept = client.until(|event| if let LinkEvent::Unkept(unkept) = event { Some(unkept) } else { None });
    assert_eq!(unkept.folder, Some(home.outbox()));
    client.square("12");
    assert_eq!(client.until_queued().number, "12");
    let sent = peer.hear_type("square");
    drop(peer);
    let (mut peer, _) = fake.let_in(0);
    client.square("13");
    let again = [peer.hear_type("square"), peer.hear_type("square")];
    assert_eq!(again[0], sent, "under the same name");
    // The disk takes files again: whatever has no answer is kept.
    std::fs::remove_file(home.outbox()).unwrap();
    client.square("14");
    assert_eq!(peer.hear_type("square")["number"], "14");
    peer.result(1, "s1", "12", sent["id"].as_str());
    client.results(1);
    client.leave();
    let kept: String = outbox_files(&home).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(kept.contains("\"13\"") && kept.contains("\"14\""), "{kept}");
}

#[test]
fn squares_that_are_not_on_the_disk_wait_for_their_student_to_come_back() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::start(LinkOptions { server: Some(fake.address()), outbox: None, ..options(&home) });
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    assert_eq!(
        client.until(|event| if let LinkEvent::Unkept(unkept) = event { Some(unkept.folder) } else { None }),
        None
    );
    client.square("12");
    let sent = peer.hear_type("square");
    client.join("s2");
    let (_other, _) = fake.let_in(0);
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    assert_eq!(peer.hear_type("square"), sent);
    client.leave();
}

#[test]
fn squares_of_an_earlier_run_show_while_there_is_no_connection_too() {
    let home = Home::new();
    let fake = Fake::listen();
    let address = fake.address();
    let mut first = Client::at(&home, &address);
    first.join("s1");
    let (_peer, _) = fake.let_in(0);
    first.square("12");
    first.square("13");
    let kept = [first.until_queued(), first.until_queued()];
    first.leave();
    drop(fake);
    let mut second = Client::at(&home, &address);
    second.join("s1");
    assert_eq!([second.until_queued(), second.until_queued()], kept);
    second.until_lost();
    second.leave();
    // Of another student or server nothing shows.
    let mut third = Client::at(&home, &free_address());
    third.join("s1");
    third.until(|event| match event {
        LinkEvent::Queued(square) => panic!("{square:?}"),
        LinkEvent::Disconnected { .. } => Some(()),
        _ => None,
    });
    third.leave();
    assert_eq!(outbox_files(&home).len(), 1);
}
