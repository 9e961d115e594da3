//! Effects: what a callable reads, writes and fails with, and whether it asks the clock or for random bits, its
//! callees included.
//!
//! [`item_facts`] says per item what its code does by itself, without places, so an edit that changes no effect
//! stops there. [`effects_of`] follows a callable from item to item, as far as that is short, so that one handler's new
//! write does not reach the users of another. [`program_effects`] closes over calls, once per program, as a datafrog
//! program of `tenon_analysis`: for callables that reach far, for circles, and for the ways that messages show.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::bodies::{MainCode, main_code, parts, rules};
use crate::db::{Db, Program, SourceFile};
use crate::declare::{declared, name_range, place_of, signature};
use crate::infer::Effects;
use crate::items::{Item, items};
use crate::names::{SymbolKey, is_library_module, item_of, symbol_of};
use crate::signature::{CallableKind, FunctionSig, GeneratedKey, OnDelete, RelationSig, Signature};
use crate::sites::BodyPart;
use crate::ty::{Symbol, Ty};
use crate::typed::children;
use crate::typed::{Conversion, Expr, ExprKind};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use tenon_analysis::circles::{self, circles};
use tenon_analysis::effects::{Callable, Effect, Facts, close, way};
use tenon_diagnostics::{Code, Diagnostic, Label};
use tenon_span::Range;

/// Something whose code can run.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Node {
    /// A function, query, handler, view or constant.
    Item(Symbol),
    /// A computed field.
    Computed(Symbol, SmolStr),
    /// A refinement, by the index of its [`RuleRef`](crate::ty::RuleRef).
    Rule(Symbol, u32),
    /// What an insert into a relation runs: its defaults; and what it may fail with.
    Insert(Symbol),
    /// What an update of a relation runs: the defaults of fields `on update`; and what it may fail with.
    Update(Symbol),
    /// What a delete from a relation may fail with.
    Delete(Symbol),
}

/// One thing that code does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Does {
    /// Reads a relation.
    Reads(Symbol),
    /// Writes a relation.
    Writes(Symbol),
    /// May fail with an error; built-in ones live in the module `tenon`.
    Fails(Symbol),
    /// Asks for the moment of the transaction.
    Clock,
    /// Asks for random bits of the transaction.
    Random,
    /// Writes to the operator's log.
    Logs,
}

/// What one node does by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeFacts {
    /// Which.
    pub node: Node,
    /// Its own effects, in order, each once.
    pub does: Vec<Does>,
    /// What it runs, in order, each once.
    pub runs: Vec<Node>,
}

/// What a callable does, its callees included.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EffectSet {
    /// Relations that it reads, by name.
    pub reads: Vec<Symbol>,
    /// Relations that it writes, by name.
    pub writes: Vec<Symbol>,
    /// Errors that it may fail with, by name.
    pub fails: Vec<Symbol>,
    /// Asks for the moment.
    pub clock: bool,
    /// Asks for random bits.
    pub random: bool,
    /// Writes to the log.
    pub logs: bool,
}

impl EffectSet {
    fn add(&mut self, does: Does) {
        match does {
            Does::Reads(relation) => self.reads.push(relation),
            Does::Writes(relation) => self.writes.push(relation),
            Does::Fails(error) => self.fails.push(error),
            Does::Clock => self.clock = true,
            Does::Random => self.random = true,
            Does::Logs => self.logs = true,
        }
    }
}

/// The symbol of a built-in error.
pub fn built_in(name: &'static str) -> Symbol {
    Symbol { module: SmolStr::new_static("tenon"), name: SmolStr::new_static(name) }
}

