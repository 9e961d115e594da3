//! Whether a declaration agrees with the declarations that it names: key types, stored types, inverses,
//! transitions, what crosses the edge, what `use` brings. These rules need signatures, its own included, so
//! they stand apart from [`declared`], which makes them.

use crate::bounds::{discharge, satisfies};
use crate::db::{Db, Program};
use crate::declare::{self, declared, inverses, name_range, place_of, signature};
use crate::items::{Item, tree};
use crate::names::{self, ModuleKey, is_private, item_of, module_items, module_path, modules, symbol_of};
use crate::show::Shown;
use crate::signature::{
    FieldSig, FunctionSig, ParamSig, RelationSig, RequestPart, ResultSig, Signature, TypeBody, TypeBound, TypeSig,
};
use crate::suggest::closest;
use crate::ty::{FieldTy, Symbol, Ty};
use crate::width::{NARROWER, is_declared_too_wide, too_wide};
use crate::wire;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};
use tenon_value::fault::PROBLEM_MEMBERS;

/// What is wrong between an item's declaration and others.
#[salsa::tracked(returns(ref))]
pub fn agreement<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let Some(tree) = tree(db, item) else { return Vec::new() };
    let generics = match &tree.kind {
        ItemKind::Type(decl) => declare::generics(&decl.generics),
        ItemKind::Function(decl) => declare::generics(&decl.generics),
        _ => Vec::new(),
    };
    let declared = declared(db, item);
    let mut found = Agreement { db, item, diagnostics: discharge(db, item, &generics, &declared.obligations) };
    match (&tree.kind, declared.signature.as_deref()) {
        (ItemKind::Use(import), _) => found.import(import),
        (ItemKind::Type(decl), Some(Signature::Type(sig))) => found.type_decl(decl, sig),
        (ItemKind::Relation(decl), Some(Signature::Relation(sig))) => found.relation(decl, sig),
        (ItemKind::Function(decl), Some(Signature::Function(sig))) => found.function(decl, sig),
        (ItemKind::Error(decl), Some(Signature::Error(sig))) => {
            for field in &sig.fields {
                let at = decl.fields.iter().flat_map(|fields| &fields.list).find(|param| param.name.text == field.name);
                if let Some(at) = at {
                    found.on_the_wire(&field.ty, at.ty.range, &field.name);
                    found.beside_the_problem(field, at);
                }
            }
        }
        _ => {}
    }
    found.diagnostics
}

struct Agreement<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    diagnostics: Vec<Diagnostic>,
}

