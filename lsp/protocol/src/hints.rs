//! Inlay hints.

use crate::client::Hints;
use crate::error::ResponseError;
use crate::view::View;
use ls_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintLabelPart, InlayHintParams, InlayHintTooltip};
use tenon_ide::hints::{HintKind, HintSettings};

/// `textDocument/inlayHint`.
pub fn hints(view: &View, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, ResponseError> {
    let settings = settings(&view.client.options.inlay_hints);
    let mut places = view.places();
    let found = view.program.analysis.inlay_hints(&view.file_range(params.range), &settings);
    let mut convert = |hint: tenon_ide::hints::InlayHint| {
        let parts = hint.parts.iter().map(|part| InlayHintLabelPart {
            value: part.text.clone(),
            location: part.target.as_ref().and_then(|target| places.location(target)),
            ..InlayHintLabelPart::default()
        });
        InlayHint {
            position: view.lines().position(hint.offset),
            label: InlayHintLabel::LabelParts(parts.collect()),
            kind: match hint.kind {
                HintKind::Argument => Some(InlayHintKind::PARAMETER),
                HintKind::Effects | HintKind::Failures | HintKind::Closing => None,
                HintKind::Binding | HintKind::LambdaParameter | HintKind::QueryRow | HintKind::Result => {
                    Some(InlayHintKind::TYPE)
                }
            },
            text_edits: hint.edit.as_ref().map(|edit| view.edits(std::slice::from_ref(edit))),
            tooltip: (!hint.tooltip.is_empty()).then_some(InlayHintTooltip::String(hint.tooltip)),
            padding_left: Some(hint.padding_left),
            padding_right: Some(hint.padding_right),
            data: None,
        }
    };
    Ok(Some(found.into_iter().map(&mut convert).collect()))
}

fn settings(hints: &Hints) -> HintSettings {
    let usual = HintSettings::default();
    HintSettings {
        bindings: hints.bindings.unwrap_or(usual.bindings),
        lambda_parameters: hints.lambda_parameters.unwrap_or(usual.lambda_parameters),
        query_rows: hints.query_rows.unwrap_or(usual.query_rows),
        results: hints.results.unwrap_or(usual.results),
        arguments: hints.arguments.unwrap_or(usual.arguments),
        effects: hints.effects.unwrap_or(usual.effects),
        failures: hints.failures.unwrap_or(usual.failures),
        closing_lines: hints.closing_lines.unwrap_or(usual.closing_lines),
        max_length: hints.max_length.unwrap_or(usual.max_length),
    }
}
