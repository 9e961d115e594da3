//! Types and patterns.

use super::{Doc, Expr, Ident, Literal, Text};
use smol_str::SmolStr;
use tenon_span::Range;

/// `Order`, `billing.Invoice`, `Order.Key`: a declared name with at most one step before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TypeName {
    /// The whole.
    pub range: Range,
    /// What stands before the dot: a module in lower case, a type in upper case.
    pub qualifier: Option<Ident>,
    /// The name itself. In patterns of `attempt` it may be in lower case: `ok(v)`.
    pub name: Ident,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Type {
    /// Where.
    pub range: Range,
    /// Which.
    pub kind: TypeKind,
}

/// The forms of types.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TypeKind {
    /// Could not be read, or is missing; a diagnostic exists.
    Error,
    /// `_`: inferred from the body.
    Infer,
    /// `Order`, `billing.Invoice`, `Order.Key`
    Name(TypeName),
    /// `Set[T]`, `Map[K, V]`
    Apply {
        /// What is applied.
        name: TypeName,
        /// At least one.
        args: Vec<Type>,
    },
    /// `Decimal(2)`
    Scaled {
        /// The type's name.
        name: Ident,
        /// The number, without underscores.
        scale: SmolStr,
        /// Where the number stands.
        scale_range: Range,
    },
    /// `T?`
    Optional(Box<Type>),
    /// `[T]`
    List(Box<Type>),
    /// `(a: A, f?: B = 1, ..C)`
    Record(RecordType),
    /// `fn(A) -> B`
    Function {
        /// Parameters.
        params: Vec<Type>,
        /// Result.
        result: Box<Type>,
    },
    /// `T where p(it) else "message"`
    Where {
        /// The refined type.
        base: Box<Type>,
        /// The predicate over `it`.
        predicate: Box<Expr>,
        /// What to say when it does not hold.
        message: Option<Text>,
    },
}

/// `(a: A, ..B)`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RecordType {
    /// Fields and spreads in source order.
    pub parts: Vec<RecordTypePart>,
    /// True if a part was lost to an error.
    pub broken: bool,
}

/// A part of a record type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RecordTypePart {
    /// `a: A`
    Field(Param),
    /// `..A`
    Spread(Type),
}

/// `(a: A, b?: B = 1)`: parameters of a declaration, or the fields of a variant's case.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Params {
    /// With the parentheses.
    pub range: Range,
    /// In source order.
    pub list: Vec<Param>,
    /// True if one was lost to an error, so that calls cannot be judged by number or name.
    pub broken: bool,
}

/// `name: T`, `name?: T`, `name was old as "wireName": T from header "X" = default`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Param {
    /// The whole.
    pub range: Range,
    /// Documentation before it.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Ident,
    /// `was old`
    pub was: Option<Ident>,
    /// `as "wireName"`
    pub wire: Option<Text>,
    /// The `?` after the name: may be absent.
    pub absent: Option<Range>,
    /// Its type.
    pub ty: Type,
    /// `from header "X"`; only in parameters.
    pub source: Option<ParamSource>,
    /// `= e`
    pub default: Option<Expr>,
}

/// `from header "If-Match"`, `from body as csv`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ParamSource {
    /// The whole.
    pub range: Range,
    /// Which part of the request.
    pub part: RequestPart,
    /// The name there, if it differs.
    pub name: Option<Text>,
    /// `as csv`
    pub format: Option<Ident>,
}

/// A part of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RequestPart {
    /// `from header`
    Header,
    /// `from cookie`
    Cookie,
    /// `from query`
    Query,
    /// `from body`
    Body,
}

/// `[T: Ordered]`: one type parameter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Generic {
    /// Its name.
    pub name: Ident,
    /// Its bound.
    pub bound: Option<Ident>,
}

/// A pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    /// Where.
    pub range: Range,
    /// Which.
    pub kind: PatternKind,
}

/// The forms of patterns.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PatternKind {
    /// Could not be read; a diagnostic exists.
    Error,
    /// `_`
    Wildcard,
    /// `x`: binds
    Bind(Ident),
    /// `Open`, `State.Open`, `Closed(winner, price: 0)`, in `attempt` also `ok(v)`
    Case {
        /// The case.
        name: TypeName,
        /// The fields, if parentheses are there.
        fields: Option<Vec<PatternField>>,
    },
    /// `(a, ..rest)`, `(x: 1, y)`
    Record(Vec<PatternField>),
    /// `1`, `-1`, `true`, `none`, `@2026-11-20`
    Literal(PatternLiteral),
    /// `1..=9`
    Range {
        /// Lower end.
        from: PatternLiteral,
        /// Upper end.
        to: PatternLiteral,
        /// `..=`
        inclusive: bool,
    },
    /// `A | B`: at least two, none of them an `Or`.
    Or(Vec<Pattern>),
}

/// A literal in a pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PatternLiteral {
    /// A literal.
    Value(Literal),
    /// `-1`: the number without its sign.
    Negative(Literal),
    /// A text without holes.
    Text(Text),
}

/// A part of a pattern in parentheses.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PatternField {
    /// `x` or `name: pattern`. Without a name, a plain binder takes the field of its own name, any other
    /// pattern the field of its place.
    Field {
        /// The field's name, if written.
        name: Option<Ident>,
        /// What it must match.
        pattern: Pattern,
    },
    /// `..`, `..rest`
    Rest {
        /// Where.
        range: Range,
        /// The name for the other fields.
        name: Option<Ident>,
    },
}
