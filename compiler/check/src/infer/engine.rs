//! The state of one body while it is inferred: locals, variables of inference, names in sight, diagnostics.

use super::facts::{Facts, Place};
use super::obligations::{Atom, Bounds};
use super::query::Frame;
use super::{Checked, Context, Effects, Probed};
use crate::show::Shown;
use crate::signature::{Generic, RelationSig, Signature, TypeBound, TypeSig};
use crate::ty::{FieldTy, MAX_LEVELS, MAX_PARTS, RecordTy, RuleRef, Symbol, Ty};
use crate::typed::{self, Body, Expr, ExprKind, Local, LocalId};
use crate::uses::{Form, Meaning, Role, Use};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::cell::Cell;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic, Edit, Fix, Label};
use tenon_span::Range;

/// How deep expressions may nest. The parser has a limit of its own; this one also bounds what sugar adds.
pub(crate) const MAX_DEPTH: u32 = 128;

/// What a name in sight stands for.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// A local.
    Local(LocalId),
    /// A local that a clause of a query has put out of sight.
    Hidden(LocalId, Why),
}

/// Which clause put a name out of sight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// `group by`.
    Group,
    /// `select`.
    Select,
}

/// Names in sight; the last one of a name counts.
#[derive(Default)]
pub(crate) struct Scope {
    map: FxHashMap<SmolStr, Vec<Seen>>,
    log: Vec<SmolStr>,
}

impl Scope {
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    pub fn restore(&mut self, mark: usize) {
        while self.log.len() > mark {
            if let Some(name) = self.log.pop()
                && let Some(stack) = self.map.get_mut(&name)
            {
                stack.pop();
            }
        }
    }

    pub fn push(&mut self, name: SmolStr, seen: Seen) {
        self.map.entry(name.clone()).or_default().push(seen);
        self.log.push(name);
    }

    pub fn find(&self, name: &str) -> Option<&Seen> {
        self.map.get(name)?.last()
    }

    /// Names pushed since a mark, in order, with what each stands for now.
    pub fn since(&self, mark: usize) -> Vec<(SmolStr, Seen)> {
        self.log[mark.min(self.log.len())..]
            .iter()
            .filter_map(|name| Some((name.clone(), self.map.get(name)?.last()?.clone())))
            .collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &SmolStr> {
        self.log.iter()
    }
}

/// A variable of inference.
pub(crate) struct Var {
    /// What it stands for, once known.
    pub ty: Option<Ty>,
    /// Where it came up, for the message where nothing fixes it.
    pub range: Range,
    /// What its type must be able to do.
    pub bound: Option<TypeBound>,
}

/// Something that can be judged only when more is known.
pub(crate) enum Deferred {
    /// An arithmetic operator on a type that was not known yet.
    Arithmetic(Ty, &'static str, Range),
    /// A comparison of order on a type that was not known yet.
    Ordered(Ty, Range),
}

/// Marks to go back to, see [`Infer::mark`].
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    scope: usize,
    facts: usize,
}

pub(crate) struct Infer<'a> {
    pub ctx: &'a dyn Context,
    pub generics: &'a [Generic],
    pub locals: Vec<Local>,
    pub vars: Vec<Var>,
    pub deferred: Vec<Deferred>,
    pub scope: Scope,
    pub facts: Facts,
    pub frames: Vec<Frame>,
    pub diagnostics: Vec<Diagnostic>,
    pub effects: Effects,
    pub uses: Vec<Use>,
    /// The place at which to look around, and what was seen there.
    pub probe: Option<Range>,
    pub probed: Option<Probed>,
    /// Type of `return e`; `None` where `return` cannot stand.
    pub result: Option<Ty>,
    /// Loops around.
    pub loops: u32,
    /// Lambdas around.
    pub lambdas: u32,
    pub depth: u32,
    /// The row whose fields are in sight by their bare names.
    pub row: Option<(Symbol, LocalId)>,
    /// The relation whose row does not exist yet, in a default of its fields.
    pub unborn: Option<Symbol>,
    /// How many writes to the store precede this point; what is known of the store ends at each.
    pub store_version: u32,
    /// The version at which the row of a local was read from the store or written to it; rows that came
    /// otherwise (parameters, elements) may have been read long ago and are not here.
    pub versions: FxHashMap<LocalId, u32>,
    /// What linear facts speak of.
    pub atoms: Vec<Atom>,
    pub atom_of: FxHashMap<Place, u32>,
    pub local_bounds: FxHashMap<LocalId, Bounds>,
    pub rule_bounds: FxHashMap<RuleRef, Bounds>,
    /// The next block is a function's own.
    pub function_body: bool,
    /// Locals below this number lie outside of the innermost lambda.
    pub lambda_start: Option<u32>,
    /// How many values a scenario has made up.
    pub generated: u32,
    /// In a scenario, or at the prompt: `!`, `succeeded`, `failed E` may stand.
    pub scenario: bool,
    /// In the arguments of a call that a scenario wants to be refused as `Invalid`: values may break their rules.
    pub refused: bool,
    /// Whether it was said that a type grows beyond its limits; see `growth`.
    pub too_large: bool,
    /// Whether a type was found beyond its limits when what it is made of was put in.
    pub cut: Cell<bool>,
}

