//! Circles: which of some nodes need themselves, perhaps through others.
//!
//! ```text
//! needs(s, n) :- seed(s), edge(s, n).
//! needs(s, n) :- needs(s, m), edge(m, n).
//! circular(s) :- needs(s, s).
//! ```

use datafrog::{Iteration, Relation};
use std::collections::{HashMap, HashSet, VecDeque};

/// A node: a number that the asker gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Node(pub u32);

/// The seeds that lead back to themselves, each with a shortest circle that begins at it. Of the seeds of one
/// circle only the least is named.
pub fn circles(seeds: &[Node], edges: &[(Node, Node)]) -> Vec<Vec<Node>> {
    let mut iteration = Iteration::new();
    // By the node that is needed, for the join with the edges that begin there.
    let needs = iteration.variable::<(Node, Node)>("needs");
    let edge: Relation<(Node, Node)> = edges.iter().copied().collect();
    let wanted: HashSet<Node> = seeds.iter().copied().collect();
    needs.insert(edges.iter().filter(|(from, _)| wanted.contains(from)).map(|(from, to)| (*to, *from)).collect());
    while iteration.changed() {
        needs.from_join(&needs, &edge, |_through, seed, next| (*next, *seed));
    }
    let mut circular: Vec<Node> =
        needs.complete().iter().filter(|(node, seed)| node == seed).map(|(node, _)| *node).collect();
    circular.sort_unstable();
    let mut found: Vec<Vec<Node>> = Vec::new();
    for seed in circular {
        let Some(circle) = shortest(seed, edges) else { continue };
        if !found.iter().any(|other| other.contains(&seed)) {
            found.push(circle);
        }
    }
    found
}

/// A shortest way from a node back to itself, the end left out.
fn shortest(seed: Node, edges: &[(Node, Node)]) -> Option<Vec<Node>> {
    let mut next: HashMap<Node, Vec<Node>> = HashMap::new();
    for (from, to) in edges {
        next.entry(*from).or_default().push(*to);
    }
    next.values_mut().for_each(|list| list.sort_unstable());
    let mut before: HashMap<Node, Node> = HashMap::new();
    let mut open = VecDeque::from([seed]);
    while let Some(node) = open.pop_front() {
        for to in next.get(&node).into_iter().flatten() {
            if *to == seed {
                let mut circle = vec![node];
                let mut at = node;
                while at != seed {
                    at = *before.get(&at)?;
                    circle.push(at);
                }
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(to) {
                before.insert(*to, node);
                open.push_back(*to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(numbers: &[u32]) -> Vec<Node> {
        numbers.iter().copied().map(Node).collect()
    }

    fn edges(pairs: &[(u32, u32)]) -> Vec<(Node, Node)> {
        pairs.iter().map(|(from, to)| (Node(*from), Node(*to))).collect()
    }

    #[test]
    fn circles_are_found_once_each() {
        let found = circles(&nodes(&[0, 1, 2, 5]), &edges(&[(0, 1), (1, 2), (2, 0), (3, 4), (4, 3), (5, 5), (1, 6)]));
        assert_eq!(found, vec![nodes(&[0, 1, 2]), nodes(&[5])]);
    }

    #[test]
    fn what_is_no_seed_only_leads_on() {
        let graph = edges(&[(0, 10), (10, 11), (11, 0), (1, 10), (12, 12)]);
        assert_eq!(circles(&nodes(&[0, 1]), &graph), vec![nodes(&[0, 10, 11])]);
        assert!(circles(&nodes(&[1]), &edges(&[(1, 2), (2, 3)])).is_empty());
    }
}
