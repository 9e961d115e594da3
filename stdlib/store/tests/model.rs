//! The image against a model: random transactions, with undone parts and registered readers, must look
//! like a list of ordered maps, one per commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use tenon_store::schema::*;
use tenon_store::{Bound, Image, Reader, Row, Str, Violation, WriteTxn};

const GROUP: RelationId = RelationId(0);
const ITEM: RelationId = RelationId(1);

fn schema() -> Schema {
    let key = |name: &str| Field::new(name, DataType::Int);
    let group = Relation {
        name: "Group".into(),
        fields: vec![key("id")],
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: true,
    };
    let optional = |ty| DataType::Option(Box::new(ty));
    let item = Relation {
        name: "Item".into(),
        fields: vec![
            Field::new("id", DataType::Text),
            Field::new("score", DataType::Int),
            Field::new("name", optional(DataType::Text)),
            Field::new("home", DataType::Ref(GROUP)),
            Field::new("guest", optional(DataType::Ref(GROUP))),
            Field::new("tags", DataType::List(Box::new(DataType::Text))),
            Field::new("seen", DataType::List(Box::new(DataType::Ref(GROUP)))),
        ],
        key: vec![FieldId(0)],
        uniques: vec![Unique { parts: vec![KeyPart::Lower(FieldId(2))], where_present: vec![FieldId(2)] }],
        references: vec![
            Reference { field: FieldId(3), target: GROUP, on_delete: OnDelete::Restrict },
            Reference { field: FieldId(4), target: GROUP, on_delete: OnDelete::Clear },
        ],
        indexes: vec![Index {
            parts: vec![IndexPart { part: KeyPart::Field(FieldId(1)), descending: false }],
            kind: IndexKind::Ordered,
        }],
        deletes: true,
    };
    Schema { relations: vec![group, item] }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    score: i64,
    name: Option<String>,
    home: i64,
    guest: Option<i64>,
    tags: Vec<String>,
    /// References inside of a value: a group may stand there several times.
    seen: Vec<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    groups: BTreeSet<i64>,
    items: BTreeMap<String, Item>,
}

#[derive(Clone, Debug)]
enum Op {
    AddGroup(i64),
    DropGroup(i64),
    AddItem(u8, Item),
    SetScore(u8, i64),
    SetName(u8, Option<String>),
    SetHome(u8, i64),
    SetSeen(u8, Vec<i64>),
    DropItem(u8),
    /// Do the ops, then undo them.
    Undone(Vec<Op>),
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Op>),
    Abort(Vec<Op>),
    Hold,
    Release(usize),
    Reclaim,
}

fn item_key(n: u8) -> String {
    if n.is_multiple_of(2) { format!("i{n}") } else { format!("an item with a long key, number {n}") }
}

fn names() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![
        Just("Ann".to_string()),
        Just("ann".to_string()),
        Just("A name that is longer than twelve".to_string()),
        Just("a NAME that is longer than twelve".to_string()),
        "[a-c]{1,2}",
    ])
}

/// Keys of groups: some small enough for an array, and some that stand in the table.
const GROUPS: [i64; 4] = [0, 1, -3, 1 << 40];

fn groups() -> impl Strategy<Value = i64> {
    proptest::sample::select(&GROUPS[..])
}

fn seen() -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![Just(Vec::new()), proptest::collection::vec(groups(), 0..4)]
}

fn items() -> impl Strategy<Value = Item> {
    let tags = proptest::collection::vec("[a-z]{0,20}", 0..3);
    (0..6i64, names(), groups(), proptest::option::of(groups()), tags, seen())
        .prop_map(|(score, name, home, guest, tags, seen)| Item { score, name, home, guest, tags, seen })
}

fn ops() -> impl Strategy<Value = Op> {
    let leaf = prop_oneof![
        2 => groups().prop_map(Op::AddGroup),
        1 => groups().prop_map(Op::DropGroup),
        4 => (0..8u8, items()).prop_map(|(n, item)| Op::AddItem(n, item)),
        3 => (0..8u8, 0..6i64).prop_map(|(n, score)| Op::SetScore(n, score)),
        3 => (0..8u8, names()).prop_map(|(n, name)| Op::SetName(n, name)),
        2 => (0..8u8, groups()).prop_map(|(n, home)| Op::SetHome(n, home)),
        2 => (0..8u8, seen()).prop_map(|(n, seen)| Op::SetSeen(n, seen)),
        2 => (0..8u8).prop_map(Op::DropItem),
    ];
    leaf.prop_recursive(1, 8, 4, |inner| proptest::collection::vec(inner, 1..4).prop_map(Op::Undone))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => proptest::collection::vec(ops(), 1..6).prop_map(Step::Commit),
        1 => proptest::collection::vec(ops(), 1..6).prop_map(Step::Abort),
        1 => Just(Step::Hold),
        1 => (0..4usize).prop_map(Step::Release),
        1 => Just(Step::Reclaim),
    ];
    proptest::collection::vec(step, 1..40)
}

