//! The start of a database: the image is rebuilt from the authority.
//!
//! What is stored was valid together, whatever order it comes in, and rows may lead to each other in circles. So a row
//! that leads to one which is not there yet is inserted open, and completed when all rows are there; see
//! [`WriteTxn::insert_open`]. Only a key must be known at once: a row whose key leads to a row that comes later waits for
//! it. Keys cannot form a circle, or no first row could ever have been inserted. Relations come in an order in which most
//! references lead to rows that are there.

use tenon_authority::{Authority, AuthorityError, Cell};
use tenon_store::image::Reader;
use tenon_store::schema::{DataType, FieldId, RelationId, Schema};
use tenon_store::{Image, Violation, WriteTxn};
use tenon_value::Value;

use crate::cells::{CellReader, own};
use crate::context::{CallContext, Limits};
use crate::database::{StartError, describe};
use crate::stored::Stored;

/// A row that was inserted open, and the cells of the fields that it lacks.
struct Open {
    relation: RelationId,
    entity: u32,
    fields: Vec<(FieldId, Vec<tenon_authority::sqlite::OwnedCell>)>,
}

/// A row whose key leads to a row that was not there yet.
struct Waiting {
    relation: RelationId,
    cells: Vec<tenon_authority::sqlite::OwnedCell>,
}

/// How many rows that collide are named.
const NAMED: usize = 5;

/// Rows that meet in a unique of one relation.
#[derive(Default)]
struct Collisions {
    /// Which unique; the first that any rows meet in.
    unique: Option<usize>,
    /// The first of them, a line each.
    named: Vec<String>,
    count: usize,
}

impl Collisions {
    /// Two rows meet, both of which are in the image.
    fn add(&mut self, stored: &Stored, reader: &Reader<'_>, relation: RelationId, unique: usize, rows: [u32; 2]) {
        if *self.unique.get_or_insert(unique) != unique {
            return;
        }
        self.count += 1;
        if self.named.len() < NAMED {
            let [first, second] = rows.map(|entity| key_text(stored, reader, relation, entity));
            self.named.push(format!("{first} and {second}"));
        }
    }

    /// What is wrong, if anything is.
    fn error(self, schema: &Schema, relation: RelationId) -> Option<StartError> {
        let unique = self.unique?;
        let relation = schema.relation(relation);
        let fields = relation.uniques[unique].parts.iter().map(|part| relation.field(part.field()).shown());
        Some(StartError::Collision {
            relation: relation.name.to_string(),
            unique: fields.collect::<Vec<_>>().join(", "),
            more: self.count - self.named.len(),
            rows: self.named,
        })
    }
}

/// The key of a row as JSON has it, several fields between parentheses.
fn key_text(stored: &Stored, reader: &Reader<'_>, relation: RelationId, entity: u32) -> String {
    let description = stored.schema().relation(relation);
    let key = stored.key_of(reader, relation, entity);
    let parts: Vec<&Value> = match &key {
        Value::Record(parts) if description.key.len() > 1 => parts.iter().collect(),
        only => vec![only],
    };
    let types = description.key.iter().map(|field| &description.field(*field).ty);
    let texts: Vec<String> =
        types.zip(parts).map(|(ty, part)| stored.json(ty, part).unwrap_or_else(|_| String::from("…"))).collect();
    match texts.as_slice() {
        [only] => only.clone(),
        _ => format!("({})", texts.join(", ")),
    }
}

