//! The checker: a salsa database over the program's files, and what the program means.
//!
//! Layers, each a firewall: files → items → one AST per item → span-free signatures → typed bodies.
//!
//! | module | holds |
//! | --- | --- |
//! | [`db`] | the database and its inputs |
//! | [`items`] | items of a file, their trees, places |
//! | [`names`] | modules, `use`, what a name means in a file |
//! | [`types`], [`ty`], [`bounds`], [`show`] | types as written, as meant, what they can do, how they are shown |
//! | [`declare`], [`signature`] | each declaration by itself, and what others may know of it |
//! | [`agreement`] | declarations with each other |
//! | [`stored`] | what a store would refuse of the relations |
//! | [`sites`], [`bodies`], [`infer`], [`typed`] | the pieces of code of an item, and what they become |
//! | `chains` | how many inferred results may follow from each other |
//! | [`builtins`] | the library's primitives |
//! | [`uses`] | what each name in code stands for |
//! | `wire` | names of fields on the wire |
//! | `width` | how many lanes types have in native code |
//! | [`effects`] | what callables read, write and fail with, through calls |
//! | `secrets` | where secrets go, through calls |
//! | [`library`] | the standard library's text |
//! | [`program`] | the check of the whole program |
//! | [`planned`] | words of what this version does not run |
//! | [`suggest`] | did you mean |

pub mod agreement;
pub mod bodies;
pub mod bounds;
pub mod builtins;
mod chains;
pub mod db;
pub mod declare;
pub mod effects;
pub mod infer;
pub mod items;
pub mod library;
pub mod names;
pub mod planned;
pub mod program;
mod secrets;
pub mod show;
pub mod signature;
pub mod sites;
pub mod stored;
pub mod suggest;
pub mod ty;
pub mod typed;
pub mod types;
pub mod uses;
mod width;
mod wire;
