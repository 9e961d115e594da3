//! Signatures: what the rest of a program may know of an item without reading its body. No spans, so that
//! an edit that moves or reformats an item changes no signature.

use crate::ty::{FieldTy, Symbol, Ty};
use smol_str::SmolStr;

/// The signature of any named item.
#[derive(Clone, PartialEq, Debug)]
pub enum Signature {
    /// `type`.
    Type(TypeSig),
    /// `relation`, `event`.
    Relation(RelationSig),
    /// `fn`, `query`, `handler`.
    Function(FunctionSig),
    /// `error`.
    Error(ErrorSig),
    /// `const`.
    Const(ConstSig),
    /// An item kind that is not run yet; a use of it causes no second message.
    Unsupported(SmolStr),
}

/// `type`.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeSig {
    /// Its name.
    pub symbol: Symbol,
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// What it stands for.
    pub body: TypeBody,
    /// Documentation.
    pub doc: SmolStr,
}

/// What a type declaration says.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeBody {
    /// `type A = B`, records and refinements included: the type itself (a refinement is [`Ty::Refined`] with this owner).
    Alias(Ty),
    /// `type S = A | B(x: Int)`.
    Variant(Vec<CaseSig>),
}

/// A case.
#[derive(Clone, PartialEq, Debug)]
pub struct CaseSig {
    /// Its name.
    pub name: SmolStr,
    /// Its name on the wire, where it differs.
    pub wire: Option<SmolStr>,
    /// Its fields, in the order of declaration.
    pub fields: Vec<FieldTy>,
    /// Documentation.
    pub doc: SmolStr,
}

/// A type parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generic {
    /// Its name.
    pub name: SmolStr,
    /// Its bound.
    pub bound: Option<TypeBound>,
}

/// Bounds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeBound {
    /// Has an order.
    Ordered,
    /// May be a key: has equality, is no Float.
    Keyed,
    /// May be stored.
    Storable,
}

/// A relation.
#[derive(Clone, PartialEq, Debug)]
pub struct RelationSig {
    /// Its name.
    pub symbol: Symbol,
    /// `event`: insert only.
    pub event: bool,
    /// Stored and computed fields, in order.
    pub fields: Vec<FieldSig>,
    /// Names of the key fields.
    pub key: Vec<SmolStr>,
    /// How the key is made.
    pub generated: GeneratedKey,
    /// Uniques.
    pub uniques: Vec<UniqueSig>,
    /// Number of `check`s; each is fetched by index.
    pub checks: u32,
    /// `index` hints: fields, with `true` for `desc`.
    pub indexes: Vec<Vec<(SmolStr, bool)>>,
    /// Transitions: field, and the pairs of cases.
    pub transitions: Vec<(SmolStr, Vec<(SmolStr, SmolStr)>)>,
    /// Documentation.
    pub doc: SmolStr,
}

/// How keys are made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GeneratedKey {
    /// The program gives it.
    No,
    /// `key id: Id`.
    Id,
    /// `= serial()`.
    Serial,
}

/// A field of a relation.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldSig {
    /// Its name.
    pub name: SmolStr,
    /// Its name on the wire, where it differs.
    pub wire: Option<SmolStr>,
    /// Its type; a reference is `Row` or an option of one.
    pub ty: Ty,
    /// `secret`.
    pub secret: bool,
    /// Stored, or computed (`=> e`).
    pub computed: bool,
    /// Has a default.
    pub default: bool,
    /// `on update`: set anew by every update.
    pub on_update: bool,
    /// What deleting its target does.
    pub on_delete: OnDelete,
    /// `inverse orders`: the name under which the target finds the rows that refer to it; see
    /// [`inverses`](crate::declare::inverses).
    pub inverse: Option<SmolStr>,
    /// Documentation.
    pub doc: SmolStr,
}

impl FieldSig {
    /// The relation that the field refers to, if it is a reference.
    pub fn target(&self) -> Option<&Symbol> {
        match self.ty.base() {
            Ty::Row(target) => Some(target),
            Ty::Option(inner) => match inner.base() {
                Ty::Row(target) => Some(target),
                _ => None,
            },
            _ => None,
        }
    }
}

