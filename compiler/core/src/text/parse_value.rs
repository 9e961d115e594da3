//! The parser: constants.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use std::sync::Arc;
use tenon_value::Value;

impl Parser<'_> {
    /// A constant by itself.
    pub(super) fn value(&mut self) -> Parsed<Value> {
        self.nested(Self::plain_value)
    }

    fn values(&mut self) -> Parsed<Vec<Value>> {
        self.expect("(")?;
        let mut values = Vec::new();
        while !self.eat(")") {
            if !values.is_empty() {
                self.expect(",")?;
            }
            values.push(self.value()?);
        }
        Ok(values)
    }

    fn one<T>(&mut self, part: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.expect("(")?;
        let result = part(self)?;
        self.expect(")")?;
        Ok(result)
    }

    fn long(&mut self) -> Parsed<i64> {
        match self.peek() {
            Token::Number(text) => match text.parse() {
                Ok(n) => {
                    self.next();
                    Ok(n)
                }
                Err(_) => self.fail("this number does not fit"),
            },
            _ => self.fail("expected a number"),
        }
    }

    fn identity(&mut self) -> Parsed<u128> {
        match self.peek() {
            Token::Bytes(octets) => match <[u8; 16]>::try_from(octets.as_slice()) {
                Ok(octets) => {
                    self.next();
                    Ok(u128::from_be_bytes(octets))
                }
                Err(_) => self.fail("an identity has 16 octets"),
            },
            _ => self.fail("expected octets"),
        }
    }

    fn plain_value(&mut self) -> Parsed<Value> {
        match self.peek().clone() {
            Token::Number(text) => match super::value::number(&text) {
                Some(value) => {
                    self.next();
                    Ok(value)
                }
                None => self.fail("this number does not fit"),
            },
            Token::Text(text) => {
                self.next();
                Ok(Value::text(text))
            }
            Token::Bytes(octets) => {
                self.next();
                Ok(Value::Bytes(octets.into()))
            }
            Token::Name(word, number, _) => {
                self.next();
                Ok(match (word.as_str(), number) {
                    ("true", None) => Value::Bool(true),
                    ("false", None) => Value::Bool(false),
                    ("none", None) => Value::None,
                    ("instant", None) => Value::Instant(self.one(Self::long)?),
                    ("datetime", None) => Value::DateTime(self.one(Self::long)?),
                    ("time", None) => Value::Time(self.one(Self::long)?),
                    ("duration", None) => Value::Duration(self.one(Self::long)?),
                    ("date", None) => match i32::try_from(self.one(Self::long)?) {
                        Ok(days) => Value::Date(days),
                        Err(_) => return self.fail("this date does not fit"),
                    },
                    ("id", None) => Value::Id(self.one(Self::identity)?),
                    ("uuid", None) => Value::Uuid(self.one(Self::identity)?),
                    ("json", None) => Value::Json(self.one(Self::text)?.into()),
                    ("some", None) => Value::some(self.one(Self::value)?),
                    ("list", None) => Value::list(self.values()?),
                    ("bag", None) => Value::bag(self.values()?),
                    ("set", None) => Value::set(self.values()?),
                    ("record", None) => Value::record(self.values()?),
                    ("map", None) => {
                        self.expect("(")?;
                        let mut pairs = Vec::new();
                        while !self.eat(")") {
                            if !pairs.is_empty() {
                                self.expect(",")?;
                            }
                            let key = self.value()?;
                            self.expect("=>")?;
                            pairs.push((key, self.value()?));
                        }
                        Value::map(pairs)
                    }
                    ("case", Some(tag)) => Value::variant(tag, self.values()?),
                    ("ref", Some(relation)) => Value::Ref { relation, key: Arc::new(self.one(Self::value)?) },
                    ("row", Some(relation)) => {
                        let mut values = self.values()?;
                        if values.is_empty() {
                            return self.fail("a row has a key");
                        }
                        let key = Arc::new(values.remove(0));
                        Value::Row { relation, key, fields: values.into() }
                    }
                    _ => return self.fail(format!("`{word}` is no constant")),
                })
            }
            _ => self.fail("expected a constant"),
        }
    }
}
