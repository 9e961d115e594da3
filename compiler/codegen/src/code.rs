//! Functions and statements.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Block, Expr, ExprKind, FailWith, Function, FunctionId, SiteId, Stmt, Type, VarId};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use crate::emit::{Emit, LoopTargets, plain};
use crate::error::{Error, Result};
use crate::expr::mistyped;
use crate::unit::{Convention, Origin, Symbol, Unit};
use rustc_hash::FxHashMap;

impl Unit<'_> {
    /// The symbol of a function of Core: lanes of its parameters and, if its result has more than one lane, the
    /// place for it; gives the status and the only lane.
    pub(crate) fn function_symbol(&mut self, id: FunctionId) -> Symbol {
        let function = self.program.function(id);
        let params: u32 = function.params.iter().map(|p| self.layout.lanes(&function.vars[p.index()].ty)).sum();
        let lanes = self.layout.lanes(&function.result);
        let words = params as usize + usize::from(lanes > 1);
        self.symbol(Origin::Function(id), Convention { words, results: 2 })
    }

    /// Defines a function of Core.
    pub(crate) fn define_function(&mut self, symbol: Symbol, id: FunctionId) -> Result<()> {
        let program = self.program;
        let function = program.function(id);
        self.define(symbol, |e, words| {
            let mut words = words.iter().copied();
            e.scope.assignments = assignments_of(function);
            for param in &function.params {
                let ty = var_type(function, *param)?;
                let lanes: Vec<Value> = words.by_ref().take(e.lanes(ty)).collect();
                e.assign(*param, &lanes);
            }
            e.out = words.next();
            e.place = Some(function.site);
            e.check_stack(function.site);
            if e.unit.recursive[id.index()] {
                e.enter_recursive(function.site);
            }
            e.body(&function.body, function)
        })
    }

    /// Defines the door from Rust into a function: arguments and results lie in memory.
    pub(crate) fn define_entry(&mut self, symbol: Symbol, id: FunctionId) -> Result<()> {
        let program = self.program;
        let function = program.function(id);
        let target = self.function_symbol(id);
        self.define(symbol, |e, words| {
            let [arguments, results] = words else { return Err(Error::new("an entry takes two pointers")) };
            let mut count = 0;
            for param in &function.params {
                count += e.lanes(var_type(function, *param)?);
            }
            let args = e.load_lanes(*arguments, 0, count);
            let lanes = e.lanes(&function.result);
            let values = e.call_symbol(target, &args, lanes)?;
            e.store_lanes(*results, 0, &values);
            let ok = e.int(0);
            e.b.ins().return_(&[ok]);
            Ok(())
        })
    }
}

/// The type of a variable of a function.
fn var_type(function: &Function, var: VarId) -> Result<&Type> {
    let info = function.vars.get(var.index());
    info.map(|v| &v.ty).ok_or_else(|| Error::at("a variable is not in its function's table", function.site))
}

impl Emit<'_, '_> {
    /// The body of a function; every path of it returns.
    pub(crate) fn body(&mut self, block: &Block, function: &Function) -> Result<()> {
        self.declare_owners(block);
        if self.statements(block, function)? {
            if function.result != Type::Unit {
                return Err(Error::at("a path of the function does not return", function.site));
            }
            self.return_lanes(&[])?;
        }
        Ok(())
    }

    /// Statements in sequence; tells whether the end is reached.
    fn statements(&mut self, block: &Block, function: &Function) -> Result<bool> {
        for stmt in block {
            let open = self.open_blocks();
            if !self.statement(stmt, function)? {
                return Ok(false);
            }
            self.complete(open);
        }
        Ok(true)
    }

