//! How many lanes values of Core types have in native code: the widths of `tenon_value::width` over the types of one
//! program. Which function or query has a type that is too wide is asked after lowering; most is told by the checker
//! before, where it is written.

use crate::calls::each_expr;
use crate::effects::exprs_of;
use crate::ir::{Expr, Function, Output, Program, Query, Type, VarInfo};
use tenon_value::width::{Atom, MAX_LANES, TAG};

/// The lanes of the variant types of a program, so that those of any type are soon told. Where they have more than a
/// number holds, the greatest number stands.
#[derive(Default)]
pub struct Widths {
    variants: Vec<u32>,
}

impl Widths {
    /// Measures the variant types that a program has beyond those that are measured. False if one contains itself without a
    /// collection between, which the checker tells.
    pub fn extend(&mut self, program: &Program) -> bool {
        let known = self.variants.len();
        let count = program.variants.len();
        if known == count {
            return true;
        }
        let mut measured: Vec<Option<u32>> = self.variants.iter().copied().map(Some).collect();
        measured.resize(count, None);
        for start in known..count {
            // Types may lead to each other in long chains, so the path stands in memory.
            let mut path = vec![start];
            while let Some(at) = path.last().copied() {
                let fields = || program.variants.get(at).into_iter().flat_map(|v| &v.cases).flat_map(|c| &c.fields);
                let missing = fields().find_map(|(_, ty)| unmeasured(ty, &measured));
                match missing {
                    Some(next) if path.contains(&next) => return false,
                    Some(next) => path.push(next),
                    None => {
                        let known = |index: usize| measured.get(index).copied().flatten().unwrap_or(u32::MAX);
                        let lanes = fields().fold(TAG, |sum, (_, ty)| sum.saturating_add(lanes_with(ty, &known)));
                        if let Some(place) = measured.get_mut(at) {
                            *place = Some(lanes);
                        }
                        path.pop();
                    }
                }
            }
        }
        self.variants = measured.into_iter().map(|lanes| lanes.unwrap_or(u32::MAX)).collect();
        true
    }

    /// The number of lanes of a type.
    pub fn lanes(&self, ty: &Type) -> u32 {
        lanes_with(ty, &|index| self.variants.get(index).copied().unwrap_or(0))
    }

    fn is_too_wide(&self, ty: &Type) -> bool {
        // What lies in collections is a value of its own in the code that makes and reads it.
        std::iter::successors(Some(ty), |ty| ty.element()).any(|ty| self.lanes(ty) > MAX_LANES)
    }

    /// Whether a function has a value of a type that is too wide.
    pub fn function_is_too_wide(&self, function: &Function) -> bool {
        let mut found = self.is_too_wide(&function.result) || self.vars_are_too_wide(&function.vars);
        each_expr(&function.body, &mut |expr| found = found || self.expr_is_too_wide(expr));
        found
    }

    /// Whether a query has a value of a type that is too wide.
    pub fn query_is_too_wide(&self, query: &Query) -> bool {
        let mut found = self.vars_are_too_wide(&query.vars);
        exprs_of(&query.root, &mut |expr| found = found || self.expr_is_too_wide(expr));
        found
            || match &query.output {
                Output::Collect(e) | Output::First(e) | Output::One(e) => self.expr_is_too_wide(e),
                Output::CollectMap(key, value) => self.expr_is_too_wide(key) || self.expr_is_too_wide(value),
                Output::Exists => false,
            }
    }

    fn vars_are_too_wide(&self, vars: &[VarInfo]) -> bool {
        vars.iter().any(|var| self.is_too_wide(&var.ty))
    }

    fn expr_is_too_wide(&self, expr: &Expr) -> bool {
        if self.is_too_wide(&expr.ty) {
            return true;
        }
        let mut found = false;
        expr.children(&mut |child| found = found || self.expr_is_too_wide(child));
        found
    }
}

/// A variant type in a type, by value, that is not measured yet.
fn unmeasured(ty: &Type, measured: &[Option<u32>]) -> Option<usize> {
    match ty {
        Type::Option(inner) => unmeasured(inner, measured),
        Type::Record(record) => record.fields.iter().find_map(|(_, ty)| unmeasured(ty, measured)),
        Type::Variant(id) => measured.get(id.index()).is_some_and(Option::is_none).then(|| id.index()),
        _ => None,
    }
}

fn lanes_with(ty: &Type, variant: &dyn Fn(usize) -> u32) -> u32 {
    match ty {
        Type::Option(inner) => lanes_with(inner, variant).saturating_add(TAG),
        Type::Record(record) => {
            record.fields.iter().fold(0, |sum, (_, ty)| lanes_with(ty, variant).saturating_add(sum))
        }
        Type::Variant(id) => variant(id.index()),
        ty => ty.atom().map_or(0, Atom::lanes),
    }
}
