//! Rows from outside: all or nothing, everything that is wrong.

use std::sync::Arc;
use tenon_core::eval::import::{Batch, import};
use tenon_core::eval::{MemoryStore, Store};
use tenon_core::ir::RelationId;
use tenon_core::text::parse;
use tenon_value::Value;

const MUSIC: &str = "
relation Artist { field id: Int field name: Text key id generated serial unique name }
relation Album { field id: Int field artist: Ref[Artist] field title: Text? key id unique title skip_none }
";

fn artist(id: i64, name: &str) -> Vec<Value> {
    vec![Value::Int(id), Value::text(name)]
}

fn album(id: i64, artist: i64, title: Option<&str>) -> Vec<Value> {
    let artist = Value::Ref { relation: 0, key: Arc::new(Value::Int(artist)) };
    vec![Value::Int(id), artist, Value::option(title.map(Value::text))]
}

#[test]
fn rows_are_stored_or_all_refused() {
    let program = parse(MUSIC).unwrap();
    let (artists, albums) = (RelationId(0), RelationId(1));
    let mut store = MemoryStore::new(&program);
    let good = [
        Batch { relation: albums, rows: vec![album(1, 7, Some("x")), album(2, 7, None), album(3, 9, None)] },
        Batch { relation: artists, rows: vec![artist(7, "a"), artist(9, "b")] },
    ];
    import(&program, &mut store, &good).unwrap();
    assert_eq!((store.count(artists), store.count(albums), store.serial(artists)), (2, 3, 9));

    let bad = [
        Batch { relation: artists, rows: vec![artist(7, "c"), artist(10, "a"), vec![Value::Int(11)]] },
        Batch { relation: albums, rows: vec![album(4, 99, None), album(5, 7, Some("y")), album(6, 7, Some("y"))] },
        Batch { relation: artists, rows: vec![vec![Value::text("12"), Value::text("d")]] },
    ];
    let errors: Vec<String> = import(&program, &mut store, &bad).unwrap_err().iter().map(|e| e.to_string()).collect();
    assert_eq!(
        errors,
        [
            "row 0: the key exists already",
            "row 2: has 1 values for 2 fields",
            "row 0: the value of id is not of its type",
            "row 1: name exists twice",
            "row 1: title exists twice",
            "row 2: title exists twice",
            "row 0: artist refers to no row",
        ]
    );
    assert_eq!((store.count(artists), store.count(albums), store.serial(artists)), (2, 3, 9));
}
