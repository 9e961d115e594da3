//! Whether a `match` answers every value, and whether every arm answers one: usefulness of patterns, after
//! Maranget. A row of patterns is useful if some value matches it and no row above it.

use super::engine::Infer;
use crate::ty::Ty;
use crate::typed::{Expr, Literal, Pattern, PatternKind};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// A bound on the work; a match beyond it has to end with an arm that takes everything.
const BUDGET: u32 = 20_000;

/// What a value may be built by.
#[derive(Clone, PartialEq, Debug)]
enum Constructor {
    Case(SmolStr, Vec<(SmolStr, Ty)>),
    Bool(bool),
    Absent,
    Present(Ty),
    Record(Vec<(SmolStr, Ty)>),
    Literal(Literal),
    Range(Literal, Literal, bool),
}

impl Constructor {
    fn arity(&self) -> usize {
        match self {
            Constructor::Case(_, fields) | Constructor::Record(fields) => fields.len(),
            Constructor::Present(_) => 1,
            _ => 0,
        }
    }

    fn types(&self) -> Vec<Ty> {
        match self {
            Constructor::Case(_, fields) | Constructor::Record(fields) => {
                fields.iter().map(|(_, t)| t.clone()).collect()
            }
            Constructor::Present(ty) => vec![ty.clone()],
            _ => Vec::new(),
        }
    }
}

/// A pattern reduced to what matters here.
#[derive(Clone, Debug)]
enum Simple {
    Any,
    Built(Constructor, Vec<Simple>),
    Or(Vec<Simple>),
}

