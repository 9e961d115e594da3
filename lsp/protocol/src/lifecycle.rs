//! The beginning, the end, and what happens to documents and files between.

use crate::capabilities;
use crate::client::{Client, Options, folders};
use crate::error::ResponseError;
use crate::message::Id;
use crate::session::Session;
use crate::uri::path_of;
use crate::workspace::Happened;
use ls_types::{
    CancelParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, FileChangeType, InitializeParams,
    InitializeResult, InitializedParams, NumberOrString, ServerInfo, WorkspaceFolder,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// `initialize`.
pub fn initialize(session: &mut Session, params: InitializeParams) -> Result<InitializeResult, ResponseError> {
    let (options, complaints) = match &params.initialization_options {
        None | Some(Value::Null) => (Options::default(), Vec::new()),
        Some(set) => Options::read(set),
    };
    for complaint in complaints {
        session.log(complaint);
    }
    session.client = Arc::new(Client::new(&params.capabilities, options));
    session.folders = folders(&params).iter().map(path_of).collect();
    session.begin();
    Ok(InitializeResult {
        capabilities: capabilities::of_server(&session.client),
        server_info: Some(ServerInfo { name: "tenon".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }),
        offset_encoding: None,
    })
}

/// `initialized`: the client listens now.
pub fn initialized(session: &mut Session, _: InitializedParams) -> Result<(), ResponseError> {
    if session.client.watches_files {
        let watchers = json!([{ "globPattern": "**/*.tn" }, { "globPattern": "**/tenon.toml" }]);
        let registration = json!({
            "id": "tenon/files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        session.ask("client/registerCapability", json!({ "registrations": [registration] }));
    }
    let folders = std::mem::take(&mut session.folders);
    session.workspace.set_folders(folders);
    session.begin_start();
    Ok(())
}

/// `shutdown`.
pub fn shutdown(session: &mut Session, _: ()) -> Result<(), ResponseError> {
    session.shut_down();
    Ok(())
}

/// `exit`.
pub fn exit(session: &mut Session, _: Value) -> Result<(), ResponseError> {
    session.exit();
    Ok(())
}

/// `$/cancelRequest`.
pub fn cancel(session: &mut Session, params: CancelParams) -> Result<(), ResponseError> {
    session.cancel(match params.id {
        NumberOrString::Number(number) => Id::Number(i64::from(number)),
        NumberOrString::String(text) => Id::Text(text),
    });
    Ok(())
}

/// `textDocument/didOpen`.
pub fn did_open(session: &mut Session, params: DidOpenTextDocumentParams) -> Result<(), ResponseError> {
    let document = params.text_document;
    session.workspace.open(document.uri, document.version, document.text);
    Ok(())
}

/// `textDocument/didChange`.
pub fn did_change(session: &mut Session, params: DidChangeTextDocumentParams) -> Result<(), ResponseError> {
    let document = params.text_document;
    let encoding = session.client.encoding;
    session
        .workspace
        .change(&document.uri, document.version, params.content_changes, encoding)
        .map_err(ResponseError::invalid_params)
}

/// `textDocument/didSave`.
pub fn did_save(session: &mut Session, params: DidSaveTextDocumentParams) -> Result<(), ResponseError> {
    session.workspace.saved(&params.text_document.uri, session.client.watches_files);
    Ok(())
}

/// `textDocument/didClose`.
pub fn did_close(session: &mut Session, params: DidCloseTextDocumentParams) -> Result<(), ResponseError> {
    session.workspace.close(&params.text_document.uri);
    session.tokens.forget(&params.text_document.uri);
    Ok(())
}

/// `workspace/didChangeWatchedFiles`.
pub fn did_change_watched_files(
    session: &mut Session,
    params: DidChangeWatchedFilesParams,
) -> Result<(), ResponseError> {
    let events: Vec<_> = params
        .changes
        .iter()
        .map(|event| {
            let deleted = event.typ == FileChangeType::DELETED;
            (path_of(&event.uri), if deleted { Happened::Deleted } else { Happened::Written })
        })
        .collect();
    session.workspace.happened(&events);
    session.refresh();
    Ok(())
}

/// False where the folders stay as they are: clients begin by telling what they told in `initialize`.
pub fn changes_workspace_folders(session: &Session, params: &Value) -> bool {
    // What cannot be read is refused where it is applied.
    let Ok(params) = serde_json::from_value::<DidChangeWorkspaceFoldersParams>(params.clone()) else { return true };
    let (added, removed) = folder_changes(&params);
    session.workspace.folders_after(added, &removed) != session.workspace.folders()
}

fn folder_changes(params: &DidChangeWorkspaceFoldersParams) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let paths = |list: &[WorkspaceFolder]| list.iter().map(|folder| path_of(&folder.uri)).collect();
    (paths(&params.event.added), paths(&params.event.removed))
}

/// `workspace/didChangeWorkspaceFolders`.
pub fn did_change_workspace_folders(
    session: &mut Session,
    params: DidChangeWorkspaceFoldersParams,
) -> Result<(), ResponseError> {
    let (added, removed) = folder_changes(&params);
    session.workspace.set_folders(session.workspace.folders_after(added, &removed));
    session.refresh();
    Ok(())
}

/// What the client says that changes no answer.
pub fn nothing(_: &mut Session, _: Value) -> Result<(), ResponseError> {
    Ok(())
}

impl Session {
    /// Files that are not edited have changed: the client asks again for what it shows.
    fn refresh(&mut self) {
        let client = self.client.clone();
        for (can, method) in [
            (client.refreshes_diagnostics, "workspace/diagnostic/refresh"),
            (client.refreshes_tokens, "workspace/semanticTokens/refresh"),
            (client.refreshes_hints, "workspace/inlayHint/refresh"),
            (client.refreshes_lenses, "workspace/codeLens/refresh"),
        ] {
            if can {
                self.ask(method, Value::Null);
            }
        }
    }
}
