//! What a refinement says about a value, as far as a form or a made-up value can use it.

use crate::Analysis;
use serde::Serialize;
use tenon_check::builtins::Builtin;
use tenon_check::ty::Ty;
use tenon_check::typed::{BinaryOp, Expr, ExprKind, Literal};

/// Digits behind the point of a scaled number.
const DIGITS: u32 = 12;
/// The unit of a scaled number.
const ONE: i128 = 1_000_000_000_000;

/// A number of a limit, exact to twelve digits behind the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Number(i128);

impl Number {
    /// A whole number.
    pub fn whole(n: i64) -> Number {
        Number(i128::from(n) * ONE)
    }

    /// The number as a whole one, towards positive infinity.
    pub fn ceil(self) -> i64 {
        let rounded = self.0.div_euclid(ONE) + i128::from(self.0.rem_euclid(ONE) != 0);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }

    /// The number with so many digits behind the point, towards positive infinity.
    pub fn digits(self, scale: u8) -> String {
        let unit = 10i128.pow(DIGITS.saturating_sub(u32::from(scale)));
        let rounded = self.0.div_euclid(unit) + i128::from(self.0.rem_euclid(unit) != 0);
        let of_one = 10i128.pow(u32::from(scale));
        let sign = if rounded < 0 { "-" } else { "" };
        let (whole, rest) = (rounded.abs() / of_one, rounded.abs() % of_one);
        if scale == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{rest:0width$}", width = usize::from(scale))
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.digits(DIGITS as u8);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the refinements of a type say. Numbers are written as texts, because they may have more digits than a
/// floating-point number. What is not told here may still be refused: `conditions` has all of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Limits {
    /// Least number, itself allowed.
    pub min: Option<Number>,
    /// True if the least number itself is not allowed.
    pub min_excluded: bool,
    /// Greatest number, itself allowed.
    pub max: Option<Number>,
    /// True if the greatest number itself is not allowed.
    pub max_excluded: bool,
    /// Least length of a text or collection.
    pub min_length: Option<u32>,
    /// Greatest length of a text or collection.
    pub max_length: Option<u32>,
    /// A pattern that the whole text matches.
    pub pattern: Option<String>,
    /// The only texts or numbers that are allowed; empty if others are.
    pub one_of: Vec<String>,
    /// The conditions as written, over `it`.
    pub conditions: Vec<String>,
    /// What the program says where a condition does not hold.
    pub messages: Vec<String>,
}

impl Limits {
    fn is_known(&self) -> bool {
        *self != Limits::default()
    }

    fn at_least(&mut self, number: Number, excluded: bool) {
        if self.min.is_none_or(|min| min < number || min == number && excluded) {
            self.min = Some(number);
            self.min_excluded = excluded;
        }
    }

    fn at_most(&mut self, number: Number, excluded: bool) {
        if self.max.is_none_or(|max| max > number || max == number && excluded) {
            self.max = Some(number);
            self.max_excluded = excluded;
        }
    }

    fn length(&mut self, min: Option<Number>, max: Option<Number>) {
        let as_length = |number: Number| u32::try_from(number.ceil().max(0)).unwrap_or(u32::MAX);
        self.min_length = self.min_length.max(min.map(as_length));
        if let Some(max) = max.map(as_length) {
            self.max_length = Some(self.max_length.map_or(max, |old| old.min(max)));
        }
    }

    fn condition(&mut self, condition: &Expr) {
        match &condition.kind {
            ExprKind::Convert(_, inner) => self.condition(inner),
            ExprKind::Binary(BinaryOp::And, a, b) => {
                self.condition(a);
                self.condition(b);
            }
            ExprKind::InRange(subject, low, high, inclusive) => {
                let (low, high) = (constant(low), constant(high));
                let whole = is_whole(subject);
                let (high, excluded) = match high {
                    Some(high) if !inclusive && whole => (Some(Number(high.0 - ONE)), false),
                    high => (high, !inclusive),
                };
                match subject_of(subject) {
                    Some(Subject::Value) => {
                        low.into_iter().for_each(|low| self.at_least(low, false));
                        high.into_iter().for_each(|high| self.at_most(high, excluded));
                    }
                    Some(Subject::Length) => self.length(low, high),
                    None => {}
                }
            }
            ExprKind::Binary(BinaryOp::In, subject, set) => {
                if let (Some(Subject::Value), ExprKind::Collection(elements)) = (subject_of(subject), &strip(set).kind)
                {
                    let texts: Option<Vec<String>> = elements.iter().map(written).collect();
                    self.one_of = texts.unwrap_or_default();
                }
            }
            ExprKind::Binary(op, a, b) => {
                let flipped = match op {
                    BinaryOp::Lt => BinaryOp::Gt,
                    BinaryOp::Le => BinaryOp::Ge,
                    BinaryOp::Gt => BinaryOp::Lt,
                    BinaryOp::Ge => BinaryOp::Le,
                    other => *other,
                };
                match (subject_of(a), constant(b), subject_of(b), constant(a)) {
                    (Some(subject), Some(number), ..) => self.compared(subject, *op, number, is_whole(a)),
                    (_, _, Some(subject), Some(number)) => self.compared(subject, flipped, number, is_whole(b)),
                    (Some(Subject::Value), None, ..) if *op == BinaryOp::Eq => self.one_of.extend(written(b)),
                    _ => {}
                }
            }
            ExprKind::Matches(subject, pattern) if matches!(subject_of(subject), Some(Subject::Value)) => {
                self.pattern = Some(pattern.to_string());
            }
            _ => {}
        }
    }

