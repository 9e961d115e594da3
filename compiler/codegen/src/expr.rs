//! Expressions to lanes.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Expr, ExprKind, FunctionId, QueryId, SiteId, Type};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;
use tenon_store::Str;

use crate::emit::{Emit, Lanes, ReturnTo};
use crate::error::{Error, Result};

/// How deep inlining nests, and how large a function may be to be inlined.
const INLINE_DEPTH: u32 = 4;
const INLINE_SIZE: usize = 64;

impl<'p> Emit<'_, 'p> {
    /// The lanes of an expression's value.
    pub(crate) fn expr(&mut self, e: &Expr) -> Result<Lanes> {
        match &e.kind {
            ExprKind::Literal(value) => self.literal(value, &e.ty),
            ExprKind::Var(var) => self.read(*var),
            ExprKind::Field(of, index) => self.field(of, *index),
            ExprKind::Record(fields) => self.concat(fields),
            ExprKind::Variant(tag, fields) => {
                let Type::Variant(id) = e.ty else { return Err(mistyped("a case", &e.ty)) };
                let (start, span) = self.unit.layout.case_span(id, *tag);
                let payload = self.concat(fields)?;
                self.expect_lanes(&payload, span)?;
                let total = self.lanes(&e.ty);
                let mut lanes = self.zeros(total);
                lanes[0] = self.int(i64::from(*tag));
                lanes[start..start + span].copy_from_slice(&payload);
                Ok(lanes)
            }
            ExprKind::IsCase(of, tag) => {
                let lanes = self.expr(of)?;
                let first = first(&lanes)?;
                let same = self.b.ins().icmp_imm_u(IntCC::Equal, first, i64::from(*tag));
                Ok(vec![self.flag(same)])
            }
            ExprKind::CaseField(of, case, field) => {
                let Type::Variant(id) = of.ty else { return Err(mistyped("a case's field", &of.ty)) };
                let (start, span) = self.unit.layout.case_field(id, *case, *field);
                let lanes = self.expr(of)?;
                slice(&lanes, start, span)
            }
            ExprKind::Some(of) => {
                let mut lanes = vec![self.int(1)];
                lanes.extend(self.expr(of)?);
                Ok(lanes)
            }
            ExprKind::None => {
                let count = self.lanes(&e.ty);
                Ok(self.zeros(count))
            }
            ExprKind::IsSome(of) => {
                let lanes = self.expr(of)?;
                Ok(vec![first(&lanes)?])
            }
            ExprKind::Unwrap(of) => {
                let lanes = self.expr(of)?;
                slice(&lanes, 1, lanes.len().saturating_sub(1))
            }
            ExprKind::Collection(elements) => self.collection(elements, &e.ty),
            ExprKind::Map(pairs) => self.map(pairs, &e.ty),
            ExprKind::Range(from, to, inclusive) => {
                let (from, to) = (self.word(from)?, self.word(to)?);
                let inclusive = self.int(i64::from(*inclusive));
                Ok(self.call(RuntimeFn::range, &[from, to, inclusive], None))
            }
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.condition(condition)?;
                let lanes = self.lanes(&e.ty);
                self.select(condition, lanes, |s| s.expr(then), |s| s.expr(otherwise))
            }
            ExprKind::Let(var, value, body) => {
                let lanes = self.expr(value)?;
                self.bind(*var, lanes);
                self.expr(body)
            }
            ExprKind::And(..) | ExprKind::Or(..) => {
                let condition = self.condition(e)?;
                Ok(vec![self.flag(condition)])
            }
            ExprKind::Prim(prim, args, site) => self.within(*site, |s| s.prim(*prim, args, &e.ty, *site)),
            ExprKind::Call(function, args, site) => self.within(*site, |s| {
                let args = s.each(args)?;
                s.call_function(*function, &args, *site)
            }),
            ExprKind::Query(query, args) => {
                let args = self.each(args)?.concat();
                self.call_query(*query, &args, &e.ty)
            }
            ExprKind::Follow(reference) => {
                let Type::Row(relation) = e.ty else { return Err(mistyped("a row", &e.ty)) };
                let entity = self.word(reference)?;
                self.follow(relation, entity)
            }
            ExprKind::RefOf(row) => {
                let lanes = self.expr(row)?;
                Ok(vec![first(&lanes)?])
            }
        }
    }

    /// The value of an expression of one lane.
    pub(crate) fn word(&mut self, e: &Expr) -> Result<Value> {
        let lanes = self.expr(e)?;
        match lanes.as_slice() {
            [one] => Ok(*one),
            _ => Err(mistyped("one lane", &e.ty)),
        }
    }

    /// A Bool as a condition: any integer type, not zero is true. Conjunctions and disjunctions branch.
    pub(crate) fn condition(&mut self, e: &Expr) -> Result<Value> {
        match &e.kind {
            ExprKind::And(a, b) => {
                let (right, join) = (self.block(false), self.block(false));
                let result = self.b.append_block_param(join, types::I8);
                let a = self.condition(a)?;
                let no = self.b.ins().iconst(types::I8, 0);
                self.b.ins().brif(a, right, &[], join, &[no.into()]);
                self.at(right);
                let b = self.condition(b)?;
                let b = self.bit(b);
                self.jump_with(join, &[b]);
                self.at(join);
                Ok(result)
            }
            ExprKind::Or(a, b) => {
                let (right, join) = (self.block(false), self.block(false));
                let result = self.b.append_block_param(join, types::I8);
                let a = self.condition(a)?;
                let yes = self.b.ins().iconst(types::I8, 1);
                self.b.ins().brif(a, join, &[yes.into()], right, &[]);
                self.at(right);
                let b = self.condition(b)?;
                let b = self.bit(b);
                self.jump_with(join, &[b]);
                self.at(join);
                Ok(result)
            }
            ExprKind::Prim(prim, args, site) => match self.within(*site, |s| s.comparison(*prim, args, *site))? {
                Some(condition) => Ok(condition),
                None => self.word(e),
            },
            ExprKind::IsCase(of, tag) => {
                let lanes = self.expr(of)?;
                let first = first(&lanes)?;
                Ok(self.b.ins().icmp_imm_u(IntCC::Equal, first, i64::from(*tag)))
            }
            _ => self.word(e),
        }
    }

    /// Branches on a Bool; a conjunction or disjunction needs no value of its own.
    pub(crate) fn branch_on(
        &mut self,
        e: &Expr,
        yes: cranelift_codegen::ir::Block,
        no: cranelift_codegen::ir::Block,
    ) -> Result<()> {
        match &e.kind {
            ExprKind::And(a, b) => {
                let right = self.block(false);
                self.branch_on(a, right, no)?;
                self.at(right);
                self.branch_on(b, yes, no)
            }
            ExprKind::Or(a, b) => {
                let right = self.block(false);
                self.branch_on(a, yes, right)?;
                self.at(right);
                self.branch_on(b, yes, no)
            }
            ExprKind::Literal(tenon_value::Value::Bool(value)) => {
                self.jump(if *value { yes } else { no });
                Ok(())
            }
            ExprKind::Prim(tenon_core::ir::Prim::Not, args, _) if args.len() == 1 => self.branch_on(&args[0], no, yes),
            _ => {
                let condition = self.condition(e)?;
                self.branch(condition, yes, no);
                Ok(())
            }
        }
    }

    /// A condition as a lane of 0 or 1.
    pub(crate) fn flag(&mut self, condition: Value) -> Value {
        match self.b.func.dfg.value_type(condition) {
            types::I64 => condition,
            _ => self.b.ins().uextend(types::I64, condition),
        }
    }

    /// A condition that is 0 or 1 as 8 bits.
    pub(crate) fn bit(&mut self, condition: Value) -> Value {
        match self.b.func.dfg.value_type(condition) {
            types::I8 => condition,
            _ => self.b.ins().ireduce(types::I8, condition),
        }
    }

    /// The values of several expressions.
    pub(crate) fn each(&mut self, es: &[Expr]) -> Result<Vec<Lanes>> {
        es.iter().map(|e| self.expr(e)).collect()
    }

    /// The lanes of several expressions behind each other.
    pub(crate) fn concat(&mut self, es: &[Expr]) -> Result<Lanes> {
        Ok(self.each(es)?.concat())
    }

    fn field(&mut self, of: &Expr, index: u32) -> Result<Lanes> {
        match &of.ty {
            Type::Record(record) => {
                // A field of a record that is being made needs none of the others, unless they can fail.
                let (start, span) = self.unit.layout.field(&record.fields, index);
                let lanes = self.expr(of)?;
                slice(&lanes, start, span)
            }
            Type::Row(relation) => {
                let lanes = self.expr(of)?;
                let [_, slot] = lanes.as_slice() else { return Err(mistyped("a row", &of.ty)) };
                self.stored_field(*relation, index, *slot)
            }
            ty => Err(mistyped("a record or row", ty)),
        }
    }

    // Constants.

    /// A constant.
    pub(crate) fn literal(&mut self, value: &tenon_value::Value, ty: &Type) -> Result<Lanes> {
        use tenon_value::Value as V;
        Ok(match (value, ty) {
            (V::Bool(v), _) => vec![self.int(i64::from(*v))],
            (V::Int(v) | V::Instant(v) | V::DateTime(v) | V::Time(v) | V::Duration(v), _) => vec![self.int(*v)],
            (V::Decimal { unscaled, .. }, _) => vec![self.int(*unscaled)],
            (V::Float(v), _) => vec![self.int(v.to_bits() as i64)],
            (V::Date(v), _) => vec![self.int(i64::from(*v))],
            (V::Text(v), _) => self.text(v.as_bytes()),
            (V::Bytes(v), _) => self.text(v),
            (V::Json(v), _) => self.text(v.as_bytes()),
            (V::Id(v) | V::Uuid(v), _) => vec![self.int((v >> 64) as i64), self.int(*v as i64)],
            (V::None, _) => {
                let count = self.lanes(ty);
                self.zeros(count)
            }
            (V::Some(v), Type::Option(inner)) => {
                let mut lanes = vec![self.int(1)];
                lanes.extend(self.literal(v, inner)?);
                lanes
            }
            (V::Record(fields), Type::Record(record)) => {
                let mut lanes = Vec::new();
                for (value, (_, ty)) in fields.iter().zip(&record.fields) {
                    lanes.extend(self.literal(value, ty)?);
                }
                let count = self.lanes(ty);
                self.expect_lanes(&lanes, count)?;
                lanes
            }
            (V::Record(fields), Type::Unit) if fields.is_empty() => Vec::new(),
            (V::Variant { tag, fields }, Type::Variant(id)) => {
                let count = self.lanes(ty);
                let (start, _) = self.unit.layout.case_span(*id, *tag);
                let program = self.unit.program;
                let case = program
                    .variant(*id)
                    .cases
                    .get(*tag as usize)
                    .ok_or_else(|| Error::new("a constant has a case that its type does not have"))?;
                let mut lanes = self.zeros(count);
                lanes[0] = self.int(i64::from(*tag));
                let mut at = start;
                for (value, (_, ty)) in fields.iter().zip(&case.fields) {
                    for lane in self.literal(value, ty)? {
                        lanes[at] = lane;
                        at += 1;
                    }
                }
                lanes
            }
            (V::List(items) | V::Bag(items) | V::Set(items), Type::List(of) | Type::Bag(of) | Type::Set(of)) => {
                let stride = self.lanes(of);
                let header = self.new_collection(items.len(), stride);
                for (i, item) in items.iter().enumerate() {
                    let lanes = self.literal(item, of)?;
                    self.store_lanes(header, element(i, stride), &lanes);
                }
                vec![header]
            }
            (V::Map(pairs), Type::Map(key, value)) => {
                let (key_lanes, value_lanes) = (self.lanes(key), self.lanes(value));
                let stride = key_lanes + value_lanes;
                let header = self.new_collection(pairs.len(), stride);
                for (i, (k, v)) in pairs.iter().enumerate() {
                    let mut lanes = self.literal(k, key)?;
                    lanes.extend(self.literal(v, value)?);
                    self.store_lanes(header, element(i, stride), &lanes);
                }
                vec![header]
            }
            (value, ty) => {
                return Err(Error::new(format!("a constant {} does not belong to the type {ty:?}", value.kind())));
            }
        })
    }

    /// The lanes of a constant text.
    pub(crate) fn text(&mut self, bytes: &[u8]) -> Lanes {
        if bytes.len() <= contract::INLINE {
            let text = Str::new(bytes);
            return vec![self.int(text.head as i64), self.int(text.tail as i64)];
        }
        let at = self.unit.constants.bytes(bytes);
        let head = Str::new(bytes).head;
        vec![self.int(head as i64), self.constant(at)]
    }

    // Collections.

    /// A collection of a known number of elements, which the caller fills.
    pub(crate) fn new_collection(&mut self, count: usize, stride: usize) -> Value {
        let bytes = self.int((contract::COLLECTION_ELEMENTS + count * stride * 8) as i64);
        let header = self.allocate(bytes, None);
        let len = self.int(count as i64);
        self.store_lanes(header, 0, &[len, len]);
        header
    }

    fn collection(&mut self, elements: &[Expr], ty: &Type) -> Result<Lanes> {
        let of = ty.element().ok_or_else(|| mistyped("a collection", ty))?;
        let stride = self.lanes(of);
        let values = self.each(elements)?;
        let header = self.new_collection(values.len(), stride);
        for (i, lanes) in values.iter().enumerate() {
            self.expect_lanes(lanes, stride)?;
            self.store_lanes(header, element(i, stride), lanes);
        }
        match ty {
            Type::Set(_) => self.to_set(header, of),
            _ => Ok(vec![header]),
        }
    }

    fn map(&mut self, pairs: &[(Expr, Expr)], ty: &Type) -> Result<Lanes> {
        let Type::Map(key, value) = ty else { return Err(mistyped("a map", ty)) };
        let stride = self.lanes(key) + self.lanes(value);
        let mut values = Vec::new();
        for (k, v) in pairs {
            let mut lanes = self.expr(k)?;
            lanes.extend(self.expr(v)?);
            self.expect_lanes(&lanes, stride)?;
            values.push(lanes);
        }
        let header = self.new_collection(values.len(), stride);
        for (i, lanes) in values.iter().enumerate() {
            self.store_lanes(header, element(i, stride), lanes);
        }
        self.to_map(header, key, value)
    }

    // Calls.

    /// Calls a function of Core with the lanes of its arguments.
    pub(crate) fn call_function(&mut self, id: FunctionId, args: &[Lanes], site: SiteId) -> Result<Lanes> {
        let program = self.unit.program;
        let function = program
            .functions
            .get(id.index())
            .ok_or_else(|| Error::at("a function is called that the program does not have", site))?;
        let lanes = self.lanes(&function.result);
        let inlined = self.inline_depth < INLINE_DEPTH
            && !self.unit.recursive[id.index()]
            && crate::code::size(&function.body) <= INLINE_SIZE;
        if inlined {
            return self.inline(id, args);
        }
        let flat = args.concat();
        let symbol = self.unit.function_symbol(id);
        self.call_symbol(symbol, &flat, lanes)
    }

    /// Emits the body of a function in place of a call.
    fn inline(&mut self, id: FunctionId, args: &[Lanes]) -> Result<Lanes> {
        let program = self.unit.program;
        let function = program.function(id);
        let lanes = self.lanes(&function.result);
        let outer_scope = std::mem::take(&mut self.scope);
        let outer_loops = std::mem::take(&mut self.loops);
        let outer_returns = self.returns.len();
        let join = self.block(false);
        self.returns.push(join);
        self.returns.extend(outer_loops.iter().flat_map(|around| [around.on_break, around.on_continue]));
        let variables: Vec<_> = (0..lanes).map(|_| self.b.declare_var(types::I64)).collect();
        let outer_return = std::mem::replace(&mut self.return_to, ReturnTo::Inline(join, variables.clone()));
        self.inline_depth += 1;
        if function.params.len() != args.len() {
            return Err(Error::at("a function is called with a wrong number of arguments", function.site));
        }
        self.scope.assignments = crate::code::assignments_of(function);
        for (param, arg) in function.params.iter().zip(args) {
            self.assign(*param, arg);
        }
        let result = self.within(function.site, |s| s.body(&function.body, function));
        self.inline_depth -= 1;
        self.return_to = outer_return;
        self.loops = outer_loops;
        self.returns.truncate(outer_returns);
        self.scope = outer_scope;
        result?;
        self.at(join);
        Ok(variables.into_iter().map(|v| self.b.use_var(v)).collect())
    }

    /// Calls a query with the lanes of its arguments.
    pub(crate) fn call_query(&mut self, id: QueryId, args: &[Value], ty: &Type) -> Result<Lanes> {
        let lanes = self.lanes(ty);
        let symbol = self.unit.query_symbol(id)?;
        if self.unit.query_lanes(id)? != lanes {
            return Err(mistyped("the result of a query", ty));
        }
        self.call_symbol(symbol, args, lanes)
    }
}

/// The lane at which an element of a collection begins, counted from the collection's address.
pub(crate) fn element(index: usize, stride: usize) -> usize {
    contract::COLLECTION_ELEMENTS / 8 + index * stride
}

/// The first lane.
pub(crate) fn first(lanes: &[Value]) -> Result<Value> {
    lanes.first().copied().ok_or_else(|| Error::new("a value without lanes stands where one is needed"))
}

fn slice(lanes: &[Value], start: usize, span: usize) -> Result<Lanes> {
    lanes
        .get(start..start + span)
        .map(<[Value]>::to_vec)
        .ok_or_else(|| Error::new("a part is taken of a value that does not have it"))
}

pub(crate) fn mistyped(what: &str, ty: &Type) -> Error {
    Error::new(format!("the program is not well-typed Core: {what} is expected, the type is {ty:?}"))
}
