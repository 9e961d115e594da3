//! What a page draws of a program: its data, its endpoints, and how the compiler sees an item. Plain data that is
//! written as JSON; all of it is there as far as the program can be read.

pub mod endpoints;
pub mod forms;
pub mod phases;
pub mod schema;

use crate::Analysis;
use crate::answer::FileRange;
use serde::Serialize;
use tenon_check::items::Item;
use tenon_check::ty::Symbol;

/// Where something is declared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// The declaration, without comments before it.
    pub full: FileRange,
    /// Its name.
    pub focus: FileRange,
}

impl Analysis {
    fn item_place(&self, item: Item<'_>) -> Place {
        let target = self.target_of(item);
        Place {
            full: FileRange { file: target.file.clone(), range: target.full },
            focus: FileRange { file: target.file, range: target.focus },
        }
    }
}

/// The name of an item across modules: `billing.Invoice`, `Order` in the program's own folder.
pub(crate) fn full_name(symbol: &Symbol) -> String {
    let name = symbol.name.trim_matches('"');
    if symbol.module.is_empty() { name.to_owned() } else { format!("{}.{name}", symbol.module) }
}
