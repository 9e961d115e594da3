//! Types as written to types as meant.
//!
//! Aliases are replaced by what they stand for; refinements keep the name of their rule. Whatever cannot be
//! understood is reported and becomes [`Ty::Error`].

use crate::bounds::{Asked, Obligation, discharge};
use crate::db::{Db, Program};
use crate::declare::{self, signature};
use crate::items::{Item, code};
use crate::names::{self, Resolution, item_of, resolve, resolve_in, symbol_of};
use crate::signature::{Generic, Signature, TypeBody, TypeBound};
use crate::suggest::{closest, upper_camel};
use crate::ty::{FieldTy, RecordTy, RuleRef, Symbol, Ty};
use crate::width::depends_on_width;
use crate::wire::{called_the_same, record_clashes};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;
use tenon_syntax::ast::{self, TypeKind};
use tenon_syntax::words::{counts_rows, foreign_type};
use tenon_value::decimal::MAX_SCALE;

/// The base types by name.
pub const BASE_TYPES: &[(&str, Ty)] = &[
    ("Bool", Ty::Bool),
    ("Int", Ty::Int),
    ("Decimal", Ty::Decimal(6)),
    ("Float", Ty::Float),
    ("Text", Ty::Text),
    ("Bytes", Ty::Bytes),
    ("Instant", Ty::Instant),
    ("DateTime", Ty::DateTime),
    ("Date", Ty::Date),
    ("Time", Ty::Time),
    ("Duration", Ty::Duration),
    ("Id", Ty::Id),
    ("Uuid", Ty::Uuid),
    ("Json", Ty::Json),
];

/// Type constructors and the number of their arguments.
const CONSTRUCTORS: &[(&str, usize)] = &[("Bag", 1), ("Set", 1), ("Map", 2), ("List", 1)];

/// Types of the language that this version does not have.
const LATER: &[(&str, &str)] =
    &[("PasswordHash", "password hashes"), ("Page", "pages of answers"), ("Cursor", "pages of answers")];

/// What a type of the language is, if this version does not have it.
pub(crate) fn later(name: &str) -> Option<&'static str> {
    LATER.iter().find(|(later, _)| *later == name).map(|(_, what)| *what)
}

/// How deep types may nest; deeper ones are refused rather than walked.
const MAX_DEPTH: u32 = 64;

/// Resolves the types of one item.
pub struct TypeResolver<'a, 'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    owner: Symbol,
    generics: &'a [Generic],
    parts: &'a DeclaredParts<'a>,
    depth: u32,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// What was asked of types and is not looked at yet; see [`discharge`].
    pub obligations: Vec<Obligation>,
    /// For each refinement of the item's declared types, by its place in [`DeclaredParts::rules`], the type that
    /// it refines, as far as they were resolved.
    pub rules: Vec<Ty>,
    /// For each default in the item's declared record types the type that it must have.
    pub record_defaults: Vec<Ty>,
}

/// The refinements and the defaults inside of the types that an item declares, in source order. The place of a default is
/// its index; a refinement has its own, see [`DeclaredRule::index`].
#[derive(Default, Debug)]
pub struct DeclaredParts<'a> {
    /// The refinements.
    pub rules: Vec<DeclaredRule<'a>>,
    /// Defaults of fields in record types.
    pub defaults: Vec<&'a ast::Expr>,
}

/// A refinement in a declared type.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredRule<'a> {
    /// The index of its [`RuleRef`]: 0 for the rule that gives `type N = T where …` its name, from 1 on for others.
    pub index: u32,
    /// The condition over `it`.
    pub predicate: &'a ast::Expr,
    /// What to say when it does not hold.
    pub message: Option<&'a ast::Text>,
}

