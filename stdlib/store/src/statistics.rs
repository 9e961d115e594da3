//! Statistics of columns, for the planner: how many rows, how many distinct values, between which
//! bounds, and which values are most common.
//!
//! The writer adds every value that it writes to a sketch (an update writes only what it changes), so
//! bounds and distinct counts cover also what was deleted since; the number of rows limits them. The
//! most common values come from a sample of the rows when somebody asks.

use serde::{Deserialize, Serialize};

use crate::hash;
use crate::image::Reader;
use crate::layout::Str;
use crate::relation::Relation;
use crate::schema::ColumnType;

const REGISTERS: usize = 512;
const SAMPLE: u32 = 4096;
const COMMON: usize = 16;

/// What the writer keeps of a column.
#[derive(Clone, Debug)]
pub struct Sketch {
    registers: Box<[u8; REGISTERS]>,
    min: Option<i64>,
    max: Option<i64>,
}

impl Sketch {
    /// Of no values.
    pub fn new() -> Sketch {
        Sketch { registers: Box::new([0; REGISTERS]), min: None, max: None }
    }

    /// Adds a value.
    pub fn add(&mut self, ty: ColumnType, first: u64, second: u64) {
        let hash = hash_value(ty, first, second);
        let register = (hash >> 55) as usize;
        let rank = ((hash << 9) | (1 << 8)).leading_zeros() as u8 + 1;
        if let Some(seen) = self.registers.get_mut(register) {
            *seen = (*seen).max(rank);
        }
        if let Some(ordinal) = ordinal(ty, first) {
            self.min = Some(self.min.map_or(ordinal, |min| min.min(ordinal)));
            self.max = Some(self.max.map_or(ordinal, |max| max.max(ordinal)));
        }
    }

    /// About how many distinct values were added (HyperLogLog, with linear counting for few).
    pub fn distinct(&self) -> f64 {
        let m = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|rank| 2f64.powi(-i32::from(*rank))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let zeros = self.registers.iter().filter(|rank| **rank == 0).count();
        if raw <= 2.5 * m && zeros > 0 { m * (m / zeros as f64).ln() } else { raw }
    }
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch::new()
    }
}

fn hash_value(ty: ColumnType, first: u64, second: u64) -> u64 {
    let hash = match ty {
        // SAFETY: values reach a sketch when they are frozen, or from visible versions.
        ColumnType::Str => unsafe { hash::str(hash::SEED, Str { head: first, tail: second }) },
        ColumnType::Id => hash::word(hash::word(hash::SEED, first), second),
        _ => hash::word(hash::SEED, first),
    };
    hash::finish(hash)
}

/// A number that sorts as the value does, for types that have one.
fn ordinal(ty: ColumnType, first: u64) -> Option<i64> {
    match ty {
        ColumnType::Str | ColumnType::Id | ColumnType::Collection => None,
        ColumnType::F64 => {
            // A negative float's bits rise as it falls.
            let bits = first as i64;
            Some(if bits < 0 { i64::MIN ^ !bits } else { bits })
        }
        _ => Some(first as i64),
    }
}

/// The float that [`ColumnStatistics::min`] or `max` stands for in a float column.
pub fn float_of_ordinal(ordinal: i64) -> f64 {
    let bits = if ordinal < 0 { !(ordinal ^ i64::MIN) } else { ordinal };
    f64::from_bits(bits as u64)
}

/// A value that is common in a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommonValue {
    /// The hash of the value, by [`value_hash`].
    pub hash: u64,
    /// The value, for columns of one lane.
    pub value: Option<i64>,
    /// The part of the rows that have it.
    pub fraction: f64,
}

/// The hash of a value in the statistics.
///
/// # Safety
/// A text must be valid.
pub unsafe fn value_hash(ty: ColumnType, first: u64, second: u64) -> u64 {
    hash_value(ty, first, second)
}

/// What is known of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    /// About how many distinct values there are.
    pub distinct: f64,
    /// At most this is the least value; for floats see [`float_of_ordinal`].
    pub min: Option<i64>,
    /// At least this is the greatest value.
    pub max: Option<i64>,
    /// The most common values of a sample, most common first; only those that are clearly common.
    pub common: Vec<CommonValue>,
}

/// What is known of a relation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RelationStatistics {
    /// The number of rows.
    pub rows: u64,
    /// The columns in order.
    pub columns: Vec<ColumnStatistics>,
}

pub(crate) fn summarise(relation: &Relation, sketches: &[Sketch], reader: &Reader<'_>) -> RelationStatistics {
    let rows = reader.count(relation.id);
    let sample = sample(relation, reader);
    let columns = sketches
        .iter()
        .enumerate()
        .map(|(number, sketch)| ColumnStatistics {
            distinct: sketch.distinct().min(rows as f64),
            min: sketch.min,
            max: sketch.max,
            common: common(relation, number, &sample),
        })
        .collect();
    RelationStatistics { rows, columns }
}

/// Visible slots, spread evenly over the relation.
fn sample(relation: &Relation, reader: &Reader<'_>) -> Vec<u32> {
    let slots = relation.view.slots.load(std::sync::atomic::Ordering::Acquire);
    let step = (slots / SAMPLE).max(1);
    (0..slots).step_by(step as usize).filter(|slot| relation.sees(reader.snapshot, *slot)).collect()
}

fn common(relation: &Relation, column: usize, sample: &[u32]) -> Vec<CommonValue> {
    let ty = relation.meta.columns[column].ty;
    if ty == ColumnType::Collection || sample.is_empty() {
        return Vec::new();
    }
    let mut counts: rustc_hash::FxHashMap<u64, (u32, u64)> = rustc_hash::FxHashMap::default();
    for slot in sample {
        let (first, second) = relation.read(column, *slot);
        let entry = counts.entry(hash_value(ty, first, second)).or_insert((0, first));
        entry.0 += 1;
    }
    // Clearly common: at least three in the sample, and a quarter more than the average value.
    let average = sample.len() as f64 / counts.len() as f64;
    let one_lane = ty.lanes() == 1;
    let mut all: Vec<(u32, u64, u64)> = counts
        .into_iter()
        .filter(|(_, (count, _))| *count >= 3 && f64::from(*count) > 1.25 * average)
        .map(|(hash, (count, first))| (count, hash, first))
        .collect();
    all.sort_unstable_by_key(|(count, hash, _)| (std::cmp::Reverse(*count), *hash));
    all.truncate(COMMON);
    all.into_iter()
        .map(|(count, hash, first)| CommonValue {
            hash,
            value: one_lane.then_some(first as i64),
            fraction: f64::from(count) / sample.len() as f64,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_counts_are_close() {
        for n in [1u64, 10, 100, 1_000, 50_000] {
            let mut sketch = Sketch::new();
            for _ in 0..2 {
                for value in 0..n {
                    sketch.add(ColumnType::I64, value, 0);
                }
            }
            let error = (sketch.distinct() - n as f64).abs() / n as f64;
            assert!(error < 0.15, "{n}: {}", sketch.distinct());
            assert_eq!((sketch.min, sketch.max), (Some(0), Some(n as i64 - 1)));
        }
    }

    #[test]
    fn floats_have_bounds() {
        let mut sketch = Sketch::new();
        for value in [1.5f64, -2.5, 0.0, 7.25] {
            sketch.add(ColumnType::F64, value.to_bits(), 0);
        }
        let (min, max) = (sketch.min.expect("values"), sketch.max.expect("values"));
        assert_eq!((float_of_ordinal(min), float_of_ordinal(max)), (-2.5, 7.25));
    }
}
