//! The printer: programs, functions, statements. Expressions and queries stand in their own modules.

use super::lex::{is_bare, quote};
use super::words;
use crate::ir::*;
use crate::typing::Typing;
use std::fmt::Write;
use tenon_value::fault::FIRST_DECLARED;
use tenon_value::{BuiltIn, Value};

/// Writes text form. Writing to a `String` cannot fail, so results of `write!` are dropped.
pub(super) struct Printer<'a> {
    pub(super) program: &'a Program,
    /// The variables of the function, query or scenario that is being printed.
    pub(super) vars: &'a [VarInfo],
    pub(super) out: String,
    depth: usize,
}

/// A whole program. [`super::parse`] reads it back to an equal one.
pub fn print(program: &Program) -> String {
    let mut p = Printer::new(program, &[]);
    p.program();
    p.out
}

/// One function, as in the text of its program.
pub fn print_function(program: &Program, id: FunctionId) -> String {
    let function = program.function(id);
    let mut p = Printer::new(program, &function.vars);
    p.function(function);
    p.out
}

/// One query, as in the text of its program.
pub fn print_query(program: &Program, id: QueryId) -> String {
    let query = program.query(id);
    let mut p = Printer::new(program, &query.vars);
    p.query(query);
    p.out
}

/// An expression over these variables.
pub fn print_expr(program: &Program, vars: &[VarInfo], expr: &Expr) -> String {
    let mut p = Printer::new(program, vars);
    p.expr(expr);
    p.out
}

/// A type.
pub fn print_type(program: &Program, ty: &Type) -> String {
    let mut p = Printer::new(program, &[]);
    p.ty(ty);
    p.out
}