impl Infer<'_> {
    /// True if the pattern matches every value of the type.
    pub(crate) fn covers(&mut self, pattern: &Pattern, ty: &Ty) -> bool {
        let row = vec![self.simple(pattern)];
        let mut budget = BUDGET;
        self.missing(&[row], std::slice::from_ref(ty), &mut budget).is_none() && budget > 0
    }

    /// Reports what a match leaves out, and arms that nothing reaches.
    pub(crate) fn check_arms(
        &mut self,
        subject: &Expr,
        arms: &[(Pattern, Option<Expr>)],
        source: &[ast::Arm],
        range: Range,
    ) {
        let types = [self.resolve(&subject.ty)];
        let mut rows: Vec<Vec<Simple>> = Vec::new();
        let mut budget = BUDGET;
        for (index, (pattern, guard)) in arms.iter().enumerate() {
            if matches!(pattern.kind, PatternKind::Error) {
                return;
            }
            let simple = self.simple(pattern);
            if !self.useful(&rows, std::slice::from_ref(&simple), &types, &mut budget)
                && budget > 0
                && let Some(arm) = source.get(index)
            {
                self.error(
                    Code::UselessArm,
                    arm.pattern.range,
                    "no value reaches this arm: those above answer them all",
                    "never reached",
                );
            }
            if guard.is_none() {
                rows.push(vec![simple]);
            }
        }
        if let Some(witness) = self.missing(&rows, &types, &mut budget) {
            let shown = witness.first().cloned().unwrap_or_else(|| "_".into());
            let d = self.diagnostic(Code::NotAll, range, not_answered(&shown), "leaves it out").note(
                match shown.as_str() {
                    "_" => "add an arm for all the others: `_ => …`".to_string(),
                    _ => format!("add an arm: `{shown} => …`, or `_ => …` for all the others"),
                },
            );
            let d = match self.base(&subject.ty) {
                Ty::Variant(symbol, _) => self.because(d, &symbol, None, "its cases are declared here"),
                _ => d,
            };
            self.report(d);
        } else if budget == 0 && !rows.iter().any(|row| matches!(row.as_slice(), [Simple::Any])) {
            let d = self
                .diagnostic(
                    Code::NotAll,
                    range,
                    "whether these arms answer everything is too much to find out",
                    "too large",
                )
                .note("end with `_ => …`");
            self.report(d);
        }
    }

    fn simple(&self, pattern: &Pattern) -> Simple {
        match &pattern.kind {
            PatternKind::Error | PatternKind::Wildcard | PatternKind::Bind(_) => Simple::Any,
            PatternKind::Absent => Simple::Built(Constructor::Absent, Vec::new()),
            PatternKind::Present(inner) => {
                Simple::Built(Constructor::Present(inner.ty.clone()), vec![self.simple(inner)])
            }
            PatternKind::Literal(Literal::Bool(b)) => Simple::Built(Constructor::Bool(*b), Vec::new()),
            PatternKind::Literal(literal) => Simple::Built(Constructor::Literal(literal.clone()), Vec::new()),
            PatternKind::Range(a, b, inclusive) => {
                Simple::Built(Constructor::Range(a.clone(), b.clone(), *inclusive), Vec::new())
            }
            PatternKind::Case(symbol, name, parts) => {
                let fields = match self.base(&pattern.ty) {
                    Ty::Variant(_, args) => {
                        self.cases(symbol, &args).into_iter().find(|(n, _)| n == name).map(|(_, f)| f)
                    }
                    _ => None,
                };
                let fields = fields.filter(|f| f.len() == parts.len()).unwrap_or_default();
                let parts = if fields.is_empty() { Vec::new() } else { parts.iter().map(|p| self.simple(p)).collect() };
                Simple::Built(Constructor::Case(name.clone(), fields), parts)
            }
            PatternKind::Record(parts, _) => {
                let Some(Constructor::Record(fields)) =
                    self.constructors(&pattern.ty).and_then(|c| c.into_iter().next())
                else {
                    return Simple::Any;
                };
                let parts = fields
                    .iter()
                    .map(|(name, _)| parts.iter().find(|(n, _)| n == name).map_or(Simple::Any, |(_, p)| self.simple(p)))
                    .collect();
                Simple::Built(Constructor::Record(fields), parts)
            }
            PatternKind::Or(parts) => Simple::Or(parts.iter().map(|p| self.simple(p)).collect()),
        }
    }

    /// All ways to build a value of a type; `None` where there are too many to list.
    fn constructors(&self, ty: &Ty) -> Option<Vec<Constructor>> {
        match self.base(ty) {
            Ty::Bool => Some(vec![Constructor::Bool(true), Constructor::Bool(false)]),
            Ty::Option(inner) => Some(vec![Constructor::Present((*inner).clone()), Constructor::Absent]),
            Ty::Variant(symbol, args) => Some(
                self.cases(&symbol, &args).into_iter().map(|(name, fields)| Constructor::Case(name, fields)).collect(),
            ),
            Ty::Tag(symbol) => Some(
                self.cases(&symbol, &[]).into_iter().map(|(name, _)| Constructor::Case(name, Vec::new())).collect(),
            ),
            Ty::Record(record) => {
                Some(vec![Constructor::Record(record.fields.iter().map(|f| (f.name.clone(), f.ty.clone())).collect())])
            }
            Ty::Row(symbol) => {
                let sig = self.relation(&symbol)?;
                let fields =
                    sig.fields.iter().filter(|f| !f.computed).map(|f| (f.name.clone(), f.ty.clone())).collect();
                Some(vec![Constructor::Record(fields)])
            }
            _ => None,
        }
    }

    /// Rows that match values built by the constructor, with its parts in place of the first column.
    fn specialise(rows: &[Vec<Simple>], by: &Constructor) -> Vec<Vec<Simple>> {
        let mut out = Vec::new();
        for row in rows {
            Self::specialise_row(row, by, &mut out);
        }
        out
    }

    fn specialise_row(row: &[Simple], by: &Constructor, out: &mut Vec<Vec<Simple>>) {
        let Some((first, rest)) = row.split_first() else { return };
        match first {
            Simple::Any => {
                let mut new = vec![Simple::Any; by.arity()];
                new.extend_from_slice(rest);
                out.push(new);
            }
            Simple::Built(constructor, parts) if includes(constructor, by) => {
                let mut new = parts.clone();
                new.resize(by.arity(), Simple::Any);
                new.extend_from_slice(rest);
                out.push(new);
            }
            Simple::Built(..) => {}
            Simple::Or(parts) => {
                for part in parts {
                    let mut new = vec![part.clone()];
                    new.extend_from_slice(rest);
                    Self::specialise_row(&new, by, out);
                }
            }
        }
    }

    fn default_rows(rows: &[Vec<Simple>], out: &mut Vec<Vec<Simple>>) {
        for row in rows {
            let Some((first, rest)) = row.split_first() else { continue };
            match first {
                Simple::Any => out.push(rest.to_vec()),
                Simple::Built(..) => {}
                Simple::Or(parts) => {
                    for part in parts {
                        let mut new = vec![part.clone()];
                        new.extend_from_slice(rest);
                        Self::default_rows(&[new], out);
                    }
                }
            }
        }
    }

    fn useful(&self, rows: &[Vec<Simple>], row: &[Simple], types: &[Ty], budget: &mut u32) -> bool {
        if *budget == 0 {
            return true;
        }
        *budget -= 1;
        let Some((first, rest)) = row.split_first() else { return rows.is_empty() };
        match first {
            Simple::Or(parts) => parts.iter().any(|part| {
                let mut new = vec![part.clone()];
                new.extend_from_slice(rest);
                self.useful(rows, &new, types, budget)
            }),
            Simple::Built(constructor, parts) => {
                let mut new = parts.clone();
                new.resize(constructor.arity(), Simple::Any);
                new.extend_from_slice(rest);
                let mut inner = constructor.types();
                inner.extend_from_slice(&types[1..]);
                self.useful(&Self::specialise(rows, constructor), &new, &inner, budget)
            }
            Simple::Any => match self.constructors(&types[0]) {
                Some(all) if self.heads_complete(rows, &all) => all.iter().any(|constructor| {
                    let mut new = vec![Simple::Any; constructor.arity()];
                    new.extend_from_slice(rest);
                    let mut inner = constructor.types();
                    inner.extend_from_slice(&types[1..]);
                    self.useful(&Self::specialise(rows, constructor), &new, &inner, budget)
                }),
                _ => {
                    let mut left = Vec::new();
                    Self::default_rows(rows, &mut left);
                    self.useful(&left, rest, &types[1..], budget)
                }
            },
        }
    }

    fn heads_complete(&self, rows: &[Vec<Simple>], all: &[Constructor]) -> bool {
        fn heads<'s>(simple: &'s Simple, out: &mut Vec<&'s Constructor>) {
            match simple {
                Simple::Any => {}
                Simple::Built(c, _) => out.push(c),
                Simple::Or(parts) => parts.iter().for_each(|p| heads(p, out)),
            }
        }
        let mut found = Vec::new();
        rows.iter().filter_map(|r| r.first()).for_each(|s| heads(s, &mut found));
        all.iter().all(|c| found.iter().any(|f| includes(f, c)))
    }

    /// Values, as written, that no row matches.
    fn missing(&self, rows: &[Vec<Simple>], types: &[Ty], budget: &mut u32) -> Option<Vec<String>> {
        if *budget == 0 {
            return None;
        }
        *budget -= 1;
        let Some((first, rest)) = types.split_first() else {
            return rows.is_empty().then(Vec::new);
        };
        if rows.iter().all(|r| matches!(r.first(), Some(Simple::Any))) {
            let mut left = Vec::new();
            Self::default_rows(rows, &mut left);
            let mut witness = self.missing(&left, rest, budget)?;
            let head = match (rows.is_empty(), self.constructors(first)) {
                (true, Some(all)) if !matches!(all.first(), Some(Constructor::Record(_))) => {
                    all.first().map_or_else(|| "_".into(), |c| show(c, &vec!["_".into(); c.arity()]))
                }
                _ => "_".into(),
            };
            witness.insert(0, head);
            return Some(witness);
        }
        match self.constructors(first) {
            Some(all) => {
                for constructor in &all {
                    let mut inner = constructor.types();
                    inner.extend_from_slice(rest);
                    if let Some(witness) = self.missing(&Self::specialise(rows, constructor), &inner, budget) {
                        let (parts, tail) = witness.split_at(constructor.arity().min(witness.len()));
                        let mut out = vec![show(constructor, parts)];
                        out.extend_from_slice(tail);
                        return Some(out);
                    }
                }
                None
            }
            None => {
                let mut left = Vec::new();
                Self::default_rows(rows, &mut left);
                let mut witness = self.missing(&left, rest, budget)?;
                witness.insert(0, "_".into());
                Some(witness)
            }
        }
    }
}

