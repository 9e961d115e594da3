//! Types. All are concrete: no generics, no refinements (they have become checks), no function types.

use super::{Name, RelationId, VariantId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenon_value::width::Atom;

/// A type of Core.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Type {
    /// No value (`()`): the result of a function without `->`.
    Unit,
    /// `true`, `false`.
    Bool,
    /// 64-bit signed; overflow is a fault.
    Int,
    /// Exact, with that many fractional digits; a scaled 64-bit integer.
    Decimal(u8),
    /// Finite 64-bit.
    Float,
    /// Unicode text without U+0000.
    Text,
    /// Octets.
    Bytes,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant,
    /// A calendar date and time of day without a zone; microseconds since 1970-01-01T00:00:00.
    DateTime,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds.
    Duration,
    /// 128 bits, time-ordered.
    Id,
    /// 128 bits.
    Uuid,
    /// Untyped data, as canonical compact JSON text.
    Json,
    /// `T?`. Never nested.
    Option(Arc<Type>),
    /// A list, in order.
    List(Arc<Type>),
    /// A list whose order means nothing to the program. Materialised bags are in their canonical order, so
    /// that a bag that becomes a list is deterministic; the representation is that of a list.
    Bag(Arc<Type>),
    /// Distinct elements, kept in the total order of their type.
    Set(Arc<Type>),
    /// Distinct keys, kept in the total order of their type.
    Map(Arc<Type>, Arc<Type>),
    /// A record. The order of fields is part of a Core type; lowering permutes where the source does not care.
    Record(Arc<RecordType>),
    /// A variant type.
    Variant(VariantId),
    /// A reference to a row: its identity only. Equality is equality of keys.
    Ref(RelationId),
    /// A row as it was read: identity and fields. Equality is equality of keys.
    Row(RelationId),
}

/// The fields of a record type, in order.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct RecordType {
    /// Name and type of each field. Tuple-like records have the names `0`, `1`, ….
    pub fields: Vec<(Name, Type)>,
}

/// `type S = A | B(x: Int)`, monomorphic.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VariantType {
    /// Its name in the program; the case-only type of `S` is `S.Tag`.
    pub name: Name,
    /// The cases; a case's tag is its index.
    pub cases: Vec<Case>,
}

/// One case of a variant type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: Name,
    /// Name on the wire, where it differs.
    pub wire: Option<Name>,
    /// Its fields.
    pub fields: Vec<(Name, Type)>,
}

/// A variable: what it holds and what the source called it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VarInfo {
    /// The source name, or a made-up one; need not be unique.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

impl Type {
    /// `T?`; of an option, the option itself.
    pub fn optional(self) -> Type {
        match self {
            Type::Option(_) => self,
            ty => Type::Option(Arc::new(ty)),
        }
    }

    /// `T` of `T?`; of anything else, itself.
    pub fn present(&self) -> &Type {
        match self {
            Type::Option(inner) => inner,
            ty => ty,
        }
    }

    /// What it is in native code, where its width does not depend on its parts. `Unit` has no lanes.
    pub fn atom(&self) -> Option<Atom> {
        Some(match self {
            Type::Unit | Type::Option(_) | Type::Record(_) | Type::Variant(_) => return None,
            Type::Bool => Atom::Bool,
            Type::Int => Atom::Int,
            Type::Decimal(_) => Atom::Decimal,
            Type::Float => Atom::Float,
            Type::Text => Atom::Text,
            Type::Bytes => Atom::Bytes,
            Type::Instant => Atom::Instant,
            Type::DateTime => Atom::DateTime,
            Type::Date => Atom::Date,
            Type::Time => Atom::Time,
            Type::Duration => Atom::Duration,
            Type::Id => Atom::Id,
            Type::Uuid => Atom::Uuid,
            Type::Json => Atom::Json,
            Type::List(_) | Type::Bag(_) | Type::Set(_) | Type::Map(..) => Atom::Collection,
            Type::Ref(_) => Atom::Ref,
            Type::Row(_) => Atom::Row,
        })
    }

    /// The element type of a list, bag or set.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(t) | Type::Bag(t) | Type::Set(t) => Some(t),
            _ => None,
        }
    }

    /// `[T]`.
    pub fn list(of: Type) -> Type {
        Type::List(Arc::new(of))
    }

    /// A record type.
    pub fn record(fields: Vec<(Name, Type)>) -> Type {
        Type::Record(Arc::new(RecordType { fields }))
    }
}
