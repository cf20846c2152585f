//! What one server learns of another, without a network between them and with a clock that the test turns.

use super::{
    super::{message::Told, own_list::OwnList},
    *,
};
use crate::presence::PresenceGuard;

/// Two servers: the one that tells, and the one that hears.
struct Pair {
    telling: Arc<Presence>,
    own_list: OwnList,
    hearing: Arc<Presence>,
    known: KnownPeers,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        let [telling, hearing] = [(); 2].map(|()| Arc::new(Presence::new()));
        telling.track_here();
        let own_list = OwnList::new(Arc::clone(&telling));
        let known = KnownPeers::new("hearing".to_owned(), Arc::clone(&hearing));
        Self { telling, own_list, hearing, known, now: Instant::now() }
    }

    fn come(&self, ids: std::ops::Range<usize>) -> Vec<PresenceGuard> {
        ids.map(|id| join(&self.telling, &format!("{id:05}"))).collect()
    }

    /// The other server hears these, as they would come over a wire.
    fn hear(&mut self, told: Vec<Told>) {
        for told in told {
            let bytes = Envelope { node: "telling".to_owned(), told }.to_bytes();
            let reaction = self.known.receive(Envelope::read(&bytes).unwrap(), self.now);
            assert_eq!(reaction, Reaction::Nothing);
        }
    }

    fn hear_whole(&mut self) {
        let whole = self.own_list.whole();
        self.hear(whole);
    }

    fn hear_changes(&mut self) {
        let changes = self.own_list.changes();
        self.hear(changes);
    }

    /// How many are online by what was heard, and how many of them by name.
    fn online(&self) -> (usize, usize) {
        (self.hearing.students(), self.hearing.named())
    }
}

fn join(presence: &Arc<Presence>, id: &str) -> PresenceGuard {
    presence.join(&id.into(), &"name".into(), 0).expect("there is no limit").0
}

#[test]
fn a_silent_server_is_gone_after_thirty_seconds_with_its_students() {
    let mut pair = Pair::new();
    let _here = pair.come(0..2);
    let _own = join(&pair.hearing, "own");
    pair.hear_whole();
    assert_eq!((pair.online(), pair.known.count()), ((3, 3), 1));
    pair.now += GONE;
    pair.known.forget_silent(pair.now);
    assert_eq!((pair.online(), pair.known.count()), ((3, 3), 1), "it may still come");
    pair.now += Duration::from_millis(1);
    pair.known.forget_silent(pair.now);
    assert_eq!((pair.online(), pair.known.count()), ((1, 1), 0));
    // It was only away.
    pair.hear_whole();
    assert_eq!((pair.online(), pair.known.count()), ((3, 3), 1));
}

#[test]
fn whatever_is_heard_of_a_server_keeps_it() {
    let mut pair = Pair::new();
    let _here = pair.come(0..2);
    pair.hear_whole();
    for _ in 0..5 {
        pair.now += GONE;
        pair.hear(vec![Told::Changed { joined: Vec::new(), left: Vec::new() }]);
        pair.known.forget_silent(pair.now);
    }
    assert_eq!(pair.online(), (2, 2));
}

#[test]
fn beyond_ten_thousand_at_a_server_the_others_know_their_number_alone() {
    let mut pair = Pair::new();
    let _own = join(&pair.hearing, "own");
    let mut here = pair.come(0..10_000);
    pair.hear_changes();
    assert_eq!(pair.online(), (10_001, 10_001));
    here.extend(pair.come(10_000..10_001));
    pair.hear_changes();
    assert_eq!(pair.online(), (10_002, 1), "the number, and who is here");
    // Changes there are changes of the number.
    here.extend(pair.come(10_001..10_004));
    pair.hear_changes();
    assert_eq!(pair.online(), (10_005, 1));
    here.truncate(10_001);
    pair.hear_changes();
    assert_eq!(pair.online(), (10_002, 1));
    // The list comes back as it gets short enough, whole, since nobody has it any more.
    here.truncate(10_000);
    pair.hear_changes();
    assert_eq!(pair.online(), (10_001, 10_001));
    here.truncate(9_999);
    pair.hear_changes();
    assert_eq!(pair.online(), (10_000, 10_000));
}

#[test]
fn a_change_that_overtakes_the_list_counts_nobody_twice() {
    let mut pair = Pair::new();
    let mut here = pair.come(0..10_001);
    pair.hear_whole();
    here.truncate(10_000);
    let lost = pair.own_list.changes();
    assert_eq!(lost.len(), 10, "a list of ten parts");
    here.truncate(9_999);
    pair.hear_changes();
    assert_eq!(pair.online(), (10_001, 0), "until the next list");
    pair.hear_whole();
    assert_eq!(pair.online(), (9_999, 9_999));
}

#[test]
fn a_list_of_which_a_part_is_lost_changes_nothing() {
    let mut pair = Pair::new();
    let _here = pair.come(0..2500);
    pair.hear_whole();
    let parts = pair.own_list.whole();
    assert_eq!(parts.len(), 3);
    for lost in 0..3 {
        let mut heard = parts.clone();
        heard.remove(lost);
        pair.hear(heard);
        assert_eq!(pair.online(), (2500, 2500), "without part {lost}");
    }
}

#[test]
fn a_roster_is_compared_when_it_is_told_and_when_it_changes() {
    let mut pair = Pair::new();
    let mut told = |roster: Option<&str>| {
        let roster = roster.map(str::to_owned);
        let told = Told::Place { server: "s".into(), sequence: 1, chain: "c".into(), latest: 0, roster };
        pair.known.receive(Envelope { node: "telling".to_owned(), told }, pair.now)
    };
    let compared =
        |theirs: Option<&str>| Reaction::CompareRosters { server: "s".into(), theirs: theirs.map(str::to_owned) };
    assert_eq!(told(None), compared(None));
    assert_eq!(told(None), Reaction::Nothing);
    assert_eq!(told(Some("a")), compared(Some("a")));
    assert_eq!(told(Some("a")), Reaction::Nothing);
}
