//! An authority of which nothing remains: for tests, scenarios and throw-away runs.

use tenon_value::schema::RelationId;

use crate::{Authority, AuthorityError, EachRow, Group, Meta};

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryAuthority {
    meta: Meta,
}

impl MemoryAuthority {
    /// An empty store.
    pub fn new() -> MemoryAuthority {
        MemoryAuthority::default()
    }
}

impl Authority for MemoryAuthority {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn load(&mut self, _: RelationId, _: &mut EachRow<'_>) -> Result<(), AuthorityError> {
        Ok(())
    }

    fn commit(&mut self, _: &mut Group<'_>, meta: &Meta) -> Result<(), AuthorityError> {
        self.meta = meta.clone();
        Ok(())
    }

    fn is_volatile(&self) -> bool {
        true
    }
}
