//! Which connections give way when there are many. Connections on which nobody has joined hold at most half of all
//! places, and the oldest of them is evicted first: from the address with most of them if that is a flood, else from
//! anywhere. So sockets that stay silent keep nobody out. Pure: callers pass the time. Only `limits` uses it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    time::Duration,
};

use tokio::time::Instant;

/// So many unjoined connections are left alone for [`SOON`], however few places there are.
const MIN_UNJOINED: usize = 16;

/// Nearly every client that means to join has done so within this time.
const SOON: Duration = Duration::from_secs(3);

/// An address that has one in so many of the unjoined connections, or more, is flooding.
const FLOOD: usize = 8;

/// All open connections, with a `T` for each unjoined one.
#[derive(Debug)]
pub(super) struct ConnectionTable<T> {
    most: usize,
    /// 0: no limit.
    most_per_address: usize,
    taken: usize,
    /// By number: oldest first.
    unjoined: BTreeMap<u64, Unjoined<T>>,
    addresses: HashMap<IpAddr, PerAddress>,
    /// The addresses by how many unjoined connections they have, most last.
    by_unjoined: BTreeSet<(usize, IpAddr)>,
    next: u64,
}

#[derive(Debug)]
struct Unjoined<T> {
    address: IpAddr,
    since: Instant,
    payload: T,
}

#[derive(Debug, Default)]
struct PerAddress {
    taken: usize,
    /// The numbers of the unjoined ones.
    unjoined: BTreeSet<u64>,
}

/// Which limit a connection was refused at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The server's own.
    Server,
    /// That of the address.
    Address,
}

impl<T> ConnectionTable<T> {
    pub(super) fn new(most: usize, most_per_address: usize) -> Self {
        Self {
            most,
            most_per_address,
            taken: 0,
            unjoined: BTreeMap::new(),
            addresses: HashMap::new(),
            by_unjoined: BTreeSet::new(),
            next: 0,
        }
    }

    /// How many connections are open.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Adds a connection from this address: returns its number, and the payloads of those evicted for it.
    pub(super) fn take(&mut self, address: IpAddr, payload: T, now: Instant) -> Result<(u64, Vec<T>), Full> {
        let mut evicted = Vec::new();
        if self.most_per_address > 0
            && let Some(there) = self.addresses.get(&address)
        {
            let (taken, unjoined, oldest) = (there.taken, there.unjoined.len(), there.unjoined.first().copied());
            let room = self.make_room(self.most_per_address, taken, unjoined, oldest, now);
            evicted.extend(room.ok_or(Full::Address)?);
        }
        let oldest = self.oldest();
        let room = self.make_room(self.most, self.taken, self.unjoined.len(), oldest, now);
        evicted.extend(room.ok_or(Full::Server)?);
        let number = self.next;
        self.next += 1;
        self.taken += 1;
        let there = self.addresses.entry(address).or_default();
        there.taken += 1;
        self.update(address, |unjoined| unjoined.insert(number));
        self.unjoined.insert(number, Unjoined { address, since: now, payload });
        Ok((number, evicted))
    }

    /// Keeps a connection from being evicted, since somebody has joined. Returns whether it was still there.
    pub(super) fn join(&mut self, address: IpAddr, number: u64) -> bool {
        let is_there = self.unjoined.remove(&number).is_some();
        if is_there {
            self.update(address, |unjoined| unjoined.remove(&number));
        }
        is_there
    }

    /// Removes a connection; `unjoined` is its number if nobody has joined on it.
    pub(super) fn leave(&mut self, address: IpAddr, unjoined: Option<u64>) {
        match unjoined {
            Some(number) => drop(self.evict(number)),
            None => self.free(address),
        }
    }

    /// The oldest unjoined connection: of an address that floods, else of all.
    fn oldest(&self) -> Option<u64> {
        let flood = self.by_unjoined.last().filter(|(unjoined, _)| unjoined * FLOOD >= self.unjoined.len());
        let of_flood = flood.and_then(|(_, address)| self.addresses.get(address)?.unjoined.first());
        of_flood.or(self.unjoined.first_key_value().map(|(number, _)| number)).copied()
    }

