//! Equality, order and hashes of values by their types.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Expr, Prim, SiteId, Type};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use crate::emit::{Emit, Lanes};
use crate::error::{Error, Result};

/// How values of a type are ordered by their one lane.
fn simple_order(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool
            | Type::Int
            | Type::Decimal(_)
            | Type::Instant
            | Type::DateTime
            | Type::Date
            | Type::Time
            | Type::Duration
    )
}

impl Emit<'_, '_> {
    /// The condition of a comparison; `None` if the primitive is not one.
    pub(crate) fn comparison(&mut self, prim: Prim, args: &[Expr], site: SiteId) -> Result<Option<Value>> {
        let code = match prim {
            Prim::Eq => IntCC::Equal,
            Prim::Ne => IntCC::NotEqual,
            Prim::Lt => IntCC::SignedLessThan,
            Prim::Le => IntCC::SignedLessThanOrEqual,
            Prim::Gt => IntCC::SignedGreaterThan,
            Prim::Ge => IntCC::SignedGreaterThanOrEqual,
            _ => return Ok(None),
        };
        let [a, b] = args else { return Err(Error::at("a comparison has two operands", site)) };
        let ty = a.ty.clone();
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        let condition = match prim {
            Prim::Eq => self.equal(&a, &b, &ty)?,
            Prim::Ne => {
                let same = self.equal(&a, &b, &ty)?;
                self.b.ins().bxor_imm_u(same, 1)
            }
            _ if simple_order(&ty) => self.b.ins().icmp(code, a[0], b[0]),
            _ => {
                let order = self.order(&a, &b, &ty)?;
                self.b.ins().icmp_imm_s(code, order, 0)
            }
        };
        Ok(Some(condition))
    }

    /// Whether two values are equal: 0 or 1 in 8 bits. Lanes of what is not there are zero, so all lanes of
    /// options and variants are compared alike.
    pub(crate) fn equal(&mut self, a: &[Value], b: &[Value], ty: &Type) -> Result<Value> {
        if a.len() != b.len() {
            return Err(Error::new("values of different types are compared"));
        }
        let parts = self.leaves(ty);
        let mut result: Option<Value> = None;
        // Cheap parts first: one word each; then those that may need a call, only where it still matters.
        for (start, leaf) in parts.iter().filter(|(_, leaf)| !leaf.branches()) {
            for lane in *start..start + leaf.compared_lanes() {
                let same = self.b.ins().icmp(IntCC::Equal, a[lane], b[lane]);
                result = Some(match result {
                    Some(before) => self.b.ins().band(before, same),
                    None => same,
                });
            }
        }
        for (start, leaf) in parts.iter().filter(|(_, leaf)| leaf.branches()) {
            let start = *start;
            match result {
                None => result = Some(self.equal_leaf(&a[start..], &b[start..], leaf)?),
                Some(before) => {
                    let (go_on, join) = (self.block(false), self.block(false));
                    let same = self.b.append_block_param(join, types::I8);
                    let no = self.b.ins().iconst(types::I8, 0);
                    self.b.ins().brif(before, go_on, &[], join, &[no.into()]);
                    self.at(go_on);
                    let own = self.equal_leaf(&a[start..], &b[start..], leaf)?;
                    self.jump_with(join, &[own]);
                    self.at(join);
                    result = Some(same);
                }
            }
        }
        Ok(match result {
            Some(result) => result,
            None => self.b.ins().iconst(types::I8, 1),
        })
    }

