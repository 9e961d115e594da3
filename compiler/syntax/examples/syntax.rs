//! A look at the room from outside: `format FILE…` prints formatted programs, `tree FILE…` prints trees,
//! `speed FILE…` measures how many lines a second are split, read and formatted; `read FILE…` reads them twenty
//! times, for a profiler.

use std::time::Instant;
use tenon_syntax::{format, items, parse_item};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, files)) = arguments.split_first() else {
        println!("format FILE… | tree FILE… | speed FILE…");
        return Ok(());
    };
    let mut text = String::new();
    for file in files {
        text += &std::fs::read_to_string(file)?;
        text.push('\n');
    }
    match command.as_str() {
        "format" => print!("{}", format(&text).text),
        "tree" => {
            for item in items(&text) {
                println!("{:#?}", parse_item(item.text(&text)).item);
            }
        }
        "read" => {
            for _ in 0..20 {
                std::hint::black_box(
                    items(&text).iter().map(|item| parse_item(item.text(&text)).errors.len()).sum::<usize>(),
                );
            }
        }
        _ => speed(&text),
    }
    Ok(())
}

fn speed(text: &str) {
    let lines = text.lines().count() as f64;
    let measure = |name: &str, work: &dyn Fn() -> usize| {
        let rounds = 10;
        let start = Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(work());
        }
        println!("{name}: {:.0} lines/s", lines * f64::from(rounds) / start.elapsed().as_secs_f64());
    };
    measure("split", &|| items(text).len());
    measure("read", &|| items(text).iter().filter(|item| parse_item(item.text(text)).item.is_some()).count());
    measure("format", &|| format(text).text.len());
}
