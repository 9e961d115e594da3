//! Where secrets go: what derives from a `secret` field is secret, under whatever name, until it is compared or counted;
//! it must not be answered, logged, interpolated, stored in a field that is not secret, or given to a function of the
//! program, which could do any of these. What the library makes of a secret is secret.
//!
//! A body is looked at as a whole once it is typed: which places each value flows to, in whatever order they are written,
//! so that a loop carries a secret into its next round; `tenon_analysis::secrets` says where secrets come. A function value
//! whose code is in sight holds what its parameters are given; one that the library calls may be given whatever stands
//! beside it, and what it gave before.

use super::engine::Infer;
use crate::builtins::Builtin;
use crate::names::is_library_module;
use crate::ty::{Symbol, Ty};
use crate::typed::{
    AggregateFn, Arg, Clause, Expr, ExprKind, Fold, LocalId, Pattern, PatternKind, Query, Source, Step, StepKind, Stmt,
    TextPart, children,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tenon_analysis::secrets::{Place, Secret, holds};
use tenon_diagnostics::Code;
use tenon_span::Range;

const ANSWER: &str = "would stand in the answer";
const LOG: &str = "would stand in the log";
const TEXT: &str = "would stand in the text";
const STORED: &str = "would be stored in a field that is not secret";
const SEEN: &str = "would be seen in a field that is not secret";
const GIVEN: &str = "would be given to a function that may tell it";

/// A part of a value, with the code that reads it.
#[derive(Clone, Copy)]
struct Leaf {
    place: Place,
    range: Range,
}

/// A way out of the program: what would leave by it.
struct Out {
    leaves: Vec<Leaf>,
    what: &'static str,
}

/// The flow of values in one body.
struct Flow<'f, 'a> {
    infer: &'f Infer<'a>,
    begins: Vec<(Place, Secret)>,
    flows: Vec<(Place, Place)>,
    outs: Vec<Out>,
    /// The fields that secrets come from.
    fields: Vec<(Symbol, SmolStr)>,
    /// Names that always stand for one function value, with its parameters.
    functions: FxHashMap<LocalId, Vec<LocalId>>,
    /// What was looked at: parts of a query are reached through it and through its clauses.
    seen: FxHashMap<*const Expr, Vec<Leaf>>,
    next: u32,
}

impl Infer<'_> {
    /// Complains where a secret would leave the program through a body.
    pub fn refuse_secrets(&mut self, body: &Expr) {
        let (answers, open) = (self.answers(), self.open);
        self.refuse_flow(|flow| {
            let value = flow.value(body);
            if answers {
                flow.out(value, ANSWER);
                flow.answers(body);
            } else if open {
                flow.out(value, SEEN);
            }
        });
    }

    /// The same of the steps of a scenario.
    pub fn refuse_secrets_of_steps(&mut self, steps: &[Step]) {
        self.refuse_flow(|flow| flow.steps(steps));
    }

    fn refuse_flow(&mut self, look: impl FnOnce(&mut Flow<'_, '_>)) {
        if !self.saw_secret.get() {
            return;
        }
        let mut flow = Flow {
            infer: self,
            begins: Vec::new(),
            flows: Vec::new(),
            outs: Vec::new(),
            fields: Vec::new(),
            functions: FxHashMap::default(),
            seen: FxHashMap::default(),
            next: self.locals.len() as u32,
        };
        look(&mut flow);
        for (range, (relation, field), what) in flow.leaks() {
            let d = self
                .diagnostic(Code::SecretOut, range, format!("`{field}` is secret and {what}"), "goes out here")
                .note("a secret may be compared and counted; leave it out here");
            let d = self.because(d, &relation, Some(&field), "declared secret");
            self.report(d);
        }
    }
}

impl Flow<'_, '_> {
    /// What leaves and is secret: of each value that leaves the first part.
    fn leaks(&self) -> Vec<(Range, (Symbol, SmolStr), &'static str)> {
        let mut secret: FxHashMap<Place, Secret> = FxHashMap::default();
        for (place, of) in holds(&self.begins, &self.flows) {
            secret.entry(place).or_insert(of);
        }
        let first = |out: &Out| {
            let (leaf, of) = out.leaves.iter().find_map(|leaf| Some((leaf, secret.get(&leaf.place)?)))?;
            Some((leaf.range, self.fields[of.0 as usize].clone(), out.what))
        };
        self.outs.iter().filter_map(first).collect()
    }

