//! The SQLite authority: what is committed comes back, what is additive is applied, one process owns it.

use std::path::PathBuf;

use tenon_authority::sqlite::{Defaults, FILE, OwnedCell};
use tenon_authority::{Authority, AuthorityError, Cell, Difference, Meta, OpenError, SqliteAuthority};
use tenon_value::schema::*;

const CUSTOMER: RelationId = RelationId(0);
const ORDER: RelationId = RelationId(1);

fn relation(name: &str, fields: Vec<Field>, key: &[u32]) -> Relation {
    Relation {
        name: name.into(),
        fields,
        key: key.iter().map(|n| FieldId(*n)).collect(),
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: true,
    }
}

fn optional(ty: DataType) -> DataType {
    DataType::Option(Box::new(ty))
}

fn schema() -> Schema {
    let mut customer =
        relation("Customer", vec![Field::new("id", DataType::Int), Field::new("email", DataType::Text)], &[0]);
    customer.uniques.push(Unique { parts: vec![KeyPart::Field(FieldId(1))], where_present: vec![] });
    let status = DataType::Variant(vec![
        Case { name: "Open".into(), fields: vec![] },
        Case { name: "Done".into(), fields: vec![NamedType { name: "at".into(), ty: DataType::Instant }] },
    ]);
    let mut order = relation(
        "Order",
        vec![
            Field::new("code", DataType::Text),
            Field::new("customer", DataType::Ref(CUSTOMER)),
            Field::new("price", DataType::Decimal(2)),
            Field::new("status", status),
            Field::new("note", optional(DataType::Text)),
        ],
        &[0],
    );
    order.references.push(Reference { field: FieldId(1), target: CUSTOMER, on_delete: OnDelete::Restrict });
    Schema { relations: vec![customer, order] }
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tenon-authority-{name}-{}", std::process::id()));
        // A leftover of an earlier run would change the test.
        let _ = std::fs::remove_dir_all(&path);
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NO_DEFAULTS: &Defaults<'static> = &|_, _| Err("no default".into());

fn rows(authority: &mut dyn Authority, relation: RelationId) -> Vec<String> {
    let mut out = Vec::new();
    authority
        .load(relation, &mut |row| {
            out.push(row.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(" "));
            Ok(())
        })
        .expect("readable");
    out
}

fn order<'a>(code: &'a str, customer: i64) -> [Cell<'a>; 6] {
    [Cell::Text(code), Cell::Int(customer), Cell::Int(1250), Cell::Text("Open"), Cell::Null, Cell::Null]
}

fn meta(commit: u64) -> Meta {
    Meta { commit, now: 5, serials: vec![(CUSTOMER, commit as i64)] }
}

fn fill(authority: &mut SqliteAuthority) {
    authority
        .commit(
            &mut |to| {
                // The reference comes before its target: references are checked at the end of the group.
                to.insert(ORDER, &order("a", 1))?;
                to.insert(ORDER, &order("b", 1))?;
                to.insert(CUSTOMER, &[Cell::Int(1), Cell::Text("a@b")])?;
                to.update(
                    ORDER,
                    &[
                        Cell::Text("b"),
                        Cell::Int(1),
                        Cell::Int(7),
                        Cell::Text("Done"),
                        Cell::Text("t"),
                        Cell::Text("n"),
                    ],
                )?;
                to.delete(ORDER, &order("a", 1))
            },
            &meta(3),
        )
        .expect("consistent");
}

