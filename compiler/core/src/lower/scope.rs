//! The scope of one Core function while it is being lowered: its variables, the block being written, the query
//! being built, and the frame that says what the locals of the source stand for.

use super::Lowering;
use super::partial;
use super::types::substitute;
use crate::ir::{
    Block, Check, CheckKind, Command, Expr, ExprKind, Name, Prim, Query, QueryId, Rel, SiteId, Stmt, Type, VarId,
    VarInfo,
};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{self, Body, LocalId};
use tenon_span::Range;
use tenon_value::Value;

/// What a local of the source stands for.
#[derive(Clone)]
pub(super) enum Binding {
    /// An expression over the variables of the function.
    Code(Expr),
    /// An expression over the variables of the query that is being built.
    Query(Expr),
    /// A `var` of the function.
    Mutable(VarId, Type),
    /// A lambda with the frame it was written in.
    Closure(Rc<Closure>),
    /// A function of the program as a value.
    Function(Symbol, Vec<Ty>),
    /// A row that is not stored yet, or not any more: its stored fields, over the variables of the function.
    Fields(crate::ir::RelationId, Rc<Vec<Expr>>),
}

/// A lambda.
pub(super) struct Closure {
    pub params: Vec<LocalId>,
    pub body: typed::Expr,
    pub frame: Frame,
}

/// How `return` leaves the body at hand.
#[derive(Clone)]
pub(super) enum Returns {
    /// The Core function itself, with its `ensures`.
    Function(Rc<Ensures>),
    /// An inlined body: assigns the result, sets the flag, and breaks.
    Inline { result: Option<VarId>, done: VarId, ty: Type },
    /// A body without `return`.
    Nowhere,
}

/// The promises of a function: checked before each return.
pub(super) struct Ensures {
    pub symbol: Symbol,
    pub count: u32,
    pub params: Vec<Expr>,
    pub result: Type,
}

/// A body and what its locals stand for.
#[derive(Clone)]
pub(super) struct Frame {
    pub body: Arc<Body>,
    pub env: FxHashMap<LocalId, Binding>,
    pub generics: Rc<Vec<(Name, Ty)>>,
    pub item: Symbol,
    pub returns: Returns,
    /// Loops of this body around the place at hand.
    pub loops: usize,
}

/// A row variable of a query: what it is and what orders its rows.
#[derive(Clone)]
pub(super) struct RowVar {
    pub local: Option<LocalId>,
    pub expr: Expr,
    /// The position, for elements of collections.
    pub index: Option<VarId>,
}

/// A query under construction.
pub(super) struct QueryScope {
    pub vars: Vec<VarInfo>,
    pub params: Vec<VarId>,
    pub args: Vec<Expr>,
    pub rel: Rel,
    /// Conditions under which the place at hand is evaluated at all.
    pub path: Vec<Expr>,
    /// The row variables of the (sub)query at hand, in clause order.
    pub rows: Vec<RowVar>,
    /// Row variables of the (sub)query at hand per binding of which an aggregate folds.
    pub grains: Vec<LocalId>,
}

/// See the module documentation.
pub(super) struct Scope<'l, 'a> {
    pub l: &'l mut Lowering<'a>,
    pub vars: Vec<VarInfo>,
    mutable: Vec<bool>,
    pub block: Block,
    pub frame: Frame,
    pub query: Option<QueryScope>,
    pub inlining: Vec<Symbol>,
    /// The item whose code this is.
    pub root: Symbol,
    /// How much code was inlined so far, in expressions.
    pub inlined: usize,
    /// In a scenario: the counts of the last `when`.
    pub outcome_vars: Vec<(Option<Symbol>, VarId)>,
}

