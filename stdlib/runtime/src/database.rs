//! A database: an image over an authority, with transactions, group commit and waiting for durability.
//!
//! **Transactions.** One at a time, under the image's lock, on the newest state ([`Database::write`]).
//! Committing makes the changes visible to later transactions at once and puts them into the open group.
//!
//! **Groups.** Whatever has gathered is taken, without a timer, and handed to the authority as one transaction. The rows
//! are read from the image: versions never change, and none is freed before it is durable. Then [`Durable`] is moved on,
//! which wakes everybody who waits, once. This is done by the commit thread, or by a caller who waits
//! ([`Database::wait`]) while nobody else does it, and while one group is being written the next one gathers. One thread at
//! a time holds the authority. Who commits and waits in one step ([`Transaction::commit_durably`]) does not even wake the
//! commit thread: a caller that is alone pays for no change of threads. For that, nobody lets the authority go without
//! looking at what gathered meanwhile.
//!
//! **Answers.** A query reads the durable state ([`Database::read`]) and never waits. A handler's answer,
//! also a failure, may depend on the newest commit that it could read, so it waits until that one is
//! durable: [`Transaction::commit`] and [`Transaction::abort`] give the number to wait for.
//!
//! **Failure.** If the authority refuses a group, or cannot do what a group leaves to be done, nothing is written any more:
//! those who wait for later commits get [`CommitLost`], and every later transaction is [`Stopped`]. The process should end; the next start reads what is durable.
//!
//! **Time.** `now()` of a transaction is the world's time when it first asks, but never less than that of an earlier
//! commit, also across restarts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashSet;
use tenon_authority::{Authority, AuthorityError, Changes, Meta};
use tenon_store::image::{DEFAULT_MAX_ROWS, Reader};
use tenon_store::schema::{Generated, RelationId, Schema};
use tenon_store::{Change, ChangeKind, Image, SchemaError, Snapshot, Violation, WriteTxn};

use crate::cells::CellBuffer;
use crate::context::{CallContext, Limits};
use crate::durable::{CommitLost, Durable};
use crate::metrics::Metrics;
use crate::moment::Moment;
use crate::stored::Stored;
use crate::world::World;

/// Writing has stopped; why stands in [`Database::failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("writing has stopped")
    }
}

impl std::error::Error for Stopped {}

