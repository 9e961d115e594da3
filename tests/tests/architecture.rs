//! The crate graph against the rooms' "must never know" and against the code map of `ARCHITECTURE.md`: arrows point one
//! way, permissions are used, and so is what a manifest names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each room may depend on, beside what those depend on in turn. `ARCHITECTURE.md` tells why.
const ALLOWED: &[(&str, &[&str])] = &[
    ("tenon-span", &[]),
    ("tenon-value", &[]),
    ("tenon-analysis", &[]),
    ("tenon-diagnostics", &["tenon-span"]),
    ("tenon-syntax", &["tenon-span", "tenon-diagnostics"]),
    ("tenon-check", &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-analysis", "tenon-value"]),
    ("tenon-project", &["tenon-check"]),
    ("tenon-core", &["tenon-span", "tenon-diagnostics", "tenon-check", "tenon-value"]),
    ("tenon-plan", &["tenon-core", "tenon-value"]),
    ("tenon-tree-sitter", &[]),
    ("tenon-store", &["tenon-value"]),
    ("tenon-authority", &["tenon-value"]),
    ("tenon-runtime", &["tenon-value", "tenon-store", "tenon-authority"]),
    ("tenon-server", &["tenon-value", "tenon-runtime"]),
    ("tenon-launcher", &["tenon-value", "tenon-store", "tenon-authority", "tenon-runtime", "tenon-server"]),
    ("tenon-codegen", &["tenon-core", "tenon-plan", "tenon-value", "tenon-store", "tenon-runtime"]),
    ("tenon-site", &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-check", "tenon-ide"]),
    (
        "tenon-ide",
        &["tenon-span", "tenon-diagnostics", "tenon-syntax", "tenon-check", "tenon-core", "tenon-plan", "tenon-value"],
    ),
    (
        "tenon-protocol",
        &["tenon-span", "tenon-diagnostics", "tenon-check", "tenon-project", "tenon-core", "tenon-plan", "tenon-ide"],
    ),
    ("tenon-lsp", &["tenon-protocol"]),
    (
        "tenon-playground",
        &[
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
    ("salsa", &["tenon-check", "tenon-ide"]),
    ("ariadne", &["tenon-diagnostics"]),
    ("logos", &["tenon-syntax"]),
    ("lalrpop", &["tenon-syntax"]),
    ("lalrpop-util", &["tenon-syntax"]),
    ("datafrog", &["tenon-analysis"]),
    ("rusqlite", &["tenon-authority", "tenon-bench"]),
    ("tree-sitter-language", &["tenon-tree-sitter"]),
    ("hyper", &["tenon-server"]),
    ("hyper-util", &["tenon-server"]),
    ("axum", &["tenon-playground-server", "tenon-bench"]),
    ("tokio", &["tenon-server", "tenon-lsp", "tenon-playground-server", "tenon-bench"]),
    ("ls-types", &["tenon-protocol"]),
    ("tower-lsp", &["tenon-lsp"]),
    ("cranelift-codegen", &["tenon-codegen"]),
    ("cranelift-frontend", &["tenon-codegen"]),
];

/// Crates that stand around the rooms and may know all of them: the command, tests, benchmarks, and the extension of an
/// editor that is no part of the workspace.
const AROUND: &[&str] = &["tenon-driver", "tenon-tests", "tenon-faults", "tenon-bench", "tenon-zed"];

/// The crates that have unsafe code, beside their tests: the image and what runs on it; the borders of the page's WebAssembly
/// and of tree-sitter; the harnesses that fail a disk and that measure.
const UNSAFE: &[&str] =
    &["tenon-store", "tenon-runtime", "tenon-playground-wasm", "tenon-tree-sitter", "tenon-faults", "tenon-bench"];

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

/// A crate as its manifest tells of it.
struct Manifest {
    /// Where it lies, from the root.
    folder: String,
    /// What it is built from, its build script too.
    dependencies: BTreeSet<String>,
    /// What only its tests, benches and examples need.
    of_tests: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file below a folder, without what is built or fetched.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !path.is_dir() {
                found.push(path);
            } else if name != "target" && name != "node_modules" && !name.starts_with('.') {
                folders.push(path);
            }
        }
    }
    found
}

fn manifests() -> BTreeMap<String, Manifest> {
    let mut found = BTreeMap::new();
    for path in files_below(&root()).iter().filter(|path| path.ends_with("Cargo.toml")) {
        let text = std::fs::read_to_string(path).unwrap();
        let mut package = None;
        let mut section = String::new();
        let mut dependencies = BTreeSet::new();
        let mut of_tests = BTreeSet::new();
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                let name = key.trim().split('.').next().unwrap_or(key).to_owned();
                if section == "[package]" && name == "name" {
                    package = Some(value.trim().trim_matches('"').to_owned());
                } else if is_table_of_dependencies(&section) {
                    dependencies.insert(name);
                } else if section == "[dev-dependencies]" {
                    of_tests.insert(name);
                }
            }
            dependencies.extend(dependency_of_section(&section));
        }
        if let Some(package) = package {
            let folder = path.parent().unwrap().strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.insert(package, Manifest { folder, dependencies, of_tests });
        }
    }
    found
}

