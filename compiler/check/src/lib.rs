//! The checker: a salsa database over the program's files, and what the program means.
//!
//! Layers, each a firewall: files → items → one AST per item → span-free signatures → typed bodies. See
//! [`signature`] for what items know of each other and [`typed`] for what a body becomes.

pub mod agreement;
pub mod bodies;
pub mod bounds;
pub mod builtins;
pub mod db;
pub mod declare;
pub mod effects;
pub mod infer;
pub mod items;
pub mod names;
pub mod signature;
pub mod program;
pub mod show;
pub mod sites;
pub mod suggest;
pub mod ty;
pub mod typed;
pub mod types;
pub mod walk;
