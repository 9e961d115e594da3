//! Where secrets go: what derives from a `secret` field is secret, under whatever name, until it is compared or counted;
//! it must not be answered, logged, interpolated, stored in a field that is not secret, or given to a function of the
//! program, which could do any of these. What the library makes of a secret is secret.

use super::engine::{Infer, MAX_DEPTH};
use crate::ty::{Symbol, Ty};
use crate::typed::children;
use crate::typed::{AggregateFn, Clause, Expr, ExprKind, Fold, LocalId, Pattern, PatternKind, Source};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// The field that a secret comes from.
type Secret = (Symbol, SmolStr);

impl Infer<'_> {
    /// Complains where a secret would leave the program.
    pub fn refuse_secret(&mut self, expr: &Expr, what: &str) {
        if let Some((range, relation, field)) = self.secret_in(expr, 0) {
            let d = self
                .diagnostic(Code::SecretOut, range, format!("`{field}` is secret and {what}"), "goes out here")
                .note("a secret may be compared and counted; leave it out here");
            let d = self.because(d, &relation, Some(&field), "declared secret");
            self.report(d);
        }
    }

    /// The first secret that a value tells something of.
    fn secret_in(&self, expr: &Expr, depth: u32) -> Option<(Range, Symbol, SmolStr)> {
        if depth > MAX_DEPTH || !self.saw_secret.get() {
            return None;
        }
        let next = depth + 1;
        match &expr.kind {
            ExprKind::StoredField(base, name) | ExprKind::ComputedField(base, name) => match self.base(&base.ty) {
                Ty::Row(symbol) => {
                    let field = self.relation(&symbol)?.fields.iter().find(|f| f.name == *name)?;
                    field.secret.then(|| (expr.range, symbol, name.clone()))
                }
                _ => self.secret_in(base, next),
            },
            ExprKind::Local(local) => self.secrets.borrow().get(local).map(|(s, f)| (expr.range, s.clone(), f.clone())),
            // A row is no secret: its secret fields stay behind where it is answered.
            ExprKind::Lookup { .. }
            | ExprKind::Inverse { .. }
            | ExprKind::Rows(_)
            | ExprKind::Insert { .. }
            | ExprKind::Upsert { .. }
            | ExprKind::Update { .. }
            | ExprKind::Delete { .. } => None,
            ExprKind::Convert(_, e) => self.secret_in(e, next),
            // A comparison.
            _ if matches!(self.base(&expr.ty), Ty::Bool | Ty::Unit | Ty::Never) => None,
            ExprKind::If(_, a, b) => self.secret_in(a, next).or_else(|| self.secret_in(b, next)),
            ExprKind::Match(_, arms) => arms.iter().find_map(|a| self.secret_in(&a.body, next)),
            ExprKind::Block(_, value) => value.as_ref().and_then(|e| self.secret_in(e, next)),
            ExprKind::Else(e, _) => self.secret_in(e, next),
            ExprKind::Query(query) => {
                query.clauses.iter().for_each(|clause| self.note_secrets_of_clause(clause));
                match query.fold {
                    Fold::Aggregate(AggregateFn::Count) => None,
                    _ => self.secret_in(&query.element, next),
                }
            }
            _ => children(expr).into_iter().find_map(|e| self.secret_in(e, next)),
        }
    }

    /// Notes that a local holds a secret, so that it is followed under its new name.
    pub fn note_secret(&self, local: LocalId, value: &Expr) {
        if let Some((_, symbol, field)) = self.secret_in(value, 0) {
            self.secrets.borrow_mut().insert(local, (symbol, field));
        }
    }

    /// Notes the locals of a pattern that hold parts of a secret.
    pub fn note_secrets(&self, pattern: &Pattern, value: &Expr) {
        if self.saw_secret.get() {
            let whole = self.secret_in(value, 0).map(|(_, symbol, field)| (symbol, field));
            self.note_parts(pattern, whole.as_ref());
        }
    }

    fn note_parts(&self, pattern: &Pattern, whole: Option<&Secret>) {
        match &pattern.kind {
            PatternKind::Bind(local) => {
                if let Some(secret) = whole {
                    self.secrets.borrow_mut().insert(*local, secret.clone());
                }
            }
            PatternKind::Present(inner) => self.note_parts(inner, whole),
            PatternKind::Case(_, _, parts) | PatternKind::Or(parts) => {
                for part in parts {
                    self.note_parts(part, whole);
                }
            }
            PatternKind::Record(fields, rest) => {
                if let (Some(local), Some(secret)) = (rest, whole) {
                    self.secrets.borrow_mut().insert(*local, secret.clone());
                }
                for (name, part) in fields {
                    let own = match self.base(&pattern.ty) {
                        Ty::Row(symbol) => self
                            .relation(&symbol)
                            .is_some_and(|sig| sig.fields.iter().any(|f| f.name == *name && f.secret))
                            .then(|| (symbol, name.clone())),
                        _ => whole.cloned(),
                    };
                    self.note_parts(part, own.as_ref());
                }
            }
            PatternKind::Error
            | PatternKind::Wildcard
            | PatternKind::Literal(_)
            | PatternKind::Range(..)
            | PatternKind::Absent => {}
        }
    }

    /// Notes the locals of a query's clause that hold secrets.
    fn note_secrets_of_clause(&self, clause: &Clause) {
        match clause {
            Clause::With(values) | Clause::Select(values) => {
                for (local, value) in values {
                    self.note_secret(*local, value);
                }
            }
            Clause::Group { keys, aggregates, .. } => {
                for (local, value) in keys {
                    self.note_secret(*local, value);
                }
                for (local, aggregate) in aggregates {
                    if let Some(argument) = &aggregate.argument
                        && !matches!(aggregate.function, AggregateFn::Count)
                    {
                        self.note_secret(*local, argument);
                    }
                }
            }
            Clause::From(local, source) | Clause::Join(local, source, _) => self.note_source(*local, source),
            Clause::LeftJoin(inside, left, source, _) => {
                self.note_source(*inside, source);
                self.note_source(*left, source);
            }
            Clause::Where(_)
            | Clause::Windows(_)
            | Clause::Distinct
            | Clause::OrderBy(_)
            | Clause::Limit(_)
            | Clause::Offset(_) => {}
        }
    }

    fn note_source(&self, local: LocalId, source: &Source) {
        if let Source::Collection(elements) = source {
            self.note_secret(local, elements);
        }
    }
}
