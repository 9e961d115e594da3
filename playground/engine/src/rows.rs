//! Relations as tables: rows as JSON by the shapes that imports and edits of the relation have.

use crate::forms::{self, Role};
use crate::instance::Instance;
use crate::project::Project;
use crate::protocol::Result;
use crate::requests;
use serde_json::{Map, Value as Json, json};
use tenon_core::eval::{Store, show};
use tenon_core::ir::{Generated, Program, Relation, RelationId};
use tenon_core::lower::{delete_name, edit_name, import_name};
use tenon_value::Value;
use tenon_value::dispatch::Endpoint;
use tenon_value::json::encode_value;
use tenon_value::shape::{self, Presence, ShapeId};

/// A relation with the endpoints that lowering made to fill, change and empty it.
pub(crate) struct Table<'a> {
    program: &'a Program,
    relation: &'a Relation,
    import: Option<&'a Endpoint>,
    edit: Option<&'a Endpoint>,
    delete: Option<&'a Endpoint>,
}

impl<'a> Table<'a> {
    pub fn of(instance: &'a Instance, id: RelationId) -> Table<'a> {
        let program = &*instance.program;
        let relation = program.relation(id);
        let find = |name: &str| {
            let at = program.api.endpoint_named(name)?;
            program.api.endpoints.get(at as usize)
        };
        Table {
            program,
            relation,
            import: find(&import_name(&relation.name)),
            edit: find(&edit_name(&relation.name)),
            delete: find(&delete_name(&relation.name)),
        }
    }

    /// Whether rows can be given by hand.
    pub fn insertable(&self) -> bool {
        self.import.is_some()
    }

    /// Whether fields of rows can be set by hand.
    pub fn editable(&self) -> bool {
        self.edit.is_some()
    }

    /// The stored fields that the program declares, with their positions.
    fn declared(&self) -> impl Iterator<Item = (usize, &'a tenon_core::ir::Field)> {
        self.relation.fields.iter().enumerate().filter(|(_, field)| field.derived.is_none())
    }

    /// The fields of an import's arguments: parallel to the declared ones.
    fn wire(&self) -> &'a [shape::Field] {
        self.import.map_or(&[], |endpoint| endpoint.fields(&self.program.api.shapes))
    }

    /// The names of the columns, as rows spell them.
    pub fn names(&self) -> Vec<String> {
        if self.insertable() {
            self.wire().iter().map(|field| field.name.to_string()).collect()
        } else {
            self.declared().map(|(_, field)| field.name.to_string()).collect()
        }
    }

    /// The columns: `{name, key, secret, generated, presence, form, ref?}`.
    pub fn columns(&self, project: &Project) -> Json {
        let shapes = &self.program.api.shapes;
        let wire = self.wire();
        let columns = self.declared().enumerate().map(|(at, (position, field))| {
            let key = self.relation.key.iter().any(|id| id.index() == position);
            let mut column = match wire.get(at) {
                Some(own) => forms::field(shapes, own),
                None => {
                    let mut plain = Map::new();
                    plain.insert("name".into(), field.name.as_str().into());
                    plain
                }
            };
            column.insert("key".into(), key.into());
            column.insert("secret".into(), field.secret.into());
            column.insert("generated".into(), (key && self.relation.generated != Generated::No).into());
            column.insert("optional".into(), matches!(field.ty, tenon_core::ir::Type::Option(_)).into());
            let role = forms::stored_role(project, &self.relation.name, &field.name);
            if let Some(Role { relation, .. }) = role {
                column.insert("ref".into(), relation.into());
            }
            Json::Object(column)
        });
        columns.collect()
    }

    /// A row as the JSON of an import; a field that is `none` is left out, unless it would get its default then.
    pub fn row(&self, fields: &[Value]) -> Json {
        let mut out = Map::new();
        for (own, (position, _)) in self.wire().iter().zip(self.declared()) {
            let Some(value) = fields.get(position) else { continue };
            let value = match (&own.presence, value) {
                (Presence::Absentable, value) if self.program.api.shapes.is_held(own) => value,
                (Presence::Absentable, Value::None) => continue,
                (Presence::Absentable, Value::Some(inner)) => inner,
                (_, value) => value,
            };
            if let Some(json) = self.encode(own.shape, value) {
                out.insert(own.name.to_string(), json);
            }
        }
        Json::Object(out)
    }

