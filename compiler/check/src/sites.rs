//! The pieces of code in an item: which there are, what is in sight in each, and what type each must have.
//! Inference turns every [`Site`] into a typed body under its [`BodyPart`].

use crate::declare::Declared;
use crate::signature::{FunctionSig, RelationSig, Signature};
use crate::ty::{Symbol, Ty};
use crate::types::DeclaredParts;
use tenon_syntax::ast::{self, ItemKind};

/// Names a piece of code within its item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum BodyPart {
    /// The body of a `fn`, `query`, `handler`; the value of a `const`.
    Code,
    /// The n-th refinement of the item's declared types: the index of a [`RuleRef`](crate::ty::RuleRef).
    Rule(u32),
    /// The default of a field in a declared record type, by the index of its `RuleRef`.
    RecordDefault(u32),
    /// The n-th `check` of a relation.
    Check(u32),
    /// The default of the n-th field of a relation.
    Default(u32),
    /// The value of the n-th field of a relation, which is computed.
    Computed(u32),
    /// Part m of unique n.
    UniquePart(u32, u32),
    /// The failure after `else` of unique n.
    UniqueFailure(u32),
    /// The n-th `requires` of a function.
    Requires(u32),
    /// The n-th `ensures` of a function.
    Ensures(u32),
    /// The default of the n-th parameter.
    ParamDefault(u32),
    /// The message of an `error`.
    Message,
}

/// A piece of code of an item.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// Its name.
    pub part: BodyPart,
    /// What is in sight beside the names of the file.
    pub scope: Scope,
    /// What it must be.
    pub expected: Expected<'a>,
    /// The code.
    pub code: SiteCode<'a>,
}

/// What is in sight in a piece of code, beside the names of the file. These become
/// [`Body::params`](crate::typed::Body::params).
#[derive(Clone, PartialEq, Debug)]
pub enum Scope {
    /// Nothing more. No parameters.
    Nothing,
    /// The stored and computed fields of a row by their names; the row is the one parameter.
    Row(Symbol),
    /// The first so many parameters of the function, with its generics.
    Params(u32),
    /// All parameters and, if it gives a value, `result` as the last.
    Result,
    /// The fields of the error.
    ErrorFields,
}

/// What a piece of code must be.
#[derive(Clone, PartialEq, Debug)]
pub enum Expected<'a> {
    /// A value of this type.
    Type(Ty),
    /// A condition, with what to say when it does not hold.
    Condition(Option<&'a ast::Text>),
    /// A failure: `Taken(field: "email")`, as after `fail`.
    Failure,
}

/// The code of a [`Site`].
#[derive(Clone, Copy, Debug)]
pub enum SiteCode<'a> {
    /// An expression.
    Expr(&'a ast::Expr),
    /// A text with holes.
    Text(&'a ast::Text),
    /// A path of fields from the row: `email.lower`.
    Path(&'a [ast::Ident]),
}

/// The pieces of code of an item beside its main body ([`BodyPart::Code`]) and its refinements.
pub fn sites<'a>(tree: &'a ast::Item, signature: Option<&Signature>, declared: &Declared) -> Vec<Site<'a>> {
    let mut found = Vec::new();
    let parts = DeclaredParts::of(tree);
    for (n, (default, ty)) in parts.defaults.iter().zip(&declared.record_defaults).enumerate() {
        found.push(Site {
            part: BodyPart::RecordDefault(n as u32),
            scope: Scope::Nothing,
            expected: Expected::Type(ty.clone()),
            code: SiteCode::Expr(default),
        });
    }
    match (&tree.kind, signature) {
        (ItemKind::Relation(relation), Some(Signature::Relation(sig))) => relation_sites(relation, sig, &mut found),
        (ItemKind::Function(function), Some(Signature::Function(sig))) => function_sites(function, sig, &mut found),
        (ItemKind::Error(error), _) => found.extend(error.message.iter().map(|message| Site {
            part: BodyPart::Message,
            scope: Scope::ErrorFields,
            expected: Expected::Type(Ty::Text),
            code: SiteCode::Text(message),
        })),
        _ => {}
    }
    found
}

