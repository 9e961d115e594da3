//! A row may be so large and no larger, whatever its bytes are made of.

use std::sync::Arc;

use tenon_store::schema::*;
use tenon_store::{Image, MAX_ROW_BYTES, Str, Violation, WriteTxn};

const NAMED: RelationId = RelationId(0);
const ROW: RelationId = RelationId(1);
const EMPTY: u64 = 0;

/// Rows with two texts, a list of texts, a list of lists of numbers, a list of units, a list of references to rows with
/// long keys, and a list of wide names over small values.
fn image() -> Image {
    let list = |ty| DataType::List(Box::new(ty));
    let relation = |name: &str, fields: Vec<Field>| Relation {
        name: name.into(),
        fields,
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: false,
    };
    let wide = DataType::Record(vec![NamedType { name: "n".repeat(600).into(), ty: DataType::Bool }]);
    let schema = Schema {
        relations: vec![
            relation("Named", vec![Field::new("name", DataType::Text)]),
            relation(
                "Row",
                vec![
                    Field::new("id", DataType::Int),
                    Field::new("a", DataType::Text),
                    Field::new("b", DataType::Text),
                    Field::new("texts", list(DataType::Text)),
                    Field::new("numbers", list(list(DataType::Int))),
                    Field::new("units", list(DataType::Record(vec![]))),
                    Field::new("named", list(DataType::Ref(NAMED))),
                    Field::new("wide", list(wide)),
                ],
            ),
        ],
    };
    Image::new(Arc::new(schema)).expect("a good schema")
}

/// The lanes of a row with these values.
fn row(id: u64, a: &str, b: &str, lists: [u64; 5]) -> Vec<u64> {
    let (a, b) = (Str::new(a.as_bytes()), Str::new(b.as_bytes()));
    [id, a.head, a.tail, b.head, b.tail].into_iter().chain(lists).collect()
}

fn insert(txn: &mut WriteTxn<'_>, lanes: &[u64]) -> Result<u32, Violation> {
    // SAFETY: the lanes are those of a row.
    unsafe { txn.insert(ROW, lanes) }.map(|row| row.entity)
}

/// A collection: its length, its capacity, its elements.
fn collection(elements: impl Iterator<Item = u64>, lanes: u64) -> (Vec<u64>, u64) {
    let mut block = vec![0, 0];
    block.extend(elements);
    block[0] = (block.len() as u64 - 2) / lanes;
    let address = block.as_ptr().expose_provenance() as u64;
    (block, address)
}

const TOO_LARGE: Result<u32, Violation> = Err(Violation::TooLarge { relation: ROW });

#[test]
fn texts_count_together_in_inserts_and_updates() {
    let image = image();
    let half = "a".repeat(MAX_ROW_BYTES / 2);
    let more = "a".repeat(MAX_ROW_BYTES / 2 + 1);
    let mut txn = image.write();
    assert_eq!(insert(&mut txn, &row(1, &half, &more, [EMPTY; 5])), TOO_LARGE);
    let entity = insert(&mut txn, &row(1, &half, &half, [EMPTY; 5])).expect("as large as a row may be");
    for (text, fits) in [(&half, true), (&more, false)] {
        let text = Str::new(text.as_bytes());
        // SAFETY: the field is a text.
        let done = unsafe { txn.update(ROW, entity, &[FieldId(2)], &[text.head, text.tail]) };
        assert_eq!(done.is_ok(), fits);
    }
    let number = txn.commit(&mut Vec::new());
    image.set_durable(number);
    image.reclaim();
    assert_eq!(image.usage().text_bytes, MAX_ROW_BYTES, "what was refused left nothing behind");
}

#[test]
fn collections_count_whole() {
    let image = image();
    let mut txn = image.write();
    let long = "a".repeat(1 << 20);
    let text = Str::new(long.as_bytes());
    let lists = |at: usize, list: u64| {
        let mut lists = [EMPTY; 5];
        lists[at] = list;
        lists
    };
    for (count, fits) in [(63, true), (64, false)] {
        let (_texts, list) = collection((0..count).flat_map(|_| [text.head, text.tail]), 2);
        assert_eq!(insert(&mut txn, &row(count, "", "", lists(0, list))).is_ok(), fits);
    }
    let (_inner, inner) = collection(0..1 << 17, 1);
    for (count, fits) in [(63, true), (64, false)] {
        let (_lists, list) = collection((0..count).map(|_| inner), 1);
        assert_eq!(insert(&mut txn, &row(100 + count, "", "", lists(1, list))).is_ok(), fits);
    }
    for (count, fits) in [(1 << 20, true), (1 << 30, false)] {
        let units = [count, 0];
        let list = units.as_ptr().expose_provenance() as u64;
        assert_eq!(insert(&mut txn, &row(200 + count, "", "", lists(2, list))).is_ok(), fits);
    }
}

/// What the authority writes of a collection stays far enough below a billion bytes.
#[test]
fn what_is_long_only_where_it_is_stored_counts_as_well() {
    let image = image();
    let mut txn = image.write();
    let name = "n".repeat(1 << 20);
    let name = Str::new(name.as_bytes());
    // SAFETY: the lanes are those of the relation's row.
    let named = unsafe { txn.insert(NAMED, &[name.head, name.tail]) }.expect("new").entity;
    for (count, fits) in [(140, true), (160, false)] {
        let (_refs, list) = collection((0..count).map(|_| u64::from(named)), 1);
        assert_eq!(insert(&mut txn, &row(count, "", "", [EMPTY, EMPTY, EMPTY, list, EMPTY])).is_ok(), fits);
    }
    // A value of one lane is 612 bytes of JSON.
    for (count, fits) in [(1_300_000, true), (1_634_000, false)] {
        let (_wide, list) = collection((0..count).map(|_| 1), 1);
        assert_eq!(insert(&mut txn, &row(count, "", "", [EMPTY, EMPTY, EMPTY, EMPTY, list])).is_ok(), fits);
    }
}

#[test]
fn a_row_that_an_authority_has_is_taken_as_it_is() {
    let image = image();
    let mut txn = image.write();
    txn.take_any_size();
    insert(&mut txn, &row(1, &"a".repeat(MAX_ROW_BYTES + 1), "", [EMPTY; 5])).expect("it is there");
}