/// A database cannot be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The image cannot have this schema.
    Schema(SchemaError),
    /// The stored types cannot be converted.
    Types(String),
    /// The authority cannot be read.
    Authority(AuthorityError),
    /// A stored row breaks a rule of the program.
    Row {
        /// The relation's name.
        relation: String,
        /// Which row, and what is wrong with it.
        problem: String,
    },
    /// Stored rows meet in a unique of the program.
    Collision {
        /// The relation's name.
        relation: String,
        /// What is unique, as the program writes it.
        unique: String,
        /// The keys of two rows that meet, a line each.
        rows: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The commit thread cannot be started.
    Thread(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Schema(error) => error.fmt(f),
            StartError::Types(why) => f.write_str(why),
            StartError::Authority(error) => error.fmt(f),
            StartError::Row { relation, problem } => {
                write!(f, "a stored row of {relation} does not fit the program: {problem}")
            }
            StartError::Collision { relation, unique, rows, more } => {
                write!(f, "stored rows of {relation} meet in `unique {unique}`, which the program has now:")?;
                rows.iter().try_for_each(|row| write!(f, "\n  {row}"))?;
                if *more > 0 {
                    write!(f, "\n  and {more} more")?;
                }
                f.write_str("\nnothing was changed; change these rows by the program before, or leave the unique out")
            }
            StartError::Thread(error) => write!(f, "the commit thread cannot be started: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A group of commits that waits for the authority.
#[derive(Debug, Default)]
struct Group {
    changes: Vec<Change>,
    commits: u64,
    /// The last commit in the group, or before it.
    last: u64,
    serials: Vec<(RelationId, i64)>,
    closing: bool,
}

/// What whoever makes a group durable works with.
struct Committer {
    authority: Box<dyn Authority>,
    changes: Vec<Change>,
    cells: CellBuffer,
}

struct Shared {
    image: Arc<Image>,
    stored: Stored,
    group: Mutex<Group>,
    /// Taken before the group. `None` over a volatile authority, and at the end.
    committer: Mutex<Option<Committer>>,
    /// There is something for the commit thread.
    work: Condvar,
    /// The open group has room again, or writing stopped.
    room: Condvar,
    durable: Arc<Durable>,
    last_now: AtomicI64,
    stopped: AtomicBool,
    /// No transaction begins any more.
    closed: AtomicBool,
    metrics: Metrics,
    counted: Vec<RelationId>,
    volatile: bool,
}

/// See the module.
pub struct Database {
    shared: Arc<Shared>,
    world: Arc<dyn World>,
    thread: Option<JoinHandle<()>>,
}

/// Writers wait while a group has so many changes, so that memory stays bounded.
const FULL_GROUP: usize = 1 << 20;

impl Database {
    /// Rebuilds the image from the authority and begins to serve.
    pub fn start(
        schema: Arc<Schema>,
        authority: Box<dyn Authority>,
        world: Arc<dyn World>,
    ) -> Result<Database, StartError> {
        Database::start_with(schema, authority, world, DEFAULT_MAX_ROWS)
    }

    /// As [`Database::start`], with room for so many versions of rows in each relation: a small number for
    /// the many short-lived databases of tests, which take address space by it.
    pub fn start_with(
        schema: Arc<Schema>,
        authority: Box<dyn Authority>,
        world: Arc<dyn World>,
        max_rows: u32,
    ) -> Result<Database, StartError> {
        Database::begin(schema, authority, world, max_rows, None)
    }

    /// As [`Database::start`], after a database of the same store that was [closed](Database::close): with its clock, and
    /// whoever waits for commits there goes on to wait for those of this one.
    pub fn start_after(
        before: &Database,
        schema: Arc<Schema>,
        authority: Box<dyn Authority>,
    ) -> Result<Database, StartError> {
        let (world, durable) = (before.world.clone(), before.durable().clone());
        Database::begin(schema, authority, world, DEFAULT_MAX_ROWS, Some(durable))
    }

    fn begin(
        schema: Arc<Schema>,
        mut authority: Box<dyn Authority>,
        world: Arc<dyn World>,
        max_rows: u32,
        durable: Option<Arc<Durable>>,
    ) -> Result<Database, StartError> {
        let image = Arc::new(Image::with_max_rows(schema.clone(), max_rows).map_err(StartError::Schema)?);
        let stored = Stored::new(schema.clone()).map_err(StartError::Types)?;
        crate::load::load(&image, &stored, authority.as_mut())?;
        authority.accept().map_err(StartError::Authority)?;
        let meta = authority.meta().clone();
        let has_counter = |id: &RelationId| {
            schema.relation(*id).fields.iter().any(|field| field.generated == Some(Generated::Serial))
        };
        let volatile = authority.is_volatile();
        let committer = Committer { authority, changes: Vec::new(), cells: CellBuffer::default() };
        let shared = Arc::new(Shared {
            image,
            stored,
            group: Mutex::new(Group { last: meta.commit, serials: meta.serials, ..Group::default() }),
            committer: Mutex::new(Some(committer).filter(|_| !volatile)),
            work: Condvar::new(),
            room: Condvar::new(),
            // Over a volatile authority nobody has anything to wait for.
            durable: durable.unwrap_or_else(|| Arc::new(Durable::new(if volatile { u64::MAX } else { meta.commit }))),
            last_now: AtomicI64::new(meta.now),
            stopped: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            metrics: Metrics::default(),
            counted: (0..schema.relations.len()).map(|n| RelationId(n as u32)).filter(has_counter).collect(),
            volatile,
        });
        let thread = if shared.volatile {
            None
        } else {
            let shared = shared.clone();
            let thread = std::thread::Builder::new().name("tenon-commit".into());
            Some(thread.spawn(move || shared.commit_groups()).map_err(StartError::Thread)?)
        };
        Ok(Database { shared, world, thread })
    }

    /// The image.
    pub fn image(&self) -> &Arc<Image> {
        &self.shared.image
    }

    /// The conversions of stored values.
    pub fn stored(&self) -> &Stored {
        &self.shared.stored
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        self.shared.stored.schema()
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The clock and randomness.
    pub fn world(&self) -> &Arc<dyn World> {
        &self.world
    }

    /// Which commits are durable, and who waits for them. Over a volatile authority all are, from the
    /// beginning.
    pub fn durable(&self) -> &Arc<Durable> {
        &self.shared.durable
    }

    /// Why writing stopped, if it did.
    pub fn failure(&self) -> Option<CommitLost> {
        self.shared.durable.failure()
    }

    /// Waits until a commit is durable; makes it so itself if nobody else is at work.
    pub fn wait(&self, commit: u64) -> Result<(), CommitLost> {
        self.shared.durable.wait(commit, || self.shared.help())
    }

    /// The time for a call that begins now: never before that of a commit.
    pub fn now(&self) -> i64 {
        self.world.now().max(self.shared.last_now.load(Ordering::Acquire))
    }

    /// Ends writing: lets the transaction that runs end, makes durable what was committed, and lets go of the authority, so
    /// that another database can open what is stored. Later transactions are [`Stopped`]; queries go on.
    pub fn close(&self) {
        let shared = &*self.shared;
        {
            let _last = shared.image.write();
            shared.closed.store(true, Ordering::Release);
        }
        let mut committer = shared.committer.lock();
        if let Some(committer) = committer.as_mut() {
            while shared.commit_group(committer) {}
        }
        committer.take();
        drop(committer);
        shared.group.lock().closing = true;
        shared.work.notify_all();
    }

    /// Whether writing has ended by [`Database::close`].
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// Begins a query on the durable state.
    pub fn read(&self) -> Query<'_> {
        Query { snapshot: self.shared.image.snapshot(), moment: Moment::new(self) }
    }

    /// Begins a transaction, after the one that runs.
    pub fn write(&self) -> Result<Transaction<'_>, Stopped> {
        let shared = &*self.shared;
        if shared.stopped.load(Ordering::Acquire) {
            return Err(Stopped);
        }
        if !shared.volatile {
            let mut group = shared.group.lock();
            while group.changes.len() >= FULL_GROUP && !shared.stopped.load(Ordering::Acquire) {
                shared.room.wait(&mut group);
            }
        }
        let inner = shared.image.write();
        // It may have been closed while this waited for the transaction before it.
        if shared.closed.load(Ordering::Acquire) {
            return Err(Stopped);
        }
        Ok(Transaction { inner, moment: Moment::new(self), arena: None })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.shared.group.lock().closing = true;
        self.shared.work.notify_all();
        if let Some(thread) = self.thread.take() {
            // A commit thread that panicked has nothing left to save; waiters were told.
            let _ = thread.join();
        }
        // Whoever opens the store next finds it closed.
        self.shared.committer.lock().take();
    }
}

/// A query that runs: a registered reader of the durable state.
pub struct Query<'a> {
    snapshot: Snapshot<'a>,
    moment: Moment<'a>,
}

impl<'a> Query<'a> {
    /// What it reads.
    pub fn reader(&self) -> Reader<'a> {
        *self.snapshot
    }

    /// Makes a context read what this query reads. The query must outlive the calls with the context.
    pub fn bind(&self, ctx: &mut CallContext) {
        bind(ctx, &self.snapshot, &self.moment);
        ctx.transaction = std::ptr::null_mut();
    }
}

