//! The flow of values in one body: which places each value flows to, in whatever order they are written, so that a loop
//! carries a secret into its next round. A function value whose code is in sight holds what its parameters are given; one that
//! the library calls may be given whatever stands beside it, and what it gave before.
//!
//! Calls of functions of the program are left open: an argument and a result are places, and who asks says what lies
//! between.

use crate::builtins::Builtin;
use crate::db::Db;
use crate::declare::signature;
use crate::names::is_library_module;
use crate::signature::{RelationSig, Signature};
use crate::ty::{Symbol, Ty};
use crate::typed::{
    AggregateFn, Arg, Body, Clause, Expr, ExprKind, Fold, Local, LocalId, Pattern, PatternKind, Query, Scenario,
    Source, Step, StepKind, Stmt, TextPart, children,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tenon_analysis::secrets::Place;
use tenon_span::Range;

pub(super) const ANSWER: &str = "would stand in the answer";
const LOG: &str = "would stand in the log";
const TEXT: &str = "would stand in the text";
const STORED: &str = "would be stored in a field that is not secret";
pub(super) const SEEN: &str = "would be seen in a field that is not secret";
const GIVEN: &str = "would be given to a function that may tell it";

/// A part of a value, with the code that reads it.
#[derive(Clone, Copy)]
pub(super) struct Leaf {
    pub place: Place,
    pub range: Range,
}

/// Where values go out.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// Out of the program.
    Told(&'static str),
    /// Into a call, by its number, as the argument of a number: out if the function tells it.
    Into(usize, usize),
}

/// A way out: what would leave by it.
pub(super) struct Out {
    pub leaves: Vec<Leaf>,
    pub way: Way,
}

/// A call of a function of the program, or such a function as a value.
pub(super) struct Call {
    pub function: Symbol,
    /// The place of each argument.
    pub arguments: Vec<Place>,
    pub result: Place,
}

/// The flow of values in one body.
pub(super) struct Flow<'f> {
    db: &'f dyn Db,
    locals: &'f [Local],
    /// Where secret fields are read: a place, and the number of the field.
    pub begins: Vec<(Place, usize)>,
    /// The fields that secrets come from.
    pub fields: Vec<(Symbol, SmolStr)>,
    pub flows: Vec<(Place, Place)>,
    pub outs: Vec<Out>,
    pub calls: Vec<Call>,
    /// What the body gives, at its end and by each `return`.
    pub results: Vec<Vec<Leaf>>,
    /// Names that always stand for one function value, with the places of its parameters.
    functions: FxHashMap<LocalId, Vec<Place>>,
    /// What was looked at: parts of a query are reached through it and through its clauses.
    seen: FxHashMap<*const Expr, Vec<Leaf>>,
    /// Functions of the program as values.
    values: FxHashMap<*const Expr, usize>,
    next: u32,
}

