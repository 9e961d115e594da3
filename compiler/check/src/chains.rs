//! Chains of inferred results: how many types follow from each other, told by the names in code alone.
//!
//! The type of a function without a declared result follows from its code, which may need the type of another such
//! function, and so on. Inference follows that by recursion, so the length of the way has a limit. Whether it is too long
//! is a property of the program's texts, not of who asks first: an edge leads from an item to every item that is named
//! anywhere in its code and has an inferred result or rules, whether or not inference will ask it.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::db::{Db, Program};
use crate::declare::{declared, signature};
use crate::items::{Item, code, items, parse};
use crate::names::{Resolution, SymbolKey, item_of, resolve, resolve_in, symbol_of};
use crate::signature::{ConstSig, FunctionSig, ResultSig, Signature};
use crate::ty::{Symbol, Ty};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use tenon_syntax::words::TokenKind;

/// How many results may follow from each other.
pub const MAX_CHAIN: usize = 32;

/// True for an item whose type, or whose rules, follow from its code.
fn is_inferred(db: &dyn Db, symbol: &Symbol) -> bool {
    let result = match signature(db, symbol) {
        Some(Signature::Function(FunctionSig { result, .. })) => *result == ResultSig::Inferred,
        Some(Signature::Const(ConstSig { ty, .. })) => ty.is_none(),
        _ => false,
    };
    result || item_of(db, symbol).is_some_and(|item| declared(db, item).has.rules)
}

/// The items that are named in the code of an item and that are inferred themselves, or whose types have rules that are.
#[salsa::tracked(returns(ref))]
fn needs<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Symbol> {
    let Some(item) = item_of(db, key.symbol(db)) else { return Vec::new() };
    let mut found: Vec<Symbol> = Vec::new();
    for symbol in named(db, item) {
        found.extend(rules_of(db, &symbol).into_iter().filter(|owner| is_inferred(db, owner)));
        if is_inferred(db, &symbol) {
            found.push(symbol);
        }
    }
    found.sort();
    found.dedup();
    found.retain(|symbol| symbol != key.symbol(db));
    found
}

/// The items that the names in an item's code may stand for. A local may hide an item, which counts all the same; a field
/// and the name of an argument do not.
fn named<'db>(db: &'db dyn Db, item: Item<'db>) -> FxHashSet<Symbol> {
    let file = item.file(db);
    let text = code(db, item);
    let tokens = parse(db, item).tokens.tokens();
    let mut found = FxHashSet::default();
    // The module before the dot.
    let mut module: Option<SmolStr> = None;
    for (at, token) in tokens.iter().enumerate() {
        let follows = |kind: TokenKind| tokens.get(at + 1).is_some_and(|next| next.kind == kind);
        let behind_dot =
            at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|before| before.kind == TokenKind::Dot);
        let within = module.take();
        match token.kind {
            TokenKind::Dot => {
                module = within;
                continue;
            }
            TokenKind::LowerName | TokenKind::UpperName if !follows(TokenKind::Colon) => {}
            _ => continue,
        }
        let name = SmolStr::new(token.range.slice(text));
        let meant = match within {
            Some(module) => resolve_in(db, module, name),
            None if behind_dot && !follows(TokenKind::LParen) => continue,
            None => resolve(db, file, name),
        };
        match meant {
            Resolution::Item(symbol) => drop(found.insert(symbol.clone())),
            Resolution::Module(path) => module = Some(path.clone()),
            Resolution::Error | Resolution::Unknown => {}
        }
    }
    found
}

/// The owners of the rules in the types that an item declares.
fn rules_of(db: &dyn Db, symbol: &Symbol) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    match signature(db, symbol) {
        Some(Signature::Function(sig)) => {
            sig.params.iter().for_each(|param| owners(&param.ty, &mut found));
            if let ResultSig::Declared(ty) = &sig.result {
                owners(ty, &mut found);
            }
        }
        Some(Signature::Relation(sig)) => sig.fields.iter().for_each(|field| owners(&field.ty, &mut found)),
        Some(Signature::Const(ConstSig { ty: Some(ty), .. })) => owners(ty, &mut found),
        _ => {}
    }
    found
}

fn owners(ty: &Ty, found: &mut FxHashSet<Symbol>) {
    match ty {
        Ty::Refined(base, rule) => {
            found.insert(rule.owner.clone());
            owners(base, found);
        }
        Ty::Option(inner) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => owners(inner, found),
        Ty::Map(key, value) => {
            owners(key, found);
            owners(value, found);
        }
        Ty::Record(record) => record.fields.iter().for_each(|field| owners(&field.ty, found)),
        Ty::Variant(_, args) => args.iter().for_each(|arg| owners(arg, found)),
        _ => {}
    }
}