impl<'db> Agreement<'db> {
    fn report(
        &mut self,
        code: Code,
        range: Range,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        let label = self.item.label(self.db, range, label);
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(code, message, label));
        &mut self.diagnostics[at]
    }

    fn import(&mut self, import: &ast::Use) {
        let dotted = import.path.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join(".");
        let whole = match (import.path.first(), import.path.last()) {
            (Some(first), Some(last)) => first.range.cover(last.range),
            _ => return,
        };
        let Some(module) = module_path(self.db, &import.path) else {
            return self.unknown_module(&dotted, whole);
        };
        for name in import.names.iter().flatten() {
            let symbol = Symbol { module: module.clone(), name: name.text.clone() };
            match item_of(self.db, &symbol) {
                Some(target) if is_private(self.db, target) => {
                    let label = target.label(self.db, name_range(self.db, target), "declared `private` here");
                    let message = format!("`{}` is private in `{dotted}`", name.text);
                    self.report(Code::Private, name.range, message, "only that module may use it")
                        .secondary
                        .push(label);
                }
                Some(_) => {}
                None if names::is_primitive(&module, &name.text) => {}
                None => {
                    let items = module_items(self.db, ModuleKey::new(self.db, module.clone()));
                    let public = items.by_name.iter().filter(|(_, item)| !is_private(self.db, **item));
                    let names: Vec<SmolStr> =
                        public.map(|(name, _)| SmolStr::from(&**name)).filter(|name| !name.starts_with('"')).collect();
                    let suggestion = closest(&name.text, names.iter().map(SmolStr::as_str));
                    let message = format!("`{dotted}` has no `{}`", name.text);
                    self.report(Code::UnknownImport, name.range, message, "not declared there")
                        .did_you_mean(suggestion);
                }
            }
            let own = Symbol { module: self.item.file(self.db).module(self.db).clone(), name: name.text.clone() };
            if own != symbol
                && let Some(other) = item_of(self.db, &own)
            {
                let label = other.label(self.db, name_range(self.db, other), "declared here");
                let message = format!("`{}` is a name of this module already", name.text);
                self.report(Code::Duplicate, name.range, message, "taken a second time").secondary.push(label);
            }
        }
    }

    fn unknown_module(&mut self, dotted: &str, range: Range) {
        let program = &Program::get(self.db).settings(self.db).name;
        let known: Vec<String> = modules(self.db)
            .iter()
            .filter(|module| !module.is_empty())
            .map(|module| match names::is_library_module(module) {
                true => module.to_string(),
                false => format!("{program}.{module}"),
            })
            .collect();
        // A path without the program's name is the likeliest slip.
        let with_name = format!("{program}.{dotted}");
        let suggestion = match known.iter().find(|module| **module == with_name) {
            Some(right) => Some(right.as_str()),
            None => closest(dotted, known.iter().map(String::as_str)),
        };
        let message = format!("there is no module `{dotted}`");
        let diagnostic = self.report(Code::UnknownModule, range, message, "not a module");
        diagnostic.did_you_mean(suggestion);
        if suggestion.is_none() {
            diagnostic.notes.push(String::from("a folder of the program is a module, written after the program's name; the library's modules begin with `tenon`"));
        }
    }

    fn type_decl(&mut self, decl: &ast::TypeDecl, sig: &TypeSig) {
        let TypeBody::Variant(cases) = &sig.body else { return };
        let mut walk = ByValue { db: self.db, wanted: &sig.symbol, open: FxHashSet::default() };
        let hit = cases
            .iter()
            .flat_map(|case| case.fields.iter().map(move |field| (case, field)))
            .find(|(_, field)| walk.contains(&field.ty));
        let Some((case, field)) = hit else {
            if is_declared_too_wide(self.db, sig) {
                let what = format!("`{}`", sig.symbol.name);
                self.report(Code::TooDeep, decl.name.range, too_wide(&what), NARROWER);
            }
            return;
        };
        // Of several types that contain each other, the one whose name comes first says so.
        let mut before: Vec<&Symbol> = walk.open.iter().filter(|other| **other < sig.symbol).collect();
        before.sort();
        let earlier = before.into_iter().any(|other| {
            let arguments = std::sync::Arc::from([]);
            ByValue { db: self.db, wanted: &sig.symbol, open: FxHashSet::default() }
                .contains(&Ty::Variant(other.clone(), arguments))
        });
        if earlier {
            return;
        }
        let at = match &decl.body {
            ast::TypeBody::Variants { cases, .. } => cases
                .iter()
                .filter(|written| written.name.text == case.name)
                .flat_map(|written| written.fields.iter().flat_map(|fields| &fields.list))
                .find(|param| param.name.text == field.name)
                .map(|param| param.ty.range),
            ast::TypeBody::Alias(_) => None,
        };
        let name = &sig.symbol.name;
        let message = format!("`{name}` contains itself through `{}`, so a value of it would never end", field.name);
        let diagnostic =
            self.report(Code::RecursiveType, at.unwrap_or(decl.name.range), message, "contains the whole again");
        diagnostic.notes.push(format!(
            "a collection may be empty, so a type may contain itself through one: `{}: [{name}]`",
            field.name
        ));
    }

    fn relation(&mut self, decl: &ast::Relation, sig: &RelationSig) {
        let written = |name: &str| {
            decl.members.iter().find_map(|member| match member {
                ast::Member::Field(field) if field.name.text == name => Some(&**field),
                _ => None,
            })
        };
        let names = Program::get(self.db).settings(self.db).names;
        let sent = sig.fields.iter().filter_map(|field| {
            let at = written(&field.name)?;
            let sent = wire::sent_as(names, &field.name, field.wire.as_ref());
            Some((field.name.clone(), sent, at.wire.as_ref().map_or(at.name.range, |wire| wire.range)))
        });
        self.wire_names(&sent.collect::<Vec<_>>());
        for field in &sig.fields {
            let Some(at) = written(&field.name) else { continue };
            if sig.key.contains(&field.name) {
                self.key_type(&field.ty, at.ty.range, &field.name);
            } else if !satisfies(self.db, &field.ty, TypeBound::Storable, &[]) && !field.computed {
                let message =
                    format!("`{}` cannot be stored: `{}` has no form in the store", field.name, Shown(&field.ty));
                self.report(Code::NotStorable, at.ty.range, message, "not storable");
            } else if !field.computed
                && let Some(recursive) = contains_itself(self.db, &field.ty, &mut Vec::new(), &mut FxHashSet::default())
            {
                let message = format!("types that contain themselves, like `{}`, are not stored yet", recursive.name);
                let diagnostic = self.report(Code::NotSupported, at.ty.range, message, "contains itself");
                diagnostic.notes.push(String::from("keep its parts as rows that refer to each other"));
            }
            if let (Some(name), Some(target)) = (&at.inverse, field.target()) {
                self.inverse(sig, field, name, target);
            }
        }
        for member in &decl.members {
            if let ast::Member::Transitions { field, lines, .. } = member {
                self.transitions(sig, field, lines);
            }
        }
    }

    fn key_type(&mut self, ty: &Ty, range: Range, name: &str) {
        let why = match ty.base() {
            Ty::Error
            | Ty::Bool
            | Ty::Int
            | Ty::Decimal(_)
            | Ty::Text
            | Ty::Bytes
            | Ty::Instant
            | Ty::DateTime
            | Ty::Date => return,
            Ty::Time | Ty::Duration | Ty::Id | Ty::Uuid | Ty::Row(_) | Ty::Key(_) | Ty::Tag(_) => return,
            Ty::Variant(symbol, _) if self.is_bare(symbol) => return,
            Ty::Variant(..) => "a case with fields is no key",
            Ty::Float => "a Float is not exact",
            Ty::Option(_) => "a key is always there",
            Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..) => "a collection is no key",
            Ty::Record(_) => "make the record's fields the key, as in `key (a, b)`",
            _ => "it has no exact equality",
        };
        let message = format!("`{name}` cannot be a key: `{}` is no key type", Shown(ty));
        self.report(Code::KeyType, range, message, why);
    }

    fn is_bare(&self, symbol: &Symbol) -> bool {
        match signature(self.db, symbol) {
            Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), .. })) => {
                cases.iter().all(|case| case.fields.is_empty())
            }
            _ => true,
        }
    }

    fn inverse(&mut self, sig: &RelationSig, field: &FieldSig, name: &ast::Ident, target: &Symbol) {
        let Some(Signature::Relation(other)) = signature(self.db, target) else { return };
        if other.field(&name.text).is_some() {
            let message = format!("`{}` has a field `{}` of its own", target.name, name.text);
            let label = place_of(self.db, target, Some(&name.text));
            let diagnostic = self.report(Code::Inverse, name.range, message, "the name is taken");
            diagnostic.secondary.extend(
                label.map(|location| tenon_diagnostics::Label { location, message: String::from("the field") }),
            );
            return;
        }
        // Of two inverses with one name the later in the program is the wrong one.
        let first = inverses(self.db, target).iter().find(|inverse| inverse.name == name.text);
        let Some(first) = first.filter(|first| first.relation != sig.symbol || first.field != field.name) else {
            return;
        };
        let message = format!("`{}` has an inverse `{}` already", target.name, name.text);
        let label = place_of(self.db, &first.relation, Some(&first.field));
        let diagnostic = self.report(Code::Inverse, name.range, message, "the name is taken");
        let said = format!("by `{}.{}`", first.relation.name, first.field);
        diagnostic.secondary.extend(label.map(|location| tenon_diagnostics::Label { location, message: said }));
    }

    fn transitions(&mut self, sig: &RelationSig, field: &ast::Ident, lines: &[ast::Transition]) {
        let Some(of) = sig.field(&field.text).filter(|_| !sig.event) else { return };
        let cases = match of.ty.base() {
            Ty::Variant(symbol, _) => match signature(self.db, symbol) {
                Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), .. })) => cases,
                _ => return,
            },
            Ty::Error => return,
            other => {
                let message = format!(
                    "`transitions` lead between cases of a variant type, and `{}` is of type `{}`",
                    field.text,
                    Shown(other)
                );
                self.report(Code::Transitions, field.range, message, "has no cases");
                return;
            }
        };
        for (n, line) in lines.iter().enumerate() {
            for name in std::iter::once(&line.from).chain(&line.to) {
                if cases.iter().any(|case| case.name == name.text) {
                    continue;
                }
                let suggestion = closest(&name.text, cases.iter().map(|case| case.name.as_str()));
                let message = format!("`{}` has no case `{}`", Shown(of.ty.base()), name.text);
                self.report(Code::Transitions, name.range, message, "not a case").did_you_mean(suggestion);
            }
            if let Some(first) = lines.iter().take(n).find(|other| other.from.text == line.from.text) {
                let label = self.item.label(self.db, first.from.range, "first here");
                let message = format!("the transitions from `{}` stand on two lines", line.from.text);
                self.report(Code::Duplicate, line.from.range, message, "again here").secondary.push(label);
            }
        }
    }

    /// A field of an error is a member of the problem document, which has members of its own.
    fn beside_the_problem(&mut self, field: &FieldTy, at: &ast::Param) {
        let names = Program::get(self.db).settings(self.db).names;
        let sent = wire::sent_as(names, &field.name, field.wire.as_ref());
        if !PROBLEM_MEMBERS.contains(&sent.as_str()) {
            return;
        }
        let range = at.wire.as_ref().map_or(at.name.range, |wire| wire.range);
        let message = format!(
            "`{sent}` is a member of every problem document, so no field of an error is called that on the wire"
        );
        let diagnostic = self.report(Code::WireName, range, message, "taken already");
        diagnostic.notes.push(format!(
            "give it another name, or one for the wire: `{} as \"…\"`; the document's own are {}",
            field.name,
            PROBLEM_MEMBERS.join(", ")
        ));
    }

    /// Says which of these travel under one name: each with that name and where it is written.
    fn wire_names(&mut self, fields: &[(SmolStr, SmolStr, Range)]) {
        for clash in wire::clashes(fields.iter().map(|(name, sent, _)| (name, sent.clone()))) {
            let (Some((name, _, range)), Some((other, _, first))) = (fields.get(clash.field), fields.get(clash.first))
            else {
                continue;
            };
            let diagnostic = wire::called_the_same(self.db, self.item, &clash.sent, (name, *range), (other, *first));
            self.diagnostics.push(diagnostic);
        }
    }

    fn function(&mut self, decl: &ast::Function, sig: &FunctionSig) {
        let Some(endpoint) = &sig.endpoint else { return };
        let steps = declare::path_steps(&endpoint.path);
        let written = |name: &str| decl.params.list.iter().find(|param| param.name.text == name);
        // A path names its parts as the program does; the others are told apart by where they come from.
        let names = Program::get(self.db).settings(self.db).names;
        let place = |param: &ParamSig| {
            text_place(param, steps.contains(&declare::PathStep::Parameter(param.name.clone())), &endpoint.method)
        };
        for from in [Some(HEADER), Some(COOKIE), Some(QUERY), None] {
            let sent = sig.params.iter().filter(|param| place(param) == from).filter_map(|param| {
                let at = written(&param.name)?;
                let named = param.from.as_ref().and_then(|(_, name, _)| name.clone());
                let sent = named.unwrap_or_else(|| wire::sent_as(names, &param.name, param.wire.as_ref()));
                Some((param.name.clone(), sent, at.wire.as_ref().map_or(at.name.range, |wire| wire.range)))
            });
            self.wire_names(&sent.collect::<Vec<_>>());
        }
        for param in &sig.params {
            let Some(at) = written(&param.name) else { continue };
            let in_path = steps.contains(&declare::PathStep::Parameter(param.name.clone()));
            match text_place(param, in_path, &endpoint.method) {
                Some(place) => {
                    self.from_text(&param.ty, at.ty.range, &param.name, place);
                    self.none_is_said(at, &param.ty, place);
                }
                None => self.on_the_wire(&param.ty, at.ty.range, &param.name),
            }
            self.rows_enter(&param.ty, at.ty.range);
        }
        if let (ResultSig::Declared(ty), Some(at)) = (&sig.result, &decl.result) {
            self.on_the_wire(ty, at.range, "the answer");
            self.rows_leave(ty, at.range);
        }
    }

    /// A value that is read from a piece of text: a step of a path, a query string, a header, a cookie.
    fn from_text(&mut self, ty: &Ty, range: Range, name: &str, place: &str) {
        if !self.is_text(ty, 0) {
            let message =
                format!("`{name}` is read from {place}, which holds a text, and `{}` is not made from one", Shown(ty));
            let diagnostic = self.report(Code::WireType, range, message, "not made from a text");
            diagnostic.notes.push(match ty.base() {
                Ty::Row(relation) | Ty::Key(relation) => format!(
                    "a key is a text, or several with commas between; a part of the key of `{}` has several parts itself, so it comes in a body: `at POST`, or `from body`",
                    relation.name
                ),
                _ => String::from("records and collections come in a body: `at POST`, or `from body`"),
            });
        }
    }

    /// A text that is left out is `none`, unless a default takes its place: then nothing says `none`.
    fn none_is_said(&mut self, param: &ast::Param, ty: &Ty, place: &str) {
        let Some(default) = &param.default else { return };
        if !matches!(ty.base(), Ty::Option(_)) || matches!(default.kind, ast::ExprKind::Literal(ast::Literal::None)) {
            return;
        }
        let label = self.item.label(self.db, default.range, "so it is this where it is left out");
        let message =
            format!("`{}` is read from {place}, which has no way to say `none` beside a default", param.name.text);
        let diagnostic = self.report(Code::WireType, param.ty.range, message, "never `none`");
        diagnostic.secondary.push(label);
        diagnostic.notes.push(String::from(
            "leave out the default or the `?`, or take it in a body, where `null` says it: `at POST`, or `from body`",
        ));
    }

    fn is_text(&self, ty: &Ty, depth: u32) -> bool {
        match ty.base() {
            Ty::Error
            | Ty::Bool
            | Ty::Int
            | Ty::Decimal(_)
            | Ty::Float
            | Ty::Text
            | Ty::Instant
            | Ty::DateTime
            | Ty::Date => true,
            Ty::Time | Ty::Duration | Ty::Id | Ty::Uuid | Ty::Bytes | Ty::Tag(_) => true,
            Ty::Option(inner) => self.is_text(inner, depth),
            Ty::Variant(symbol, _) => self.is_bare(symbol),
            Ty::Row(relation) | Ty::Key(relation) => match signature(self.db, relation) {
                // A composite key is its parts with commas between; a part that has parts itself has no such form.
                Some(Signature::Relation(sig)) => {
                    let parts = if depth == 0 { usize::MAX } else { 1 };
                    depth < 16
                        && sig.key.len() <= parts
                        && sig.key_fields().all(|field| self.is_text(&field.ty, depth + 1))
                }
                _ => true,
            },
            _ => false,
        }
    }

    /// Rows in an answer travel as objects, but not in maps.
    fn rows_leave(&mut self, ty: &Ty, range: Range) {
        if holds(self.db, ty, &mut |part| matches!(part, Ty::Map(..)) && holds_row(self.db, part)) {
            let message = "a map of rows cannot leave the program: select fields of them";
            self.report(Code::NotSupported, range, message, "not run by this version");
        }
    }

    /// Rows in a parameter are looked up by their keys, where that is built.
    fn rows_enter(&mut self, ty: &Ty, range: Range) {
        if !self.rows_are_found(ty) {
            let message = "rows this deep inside of a parameter cannot be looked up: take their keys";
            self.report(Code::NotSupported, range, message, "not run by this version");
        }
    }

    fn rows_are_found(&self, ty: &Ty) -> bool {
        match ty.base() {
            Ty::Row(_) => true,
            Ty::Option(inner) => self.rows_are_found(inner),
            Ty::Record(record) => record.fields.iter().all(|field| self.rows_are_found(&field.ty)),
            Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) if matches!(inner.base(), Ty::Row(_)) => true,
            ty => !holds_row(self.db, ty),
        }
    }

    /// A value that travels as JSON.
    fn on_the_wire(&mut self, ty: &Ty, range: Range, name: &str) {
        if !satisfies(self.db, ty, TypeBound::Storable, &[]) {
            let subject = if name == "the answer" { String::from(name) } else { format!("`{name}`") };
            let message = format!("{subject} cannot travel: `{}` has no form on the wire", Shown(ty));
            self.report(Code::WireType, range, message, "has no form on the wire");
        }
    }
}

