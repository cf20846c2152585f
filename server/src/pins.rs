//! PINs: hashing one, and checking one against its hash while wrong ones are counted. Checks take tens of
//! milliseconds and tens of megabytes on purpose, so they run off the async threads, few at a time, and students take
//! turns; `session` awaits [`PinVerifier::check`]. The commands of the program ask for hashes.

mod fair_queue;
mod guess_throttle;

use std::{cell::RefCell, net::IpAddr, sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        PasswordHasher as _,
        phc::{Output, PasswordHash},
    },
};
use fair_queue::FairQueue;
use guess_throttle::GuessThrottle;
use parking_lot::Mutex;
use squares_shared::pin::canonical;
use tokio::{sync::oneshot, time::Instant};
use zeroize::Zeroizing;

use crate::{limits::network, threads::Threads, worker_pool::WorkerPool};

/// What a check costs: the least that OWASP recommends for Argon2id (19 MiB, twice over, one lane). More would make a
/// stolen roster dearer to try, and a class that joins at once on a small machine slower: two hundred checks one
/// after the other take about five seconds on one core of 2020.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The most memory of one check, in KiB: a hash that asks for more was not made for this.
const MAX_MEMORY: u32 = 1 << 20;

/// How much checks let others go first: whoever is in should not feel that others are let in. Those who wait for a
/// check should not wait for an idle processor either: with 19, a check took seconds beside busy programs; with this
/// it has a tenth of a processor.
const NICENESS: i32 = 10;

/// What is checked for a student who has no PIN, so that this takes as long as for one who has. Nothing matches it.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a PIN was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// It is empty.
    #[error("the PIN is empty; give one of at least one character")]
    Empty,
    /// The system has no randomness or no memory to give.
    #[error("cannot hash a PIN: {0}; try again")]
    Failed(argon2::password_hash::Error),
}

/// The Argon2id hash of a PIN in PHC form, with a salt of its own: of the PIN as it is compared, however it is written.
///
/// # Errors
/// [`PinError`].
pub fn hash_pin(pin: &str) -> Result<String, PinError> {
    let pin = Zeroizing::new(canonical(pin).into_owned());
    if pin.is_empty() {
        return Err(PinError::Empty);
    }
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| PinError::Failed(error.into()))?;
    let hash = Argon2::from(params).hash_password(pin.as_bytes()).map_err(PinError::Failed)?;
    Ok(hash.to_string())
}

/// Whether this is a hash that a PIN can be checked against.
pub(crate) fn is_usable(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let params = Params::try_from(&hash).is_ok_and(|params| params.m_cost() <= MAX_MEMORY);
    hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some() && params
}

