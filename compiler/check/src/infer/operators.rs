//! Operators, `is`, ranges.

use super::engine::{Deferred, Infer};
use super::obligations::Outcome;
use crate::ty::Ty;
use crate::typed::{BinaryOp, Expr, ExprKind, Literal, Pattern, PatternKind};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;
use tenon_value::decimal::MAX_SCALE;

/// A number literal, perhaps with a sign: it takes its type from the other operand.
fn is_number(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::Literal(ast::Literal::Int(_) | ast::Literal::Decimal(_)) => true,
        ast::ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => is_number(operand),
        _ => false,
    }
}

fn is_int_literal(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::Literal(ast::Literal::Int(_)) => true,
        ast::ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => is_int_literal(operand),
        _ => false,
    }
}

/// Takes its type from its place: evaluated after the other operand.
fn is_open(e: &ast::Expr) -> bool {
    is_number(e)
        || match &e.kind {
            ast::ExprKind::Literal(ast::Literal::None) | ast::ExprKind::TypeName(_) => true,
            ast::ExprKind::List(elements) => elements.is_empty(),
            ast::ExprKind::Field { base, .. } => matches!(base.kind, ast::ExprKind::TypeName(_)),
            _ => false,
        }
}

impl Infer<'_> {
    pub(crate) fn unary(&mut self, op: ast::UnaryOp, operand: &ast::Expr, range: Range, hint: Option<&Ty>) -> Expr {
        match op {
            ast::UnaryOp::Neg => {
                if let ast::ExprKind::Literal(literal) = &operand.kind
                    && matches!(
                        literal,
                        ast::Literal::Int(_)
                            | ast::Literal::Decimal(_)
                            | ast::Literal::Float(_)
                            | ast::Literal::Duration(_)
                    )
                {
                    return self.literal(literal, true, range, hint);
                }
                let value = self.expr(operand, hint);
                let value = self.operand(value, "-");
                let ty = value.ty.clone();
                match &ty {
                    Ty::Int | Ty::Decimal(_) | Ty::Float | Ty::Duration => {}
                    Ty::Infer(_) => self.deferred.push(Deferred::Arithmetic(ty.clone(), "-", range)),
                    Ty::Error => return self.broken(range),
                    _ => {
                        let shown = self.show(&ty);
                        self.error(
                            Code::Operator,
                            range,
                            format!("`-` does not work on `{shown}`"),
                            format!("`{shown}`"),
                        );
                        return self.broken(range);
                    }
                }
                self.node(ExprKind::Negate(Box::new(value)), ty, range)
            }
            ast::UnaryOp::Not => {
                let mark = self.mark();
                let value = self.condition(operand);
                self.restore(mark);
                self.node(ExprKind::Not(Box::new(value)), Ty::Bool, range)
            }
            ast::UnaryOp::Has => self.has(operand, range),
            ast::UnaryOp::AnyOrderExplains => self.not_supported(range, "properties"),
        }
    }

    fn has(&mut self, operand: &ast::Expr, range: Range) -> Expr {
        if let ast::ExprKind::Field { base, name: Some(name), optional: false } = &operand.kind {
            let base = self.expr(base, None);
            if let Ty::Record(record) = self.base(&base.ty)
                && record.field(&name.text).is_some_and(|f| f.absent)
            {
                return self.node(ExprKind::Has(Box::new(base), name.text.clone()), Ty::Bool, range);
            }
            if matches!(base.ty, Ty::Error) {
                return self.broken(range);
            }
            let message = format!(
                "`has` asks whether a field came that may be absent (`{}?: T`); this one is always there",
                name.text
            );
            self.error(Code::Type, operand.range, message, "always there");
            return self.broken(range);
        }
        let value = self.expr(operand, None);
        match (&value.kind, self.base(&value.ty)) {
            // A parameter `x?: T` is `T?` in code.
            (ExprKind::Local(_), ty @ Ty::Option(_)) => {
                let none = self.node(ExprKind::Literal(Literal::None), ty, range);
                self.node(ExprKind::Binary(BinaryOp::Ne, Box::new(value), Box::new(none)), Ty::Bool, range)
            }
            (_, Ty::Error) => self.broken(range),
            _ => {
                self.error(
                    Code::Type,
                    operand.range,
                    "`has` asks whether a field or parameter came that may be absent",
                    "not such a one",
                );
                self.broken(range)
            }
        }
    }

    /// An operand: without refinements, not optional.
    pub(super) fn operand(&mut self, expr: Expr, op: &str) -> Expr {
        let expr = self.forgotten(expr);
        let ty = self.shallow(&expr.ty);
        match ty {
            Ty::Option(_) => {
                let shown = self.show(&ty);
                let written = self.ctx.source(expr.range);
                let d = self
                    .diagnostic(
                        Code::MaybeNone,
                        expr.range,
                        format!("`{written}` may be `none`, and `{op}` needs a value"),
                        format!("type `{shown}`"),
                    )
                    .note("give a value for `none`: `(x ?? 0)`; or test it first: `if x != none`");
                self.report(d);
                self.broken(expr.range)
            }
            Ty::Unit => {
                self.error(Code::Type, expr.range, format!("`{op}` needs a value, and this gives none"), "no value");
                self.broken(expr.range)
            }
            ty => Expr { ty, ..expr },
        }
    }

    pub(crate) fn binary(
        &mut self,
        op: ast::BinaryOp,
        op_range: Range,
        left: &ast::Expr,
        right: &ast::Expr,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        use ast::BinaryOp as B;
        match op {
            B::And | B::Or | B::Implies => self.logical(op, left, right, range),
            B::Eq | B::Ne => self.equality(op == B::Eq, left, right, range),
            B::Lt | B::Le | B::Gt | B::Ge => self.order(op, left, right, range),
            B::In | B::NotIn => {
                let inside = self.membership(left, right, range);
                if op == B::NotIn { self.node(ExprKind::Not(Box::new(inside)), Ty::Bool, range) } else { inside }
            }
            B::Matches => self.matches(left, right, range),
            B::Coalesce => self.coalesce(left, right, range, hint),
            B::Range | B::RangeInclusive => {
                let (a, b) = (self.check(left, &Ty::Int), self.check(right, &Ty::Int));
                self.node(ExprKind::Range(Box::new(a), Box::new(b), op == B::RangeInclusive), Ty::list(Ty::Int), range)
            }
            B::AsOf => self.not_supported(range, "reads of the past (`as of`)"),
            B::Add | B::Sub | B::Mul | B::Div | B::DivOptional | B::IntDiv | B::Mod => {
                let (a, b) = self.operands(op, left, right, hint);
                self.arithmetic(op, op_range, a, b, range)
            }
        }
    }

    fn logical(&mut self, op: ast::BinaryOp, left: &ast::Expr, right: &ast::Expr, range: Range) -> Expr {
        let mark = self.mark();
        let a = self.condition(left);
        let (op, truth) = match op {
            ast::BinaryOp::And => (BinaryOp::And, true),
            ast::BinaryOp::Or => (BinaryOp::Or, false),
            _ => (BinaryOp::Implies, true),
        };
        self.assume(&a, truth);
        let b = self.condition(right);
        self.restore(mark);
        self.node(ExprKind::Binary(op, Box::new(a), Box::new(b)), Ty::Bool, range)
    }

    /// Both operands of arithmetic: a literal takes its type from the other one.
    fn operands(&mut self, op: ast::BinaryOp, left: &ast::Expr, right: &ast::Expr, hint: Option<&Ty>) -> (Expr, Expr) {
        let sign = op.as_str();
        if is_number(left) && !is_number(right) {
            let b = self.expr(right, None);
            let b = self.operand(b, sign);
            let want = literal_hint(op, left, &b.ty);
            let a = self.expr(left, want.as_ref());
            return (self.operand(a, sign), b);
        }
        let pass = hint.filter(|_| {
            is_number(left)
                && is_number(right)
                && !matches!(op, ast::BinaryOp::Mul | ast::BinaryOp::Div | ast::BinaryOp::DivOptional)
        });
        let a = self.expr(left, pass);
        let a = self.operand(a, sign);
        let want = if is_number(right) { literal_hint(op, right, &a.ty) } else { Some(a.ty.clone()) };
        let b = self.expr(right, want.as_ref());
        (a, self.operand(b, sign))
    }

    pub(crate) fn arithmetic(&mut self, op: ast::BinaryOp, op_range: Range, a: Expr, b: Expr, range: Range) -> Expr {
        use ast::BinaryOp as B;
        let (x, y) = (self.base(&a.ty), self.base(&b.ty));
        if matches!(x, Ty::Error | Ty::Never) || matches!(y, Ty::Error | Ty::Never) {
            return self.broken(range);
        }
        if matches!(x, Ty::Infer(_)) || matches!(y, Ty::Infer(_)) {
            if self.unify(&x, &y) {
                let ty = self.shallow(&x);
                if let Ty::Infer(_) = ty {
                    self.deferred.push(Deferred::Arithmetic(ty.clone(), op.as_str(), range));
                    return self.node(ExprKind::Binary(binary_op(op), Box::new(a), Box::new(b)), ty, range);
                }
                let (a, b) = (Expr { ty: ty.clone(), ..a }, Expr { ty, ..b });
                return self.arithmetic(op, op_range, a, b, range);
            }
            return self.broken(range);
        }
        let typed = binary_op(op);
        let make = |this: &Self, a: Expr, b: Expr, ty: Ty| {
            this.node(ExprKind::Binary(typed, Box::new(a), Box::new(b)), ty, range)
        };
        match (op, &x, &y) {
            (B::Add | B::Sub | B::Mul, Ty::Int, Ty::Int) | (B::Add | B::Sub | B::Mul, Ty::Float, Ty::Float) => {
                make(self, a, b, x)
            }
            (B::IntDiv | B::Mod, Ty::Int, Ty::Int) => {
                self.divisor(&b);
                make(self, a, b, Ty::Int)
            }
            (B::Add | B::Sub, Ty::Int | Ty::Decimal(_), Ty::Int | Ty::Decimal(_)) => {
                let ty = Ty::Decimal(scale(&x).max(scale(&y)));
                let (a, b) = (self.coerce(a, &ty), self.coerce(b, &ty));
                make(self, a, b, ty)
            }
            (B::Mul, Ty::Int | Ty::Decimal(_), Ty::Int | Ty::Decimal(_)) => {
                let sum = scale(&x) + scale(&y);
                if sum > MAX_SCALE {
                    let d = self
                        .diagnostic(
                            Code::Scale,
                            range,
                            format!(
                                "this product has {sum} fractional digits, and a `Decimal` keeps at most {MAX_SCALE}"
                            ),
                            format!("{} and {} digits", scale(&x), scale(&y)),
                        )
                        .fix(self.fix_behind("round a factor", b.range, ".round(2)"));
                    self.report(d);
                    return self.broken(range);
                }
                let (a, b) = (self.coerce(a, &Ty::Decimal(scale(&x))), self.coerce(b, &Ty::Decimal(scale(&y))));
                make(self, a, b, Ty::Decimal(sum))
            }
            (B::Div | B::DivOptional, Ty::Int, Ty::Int) => {
                let right = self.ctx.source(b.range);
                let d = self
                    .diagnostic(
                        Code::IntDivision,
                        range,
                        "`/` would lose the rest of an `Int`; say which division you mean",
                        "both are `Int`",
                    )
                    .fix(self.fix("write `div`, which rounds down", op_range, "div", false));
                let d = match is_literal(&b) {
                    true => d.fix(self.fix(
                        format!("write `{right}.0`, which divides exactly"),
                        b.range,
                        format!("{right}.0"),
                        false,
                    )),
                    false => d.fix(self.fix("make it a `Decimal`", Range::empty(b.range.end), ".to_decimal(0)", false)),
                };
                self.report(d);
                self.broken(range)
            }
            (B::Div | B::DivOptional, Ty::Int | Ty::Decimal(_), Ty::Int | Ty::Decimal(_)) => {
                let ty = Ty::Decimal(tenon_value::decimal::quotient_scale(scale(&x), scale(&y)));
                let (a, b) = (self.coerce(a, &Ty::Decimal(scale(&x))), self.coerce(b, &Ty::Decimal(scale(&y))));
                self.quotient(op, a, b, ty, range)
            }
            (B::Div | B::DivOptional, Ty::Float, Ty::Float) => self.quotient(op, a, b, Ty::Float, range),
            (B::Div | B::DivOptional, Ty::Duration, Ty::Int) => self.quotient(op, a, b, Ty::Duration, range),
            (B::Mul, Ty::Duration, Ty::Int) => make(self, a, b, Ty::Duration),
            (B::Mul, Ty::Int, Ty::Duration) => make(self, b, a, Ty::Duration),
            (B::Add, Ty::Text, Ty::Text) => make(self, a, b, Ty::Text),
            (B::Add | B::Sub, Ty::Duration, Ty::Duration) => make(self, a, b, Ty::Duration),
            (B::Add | B::Sub, Ty::Instant | Ty::DateTime | Ty::Date, Ty::Duration) => make(self, a, b, x),
            (B::Add, Ty::Duration, Ty::Instant | Ty::DateTime | Ty::Date) => make(self, b, a, y),
            (B::Sub, Ty::Instant | Ty::DateTime | Ty::Date | Ty::Time, _) if x == y => make(self, a, b, Ty::Duration),
            (B::Add, Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..), _) | (B::Sub, Ty::Set(_), Ty::Set(_)) => {
                match self.join(&x, &y) {
                    Some(ty) => {
                        let (a, b) = (self.coerce(a, &ty), self.coerce(b, &ty));
                        make(self, a, b, ty)
                    }
                    None => self.no_operator(op, &a, &b, range),
                }
            }
            _ => self.no_operator(op, &a, &b, range),
        }
    }

    fn quotient(&mut self, op: ast::BinaryOp, a: Expr, b: Expr, ty: Ty, range: Range) -> Expr {
        if op == ast::BinaryOp::DivOptional {
            return self.node(ExprKind::Binary(BinaryOp::DivOption, Box::new(a), Box::new(b)), ty.optional(), range);
        }
        self.divisor(&b);
        self.node(ExprKind::Binary(BinaryOp::Div, Box::new(a), Box::new(b)), ty, range)
    }

    /// A divisor that is always zero is refused; one that may be is checked at run time.
    fn divisor(&mut self, divisor: &Expr) {
        if self.judge_divisor(divisor) == Outcome::Refuted {
            let d = self
                .diagnostic(Code::ZeroDivisor, divisor.range, "division by zero always fails", "zero")
                .note("`a /? b` gives `none` for a zero divisor");
            self.report(d);
        }
    }

    fn no_operator(&mut self, op: ast::BinaryOp, a: &Expr, b: &Expr, range: Range) -> Expr {
        let (x, y) = (self.show(&a.ty), self.show(&b.ty));
        let sign = op.as_str();
        let (tx, ty) = (self.base(&a.ty), self.base(&b.ty));
        let d = match (&tx, &ty) {
            (Ty::Text, other) | (other, Ty::Text) if sign == "+" => {
                let (text, value) = if tx == Ty::Text { (a, b) } else { (b, a) };
                let shown = self.show(other);
                let written = self.ctx.source(value.range);
                let mut d = self.diagnostic(
                    Code::TextPlus,
                    range,
                    format!("`+` joins texts; `{written}` is a `{shown}`"),
                    format!("`{shown}`"),
                );
                d.primary.location = self.ctx.location(value.range);
                if let ExprKind::Literal(Literal::Text(chars)) = &text.kind {
                    let joined = if std::ptr::eq(text, a) {
                        format!("\"{chars}{{{written}}}\"")
                    } else {
                        format!("\"{{{written}}}{chars}\"")
                    };
                    d = d.fix(self.fix(format!("write `{joined}`"), range, joined, false));
                }
                d
            }
            (Ty::Float, Ty::Int | Ty::Decimal(_)) | (Ty::Int | Ty::Decimal(_), Ty::Float) => {
                let exact = if tx == Ty::Float { b } else { a };
                self.diagnostic(
                    Code::FloatDecimal,
                    range,
                    "a `Float` is not exact; mixing it with exact numbers must be said",
                    format!("`{x}` and `{y}`"),
                )
                .fix(self.fix("make both `Float`", Range::empty(exact.range.end), ".to_float", false))
            }
            _ => self.diagnostic(
                Code::Operator,
                range,
                format!("`{sign}` does not work on `{x}` and `{y}`"),
                format!("`{x}` and `{y}`"),
            ),
        };
        self.report(d);
        self.broken(range)
    }

    fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Expr, Expr) {
        if is_open(left) && !is_open(right) {
            let b = self.expr(right, None);
            let a = self.expr(left, Some(&b.ty.clone()));
            (a, b)
        } else {
            let a = self.expr(left, None);
            let hint = self.resolve(&a.ty);
            let b = self.expr(right, Some(&hint));
            (a, b)
        }
    }

    fn equality(&mut self, equal: bool, left: &ast::Expr, right: &ast::Expr, range: Range) -> Expr {
        let swapped = is_open(left) && !is_open(right);
        let (value, other) = if swapped { (right, left) } else { (left, right) };
        let value = self.expr(value, None);
        if self.compared_with_case(&value, other, equal, range) {
            return Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        }
        let hint = self.resolve(&value.ty);
        let other = self.expr(other, Some(&hint));
        let (a, b) = if swapped { (other, value) } else { (value, other) };
        let op = if equal { BinaryOp::Eq } else { BinaryOp::Ne };
        let (x, y) = (self.resolve(&a.ty), self.resolve(&b.ty));
        if matches!(x, Ty::Error) || matches!(y, Ty::Error) {
            return Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        }
        let (bx, by) = (self.base(&x), self.base(&y));
        if bx == Ty::Float && by == Ty::Float && (is_computed(&a) || is_computed(&b)) {
            let d = self
                .diagnostic(
                    Code::FloatEqual,
                    range,
                    "equality of Floats is exact to the bit: 0.1f * 3.0f == 0.3f is false",
                    "exact equality",
                )
                .note("compare with a tolerance: `(a - b).abs < 1e-9f`");
            self.report(d);
        }
        match self.join(&x, &y) {
            Some(ty) if !matches!(self.base(&ty), Ty::Fn(..) | Ty::Unit) => {
                let ty = super::engine::forget(&ty);
                let (a, b) = (self.coerce(a, &ty), self.coerce(b, &ty));
                self.node(ExprKind::Binary(op, Box::new(a), Box::new(b)), Ty::Bool, range)
            }
            _ => {
                self.unequal_types(&a, &b, range);
                Expr { kind: ExprKind::Error, ty: Ty::Bool, range }
            }
        }
    }

    /// `s == Shut`, where `Shut` has fields: a value is not equal to a case, it is of one.
    fn compared_with_case(&mut self, value: &Expr, case: &ast::Expr, equal: bool, range: Range) -> bool {
        let of = match self.base(&value.ty) {
            Ty::Option(inner) => (*inner).clone(),
            ty => ty,
        };
        let Some((symbol, name)) = self.case_alone(case, &of) else { return false };
        let written = self.ctx.source(value.range);
        let asked = format!("{written} is {}{name}", if equal { "" } else { "not " });
        let d = self
            .diagnostic(
                Code::Arguments,
                case.range,
                format!("`{name}` has fields, so no value equals it alone"),
                "without its fields",
            )
            .fix(self.fix(format!("write `{asked}`"), range, asked, false));
        let d = self.because(d, &symbol, None, "declared here");
        self.report(d);
        true
    }

    fn unequal_types(&mut self, a: &Expr, b: &Expr, range: Range) {
        let (x, y) = (self.show(&a.ty), self.show(&b.ty));
        let plain = |ty: Ty| match ty {
            Ty::Option(inner) => (*inner).clone(),
            ty => ty,
        };
        let (tx, ty) = (plain(self.base(&a.ty)), plain(self.base(&b.ty)));
        let (tx, ty) = (self.base(&tx), self.base(&ty));
        let d = match (&tx, &ty) {
            (Ty::Row(row), Ty::Text | Ty::Int | Ty::Id | Ty::Uuid | Ty::Key(_))
            | (Ty::Text | Ty::Int | Ty::Id | Ty::Uuid | Ty::Key(_), Ty::Row(row)) => {
                let (row_side, key) = if matches!(tx, Ty::Row(_)) { (a, &y) } else { (b, &x) };
                let mut d = self.diagnostic(
                    Code::RowKey,
                    range,
                    format!("this compares a `{}` row with a `{key}`", row.name),
                    format!("`{x}` and `{y}`"),
                );
                if let Some(sig) = self.relation(row)
                    && let [key] = sig.key.as_slice()
                {
                    d = d.fix(self.fix(
                        format!("compare its `{key}`"),
                        Range::empty(row_side.range.end),
                        format!(".{key}"),
                        false,
                    ));
                }
                if let ExprKind::StoredField(base, _) = &(if matches!(tx, Ty::Row(_)) { b } else { a }).kind
                    && self.base(&base.ty) == Ty::Row(row.clone())
                {
                    let other = if matches!(tx, Ty::Row(_)) { b } else { a };
                    let base = self.ctx.source(base.range);
                    d = d.fix(self.fix(format!("compare with the row `{base}`"), other.range, base.to_string(), false));
                }
                d
            }
            (Ty::Variant(symbol, _), Ty::Text) | (Ty::Text, Ty::Variant(symbol, _)) => {
                let (variant, text) = if ty == Ty::Text { (a, b) } else { (b, a) };
                let written = self.ctx.source(variant.range);
                let mut d = self.diagnostic(
                    Code::VariantText,
                    range,
                    format!("`{written}` is a `{}`, not a text", symbol.name),
                    format!("`{x}` and `{y}`"),
                );
                if let ExprKind::Literal(Literal::Text(case)) = &text.kind
                    && self.cases(symbol, &[]).iter().any(|(n, _)| n == case)
                {
                    d = d.fix(self.fix(format!("`{written} is {case}`"), range, format!("{written} is {case}"), false));
                }
                d
            }
            _ => self.diagnostic(
                Code::Type,
                range,
                format!("`{x}` and `{y}` are never equal"),
                format!("`{x}` and `{y}`"),
            ),
        };
        self.report(d);
    }

    fn order(&mut self, op: ast::BinaryOp, left: &ast::Expr, right: &ast::Expr, range: Range) -> Expr {
        let (a, b) = self.pair(left, right);
        let typed = binary_op(op);
        let (a, b) = (self.forgotten(a), self.forgotten(b));
        let (x, y) = (self.resolve(&a.ty), self.resolve(&b.ty));
        let failed = Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        if matches!(x, Ty::Error) || matches!(y, Ty::Error) {
            return failed;
        }
        for side in [&a, &b] {
            if let Ty::Option(_) = self.base(&side.ty) {
                let written = self.ctx.source(side.range);
                let shown = self.show(&side.ty);
                let whole = self.ctx.source(range);
                let d = self
                    .diagnostic(
                        Code::NoneOrder,
                        side.range,
                        format!("`{written}` may be `none`, and `none` is neither before nor after"),
                        format!("type `{shown}`"),
                    )
                    .fix(self.fix("test it first", range, format!("{written} != none and {whole}"), false))
                    .note(format!("or give a value for `none`: `({written} ?? …)`"));
                self.report(d);
                return failed;
            }
        }
        match self.join(&x, &y) {
            Some(ty) => {
                self.require_ordered(&ty, range);
                let ty = super::engine::forget(&ty);
                let (a, b) = (self.coerce(a, &ty), self.coerce(b, &ty));
                self.node(ExprKind::Binary(typed, Box::new(a), Box::new(b)), Ty::Bool, range)
            }
            None => {
                let floats =
                    matches!((&x, &y), (Ty::Float, Ty::Int | Ty::Decimal(_)) | (Ty::Int | Ty::Decimal(_), Ty::Float));
                if floats {
                    return Expr { ty: Ty::Bool, ..self.no_operator(op, &a, &b, range) };
                }
                self.unequal_order(&a, &b, op, range);
                failed
            }
        }
    }

    fn unequal_order(&mut self, a: &Expr, b: &Expr, op: ast::BinaryOp, range: Range) {
        let (x, y) = (self.show(&a.ty), self.show(&b.ty));
        let message = format!("`{}` compares values of one type, found `{x}` and `{y}`", op.as_str());
        self.error(Code::Type, range, message, format!("`{x}` and `{y}`"));
    }

    fn membership(&mut self, left: &ast::Expr, right: &ast::Expr, range: Range) -> Expr {
        let failed = Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        if let ast::ExprKind::Binary {
            op: op @ (ast::BinaryOp::Range | ast::BinaryOp::RangeInclusive),
            left: low,
            right: high,
            ..
        } = &right.kind
        {
            let x = self.expr(left, None);
            let x = self.operand(x, "in");
            let hint = x.ty.clone();
            let (low, high) = (self.expr(low, Some(&hint)), self.expr(high, Some(&hint)));
            let (low, high) = (self.operand(low, "in"), self.operand(high, "in"));
            let joined = self.join(&x.ty, &low.ty).and_then(|t| self.join(&t, &high.ty));
            let Some(ty) = joined else {
                self.unequal_order(&x, &low, ast::BinaryOp::In, range);
                return failed;
            };
            if matches!(ty, Ty::Error) {
                return failed;
            }
            self.require_ordered(&ty, range);
            let (x, low, high) = (self.coerce(x, &ty), self.coerce(low, &ty), self.coerce(high, &ty));
            let inclusive = *op == ast::BinaryOp::RangeInclusive;
            return self.node(
                ExprKind::InRange(Box::new(x), Box::new(low), Box::new(high), inclusive),
                Ty::Bool,
                range,
            );
        }
        let x = self.expr(left, None);
        let x = self.forgotten(x);
        let hint = Ty::list(self.resolve(&x.ty));
        let set = self.source_expr(right, Some(&hint));
        let set = self.forgotten(set);
        let element = match self.base(&set.ty) {
            Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => (*t).clone(),
            Ty::Map(k, _) => (*k).clone(),
            Ty::Error => return failed,
            ty => {
                let shown = self.show(&ty);
                let mut d = self.diagnostic(
                    Code::Operator,
                    set.range,
                    format!("`in` looks into a collection or a range, found `{shown}`"),
                    format!("`{shown}`"),
                );
                if ty == Ty::Text {
                    d = d.note("whether a text has a part: `text.contains(part)`");
                }
                // `in (1, 2)`, as SQL and Python write it.
                if let ast::ExprKind::Record(record) = &right.kind
                    && record.parts.iter().all(|part| matches!(part, ast::RecordPart::Field { name: None, .. }))
                    && self.ctx.source(right.range).starts_with('(')
                {
                    let (start, end) = (right.range.start, right.range.end);
                    let edits = [(Range::new(start, start + 1), "[".into()), (Range::new(end - 1, end), "]".into())];
                    d = d.fix(self.fix_all("write brackets", edits, true));
                }
                self.report(d);
                return failed;
            }
        };
        let element = super::engine::forget(&element);
        if let Ty::Option(_) = self.base(&x.ty)
            && !matches!(self.base(&element), Ty::Option(_))
        {
            self.operand(x, "in");
            return failed;
        }
        let set_ty = match self.base(&set.ty) {
            Ty::List(_) => Ty::list(element.clone()),
            Ty::Bag(_) => Ty::bag(element.clone()),
            ty => ty,
        };
        let set = self.coerce(set, &set_ty);
        let x = self.coerce(x, &element);
        self.node(ExprKind::Binary(BinaryOp::In, Box::new(x), Box::new(set)), Ty::Bool, range)
    }

    fn matches(&mut self, left: &ast::Expr, right: &ast::Expr, range: Range) -> Expr {
        let value = self.check(left, &Ty::Text);
        let ast::ExprKind::Text(text) = &right.kind else {
            self.error(
                Code::Literal,
                right.range,
                "after `matches` stands a constant pattern: `r\"[0-9]+\"`",
                "not a constant text",
            );
            return Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        };
        let Some(pattern) = text.plain() else {
            self.error(
                Code::Literal,
                right.range,
                "a pattern has no holes; write it as raw text: `r\"[0-9]{4}\"`",
                "has a hole",
            );
            return Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        };
        if let Err(bad) = tenon_value::pattern::Pattern::new(pattern) {
            self.error(Code::Literal, right.range, bad.to_string(), "this pattern");
            return Expr { kind: ExprKind::Error, ty: Ty::Bool, range };
        }
        self.node(ExprKind::Matches(Box::new(value), pattern.into()), Ty::Bool, range)
    }

    fn coalesce(&mut self, left: &ast::Expr, right: &ast::Expr, range: Range, hint: Option<&Ty>) -> Expr {
        let wanted = hint.map(|h| h.clone().optional());
        let a = self.expr(left, wanted.as_ref());
        let Ty::Option(inner) = self.base(&a.ty) else {
            self.expr(right, Some(&a.ty.clone()));
            // Known to be there: the other value is never taken.
            return a;
        };
        let inner = (*inner).clone();
        let b = self.expr(right, Some(&inner));
        if matches!(b.ty, Ty::Error) {
            return Expr { kind: ExprKind::Error, ty: inner, range };
        }
        let (optional, other) = match self.resolve(&b.ty) {
            Ty::Option(t) => (true, (*t).clone()),
            ty => (false, ty),
        };
        let Some(joined) = self.join(&inner, &other) else {
            self.mismatch(&b, &inner);
            return self.broken(range);
        };
        let option = joined.clone().optional();
        let a = self.coerce(a, &option);
        let ty = if optional { option } else { joined };
        let b = self.coerce(b, &ty);
        self.node(ExprKind::Coalesce(Box::new(a), Box::new(b)), ty, range)
    }

    pub(crate) fn is(&mut self, value: &ast::Expr, pattern: &ast::Pattern, negated: bool, range: Range) -> Expr {
        let value = self.expr(value, None);
        let ty = self.resolve(&value.ty);
        let wants_absent =
            matches!(&pattern.kind, ast::PatternKind::Literal(ast::PatternLiteral::Value(ast::Literal::None)));
        let pattern = match self.base(&ty) {
            Ty::Option(inner) if !wants_absent => {
                let inner = self.pattern(pattern, &inner, false);
                let range = inner.range;
                Pattern { kind: PatternKind::Present(Box::new(inner)), ty: ty.clone(), range }
            }
            _ => self.pattern(pattern, &ty, false),
        };
        let test = self.node(ExprKind::Is(Box::new(value), pattern), Ty::Bool, range);
        if negated { self.node(ExprKind::Not(Box::new(test)), Ty::Bool, range) } else { test }
    }
}

