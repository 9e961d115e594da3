//! Semantic tokens: what each word of a file is.
//!
//! Names are what [`occurrences`] says they are, words are keywords exactly where the grammar reads them as such, and
//! an item that cannot be read has its tokens all the same, by their shape. Tokens come in order, do not overlap, and
//! none crosses a line. Brackets, commas and other marks that hold things together are left to the editor.

use crate::Analysis;
use crate::answer::{FileRange, SymbolKind};
use crate::node::Node;
use crate::occurrences::occurrences;
use crate::typing::typed_code;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use tenon_check::items::{Item, items, parse};
use tenon_check::uses::{Form, Meaning, Role, Use};
use tenon_span::{LineIndex, Range};
use tenon_syntax::ast::{self, ActorArgs, ClauseKind, ItemKind, Member};
use tenon_syntax::token::comments;
use tenon_syntax::words::{TokenClass, TokenKind};

macro_rules! legend {
    ($(#[$of:meta])* $name:ident, $list:ident: $($(#[$doc:meta])* $id:ident = $text:literal,)*) => {
        $(#[$of])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name { $($(#[$doc])* $id,)* }

        #[doc = concat!("The names of [`", stringify!($name), "`], each at its number.")]
        pub const $list: &[&str] = &[$($text,)*];
    };
}

legend! {
    /// What a token is. The names are those that editors know.
    TokenType, TOKEN_TYPES:
    /// A module.
    Namespace = "namespace",
    /// A relation or view.
    Class = "class",
    /// An event.
    Event = "event",
    /// An alias, a refinement, a type of the language.
    Type = "type",
    /// A variant type.
    Enum = "enum",
    /// A case.
    EnumMember = "enumMember",
    /// An error.
    Struct = "struct",
    /// A type parameter.
    TypeParameter = "typeParameter",
    /// A parameter.
    Parameter = "parameter",
    /// A local or constant.
    Variable = "variable",
    /// A field, also of records and cases; an inverse.
    Property = "property",
    /// A function, query or handler.
    Function = "function",
    /// A function that is called on a value.
    Method = "method",
    /// A word of the language.
    Keyword = "keyword",
    /// A word that qualifies a declaration: `private`, `secret`, `public`.
    Modifier = "modifier",
    /// A comment.
    Comment = "comment",
    /// A text.
    String = "string",
    /// A number, date, duration or other literal.
    Number = "number",
    /// A regular expression.
    Regexp = "regexp",
    /// An operator.
    Operator = "operator",
}

legend! {
    /// What else a token is; bit `n` of [`SemanticToken::modifiers`] stands for number `n`.
    TokenModifier, TOKEN_MODIFIERS:
    /// It declares the name.
    Declaration = "declaration",
    /// It never changes.
    Readonly = "readonly",
    /// It may change: a `var`.
    Mutable = "mutable",
    /// It gives a value.
    Modification = "modification",
    /// Documentation.
    Documentation = "documentation",
    /// Of the language or its library.
    DefaultLibrary = "defaultLibrary",
    /// A handler: what writes.
    Handler = "handler",
    /// A query.
    Query = "query",
}

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct SemanticToken {
    /// Where; within one line.
    pub range: Range,
    /// What it is.
    pub kind: TokenType,
    /// A bit for each [`TokenModifier`].
    pub modifiers: u32,
}

impl SemanticToken {
    /// True if the token has a modifier.
    pub fn is(&self, modifier: TokenModifier) -> bool {
        self.modifiers & bit(modifier) != 0
    }
}

fn bit(modifier: TokenModifier) -> u32 {
    1 << modifier as u32
}

/// A token by its distance from the one before, so that an edit changes few of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct RelativeToken {
    /// Lines after the token before.
    pub lines: u32,
    /// Columns after the beginning of the token before, or of the line if that stands on another.
    pub columns: u32,
    /// Columns that it covers.
    pub length: u32,
    /// What it is: an index of [`TOKEN_TYPES`].
    pub kind: u32,
    /// A bit for each of [`TOKEN_MODIFIERS`].
    pub modifiers: u32,
}

/// Tokens by their distances. Columns count UTF-16 units if `wide` says so, else bytes. `text` is the text of their file.
pub fn relative(text: &str, tokens: &[SemanticToken], wide: bool) -> Vec<RelativeToken> {
    let index = LineIndex::new(text);
    let units = |range: Range| {
        if wide { range.slice(text).encode_utf16().count() as u32 } else { range.len() }
    };
    let mut before = (0, 0);
    let place = |token: &SemanticToken| {
        let line = index.position(token.range.start).line;
        let (start, _) = index.line_range(line);
        let column = units(Range::new(start, token.range.start));
        let lines = line - before.0;
        let columns = if lines == 0 { column - before.1 } else { column };
        before = (line, column);
        RelativeToken {
            lines,
            columns,
            length: units(token.range),
            kind: token.kind as u32,
            modifiers: token.modifiers,
        }
    };
    tokens.iter().map(place).collect()
}

/// What leads from one list of tokens to the next: at `start`, `removed` of the old ones are replaced by `added`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TokenDelta {
    /// The index of the first that differs.
    pub start: usize,
    /// How many of the old ones go.
    pub removed: usize,
    /// What comes instead.
    pub added: Vec<RelativeToken>,
}

