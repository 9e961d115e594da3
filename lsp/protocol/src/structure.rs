//! Folds, selections and links.

use crate::error::ResponseError;
use crate::view::View;
use ls_types::{
    DocumentLink, DocumentLinkParams, FoldingRange, FoldingRangeKind, FoldingRangeParams, SelectionRange,
    SelectionRangeParams,
};
use tenon_ide::folding::FoldingKind;
use tenon_ide::links::LinkTarget;

/// `textDocument/foldingRange`.
pub fn folding(view: &View, _: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>, ResponseError> {
    let lines_only = view.client.folds_lines_only;
    let found = view.program.analysis.folding_ranges(&view.file);
    let convert = |fold: tenon_ide::folding::FoldingRange| {
        let kind = match fold.kind {
            FoldingKind::Code => None,
            FoldingKind::Comment => Some(FoldingRangeKind::Comment),
            FoldingKind::Imports => Some(FoldingRangeKind::Imports),
            FoldingKind::Region => Some(FoldingRangeKind::Region),
        };
        if lines_only {
            return FoldingRange { start_line: fold.first_line, end_line: fold.last_line, kind, ..Default::default() };
        }
        let range = view.range(fold.range);
        FoldingRange {
            start_line: range.start.line,
            start_character: Some(range.start.character),
            end_line: range.end.line,
            end_character: Some(range.end.character),
            kind,
            collapsed_text: None,
        }
    };
    Ok(Some(found.into_iter().map(convert).collect()))
}

/// `textDocument/selectionRange`.
pub fn selection(view: &View, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>, ResponseError> {
    let of = |position| {
        let ranges = view.program.analysis.selection_ranges(&view.position(position));
        let outermost_first = ranges.into_iter().rev().map(|range| view.range(range));
        let chain =
            outermost_first.fold(None, |parent, range| Some(SelectionRange { range, parent: parent.map(Box::new) }));
        let here = ls_types::Range::new(position, position);
        chain.unwrap_or(SelectionRange { range: here, parent: None })
    };
    Ok(Some(params.positions.into_iter().map(of).collect()))
}

/// `textDocument/documentLink`.
pub fn links(view: &View, _: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>, ResponseError> {
    let convert = |link: tenon_ide::links::DocumentLink| {
        let target = match &link.target {
            LinkTarget::File(file) => view.program.uri(file),
            LinkTarget::Url(address) => address.parse().ok(),
            LinkTarget::Code(code) => view.client.error_page(code),
        }?;
        Some(DocumentLink { range: view.range(link.range), target: Some(target), tooltip: None, data: None })
    };
    Ok(Some(view.program.analysis.document_links(&view.file).into_iter().filter_map(convert).collect()))
}