impl RelationSig {
    /// Finds a field.
    pub fn field(&self, name: &str) -> Option<&FieldSig> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields of the key, in the order of the key.
    pub fn key_fields(&self) -> impl Iterator<Item = &FieldSig> {
        self.key.iter().filter_map(|name| self.field(name))
    }
}

/// What deleting the target of a reference does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OnDelete {
    /// The delete fails.
    Restrict,
    /// The reference becomes `none`.
    Clear,
}

/// A `unique`.
#[derive(Clone, PartialEq, Debug)]
pub struct UniqueSig {
    /// The name by which `R[name: e]` finds it, per part: the last step of the path.
    pub parts: Vec<UniquePart>,
    /// `where f != none`: rows where a part is `none` do not count.
    pub skip_none: bool,
    /// Has an `else` failure of its own.
    pub failure: bool,
}

/// A part of a unique: a field, or a path of computed steps from one (`email.lower`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UniquePart {
    /// The stored field it starts at.
    pub field: SmolStr,
    /// Its type.
    pub ty: Ty,
    /// True if it is more than the stored field itself; the expression is fetched by index.
    pub derived: bool,
}

/// A `fn`, `query` or `handler`.
#[derive(Clone, PartialEq, Debug)]
pub struct FunctionSig {
    /// Its name.
    pub symbol: Symbol,
    /// Which.
    pub kind: CallableKind,
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Parameters.
    pub params: Vec<ParamSig>,
    /// Type of the value. For `-> _` and queries without `->` the inferred one is found by `result_type`.
    pub result: ResultSig,
    /// Numbers of `requires` and `ensures` clauses; each is fetched by index.
    pub requires: u32,
    /// See `requires`.
    pub ensures: u32,
    /// Where it is exposed.
    pub endpoint: Option<EndpointSig>,
    /// Documentation.
    pub doc: SmolStr,
}

/// Kinds of callables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallableKind {
    /// `fn`.
    Fn,
    /// `query`.
    Query,
    /// `handler`.
    Handler,
}

/// The declared result.
#[derive(Clone, PartialEq, Debug)]
pub enum ResultSig {
    /// No value.
    None,
    /// `-> T`.
    Declared(Ty),
    /// `-> _`, or a query without `->`.
    Inferred,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct ParamSig {
    /// Its name.
    pub name: SmolStr,
    /// Its name on the wire, where it differs.
    pub wire: Option<SmolStr>,
    /// Its type as declared; code sees `T?` where `absent`.
    pub ty: Ty,
    /// `f?: T`.
    pub absent: bool,
    /// Has a default.
    pub default: bool,
    /// `from header "If-Match"` and the like: part, name there, `as csv`.
    pub from: Option<(RequestPart, Option<SmolStr>, Option<SmolStr>)>,
    /// Documentation.
    pub doc: SmolStr,
}

/// Parts of a request that a parameter may name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RequestPart {
    /// `from header`.
    Header,
    /// `from cookie`.
    Cookie,
    /// `from query`.
    Query,
    /// `from body`.
    Body,
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointSig {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: SmolStr,
    /// The path as written, without the program's prefix.
    pub path: SmolStr,
    /// `status`; otherwise 200, or 204 without a value.
    pub status: Option<u16>,
    /// `live`.
    pub live: bool,
    /// `as text` and the like.
    pub answers_as: Option<SmolStr>,
}

/// An `error`.
#[derive(Clone, PartialEq, Debug)]
pub struct ErrorSig {
    /// Its name.
    pub symbol: Symbol,
    /// Its fields, in the order of declaration.
    pub fields: Vec<FieldTy>,
    /// The built-in that it is.
    pub is: SmolStr,
    /// Has a message of its own (its text is a body over the fields).
    pub message: bool,
    /// Documentation.
    pub doc: SmolStr,
}

/// A `const`.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstSig {
    /// Its name.
    pub symbol: Symbol,
    /// Its declared type; `None` where it follows from the value (see `result_type`).
    pub ty: Option<Ty>,
    /// Documentation.
    pub doc: SmolStr,
}
