//! What stands around a place, for completion: inference is told the place of a name, and says when it comes there
//! which names are in sight and what the place would like.

use super::engine::{Infer, Seen};
use crate::ty::{Symbol, Ty};
use crate::typed::Expr;
use smol_str::SmolStr;
use tenon_span::Range;

/// What was seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Probed {
    /// What may stand there.
    pub at: ProbedAt,
    /// The names in sight, the innermost last; of names that hide each other the one that counts.
    pub names: Vec<SeenName>,
    /// The relation whose fields are in sight by their bare names.
    pub row: Option<Symbol>,
    /// Within a query whose rows are groups: aggregates may stand.
    pub grouped: bool,
    /// In a scenario, where `succeeded`, `failed` and `!` may stand.
    pub scenario: bool,
}

/// What may stand at a place.
#[derive(Clone, PartialEq, Debug)]
pub enum ProbedAt {
    /// A value; of the type that is wanted, if one is.
    Value(Option<Ty>),
    /// What is called.
    Callee(Option<Ty>),
    /// A field or method of a value.
    Member {
        /// Of this type.
        ty: Ty,
        /// The only case that a value of a variant type may still have here, after tests.
        case: Option<SmolStr>,
    },
    /// A pattern over values of this type.
    Pattern(Ty),
    /// A field of the relation, to be set.
    Assigned(Symbol),
}

/// A name in sight.
#[derive(Clone, PartialEq, Debug)]
pub struct SeenName {
    /// The name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Ty,
    /// Declared by `var`.
    pub mutable: bool,
}

impl Infer<'_> {
    /// What stands behind the dot of a value.
    pub(super) fn member_of(&self, base: &Expr) -> ProbedAt {
        let case = self.known_cases(base).and_then(|known| match known.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        });
        ProbedAt::Member { ty: base.ty.clone(), case }
    }

    /// Looks around if this is the place.
    pub(super) fn look_around(&mut self, range: Range, at: impl FnOnce(&Self) -> ProbedAt) {
        if self.probe != Some(range) {
            return;
        }
        let mut names: Vec<SeenName> = Vec::new();
        for (name, seen) in self.scope.since(0) {
            let Seen::Local(local) = seen else { continue };
            if name.is_empty() || names.iter().any(|other| other.name == name) {
                continue;
            }
            let local = &self.locals[local.0 as usize];
            names.push(SeenName { name, ty: local.ty.clone(), mutable: local.mutable });
        }
        self.probed = Some(Probed {
            at: at(self),
            names,
            row: self.row.as_ref().map(|(relation, _)| relation.clone()),
            grouped: self.grouped_frame().is_some(),
            scenario: self.scenario,
        });
    }

    /// What was seen, with what is known of types by now.
    pub(super) fn take_probed(&mut self) -> Option<Probed> {
        let mut probed = self.probed.take()?;
        let known = |ty: &Ty| self.resolve(ty);
        for name in &mut probed.names {
            name.ty = known(&name.ty);
        }
        match &mut probed.at {
            ProbedAt::Value(Some(ty))
            | ProbedAt::Callee(Some(ty))
            | ProbedAt::Member { ty, .. }
            | ProbedAt::Pattern(ty) => {
                *ty = known(ty);
            }
            ProbedAt::Value(None) | ProbedAt::Callee(None) | ProbedAt::Assigned(_) => {}
        }
        Some(probed)
    }
}