    fn compared(&mut self, subject: Subject, op: BinaryOp, number: Number, whole: bool) {
        let step = if whole { Number(ONE) } else { Number(0) };
        let excluded = !whole;
        let (low, high) = match op {
            BinaryOp::Ge => (Some((number, false)), None),
            BinaryOp::Gt => (Some((Number(number.0 + step.0), excluded)), None),
            BinaryOp::Le => (None, Some((number, false))),
            BinaryOp::Lt => (None, Some((Number(number.0 - step.0), excluded))),
            BinaryOp::Eq => (Some((number, false)), Some((number, false))),
            _ => return,
        };
        match subject {
            Subject::Value => {
                low.into_iter().for_each(|(number, excluded)| self.at_least(number, excluded));
                high.into_iter().for_each(|(number, excluded)| self.at_most(number, excluded));
            }
            Subject::Length => self.length(low.map(|(number, _)| number), high.map(|(number, _)| number)),
        }
    }
}

#[derive(Clone, Copy)]
enum Subject {
    /// `it`
    Value,
    /// `it.length`
    Length,
}

fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Convert(_, inner) => strip(inner),
        _ => expr,
    }
}

fn subject_of(expr: &Expr) -> Option<Subject> {
    match &strip(expr).kind {
        ExprKind::Local(_) => Some(Subject::Value),
        ExprKind::Builtin(builtin, args) => {
            let length = matches!(
                *builtin,
                Builtin::TextLength
                    | Builtin::Length
                    | Builtin::SetLength
                    | Builtin::MapLength
                    | Builtin::BagLength
                    | Builtin::BytesLength
            );
            let of_it = args.first().is_some_and(|first| matches!(strip(first).kind, ExprKind::Local(_)));
            (length && of_it).then_some(Subject::Length)
        }
        _ => None,
    }
}

fn is_whole(expr: &Expr) -> bool {
    *strip(expr).ty.base() == Ty::Int
}

fn constant(expr: &Expr) -> Option<Number> {
    let expr = strip(expr);
    match &expr.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(Number::whole(*n)),
        ExprKind::Literal(Literal::Decimal(n)) => match expr.ty.base() {
            Ty::Decimal(scale) => Some(Number(i128::from(*n) * 10i128.pow(DIGITS.saturating_sub(u32::from(*scale))))),
            _ => None,
        },
        ExprKind::Negate(inner) => constant(inner).map(|number| Number(-number.0)),
        _ => None,
    }
}

fn written(expr: &Expr) -> Option<String> {
    match &strip(expr).kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.to_string()),
        _ => constant(expr).map(|number| number.to_string()),
    }
}

impl Analysis {
    /// What the refinements of a type say, those of the types that it refines included; `None` for a type without.
    pub(crate) fn limits(&self, ty: &Ty) -> Option<Limits> {
        let mut limits = Limits::default();
        let mut ty = ty;
        while let Ty::Refined(base, rule) = ty {
            let part = tenon_check::sites::BodyPart::Rule(rule.index);
            if let Some(rule) = tenon_check::bodies::rule(&self.db, &rule.owner, part) {
                limits.condition(&rule.body.value);
                limits.conditions.push(rule.text.to_string());
                limits.messages.extend(rule.message.as_ref().map(|message| message.to_string()));
            }
            ty = base;
        }
        limits.is_known().then_some(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(Number::whole(-3).to_string(), "-3");
        assert_eq!(Number(ONE / 2).to_string(), "0.5");
        assert_eq!(Number(ONE / 2).digits(2), "0.50");
        assert_eq!(Number(ONE / 2).ceil(), 1);
        assert_eq!(Number(-ONE / 2).ceil(), 0);
        assert_eq!(Number(-ONE / 2).digits(1), "-0.5");
        assert_eq!(Number::whole(7).digits(0), "7");
    }
}
