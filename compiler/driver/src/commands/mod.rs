//! The commands, one file each.

pub mod check;
pub mod error;
pub mod fmt;
pub mod new;
pub mod openapi;
pub mod test;
