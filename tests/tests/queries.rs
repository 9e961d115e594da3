//! Drawn queries give what SQLite answers to the same question, natively and on the evaluator.
//!
//! `TENON_SEED` is the first seed and `TENON_CASES` the number of programs; a query that is answered otherwise names its
//! own, made small. Plans are made for statistics that are drawn, too: what a plan costs decides its shape, not its answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tenon_check::db::CheckDatabase;
use tenon_check::program::check;
use tenon_codegen::Options;
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop};
use tenon_core::ir::{FieldId, FunctionId, Program, RelationId};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_diagnostics::{Severity, render_line};
use tenon_plan::explain::Explain;
use tenon_plan::statistics::{FieldStatistics, Table};
use tenon_runtime::CallContext;
use tenon_runtime::native::{self, Ended, Loaded};
use tenon_tests::queries::{self, Data, PARAMETERS, Query, Schema};
use tenon_value::random::Random;
use tenon_value::{Fault, Value};

/// The evaluator recurses on the stack of its thread.
const STACK: usize = 64 << 20;

/// How many queries a program has before some are refused.
const QUERIES: usize = 16;

/// How many sets of rows each program runs over.
const SETS: usize = 3;

/// How many times each query is asked over each of them.
const CALLS: usize = 2;

/// How many smaller queries are tried.
const TRIES: usize = 250;

const NOW: i64 = 1_700_000_000_000_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// How a call ended.
#[derive(Clone, PartialEq, Debug)]
enum Answer {
    /// With rows, as JSON.
    Rows(String),
    /// With a fault or a failure. Engines agree that a query fails, not for which row.
    Fails(String),
    /// A limit ended it, which says nothing.
    Limit,
    /// SQL has no answer: numbers that it has no type for.
    Refused(String),
}

/// What a program's queries run over.
struct World {
    schema: Schema,
    sets: Vec<(Data, Connection)>,
    /// Rows of relations and distinct values of fields, for the planner.
    statistics: (Vec<f64>, Vec<f64>),
    arguments: Vec<Vec<Value>>,
}

impl World {
    fn draw(random: &mut Random) -> World {
        let schema = Schema::draw(random);
        let sets = (0..SETS).map(|n| {
            let extreme = random.below(3) == 0;
            let data = Data::draw(random, &schema, [4, 9, 14][n % 3], extreme);
            let sql = Connection::open_in_memory().unwrap();
            sql.execute_batch(&format!("BEGIN;\n{}{}COMMIT", schema.sql(), data.sql(&schema))).unwrap();
            (data, sql)
        });
        let sets = sets.collect();
        let sizes = [1.0, 10.0, 1_000.0, 100_000.0];
        let mut size = || sizes[random.below(4) as usize];
        let statistics = ((0..schema.relations.len()).map(|_| size()).collect(), (0..16).map(|_| size()).collect());
        let arguments = (0..CALLS).map(|_| queries::arguments(random)).collect();
        World { schema, sets, statistics, arguments }
    }

    fn declarations(&self) -> String {
        self.schema.tenon()
    }

    fn table(&self, program: &Program) -> Table {
        let mut table = Table::default();
        for (r, relation) in program.relations.iter().enumerate() {
            let id = RelationId(r as u32);
            let rows = self.statistics.0[r % self.statistics.0.len()];
            table.rows.insert(id, rows);
            for f in 0..relation.fields.len() {
                let distinct = self.statistics.1[(r * 5 + f) % self.statistics.1.len()].min(rows);
                table.fields.insert((id, FieldId(f as u32)), FieldStatistics { distinct, ..Default::default() });
            }
        }
        table
    }

    /// The program of some queries; each stands on a line of its own.
    fn program(&self, asked: &[Query]) -> String {
        let parameters: Vec<String> = PARAMETERS.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let query = |(n, q): (usize, &Query)| {
            format!("query q{n}({}) -> _ {{ {} }}\n", parameters.join(", "), q.tenon(&self.schema))
        };
        format!("{}{}", self.declarations(), asked.iter().enumerate().map(query).collect::<String>())
    }

