//! Where secrets go: what derives from a `secret` field is secret, under whatever name, until it is compared or counted;
//! it must not be answered, logged, interpolated, or stored in a field that is not secret. What the library makes of a secret
//! is secret. A function of the program may be given a secret that it does not tell, and a `fn` may give one on.
//!
//! [`flow`] looks at one body. [`flow_facts`] says of a function what of that its callers depend on, without places in the
//! text, so an edit that changes no flow stops there. [`summary_by_key`] follows a function from callee to callee, as far as that
//! is short; [`program_summaries`] closes over the calls of the whole program, for those that reach far. Both are the datafrog
//! program of `tenon_analysis::secrets`. Only [`secret_diagnostics`] asks for places, and for those of a callee only where
//! something is wrong. A program without a secret field asks none of this.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

mod flow;

use crate::bodies::{MainCode, main_code, parts, rules};
use crate::db::{Db, Program, SourceFile};
use crate::declare::{declared, place_of, signature};
use crate::items::{Item, items};
use crate::names::{SymbolKey, is_library_module, item_of, symbol_of};
use crate::signature::Signature;
use crate::sites::BodyPart;
use crate::ty::Symbol;
use crate::typed::Body;
use flow::{ANSWER, Flow, Leaf, SEEN, Way};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use tenon_analysis::secrets::{Functions, Param, Place, Secret, holds, summarize};
use tenon_diagnostics::{Code, Diagnostic, Label};
use tenon_span::Range;

/// What lies within a function, by the ends of its ways: no name in it and no place of the text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct FlowFacts {
    /// It is a `fn`, which may give secrets of the store on. What others give is refused there.
    gives: bool,
    params: u32,
    secrets: Vec<(Symbol, SmolStr)>,
    /// The functions that are called, with the numbers of arguments.
    calls: Vec<(Symbol, u32)>,
    /// In order, each once.
    ways: Vec<(Start, End)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Start {
    Param(u32),
    Secret(u32),
    /// What a call gives.
    Call(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum End {
    Result,
    /// What everybody may see.
    Told,
    /// An argument of a call.
    Argument(u32, u32),
}

/// What a caller has to know of a function.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Summary {
    /// The parameters that come out in the result.
    passes: Vec<u32>,
    /// The parameters that everybody may see.
    tells: Vec<u32>,
    /// The secret fields that the result holds.
    gives: Vec<(Symbol, SmolStr)>,
}

/// True if a relation of the program has a secret field.
#[salsa::tracked(returns(copy))]
fn has_secrets(db: &dyn Db) -> bool {
    Program::get(db).files(db).iter().any(|file| file_has_secrets(db, *file))
}

/// See [`has_secrets`]: in one file.
#[salsa::tracked(returns(copy))]
fn file_has_secrets(db: &dyn Db, file: SourceFile) -> bool {
    let relations = items(db, file).iter().filter(|item| matches!(item.word(db), "relation" | "event"));
    relations.filter_map(|item| signature(db, &symbol_of(db, *item)?)).any(|sig| match sig {
        Signature::Relation(sig) => sig.fields.iter().any(|field| field.secret),
        _ => false,
    })
}

/// The body of a function, where the item is one.
fn function_body<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db Body> {
    if !matches!(item.word(db), "fn" | "query" | "handler" | "view") {
        return None;
    }
    match &main_code(db, item).code {
        MainCode::Body(body) => Some(body),
        MainCode::None | MainCode::Scenario(_) => None,
    }
}

#[salsa::tracked(returns(ref))]
fn flow_facts<'db>(db: &'db dyn Db, item: Item<'db>) -> FlowFacts {
    let Some(body) = function_body(db, item) else { return FlowFacts::default() };
    let flow = Flow::of_body(db, body);
    let mut froms: Vec<Start> = (0..body.params.len() as u32).map(Start::Param).collect();
    let mut begins: Vec<(Place, Secret)> =
        body.params.iter().enumerate().map(|(n, local)| (Place(local.0), Secret(n as u32))).collect();
    let first = froms.len() as u32;
    froms.extend((0..flow.fields.len() as u32).map(Start::Secret));
    begins.extend(flow.begins.iter().map(|(place, field)| (*place, Secret(first + *field as u32))));
    for (n, call) in flow.calls.iter().enumerate() {
        begins.push((call.result, Secret(froms.len() as u32)));
        froms.push(Start::Call(n as u32));
    }
    let mut held: FxHashMap<Place, Vec<Start>> = FxHashMap::default();
    for (place, source) in holds(&begins, &flow.flows) {
        held.entry(place).or_default().extend(froms.get(source.0 as usize));
    }
    let mut ways: Vec<(Start, End)> = Vec::new();
    let mut lead = |leaves: &[Leaf], to: End| {
        let froms = leaves.iter().filter_map(|leaf| held.get(&leaf.place)).flatten();
        ways.extend(froms.map(|from| (*from, to)));
    };
    flow.results.iter().for_each(|leaves| lead(leaves, End::Result));
    for out in &flow.outs {
        match out.way {
            Way::Told(_) => lead(&out.leaves, End::Told),
            Way::Into(call, argument) => lead(&out.leaves, End::Argument(call as u32, argument as u32)),
        }
    }
    ways.sort_unstable();
    ways.dedup();
    let gives = item.word(db) == "fn";
    let calls = flow.calls.iter().map(|call| (call.function.clone(), call.arguments.len() as u32)).collect();
    FlowFacts { gives, params: body.params.len() as u32, secrets: flow.fields, calls, ways }.without_idle_calls()
}

