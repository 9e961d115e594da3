//! Counters of a database, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets of commit times, in microseconds; the last bucket has none.
pub const COMMIT_BUCKETS: [u64; 10] = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 51_200, 204_800];

/// See the module. All numbers only grow.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Transactions that changed something.
    pub commits: AtomicU64,
    /// Transactions that were undone.
    pub aborts: AtomicU64,
    /// Groups that the authority took.
    pub groups: AtomicU64,
    /// Row changes in these groups.
    pub changes: AtomicU64,
    /// The most commits of one group.
    pub largest_group: AtomicU64,
    /// Time that the authority took for all groups, in microseconds.
    pub commit_micros: AtomicU64,
    /// Groups by the time that the authority took.
    pub commit_buckets: [AtomicU64; COMMIT_BUCKETS.len() + 1],
}

impl Metrics {
    pub(crate) fn group(&self, commits: u64, changes: u64, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.changes.fetch_add(changes, Ordering::Relaxed);
        self.largest_group.fetch_max(commits, Ordering::Relaxed);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
        let bucket = COMMIT_BUCKETS.partition_point(|bound| *bound < micros);
        self.commit_buckets[bucket].fetch_add(1, Ordering::Relaxed);
    }
}
