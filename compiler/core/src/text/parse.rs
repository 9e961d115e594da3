//! The parser: programs, functions, statements. Expressions and queries stand in their own modules.
//!
//! Bodies need the types of fields and the results of functions that stand further below, so a text is read three
//! times: for the names of its items, for everything but bodies, and for the bodies.

use super::lex::{Token, tokens};
use super::{ParseError, SIMPLE_TYPES, made_up_site};
use crate::ir::*;
use std::sync::Arc;
use tenon_value::BuiltIn;

/// How deep expressions, types and blocks may nest.
const MAX_NESTING: usize = 200;

pub(super) type Parsed<T> = Result<T, ParseError>;

/// The state of parsing.
pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    nesting: usize,
    /// What is known of the program so far.
    pub(super) program: Program,
    /// The variables of the function, query or scenario at hand.
    pub(super) vars: Vec<VarInfo>,
}

/// Reads a program.
pub fn parse(text: &str) -> Result<Program, ParseError> {
    // The interface is one JSON document at the end, which has other tokens.
    let (core, api) = match text.find("\napi {") {
        Some(at) => (&text[..at], Some(&text[at + "\napi ".len()..])),
        None => (text, None),
    };
    let mut parser =
        Parser { text: core, tokens: tokens(core)?, at: 0, nesting: 0, program: Program::new(""), vars: Vec::new() };
    let named = parser.item_names();
    parser.check_unique(&named)?;
    parser.items()?;
    if let Some(api) = api {
        parser.program.api = serde_json::from_str(api)
            .map_err(|e| ParseError::new(text, core.len(), format!("the interface is not acceptable: {e}")))?;
        parser.program.api.shapes.finish().map_err(|e| ParseError::new(text, core.len(), e.to_string()))?;
    }
    Ok(parser.program)
}