impl<'a> Printer<'a> {
    fn new(program: &'a Program, vars: &'a [VarInfo]) -> Printer<'a> {
        Printer { program, vars, out: String::new(), depth: 0 }
    }

    pub(super) fn typing(&self) -> Typing<'a> {
        Typing { program: self.program, vars: self.vars }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Ends the line and begins the next one at the present depth.
    pub(super) fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    /// A block in braces, whose lines are one level deeper.
    pub(super) fn braces(&mut self, content: impl FnOnce(&mut Self)) {
        self.push("{");
        self.depth += 1;
        content(self);
        self.depth -= 1;
        self.line();
        self.push("}");
    }

    /// Items with commas between them.
    pub(super) fn commas<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            each(self, item);
        }
    }

    /// A name that is not a reference to anything: bare or in backquotes.
    pub(super) fn name(&mut self, name: &str) {
        if is_bare(name) {
            self.push(name);
        } else {
            let _ = write!(self.out, "`{name}`");
        }
    }

    /// A reference by name, with the number where the name alone leads elsewhere.
    fn reference<'n>(&mut self, index: usize, mut names: impl Iterator<Item = &'n str> + Clone, avoid: &[&str]) {
        match names.clone().nth(index) {
            None => {
                let _ = write!(self.out, "#{index}");
            }
            Some(name) => {
                // A name with a backquote cannot be written; its number alone says as much.
                if !name.is_empty() && !name.contains('`') {
                    self.name(name);
                }
                let clash = avoid.contains(&name) || name.is_empty() || name.contains('`');
                if clash || names.position(|n| n == name) != Some(index) {
                    let _ = write!(self.out, "#{index}");
                }
            }
        }
    }

    pub(super) fn var(&mut self, var: VarId) {
        let vars = self.vars;
        self.reference(var.index(), vars.iter().map(|v| v.name.as_str()), words::RESERVED);
    }

    pub(super) fn relation(&mut self, id: RelationId) {
        let program = self.program;
        self.reference(id.index(), program.relations.iter().map(|r| r.name.as_str()), &[]);
    }

    pub(super) fn variant(&mut self, id: VariantId) {
        let program = self.program;
        self.reference(id.index(), program.variants.iter().map(|v| v.name.as_str()), super::TYPE_WORDS);
    }

    pub(super) fn function_name(&mut self, id: FunctionId) {
        let program = self.program;
        self.reference(id.index(), program.functions.iter().map(|f| f.name.as_str()), &[]);
    }

    pub(super) fn query_name(&mut self, id: QueryId) {
        let program = self.program;
        self.reference(id.index(), program.queries.iter().map(|q| q.name.as_str()), &[]);
    }

    pub(super) fn case(&mut self, variant: VariantId, tag: u32) {
        let cases = self.program.variants.get(variant.index()).map_or(&[][..], |v| &v.cases);
        self.reference(tag as usize, cases.iter().map(|c| c.name.as_str()), &[]);
    }

    fn field(&mut self, relation: RelationId, field: FieldId) {
        let fields = self.program.relations.get(relation.index()).map_or(&[][..], |r| &r.fields);
        self.reference(field.index(), fields.iter().map(|f| f.name.as_str()), &[]);
    }

    fn error(&mut self, error: ErrorId) {
        let declared = error.0.checked_sub(FIRST_DECLARED).and_then(|i| self.program.errors.get(i as usize));
        match (BuiltIn::from_id(error), declared) {
            (Some(built_in), _) => self.push(built_in.name()),
            (None, Some(error_type)) if self.program.error_named(&error_type.name) == Some(error) => {
                self.name(&error_type.name);
            }
            _ => {
                let _ = write!(self.out, "#{}", error.0);
            }
        }
    }

    pub(super) fn site(&mut self, site: SiteId) {
        if site.0 != 0 {
            let _ = write!(self.out, " @{}", site.0);
        }
    }

    pub(super) fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Decimal(scale) => {
                let _ = write!(self.out, "Decimal({scale})");
            }
            Type::Option(of) => {
                self.ty(of);
                self.push("?");
            }
            Type::List(of) => {
                self.push("[");
                self.ty(of);
                self.push("]");
            }
            Type::Bag(of) => self.applied("Bag", of),
            Type::Set(of) => self.applied("Set", of),
            Type::Map(key, value) => {
                self.push("Map[");
                self.ty(key);
                self.push(", ");
                self.ty(value);
                self.push("]");
            }
            Type::Record(record) => {
                self.push("{");
                self.named_types(&record.fields);
                self.push("}");
            }
            Type::Variant(id) => self.variant(*id),
            Type::Ref(relation) | Type::Row(relation) => {
                self.push(if matches!(ty, Type::Ref(_)) { "Ref[" } else { "Row[" });
                self.relation(*relation);
                self.push("]");
            }
            simple => match words::word(super::SIMPLE_TYPES, simple) {
                Some(word) => self.push(word),
                None => unreachable!("every type without parts stands in the table"),
            },
        }
    }

    fn applied(&mut self, word: &str, of: &Type) {
        self.push(word);
        self.push("[");
        self.ty(of);
        self.push("]");
    }

    fn named_types(&mut self, fields: &[(Name, Type)]) {
        self.commas(fields, |p, (name, ty)| {
            p.name(name);
            p.push(": ");
            p.ty(ty);
        });
    }

    fn program(&mut self) {
        let program = self.program;
        let _ = writeln!(self.out, "program {}", quote(&program.api.title));
        for variant in &program.variants {
            self.variant_type(variant);
        }
        for (index, relation) in program.relations.iter().enumerate() {
            self.relation_type(RelationId(index as u32), relation);
        }
        for error in &program.errors {
            self.push("error ");
            self.name(&error.name);
            self.push("(");
            self.named_types(&error.fields);
            self.push(")\n");
        }
        for regex in &program.regexes {
            let _ = writeln!(self.out, "regex {}", quote(regex));
        }
        for function in &program.functions {
            self.vars = &function.vars;
            self.push("\n");
            self.function(function);
        }
        for query in &program.queries {
            self.vars = &query.vars;
            self.push("\n");
            self.query(query);
        }
        self.vars = &[];
        for endpoint in &program.endpoints {
            self.push("\nendpoint ");
            self.function_name(endpoint.function);
            if endpoint.live {
                self.push(" live");
            }
            self.site(endpoint.site);
            self.push("\n");
        }
        for scenario in &program.scenarios {
            self.vars = &scenario.vars;
            self.push("\n");
            self.scenario(scenario);
        }
        self.vars = &[];
        if let Some(main) = program.main {
            self.push("\nmain ");
            self.function_name(main);
            self.push("\n");
        }
        self.sites();
        if program.api != tenon_value::dispatch::Api::new(program.api.title.clone()) {
            let json = serde_json::to_string_pretty(&program.api)
                .expect("an interface is plain data with text keys, which JSON can hold");
            let _ = write!(self.out, "\napi {json}\n");
        }
    }

    fn sites(&mut self) {
        if super::has_only_made_up_site(self.program) {
            return;
        }
        self.push("\nsites {");
        for site in &self.program.sites {
            let _ = write!(
                self.out,
                "\n  {} {} {} {} {}..{}",
                quote(&site.file),
                quote(&site.kind),
                quote(&site.item),
                site.nth,
                site.range.start,
                site.range.end
            );
        }
        self.push("\n}\n");
    }

    fn variant_type(&mut self, variant: &VariantType) {
        self.push("variant ");
        self.name(&variant.name);
        self.push(" { ");
        self.commas(&variant.cases, |p, case| {
            p.name(&case.name);
            if !case.fields.is_empty() {
                p.push("(");
                p.named_types(&case.fields);
                p.push(")");
            }
            if let Some(wire) = &case.wire {
                let _ = write!(p.out, " as {}", quote(wire));
            }
        });
        self.push(" }\n");
    }

    fn relation_type(&mut self, id: RelationId, relation: &Relation) {
        self.push(if relation.event { "event " } else { "relation " });
        self.name(&relation.name);
        self.push(" ");
        self.braces(|p| {
            for field in &relation.fields {
                p.line();
                p.push("field ");
                p.name(&field.name);
                p.push(": ");
                p.ty(&field.ty);
                if field.secret {
                    p.push(" secret");
                }
                if field.on_delete == OnDelete::Clear {
                    p.push(" clear");
                }
                if let Some(derived) = &field.derived {
                    let _ = write!(p.out, " derived {}", quote(derived));
                }
                if let Some(initial) = &field.initial {
                    p.push(" initial ");
                    p.value(initial);
                }
            }
            p.line();
            p.push("key ");
            p.commas(&relation.key, |p, field| p.field(id, *field));
            match relation.generated {
                Generated::No => {}
                Generated::Id => p.push(" generated id"),
                Generated::Serial => p.push(" generated serial"),
            }
            for unique in &relation.uniques {
                p.line();
                p.push("unique ");
                p.commas(&unique.fields, |p, field| p.field(id, *field));
                if unique.skip_none {
                    p.push(" skip_none");
                }
            }
            for index in &relation.indexes {
                p.line();
                p.push("index ");
                p.commas(&index.fields, |p, (field, descending)| {
                    p.field(id, *field);
                    if *descending {
                        p.push(" desc");
                    }
                });
            }
        });
        self.site(relation.site);
        self.push("\n");
    }

    /// Parameters, and what the `vars` line must say: parameters that are the first variables stand with their types.
    pub(super) fn params(&mut self, params: &[VarId]) -> usize {
        let in_order = params.iter().enumerate().all(|(i, var)| var.index() == i) && params.len() <= self.vars.len();
        self.push("(");
        let vars = self.vars;
        self.commas(params, |p, var| {
            if in_order {
                p.name(&vars[var.index()].name);
                p.push(": ");
                p.ty(&vars[var.index()].ty);
            } else {
                p.var(*var);
            }
        });
        self.push(")");
        if in_order { params.len() } else { 0 }
    }

    /// The variables from number `from` on.
    pub(super) fn var_table(&mut self, from: usize) {
        let vars = self.vars;
        if vars.len() > from {
            self.line();
            self.push("vars ");
            self.commas(&vars[from..], |p, var| {
                p.name(&var.name);
                p.push(": ");
                p.ty(&var.ty);
            });
        }
    }

    fn function(&mut self, function: &Function) {
        self.push("fn ");
        self.name(&function.name);
        let declared = self.params(&function.params);
        if function.result != Type::Unit {
            self.push(" -> ");
            self.ty(&function.result);
        }
        self.push(match function.kind {
            FunctionKind::Pure => " pure",
            FunctionKind::Reads => " reads",
            FunctionKind::Writes => " writes",
        });
        self.site(function.site);
        self.push(" ");
        self.braces(|p| {
            p.var_table(declared);
            p.statements(&function.body);
        });
        self.push("\n");
    }

    fn statements(&mut self, block: &[Stmt]) {
        for stmt in block {
            self.line();
            self.statement(stmt);
        }
    }

    fn block(&mut self, block: &[Stmt]) {
        self.push(" ");
        self.braces(|p| p.statements(block));
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let(var, value) => {
                self.push("let ");
                self.var(*var);
                self.push(" = ");
                self.expr(value);
            }
            Stmt::Do(var, command, site) => {
                match var {
                    Some(var) => {
                        self.push("do ");
                        self.var(*var);
                        self.push(" <- ");
                    }
                    None => self.push("do "),
                }
                self.command(command);
                self.site(*site);
            }
            Stmt::If(condition, then, otherwise) => {
                self.push("if ");
                self.expr(condition);
                self.block(then);
                if !otherwise.is_empty() {
                    self.push(" else");
                    self.block(otherwise);
                }
            }
            Stmt::Loop(body) => {
                self.push("loop");
                self.block(body);
            }
            Stmt::ForEach(var, of, body) => {
                self.push("for ");
                self.var(*var);
                self.push(" in ");
                self.expr(of);
                self.block(body);
            }
            Stmt::Break => self.push("break"),
            Stmt::Continue => self.push("continue"),
            Stmt::Return(value) => {
                self.push("return ");
                self.expr(value);
            }
            Stmt::Fail(with, site) => {
                self.push("fail ");
                self.fail_with(with);
                self.site(*site);
            }
            Stmt::Check(check, site) => {
                self.push("check ");
                self.push(words::word(words::CHECKS, &check.kind).expect("every kind of check stands in the table"));
                self.push(" ");
                self.expr(&check.condition);
                let _ = write!(self.out, " rule {}", quote(&check.rule));
                self.site(*site);
            }
            Stmt::Problem(place, message) => {
                self.push("problem ");
                self.expr(place);
                self.push(", ");
                self.expr(message);
            }
            Stmt::RejectProblems => self.push("reject_problems"),
        }
    }

    fn fail_with(&mut self, with: &FailWith) {
        self.error(with.error);
        self.push("(");
        self.commas(&with.fields, |p, field| p.expr(field));
        self.push("; ");
        self.expr(&with.message);
        self.push(")");
    }

    fn on_unique(&mut self, fails: &[FailWith]) {
        for with in fails {
            self.push(" on_unique ");
            self.fail_with(with);
        }
    }

    fn arguments(&mut self, arguments: &[Expr]) {
        self.push("(");
        self.commas(arguments, |p, argument| p.expr(argument));
        self.push(")");
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Call(function, arguments) => {
                self.push("call ");
                self.function_name(*function);
                self.arguments(arguments);
            }
            Command::Lookup { relation, unique, key } => {
                self.push("lookup ");
                self.relation(*relation);
                if let Some(unique) = unique {
                    let _ = write!(self.out, " unique {unique}");
                }
                self.arguments(key);
            }
            Command::Insert { relation, values, on_key, on_unique } => {
                self.push("insert ");
                self.relation(*relation);
                self.push("(");
                let id = *relation;
                self.commas(values.iter().enumerate(), |p, (i, value)| {
                    p.field(id, FieldId(i as u32));
                    p.push(" = ");
                    p.expr(value);
                });
                self.push(") on_key ");
                self.fail_with(on_key);
                self.on_unique(on_unique);
            }
            Command::Update { relation, target, sets, on_gone, on_unique } => {
                self.push("update ");
                self.relation(*relation);
                self.push(" ");
                self.expr(target);
                self.push(" set (");
                let id = *relation;
                self.commas(sets, |p, (field, value)| {
                    p.field(id, *field);
                    p.push(" = ");
                    p.expr(value);
                });
                self.push(") on_gone ");
                self.fail_with(on_gone);
                self.on_unique(on_unique);
            }
            Command::Delete { relation, target, on_gone, on_restrict } => {
                self.push("delete ");
                self.relation(*relation);
                self.push(" ");
                self.expr(target);
                self.push(" on_gone ");
                self.fail_with(on_gone);
                self.push(" on_restrict ");
                self.fail_with(on_restrict);
            }
            Command::Now => self.push("now"),
            Command::NewId => self.push("new_id"),
            Command::NewUuid => self.push("new_uuid"),
            Command::RandomFloat => self.push("random_float"),
            Command::RandomInt(low, high) => {
                self.push("random_int(");
                self.expr(low);
                self.push(", ");
                self.expr(high);
                self.push(")");
            }
            Command::RandomText(length) => {
                self.push("random_text(");
                self.expr(length);
                self.push(")");
            }
            Command::Serial(relation) => {
                self.push("serial ");
                self.relation(*relation);
            }
            Command::Log(value) => {
                self.push("log(");
                self.expr(value);
                self.push(")");
            }
        }
    }

    fn scenario(&mut self, scenario: &Scenario) {
        let _ = write!(self.out, "scenario {}", quote(&scenario.name));
        self.site(scenario.site);
        self.push(" ");
        self.braces(|p| {
            p.var_table(0);
            for step in &scenario.steps {
                p.line();
                p.step(step);
            }
        });
        self.push("\n");
    }

    fn step_call(&mut self, function: FunctionId, args: &[VarId]) {
        self.function_name(function);
        self.push("(");
        self.commas(args, |p, var| p.var(*var));
        self.push(")");
    }

    fn step(&mut self, step: &ScenarioStep) {
        match step {
            ScenarioStep::Given { function, args, bind, site } => {
                self.push("given ");
                if let Some(var) = bind {
                    self.var(*var);
                    self.push(" = ");
                }
                self.step_call(*function, args);
                self.site(*site);
            }
            ScenarioStep::When { endpoint, arguments, args, times, more, bind, fails, site } => {
                let _ = write!(self.out, "when {times} {endpoint} ");
                self.step_call(*arguments, args);
                for (endpoint, arguments) in more {
                    let _ = write!(self.out, " and {endpoint} ");
                    self.function_name(*arguments);
                }
                if let Some((var, decode)) = bind {
                    self.push(" bind ");
                    self.var(*var);
                    self.push(" = ");
                    self.function_name(*decode);
                }
                if let Some((error, condition)) = fails {
                    self.push(" fails ");
                    self.error(*error);
                    if let Some(condition) = condition {
                        self.push(" where ");
                        self.function_name(*condition);
                    }
                }
                self.site(*site);
            }
            ScenarioStep::After { function, args, site } => {
                self.push("after ");
                self.step_call(*function, args);
                self.site(*site);
            }
            ScenarioStep::Then { function, args, parts, text, site } => {
                self.push("then ");
                self.step_call(*function, args);
                let _ = write!(self.out, " text {}", quote(text));
                for part in parts {
                    let _ = write!(self.out, " part {} ", quote(&part.text));
                    self.function_name(part.function);
                }
                self.site(*site);
            }
            ScenarioStep::Counts(counts) => {
                self.push("counts ");
                self.commas(counts, |p, (var, error)| {
                    p.var(*var);
                    p.push(" = ");
                    match error {
                        None => p.push("succeeded"),
                        Some(error) => {
                            p.push("failed ");
                            p.error(*error);
                        }
                    }
                });
            }
        }
    }

    /// A constant by itself; its type is known from elsewhere.
    pub(super) fn value(&mut self, value: &Value) {
        super::value::print(&mut self.out, value);
    }
}
