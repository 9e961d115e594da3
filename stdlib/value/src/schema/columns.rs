//! Tables: which columns a relation has, and what stands in them.
//!
//! The file is meant to be opened by other tools, so columns are readable:
//!
//! | type | columns | written as |
//! | --- | --- | --- |
//! | Bool | INTEGER | 0, 1 |
//! | Int, Duration (microseconds) | INTEGER | the number |
//! | Decimal(s) | INTEGER | the number times 10^s: exact, and sorts and sums as a number; the scale stands in the table `tenon_columns` |
//! | Float | REAL | the number |
//! | Text, Json | TEXT | the text |
//! | Bytes | BLOB | the bytes |
//! | Instant, DateTime, Date, Time | TEXT | ISO 8601 with all digits, so that texts sort as times |
//! | Id, Uuid | TEXT | `018f2b6e-7d3a-7c11-8000-0123456789ab` |
//! | a reference | the columns of the target's key | |
//! | optional, of one column | that column, NULL for `none` | |
//! | optional, of more | INTEGER 0 or 1, then the columns, NULL where there is nothing | |
//! | record `f` | the columns of its fields | named `f.x` |
//! | variant of bare cases | TEXT | the case's name |
//! | other variant `f` | TEXT, then the columns of all cases' fields, NULL in the other cases | named `f`, `f.Case.x` |
//! | list, bag, set, map | TEXT | JSON |

use super::{Case, DataType, FieldId, KeyPart, NamedType, RelationId, Schema};

/// The storage class of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// TEXT.
    Text,
    /// BLOB.
    Blob,
}

impl Class {
    /// The word for it in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Class::Integer => "INTEGER",
            Class::Real => "REAL",
            Class::Text => "TEXT",
            Class::Blob => "BLOB",
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// The name.
    pub name: String,
    /// The storage class.
    pub class: Class,
    /// Whether NULL may stand in it.
    pub nullable: bool,
    /// Whose value, or part of a value, it holds.
    pub field: FieldId,
    /// What it holds, for people: `Decimal(2)`, `key of Customer`, `tag`.
    pub meaning: String,
}

/// The columns of a relation, in the order of its fields.
pub fn table(schema: &Schema, relation: RelationId) -> Vec<TableColumn> {
    let mut out = Vec::new();
    for (number, field) in schema.relation(relation).fields.iter().enumerate() {
        let before = out.len();
        let mut push = Push { schema, field: FieldId(number as u32), out: &mut out };
        push.value(&field.ty, field.name.to_string(), false);
        debug_assert_eq!(out.len() - before, count(schema, &field.ty), "columns of {}", field.name);
    }
    out
}

/// The columns of one field among those of its relation.
pub fn of_field(columns: &[TableColumn], field: FieldId) -> impl Iterator<Item = &TableColumn> {
    columns.iter().filter(move |column| column.field == field)
}

/// How many columns a value of a type has: as many as [`table`] names, told without naming them, since whoever reads a
/// stored row asks it of each value.
pub fn count(schema: &Schema, ty: &DataType) -> usize {
    match ty {
        DataType::Ref(target) => {
            let relation = schema.relation(*target);
            relation.key.iter().map(|key| count(schema, &relation.field(*key).ty)).sum()
        }
        DataType::Option(content) => match count(schema, content) {
            1 if !matches!(**content, DataType::Option(_)) => 1,
            columns => 1 + columns,
        },
        DataType::Record(fields) => fields.iter().map(|field| count(schema, &field.ty)).sum(),
        DataType::Variant(cases) => {
            1 + cases.iter().flat_map(|case| &case.fields).map(|field| count(schema, &field.ty)).sum::<usize>()
        }
        _ => 1,
    }
}

/// Whether an optional value of this content is one column that may be NULL.
pub fn is_plain_option(schema: &Schema, content: &DataType) -> bool {
    !matches!(content, DataType::Option(_)) && count(schema, content) == 1
}

struct Push<'a> {
    schema: &'a Schema,
    field: FieldId,
    out: &'a mut Vec<TableColumn>,
}