/// The difference of two lists of tokens; nothing removed and nothing added where they are equal.
pub fn delta(old: &[RelativeToken], new: &[RelativeToken]) -> TokenDelta {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    TokenDelta {
        start,
        removed: old.len() - end - start,
        added: new.get(start..new.len() - end).unwrap_or_default().to_vec(),
    }
}

impl Analysis {
    /// The tokens of a file.
    pub fn semantic_tokens(&self, file: &str) -> Vec<SemanticToken> {
        let Some(text) = self.text(file) else { return Vec::new() };
        self.semantic_tokens_in(&FileRange { file: file.to_owned(), range: Range::new(0, text.len() as u32) })
    }

    /// The tokens that touch a range of a file.
    pub fn semantic_tokens_in(&self, range: &FileRange) -> Vec<SemanticToken> {
        let Some(file) = self.db.any_file(&range.file) else { return Vec::new() };
        let mut found = Vec::new();
        for item in items(&self.db, file) {
            let start = item.offset(&self.db);
            let end = start + item.text(&self.db).len() as u32;
            if start <= range.range.end && range.range.start <= end {
                Coloring::new(self, *item).tokens(&mut found);
            }
        }
        found.retain(|token| token.range.start <= range.range.end && range.range.start <= token.range.end);
        found
    }
}

/// The words that qualify a declaration.
const QUALIFIERS: [&str; 10] =
    ["private", "public", "live", "trusted", "secret", "breaking", "materialized", "open", "key", "unique"];

struct Coloring<'a, 'db> {
    analysis: &'a Analysis,
    item: Item<'db>,
    /// What names are, by their ranges.
    names: FxHashMap<Range, (TokenType, u32)>,
    /// Where the tree has names.
    idents: FxHashSet<Range>,
    /// Names that the grammar takes for words: `restrict`, `POST`, `csv`.
    words: FxHashSet<Range>,
}

