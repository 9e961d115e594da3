//! Running a program that is compiled already: its database over a directory, its server, its end. Knows nothing of the
//! compiler; `tenon run` and built executables come the same way through here.
//!
//! A built executable is this room's binary with an image behind it. Its last bytes, the [`trailer`], say where.

pub mod serve;
pub mod trailer;

use std::path::Path;
use std::sync::Arc;
use tenon_authority::{Authority, MemoryAuthority, SqliteAuthority};
use tenon_runtime::database::Database;
use tenon_runtime::stored::Stored;
use tenon_runtime::world::{SystemWorld, World};
use tenon_value::schema::Schema;

/// A database over what is stored in a directory, which is made if there is none. This process owns it then.
///
/// # Errors
/// One sentence: somebody else has the store, it has another shape, or the system refuses.
pub fn open(schema: &Schema, data: &Path) -> Result<Arc<Database>, String> {
    open_in(schema, data, Arc::new(SystemWorld::new()))
}

/// As [`open`], with a clock and randomness of the caller.
///
/// # Errors
/// As for [`open`].
pub fn open_in(schema: &Schema, data: &Path, world: Arc<dyn World>) -> Result<Arc<Database>, String> {
    let (schema, authority) = stored(schema, data)?;
    start(schema, Box::new(authority), world)
}

/// A database of another schema over a store whose database was [closed](Database::close), with its clock and for those
/// who wait for its commits.
///
/// # Errors
/// As for [`open`].
pub fn open_after(before: &Database, schema: &Schema, data: &Path) -> Result<Arc<Database>, String> {
    let (schema, authority) = stored(schema, data)?;
    Database::start_after(before, schema, Box::new(authority)).map(Arc::new).map_err(|error| error.to_string())
}

/// What keeps a store of one schema from being opened by another, a line each; nothing if it only adds.
pub fn differences(stored: &Schema, program: &Schema) -> Vec<String> {
    match tenon_authority::evolution::compare(stored, program) {
        Ok(_) => Vec::new(),
        Err(differences) => differences.iter().map(ToString::to_string).collect(),
    }
}

/// What is stored in a directory, in the shape of a schema.
fn stored(schema: &Schema, data: &Path) -> Result<(Arc<Schema>, SqliteAuthority), String> {
    tenon_authority::lock::create_directory(data)
        .map_err(|error| format!("cannot make `{}`: {error}", data.display()))?;
    let schema = Arc::new(schema.clone());
    // Rows that were stored before a field existed get its default, read by the schema over an empty image.
    let stored = Stored::new(schema.clone())?;
    let image = tenon_store::image::Image::new(schema.clone()).map_err(|error| error.to_string())?;
    let snapshot = image.snapshot();
    let defaults = |relation, field| stored.default_cells(&snapshot, relation, field);
    let authority = SqliteAuthority::open(data, &schema, &defaults).map_err(|error| error.to_string())?;
    Ok((schema.clone(), authority))
}

/// A database for reading what is durable now, beside whoever owns the store.
///
/// # Errors
/// There is no store, or it does not fit the schema.
pub fn open_read_only(schema: &Schema, data: &Path) -> Result<Arc<Database>, String> {
    let authority = SqliteAuthority::open_read_only(data, schema).map_err(|error| error.to_string())?;
    start(Arc::new(schema.clone()), Box::new(authority), Arc::new(SystemWorld::new()))
}

/// An empty database in memory.
///
/// # Errors
/// The system refuses.
pub fn in_memory(schema: &Schema, world: Arc<dyn World>) -> Result<Arc<Database>, String> {
    start(Arc::new(schema.clone()), Box::new(MemoryAuthority::new()), world)
}

fn start(schema: Arc<Schema>, authority: Box<dyn Authority>, world: Arc<dyn World>) -> Result<Arc<Database>, String> {
    Database::start(schema, authority, world).map(Arc::new).map_err(|error| error.to_string())
}
