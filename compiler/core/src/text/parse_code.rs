//! The parser: statements, commands and steps of scenarios.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use super::words;
use crate::ir::*;

impl Parser<'_> {
    /// Statements up to and with the closing brace.
    pub(super) fn statements(&mut self) -> Parsed<Block> {
        let mut block = Vec::new();
        while !self.eat("}") {
            let stmt = self.nested(Self::statement)?;
            block.push(stmt);
        }
        Ok(block)
    }

    fn block(&mut self) -> Parsed<Block> {
        self.expect("{")?;
        self.statements()
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        if self.eat_word("let") {
            let var = self.binder()?;
            self.expect("=")?;
            let value = self.expr()?;
            Ok(Stmt::Let(self.declare(var, &value.ty), value))
        } else if self.eat_word("do") {
            let var = if matches!(self.ahead(1), Token::Punct("<-")) {
                let var = self.binder()?;
                self.expect("<-")?;
                Some(var)
            } else {
                None
            };
            let command = self.command()?;
            let site = self.site()?;
            let var = match var {
                Some(var) => {
                    let ty = self.command_type(&command);
                    Some(self.declare(var, &ty))
                }
                None => None,
            };
            Ok(Stmt::Do(var, command, site))
        } else if self.eat_word("if") {
            let condition = self.expr()?;
            let then = self.block()?;
            let otherwise = if self.eat_word("else") { self.block()? } else { Vec::new() };
            Ok(Stmt::If(condition, then, otherwise))
        } else if self.eat_word("loop") {
            Ok(Stmt::Loop(self.block()?))
        } else if self.eat_word("for") {
            let var = self.binder()?;
            self.expect_word("in")?;
            let of = self.expr()?;
            let element = of.ty.element().cloned().unwrap_or(Type::Unit);
            let var = self.declare(var, &element);
            Ok(Stmt::ForEach(var, of, self.block()?))
        } else if self.eat_word("break") {
            Ok(Stmt::Break)
        } else if self.eat_word("continue") {
            Ok(Stmt::Continue)
        } else if self.eat_word("return") {
            Ok(Stmt::Return(self.expr()?))
        } else if self.eat_word("fail") {
            let with = self.fail_with()?;
            Ok(Stmt::Fail(with, self.site()?))
        } else if self.eat_word("check") {
            let word = self.name()?;
            let Some(kind) = words::entry(words::CHECKS, &word) else {
                return self.fail(format!("`{word}` is no kind of check"));
            };
            let condition = self.expr()?;
            self.expect_word("rule")?;
            let rule = self.text()?.into();
            Ok(Stmt::Check(Check { kind, condition, rule }, self.site()?))
        } else if self.eat_word("problem") {
            let place = self.expr()?;
            self.expect(",")?;
            Ok(Stmt::Problem(place, self.expr()?))
        } else if self.eat_word("reject_problems") {
            Ok(Stmt::RejectProblems)
        } else {
            self.fail("expected a statement")
        }
    }

    fn fail_with(&mut self) -> Parsed<FailWith> {
        let error = self.error()?;
        self.expect("(")?;
        let mut fields = Vec::new();
        while !self.eat(";") {
            if !fields.is_empty() {
                self.expect(",")?;
            }
            fields.push(self.expr()?);
        }
        let message = self.expr()?;
        self.expect(")")?;
        Ok(FailWith { error, fields, message })
    }

    fn on_unique(&mut self) -> Parsed<Vec<FailWith>> {
        let mut fails = Vec::new();
        while self.eat_word("on_unique") {
            fails.push(self.fail_with()?);
        }
        Ok(fails)
    }

    fn assignments(&mut self, relation: RelationId) -> Parsed<Vec<(FieldId, Expr)>> {
        self.expect("(")?;
        let mut sets = Vec::new();
        while !self.eat(")") {
            if !sets.is_empty() {
                self.expect(",")?;
            }
            let field = self.field(relation)?;
            self.expect("=")?;
            sets.push((field, self.expr()?));
        }
        Ok(sets)
    }

    fn command(&mut self) -> Parsed<Command> {
        let word = self.name()?;
        Ok(match word.as_str() {
            "call" => Command::Call(self.function()?, self.arguments()?),
            "lookup" => {
                let relation = self.relation()?;
                let unique = if self.eat_word("unique") { Some(self.number()?) } else { None };
                Command::Lookup { relation, unique, key: self.arguments()? }
            }
            "insert" => {
                let relation = self.relation()?;
                let mut sets = self.assignments(relation)?;
                sets.sort_by_key(|(field, _)| *field);
                if sets.iter().enumerate().any(|(i, (field, _))| field.index() != i) {
                    return self.fail("an insert gives every field once");
                }
                let values = sets.into_iter().map(|(_, value)| value).collect();
                self.expect_word("on_key")?;
                let on_key = self.fail_with()?;
                Command::Insert { relation, values, on_key, on_unique: self.on_unique()? }
            }
            "update" => {
                let relation = self.relation()?;
                let target = self.expr()?;
                self.expect_word("set")?;
                let sets = self.assignments(relation)?;
                self.expect_word("on_gone")?;
                let on_gone = self.fail_with()?;
                Command::Update { relation, target, sets, on_gone, on_unique: self.on_unique()? }
            }
            "delete" => {
                let relation = self.relation()?;
                let target = self.expr()?;
                self.expect_word("on_gone")?;
                let on_gone = self.fail_with()?;
                self.expect_word("on_restrict")?;
                Command::Delete { relation, target, on_gone, on_restrict: self.fail_with()? }
            }
            "now" => Command::Now,
            "new_id" => Command::NewId,
            "new_uuid" => Command::NewUuid,
            "random_float" => Command::RandomFloat,
            "random_int" => {
                self.expect("(")?;
                let low = self.expr()?;
                self.expect(",")?;
                let high = self.expr()?;
                self.expect(")")?;
                Command::RandomInt(low, high)
            }
            "random_text" => {
                self.expect("(")?;
                let length = self.expr()?;
                self.expect(")")?;
                Command::RandomText(length)
            }
            "serial" => Command::Serial(self.relation()?),
            "log" => {
                self.expect("(")?;
                let value = self.expr()?;
                self.expect(")")?;
                Command::Log(value)
            }
            _ => return self.fail(format!("`{word}` is no command")),
        })
    }

    /// The type of a command's result.
    fn command_type(&self, command: &Command) -> Type {
        crate::typing::command_result(&self.program, command).unwrap_or(Type::Unit)
    }

    pub(super) fn scenario(&mut self, index: usize) -> Parsed<()> {
        self.expect("{")?;
        self.var_table(0, &[])?;
        let mut steps = Vec::new();
        while !self.eat("}") {
            steps.push(self.step()?);
        }
        let scenario = &mut self.program.scenarios[index];
        scenario.steps = steps;
        scenario.vars = std::mem::take(&mut self.vars);
        Ok(())
    }

    fn step_call(&mut self) -> Parsed<(FunctionId, Vec<VarId>)> {
        let function = self.function()?;
        self.expect("(")?;
        let mut args = Vec::new();
        while !self.eat(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            args.push(self.var()?);
        }
        Ok((function, args))
    }

    fn step(&mut self) -> Parsed<ScenarioStep> {
        if self.eat_word("given") {
            let bind = if matches!(self.ahead(1), Token::Punct("=")) {
                let var = self.binder()?;
                self.expect("=")?;
                Some(var)
            } else {
                None
            };
            let (function, args) = self.step_call()?;
            let ty = self.program.function(function).result.clone();
            let bind = bind.map(|var| self.declare(var, &ty));
            Ok(ScenarioStep::Given { function, args, bind, site: self.site()? })
        } else if self.eat_word("when") {
            let times = self.number()?;
            let endpoint = self.number()?;
            let (arguments, args) = self.step_call()?;
            let mut more = Vec::new();
            while self.eat_word("and") {
                more.push((self.number()?, self.function()?));
            }
            let bind = if self.eat_word("bind") {
                let var = self.binder()?;
                self.expect("=")?;
                let decode = self.function()?;
                let ty = self.program.function(decode).result.clone();
                Some((self.declare(var, &ty), decode))
            } else {
                None
            };
            let fails = if self.eat_word("fails") {
                let error = self.error()?;
                let condition = if self.eat_word("where") { Some(self.function()?) } else { None };
                Some((error, condition))
            } else {
                None
            };
            Ok(ScenarioStep::When { endpoint, arguments, args, times, more, bind, fails, site: self.site()? })
        } else if self.eat_word("after") {
            let (function, args) = self.step_call()?;
            Ok(ScenarioStep::After { function, args, site: self.site()? })
        } else if self.eat_word("then") {
            let (function, args) = self.step_call()?;
            self.expect_word("text")?;
            let text = self.text()?;
            let mut parts = Vec::new();
            while self.eat_word("part") {
                let text = self.text()?;
                parts.push(ThenPart { text, function: self.function()? });
            }
            Ok(ScenarioStep::Then { function, args, parts, text, site: self.site()? })
        } else if self.eat_word("counts") {
            let mut counts = Vec::new();
            loop {
                let var = self.binder()?;
                let var = self.declare(var, &Type::Int);
                self.expect("=")?;
                let error = if self.eat_word("succeeded") {
                    None
                } else {
                    self.expect_word("failed")?;
                    Some(self.error()?)
                };
                counts.push((var, error));
                if !self.eat(",") {
                    break;
                }
            }
            Ok(ScenarioStep::Counts(counts))
        } else {
            self.fail("expected a step")
        }
    }
}
