//! Drawing functions that write.

use super::expr::{Scope, int, is_some, literal, reference, unwrap};
use super::{Generator, LINE, NUMBER, ORDER, PERSON, SHAPE, SITE};
use crate::ir::*;
use tenon_value::{BuiltIn, Value};

/// Rows that each relation gets at first.
const ROWS: i64 = 5;

fn fails(error: BuiltIn) -> FailWith {
    FailWith { error: error.id(), fields: Vec::new(), message: literal(Value::text(error.name()), Type::Text) }
}

impl Generator {
    /// Looks a row up by an Int key and runs statements where it is there.
    fn when_found(
        &mut self,
        relation: RelationId,
        key: Vec<Expr>,
        then: impl FnOnce(&mut Self, Expr) -> Block,
    ) -> Vec<Stmt> {
        let option = Type::Row(relation).optional();
        let found = self.var(&option);
        let row = self.var(&Type::Row(relation));
        let lookup = Command::Lookup { relation, unique: None, key };
        let mut block = vec![Stmt::Let(row, unwrap(Expr::var(found, option.clone())))];
        block.extend(then(self, Expr::var(row, Type::Row(relation))));
        vec![Stmt::Do(Some(found), lookup, SITE), Stmt::If(is_some(Expr::var(found, option)), block, Vec::new())]
    }

    fn insert(&mut self, relation: RelationId, values: Vec<Expr>) -> Stmt {
        let uniques = self.program.relation(relation).uniques.len();
        let command = Command::Insert {
            relation,
            values,
            on_key: fails(BuiltIn::Conflict),
            on_unique: vec![fails(BuiltIn::Conflict); uniques],
        };
        Stmt::Do(None, command, SITE)
    }

    /// The function that fills the store. Texts of uniques are numbered, so it never fails.
    pub(super) fn fill(&mut self) -> FunctionId {
        self.vars = Vec::new();
        let none = |ty: Type| Expr::new(ExprKind::None, ty.optional());
        let text = |text: String| literal(Value::text(text), Type::Text);
        let scope = Scope::new(false);
        let mut body = Vec::new();
        for n in 0..ROWS {
            let age = self.expr(&Type::Int.optional(), 1, &scope);
            let shape = self.expr(&Type::Variant(SHAPE), 1, &scope);
            let values = vec![int(n), text(format!("person {}", (n * 7) % 5)), age, shape, none(Type::Ref(PERSON))];
            body.push(self.insert(PERSON, values));
            let half = self.expr(&Type::Decimal(2).optional(), 1, &scope);
            let label = self.expr(&Type::Text, 1, &scope);
            body.push(self.insert(NUMBER, vec![int(n * 3 - 4), half, label]));
        }
        for n in 0..ROWS {
            let key = int(i64::from(self.below(4)));
            let paid = self.expr(&Type::Decimal(2), 1, &scope);
            let note = if self.chance(50) {
                super::expr::some(text(format!("note {}", (n * 3) % 5)))
            } else {
                none(Type::Text)
            };
            let open = self.expr(&Type::Bool, 1, &scope);
            body.extend(self.when_found(PERSON, vec![key], |g, person| {
                vec![g.insert(ORDER, vec![int(n + 1), reference(person), paid, note, open])]
            }));
        }
        for order in 1..=3 {
            for nr in 0..self.below(4) {
                let qty = self.expr(&Type::Int, 1, &scope);
                let weight = self.expr(&Type::Float, 1, &scope);
                let day = self.expr(&Type::Date, 1, &scope);
                body.extend(self.when_found(ORDER, vec![int(order)], |g, row| {
                    vec![g.insert(LINE, vec![reference(row), int(i64::from(nr)), qty, weight, day])]
                }));
            }
        }
        body.push(Stmt::Return(Expr::new(ExprKind::Record(Vec::new()), Type::Unit)));
        self.function("fill", FunctionKind::Writes, Type::Unit, body)
    }

    /// A function with variables, branches, loops and commands. `n` keeps keys of different writers apart, mostly.
    pub(super) fn writer(&mut self, n: u32) -> FunctionId {
        self.vars = Vec::new();
        let mut scope = Scope::new(false);
        let mut body = Vec::new();
        for _ in 0..2 + self.below(2) {
            let ty = self.scalar();
            let value = self.expr(&ty, 2, &scope);
            let var = self.var(&ty);
            body.push(Stmt::Let(var, value));
            scope.vars.push((var, ty));
        }
        let assigned = scope.vars.clone();
        for _ in 0..3 + self.below(4) {
            body.extend(self.statement(&scope, 2, n));
        }
        let fields: Vec<Expr> = assigned.iter().map(|(var, ty)| Expr::var(*var, ty.clone())).collect();
        let types = assigned.iter().enumerate().map(|(i, (_, ty))| (format!("f{i}").into(), ty.clone())).collect();
        let result = Type::record(types);
        body.push(Stmt::Return(Expr::new(ExprKind::Record(fields), result.clone())));
        self.function("write", FunctionKind::Writes, result, body)
    }

    fn block(&mut self, scope: &Scope, depth: u32, n: u32) -> Block {
        let mut block = Vec::new();
        for _ in 0..1 + self.below(2) {
            block.extend(self.statement(scope, depth, n));
        }
        block
    }

