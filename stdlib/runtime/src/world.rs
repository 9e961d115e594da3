//! The world: what a run depends on besides its inputs and its store. Everything that is not a function
//! of these comes through here, so that a run can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tenon_value::random::Random;

/// Clock and randomness.
pub trait World: Send + Sync {
    /// The time in microseconds since 1970-01-01T00:00Z. It may go back; `now()` of calls does not.
    fn now(&self) -> i64;
    /// 64 random bits: the seed of a call.
    fn seed(&self) -> u64;
}

/// The world outside.
#[derive(Debug, Default)]
pub struct SystemWorld {
    /// Random words that the system gave and nobody took yet.
    pool: Mutex<Vec<u64>>,
}

impl SystemWorld {
    /// The world outside.
    pub fn new() -> SystemWorld {
        SystemWorld::default()
    }
}

impl World for SystemWorld {
    fn now(&self) -> i64 {
        let micros = |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => -micros(before.duration()),
        }
    }

    fn seed(&self) -> u64 {
        let mut pool = self.pool.lock();
        if pool.is_empty() {
            let mut words = [0u64; 32];
            let size = size_of_val(&words);
            // SAFETY: the buffer has `size` bytes; 256 bytes or fewer are given whole once the system's
            // generator is ready, which the call waits for.
            let given = unsafe { libc::getrandom(words.as_mut_ptr().cast(), size, 0) };
            assert_eq!(given, size as isize, "the system has a random generator");
            pool.extend(words);
        }
        pool.pop().expect("the pool was just filled")
    }
}

/// A world that is a function of its seed and of what a test does with its clock.
#[derive(Debug)]
pub struct TestWorld {
    state: Mutex<(i64, Random)>,
}

impl TestWorld {
    /// A world that begins at a time.
    pub fn new(seed: u64, now: i64) -> TestWorld {
        TestWorld { state: Mutex::new((now, Random::new(seed))) }
    }

    /// Lets time pass.
    pub fn advance(&self, microseconds: i64) {
        let mut state = self.state.lock();
        state.0 = state.0.saturating_add(microseconds);
    }

    /// Sets the clock.
    pub fn set_now(&self, now: i64) {
        self.state.lock().0 = now;
    }
}

impl World for TestWorld {
    fn now(&self) -> i64 {
        self.state.lock().0
    }

    fn seed(&self) -> u64 {
        self.state.lock().1.word()
    }
}
