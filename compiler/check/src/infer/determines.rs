//! Which row variables of a query fix others: by keys, uniques and equalities. An aggregate folds once per binding of
//! those that its argument rests on.

use super::engine::Infer;
use super::query::{Frame, From};
use crate::ty::{Symbol, Ty};
use crate::typed::{BinaryOp, Expr, ExprKind, LocalId, Source};
use smol_str::SmolStr;

impl Infer<'_> {
    /// The row variables that a row from this source fixes, and those that the source uses.
    pub(super) fn source_roots(&self, from: &From) -> (Vec<LocalId>, Vec<LocalId>) {
        let Source::Collection(source) = &from.source else { return (Vec::new(), Vec::new()) };
        let uses = self.roots_of(source);
        let fixes = match &super::facts::strip(source).kind {
            ExprKind::Inverse { row, .. } => match &super::facts::strip(row).kind {
                ExprKind::Local(local) if uses.contains(local) => vec![*local],
                _ => Vec::new(),
            },
            // An element is an occurrence in its collection, which belongs to the rows it was read from.
            _ if !matches!(self.base(&from.element), Ty::Row(_)) => uses.clone(),
            _ => Vec::new(),
        };
        (fixes, uses)
    }

    /// Notes a row variable, and what its source says about its grain.
    pub(super) fn bind_variable(&mut self, local: LocalId, element: &Ty, fixes: &[LocalId], uses: &[LocalId]) {
        let is_row = matches!(self.base(element), Ty::Row(_));
        let frame = self.frame();
        frame.vars.push(local);
        frame.determines.extend(fixes.iter().map(|root| (vec![local], *root)));
        if !is_row {
            frame.elements.push((local, uses.to_vec()));
        }
    }

    /// The row variables of the query at hand that an expression uses.
    pub(crate) fn roots_of(&self, expr: &Expr) -> Vec<LocalId> {
        match self.frames.last() {
            Some(frame) => roots_in(frame, expr),
            None => Vec::new(),
        }
    }

    /// Notes which row variables fix which, from the equalities of a condition.
    pub(super) fn note_equalities(&mut self, cond: &Expr) {
        match &cond.kind {
            ExprKind::Binary(BinaryOp::And, a, b) => {
                self.note_equalities(a);
                self.note_equalities(b);
            }
            ExprKind::Binary(BinaryOp::Eq, a, b) => {
                for (x, y) in [(a, b), (b, a)] {
                    let by = self.roots_of(y);
                    match &super::facts::strip(x).kind {
                        // Equal elements may stand at several places, equal rows are one.
                        ExprKind::Local(local)
                            if self.frame().vars.contains(local)
                                && !by.contains(local)
                                && self.is_row(&self.locals[local.0 as usize].ty) =>
                        {
                            let local = *local;
                            self.frame().determines.push((by, local));
                        }
                        ExprKind::StoredField(base, field) => {
                            let ExprKind::Local(local) = super::facts::strip(base).kind else { continue };
                            if !self.frame().vars.contains(&local) || by.contains(&local) {
                                continue;
                            }
                            let Ty::Row(symbol) = self.base(&self.locals[local.0 as usize].ty) else { continue };
                            let field = field.clone();
                            self.note_key_part(local, &symbol, field, by);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a type is that of rows, or of rows that may be missing.
    pub(super) fn is_row(&self, ty: &Ty) -> bool {
        match self.base(ty) {
            Ty::Option(of) => matches!(self.base(&of), Ty::Row(_)),
            base => matches!(base, Ty::Row(_)),
        }
    }

    pub(super) fn note_key_part(&mut self, local: LocalId, symbol: &Symbol, field: SmolStr, by: Vec<LocalId>) {
        let Some(sig) = self.relation(symbol) else { return };
        let frame = self.frame();
        frame.key_parts.push((local, field, by));
        let part = |name: &SmolStr| {
            frame.key_parts.iter().find(|(l, f, _)| *l == local && f == name).map(|(_, _, by)| by.clone())
        };
        let whole = |names: &mut dyn Iterator<Item = &SmolStr>| -> Option<Vec<LocalId>> {
            names.map(part).collect::<Option<Vec<_>>>().map(|p| p.concat())
        };
        let mut found = Vec::new();
        found.extend(whole(&mut sig.key.iter()));
        for unique in &sig.uniques {
            if unique.parts.iter().all(|p| !p.derived) {
                found.extend(whole(&mut unique.parts.iter().map(|p| &p.field)));
            }
        }
        for by in found {
            self.frame().determines.push((by, local));
        }
    }
}

/// The row variables of a frame that an expression uses, directly or through named values.
pub(crate) fn roots_in(frame: &Frame, expr: &Expr) -> Vec<LocalId> {
    fn walk(frame: &Frame, expr: &Expr, out: &mut Vec<LocalId>) {
        if let ExprKind::Local(local) = &expr.kind {
            let mut add = |l: LocalId| {
                if !out.contains(&l) {
                    out.push(l);
                }
            };
            if frame.vars.contains(local) || frame.group_vars.contains(local) {
                add(*local);
            } else if let Some(roots) = frame.roots.get(local) {
                roots.iter().copied().for_each(add);
            }
        }
        crate::typed::for_each_child(expr, &mut |e| walk(frame, e, out));
    }
    let mut out = Vec::new();
    walk(frame, expr, &mut out);
    out
}

/// What tells the bindings of row variables apart: an element is known by its place in a collection and by the rows that
/// the collection was read from.
pub(super) fn occurrences(frame: &Frame, mut grain: Vec<LocalId>) -> Vec<LocalId> {
    let mut i = 0;
    while i < grain.len() {
        if let Some((_, owners)) = frame.elements.iter().find(|(element, _)| *element == grain[i]) {
            let new: Vec<LocalId> = owners.iter().copied().filter(|owner| !grain.contains(owner)).collect();
            grain.extend(new);
        }
        i += 1;
    }
    grain
}

/// All row variables that are fixed where these are, within a group.
pub(super) fn closure(frame: &Frame, of: &[LocalId]) -> Vec<LocalId> {
    let mut known: Vec<LocalId> = of.to_vec();
    known.extend(frame.group_fixed.iter().copied());
    loop {
        let before = known.len();
        for (by, then) in &frame.determines {
            if !known.contains(then) && by.iter().all(|b| known.contains(b)) {
                known.push(*then);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}
