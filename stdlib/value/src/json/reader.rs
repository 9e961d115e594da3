//! The walk over one JSON text by its shape.

use std::borrow::Cow;

use super::canonical::{NotCanonical, write_canonical};
use super::decode::{Body, Decoder, Step, Stop, Unknown, either, enter_content, leave_content};
use super::names::closest;
use super::scan::{Scanner, Start, SyntaxError};
use crate::fault::Fault;
use crate::problem::ProblemCode;
use crate::shape::{Case, Field, Kind, ShapeId};
use crate::sink::{Collection, Sink};

/// One JSON text and the place in it.
pub(super) struct Reader<'a, 'd, 't> {
    scanner: Scanner<'t>,
    path: Vec<Step<'t>>,
    decoder: &'d mut Decoder<'a>,
}

impl<'a, 'd, 't> Reader<'a, 'd, 't> {
    /// At the start of a text.
    pub(super) fn new(text: &'t str, decoder: &'d mut Decoder<'a>) -> Self {
        Reader { scanner: Scanner::new(text, decoder.options.max_depth), path: Vec::new(), decoder }
    }

    /// Consumes the whole text.
    pub(super) fn whole<S: Sink>(&mut self, sink: &mut S, body: Body<'_>) -> Result<(), Stop> {
        match body {
            Body::Value(shape) => self.value(shape, sink)?,
            Body::Members(fields, open) => {
                match self.start()? {
                    Start::Object => {}
                    other => {
                        self.type_problem("an object", other)?;
                        return self.end();
                    }
                }
                let seen = self.members(fields, |index| open.get(index) == Some(&true), None, sink)?;
                let absent = |index: usize| open.get(index) == Some(&true) && !seen.has(index);
                let path = std::mem::take(&mut self.path);
                self.decoder.absent(&path, fields, absent, sink)?;
            }
        }
        self.end()
    }

    fn end(&mut self) -> Result<(), Stop> {
        let ended = self.scanner.end();
        self.syntax(ended)
    }

    /// A syntax error ends decoding.
    fn syntax<T>(&mut self, result: Result<T, SyntaxError>) -> Result<T, Stop> {
        result.map_err(|error| {
            let code = if error.too_deep { ProblemCode::TooDeep } else { ProblemCode::Syntax };
            let detail = if error.too_deep {
                format!("nests more than {} levels deep, at byte {}", self.decoder.options.max_depth, error.at)
            } else {
                format!("is not JSON at byte {}: {}", error.at, error.what)
            };
            let _ = self.decoder.problem(&[], code, detail);
            Stop
        })
    }

    fn start(&mut self) -> Result<Start, Stop> {
        let start = self.scanner.start();
        self.syntax(start)
    }

    fn problem(&mut self, code: ProblemCode, detail: impl Into<String>) -> Result<(), Stop> {
        self.decoder.problem(&self.path, code, detail)
    }

    fn fault<T>(&mut self, result: Result<T, Fault>) -> Result<T, Stop> {
        result.map_err(|fault| self.decoder.fail(fault))
    }

    fn skip(&mut self) -> Result<(), Stop> {
        let skipped = self.scanner.skip();
        self.syntax(skipped)
    }

    /// Reports that another type was expected, and consumes the value.
    fn type_problem(&mut self, expected: &str, found: Start) -> Result<(), Stop> {
        self.problem(ProblemCode::Type, format!("must be {expected}, found {}", found.words()))?;
        self.skip()
    }

    /// Consumes a value of a shape into the present place, and asks the rules of the shape.
    fn value<S: Sink>(&mut self, id: ShapeId, sink: &mut S) -> Result<(), Stop> {
        let before = self.decoder.count();
        self.content(id, sink)?;
        let shape = self.decoder.shapes.get(id);
        if self.decoder.count() == before && !shape.checks.is_empty() {
            self.decoder.predicates(&self.path, id, sink)?;
        }
        Ok(())
    }

