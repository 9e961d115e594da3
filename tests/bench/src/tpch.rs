//! Four TPC-H queries at scale 0.1 beside DuckDB on one thread, over the same files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value as Json;
use tenon_driver::engine::Native;
use tenon_driver::report::Stop;
use tenon_runtime::SystemWorld;
use tenon_value::Value;
use tenon_value::schema::{DataType, RelationId};

use crate::measure::{line, median, ratio, skipped, worked};
use crate::program::{Running, compile, file};
use crate::scratch::Scratch;

const SCALE: &str = "0.1";
const ROUNDS: usize = 9;
const QUERIES: [&str; 4] = ["q1", "q3", "q6", "q18"];

/// Where the columns of a relation's fields are called otherwise: their names begin with this.
const TABLES: [(&str, &str, &str); 3] =
    [("Customer", "customer", "c_"), ("Orders", "orders", "o_"), ("Lineitem", "lineitem", "l_")];
/// References, and the columns that hold the keys that they lead to.
const REFERENCES: [(&str, &str); 2] = [("customer", "custkey"), ("order", "orderkey")];

/// Runs the part.
pub fn run() -> Result<(), Stop> {
    println!("tpch: Q1, Q3, Q6, Q18 at scale {SCALE}, one thread, hot; by the time of the processor");
    let Some(python) = python() else {
        let folder = file("peers");
        let how = format!("python3 -m venv {0}/venv && {0}/venv/bin/pip install duckdb tpchgen-cli", folder.display());
        skipped("TPC-H and DuckDB", &format!("`duckdb` and `tpchgen-cli` are not installed: {how}"));
        return Ok(());
    };
    let scratch = Scratch::new()?;
    let generator = python.with_file_name("tpchgen-cli");
    let tables = TABLES.map(|(_, table, _)| table).join(",");
    let mut generate = Command::new(generator);
    generate.args(["csv", "-s", SCALE, "-q", "--tables", &tables, "--output-dir"]).arg(scratch.path());
    output(&mut generate)?;
    let mut duck = Command::new(&python);
    duck.arg(file("peers/duckdb_peer.py")).arg(scratch.path()).arg(ROUNDS.to_string());
    let theirs: Json =
        serde_json::from_slice(&output(&mut duck)?).map_err(|e| Stop::failed(format!("DuckDB's side: {e}")))?;

    let start = Instant::now();
    let program = compile(&file("programs/tpch.tn"))?;
    let compiled = start.elapsed();
    let (core, native) = (program.core, program.native);
    let database = native.in_memory(Arc::new(SystemWorld::new()))?;
    let start = Instant::now();
    let rows = load(&native, &Running::new(&native, database.clone())?, scratch.path())?;
    line("loading", "Tenon", &format!("{rows} rows in {:.2?}", start.elapsed()));
    line("check, plan and compile, all four", "Tenon", &format!("{compiled:.1?}"));
    // As a server does at its start: plans for the data that is there.
    let native = native.compile_for_data(&core, &database)?.unwrap_or(native);
    let program = Running::new(&native, database)?;
    let (mut sum, mut product) = ((0.0, 0.0), 1.0);
    for name in QUERIES {
        let target = format!("/{name}");
        let answer = program.request("GET", &target, b"")?;
        let answer: Json = serde_json::from_slice(&answer).map_err(|e| Stop::failed(e.to_string()))?;
        let peer = &theirs[name];
        compare(name, &answer, &peer["rows"])?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = worked();
            std::hint::black_box(program.request("GET", &target, b"")?);
            times.push((worked() - start).as_secs_f64() * 1e3);
        }
        let ours = median(times);
        let their_time = peer["ms"].as_f64().unwrap_or(f64::NAN);
        line(name, "Tenon, request to response", &format!("{ours:.2} ms"));
        line(name, &format!("DuckDB {}", theirs["version"].as_str().unwrap_or("")), &format!("{their_time:.2} ms"));
        ratio(
            &format!("{name}, speed of Tenon to DuckDB (equal answers)"),
            their_time / ours,
            Some((0.5, "time <= 2x DuckDB")),
        );
        sum = (sum.0 + ours, sum.1 + their_time);
        product *= their_time / ours;
    }
    ratio("geometric mean of the four, speed of Tenon to DuckDB", product.powf(0.25), Some((0.5, "time <= 2x DuckDB")));
    line("sum of the four", "Tenon / DuckDB", &format!("{:.1} / {:.1} ms", sum.0, sum.1));
    Ok(())
}

/// A Python with DuckDB: that of `TENON_BENCH_PYTHON`, of `peers/venv`, or of the system.
fn python() -> Option<PathBuf> {
    let own = std::env::var_os("TENON_BENCH_PYTHON").map(PathBuf::from);
    let candidates = own.into_iter().chain([file("peers/venv/bin/python"), PathBuf::from("/usr/bin/python3")]);
    candidates.into_iter().find(|python| {
        let duck = Command::new(python).args(["-c", "import duckdb"]).output().is_ok_and(|out| out.status.success());
        duck && python.with_file_name("tpchgen-cli").is_file()
    })
}

