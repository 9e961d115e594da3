//! Scenarios.

use super::Checked;
use super::calls::kind_word;
use super::engine::{Infer, in_order};
use super::store::required;
use crate::signature::{CallableKind, RelationSig, Signature};
use crate::ty::{Symbol, Ty};
use crate::typed::{self, Conversion, Expr, ExprKind, Literal, Local, LocalId, Scenario, Step, StepKind};
use crate::uses::Meaning;
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// How deep generated rows may need further rows.
const MAX_GENERATED: u32 = 8;

impl Infer<'_> {
    pub(crate) fn scenario_body(mut self, scenario: &ast::Scenario) -> Checked<Scenario> {
        let mut steps = self.steps(&scenario.lines);
        self.settle();
        if !self.vars.is_empty() {
            let resolve = &mut |ty: &mut Ty| *ty = self.resolve(ty);
            steps.iter_mut().for_each(|s| step_types(s, resolve));
        }
        let locals = std::mem::take(&mut self.locals);
        let locals = locals.into_iter().map(|l| Local { ty: self.resolve(&l.ty), ..l }).collect();
        let probed = self.take_probed();
        let name = scenario.name.plain().unwrap_or_default().into();
        Checked {
            value: Scenario { name, locals, steps },
            result: Ty::Unit,
            diagnostics: self.diagnostics,
            effects: self.effects,
            uses: in_order(self.uses),
            probed,
        }
    }

    fn steps(&mut self, lines: &[ast::ScenarioLine]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(lines.len());
        for line in lines {
            if let Some(kind) = self.line(line) {
                steps.push(Step { kind, range: line.range });
            }
        }
        steps
    }

    fn line(&mut self, line: &ast::ScenarioLine) -> Option<StepKind> {
        let range = line.range;
        match &line.kind {
            ast::ScenarioLineKind::Error => None,
            ast::ScenarioLineKind::Given { name, value } => {
                let value = self.given(value);
                self.wrote();
                let bind = self.bind_result(name.as_ref(), &value.ty.clone());
                Some(StepKind::Given { bind, value })
            }
            ast::ScenarioLineKind::GivenFails { .. } | ast::ScenarioLineKind::GivenGives { .. } => {
                self.not_supported(range, "outside systems (`binding`)");
                None
            }
            ast::ScenarioLineKind::WorkflowsFinish => {
                self.not_supported(range, "workflows");
                None
            }
            ast::ScenarioLineKind::For { pattern, source, lines } => {
                let source = self.expr(source, None);
                let element = match self.base(&source.ty) {
                    Ty::List(t) => (*t).clone(),
                    Ty::Error => Ty::Error,
                    _ => {
                        let shown = self.show(&source.ty);
                        self.error(
                            Code::Source,
                            source.range,
                            format!("a scenario's `for` runs over a list, found `{shown}`"),
                            format!("`{shown}`"),
                        );
                        Ty::Error
                    }
                };
                let mark = self.mark();
                let pattern = self.pattern(pattern, &element, false);
                self.bring_in(&pattern);
                let steps = self.steps(lines);
                self.restore(mark);
                self.refuse_open_table(&pattern, &source);
                Some(StepKind::For { pattern, source, steps })
            }
            ast::ScenarioLineKind::When { name, act } => self.when(name.as_ref(), act),
            ast::ScenarioLineKind::After(e) => {
                let length = self.check(e, &Ty::Duration);
                self.wrote();
                Some(StepKind::After(length))
            }
            ast::ScenarioLineKind::Then(e) => {
                let cond = self.condition(e);
                let text = self.ctx.source(e.range);
                Some(StepKind::Then(cond, text))
            }
        }
    }

    fn bind_result(&mut self, name: Option<&ast::Ident>, ty: &Ty) -> Option<LocalId> {
        let name = name?;
        if matches!(self.shallow(ty), Ty::Unit) {
            self.error(Code::Type, name.range, "this gives no value that could have a name", "no value");
            return Some(self.bind(&name.text, Ty::Error, false, name.range));
        }
        Some(self.bind(&name.text, ty.clone(), false, name.range))
    }

    fn given(&mut self, e: &ast::Expr) -> Expr {
        if let ast::ExprKind::Call { callee, args, window: None } = &e.kind
            && let ast::ExprKind::TypeName(name) = &callee.kind
            && let Some(symbol) = self.ctx.resolve(&name.text)
            && matches!(self.ctx.signature(&symbol), Some(Signature::Relation(_)))
        {
            self.means_item(name.range, &symbol);
            return self.insert_into(&symbol, args, e.range, true);
        }
        self.expr(e, None)
    }

    fn when(&mut self, name: Option<&ast::Ident>, act: &ast::Act) -> Option<StepKind> {
        let (call, caller, fails, times) = match act {
            ast::Act::Call { call, caller, fails } => (call, caller, fails.as_ref(), 1),
            ast::Act::Times { count, count_range, call, caller } => {
                let times = match count.parse::<u32>() {
                    Ok(n) if (1..=100_000).contains(&n) => n,
                    _ => {
                        self.error(
                            Code::ScenarioLine,
                            *count_range,
                            "between 1 and 100000 calls are made at once",
                            "not so many",
                        );
                        1
                    }
                };
                (call, caller, None, times)
            }
            ast::Act::AtOnce(block) => return self.at_once(name, block),
        };
        if let Some(caller) = caller {
            self.expr(caller, None);
            self.not_supported(caller.range, "callers (`as`)");
        }
        // What a caller may send that the edge refuses can be written where just that is expected.
        self.refused = fails.is_some_and(|pattern| {
            matches!(&pattern.kind, ast::PatternKind::Case { name, .. } if name.qualifier.is_none() && name.name.text == "Invalid")
        });
        let called = self.called(call);
        self.refused = false;
        let Some((function, args, ty)) = called else {
            self.bind_result(name, &Ty::Error);
            return None;
        };
        let fails = fails.and_then(|pattern| self.failure(pattern));
        let bind = if times == 1 {
            self.bind_result(name, &ty)
        } else {
            if let Some(name) = name {
                self.error(
                    Code::ScenarioLine,
                    name.range,
                    "many calls at once have no one answer; ask with `succeeded` and `failed E`",
                    "which answer?",
                );
                self.bind(&name.text, Ty::Error, false, name.range);
            }
            None
        };
        Some(StepKind::When { bind, function, args, times, more: Vec::new(), fails })
    }

    /// The call of a query or handler, and the type of its answer.
    fn called(&mut self, call: &ast::Expr) -> Option<(Symbol, Vec<typed::Arg>, Ty)> {
        let answer = self.expr(call, None);
        self.wrote();
        let ty = answer.ty.clone();
        let ExprKind::Call { function, args, .. } = answer.kind else {
            if !matches!(answer.kind, ExprKind::Error) {
                self.error(Code::ScenarioLine, call.range, "`when` calls a query or a handler", "not such a call");
            }
            return None;
        };
        if let Some(Signature::Function(sig)) = self.ctx.signature(&function)
            && sig.kind == CallableKind::Fn
        {
            let message =
                format!("`when` calls a query or a handler, and `{}` is a {}", function.name, kind_word(sig.kind));
            self.error(Code::ScenarioLine, call.range, message, "not such a call");
        }
        Some((function, args, ty))
    }

    /// `at once { f(1); g(2) }`
    fn at_once(&mut self, name: Option<&ast::Ident>, block: &ast::Block) -> Option<StepKind> {
        if let Some(name) = name {
            let message = "many calls at once have no one answer; ask with `succeeded` and `failed E`";
            self.error(Code::ScenarioLine, name.range, message, "which answer?");
            self.bind(&name.text, Ty::Error, false, name.range);
        }
        let mut calls = Vec::new();
        let written = block.stmts.iter().map(|stmt| match &stmt.kind {
            ast::StmtKind::Expr(call) => Ok(call),
            _ => Err(stmt.range),
        });
        for call in written {
            match call {
                Ok(call) => calls.extend(self.called(call).map(|(function, args, _)| (function, args))),
                Err(range) => {
                    self.error(Code::ScenarioLine, range, "`at once` holds calls, one per line", "not a call");
                }
            }
        }
        if calls.is_empty() {
            return None;
        }
        let (function, args) = calls.remove(0);
        Some(StepKind::When { bind: None, function, args, times: 1, more: calls, fails: None })
    }

    /// `fails AlreadyCompleted(at)`.
    fn failure(&mut self, pattern: &ast::Pattern) -> Option<(Symbol, Option<Vec<typed::Pattern>>)> {
        let ast::PatternKind::Case { name, fields } = &pattern.kind else {
            if !matches!(pattern.kind, ast::PatternKind::Error) {
                self.error(Code::ScenarioLine, pattern.range, "after `fails` stands an error", "no error");
            }
            return None;
        };
        let symbol = self.error_symbol(&name.name)?;
        let Some(fields) = fields else { return Some((symbol, None)) };
        let declared = self.error_sig(&symbol).map(|s| s.fields.clone()).unwrap_or_default();
        let mut patterns: Vec<Option<typed::Pattern>> = declared.iter().map(|_| None).collect();
        for (index, field) in fields.iter().enumerate() {
            let ast::PatternField::Field { name, pattern } = field else { continue };
            let at = match name {
                Some(name) => declared.iter().position(|f| f.name == name.text),
                None => match &pattern.kind {
                    ast::PatternKind::Bind(binder) => declared
                        .iter()
                        .position(|f| f.name == binder.text)
                        .or((index < declared.len()).then_some(index)),
                    _ => (index < declared.len()).then_some(index),
                },
            };
            match at {
                Some(at) => {
                    let field = declared[at].name.clone();
                    let meaning = Meaning::Field(symbol.clone(), field.clone());
                    self.note_pattern_field(name.as_ref(), pattern, &field, meaning);
                    let typed = self.pattern(pattern, &declared[at].ty, false);
                    self.bring_in(&typed);
                    patterns[at] = Some(typed);
                }
                None => {
                    self.error(
                        Code::UnknownField,
                        pattern.range,
                        format!("`{}` has no such field", symbol.name),
                        "no such field",
                    );
                }
            }
        }
        let range = pattern.range;
        let patterns = patterns
            .into_iter()
            .zip(&declared)
            .map(|(p, field)| {
                p.unwrap_or_else(|| typed::Pattern { kind: typed::PatternKind::Wildcard, ty: field.ty.clone(), range })
            })
            .collect();
        Some((symbol, Some(patterns)))
    }

    // --- values that a `given` leaves open

    pub(crate) fn generate_missing(
        &mut self,
        symbol: &Symbol,
        sig: &RelationSig,
        fields: &mut Vec<(SmolStr, Expr)>,
        range: Range,
    ) {
        let missing: Vec<(SmolStr, Ty)> = required(sig)
            .filter(|f| !fields.iter().any(|(n, _)| *n == f.name))
            .map(|f| (f.name.clone(), f.ty.clone()))
            .collect();
        for (name, ty) in missing {
            self.generated += 1;
            match self.generate(&name, &ty, range, 0) {
                Some(value) => fields.push((name, value)),
                None => {
                    let d = self
                        .diagnostic(
                            Code::MissingField,
                            range,
                            format!("no value for `{name}` can be made up; give one"),
                            format!("I expected `{name}: …`"),
                        )
                        .note("what a `given` leaves out gets a simple value; none that was tried keeps the rule of this field");
                    let d = self.because(d, symbol, Some(&name), "declared here");
                    self.report(d);
                    fields.push((name, self.broken(range)));
                }
            }
        }
    }

    /// A value of a type, the same at every run, different for every field.
    fn generate(&mut self, name: &str, ty: &Ty, range: Range, depth: u32) -> Option<Expr> {
        if depth > MAX_GENERATED {
            return None;
        }
        let n = i64::from(self.generated);
        let base = self.base(ty);
        let text = |t: String| ExprKind::Literal(Literal::Text(t.into()));
        let candidates: Vec<ExprKind> = match &base {
            Ty::Bool => vec![ExprKind::Literal(Literal::Bool(false)), ExprKind::Literal(Literal::Bool(true))],
            Ty::Int => self.numbers(ty, n).into_iter().map(|n| ExprKind::Literal(Literal::Int(n))).collect(),
            Ty::Decimal(scale) => {
                let unit = 10i64.pow(u32::from(*scale));
                self.numbers(ty, n)
                    .into_iter()
                    .filter_map(|n| n.checked_mul(unit))
                    .map(|n| ExprKind::Literal(Literal::Decimal(n)))
                    .collect()
            }
            Ty::Float => vec![
                ExprKind::Literal(Literal::Float((n as f64).to_bits())),
                ExprKind::Literal(Literal::Float(0.5f64.to_bits())),
            ],
            Ty::Text => vec![
                text(format!("{name} {n}")),
                text(format!("{name}{n}@example.com")),
                text(format!("x{n}")),
                text(format!("X{n}")),
                text(format!("{n:04}")),
                text(format!("{n:03}")),
                text(format!("{n:02}")),
                text(format!("{n}")),
                text("x".into()),
                text("NO".into()),
                text(format!("+47{n:08}")),
                text(format!("{n:08}")),
                text(format!("https://example.com/{n}")),
                text("#0000ff".into()),
            ],
            Ty::Bytes => vec![ExprKind::Literal(Literal::Bytes(n.to_be_bytes().to_vec()))],
            Ty::Instant => vec![ExprKind::Literal(Literal::Instant(1_767_225_600_000_000 + n))],
            Ty::DateTime => {
                let moment = ExprKind::Literal(Literal::Instant(1_767_225_600_000_000 + n));
                let moment = self.node(moment, Ty::Instant, range);
                vec![ExprKind::Builtin(crate::builtins::Builtin::InstantUtc, vec![moment])]
            }
            Ty::Date => vec![ExprKind::Literal(Literal::Date(20_454))],
            Ty::Time => vec![ExprKind::Literal(Literal::Time(43_200_000_000))],
            Ty::Duration => vec![ExprKind::Literal(Literal::Duration(3_600_000_000))],
            Ty::Option(_) => vec![ExprKind::Literal(Literal::None)],
            Ty::List(_) | Ty::Bag(_) | Ty::Set(_) => vec![ExprKind::Collection(Vec::new())],
            Ty::Map(..) => vec![ExprKind::Map(Vec::new())],
            Ty::Uuid => vec![ExprKind::Builtin(crate::builtins::Builtin::NewUuid, Vec::new())],
            Ty::Variant(symbol, args) => {
                let mut cases = self.cases(symbol, args);
                cases.sort_by_key(|(_, fields)| fields.len());
                let (case, fields) = cases.into_iter().next()?;
                let values =
                    fields.iter().map(|(n, t)| self.generate(n, t, range, depth + 1)).collect::<Option<Vec<_>>>()?;
                vec![ExprKind::Variant(symbol.clone(), case, values)]
            }
            Ty::Record(record) => {
                let mut fields = Vec::new();
                for field in &record.fields {
                    let value = if field.absent {
                        self.node(ExprKind::Absent, field.ty.clone().optional(), range)
                    } else {
                        self.generate(&field.name, &field.ty, range, depth + 1)?
                    };
                    fields.push((field.name.clone(), value));
                }
                vec![ExprKind::Record(fields)]
            }
            Ty::Row(symbol) => {
                let sig = self.relation(symbol)?;
                let missing: Vec<(SmolStr, Ty)> = required(sig).map(|f| (f.name.clone(), f.ty.clone())).collect();
                let mut fields = Vec::new();
                for (name, ty) in missing {
                    self.generated += 1;
                    let value = self.generate(&name, &ty, range, depth + 1)?;
                    fields.push((name, value));
                }
                self.effects.writes.push((symbol.clone(), range));
                vec![ExprKind::Insert { relation: symbol.clone(), fields, spread: None }]
            }
            _ => return None,
        };
        // The first one that is certain to be right; else, where the rule says too little, the run shows.
        let mut open = None;
        for kind in candidates {
            let count = self.diagnostics.len();
            let value = self.node(kind, base.clone(), range);
            let value = self.coerce(value, ty);
            if self.diagnostics.len() > count {
                self.diagnostics.truncate(count);
                continue;
            }
            if !matches!(&value.kind, ExprKind::Convert(Conversion::Refine { checked: true }, _)) {
                return Some(value);
            }
            open.get_or_insert(value);
        }
        open
    }

    fn numbers(&mut self, ty: &Ty, n: i64) -> Vec<i64> {
        let bounds = self.type_bounds(ty);
        let whole = |b: Option<i128>| b.and_then(|b| i64::try_from(b / 1_000_000_000_000).ok());
        let mut numbers = vec![n, 1, 0];
        if let Some(low) = whole(bounds.low) {
            numbers.push(low.saturating_add(n - 1));
            numbers.push(low);
            numbers.push(low.saturating_add(1));
        }
        numbers.extend(whole(bounds.high));
        numbers.extend([10, 100, 1000, -1]);
        numbers
    }
}

fn step_types(step: &mut Step, f: &mut dyn FnMut(&mut Ty)) {
    match &mut step.kind {
        StepKind::Given { value, .. } | StepKind::After(value) | StepKind::Then(value, _) => {
            typed::for_each_type_mut(value, f)
        }
        StepKind::When { args, more, .. } => {
            for arg in args.iter_mut().chain(more.iter_mut().flat_map(|(_, args)| args)) {
                if let typed::Arg::Value(value) = arg {
                    typed::for_each_type_mut(value, f);
                }
            }
        }
        StepKind::For { source, steps, .. } => {
            typed::for_each_type_mut(source, f);
            steps.iter_mut().for_each(|s| step_types(s, f));
        }
    }
}
