//! Which connections may stay. Whoever has not joined holds a part of the places only, and the oldest of them goes
//! first, of the address from which very many come where there is one: so many sockets that say nothing keep nobody
//! out. Pure: the moment comes from whoever asks. Only `limits` uses it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    time::Duration,
};

use tokio::time::Instant;

use super::Full;

/// So many connections on which nobody has joined are left alone for [`SOON`], however few places there are.
const FEW: usize = 16;

/// In this time whoever means to join has done so, by far the most.
const SOON: Duration = Duration::from_secs(3);

/// An address with this part of all on which nobody has joined is where the flood comes from.
const FLOOD: usize = 8;

/// All places, with a `T` for each connection on which nobody has joined.
#[derive(Debug)]
pub(super) struct Places<T> {
    most: usize,
    /// 0: no limit.
    most_per_address: usize,
    taken: usize,
    /// Where nobody has joined, oldest first.
    waiting: BTreeMap<u64, Waiting<T>>,
    addresses: HashMap<IpAddr, There>,
    /// The addresses by how many wait there, the most last.
    crowds: BTreeSet<(usize, IpAddr)>,
    next: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    address: IpAddr,
    since: Instant,
    whose: T,
}

/// The connections from one address.
#[derive(Debug, Default)]
struct There {
    taken: usize,
    /// The numbers of those on which nobody has joined.
    waiting: BTreeSet<u64>,
}

/// Whether there is room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Free,
    /// Where the oldest on which nobody has joined goes.
    InPlaceOf(u64),
    None,
}

impl<T> Places<T> {
    pub(super) fn new(most: usize, most_per_address: usize) -> Self {
        Self {
            most,
            most_per_address,
            taken: 0,
            waiting: BTreeMap::new(),
            addresses: HashMap::new(),
            crowds: BTreeSet::new(),
            next: 0,
        }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes a place for a connection from this address: its number, and whose places were taken away for it.
    pub(super) fn take(&mut self, address: IpAddr, whose: T, now: Instant) -> Result<(u64, Vec<T>), Full> {
        let mut taken_away = Vec::new();
        if self.most_per_address > 0
            && let Some(there) = self.addresses.get(&address)
        {
            let (taken, waiting, oldest) = (there.taken, there.waiting.len(), there.waiting.first().copied());
            match self.room(self.most_per_address, taken, waiting, oldest, now) {
                Room::Free => {}
                Room::InPlaceOf(number) => taken_away.extend(self.put_out(number)),
                Room::None => return Err(Full::Address),
            }
        }
        let oldest = self.oldest();
        match self.room(self.most, self.taken, self.waiting.len(), oldest, now) {
            Room::Free => {}
            Room::InPlaceOf(number) => taken_away.extend(self.put_out(number)),
            Room::None => return Err(Full::Server),
        }
        let number = self.next;
        self.next += 1;
        self.taken += 1;
        let there = self.addresses.entry(address).or_default();
        there.taken += 1;
        self.waits(address, |waiting| waiting.insert(number));
        self.waiting.insert(number, Waiting { address, since: now, whose });
        Ok((number, taken_away))
    }

    /// Somebody has joined: the place is safe. Tells whether it was still there.
    pub(super) fn join(&mut self, address: IpAddr, number: u64) -> bool {
        let is_there = self.waiting.remove(&number).is_some();
        if is_there {
            self.waits(address, |waiting| waiting.remove(&number));
        }
        is_there
    }

    /// Gives a place back; `waiting` is its number where nobody has joined.
    pub(super) fn leave(&mut self, address: IpAddr, waiting: Option<u64>) {
        match waiting {
            Some(number) => drop(self.put_out(number)),
            None => self.free(address),
        }
    }

    /// The oldest on which nobody has joined: of an address that floods, else of all.
    fn oldest(&self) -> Option<u64> {
        let flood = self.crowds.last().filter(|(waiting, _)| waiting * FLOOD >= self.waiting.len());
        let of_flood = flood.and_then(|(_, address)| self.addresses.get(address)?.waiting.first());
        of_flood.or(self.waiting.first_key_value().map(|(number, _)| number)).copied()
    }

    /// Changes who waits at an address that is known.
    fn waits(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeSet<u64>) -> bool) {
        let Some(there) = self.addresses.get_mut(&address) else { return };
        self.crowds.remove(&(there.waiting.len(), address));
        change(&mut there.waiting);
        if !there.waiting.is_empty() {
            self.crowds.insert((there.waiting.len(), address));
        }
    }