    fn content<S: Sink>(&mut self, id: ShapeId, sink: &mut S) -> Result<(), Stop> {
        let shapes = self.decoder.shapes;
        let shape = shapes.get(id);
        let start = self.start()?;
        match (&shape.kind, start) {
            (Kind::Bool, Start::Bool) => {
                let value = self.scanner.bool();
                sink.bool(self.syntax(value)?);
                Ok(())
            }
            (Kind::Bool, _) => self.type_problem("true or false", start),
            (Kind::Int, Start::Number) => {
                let number = self.scanner.number();
                let number = self.syntax(number)?;
                self.decoder.int(&self.path, id, number, sink)
            }
            (Kind::Int, _) => self.type_problem("a whole number", start),
            (Kind::Float, Start::Number) => {
                let number = self.scanner.number();
                let number = self.syntax(number)?;
                match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => {
                        sink.float(value + 0.0);
                        Ok(())
                    }
                    _ => self.problem(ProblemCode::Range, "is too large for a number"),
                }
            }
            (Kind::Float, _) => self.type_problem("a number", start),
            (Kind::Decimal { .. }, Start::Number) => {
                let number = self.scanner.number();
                let number = self.syntax(number)?;
                self.decoder.scalar(&self.path, id, number, sink)
            }
            (
                Kind::Decimal { .. }
                | Kind::Text
                | Kind::Bytes
                | Kind::Instant
                | Kind::DateTime
                | Kind::Date
                | Kind::Time
                | Kind::Duration
                | Kind::Id
                | Kind::Uuid,
                Start::String,
            ) => {
                let content = self.scanner.string();
                let content = self.syntax(content)?;
                self.decoder.scalar(&self.path, id, &content, sink)
            }
            (Kind::Decimal { .. }, _) => self.type_problem("a decimal number", start),
            (Kind::Text, _) => self.type_problem("a string", start),
            (
                Kind::Bytes
                | Kind::Instant
                | Kind::DateTime
                | Kind::Date
                | Kind::Time
                | Kind::Duration
                | Kind::Id
                | Kind::Uuid,
                _,
            ) => self.type_problem("a string", start),
            (Kind::Json, _) => {
                let mut out = Vec::new();
                match write_canonical(&mut self.scanner, &mut out) {
                    Ok(()) => {}
                    Err(NotCanonical::Syntax(error)) => return self.syntax(Err(error)),
                    Err(NotCanonical::Duplicate(name)) => {
                        self.problem(ProblemCode::Duplicate, format!("gives the member {name:?} twice"))?;
                        return Err(Stop);
                    }
                    Err(NotCanonical::Zero) => {
                        self.problem(ProblemCode::Format, "must not hold the character U+0000")?;
                        return Err(Stop);
                    }
                }
                let text = std::str::from_utf8(&out).map_err(|_| self.decoder.fail(Fault::Internal))?;
                let taken = sink.json(text);
                self.fault(taken)
            }
            (Kind::Option(_), Start::Null) => {
                let null = self.scanner.null();
                self.syntax(null)?;
                sink.none();
                Ok(())
            }
            (Kind::Option(content), _) => {
                sink.enter_some();
                self.value(*content, sink)?;
                sink.leave();
                Ok(())
            }
            (Kind::List(element), Start::Array) => self.array(id, Collection::List, *element, sink),
            (Kind::Bag(element), Start::Array) => self.array(id, Collection::Bag, *element, sink),
            (Kind::Set(element), Start::Array) => self.array(id, Collection::Set, *element, sink),
            (Kind::List(_) | Kind::Bag(_) | Kind::Set(_), _) => self.type_problem("an array", start),
            (Kind::Map { key, value }, _) => self.map(id, *key, *value, start, sink),
            (Kind::Record { fields }, Start::Object) => {
                sink.record(fields.len());
                let seen = self.members(fields, |_| true, None, sink)?;
                self.decoder.absent(&self.path, fields, |index| !seen.has(index), sink)?;
                sink.end_record();
                Ok(())
            }
            (Kind::Record { .. }, _) => self.type_problem("an object", start),
            (Kind::Variant { bare: true, .. }, Start::String) => {
                let content = self.scanner.string();
                let content = self.syntax(content)?;
                self.decoder.bare_case(&self.path, id, &content, sink)
            }
            (Kind::Variant { bare: true, cases }, _) => {
                let names = either(cases.iter().map(|case| case.name.as_str()));
                self.type_problem(&names, start)
            }
            (Kind::Variant { cases, .. }, Start::Object) => self.tagged(cases, sink),
            (Kind::Variant { .. }, _) => self.type_problem("an object with \"type\"", start),
            (Kind::Ref { relation, key, .. }, _) => {
                let entered = sink.enter_reference(*relation);
                self.fault(entered)?;
                self.value(*key, sink)?;
                sink.leave();
                Ok(())
            }
            // Rows are answers; nobody sends one.
            (Kind::Row { .. }, _) => Err(self.decoder.fail(Fault::Internal)),
        }
    }

    fn array<S: Sink>(&mut self, id: ShapeId, kind: Collection, element: ShapeId, sink: &mut S) -> Result<(), Stop> {
        let shapes = self.decoder.shapes;
        let before = self.decoder.count();
        sink.collection(kind, shapes.lanes(element));
        let opened = self.scanner.open(b']');
        let mut more = self.syntax(opened)?;
        let mut count = 0;
        while more {
            self.path.push(Step::Index(count));
            sink.enter_element();
            self.value(element, sink)?;
            sink.leave();
            self.path.pop();
            count += 1;
            let next = self.scanner.next(b']');
            more = self.syntax(next)?;
        }
        let complete = self.decoder.count() == before;
        let ended = sink.end_collection(shapes, id, complete);
        if !self.fault(ended)? {
            self.problem(ProblemCode::Duplicate, "must not hold the same element twice")?;
        }
        self.decoder.length_rules(&self.path, shapes.get(id), "elements", || count as u64)
    }

    fn map<S: Sink>(
        &mut self,
        id: ShapeId,
        key: ShapeId,
        value: ShapeId,
        start: Start,
        sink: &mut S,
    ) -> Result<(), Stop> {
        let shapes = self.decoder.shapes;
        let named = shapes.get(key).kind == Kind::Text;
        let (expected, wanted, end) =
            if named { ("an object", Start::Object, b'}') } else { ("an array of pairs", Start::Array, b']') };
        if start != wanted {
            return self.type_problem(expected, start);
        }
        let before = self.decoder.count();
        let behind = shapes.lanes(key);
        sink.collection(Collection::Map, behind + shapes.lanes(value));
        let opened = self.scanner.open(end);
        let mut more = self.syntax(opened)?;
        let mut count = 0;
        while more {
            if named {
                let name = self.scanner.name();
                let name = self.syntax(name)?;
                self.path.push(Step::Name(name.clone()));
                let clean = self.decoder.count();
                sink.enter_element();
                self.decoder.scalar(&self.path, key, &name, sink)?;
                if self.decoder.count() == clean {
                    self.decoder.predicates(&self.path, key, sink)?;
                }
                sink.leave();
                sink.enter_value(behind);
                self.value(value, sink)?;
                sink.leave();
            } else {
                self.path.push(Step::Index(count));
                self.pair(key, value, behind, sink)?;
            }
            self.path.pop();
            count += 1;
            let next = self.scanner.next(end);
            more = self.syntax(next)?;
        }
        let complete = self.decoder.count() == before;
        let ended = sink.end_collection(shapes, id, complete);
        if !self.fault(ended)? {
            self.problem(ProblemCode::Duplicate, "must not hold the same key twice")?;
        }
        self.decoder.length_rules(&self.path, shapes.get(id), "entries", || count as u64)
    }

    /// `[key, value]`.
    fn pair<S: Sink>(&mut self, key: ShapeId, value: ShapeId, behind: u32, sink: &mut S) -> Result<(), Stop> {
        let start = self.start()?;
        if start != Start::Array {
            return self.type_problem("an array of a key and a value", start);
        }
        let opened = self.scanner.open(b']');
        let mut more = self.syntax(opened)?;
        let mut count = 0;
        while more {
            match count {
                0 => {
                    self.path.push(Step::Index(0));
                    sink.enter_element();
                    self.value(key, sink)?;
                    sink.leave();
                    self.path.pop();
                }
                1 => {
                    self.path.push(Step::Index(1));
                    sink.enter_value(behind);
                    self.value(value, sink)?;
                    sink.leave();
                    self.path.pop();
                }
                _ => self.skip()?,
            }
            count += 1;
            let next = self.scanner.next(b']');
            more = self.syntax(next)?;
        }
        if count != 2 {
            self.problem(ProblemCode::Type, "must be an array of a key and a value")?;
        }
        Ok(())
    }

    /// Consumes an object into the fields of the open record or case, and tells which were there. The member `tag` is
    /// passed over.
    fn members<S: Sink>(
        &mut self,
        fields: &[Field],
        open: impl Fn(usize) -> bool,
        tag: Option<&str>,
        sink: &mut S,
    ) -> Result<Seen, Stop> {
        let mut seen = Seen::new(fields.len());
        let mut tagged = false;
        let opened = self.scanner.open(b'}');
        let mut more = self.syntax(opened)?;
        // Members mostly come in the order of the fields: the search starts behind the last one found.
        let mut next = 0;
        while more {
            let name = self.scanner.name();
            let name = self.syntax(name)?;
            if tag == Some(&*name) {
                if std::mem::replace(&mut tagged, true) {
                    self.path.push(Step::Name(name));
                    self.problem(ProblemCode::Duplicate, "is given twice")?;
                    self.path.pop();
                }
                self.skip()?;
                let next = self.scanner.next(b'}');
                more = self.syntax(next)?;
                continue;
            }
            let found = fields
                .iter()
                .enumerate()
                .skip(next)
                .chain(fields.iter().enumerate().take(next))
                .find(|(index, field)| field.name == *name && open(*index));
            self.path.push(Step::Name(name));
            match found {
                None => {
                    if self.decoder.options.unknown == Unknown::Refuse {
                        let known = fields.iter().enumerate().filter(|(index, _)| open(*index));
                        let known = known.map(|(_, field)| field.name.as_str());
                        let detail = match closest(self.path.last(), known) {
                            Some(name) => format!("is not known here; did you mean `{name}`?"),
                            None => "is not known here".to_owned(),
                        };
                        self.problem(ProblemCode::Unknown, detail)?;
                    }
                    self.skip()?;
                }
                Some((index, field)) => {
                    next = index + 1;
                    if seen.add(index) {
                        self.problem(ProblemCode::Duplicate, "is given twice")?;
                        self.skip()?;
                    } else {
                        sink.enter_field(index, field.offset);
                        enter_content(self.decoder.shapes, field, sink);
                        self.value(field.shape, sink)?;
                        leave_content(self.decoder.shapes, field, sink);
                        sink.leave();
                    }
                }
            }
            self.path.pop();
            let next = self.scanner.next(b'}');
            more = self.syntax(next)?;
        }
        Ok(seen)
    }

    /// An object whose member `"type"` names the case. It is mostly the first; where it is not, the object is looked
    /// through for it. Nested objects that all name their case last are so read once per level, which the bound on
    /// nesting keeps small.
    fn tagged<S: Sink>(&mut self, cases: &'a [Case], sink: &mut S) -> Result<(), Stop> {
        let expected = || either(cases.iter().map(|case| case.name.as_str()));
        let mut ahead = self.scanner.clone();
        let found = find_type(&mut ahead);
        match self.syntax(found)? {
            Tag::Missing => {
                self.path.push(Step::Name(Cow::Borrowed("type")));
                self.problem(ProblemCode::Missing, format!("is required: {}", expected()))?;
                self.path.pop();
                self.skip()
            }
            Tag::Other(start) => {
                self.path.push(Step::Name(Cow::Borrowed("type")));
                self.problem(ProblemCode::Type, format!("must be {}, found {}", expected(), start.words()))?;
                self.path.pop();
                self.skip()
            }
            Tag::Name(name) => match cases.iter().position(|case| case.name == *name) {
                None => {
                    self.path.push(Step::Name(Cow::Borrowed("type")));
                    self.problem(ProblemCode::Choice, format!("must be {}", expected()))?;
                    self.path.pop();
                    self.skip()
                }
                Some(tag) => {
                    let fields = &cases[tag].fields;
                    sink.variant(tag as u32, fields.len());
                    let seen = self.members(fields, |_| true, Some("type"), sink)?;
                    self.decoder.absent(&self.path, fields, |index| !seen.has(index), sink)?;
                    sink.end_variant();
                    Ok(())
                }
            },
        }
    }
}

