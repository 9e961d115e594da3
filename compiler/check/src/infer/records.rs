//! Records: built, spread, projected; and what is done through an option.

use super::engine::Infer;
use crate::ty::{FieldTy, RecordTy, Ty};
use crate::typed::{Conversion, Expr, ExprKind, Pattern, PatternKind, Stmt};
use crate::uses::{Form, Meaning, Role};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// A record. With an expected record type each field is checked against its own.
    pub fn record(&mut self, record: &ast::Record, range: Range, hint: Option<&Ty>) -> Expr {
        if record.parts.is_empty() && !record.broken {
            return self.node(ExprKind::Record(Vec::new()), Ty::Unit, range);
        }
        let wanted = hint.and_then(|h| match self.base(h) {
            Ty::Record(r) => Some(r),
            Ty::Option(inner) => match self.base(&inner) {
                Ty::Record(r) => Some(r),
                _ => None,
            },
            _ => None,
        });
        let mut lets: Vec<Stmt> = Vec::new();
        let mut fields: Vec<(SmolStr, Expr)> = Vec::new();
        let mut types: Vec<FieldTy> = Vec::new();
        let mut written: Vec<(Range, SmolStr, Form)> = Vec::new();
        let mut broken = record.broken;
        for (index, part) in record.parts.iter().enumerate() {
            match part {
                ast::RecordPart::Field { name, value } => {
                    let implied = name.as_ref().or_else(|| value.implied_name());
                    let field_name = implied.map_or_else(|| SmolStr::new(index.to_string()), |n| n.text.clone());
                    let place = name.as_ref().map_or(value.range, |n| n.range);
                    if let Some(implied) = implied {
                        let form = if name.is_some() { Form::Plain } else { Form::Short(value.range.start) };
                        written.push((implied.range, field_name.clone(), form));
                    }
                    let own = wanted.as_ref().and_then(|w| w.field(&field_name).cloned());
                    let expr = self.record_value(value, own.as_ref());
                    let absent = own.as_ref().is_some_and(|f| f.absent);
                    if matches!(expr.ty, Ty::Error) {
                        broken = true;
                    }
                    let spread_before = types.iter().position(|f| f.name == field_name);
                    if let Some(at) = spread_before {
                        let replaced = record.parts[..index].iter().any(|p| match p {
                            ast::RecordPart::Field { name, value } => {
                                name.as_ref().or_else(|| value.implied_name()).is_some_and(|n| n.text == field_name)
                            }
                            ast::RecordPart::Spread(_) => false,
                        });
                        if replaced {
                            self.error(Code::Twice, place, format!("`{field_name}` stands here twice"), "again");
                            broken = true;
                            continue;
                        }
                        fields.remove(at);
                        types.remove(at);
                    }
                    let ty = match (&own, absent) {
                        (Some(f), true) => f.ty.clone(),
                        _ => expr.ty.clone(),
                    };
                    types.push(FieldTy {
                        name: field_name.clone(),
                        wire: own.as_ref().and_then(|f| f.wire.clone()),
                        ty,
                        absent,
                        default: None,
                    });
                    fields.push((field_name, expr));
                }
                ast::RecordPart::Spread(value) => {
                    let base = self.expr(value, None);
                    for (name, expr, absent, ty) in self.spread(base, &mut lets) {
                        if let Some(at) = types.iter().position(|f| f.name == name) {
                            fields.remove(at);
                            types.remove(at);
                        }
                        types.push(FieldTy { name: name.clone(), wire: None, ty, absent, default: None });
                        fields.push((name, expr));
                    }
                }
            }
        }
        let made = Arc::new(RecordTy { fields: types });
        let of = wanted.unwrap_or_else(|| made.clone());
        for (range, name, form) in written {
            self.means_by(range, Meaning::RecordField(of.clone(), name), Role::Write, form);
        }
        let ty = if broken { Ty::Error } else { Ty::Record(made) };
        let value = self.node(ExprKind::Record(fields), ty.clone(), range);
        if lets.is_empty() { value } else { self.node(ExprKind::Block(lets, Some(Box::new(value))), ty, range) }
    }

    fn record_value(&mut self, value: &ast::Expr, wanted: Option<&FieldTy>) -> Expr {
        match wanted {
            Some(field) if field.absent && matches!(self.base(&field.ty), Ty::Option(_)) => {
                // `f?: T?`: being there, and being `none`, are two things.
                let inner = self.check(value, &field.ty);
                let range = inner.range;
                self.node(ExprKind::PresentField(Box::new(inner)), field.ty.clone(), range)
            }
            Some(field) if field.absent => {
                let ty = field.ty.clone().optional();
                let expr = self.check(value, &ty);
                match expr.kind {
                    ExprKind::Convert(Conversion::Some, inner) => {
                        let range = inner.range;
                        self.node(ExprKind::PresentField(inner), ty, range)
                    }
                    _ => expr,
                }
            }
            Some(field) => {
                let expr = self.expr(value, Some(&field.ty));
                // What does not fit at all is shown by the record as a whole only where it stands alone.
                self.coerce(expr, &field.ty)
            }
            None => self.expr(value, None),
        }
    }

    /// The fields of a value that is spread, and a `let` where it has to be named first.
    pub fn spread(&mut self, base: Expr, lets: &mut Vec<Stmt>) -> Vec<(SmolStr, Expr, bool, Ty)> {
        let range = base.range;
        let base = self.named(base, lets);
        match self.base(&base.ty) {
            Ty::Record(record) => record
                .fields
                .iter()
                .map(|f| {
                    let seen = if f.absent { f.ty.clone().optional() } else { f.ty.clone() };
                    let value = self.node(ExprKind::RecordField(Box::new(base.clone()), f.name.clone()), seen, range);
                    (f.name.clone(), value, f.absent, f.ty.clone())
                })
                .collect(),
            Ty::Row(symbol) => {
                let Some(sig) = self.relation(&symbol) else { return Vec::new() };
                sig.fields
                    .iter()
                    .filter(|f| !f.secret && !f.computed)
                    .map(|f| {
                        let value = self.node(
                            ExprKind::StoredField(Box::new(base.clone()), f.name.clone()),
                            f.ty.clone(),
                            range,
                        );
                        (f.name.clone(), value, false, f.ty.clone())
                    })
                    .collect()
            }
            Ty::Error => Vec::new(),
            ty => {
                let shown = self.show(&ty);
                self.error(
                    Code::Type,
                    range,
                    format!("`..` spreads a record or a row, found `{shown}`"),
                    format!("`{shown}`"),
                );
                Vec::new()
            }
        }
    }

    /// The value under a name, so that it can be used more than once; a place is its own name.
    pub fn named(&mut self, base: Expr, lets: &mut Vec<Stmt>) -> Expr {
        if self.place(&base).is_some() || matches!(base.kind, ExprKind::Error | ExprKind::Const(_)) {
            return base;
        }
        let range = base.range;
        let local = self.local("", base.ty.clone(), false, range);
        lets.push(Stmt::Let(Pattern { kind: PatternKind::Bind(local), ty: base.ty.clone(), range }, base));
        self.local_expr(local, range)
    }

    pub(crate) fn project(&mut self, base: &ast::Expr, names: &[ast::Ident], optional: bool, range: Range) -> Expr {
        let base = self.expr(base, None);
        self.through_option(base, optional, range, |this, base| {
            let mut lets = Vec::new();
            let base = this.named(base, &mut lets);
            let mut fields: Vec<(SmolStr, Expr)> = Vec::new();
            let mut types = Vec::new();
            for name in names {
                if fields.iter().any(|(n, _)| *n == name.text) {
                    this.error(Code::Twice, name.range, format!("`{}` stands here twice", name.text), "again");
                    continue;
                }
                let value = this.field(base.clone(), &name.text, name.range, range);
                types.push(FieldTy {
                    name: name.text.clone(),
                    wire: None,
                    ty: value.ty.clone(),
                    absent: false,
                    default: None,
                });
                fields.push((name.text.clone(), value));
            }
            let broken = fields.iter().any(|(_, e)| matches!(e.ty, Ty::Error));
            let ty = if broken { Ty::Error } else { Ty::Record(Arc::new(RecordTy { fields: types })) };
            let record = this.node(ExprKind::Record(fields), ty.clone(), range);
            if lets.is_empty() { record } else { this.node(ExprKind::Block(lets, Some(Box::new(record))), ty, range) }
        })
    }

    /// Applies something to a value, or, after `?.`, to the value inside of an option.
    pub fn through_option(
        &mut self,
        base: Expr,
        optional: bool,
        range: Range,
        f: impl FnOnce(&mut Self, Expr) -> Expr,
    ) -> Expr {
        if !optional {
            return f(self, base);
        }
        match self.base(&base.ty) {
            Ty::Option(inner) => {
                let local = self.local("", (*inner).clone(), false, base.range);
                let value = self.local_expr(local, base.range);
                let body = f(self, value);
                let ty = self.resolve(&body.ty).optional();
                self.node(ExprKind::OptionMap(Box::new(base), local, Box::new(body)), ty, range)
            }
            Ty::Error => {
                f(self, base);
                self.broken(range)
            }
            // Always there, perhaps by a test above: `?.` is `.`, and optional all the same.
            _ => {
                let value = f(self, base);
                match self.base(&value.ty) {
                    Ty::Option(_) | Ty::Error => value,
                    _ => self.some(value),
                }
            }
        }
    }

    pub(crate) fn unwrap(&mut self, base: &ast::Expr, range: Range) -> Expr {
        let base = self.expr(base, None);
        if !self.scenario {
            let d = self
                .diagnostic(Code::Misplaced, range, "`!` stands in scenarios only", "may be `none`")
                .note("elsewhere: `x else fail NotFound()`, `x ?? d`, `if x != none { … }`");
            self.report(d);
        }
        match self.base(&base.ty) {
            Ty::Option(inner) => self.node(ExprKind::Force(Box::new(base)), (*inner).clone(), range),
            _ => base,
        }
    }
}