/// What the pieces of code of an item do by themselves.
#[salsa::tracked(returns(ref))]
pub fn item_facts<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<NodeFacts> {
    let Some(symbol) = symbol_of(db, item) else { return Vec::new() };
    let mut found = Vec::new();
    let has = declared(db, item).has;
    if has.rules {
        let of = rules(db, item);
        for (rule, (_, effects)) in of.rules.iter().zip(&of.effects) {
            let mut gathered = Gathered::default();
            gathered.effects(effects);
            gathered.expr(&rule.body.value);
            let index = rule.rule.as_ref().map_or(0, |rule| rule.index);
            found.push(gathered.facts(Node::Rule(symbol.clone(), index)));
        }
    }
    found.extend(match signature(db, &symbol) {
        Some(Signature::Relation(relation)) => relation_facts(db, item, relation),
        // Scenarios have no signature and are called by nobody.
        Some(Signature::Unsupported(_) | Signature::Type(_) | Signature::Error(_)) | None => Vec::new(),
        _ => {
            let main = main_code(db, item);
            let mut gathered = Gathered::default();
            gathered.effects(&main.effects);
            if let MainCode::Body(body) = &main.code {
                gathered.expr(&body.value);
            }
            for (part, effects) in has.parts.then(|| &parts(db, item).effects).into_iter().flatten() {
                // Conditions of a function are its own; a default runs when the caller leaves the argument out.
                if matches!(part, BodyPart::ParamDefault(_) | BodyPart::Requires(_) | BodyPart::Ensures(_)) {
                    gathered.effects(effects);
                }
            }
            vec![gathered.facts(Node::Item(symbol))]
        }
    });
    found
}

fn relation_facts<'db>(db: &'db dyn Db, item: Item<'db>, relation: &RelationSig) -> Vec<NodeFacts> {
    let of = parts(db, item);
    let mut found = Vec::new();
    let symbol = &relation.symbol;
    let gather = |wanted: &dyn Fn(BodyPart) -> bool| {
        let mut gathered = Gathered::default();
        of.effects.iter().filter(|(part, _)| wanted(*part)).for_each(|(_, effects)| gathered.effects(effects));
        of.bodies.iter().filter(|(part, _)| wanted(*part)).for_each(|(_, body)| gathered.expr(&body.value));
        gathered
    };
    for (n, field) in relation.fields.iter().enumerate().filter(|(_, field)| field.computed) {
        let computed = gather(&|part| part == BodyPart::Computed(n as u32));
        found.push(computed.facts(Node::Computed(symbol.clone(), field.name.clone())));
    }
    let on_update = |n: u32| relation.fields.get(n as usize).is_some_and(|field| field.on_update);
    let always = |part: BodyPart| matches!(part, BodyPart::UniqueFailure(_) | BodyPart::UniquePart(..));
    let mut insert = gather(&|part| always(part) || matches!(part, BodyPart::Default(_)));
    let mut update = gather(&|part| always(part) || matches!(part, BodyPart::Default(n) if on_update(n)));
    let conflict = || Does::Fails(built_in("Conflict"));
    if relation.uniques.iter().any(|unique| !unique.failure) {
        insert.does.push(conflict());
        update.does.push(conflict());
    }
    if relation.generated == GeneratedKey::No {
        insert.does.push(conflict());
    }
    found.push(insert.facts(Node::Insert(symbol.clone())));
    found.push(update.facts(Node::Update(symbol.clone())));
    found
}

/// The relations whose references keep rows of another from being deleted. Depends on the signatures of all
/// relations, and on no body.
#[salsa::tracked(returns(ref))]
fn restricted(db: &dyn Db) -> FxHashSet<Symbol> {
    Program::get(db).files(db).iter().flat_map(|file| file_restricts(db, *file)).cloned().collect()
}

