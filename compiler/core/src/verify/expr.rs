//! Expressions: every node has the type that its parts say.

use super::Verifier;
use crate::depth::MAX_DEPTH;
use crate::ir::*;
use crate::typing::{Typing, prim_accepts};

/// What an expression may use.
pub(super) struct Scope<'a> {
    /// The variables of the function or query.
    pub vars: &'a [VarInfo],
    /// Which of them are bound here.
    pub bound: Vec<bool>,
    /// True in a query, where rows may be followed and queries nested anywhere.
    pub in_query: bool,
    /// The least kinds of all functions.
    pub least: &'a [FunctionKind],
}

impl Scope<'_> {
    pub(super) fn bind(&mut self, var: VarId) {
        if let Some(bound) = self.bound.get_mut(var.index()) {
            *bound = true;
        }
    }
}

impl Verifier<'_> {
    /// Checks an expression that must have a type.
    pub(super) fn expr_of(&mut self, what: &str, expr: &Expr, ty: &Type, scope: &mut Scope<'_>) {
        self.expr(expr, scope);
        self.same(what, &expr.ty, ty);
    }

    /// Checks an expression.
    pub(super) fn expr(&mut self, expr: &Expr, scope: &mut Scope<'_>) {
        self.node(expr, scope, 0);
    }

    fn node(&mut self, expr: &Expr, scope: &mut Scope<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            self.error("an expression nests too deeply");
            return;
        }
        self.ty(&expr.ty);
        self.variables(expr, scope, depth);
        let typing = Typing { program: self.program, vars: scope.vars };
        match &expr.kind {
            ExprKind::Literal(value) => {
                let fits = self.has_type(value, &expr.ty);
                self.check(fits, || format!("the constant {value:?} is not of its type"));
            }
            ExprKind::None => {
                self.check(matches!(expr.ty, Type::Option(_)), || "`none` is typed as no option".into());
            }
            ExprKind::Record(fields) => {
                let fits = match &expr.ty {
                    Type::Unit => fields.is_empty(),
                    Type::Record(record) => record.fields.iter().map(|(_, ty)| ty).eq(fields.iter().map(|e| &e.ty)),
                    _ => false,
                };
                self.check(fits, || "the fields of a record do not fit its type".into());
            }
            ExprKind::Variant(tag, fields) => {
                let case = match &expr.ty {
                    Type::Variant(id) => self.program.variants.get(id.index()).and_then(|v| v.cases.get(*tag as usize)),
                    _ => None,
                };
                let fits =
                    case.is_some_and(|case| case.fields.iter().map(|(_, ty)| ty).eq(fields.iter().map(|e| &e.ty)));
                self.check(fits, || format!("the fields of case {tag} do not fit its type"));
            }
            ExprKind::Collection(elements) => match expr.ty.element() {
                Some(of) => elements.iter().for_each(|e| self.same("an element", &e.ty, of)),
                None => self.error("a collection is typed as none"),
            },
            ExprKind::Map(pairs) => match &expr.ty {
                Type::Map(key, value) => pairs.iter().for_each(|(k, v)| {
                    self.same("a key", &k.ty, key);
                    self.same("a value", &v.ty, value);
                }),
                _ => self.error("a map is typed as none"),
            },
            ExprKind::Query(id, arguments) => self.nested_query(*id, arguments, &expr.ty),
            ExprKind::Prim(prim, operands, site) => {
                self.site(*site);
                let types: Vec<&Type> = operands.iter().map(|e| &e.ty).collect();
                if let Prim::Matches(regex) = prim {
                    let known = regex.index() < self.program.regexes.len();
                    self.check(known, || format!("there is no regular expression {}", regex.0));
                }
                if let Prim::Builtin(number) = prim {
                    let known = usize::from(*number) < tenon_check::builtins::BUILTINS.len();
                    self.check(known, || format!("there is no library function {number}"));
                }
                if !prim_accepts(self.program, *prim, &types, &expr.ty) {
                    let types: Vec<String> = types.iter().map(|ty| self.show(ty)).collect();
                    let message = format!("{prim:?} of ({}) gives no {}", types.join(", "), self.show(&expr.ty));
                    self.error(message);
                }
            }
            kind => {
                match typing.of(kind) {
                    Some(ty) => self.same(form(kind), &expr.ty, &ty),
                    None => self.error(format!("the parts of {} do not fit", form(kind))),
                }
                self.parts(expr, scope);
            }
        }
    }

    /// What the type of a node does not say about its parts.
    fn parts(&mut self, expr: &Expr, scope: &Scope<'_>) {
        let program = self.program;
        match &expr.kind {
            ExprKind::IsCase(of, tag) | ExprKind::CaseField(of, tag, _) => {
                let known = match &of.ty {
                    Type::Variant(id) => program.variant(*id).cases.len() > *tag as usize,
                    _ => false,
                };
                self.check(known, || format!("case {tag} is not there"));
            }
            ExprKind::Some(of) => self.check(!matches!(of.ty, Type::Option(_)), || "an option of an option".into()),
            ExprKind::IsSome(of) => {
                self.check(matches!(of.ty, Type::Option(_)), || "only an option can be absent".into())
            }
            ExprKind::Range(from, to, _) => {
                self.same("an end of a range", &from.ty, &Type::Int);
                self.same("an end of a range", &to.ty, &Type::Int);
            }
            ExprKind::If(condition, then, otherwise) => {
                self.same("a condition", &condition.ty, &Type::Bool);
                self.same("the other branch", &otherwise.ty, &then.ty);
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.same("an operand of `and` or `or`", &left.ty, &Type::Bool);
                self.same("an operand of `and` or `or`", &right.ty, &Type::Bool);
            }
            ExprKind::Let(var, value, _) => match scope.vars.get(var.index()) {
                Some(info) => self.same("the value of a variable", &value.ty, &info.ty),
                None => self.error(format!("there is no variable {}", var.0)),
            },
            ExprKind::Call(id, arguments, site) => {
                self.site(*site);
                self.arguments(*id, arguments);
                let program = self.program;
                if let (Some(function), Some(least)) = (program.functions.get(id.index()), scope.least.get(id.index()))
                {
                    let pure = *least == FunctionKind::Pure;
                    self.check(pure, || format!("{} is called in an expression, but is not pure", function.name));
                }
            }
            _ => {}
        }
    }

    /// Whether arguments fit a function.
    pub(super) fn arguments(&mut self, id: FunctionId, arguments: &[Expr]) {
        let Some(function) = self.program.functions.get(id.index()) else {
            self.error(format!("there is no function {}", id.0));
            return;
        };
        let fits = function.params.iter().map(|p| &function.vars[p.index()].ty).eq(arguments.iter().map(|e| &e.ty));
        self.check(fits, || format!("{} is called with other arguments than it takes", function.name));
    }

    fn nested_query(&mut self, id: QueryId, arguments: &[Expr], ty: &Type) {
        let Some(query) = self.program.queries.get(id.index()) else {
            self.error(format!("there is no query {}", id.0));
            return;
        };
        let fits = query.params.iter().map(|p| &query.vars[p.index()].ty).eq(arguments.iter().map(|e| &e.ty));
        self.check(fits, || format!("query {} is run with other arguments than it takes", query.name));
        let fits = match &query.output {
            Output::Collect(element) => ty.element() == Some(&element.ty),
            Output::CollectMap(key, value) => {
                matches!(ty, Type::Map(k, v) if **k == key.ty && **v == value.ty)
            }
            Output::First(element) => *ty == element.ty.clone().optional(),
            Output::One(element) => *ty == element.ty,
            Output::Exists => *ty == Type::Bool,
        };
        self.check(fits, || format!("query {} gives something of another type", query.name));
    }

    /// Variables in sight, and then the children.
    fn variables(&mut self, expr: &Expr, scope: &mut Scope<'_>, depth: usize) {
        match &expr.kind {
            ExprKind::Var(var) => {
                let name = scope.vars.get(var.index()).map(|v| v.name.clone()).unwrap_or_default();
                let bound = scope.bound.get(var.index()).copied().unwrap_or(false);
                self.check(bound, || format!("variable {name}#{} is not bound here", var.0));
            }
            ExprKind::Let(var, value, body) => {
                self.node(value, scope, depth + 1);
                let before = scope.bound.get(var.index()).copied().unwrap_or(false);
                scope.bind(*var);
                self.node(body, scope, depth + 1);
                if let Some(bound) = scope.bound.get_mut(var.index()) {
                    *bound = before;
                }
            }
            kind => {
                let reads = matches!(kind, ExprKind::Follow(_) | ExprKind::Query(..));
                self.check(scope.in_query || !reads || depth == 0, || {
                    format!("{} stands inside of an expression of a function", form(kind))
                });
                expr.children(&mut |child| self.node(child, scope, depth + 1));
            }
        }
    }
}

/// The word for a form of expression.
fn form(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Literal(_) => "a constant",
        ExprKind::Var(_) => "a variable",
        ExprKind::Field(..) => "a field",
        ExprKind::Record(_) => "a record",
        ExprKind::Variant(..) => "a variant",
        ExprKind::IsCase(..) => "a test for a case",
        ExprKind::CaseField(..) => "a field of a case",
        ExprKind::Some(_) | ExprKind::None | ExprKind::IsSome(_) => "an option",
        ExprKind::Unwrap(_) => "an unwrapped option",
        ExprKind::Collection(_) => "a collection",
        ExprKind::Map(_) => "a map",
        ExprKind::Range(..) => "a range",
        ExprKind::If(..) => "an `if`",
        ExprKind::Let(..) => "a `let`",
        ExprKind::And(..) | ExprKind::Or(..) => "a condition",
        ExprKind::Prim(..) => "a primitive",
        ExprKind::Call(..) => "a call",
        ExprKind::Query(..) => "a query",
        ExprKind::Follow(_) => "a followed reference",
        ExprKind::RefOf(_) => "a reference",
    }
}
