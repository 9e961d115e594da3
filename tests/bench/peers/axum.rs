//! The bank with axum and SQLite, on one thread: `tenon-bench-axum PORT NORMAL|FULL`, in an empty folder.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Account {
    id: i64,
    owner: String,
    balance: i64,
}

#[derive(Deserialize)]
struct Transfer {
    src: i64,
    dst: i64,
    amount: i64,
}

#[derive(Serialize)]
struct Done {
    ok: bool,
}

type Shared = Arc<Mutex<Connection>>;

fn open(synchronous: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open("axum.db")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.execute_batch(
        "create table account(id integer primary key, owner text not null, balance integer not null);
         create table transfer(id integer primary key, src integer not null, dst integer not null, amount integer not null);
         begin",
    )?;
    {
        let mut insert = connection.prepare("insert into account values(?,?,?)")?;
        for id in 0..100_000i64 {
            insert.execute((id, format!("owner-{id:08}"), 1_000_000i64))?;
        }
    }
    connection.execute_batch("commit")?;
    Ok(connection)
}

fn read(connection: &Connection, id: i64) -> rusqlite::Result<Account> {
    let mut select = connection.prepare_cached("select id,owner,balance from account where id=?")?;
    select.query_row([id], |r| Ok(Account { id: r.get(0)?, owner: r.get(1)?, balance: r.get(2)? }))
}

fn balance(connection: &Connection, id: i64) -> rusqlite::Result<i64> {
    connection.prepare_cached("select balance from account where id=?")?.query_row([id], |r| r.get(0))
}

fn transfer(connection: &Connection, t: &Transfer) -> rusqlite::Result<Done> {
    connection.prepare_cached("begin immediate")?.execute([])?;
    let (src, dst) = (balance(connection, t.src)?, balance(connection, t.dst)?);
    let ok = src >= t.amount && t.src != t.dst;
    if ok {
        let update = "update account set balance=? where id=?";
        connection.prepare_cached(update)?.execute((src - t.amount, t.src))?;
        connection.prepare_cached(update)?.execute((dst + t.amount, t.dst))?;
        let insert = "insert into transfer(src,dst,amount) values(?,?,?)";
        connection.prepare_cached(insert)?.execute((t.src, t.dst, t.amount))?;
    }
    connection.prepare_cached("commit")?.execute([])?;
    Ok(Done { ok })
}

fn answer<T: Serialize>(result: rusqlite::Result<T>) -> Response {
    match result.map(|value| serde_json::to_vec(&value)) {
        Ok(Ok(body)) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn account(State(shared): State<Shared>, Path(id): Path<i64>) -> Response {
    answer(read(&shared.lock().unwrap_or_else(PoisonError::into_inner), id))
}

async fn make(State(shared): State<Shared>, body: String) -> Response {
    match serde_json::from_str(&body) {
        Ok(t) => answer(transfer(&shared.lock().unwrap_or_else(PoisonError::into_inner), &t)),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, synchronous] = arguments.as_slice() else { return Err("tenon-bench-axum PORT NORMAL|FULL".into()) };
    let shared: Shared = Arc::new(Mutex::new(open(synchronous)?));
    let app = Router::new().route("/acct/{id}", get(account)).route("/transfer", post(make)).with_state(shared);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
