//! Names on the wire: no two fields of one thing may have the same.

use crate::db::{Db, WireNames};
use crate::items::Item;
use crate::ty::{FieldTy, Ty};
use smol_str::SmolStr;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;

/// Two fields that have one name on the wire.
pub(crate) struct Clash {
    /// The later one.
    pub field: usize,
    /// The one before it.
    pub first: usize,
    /// The name.
    pub sent: SmolStr,
}

/// The name under which a field travels: the one that it is given for the wire, or its own as the program's setting
/// spells it.
pub(crate) fn sent_as(names: WireNames, name: &str, wire: Option<&SmolStr>) -> SmolStr {
    wire.cloned().unwrap_or_else(|| names.spell(name))
}

/// The fields among these that travel under the name of one before them. Two with one name in the program are reported
/// as such, so they are none.
pub(crate) fn clashes<'a>(fields: impl IntoIterator<Item = (&'a SmolStr, SmolStr)>) -> Vec<Clash> {
    let mut seen: rustc_hash::FxHashMap<SmolStr, (usize, &'a SmolStr)> = rustc_hash::FxHashMap::default();
    let mut found = Vec::new();
    for (field, (name, sent)) in fields.into_iter().enumerate() {
        match seen.get(&sent) {
            Some((first, other)) if *other != name => found.push(Clash { field, first: *first, sent }),
            Some(_) => {}
            None => drop(seen.insert(sent, (field, name))),
        }
    }
    found
}

/// See [`clashes`]: among the fields of a record.
pub(crate) fn record_clashes(names: WireNames, fields: &[FieldTy]) -> Vec<Clash> {
    clashes(fields.iter().map(|field| (&field.name, sent_as(names, &field.name, field.wire.as_ref()))))
}

/// Two fields of a record within a type that have one name on the wire, by their names in the program, and that name.
/// Cases and rows are looked at where they are declared.
pub(crate) fn clash_within(names: WireNames, ty: &Ty) -> Option<(SmolStr, SmolStr, SmolStr)> {
    match ty {
        Ty::Option(inner) | Ty::Refined(inner, _) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => {
            clash_within(names, inner)
        }
        Ty::Map(key, value) => clash_within(names, key).or_else(|| clash_within(names, value)),
        Ty::Variant(_, args) => args.iter().find_map(|arg| clash_within(names, arg)),
        Ty::Record(record) => {
            let name = |at: usize| record.fields.get(at).map(|field| field.name.clone()).unwrap_or_default();
            let own = record_clashes(names, &record.fields).into_iter().next();
            let own = own.map(|clash| (name(clash.field), name(clash.first), clash.sent));
            own.or_else(|| record.fields.iter().find_map(|field| clash_within(names, &field.ty)))
        }
        _ => None,
    }
}

/// What is said about a clash of two things, each with where it is written.
pub(crate) fn called_the_same(
    db: &dyn Db,
    item: Item<'_>,
    sent: &str,
    (name, range): (&str, Range),
    (other, first): (&str, Range),
) -> Diagnostic {
    let message = format!("`{name}` and `{other}` are both called `{sent}` on the wire");
    Diagnostic::new(Code::WireName, message, item.label(db, range, "taken already")).because(item.label(
        db,
        first,
        "the other one",
    ))
}
