//! Connections that break off at any moment, against a scripted server.

use proptest::prelude::*;

use super::*;

/// What happens on one connection of the random test before it breaks off.
#[derive(Debug, Clone)]
struct Visit {
    /// How many results of others there are by then.
    others: usize,
    /// How many of our squares are recorded and answered.
    answered: usize,
    /// How many more are recorded, their answers lost with the connection.
    swallowed: usize,
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let visit = (0usize..4, 0usize..4, 0usize..3);
    let visit = visit.prop_map(|(others, answered, swallowed)| Visit { others, answered, swallowed });
    proptest::collection::vec(visit, 1..6)
}

/// The server's side of the random test: what is recorded, and up to where the connection at hand was told.
#[derive(Default)]
struct Ledger {
    rows: Vec<(&'static str, String, Option<String>)>,
    told: usize,
}

impl Ledger {
    fn ours(&self) -> usize {
        self.rows.iter().filter(|(student, ..)| *student == "s1").count()
    }

    fn tell(&mut self, peer: &mut Peer) {
        while let Some((student, number, id)) = self.rows.get(self.told) {
            self.told += 1;
            peer.result(self.told as u64, student, number, id.as_deref());
        }
    }

    /// Hears squares until so many new ones are recorded; those it knows are answered again.
    fn record(&mut self, peer: &mut Peer, new: usize) {
        let until = self.ours() + new;
        while self.ours() < until {
            let square = peer.hear_type("square");
            let (number, id) = (square["number"].as_str().unwrap(), square["id"].as_str().unwrap());
            match self.rows.iter().position(|(_, _, known)| known.as_deref() == Some(id)) {
                None => self.rows.push(("s1", number.into(), Some(id.into()))),
                Some(place) => {
                    self.tell(peer);
                    peer.result(place as u64 + 1, "s1", number, Some(id));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// However connections end, the screen gets every result once and in order, and every square is recorded once.
    #[test]
    fn random_disconnects_lose_and_repeat_nothing(visits in visits()) {
        const SQUARES: usize = 8;
        let (fake, home) = (Fake::listen(), Home::new());
        let mut client = Client::at(&home, &fake.address());
        client.join("s1");
        (0..SQUARES).for_each(|number| client.square(&number.to_string()));
        let mut ledger = Ledger::default();
        let mut results = Vec::new();
        let come_back = |ledger: &mut Ledger| {
            let mut peer = fake.accept();
            peer.hello("log", ledger.rows.len() as u64);
            let after = peer.hear_type("join")["after"].as_u64().unwrap_or(0);
            peer.welcome_behind("s1", after, ledger.rows.len() as u64);
            ledger.told = usize::try_from(after).unwrap();
            peer
        };
        for visit in visits {
            let mut peer = come_back(&mut ledger);
            ledger.rows.extend((0..visit.others).map(|_| ("s2", "7".to_owned(), None)));
            let left = SQUARES - ledger.ours();
            let answered = visit.answered.min(left);
            ledger.record(&mut peer, answered);
            ledger.tell(&mut peer);
            ledger.record(&mut peer, visit.swallowed.min(left - answered));
            peer.hang_up();
            client.until(|event| match event {
                LinkEvent::Results(more) => {
                    results.extend(more);
                    None
                }
                LinkEvent::Disconnected { .. } => Some(()),
                _ => None,
            });
            client.ask(Command::ReconnectNow);
        }
        let mut peer = come_back(&mut ledger);
        let left = SQUARES - ledger.ours();
        ledger.record(&mut peer, left);
        ledger.tell(&mut peer);
        results.extend(client.results(ledger.rows.len() - results.len()));
        prop_assert_eq!(seqs(&results), (1..=ledger.rows.len() as u64).collect::<Vec<_>>());
        peer.hang_up();
        client.leave();
        prop_assert_eq!(outbox_files(&home), [] as [PathBuf; 0]);
    }
}