impl Push<'_> {
    fn column(&mut self, name: String, class: Class, nullable: bool, meaning: String) {
        self.out.push(TableColumn { name, class, nullable, field: self.field, meaning });
    }

    fn value(&mut self, ty: &DataType, name: String, nullable: bool) {
        let class = match ty {
            DataType::Bool | DataType::Int | DataType::Decimal(_) | DataType::Duration => Class::Integer,
            DataType::Float => Class::Real,
            DataType::Bytes => Class::Blob,
            DataType::Ref(target) => return self.reference(*target, name, nullable),
            DataType::Option(content) => {
                if is_plain_option(self.schema, content) {
                    return self.value(content, name, true);
                }
                self.column(name.clone(), Class::Integer, nullable, "present".into());
                // The content's columns stand below the option's own, so that the names differ.
                return self.value(content, format!("{name}.value"), true);
            }
            DataType::Record(fields) => {
                for field in fields {
                    self.value(&field.ty, format!("{name}.{}", field.name), nullable);
                }
                return;
            }
            DataType::Variant(cases) => {
                self.column(name.clone(), Class::Text, nullable, "case".into());
                for case in cases {
                    for field in &case.fields {
                        self.value(&field.ty, format!("{name}.{}.{}", case.name, field.name), true);
                    }
                }
                return;
            }
            _ => Class::Text,
        };
        self.column(name, class, nullable, show(self.schema, ty));
    }

    fn reference(&mut self, target: RelationId, name: String, nullable: bool) {
        let relation = self.schema.relation(target);
        let single = relation.key.len() == 1;
        for key in &relation.key {
            let field = relation.field(*key);
            let name = if single { name.clone() } else { format!("{name}.{}", field.name) };
            let before = self.out.len();
            self.value(&field.ty, name, nullable);
            for column in &mut self.out[before..] {
                column.meaning = format!("key of {}", relation.name);
            }
        }
    }
}

/// The columns of a key: fields and their columns, in the order of the key.
pub fn key_columns(schema: &Schema, relation: RelationId, columns: &[TableColumn]) -> Vec<usize> {
    let key = &schema.relation(relation).key;
    let of = |field: FieldId| columns.iter().enumerate().filter(move |(_, c)| c.field == field).map(|(n, _)| n);
    key.iter().flat_map(|field| of(*field)).collect()
}

/// The columns of a unique that a plain unique index can guard; `None` if it is not over whole fields.
pub fn unique_columns(parts: &[KeyPart], columns: &[TableColumn]) -> Option<Vec<usize>> {
    let mut out = Vec::new();
    for part in parts {
        let KeyPart::Field(field) = part else { return None };
        out.extend(columns.iter().enumerate().filter(|(_, c)| c.field == *field).map(|(n, _)| n));
    }
    Some(out)
}

/// A type as a program writes it.
pub fn show(schema: &Schema, ty: &DataType) -> String {
    let fields = |fields: &[NamedType]| {
        fields.iter().map(|f| format!("{}: {}", f.name, show(schema, &f.ty))).collect::<Vec<_>>().join(", ")
    };
    match ty {
        DataType::Decimal(scale) => format!("Decimal({scale})"),
        DataType::Ref(relation) => match schema.relations.get(relation.index()) {
            Some(relation) => relation.name.to_string(),
            None => format!("relation {}", relation.0),
        },
        DataType::Option(content) => format!("{}?", show(schema, content)),
        DataType::Record(parts) => format!("({})", fields(parts)),
        DataType::Variant(cases) => {
            let case = |case: &Case| match case.fields.is_empty() {
                true => case.name.to_string(),
                false => format!("{}({})", case.name, fields(&case.fields)),
            };
            cases.iter().map(case).collect::<Vec<_>>().join(" | ")
        }
        DataType::List(element) => format!("[{}]", show(schema, element)),
        DataType::Bag(element) => format!("Bag[{}]", show(schema, element)),
        DataType::Set(element) => format!("Set[{}]", show(schema, element)),
        DataType::Map(key, value) => format!("Map[{}, {}]", show(schema, key), show(schema, value)),
        plain => format!("{plain:?}"),
    }
}
