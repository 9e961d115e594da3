//! What the code generator cannot compile.

use tenon_core::ir::SiteId;

/// Why a program was not compiled: a limit of the code generator, or a program that breaks the rules of Core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// One sentence.
    pub message: String,
    /// The place in the source, where it is known.
    pub site: Option<SiteId>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), site: None }
    }

    pub(crate) fn at(message: impl Into<String>, site: SiteId) -> Error {
        Error { message: message.into(), site: Some(site) }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The result of compiling something.
pub(crate) type Result<T> = std::result::Result<T, Error>;