impl<'l, 'a> Scope<'l, 'a> {
    pub fn new(l: &'l mut Lowering<'a>, body: Arc<Body>, item: Symbol, generics: Vec<(Name, Ty)>) -> Self {
        let frame = Frame {
            body,
            env: FxHashMap::default(),
            generics: Rc::new(generics),
            item: item.clone(),
            returns: Returns::Nowhere,
            loops: 0,
        };
        Scope {
            root: item,
            l,
            vars: Vec::new(),
            mutable: Vec::new(),
            block: Vec::new(),
            frame,
            query: None,
            inlining: Vec::new(),
            inlined: 0,
            outcome_vars: Vec::new(),
        }
    }

    // ---- types and places

    /// The Core type of a source type in this frame.
    pub fn ty(&mut self, ty: &Ty) -> Type {
        let closed = substitute(ty, &self.frame.generics);
        self.l.lower_ty(&closed)
    }

    /// A source type with this frame's generics replaced.
    pub fn closed(&self, ty: &Ty) -> Ty {
        substitute(ty, &self.frame.generics)
    }

    pub fn site(&mut self, range: Range) -> SiteId {
        let item = self.frame.item.clone();
        self.l.site(&item, range)
    }

    /// Reports what Core cannot express; the value that is returned is never run.
    pub fn unsupported(&mut self, range: Range, message: impl Into<String>, ty: &Type) -> Expr {
        let item = self.frame.item.clone();
        self.l.error(&item, range, message);
        self.placeholder(ty)
    }

    // ---- variables

    pub fn fresh(&mut self, name: &str, ty: Type, mutable: bool) -> VarId {
        let id = VarId(self.vars.len() as u32);
        self.vars.push(VarInfo { name: Name::from(name), ty });
        self.mutable.push(mutable);
        id
    }

    pub fn fresh_query(&mut self, name: &str, ty: Type) -> VarId {
        let query = self.query.as_mut().expect("only called while a query is built");
        let id = VarId(query.vars.len() as u32);
        query.vars.push(VarInfo { name: Name::from(name), ty });
        id
    }

    pub fn in_query(&self) -> bool {
        self.query.is_some()
    }

    /// A value that is never reached: a variable that nothing assigns.
    pub fn placeholder(&mut self, ty: &Type) -> Expr {
        let var = if self.in_query() {
            self.fresh_query("never", ty.clone())
        } else {
            self.fresh("never", ty.clone(), false)
        };
        Expr::var(var, ty.clone())
    }

    /// Binds a local to an expression of the mode at hand.
    pub fn bind(&mut self, local: LocalId, expr: Expr) {
        let binding = if self.in_query() { Binding::Query(expr) } else { Binding::Code(expr) };
        self.frame.env.insert(local, binding);
    }

    /// The name and source type of a local.
    pub fn local(&self, local: LocalId) -> (Name, Ty) {
        let info = self.frame.body.locals.get(local.0 as usize);
        info.map_or_else(|| (Name::default(), Ty::Error), |l| (l.name.clone(), l.ty.clone()))
    }

    /// An expression of the function as an input of the query at hand.
    pub fn capture(&mut self, expr: Expr) -> Expr {
        if matches!(expr.kind, ExprKind::Literal(_) | ExprKind::None) {
            return expr;
        }
        let query = self.query.as_mut().expect("only called while a query is built");
        if let Some(i) = query.args.iter().position(|a| *a == expr) {
            return Expr::var(query.params[i], expr.ty);
        }
        let name = match &expr.kind {
            ExprKind::Var(v) => self.vars[v.index()].name.clone(),
            _ => Name::new_static("input"),
        };
        let ty = expr.ty.clone();
        let var = self.fresh_query(&name, ty.clone());
        let query = self.query.as_mut().expect("checked above");
        query.params.push(var);
        query.args.push(expr);
        Expr::var(var, ty)
    }

    // ---- statements

    pub fn emit(&mut self, stmt: Stmt) {
        // What follows a statement that never ends is never run.
        if !diverges(&self.block) {
            self.block.push(stmt);
        }
    }

