//! Which types have an order, may be keys, may be stored: the meaning of the bounds `Ordered`, `Keyed` and
//! `Storable`, also asked of the elements of sets, the keys of maps and the fields of relations.

use crate::db::Db;
use crate::declare::signature;
use crate::signature::{Generic, Signature, TypeBody, TypeBound};
use crate::ty::{Symbol, Ty};

/// True if every value of the type has what the bound asks for. Type parameters have what their own bounds
/// say. A type whose fault has been reported has everything.
pub fn satisfies(db: &dyn Db, ty: &Ty, bound: TypeBound, generics: &[Generic]) -> bool {
    Bounds { db, bound, generics, open: Vec::new() }.holds(ty)
}

struct Bounds<'a> {
    db: &'a dyn Db,
    bound: TypeBound,
    generics: &'a [Generic],
    /// Variant types whose cases are being looked at; a recursive type has what its other parts have.
    open: Vec<Symbol>,
}

impl Bounds<'_> {
    fn holds(&mut self, ty: &Ty) -> bool {
        use TypeBound::{Keyed, Ordered, Storable};
        match ty {
            Ty::Error | Ty::Never | Ty::Infer(_) => true,
            Ty::Unit | Ty::Fn(..) => false,
            Ty::Bool | Ty::Int | Ty::Decimal(_) | Ty::Text | Ty::Instant | Ty::DateTime | Ty::Date => true,
            Ty::Time | Ty::Duration | Ty::Id | Ty::Uuid | Ty::Bytes => true,
            Ty::Float => self.bound != Keyed,
            Ty::Json => self.bound == Storable,
            Ty::Refined(base, _) => self.holds(base),
            Ty::Row(_) | Ty::Key(_) | Ty::Tag(_) => self.bound != Ordered,
            Ty::Option(inner) | Ty::List(inner) => self.bound != Ordered && self.holds(inner),
            Ty::Bag(inner) => self.bound == Storable && self.holds(inner),
            Ty::Set(inner) => self.bound != Ordered && self.holds(inner),
            Ty::Map(key, value) => self.bound != Ordered && self.holds(key) && self.holds(value),
            Ty::Record(record) => self.bound != Ordered && record.fields.iter().all(|field| self.holds(&field.ty)),
            Ty::Variant(symbol, args) => {
                self.bound != Ordered && args.iter().all(|arg| self.holds(arg)) && self.cases_hold(symbol)
            }
            // Within the cases of a type its parameters stand for its arguments, which are asked on their own.
            Ty::Param(_) if !self.open.is_empty() => true,
            Ty::Param(name) => self.generics.iter().any(|generic| {
                generic.name == *name
                    && match (self.bound, generic.bound) {
                        (_, None) => false,
                        (Storable, Some(_)) => true,
                        (wanted, Some(given)) => wanted == given,
                    }
            }),
        }
    }

    fn cases_hold(&mut self, symbol: &Symbol) -> bool {
        if self.open.contains(symbol) {
            return true;
        }
        let Some(Signature::Type(sig)) = signature(self.db, symbol) else { return true };
        let TypeBody::Variant(cases) = &sig.body else { return true };
        self.open.push(symbol.clone());
        let holds = cases.iter().flat_map(|case| &case.fields).all(|field| self.holds(&field.ty));
        self.open.pop();
        holds
    }
}
