//! The checker asks what a store refuses of relations as their signatures tell of them; what the store gets follows from
//! Core. Both are the same, for every program that lies here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_check::{library, stored};
use tenon_core::lower::{CheckedProgram, Typed, lower};
use tenon_diagnostics::{Diagnostic, Severity, render_terminal};
use tenon_plan::statistics::Assumed;
use tenon_value::schema::{IndexKind, Relation, Schema};

/// Folders whose files are a program each.
const ALONE: &[&str] = &["language", "programs", "bench/programs"];
/// Folders whose files are one program.
const TOGETHER: &[&str] = &[
    "apps/chinook",
    "apps/shop",
    "../compiler/driver/templates/analytics",
    "../compiler/driver/templates/service",
    "../compiler/driver/templates/todo",
];

fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "tn"));
    found.sort();
    assert!(!found.is_empty(), "{} holds no program", folder.display());
    found
}

/// What both know of a relation: not what only the store or only the planner has to know.
fn known(schema: &Schema, relation: &Relation) -> String {
    let name = |field: &tenon_value::schema::FieldId| relation.fields[field.index()].name.clone();
    let mut lines = vec![format!("relation {}", relation.name)];
    lines.extend(relation.fields.iter().map(|field| format!("  {}: {:?}", field.name, field.ty)));
    lines.push(format!("  key {:?}", relation.key.iter().map(name).collect::<Vec<_>>()));
    for unique in &relation.uniques {
        lines.push(format!("  unique {:?}", unique.parts.iter().map(|part| name(&part.field())).collect::<Vec<_>>()));
    }
    for reference in &relation.references {
        let target = &schema.relations[reference.target.index()].name;
        lines.push(format!("  {} leads to {target}", name(&reference.field)));
    }
    for index in relation.indexes.iter().filter(|index| index.kind == IndexKind::Ordered) {
        let parts: Vec<_> = index.parts.iter().map(|part| (name(&part.part.field()), part.descending)).collect();
        lines.push(format!("  index {parts:?}"));
    }
    lines.join("\n")
}

/// How many relations a program has; both schemas of it are compared.
fn compare(paths: &[PathBuf]) -> usize {
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let mut db = CheckDatabase::new(library::LIBRARY);
    db.set_settings(Settings { name: "program".into(), ..Settings::default() });
    db.set_files(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let errors: Vec<Diagnostic> = check(&db).into_iter().filter(|found| found.severity == Severity::Error).collect();
    let shown: String = errors.iter().map(|error| render_terminal(error, &db, false)).collect();
    assert!(errors.is_empty(), "{paths:?}:\n{shown}");
    let program = CheckedProgram::new(&db);
    let core = lower(&program, &program.settings()).unwrap_or_else(|errors| panic!("{paths:?}: {}", errors[0].message));
    let planned = tenon_plan::plan(&core, &Assumed::new(&core)).unwrap();
    let mut of_core = planned.schema;
    for (relation, chosen) in of_core.relations.iter_mut().zip(&planned.indexes) {
        let mut chosen = chosen.iter();
        relation.indexes.retain(|_| chosen.next().unwrap().hinted);
    }
    // In the order in which Core has them.
    let symbols: Vec<_> = program.items().into_iter().collect();
    let order: Vec<_> = core
        .relations
        .iter()
        .map(|relation| symbols.iter().find(|symbol| symbol.name == relation.name).unwrap().clone())
        .collect();
    let of_signatures = stored::schema(&db, &order);
    for (own, told) in of_core.relations.iter().zip(&of_signatures.relations) {
        assert_eq!(known(&of_core, own), known(&of_signatures, told), "{paths:?}");
    }
    of_core.relations.len()
}

#[test]
fn the_checker_and_the_planner_agree_on_every_schema() {
    let mut relations = 0;
    for folder in ALONE {
        relations += sources(folder).iter().map(|path| compare(std::slice::from_ref(path))).sum::<usize>();
    }
    for folder in TOGETHER {
        relations += compare(&sources(folder));
    }
    assert!(relations > 50, "{relations} relations are few");
}
