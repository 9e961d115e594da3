//! Operators: which primitive of Core each is, and the types that its operands are brought to.

use super::scope::{Scope, and, bool_literal, compare, none, not, or, some, unit};
use crate::ir::{Expr, ExprKind, Prim, Type};
use tenon_check::ty::Ty;
use tenon_check::typed::{self, BinaryOp};
use tenon_span::Range;
use tenon_value::Value;

impl Scope<'_, '_> {
    pub fn negate(&mut self, value: &typed::Expr, range: Range) -> Expr {
        let value = self.expr(value);
        let prim = match value.ty {
            Type::Decimal(_) => Prim::NegDecimal,
            Type::Float => Prim::NegFloat,
            Type::Duration => Prim::NegDuration,
            _ => Prim::NegInt,
        };
        let (site, ty) = (self.site(range), value.ty.clone());
        Expr::new(ExprKind::Prim(prim, vec![value], site), ty)
    }

    pub fn binary(&mut self, op: BinaryOp, left: &typed::Expr, right: &typed::Expr, ty: &Ty, range: Range) -> Expr {
        match op {
            BinaryOp::And => {
                let a = self.expr(left);
                return self.short_circuit(a, right, true);
            }
            BinaryOp::Or => {
                let a = self.expr(left);
                return self.short_circuit(a, right, false);
            }
            BinaryOp::Implies => {
                let a = self.expr(left);
                return self.short_circuit(not(a), right, false);
            }
            BinaryOp::In if self.asks_rows(right) => return self.among_rows(left, right),
            BinaryOp::In => {
                let mut values = self.all(&[left, right]);
                let (Some(collection), Some(element)) = (values.pop(), values.pop()) else {
                    return bool_literal(false);
                };
                let want = match &collection.ty {
                    Type::Map(k, _) => (**k).clone(),
                    ty => ty.element().cloned().unwrap_or(Type::Unit),
                };
                let element = self.coerce(element, &want);
                return Expr::new(
                    ExprKind::Prim(Prim::Contains, vec![element, collection], crate::ir::SiteId(0)),
                    Type::Bool,
                );
            }
            _ => {}
        }
        let mut values = self.all(&[left, right]);
        let (Some(b), Some(a)) = (values.pop(), values.pop()) else { return unit() };
        self.apply_binary(op, a, b, ty, range)
    }

    fn short_circuit(&mut self, left: Expr, right: &typed::Expr, conjunction: bool) -> Expr {
        if self.in_query() {
            let left = self.name(left);
            self.push_path(if conjunction { left.clone() } else { not(left.clone()) });
            let right = self.expr(right);
            self.pop_path();
            return if conjunction { and(left, right) } else { or(left, right) };
        }
        let (block, value) = self.in_block(|s| s.expr(right));
        if block.is_empty() {
            return if conjunction { and(left, value) } else { or(left, value) };
        }
        let left = self.name(left);
        let condition = if conjunction { left.clone() } else { not(left.clone()) };
        let var = self.fresh("t", Type::Bool, false);
        self.emit(crate::ir::Stmt::Let(var, left));
        let mut block = block;
        block.push(crate::ir::Stmt::Let(var, value));
        self.emit(crate::ir::Stmt::If(condition, block, Vec::new()));
        // Assigned twice, but never after this point.
        Expr::var(var, Type::Bool)
    }

