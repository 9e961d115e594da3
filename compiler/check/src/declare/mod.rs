//! Declarations: from the tree of an item to its signature, with everything that is wrong with the declaration.
//!
//! [`declared`] is one query per item and its result holds places, so it runs again with every edit of the item
//! that changes code. [`signature`] hands out the part without places; it is equal after an edit of a body, and
//! there the chain of re-execution ends.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

mod function;
mod relation;
mod types;

pub(crate) use function::{PathStep, path_steps};

use crate::bodies::HasCode;
use crate::bounds::Obligation;
use crate::db::{Db, Program, SourceFile};
use crate::items::{Item, items, tree};
use crate::names::{Resolution, SymbolKey, item_of, resolve, symbol_of};
use crate::signature::{Generic, Signature, TypeBound};
use crate::suggest::closest;
use crate::ty::{Symbol, Ty};
use crate::types::{DeclaredParts, TypeResolver};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic, Location};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};

/// What a declaration comes to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Declared {
    /// What others may know of it; `None` for an item without a name, or one that could not be read.
    pub signature: Option<Arc<Signature>>,
    /// The types that the refinements of its declared types refine, by place in
    /// [`DeclaredParts::rules`](crate::types::DeclaredParts).
    pub rules: Vec<Ty>,
    /// The types of the defaults in its declared record types.
    pub record_defaults: Vec<Ty>,
    /// Which kinds of code it has.
    pub has: HasCode,
    /// What is asked of its types.
    pub obligations: Vec<Obligation>,
    /// What is wrong with it, bodies apart.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a declaration by itself: names, types, clauses. What needs the signatures of others is checked by
/// [`agreement`](crate::agreement), so that signatures never wait for themselves.
///
/// A record type may take its fields from a relation, so a circle can be written (`type A = (..R)` with `R`
/// holding an `A`); all its members then have no signature and say so.
#[salsa::tracked(returns(ref), cycle_result = declared_circle)]
pub fn declared<'db>(db: &'db dyn Db, item: Item<'db>) -> Declared {
    match tree(db, item) {
        Some(tree) => declare(db, item, tree),
        None => Declared::default(),
    }
}

/// What a tree declares in the place of an item. The item's own tree is not asked for, so that a tree that is only
/// tried may stand for it.
pub fn declare<'db>(db: &'db dyn Db, item: Item<'db>, tree: &ast::Item) -> Declared {
    let parts = DeclaredParts::of(tree);
    let generics = match &tree.kind {
        ItemKind::Type(decl) => generics(&decl.generics),
        ItemKind::Function(decl) => generics(&decl.generics),
        _ => Vec::new(),
    };
    let types = TypeResolver::new(db, item, &generics, &parts);
    let mut declaring = Declaring { db, item, tree, types };
    let signature = declaring.item();
    let TypeResolver { diagnostics, obligations, rules, record_defaults, .. } = declaring.types;
    let has = HasCode::of(tree, &parts);
    Declared { signature: signature.map(Arc::new), rules, record_defaults, has, obligations, diagnostics }
}

fn declared_circle<'db>(db: &'db dyn Db, _: salsa::Id, item: Item<'db>) -> Declared {
    let label = item.label(db, name_range(db, item), "needs itself");
    let message = format!("the fields of `{}` cannot be told without knowing them already", item.name(db));
    Declared { diagnostics: vec![Diagnostic::new(Code::RecursiveType, message, label)], ..Declared::default() }
}

/// The state of checking one declaration.
struct Declaring<'a, 'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    tree: &'a ast::Item,
    types: TypeResolver<'a, 'db>,
}

impl Declaring<'_, '_> {
    fn doc(&self) -> SmolStr {
        self.tree.doc.as_ref().map(|doc| doc.text.clone()).unwrap_or_default()
    }

    /// Reports a part of the language that this version does not run: `what` in the plural or in backticks.
    fn unsupported(&mut self, range: Range, what: &str) {
        self.types.report(
            Code::NotSupported,
            range,
            format!("{what} {} not supported yet", are(what)),
            "not run by this version",
        );
    }

    /// `breaking` and `was`.
    fn change_clauses(&mut self, breaking: Option<Range>, was: Option<&ast::Ident>) {
        if let Some(range) = breaking {
            self.unsupported(range, "`breaking`");
        }
        if let Some(was) = was {
            self.unsupported(was.range, "`was`");
        }
    }

