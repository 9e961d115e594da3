//! Functions: types of statements, variables are assigned before they are read, every path ends.

use super::Verifier;
use super::expr::Scope;
use crate::ir::*;
use crate::typing::command_result;

/// What is assigned where control goes on; `None` where it does not.
type Flow = Option<Vec<bool>>;

/// The loops around a statement: what is assigned at each `break` of the innermost one.
struct Loop {
    breaks: Flow,
}

/// What is assigned on both of two paths.
fn join(a: Flow, b: Flow) -> Flow {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.into_iter().zip(b).map(|(a, b)| a && b).collect()),
        (a, b) => a.or(b),
    }
}

impl<'p> Verifier<'p> {
    pub(super) fn function(&mut self, function: &Function, least: &[FunctionKind]) {
        let mut scope = Scope { vars: &function.vars, bound: vec![false; function.vars.len()], in_query: false, least };
        function.params.iter().for_each(|param| scope.bind(*param));
        let mut loops = Vec::new();
        let flow = self.block(&function.body, function, &mut scope, &mut loops);
        self.check(flow.is_none(), || "a path ends without `return`".into());
    }

    /// Checks statements; the scope is that at their end, where they have one.
    fn block(&mut self, block: &[Stmt], function: &Function, scope: &mut Scope<'_>, loops: &mut Vec<Loop>) -> Flow {
        for (index, stmt) in block.iter().enumerate() {
            match self.statement(stmt, function, scope, loops) {
                Some(bound) => scope.bound = bound,
                None => {
                    self.check(index + 1 == block.len(), || "a statement is never reached".into());
                    return None;
                }
            }
        }
        Some(scope.bound.clone())
    }

    /// A block that starts with what is assigned here.
    fn inner(&mut self, block: &[Stmt], function: &Function, scope: &mut Scope<'_>, loops: &mut Vec<Loop>) -> Flow {
        let before = scope.bound.clone();
        let flow = self.block(block, function, scope, loops);
        scope.bound = before;
        flow
    }

    fn assign(&mut self, var: VarId, ty: &Type, scope: &mut Scope<'_>) {
        match scope.vars.get(var.index()) {
            Some(info) => self.same(&format!("the value of variable {}", info.name), ty, &info.ty),
            None => self.error(format!("there is no variable {}", var.0)),
        }
        scope.bind(var);
    }

    fn statement(&mut self, stmt: &Stmt, function: &Function, scope: &mut Scope<'_>, loops: &mut Vec<Loop>) -> Flow {
        match stmt {
            Stmt::Let(var, value) => {
                self.expr(value, scope);
                self.assign(*var, &value.ty, scope);
            }
            Stmt::Do(var, command, site) => {
                self.site(*site);
                self.command(command, scope);
                if let Some(var) = var {
                    match command_result(self.program, command) {
                        Some(ty) => self.assign(*var, &ty, scope),
                        None => self.error("a command without a result is assigned"),
                    }
                }
            }
            Stmt::If(condition, then, otherwise) => {
                self.condition(condition, scope);
                let then = self.inner(then, function, scope, loops);
                let otherwise = self.inner(otherwise, function, scope, loops);
                return join(then, otherwise);
            }
            Stmt::Loop(body) => {
                loops.push(Loop { breaks: None });
                self.inner(body, function, scope, loops);
                return loops.pop().and_then(|l| l.breaks);
            }
            Stmt::ForEach(var, of, body) => {
                self.expr(of, scope);
                let before = scope.bound.clone();
                match of.ty.element() {
                    Some(element) => self.assign(*var, element, scope),
                    None => self.error("a loop runs over no collection"),
                }
                loops.push(Loop { breaks: None });
                self.block(body, function, scope, loops);
                loops.pop();
                // There may be no round at all.
                scope.bound = before;
            }
            Stmt::Break => {
                let here = Some(scope.bound.clone());
                match loops.last_mut() {
                    Some(innermost) => innermost.breaks = join(innermost.breaks.take(), here),
                    None => self.error("`break` stands in no loop"),
                }
                return None;
            }
            Stmt::Continue => {
                self.check(!loops.is_empty(), || "`continue` stands in no loop".into());
                return None;
            }
            Stmt::Return(value) => {
                self.expr_of("the returned value", value, &function.result, scope);
                return None;
            }
            Stmt::Fail(with, site) => {
                self.site(*site);
                self.fail_with(with, scope);
                return None;
            }
            Stmt::Check(check, site) => {
                self.site(*site);
                self.condition(&check.condition, scope);
            }
            Stmt::Problem(place, message) => {
                self.expr_of("the place of a problem", place, &Type::Text, scope);
                self.expr_of("the message of a problem", message, &Type::Text, scope);
            }
            Stmt::RejectProblems => {}
        }
        Some(scope.bound.clone())
    }

