//! Types of names and expressions: what the checker made of the code of an item.

use crate::Analysis;
use tenon_check::bodies::{MainCode, main_code, parts, result_type, rules};
use tenon_check::db::Db;
use tenon_check::declare::{declared, signature};
use tenon_check::items::Item;
use tenon_check::signature::{ErrorSig, FunctionSig, RelationSig, Signature, TypeBody, TypeSig};
use tenon_check::ty::{FieldTy, Symbol, Ty};
use tenon_check::typed::children;
use tenon_check::typed::{Arg, Conversion, Expr, ExprKind, Local, Step, StepKind};
use tenon_check::uses::{Meaning, Use};
use tenon_span::Range;

/// A piece of typed code: its locals, and the expressions in it that are in no other.
pub(crate) struct TypedCode<'db> {
    /// All locals.
    pub locals: &'db [Local],
    /// The outermost expressions.
    pub roots: Vec<&'db Expr>,
}

/// The typed code of an item.
pub(crate) fn typed_code<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<TypedCode<'db>> {
    let has = declared(db, item).has;
    let mut found = Vec::new();
    if has.main {
        match &main_code(db, item).code {
            MainCode::None => {}
            MainCode::Body(body) => found.push(TypedCode { locals: &body.locals, roots: vec![&body.value] }),
            MainCode::Scenario(scenario) => {
                let mut roots = Vec::new();
                steps(&scenario.steps, &mut roots);
                found.push(TypedCode { locals: &scenario.locals, roots });
            }
        }
    }
    if has.rules {
        let of = rules(db, item).rules.iter();
        found.extend(of.map(|rule| TypedCode { locals: &rule.body.locals, roots: vec![&rule.body.value] }));
    }
    if has.parts {
        let of = parts(db, item);
        found.extend(of.bodies.iter().map(|(_, body)| TypedCode { locals: &body.locals, roots: vec![&body.value] }));
        let conditions = of.rules.iter();
        found
            .extend(conditions.map(|(_, rule)| TypedCode { locals: &rule.body.locals, roots: vec![&rule.body.value] }));
    }
    found
}

fn steps<'db>(list: &'db [Step], roots: &mut Vec<&'db Expr>) {
    for step in list {
        match &step.kind {
            StepKind::Given { value, .. } => roots.push(value),
            StepKind::When { args, more, .. } => {
                let all = args.iter().chain(more.iter().flat_map(|(_, args)| args));
                roots.extend(all.filter_map(|arg| match arg {
                    Arg::Value(value) => Some(value),
                    Arg::Default | Arg::Absent => None,
                }));
            }
            StepKind::After(value) => roots.push(value),
            StepKind::Then(value, _) => roots.push(value),
            StepKind::For { source, steps: inner, .. } => {
                roots.push(source);
                steps(inner, roots);
            }
        }
    }
}

/// The innermost expression that `fits`, of those that cover the range; of several at one place the outermost.
pub(crate) fn find_expr<'db>(code: &[TypedCode<'db>], range: Range, fits: &dyn Fn(&Expr) -> bool) -> Option<&'db Expr> {
    fn visit<'e>(expr: &'e Expr, range: Range, fits: &dyn Fn(&Expr) -> bool, best: &mut Option<&'e Expr>) {
        let covers = expr.range.start <= range.start && range.end <= expr.range.end;
        if covers && fits(expr) && best.is_none_or(|best| expr.range.len() < best.range.len()) {
            *best = Some(expr);
        }
        // What is made up stands at the place of what it was made for, so children may lie outside.
        children(expr).into_iter().for_each(|child| visit(child, range, fits, best));
    }
    let mut best = None;
    for root in code.iter().flat_map(|code| &code.roots) {
        visit(root, range, fits, &mut best);
    }
    best
}

/// The fields of a case as code sees them.
pub(crate) fn seen(field: &FieldTy) -> Ty {
    if field.absent { field.ty.clone().optional() } else { field.ty.clone() }
}

impl Analysis {
    pub(crate) fn relation(&self, symbol: &Symbol) -> Option<&RelationSig> {
        match signature(&self.db, symbol)? {
            Signature::Relation(sig) => Some(sig),
            _ => None,
        }
    }

