//! What a store refuses of a schema. The checker asks it while a program is written, the image and the authority before
//! they take one, so that no program is refused only when it starts.

use std::collections::BTreeMap;

use super::columns::{self, TableColumn};
use super::{DataType, FieldId, KeyPart, RelationId, Schema};

/// The most lanes that a key, a unique or an index may have.
pub const MAX_PART_LANES: usize = 32;
/// The most columns of a relation: what a table of SQLite may have.
pub const MAX_COLUMNS: usize = 2000;
/// The most bytes of the shape of a collection's element.
const MAX_SHAPE: usize = u16::MAX as usize;
/// The tables that an authority keeps beside those of the relations.
const OWN_TABLES: [&str; 2] = ["tenon_meta", "tenon_columns"];
/// How names begin that SQLite keeps for itself.
const RESERVED: &str = "sqlite_";

/// Something that a store refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whose.
    pub relation: RelationId,
    /// What of the relation it is.
    pub place: Place,
    /// Why, in a sentence that names the relation.
    pub why: String,
}

/// What is refused of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its name, or the whole of it.
    Relation,
    /// A field.
    Field(FieldId),
    /// The key.
    Key,
    /// A unique, by its number.
    Unique(usize),
    /// An index, by its number.
    Index(usize),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refusal {}

/// All that a store refuses of a schema, in the order of its relations.
pub fn refusals(schema: &Schema) -> Vec<Refusal> {
    let mut found = refused_names(schema);
    for number in 0..schema.relations.len() {
        found.extend(refused_shape(schema, RelationId(number as u32)));
    }
    found.sort_by_key(|refusal| refusal.relation.0);
    found
}

/// What is wrong with the names of relations, and with them together. Asks nothing else of the relations.
pub fn refused_names(schema: &Schema) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut tables: BTreeMap<String, RelationId> = BTreeMap::new();
    for number in 0..schema.relations.len() {
        Rules { schema, id: RelationId(number as u32), found: &mut found }.name(&mut tables);
    }
    found
}

/// What is wrong with one relation beside its name. Of the relations that it refers to, the keys matter.
pub fn refused_shape(schema: &Schema, id: RelationId) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut widths = Widths { schema, keys: vec![KeyWidth::Unknown; schema.relations.len()] };
    let mut relation = Rules { schema, id, found: &mut found };
    relation.parts();
    relation.elements();
    relation.columns(&mut widths);
    found
}

/// How many columns values have, without making any: there may be far too many.
struct Widths<'a> {
    schema: &'a Schema,
    /// Per relation: the columns of its key.
    keys: Vec<KeyWidth>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyWidth {
    Unknown,
    /// Being counted: who asks meanwhile is a part of it.
    Open,
    Known(usize),
    /// The key has itself as a part.
    Endless,
}

impl Widths<'_> {
    /// The columns of a value; `None` if they have no end.
    fn of(&mut self, ty: &DataType) -> Option<usize> {
        let mut sum = |types: &mut dyn Iterator<Item = &DataType>| {
            let mut all = 0usize;
            for ty in types {
                all = all.saturating_add(self.of(ty)?);
            }
            Some(all)
        };
        match ty {
            DataType::Option(inner) => {
                let own = self.of(inner)?;
                let plain = own == 1 && !matches!(**inner, DataType::Option(_));
                Some(if plain { 1 } else { own.saturating_add(1) })
            }
            DataType::Record(fields) => sum(&mut fields.iter().map(|field| &field.ty)),
            DataType::Variant(cases) => {
                let parts = sum(&mut cases.iter().flat_map(|case| &case.fields).map(|field| &field.ty))?;
                Some(parts.saturating_add(1))
            }
            DataType::Ref(target) => self.key(*target),
            _ => Some(1),
        }
    }

    fn key(&mut self, relation: RelationId) -> Option<usize> {
        match self.keys[relation.index()] {
            KeyWidth::Known(width) => return Some(width),
            KeyWidth::Open | KeyWidth::Endless => return None,
            KeyWidth::Unknown => {}
        }
        self.keys[relation.index()] = KeyWidth::Open;
        let description = self.schema.relation(relation);
        let mut all = Some(0usize);
        for field in &description.key {
            let own = self.of(&description.field(*field).ty);
            all = all.zip(own).map(|(all, own)| all.saturating_add(own));
        }
        self.keys[relation.index()] = all.map_or(KeyWidth::Endless, KeyWidth::Known);
        all
    }
}

