//! The time and the randomness of one query or transaction: drawn from the world when a call first asks, so that calls
//! that do not ask pay for neither. Once drawn, the time is the same to the end.

use std::cell::Cell;

use crate::database::Database;

/// The time that was not drawn yet; no clock shows it.
pub(crate) const UNDRAWN: i64 = i64::MIN;

/// See the module.
pub(crate) struct Moment<'a> {
    database: &'a Database,
    now: Cell<i64>,
    seed: Cell<Option<u64>>,
}

impl<'a> Moment<'a> {
    /// Nothing is drawn yet.
    pub(crate) fn new(database: &'a Database) -> Moment<'a> {
        Moment { database, now: Cell::new(UNDRAWN), seed: Cell::new(None) }
    }

    /// The database.
    pub(crate) fn database(&self) -> &'a Database {
        self.database
    }

    /// The time, if somebody asked for it.
    pub(crate) fn drawn(&self) -> Option<i64> {
        Some(self.now.get()).filter(|now| *now != UNDRAWN)
    }

    /// The time.
    pub(crate) fn now(&self) -> i64 {
        self.drawn().unwrap_or_else(|| {
            let now = self.database.now();
            self.now.set(now);
            now
        })
    }

    /// The seed of the random values of calls.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.get().unwrap_or_else(|| {
            let seed = self.database.world().seed();
            self.seed.set(Some(seed));
            seed
        })
    }

    /// Lets the next call that asks draw a seed of its own.
    pub(crate) fn forget_seed(&self) {
        self.seed.set(None);
    }
}
