//! Code actions: what `tenon-ide` offers, and all certain fixes of a document at once.

use crate::error::ResponseError;
use crate::session::Session;
use crate::task::{Canceller, Found, Work};
use crate::view::View;
use ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Diagnostic, NumberOrString,
    Range, Uri,
};
use serde::{Deserialize, Serialize};
use tenon_ide::WorkspaceEdit;
use tenon_ide::actions::ActionKind;

/// What finds an action again.
#[derive(Serialize, Deserialize)]
struct Origin {
    uri: Uri,
    range: Range,
    id: String,
    title: String,
}

/// The name of the action that applies all certain fixes.
const FIX_ALL: &str = "fix-everything";

/// `textDocument/codeAction`. Edits come when an action is chosen, if the client can ask for them.
pub fn actions(view: &View, params: CodeActionParams) -> Result<Option<CodeActionResponse>, ResponseError> {
    let wanted = |offered: &Offered| match &params.context.only {
        None => !offered.by_kind,
        // `refactor` wants `refactor.extract` too.
        Some(only) => only.iter().any(|only| {
            let rest = offered.kind.as_str().strip_prefix(only.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }),
    };
    let mut list = Vec::new();
    for found in offered(view, params.range) {
        if !wanted(&found) {
            continue;
        }
        let origin = Origin {
            uri: params.text_document.uri.clone(),
            range: params.range,
            id: found.id.to_owned(),
            title: found.title.clone(),
        };
        let mends = |diagnostic: &&Diagnostic| {
            found.mends.iter().any(|(code, range)| {
                diagnostic.code.as_ref() == Some(&NumberOrString::String(code.clone()))
                    && diagnostic.range == view.range(*range)
            })
        };
        let diagnostics: Vec<_> = params.context.diagnostics.iter().filter(mends).cloned().collect();
        let mut action = CodeAction {
            title: found.title.clone(),
            kind: Some(found.kind.clone()),
            diagnostics: (!diagnostics.is_empty()).then_some(diagnostics),
            is_preferred: Some(found.preferred),
            ..CodeAction::default()
        };
        if view.client.resolves_code_actions {
            action.data = serde_json::to_value(origin).ok();
        } else {
            action.edit = Some(view.places().workspace_edit(&found.edit));
        }
        list.push(CodeActionOrCommand::CodeAction(action));
    }
    Ok(Some(list))
}

/// `codeAction/resolve`.
pub fn begin_resolve(session: &Session, mut action: CodeAction) -> Result<(Option<Canceller>, Work), ResponseError> {
    let data = action.data.clone().unwrap_or_default();
    let origin: Origin =
        serde_json::from_value(data).map_err(|error| ResponseError::invalid_params(error.to_string()))?;
    let view = session.document(&origin.uri)?;
    let canceller = view.program.analysis.canceller();
    let work = move || {
        let mut found = offered(&view, origin.range).into_iter();
        let same = found.find(|found| found.id == origin.id && found.title == origin.title);
        let same = same.ok_or_else(|| ResponseError::failed("the program changed: this is not offered any more"))?;
        action.edit = Some(view.places().workspace_edit(&same.edit));
        serde_json::to_value(action).map(Found::Answer).map_err(|error| ResponseError::failed(error.to_string()))
    };
    Ok((Some(canceller), Box::new(work)))
}

/// An action, before it becomes a message.
struct Offered {
    id: &'static str,
    title: String,
    kind: CodeActionKind,
    mends: Vec<(String, tenon_span::Range)>,
    preferred: bool,
    /// Is about the whole document, and offered to who asks for its kind, as editors do when they save.
    by_kind: bool,
    edit: WorkspaceEdit,
}

fn offered(view: &View, range: Range) -> Vec<Offered> {
    let found = view.program.analysis.code_actions(&view.file_range(range)).into_iter();
    let mut list: Vec<Offered> = found
        .map(|action| Offered {
            id: action.id,
            title: action.title,
            kind: kind(action.kind),
            mends: action.mends,
            preferred: action.preferred,
            by_kind: false,
            edit: action.edit,
        })
        .collect();
    if !list.iter().any(|offered| offered.kind == CodeActionKind::SOURCE_ORGANIZE_IMPORTS)
        && let Some(action) = view.program.analysis.organize_uses(&view.file)
    {
        list.push(Offered {
            id: action.id,
            title: action.title,
            kind: CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
            mends: Vec::new(),
            preferred: false,
            by_kind: true,
            edit: action.edit,
        });
    }
    if let Some(action) = view.program.analysis.fix_all(&view.file) {
        list.push(Offered {
            id: FIX_ALL,
            title: action.title,
            kind: CodeActionKind::SOURCE_FIX_ALL,
            mends: Vec::new(),
            preferred: false,
            by_kind: true,
            edit: action.edit,
        });
    }
    list
}

fn kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix | ActionKind::FixAll => CodeActionKind::QUICKFIX,
        ActionKind::Generate => CodeActionKind::REFACTOR,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::Inline => CodeActionKind::REFACTOR_INLINE,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Organize => CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
    }
}