/// See [`restricted`]: what the references of one file keep.
#[salsa::tracked(returns(ref))]
fn file_restricts(db: &dyn Db, file: SourceFile) -> Vec<Symbol> {
    let mut found = Vec::new();
    for item in items(db, file).iter().filter(|item| item.is_relation(db)) {
        let Some(Signature::Relation(relation)) = symbol_of(db, *item).and_then(|symbol| signature(db, &symbol)) else {
            continue;
        };
        for field in relation.fields.iter().filter(|field| field.on_delete == OnDelete::Restrict && !field.computed) {
            found.extend(field.target().cloned());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What the items of a file do by themselves. A query per file, so that the program's effects look at files, not at
/// items, to learn that nothing has changed.
#[salsa::tracked(returns(ref))]
fn file_facts(db: &dyn Db, file: SourceFile) -> Vec<NodeFacts> {
    let can_run = |item: &&Item<'_>| !matches!(item.word(db), "error" | "use" | "scenario");
    items(db, file).iter().filter(can_run).flat_map(|item| item_facts(db, *item)).cloned().collect()
}

#[derive(Default)]
struct Gathered {
    does: Vec<Does>,
    runs: Vec<Node>,
}

impl Gathered {
    fn effects(&mut self, effects: &Effects) {
        self.does.extend(effects.reads.iter().map(|(relation, _)| Does::Reads(relation.clone())));
        self.does.extend(effects.writes.iter().map(|(relation, _)| Does::Writes(relation.clone())));
        self.does.extend(effects.fails.iter().map(|(error, _)| Does::Fails(error.clone())));
        self.does.extend(effects.clock.first().map(|_| Does::Clock));
        self.does.extend(effects.random.first().map(|_| Does::Random));
        self.does.extend(effects.logs.first().map(|_| Does::Logs));
        self.runs.extend(effects.calls.iter().map(|(callee, _)| Node::Item(callee.clone())));
    }

    /// What runs without being called: computed fields and the defaults of what is written.
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::ComputedField(row, field) => {
                if let Ty::Row(relation) = row.ty.base() {
                    self.runs.push(Node::Computed(relation.clone(), field.clone()));
                }
            }
            ExprKind::Insert { relation, .. } => self.runs.push(Node::Insert(relation.clone())),
            ExprKind::Upsert { relation, .. } => {
                self.runs.push(Node::Insert(relation.clone()));
                self.runs.push(Node::Update(relation.clone()));
            }
            ExprKind::Update { relation, .. } => self.runs.push(Node::Update(relation.clone())),
            ExprKind::Delete { relation, .. } => self.runs.push(Node::Delete(relation.clone())),
            // What is not known to satisfy a rule is tried when it runs.
            ExprKind::Convert(Conversion::Refine { checked: true }, _) | ExprKind::TryRefine(_) => self.tries(&expr.ty),
            ExprKind::Const(constant) => self.runs.push(Node::Item(constant.clone())),
            _ => {}
        }
        children(expr).into_iter().for_each(|child| self.expr(child));
    }

    fn tries(&mut self, ty: &Ty) {
        match ty {
            Ty::Refined(base, rule) => {
                self.runs.push(Node::Rule(rule.owner.clone(), rule.index));
                self.tries(base);
            }
            Ty::Option(inner) => self.tries(inner),
            _ => {}
        }
    }

    fn facts(mut self, node: Node) -> NodeFacts {
        self.does.sort();
        self.does.dedup();
        self.runs.sort();
        self.runs.dedup();
        NodeFacts { node, does: self.does, runs: self.runs }
    }
}

/// The effects of everything that can run in the program. Nodes and effects are numbered in the order of their
/// names, so that the same program gives the same answer whatever was edited before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProgramEffects {
    nodes: Vec<Node>,
    effects: Vec<Does>,
    facts: Facts,
    sets: Vec<EffectSet>,
    /// Computed fields, rules and views that need themselves: circles of nodes, each beginning with the first such.
    pub circles: Vec<Vec<Node>>,
}

/// Closes the effects of all items over calls.
#[salsa::tracked(returns(ref))]
pub fn program_effects(db: &dyn Db) -> ProgramEffects {
    let mut facts: Vec<&NodeFacts> = Program::get(db).files(db).iter().flat_map(|file| file_facts(db, *file)).collect();
    // Of the library what is reached.
    let of_library = |facts: &NodeFacts| -> Vec<Symbol> {
        let symbols = facts.runs.iter().map(Node::symbol);
        symbols.filter(|symbol| is_library_module(&symbol.module)).cloned().collect()
    };
    let mut open: Vec<Symbol> = facts.iter().flat_map(|facts| of_library(facts)).collect();
    let mut reached: FxHashSet<Symbol> = FxHashSet::default();
    while let Some(symbol) = open.pop() {
        if !reached.insert(symbol.clone()) {
            continue;
        }
        for of_node in item_of(db, &symbol).into_iter().flat_map(|item| item_facts(db, item)) {
            open.extend(of_library(of_node));
            facts.push(of_node);
        }
    }
    let restricted: Vec<NodeFacts> = restricted(db).iter().map(|relation| deletes(relation.clone())).collect();
    facts.extend(&restricted);
    ProgramEffects::close(&facts)
}

