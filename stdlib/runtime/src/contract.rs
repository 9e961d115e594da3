//! The numbers that generated code and the runtime share: where fields lie, how large records are, what marks what.
//!
//! Generated code takes them from here and from nowhere else, and [`NUMBERS`] is made of the same lines; so a program that
//! was built with other numbers is known by the hash over them ([`crate::functions::abi_hash`]).

use crate::buffer::{Chunk, Rows, Table};
use crate::context::{CallContext, Status, ViolationKind};
use std::mem::offset_of;
use tenon_store::layout::{self, Collection, RelationView, Version};
use tenon_value::Fault;
use tenon_value::width::Atom;

macro_rules! contract {
    ($($(#[$doc:meta])* $name:ident: $ty:ty = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: $ty = $value;)*

        /// All numbers of this module, with their names.
        pub const NUMBERS: &[(&str, i128)] = &[$((stringify!($name), $name as i128)),*];
    };
}

contract! {
    /// [`CallContext::status`], 4 bytes.
    STATUS: i32 = offset_of!(CallContext, status) as i32;
    /// [`CallContext::depth`], 4 bytes.
    DEPTH: i32 = offset_of!(CallContext, depth) as i32;
    /// The fuel of the call, 8 bytes.
    FUEL: i32 = offset_of!(CallContext, meter.fuel) as i32;
    /// [`CallContext::arena_next`].
    ARENA_NEXT: i32 = offset_of!(CallContext, arena_next) as i32;
    /// [`CallContext::arena_end`].
    ARENA_END: i32 = offset_of!(CallContext, arena_end) as i32;
    /// [`CallContext::snapshot`].
    SNAPSHOT: i32 = offset_of!(CallContext, snapshot) as i32;
    /// [`CallContext::relations`].
    RELATIONS: i32 = offset_of!(CallContext, relations) as i32;
    /// [`CallContext::functions`].
    FUNCTIONS: i32 = offset_of!(CallContext, functions) as i32;
    /// [`CallContext::constants`].
    CONSTANTS: i32 = offset_of!(CallContext, constants) as i32;
    /// [`CallContext::stack_limit`].
    STACK_LIMIT: i32 = offset_of!(CallContext, stack_limit) as i32;
    /// [`CallContext::live_sums`].
    LIVE_SUMS: i32 = offset_of!(CallContext, live_sums) as i32;
    /// [`CallContext::failure`]: its `error`, 4 bytes.
    FAILURE_ERROR: i32 = offset_of!(CallContext, failure.error) as i32;
    /// [`CallContext::failure`]: its `lanes`, 4 bytes.
    FAILURE_LANES: i32 = offset_of!(CallContext, failure.lanes) as i32;
    /// [`CallContext::failure`]: its `message`, 16 bytes.
    FAILURE_MESSAGE: i32 = offset_of!(CallContext, failure.message) as i32;
    /// [`CallContext::failure`]: its `payload`.
    FAILURE_PAYLOAD: i32 = offset_of!(CallContext, failure.payload) as i32;
    /// [`CallContext::violation`]: its `kind`, 4 bytes.
    VIOLATION_KIND: i32 = offset_of!(CallContext, violation.kind) as i32;
    /// [`CallContext::violation`]: its `relation`, 4 bytes.
    VIOLATION_RELATION: i32 = offset_of!(CallContext, violation.relation) as i32;
    /// [`CallContext::violation`]: its `rule`, 4 bytes.
    VIOLATION_RULE: i32 = offset_of!(CallContext, violation.rule) as i32;

    /// The value of [`STATUS`] where nothing is wrong.
    STATUS_OK: u32 = Status::Ok as u32;
    /// The value of [`STATUS`] after a fault.
    STATUS_FAULT: u32 = Status::Fault as u32;
    /// The value of [`STATUS`] after a declared failure.
    STATUS_FAILURE: u32 = Status::Failure as u32;
    /// The value of [`STATUS`] where a rule of the store refused a write.
    STATUS_VIOLATION: u32 = Status::Violation as u32;
    /// The value of [`VIOLATION_KIND`] where a key is taken.
    KEY_TAKEN: u32 = ViolationKind::Key as u32;
    /// The value of [`VIOLATION_KIND`] where a unique is taken.
    UNIQUE_TAKEN: u32 = ViolationKind::Unique as u32;
    /// The value of [`VIOLATION_KIND`] where a reference leads nowhere.
    REFERENCE_BROKEN: u32 = ViolationKind::Reference as u32;
    /// The value of [`VIOLATION_KIND`] where a row is referred to.
    RESTRICTED: u32 = ViolationKind::Restricted as u32;
    /// The value of [`VIOLATION_KIND`] where the row is not there.
    MISSING: u32 = ViolationKind::Missing as u32;
    /// The place of a fault that is not known.
    NO_SITE: u32 = crate::context::NO_SITE;

    /// [`RelationView::slots`], 4 bytes.
    VIEW_SLOTS: i32 = offset_of!(RelationView, slots) as i32;
    /// [`RelationView::gaps`], 4 bytes.
    VIEW_GAPS: i32 = offset_of!(RelationView, gaps) as i32;
    /// [`RelationView::last_commit`].
    VIEW_LAST_COMMIT: i32 = offset_of!(RelationView, last_commit) as i32;
    /// [`RelationView::entities`], 4 bytes.
    VIEW_ENTITIES: i32 = offset_of!(RelationView, entities) as i32;
    /// [`RelationView::begin`].
    VIEW_BEGIN: i32 = offset_of!(RelationView, begin) as i32;
    /// [`RelationView::end`].
    VIEW_END: i32 = offset_of!(RelationView, end) as i32;
    /// [`RelationView::prev`].
    VIEW_PREV: i32 = offset_of!(RelationView, prev) as i32;
    /// [`RelationView::entity`].
    VIEW_ENTITY: i32 = offset_of!(RelationView, entity) as i32;
    /// [`RelationView::newest`].
    VIEW_NEWEST: i32 = offset_of!(RelationView, newest) as i32;
    /// [`RelationView::columns`].
    VIEW_COLUMNS: i32 = offset_of!(RelationView, columns) as i32;
    /// The distance of the records of two slots.
    VERSION_STRIDE: i64 = size_of::<Version>() as i64;
    /// No entity, no slot.
    NONE: i64 = layout::NONE as i64;

    /// The longest text that lies in its lanes, in bytes.
    INLINE: usize = layout::INLINE;
    /// The number of elements of a collection.
    COLLECTION_LENGTH: i32 = offset_of!(Collection, len) as i32;
    /// Where the elements of a collection begin.
    COLLECTION_ELEMENTS: usize = size_of::<Collection>();

    /// [`Rows::next`].
    ROWS_NEXT: i32 = offset_of!(Rows, next) as i32;
    /// [`Rows::end`].
    ROWS_END: i32 = offset_of!(Rows, end) as i32;
    /// [`Rows::stride`].
    ROWS_STRIDE: i32 = offset_of!(Rows, stride) as i32;
    /// [`Rows::first`].
    ROWS_FIRST: i32 = offset_of!(Rows, first) as i32;
    /// The size of [`Rows`].
    ROWS_SIZE: usize = size_of::<Rows>();
    /// [`Chunk::next`].
    CHUNK_NEXT: i32 = offset_of!(Chunk, next) as i32;
    /// [`Chunk::limit`].
    CHUNK_LIMIT: i32 = offset_of!(Chunk, limit) as i32;
    /// The size of the head of a chunk.
    CHUNK_SIZE: usize = size_of::<Chunk>();
    /// [`Table::rows`].
    TABLE_ROWS: i32 = offset_of!(Table, rows) as i32;
    /// [`Table::directory`].
    TABLE_DIRECTORY: i32 = offset_of!(Table, directory) as i32;
    /// [`Table::shift`].
    TABLE_SHIFT: i32 = offset_of!(Table, shift) as i32;
    /// [`Table::count`].
    TABLE_COUNT: i32 = offset_of!(Table, count) as i32;
    /// [`Table::limit`].
    TABLE_LIMIT: i32 = offset_of!(Table, limit) as i32;
    /// The size of [`Table`].
    TABLE_SIZE: usize = size_of::<Table>();
    /// The address bits of the head of a chain.
    CHAIN_ADDRESS: u64 = crate::buffer::ADDRESS;

    /// The most lanes of a type.
    MAX_LANES: u32 = tenon_value::width::MAX_LANES;
    /// The stack that code of a program may use, in bytes.
    STACK: usize = crate::native::STACK;
}

/// Everything that generated code and the runtime must have alike, as names and numbers: [`NUMBERS`], the widths of values,
/// the faults, and the functions of the table with their signatures.
pub fn terms() -> Vec<(String, i128)> {
    let mut terms: Vec<(String, i128)> = NUMBERS.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    terms.push(("TAG".to_owned(), i128::from(tenon_value::width::TAG)));
    terms.extend(Atom::ALL.iter().map(|atom| (format!("{atom:?}"), i128::from(atom.lanes()))));
    terms.extend(Fault::ALL.iter().map(|fault| (fault.name().to_owned(), i128::from(fault.code()))));
    for (number, function) in crate::functions::TABLE.iter().enumerate() {
        let words =
            |words: &[crate::abi::Word]| words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" ");
        let fallible = if function.fallible { "fallible" } else { "total" };
        let signature =
            format!("{} ({}) ({}) {fallible}", function.name, words(function.words), words(function.results));
        terms.push((signature, number as i128));
    }
    terms
}

/// A number that differs, in all likelihood, where a name or a number does, or the version (FNV-1a).
pub fn hash(version: &str, terms: &[(String, i128)]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    take(version.as_bytes());
    for (name, number) in terms {
        take(&[0]);
        take(name.as_bytes());
        take(&number.to_le_bytes());
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_term_changes_the_hash() {
        let terms = terms();
        let whole = hash("1", &terms);
        assert_ne!(hash("2", &terms), whole);
        for at in 0..terms.len() {
            let name = &terms[at].0;
            for change in [1, -1, 8] {
                let mut other = terms.clone();
                other[at].1 += change;
                assert_ne!(hash("1", &other), whole, "{name} by {change}");
            }
            let mut renamed = terms.clone();
            renamed[at].0.push('x');
            assert_ne!(hash("1", &renamed), whole, "{name} renamed");
            let mut fewer = terms.clone();
            fewer.remove(at);
            assert_ne!(hash("1", &fewer), whole, "without {name}");
        }
        for at in 1..terms.len() {
            let mut swapped = terms.clone();
            swapped.swap(at - 1, at);
            assert_ne!(hash("1", &swapped), whole, "{} before {}", swapped[at - 1].0, swapped[at].0);
        }
        assert_eq!(crate::functions::abi_hash(), hash(env!("CARGO_PKG_VERSION"), &terms));
    }

    #[test]
    fn names_are_told_apart() {
        let terms = terms();
        let names: std::collections::BTreeSet<&str> = terms.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), terms.len());
    }
}