fn bind(ctx: &mut CallContext, reader: &Reader<'_>, moment: &Moment<'_>) {
    ctx.snapshot = reader.number();
    ctx.image = reader.image();
    ctx.relations = reader.image().views();
    ctx.set_moment(moment);
}

/// A transaction that runs. Dropping it undoes it.
pub struct Transaction<'a> {
    inner: WriteTxn<'a>,
    moment: Moment<'a>,
    /// Where writes by values put their lanes.
    arena: Option<Box<CallContext>>,
}

impl<'a> Transaction<'a> {
    /// Runs with an empty arena, whose memory is kept for the next time.
    pub(crate) fn with_arena<T>(&mut self, run: impl FnOnce(&mut Self, &mut CallContext) -> T) -> T {
        let mut arena = self.arena.take().unwrap_or_else(|| Box::new(CallContext::new(Limits::default(), 0, 0)));
        arena.reset(Limits::default(), 0, 0);
        let result = run(self, &mut arena);
        self.arena = Some(arena);
        result
    }

    /// `now()` of the transaction.
    pub fn now(&self) -> i64 {
        self.moment.now()
    }

    /// The seed of its random values.
    pub fn seed(&self) -> u64 {
        self.moment.seed()
    }

    /// Lets the next call in the transaction draw random values of its own.
    pub(crate) fn forget_seed(&mut self) {
        self.moment.forget_seed();
    }

