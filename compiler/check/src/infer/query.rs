//! Queries: clauses from top to bottom, each seeing the names that the one before it leaves.

use super::engine::{Infer, Seen};
use crate::signature::Signature;
use crate::ty::{FieldTy, RecordTy, Ty};
use crate::typed::{
    BinaryOp, Clause, Conversion, Expr, ExprKind, Fold, Literal, LocalId, Query, SortKey, Source, Window,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// What the rows of a query are at a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Bindings of row variables.
    Rows,
    /// Groups.
    Grouped,
    /// What `select` left.
    Selected,
}

/// A query that is being read.
pub(crate) struct Frame {
    pub clauses: Vec<Clause>,
    /// Row variables, in clause order; none after `group by`, where every row is a group.
    pub vars: Vec<LocalId>,
    /// `(A, b)`: bindings of the variables `A` fix the one of `b`.
    pub determines: Vec<(Vec<LocalId>, LocalId)>,
    /// Row variables that are elements, with those that their collections were read from.
    pub elements: Vec<(LocalId, Vec<LocalId>)>,
    /// Parts of composite keys that are fixed by other variables.
    pub key_parts: Vec<(LocalId, SmolStr, Vec<LocalId>)>,
    /// Row variables behind a named value.
    pub roots: FxHashMap<LocalId, Vec<LocalId>>,
    pub stage: Stage,
    /// The clause that holds the group's aggregates.
    pub group: Option<usize>,
    /// Row variables before the group, for grains.
    pub group_vars: Vec<LocalId>,
    /// Row variables that are the same throughout a group.
    pub group_fixed: Vec<LocalId>,
    /// `group all`: a group may be empty.
    pub group_all: bool,
    /// Names in sight before the group: those of aggregates.
    pub before_group: Vec<(SmolStr, LocalId)>,
    /// An argument of an aggregate is being read.
    pub inside: bool,
    /// A condition that leaves rows out is being read.
    pub filters: bool,
    /// Windows that the clause being read uses.
    pub windows: Vec<(LocalId, Window)>,
    /// The option left by a `left join`, per such join, for `count()`.
    pub left: Option<SmolStr>,
    pub scope: usize,
    pub canonical: Vec<LocalId>,
    pub ordered: bool,
    /// Nothing yet has taken away the order of the source.
    pub source_order: bool,
    /// After `select`: names of the fields and their locals.
    pub columns: Vec<(SmolStr, LocalId)>,
}

impl Frame {
    fn new(scope: usize) -> Frame {
        Frame {
            clauses: Vec::new(),
            vars: Vec::new(),
            determines: Vec::new(),
            elements: Vec::new(),
            key_parts: Vec::new(),
            roots: FxHashMap::default(),
            stage: Stage::Rows,
            group: None,
            group_vars: Vec::new(),
            group_fixed: Vec::new(),
            group_all: false,
            before_group: Vec::new(),
            inside: false,
            filters: false,
            windows: Vec::new(),
            left: None,
            scope,
            canonical: Vec::new(),
            ordered: false,
            source_order: false,
            columns: Vec::new(),
        }
    }
}

/// Where rows come from, as the frame needs to know it.
pub(super) struct From {
    pub source: Source,
    pub element: Ty,
    list: bool,
}

