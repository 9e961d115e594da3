//! Clocks, numbers and lines.

use std::time::{Duration, Instant};

/// A xorshift generator: the same numbers for every engine.
pub struct Rng(u64);

impl Rng {
    /// A sequence of its own for each seed but zero.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        let mut x = self.0;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0 = x;
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> i64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as i64
    }
}

/// The middle of some numbers.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How long each measurement runs, and how often; the median counts.
const SPAN: Duration = Duration::from_millis(500);
const ROUNDS: usize = 5;

/// Runs `work` (which does so many operations each time) for a while, several times over: operations per second by the
/// clock on the wall, waiting included.
pub fn rate<E>(work: impl FnMut() -> Result<u64, E>) -> Result<f64, E> {
    let start = Instant::now();
    rate_by(|| start.elapsed(), work)
}

/// As [`rate`], by the time that the processor gave to this thread: for work that never waits. On a machine with other
/// work to do it says what the clock on the wall says on one without.
pub fn rate_of_thread<E>(work: impl FnMut() -> Result<u64, E>) -> Result<f64, E> {
    rate_by(worked, work)
}

fn rate_by<E>(clock: impl Fn() -> Duration, mut work: impl FnMut() -> Result<u64, E>) -> Result<f64, E> {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let start = clock();
        let (mut done, mut spent) = (0, Duration::ZERO);
        while spent < SPAN {
            done += work()?;
            spent = clock() - start;
        }
        rates.push(done as f64 / spent.as_secs_f64());
    }
    Ok(median(rates))
}

/// How long the processor has worked for this thread.
pub fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and the structure is ours.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "a thread has a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A line: what was measured, with which engine, and how it came out.
pub fn line(what: &str, engine: &str, result: &str) {
    println!("  {what:<44} {engine:<28} {result:>18}");
}

/// A rate as people read it.
pub fn per_second(rate: f64) -> String {
    format!("{} /s", thousands(rate))
}

/// The time of one operation at a rate.
pub fn each(rate: f64) -> String {
    let nanoseconds = 1e9 / rate;
    if nanoseconds < 10_000.0 { format!("{nanoseconds:.0} ns") } else { format!("{:.1} us", nanoseconds / 1e3) }
}

/// A whole number with commas.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A comparison, with the bar that it is measured against if there is one.
pub fn ratio(what: &str, times: f64, bar: Option<(f64, &str)>) {
    let verdict = match bar {
        Some((bar, words)) if times >= bar => format!("   (bar: {words}; reached)"),
        Some((_, words)) => format!("   (bar: {words}; NOT reached)"),
        None => String::new(),
    };
    println!("  => {what}: {times:.2}x{verdict}");
}

/// A peer that is not there.
pub fn skipped(peer: &str, why: &str) {
    println!("  SKIPPED {peer}: {why}");
}
