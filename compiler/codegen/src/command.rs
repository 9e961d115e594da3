//! Commands: what touches the store or the world.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Command, Expr, FailWith, FieldId, RelationId, SiteId};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;
use tenon_value::Fault;

use crate::emit::{Emit, Lanes, plain};
use crate::error::{Error, Result};
use crate::expr::first;

/// What a write answers with, by the rule that refuses it.
#[derive(Default)]
struct Answers<'c> {
    key: Option<&'c FailWith>,
    unique: &'c [FailWith],
    gone: Option<&'c FailWith>,
    restrict: Option<&'c FailWith>,
}

impl Emit<'_, '_> {
    /// Runs a command; its result's lanes.
    pub(crate) fn command(&mut self, command: &Command, site: SiteId) -> Result<Lanes> {
        let at = Some(site);
        Ok(match command {
            Command::Call(id, args) => {
                let args = self.each(args)?;
                self.call_function(*id, &args, site)?
            }
            Command::Lookup { relation, unique, key } => {
                let key = self.concat(key)?;
                let row = self.find(*relation, *unique, &key, at);
                self.row_option(row)
            }
            Command::Insert { relation, values, on_key, on_unique } => {
                let lanes = self.concat(values)?;
                self.expect_row(*relation, values, site)?;
                let number = self.int(i64::from(relation.0));
                let address = self.spill(&lanes);
                let answers = Answers { key: Some(on_key), unique: on_unique, ..Answers::default() };
                self.write(RuntimeFn::insert_row, &[number, address], *relation, &answers, site)?
            }
            Command::Update { relation, target, sets, on_gone, on_unique } => {
                let target = self.expr(target)?;
                let entity = first(&target)?;
                let mut lanes = Vec::new();
                for (_, value) in sets {
                    lanes.extend(self.expr(value)?);
                }
                self.expect_fields(*relation, sets, site)?;
                let fields: Vec<u8> = sets.iter().flat_map(|(field, _)| field.0.to_le_bytes()).collect();
                let at = self.unit.constants.bytes(&fields);
                let fields = self.constant(at);
                let number = self.int(i64::from(relation.0));
                let count = self.int(sets.len() as i64);
                let address = self.spill(&lanes);
                let answers = Answers { gone: Some(on_gone), unique: on_unique, ..Answers::default() };
                let words = [number, entity, fields, count, address];
                self.write(RuntimeFn::update_row, &words, *relation, &answers, site)?
            }
            Command::Delete { relation, target, on_gone, on_restrict } => {
                let target = self.expr(target)?;
                let entity = first(&target)?;
                let number = self.int(i64::from(relation.0));
                let answers = Answers { gone: Some(on_gone), restrict: Some(on_restrict), ..Answers::default() };
                self.write(RuntimeFn::delete_row, &[number, entity], *relation, &answers, site)?
            }
            Command::Now => self.call(RuntimeFn::call_time, &[], at),
            Command::NewId => self.call(RuntimeFn::random_id, &[], at),
            Command::NewUuid => self.call(RuntimeFn::random_uuid, &[], at),
            Command::RandomFloat => self.call(RuntimeFn::random_unit, &[], at),
            Command::RandomInt(low, high) => {
                let (low, high) = (self.word(low)?, self.word(high)?);
                self.call(RuntimeFn::random_integer, &[low, high], at)
            }
            Command::RandomText(length) => {
                let length = self.word(length)?;
                self.call(RuntimeFn::random_text, &[length], at)
            }
            Command::Serial(relation) => {
                let number = self.int(i64::from(relation.0));
                self.call(RuntimeFn::next_serial, &[number], at)
            }
            Command::Log(value) => {
                let lanes = self.expr(value)?;
                let text = self.to_text(&lanes, &value.ty, at)?;
                self.call(RuntimeFn::log, &text, at)
            }
        })
    }