impl FlowFacts {
    /// Leaves out the calls that nothing goes into and whose results go nowhere, so that an edit of such a call is none.
    fn without_idle_calls(mut self) -> FlowFacts {
        let used: FxHashSet<u32> = self
            .ways
            .iter()
            .flat_map(|(from, to)| {
                let from = match from {
                    Start::Call(call) => Some(*call),
                    Start::Param(_) | Start::Secret(_) => None,
                };
                let to = match to {
                    End::Argument(call, _) => Some(*call),
                    End::Result | End::Told => None,
                };
                from.into_iter().chain(to)
            })
            .collect();
        let mut kept = 0;
        let numbers: Vec<Option<u32>> = (0..self.calls.len() as u32)
            .map(|call| {
                used.contains(&call).then(|| {
                    kept += 1;
                    kept - 1
                })
            })
            .collect();
        let number = |call: u32| numbers.get(call as usize).copied().flatten().unwrap_or_default();
        for (from, to) in &mut self.ways {
            if let Start::Call(call) = from {
                *call = number(*call);
            }
            if let End::Argument(call, _) = to {
                *call = number(*call);
            }
        }
        let mut at = 0;
        self.calls.retain(|_| {
            at += 1;
            used.contains(&(at - 1))
        });
        self
    }
}

/// Closes the facts of functions over their calls; calls of others are looked up nowhere.
fn close<'f>(all: &[(&'f Symbol, &'f FlowFacts)]) -> FxHashMap<&'f Symbol, Summary> {
    let mut known = Functions::default();
    let mut numbers: FxHashMap<&Symbol, usize> = FxHashMap::default();
    let mut first_param = Vec::with_capacity(all.len());
    let (mut params, mut places) = (0, 0);
    for (n, (symbol, facts)) in all.iter().enumerate() {
        numbers.insert(symbol, n);
        first_param.push(params);
        params += facts.params;
    }
    let mut place = || {
        places += 1;
        Place(places - 1)
    };
    let results: Vec<Place> = all.iter().map(|_| place()).collect();
    known.results.clone_from(&results);
    let mut secrets: Vec<&(Symbol, SmolStr)> = all.iter().flat_map(|(_, facts)| &facts.secrets).collect();
    secrets.sort();
    secrets.dedup();
    for (n, (_, facts)) in all.iter().enumerate() {
        let told = place();
        known.told.push(told);
        let own: Vec<Place> = (0..facts.params).map(|_| place()).collect();
        known.params.extend(own.iter().zip(first_param[n]..).map(|(place, param)| (*place, Param(param))));
        let read: Vec<Place> = facts.secrets.iter().map(|_| place()).collect();
        for (secret, place) in facts.secrets.iter().zip(&read) {
            known.secrets.extend(secrets.binary_search(&secret).ok().map(|at| (*place, Secret(at as u32))));
        }
        let mut calls: Vec<(Vec<Place>, Place)> = Vec::with_capacity(facts.calls.len());
        for (callee, count) in &facts.calls {
            let (arguments, result): (Vec<Place>, Place) = ((0..*count).map(|_| place()).collect(), place());
            if let Some(callee) = numbers.get(callee) {
                let takes = all[*callee].1.params as usize;
                let of = arguments.iter().take(takes).zip(first_param[*callee]..);
                known.arguments.extend(of.map(|(argument, param)| (Param(param), *argument, result)));
                if all[*callee].1.gives {
                    known.returns.push((results[*callee], result));
                }
            }
            calls.push((arguments, result));
        }
        for (from, to) in &facts.ways {
            let from = match from {
                Start::Param(param) => own.get(*param as usize).copied(),
                Start::Secret(secret) => read.get(*secret as usize).copied(),
                Start::Call(call) => calls.get(*call as usize).map(|(_, result)| *result),
            };
            let to = match to {
                End::Result => Some(results[n]),
                End::Told => Some(told),
                End::Argument(call, at) => {
                    calls.get(*call as usize).and_then(|(arguments, _)| arguments.get(*at as usize).copied())
                }
            };
            known.flows.extend(from.zip(to));
        }
    }
    let closed = summarize(&known);
    let mut summaries: Vec<Summary> = all.iter().map(|_| Summary::default()).collect();
    let owner = |param: Param| {
        let function = first_param.partition_point(|first| *first <= param.0).checked_sub(1)?;
        Some((function, param.0 - first_param[function]))
    };
    for (function, param) in closed.passes.iter().filter_map(|param| owner(*param)) {
        summaries[function].passes.push(param);
    }
    for (function, param) in closed.tells.iter().filter_map(|param| owner(*param)) {
        summaries[function].tells.push(param);
    }
    for (place, secret) in &closed.gives {
        // Results are the first places.
        if let (Some((_, facts)), Some(secret)) = (all.get(place.0 as usize), secrets.get(secret.0 as usize))
            && facts.gives
        {
            summaries[place.0 as usize].gives.push((*secret).clone());
        }
    }
    all.iter().map(|(symbol, _)| *symbol).zip(summaries).collect()
}

