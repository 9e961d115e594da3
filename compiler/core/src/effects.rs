//! What functions may do: the least kinds that cover their own code and that of whoever they call.

use crate::ir::{
    Block, Command, Expr, ExprKind, Function, FunctionId, FunctionKind, Output, Program, Query, Rel, Stmt,
};

/// Sets the kind of every function; to be called once all bodies are in place.
pub fn infer_kinds(program: &mut Program) {
    let kinds = kinds(program);
    for (function, kind) in program.functions.iter_mut().zip(kinds) {
        function.kind = kind;
    }
}

/// The least kind of every function.
pub fn kinds(program: &Program) -> Vec<FunctionKind> {
    let mut found = Kinds::default();
    found.queries(program);
    for (index, function) in program.functions.iter().enumerate() {
        found.function(FunctionId(index as u32), function);
    }
    found.close()
}

/// What the functions of a program do by themselves and whom they call, as far as they have been looked at. Their code is
/// not needed any more once it has been.
#[derive(Default)]
pub struct Kinds {
    /// By query: whether it reads the store.
    reading: Vec<bool>,
    /// By function.
    own: Vec<FunctionKind>,
    calls: Vec<Vec<FunctionId>>,
}

impl Kinds {
    /// Looks at the queries that are new; gives the number of the first.
    pub fn queries(&mut self, program: &Program) -> usize {
        let known = self.reading.len();
        for query in program.queries.iter().skip(known) {
            self.reading.push(self.query_reads(program, query, 0));
        }
        known
    }

    /// Looks at a function; the queries in it have been looked at.
    pub fn function(&mut self, id: FunctionId, function: &Function) {
        let mut seen = Seen { kind: FunctionKind::Pure, calls: Vec::new(), reading: &self.reading };
        seen.block(&function.body);
        let Seen { kind, calls, .. } = seen;
        let count = self.own.len().max(id.index() + 1);
        self.own.resize(count, FunctionKind::Pure);
        self.calls.resize(count, Vec::new());
        self.own[id.index()] = kind;
        self.calls[id.index()] = calls;
    }

    /// The least kind of every function, all of which have been looked at.
    pub fn close(self) -> Vec<FunctionKind> {
        let Kinds { mut own, calls, .. } = self;
        // The lattice has three steps, so this ends quickly whatever the call graph.
        loop {
            let mut changed = false;
            for index in 0..own.len() {
                let most =
                    calls[index].iter().filter_map(|c| own.get(c.index()).copied()).max().unwrap_or(FunctionKind::Pure);
                if most > own[index] {
                    own[index] = most;
                    changed = true;
                }
            }
            if !changed {
                return own;
            }
        }
    }

    fn query_reads(&self, program: &Program, query: &Query, depth: usize) -> bool {
        if depth > 32 || contains_scan(&query.root) {
            return true;
        }
        let reads = |e: &Expr| self.expr_reads(program, e, depth);
        let gives = match &query.output {
            Output::Collect(e) | Output::First(e) | Output::One(e) => reads(e),
            Output::CollectMap(k, v) => reads(k) || reads(v),
            Output::Exists => false,
        };
        gives || {
            let mut inner = false;
            exprs_of(&query.root, &mut |e| inner = inner || reads(e));
            inner
        }
    }

    fn expr_reads(&self, program: &Program, expr: &Expr, depth: usize) -> bool {
        let mut reads = match &expr.kind {
            ExprKind::Follow(_) => true,
            ExprKind::Query(id, _) => match (self.reading.get(id.index()), program.queries.get(id.index())) {
                (Some(reads), _) => *reads,
                (None, Some(query)) => self.query_reads(program, query, depth + 1),
                (None, None) => true,
            },
            _ => false,
        };
        expr.children(&mut |child| reads = reads || self.expr_reads(program, child, depth));
        reads
    }
}

struct Seen<'a> {
    kind: FunctionKind,
    calls: Vec<FunctionId>,
    reading: &'a [bool],
}

