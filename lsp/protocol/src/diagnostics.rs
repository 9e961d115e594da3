//! Diagnostics: pulled by document and by workspace. Each report has an id that depends on what it says, so that a
//! client that has it already is told so in a word.

use crate::client::Client;
use crate::error::ResponseError;
use crate::session::Session;
use crate::task::{Canceller, Found, Work};
use crate::view::{Places, View};
use crate::workspace::ProgramView;
use ls_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DocumentDiagnosticParams,
    DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, NumberOrString,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};
use rustc_hash::FxHasher;
use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use tenon_ide::diagnostics::Severity;

/// `textDocument/diagnostic`.
pub fn document(
    view: &View,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult, ResponseError> {
    let items = of_file(&view.program, &view.client, &view.file, Some(view));
    let id = result_id(&items);
    let report = if params.previous_result_id.as_ref() == Some(&id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
        })
    };
    Ok(report.into())
}

/// `workspace/diagnostic`.
pub fn begin_workspace(
    session: &Session,
    params: WorkspaceDiagnosticParams,
) -> Result<(Option<Canceller>, Work), ResponseError> {
    let (programs, client) = (session.programs(), session.client.clone());
    let canceller = Canceller::of(programs.iter().map(|program| &program.analysis));
    Ok((Some(canceller), Box::new(move || workspace(&programs, &client, &params))))
}

/// `workspace/diagnostic`: one report per file that the client does not know to be without diagnostics. A client that
/// takes results in parts asks again at once when it is answered; it waits until there is something new.
pub fn workspace(
    programs: &[ProgramView],
    client: &Arc<Client>,
    params: &WorkspaceDiagnosticParams,
) -> Result<Found, ResponseError> {
    let mut known: HashMap<_, _> =
        params.previous_result_ids.iter().map(|previous| (&previous.uri, &previous.value)).collect();
    let mut items = Vec::new();
    let mut news = false;
    for program in programs {
        for file in program.analysis.files() {
            let Some(uri) = program.uri(&file) else { continue };
            let version = program.version(&file).map(i64::from);
            let found = of_file(program, client, &file, None);
            let id = result_id(&found);
            match known.remove(&uri) {
                Some(previous) if *previous == id => {
                    let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id: id };
                    items.push(WorkspaceDocumentDiagnosticReport::Unchanged(
                        WorkspaceUnchangedDocumentDiagnosticReport {
                            uri,
                            version,
                            unchanged_document_diagnostic_report,
                        },
                    ));
                }
                _ => {
                    news = true;
                    items.push(full(uri, version, Some(id), found));
                }
            }
        }
    }
    // What is gone has no diagnostics any more.
    for uri in known.into_keys() {
        news = true;
        items.push(full(uri.clone(), None, None, Vec::new()));
    }
    let streams = params.partial_result_params.partial_result_token.is_some();
    if streams && !news && !params.previous_result_ids.is_empty() {
        return Ok(Found::Nothing);
    }
    let report = WorkspaceDiagnosticReport { items };
    serde_json::to_value(report).map(Found::Answer).map_err(|error| ResponseError::failed(error.to_string()))
}

fn full(
    uri: ls_types::Uri,
    version: Option<i64>,
    result_id: Option<String>,
    items: Vec<Diagnostic>,
) -> WorkspaceDocumentDiagnosticReport {
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
    })
}

/// The diagnostics of a file of the program. `view` is the file's, where there is one.
pub fn of_file(program: &ProgramView, client: &Arc<Client>, file: &str, view: Option<&View>) -> Vec<Diagnostic> {
    let found = program.analysis.diagnostics(file);
    if found.is_empty() {
        return Vec::new();
    }
    let mut places = view.map_or_else(|| Places::new(program, client), View::places);
    found.iter().map(|diagnostic| convert(diagnostic, file, client, &mut places)).collect()
}

fn convert(
    found: &tenon_ide::diagnostics::Diagnostic,
    file: &str,
    client: &Client,
    places: &mut Places<'_>,
) -> Diagnostic {
    let mut message = found.message.clone();
    if !found.label.is_empty() {
        message.push('\n');
        message.push_str(&found.label);
    }
    for note in &found.notes {
        message.push('\n');
        message.push_str(note);
    }
    let mut information = |related: &tenon_ide::diagnostics::Related| {
        let location = places.location(&related.place)?;
        Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
    };
    let related_information =
        client.related_information.then(|| found.related.iter().filter_map(&mut information).collect());
    let code_description = client.error_page(&found.code).map(|href| CodeDescription { href });
    Diagnostic {
        range: places.range(file, found.range),
        severity: Some(match found.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Hint => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(found.code.clone())),
        code_description,
        source: Some("tenon".to_owned()),
        message,
        related_information,
        tags: None,
        data: None,
    }
}

/// The id of a report: equal for equal reports.
pub fn result_id(items: &[Diagnostic]) -> String {
    format!("{:016x}", hash(items))
}

/// A number that is equal for equal diagnostics.
pub fn hash(items: &[Diagnostic]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_usize(items.len());
    for item in items {
        hasher.write(&serde_json::to_vec(item).unwrap_or_default());
    }
    hasher.finish()
}
