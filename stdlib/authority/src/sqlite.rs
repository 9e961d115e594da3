//! SQLite as the authority: one STRICT table per relation, which any tool can open.
//!
//! One connection writes and checkpoints. `synchronous=FULL`: a commit returns after the flush. Tables
//! declare types, NOT NULL, keys, plain uniques and deferred references: a second, independent check of
//! what the image already made sure of, so a violation here is a bug and stops the authority, as does
//! any error while committing. No expression stands in any definition.
//!
//! Besides the relations' tables there are `tenon_meta` (commit number, last `now`, serial counters, the
//! shape) and `tenon_columns` (which column holds what, for people).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use tenon_value::schema::{FieldId, RelationId, Schema, rules};

use crate::columns::{self, Class, TableColumn};
use crate::evolution::{self, Additions};
use crate::lock::{self, DirectoryLock};
use crate::{Authority, AuthorityError, Cell, Changes, Difference, EachRow, Group, Meta, OpenError, StoredShape};

/// The name of the database file in a data directory.
pub const FILE: &str = "store.db";
/// The format of tables and cells that this code reads and writes.
pub const FORMAT: u32 = 1;
/// The log is copied into the database when it has so many pages (of 4 KiB).
const CHECKPOINT_PAGES: i64 = 4096;
/// How a SQLite database begins.
const HEAD: &[u8] = b"SQLite format 3\0";
/// How often, in commits, the writer looks at the size of the log.
const CHECKPOINT_EVERY: u32 = 64;

/// A value of a column with its text.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedCell {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The cells of the default of a field that stored rows do not have; one per column of the field.
pub type Defaults<'a> = dyn Fn(RelationId, FieldId) -> Result<Vec<OwnedCell>, String> + 'a;

/// See the module.
pub struct SqliteAuthority {
    connection: Connection,
    tables: Vec<Table>,
    meta: Meta,
    names: Vec<String>,
    stopped: bool,
    /// Whether the shape has been changed and not accepted yet.
    opening: bool,
    /// The indexes that a program of another shape adds. They are made when its rows were looked at: who loads them says which
    /// collide in a new unique.
    missing_indexes: Vec<String>,
    since_checkpoint: u32,
    read_only: bool,
    _lock: Option<DirectoryLock>,
}

