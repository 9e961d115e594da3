//! What the call around the cursor takes: of a function, a new row, a case, an error, a primitive.

use crate::Analysis;
use crate::answer::FilePosition;
use crate::locate::Place;
use crate::markup::Markup;
use crate::node::Node;
use crate::occurrences::occurrences;
use serde::Serialize;
use smol_str::SmolStr;
use tenon_check::bodies::result_type;
use tenon_check::builtins::Builtin;
use tenon_check::declare::signature;
use tenon_check::items::tree;
use tenon_check::names::{Resolution, resolve};
use tenon_check::show::Shown;
use tenon_check::signature::{GeneratedKey, Signature, TypeBody};
use tenon_check::ty::{FieldTy, Symbol, Ty};
use tenon_check::uses::Meaning;
use tenon_span::Range;
use tenon_syntax::ast;
use tenon_syntax::words::TokenKind;

/// What a call takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignatureHelp {
    /// The whole: `place_order(sku: Text, qty: Int) -> Order`.
    pub label: String,
    /// Its parameters.
    pub parameters: Vec<ParameterHelp>,
    /// The index of the parameter that the cursor is at; none past the last, and where a name is not known.
    pub active: Option<u32>,
    /// Its documentation.
    pub documentation: Option<Markup>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ParameterHelp {
    /// Its name.
    pub name: String,
    /// Where it stands in the label, in bytes.
    pub range: Range,
    /// True if it may be left out.
    pub optional: bool,
}

/// A callee with its parameters.
pub(crate) struct Called {
    /// What stands before the parenthesis.
    pub name: String,
    /// Names, types, and whether each may be left out.
    pub params: Vec<(SmolStr, Ty, bool)>,
    /// The type of the value; none for what gives none.
    pub result: Option<Ty>,
    /// Documentation.
    pub doc: String,
    /// True where every argument is named: fields of a row.
    pub named: bool,
    /// How many of the parameters are given before the parenthesis: the value that a method is called on.
    pub given: usize,
}

/// A call in the tree, as far as completion and signature help look at it.
pub(crate) struct CallSite<'a> {
    /// The arguments.
    pub args: &'a ast::Args,
    /// Where the name of what is called stands.
    pub callee: Range,
    /// Called on a value: `x.f(…)`.
    pub method: bool,
    /// `insert`, `upsert` and `given` name every argument.
    pub row: bool,
}

impl Analysis {
    /// What the innermost call around a position takes; `None` outside of the parentheses of a call.
    pub fn signature_help(&self, position: &FilePosition) -> Option<SignatureHelp> {
        let place = self.locate(position)?;
        let tree = tree(&self.db, place.item).as_ref()?;
        let call = call_around(tree, place.code_offset)?;
        let called = self.called(&place, &call)?;
        let mut label = format!("{}(", called.name);
        let mut parameters = Vec::new();
        for (n, (name, ty, optional)) in called.params.iter().enumerate().skip(called.given) {
            if n > called.given {
                label.push_str(", ");
            }
            let start = label.len() as u32;
            label.push_str(&format!("{name}{}: {}", if *optional { "?" } else { "" }, Shown(ty)));
            let range = Range::new(start, label.len() as u32);
            parameters.push(ParameterHelp { name: name.to_string(), range, optional: *optional });
        }
        label.push(')');
        if let Some(result) = called.result.as_ref().filter(|ty| !matches!(ty, Ty::Unit | Ty::Error)) {
            label.push_str(&format!(" -> {}", Shown(result)));
        }
        let active = active(&place, &call, &called);
        let documentation = (!called.doc.is_empty()).then(|| Markup(called.doc.clone()));
        Some(SignatureHelp { label, parameters, active, documentation })
    }

    /// What a call is of.
    pub(crate) fn called(&self, place: &Place<'_>, call: &CallSite<'_>) -> Option<Called> {
        let noted = occurrences(&self.db, place.item).iter();
        let meaning = noted
            .filter(|found| found.range == call.callee)
            .map(|found| found.meaning.clone())
            .find(|of| matches!(of, Meaning::Item(_) | Meaning::Case(..) | Meaning::Builtin(_) | Meaning::Local(_)));
        let meaning = match meaning {
            Some(meaning) => meaning,
            // Arguments that do not fit leave a name unresolved at times: it is looked up by itself.
            None => {
                let name = SmolStr::new(call.callee.slice(&place.parsed.code));
                match resolve(&self.db, place.file, name.clone()) {
                    Resolution::Item(symbol) => Meaning::Item(symbol.clone()),
                    _ => Meaning::Builtin(*Builtin::named(&name).iter().find(|of| of.scheme().receiver.is_none())?),
                }
            }
        };
        self.called_by(&meaning, call.method, call.row, place)
    }

