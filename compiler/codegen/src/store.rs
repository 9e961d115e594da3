//! Rows: fields from columns, and the version of a row that a snapshot sees.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use tenon_core::ir::RelationId;
use tenon_runtime::contract;
use tenon_value::schema::ColumnType;

use crate::emit::{Emit, Lanes, fixed, plain};
use crate::error::{Error, Result};

impl Emit<'_, '_> {
    /// The address of a relation's view.
    pub(crate) fn relation_view(&mut self, relation: RelationId) -> Value {
        let table = self.b.ins().load(types::I64, fixed(), self.ctx, contract::RELATIONS);
        self.b.ins().load(types::I64, fixed(), table, crate::emit::offset(relation.index()))
    }

    /// Field number `index` of the row version in a slot.
    pub(crate) fn stored_field(&mut self, relation: RelationId, index: u32, slot: Value) -> Result<Lanes> {
        let schema = self.unit.schema;
        let missing = || Error::new("a field is read that the stored shape does not have");
        let described = schema.relations.get(relation.index()).ok_or_else(missing)?;
        let starts = described.column_starts();
        let field = described.fields.get(index as usize).ok_or_else(missing)?;
        let columns = field.columns();
        let first = starts[index as usize];
        let mut lanes = Vec::with_capacity(columns.len());
        for (number, column) in columns.into_iter().enumerate() {
            let base = self.column(relation, first + number);
            let at = self.b.ins().imul_imm_s(slot, column.width() as i64);
            let address = self.b.ins().iadd(base, at);
            let lane = match column {
                ColumnType::U8 => self.b.ins().uload8(types::I64, plain(), address, 0),
                ColumnType::I16 => self.b.ins().sload16(types::I64, plain(), address, 0),
                ColumnType::I32 => self.b.ins().sload32(plain(), address, 0),
                ColumnType::U32 => self.b.ins().uload32(plain(), address, 0),
                ColumnType::I64 | ColumnType::F64 | ColumnType::Collection => self.load(types::I64, address, 0),
                ColumnType::Str | ColumnType::Id => {
                    lanes.push(self.load(types::I64, address, 0));
                    self.load(types::I64, address, 8)
                }
            };
            lanes.push(lane);
        }
        Ok(lanes)
    }

    /// The address of a column: inside of a scan it is read once, before the scan.
    fn column(&mut self, relation: RelationId, number: usize) -> Value {
        let ctx = self.ctx;
        let Some(hoisted) = &mut self.hoisted else {
            let mut load = |flags, at, offset| self.b.ins().load(types::I64, flags, at, offset);
            return column_address(&mut load, ctx, relation, number, fixed());
        };
        *hoisted.columns.entry((relation, number)).or_insert_with(|| {
            let mut cursor = FuncCursor::new(self.b.func).at_inst(hoisted.before);
            let mut load = |flags, at, offset| cursor.ins().load(types::I64, flags, at, offset);
            // What may move would be computed where it is used.
            column_address(&mut load, ctx, relation, number, plain())
        })
    }

    /// A word of a slot's record, as its `prev`.
    pub(crate) fn version_u32(&mut self, view: Value, field: i32, slot: Value) -> Value {
        let base = self.b.ins().load(types::I64, fixed(), view, field);
        let at = self.b.ins().imul_imm_s(slot, contract::VERSION_STRIDE);
        let address = self.b.ins().iadd(base, at);
        self.b.ins().uload32(plain(), address, 0)
    }

    /// The entity of a version that is seen. It does not change while the call goes on, so it is read only where it is used.
    pub(crate) fn entity_of(&mut self, view: Value, slot: Value) -> Value {
        let base = self.b.ins().load(types::I64, fixed(), view, contract::VIEW_ENTITY);
        let at = self.b.ins().imul_imm_s(slot, contract::VERSION_STRIDE);
        let address = self.b.ins().iadd(base, at);
        let entity = self.b.ins().load(types::I32, fixed(), address, 0);
        self.b.ins().uextend(types::I64, entity)
    }

    /// A word of a table of the relation's view: `newest[entity]`.
    pub(crate) fn view_u32(&mut self, view: Value, table: i32, index: Value) -> Value {
        let base = self.b.ins().load(types::I64, fixed(), view, table);
        let at = self.b.ins().imul_imm_s(index, 4);
        let address = self.b.ins().iadd(base, at);
        self.b.ins().uload32(plain(), address, 0)
    }

    /// A commit number of the relation's view: `begin[slot]`, `end[slot]`.
    pub(crate) fn view_commit(&mut self, view: Value, table: i32, slot: Value) -> Value {
        let base = self.b.ins().load(types::I64, fixed(), view, table);
        let at = self.b.ins().imul_imm_s(slot, contract::VERSION_STRIDE);
        let address = self.b.ins().iadd(base, at);
        self.load(types::I64, address, 0)
    }

    /// The row that a reference names, in the state that the call reads.
    pub(crate) fn follow(&mut self, relation: RelationId, entity: Value) -> Result<Lanes> {
        let slot = self.visible_slot(relation, entity);
        let gone = self.b.ins().icmp_imm_u(IntCC::Equal, slot, contract::NONE);
        self.raise_if(gone, tenon_value::Fault::RowDeleted, None);
        Ok(vec![entity, slot])
    }

    /// The slot of the version of an entity that the call sees, or `NONE`.
    pub(crate) fn visible_slot(&mut self, relation: RelationId, entity: Value) -> Value {
        let view = self.relation_view(relation);
        let snapshot = self.load(types::I64, self.ctx, contract::SNAPSHOT);
        let newest = self.view_u32(view, contract::VIEW_NEWEST, entity);
        let (walk, older, found, absent, join) =
            (self.block(false), self.block(true), self.block(false), self.block(true), self.block(false));
        let candidate = self.b.append_block_param(walk, types::I64);
        let result = self.b.append_block_param(join, types::I64);
        // Nothing may be concluded from the relation's last commit: while this runs, another may begin.
        self.jump_with(walk, &[newest]);
        self.at(walk);
        let none = self.b.ins().icmp_imm_u(IntCC::Equal, candidate, contract::NONE);
        let there = self.block(false);
        self.branch(none, absent, there);
        self.at(there);
        let begin = self.view_commit(view, contract::VIEW_BEGIN, candidate);
        let begun = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, begin, snapshot);
        self.branch(begun, found, older);
        self.at(older);
        // One row may have many versions, and an old reader passes all of them.
        let one = self.int(1);
        self.burn(one, None);
        let before = self.version_u32(view, contract::VIEW_PREV, candidate);
        self.jump_with(walk, &[before]);
        self.at(found);
        let end = self.view_commit(view, contract::VIEW_END, candidate);
        let alive = self.b.ins().icmp(IntCC::UnsignedLessThan, snapshot, end);
        self.b.ins().brif(alive, join, &[candidate.into()], absent, &[]);
        self.at(absent);
        let none = self.int(contract::NONE);
        self.jump_with(join, &[none]);
        self.at(join);
        result
    }
}

/// The address of a column, by loads of which the last has the given flags.
fn column_address(
    load: &mut dyn FnMut(MemFlagsData, Value, i32) -> Value,
    ctx: Value,
    relation: RelationId,
    number: usize,
    last: MemFlagsData,
) -> Value {
    let relations = load(fixed(), ctx, contract::RELATIONS);
    let view = load(fixed(), relations, crate::emit::offset(relation.index()));
    let columns = load(fixed(), view, contract::VIEW_COLUMNS);
    load(last, columns, crate::emit::offset(number))
}