    /// What it reads: the newest state and its own writes.
    pub fn reader(&self) -> Reader<'a> {
        self.inner.reader()
    }

    /// The transaction on the image.
    pub fn store(&mut self) -> &mut WriteTxn<'a> {
        &mut self.inner
    }

    /// The database.
    pub fn database(&self) -> &'a Database {
        self.moment.database()
    }

    /// Makes a context run in this transaction. The transaction must stay where it is and outlive the
    /// calls with the context; nothing else may use it during a call.
    pub fn bind(&mut self, ctx: &mut CallContext) {
        bind(ctx, &self.inner.reader(), &self.moment);
        ctx.transaction = (&raw mut self.inner).cast();
    }

    /// Commits. Returns the commit that an answer must wait for: this one, or, if nothing was changed,
    /// the newest that could be read.
    pub fn commit(self) -> u64 {
        let shared = &*self.database().shared;
        let (number, first) = self.gather();
        if first {
            shared.work.notify_one();
        }
        number
    }

    /// Commits, and blocks until what the answer depends on is durable: for a caller that has nothing else to do. As a
    /// rule this thread writes the group itself.
    ///
    /// # Errors
    /// The authority could not be written.
    pub fn commit_durably(self) -> Result<(), CommitLost> {
        let database = self.database();
        let (number, _) = self.gather();
        database.wait(number)
    }

    /// Puts the changes into the open group. Returns the commit that an answer must wait for, and whether nobody has taken
    /// charge of the group yet.
    fn gather(self) -> (u64, bool) {
        let Transaction { inner, moment, .. } = self;
        let shared = &*moment.database().shared;
        if inner.changes().is_empty() {
            return (inner.commit_volatile(), false);
        }
        // All under the image's lock, so groups have the order of commits.
        if let Some(now) = moment.drawn() {
            shared.last_now.store(now, Ordering::Release);
        }
        shared.metrics.commits.fetch_add(1, Ordering::Relaxed);
        if shared.volatile {
            return (inner.commit_volatile(), false);
        }
        let mut group = shared.group.lock();
        for relation in &shared.counted {
            let value = inner.serial(*relation);
            match group.serials.iter_mut().find(|(id, _)| id == relation) {
                Some((_, known)) => *known = value,
                None => group.serials.push((*relation, value)),
            }
        }
        let was_empty = group.changes.is_empty();
        let number = inner.commit(&mut group.changes);
        group.commits += 1;
        group.last = number;
        (number, was_empty)
    }

    /// Undoes everything. Returns the commit that a failure's answer must wait for.
    pub fn abort(self) -> u64 {
        let newest = self.inner.number() - 1;
        self.database().shared.metrics.aborts.fetch_add(1, Ordering::Relaxed);
        self.inner.abort();
        newest
    }
}

impl Shared {
    /// The commit thread.
    fn commit_groups(&self) {
        loop {
            {
                let mut group = self.group.lock();
                while group.changes.is_empty() && !group.closing {
                    self.work.wait(&mut group);
                }
                if group.changes.is_empty() {
                    return;
                }
            }
            match self.committer.lock().as_mut() {
                Some(committer) => self.commit_group(committer),
                None => return,
            };
            if self.stopped.load(Ordering::Acquire) {
                return;
            }
            // Between groups there is time to return what nobody sees any more.
            for _ in 0..16 {
                if !self.group.lock().changes.is_empty() || !self.image.reclaim_some() {
                    break;
                }
            }
        }
    }

    /// Makes the open group durable in this thread, unless another is at work; returns whether it did.
    fn help(&self) -> bool {
        let Some(mut committer) = self.committer.try_lock() else { return false };
        let done = committer.as_mut().is_some_and(|committer| self.commit_group(committer));
        drop(committer);
        // Who found the authority taken meanwhile sleeps, and may have woken nobody.
        if !self.group.lock().changes.is_empty() {
            self.work.notify_one();
        }
        done
    }