impl<'a> DeclaredParts<'a> {
    /// Gathers the parts of an item.
    pub fn of(item: &'a ast::Item) -> DeclaredParts<'a> {
        let mut parts = DeclaredParts::default();
        match &item.kind {
            ast::ItemKind::Const(declared) => declared.ty.iter().for_each(|ty| parts.add(ty, 0)),
            ast::ItemKind::Type(declared) => match &declared.body {
                ast::TypeBody::Alias(ty) => {
                    parts.add(ty, 0);
                    if let (TypeKind::Where { .. }, Some(own)) = (&ty.kind, parts.rules.last_mut()) {
                        own.index = 0;
                    }
                }
                ast::TypeBody::Variants { cases, .. } => {
                    cases.iter().filter_map(|case| case.fields.as_ref()).for_each(|fields| parts.add_params(fields));
                }
            },
            ast::ItemKind::Relation(relation) => {
                for member in &relation.members {
                    if let ast::Member::Field(field) = member {
                        parts.add(&field.ty, 0);
                    }
                }
            }
            ast::ItemKind::View(view) => parts.add_params(&view.columns),
            ast::ItemKind::Function(function) => {
                parts.add_params(&function.params);
                function.result.iter().for_each(|ty| parts.add(ty, 0));
            }
            ast::ItemKind::Error(error) => error.fields.iter().for_each(|fields| parts.add_params(fields)),
            _ => {}
        }
        parts
    }

    fn add_params(&mut self, params: &'a ast::Params) {
        params.list.iter().for_each(|param| self.add(&param.ty, 0));
    }

    fn add(&mut self, ty: &'a ast::Type, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut visit = |ty: &'a ast::Type| self.add(ty, depth + 1);
        match &ty.kind {
            TypeKind::Error | TypeKind::Infer | TypeKind::Name(_) | TypeKind::Scaled { .. } => {}
            TypeKind::Apply { args, .. } => args.iter().for_each(visit),
            TypeKind::Optional(inner) | TypeKind::List(inner) => visit(inner),
            TypeKind::Function { params, result } => {
                params.iter().for_each(&mut visit);
                visit(result);
            }
            TypeKind::Record(record) => {
                for part in &record.parts {
                    match part {
                        ast::RecordTypePart::Field(field) => {
                            self.add(&field.ty, depth + 1);
                            self.defaults.extend(&field.default);
                        }
                        ast::RecordTypePart::Spread(ty) => self.add(ty, depth + 1),
                    }
                }
            }
            TypeKind::Where { base, predicate, message } => {
                visit(base);
                let index = self.rules.len() as u32 + 1;
                self.rules.push(DeclaredRule { index, predicate, message: message.as_ref() });
            }
        }
    }
}

/// True for a type, or constructor of types, that the language has itself.
pub fn is_language_type(name: &str) -> bool {
    language_types().any(|own| own == name)
}

/// The names of the types and constructors of types that the language has itself.
pub fn language_types() -> impl Iterator<Item = &'static str> {
    BASE_TYPES.iter().map(|(name, _)| *name).chain(CONSTRUCTORS.iter().map(|(name, _)| *name)).chain(["Decimal"])
}

/// A name, with what is only put around it: how wide its type is, its own declaration tells.
fn is_a_name(ty: &ast::Type) -> bool {
    match &ty.kind {
        TypeKind::Name(_) => true,
        TypeKind::Optional(inner) | TypeKind::List(inner) => is_a_name(inner),
        _ => false,
    }
}

fn is_lower(name: &str) -> bool {
    name.chars().next().is_some_and(|c| !c.is_uppercase())
}

impl<'a, 'db> TypeResolver<'a, 'db> {
    /// A resolver for the types of `item`. `generics` are the type parameters in sight, `parts` what
    /// [`DeclaredParts::of`] gave for the item.
    pub fn new(db: &'db dyn Db, item: Item<'db>, generics: &'a [Generic], parts: &'a DeclaredParts<'a>) -> Self {
        let owner = symbol_of(db, item).unwrap_or_else(|| Symbol {
            module: item.file(db).module(db).clone(),
            name: smol_str::format_smolstr!("{} {}", item.word(db), item.nth(db)),
        });
        TypeResolver {
            db,
            item,
            owner,
            generics,
            parts,
            depth: 0,
            diagnostics: Vec::new(),
            obligations: Vec::new(),
            rules: vec![Ty::Error; parts.rules.len()],
            record_defaults: vec![Ty::Error; parts.defaults.len()],
        }
    }