fn relation_sites<'a>(relation: &'a ast::Relation, sig: &RelationSig, found: &mut Vec<Site<'a>>) {
    let row = || Scope::Row(sig.symbol.clone());
    let (mut checks, mut uniques) = (0, 0);
    for member in &relation.members {
        match member {
            ast::Member::Field(field) => {
                let Some(at) = sig.fields.iter().position(|other| other.name == field.name.text) else { continue };
                let of = &sig.fields[at];
                if let Some(default) = field.default.as_ref().filter(|_| of.default) {
                    found.push(Site {
                        part: BodyPart::Default(at as u32),
                        scope: Scope::Nothing,
                        expected: Expected::Type(of.ty.clone()),
                        code: SiteCode::Expr(default),
                    });
                }
                if let Some(computed) = &field.computed {
                    found.push(Site {
                        part: BodyPart::Computed(at as u32),
                        scope: row(),
                        expected: Expected::Type(of.ty.clone()),
                        code: SiteCode::Expr(computed),
                    });
                }
            }
            ast::Member::Check { predicate, message, .. } => {
                found.push(Site {
                    part: BodyPart::Check(checks),
                    scope: row(),
                    expected: Expected::Condition(message.as_ref()),
                    code: SiteCode::Expr(predicate),
                });
                checks += 1;
            }
            ast::Member::Unique { columns, failure, .. } => {
                // Uniques that were refused have no place in the signature.
                let Some(unique) = sig.uniques.get(uniques as usize) else { continue };
                let same = unique.parts.len() == columns.len()
                    && unique.parts.iter().zip(columns).all(|(part, column)| {
                        column.path.first().is_some_and(|first| first.text == part.field)
                            && part.derived == (column.path.len() > 1)
                    });
                if !same {
                    continue;
                }
                for (n, (part, column)) in unique.parts.iter().zip(columns).enumerate() {
                    if part.derived {
                        found.push(Site {
                            part: BodyPart::UniquePart(uniques, n as u32),
                            scope: row(),
                            expected: Expected::Type(part.ty.clone()),
                            code: SiteCode::Path(&column.path),
                        });
                    }
                }
                if let Some(failure) = failure {
                    found.push(Site {
                        part: BodyPart::UniqueFailure(uniques),
                        scope: row(),
                        expected: Expected::Failure,
                        code: SiteCode::Expr(failure),
                    });
                }
                uniques += 1;
            }
            _ => {}
        }
    }
}

fn function_sites<'a>(function: &'a ast::Function, sig: &FunctionSig, found: &mut Vec<Site<'a>>) {
    for (n, param) in sig.params.iter().enumerate() {
        let written = function.params.list.iter().find(|other| other.name.text == param.name);
        if let Some(default) = written.and_then(|written| written.default.as_ref()) {
            found.push(Site {
                part: BodyPart::ParamDefault(n as u32),
                scope: Scope::Params(n as u32),
                expected: Expected::Type(param.ty.clone()),
                code: SiteCode::Expr(default),
            });
        }
    }
    let (mut requires, mut ensures) = (0, 0);
    for clause in &function.clauses {
        let (part, scope, code) = match &clause.kind {
            ast::ClauseKind::Requires(condition) => {
                requires += 1;
                (BodyPart::Requires(requires - 1), Scope::Params(sig.params.len() as u32), condition)
            }
            ast::ClauseKind::Ensures(condition) => {
                ensures += 1;
                (BodyPart::Ensures(ensures - 1), Scope::Result, condition)
            }
            _ => continue,
        };
        found.push(Site { part, scope, expected: Expected::Condition(None), code: SiteCode::Expr(code) });
    }
}
