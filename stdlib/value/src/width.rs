//! How many 64-bit lanes a value has in native code, and how many it may have: the one list.
//!
//! | value | lanes |
//! | --- | --- |
//! | Bool, Int, Decimal (unscaled), Float (bits), Instant, DateTime, Date (days, sign-extended), Time, Duration | 1 |
//! | Text, Bytes, Json | 2: a [16-byte string](crate::lanes::StringLanes) |
//! | Id, Uuid | 2: the high half, then the low half, so that lanes compare as unsigned numbers in order |
//! | an option | [`TAG`] (0 none, 1 some) and the lanes of its content |
//! | a record | the lanes of its fields in order |
//! | a variant | [`TAG`] and the lanes of the fields of *all* cases in order |
//! | a reference | 1: the entity number |
//! | a row | 2: the entity number and the version slot |
//! | a list, bag, set, map | 1: a pointer to a [collection](crate::lanes) |
//!
//! Shapes, stored types, the types of Core and those of the checker each say which [`Atom`] a type is and which parts it
//! has; how wide that is stands here.

/// A type whose width does not depend on what it is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Atom {
    /// `true`, `false`.
    Bool,
    /// A 64-bit integer.
    Int,
    /// A scaled 64-bit integer.
    Decimal,
    /// The bits of a float.
    Float,
    /// A string.
    Text,
    /// A string.
    Bytes,
    /// A string.
    Json,
    /// Microseconds.
    Instant,
    /// Microseconds.
    DateTime,
    /// Days.
    Date,
    /// Microseconds.
    Time,
    /// Microseconds.
    Duration,
    /// 128 bits.
    Id,
    /// 128 bits.
    Uuid,
    /// A list, bag, set or map, whatever its elements are.
    Collection,
    /// A reference to a row.
    Ref,
    /// A row as it was read.
    Row,
}

impl Atom {
    /// All of them.
    pub const ALL: [Atom; 17] = [
        Atom::Bool,
        Atom::Int,
        Atom::Decimal,
        Atom::Float,
        Atom::Text,
        Atom::Bytes,
        Atom::Json,
        Atom::Instant,
        Atom::DateTime,
        Atom::Date,
        Atom::Time,
        Atom::Duration,
        Atom::Id,
        Atom::Uuid,
        Atom::Collection,
        Atom::Ref,
        Atom::Row,
    ];

    /// How many lanes a value has.
    pub const fn lanes(self) -> u32 {
        match self {
            Atom::Bool
            | Atom::Int
            | Atom::Decimal
            | Atom::Float
            | Atom::Instant
            | Atom::DateTime
            | Atom::Date
            | Atom::Time
            | Atom::Duration
            | Atom::Collection
            | Atom::Ref => 1,
            Atom::Text | Atom::Bytes | Atom::Json | Atom::Id | Atom::Uuid | Atom::Row => 2,
        }
    }
}

/// The lane that tells whether there is a value, or which case it is of.
pub const TAG: u32 = 1;

/// How many lanes a type of a program may have. Native code moves and compares values lane by lane, and the time that it
/// takes to compile grows faster than they do: a function that compares and collects values of 500 lanes takes a tenth of a
/// second.
pub const MAX_LANES: u32 = 512;
