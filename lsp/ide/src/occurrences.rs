//! Every name of an item, and what it stands for.
//!
//! One table per item, from which definition, references, highlights, renames, semantic tokens and the call hierarchy
//! are read. Names in code come from inference, which noted them while it gave them their meaning
//! ([`tenon_check::uses`]); names in declarations are read from the tree here. The table is a query of the database: an
//! edit of an item makes its table anew, an edit of another only where a meaning has changed.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_check::bodies::{main_code, parts, rules};
use tenon_check::db::Db;
use tenon_check::declare::{declared, generics, name_range, signature};
use tenon_check::items::{Item, code, tree};
use tenon_check::names::{Resolution, module_path, resolve, symbol_of};
use tenon_check::signature::{Generic, RelationSig, ResultSig, Signature, TypeBody};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::uses::{Form, Meaning, Role, Use, note_type};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind, TypeKind};

/// The names of an item in the order of their places. Where one place means two things (`qty` in
/// `insert Order(qty)` is a field and its value), it is there twice.
#[salsa::tracked(returns(ref))]
pub fn occurrences<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Use> {
    let Some(tree) = tree(db, item) else { return Vec::new() };
    let mut gathering = Gathering { db, item, code: code(db, item), uses: Vec::new(), generics: generics_of(tree) };
    gathering.item(tree);
    let mut uses = gathering.uses;
    let has = declared(db, item).has;
    if has.rules {
        uses.extend(rules(db, item).uses.iter().cloned());
    }
    if has.main {
        uses.extend(main_code(db, item).uses.iter().cloned());
    }
    if has.parts {
        uses.extend(parts(db, item).uses.iter().cloned());
    }
    settle(db, item, &mut uses);
    uses.sort();
    uses.dedup();
    // What a declaration says of a name is more than what a body says of the local that it becomes.
    uses
}

/// The type parameters of an item.
fn generics_of(tree: &ast::Item) -> Vec<Generic> {
    match &tree.kind {
        ItemKind::Type(declared) => generics(&declared.generics),
        ItemKind::Function(declared) => generics(&declared.generics),
        _ => Vec::new(),
    }
}

/// Gives names that inference knows by their place their declared meaning: the local that stands for a parameter is
/// the parameter.
fn settle(db: &dyn Db, item: Item<'_>, uses: &mut [Use]) {
    let declared: FxHashMap<Range, Meaning> = uses
        .iter()
        .filter(|found| found.role == Role::Definition && matches!(found.meaning, Meaning::Parameter(..)))
        .map(|found| (found.range, found.meaning.clone()))
        .collect();
    let by_name = |name: &SmolStr| {
        declared.values().find(|meaning| matches!(meaning, Meaning::Parameter(_, of) if of == name)).cloned()
    };
    for found in uses {
        match &found.meaning {
            Meaning::Local(range) => {
                if let Some(parameter) = declared.get(range) {
                    found.meaning = parameter.clone();
                }
            }
            Meaning::Given(name) => {
                if let Some(parameter) = by_name(name) {
                    found.meaning = parameter;
                }
            }
            // A name that a `use` brought stands for the module's path.
            Meaning::Module(name) => {
                if let Resolution::Module(path) = resolve(db, item.file(db), name.clone()) {
                    found.meaning = Meaning::Module(path.clone());
                }
            }
            _ => {}
        }
    }
}

struct Gathering<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    code: &'db Arc<str>,
    uses: Vec<Use>,
    generics: Vec<Generic>,
}

