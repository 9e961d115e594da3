//! What the actions of the grammar need: ids of expressions, documentation by place, errors; and the
//! constructors of nodes that are more than one struct literal.

use super::paren::{Bracketed, Paren};
use super::parts::{FieldSuffix, Modifier, StepSuffix, WireName};
use super::text;
use crate::ast::*;
use crate::error::SyntaxError;
use crate::words::TokenKind;
use lalrpop_util::{ErrorRecovery, ParseError};
use smol_str::SmolStr;
use std::convert::Infallible;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// A token as the grammar sees it: its kind and its text.
pub(crate) type Tok<'input> = (TokenKind, &'input str);

/// A place where the grammar could not go on.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The token that did not fit, or the empty range at the end.
    pub range: Range,
    /// Its kind; `None` at the end.
    pub found: Option<TokenKind>,
    /// The terminals that would have fitted.
    pub expected: Vec<String>,
}

impl Failure {
    pub(crate) fn new(error: ParseError<u32, Tok<'_>, Infallible>) -> Failure {
        match error {
            ParseError::UnrecognizedToken { token: (start, (kind, _), end), expected } => {
                Failure { range: Range::new(start, end), found: Some(kind), expected }
            }
            ParseError::ExtraToken { token: (start, (kind, _), end) } => {
                Failure { range: Range::new(start, end), found: Some(kind), expected: Vec::new() }
            }
            ParseError::UnrecognizedEof { location, expected } => {
                Failure { range: Range::empty(location), found: None, expected }
            }
            ParseError::InvalidToken { location } => {
                Failure { range: Range::empty(location), found: None, expected: Vec::new() }
            }
            ParseError::User { error } => match error {},
        }
    }
}

/// The state of one parse.
pub(crate) struct Context<'input> {
    /// Documentation by the start of the token behind it, in order.
    pub docs: &'input [(u32, Doc)],
    pub next_expr: u32,
    /// Errors that the actions found.
    pub errors: Vec<SyntaxError>,
    /// Errors that the grammar recovered from.
    pub failures: Vec<Failure>,
    /// The heads of elements, which only a page has.
    pub elements: Vec<Range>,
}

pub(crate) fn ident(text: &str, start: u32) -> Ident {
    Ident { text: SmolStr::new(text), range: Range::new(start, start + text.len() as u32) }
}

impl Context<'_> {
    /// A block. A query whose value nobody gets, with a `let` behind it, was to go on: the `let` ended it.
    pub(crate) fn block(&mut self, start: u32, stmts: Vec<Stmt>, end: u32) -> Block {
        for pair in stmts.windows(2) {
            if let [Stmt { kind: StmtKind::Expr(query), .. }, Stmt { kind: StmtKind::Let { .. }, range }] = pair
                && matches!(query.kind, ExprKind::Query(_))
            {
                let word = Range::new(range.start, range.start + "let".len() as u32);
                self.errors.push(let_in_query(word));
            }
        }
        Block { range: Range::new(start, end), stmts }
    }
}

/// A `let` between the clauses of a query.
pub(crate) fn let_in_query(word: Range) -> SyntaxError {
    SyntaxError::new(Code::QueryLet, "a query names a value with `with`", word).label("`let` would end the query")
}

/// A lower-case name where a case may stand: `ok(v)`.
pub(crate) fn name_of(name: Ident) -> TypeName {
    TypeName { range: name.range, qualifier: None, name }
}

pub(crate) fn push<T>(mut list: Vec<T>, last: Option<T>) -> Vec<T> {
    list.extend(last);
    list
}

pub(crate) fn cons<T>(first: T, mut rest: Vec<T>) -> Vec<T> {
    rest.insert(0, first);
    rest
}

pub(crate) fn one<T>(only: T) -> Vec<T> {
    vec![only]
}

/// Large nodes lie in boxes while the grammar moves them about.
pub(crate) fn unboxed<T>(list: Vec<Box<T>>) -> Vec<T> {
    list.into_iter().map(|boxed| *boxed).collect()
}

