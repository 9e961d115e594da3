//! What writes the store: `insert`, `upsert`, `update`, `delete`.

use super::ProbedAt;
use super::block::assign_op;
use super::engine::Infer;
use crate::signature::{FieldSig, GeneratedKey, RelationSig, Signature};
use crate::suggest::closest;
use crate::ty::{Symbol, Ty};
use crate::typed::{BinaryOp, Conversion, Expr, ExprKind, FieldSet, Stmt};
use crate::uses::{Form, Meaning, Role};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    fn relation_named(&mut self, name: &ast::TypeName) -> Option<Symbol> {
        let symbol = match &name.qualifier {
            Some(module) => self.ctx.resolve_in(&module.text, &name.name.text),
            None => self.ctx.resolve(&name.name.text),
        };
        if let Some(symbol) = &symbol {
            if let Some(module) = &name.qualifier {
                self.means(module.range, Meaning::Module(module.text.clone()), Role::Read);
            }
            self.means_item(name.name.range, symbol);
        }
        match symbol.as_ref().and_then(|s| self.ctx.signature(s)) {
            Some(Signature::Relation(_)) => symbol,
            Some(Signature::Unsupported(_)) => None,
            Some(_) => {
                let message = format!("rows are stored in relations, and `{}` is none", name.name.text);
                self.error(Code::Type, name.range, message, "no relation");
                None
            }
            None => {
                let names = self.ctx.names();
                let near = closest(&name.name.text, names.iter().map(SmolStr::as_str));
                let message = format!("there is no relation `{}`", name.name.text);
                let mut d = self.diagnostic(Code::UnknownName, name.name.range, message, "not found");
                d.did_you_mean(near);
                self.report(d);
                None
            }
        }
    }

    pub(crate) fn unknown_relation_field(&mut self, symbol: &Symbol, sig: &RelationSig, name: &ast::Ident) {
        let names: Vec<&str> = sig.fields.iter().map(|f| f.name.as_str()).collect();
        let mut d = self.diagnostic(
            Code::UnknownField,
            name.range,
            format!("`{}` has no field `{}`", symbol.name, name.text),
            "no such field",
        );
        match closest(&name.text, names.iter().copied()) {
            Some(near) => {
                d.did_you_mean(Some(near));
            }
            None => d = d.note(format!("`{}` has: {}", symbol.name, names.join(", "))),
        }
        let d = self.because(d, symbol, None, "declared here");
        self.report(d);
    }

    fn computed_set(&mut self, symbol: &Symbol, field: &FieldSig, range: Range) {
        let message = format!("`{}` is computed from other fields; it has no value of its own", field.name);
        let d = self.diagnostic(Code::ComputedSet, range, message, "computed");
        let d = self.because(d, symbol, Some(&field.name), "declared here");
        self.report(d);
    }

    /// The fields that a row is given: values in the order of evaluation, and the record whose fields are set
    /// if they came. The flag says that something is wrong and has been reported.
    fn row_fields(
        &mut self,
        symbol: &Symbol,
        sig: &RelationSig,
        args: &ast::Args,
        lets: &mut Vec<Stmt>,
    ) -> (Vec<(SmolStr, Expr)>, Option<Box<Expr>>, bool) {
        let mut fields: Vec<(SmolStr, Expr)> = Vec::new();
        let mut spread = None;
        // What is written by its name is written once; over what was spread before it, it wins, as in records.
        let mut named: Vec<SmolStr> = Vec::new();
        let mut wrong = args.broken;
        for arg in &args.list {
            if arg.spread {
                let base = self.expr(&arg.value, None);
                let base = self.named(base, lets);
                let known = self.base(&base.ty);
                for (name, value, absent, _) in self.spread(base.clone(), lets) {
                    let Some(field) = sig.fields.iter().find(|f| f.name == name) else {
                        // A row or a record of another shape: the fields that fit nowhere are a mistake.
                        let shown = self.show(&known);
                        let message = format!("`{}` has no field `{name}`, which `{shown}` would set", symbol.name);
                        self.error(Code::UnknownField, arg.range, message, "spread here");
                        wrong = true;
                        continue;
                    };
                    if absent {
                        continue;
                    }
                    let ty = field.ty.clone();
                    let value = self.coerce(value, &ty);
                    fields.retain(|(n, _)| *n != name);
                    fields.push((name, value));
                }
                if let Ty::Record(record) = &known
                    && record.fields.iter().any(|f| f.absent)
                {
                    spread = Some(Box::new(base));
                }
                continue;
            }
            let name = match (&arg.name, &arg.value.kind) {
                (Some(name), _) => name.clone(),
                (None, ast::ExprKind::Name(name)) => name.clone(),
                (None, _) => {
                    let value = self.expr(&arg.value, None);
                    if !matches!(value.ty, Ty::Error) {
                        let written = self.ctx.source(arg.value.range);
                        let d = self.diagnostic(
                            Code::Arguments,
                            arg.range,
                            format!("the fields of a row are named: which one is `{written}`?"),
                            "without a name",
                        );
                        // Who leaves the names out means the fields in their order.
                        let at = args.list.iter().position(|other| other.range == arg.range);
                        let meant = at.and_then(|at| sig.fields.iter().filter(|f| !f.computed).nth(at));
                        let d = match meant.filter(|field| self.base(&field.ty) == self.base(&value.ty)) {
                            Some(field) => {
                                let text = format!("{}: ", field.name);
                                let place = Range::empty(arg.range.start);
                                d.fix(self.fix(format!("write `{text}{written}`"), place, text, false))
                            }
                            None => d.note(format!("write `field: {written}`")),
                        };
                        self.report(d);
                    }
                    wrong = true;
                    continue;
                }
            };
            let Some(field) = sig.fields.iter().find(|f| f.name == name.text) else {
                self.unknown_relation_field(symbol, sig, &name);
                self.expr(&arg.value, None);
                wrong = true;
                continue;
            };
            let form = if arg.name.is_some() { Form::Plain } else { Form::Short(name.range.start) };
            self.means_by(name.range, Meaning::Field(symbol.clone(), field.name.clone()), Role::Write, form);
            if field.computed {
                self.computed_set(symbol, field, name.range);
                self.expr(&arg.value, None);
                wrong = true;
                continue;
            }
            if named.contains(&name.text) {
                self.error(Code::Twice, name.range, format!("`{}` is given twice", name.text), "again");
                wrong = true;
            }
            named.push(name.text.clone());
            fields.retain(|(n, _)| *n != name.text);
            let ty = field.ty.clone();
            let value = self.check(&arg.value, &ty);
            wrong |= matches!(value.kind, ExprKind::Error);
            fields.push((name.text.clone(), value));
        }
        (fields, spread, wrong)
    }

    fn report_missing(
        &mut self,
        symbol: &Symbol,
        sig: &RelationSig,
        given: &[(SmolStr, Expr)],
        args: &ast::Args,
    ) -> bool {
        let missing: Vec<&FieldSig> = required(sig).filter(|f| !given.iter().any(|(n, _)| *n == f.name)).collect();
        let Some(first) = missing.first() else { return false };
        let list: Vec<_> = missing.iter().map(|f| format!("`{}`", f.name)).collect();
        let verb = if missing.len() == 1 { "has" } else { "have" };
        let end = Range::new(args.range.end.saturating_sub(1), args.range.end.saturating_sub(1));
        let text: Vec<_> = missing.iter().map(|f| format!("{}: ", f.name)).collect();
        let lead = if args.list.is_empty() { "" } else { ", " };
        let d = self
            .diagnostic(
                Code::MissingField,
                args.range,
                format!("{} {verb} no default", list.join(" and ")),
                "not given",
            )
            .fix(self.fix(format!("add {}", list.join(" and ")), end, format!("{lead}{}", text.join(", ")), false));
        let d = self.because(d, symbol, Some(&first.name), "declared here");
        self.report(d);
        true
    }

    pub(crate) fn insert(&mut self, relation: &ast::TypeName, args: &ast::Args, range: Range, generate: bool) -> Expr {
        let Some(symbol) = self.relation_named(relation) else {
            self.skip_args(args);
            return self.broken(range);
        };
        self.insert_into(&symbol, args, range, generate)
    }

    /// `insert R(…)`; in a scenario's `given`, required fields that are not named are generated.
    pub(crate) fn insert_into(&mut self, symbol: &Symbol, args: &ast::Args, range: Range, generate: bool) -> Expr {
        let Some(sig) = self.relation(symbol) else { return self.broken(range) };
        let ty = Ty::Row(symbol.clone());
        let mut lets = Vec::new();
        let (mut fields, spread, wrong) = self.row_fields(symbol, sig, args, &mut lets);
        if generate && !wrong {
            self.generate_missing(symbol, sig, &mut fields, range);
        } else if !wrong && self.report_missing(symbol, sig, &fields, args) {
            return Expr { kind: ExprKind::Error, ty, range };
        }
        self.effects.writes.push((symbol.clone(), range));
        self.wrote();
        if wrong {
            return Expr { kind: ExprKind::Error, ty, range };
        }
        let insert = self.node(ExprKind::Insert { relation: symbol.clone(), fields, spread }, ty.clone(), range);
        self.with_lets(lets, insert)
    }

    fn with_lets(&self, lets: Vec<Stmt>, value: Expr) -> Expr {
        if lets.is_empty() {
            return value;
        }
        let (ty, range) = (value.ty.clone(), value.range);
        self.node(ExprKind::Block(lets, Some(Box::new(value))), ty, range)
    }

    pub(crate) fn upsert(&mut self, relation: &ast::TypeName, args: &ast::Args, range: Range) -> Expr {
        let Some(symbol) = self.relation_named(relation) else {
            self.skip_args(args);
            return self.broken(range);
        };
        let Some(sig) = self.relation(&symbol) else { return self.broken(range) };
        let ty = Ty::Row(symbol.clone());
        let failed = Expr { kind: ExprKind::Error, ty: ty.clone(), range };
        if sig.event {
            self.event_changed(&symbol, range);
            self.skip_args(args);
            return failed;
        }
        let mut lets = Vec::new();
        let (fields, _, wrong) = self.row_fields(&symbol, sig, args, &mut lets);
        if wrong || self.report_missing(&symbol, sig, &fields, args) {
            return failed;
        }
        let given = |name: &str| fields.iter().any(|(n, _)| n == name);
        let unique = if sig.key.iter().all(|k| given(k)) {
            None
        } else {
            let found: Vec<u32> = sig
                .uniques
                .iter()
                .enumerate()
                .filter(|(_, u)| u.parts.iter().all(|p| given(&p.field)))
                .map(|(i, _)| i as u32)
                .collect();
            match found.as_slice() {
                [only] => Some(*only),
                _ => {
                    let message = format!(
                        "`upsert` finds the row by its key or by one `unique`, and these fields name {}",
                        if found.is_empty() { "none" } else { "several" }
                    );
                    let d = self.diagnostic(Code::LookUp, range, message, "which row?");
                    let d = self.because(d, &symbol, None, "declared here");
                    self.report(d);
                    return failed;
                }
            }
        };
        self.reads(&symbol, range);
        self.effects.writes.push((symbol.clone(), range));
        self.wrote();
        let upsert = self.node(ExprKind::Upsert { relation: symbol, fields, unique }, ty, range);
        self.with_lets(lets, upsert)
    }

    fn event_changed(&mut self, symbol: &Symbol, range: Range) {
        let d = self.diagnostic(
            Code::EventChanged,
            range,
            format!("`{}` is an event: its rows are inserted and stay as they are", symbol.name),
            "changes an event",
        );
        let d = self.because(d, symbol, None, "declared here");
        self.report(d);
    }

    /// A row that is to be changed, and its relation.
    fn row_to_change(&mut self, row: &ast::Expr, range: Range, word: &str) -> Option<(Expr, Symbol)> {
        let row = self.expr(row, None);
        match self.base(&row.ty) {
            Ty::Row(symbol) => {
                if self.relation(&symbol).is_some_and(|s| s.event) {
                    self.event_changed(&symbol, range);
                    return None;
                }
                Some((row, symbol))
            }
            Ty::Error => None,
            Ty::Option(inner) if matches!(self.base(&inner), Ty::Row(_)) => {
                let inner = (*inner).clone();
                self.mismatch(&row, &inner);
                None
            }
            _ => {
                let shown = self.show(&row.ty);
                self.error(
                    Code::Type,
                    row.range,
                    format!("`{word}` changes a row, found `{shown}`"),
                    format!("`{shown}`"),
                );
                None
            }
        }
    }

    pub(crate) fn delete(&mut self, row: &ast::Expr, range: Range) -> Expr {
        let Some((row, symbol)) = self.row_to_change(row, range, "delete") else {
            return Expr { kind: ExprKind::Error, ty: Ty::Unit, range };
        };
        self.effects.writes.push((symbol.clone(), range));
        self.wrote();
        self.node(ExprKind::Delete { relation: symbol, row: Box::new(row) }, Ty::Unit, range)
    }

    pub(crate) fn update(&mut self, row: &ast::Expr, set: &[ast::Assign], range: Range) -> Expr {
        let Some((row, symbol)) = self.row_to_change(row, range, "update") else {
            for assign in set {
                if let ast::Assign::Field { value, .. } | ast::Assign::Spread { value, .. } = assign {
                    self.expr(value, None);
                }
            }
            return self.broken(range);
        };
        let Some(sig) = self.relation(&symbol) else { return self.broken(range) };
        let ty = Ty::Row(symbol.clone());
        let mut lets = Vec::new();
        let row = self.named(row, &mut lets);
        let mut sets: Vec<FieldSet> = Vec::new();
        let mut spread = None;
        let mut wrong = false;
        for assign in set {
            match assign {
                ast::Assign::Error(_) => wrong = true,
                ast::Assign::Spread { value, range: at } => {
                    let base = self.expr(value, None);
                    let base = self.named(base, &mut lets);
                    let known = self.base(&base.ty);
                    for (name, value, absent, _) in self.spread(base.clone(), &mut lets) {
                        match sig.fields.iter().find(|f| f.name == name) {
                            Some(_) if absent => {}
                            Some(field) if sig.key.contains(&field.name) => self.key_changed(&symbol, field, *at),
                            Some(field) => {
                                let ty = field.ty.clone();
                                let value = self.coerce(value, &ty);
                                let transition_checked = sig.transitions.iter().any(|(f, _)| *f == name);
                                sets.push(FieldSet {
                                    field: name,
                                    path: Vec::new(),
                                    op: None,
                                    value,
                                    checked: false,
                                    transition_checked,
                                    range: *at,
                                });
                            }
                            None => {
                                let message = format!("`{}` has no field `{name}`", symbol.name);
                                self.error(Code::UnknownField, *at, message, "spread here");
                                wrong = true;
                            }
                        }
                    }
                    if let Ty::Record(record) = &known
                        && record.fields.iter().any(|f| f.absent)
                    {
                        spread = Some(Box::new(base));
                    }
                }
                ast::Assign::Field { path, op, value, range: at } => {
                    match self.field_set(&row, &symbol, sig, path, *op, value, *at) {
                        Some(set) => {
                            if sets.iter().any(|s| s.field == set.field && s.path == set.path) {
                                self.error(Code::Twice, *at, format!("`{}` is set twice", set.field), "again");
                            }
                            sets.push(set);
                        }
                        None => wrong = true,
                    }
                }
            }
        }
        self.effects.writes.push((symbol.clone(), range));
        self.wrote();
        if wrong {
            return Expr { kind: ExprKind::Error, ty, range };
        }
        let update = self.node(ExprKind::Update { relation: symbol, row: Box::new(row), sets, spread }, ty, range);
        self.with_lets(lets, update)
    }

    fn key_changed(&mut self, symbol: &Symbol, field: &FieldSig, range: Range) {
        let d = self.diagnostic(
            Code::KeyChanged,
            range,
            format!("`{}` is part of the key of `{}`, which says which row it is", field.name, symbol.name),
            "a key is not updated",
        );
        let d = self.because(d, symbol, Some(&field.name), "declared here");
        self.report(d);
    }

    #[expect(clippy::too_many_arguments, reason = "the row, and the parts of one field of its `set`")]
    fn field_set(
        &mut self,
        row: &Expr,
        symbol: &Symbol,
        sig: &RelationSig,
        path: &[ast::Ident],
        op: ast::AssignOp,
        value: &ast::Expr,
        range: Range,
    ) -> Option<FieldSet> {
        let name = path.first()?;
        self.look_around(name.range, |_| ProbedAt::Assigned(symbol.clone()));
        let Some(field) = sig.fields.iter().find(|f| f.name == name.text) else {
            self.unknown_relation_field(symbol, sig, name);
            self.expr(value, None);
            return None;
        };
        self.means(name.range, Meaning::Field(symbol.clone(), field.name.clone()), Role::Write);
        if field.computed {
            self.computed_set(symbol, field, name.range);
            self.expr(value, None);
            return None;
        }
        if sig.key.contains(&field.name) {
            self.key_changed(symbol, field, name.range);
            self.expr(value, None);
            return None;
        }
        let mut current =
            self.node(ExprKind::StoredField(Box::new(row.clone()), field.name.clone()), field.ty.clone(), name.range);
        let mut inner = Vec::new();
        for step in &path[1..] {
            if !matches!(self.base(&current.ty), Ty::Record(_)) {
                let shown = self.show(&current.ty);
                self.error(
                    Code::Type,
                    step.range,
                    format!("only fields of records are set inside, and this is a `{shown}`"),
                    format!("`{shown}`"),
                );
                self.expr(value, None);
                return None;
            }
            current = self.field(current, &step.text, step.range, step.range);
            if matches!(current.ty, Ty::Error) {
                self.expr(value, None);
                return None;
            }
            inner.push(step.text.clone());
        }
        let wanted = current.ty.clone();
        let fresh = self
            .place(row)
            .is_some_and(|p| p.path.is_empty() && self.versions.get(&p.root) == Some(&self.store_version));
        let mut set = FieldSet {
            field: field.name.clone(),
            path: inner,
            op: None,
            value: self.broken(range),
            checked: false,
            transition_checked: false,
            range,
        };
        if op == ast::AssignOp::Set {
            set.value = self.check(value, &wanted);
            if let Some((_, moves)) = sig.transitions.iter().find(|(f, _)| *f == field.name) {
                let moves = moves.clone();
                set.transition_checked = self.transition(symbol, &current, fresh, &set.value, &moves, range);
            }
        } else {
            let op = assign_op(op);
            // What `f += e` reads is the store's value: the row's own only where nothing was written since it was read.
            let operand = if fresh { current.clone() } else { Expr { kind: ExprKind::Absent, ..current.clone() } };
            let operand = self.operand(operand, op.as_str());
            let hint = self.resolve(&operand.ty);
            let literal = matches!(op, ast::BinaryOp::Mul).then_some(()).is_none();
            let value = self.expr(value, Some(&hint).filter(|_| literal));
            let value = self.operand(value, op.as_str());
            let result = self.arithmetic(op, range, operand, value, range);
            let result = self.coerce(result, &wanted);
            let mut core = &result;
            while let ExprKind::Convert(conversion, e) = &core.kind {
                if let Conversion::Refine { checked } = conversion {
                    set.checked |= *checked;
                }
                core = e;
            }
            match &core.kind {
                ExprKind::Binary(BinaryOp::Add, _, b) => (set.op, set.value) = (Some(BinaryOp::Add), (**b).clone()),
                ExprKind::Binary(BinaryOp::Sub, _, b) => (set.op, set.value) = (Some(BinaryOp::Sub), (**b).clone()),
                ExprKind::Binary(BinaryOp::Mul, _, b) => (set.op, set.value) = (Some(BinaryOp::Mul), (**b).clone()),
                // In error, which has been said.
                _ => return None,
            }
        }
        if matches!(set.value.kind, ExprKind::Error) {
            return None;
        }
        Some(set)
    }

    /// Whether a change has to be checked against the transitions at run time; one that never is allowed is refused.
    fn transition(
        &mut self,
        symbol: &Symbol,
        current: &Expr,
        fresh: bool,
        value: &Expr,
        moves: &[(SmolStr, SmolStr)],
        range: Range,
    ) -> bool {
        let ExprKind::Variant(_, to, _) = &super::facts::strip(value).kind else { return true };
        let Ty::Variant(owner, args) = self.base(&current.ty) else { return true };
        let every: Vec<SmolStr> = self.cases(&owner, &args).into_iter().map(|(n, _)| n).collect();
        let known = self.known_cases(current);
        let allowed = |case: &SmolStr| moves.iter().any(|(a, b)| a == case && b == to);
        // What a guard says of a row that was read long ago proves nothing of the store; but where it leaves no
        // way for the change, the change is a mistake.
        // Of code that is never reached nothing is said.
        if known.as_ref().is_some_and(Vec::is_empty) {
            return true;
        }
        let proof = known.as_ref().filter(|_| fresh).unwrap_or(&every);
        if proof.iter().all(&allowed) {
            return false;
        }
        let from = known.unwrap_or(every);
        if !from.iter().any(|case| allowed(case) || case == to) {
            let list: Vec<_> = from.iter().map(|c| format!("`{c}`")).collect();
            let ways: Vec<_> = moves.iter().filter(|(_, b)| b == to).map(|(a, _)| format!("`{a}`")).collect();
            let mut d = self.diagnostic(
                Code::Transition,
                range,
                format!("`{to}` cannot follow {}", list.join(" or ")),
                format!("here it is {}", list.join(" or ")),
            );
            d = d.note(if ways.is_empty() {
                format!("no transition leads to `{to}`")
            } else {
                format!("`{to}` follows {}", ways.join(", "))
            });
            if let ExprKind::StoredField(_, field) = &current.kind {
                d = self.because(d, symbol, Some(field), "its transitions are declared here");
            }
            self.report(d);
        }
        true
    }
}

/// The fields that an insert has to give.
pub(crate) fn required(sig: &RelationSig) -> impl Iterator<Item = &FieldSig> {
    sig.fields.iter().filter(move |f| {
        let generated = sig.generated != GeneratedKey::No && sig.key.contains(&f.name);
        !f.computed && !f.default && !generated && !matches!(f.ty.base(), Ty::Option(_))
    })
}