struct Rules<'a> {
    schema: &'a Schema,
    id: RelationId,
    found: &'a mut Vec<Refusal>,
}

impl Rules<'_> {
    fn refuse(&mut self, place: Place, why: String) {
        self.found.push(Refusal { relation: self.id, place, why });
    }

    fn name(&mut self, tables: &mut BTreeMap<String, RelationId>) {
        let name = &self.schema.relation(self.id).name;
        let table = name.to_ascii_lowercase();
        if OWN_TABLES.contains(&table.as_str()) {
            self.refuse(Place::Relation, format!("`{name}` is the name of a table that every store has"));
        } else if table.starts_with(RESERVED) {
            self.refuse(Place::Relation, format!("`{name}` begins as the names do that SQLite keeps for itself"));
        }
        if let Some(first) = tables.get(&table) {
            let first = &self.schema.relation(*first).name;
            let why = if first == name {
                format!("two relations are named `{name}`, and each has a table of its name in the store")
            } else {
                format!("`{name}` and `{first}` would be one table: in the store, capitals make no difference")
            };
            return self.refuse(Place::Relation, why);
        }
        tables.insert(table, self.id);
    }

    /// Keys, uniques and indexes: of values that can be compared as they are stored, and not too wide.
    fn parts(&mut self) {
        let relation = self.schema.relation(self.id);
        let key: Vec<KeyPart> = relation.key.iter().map(|field| KeyPart::Field(*field)).collect();
        self.wide(Place::Key, "the key", &key);
        for (number, unique) in relation.uniques.iter().enumerate() {
            self.wide(Place::Unique(number), "a `unique`", &unique.parts);
        }
        for (number, index) in relation.indexes.iter().enumerate() {
            let parts: Vec<KeyPart> = index.parts.iter().map(|part| part.part.clone()).collect();
            self.wide(Place::Index(number), "an index", &parts);
        }
        for reference in &relation.references {
            let ty = &relation.field(reference.field).ty;
            let content = if let DataType::Option(inner) = ty { inner } else { ty };
            if *content != DataType::Ref(reference.target) {
                let why = format!("`{}.{}` is no reference", relation.name, relation.field(reference.field).name);
                self.refuse(Place::Field(reference.field), why);
            }
        }
    }

    fn wide(&mut self, place: Place, what: &str, parts: &[KeyPart]) {
        let relation = self.schema.relation(self.id);
        for part in parts {
            let field = relation.field(part.field());
            let lower = matches!(part, KeyPart::Lower(_));
            if has_collection(&field.ty) {
                let why = format!(
                    "`{}.{}` holds a collection, and {what} cannot have it as a part",
                    relation.name, field.name
                );
                return self.refuse(place, why);
            }
            if lower
                && !matches!(&field.ty, DataType::Text)
                && !matches!(&field.ty, DataType::Option(inner) if **inner == DataType::Text)
            {
                let why = format!("`{}.{}` is no text that could be in lower case", relation.name, field.name);
                return self.refuse(place, why);
            }
        }
        let lanes: usize = parts.iter().map(|part| relation.field(part.field()).ty.lanes()).sum();
        if lanes > MAX_PART_LANES {
            let why = format!(
                "{what} of `{}` is made of {lanes} words, and {MAX_PART_LANES} are the most: a text, an `Id` and a `Uuid` \
                 have two, `?` and a variant's case one more, other values one",
                relation.name
            );
            self.refuse(place, why);
        }
    }

    /// The elements of collections.
    fn elements(&mut self) {
        let relation = self.schema.relation(self.id);
        for (number, field) in relation.fields.iter().enumerate() {
            if shape(&field.ty).is_none() {
                let why = format!("the elements of `{}.{}` have too many parts", relation.name, field.name);
                self.refuse(Place::Field(FieldId(number as u32)), why);
            }
        }
    }

    /// The columns of the table: so many at most, and no two alike.
    fn columns(&mut self, widths: &mut Widths<'_>) {
        let relation = self.schema.relation(self.id);
        if widths.key(self.id).is_none() {
            let why =
                format!("the key of `{}` has itself as a part, so no first row could ever be made", relation.name);
            return self.refuse(Place::Key, why);
        }
        let mut count = 0usize;
        for field in &relation.fields {
            // What leads to a key without an end is told there.
            let Some(own) = widths.of(&field.ty) else { return };
            count = count.saturating_add(own);
        }
        if count > MAX_COLUMNS {
            let why = format!(
                "`{}` has more than {MAX_COLUMNS} columns in the store: each part of a record, of a variant's cases and of \
                 the key of a row that is referred to is one",
                relation.name
            );
            return self.refuse(Place::Relation, why);
        }
        let columns = columns::table(self.schema, self.id);
        let mut known: BTreeMap<String, &TableColumn> = BTreeMap::new();
        for column in &columns {
            if let Some(first) = known.insert(column.name.to_ascii_lowercase(), column) {
                let why = format!(
                    "`{}` and `{}` of `{}` would be one column: in the store, capitals make no difference",
                    first.name, column.name, relation.name
                );
                return self.refuse(Place::Field(column.field), why);
            }
        }
    }
}

