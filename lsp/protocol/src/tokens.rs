//! Semantic tokens: whole, by range, and as the difference from what the client has.

use crate::error::ResponseError;
use crate::lines::Encoding;
use crate::view::View;
use ls_types::{
    SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensDelta,
    SemanticTokensDeltaParams, SemanticTokensEdit, SemanticTokensFullDeltaResult, SemanticTokensLegend,
    SemanticTokensParams, SemanticTokensRangeParams, SemanticTokensRangeResult, SemanticTokensResult, Uri,
};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tenon_ide::tokens::{RelativeToken, TOKEN_MODIFIERS, TOKEN_TYPES, relative};

/// The tokens that the client was told last, by document.
#[derive(Debug, Default)]
pub struct TokenMemory {
    told: Mutex<(u64, HashMap<Uri, (String, Vec<RelativeToken>)>)>,
}

impl TokenMemory {
    fn told(&self) -> MutexGuard<'_, (u64, HashMap<Uri, (String, Vec<RelativeToken>)>)> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the client is told now. Gives its id, and what was kept before.
    fn remember(&self, uri: &Uri, tokens: Vec<RelativeToken>) -> (String, Option<(String, Vec<RelativeToken>)>) {
        let mut told = self.told();
        told.0 += 1;
        let id = told.0.to_string();
        let before = told.1.insert(uri.clone(), (id.clone(), tokens));
        (id, before)
    }

    /// Forgets a document that was closed.
    pub fn forget(&self, uri: &Uri) {
        self.told().1.remove(uri);
    }
}

/// What numbers of types and modifiers stand for.
pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TOKEN_TYPES.iter().map(|name| SemanticTokenType::new(name)).collect(),
        token_modifiers: TOKEN_MODIFIERS.iter().map(|name| SemanticTokenModifier::new(name)).collect(),
    }
}

/// `textDocument/semanticTokens/full`.
pub fn full(view: &View, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>, ResponseError> {
    let tokens = of_file(view);
    let data = tokens.iter().map(convert).collect();
    let (id, _) = view.tokens.remember(&params.text_document.uri, tokens);
    Ok(Some(SemanticTokensResult::Tokens(SemanticTokens { result_id: Some(id), data })))
}

/// `textDocument/semanticTokens/full/delta`. All of them for a client whose last ones are not known any more.
pub fn delta(
    view: &View,
    params: SemanticTokensDeltaParams,
) -> Result<Option<SemanticTokensFullDeltaResult>, ResponseError> {
    let tokens = of_file(view);
    let (id, before) = view.tokens.remember(&params.text_document.uri, tokens.clone());
    let result_id = Some(id);
    Ok(Some(match before {
        Some((known, before)) if known == params.previous_result_id => {
            let change = tenon_ide::tokens::delta(&before, &tokens);
            let edit = SemanticTokensEdit {
                // A token is five numbers.
                start: 5 * change.start as u32,
                delete_count: 5 * change.removed as u32,
                data: Some(change.added.iter().map(convert).collect()),
            };
            let nothing = change.removed == 0 && change.added.is_empty();
            let edits = if nothing { Vec::new() } else { vec![edit] };
            SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta { result_id, edits })
        }
        _ => {
            let data = tokens.iter().map(convert).collect();
            SemanticTokensFullDeltaResult::Tokens(SemanticTokens { result_id, data })
        }
    }))
}

/// `textDocument/semanticTokens/range`.
pub fn range(
    view: &View,
    params: SemanticTokensRangeParams,
) -> Result<Option<SemanticTokensRangeResult>, ResponseError> {
    let found = view.program.analysis.semantic_tokens_in(&view.file_range(params.range));
    let data = relative(view.lines().text(), &found, wide(view)).iter().map(convert).collect();
    Ok(Some(SemanticTokensRangeResult::Tokens(SemanticTokens { result_id: None, data })))
}

fn of_file(view: &View) -> Vec<RelativeToken> {
    relative(view.lines().text(), &view.program.analysis.semantic_tokens(&view.file), wide(view))
}

fn wide(view: &View) -> bool {
    view.client.encoding == Encoding::Utf16
}

fn convert(token: &RelativeToken) -> SemanticToken {
    SemanticToken {
        delta_line: token.lines,
        delta_start: token.columns,
        length: token.length,
        token_type: token.kind,
        token_modifiers_bitset: token.modifiers,
    }
}