/// True if every value built by `part` is one that `whole` takes.
fn includes(whole: &Constructor, part: &Constructor) -> bool {
    match (whole, part) {
        (Constructor::Case(a, _), Constructor::Case(b, _)) => a == b,
        (Constructor::Present(_), Constructor::Present(_)) | (Constructor::Record(_), Constructor::Record(_)) => true,
        (Constructor::Range(a, b, inclusive), Constructor::Literal(x)) => {
            at_most(a, x) && if *inclusive { at_most(x, b) } else { at_most(x, b) && x != b }
        }
        (Constructor::Range(a, b, i), Constructor::Range(c, d, j)) => {
            at_most(a, c) && (at_most(d, b) && (d != b || *i || !*j))
        }
        _ => whole == part,
    }
}

fn at_most(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Int(x), Literal::Int(y))
        | (Literal::Decimal(x), Literal::Decimal(y))
        | (Literal::Instant(x), Literal::Instant(y))
        | (Literal::Time(x), Literal::Time(y))
        | (Literal::Duration(x), Literal::Duration(y)) => x <= y,
        (Literal::Date(x), Literal::Date(y)) => x <= y,
        (Literal::Text(x), Literal::Text(y)) => x <= y,
        _ => false,
    }
}

fn show(constructor: &Constructor, parts: &[String]) -> String {
    match constructor {
        Constructor::Case(name, fields) if fields.is_empty() => name.to_string(),
        Constructor::Case(name, fields) => {
            let list: Vec<_> = fields
                .iter()
                .zip(parts)
                .map(|((field, _), part)| if part == "_" { field.to_string() } else { format!("{field}: {part}") })
                .collect();
            format!("{name}({})", list.join(", "))
        }
        Constructor::Bool(b) => b.to_string(),
        Constructor::Absent => "none".into(),
        Constructor::Present(_) => parts.first().cloned().unwrap_or_else(|| "_".into()),
        Constructor::Record(fields) => {
            let list: Vec<_> = fields.iter().zip(parts).map(|((field, _), part)| format!("{field}: {part}")).collect();
            format!("({})", list.join(", "))
        }
        Constructor::Literal(_) | Constructor::Range(..) => "_".into(),
    }
}

fn not_answered(shown: &str) -> String {
    match shown {
        "_" => "not every value is answered".to_string(),
        _ => format!("`{shown}` is not answered"),
    }
}
