//! Declarations: from the tree of an item to its signature, with everything that is wrong with the declaration.
//!
//! [`declared`] is one query per item and its result holds places, so it runs again with every edit of the item
//! that changes code. [`signature`] hands out the part without places; it is equal after an edit of a body, and
//! there the chain of re-execution ends.

use crate::db::Db;
use crate::items::{Item, program_items, tree};
use crate::names::{Resolution, SymbolKey, item_of, resolve, symbol_of};
use crate::signature::{Generic, Signature, TypeBound};
use crate::ty::{Symbol, Ty};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Diagnostic;
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
    /// What is wrong with it, bodies apart.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a declaration.
#[salsa::tracked(returns(ref))]
pub fn declared<'db>(db: &'db dyn Db, item: Item<'db>) -> Declared {
    let _ = (db, item);
    Declared::default()
}

/// The signature behind a symbol. Without places, so that users of an item do not see edits that change none.
#[salsa::tracked(returns(ref))]
fn signature_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Option<Arc<Signature>> {
    let item = item_of(db, key.symbol(db))?;
    declared(db, item).signature.clone()
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
        ItemKind::Const(_) | ItemKind::Function(_) | ItemKind::Error(_) | ItemKind::Scenario(_) | ItemKind::Use(_) => {
            TypeHead::Other(tree.kind.word())
        }
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

/// True for an alias that leads to itself. Asked of trees, before signatures, which therefore never wait for themselves.
pub fn alias_is_circular(db: &dyn Db, symbol: &Symbol) -> bool {
    let mut open: Vec<Symbol> = alias_mentions(db, SymbolKey::new(db, symbol.clone())).clone();
    let mut seen: Vec<Symbol> = Vec::new();
    while let Some(next) = open.pop() {
        if next == *symbol {
            return true;
        }
        if seen.contains(&next) {
            continue;
        }
        open.extend(alias_mentions(db, SymbolKey::new(db, next.clone())).iter().cloned());
        seen.push(next);
    }
    false
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

/// All inverses of the program by the relation that they belong to. Depends on the signatures of all relations,
/// and on no body.
#[salsa::tracked(returns(ref))]
pub fn program_inverses(db: &dyn Db) -> FxHashMap<Symbol, Vec<Inverse>> {
    let mut found: FxHashMap<Symbol, Vec<Inverse>> = FxHashMap::default();
    for item in program_items(db).filter(|item| matches!(item.word(db), "relation" | "event")) {
        let Some(symbol) = symbol_of(db, item) else { continue };
        let Some(Signature::Relation(relation)) = signature(db, &symbol) else { continue };
        for field in &relation.fields {
            if let (Some(name), Some(target)) = (&field.inverse, field.target()) {
                let inverse = Inverse { name: name.clone(), relation: symbol.clone(), field: field.name.clone() };
                let list = found.entry(target.clone()).or_default();
                if !list.contains(&inverse) {
                    list.push(inverse);
                }
            }
        }
    }
    found
}

#[salsa::tracked(returns(ref))]
fn inverses_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Inverse> {
    program_inverses(db).get(key.symbol(db)).cloned().unwrap_or_default()
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