impl<'a, 'db> Coloring<'a, 'db>
where
    'a: 'db,
{
    fn new(analysis: &'a Analysis, item: Item<'db>) -> Self {
        let mut coloring = Coloring {
            analysis,
            item,
            names: FxHashMap::default(),
            idents: FxHashSet::default(),
            words: FxHashSet::default(),
        };
        let db = &analysis.db;
        if let Some(tree) = &parse(db, item).item {
            Node::Item(tree).walk(&mut |node| {
                if let Node::Ident(name) = node {
                    coloring.idents.insert(name.range);
                }
                if let Node::Item(ast::Item { kind: ItemKind::Use(import), .. }) = node {
                    let path = import.path.iter().map(|step| (step.range, (TokenType::Namespace, 0)));
                    let functions =
                        import.names.iter().flatten().filter(|name| !name.text.starts_with(char::is_uppercase));
                    let functions = functions.map(|name| (name.range, (TokenType::Function, 0)));
                    coloring.names.extend(path.chain(functions));
                }
                coloring.words_of(node);
                true
            });
        }
        let variables: FxHashSet<Range> = typed_code(db, item)
            .iter()
            .flat_map(|code| code.locals)
            .filter(|local| local.mutable)
            .map(|local| local.range)
            .collect();
        let mut weights: FxHashMap<Range, u8> = FxHashMap::default();
        for one in occurrences(db, item).iter().filter(|one| one.form != Form::Positional) {
            let token = coloring.name(one, &variables);
            // Where one word is field and value at once, it is seen as the value; where it also names what comes of
            // it, as what it is.
            let local = matches!(one.meaning, Meaning::Local(_) | Meaning::Parameter(..) | Meaning::Given(_));
            let weight = match (local, one.role) {
                (true, Role::Definition) => 0,
                (false, _) => 1,
                (true, _) => 2,
            };
            let known = weights.entry(one.range).or_insert(weight);
            if *known <= weight {
                *known = weight;
                coloring.names.insert(one.range, token);
            }
        }
        coloring
    }

    fn words_of(&mut self, node: Node<'_>) {
        let mut add = |ident: Option<&ast::Ident>| self.words.extend(ident.map(|ident| ident.range));
        match node {
            Node::Member(Member::Field(field)) => add(field.on_delete.as_ref()),
            Node::Clause(clause) => match &clause.kind {
                ClauseKind::At { method, .. } => add(Some(method)),
                ClauseKind::Format(format) => add(Some(format)),
                _ => {}
            },
            Node::Param(param) => add(param.source.as_ref().and_then(|source| source.format.as_ref())),
            Node::Item(item) => match &item.kind {
                ItemKind::Binding(binding) => {
                    add(binding.auth.as_ref().map(|auth| &auth.scheme));
                    for line in &binding.lines {
                        if let ast::BindingLine::Operation(operation) | ast::BindingLine::Hook(operation) = line {
                            add(Some(&operation.method));
                            for suffix in &operation.suffixes {
                                if let ast::OperationSuffix::Format(format) = suffix {
                                    add(Some(format));
                                }
                            }
                        }
                    }
                }
                ItemKind::Actor(actor) if !matches!(actor.args, Some(ActorArgs::Args(_))) => add(Some(&actor.scheme)),
                _ => {}
            },
            _ => {}
        }
    }

    /// What a name is.
    fn name(&self, one: &Use, variables: &FxHashSet<Range>) -> (TokenType, u32) {
        let mut modifiers = match one.role {
            Role::Definition => bit(TokenModifier::Declaration),
            Role::Write => bit(TokenModifier::Modification),
            Role::Read => 0,
        };
        if self.analysis.is_library(&one.meaning) {
            modifiers |= bit(TokenModifier::DefaultLibrary);
        }
        let kind = match &one.meaning {
            Meaning::Local(range) => {
                let modifier = if variables.contains(range) { TokenModifier::Mutable } else { TokenModifier::Readonly };
                modifiers |= bit(modifier);
                TokenType::Variable
            }
            Meaning::Parameter(..) => {
                modifiers |= bit(TokenModifier::Readonly);
                TokenType::Parameter
            }
            Meaning::Given(_) => {
                modifiers |= bit(TokenModifier::Readonly);
                TokenType::Variable
            }
            meaning => match self.analysis.kind_of(meaning) {
                SymbolKind::Module => TokenType::Namespace,
                SymbolKind::Relation | SymbolKind::View => TokenType::Class,
                SymbolKind::Event => TokenType::Event,
                SymbolKind::TypeAlias | SymbolKind::BuiltinType => TokenType::Type,
                SymbolKind::Variant => TokenType::Enum,
                SymbolKind::Case => TokenType::EnumMember,
                SymbolKind::Field | SymbolKind::Inverse => TokenType::Property,
                SymbolKind::Function => TokenType::Function,
                SymbolKind::Query => {
                    modifiers |= bit(TokenModifier::Query);
                    TokenType::Function
                }
                SymbolKind::Handler => {
                    modifiers |= bit(TokenModifier::Handler);
                    TokenType::Function
                }
                SymbolKind::Constant => {
                    modifiers |= bit(TokenModifier::Readonly);
                    TokenType::Variable
                }
                SymbolKind::Error => TokenType::Struct,
                SymbolKind::TypeParameter => TokenType::TypeParameter,
                SymbolKind::Parameter => TokenType::Parameter,
                SymbolKind::Local | SymbolKind::Scenario | SymbolKind::Item => TokenType::Variable,
                SymbolKind::Keyword => TokenType::Keyword,
            },
        };
        (kind, modifiers)
    }

    fn tokens(&self, found: &mut Vec<SemanticToken>) {
        let db = &self.analysis.db;
        let parsed = parse(db, self.item);
        let text = self.item.text(db);
        let offset = self.item.offset(db);
        let all = parsed.tokens.tokens();
        let mut add = |range: Range, kind: TokenType, modifiers: u32| {
            for line in lines(text, range) {
                found.push(SemanticToken { range: line.shifted(offset), kind, modifiers });
            }
        };
        for index in 0..=all.len() {
            for comment in comments(text, parsed.tokens.trivia_before(index)) {
                let documentation = if comment.documentation { bit(TokenModifier::Documentation) } else { 0 };
                add(comment.range, TokenType::Comment, documentation);
            }
            let Some(token) = all.get(index) else { continue };
            let place = parsed.tokens.token_place(index);
            if place.is_empty() {
                continue;
            }
            let kind = |at: usize| all.get(at).map(|token| token.kind);
            let before = index.checked_sub(1).and_then(kind);
            let next = kind(index + 1);
            match token.kind.class() {
                TokenClass::Literal => match token.kind {
                    TokenKind::LowerName | TokenKind::UpperName => {
                        let (kind, modifiers) = self.word(token.range, before, next);
                        add(place, kind, modifiers);
                    }
                    TokenKind::RawText if before == Some(TokenKind::KwMatches) => add(place, TokenType::Regexp, 0),
                    TokenKind::Text | TokenKind::RawText => add(place, TokenType::String, 0),
                    // The braces of holes are left out.
                    TokenKind::TextHead => {
                        add(Range::new(place.start, place.end.saturating_sub(1)), TokenType::String, 0);
                    }
                    TokenKind::TextMiddle => {
                        add(Range::new(place.start + 1, place.end.saturating_sub(1)), TokenType::String, 0);
                    }
                    TokenKind::TextTail => add(Range::new(place.start + 1, place.end), TokenType::String, 0),
                    _ => add(place, TokenType::Number, 0),
                },
                TokenClass::Contextual => {
                    let known = self.idents.contains(&token.range) || self.names.contains_key(&token.range);
                    let name = known || !parsed.errors.is_empty() && is_name_by_place(before, next);
                    let written = place.slice(text);
                    let (kind, modifiers) = match name {
                        true => self.word(token.range, before, next),
                        false if QUALIFIERS.contains(&written) => (TokenType::Modifier, 0),
                        false => (TokenType::Keyword, 0),
                    };
                    add(place, kind, modifiers);
                }
                TokenClass::Item | TokenClass::Reserved | TokenClass::Soft | TokenClass::Pair => {
                    let qualifies = QUALIFIERS.contains(&place.slice(text));
                    add(place, if qualifies { TokenType::Modifier } else { TokenType::Keyword }, 0);
                }
                TokenClass::Sign if is_operator(token.kind) => add(place, TokenType::Operator, 0),
                TokenClass::Foreign => add(place, TokenType::Operator, 0),
                TokenClass::Sign | TokenClass::Repair => {}
            }
        }
    }

    /// What a word is: what it stands for, else what its shape and place say.
    fn word(&self, range: Range, before: Option<TokenKind>, next: Option<TokenKind>) -> (TokenType, u32) {
        if self.words.contains(&range) {
            return (TokenType::Keyword, 0);
        }
        let after_dot = matches!(before, Some(TokenKind::Dot | TokenKind::QuestionDot));
        if let Some((kind, modifiers)) = self.names.get(&range) {
            let called_on_value = after_dot && *kind == TokenType::Function;
            return (if called_on_value { TokenType::Method } else { *kind }, *modifiers);
        }
        let upper = range.slice(&parse(&self.analysis.db, self.item).code).starts_with(char::is_uppercase);
        let called = next == Some(TokenKind::LParen);
        let kind = match (upper, after_dot, called) {
            (true, ..) => TokenType::Type,
            (false, true, true) => TokenType::Method,
            (false, true, false) => TokenType::Property,
            (false, false, true) => TokenType::Function,
            (false, false, false) if next == Some(TokenKind::Colon) => TokenType::Property,
            (false, false, false) => TokenType::Variable,
        };
        (kind, 0)
    }
}

