//! How wide types are in native code: the lanes of `tenon_value::width`, for types as the checker knows them, and which
//! types are wider than they may be.
//!
//! A variant type has the lanes of all its cases side by side, so types that are made of each other double. What is too
//! wide is told once: at the declaration or the expression that makes it so of parts that are not.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::db::Db;
use crate::declare::signature;
use crate::names::SymbolKey;
use crate::signature::{Signature, TypeBody, TypeSig};
use crate::ty::{Symbol, Ty};
use std::sync::Arc;
use tenon_value::width::{Atom, MAX_LANES, TAG};

/// What is too wide is not measured further.
const TOO_WIDE: u32 = MAX_LANES + 1;

/// How many keys of relations are looked into for one variant type. Keys that refer to each other are told of elsewhere.
const KEYS: u32 = 64;

/// How many lanes a variant type without parameters has, or [`TOO_WIDE`]. A query of its own, so that who uses a type
/// sees only whether its width changes.
#[salsa::tracked(returns(copy))]
fn lanes_of_variant_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> u32 {
    measure_variant(db, key.symbol(db), &[])
}

/// How many lanes a variant type has at these arguments; more than [`MAX_LANES`] where it has more. A type parameter that
/// is not given counts as one.
pub fn lanes_of_variant(db: &dyn Db, symbol: &Symbol, args: &[Ty]) -> u32 {
    match args {
        [] => lanes_of_variant_by_key(db, SymbolKey::new(db, symbol.clone())),
        args => measure_variant(db, symbol, args),
    }
}

/// Walks without recursion, since types may lead to each other in long chains, and no longer than the limit allows: each
/// variant on the way has a lane.
fn measure_variant(db: &dyn Db, symbol: &Symbol, args: &[Ty]) -> u32 {
    let (mut lanes, mut keys) = (0, 0);
    let mut open = vec![Ty::Variant(symbol.clone(), args.iter().cloned().collect())];
    while let Some(ty) = open.pop() {
        match ty {
            Ty::Option(inner) => {
                lanes += TAG;
                open.push(Arc::unwrap_or_clone(inner));
            }
            Ty::Refined(base, _) => open.push(Arc::unwrap_or_clone(base)),
            Ty::Record(record) => {
                for field in &record.fields {
                    lanes += if field.absent { TAG } else { 0 };
                    open.push(field.ty.clone());
                }
            }
            Ty::Tag(_) => lanes += TAG,
            Ty::Variant(symbol, args) => {
                lanes += TAG;
                let Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), generics, .. })) =
                    signature(db, &symbol)
                else {
                    continue;
                };
                let argument = |name: &str| {
                    let at = generics.iter().position(|generic| generic.name == name)?;
                    args.get(at).cloned()
                };
                for field in cases.iter().flat_map(|case| &case.fields) {
                    lanes += if field.absent { TAG } else { 0 };
                    open.push(field.ty.substitute(&argument));
                }
            }
            Ty::Key(relation) => {
                keys += 1;
                if let Some(Signature::Relation(sig)) = signature(db, &relation).filter(|_| keys <= KEYS) {
                    open.extend(sig.key_fields().map(|field| match field.ty.base() {
                        Ty::Row(target) => Ty::Key(target.clone()),
                        _ => field.ty.clone(),
                    }));
                }
            }
            // What lies in a case is stored, and rows are references there.
            Ty::Row(_) => lanes += Atom::Ref.lanes(),
            ty => lanes += lanes_of_atom(&ty),
        }
        if lanes >= TOO_WIDE {
            return TOO_WIDE;
        }
    }
    lanes
}

/// The lanes of a type without parts that lie in it.
fn lanes_of_atom(ty: &Ty) -> u32 {
    let atom = match ty {
        Ty::Bool => Atom::Bool,
        Ty::Int => Atom::Int,
        Ty::Decimal(_) => Atom::Decimal,
        Ty::Float => Atom::Float,
        Ty::Text => Atom::Text,
        Ty::Bytes => Atom::Bytes,
        Ty::Instant => Atom::Instant,
        Ty::DateTime => Atom::DateTime,
        Ty::Date => Atom::Date,
        Ty::Time => Atom::Time,
        Ty::Duration => Atom::Duration,
        Ty::Id => Atom::Id,
        Ty::Uuid => Atom::Uuid,
        Ty::Json => Atom::Json,
        Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..) => Atom::Collection,
        Ty::Row(_) => Atom::Row,
        // What it will be is not known; the key of a relation has few lanes.
        Ty::Param(_) | Ty::Key(_) => return 1,
        Ty::Tag(_) => return TAG,
        Ty::Error | Ty::Never | Ty::Unit | Ty::Fn(..) | Ty::Infer(_) => return 0,
        Ty::Option(_) | Ty::Refined(..) | Ty::Record(_) | Ty::Variant(..) => return 0,
    };
    atom.lanes()
}

