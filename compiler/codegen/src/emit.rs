//! One function of machine code in the making: values as lanes, blocks, runtime calls, and the ways out.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Inst, InstBuilder, MemFlagsData, SigRef, Signature, StackSlot, StackSlotData,
    StackSlotKind, Type as ClifType, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::{FunctionBuilder, Variable};
use rustc_hash::FxHashMap;
use tenon_core::ir::{RelationId, SiteId, Type, VarId};
use tenon_runtime::abi::Word;
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;
use tenon_value::Fault;

use crate::error::{Error, Result};
use crate::unit::{Symbol, Unit};

/// A value as lanes, each an `i64` in SSA form.
pub(crate) type Lanes = Vec<Value>;

/// What a variable of Core is in the function being built.
#[derive(Clone)]
pub(crate) enum Binding {
    /// Assignable: one SSA variable per lane.
    Variables(Vec<Variable>),
    /// Fixed where it was bound.
    Values(Lanes),
}

/// The variables of a function or query of Core. A function that is inlined has its own.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    pub(crate) bindings: FxHashMap<VarId, Binding>,
    /// Of variables that grow collections, whether they own what they hold: 0 or 1; see [`crate::grow`].
    pub(crate) owners: FxHashMap<VarId, Variable>,
    /// In how many places each variable is assigned. One that is assigned in one place is fixed from there on.
    pub(crate) assignments: FxHashMap<VarId, u32>,
}

/// Where `return` goes.
#[derive(Clone)]
pub(crate) enum ReturnTo {
    /// Out of the function of machine code.
    Caller,
    /// On behind the code of a function that is inlined, with its value in variables.
    Inline(Block, Vec<Variable>),
}

/// Where `break` and `continue` go.
#[derive(Clone, Copy)]
pub(crate) struct LoopTargets {
    pub(crate) on_break: Block,
    pub(crate) on_continue: Block,
}

/// What is computed once, before the outermost scan that stands around the code: the addresses of columns.
///
/// They never change, and the code generator's own optimiser would find that; but it computes them in the loop all the
/// same, where they are used first.
pub(crate) struct Hoisted {
    /// The jump into the loop.
    pub(crate) before: Inst,
    /// The address of a column by relation and number.
    pub(crate) columns: FxHashMap<(RelationId, usize), Value>,
}

/// Room on the stack for a while.
pub(crate) struct Slot {
    slot: StackSlot,
    class: u32,
    /// Where it is.
    pub(crate) address: Value,
}

/// See the module.
pub(crate) struct Emit<'a, 'p> {
    pub(crate) unit: &'a mut Unit<'p>,
    pub(crate) b: FunctionBuilder<'a>,
    /// The call context.
    pub(crate) ctx: Value,
    pub(crate) scope: Scope,
    pub(crate) return_to: ReturnTo,
    /// Where the inlined functions around go on, and the loops around them.
    pub(crate) returns: Vec<Block>,
    pub(crate) loops: Vec<LoopTargets>,
    /// Where the result goes if it has more than one lane.
    pub(crate) out: Option<Value>,
    /// Whether the depth counter was taken on entry and has to be given back.
    pub(crate) counts_depth: bool,
    /// How many inlined functions stand around the code.
    pub(crate) inline_depth: u32,
    /// The query that is being emitted, and the address of its frame.
    pub(crate) query: Option<std::rc::Rc<crate::query::QueryFrame<'p>>>,
    pub(crate) frame: Value,
    /// Inside of a scan, what is computed before it.
    pub(crate) hoisted: Option<Hoisted>,
    /// The place of the program that faults receive where no nearer one is known.
    pub(crate) place: Option<SiteId>,
    results: usize,
    fault_block: Option<Block>,
    exit_block: Option<Block>,
    /// Blocks to which jumps may still be added; see [`Emit::complete`].
    unsealed: Vec<Block>,
    /// Slots that hold nothing now, by their size in lanes.
    free_slots: FxHashMap<u32, Vec<StackSlot>>,
    /// Slots of operands of the next call of the runtime.
    spilled: Vec<Slot>,
    signatures: FxHashMap<usize, SigRef>,
}

