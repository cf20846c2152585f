//! PINs: hashing one, and checking one against its hash while wrong ones are counted. Checks take tens of milliseconds and
//! tens of megabytes on purpose, so they run off the async threads, few at a time; `session` asks [`Gate::check`] and goes
//! on meanwhile. The commands of the program ask for hashes.

mod guesses;

use std::{
    cell::RefCell,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
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

use crate::background::Background;

/// What a check costs: the least that OWASP recommends for Argon2id (19 MiB, twice over, one lane). More would make
/// a stolen roster dearer to try, and a class that joins at once on a small machine slower: two hundred checks one after
/// the other take about five seconds on one core of 2020.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The most memory of one check, in KiB: a hash that asks for more was not made for this.
const MOST_MEMORY: u32 = 1 << 20;

/// How much checks let others go first: whoever is in should not feel that others are let in.
const NICENESS: i32 = 19;

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

thread_local! {
    /// The memory of this thread's checks, for the next one and until the thread ends: to take so much from the system and to give it back
    /// for each check keeps the other threads of the program waiting.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Checks a PIN.
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
    checks: Background,
}

impl Gate {
    /// Fails where the system has no descriptor left for it.
    pub(crate) fn new() -> std::io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = (processors / 2).max(1);
        let checks = Background::with(at_once, "pin", NICENESS)?;
        Ok(Self { guesses: Mutex::default(), permits: Arc::new(Semaphore::new(at_once)), checks })
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
                let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return Verdict::Wrong };
                // While this one waited, others may have guessed too often: a flood that queues here is not worked off.
                if let Some(left) = self.guesses(|guesses, now| guesses.held_up(student, address, now)) {
                    return Verdict::HeldUp(left);
                }
                let check = move || {
                    // Held until the work is done, even where nobody waits for it any more.
                    let _permit = permit;
                    matches(&pin, hash.as_deref().unwrap_or(STAND_IN)) && hash.is_some()
                };
                self.checks.run(check).await.unwrap_or(false)
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
        let fits = |pin| matches(pin, &hash);
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

    #[tokio::test]
    async fn who_guesses_too_often_is_held_up_even_with_the_right_pin() {
        let (gate, student) = (Gate::new().unwrap(), Arc::from("s"));
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
