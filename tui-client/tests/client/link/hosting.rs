//! The link that hosts where nobody is there, and what it knows of a ledger of its own.

use std::net::TcpListener;

use super::*;

/// An address that nobody listens at.
pub(super) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_first_client_hosts_the_others_join_and_one_of_them_takes_over() {
    let (home, address) = (Home::new(), free_address());
    let homes = [Home::new(), Home::new(), Home::new()];
    let start = |at: usize, student: &str| {
        let own = options(&homes[at]);
        let mut client = Client::start(LinkOptions {
            default_address: address.clone(),
            data: Some(home.path().join("ledger")),
            ..own
        });
        client.join(student);
        let hosting = client.until_hello();
        assert!(!client.until_joined());
        (client, hosting)
    };
    let (mut host, hosting) = start(0, "s1");
    assert!(hosting);
    let (mut second, hosting) = start(1, "s2");
    assert!(!hosting);
    let (mut third, hosting) = start(2, "s3");
    assert!(!hosting);
    host.square("12");
    let first = host.results(1);
    assert_eq!((second.results(1), third.results(1)), (first.clone(), first.clone()));

    host.leave();
    assert_eq!(second.until_lost().0, ConnectionError::Shutdown);
    second.square("13");
    let (one, other) = (hosted_again(&mut second), hosted_again(&mut third));
    assert!(one != other, "exactly one takes over: {one} {other}");
    let after = second.results(1);
    assert_eq!((after[0].number.as_str(), after[0].seq > first[0].seq), ("13", true));
    assert_eq!(third.results(1), after);
    // The one that does not host leaves first, so that there is nobody to take over.
    let (guest, host) = if one { (third, second) } else { (second, third) };
    guest.leave();
    host.leave();
}

#[test]
fn what_was_hosted_here_is_known_by_its_name_while_it_is_served_and_after() {
    let (home, data) = (Home::new(), Home::new());
    let folder = data.path().join("ledger");
    assert_eq!(squares::host::own_ledger(&folder), None, "nothing was hosted");
    let options = LinkOptions { default_address: free_address(), data: Some(folder.clone()), ..options(&home) };
    let mut client = Client::start(options);
    client.join("s1");
    let log = client.until(|news| if let LinkEvent::Hello { hello, .. } = news { Some(hello.log) } else { None });
    assert!(!client.until_joined());
    assert_eq!(squares::host::own_ledger(&folder), None, "it has no results");
    client.square("12");
    client.results(1);
    assert_eq!(squares::host::own_ledger(&folder), Some(log.clone()));
    client.leave();
    assert_eq!(squares::host::own_ledger(&folder), Some(log));
    assert_eq!(squares::host::own_ledger(&folder.join("ledger.lock")), None);
}

/// Whether this client hosts, once it is in again, with nothing missed.
fn hosted_again(client: &mut Client) -> bool {
    let mut hosts = false;
    loop {
        match client.next() {
            LinkEvent::Hello { hosting, .. } => hosts = hosting,
            LinkEvent::Joined { continues, .. } => {
                assert_eq!(continues, Continues::Resumed);
                return hosts;
            }
            _ => {}
        }
    }
}

#[test]
fn a_ledger_in_use_elsewhere_is_said_and_tried_again() {
    let (home, address) = (Home::new(), free_address());
    let data = home.path().join("ledger");
    let elsewhere = LinkOptions { default_address: free_address(), ..options(&home) };
    let mut holder = Client::start(elsewhere);
    assert!(holder.until_hello());
    let mut client = Client::start(LinkOptions { default_address: address, data: Some(data), ..options(&home) });
    assert!(matches!(client.until_lost(), (ConnectionError::LedgerInUse(_), true)));
    holder.leave();
    assert!(client.until_hello(), "it hosts once the ledger is free");
    client.leave();
}