    fn statement(&mut self, stmt: &Stmt, function: &Function) -> Result<bool> {
        match stmt {
            Stmt::Let(var, e) => {
                if self.grow(*var, e)? {
                    return Ok(true);
                }
                let lanes = self.expr(e)?;
                let expected = self.lanes(var_type(function, *var)?);
                self.expect_lanes(&lanes, expected)?;
                self.assign(*var, &lanes);
            }
            Stmt::Do(var, command, site) => {
                let lanes = self.within(*site, |s| s.command(command, *site))?;
                if let Some(var) = var {
                    let expected = self.lanes(var_type(function, *var)?);
                    self.expect_lanes(&lanes, expected)?;
                    self.assign(*var, &lanes);
                }
            }
            Stmt::If(condition, then, otherwise) => {
                let (yes, no, join) = (self.block(false), self.block(false), self.block(false));
                self.branch_on(condition, yes, no)?;
                let mut reached = [false; 2];
                for ((at, block), reached) in [(yes, then), (no, otherwise)].into_iter().zip(&mut reached) {
                    self.at(at);
                    if self.statements(block, function)? {
                        self.jump(join);
                        *reached = true;
                    }
                }
                self.at(join);
                match reached {
                    [false, false] => {
                        self.unreachable();
                        return Ok(false);
                    }
                    [true, false] => self.fix_assigned(&[then], &[otherwise]),
                    [false, true] => self.fix_assigned(&[otherwise], &[then]),
                    [true, true] => self.fix_assigned(&[then, otherwise], &[]),
                }
            }
            Stmt::Loop(body) => {
                let (head, end) = (self.block(false), self.block(false));
                self.jump(head);
                self.at(head);
                let one = self.int(1);
                self.burn(one, Some(function.site));
                self.loops.push(LoopTargets { on_break: end, on_continue: head });
                if self.statements(body, function)? {
                    self.jump(head);
                }
                self.loops.pop();
                self.at(end);
            }
            Stmt::ForEach(var, e, body) => self.for_each(*var, e, body, function)?,
            Stmt::Break => {
                let target =
                    *self.loops.last().ok_or_else(|| Error::at("`break` stands outside a loop", function.site))?;
                self.jump(target.on_break);
                return Ok(false);
            }
            Stmt::Continue => {
                let target =
                    *self.loops.last().ok_or_else(|| Error::at("`continue` stands outside a loop", function.site))?;
                self.jump(target.on_continue);
                return Ok(false);
            }
            Stmt::Return(e) => {
                let lanes = self.expr(e)?;
                let expected = self.lanes(&function.result);
                self.expect_lanes(&lanes, expected)?;
                self.return_lanes(&lanes)?;
                return Ok(false);
            }
            Stmt::Fail(fail, site) => {
                self.within(*site, |s| s.fail(fail, *site))?;
                return Ok(false);
            }
            Stmt::Check(check, site) => {
                let (holds, broken) = (self.block(false), self.block(true));
                self.within(*site, |s| s.branch_on(&check.condition, holds, broken))?;
                self.at(broken);
                self.raise(check.kind.fault(), Some(*site));
                self.at(holds);
            }
            Stmt::Problem(place, message) => {
                let mut words = self.expr(place)?;
                words.extend(self.expr(message)?);
                self.call(RuntimeFn::problem, &words, None);
            }
            Stmt::RejectProblems => {
                self.call(RuntimeFn::reject_problems, &[], None);
            }
        }
        Ok(true)
    }

    /// Behind branches: fixes the variables that are assigned in these and nowhere else. Those of `ended` do not lead here.
    fn fix_assigned(&mut self, reached: &[&Block], ended: &[&Block]) {
        let counts: Vec<FxHashMap<VarId, u32>> = reached
            .iter()
            .chain(ended)
            .map(|block| {
                let mut counts = FxHashMap::default();
                count_assignments(block, &mut counts);
                counts
            })
            .collect();
        let Some(first) = counts.first() else { return };
        let in_all = |var: &VarId| counts.iter().take(reached.len()).all(|counts| counts.contains_key(var));
        let total = |var: &VarId| counts.iter().filter_map(|counts| counts.get(var)).sum::<u32>();
        let mut fixed: Vec<VarId> = first
            .keys()
            .copied()
            .filter(|var| in_all(var) && self.scope.assignments.get(var) == Some(&total(var)))
            .filter(|var| !self.scope.owners.contains_key(var))
            .collect();
        fixed.sort_unstable();
        fixed.into_iter().for_each(|var| self.fix(var));
    }

    /// Ends a block that nothing reaches.
    fn unreachable(&mut self) {
        let exit = self.exit();
        self.jump(exit);
    }

    fn for_each(&mut self, var: VarId, e: &Expr, body: &Block, function: &Function) -> Result<()> {
        // A range that is only counted through is never materialised.
        if let ExprKind::Range(from, to, inclusive) = &e.kind {
            let (from, to) = (self.word(from)?, self.word(to)?);
            return self.count_through(from, to, *inclusive, function.site, |s, i| {
                s.assign(var, &[i]);
                s.statements(body, function)
            });
        }
        let of = e.ty.element().ok_or_else(|| mistyped("a collection", &e.ty))?;
        let stride = self.lanes(of);
        // What is put behind the elements of a list is not seen by a loop over it; sets and maps move theirs.
        let collection = match e.ty {
            Type::List(_) | Type::Bag(_) => self.looked_at(e)?,
            _ => self.word(e)?,
        };
        let len = self.load(types::I64, collection, 0);
        let zero = self.int(0);
        self.count_through(zero, len, false, function.site, |s, i| {
            let at = s.b.ins().imul_imm_s(i, (stride * 8) as i64);
            let address = s.b.ins().iadd(collection, at);
            let lanes = s.load_lanes(address, contract::COLLECTION_ELEMENTS / 8, stride);
            s.assign(var, &lanes);
            s.statements(body, function)
        })
    }

