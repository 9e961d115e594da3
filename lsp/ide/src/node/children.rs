//! The direct parts of each form of node.

use super::{Node, Part};
use tenon_span::Range;
use tenon_syntax::ast::*;

/// Gathers the parts of a node.
pub(super) struct Children<'a>(pub(super) Vec<Node<'a>>);

impl<'a> Children<'a> {
    fn idents(&mut self, idents: impl IntoIterator<Item = &'a Ident>) {
        self.0.extend(idents.into_iter().map(Node::Ident));
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        self.0.extend(exprs.into_iter().map(Node::Expr));
    }

    fn boxed(&mut self, exprs: impl IntoIterator<Item = &'a Box<Expr>>) {
        self.0.extend(exprs.into_iter().map(|expr| Node::Expr(expr)));
    }

    fn types(&mut self, types: impl IntoIterator<Item = &'a Type>) {
        self.0.extend(types.into_iter().map(Node::Type));
    }

    fn patterns(&mut self, patterns: impl IntoIterator<Item = &'a Pattern>) {
        self.0.extend(patterns.into_iter().map(Node::Pattern));
    }

    fn texts(&mut self, texts: impl IntoIterator<Item = &'a Text>) {
        self.0.extend(texts.into_iter().map(Node::Text));
    }

    fn block(&mut self, block: &'a Block) {
        self.0.push(Node::Block(block));
    }

    fn params(&mut self, params: impl IntoIterator<Item = &'a Params>) {
        self.0.extend(params.into_iter().map(Node::Params));
    }

    fn named(&mut self, name: Option<&'a Ident>, value: &'a Expr) {
        match name {
            Some(ident) => {
                self.0.push(Node::Part(ident.range.cover(value.range), Part::Named(Some(ident), value)));
            }
            None => self.0.push(Node::Expr(value)),
        }
    }

    fn sort_keys(&mut self, keys: &'a [SortKey]) {
        self.exprs(keys.iter().map(|key| &key.value));
    }

    fn pattern_fields(&mut self, fields: &'a [PatternField]) {
        for field in fields {
            match field {
                PatternField::Field { name, pattern } => {
                    self.idents(name);
                    self.patterns([pattern]);
                }
                PatternField::Rest { name, .. } => self.idents(name),
            }
        }
    }

    /// Adds the parts of a node.
    pub(super) fn of(&mut self, node: Node<'a>) {
        match node {
            Node::Item(item) => self.item(item),
            Node::Ident(_) => {}
            Node::Member(member) => self.member(member),
            Node::Field(field) => {
                self.idents([&field.name]);
                self.idents(&field.was);
                self.texts(&field.wire);
                self.types([&field.ty]);
                self.exprs(&field.default);
                self.idents(&field.inverse);
                self.idents(&field.on_delete);
                self.exprs(&field.computed);
            }
            Node::Case(case) => {
                self.idents([&case.name]);
                self.idents(&case.was);
                self.params(&case.fields);
            }
            Node::Params(params) => self.0.extend(params.list.iter().map(Node::Param)),
            Node::Param(param) => {
                self.idents([&param.name]);
                self.idents(&param.was);
                self.texts(&param.wire);
                self.types([&param.ty]);
                if let Some(source) = &param.source {
                    self.texts(&source.name);
                    self.idents(&source.format);
                }
                self.exprs(&param.default);
            }
            Node::Type(ty) => self.ty(ty),
            Node::TypeName(name) => {
                self.idents(&name.qualifier);
                self.idents([&name.name]);
            }
            Node::Clause(clause) => self.clause(clause),
            Node::Block(block) => self.0.extend(block.stmts.iter().map(Node::Stmt)),
            Node::Stmt(stmt) => self.stmt(stmt),
            Node::Expr(expr) => self.expr(expr),
            Node::If(branch) => self.branch(branch),
            Node::Pattern(pattern) => match &pattern.kind {
                PatternKind::Error | PatternKind::Wildcard | PatternKind::Literal(_) | PatternKind::Range { .. } => {}
                PatternKind::Bind(name) => self.idents([name]),
                PatternKind::Case { name, fields } => {
                    self.0.push(Node::TypeName(name));
                    self.pattern_fields(fields.as_deref().unwrap_or_default());
                }
                PatternKind::Record(fields) => self.pattern_fields(fields),
                PatternKind::Or(patterns) => self.patterns(patterns),
            },
            Node::Arm(arm) => {
                self.patterns([&arm.pattern]);
                self.exprs(&arm.guard);
                match &arm.body {
                    ArmBody::Expr(expr) | ArmBody::Fail(expr) => self.exprs([expr]),
                    ArmBody::Block(block) => self.block(block),
                    ArmBody::Return { value, .. } => self.exprs(value),
                }
            }
            Node::Args(args) => self.0.extend(args.list.iter().map(Node::Arg)),
            Node::Arg(arg) => {
                self.idents(&arg.name);
                self.exprs([&arg.value]);
                self.idents(&arg.per);
                self.exprs(&arg.filter);
            }
            Node::Diverge(diverge) => match &diverge.kind {
                DivergeKind::Fail(expr) => self.boxed([expr]),
                DivergeKind::Return(value) => self.boxed(value),
                DivergeKind::Break | DivergeKind::Continue => {}
                DivergeKind::Block(block) => self.block(block),
            },
            Node::Assign(assign) => match assign {
                Assign::Error(_) => {}
                Assign::Spread { value, .. } => self.exprs([value]),
                Assign::Field { path, value, .. } => {
                    self.idents(path);
                    self.exprs([value]);
                }
            },
            Node::QueryClause(clause) => self.query_clause(clause),
            Node::Window(window) => {
                self.exprs(&window.partition);
                self.sort_keys(&window.order);
                if let Some(frame) = &window.frame {
                    for bound in [&frame.from, &frame.to] {
                        if let Bound::Before(expr) | Bound::After(expr) = bound {
                            self.exprs([expr]);
                        }
                    }
                }
            }
            Node::Text(text) => {
                for part in &text.parts {
                    if let TextPart::Hole(expr) = part {
                        self.exprs([expr]);
                    }
                }
            }
            Node::ScenarioLine(line) => self.scenario_line(line),
            Node::Part(_, part) => self.part(part),
        }
    }