    fn generic_names(&mut self, list: &[ast::Generic]) {
        for (n, generic) in list.iter().enumerate() {
            self.types.upper_case("a type parameter", &generic.name);
            if let Some(first) = list.iter().take(n).find(|other| other.name.text == generic.name.text) {
                self.types.repeated("type parameter", &generic.name, first.name.range);
            }
            let Some(bound) = &generic.bound else { continue };
            if !matches!(bound.as_str(), "Ordered" | "Keyed" | "Storable") {
                let suggestion = closest(&bound.text, ["Ordered", "Keyed", "Storable"]);
                let message =
                    format!("there is no bound `{}`; the bounds are `Ordered`, `Keyed` and `Storable`", bound.text);
                self.types.report(Code::UnknownBound, bound.range, message, "not a bound").did_you_mean(suggestion);
            }
        }
    }

    fn item(&mut self) -> Option<Signature> {
        let symbol = symbol_of(self.db, self.item);
        let word = self.tree.kind.word();
        match (&self.tree.kind, symbol) {
            (ItemKind::Use(_) | ItemKind::Scenario(_), _) => None,
            (ItemKind::Type(decl), Some(symbol)) => Some(self.type_decl(decl, symbol)),
            (ItemKind::Relation(decl), Some(symbol)) => Some(self.relation(decl, symbol)),
            (ItemKind::Function(decl), Some(symbol)) => Some(self.function(decl, symbol)),
            (ItemKind::View(decl), Some(symbol)) if decl.materialized.is_none() && decl.extremum.is_none() => {
                Some(self.view(decl, symbol))
            }
            (ItemKind::Error(decl), Some(symbol)) => Some(self.error_decl(decl, symbol)),
            (ItemKind::Const(decl), Some(symbol)) => Some(self.const_decl(decl, symbol)),
            (kind, symbol) => {
                if let Some(what) = not_supported(kind) {
                    let range = name_range(self.db, self.item);
                    self.unsupported(range, what);
                }
                symbol.map(|_| Signature::Unsupported(SmolStr::new_static(word)))
            }
        }
    }
}

/// The item kinds that this version does not run, as a message names them.
fn not_supported(kind: &ItemKind) -> Option<&'static str> {
    Some(match kind {
        ItemKind::View(view) if view.materialized.is_some() => "materialised views",
        ItemKind::View(_) => "views that keep a least or greatest value",
        ItemKind::Invariant(_) => "invariants",
        ItemKind::Actor(_) => "actors",
        ItemKind::Policy(_) => "policies",
        ItemKind::Binding(_) => "bindings",
        ItemKind::Workflow(_) => "workflows",
        ItemKind::Reaction(_) => "reactions",
        ItemKind::Schedule(_) => "schedules",
        ItemKind::Page(_) => "pages",
        ItemKind::Property(_) => "properties",
        ItemKind::Goal(_) => "goals",
        ItemKind::Evolve(_) => "`evolve` items",
        ItemKind::Repair(_) => "`repair` items",
        ItemKind::Seed(_) => "`seed` items",
        ItemKind::Render(_) => "`render` items",
        _ => return None,
    })
}

fn are(what: &str) -> &'static str {
    if what.ends_with('`') { "is" } else { "are" }
}

/// The signature behind a symbol. Without places, so that users of an item do not see edits that change none.
#[salsa::tracked(returns(ref), cycle_result = no_signature)]
fn signature_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Option<Arc<Signature>> {
    let item = item_of(db, key.symbol(db))?;
    declared(db, item).signature.clone()
}

fn no_signature<'db>(_: &'db dyn Db, _: salsa::Id, _: SymbolKey<'db>) -> Option<Arc<Signature>> {
    None
}

/// What may be known of an item; `None` for a symbol that names nothing, or nothing that could be read.
pub fn signature<'db>(db: &'db dyn Db, symbol: &Symbol) -> Option<&'db Signature> {
    signature_by_key(db, SymbolKey::new(db, symbol.clone())).as_deref()
}

/// What kind of type a name stands for. Known without looking into the type, so that types may mention each
/// other in circles.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeHead {
    /// A relation or event.
    Relation,
    /// A variant type with its type parameters.
    Variant(Vec<Generic>),
    /// An alias or refinement with its type parameters.
    Alias(Vec<Generic>),
    /// Not a type, but this kind of item.
    Other(&'static str),
    /// An item that this version does not run; reported where it stands.
    Unsupported,
}