impl<'a> Infer<'a> {
    pub fn new(ctx: &'a dyn Context, generics: &'a [Generic]) -> Infer<'a> {
        Infer {
            ctx,
            generics,
            locals: Vec::new(),
            vars: Vec::new(),
            deferred: Vec::new(),
            scope: Scope::default(),
            facts: Facts::default(),
            frames: Vec::new(),
            diagnostics: Vec::new(),
            effects: Effects::default(),
            uses: Vec::new(),
            probe: ctx.probe(),
            probed: None,
            result: None,
            loops: 0,
            lambdas: 0,
            depth: 0,
            row: None,
            unborn: None,
            store_version: 0,
            versions: FxHashMap::default(),
            atoms: Vec::new(),
            atom_of: FxHashMap::default(),
            local_bounds: FxHashMap::default(),
            rule_bounds: FxHashMap::default(),
            function_body: false,
            lambda_start: None,
            generated: 0,
            scenario: false,
            refused: false,
            too_large: false,
            cut: Cell::new(false),
        }
    }

    // --- places and messages

    pub fn label(&self, range: Range, message: impl Into<String>) -> Label {
        Label { location: self.ctx.location(range), message: message.into() }
    }

    /// A diagnostic with its primary label.
    pub fn diagnostic(
        &self,
        code: Code,
        range: Range,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, message, self.label(range, label))
    }

    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.message = with_articles(diagnostic.message);
        self.diagnostics.push(diagnostic);
    }

    pub fn error(&mut self, code: Code, range: Range, message: impl Into<String>, label: impl Into<String>) {
        let diagnostic = self.diagnostic(code, range, message, label);
        self.report(diagnostic);
    }

    /// Says that a part of the language is not there yet.
    pub fn not_supported(&mut self, range: Range, what: &str) -> Expr {
        self.error(Code::NotSupported, range, format!("{what} are not supported yet"), "this version cannot run it");
        self.broken(range)
    }

    pub fn fix(&self, title: impl Into<String>, range: Range, text: impl Into<String>, certain: bool) -> Fix {
        self.fix_all(title, [(range, text.into())], certain)
    }

    /// The fix that replaces several ranges.
    pub fn fix_all(
        &self,
        title: impl Into<String>,
        edits: impl IntoIterator<Item = (Range, String)>,
        certain: bool,
    ) -> Fix {
        let edits = edits.into_iter().map(|(range, text)| Edit { location: self.ctx.location(range), text });
        Fix { title: title.into(), edits: edits.collect(), certain }
    }

    /// The fix that puts `text` behind an expression, which stands in parentheses then where it needs them.
    pub fn fix_behind(&self, title: impl Into<String>, range: Range, text: &str) -> Fix {
        if is_chain(&self.ctx.source(range)) {
            return self.fix(title, Range::empty(range.end), text, false);
        }
        let edits = [(Range::empty(range.start), "(".to_owned()), (Range::empty(range.end), format!("){text}"))];
        self.fix_all(title, edits, false)
    }

    pub fn because(
        &self,
        diagnostic: Diagnostic,
        symbol: &Symbol,
        member: Option<&str>,
        message: impl Into<String>,
    ) -> Diagnostic {
        match self.ctx.declared(symbol, member) {
            Some(location) => diagnostic.because(Label { location, message: message.into() }),
            None => diagnostic,
        }
    }

    /// The sentence about a missing value that may be `none`.
    pub fn may_be_absent(&self, name: &str, ty: &Ty) -> String {
        let Ty::Option(inner) = self.base(ty) else { return format!("give a value: `{name}: …`") };
        let shown = self.show(&inner);
        format!("give none by `{name}: none`; a declaration `{name}?: {shown}` lets it be left out")
    }

    // --- making nodes

    pub fn broken(&self, range: Range) -> Expr {
        Expr { kind: ExprKind::Error, ty: Ty::Error, range }
    }

    pub fn node(&self, kind: ExprKind, ty: Ty, range: Range) -> Expr {
        Expr { kind, ty, range }
    }

    pub fn local(&mut self, name: impl Into<SmolStr>, ty: Ty, mutable: bool, range: Range) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        let name = name.into();
        if !name.is_empty() && !range.is_empty() {
            self.uses.push(Use::new(range, Meaning::Local(range), Role::Definition));
        }
        self.locals.push(Local { name, ty, mutable, range });
        id
    }

    /// A local that is in sight from here on.
    pub fn bind(&mut self, name: &SmolStr, ty: Ty, mutable: bool, range: Range) -> LocalId {
        let id = self.local(name.clone(), ty, mutable, range);
        self.scope.push(name.clone(), Seen::Local(id));
        id
    }

    pub fn local_expr(&self, id: LocalId, range: Range) -> Expr {
        Expr { kind: ExprKind::Local(id), ty: self.locals[id.0 as usize].ty.clone(), range }
    }

    pub fn mark(&self) -> Mark {
        Mark { scope: self.scope.mark(), facts: self.facts.mark() }
    }

    pub fn restore(&mut self, mark: Mark) {
        self.scope.restore(mark.scope);
        self.facts.restore(mark.facts);
    }

    // --- names

    /// Notes what a name stands for.
    pub fn means(&mut self, range: Range, meaning: Meaning, role: Role) {
        self.uses.push(Use::new(range, meaning, role));
    }

    /// Notes what a name stands for that is written in a form of its own.
    pub fn means_by(&mut self, range: Range, meaning: Meaning, role: Role, form: Form) {
        self.uses.push(Use { range, meaning, role, form });
    }

    /// Notes that a name stands for an item.
    pub fn means_item(&mut self, range: Range, symbol: &Symbol) {
        self.means(range, Meaning::Item(symbol.clone()), Role::Read);
    }

    /// What a name stands for that is a local.
    pub fn meaning_of_local(&self, local: LocalId) -> Meaning {
        let local = &self.locals[local.0 as usize];
        if local.range.is_empty() { Meaning::Given(local.name.clone()) } else { Meaning::Local(local.range) }
    }

    // --- signatures

    pub fn relation(&self, symbol: &Symbol) -> Option<&'a RelationSig> {
        match self.ctx.signature(symbol)? {
            Signature::Relation(sig) => Some(sig),
            _ => None,
        }
    }

    pub fn type_sig(&self, symbol: &Symbol) -> Option<&'a TypeSig> {
        match self.ctx.signature(symbol)? {
            Signature::Type(sig) => Some(sig),
            _ => None,
        }
    }

    /// The cases of a variant type with their fields, type arguments put in.
    pub fn cases(&self, symbol: &Symbol, args: &[Ty]) -> Vec<(SmolStr, Vec<(SmolStr, Ty)>)> {
        let Some(sig) = self.type_sig(symbol) else { return Vec::new() };
        let crate::signature::TypeBody::Variant(cases) = &sig.body else { return Vec::new() };
        let map: Vec<_> = sig.generics.iter().map(|g| g.name.clone()).zip(args.iter().cloned()).collect();
        cases
            .iter()
            .map(|c| (c.name.clone(), c.fields.iter().map(|f| (f.name.clone(), seen(f, &map))).collect()))
            .collect()
    }

    pub fn key_types(&self, relation: &RelationSig) -> Vec<Ty> {
        relation
            .key
            .iter()
            .filter_map(|k| relation.fields.iter().find(|f| f.name == *k))
            .map(|f| f.ty.clone())
            .collect()
    }

    // --- variables of inference

    pub fn fresh(&mut self, range: Range) -> Ty {
        self.fresh_bounded(range, None)
    }

    pub fn fresh_bounded(&mut self, range: Range, bound: Option<TypeBound>) -> Ty {
        self.vars.push(Var { ty: None, range, bound });
        Ty::Infer(self.vars.len() as u32 - 1)
    }

    /// The type with what its outermost variable stands for.
    pub fn shallow(&self, ty: &Ty) -> Ty {
        let mut ty = ty;
        while let Ty::Infer(v) = ty {
            match &self.vars[*v as usize].ty {
                Some(t) => ty = t,
                None => break,
            }
        }
        ty.clone()
    }

    /// The type with everything that is known put in.
    pub fn resolve(&self, ty: &Ty) -> Ty {
        if self.vars.is_empty() || !has_vars(ty) {
            ty.clone()
        } else {
            self.resolve_at(ty, MAX_LEVELS, &mut { MAX_PARTS })
        }
    }

    fn resolve_at(&self, ty: &Ty, levels: u32, parts: &mut u32) -> Ty {
        if levels == 0 || *parts == 0 {
            self.cut.set(true);
            return Ty::Error;
        }
        *parts -= 1;
        match self.shallow(ty) {
            Ty::Infer(v) => Ty::Infer(v),
            ty => map_ty(&ty, &mut |t| self.resolve_at(t, levels - 1, parts)),
        }
    }

    /// The resolved type without its outer refinements.
    pub fn base(&self, ty: &Ty) -> Ty {
        let mut ty = self.shallow(ty);
        while let Ty::Refined(base, _) = &ty {
            ty = self.shallow(base);
        }
        ty
    }

    /// Lets a variable stand for a type. False where it would contain itself.
    pub fn assign(&mut self, var: u32, ty: Ty) -> bool {
        let ty = self.resolve(&ty);
        if ty == Ty::Infer(var) {
            return true;
        }
        if any_part(&ty, &|part| *part == Ty::Infer(var)) {
            return false;
        }
        if let Ty::Infer(other) = ty
            && self.vars[other as usize].bound.is_none()
        {
            self.vars[other as usize].bound = self.vars[var as usize].bound;
        }
        self.vars[var as usize].ty = Some(ty);
        true
    }

    /// What a variable stands for, and a type that has variables with all that is known put in: to walk it then takes no
    /// longer than types may be large.
    pub fn expanded(&self, ty: &Ty) -> Ty {
        match self.shallow(ty) {
            Ty::Infer(v) => Ty::Infer(v),
            ty => self.resolve(&ty),
        }
    }

    /// Makes two types equal, refinements aside. False where they cannot be.
    pub fn unify(&mut self, a: &Ty, b: &Ty) -> bool {
        let (a, b) = (self.expanded(a), self.expanded(b));
        self.unify_parts(&a, &b)
    }

    fn unify_parts(&mut self, a: &Ty, b: &Ty) -> bool {
        let (a, b) = (self.base(a), self.base(b));
        match (&a, &b) {
            _ if a == b => true,
            (Ty::Error, _) | (_, Ty::Error) => true,
            (Ty::Infer(v), _) => self.assign(*v, forget(&b)),
            (_, Ty::Infer(v)) => self.assign(*v, forget(&a)),
            (Ty::Option(x), Ty::Option(y))
            | (Ty::List(x), Ty::List(y))
            | (Ty::Bag(x), Ty::Bag(y))
            | (Ty::Set(x), Ty::Set(y)) => self.unify_parts(x, y),
            (Ty::Map(k, v), Ty::Map(l, w)) => self.unify_parts(k, l) && self.unify_parts(v, w),
            (Ty::Variant(s, x), Ty::Variant(t, y)) if s == t && x.len() == y.len() => {
                x.iter().zip(y.iter()).all(|(x, y)| self.unify_parts(x, y))
            }
            (Ty::Fn(p, r), Ty::Fn(q, s)) if p.len() == q.len() => {
                p.iter().zip(q.iter()).all(|(x, y)| self.unify_parts(x, y)) && self.unify_parts(r, s)
            }
            (Ty::Record(x), Ty::Record(y)) if x.fields.len() == y.fields.len() => x
                .fields
                .iter()
                .all(|f| y.field(&f.name).is_some_and(|g| f.absent == g.absent && self.unify_parts(&f.ty, &g.ty))),
            _ => false,
        }
    }

    /// The type as messages show it.
    pub fn show(&self, ty: &Ty) -> String {
        Shown(&self.resolve(ty)).to_string()
    }

    // --- the end

    /// Puts in what variables stand for, reports what nothing fixed, and gives the body.
    pub fn finish(mut self, params: Vec<LocalId>, mut value: Expr) -> Checked<Body> {
        self.settle();
        if !self.vars.is_empty() {
            typed::for_each_type_mut(&mut value, &mut |ty| *ty = self.resolve(ty));
        }
        self.refuse_what_was_cut(value.range);
        self.refuse_what_cannot_run(&value);
        let locals = std::mem::take(&mut self.locals);
        let locals = locals.into_iter().map(|l| Local { ty: self.resolve(&l.ty), ..l }).collect();
        let result = value.ty.clone();
        let probed = self.take_probed();
        Checked {
            value: Body { locals, params, value },
            result,
            diagnostics: self.diagnostics,
            effects: self.effects,
            uses: in_order(self.uses),
            probed,
        }
    }

    /// Judges what was put off and closes variables that nothing fixed.
    pub fn settle(&mut self) {
        for deferred in std::mem::take(&mut self.deferred) {
            match deferred {
                Deferred::Arithmetic(ty, op, range) => {
                    let ty = self.base(&ty);
                    match ty {
                        Ty::Infer(v) => {
                            self.assign(v, Ty::Int);
                        }
                        Ty::Int | Ty::Decimal(_) | Ty::Float | Ty::Duration | Ty::Error => {}
                        Ty::Text if op == "+" => {}
                        ty => {
                            let shown = self.show(&ty);
                            self.error(
                                Code::Operator,
                                range,
                                format!("`{op}` does not work on `{shown}`"),
                                format!("`{shown}`"),
                            );
                        }
                    }
                }
                Deferred::Ordered(ty, range) => self.require_ordered(&ty, range),
            }
        }
        for v in 0..self.vars.len() as u32 {
            if matches!(self.shallow(&Ty::Infer(v)), Ty::Infer(w) if w == v) {
                let range = self.vars[v as usize].range;
                let has_error = self.diagnostics.iter().any(|d| d.severity == tenon_diagnostics::Severity::Error);
                if !has_error {
                    self.error(Code::CannotInfer, range, "nothing here says which type this has", "of what type?");
                }
                self.vars[v as usize].ty = Some(Ty::Error);
            } else if let Some(bound) = self.vars[v as usize].bound {
                let (ty, range) = (self.resolve(&Ty::Infer(v)), self.vars[v as usize].range);
                self.require_bound(&ty, bound, range);
            }
        }
    }

    /// Complains unless a type meets a bound.
    pub fn require_bound(&mut self, ty: &Ty, bound: TypeBound, range: Range) {
        let fits = match bound {
            TypeBound::Ordered => self.ordered(ty),
            TypeBound::Keyed => self.keyed(ty),
            TypeBound::Storable => !matches!(self.base(ty), Ty::Fn(..)),
        };
        if !fits {
            let (shown, word) = (self.show(ty), bound_name(bound));
            self.error(
                Code::Bound,
                range,
                format!("`{shown}` is not `{word}`"),
                format!("a type that is `{word}` is needed"),
            );
        }
    }

    /// True if values of the type have an order that `<` may use.
    pub fn ordered(&self, ty: &Ty) -> bool {
        match self.base(ty) {
            Ty::Param(name) => self.generics.iter().any(|g| g.name == name && g.bound == Some(TypeBound::Ordered)),
            Ty::Option(_) | Ty::Fn(..) | Ty::Json | Ty::Unit | Ty::Bag(_) | Ty::Map(..) | Ty::Set(_) | Ty::Row(_) => {
                false
            }
            Ty::Record(r) => r.fields.iter().all(|f| self.ordered(&f.ty)),
            Ty::List(t) => self.ordered(&t),
            _ => true,
        }
    }

    /// True if values of the type may be keys.
    pub fn keyed(&self, ty: &Ty) -> bool {
        match self.base(ty) {
            Ty::Param(name) => self
                .generics
                .iter()
                .any(|g| g.name == name && matches!(g.bound, Some(TypeBound::Keyed | TypeBound::Ordered))),
            Ty::Float | Ty::Fn(..) | Ty::Json | Ty::Unit => false,
            Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => self.keyed(&t),
            Ty::Map(k, v) => self.keyed(&k) && self.keyed(&v),
            Ty::Record(r) => r.fields.iter().all(|f| self.keyed(&f.ty)),
            _ => true,
        }
    }

    pub fn require_ordered(&mut self, ty: &Ty, range: Range) {
        match self.base(ty) {
            Ty::Error | Ty::Never => {}
            Ty::Infer(_) => self.deferred.push(Deferred::Ordered(ty.clone(), range)),
            Ty::Option(_) => {
                let d = self.diagnostic(
                    Code::NoneOrder,
                    range,
                    "the value may be `none`, and `none` is neither before nor after",
                    format!("`{}`", self.show(ty)),
                );
                let d = d.note("test it first: `x != none and x < y`, or give a value for `none`: `(x ?? y)`");
                self.report(d);
            }
            ty if !self.ordered(&ty) => {
                let shown = self.show(&ty);
                let mut d = self.diagnostic(
                    Code::Operator,
                    range,
                    format!("values of `{shown}` have no order"),
                    format!("`{shown}`"),
                );
                if let Ty::Param(name) = &ty {
                    d = d.note(format!("write the bound in the header: `[{name}: Ordered]`"));
                }
                self.report(d);
            }
            _ => {}
        }
    }
}