    /// Runs `f` with an empty block and returns what it wrote.
    pub fn in_block<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (Block, T) {
        let outer = std::mem::take(&mut self.block);
        let value = f(self);
        (std::mem::replace(&mut self.block, outer), value)
    }

    pub fn command(&mut self, name: &str, ty: Type, command: Command, range: Range) -> Expr {
        let site = self.site(range);
        if ty == Type::Unit {
            self.emit(Stmt::Do(None, command, site));
            return unit();
        }
        let var = self.fresh(name, ty.clone(), false);
        self.emit(Stmt::Do(Some(var), command, site));
        Expr::var(var, ty)
    }

    /// Demands a condition: a statement in code; in a query the value must be wrapped, see [`Scope::guarded`].
    pub fn check(&mut self, kind: CheckKind, condition: Expr, rule: &str, range: Range) {
        let site = self.site(range);
        self.check_at(kind, condition, rule, site);
    }

    fn check_at(&mut self, kind: CheckKind, condition: Expr, rule: &str, site: SiteId) {
        if is_true(&condition) {
            return;
        }
        self.emit(Stmt::Check(Check { kind, condition, rule: Name::from(rule) }, site));
    }

    /// A value under a condition: checked in code, guarded in a query.
    pub fn guarded(&mut self, kind: CheckKind, condition: Expr, value: Expr, rule: &str, range: Range) -> Expr {
        let site = self.site(range);
        self.guarded_at(kind, condition, value, rule, site)
    }

    /// See [`Scope::guarded`]; `site` is what is at fault.
    pub fn guarded_at(&mut self, kind: CheckKind, condition: Expr, value: Expr, rule: &str, site: SiteId) -> Expr {
        if is_true(&condition) {
            return value;
        }
        if self.in_query() {
            let ty = value.ty.clone();
            return Expr::new(ExprKind::Prim(Prim::Guard(kind), vec![condition, value], site), ty);
        }
        self.check_at(kind, condition, rule, site);
        value
    }

    // ---- naming and order of evaluation