/// How many functions are followed one by one, as for effects.
const FOLLOWED: usize = 256;

#[salsa::tracked(returns(ref))]
fn summary_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Summary {
    let from = key.symbol(db);
    let mut found: Vec<(&Symbol, &FlowFacts)> = Vec::new();
    let mut seen: FxHashSet<&Symbol> = FxHashSet::default();
    let mut open: Vec<&Symbol> = vec![from];
    while let Some(symbol) = open.pop() {
        if !seen.insert(symbol) {
            continue;
        }
        let Some(item) = item_of(db, symbol) else { continue };
        if found.len() == FOLLOWED {
            return program_summaries(db).get(from).cloned().unwrap_or_default();
        }
        let facts = flow_facts(db, item);
        open.extend(facts.calls.iter().map(|(callee, _)| callee));
        found.push((symbol, facts));
    }
    close(&found).remove(from).unwrap_or_default()
}

/// The summaries of all functions of the program.
#[salsa::tracked(returns(ref))]
fn program_summaries(db: &dyn Db) -> FxHashMap<Symbol, Summary> {
    let of_files = Program::get(db).files(db).iter().filter(|file| !is_library_module(file.module(db)));
    let facts: Vec<&(Symbol, FlowFacts)> = of_files.flat_map(|file| file_flow_facts(db, *file)).collect();
    let all: Vec<(&Symbol, &FlowFacts)> = facts.iter().map(|(symbol, facts)| (symbol, facts)).collect();
    close(&all).into_iter().map(|(symbol, summary)| (symbol.clone(), summary)).collect()
}

/// The facts of the functions of a file, so that the program's summaries look at files to learn that nothing has changed.
#[salsa::tracked(returns(ref))]
fn file_flow_facts(db: &dyn Db, file: SourceFile) -> Vec<(Symbol, FlowFacts)> {
    let of = |item: &Item<'_>| Some((symbol_of(db, *item)?, flow_facts(db, *item).clone()));
    items(db, file).iter().filter_map(of).collect()
}

fn summary<'db>(db: &'db dyn Db, function: &Symbol) -> &'db Summary {
    summary_by_key(db, SymbolKey::new(db, function.clone()))
}

/// What a body gives its value to.
#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// End callers, who go on with it.
    Callers,
    /// End everybody.
    Everybody(&'static str),
}

/// What is wrong with the ways of secrets in the code of an item.
#[salsa::tracked(returns(ref))]
pub(crate) fn secret_diagnostics<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !has_secrets(db) {
        return found;
    }
    let has = declared(db, item).has;
    let mut look = |flow: Flow<'_>, gives: Gives| refuse(db, item, &flow, gives, &mut found);
    if has.rules {
        rules(db, item).rules.iter().for_each(|rule| look(Flow::of_body(db, &rule.body), Gives::Callers));
    }
    if has.main {
        match &main_code(db, item).code {
            MainCode::Body(body) => {
                let gives = match item.word(db) {
                    "query" | "handler" | "view" => Gives::Everybody(ANSWER),
                    _ => Gives::Callers,
                };
                look(Flow::of_body(db, body), gives);
            }
            MainCode::Scenario(scenario) => look(Flow::of_scenario(db, scenario), Gives::Callers),
            MainCode::None => {}
        }
    }
    if has.parts {
        let of = parts(db, item);
        for (part, body) in &of.bodies {
            look(
                Flow::of_body(db, body),
                if is_seen(db, item, *part) { Gives::Everybody(SEEN) } else { Gives::Callers },
            );
        }
        of.rules.iter().for_each(|(_, rule)| look(Flow::of_body(db, &rule.body), Gives::Callers));
    }
    found
}

