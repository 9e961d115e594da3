//! Effects: what a callable does when it runs, its callees included.
//!
//! ```text
//! does(f, e) :- own(f, e).
//! does(f, e) :- calls(f, g), does(g, e).
//! ```
//!
//! What an effect is (a relation read, a relation written, an error, the clock) is the asker's business.

use datafrog::{Iteration, Relation};
use std::collections::{HashMap, HashSet, VecDeque};

/// A callable: a number that the asker gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Callable(pub u32);

/// An effect: a number that the asker gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Effect(pub u32);

/// What is known of each callable by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Caller and callee.
    pub calls: Vec<(Callable, Callable)>,
    /// A callable and an effect of its own.
    pub own: Vec<(Callable, Effect)>,
}

/// All effects of all callables, each pair once, in order.
pub fn close(facts: &Facts) -> Vec<(Callable, Effect)> {
    let mut iteration = Iteration::new();
    let does = iteration.variable::<(Callable, Effect)>("does");
    let callers: Relation<(Callable, Callable)> =
        facts.calls.iter().map(|(caller, callee)| (*callee, *caller)).collect();
    does.insert(facts.own.iter().copied().collect());
    while iteration.changed() {
        does.from_join(&does, &callers, |_callee, effect, caller| (*caller, *effect));
    }
    does.complete().elements
}

/// A shortest way of calls from a callable to one that has the effect by itself, both ends included. The least
/// callable first among equals, so that messages do not change from run to run.
pub fn way(facts: &Facts, from: Callable, effect: Effect) -> Option<Vec<Callable>> {
    let own: HashSet<Callable> =
        facts.own.iter().filter(|(_, other)| *other == effect).map(|(callable, _)| *callable).collect();
    let mut callees: HashMap<Callable, Vec<Callable>> = HashMap::new();
    for (caller, callee) in &facts.calls {
        callees.entry(*caller).or_default().push(*callee);
    }
    callees.values_mut().for_each(|list| list.sort_unstable());
    let mut before: HashMap<Callable, Callable> = HashMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(next) = open.pop_front() {
        if own.contains(&next) {
            let mut way = vec![next];
            let mut at = next;
            while at != from {
                at = *before.get(&at)?;
                way.push(at);
            }
            way.reverse();
            return Some(way);
        }
        for callee in callees.get(&next).into_iter().flatten() {
            if *callee != from && !before.contains_key(callee) {
                before.insert(*callee, next);
                open.push_back(*callee);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Goes round until nothing is new.
    fn naive(facts: &Facts) -> Vec<(Callable, Effect)> {
        let mut does: BTreeSet<(Callable, Effect)> = facts.own.iter().copied().collect();
        loop {
            let more: Vec<_> = facts
                .calls
                .iter()
                .flat_map(|(caller, callee)| {
                    does.iter().filter(move |(f, _)| f == callee).map(move |(_, e)| (*caller, *e))
                })
                .filter(|pair| !does.contains(pair))
                .collect();
            if more.is_empty() {
                return does.into_iter().collect();
            }
            does.extend(more);
        }
    }

    /// A small generator, so that the same graphs come every time.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, n: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 33) % u64::from(n)) as u32
        }
    }

    #[test]
    fn effects_agree_with_a_naive_evaluator() {
        for seed in 0..200 {
            let mut numbers = Numbers(seed);
            let size = 1 + numbers.below(8);
            let mut facts = Facts::default();
            for _ in 0..numbers.below(16) {
                facts.calls.push((Callable(numbers.below(size)), Callable(numbers.below(size))));
            }
            for _ in 0..numbers.below(6) {
                facts.own.push((Callable(numbers.below(size)), Effect(numbers.below(4))));
            }
            let closed = close(&facts);
            assert_eq!(closed, naive(&facts), "{facts:?}");
            for f in (0..size).map(Callable) {
                for e in (0..4).map(Effect) {
                    let way = way(&facts, f, e);
                    assert_eq!(way.is_some(), closed.contains(&(f, e)), "{facts:?} {f:?} {e:?}");
                    let Some(way) = way else { continue };
                    assert_eq!(way.first(), Some(&f));
                    assert!(way.last().is_some_and(|last| facts.own.contains(&(*last, e))));
                    assert!(way.windows(2).all(|pair| facts.calls.contains(&(pair[0], pair[1]))));
                }
            }
        }
    }

    #[test]
    fn a_long_chain_is_followed() {
        let mut facts = Facts::default();
        facts.calls.extend((0..2_000).map(|n| (Callable(n), Callable(n + 1))));
        facts.own.push((Callable(2_000), Effect(7)));
        assert_eq!(close(&facts).len(), 2_001);
        assert_eq!(way(&facts, Callable(0), Effect(7)).map(|way| way.len()), Some(2_001));
    }
}
