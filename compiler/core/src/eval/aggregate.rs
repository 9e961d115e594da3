//! Aggregates and windows.

use super::Run;
use super::machine::{Env, Machine, fault, malformed};
use super::query::compare;
use crate::ir::*;
use std::collections::BTreeSet;
use tenon_value::float::ExactSum;
use tenon_value::{Fault, Value, decimal, float, integer};

impl<'a> Machine<'a> {
    /// An aggregate over the rows of a group; `ty` is the type of its variable.
    pub(super) fn aggregate(&mut self, aggregate: &'a Aggregate, group: &mut [Env], ty: &Type) -> Run<Value> {
        let mut rows = Vec::new();
        for row in group.iter_mut() {
            let counts = match &aggregate.filter {
                Some(filter) => self.bool(filter, row)?,
                None => true,
            };
            if counts {
                rows.push(row.clone());
            }
        }
        if let Some(grain) = &aggregate.grain {
            let mut seen = BTreeSet::new();
            let mut firsts = Vec::new();
            for mut row in rows {
                if seen.insert(self.values(grain, &mut row)?) {
                    firsts.push(row);
                }
            }
            rows = firsts;
        }
        if !aggregate.order.is_empty() {
            rows = self.sorted(rows, &aggregate.order)?;
        }
        let values = match &aggregate.argument {
            None => vec![Value::unit(); rows.len()],
            Some(argument) => present(self.each(argument, &mut rows)?, &argument.ty),
        };
        let argument = aggregate.argument.as_ref().map(|argument| argument.ty.present());
        self.fold(aggregate.function, values, argument, ty)
    }

    /// Folds present values; `argument` is their type, `ty` that of the result.
    fn fold(&mut self, function: AggregateFn, values: Vec<Value>, argument: Option<&Type>, ty: &Type) -> Run<Value> {
        let values = match function {
            AggregateFn::ListDistinct
            | AggregateFn::CountDistinct
            | AggregateFn::SumDistinct
            | AggregateFn::AvgDistinct => values.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            _ => values,
        };
        let found = match function {
            AggregateFn::Count | AggregateFn::CountDistinct => return Ok(Value::Int(values.len() as i64)),
            AggregateFn::Any => return Ok(Value::Bool(values.contains(&Value::Bool(true)))),
            AggregateFn::All => return Ok(Value::Bool(!values.contains(&Value::Bool(false)))),
            AggregateFn::List | AggregateFn::ListDistinct => return self.collection(values, ty),
            AggregateFn::Sum | AggregateFn::SumDistinct => {
                let Some(argument) = argument else { return malformed("a sum without an argument") };
                return or_fault(sum(&values, argument));
            }
            AggregateFn::Avg | AggregateFn::AvgDistinct => match values.is_empty() {
                true => None,
                false => Some(or_fault(mean(&values, ty.present()))?),
            },
            AggregateFn::Min => values.into_iter().reduce(|a, b| if b < a { b } else { a }),
            AggregateFn::Max => values.into_iter().reduce(|a, b| if b > a { b } else { a }),
            AggregateFn::First => values.into_iter().next(),
            AggregateFn::Percentile(parts) => percentile(values, parts),
            AggregateFn::StdDev => match values.len() {
                0 | 1 => None,
                _ => Some(or_fault(deviation(&values))?),
            },
        };
        match (found, ty) {
            (Some(value), Type::Option(_)) => Ok(Value::some(value)),
            (Some(value), _) => Ok(value),
            (None, Type::Option(_)) => Ok(Value::None),
            (None, Type::Float) if function == AggregateFn::StdDev => Ok(Value::Float(0.0)),
            (None, _) => malformed("an aggregate over nothing is not typed as an option"),
        }
    }

    /// The values of a window, one per row, in the order of the rows.
    pub(super) fn window(&mut self, window: &'a WindowExpr, rows: &mut [Env], ty: &Type) -> Run<Vec<Value>> {
        let mut partitions: std::collections::BTreeMap<Vec<Value>, Vec<usize>> = std::collections::BTreeMap::new();
        let mut order = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter_mut().enumerate() {
            let partition = self.values(&window.partition, row)?;
            partitions.entry(partition).or_default().push(index);
            order.push(self.sort_values(&window.order, row)?);
        }
        let mut out = vec![Value::None; rows.len()];
        for mut members in partitions.into_values() {
            // Stable, so input order breaks ties.
            members.sort_by(|a, b| compare(&order[*a], &order[*b], &window.order));
            let same = |a: usize, b: usize| compare(&order[members[a]], &order[members[b]], &window.order).is_eq();
            let arguments = match window.arguments.first() {
                Some(argument) => {
                    let mut values = Vec::with_capacity(members.len());
                    for member in &members {
                        values.push(self.expr(argument, &mut rows[*member])?);
                    }
                    values
                }
                None => Vec::new(),
            };
            for at in 0..members.len() {
                self.burn(1)?;
                let first_peer = (0..=at).find(|other| same(*other, at)).unwrap_or(at);
                let value = match window.function {
                    WindowFn::RowNumber => Value::Int(at as i64 + 1),
                    WindowFn::Rank => Value::Int(first_peer as i64 + 1),
                    WindowFn::DenseRank => {
                        Value::Int(1 + (1..=first_peer).filter(|other| !same(*other, *other - 1)).count() as i64)
                    }
                    WindowFn::Lag | WindowFn::Lead => {
                        let steps = match window.arguments.get(1) {
                            Some(steps) => self.int(steps, &mut rows[members[at]])?,
                            None => 1,
                        };
                        let steps = if window.function == WindowFn::Lag { -i128::from(steps) } else { steps.into() };
                        let position = usize::try_from(at as i128 + steps).ok();
                        match (position.and_then(|p| arguments.get(p)), &window.arguments.first()) {
                            (Some(value), Some(argument)) => super::expr::lift(value.clone(), &argument.ty),
                            _ => Value::None,
                        }
                    }
                    WindowFn::Aggregate(function) => {
                        let last = members.len();
                        let (from, to) = match &window.frame {
                            Frame::Partition => (0, last),
                            Frame::ToCurrent => (0, (at..last).rev().find(|other| same(*other, at)).unwrap_or(at) + 1),
                            Frame::Rows(from, to) => {
                                let row = &mut rows[members[at]].clone();
                                let from = self.bound(from, at, row)?;
                                let to = self.bound(to, at, row)?.saturating_add(1);
                                let clip = |n: i128| n.clamp(0, last as i128) as usize;
                                (clip(from), clip(to))
                            }
                        };
                        let argument = window.arguments.first().map(|argument| &argument.ty);
                        let length = to.saturating_sub(from);
                        self.burn(length as u64)?;
                        let values = match argument {
                            Some(ty) => present(arguments.iter().skip(from).take(length).cloned().collect(), ty),
                            None => vec![Value::unit(); length],
                        };
                        self.fold(function, values, argument.map(Type::present), ty)?
                    }
                };
                out[members[at]] = value;
            }
        }
        Ok(out)
    }

