//! PINs: hashing one, and checking one against its hash while wrong ones are counted. Checks take tens of milliseconds and
//! tens of megabytes on purpose, so they run off the async threads, few at a time; `session` asks [`Gate::check`] and goes
//! on meanwhile. The commands of the program ask for hashes.

mod guesses;

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        PasswordHasher as _,
        phc::{Output, PasswordHash},
    },
};
use guesses::Guesses;
use tokio::{sync::Semaphore, time::Instant};
use zeroize::Zeroizing;

use crate::background::let_others_go_first;

/// What a check costs: the least that OWASP recommends for Argon2id (19 MiB, twice over, one lane). More would make
/// a stolen roster dearer to try, and a class that joins at once on a small machine slower: two hundred checks one after
/// the other take about five seconds on one core of 2020.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The most memory of one check, in KiB: a hash that asks for more was not made for this.
const MOST_MEMORY: u32 = 1 << 20;

/// What is checked for a student who has no PIN, so that this takes as long as for one who has. Nothing matches it.
const STAND_IN: &str =
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

/// The Argon2id hash of a PIN in PHC form, with a salt of its own.
///
/// # Errors
/// [`PinError`].
pub fn hash_pin(pin: &str) -> Result<String, PinError> {
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
    let params = Params::try_from(&hash).is_ok_and(|params| params.m_cost() <= MOST_MEMORY);
    hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some() && params
}

/// Checks a PIN, in memory that may be left from a check before.
fn matches(pin: &str, hash: &str, memory: &mut Vec<Block>) -> bool {
    let computed = |hash: &PasswordHash| -> Option<bool> {
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let params = Params::try_from(hash).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let blocks = params.block_count();
        memory.resize(blocks, Block::default());
        let mut output = vec![0; expected.len()];
        let argon2 = Argon2::new(algorithm, version, params);
        argon2.hash_password_into_with_memory(pin.as_bytes(), salt, &mut output, &mut memory[..blocks]).ok()?;
        // Compared in constant time.
        Some(Output::new(&output).ok()? == *expected)
    };
    PasswordHash::new(hash).ok().as_ref().and_then(computed).unwrap_or(false)
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Missing or wrong.
    Wrong,
    /// Too many were wrong: for this long, none is looked at.
    HeldUp(Duration),
}

/// Where PINs are checked.
#[derive(Debug)]
pub(crate) struct Gate {
    guesses: Mutex<Guesses>,
    /// Checks at the same time. Half of the processors go on serving those who are in.
    permits: Arc<Semaphore>,
    memory: Arc<Memory>,
}

/// The memory of checks. While one follows another it goes from hand to hand: to take so much from the system and to give it back
/// each time keeps the other threads of the program waiting. Where nobody waits for a check it is given back.
#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<Vec<Vec<Block>>>,
    /// Those who wait for a check.
    waiting: AtomicUsize,
}

/// Somebody waits for a check until this is dropped.
struct Waiting<'a>(&'a Memory);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Memory {
    fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    fn take(&self) -> Vec<Block> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give(&self, memory: Vec<Block>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            kept.push(memory);
        } else {
            kept.clear();
        }
    }
}