#[test]
fn rooms_know_what_they_may() {
    let manifests = manifests();
    for package in manifests.keys() {
        let has_row = ALLOWED.iter().any(|(room, _)| room == package) || AROUND.contains(&package.as_str());
        assert!(has_row, "{package} has no row in the table of what it may know");
    }
    for package in AROUND {
        assert!(manifests.contains_key(*package), "there is no {package}");
    }
    for (room, allowed) in ALLOWED {
        let manifest = manifests.get(*room).unwrap_or_else(|| panic!("there is no room {room}"));
        for dependency in manifest.dependencies.iter().filter(|d| d.starts_with("tenon-")) {
            assert!(allowed.contains(&dependency.as_str()), "{room} must not know {dependency}");
        }
        for allowed in *allowed {
            assert!(manifest.dependencies.contains(*allowed), "{room} may know {allowed} and does not: it must not");
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    let manifests = manifests();
    for (library, rooms) in ONLY {
        for (package, manifest) in &manifests {
            let knows = manifest.dependencies.contains(*library);
            if rooms.contains(&package.as_str()) {
                assert!(knows, "{package} may know {library} and does not: it must not");
            } else {
                assert!(!knows, "{package} must not know {library}: it belongs to {rooms:?}");
            }
        }
        for room in *rooms {
            assert!(manifests.contains_key(*room), "{library} belongs to {room}, which is not there");
        }
    }
}

/// The folders of each row of the code map, in order.
fn code_map() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cell = line.split('|').nth(1).unwrap();
            cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn arrows_point_up_the_code_map() {
    let rooms: Vec<String> = code_map().into_iter().flatten().collect();
    assert!(rooms.len() > 25, "the code map is not read: {rooms:?}");
    for room in &rooms {
        assert!(root().join(room).is_dir(), "the code map has {room}, which is not there");
    }
    let manifests = manifests();
    // A crate belongs to the nearest folder around it that has a place.
    let place = |manifest: &Manifest| {
        let around = |room: &&String| Path::new(&manifest.folder).starts_with(room);
        let room = rooms.iter().filter(around).max_by_key(|room| room.len());
        let room = room.unwrap_or_else(|| panic!("{} has no row in the code map", manifest.folder));
        rooms.iter().position(|known| known == room).unwrap()
    };
    for (package, manifest) in &manifests {
        for dependency in manifest.dependencies.iter().filter_map(|name| manifests.get(name)) {
            let (above, here) = (place(dependency), place(manifest));
            assert!(above <= here, "{package} knows {}, which stands below it in the code map", dependency.folder);
        }
    }
}

/// True where a text of Rust names a crate: its path, or itself in a `use`.
fn names(text: &str, library: &str) -> bool {
    let library = library.replace('-', "_");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
        line.match_indices(&library).any(|(at, _)| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let begins = !line[..at].ends_with(is_word);
            let behind = &line[at + library.len()..];
            let used = line[..at].ends_with("use ") && behind.starts_with([';', ' ']);
            begins && (behind.starts_with("::") || used)
        })
    })
}

#[test]
fn a_crate_is_named_by_its_path_or_where_it_is_used() {
    assert!(names("use tenon_span::Range;", "tenon-span"));
    assert!(names("#[salsa::tracked]", "salsa"));
    assert!(names("use zed_extension_api as zed;", "zed_extension_api"));
    assert!(!names("// salsa::tracked", "salsa"));
    assert!(!names("use serde_json::json;", "serde"));
    assert!(!names("let salsa = ready;", "salsa"));
}

/// What a crate is built from, and its tests, benches and examples.
struct Texts {
    sources: String,
    tests: String,
}

fn texts(manifest: &Manifest, manifests: &BTreeMap<String, Manifest>) -> Texts {
    let folder = root().join(&manifest.folder);
    let nested: Vec<PathBuf> = manifests.values().map(|of| root().join(&of.folder)).collect();
    let own = |path: &PathBuf| {
        let is_source = path.extension().is_some_and(|ending| ending == "rs" || ending == "lalrpop");
        let inner = |of: &&PathBuf| of.starts_with(&folder) && **of != folder && path.starts_with(of);
        is_source && !nested.iter().any(|of| inner(&of))
    };
    let (tests, sources): (Vec<PathBuf>, Vec<PathBuf>) =
        files_below(&folder).into_iter().filter(own).partition(|path| {
            let first = path.strip_prefix(&folder).unwrap().iter().next().unwrap();
            ["tests", "benches", "examples"].iter().any(|known| first == *known)
        });
    let read = |paths: &[PathBuf]| -> String { paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect() };
    Texts { sources: read(&sources), tests: read(&tests) }
}

#[test]
fn every_dependency_is_named_in_the_sources() {
    let manifests = manifests();
    for (package, manifest) in &manifests {
        let Texts { sources, tests } = texts(manifest, &manifests);
        for dependency in &manifest.dependencies {
            assert!(names(&sources, dependency), "{package} does not use {dependency} (tests do not count)");
        }
        for dependency in &manifest.of_tests {
            let used = names(&tests, dependency) || names(&sources, dependency);
            assert!(used, "the tests of {package} do not use {dependency}");
        }
    }
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    let manifests = manifests();
    for (package, manifest) in &manifests {
        let sources = texts(manifest, &manifests).sources;
        let is_unsafe = |line: &str| {
            let code = line.trim_start();
            !code.starts_with("//")
                && ["{", "fn ", "impl ", "extern ", "trait "].iter().any(|behind| {
                    code.match_indices("unsafe ").any(|(at, word)| code[at + word.len()..].starts_with(behind))
                })
        };
        let found = sources.lines().any(is_unsafe);
        assert_eq!(found, UNSAFE.contains(&package.as_str()), "{package}: is there unsafe code, and may it be there?");
    }
}