    fn room(&self, most: usize, taken: usize, waiting: usize, oldest: Option<u64>, now: Instant) -> Room {
        let is_full = taken >= most;
        if !is_full && waiting < FEW.max(most / 2) {
            return Room::Free;
        }
        let since = |number: u64| self.waiting.get(&number).map_or(Duration::ZERO, |it| now.duration_since(it.since));
        match oldest {
            Some(oldest) if waiting > FEW || since(oldest) >= SOON => Room::InPlaceOf(oldest),
            _ if is_full => Room::None,
            _ => Room::Free,
        }
    }

    /// Frees a place on which nobody has joined, where it is not gone yet.
    fn put_out(&mut self, number: u64) -> Option<T> {
        let Waiting { address, whose, .. } = self.waiting.remove(&number)?;
        self.waits(address, |waiting| waiting.remove(&number));
        self.free(address);
        Some(whose)
    }

    fn free(&mut self, address: IpAddr) {
        self.taken -= 1;
        if let Some(there) = self.addresses.get_mut(&address) {
            there.taken -= 1;
            if there.taken == 0 {
                self.addresses.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    /// The number of a place that is to be had, and the numbers of those who lose theirs.
    fn take(places: &mut Places<u64>, address: IpAddr, now: Instant) -> (u64, Vec<u64>) {
        let number = places.next;
        places.take(address, number, now).expect("there is room")
    }

    #[test]
    fn a_flood_that_says_nothing_holds_half_of_the_places_and_a_student_gets_in() {
        let (mut places, now) = (Places::new(10_000, 0), Instant::now());
        for number in 0..10_050_u64 {
            let (_, taken_away) = take(&mut places, HERE, now);
            let expected = number.checked_sub(5000).into_iter().collect::<Vec<u64>>();
            assert_eq!(taken_away, expected, "the oldest goes first");
        }
        assert_eq!(places.taken(), 5000);
        let (student, _) = take(&mut places, HERE, now);
        // Those who came later do not put out who came before them, as long as they are fewer than half.
        (0..4999).for_each(|_| drop(take(&mut places, HERE, now)));
        assert!(places.join(HERE, student));
        (0..20_000).for_each(|_| drop(take(&mut places, HERE, now)));
        places.leave(HERE, None);
        assert_eq!(places.taken(), 5000);
        let all: Vec<u64> = places.waiting.keys().copied().collect();
        all.into_iter().for_each(|number| places.leave(HERE, Some(number)));
        assert!(places.addresses.is_empty() && places.crowds.is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn a_flood_from_one_address_puts_out_its_own_and_one_from_everywhere_the_oldest() {
        let (mut places, now) = (Places::new(10_000, 0), Instant::now());
        let class: Vec<u64> = (0..200).map(|_| take(&mut places, HERE, now).0).collect();
        (0..50_000).for_each(|_| drop(take(&mut places, THERE, now)));
        assert!(class.into_iter().all(|number| places.join(HERE, number)), "they were waiting for their PINs' checks");
        let mut places = Places::new(10_000, 0);
        for from in 0..12_000_u32 {
            let (_, taken_away) = take(&mut places, std::net::Ipv4Addr::from_bits(from).into(), now);
            assert_eq!(taken_away.first(), u64::from(from).checked_sub(5000).as_ref());
        }
    }

    #[test]
    fn where_all_have_joined_one_more_is_refused() {
        let (mut places, now) = (Places::new(3, 2), Instant::now());
        for address in [HERE, HERE, THERE] {
            let (number, _) = take(&mut places, address, now);
            assert!(places.join(address, number));
        }
        let later = now + Duration::from_secs(60);
        assert_eq!(places.take(HERE, 9, later), Err(Full::Address));
        assert_eq!(places.take(THERE, 9, later), Err(Full::Server));
        places.leave(HERE, None);
        assert_eq!(places.take(THERE, 9, later), Ok((3, vec![])));
    }

    #[test]
    fn few_that_have_just_come_are_left_alone_and_go_when_they_say_nothing_for_a_while() {
        let (mut places, now) = (Places::new(3, 0), Instant::now());
        (0..3).for_each(|_| drop(take(&mut places, HERE, now)));
        assert_eq!(places.take(HERE, 9, now + SOON / 2), Err(Full::Server));
        assert_eq!(take(&mut places, HERE, now + SOON), (3, vec![0]));
        assert!(!places.join(HERE, 0) && places.join(HERE, 3));
        places.leave(HERE, Some(0));
        assert_eq!(places.taken(), 3, "what was taken away is not given back again");
    }

    #[test]
    fn those_of_one_address_give_way_to_each_other_alone() {
        let (mut places, now) = (Places::new(1000, 40), Instant::now());
        let (other, _) = take(&mut places, THERE, now);
        for _ in 0..500 {
            let (_, taken_away) = take(&mut places, HERE, now);
            assert!(!taken_away.contains(&other));
        }
        assert_eq!((places.taken(), places.addresses[&HERE].taken), (21, 20));
    }
}