#[salsa::tracked(returns(ref))]
fn type_head_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Option<TypeHead> {
    let item = item_of(db, key.symbol(db))?;
    let tree = tree(db, item).as_ref()?;
    Some(match &tree.kind {
        ItemKind::Relation(_) => TypeHead::Relation,
        ItemKind::Type(declared) => {
            let generics = generics(&declared.generics);
            match declared.body {
                ast::TypeBody::Alias(_) => TypeHead::Alias(generics),
                ast::TypeBody::Variants { .. } => TypeHead::Variant(generics),
            }
        }
        ItemKind::Const(_)
        | ItemKind::Function(_)
        | ItemKind::Error(_)
        | ItemKind::Scenario(_)
        | ItemKind::Use(_)
        | ItemKind::View(_) => TypeHead::Other(tree.kind.word()),
        _ => TypeHead::Unsupported,
    })
}

/// What kind of type a symbol stands for; `None` for an item that could not be read.
pub fn type_head<'db>(db: &'db dyn Db, symbol: &Symbol) -> Option<&'db TypeHead> {
    type_head_by_key(db, SymbolKey::new(db, symbol.clone())).as_ref()
}

/// Type parameters as declared; unknown bounds are reported with the declaration and count as none.
pub fn generics(list: &[ast::Generic]) -> Vec<Generic> {
    let bound = |name: &ast::Ident| match name.as_str() {
        "Ordered" => Some(TypeBound::Ordered),
        "Keyed" => Some(TypeBound::Keyed),
        "Storable" => Some(TypeBound::Storable),
        _ => None,
    };
    list.iter()
        .map(|generic| Generic { name: generic.name.text.clone(), bound: generic.bound.as_ref().and_then(bound) })
        .collect()
}

/// The type names that an alias mentions outside of code.
#[salsa::tracked(returns(ref))]
fn alias_mentions<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Symbol> {
    let Some(item) = item_of(db, key.symbol(db)) else { return Vec::new() };
    let Some(tree) = tree(db, item) else { return Vec::new() };
    let ItemKind::Type(ast::TypeDecl { body: ast::TypeBody::Alias(ty), .. }) = &tree.kind else { return Vec::new() };
    let mut names = Vec::new();
    mentioned(ty, &mut names, 0);
    let file = item.file(db);
    let mut found: Vec<Symbol> = names
        .into_iter()
        .filter_map(|name| match resolve(db, file, name.clone()) {
            Resolution::Item(symbol) => Some(symbol.clone()),
            _ => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn mentioned<'a>(ty: &'a ast::Type, names: &mut Vec<&'a SmolStr>, depth: u32) {
    use ast::{RecordTypePart, TypeKind};
    if depth > 64 {
        return;
    }
    let mut visit = |ty: &'a ast::Type| mentioned(ty, names, depth + 1);
    match &ty.kind {
        TypeKind::Error | TypeKind::Infer | TypeKind::Scaled { .. } => {}
        TypeKind::Name(name) => names.push(&name.name.text),
        TypeKind::Apply { name, args } => {
            args.iter().for_each(visit);
            names.push(&name.name.text);
        }
        TypeKind::Optional(inner) | TypeKind::List(inner) => visit(inner),
        TypeKind::Where { base, .. } => visit(base),
        TypeKind::Function { params, result } => {
            params.iter().for_each(&mut visit);
            visit(result);
        }
        TypeKind::Record(record) => record.parts.iter().for_each(|part| match part {
            RecordTypePart::Field(field) => visit(&field.ty),
            RecordTypePart::Spread(ty) => visit(ty),
        }),
    }
}

/// The aliases that lead to each other in a circle with this one, in order, itself included; none for an alias
/// that ends. Asked of trees, before signatures, which therefore never wait for themselves.
pub fn alias_circle<'db>(db: &'db dyn Db, symbol: &Symbol) -> &'db [Symbol] {
    alias_circle_by_key(db, SymbolKey::new(db, symbol.clone()))
}