    fn is_stable(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::None => true,
            ExprKind::Var(v) => self.in_query() || !self.mutable.get(v.index()).copied().unwrap_or(true),
            ExprKind::Field(e, _) | ExprKind::CaseField(e, _, _) | ExprKind::Unwrap(e) | ExprKind::RefOf(e) => {
                self.is_stable(e)
            }
            _ => false,
        }
    }

    /// The same value as something cheap that may be used many times.
    pub fn name(&mut self, expr: Expr) -> Expr {
        if self.is_stable(&expr) {
            return expr;
        }
        let ty = expr.ty.clone();
        if !self.in_query() {
            let var = self.fresh("t", ty.clone(), false);
            self.emit(Stmt::Let(var, expr));
            return Expr::var(var, ty);
        }
        let guard = self.path_condition();
        match guard {
            // Evaluated on some rows only, and without a value on others: an option that is present just there.
            Some(condition) if partial::is_partial(&expr) => {
                let option = ty.clone().optional();
                let var = self.fresh_query("t", option.clone());
                // Options do not nest: what is an option already is just absent elsewhere.
                let is_option = ty == option;
                let some = if is_option { expr } else { Expr::new(ExprKind::Some(Box::new(expr)), option.clone()) };
                let none = Expr::new(ExprKind::None, option.clone());
                let value =
                    Expr::new(ExprKind::If(Box::new(condition), Box::new(some), Box::new(none)), option.clone());
                self.define(var, value);
                let named = Expr::var(var, option);
                if is_option { named } else { Expr::new(ExprKind::Unwrap(Box::new(named)), ty) }
            }
            _ => {
                let var = self.fresh_query("t", ty.clone());
                self.define(var, expr);
                Expr::var(var, ty)
            }
        }
    }

    /// Adds a column to the query at hand.
    pub fn define(&mut self, var: VarId, expr: Expr) {
        let query = self.query.as_mut().expect("only called while a query is built");
        match &mut query.rel {
            Rel::Map { defs, .. } => defs.push((var, expr)),
            rel => {
                let input = Box::new(std::mem::replace(rel, Rel::Unit));
                *rel = Rel::Map { input, defs: vec![(var, expr)] };
            }
        }
    }

    /// The conjunction of the conditions around the place at hand.
    pub fn path_condition(&self) -> Option<Expr> {
        let query = self.query.as_ref()?;
        query.path.iter().cloned().reduce(and)
    }

    /// Lowers several expressions so that their effects happen in the order in which they are written; the values come
    /// in the order given.
    pub fn all(&mut self, exprs: &[&typed::Expr]) -> Vec<Expr> {
        let order = written_order(exprs.iter().map(|e| (!is_filled_in(e)).then_some(e.range)));
        let mut values = Vec::with_capacity(exprs.len());
        let mut marks = Vec::with_capacity(exprs.len());
        for at in &order {
            values.push(self.expr(exprs[*at]));
            marks.push(self.block.len());
        }
        self.keep_order(&mut values, &marks);
        given_order(&order, values)
    }

    /// Gives a name to each value after which statements were written, at the place where it was computed.
    pub fn keep_order(&mut self, values: &mut [Expr], marks: &[usize]) {
        if self.in_query() {
            return;
        }
        let end = self.block.len();
        for i in (0..values.len()).rev() {
            if marks[i] < end && !self.is_stable(&values[i]) {
                let ty = values[i].ty.clone();
                let var = self.fresh("t", ty.clone(), false);
                let value = std::mem::replace(&mut values[i], Expr::var(var, ty));
                self.block.insert(marks[i], Stmt::Let(var, value));
            }
        }
    }

    /// `if`: an expression where both sides need no statements, else a statement that assigns.
    pub fn conditional(
        &mut self,
        condition: Expr,
        ty: &Type,
        then: impl FnOnce(&mut Self) -> Expr,
        otherwise: impl FnOnce(&mut Self) -> Expr,
    ) -> Expr {
        if self.in_query() {
            let condition = self.name(condition);
            self.push_path(condition.clone());
            let a = then(self);
            let a = self.coerce(a, ty);
            self.pop_path();
            self.push_path(not(condition.clone()));
            let b = otherwise(self);
            let b = self.coerce(b, ty);
            self.pop_path();
            return Expr::new(ExprKind::If(Box::new(condition), Box::new(a), Box::new(b)), ty.clone());
        }
        let (then_block, a) = self.in_block(|s| {
            let value = then(s);
            s.coerce(value, ty)
        });
        let (else_block, b) = self.in_block(|s| {
            let value = otherwise(s);
            s.coerce(value, ty)
        });
        if then_block.is_empty() && else_block.is_empty() {
            if *ty == Type::Unit {
                return unit();
            }
            return Expr::new(ExprKind::If(Box::new(condition), Box::new(a), Box::new(b)), ty.clone());
        }
        let (mut then_block, mut else_block) = (then_block, else_block);
        if *ty == Type::Unit {
            self.emit(Stmt::If(condition, then_block, else_block));
            return unit();
        }
        let var = self.fresh("t", ty.clone(), false);
        for (block, value) in [(&mut then_block, a), (&mut else_block, b)] {
            if !diverges(block) {
                block.push(Stmt::Let(var, value));
            }
        }
        self.emit(Stmt::If(condition, then_block, else_block));
        Expr::var(var, ty.clone())
    }

    pub fn push_path(&mut self, condition: Expr) {
        if let Some(query) = &mut self.query {
            query.path.push(condition);
        }
    }

    pub fn pop_path(&mut self) {
        if let Some(query) = &mut self.query {
            query.path.pop();
        }
    }

    // ---- rows and references

    /// The row that a reference names, now.
    pub fn follow(&mut self, reference: Expr) -> Expr {
        let Type::Ref(relation) = reference.ty else { return reference };
        let expr = Expr::new(ExprKind::Follow(Box::new(reference)), Type::Row(relation));
        if self.in_query() {
            return expr;
        }
        let var = self.fresh("row", Type::Row(relation), false);
        self.emit(Stmt::Let(var, expr));
        Expr::var(var, Type::Row(relation))
    }

    /// The same value in another form of its type.
    pub fn coerce(&mut self, expr: Expr, to: &Type) -> Expr {
        if expr.ty == *to || diverges(&self.block) {
            return expr;
        }
        match (&expr.ty.clone(), to) {
            (Type::Row(r), Type::Ref(_)) => Expr::new(ExprKind::RefOf(Box::new(expr)), Type::Ref(*r)),
            (Type::Ref(_), Type::Row(_)) => self.follow(expr),
            (Type::Option(from), Type::Option(inner)) => {
                if matches!(expr.kind, ExprKind::None) {
                    return Expr::new(ExprKind::None, to.clone());
                }
                if let ExprKind::Some(value) = expr.kind {
                    let value = self.coerce(*value, inner);
                    return some(value);
                }
                let value = self.name(expr);
                let unwrapped = Expr::new(ExprKind::Unwrap(Box::new(value.clone())), (**from).clone());
                self.conditional(
                    is_some(value),
                    to,
                    |s| {
                        let inner_value = s.coerce(unwrapped, inner);
                        some(inner_value)
                    },
                    |_| Expr::new(ExprKind::None, to.clone()),
                )
            }
            (_, Type::Option(inner)) => {
                let value = self.coerce(expr, inner);
                some(value)
            }
            (Type::Record(from), Type::Record(into)) => {
                let value = self.name(expr);
                let mut fields = Vec::with_capacity(into.fields.len());
                for (name, ty) in &into.fields {
                    let Some(at) = from.fields.iter().position(|(n, _)| n == name) else {
                        fields.push(self.placeholder(ty));
                        continue;
                    };
                    let field =
                        Expr::new(ExprKind::Field(Box::new(value.clone()), at as u32), from.fields[at].1.clone());
                    fields.push(self.coerce(field, ty));
                }
                Expr::new(ExprKind::Record(fields), to.clone())
            }
            (Type::List(a) | Type::Bag(a) | Type::Set(a), Type::List(b) | Type::Bag(b) | Type::Set(b)) if a == b => {
                let prim = match to {
                    Type::Set(_) => Prim::ToSet,
                    Type::Bag(_) => Prim::ToBag,
                    _ => Prim::ToList,
                };
                Expr::new(ExprKind::Prim(prim, vec![expr], SiteId(0)), to.clone())
            }
            (Type::List(_) | Type::Bag(_) | Type::Set(_), Type::List(b) | Type::Bag(b) | Type::Set(b)) => {
                let element = (**b).clone();
                self.map_collection(expr, to, move |s, e| s.coerce(e, &element))
            }
            // A diverging expression has the unit type; its value is never used.
            _ => expr,
        }
    }

    /// Applies a function to each element of a collection.
    pub fn map_collection(&mut self, source: Expr, to: &Type, f: impl FnOnce(&mut Self, Expr) -> Expr) -> Expr {
        let element = source.ty.element().cloned().unwrap_or(Type::Unit);
        if self.in_query() {
            let (outer_rel, outer_rows) = self.begin_sub();
            let var = self.fresh_query("each", element.clone());
            let index = self.fresh_query("position", Type::Int);
            self.set_rel(Rel::Unnest { source, var, index });
            let path = self.take_path();
            let value = f(self, Expr::var(var, element));
            self.restore_path(path);
            let right = self.end_sub(outer_rel, outer_rows);
            return self.collect(right, value, to);
        }
        let source = self.name(source);
        self.begin_query();
        let source = self.capture(source);
        let var = self.fresh_query("each", element.clone());
        let index = self.fresh_query("position", Type::Int);
        self.set_rel(Rel::Unnest { source, var, index });
        let value = f(self, Expr::var(var, element));
        self.finish_query(crate::ir::Output::Collect(value), to.clone(), Range::empty(0))
    }

    // ---- queries under construction

    pub fn begin_query(&mut self) {
        debug_assert!(self.query.is_none(), "queries nest by operators, not by scopes");
        self.query = Some(QueryScope {
            vars: Vec::new(),
            params: Vec::new(),
            args: Vec::new(),
            rel: Rel::Unit,
            path: Vec::new(),
            rows: Vec::new(),
            grains: Vec::new(),
        });
    }

    /// Ends the query and yields the expression that runs it, as a statement of its own.
    pub fn finish_query(&mut self, output: crate::ir::Output, ty: Type, range: Range) -> Expr {
        let query = self.query.take().expect("a query was begun");
        let site = self.site(range);
        let name = self.frame.item.name.clone();
        let id = self.l.add_query(Query {
            id: QueryId(0),
            name,
            params: query.params,
            vars: query.vars,
            root: query.rel,
            output,
            site,
        });
        let var = self.fresh("q", ty.clone(), false);
        self.emit(Stmt::Let(var, Expr::new(ExprKind::Query(id, query.args), ty.clone())));
        Expr::var(var, ty)
    }

    /// Starts a subquery of the query at hand; see [`Scope::end_sub`].
    pub fn begin_sub(&mut self) -> (Rel, Vec<RowVar>) {
        let query = self.query.as_mut().expect("only called while a query is built");
        (std::mem::replace(&mut query.rel, Rel::Unit), std::mem::take(&mut query.rows))
    }

    /// Ends a subquery: yields its operators and restores what was at hand.
    pub fn end_sub(&mut self, outer_rel: Rel, outer_rows: Vec<RowVar>) -> Rel {
        let query = self.query.as_mut().expect("only called while a query is built");
        query.rows = outer_rows;
        std::mem::replace(&mut query.rel, outer_rel)
    }

    /// Conditions do not reach into a subquery as such: [`Scope::under_path`] puts them at its root.
    pub fn take_path(&mut self) -> Vec<Expr> {
        self.query.as_mut().map(|q| std::mem::take(&mut q.path)).unwrap_or_default()
    }

    pub fn restore_path(&mut self, path: Vec<Expr>) {
        if let Some(query) = &mut self.query {
            query.path = path;
        }
    }

    pub fn set_rel(&mut self, rel: Rel) {
        self.query.as_mut().expect("only called while a query is built").rel = rel;
    }

    pub fn take_rel(&mut self) -> Rel {
        std::mem::replace(&mut self.query.as_mut().expect("only called while a query is built").rel, Rel::Unit)
    }

    /// Attaches the elements of a subquery to each row of the query at hand.
    pub fn collect(&mut self, right: Rel, element: Expr, ty: &Type) -> Expr {
        let var = self.fresh_query("list", ty.clone());
        self.apply(crate::ir::Apply::Collect(var, element), right);
        Expr::var(var, ty.clone())
    }

    pub fn apply(&mut self, kind: crate::ir::Apply, right: Rel) {
        let right = self.under_path(&kind, right);
        let left = self.take_rel();
        self.set_rel(Rel::Apply { kind, left: Box::new(left), right: Box::new(right) });
    }

    /// A subquery that is partial runs only where the expression it stands in is evaluated.
    fn under_path(&self, kind: &crate::ir::Apply, right: Rel) -> Rel {
        match self.path_condition() {
            Some(predicate) if partial::apply_is_partial(kind, &right) => partial::restrict(kind, right, &predicate),
            _ => right,
        }
    }

    // ---- inlining

    /// Runs `f` in another frame.
    pub fn with_frame<T>(&mut self, frame: Frame, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.frame, frame);
        let value = f(self);
        self.frame = outer;
        value
    }
}