#[test]
fn what_is_committed_comes_back() {
    let directory = Directory::new("back");
    let schema = schema();
    let mut authority = SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS).expect("a new store");
    assert_eq!(authority.meta(), &Meta::default());
    fill(&mut authority);
    let beside = SqliteAuthority::open_read_only(&directory.0, &schema).expect("readable beside");
    assert_eq!(beside.meta(), &meta(3));
    assert!(matches!(
        SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS),
        Err(OpenError::Owned { pid: Some(_), .. })
    ));
    drop(authority);
    let mut authority = SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS).expect("free again");
    assert_eq!(authority.meta(), &meta(3));
    assert_eq!(rows(&mut authority, CUSTOMER), [r#"Int(1) Text("a@b")"#]);
    assert_eq!(rows(&mut authority, ORDER), [r#"Text("b") Int(1) Int(7) Text("Done") Text("t") Text("n")"#]);
    assert_eq!(SqliteAuthority::shape_of(&directory.0).expect("readable"), schema);
}

#[test]
fn any_failed_commit_stops_writing() {
    let directory = Directory::new("stop");
    let mut authority = SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS).expect("a new store");
    fill(&mut authority);
    let refused = [
        authority.commit(&mut |to| to.insert(ORDER, &order("c", 99)), &meta(4)),
        authority.commit(&mut |to| to.insert(ORDER, &order("d", 1)), &meta(5)),
    ];
    assert!(matches!(refused[0], Err(AuthorityError::Inconsistent(_))), "{:?}", refused[0]);
    assert!(matches!(refused[1], Err(AuthorityError::Stopped)));
    drop(authority);
    let mut authority = SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS).expect("recovers");
    assert_eq!(authority.meta().commit, 3);
    assert_eq!(rows(&mut authority, ORDER).len(), 1);
}

/// Whether the directory was there or not, and while the store is open, when it has most files.
#[cfg(unix)]
#[test]
fn what_is_stored_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    for (name, given) in [("new", None), ("open", Some(0o755))] {
        let directory = Directory::new(name);
        if let Some(given) = given {
            std::fs::create_dir(&directory.0).expect("a new directory");
            std::fs::set_permissions(&directory.0, PermissionsExt::from_mode(given)).expect("ours");
        }
        let mut authority = SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS).expect("a new store");
        fill(&mut authority);
        assert_eq!(mode(&directory.0), given.unwrap_or(0o700));
        let files = std::fs::read_dir(&directory.0).expect("a directory").map(|entry| entry.expect("an entry").path());
        let modes: Vec<_> = files.map(|path| (mode(&path), path)).collect();
        assert!(modes.len() >= 4, "store, log, its index and lock: {modes:?}");
        assert!(modes.iter().all(|(mode, _)| *mode == 0o600), "{modes:?}");
    }
}

#[test]
fn additive_changes_are_applied_and_others_listed() {
    let directory = Directory::new("shape");
    let mut authority = SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS).expect("a new store");
    fill(&mut authority);
    drop(authority);

    let mut next = schema();
    let mut rank = Field::new("rank", DataType::Int);
    rank.default = Some(tenon_value::Value::Int(4));
    next.relations[0].fields.push(rank);
    next.relations[0].fields.push(Field::new("friend", optional(DataType::Ref(CUSTOMER))));
    next.relations[0].references.push(Reference { field: FieldId(3), target: CUSTOMER, on_delete: OnDelete::Clear });
    if let DataType::Variant(cases) = &mut next.relations[1].fields[3].ty {
        cases.push(Case { name: "Lost".into(), fields: vec![NamedType { name: "why".into(), ty: DataType::Text }] });
    }
    next.relations.push(relation("Extra", vec![Field::new("id", DataType::Id)], &[0]));
    let read_only = SqliteAuthority::open_read_only(&directory.0, &next);
    assert!(matches!(read_only, Err(OpenError::Schema(_))));
    let defaults = |id: RelationId, field: FieldId| {
        assert_eq!((id, field), (CUSTOMER, FieldId(2)));
        Ok(vec![OwnedCell::Int(4)])
    };
    // What nobody has accepted has not happened.
    drop(SqliteAuthority::open(&directory.0, &next, &defaults).expect("additive"));
    drop(SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS).expect("as before"));
    let mut authority = SqliteAuthority::open(&directory.0, &next, &defaults).expect("additive");
    authority.accept().expect("nobody else writes");
    assert_eq!(rows(&mut authority, CUSTOMER), [r#"Int(1) Text("a@b") Int(4) Null"#]);
    assert_eq!(rows(&mut authority, ORDER), [r#"Text("b") Int(1) Int(7) Text("Done") Text("t") Null Text("n")"#]);
    assert!(rows(&mut authority, RelationId(2)).is_empty());
    drop(authority);

    match SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS) {
        Err(OpenError::Differs(differences)) => assert_eq!(
            differences,
            [
                Difference::FieldRemoved { relation: "Customer".into(), field: "rank".into() },
                Difference::FieldRemoved { relation: "Customer".into(), field: "friend".into() },
                Difference::TypeChanged {
                    relation: "Order".into(),
                    field: "status".into(),
                    was: "Open | Done(at: Instant) | Lost(why: Text)".into(),
                    is: "Open | Done(at: Instant)".into(),
                },
                Difference::RelationRemoved { relation: "Extra".into() },
            ]
        ),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn other_files_and_clashing_names_are_refused() {
    let directory = Directory::new("other");
    std::fs::create_dir_all(&directory.0).expect("a directory");
    std::fs::write(directory.0.join(FILE), b"this is no database at all, but a text file of some length")
        .expect("a file");
    assert!(matches!(SqliteAuthority::open(&directory.0, &schema(), NO_DEFAULTS), Err(OpenError::NotAStore { .. })));
    let clash = Schema {
        relations: vec![
            relation("Item", vec![Field::new("id", DataType::Int)], &[0]),
            relation("ITEM", vec![Field::new("id", DataType::Int)], &[0]),
        ],
    };
    let fresh = Directory::new("clash");
    assert!(matches!(SqliteAuthority::open(&fresh.0, &clash, NO_DEFAULTS), Err(OpenError::Schema(_))));
}
