//! Values as texts, with the names that their types give: what interpolation, `log` and reports show.
//!
//! Texts stand as they are, scalars as on the wire, `none` for what is absent, a variant by its case's name with its
//! fields in parentheses, a row or reference by its key.

use crate::ir::{Name, Program, Type};
use tenon_value::Value;
use tenon_value::format;

/// The text of a value of a type.
pub fn display(program: &Program, ty: &Type, value: &Value) -> String {
    let mut out = String::new();
    Writer { program, quoted: false }.write(&mut out, ty, value);
    out
}

/// The same, but texts stand in quotes, as in a program.
pub fn literal(program: &Program, ty: &Type, value: &Value) -> String {
    let mut out = String::new();
    Writer { program, quoted: true }.write(&mut out, ty, value);
    out
}

struct Writer<'a> {
    program: &'a Program,
    quoted: bool,
}

impl Writer<'_> {
    fn write(&self, out: &mut String, ty: &Type, value: &Value) {
        let program = self.program;
        match (ty, value) {
            (_, Value::Text(text)) if self.quoted => out.push_str(&format!("{text:?}")),
            (Type::Option(ty), Value::Some(inner)) => self.write(out, ty, inner),
            (
                Type::List(of) | Type::Bag(of) | Type::Set(of),
                Value::List(items) | Value::Bag(items) | Value::Set(items),
            ) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    comma(out, i);
                    self.write(out, of, item);
                }
                out.push(']');
            }
            (Type::Map(key_type, value_type), Value::Map(pairs)) => {
                out.push('[');
                for (i, (key, value)) in pairs.iter().enumerate() {
                    comma(out, i);
                    self.write(out, key_type, key);
                    out.push_str(": ");
                    self.write(out, value_type, value);
                }
                out.push(']');
            }
            (Type::Record(record), Value::Record(fields)) => self.named(out, &record.fields, fields),
            (Type::Variant(id), Value::Variant { tag, fields }) => {
                match program.variants.get(id.index()).and_then(|v| v.cases.get(*tag as usize)) {
                    Some(case) => {
                        out.push_str(&case.name);
                        if !fields.is_empty() {
                            self.named(out, &case.fields, fields);
                        }
                    }
                    None => out.push_str(&format::display(value)),
                }
            }
            (Type::Ref(id) | Type::Row(id), Value::Ref { key, .. } | Value::Row { key, .. }) => {
                let Some(relation) = program.relations.get(id.index()) else {
                    return out.push_str(&format::display(key));
                };
                match (relation.key.as_slice(), &**key) {
                    ([field], key) => self.write(out, &relation.field(*field).ty, key),
                    (several, Value::Record(parts)) => {
                        out.push('(');
                        for (i, (field, part)) in several.iter().zip(parts.iter()).enumerate() {
                            comma(out, i);
                            self.write(out, &relation.field(*field).ty, part);
                        }
                        out.push(')');
                    }
                    (_, key) => out.push_str(&format::display(key)),
                }
            }
            _ => out.push_str(&format::display(value)),
        }
    }

    fn named(&self, out: &mut String, names: &[(Name, Type)], fields: &[Value]) {
        out.push('(');
        for (i, ((name, ty), field)) in names.iter().zip(fields).enumerate() {
            comma(out, i);
            out.push_str(name);
            out.push_str(": ");
            self.write(out, ty, field);
        }
        out.push(')');
    }
}

fn comma(out: &mut String, index: usize) {
    if index > 0 {
        out.push_str(", ");
    }
}
