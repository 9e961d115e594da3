//! What differs between the shape of a store and the shape of a program.
//!
//! Additive differences are applied when the store is opened: new relations; new fields that are
//! optional or have a default; new cases of variants; changed uniques and indexes (the data is checked
//! when it is read). Everything else is a [`Difference`], and the store is not opened.

use std::fmt;

use smol_str::SmolStr;
use tenon_value::schema::{Case, DataType, Field, FieldId, NamedType, Relation, RelationId, Schema};

use crate::columns::show;

/// Something that cannot be applied without being told how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The store has a relation that the program does not have.
    RelationRemoved {
        /// Its name.
        relation: SmolStr,
    },
    /// The store has a field that the program does not have.
    FieldRemoved {
        /// The relation.
        relation: SmolStr,
        /// The field.
        field: SmolStr,
    },
    /// The program has a field for which stored rows have no value.
    FieldWithoutDefault {
        /// The relation.
        relation: SmolStr,
        /// The field.
        field: SmolStr,
    },
    /// The program has a unique over what is made of fields, or no longer has one: stored rows hold no value for it, or one
    /// too many.
    UniqueChanged {
        /// The relation.
        relation: SmolStr,
        /// What is unique, as the program writes it.
        unique: SmolStr,
        /// The program has it now.
        is_new: bool,
    },
    /// A field has another type.
    TypeChanged {
        /// The relation.
        relation: SmolStr,
        /// The field.
        field: SmolStr,
        /// The type in the store.
        was: String,
        /// The type in the program.
        is: String,
    },
    /// The key consists of other fields.
    KeyChanged {
        /// The relation.
        relation: SmolStr,
    },
    /// A relation is of another format.
    FormatChanged {
        /// The format of the store.
        was: u32,
        /// The format of this program.
        is: u32,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::RelationRemoved { relation } => write!(f, "relation {relation} is gone from the program"),
            Difference::FieldRemoved { relation, field } => {
                write!(f, "field {relation}.{field} is gone from the program")
            }
            Difference::FieldWithoutDefault { relation, field } => {
                write!(f, "field {relation}.{field} is new, and is neither optional nor has a constant as its default")
            }
            Difference::UniqueChanged { relation, unique, is_new: true } => {
                write!(f, "`unique {unique}` of {relation} is new, and stored rows hold no value of `{unique}`")
            }
            Difference::UniqueChanged { relation, unique, is_new: false } => {
                write!(f, "`unique {unique}` of {relation} is gone from the program, and stored rows hold its values")
            }
            Difference::TypeChanged { relation, field, was, is } => {
                write!(f, "field {relation}.{field} was {was} and is {is}")
            }
            Difference::KeyChanged { relation } => write!(f, "the key of {relation} changed"),
            Difference::FormatChanged { was, is } => {
                write!(f, "the store has format {was}, this program writes format {is}")
            }
        }
    }
}

/// What has to be done to a store before the program can use it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// Relations to create.
    pub relations: Vec<RelationId>,
    /// Fields to add to relations that exist, and fields whose variants have more columns now.
    pub fields: Vec<(RelationId, FieldId)>,
    /// Whether anything of the shape changed, so that it must be written anew.
    pub changed: bool,
}

/// Compares the shape of a store with that of a program.
pub fn compare(stored: &Schema, program: &Schema) -> Result<Additions, Vec<Difference>> {
    let mut differences = Vec::new();
    let mut additions = Additions { changed: stored != program, ..Additions::default() };
    for old in &stored.relations {
        let Some(id) = program.relation_named(&old.name) else {
            differences.push(Difference::RelationRemoved { relation: old.name.clone() });
            continue;
        };
        let shapes = Shapes { stored, program, in_text: false };
        shapes.relation(old, id, &mut additions, &mut differences);
    }
    for (number, new) in program.relations.iter().enumerate() {
        if stored.relation_named(&new.name).is_none() {
            additions.relations.push(RelationId(number as u32));
        }
    }
    if differences.is_empty() { Ok(additions) } else { Err(differences) }
}

#[derive(Clone, Copy)]
struct Shapes<'a> {
    stored: &'a Schema,
    program: &'a Schema,
    /// Whether what is compared is stored as text inside of one column.
    in_text: bool,
}