    /// The key of a row as the JSON that names the row.
    fn key(&self, key: &Value) -> Json {
        let named = self.edit.or(self.delete).and_then(|endpoint| endpoint.fields(&self.program.api.shapes).first());
        let shown = named.and_then(|field| self.encode(field.shape, key));
        shown.unwrap_or_else(|| tenon_value::format::display(key).into())
    }

    fn encode(&self, shape: ShapeId, value: &Value) -> Option<Json> {
        let bytes = encode_value(&self.program.api.shapes, shape, &value.to_wire()).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// What the page shows of a row: its key, its fields, and what is to be read in place of what JSON hides.
    fn shown(&self, key: &Value, fields: &[Value]) -> Json {
        let mut row = self.row(fields);
        let mut texts = Map::new();
        let mut names = self.names().into_iter();
        for (position, field) in self.declared() {
            let (Some(name), Some(value)) = (names.next(), fields.get(position)) else { continue };
            if field.secret {
                if let Some(members) = row.as_object_mut() {
                    members.remove(&name);
                }
                texts.insert(name, "secret".into());
                continue;
            }
            let text = match value {
                Value::None => {
                    if let Some(members) = row.as_object_mut() {
                        members.remove(&name);
                    }
                    String::new()
                }
                value => show::display(self.program, &field.ty, value),
            };
            texts.insert(name, text.into());
        }
        let written: Map<String, Json> = match row {
            Json::Object(members) => members.into_iter().map(|(name, value)| (name, text(&value))).collect(),
            _ => Map::new(),
        };
        json!({ "key": text(&self.key(key)), "fields": written, "texts": texts })
    }
}

fn table<'a>(instance: &'a Instance, relation: &str) -> Result<(RelationId, Table<'a>)> {
    let id = instance.relation(relation).ok_or_else(|| format!("there is no relation `{relation}`"))?;
    Ok((id, Table::of(instance, id)))
}

/// A value as the text of its JSON: whoever reads it keeps all digits of its numbers.
pub(crate) fn text(value: &Json) -> Json {
    value.to_string().into()
}

/// A part of a table in the order of keys: `{total, rows: [{key, fields, texts}]}`. Keys and fields are texts of JSON.
pub(crate) fn page(instance: &Instance, relation: &str, offset: usize, limit: usize) -> Result<Json> {
    let (id, table) = table(instance, relation)?;
    let rows = instance.service.with(|store| store.rows(id));
    let shown: Vec<Json> = rows.iter().skip(offset).take(limit).map(|(key, fields)| table.shown(key, fields)).collect();
    Ok(json!({ "total": rows.len(), "rows": shown }))
}

/// Stores a row, by the rules of an import.
pub(crate) fn insert(instance: &mut Instance, project: &Project, relation: &str, row: &Json) -> Result<Json> {
    if !table(instance, relation)?.1.insertable() {
        return Err(format!("rows of `{relation}` have references inside of variants: they come through handlers"));
    }
    Ok(requests::internal(instance, project, &import_name(relation), row)?.json())
}

/// Sets fields of a row, by the rules of an update.
pub(crate) fn edit(instance: &mut Instance, project: &Project, relation: &str, key: &Json, set: &Json) -> Result<Json> {
    let (_, table) = table(instance, relation)?;
    if table.relation.event {
        return Err(format!("`{relation}` is an event: its rows are only ever inserted"));
    }
    if !table.editable() {
        return Err(format!("rows of `{relation}` have references inside of variants: handlers change them"));
    }
    let arguments = json!({ "row": key, "set": set });
    Ok(requests::internal(instance, project, &edit_name(relation), &arguments)?.json())
}

/// Removes a row, unless another refers to it.
pub(crate) fn delete(instance: &mut Instance, project: &Project, relation: &str, key: &Json) -> Result<Json> {
    if table(instance, relation)?.1.relation.event {
        return Err(format!("`{relation}` is an event: its rows are only ever inserted"));
    }
    Ok(requests::internal(instance, project, &delete_name(relation), &json!({ "row": key }))?.json())
}