    /// Adds a diagnostic, and gives it for further words.
    pub fn report(
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

    /// Resolves a type.
    pub fn resolve(&mut self, ty: &ast::Type) -> Ty {
        if self.depth >= MAX_DEPTH {
            self.report(Code::TooDeep, ty.range, format!("types nest at most {MAX_DEPTH} deep"), "too deep");
            return Ty::Error;
        }
        self.depth += 1;
        let resolved = self.resolve_kind(ty);
        self.depth -= 1;
        if self.depth > 0 {
            return resolved;
        }
        let resolved = self.bounded(resolved, ty.range);
        if !is_a_name(ty) && depends_on_width(&resolved) {
            self.obligations.push(Obligation { ty: resolved.clone(), asked: Asked::Width, range: ty.range });
        }
        resolved
    }

    /// The type, unless it is too large with the names that stand for types written out.
    fn bounded(&mut self, ty: Ty, range: Range) -> Ty {
        if ty.is_bounded() {
            return ty;
        }
        self.report(
            Code::TooDeep,
            range,
            format!(
                "this type is too large: with its names written out it has more than {} parts, or more than {} levels",
                crate::ty::MAX_PARTS,
                crate::ty::MAX_LEVELS
            ),
            "make a `relation`, or a type with cases, of its inner part",
        );
        Ty::Error
    }

    fn resolve_kind(&mut self, ty: &ast::Type) -> Ty {
        match &ty.kind {
            TypeKind::Error => Ty::Error,
            TypeKind::Infer => {
                self.report(
                    Code::InferredType,
                    ty.range,
                    "`_` stands only for the whole result of a function",
                    "write the type here",
                );
                Ty::Error
            }
            TypeKind::Name(name) => self.name(name, &[], ty.range),
            TypeKind::Apply { name, args } => self.name(name, args, ty.range),
            TypeKind::Scaled { name, scale, scale_range } => self.scaled(name, scale, *scale_range),
            TypeKind::Optional(inner) => self.resolve(inner).optional(),
            TypeKind::List(inner) => Ty::list(self.resolve(inner)),
            TypeKind::Function { params, result } => {
                let params: Vec<Ty> = params.iter().map(|param| self.resolve(param)).collect();
                Ty::Fn(params.into(), Arc::new(self.resolve(result)))
            }
            TypeKind::Record(record) => self.record(record),
            TypeKind::Where { base, predicate, .. } => {
                let base = self.resolve(base);
                self.refine(base, predicate)
            }
        }
    }

    /// `T where p`; of an option, the value of the option is refined.
    fn refine(&mut self, base: Ty, predicate: &ast::Expr) -> Ty {
        if let Ty::Option(inner) = &base {
            let inner = Ty::clone(inner);
            return self.refine(inner, predicate).optional();
        }
        if base == Ty::Error {
            return base;
        }
        // Only declarations have rules that others can name.
        let Some(at) = self.parts.rules.iter().position(|rule| rule.predicate.id == predicate.id) else {
            let message = "a rule on a type inside of a body is not supported yet";
            let diagnostic = self.report(Code::NotSupported, predicate.range, message, "not run by this version");
            diagnostic.notes.push(String::from("declare the type: `type Positive = Int where it > 0`"));
            return base;
        };
        self.rules[at] = base.clone();
        let index = self.parts.rules[at].index;
        Ty::Refined(Arc::new(base), RuleRef { owner: self.owner.clone(), index })
    }

    fn scaled(&mut self, name: &ast::Ident, scale: &str, scale_range: Range) -> Ty {
        if name.text != "Decimal" {
            self.report(
                Code::TypeArguments,
                name.range,
                format!("only `Decimal` takes a number of digits, not `{}`", name.text),
                "not `Decimal`",
            );
            return Ty::Error;
        }
        match scale.parse::<u8>() {
            Ok(scale) if scale <= MAX_SCALE => Ty::Decimal(scale),
            _ => {
                self.report(
                    Code::DecimalScale,
                    scale_range,
                    format!("a Decimal has 0 to {MAX_SCALE} fractional digits, not {scale}"),
                    format!("at most {MAX_SCALE}"),
                );
                Ty::Error
            }
        }
    }

    fn record(&mut self, record: &ast::RecordType) -> Ty {
        let mut fields: Vec<FieldTy> = Vec::new();
        let mut places: Vec<Range> = Vec::new();
        for part in &record.parts {
            match part {
                ast::RecordTypePart::Field(param) => {
                    let field = self.field(param);
                    if let Some(at) = fields.iter().position(|other| other.name == field.name) {
                        self.repeated("field", &param.name, places[at]);
                        continue;
                    }
                    fields.push(field);
                    places.push(param.name.range);
                }
                ast::RecordTypePart::Spread(ty) => match self.resolve(ty).base() {
                    Ty::Record(other) => {
                        for field in &other.fields {
                            if let Some(at) = fields.iter().position(|mine| mine.name == field.name) {
                                let label = self.item.label(self.db, places[at], "the field is here already");
                                let diagnostic = self.report(
                                    Code::Duplicate,
                                    ty.range,
                                    format!("the spread brings the field `{}` a second time", field.name),
                                    format!("`{}` comes from here", field.name),
                                );
                                diagnostic.secondary.push(label);
                                continue;
                            }
                            fields.push(field.clone());
                            places.push(ty.range);
                        }
                    }
                    Ty::Error => return Ty::Error,
                    Ty::Row(relation) => {
                        let Some(Signature::Relation(sig)) = signature(self.db, relation) else { continue };
                        for field in sig.fields.iter().filter(|field| !field.computed && !field.secret) {
                            if fields.iter().all(|mine| mine.name != field.name) {
                                fields.push(FieldTy {
                                    name: field.name.clone(),
                                    wire: field.wire.clone(),
                                    ty: field.ty.clone(),
                                    absent: false,
                                    default: None,
                                });
                                places.push(ty.range);
                            }
                        }
                    }
                    _ => {
                        self.report(
                            Code::SpreadType,
                            ty.range,
                            "only a record type can be spread into another",
                            "not a record type",
                        );
                    }
                },
            }
        }
        self.wire_names(&fields, &places);
        Ty::Record(Arc::new(RecordTy { fields }))
    }

    /// Says which fields travel under one name.
    fn wire_names(&mut self, fields: &[FieldTy], places: &[Range]) {
        let names = Program::get(self.db).settings(self.db).names;
        for clash in record_clashes(names, fields) {
            let at = |at: usize| Some((fields.get(at)?.name.as_str(), *places.get(at)?));
            if let (Some(field), Some(first)) = (at(clash.field), at(clash.first)) {
                let diagnostic = called_the_same(self.db, self.item, &clash.sent, field, first);
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn field(&mut self, param: &ast::Param) -> FieldTy {
        self.lower_case("field", &param.name);
        let ty = self.resolve(&param.ty);
        let default = param.default.as_ref().and_then(|value| {
            let at = self.parts.defaults.iter().position(|other| other.id == value.id);
            if let Some(at) = at {
                self.record_defaults[at] = ty.clone();
            }
            if at.is_none() {
                let message = "a default inside of a body's type is not supported yet";
                self.report(Code::NotSupported, value.range, message, "not run by this version");
            }
            Some(RuleRef { owner: self.owner.clone(), index: at? as u32 })
        });
        FieldTy {
            name: param.name.text.clone(),
            wire: param.wire.as_ref().and_then(ast::Text::plain).map(SmolStr::from),
            ty,
            absent: param.absent.is_some(),
            default,
        }
    }

    /// Resolves the fields of a case or of an error.
    pub fn fields(&mut self, params: &ast::Params) -> Vec<FieldTy> {
        let mut fields: Vec<FieldTy> = Vec::new();
        let mut places: Vec<Range> = Vec::new();
        for param in &params.list {
            self.lower_case("field", &param.name);
            let field = FieldTy {
                name: param.name.text.clone(),
                wire: param.wire.as_ref().and_then(ast::Text::plain).map(SmolStr::from),
                ty: self.resolve(&param.ty),
                absent: false,
                default: None,
            };
            if let Some(range) = param.absent.or(param.default.as_ref().map(|value| value.range)) {
                self.report(
                    Code::FieldForm,
                    range,
                    "only fields of record types and parameters may be absent or have a default",
                    "not here",
                );
            }
            if let Some(at) = fields.iter().position(|other| other.name == field.name) {
                self.repeated("field", &param.name, places[at]);
                continue;
            }
            fields.push(field);
            places.push(param.name.range);
        }
        self.wire_names(&fields, &places);
        fields
    }

    /// Says that a name is taken within the item.
    pub fn repeated(&mut self, what: &str, name: &ast::Ident, first: Range) {
        let label = self.item.label(self.db, first, "first here");
        let diagnostic = self.report(
            Code::Duplicate,
            name.range,
            format!("the {what} `{}` is declared twice", name.text),
            "again here",
        );
        diagnostic.secondary.push(label);
    }

    /// Says that a name that must begin in lower case does not.
    pub fn lower_case(&mut self, what: &str, name: &ast::Ident) {
        if !is_lower(&name.text) {
            let right = crate::suggest::lower_snake(&name.text);
            let fix = self.item.fix(self.db, format!("write `{right}`"), name.range, right, false);
            let diagnostic = self.report(
                Code::Case,
                name.range,
                format!("the name of a {what} is written in lower case"),
                "begins with a capital",
            );
            diagnostic.fixes.push(fix);
        }
    }

    /// Says that a name that must begin with a capital does not.
    pub fn upper_case(&mut self, what: &str, name: &ast::Ident) {
        if is_lower(&name.text) {
            let right = upper_camel(&name.text);
            let fix = self.item.fix(self.db, format!("write `{right}`"), name.range, right, false);
            let diagnostic = self.report(
                Code::Case,
                name.range,
                format!("the name of {what} begins with a capital"),
                "begins in lower case",
            );
            diagnostic.fixes.push(fix);
        }
    }

    fn arguments(&mut self, name: &str, wanted: usize, args: &[ast::Type], range: Range) -> Option<Vec<Ty>> {
        let resolved: Vec<Ty> = args.iter().map(|arg| self.resolve(arg)).collect();
        if resolved.len() == wanted {
            return Some(resolved);
        }
        let (message, label) = match wanted {
            0 => (format!("`{name}` takes no type arguments"), String::from("leave the brackets out")),
            1 => (format!("`{name}` takes one type argument"), format!("`{name}[T]`")),
            n => (format!("`{name}` takes {n} type arguments, found {}", resolved.len()), String::new()),
        };
        self.report(Code::TypeArguments, range, message, label);
        None
    }

    fn must_satisfy(&mut self, ty: &Ty, bound: TypeBound, range: Range, why: &str) {
        self.obligations.push(Obligation { ty: ty.clone(), asked: Asked::Bound(bound, why.to_string()), range });
    }

    /// The diagnostics, with those of the bounds that are not met. For types inside of bodies, where signatures
    /// may be asked for.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        // How wide types are in bodies is asked where values of them are made.
        self.obligations.retain(|obligation| obligation.asked != Asked::Width);
        self.diagnostics.extend(discharge(self.db, self.item, self.generics, &self.obligations));
        self.diagnostics
    }

    fn name(&mut self, name: &ast::TypeName, args: &[ast::Type], range: Range) -> Ty {
        let Some(qualifier) = &name.qualifier else { return self.plain_name(name, args, range) };
        if is_lower(&qualifier.text) {
            return match resolve(self.db, self.item.file(self.db), qualifier.text.clone()) {
                Resolution::Module(module) => match resolve_in(self.db, module.clone(), name.name.text.clone()) {
                    Resolution::Item(symbol) => self.symbol(symbol.clone(), args, range),
                    _ => {
                        self.unknown_in_module(module, &name.name);
                        Ty::Error
                    }
                },
                Resolution::Error => Ty::Error,
                _ => {
                    self.report(
                        Code::UnknownModule,
                        qualifier.range,
                        format!("no module `{}` is in sight", qualifier.text),
                        "bring it with `use`",
                    );
                    Ty::Error
                }
            };
        }
        let owner = ast::TypeName { range: qualifier.range, qualifier: None, name: qualifier.clone() };
        let owner_ty = self.plain_name(&owner, &[], qualifier.range);
        if !args.is_empty() {
            self.arguments(&format!("{}.{}", qualifier.text, name.name.text), 0, args, range);
            return Ty::Error;
        }
        match (owner_ty, name.name.text.as_str()) {
            (Ty::Error, _) => Ty::Error,
            (Ty::Row(symbol), "Key") => Ty::Key(symbol),
            (Ty::Variant(symbol, _), "Tag") => Ty::Tag(symbol),
            (Ty::Row(_), other) => {
                self.report(
                    Code::UnknownType,
                    name.name.range,
                    format!("a relation has the type `Key`, no `{other}`"),
                    "expected `Key`",
                );
                Ty::Error
            }
            (Ty::Variant(..), other) => {
                self.report(
                    Code::UnknownType,
                    name.name.range,
                    format!("a variant type has the type `Tag`, no `{other}`"),
                    "expected `Tag`",
                );
                Ty::Error
            }
            (_, other) => {
                self.report(
                    Code::UnknownType,
                    name.name.range,
                    format!("`{}` is neither a relation nor a variant type, so it has no `{other}`", qualifier.text),
                    "nothing to step into",
                );
                Ty::Error
            }
        }
    }

    fn plain_name(&mut self, name: &ast::TypeName, args: &[ast::Type], range: Range) -> Ty {
        let text = name.name.text.as_str();
        if let Some(generic) = self.generics.iter().find(|generic| generic.name == text) {
            let ty = Ty::Param(generic.name.clone());
            return self.arguments(text, 0, args, range).map_or(Ty::Error, |_| ty);
        }
        // The program's own names come before the language's: a relation may be called `Date`.
        let own = matches!(
            resolve(self.db, self.item.file(self.db), name.name.text.clone()),
            Resolution::Item(_) | Resolution::Error
        );
        if !own {
            if let Some((_, ty)) = BASE_TYPES.iter().find(|(base, _)| *base == text) {
                return self.arguments(text, 0, args, range).map_or(Ty::Error, |_| ty.clone());
            }
            if let Some((_, wanted)) = CONSTRUCTORS.iter().find(|(constructor, _)| *constructor == text) {
                return self.constructor(text, *wanted, args, range);
            }
        }
        match self.find(&name.name) {
            Some(symbol) => self.symbol(symbol, args, range),
            None => Ty::Error,
        }
    }

    fn constructor(&mut self, name: &str, wanted: usize, args: &[ast::Type], range: Range) -> Ty {
        let Some(mut resolved) = self.arguments(name, wanted, args, range) else { return Ty::Error };
        let Some(last) = resolved.pop() else { return Ty::Error };
        match (name, resolved.pop()) {
            ("Bag", _) => Ty::bag(last),
            ("List", _) => Ty::list(last),
            ("Set", _) => {
                self.must_satisfy(&last, TypeBound::Keyed, args[0].range, "the elements of a Set");
                Ty::Set(Arc::new(last))
            }
            (_, Some(key)) => {
                self.must_satisfy(&key, TypeBound::Keyed, args[0].range, "the keys of a Map");
                Ty::Map(Arc::new(key), Arc::new(last))
            }
            (_, None) => Ty::Error,
        }
    }

    /// The item that a name in upper case means; reports what is unknown.
    fn find(&mut self, name: &ast::Ident) -> Option<Symbol> {
        match resolve(self.db, self.item.file(self.db), name.text.clone()) {
            Resolution::Item(symbol) => Some(symbol.clone()),
            Resolution::Module(_) | Resolution::Unknown => {
                self.unknown(name);
                None
            }
            Resolution::Error => None,
        }
    }

    fn unknown(&mut self, name: &ast::Ident) {
        let text = name.text.as_str();
        let own = BASE_TYPES.iter().map(|(base, _)| *base).find(|base| base.eq_ignore_ascii_case(text));
        let suggestion = own.or_else(|| foreign_type(text)).map(SmolStr::from).or_else(|| {
            let candidates = names::type_names(self.db, self.item.file(self.db)).map(SmolStr::as_str);
            let candidates = candidates.chain(BASE_TYPES.iter().map(|(base, _)| *base));
            let candidates = candidates.chain(self.generics.iter().map(|generic| generic.name.as_str()));
            closest(text, candidates).map(SmolStr::from)
        });
        if let Some(what) = later(text) {
            self.report(
                Code::NotSupported,
                name.range,
                format!("{what} are not supported yet"),
                "not run by this version",
            );
            return;
        }
        if matches!(text, "Option" | "Optional" | "Maybe" | "Nullable") {
            let message = "an optional type ends in `?`";
            self.report(Code::UnknownType, name.range, message, format!("I expected `T?`, not `{text}[T]`"));
            return;
        }
        if counts_rows(text) {
            let message = "a key that counts is an `Int` with the default `serial()`";
            let written = if self.is_key_alone(name.range) { "Int = serial()" } else { "Int" };
            let fix = self.item.fix(self.db, format!("write `{written}`"), name.range, written, false);
            let label = format!("there is no `{text}`");
            self.report(Code::UnknownType, name.range, message, label).fixes.push(fix);
            return;
        }
        let message = format!("no type or relation is called `{text}`");
        self.report(Code::UnknownType, name.range, message, "not known here").did_you_mean(suggestion.as_deref());
    }

    /// True for a type behind `key name:` that ends its line.
    fn is_key_alone(&self, range: Range) -> bool {
        let text = code(self.db, self.item);
        let (before, after) = (text.get(..range.start as usize), text.get(range.end as usize..));
        let line = before.and_then(|before| before.rsplit(['\n', ';', '{']).next()).unwrap_or_default();
        let ends = after.is_some_and(|after| after.trim_start_matches(' ').starts_with(['\n', ';', '}']));
        line.trim_start().starts_with("key ") && ends
    }

    fn unknown_in_module(&mut self, module: &str, name: &ast::Ident) {
        let text = &name.text;
        let symbol = Symbol { module: module.into(), name: text.clone() };
        match item_of(self.db, &symbol) {
            Some(item) => {
                let here = item.label(self.db, declare::name_range(self.db, item), "declared `private` here");
                let diagnostic = self.report(
                    Code::Private,
                    name.range,
                    format!("`{text}` is private in `{module}`"),
                    "only that module may use it",
                );
                diagnostic.secondary.push(here);
            }
            None => {
                self.report(Code::UnknownType, name.range, format!("`{module}` has no `{text}`"), "not declared there");
            }
        }
    }

    fn symbol(&mut self, symbol: Symbol, args: &[ast::Type], range: Range) -> Ty {
        let Some(head) = declare::type_head(self.db, &symbol) else { return Ty::Error };
        match head {
            declare::TypeHead::Relation => {
                self.arguments(&symbol.name.clone(), 0, args, range).map_or(Ty::Error, |_| Ty::Row(symbol))
            }
            declare::TypeHead::Variant(generics) => match self.generic_arguments(&symbol, generics, args, range) {
                Some(args) => Ty::Variant(symbol, args.into()),
                None => Ty::Error,
            },
            declare::TypeHead::Alias(generics) => {
                let Some(args) = self.generic_arguments(&symbol, generics, args, range) else { return Ty::Error };
                // An alias that leads to itself has no type; it is reported where it stands.
                if declare::alias_is_circular(self.db, &symbol) {
                    return Ty::Error;
                }
                let ty = match signature(self.db, &symbol) {
                    Some(Signature::Type(sig)) => match &sig.body {
                        TypeBody::Alias(ty) if generics.is_empty() => ty.clone(),
                        TypeBody::Alias(ty) => ty.substitute(&|name| {
                            let at = generics.iter().position(|generic| generic.name == name)?;
                            args.get(at).cloned()
                        }),
                        TypeBody::Variant(_) => Ty::Error,
                    },
                    _ => Ty::Error,
                };
                self.bounded(ty, range)
            }
            declare::TypeHead::Other(word) => {
                let what = match *word {
                    "error" => "an error",
                    "view" => "a view",
                    _ => "no type",
                };
                self.report(
                    Code::NotAType,
                    range,
                    format!("`{}` is {what}; a type is wanted here", symbol.name),
                    "not a type",
                );
                Ty::Error
            }
            declare::TypeHead::Unsupported => Ty::Error,
        }
    }

    fn generic_arguments(
        &mut self,
        symbol: &Symbol,
        generics: &[Generic],
        args: &[ast::Type],
        range: Range,
    ) -> Option<Vec<Ty>> {
        let resolved = self.arguments(&symbol.name, generics.len(), args, range)?;
        for ((ty, generic), arg) in resolved.iter().zip(generics).zip(args) {
            if let Some(bound) = generic.bound {
                let why = format!("the arguments for `{}` of `{}`", generic.name, symbol.name);
                self.must_satisfy(ty, bound, arg.range, &why);
            }
        }
        Some(resolved)
    }
}