/// Uses in the order of places, each once: what is read twice by inference is noted twice.
pub(crate) fn in_order(mut uses: Vec<Use>) -> Vec<Use> {
    uses.sort_unstable();
    uses.dedup();
    uses.shrink_to_fit();
    uses
}

/// The type of a field as code sees it.
fn seen(field: &FieldTy, map: &[(SmolStr, Ty)]) -> Ty {
    let ty = substitute(&field.ty, map);
    if field.absent { ty.optional() } else { ty }
}

/// The word for a bound.
pub(crate) fn bound_name(bound: TypeBound) -> &'static str {
    match bound {
        TypeBound::Ordered => "Ordered",
        TypeBound::Keyed => "Keyed",
        TypeBound::Storable => "Storable",
    }
}

/// Rebuilds a type with each direct part mapped.
pub(crate) fn map_ty(ty: &Ty, f: &mut dyn FnMut(&Ty) -> Ty) -> Ty {
    match ty {
        Ty::Option(t) => {
            let inner = f(t);
            inner.optional()
        }
        Ty::List(t) => Ty::List(Arc::new(f(t))),
        Ty::Bag(t) => Ty::Bag(Arc::new(f(t))),
        Ty::Set(t) => Ty::Set(Arc::new(f(t))),
        Ty::Map(k, v) => Ty::Map(Arc::new(f(k)), Arc::new(f(v))),
        Ty::Record(r) => Ty::Record(Arc::new(RecordTy {
            fields: r.fields.iter().map(|field| FieldTy { ty: f(&field.ty), ..field.clone() }).collect(),
        })),
        Ty::Variant(s, args) => Ty::Variant(s.clone(), args.iter().map(f).collect()),
        Ty::Refined(base, rule) => Ty::Refined(Arc::new(f(base)), rule.clone()),
        Ty::Fn(params, result) => {
            let params = params.iter().map(&mut *f).collect();
            Ty::Fn(params, Arc::new(f(result)))
        }
        _ => ty.clone(),
    }
}

