//! The parser: expressions.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use super::words;
use crate::ir::*;
use crate::typing::{Typing, record_of};
use tenon_value::Value;

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|p| {
            let expr = p.primary()?;
            p.fields_of(expr)
        })
    }

    /// Any `.field`s after an expression.
    fn fields_of(&mut self, mut expr: Expr) -> Parsed<Expr> {
        while self.eat(".") {
            expr = self.field_of(expr)?;
        }
        Ok(expr)
    }

    /// A node whose parts determine its type.
    fn node(&self, kind: ExprKind) -> Parsed<Expr> {
        match (Typing { program: &self.program, vars: &self.vars }).of(&kind) {
            Some(ty) => Ok(Expr { kind, ty }),
            None => self.fail("the type of this expression must be written, `(e : T)`, or its parts do not fit"),
        }
    }

    fn field_of(&mut self, of: Expr) -> Parsed<Expr> {
        let index = match self.peek() {
            Token::Name(_, Some(number), _) => Some(*number),
            Token::Name(name, None, _) => {
                (Typing { program: &self.program, vars: &self.vars }).field_named(&of.ty, name)
            }
            _ => None,
        };
        let Some(index) = index else { return self.fail("there is no such field here") };
        self.next();
        self.node(ExprKind::Field(Box::new(of), index))
    }

    fn exprs(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut exprs = Vec::new();
        while !self.eat(close) {
            if !exprs.is_empty() {
                self.expect(",")?;
            }
            exprs.push(self.expr()?);
        }
        Ok(exprs)
    }

    /// Arguments in parentheses.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        self.exprs(")")
    }

    pub(super) fn argument(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let expr = self.expr()?;
        self.expect(")")?;
        Ok(expr)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.peek().clone() {
            Token::Punct("(") => {
                self.next();
                self.parenthesised()
            }
            Token::Punct("{") => {
                self.next();
                let mut names = Vec::new();
                let mut fields = Vec::new();
                while !self.eat("}") {
                    if !fields.is_empty() {
                        self.expect(",")?;
                    }
                    names.push(self.name()?);
                    self.expect(":")?;
                    fields.push(self.expr()?);
                }
                let ty = record_of(names, &fields);
                Ok(Expr { kind: ExprKind::Record(fields), ty })
            }
            Token::Punct("[") => {
                self.next();
                let elements = self.exprs("]")?;
                self.node(ExprKind::Collection(elements))
            }
            Token::Number(_) | Token::Text(_) | Token::Bytes(_) => {
                let value = self.value()?;
                self.node(ExprKind::Literal(value))
            }
            Token::Name(word, number, false) => {
                // What is followed by a parenthesis is a form, never a variable.
                let formed = matches!(self.ahead(1), Token::Punct("("));
                match (word.as_str(), number) {
                    ("true" | "false", None) => {
                        let value = self.value()?;
                        self.node(ExprKind::Literal(value))
                    }
                    ("unit", None) => {
                        self.next();
                        Ok(Expr { kind: ExprKind::Record(Vec::new()), ty: Type::Unit })
                    }
                    ("call", None) => {
                        self.next();
                        let function = self.function()?;
                        let arguments = self.arguments()?;
                        let site = self.site()?;
                        self.node(ExprKind::Call(function, arguments, site))
                    }
                    ("case", None) => self.case_value(),
                    (_, _) if formed => self.form(&word, number),
                    _ => {
                        let var = self.var()?;
                        self.node(ExprKind::Var(var))
                    }
                }
            }
            Token::Name(_, _, true) => {
                let var = self.var()?;
                self.node(ExprKind::Var(var))
            }
            _ => self.fail("expected an expression"),
        }
    }

    /// After `(`: an operator between two expressions, or an expression with its type.
    fn parenthesised(&mut self) -> Parsed<Expr> {
        let left = match self.untyped()? {
            Some(kind) if self.eat(":") => {
                let ty = self.ty()?;
                self.expect(")")?;
                return Ok(Expr { kind, ty });
            }
            Some(kind) => {
                let expr = self.node(kind)?;
                self.fields_of(expr)?
            }
            None => self.expr()?,
        };
        if self.eat(":") {
            let ty = self.ty()?;
            self.expect(")")?;
            return Ok(Expr { kind: left.kind, ty });
        }
        if self.eat(")") {
            return Ok(left);
        }
        for (word, and) in [("and", true), ("or", false)] {
            if self.eat_word(word) {
                let (left, right) = (Box::new(left), Box::new(self.expr()?));
                self.expect(")")?;
                return self.node(if and { ExprKind::And(left, right) } else { ExprKind::Or(left, right) });
            }
        }
        let operator = match self.peek() {
            Token::Punct(p) if words::INFIX.iter().any(|(op, _)| op == p) => *p,
            _ => return self.fail("expected an operator, `:` or `)`"),
        };
        self.next();
        let right = self.expr()?;
        let Some(prim) = words::infix(operator, &left.ty, &right.ty) else {
            return self.fail(format!("`{operator}` does not fit these operands"));
        };
        self.expect(")")?;
        let site = self.site()?;
        self.node(ExprKind::Prim(prim, vec![left, right], site))
    }

    /// A form that may say nothing of its type, after `(`.
    fn untyped(&mut self) -> Parsed<Option<ExprKind>> {
        Ok(match self.peek().clone() {
            Token::Name(word, None, false) if word == "none" => {
                self.next();
                Some(ExprKind::None)
            }
            Token::Name(word, None, false) if word == "query" => {
                self.next();
                let query = self.query_id()?;
                Some(ExprKind::Query(query, self.arguments()?))
            }
            Token::Name(word, None, false) if word == "record" => {
                self.next();
                Some(ExprKind::Record(self.arguments()?))
            }
            Token::Name(word, Some(tag), false) if word == "variant" => {
                self.next();
                Some(ExprKind::Variant(tag, self.arguments()?))
            }
            Token::Punct("[") => {
                self.next();
                Some(ExprKind::Collection(self.exprs("]")?))
            }
            Token::Name(word, number, false) if matches!(self.ahead(1), Token::Punct("(")) => {
                match self.prim(&word, number) {
                    Some(prim) => {
                        self.next();
                        let operands = self.arguments()?;
                        Some(ExprKind::Prim(prim, operands, self.site()?))
                    }
                    None if word == "map" => self.form_kind(&word, number)?,
                    None => None,
                }
            }
            _ => None,
        })
    }

    fn prim(&self, word: &str, number: Option<u32>) -> Option<Prim> {
        match (word, number) {
            ("matches", Some(regex)) => Some(Prim::Matches(RegexId(regex))),
            ("builtin", Some(number)) => u16::try_from(number).ok().map(Prim::Builtin),
            (word, None) => words::entry(words::PRIMS, word),
            _ => None,
        }
    }

    /// `case V.C(…)`.
    fn case_value(&mut self) -> Parsed<Expr> {
        self.next();
        let variant = self.variant()?;
        self.expect(".")?;
        let tag = self.case(variant)?;
        let fields = if self.is("(") { self.arguments()? } else { Vec::new() };
        Ok(Expr { kind: ExprKind::Variant(tag, fields), ty: Type::Variant(variant) })
    }

    fn form(&mut self, word: &str, number: Option<u32>) -> Parsed<Expr> {
        if word == "const" {
            self.next();
            self.expect("(")?;
            let ty = self.ty()?;
            self.expect(",")?;
            let value: Value = self.value()?;
            self.expect(")")?;
            return Ok(Expr { kind: ExprKind::Literal(value), ty });
        }
        if number.is_none() && words::CONSTANTS.contains(&word) {
            let value = self.value()?;
            return self.node(ExprKind::Literal(value));
        }
        if let Some(prim) = self.prim(word, number) {
            self.next();
            let operands = self.arguments()?;
            let site = self.site()?;
            return self.node(ExprKind::Prim(prim, operands, site));
        }
        match self.form_kind(word, number)? {
            Some(kind) => self.node(kind),
            None => self.fail(format!("`{word}` is no form of an expression")),
        }
    }

    fn form_kind(&mut self, word: &str, number: Option<u32>) -> Parsed<Option<ExprKind>> {
        if number.is_some() {
            return Ok(None);
        }
        let start = self.position();
        self.next();
        let kind = match word {
            "some" => ExprKind::Some(Box::new(self.argument()?)),
            "is_some" => ExprKind::IsSome(Box::new(self.argument()?)),
            "unwrap" => ExprKind::Unwrap(Box::new(self.argument()?)),
            "follow" => ExprKind::Follow(Box::new(self.argument()?)),
            "ref" => ExprKind::RefOf(Box::new(self.argument()?)),
            "is" | "payload" => {
                self.expect("(")?;
                let of = self.expr()?;
                self.expect(",")?;
                let Type::Variant(variant) = of.ty else { return self.fail("this is no variant") };
                let tag = self.case(variant)?;
                if word == "is" {
                    self.expect(")")?;
                    ExprKind::IsCase(Box::new(of), tag)
                } else {
                    self.expect(",")?;
                    let index = self.number()?;
                    self.expect(")")?;
                    ExprKind::CaseField(Box::new(of), tag, index)
                }
            }
            "map" => {
                self.expect("(")?;
                let mut pairs = Vec::new();
                while !self.eat(")") {
                    if !pairs.is_empty() {
                        self.expect(",")?;
                    }
                    let key = self.expr()?;
                    self.expect("=>")?;
                    pairs.push((key, self.expr()?));
                }
                ExprKind::Map(pairs)
            }
            "range" | "range_to" => {
                let (from, to) = self.two()?;
                ExprKind::Range(Box::new(from), Box::new(to), word == "range_to")
            }
            "if" => {
                self.expect("(")?;
                let condition = self.expr()?;
                self.expect(",")?;
                let then = self.expr()?;
                self.expect(",")?;
                let otherwise = self.expr()?;
                self.expect(")")?;
                ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise))
            }
            "let" => {
                self.expect("(")?;
                let var = self.binder()?;
                self.expect("=")?;
                let value = self.expr()?;
                let var = self.declare(var, &value.ty);
                self.expect(",")?;
                let body = self.expr()?;
                self.expect(")")?;
                ExprKind::Let(var, Box::new(value), Box::new(body))
            }
            _ => {
                self.go_to(start);
                return Ok(None);
            }
        };
        Ok(Some(kind))
    }

    fn two(&mut self) -> Parsed<(Expr, Expr)> {
        self.expect("(")?;
        let first = self.expr()?;
        self.expect(",")?;
        let second = self.expr()?;
        self.expect(")")?;
        Ok((first, second))
    }
}