    pub(crate) fn called_by(&self, meaning: &Meaning, method: bool, row: bool, place: &Place<'_>) -> Option<Called> {
        let field = |field: &FieldTy| (field.name.clone(), field.ty.clone(), field.absent || field.default.is_some());
        match meaning {
            Meaning::Item(symbol) => match signature(&self.db, symbol) {
                Some(Signature::Function(sig)) => Some(Called {
                    name: symbol.name.to_string(),
                    params: sig.params.iter().map(|p| (p.name.clone(), p.ty.clone(), p.absent || p.default)).collect(),
                    result: Some(result_type(&self.db, symbol)),
                    doc: sig.doc.to_string(),
                    named: false,
                    given: usize::from(method).min(sig.params.len()),
                }),
                Some(Signature::Relation(sig)) if row => {
                    let generated = |name: &SmolStr| sig.generated != GeneratedKey::No && sig.key.contains(name);
                    let stored = sig.fields.iter().filter(|field| !field.computed && !generated(&field.name));
                    Some(Called {
                        name: symbol.name.to_string(),
                        params: stored
                            .map(|field| {
                                let optional = field.default || matches!(field.ty.base(), Ty::Option(_));
                                (field.name.clone(), field.ty.clone(), optional)
                            })
                            .collect(),
                        result: Some(Ty::Row(symbol.clone())),
                        doc: sig.doc.to_string(),
                        named: true,
                        given: 0,
                    })
                }
                Some(Signature::Error(sig)) => {
                    let mut params: Vec<(SmolStr, Ty, bool)> = sig.fields.iter().map(field).collect();
                    params.push((SmolStr::new_static("message"), Ty::Text, true));
                    Some(self.plain(symbol, params, None, &sig.doc))
                }
                Some(Signature::Type(sig)) => match &sig.body {
                    TypeBody::Alias(ty @ Ty::Refined(base, _)) => {
                        let params = vec![(SmolStr::new_static("value"), Ty::clone(base), false)];
                        Some(self.plain(symbol, params, Some(ty.clone().optional()), &sig.doc))
                    }
                    TypeBody::Alias(ty @ Ty::Record(record)) => {
                        let params = record.fields.iter().map(field).collect();
                        Some(self.plain(symbol, params, Some(ty.clone()), &sig.doc))
                    }
                    _ => None,
                },
                None if symbol.module == "tenon" => {
                    let params = vec![(SmolStr::new_static("message"), Ty::Text, true)];
                    Some(self.plain(symbol, params, None, ""))
                }
                _ => None,
            },
            Meaning::Case(owner, case) => {
                let TypeBody::Variant(cases) = &self.type_sig(owner)?.body else { return None };
                let of = cases.iter().find(|other| other.name == *case)?;
                let result = Ty::Variant(owner.clone(), [].into());
                let named = Symbol { module: owner.module.clone(), name: case.clone() };
                Some(self.plain(&named, of.fields.iter().map(field).collect(), Some(result), &of.doc))
            }
            Meaning::Builtin(builtin) => {
                let scheme = builtin.scheme();
                Some(Called {
                    name: scheme.name.to_string(),
                    params: scheme.params.iter().map(|(name, ty)| (name.clone(), ty.clone(), false)).collect(),
                    result: Some(scheme.result.clone()),
                    doc: builtin.info().doc.to_owned(),
                    named: false,
                    given: 0,
                })
            }
            Meaning::Local(_) => match self.type_of_meaning(place.item, meaning)?.base() {
                Ty::Fn(params, result) => Some(Called {
                    name: self.name_at(place, meaning),
                    params: params
                        .iter()
                        .enumerate()
                        .map(|(n, ty)| (smol_str::format_smolstr!("{}", n + 1), ty.clone(), false))
                        .collect(),
                    result: Some(Ty::clone(result)),
                    doc: String::new(),
                    named: false,
                    given: 0,
                }),
                _ => None,
            },
            _ => None,
        }
    }