/// The statements of a relation.
struct Table {
    columns: Vec<TableColumn>,
    key: Vec<usize>,
    rest: Vec<usize>,
    select: String,
    insert: String,
    update: String,
    delete: String,
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn storage(error: rusqlite::Error) -> AuthorityError {
    match &error {
        rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::ConstraintViolation => {
            AuthorityError::Inconsistent(error.to_string())
        }
        _ => AuthorityError::Storage(error.to_string()),
    }
}

impl Table {
    fn new(schema: &Schema, id: RelationId) -> Table {
        let relation = schema.relation(id);
        let columns = columns::table(schema, id);
        let key = columns::key_columns(schema, id, &columns);
        let rest: Vec<usize> = (0..columns.len()).filter(|n| !key.contains(n)).collect();
        let name = quote(&relation.name);
        let list = |numbers: &mut dyn Iterator<Item = usize>| -> String {
            numbers.map(|n| quote(&columns[n].name)).collect::<Vec<_>>().join(", ")
        };
        let equals = |numbers: &[usize], first: usize, between: &str| -> String {
            let each = numbers.iter().enumerate().map(|(at, n)| {
                // A variant in a key has columns that may be NULL, and NULL equals nothing in SQL.
                let equals = if columns[*n].nullable && between == " AND " { "IS" } else { "=" };
                format!("{} {equals} ?{}", quote(&columns[*n].name), first + at)
            });
            each.collect::<Vec<_>>().join(between)
        };
        let all = list(&mut (0..columns.len()));
        let marks = (1..=columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
        let set = if rest.is_empty() { equals(&key, 1, ", ") } else { equals(&rest, 1, ", ") };
        let first = if rest.is_empty() { 1 } else { rest.len() + 1 };
        Table {
            select: format!("SELECT {all} FROM {name}"),
            insert: format!("INSERT INTO {name} ({all}) VALUES ({marks})"),
            update: format!("UPDATE {name} SET {set} WHERE {}", equals(&key, first, " AND ")),
            delete: format!("DELETE FROM {name} WHERE {}", equals(&key, 1, " AND ")),
            columns,
            key,
            rest,
        }
    }

    /// The statement that makes the table.
    fn create(&self, schema: &Schema, id: RelationId) -> String {
        let relation = schema.relation(id);
        let mut parts: Vec<String> = self.columns.iter().map(define).collect();
        let integer_key = self.key.len() == 1 && self.columns[self.key[0]].class == Class::Integer;
        // A primary key has no NULL; a key with a variant is only unique, and the image knows better.
        let nullable_key = self.key.iter().any(|n| self.columns[*n].nullable);
        let key = if nullable_key { "UNIQUE" } else { "PRIMARY KEY" };
        parts.push(format!("{key} ({})", self.list(&self.key)));
        for reference in &relation.references {
            let own: Vec<usize> = self.reference_columns(schema, id, reference.field);
            parts.push(format!("FOREIGN KEY ({}) {}", self.list(&own), references(schema, reference.target)));
        }
        // An integer key is SQLite's own row number; any other table is stored in its key.
        let without = if integer_key || nullable_key { "" } else { ", WITHOUT ROWID" };
        format!("CREATE TABLE {} (\n  {}\n) STRICT{without}", quote(&relation.name), parts.join(",\n  "))
    }

    fn list(&self, numbers: &[usize]) -> String {
        numbers.iter().map(|n| quote(&self.columns[*n].name)).collect::<Vec<_>>().join(", ")
    }

    /// The columns of a reference, without the one that says whether it is present.
    fn reference_columns(&self, schema: &Schema, id: RelationId, field: FieldId) -> Vec<usize> {
        let own: Vec<usize> = (0..self.columns.len()).filter(|n| self.columns[*n].field == field).collect();
        let reference = schema.relation(id).references.iter().find(|r| r.field == field);
        let wanted =
            reference.map_or(0, |r| columns::key_columns(schema, r.target, &columns::table(schema, r.target)).len());
        own[own.len().saturating_sub(wanted)..].to_vec()
    }

    /// The statements that make the indexes: uniques, and what deletes of targets look up.
    fn indexes(&self, schema: &Schema, id: RelationId) -> Vec<(String, String)> {
        let relation = schema.relation(id);
        let mut out = Vec::new();
        for (number, unique) in relation.uniques.iter().enumerate() {
            if let Some(numbers) = columns::unique_columns(&unique.parts, &self.columns) {
                let name = format!("{}.unique.{}", relation.name, number + 1);
                let on = format!("{} ({})", quote(&relation.name), self.list(&numbers));
                out.push((name.clone(), format!("CREATE UNIQUE INDEX {} ON {on}", quote(&name))));
            }
        }
        for reference in relation.references.iter().filter(|r| schema.relation(r.target).deletes) {
            let own = self.reference_columns(schema, id, reference.field);
            let name = format!("{}.reference.{}", relation.name, relation.field(reference.field).name);
            let on = format!("{} ({})", quote(&relation.name), self.list(&own));
            out.push((name.clone(), format!("CREATE INDEX {} ON {on}", quote(&name))));
        }
        out
    }
}

fn define(column: &TableColumn) -> String {
    let null = if column.nullable { "" } else { " NOT NULL" };
    format!("{} {}{null}", quote(&column.name), column.class.sql())
}

fn references(schema: &Schema, target: RelationId) -> String {
    let columns = columns::table(schema, target);
    let key = columns::key_columns(schema, target, &columns);
    let names = key.iter().map(|n| quote(&columns[*n].name)).collect::<Vec<_>>().join(", ");
    format!("REFERENCES {} ({names}) DEFERRABLE INITIALLY DEFERRED", quote(&schema.relation(target).name))
}

struct Bound<'a, 'b>(&'a Cell<'b>);

impl ToSql for Bound<'_, '_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Int(value) => ValueRef::Integer(*value),
            Cell::Real(value) => ValueRef::Real(*value),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Looks at what lies where a store should be, before SQLite does. Nothing, and an empty file, may become a store: so a
/// crash between the making of the file and the first commit leaves it.
fn recognise(path: &Path) -> Result<(), OpenError> {
    let other = |what| Err(OpenError::NotAStore { path: path.into(), what });
    if path.is_dir() {
        return other("is a folder");
    }
    let mut head = Vec::new();
    match File::open(path).and_then(|file| file.take(HEAD.len() as u64).read_to_end(&mut head)) {
        Ok(_) if head.is_empty() || head == HEAD => Ok(()),
        Ok(_) => other("does not begin as a SQLite database does"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(OpenError::Io(path.into(), error)),
    }
}

/// A connection for reading to the store in a directory.
fn connect_to_read(directory: &Path, path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(directory.into()));
    }
    recognise(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|e| OpenError::Authority(storage(e)).of(path))
}

impl SqliteAuthority {
    /// Opens the store in a directory, creating it if there is none, and takes ownership of it. A store
    /// of another shape gets what is additive; `defaults` gives old rows their values.
    pub fn open(directory: &Path, schema: &Schema, defaults: &Defaults<'_>) -> Result<SqliteAuthority, OpenError> {
        let path = directory.join(FILE);
        SqliteAuthority::open_file(directory, &path, schema, defaults).map_err(|error| error.of(&path))
    }