/// What can be done about a type that is too wide, as the label of its place.
pub const NARROWER: &str = "hold some of its parts in a list, or in rows of a relation";

/// The message about `what`, which is too wide.
pub fn too_wide(what: &str) -> String {
    format!("{what} is too wide: its parts, with those of all cases side by side, have more than {MAX_LANES} words")
}

/// Whether it takes signatures to tell how wide a type is, or it is too wide in any case. Of a variant type without
/// parameters its declaration tells.
pub fn depends_on_width(ty: &Ty) -> bool {
    fn has_variant(ty: &Ty) -> bool {
        match ty {
            Ty::Variant(..) => true,
            Ty::Option(of) | Ty::List(of) | Ty::Bag(of) | Ty::Set(of) | Ty::Refined(of, _) => has_variant(of),
            Ty::Map(key, value) => has_variant(key) || has_variant(value),
            Ty::Record(record) => record.fields.iter().any(|field| has_variant(&field.ty)),
            Ty::Fn(params, result) => params.iter().any(has_variant) || has_variant(result),
            _ => false,
        }
    }
    match ty {
        Ty::Option(of) | Ty::List(of) | Ty::Bag(of) | Ty::Set(of) | Ty::Refined(of, _) => depends_on_width(of),
        Ty::Variant(_, args) => !args.is_empty(),
        ty => has_variant(ty) || is_too_wide(ty, &|_, _| TAG, &Ty::clone),
    }
}

/// Whether a type, or one inside of its collections, is too wide, though the variant types that it names are not. `variant`
/// measures a variant type, `shallow` says what a variable of inference stands for. The type is bounded
/// ([`Ty::is_bounded`]).
pub fn is_too_wide(ty: &Ty, variant: &dyn Fn(&Symbol, &[Ty]) -> u32, shallow: &dyn Fn(&Ty) -> Ty) -> bool {
    let mut measure = Measure { variant, shallow, over: false, told: false };
    measure.apart(ty);
    measure.over && !measure.told
}

/// Whether a variant type is too wide of parts that are not.
pub fn is_declared_too_wide(db: &dyn Db, sig: &TypeSig) -> bool {
    let TypeBody::Variant(cases) = &sig.body else { return false };
    let fields = cases.iter().flat_map(|case| &case.fields).map(|field| field.ty.clone());
    let variant = |symbol: &Symbol, args: &[Ty]| lanes_of_variant(db, symbol, args);
    let mut measure = Measure { variant: &variant, shallow: &Ty::clone, over: false, told: false };
    fields.for_each(|ty| measure.apart(&ty));
    !measure.over && !measure.told && lanes_of_variant(db, &sig.symbol, &[]) > MAX_LANES
}

struct Measure<'a> {
    variant: &'a dyn Fn(&Symbol, &[Ty]) -> u32,
    shallow: &'a dyn Fn(&Ty) -> Ty,
    /// Something is too wide.
    over: bool,
    /// It is so because a declared type is, which says so itself.
    told: bool,
}

impl Measure<'_> {
    /// A value that lies apart from others: in a variable, in a collection.
    fn apart(&mut self, ty: &Ty) {
        if self.lanes(ty) > MAX_LANES {
            self.over = true;
        }
    }

    fn lanes(&mut self, ty: &Ty) -> u32 {
        match ty {
            Ty::Option(inner) => TAG.saturating_add(self.lanes(inner)),
            Ty::Refined(base, _) => self.lanes(base),
            Ty::Infer(_) => match (self.shallow)(ty) {
                Ty::Infer(_) => 0,
                ty => self.lanes(&ty),
            },
            Ty::Record(record) => record.fields.iter().fold(0, |sum, field| {
                let tag = if field.absent { TAG } else { 0 };
                self.lanes(&field.ty).saturating_add(tag).saturating_add(sum)
            }),
            Ty::Variant(symbol, args) => {
                args.iter().for_each(|arg| self.apart(arg));
                let lanes = (self.variant)(symbol, args);
                if lanes > MAX_LANES && (args.is_empty() || (self.variant)(symbol, &[]) > MAX_LANES) {
                    self.told = true;
                }
                lanes
            }
            ty => {
                match ty {
                    Ty::List(of) | Ty::Bag(of) | Ty::Set(of) => self.apart(of),
                    Ty::Map(key, value) => {
                        self.apart(key);
                        self.apart(value);
                    }
                    Ty::Fn(params, result) => {
                        params.iter().for_each(|param| self.apart(param));
                        self.apart(result);
                    }
                    _ => {}
                }
                lanes_of_atom(ty)
            }
        }
    }
}