/// True for a computed field that everybody sees who sees the row.
fn is_seen<'db>(db: &'db dyn Db, item: Item<'db>, part: BodyPart) -> bool {
    let BodyPart::Computed(field) = part else { return false };
    match symbol_of(db, item).and_then(|symbol| signature(db, &symbol)) {
        Some(Signature::Relation(sig)) => sig.fields.get(field as usize).is_some_and(|field| !field.secret),
        _ => false,
    }
}

/// The places of a body that hold something, by what: with what its callees give, and through them.
fn held(db: &dyn Db, flow: &Flow<'_>, begins: Vec<(Place, Secret)>) -> FxHashMap<Place, Secret> {
    let mut flows = flow.flows.clone();
    for call in &flow.calls {
        let passes = summary(db, &call.function).passes.iter();
        flows.extend(passes.filter_map(|at| Some((*call.arguments.get(*at as usize)?, call.result))));
    }
    let mut held = FxHashMap::default();
    for (place, secret) in holds(&begins, &flows) {
        held.entry(place).or_insert(secret);
    }
    held
}

/// Says where a secret would leave the program through a body: of each way the first part.
fn refuse<'db>(db: &'db dyn Db, item: Item<'db>, flow: &Flow<'_>, gives: Gives, found: &mut Vec<Diagnostic>) {
    let mut fields: Vec<(Symbol, SmolStr)> = flow.fields.clone();
    let mut begins: Vec<(Place, Secret)> =
        flow.begins.iter().map(|(place, field)| (*place, Secret(*field as u32))).collect();
    for call in &flow.calls {
        for field in &summary(db, &call.function).gives {
            begins.push((call.result, Secret(fields.len() as u32)));
            fields.push(field.clone());
        }
    }
    if begins.is_empty() {
        return;
    }
    let held = held(db, flow, begins);
    let leak = |leaves: &[Leaf]| {
        let (leaf, secret) = leaves.iter().find_map(|leaf| Some((leaf, held.get(&leaf.place)?)))?;
        Some((leaf.range, fields.get(secret.0 as usize)?))
    };
    let mut tell = |(range, (relation, field)): (Range, &(Symbol, SmolStr)), what: &str, there: Option<Label>| {
        let message = format!("`{field}` is secret and {what}");
        let mut diagnostic = Diagnostic::new(Code::SecretOut, message, item.label(db, range, "goes out here"))
            .note("a secret may be compared and counted; leave it out here");
        diagnostic.secondary.extend(there);
        let declared = place_of(db, relation, Some(field));
        diagnostic.secondary.extend(declared.map(|location| Label { location, message: "declared secret".to_owned() }));
        found.push(diagnostic);
    };
    for out in &flow.outs {
        let Some(leak) = leak(&out.leaves) else { continue };
        match out.way {
            Way::Told(what) => tell(leak, what, None),
            Way::Into(call, at) => {
                let Some(call) = flow.calls.get(call) else { continue };
                if summary(db, &call.function).tells.contains(&(at as u32)) {
                    let there = told_at(db, &call.function, at as u32, &mut FxHashSet::default());
                    tell(leak, &format!("would be told by `{}`", call.function.name), there);
                }
            }
        }
    }
    if let Gives::Everybody(what) = gives {
        flow.results.iter().filter_map(|leaves| leak(leaves)).for_each(|leak| tell(leak, what, None));
    }
}

/// Where a function tells a parameter, itself or through others.
fn told_at(db: &dyn Db, function: &Symbol, param: u32, seen: &mut FxHashSet<(Symbol, u32)>) -> Option<Label> {
    if !seen.insert((function.clone(), param)) {
        return None;
    }
    let item = item_of(db, function)?;
    let body = function_body(db, item)?;
    let flow = Flow::of_body(db, body);
    let begin = body.params.get(param as usize)?;
    let held = held(db, &flow, vec![(Place(begin.0), Secret(0))]);
    flow.outs.iter().find_map(|out| {
        let leaf = out.leaves.iter().find(|leaf| held.contains_key(&leaf.place))?;
        match out.way {
            Way::Told(what) => Some(item.label(db, leaf.range, format!("here it {what}"))),
            Way::Into(call, at) => {
                let call = flow.calls.get(call)?;
                let tells = summary(db, &call.function).tells.contains(&(at as u32));
                tells.then(|| told_at(db, &call.function, at as u32, seen)).flatten()
            }
        }
    })
}
