//! Walks of ordered indexes between every pair of bounds, the least and the greatest values among them, against a filter.

use std::cmp::Ordering;
use std::sync::Arc;

use tenon_store::schema::*;
use tenon_store::{Bound, Image, Reader, Row, Str};

const ROWS: RelationId = RelationId(0);
const INTS: [i64; 7] = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
const TEXTS: [&str; 5] = ["", "\0", "a", "a text of more than sixteen bytes", "\u{10FFFF}"];

/// The indexes: parts as `(field, descending)`.
const INDEXES: [&[(u32, bool)]; 6] =
    [&[(1, false)], &[(1, true)], &[(2, false)], &[(2, true)], &[(1, true), (2, true)], &[(1, false), (2, true)]];

fn schema() -> Schema {
    let part = |&(field, descending): &(u32, bool)| IndexPart { part: KeyPart::Field(FieldId(field)), descending };
    let index = |parts: &&[(u32, bool)]| Index { parts: parts.iter().map(part).collect(), kind: IndexKind::Ordered };
    let rows = Relation {
        name: "Row".into(),
        fields: vec![
            Field::new("id", DataType::Int),
            Field::new("number", DataType::Int),
            Field::new("text", DataType::Text),
        ],
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: INDEXES.iter().map(index).collect(),
        deletes: true,
    };
    Schema { relations: vec![rows] }
}

/// A value of each field by its number.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Values {
    number: i64,
    text: &'static str,
}

impl Values {
    fn all() -> impl Iterator<Item = Values> {
        INTS.into_iter().flat_map(|number| TEXTS.into_iter().map(move |text| Values { number, text }))
    }

    /// The lanes of the first parts of an index.
    fn lanes(&self, parts: &[(u32, bool)]) -> Vec<u64> {
        let mut lanes = Vec::new();
        for (field, _) in parts {
            if *field == 1 {
                lanes.push(self.number as u64);
            } else {
                let text = Str::new(self.text.as_bytes());
                lanes.extend([text.head, text.tail]);
            }
        }
        lanes
    }

    /// The order of an index, by its first parts.
    fn compare(&self, other: &Values, parts: &[(u32, bool)]) -> Ordering {
        parts.iter().fold(Ordering::Equal, |before, (field, descending)| {
            let own = if *field == 1 { self.number.cmp(&other.number) } else { self.text.cmp(other.text) };
            before.then(if *descending { own.reverse() } else { own })
        })
    }
}

fn read(reader: &Reader<'_>, row: Row) -> Values {
    let number = reader.field(ROWS, FieldId(1), row.slot)[0] as i64;
    let lanes = reader.field(ROWS, FieldId(2), row.slot);
    let text = Str { head: lanes[0], tail: lanes[1] };
    // SAFETY: the row is visible.
    let bytes = unsafe { text.bytes() };
    let text = TEXTS.into_iter().find(|t| t.as_bytes() == bytes).expect("a text of the test");
    Values { number, text }
}

#[test]
fn every_pair_of_bounds_is_a_filter() {
    let image = Image::with_max_rows(Arc::new(schema()), 4096).expect("a good schema");
    let mut txn = image.write();
    for (id, values) in Values::all().enumerate() {
        let text = Str::new(values.text.as_bytes());
        // SAFETY: the lanes are those of a row.
        unsafe { txn.insert(ROWS, &[id as u64, values.number as u64, text.head, text.tail]) }.expect("a new key");
    }
    let number = txn.commit(&mut Vec::new());
    image.set_durable(number);
    let reader = image.snapshot();

    // A bound: how many parts it has, its values, and whether it is in.
    let bounds = |parts: &'static [(u32, bool)]| {
        let of = (1..=parts.len()).flat_map(|n| Values::all().flat_map(move |v| [(n, v, true), (n, v, false)]));
        of.map(Some).chain([None]).collect::<Vec<_>>()
    };
    for (index, parts) in INDEXES.into_iter().enumerate() {
        // Values that agree in the parts are one bound.
        let same = |a: &Option<(usize, Values, bool)>, b: &Option<(usize, Values, bool)>| match (a, b) {
            (Some((n, v, i)), Some((m, w, j))) => n == m && i == j && v.compare(w, &parts[..*n]).is_eq(),
            _ => false,
        };
        let mut all: Vec<Option<(usize, Values, bool)>> = Vec::new();
        for bound in bounds(parts) {
            if !all.iter().any(|other| same(other, &bound)) {
                all.push(bound);
            }
        }
        for low in &all {
            for high in &all {
                let above = |v: &Values| match low {
                    None => true,
                    Some((n, l, included)) => match v.compare(l, &parts[..*n]) {
                        Ordering::Less => false,
                        Ordering::Equal => *included,
                        Ordering::Greater => true,
                    },
                };
                let below = |v: &Values| match high {
                    None => true,
                    Some((n, h, included)) => match v.compare(h, &parts[..*n]) {
                        Ordering::Less => true,
                        Ordering::Equal => *included,
                        Ordering::Greater => false,
                    },
                };
                let expected = Values::all().filter(|v| above(v) && below(v)).count();
                let lanes = |bound: &Option<(usize, Values, bool)>| match bound {
                    Some((n, v, _)) => v.lanes(&parts[..*n]),
                    None => Vec::new(),
                };
                let (low_lanes, high_lanes) = (lanes(low), lanes(high));
                let bound = |of: &Option<(usize, Values, bool)>, lanes| match of {
                    None => Bound::Open,
                    Some((columns, _, true)) => Bound::Included { lanes, columns: *columns },
                    Some((columns, _, false)) => Bound::Excluded { lanes, columns: *columns },
                };
                // SAFETY: the lanes are those of the index's first columns.
                let walk = || unsafe { reader.range(ROWS, index, bound(low, &low_lanes), bound(high, &high_lanes)) };
                let forward: Vec<Values> = walk().map(|row| read(&reader, row)).collect();
                let mut backward: Vec<Values> = walk().rev().map(|row| read(&reader, row)).collect();
                backward.reverse();
                assert_eq!(forward, backward, "index {index} between {low:?} and {high:?}");
                assert!(forward.iter().all(|v| above(v) && below(v)), "index {index} between {low:?} and {high:?}");
                assert_eq!(forward.len(), expected, "index {index} between {low:?} and {high:?}");
                assert!(forward.windows(2).all(|w| w[0].compare(&w[1], parts).is_le()));
            }
        }
    }
}