/// Fills an empty image.
pub(crate) fn load(image: &Image, stored: &Stored, authority: &mut dyn Authority) -> Result<(), StartError> {
    let meta = authority.meta().clone();
    if meta.commit == 0 {
        return Ok(());
    }
    image.resume_after(meta.commit - 1);
    let schema = stored.schema().clone();
    let mut txn = image.write();
    txn.take_any_size();
    let mut open = Vec::new();
    let mut waiting = Vec::new();
    let limits = Limits { memory: usize::MAX, ..Limits::default() };
    let mut arena = CallContext::new(limits, 0, 0);
    for relation in order(&schema) {
        let mut collisions = Collisions::default();
        let mut problem = None;
        let result = authority.load(relation, &mut |cells| {
            arena.reset(limits, 0, 0);
            match load_row(stored, &mut txn, &mut arena, relation, cells, &mut open, &mut collisions) {
                Ok(true) => Ok(()),
                Ok(false) => {
                    waiting.push(Waiting { relation, cells: cells.iter().map(own).collect() });
                    Ok(())
                }
                Err(why) => {
                    problem = Some(why.clone());
                    Err(AuthorityError::Inconsistent(why))
                }
            }
        });
        match (result, problem) {
            (Ok(()), _) => {}
            (Err(_), Some(problem)) => {
                return Err(StartError::Row { relation: schema.relation(relation).name.to_string(), problem });
            }
            (Err(error), None) => return Err(StartError::Authority(error)),
        }
        if let Some(error) = collisions.error(&schema, relation) {
            return Err(error);
        }
    }
    let bad = |relation: RelationId, problem: String| StartError::Row {
        relation: schema.relation(relation).name.to_string(),
        problem,
    };
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut rest = Vec::new();
        // Rows often lead to older ones, and else to newer ones: one of the two directions takes few rounds.
        for row in waiting.into_iter().rev() {
            arena.reset(limits, 0, 0);
            let cells: Vec<Cell<'_>> = row.cells.iter().map(borrow).collect();
            let mut collisions = Collisions::default();
            let inserted = load_row(stored, &mut txn, &mut arena, row.relation, &cells, &mut open, &mut collisions);
            if let Some(error) = collisions.error(&schema, row.relation) {
                return Err(error);
            }
            if !inserted.map_err(|problem| bad(row.relation, problem))? {
                rest.push(row);
            }
        }
        if let Some(row) = rest.first().filter(|_| rest.len() == before) {
            return Err(bad(row.relation, "its key leads to no row".into()));
        }
        waiting = rest;
    }
    for row in &open {
        arena.reset(limits, 0, 0);
        let mut collisions = Collisions::default();
        complete(stored, &mut txn, &mut arena, row, &mut collisions).map_err(|problem| bad(row.relation, problem))?;
        if let Some(error) = collisions.error(&schema, row.relation) {
            return Err(error);
        }
    }
    for (relation, value) in &meta.serials {
        txn.set_serial(*relation, *value);
    }
    let number = txn.commit(&mut Vec::new());
    // An empty store of a commit that is not 0 has the number, too.
    image.resume_after(meta.commit.max(number));
    image.reclaim();
    Ok(())
}

