//! Completion.

use crate::error::ResponseError;
use crate::hover::documentation;
use crate::session::Session;
use crate::task::{Canceller, Found, Work};
use crate::view::View;
use ls_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionParams, CompletionResponse, CompletionTextEdit,
    InsertTextFormat, Position, TextEdit, Uri,
};
use serde::{Deserialize, Serialize};

/// What finds an item again.
#[derive(Serialize, Deserialize)]
struct Origin {
    uri: Uri,
    position: Position,
    /// Its place in the answer.
    n: usize,
}

/// `textDocument/completion`. Documentation comes when an item is looked at.
pub fn complete(view: &View, params: CompletionParams) -> Result<Option<CompletionResponse>, ResponseError> {
    let place = params.text_document_position;
    let found = view.program.analysis.completion(&view.position(place.position));
    let range = view.range(found.range);
    let convert = |(n, item): (usize, tenon_ide::completion::CompletionItem)| {
        let snippet = item.snippet && view.client.snippets;
        let text = if item.snippet && !snippet { without_stops(&item.insert) } else { item.insert };
        let origin = Origin { uri: place.text_document.uri.clone(), position: place.position, n };
        CompletionItem {
            kind: Some(kind(item.kind)),
            detail: item.detail,
            // Clients order by this; the best come first.
            sort_text: Some(format!("{n:04}")),
            filter_text: Some(item.label.clone()),
            label: item.label,
            insert_text_format: Some(if snippet { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT }),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, text))),
            additional_text_edits: (!item.additional.is_empty()).then(|| view.edits(&item.additional)),
            data: item.documentation.and_then(|_| serde_json::to_value(origin).ok()),
            ..CompletionItem::default()
        }
    };
    let items = found.items.into_iter().enumerate().map(convert).collect();
    Ok(Some(CompletionResponse::List(CompletionList { is_incomplete: found.incomplete, items })))
}

/// `completionItem/resolve`.
pub fn begin_resolve(session: &Session, mut item: CompletionItem) -> Result<(Option<Canceller>, Work), ResponseError> {
    let origin: Option<Origin> = item.data.clone().and_then(|data| serde_json::from_value(data).ok());
    let view = origin.as_ref().map(|origin| session.document(&origin.uri)).transpose()?;
    let canceller = view.as_ref().map(|view| view.program.analysis.canceller());
    let work = move || {
        if let (Some(origin), Some(view)) = (origin, view) {
            let found = view.program.analysis.completion(&view.position(origin.position));
            // The text may have changed since: then what stands there now is another item.
            let same = found.items.into_iter().nth(origin.n).filter(|found| found.label == item.label);
            item.documentation =
                same.and_then(|found| found.documentation).map(|words| documentation(&view.client, &words));
        }
        serde_json::to_value(item).map(Found::Answer).map_err(|error| ResponseError::failed(error.to_string()))
    };
    Ok((canceller, Box::new(work)))
}

/// The text of a snippet with its stops left out, for a client that knows none.
fn without_stops(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            '$' if rest.peek() == Some(&'{') => {
                // `${1:words}`: the words stay, and the brace that ends them is met below.
                rest.next();
                while rest.next_if(char::is_ascii_digit).is_some() {}
                rest.next_if_eq(&':');
            }
            '$' => while rest.next_if(char::is_ascii_digit).is_some() {},
            '}' => {}
            c => text.push(c),
        }
    }
    text
}

fn kind(kind: tenon_ide::SymbolKind) -> CompletionItemKind {
    use tenon_ide::SymbolKind as Own;
    match kind {
        Own::Module => CompletionItemKind::MODULE,
        Own::Relation | Own::BuiltinType => CompletionItemKind::CLASS,
        Own::Event => CompletionItemKind::EVENT,
        Own::View => CompletionItemKind::INTERFACE,
        Own::TypeAlias | Own::Error => CompletionItemKind::STRUCT,
        Own::Variant => CompletionItemKind::ENUM,
        Own::Case => CompletionItemKind::ENUM_MEMBER,
        Own::Field => CompletionItemKind::FIELD,
        Own::Inverse => CompletionItemKind::PROPERTY,
        Own::Function | Own::Query => CompletionItemKind::FUNCTION,
        Own::Handler => CompletionItemKind::METHOD,
        Own::Constant => CompletionItemKind::CONSTANT,
        Own::Parameter | Own::Local => CompletionItemKind::VARIABLE,
        Own::TypeParameter => CompletionItemKind::TYPE_PARAMETER,
        Own::Keyword => CompletionItemKind::KEYWORD,
        Own::Scenario | Own::Item => CompletionItemKind::REFERENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::without_stops;

    #[test]
    fn snippets_become_texts() {
        assert_eq!(without_stops("match ${1:x} {\n  $0\n\\}"), "match x {\n  \n}");
        assert_eq!(without_stops("f(${2:\\$a}, $1)"), "f($a, )");
    }
}