/// The order in which operands are evaluated: what is written (it has a place) from left to right, then what is filled
/// in, as it is given.
pub(super) fn written_order(places: impl Iterator<Item = Option<Range>>) -> Vec<usize> {
    let mut order: Vec<(bool, u32, usize)> =
        places.enumerate().map(|(at, place)| (place.is_none(), place.map_or(0, |range| range.start), at)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, at)| at).collect()
}

/// Values that were computed in an order (see [`written_order`]), each at the place it was taken from.
pub(super) fn given_order<T>(order: &[usize], values: Vec<T>) -> Vec<T> {
    let mut placed: Vec<(usize, T)> = order.iter().copied().zip(values).collect();
    placed.sort_unstable_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, value)| value).collect()
}

/// True for the value of a field that the program leaves out.
fn is_filled_in(expr: &typed::Expr) -> bool {
    match &expr.kind {
        typed::ExprKind::FieldDefault(_) | typed::ExprKind::Absent => true,
        typed::ExprKind::Convert(_, value) | typed::ExprKind::PresentField(value) => is_filled_in(value),
        _ => false,
    }
}

/// True if control never reaches the end of the block.
pub(super) fn diverges(block: &[Stmt]) -> bool {
    match block.last() {
        Some(Stmt::Return(_) | Stmt::Fail(..) | Stmt::Break | Stmt::Continue) => true,
        Some(Stmt::If(_, a, b)) => diverges(a) && diverges(b),
        Some(Stmt::Loop(body)) => !breaks(body),
        _ => false,
    }
}