fn literal_hint(op: ast::BinaryOp, literal: &ast::Expr, other: &Ty) -> Option<Ty> {
    let product = matches!(op, ast::BinaryOp::Mul | ast::BinaryOp::Div | ast::BinaryOp::DivOptional);
    match other {
        Ty::Decimal(_) if product => is_int_literal(literal).then_some(Ty::Decimal(0)),
        Ty::Decimal(_) | Ty::Float | Ty::Int => Some(other.clone()),
        _ => None,
    }
}

fn scale(ty: &Ty) -> u8 {
    match ty {
        Ty::Decimal(scale) => *scale,
        _ => 0,
    }
}

fn is_literal(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Literal(_))
}

/// A result of arithmetic, which is rounded.
fn is_computed(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Binary(..) => true,
        ExprKind::Convert(_, e) | ExprKind::Negate(e) => is_computed(e),
        _ => false,
    }
}

pub(crate) fn binary_op(op: ast::BinaryOp) -> BinaryOp {
    use ast::BinaryOp as B;
    match op {
        B::Add => BinaryOp::Add,
        B::Sub => BinaryOp::Sub,
        B::Mul => BinaryOp::Mul,
        B::Div => BinaryOp::Div,
        B::DivOptional => BinaryOp::DivOption,
        B::IntDiv => BinaryOp::IntDiv,
        B::Mod => BinaryOp::Mod,
        B::Ne => BinaryOp::Ne,
        B::Lt => BinaryOp::Lt,
        B::Le => BinaryOp::Le,
        B::Gt => BinaryOp::Gt,
        B::Ge => BinaryOp::Ge,
        B::And => BinaryOp::And,
        B::Or => BinaryOp::Or,
        B::Implies => BinaryOp::Implies,
        B::In | B::NotIn => BinaryOp::In,
        // The remaining ones have nodes of their own and never come here.
        B::Eq | B::Matches | B::Coalesce | B::Range | B::RangeInclusive | B::AsOf => BinaryOp::Eq,
    }
}