fn holds_row(db: &dyn Db, ty: &Ty) -> bool {
    holds(db, ty, &mut |part| matches!(part, Ty::Row(_)))
}

/// True if a type, or a part of its values, is as `wanted` says. The fields of rows are no parts.
fn holds(db: &dyn Db, ty: &Ty, wanted: &mut dyn FnMut(&Ty) -> bool) -> bool {
    fn part(db: &dyn Db, ty: &Ty, wanted: &mut dyn FnMut(&Ty) -> bool, seen: &mut FxHashSet<Symbol>) -> bool {
        if wanted(ty) {
            return true;
        }
        match ty {
            Ty::Option(inner) | Ty::Refined(inner, _) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => {
                part(db, inner, wanted, seen)
            }
            Ty::Map(key, value) => part(db, key, wanted, seen) || part(db, value, wanted, seen),
            Ty::Record(record) => record.fields.iter().any(|field| part(db, &field.ty, wanted, seen)),
            Ty::Variant(symbol, args) => {
                if args.iter().any(|arg| part(db, arg, wanted, seen)) {
                    return true;
                }
                if !seen.insert(symbol.clone()) {
                    return false;
                }
                match signature(db, symbol) {
                    Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), .. })) => {
                        cases.iter().flat_map(|case| &case.fields).any(|field| part(db, &field.ty, wanted, seen))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
    part(db, ty, wanted, &mut FxHashSet::default())
}

/// Where parameters come from, in the words of messages.
const PATH: &str = "the path";
const HEADER: &str = "a header";
const COOKIE: &str = "a cookie";
const QUERY: &str = "the query string";

/// Where a parameter that comes as a piece of text comes from; `None` for one that comes in a body.
fn text_place(param: &ParamSig, in_path: bool, method: &str) -> Option<&'static str> {
    match &param.from {
        _ if in_path => Some(PATH),
        Some((RequestPart::Header, ..)) => Some(HEADER),
        Some((RequestPart::Cookie, ..)) => Some(COOKIE),
        Some((RequestPart::Query, ..)) => Some(QUERY),
        Some((RequestPart::Body, ..)) => None,
        None if matches!(method, "GET" | "DELETE") => Some(QUERY),
        None => None,
    }
}