    /// A program that checks: queries that the checker refuses are left out. What was refused is counted by its code.
    fn sound(&self, mut asked: Vec<Query>, refused: &mut BTreeMap<String, usize>) -> (Vec<Query>, CheckDatabase) {
        let mut db = CheckDatabase::new(&[]);
        loop {
            db.set_file("main.tn", &self.program(&asked));
            let mut wrong: Vec<usize> = Vec::new();
            for found in check(&db).into_iter().filter(|d| d.severity == Severity::Error) {
                let told = render_line(&found, &db);
                let line: usize = told.split(':').nth(1).and_then(|line| line.parse().ok()).unwrap();
                let first = self.declarations().lines().count() + 1;
                assert!(line >= first, "the declarations do not check: {told}\n{}", self.declarations());
                if !wrong.contains(&(line - first)) {
                    *refused.entry(found.code.to_string()).or_default() += 1;
                    wrong.push(line - first);
                    if std::env::var("TENON_REFUSED").is_ok() {
                        println!("{told}\n{}", asked[line - first].tenon(&self.schema));
                    }
                }
            }
            if wrong.is_empty() {
                return (asked, db);
            }
            let mut at = 0;
            asked.retain(|_| {
                at += 1;
                !wrong.contains(&(at - 1))
            });
        }
    }
}

/// A program on both engines.
struct Both<'w> {
    world: &'w World,
    program: Arc<Program>,
    planned: tenon_plan::Planned,
    loaded: Arc<Loaded>,
    evaluator: Evaluator,
}

impl<'w> Both<'w> {
    fn new(world: &'w World, db: &CheckDatabase) -> Result<Both<'w>, String> {
        let checked = CheckedProgram::new(db);
        let program = lower(&checked, &checked.settings())
            .map_err(|errors| errors.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join("\n"))?;
        let planned = tenon_plan::plan(&program, &world.table(&program)).map_err(|e| format!("no plan: {e}"))?;
        let all: Vec<FunctionId> = (0..program.functions.len()).map(|i| FunctionId(i as u32)).collect();
        let options = Options { verify: true, ..Options::default() };
        let compiled = tenon_codegen::compile(&program, &planned.schema, &planned.queries, &all, &options)
            .map_err(|e| format!("no code: {e}"))?;
        let loaded = native::load(compiled.image).map_err(|e| format!("not loaded: {e}"))?;
        let program = Arc::new(program);
        let limits = Limits { fuel: 20_000_000, memory: 256 << 20, stack: STACK / 2, ..Limits::default() };
        Ok(Both { world, evaluator: Evaluator::with_limits(program.clone(), limits), program, planned, loaded })
    }

    fn function(&self, name: &str) -> FunctionId {
        let at = self.program.functions.iter().position(|f| f.name == name).unwrap();
        FunctionId(at as u32)
    }

    fn explain(&self, name: &str) -> String {
        let explain = Explain { program: &self.program, indexes: &self.planned.indexes, real: None, place: &|_| None };
        let of = |plan: &&tenon_plan::physical::Plan| plan.name == name;
        self.planned.queries.iter().filter(of).map(|plan| explain.text(plan)).collect()
    }
}

/// The rows of one set in both engines.
struct Stores<'b, 'w> {
    both: &'b Both<'w>,
    store: MemoryStore,
    image: tenon_store::Image,
    ctx: CallContext,
}

const LIMITS: tenon_runtime::Limits = tenon_runtime::Limits { fuel: 200_000_000, memory: 256 << 20, depth: 500 };

impl<'b, 'w> Stores<'b, 'w> {
    fn new(both: &'b Both<'w>, data: &Data) -> Stores<'b, 'w> {
        let image = tenon_store::Image::new(Arc::new(both.planned.schema.clone())).unwrap();
        let store = MemoryStore::new(&both.program);
        let mut out = Stores { both, store, image, ctx: CallContext::new(LIMITS, NOW, 1) };
        for (relation, rows) in both.world.schema.relations.iter().zip(&data.rows) {
            let function = both.function(&format!("add_{}", relation.name));
            for row in rows {
                let inputs = Inputs { now: NOW, seed: 0 };
                both.evaluator.run(&mut out.store, function, row.clone(), &inputs).unwrap();
                let native = out.native(function, row);
                assert!(native.is_ok(), "{native:?} of {row:?}");
            }
        }
        out
    }