fn any_part(ty: &Ty, f: &dyn Fn(&Ty) -> bool) -> bool {
    f(ty)
        || match ty {
            Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) | Ty::Refined(t, _) => any_part(t, f),
            Ty::Map(k, v) => any_part(k, f) || any_part(v, f),
            Ty::Record(r) => r.fields.iter().any(|field| any_part(&field.ty, f)),
            Ty::Variant(_, args) => args.iter().any(|t| any_part(t, f)),
            Ty::Fn(params, result) => params.iter().any(|t| any_part(t, f)) || any_part(result, f),
            _ => false,
        }
}

pub(crate) fn has_vars(ty: &Ty) -> bool {
    any_part(ty, &|t| matches!(t, Ty::Infer(_)))
}

pub(crate) fn has_params(ty: &Ty) -> bool {
    any_part(ty, &|t| matches!(t, Ty::Param(_)))
}

/// The type without any refinement, however deep.
pub(crate) fn forget(ty: &Ty) -> Ty {
    if !any_part(ty, &|t| matches!(t, Ty::Refined(..))) {
        return ty.clone();
    }
    match ty {
        Ty::Refined(base, _) => forget(base),
        ty => map_ty(ty, &mut |t| forget(t)),
    }
}

/// Puts types in for type parameters.
pub(crate) fn substitute(ty: &Ty, map: &[(SmolStr, Ty)]) -> Ty {
    if map.is_empty() || !has_params(ty) {
        return ty.clone();
    }
    match ty {
        Ty::Param(name) => map.iter().find(|(n, _)| n == name).map_or_else(|| ty.clone(), |(_, t)| t.clone()),
        ty => map_ty(ty, &mut |t| substitute(t, map)),
    }
}

/// `an` before the names of types that begin with a vowel; sentences are put together with `a`.
fn with_articles(sentence: String) -> String {
    if !sentence.contains("a `") {
        return sentence;
    }
    let mut out = sentence;
    for vowel in ['A', 'E', 'I', 'O'] {
        out = out.replace(&format!(" a `{vowel}"), &format!(" an `{vowel}"));
        if let Some(rest) = out.strip_prefix(&format!("a `{vowel}")) {
            out = format!("an `{vowel}{rest}");
        }
    }
    out
}

/// True for the text of an expression that `.f` may follow: names, numbers and texts with what stands in brackets.
fn is_chain(written: &str) -> bool {
    let (mut depth, mut quoted) = (0usize, false);
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => drop(letters.next()),
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '_' | '.' | '?' | '!' => {}
            _ if depth == 0 && !letter.is_alphanumeric() => return false,
            _ => {}
        }
    }
    true
}