    fn item(&mut self, item: &'a Item) {
        match &item.kind {
            ItemKind::Use(n) => {
                self.idents(&n.path);
                self.idents(n.names.iter().flatten());
            }
            ItemKind::Const(n) => {
                self.idents([&n.name]);
                self.types(&n.ty);
                self.exprs([&n.value]);
            }
            ItemKind::Type(n) => {
                self.idents([&n.name]);
                self.generics(&n.generics);
                self.idents(&n.was);
                match &n.body {
                    TypeBody::Alias(ty) => self.types([ty]),
                    TypeBody::Variants { cases, .. } => self.0.extend(cases.iter().map(Node::Case)),
                }
            }
            ItemKind::Relation(n) => {
                self.idents([&n.name]);
                self.idents(&n.was);
                self.0.extend(n.members.iter().map(Node::Member));
            }
            ItemKind::View(n) => {
                self.idents([&n.name]);
                self.params([&n.columns]);
                self.idents(n.extremum.as_ref().map(|extremum| &extremum.column));
                self.block(&n.body);
            }
            ItemKind::Invariant(n) => {
                self.texts([&n.name]);
                self.block(&n.body);
            }
            ItemKind::Function(n) => {
                self.idents([&n.name]);
                self.idents(&n.was);
                self.generics(&n.generics);
                self.params([&n.params]);
                self.types(&n.result);
                self.0.extend(n.clauses.iter().map(Node::Clause));
                self.block(&n.body);
            }
            ItemKind::Error(n) => {
                self.idents([&n.name, &n.base]);
                self.params(&n.fields);
                self.texts(&n.message);
            }
            ItemKind::Actor(n) => {
                self.idents([&n.relation, &n.scheme]);
                match &n.args {
                    Some(ActorArgs::Text(text)) => self.texts([text]),
                    Some(ActorArgs::Args(args)) => self.0.push(Node::Args(args)),
                    None => {}
                }
            }
            ItemKind::Policy(n) => {
                self.idents(&n.relations);
                self.0.extend(n.lines.iter().map(|line| Node::Part(line.range, Part::PolicyLine(line))));
            }
            ItemKind::Binding(n) => {
                self.idents([&n.name]);
                self.exprs([&n.address]);
                if let Some(auth) = &n.auth {
                    self.idents([&auth.scheme]);
                    self.exprs([&auth.credential]);
                }
                self.0.extend(n.lines.iter().map(|line| Node::Part(binding_line_range(line), Part::BindingLine(line))));
            }
            ItemKind::Workflow(n) => {
                self.idents([&n.name]);
                self.idents(&n.was);
                self.params([&n.params]);
                self.types(&n.result);
                self.0.extend(n.clauses.iter().map(Node::Clause));
                self.block(&n.body);
                if let Some((name, block)) = &n.failed {
                    self.idents([name]);
                    self.block(block);
                }
            }
            ItemKind::Reaction(Reaction::Change { relation, fields, var, was, condition, body, .. }) => {
                self.0.push(Node::TypeName(relation));
                self.idents(fields.iter().flatten());
                self.idents([var]);
                self.idents(was);
                self.exprs(condition);
                self.block(body);
            }
            ItemKind::Reaction(Reaction::Hook { binding, hook, var, body }) => {
                self.idents([binding, hook, var]);
                self.block(body);
            }
            ItemKind::Schedule(n) => {
                self.exprs([&n.period]);
                self.texts(&n.zone);
                self.block(&n.body);
            }
            ItemKind::Page(n) => {
                self.idents([&n.name]);
                self.params([&n.params]);
                self.0.extend(n.clauses.iter().map(Node::Clause));
                self.block(&n.body);
            }
            ItemKind::Scenario(n) => {
                self.texts([&n.name]);
                self.0.extend(n.lines.iter().map(Node::ScenarioLine));
            }
            ItemKind::Property(n) => {
                self.texts([&n.name]);
                self.0.extend(n.params.iter().map(|param| Node::Part(param.range, Part::PropertyParam(param))));
                self.exprs(&n.filter);
                self.block(&n.body);
            }
            ItemKind::Goal(n) => {
                self.texts([&n.name]);
                self.0.extend(n.lines.iter().map(|line| Node::Part(goal_line_range(line), Part::GoalLine(line))));
            }
            ItemKind::Evolve(Evolve::Change { name, lines }) => {
                self.idents([name]);
                self.0.extend(lines.iter().map(|line| Node::Part(evolve_line_range(line), Part::EvolveLine(line))));
            }
            ItemKind::Evolve(Evolve::From { name, source, var, body }) => {
                self.idents([name, var]);
                self.0.push(Node::TypeName(source));
                self.block(body);
            }
            ItemKind::Repair(n) => {
                self.0.push(Node::TypeName(&n.relation));
                self.idents([&n.var]);
                self.block(&n.body);
            }
            ItemKind::Seed(block) => self.block(block),
            ItemKind::Render(n) => {
                self.idents([&n.what, &n.var]);
                self.block(&n.body);
            }
        }
    }

