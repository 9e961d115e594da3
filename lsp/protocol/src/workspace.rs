//! Programs and documents: which there are, what they say, and which program a file belongs to.
//!
//! A document that is open says what the editor says; every other file what the disk says. A file belongs to the
//! program of the nearest `tenon.toml` above it, and is a program by itself without one. Programs of the client's
//! folders are there from the beginning; others come with their first document and go with their last.

use crate::lines::{Encoding, edit};
use crate::uri::{path_of, uri_of};
use ls_types::{TextDocumentContentChangeEvent, Uri};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tenon_check::library::LIBRARY;
use tenon_ide::{Analysis, Ide};
use tenon_project::config::ConfigError;
use tenon_project::members::is_source;
use tenon_project::{CONFIG, Config, Files, Owner, members, owner, programs_below};

/// What makes the database of a program; tests give one with a listener.
pub type MakeIde = Box<dyn Fn() -> Ide + Send>;

/// Where a program lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The folder that its files' paths are relative to.
    pub root: PathBuf,
    /// The folder that shows the library.
    pub library: PathBuf,
}

impl Place {
    /// The path of a file of the program or of the library.
    pub fn path(&self, file: &str) -> PathBuf {
        if is_library(file) { self.library.join(file) } else { self.root.join(file) }
    }
}

/// True for a path of the library, such as `tenon/text.tn`.
fn is_library(file: &str) -> bool {
    LIBRARY.iter().any(|(path, _)| *path == file)
}

/// A document of the editor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// As the client writes it.
    pub uri: Uri,
    /// As the client counts.
    pub version: i32,
}

/// The documents that are open, by their paths.
pub type OpenDocuments = HashMap<PathBuf, Open>;

/// A program.
struct Program {
    place: Arc<Place>,
    ide: Ide,
    kind: Kind,
}

enum Kind {
    /// A folder with `tenon.toml`.
    Folder {
        /// The files on disk, by their paths in the program.
        members: BTreeSet<String>,
        /// What is wrong with `tenon.toml`, and its text.
        wrong: Option<(ConfigError, String)>,
    },
    /// One file.
    Single,
    /// The library alone, for who looks into it.
    Library,
}

/// What is open, and the programs around it.
pub struct Workspace {
    files: Box<dyn Files>,
    make: MakeIde,
    library: PathBuf,
    folders: Vec<PathBuf>,
    /// By the folder, or the file that is a program by itself.
    programs: BTreeMap<PathBuf, Program>,
    texts: HashMap<PathBuf, Text>,
    open: Arc<OpenDocuments>,
    notices: Vec<String>,
}

/// The text of an open document, and where it belongs.
struct Text {
    text: String,
    home: Home,
}

/// A file of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Home {
    program: PathBuf,
    file: String,
}

/// What happened to a file on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// It is there, new or with another text.
    Written,
    /// It is gone.
    Deleted,
}

/// A program's snapshot, with what leads from its files to documents.
#[derive(Clone)]
pub struct ProgramView {
    /// The snapshot.
    pub analysis: Analysis,
    /// Where the program lies.
    pub place: Arc<Place>,
    /// The documents that are open.
    pub open: Arc<OpenDocuments>,
}

impl ProgramView {
    /// The document of a file, as the client writes it.
    pub fn uri(&self, file: &str) -> Option<Uri> {
        let path = self.place.path(file);
        match self.open.get(&path) {
            Some(open) => Some(open.uri.clone()),
            None => uri_of(&path),
        }
    }

    /// The version of a file that is open.
    pub fn version(&self, file: &str) -> Option<i32> {
        self.open.get(&self.place.path(file)).map(|open| open.version)
    }
}

impl Workspace {
    /// Nothing is open. `library` is the folder, on disk or not, that the library's documents lie in.
    pub fn new(files: Box<dyn Files>, library: PathBuf, make: MakeIde) -> Workspace {
        Workspace {
            files,
            make,
            library,
            folders: Vec::new(),
            programs: BTreeMap::new(),
            texts: HashMap::new(),
            open: Arc::default(),
            notices: Vec::new(),
        }
    }