    fn equal_leaf(&mut self, a: &[Value], b: &[Value], leaf: &Leaf) -> Result<Value> {
        match leaf {
            Leaf::Text => {
                let join = self.block(false);
                let result = self.b.append_block_param(join, types::I8);
                let (heads, long, call) = (self.block(false), self.block(false), self.block(true));
                let no = self.b.ins().iconst(types::I8, 0);
                let same_head = self.b.ins().icmp(IntCC::Equal, a[0], b[0]);
                self.b.ins().brif(same_head, heads, &[], join, &[no.into()]);
                self.at(heads);
                let same_tail = self.b.ins().icmp(IntCC::Equal, a[1], b[1]);
                let yes = self.b.ins().iconst(types::I8, 1);
                self.b.ins().brif(same_tail, join, &[yes.into()], long, &[]);
                self.at(long);
                let len = self.b.ins().band_imm_u(a[0], 0xffff_ffff);
                let is_long = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, len, contract::INLINE as i64);
                let no = self.b.ins().iconst(types::I8, 0);
                self.b.ins().brif(is_long, call, &[], join, &[no.into()]);
                self.at(call);
                let same = self.call(RuntimeFn::text_equal, &[a[0], a[1], b[0], b[1]], None)[0];
                let same = self.b.ins().ireduce(types::I8, same);
                self.jump_with(join, &[same]);
                self.at(join);
                Ok(result)
            }
            Leaf::Collection(ty) => {
                let shape = self.shape(ty);
                let (a, b) = (self.spill(&a[..1]), self.spill(&b[..1]));
                let order = self.call(RuntimeFn::value_compare, &[shape, a, b], None)[0];
                Ok(self.b.ins().icmp_imm_s(IntCC::Equal, order, 0))
            }
            _ => Ok(self.b.ins().icmp(IntCC::Equal, a[0], b[0])),
        }
    }

    /// The order of two values: negative, zero or positive.
    pub(crate) fn order(&mut self, a: &[Value], b: &[Value], ty: &Type) -> Result<Value> {
        let parts = self.leaves(ty);
        let join = self.block(false);
        let result = self.b.append_block_param(join, types::I64);
        let count = parts.len();
        for (number, (start, leaf)) in parts.iter().enumerate() {
            let order = self.order_leaf(&a[*start..], &b[*start..], leaf)?;
            if number + 1 == count {
                self.jump_with(join, &[order]);
            } else {
                let next = self.block(false);
                self.b.ins().brif(order, join, &[order.into()], next, &[]);
                self.at(next);
            }
        }
        if count == 0 {
            let same = self.int(0);
            self.jump_with(join, &[same]);
        }
        self.at(join);
        Ok(result)
    }

    /// -1, 0 or 1 from two conditions.
    fn three_way(&mut self, greater: Value, less: Value) -> Value {
        let (greater, less) = (self.flag(greater), self.flag(less));
        self.b.ins().isub(greater, less)
    }

    fn order_words(&mut self, a: Value, b: Value, signed: bool) -> Value {
        let (gt, lt) = if signed {
            (IntCC::SignedGreaterThan, IntCC::SignedLessThan)
        } else {
            (IntCC::UnsignedGreaterThan, IntCC::UnsignedLessThan)
        };
        let greater = self.b.ins().icmp(gt, a, b);
        let less = self.b.ins().icmp(lt, a, b);
        self.three_way(greater, less)
    }

    fn order_leaf(&mut self, a: &[Value], b: &[Value], leaf: &Leaf) -> Result<Value> {
        Ok(match leaf {
            Leaf::Word => self.order_words(a[0], b[0], true),
            // A present value stands before `none`.
            Leaf::Option => self.order_words(b[0], a[0], true),
            Leaf::Float => {
                let (a, b) = (self.float_key(a[0]), self.float_key(b[0]));
                self.order_words(a, b, true)
            }
            Leaf::Identity => {
                let high = self.order_words(a[0], b[0], false);
                let low = self.order_words(a[1], b[1], false);
                self.b.ins().select(high, high, low)
            }
            Leaf::Text => self.call(RuntimeFn::text_compare, &[a[0], a[1], b[0], b[1]], None)[0],
            Leaf::Entity(relation) => {
                let same = self.b.ins().icmp(IntCC::Equal, a[0], b[0]);
                let (differ, join) = (self.block(false), self.block(false));
                let result = self.b.append_block_param(join, types::I64);
                let zero = self.int(0);
                self.b.ins().brif(same, join, &[zero.into()], differ, &[]);
                self.at(differ);
                let relation = self.int(i64::from(*relation));
                let order = self.call(RuntimeFn::entity_compare, &[relation, a[0], b[0]], None)[0];
                self.jump_with(join, &[order]);
                self.at(join);
                result
            }
            Leaf::Collection(ty) => {
                let shape = self.shape(ty);
                let (a, b) = (self.spill(&a[..1]), self.spill(&b[..1]));
                self.call(RuntimeFn::value_compare, &[shape, a, b], None)[0]
            }
        })
    }

    /// The bits of a float so that signed comparison is the order of floats. There is one zero, and no NaN.
    pub(crate) fn float_key(&mut self, bits: Value) -> Value {
        let sign = self.b.ins().sshr_imm_u(bits, 63);
        let flip = self.b.ins().ushr_imm_u(sign, 1);
        self.b.ins().bxor(bits, flip)
    }

    /// The hash of a value, for hash tables of this call.
    pub(crate) fn hash(&mut self, lanes: &[Value], ty: &Type) -> Result<Value> {
        let mut hash = None;
        for (start, leaf) in self.leaves(ty) {
            let words: Lanes = match &leaf {
                Leaf::Text => {
                    // A short text is its lanes; a long one is hashed by its bytes.
                    let (head, tail) = (lanes[start], lanes[start + 1]);
                    let len = self.b.ins().band_imm_u(head, 0xffff_ffff);
                    let is_long = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, len, contract::INLINE as i64);
                    let (call, join) = (self.block(true), self.block(false));
                    let word = self.b.append_block_param(join, types::I64);
                    self.b.ins().brif(is_long, call, &[], join, &[tail.into()]);
                    self.at(call);
                    let hashed = self.call(RuntimeFn::text_hash, &[head, tail], None);
                    self.jump_with(join, &hashed);
                    self.at(join);
                    vec![head, word]
                }
                Leaf::Collection(ty) => {
                    let shape = self.shape(ty);
                    let address = self.spill(&lanes[start..=start]);
                    self.call(RuntimeFn::value_hash, &[shape, address], None)
                }
                Leaf::Identity => vec![lanes[start], lanes[start + 1]],
                _ => vec![lanes[start]],
            };
            for word in words {
                hash = Some(self.mix(hash, word));
            }
        }
        Ok(match hash {
            Some(hash) => hash,
            None => self.int(0),
        })
    }

    /// One step of a hash: multiply and fold the high half down, so that high and low bits are both good.
    fn mix(&mut self, before: Option<Value>, word: Value) -> Value {
        let word = match before {
            Some(before) => {
                let turned = self.b.ins().rotl_imm_u(before, 29);
                self.b.ins().bxor(turned, word)
            }
            None => word,
        };
        let factor = self.int(0x9e37_79b9_7f4a_7c15_u64 as i64);
        let low = self.b.ins().imul(word, factor);
        let high = self.b.ins().umulhi(word, factor);
        self.b.ins().bxor(low, high)
    }

    /// The parts of a type that are compared, with the lane at which each begins.
    pub(crate) fn leaves(&self, ty: &Type) -> Vec<(usize, Leaf)> {
        let mut out = Vec::new();
        let mut lane = 0;
        self.push_leaves(ty, &mut lane, &mut out);
        out
    }

    fn push_leaves(&self, ty: &Type, lane: &mut usize, out: &mut Vec<(usize, Leaf)>) {
        let leaf = match ty {
            Type::Unit => return,
            Type::Bool
            | Type::Int
            | Type::Decimal(_)
            | Type::Instant
            | Type::DateTime
            | Type::Date
            | Type::Time
            | Type::Duration => Leaf::Word,
            Type::Float => Leaf::Float,
            Type::Text | Type::Bytes | Type::Json => Leaf::Text,
            Type::Id | Type::Uuid => Leaf::Identity,
            Type::List(_) | Type::Bag(_) | Type::Set(_) | Type::Map(..) => Leaf::Collection(ty.clone()),
            Type::Ref(relation) | Type::Row(relation) => Leaf::Entity(relation.0),
            Type::Option(inner) => {
                out.push((*lane, Leaf::Option));
                *lane += 1;
                return self.push_leaves(inner, lane, out);
            }
            Type::Record(record) => {
                for (_, ty) in &record.fields {
                    self.push_leaves(ty, lane, out);
                }
                return;
            }
            Type::Variant(id) => {
                out.push((*lane, Leaf::Word));
                *lane += 1;
                let program = self.unit.program;
                for (_, ty) in program.variant(*id).cases.iter().flat_map(|c| &c.fields) {
                    self.push_leaves(ty, lane, out);
                }
                return;
            }
        };
        out.push((*lane, leaf));
        *lane += self.lanes(ty);
    }
}

/// A part of a value that is compared as one.
#[derive(Clone, Debug)]
pub(crate) enum Leaf {
    /// A signed word.
    Word,
    /// The tag of an option.
    Option,
    /// A float.
    Float,
    /// Two words, the more significant one first.
    Identity,
    /// A text, bytes or JSON.
    Text,
    /// A reference, or the entity of a row (whose slot is not compared).
    Entity(u32),
    /// A collection of this type.
    Collection(Type),
}

impl Leaf {
    fn branches(&self) -> bool {
        matches!(self, Leaf::Text | Leaf::Collection(_))
    }

    fn compared_lanes(&self) -> usize {
        match self {
            Leaf::Identity | Leaf::Text => 2,
            _ => 1,
        }
    }
}
