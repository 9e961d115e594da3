//! The `tenon` binary.

fn main() -> std::process::ExitCode {
    tenon_driver::cli::main()
}