    /// Makes the open group durable; returns whether there was one and it is. After an error nothing is ever written
    /// again.
    fn commit_group(&self, committer: &mut Committer) -> bool {
        let _watch = Watch(self);
        let Committer { authority, changes, cells } = committer;
        let (meta, commits) = {
            let mut group = self.group.lock();
            if group.changes.is_empty() || self.stopped.load(Ordering::Acquire) {
                return false;
            }
            std::mem::swap(changes, &mut group.changes);
            self.room.notify_all();
            let commits = std::mem::take(&mut group.commits);
            // `now` was stored before the group's last commit was added, or later: never too early.
            let now = self.last_now.load(Ordering::Acquire);
            (Meta { commit: group.last, now, serials: group.serials.clone() }, commits)
        };
        let start = Instant::now();
        match authority.commit(&mut |to| self.write(changes, cells, to), &meta) {
            Ok(()) => {
                self.metrics.group(commits, changes.len() as u64, start.elapsed());
                changes.clear();
                self.image.set_durable(meta.commit);
                self.durable.advance(meta.commit);
                // Whoever waited has been told: these commits stand, whatever comes of this.
                if let Err(error) = authority.maintain() {
                    self.stop(&error.to_string());
                }
                true
            }
            Err(error) => {
                self.stop(&error.to_string());
                false
            }
        }
    }

    /// Hands the rows of a group to the authority, from the image.
    fn write(&self, changes: &[Change], cells: &mut CellBuffer, to: &mut dyn Changes) -> Result<(), AuthorityError> {
        // SAFETY: only columns of versions that these changes name and keys of rows that they refer to are
        // read, and none of these is freed before the group is durable.
        let reader = unsafe { Reader::at(&self.image, self.image.newest()) };
        let needless = self.needless(changes);
        for (number, change) in changes.iter().enumerate() {
            if needless.get(number).is_some_and(|needless| *needless) {
                continue;
            }
            self.stored.cells(&reader, change.relation, change.slot, cells)?;
            // SAFETY: as above.
            let row = unsafe { cells.cells() };
            match change.kind {
                ChangeKind::Insert => to.insert(change.relation, &row)?,
                ChangeKind::Update => to.update(change.relation, &row)?,
                ChangeKind::Delete => to.delete(change.relation, &row)?,
            }
        }
        Ok(())
    }

    /// Which updates a later change of the same row in the group replaces. Only in relations without
    /// uniques: leaving a state out could make two rows meet in a value that each had at another time.
    fn needless(&self, changes: &[Change]) -> Vec<bool> {
        let schema = self.stored.schema();
        let mut later = FxHashSet::default();
        let mut needless = vec![false; changes.len()];
        for (change, needless) in changes.iter().zip(&mut needless).rev() {
            if schema.relation(change.relation).uniques.is_empty() && change.kind != ChangeKind::Insert {
                let replaced = !later.insert((change.relation, change.entity));
                *needless = replaced && change.kind == ChangeKind::Update;
            }
        }
        needless
    }

    fn stop(&self, why: &str) {
        {
            let _group = self.group.lock();
            self.stopped.store(true, Ordering::Release);
        }
        self.room.notify_all();
        self.durable.fail(why);
    }
}

/// Tells waiters if making a group durable ends in a panic.
struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("writing a group of commits failed");
        }
    }
}

/// A violation in words, with the names of a schema.
pub fn describe(schema: &Schema, violation: &Violation) -> String {
    let relation = |id: &RelationId| schema.relation(*id).name.clone();
    match violation {
        Violation::Key { relation: id, .. } => format!("a row of {} with this key exists", relation(id)),
        Violation::Unique { relation: id, unique, .. } => {
            let parts = &schema.relation(*id).uniques[*unique].parts;
            let names: Vec<&str> = parts.iter().map(|p| schema.relation(*id).field(p.field()).shown()).collect();
            format!("a row of {} with this {} exists", relation(id), names.join(", "))
        }
        Violation::Reference { relation: id, field } => {
            format!("{}.{} leads to no row", relation(id), schema.relation(*id).field(*field).name)
        }
        Violation::Restricted { relation: id, field, .. } => {
            format!("the row is in use: {}.{} leads to it", relation(id), schema.relation(*id).field(*field).name)
        }
        Violation::Missing { relation: id, .. } => format!("the row of {} is not there", relation(id)),
        Violation::KeyChanged { relation: id, field } => {
            format!("{}.{} is a key field and cannot change", relation(id), schema.relation(*id).field(*field).name)
        }
        Violation::Full { relation: id } => format!("{} is full", relation(id)),
        Violation::TooLarge { relation: id } => {
            format!("the row of {} has more than {} MiB", relation(id), tenon_store::MAX_ROW_BYTES >> 20)
        }
    }
}
