//! What the client can do.

use crate::lines::Encoding;
use ls_types::{ClientCapabilities, InitializeParams, MarkupKind, Uri};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the client said of itself in `initialize`, as far as answers depend on it.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// What columns count.
    pub encoding: Encoding,
    /// Asks for diagnostics itself.
    pub pulls_diagnostics: bool,
    /// Shows the places that explain a diagnostic.
    pub related_information: bool,
    /// Tells of files that change, if it is asked to.
    pub watches_files: bool,
    /// Asks for diagnostics again when told to.
    pub refreshes_diagnostics: bool,
    /// Asks for semantic tokens again when told to.
    pub refreshes_tokens: bool,
    /// Asks for inlay hints again when told to.
    pub refreshes_hints: bool,
    /// Asks for code lenses again when told to.
    pub refreshes_lenses: bool,
    /// Shows the progress of what the server does of itself.
    pub shows_progress: bool,
    /// Shows trees of symbols.
    pub symbol_trees: bool,
    /// Completion may place the cursor.
    pub snippets: bool,
    /// Reads Markdown.
    pub markdown: bool,
    /// Takes parameter labels as places in the signature's.
    pub label_offsets: bool,
    /// Takes edits with versions.
    pub versioned_edits: bool,
    /// Takes more of a place than where it begins.
    pub links: bool,
    /// Takes code actions that are more than commands.
    pub code_actions: bool,
    /// Asks for the edit of a code action when it is chosen.
    pub resolves_code_actions: bool,
    /// Folds whole lines only.
    pub folds_lines_only: bool,
    /// What the client set, beside what it can do.
    pub options: Options,
}

/// `initializationOptions`: what a user may set. All may be left out.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// What stands before the code in the address of a diagnostic's page: `https://…/errors/`. Without it diagnostics
    /// and links have no address.
    pub error_pages: Option<String>,
    /// Which inlay hints are given.
    pub inlay_hints: Hints,
    /// Which code lenses are given.
    pub lenses: Lenses,
    /// The commands that the client has itself and lenses may name: `tenon.client.run` and the like.
    pub commands: Vec<String>,
}

/// Which code lenses are given; those that are left out are given as is usual.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lenses {
    /// Run scenarios and `main`.
    pub run: Option<bool>,
    /// Call endpoints.
    pub call: Option<bool>,
    /// Explain queries.
    pub explain: Option<bool>,
    /// Show the rows of relations.
    pub rows: Option<bool>,
    /// Who reads and writes relations.
    pub relations: Option<bool>,
    /// Who reads and writes fields.
    pub fields: Option<bool>,
    /// Who calls functions, queries and handlers.
    pub calls: Option<bool>,
}

/// Which inlay hints are given; those that are left out are given as is usual.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hints {
    /// Types of `let` and of other bindings.
    pub bindings: Option<bool>,
    /// Types of the parameters of function values.
    pub lambda_parameters: Option<bool>,
    /// Types of rows in queries.
    pub query_rows: Option<bool>,
    /// Types of results that are not written.
    pub results: Option<bool>,
    /// Names of parameters at calls.
    pub arguments: Option<bool>,
    /// What a function reads and writes.
    pub effects: Option<bool>,
    /// What a function may fail with.
    pub failures: Option<bool>,
    /// The lines from which on a closing brace says what it closes; 0 for never.
    pub closing_lines: Option<u32>,
    /// The characters of a type that are shown; 0 shows all.
    pub max_length: Option<usize>,
}

impl Options {
    /// Reads what a client set. A member that does not fit counts as left out, and is complained of in a line.
    pub fn read(set: &Value) -> (Options, Vec<String>) {
        let mut complaints = Vec::new();
        let mut fitting = Value::Null;
        collect(set, &mut Vec::new(), &mut fitting, &mut complaints);
        (Options::deserialize(&fitting).unwrap_or_default(), complaints)
    }
}

/// Puts what fits below a path of `set` into `fitting`, member by member.
fn collect<'a>(set: &'a Value, path: &mut Vec<&'a str>, fitting: &mut Value, complaints: &mut Vec<String>) {
    let mut with = fitting.clone();
    let mut place = &mut with;
    for step in path.iter() {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[*step];
    }
    *place = set.clone();
    match (Options::deserialize(&with), set) {
        (Ok(_), _) => *fitting = with,
        (Err(_), Value::Object(members)) => {
            for (name, value) in members {
                path.push(name);
                collect(value, path, fitting, complaints);
                path.pop();
            }
        }
        (Err(error), _) => {
            let name =
                std::iter::once("initializationOptions").chain(path.iter().copied()).collect::<Vec<_>>().join(".");
            complaints.push(format!("`{name}` is left out: {error}"));
        }
    }
}