impl<'f> Flow<'f> {
    /// The flow in a body that gives a value.
    pub fn of_body(db: &'f dyn Db, body: &'f Body) -> Flow<'f> {
        let mut flow = Flow::new(db, &body.locals);
        let value = flow.value(&body.value);
        flow.results.push(value);
        flow.returns(&body.value);
        flow
    }

    /// The flow in the steps of a scenario.
    pub fn of_scenario(db: &'f dyn Db, scenario: &'f Scenario) -> Flow<'f> {
        let mut flow = Flow::new(db, &scenario.locals);
        flow.steps(&scenario.steps);
        flow
    }

    fn new(db: &'f dyn Db, locals: &'f [Local]) -> Flow<'f> {
        Flow {
            db,
            locals,
            begins: Vec::new(),
            fields: Vec::new(),
            flows: Vec::new(),
            outs: Vec::new(),
            calls: Vec::new(),
            results: Vec::new(),
            functions: FxHashMap::default(),
            seen: FxHashMap::default(),
            values: FxHashMap::default(),
            next: locals.len() as u32,
        }
    }

    fn relation(&self, symbol: &Symbol) -> Option<&'f RelationSig> {
        match signature(self.db, symbol)? {
            Signature::Relation(sig) => Some(sig),
            _ => None,
        }
    }

    fn place(&mut self) -> Place {
        self.next += 1;
        Place(self.next - 1)
    }

    fn out(&mut self, leaves: Vec<Leaf>, what: &'static str) {
        if !leaves.is_empty() {
            self.outs.push(Out { leaves, way: Way::Told(what) });
        }
    }

    fn begin(&mut self, relation: Symbol, field: SmolStr, range: Range) -> Leaf {
        let place = self.place();
        let of = (relation, field);
        let number = self.fields.iter().position(|known| *known == of).unwrap_or_else(|| {
            self.fields.push(of);
            self.fields.len() - 1
        });
        self.begins.push((place, number));
        Leaf { place, range }
    }

    fn is_secret(&self, relation: &Symbol, field: &str) -> bool {
        self.relation(relation).is_some_and(|sig| sig.fields.iter().any(|f| f.secret && f.name == field))
    }

    fn bind(&mut self, local: LocalId, leaves: &[Leaf]) {
        self.flow_to(Place(local.0), leaves);
    }

    fn flow_to(&mut self, place: Place, leaves: &[Leaf]) {
        self.flows.extend(leaves.iter().map(|leaf| (leaf.place, place)));
    }

    /// A call with so many arguments, its number.
    fn open_call(&mut self, function: &Symbol, arguments: usize) -> usize {
        let arguments = (0..arguments).map(|_| self.place()).collect();
        let result = self.place();
        self.calls.push(Call { function: function.clone(), arguments, result });
        self.calls.len() - 1
    }

    /// A call of a function of the program; what it gives.
    fn call(&mut self, function: &Symbol, args: &[Arg], range: Range) -> Vec<Leaf> {
        let call = self.open_call(function, args.len());
        for (at, arg) in args.iter().enumerate() {
            if let Arg::Value(value) = arg {
                let leaves = self.value(value);
                self.flow_to(self.calls[call].arguments[at], &leaves);
                if !leaves.is_empty() {
                    self.outs.push(Out { leaves, way: Way::Into(call, at) });
                }
            }
        }
        vec![Leaf { place: self.calls[call].result, range }]
    }

    /// A function of the program as a value: whoever calls it gives it what it likes.
    fn function_value(&mut self, expr: &Expr, function: &Symbol) -> Vec<Leaf> {
        let arity = match signature(self.db, function) {
            Some(Signature::Function(sig)) => sig.params.len(),
            _ => 0,
        };
        let call = self.open_call(function, arity);
        self.values.insert(std::ptr::from_ref(expr), call);
        for at in 0..arity {
            let leaf = Leaf { place: self.calls[call].arguments[at], range: expr.range };
            self.outs.push(Out { leaves: vec![leaf], way: Way::Into(call, at) });
        }
        vec![Leaf { place: self.calls[call].result, range: expr.range }]
    }

    /// The parts that a value tells something of; what it does on its way is noted.
    fn value(&mut self, expr: &Expr) -> Vec<Leaf> {
        if let Some(seen) = self.seen.get(&std::ptr::from_ref(expr)) {
            return seen.clone();
        }
        let leaves = self.parts(expr);
        // A comparison tells no secret.
        let quiet = matches!(expr.ty.base(), Ty::Bool | Ty::Unit | Ty::Never);
        let leaves = if quiet { Vec::new() } else { leaves };
        self.seen.insert(std::ptr::from_ref(expr), leaves.clone());
        leaves
    }

    fn values<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Leaf> {
        exprs.into_iter().flat_map(|expr| self.value(expr)).collect()
    }

    fn parts(&mut self, expr: &Expr) -> Vec<Leaf> {
        match &expr.kind {
            ExprKind::StoredField(base, name) | ExprKind::ComputedField(base, name) => {
                let of = self.value(base);
                match base.ty.base() {
                    Ty::Row(relation) if self.is_secret(relation, name) => {
                        vec![self.begin(relation.clone(), name.clone(), expr.range)]
                    }
                    Ty::Row(_) => Vec::new(),
                    _ => of,
                }
            }
            ExprKind::Local(local) => vec![Leaf { place: Place(local.0), range: expr.range }],
            // A row is no secret: its secret fields stay behind where it is answered.
            ExprKind::Lookup { .. } | ExprKind::Inverse { .. } | ExprKind::Rows(_) | ExprKind::Delete { .. } => {
                self.values(children(expr));
                Vec::new()
            }
            ExprKind::Insert { .. } | ExprKind::Upsert { .. } | ExprKind::Update { .. } => {
                self.write(expr);
                Vec::new()
            }
            ExprKind::If(condition, a, b) => {
                self.value(condition);
                self.values([&**a, &**b])
            }
            ExprKind::Match(subject, arms) => {
                let subject = self.value(subject);
                let mut leaves = Vec::new();
                for arm in arms {
                    self.pattern(&arm.pattern, &subject);
                    self.values(&arm.guard);
                    leaves.extend(self.value(&arm.body));
                }
                leaves
            }
            ExprKind::Is(value, pattern) => {
                let value = self.value(value);
                self.pattern(pattern, &value);
                Vec::new()
            }
            ExprKind::OptionMap(value, local, body) => {
                let value = self.value(value);
                self.bind(*local, &value);
                self.value(body)
            }
            ExprKind::Block(stmts, value) => {
                stmts.iter().for_each(|stmt| self.stmt(stmt));
                value.as_ref().map_or_else(Vec::new, |value| self.value(value))
            }
            ExprKind::Interpolate(parts) => {
                for part in parts {
                    if let TextPart::Hole(hole) = part {
                        let hole = self.value(hole);
                        self.out(hole, TEXT);
                    }
                }
                Vec::new()
            }
            ExprKind::Fail { fields, message, .. } => {
                for part in fields.iter().chain(message.as_deref()) {
                    let part = self.value(part);
                    self.out(part, ANSWER);
                }
                Vec::new()
            }
            ExprKind::Builtin(Builtin::Log, args) => {
                for arg in args {
                    let arg = self.value(arg);
                    self.out(arg, LOG);
                }
                Vec::new()
            }
            ExprKind::Builtin(_, args) => self.library(&args.iter().collect::<Vec<_>>()),
            ExprKind::Call { function, args, .. } if is_library_module(&function.module) => {
                let args = args.iter().filter_map(|arg| match arg {
                    Arg::Value(value) => Some(value),
                    Arg::Default | Arg::Absent => None,
                });
                self.library(&args.collect::<Vec<_>>())
            }
            ExprKind::Call { function, args, .. } => self.call(function, args, expr.range),
            ExprKind::FnValue(function, _) if !is_library_module(&function.module) => {
                self.function_value(expr, function)
            }
            ExprKind::CallValue(callee, args) => {
                // What it makes of its parameters is part of the function value.
                let leaves = self.value(callee);
                let params = self.params(callee);
                for (at, arg) in args.iter().enumerate() {
                    let arg = self.value(arg);
                    match params.as_ref().and_then(|params| params.get(at)) {
                        Some(param) => self.flow_to(*param, &arg),
                        None => self.out(arg, GIVEN),
                    }
                }
                leaves
            }
            ExprKind::Query(query) => {
                self.values(children(expr));
                self.query(query)
            }
            _ => self.values(children(expr)),
        }
    }

    /// A call of the library: what it is given may come to any function value beside it, and what one gives to any other.
    fn library(&mut self, args: &[&Expr]) -> Vec<Leaf> {
        let leaves = self.values(args.iter().copied());
        for arg in args {
            if !matches!(arg.ty.base(), Ty::Fn(..)) {
                continue;
            }
            match self.params(arg) {
                Some(params) => params.iter().for_each(|param| self.flow_to(*param, &leaves)),
                None if is_of_the_library(arg) => {}
                None => self.out(leaves.clone(), GIVEN),
            }
        }
        leaves
    }

    /// The places of the parameters of a function value whose code is in sight, or that is a function of the program.
    fn params(&self, function: &Expr) -> Option<Vec<Place>> {
        match &function.kind {
            ExprKind::Lambda(params, _) => Some(params.iter().map(|param| Place(param.0)).collect()),
            ExprKind::Local(local) => self.functions.get(local).cloned(),
            ExprKind::Convert(_, inner) => self.params(inner),
            ExprKind::FnValue(..) => {
                let call = self.values.get(&std::ptr::from_ref(function))?;
                Some(self.calls[*call].arguments.clone())
            }
            _ => None,
        }
    }

    fn write(&mut self, expr: &Expr) {
        let (relation, given, spread): (_, Vec<(&SmolStr, &Expr)>, _) = match &expr.kind {
            ExprKind::Insert { relation, fields, spread } => {
                (relation, fields.iter().map(|(name, value)| (name, value)).collect(), spread.as_deref())
            }
            ExprKind::Upsert { relation, fields, .. } => {
                (relation, fields.iter().map(|(name, value)| (name, value)).collect(), None)
            }
            ExprKind::Update { relation, row, sets, spread } => {
                self.value(row);
                (relation, sets.iter().map(|set| (&set.field, &set.value)).collect(), spread.as_deref())
            }
            _ => return,
        };
        for (field, value) in given {
            let leaves = self.value(value);
            if !self.is_secret(relation, field) {
                self.out(leaves, STORED);
            }
        }
        if let Some(spread) = spread {
            let leaves = self.value(spread);
            let all_secret = match spread.ty.base() {
                Ty::Record(record) => record.fields.iter().all(|field| self.is_secret(relation, &field.name)),
                _ => false,
            };
            if !all_secret {
                self.out(leaves, STORED);
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let(pattern, value) => {
                let leaves = self.value(value);
                self.pattern(pattern, &leaves);
                if let (PatternKind::Bind(local), Some(params)) = (&pattern.kind, self.params(value))
                    && self.locals.get(local.0 as usize).is_some_and(|local| !local.mutable)
                {
                    self.functions.insert(*local, params);
                }
            }
            Stmt::LetElse(pattern, value, otherwise) => {
                let leaves = self.value(value);
                self.pattern(pattern, &leaves);
                self.value(otherwise);
            }
            Stmt::Assign(local, value) => {
                let leaves = self.value(value);
                self.bind(*local, &leaves);
            }
            Stmt::For(pattern, source, body) => {
                let leaves = self.value(source);
                self.pattern(pattern, &leaves);
                self.value(body);
            }
            Stmt::While(condition, body) => {
                self.value(condition);
                self.value(body);
            }
            Stmt::Expr(expr) => {
                self.value(expr);
            }
        }
    }

    /// The locals of a pattern hold parts of what it is matched with.
    fn pattern(&mut self, pattern: &Pattern, whole: &[Leaf]) {
        match &pattern.kind {
            PatternKind::Bind(local) => self.bind(*local, whole),
            PatternKind::Present(inner) => self.pattern(inner, whole),
            PatternKind::Case(_, _, parts) | PatternKind::Or(parts) => {
                parts.iter().for_each(|part| self.pattern(part, whole));
            }
            PatternKind::Record(fields, rest) => {
                if let Some(local) = rest {
                    let of_row = self.secrets_left(pattern, fields);
                    self.bind(*local, whole);
                    self.bind(*local, &of_row);
                }
                for (name, part) in fields {
                    match pattern.ty.base() {
                        Ty::Row(relation) if self.is_secret(relation, name) => {
                            let leaf = self.begin(relation.clone(), name.clone(), part.range);
                            self.pattern(part, &[leaf]);
                        }
                        Ty::Row(_) => self.pattern(part, &[]),
                        _ => self.pattern(part, whole),
                    }
                }
            }
            PatternKind::Error
            | PatternKind::Wildcard
            | PatternKind::Literal(_)
            | PatternKind::Range(..)
            | PatternKind::Absent => {}
        }
    }

    /// The secret fields of a row that a pattern does not name.
    fn secrets_left(&mut self, pattern: &Pattern, named: &[(SmolStr, Pattern)]) -> Vec<Leaf> {
        let Ty::Row(relation) = pattern.ty.base() else { return Vec::new() };
        let Some(sig) = self.relation(relation) else { return Vec::new() };
        let left = sig.fields.iter().filter(|f| f.secret && !named.iter().any(|(name, _)| *name == f.name));
        left.map(|field| self.begin(relation.clone(), field.name.clone(), pattern.range)).collect()
    }

    /// What a query gives; its expressions have been looked at.
    fn query(&mut self, query: &Query) -> Vec<Leaf> {
        for clause in &query.clauses {
            match clause {
                Clause::With(values) | Clause::Select(values) => self.columns(values),
                Clause::Group { keys, aggregates, .. } => {
                    self.columns(keys);
                    for (local, aggregate) in aggregates {
                        if let Some(argument) = &aggregate.argument
                            && !matches!(aggregate.function, AggregateFn::Count)
                        {
                            let leaves = self.value(argument);
                            self.bind(*local, &leaves);
                        }
                    }
                }
                Clause::Windows(windows) => {
                    for (local, window) in windows {
                        let leaves = self.values(&window.arguments);
                        self.bind(*local, &leaves);
                    }
                }
                Clause::From(local, source) | Clause::Join(local, source, _) => self.source(&[*local], source),
                Clause::LeftJoin(inside, left, source, _) => self.source(&[*inside, *left], source),
                Clause::Where(_) | Clause::Distinct | Clause::OrderBy(_) | Clause::Limit(_) | Clause::Offset(_) => {}
            }
        }
        match query.fold {
            Fold::Aggregate(AggregateFn::Count) => Vec::new(),
            _ => self.value(&query.element),
        }
    }

    fn columns(&mut self, values: &[(LocalId, Expr)]) {
        for (local, value) in values {
            let leaves = self.value(value);
            self.bind(*local, &leaves);
        }
    }

    fn source(&mut self, locals: &[LocalId], source: &Source) {
        if let Source::Collection(elements) = source {
            let leaves = self.value(elements);
            locals.iter().for_each(|local| self.bind(*local, &leaves));
        }
    }

    /// What `return` gives, wherever it stands.
    fn returns(&mut self, expr: &Expr) {
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            if let ExprKind::Return(Some(value)) = &expr.kind {
                let value = self.value(value);
                self.results.push(value);
            }
            open.extend(children(expr));
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Given { bind, value } => {
                    let leaves = self.value(value);
                    bind.iter().for_each(|local| self.bind(*local, &leaves));
                }
                StepKind::When { bind, function, args, more, .. } => {
                    let leaves = self.call(function, args, step.range);
                    bind.iter().for_each(|local| self.bind(*local, &leaves));
                    for (function, args) in more {
                        self.call(function, args, step.range);
                    }
                }
                StepKind::After(value) | StepKind::Then(value, _) => {
                    self.value(value);
                }
                StepKind::For { pattern, source, steps } => {
                    let leaves = self.value(source);
                    self.pattern(pattern, &leaves);
                    self.steps(steps);
                }
            }
        }
    }
}

/// True for a function of the library as a value.
fn is_of_the_library(function: &Expr) -> bool {
    match &function.kind {
        ExprKind::FnValue(symbol, _) => is_library_module(&symbol.module),
        ExprKind::Convert(_, inner) => is_of_the_library(inner),
        _ => false,
    }
}