fn deletes(relation: Symbol) -> NodeFacts {
    NodeFacts { node: Node::Delete(relation), does: vec![Does::Fails(built_in("Conflict"))], runs: Vec::new() }
}

impl Node {
    /// The item that it belongs to.
    pub fn symbol(&self) -> &Symbol {
        match self {
            Node::Item(symbol)
            | Node::Computed(symbol, _)
            | Node::Rule(symbol, _)
            | Node::Insert(symbol)
            | Node::Update(symbol)
            | Node::Delete(symbol) => symbol,
        }
    }
}

impl ProgramEffects {
    fn close(all: &[&NodeFacts]) -> ProgramEffects {
        let nodes: FxHashSet<&Node> =
            all.iter().flat_map(|facts| std::iter::once(&facts.node).chain(&facts.runs)).collect();
        let mut nodes: Vec<&Node> = nodes.into_iter().collect();
        nodes.sort_unstable();
        let effects: FxHashSet<&Does> = all.iter().flat_map(|facts| &facts.does).collect();
        let mut effects: Vec<&Does> = effects.into_iter().collect();
        effects.sort_unstable();
        let numbers: FxHashMap<&Node, u32> = nodes.iter().enumerate().map(|(n, node)| (*node, n as u32)).collect();
        let mut facts = Facts::default();
        for of_node in all {
            let Some(number) = numbers.get(&of_node.node) else { continue };
            let callable = Callable(*number);
            let own = of_node.does.iter().filter_map(|does| effects.binary_search(&does).ok());
            facts.own.extend(own.map(|at| (callable, Effect(at as u32))));
            let calls = of_node.runs.iter().filter_map(|node| numbers.get(node));
            facts.calls.extend(calls.map(|callee| (callable, Callable(*callee))));
        }
        let mut sets = vec![EffectSet::default(); nodes.len()];
        for (callable, effect) in close(&facts) {
            let (Some(set), Some(does)) = (sets.get_mut(callable.0 as usize), effects.get(effect.0 as usize)) else {
                continue;
            };
            set.add(Does::clone(does));
        }
        let at = |callable: &Callable| circles::Node(callable.0);
        let edges: Vec<_> = facts.calls.iter().map(|(from, to)| (at(from), at(to))).collect();
        let seeds = nodes.iter().enumerate().filter(|(_, node)| may_not_need_itself(node));
        let seeds: Vec<_> = seeds.map(|(n, _)| circles::Node(n as u32)).collect();
        let named = |circle: Vec<circles::Node>| {
            circle.iter().filter_map(|node| nodes.get(node.0 as usize).map(|node| Node::clone(node))).collect()
        };
        let circles = circles(&seeds, &edges).into_iter().map(named).collect();
        ProgramEffects {
            nodes: nodes.into_iter().cloned().collect(),
            effects: effects.into_iter().cloned().collect(),
            facts,
            sets,
            circles,
        }
    }

    /// What a node does.
    pub fn of(&self, node: &Node) -> Option<&EffectSet> {
        self.sets.get(self.nodes.binary_search(node).ok()?)
    }

    /// A shortest chain from a node to one that does something by itself, both included.
    pub fn chain(&self, from: &Node, does: &Does) -> Vec<Node> {
        let (Ok(from), Ok(effect)) = (self.nodes.binary_search(from), self.effects.binary_search(does)) else {
            return Vec::new();
        };
        let way = way(&self.facts, Callable(from as u32), Effect(effect as u32)).unwrap_or_default();
        way.iter().filter_map(|callable| self.nodes.get(callable.0 as usize).cloned()).collect()
    }
}

