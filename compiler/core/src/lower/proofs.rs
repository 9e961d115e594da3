//! Proofs as assertions. What the checker proved makes no code; where a test asks for it
//! ([`Settings::assert_proofs`](super::Settings)), it is checked at run time after all, and a proof that is wrong is a fault
//! of its own at its place. Beyond single proofs, what rests on all of them is asserted too: values that enter and leave
//! functions and the store are in their types.

use super::expr::is_case;
use super::scope::{Scope, is_some, unwrap};
use crate::ir::{CheckKind, Expr, FieldId, RelationId, Type};
use tenon_check::signature::RelationSig;
use tenon_check::ty::{Symbol, Ty};
use tenon_span::Range;

impl Scope<'_, '_> {
    /// A value that was proved to belong to a type.
    pub fn assert_refined(&mut self, value: Expr, target: &Ty, range: Range) -> Expr {
        if !self.l.assert_proofs || !super::conversions::has_rules(target) {
            return value;
        }
        let value = self.name(value);
        let rule = self.rule_text(target);
        match self.satisfies(&value, target, None) {
            Some(condition) => self.guarded(CheckKind::Proof, condition, value, &rule, range),
            None => value,
        }
    }

    /// The value of an option that was proved to be there.
    pub fn assert_present(&mut self, option: Expr, range: Range) -> Expr {
        if !self.l.assert_proofs {
            return unwrap(option);
        }
        self.guarded(CheckKind::Proof, is_some(option.clone()), unwrap(option), "it is there", range)
    }

    /// A value that was proved to be of a case.
    pub fn assert_case(&mut self, value: Expr, case: &str, range: Range) -> Expr {
        let Type::Variant(id) = value.ty else { return value };
        let tag = self.l.program.variant(id).cases.iter().position(|c| c.name == case);
        let Some(tag) = tag.filter(|_| self.l.assert_proofs) else { return value };
        let value = self.name(value);
        self.guarded(CheckKind::Proof, is_case(value.clone(), tag as u32), value, &format!("it is {case}"), range)
    }

    /// The result of the last arm of a `match`, which was proved to take whatever the others leave.
    pub fn assert_matches(&mut self, condition: Expr, range: Range, result: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if !self.l.assert_proofs {
            return result(self);
        }
        if self.in_query() {
            let value = result(self);
            return self.guarded(CheckKind::Proof, condition, value, "the last arm matches", range);
        }
        self.check(CheckKind::Proof, condition, "the last arm matches", range);
        result(self)
    }

    /// That the pattern of a `let` or `for` matches. (In a query there is no value here that could carry the assertion.)
    pub fn assert_bound(&mut self, condition: Expr, range: Range) {
        if self.l.assert_proofs && !self.in_query() {
            self.check(CheckKind::Proof, condition, "the pattern matches", range);
        }
    }

    /// What a row is written with: each value is in its field's type, transitions are kept, and the rules of the row hold
    /// that no changed field takes part in.
    pub fn assert_row(
        &mut self,
        sig: &RelationSig,
        id: RelationId,
        values: &[Expr],
        replaced: Option<&Expr>,
        range: Range,
    ) {
        if !self.l.assert_proofs {
            return;
        }
        for (at, value) in values.iter().enumerate() {
            let field = self.l.program.relation(id).field(FieldId(at as u32));
            if field.derived.is_some() {
                continue;
            }
            let name = field.name.clone();
            let ty = self.l.field_ty(&sig.symbol, &name);
            self.assert_refined(value.clone(), &ty, range);
            if let Some(row) = replaced.filter(|_| sig.transitions.iter().any(|(field, _)| *field == name)) {
                let before = self.field_of_row(row.clone(), id, FieldId(at as u32));
                let allowed = self.may_become(&sig.symbol, &name, before, value.clone());
                self.check(CheckKind::Proof, allowed, &format!("transitions {name}"), range);
            }
        }
        self.row_checks(sig, id, values, None, CheckKind::Proof, range);
    }

    /// The values that a function is given.
    pub fn assert_params(&mut self, values: &[Expr], types: &[Ty]) {
        for (value, ty) in values.iter().zip(types) {
            let ty = self.closed(ty);
            self.assert_refined(value.clone(), &ty, Range::empty(0));
        }
    }

    /// The value that a function gives.
    pub fn assert_result(&mut self, value: Expr, function: &Symbol) -> Expr {
        if !self.l.assert_proofs {
            return value;
        }
        let ty = self.l.source.result_type(function);
        let ty = self.closed(&ty);
        self.assert_refined(value, &ty, Range::empty(0))
    }
}