#[salsa::tracked(returns(ref))]
fn alias_circle_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Symbol> {
    let symbol = key.symbol(db);
    let endless = &Program::get(db).aliases(db).endless;
    if !endless.contains(symbol) {
        return Vec::new();
    }
    let reachable = |from: &Symbol| {
        let mut open = vec![from.clone()];
        let mut seen: FxHashSet<Symbol> = FxHashSet::default();
        while let Some(next) = open.pop() {
            let mentions = alias_mentions(db, SymbolKey::new(db, next)).iter();
            open.extend(mentions.filter(|next| endless.contains(*next) && seen.insert(Symbol::clone(next))).cloned());
        }
        seen
    };
    let forward = reachable(symbol);
    if !forward.contains(symbol) {
        return Vec::new();
    }
    let mut circle: Vec<Symbol> =
        forward.into_iter().filter(|other| other == symbol || reachable(other).contains(symbol)).collect();
    circle.sort();
    circle
}

/// The aliases of the program and the library.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Aliases {
    /// Those that lead to an end, each after those that it mentions.
    ending: Vec<Symbol>,
    /// Those that are on a circle, or lead to one.
    endless: FxHashSet<Symbol>,
}

/// The aliases of a file, each with the type names that it mentions.
#[salsa::tracked(returns(ref))]
fn file_aliases(db: &dyn Db, file: SourceFile) -> Vec<(Symbol, Vec<Symbol>)> {
    let types = items(db, file).iter().filter(|item| item.word(db) == "type");
    let aliases = types
        .filter_map(|item| symbol_of(db, *item))
        .filter(|symbol| matches!(type_head(db, symbol), Some(TypeHead::Alias(_))));
    aliases.map(|symbol| (symbol.clone(), alias_mentions(db, SymbolKey::new(db, symbol)).clone())).collect()
}

/// Orders the aliases. Depends on which names each mentions. Asked after each change of the program, and kept as
/// [`Program::aliases`].
#[salsa::tracked(returns(ref))]
pub fn aliases_now(db: &dyn Db) -> Aliases {
    let program = Program::get(db);
    let files = program.library(db).iter().chain(program.files(db));
    let all: Vec<&(Symbol, Vec<Symbol>)> = files.flat_map(|file| file_aliases(db, *file)).collect();
    let known: FxHashSet<&Symbol> = all.iter().map(|(symbol, _)| symbol).collect();
    let mut waits: FxHashMap<Symbol, usize> = FxHashMap::default();
    let mut users: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
    let mut ready: Vec<Symbol> = Vec::new();
    let mut symbols: Vec<Symbol> = Vec::new();
    for (symbol, mentions) in &all {
        if waits.contains_key(symbol) {
            continue;
        }
        let mut count = 0;
        for mentioned in mentions.iter().filter(|mentioned| known.contains(mentioned)) {
            users.entry(mentioned.clone()).or_default().push(symbol.clone());
            count += 1;
        }
        if count == 0 {
            ready.push(symbol.clone());
        }
        waits.insert(symbol.clone(), count);
        symbols.push(symbol.clone());
    }
    let mut found = Aliases::default();
    while let Some(symbol) = ready.pop() {
        for user in users.get(&symbol).into_iter().flatten() {
            if let Some(count) = waits.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.push(user.clone());
                }
            }
        }
        found.ending.push(symbol);
    }
    found.endless = symbols.into_iter().filter(|symbol| waits.get(symbol).is_some_and(|count| *count > 0)).collect();
    found
}

/// Makes the signatures of all aliases, each after those that it mentions: a long chain of aliases is then never
/// followed by recursion.
pub fn settle_aliases(db: &dyn Db) {
    for symbol in &Program::get(db).aliases(db).ending {
        signature(db, symbol);
    }
}

/// True for an alias that leads to itself.
pub fn alias_is_circular(db: &dyn Db, symbol: &Symbol) -> bool {
    !alias_circle(db, symbol).is_empty()
}

/// An inverse: what `p.orders` means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inverse {
    /// `orders`
    pub name: SmolStr,
    /// The relation that holds the reference.
    pub relation: Symbol,
    /// The reference there.
    pub field: SmolStr,
}