fn text(value: &str) -> Str {
    Str::new(value.as_bytes())
}

fn find_group(reader: &Reader<'_>, id: i64) -> Option<Row> {
    // SAFETY: the key is an Int.
    unsafe { reader.find_by_key(GROUP, &[id as u64]) }
}

fn find_item(reader: &Reader<'_>, n: u8) -> Option<Row> {
    let name = item_key(n);
    let key = text(&name);
    // SAFETY: the key is a valid text.
    unsafe { reader.find_by_key(ITEM, &[key.head, key.tail]) }
}

/// Does one operation on both; they must agree whether it is allowed.
fn apply(txn: &mut WriteTxn<'_>, model: &mut Model, op: &Op) {
    let reader = txn.reader();
    match op {
        Op::AddGroup(id) => {
            // SAFETY: the row is an Int.
            let done = unsafe { txn.insert(GROUP, &[*id as u64]) };
            assert_eq!(done.is_ok(), model.groups.insert(*id));
        }
        Op::DropGroup(id) => match find_group(&reader, *id) {
            None => assert!(!model.groups.contains(id)),
            Some(row) => {
                let used = model.items.values().any(|item| item.home == *id || item.seen.contains(id));
                let done = txn.delete(GROUP, row.entity);
                assert_eq!(matches!(done, Err(Violation::Restricted { .. })), used);
                if !used {
                    done.expect("nobody refers to it");
                    model.groups.remove(id);
                    model.items.values_mut().filter(|i| i.guest == Some(*id)).for_each(|i| i.guest = None);
                }
            }
        },
        Op::AddItem(n, item) => {
            let entity = |id: i64| find_group(&reader, id).map_or(1_000_000, |row| u64::from(row.entity));
            let key = item_key(*n);
            let key_text = text(&key);
            let name = item.name.as_deref().map_or(Str::default(), text);
            let guest = item.guest.map_or(0, entity);
            let mut tags = vec![item.tags.len() as u64, 0];
            item.tags.iter().map(|t| text(t)).for_each(|t| tags.extend([t.head, t.tail]));
            let seen = collection(item.seen.iter().map(|id| entity(*id)));
            let lanes = [
                key_text.head,
                key_text.tail,
                item.score as u64,
                u64::from(item.name.is_some()),
                name.head,
                name.tail,
                entity(item.home),
                u64::from(item.guest.is_some()),
                guest,
                tags.as_ptr().expose_provenance() as u64,
                seen.as_ptr().expose_provenance() as u64,
            ];
            // SAFETY: the lanes are those of an Item.
            let done = unsafe { txn.insert(ITEM, &lanes) };
            let mut all = item.seen.iter().chain([&item.home]).chain(&item.guest);
            let refers = all.all(|id| model.groups.contains(id));
            let taken = model.items.contains_key(&key);
            let twice = item.name.is_some() && model.items.values().any(|other| same_name(&other.name, &item.name));
            match done {
                Err(Violation::Key { .. }) => assert!(taken),
                Err(Violation::Unique { .. }) => assert!(!taken && twice),
                Err(Violation::Reference { .. }) => assert!(!taken && !twice && !refers),
                Err(other) => panic!("{other:?}"),
                Ok(_) => {
                    assert!(refers && !taken && !twice);
                    model.items.insert(key, item.clone());
                }
            }
        }
        Op::SetScore(n, score) => {
            let Some(row) = find_item(&reader, *n) else { return };
            // SAFETY: the field is an Int.
            unsafe { txn.update(ITEM, row.entity, &[FieldId(1)], &[*score as u64]) }.expect("allowed");
            model.items.get_mut(&item_key(*n)).expect("in both").score = *score;
        }
        Op::SetName(n, name) => {
            let Some(row) = find_item(&reader, *n) else { return };
            let lanes = name.as_deref().map_or(Str::default(), text);
            let lanes = [u64::from(name.is_some()), lanes.head, lanes.tail];
            // SAFETY: the field is an optional text.
            let done = unsafe { txn.update(ITEM, row.entity, &[FieldId(2)], &lanes) };
            let key = item_key(*n);
            let twice = name.is_some() && model.items.iter().any(|(k, i)| *k != key && same_name(&i.name, name));
            assert_eq!(done.is_err(), twice);
            if done.is_ok() {
                model.items.get_mut(&key).expect("in both").name = name.clone();
            }
        }
        Op::SetHome(n, home) => {
            let Some(row) = find_item(&reader, *n) else { return };
            let entity = find_group(&reader, *home).map_or(1_000_000, |row| u64::from(row.entity));
            // SAFETY: the field is a reference.
            let done = unsafe { txn.update(ITEM, row.entity, &[FieldId(3)], &[entity]) };
            assert_eq!(done.is_ok(), model.groups.contains(home));
            if done.is_ok() {
                model.items.get_mut(&item_key(*n)).expect("in both").home = *home;
            }
        }
        Op::SetSeen(n, seen) => {
            let Some(row) = find_item(&reader, *n) else { return };
            let entity = |id: &i64| find_group(&reader, *id).map_or(1_000_000, |row| u64::from(row.entity));
            let lanes = collection(seen.iter().map(entity));
            // SAFETY: the field is a list of references.
            let done =
                unsafe { txn.update(ITEM, row.entity, &[FieldId(6)], &[lanes.as_ptr().expose_provenance() as u64]) };
            assert_eq!(done.is_ok(), seen.iter().all(|id| model.groups.contains(id)));
            if done.is_ok() {
                model.items.get_mut(&item_key(*n)).expect("in both").seen = seen.clone();
            }
        }
        Op::DropItem(n) => match find_item(&reader, *n) {
            None => assert!(!model.items.contains_key(&item_key(*n))),
            Some(row) => {
                txn.delete(ITEM, row.entity).expect("nobody refers to items");
                model.items.remove(&item_key(*n)).expect("in both");
            }
        },
        Op::Undone(ops) => {
            let before = txn.savepoint();
            let mut copy = model.clone();
            ops.iter().for_each(|op| apply(txn, &mut copy, op));
            txn.undo_to(before);
        }
    }
}

