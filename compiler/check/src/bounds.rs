//! Which types have an order, may be keys, may be stored: the meaning of the bounds `Ordered`, `Keyed` and
//! `Storable`, also asked of the elements of sets, the keys of maps and the fields of relations. And what else is asked of
//! the types of a declaration, once all signatures are known.

use crate::db::Db;
use crate::declare::signature;
use crate::items::Item;
use crate::show::Shown;
use crate::signature::{Generic, Signature, TypeBody, TypeBound};
use crate::ty::{Symbol, Ty};
use crate::width::{NARROWER, is_too_wide, lanes_of_variant, too_wide};
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;

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

/// What is asked of a type. Kept apart, because the answer may need the signature of the very item
/// whose types are being resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Obligation {
    /// The type.
    pub ty: Ty,
    /// What is asked of it.
    pub asked: Asked,
    /// Where it is asked.
    pub range: Range,
}

/// What may be asked of a type.
#[derive(Clone, PartialEq, Debug)]
pub enum Asked {
    /// That it meets a bound, and what of: "the elements of a Set".
    Bound(TypeBound, String),
    /// That it is not wider than native code can take.
    Width,
}

/// Says which obligations are not met.
pub fn discharge(db: &dyn Db, item: Item<'_>, generics: &[Generic], obligations: &[Obligation]) -> Vec<Diagnostic> {
    let unmet = obligations.iter().filter_map(|Obligation { ty, asked, range }| {
        let (bound, why) = match asked {
            Asked::Bound(bound, _) if satisfies(db, ty, *bound, generics) => return None,
            Asked::Bound(bound, why) => (bound, why),
            Asked::Width => {
                let variant = |symbol: &Symbol, args: &[Ty]| lanes_of_variant(db, symbol, args);
                let wide = is_too_wide(ty, &variant, &Ty::clone);
                return wide
                    .then(|| Diagnostic::new(Code::TooDeep, too_wide("this type"), item.label(db, *range, NARROWER)));
            }
        };
        let shown = Shown(ty);
        let (message, label) = match bound {
            TypeBound::Keyed => (format!("{why} need an exact equality, which `{shown}` does not have"), "not `Keyed`"),
            TypeBound::Ordered => (format!("{why} need an order, which `{shown}` does not have"), "not `Ordered`"),
            TypeBound::Storable => (format!("{why} must be storable, which `{shown}` is not"), "not `Storable`"),
        };
        Some(Diagnostic::new(Code::Bound, message, item.label(db, *range, label)))
    });
    unmet.collect()
}
