//! What is to be known of a thing.

use crate::client::Client;
use crate::error::ResponseError;
use crate::view::View;
use ls_types::{
    Documentation, Hover, HoverContents, HoverParams, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel,
    SignatureHelp, SignatureHelpParams, SignatureInformation,
};
use tenon_ide::Markup;

/// `textDocument/hover`.
pub fn hover(view: &View, params: HoverParams) -> Result<Option<Hover>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    let found = view.program.analysis.hover(&position);
    Ok(found.map(|found| Hover {
        range: Some(view.range(found.range)),
        contents: HoverContents::Markup(markup(&view.client, &found.markup)),
    }))
}

/// `textDocument/signatureHelp`.
pub fn signature_help(view: &View, params: SignatureHelpParams) -> Result<Option<SignatureHelp>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    let Some(found) = view.program.analysis.signature_help(&position) else { return Ok(None) };
    let units = |end: u32| {
        let before = found.label.get(..end as usize).unwrap_or(&found.label);
        before.encode_utf16().count() as u32
    };
    let parameter = |parameter: &tenon_ide::signature_help::ParameterHelp| ParameterInformation {
        label: if view.client.label_offsets {
            ParameterLabel::LabelOffsets([units(parameter.range.start), units(parameter.range.end)])
        } else {
            ParameterLabel::Simple(parameter.range.slice(&found.label).to_owned())
        },
        documentation: None,
    };
    let parameters: Vec<_> = found.parameters.iter().map(parameter).collect();
    // A number that no parameter has: none is at the cursor.
    let active = found.active.unwrap_or(parameters.len() as u32);
    Ok(Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            label: found.label.clone(),
            documentation: found.documentation.as_ref().map(|words| documentation(&view.client, words)),
            parameters: Some(parameters),
            active_parameter: Some(active),
        }],
        active_signature: Some(0),
        active_parameter: Some(active),
    }))
}

/// Words for people.
pub fn markup(client: &Client, words: &Markup) -> MarkupContent {
    if client.markdown {
        MarkupContent { kind: MarkupKind::Markdown, value: words.0.clone() }
    } else {
        MarkupContent { kind: MarkupKind::PlainText, value: words.plain() }
    }
}

/// Words for people, beside something.
pub fn documentation(client: &Client, words: &Markup) -> Documentation {
    Documentation::MarkupContent(markup(client, words))
}
