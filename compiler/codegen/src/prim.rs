//! Primitive operations to lanes.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use tenon_core::ir::{Expr, ExprKind, Prim, SiteId, Type};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;
use tenon_value::Fault;
use tenon_value::time::{DATE_TIME_MAX, DATE_TIME_MIN, DAY, INSTANT_MAX, INSTANT_MIN};

use crate::emit::{Emit, Lanes};
use crate::error::{Error, Result};
use crate::expr::mistyped;

/// The longest written-out collection whose elements `in` compares one by one.
const SHORT: usize = 16;

impl Emit<'_, '_> {
    /// The value of a primitive.
    pub(crate) fn prim(&mut self, prim: Prim, args: &[Expr], ty: &Type, site: SiteId) -> Result<Lanes> {
        if let Some(condition) = self.comparison(prim, args, site)? {
            return Ok(vec![self.flag(condition)]);
        }
        let one = |index: usize| args.get(index).ok_or_else(|| Error::at("a primitive lacks an operand", site));
        let at = Some(site);
        Ok(match prim {
            Prim::Guard(kind) => {
                let (holds, broken) = (self.block(false), self.block(true));
                self.branch_on(one(0)?, holds, broken)?;
                self.at(broken);
                self.raise(kind.fault(), at);
                self.at(holds);
                self.expr(one(1)?)?
            }
            Prim::Not => {
                let a = self.word(one(0)?)?;
                vec![self.b.ins().bxor_imm_u(a, 1)]
            }
            Prim::AddDuration | Prim::SubDuration => {
                let point = one(0)?;
                let (a, b) = (self.word(point)?, self.word(one(1)?)?);
                let moved = if prim == Prim::AddDuration { self.add(a, b, at) } else { self.sub(a, b, at) };
                vec![self.time_point(moved, &point.ty, at)?]
            }
            Prim::AddInt | Prim::AddDecimal | Prim::AddDurations => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                vec![self.add(a, b, at)]
            }
            Prim::SubInt | Prim::SubDecimal | Prim::SubDurations => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                vec![self.sub(a, b, at)]
            }
            Prim::MulInt | Prim::MulDecimal | Prim::ScaleDuration => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                vec![self.mul(a, b, at)]
            }
            Prim::NegInt | Prim::NegDecimal | Prim::NegDuration => {
                let a = self.word(one(0)?)?;
                let zero = self.int(0);
                vec![self.sub(zero, a, at)]
            }
            Prim::AbsInt | Prim::AbsDecimal => {
                let a = self.word(one(0)?)?;
                let least = self.b.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
                self.raise_if(least, Fault::Overflow, at);
                vec![self.b.ins().iabs(a)]
            }
            Prim::DivInt | Prim::DivDuration => vec![self.div(one(0)?, one(1)?, site, false)?],
            Prim::ModInt => vec![self.div(one(0)?, one(1)?, site, true)?],
            Prim::DivDecimal => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                let (x, y, z) = (scale(&one(0)?.ty)?, scale(&one(1)?.ty)?, scale(ty)?);
                let (x, y, z) = (self.int(x.into()), self.int(y.into()), self.int(z.into()));
                self.call(RuntimeFn::decimal_div, &[a, x, b, y, z], at)
            }
            Prim::Rescale => {
                let a = self.word(one(0)?)?;
                let (from, to) = (scale(&one(0)?.ty)?, scale(ty)?);
                vec![self.rescale(a, from, to, at)]
            }
            Prim::IntToDecimal => {
                let a = self.word(one(0)?)?;
                vec![self.rescale(a, 0, scale(ty)?, at)]
            }
            Prim::AddFloat | Prim::SubFloat | Prim::MulFloat | Prim::DivFloat => {
                let (a, b) = (self.float(one(0)?)?, self.float(one(1)?)?);
                let result = match prim {
                    Prim::AddFloat => self.b.ins().fadd(a, b),
                    Prim::SubFloat => self.b.ins().fsub(a, b),
                    Prim::MulFloat => self.b.ins().fmul(a, b),
                    _ => self.b.ins().fdiv(a, b),
                };
                vec![self.finite(result, at)]
            }
            Prim::NegFloat => {
                let a = self.float(one(0)?)?;
                let result = self.b.ins().fneg(a);
                vec![self.positive_zero(result)]
            }
            Prim::AbsFloat => {
                let a = self.float(one(0)?)?;
                let result = self.b.ins().fabs(a);
                vec![self.b.ins().bitcast(types::I64, MemFlagsData::new(), result)]
            }
            Prim::IntToFloat => {
                let a = self.word(one(0)?)?;
                let result = self.b.ins().fcvt_from_sint(types::F64, a);
                vec![self.b.ins().bitcast(types::I64, MemFlagsData::new(), result)]
            }
            Prim::Elapsed => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                let difference = self.sub(a, b, at);
                if one(0)?.ty == Type::Date {
                    let day = self.int(DAY);
                    vec![self.mul(difference, day, at)]
                } else {
                    vec![difference]
                }
            }
            Prim::Concat => self.join(args, site)?,
            Prim::ToText => {
                let of = one(0)?;
                let lanes = self.expr(of)?;
                self.to_text(&lanes, &of.ty, at)?
            }
            Prim::Matches(regex) => {
                let text = self.expr(one(0)?)?;
                let number = self.int(i64::from(regex.0));
                self.call(RuntimeFn::text_matches, &[number, text[0], text[1]], at)
            }
            Prim::Contains => vec![self.contains(one(0)?, one(1)?, site)?],
            Prim::Length => {
                let of = one(0)?;
                match of.ty {
                    Type::Text | Type::Json => {
                        let lanes = self.expr(of)?;
                        self.call(RuntimeFn::text_length, &lanes, at)
                    }
                    Type::Bytes => {
                        let lanes = self.expr(of)?;
                        vec![self.b.ins().band_imm_u(lanes[0], 0xffff_ffff)]
                    }
                    _ => {
                        let collection = self.looked_at(of)?;
                        vec![self.load(types::I64, collection, 0)]
                    }
                }
            }
            Prim::ElementAt => {
                let list = self.looked_at(one(0)?)?;
                let index = self.word(one(1)?)?;
                let of = one(0)?.ty.element().cloned().ok_or_else(|| mistyped("a list", &one(0).expect("seen").ty))?;
                self.element_at(list, index, &of, ty)?
            }
            Prim::ValueAt => {
                let map = self.looked_at(one(0)?)?;
                let key = self.expr(one(1)?)?;
                let Type::Map(key_type, value_type) = &one(0)?.ty else { return Err(mistyped("a map", &one(0)?.ty)) };
                let shape = self.shape(key_type);
                let (key_lanes, value_lanes) = (self.lanes(key_type), self.lanes(value_type));
                let stride = self.int((key_lanes + value_lanes) as i64);
                let key = self.spill(&key);
                let entry = self.call(RuntimeFn::map_find, &[shape, stride, key, map], at)[0];
                self.option_at(entry, key_lanes, value_type, ty)?
            }
            Prim::Append => {
                let (a, b) = (self.word(one(0)?)?, self.word(one(1)?)?);
                let stride = match ty {
                    Type::Map(key, value) => self.lanes(key) + self.lanes(value),
                    _ => self.lanes(ty.element().ok_or_else(|| mistyped("a collection", ty))?),
                };
                let stride = self.int(stride as i64);
                let both = self.call(RuntimeFn::append, &[stride, a, b], at)[0];
                match ty {
                    Type::Set(of) => self.to_set(both, of)?,
                    Type::Map(key, value) => self.to_map(both, key, value)?,
                    _ => vec![both],
                }
            }
            Prim::ToSet => {
                let of = one(0)?.ty.element().cloned().ok_or_else(|| mistyped("a collection", ty))?;
                let list = self.word(one(0)?)?;
                self.to_set(list, &of)?
            }
            Prim::ToMap => {
                let Type::Map(key, value) = ty else { return Err(mistyped("a map", ty)) };
                let list = self.word(one(0)?)?;
                self.to_map(list, key, value)?
            }
            // A set is a list in its order, and a map is the list of its entries.
            Prim::ToList | Prim::ToBag | Prim::Entries => vec![self.word(one(0)?)?],
            Prim::TagOf => {
                let lanes = self.expr(one(0)?)?;
                vec![crate::expr::first(&lanes)?]
            }
            Prim::Builtin(index) => self.builtin(index, args, ty, site)?,
            Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge => {
                return Err(Error::at("a comparison lacks an operand", site));
            }
        })
    }

    /// `a + b`, never wrapping.
    pub(crate) fn add(&mut self, a: Value, b: Value, site: Option<SiteId>) -> Value {
        let (sum, overflow) = self.b.ins().sadd_overflow(a, b);
        self.raise_if(overflow, Fault::Overflow, site);
        sum
    }

    /// `a - b`, never wrapping.
    pub(crate) fn sub(&mut self, a: Value, b: Value, site: Option<SiteId>) -> Value {
        let (difference, overflow) = self.b.ins().ssub_overflow(a, b);
        self.raise_if(overflow, Fault::Overflow, site);
        difference
    }

    /// A time point that arithmetic gave: its calendar ends at both sides.
    fn time_point(&mut self, point: Value, ty: &Type, site: Option<SiteId>) -> Result<Value> {
        let (least, range) = match ty {
            Type::Instant => (INSTANT_MIN, INSTANT_MAX - INSTANT_MIN),
            Type::DateTime => (DATE_TIME_MIN, DATE_TIME_MAX - DATE_TIME_MIN),
            ty => return Err(mistyped("a time point", ty)),
        };
        let least = self.int(least);
        let above = self.b.ins().isub(point, least);
        let range = self.int(range);
        let outside = self.b.ins().icmp(IntCC::UnsignedGreaterThan, above, range);
        self.raise_if(outside, Fault::Overflow, site);
        Ok(point)
    }

    /// `a * b`, never wrapping.
    pub(crate) fn mul(&mut self, a: Value, b: Value, site: Option<SiteId>) -> Value {
        let (product, overflow) = self.b.ins().smul_overflow(a, b);
        self.raise_if(overflow, Fault::Overflow, site);
        product
    }

    /// Floor division or its remainder. The processor's division must not see 0, nor the least Int over -1.
    fn div(&mut self, a: &Expr, b: &Expr, site: SiteId, remainder: bool) -> Result<Value> {
        let constant = match b.kind {
            ExprKind::Literal(tenon_value::Value::Int(n)) if n != 0 && n != -1 => Some(n),
            _ => None,
        };
        let (a, b) = (self.word(a)?, self.word(b)?);
        if constant.is_none() {
            let zero = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
            self.raise_if(zero, Fault::DivisionByZero, Some(site));
            let minus = self.b.ins().icmp_imm_s(IntCC::Equal, b, -1);
            let (negate, divide, join) = (self.block(true), self.block(false), self.block(false));
            let result = self.b.append_block_param(join, types::I64);
            self.branch(minus, negate, divide);
            self.at(negate);
            let negated = if remainder {
                self.int(0)
            } else {
                let zero = self.int(0);
                self.sub(zero, a, Some(site))
            };
            self.jump_with(join, &[negated]);
            self.at(divide);
            let divided = self.floor_div(a, b, remainder);
            self.jump_with(join, &[divided]);
            self.at(join);
            return Ok(result);
        }
        Ok(self.floor_div(a, b, remainder))
    }

    fn floor_div(&mut self, a: Value, b: Value, remainder: bool) -> Value {
        let quotient = self.b.ins().sdiv(a, b);
        let back = self.b.ins().imul(quotient, b);
        let rest = self.b.ins().isub(a, back);
        let some = self.b.ins().icmp_imm_s(IntCC::NotEqual, rest, 0);
        let signs = self.b.ins().bxor(rest, b);
        let differ = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
        let adjust = self.b.ins().band(some, differ);
        if remainder {
            let other = self.b.ins().iadd(rest, b);
            self.b.ins().select(adjust, other, rest)
        } else {
            let adjust = self.flag(adjust);
            self.b.ins().isub(quotient, adjust)
        }
    }

    /// A decimal at another scale: exact when it grows, half-even when it shrinks.
    fn rescale(&mut self, value: Value, from: u8, to: u8, site: Option<SiteId>) -> Value {
        if from == to {
            return value;
        }
        if let Some(power) = to.checked_sub(from).and_then(|by| 10i64.checked_pow(u32::from(by))) {
            let power = self.int(power);
            return self.mul(value, power, site);
        }
        let (from, to) = (self.int(from.into()), self.int(to.into()));
        self.call(RuntimeFn::decimal_rescale, &[value, from, to], site)[0]
    }

    /// The value of a Float expression as a float.
    pub(crate) fn float(&mut self, e: &Expr) -> Result<Value> {
        let bits = self.word(e)?;
        Ok(self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits))
    }

    /// The lane of a float that an operation gave: not finite is a fault, and there is one zero.
    pub(crate) fn finite(&mut self, value: Value, site: Option<SiteId>) -> Value {
        let bits = self.positive_zero(value);
        let exponent = self.b.ins().band_imm_u(bits, 0x7ff0_0000_0000_0000);
        let bad = self.b.ins().icmp_imm_u(IntCC::Equal, exponent, 0x7ff0_0000_0000_0000);
        self.raise_if(bad, Fault::NotFinite, site);
        bits
    }

    fn positive_zero(&mut self, value: Value) -> Value {
        let zero = self.b.ins().f64const(0.0);
        let value = self.b.ins().fadd(value, zero);
        self.b.ins().bitcast(types::I64, MemFlagsData::new(), value)
    }

    /// The number of a type's shape, for a runtime function.
    pub(crate) fn shape(&mut self, ty: &Type) -> Value {
        let id = self.unit.shapes.of(ty);
        self.int(i64::from(id.0))
    }

    /// A value as text.
    pub(crate) fn to_text(&mut self, lanes: &[Value], ty: &Type, site: Option<SiteId>) -> Result<Lanes> {
        Ok(match ty {
            Type::Text => lanes.to_vec(),
            Type::Int => self.call(RuntimeFn::int_to_text, lanes, site),
            _ => {
                let shape = self.shape(ty);
                let address = self.spill(lanes);
                self.call(RuntimeFn::value_to_text, &[shape, address], site)
            }
        })
    }

    fn join(&mut self, parts: &[Expr], site: SiteId) -> Result<Lanes> {
        match parts {
            [] => Ok(self.text(b"")),
            [one] => self.expr(one),
            [a, b] => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                Ok(self.call(RuntimeFn::text_concat, &[a[0], a[1], b[0], b[1]], Some(site)))
            }
            many => {
                let lanes = self.concat(many)?;
                let address = self.spill(&lanes);
                let count = self.int(many.len() as i64);
                Ok(self.call(RuntimeFn::text_join, &[address, count], Some(site)))
            }
        }
    }

    fn contains(&mut self, element: &Expr, collection: &Expr, site: SiteId) -> Result<Value> {
        if let ExprKind::Collection(items) = &collection.kind
            && items.len() <= SHORT
        {
            let wanted = self.expr(element)?;
            let items = self.each(items)?;
            return self.one_of(&wanted, &element.ty, items.into_iter().map(|lanes| move |_: &mut Self| Ok(lanes)));
        }
        if let ExprKind::Literal(
            tenon_value::Value::List(items) | tenon_value::Value::Bag(items) | tenon_value::Value::Set(items),
        ) = &collection.kind
            && items.len() <= SHORT
        {
            let wanted = self.expr(element)?;
            let ty = element.ty.clone();
            let items: Vec<_> = items.to_vec();
            return self.one_of(
                &wanted,
                &ty,
                items.into_iter().map(|item| {
                    let ty = element.ty.clone();
                    move |s: &mut Self| s.literal(&item, &ty)
                }),
            );
        }
        if let ExprKind::Range(from, to, inclusive) = &collection.kind {
            let (value, from, to) = (self.word(element)?, self.word(from)?, self.word(to)?);
            let above = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, value, from);
            let end = if *inclusive { IntCC::SignedLessThanOrEqual } else { IntCC::SignedLessThan };
            let below = self.b.ins().icmp(end, value, to);
            let both = self.b.ins().band(above, below);
            return Ok(self.flag(both));
        }
        let wanted = self.expr(element)?;
        let source = self.looked_at(collection)?;
        let stride = match &collection.ty {
            Type::Map(key, value) => self.lanes(key) + self.lanes(value),
            _ => wanted.len(),
        };
        let shape = self.shape(&element.ty);
        let stride = self.int(stride as i64);
        let address = self.spill(&wanted);
        let found = match collection.ty {
            Type::Map(..) => RuntimeFn::map_find,
            Type::Set(_) => RuntimeFn::set_find,
            _ => RuntimeFn::list_find,
        };
        let found = self.call(found, &[shape, stride, address, source], Some(site))[0];
        let condition = self.b.ins().icmp_imm_u(IntCC::NotEqual, found, 0);
        Ok(self.flag(condition))
    }

    /// Whether a value equals one of several; they are all total, so evaluating all of them is right.
    fn one_of<F: FnOnce(&mut Self) -> Result<Lanes>>(
        &mut self,
        wanted: &[Value],
        ty: &Type,
        items: impl Iterator<Item = F>,
    ) -> Result<Value> {
        let join = self.block(false);
        let result = self.b.append_block_param(join, types::I64);
        for item in items {
            let lanes = item(self)?;
            let same = self.equal(wanted, &lanes, ty)?;
            let yes = self.int(1);
            let next = self.block(false);
            self.b.ins().brif(same, join, &[yes.into()], next, &[]);
            self.at(next);
        }
        let no = self.int(0);
        self.jump_with(join, &[no]);
        self.at(join);
        Ok(result)
    }

    /// Element number `index` of a list as an option.
    fn element_at(&mut self, list: Value, index: Value, of: &Type, ty: &Type) -> Result<Lanes> {
        let len = self.load(types::I64, list, 0);
        let stride = self.lanes(of);
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, len);
        let at = self.b.ins().imul_imm_s(index, (stride * 8) as i64);
        let address = self.b.ins().iadd(list, at);
        let address = self.b.ins().iadd_imm_s(address, contract::COLLECTION_ELEMENTS as i64);
        let none = self.int(0);
        let entry = self.b.ins().select(inside, address, none);
        self.option_at(entry, 0, of, ty)
    }

    /// The option that stands in memory at an address plus some lanes; `none` at address 0.
    pub(crate) fn option_at(&mut self, address: Value, first: usize, of: &Type, ty: &Type) -> Result<Lanes> {
        let lanes = self.lanes(ty);
        let span = self.lanes(of);
        // An option of an option is the option itself.
        let nested = matches!(of, Type::Option(_));
        self.select(
            address,
            lanes,
            |s| {
                let mut out = Vec::new();
                if !nested {
                    out.push(s.int(1));
                }
                out.extend(s.load_lanes(address, first, span));
                Ok(out)
            },
            |s| Ok(s.zeros(lanes)),
        )
    }

    /// The set of the elements of a list.
    pub(crate) fn to_set(&mut self, list: Value, of: &Type) -> Result<Lanes> {
        let shape = self.shape(of);
        let stride = self.lanes(of);
        let stride = self.int(stride as i64);
        Ok(self.call(RuntimeFn::to_set, &[shape, stride, list], None))
    }

    /// The map of the entries of a list; a later one replaces an earlier one.
    pub(crate) fn to_map(&mut self, list: Value, key: &Type, value: &Type) -> Result<Lanes> {
        let shape = self.shape(key);
        let stride = self.lanes(key) + self.lanes(value);
        let stride = self.int(stride as i64);
        Ok(self.call(RuntimeFn::to_map, &[shape, stride, list], None))
    }

    /// A library function: arguments by their shapes, through one function of the runtime.
    fn builtin(&mut self, index: u16, args: &[Expr], ty: &Type, site: SiteId) -> Result<Lanes> {
        let mut shapes = vec![u64::from(self.unit.shapes.of(ty).0)];
        for arg in args {
            shapes.push(u64::from(self.unit.shapes.of(&arg.ty).0));
        }
        let at = self.unit.constants.words(&shapes);
        let lanes = self.concat(args)?;
        let arguments = self.spill(&lanes);
        let count = self.lanes(ty);
        let out = self.borrow_stack(count);
        let number = self.unit.library.number(tenon_core::builtins::BUILTINS[usize::from(index)].id)?;
        let number = self.int(number);
        let arity = self.int(args.len() as i64);
        let shapes = self.constant(at);
        self.call(RuntimeFn::builtin, &[number, shapes, arity, arguments, out.address], Some(site));
        let lanes = self.load_lanes(out.address, 0, count);
        self.give_back(out);
        Ok(lanes)
    }
}

fn scale(ty: &Type) -> Result<u8> {
    match ty {
        Type::Decimal(scale) => Ok(*scale),
        Type::Int => Ok(0),
        ty => Err(mistyped("a Decimal", ty)),
    }
}
