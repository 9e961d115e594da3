//! Secret flow: which places of a body a secret comes to, whatever the order in which they are written, so also around a
//! loop and through function values.
//!
//! ```text
//! holds(p, s) :- begins(p, s).
//! holds(q, s) :- holds(p, s), flows(p, q).
//! ```
//!
//! What a place is (a variable, an expression that reads a secret field) and what a secret is are the asker's business.

use datafrog::{Iteration, Relation};

/// Something that holds a value: a number that the asker gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Place(pub u32);

/// A secret: a number that the asker gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Secret(pub u32);

/// Every place with every secret that it may tell something of, in order, each pair once.
pub fn holds(begins: &[(Place, Secret)], flows: &[(Place, Place)]) -> Vec<(Place, Secret)> {
    let mut iteration = Iteration::new();
    let holds = iteration.variable::<(Place, Secret)>("holds");
    let flows: Relation<(Place, Place)> = flows.iter().copied().collect();
    holds.insert(begins.iter().copied().collect());
    while iteration.changed() {
        holds.from_join(&holds, &flows, |_from, secret, to| (*to, *secret));
    }
    holds.complete().elements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(begins: &[(u32, u32)], flows: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let begins: Vec<_> = begins.iter().map(|(place, secret)| (Place(*place), Secret(*secret))).collect();
        let flows: Vec<_> = flows.iter().map(|(from, to)| (Place(*from), Place(*to))).collect();
        holds(&begins, &flows).into_iter().map(|(place, secret)| (place.0, secret.0)).collect()
    }

    #[test]
    fn secrets_go_where_values_go() {
        assert_eq!(found(&[(0, 7)], &[(0, 1), (2, 3)]), [(0, 7), (1, 7)]);
        assert_eq!(found(&[(0, 7), (2, 8)], &[(0, 1), (2, 1)]), [(0, 7), (1, 7), (1, 8), (2, 8)]);
    }

    #[test]
    fn they_go_around_loops_and_end() {
        assert_eq!(found(&[(2, 0)], &[(0, 1), (1, 2), (2, 0)]), [(0, 0), (1, 0), (2, 0)]);
        let chain: Vec<(u32, u32)> = (0..2_000).map(|n| (n, n + 1)).collect();
        assert_eq!(found(&[(0, 0)], &chain).len(), 2_001);
    }
}
