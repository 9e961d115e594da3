//! The start of a database: the image is rebuilt from the authority.
//!
//! Relations come in an order in which most required references lead to rows that are already there. A row that cannot
//! be without a reference to a row that comes later (it is required, inside of a record, or part of a unique) waits for
//! it; any other such field is filled in at the end. Required references cannot form a circle, or no first row could
//! ever have been inserted.

use tenon_authority::{Authority, AuthorityError, Cell};
use tenon_store::schema::{DataType, FieldId, Relation, RelationId, Schema};
use tenon_store::{Image, WriteTxn};

use crate::cells::CellReader;
use crate::context::{CallContext, Limits};
use crate::database::{StartError, describe};
use crate::stored::Stored;

/// A field that leads to a row that was not there yet: the row, the field, and the cells of the field.
struct Later {
    relation: RelationId,
    entity: u32,
    field: FieldId,
    cells: Vec<tenon_authority::sqlite::OwnedCell>,
}

/// A row that waits for another one.
struct Waiting {
    relation: RelationId,
    cells: Vec<tenon_authority::sqlite::OwnedCell>,
}

/// What to do with a row that leads to one that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Let it wait, if it cannot be without.
    Wait,
    /// No other row will come first: they lead to each other.
    Insert,
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
    let mut later = Vec::new();
    let mut waiting = Vec::new();
    let limits = Limits { memory: usize::MAX, ..Limits::default() };
    let mut arena = CallContext::new(limits, 0, 0);
    for relation in order(&schema) {
        let mut problem = None;
        let result = authority.load(relation, &mut |cells| {
            arena.reset(limits, 0, 0);
            match load_row(stored, &mut txn, &mut arena, relation, cells, &mut later, Patience::Wait) {
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
    }
    while !waiting.is_empty() {
        let before = waiting.len();
        // Rows often lead to older ones, and else to newer ones: one of the two directions takes few rounds.
        waiting.reverse();
        for patience in [Patience::Wait, Patience::Insert] {
            let mut rest = Vec::new();
            for row in waiting {
                arena.reset(limits, 0, 0);
                let cells: Vec<Cell<'_>> = row.cells.iter().map(borrow).collect();
                let inserted = load_row(stored, &mut txn, &mut arena, row.relation, &cells, &mut later, patience);
                match inserted {
                    Ok(true) => {}
                    Ok(false) => rest.push(row),
                    Err(problem) => {
                        return Err(StartError::Row {
                            relation: schema.relation(row.relation).name.to_string(),
                            problem,
                        });
                    }
                }
            }
            waiting = rest;
            if waiting.len() < before {
                break;
            }
        }
    }
    for reference in &later {
        arena.reset(limits, 0, 0);
        fill_in(stored, &mut txn, &mut arena, reference).map_err(|problem| StartError::Row {
            relation: schema.relation(reference.relation).name.to_string(),
            problem,
        })?;
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

/// Inserts a row; false if it has to wait for another one.
fn load_row(
    stored: &Stored,
    txn: &mut WriteTxn<'_>,
    arena: &mut CallContext,
    relation: RelationId,
    cells: &[Cell<'_>],
    later: &mut Vec<Later>,
    patience: Patience,
) -> Result<bool, String> {
    use tenon_authority::columns::count;
    let schema = stored.schema();
    let description = schema.relation(relation);
    let mut lanes = Vec::new();
    let mut at = 0;
    let mut open = Vec::new();
    for (number, field) in description.fields.iter().enumerate() {
        let own = count(schema, &field.ty);
        let part = cells.get(at..at + own).ok_or("a column is missing")?;
        at += own;
        let start = lanes.len();
        let mut source = CellReader::new(part, txn.reader(), arena);
        let result = stored.read_cells(&mut source, &field.ty, &mut lanes);
        if source.unresolved {
            if patience == Patience::Wait && cannot_be_without(description, FieldId(number as u32)) {
                return Ok(false);
            }
            if matches!(field.ty, DataType::Ref(_)) {
                return Err(format!("{} leads to no row", field.name));
            }
            lanes.truncate(start);
            lanes.resize(start + field.ty.lanes(), 0);
            open.push((FieldId(number as u32), part));
        } else {
            result.map_err(|why| format!("{}: {why}", field.name))?;
        }
    }
    // SAFETY: the lanes were made for all fields in order; texts lie in the cells or the arena.
    let row = unsafe { txn.insert(relation, &lanes) }.map_err(|violation| describe(schema, &violation))?;
    later.extend(open.into_iter().map(|(field, cells)| Later {
        relation,
        entity: row.entity,
        field,
        cells: cells.iter().map(own).collect(),
    }));
    Ok(true)
}

/// True if a row must not be inserted with the field empty: it always leads somewhere, or rows are told apart by it.
fn cannot_be_without(relation: &Relation, field: FieldId) -> bool {
    let in_unique = relation.uniques.iter().any(|unique| unique.parts.iter().any(|part| part.field() == field));
    let may_be_empty = matches!(
        relation.field(field).ty,
        DataType::Option(_) | DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..)
    );
    in_unique || relation.key.contains(&field) || !may_be_empty
}

fn fill_in(stored: &Stored, txn: &mut WriteTxn<'_>, arena: &mut CallContext, later: &Later) -> Result<(), String> {
    let schema = stored.schema();
    let field = schema.relation(later.relation).field(later.field);
    let cells: Vec<Cell<'_>> = later.cells.iter().map(borrow).collect();
    let mut lanes = Vec::new();
    let mut source = CellReader::new(&cells, txn.reader(), arena);
    let result = stored.read_cells(&mut source, &field.ty, &mut lanes);
    if source.unresolved {
        return Err(format!("{} leads to no row", field.name));
    }
    result.map_err(|why| format!("{}: {why}", field.name))?;
    // SAFETY: the lanes are those of the field; texts lie in the cells or the arena.
    unsafe { txn.update(later.relation, later.entity, &[later.field], &lanes) }
        .map(|_| ())
        .map_err(|violation| describe(schema, &violation))
}

fn own(cell: &Cell<'_>) -> tenon_authority::sqlite::OwnedCell {
    use tenon_authority::sqlite::OwnedCell;
    match cell {
        Cell::Null => OwnedCell::Null,
        Cell::Int(value) => OwnedCell::Int(*value),
        Cell::Real(value) => OwnedCell::Real(*value),
        Cell::Text(text) => OwnedCell::Text((*text).into()),
        Cell::Blob(bytes) => OwnedCell::Blob(bytes.to_vec()),
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
    use tenon_store::schema::{Field, OnDelete, Reference};

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