fn breaks(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Break => true,
        Stmt::If(_, a, b) => breaks(a) || breaks(b),
        _ => false,
    })
}

pub(super) fn unit() -> Expr {
    Expr::new(ExprKind::Literal(Value::unit()), Type::Unit)
}

pub(super) fn bool_literal(value: bool) -> Expr {
    Expr::new(ExprKind::Literal(Value::Bool(value)), Type::Bool)
}

pub(super) fn int_literal(value: i64) -> Expr {
    Expr::new(ExprKind::Literal(Value::Int(value)), Type::Int)
}

pub(super) fn text_literal(value: &str) -> Expr {
    Expr::new(ExprKind::Literal(Value::text(value)), Type::Text)
}

fn is_true(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Value::Bool(true)))
}

pub(super) fn some(value: Expr) -> Expr {
    let ty = value.ty.clone().optional();
    Expr::new(ExprKind::Some(Box::new(value)), ty)
}

pub(super) fn none(ty: Type) -> Expr {
    Expr::new(ExprKind::None, ty)
}

pub(super) fn is_some(value: Expr) -> Expr {
    Expr::new(ExprKind::IsSome(Box::new(value)), Type::Bool)
}

pub(super) fn unwrap(value: Expr) -> Expr {
    let ty = value.ty.present().clone();
    Expr::new(ExprKind::Unwrap(Box::new(value)), ty)
}

pub(super) fn not(value: Expr) -> Expr {
    match value.kind {
        ExprKind::Literal(Value::Bool(b)) => bool_literal(!b),
        _ => Expr::new(ExprKind::Prim(Prim::Not, vec![value], SiteId(0)), Type::Bool),
    }
}

pub(super) fn and(a: Expr, b: Expr) -> Expr {
    if is_true(&a) {
        return b;
    }
    if is_true(&b) {
        return a;
    }
    Expr::new(ExprKind::And(Box::new(a), Box::new(b)), Type::Bool)
}

pub(super) fn or(a: Expr, b: Expr) -> Expr {
    if is_true(&a) {
        return a;
    }
    Expr::new(ExprKind::Or(Box::new(a), Box::new(b)), Type::Bool)
}

pub(super) fn compare(prim: Prim, a: Expr, b: Expr) -> Expr {
    Expr::new(ExprKind::Prim(prim, vec![a, b], SiteId(0)), Type::Bool)
}
