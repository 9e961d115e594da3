//! Workspaces of one shape in two languages: files that each use declarations of the files 1, 7 and 31 before them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use tenon_driver::report::Stop;

/// The files of a workspace.
pub const FILES: usize = 300;
/// The files that a file uses, by how far they lie before it.
const USED: [usize; 3] = [1, 7, 31];
/// The shops in a file of Tenon.
const SHOPS: usize = 5;
/// The classes in a file of Python.
const CLASSES: usize = 13;

/// A shop whose names end in its number and which uses another.
const SHOP: &str = include_str!("../../programs/shop_of_many.txt");

/// Texts, and what is done to them.
pub struct Workspace {
    /// As the protocol calls it.
    pub language: &'static str,
    files: BTreeMap<String, String>,
    /// The file that is edited.
    pub edited: String,
    /// A file that uses it.
    pub dependent: String,
    /// The line of a body behind which is typed.
    pub body: &'static str,
    /// What is typed: whole lines.
    pub typed: &'static str,
    /// Part of a declaration that the dependent file needs, and what breaks that.
    pub declaration: (&'static str, &'static str),
    /// What stands before the dot whose completion is asked.
    pub receiver: &'static str,
    /// What is offered there among others.
    pub offered: &'static str,
}

impl Workspace {
    /// Programs of shops: relations, types, functions, queries and handlers, in 30 modules.
    pub fn tenon() -> Workspace {
        let folder = |file: usize| format!("part{:02}", file / 10);
        let mut files = BTreeMap::from([("tenon.toml".to_owned(), "name = \"bench\"\n".to_owned())]);
        for file in 0..FILES {
            let mut text = String::new();
            for used in before(file) {
                if folder(used) != folder(file) {
                    let _ = writeln!(text, "use bench.{} {{ Product{used}_0, total{used}_0 }}", folder(used));
                }
            }
            for shop in 0..SHOPS {
                // The first shop uses the file before, the others the shop before.
                let other = match shop {
                    0 => format!("{}_0", file.saturating_sub(1)),
                    _ => format!("{file}_{}", shop - 1),
                };
                text.push_str(&SHOP.replace("@BEFORE@", &other).replace("@N@", &format!("{file}_{shop}")));
            }
            for used in before(file) {
                let _ = write!(
                    text,
                    "fn worth{file}_{used}(p: Product{used}_0, qty: Int where it >= 0) -> Int {{\n  \
                     let one = total{used}_0(p, qty)\n  if p.name.length > 3 {{ one + p.stock }} else {{ one }}\n}}\n\n"
                );
            }
            files.insert(format!("{}/file{file:03}.tn", folder(file)), text);
        }
        Workspace {
            language: "tenon",
            files,
            edited: "part00/file000.tn".into(),
            dependent: "part00/file001.tn".into(),
            body: "  let one = p.price\n",
            typed: "  let typed = one * 2 + p.stock\n",
            declaration: ("  name: Text", "  name: Bool"),
            receiver: "  p",
            offered: "price",
        }
    }

    /// Modules of dataclasses and functions.
    pub fn python() -> Workspace {
        let mut files = BTreeMap::new();
        for file in 0..FILES {
            let mut text = String::from("from __future__ import annotations\nfrom dataclasses import dataclass\n");
            for used in before(file) {
                let _ = writeln!(text, "from file{used:03} import Product{used}_0, total{used}_0");
            }
            for n in 0..CLASSES {
                let of = format!("{file}_{n}");
                let _ = write!(
                    text,
                    "\n@dataclass\nclass Product{of}:\n    sku: str\n    name: str\n    price: int\n    cost: int\n    \
                     stock: int\n    tags: list[str]\n    extra: dict[str, int | None]\n\n\
                     def total{of}(p: Product{of}, qty: int) -> int:\n    one = p.price\n    many = one * qty\n    \
                     if many > 1000:\n        return many - 1\n    return many\n\n\
                     def sum{of}(xs: list[Product{of}]) -> int:\n    total = 0\n    for x in xs:\n        \
                     if x.name == \"a\":\n            total += x.stock\n        for k, v in x.extra.items():\n            \
                     if v is not None:\n                total += v * len(k)\n    return total\n"
                );
            }
            for used in before(file) {
                let _ = write!(
                    text,
                    "\ndef worth{file}_{used}(p: Product{used}_0, qty: int) -> int:\n    one = total{used}_0(p, qty)\n    \
                     return one + p.stock if len(p.name) > 3 else one\n"
                );
            }
            files.insert(format!("file{file:03}.py"), text);
        }
        Workspace {
            language: "python",
            files,
            edited: "file000.py".into(),
            dependent: "file001.py".into(),
            body: "    one = p.price\n",
            typed: "    typed = one * 2 + p.stock\n",
            declaration: ("    name: str", "    name: int"),
            receiver: "    p",
            offered: "price",
        }
    }

    /// The lines of all files.
    pub fn lines(&self) -> usize {
        self.files.values().map(|text| text.lines().count()).sum()
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> &str {
        self.files.get(file).map_or("", String::as_str)
    }

    /// The byte behind the first of some texts.
    pub fn after(&self, text: &str, what: &str) -> Result<usize, Stop> {
        text.find(what).map(|at| at + what.len()).ok_or_else(|| Stop::failed(format!("there is no `{what}`")))
    }

    /// Writes the files.
    pub fn write(&self, folder: &Path) -> Result<(), Stop> {
        for (file, text) in &self.files {
            let path = folder.join(file);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        Ok(())
    }
}

fn before(file: usize) -> impl Iterator<Item = usize> {
    USED.into_iter().filter_map(move |far| file.checked_sub(far))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_check::db::{CheckDatabase, Settings};
    use tenon_check::program::check;
    use tenon_diagnostics::render_line;
    use tenon_driver::library::LIBRARY;

    #[test]
    fn the_workspace_is_sound_and_large() {
        let workspace = Workspace::tenon();
        assert!(workspace.lines() > 95_000, "{}", workspace.lines());
        assert!(Workspace::python().lines() > 95_000, "{}", Workspace::python().lines());
        let mut db = CheckDatabase::new(LIBRARY);
        db.set_settings(Settings { name: "bench".into(), ..Settings::default() });
        // Whatever the first files use lies before them.
        let first = workspace.files.iter().filter(|(path, _)| path.ends_with(".tn")).take(12);
        db.set_files(first.map(|(path, text)| (path.as_str(), text.as_str())));
        let found: Vec<String> = check(&db).iter().map(|one| render_line(one, &db)).collect();
        assert_eq!(found, Vec::<String>::new());
    }
}
