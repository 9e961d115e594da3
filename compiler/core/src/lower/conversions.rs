//! Conversions between types, and the rules of refined types: the one place, beside writes, where an obligation that
//! nothing proves becomes a check.

use super::scope::{Binding, Scope, and, bool_literal, is_some, some, unwrap};
use super::source::refinement_part;
use crate::ir::{CheckKind, Expr, ExprKind, Prim, Type};
use tenon_check::ty::{RuleRef, Ty};
use tenon_check::typed::{self, Conversion};
use tenon_span::Range;

impl Scope<'_, '_> {
    pub fn convert(&mut self, conversion: Conversion, value: &typed::Expr, ty: &Ty, range: Range) -> Expr {
        let lowered = self.expr(value);
        self.converted(conversion, lowered, &value.ty, ty, range)
    }

    /// A lowered value after a conversion between two types.
    pub fn converted(&mut self, conversion: Conversion, lowered: Expr, from: &Ty, to: &Ty, range: Range) -> Expr {
        let core = self.ty(to);
        match conversion {
            Conversion::Forget | Conversion::Unchecked => lowered,
            Conversion::Reshape | Conversion::BagToList | Conversion::ListToBag => self.coerce(lowered, &core),
            Conversion::Refine { checked } => {
                if !checked {
                    let target = self.closed(to);
                    return self.assert_refined(lowered, &target, range);
                }
                let named = self.name(lowered);
                let source = self.closed(from);
                let target = self.closed(to);
                match self.satisfies(&named, &target, Some(&source)) {
                    Some(condition) => {
                        let rule = self.rule_text(&target);
                        self.guarded(CheckKind::Refinement, condition, named, &rule, range)
                    }
                    None => named,
                }
            }
            Conversion::Some => some(lowered),
            Conversion::Present => {
                let named = self.name(lowered);
                if matches!(named.ty, Type::Option(_)) { self.assert_present(named, range) } else { named }
            }
            Conversion::IntToDecimal => {
                let site = self.site(range);
                Expr::new(ExprKind::Prim(Prim::IntToDecimal, vec![lowered], site), core)
            }
            Conversion::WidenDecimal => {
                let site = self.site(range);
                Expr::new(ExprKind::Prim(Prim::Rescale, vec![lowered], site), core)
            }
            Conversion::Key => match lowered.ty {
                Type::Row(r) | Type::Ref(r) => self.key_of(lowered, r),
                _ => lowered,
            },
        }
    }

    /// The condition under which a value belongs to a type; `None` if it always does. Rules that the type it
    /// comes from has already are left out.
    pub fn satisfies(&mut self, value: &Expr, target: &Ty, known: Option<&Ty>) -> Option<Expr> {
        match target {
            Ty::Refined(base, rule) => {
                if known.is_some_and(|k| has_rule(k, rule)) {
                    return self.satisfies(value, base, known);
                }
                let inner = self.satisfies(value, base, known);
                let body = self.l.source.rule(&rule.owner, refinement_part(rule))?;
                let value = self.name(value.clone());
                let argument = if self.in_query() { Binding::Query(value) } else { Binding::Code(value) };
                let own = match inner {
                    // The rule may rest on the rules of its base.
                    Some(condition) => self.conditional(
                        condition,
                        &Type::Bool,
                        |s| {
                            s.inline_body(
                                &rule.owner,
                                std::sync::Arc::new(body.body.clone()),
                                vec![argument],
                                Vec::new(),
                                Range::empty(0),
                            )
                        },
                        |_| bool_literal(false),
                    ),
                    None => {
                        let body = std::sync::Arc::new(body.body.clone());
                        self.inline_body(&rule.owner, body, vec![argument], Vec::new(), Range::empty(0))
                    }
                };
                Some(own)
            }
            Ty::Option(inner) if has_rules(inner) => {
                let value = self.name(value.clone());
                let held = unwrap(value.clone());
                let known = known.map(|k| match k {
                    Ty::Option(k) => (**k).clone(),
                    k => k.clone(),
                });
                Some(self.conditional(
                    is_some(value),
                    &Type::Bool,
                    |s| s.satisfies(&held, inner, known.as_ref()).unwrap_or_else(|| bool_literal(true)),
                    |_| bool_literal(true),
                ))
            }
            Ty::Record(record) if record.fields.iter().any(|f| has_rules(&f.ty)) => {
                let mut all: Option<Expr> = None;
                for field in &record.fields {
                    if !has_rules(&field.ty) {
                        continue;
                    }
                    let Some(part) = self.raw_field(value.clone(), &field.name) else { continue };
                    let ty =
                        if field.absent { Ty::Option(std::sync::Arc::new(field.ty.clone())) } else { field.ty.clone() };
                    let known = match known {
                        Some(Ty::Record(k)) => k.field(&field.name).map(|f| f.ty.clone()),
                        _ => None,
                    };
                    if let Some(condition) = self.satisfies(&part, &ty, known.as_ref()) {
                        all = Some(match all {
                            Some(before) => and(before, condition),
                            None => condition,
                        });
                    }
                }
                all
            }
            Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) if has_rules(inner) => {
                let inner = (**inner).clone();
                let known = known.and_then(|k| k.element().cloned());
                Some(self.every_element(value.clone(), move |s, e| {
                    s.satisfies(&e, &inner, known.as_ref()).unwrap_or_else(|| bool_literal(true))
                }))
            }
            _ => None,
        }
    }

    /// The source text of a type's own rule, for the log.
    pub fn rule_text(&mut self, target: &Ty) -> String {
        match target {
            Ty::Refined(_, rule) => match self.l.source.rule(&rule.owner, refinement_part(rule)) {
                Some(rule) => rule.text.to_string(),
                None => String::new(),
            },
            Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => self.rule_text(&t.clone()),
            _ => String::new(),
        }
    }
}

fn has_rule(ty: &Ty, rule: &RuleRef) -> bool {
    match ty {
        Ty::Refined(base, own) => own == rule || has_rule(base, rule),
        _ => false,
    }
}

/// True if values of the type keep a rule somewhere.
pub(super) fn has_rules(ty: &Ty) -> bool {
    match ty {
        Ty::Refined(..) => true,
        Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => has_rules(t),
        Ty::Record(r) => r.fields.iter().any(|f| has_rules(&f.ty)),
        _ => false,
    }
}