/// Looks for a variant type in the parts of a type that lie in it by value: everything but the contents of
/// collections, references and functions.
struct ByValue<'a> {
    db: &'a dyn Db,
    wanted: &'a Symbol,
    open: FxHashSet<Symbol>,
}

impl ByValue<'_> {
    fn contains(&mut self, ty: &Ty) -> bool {
        match ty {
            Ty::Option(inner) | Ty::Refined(inner, _) => self.contains(inner),
            Ty::Record(record) => record.fields.iter().any(|field| self.contains(&field.ty)),
            Ty::Variant(symbol, args) => {
                if symbol == self.wanted || args.iter().any(|arg| self.contains(arg)) {
                    return true;
                }
                if !self.open.insert(symbol.clone()) {
                    return false;
                }
                match signature(self.db, symbol) {
                    Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), .. })) => {
                        cases.iter().flat_map(|case| &case.fields).any(|field| self.contains(&field.ty))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// A variant type in a type that contains itself, also through collections. `open` are the types around, `done` those that
/// do not.
fn contains_itself(db: &dyn Db, ty: &Ty, open: &mut Vec<Symbol>, done: &mut FxHashSet<Symbol>) -> Option<Symbol> {
    match ty {
        Ty::Option(inner) | Ty::Refined(inner, _) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => {
            contains_itself(db, inner, open, done)
        }
        Ty::Map(key, value) => contains_itself(db, key, open, done).or_else(|| contains_itself(db, value, open, done)),
        Ty::Record(record) => record.fields.iter().find_map(|field| contains_itself(db, &field.ty, open, done)),
        Ty::Variant(symbol, args) => {
            if let Some(found) = args.iter().find_map(|arg| contains_itself(db, arg, open, done)) {
                return Some(found);
            }
            if open.contains(symbol) {
                return Some(symbol.clone());
            }
            if done.contains(symbol) {
                return None;
            }
            let Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), .. })) = signature(db, symbol) else {
                return None;
            };
            open.push(symbol.clone());
            let fields = cases.iter().flat_map(|case| &case.fields);
            let found = fields.into_iter().find_map(|field| contains_itself(db, &field.ty, open, done));
            open.pop();
            done.insert(symbol.clone());
            found
        }
        _ => None,
    }
}