    /// Runs a body for each number of a range. The body tells whether its end is reached.
    pub(crate) fn count_through(
        &mut self,
        from: Value,
        to: Value,
        inclusive: bool,
        site: SiteId,
        body: impl FnOnce(&mut Self, Value) -> Result<bool>,
    ) -> Result<()> {
        let (head, round, next, end) = (self.block(false), self.block(false), self.block(false), self.block(false));
        let counter = self.b.declare_var(types::I64);
        self.b.def_var(counter, from);
        self.jump(head);
        self.at(head);
        let i = self.b.use_var(counter);
        let condition = if inclusive { IntCC::SignedLessThanOrEqual } else { IntCC::SignedLessThan };
        let more = self.b.ins().icmp(condition, i, to);
        self.branch(more, round, end);
        self.at(round);
        let one = self.int(1);
        self.burn(one, Some(site));
        self.loops.push(LoopTargets { on_break: end, on_continue: next });
        if body(self, i)? {
            self.jump(next);
        }
        self.loops.pop();
        self.at(next);
        let i = self.b.use_var(counter);
        if inclusive {
            // The greatest Int has no successor; the loop ends there.
            let last = self.b.ins().icmp(IntCC::Equal, i, to);
            let step = self.block(false);
            self.branch(last, end, step);
            self.at(step);
        }
        let i = self.b.ins().iadd_imm_s(i, 1);
        self.b.def_var(counter, i);
        self.jump(head);
        self.at(end);
        Ok(())
    }

    /// Ends the call with a declared failure.
    pub(crate) fn fail(&mut self, fail: &FailWith, site: SiteId) -> Result<()> {
        let fields = self.concat(&fail.fields)?;
        let message = self.expr(&fail.message)?;
        self.expect_lanes(&message, 2).map_err(|e| Error::at(e.message, site))?;
        let payload = if fields.is_empty() {
            self.int(0)
        } else {
            let bytes = self.int((fields.len() * 8) as i64);
            let payload = self.allocate(bytes, Some(site));
            self.store_lanes(payload, 0, &fields);
            payload
        };
        let small = |s: &mut Self, value: u32| s.b.ins().iconst(types::I32, i64::from(value));
        let error = small(self, fail.error.0);
        let lanes = small(self, fields.len() as u32);
        let status = small(self, contract::STATUS_FAILURE);
        let ctx = self.ctx;
        self.b.ins().store(plain(), error, ctx, contract::FAILURE_ERROR);
        self.b.ins().store(plain(), lanes, ctx, contract::FAILURE_LANES);
        self.b.ins().store(plain(), message[0], ctx, contract::FAILURE_MESSAGE);
        self.b.ins().store(plain(), message[1], ctx, contract::FAILURE_MESSAGE + 8);
        self.b.ins().store(plain(), payload, ctx, contract::FAILURE_PAYLOAD);
        self.b.ins().store(plain(), status, ctx, contract::STATUS);
        let exit = self.exit();
        self.jump(exit);
        Ok(())
    }
}

/// In how many places each variable of a function is assigned.
pub(crate) fn assignments_of(function: &Function) -> FxHashMap<VarId, u32> {
    let mut counts: FxHashMap<VarId, u32> = function.params.iter().map(|param| (*param, 1)).collect();
    count_assignments(&function.body, &mut counts);
    counts
}

fn count_assignments(block: &Block, counts: &mut FxHashMap<VarId, u32>) {
    for stmt in block {
        match stmt {
            Stmt::Let(var, _) | Stmt::Do(Some(var), ..) => *counts.entry(*var).or_default() += 1,
            Stmt::ForEach(var, _, body) => {
                *counts.entry(*var).or_default() += 1;
                count_assignments(body, counts);
            }
            Stmt::If(_, then, otherwise) => {
                count_assignments(then, counts);
                count_assignments(otherwise, counts);
            }
            Stmt::Loop(body) => count_assignments(body, counts),
            _ => {}
        }
    }
}

/// The number of statements and expressions of a block: how much code it makes, roughly.
pub(crate) fn size(block: &Block) -> usize {
    let mut count = 0;
    tenon_core::calls::each_expr(block, &mut |e| count += expr_size(e));
    tenon_core::calls::each_command(block, &mut |_| count += 20);
    count
}

fn expr_size(e: &Expr) -> usize {
    let mut count = 1;
    e.children(&mut |child| count += expr_size(child));
    count
}