    /// What went wrong with files since this was asked last, in words for people.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Sets the folders of the client and looks for programs in them.
    pub fn set_folders(&mut self, folders: Vec<PathBuf>) {
        self.folders = folders;
        self.rediscover();
    }

    /// The folders of the client.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The folders after some have come and gone: one that does both stays where it is.
    pub fn folders_after(&self, added: Vec<PathBuf>, removed: &[PathBuf]) -> Vec<PathBuf> {
        let stays = |folder: &&PathBuf| !removed.contains(folder) || added.contains(folder);
        let mut folders: Vec<PathBuf> = self.folders.iter().filter(stays).cloned().collect();
        for folder in added {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// The snapshots of all programs, in the order of their paths; without the library's.
    pub fn programs(&self) -> impl Iterator<Item = ProgramView> {
        self.programs
            .values()
            .filter(|program| !matches!(program.kind, Kind::Library))
            .map(|program| self.view(program))
    }

    /// The program of a document, and its path in it. `None` for a document that is not open and lies in no program
    /// that is known.
    pub fn document(&self, uri: &Uri) -> Option<(ProgramView, String)> {
        let path = path_of(uri);
        let home = match self.texts.get(&path) {
            Some(text) => text.home.clone(),
            None => self.home(&path),
        };
        let program = self.programs.get(&home.program)?;
        let view = self.view(program);
        view.analysis.text(&home.file)?;
        Some((view, home.file))
    }

    /// What is wrong with the `tenon.toml` of each program: its path, its text, and the error.
    pub fn configs(&self) -> impl Iterator<Item = (PathBuf, Option<(&ConfigError, &str)>)> {
        self.programs.iter().filter_map(|(root, program)| match &program.kind {
            Kind::Folder { wrong, .. } => {
                Some((root.join(CONFIG), wrong.as_ref().map(|(error, text)| (error, text.as_str()))))
            }
            _ => None,
        })
    }

    fn view(&self, program: &Program) -> ProgramView {
        ProgramView { analysis: program.ide.analysis(), place: program.place.clone(), open: self.open.clone() }
    }

    /// Opens a document; its text counts from now on, not the disk's.
    pub fn open(&mut self, uri: Uri, version: i32, text: String) {
        let path = path_of(&uri);
        Arc::make_mut(&mut self.open).insert(path.clone(), Open { uri, version });
        let home = self.home(&path);
        self.require(&home.program);
        self.tell(&home, &text);
        self.texts.insert(path, Text { text, home });
    }

    /// Changes a document that is open.
    ///
    /// # Errors
    /// It is not open.
    pub fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Result<(), String> {
        let path = path_of(uri);
        let not_open = || format!("`{}` is not open", uri.as_str());
        if let Some(open) = Arc::make_mut(&mut self.open).get_mut(&path) {
            open.version = version;
        }
        let document = self.texts.get_mut(&path).ok_or_else(not_open)?;
        for change in changes {
            edit(&mut document.text, encoding, change.range, &change.text);
        }
        if let Some(program) = self.programs.get_mut(&document.home.program)
            && !matches!(program.kind, Kind::Library)
        {
            program.ide.set_file(&document.home.file, &document.text);
        }
        Ok(())
    }

    /// Closes a document; from now on the disk's text counts.
    pub fn close(&mut self, uri: &Uri) {
        let path = path_of(uri);
        Arc::make_mut(&mut self.open).remove(&path);
        let Some(Text { home, .. }) = self.texts.remove(&path) else { return };
        self.leave(&path, &home);
    }

    /// A document has been saved. Where the client tells of no other changes on disk, this is when they are looked for.
    pub fn saved(&mut self, uri: &Uri, watched: bool) {
        if !watched {
            let home = self.texts.get(&path_of(uri)).map(|text| text.home.program.clone());
            if let Some(root) = home {
                self.reload(&root, None);
            }
        }
    }

    /// Files on disk have changed.
    pub fn happened(&mut self, events: &[(PathBuf, Happened)]) {
        if events.iter().any(|(path, _)| path.file_name().is_some_and(|name| name == CONFIG)) {
            self.rediscover();
            return;
        }
        let mut touched: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (path, what) in events {
            let home = self.home(path);
            if self.programs.contains_key(&home.program) {
                touched.entry(home.program).or_default().insert(path.clone());
            } else if *what == Happened::Deleted {
                // A folder: whoever has files below it looks again.
                let roots = self.programs.keys().filter(|root| path.starts_with(root) || root.starts_with(path));
                roots.cloned().collect::<Vec<_>>().into_iter().for_each(|root| {
                    touched.entry(root).or_default();
                });
            }
        }
        for (root, paths) in touched {
            self.reload(&root, Some(&paths));
        }
    }

    /// Where a file belongs, whether it is there or not.
    fn home(&self, path: &Path) -> Home {
        if let Ok(file) = path.strip_prefix(&self.library)
            && let Some(file) = file.to_str()
            && is_library(file)
        {
            return Home { program: self.library.clone(), file: file.to_owned() };
        }
        match owner(&*self.files, path) {
            Owner::Folder { root, file } if is_source(path) => Home { program: root, file },
            _ => Home { program: path.to_owned(), file: file_name(path) },
        }
    }

    /// Makes sure that a program is there.
    fn require(&mut self, key: &Path) {
        if self.programs.contains_key(key) {
            return;
        }
        let (root, kind) = if key == self.library {
            (key.to_owned(), Kind::Library)
        } else if self.files.is_file(&key.join(CONFIG)) {
            (key.to_owned(), Kind::Folder { members: BTreeSet::new(), wrong: None })
        } else {
            (key.parent().map(Path::to_owned).unwrap_or_default(), Kind::Single)
        };
        let place = Arc::new(Place { root, library: self.library.clone() });
        let mut ide = (self.make)();
        if matches!(kind, Kind::Single) {
            let stem = key.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
            ide.set_settings(Config::default().settings(&stem));
        }
        self.programs.insert(key.to_owned(), Program { place, ide, kind });
        self.reload(key, None);
    }

    /// Gives the text of an open document to its program.
    fn tell(&mut self, home: &Home, text: &str) {
        if let Some(program) = self.programs.get_mut(&home.program)
            && !matches!(program.kind, Kind::Library)
        {
            program.ide.set_file(&home.file, text);
            program.ide.open_file(&home.file);
        }
    }

    /// Looks again at the files of the program of a folder: which there are, and what those say that are named (all,
    /// if none are). Open documents stay as they are.
    fn reload(&mut self, key: &Path, named: Option<&BTreeSet<PathBuf>>) {
        let Workspace { files, programs, open, notices, .. } = self;
        let Some(program) = programs.get_mut(key) else { return };
        let Kind::Folder { members: known, wrong } = &mut program.kind else { return };
        let found = match members(&**files, key) {
            Ok(found) => found,
            // A folder that cannot be read keeps what is known of it.
            Err((path, error)) => {
                if files.is_file(&key.join(CONFIG)) {
                    notices.push(format!("`{}`: {error}", path.display()));
                    return;
                }
                Vec::new()
            }
        };
        if named.is_none() {
            let (settings, error) = config(&**files, key);
            *wrong = error;
            // A `tenon.toml` that does not fit changes nothing, but a program has settings from the beginning.
            if wrong.is_none() || known.is_empty() {
                program.ide.set_settings(settings);
            }
        }
        let mut now = BTreeSet::new();
        let mut texts: Vec<(String, String)> = Vec::new();
        for (file, path) in found {
            let is_new = !known.contains(&file);
            if !open.contains_key(&path) && (is_new || named.is_none_or(|named| named.contains(&path))) {
                match files.text(&path) {
                    Ok(text) => texts.push((file.clone(), text)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => {
                        notices.push(format!("`{}`: {error}", path.display()));
                        continue;
                    }
                }
            }
            now.insert(file);
        }
        let first = known.is_empty();
        for file in known.difference(&now) {
            if !open.contains_key(&key.join(file)) {
                program.ide.remove_file(file);
            }
        }
        *known = now;
        if first && program.ide.analysis().files().is_empty() {
            program.ide.set_files(texts.iter().map(|(file, text)| (file.as_str(), text.as_str())));
        } else {
            for (file, text) in &texts {
                program.ide.set_file(file, text);
                program.ide.close_file(file);
            }
        }
    }

    /// A document was closed, or belongs elsewhere now: its program has what the disk says.
    fn leave(&mut self, path: &Path, home: &Home) {
        let Some(program) = self.programs.get_mut(&home.program) else { return };
        match &mut program.kind {
            Kind::Library => {}
            Kind::Single => {
                self.programs.remove(&home.program);
            }
            Kind::Folder { members, .. } => {
                let belongs = matches!(owner(&*self.files, path), Owner::Folder { root, .. } if root == home.program);
                match self.files.text(path) {
                    Ok(text) if belongs => {
                        members.insert(home.file.clone());
                        program.ide.set_file(&home.file, &text);
                        program.ide.close_file(&home.file);
                    }
                    _ => {
                        members.remove(&home.file);
                        program.ide.remove_file(&home.file);
                    }
                }
                self.forget(&home.program.clone());
            }
        }
    }

    /// Drops the program of a folder outside of the client's folders that nobody looks at any more.
    fn forget(&mut self, key: &Path) {
        let wanted = self.folders.iter().any(|folder| key.starts_with(folder))
            || self.texts.values().any(|text| text.home.program == key);
        if !wanted {
            self.programs.remove(key);
        }
    }

    /// Looks for programs anew, after a `tenon.toml` came, went or changed, or the client's folders did.
    fn rediscover(&mut self) {
        let mut wanted: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in &self.folders {
            // A folder within a program belongs to it.
            wanted.extend(
                folder.ancestors().skip(1).find(|above| self.files.is_file(&above.join(CONFIG))).map(Path::to_owned),
            );
            wanted.extend(programs_below(&*self.files, folder));
        }
        let homes: Vec<(PathBuf, Home)> = self.texts.keys().map(|path| (path.clone(), self.home(path))).collect();
        wanted.extend(homes.iter().map(|(_, home)| home.program.clone()));
        let gone: Vec<PathBuf> = self.programs.keys().filter(|key| !wanted.contains(*key)).cloned().collect();
        for key in &gone {
            self.programs.remove(key);
        }
        // What was a program by itself and is a folder's now, or the other way, begins anew.
        for key in &wanted {
            if self.programs.contains_key(key) { self.reload(key, None) } else { self.require(key) }
        }
        for (path, home) in homes {
            let Some(text) = self.texts.get_mut(&path) else { continue };
            let old = std::mem::replace(&mut text.home, home.clone());
            let text = text.text.clone();
            if old != home
                && let Some(program) = self.programs.get_mut(&old.program)
            {
                program.ide.remove_file(&old.file);
            }
            self.tell(&home, &text);
        }
    }
}

/// What the `tenon.toml` of a folder says, and what is wrong with it.
fn config(files: &dyn Files, root: &Path) -> (tenon_check::db::Settings, Option<(ConfigError, String)>) {
    let fallback = file_name(root);
    let text = match files.text(&root.join(CONFIG)) {
        Ok(text) => text,
        Err(error) => {
            let error = ConfigError { message: error.to_string(), range: None };
            return (Config::default().settings(&fallback), Some((error, String::new())));
        }
    };
    match Config::parse(&text) {
        Ok(config) => (config.settings(&fallback), None),
        Err(error) => (Config::default().settings(&fallback), Some((error, text))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.to_string_lossy().into_owned(), |name| name.to_string_lossy().into_owned())
}
