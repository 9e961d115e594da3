//! Drawing expressions of a type.

use super::{Generator, ORDER, PERSON, SHAPE, SITE};
use crate::ir::*;
use std::sync::Arc;
use tenon_value::{Value, time};

/// What an expression may use.
#[derive(Clone)]
pub(super) struct Scope {
    /// Variables that are bound.
    pub vars: Vec<(VarId, Type)>,
    /// True in a query: rows may be followed, and queries nested.
    pub in_query: bool,
}

impl Scope {
    pub(super) fn new(in_query: bool) -> Scope {
        Scope { vars: Vec::new(), in_query }
    }

    pub(super) fn with(&self, var: VarId, ty: &Type) -> Scope {
        let mut scope = self.clone();
        scope.vars.push((var, ty.clone()));
        scope
    }
}

fn prim(prim: Prim, operands: Vec<Expr>, ty: Type) -> Expr {
    Expr::new(ExprKind::Prim(prim, operands, SITE), ty)
}

pub(super) fn literal(value: Value, ty: Type) -> Expr {
    Expr::new(ExprKind::Literal(value), ty)
}

pub(super) fn int(n: i64) -> Expr {
    literal(Value::Int(n), Type::Int)
}

pub(super) fn field(of: Expr, index: u32, ty: &Type) -> Expr {
    Expr::new(ExprKind::Field(Box::new(of), index), ty.clone())
}

pub(super) fn is_some(of: Expr) -> Expr {
    Expr::new(ExprKind::IsSome(Box::new(of)), Type::Bool)
}

pub(super) fn unwrap(of: Expr) -> Expr {
    let ty = of.ty.present().clone();
    Expr::new(ExprKind::Unwrap(Box::new(of)), ty)
}

pub(super) fn some(of: Expr) -> Expr {
    let ty = of.ty.clone().optional();
    Expr::new(ExprKind::Some(Box::new(of)), ty)
}

pub(super) fn reference(of: Expr) -> Expr {
    let ty = match of.ty {
        Type::Row(relation) => Type::Ref(relation),
        ref other => other.clone(),
    };
    Expr::new(ExprKind::RefOf(Box::new(of)), ty)
}

pub(super) fn equal(left: Expr, right: Expr) -> Expr {
    prim(Prim::Eq, vec![left, right], Type::Bool)
}

impl Generator {
    /// The ways to a value of a type from what is bound, without computing.
    pub(super) fn atoms(&self, ty: &Type, scope: &Scope) -> Vec<Expr> {
        let mut atoms = Vec::new();
        for (var, var_type) in &scope.vars {
            let value = Expr::var(*var, var_type.clone());
            self.reach(value, ty, scope.in_query, 2, &mut atoms);
        }
        atoms
    }

    fn reach(&self, value: Expr, ty: &Type, follow: bool, steps: u32, atoms: &mut Vec<Expr>) {
        if value.ty == *ty {
            atoms.push(value.clone());
        }
        match value.ty.clone() {
            Type::Row(relation) => {
                if *ty == Type::Ref(relation) {
                    atoms.push(reference(value.clone()));
                }
                for (i, info) in self.program.relation(relation).fields.iter().enumerate() {
                    let part = field(value.clone(), i as u32, &info.ty);
                    match &info.ty {
                        Type::Ref(target) if follow && steps > 0 => {
                            if *ty == info.ty {
                                atoms.push(part.clone());
                            }
                            let row = Expr::new(ExprKind::Follow(Box::new(part)), Type::Row(*target));
                            self.reach(row, ty, follow, steps - 1, atoms);
                        }
                        _ if info.ty == *ty => atoms.push(part),
                        _ => {}
                    }
                }
            }
            Type::Record(record) => {
                for (i, (_, part)) in record.fields.iter().enumerate() {
                    if part == ty {
                        atoms.push(field(value.clone(), i as u32, part));
                    }
                }
            }
            _ => {}
        }
    }

    /// A scalar type of which there are always values.
    pub(super) fn scalar(&mut self) -> Type {
        match self.below(if self.config.times { 13 } else { 10 }) {
            0..=2 => Type::Int,
            3 => Type::Text,
            4 => Type::Bool,
            5 => Type::Decimal(2),
            6 => Type::Int.optional(),
            7 => Type::Text.optional(),
            8 => Type::Date,
            10 => Type::Instant,
            11 => Type::DateTime,
            12 => Type::Duration,
            _ => Type::Variant(SHAPE),
        }
    }