    pub(crate) fn function(&self, symbol: &Symbol) -> Option<&FunctionSig> {
        match signature(&self.db, symbol)? {
            Signature::Function(sig) => Some(sig),
            _ => None,
        }
    }

    pub(crate) fn type_sig(&self, symbol: &Symbol) -> Option<&TypeSig> {
        match signature(&self.db, symbol)? {
            Signature::Type(sig) => Some(sig),
            _ => None,
        }
    }

    pub(crate) fn error_sig(&self, symbol: &Symbol) -> Option<&ErrorSig> {
        match signature(&self.db, symbol)? {
            Signature::Error(sig) => Some(sig),
            _ => None,
        }
    }

    /// The type of what a name stands for: of an item the type of its value, of a field, parameter or local its own.
    pub(crate) fn type_of_meaning(&self, item: Item<'_>, meaning: &Meaning) -> Option<Ty> {
        let db = &self.db;
        Some(match meaning {
            Meaning::Item(symbol) => match signature(db, symbol)? {
                Signature::Type(sig) => match &sig.body {
                    TypeBody::Alias(ty) => ty.clone(),
                    TypeBody::Variant(_) => {
                        let params = sig.generics.iter().map(|generic| Ty::Param(generic.name.clone()));
                        Ty::Variant(symbol.clone(), params.collect())
                    }
                },
                Signature::Relation(_) => Ty::Row(symbol.clone()),
                Signature::Function(_) | Signature::Const(_) => result_type(db, symbol),
                Signature::Error(_) | Signature::Unsupported(_) => return None,
            },
            Meaning::Field(owner, name) => match signature(db, owner)? {
                Signature::Relation(sig) => sig.field(name)?.ty.clone(),
                Signature::Error(sig) => seen(sig.fields.iter().find(|field| field.name == *name)?),
                _ => return None,
            },
            Meaning::Inverse(relation, _) => Ty::bag(Ty::Row(relation.clone())),
            Meaning::Case(owner, _) => Ty::Variant(owner.clone(), [].into()),
            Meaning::CaseField(owner, case, name) => match &self.type_sig(owner)?.body {
                TypeBody::Variant(cases) => {
                    let fields = &cases.iter().find(|other| other.name == *case)?.fields;
                    seen(fields.iter().find(|field| field.name == *name)?)
                }
                TypeBody::Alias(_) => return None,
            },
            Meaning::RecordField(record, name) => seen(record.field(name)?),
            Meaning::Parameter(owner, name) => {
                let param = self.function(owner)?.params.iter().find(|param| param.name == *name)?;
                if param.absent { param.ty.clone().optional() } else { param.ty.clone() }
            }
            Meaning::Local(range) => {
                let code = typed_code(db, item);
                let mut locals = code.iter().flat_map(|code| code.locals);
                locals.rfind(|local| local.range == *range)?.ty.clone()
            }
            Meaning::Given(name) => {
                let code = typed_code(db, item);
                let mut locals = code.iter().flat_map(|code| code.locals);
                locals.find(|local| local.name == *name && local.range.is_empty())?.ty.clone()
            }
            Meaning::Module(_) | Meaning::Builtin(_) | Meaning::BuiltinType(_) | Meaning::TypeParameter(_) => {
                return None;
            }
        })
    }

    /// The type that a name has where it stands: narrower than what is declared, where a test says so.
    pub(crate) fn type_at(&self, item: Item<'_>, found: &Use) -> Option<Ty> {
        let narrow = matches!(
            found.meaning,
            Meaning::Local(_)
                | Meaning::Given(_)
                | Meaning::Parameter(..)
                | Meaning::Field(..)
                | Meaning::RecordField(..)
        ) || matches!(found.meaning, Meaning::Builtin(_));
        if narrow {
            let code = typed_code(&self.db, item);
            // What a place makes of a value is not the value's type; what a test says of it is.
            let own = |expr: &Expr| {
                let converted = match &expr.kind {
                    ExprKind::Convert(conversion, _) => !matches!(conversion, Conversion::Present),
                    _ => false,
                };
                !converted && expr.range.end == found.range.end && !matches!(expr.ty, Ty::Error | Ty::Unit)
            };
            if let Some(expr) = find_expr(&code, found.range, &own) {
                return Some(expr.ty.clone());
            }
        }
        self.type_of_meaning(item, &found.meaning)
    }
}