    /// An operator on lowered operands; used for `+=` too.
    pub fn apply_binary(&mut self, op: BinaryOp, a: Expr, b: Expr, ty: &Ty, range: Range) -> Expr {
        let core = self.ty(ty);
        let site = self.site(range);
        let prim = |prim, a: Expr, b: Expr, ty: Type| Expr::new(ExprKind::Prim(prim, vec![a, b], site), ty);
        match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                let (a, b) = self.comparable(a, b);
                let which = match op {
                    BinaryOp::Eq => Prim::Eq,
                    BinaryOp::Ne => Prim::Ne,
                    BinaryOp::Lt => Prim::Lt,
                    BinaryOp::Le => Prim::Le,
                    BinaryOp::Gt => Prim::Gt,
                    _ => Prim::Ge,
                };
                prim(which, a, b, Type::Bool)
            }
            BinaryOp::Add => match (&a.ty, &b.ty) {
                (Type::Int, _) => prim(Prim::AddInt, a, b, core),
                (Type::Decimal(_), _) => prim(Prim::AddDecimal, a, b, core),
                (Type::Float, _) => prim(Prim::AddFloat, a, b, core),
                (Type::Text, _) => prim(Prim::Concat, a, b, core),
                (Type::Duration, Type::Duration) => prim(Prim::AddDurations, a, b, core),
                (Type::Date, Type::Duration) => date_plus(a, b, false, site),
                (Type::Duration, Type::Date) => date_plus(b, a, false, site),
                (Type::Duration, _) => prim(Prim::AddDuration, b, a, core),
                (_, Type::Duration) => prim(Prim::AddDuration, a, b, core),
                _ => {
                    let (a, b) = (self.coerce(a, &core), self.coerce(b, &core));
                    prim(Prim::Append, a, b, core)
                }
            },
            BinaryOp::Sub => match (&a.ty, &b.ty) {
                (Type::Int, _) => prim(Prim::SubInt, a, b, core),
                (Type::Decimal(_), _) => prim(Prim::SubDecimal, a, b, core),
                (Type::Float, _) => prim(Prim::SubFloat, a, b, core),
                (Type::Duration, _) => prim(Prim::SubDurations, a, b, core),
                (Type::Date, Type::Duration) => date_plus(a, b, true, site),
                (_, Type::Duration) => prim(Prim::SubDuration, a, b, core),
                (Type::Set(_), _) => {
                    let removed = self.coerce(b, &core);
                    self.filter_collection(a, &core, move |_, e| {
                        let contains = vec![e, removed];
                        not(Expr::new(ExprKind::Prim(Prim::Contains, contains, crate::ir::SiteId(0)), Type::Bool))
                    })
                }
                _ => prim(Prim::Elapsed, a, b, core),
            },
            BinaryOp::Mul => match (&a.ty, &b.ty) {
                (Type::Int, Type::Duration) => prim(Prim::ScaleDuration, b, a, core),
                (Type::Duration, _) => prim(Prim::ScaleDuration, a, b, core),
                (Type::Decimal(_), _) => prim(Prim::MulDecimal, a, b, core),
                (Type::Float, _) => prim(Prim::MulFloat, a, b, core),
                _ => prim(Prim::MulInt, a, b, core),
            },
            BinaryOp::Div => prim(division(&a.ty), a, b, core),
            BinaryOp::DivOption => {
                let b = self.name(b);
                let a = self.name(a);
                let result = core.present().clone();
                let zero = zero_of(&b.ty);
                let divided = prim(division(&a.ty), a, b.clone(), result);
                let none_ty = core.clone();
                self.conditional(compare(Prim::Eq, b, zero), &core, |_| none(none_ty), |_| some(divided))
            }
            BinaryOp::IntDiv => prim(Prim::DivInt, a, b, core),
            BinaryOp::Mod => prim(Prim::ModInt, a, b, core),
            BinaryOp::And => and(a, b),
            BinaryOp::Or => or(a, b),
            BinaryOp::Implies => or(not(a), b),
            BinaryOp::In => Expr::new(ExprKind::Prim(Prim::Contains, vec![a, b], site), Type::Bool),
        }
    }

    /// Brings two operands of a comparison to one type: rows to references, `T` to `T?`.
    pub fn comparable(&mut self, a: Expr, b: Expr) -> (Expr, Expr) {
        let a = self.row_to_ref(a);
        let b = self.row_to_ref(b);
        if a.ty == b.ty {
            return (a, b);
        }
        match (&a.ty, &b.ty) {
            (Type::Option(_), _) => {
                let ty = a.ty.clone();
                (a, self.coerce(b, &ty))
            }
            (_, Type::Option(_)) => {
                let ty = b.ty.clone();
                (self.coerce(a, &ty), b)
            }
            _ => {
                let ty = a.ty.clone();
                (a, self.coerce(b, &ty))
            }
        }
    }

    fn row_to_ref(&mut self, value: Expr) -> Expr {
        let ty = super::types::as_stored(&value.ty);
        self.coerce(value, &ty)
    }
}

fn division(ty: &Type) -> Prim {
    match ty {
        Type::Float => Prim::DivFloat,
        Type::Duration => Prim::DivDuration,
        _ => Prim::DivDecimal,
    }
}

fn zero_of(ty: &Type) -> Expr {
    let value = match ty {
        Type::Decimal(scale) => Value::Decimal { unscaled: 0, scale: *scale },
        Type::Float => Value::Float(0.0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    };
    Expr::new(ExprKind::Literal(value), ty.clone())
}

/// A date so many whole days later, or earlier: the part of a duration below a day moves no date.
fn date_plus(date: Expr, duration: Expr, earlier: bool, site: crate::ir::SiteId) -> Expr {
    use crate::builtins::Builtin;
    let call = |builtin: Builtin, args, ty| Expr::new(ExprKind::Prim(Prim::Builtin(builtin.0), args, site), ty);
    let mut days = call(Builtin::DurationDays, vec![duration], Type::Int);
    if earlier {
        days = Expr::new(ExprKind::Prim(Prim::NegInt, vec![days], site), Type::Int);
    }
    call(Builtin::DatePlusDays, vec![date, days], Type::Date)
}
