//! Renaming.

use crate::error::ResponseError;
use crate::view::View;
use ls_types::{PrepareRenameResponse, RenameParams, TextDocumentPositionParams, WorkspaceEdit};

/// `textDocument/prepareRename`.
pub fn prepare(
    view: &View,
    params: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, ResponseError> {
    let found = view.program.analysis.prepare_rename(&view.position(params.position));
    let found = found.map_err(|refused| ResponseError::failed(refused.0))?;
    let (range, placeholder) = (view.range(found.place.range), found.name);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
}

/// `textDocument/rename`. What cannot be renamed says why.
pub fn rename(view: &View, params: RenameParams) -> Result<Option<WorkspaceEdit>, ResponseError> {
    let position = view.position(params.text_document_position.position);
    let edit = view.program.analysis.rename(&position, &params.new_name);
    let edit = edit.map_err(|refused| ResponseError::failed(refused.0))?;
    Ok(Some(view.places().workspace_edit(&edit)))
}
