//! The data of a program: entities with their fields, the references between them, and who reads and writes what.

use super::{Place, full_name};
use crate::Analysis;
use crate::access::touches;
use crate::answer::{FileRange, SymbolKind};
use crate::navigation::item_kind;
use serde::Serialize;
use std::collections::BTreeSet;
use tenon_check::bodies::{parts, result_type};
use tenon_check::declare::signature;
use tenon_check::effects::effects_of;
use tenon_check::items::{Item, program_items, tree};
use tenon_check::names::symbol_of;
use tenon_check::show::Shown;
use tenon_check::signature::{GeneratedKey, OnDelete, RelationSig, Signature, UniquePart, UniqueSig};
use tenon_check::sites::BodyPart;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::uses::Meaning;
use tenon_syntax::ast;

/// The data of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Schema {
    /// Relations, events and views, in the order of files and places.
    pub entities: Vec<Entity>,
    /// References between relations, in the order of the fields.
    pub references: Vec<Reference>,
    /// Who reads and writes, in the order of files and places.
    pub accesses: Vec<Access>,
}

/// A relation, event or view.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entity {
    /// Its name across modules, which references and accesses use.
    pub id: String,
    /// Its name.
    pub name: String,
    /// [`SymbolKind::Relation`], [`SymbolKind::Event`] or [`SymbolKind::View`].
    pub kind: SymbolKind,
    /// Its documentation.
    pub doc: String,
    /// Where it stands.
    pub place: Place,
    /// Its fields, in order.
    pub fields: Vec<EntityField>,
    /// The names of the key's fields; none for a view.
    pub key: Vec<String>,
    /// How a key is made that is not given: `id`, `serial`, or nothing.
    pub generated: Option<&'static str>,
    /// The uniques, each as its parts are written: `email.lower`.
    pub uniques: Vec<Vec<String>>,
    /// The conditions of `check`, as written.
    pub checks: Vec<String>,
    /// The `index` hints, each as its fields, with ` desc` behind those that descend.
    pub indexes: Vec<Vec<String>>,
    /// True if it could not be read; then it has no fields here.
    pub broken: bool,
}

/// A field of an entity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EntityField {
    /// Its name.
    pub name: String,
    /// Its type, as people write it.
    pub ty: String,
    /// The condition of its refinement, as written.
    pub conditions: Vec<String>,
    /// The entity that it refers to.
    pub target: Option<String>,
    /// Part of the key.
    pub key: bool,
    /// May be `none`.
    pub optional: bool,
    /// Never leaves the program.
    pub secret: bool,
    /// Computed, not stored.
    pub computed: bool,
    /// Has a default.
    pub default: bool,
    /// Unique by itself.
    pub unique: bool,
    /// Its documentation.
    pub doc: String,
    /// Where its name stands.
    pub place: Option<FileRange>,
}

/// A reference: an edge of the graph.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reference {
    /// The entity that holds it.
    pub from: String,
    /// Its field.
    pub field: String,
    /// The entity that it refers to.
    pub to: String,
    /// May be `none`.
    pub optional: bool,
    /// The name under which the target finds the rows that refer to it.
    pub inverse: Option<String>,
    /// What a delete of the target does: `restrict` or `clear`.
    pub on_delete: &'static str,
    /// Where the field stands.
    pub place: Option<FileRange>,
}

/// What one item does with one entity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Access {
    /// The function, query, handler, view or scenario.
    pub item: String,
    /// What it is.
    pub kind: SymbolKind,
    /// `POST /orders`, if it is exposed.
    pub endpoint: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// The entity.
    pub entity: String,
    /// Reads rows, by itself or through what it calls.
    pub reads: bool,
    /// Writes rows, by itself or through what it calls.
    pub writes: bool,
    /// True if its own code does so.
    pub direct: bool,
    /// The fields that its own code reads.
    pub fields_read: Vec<String>,
    /// The fields that its own code gives values.
    pub fields_written: Vec<String>,
    /// The places in its code, in order.
    pub at: Vec<FileRange>,
}

