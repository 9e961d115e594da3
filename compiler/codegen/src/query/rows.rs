//! Buffers and hash tables of `tenon_runtime::buffer`, as generated code uses them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{SortKey, Type};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use crate::emit::{Emit, offset, plain};
use crate::error::Result;
use crate::unit::{Convention, Symbol};

/// Lanes of a buffer in the frame.
pub(crate) const ROWS: usize = contract::ROWS_SIZE / 8;
/// Lanes of a table in the frame.
pub(crate) const TABLE: usize = contract::TABLE_SIZE / 8;
/// The first lane of an entry of a table that belongs to its keys.
pub(crate) const KEYS: usize = 2;

/// One part of a comparison of rows in memory.
#[derive(Clone)]
pub(crate) struct Order {
    /// The first lane of the value.
    pub(crate) at: usize,
    /// Its type.
    pub(crate) ty: Type,
    /// Greatest first.
    pub(crate) descending: bool,
    /// For options: `none` before everything, whatever the direction; else after everything.
    pub(crate) none_first: bool,
}

impl<'p> Emit<'_, 'p> {
    /// Makes a buffer in the frame empty.
    pub(crate) fn init_rows(&mut self, at: usize, stride: usize) {
        let zero = self.int(0);
        let stride = self.int(stride as i64);
        let lanes: Vec<Value> =
            (0..ROWS).map(|i| if offset(i) == contract::ROWS_STRIDE { stride } else { zero }).collect();
        self.store_lanes(self.frame, at, &lanes);
    }

    /// Makes a table in the frame empty, with a directory.
    pub(crate) fn init_table(&mut self, at: usize, stride: usize) {
        self.init_rows(at, stride);
        let zeros = self.zeros(TABLE - ROWS);
        self.store_lanes(self.frame, at + ROWS, &zeros);
        let address = self.frame_address(at);
        self.call(RuntimeFn::table_link, &[address], None);
    }

    /// Appends a row to a buffer of the frame.
    pub(crate) fn append(&mut self, at: usize, stride: usize, lanes: &[Value]) -> Result<()> {
        let address = self.frame_address(at);
        let row = self.new_row(address, stride);
        self.store_lanes(row, 0, lanes);
        Ok(())
    }

    /// Takes room for one more row of a buffer.
    pub(crate) fn new_row(&mut self, rows: Value, stride: usize) -> Value {
        let next = self.load(types::I64, rows, contract::ROWS_NEXT);
        let end = self.load(types::I64, rows, contract::ROWS_END);
        let full = self.b.ins().icmp(IntCC::Equal, next, end);
        let (grow, join) = (self.block(true), self.block(false));
        let row = self.b.append_block_param(join, types::I64);
        self.b.ins().brif(full, grow, &[], join, &[next.into()]);
        self.b.seal_block(grow);
        self.at(grow);
        let grown = self.call(RuntimeFn::rows_grow, &[rows], None);
        self.jump_with(join, &grown);
        self.b.seal_block(join);
        self.at(join);
        let after = self.b.ins().iadd_imm_s(row, (stride * 8) as i64);
        self.b.ins().store(plain(), after, rows, contract::ROWS_NEXT);
        row
    }

    /// Ends a buffer of the frame, so that it can be walked.
    pub(crate) fn seal(&mut self, at: usize) {
        let address = self.frame_address(at);
        self.call(RuntimeFn::rows_seal, &[address], None);
    }

    /// Runs a body for each row of a sealed buffer.
    pub(crate) fn each_row(
        &mut self,
        rows: Value,
        stride: usize,
        body: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let (chunks, chunk_body, row_head, row_body, next_chunk, end) = (
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
        );
        let chunk = self.b.declare_var(types::I64);
        let at = self.b.declare_var(types::I64);
        let first = self.load(types::I64, rows, contract::ROWS_FIRST);
        self.b.def_var(chunk, first);
        self.jump(chunks);
        self.at(chunks);
        let here = self.b.use_var(chunk);
        self.branch(here, chunk_body, end);
        self.at(chunk_body);
        let start = self.b.ins().iadd_imm_s(here, contract::CHUNK_SIZE as i64);
        self.b.def_var(at, start);
        self.jump(row_head);
        self.at(row_head);
        let row = self.b.use_var(at);
        let here = self.b.use_var(chunk);
        let limit = self.load(types::I64, here, contract::CHUNK_LIMIT);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, row, limit);
        self.branch(more, row_body, next_chunk);
        self.at(row_body);
        body(self, row)?;
        let row = self.b.use_var(at);
        let row = self.b.ins().iadd_imm_s(row, (stride * 8) as i64);
        self.b.def_var(at, row);
        self.jump(row_head);
        self.at(next_chunk);
        let here = self.b.use_var(chunk);
        let following = self.load(types::I64, here, contract::CHUNK_NEXT);
        self.b.def_var(chunk, following);
        self.jump(chunks);
        self.at(end);
        Ok(())
    }

    /// Runs a body for each pointer of an array from one index up to another.
    pub(crate) fn each_pointer(
        &mut self,
        array: Value,
        from: Value,
        to: Value,
        body: &mut dyn FnMut(&mut Self, Value, Value) -> Result<()>,
    ) -> Result<()> {
        let (head, round, end) = (self.block(false), self.block(false), self.block(false));
        let index = self.b.declare_var(types::I64);
        self.b.def_var(index, from);
        self.jump(head);
        self.at(head);
        let i = self.b.use_var(index);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, i, to);
        self.branch(more, round, end);
        self.at(round);
        let row = self.pointer_at(array, i);
        body(self, row, i)?;
        let i = self.b.use_var(index);
        let i = self.b.ins().iadd_imm_s(i, 1);
        self.b.def_var(index, i);
        self.jump(head);
        self.at(end);
        Ok(())
    }

    /// Pointer number `index` of an array.
    pub(crate) fn pointer_at(&mut self, array: Value, index: Value) -> Value {
        let at = self.b.ins().ishl_imm_u(index, 3);
        let address = self.b.ins().iadd(array, at);
        self.load(types::I64, address, 0)
    }

    /// The hash of key values.
    pub(crate) fn hash_keys(&mut self, lanes: &[Value], types: &[Type]) -> Result<Value> {
        let record = key_record(types);
        self.hash(lanes, &record)
    }

    /// Walks the entries of a hash in a table: `body` is emitted where an entry's keys are equal to `keys`, with the
    /// entry's address; it may jump away, or fall through to the next entry.
    pub(crate) fn probe(
        &mut self,
        table: Value,
        hash: Value,
        keys: &[Value],
        types: &[Type],
        body: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let end = self.block(false);
        let head = self.head_of(table, hash);
        let word = self.load(types::I64, head, 0);
        let chain = self.chain_of(word, hash, end);
        let entry = self.b.declare_var(types::I64);
        self.b.def_var(entry, chain);
        let (test, compare, found, next) = (self.block(false), self.block(false), self.block(false), self.block(false));
        self.jump(test);
        self.at(test);
        let here = self.b.use_var(entry);
        let other = self.load(types::I64, here, 8);
        let same = self.b.ins().icmp(IntCC::Equal, hash, other);
        self.branch(same, compare, next);
        self.at(compare);
        let here = self.b.use_var(entry);
        let stored = self.load_lanes(here, KEYS, keys.len());
        let equal = self.equal(keys, &stored, &key_record(types))?;
        self.branch(equal, found, next);
        self.at(found);
        let here = self.b.use_var(entry);
        body(self, here)?;
        self.jump(next);
        self.at(next);
        let here = self.b.use_var(entry);
        let following = self.load(types::I64, here, 0);
        self.b.def_var(entry, following);
        self.branch(following, test, end);
        self.at(end);
        Ok(())
    }

    /// The address of the head of a hash's chain.
    fn head_of(&mut self, table: Value, hash: Value) -> Value {
        let directory = self.load(types::I64, table, contract::TABLE_DIRECTORY);
        let shift = self.load(types::I64, table, contract::TABLE_SHIFT);
        let index = self.b.ins().ushr(hash, shift);
        let at = self.b.ins().ishl_imm_u(index, 3);
        self.b.ins().iadd(directory, at)
    }

    /// The first entry of a chain; to `otherwise` if the head says that the hash is not in it.
    fn chain_of(&mut self, word: Value, hash: Value, otherwise: cranelift_codegen::ir::Block) -> Value {
        let low = self.b.ins().band_imm_u(hash, 15);
        let turn = self.b.ins().iadd_imm_s(low, 48);
        let bit = self.b.ins().ushr(word, turn);
        let bit = self.b.ins().band_imm_u(bit, 1);
        let maybe = self.block(false);
        self.branch(bit, maybe, otherwise);
        self.b.seal_block(maybe);
        self.at(maybe);
        self.b.ins().band_imm_u(word, contract::CHAIN_ADDRESS as i64)
    }

    /// The entry with these keys, which is made if it is not there yet; `fresh` then fills it behind its keys.
    pub(crate) fn find_or_add(
        &mut self,
        table: Value,
        stride: usize,
        keys: &[Value],
        types: &[Type],
        fresh: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<Value> {
        let hash = self.hash_keys(keys, types)?;
        let join = self.block(false);
        let result = self.b.append_block_param(join, types::I64);
        self.probe(table, hash, keys, types, &mut |e, entry| {
            e.jump_with(join, &[entry]);
            e.dead();
            Ok(())
        })?;
        let entry = self.add_entry(table, stride, hash, keys);
        fresh(self, entry)?;
        // The entry is linked only when it is complete. The table may have to grow first.
        let count = self.load(types::I64, table, contract::TABLE_COUNT);
        let count = self.b.ins().iadd_imm_s(count, 1);
        self.b.ins().store(plain(), count, table, contract::TABLE_COUNT);
        let limit = self.load(types::I64, table, contract::TABLE_LIMIT);
        let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, count, limit);
        let (grow, link) = (self.block(true), self.block(false));
        self.branch(full, grow, link);
        self.b.seal_block(grow);
        self.b.seal_block(link);
        self.at(grow);
        self.call(RuntimeFn::table_link, &[table], None);
        self.jump_with(join, &[entry]);
        self.at(link);
        self.link(table, hash, entry);
        self.jump_with(join, &[entry]);
        self.at(join);
        Ok(result)
    }

    /// A new entry with its hash and keys, not linked.
    pub(crate) fn add_entry(&mut self, table: Value, stride: usize, hash: Value, keys: &[Value]) -> Value {
        let entry = self.new_row(table, stride);
        let none = self.int(0);
        self.store_lanes(entry, 0, &[none, hash]);
        self.store_lanes(entry, KEYS, keys);
        entry
    }

    /// Puts an entry at the front of its chain.
    fn link(&mut self, table: Value, hash: Value, entry: Value) {
        let head = self.head_of(table, hash);
        let word = self.load(types::I64, head, 0);
        let chain = self.b.ins().band_imm_u(word, contract::CHAIN_ADDRESS as i64);
        self.store_lanes(entry, 0, &[chain]);
        let tags = self.b.ins().bxor(word, chain);
        let low = self.b.ins().band_imm_u(hash, 15);
        let turn = self.b.ins().iadd_imm_s(low, 48);
        let one = self.int(1);
        let bit = self.b.ins().ishl(one, turn);
        let tags = self.b.ins().bor(tags, bit);
        let word = self.b.ins().bor(tags, entry);
        self.store_lanes(head, 0, &[word]);
    }

    /// A function that compares two rows in memory.
    pub(crate) fn comparator(&mut self, order: &[Order]) -> Result<Symbol> {
        let name = self.query.as_ref().map_or_else(String::new, |q| format!(" of query {}", q.plan.name));
        let symbol = self.unit.part(format!("comparison{name}"), Convention { words: 2, results: 1 });
        let order = order.to_vec();
        self.unit.define(symbol, |e, words| {
            let (a, b) = (words[0], words[1]);
            let done = e.block(false);
            let result = e.b.append_block_param(done, types::I64);
            for part in &order {
                let lanes = e.lanes(&part.ty);
                let (x, y) = (e.load_lanes(a, part.at, lanes), e.load_lanes(b, part.at, lanes));
                let by_tag = match &part.ty {
                    Type::Option(inner) if part.descending || part.none_first => Some((**inner).clone()),
                    _ => None,
                };
                let found = match by_tag {
                    // The direction does not move `none`.
                    Some(inner) => {
                        let tags = e.order(&y[..1], &x[..1], &Type::Int)?;
                        let tags = if part.none_first { e.b.ins().ineg(tags) } else { tags };
                        let next = e.block(false);
                        e.b.ins().brif(tags, done, &[tags.into()], next, &[]);
                        e.at(next);
                        let both = e.block(false);
                        let after = e.block(false);
                        e.branch(x[0], both, after);
                        e.at(both);
                        let found = e.order(&x[1..], &y[1..], &inner)?;
                        let found = if part.descending { e.b.ins().ineg(found) } else { found };
                        e.b.ins().brif(found, done, &[found.into()], after, &[]);
                        e.at(after);
                        continue;
                    }
                    None => e.order(&x, &y, &part.ty)?,
                };
                let found = if part.descending { e.b.ins().ineg(found) } else { found };
                let next = e.block(false);
                e.b.ins().brif(found, done, &[found.into()], next, &[]);
                e.at(next);
            }
            let same = e.int(0);
            e.jump_with(done, &[same]);
            e.at(done);
            e.b.ins().return_(&[result]);
            Ok(())
        })?;
        Ok(symbol)
    }

    /// The address of a comparator, or null.
    pub(crate) fn comparator_address(&mut self, symbol: Option<Symbol>) -> Value {
        match symbol {
            Some(symbol) => {
                let function = self.unit.import(&mut self.b, symbol);
                self.b.ins().func_addr(types::I64, function)
            }
            None => self.int(0),
        }
    }

    /// The parts of a comparison by sort keys whose values are stored one after the other from a lane on, and the
    /// lane behind the last.
    pub(crate) fn order_of(&self, keys: &[SortKey], first: usize) -> (Vec<Order>, usize) {
        let mut at = first;
        let mut out = Vec::with_capacity(keys.len());
        for key in keys {
            out.push(Order { at, ty: key.expr.ty.clone(), descending: key.descending, none_first: key.none_first });
            at += self.lanes(&key.expr.ty);
        }
        (out, at)
    }

    /// The parts of a comparison by plain values that are stored one after the other.
    pub(crate) fn plain_order<'t>(&self, types: impl Iterator<Item = &'t Type>, first: usize) -> (Vec<Order>, usize) {
        let mut at = first;
        let mut out = Vec::new();
        for ty in types {
            out.push(Order { at, ty: ty.clone(), descending: false, none_first: false });
            at += self.lanes(ty);
        }
        (out, at)
    }
}

/// A record of key values.
pub(crate) fn key_record(types: &[Type]) -> Type {
    match types {
        [one] => one.clone(),
        many => Type::record(many.iter().map(|ty| ("".into(), ty.clone())).collect()),
    }
}
