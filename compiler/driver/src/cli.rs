//! The command line. One table: the derive below is what `--help`, completion and the guide show.

use crate::commands;
use crate::report::Voice;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Tenon: data, queries, transactions and their rules in one checked, compiled program.
#[derive(Parser, Debug)]
#[command(name = "tenon", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a new program
    #[command(after_help = "Example: tenon new shop --template todo")]
    New(commands::new::New),
    /// Find what is wrong with a program
    #[command(after_help = "Example: tenon check shop.tn --fix")]
    Check(commands::check::Check),
    /// Bring a program into the one style
    #[command(after_help = "Example: tenon fmt . --check")]
    Fmt(commands::fmt::Fmt),
    /// Run a program's scenarios
    #[command(after_help = "Example: tenon test shop.tn --only 'last item'")]
    Test(commands::test::Test),
    /// Serve a program over its durable store
    #[command(after_help = "Example: tenon run shop.tn --port 8080 --data ./data --watch")]
    Run(commands::run::Run),
    /// Write one executable that carries a program
    #[command(after_help = "Example: tenon build shop.tn --output shop")]
    Build(commands::build::Build),
    /// Ask a store something
    #[command(after_help = "Example: tenon query shop.tn 'from p in Product where p.stock < 5'")]
    Query(commands::query::Query),
    /// Store the rows of a file, all or none
    #[command(after_help = "Example: tenon import Product products.csv --program shop.tn --map Price=price")]
    Import(commands::import::Import),
    /// Write the rows of a relation to a file
    #[command(after_help = "Example: tenon export Product products.csv --program shop.tn")]
    Export(commands::export::Export),
    /// Show the plans of queries, and the indexes that the program got
    #[command(after_help = "Example: tenon explain shop.tn revenue")]
    Explain(commands::explain::ExplainPlans),
    /// Print a program's OpenAPI document
    #[command(name = "openapi", after_help = "Example: tenon openapi shop.tn > shop.json")]
    OpenApi(commands::openapi::OpenApi),
    /// Serve an editor: the language server, over standard input and output
    #[command(after_help = "Example: tenon lsp (editors start it; see lsp/README.md)")]
    Lsp(commands::lsp::Lsp),
    /// Serve the page that people try the language on, with a native engine behind it
    #[command(after_help = "Example: tenon playground --port 8090")]
    Playground(commands::playground::Playground),
    /// Explain a diagnostic
    #[command(after_help = "Example: tenon error T0211")]
    Error(commands::error::Explain),
}

/// Which program a command is about.
#[derive(Args, Debug)]
pub struct Program {
    /// A `.tn` file, or a folder with `tenon.toml`
    #[arg(default_value = ".")]
    pub program: PathBuf,
}

/// Where the data lies.
#[derive(Args, Debug)]
pub struct Data {
    /// The folder of the durable store
    #[arg(long, default_value = "./data")]
    pub data: PathBuf,
}

/// Trees of programs are walked recursively; nesting is limited so that this is enough.
const STACK: usize = 256 << 20;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || run(cli));
    match worker.map(|thread| thread.join()) {
        Ok(Ok(code)) => code,
        // The thread has said why it panicked.
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> ExitCode {
    let voice = Voice { json: cli.json, short: false };
    let result = match cli.command {
        Command::New(command) => command.run(voice),
        Command::Check(command) => command.run(voice),
        Command::Fmt(command) => command.run(voice),
        Command::Test(command) => command.run(voice),
        Command::Run(command) => command.run(voice),
        Command::Build(command) => command.run(voice),
        Command::Query(command) => command.run(voice),
        Command::Import(command) => command.run(voice),
        Command::Export(command) => command.run(voice),
        Command::Explain(command) => command.run(voice),
        Command::OpenApi(command) => command.run(voice),
        Command::Lsp(command) => command.run(),
        Command::Playground(command) => command.run(voice),
        Command::Error(command) => command.run(voice),
    };
    voice.finish(result)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_every_command_shows_an_example() {
        let command = super::Cli::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(
                sub.get_after_help().is_some_and(|text| text.to_string().contains("Example")),
                "{}",
                sub.get_name()
            );
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
        }
    }
}
