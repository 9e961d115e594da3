//! The one table of library primitives: what the language cannot say in itself. The rest of the library is
//! written in Tenon, under `stdlib/tenon`. Checking, evaluation, code generation, completion and the
//! documentation derive from this table.

/// A library primitive: an index into [`BUILTINS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Builtin(pub u16);
