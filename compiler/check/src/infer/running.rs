//! What this version cannot run, as far as one body tells. The rest, which needs the bodies of the functions that are
//! called, is found when the whole program is lowered.
//!
//! - A function value has no form at run time: it is passed to a function, or bound by `let`.
//! - A query is one plan: nothing in it leaves, loops, assigns, or asks for chance. (The ways out of a *function* that a
//!   query calls become branches; what stands in the query itself has none.)

use super::engine::Infer;
use super::facts::strip;
use crate::builtins::{Builtin, Need};
use crate::signature::Signature;
use crate::ty::{Symbol, Ty};
use crate::typed::{Arg, Expr, ExprKind, Pattern, PatternKind, Stmt, for_each_child};
use tenon_diagnostics::Code;
use tenon_span::Range;

/// Where an expression stands.
#[derive(Clone, Copy)]
struct Place {
    in_query: bool,
    /// A function value may stand here.
    takes_function: bool,
}

impl Infer<'_> {
    /// Complains about what a body asks for that cannot be run.
    pub(super) fn refuse_what_cannot_run(&mut self, value: &Expr) {
        self.look(value, Place { in_query: false, takes_function: false });
    }

    fn refuse(&mut self, range: Range, message: &str) {
        self.error(Code::NotSupported, range, message, "not run by this version");
    }

    fn look(&mut self, expr: &Expr, place: Place) {
        let plain = Place { takes_function: false, ..place };
        let taking = Place { takes_function: true, ..place };
        match &expr.kind {
            ExprKind::Lambda(_, body) => {
                self.stored_function(expr, place);
                self.look(body, plain);
            }
            ExprKind::FnValue(..) => self.stored_function(expr, place),
            ExprKind::Local(_) if matches!(self.base(&expr.ty), Ty::Fn(..)) => self.stored_function(expr, place),
            ExprKind::Call { function, args, types } => {
                if types.iter().any(|ty| matches!(self.base(ty), Ty::Fn(..))) {
                    let range = self.given_as_value(function, args).unwrap_or(expr.range);
                    let message = "a type parameter stands for values, and a function is none: take it as `fn(…) -> …`";
                    self.refuse(range, message);
                }
                for arg in args {
                    if let Arg::Value(value) = arg {
                        self.look(value, taking);
                    }
                }
            }
            ExprKind::CallValue(callee, args) => {
                self.look(callee, taking);
                args.iter().for_each(|arg| self.look(arg, taking));
            }
            ExprKind::Builtin(builtin, args) => {
                if place.in_query && asks_the_world(*builtin) {
                    self.refuse(
                        expr.range,
                        "chance and the log have no place inside a query: bind the value before it",
                    );
                }
                args.iter().for_each(|arg| self.look(arg, taking));
            }
            ExprKind::Convert(_, value) => self.look(value, place),
            ExprKind::Block(stmts, value) => {
                stmts.iter().for_each(|stmt| self.look_at_statement(stmt, plain));
                if let Some(value) = value {
                    self.look(value, place);
                }
            }
            ExprKind::Query(_) => {
                let inside = Place { in_query: true, takes_function: false };
                for_each_child(expr, &mut |part| self.look(part, inside));
            }
            ExprKind::Assert(..) if place.in_query => self.refuse(expr.range, "a query cannot assert in its middle"),
            ExprKind::Else(value, _) if place.in_query => {
                self.look(value, plain);
                self.leaves_query(expr.range);
            }
            ExprKind::Fail { .. } | ExprKind::Return(_) | ExprKind::Break | ExprKind::Continue if place.in_query => {
                self.leaves_query(expr.range);
            }
            _ => for_each_child(expr, &mut |part| self.look(part, plain)),
        }
    }

    /// The function that is given for a parameter whose type is a type parameter.
    fn given_as_value(&self, function: &Symbol, args: &[Arg]) -> Option<Range> {
        let Some(Signature::Function(sig)) = self.ctx.signature(function) else { return None };
        sig.params.iter().zip(args).find_map(|(param, arg)| match arg {
            Arg::Value(value) if matches!(param.ty, Ty::Param(_)) && matches!(self.base(&value.ty), Ty::Fn(..)) => {
                Some(value.range)
            }
            _ => None,
        })
    }

    fn stored_function(&mut self, expr: &Expr, place: Place) {
        if !place.takes_function {
            self.refuse(expr.range, "a function value may only be passed to a function or bound by `let`");
        }
    }

    fn leaves_query(&mut self, range: Range) {
        self.refuse(range, "a query cannot leave in its middle: test before it");
    }

    fn look_at_statement(&mut self, stmt: &Stmt, place: Place) {
        match stmt {
            Stmt::Let(pattern, value) => {
                if place.in_query && self.declares_variable(pattern) {
                    self.refuse(value.range, "a query cannot assign to a variable");
                }
                self.look(value, Place { takes_function: true, ..place });
            }
            Stmt::Assign(_, value) if place.in_query => {
                self.refuse(value.range, "a query cannot assign to a variable");
            }
            Stmt::For(_, _, body) | Stmt::While(_, body) if place.in_query => self.refuse(
                body.range,
                "a query cannot run a loop: write it as a query, or as a function without the store",
            ),
            Stmt::LetElse(_, value, otherwise) => {
                self.look(value, place);
                match place.in_query {
                    true => self.leaves_query(otherwise.range),
                    false => self.look(otherwise, place),
                }
            }
            Stmt::Assign(_, value) | Stmt::Expr(value) => self.look(value, place),
            Stmt::For(_, source, body) | Stmt::While(source, body) => {
                self.look(source, place);
                self.look(body, place);
            }
        }
    }

    fn declares_variable(&self, pattern: &Pattern) -> bool {
        match &pattern.kind {
            PatternKind::Bind(local) => self.locals.get(local.0 as usize).is_some_and(|local| local.mutable),
            _ => false,
        }
    }

    /// Complains about a table of a scenario whose rows are not written out.
    pub(super) fn refuse_open_table(&mut self, pattern: &Pattern, source: &Expr) {
        match &strip(source).kind {
            ExprKind::Error => {}
            ExprKind::Collection(rows) => {
                if let Some(row) =
                    rows.iter().find(|row| !matches!(row.kind, ExprKind::Error) && !is_written(pattern, row))
                {
                    self.refuse(row.range, "a row of a table is written out: `(a: 1, b: 2)`");
                }
            }
            _ => self.refuse(source.range, "a table is written out in the scenario: `for (a, b) in [(…), (…)]`"),
        }
    }
}

fn asks_the_world(builtin: Builtin) -> bool {
    matches!(builtin.info().need, Need::Random | Need::Log)
}

/// True if the parts of a row are written where the pattern wants them.
fn is_written(pattern: &Pattern, row: &Expr) -> bool {
    match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Bind(_) => true,
        PatternKind::Record(fields, None) => match &strip(row).kind {
            ExprKind::Record(values) => fields.iter().all(|(name, pattern)| {
                values.iter().find(|(n, _)| n == name).is_some_and(|(_, value)| is_written(pattern, value))
            }),
            _ => false,
        },
        _ => false,
    }
}
