//! The music store with its real rows: imported by the command, queried natively, compared with SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tenon_driver::compile::Checked;
use tenon_driver::engine::Native;
use tenon_driver::project::Project;
use tenon_driver::report::Voice;
use tenon_runtime::Limits;
use tenon_runtime::service::NativeService;
use tenon_value::dispatch::{OwnedRequest, Router, dispatch};

/// The files, each after those that its rows refer to, and how many rows they have.
const FILES: [(&str, usize); 11] = [
    ("Artist", 275),
    ("Album", 347),
    ("Genre", 25),
    ("MediaType", 5),
    ("Track", 3503),
    ("Playlist", 18),
    ("PlaylistTrack", 8715),
    ("Employee", 8),
    ("Customer", 59),
    ("Invoice", 412),
    ("InvoiceLine", 2240),
];

const MONEY: &str = "printf('%.2f',";

/// Each request, and the same question in SQL: one column of JSON per row, in order.
fn questions() -> Vec<(&'static str, String)> {
    let money = |e: &str| format!("{MONEY} {e})");
    let name = "FirstName || ' ' || LastName";
    vec![
        (
            "/top-customers",
            format!(
                "with s as (select Country c, FirstName || ' ' || LastName n, round(coalesce(sum(Total), 0), 2) t
                   from Customer left join Invoice using (CustomerId) group by CustomerId),
                 r as (select *, rank() over (partition by c order by t desc) p from s)
                 select json_object('country', c, 'name', n, 'spent', {}, 'place', p) from r where p <= 2 order by c is null, c, p, n",
                money("t")
            ),
        ),
        (
            "/genre-months/2022",
            format!(
                "select json_object('genre', g.Name, 'month', cast(substr(InvoiceDate, 6, 2) as integer), 'revenue', {}, 'sold', sum(Quantity))
                 from InvoiceLine l join Invoice using (InvoiceId) join Track t using (TrackId) join Genre g using (GenreId)
                 where substr(InvoiceDate, 1, 4) = '2022' group by g.Name, substr(InvoiceDate, 6, 2) order by g.Name, substr(InvoiceDate, 6, 2)",
                money("sum(l.UnitPrice * Quantity)")
            ),
        ),
        (
            "/never-sold",
            "select json_object('id', AlbumId, 'title', Title, 'artist', Name) from Album join Artist using (ArtistId)
             where AlbumId not in (select AlbumId from Track join InvoiceLine using (TrackId)) order by AlbumId"
                .into(),
        ),
        (
            "/staff",
            format!(
                "select json_object('id', EmployeeId, 'name', {name},
                   'reports', json((select json_group_array(json_object('id', i, 'name', n)) from
                      (select EmployeeId i, {name} n from Employee r where r.ReportsTo = e.EmployeeId order by i))),
                   'customers', (select count(*) from Customer where SupportRepId = e.EmployeeId),
                   'sales', (select {} from Customer join Invoice using (CustomerId) where SupportRepId = e.EmployeeId))
                 from Employee e order by EmployeeId",
                money("coalesce(sum(Total), 0)")
            ),
        ),
        (
            "/longest-playlist",
            "select json_object('id', PlaylistId, 'name', p.Name, 'tracks', count(*), 'milliseconds', sum(Milliseconds))
             from Playlist p join PlaylistTrack using (PlaylistId) join Track using (TrackId)
             group by PlaylistId order by sum(Milliseconds) desc, PlaylistId limit 1"
                .into(),
        ),
        (
            "/broad-taste?genres=10",
            format!(
                "select json_object('id', CustomerId, 'name', {name}, 'different', count(distinct GenreId))
                 from Customer join Invoice using (CustomerId) join InvoiceLine using (InvoiceId) join Track using (TrackId)
                 group by CustomerId having count(distinct GenreId) >= 10 order by count(distinct GenreId) desc, CustomerId"
            ),
        ),
        (
            "/months",
            format!(
                "with m as (select cast(substr(InvoiceDate, 1, 4) as integer) y, cast(substr(InvoiceDate, 6, 2) as integer) m, sum(Total) t
                   from Invoice group by 1, 2), w as (select *, lag(t) over (order by y, m) b from m)
                 select json_object('year', y, 'month', m, 'revenue', {}, 'before', case when b is not null then {} end,
                   'change', {}) from w order by y, m",
                money("t"),
                money("b"),
                money("round(t - coalesce(b, t), 2) + 0.0")
            ),
        ),
        (
            "/catalogue?first_artist=1&last_artist=30",
            "select json_object('id', ArtistId, 'name', Name, 'albums', json((select json_group_array(json(a)) from
               (select json_object('title', Title, 'minutes', (select coalesce(sum(Milliseconds), 0) / 60000 from Track t where t.AlbumId = al.AlbumId),
                  'longest', json((select json_group_array(json_object('name', n, 'milliseconds', m)) from
                     (select Name n, Milliseconds m from Track t where t.AlbumId = al.AlbumId order by m desc, TrackId limit 3)))) a
                from Album al where al.ArtistId = ar.ArtistId order by Title, AlbumId))))
             from Artist ar where ArtistId between 1 and 30 order by ArtistId"
                .into(),
        ),
        (
            "/countries",
            format!(
                "select json_object('country', c, 'invoices', count(*), 'lines', sum(n), 'billed', {}, 'pieces', sum(q)) from
                   (select coalesce(BillingCountry, 'none') c, Total t, count(*) n, sum(Quantity) q
                    from Invoice join InvoiceLine using (InvoiceId) group by InvoiceId)
                 group by c order by round(sum(t), 2) desc, c",
                money("sum(t)")
            ),
        ),
        (
            "/long-tracks?times=2",
            "select json_object('id', TrackId, 'name', t.Name, 'genre', g.Name, 'milliseconds', Milliseconds)
             from Track t join Genre g using (GenreId)
             where Milliseconds >= 2 * (select avg(Milliseconds) from Track i where i.GenreId = t.GenreId) order by Milliseconds desc, TrackId"
                .into(),
        ),
        (
            "/best-artists?limit=12",
            format!(
                "select json_object('artist', r.Name, 'revenue', {}, 'customers', count(distinct CustomerId))
                 from InvoiceLine l join Invoice using (InvoiceId) join Track using (TrackId) join Album using (AlbumId) join Artist r using (ArtistId)
                 group by ArtistId order by round(sum(l.UnitPrice * Quantity), 2) desc, r.Name limit 12",
                money("sum(l.UnitPrice * Quantity)")
            ),
        ),
        (
            "/customers/17/running",
            format!(
                "select json_object('id', InvoiceId, 'total', {}, 'running', {}, 'place', row_number() over (order by Total desc, InvoiceId))
                 from Invoice where CustomerId = 17 order by InvoiceId",
                money("Total"),
                money("sum(Total) over (order by InvoiceId)")
            ),
        ),
        (
            "/long-albums",
            "select json_object('id', AlbumId, 'title', Title, 'tracks', count(*)) from Album join Track using (AlbumId)
             group by AlbumId having count(*) >= 5 and min(Milliseconds) > 240000 order by AlbumId"
                .into(),
        ),
        (
            "/silent-artists",
            "select json_object('id', ArtistId, 'name', Name) from Artist where ArtistId not in (select ArtistId from Album) order by ArtistId".into(),
        ),
        (
            "/spread",
            format!(
                "select json_object('media', m.Name, 'genre', g.Name, 'tracks', count(*), 'composers', count(distinct Composer),
                   'cheapest', {}, 'megabytes', sum(Bytes) / 1000000)
                 from Track t join MediaType m using (MediaTypeId) left join Genre g using (GenreId)
                 group by m.Name, g.Name having count(*) >= 50 order by m.Name, g.Name",
                money("min(UnitPrice)")
            ),
        ),
    ]
}

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps/chinook")
}