#[salsa::tracked(returns(ref))]
fn effects_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> EffectSet {
    let node = Node::Item(key.symbol(db).clone());
    match reach(db, &node) {
        Some(reached) => reached.effects(),
        None => program_effects(db).of(&node).cloned().unwrap_or_default(),
    }
}

/// How many nodes are followed one by one. What reaches more is looked up in the effects of the whole program, which
/// are closed over calls once for all; so that a long chain of calls costs no more than its length.
const FOLLOWED: usize = 256;

/// What a node does and runs, followed from item to item.
#[derive(Default)]
struct Reached {
    does: BTreeSet<Does>,
    /// It runs itself.
    circle: bool,
}

impl Reached {
    fn effects(self) -> EffectSet {
        let mut set = EffectSet::default();
        for does in self.does {
            set.add(does);
        }
        set
    }
}

/// Follows a node; `None` where it reaches more than is followed. Depends on the items that it reaches, so that an edit
/// elsewhere does not come here.
fn reach(db: &dyn Db, from: &Node) -> Option<Reached> {
    let mut reached = Reached::default();
    let mut seen: FxHashSet<Node> = FxHashSet::default();
    let mut open: Vec<Node> = vec![from.clone()];
    while let Some(node) = open.pop() {
        if !seen.insert(node.clone()) {
            continue;
        }
        if seen.len() > FOLLOWED {
            return None;
        }
        if let Node::Delete(relation) = &node
            && restricted(db).contains(relation)
        {
            reached.does.insert(Does::Fails(built_in("Conflict")));
        }
        let facts = item_of(db, node.symbol()).map(|item| item_facts(db, item)).into_iter().flatten();
        for of_node in facts.filter(|facts| facts.node == node) {
            reached.does.extend(of_node.does.iter().cloned());
            reached.circle |= of_node.runs.contains(from);
            open.extend(of_node.runs.iter().cloned());
        }
    }
    Some(reached)
}

/// True for a node that may not need itself: computed fields, rules, views. Views are called in upper case, other
/// callables in lower case.
fn may_not_need_itself(node: &Node) -> bool {
    match node {
        Node::Computed(..) | Node::Rule(..) => true,
        Node::Item(symbol) => symbol.name.starts_with(char::is_uppercase),
        _ => false,
    }
}

/// True if something in a file may need itself: a circle, or more than is followed.
#[salsa::tracked(returns(copy))]
pub(crate) fn file_may_circle(db: &dyn Db, file: SourceFile) -> bool {
    let seeds = file_facts(db, file).iter().filter(|facts| may_not_need_itself(&facts.node) && !facts.runs.is_empty());
    seeds.map(|facts| reach(db, &facts.node)).any(|reached| reached.is_none_or(|reached| reached.circle))
}

/// What a callable does, its callees included.
pub fn effects_of<'db>(db: &'db dyn Db, callable: &Symbol) -> &'db EffectSet {
    effects_by_key(db, SymbolKey::new(db, callable.clone()))
}

/// What is wrong with the effects of an item: a query that writes, a rule that looks further than its own values.
#[salsa::tracked(returns(ref))]
pub fn effect_diagnostics<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match item.word(db) {
        "query" => found.extend(query_writes(db, item)),
        "const" => found.extend(forbidden(db, item, BodyPart::Code, &main_code(db, item).effects)),
        _ => {}
    }
    let has = declared(db, item).has;
    let of_rules = has.rules.then(|| &rules(db, item).effects).into_iter().flatten();
    let of_parts = has.parts.then(|| &parts(db, item).effects).into_iter().flatten();
    found.extend(of_rules.chain(of_parts).filter_map(|(part, effects)| forbidden(db, item, *part, effects)));
    found
}

