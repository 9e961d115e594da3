//! Secret flow: which places of a body a secret comes to, whatever the order in which they are written, so also around a
//! loop and through function values; and what of that comes through the calls of a program.
//!
//! ```text
//! holds(p, s) :- begins(p, s).
//! holds(q, s) :- holds(p, s), flows(p, q).
//! ```
//!
//! Between functions, a source is a parameter or a secret of the store. What a parameter holds stays within its function, so
//! that one caller's secret is not found with another; what is known of it is whether it comes out again, and whether it
//! is told:
//!
//! ```text
//! passes(x)   :- holds(p, x), results(p).
//! tells(x)    :- holds(p, x), told(p).
//! told(a)     :- tells(x), arguments(x, a, r).
//! holds(r, y) :- holds(a, y), passes(x), arguments(x, a, r).
//! holds(r, s) :- holds(p, s), returns(p, r), s is of the store.
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

/// A parameter of a function: a number that the asker gives, each its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Param(pub u32);

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

/// What is known of functions by themselves. Places are those of all functions together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Functions {
    /// Where a parameter begins.
    pub params: Vec<(Place, Param)>,
    /// Where a secret of the store is read.
    pub secrets: Vec<(Place, Secret)>,
    /// From where values go to where.
    pub flows: Vec<(Place, Place)>,
    /// What a function gives.
    pub results: Vec<Place>,
    /// What everybody sees.
    pub told: Vec<Place>,
    /// The parameter that an argument is for, the place of the argument, and that of the call's result.
    pub arguments: Vec<(Param, Place, Place)>,
    /// The place of a function's result, and that of the result of a call of it.
    pub returns: Vec<(Place, Place)>,
}

/// What a caller has to know of functions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summaries {
    /// The parameters that come out in the result, in order.
    pub passes: Vec<Param>,
    /// The parameters that are told, in order.
    pub tells: Vec<Param>,
    /// The places of results with the secrets of the store that they hold, in order.
    pub gives: Vec<(Place, Secret)>,
}

/// Closes over calls.
pub fn summarize(functions: &Functions) -> Summaries {
    let mut iteration = Iteration::new();
    let holds = iteration.variable::<(Place, Param)>("holds");
    let keeps = iteration.variable::<(Place, Secret)>("keeps");
    let passes = iteration.variable::<(Param, ())>("passes");
    let tells = iteration.variable::<(Param, ())>("tells");
    let told = iteration.variable::<(Place, ())>("told");
    let bridges = iteration.variable::<(Place, Place)>("bridges");
    let flows: Relation<(Place, Place)> = functions.flows.iter().copied().collect();
    let results: Relation<(Place, ())> = functions.results.iter().map(|place| (*place, ())).collect();
    let arguments: Relation<(Param, (Place, Place))> =
        functions.arguments.iter().map(|(param, argument, result)| (*param, (*argument, *result))).collect();
    let returns: Relation<(Place, Place)> = functions.returns.iter().copied().collect();
    holds.insert(functions.params.iter().copied().collect());
    keeps.insert(functions.secrets.iter().copied().collect());
    told.insert(functions.told.iter().map(|place| (*place, ())).collect());
    while iteration.changed() {
        holds.from_join(&holds, &flows, |_from, param, to| (*to, *param));
        holds.from_join(&holds, &bridges, |_from, param, to| (*to, *param));
        passes.from_join(&holds, &results, |_place, param, ()| (*param, ()));
        tells.from_join(&holds, &told, |_place, param, ()| (*param, ()));
        bridges.from_join(&passes, &arguments, |_param, (), ends| *ends);
        told.from_join(&tells, &arguments, |_param, (), (argument, _)| (*argument, ()));
        keeps.from_join(&keeps, &flows, |_from, secret, to| (*to, *secret));
        keeps.from_join(&keeps, &bridges, |_from, secret, to| (*to, *secret));
        keeps.from_join(&keeps, &returns, |_from, secret, to| (*to, *secret));
    }
    let known = |variable: datafrog::Variable<(Param, ())>| {
        variable.complete().elements.into_iter().map(|(param, ())| param).collect()
    };
    let at_results = |(place, _): &(Place, Secret)| functions.results.contains(place);
    Summaries {
        passes: known(passes),
        tells: known(tells),
        gives: keeps.complete().elements.into_iter().filter(at_results).collect(),
    }
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

    fn places(list: &[(u32, u32)]) -> Vec<(Place, Place)> {
        list.iter().map(|(from, to)| (Place(*from), Place(*to))).collect()
    }

    /// `same(x) { x }`, `log_it(y) { log(same(y)) }`, `pin(z) { same(SECRET) }`: parameters 0, 1, 2 at places 0, 10, 20;
    /// results at 1, 11, 21; arguments and results of calls of `same` at 12, 13 and 22, 23.
    fn three() -> Functions {
        Functions {
            params: vec![(Place(0), Param(0)), (Place(10), Param(1)), (Place(20), Param(2))],
            secrets: vec![(Place(22), Secret(7))],
            flows: places(&[(0, 1), (10, 12), (23, 21)]),
            results: vec![Place(1), Place(11), Place(21)],
            told: vec![Place(13)],
            arguments: vec![(Param(0), Place(12), Place(13)), (Param(0), Place(22), Place(23))],
            returns: places(&[(1, 13), (1, 23)]),
        }
    }

    #[test]
    fn what_comes_out_of_a_call_goes_on_in_that_caller_alone() {
        let found = summarize(&three());
        assert_eq!(found.passes, [Param(0)]);
        assert_eq!(found.tells, [Param(1)]);
        assert_eq!(found.gives, [(Place(21), Secret(7))]);
    }

    #[test]
    fn secrets_of_the_store_come_out_of_every_call() {
        // `caller() { pin(…) }`: its call of `pin` at 32, its result at 31.
        let mut functions = three();
        functions.results.push(Place(31));
        functions.flows.push((Place(32), Place(31)));
        functions.returns.push((Place(21), Place(32)));
        assert_eq!(summarize(&functions).gives, [(Place(21), Secret(7)), (Place(31), Secret(7))]);
    }

    #[test]
    fn functions_that_call_each_other_end() {
        // `f(x) { g(x) }`, `g(y) { f(y); log(y); y }`.
        let functions = Functions {
            params: vec![(Place(0), Param(0)), (Place(10), Param(1))],
            flows: places(&[(0, 2), (3, 1), (10, 12), (10, 14), (10, 11)]),
            results: vec![Place(1), Place(11)],
            told: vec![Place(14)],
            arguments: vec![(Param(1), Place(2), Place(3)), (Param(0), Place(12), Place(13))],
            returns: places(&[(11, 3), (1, 13)]),
            ..Functions::default()
        };
        let found = summarize(&functions);
        assert_eq!(found.passes, [Param(0), Param(1)]);
        assert_eq!(found.tells, [Param(0), Param(1)]);
    }
}