    /// A type that can be grouped by and compared.
    pub(super) fn comparable(&mut self, scope: &Scope) -> Type {
        for relation in [PERSON, ORDER] {
            let ty = Type::Ref(relation);
            if self.chance(20) && !self.atoms(&ty, scope).is_empty() {
                return ty;
            }
        }
        self.scalar()
    }

    fn constant(&mut self, ty: &Type) -> Expr {
        let n = i64::from(self.below(7)) - 2;
        let value = match ty {
            Type::Bool => Value::Bool(n > 0),
            Type::Int if self.config.faults && self.chance(4) => Value::Int(i64::MAX - 1),
            Type::Int => Value::Int(n),
            Type::Decimal(scale) => Value::Decimal { unscaled: n * 125, scale: *scale },
            Type::Float => Value::Float(n as f64 * 0.5),
            Type::Text => Value::text(["", "a", "b", "Ærlig", "a longer text"][self.below(5) as usize]),
            Type::Date => Value::Date(20_000 + n as i32),
            Type::Instant if self.config.faults && self.chance(20) => {
                Value::Instant(*self.pick(&[time::INSTANT_MIN, time::INSTANT_MAX]))
            }
            Type::Instant => Value::Instant(n * 1_000_000),
            Type::DateTime if self.config.faults && self.chance(20) => {
                Value::DateTime(*self.pick(&[time::DATE_TIME_MIN, time::DATE_TIME_MAX]))
            }
            Type::DateTime => Value::DateTime(n * 1_000_000),
            Type::Duration if self.config.faults && self.chance(10) => {
                Value::Duration(*self.pick(&[i64::MIN, i64::MAX, 8_000 * time::DAY * 365]))
            }
            Type::Duration => Value::Duration(n * 1_000_000),
            Type::Option(_) if self.chance(30) => return Expr::new(ExprKind::None, ty.clone()),
            Type::Option(of) => return some(self.constant(&of.clone())),
            Type::List(of) => {
                let count = self.below(4);
                let items = (0..count).map(|_| self.constant(of)).collect();
                return Expr::new(ExprKind::Collection(items), ty.clone());
            }
            Type::Variant(_) if n > 0 => Value::variant(1, vec![Value::Int(n), Value::text("x")]),
            Type::Variant(_) => Value::variant(0, Vec::new()),
            _ => unreachable!("constants are drawn of types that have some"),
        };
        literal(value, ty.clone())
    }

