//! Files that the client is about to move: what becomes of the names that are used across them.

use crate::error::ResponseError;
use crate::session::Session;
use crate::task::{Canceller, Found, Work};
use crate::uri::path_of;
use crate::view::Places;
use crate::workspace::ProgramView;
use ls_types::{DocumentChanges, RenameFilesParams, Uri, WorkspaceEdit};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tenon_project::members::is_source;

/// `workspace/willRenameFiles`: the edits of the files where they are now. Of a folder its files move. What leaves its
/// program, or does not begin in one, edits nothing.
pub fn begin(session: &Session, params: RenameFilesParams) -> Result<(Option<Canceller>, Work), ResponseError> {
    let path = |uri: &str| {
        let uri = Uri::from_str(uri).map_err(|error| ResponseError::invalid_params(format!("`{uri}`: {error}")))?;
        Ok(path_of(&uri))
    };
    let renames: Vec<(PathBuf, PathBuf)> = params
        .files
        .iter()
        .map(|file| Ok((path(&file.old_uri)?, path(&file.new_uri)?)))
        .collect::<Result<_, ResponseError>>()?;
    let (programs, client) = (session.programs(), session.client.clone());
    let canceller = Canceller::of(programs.iter().map(|program| &program.analysis));
    let work = move || {
        let mut all = WorkspaceEdit::default();
        for program in &programs {
            let moves = moves_in(program, &renames);
            if !moves.is_empty() {
                let edit = program.analysis.move_files(&moves);
                join(&mut all, Places::new(program, &client).workspace_edit(&edit));
            }
        }
        serde_json::to_value(Some(all)).map(Found::Answer).map_err(|error| ResponseError::failed(error.to_string()))
    };
    Ok((Some(canceller), Box::new(work)))
}

/// The files of a program that move within it: where they are, and where they will be.
fn moves_in(program: &ProgramView, renames: &[(PathBuf, PathBuf)]) -> Vec<(String, String)> {
    let root = &program.place.root;
    let to = |file: &String| {
        let path = program.place.path(file);
        // Of several the one that says most of the file: a folder may move, and a file of it elsewhere.
        let fits = |(from, _): &&(PathBuf, PathBuf)| path.starts_with(from);
        let (from, to) = renames.iter().filter(fits).max_by_key(|(from, _)| from.components().count())?;
        let rest = path.strip_prefix(from).ok()?;
        let new = if rest == Path::new("") { to.clone() } else { to.join(rest) };
        let inside = new.strip_prefix(root).ok().filter(|_| is_source(&new))?;
        let steps: Option<Vec<&str>> = inside.components().map(|step| step.as_os_str().to_str()).collect();
        Some((file.clone(), steps?.join("/")))
    };
    program.analysis.files().iter().filter_map(to).collect()
}

fn join(all: &mut WorkspaceEdit, more: WorkspaceEdit) {
    if let Some(changes) = more.changes {
        all.changes.get_or_insert_default().extend(changes);
    }
    if let Some(DocumentChanges::Edits(more)) = more.document_changes {
        match &mut all.document_changes {
            Some(DocumentChanges::Edits(edits)) => edits.extend(more),
            _ => all.document_changes = Some(DocumentChanges::Edits(more)),
        }
    }
}
