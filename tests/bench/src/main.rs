//! Measures Tenon beside its peers, in the same run, and prints ratios: `tenon-bench [transfer] [tpch] [http] [check] [lsp]`,
//! all of them if none is named. Nothing here is a test: times depend on the machine.

mod bank;
mod check;
mod http;
mod load;
mod lsp;
mod measure;
mod program;
mod scratch;
mod tpch;
mod transfer;

use std::process::ExitCode;

use tenon_driver::report::Stop;

type Part = fn() -> Result<(), Stop>;

const PARTS: [(&str, Part); 5] =
    [("check", check::run), ("lsp", lsp::run), ("transfer", transfer::run), ("tpch", tpch::run), ("http", http::run)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == load::COMMAND => load::run(rest),
        _ => parts(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            if !stop.message.is_empty() {
                eprintln!("error: {}", stop.message);
            }
            ExitCode::from(stop.code)
        }
    }
}

fn parts(wanted: &[String]) -> Result<(), Stop> {
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        return Err(Stop::usage(format!("there is no part `{unknown}`; there are: {}", names.join(", "))));
    }
    if cfg!(debug_assertions) {
        println!("NOTE: this is a debug build; measure with `cargo run --release -p tenon-bench`");
    }
    // A part that fails does not keep the others from being measured.
    let mut failed = false;
    for (name, part) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        if let Err(stop) = part() {
            failed = true;
            eprintln!("error in {name}: {}", stop.message);
        }
    }
    if failed { Err(Stop::said()) } else { Ok(()) }
}