    /// An expression of a type. Of a reference there must be an atom.
    pub(super) fn expr(&mut self, ty: &Type, depth: u32, scope: &Scope) -> Expr {
        let atoms = self.atoms(ty, scope);
        if matches!(ty, Type::Ref(_) | Type::Row(_)) {
            return self.pick(&atoms).clone();
        }
        if depth == 0 || self.chance(25) {
            return if atoms.is_empty() || self.chance(20) { self.constant(ty) } else { self.pick(&atoms).clone() };
        }
        let d = depth - 1;
        if self.chance(10) {
            let condition = self.expr(&Type::Bool, d, scope);
            let (then, otherwise) = (self.expr(ty, d, scope), self.expr(ty, d, scope));
            return Expr::new(ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise)), ty.clone());
        }
        if self.chance(8) {
            let bound = self.scalar();
            let value = self.expr(&bound, d, scope);
            let var = self.var(&bound);
            let body = self.expr(ty, d, &scope.with(var, &bound));
            return Expr::new(ExprKind::Let(var, Box::new(value), Box::new(body)), ty.clone());
        }
        if self.chance(12) {
            // The value of an option, or another one where it is absent.
            let option = ty.clone().optional();
            if option != *ty {
                let value = self.expr(&option, d, scope);
                let var = self.var(&option);
                let bound = Expr::var(var, option);
                let otherwise = self.expr(ty, d, scope);
                let body = Expr::new(
                    ExprKind::If(Box::new(is_some(bound.clone())), Box::new(unwrap(bound)), Box::new(otherwise)),
                    ty.clone(),
                );
                return Expr::new(ExprKind::Let(var, Box::new(value), Box::new(body)), ty.clone());
            }
        }
        match ty {
            Type::Bool => self.bool(d, scope),
            Type::Int => self.int_expr(d, scope),
            Type::Decimal(2) => self.decimal(d, scope),
            Type::Float => {
                let operands = vec![self.expr(&Type::Float, d, scope), self.constant(&Type::Float)];
                let p = *self.pick(&[Prim::AddFloat, Prim::SubFloat, Prim::MulFloat]);
                prim(p, operands, Type::Float)
            }
            Type::Text => match self.below(3) {
                0 => {
                    let count = self.below(3);
                    let parts = (0..count).map(|_| self.expr(&Type::Text, d, scope)).collect();
                    prim(Prim::Concat, parts, Type::Text)
                }
                1 => {
                    let of = self.scalar();
                    let of = self.expr(&of, d, scope);
                    prim(Prim::ToText, vec![of], Type::Text)
                }
                _ => {
                    let (l, r) = (self.expr(&Type::Text, d, scope), self.expr(&Type::Text, d, scope));
                    prim(Prim::Concat, vec![l, r], Type::Text)
                }
            },
            Type::Instant | Type::DateTime => {
                let operands = vec![self.expr(ty, d, scope), self.expr(&Type::Duration, d, scope)];
                prim(*self.pick(&[Prim::AddDuration, Prim::SubDuration]), operands, ty.clone())
            }
            Type::Duration => match self.below(4) {
                0 => {
                    let point = self.pick(&[Type::Instant, Type::DateTime, Type::Date]).clone();
                    let operands = vec![self.expr(&point, d, scope), self.expr(&point, d, scope)];
                    prim(Prim::Elapsed, operands, Type::Duration)
                }
                1 => {
                    let operands = vec![self.expr(&Type::Duration, d, scope), self.expr(&Type::Int, d, scope)];
                    prim(Prim::ScaleDuration, operands, Type::Duration)
                }
                2 => prim(Prim::DivDuration, vec![self.expr(&Type::Duration, d, scope), int(3)], Type::Duration),
                _ => {
                    let operands = vec![self.expr(&Type::Duration, d, scope), self.expr(&Type::Duration, d, scope)];
                    prim(*self.pick(&[Prim::AddDurations, Prim::SubDurations]), operands, Type::Duration)
                }
            },
            Type::Option(of) => match self.below(3) {
                0 if **of == Type::Int => {
                    let list = self.expr(&Type::list(Type::Int), d, scope);
                    let at = self.expr(&Type::Int, d, scope);
                    prim(Prim::ElementAt, vec![list, at], ty.clone())
                }
                _ => some(self.expr(of, d, scope)),
            },
            Type::List(of) if **of == Type::Int && self.chance(50) => {
                let from = i64::from(self.below(3));
                let (from, to) = (Box::new(int(from)), Box::new(int(from + i64::from(self.below(4)))));
                Expr::new(ExprKind::Range(from, to, self.chance(50)), ty.clone())
            }
            Type::List(of) => {
                let count = self.below(3);
                let items = (0..count).map(|_| self.expr(of, d, scope)).collect();
                Expr::new(ExprKind::Collection(items), ty.clone())
            }
            Type::Variant(_) => {
                let fields = vec![self.expr(&Type::Int, d, scope), self.expr(&Type::Text, d, scope)];
                Expr::new(ExprKind::Variant(1, fields), ty.clone())
            }
            _ => self.constant(ty),
        }
    }

    fn bool(&mut self, d: u32, scope: &Scope) -> Expr {
        match self.below(8) {
            0 => prim(Prim::Not, vec![self.expr(&Type::Bool, d, scope)], Type::Bool),
            1 => {
                let (l, r) = (self.expr(&Type::Bool, d, scope), self.expr(&Type::Bool, d, scope));
                Expr::new(ExprKind::And(Box::new(l), Box::new(r)), Type::Bool)
            }
            2 => {
                let (l, r) = (self.expr(&Type::Bool, d, scope), self.expr(&Type::Bool, d, scope));
                Expr::new(ExprKind::Or(Box::new(l), Box::new(r)), Type::Bool)
            }
            3 => {
                let ty = if self.chance(50) { Type::Int.optional() } else { Type::Text.optional() };
                is_some(self.expr(&ty, d, scope))
            }
            4 => {
                let (n, list) = (self.expr(&Type::Int, d, scope), self.expr(&Type::list(Type::Int), d, scope));
                prim(Prim::Contains, vec![n, list], Type::Bool)
            }
            5 if scope.in_query && self.nested < self.config.depth => self.exists(scope),
            _ => {
                let ty = self.comparable(scope);
                let operands = vec![self.expr(&ty, d, scope), self.expr(&ty, d, scope)];
                let p = *self.pick(&[Prim::Eq, Prim::Eq, Prim::Ne, Prim::Lt, Prim::Le, Prim::Gt, Prim::Ge]);
                prim(p, operands, Type::Bool)
            }
        }
    }

    fn int_expr(&mut self, d: u32, scope: &Scope) -> Expr {
        match self.below(7) {
            0 => {
                let divisor = if self.config.faults { self.expr(&Type::Int, d, scope) } else { int(3) };
                let p = *self.pick(&[Prim::DivInt, Prim::ModInt]);
                prim(p, vec![self.expr(&Type::Int, d, scope), divisor], Type::Int)
            }
            1 => prim(Prim::Length, vec![self.expr(&Type::Text, d, scope)], Type::Int),
            2 => {
                let ty = Type::Variant(SHAPE);
                let value = self.expr(&ty, d, scope);
                let var = self.var(&ty);
                let bound = || Box::new(Expr::var(var, Type::Variant(SHAPE)));
                let is_box = Expr::new(ExprKind::IsCase(bound(), 1), Type::Bool);
                let width = Expr::new(ExprKind::CaseField(bound(), 1, 0), Type::Int);
                let body = Expr::new(ExprKind::If(Box::new(is_box), Box::new(width), Box::new(int(0))), Type::Int);
                Expr::new(ExprKind::Let(var, Box::new(value), Box::new(body)), Type::Int)
            }
            3 if scope.in_query && self.nested < self.config.depth => self.count(scope),
            _ => {
                let (l, r) = (self.expr(&Type::Int, d, scope), self.expr(&Type::Int, d, scope));
                let p = *self.pick(&[Prim::AddInt, Prim::SubInt, Prim::MulInt]);
                prim(p, vec![l, r], Type::Int)
            }
        }
    }

    fn decimal(&mut self, d: u32, scope: &Scope) -> Expr {
        let ty = Type::Decimal(2);
        match self.below(4) {
            0 => prim(Prim::IntToDecimal, vec![self.expr(&Type::Int, d, scope)], ty),
            1 => {
                let product = vec![self.expr(&ty, d, scope), self.constant(&ty)];
                prim(Prim::Rescale, vec![prim(Prim::MulDecimal, product, Type::Decimal(4))], ty)
            }
            2 => {
                let divisor = literal(Value::Decimal { unscaled: 300, scale: 2 }, ty.clone());
                prim(Prim::DivDecimal, vec![self.expr(&ty, d, scope), divisor], ty)
            }
            _ => {
                let operands = vec![self.expr(&ty, d, scope), self.expr(&ty, d, scope)];
                let p = *self.pick(&[Prim::AddDecimal, Prim::SubDecimal]);
                prim(p, operands, ty)
            }
        }
    }

    /// A record of some expressions.
    pub(super) fn record(&mut self, scope: &Scope) -> Expr {
        let count = 1 + self.below(3);
        let mut fields = Vec::new();
        let mut types = Vec::new();
        for i in 0..count {
            let ty = self.comparable(scope);
            fields.push(self.expr(&ty, 2, scope));
            types.push((format!("f{i}").into(), ty));
        }
        // What was collected and counted below should be seen above.
        for (i, (var, ty)) in scope.vars.iter().enumerate() {
            if matches!(ty, Type::List(_) | Type::Option(_)) && !matches!(ty.present(), Type::Row(_)) && self.chance(70)
            {
                fields.push(Expr::var(*var, ty.clone()));
                types.push((format!("c{i}").into(), ty.clone()));
            }
        }
        Expr::new(ExprKind::Record(fields), Type::Record(Arc::new(RecordType { fields: types })))
    }
}
