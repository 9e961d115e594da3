//! Core: the small, monomorphic, typed language at the waist of Tenon.
//!
//! `check` says what a program means; this room says it again in few words: pure expressions, closed
//! queries, commands in sequence. Everything behind it (the evaluator here, `plan` and `codegen` for
//! native code) reads Core and nothing else. What can be sugar over Core is sugar.

pub mod calls;
pub mod depth;
pub mod effects;
pub mod eval;
#[cfg(feature = "generate")]
pub mod generate;
pub mod ir;
pub mod lower;
pub mod scenario;
pub mod text;
pub mod typing;
pub mod verify;
pub mod width;

/// The table of library primitives that [`ir::Prim::Builtin`] numbers; rooms behind Core know it from here.
pub use tenon_check::builtins;