    fn generics(&mut self, generics: &'a [Generic]) {
        for generic in generics {
            self.idents([&generic.name]);
            self.idents(&generic.bound);
        }
    }

    fn member(&mut self, member: &'a Member) {
        match member {
            Member::Error(_) => {}
            Member::Field(field) => self.of(Node::Field(field)),
            Member::Key { names, .. } => self.idents(names),
            Member::Unique { columns, filter, failure, .. } => {
                self.columns(columns);
                self.exprs(filter);
                self.exprs(failure);
            }
            Member::Index { columns, .. } => self.columns(columns),
            Member::Check { predicate, message, .. } => {
                self.exprs([predicate]);
                self.texts(message);
            }
            Member::Transitions { field, lines, .. } => {
                self.idents([field]);
                self.0.extend(lines.iter().map(|line| Node::Part(line.range, Part::Transition(line))));
            }
            Member::History { keep, .. } => self.exprs([keep]),
        }
    }

    fn columns(&mut self, columns: &'a [Column]) {
        self.0.extend(columns.iter().map(|column| Node::Part(column.range, Part::Column(column))));
    }

    fn ty(&mut self, ty: &'a Type) {
        match &ty.kind {
            TypeKind::Error | TypeKind::Infer => {}
            TypeKind::Name(name) => self.0.push(Node::TypeName(name)),
            TypeKind::Apply { name, args } => {
                self.0.push(Node::TypeName(name));
                self.types(args);
            }
            TypeKind::Scaled { name, .. } => self.idents([name]),
            TypeKind::Optional(inner) | TypeKind::List(inner) => self.types([&**inner]),
            TypeKind::Record(record) => {
                for part in &record.parts {
                    match part {
                        RecordTypePart::Field(param) => self.0.push(Node::Param(param)),
                        RecordTypePart::Spread(ty) => self.types([ty]),
                    }
                }
            }
            TypeKind::Function { params, result } => {
                self.types(params);
                self.types([&**result]);
            }
            TypeKind::Where { base, predicate, message } => {
                self.types([&**base]);
                self.boxed([predicate]);
                self.texts(message);
            }
        }
    }