impl Shapes<'_> {
    fn relation(self, old: &Relation, id: RelationId, additions: &mut Additions, differences: &mut Vec<Difference>) {
        let new = self.program.relation(id);
        let names = |relation: &Relation| -> Vec<SmolStr> {
            relation.key.iter().map(|f| relation.field(*f).name.clone()).collect()
        };
        if names(old) != names(new) {
            differences.push(Difference::KeyChanged { relation: new.name.clone() });
        }
        for field in &old.fields {
            let Some(at) = new.field_named(&field.name) else {
                let relation = new.name.clone();
                differences.push(match field.is_derived() {
                    true => Difference::UniqueChanged { relation, unique: field.shown().into(), is_new: false },
                    false => Difference::FieldRemoved { relation, field: field.name.clone() },
                });
                continue;
            };
            let now = new.field(at);
            if field.derived.is_some() && now.derived.is_some() && field.derived != now.derived {
                let relation = new.name.clone();
                differences.push(Difference::UniqueChanged { relation, unique: now.shown().into(), is_new: true });
                continue;
            }
            match self.compare(&field.ty, &now.ty) {
                Change::None => {}
                Change::MoreCases => additions.fields.push((id, at)),
                Change::Other => differences.push(Difference::TypeChanged {
                    relation: new.name.clone(),
                    field: now.shown().into(),
                    was: show(self.stored, &field.ty),
                    is: show(self.program, &now.ty),
                }),
            }
        }
        for (number, field) in new.fields.iter().enumerate() {
            if old.field_named(&field.name).is_none() {
                if has_value_for_old_rows(field) {
                    additions.fields.push((id, FieldId(number as u32)));
                } else {
                    let relation = new.name.clone();
                    differences.push(match field.is_derived() {
                        true => Difference::UniqueChanged { relation, unique: field.shown().into(), is_new: true },
                        false => Difference::FieldWithoutDefault { relation, field: field.name.clone() },
                    });
                }
            }
        }
    }

    fn compare(self, old: &DataType, new: &DataType) -> Change {
        match (old, new) {
            (DataType::Ref(a), DataType::Ref(b)) => {
                let name = |schema: &Schema, id: RelationId| schema.relations.get(id.index()).map(|r| r.name.clone());
                if name(self.stored, *a) == name(self.program, *b) { Change::None } else { Change::Other }
            }
            (DataType::Option(a), DataType::Option(b)) => self.compare(a, b),
            (DataType::Record(a), DataType::Record(b)) => self.fields(a, b),
            (DataType::Variant(a), DataType::Variant(b)) => self.cases(a, b),
            (DataType::List(a), DataType::List(b))
            | (DataType::Bag(a), DataType::Bag(b))
            | (DataType::Set(a), DataType::Set(b)) => self.inside().compare(a, b),
            (DataType::Map(a, x), DataType::Map(b, y)) => {
                let inside = self.inside();
                inside.compare(a, b).worse(inside.compare(x, y))
            }
            (a, b) if a == b => Change::None,
            _ => Change::Other,
        }
    }

    fn fields(self, old: &[NamedType], new: &[NamedType]) -> Change {
        if old.len() != new.len() || old.iter().zip(new).any(|(a, b)| a.name != b.name) {
            return Change::Other;
        }
        old.iter().zip(new).map(|(a, b)| self.compare(&a.ty, &b.ty)).fold(Change::None, Change::worse)
    }

    /// What is inside of a collection is stored as text.
    fn inside(self) -> Self {
        Self { in_text: true, ..self }
    }

    /// Every old case must still be there, with the same fields. As text, a variant without any fields is written otherwise
    /// than one that has some.
    fn cases(self, old: &[Case], new: &[Case]) -> Change {
        let bare = |cases: &[Case]| cases.iter().all(|case| case.fields.is_empty());
        if self.in_text && bare(old) != bare(new) {
            return Change::Other;
        }
        let mut change = if old.len() == new.len() { Change::None } else { Change::MoreCases };
        for case in old {
            let Some(now) = new.iter().find(|c| c.name == case.name) else { return Change::Other };
            change = change.worse(self.fields(&case.fields, &now.fields));
        }
        change
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    None,
    MoreCases,
    Other,
}