/// A number without its underscores.
pub(crate) fn number(text: &str) -> SmolStr {
    if text.contains('_') { SmolStr::from(text.replace('_', "")) } else { SmolStr::new(text) }
}

pub(crate) mod literal {
    use super::{Literal, SmolStr, number};

    pub(crate) fn float(text: &str) -> Literal {
        Literal::Float(number(text.strip_suffix('f').unwrap_or(text)))
    }

    /// The text of `@2026-11-20` without its sign.
    pub(crate) fn after_at(text: &str) -> SmolStr {
        SmolStr::new(text.strip_prefix('@').unwrap_or(text))
    }
}

/// `0x"ff00"`; an odd number of digits is an error.
pub(crate) fn bytes(ctx: &mut Context<'_>, text: &str, start: u32) -> Literal {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).skip(1).collect();
    if digits.len() % 2 == 1 {
        let range = Range::new(start, start + text.len() as u32);
        ctx.errors.push(
            SyntaxError::new(Code::BadNumber, "a byte is two hexadecimal digits", range)
                .label(format!("{} digits", digits.len())),
        );
    }
    Literal::Bytes(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

impl<'input> Context<'input> {
    pub(crate) fn new(docs: &'input [(u32, Doc)]) -> Self {
        Context { docs, next_expr: 0, errors: Vec::new(), failures: Vec::new(), elements: Vec::new() }
    }

    /// The documentation before the token that starts at `start`.
    pub(crate) fn doc(&self, start: u32) -> Option<Doc> {
        if self.docs.is_empty() {
            return None;
        }
        let index = self.docs.binary_search_by_key(&start, |(at, _)| *at).ok()?;
        self.docs.get(index).map(|(_, doc)| doc.clone())
    }

    pub(crate) fn unexpected(
        &mut self,
        start: u32,
        end: u32,
        recovery: ErrorRecovery<u32, Tok<'input>, Infallible>,
    ) -> Range {
        self.failures.push(Failure::new(recovery.error));
        Range::new(start, end)
    }

    pub(crate) fn expr(&mut self, start: u32, end: u32, kind: ExprKind) -> Expr {
        let id = ExprId(self.next_expr);
        self.next_expr += 1;
        Expr { id, range: Range::new(start, end), kind }
    }

    /// A name as an expression. What other languages call the absent value is not taken for a name.
    pub(crate) fn name(&mut self, name: Ident) -> Expr {
        if matches!(name.as_str(), "null" | "nil" | "undefined") {
            self.errors.push(SyntaxError::new(Code::Null, "there is no null; an absent value is `none`", name.range));
        }
        self.expr(name.range.start, name.range.end, ExprKind::Name(name))
    }

    pub(crate) fn binary(&mut self, start: u32, end: u32, op: BinaryOp, op_range: Range, a: Expr, b: Expr) -> Expr {
        let kind = ExprKind::Binary { op, op_range, left: Box::new(a), right: Box::new(b) };
        self.expr(start, end, kind)
    }

    pub(crate) fn unary(&mut self, start: u32, end: u32, op: UnaryOp, operand: Expr) -> Expr {
        self.expr(start, end, ExprKind::Unary { op, operand: Box::new(operand) })
    }

    pub(crate) fn call(
        &mut self,
        start: u32,
        end: u32,
        callee: Expr,
        args: Paren,
        window: Option<Box<Window>>,
    ) -> Expr {
        let args = self.args(args);
        self.expr(start, end, ExprKind::Call { callee: Box::new(callee), args, window })
    }

    /// `[a, b]`, or `["a": 1]` if every element is a pair.
    pub(crate) fn list(&mut self, start: u32, end: u32, parts: Vec<Bracketed>) -> Expr {
        let pairs = parts.iter().filter(|part| matches!(part, Bracketed::Pair(..))).count();
        if pairs == 0 {
            let elements = parts.into_iter().map(|part| self.bracketed_value(part)).collect();
            return self.expr(start, end, ExprKind::List(elements));
        }
        let mut entries = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Bracketed::Pair(key, value) => entries.push(MapEntry { key, value: *value }),
                Bracketed::Error(_) => {}
                Bracketed::Value(value) => self.errors.push(
                    SyntaxError::new(Code::Syntax, "every element of a map has a key", value.range)
                        .label("I expected `key: value`"),
                ),
            }
        }
        self.expr(start, end, ExprKind::Map(entries))
    }

    pub(crate) fn index(&mut self, start: u32, end: u32, base: Expr, parts: Vec<Bracketed>) -> Expr {
        if parts.is_empty() {
            self.errors.push(
                SyntaxError::new(Code::Missing, "a look-up needs a key", Range::new(base.range.end, end))
                    .label("I expected a key between the brackets"),
            );
        }
        let mut keys = Vec::with_capacity(parts.len());
        for part in parts {
            let key = match part {
                Bracketed::Pair(Expr { kind: ExprKind::Name(name), .. }, value) => {
                    IndexKey { name: Some(name), value: *value }
                }
                Bracketed::Pair(key, value) => {
                    self.errors.push(
                        SyntaxError::new(Code::Syntax, "a look-up names a field before `:`", key.range)
                            .label("I expected the name of a field"),
                    );
                    IndexKey { name: None, value: *value }
                }
                other => IndexKey { name: None, value: self.bracketed_value(other) },
            };
            keys.push(key);
        }
        self.expr(start, end, ExprKind::Index { base: Box::new(base), keys })
    }

    fn bracketed_value(&mut self, part: Bracketed) -> Expr {
        match part {
            Bracketed::Value(value) => value,
            Bracketed::Pair(_, value) => *value,
            Bracketed::Error(range) => self.expr(range.start, range.end, ExprKind::Error),
        }
    }

    pub(crate) fn match_(&mut self, start: u32, end: u32, value: Expr, arms: Vec<Option<Box<Arm>>>) -> Expr {
        let (arms, broken) = present(arms);
        self.expr(start, end, ExprKind::Match { value: Box::new(value), arms, broken })
    }

    pub(crate) fn attempt(&mut self, start: u32, end: u32, value: Expr, arms: Vec<Option<Box<Arm>>>) -> Expr {
        let (arms, broken) = present(arms);
        self.expr(start, end, ExprKind::Attempt { value: Box::new(value), arms, broken })
    }

    pub(crate) fn step(&mut self, start: u32, end: u32, call: Expr, suffixes: Vec<StepSuffix>) -> Expr {
        let mut step = Step { call, retry: None, within: None, undo: None };
        for suffix in suffixes {
            let (slot, at, value, word) = match suffix {
                StepSuffix::Retry(at, value) => (&mut step.retry, at, value, "retry"),
                StepSuffix::Within(at, value) => (&mut step.within, at, value, "within"),
                StepSuffix::Undo(at, value) => (&mut step.undo, at, value, "undo"),
            };
            if slot.is_some() {
                self.errors.push(said_twice(word, Range::new(at, value.range.end)));
            } else {
                *slot = Some(value);
            }
        }
        self.expr(start, end, ExprKind::Step(Box::new(step)))
    }

    pub(crate) fn or_pattern(&mut self, start: u32, end: u32, left: Pattern, right: Pattern) -> Pattern {
        let mut alternatives = match left.kind {
            PatternKind::Or(alternatives) => alternatives,
            _ => vec![left],
        };
        alternatives.push(right);
        Pattern { range: Range::new(start, end), kind: PatternKind::Or(alternatives) }
    }

    pub(crate) fn text(&mut self, start: u32, end: u32, source: &str) -> Text {
        text::without_holes(Range::new(start, end), source, &mut self.errors)
    }

    pub(crate) fn raw_text(&mut self, start: u32, end: u32, source: &str) -> Text {
        text::raw(Range::new(start, end), source)
    }

    pub(crate) fn text_with_holes(
        &mut self,
        start: u32,
        end: u32,
        head: (u32, &'input str),
        first: Expr,
        middle: Vec<((u32, &'input str), Expr)>,
        tail: (u32, &'input str),
    ) -> Text {
        let mut pieces = vec![head];
        let mut holes = vec![first];
        for (piece, hole) in middle {
            pieces.push(piece);
            holes.push(hole);
        }
        pieces.push(tail);
        text::with_holes(Range::new(start, end), &pieces, holes, &mut self.errors)
    }

    pub(crate) fn element(&mut self, head: Expr, body: Block) -> Box<StmtKind> {
        self.elements.push(head.range);
        Box::new(StmtKind::Element { head, body })
    }

    pub(crate) fn item(&mut self, start: u32, end: u32, private: Option<Range>, kind: Box<ItemKind>) -> Box<Item> {
        if !matches!(*kind, ItemKind::Page(_)) {
            let elements = std::mem::take(&mut self.elements);
            self.errors.extend(elements.into_iter().map(|head| {
                SyntaxError::new(Code::Misplaced, "a block behind a value is an element, which only a page has", head)
                    .label("no word of the language")
            }));
        }
        let doc = self.doc(start);
        let range = Range::new(start, end);
        Box::new(Item { range, doc, private, kind: *kind, expr_count: self.next_expr })
    }

    #[expect(clippy::too_many_arguments, reason = "one argument for each part of the header")]
    pub(crate) fn function(
        &mut self,
        kind: FunctionKind,
        (name, was): (Ident, Option<Ident>),
        generics: Option<Vec<Generic>>,
        params: Params,
        result: Option<Type>,
        clauses: Vec<Box<Clause>>,
        body: Block,
    ) -> Box<ItemKind> {
        let clauses = unboxed(clauses);
        let generics = generics.unwrap_or_default();
        Box::new(ItemKind::Function(Function { kind, name, was, generics, params, result, clauses, body }))
    }

    pub(crate) fn relation(
        &mut self,
        kind: RelationKind,
        name: Ident,
        modifiers: Vec<Modifier>,
        members: Vec<Box<Member>>,
    ) -> Box<ItemKind> {
        let members = unboxed(members);
        let (breaking, was) = self.modifiers(modifiers);
        Box::new(ItemKind::Relation(Relation { kind, name, breaking, was, members }))
    }

    pub(crate) fn modifiers(&mut self, modifiers: Vec<Modifier>) -> (Option<Range>, Option<Ident>) {
        let (mut breaking, mut was) = (None, None);
        for modifier in modifiers {
            match modifier {
                Modifier::Breaking(range) if breaking.is_none() => breaking = Some(range),
                Modifier::Breaking(range) => self.errors.push(said_twice("breaking", range)),
                Modifier::Was(name) if was.is_none() => was = Some(name),
                Modifier::Was(name) => self.errors.push(said_twice("was", name.range)),
                Modifier::Error => {}
            }
        }
        (breaking, was)
    }

    pub(crate) fn params(&mut self, start: u32, end: u32, params: Vec<Option<Box<Param>>>) -> Box<Params> {
        let (list, broken) = present(params);
        Box::new(Params { range: Range::new(start, end), list, broken })
    }

    pub(crate) fn param(
        &mut self,
        start: u32,
        end: u32,
        name: WireName,
        ty: Type,
        source: Option<Box<ParamSource>>,
        default: Option<Expr>,
    ) -> Box<Param> {
        Box::new(Param {
            range: Range::new(start, end),
            doc: self.doc(start),
            name: name.name,
            was: name.was,
            wire: name.wire,
            absent: name.absent,
            ty,
            source: source.map(|source| *source),
            default,
        })
    }

    pub(crate) fn record_type(&mut self, parts: Vec<Option<Box<RecordTypePart>>>) -> RecordType {
        let (parts, broken) = present(parts);
        RecordType { parts, broken }
    }

    pub(crate) fn case(
        &mut self,
        start: u32,
        end: u32,
        name: Ident,
        was: Option<Ident>,
        fields: Option<Box<Params>>,
    ) -> Box<Case> {
        let doc = self.doc(start);
        Box::new(Case { range: Range::new(start, end), doc, name, was, fields: fields.map(|fields| *fields) })
    }

    /// Documentation of a case may stand before its bar as well.
    pub(crate) fn case_after_bar(&mut self, bar: u32, case: Option<Box<Case>>) -> Option<Box<Case>> {
        let mut case = case?;
        if case.doc.is_none() {
            case.doc = self.doc(bar);
        }
        Some(case)
    }

    pub(crate) fn variants(&mut self, first_bar: Option<u32>, mut cases: Vec<Option<Box<Case>>>) -> TypeBody {
        if let (Some(bar), Some(first)) = (first_bar, cases.first_mut()) {
            *first = self.case_after_bar(bar, first.take());
        }
        let (cases, broken) = present(cases);
        TypeBody::Variants { cases, broken }
    }

    #[expect(clippy::too_many_arguments, reason = "one argument for each part of the field")]
    pub(crate) fn field(
        &mut self,
        start: u32,
        end: u32,
        modifiers: Vec<(bool, Range)>,
        name: Ident,
        was: Option<Ident>,
        wire: Option<Text>,
        ty: Type,
        suffixes: Vec<FieldSuffix>,
        computed: Option<Expr>,
    ) -> Member {
        let mut field = Field {
            range: Range::new(start, end),
            doc: self.doc(start),
            key: None,
            secret: None,
            name,
            was,
            wire,
            ty,
            default: None,
            inverse: None,
            on_delete: None,
            on_update: None,
            open: None,
            computed,
        };
        for (is_key, range) in modifiers {
            let (slot, word) = if is_key { (&mut field.key, "key") } else { (&mut field.secret, "secret") };
            self.set_once(slot, range, word, range);
        }
        for suffix in suffixes {
            match suffix {
                FieldSuffix::Default(at, e) => {
                    let range = Range::new(at, e.range.end);
                    self.set_once(&mut field.default, e, "=", range);
                }
                FieldSuffix::Inverse(at, name) => {
                    let range = Range::new(at, name.range.end);
                    self.set_once(&mut field.inverse, name, "inverse", range);
                }
                FieldSuffix::OnDelete(at, name) => {
                    let range = Range::new(at, name.range.end);
                    self.set_once(&mut field.on_delete, name, "on delete", range);
                }
                FieldSuffix::OnUpdate(range) => self.set_once(&mut field.on_update, range, "on update", range),
                FieldSuffix::Open(range) => self.set_once(&mut field.open, range, "open", range),
            }
        }
        Member::Field(Box::new(field))
    }

    fn set_once<T>(&mut self, slot: &mut Option<T>, value: T, word: &str, range: Range) {
        if slot.is_some() {
            self.errors.push(said_twice(word, range));
        } else {
            *slot = Some(value);
        }
    }

    pub(crate) fn transitions(&mut self, start: u32, end: u32, field: Ident, lines: Vec<Option<Transition>>) -> Member {
        let broken = lines.iter().any(Option::is_none);
        let lines = lines.into_iter().flatten().collect();
        Member::Transitions { range: Range::new(start, end), field, lines, broken }
    }
}

fn said_twice(word: &str, range: Range) -> SyntaxError {
    SyntaxError::new(Code::Twice, format!("`{word}` is said twice"), range).label("the second time").fix(
        "remove it",
        [(range, String::new())],
        false,
    )
}

/// The elements that could be read, and whether one is missing.
fn present<T>(list: Vec<Option<Box<T>>>) -> (Vec<T>, bool) {
    let broken = list.iter().any(Option::is_none);
    (list.into_iter().flatten().map(|element| *element).collect(), broken)
}