    /// The position of a bound of the frame of the row at a position.
    fn bound(&mut self, bound: &'a Bound, at: usize, row: &mut Env) -> Run<i128> {
        Ok(match bound {
            Bound::Current => at as i128,
            Bound::Before(n) => at as i128 - i128::from(self.int(n, row)?),
            Bound::After(n) => at as i128 + i128::from(self.int(n, row)?),
        })
    }
}

/// A fault of a fold has no place of its own.
fn or_fault(result: Result<Value, Fault>) -> Run<Value> {
    result.or_else(|f| fault(f, SiteId(0)))
}

/// Values of a type without the absent ones, and without their options.
fn present(values: Vec<Value>, ty: &Type) -> Vec<Value> {
    match ty {
        Type::Option(_) => values
            .into_iter()
            .filter_map(|value| match value {
                Value::Some(inner) => Some(*inner),
                _ => None,
            })
            .collect(),
        _ => values,
    }
}

/// The number in an Int, Decimal or Duration.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) | Value::Duration(n) => Some(*n),
        Value::Decimal { unscaled, .. } => Some(*unscaled),
        _ => None,
    }
}

/// The exact sum of whole numbers. A sum of 2^64 numbers of 64 bits fits 128.
fn total(values: &[Value]) -> Result<i128, Fault> {
    values.iter().map(|value| number(value).map(i128::from).ok_or(Fault::Internal)).sum()
}

fn exact(values: &[f64]) -> Result<f64, Fault> {
    let mut sum = ExactSum::new();
    values.iter().for_each(|value| sum.add(*value));
    sum.value()
}

/// The numbers as Floats, each the nearest one.
fn floats(values: &[Value]) -> Result<Vec<f64>, Fault> {
    values
        .iter()
        .map(|value| match value {
            Value::Float(f) => Ok(*f),
            Value::Decimal { unscaled, scale } => Ok(decimal::to_float(*unscaled, *scale)),
            Value::Int(n) | Value::Duration(n) => Ok(*n as f64),
            _ => Err(Fault::Internal),
        })
        .collect()
}

fn sum(values: &[Value], ty: &Type) -> Result<Value, Fault> {
    Ok(match ty {
        Type::Int => Value::Int(integer::narrow(total(values)?)?),
        Type::Duration => Value::Duration(integer::narrow(total(values)?)?),
        Type::Decimal(scale) => Value::Decimal { unscaled: integer::narrow(total(values)?)?, scale: *scale },
        Type::Float => Value::Float(exact(&floats(values)?)?),
        _ => return Err(Fault::Internal),
    })
}

/// The mean of at least one value.
fn mean(values: &[Value], ty: &Type) -> Result<Value, Fault> {
    let count = values.len() as u64;
    Ok(match (values.first(), ty) {
        (Some(Value::Int(_)), Type::Decimal(scale)) => {
            Value::Decimal { unscaled: decimal::mean(total(values)?, 0, count, *scale)?, scale: *scale }
        }
        (Some(Value::Decimal { scale: of, .. }), Type::Decimal(scale)) => {
            Value::Decimal { unscaled: decimal::mean(total(values)?, *of, count, *scale)?, scale: *scale }
        }
        (Some(Value::Duration(_)), Type::Duration) => Value::Duration(decimal::mean(total(values)?, 0, count, 0)?),
        (Some(Value::Float(_)), Type::Float) => {
            Value::Float(float::finite(exact(&floats(values)?)? / values.len() as f64)?)
        }
        _ => return Err(Fault::Internal),
    })
}

/// The sample standard deviation of at least two values: two passes, each an exact sum.
fn deviation(values: &[Value]) -> Result<Value, Fault> {
    let floats = floats(values)?;
    let mean = exact(&floats)? / floats.len() as f64;
    let squares: Vec<f64> = floats.iter().map(|f| (f - mean) * (f - mean)).collect();
    if squares.iter().any(|square| !square.is_finite()) {
        return Err(Fault::NotFinite);
    }
    Ok(Value::Float(float::finite((exact(&squares)? / (floats.len() - 1) as f64).sqrt())?))
}

/// The value of the nearest rank: the least one that at least so many parts per million of the values do not exceed.
fn percentile(mut values: Vec<Value>, parts: u32) -> Option<Value> {
    values.sort();
    let rank = (values.len() as u128 * u128::from(parts)).div_ceil(1_000_000).max(1) as usize;
    let last = values.len().checked_sub(1)?;
    Some(values.swap_remove((rank - 1).min(last)))
}
