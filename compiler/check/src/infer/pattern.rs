//! Patterns.

use super::ProbedAt;
use super::engine::{Infer, Seen};
use crate::suggest::closest;
use crate::ty::{FieldTy, RecordTy, Symbol, Ty};
use crate::typed::{self, Literal, LocalId, Pattern, PatternKind};
use crate::uses::{Form, Meaning, Role};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// The names that a pattern binds, so that the alternatives of `A | B` share them.
#[derive(Default)]
struct Names {
    bound: Vec<(SmolStr, LocalId)>,
    /// Those of the first alternative.
    shared: Vec<(SmolStr, LocalId)>,
}

impl Infer<'_> {
    /// A pattern over values of a type. Its locals are made, but not in sight yet.
    pub(crate) fn pattern(&mut self, pattern: &ast::Pattern, ty: &Ty, mutable: bool) -> Pattern {
        let mut names = Names::default();
        self.pattern_in(pattern, &self.resolve(ty), mutable, &mut names, 0)
    }

    /// A pattern of a `match` arm: over an option, patterns other than `none` speak of the value inside, and a
    /// name takes the value where an arm above has taken `none`.
    pub(crate) fn arm_pattern(&mut self, pattern: &ast::Pattern, ty: &Ty, absent_taken: bool) -> Pattern {
        let ty = self.resolve(ty);
        if absent_taken
            && let Ty::Option(inner) = self.base(&ty)
            && matches!(pattern.kind, ast::PatternKind::Bind(_))
        {
            let value = self.pattern(pattern, &inner, false);
            let range = value.range;
            return Pattern { kind: PatternKind::Present(Box::new(value)), ty, range };
        }
        self.pattern(pattern, &ty, false)
    }

    /// Brings the names of a pattern in sight.
    pub(crate) fn bring_in(&mut self, pattern: &Pattern) {
        let mut locals = Vec::new();
        typed::for_each_local_in_pattern(pattern, &mut |l| locals.push(l));
        for local in locals {
            let name = self.locals[local.0 as usize].name.clone();
            self.scope.push(name, Seen::Local(local));
        }
    }

    fn bind_name(&mut self, name: &ast::Ident, ty: &Ty, mutable: bool, names: &mut Names) -> LocalId {
        if names.bound.iter().any(|(n, _)| *n == name.text) {
            self.error(Code::Twice, name.range, format!("`{}` is bound twice in this pattern", name.text), "again");
        }
        if let Some((_, local)) = names.shared.iter().find(|(n, _)| *n == name.text).cloned() {
            let first = self.locals[local.0 as usize].ty.clone();
            match self.join(&first, ty) {
                Some(joined) if joined == self.resolve(&first) => {}
                _ if self.base(&first) == self.base(ty) => {
                    self.locals[local.0 as usize].ty = self.base(ty);
                }
                _ => {
                    let (a, b) = (self.show(&first), self.show(ty));
                    let message = format!("`{}` is a `{a}` in one alternative and a `{b}` in another", name.text);
                    self.error(Code::PatternType, name.range, message, format!("`{b}`"));
                }
            }
            self.means(name.range, self.meaning_of_local(local), Role::Definition);
            names.bound.push((name.text.clone(), local));
            return local;
        }
        let local = self.local(name.text.clone(), ty.clone(), mutable, name.range);
        names.bound.push((name.text.clone(), local));
        local
    }

    fn pattern_in(&mut self, pattern: &ast::Pattern, ty: &Ty, mutable: bool, names: &mut Names, depth: u32) -> Pattern {
        let range = pattern.range;
        let make = |kind: PatternKind| Pattern { kind, ty: ty.clone(), range };
        if depth > super::engine::MAX_DEPTH {
            self.error(Code::TooDeep, range, "this is nested too deeply", "take it apart in steps");
            return make(PatternKind::Error);
        }
        self.look_around(range, |_| ProbedAt::Pattern(ty.clone()));
        let base = self.base(ty);
        // Over an option, everything but `none`, `_`, a name and alternatives speaks of the value inside.
        if let Ty::Option(inner) = &base
            && matches!(
                pattern.kind,
                ast::PatternKind::Case { .. }
                    | ast::PatternKind::Record(_)
                    | ast::PatternKind::Range { .. }
                    | ast::PatternKind::Literal(_)
            )
        {
            if matches!(&pattern.kind, ast::PatternKind::Literal(ast::PatternLiteral::Value(ast::Literal::None))) {
                return make(PatternKind::Absent);
            }
            let inner = self.pattern_in(pattern, inner, mutable, names, depth + 1);
            return make(PatternKind::Present(Box::new(inner)));
        }
        match &pattern.kind {
            ast::PatternKind::Error => make(PatternKind::Error),
            ast::PatternKind::Wildcard => make(PatternKind::Wildcard),
            ast::PatternKind::Bind(name) => {
                if matches!(name.text.as_str(), "null" | "nil" | "undefined") {
                    let d = self
                        .diagnostic(
                            Code::Null,
                            name.range,
                            "there is no null; an absent value is `none`",
                            "a name here",
                        )
                        .fix(self.fix("write `none`", name.range, "none", true));
                    self.report(d);
                    return make(PatternKind::Error);
                }
                let local = self.bind_name(name, ty, mutable, names);
                make(PatternKind::Bind(local))
            }
            ast::PatternKind::Case { name, fields } => {
                self.case_pattern(name, fields.as_deref(), ty, mutable, names, range, depth)
            }
            ast::PatternKind::Record(fields) => self.record_pattern(fields, ty, mutable, names, range, depth),
            ast::PatternKind::Literal(literal) => match self.pattern_literal(literal, ty, range) {
                Some(literal) => make(PatternKind::Literal(literal)),
                None => make(PatternKind::Error),
            },
            ast::PatternKind::Range { from, to, inclusive } => {
                match (self.pattern_literal(from, ty, range), self.pattern_literal(to, ty, range)) {
                    (Some(from), Some(to)) => make(PatternKind::Range(from, to, *inclusive)),
                    _ => make(PatternKind::Error),
                }
            }
            ast::PatternKind::Or(parts) => {
                let mut typed = Vec::with_capacity(parts.len());
                let outer = std::mem::take(&mut names.bound);
                let mut first: Option<Vec<(SmolStr, LocalId)>> = None;
                for part in parts {
                    if let Some(first) = &first {
                        names.shared = first.clone();
                    }
                    let alternative = self.pattern_in(part, ty, mutable, names, depth + 1);
                    let bound = std::mem::take(&mut names.bound);
                    match &first {
                        None => first = Some(bound),
                        Some(first) => {
                            let missing = first
                                .iter()
                                .find(|(n, _)| !bound.iter().any(|(m, _)| m == n))
                                .or_else(|| bound.iter().find(|(n, _)| !first.iter().any(|(m, _)| m == n)));
                            if let Some((name, _)) = missing
                                && !matches!(alternative.kind, PatternKind::Error)
                            {
                                let message =
                                    format!("all alternatives bind the same names, and `{name}` is not in every one");
                                self.error(Code::PatternType, part.range, message, "differs");
                            }
                        }
                    }
                    typed.push(alternative);
                }
                names.bound = outer;
                names.bound.extend(first.unwrap_or_default());
                names.shared.clear();
                make(PatternKind::Or(typed))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one pattern, and how deep it lies")]
    fn case_pattern(
        &mut self,
        name: &ast::TypeName,
        fields: Option<&[ast::PatternField]>,
        ty: &Ty,
        mutable: bool,
        names: &mut Names,
        range: Range,
        depth: u32,
    ) -> Pattern {
        let failed = |this: &mut Self, names: &mut Names| {
            // Names are bound all the same, so that their uses are not complained about.
            for field in fields.unwrap_or_default() {
                if let ast::PatternField::Field { pattern, .. } = field {
                    this.pattern_in(pattern, &Ty::Error, mutable, names, depth + 1);
                }
            }
            Pattern { kind: PatternKind::Error, ty: ty.clone(), range }
        };
        let (symbol, args): (Symbol, Arc<[Ty]>) = match self.base(ty) {
            Ty::Variant(symbol, args) => (symbol, args),
            Ty::Tag(symbol) => (symbol, Arc::from([])),
            Ty::Error => return failed(self, names),
            Ty::Infer(v) => match self.ctx.variants_with_case(&name.name.text).into_iter().next() {
                Some(symbol) => {
                    let args: Arc<[Ty]> = self
                        .type_sig(&symbol)
                        .map(|s| s.generics.iter().map(|g| g.bound).collect::<Vec<_>>())
                        .unwrap_or_default()
                        .into_iter()
                        .map(|b| self.fresh_bounded(range, b))
                        .collect();
                    self.assign(v, Ty::Variant(symbol.clone(), args.clone()));
                    (symbol, args)
                }
                None => return failed(self, names),
            },
            _ if matches!(name.name.text.as_str(), "Some" | "Just") => {
                self.error(
                    Code::PatternType,
                    range,
                    "a value that may be `none` is bound by its name: `if let x = …`",
                    "no case of an option",
                );
                if let Some([ast::PatternField::Field { pattern, .. }]) = fields {
                    return self.pattern_in(pattern, ty, mutable, names, depth + 1);
                }
                return failed(self, names);
            }
            other => {
                let shown = self.show(&other);
                self.error(
                    Code::PatternType,
                    range,
                    format!("a `{shown}` has no cases"),
                    format!("`{shown}` is matched"),
                );
                return failed(self, names);
            }
        };
        let tag = matches!(self.base(ty), Ty::Tag(_));
        let cases = self.cases(&symbol, &args);
        let Some((case, declared)) = cases.into_iter().find(|(n, _)| *n == name.name.text) else {
            self.unknown_case(&symbol, &name.name);
            return failed(self, names);
        };
        self.means(name.name.range, Meaning::Case(symbol.clone(), case.clone()), Role::Read);
        let declared = if tag { Vec::new() } else { declared };
        let mut patterns: Vec<Option<Pattern>> = declared.iter().map(|_| None).collect();
        let mut broken = false;
        if let Some(fields) = fields {
            for (index, field) in fields.iter().enumerate() {
                let ast::PatternField::Field { name: field_name, pattern } = field else {
                    if let ast::PatternField::Rest { name: Some(name), .. } = field {
                        self.error(
                            Code::PatternType,
                            name.range,
                            "the rest of a case's fields has no name; name the fields you need",
                            "not a record",
                        );
                    }
                    continue;
                };
                let at = self.pattern_position(field_name.as_ref(), pattern, index, &declared);
                if let Some((field, _)) = at.and_then(|at| declared.get(at)) {
                    let meaning = Meaning::CaseField(symbol.clone(), case.clone(), field.clone());
                    self.note_pattern_field(field_name.as_ref(), pattern, field, meaning);
                }
                match at {
                    Some(at) if patterns[at].is_none() => {
                        patterns[at] = Some(self.pattern_in(pattern, &declared[at].1, mutable, names, depth + 1));
                    }
                    Some(_) => {
                        self.error(Code::Twice, pattern.range, "this field is matched twice", "again");
                        broken = true;
                    }
                    None => {
                        let list: Vec<_> = declared.iter().map(|(n, _)| format!("`{n}`")).collect();
                        let has = if list.is_empty() { "no fields".to_owned() } else { list.join(", ") };
                        let at = field_name.as_ref().map_or(pattern.range, |n| n.range);
                        self.error(Code::UnknownField, at, format!("`{case}` has {has}"), "no such field");
                        self.pattern_in(pattern, &Ty::Error, mutable, names, depth + 1);
                        broken = true;
                    }
                }
            }
        }
        if broken {
            return Pattern { kind: PatternKind::Error, ty: ty.clone(), range };
        }
        let patterns = patterns
            .into_iter()
            .zip(&declared)
            .map(|(p, (_, ty))| p.unwrap_or_else(|| Pattern { kind: PatternKind::Wildcard, ty: ty.clone(), range }))
            .collect();
        Pattern { kind: PatternKind::Case(symbol, case, patterns), ty: ty.clone(), range }
    }

    /// Notes which field a part of a pattern is for.
    pub(crate) fn note_pattern_field(
        &mut self,
        name: Option<&ast::Ident>,
        pattern: &ast::Pattern,
        field: &SmolStr,
        meaning: Meaning,
    ) {
        let (range, form) = match (name, &pattern.kind) {
            (Some(name), _) => (name.range, Form::Plain),
            (None, ast::PatternKind::Bind(binder)) if binder.text == *field => {
                (binder.range, Form::Short(binder.range.start))
            }
            _ => (pattern.range, Form::Positional),
        };
        self.means_by(range, meaning, Role::Read, form);
    }

    /// Which field a part of a pattern speaks of.
    fn pattern_position(
        &self,
        name: Option<&ast::Ident>,
        pattern: &ast::Pattern,
        index: usize,
        fields: &[(SmolStr, Ty)],
    ) -> Option<usize> {
        match name {
            Some(name) => fields.iter().position(|(n, _)| *n == name.text),
            None => {
                if let ast::PatternKind::Bind(binder) = &pattern.kind
                    && let Some(at) = fields.iter().position(|(n, _)| *n == binder.text)
                {
                    return Some(at);
                }
                (index < fields.len()).then_some(index)
            }
        }
    }

    fn record_pattern(
        &mut self,
        fields: &[ast::PatternField],
        ty: &Ty,
        mutable: bool,
        names: &mut Names,
        range: Range,
        depth: u32,
    ) -> Pattern {
        let declared: Vec<(SmolStr, Ty)> = match self.base(ty) {
            Ty::Record(record) => record
                .fields
                .iter()
                .map(|f| (f.name.clone(), if f.absent { f.ty.clone().optional() } else { f.ty.clone() }))
                .collect(),
            Ty::Row(symbol) => self
                .relation(&symbol)
                .map(|sig| sig.fields.iter().filter(|f| !f.computed).map(|f| (f.name.clone(), f.ty.clone())).collect())
                .unwrap_or_default(),
            Ty::Infer(v) if fields.iter().all(|f| matches!(f, ast::PatternField::Field { .. })) => {
                // Taken apart by place: a record of so many values.
                let types: Vec<FieldTy> = fields
                    .iter()
                    .enumerate()
                    .map(|(i, f)| {
                        let name = match f {
                            ast::PatternField::Field { name: Some(name), .. } => name.text.clone(),
                            _ => SmolStr::new(i.to_string()),
                        };
                        FieldTy { name, wire: None, ty: self.fresh(range), absent: false, default: None }
                    })
                    .collect();
                let declared = types.iter().map(|f| (f.name.clone(), f.ty.clone())).collect();
                self.assign(v, Ty::Record(Arc::new(RecordTy { fields: types })));
                declared
            }
            Ty::Error => {
                for field in fields {
                    match field {
                        ast::PatternField::Field { pattern, .. } => {
                            self.pattern_in(pattern, &Ty::Error, mutable, names, depth + 1);
                        }
                        ast::PatternField::Rest { name: Some(name), .. } => {
                            self.bind_name(name, &Ty::Error, mutable, names);
                        }
                        ast::PatternField::Rest { .. } => {}
                    }
                }
                return Pattern { kind: PatternKind::Error, ty: ty.clone(), range };
            }
            other => {
                let shown = self.show(&other);
                self.error(
                    Code::PatternType,
                    range,
                    format!("only a record or a row is taken apart, found `{shown}`"),
                    format!("`{shown}`"),
                );
                return self.record_pattern(fields, &Ty::Error, mutable, names, range, depth + 1);
            }
        };
        let mut typed: Vec<(SmolStr, Pattern)> = Vec::new();
        let mut rest = None;
        let mut open = false;
        for (index, field) in fields.iter().enumerate() {
            match field {
                ast::PatternField::Field { name, pattern } => {
                    match self.pattern_position(name.as_ref(), pattern, index, &declared) {
                        Some(at) => {
                            let field = declared[at].0.clone();
                            let meaning = match self.base(ty) {
                                Ty::Row(symbol) => Some(Meaning::Field(symbol, field.clone())),
                                Ty::Record(record) => Some(Meaning::RecordField(record, field.clone())),
                                _ => None,
                            };
                            if let Some(meaning) = meaning {
                                self.note_pattern_field(name.as_ref(), pattern, &field, meaning);
                            }
                            if typed.iter().any(|(n, _)| *n == declared[at].0) {
                                self.error(Code::Twice, pattern.range, "this field is matched twice", "again");
                            }
                            let part = self.pattern_in(pattern, &declared[at].1, mutable, names, depth + 1);
                            typed.push((declared[at].0.clone(), part));
                        }
                        None => {
                            let at = name.as_ref().map_or(pattern.range, |n| n.range);
                            let written = self.ctx.source(at);
                            let shown = self.show(ty);
                            let mut d = self.diagnostic(
                                Code::UnknownField,
                                at,
                                format!("`{shown}` has no field for `{written}`"),
                                "no such field",
                            );
                            if let Some(near) = closest(&written, declared.iter().map(|(n, _)| n.as_str())) {
                                d.primary.message = format!("did you mean `{near}`?");
                            }
                            self.report(d);
                            self.pattern_in(pattern, &Ty::Error, mutable, names, depth + 1);
                            open = true;
                        }
                    }
                }
                ast::PatternField::Rest { name, .. } => {
                    open = true;
                    if let Some(name) = name {
                        let left: Vec<FieldTy> = declared
                            .iter()
                            .filter(|(n, _)| !typed.iter().any(|(m, _)| m == n))
                            .map(|(n, t)| FieldTy {
                                name: n.clone(),
                                wire: None,
                                ty: t.clone(),
                                absent: false,
                                default: None,
                            })
                            .collect();
                        let ty = Ty::Record(Arc::new(RecordTy { fields: left }));
                        rest = Some(self.bind_name(name, &ty, mutable, names));
                    }
                }
            }
        }
        if !open && matches!(self.base(ty), Ty::Record(_)) && typed.len() < declared.len() {
            let left: Vec<_> = declared
                .iter()
                .filter(|(n, _)| !typed.iter().any(|(m, _)| m == n))
                .map(|(n, _)| format!("`{n}`"))
                .collect();
            let d = self
                .diagnostic(Code::PatternType, range, format!("{} is not taken", left.join(", ")), "leaves fields out")
                .fix(self.fix(
                    "leave the others out with `..`",
                    Range::empty(range.end.saturating_sub(1)),
                    ", ..",
                    false,
                ));
            self.report(d);
        }
        Pattern { kind: PatternKind::Record(typed, rest), ty: ty.clone(), range }
    }

    fn pattern_literal(&mut self, literal: &ast::PatternLiteral, ty: &Ty, range: Range) -> Option<Literal> {
        let base = self.base(ty);
        let expr = match literal {
            ast::PatternLiteral::Value(literal) => self.literal(literal, false, range, Some(&base)),
            ast::PatternLiteral::Negative(literal) => self.literal(literal, true, range, Some(&base)),
            ast::PatternLiteral::Text(text) => match text.plain() {
                Some(plain) => self.node(typed::ExprKind::Literal(Literal::Text(plain.into())), Ty::Text, range),
                None => {
                    self.error(
                        Code::PatternType,
                        text.range,
                        "a pattern is constant; compare with `==` in a guard",
                        "has a hole",
                    );
                    return None;
                }
            },
        };
        let typed::ExprKind::Literal(literal) = expr.kind else { return None };
        if matches!(base, Ty::Error) {
            return None;
        }
        if let Ty::Infer(v) = base {
            self.assign(v, expr.ty);
            return Some(literal);
        }
        if expr.ty != base {
            let (want, found) = (self.show(ty), self.show(&expr.ty));
            let mut d = self.diagnostic(
                Code::PatternType,
                range,
                format!("a `{want}` is matched, and this is a `{found}`"),
                format!("`{found}`"),
            );
            if let (Ty::Variant(symbol, _), Literal::Text(text)) = (&base, &literal)
                && self.cases(symbol, &[]).iter().any(|(n, _)| n == text)
            {
                d = d.fix(self.fix(format!("write `{text}`"), range, text.to_string(), true));
            }
            self.report(d);
            return None;
        }
        Some(literal)
    }
}
