//! Where names are declared and used.

use crate::error::ResponseError;
use crate::view::View;
use ls_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, GotoDefinitionParams, GotoDefinitionResponse,
    Location, ReferenceParams,
};
use tenon_ide::NavigationTarget;
use tenon_ide::references::Access;

/// `textDocument/definition`, and `textDocument/declaration`, which is the same.
pub fn definition(view: &View, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    Ok(targets(view, &view.program.analysis.definition(&position)))
}

/// `textDocument/typeDefinition`.
pub fn type_definition(
    view: &View,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    Ok(targets(view, &view.program.analysis.type_definition(&position)))
}

/// `textDocument/implementation`.
pub fn implementation(
    view: &View,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    Ok(targets(view, &view.program.analysis.implementation(&position)))
}

fn targets(view: &View, found: &[NavigationTarget]) -> Option<GotoDefinitionResponse> {
    if found.is_empty() {
        return None;
    }
    let mut places = view.places();
    Some(if view.client.links {
        GotoDefinitionResponse::Link(found.iter().filter_map(|target| places.link(target, None)).collect())
    } else {
        GotoDefinitionResponse::Array(found.iter().filter_map(|target| places.target(target)).collect())
    })
}

/// `textDocument/references`.
pub fn references(view: &View, params: ReferenceParams) -> Result<Option<Vec<Location>>, ResponseError> {
    let position = view.position(params.text_document_position.position);
    let found = view.program.analysis.references(&position, params.context.include_declaration);
    let mut places = view.places();
    Ok(Some(found.iter().filter_map(|reference| places.location(&reference.place)).collect()))
}

/// `textDocument/documentHighlight`.
pub fn highlights(
    view: &View,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    let found = view.program.analysis.highlights(&position);
    let convert = |highlight: tenon_ide::references::Highlight| DocumentHighlight {
        range: view.range(highlight.range),
        kind: Some(match highlight.access {
            Access::Definition => DocumentHighlightKind::TEXT,
            Access::Read => DocumentHighlightKind::READ,
            Access::Write => DocumentHighlightKind::WRITE,
        }),
    };
    Ok(Some(found.into_iter().map(convert).collect()))
}