impl Seen<'_> {
    fn raise(&mut self, kind: FunctionKind) {
        self.kind = self.kind.max(kind);
    }

    fn block(&mut self, block: &Block) {
        for stmt in block {
            match stmt {
                Stmt::Let(_, e) | Stmt::Return(e) => self.expr(e),
                Stmt::Do(_, command, _) => self.command(command),
                Stmt::If(c, a, b) => {
                    self.expr(c);
                    self.block(a);
                    self.block(b);
                }
                Stmt::Loop(body) => self.block(body),
                Stmt::ForEach(_, e, body) => {
                    self.expr(e);
                    self.block(body);
                }
                Stmt::Break | Stmt::Continue | Stmt::RejectProblems => {}
                Stmt::Fail(with, _) => {
                    with.fields.iter().for_each(|e| self.expr(e));
                    self.expr(&with.message);
                }
                Stmt::Check(check, _) => self.expr(&check.condition),
                Stmt::Problem(a, b) => {
                    self.expr(a);
                    self.expr(b);
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Call(id, args) => {
                self.calls.push(*id);
                args.iter().for_each(|e| self.expr(e));
            }
            Command::Insert { .. } | Command::Update { .. } | Command::Delete { .. } | Command::Serial(_) => {
                self.raise(FunctionKind::Writes);
            }
            _ => self.raise(FunctionKind::Reads),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Follow(_) => self.raise(FunctionKind::Reads),
            ExprKind::Query(id, _) if self.reading.get(id.index()).copied().unwrap_or(true) => {
                self.raise(FunctionKind::Reads)
            }
            ExprKind::Call(id, ..) => self.calls.push(*id),
            _ => {}
        }
        expr.children(&mut |child| self.expr(child));
    }
}

fn contains_scan(rel: &Rel) -> bool {
    match rel {
        Rel::Scan { .. } => true,
        Rel::Unit | Rel::Unnest { .. } => false,
        Rel::Filter { input, .. }
        | Rel::Map { input, .. }
        | Rel::Group { input, .. }
        | Rel::Window { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. } => contains_scan(input),
        Rel::Join { left, right, .. } | Rel::Apply { left, right, .. } | Rel::SetOp { left, right, .. } => {
            contains_scan(left) || contains_scan(right)
        }
    }
}

/// Calls `f` on every expression of the operators.
pub fn exprs_of<'a>(rel: &'a Rel, f: &mut dyn FnMut(&'a Expr)) {
    match rel {
        Rel::Unit | Rel::Scan { .. } => {}
        Rel::Unnest { source, .. } => f(source),
        Rel::Filter { input, predicate } => {
            exprs_of(input, f);
            f(predicate);
        }
        Rel::Map { input, defs } => {
            exprs_of(input, f);
            defs.iter().for_each(|(_, e)| f(e));
        }
        Rel::Join { left, right, on, .. } => {
            exprs_of(left, f);
            exprs_of(right, f);
            f(on);
        }
        Rel::Apply { kind, left, right } => {
            exprs_of(left, f);
            exprs_of(right, f);
            if let crate::ir::Apply::Collect(_, e) = kind {
                f(e);
            }
        }
        Rel::Group { input, keys, aggregates, .. } => {
            exprs_of(input, f);
            keys.iter().for_each(|(_, e)| f(e));
            for (_, aggregate) in aggregates {
                aggregate.argument.iter().for_each(&mut *f);
                aggregate.grain.iter().flatten().for_each(&mut *f);
                aggregate.filter.iter().for_each(&mut *f);
                aggregate.order.iter().for_each(|k| f(&k.expr));
            }
        }
        Rel::Window { input, windows } => {
            exprs_of(input, f);
            for (_, window) in windows {
                window.arguments.iter().for_each(&mut *f);
                window.partition.iter().for_each(&mut *f);
                window.order.iter().for_each(|k| f(&k.expr));
                if let crate::ir::Frame::Rows(a, b) = &window.frame {
                    for bound in [a, b] {
                        match bound {
                            crate::ir::Bound::Before(e) | crate::ir::Bound::After(e) => f(e),
                            crate::ir::Bound::Current => {}
                        }
                    }
                }
            }
        }
        Rel::Sort { input, keys } => {
            exprs_of(input, f);
            keys.iter().for_each(|k| f(&k.expr));
        }
        Rel::Limit { input, limit, offset } => {
            exprs_of(input, f);
            limit.iter().for_each(&mut *f);
            offset.iter().for_each(&mut *f);
        }
        Rel::Distinct { input, .. } => exprs_of(input, f),
        Rel::SetOp { left, right, .. } => {
            exprs_of(left, f);
            exprs_of(right, f);
        }
    }
}