fn sqlite() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    for (name, rows) in FILES {
        let mut reader = csv::Reader::from_path(app().join(format!("data/{name}.csv"))).unwrap();
        let number =
            |c: &str| ["Id", "Milliseconds", "Bytes", "Quantity", "ReportsTo"].iter().any(|end| c.ends_with(end));
        let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let typed = columns.iter().map(|c| {
            let ty = if number(c) {
                "integer"
            } else if ["Total", "UnitPrice"].contains(&c.as_str()) {
                "real"
            } else {
                "text"
            };
            format!("{c} {ty}")
        });
        db.execute_batch(&format!("create table {name} ({})", typed.collect::<Vec<_>>().join(", "))).unwrap();
        let marks = vec!["nullif(?, '')"; columns.len()].join(", ");
        let mut insert = db.prepare(&format!("insert into {name} values ({marks})")).unwrap();
        let mut count = 0;
        for record in reader.records() {
            insert.execute(rusqlite::params_from_iter(record.unwrap().iter())).unwrap();
            count += 1;
        }
        assert_eq!(count, rows, "{name}");
    }
    // Nested selects look rows up by these.
    db.execute_batch("create index a on Track (AlbumId); create index b on Track (GenreId); create index c on Track (TrackId); create index d on InvoiceLine (InvoiceId); create index e on Invoice (InvoiceId)").unwrap();
    db
}

