//! What the page draws of the text: data with who reads and writes it, and the phases of an item. They are the editor's
//! models, with places as the page counts them; they follow the text, also while it has errors.

use crate::project::Project;
use serde_json::{Value as Json, json};
use tenon_ide::FilePosition;
use tenon_ide::models::Place;

fn place(project: &Project, place: &Place) -> Json {
    project.range(&place.full)
}

/// `{entities: [{id, name, kind, at, fields: [{name, type, key, optional, target?}]}], references: [{from, field, to}],
/// accesses: [{item, kind, at, entity, reads, writes}]}`.
pub(crate) fn schema(project: &Project) -> Json {
    let schema = project.analysis().schema();
    let entities = schema.entities.iter().map(|entity| {
        let fields = entity.fields.iter().map(|field| {
            json!({
                "name": field.name,
                "type": field.ty,
                "key": field.key,
                "computed": field.computed,
                "target": field.target,
            })
        });
        json!({
            "id": entity.id,
            "name": entity.name,
            "kind": entity.kind,
            "at": place(project, &entity.place),
            "fields": fields.collect::<Vec<_>>(),
        })
    });
    let references = schema
        .references
        .iter()
        .map(|reference| json!({ "from": reference.from, "field": reference.field, "to": reference.to }));
    let accesses = schema.accesses.iter().map(|access| {
        json!({
            "item": access.item,
            "kind": access.kind,
            "at": place(project, &access.place),
            "entity": access.entity,
            "reads": access.reads,
            "writes": access.writes,
        })
    });
    json!({
        "entities": entities.collect::<Vec<_>>(),
        "references": references.collect::<Vec<_>>(),
        "accesses": accesses.collect::<Vec<_>>(),
    })
}

/// `{item, tokens: [{kind, class, text}], tree, typed, core, missing?}` of the item at a place, or `null`.
pub(crate) fn phases(project: &Project, file: &str, offset: u32) -> Json {
    let position = FilePosition { file: file.to_owned(), offset: project.byte_offset(file, offset) };
    let Some(phases) = project.analysis().phases(&position) else { return Json::Null };
    let tokens = phases
        .tokens
        .iter()
        .map(|token| json!({ "kind": token.kind, "class": token.class, "text": token.text }))
        .collect::<Vec<_>>();
    json!({
        "item": phases.item,
        "tokens": tokens,
        "tree": phases.tree,
        "typed": phases.typed,
        "core": phases.core,
        "missing": phases.missing,
    })
}
