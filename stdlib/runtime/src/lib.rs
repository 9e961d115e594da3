//! What compiled code calls, and the transactions it runs in.
//!
//! | module | holds |
//! | --- | --- |
//! | [`database`] | an image over an authority: queries, transactions, group commit |
//! | `load`, [`durable`] | its start from what is stored; which commits are durable, and who waits for them |
//! | [`metrics`] | its counters |
//! | [`dynamic`] | the store by values, for tools and tests |
//! | [`world`], `moment` | clock and randomness, and what one call draws from them |
//! | [`stored`] | stored values as lanes and as values |
//! | [`cells`] | the same as cells of the authority |
//! | [`context`], [`arena`] | the call context and its arena |
//! | [`native`] | machine code that is mapped and called |
//! | [`service`] | a native program behind the interface of every engine |
//! | [`processor`] | the features of processors, and which of them code asks for |
//! | [`crash`] | what is said when machine code ends the process |
//! | [`functions`] | the one table of functions that generated code may call; [`abi`] says how, [`contract`] which numbers both share |
//!
//! The functions themselves stand by subject: [`memory`], [`text`], [`number`], [`value`],
//! [`collection`], `grow` (collections that a loop builds), [`library`], [`rows`], [`buffer`] (rows between the pipelines of
//! a query), [`chance`].
#![allow(clippy::missing_safety_doc, reason = "every function of the table has the contract of `abi`")]

pub mod abi;
pub mod arena;
pub mod buffer;
pub mod cells;
pub mod chance;
pub mod collection;
pub mod context;
pub mod contract;
pub mod crash;
pub mod database;
pub mod durable;
pub mod dynamic;
pub mod functions;
mod grow;
pub mod library;
mod load;
pub mod memory;
pub mod metrics;
mod moment;
pub mod native;
pub mod number;
pub mod processor;
pub mod rows;
pub mod service;
pub mod stored;
pub mod text;
pub mod value;
pub mod world;

pub use context::{CallContext, Limits, Status};
pub use database::{Database, Query, StartError, Stopped, Transaction};
pub use world::{SystemWorld, TestWorld, World};
