//! What belongs to a program: its `tenon.toml`, and the files that lie in it.
//!
//! A program is one `.tn` file, or a folder with `tenon.toml` and all `.tn` files below it. The command and the language
//! server read programs from the disk, the page from memory; all ask through [`Files`], so that all agree on which files
//! a program has.
//!
//! | module | holds |
//! | --- | --- |
//! | [`config`] | `tenon.toml` |
//! | [`files`] | where texts come from: the trait, and files in memory |
//! | [`members`](mod@members) | which files a folder's program has, and to which program a file belongs |

pub mod config;
pub mod files;
pub mod members;

pub use config::Config;
pub use files::{Entry, Files, Memory};
pub use members::{Owner, members, owner, programs_below};

/// The name of the file that makes a folder a program.
pub const CONFIG: &str = "tenon.toml";
