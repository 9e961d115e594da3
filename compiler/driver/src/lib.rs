//! The driver: the only door to files and processes. It opens programs, compiles and runs them, and is the
//! `tenon` command.
//!
//! | module | holds |
//! | --- | --- |
//! | [`disk`] | the files of the machine |
//! | [`project`] | a program on disk: its files and `tenon.toml` |
//! | [`library`] | the standard library's text, as the checker has it |
//! | [`compile`] | from a project to a checked program and its Core |
//! | [`statistics`] | what the planner asks of the data |
//! | [`table`] | answers as tables |
//! | [`templates`] | the programs that `tenon new` begins with |
//! | [`engine`] | programs that run, natively or on the evaluator |
//! | [`report`] | diagnostics and answers on the terminal, or as JSON |
//! | [`cli`] | the command line: one table of commands |
//! | [`commands`] | one file per command |

pub mod cells;
pub mod cli;
pub mod commands;
pub mod compile;
pub mod disk;
pub mod engine;
pub use tenon_check::library;
pub mod project;
pub mod report;
pub mod statistics;
pub mod table;
pub mod templates;