/// A collection of elements of one lane: its length, its capacity, the elements.
fn collection(elements: impl Iterator<Item = u64>) -> Vec<u64> {
    let elements: Vec<u64> = elements.collect();
    [elements.len() as u64, 0].into_iter().chain(elements).collect()
}

fn same_name(a: &Option<String>, b: &Option<String>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.to_lowercase() == b.to_lowercase())
}

fn string(lanes: &[u64]) -> String {
    let text = Str { head: lanes[0], tail: lanes[1] };
    // SAFETY: the row is visible.
    String::from_utf8(unsafe { text.bytes() }.to_vec()).expect("texts are UTF-8")
}

fn read_item(reader: &Reader<'_>, row: Row) -> (String, Item) {
    let field = |n: u32| reader.field(ITEM, FieldId(n), row.slot);
    let group = |entity: u64| {
        let row = reader.row(GROUP, entity as u32).expect("references lead to rows");
        reader.field(GROUP, FieldId(0), row.slot)[0] as i64
    };
    let (name, guest) = (field(2), field(4));
    let list = std::ptr::with_exposed_provenance::<u64>(field(5)[0] as usize);
    // SAFETY: a collection is its length, its capacity and its elements.
    let tags = unsafe { std::slice::from_raw_parts(list.add(2), *list as usize * 2) };
    let list = std::ptr::with_exposed_provenance::<u64>(field(6)[0] as usize);
    // SAFETY: as above.
    let seen = unsafe { std::slice::from_raw_parts(list.add(2), *list as usize) };
    let item = Item {
        score: field(1)[0] as i64,
        name: (name[0] == 1).then(|| string(&name[1..])),
        home: group(field(3)[0]),
        guest: (guest[0] == 1).then(|| group(guest[1])),
        tags: tags.chunks(2).map(string).collect(),
        seen: seen.iter().map(|entity| group(*entity)).collect(),
    };
    (string(&field(0)), item)
}