/// A part of a unique as written: `email.lower`.
fn column(tree: Option<&ast::Item>, part: &UniquePart) -> String {
    let Some(ast::ItemKind::Relation(relation)) = tree.map(|tree| &tree.kind) else { return part.field.to_string() };
    let columns = relation.members.iter().flat_map(|member| match member {
        ast::Member::Unique { columns, .. } => columns.as_slice(),
        _ => &[],
    });
    let of_part = |column: &&ast::Column| {
        column.path.first().is_some_and(|first| first.text == part.field) && (column.path.len() > 1) == part.derived
    };
    let steps = columns.into_iter().find(of_part).map(|column| column.path.iter().map(|step| step.as_str()));
    steps.map_or_else(|| part.field.to_string(), |steps| steps.collect::<Vec<_>>().join("."))
}

impl Analysis {
    /// The data of the program.
    pub fn schema(&self) -> Schema {
        let mut schema = Schema::default();
        for item in program_items(&self.db) {
            match item.word(&self.db) {
                "relation" | "event" | "view" => schema.entities.extend(self.entity(item)),
                _ => {}
            }
            let symbol = symbol_of(&self.db, item);
            if let Some(relation) = symbol.as_ref().and_then(|symbol| self.relation(symbol)) {
                self.references_of(item, relation, &mut schema.references);
            }
            if let Some(symbol) = &symbol {
                self.accesses_of(item, symbol, &mut schema.accesses);
            }
        }
        schema
    }

    fn entity(&self, item: Item<'_>) -> Option<Entity> {
        let symbol = symbol_of(&self.db, item)?;
        let mut entity = Entity {
            id: full_name(&symbol),
            name: symbol.name.to_string(),
            kind: item_kind(item.word(&self.db), None),
            doc: tree(&self.db, item)
                .as_ref()
                .and_then(|tree| tree.doc.as_ref())
                .map_or(String::new(), |doc| doc.text.to_string()),
            place: self.item_place(item),
            fields: Vec::new(),
            key: Vec::new(),
            generated: None,
            uniques: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            broken: tree(&self.db, item).is_none(),
        };
        match signature(&self.db, &symbol) {
            Some(Signature::Relation(sig)) => self.of_relation(item, sig, &mut entity),
            Some(Signature::Function(sig)) => {
                if let Some(Ty::Record(record)) = result_type(&self.db, &sig.symbol).element() {
                    entity.fields = record.fields.iter().map(|field| self.column(&field.name, &field.ty)).collect();
                }
            }
            _ => {}
        }
        Some(entity)
    }

    fn column(&self, name: &str, ty: &Ty) -> EntityField {
        let target = match ty.base() {
            Ty::Option(inner) => inner.base(),
            other => other,
        };
        let target = match target {
            Ty::Row(symbol) => Some(full_name(symbol)),
            _ => None,
        };
        EntityField {
            name: name.to_owned(),
            ty: Shown(ty).to_string(),
            conditions: self.limits(ty).map(|limits| limits.conditions).unwrap_or_default(),
            target,
            key: false,
            optional: matches!(ty.base(), Ty::Option(_)),
            secret: false,
            computed: false,
            default: false,
            unique: false,
            doc: String::new(),
            place: None,
        }
    }

