//! The authority: what is durable.
//!
//! An [`Authority`] takes groups of row changes and makes each group durable as a whole, together with
//! the commit number, the last `now` and the serial counters ([`Meta`]). At start it gives everything
//! back. It knows rows as lists of [`Cell`]s, in the columns that [`columns::table`] derives from the
//! schema; what a row means in memory is the runtime's business.
//!
//! | module | holds |
//! | --- | --- |
//! | [`evolution`] | what differs between the shape of a store and that of a program |
//! | [`sqlite`] | one file that any tool can open |
//! | [`memory`] | nothing is durable, for tests and scenarios |
//!
//! Invariants: after any error while writing, the authority commits nothing more; a group is visible
//! after a crash as a whole or not at all; the changes of a group are applied in order.

pub mod evolution;
pub mod lock;
pub mod memory;
pub mod sqlite;

use serde::{Deserialize, Serialize};
use tenon_value::schema::{RelationId, Schema};

pub use evolution::Difference;
pub use memory::MemoryAuthority;
pub use sqlite::SqliteAuthority;
pub use tenon_value::schema::columns;

/// A value in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// What stands beside the rows, in the same transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The last commit.
    pub commit: u64,
    /// The greatest `now()` of any commit, in microseconds.
    pub now: i64,
    /// The serial counter of each relation that has one.
    pub serials: Vec<(RelationId, i64)>,
}

/// Receives the changes of a group, in order.
pub trait Changes {
    /// A new row, as the cells of all its columns.
    fn insert(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError>;
    /// A row with new values, as the cells of all its columns; the key says which.
    fn update(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError>;
    /// A row that is gone, as the cells of all columns that it had; the key says which.
    fn delete(&mut self, relation: RelationId, row: &[Cell<'_>]) -> Result<(), AuthorityError>;
}

/// Hands the changes of a group over, in order.
pub type Group<'a> = dyn FnMut(&mut dyn Changes) -> Result<(), AuthorityError> + 'a;

/// Takes the rows of a relation.
pub type EachRow<'a> = dyn FnMut(&[Cell<'_>]) -> Result<(), AuthorityError> + 'a;

/// See the crate.
pub trait Authority: Send {
    /// The state beside the rows, as it was last committed.
    fn meta(&self) -> &Meta;

    /// Accepts the shape that the store was opened in: to be called when all rows were read in it, before the first commit.
    /// Until then the store has the shape that it had, for everybody else and if this one is dropped.
    fn accept(&mut self) -> Result<(), AuthorityError> {
        Ok(())
    }

    /// Gives all rows of a relation, in any order, as the cells of all its columns.
    fn load(&mut self, relation: RelationId, each: &mut EachRow<'_>) -> Result<(), AuthorityError>;

    /// Makes a group of changes durable, with the new state beside it. Returns after it is durable.
    fn commit(&mut self, group: &mut Group<'_>, meta: &Meta) -> Result<(), AuthorityError>;

    /// Does what commits leave to be done now and then, when they have been told. An error is none of theirs, but ends
    /// writing as one of theirs does.
    fn maintain(&mut self) -> Result<(), AuthorityError> {
        Ok(())
    }

    /// Whether a commit needs no authority: then nobody calls [`Authority::commit`].
    fn is_volatile(&self) -> bool {
        false
    }
}

/// The authority failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The store below reported an error.
    Storage(String),
    /// Writing failed earlier, so nothing is written any more.
    Stopped,
    /// The authority refused a change that the image had accepted, or a stored row cannot be what the
    /// schema says. A bug, or a file that was changed by other hands.
    Inconsistent(String),
}

impl std::fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AuthorityError::Storage(why) => write!(f, "the store cannot be written or read: {why}"),
            AuthorityError::Stopped => f.write_str("writing stopped after a failure"),
            AuthorityError::Inconsistent(what) => write!(f, "the store is inconsistent: {what}"),
        }
    }
}

impl std::error::Error for AuthorityError {}

/// A store cannot be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process owns the data directory.
    Owned {
        /// The directory.
        directory: std::path::PathBuf,
        /// The process, where it can be read.
        pid: Option<u32>,
    },
    /// The store was written by a program with another shape, and the differences are not additive.
    Differs(Vec<Difference>),
    /// The schema cannot be laid out in tables.
    Schema(String),
    /// There is no store here, and none may be created.
    Missing(std::path::PathBuf),
    /// The store cannot be read or written.
    Authority(AuthorityError),
    /// A file of the store cannot be opened.
    Io(std::path::PathBuf, std::io::Error),
    /// What lies where the store should be is something else.
    NotAStore {
        /// Where.
        path: std::path::PathBuf,
        /// What it is: the end of a sentence.
        what: &'static str,
    },
    /// The file of the store cannot be read or written.
    Unreadable {
        /// Where.
        path: std::path::PathBuf,
        /// What the store below says.
        error: AuthorityError,
    },
}

impl OpenError {
    /// The same with the file that it is about, where it says nothing of one.
    pub(crate) fn of(self, path: &std::path::Path) -> OpenError {
        match self {
            OpenError::Authority(error) => OpenError::Unreadable { path: path.into(), error },
            other => other,
        }
    }
}

impl From<AuthorityError> for OpenError {
    fn from(error: AuthorityError) -> OpenError {
        OpenError::Authority(error)
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::Owned { directory, pid: Some(pid) } => {
                write!(f, "the data directory {} is in use by process {pid}", directory.display())
            }
            OpenError::Owned { directory, pid: None } => {
                write!(f, "the data directory {} is in use by another process", directory.display())
            }
            OpenError::Differs(differences) => {
                f.write_str("the store was written by a program of another shape:")?;
                differences.iter().try_for_each(|difference| write!(f, "\n  {difference}"))
            }
            OpenError::Schema(why) => f.write_str(why),
            OpenError::Missing(directory) => {
                write!(f, "there is no store in {}: running the program, or an import, makes one", directory.display())
            }
            OpenError::Authority(error) => error.fmt(f),
            OpenError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            OpenError::NotAStore { path, what } => {
                write!(f, "{} is not a store: it {what}; name another data directory, or move it away", path.display())
            }
            OpenError::Unreadable { path, error } => {
                write!(
                    f,
                    "{}: {error}; look at its disk and its permissions, or put a copy of the store there",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// The shape of a store, as it is written beside the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredShape {
    /// The version of the format of tables and cells.
    pub format: u32,
    /// The relations.
    pub schema: Schema,
}
