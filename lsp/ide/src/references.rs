//! Where a name is used: in the program, and in one file.

use crate::Analysis;
use crate::answer::{FilePosition, FileRange};
use crate::occurrences::{at, occurrences};
use serde::Serialize;
use tenon_check::items::{Item, items, parse};
use tenon_check::names::is_library_module;
use tenon_check::uses::{Form, Meaning, Role, Use};
use tenon_span::Range;

/// What a use does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It declares the name.
    Definition,
    /// It takes the value, or calls.
    Read,
    /// It gives a value.
    Write,
}

/// A use of a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
pub struct Reference {
    /// Where.
    pub place: FileRange,
    /// What for.
    pub access: Access,
    /// The item in which it stands; for a scenario its title.
    pub item: String,
}

/// A use of a name in the file at hand.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
pub struct Highlight {
    /// Where.
    pub range: Range,
    /// What for.
    pub access: Access,
}

impl Access {
    pub(crate) fn of(role: Role) -> Access {
        match role {
            Role::Definition => Access::Definition,
            Role::Read => Access::Read,
            Role::Write => Access::Write,
        }
    }
}

impl Analysis {
    /// All uses of the name at a position, in the order of files and places; what declares it among them if
    /// `declarations` says so.
    pub fn references(&self, position: &FilePosition, declarations: bool) -> Vec<Reference> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let mut found = Vec::new();
        for meaning in self.meanings_at(position) {
            let mut add = |item: Item<'_>, of: &Use| {
                if declarations || of.role != Role::Definition {
                    found.push(Reference {
                        place: self.file_range(item, of.range),
                        access: Access::of(of.role),
                        item: item.name(&self.db).to_string(),
                    });
                }
            };
            match is_of_item(&meaning) {
                true => uses_in(self, place.item, &meaning, &mut add),
                false => self.each_use(&meaning, &mut add),
            }
        }
        found.sort();
        found.dedup_by(|a, b| a.place == b.place);
        found
    }

    /// The uses in its file of the name at a position, in order.
    pub fn highlights(&self, position: &FilePosition) -> Vec<Highlight> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let mut found = Vec::new();
        for meaning in self.meanings_at(position) {
            let mut add = |item: Item<'_>, of: &Use| {
                found.push(Highlight { range: self.range_in_file(item, of.range), access: Access::of(of.role) });
            };
            match is_of_item(&meaning) {
                true => uses_in(self, place.item, &meaning, &mut add),
                false => items(&self.db, place.file).iter().for_each(|item| uses_in(self, *item, &meaning, &mut add)),
            }
        }
        found.sort();
        found.dedup_by(|a, b| a.range == b.range);
        found
    }

    /// What the name at a position stands for; of a name that is two things at once, both.
    pub(crate) fn meanings_at(&self, position: &FilePosition) -> Vec<Meaning> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let mut found: Vec<Meaning> =
            at(occurrences(&self.db, place.item), place.code_offset).into_iter().map(|of| of.meaning.clone()).collect();
        found.dedup();
        found
    }

    /// Hands out every use in the program of something that other items can name, what declares it included. Only
    /// items whose text holds the name are looked at.
    pub(crate) fn each_use<'db>(&'db self, meaning: &Meaning, add: &mut dyn FnMut(Item<'db>, &'db Use)) {
        let Some(name) = self.name_of(meaning) else { return };
        for item in self.items_that_say(&name) {
            if !item.is_library(&self.db) || self.is_library(meaning) {
                uses_in(self, item, meaning, add);
            }
        }
    }

    /// The name under which a meaning is written.
    pub(crate) fn name_of(&self, meaning: &Meaning) -> Option<String> {
        Some(match meaning {
            Meaning::Item(symbol) => symbol.name.trim_matches('"').to_owned(),
            Meaning::Module(path) => path.rsplit('.').next().unwrap_or_default().to_owned(),
            Meaning::Field(_, name)
            | Meaning::Case(_, name)
            | Meaning::CaseField(_, _, name)
            | Meaning::RecordField(_, name)
            | Meaning::Parameter(_, name)
            | Meaning::Given(name)
            | Meaning::BuiltinType(name)
            | Meaning::TypeParameter(name) => name.to_string(),
            Meaning::Inverse(relation, field) => self.relation(relation)?.field(field)?.inverse.as_ref()?.to_string(),
            Meaning::Builtin(builtin) => builtin.scheme().name.to_string(),
            Meaning::Local(_) => return None,
        })
    }

    /// True for what the library declares.
    pub(crate) fn is_library(&self, meaning: &Meaning) -> bool {
        match meaning {
            Meaning::Item(symbol)
            | Meaning::Field(symbol, _)
            | Meaning::Inverse(symbol, _)
            | Meaning::Case(symbol, _)
            | Meaning::CaseField(symbol, ..)
            | Meaning::Parameter(symbol, _) => is_library_module(&symbol.module),
            Meaning::Module(path) => is_library_module(path),
            Meaning::Builtin(_) | Meaning::BuiltinType(_) => true,
            Meaning::RecordField(..) | Meaning::Local(_) | Meaning::Given(_) | Meaning::TypeParameter(_) => false,
        }
    }

    /// The text of a use.
    pub(crate) fn text_of<'db>(&'db self, item: Item<'db>, found: &Use) -> &'db str {
        found.range.slice(&parse(&self.db, item).code)
    }
}

/// True for a meaning that only its own item can name.
pub(crate) fn is_of_item(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Local(_) | Meaning::Given(_) | Meaning::TypeParameter(_))
}

/// Hands out the uses of a meaning in one item; what is given by its place has no name and is none.
pub(crate) fn uses_in<'db>(
    analysis: &'db Analysis,
    item: Item<'db>,
    meaning: &Meaning,
    add: &mut dyn FnMut(Item<'db>, &'db Use),
) {
    let all = occurrences(&analysis.db, item).iter();
    all.filter(|found| found.meaning == *meaning && found.form != Form::Positional).for_each(|found| add(item, found));
}