/// The inverses that the relations of a file declare, each with the relation that it belongs to.
#[salsa::tracked(returns(ref))]
fn file_inverses(db: &dyn Db, file: SourceFile) -> Vec<(Symbol, Inverse)> {
    let mut found = Vec::new();
    for item in items(db, file).iter().filter(|item| item.is_relation(db)) {
        let Some(symbol) = symbol_of(db, *item) else { continue };
        let Some(Signature::Relation(relation)) = signature(db, &symbol) else { continue };
        for field in &relation.fields {
            if let (Some(name), Some(target)) = (&field.inverse, field.target()) {
                let inverse = Inverse { name: name.clone(), relation: symbol.clone(), field: field.name.clone() };
                found.push((target.clone(), inverse));
            }
        }
    }
    found
}

/// All inverses of the program by the relation that they belong to. Depends on the signatures of all relations,
/// and on no body. Asked after each change of the program, and kept as [`Program::inverses`].
#[salsa::tracked(returns(ref))]
pub fn inverses_now(db: &dyn Db) -> FxHashMap<Symbol, Vec<Inverse>> {
    aliases_settled(db);
    let mut found: FxHashMap<Symbol, Vec<Inverse>> = FxHashMap::default();
    for (target, inverse) in Program::get(db).files(db).iter().flat_map(|file| file_inverses(db, *file)) {
        let list = found.entry(target.clone()).or_default();
        if !list.contains(inverse) {
            list.push(inverse.clone());
        }
    }
    found
}

/// Makes the signatures of all aliases, once per change of one.
#[salsa::tracked]
pub fn aliases_settled(db: &dyn Db) {
    settle_aliases(db);
}

#[salsa::tracked(returns(ref))]
fn inverses_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Inverse> {
    Program::get(db).inverses(db).get(key.symbol(db)).cloned().unwrap_or_default()
}

/// The inverses of a relation. Another relation's inverses are none of its users' business, hence a query of
/// its own per relation.
pub fn inverses<'db>(db: &'db dyn Db, relation: &Symbol) -> &'db [Inverse] {
    inverses_by_key(db, SymbolKey::new(db, relation.clone()))
}

/// Where an item's name stands; its first line if it has none.
pub fn name_range<'db>(db: &'db dyn Db, item: Item<'db>) -> Range {
    let Some(tree) = tree(db, item) else { return Range::empty(0) };
    let name = match &tree.kind {
        ItemKind::Const(declared) => Some(declared.name.range),
        ItemKind::Type(declared) => Some(declared.name.range),
        ItemKind::Relation(declared) => Some(declared.name.range),
        ItemKind::View(declared) => Some(declared.name.range),
        ItemKind::Function(declared) => Some(declared.name.range),
        ItemKind::Error(declared) => Some(declared.name.range),
        ItemKind::Invariant(declared) => Some(declared.name.range),
        ItemKind::Scenario(declared) => Some(declared.name.range),
        _ => None,
    };
    name.unwrap_or(Range::new(tree.range.start, tree.range.start + tree.kind.word().len() as u32))
}

/// Where an item is declared, or a field, case or parameter of it. Reads trees, so ask only where a diagnostic
/// is made.
pub fn place_of(db: &dyn Db, symbol: &Symbol, member: Option<&str>) -> Option<Location> {
    let item = item_of(db, symbol)?;
    let Some(member) = member else { return Some(item.location(db, name_range(db, item))) };
    let tree = tree(db, item).as_ref()?;
    let among =
        |params: &ast::Params| params.list.iter().find(|param| param.name.text == member).map(|param| param.range);
    let range = match &tree.kind {
        ItemKind::Relation(relation) => relation.members.iter().find_map(|line| match line {
            ast::Member::Field(field) if field.name.text == member => Some(field.range),
            _ => None,
        }),
        ItemKind::Function(function) => among(&function.params),
        ItemKind::Error(error) => error.fields.as_ref().and_then(among),
        ItemKind::View(view) => among(&view.columns),
        ItemKind::Type(ast::TypeDecl { body: ast::TypeBody::Variants { cases, .. }, .. }) => {
            let case = cases.iter().find(|case| case.name.text == member).map(|case| case.range);
            case.or_else(|| cases.iter().filter_map(|case| case.fields.as_ref()).find_map(among))
        }
        ItemKind::Type(ast::TypeDecl { body: ast::TypeBody::Alias(ty), .. }) => match &ty.kind {
            ast::TypeKind::Record(record) => record.parts.iter().find_map(|part| match part {
                ast::RecordTypePart::Field(field) if field.name.text == member => Some(field.range),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    };
    range.map(|range| item.location(db, range))
}