impl Client {
    /// The address of the page of a diagnostic's code.
    pub fn error_page(&self, code: &str) -> Option<Uri> {
        self.options.error_pages.as_ref().and_then(|pages| format!("{pages}{code}").parse().ok())
    }

    /// Reads what the client says.
    pub fn new(capabilities: &ClientCapabilities, options: Options) -> Client {
        let document = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let general = capabilities.general.as_ref();
        let yes = |says: Option<bool>| says == Some(true);
        let action = document.and_then(|d| d.code_action.as_ref());
        let item = document.and_then(|d| d.completion.as_ref()).and_then(|c| c.completion_item.as_ref());
        let information =
            document.and_then(|d| d.signature_help.as_ref()).and_then(|s| s.signature_information.as_ref());
        let diagnostics = workspace.and_then(|w| w.diagnostics.as_ref());
        let published = document.and_then(|d| d.publish_diagnostics.as_ref());
        let edit = workspace.and_then(|w| w.workspace_edit.as_ref());
        Client {
            encoding: Encoding::negotiate(general.and_then(|g| g.position_encodings.as_deref())),
            pulls_diagnostics: document.is_some_and(|d| d.diagnostic.is_some()),
            related_information: published.is_some_and(|p| yes(p.related_information)),
            watches_files: workspace
                .and_then(|w| w.did_change_watched_files.as_ref())
                .is_some_and(|w| yes(w.dynamic_registration)),
            refreshes_diagnostics: diagnostics.is_some_and(|d| yes(d.refresh_support)),
            refreshes_tokens: workspace
                .and_then(|w| w.semantic_tokens.as_ref())
                .is_some_and(|s| yes(s.refresh_support)),
            refreshes_hints: workspace.and_then(|w| w.inlay_hint.as_ref()).is_some_and(|h| yes(h.refresh_support)),
            refreshes_lenses: workspace.and_then(|w| w.code_lens.as_ref()).is_some_and(|l| yes(l.refresh_support)),
            shows_progress: capabilities.window.as_ref().is_some_and(|w| yes(w.work_done_progress)),
            symbol_trees: document
                .and_then(|d| d.document_symbol.as_ref())
                .is_some_and(|s| yes(s.hierarchical_document_symbol_support)),
            snippets: item.is_some_and(|i| yes(i.snippet_support)),
            markdown: document
                .and_then(|d| d.hover.as_ref())
                .and_then(|h| h.content_format.as_ref())
                .is_none_or(|formats| formats.contains(&MarkupKind::Markdown)),
            label_offsets: information
                .and_then(|i| i.parameter_information.as_ref())
                .is_some_and(|p| yes(p.label_offset_support)),
            versioned_edits: edit.is_some_and(|e| yes(e.document_changes)),
            links: document.and_then(|d| d.definition.as_ref()).is_some_and(|d| yes(d.link_support)),
            code_actions: action.is_some_and(|a| a.code_action_literal_support.is_some()),
            resolves_code_actions: action.is_some_and(|a| {
                yes(a.data_support)
                    && a.resolve_support.as_ref().is_some_and(|r| r.properties.iter().any(|p| p == "edit"))
            }),
            folds_lines_only: document.and_then(|d| d.folding_range.as_ref()).is_some_and(|f| yes(f.line_folding_only)),
            options,
        }
    }
}

/// The folders that the client has open.
pub fn folders(params: &InitializeParams) -> Vec<Uri> {
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().map(|folder| folder.uri.clone()).collect();
    }
    #[expect(deprecated, reason = "what clients say that know no folders")]
    params.root_uri.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::Options;
    use serde_json::json;

    #[test]
    fn what_fits_is_read() {
        let (set, complaints) = Options::read(&json!({
            "errorPages": "https://x.example/",
            "inlayHints": { "maxLength": "long", "bindings": false, "later": 1 },
            "lenses": 7,
            "commands": ["tenon.client.run"],
        }));
        assert_eq!((set.error_pages.as_deref(), set.commands.len()), (Some("https://x.example/"), 1));
        assert_eq!((set.inlay_hints.bindings, set.inlay_hints.max_length), (Some(false), None));
        assert_eq!((set.lenses, complaints.len()), (Options::default().lenses, 2));
        let (set, complaints) = Options::read(&json!([1]));
        assert_eq!((set, complaints.len()), (Options::default(), 1));
    }
}
