//! Several ways to one end, of which the first that gets there is taken: the next is begun where those before have
//! not got there after a quarter of a second, or failed (RFC 8305, "happy eyeballs"). Pure but for the clock; used
//! for the addresses of a name, and for the servers of a room.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::sleep;

/// How long the ways begun are waited for before the next one is.
const HEAD_START: Duration = Duration::from_millis(250);

/// One way.
pub(super) type Way<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// What the first way gives that gets there; the others are dropped. Where none does, why, in the order in which they
/// failed.
pub(super) async fn race<T, E>(ways: impl IntoIterator<Item = Way<T, E>>) -> Result<T, Vec<E>> {
    let mut waiting: VecDeque<Way<T, E>> = ways.into_iter().collect();
    let mut begun: Vec<Way<T, E>> = Vec::new();
    let mut faults = Vec::new();
    loop {
        match waiting.pop_front() {
            Some(next) => begun.push(next),
            None if begun.is_empty() => return Err(faults),
            None => {}
        }
        tokio::select! {
            biased;
            done = first(&mut begun) => match done {
                Ok(there) => return Ok(there),
                Err(fault) => faults.push(fault),
            },
            () = sleep(HEAD_START), if !waiting.is_empty() => {}
        }
    }
}

/// The first of these to be done, which is taken out.
async fn first<T, E>(begun: &mut Vec<Way<T, E>>) -> Result<T, E> {
    poll_fn(|context| {
        for at in 0..begun.len() {
            if let Poll::Ready(done) = begun[at].as_mut().poll(context) {
                drop(begun.swap_remove(at));
                return Poll::Ready(done);
            }
        }
        Poll::Pending
    })
    .await
}

/// The addresses of a name in the order in which they are tried: as the resolver gave them, but one family after the
/// other, so that a family that leads nowhere costs one head start.
pub(super) fn interleaved(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut all: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    let first_family = all.first().is_some_and(SocketAddr::is_ipv6);
    let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| address.is_ipv6() == first_family);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut order = Vec::new();
    loop {
        let pair = (ours.next(), others.next());
        if pair == (None, None) {
            return order;
        }
        order.extend([pair.0, pair.1].into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

    use super::*;

    fn way(after: u64, outcome: Result<u8, u8>) -> Way<u8, u8> {
        Box::pin(async move {
            sleep(Duration::from_millis(after)).await;
            outcome
        })
    }

    async fn timed(ways: Vec<Way<u8, u8>>) -> (Result<u8, Vec<u8>>, u128) {
        let start = Instant::now();
        (race(ways).await, start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_way_is_begun_after_a_head_start_or_a_failure_and_the_first_there_wins() {
        let never = || -> Way<u8, u8> { Box::pin(pending()) };
        assert_eq!(timed(vec![way(100, Ok(1)), way(0, Ok(2))]).await, (Ok(1), 100));
        assert_eq!(timed(vec![never(), way(20, Ok(2))]).await, (Ok(2), 270));
        assert_eq!(timed(vec![never(), never(), never(), way(0, Ok(4))]).await, (Ok(4), 750));
        assert_eq!(timed(vec![way(0, Err(1)), way(10, Ok(2))]).await, (Ok(2), 10));
        // The earlier ones go on.
        assert_eq!(timed(vec![way(400, Ok(1)), way(400, Ok(2))]).await, (Ok(1), 400));
        assert_eq!(timed(vec![way(300, Err(1)), way(40, Err(2)), way(0, Err(3))]).await, (Err(vec![2, 3, 1]), 300));
        assert_eq!(timed(vec![]).await, (Err(vec![]), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_lost_are_dropped() {
        let held = Arc::new(AtomicUsize::new(0));
        struct Held(Arc<AtomicUsize>);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let ways = (0..3).map(|n| -> Way<u8, u8> {
            held.fetch_add(1, Ordering::SeqCst);
            let held = Held(Arc::clone(&held));
            Box::pin(async move {
                let _held = held;
                if n == 2 { Ok(n) } else { pending().await }
            })
        });
        assert_eq!(race(ways.collect::<Vec<_>>()).await, Ok(2));
        assert_eq!(held.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn families_take_turns_and_no_address_comes_twice() {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = read(&["[::1]:1", "[::2]:1", "[::1]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        assert_eq!(interleaved(given), read(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]));
        let given = read(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]);
        assert_eq!(interleaved(given), read(&["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]));
        assert_eq!(interleaved([]), []);
    }
}