/// Whether a collection is a part of a value, so that it cannot be compared as it is stored.
pub fn has_collection(ty: &DataType) -> bool {
    match ty {
        DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..) => true,
        DataType::Option(inner) => has_collection(inner),
        DataType::Record(fields) => fields.iter().any(|field| has_collection(&field.ty)),
        DataType::Variant(cases) => cases.iter().flat_map(|case| &case.fields).any(|field| has_collection(&field.ty)),
        _ => false,
    }
}

/// The bytes that the shape of a type has; `None` if that of an element within is too long.
fn shape(ty: &DataType) -> Option<usize> {
    let sum = |types: &mut dyn Iterator<Item = &DataType>| types.map(shape).sum::<Option<usize>>();
    let element = |types: &[&DataType]| -> Option<usize> {
        let inner = sum(&mut types.iter().copied())?;
        (inner <= MAX_SHAPE).then_some(3 + inner)
    };
    match ty {
        DataType::Ref(_) => Some(5),
        DataType::Option(inner) => Some(1 + shape(inner)?),
        DataType::Record(fields) => sum(&mut fields.iter().map(|field| &field.ty)),
        DataType::Variant(cases) => {
            Some(1 + sum(&mut cases.iter().flat_map(|case| &case.fields).map(|field| &field.ty))?)
        }
        DataType::List(inner) | DataType::Bag(inner) | DataType::Set(inner) => element(&[inner]),
        DataType::Map(key, value) => element(&[key, value]),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Case, Field, Index, IndexKind, IndexPart, NamedType, Relation, Unique};
    use super::*;

    fn relation(name: &str, ty: DataType) -> Relation {
        Relation {
            name: name.into(),
            fields: vec![Field::new("id", DataType::Int), Field::new("x", ty)],
            key: vec![FieldId(0)],
            uniques: vec![],
            references: vec![],
            indexes: vec![],
            deletes: false,
        }
    }

    fn record(fields: usize, ty: &DataType) -> DataType {
        DataType::Record((0..fields).map(|n| NamedType { name: format!("f{n}").into(), ty: ty.clone() }).collect())
    }

    fn unique(mut relation: Relation) -> Relation {
        relation.uniques.push(Unique { parts: vec![KeyPart::Field(FieldId(1))], where_present: vec![] });
        relation
    }

    fn index(mut relation: Relation) -> Relation {
        let part = IndexPart { part: KeyPart::Field(FieldId(1)), descending: false };
        relation.indexes.push(Index { parts: vec![part], kind: IndexKind::Hash });
        relation
    }

    fn key(mut relation: Relation) -> Relation {
        relation.key = vec![FieldId(1)];
        relation
    }

    fn lower(mut relation: Relation) -> Relation {
        relation.uniques.push(Unique { parts: vec![KeyPart::Lower(FieldId(1))], where_present: vec![] });
        relation
    }

    fn to(name: &str, target: u32) -> Relation {
        relation(name, DataType::Ref(RelationId(target)))
    }

    /// Relations whose key refers twice to the one before, so that each has twice as many columns.
    fn doubling(levels: u32) -> Vec<Relation> {
        let mut all = vec![relation("R0", DataType::Int)];
        for level in 1..=levels {
            let mut next = to(&format!("R{level}"), level - 1);
            next.fields[0].ty = DataType::Ref(RelationId(level - 1));
            next.key = vec![FieldId(0), FieldId(1)];
            all.push(next);
        }
        all
    }

    #[test]
    fn each_rule_is_told_with_its_place() {
        let list = |ty| DataType::List(Box::new(ty));
        let case =
            |name: &str| Case { name: name.into(), fields: vec![NamedType { name: "n".into(), ty: DataType::Int }] };
        let x = Place::Field(FieldId(1));
        let cases: Vec<(Vec<Relation>, Option<(u32, Place)>)> = vec![
            (vec![relation("Item", DataType::Int), relation("Other", DataType::Int)], None),
            (vec![relation("Tenon_Meta", DataType::Int)], Some((0, Place::Relation))),
            (vec![relation("Tenon_columns", DataType::Int)], Some((0, Place::Relation))),
            (vec![relation("Sqlite_x", DataType::Int)], Some((0, Place::Relation))),
            (vec![relation("Sqlitex", DataType::Int)], None),
            (vec![relation("Ab", DataType::Int), relation("AB", DataType::Int)], Some((1, Place::Relation))),
            (vec![relation("Ab", DataType::Int), relation("Ab", DataType::Int)], Some((1, Place::Relation))),
            (vec![unique(relation("W", record(32, &DataType::Int)))], None),
            (vec![unique(relation("W", record(33, &DataType::Int)))], Some((0, Place::Unique(0)))),
            (vec![unique(relation("W", record(17, &DataType::Text)))], Some((0, Place::Unique(0)))),
            (vec![index(relation("W", record(33, &DataType::Int)))], Some((0, Place::Index(0)))),
            (vec![key(relation("W", record(33, &DataType::Int)))], Some((0, Place::Key))),
            (vec![unique(relation("W", list(DataType::Int)))], Some((0, Place::Unique(0)))),
            (vec![lower(relation("W", DataType::Text))], None),
            (vec![lower(relation("W", DataType::Int))], Some((0, Place::Unique(0)))),
            (vec![relation("W", DataType::Variant(vec![case("Ab"), case("Ac")]))], None),
            (vec![relation("W", DataType::Variant(vec![case("Ab"), case("AB")]))], Some((0, x))),
            (vec![relation("W", record(1_999, &DataType::Int))], None),
            (vec![relation("W", record(2_000, &DataType::Int))], Some((0, Place::Relation))),
            (vec![key(relation("Own", DataType::Ref(RelationId(0)))), to("Other", 0)], Some((0, Place::Key))),
            (doubling(10), None),
            (doubling(11), Some((11, Place::Relation))),
            (vec![relation("W", list(record(65_535, &DataType::Int)))], None),
            (vec![relation("W", list(record(65_536, &DataType::Int)))], Some((0, x))),
        ];
        for (relations, expected) in cases {
            let names: Vec<String> = relations.iter().map(|relation| relation.name.to_string()).collect();
            let found = refusals(&Schema { relations });
            let found: Vec<(u32, Place)> = found.iter().map(|refusal| (refusal.relation.0, refusal.place)).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{names:?}");
        }
    }
}