    fn condition(&mut self, condition: &Expr, scope: &mut Scope<'_>) {
        self.expr_of("a condition", condition, &Type::Bool, scope);
    }

    fn fail_with(&mut self, with: &FailWith, scope: &mut Scope<'_>) {
        with.fields.iter().for_each(|field| self.expr(field, scope));
        let types: Vec<Type> = with.fields.iter().map(|field| field.ty.clone()).collect();
        self.error_fields(with.error, &types);
        self.expr_of("the message of a failure", &with.message, &Type::Text, scope);
    }

    fn on_unique(&mut self, relation: &Relation, on_unique: &[FailWith], scope: &mut Scope<'_>) {
        let fits = on_unique.len() == relation.uniques.len();
        self.check(fits, || {
            format!(
                "{} failures stand for the {} uniques of {}",
                on_unique.len(),
                relation.uniques.len(),
                relation.name
            )
        });
        on_unique.iter().for_each(|with| self.fail_with(with, scope));
    }

    fn command(&mut self, command: &Command, scope: &mut Scope<'_>) {
        let program = self.program;
        match command {
            Command::Call(id, arguments) => {
                arguments.iter().for_each(|argument| self.expr(argument, scope));
                self.arguments(*id, arguments);
            }
            Command::Lookup { relation, unique, key } => {
                let Some(relation) = self.relation_of(*relation) else { return };
                let fields = match unique {
                    None => &relation.key,
                    Some(index) => match relation.uniques.get(*index as usize) {
                        Some(unique) => &unique.fields,
                        None => return self.error(format!("{} has no unique {index}", relation.name)),
                    },
                };
                key.iter().for_each(|value| self.expr(value, scope));
                let fits = fields.iter().map(|field| &relation.field(*field).ty).eq(key.iter().map(|e| &e.ty));
                self.check(fits, || format!("the values of a look-up in {} do not fit", relation.name));
            }
            Command::Insert { relation, values, on_key, on_unique } => {
                let Some(relation) = self.relation_of(*relation) else { return };
                values.iter().for_each(|value| self.expr(value, scope));
                let fits = relation.fields.iter().map(|field| &field.ty).eq(values.iter().map(|e| &e.ty));
                self.check(fits, || format!("the values of an insert into {} do not fit its fields", relation.name));
                self.fail_with(on_key, scope);
                self.on_unique(relation, on_unique, scope);
            }
            Command::Update { relation: id, target, sets, on_gone, on_unique } => {
                let Some(relation) = self.relation_of(*id) else { return };
                self.expr_of("the target of an update", target, &Type::Ref(*id), scope);
                for (i, (field, value)) in sets.iter().enumerate() {
                    self.expr(value, scope);
                    let Some(info) = relation.fields.get(field.index()) else {
                        self.error(format!("{} has no field {}", relation.name, field.0));
                        continue;
                    };
                    self.same(&format!("the new value of {}", info.name), &value.ty, &info.ty);
                    self.check(!relation.key.contains(field), || format!("an update sets {}, a key", info.name));
                    self.check(sets[..i].iter().all(|(f, _)| f != field), || format!("{} is set twice", info.name));
                }
                self.fail_with(on_gone, scope);
                self.on_unique(relation, on_unique, scope);
            }
            Command::Delete { relation: id, target, on_gone, on_restrict } => {
                if self.relation_of(*id).is_none() {
                    return;
                }
                self.expr_of("the target of a delete", target, &Type::Ref(*id), scope);
                self.fail_with(on_gone, scope);
                self.fail_with(on_restrict, scope);
            }
            Command::RandomInt(low, high) => {
                self.expr_of("the least random number", low, &Type::Int, scope);
                self.expr_of("the greatest random number", high, &Type::Int, scope);
            }
            Command::RandomText(length) => self.expr_of("the length of a random text", length, &Type::Int, scope),
            Command::Serial(id) => {
                let serial = program.relations.get(id.index()).is_some_and(|r| r.generated == Generated::Serial);
                self.check(serial, || "a number is drawn for a relation without serial keys".into());
            }
            Command::Log(value) => self.expr(value, scope),
            Command::Now | Command::NewId | Command::NewUuid | Command::RandomFloat => {}
        }
    }

    fn relation_of(&mut self, id: RelationId) -> Option<&'p Relation> {
        let relation = self.program.relations.get(id.index());
        self.check(relation.is_some(), || format!("there is no relation {}", id.0));
        relation
    }
}