impl Gate {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let permits = Arc::new(Semaphore::new((processors / 2).max(1)));
        Self { guesses: Mutex::default(), permits, memory: Arc::default() }
    }

    /// Checks a student's PIN against its hash, or, for a student without one, says no after as long a time.
    pub(crate) async fn check(
        &self,
        student: &Arc<str>,
        address: IpAddr,
        pin: Option<Zeroizing<String>>,
        hash: Option<Arc<str>>,
    ) -> Verdict {
        if let Some(left) = self.guesses(|guesses, now| guesses.held_up(student, address, now)) {
            return Verdict::HeldUp(left);
        }
        let right = match pin.filter(|pin| !pin.is_empty()) {
            None => false,
            Some(pin) => {
                let waiting = self.memory.wait();
                let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return Verdict::Wrong };
                let mut blocks = self.memory.take();
                drop(waiting);
                // While this one waited, others may have guessed too often: a flood that queues here is not worked off.
                if let Some(left) = self.guesses(|guesses, now| guesses.held_up(student, address, now)) {
                    self.memory.give(blocks);
                    return Verdict::HeldUp(left);
                }
                let (tell, told) = tokio::sync::oneshot::channel();
                let memory = Arc::clone(&self.memory);
                // A thread for each check, not one of the pool: each of those would keep the 19 MiB of its last check.
                let started = std::thread::Builder::new().name("pin".to_owned()).spawn(move || {
                    // Held until the work is done, even where nobody waits for it any more.
                    let _permit = permit;
                    // Whoever is in should not feel that others are let in.
                    let_others_go_first(19);
                    let right = matches(&pin, hash.as_deref().unwrap_or(STAND_IN), &mut blocks) && hash.is_some();
                    memory.give(blocks);
                    // Who asked may be gone.
                    let _ = tell.send(right);
                });
                if let Err(error) = started {
                    tracing::warn!(%error, "cannot check a PIN just now; it counts as wrong");
                }
                told.await.unwrap_or(false)
            }
        };
        if right {
            self.guesses(|guesses, _| guesses.succeeded(student, address));
            return Verdict::Right;
        }
        let failed = self.guesses(|guesses, now| guesses.failed(student, address, now));
        if let Some(held) = failed {
            tracing::warn!(%student, %address, seconds = held.as_secs(), "too many wrong PINs: held up");
        }
        Verdict::Wrong
    }

    fn guesses<T>(&self, ask: impl FnOnce(&mut Guesses, Instant) -> T) -> T {
        ask(&mut self.guesses.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_how_it_was_made_and_matches_its_pin_alone() {
        let hash = hash_pin("2345").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let memory = &mut Vec::new();
        let mut fits = |pin| matches(pin, &hash, memory);
        assert!(is_usable(&hash) && fits("2345") && !fits("2346") && !fits("") && fits("2345"));
        assert_ne!(hash, hash_pin("2345").unwrap(), "each has a salt of its own");
        assert!(hash_pin("").is_err());
    }

    #[test]
    fn what_stands_in_for_a_hash_is_one_like_those_that_are_made() {
        assert!(is_usable(STAND_IN));
        let (stand_in, made) = (PasswordHash::new(STAND_IN).unwrap(), hash_pin("1").unwrap());
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
    fn memory_goes_from_check_to_check_and_back_when_nobody_waits() {
        let memory = Memory::default();
        let kept = || memory.kept.lock().unwrap().len();
        let (first, second) = (memory.wait(), memory.wait());
        let blocks = memory.take();
        drop(first);
        memory.give(blocks);
        assert_eq!(kept(), 1, "the second is to have it");
        let blocks = memory.take();
        drop(second);
        memory.give(blocks);
        assert_eq!(kept(), 0);
        let gone = memory.wait();
        memory.give(Vec::new());
        drop(gone);
        assert_eq!(kept(), 0, "who waited for it went away");
    }

    #[tokio::test]
    async fn who_guesses_too_often_is_held_up_even_with_the_right_pin() {
        let (gate, student) = (Gate::new(), Arc::from("s"));
        let hash: Arc<str> = hash_pin("2345").unwrap().into();
        let address = IpAddr::from([127, 0, 0, 1]);
        let check =
            async |pin: &str| gate.check(&student, address, Some(pin.to_owned().into()), Some(hash.clone())).await;
        for _ in 0..4 {
            assert_eq!(check("1").await, Verdict::Wrong);
        }
        assert_eq!(check("2345").await, Verdict::Right);
        for _ in 0..5 {
            assert_eq!(check("1").await, Verdict::Wrong, "the success started anew");
        }
        assert!(matches!(check("2345").await, Verdict::HeldUp(_)));
    }
}