impl Infer<'_> {
    pub(crate) fn query(&mut self, query: &ast::Query, range: Range, hint: Option<&Ty>) -> Expr {
        let element = hint.and_then(|h| match self.base(h) {
            Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => Some((*t).clone()),
            _ => None,
        });
        let query = self.query_body(query, element.as_ref());
        let element = query.element.ty.clone();
        if matches!(element, Ty::Error) {
            return Expr {
                kind: ExprKind::Error,
                ty: if query.ordered { Ty::list(Ty::Error) } else { Ty::bag(Ty::Error) },
                range,
            };
        }
        let ty = if query.ordered { Ty::list(element) } else { Ty::bag(element) };
        self.node(ExprKind::Query(Box::new(query)), ty, range)
    }

    pub(crate) fn push_frame(&mut self) {
        let frame = Frame::new(self.scope.mark());
        self.frames.push(frame);
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("clauses are read inside of a query")
    }

    fn query_body(&mut self, query: &ast::Query, hint: Option<&Ty>) -> Query {
        let mark = self.mark();
        // The source is read before the query has names of its own.
        let from = self.row_source(&query.source);
        self.push_frame();
        let list = from.list;
        self.bind_row(&query.var, from);
        self.frame().source_order = list;
        let mut element: Option<Expr> = None;
        for (index, clause) in query.clauses.iter().enumerate() {
            let last = !query.clauses[index + 1..]
                .iter()
                .any(|c| !matches!(c.kind, ast::QueryClauseKind::Limit(_) | ast::QueryClauseKind::Offset(_)));
            self.clause(clause, hint, &mut element, last);
        }
        let element = match element {
            Some(element) => element,
            None => self.unselected(query),
        };
        let frame = self.frames.pop().expect("pushed above");
        self.restore(mark);
        let ordered = frame.ordered || frame.source_order;
        Query { clauses: frame.clauses, element, fold: Fold::Collect, ordered, canonical: frame.canonical }
    }

    /// The element of a query without `select`.
    fn unselected(&mut self, query: &ast::Query) -> Expr {
        let frame = self.frame();
        match frame.stage {
            Stage::Rows if frame.vars.len() == 1 => {
                let var = frame.vars[0];
                self.local_expr(var, query.var.range)
            }
            Stage::Rows => {
                let names: Vec<_> = frame.vars.clone().iter().map(|v| self.locals[v.0 as usize].name.clone()).collect();
                let d = self
                    .diagnostic(
                        Code::Source,
                        query.range,
                        "a query with several row variables says what each row becomes",
                        "no `select`",
                    )
                    .fix(self.fix(
                        "select them",
                        Range::empty(query.range.end),
                        format!(" select ({})", names.join(", ")),
                        false,
                    ));
                self.report(d);
                self.broken(query.range)
            }
            _ => {
                let scope = self.frame().scope;
                let names = self.scope.since(scope);
                let mut fields: Vec<(SmolStr, Expr)> = Vec::new();
                for (name, seen) in names {
                    if let Seen::Local(local) = seen
                        && !fields.iter().any(|(n, _)| *n == name)
                    {
                        let value = self.local_expr(local, query.range);
                        fields.push((name, value));
                    }
                }
                self.record_of(fields, query.range)
            }
        }
    }

    fn record_of(&mut self, fields: Vec<(SmolStr, Expr)>, range: Range) -> Expr {
        let types = fields
            .iter()
            .map(|(name, e)| FieldTy { name: name.clone(), wire: None, ty: e.ty.clone(), absent: false, default: None })
            .collect();
        let ty = Ty::Record(Arc::new(RecordTy { fields: types }));
        self.node(ExprKind::Record(fields), ty, range)
    }

    fn row_source(&mut self, e: &ast::Expr) -> From {
        if let ast::ExprKind::TypeName(name) = &e.kind
            && let Some(symbol) = self.ctx.resolve(&name.text)
            && matches!(self.ctx.signature(&symbol), Some(Signature::Relation(_)))
        {
            self.means_item(name.range, &symbol);
            self.reads(&symbol, e.range);
            return From { element: Ty::Row(symbol.clone()), source: Source::Relation(symbol), list: false };
        }
        let source = self.source_expr(e, None);
        let source = self.forgotten(source);
        let failed = |range: Range, this: &Self| From {
            source: Source::Collection(this.broken(range)),
            element: Ty::Error,
            list: false,
        };
        match (&source.kind, self.base(&source.ty)) {
            (ExprKind::Rows(symbol), _) => {
                From { element: Ty::Row(symbol.clone()), source: Source::Relation(symbol.clone()), list: false }
            }
            (_, Ty::List(t)) => From { element: (*t).clone(), source: Source::Collection(source), list: true },
            (_, Ty::Bag(t) | Ty::Set(t)) => {
                From { element: (*t).clone(), source: Source::Collection(source), list: false }
            }
            (_, Ty::Error) => failed(e.range, self),
            (_, ty) => {
                let shown = self.show(&ty);
                let written = self.ctx.source(e.range);
                let mut d = self.diagnostic(
                    Code::Source,
                    e.range,
                    format!("a query ranges over a relation, a collection or a range, found `{shown}`"),
                    format!("`{shown}`"),
                );
                match &ty {
                    Ty::Int => d = d.fix(self.fix("count up to it", e.range, format!("0..{written}"), false)),
                    Ty::Map(..) => {
                        d = d.fix(self.fix("range over its entries", Range::empty(e.range.end), ".entries", true))
                    }
                    Ty::Option(_) => d = d.note("it may be `none`: bind it first, or give a value: `(xs ?? [])`"),
                    Ty::Row(symbol) => {
                        if let Some(crate::declare::Inverse { name: inverse, .. }) = self.ctx.inverses(symbol).first() {
                            d = d.note(format!("the rows that refer to it: `{written}.{inverse}`"));
                        }
                    }
                    _ => {}
                }
                self.report(d);
                failed(e.range, self)
            }
        }
    }

    /// Complains about a second row variable of the same name: the first could be reached no more.
    fn one_of_its_name(&mut self, var: &ast::Ident) {
        let named = |local: &&LocalId| self.locals[local.0 as usize].name == var.text;
        let frame = self.frames.last();
        let Some(first) = frame.and_then(|frame| frame.vars.iter().find(named)).copied() else { return };
        let first = self.locals[first.0 as usize].range;
        let message = format!("the query has a row variable `{}` already", var.text);
        let d = self
            .diagnostic(Code::Duplicate, var.range, message, "the second one")
            .because(self.label(first, "the first one"))
            .note("give one of them another name");
        self.report(d);
    }

    fn bind_row(&mut self, var: &ast::Ident, from: From) -> LocalId {
        let local = self.bind(&var.text, from.element.clone(), false, var.range);
        let (fixes, uses) = self.source_roots(&from);
        self.bind_variable(local, &from.element, &fixes, &uses);
        let frame = self.frame();
        frame.canonical.push(local);
        frame.clauses.push(Clause::From(local, from.source));
        local
    }

    pub(super) fn push_clause(&mut self, clause: Clause) {
        let frame = self.frame();
        let windows = std::mem::take(&mut frame.windows);
        if !windows.is_empty() {
            frame.clauses.push(Clause::Windows(windows));
        }
        frame.clauses.push(clause);
    }

    /// A condition that leaves rows out; what it says holds in the clauses behind it.
    fn filter(&mut self, condition: &ast::Expr) -> Expr {
        let before = std::mem::replace(&mut self.frame().filters, true);
        let condition = self.condition(condition);
        self.frame().filters = before;
        self.note_equalities(&condition);
        self.assume(&condition, true);
        condition
    }

    fn clause(&mut self, clause: &ast::QueryClause, hint: Option<&Ty>, element: &mut Option<Expr>, last: bool) {
        match &clause.kind {
            ast::QueryClauseKind::Join { kind, var, source, on } => {
                self.join_clause(*kind, var, source, on.as_ref(), clause.range)
            }
            ast::QueryClauseKind::Where(e) => {
                let cond = self.filter(e);
                self.push_clause(Clause::Where(cond));
            }
            ast::QueryClauseKind::WhereLet { name, value } => self.where_let(name, value),
            ast::QueryClauseKind::With(defs) => {
                let mut typed = Vec::with_capacity(defs.len());
                for def in defs {
                    let value = self.expr(&def.value, None);
                    if matches!(value.ty, Ty::Unit) {
                        self.error(Code::Type, value.range, "this gives no value that could have a name", "no value");
                    }
                    let roots = self.roots_of(&value);
                    let local = self.bind(&def.name.text, value.ty.clone(), false, def.name.range);
                    self.carry_bounds(local, &value);
                    self.frame().roots.insert(local, roots);
                    typed.push((local, value));
                }
                self.push_clause(Clause::With(typed));
            }
            ast::QueryClauseKind::GroupBy(keys) => self.group(keys, false),
            ast::QueryClauseKind::GroupAll => self.group(&[], true),
            ast::QueryClauseKind::Select { distinct, value } => {
                *element = Some(self.select(value, *distinct, hint, last));
            }
            ast::QueryClauseKind::OrderBy(keys) => {
                let keys: Vec<SortKey> = keys.iter().map(|k| self.sort_key(k)).collect();
                self.push_clause(Clause::OrderBy(keys));
                self.frame().ordered = true;
            }
            ast::QueryClauseKind::Limit(e) => {
                let count = self.check(e, &Ty::Int);
                self.push_clause(Clause::Limit(count));
            }
            ast::QueryClauseKind::Offset(e) => {
                let count = self.check(e, &Ty::Int);
                self.push_clause(Clause::Offset(count));
            }
            ast::QueryClauseKind::Page { size, after } => {
                self.expr(size, None);
                if let Some(after) = after {
                    self.expr(after, None);
                }
                self.not_supported(clause.range, "pages of answers (`page … after`)");
            }
        }
    }

    pub(crate) fn sort_key(&mut self, key: &ast::SortKey) -> SortKey {
        let expr = self.expr(&key.value, None);
        let ty = match self.base(&expr.ty) {
            Ty::Option(inner) => (*inner).clone(),
            ty => ty,
        };
        match self.base(&ty) {
            // Rows are ordered by their keys.
            Ty::Row(_) | Ty::Bool => {}
            ty => self.require_ordered(&ty, expr.range),
        }
        SortKey { expr, descending: key.descending, none_first: key.none_first }
    }

    fn join_clause(
        &mut self,
        kind: ast::JoinKind,
        var: &ast::Ident,
        source: &ast::Expr,
        on: Option<&ast::Expr>,
        range: Range,
    ) {
        if self.frame().stage != Stage::Rows {
            self.error(Code::ClauseOrder, range, "`join` stands before `group by` and `select`", "too late for a join");
        }
        let from = self.row_source(source);
        self.one_of_its_name(var);
        let (fixes, uses) = self.source_roots(&from);
        self.frame().source_order = false;
        if on.is_none() && kind != ast::JoinKind::Cross && uses.is_empty() && !matches!(from.element, Ty::Error) {
            let d = self.diagnostic(Code::Source, range, "a join says which rows belong together", "no `on`");
            let note = match kind {
                ast::JoinKind::Left => "write `on a.x == b.y`, or `on true` for all combinations",
                _ => "write `on a.x == b.y`, or `cross join` for all combinations",
            };
            self.report(d.note(note));
        }
        match kind {
            ast::JoinKind::Inner | ast::JoinKind::Cross => {
                let local = self.bind(&var.text, from.element.clone(), false, var.range);
                self.bind_variable(local, &from.element, &fixes, &uses);
                self.frame().canonical.push(local);
                let on = on.map(|e| self.filter(e));
                let lateral = !uses.is_empty();
                match on {
                    Some(on) if lateral => {
                        self.push_clause(Clause::From(local, from.source));
                        self.push_clause(Clause::Where(on));
                    }
                    Some(on) => self.push_clause(Clause::Join(local, from.source, on)),
                    None => self.push_clause(Clause::From(local, from.source)),
                }
            }
            ast::JoinKind::Left => {
                let mark = self.mark();
                let inner = self.bind(&var.text, from.element.clone(), false, var.range);
                self.bind_variable(inner, &from.element, &fixes, &uses);
                let on = on.map(|e| {
                    let cond = self.condition(e);
                    self.note_equalities(&cond);
                    cond
                });
                self.restore(mark);
                let optional = from.element.clone().optional();
                let outer = self.bind(&var.text, optional, false, var.range);
                let frame = self.frame();
                // What the row inside of `on` fixes, and is fixed by, holds for the option that is left.
                for at in &mut frame.vars {
                    if *at == inner {
                        *at = outer;
                    }
                }
                for (from, to) in &mut frame.determines {
                    for at in from.iter_mut() {
                        if *at == inner {
                            *at = outer;
                        }
                    }
                    if *to == inner {
                        *to = outer;
                    }
                }
                for (element, _) in &mut frame.elements {
                    if *element == inner {
                        *element = outer;
                    }
                }
                frame.canonical.push(outer);
                frame.left = Some(var.text.clone());
                self.push_clause(Clause::LeftJoin(inner, outer, from.source, on));
            }
        }
    }

    fn where_let(&mut self, name: &ast::Ident, value: &ast::Expr) {
        let value = self.expr(value, None);
        let roots = self.roots_of(&value);
        let range = value.range;
        match self.base(&value.ty) {
            Ty::Option(inner) => {
                let option = self.local("", value.ty.clone(), false, range);
                self.push_clause(Clause::With(vec![(option, value)]));
                let read = self.local_expr(option, range);
                let none = self.node(ExprKind::Literal(Literal::None), read.ty.clone(), range);
                let there =
                    self.node(ExprKind::Binary(BinaryOp::Ne, Box::new(read.clone()), Box::new(none)), Ty::Bool, range);
                self.push_clause(Clause::Where(there));
                let local = self.bind(&name.text, (*inner).clone(), false, name.range);
                let present = self.convert(Conversion::Present, read, (*inner).clone());
                self.push_clause(Clause::With(vec![(local, present)]));
                self.frame().roots.insert(local, roots);
            }
            _ => {
                let local = self.bind(&name.text, value.ty.clone(), false, name.range);
                self.push_clause(Clause::With(vec![(local, value)]));
                self.frame().roots.insert(local, roots);
            }
        }
    }

    /// `some x in q satisfies e`, `every x in q satisfies e`.
    pub(crate) fn quantifier(
        &mut self,
        kind: ast::Quantifier,
        var: &ast::Ident,
        source: &ast::Expr,
        body: &ast::Expr,
        range: Range,
    ) -> Expr {
        let mark = self.mark();
        let from = self.row_source(source);
        self.push_frame();
        self.bind_row(var, from);
        let cond = self.condition(body);
        let cond = match kind {
            ast::Quantifier::Some => cond,
            ast::Quantifier::Every => self.node(ExprKind::Not(Box::new(cond)), Ty::Bool, body.range),
        };
        self.push_clause(Clause::Where(cond));
        let frame = self.frames.pop().expect("pushed above");
        self.restore(mark);
        let element = self.node(ExprKind::Literal(Literal::Bool(true)), Ty::Bool, range);
        let fold = if kind == ast::Quantifier::Some { Fold::Exists } else { Fold::NotExists };
        let query = Query { clauses: frame.clauses, element, fold, ordered: false, canonical: frame.canonical };
        self.node(ExprKind::Query(Box::new(query)), Ty::Bool, range)
    }
}