/// What is wrong with the items of a module together: names that are declared twice.
#[salsa::tracked(returns(ref))]
pub fn repeated_names<'db>(db: &'db dyn Db, module: ModuleKey<'db>) -> Vec<Diagnostic> {
    let repeated = &module_items(db, module).repeated;
    repeated
        .iter()
        .map(|(item, first)| {
            let name = item.name(db);
            let what = match item.word(db) {
                "scenario" | "property" | "goal" | "invariant" => format!("a {} called \"{name}\"", item.word(db)),
                _ => format!("`{name}`"),
            };
            let label = item.label(db, name_range(db, *item), "again here");
            let diagnostic = Diagnostic::new(Code::Duplicate, format!("{what} is declared twice"), label);
            diagnostic.because(first.label(db, name_range(db, *first), "first here"))
        })
        .collect()
}

/// The endpoints of a file: which item of it, method and path.
#[salsa::tracked(returns(ref))]
fn file_endpoints(db: &dyn Db, file: crate::db::SourceFile) -> Vec<(u32, SmolStr, SmolStr)> {
    let mut found = Vec::new();
    for (at, item) in crate::items::items(db, file).iter().enumerate() {
        if !matches!(item.word(db), "query" | "handler") {
            continue;
        }
        let Some(symbol) = symbol_of(db, *item) else { continue };
        if item_of(db, &symbol) != Some(*item) {
            continue;
        }
        let Some(Signature::Function(FunctionSig { endpoint: Some(endpoint), .. })) = signature(db, &symbol) else {
            continue;
        };
        found.push((at as u32, endpoint.method.clone(), endpoint.path.clone()));
    }
    found
}

