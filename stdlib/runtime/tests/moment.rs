//! What calls ask of the world: the clock and a seed are drawn when they are asked for, and once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tenon_authority::MemoryAuthority;
use tenon_runtime::{CallContext, Database, Limits, World};
use tenon_store::schema::Schema;

/// Counts what it is asked; each answer is another.
#[derive(Default)]
struct Counting {
    times: AtomicI64,
    seeds: AtomicU64,
}

impl World for Counting {
    fn now(&self) -> i64 {
        1_000 + self.times.fetch_add(1, Ordering::Relaxed)
    }

    fn seed(&self) -> u64 {
        self.seeds.fetch_add(1, Ordering::Relaxed)
    }
}

#[test]
fn the_world_is_asked_on_demand_and_once() {
    let world = Arc::new(Counting::default());
    let schema = Arc::new(Schema::default());
    let database = Database::start(schema, Box::new(MemoryAuthority::new()), world.clone()).expect("starts");
    let asked = || (world.times.load(Ordering::Relaxed), world.seeds.load(Ordering::Relaxed));
    let mut ctx = CallContext::new(Limits::default(), 0, 0);

    let query = database.read();
    query.bind(&mut ctx);
    assert_eq!(asked(), (0, 0), "a query that asks nothing costs nothing");
    assert_eq!((ctx.now(), ctx.now()), (1_000, 1_000));
    query.bind(&mut ctx);
    assert_eq!(ctx.now(), 1_000, "another call of the same query");
    assert_eq!(asked(), (1, 0));

    let mut transaction = database.write().expect("serves");
    transaction.bind(&mut ctx);
    assert_eq!(asked(), (1, 0));
    assert_eq!(ctx.now(), 1_001);
    assert_eq!(transaction.now(), 1_001, "a transaction has one time");
    assert_eq!((transaction.seed(), transaction.seed()), (0, 0));
    assert_eq!(asked(), (2, 1));
    transaction.abort();

    ctx.reset(Limits::default(), 7, 0);
    assert_eq!(ctx.now(), 7, "a time that is given is not asked for");
    assert_eq!(asked(), (2, 1));
}