    fn of_relation(&self, item: Item<'_>, sig: &RelationSig, entity: &mut Entity) {
        entity.key = sig.key.iter().map(|name| name.to_string()).collect();
        entity.generated = match sig.generated {
            GeneratedKey::No => None,
            GeneratedKey::Id => Some("id"),
            GeneratedKey::Serial => Some("serial"),
        };
        let written = tree(&self.db, item).as_ref();
        let parts_of = |unique: &UniqueSig| -> Vec<String> {
            unique.parts.iter().map(|part| column(written.map(|tree| &**tree), part)).collect()
        };
        entity.uniques = sig.uniques.iter().map(parts_of).collect();
        let hint = |(name, descending): &(smol_str::SmolStr, bool)| {
            if *descending { format!("{name} desc") } else { name.to_string() }
        };
        entity.indexes = sig.indexes.iter().map(|index| index.iter().map(hint).collect()).collect();
        if sig.checks > 0 {
            let rules = &parts(&self.db, item).rules;
            let checks = rules.iter().filter(|(part, _)| matches!(part, BodyPart::Check(_)));
            entity.checks = checks.map(|(_, rule)| rule.text.to_string()).collect();
        }
        entity.fields = sig
            .fields
            .iter()
            .map(|field| EntityField {
                key: sig.key.contains(&field.name),
                secret: field.secret,
                computed: field.computed,
                default: field.default,
                unique: sig.uniques.iter().any(|unique| match unique.parts.as_slice() {
                    [only] => only.field == field.name && !only.derived,
                    _ => false,
                }),
                doc: field.doc.to_string(),
                place: self.field_place(item, &sig.symbol, &field.name),
                ..self.column(&field.name, &field.ty)
            })
            .collect();
    }

    fn field_place(&self, item: Item<'_>, relation: &Symbol, field: &str) -> Option<FileRange> {
        let target = self.declarations(item, &Meaning::Field(relation.clone(), field.into())).into_iter().next()?;
        Some(FileRange { file: target.file, range: target.focus })
    }

    fn references_of(&self, item: Item<'_>, sig: &RelationSig, found: &mut Vec<Reference>) {
        for field in sig.fields.iter().filter(|field| !field.computed) {
            let Some(target) = field.target() else { continue };
            found.push(Reference {
                from: full_name(&sig.symbol),
                field: field.name.to_string(),
                to: full_name(target),
                optional: matches!(field.ty.base(), Ty::Option(_)),
                inverse: field.inverse.as_ref().map(|name| name.to_string()),
                on_delete: match field.on_delete {
                    OnDelete::Restrict => "restrict",
                    OnDelete::Clear => "clear",
                },
                place: self.field_place(item, &sig.symbol, &field.name),
            });
        }
    }

    fn accesses_of(&self, item: Item<'_>, symbol: &Symbol, found: &mut Vec<Access>) {
        // What a relation's own rules read of itself is no access.
        if matches!(item.word(&self.db), "relation" | "event" | "type" | "error") {
            return;
        }
        let own = touches(&self.db, item);
        let through = effects_of(&self.db, symbol);
        let mut entities: BTreeSet<&Symbol> = own.iter().map(|touch| &touch.relation).collect();
        entities.extend(through.reads.iter().chain(&through.writes));
        let endpoint = self.function(symbol).and_then(|sig| {
            let exposed = sig.endpoint.as_ref()?;
            Some(format!("{} {}", exposed.method, self.endpoint_path(sig)))
        });
        for entity in entities {
            let of: Vec<_> = own.iter().filter(|touch| touch.relation == *entity).collect();
            let fields = |write: bool| -> Vec<String> {
                let names = of.iter().filter(|touch| touch.write == write).filter_map(|touch| touch.field.as_deref());
                names.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
            };
            let does = |write: bool| of.iter().any(|touch| touch.write == write);
            let mut at: Vec<FileRange> = of.iter().map(|touch| self.file_range(item, touch.range)).collect();
            at.sort();
            at.dedup();
            found.push(Access {
                item: full_name(symbol),
                kind: item_kind(item.word(&self.db), None),
                endpoint: endpoint.clone(),
                place: self.item_place(item),
                entity: full_name(entity),
                reads: does(false) || through.reads.contains(entity),
                writes: does(true) || through.writes.contains(entity),
                direct: !of.is_empty(),
                fields_read: fields(false),
                fields_written: fields(true),
                at,
            });
        }
    }
}