/// What is wrong with the endpoints of the program together: two that one request would match. Depends on the
/// signatures of what is exposed, and on no body.
#[salsa::tracked(returns(ref))]
pub fn overlapping_endpoints(db: &dyn Db) -> Vec<Diagnostic> {
    use declare::PathStep;
    let mut endpoints: Vec<(Item<'_>, SmolStr, SmolStr, Vec<PathStep>)> = Vec::new();
    for file in Program::get(db).files(db) {
        for (at, method, path) in file_endpoints(db, *file) {
            let Some(item) = crate::items::items(db, *file).get(*at as usize) else { continue };
            endpoints.push((*item, method.clone(), path.clone(), declare::path_steps(path)));
        }
    }
    // Only paths of one method and length can clash; of those, paths whose steps agree wherever both are literal,
    // unless one of them is at least as literal in every step and more in one.
    let mut groups: rustc_hash::FxHashMap<(SmolStr, usize), Vec<usize>> = rustc_hash::FxHashMap::default();
    let mut found = Vec::new();
    for (n, (item, method, path, steps)) in endpoints.iter().enumerate() {
        let group = groups.entry((method.clone(), steps.len())).or_default();
        for other in group.iter().filter_map(|other| endpoints.get(*other)) {
            let pairs = || steps.iter().zip(&other.3);
            let meet = pairs().all(|pair| !matches!(pair, (PathStep::Literal(a), PathStep::Literal(b)) if a != b));
            let mine = pairs().any(|pair| matches!(pair, (PathStep::Literal(_), PathStep::Parameter(_))));
            let theirs = pairs().any(|pair| matches!(pair, (PathStep::Parameter(_), PathStep::Literal(_))));
            if meet && mine == theirs {
                let message = format!("`{method} {path}` and `{} {}` match the same request", other.1, other.2);
                let label = item.label(db, endpoint_range(db, *item), "may match what the other matches");
                let because = other.0.label(db, endpoint_range(db, other.0), "the other endpoint");
                found.push(Diagnostic::new(Code::EndpointOverlap, message, label).because(because));
                break;
            }
        }
        group.push(n);
    }
    found
}

fn endpoint_range<'db>(db: &'db dyn Db, item: Item<'db>) -> Range {
    let clauses = match tree(db, item).as_deref() {
        Some(ast::Item { kind: ItemKind::Function(function), .. }) => &function.clauses,
        _ => return name_range(db, item),
    };
    let at = clauses.iter().find(|clause| matches!(clause.kind, ast::ClauseKind::At { .. }));
    at.map_or_else(|| name_range(db, item), |clause| clause.range)
}
