//! `relation` and `event`.

use super::Declaring;
use crate::builtins::Builtin;
use crate::signature::{FieldSig, GeneratedKey, OnDelete, RelationSig, Signature, UniquePart, UniqueSig};
use crate::suggest::closest;
use crate::ty::{Symbol, Ty};
use smol_str::SmolStr;
use tenon_diagnostics::{Code, Severity};
use tenon_span::Range;
use tenon_syntax::ast::{self, ExprKind, Member};

/// True for `serial()`.
pub(crate) fn is_serial(default: &ast::Expr) -> bool {
    match &default.kind {
        ExprKind::Call { callee, args, .. } => {
            args.list.is_empty() && matches!(&callee.kind, ExprKind::Name(name) if name.text == "serial")
        }
        _ => false,
    }
}

fn is_optional(ty: &Ty) -> bool {
    matches!(ty.base(), Ty::Option(_))
}

impl<'a> Declaring<'a, '_> {
    pub(super) fn relation(&mut self, decl: &'a ast::Relation, symbol: Symbol) -> Signature {
        self.types
            .upper_case(if decl.kind == ast::RelationKind::Event { "an event" } else { "a relation" }, &decl.name);
        self.change_clauses(decl.breaking, decl.was.as_ref());
        let event = decl.kind == ast::RelationKind::Event;
        let written: Vec<&ast::Field> = decl
            .members
            .iter()
            .filter_map(|member| match member {
                Member::Field(field) => Some(&**field),
                _ => None,
            })
            .collect();
        let mut fields: Vec<FieldSig> = Vec::with_capacity(written.len());
        for (n, field) in written.iter().enumerate() {
            let sig = self.field_sig(field, event);
            match written.iter().take(n).find(|other| other.name.text == field.name.text) {
                Some(first) => self.types.repeated("field", &field.name, first.name.range),
                None => fields.push(sig),
            }
        }
        let key = self.key(decl, &written, &fields);
        let generated = self.generated(&written, &key, &fields);
        let mut sig = RelationSig {
            symbol,
            event,
            fields,
            key,
            generated,
            uniques: Vec::new(),
            checks: 0,
            indexes: Vec::new(),
            transitions: Vec::new(),
            doc: self.doc(),
        };
        for member in &decl.members {
            match member {
                Member::Error(_) | Member::Field(_) | Member::Key { .. } => {}
                Member::Unique { range, columns, filter, failure } => {
                    self.unique(&mut sig, *range, columns, filter.as_ref(), failure.is_some());
                }
                Member::Index { columns, .. } => self.index(&mut sig, columns),
                Member::Check { .. } => sig.checks += 1,
                Member::Transitions { range, field, lines, .. } => self.transitions(&mut sig, *range, field, lines),
                Member::History { range, .. } => self.unsupported(*range, "`history`"),
            }
        }
        Signature::Relation(sig)
    }

    /// `price was amount`: what a stored field was called. The program means the same with it and without; a store that
    /// still has the old field is not brought over yet, which the warning says.
    fn was(&mut self, field: &ast::Field, was: &ast::Ident) {
        if let Some(computed) = &field.computed {
            let diagnostic = self.types.report(
                Code::FieldClause,
                was.range,
                "a computed field was never stored: there is nothing to be kept",
                "cannot stand here",
            );
            diagnostic.secondary.push(self.item.label(self.db, computed.range, "computed"));
            return;
        }
        let other = match &self.tree.kind {
            ast::ItemKind::Relation(relation) => relation.members.iter().find_map(|member| match member {
                Member::Field(other) if other.name.text == was.text => Some(other.name.range),
                _ => None,
            }),
            _ => None,
        };
        if let Some(other) = other {
            let label = self.item.label(self.db, other, "still here");
            let message =
                format!("`{}` is a field of its own, so it cannot be what `{}` was", was.text, field.name.text);
            let diagnostic = self.types.report(Code::Duplicate, was.range, message, "not gone");
            diagnostic.secondary.push(label);
            return;
        }
        let message = format!("`was {}` does not move stored data yet", was.text);
        let diagnostic = self.types.report(Code::NotSupported, was.range, message, "the old name");
        diagnostic.severity = Severity::Warning;
        diagnostic.notes.push(format!(
            "a new store is not touched by it; one that has `{}` is refused and stays as it is",
            was.text
        ));
    }

    fn field_sig(&mut self, field: &ast::Field, event: bool) -> FieldSig {
        self.types.lower_case("field", &field.name);
        let ty = self.types.resolve(&field.ty);
        if let Some(was) = &field.was {
            self.was(field, was);
        }
        if let Some(range) = field.open {
            self.unsupported(range, "`open`");
        }
        let mut clash = |range: Option<Range>, what: &str, why: &str| {
            if let Some(range) = range {
                self.types.report(Code::FieldClause, range, format!("{what}: {why}"), "cannot stand here");
            }
        };
        if field.computed.is_some() {
            let why = "it is worked out whenever it is read";
            let default = field.default.as_ref().map(|default| default.range);
            clash(default, "a computed field has no default", why);
            clash(field.key, "a computed field is no part of the key", why);
            clash(field.on_update, "a computed field is never written", why);
            clash(field.inverse.as_ref().map(|name| name.range), "a computed field has no inverse", "it is not stored");
        } else {
            if field.key.is_some() {
                clash(
                    field.on_update,
                    "a key field never changes by an update",
                    "everybody who refers to the row holds its key",
                );
                clash(field.secret, "a key field is not secret", "everybody who refers to the row holds its key");
            }
            if event && field.key.is_none() {
                clash(field.on_update, "rows of an event are never updated", "events are only inserted");
            } else if field.default.is_none() && field.key.is_none() {
                clash(field.on_update, "`on update` repeats the field's default", "there is none");
            }
        }
        let reference = match ty.base() {
            Ty::Row(_) => true,
            Ty::Option(inner) => matches!(inner.base(), Ty::Row(_)),
            Ty::Error => true,
            _ => false,
        };
        let on_delete = self.on_delete(field, &ty, reference);
        if let Some(inverse) = &field.inverse {
            self.types.lower_case("inverse", inverse);
            if !reference {
                let shown = crate::show::Shown(&ty).to_string();
                self.types.report(
                    Code::Inverse,
                    inverse.range,
                    format!("only a reference has an inverse, and `{}` is of type `{shown}`", field.name.text),
                    "no relation to give it to",
                );
            }
        }
        let serial = field.default.as_ref().is_some_and(is_serial);
        FieldSig {
            name: field.name.text.clone(),
            wire: field.wire.as_ref().and_then(ast::Text::plain).map(SmolStr::from),
            ty,
            secret: field.secret.is_some(),
            computed: field.computed.is_some(),
            default: field.default.is_some() && !serial && field.computed.is_none(),
            on_update: field.on_update.is_some(),
            on_delete,
            inverse: field
                .inverse
                .as_ref()
                .filter(|_| reference && field.computed.is_none())
                .map(|name| name.text.clone()),
            doc: field.doc.as_ref().map(|doc| doc.text.clone()).unwrap_or_default(),
        }
    }

    fn on_delete(&mut self, field: &ast::Field, ty: &Ty, reference: bool) -> OnDelete {
        let Some(action) = &field.on_delete else { return OnDelete::Restrict };
        if !reference {
            let message = format!("`on delete` speaks about a reference, and `{}` is none", field.name.text);
            self.types.report(Code::OnDelete, action.range, message, "not a reference");
            return OnDelete::Restrict;
        }
        match action.as_str() {
            "restrict" => OnDelete::Restrict,
            "clear" if is_optional(ty) || *ty == Ty::Error => OnDelete::Clear,
            "clear" => {
                let end = Range::empty(field.ty.range.end);
                let fix = self.item.fix(self.db, "make the reference optional", end, "?", false);
                let label = self.item.label(self.db, field.ty.range, "not optional");
                let message = format!("`on delete clear` would leave `{}` without a value", field.name.text);
                let diagnostic =
                    self.types.report(Code::OnDelete, action.range, message, "needs an optional reference");
                diagnostic.secondary.push(label);
                diagnostic.fixes.push(fix);
                OnDelete::Restrict
            }
            "cascade" => {
                self.unsupported(action.range, "cascades");
                OnDelete::Restrict
            }
            other => {
                let message = format!("`on delete` is `restrict` or `clear`, not `{other}`");
                let suggestion = closest(other, ["restrict", "clear", "cascade"]);
                self.types.report(Code::OnDelete, action.range, message, "not known").did_you_mean(suggestion);
                OnDelete::Restrict
            }
        }
    }

    /// The names of the key's fields.
    fn key(&mut self, decl: &ast::Relation, written: &[&ast::Field], fields: &[FieldSig]) -> Vec<SmolStr> {
        let marked: Vec<(&ast::Ident, Range)> =
            written.iter().filter_map(|field| Some((&field.name, field.key?))).collect();
        let mut lines = decl.members.iter().filter_map(|member| match member {
            Member::Key { range, names } => Some((*range, names)),
            _ => None,
        });
        let line = lines.next();
        for (range, _) in lines {
            let first = line.map(|(range, _)| self.item.label(self.db, range, "the key"));
            let diagnostic = self.types.report(Code::KeyField, range, "a relation has one key", "a second one");
            diagnostic.secondary.extend(first);
        }
        let Some((line_range, names)) = line else {
            if marked.is_empty() && !decl.members.iter().any(|member| matches!(member, Member::Error(_))) {
                self.no_key(decl, written);
            }
            return self.stored_key(marked.into_iter().map(|(name, _)| name), fields);
        };
        if let Some((name, mark)) = marked.first() {
            let label = self.item.label(self.db, line_range, "the key");
            let message = format!("`{}` is marked as a key, and a `key` line names the key as well", name.text);
            self.types.report(Code::KeyField, *mark, message, "a second key").secondary.push(label);
        }
        for (n, name) in names.iter().enumerate() {
            if let Some(first) = names.iter().take(n).find(|other| other.text == name.text) {
                self.types.repeated("key field", name, first.range);
            } else if !fields.iter().any(|field| field.name == name.text) {
                self.unknown_field(Code::KeyField, name, fields);
            }
        }
        self.stored_key(names.iter(), fields)
    }

    /// Those of the names that are fields of the relation, each once.
    fn stored_key<'n>(&mut self, names: impl Iterator<Item = &'n ast::Ident>, fields: &[FieldSig]) -> Vec<SmolStr> {
        let mut key: Vec<SmolStr> = Vec::new();
        for name in names {
            let Some(field) = fields.iter().find(|field| field.name == name.text) else { continue };
            if field.computed && !key.contains(&name.text) {
                let message = format!("`{}` is computed; a key is made of stored fields", name.text);
                self.types.report(Code::KeyField, name.range, message, "not stored");
            } else if !key.contains(&name.text) {
                key.push(name.text.clone());
            }
        }
        key
    }

    fn no_key(&mut self, decl: &ast::Relation, written: &[&ast::Field]) {
        let message = format!("`{}` has no key: it says when two rows are the same row", decl.name.text);
        let fix = match written.iter().find(|field| field.name.text == "id") {
            Some(id) => id
                .computed
                .is_none()
                .then(|| self.item.fix(self.db, "make `id` the key", Range::empty(id.range.start), "key ", false)),
            None => written.first().map(|first| {
                self.item.fix(self.db, "add a generated key", Range::empty(first.range.start), "key id: Id; ", false)
            }),
        };
        let diagnostic = self.types.report(Code::NoKey, decl.name.range, message, "needs a key");
        diagnostic.fixes.extend(fix);
        if decl.kind == ast::RelationKind::Relation {
            diagnostic
                .notes
                .push(format!("for rows that are only ever added: `event {} {{ key id: Id; … }}`", decl.name.text));
        }
    }

    fn generated(&mut self, written: &[&ast::Field], key: &[SmolStr], fields: &[FieldSig]) -> GeneratedKey {
        let single = match key {
            [name] => Some(name),
            _ => None,
        };
        let mut generated = GeneratedKey::No;
        for field in written {
            let Some(default) = field.default.as_ref().filter(|default| is_serial(default)) else { continue };
            let ty =
                fields.iter().find(|sig| sig.name == field.name.text).map_or(Ty::Error, |sig| sig.ty.base().clone());
            if single == Some(&field.name.text) && matches!(ty, Ty::Int | Ty::Error) {
                generated = GeneratedKey::Serial;
            } else {
                let why = if single == Some(&field.name.text) {
                    "counts in Ints"
                } else {
                    "counts the rows of a relation, so it makes its only key field"
                };
                self.types.report(Code::Serial, default.range, format!("`serial()` {why}"), "not here");
            }
        }
        let own = single.and_then(|name| written.iter().find(|field| field.name.text == *name));
        if let (Some(field), Some(name)) = (own, single)
            && field.default.is_none()
            && fields.iter().any(|sig| sig.name == *name && sig.ty == Ty::Id)
        {
            generated = GeneratedKey::Id;
        }
        generated
    }

    fn unknown_field(&mut self, code: Code, name: &ast::Ident, fields: &[FieldSig]) {
        let suggestion = closest(&name.text, fields.iter().map(|field| field.name.as_str()));
        let message = format!("the relation has no field `{}`", name.text);
        self.types.report(code, name.range, message, "not a field").did_you_mean(suggestion);
    }

    /// The stored field at which a column begins.
    fn column_field<'s>(&mut self, fields: &'s [FieldSig], column: &ast::Column) -> Option<&'s FieldSig> {
        let first = column.path.first()?;
        let Some(field) = fields.iter().find(|field| field.name == first.text) else {
            self.unknown_field(Code::RelationPath, first, fields);
            return None;
        };
        if field.computed {
            let message = format!("`{}` is computed, and only stored fields are indexed", first.text);
            self.types.report(Code::RelationPath, first.range, message, "not stored");
            return None;
        }
        Some(field)
    }

    fn unique(
        &mut self,
        sig: &mut RelationSig,
        range: Range,
        columns: &[ast::Column],
        filter: Option<&ast::Expr>,
        failure: bool,
    ) {
        let mut parts: Vec<UniquePart> = Vec::new();
        for column in columns {
            let fields = std::mem::take(&mut sig.fields);
            let part = self.unique_part(&fields, column);
            sig.fields = fields;
            let Some(part) = part else { return };
            parts.push(part);
        }
        if parts.is_empty() {
            return;
        }
        let skip_none = match filter {
            None => false,
            Some(filter) if is_presence(filter, &parts) => true,
            Some(filter) => {
                let shape = format!("{} != none", parts.first().map_or("f", |part| part.field.as_str()));
                self.types.report(
                    Code::NotSupported,
                    filter.range,
                    format!("a `unique` with a condition other than `{shape}` is not supported yet"),
                    "not run by this version",
                );
                return;
            }
        };
        let columns: Vec<SmolStr> = parts.iter().map(|part| part.field.clone()).collect();
        let repeats_key = columns == sig.key && parts.iter().all(|part| !part.derived);
        if repeats_key {
            let message = "the key is unique by itself";
            self.types.report(Code::RelationPath, range, message, "says it a second time");
            return;
        }
        sig.uniques.push(UniqueSig { parts, skip_none, failure });
    }

    fn unique_part(&mut self, fields: &[FieldSig], column: &ast::Column) -> Option<UniquePart> {
        let field = self.column_field(fields, column)?;
        let mut ty = field.ty.clone();
        let mut derived = false;
        for step in column.path.iter().skip(1) {
            derived = true;
            let referred = match ty.base() {
                Ty::Option(inner) => inner.base(),
                base => base,
            };
            ty = match (ty.base(), referred) {
                (Ty::Error, _) => Ty::Error,
                (_, Ty::Row(target)) => {
                    let message = format!(
                        "`{}` belongs to a row of `{}`, which may change without this one; a `unique` speaks about stored fields of its own row",
                        step.text, target.name
                    );
                    self.types.report(Code::RelationPath, step.range, message, "reads through the reference");
                    return None;
                }
                (Ty::Record(record), _) => match record.field(&step.text) {
                    Some(inner) => inner.ty.clone(),
                    None => {
                        let shown = crate::show::Shown(&ty).to_string();
                        self.types.report(
                            Code::RelationPath,
                            step.range,
                            format!("`{shown}` has no field `{}`", step.text),
                            "not a field",
                        );
                        return None;
                    }
                },
                (base, _) => match property(base, &step.text) {
                    Some(result) => result,
                    None => {
                        let shown = crate::show::Shown(&ty).to_string();
                        self.types.report(
                            Code::RelationPath,
                            step.range,
                            format!("`{shown}` has no property `{}`", step.text),
                            "not known",
                        );
                        return None;
                    }
                },
            };
        }
        Some(UniquePart { field: field.name.clone(), ty, derived })
    }

    fn index(&mut self, sig: &mut RelationSig, columns: &[ast::Column]) {
        let mut found: Vec<(SmolStr, bool)> = Vec::new();
        for column in columns {
            let fields = std::mem::take(&mut sig.fields);
            let field = self.column_field(&fields, column).map(|field| field.name.clone());
            sig.fields = fields;
            let Some(field) = field else { return };
            if column.path.len() > 1 {
                self.unsupported(column.range, "indexes over more than a stored field");
                return;
            }
            found.push((field, column.descending));
        }
        if !found.is_empty() && !sig.indexes.contains(&found) {
            sig.indexes.push(found);
        }
    }

    fn transitions(&mut self, sig: &mut RelationSig, range: Range, field: &ast::Ident, lines: &[ast::Transition]) {
        if sig.event {
            self.types.report(
                Code::FieldClause,
                range,
                "rows of an event never change: events are only inserted",
                "cannot stand here",
            );
            return;
        }
        let Some(of) = sig.field(&field.text) else {
            let fields = std::mem::take(&mut sig.fields);
            self.unknown_field(Code::RelationPath, field, &fields);
            sig.fields = fields;
            return;
        };
        if of.computed {
            self.types.report(
                Code::RelationPath,
                field.range,
                format!("`{}` is computed, so nothing writes it", field.text),
                "not stored",
            );
            return;
        }
        if sig.transitions.iter().any(|(name, _)| *name == field.text) {
            self.types.report(
                Code::Duplicate,
                field.range,
                format!("the transitions of `{}` are declared twice", field.text),
                "again here",
            );
            return;
        }
        let mut pairs: Vec<(SmolStr, SmolStr)> = Vec::new();
        for line in lines {
            for to in &line.to {
                let pair = (line.from.text.clone(), to.text.clone());
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
        }
        sig.transitions.push((field.text.clone(), pairs));
    }
}

/// The type of a property of a base type that the library has: `lower` of Text.
fn property(base: &Ty, name: &str) -> Option<Ty> {
    let found = Builtin::named(name).iter().map(|builtin| builtin.scheme());
    found
        .filter(|scheme| scheme.property && scheme.letters.is_empty())
        .find(|scheme| scheme.receiver.as_ref() == Some(base))
        .map(|scheme| scheme.result.clone())
}

/// True for `f != none` over one of the parts.
fn is_presence(filter: &ast::Expr, parts: &[UniquePart]) -> bool {
    let ExprKind::Binary { op: ast::BinaryOp::Ne, left, right, .. } = &filter.kind else { return false };
    matches!(&right.kind, ExprKind::Literal(ast::Literal::None))
        && matches!(&left.kind, ExprKind::Name(name) if parts.iter().any(|part| part.field == name.text))
}