fn output(command: &mut Command) -> Result<Vec<u8>, Stop> {
    let out = command.output().map_err(|e| Stop::failed(format!("{command:?}: {e}")))?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    Err(Stop::failed(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr))))
}

/// Loads the files in one transaction.
fn load(native: &Native, program: &Running, folder: &Path) -> Result<u64, Stop> {
    let schema = &native.planned.schema;
    let stopped = Stop::failed("the store does not write any more");
    let loaded = program.service.batch(stopped, |batch| {
        let mut rows = 0;
        for (relation, table, prefix) in TABLES {
            let path = folder.join(format!("{table}.csv"));
            let bad = |why: String| Stop::failed(format!("{}: {why}", path.display()));
            let id = schema.relation_named(relation).ok_or_else(|| bad(format!("there is no relation {relation}")))?;
            let mut reader = csv::Reader::from_path(&path).map_err(|e| bad(e.to_string()))?;
            let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
            let fields = &schema.relation(id).fields;
            let mut columns = Vec::new();
            for field in fields {
                let name =
                    REFERENCES.iter().find(|(name, _)| *name == field.name).map_or(field.name.as_str(), |(_, key)| key);
                let column = header.iter().position(|column| column.strip_prefix(prefix) == Some(name));
                columns.push((column.ok_or_else(|| bad(format!("there is no column for {}", field.name)))?, &field.ty));
            }
            let mut record = csv::StringRecord::new();
            while reader.read_record(&mut record).map_err(|e| bad(e.to_string()))? {
                let mut row = Vec::with_capacity(columns.len());
                for (column, ty) in &columns {
                    let text = record.get(*column).unwrap_or("");
                    row.push(Some(
                        cell(ty, text).ok_or_else(|| bad(format!("`{text}` is not a value of its column")))?,
                    ));
                }
                let inserted = batch.transaction().insert(id, &row);
                inserted.map_err(|error| bad(error.describe(program.service.database().stored(), id)))?;
                rows += 1;
            }
        }
        Ok(rows)
    });
    loaded.map(|(rows, _)| rows)
}

fn cell(ty: &DataType, text: &str) -> Option<Value> {
    Some(match ty {
        DataType::Int => Value::Int(text.parse().ok()?),
        DataType::Text => Value::text(text),
        DataType::Decimal(scale) => Value::Decimal { unscaled: unscaled(text, *scale)?, scale: *scale },
        DataType::Date => Value::Date(days(text)?),
        DataType::Ref(RelationId(relation)) => {
            Value::Ref { relation: *relation, key: Arc::new(Value::Int(text.parse().ok()?)) }
        }
        _ => return None,
    })
}

/// A decimal as an integer, where the text has no more digits than the scale.
fn unscaled(text: &str, scale: u8) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    format!("{whole}{fraction}{}", "0".repeat(missing)).parse().ok()
}

/// Days since 1970-01-01 of `yyyy-mm-dd`, by the usual count of days in eras of 400 years.
fn days(text: &str) -> Option<i32> {
    let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Compares answers cell by cell; averages have other digits, so numbers may differ in the seventh.
fn compare(name: &str, ours: &Json, theirs: &Json) -> Result<(), Stop> {
    let differ = |what: String| Stop::failed(format!("{name}: the answers differ: {what}"));
    let one = [ours.clone()];
    let ours = ours.as_array().map_or(&one[..], Vec::as_slice);
    let theirs = theirs.as_array().map_or(&[][..], Vec::as_slice);
    if ours.len() != theirs.len() || ours.is_empty() {
        return Err(differ(format!("{} rows here, {} in DuckDB", ours.len(), theirs.len())));
    }
    for (number, (own, other)) in ours.iter().zip(theirs).enumerate() {
        let own: Vec<&Json> = own.as_object().map_or_else(|| vec![own], |fields| fields.values().collect());
        let other = other.as_array().map_or(&[][..], Vec::as_slice);
        if own.len() != other.len() || !own.iter().zip(other).all(|(a, b)| equal(&plain(a), &plain(b))) {
            return Err(differ(format!("row {number}: {own:?} here, {other:?} in DuckDB")));
        }
    }
    Ok(())
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn equal(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= 1e-6 * x.abs().max(y.abs()).max(1.0),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::{days, unscaled};

    #[test]
    fn cells_are_read() {
        assert_eq!((days("1970-01-01"), days("1998-09-02"), days("1969-12-31")), (Some(0), Some(10471), Some(-1)));
        assert_eq!((unscaled("0.05", 2), unscaled("17", 2), unscaled("-1.5", 2)), (Some(5), Some(1700), Some(-150)));
        assert_eq!(unscaled("0.123", 2), None);
    }
}