    fn open_file(
        directory: &Path,
        path: &PathBuf,
        schema: &Schema,
        defaults: &Defaults<'_>,
    ) -> Result<SqliteAuthority, OpenError> {
        let lock = DirectoryLock::take(directory)?;
        recognise(path)?;
        // The log and the index of the log get the mode of the file.
        lock::open_file(path).map_err(|error| OpenError::Io(path.clone(), error))?;
        let connection = Connection::open(path).map_err(|e| OpenError::Authority(storage(e)))?;
        let mut authority = SqliteAuthority::around(connection, schema, Some(lock), false)?;
        authority.set_up(directory)?;
        match authority.stored_shape(path)? {
            None => authority.create(schema)?,
            Some(stored) => {
                authority.check()?;
                let additions = compare(&stored, schema)?;
                authority.apply(&stored.schema, schema, &additions, defaults)?;
            }
        }
        authority.read_meta(schema)?;
        Ok(authority)
    }

    /// Opens the store in a directory for reading only, beside whoever owns it. It sees the last commit
    /// of now, also when more are made.
    pub fn open_read_only(directory: &Path, schema: &Schema) -> Result<SqliteAuthority, OpenError> {
        let path = directory.join(FILE);
        SqliteAuthority::open_to_read(directory, &path, schema).map_err(|error| error.of(&path))
    }

    fn open_to_read(directory: &Path, path: &Path, schema: &Schema) -> Result<SqliteAuthority, OpenError> {
        let connection = connect_to_read(directory, path)?;
        let mut authority = SqliteAuthority::around(connection, schema, None, true)?;
        authority.run("PRAGMA busy_timeout = 5000")?;
        authority.run("PRAGMA mmap_size = 0")?;
        authority.run("BEGIN")?;
        let stored = authority.stored_shape(path)?.ok_or_else(|| OpenError::Missing(directory.into()))?;
        let additions = compare(&stored, schema)?;
        if !additions.relations.is_empty() || !additions.fields.is_empty() {
            return Err(OpenError::Schema(
                "the store does not have all relations and fields of the program yet; start the program once".into(),
            ));
        }
        authority.read_meta(schema)?;
        Ok(authority)
    }

    /// The shape of the store in a directory, without opening it for a program.
    pub fn shape_of(directory: &Path) -> Result<Schema, OpenError> {
        let path = directory.join(FILE);
        let connection = connect_to_read(directory, &path)?;
        let authority = SqliteAuthority::around(connection, &Schema::default(), None, true)?;
        let stored = authority
            .stored_shape(&path)
            .map_err(|error| error.of(&path))?
            .ok_or_else(|| OpenError::Missing(directory.into()))?;
        Ok(stored.schema)
    }

