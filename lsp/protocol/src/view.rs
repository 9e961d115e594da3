//! What answers questions about one document.

use crate::client::Client;
use crate::lines::Lines;
use crate::tokens::TokenMemory;
use crate::workspace::ProgramView;
use ls_types::{Location, LocationLink, OptionalVersionedTextDocumentIdentifier, Position, Uri};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;
use tenon_ide::{FilePosition, FileRange, NavigationTarget, TextEdit, WorkspaceEdit};
use tenon_span::Range;

/// A file of a program's snapshot.
pub struct View {
    /// The program.
    pub program: ProgramView,
    /// The file's path in it.
    pub file: String,
    /// What the client can do.
    pub client: Arc<Client>,
    /// What the client knows of tokens.
    pub tokens: Arc<TokenMemory>,
    lines: OnceCell<Lines>,
}

impl View {
    /// A file of a snapshot that has it.
    pub fn new(program: ProgramView, file: String, client: Arc<Client>, tokens: Arc<TokenMemory>) -> View {
        View { program, file, client, tokens, lines: OnceCell::new() }
    }

    /// The lines of the file.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| lines_of(&self.program, &self.client, &self.file))
    }

    /// A position of the file.
    pub fn position(&self, position: Position) -> FilePosition {
        FilePosition::new(self.file.clone(), self.lines().offset(position))
    }

    /// A range of the file.
    pub fn file_range(&self, range: ls_types::Range) -> FileRange {
        FileRange { file: self.file.clone(), range: self.lines().byte_range(range) }
    }

    /// A range of the file, for the client.
    pub fn range(&self, range: Range) -> ls_types::Range {
        self.lines().range(range)
    }

    /// Edits of the file, for the client.
    pub fn edits(&self, edits: &[TextEdit]) -> Vec<ls_types::TextEdit> {
        edits_of(self.lines(), edits)
    }

    /// What places in several files need.
    pub fn places(&self) -> Places<'_> {
        let mut places = Places::new(&self.program, &self.client);
        if let Some(lines) = self.lines.get() {
            places.lines.insert(self.file.clone(), lines.clone());
        }
        places
    }
}

/// Turns places of a program into those of the client; remembers the lines of the files that it met.
pub struct Places<'a> {
    program: &'a ProgramView,
    client: &'a Client,
    lines: HashMap<String, Lines>,
}

impl<'a> Places<'a> {
    /// Nothing met yet.
    pub fn new(program: &'a ProgramView, client: &'a Client) -> Places<'a> {
        Places { program, client, lines: HashMap::new() }
    }

    /// The lines of a file.
    pub fn lines(&mut self, file: &str) -> &Lines {
        if !self.lines.contains_key(file) {
            self.lines.insert(file.to_owned(), lines_of(self.program, self.client, file));
        }
        self.lines.get(file).expect("it was put there just now")
    }

    /// A range of a file, for the client.
    pub fn range(&mut self, file: &str, range: Range) -> ls_types::Range {
        self.lines(file).range(range)
    }

    /// The document of a file.
    pub fn uri(&self, file: &str) -> Option<Uri> {
        self.program.uri(file)
    }

    /// A place. `None` if its file has no document.
    pub fn location(&mut self, place: &FileRange) -> Option<Location> {
        Some(Location { uri: self.uri(&place.file)?, range: self.range(&place.file, place.range) })
    }

    /// A place to go to.
    pub fn target(&mut self, target: &NavigationTarget) -> Option<Location> {
        Some(Location { uri: self.uri(&target.file)?, range: self.range(&target.file, target.focus) })
    }

    /// A place to go to, with what to show around it.
    pub fn link(&mut self, target: &NavigationTarget, origin: Option<ls_types::Range>) -> Option<LocationLink> {
        Some(LocationLink {
            origin_selection_range: origin,
            target_uri: self.uri(&target.file)?,
            target_range: self.range(&target.file, target.full),
            target_selection_range: self.range(&target.file, target.focus),
        })
    }

    /// A change of texts.
    pub fn workspace_edit(&mut self, edit: &WorkspaceEdit) -> ls_types::WorkspaceEdit {
        let files: Vec<(Uri, Option<i32>, Vec<ls_types::TextEdit>)> = edit
            .files
            .iter()
            .filter_map(|file| {
                let uri = self.uri(&file.file)?;
                let version = self.program.version(&file.file);
                Some((uri, version, edits_of(self.lines(&file.file), &file.edits)))
            })
            .collect();
        if self.client.versioned_edits {
            let edits = files.into_iter().map(|(uri, version, edits)| ls_types::TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(ls_types::OneOf::Left).collect(),
            });
            let edits = ls_types::DocumentChanges::Edits(edits.collect());
            return ls_types::WorkspaceEdit { document_changes: Some(edits), ..Default::default() };
        }
        let changes = files.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
        ls_types::WorkspaceEdit { changes: Some(changes), ..Default::default() }
    }
}

fn lines_of(program: &ProgramView, client: &Client, file: &str) -> Lines {
    Lines::new(program.analysis.text(file).unwrap_or_else(|| Arc::from("")), client.encoding)
}

fn edits_of(lines: &Lines, edits: &[TextEdit]) -> Vec<ls_types::TextEdit> {
    edits.iter().map(|edit| ls_types::TextEdit::new(lines.range(edit.range), edit.text.clone())).collect()
}
