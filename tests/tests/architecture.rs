//! The crate graph against the rooms' "must never know": arrows point one way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

/// What each room may depend on, beside what those depend on in turn. `ARCHITECTURE.md` tells why.
const ALLOWED: &[(&str, &[&str])] = &[
    ("tenon-span", &[]),
    ("tenon-value", &[]),
    ("tenon-analysis", &[]),
    ("tenon-diagnostics", &["tenon-span"]),
    ("tenon-syntax", &["tenon-span", "tenon-diagnostics"]),
    ("tenon-check", &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-analysis", "tenon-value"]),
    ("tenon-project", &["tenon-check"]),
    ("tenon-core", &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-check", "tenon-value"]),
    ("tenon-plan", &["tenon-span", "tenon-core", "tenon-value"]),
    ("tenon-tree-sitter", &[]),
    ("tenon-store", &["tenon-value"]),
    ("tenon-authority", &["tenon-value"]),
    ("tenon-runtime", &["tenon-value", "tenon-store", "tenon-authority"]),
    ("tenon-server", &["tenon-value", "tenon-store", "tenon-authority", "tenon-runtime"]),
    ("tenon-launcher", &["tenon-value", "tenon-store", "tenon-authority", "tenon-runtime", "tenon-server"]),
    (
        "tenon-codegen",
        &["tenon-span", "tenon-core", "tenon-plan", "tenon-value", "tenon-store", "tenon-authority", "tenon-runtime"],
    ),
    ("tenon-site", &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-check", "tenon-ide"]),
    (
        "tenon-ide",
        &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-check", "tenon-core", "tenon-plan", "tenon-value"],
    ),
    (
        "tenon-protocol",
        &["tenon-span", "tenon-diagnostics", "tenon-check", "tenon-project", "tenon-core", "tenon-plan", "tenon-ide"],
    ),
    ("tenon-lsp", &["tenon-protocol", "tenon-project"]),
    (
        "tenon-playground",
        &[
            "tenon-span",
            "tenon-diagnostics",
            "tenon-check",
            "tenon-project",
            "tenon-core",
            "tenon-plan",
            "tenon-value",
            "tenon-ide",
            "tenon-protocol",
        ],
    ),
    ("tenon-playground-server", &["tenon-playground"]),
    ("tenon-playground-wasm", &["tenon-playground"]),
];

/// Libraries that only these rooms may know.
const ONLY: &[(&str, &[&str])] = &[
    ("pulldown-cmark", &["tenon-site"]),
    ("salsa", &["tenon-check", "tenon-core", "tenon-ide"]),
    ("ariadne", &["tenon-diagnostics"]),
    ("logos", &["tenon-syntax"]),
    ("lalrpop", &["tenon-syntax"]),
    ("lalrpop-util", &["tenon-syntax"]),
    ("datafrog", &["tenon-analysis"]),
    ("rusqlite", &["tenon-authority", "tenon-tests", "tenon-bench"]),
    ("tree-sitter-language", &["tenon-tree-sitter"]),
    ("axum", &["tenon-server", "tenon-playground-server", "tenon-bench"]),
    ("tokio", &["tenon-server", "tenon-lsp", "tenon-playground-server", "tenon-bench"]),
    ("ls-types", &["tenon-protocol"]),
    ("tower-lsp", &["tenon-lsp"]),
    ("cranelift-codegen", &["tenon-codegen"]),
    ("cranelift-frontend", &["tenon-codegen"]),
];

/// Crates that stand around the rooms and may know all of them: the command, tests, benchmarks, and the extension of an
/// editor that is no part of the workspace.
const AROUND: &[&str] = &["tenon-driver", "tenon-tests", "tenon-faults", "tenon-bench", "tenon-zed"];

/// The names of a section's parts, without its brackets: `target.'cfg(unix)'.dependencies` has three.
fn parts(section: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for sign in section.trim_matches(['[', ']']).chars() {
        match (quote, sign) {
            (None, '.') => parts.push(String::new()),
            (None, '\'' | '"') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            _ => parts.last_mut().unwrap().push(sign),
        }
    }
    parts
}

/// The parts of a section behind the target that it is for.
fn for_any_target(section: &str) -> Vec<String> {
    let mut parts = parts(section);
    if parts.first().is_some_and(|first| first == "target") && parts.len() > 2 {
        parts.drain(..2);
    }
    parts
}

/// True for `[dependencies]` and `[build-dependencies]`, also of one target. What only tests need may point anywhere.
fn is_table_of_dependencies(section: &str) -> bool {
    matches!(for_any_target(section).as_slice(), [one] if one == "dependencies" || one == "build-dependencies")
}

/// `x` for `[dependencies.x]` and the like.
fn dependency_of_section(section: &str) -> Option<String> {
    match for_any_target(section).as_slice() {
        [table, name, ..] if table == "dependencies" || table == "build-dependencies" => Some(name.clone()),
        _ => None,
    }
}

#[test]
fn every_form_of_a_dependency_is_read() {
    for (section, is_table, dependency) in [
        ("[dependencies]", true, None),
        ("[build-dependencies]", true, None),
        ("[dev-dependencies]", false, None),
        ("[target.'cfg(target_os = \"linux\")'.dependencies]", true, None),
        ("[target.x86_64-unknown-linux-gnu.build-dependencies]", true, None),
        ("[dependencies.tenon-span]", false, Some("tenon-span")),
        ("[target.'cfg(unix)'.dependencies.\"libc\"]", false, Some("libc")),
        ("[dev-dependencies.tenon-span]", false, None),
        ("[workspace.dependencies]", false, None),
    ] {
        assert_eq!(is_table_of_dependencies(section), is_table, "{section}");
        assert_eq!(dependency_of_section(section).as_deref(), dependency, "{section}");
    }
}

fn manifests() -> BTreeMap<String, BTreeSet<String>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut found = BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" && name != "src" && !name.starts_with('.') {
                folders.push(path);
            } else if name == "Cargo.toml" {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut package = None;
                let mut section = String::new();
                let mut dependencies = BTreeSet::new();
                for line in text.lines() {
                    let line = line.trim();
                    if line.starts_with('[') {
                        section = line.to_owned();
                    } else if let Some((key, value)) = line.split_once('=') {
                        if section == "[package]" && key.trim() == "name" {
                            package = Some(value.trim().trim_matches('"').to_owned());
                        } else if is_table_of_dependencies(&section) {
                            let key = key.trim();
                            dependencies.insert(key.split('.').next().unwrap_or(key).to_owned());
                        }
                    }
                    dependencies.extend(dependency_of_section(&section));
                }
                if let Some(package) = package {
                    found.insert(package, dependencies);
                }
            }
        }
    }
    found
}

#[test]
fn arrows_point_one_way() {
    let manifests = manifests();
    for package in manifests.keys() {
        let has_row = ALLOWED.iter().any(|(room, _)| room == package) || AROUND.contains(&package.as_str());
        assert!(has_row, "{package} has no row in the table of what it may know");
    }
    for package in AROUND {
        assert!(manifests.contains_key(*package), "there is no {package}");
    }
    for (room, allowed) in ALLOWED {
        let dependencies = manifests.get(*room).unwrap_or_else(|| panic!("there is no room {room}"));
        for dependency in dependencies.iter().filter(|d| d.starts_with("tenon-")) {
            assert!(allowed.contains(&dependency.as_str()), "{room} must not know {dependency}");
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (package, dependencies) in manifests() {
        for (library, rooms) in ONLY {
            assert!(
                !dependencies.contains(*library) || rooms.contains(&package.as_str()),
                "{package} must not know {library}: it belongs to {rooms:?}"
            );
        }
    }
}