fn query_writes<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Diagnostic> {
    let symbol = symbol_of(db, item)?;
    let Some(Signature::Function(FunctionSig { kind: CallableKind::Query, .. })) = signature(db, &symbol) else {
        return None;
    };
    let written = effects_of(db, &symbol).writes.first()?;
    let own = main_code(db, item).effects.writes.first().cloned();
    let (message, range, label, chain) = match own {
        Some((relation, range)) => (
            format!("a query reads, and `{}` writes `{}`", symbol.name, relation.name),
            range,
            String::from("writes"),
            Vec::new(),
        ),
        None => {
            let chain = program_effects(db).chain(&Node::Item(symbol.clone()), &Does::Writes(written.clone()));
            let through = chain.get(1).map(node_name).unwrap_or_default();
            let message = format!("a query reads, and `{}` writes `{}` through `{through}`", symbol.name, written.name);
            let range = called_at(db, item, chain.get(1)).unwrap_or_else(|| name_range(db, item));
            (message, range, String::from("leads to a write"), chain)
        }
    };
    let mut diagnostic = Diagnostic::new(Code::QueryWrites, message, item.label(db, range, label));
    if chain.len() > 2 {
        let names: Vec<String> = chain.iter().map(|node| format!("`{}`", node_name(node))).collect();
        diagnostic = diagnostic.note(format!("the calls: {}", names.join(" → ")));
    }
    if let Some(place) = chain.last().and_then(|node| own_write(db, node, written)) {
        diagnostic = diagnostic.because(place);
    }
    Some(diagnostic.note("what writes is a `handler`, and is called by POST, PUT, PATCH or DELETE"))
}

/// What a piece of code may do beyond looking at its own values. None writes, also not to the log.
struct Allowed {
    /// What it is called.
    what: &'static str,
    reads: bool,
    clock: bool,
    random: bool,
    fails: bool,
}

fn allowed(part: BodyPart) -> Allowed {
    let (what, reads, clock, random, fails) = match part {
        BodyPart::Rule(_) => ("the rule of a type", false, false, false, false),
        BodyPart::Check(_) => ("a `check`", false, false, false, false),
        BodyPart::UniquePart(..) => ("a `unique`", false, false, false, false),
        BodyPart::UniqueFailure(_) => ("the failure of a `unique`", false, false, false, true),
        BodyPart::Message => ("the message of an error", false, false, false, false),
        BodyPart::Code => ("a constant", false, false, false, false),
        BodyPart::Requires(_) => ("`requires`", true, true, false, false),
        BodyPart::Ensures(_) => ("`ensures`", true, true, false, false),
        BodyPart::Computed(_) => ("a computed field", true, true, false, false),
        BodyPart::Default(_) | BodyPart::ParamDefault(_) | BodyPart::RecordDefault(_) => {
            ("a default", false, true, true, false)
        }
    };
    Allowed { what, reads, clock, random, fails }
}

/// The first thing that a piece of code does and may not.
fn forbidden<'db>(db: &'db dyn Db, item: Item<'db>, part: BodyPart, effects: &Effects) -> Option<Diagnostic> {
    let allowed = allowed(part);
    let what = allowed.what;
    let own = || {
        let of = |symbols: &[(Symbol, Range)], does: &str| {
            symbols.first().map(|(symbol, range)| (*range, format!("{what} cannot {does} `{}`", symbol.name)))
        };
        let world =
            |ranges: &[Range], of: &str| ranges.first().map(|range| (*range, format!("{what} cannot depend on {of}")));
        of(&effects.writes, "write")
            .or_else(|| of(&effects.reads, "read").filter(|_| !allowed.reads))
            .or_else(|| of(&effects.fails, "fail with").filter(|_| !allowed.fails))
            .or_else(|| world(&effects.clock, "the clock").filter(|_| !allowed.clock))
            .or_else(|| world(&effects.random, "chance").filter(|_| !allowed.random))
            .or_else(|| effects.logs.first().map(|range| (*range, format!("{what} cannot write to the log"))))
    };
    let called = || {
        effects.calls.iter().find_map(|(callee, range)| {
            let set = effects_of(db, callee);
            let does = if let Some(relation) = set.writes.first() {
                format!("writes `{}`", relation.name)
            } else if let Some(relation) = set.reads.first().filter(|_| !allowed.reads) {
                format!("reads `{}`", relation.name)
            } else if let Some(error) = set.fails.first().filter(|_| !allowed.fails) {
                format!("may fail with `{}`", error.name)
            } else if set.clock && !allowed.clock {
                String::from("asks the clock")
            } else if set.random && !allowed.random {
                String::from("depends on chance")
            } else if set.logs {
                String::from("writes to the log")
            } else {
                return None;
            };
            Some((*range, format!("{what} cannot call `{}`, which {does}", callee.name)))
        })
    };
    let (range, message) = own().or_else(called)?;
    let diagnostic =
        Diagnostic::new(Code::RuleEffect, message, item.label(db, range, "reaches further than its own values"));
    Some(match part {
        BodyPart::Check(_) => {
            diagnostic.note("a `check` speaks about the fields of one row; what relates rows is an `invariant`")
        }
        _ => diagnostic,
    })
}