    fn statement(&mut self, scope: &Scope, depth: u32, n: u32) -> Vec<Stmt> {
        let key = int(i64::from(self.below(6)));
        match self.below(if depth == 0 { 7 } else { 11 }) {
            0 | 1 => {
                let (var, ty) = self.pick(&scope.vars).clone();
                vec![Stmt::Let(var, self.expr(&ty, 2, scope))]
            }
            2 => {
                let (half, label) =
                    (self.expr(&Type::Decimal(2).optional(), 1, scope), self.expr(&Type::Text, 1, scope));
                let key = int(i64::from(100 * n + self.below(40)));
                vec![self.insert(NUMBER, vec![key, half, label])]
            }
            3 => {
                let age = self.expr(&Type::Int.optional(), 2, scope);
                let boss = self.chance(40);
                self.when_found(PERSON, vec![key], |g, row| {
                    let target = reference(row);
                    let mut sets = vec![(FieldId(2), age)];
                    if boss {
                        sets.push((FieldId(4), super::expr::some(target.clone())));
                    }
                    let uniques = g.program.relation(PERSON).uniques.len();
                    let updated = g.var(&Type::Row(PERSON));
                    let command = Command::Update {
                        relation: PERSON,
                        target,
                        sets,
                        on_gone: fails(BuiltIn::NotFound),
                        on_unique: vec![fails(BuiltIn::Conflict); uniques],
                    };
                    vec![Stmt::Do(Some(updated), command, SITE)]
                })
            }
            4 => {
                let relation = *self.pick(&[PERSON, ORDER, NUMBER]);
                self.when_found(relation, vec![key], |_, row| {
                    let command = Command::Delete {
                        relation,
                        target: reference(row),
                        on_gone: fails(BuiltIn::NotFound),
                        on_restrict: fails(BuiltIn::Forbidden),
                    };
                    vec![Stmt::Do(None, command, SITE)]
                })
            }
            5 => {
                let paid = self.expr(&Type::Decimal(2), 1, scope);
                let open = self.expr(&Type::Bool, 1, scope);
                self.when_found(PERSON, vec![key], |g, person| {
                    let number = g.var(&Type::Int);
                    let note = Expr::new(ExprKind::None, Type::Text.optional());
                    let values = vec![Expr::var(number, Type::Int), reference(person), paid, note, open];
                    vec![Stmt::Do(Some(number), Command::Serial(ORDER), SITE), g.insert(ORDER, values)]
                })
            }
            6 => {
                let ints: Vec<VarId> =
                    scope.vars.iter().filter(|(_, ty)| *ty == Type::Int).map(|(var, _)| *var).collect();
                if ints.is_empty() {
                    return Vec::new();
                }
                let var = *self.pick(&ints);
                vec![Stmt::Do(Some(var), Command::RandomInt(int(0), int(9)), SITE)]
            }
            7 => {
                let condition = self.expr(&Type::Bool, 2, scope);
                let (then, otherwise) = (self.block(scope, depth - 1, n), self.block(scope, depth - 1, n));
                vec![Stmt::If(condition, then, otherwise)]
            }
            8 => {
                let of = self.expr(&Type::list(Type::Int), 2, scope);
                let var = self.var(&Type::Int);
                let mut body = self.block(&scope.with(var, &Type::Int), depth - 1, n);
                if self.chance(40) {
                    let condition = self.expr(&Type::Bool, 1, &scope.with(var, &Type::Int));
                    let end = if self.chance(50) { Stmt::Break } else { Stmt::Continue };
                    body.insert(0, Stmt::If(condition, vec![end], Vec::new()));
                }
                vec![Stmt::ForEach(var, of, body)]
            }
            9 => {
                // A loop over a query, with a counter that ends it.
                let (value, ty) = self.query_value(scope, 1);
                let var = self.var(&ty);
                let counter = self.var(&Type::Int);
                let count = Expr::var(counter, Type::Int);
                let limit = int(i64::from(1 + self.below(3)));
                let done = Expr::new(ExprKind::Prim(Prim::Ge, vec![count.clone(), limit], SITE), Type::Bool);
                let next = Expr::new(ExprKind::Prim(Prim::AddInt, vec![count, int(1)], SITE), Type::Int);
                let mut body = vec![Stmt::If(done, vec![Stmt::Break], Vec::new()), Stmt::Let(counter, next)];
                body.extend(self.block(scope, depth - 1, n));
                vec![Stmt::Let(var, value), Stmt::Let(counter, int(0)), Stmt::Loop(body)]
            }
            _ => {
                let (value, ty) = self.query_value(scope, 2);
                let var = self.var(&ty);
                let shown = Expr::new(ExprKind::Prim(Prim::ToText, vec![Expr::var(var, ty)], SITE), Type::Text);
                let length = Expr::new(ExprKind::Prim(Prim::Length, vec![shown], SITE), Type::Int);
                let ints: Vec<VarId> =
                    scope.vars.iter().filter(|(_, ty)| *ty == Type::Int).map(|(var, _)| *var).collect();
                let mut block = vec![Stmt::Let(var, value)];
                if !ints.is_empty() {
                    block.push(Stmt::Let(*self.pick(&ints), length));
                }
                block
            }
        }
    }
}