/// Memory that is there and aligned.
pub(crate) fn plain() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// Memory that is there, aligned, and never changes during the function.
pub(crate) fn fixed() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

impl<'a, 'p> Emit<'a, 'p> {
    pub(crate) fn new(unit: &'a mut Unit<'p>, b: FunctionBuilder<'a>, ctx: Value, results: usize) -> Emit<'a, 'p> {
        Emit {
            unit,
            b,
            ctx,
            scope: Scope::default(),
            return_to: ReturnTo::Caller,
            returns: Vec::new(),
            loops: Vec::new(),
            out: None,
            counts_depth: false,
            inline_depth: 0,
            query: None,
            frame: ctx,
            hoisted: None,
            place: None,
            results,
            fault_block: None,
            exit_block: None,
            unsealed: Vec::new(),
            free_slots: FxHashMap::default(),
            spilled: Vec::new(),
            signatures: FxHashMap::default(),
        }
    }

    /// Adds the shared ways out and hands the builder back.
    pub(crate) fn finish(mut self) -> FunctionBuilder<'a> {
        if let Some(block) = self.fault_block {
            let exit = self.exit();
            self.b.switch_to_block(block);
            let (code, site) = (self.b.block_params(block)[0], self.b.block_params(block)[1]);
            let function = RuntimeFn::fault;
            self.raw_call(function, &[self.ctx, code, site]);
            self.b.ins().jump(exit, &[]);
        }
        if let Some(block) = self.exit_block {
            self.b.switch_to_block(block);
            let mut results = vec![self.int(1)];
            results.resize_with(self.results, || self.b.ins().iconst(types::I64, 0));
            results.truncate(self.results);
            self.b.ins().return_(&results);
        }
        self.b.seal_all_blocks();
        self.b
    }

    /// A constant lane.
    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(types::I64, value)
    }

    /// The number of lanes of a type.
    pub(crate) fn lanes(&self, ty: &Type) -> usize {
        self.unit.layout.lanes(ty) as usize
    }

    /// Zeros: the lanes of what is not there.
    pub(crate) fn zeros(&mut self, count: usize) -> Lanes {
        if count == 0 {
            return Vec::new();
        }
        let zero = self.int(0);
        vec![zero; count]
    }

    // Blocks.

    /// A new block; `cold` ones are laid out behind the others.
    pub(crate) fn block(&mut self, cold: bool) -> Block {
        let block = self.b.create_block();
        if cold {
            self.b.set_cold_block(block);
        }
        self.unsealed.push(block);
        block
    }

    /// How many blocks may still be jumped to from elsewhere.
    pub(crate) fn open_blocks(&self) -> usize {
        self.unsealed.len()
    }

    /// Says that no more jumps are added to the blocks that were made since there were `before` open ones, but to those that
    /// are known: the ways out, the ends of loops and inlined functions around. A variable need not be passed through
    /// them then, which keeps the time to compile in proportion to the statements.
    pub(crate) fn complete(&mut self, before: usize) {
        let mut known: Vec<Block> = self.fault_block.into_iter().chain(self.exit_block).collect();
        known.extend(self.loops.iter().flat_map(|around| [around.on_break, around.on_continue]));
        known.extend(self.returns.iter().copied());
        let made = self.unsealed.split_off(before.min(self.unsealed.len()));
        for block in made {
            if known.contains(&block) {
                self.unsealed.push(block);
            } else {
                self.b.seal_block(block);
            }
        }
    }

    /// Goes on in a block.
    pub(crate) fn at(&mut self, block: Block) {
        self.b.switch_to_block(block);
    }

    /// Jumps without arguments.
    pub(crate) fn jump(&mut self, to: Block) {
        self.b.ins().jump(to, &[]);
    }

    /// Jumps with values.
    pub(crate) fn jump_with(&mut self, to: Block, values: &[Value]) {
        let args: Vec<BlockArg> = values.iter().map(|v| BlockArg::Value(*v)).collect();
        self.b.ins().jump(to, &args);
    }

    /// Branches on a condition (any integer type, not zero is true).
    pub(crate) fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.b.ins().brif(condition, then, &[], otherwise, &[]);
    }

    /// A value that two branches give.
    pub(crate) fn select(
        &mut self,
        condition: Value,
        lanes: usize,
        then: impl FnOnce(&mut Self) -> Result<Lanes>,
        otherwise: impl FnOnce(&mut Self) -> Result<Lanes>,
    ) -> Result<Lanes> {
        let (yes, no, join) = (self.block(false), self.block(false), self.block(false));
        for _ in 0..lanes {
            self.b.append_block_param(join, types::I64);
        }
        self.branch(condition, yes, no);
        self.at(yes);
        let values = then(self)?;
        self.expect_lanes(&values, lanes)?;
        self.jump_with(join, &values);
        self.at(no);
        let values = otherwise(self)?;
        self.expect_lanes(&values, lanes)?;
        self.jump_with(join, &values);
        self.at(join);
        Ok(self.b.block_params(join).to_vec())
    }

    /// Refuses a value that does not have the lanes of its type: then the program is not well-typed Core.
    pub(crate) fn expect_lanes(&self, values: &[Value], lanes: usize) -> Result<()> {
        if values.len() == lanes {
            Ok(())
        } else {
            Err(Error::new(format!("a value of {} lanes stands where {lanes} are expected", values.len())))
        }
    }

    // Variables.

    /// Assigns a variable.
    pub(crate) fn assign(&mut self, var: VarId, lanes: &[Value]) {
        self.own(var, false);
        if self.scope.assignments.get(&var) == Some(&1) {
            self.scope.bindings.insert(var, Binding::Values(lanes.to_vec()));
            return;
        }
        if let Some(Binding::Variables(variables)) = self.scope.bindings.get(&var)
            && variables.len() == lanes.len()
        {
            for (variable, lane) in variables.clone().into_iter().zip(lanes) {
                self.b.def_var(variable, *lane);
            }
            return;
        }
        let variables: Vec<Variable> = lanes
            .iter()
            .map(|lane| {
                let variable = self.b.declare_var(types::I64);
                self.b.def_var(variable, *lane);
                variable
            })
            .collect();
        self.scope.bindings.insert(var, Binding::Variables(variables));
    }

    /// Fixes a variable as it is here, behind all places where it is assigned. To read a variable of SSA form passes it
    /// through every block on the way, so what stays the same is better known by its value.
    pub(crate) fn fix(&mut self, var: VarId) {
        if let Some(Binding::Variables(variables)) = self.scope.bindings.get(&var) {
            let lanes = variables.clone().into_iter().map(|v| self.b.use_var(v)).collect();
            self.scope.bindings.insert(var, Binding::Values(lanes));
        }
    }

    /// Binds a variable that is not assigned again.
    pub(crate) fn bind(&mut self, var: VarId, lanes: Lanes) {
        self.scope.bindings.insert(var, Binding::Values(lanes));
    }

    /// Says of a variable that grows a collection whether it owns it now.
    pub(crate) fn own(&mut self, var: VarId, owned: bool) {
        if let Some(owner) = self.scope.owners.get(&var).copied() {
            let owned = self.int(i64::from(owned));
            self.b.def_var(owner, owned);
        }
    }

    /// Reads a variable. Somebody else may hold its value then.
    pub(crate) fn read(&mut self, var: VarId) -> Result<Lanes> {
        self.own(var, false);
        self.look(var)
    }

    /// Reads a variable for what lies in its value: nobody holds the value itself after that.
    pub(crate) fn look(&mut self, var: VarId) -> Result<Lanes> {
        match self.scope.bindings.get(&var) {
            Some(Binding::Values(lanes)) => Ok(lanes.clone()),
            Some(Binding::Variables(variables)) => {
                Ok(variables.clone().into_iter().map(|v| self.b.use_var(v)).collect())
            }
            None => Err(Error::new(format!("variable {} is read where it is not bound", var.0))),
        }
    }

    // Memory.

    /// Loads consecutive lanes.
    pub(crate) fn load_lanes(&mut self, base: Value, first: usize, count: usize) -> Lanes {
        (first..first + count).map(|i| self.load(types::I64, base, offset(i))).collect()
    }

    /// Loads.
    pub(crate) fn load(&mut self, ty: ClifType, base: Value, at: i32) -> Value {
        self.b.ins().load(ty, plain(), base, at)
    }

    /// Stores consecutive lanes.
    pub(crate) fn store_lanes(&mut self, base: Value, first: usize, lanes: &[Value]) {
        for (i, lane) in lanes.iter().enumerate() {
            self.b.ins().store(plain(), *lane, base, offset(first + i));
        }
    }

    /// Room on the stack for so many lanes, for the whole function.
    pub(crate) fn stack(&mut self, lanes: usize) -> (StackSlot, Value) {
        let slot = self.new_slot(lanes);
        let address = self.b.ins().stack_addr(types::I64, slot, 0);
        (slot, address)
    }

    fn new_slot(&mut self, lanes: usize) -> StackSlot {
        let bytes = u32::try_from(lanes.max(1) * 8).unwrap_or(u32::MAX);
        self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3))
    }

    /// Room on the stack for so many lanes, until it is given back. What is emitted between has other room.
    pub(crate) fn borrow_stack(&mut self, lanes: usize) -> Slot {
        let lanes = lanes.max(1).next_power_of_two();
        let class = lanes as u32;
        let free = self.free_slots.get_mut(&class).and_then(Vec::pop);
        let slot = free.unwrap_or_else(|| self.new_slot(lanes));
        let address = self.b.ins().stack_addr(types::I64, slot, 0);
        Slot { slot, class, address }
    }

    /// Gives room back: what it holds has been read.
    pub(crate) fn give_back(&mut self, slot: Slot) {
        self.free_slots.entry(slot.class).or_default().push(slot.slot);
    }

    /// The lanes in memory on the stack, for the next call of a function of the runtime, which takes a pointer.
    pub(crate) fn spill(&mut self, lanes: &[Value]) -> Value {
        let slot = self.borrow_stack(lanes.len());
        let address = slot.address;
        self.spilled.push(slot);
        self.store_lanes(address, 0, lanes);
        address
    }

    /// Takes memory from the arena.
    pub(crate) fn allocate(&mut self, bytes: Value, site: Option<SiteId>) -> Value {
        let next = self.load(types::I64, self.ctx, contract::ARENA_NEXT);
        let end = self.load(types::I64, self.ctx, contract::ARENA_END);
        let free = self.b.ins().isub(end, next);
        let (fits, grows, join) = (self.block(false), self.block(true), self.block(false));
        let address = self.b.append_block_param(join, types::I64);
        let enough = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, free, bytes);
        self.branch(enough, fits, grows);
        self.at(fits);
        let after = self.b.ins().iadd(next, bytes);
        self.b.ins().store(plain(), after, self.ctx, contract::ARENA_NEXT);
        self.jump_with(join, &[next]);
        self.at(grows);
        let grown = self.call(RuntimeFn::arena_grow, &[bytes], site);
        self.jump_with(join, &grown);
        self.at(join);
        address
    }

    /// The address of constant data.
    pub(crate) fn constant(&mut self, at: u32) -> Value {
        let base = self.b.ins().load(types::I64, fixed(), self.ctx, contract::CONSTANTS);
        self.b.ins().iadd_imm_u(base, i64::from(at))
    }

    // Calls.

    fn signature_of(&mut self, function: RuntimeFn) -> SigRef {
        if let Some(signature) = self.signatures.get(&(function as usize)) {
            return *signature;
        }
        let described = function.get();
        let mut signature = Signature::new(CallConv::SystemV);
        let param = |word: &Word| {
            AbiParam::new(match word {
                Word::I64 => types::I64,
                Word::I32 => types::I32,
                Word::F64 => types::F64,
            })
        };
        signature.params = described.words.iter().map(param).collect();
        signature.returns = described.results.iter().map(param).collect();
        let reference = self.b.import_signature(signature);
        self.signatures.insert(function as usize, reference);
        reference
    }

    /// Calls a runtime function with all its words; the results as lanes.
    pub(crate) fn raw_call(&mut self, function: RuntimeFn, words: &[Value]) -> Lanes {
        let signature = self.signature_of(function);
        let described = function.get();
        let mut passed = Vec::with_capacity(words.len());
        for (word, value) in described.words.iter().zip(words) {
            let own = self.b.func.dfg.value_type(*value);
            passed.push(match word {
                Word::I64 => *value,
                Word::I32 if own == types::I64 => self.b.ins().ireduce(types::I32, *value),
                Word::I32 => *value,
                Word::F64 => self.b.ins().bitcast(types::F64, MemFlagsData::new(), *value),
            });
        }
        debug_assert_eq!(passed.len(), described.words.len(), "{} takes other words", described.name);
        let table = self.b.ins().load(types::I64, fixed(), self.ctx, contract::FUNCTIONS);
        let address = self.b.ins().load(types::I64, fixed(), table, (function as usize * 8) as i32);
        let inst = self.b.ins().call_indirect(signature, address, &passed);
        for slot in std::mem::take(&mut self.spilled) {
            self.give_back(slot);
        }
        let results = self.b.inst_results(inst).to_vec();
        results
            .into_iter()
            .zip(described.results)
            .map(|(value, word)| match word {
                Word::I64 => value,
                Word::I32 => self.b.ins().uextend(types::I64, value),
                Word::F64 => self.b.ins().bitcast(types::I64, MemFlagsData::new(), value),
            })
            .collect()
    }

    /// Calls a runtime function, with the context first if it takes one, and leaves the function if it reports
    /// a problem.
    pub(crate) fn call(&mut self, function: RuntimeFn, words: &[Value], site: Option<SiteId>) -> Lanes {
        let described = function.get();
        let results = if described.parameters.first() == Some(&"ctx") {
            let mut all = vec![self.ctx];
            all.extend_from_slice(words);
            self.raw_call(function, &all)
        } else {
            self.raw_call(function, words)
        };
        if described.fallible {
            self.check_status(site);
        }
        results
    }

    /// Leaves the function if the context reports a problem; a fault without a place receives this one.
    pub(crate) fn check_status(&mut self, site: Option<SiteId>) {
        let status = self.load(types::I32, self.ctx, contract::STATUS);
        let (fine, bad) = (self.block(false), self.block(true));
        self.branch(status, bad, fine);
        self.at(bad);
        match site.or(self.place) {
            Some(site) => self.raise_code(0, Some(site)),
            None => {
                let exit = self.exit();
                self.jump(exit);
            }
        }
        self.at(fine);
    }

    /// Calls a function of this text with lanes and gives its result.
    pub(crate) fn call_symbol(&mut self, symbol: Symbol, args: &[Value], lanes: usize) -> Result<Lanes> {
        let function = self.unit.import(&mut self.b, symbol);
        let mut words = vec![self.ctx];
        words.extend_from_slice(args);
        let out = (lanes > 1).then(|| self.borrow_stack(lanes));
        words.extend(out.as_ref().map(|out| out.address));
        let results = crate::unit::call(&mut self.b, function, &words);
        let exit = self.exit();
        let fine = self.block(false);
        self.branch(results[0], exit, fine);
        self.at(fine);
        Ok(match out {
            Some(out) => {
                let lanes = self.load_lanes(out.address, 0, lanes);
                self.give_back(out);
                lanes
            }
            None => results[1..1 + lanes].to_vec(),
        })
    }

    // Ways out.

    /// Emits something at a place of the program.
    pub(crate) fn within<T>(&mut self, place: SiteId, emit: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.place.replace(place);
        let result = emit(self);
        self.place = outer;
        result
    }

    /// The block that leaves the function with the context's status.
    pub(crate) fn exit(&mut self) -> Block {
        match self.exit_block {
            Some(block) => block,
            None => {
                let block = self.block(true);
                self.exit_block = Some(block);
                block
            }
        }
    }

    fn fault_block(&mut self) -> Block {
        match self.fault_block {
            Some(block) => block,
            None => {
                let block = self.block(true);
                self.b.append_block_param(block, types::I32);
                self.b.append_block_param(block, types::I32);
                self.fault_block = Some(block);
                block
            }
        }
    }

    fn raise_code(&mut self, code: u16, site: Option<SiteId>) {
        let block = self.fault_block();
        let code = self.b.ins().iconst(types::I32, i64::from(code));
        let site = site.or(self.place);
        let site = self.b.ins().iconst(types::I32, i64::from(site.map_or(contract::NO_SITE, |s| s.0)));
        self.jump_with(block, &[code, site]);
    }

    /// Ends the call with a fault.
    pub(crate) fn raise(&mut self, fault: Fault, site: Option<SiteId>) {
        self.raise_code(fault.code(), site);
    }

    /// Ends the call with the fault that the context has; one without a place receives this one.
    pub(crate) fn raise_status(&mut self, site: SiteId) {
        self.raise_code(0, Some(site));
    }

    /// Ends the call with a fault if the condition holds.
    pub(crate) fn raise_if(&mut self, condition: Value, fault: Fault, site: Option<SiteId>) {
        let (bad, fine) = (self.block(true), self.block(false));
        self.branch(condition, bad, fine);
        self.at(bad);
        self.raise(fault, site);
        self.at(fine);
    }

    /// Leaves the function with a value.
    pub(crate) fn return_lanes(&mut self, lanes: &[Value]) -> Result<()> {
        match self.return_to.clone() {
            ReturnTo::Inline(block, variables) => {
                self.expect_lanes(lanes, variables.len())?;
                for (variable, lane) in variables.into_iter().zip(lanes) {
                    self.b.def_var(variable, *lane);
                }
                self.jump(block);
            }
            ReturnTo::Caller => {
                if self.counts_depth {
                    let depth = self.load(types::I32, self.ctx, contract::DEPTH);
                    let depth = self.b.ins().iadd_imm_s(depth, 1);
                    self.b.ins().store(plain(), depth, self.ctx, contract::DEPTH);
                }
                let ok = self.int(0);
                let first = match (self.out, lanes) {
                    (Some(out), _) => {
                        self.store_lanes(out, 0, lanes);
                        ok
                    }
                    (None, [one]) => *one,
                    (None, _) => ok,
                };
                let results: Vec<Value> = [ok, first].into_iter().take(self.results).collect();
                self.b.ins().return_(&results);
            }
        }
        Ok(())
    }

    /// Ends the call where its stack goes further down than it may: frames of large functions are large.
    pub(crate) fn check_stack(&mut self, site: SiteId) {
        let stack = self.b.ins().get_stack_pointer(types::I64);
        let limit = self.load(types::I64, self.ctx, contract::STACK_LIMIT);
        let low = self.b.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        self.raise_if(low, Fault::RecursionTooDeep, Some(site));
    }

    /// Takes one level of the depth of calls, and one unit of fuel.
    pub(crate) fn enter_recursive(&mut self, site: SiteId) {
        let depth = self.load(types::I32, self.ctx, contract::DEPTH);
        let none_left = self.b.ins().icmp_imm_u(IntCC::Equal, depth, 0);
        self.raise_if(none_left, Fault::RecursionTooDeep, Some(site));
        let depth = self.b.ins().iadd_imm_s(depth, -1);
        self.b.ins().store(plain(), depth, self.ctx, contract::DEPTH);
        self.counts_depth = true;
        let one = self.int(1);
        self.burn(one, Some(site));
    }

    /// Uses fuel; without enough of it the call ends.
    pub(crate) fn burn(&mut self, amount: Value, site: Option<SiteId>) {
        let fuel = self.load(types::I64, self.ctx, contract::FUEL);
        let left = self.b.ins().isub(fuel, amount);
        self.b.ins().store(plain(), left, self.ctx, contract::FUEL);
        let empty = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        self.raise_if(empty, Fault::FuelExhausted, site);
    }
}

/// The offset of a lane in bytes; [`BEYOND`], for which the function is refused, if no instruction can hold it.
pub(crate) fn offset(lane: usize) -> i32 {
    lane.checked_mul(8).and_then(|bytes| i32::try_from(bytes).ok()).unwrap_or(BEYOND)
}

/// The offset that stands for all that are too large. No lane lies there.
pub(crate) const BEYOND: i32 = i32::MAX;