thread_local! {
    /// The memory of this thread's checks, for the next one and until the thread rests: to take so much from the
    /// system and to give it back for each check keeps the other threads of the program waiting.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Checks a PIN as it is compared, and where that is another text also as it was typed: a hash may have been made of
/// it before PINs were read in more than one way.
fn matches_either_form(pin: &str, hash: &str) -> bool {
    let read = Zeroizing::new(canonical(pin).into_owned());
    matches(&read, hash) || (*read != pin && matches(pin, hash))
}

fn matches(pin: &str, hash: &str) -> bool {
    let computed = |hash: &PasswordHash| -> Option<bool> {
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let params = Params::try_from(hash).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let blocks = params.block_count();
        let mut output = vec![0; expected.len()];
        let argon2 = Argon2::new(algorithm, version, params);
        MEMORY
            .with_borrow_mut(|memory| {
                memory.resize(blocks, Block::default());
                argon2.hash_password_into_with_memory(pin.as_bytes(), salt, &mut output, memory)
            })
            .ok()?;
        // Compared in constant time.
        Some(Output::new(&output).ok()? == *expected)
    };
    PasswordHash::new(hash).ok().as_ref().and_then(computed).unwrap_or(false)
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinVerdict {
    Right,
    /// Missing or wrong.
    Wrong,
    /// Too many were wrong: for this long, none is looked at.
    Throttled(Duration),
    /// The student has joined too often, or too many wait to join as this student: it was not looked at, and may be
    /// after this time.
    TooOften(Duration),
}

/// When a student may try again of whom too many checks wait.
const CROWDED: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct PinVerifier {
    shared: Arc<VerifierState>,
    checks: WorkerPool,
}

#[derive(Debug)]
struct VerifierState {
    guesses: Mutex<GuessThrottle>,
    queue: Mutex<FairQueue<oneshot::Sender<()>>>,
}

/// A check's place in the queue, and then its permit to run. Dropped, it leaves the queue or makes way for the next.
#[derive(Debug)]
struct CheckPermit {
    shared: Arc<VerifierState>,
    student: Arc<str>,
    number: u64,
}

impl PinVerifier {
    /// Fails where the system has no thread left for it.
    pub(crate) fn new() -> std::io::Result<Self> {
        let at_once = Threads::here().pins;
        let rest = || MEMORY.with_borrow_mut(|memory| *memory = Vec::new());
        let checks = WorkerPool::with(at_once, "pin", NICENESS, rest)?;
        let queue = Mutex::new(FairQueue::new(at_once));
        Ok(Self { shared: Arc::new(VerifierState { guesses: Mutex::default(), queue }), checks })
    }

    /// Checks a student's PIN against its hash, or, for a student without one, says no after as long a time. Nothing
    /// is checked for whom `is_gone` says, when it is their turn, that they no longer listen.
    pub(crate) async fn check(
        &self,
        student: &Arc<str>,
        address: IpAddr,
        pin: Option<Zeroizing<String>>,
        hash: Option<Arc<str>>,
        is_gone: impl Fn() -> bool,
    ) -> PinVerdict {
        if let Some(left) = self.shared.guesses.lock().throttled(student, address, Instant::now()) {
            return PinVerdict::Throttled(left);
        }
        let Some(pin) = pin else {
            self.shared.guesses.lock().failed(student, address, Instant::now());
            self.shared.warn_if_throttled(student, address);
            return PinVerdict::Wrong;
        };
        let Some(permit) = self.permit(student, address).await else { return PinVerdict::TooOften(CROWDED) };
        if is_gone() {
            return PinVerdict::Wrong;
        }
        let now = Instant::now();
        {
            let mut guesses = self.shared.guesses.lock();
            // While this one waited, others may have guessed too often: a flood that queues here is not worked off.
            if let Some(left) = guesses.throttled(student, address, now) {
                return PinVerdict::Throttled(left);
            }
            if let Some(left) = guesses.joined_too_often(student, now) {
                return PinVerdict::TooOften(left);
            }
            // Counted before it is looked at, so that of many at the same time no more are looked at than may be wrong.
            guesses.failed(student, address, now);
        }
        let (shared, student) = (Arc::clone(&self.shared), Arc::clone(student));
        let check = move || {
            let right = matches_either_form(&pin, hash.as_deref().unwrap_or(DUMMY_HASH)) && hash.is_some();
            if right {
                shared.guesses.lock().succeeded(&student, address, now);
            } else {
                shared.warn_if_throttled(&student, address);
            }
            // The permit is kept until the work is done, even if its connection is gone.
            drop(permit);
            right
        };
        if self.checks.run(check).await.unwrap_or(false) { PinVerdict::Right } else { PinVerdict::Wrong }
    }

    /// Waits for a permit; `None` where too many wait already.
    async fn permit(&self, student: &Arc<str>, address: IpAddr) -> Option<CheckPermit> {
        let (waker, woken) = oneshot::channel();
        let number = self.shared.queue.lock().wait(student, network(address), waker)?;
        let permit = CheckPermit { shared: Arc::clone(&self.shared), student: Arc::clone(student), number };
        self.shared.start_next();
        woken.await.ok()?;
        Some(permit)
    }
}

impl VerifierState {
    /// Wakes those whose turn it is now.
    fn start_next(&self) {
        let mut queue = self.queue.lock();
        let guesses = self.guesses.lock();
        while let Some(waker) = queue.next(|address| guesses.is_suspect(address)) {
            // One that is no longer there to be woken makes way as it is dropped.
            let _ = waker.send(());
        }
    }

    fn warn_if_throttled(&self, student: &Arc<str>, address: IpAddr) {
        let held = self.guesses.lock().throttled(student, address, Instant::now());
        if let Some(held) = held {
            tracing::warn!(%student, %address, seconds = held.as_secs(), "too many wrong PINs: held up");
        }
    }
}

impl Drop for CheckPermit {
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock();
        if !queue.leave(self.number) {
            queue.done(&self.student);
        }
        drop(queue);
        self.shared.start_next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_how_it_was_made_and_matches_its_pin_alone() {
        let hash = hash_pin("2345").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = |pin| matches(pin, &hash);
        assert!(is_usable(&hash) && fits("2345") && !fits("2346") && !fits("") && fits("2345"));
        assert_ne!(hash, hash_pin("2345").unwrap(), "each has a salt of its own");
        assert!(hash_pin("").is_err());
    }

    #[test]
    fn what_stands_in_for_a_hash_is_one_like_those_that_are_made() {
        assert!(is_usable(DUMMY_HASH));
        let (stand_in, made) = (PasswordHash::new(DUMMY_HASH).unwrap(), hash_pin("1").unwrap());
        assert_eq!(stand_in.params, PasswordHash::new(&made).unwrap().params);
        assert_eq!(stand_in.hash.map(|hash| hash.len()), PasswordHash::new(&made).unwrap().hash.map(|hash| hash.len()));
    }

    #[test]
    fn hashes_of_another_kind_or_of_any_size_are_not_usable() {
        for hash in [
            "",
            "$argon2id$",
            "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA",
            "$argon2i$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=1048577,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz",
        ] {
            assert!(!is_usable(hash), "{hash}");
        }
    }

    #[test]
    fn a_pin_fits_however_it_is_typed_and_a_hash_of_what_was_typed_before_too() {
        let hash = hash_pin(" K7MQ-93XD\n").unwrap();
        for typed in ["k7mq93xd", "K7mq-93Xd", "ｋ７ｍｑ－９３ｘｄ", "\tk7mq-93xd "] {
            assert!(matches_either_form(typed, &hash), "{typed:?}");
        }
        assert!(!matches_either_form("k7mq-93xf", &hash) && !matches_either_form("", &hash));
        let (memory, passes, lanes) = COST;
        let argon2 = Argon2::from(Params::new(memory, passes, lanes, None).unwrap());
        for before in ["K7MQ-93XD", "k7mq93xd", "1234", " 12 34 ", "１２３４", "Secret"] {
            let hash = argon2.hash_password(before.as_bytes()).unwrap().to_string();
            assert!(matches_either_form(before, &hash), "{before:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_guesses_at_once_no_more_than_five_are_looked_at() {
        let (verifier, student) = (PinVerifier::new().unwrap(), Arc::from("s"));
        let hash: Arc<str> = hash_pin("2345").unwrap().into();
        let guess = |from: u8| {
            let pin = Some(Zeroizing::new("1".to_owned()));
            verifier.check(&student, [127, 0, 0, from].into(), pin, Some(hash.clone()), || false)
        };
        let mut all: Vec<_> = (0..12).map(|_| Box::pin(guess(1))).collect();
        let mut verdicts = Vec::new();
        std::future::poll_fn(|context| {
            all.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(verdict) => {
                    verdicts.push(verdict);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == PinVerdict::Wrong).count(), 5, "{verdicts:?}");
        assert_eq!(guess(2).await, PinVerdict::Wrong, "elsewhere it is not held up");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_checked_for_who_is_gone_and_others_go_on() {
        let verifier = PinVerifier::new().unwrap();
        let (hash, address) = (Arc::<str>::from(hash_pin("2345").unwrap()), IpAddr::from([127, 0, 0, 1]));
        let check = |student: &'static str, gone: bool| {
            let (hash, verifier) = (hash.clone(), &verifier);
            async move {
                verifier
                    .check(&student.into(), address, Some(Zeroizing::new("2345".to_owned())), Some(hash), move || gone)
                    .await
            }
        };
        assert_eq!(check("gone", true).await, PinVerdict::Wrong);
        for _ in 0..10 {
            // Called off while they wait, or are about to have their turn.
            let (mut first, mut second) = (Box::pin(check("a", false)), Box::pin(check("a", false)));
            std::future::poll_fn(|context| {
                let _ = (first.as_mut().poll(context), second.as_mut().poll(context));
                std::task::Poll::Ready(())
            })
            .await;
        }
        assert_eq!(check("a", false).await, PinVerdict::Right);
        assert_eq!(check("gone", false).await, PinVerdict::Right, "it was no guess");
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_pin_again_and_again_has_to_wait_and_others_do_not() {
        let verifier = PinVerifier::new().unwrap();
        let (hash, address) = (Arc::<str>::from(hash_pin("2345").unwrap()), IpAddr::from([127, 0, 0, 1]));
        let check = async |student: &str| {
            let pin = Some(Zeroizing::new("2345".to_owned()));
            verifier.check(&student.into(), address, pin, Some(hash.clone()), || false).await
        };
        let mut joins = 0;
        while check("eager").await == PinVerdict::Right {
            joins += 1;
            assert!(joins < 1000, "never held up");
        }
        assert!(joins >= 30, "{joins}");
        assert!(matches!(check("eager").await, PinVerdict::TooOften(wait) if wait <= Duration::from_secs(1)));
        assert_eq!(check("other").await, PinVerdict::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_too_often_is_held_up_even_with_the_right_pin() {
        let (verifier, student) = (PinVerifier::new().unwrap(), Arc::from("s"));
        let hash: Arc<str> = hash_pin("2345").unwrap().into();
        let address = IpAddr::from([127, 0, 0, 1]);
        let check = async |pin: &str| {
            verifier.check(&student, address, Some(pin.to_owned().into()), Some(hash.clone()), || false).await
        };
        for _ in 0..4 {
            assert_eq!(check("1").await, PinVerdict::Wrong);
        }
        assert_eq!(check("2345").await, PinVerdict::Right);
        for _ in 0..5 {
            assert_eq!(check("1").await, PinVerdict::Wrong, "the success started anew");
        }
        assert!(matches!(check("2345").await, PinVerdict::Throttled(_)));
    }
}
