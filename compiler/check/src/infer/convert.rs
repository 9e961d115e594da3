//! Which type fits where, and the conversions that make it so.

use super::engine::{Infer, forget};
use super::obligations::Outcome;
use crate::ty::{FieldTy, RecordTy, Ty};
use crate::typed::{Clause, Conversion, Expr, ExprKind, Fold, Literal, Pattern, PatternKind, Query, Source, Stmt};
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// How a type fits another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fit {
    /// They are equal.
    Same,
    /// Refinements are forgotten somewhere: no code.
    Forget,
    /// A structural change that cannot fail.
    Reshape,
    /// Values have to be taken apart and converted one by one.
    Deep,
    /// It does not fit.
    No,
}

impl Infer<'_> {
    /// Wraps an expression into a conversion.
    pub fn convert(&self, conversion: Conversion, expr: Expr, ty: Ty) -> Expr {
        let range = expr.range;
        Expr { kind: ExprKind::Convert(conversion, Box::new(expr)), ty, range }
    }

    /// An optional value of the type.
    pub fn some(&self, expr: Expr) -> Expr {
        let ty = expr.ty.clone();
        match ty {
            Ty::Never | Ty::Error => expr,
            ty => self.convert(Conversion::Some, expr, Ty::Option(Arc::new(ty))),
        }
    }

    /// The expression without outer refinements of its type.
    pub fn forgotten(&self, expr: Expr) -> Expr {
        match self.shallow(&expr.ty) {
            Ty::Refined(..) => {
                let ty = self.base(&expr.ty);
                self.convert(Conversion::Forget, expr, ty)
            }
            _ => expr,
        }
    }

    fn fit(&mut self, from: &Ty, to: &Ty, depth: u32) -> Fit {
        if depth > 64 {
            return Fit::No;
        }
        let (from, to) = match depth {
            0 => (self.expanded(from), self.expanded(to)),
            _ => (self.shallow(from), self.shallow(to)),
        };
        if from == to {
            return Fit::Same;
        }
        match (&from, &to) {
            (Ty::Error | Ty::Never, _) | (_, Ty::Error) => Fit::Same,
            (Ty::Infer(_), _) | (_, Ty::Infer(_)) => {
                if self.unify(&from, &to) {
                    self.fit_after_unify(&from, &to, depth)
                } else {
                    Fit::No
                }
            }
            (Ty::Refined(base, rule), _) => {
                if let Ty::Refined(_, other) = &to
                    && other == rule
                {
                    return Fit::Same;
                }
                match self.fit(base, &to, depth + 1) {
                    Fit::Same => Fit::Forget,
                    fit => fit,
                }
            }
            (_, Ty::Refined(base, _)) => match self.fit(&from, base, depth + 1) {
                Fit::No => Fit::No,
                _ => Fit::Deep,
            },
            (Ty::Option(a), Ty::Option(b)) => self.fit(a, b, depth + 1),
            (_, Ty::Option(b)) => match self.fit(&from, b, depth + 1) {
                Fit::No => Fit::No,
                _ => Fit::Deep,
            },
            (Ty::Int, Ty::Decimal(_)) => Fit::Deep,
            (Ty::Decimal(a), Ty::Decimal(b)) if a < b => Fit::Deep,
            (Ty::List(a), Ty::List(b)) | (Ty::Bag(a), Ty::Bag(b)) | (Ty::Set(a), Ty::Set(b)) => {
                self.fit(a, b, depth + 1)
            }
            (Ty::Bag(a) | Ty::Set(a), Ty::List(b)) | (Ty::List(a), Ty::Bag(b)) => match self.fit(a, b, depth + 1) {
                Fit::No => Fit::No,
                fit => fit.max(Fit::Reshape),
            },
            (Ty::Map(k, v), Ty::Map(l, w)) => match self.fit(k, l, depth + 1).max(self.fit(v, w, depth + 1)) {
                Fit::Deep => Fit::No,
                fit => fit,
            },
            (Ty::Variant(s, x), Ty::Variant(t, y)) if s == t && x.len() == y.len() => {
                let fits = x.iter().zip(y.iter()).map(|(a, b)| self.fit(a, b, depth + 1)).max().unwrap_or(Fit::Same);
                if fits <= Fit::Forget { fits } else { Fit::No }
            }
            (Ty::Fn(p, r), Ty::Fn(q, s)) if p.len() == q.len() => {
                let params = p.iter().zip(q.iter()).map(|(a, b)| self.fit(b, a, depth + 1)).max().unwrap_or(Fit::Same);
                let fit = params.max(self.fit(r, s, depth + 1));
                if fit <= Fit::Forget { fit } else { Fit::No }
            }
            (Ty::Record(a), Ty::Record(b)) => self.fit_record(a, b, depth),
            (Ty::Row(r), Ty::Key(k)) if r == k => Fit::Deep,
            _ => Fit::No,
        }
    }

    fn fit_after_unify(&mut self, from: &Ty, to: &Ty, depth: u32) -> Fit {
        let (from, to) = (self.resolve(from), self.resolve(to));
        if from == to || super::engine::has_vars(&from) && super::engine::has_vars(&to) {
            Fit::Same
        } else {
            self.fit(&from, &to, depth + 1)
        }
    }

    fn fit_record(&mut self, a: &RecordTy, b: &RecordTy, depth: u32) -> Fit {
        let mut fit = Fit::Same;
        let same_order =
            a.fields.len() == b.fields.len() && a.fields.iter().zip(&b.fields).all(|(x, y)| x.name == y.name);
        for field in &b.fields {
            match a.field(&field.name) {
                Some(own) if own.absent == field.absent => {
                    let ty = own.ty.clone();
                    fit = fit.max(self.fit(&ty, &field.ty, depth + 1));
                }
                Some(own) if field.absent => {
                    let ty = own.ty.clone();
                    if self.fit(&ty, &field.ty, depth + 1) == Fit::No {
                        return Fit::No;
                    }
                    fit = fit.max(Fit::Deep);
                }
                Some(_) => return Fit::No,
                None if field.absent || field.default.is_some() => fit = fit.max(Fit::Deep),
                None => return Fit::No,
            }
        }
        if a.fields.iter().any(|f| b.field(&f.name).is_none()) {
            return Fit::No;
        }
        if !same_order { fit.max(Fit::Reshape) } else { fit }
    }

    /// True if values of the first type may stand where the second is wanted.
    pub fn fits(&mut self, from: &Ty, to: &Ty) -> bool {
        self.fit(from, to, 0) != Fit::No
    }

    /// The expression as a value of the wanted type, or a complaint.
    pub fn coerce(&mut self, expr: Expr, wanted: &Ty) -> Expr {
        let range = expr.range;
        let wanted = self.shallow(wanted);
        let found = self.shallow(&expr.ty);
        if found == wanted {
            return expr;
        }
        match self.fit(&found, &wanted, 0) {
            Fit::No => {
                self.mismatch(&expr, &wanted);
                self.broken(range)
            }
            Fit::Same => expr,
            Fit::Forget => {
                let ty = self.resolve(&wanted);
                self.convert(Conversion::Forget, expr, ty)
            }
            Fit::Reshape | Fit::Deep => {
                let wanted = self.resolve(&wanted);
                self.build(expr, &wanted)
            }
        }
    }

    /// Makes the value, knowing that it fits.
    fn build(&mut self, expr: Expr, wanted: &Ty) -> Expr {
        let range = expr.range;
        let found = self.resolve(&expr.ty);
        if found == *wanted || matches!(found, Ty::Never | Ty::Error) {
            return expr;
        }
        match (&found, wanted) {
            (Ty::Refined(base, _), _) => {
                if self.fit(&found, wanted, 0) <= Fit::Forget {
                    return self.convert(Conversion::Forget, expr, wanted.clone());
                }
                let base = (**base).clone();
                let expr = self.convert(Conversion::Forget, expr, base);
                self.build(expr, wanted)
            }
            (_, Ty::Refined(base, _)) => {
                let base = (**base).clone();
                let expr = self.build(expr, &base);
                self.refine(expr, wanted)
            }
            (Ty::Option(_), Ty::Option(inner)) => {
                let Ty::Option(own) = &found else { return expr };
                if matches!(expr.kind, ExprKind::Literal(Literal::None)) {
                    return Expr { ty: wanted.clone(), ..expr };
                }
                if let ExprKind::Convert(Conversion::Some, value) = expr.kind {
                    let value = self.build(*value, inner);
                    return self.convert(Conversion::Some, value, wanted.clone());
                }
                let local = self.local("", (**own).clone(), false, range);
                let value = self.local_expr(local, range);
                let value = self.build(value, inner);
                self.node(ExprKind::OptionMap(Box::new(expr), local, Box::new(value)), wanted.clone(), range)
            }
            (_, Ty::Option(inner)) => {
                let expr = self.build(expr, inner);
                self.convert(Conversion::Some, expr, wanted.clone())
            }
            (Ty::Int, Ty::Decimal(_)) => self.convert(Conversion::IntToDecimal, expr, wanted.clone()),
            (Ty::Decimal(_), Ty::Decimal(_)) => self.convert(Conversion::WidenDecimal, expr, wanted.clone()),
            (Ty::Row(_), Ty::Key(_)) => self.convert(Conversion::Key, expr, wanted.clone()),
            (Ty::List(a) | Ty::Bag(a) | Ty::Set(a), Ty::List(b) | Ty::Bag(b) | Ty::Set(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.build_collection(expr, &found, wanted, &a, &b)
            }
            (Ty::Record(a), Ty::Record(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.build_record(expr, &a, &b, wanted)
            }
            _ => self.convert(Conversion::Reshape, expr, wanted.clone()),
        }
    }

    fn build_collection(&mut self, expr: Expr, found: &Ty, wanted: &Ty, a: &Ty, b: &Ty) -> Expr {
        let range = expr.range;
        let element_fit = self.fit(a, b, 0);
        if element_fit < Fit::Deep {
            return match (found, wanted) {
                (Ty::Bag(_) | Ty::Set(_), Ty::List(_)) if element_fit <= Fit::Forget => {
                    self.convert(Conversion::BagToList, expr, wanted.clone())
                }
                (Ty::List(_), Ty::Bag(_)) if element_fit <= Fit::Forget => {
                    self.convert(Conversion::ListToBag, expr, wanted.clone())
                }
                (Ty::Bag(_) | Ty::Set(_), Ty::List(_)) => {
                    let list = self.convert(Conversion::BagToList, expr, Ty::list(a.clone()));
                    self.convert(Conversion::Reshape, list, wanted.clone())
                }
                _ => self.convert(Conversion::Reshape, expr, wanted.clone()),
            };
        }
        // One by one: a query over the elements.
        let source = match (found, wanted) {
            (Ty::Bag(_) | Ty::Set(_), Ty::List(_)) => self.convert(Conversion::BagToList, expr, Ty::list(a.clone())),
            _ => expr,
        };
        let local = self.local("", a.clone(), false, range);
        let element = self.local_expr(local, range);
        let element = self.build(element, b);
        let query = Query {
            clauses: vec![Clause::From(local, Source::Collection(source))],
            element,
            fold: Fold::Collect,
            ordered: matches!(wanted, Ty::List(_)),
            canonical: vec![local],
        };
        self.node(ExprKind::Query(Box::new(query)), wanted.clone(), range)
    }

    fn build_record(&mut self, expr: Expr, a: &RecordTy, b: &RecordTy, wanted: &Ty) -> Expr {
        let range = expr.range;
        if self.fit_record(a, b, 0) <= Fit::Reshape {
            return self.convert(Conversion::Reshape, expr, wanted.clone());
        }
        if let ExprKind::Record(fields) = expr.kind {
            // Written out here: each value is converted where it stands, in the order in which it stands.
            let mut out = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                let value = match b.field(&name) {
                    Some(field) if field.absent => self.present(value, field, a),
                    Some(field) => self.build(value, &field.ty),
                    None => value,
                };
                out.push((name, value));
            }
            self.add_missing(&mut out, b, range);
            return self.node(ExprKind::Record(out), wanted.clone(), range);
        }
        let local = self.local("", expr.ty.clone(), false, range);
        let mut out = Vec::with_capacity(b.fields.len());
        for field in &b.fields {
            if let Some(own) = a.field(&field.name) {
                let base = self.local_expr(local, range);
                let seen = if own.absent { own.ty.clone().optional() } else { own.ty.clone() };
                let value = self.node(ExprKind::RecordField(Box::new(base), field.name.clone()), seen, range);
                let value = match field.absent {
                    true => self.present(value, field, a),
                    false => self.build(value, &field.ty),
                };
                out.push((field.name.clone(), value));
            }
        }
        self.add_missing(&mut out, b, range);
        let record = self.node(ExprKind::Record(out), wanted.clone(), range);
        let pattern = Pattern { kind: PatternKind::Bind(local), ty: expr.ty.clone(), range };
        self.node(ExprKind::Block(vec![Stmt::Let(pattern, expr)], Some(Box::new(record))), wanted.clone(), range)
    }

    fn present(&mut self, value: Expr, field: &FieldTy, from: &RecordTy) -> Expr {
        if from.field(&field.name).is_some_and(|own| own.absent)
            || matches!(value.kind, ExprKind::PresentField(_) | ExprKind::Absent)
        {
            return value;
        }
        let value = self.build(value, &field.ty);
        let range = value.range;
        self.node(ExprKind::PresentField(Box::new(value)), field.ty.clone().optional(), range)
    }

    /// Fields that may be absent, or have a default, and are not there.
    pub fn add_missing(&mut self, fields: &mut Vec<(smol_str::SmolStr, Expr)>, wanted: &RecordTy, range: Range) {
        for field in &wanted.fields {
            if fields.iter().any(|(n, _)| *n == field.name) {
                continue;
            }
            let value = match &field.default {
                Some(rule) => self.node(ExprKind::FieldDefault(rule.clone()), field.ty.clone(), range),
                None => self.node(ExprKind::Absent, field.ty.clone().optional(), range),
            };
            fields.push((field.name.clone(), value));
        }
    }

    /// A value of the base as a value of the refined type: proved, checked at run time, or refused.
    fn refine(&mut self, expr: Expr, wanted: &Ty) -> Expr {
        let Ty::Refined(_, rule) = wanted else { return expr };
        match self.judge_refinement(rule, &expr) {
            Outcome::Proved => self.convert(Conversion::Refine { checked: false }, expr, wanted.clone()),
            _ if self.refused => self.convert(Conversion::Unchecked, expr, wanted.clone()),
            Outcome::Open => self.convert(Conversion::Refine { checked: true }, expr, wanted.clone()),
            Outcome::Refuted => {
                self.refuted(&expr, wanted);
                self.broken(expr.range)
            }
        }
    }

    fn refuted(&mut self, expr: &Expr, wanted: &Ty) {
        let Ty::Refined(_, rule) = wanted else { return };
        let found = self.ctx.rule(rule);
        let condition = found.map(|r| r.text.clone()).unwrap_or_default();
        let written = self.ctx.source(expr.range);
        let message = match rule.name() {
            Some(name) => format!("`{written}` is no `{name}`: `{condition}` does not hold"),
            None => format!("`{written}` breaks the rule `{condition}`"),
        };
        let mut d = self.diagnostic(Code::Refine, expr.range, message, "this value");
        if let Some(text) = found.and_then(|r| r.message.clone()) {
            d = d.note(text.to_string());
        }
        let d = self.because(d, &rule.owner, None, "the rule stands here");
        self.report(d);
    }

    /// Says that a value does not fit its place, in the words for the likely mistake.
    pub fn mismatch(&mut self, expr: &Expr, wanted: &Ty) {
        let (found, wanted) = (self.resolve(&expr.ty), self.resolve(wanted));
        let range = expr.range;
        if matches!(expr.kind, ExprKind::Error) {
            return;
        }
        let (shown, want) = (self.show(&found), self.show(&wanted));
        let written = self.ctx.source(range);
        let mut d = match (found.base(), wanted.base()) {
            (Ty::Option(inner), _) if self.scenario && self.fits(inner, &wanted) => self
                .diagnostic(
                    Code::MaybeNone,
                    range,
                    format!("`{written}` may be `none`, and `{want}` is wanted"),
                    format!("type `{shown}`"),
                )
                .fix(self.fix_behind("say that it is there", range, "!")),
            (Ty::Option(inner), _) if self.fits(inner, &wanted) => self
                .diagnostic(
                    Code::MaybeNone,
                    range,
                    format!("`{written}` may be `none`, and `{want}` is wanted"),
                    format!("type `{shown}`"),
                )
                .fix(self.fix("give a way out", Range::empty(range.end), " else fail NotFound()", false))
                .note("or give a value for `none`: `x ?? …`; or test it first: `if x != none`"),
            (Ty::Text | Ty::Id | Ty::Int | Ty::Uuid | Ty::Key(_), Ty::Row(relation)) => {
                let d = self.diagnostic(
                    Code::Reference,
                    range,
                    format!("a `{}` row is wanted, found `{shown}`", relation.name),
                    if matches!(found.base(), Ty::Key(_)) {
                        "a key".to_owned()
                    } else {
                        format!("`{shown}`, perhaps its key")
                    },
                );
                let is_key = self
                    .relation(relation)
                    .is_some_and(|sig| matches!(self.key_types(sig).as_slice(), [only] if only.base() == found.base()));
                match (self.scenario, is_key) {
                    (true, true) => {
                        let found = format!("{}[{written}]!", relation.name);
                        d.fix(self.fix(format!("write `{found}`"), range, found, false))
                    }
                    (true, false) => d.note(format!("name the row where it is made: `given x = {}(…)`", relation.name)),
                    _ => d.note(format!(
                        "look the row up first: `let x = {}[{written}] else fail NotFound()`",
                        relation.name
                    )),
                }
            }
            (Ty::Float, Ty::Int | Ty::Decimal(_)) => self
                .diagnostic(
                    Code::FloatDecimal,
                    range,
                    format!("`{want}` is wanted, and a `Float` is not exact"),
                    "a `Float`",
                )
                .note("say how many digits to keep: `.to_decimal(2)`, or `.floor`, `.ceil`, `.to_int`"),
            (Ty::Int | Ty::Decimal(_), Ty::Float) => self
                .diagnostic(
                    Code::FloatDecimal,
                    range,
                    format!("`Float` is wanted, found `{shown}`"),
                    format!("`{shown}`"),
                )
                .fix(self.fix_behind("convert it", range, ".to_float")),
            (Ty::Decimal(a), Ty::Decimal(b)) if a > b => self
                .diagnostic(
                    Code::Scale,
                    range,
                    format!("`{want}` keeps {b} digits, and this value has {a}"),
                    format!("`{shown}`"),
                )
                .fix(self.fix_behind(format!("round to {b} digits"), range, &format!(".round({b})"))),
            (Ty::Decimal(_), Ty::Int) => self
                .diagnostic(Code::Type, range, format!("`Int` is wanted, found `{shown}`"), format!("`{shown}`"))
                .note("say what becomes of the fraction: `.floor`, `.ceil`, `.to_int`"),
            (Ty::Text, Ty::Variant(symbol, _)) => {
                let d = self.diagnostic(
                    Code::VariantText,
                    range,
                    format!("`{}` is wanted, not a text", symbol.name),
                    "a text".to_owned(),
                );
                match &expr.kind {
                    ExprKind::Literal(Literal::Text(text))
                        if self.cases(symbol, &[]).iter().any(|(n, _)| n == text) =>
                    {
                        d.fix(self.fix(format!("write `{text}`"), range, text.to_string(), true))
                    }
                    _ => d,
                }
            }
            (Ty::Unit, _) => {
                self.diagnostic(Code::Type, range, format!("`{want}` is wanted, and this gives no value"), "no value")
            }
            (Ty::Bag(element) | Ty::List(element), one)
                if matches!(expr.kind, ExprKind::Query(_)) && self.fits(element, one) =>
            {
                let note = match one {
                    Ty::Option(_) => "take one of many: `only(from …)`, or `first(from … order by …)`",
                    _ => "take one of many, which may be `none`: `only(from …)`, or `first(from … order by …)`",
                };
                self.diagnostic(Code::Type, range, format!("`{want}` is wanted, found `{shown}`"), format!("`{shown}`"))
                    .note(note)
            }
            (Ty::Record(a), Ty::Record(b)) => {
                let missing: Vec<_> = b
                    .fields
                    .iter()
                    .filter(|f| a.field(&f.name).is_none() && !f.absent && f.default.is_none())
                    .map(|f| format!("`{}`", f.name))
                    .collect();
                let extra: Vec<_> =
                    a.fields.iter().filter(|f| b.field(&f.name).is_none()).map(|f| format!("`{}`", f.name)).collect();
                let mut d = self.diagnostic(
                    Code::Type,
                    range,
                    format!("`{want}` is wanted, found `{shown}`"),
                    format!("`{shown}`"),
                );
                if !missing.is_empty() {
                    d = d.note(format!("missing: {}", missing.join(", ")));
                }
                let optional = |f: &&FieldTy| {
                    a.field(&f.name).is_none()
                        && !f.absent
                        && f.default.is_none()
                        && matches!(self.base(&f.ty), Ty::Option(_))
                };
                if let Some(field) = b.fields.iter().find(optional) {
                    d = d.note(self.may_be_absent(&field.name, &field.ty));
                }
                if !extra.is_empty() {
                    d = d.note(format!("not wanted: {}", extra.join(", ")));
                }
                d
            }
            _ => {
                self.diagnostic(Code::Type, range, format!("`{want}` is wanted, found `{shown}`"), format!("`{shown}`"))
            }
        };
        if let ExprKind::StoredField(base, name) | ExprKind::ComputedField(base, name) = &expr.kind
            && let Ty::Row(relation) = self.base(&base.ty)
        {
            d = self.because(d, &relation, Some(name), format!("`{name}: {shown}` is declared here"));
        }
        self.report(d);
    }

    /// The least type that both fit, if there is one.
    pub fn join(&mut self, a: &Ty, b: &Ty) -> Option<Ty> {
        let (a, b) = (self.resolve(a), self.resolve(b));
        match (&a, &b) {
            (Ty::Never | Ty::Error, _) => return Some(b),
            (_, Ty::Never | Ty::Error) => return Some(a),
            _ if a == b => return Some(a),
            _ => {}
        }
        if self.fit(&a, &b, 0) <= Fit::Forget {
            return Some(self.resolve(&b));
        }
        if self.fit(&b, &a, 0) <= Fit::Forget {
            return Some(self.resolve(&a));
        }
        match (&a, &b) {
            (Ty::Refined(..), _) | (_, Ty::Refined(..)) => {
                let (x, y) = (forget(&a), forget(&b));
                self.join(&x, &y)
            }
            (Ty::Option(x), Ty::Option(y)) => self.join(x, y).map(Ty::optional),
            (Ty::Option(x), y) | (y, Ty::Option(x)) => self.join(x, y).map(Ty::optional),
            (Ty::List(x) | Ty::Bag(x), Ty::List(y) | Ty::Bag(y)) => {
                let of = self.join(x, y)?;
                Some(if matches!((&a, &b), (Ty::List(_), Ty::List(_))) { Ty::list(of) } else { Ty::bag(of) })
            }
            (Ty::Decimal(x), Ty::Decimal(y)) => Some(Ty::Decimal(*x.max(y))),
            (Ty::Record(x), Ty::Record(y)) if x.fields.len() == y.fields.len() => {
                let fields: Option<Vec<FieldTy>> = x
                    .fields
                    .iter()
                    .map(|f| {
                        let other = y.field(&f.name)?;
                        let ty = self.join(&f.ty, &other.ty)?;
                        (f.absent == other.absent).then(|| FieldTy { ty, ..f.clone() })
                    })
                    .collect();
                Some(Ty::Record(Arc::new(RecordTy { fields: fields? })))
            }
            _ if self.fits(&a, &b) => Some(self.resolve(&b)),
            _ if self.fits(&b, &a) => Some(self.resolve(&a)),
            _ => None,
        }
    }

    /// Brings branches to one type; the first branch that does not fit the others is complained about.
    pub fn join_all(&mut self, branches: Vec<Expr>) -> (Vec<Expr>, Ty) {
        let mut ty = Ty::Never;
        for branch in &branches {
            match self.join(&ty, &branch.ty.clone()) {
                Some(joined) => ty = joined,
                None => break,
            }
        }
        let branches = branches
            .into_iter()
            .map(|b| if matches!(self.shallow(&b.ty), Ty::Never) { b } else { self.coerce(b, &ty) })
            .collect();
        (branches, self.resolve(&ty))
    }
}
