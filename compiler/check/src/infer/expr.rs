//! Expressions: names, texts, records, collections, branches, lambdas.

use super::ProbedAt;
use super::calls::Callee;
use super::engine::{Infer, MAX_DEPTH, Seen, Why};
use super::growth::passes_on;
use crate::signature::Signature;
use crate::suggest::closest;
use crate::ty::{FieldTy, Symbol, Ty};
use crate::typed::{Expr, ExprKind, Literal, LocalId, TextPart};
use crate::uses::{Meaning, Role};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// The expression as a value of a type.
    pub fn check(&mut self, e: &ast::Expr, wanted: &Ty) -> Expr {
        let expr = self.expr(e, Some(wanted));
        self.coerce(expr, wanted)
    }

    /// A condition.
    pub fn condition(&mut self, e: &ast::Expr) -> Expr {
        let expr = self.expr(e, Some(&Ty::Bool));
        if let Ty::Option(inner) = self.base(&expr.ty)
            && self.base(&inner) != Ty::Bool
        {
            let written = self.ctx.source(expr.range);
            let d = self
                .diagnostic(
                    Code::Type,
                    expr.range,
                    format!("a condition is `true` or `false`; `{written}` is optional"),
                    "an optional value",
                )
                .fix(self.fix("ask whether it is there", Range::empty(expr.range.end), " != none", false));
            self.report(d);
            return self.broken(expr.range);
        }
        self.coerce(expr, &Ty::Bool)
    }

    /// The expression with the type it has; `hint` is what its place would like.
    pub fn expr(&mut self, e: &ast::Expr, hint: Option<&Ty>) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.error(Code::TooDeep, e.range, "this is nested too deeply", "name the inner parts with `let`");
            return self.broken(e.range);
        }
        self.depth += 1;
        let expr = self.expr_kind(e, hint);
        self.depth -= 1;
        if passes_on(e, &expr) { expr } else { self.bounded(expr, hint) }
    }

    fn expr_kind(&mut self, e: &ast::Expr, hint: Option<&Ty>) -> Expr {
        use ast::ExprKind as K;
        let range = e.range;
        if self.probe.is_some() && matches!(e.kind, K::Name(_) | K::TypeName(_)) {
            self.look_around(range, |_| ProbedAt::Value(hint.cloned()));
        }
        match &e.kind {
            K::Error => self.broken(range),
            K::Name(name) => {
                let expr = self.name(name, hint);
                self.narrowed(expr)
            }
            K::TypeName(name) => self.type_name(name, hint),
            K::Literal(literal) => self.literal(literal, false, range, hint),
            K::Text(text) => self.text(text),
            K::List(elements) => self.list(elements, range, hint),
            K::Map(entries) => self.map(entries, range, hint),
            K::Record(record) => self.record(record, range, hint),
            K::Action(_) => self.not_supported(range, "policies"),
            K::Field { base, name, optional } => {
                let expr = self.field_expr(base, name.as_ref(), *optional, range, hint);
                self.narrowed(expr)
            }
            K::Project { base, names, optional } => self.project(base, names, *optional, range),
            K::Unwrap(base) => self.unwrap(base, range),
            K::Call { callee, args, window } => self.call(callee, args, window.as_deref(), range, hint),
            K::Index { base, keys } => self.index(base, keys, range),
            K::Unary { op, operand } => self.unary(*op, operand, range, hint),
            K::Binary { op, op_range, left, right } => self.binary(*op, *op_range, left, right, range, hint),
            K::Is { value, pattern, negated } => self.is(value, pattern, *negated, range),
            K::Quantifier { kind, var, source, body } => self.quantifier(*kind, var, source, body, range),
            K::If(branch) => self.if_expr(branch, hint, true),
            K::Match { value, arms, broken } => self.match_expr(value, arms, *broken, range, hint),
            K::Attempt { .. } => self.not_supported(range, "`attempt` blocks"),
            K::Lambda { params, body } => self.lambda(params, body, range, hint),
            K::Insert { relation, args } => self.insert(relation, args, range, false),
            K::Upsert { relation, args, set } => {
                if set.is_empty() {
                    self.upsert(relation, args, range)
                } else {
                    self.not_supported(range, "`upsert … set` statements")
                }
            }
            K::Update { row, set } => self.update(row, set, range),
            K::UpdateEach { .. } => self.not_supported(range, "updates of many rows (`update x in R`)"),
            K::Delete(row) => self.delete(row, range),
            K::DeleteEach { .. } => self.not_supported(range, "deletes of many rows (`delete x in R`)"),
            K::Rekey { .. } => self.not_supported(range, "changes of a key (`rekey`)"),
            K::Start { .. } | K::Step(_) | K::Wait { .. } | K::WaitUntil(_) => self.not_supported(range, "workflows"),
            K::CallAs { call, caller } => match &caller.kind {
                K::Name(alias) if !matches!(call.kind, K::Call { .. }) => self.alias(call, alias, range),
                _ => self.not_supported(range, "calls as somebody (`as`)"),
            },
            K::Failed(name) => self.failed(name, range),
            K::Else { value, otherwise } => self.else_expr(value, otherwise, range, hint),
            K::Query(query) => self.query(query, range, hint),
            K::SetOperation { op, .. } => {
                let word = match op {
                    ast::SetOp::Union | ast::SetOp::UnionDistinct => "`union` of queries",
                    ast::SetOp::Except => "`except` between queries",
                    ast::SetOp::Intersect => "`intersect` of queries",
                };
                self.not_supported_one(range, word)
            }
        }
    }

    /// `p.name as title`: what is meant has a name before it.
    fn alias(&mut self, value: &ast::Expr, alias: &ast::Ident, range: Range) -> Expr {
        let value_range = value.range;
        let behind = Range::new(value_range.end, alias.range.end);
        let mut d = self
            .diagnostic(
                Code::AsAlias,
                alias.range,
                "a name comes before its value",
                format!("I expected `{}: …`", alias.text),
            )
            .fix(self.fix(
                "write the name before the value",
                Range::empty(value_range.start),
                format!("{}: ", alias.text),
                true,
            ));
        let removed = self.fix("", behind, "", true).edits;
        if let Some(fix) = d.fixes.first_mut() {
            fix.edits.extend(removed);
        }
        self.report(d);
        self.expr(value, None);
        self.broken(range)
    }

    fn not_supported_one(&mut self, range: Range, what: &str) -> Expr {
        self.error(Code::NotSupported, range, format!("{what} is not supported yet"), "this version cannot run it");
        self.broken(range)
    }

    // --- names

    fn name(&mut self, name: &ast::Ident, hint: Option<&Ty>) -> Expr {
        if let Some(expr) = self.local_name(name) {
            return expr;
        }
        if self.scenario && name.text == "succeeded" {
            return self.node(ExprKind::Outcomes(None), Ty::Int, name.range);
        }
        if let Some(symbol) = self.ctx.resolve(&name.text) {
            self.means_item(name.range, &symbol);
            return self.item_value(&symbol, name.range, hint);
        }
        if self.ctx.is_module(&name.text) {
            let message = format!("`{}` is a module; name something of it: `{}.name`", name.text, name.text);
            self.error(Code::UnknownName, name.range, message, "a module");
            return self.broken(name.range);
        }
        self.unknown_name(name)
    }

    /// What a lower-case name means if it is a local, or a field of the row in sight.
    pub fn local_name(&mut self, name: &ast::Ident) -> Option<Expr> {
        match self.scope.find(&name.text).cloned() {
            Some(Seen::Local(local)) => {
                self.means(name.range, self.meaning_of_local(local), Role::Read);
                Some(self.local_expr(local, name.range))
            }
            Some(Seen::Hidden(local, why)) => {
                self.means(name.range, self.meaning_of_local(local), Role::Read);
                self.hidden(name, local, why);
                Some(self.broken(name.range))
            }
            None => {
                let (relation, row) = self.row.clone()?;
                if !self.is_member(&relation, &name.text) {
                    return None;
                }
                let base = self.local_expr(row, name.range);
                Some(self.field(base, &name.text, name.range, name.range))
            }
        }
    }

    fn hidden(&mut self, name: &ast::Ident, local: LocalId, why: Why) {
        let declared = self.locals[local.0 as usize].range;
        let d = match why {
            Why::Group => self
                .diagnostic(
                    Code::NotGrouped,
                    name.range,
                    format!("a group has many `{}`; say which one is meant", name.text),
                    "outside of an aggregate",
                )
                .note(format!(
                    "fold them (`sum(…)`, `min(…)`, `list(…)`), or add what you need of `{}` to `group by`",
                    name.text
                )),
            Why::Select => self
                .diagnostic(
                    Code::ClauseOrder,
                    name.range,
                    format!(
                        "a clause after `select` sees only what `select` leaves, and `{}` is gone there",
                        name.text
                    ),
                    format!("`{}` is gone here", name.text),
                )
                .note("move this clause before `select`"),
        };
        let label = self.label(declared, "declared here");
        self.report(d.because(label));
    }

    fn unknown_name(&mut self, name: &ast::Ident) -> Expr {
        if name.text == "stdin" {
            return self.not_supported(name.range, "lines of the standard input (`stdin`)");
        }
        if let Some(d) = self.unborn_field(name) {
            self.report(d);
            return self.broken(name.range);
        }
        if let Some(d) = self.foreign_value(&name.text, name.range) {
            self.report(d);
            return self.broken(name.range);
        }
        if let Some(field) = self.field_without_row(&name.text) {
            self.not_found(name, format!("nothing here is called `{}`", name.text), Some(&field));
            return self.broken(name.range);
        }
        let names = self.ctx.names();
        let locals: Vec<SmolStr> = self.scope.names().cloned().collect();
        let near = closest(&name.text, locals.iter().chain(names.iter()).map(SmolStr::as_str));
        self.not_found(name, format!("nothing here is called `{}`", name.text), near);
        self.broken(name.range)
    }

    /// Reports a name that stands for nothing.
    pub(super) fn not_found(&mut self, name: &ast::Ident, message: String, near: Option<&str>) {
        let mut d = self.diagnostic(Code::UnknownName, name.range, message, "not found");
        d.did_you_mean(near);
        self.report(d);
    }

    /// `p.goals` for `goals`, where just one row in sight has such a field: one of a query before any other.
    fn field_without_row(&self, field: &str) -> Option<String> {
        let mut rows: Vec<(&SmolStr, LocalId)> = Vec::new();
        for name in self.scope.names() {
            if let Some(Seen::Local(local)) = self.scope.find(name)
                && !rows.iter().any(|(_, other)| other == local)
                && self.has_field(&self.locals[local.0 as usize].ty, field)
            {
                rows.push((name, *local));
            }
        }
        let queried =
            |local: &LocalId| self.frames.iter().any(|f| f.vars.contains(local) || f.group_vars.contains(local));
        if rows.iter().any(|(_, local)| queried(local)) {
            rows.retain(|(_, local)| queried(local));
        }
        let [(name, local)] = rows.as_slice() else { return None };
        let row = self.narrowed(self.local_expr(*local, Range::empty(0)));
        let dot = if matches!(self.base(&row.ty), Ty::Option(_)) { "?." } else { "." };
        Some(format!("{name}{dot}{field}"))
    }

    /// Whether a row or record of this type, which may be optional, has a field or an inverse of that name.
    fn has_field(&self, ty: &Ty, name: &str) -> bool {
        match self.base(ty) {
            Ty::Option(inner) => !matches!(self.base(&inner), Ty::Option(_)) && self.has_field(&inner, name),
            Ty::Record(record) => record.field(name).is_some(),
            Ty::Row(relation) => self.is_member(&relation, name),
            _ => false,
        }
    }

    /// Whether a relation has a field or an inverse of that name.
    fn is_member(&self, relation: &Symbol, name: &str) -> bool {
        self.relation(relation).is_some_and(|sig| {
            sig.fields.iter().any(|field| field.name == name)
                || self.ctx.inverses(relation).iter().any(|inverse| inverse.name == name)
        })
    }

    /// In a default, the name of a field or an inverse of the row that is being made.
    fn unborn_field(&self, name: &ast::Ident) -> Option<Diagnostic> {
        let relation = self.unborn.as_ref()?;
        let known = self.is_member(relation, &name.text);
        let message = format!("a default is made before its row, so it sees no `{}`", name.text);
        let label = format!("of the `{}` that is being made", relation.name);
        known.then(|| {
            self.diagnostic(Code::UnknownName, name.range, message, label)
                .note("what follows from other fields is computed: `name: Type => …` instead of `= …`")
        })
    }

    /// An item used as a value.
    pub fn item_value(&mut self, symbol: &Symbol, range: Range, hint: Option<&Ty>) -> Expr {
        match self.ctx.signature(symbol) {
            Some(Signature::Const(sig)) => {
                let ty = sig.ty.clone().unwrap_or_else(|| self.ctx.result_type(symbol));
                self.node(ExprKind::Const(symbol.clone()), ty, range)
            }
            // A view is a query that is named in upper case and called by its name alone.
            Some(Signature::Function(sig)) if symbol.name.starts_with(char::is_uppercase) => {
                self.effects.calls.push((symbol.clone(), range));
                let ty = self.ctx.result_type(&sig.symbol);
                self.node(ExprKind::Call { function: symbol.clone(), types: Vec::new(), args: Vec::new() }, ty, range)
            }
            Some(Signature::Function(sig)) => {
                let sig = sig.clone();
                self.function_value(&sig, range, hint)
            }
            Some(Signature::Relation(_)) => self.rows(symbol, range),
            Some(Signature::Unsupported(_)) => self.broken(range),
            Some(Signature::Error(_)) => {
                let message = format!("`{}` is an error; it is failed with: `fail {}`", symbol.name, symbol.name);
                self.error(Code::Misplaced, range, message, "not a value");
                self.broken(range)
            }
            Some(Signature::Type(_)) => {
                self.error(Code::Misplaced, range, format!("`{}` is a type, not a value", symbol.name), "a type");
                self.broken(range)
            }
            None => self.broken(range),
        }
    }

    /// The bag of a relation's rows.
    pub fn rows(&mut self, symbol: &Symbol, range: Range) -> Expr {
        self.reads(symbol, range);
        self.node(ExprKind::Rows(symbol.clone()), Ty::bag(Ty::Row(symbol.clone())), range)
    }

    /// Notes that a relation is read.
    pub fn reads(&mut self, symbol: &Symbol, range: Range) {
        self.effects.reads.push((symbol.clone(), range));
    }

    fn type_name(&mut self, name: &ast::Ident, hint: Option<&Ty>) -> Expr {
        if let Some(symbol) = self.case_owner(&name.text, hint) {
            self.means(name.range, Meaning::Case(symbol.clone(), name.text.clone()), Role::Read);
            return self.case(&symbol, &name.text, None, name.range, hint);
        }
        if let Some(symbol) = self.ctx.resolve(&name.text) {
            self.means_item(name.range, &symbol);
            return self.item_value(&symbol, name.range, hint);
        }
        self.unknown_name(name)
    }

    /// The variant type that a case belongs to here: the expected one first.
    pub fn case_owner(&mut self, case: &str, hint: Option<&Ty>) -> Option<Symbol> {
        let expected = hint.and_then(|h| match self.base(h) {
            Ty::Variant(symbol, _) | Ty::Tag(symbol) => Some(symbol),
            Ty::Option(inner) => match self.base(&inner) {
                Ty::Variant(symbol, _) | Ty::Tag(symbol) => Some(symbol),
                _ => None,
            },
            _ => None,
        });
        if let Some(symbol) = expected
            && self.cases(&symbol, &[]).iter().any(|(n, _)| n == case)
        {
            return Some(symbol);
        }
        if self.ctx.resolve(case).is_some_and(|s| matches!(self.ctx.signature(&s), Some(Signature::Relation(_)))) {
            return None;
        }
        self.ctx.variants_with_case(case).into_iter().next()
    }

    /// A case with its arguments.
    pub fn case(
        &mut self,
        owner: &Symbol,
        case: &str,
        args: Option<&ast::Args>,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        let wanted = hint.map(|hint| match self.base(hint) {
            Ty::Option(inner) => self.base(&inner),
            ty => ty,
        });
        if let Some(Ty::Tag(symbol)) = wanted
            && symbol == *owner
            && args.is_none()
        {
            return self.node(ExprKind::Variant(owner.clone(), case.into(), Vec::new()), Ty::Tag(symbol), range);
        }
        let Some(sig) = self.type_sig(owner) else { return self.broken(range) };
        let expected = hint.and_then(|h| match self.base(h) {
            Ty::Variant(s, a) if s == *owner => Some(a),
            Ty::Option(inner) => match self.base(&inner) {
                Ty::Variant(s, a) if s == *owner => Some(a),
                _ => None,
            },
            _ => None,
        });
        let generics: Arc<[Ty]> = match expected {
            Some(args) => args,
            None => sig.generics.iter().map(|g| self.fresh_bounded(range, g.bound)).collect(),
        };
        let crate::signature::TypeBody::Variant(cases) = &sig.body else { return self.broken(range) };
        let Some(found) = cases.iter().find(|c| c.name == case) else { return self.broken(range) };
        let map: Vec<_> = sig.generics.iter().map(|g| g.name.clone()).zip(generics.iter().cloned()).collect();
        let fields: Vec<FieldTy> =
            found.fields.iter().map(|f| FieldTy { ty: super::engine::substitute(&f.ty, &map), ..f.clone() }).collect();
        let ty = Ty::Variant(owner.clone(), generics);
        let params: Vec<super::calls::Param> = fields.iter().map(super::calls::Param::of_field).collect();
        let values = match args {
            Some(args) => self.arguments(&params, args, &format!("`{case}`"), Callee::Case(owner, case)),
            None if params.is_empty() => Some(Vec::new()),
            None => {
                let list: Vec<_> = params.iter().map(|p| format!("{}: …", p.name)).collect();
                let message = format!("`{case}` has fields: write `{case}({})`", list.join(", "));
                self.error(Code::Arguments, range, message, "without its fields");
                None
            }
        };
        let Some(values) = values else { return Expr { kind: ExprKind::Error, ty, range } };
        let values = self.field_values(values, &fields, range);
        self.node(ExprKind::Variant(owner.clone(), case.into(), values), ty, range)
    }

    /// The case with fields that an expression names without them (`Shut`, `State.Shut`), where a value of the variant type
    /// is expected.
    pub(super) fn case_alone(&self, e: &ast::Expr, expected: &Ty) -> Option<(Symbol, SmolStr)> {
        let Ty::Variant(symbol, args) = self.base(expected) else { return None };
        let case = match &e.kind {
            ast::ExprKind::TypeName(case) => &case.text,
            ast::ExprKind::Field { base, name: Some(case), optional: false } => match &base.kind {
                ast::ExprKind::TypeName(owner) if self.ctx.resolve(&owner.text).as_ref() == Some(&symbol) => &case.text,
                _ => return None,
            },
            _ => return None,
        };
        let has_fields = self.cases(&symbol, &args).iter().any(|(name, fields)| name == case && !fields.is_empty());
        has_fields.then(|| (symbol, case.clone()))
    }

    // --- texts and collections

    /// A text, with its holes.
    pub fn text(&mut self, text: &ast::Text) -> Expr {
        if let Some(plain) = text.plain() {
            return self.node(ExprKind::Literal(Literal::Text(plain.into())), Ty::Text, text.range);
        }
        let mut parts = Vec::with_capacity(text.parts.len());
        for part in &text.parts {
            match part {
                ast::TextPart::Chars { text, .. } => parts.push(TextPart::Text(text.clone())),
                ast::TextPart::Hole(e) => {
                    let value = self.expr(e, None);
                    if matches!(self.base(&value.ty), Ty::Fn(..) | Ty::Unit) {
                        let shown = self.show(&value.ty);
                        self.error(
                            Code::Type,
                            value.range,
                            format!("a text cannot show `{shown}`"),
                            format!("`{shown}`"),
                        );
                    }
                    parts.push(TextPart::Hole(value));
                }
            }
        }
        self.node(ExprKind::Interpolate(parts), Ty::Text, text.range)
    }

    fn list(&mut self, elements: &[ast::Expr], range: Range, hint: Option<&Ty>) -> Expr {
        let hint = hint.map(|h| match self.base(h) {
            Ty::Option(inner) => self.base(&inner),
            ty => ty,
        });
        if elements.is_empty() {
            return match hint {
                Some(Ty::Map(k, v)) => self.node(ExprKind::Map(Vec::new()), Ty::Map(k, v), range),
                Some(ty @ (Ty::List(_) | Ty::Set(_) | Ty::Bag(_))) => {
                    self.node(ExprKind::Collection(Vec::new()), ty, range)
                }
                _ => {
                    let of = self.fresh(range);
                    self.node(ExprKind::Collection(Vec::new()), Ty::list(of), range)
                }
            };
        }
        let element = match &hint {
            Some(Ty::List(t) | Ty::Set(t) | Ty::Bag(t)) => {
                Some((**t).clone()).filter(|t| !matches!(self.shallow(t), Ty::Infer(_)))
            }
            _ => None,
        };
        if let Some(element) = element {
            let values = elements.iter().map(|e| self.check(e, &element)).collect();
            let ty = match hint {
                Some(Ty::Set(_)) => Ty::Set(Arc::new(element)),
                Some(Ty::Bag(_)) => Ty::bag(element),
                _ => Ty::list(element),
            };
            return self.node(ExprKind::Collection(values), ty, range);
        }
        let mut first: Option<Ty> = None;
        let mut values = Vec::with_capacity(elements.len());
        for e in elements {
            let value = self.expr(e, first.as_ref());
            if first.is_none() && !matches!(value.ty, Ty::Error) {
                first = Some(super::engine::forget(&self.resolve(&value.ty)));
            }
            values.push(value);
        }
        let (values, ty) = self.join_all(values);
        self.node(ExprKind::Collection(values), Ty::list(super::engine::forget(&ty)), range)
    }

    fn map(&mut self, entries: &[ast::MapEntry], range: Range, hint: Option<&Ty>) -> Expr {
        let (mut key, mut value) = match hint.map(|h| self.base(h)) {
            Some(Ty::Map(k, v)) => (Some((*k).clone()), Some((*v).clone())),
            _ => (None, None),
        };
        let fixed = key.is_some();
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for entry in entries {
            let k = self.expr(&entry.key, key.as_ref());
            let v = self.expr(&entry.value, value.as_ref());
            key.get_or_insert_with(|| super::engine::forget(&k.ty));
            value.get_or_insert_with(|| super::engine::forget(&v.ty));
            keys.push(k);
            values.push(v);
        }
        let (keys, values, key, value) = match (key, value) {
            (Some(k), Some(v)) if fixed => {
                let keys: Vec<_> = keys.into_iter().map(|e| self.coerce(e, &k)).collect();
                let values: Vec<_> = values.into_iter().map(|e| self.coerce(e, &v)).collect();
                (keys, values, k, v)
            }
            _ => {
                let (keys, k) = self.join_all(keys);
                let (values, v) = self.join_all(values);
                (keys, values, k, v)
            }
        };
        let (key, value) = (super::engine::forget(&key), if fixed { value } else { super::engine::forget(&value) });
        let ty = Ty::Map(Arc::new(key), Arc::new(value));
        self.node(ExprKind::Map(keys.into_iter().zip(values).collect()), ty, range)
    }

    fn failed(&mut self, name: &ast::Ident, range: Range) -> Expr {
        if !self.scenario {
            self.error(Code::Misplaced, range, "`failed E` counts the answers of a scenario's `when`", "no scenario");
            return self.broken(range);
        }
        match self.error_symbol(name) {
            Some(symbol) => self.node(ExprKind::Outcomes(Some(symbol)), Ty::Int, range),
            None => self.broken(range),
        }
    }

    // --- lambdas

    fn lambda(&mut self, params: &[ast::Ident], body: &ast::LambdaBody, range: Range, hint: Option<&Ty>) -> Expr {
        let wanted = hint.and_then(|h| match self.base(h) {
            Ty::Fn(p, r) if p.len() == params.len() => Some((p, r)),
            Ty::Fn(p, _) => {
                let (n, m) = (p.len(), params.len());
                self.error(
                    Code::Arguments,
                    range,
                    format!("a function of {n} arguments is wanted, this one takes {m}"),
                    format!("takes {m}"),
                );
                None
            }
            _ => None,
        });
        // It runs later, perhaps often, and what it writes others see in between.
        self.forget_variables();
        self.wrote();
        let mark = self.mark();
        let frames = std::mem::take(&mut self.frames);
        let (loops, result) = (std::mem::take(&mut self.loops), self.result.take());
        self.lambdas += 1;
        let lambda_start = self.lambda_start.replace(self.locals.len() as u32);
        let mut locals = Vec::new();
        let mut types = Vec::new();
        for (index, param) in params.iter().enumerate() {
            let ty = match &wanted {
                Some((p, _)) => p[index].clone(),
                None => self.fresh(param.range),
            };
            types.push(ty.clone());
            locals.push(self.bind(&param.text, ty, false, param.range));
        }
        let result_hint =
            wanted.as_ref().map(|(_, r)| (**r).clone()).filter(|r| !matches!(self.shallow(r), Ty::Infer(_)));
        let body = match body {
            ast::LambdaBody::Expr(e) => self.expr(e, result_hint.as_ref()),
            ast::LambdaBody::Block(block) => self.block(block, result_hint.as_ref(), true),
        };
        let body = match &wanted {
            Some((_, r)) if **r != Ty::Unit => {
                let r = (**r).clone();
                self.coerce(body, &r)
            }
            _ => self.forgotten(body),
        };
        self.lambdas -= 1;
        self.lambda_start = lambda_start;
        self.loops = loops;
        self.result = result;
        self.frames = frames;
        self.restore(mark);
        self.wrote();
        let ty = Ty::Fn(types.into(), Arc::new(body.ty.clone()));
        self.node(ExprKind::Lambda(locals, Box::new(body)), ty, range)
    }
}