    fn native(&mut self, function: FunctionId, arguments: &[Value]) -> Result<Value, Ended> {
        let ctx = &mut self.ctx;
        ctx.reset(LIMITS, NOW, 1);
        self.both.loaded.prepare(ctx);
        let mut transaction = self.image.write();
        ctx.image = &self.image;
        ctx.relations = self.image.views();
        ctx.snapshot = transaction.number();
        // SAFETY: the transaction outlives the call, and the pointer is taken away after it.
        ctx.transaction = unsafe {
            std::mem::transmute::<*mut tenon_store::WriteTxn<'_>, *mut tenon_store::WriteTxn<'static>>(&mut transaction)
        };
        let result = self.both.loaded.call_values(function.0, ctx, arguments);
        ctx.transaction = std::ptr::null_mut();
        match result {
            Ok(_) => drop(transaction.commit(&mut Vec::new())),
            Err(_) => transaction.abort(),
        }
        result
    }

    fn answers(&mut self, name: &str, arguments: &[Value]) -> (Answer, Answer) {
        let function = self.both.function(name);
        let inputs = Inputs { now: NOW, seed: 1 };
        let limit = |fault: Fault| match fault {
            Fault::FuelExhausted | Fault::MemoryExceeded | Fault::RecursionTooDeep => Answer::Limit,
            fault => Answer::Fails(fault.name().to_owned()),
        };
        let evaluator = match self.both.evaluator.run(&mut self.store, function, arguments.to_vec(), &inputs) {
            Ok(finished) => rows(&finished.value),
            Err(Stop::Fault { fault, .. }) => limit(fault),
            Err(other) => Answer::Fails(format!("{other:?}")),
        };
        let native = match self.native(function, arguments) {
            Ok(value) => rows(&value),
            Err(Ended::Fault(fault, _)) => limit(fault),
            Err(other) => Answer::Fails(format!("{other:?}")),
        };
        (evaluator, native)
    }
}

/// The rows of an answer, a line each.
fn rows(value: &Value) -> Answer {
    match value {
        Value::List(items) | Value::Bag(items) => {
            Answer::Rows(items.iter().map(queries::json).collect::<Vec<_>>().join("\n"))
        }
        other => Answer::Rows(format!("{other:?}")),
    }
}

fn sql(world: &World, query: &Query, arguments: &[Value]) -> String {
    let values = PARAMETERS.iter().zip(arguments).map(|((name, _), value)| (*name, queries::literal(value))).collect();
    queries::with_parameters(&query.sql(&world.schema).rows(), &values)
}

fn asked_of_sql(connection: &Connection, text: &str) -> Answer {
    let rows = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare_cached(text)?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match rows() {
        Ok(rows) => Answer::Rows(rows.join("\n")),
        Err(error) => Answer::Refused(error.to_string()),
    }
}

/// What some queries of a world did.
#[derive(Default)]
struct Found {
    /// How many there were, beside those that the checker refused.
    queries: usize,
    values: usize,
    failures: usize,
    limits: usize,
    compared: usize,
    /// Errors of SQL with the number of times.
    no_answers: BTreeMap<String, usize>,
    /// Of each query that is answered otherwise its number and what is wrong.
    wrong: Vec<(usize, String)>,
}

/// Asks queries that check.
fn ask(world: &World, asked: &[Query], db: &CheckDatabase) -> Result<Found, String> {
    let both = Both::new(world, db)?;
    let mut found = Found { queries: asked.len(), ..Found::default() };
    for (data, connection) in &world.sets {
        let mut stores = Stores::new(&both, data);
        for (n, query) in asked.iter().enumerate() {
            let name = format!("q{n}");
            for arguments in &world.arguments {
                let (evaluator, native) = stores.answers(&name, arguments);
                let text = sql(world, query, arguments);
                let of_sql = match &evaluator {
                    Answer::Rows(_) => asked_of_sql(connection, &text),
                    other => other.clone(),
                };
                match &evaluator {
                    Answer::Rows(_) => found.values += 1,
                    Answer::Fails(_) => found.failures += 1,
                    _ => found.limits += 1,
                }
                if let Answer::Refused(why) = &of_sql {
                    *found.no_answers.entry(why.clone()).or_default() += 1;
                }
                let engines = match (&evaluator, &native) {
                    (Answer::Limit, _) | (_, Answer::Limit) | (Answer::Fails(_), Answer::Fails(_)) => true,
                    (a, b) => a == b,
                };
                let agrees = !matches!(of_sql, Answer::Rows(_)) || of_sql == evaluator;
                found.compared += usize::from(matches!(of_sql, Answer::Rows(_)));
                if (!engines || !agrees) && !found.wrong.iter().any(|(other, _)| *other == n) {
                    let told = format!(
                        "{}\n{}\nwith {arguments:?}\nevaluator: {evaluator:?}\nnative:    {native:?}\nSQLite:    {of_sql:?}\n{text}\n{}",
                        world.program(std::slice::from_ref(query)),
                        data.sql(&world.schema),
                        both.explain(&name),
                    );
                    found.wrong.push((n, told));
                }
            }
        }
    }
    Ok(found)
}

/// As `ask`; what panics is an error, too.
fn ask_safely(world: &World, asked: &[Query], db: &CheckDatabase) -> Result<Found, String> {
    catch_unwind(AssertUnwindSafe(|| ask(world, asked, db))).unwrap_or_else(|panic| {
        let told = panic.downcast_ref::<String>().cloned();
        Err(told.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default())
    })
}

/// What is wrong with one query; `None` if nothing is, or it does not check.
fn wrong_with(world: &World, query: &Query) -> Option<String> {
    let (asked, db) = world.sound(vec![query.clone()], &mut BTreeMap::new());
    if asked.is_empty() {
        return None;
    }
    match ask_safely(world, &asked, &db) {
        Ok(found) => found.wrong.into_iter().next().map(|(_, told)| told),
        Err(why) => Some(format!("{}\n{why}", world.program(&asked))),
    }
}

/// Something small that is wrong, beginning with a query that is.
fn small(world: &World, mut query: Query) -> String {
    let mut told = wrong_with(world, &query).unwrap_or_default();
    let mut tries = 0;
    'smaller: loop {
        for less in queries::smaller(&query) {
            tries += 1;
            if tries > TRIES {
                break 'smaller;
            }
            if let Some(why) = wrong_with(world, &less) {
                (query, told) = (less, why);
                continue 'smaller;
            }
        }
        break;
    }
    told
}

