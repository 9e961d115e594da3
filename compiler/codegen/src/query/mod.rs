//! Queries: physical plans to machine code.

use tenon_core::ir::QueryId;

use crate::error::{Error, Result};
use crate::unit::{Symbol, Unit};

impl Unit<'_> {
    /// The symbol of a query.
    pub(crate) fn query_symbol(&mut self, id: QueryId) -> Result<Symbol> {
        Err(Error::new(format!("query {} is not compiled yet", id.0)))
    }

    /// The number of lanes of a query's result.
    pub(crate) fn query_lanes(&self, id: QueryId) -> Result<usize> {
        Err(Error::new(format!("query {} is not compiled yet", id.0)))
    }

    /// Defines a query.
    pub(crate) fn define_query(&mut self, symbol: Symbol, id: QueryId) -> Result<()> {
        let _ = symbol;
        Err(Error::new(format!("query {} is not compiled yet", id.0)))
    }
}
