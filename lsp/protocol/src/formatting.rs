//! Formatting.

use crate::error::ResponseError;
use crate::view::View;
use ls_types::{DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams, TextEdit};

/// `textDocument/formatting`. There is one style: what the client would set is not asked.
pub fn whole(view: &View, _: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>, ResponseError> {
    Ok(Some(view.edits(&view.program.analysis.format(&view.file))))
}

/// `textDocument/rangeFormatting`.
pub fn range(view: &View, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>, ResponseError> {
    Ok(Some(view.edits(&view.program.analysis.format_range(&view.file_range(params.range)))))
}

/// `textDocument/onTypeFormatting`.
pub fn on_type(view: &View, params: DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>, ResponseError> {
    let mut typed = params.ch.chars();
    let (Some(typed), None) = (typed.next(), typed.next()) else {
        return Err(ResponseError::invalid_params("`ch` is one character"));
    };
    let position = view.position(params.text_document_position.position);
    Ok(Some(view.edits(&view.program.analysis.format_on_type(&position, typed))))
}