/// Inserts a row; false if it has to wait for one that its key leads to.
fn load_row(
    stored: &Stored,
    txn: &mut WriteTxn<'_>,
    arena: &mut CallContext,
    relation: RelationId,
    cells: &[Cell<'_>],
    open: &mut Vec<Open>,
    collisions: &mut Collisions,
) -> Result<bool, String> {
    use tenon_authority::columns::count;
    let schema = stored.schema();
    let description = schema.relation(relation);
    let mut lanes = Vec::new();
    let mut at = 0;
    let mut unknown = Vec::new();
    for (number, field) in description.fields.iter().enumerate() {
        let id = FieldId(number as u32);
        let columns = count(schema, &field.ty);
        let part = cells.get(at..at + columns).ok_or("a column is missing")?;
        at += columns;
        let start = lanes.len();
        let mut source = CellReader::new(part, txn.reader(), arena);
        let result = stored.read_cells(&mut source, &field.ty, &mut lanes);
        if source.unresolved {
            if description.key.contains(&id) {
                return Ok(false);
            }
            lanes.truncate(start);
            lanes.resize(start + field.ty.lanes(), 0);
            unknown.push((id, part.iter().map(own).collect()));
        } else {
            result.map_err(|why| format!("{}: {why}", field.name))?;
        }
    }
    // SAFETY: the lanes were made for all fields in order, or are 0 in an open row; texts lie in the cells or the arena.
    let row =
        unsafe { if unknown.is_empty() { txn.insert(relation, &lanes) } else { txn.insert_open(relation, &lanes) } };
    let row = match row {
        Err(Violation::Unique { unique, entity, .. }) => {
            // SAFETY: as above.
            let second = unsafe { txn.insert_open(relation, &lanes) }.map_err(|v| describe(schema, &v))?;
            collisions.add(stored, &txn.reader(), relation, unique, [entity, second.entity]);
            return Ok(true);
        }
        row => row.map_err(|violation| describe(schema, &violation))?,
    };
    if !unknown.is_empty() {
        open.push(Open { relation, entity: row.entity, fields: unknown });
    }
    Ok(true)
}

/// Completes an open row.
fn complete(
    stored: &Stored,
    txn: &mut WriteTxn<'_>,
    arena: &mut CallContext,
    row: &Open,
    collisions: &mut Collisions,
) -> Result<(), String> {
    let schema = stored.schema();
    let mut fields = Vec::with_capacity(row.fields.len());
    for (id, cells) in &row.fields {
        let field = schema.relation(row.relation).field(*id);
        let cells: Vec<Cell<'_>> = cells.iter().map(borrow).collect();
        let mut lanes = Vec::new();
        let mut source = CellReader::new(&cells, txn.reader(), arena);
        let result = stored.read_cells(&mut source, &field.ty, &mut lanes);
        if source.unresolved {
            return Err(format!("{} leads to no row", field.name));
        }
        result.map_err(|why| format!("{}: {why}", field.name))?;
        fields.push((*id, lanes));
    }
    // SAFETY: the lanes are those of the fields; texts lie in the arena, or in cells of the row.
    match unsafe { txn.complete(row.relation, row.entity, &fields) } {
        Err(Violation::Unique { unique, entity, .. }) => {
            collisions.add(stored, &txn.reader(), row.relation, unique, [entity, row.entity]);
            Ok(())
        }
        done => done.map_err(|violation| describe(schema, &violation)),
    }
}

fn borrow(cell: &tenon_authority::sqlite::OwnedCell) -> Cell<'_> {
    use tenon_authority::sqlite::OwnedCell;
    match cell {
        OwnedCell::Null => Cell::Null,
        OwnedCell::Int(value) => Cell::Int(*value),
        OwnedCell::Real(value) => Cell::Real(*value),
        OwnedCell::Text(text) => Cell::Text(text),
        OwnedCell::Blob(bytes) => Cell::Blob(bytes),
    }
}

/// The relations, each after those that its required references lead to.
fn order(schema: &Schema) -> Vec<RelationId> {
    let mut out = Vec::new();
    let mut seen = vec![false; schema.relations.len()];
    // A stack instead of recursion: a program may chain as many relations as it likes.
    for start in 0..schema.relations.len() {
        let mut stack = vec![(start, false)];
        while let Some((relation, targets_done)) = stack.pop() {
            if targets_done {
                out.push(RelationId(relation as u32));
                continue;
            }
            if std::mem::replace(&mut seen[relation], true) {
                continue;
            }
            stack.push((relation, true));
            let description = &schema.relations[relation];
            for reference in &description.references {
                let required = matches!(description.field(reference.field).ty, DataType::Ref(_));
                if required && !seen[reference.target.index()] {
                    stack.push((reference.target.index(), false));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_store::schema::{Field, OnDelete, Reference, Relation};

    #[test]
    fn targets_come_first() {
        let relation = |name: &str, target: Option<u32>, required: bool| {
            let mut fields = vec![Field::new("id", DataType::Int)];
            let mut references = Vec::new();
            if let Some(target) = target {
                let ty = DataType::Ref(RelationId(target));
                fields.push(Field::new("to", if required { ty } else { DataType::Option(Box::new(ty)) }));
                let target = RelationId(target);
                references.push(Reference { field: FieldId(1), target, on_delete: OnDelete::Restrict });
            }
            Relation {
                name: name.into(),
                fields,
                key: vec![FieldId(0)],
                uniques: vec![],
                references,
                indexes: vec![],
                deletes: true,
            }
        };
        let schema = Schema {
            relations: vec![
                relation("A", Some(1), true),
                relation("B", Some(2), true),
                relation("C", Some(0), false),
                relation("D", Some(3), false),
            ],
        };
        let order: Vec<u32> = order(&schema).into_iter().map(|id| id.0).collect();
        assert_eq!(order, [2, 1, 0, 3]);
    }
}