    /// A row that may be absent, as an option.
    fn row_option(&mut self, row: [Value; 2]) -> Lanes {
        let there = self.b.ins().icmp_imm_u(IntCC::NotEqual, row[1], contract::NONE);
        let zero = self.int(0);
        let tag = self.flag(there);
        let entity = self.b.ins().select(there, row[0], zero);
        let slot = self.b.ins().select(there, row[1], zero);
        vec![tag, entity, slot]
    }

    /// Calls a function of the runtime that writes; what a rule of the store refuses becomes the failure that the
    /// program says.
    fn write(
        &mut self,
        function: RuntimeFn,
        words: &[Value],
        relation: RelationId,
        answers: &Answers<'_>,
        site: SiteId,
    ) -> Result<Lanes> {
        let mut all = vec![self.ctx];
        all.extend_from_slice(words);
        let results = self.raw_call(function, &all);
        let status = self.load(types::I32, self.ctx, contract::STATUS);
        let (done, refused) = (self.block(false), self.block(true));
        self.branch(status, refused, done);
        self.at(refused);
        let violated = self.b.ins().icmp_imm_u(IntCC::Equal, status, i64::from(contract::STATUS_VIOLATION));
        let (answer, fault) = (self.block(true), self.block(true));
        self.branch(violated, answer, fault);
        self.at(fault);
        self.raise_status(site);
        self.at(answer);
        // The refusal becomes the answer of the program, whose message may call functions itself.
        let ok = self.b.ins().iconst(types::I32, 0);
        self.b.ins().store(plain(), ok, self.ctx, contract::STATUS);
        let kind = self.load(types::I32, self.ctx, contract::VIOLATION_KIND);
        let of = self.load(types::I32, self.ctx, contract::VIOLATION_RELATION);
        let rule = self.load(types::I32, self.ctx, contract::VIOLATION_RULE);
        let simple = [
            (contract::KEY_TAKEN, answers.key),
            (contract::MISSING, answers.gone),
            (contract::RESTRICTED, answers.restrict),
        ];
        for (own, fail) in simple {
            let Some(fail) = fail else { continue };
            let (here, next) = (self.block(true), self.block(true));
            let same = self.b.ins().icmp_imm_u(IntCC::Equal, kind, i64::from(own));
            self.branch(same, here, next);
            self.at(here);
            self.fail(fail, site)?;
            self.at(next);
        }
        let (unique, other) = (self.block(true), self.block(true));
        let same = self.b.ins().icmp_imm_u(IntCC::Equal, kind, i64::from(contract::UNIQUE_TAKEN));
        self.branch(same, unique, other);
        self.at(unique);
        for (number, fail) in answers.unique.iter().enumerate() {
            let (here, next) = (self.block(true), self.block(true));
            let rule_is = self.b.ins().icmp_imm_u(IntCC::Equal, rule, number as i64);
            let ours = self.b.ins().icmp_imm_u(IntCC::Equal, of, i64::from(relation.0));
            let both = self.b.ins().band(rule_is, ours);
            self.branch(both, here, next);
            self.at(here);
            self.fail(fail, site)?;
            self.at(next);
        }
        self.raise(Fault::DuplicateUnique, Some(site));
        self.at(other);
        self.raise(Fault::ReferenceFailed, Some(site));
        self.at(done);
        Ok(results)
    }

    fn expect_row(&self, relation: RelationId, values: &[Expr], site: SiteId) -> Result<()> {
        let fields = &self.unit.program.relation(relation).fields;
        let fits = fields.len() == values.len()
            && fields.iter().zip(values).all(|(field, value)| self.lanes(&field.ty) == self.lanes(&value.ty));
        if fits { Ok(()) } else { Err(Error::at("an insert does not give the row of its relation", site)) }
    }

    fn expect_fields(&self, relation: RelationId, sets: &[(FieldId, Expr)], site: SiteId) -> Result<()> {
        let fields = &self.unit.program.relation(relation).fields;
        let fits = sets.iter().all(|(id, value)| {
            fields.get(id.index()).is_some_and(|field| self.lanes(&field.ty) == self.lanes(&value.ty))
        });
        if fits { Ok(()) } else { Err(Error::at("an update does not give values of its fields", site)) }
    }
}