#[test]
fn drawn_queries() {
    let (first, count) = (setting("TENON_SEED", 0), setting("TENON_CASES", 3));
    let worker = move || {
        let mut all = Found::default();
        let mut refused = BTreeMap::new();
        for seed in first..first + count {
            let mut random = Random::new(seed);
            let world = World::draw(&mut random);
            let drawn: Vec<Query> = (0..QUERIES).map(|_| queries::query(&mut random, &world.schema)).collect();
            let (asked, db) = world.sound(drawn, &mut refused);
            let found = ask_safely(&world, &asked, &db).unwrap_or_else(|why| {
                // The whole program has no code: which query is it?
                let alone = asked.iter().find(|q| wrong_with(&world, q).is_some());
                let told = alone.map_or(why, |query| small(&world, query.clone()));
                panic!("seed {seed}:\n{told}");
            });
            if let Some((n, _)) = found.wrong.first() {
                panic!(
                    "seed {seed}, {} queries are answered otherwise; one of them:\n{}",
                    found.wrong.len(),
                    small(&world, asked[*n].clone())
                );
            }
            all.queries += found.queries;
            all.values += found.values;
            all.failures += found.failures;
            all.limits += found.limits;
            all.compared += found.compared;
            for (why, times) in found.no_answers {
                *all.no_answers.entry(why).or_default() += times;
            }
        }
        let summary = format!(
            "{} queries, {} values, {} failures, {} limits, {} compared with SQL; refused: {refused:?}; without an answer: {:?}",
            all.queries, all.values, all.failures, all.limits, all.compared, all.no_answers
        );
        println!("{summary}");
        // Most queries check, most of them have an answer, and SQL has one, too.
        let half = QUERIES as u64 * count / 2;
        assert!(
            all.queries as u64 > half && all.values > all.failures && all.compared * 10 > all.values * 9,
            "{summary}"
        );
    };
    std::thread::Builder::new().stack_size(STACK).spawn(worker).unwrap().join().unwrap();
}
