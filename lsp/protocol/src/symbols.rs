//! Symbols of documents and programs.

use crate::error::ResponseError;
use crate::session::Session;
use crate::task::{Found, Work};
use crate::view::{Places, View};
use ls_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, OneOf, SymbolInformation, SymbolKind, Uri,
    WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use tenon_ide::cancel::Canceller;

/// As many symbols as anybody looks through.
const LIMIT: usize = 256;

/// `textDocument/documentSymbol`.
pub fn document(view: &View, _: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>, ResponseError> {
    let found = view.program.analysis.document_symbols(&view.file);
    if view.client.symbol_trees {
        return Ok(Some(DocumentSymbolResponse::Nested(found.iter().map(|symbol| tree(view, symbol)).collect())));
    }
    let mut list = Vec::new();
    if let Some(uri) = view.program.uri(&view.file) {
        found.iter().for_each(|symbol| flat(view, &uri, symbol, None, &mut list));
    }
    Ok(Some(DocumentSymbolResponse::Flat(list)))
}

#[expect(deprecated, reason = "the field has no default")]
fn tree(view: &View, symbol: &tenon_ide::symbols::DocumentSymbol) -> DocumentSymbol {
    let children: Vec<_> = symbol.children.iter().map(|child| tree(view, child)).collect();
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: view.range(symbol.full),
        selection_range: view.range(symbol.focus),
        children: (!children.is_empty()).then_some(children),
    }
}

#[expect(deprecated, reason = "the field has no default")]
fn flat(
    view: &View,
    uri: &Uri,
    symbol: &tenon_ide::symbols::DocumentSymbol,
    container: Option<&str>,
    list: &mut Vec<SymbolInformation>,
) {
    list.push(SymbolInformation {
        name: symbol.name.clone(),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        location: Location { uri: uri.clone(), range: view.range(symbol.full) },
        container_name: container.map(str::to_owned),
    });
    symbol.children.iter().for_each(|child| flat(view, uri, child, Some(&symbol.name), list));
}

/// `workspace/symbol`.
pub fn begin_workspace(
    session: &Session,
    params: WorkspaceSymbolParams,
) -> Result<(Option<Canceller>, Work), ResponseError> {
    let (programs, client) = (session.programs(), session.client.clone());
    let canceller = Canceller::of(programs.iter().map(|program| &program.analysis));
    let work = move || {
        let mut list = Vec::new();
        for program in &programs {
            let mut places = Places::new(program, &client);
            for symbol in program.analysis.workspace_symbols(&params.query, LIMIT) {
                let Some(location) = places.target(&symbol) else { continue };
                list.push(WorkspaceSymbol {
                    name: symbol.name,
                    kind: kind(symbol.kind),
                    tags: None,
                    container_name: symbol.container,
                    location: OneOf::Left(location),
                    data: None,
                });
            }
        }
        let answer = Some(WorkspaceSymbolResponse::Nested(list));
        serde_json::to_value(answer).map(Found::Answer).map_err(|error| ResponseError::failed(error.to_string()))
    };
    Ok((Some(canceller), Box::new(work)))
}

/// The nearest of the protocol's kinds.
pub fn kind(kind: tenon_ide::SymbolKind) -> SymbolKind {
    use tenon_ide::SymbolKind as Own;
    match kind {
        Own::Module => SymbolKind::MODULE,
        Own::Relation => SymbolKind::CLASS,
        Own::Event => SymbolKind::EVENT,
        Own::View => SymbolKind::INTERFACE,
        Own::TypeAlias => SymbolKind::STRUCT,
        Own::Variant => SymbolKind::ENUM,
        Own::Case => SymbolKind::ENUM_MEMBER,
        Own::Field => SymbolKind::FIELD,
        Own::Inverse => SymbolKind::PROPERTY,
        Own::Function => SymbolKind::FUNCTION,
        Own::Query => SymbolKind::FUNCTION,
        Own::Handler => SymbolKind::METHOD,
        Own::Constant => SymbolKind::CONSTANT,
        Own::Error => SymbolKind::STRUCT,
        Own::Scenario => SymbolKind::OBJECT,
        Own::Parameter | Own::Local => SymbolKind::VARIABLE,
        Own::TypeParameter => SymbolKind::TYPE_PARAMETER,
        Own::BuiltinType => SymbolKind::CLASS,
        Own::Keyword => SymbolKind::KEY,
        Own::Item => SymbolKind::OBJECT,
    }
}
