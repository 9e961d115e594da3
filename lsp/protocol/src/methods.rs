//! The one table of methods: what each is called, and what becomes of it.

use crate::error::ResponseError;
use crate::session::Session;
use crate::task::{Found, Overtaken, Work};
use crate::{
    actions, calls, commands, completion, diagnostics, formatting, hints, hover, lenses, lifecycle, moves, navigation,
    rename, structure, symbols, tokens,
};
use ls_types::notification::{self as said, Notification};
use ls_types::request::{self as asked, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenon_ide::cancel::Canceller;

/// A method.
pub struct Method {
    /// Its name in the protocol.
    pub name: &'static str,
    /// What becomes of it.
    pub kind: Kind,
}

/// What becomes of a message.
pub enum Kind {
    /// It changes the programs, and has no answer.
    Event {
        /// Changes them.
        apply: fn(&mut Session, Value) -> Result<(), ResponseError>,
        /// False where it changes nothing this time: what is under way need not be done again.
        changes: fn(&Session, &Value) -> bool,
    },
    /// It changes no program, and has no answer.
    Note(fn(&mut Session, Value) -> Result<(), ResponseError>),
    /// It is answered at once, and changes no program.
    Call(fn(&mut Session, Value) -> Result<Value, ResponseError>),
    /// It is answered from a snapshot.
    Read {
        /// What becomes of it if the program changes before.
        overtaken: Overtaken,
        /// Takes the snapshot.
        begin: fn(&Session, &Value) -> Result<(Option<Canceller>, Work), ResponseError>,
    },
}

/// Finds a method.
pub fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, ResponseError> {
    // Methods without parameters may be called with none, `null` or an empty object.
    serde_json::from_value(params).map_err(|error| ResponseError::invalid_params(error.to_string()))
}

fn answer(value: impl Serialize) -> Result<Value, ResponseError> {
    serde_json::to_value(value).map_err(|error| ResponseError::failed(error.to_string()))
}

/// A notification that changes something.
macro_rules! event {
    ($notification:ty, $apply:path) => {
        event!($notification, $apply, |_, _| true)
    };
    ($notification:ty, $apply:path, $changes:expr) => {
        Method {
            name: <$notification as Notification>::METHOD,
            kind: Kind::Event { apply: |session, params| $apply(session, parse(params)?), changes: $changes },
        }
    };
}

/// A request that is answered at once.
macro_rules! call {
    ($request:ty, $answer:path) => {
        Method {
            name: <$request as Request>::METHOD,
            kind: Kind::Call(|session, params| answer($answer(session, parse(params)?)?)),
        }
    };
}

/// A request about a document: where its parameters name that, and what answers.
macro_rules! document {
    ($request:ty, $overtaken:ident, |$params:ident| $uri:expr, $answer:path) => {
        Method {
            name: <$request as Request>::METHOD,
            kind: Kind::Read {
                overtaken: Overtaken::$overtaken,
                begin: |session, params| {
                    let $params: <$request as Request>::Params = parse(params.clone())?;
                    let view = session.document($uri)?;
                    let canceller = view.program.analysis.canceller();
                    let work = move || {
                        let found: <$request as Request>::Result = $answer(&view, $params)?;
                        answer(found).map(Found::Answer)
                    };
                    Ok((Some(canceller), Box::new(work) as Work))
                },
            },
        }
    };
}

/// A request about whatever its parameters say: what begins it.
macro_rules! read {
    ($request:ty, $overtaken:ident, $begin:path) => {
        Method {
            name: <$request as Request>::METHOD,
            kind: Kind::Read {
                overtaken: Overtaken::$overtaken,
                begin: |session, params| $begin(session, parse(params.clone())?),
            },
        }
    };
}

/// All methods.
pub static METHODS: &[Method] = &[
    // Beginning and end.
    call!(asked::Initialize, lifecycle::initialize),
    event!(said::Initialized, lifecycle::initialized),
    Method { name: asked::Shutdown::METHOD, kind: Kind::Call(|session, _| answer(lifecycle::shutdown(session, ())?)) },
    Method { name: said::Exit::METHOD, kind: Kind::Note(lifecycle::exit) },
    Method {
        name: said::Cancel::METHOD,
        kind: Kind::Note(|session, params| lifecycle::cancel(session, parse(params)?)),
    },
    Method { name: said::SetTrace::METHOD, kind: Kind::Note(lifecycle::nothing) },
    Method { name: said::DidChangeConfiguration::METHOD, kind: Kind::Note(lifecycle::nothing) },
    Method { name: said::WorkDoneProgressCancel::METHOD, kind: Kind::Note(lifecycle::nothing) },
    // Documents and files.
    event!(said::DidOpenTextDocument, lifecycle::did_open),
    event!(said::DidChangeTextDocument, lifecycle::did_change),
    event!(said::DidSaveTextDocument, lifecycle::did_save, |session, _| !session.client.watches_files),
    event!(said::DidCloseTextDocument, lifecycle::did_close),
    event!(said::DidChangeWatchedFiles, lifecycle::did_change_watched_files),
    event!(
        said::DidChangeWorkspaceFolders,
        lifecycle::did_change_workspace_folders,
        lifecycle::changes_workspace_folders
    ),
    // Diagnostics.
    document!(asked::DocumentDiagnosticRequest, AskAgain, |p| &p.text_document.uri, diagnostics::document),
    read!(asked::WorkspaceDiagnosticRequest, Repeated, diagnostics::begin_workspace),
    // Writing.
    document!(asked::Completion, Refused, |p| &p.text_document_position.text_document.uri, completion::complete),
    read!(asked::ResolveCompletionItem, Refused, completion::begin_resolve),
    document!(
        asked::SignatureHelpRequest,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        hover::signature_help
    ),
    document!(asked::CodeActionRequest, Refused, |p| &p.text_document.uri, actions::actions),
    read!(asked::CodeActionResolveRequest, Refused, actions::begin_resolve),
    document!(asked::PrepareRenameRequest, Refused, |p| &p.text_document.uri, rename::prepare),
    document!(asked::Rename, Refused, |p| &p.text_document_position.text_document.uri, rename::rename),
    read!(asked::WillRenameFiles, Repeated, moves::begin),
    document!(asked::Formatting, Refused, |p| &p.text_document.uri, formatting::whole),
    document!(asked::RangeFormatting, Refused, |p| &p.text_document.uri, formatting::range),
    document!(asked::OnTypeFormatting, Refused, |p| &p.text_document_position.text_document.uri, formatting::on_type),
    // Reading.
    document!(asked::HoverRequest, Refused, |p| &p.text_document_position_params.text_document.uri, hover::hover),
    document!(
        asked::DocumentHighlightRequest,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        navigation::highlights
    ),
    document!(asked::InlayHintRequest, Refused, |p| &p.text_document.uri, hints::hints),
    document!(asked::SemanticTokensFullRequest, Refused, |p| &p.text_document.uri, tokens::full),
    document!(asked::SemanticTokensFullDeltaRequest, Refused, |p| &p.text_document.uri, tokens::delta),
    document!(asked::SemanticTokensRangeRequest, Refused, |p| &p.text_document.uri, tokens::range),
    document!(asked::FoldingRangeRequest, Refused, |p| &p.text_document.uri, structure::folding),
    document!(asked::SelectionRangeRequest, Refused, |p| &p.text_document.uri, structure::selection),
    document!(asked::DocumentLinkRequest, Refused, |p| &p.text_document.uri, structure::links),
    document!(asked::CodeLensRequest, Repeated, |p| &p.text_document.uri, lenses::lenses),
    // Finding.
    document!(
        asked::GotoDefinition,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        navigation::definition
    ),
    document!(
        asked::GotoDeclaration,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        navigation::definition
    ),
    document!(
        asked::GotoTypeDefinition,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        navigation::type_definition
    ),
    document!(
        asked::GotoImplementation,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        navigation::implementation
    ),
    document!(asked::References, Refused, |p| &p.text_document_position.text_document.uri, navigation::references),
    document!(asked::DocumentSymbolRequest, Refused, |p| &p.text_document.uri, symbols::document),
    read!(asked::WorkspaceSymbolRequest, Repeated, symbols::begin_workspace),
    document!(
        asked::CallHierarchyPrepare,
        Refused,
        |p| &p.text_document_position_params.text_document.uri,
        calls::prepare
    ),
    document!(asked::CallHierarchyIncomingCalls, Refused, |p| &p.item.uri, calls::incoming),
    document!(asked::CallHierarchyOutgoingCalls, Refused, |p| &p.item.uri, calls::outgoing),
    // Doing.
    read!(asked::ExecuteCommand, Repeated, commands::begin),
];
