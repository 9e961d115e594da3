//! Scenarios: each step a function over the bindings made so far.

use super::scope::{Binding, Scope, bool_literal, unit};
use super::wire::Way;
use super::{Lowering, wire};
use crate::ir::{
    Expr, ExprKind, Function, FunctionId, FunctionKind, Name, Scenario, ScenarioStep, SiteId, Stmt, ThenPart, Type,
    VarId, VarInfo,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use tenon_check::signature::{FunctionSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{self, Arg, Body, ExprKind as T, LocalId, StepKind};
use tenon_span::Range;

/// The state of one scenario.
struct Builder {
    item: Symbol,
    body: Arc<Body>,
    vars: Vec<VarInfo>,
    bound: Vec<(LocalId, VarId)>,
    /// Outcome counters, by error.
    counts: Vec<(Option<Symbol>, VarId)>,
    /// Locals that stand for constants of a table's row.
    constants: FxHashMap<LocalId, typed::Expr>,
    steps: Vec<ScenarioStep>,
    /// The locals that the step at hand reads: a row that it does not read may be gone from the store.
    read: FxHashSet<LocalId>,
}

impl Lowering<'_> {
    pub(super) fn lower_scenario(&mut self, index: usize) {
        let (item, scenario) = self.source.scenario(index);
        let site = self.site(&item, Range::empty(0));
        let body = Arc::new(Body { locals: scenario.locals.clone(), params: Vec::new(), value: empty_block() });
        let mut builder = Builder {
            item: item.clone(),
            body,
            vars: Vec::new(),
            bound: Vec::new(),
            counts: Vec::new(),
            constants: FxHashMap::default(),
            steps: Vec::new(),
            read: FxHashSet::default(),
        };
        for error in outcomes(&scenario.steps) {
            let var = builder.var("outcomes", Type::Int);
            builder.counts.push((error, var));
        }
        // Before the first `when` nothing has succeeded and nothing has failed.
        self.count_outcomes(&mut builder);
        self.scenario_steps(&mut builder, &scenario.steps);
        let Builder { vars, steps, .. } = builder;
        self.program.scenarios.push(Scenario { name: scenario.name.to_string(), vars, steps, site });
    }

    fn scenario_steps(&mut self, builder: &mut Builder, steps: &[typed::Step]) {
        for step in steps {
            self.scenario_step(builder, step);
        }
    }

    fn scenario_step(&mut self, builder: &mut Builder, step: &typed::Step) {
        let site = self.site(&builder.item, step.range);
        builder.read = reads(step);
        for constant in builder.constants.values() {
            locals(constant, &mut builder.read);
        }
        match &step.kind {
            StepKind::Given { bind, value } => {
                let (function, ty) = self.step_function(builder, "given", site, |s| s.expr_read(value));
                let args = builder.args();
                let bind = bind.map(|local| builder.bind(local, ty));
                builder.steps.push(ScenarioStep::Given { function, args, bind, site });
            }
            StepKind::When { bind, function, args, times, more, fails } => {
                self.when_step(builder, *bind, function, args, *times, more, fails.as_ref(), site);
            }
            StepKind::After(duration) => {
                let (function, _) = self.step_function(builder, "after", site, |s| s.expr(duration));
                builder.steps.push(ScenarioStep::After { function, args: builder.args(), site });
            }
            StepKind::Then(condition, text) => {
                let (function, _) = self.step_function(builder, "then", site, |s| s.expr(condition));
                let mut parts = Vec::new();
                for part in shown_parts(condition) {
                    let (function, _) = self.step_function(builder, "part", site, |s| {
                        let value = s.expr(part);
                        s.shown(value)
                    });
                    let text = self.source.source_text(&builder.item, part.range);
                    parts.push(ThenPart { text, function });
                }
                let args = builder.args();
                builder.steps.push(ScenarioStep::Then { function, args, parts, text: text.to_string(), site });
            }
            StepKind::For { pattern, source, steps } => self.table(builder, pattern, source, steps, step.range),
        }
    }

    /// A table is written out, row by row.
    fn table(
        &mut self,
        builder: &mut Builder,
        pattern: &typed::Pattern,
        source: &typed::Expr,
        steps: &[typed::Step],
        range: Range,
    ) {
        let T::Collection(rows) = &super::expr::strip(source).kind else {
            self.error(
                &builder.item.clone(),
                range,
                "a table is written out in the scenario: `for (a, b) in [(…), (…)]`",
            );
            return;
        };
        for row in rows {
            let before = builder.constants.clone();
            if !bind_constants(pattern, row, &mut builder.constants) {
                self.error(&builder.item.clone(), row.range, "a row of a table is written out: `(a: 1, b: 2)`");
                return;
            }
            self.scenario_steps(builder, steps);
            builder.constants = before;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line of a scenario")]
    fn when_step(
        &mut self,
        builder: &mut Builder,
        bind: Option<LocalId>,
        function: &Symbol,
        args: &[Arg],
        times: u32,
        more: &[(Symbol, Vec<Arg>)],
        fails: Option<&(Symbol, Option<Vec<typed::Pattern>>)>,
        site: SiteId,
    ) {
        let Some((endpoint, arguments)) = self.wire_call(builder, function, args, site) else { return };
        let more: Vec<(u32, FunctionId)> =
            more.iter().filter_map(|(function, args)| self.wire_call(builder, function, args, site)).collect();
        let fails = fails.map(|(error, patterns)| {
            let id = self.error_id(error);
            let test = patterns.as_ref().map(|p| self.fail_test(builder, error, p, site));
            (id, test)
        });
        let inputs = builder.args();
        let bind = bind.map(|local| {
            let result = self.source.result_type(function);
            let (read, ty) = self.answer_reader(builder, &result, site);
            (builder.bind(local, ty), read)
        });
        builder.steps.push(ScenarioStep::When { endpoint, arguments, args: inputs, times, more, bind, fails, site });
        self.count_outcomes(builder);
    }

    /// An endpoint and the function that yields what its wrapper takes.
    fn wire_call(
        &mut self,
        builder: &mut Builder,
        function: &Symbol,
        args: &[Arg],
        site: SiteId,
    ) -> Option<(u32, FunctionId)> {
        let Some(Signature::Function(sig)) = self.source.signature(function) else { return None };
        let sig = sig.clone();
        let endpoint = self.endpoint_of(&sig);
        let wrapper = self.program.endpoints[endpoint as usize].function;
        let record = match self.program.function(wrapper).params.first() {
            Some(var) => self.program.function(wrapper).vars[var.index()].ty.clone(),
            None => Type::Unit,
        };
        let (arguments, _) = self.step_function(builder, "arguments", site, |s| s.wire_arguments(&sig, args, &record));
        Some((endpoint, arguments))
    }

    fn count_outcomes(&mut self, builder: &mut Builder) {
        if !builder.counts.is_empty() {
            let counts =
                builder.counts.iter().map(|(error, var)| (*var, error.as_ref().map(|e| self.error_id(e)))).collect();
            builder.steps.push(ScenarioStep::Counts(counts));
        }
    }

    fn endpoint_of(&mut self, sig: &FunctionSig) -> u32 {
        let found = self.program.api.endpoints.iter().position(|e| e.name == sig.symbol.name);
        match found {
            Some(at) => at as u32,
            None => self.lower_endpoint(sig),
        }
    }

    /// A function over the bindings made so far.
    fn step_function(
        &mut self,
        builder: &Builder,
        name: &str,
        site: SiteId,
        f: impl FnOnce(&mut Scope<'_, '_>) -> Expr,
    ) -> (FunctionId, Type) {
        let mut scope = Scope::new(self, builder.body.clone(), builder.item.clone(), Vec::new());
        let mut params = Vec::new();
        for (local, var) in builder.inputs() {
            let info = &builder.vars[var.index()];
            let param = scope.fresh(&info.name, info.ty.clone(), false);
            params.push(param);
            scope.frame.env.insert(*local, Binding::Code(Expr::var(param, info.ty.clone())));
        }
        for (error, _) in &builder.counts {
            let param = scope.fresh("outcomes", Type::Int, false);
            params.push(param);
            scope.outcome_vars.push((error.clone(), param));
        }
        for (local, constant) in &builder.constants {
            let value = scope.expr(constant);
            let value = scope.name(value);
            scope.frame.env.insert(*local, Binding::Code(value));
        }
        let value = f(&mut scope);
        let ty = value.ty.clone();
        scope.emit(Stmt::Return(value));
        let (vars, body) = (scope.vars, scope.block);
        let id = self.add_function(Function {
            name: Name::from(format!("{}${name}", builder.item.name)),
            kind: FunctionKind::Pure,
            params,
            result: ty.clone(),
            vars,
            body,
            site,
        });
        (id, ty)
    }

    /// Whether the fields of a failure match the patterns: a function over the wire values of its fields, then the bindings.
    fn fail_test(
        &mut self,
        builder: &Builder,
        error: &Symbol,
        patterns: &[typed::Pattern],
        site: SiteId,
    ) -> FunctionId {
        let fields =
            self.program.errors.iter().find(|e| e.name == error.name).map(|e| e.fields.clone()).unwrap_or_default();
        let mut scope = Scope::new(self, builder.body.clone(), builder.item.clone(), Vec::new());
        let mut params = Vec::new();
        let mut values = Vec::new();
        for (name, ty) in &fields {
            let param = scope.fresh(name, ty.clone(), false);
            params.push(param);
            values.push(Expr::var(param, ty.clone()));
        }
        for (local, var) in builder.inputs() {
            let info = &builder.vars[var.index()];
            let param = scope.fresh(&info.name, info.ty.clone(), false);
            params.push(param);
            scope.frame.env.insert(*local, Binding::Code(Expr::var(param, info.ty.clone())));
        }
        for (error, _) in &builder.counts {
            let param = scope.fresh("outcomes", Type::Int, false);
            params.push(param);
            scope.outcome_vars.push((error.clone(), param));
        }
        let mut condition = bool_literal(true);
        for (pattern, value) in patterns.iter().zip(values) {
            let test = scope.test_and_bind(pattern, value);
            condition = super::scope::and(condition, test);
        }
        scope.emit(Stmt::Return(condition));
        let (vars, body) = (scope.vars, scope.block);
        self.add_function(Function {
            name: Name::from(format!("{}$fails", builder.item.name)),
            kind: FunctionKind::Pure,
            params,
            result: Type::Bool,
            vars,
            body,
            site,
        })
    }

    /// From an answer's wire value to the value that a scenario binds. A row is looked up by the key in its record.
    fn answer_reader(&mut self, builder: &Builder, result: &Ty, site: SiteId) -> (FunctionId, Type) {
        let wire = self.wire_type(result);
        let contains = wire::contains_row(self, result);
        let mut scope = Scope::new(self, builder.body.clone(), builder.item.clone(), Vec::new());
        let param = scope.fresh("answer", wire.clone(), false);
        let answer = Expr::var(param, wire);
        let value = if contains { scope.read_answer(answer, result) } else { answer };
        let ty = value.ty.clone();
        scope.emit(Stmt::Return(value));
        let (vars, body) = (scope.vars, scope.block);
        let id = self.add_function(Function {
            name: Name::from(format!("{}$answer", builder.item.name)),
            kind: FunctionKind::Pure,
            params: vec![param],
            result: ty.clone(),
            vars,
            body,
            site,
        });
        (id, ty)
    }
}

impl Builder {
    fn var(&mut self, name: &str, ty: Type) -> VarId {
        let id = VarId(self.vars.len() as u32);
        self.vars.push(VarInfo { name: Name::from(name), ty });
        id
    }

    fn bind(&mut self, local: LocalId, ty: Type) -> VarId {
        let name = self.body.locals.get(local.0 as usize).map(|l| l.name.clone()).unwrap_or_default();
        let var = self.var(&name, ty);
        self.bound.retain(|(l, _)| *l != local);
        self.bound.push((local, var));
        var
    }

    /// The bindings that the step at hand reads.
    fn inputs(&self) -> impl Iterator<Item = &(LocalId, VarId)> {
        self.bound.iter().filter(|(local, _)| self.read.contains(local))
    }

    fn args(&self) -> Vec<VarId> {
        self.inputs().map(|(_, v)| *v).chain(self.counts.iter().map(|(_, v)| *v)).collect()
    }
}

impl Scope<'_, '_> {
    /// A value with its rows as read.
    fn expr_read(&mut self, value: &typed::Expr) -> Expr {
        let ty = self.ty(&value.ty);
        let value = self.expr(value);
        if ty == Type::Unit { value } else { self.coerce(value, &ty) }
    }

    /// A value as a report shows it: rows by their keys.
    fn shown(&mut self, value: Expr) -> Expr {
        match value.ty {
            Type::Row(r) | Type::Ref(r) => self.key_of(value, r),
            _ => value,
        }
    }

    /// `succeeded`, `failed E`.
    pub fn outcomes(&mut self, error: Option<&Symbol>, range: Range) -> Expr {
        let found = self.outcome_vars.iter().find(|(e, _)| e.as_ref() == error).map(|(_, v)| *v);
        match found {
            Some(var) => Expr::var(var, Type::Int),
            None => self.unsupported(range, "outcomes are known only in a scenario, after a `when`", &Type::Int),
        }
    }

    /// The record of wire arguments that a wrapper takes.
    fn wire_arguments(&mut self, sig: &FunctionSig, args: &[Arg], record: &Type) -> Expr {
        let Type::Record(record_ty) = record.clone() else { return unit() };
        let mut values = Vec::new();
        let mut marks = Vec::new();
        for (at, (param, (_, want))) in sig.params.iter().zip(&record_ty.fields).enumerate() {
            let own = self.l.wire_type_way(&param.ty, Way::In);
            let value = match args.get(at) {
                Some(Arg::Value(value)) => {
                    let value = self.expr(value);
                    let value = self.argument_to_wire(value, &param.ty);
                    match want {
                        // What may be `none` and may be left out: it is here, whatever it is.
                        Type::Option(held) if *want != own && matches!(own, Type::Option(_)) => {
                            let value = self.coerce(value, &own);
                            super::scope::some(Expr::new(ExprKind::Record(vec![value]), (**held).clone()))
                        }
                        _ => self.coerce(value, want),
                    }
                }
                // What the endpoint computes where nothing comes is left out; a constant is a value like others.
                _ => match (param.default && *want == own)
                    .then(|| self.l.source.body(&sig.symbol, super::source::BodyPart::ParamDefault(at as u32)))
                    .flatten()
                {
                    Some(body) => {
                        let value = self.inline_body(&sig.symbol, body, Vec::new(), Vec::new(), Range::empty(0));
                        let value = self.argument_to_wire(value, &param.ty);
                        self.coerce(value, want)
                    }
                    None => super::scope::none(want.clone().optional()),
                },
            };
            values.push(value);
            marks.push(self.block.len());
        }
        self.keep_order(&mut values, &marks);
        Expr::new(ExprKind::Record(values), record.clone())
    }

    /// An argument as a caller sends it: a row as its key.
    fn argument_to_wire(&mut self, value: Expr, ty: &Ty) -> Expr {
        match (&value.ty, ty.base()) {
            (Type::Row(r) | Type::Ref(r), _) => {
                let r = *r;
                self.key_of(value, r)
            }
            (Type::Option(inner), _) if matches!(**inner, Type::Row(_) | Type::Ref(_)) => {
                let (Type::Row(r) | Type::Ref(r)) = **inner else { return value };
                let value = self.name(value);
                let held = super::scope::unwrap(value.clone());
                let (_, key) = self.in_block(|s| s.key_of(held.clone(), r));
                let ty = key.ty.optional();
                let none_ty = ty.clone();
                self.conditional(
                    super::scope::is_some(value),
                    &ty,
                    |s| {
                        let key = s.key_of(held, r);
                        super::scope::some(key)
                    },
                    |_| super::scope::none(none_ty),
                )
            }
            (Type::List(inner) | Type::Bag(inner), Ty::List(of) | Ty::Bag(of)) if matches!(**inner, Type::Row(_)) => {
                let Ty::Row(symbol) = of.base().clone() else { return value };
                let Type::Row(r) = **inner else { return value };
                let key = self.l.key_type(&symbol);
                self.map_collection(value, &Type::list(key), move |s, e| s.key_of(e, r))
            }
            _ => value,
        }
    }

    /// The value that an answer stands for.
    fn read_answer(&mut self, answer: Expr, ty: &Ty) -> Expr {
        match ty.base().clone() {
            Ty::Row(symbol) => {
                let relation = self.l.relation_id(&symbol);
                let keys = self.l.relation_sig(&symbol).map(|s| s.key.clone()).unwrap_or_default();
                let mut values = Vec::new();
                for key in keys {
                    values.extend(self.raw_field(answer.clone(), &key));
                }
                let found = self.lookup_values(relation, None, values, Range::empty(0));
                let found = self.name(found);
                self.guarded(
                    crate::ir::CheckKind::Present,
                    super::scope::is_some(found.clone()),
                    super::scope::unwrap(found),
                    "the row of the answer",
                    Range::empty(0),
                )
            }
            Ty::Option(inner) => {
                let target = self.ty(ty);
                let answer = self.name(answer);
                let held = super::scope::unwrap(answer.clone());
                let none_ty = target.clone();
                self.conditional(
                    super::scope::is_some(answer),
                    &target,
                    |s| {
                        let value = s.read_answer(held, &inner);
                        super::scope::some(value)
                    },
                    |_| super::scope::none(none_ty),
                )
            }
            Ty::List(inner) | Ty::Bag(inner) => {
                let target = self.ty(ty);
                self.map_collection(answer, &target, move |s, e| s.read_answer(e, &inner))
            }
            Ty::Record(record) => {
                let target = self.ty(ty);
                let Type::Record(into) = target.clone() else { return answer };
                let answer = self.name(answer);
                let mut fields = Vec::new();
                for (field, (_, want)) in record.fields.iter().zip(&into.fields) {
                    let Some(part) = self.raw_field(answer.clone(), &field.name) else { continue };
                    let part = self.read_answer(part, &field.ty);
                    fields.push(self.coerce(part, want));
                }
                Expr::new(ExprKind::Record(fields), target)
            }
            _ => answer,
        }
    }
}

/// The outcomes that conditions of a scenario speak of.
fn outcomes(steps: &[typed::Step]) -> Vec<Option<Symbol>> {
    let mut found: Vec<Option<Symbol>> = Vec::new();
    for step in steps {
        match &step.kind {
            StepKind::Then(condition, _) => collect_outcomes(condition, &mut found),
            StepKind::For { steps, .. } => {
                for outcome in outcomes(steps) {
                    if !found.contains(&outcome) {
                        found.push(outcome);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn collect_outcomes(expr: &typed::Expr, found: &mut Vec<Option<Symbol>>) {
    if let T::Outcomes(error) = &expr.kind
        && !found.contains(error)
    {
        found.push(error.clone());
    }
    for child in tenon_check::typed::children(expr) {
        collect_outcomes(child, found);
    }
}

/// The parts of a condition whose values tell why it does not hold: operands of comparisons that are not constants.
/// The locals that a step reads itself; the steps of a table are steps of their own.
fn reads(step: &typed::Step) -> FxHashSet<LocalId> {
    let mut found = FxHashSet::default();
    match &step.kind {
        StepKind::Given { value, .. } => locals(value, &mut found),
        StepKind::When { args, more, .. } => {
            args.iter().chain(more.iter().flat_map(|(_, a)| a)).for_each(|arg| match arg {
                Arg::Value(value) => locals(value, &mut found),
                Arg::Default | Arg::Absent => {}
            })
        }
        StepKind::After(duration) => locals(duration, &mut found),
        StepKind::Then(condition, _) => locals(condition, &mut found),
        StepKind::For { .. } => {}
    }
    found
}

fn locals(expr: &typed::Expr, found: &mut FxHashSet<LocalId>) {
    if let T::Local(local) = &expr.kind {
        found.insert(*local);
    }
    for child in tenon_check::typed::children(expr) {
        locals(child, found);
    }
}

fn shown_parts(expr: &typed::Expr) -> Vec<&typed::Expr> {
    let mut parts = Vec::new();
    fn visit<'a>(expr: &'a typed::Expr, parts: &mut Vec<&'a typed::Expr>) {
        match &expr.kind {
            T::Binary(typed::BinaryOp::And | typed::BinaryOp::Or | typed::BinaryOp::Implies, a, b) => {
                visit(a, parts);
                visit(b, parts);
            }
            T::Binary(_, a, b) => {
                for side in [&**a, &**b] {
                    if !matches!(super::expr::strip(side).kind, T::Literal(_)) {
                        parts.push(side);
                    }
                }
            }
            T::Not(e) | T::Convert(_, e) => visit(e, parts),
            T::Is(e, _) | T::InRange(e, ..) => parts.push(e),
            _ => {}
        }
    }
    visit(expr, &mut parts);
    parts.truncate(4);
    parts
}

fn bind_constants(
    pattern: &typed::Pattern,
    row: &typed::Expr,
    constants: &mut FxHashMap<LocalId, typed::Expr>,
) -> bool {
    match &pattern.kind {
        typed::PatternKind::Wildcard => true,
        typed::PatternKind::Bind(local) => {
            constants.insert(*local, row.clone());
            true
        }
        typed::PatternKind::Record(fields, None) => match &super::expr::strip(row).kind {
            T::Record(values) => fields.iter().all(|(name, pattern)| {
                values
                    .iter()
                    .find(|(n, _)| n == name)
                    .is_some_and(|(_, value)| bind_constants(pattern, value, constants))
            }),
            _ => false,
        },
        _ => false,
    }
}

fn empty_block() -> typed::Expr {
    typed::Expr { kind: T::Block(Vec::new(), None), ty: Ty::Unit, range: Range::empty(0) }
}