impl Change {
    fn worse(self, other: Change) -> Change {
        self.max(other)
    }
}

fn has_value_for_old_rows(field: &Field) -> bool {
    matches!(field.ty, DataType::Option(_)) || field.default.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_value::schema::Relation;

    fn relation(name: &str, fields: Vec<Field>) -> Relation {
        Relation {
            name: name.into(),
            fields,
            key: vec![FieldId(0)],
            uniques: vec![],
            references: vec![],
            indexes: vec![],
            deletes: false,
        }
    }

    fn bare(names: &[&str]) -> DataType {
        DataType::Variant(names.iter().map(|n| Case { name: (*n).into(), fields: vec![] }).collect())
    }

    #[test]
    fn additions_are_told_from_differences() {
        let id = || Field::new("id", DataType::Int);
        let old = Schema {
            relations: vec![relation(
                "A",
                vec![id(), Field::new("s", bare(&["X", "Y"])), Field::new("gone", DataType::Int)],
            )],
        };
        let mut with_default = Field::new("d", DataType::Int);
        with_default.default = Some(tenon_value::Value::Int(7));
        let fields = vec![
            id(),
            Field::new("s", bare(&["X", "Z", "Y"])),
            Field::new("gone", DataType::Int),
            Field::new("o", DataType::Option(Box::new(DataType::Text))),
            with_default,
        ];
        let new = Schema { relations: vec![relation("B", vec![id()]), relation("A", fields)] };
        let additions = compare(&old, &new).expect("additive");
        assert_eq!(additions.relations, [RelationId(0)]);
        let a = RelationId(1);
        assert_eq!(additions.fields, [(a, FieldId(1)), (a, FieldId(3)), (a, FieldId(4))]);

        let new = Schema {
            relations: vec![relation("A", vec![id(), Field::new("s", bare(&["X"])), Field::new("r", DataType::Text)])],
        };
        let differences = compare(&old, &new).expect_err("not additive");
        let shown: Vec<String> = differences.iter().map(Difference::to_string).collect();
        assert_eq!(
            shown,
            [
                "field A.s was X | Y and is X",
                "field A.gone is gone from the program",
                "field A.r is new, and is neither optional nor has a constant as its default",
            ]
        );
    }

    /// More cases are additive where they have columns; as text, a first case with fields changes how all are written.
    #[test]
    fn cases_inside_of_collections_keep_their_form() {
        let boxed = |ty: &DataType| Box::new(ty.clone());
        let with_field = |mut ty: DataType| {
            if let DataType::Variant(cases) = &mut ty {
                let fields = vec![NamedType { name: "n".into(), ty: DataType::Int }];
                cases.push(Case { name: "C".into(), fields });
            }
            ty
        };
        let places: [(bool, &dyn Fn(&DataType) -> DataType); 8] = [
            (false, &|ty| ty.clone()),
            (false, &|ty| DataType::Option(boxed(ty))),
            (false, &|ty| DataType::Record(vec![NamedType { name: "v".into(), ty: ty.clone() }])),
            (true, &|ty| DataType::List(boxed(ty))),
            (true, &|ty| DataType::Set(boxed(ty))),
            (true, &|ty| DataType::Map(boxed(ty), Box::new(DataType::Int))),
            (true, &|ty| DataType::Map(Box::new(DataType::Int), boxed(ty))),
            (true, &|ty| DataType::Option(Box::new(DataType::List(Box::new(DataType::Option(boxed(ty))))))),
        ];
        let (two, three) = (bare(&["A", "B"]), bare(&["A", "B", "C"]));
        let schema = |ty: DataType| Schema {
            relations: vec![relation("R", vec![Field::new("id", DataType::Int), Field::new("v", ty)])],
        };
        for (n, (in_text, place)) in places.iter().enumerate() {
            let additive = |old: &DataType, new: &DataType| compare(&schema(place(old)), &schema(place(new))).is_ok();
            assert!(additive(&two, &three), "{n}");
            assert_eq!(additive(&two, &with_field(two.clone())), !in_text, "{n}");
            assert!(additive(&with_field(two.clone()), &with_field(bare(&["D", "A", "B"]))), "{n}");
        }
    }
}