/// True if more results may follow from each other than the limit, from this one on. What is in a circle follows from
/// itself, and inference says so; only circles that are larger than the limit count as too long.
#[salsa::tracked(returns(copy))]
fn too_long<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> bool {
    // What is reached, in order of distance.
    let start = key.symbol(db).clone();
    let mut numbers: FxHashMap<Symbol, usize> = FxHashMap::from_iter([(start.clone(), 0)]);
    let mut reached: Vec<(Symbol, usize)> = vec![(start, 0)];
    let mut edges: Vec<Vec<usize>> = Vec::new();
    while let Some((symbol, distance)) = reached.get(edges.len()).cloned() {
        if distance > MAX_CHAIN {
            return true;
        }
        let mut out = Vec::new();
        for symbol in needs(db, SymbolKey::new(db, symbol)) {
            let number = *numbers.entry(symbol.clone()).or_insert_with(|| {
                reached.push((symbol.clone(), distance + 1));
                reached.len() - 1
            });
            out.push(number);
        }
        edges.push(out);
    }
    // From the ends: the longest way from each; circles, and what leads to them, remain.
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    let mut waits: Vec<usize> = edges.iter().map(Vec::len).collect();
    for (from, out) in edges.iter().enumerate() {
        for to in out {
            if let Some(list) = users.get_mut(*to) {
                list.push(from);
            }
        }
    }
    let mut lengths: Vec<usize> = vec![0; edges.len()];
    let mut ready: Vec<usize> = (0..edges.len()).filter(|n| waits.get(*n) == Some(&0)).collect();
    let mut settled = 0;
    while let Some(number) = ready.pop() {
        settled += 1;
        let length = lengths.get(number).copied().unwrap_or_default() + 1;
        for user in users.get(number).into_iter().flatten() {
            if let Some(longest) = lengths.get_mut(*user) {
                *longest = length.max(*longest);
            }
            if let Some(count) = waits.get_mut(*user) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*user);
                }
            }
        }
    }
    let longest = lengths.first().copied().unwrap_or_default();
    longest > MAX_CHAIN || edges.len() - settled > MAX_CHAIN
}

/// True if more results follow from each other than may, from this one on.
pub fn is_too_long(db: &dyn Db, symbol: &Symbol) -> bool {
    too_long(db, SymbolKey::new(db, symbol.clone()))
}

/// True for an item at which a chain that is too long is reported.
pub fn is_reported(db: &dyn Db, symbol: &Symbol) -> bool {
    is_inferred(db, symbol) && is_too_long(db, symbol) && reported(db).contains(symbol)
}

/// The items at which chains that are too long are reported, so that each has one: the last of which it is so; of
/// circles the first by name. Asked only where there is such a chain.
#[salsa::tracked(returns(ref))]
fn reported(db: &dyn Db) -> FxHashSet<Symbol> {
    let items = Program::get(db).files(db).iter().flat_map(|file| items(db, *file));
    let inferred = items.filter_map(|item| symbol_of(db, *item)).filter(|symbol| is_inferred(db, symbol));
    let mut long: Vec<Symbol> = inferred.filter(|symbol| is_too_long(db, symbol)).collect();
    long.sort();
    let next =
        |symbol: &Symbol| needs(db, SymbolKey::new(db, symbol.clone())).iter().filter(|next| is_too_long(db, next));
    let mut users: FxHashMap<&Symbol, Vec<&Symbol>> = FxHashMap::default();
    for symbol in &long {
        next(symbol).for_each(|next| users.entry(next).or_default().push(symbol));
    }
    let mut found: FxHashSet<Symbol> = FxHashSet::default();
    // Those that lead to an item that is reported.
    let mut covered: FxHashSet<&Symbol> = FxHashSet::default();
    let ends = long.iter().filter(|symbol| next(symbol).next().is_none());
    for symbol in ends.chain(&long) {
        if covered.contains(symbol) {
            continue;
        }
        let first = reach(symbol, |symbol| next(symbol).collect()).into_iter().min().unwrap_or(symbol);
        covered.extend(reach(first, |symbol| users.get(symbol).cloned().unwrap_or_default()));
        found.insert(first.clone());
    }
    found
}

/// What is reached from an item, itself included.
fn reach<'s>(from: &'s Symbol, next: impl Fn(&Symbol) -> Vec<&'s Symbol>) -> FxHashSet<&'s Symbol> {
    let mut reached: FxHashSet<&Symbol> = FxHashSet::from_iter([from]);
    let mut open = vec![from];
    while let Some(symbol) = open.pop() {
        open.extend(next(symbol).into_iter().filter(|next| reached.insert(next)));
    }
    reached
}