impl Gathering<'_> {
    fn note(&mut self, range: Range, meaning: Meaning, role: Role) {
        self.uses.push(Use::new(range, meaning, role));
    }

    fn item(&mut self, tree: &ast::Item) {
        let symbol = symbol_of(self.db, self.item);
        if let Some(symbol) = &symbol {
            self.note(self.own_name(tree), Meaning::Item(symbol.clone()), Role::Definition);
        }
        let sig = symbol.as_ref().and_then(|symbol| signature(self.db, symbol));
        match (&tree.kind, &symbol) {
            (ItemKind::Use(import), _) => self.import(import),
            (ItemKind::Const(declared), _) => {
                if let Some(ty) = &declared.ty {
                    let known = match sig {
                        Some(Signature::Const(sig)) => sig.ty.as_ref(),
                        _ => None,
                    };
                    self.ty(ty, known);
                }
            }
            (ItemKind::Type(declared), Some(symbol)) => self.type_decl(declared, symbol, sig),
            (ItemKind::Relation(declared), Some(symbol)) => {
                let sig = match sig {
                    Some(Signature::Relation(sig)) => Some(sig),
                    _ => None,
                };
                self.relation(declared, symbol, sig);
            }
            (ItemKind::View(declared), _) => {
                for column in &declared.columns.list {
                    self.ty(&column.ty, None);
                }
            }
            (ItemKind::Function(declared), Some(symbol)) => self.function(declared, symbol, sig),
            (ItemKind::Error(declared), Some(symbol)) => {
                let base = Symbol { module: SmolStr::new_static("tenon"), name: declared.base.text.clone() };
                self.note(declared.base.range, Meaning::Item(base), Role::Read);
                for field in declared.fields.iter().flat_map(|fields| &fields.list) {
                    let meaning = Meaning::Field(symbol.clone(), field.name.text.clone());
                    self.note(field.name.range, meaning, Role::Definition);
                    self.ty(&field.ty, None);
                }
            }
            _ => {}
        }
    }

    /// Where the name of the item stands; of a title, what is between the quotes.
    fn own_name(&self, tree: &ast::Item) -> Range {
        let range = name_range(self.db, self.item);
        let quoted = matches!(tree.kind, ItemKind::Scenario(_) | ItemKind::Invariant(_) | ItemKind::Property(_))
            && range.len() >= 2
            && range.slice(self.code).starts_with('"');
        if quoted { Range::new(range.start + 1, range.end - 1) } else { range }
    }

    fn import(&mut self, import: &ast::Use) {
        let Some(module) = module_path(self.db, &import.path) else { return };
        if let Some(last) = import.path.last() {
            self.note(last.range, Meaning::Module(module.clone()), Role::Read);
        }
        for name in import.names.iter().flatten() {
            let symbol = Symbol { module: module.clone(), name: name.text.clone() };
            if tenon_check::names::item_of(self.db, &symbol).is_some() {
                self.note(name.range, Meaning::Item(symbol), Role::Read);
            }
        }
    }

    fn type_decl(&mut self, declared: &ast::TypeDecl, symbol: &Symbol, sig: Option<&Signature>) {
        self.type_parameters(&declared.generics);
        match &declared.body {
            ast::TypeBody::Alias(ty) => {
                let known = match sig {
                    Some(Signature::Type(sig)) => match &sig.body {
                        TypeBody::Alias(ty) => Some(ty),
                        TypeBody::Variant(_) => None,
                    },
                    _ => None,
                };
                self.ty(ty, known);
            }
            ast::TypeBody::Variants { cases, .. } => {
                for case in cases {
                    let name = &case.name;
                    self.note(name.range, Meaning::Case(symbol.clone(), name.text.clone()), Role::Definition);
                    for field in case.fields.iter().flat_map(|fields| &fields.list) {
                        let meaning = Meaning::CaseField(symbol.clone(), name.text.clone(), field.name.text.clone());
                        self.note(field.name.range, meaning, Role::Definition);
                        self.ty(&field.ty, None);
                    }
                }
            }
        }
    }

    fn type_parameters(&mut self, list: &[ast::Generic]) {
        for generic in list {
            self.note(generic.name.range, Meaning::TypeParameter(generic.name.text.clone()), Role::Definition);
            if let Some(bound) = &generic.bound {
                self.note(bound.range, Meaning::BuiltinType(bound.text.clone()), Role::Read);
            }
        }
    }

    fn relation(&mut self, declared: &ast::Relation, symbol: &Symbol, sig: Option<&RelationSig>) {
        let field_named = |name: &ast::Ident| {
            let declares = |member: &ast::Member| matches!(member, ast::Member::Field(f) if f.name.text == name.text);
            let known = declared.members.iter().any(declares);
            known.then(|| Meaning::Field(symbol.clone(), name.text.clone()))
        };
        for member in &declared.members {
            match member {
                ast::Member::Field(field) => {
                    let name = &field.name;
                    self.note(name.range, Meaning::Field(symbol.clone(), name.text.clone()), Role::Definition);
                    self.ty(&field.ty, sig.and_then(|sig| sig.field(&name.text)).map(|field| &field.ty));
                    if let Some(inverse) = &field.inverse {
                        let meaning = Meaning::Inverse(symbol.clone(), name.text.clone());
                        self.note(inverse.range, meaning, Role::Definition);
                    }
                }
                ast::Member::Key { names, .. } => {
                    for name in names {
                        if let Some(meaning) = field_named(name) {
                            self.note(name.range, meaning, Role::Read);
                        }
                    }
                }
                ast::Member::Unique { columns, filter, .. } => {
                    self.columns(columns, &field_named);
                    if let Some(filter) = filter {
                        self.names_in_filter(filter, &field_named);
                    }
                }
                ast::Member::Index { columns, .. } => self.columns(columns, &field_named),
                ast::Member::Transitions { field, lines, .. } => {
                    if let Some(meaning) = field_named(field) {
                        self.note(field.range, meaning, Role::Read);
                    }
                    let ty = sig.and_then(|sig| sig.field(&field.text)).map(|field| field.ty.base().clone());
                    let Some(Ty::Variant(owner, _)) = ty else { continue };
                    for case in lines.iter().flat_map(|line| std::iter::once(&line.from).chain(&line.to)) {
                        self.note(case.range, Meaning::Case(owner.clone(), case.text.clone()), Role::Read);
                    }
                }
                _ => {}
            }
        }
    }

    fn columns(&mut self, columns: &[ast::Column], field_named: &dyn Fn(&ast::Ident) -> Option<Meaning>) {
        for first in columns.iter().filter_map(|column| column.path.first()) {
            if let Some(meaning) = field_named(first) {
                self.note(first.range, meaning, Role::Read);
            }
        }
    }

    /// `f != none` after `unique f where`.
    fn names_in_filter(&mut self, filter: &ast::Expr, field_named: &dyn Fn(&ast::Ident) -> Option<Meaning>) {
        match &filter.kind {
            ast::ExprKind::Binary { left, right, .. } => {
                self.names_in_filter(left, field_named);
                self.names_in_filter(right, field_named);
            }
            ast::ExprKind::Name(name) => {
                if let Some(meaning) = field_named(name) {
                    self.note(name.range, meaning, Role::Read);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, declared: &ast::Function, symbol: &Symbol, sig: Option<&Signature>) {
        let sig = match sig {
            Some(Signature::Function(sig)) => Some(sig),
            _ => None,
        };
        self.type_parameters(&declared.generics);
        for param in &declared.params.list {
            let name = &param.name;
            self.note(name.range, Meaning::Parameter(symbol.clone(), name.text.clone()), Role::Definition);
            let known = sig.and_then(|sig| sig.params.iter().find(|other| other.name == name.text));
            self.ty(&param.ty, known.map(|param| &param.ty));
        }
        if let Some(result) = &declared.result {
            let known = match sig.map(|sig| &sig.result) {
                Some(ResultSig::Declared(ty)) => Some(ty),
                _ => None,
            };
            self.ty(result, known);
        }
        for clause in &declared.clauses {
            match &clause.kind {
                ast::ClauseKind::At { path, .. } => self.path_template(declared, symbol, path),
                ast::ClauseKind::Caller { name, ty } => {
                    self.note(name.range, Meaning::Local(name.range), Role::Definition);
                    self.ty(ty, None);
                }
                _ => {}
            }
        }
    }

    /// `"/products/{sku}"`: a name between braces is a parameter.
    fn path_template(&mut self, declared: &ast::Function, symbol: &Symbol, path: &ast::Text) {
        for part in &path.parts {
            if let ast::TextPart::Hole(ast::Expr { kind: ast::ExprKind::Name(name), .. }) = part
                && declared.params.list.iter().any(|param| param.name.text == name.text)
            {
                self.note(name.range, Meaning::Parameter(symbol.clone(), name.text.clone()), Role::Read);
            }
        }
    }

    /// The names of a written type; where the type that it stands for is known, also the fields of the record types
    /// that are written in it.
    fn ty(&mut self, ty: &ast::Type, known: Option<&Ty>) {
        note_type(self.db, self.item, &self.generics, ty, &mut self.uses);
        if let Some(known) = known {
            self.record_fields(ty, known);
        }
    }

    fn record_fields(&mut self, written: &ast::Type, known: &Ty) {
        match (&written.kind, known) {
            (TypeKind::Where { base, .. }, Ty::Refined(inner, _)) => self.record_fields(base, inner),
            (TypeKind::Where { base, .. }, known) => self.record_fields(base, known),
            (TypeKind::Optional(inner), Ty::Option(known)) => self.record_fields(inner, known),
            (TypeKind::List(inner), Ty::List(known)) => self.record_fields(inner, known),
            (TypeKind::Apply { args, .. }, Ty::Bag(known) | Ty::Set(known) | Ty::List(known)) => {
                if let [inner] = args.as_slice() {
                    self.record_fields(inner, known);
                }
            }
            (TypeKind::Apply { args, .. }, Ty::Map(key, value)) => {
                if let [first, second] = args.as_slice() {
                    self.record_fields(first, key);
                    self.record_fields(second, value);
                }
            }
            (TypeKind::Record(record), Ty::Record(known)) => {
                for part in &record.parts {
                    let ast::RecordTypePart::Field(field) = part else { continue };
                    let Some(of) = known.field(&field.name.text) else { continue };
                    let meaning = Meaning::RecordField(known.clone(), field.name.text.clone());
                    self.note(field.name.range, meaning, Role::Definition);
                    self.record_fields(&field.ty, &of.ty);
                }
            }
            _ => {}
        }
    }
}

/// The names at a place of an item's code; of two that meet there, the one that begins there. What is given by its
/// place has no name.
pub fn at(uses: &[Use], offset: u32) -> Vec<&Use> {
    let named = |found: &&Use| found.form != Form::Positional && found.range.touches(offset);
    let touching: Vec<&Use> = uses.iter().filter(named).collect();
    let inner = touching.iter().map(|found| found.range).max_by_key(|range| range.start);
    touching.into_iter().filter(|found| Some(found.range) == inner).collect()
}