    fn around(
        connection: Connection,
        schema: &Schema,
        lock: Option<DirectoryLock>,
        read_only: bool,
    ) -> Result<SqliteAuthority, OpenError> {
        if let Some(refusal) = rules::refusals(schema).into_iter().next() {
            return Err(OpenError::Schema(refusal.why));
        }
        let ids = || (0..schema.relations.len()).map(|n| RelationId(n as u32));
        let tables: Vec<Table> = ids().map(|id| Table::new(schema, id)).collect();
        // All statements of all relations stay prepared.
        connection.set_prepared_statement_cache_capacity(16 + 4 * tables.len());
        Ok(SqliteAuthority {
            connection,
            tables,
            meta: Meta::default(),
            names: schema.relations.iter().map(|r| r.name.to_string()).collect(),
            stopped: false,
            opening: false,
            missing_indexes: Vec::new(),
            since_checkpoint: 0,
            read_only,
            _lock: lock,
        })
    }

    fn set_up(&self, directory: &Path) -> Result<(), OpenError> {
        for pragma in [
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA wal_autocheckpoint = 0",
            "PRAGMA mmap_size = 0",
            // In KiB: pages that commits change at random stay in memory, so that a commit does not read.
            "PRAGMA cache_size = -65536",
            "PRAGMA trusted_schema = OFF",
            "PRAGMA foreign_keys = ON",
            "PRAGMA cell_size_check = ON",
            "PRAGMA fullfsync = ON",
        ] {
            self.run(pragma)?;
        }
        let mode: String = self.one("PRAGMA journal_mode")?;
        if mode != "wal" {
            let path: PathBuf = directory.join(FILE);
            return Err(OpenError::Authority(AuthorityError::Storage(format!(
                "{} cannot keep a write-ahead log (mode {mode})",
                path.display()
            ))));
        }
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<(), AuthorityError> {
        // A pragma may answer with a row; nobody wants it here.
        let mut statement = self.connection.prepare(sql).map_err(storage)?;
        let mut rows = statement.query([]).map_err(storage)?;
        while rows.next().map_err(storage)?.is_some() {}
        Ok(())
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, AuthorityError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(storage)
    }

    fn check(&self) -> Result<(), OpenError> {
        let verdict: String = self.one("PRAGMA quick_check(1)")?;
        if verdict == "ok" { Ok(()) } else { Err(OpenError::Authority(AuthorityError::Inconsistent(verdict))) }
    }

    /// What the file at a path says of itself; nothing if it holds nothing yet.
    fn stored_shape(&self, path: &Path) -> Result<Option<StoredShape>, OpenError> {
        let other = |what| OpenError::NotAStore { path: path.into(), what };
        let tables: i64 = self.one("SELECT count(*) FROM sqlite_schema WHERE name = 'tenon_meta'")?;
        if tables == 0 {
            let others: i64 = self.one("SELECT count(*) FROM sqlite_schema")?;
            if others > 0 {
                return Err(other("is a SQLite database of another program"));
            }
            return Ok(None);
        }
        let text = self.connection.query_row("SELECT value FROM tenon_meta WHERE key = 'shape'", [], |row| row.get(0));
        let text: String = match text {
            Ok(text) => text,
            Err(rusqlite::Error::SqliteFailure(code, _)) if code.code != rusqlite::ErrorCode::Unknown => {
                return Err(OpenError::Authority(AuthorityError::Storage(code.to_string())));
            }
            // No such row, no such column, or something that is no text.
            Err(_) => return Err(other("does not say what is stored in it")),
        };
        let shape = serde_json::from_str(&text).map_err(|error| {
            OpenError::Authority(AuthorityError::Inconsistent(format!(
                "the shape of the store is not readable: {error}"
            )))
        })?;
        Ok(Some(shape))
    }

    fn create(&mut self, schema: &Schema) -> Result<(), OpenError> {
        self.run("BEGIN IMMEDIATE")?;
        self.run("CREATE TABLE tenon_meta (key TEXT NOT NULL PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID")?;
        self.run(
            "CREATE TABLE tenon_columns (relation TEXT NOT NULL, \"column\" TEXT NOT NULL, holds TEXT NOT NULL, \
             PRIMARY KEY (relation, \"column\")) STRICT, WITHOUT ROWID",
        )?;
        for (number, table) in self.tables.iter().enumerate() {
            let id = RelationId(number as u32);
            self.run(&table.create(schema, id))?;
            for (_, index) in table.indexes(schema, id) {
                self.run(&index)?;
            }
        }
        self.write_shape(schema)?;
        self.put_meta("now", &Cell::Int(Meta::default().now))?;
        self.write_meta(&Meta::default())?;
        self.run("COMMIT")?;
        Ok(())
    }

    fn write_shape(&self, schema: &Schema) -> Result<(), AuthorityError> {
        let shape = StoredShape { format: FORMAT, schema: schema.clone() };
        let text = serde_json::to_string(&shape).map_err(|e| AuthorityError::Storage(e.to_string()))?;
        self.put_meta("shape", &Cell::Text(&text))?;
        self.run("DELETE FROM tenon_columns")?;
        let mut insert = self.connection.prepare("INSERT INTO tenon_columns VALUES (?1, ?2, ?3)").map_err(storage)?;
        for (table, name) in self.tables.iter().zip(&self.names) {
            for column in &table.columns {
                insert.execute([name, &column.name, &column.meaning]).map_err(storage)?;
            }
        }
        Ok(())
    }

    fn put_meta(&self, key: &str, value: &Cell<'_>) -> Result<(), AuthorityError> {
        // Nearly always the row is there, and a plain update costs half of an insert that may turn into one.
        for sql in
            ["UPDATE tenon_meta SET value = ?2 WHERE key = ?1", "INSERT INTO tenon_meta (key, value) VALUES (?1, ?2)"]
        {
            let mut statement = self.connection.prepare_cached(sql).map_err(storage)?;
            if statement.execute(rusqlite::params![key, Bound(value)]).map_err(storage)? > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Writes what is new since the last commit.
    fn write_meta(&self, meta: &Meta) -> Result<(), AuthorityError> {
        // Commit numbers beyond 2^63 are out of reach.
        self.put_meta("commit", &Cell::Int(meta.commit as i64))?;
        if meta.now != self.meta.now {
            self.put_meta("now", &Cell::Int(meta.now))?;
        }
        for (relation, value) in &meta.serials {
            if !self.meta.serials.contains(&(*relation, *value)) {
                let key = format!("serial {}", self.names[relation.index()]);
                self.put_meta(&key, &Cell::Int(*value))?;
            }
        }
        Ok(())
    }

    fn read_meta(&mut self, schema: &Schema) -> Result<(), AuthorityError> {
        let mut meta = Meta::default();
        let mut statement =
            self.connection.prepare("SELECT key, value FROM tenon_meta WHERE key <> 'shape'").map_err(storage)?;
        let mut rows = statement.query([]).map_err(storage)?;
        while let Some(row) = rows.next().map_err(storage)? {
            let key: String = row.get(0).map_err(storage)?;
            let value: i64 = row.get(1).map_err(storage)?;
            match key.as_str() {
                "commit" => meta.commit = value as u64,
                "now" => meta.now = value,
                _ => {
                    let relation = key.strip_prefix("serial ").and_then(|name| schema.relation_named(name));
                    meta.serials.extend(relation.map(|id| (id, value)));
                }
            }
        }
        drop(rows);
        drop(statement);
        meta.serials.sort_unstable();
        self.meta = meta;
        Ok(())
    }

    fn apply(
        &mut self,
        stored: &Schema,
        schema: &Schema,
        additions: &Additions,
        defaults: &Defaults<'_>,
    ) -> Result<(), OpenError> {
        if !additions.changed {
            return Ok(());
        }
        // Ended by `accept`; who drops the connection before rolls it back.
        self.run("BEGIN IMMEDIATE")?;
        self.opening = true;
        self.missing_indexes = self.apply_all(stored, schema, additions, defaults)?;
        Ok(())
    }

    fn apply_all(
        &self,
        stored: &Schema,
        schema: &Schema,
        additions: &Additions,
        defaults: &Defaults<'_>,
    ) -> Result<Vec<String>, OpenError> {
        for id in &additions.relations {
            self.run(&self.tables[id.index()].create(schema, *id))?;
        }
        for (id, field) in &additions.fields {
            self.add_columns(stored, schema, *id, *field, defaults)?;
        }
        // Indexes are derived: drop what is not wanted any more, make what is missing.
        let mut wanted = Vec::new();
        for (number, table) in self.tables.iter().enumerate() {
            wanted.extend(table.indexes(schema, RelationId(number as u32)));
        }
        let mut known = BTreeSet::new();
        {
            let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
            let mut statement = self.connection.prepare(sql).map_err(storage)?;
            let mut rows = statement.query([]).map_err(storage)?;
            while let Some(row) = rows.next().map_err(storage)? {
                known.insert((row.get::<_, String>(0).map_err(storage)?, row.get::<_, String>(1).map_err(storage)?));
            }
        }
        for (name, sql) in &known {
            if !wanted.contains(&(name.clone(), sql.clone())) {
                self.run(&format!("DROP INDEX {}", quote(name)))?;
            }
        }
        let missing = wanted.into_iter().filter(|index| !known.contains(index)).map(|(_, sql)| sql);
        self.write_shape(schema)?;
        Ok(missing.collect())
    }

    fn add_columns(
        &self,
        stored: &Schema,
        schema: &Schema,
        id: RelationId,
        field: FieldId,
        defaults: &Defaults<'_>,
    ) -> Result<(), OpenError> {
        let relation = schema.relation(id);
        let old = stored.relation_named(&relation.name);
        let old_columns = old.map(|old| columns::table(stored, old)).unwrap_or_default();
        let is_new = old.is_none_or(|old| stored.relation(old).field_named(&relation.field(field).name).is_none());
        let table = &self.tables[id.index()];
        let own: Vec<&TableColumn> = columns::of_field(&table.columns, field).collect();
        let values = if is_new && own.iter().any(|c| !c.nullable) {
            let values = defaults(id, field).map_err(OpenError::Schema)?;
            if values.len() != own.len() {
                return Err(OpenError::Schema(format!(
                    "the default of {}.{} has the wrong form",
                    relation.name,
                    relation.field(field).name
                )));
            }
            Some(values)
        } else {
            None
        };
        let reference = relation.references.iter().find(|r| r.field == field);
        for (number, column) in own.iter().enumerate() {
            if old_columns.iter().any(|c| c.name == column.name) {
                continue;
            }
            let default = match values.as_ref().and_then(|values| values.get(number)) {
                Some(value) => format!(" DEFAULT {}", literal(value)),
                None => String::new(),
            };
            // A reference of one column can be declared with it; SQLite cannot add one of several.
            let target = match reference {
                Some(reference) if own.len() == 1 && column.nullable => {
                    format!(" {}", references(schema, reference.target))
                }
                _ => String::new(),
            };
            self.run(&format!("ALTER TABLE {} ADD COLUMN {}{default}{target}", quote(&relation.name), define(column)))?;
        }
        Ok(())
    }

    fn checkpoint_if_due(&mut self) -> Result<(), AuthorityError> {
        self.since_checkpoint += 1;
        if self.since_checkpoint < CHECKPOINT_EVERY {
            return Ok(());
        }
        self.since_checkpoint = 0;
        let path = self.connection.path().map(|path| format!("{path}-wal"));
        let bytes = path.and_then(|path| std::fs::metadata(path).ok()).map_or(0, |data| data.len());
        if bytes as i64 > CHECKPOINT_PAGES * 4096 {
            // Readers of the file may keep part of the log alive; what is left is copied next time.
            self.run("PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        Ok(())
    }
}

fn compare(stored: &StoredShape, schema: &Schema) -> Result<Additions, OpenError> {
    if stored.format != FORMAT {
        return Err(OpenError::Differs(vec![Difference::FormatChanged { was: stored.format, is: FORMAT }]));
    }
    evolution::compare(&stored.schema, schema).map_err(OpenError::Differs)
}

fn literal(cell: &OwnedCell) -> String {
    match cell {
        OwnedCell::Null => "NULL".into(),
        OwnedCell::Int(value) => value.to_string(),
        OwnedCell::Real(value) => format!("{value:?}"),
        OwnedCell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        OwnedCell::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}

impl Changes for SqliteAuthority {
    fn insert(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError> {
        let table = &self.tables[relation.index()];
        let mut statement = self.connection.prepare_cached(&table.insert).map_err(storage)?;
        for (number, cell) in row.iter().enumerate() {
            statement.raw_bind_parameter(number + 1, Bound(cell)).map_err(storage)?;
        }
        expect_one(statement.raw_execute().map_err(storage)?, &self.names[relation.index()])
    }

    fn update(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError> {
        let table = &self.tables[relation.index()];
        let mut statement = self.connection.prepare_cached(&table.update).map_err(storage)?;
        for (number, column) in table.rest.iter().chain(&table.key).enumerate() {
            statement.raw_bind_parameter(number + 1, Bound(&row[*column])).map_err(storage)?;
        }
        expect_one(statement.raw_execute().map_err(storage)?, &self.names[relation.index()])
    }

    fn delete(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError> {
        let table = &self.tables[relation.index()];
        let mut statement = self.connection.prepare_cached(&table.delete).map_err(storage)?;
        for (number, column) in table.key.iter().enumerate() {
            statement.raw_bind_parameter(number + 1, Bound(&row[*column])).map_err(storage)?;
        }
        expect_one(statement.raw_execute().map_err(storage)?, &self.names[relation.index()])
    }
}

fn expect_one(rows: usize, relation: &str) -> Result<(), AuthorityError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(AuthorityError::Inconsistent(format!("a change of one row of {relation} met {rows} rows")))
    }
}

impl Authority for SqliteAuthority {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn accept(&mut self) -> Result<(), AuthorityError> {
        if std::mem::take(&mut self.opening) {
            for index in std::mem::take(&mut self.missing_indexes) {
                self.run(&index)?;
            }
            self.run("COMMIT")?;
        }
        Ok(())
    }

    fn load(&mut self, relation: RelationId, each: &mut EachRow<'_>) -> Result<(), AuthorityError> {
        let table = &self.tables[relation.index()];
        let mut statement = self.connection.prepare(&table.select).map_err(storage)?;
        let mut rows = statement.query([]).map_err(storage)?;
        while let Some(row) = rows.next().map_err(storage)? {
            let mut cells = Vec::with_capacity(table.columns.len());
            for number in 0..table.columns.len() {
                cells.push(match row.get_ref(number).map_err(storage)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(value) => Cell::Int(value),
                    ValueRef::Real(value) => Cell::Real(value),
                    ValueRef::Text(bytes) => Cell::Text(std::str::from_utf8(bytes).map_err(|error| {
                        AuthorityError::Inconsistent(format!(
                            "a text of {} is not UTF-8: {error}",
                            self.names[relation.index()]
                        ))
                    })?),
                    ValueRef::Blob(bytes) => Cell::Blob(bytes),
                });
            }
            each(&cells)?;
        }
        Ok(())
    }

    fn commit(&mut self, group: &mut Group<'_>, meta: &Meta) -> Result<(), AuthorityError> {
        if self.stopped || self.read_only || self.opening {
            return Err(AuthorityError::Stopped);
        }
        let result = (|| {
            self.run_cached("BEGIN IMMEDIATE")?;
            group(self)?;
            self.write_meta(meta)?;
            self.run_cached("COMMIT")
        })();
        match result {
            Ok(()) => {
                self.meta = meta.clone();
                Ok(())
            }
            Err(error) => {
                // What the file holds now is decided by its recovery at the next start, not here.
                self.stopped = true;
                Err(error)
            }
        }
    }

    /// Moves the log into the file when it has grown.
    fn maintain(&mut self) -> Result<(), AuthorityError> {
        if self.stopped || self.read_only {
            return Err(AuthorityError::Stopped);
        }
        let moved = self.checkpoint_if_due();
        self.stopped = moved.is_err();
        moved
    }
}

impl SqliteAuthority {
    fn run_cached(&self, sql: &str) -> Result<(), AuthorityError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(storage)?;
        statement.execute([]).map_err(storage)?;
        Ok(())
    }
}

impl Drop for SqliteAuthority {
    fn drop(&mut self) {
        if !self.read_only && !self.stopped && !self.opening {
            // An orderly end leaves one file. If it fails, the log stays and the next start reads it.
            // It does not wait for readers of the file.
            let _ = self.run("PRAGMA busy_timeout = 0");
            let _ = self.run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }
}
