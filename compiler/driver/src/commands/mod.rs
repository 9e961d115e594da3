//! The commands, one file each.

pub mod build;
pub mod check;
pub mod error;
pub mod explain;
pub mod export;
pub mod fmt;
pub mod import;
pub mod lsp;
pub mod new;
pub mod openapi;
pub mod playground;
pub mod query;
pub mod run;
pub mod test;
