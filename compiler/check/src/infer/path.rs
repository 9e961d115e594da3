//! Paths: fields, look-ups, elements.

use super::engine::{Infer, Seen, Why};
use crate::builtins::Builtin;
use crate::signature::Signature;
use crate::suggest::closest;
use crate::ty::{Symbol, Ty};
use crate::typed::{Clause, Expr, ExprKind};
use crate::uses::{Meaning, Role};
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// Names that only a calendar gives; an Instant has none.
const CALENDAR: &[&str] =
    &["year", "month", "day", "hour", "minute", "second", "weekday", "date", "time", "week", "day_of_year"];

impl Infer<'_> {
    pub(crate) fn field_expr(
        &mut self,
        base: &ast::Expr,
        name: Option<&ast::Ident>,
        optional: bool,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        let Some(name) = name else {
            self.expr(base, None);
            return self.broken(range);
        };
        // `State.Open`, `billing.quote`, `billing.Invoice`.
        match &base.kind {
            ast::ExprKind::TypeName(owner) => {
                if let Some(symbol) = self.ctx.resolve(&owner.text)
                    && self.type_sig(&symbol).is_some()
                {
                    self.means_item(owner.range, &symbol);
                    if self.cases(&symbol, &[]).iter().any(|(n, _)| *n == name.text) {
                        self.means(name.range, Meaning::Case(symbol.clone(), name.text.clone()), Role::Read);
                        return self.case(&symbol, &name.text, None, range, hint);
                    }
                    return self.unknown_case(&symbol, name);
                }
            }
            ast::ExprKind::Name(module)
                if self.scope.find(&module.text).is_none() && self.ctx.is_module(&module.text) =>
            {
                return match self.item_of_module(module, name) {
                    Some(symbol) => self.item_value(&symbol, range, hint),
                    None => self.broken(range),
                };
            }
            _ => {}
        }
        if let Some(expr) = self.grouped_path(base, range) {
            return expr;
        }
        let base = self.expr(base, None);
        let name_range = name.range;
        let name = name.text.clone();
        self.through_option(base, optional, range, |this, base| this.field(base, &name, name_range, range))
    }

    /// Behind `group by p.team`, a path that is written as its key is: the key has a name of its own there.
    fn grouped_path(&mut self, base: &ast::Expr, range: Range) -> Option<Expr> {
        let frame = self.frames.get(self.grouped_frame()?)?;
        let mut root = base;
        while let ast::ExprKind::Field { base, .. } = &root.kind {
            root = base;
        }
        let ast::ExprKind::Name(row) = &root.kind else { return None };
        let Some(Seen::Hidden(_, Why::Group)) = self.scope.find(&row.text) else { return None };
        let Some(Clause::Group { keys, .. }) = frame.group.and_then(|at| frame.clauses.get(at)) else { return None };
        let written = self.ctx.source(range);
        let (key, value) = keys.iter().find(|(_, value)| self.ctx.source(value.range) == written)?;
        let local = self.locals.get(key.0 as usize)?;
        if !matches!(self.scope.find(&local.name), Some(Seen::Local(seen)) if seen == key) {
            return None;
        }
        let (name, ty) = (local.name.clone(), local.ty.clone());
        let d = self
            .diagnostic(
                Code::NotGrouped,
                range,
                format!("behind `group by`, `{written}` is the key `{name}`"),
                format!("called `{name}` here"),
            )
            .because(self.label(value.range, "grouped by this"))
            .fix(self.fix(format!("write `{name}`"), range, name.as_str(), true));
        self.report(d);
        Some(Expr { kind: ExprKind::Error, ty, range })
    }

    /// The item that `module.name` stands for; where there is none, that is reported.
    pub(crate) fn item_of_module(&mut self, module: &ast::Ident, name: &ast::Ident) -> Option<Symbol> {
        self.means(module.range, Meaning::Module(module.text.clone()), Role::Read);
        let found = self.ctx.resolve_in(&module.text, &name.text);
        match &found {
            Some(symbol) => self.means_item(name.range, symbol),
            None => {
                let message = format!("the module `{}` has no `{}`", module.text, name.text);
                self.error(Code::UnknownName, name.range, message, "not found");
            }
        }
        found
    }

    pub(crate) fn unknown_case(&mut self, symbol: &Symbol, name: &ast::Ident) -> Expr {
        let cases = self.cases(symbol, &[]);
        let mut d = self.diagnostic(
            Code::UnknownCase,
            name.range,
            format!("`{}` has no case `{}`", symbol.name, name.text),
            "no such case",
        );
        match closest(&name.text, cases.iter().map(|(n, _)| n.as_str())) {
            Some(near) => d = d.fix(self.fix(format!("write `{near}`"), name.range, near, false)),
            None => {
                let list: Vec<_> = cases.iter().map(|(n, _)| n.as_str()).collect();
                d = d.note(format!("`{}` has: {}", symbol.name, list.join(", ")));
            }
        }
        let d = self.because(d, symbol, None, "declared here");
        self.report(d);
        self.broken(name.range)
    }

    /// A field, computed field, inverse or property of a value.
    pub(crate) fn field(&mut self, base: Expr, name: &str, name_range: Range, range: Range) -> Expr {
        let base = self.forgotten(base);
        self.look_around(name_range, |infer| infer.member_of(&base));
        let ty = self.base(&base.ty);
        match &ty {
            Ty::Error | Ty::Never => self.broken(range),
            Ty::Row(symbol) => self.row_field(base, symbol, name, name_range, range),
            Ty::Record(record) => match record.field(name) {
                Some(field) => {
                    self.means(name_range, Meaning::RecordField(record.clone(), field.name.clone()), Role::Read);
                    let seen = if field.absent { field.ty.clone().optional() } else { field.ty.clone() };
                    self.node(ExprKind::RecordField(Box::new(base), name.into()), seen, range)
                }
                None => {
                    if let Some(expr) = self.property(&base, name, name_range, range) {
                        return expr;
                    }
                    let names: Vec<_> = record.fields.iter().map(|f| f.name.as_str()).collect();
                    let shown = self.show(&ty);
                    let mut d = self.diagnostic(
                        Code::UnknownField,
                        name_range,
                        format!("`{shown}` has no field `{name}`"),
                        "no such field",
                    );
                    match closest(name, names.iter().copied()) {
                        Some(near) => {
                            d.did_you_mean(Some(near));
                        }
                        None => d = d.note(format!("it has: {}", names.join(", "))),
                    }
                    self.report(d);
                    self.broken(range)
                }
            },
            Ty::Variant(symbol, args) => {
                if name == "tag" {
                    return self.node(ExprKind::TagOf(Box::new(base)), Ty::Tag(symbol.clone()), range);
                }
                let cases = self.cases(symbol, args);
                // A type with one case has its fields without a test.
                let only = || cases.first().filter(|_| cases.len() == 1).map(|(case, _)| vec![case.clone()]);
                if let Some(known) = self.known_cases(&base).or_else(only)
                    && let [case] = known.as_slice()
                    && let Some((_, fields)) = cases.iter().find(|(n, _)| n == case)
                    && let Some((_, ty)) = fields.iter().find(|(n, _)| n == name)
                {
                    let meaning = Meaning::CaseField(symbol.clone(), case.clone(), name.into());
                    self.means(name_range, meaning, Role::Read);
                    return self.node(
                        ExprKind::CaseField(Box::new(base), case.clone(), name.into()),
                        ty.clone(),
                        range,
                    );
                }
                if let Some(expr) = self.property(&base, name, name_range, range) {
                    return expr;
                }
                let written = self.ctx.source(base.range);
                let with: Vec<_> =
                    cases.iter().filter(|(_, f)| f.iter().any(|(n, _)| n == name)).map(|(n, _)| n.clone()).collect();
                let d = match with.first() {
                    Some(case) => {
                        let others: Vec<_> =
                            cases.iter().filter(|(n, _)| !with.contains(n)).map(|(n, _)| format!("`{n}`")).collect();
                        self.diagnostic(
                            Code::VariantField,
                            name_range,
                            format!("only `{case}` has `{name}`; `{written}` may also be {}", others.join(" or ")),
                            "not in every case",
                        )
                        .note(format!("test first: `if {written} is {case}({name}) {{ … }}`"))
                    }
                    None => self.diagnostic(
                        Code::UnknownField,
                        name_range,
                        format!("no case of `{}` has a field `{name}`", symbol.name),
                        "no such field",
                    ),
                };
                let d = self.because(d, symbol, None, "declared here");
                self.report(d);
                self.broken(range)
            }
            Ty::Option(inner) => {
                if name == "text"
                    && let Some(expr) = self.property(&base, name, name_range, range)
                {
                    return expr;
                }
                self.maybe_none(&base, inner, name, name_range, range)
            }
            Ty::Instant if CALENDAR.contains(&name) => {
                let written = self.ctx.source(base.range);
                let at = Range::new(base.range.end, range.end);
                let d = self
                    .diagnostic(
                        Code::Zone,
                        range,
                        format!("the {name} of a moment depends on where you stand"),
                        "an `Instant` has no calendar",
                    )
                    .fix(self.fix(format!("`{written}.utc.{name}`"), at, format!(".utc.{name}"), false))
                    .fix(self.fix(
                        format!("`{written}.in(\"Europe/Oslo\").{name}`"),
                        at,
                        format!(".in(\"Europe/Oslo\").{name}"),
                        false,
                    ));
                self.report(d);
                self.broken(range)
            }
            _ => match self.property(&base, name, name_range, range) {
                Some(expr) => expr,
                None => self.no_field(&base, &ty, name, name_range, range),
            },
        }
    }

    fn no_field(&mut self, base: &Expr, ty: &Ty, name: &str, name_range: Range, range: Range) -> Expr {
        let shown = self.show(ty);
        if let Ty::Infer(_) = ty {
            self.error(
                Code::CannotInfer,
                base.range,
                format!("nothing here says which type this has, so `.{name}` may mean anything"),
                "of what type?",
            );
            return self.broken(range);
        }
        if let Some(d) = self.foreign_member(ty, name, name_range) {
            self.report(d);
            return self.broken(range);
        }
        let mut d =
            self.diagnostic(Code::UnknownField, name_range, format!("`{shown}` has no `{name}`"), "no such field");
        let names: Vec<&str> =
            Builtin::all().filter(|b| self.receives(*b, ty)).map(|b| b.scheme().name.as_str()).collect();
        if let Some(near) = closest(name, names) {
            d.did_you_mean(Some(near));
        } else if let Some(element) = ty.element()
            && matches!(self.base(element), Ty::Row(_) | Ty::Record(_))
        {
            d = d.note(format!("to read `{name}` of every element: `(from x in … select x.{name})`"));
        }
        self.report(d);
        self.broken(range)
    }

    fn maybe_none(&mut self, base: &Expr, inner: &Ty, name: &str, name_range: Range, range: Range) -> Expr {
        let written = self.ctx.source(base.range);
        let shown = self.show(&base.ty);
        let message = match &base.kind {
            ExprKind::Lookup { relation, .. } => {
                format!("there may be no such `{}`, so `.{name}` may have nothing to read", relation.name)
            }
            _ => format!("`{written}` may be `none`, so `.{name}` may have nothing to read"),
        };
        let dot = Range::new(base.range.end, name_range.start);
        let joined = self.frames.iter().find(|f| f.left.as_deref() == Some(written.as_str()));
        if let Some(frame) = joined {
            let filters = frame.filters;
            let mut d = self.diagnostic(
                Code::MaybeNone,
                base.range,
                format!("`{written}` is `none` where the left join found nothing"),
                format!("type `{shown}`"),
            );
            // Only a condition may be joined with another.
            if filters {
                d = d.fix(self.fix(
                    "test it first",
                    Range::empty(base.range.start),
                    format!("{written} != none and "),
                    false,
                ));
            }
            let d = d
                .fix(self.fix("read through it; the value is optional then", dot, "?.", false))
                .note("`join` instead of `left join` leaves such rows out");
            self.report(d);
            return self.after_maybe_none(base, inner, name, name_range, range);
        }
        let d = self.diagnostic(Code::MaybeNone, base.range, message, format!("type `{shown}`")).fix(self.fix(
            "read through it; the value is optional then",
            dot,
            "?.",
            false,
        ));
        self.report(if self.scenario {
            d.fix(self.fix("say that it is there", Range::empty(base.range.end), "!", false))
        } else {
            d.note(format!(
                "or bind it first: `let x = {written} else fail NotFound()`; or test it: `if let x = {written} {{ … }}`"
            ))
        });
        self.after_maybe_none(base, inner, name, name_range, range)
    }

    /// The type of the field is known all the same, so that nothing further is complained about.
    fn after_maybe_none(&mut self, base: &Expr, inner: &Ty, name: &str, name_range: Range, range: Range) -> Expr {
        let count = self.diagnostics.len();
        let stand_in = Expr { kind: ExprKind::Error, ty: inner.clone(), range: base.range };
        let value = self.field(stand_in, name, name_range, range);
        self.diagnostics.truncate(count);
        Expr { kind: ExprKind::Error, ..value }
    }

    fn row_field(&mut self, base: Expr, symbol: &Symbol, name: &str, name_range: Range, range: Range) -> Expr {
        let Some(sig) = self.relation(symbol) else { return self.broken(range) };
        // The key parts of a reference are the row's own fields; anything else of its target is read.
        let own = matches!(base.kind, ExprKind::Local(_))
            || (matches!(super::facts::strip(&base).kind, ExprKind::StoredField(..))
                && sig.key.iter().any(|k| k == name));
        if !own {
            self.reads(symbol, range);
        }
        if let Some(field) = sig.fields.iter().find(|f| f.name == name) {
            self.means(name_range, Meaning::Field(symbol.clone(), field.name.clone()), Role::Read);
            let kind = if field.computed {
                ExprKind::ComputedField(Box::new(base), field.name.clone())
            } else {
                ExprKind::StoredField(Box::new(base), field.name.clone())
            };
            return self.node(kind, field.ty.clone(), range);
        }
        if let Some(crate::declare::Inverse { relation, field, .. }) =
            self.ctx.inverses(symbol).iter().find(|i| i.name == name)
        {
            self.means(name_range, Meaning::Inverse(relation.clone(), field.clone()), Role::Read);
            self.reads(relation, range);
            let ty = Ty::bag(Ty::Row(relation.clone()));
            return self.node(
                ExprKind::Inverse { row: Box::new(base), relation: relation.clone(), field: field.clone() },
                ty,
                range,
            );
        }
        if let Some(expr) = self.property(&base, name, name_range, range) {
            return expr;
        }
        let names =
            sig.fields.iter().map(|f| f.name.as_str()).chain(self.ctx.inverses(symbol).iter().map(|i| i.name.as_str()));
        let mut d = self.diagnostic(
            Code::UnknownField,
            name_range,
            format!("`{}` has no field `{name}`", symbol.name),
            "no such field",
        );
        match closest(name, names.clone()) {
            Some(near) => {
                d.did_you_mean(Some(near));
            }
            None => d = d.note(format!("`{}` has: {}", symbol.name, names.collect::<Vec<_>>().join(", "))),
        }
        let d = self.because(d, symbol, None, format!("`{}` is declared here", symbol.name));
        self.report(d);
        self.broken(range)
    }

    /// A library property, or a method without arguments, of a value.
    fn property(&mut self, base: &Expr, name: &str, name_range: Range, range: Range) -> Option<Expr> {
        let ty = self.base(&base.ty);
        let builtin = self.builtin_for(name, &ty)?;
        if !builtin.scheme().params.is_empty() {
            return None;
        }
        self.means(name_range, Meaning::Builtin(builtin), Role::Read);
        Some(self.apply_builtin(builtin, Some(base.clone()), None, range))
    }

    // --- brackets

    pub(crate) fn index(&mut self, base: &ast::Expr, keys: &[ast::IndexKey], range: Range) -> Expr {
        let relation = match &base.kind {
            ast::ExprKind::TypeName(name) => self.ctx.resolve(&name.text).map(|symbol| (symbol, None, name)),
            ast::ExprKind::Field { base, name: Some(name), optional: false } => match &base.kind {
                ast::ExprKind::Name(module) if self.ctx.is_module(&module.text) => {
                    self.ctx.resolve_in(&module.text, &name.text).map(|symbol| (symbol, Some(module), name))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some((symbol, module, name)) = relation
            && matches!(self.ctx.signature(&symbol), Some(Signature::Relation(_)))
        {
            if let Some(module) = module {
                self.means(module.range, Meaning::Module(module.text.clone()), Role::Read);
            }
            self.means_item(name.range, &symbol);
            return self.look_up(&symbol, keys, range);
        }
        let base = self.expr(base, None);
        let base = self.forgotten(base);
        let [key] = keys else {
            for key in keys {
                self.expr(&key.value, None);
            }
            if !matches!(base.ty, Ty::Error) && !keys.is_empty() {
                self.error(
                    Code::Arguments,
                    range,
                    "one index stands between the brackets",
                    format!("{} are here", keys.len()),
                );
            }
            return self.broken(range);
        };
        let slice = match &key.value.kind {
            ast::ExprKind::Binary {
                op: op @ (ast::BinaryOp::Range | ast::BinaryOp::RangeInclusive),
                left,
                right,
                ..
            } => Some((left, right, *op == ast::BinaryOp::RangeInclusive)),
            _ => None,
        };
        match (self.base(&base.ty), slice) {
            (Ty::Error, _) => {
                self.expr(&key.value, None);
                self.broken(range)
            }
            (ty @ (Ty::Text | Ty::List(_)), Some((low, high, inclusive))) => {
                let low = self.check(low, &Ty::Int);
                let mut high = self.check(high, &Ty::Int);
                if inclusive {
                    let one = self.node(ExprKind::Literal(crate::typed::Literal::Int(1)), Ty::Int, high.range);
                    let at = high.range;
                    high = self.node(
                        ExprKind::Binary(crate::typed::BinaryOp::Add, Box::new(high), Box::new(one)),
                        Ty::Int,
                        at,
                    );
                }
                let builtin = if ty == Ty::Text { Builtin::TextSlice } else { Builtin::ListSlice };
                self.node(ExprKind::Builtin(builtin, vec![base, low, high]), ty, range)
            }
            (Ty::Text, None) => {
                let at = self.check(&key.value, &Ty::Int);
                self.node(ExprKind::Builtin(Builtin::TextAt, vec![base, at]), Ty::Text.optional(), range)
            }
            (Ty::List(element), None) => {
                let at = self.check(&key.value, &Ty::Int);
                let ty = (*element).clone().optional();
                self.node(ExprKind::Index(Box::new(base), Box::new(at)), ty, range)
            }
            (Ty::Map(k, v), None) => {
                let at = self.check(&key.value, &k);
                let ty = (*v).clone().optional();
                self.node(ExprKind::Index(Box::new(base), Box::new(at)), ty, range)
            }
            (ty, _) => {
                self.expr(&key.value, None);
                let shown = self.show(&ty);
                let mut d = self.diagnostic(
                    Code::Operator,
                    range,
                    format!("`{shown}` has no elements by number or key"),
                    format!("`{shown}`"),
                );
                if let Ty::Option(inner) = &ty
                    && matches!(self.base(inner), Ty::List(_) | Ty::Map(..))
                {
                    d = d.note("it may be `none`: bind it first, `let xs = … else …`");
                } else if let Ty::Bag(_) = ty {
                    d = d.note("a `Bag` has no order: `.to_list` puts it into key order");
                }
                self.report(d);
                self.broken(range)
            }
        }
    }

    /// `R[k]`, `R[(a, b)]`, `R[email: e]`.
    fn look_up(&mut self, symbol: &Symbol, keys: &[ast::IndexKey], range: Range) -> Expr {
        self.reads(symbol, range);
        let ty = Ty::Row(symbol.clone()).optional();
        let Some(sig) = self.relation(symbol) else { return self.broken(range) };
        let fail = Expr { kind: ExprKind::Error, ty: ty.clone(), range };
        if keys.iter().all(|k| k.name.is_none()) {
            let types = self.key_types(sig);
            let [key] = keys else {
                if keys.is_empty() {
                    return fail;
                }
                let list: Vec<_> = keys.iter().map(|k| self.ctx.source(k.value.range).to_string()).collect();
                let whole = keys.iter().skip(1).fold(keys[0].value.range, |r, k| r.cover(k.value.range));
                let text = format!("({})", list.join(", "));
                let d = self
                    .diagnostic(Code::LookUp, whole, "a key of several fields stands in parentheses", "several values")
                    .fix(self.fix(format!("write `{}[{text}]`", symbol.name), whole, text, true));
                self.report(d);
                return fail;
            };
            let values = match types.as_slice() {
                [only] => {
                    let only = super::engine::forget(only);
                    let value = self.expr(&key.value, Some(&only));
                    if self.base(&value.ty) == Ty::Key(symbol.clone()) {
                        vec![value]
                    } else {
                        vec![self.coerce(value, &only)]
                    }
                }
                types => {
                    if let ast::ExprKind::Record(record) = &key.value.kind
                        && record.parts.len() == types.len()
                    {
                        let mut values: Vec<Option<Expr>> = types.iter().map(|_| None).collect();
                        for (index, part) in record.parts.iter().enumerate() {
                            let ast::RecordPart::Field { name, value } = part else { continue };
                            if let Some(name) = name.as_ref().filter(|name| sig.key.contains(&name.text)) {
                                self.means(name.range, Meaning::Field(symbol.clone(), name.text.clone()), Role::Read);
                            }
                            let at =
                                name.as_ref().and_then(|n| sig.key.iter().position(|k| *k == n.text)).unwrap_or(index);
                            let want = super::engine::forget(&types[at]);
                            let value = self.check(value, &want);
                            values[at] = Some(value);
                        }
                        match values.into_iter().collect::<Option<Vec<_>>>() {
                            Some(values) => values,
                            None => return self.wrong_key(symbol, sig, key.value.range, fail),
                        }
                    } else {
                        let value = self.expr(&key.value, None);
                        match self.base(&value.ty) {
                            Ty::Key(s) if s == *symbol => vec![value],
                            Ty::Error => return fail,
                            _ => return self.wrong_key(symbol, sig, key.value.range, fail),
                        }
                    }
                }
            };
            if values.iter().any(|value| matches!(value.kind, ExprKind::Error)) {
                return fail;
            }
            return self.node(ExprKind::Lookup { relation: symbol.clone(), unique: None, key: values }, ty, range);
        }
        // By a unique, whose parts are all named; or by the key's names.
        for name in keys.iter().filter_map(|key| key.name.as_ref()) {
            if sig.field(&name.text).is_some() {
                self.means(name.range, Meaning::Field(symbol.clone(), name.text.clone()), Role::Read);
            }
        }
        let named: Vec<&str> = keys.iter().filter_map(|k| k.name.as_ref()).map(|n| n.text.as_str()).collect();
        let same = |parts: &mut dyn Iterator<Item = &str>| {
            let parts: Vec<_> = parts.collect();
            parts.len() == named.len() && named.len() == keys.len() && parts.iter().all(|p| named.contains(p))
        };
        let (unique, parts): (Option<u32>, Vec<(smol_str::SmolStr, Ty)>) =
            if same(&mut sig.key.iter().map(|k| k.as_str())) {
                (None, sig.key.iter().cloned().zip(self.key_types(sig)).collect())
            } else if let Some(at) =
                sig.uniques.iter().position(|u| same(&mut u.parts.iter().map(|p| p.field.as_str())))
            {
                (Some(at as u32), sig.uniques[at].parts.iter().map(|p| (p.field.clone(), p.ty.clone())).collect())
            } else {
                for key in keys {
                    self.expr(&key.value, None);
                }
                return self.wrong_key(symbol, sig, range, fail);
            };
        let mut values = Vec::with_capacity(parts.len());
        for (name, ty) in parts {
            let Some(key) = keys.iter().find(|k| k.name.as_ref().is_some_and(|n| n.text == name)) else { return fail };
            let want = super::engine::forget(&ty);
            values.push(self.check(&key.value, &want));
        }
        self.node(ExprKind::Lookup { relation: symbol.clone(), unique, key: values }, ty, range)
    }

    fn wrong_key(&mut self, symbol: &Symbol, sig: &crate::signature::RelationSig, range: Range, fail: Expr) -> Expr {
        let key = match sig.key.as_slice() {
            [one] => format!("{}[{one}]", symbol.name),
            many => format!("{}[({})]", symbol.name, many.join(", ")),
        };
        let mut ways = vec![format!("`{key}`")];
        for unique in &sig.uniques {
            let parts: Vec<_> = unique.parts.iter().map(|p| format!("{}: …", p.field)).collect();
            ways.push(format!("`{}[{}]`", symbol.name, parts.join(", ")));
        }
        let d = self
            .diagnostic(Code::LookUp, range, format!("`{}` is not looked up by this", symbol.name), "no key, no unique")
            .note(format!("look it up by {}", ways.join(" or ")));
        let d = self.because(d, symbol, None, "declared here");
        self.report(d);
        fail
    }

    /// An expression in a place that takes a collection: a path may run through collections there, so
    /// `c.orders.lines` are all the lines of all the orders.
    pub(crate) fn source_expr(&mut self, e: &ast::Expr, hint: Option<&Ty>) -> Expr {
        if let ast::ExprKind::Field { base, name: Some(name), optional: false } = &e.kind
            && matches!(base.kind, ast::ExprKind::Name(_) | ast::ExprKind::Field { .. })
            && !matches!(&base.kind, ast::ExprKind::Name(n) if self.scope.find(&n.text).is_none() && self.ctx.is_module(&n.text))
        {
            let base = self.source_expr(base, None);
            return self.step(base, name, e.range);
        }
        self.expr(e, hint)
    }

    /// A step of such a path.
    fn step(&mut self, base: Expr, name: &ast::Ident, range: Range) -> Expr {
        let through = match self.base(&base.ty) {
            Ty::List(element) | Ty::Bag(element) | Ty::Set(element) => Some((*element).clone()),
            _ => None,
        };
        let has = |this: &Self, element: &Ty| match this.base(element) {
            Ty::Row(symbol) => this.relation(&symbol).is_some_and(|sig| {
                sig.fields.iter().any(|f| f.name == name.text)
                    || this.ctx.inverses(&symbol).iter().any(|i| i.name == name.text)
            }),
            Ty::Record(record) => record.field(&name.text).is_some(),
            _ => false,
        };
        match through {
            Some(element) if has(self, &element) => {
                use crate::typed::{Clause, Fold, Query, Source};
                let ordered = matches!(self.base(&base.ty), Ty::List(_));
                let var = self.local("", element, false, base.range);
                let row = self.local_expr(var, base.range);
                let value = self.field(row, &name.text, name.range, range);
                let mut clauses = vec![Clause::From(var, Source::Collection(base))];
                let mut canonical = vec![var];
                let inner = match self.base(&value.ty) {
                    Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => Some((*t).clone()),
                    _ => None,
                };
                let (element, ty) = match inner {
                    Some(inner) => {
                        let each = self.local("", inner.clone(), false, range);
                        clauses.push(Clause::From(each, Source::Collection(value)));
                        canonical.push(each);
                        (self.local_expr(each, range), inner)
                    }
                    None => {
                        let ty = value.ty.clone();
                        (value, ty)
                    }
                };
                let ty = if ordered { Ty::list(ty) } else { Ty::Bag(Arc::new(ty)) };
                let query = Query { clauses, element, fold: Fold::Collect, ordered, canonical };
                self.node(ExprKind::Query(Box::new(query)), ty, range)
            }
            _ => {
                let expr = self.field(base, &name.text, name.range, range);
                self.narrowed(expr)
            }
        }
    }
}
