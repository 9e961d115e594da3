//! What a page draws of a program.

mod harness;

use harness::place;
use std::fmt::Write;
use tenon_check::db::{Settings, WireNames};
use tenon_ide::Ide;
use tenon_ide::models::forms::{Form, FormField, Input};

#[test]
fn the_schema_of_a_program() {
    harness::run("schema", |_, analysis| {
        let schema = analysis.schema();
        let mut out = String::new();
        for entity in &schema.entities {
            let kind = format!("{:?}", entity.kind).to_lowercase();
            let at = place(analysis, &entity.place.focus.file, entity.place.focus.range);
            writeln!(out, "{kind} {} at {at} key ({})", entity.id, entity.key.join(", ")).expect("a string");
            for (what, list) in [("unique", &entity.uniques), ("index", &entity.indexes)] {
                list.iter().for_each(|of| writeln!(out, "  {what} ({})", of.join(", ")).expect("a string"));
            }
            entity.checks.iter().for_each(|check| writeln!(out, "  check {check}").expect("a string"));
            for field in &entity.fields {
                let flags = [
                    (field.key, "key"),
                    (field.optional, "optional"),
                    (field.secret, "secret"),
                    (field.computed, "computed"),
                    (field.default, "default"),
                    (field.unique, "unique"),
                ];
                let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| format!(" {flag}")).collect();
                let target = field.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
                let conditions = field.conditions.join(" and ");
                let line = format!("  {}: {} {conditions}{target}{flags}", field.name, field.ty);
                writeln!(out, "{}", line.trim_end()).expect("a string");
            }
        }
        for edge in &schema.references {
            let at = edge.place.as_ref().map(|at| place(analysis, &at.file, at.range)).expect("a place");
            let inverse = edge.inverse.as_deref().unwrap_or("nothing");
            let (from, to) = (&edge.from, &edge.to);
            writeln!(out, "{from}.{} -> {to} inverse {inverse} {} at {at}", edge.field, edge.on_delete)
                .expect("a string");
        }
        for access in &schema.accesses {
            let does = [(access.reads, "reads"), (access.writes, "writes"), (!access.direct, "through calls")];
            let does: Vec<&str> = does.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
            let endpoint = access.endpoint.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            writeln!(
                out,
                "{}{endpoint} {} {} reads [{}] writes [{}] at {} places",
                access.item,
                does.join("+"),
                access.entity,
                access.fields_read.join(", "),
                access.fields_written.join(", "),
                access.at.len()
            )
            .expect("a string");
        }
        serde_json::to_string(&schema).expect("plain data");
        out
    });
}

