//! `group by` and `select`: what becomes of the rows of a query.

use super::engine::{Infer, Seen, Why};
use super::query::Stage;
use crate::signature::TypeBound;
use crate::ty::Ty;
use crate::typed::{Clause, Expr, ExprKind, LocalId};
use crate::uses::Form;
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// Puts the names of the query out of sight.
    pub(super) fn hide(&mut self, why: Why) -> Vec<(SmolStr, LocalId)> {
        let scope = self.frame().scope;
        let mut seen: Vec<(SmolStr, LocalId)> = Vec::new();
        for (name, what) in self.scope.since(scope) {
            if let Seen::Local(local) = what
                && !seen.iter().any(|(n, _)| *n == name)
            {
                seen.push((name, local));
            }
        }
        for (name, local) in &seen {
            self.scope.push(name.clone(), Seen::Hidden(*local, why));
        }
        seen
    }

    pub(super) fn group(&mut self, keys: &[ast::GroupKey], all: bool) {
        let mut typed: Vec<(SmolStr, Range, Option<u32>, Expr)> = Vec::with_capacity(keys.len());
        for (index, key) in keys.iter().enumerate() {
            let name = key.name.as_ref().or_else(|| key.value.implied_name());
            let value = self.expr(&key.value, None);
            self.require_bound_quietly(&value);
            let (name, at) = match name {
                Some(name) => (name.text.clone(), name.range),
                None => {
                    if !matches!(value.ty, Ty::Error) {
                        let written = self.ctx.source(key.value.range);
                        let d = self
                            .diagnostic(
                                Code::NotGrouped,
                                key.value.range,
                                format!("`{written}` has no name of its own to be grouped under"),
                                "give it a name",
                            )
                            .fix(self.fix("name it", Range::empty(key.value.range.start), "name = ", false));
                        self.report(d);
                    }
                    (SmolStr::new(format!("key{index}")), key.value.range)
                }
            };
            if typed.iter().any(|(n, ..)| *n == name) {
                self.error(Code::Twice, at, format!("two keys are called `{name}`"), "again");
            }
            let short = key.name.is_none().then_some(key.value.range.start);
            typed.push((name, at, short, value));
        }
        let before = self.hide(Why::Group);
        let mut fixed = Vec::new();
        let mut locals = Vec::with_capacity(typed.len());
        for (name, at, short, value) in typed {
            if let ExprKind::Local(var) = &super::facts::strip(&value).kind {
                fixed.push(*var);
            }
            let local = self.bind(&name, value.ty.clone(), false, at);
            if let (Some(short), Some(noted)) = (short, self.uses.last_mut().filter(|noted| noted.range == at)) {
                noted.form = Form::Short(short);
            }
            self.carry_bounds(local, &value);
            locals.push((local, value));
        }
        let frame = self.frame();
        frame.before_group = before;
        frame.group_vars = std::mem::take(&mut frame.vars);
        frame.group_fixed = fixed;
        frame.group_all = all;
        frame.stage = Stage::Grouped;
        frame.canonical = locals.iter().map(|(l, _)| *l).collect();
        frame.ordered = false;
        frame.source_order = false;
        frame.roots.clear();
        if frame.group.is_some() {
            // A group of groups: no left join's empty row is among them.
            frame.left = None;
        }
        self.push_clause(Clause::Group { keys: locals, aggregates: Vec::new(), all });
        let frame = self.frame();
        frame.group = Some(frame.clauses.len() - 1);
    }

    pub(super) fn require_bound_quietly(&mut self, value: &Expr) {
        if !matches!(value.ty, Ty::Error) && !matches!(self.base(&value.ty), Ty::Infer(_)) {
            let ty = value.ty.clone();
            self.require_bound(&ty, TypeBound::Keyed, value.range);
        }
    }

    pub(super) fn select(&mut self, value: &ast::Expr, distinct: bool, hint: Option<&Ty>, last: bool) -> Expr {
        let range = value.range;
        let names = field_names(value);
        let value = match hint {
            // A record is checked field by field; anything else as a whole, where nothing follows that changes it.
            Some(hint) if last || matches!(value.kind, ast::ExprKind::Record(_)) => {
                let typed = self.expr(value, Some(hint));
                let ty = self.resolve(&typed.ty);
                if self.fits(&ty, hint) { self.coerce(typed, hint) } else { typed }
            }
            _ => self.expr(value, None),
        };
        if matches!(self.shallow(&value.ty), Ty::Unit) {
            self.error(Code::Type, range, "`select` needs a value", "no value");
        }
        // A record with spreads is a block; its fields are what counts.
        let (lets, value) = match value.kind {
            ExprKind::Block(stmts, Some(inner)) if matches!(inner.kind, ExprKind::Record(_)) => (Some(stmts), *inner),
            _ => (None, value),
        };
        let value = match lets {
            Some(stmts) => {
                let ty = value.ty.clone();
                self.node(ExprKind::Block(stmts, Some(Box::new(value))), ty, range)
            }
            None => value,
        };
        self.hide(Why::Select);
        let mut columns: Vec<(SmolStr, LocalId)> = Vec::new();
        let ty = value.ty.clone();
        let element = match value.kind {
            ExprKind::Record(fields) => {
                let mut defs = Vec::with_capacity(fields.len());
                let mut parts = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    let at =
                        names.iter().find(|(n, _)| *n == name).map_or(Range::empty(value.range.start), |(_, at)| *at);
                    let local = self.bind(&name, value.ty.clone(), false, at);
                    self.carry_bounds(local, &value);
                    columns.push((name.clone(), local));
                    let part = self.local_expr(local, value.range);
                    parts.push((name, part));
                    defs.push((local, value));
                }
                self.push_clause(Clause::Select(defs));
                self.node(ExprKind::Record(parts), ty, range)
            }
            _ => {
                let name = match &value.kind {
                    ExprKind::StoredField(_, name)
                    | ExprKind::ComputedField(_, name)
                    | ExprKind::RecordField(_, name) => name.clone(),
                    ExprKind::Local(local) => self.locals[local.0 as usize].name.clone(),
                    _ => SmolStr::default(),
                };
                let local = self.local(name.clone(), value.ty.clone(), false, range);
                if !name.is_empty() {
                    self.scope.push(name.clone(), Seen::Local(local));
                    columns.push((name, local));
                }
                self.push_clause(Clause::Select(vec![(local, value)]));
                // The fields of a record are in sight by their names.
                if let Ty::Record(record) = self.base(&ty)
                    && !last
                {
                    let mut defs = Vec::new();
                    for field in &record.fields {
                        let base = self.local_expr(local, range);
                        // Nobody wrote these names.
                        let noted = self.uses.len();
                        let read = self.field(base, &field.name, range, range);
                        self.uses.truncate(noted);
                        let own = self.bind(&field.name, read.ty.clone(), false, Range::empty(range.start));
                        columns.push((field.name.clone(), own));
                        defs.push((own, read));
                    }
                    self.push_clause(Clause::With(defs));
                }
                self.local_expr(local, range)
            }
        };
        if distinct {
            self.push_clause(Clause::Distinct);
        }
        let frame = self.frame();
        frame.stage = Stage::Selected;
        frame.columns = columns;
        frame.vars = Vec::new();
        if distinct {
            frame.canonical = Vec::new();
            frame.ordered = false;
            frame.source_order = false;
        }
        element
    }

    /// A named value keeps the bounds of what it names.
    pub(super) fn carry_bounds(&mut self, local: LocalId, value: &Expr) {
        let mut value = value;
        while let ExprKind::Convert(_, inner) = &value.kind {
            value = inner;
        }
        if let ExprKind::Local(from) = &value.kind
            && let Some(bounds) = self.local_bounds.get(from).copied()
        {
            self.local_bounds.insert(local, bounds);
        }
    }
}

/// The names under which the fields of a record expression stand, written or implied, with their places.
fn field_names(value: &ast::Expr) -> Vec<(SmolStr, Range)> {
    let ast::ExprKind::Record(record) = &value.kind else { return Vec::new() };
    let named = |part: &ast::RecordPart| match part {
        ast::RecordPart::Field { name, value } => {
            name.as_ref().or_else(|| value.implied_name()).map(|name| (name.text.clone(), name.range))
        }
        ast::RecordPart::Spread(_) => None,
    };
    record.parts.iter().filter_map(named).collect()
}
