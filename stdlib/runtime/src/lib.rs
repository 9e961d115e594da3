//! What compiled code calls, and the transactions it runs in.
//!
//! * [`context`]: the call context and its arena;
//! * [`functions`]: the one table of functions that generated code may call; [`abi`] says how;
//! * the functions themselves, by subject: [`memory`], [`text`].
#![allow(clippy::missing_safety_doc, reason = "every function of the table has the contract of `abi`")]

pub mod abi;
pub mod arena;
pub mod chance;
pub mod collection;
pub mod context;
pub mod durable;
pub mod functions;
pub mod library;
pub mod memory;
pub mod native;
pub mod number;
pub mod random;
pub mod rows;
pub mod text;
pub mod value;

pub use context::{CallContext, Limits, Status};
