//! Literals: a number takes the type that is expected.

use super::engine::Infer;
use crate::ty::Ty;
use crate::typed::{Expr, ExprKind, Literal};
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;
use tenon_value::decimal::MAX_SCALE;
use tenon_value::time as notation;

impl Infer<'_> {
    pub(crate) fn literal(&mut self, literal: &ast::Literal, negative: bool, range: Range, hint: Option<&Ty>) -> Expr {
        let hint = hint.map(|h| match self.base(h) {
            Ty::Option(inner) => self.base(&inner),
            ty => ty,
        });
        match self.literal_value(literal, negative, hint.as_ref(), range) {
            Ok((value, ty)) => self.node(ExprKind::Literal(value), ty, range),
            Err(message) => {
                self.error(Code::Literal, range, message, "this literal");
                self.broken(range)
            }
        }
    }

    fn literal_value(
        &mut self,
        literal: &ast::Literal,
        negative: bool,
        hint: Option<&Ty>,
        range: Range,
    ) -> Result<(Literal, Ty), String> {
        let sign = if negative { "-" } else { "" };
        match literal {
            ast::Literal::Int(text) => match hint {
                Some(Ty::Decimal(scale)) => decimal(&format!("{sign}{text}"), *scale),
                Some(Ty::Float) => float(&format!("{sign}{text}")),
                _ => format!("{sign}{text}")
                    .parse()
                    .map(|n| (Literal::Int(n), Ty::Int))
                    .map_err(|_| format!("`{sign}{text}` does not fit an `Int`, which has 64 bits")),
            },
            ast::Literal::Decimal(text) => {
                let digits = text.split_once('.').map_or(0, |(_, d)| d.len());
                match hint {
                    Some(Ty::Float) => float(&format!("{sign}{text}")),
                    Some(Ty::Decimal(scale)) if digits <= usize::from(*scale) => {
                        decimal(&format!("{sign}{text}"), *scale)
                    }
                    _ if digits > usize::from(MAX_SCALE) => {
                        Err(format!("a `Decimal` has at most {MAX_SCALE} fractional digits"))
                    }
                    _ => decimal(&format!("{sign}{text}"), digits as u8),
                }
            }
            ast::Literal::Float(text) => float(&format!("{sign}{text}")),
            ast::Literal::Duration(text) => duration(text)
                .and_then(|d| if negative { d.checked_neg() } else { Some(d) })
                .map(|d| (Literal::Duration(d), Ty::Duration))
                .ok_or_else(|| format!("`{text}` is longer than a `Duration` can be")),
            ast::Literal::Bool(b) => Ok((Literal::Bool(*b), Ty::Bool)),
            ast::Literal::None => {
                let of = match hint {
                    Some(ty) if !matches!(ty, Ty::Infer(_)) => ty.clone(),
                    _ => self.fresh(range),
                };
                Ok((Literal::None, Ty::Option(Arc::new(of))))
            }
            ast::Literal::Date(text) => notation::parse_date(text)
                .map(|d| (Literal::Date(d), Ty::Date))
                .ok_or_else(|| format!("there is no date {text}")),
            ast::Literal::Instant(text) => notation::parse_instant(text)
                .map(|i| (Literal::Instant(i), Ty::Instant))
                .ok_or_else(|| format!("there is no moment {text}")),
            ast::Literal::Time(text) => notation::parse_time(text)
                .map(|t| (Literal::Time(t), Ty::Time))
                .ok_or_else(|| format!("there is no time of day {text}")),
            ast::Literal::Bytes(bytes) => Ok((Literal::Bytes(bytes.clone()), Ty::Bytes)),
        }
    }
}

fn decimal(text: &str, scale: u8) -> Result<(Literal, Ty), String> {
    tenon_value::decimal::parse(text, scale)
        .map(|n| (Literal::Decimal(n), Ty::Decimal(scale)))
        .map_err(|_| format!("`{text}` does not fit a `Decimal({scale})`, which has 64 bits"))
}

fn float(text: &str) -> Result<(Literal, Ty), String> {
    match text.parse::<f64>() {
        Ok(n) if n.is_finite() => Ok((Literal::Float((n + 0.0).to_bits()), Ty::Float)),
        _ => Err(format!("`{text}` does not fit a `Float`")),
    }
}

/// `1h30min` in microseconds.
fn duration(text: &str) -> Option<i64> {
    const UNITS: &[(&str, i64)] = &[
        ("us", 1),
        ("ms", 1_000),
        ("min", 60_000_000),
        ("s", 1_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
        ("w", 604_800_000_000),
    ];
    let mut rest = text;
    let mut sum = 0i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let (unit, factor) = UNITS.iter().find(|(unit, _)| {
            tail.strip_prefix(unit).is_some_and(|t| t.is_empty() || t.starts_with(|c: char| c.is_ascii_digit()))
        })?;
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*factor)?)?;
        rest = &tail[unit.len()..];
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("1h30min"), Some(5_400_000_000));
        assert_eq!(duration("200ms"), Some(200_000));
        assert_eq!(duration("1d"), Some(86_400_000_000));
        assert_eq!(duration("99999999999999w"), None);
    }
}