/// Which fields of an object were there; the first 64 without an allocation.
struct Seen {
    first: u64,
    others: Vec<bool>,
}

impl Seen {
    fn new(fields: usize) -> Seen {
        Seen { first: 0, others: vec![false; fields.saturating_sub(64)] }
    }

    fn has(&self, index: usize) -> bool {
        match index.checked_sub(64) {
            None => self.first >> index & 1 == 1,
            Some(index) => self.others.get(index) == Some(&true),
        }
    }

    /// Adds a field, and tells whether it was there before.
    fn add(&mut self, index: usize) -> bool {
        let before = self.has(index);
        match index.checked_sub(64) {
            None => self.first |= 1 << index,
            Some(index) => {
                if let Some(other) = self.others.get_mut(index) {
                    *other = true;
                }
            }
        }
        before
    }
}

/// What an object says about its case.
enum Tag<'t> {
    Missing,
    Other(Start),
    Name(Cow<'t, str>),
}

fn find_type<'t>(scanner: &mut Scanner<'t>) -> Result<Tag<'t>, SyntaxError> {
    let mut more = scanner.open(b'}')?;
    while more {
        let name = scanner.name()?;
        let start = scanner.start()?;
        if name == "type" {
            return Ok(if start == Start::String { Tag::Name(scanner.string()?) } else { Tag::Other(start) });
        }
        scanner.skip()?;
        more = scanner.next(b'}')?;
    }
    Ok(Tag::Missing)
}