/// Everything that can be asked must give what the model says.
fn compare(reader: &Reader<'_>, model: &Model) {
    let groups: BTreeSet<i64> =
        reader.scan(GROUP).map(|row| reader.field(GROUP, FieldId(0), row.slot)[0] as i64).collect();
    assert_eq!(groups, model.groups);
    let items: BTreeMap<String, Item> = reader.scan(ITEM).map(|row| read_item(reader, row)).collect();
    assert_eq!(items, model.items);
    assert_eq!(reader.count(ITEM), model.items.len() as u64);
    for n in 0..8 {
        let found = find_item(reader, n).map(|row| read_item(reader, row));
        let key = item_key(n);
        assert_eq!(found, model.items.get(&key).map(|item| (key, item.clone())));
    }
    for id in GROUPS {
        assert_eq!(find_group(reader, id).is_some(), model.groups.contains(&id));
        let Some(row) = find_group(reader, id) else { continue };
        for (index, optional) in [(1, false), (2, true)] {
            let lanes = [1, u64::from(row.entity)];
            let mut found = Vec::new();
            // SAFETY: the lanes are those of a reference.
            unsafe {
                reader.find_all(ITEM, index, if optional { &lanes } else { &lanes[1..] }, |row| {
                    found.push(read_item(reader, row).0)
                })
            };
            found.sort();
            let refers = |item: &Item| if optional { item.guest == Some(id) } else { item.home == id };
            let expected: Vec<String> = model.items.iter().filter(|(_, i)| refers(i)).map(|(k, _)| k.clone()).collect();
            assert_eq!(found, expected);
        }
    }
    for (key, item) in &model.items {
        if let Some(name) = &item.name {
            let lower = name.to_lowercase();
            let lanes = text(&lower);
            // SAFETY: the lanes are those of the unique.
            let found = unsafe { reader.find_unique(ITEM, 0, &[1, lanes.head, lanes.tail]) };
            assert_eq!(read_item(reader, found.expect("unique")).0, *key);
        }
    }
    for low in 0..6u64 {
        let (low, high) = ([low], [low + 2]);
        let low_bound = Bound::Included { lanes: &low, columns: 1 };
        let high_bound = Bound::Excluded { lanes: &high, columns: 1 };
        // SAFETY: the bounds are Ints.
        let range = || unsafe { reader.range(ITEM, 0, low_bound, high_bound) };
        let mut expected: Vec<(i64, String)> = model
            .items
            .iter()
            .filter(|(_, i)| (low[0] as i64..high[0] as i64).contains(&i.score))
            .map(|(k, i)| (i.score, k.clone()))
            .collect();
        expected.sort();
        let scores = |rows: Vec<Row>| -> Vec<(i64, String)> {
            rows.into_iter().map(|row| read_item(reader, row)).map(|(key, item)| (item.score, key)).collect()
        };
        let forward = scores(range().collect());
        assert!(forward.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        let mut backward = scores(range().rev().collect());
        backward.reverse();
        assert_eq!(forward, backward);
        let mut sorted = forward;
        sorted.sort();
        assert_eq!(sorted, expected);
    }
}

/// How many sequences of steps are drawn; `TENON_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("TENON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn the_image_agrees_with_ordered_maps(steps in steps()) {
        let image = Image::with_max_rows(Arc::new(schema()), 4096).expect("a good schema");
        let mut model = Model::default();
        let mut held = Vec::new();
        let mut changes = Vec::new();
        for step in &steps {
            match step {
                Step::Commit(ops) => {
                    let mut txn = image.write();
                    ops.iter().for_each(|op| apply(&mut txn, &mut model, op));
                    compare(&txn.reader(), &model);
                    let number = txn.commit(&mut changes);
                    image.set_durable(number);
                }
                Step::Abort(ops) => {
                    let mut txn = image.write();
                    let mut copy = model.clone();
                    ops.iter().for_each(|op| apply(&mut txn, &mut copy, op));
                    compare(&txn.reader(), &copy);
                    drop(txn);
                }
                Step::Hold => held.push((image.snapshot(), model.clone())),
                Step::Release(n) if *n < held.len() => drop(held.remove(*n)),
                Step::Release(_) => {}
                Step::Reclaim => image.reclaim(),
            }
            compare(&image.snapshot(), &model);
            for (snapshot, then) in &held {
                compare(snapshot, then);
            }
        }
        drop(held);
        image.reclaim();
        let usage = image.usage();
        prop_assert_eq!((usage.waiting_versions, usage.waiting_garbage), (0, 0));
        prop_assert_eq!(usage.slots - usage.free_slots, model.groups.len() + model.items.len());
        compare(&image.snapshot(), &model);
    }
}