/// A body that is read last, by positions of tokens: a function's name and brace, the name of a query, the brace of a
/// scenario.
enum Body {
    Function { index: usize, head: usize, body: usize },
    Query(usize, usize),
    Scenario(usize, usize),
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    /// The token so many places after the next one.
    pub(super) fn ahead(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].0
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    /// Where the parser stands, to come back to.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(ParseError::new(self.text, self.tokens[self.at].1, message.into()))
    }

    pub(super) fn is(&self, punct: &str) -> bool {
        matches!(self.peek(), Token::Punct(p) if *p == punct)
    }

    pub(super) fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn expect(&mut self, punct: &str) -> Parsed<()> {
        if self.eat(punct) { Ok(()) } else { self.fail(format!("expected `{punct}`")) }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name, None, false) if name == word)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.fail(format!("expected `{word}`")) }
    }

    /// Runs a part that may contain itself, unless it does so too deeply.
    pub(super) fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            return self.fail("this nests too deeply");
        }
        self.nesting += 1;
        let result = part(self);
        self.nesting -= 1;
        result
    }

    /// A new name.
    pub(super) fn name(&mut self) -> Parsed<Name> {
        match self.next() {
            Token::Name(name, None, _) => Ok(name.into()),
            _ => {
                self.at = self.at.saturating_sub(1);
                self.fail("expected a name")
            }
        }
    }

    pub(super) fn text(&mut self) -> Parsed<String> {
        match self.peek() {
            Token::Text(text) => {
                let text = text.clone();
                self.next();
                Ok(text)
            }
            _ => self.fail("expected a text in quotes"),
        }
    }

    pub(super) fn number(&mut self) -> Parsed<u32> {
        match self.peek() {
            Token::Number(text) => match text.parse() {
                Ok(n) => {
                    self.next();
                    Ok(n)
                }
                Err(_) => self.fail("expected a small number"),
            },
            _ => self.fail("expected a number"),
        }
    }

    pub(super) fn site(&mut self) -> Parsed<SiteId> {
        if self.eat("@") { Ok(SiteId(self.number()?)) } else { Ok(SiteId(0)) }
    }

    /// An entry of a table by name or number.
    fn entry<'n>(&self, token: &Token, mut names: impl Iterator<Item = &'n str>) -> Option<u32> {
        match token {
            Token::Name(_, Some(number), _) => Some(*number),
            Token::Name(name, None, _) => names.position(|n| n == name).map(|n| n as u32),
            _ => None,
        }
    }

    fn reference(&mut self, what: &str, found: Option<u32>) -> Parsed<u32> {
        match found {
            Some(number) => {
                self.next();
                Ok(number)
            }
            None => match self.peek() {
                Token::Name(name, ..) => self.fail(format!("there is no {what} `{name}`")),
                _ => self.fail(format!("expected the name of a {what}")),
            },
        }
    }

    pub(super) fn relation(&mut self) -> Parsed<RelationId> {
        let found = self.entry(self.peek(), self.program.relations.iter().map(|r| r.name.as_str()));
        let id = self.reference("relation", found)?;
        if id as usize >= self.program.relations.len() {
            return self.fail(format!("there is no relation {id}"));
        }
        Ok(RelationId(id))
    }

    pub(super) fn variant(&mut self) -> Parsed<VariantId> {
        let found = self.entry(self.peek(), self.program.variants.iter().map(|v| v.name.as_str()));
        let id = self.reference("variant type", found)?;
        if id as usize >= self.program.variants.len() {
            return self.fail(format!("there is no variant type {id}"));
        }
        Ok(VariantId(id))
    }

    pub(super) fn function(&mut self) -> Parsed<FunctionId> {
        let found = self.entry(self.peek(), self.program.functions.iter().map(|f| f.name.as_str()));
        let id = self.reference("function", found)?;
        if id as usize >= self.program.functions.len() {
            return self.fail(format!("there is no function {id}"));
        }
        Ok(FunctionId(id))
    }

    pub(super) fn query_id(&mut self) -> Parsed<QueryId> {
        let found = self.entry(self.peek(), self.program.queries.iter().map(|q| q.name.as_str()));
        Ok(QueryId(self.reference("query", found)?))
    }

    pub(super) fn case(&mut self, variant: VariantId) -> Parsed<u32> {
        let cases = &self.program.variant(variant).cases;
        let found = self.entry(self.peek(), cases.iter().map(|c| c.name.as_str()));
        self.reference("case", found)
    }

    pub(super) fn field(&mut self, relation: RelationId) -> Parsed<FieldId> {
        let fields = &self.program.relation(relation).fields;
        let found = self.entry(self.peek(), fields.iter().map(|f| f.name.as_str()));
        Ok(FieldId(self.reference("field", found)?))
    }

    pub(super) fn error(&mut self) -> Parsed<ErrorId> {
        let found = match self.peek() {
            Token::Name(_, Some(number), _) => Some(*number),
            Token::Name(name, None, _) => {
                BuiltIn::from_name(name).map(BuiltIn::id).or_else(|| self.program.error_named(name)).map(|id| id.0)
            }
            _ => None,
        };
        Ok(ErrorId(self.reference("error", found)?))
    }

    /// A variable that is read, or assigned once more.
    pub(super) fn var(&mut self) -> Parsed<VarId> {
        let found = self.entry(self.peek(), self.vars.iter().map(|v| v.name.as_str()));
        Ok(VarId(self.reference("variable", found)?))
    }

    /// A variable that is bound: one of the table, or a new one that [`Parser::declare`] gives its type. The
    /// returned variable is valid in either case.
    pub(super) fn binder(&mut self) -> Parsed<(VarId, bool)> {
        match self.entry(self.peek(), self.vars.iter().map(|v| v.name.as_str())) {
            Some(number) => {
                self.next();
                Ok((VarId(number), false))
            }
            None => {
                let name = self.name()?;
                self.vars.push(VarInfo { name, ty: Type::Unit });
                Ok((VarId(self.vars.len() as u32 - 1), true))
            }
        }
    }

    /// Gives a new variable its type.
    pub(super) fn declare(&mut self, (var, new): (VarId, bool), ty: &Type) -> VarId {
        if new {
            self.vars[var.index()].ty = ty.clone();
        }
        var
    }

    pub(super) fn ty(&mut self) -> Parsed<Type> {
        self.nested(|p| {
            let mut ty = p.plain_type()?;
            while p.eat("?") {
                ty = Type::Option(Arc::new(ty));
            }
            Ok(ty)
        })
    }

    fn bracketed(&mut self) -> Parsed<Arc<Type>> {
        self.expect("[")?;
        let of = self.ty()?;
        self.expect("]")?;
        Ok(Arc::new(of))
    }

    fn plain_type(&mut self) -> Parsed<Type> {
        if self.is("[") {
            return Ok(Type::List(self.bracketed()?));
        }
        if self.eat("{") {
            let fields = self.named_types("}")?;
            return Ok(Type::record(fields));
        }
        let word = match self.peek() {
            Token::Name(name, None, false) => name.clone(),
            _ => String::new(),
        };
        if let Some((_, ty)) = SIMPLE_TYPES.iter().find(|(name, _)| *name == word) {
            self.next();
            return Ok(ty.clone());
        }
        match word.as_str() {
            "Decimal" => {
                self.next();
                self.expect("(")?;
                let scale = self.number()?;
                self.expect(")")?;
                u8::try_from(scale).map(Type::Decimal).or_else(|_| self.fail("a scale is below 256"))
            }
            "Bag" => {
                self.next();
                Ok(Type::Bag(self.bracketed()?))
            }
            "Set" => {
                self.next();
                Ok(Type::Set(self.bracketed()?))
            }
            "Map" => {
                self.next();
                self.expect("[")?;
                let key = self.ty()?;
                self.expect(",")?;
                let value = self.ty()?;
                self.expect("]")?;
                Ok(Type::Map(Arc::new(key), Arc::new(value)))
            }
            "Ref" | "Row" => {
                self.next();
                self.expect("[")?;
                let relation = self.relation()?;
                self.expect("]")?;
                Ok(if word == "Ref" { Type::Ref(relation) } else { Type::Row(relation) })
            }
            _ => Ok(Type::Variant(self.variant()?)),
        }
    }

    /// `a: A, b: B` up to a closing bracket.
    fn named_types(&mut self, close: &str) -> Parsed<Vec<(Name, Type)>> {
        let mut fields = Vec::new();
        while !self.eat(close) {
            if !fields.is_empty() {
                self.expect(",")?;
            }
            let name = self.name()?;
            self.expect(":")?;
            fields.push((name, self.ty()?));
        }
        Ok(fields)
    }

    /// The names of items of each kind, found as words outside all brackets, and entered into the program's
    /// tables so that later items can be named.
    fn item_names(&mut self) -> Vec<(&'static str, Name, usize)> {
        let mut depth = 0usize;
        let mut names = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            match &self.tokens[at].0 {
                Token::Punct("{" | "(" | "[") => depth += 1,
                Token::Punct("}" | ")" | "]") => depth = depth.saturating_sub(1),
                Token::Name(word, None, false) if depth == 0 => {
                    let kind = ["variant", "relation", "event", "error", "fn", "query"].into_iter().find(|k| k == word);
                    if let (Some(kind), Some((Token::Name(name, None, _), offset))) = (kind, self.tokens.get(at + 1)) {
                        names.push((kind, Name::from(name.as_str()), *offset));
                        at += 1;
                    }
                    // `main f`, `endpoint f` and results of functions never look like an item: a name follows no name.
                    if word == "main" || word == "endpoint" {
                        at += 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        for (kind, name, _) in &names {
            self.enter(kind, name.clone());
        }
        names
    }

    /// Puts an empty entry for an item into its table.
    fn enter(&mut self, kind: &str, name: Name) {
        let site = SiteId(0);
        let program = &mut self.program;
        match kind {
            "variant" => program.variants.push(VariantType { name, cases: Vec::new() }),
            "relation" | "event" => program.relations.push(Relation {
                name,
                event: kind == "event",
                fields: Vec::new(),
                key: Vec::new(),
                generated: Generated::No,
                uniques: Vec::new(),
                indexes: Vec::new(),
                site,
            }),
            "error" => program.errors.push(ErrorType { name, fields: Vec::new() }),
            "fn" => program.functions.push(Function {
                name,
                kind: FunctionKind::Pure,
                params: Vec::new(),
                result: Type::Unit,
                vars: Vec::new(),
                body: Vec::new(),
                site,
            }),
            _ => program.queries.push(Query {
                id: QueryId(program.queries.len() as u32),
                name,
                params: Vec::new(),
                vars: Vec::new(),
                root: Rel::Unit,
                output: Output::Exists,
                site,
            }),
        }
    }

    /// Errors are only ever named by name alone, so their names must differ.
    fn check_unique(&self, names: &[(&'static str, Name, usize)]) -> Parsed<()> {
        for (i, (kind, name, offset)) in names.iter().enumerate() {
            if *kind == "error" && names[..i].iter().any(|(k, n, _)| k == kind && n == name) {
                return Err(ParseError::new(self.text, *offset, format!("the error `{name}` stands twice")));
            }
        }
        Ok(())
    }

    fn items(&mut self) -> Parsed<()> {
        let (mut variants, mut relations, mut errors, mut functions, mut queries) = (0, 0, 0, 0, 0);
        let mut bodies = Vec::new();
        let mut sites = None;
        loop {
            if *self.peek() == Token::End {
                break;
            }
            if self.eat_word("program") {
                let title = self.text()?;
                self.program.api.title = title.into();
            } else if self.eat_word("variant") {
                self.variant_type(variants)?;
                variants += 1;
            } else if self.is_word("relation") || self.is_word("event") {
                self.next();
                self.relation_type(RelationId(relations))?;
                relations += 1;
            } else if self.eat_word("error") {
                self.name()?;
                self.expect("(")?;
                self.program.errors[errors].fields = self.named_types(")")?;
                errors += 1;
            } else if self.eat_word("regex") {
                let regex = self.text()?;
                self.program.regexes.push(regex);
            } else if self.eat_word("fn") {
                let head = self.at;
                self.function_head(functions)?;
                bodies.push(Body::Function { index: functions, head, body: self.at });
                self.skip_braces()?;
                functions += 1;
            } else if self.eat_word("query") {
                bodies.push(Body::Query(queries, self.at));
                while !self.is("{") && *self.peek() != Token::End {
                    if self.is("(") { self.skip_parentheses()? } else { drop(self.next()) }
                }
                self.skip_braces()?;
                queries += 1;
            } else if self.eat_word("endpoint") {
                let function = self.function()?;
                let live = self.eat_word("live");
                let site = self.site()?;
                self.program.endpoints.push(Endpoint { function, live, site });
            } else if self.eat_word("scenario") {
                let name = self.text()?;
                let site = self.site()?;
                bodies.push(Body::Scenario(self.program.scenarios.len(), self.at));
                self.program.scenarios.push(Scenario { name, vars: Vec::new(), steps: Vec::new(), site });
                self.skip_braces()?;
            } else if self.eat_word("main") {
                self.program.main = Some(self.function()?);
            } else if self.eat_word("sites") {
                sites = Some(self.sites()?);
            } else {
                return self.fail("expected an item");
            }
        }
        self.program.sites = sites.unwrap_or_else(|| vec![made_up_site()]);
        for body in bodies {
            match body {
                Body::Function { index, head, body } => self.function_body(index, head, body)?,
                Body::Query(index, at) => {
                    self.at = at;
                    self.vars = Vec::new();
                    self.query(index)?;
                }
                Body::Scenario(index, at) => {
                    self.at = at;
                    self.vars = Vec::new();
                    self.scenario(index)?;
                }
            }
        }
        Ok(())
    }

    fn skip_braces(&mut self) -> Parsed<()> {
        self.skip("{", "}")
    }

    pub(super) fn skip_parentheses(&mut self) -> Parsed<()> {
        self.skip("(", ")")
    }

    fn skip(&mut self, open: &str, close: &str) -> Parsed<()> {
        if !self.is(open) {
            return self.fail(format!("expected `{open}`"));
        }
        let mut depth = 0usize;
        loop {
            if *self.peek() == Token::End {
                return self.fail(format!("`{open}` is not closed"));
            }
            if self.is(open) {
                depth += 1;
            } else if self.is(close) {
                depth -= 1;
            }
            self.next();
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn sites(&mut self) -> Parsed<Vec<Site>> {
        self.expect("{")?;
        let mut sites = Vec::new();
        while !self.eat("}") {
            let (file, kind, item) = (self.text()?, self.text()?, self.text()?);
            let nth = self.number()?;
            let start = self.number()?;
            self.expect("..")?;
            let end = self.number()?;
            sites.push(Site {
                file: file.into(),
                kind: kind.into(),
                item: item.into(),
                nth,
                range: tenon_span::Range { start, end },
            });
        }
        Ok(sites)
    }

    fn variant_type(&mut self, index: usize) -> Parsed<()> {
        self.name()?;
        self.expect("{")?;
        let mut cases = Vec::new();
        while !self.eat("}") {
            if !cases.is_empty() {
                self.expect(",")?;
            }
            let name = self.name()?;
            let fields = if self.eat("(") { self.named_types(")")? } else { Vec::new() };
            let wire = if self.eat_word("as") { Some(self.text()?.into()) } else { None };
            cases.push(Case { name, wire, fields });
        }
        self.program.variants[index].cases = cases;
        Ok(())
    }

    fn relation_type(&mut self, id: RelationId) -> Parsed<()> {
        self.name()?;
        self.expect("{")?;
        while !self.eat("}") {
            if self.eat_word("field") {
                let name = self.name()?;
                self.expect(":")?;
                let ty = self.ty()?;
                let secret = self.eat_word("secret");
                let on_delete = if self.eat_word("clear") { OnDelete::Clear } else { OnDelete::Restrict };
                let derived = if self.eat_word("derived") { Some(self.text()?.into()) } else { None };
                let initial = if self.eat_word("initial") { Some(self.value()?) } else { None };
                let field = Field { name, ty, secret, on_delete, derived, initial };
                self.program.relations[id.index()].fields.push(field);
            } else if self.eat_word("key") {
                let key = self.fields(id)?;
                let generated = if self.eat_word("generated") {
                    if self.eat_word("id") {
                        Generated::Id
                    } else {
                        self.expect_word("serial")?;
                        Generated::Serial
                    }
                } else {
                    Generated::No
                };
                let relation = &mut self.program.relations[id.index()];
                relation.key = key;
                relation.generated = generated;
            } else if self.eat_word("unique") {
                let fields = self.fields(id)?;
                let skip_none = self.eat_word("skip_none");
                self.program.relations[id.index()].uniques.push(Unique { fields, skip_none });
            } else if self.eat_word("index") {
                let mut fields = Vec::new();
                loop {
                    let field = self.field(id)?;
                    fields.push((field, self.eat_word("desc")));
                    if !self.eat(",") {
                        break;
                    }
                }
                self.program.relations[id.index()].indexes.push(Index { fields });
            } else {
                return self.fail("expected `field`, `key`, `unique`, `index` or `}`");
            }
        }
        self.program.relations[id.index()].site = self.site()?;
        Ok(())
    }

    pub(super) fn fields(&mut self, relation: RelationId) -> Parsed<Vec<FieldId>> {
        let mut fields = vec![self.field(relation)?];
        while self.eat(",") {
            fields.push(self.field(relation)?);
        }
        Ok(fields)
    }

    /// Parameters: `name: Type` declares the next variable. Bare ones are variables of the `vars` line, whose tokens
    /// are remembered until that line has been read.
    pub(super) fn params(&mut self) -> Parsed<Vec<usize>> {
        self.expect("(")?;
        let mut later = Vec::new();
        let mut first = true;
        while !self.eat(")") {
            if !first {
                self.expect(",")?;
            }
            first = false;
            if matches!(self.ahead(1), Token::Punct(":")) {
                let name = self.name()?;
                self.expect(":")?;
                let ty = self.ty()?;
                self.vars.push(VarInfo { name, ty });
            } else {
                later.push(self.at);
                self.next();
            }
        }
        Ok(later)
    }

    /// The `vars` line, and then the parameters in order.
    pub(super) fn var_table(&mut self, declared: usize, later: &[usize]) -> Parsed<Vec<VarId>> {
        if self.eat_word("vars") {
            loop {
                let name = self.name()?;
                self.expect(":")?;
                let ty = self.ty()?;
                self.vars.push(VarInfo { name, ty });
                if !self.eat(",") {
                    break;
                }
            }
        }
        let back = self.at;
        let mut params: Vec<VarId> = (0..declared as u32).map(VarId).collect();
        for &at in later {
            self.at = at;
            params.push(self.var()?);
        }
        self.at = back;
        Ok(params)
    }

    fn function_head(&mut self, index: usize) -> Parsed<()> {
        self.name()?;
        // The head is read again with the body, where bare parameters are resolved.
        self.params()?;
        let result = if self.eat("->") { self.ty()? } else { Type::Unit };
        let kind = if self.eat_word("pure") {
            FunctionKind::Pure
        } else if self.eat_word("reads") {
            FunctionKind::Reads
        } else {
            self.expect_word("writes")?;
            FunctionKind::Writes
        };
        let site = self.site()?;
        let function = &mut self.program.functions[index];
        function.result = result;
        function.kind = kind;
        function.site = site;
        Ok(())
    }

    fn function_body(&mut self, index: usize, head: usize, body: usize) -> Parsed<()> {
        self.at = head;
        self.name()?;
        self.vars = Vec::new();
        let later = self.params()?;
        let declared = self.vars.len();
        self.at = body;
        self.expect("{")?;
        let params = self.var_table(declared, &later)?;
        let body = self.statements()?;
        let function = &mut self.program.functions[index];
        function.params = params;
        function.body = body;
        function.vars = std::mem::take(&mut self.vars);
        Ok(())
    }
}