    fn name_at(&self, place: &Place<'_>, meaning: &Meaning) -> String {
        match meaning {
            Meaning::Local(range) => range.slice(&place.parsed.code).to_owned(),
            _ => String::new(),
        }
    }

    fn plain(&self, symbol: &Symbol, params: Vec<(SmolStr, Ty, bool)>, result: Option<Ty>, doc: &str) -> Called {
        Called { name: symbol.name.to_string(), params, result, doc: doc.to_owned(), named: false, given: 0 }
    }
}

/// The innermost call whose parentheses are around an offset of the code.
pub(crate) fn call_around(tree: &ast::Item, offset: u32) -> Option<CallSite<'_>> {
    let mut best: Option<CallSite<'_>> = None;
    let inside = |args: &ast::Args| {
        args.range.start < offset && offset <= args.range.end.saturating_sub(1).max(args.range.start + 1)
    };
    Node::Item(tree).walk(&mut |node| {
        let range = node.range();
        if offset < range.start || range.end < offset {
            return false;
        }
        let Node::Expr(expr) = node else { return true };
        let found = match &expr.kind {
            ast::ExprKind::Call { callee, args, .. } if inside(args) => match &callee.kind {
                ast::ExprKind::Name(name) | ast::ExprKind::TypeName(name) => {
                    Some(CallSite { args, callee: name.range, method: false, row: false })
                }
                ast::ExprKind::Field { name: Some(name), base, .. } => {
                    // `State.Open(…)` and `billing.quote(…)` are called on nothing.
                    let method = !matches!(base.kind, ast::ExprKind::TypeName(_));
                    Some(CallSite { args, callee: name.range, method, row: false })
                }
                _ => None,
            },
            ast::ExprKind::Insert { relation, args } if inside(args) => {
                Some(CallSite { args, callee: relation.name.range, method: false, row: true })
            }
            ast::ExprKind::Upsert { relation, args, .. } if inside(args) => {
                Some(CallSite { args, callee: relation.name.range, method: false, row: true })
            }
            _ => None,
        };
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| found.args.range.len() <= best.args.range.len())
        {
            best = Some(found);
        }
        true
    });
    // `given Order(…)` makes a row as `insert` does.
    if let (Some(call), ast::ItemKind::Scenario(_)) = (&mut best, &tree.kind)
        && !call.method
    {
        call.row = true;
    }
    best
}

/// Which parameter the cursor is at.
fn active(place: &Place<'_>, call: &CallSite<'_>, called: &Called) -> Option<u32> {
    let tokens = place.parsed.tokens.tokens();
    let offset = place.code_offset;
    // The argument begins after the last comma before the cursor that is directly within the parentheses.
    let mut depth = 0i32;
    let mut index = 0usize;
    let mut begins = call.args.range.start + 1;
    for token in tokens.iter().filter(|t| t.range.start > call.args.range.start && t.range.end <= offset) {
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth -= 1;
        } else if token.kind == TokenKind::Comma && depth == 0 {
            index += 1;
            begins = token.range.end;
        }
    }
    let count = called.params.len() - called.given;
    let position_of =
        |name: &str| called.params.iter().skip(called.given).position(|(param, ..)| param == name).map(|at| at as u32);
    let within = call.args.list.iter().find(|arg| begins <= arg.range.start && arg.range.start <= offset);
    if let Some(arg) = within {
        if let Some(name) = &arg.name {
            return position_of(&name.text);
        }
        let named = call.args.list.iter().any(|arg| arg.name.is_some());
        if let ast::ExprKind::Name(name) = &arg.value.kind
            && (named || called.named)
            && let Some(at) = position_of(&name.text)
        {
            return Some(at);
        }
    }
    if called.named {
        // The first field that is not given yet.
        let given = |name: &SmolStr| {
            call.args.list.iter().any(|arg| match (&arg.name, &arg.value.kind) {
                (Some(of), _) => of.text == *name,
                (None, ast::ExprKind::Name(of)) => of.text == *name,
                _ => false,
            })
        };
        return called.params.iter().position(|(name, ..)| !given(name)).map(|at| at as u32);
    }
    (index < count).then_some(index as u32)
}