fn answer(db: &Connection, sql: &str) -> Value {
    let mut statement = db.prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let rows = statement.query_map([], |row| match row.get_ref(0)? {
        ValueRef::Text(text) => Ok(serde_json::from_slice::<Value>(text).unwrap()),
        other => panic!("{other:?}"),
    });
    Value::Array(rows.unwrap().map(Result::unwrap).collect())
}

/// Imports all files with the command. The store is made by the schema alone, and opened by the whole program.
fn import_all(data: &Path) {
    let schema = app().join("schema.tn");
    for (name, rows) in FILES {
        let output = Command::new(env!("CARGO_BIN_EXE_tenon"))
            .args(["import", name, "--json", "--program"])
            .arg(&schema)
            .arg("--data")
            .arg(data)
            .arg(app().join(format!("data/{name}.csv")))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stderr));
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(last, json!({ "relation": name, "rows": rows }));
    }
}

#[test]
fn answers_are_those_of_sqlite() {
    let data = std::env::temp_dir().join(format!("tenon-chinook-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    import_all(&data);

    let project = Project::read(&app()).unwrap();
    let checked = Checked::new(&project);
    let lowered = checked.lower(Voice { json: false, short: true }).unwrap();
    let native = Native::compile(&lowered.core, true).unwrap();
    let database = native.open(&data).unwrap();
    let service = NativeService::new(native.loaded.clone(), database, Limits::default(), std::sync::Arc::new(|_| {}));
    let router = Router::new(&lowered.core.api).unwrap();
    let db = sqlite();
    let questions = questions();
    assert_eq!(questions.len(), 15);
    let mut wrong = Vec::new();
    for (target, sql) in questions {
        let request = OwnedRequest { method: "GET".into(), target: target.into(), ..OwnedRequest::default() };
        let response = dispatch(&router, &service, &request.borrow(1)).response;
        let body = String::from_utf8(response.body).unwrap();
        if response.status != 200 {
            wrong.push(format!("{target}: {} {body}", response.status));
            continue;
        }
        let found: Value = serde_json::from_str(&body).unwrap();
        let wanted = answer(&db, &sql);
        let (found_rows, wanted_rows) = (found.as_array().unwrap(), wanted.as_array().unwrap());
        if wanted_rows.is_empty() {
            wrong.push(format!("{target}: the question has no answer that could differ"));
        }
        // Fields of objects have no order.
        for at in 0..found_rows.len().max(wanted_rows.len()) {
            if found_rows.get(at) != wanted_rows.get(at) {
                wrong.push(format!("{target}, row {at}: {:?} and not {:?}", found_rows.get(at), wanted_rows.get(at)));
                break;
            }
        }
    }
    drop(service);
    let _ = std::fs::remove_dir_all(&data);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_take_rows_in_any_order_and_all_or_none() {
    let folder = std::env::temp_dir().join(format!("tenon-chinook-order-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let text = std::fs::read_to_string(app().join("data/Employee.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    // Everybody now stands before whom they report to.
    lines[1..].reverse();
    let file = folder.join("Employee.csv");
    let import = |text: &str| -> (bool, Value) {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_tenon"))
            .args(["import", "Employee", "--json", "--program"])
            .arg(app().join("schema.tn"))
            .arg("--data")
            .arg(folder.join("data"))
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), serde_json::from_str(said.lines().last().unwrap()).unwrap())
    };
    let nobody = lines.join("\n").replacen(",IT Manager,1,", ",IT Manager,99,", 1);
    let (stored, answer) = import(&nobody);
    assert!(!stored);
    let bad: Vec<&Value> = answer["bad"].as_array().unwrap().iter().map(|row| &row["line"]).collect();
    assert_eq!(bad, [&json!(4)], "{answer}");
    // Nothing of the refused file is there, so the same keys fit.
    assert_eq!(import(&lines.join("\n")), (true, json!({ "relation": "Employee", "rows": 8 })));
    assert!(!import(&lines.join("\n")).0, "keys exist already");
    let _ = std::fs::remove_dir_all(&folder);
}
