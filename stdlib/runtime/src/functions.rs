//! The one table of runtime functions; see [`crate::abi`].
//!
//! To add a function: write it as `unsafe extern "C" fn`, and name it here with its parameters.

use crate::abi::{Address, Effect, Function, signature};
use crate::{buffer, chance, collection, grow, library, memory, number, rows, text, value};

macro_rules! word_of {
    ($name:ident) => {
        _
    };
}

macro_rules! is_fallible {
    (fallible) => {
        true
    };
    (total) => {
        false
    };
}

macro_rules! functions {
    ($($module:ident::$name:ident($($parameter:ident),*) $fallible:ident $effect:ident;)*) => {
        /// The number of each function: its place in the table.
        #[allow(non_camel_case_types, missing_docs, reason = "named and told of like the functions")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum RuntimeFn { $($name),* }

        /// All functions, in the order of [`RuntimeFn`].
        pub static TABLE: &[Function] = &[$(
            Function {
                name: concat!("tenon_", stringify!($name)),
                parameters: &[$(stringify!($parameter)),*],
                words: signature($module::$name as unsafe extern "C" fn($(word_of!($parameter)),*) -> _).0,
                results: signature($module::$name as unsafe extern "C" fn($(word_of!($parameter)),*) -> _).1,
                fallible: is_fallible!($fallible),
                effect: Effect::$effect,
                address: Address($module::$name as *const ()),
            }
        ),*];
    };
}

functions! {
    memory::arena_grow(ctx, size) fallible Pure;
    memory::fault(ctx, code, site) fallible Pure;
    text::text_concat(ctx, a0, a1, b0, b1) fallible Pure;
    text::text_compare(ctx, a0, a1, b0, b1) total Pure;
    text::text_equal(ctx, a0, a1, b0, b1) total Pure;
    text::text_length(ctx, a0, a1) total Pure;
    text::text_join(ctx, texts, count) fallible Pure;
    text::text_hash(ctx, a0, a1) total Pure;
    text::text_matches(ctx, pattern, a0, a1) fallible Pure;
    text::problem(ctx, place0, place1, message0, message1) total Writes;
    text::log(ctx, text0, text1) fallible Writes;
    text::reject_problems(ctx) fallible Reads;
    number::decimal_div(ctx, a, x, b, y, z) fallible Pure;
    number::decimal_rescale(ctx, value, from, to) fallible Pure;
    number::decimal_mean(ctx, low, high, count, x, z) fallible Pure;
    number::int_to_text(ctx, value) fallible Pure;
    value::value_compare(ctx, shape, a, b) total Reads;
    value::value_hash(ctx, shape, a) total Reads;
    value::entity_compare(ctx, relation, a, b) total Reads;
    collection::range(ctx, from, to, inclusive) fallible Pure;
    collection::append(ctx, stride, a, b) fallible Pure;
    grow::extend(ctx, stride, a, b, owned) fallible Pure;
    grow::unite(ctx, key, stride, a, b, owned) fallible Reads;
    grow::put(ctx, key, stride, entry, a, owned) fallible Reads;
    grow::remove(ctx, key, stride, wanted, a, owned) fallible Reads;
    collection::to_set(ctx, shape, stride, list) fallible Reads;
    collection::to_map(ctx, key, stride, list) fallible Reads;
    collection::map_find(ctx, key, stride, wanted, map) total Reads;
    collection::set_find(ctx, shape, stride, wanted, set) total Reads;
    collection::list_find(ctx, shape, stride, wanted, list) total Reads;
    library::builtin(ctx, function, shapes, arity, arguments, out) fallible Reads;
    library::value_to_text(ctx, shape, value) fallible Reads;
    buffer::rows_new(ctx, stride) fallible Pure;
    buffer::rows_grow(ctx, rows) fallible Writes;
    buffer::rows_seal(rows) total Writes;
    buffer::rows_pointers(ctx, rows, distinct, order) fallible Reads;
    buffer::rows_prune(ctx, rows, order, keep) total Writes;
    buffer::rows_collect(ctx, rows, first, lanes) fallible Reads;
    buffer::pointers_collect(ctx, pointers, count, first, lanes) fallible Reads;
    buffer::table_link(ctx, table) fallible Writes;
    buffer::zeroed(ctx, lanes) fallible Pure;
    number::float_sum_new(ctx) fallible Writes;
    number::float_sum_add(ctx, sum, value) total Writes;
    number::float_sum_value(ctx, sum) fallible Reads;
    number::deviation(ctx, pointers, count, first, scale) fallible Reads;
    rows::row_by_key(ctx, relation, key) total Reads;
    rows::row_by_unique(ctx, relation, unique, lanes) total Reads;
    rows::rows_by_index(ctx, relation, index, lanes) fallible Reads;
    rows::row_visible(ctx, relation, entity) total Reads;
    rows::row_count(ctx, relation) total Reads;
    rows::range_open(ctx, relation, index, low, low_columns, high, high_columns, flags) fallible Writes;
    rows::range_next(ctx, cursor, capacity, out) total Writes;
    rows::insert_row(ctx, relation, lanes) fallible Writes;
    rows::update_row(ctx, relation, entity, fields, count, lanes) fallible Writes;
    rows::delete_row(ctx, relation, entity) fallible Writes;
    rows::next_serial(ctx, relation) fallible Writes;
    chance::call_time(ctx) total Writes;
    chance::random_id(ctx) total Writes;
    chance::random_uuid(ctx) total Writes;
    chance::random_integer(ctx, low, high) fallible Writes;
    chance::random_unit(ctx) total Writes;
    chance::random_text(ctx, length) fallible Writes;
}

impl RuntimeFn {
    /// The description of the function.
    pub fn get(self) -> &'static Function {
        &TABLE[self as usize]
    }

    /// The function of this name, without the prefix `tenon_`.
    pub fn named(name: &str) -> Option<&'static Function> {
        TABLE.iter().find(|f| f.name.strip_prefix("tenon_") == Some(name))
    }
}

/// The addresses of all functions in the order of the table: what `CallContext::functions` points to.
pub fn addresses() -> &'static [Address] {
    static ADDRESSES: std::sync::OnceLock<Vec<Address>> = std::sync::OnceLock::new();
    ADDRESSES.get_or_init(|| TABLE.iter().map(|f| f.address).collect())
}

/// A hash over everything that generated code and the runtime share ([`crate::contract`]) and the version. A program and a
/// launcher fit together exactly if theirs are equal.
pub fn abi_hash() -> u64 {
    static HASH: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *HASH.get_or_init(|| crate::contract::hash(env!("CARGO_PKG_VERSION"), &crate::contract::terms()))
}
