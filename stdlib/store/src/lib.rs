//! The image: the state of a program in memory, as typed columns of row versions.
//!
//! | module | holds |
//! | --- | --- |
//! | [`layout`] | what generated code may rely on: texts, collections, rows, the view of a relation |
//! | [`shape`] | how values given as lanes are compared and copied |
//! | [`image`] | the image, snapshots, and the protocol between the writer and readers |
//! | [`meta`] | what is known of a relation before it holds a row |
//! | [`relation`] | one relation: columns, versions, indexes |
//! | `keys`, `dense_keys`, `entity_table` | which entity has a key: arrays for small numbers, a hash table for all others |
//! | `hash_index`, `ordered_index`, `order_key`, `repeats` | secondary indexes, the bytes that order values, how often an entry stands |
//! | `frozen`, `nested` | texts and collections of the image; references inside of values |
//! | [`mod@write`] | transactions: `constraints` tries uniques and references, `delete` deletes, `row_size` weighs rows, `detached` shows rows that are gone |
//! | `open_rows` | rows that lead to rows which come later, while an image is rebuilt |
//! | `readers`, `garbage`, `reclaim` | who reads, what waits until nobody does, and its return |
//! | `region` | memory that grows in place |
//! | [`statistics`] | what the planner wants to know |
//! | [`hash`] | the hash of values |
//!
//! Invariants: readers take no lock and never wait; the writer never changes a version; nothing that a
//! registered reader can reach is freed or reused.

mod constraints;
mod delete;
mod dense_keys;
mod detached;
mod entity_table;
mod frozen;
mod garbage;
pub mod hash;
mod hash_index;
pub mod image;
mod keys;
pub mod layout;
pub mod meta;
mod nested;
mod open_rows;
mod order_key;
mod ordered_index;
mod readers;
mod reclaim;
mod region;
pub mod relation;
mod repeats;
mod row_size;
pub mod shape;
pub mod statistics;
pub mod write;

pub use image::{Bound, Image, Range, Reader, Snapshot, Usage};
pub use layout::{Collection, NEVER, NONE, RelationView, Row, Str};
pub use meta::SchemaError;
pub use relation::Relation;
pub use row_size::MAX_ROW_BYTES;
pub use tenon_value::schema;
pub use write::{Change, ChangeKind, Savepoint, Violation, WriteTxn};
