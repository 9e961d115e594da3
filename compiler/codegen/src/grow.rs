//! Collections that statements build: `xs += [x]`, `m = m.insert(k, v)`.
//!
//! The new value may take the place of the old one in memory if nobody but the variable holds that. Whether it does is known
//! at run time: a variable to which such a statement stands carries a flag, which the statement sets, because what the
//! runtime gives back is new, and which every other use of the variable clears, except for those that look at elements only.

use cranelift_codegen::ir::Value;
use rustc_hash::FxHashSet;
use tenon_core::builtins::BUILTINS;
use tenon_core::ir::{Block, Expr, ExprKind, Prim, Stmt, Type, VarId};
use tenon_runtime::functions::RuntimeFn;

use crate::emit::{Emit, Lanes};
use crate::error::Result;
use crate::expr::mistyped;

/// A written-out list of at most so many lanes is appended from the stack.
const SHORT: usize = 64;

/// How a value grows out of the value of a variable.
#[derive(Clone, Copy)]
enum Growth<'e> {
    /// A list or bag with more elements behind its own.
    Extend(&'e Expr),
    /// A set or map with the entries of another.
    Unite(&'e Expr),
    /// A set or map with one more entry: its key, and the value of a map.
    Put(&'e [Expr]),
    /// A set or map without the entry under a key.
    Remove(&'e Expr),
}

/// How an expression grows the value of a variable, if it does.
fn growth<'e>(var: VarId, e: &'e Expr) -> Option<Growth<'e>> {
    let ExprKind::Prim(prim, args, _) = &e.kind else { return None };
    let [from, more @ ..] = args.as_slice() else { return None };
    if !matches!(from.kind, ExprKind::Var(own) if own == var) {
        return None;
    }
    match (prim, &e.ty, more) {
        (Prim::Append, Type::List(_) | Type::Bag(_), [more]) => Some(Growth::Extend(more)),
        (Prim::Append, Type::Set(_) | Type::Map(..), [more]) => Some(Growth::Unite(more)),
        (Prim::Builtin(number), ..) => match (BUILTINS.get(usize::from(*number))?.id, more) {
            ("SetInsert", [_]) | ("MapInsert", [_, _]) => Some(Growth::Put(more)),
            ("SetRemove" | "MapRemove", [key]) => Some(Growth::Remove(key)),
            _ => None,
        },
        _ => None,
    }
}

/// The variables of a block that statements grow.
fn growing(block: &Block, found: &mut FxHashSet<VarId>) {
    for stmt in block {
        match stmt {
            Stmt::Let(var, e) if growth(*var, e).is_some() => {
                found.insert(*var);
            }
            Stmt::If(_, a, b) => {
                growing(a, found);
                growing(b, found);
            }
            Stmt::Loop(body) | Stmt::ForEach(_, _, body) => growing(body, found),
            _ => {}
        }
    }
}

impl Emit<'_, '_> {
    /// Makes the flags of the variables that a function grows.
    pub(crate) fn declare_owners(&mut self, body: &Block) {
        let mut found = FxHashSet::default();
        growing(body, &mut found);
        let mut found: Vec<VarId> = found.into_iter().collect();
        found.sort_unstable();
        for var in found {
            let flag = self.b.declare_var(cranelift_codegen::ir::types::I64);
            self.scope.owners.insert(var, flag);
            self.own(var, false);
        }
    }

    /// A collection of whose elements something is read; see [`Emit::look`].
    pub(crate) fn looked_at(&mut self, collection: &Expr) -> Result<Value> {
        match collection.kind {
            ExprKind::Var(var) => match self.look(var)?.as_slice() {
                [one] => Ok(*one),
                _ => Err(mistyped("a collection", &collection.ty)),
            },
            _ => self.word(collection),
        }
    }

    /// Assigns a variable what its value grows to; false if the statement is not of this kind.
    pub(crate) fn grow(&mut self, var: VarId, e: &Expr) -> Result<bool> {
        let Some(growth) = growth(var, e) else { return Ok(false) };
        let Some(owner) = self.scope.owners.get(&var).copied() else { return Ok(false) };
        let ExprKind::Prim(_, _, site) = &e.kind else { return Ok(false) };
        let at = Some(*site);
        let (key, stride) = match &e.ty {
            Type::List(of) | Type::Bag(of) | Type::Set(of) => (of, self.lanes(of)),
            Type::Map(key, value) => (key, self.lanes(key) + self.lanes(value)),
            ty => return Err(mistyped("a collection", ty)),
        };
        let key = self.shape(key);
        let stride = self.int(stride as i64);
        // The operands are evaluated before the flag is read: they may use the variable.
        let grown = match growth {
            Growth::Extend(more) => {
                let more = self.operand(more)?;
                let (a, owned) = self.owned(var, owner)?;
                self.call(RuntimeFn::extend, &[stride, a, more, owned], at)
            }
            Growth::Unite(more) => {
                let more = self.word(more)?;
                let (a, owned) = self.owned(var, owner)?;
                self.call(RuntimeFn::unite, &[key, stride, a, more, owned], at)
            }
            Growth::Put(entry) => {
                let entry = self.concat(entry)?;
                let (a, owned) = self.owned(var, owner)?;
                let entry = self.spill(&entry);
                self.call(RuntimeFn::put, &[key, stride, entry, a, owned], at)
            }
            Growth::Remove(wanted) => {
                let wanted = self.expr(wanted)?;
                let (a, owned) = self.owned(var, owner)?;
                let wanted = self.spill(&wanted);
                self.call(RuntimeFn::remove, &[key, stride, wanted, a, owned], at)
            }
        };
        self.assign(var, &grown);
        self.own(var, true);
        Ok(true)
    }

    fn owned(&mut self, var: VarId, owner: cranelift_frontend::Variable) -> Result<(Value, Value)> {
        let lanes = self.look(var)?;
        let owned = self.b.use_var(owner);
        Ok((crate::expr::first(&lanes)?, owned))
    }

    /// A list whose elements are copied at once: a short one that is written out lies on the stack.
    fn operand(&mut self, list: &Expr) -> Result<Value> {
        let (ExprKind::Collection(written), Type::List(of) | Type::Bag(of)) = (&list.kind, &list.ty) else {
            return self.word(list);
        };
        let stride = self.lanes(of);
        if written.len() * stride > SHORT {
            return self.word(list);
        }
        let values: Lanes = self.concat(written)?;
        self.expect_lanes(&values, written.len() * stride)?;
        let count = self.int(written.len() as i64);
        let all: Lanes = [count, count].into_iter().chain(values).collect();
        Ok(self.spill(&all))
    }
}