fn form(form: &Form) -> String {
    let fields = |fields: &[FormField]| -> String {
        let one = |field: &FormField| {
            let optional = if field.required { "" } else { "?" };
            format!("{}{optional}: {}", field.wire, self::form(&field.form))
        };
        fields.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = match &form.input {
        Input::Record { fields: of } => format!("record({})", fields(of)),
        Input::List { element, distinct } => {
            format!("{}[{}]", if *distinct { "set" } else { "list" }, self::form(element))
        }
        Input::Map { key, value } => format!("map[{}: {}]", self::form(key), self::form(value)),
        Input::Reference { relation, key } => format!("reference {relation} by {}", self::form(key)),
        Input::Choice { of, cases } => {
            format!("choice {of} ({})", cases.iter().map(|case| case.wire.as_str()).collect::<Vec<_>>().join(" | "))
        }
        Input::Variant { of, cases } => {
            let case = |case: &tenon_ide::models::forms::Case| format!("{}({})", case.wire, fields(&case.fields));
            format!("variant {of} ({})", cases.iter().map(case).collect::<Vec<_>>().join(" | "))
        }
        other => format!("{other:?}").to_lowercase(),
    };
    if let Some(limits) = &form.limits {
        let mut said = Vec::new();
        let bound = |excluded: bool| if excluded { " excluded" } else { "" };
        said.extend(limits.min.map(|min| format!("min {min}{}", bound(limits.min_excluded))));
        said.extend(limits.max.map(|max| format!("max {max}{}", bound(limits.max_excluded))));
        said.extend(limits.min_length.map(|min| format!("min length {min}")));
        said.extend(limits.max_length.map(|max| format!("max length {max}")));
        said.extend(limits.pattern.as_ref().map(|pattern| format!("pattern {pattern}")));
        said.extend((!limits.one_of.is_empty()).then(|| format!("one of {}", limits.one_of.join(" "))));
        said.extend(limits.messages.iter().map(|message| format!("\"{message}\"")));
        write!(text, " <{}; {}>", said.join(", "), limits.conditions.join(" and ")).expect("a string");
    }
    if form.optional { format!("{text}?") } else { text }
}

fn endpoints(ide: &Ide) -> String {
    let analysis = ide.analysis();
    let mut out = String::new();
    for endpoint in analysis.endpoints() {
        let kind = format!("{:?}", endpoint.kind).to_lowercase();
        let answer = endpoint.answer.as_deref().unwrap_or("nothing");
        writeln!(
            out,
            "{kind} {} {} {} {} -> {} {answer} as {} live {}",
            endpoint.name,
            endpoint.method,
            endpoint.path,
            endpoint.callers.join(" "),
            endpoint.status,
            endpoint.answers_as,
            endpoint.live
        )
        .expect("a string");
        for param in &endpoint.parameters {
            let source = format!("{:?}", param.source).to_lowercase();
            let optional = if param.required { "" } else { "?" };
            let default = param.default.as_ref().map(|text| format!(" = {text}")).unwrap_or_default();
            writeln!(out, "  {source} {}{optional}: {}{default}", param.wire, form(&param.form)).expect("a string");
        }
        for failure in &endpoint.failures {
            let fields: Vec<String> =
                failure.fields.iter().map(|field| format!("{}: {}", field.wire, form(&field.form))).collect();
            writeln!(out, "  fails {} {} ({})", failure.status, failure.name, fields.join(", ")).expect("a string");
        }
    }
    serde_json::to_string(&analysis.endpoints()).expect("plain data");
    out
}

#[test]
fn endpoints_and_their_forms() {
    harness::run("endpoints", |case, _| endpoints(&case.ide()));
}

#[test]
fn names_and_paths_are_those_of_the_wire() {
    let mut ide = Ide::new();
    ide.set_settings(Settings { name: "shop".into(), names: WireNames::Camel, prefix: "/api".into() });
    ide.set_file("shop.tn", "handler h(first_name: Text, all as \"ALL\": Int) at POST \"/h\" public {}\n");
    let shown = endpoints(&ide);
    assert!(
        shown.contains("POST /api/h") && shown.contains("body firstName: text") && shown.contains("ALL: int"),
        "{shown}"
    );
}

/// The endpoints that the page sees are those that the compiler lowers.
#[test]
fn endpoints_agree_with_the_compiled_interface() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/apps/shop/shop.tn");
    let text = std::fs::read_to_string(root).expect("the shop");
    let ide = harness::program([("shop.tn", text.as_str())]);
    let analysis = ide.analysis();
    let program = tenon_core::lower::CheckedProgram::new(analysis.database());
    let core = tenon_core::lower::lower(&program, &program.settings()).expect("a sound program");
    let lowered: Vec<_> = core.api.endpoints.iter().filter(|endpoint| !endpoint.path.is_empty()).collect();
    let mut shown = analysis.endpoints();
    assert!(!shown.is_empty());
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names: Vec<&str> = lowered.iter().map(|endpoint| endpoint.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(shown.iter().map(|endpoint| endpoint.name.as_str()).collect::<Vec<_>>(), names);
    for endpoint in lowered {
        let found = shown.iter().find(|of| of.name == endpoint.name).expect("the endpoint");
        assert_eq!((found.method.as_str(), found.path.as_str()), (endpoint.method.as_str(), endpoint.path.as_str()));
        assert_eq!(found.status, endpoint.status);
        assert_eq!(found.answer.is_some(), endpoint.answer.is_some());
        let wire: Vec<&str> = found.parameters.iter().map(|param| param.wire.as_str()).collect();
        assert_eq!(wire, endpoint.params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>());
        let mut failures: Vec<&str> =
            endpoint.failures.iter().filter_map(|failure| core.api.error_name(*failure)).collect();
        failures.sort_unstable();
        let mut names: Vec<&str> = found.failures.iter().map(|failure| failure.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, failures, "{}", found.name);
    }
}

#[test]
fn an_item_in_every_phase() {
    harness::run("phases", |case, analysis| {
        let phases = analysis.phases(case.cursor()).expect("an item");
        serde_json::to_string(&phases).expect("plain data");
        let mut out = format!("{}\n", phases.item);
        let kinds: Vec<String> = phases.tokens.iter().map(|token| format!("{} {}", token.kind, token.text)).collect();
        writeln!(out, "-- tokens\n{}", kinds.join(" · ")).expect("a string");
        for (what, text) in
            [("tree", &phases.tree), ("typed", &phases.typed), ("core", &phases.core), ("plan", &phases.plan)]
        {
            writeln!(out, "-- {what}\n{}", text.trim_end()).expect("a string");
        }
        phases.missing.iter().for_each(|why| writeln!(out, "-- missing: {why}").expect("a string"));
        out
    });
}