/// True where a contextual word is a name, as far as its neighbours tell.
fn is_name_by_place(before: Option<TokenKind>, next: Option<TokenKind>) -> bool {
    let after_dot = matches!(before, Some(TokenKind::Dot | TokenKind::QuestionDot));
    after_dot
        || matches!(
            next,
            Some(
                TokenKind::Colon
                    | TokenKind::Dot
                    | TokenKind::QuestionDot
                    | TokenKind::Equal
                    | TokenKind::PlusEqual
                    | TokenKind::MinusEqual
                    | TokenKind::EqualEqual
                    | TokenKind::BangEqual
            )
        )
}

fn is_operator(kind: TokenKind) -> bool {
    !matches!(
        kind,
        TokenKind::LParen
            | TokenKind::RParen
            | TokenKind::LBracket
            | TokenKind::RBracket
            | TokenKind::LBrace
            | TokenKind::RBrace
            | TokenKind::Comma
            | TokenKind::Semi
            | TokenKind::Colon
            | TokenKind::Dot
            | TokenKind::QuestionDot
    )
}

/// The pieces of a range that stand on one line each, without blanks at their ends.
fn lines(text: &str, range: Range) -> Vec<Range> {
    if !range.slice(text).contains('\n') {
        return if range.is_empty() { Vec::new() } else { vec![range] };
    }
    let mut found = Vec::new();
    let mut start = range.start;
    for line in range.slice(text).split_inclusive('\n') {
        let lead = (line.len() - line.trim_start().len()) as u32;
        let kept = line.trim().len() as u32;
        if kept > 0 {
            found.push(Range::new(start + lead, start + lead + kept));
        }
        start += line.len() as u32;
    }
    found
}