    /// Changes the unjoined connections of a known address.
    fn update(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeSet<u64>) -> bool) {
        let Some(there) = self.addresses.get_mut(&address) else { return };
        self.by_unjoined.remove(&(there.unjoined.len(), address));
        change(&mut there.unjoined);
        if !there.unjoined.is_empty() {
            self.by_unjoined.insert((there.unjoined.len(), address));
        }
    }

    /// Makes room for one more, and returns who was evicted for it, if anybody; `None` if there is no room.
    fn make_room(
        &mut self,
        most: usize,
        taken: usize,
        unjoined: usize,
        oldest: Option<u64>,
        now: Instant,
    ) -> Option<Option<T>> {
        let is_full = taken >= most;
        if !is_full && unjoined < MIN_UNJOINED.max(most / 2) {
            return Some(None);
        }
        let since = |number: u64| self.unjoined.get(&number).map_or(Duration::ZERO, |it| now.duration_since(it.since));
        match oldest {
            Some(oldest) if unjoined > MIN_UNJOINED || since(oldest) >= SOON => Some(self.evict(oldest)),
            _ if is_full => None,
            _ => Some(None),
        }
    }

    /// Removes an unjoined connection, if it is still there.
    fn evict(&mut self, number: u64) -> Option<T> {
        let Unjoined { address, payload, .. } = self.unjoined.remove(&number)?;
        self.update(address, |unjoined| unjoined.remove(&number));
        self.free(address);
        Some(payload)
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

    /// The number of a new connection, and the numbers of those evicted for it.
    fn take(table: &mut ConnectionTable<u64>, address: IpAddr, now: Instant) -> (u64, Vec<u64>) {
        let number = table.next;
        table.take(address, number, now).expect("there is room")
    }

    #[test]
    fn a_flood_that_says_nothing_holds_half_of_the_places_and_a_student_gets_in() {
        let (mut table, now) = (ConnectionTable::new(10_000, 0), Instant::now());
        for number in 0..10_050_u64 {
            let (_, evicted) = take(&mut table, HERE, now);
            let expected = number.checked_sub(5000).into_iter().collect::<Vec<u64>>();
            assert_eq!(evicted, expected, "the oldest goes first");
        }
        assert_eq!(table.taken(), 5000);
        let (student, _) = take(&mut table, HERE, now);
        // Those who came later do not put out who came before them, as long as they are fewer than half.
        (0..4999).for_each(|_| drop(take(&mut table, HERE, now)));
        assert!(table.join(HERE, student));
        (0..20_000).for_each(|_| drop(take(&mut table, HERE, now)));
        table.leave(HERE, None);
        assert_eq!(table.taken(), 5000);
        let all: Vec<u64> = table.unjoined.keys().copied().collect();
        all.into_iter().for_each(|number| table.leave(HERE, Some(number)));
        assert!(table.addresses.is_empty() && table.by_unjoined.is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn a_flood_from_one_address_puts_out_its_own_and_one_from_everywhere_the_oldest() {
        let (mut table, now) = (ConnectionTable::new(10_000, 0), Instant::now());
        let class: Vec<u64> = (0..200).map(|_| take(&mut table, HERE, now).0).collect();
        (0..50_000).for_each(|_| drop(take(&mut table, THERE, now)));
        assert!(class.into_iter().all(|number| table.join(HERE, number)), "they were unjoined for their PINs' checks");
        let mut table = ConnectionTable::new(10_000, 0);
        for from in 0..12_000_u32 {
            let (_, evicted) = take(&mut table, std::net::Ipv4Addr::from_bits(from).into(), now);
            assert_eq!(evicted.first(), u64::from(from).checked_sub(5000).as_ref());
        }
    }

    #[test]
    fn where_all_have_joined_one_more_is_refused() {
        let (mut table, now) = (ConnectionTable::new(3, 2), Instant::now());
        for address in [HERE, HERE, THERE] {
            let (number, _) = take(&mut table, address, now);
            assert!(table.join(address, number));
        }
        let later = now + Duration::from_secs(60);
        assert_eq!(table.take(HERE, 9, later), Err(Full::Address));
        assert_eq!(table.take(THERE, 9, later), Err(Full::Server));
        table.leave(HERE, None);
        assert_eq!(table.take(THERE, 9, later), Ok((3, vec![])));
    }

    #[test]
    fn few_that_have_just_come_are_left_alone_and_go_when_they_say_nothing_for_a_while() {
        let (mut table, now) = (ConnectionTable::new(3, 0), Instant::now());
        (0..3).for_each(|_| drop(take(&mut table, HERE, now)));
        assert_eq!(table.take(HERE, 9, now + SOON / 2), Err(Full::Server));
        assert_eq!(take(&mut table, HERE, now + SOON), (3, vec![0]));
        assert!(!table.join(HERE, 0) && table.join(HERE, 3));
        table.leave(HERE, Some(0));
        assert_eq!(table.taken(), 3, "what was taken away is not given back again");
    }

    #[test]
    fn those_of_one_address_give_way_to_each_other_alone() {
        let (mut table, now) = (ConnectionTable::new(1000, 40), Instant::now());
        let (other, _) = take(&mut table, THERE, now);
        for _ in 0..500 {
            let (_, evicted) = take(&mut table, HERE, now);
            assert!(!evicted.contains(&other));
        }
        assert_eq!((table.taken(), table.addresses[&HERE].taken), (21, 20));
    }
}
