//! Who reads and writes relations and fields.
//!
//! Relations are counted by what the checker noted as effects, fields by the uses of their names; the rows that an
//! inverse finds are read through the reference that it stands for.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::occurrences::occurrences;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tenon_check::bodies::{main_code, parts, rules};
use tenon_check::db::{Db, SourceFile};
use tenon_check::declare::{declared, signature};
use tenon_check::infer::Effects;
use tenon_check::items::{Item, items};
use tenon_check::signature::Signature;
use tenon_check::ty::Symbol;
use tenon_check::uses::{Form, Meaning, Role};
use tenon_span::Range;

/// One place where code reads or writes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Touch {
    /// The relation or event.
    pub relation: Symbol,
    /// The field; `None` where rows as a whole are read or written.
    pub field: Option<SmolStr>,
    /// Written rather than read.
    pub write: bool,
    /// Where, in the item's code.
    pub range: Range,
}

/// What the code of an item reads and writes by itself, in order. Declarations are no accesses.
#[salsa::tracked(returns(ref))]
pub(crate) fn touches<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Touch> {
    let mut found = Vec::new();
    let mut of_effects = |effects: &Effects| {
        let touch = |write: bool| {
            move |(relation, range): &(Symbol, Range)| Touch {
                relation: relation.clone(),
                field: None,
                write,
                range: *range,
            }
        };
        found.extend(effects.reads.iter().map(touch(false)));
        found.extend(effects.writes.iter().map(touch(true)));
    };
    let has = declared(db, item).has;
    if has.main {
        of_effects(&main_code(db, item).effects);
    }
    if has.parts {
        parts(db, item).effects.iter().for_each(|(_, effects)| of_effects(effects));
    }
    if has.rules {
        rules(db, item).effects.iter().for_each(|(_, effects)| of_effects(effects));
    }
    let is_relation = |symbol: &Symbol| matches!(signature(db, symbol), Some(Signature::Relation(_)));
    for one in occurrences(db, item) {
        if one.role == Role::Definition || one.form == Form::Positional {
            continue;
        }
        let (relation, field, write) = match &one.meaning {
            Meaning::Field(relation, field) => (relation, field, one.role == Role::Write),
            Meaning::Inverse(relation, field) => (relation, field, false),
            _ => continue,
        };
        if is_relation(relation) {
            found.push(Touch { relation: relation.clone(), field: Some(field.clone()), write, range: one.range });
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The items of a file whose code touches a relation, scenarios left out, by their places among the file's items: who
/// asks for one relation looks at these and not at the whole program.
#[salsa::tracked(returns(ref))]
pub(crate) fn touched(db: &dyn Db, file: SourceFile) -> FxHashMap<Symbol, Vec<usize>> {
    let mut found: FxHashMap<Symbol, Vec<usize>> = FxHashMap::default();
    for (at, item) in items(db, file).iter().enumerate().filter(|(_, item)| item.word(db) != "scenario") {
        // They come in order, so those of one relation stand together.
        for touch in touches(db, *item) {
            let of = found.entry(touch.relation.clone()).or_default();
            if of.last() != Some(&at) {
                of.push(at);
            }
        }
    }
    found
}