    fn out(&mut self, leaves: Vec<Leaf>, what: &'static str) {
        if !leaves.is_empty() {
            self.outs.push(Out { leaves, what });
        }
    }

    fn begin(&mut self, relation: Symbol, field: SmolStr, range: Range) -> Leaf {
        let place = Place(self.next);
        self.next += 1;
        self.begins.push((place, Secret(self.fields.len() as u32)));
        self.fields.push((relation, field));
        Leaf { place, range }
    }

    fn is_secret(&self, relation: &Symbol, field: &str) -> bool {
        self.infer.relation(relation).is_some_and(|sig| sig.fields.iter().any(|f| f.secret && f.name == field))
    }

    fn bind(&mut self, local: LocalId, leaves: &[Leaf]) {
        self.flows.extend(leaves.iter().map(|leaf| (leaf.place, Place(local.0))));
    }

    /// The parts that a value tells something of; what it does on its way is noted.
    fn value(&mut self, expr: &Expr) -> Vec<Leaf> {
        if let Some(seen) = self.seen.get(&std::ptr::from_ref(expr)) {
            return seen.clone();
        }
        let leaves = self.parts(expr);
        // A comparison tells no secret.
        let quiet = matches!(self.infer.base(&expr.ty), Ty::Bool | Ty::Unit | Ty::Never);
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
                match self.infer.base(&base.ty) {
                    Ty::Row(relation) if self.is_secret(&relation, name) => {
                        vec![self.begin(relation, name.clone(), expr.range)]
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
            ExprKind::Call { function, args, .. } => {
                let args = args.iter().filter_map(|arg| match arg {
                    Arg::Value(value) => Some(value),
                    Arg::Default | Arg::Absent => None,
                });
                if is_library_module(&function.module) {
                    return self.library(&args.collect::<Vec<_>>());
                }
                for arg in args {
                    let arg = self.value(arg);
                    self.out(arg, GIVEN);
                }
                Vec::new()
            }
            ExprKind::CallValue(callee, args) => {
                // What it makes of its parameters is part of the function value.
                let leaves = self.value(callee);
                let params = self.params(callee);
                for (at, arg) in args.iter().enumerate() {
                    let arg = self.value(arg);
                    match params.as_ref().and_then(|params| params.get(at)) {
                        Some(param) => self.bind(*param, &arg),
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
            if !matches!(self.infer.base(&arg.ty), Ty::Fn(..)) {
                continue;
            }
            match self.params(arg) {
                Some(params) => params.iter().for_each(|param| self.bind(*param, &leaves)),
                None if is_of_the_library(arg) => {}
                None => self.out(leaves.clone(), GIVEN),
            }
        }
        leaves
    }

    /// The parameters of a function value whose code is in sight.
    fn params(&self, function: &Expr) -> Option<Vec<LocalId>> {
        match &function.kind {
            ExprKind::Lambda(params, _) => Some(params.clone()),
            ExprKind::Local(local) => self.functions.get(local).cloned(),
            ExprKind::Convert(_, inner) => self.params(inner),
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
            let all_secret = match self.infer.base(&spread.ty) {
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
                    && !self.infer.locals[local.0 as usize].mutable
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
                    match self.infer.base(&pattern.ty) {
                        Ty::Row(relation) if self.is_secret(&relation, name) => {
                            let leaf = self.begin(relation, name.clone(), part.range);
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
        let Ty::Row(relation) = self.infer.base(&pattern.ty) else { return Vec::new() };
        let Some(sig) = self.infer.relation(&relation) else { return Vec::new() };
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
    fn answers(&mut self, expr: &Expr) {
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            if let ExprKind::Return(Some(value)) = &expr.kind {
                let value = self.value(value);
                self.out(value, ANSWER);
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
                StepKind::When { args, more, .. } => {
                    for arg in args.iter().chain(more.iter().flat_map(|(_, args)| args)) {
                        if let Arg::Value(value) = arg {
                            let leaves = self.value(value);
                            self.out(leaves, GIVEN);
                        }
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
