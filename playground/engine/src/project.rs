//! The text of the program: its files in the checker's database, diagnostics with places that the page can show.

use crate::protocol::File;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::items::{Item, items};
use tenon_check::program::{check, is_sound};
use tenon_core::ir::{Program, Site, SiteId};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_diagnostics::{Diagnostic, Fix, ItemPath, Label, Location, Resolved, Severity};
use tenon_ide::{Analysis, FileRange, Ide};

/// The program as text.
pub(crate) struct Project {
    ide: Ide,
    /// A snapshot of the text as it is; taken down while the text changes.
    view: Analysis,
}

impl Project {
    pub fn new() -> Project {
        let ide = Ide::new();
        let view = ide.analysis();
        Project { ide, view }
    }

    /// Sets all files. Only what changed is checked again.
    pub fn set(self, files: &[File], name: &str) -> Project {
        let Project { mut ide, view } = self;
        // A change waits for the snapshots.
        drop(view);
        ide.set_settings(Settings { name: name.into(), ..Settings::default() });
        ide.set_files(files.iter().map(|file| (file.path.as_str(), file.text.as_str())));
        let view = ide.analysis();
        Project { ide, view }
    }

    /// The checker's database.
    pub fn db(&self) -> &CheckDatabase {
        self.view.database()
    }

    /// What answers questions of editors about the text.
    pub fn analysis(&self) -> &Analysis {
        &self.view
    }

    /// The place of a range of a file, as [`Project::place`] gives it.
    pub fn range(&self, range: &FileRange) -> Json {
        self.place(&Location { item: None, file: range.file.as_str().into(), range: range.range })
    }

    /// A position in bytes of a file from one in UTF-16 units.
    pub fn byte_offset(&self, file: &str, wide: u32) -> u32 {
        self.view.text(file).map_or(0, |text| byte_offset(&text, wide))
    }

    /// Everything that is wrong, and the program in Core if nothing keeps it from running.
    pub fn check(&self) -> (Vec<Diagnostic>, Option<Arc<Program>>) {
        let mut found = check(self.db());
        if !is_sound(&found) {
            return (found, None);
        }
        let checked = CheckedProgram::new(self.db());
        let settings = tenon_core::lower::Settings { edits: true, ..checked.settings() };
        match lower(&checked, &settings) {
            Ok(core) => (found, Some(Arc::new(core))),
            Err(errors) => {
                found.extend(errors.iter().map(|error| error.diagnostic(&checked)));
                (found, None)
            }
        }
    }

    /// The place of a location: `{file, from, to}`, in UTF-16 units from the start of the file.
    pub fn place(&self, location: &Location) -> Json {
        let resolved = Resolved::new(location, self.db());
        let wide = |at: u32| wide_offset(&resolved.text, at);
        json!({ "file": &*resolved.file, "from": wide(resolved.range.start), "to": wide(resolved.range.end) })
    }

    /// The place of a site of a program; `None` where the text has nothing like it any more.
    pub fn site(&self, program: &Program, site: SiteId) -> Option<Json> {
        let site = program.sites.get(site.index())?;
        let item = path_of(site);
        self.db().item(&item)?;
        Some(self.place(&Location { file: item.file.clone(), item: Some(item), range: site.range }))
    }

    /// The code of the program without comments.
    pub fn code(&self) -> String {
        let items = tenon_check::items::program_items(self.db());
        items.map(|item| format!("{}\n", tenon_check::items::code(self.db(), item))).collect()
    }

    /// The item around a place of a file.
    pub fn item_at(&self, file: &str, offset: u32) -> Option<Item<'_>> {
        let file = self.db().file(file)?;
        let at = byte_offset(file.text(self.db()), offset);
        items(self.db(), file).iter().copied().rfind(|item| item.offset(self.db()) <= at)
    }

    /// A diagnostic as the page shows it.
    pub fn problem(&self, diagnostic: &Diagnostic) -> Json {
        let label = |label: &Label| json!({ "at": self.place(&label.location), "message": label.message });
        let fix = |fix: &Fix| {
            let edits = fix.edits.iter().map(|edit| json!({ "at": self.place(&edit.location), "text": edit.text }));
            json!({ "title": fix.title, "certain": fix.certain, "edits": edits.collect::<Vec<_>>() })
        };
        json!({
            "code": diagnostic.code.to_string(),
            "name": diagnostic.code.info().name,
            "severity": match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Hint => "hint",
            },
            "message": diagnostic.message,
            "primary": label(&diagnostic.primary),
            "secondary": diagnostic.secondary.iter().map(label).collect::<Vec<_>>(),
            "notes": diagnostic.notes,
            "fixes": diagnostic.fixes.iter().map(fix).collect::<Vec<_>>(),
        })
    }
}

/// The identity of the item that a site stands in.
pub(crate) fn path_of(site: &Site) -> ItemPath {
    ItemPath {
        file: site.file.as_str().into(),
        kind: site.kind.as_str().into(),
        name: site.item.as_str().into(),
        nth: site.nth,
    }
}

/// A byte offset in UTF-16 units.
fn wide_offset(text: &str, at: u32) -> usize {
    text.get(..at as usize).unwrap_or(text).encode_utf16().count()
}

/// UTF-16 units as a byte offset; what lies past the end is the end.
fn byte_offset(text: &str, wide: u32) -> u32 {
    let mut seen = 0;
    for (at, letter) in text.char_indices() {
        if seen >= wide {
            return at as u32;
        }
        seen += letter.len_utf16() as u32;
    }
    text.len() as u32
}