fn node_name(node: &Node) -> String {
    match node {
        Node::Item(symbol) => symbol.name.to_string(),
        Node::Computed(symbol, field) => format!("{}.{field}", symbol.name),
        Node::Rule(symbol, _) => format!("the rule of {}", symbol.name),
        Node::Insert(symbol) => format!("insert {}", symbol.name),
        Node::Update(symbol) => format!("update {}", symbol.name),
        Node::Delete(symbol) => format!("delete {}", symbol.name),
    }
}

/// Where the code of an item calls a node.
fn called_at<'db>(db: &'db dyn Db, item: Item<'db>, node: Option<&Node>) -> Option<Range> {
    let Some(Node::Item(callee)) = node else { return None };
    let calls = &main_code(db, item).effects.calls;
    calls.iter().find(|(symbol, _)| symbol == callee).map(|(_, range)| *range)
}

/// Where a node writes a relation by itself.
fn own_write(db: &dyn Db, node: &Node, relation: &Symbol) -> Option<Label> {
    let Node::Item(symbol) = node else { return None };
    let item = item_of(db, symbol)?;
    let writes = &main_code(db, item).effects.writes;
    let (_, range) = writes.iter().find(|(written, _)| written == relation)?;
    Some(item.label(db, *range, format!("`{}` is written here", relation.name)))
}

/// What is wrong with the program's effects as a whole: computed fields, rules and views that need themselves.
#[salsa::tracked(returns(ref))]
pub fn circular_fields(db: &dyn Db) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let files = Program::get(db).files(db).iter();
    if !files.copied().any(|file| file_may_circle(db, file)) {
        return found;
    }
    for circle in &program_effects(db).circles {
        if let Some(Node::Item(view)) = circle.first() {
            let Some(item) = item_of(db, view) else { continue };
            let label = item.label(db, name_range(db, item), "refers to itself");
            found.push(Diagnostic::new(Code::NotSupported, "recursive views are not supported yet", label));
        }
        if let Some(Node::Rule(owner, _)) = circle.first() {
            let Some(item) = item_of(db, owner) else { continue };
            let through: Vec<String> = circle.iter().skip(1).map(|node| format!("`{}`", node_name(node))).collect();
            let message = match through.as_slice() {
                [] => format!("the rule of `{}` wants a value that satisfies it already", owner.name),
                others => format!("the rule of `{}` needs itself, through {}", owner.name, others.join(", ")),
            };
            found.push(Diagnostic::new(
                Code::CircularBody,
                message,
                item.label(db, name_range(db, item), "would never end"),
            ));
        }
        let Some(Node::Computed(relation, field)) = circle.first() else { continue };
        let Some(location) = place_of(db, relation, Some(field)) else { continue };
        let through: Vec<String> = circle.iter().skip(1).map(|node| format!("`{}`", node_name(node))).collect();
        let message = match through.as_slice() {
            [] => format!("`{field}` is computed from itself"),
            others => format!("`{field}` is computed from itself, through {}", others.join(", ")),
        };
        let label = Label { location, message: String::from("needs its own value") };
        found.push(Diagnostic::new(Code::ComputedCycle, message, label));
    }
    found
}