    fn clause(&mut self, clause: &'a Clause) {
        match &clause.kind {
            ClauseKind::Error
            | ClauseKind::Public
            | ClauseKind::Live
            | ClauseKind::Trusted
            | ClauseKind::Breaking
            | ClauseKind::Status { .. } => {}
            ClauseKind::At { method, path } => {
                self.idents([method]);
                self.texts([path]);
            }
            ClauseKind::Caller { name, ty } => {
                self.idents([name]);
                self.types([ty]);
            }
            ClauseKind::Format(name) => self.idents([name]),
            ClauseKind::Requires(expr)
            | ClauseKind::Ensures(expr)
            | ClauseKind::UniqueBy(expr)
            | ClauseKind::Within(expr) => self.exprs([expr]),
            ClauseKind::Rate(rate) => self.rate(rate),
            ClauseKind::Once(once) => self.once(once),
        }
    }

    fn rate(&mut self, rate: &'a Rate) {
        self.exprs([&rate.count, &rate.per]);
        self.exprs(&rate.by);
    }

    fn once(&mut self, once: &'a Once) {
        match &once.key {
            OnceKey::Value(expr) => self.exprs([expr]),
            OnceKey::Header(text) => self.texts([text]),
        }
        self.exprs(&once.keep);
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Error | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Expr(expr) | StmtKind::Fail(expr) | StmtKind::Assert(expr) => self.exprs([expr]),
            StmtKind::If(branch) => self.0.push(Node::If(branch)),
            StmtKind::Let { pattern, ty, value } => {
                self.patterns([pattern]);
                self.types(ty);
                self.exprs([value]);
            }
            StmtKind::Var { name, ty, value } => {
                self.idents([name]);
                self.types(ty);
                self.exprs([value]);
            }
            StmtKind::Assign { name, value, .. } => {
                self.idents([name]);
                self.exprs([value]);
            }
            StmtKind::For { pattern, source, body } => {
                self.patterns([pattern]);
                self.exprs([source]);
                self.block(body);
            }
            StmtKind::While { cond, body } => {
                self.exprs([cond]);
                self.block(body);
            }
            StmtKind::Return(value) => self.exprs(value),
            StmtKind::Parallel(block) => self.block(block),
            StmtKind::Element { head, body } => {
                self.exprs([head]);
                self.block(body);
            }
            StmtKind::Form { call, body } => {
                self.exprs([call]);
                if let Some(body) = body {
                    self.block(body);
                }
            }
        }
    }

    fn branch(&mut self, branch: &'a If) {
        match &branch.cond {
            Cond::Expr(expr) => self.exprs([expr]),
            Cond::Let { pattern, value } => {
                self.patterns([pattern]);
                self.exprs([value]);
            }
        }
        self.block(&branch.then);
        match &branch.otherwise {
            Some(Else::Block(block)) => self.block(block),
            Some(Else::If(branch)) => self.0.push(Node::If(branch)),
            None => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Error | ExprKind::Literal(_) | ExprKind::Action(_) => {}
            ExprKind::Name(name) | ExprKind::TypeName(name) | ExprKind::Failed(name) => self.idents([name]),
            ExprKind::Text(text) => self.of(Node::Text(text)),
            ExprKind::List(elements) => self.exprs(elements),
            ExprKind::Map(entries) => self.0.extend(
                entries.iter().map(|entry| Node::Part(entry.key.range.cover(entry.value.range), Part::Entry(entry))),
            ),
            ExprKind::Record(record) => {
                for part in &record.parts {
                    match part {
                        RecordPart::Field { name, value } => self.named(name.as_ref(), value),
                        RecordPart::Spread(value) => self.exprs([value]),
                    }
                }
            }
            ExprKind::Field { base, name, .. } => {
                self.boxed([base]);
                self.idents(name);
            }
            ExprKind::Project { base, names, .. } => {
                self.boxed([base]);
                self.idents(names);
            }
            ExprKind::Call { callee, args, window } => {
                self.boxed([callee]);
                self.0.push(Node::Args(args));
                self.0.extend(window.iter().map(|window| Node::Window(window)));
            }
            ExprKind::Index { base, keys } => {
                self.boxed([base]);
                for key in keys {
                    self.named(key.name.as_ref(), &key.value);
                }
            }
            ExprKind::Unwrap(inner) | ExprKind::Delete(inner) | ExprKind::WaitUntil(inner) => self.boxed([inner]),
            ExprKind::Unary { operand, .. } => self.boxed([operand]),
            ExprKind::Binary { left, right, .. } | ExprKind::SetOperation { left, right, .. } => {
                self.boxed([left, right]);
            }
            ExprKind::Is { value, pattern, .. } => {
                self.boxed([value]);
                self.patterns([&**pattern]);
            }
            ExprKind::Quantifier { var, source, body, .. } => {
                self.idents([var]);
                self.boxed([source, body]);
            }
            ExprKind::If(branch) => self.branch(branch),
            ExprKind::Match { value, arms, .. } | ExprKind::Attempt { value, arms, .. } => {
                self.boxed([value]);
                self.0.extend(arms.iter().map(Node::Arm));
            }
            ExprKind::Lambda { params, body } => {
                self.idents(params);
                match body {
                    LambdaBody::Expr(expr) => self.boxed([expr]),
                    LambdaBody::Block(block) => self.block(block),
                }
            }
            ExprKind::Insert { relation, args } => {
                self.0.push(Node::TypeName(relation));
                self.0.push(Node::Args(args));
            }
            ExprKind::Upsert { relation, args, set } => {
                self.0.push(Node::TypeName(relation));
                self.0.push(Node::Args(args));
                self.0.extend(set.iter().map(Node::Assign));
            }
            ExprKind::Update { row, set } => {
                self.boxed([row]);
                self.0.extend(set.iter().map(Node::Assign));
            }
            ExprKind::UpdateEach { var, source, filter, set } => {
                self.idents([var]);
                self.boxed([source]);
                self.boxed(filter);
                self.0.extend(set.iter().map(Node::Assign));
            }
            ExprKind::DeleteEach { var, source, filter } => {
                self.idents([var]);
                self.boxed([source]);
                self.boxed(filter);
            }
            ExprKind::Rekey { row, key } => self.boxed([row, key]),
            ExprKind::Start { workflow, args } => {
                self.idents(workflow);
                self.0.push(Node::Args(args));
            }
            ExprKind::Step(step) => {
                self.exprs([&step.call]);
                self.exprs(&step.retry);
                self.exprs(&step.within);
                self.exprs(&step.undo);
            }
            ExprKind::Wait { until, within } => {
                self.boxed([until]);
                self.boxed(within);
            }
            ExprKind::CallAs { call, caller } => self.boxed([call, caller]),
            ExprKind::Else { value, otherwise } => {
                self.boxed([value]);
                self.0.push(Node::Diverge(otherwise));
            }
            ExprKind::Query(query) => {
                self.idents([&query.var]);
                self.exprs([&query.source]);
                self.0.extend(query.clauses.iter().map(Node::QueryClause));
            }
        }
    }

    fn query_clause(&mut self, clause: &'a QueryClause) {
        match &clause.kind {
            QueryClauseKind::Join { var, source, on, .. } => {
                self.idents([var]);
                self.exprs([source]);
                self.exprs(on);
            }
            QueryClauseKind::Where(expr)
            | QueryClauseKind::Select { value: expr, .. }
            | QueryClauseKind::Limit(expr)
            | QueryClauseKind::Offset(expr) => self.exprs([expr]),
            QueryClauseKind::WhereLet { name, value } => {
                self.idents([name]);
                self.exprs([value]);
            }
            QueryClauseKind::With(definitions) => {
                definitions.iter().for_each(|one| self.named(Some(&one.name), &one.value));
            }
            QueryClauseKind::GroupBy(keys) => keys.iter().for_each(|key| self.named(key.name.as_ref(), &key.value)),
            QueryClauseKind::GroupAll => {}
            QueryClauseKind::OrderBy(keys) => self.sort_keys(keys),
            QueryClauseKind::Page { size, after } => {
                self.exprs([size]);
                self.exprs(after);
            }
        }
    }

    fn scenario_line(&mut self, line: &'a ScenarioLine) {
        match &line.kind {
            ScenarioLineKind::Error | ScenarioLineKind::WorkflowsFinish => {}
            ScenarioLineKind::Given { name, value } => {
                self.idents(name);
                self.exprs([value]);
            }
            ScenarioLineKind::GivenFails { operation, failure } => {
                self.exprs([operation]);
                self.patterns([failure]);
            }
            ScenarioLineKind::GivenGives { operation, value } => self.exprs([operation, value]),
            ScenarioLineKind::For { pattern, source, lines } => {
                self.patterns([pattern]);
                self.exprs([source]);
                self.0.extend(lines.iter().map(Node::ScenarioLine));
            }
            ScenarioLineKind::When { name, act } => {
                self.idents(name);
                match act {
                    Act::Call { call, caller, fails } => {
                        self.exprs([call]);
                        self.exprs(caller);
                        self.patterns(fails);
                    }
                    Act::Times { call, caller, .. } => {
                        self.exprs([call]);
                        self.exprs(caller);
                    }
                    Act::AtOnce(block) => self.block(block),
                }
            }
            ScenarioLineKind::After(expr) | ScenarioLineKind::Then(expr) => self.exprs([expr]),
        }
    }

    fn part(&mut self, part: Part<'a>) {
        match part {
            Part::Column(column) => self.idents(&column.path),
            Part::Transition(line) => {
                self.idents([&line.from]);
                self.idents(&line.to);
            }
            Part::PolicyLine(line) => {
                for action in &line.actions {
                    self.idents(action.fields.iter().flatten());
                }
                if let Some(caller) = &line.caller {
                    self.idents([&caller.name]);
                    self.types([&caller.ty]);
                }
                self.exprs(&line.condition);
            }
            Part::BindingLine(line) => self.binding_line(line),
            Part::EvolveLine(line) => match line {
                EvolveLine::Error(_) => {}
                EvolveLine::Set { name, ty, value, .. } => {
                    self.idents([name]);
                    self.types(ty);
                    self.exprs([value]);
                }
                EvolveLine::Map { from, to, .. } => {
                    self.idents([from]);
                    self.exprs([to]);
                }
                EvolveLine::Drop { name, .. } => self.idents([name]),
            },
            Part::GoalLine(line) => match line {
                GoalLine::Error(_) => {}
                GoalLine::Load(load) => {
                    self.exprs([&load.target]);
                    self.idents([&load.metric]);
                    self.exprs([&load.bound]);
                    self.exprs(&load.rate);
                    self.0.extend(load.volumes.iter().map(|volume| Node::TypeName(&volume.relation)));
                }
                GoalLine::Holds(expr) => self.exprs([expr]),
            },
            Part::PropertyParam(param) => {
                self.idents([&param.name]);
                match &param.kind {
                    PropertyParamKind::Value(ty) => self.types([ty]),
                    PropertyParamKind::Calls(calls) => self.idents(calls),
                }
                self.exprs(&param.size);
            }
            Part::Named(name, value) => {
                self.idents(name);
                self.exprs([value]);
            }
            Part::Entry(entry) => self.exprs([&entry.key, &entry.value]),
        }
    }

    fn binding_line(&mut self, line: &'a BindingLine) {
        match line {
            BindingLine::Error(_) => {}
            BindingLine::Operation(operation) | BindingLine::Hook(operation) => {
                self.idents([&operation.method, &operation.name]);
                self.texts([&operation.path]);
                self.params([&operation.params]);
                self.types(&operation.result);
                for suffix in &operation.suffixes {
                    match suffix {
                        OperationSuffix::Fails { name, fields, .. } => {
                            self.idents([name]);
                            self.params(fields);
                        }
                        OperationSuffix::KeyIn(text) => self.texts([text]),
                        OperationSuffix::Format(name) => self.idents([name]),
                        OperationSuffix::Pages { items, next, param } => {
                            self.exprs([items, next]);
                            self.idents([param]);
                        }
                        OperationSuffix::Signed(expr) => self.exprs([expr]),
                        OperationSuffix::Once(once) => self.once(once),
                    }
                }
            }
            BindingLine::Header { name, value, .. } => {
                self.texts([name]);
                self.exprs([value]);
            }
            BindingLine::Timeout { value, .. } => self.exprs([value]),
            BindingLine::Rate { rate, .. } => self.rate(rate),
        }
    }
}

fn binding_line_range(line: &BindingLine) -> Range {
    match line {
        BindingLine::Error(range)
        | BindingLine::Header { range, .. }
        | BindingLine::Timeout { range, .. }
        | BindingLine::Rate { range, .. } => *range,
        BindingLine::Operation(operation) | BindingLine::Hook(operation) => operation.range,
    }
}

fn evolve_line_range(line: &EvolveLine) -> Range {
    match line {
        EvolveLine::Error(range)
        | EvolveLine::Set { range, .. }
        | EvolveLine::Map { range, .. }
        | EvolveLine::Drop { range, .. } => *range,
    }
}

fn goal_line_range(line: &GoalLine) -> Range {
    match line {
        GoalLine::Error(range) => *range,
        GoalLine::Load(load) => load.range,
        GoalLine::Holds(expr) => expr.range,
    }
}
