//! Stored values as cells of the authority: from the lanes of a version, and back at the start.

use tenon_authority::sqlite::OwnedCell;
use tenon_authority::{AuthorityError, Cell, columns};
use tenon_store::image::Reader;
use tenon_store::schema::{Case, DataType, FieldId, RelationId};
use tenon_store::{NONE, Str};
use tenon_value::{identity, time};

use crate::context::CallContext;
use crate::stored::{Stored, ValueError, skip, take, take_id, take_str, utf8};

impl Stored {
    // From lanes to cells.

    /// The cells of a version, in the columns of its relation.
    pub fn cells(
        &self,
        reader: &Reader<'_>,
        relation: RelationId,
        slot: u32,
        out: &mut CellBuffer,
    ) -> Result<(), AuthorityError> {
        out.clear();
        out.lanes.clear();
        reader.relation(relation).read_row(slot, &mut out.lanes);
        let lanes = std::mem::take(&mut out.lanes);
        let mut rest = &lanes[..];
        for field in &self.schema().relation(relation).fields {
            // SAFETY: the lanes are those of the version, which the caller keeps from being freed.
            unsafe { self.push_cells(reader, &field.ty, &mut rest, out)? };
        }
        out.lanes = lanes;
        Ok(())
    }

    unsafe fn push_cells(
        &self,
        reader: &Reader<'_>,
        ty: &DataType,
        lanes: &mut &[u64],
        out: &mut CellBuffer,
    ) -> Result<(), AuthorityError> {
        // SAFETY: by the caller's promise.
        unsafe {
            match ty {
                DataType::Bool | DataType::Int | DataType::Decimal(_) | DataType::Duration => {
                    out.cells.push(Spec::Int(take(lanes) as i64));
                }
                DataType::Float => out.cells.push(Spec::Real(f64::from_bits(take(lanes)))),
                DataType::Text | DataType::Json => out.cells.push(Spec::Text(take_str(lanes))),
                DataType::Bytes => out.cells.push(Spec::Bytes(take_str(lanes))),
                DataType::Instant => {
                    let at = take(lanes) as i64;
                    out.scratch(|text| {
                        write_date_time(text, at);
                        text.push('Z');
                    });
                }
                DataType::DateTime => {
                    let at = take(lanes) as i64;
                    out.scratch(|text| write_date_time(text, at));
                }
                DataType::Date => {
                    let date = take(lanes) as i32;
                    out.scratch(|text| time::write_date(text, date));
                }
                DataType::Time => {
                    let at = take(lanes) as i64;
                    out.scratch(|text| write_time(text, at));
                }
                DataType::Id | DataType::Uuid => {
                    let id = take_id(lanes);
                    out.scratch(|text| identity::write(text, id));
                }
                DataType::Ref(relation) => {
                    let entity = take(lanes) as u32;
                    let Some(slot) = reader.relation(*relation).any_version(entity) else {
                        return Err(AuthorityError::Inconsistent("a reference leads to no row".into()));
                    };
                    let description = self.schema().relation(*relation);
                    for key in &description.key {
                        let key_lanes = reader.field(*relation, *key, slot);
                        self.push_cells(reader, &description.field(*key).ty, &mut &key_lanes[..], out)?;
                    }
                }
                DataType::Option(content) => {
                    let present = take(lanes) != 0;
                    if !columns::is_plain_option(self.schema(), content) {
                        out.cells.push(Spec::Int(i64::from(present)));
                    }
                    if present {
                        self.push_cells(reader, content, lanes, out)?;
                    } else {
                        self.push_nulls(content, lanes, out);
                    }
                }
                DataType::Record(fields) => {
                    for field in fields {
                        self.push_cells(reader, &field.ty, lanes, out)?;
                    }
                }
                DataType::Variant(cases) => {
                    let tag = take(lanes) as usize;
                    let Some(case) = cases.get(tag) else {
                        return Err(AuthorityError::Inconsistent("a variant has a case that its type has not".into()));
                    };
                    out.scratch(|text| text.push_str(&case.name));
                    for (number, case) in cases.iter().enumerate() {
                        for field in &case.fields {
                            if number == tag {
                                self.push_cells(reader, &field.ty, lanes, out)?;
                            } else {
                                self.push_nulls(&field.ty, lanes, out);
                            }
                        }
                    }
                }
                DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..) => {
                    let value = self.take_value(reader, ty, lanes);
                    let json =
                        self.json(ty, &value).map_err(|fault| AuthorityError::Inconsistent(fault.to_string()))?;
                    out.scratch(|text| text.push_str(&json));
                }
            }
        }
        Ok(())
    }

    fn push_nulls(&self, ty: &DataType, lanes: &mut &[u64], out: &mut CellBuffer) {
        skip(ty, lanes);
        let count = columns::count(self.schema(), ty);
        out.cells.extend(std::iter::repeat_n(Spec::Null, count));
    }

    /// The cells of a field's default, for rows that were stored before the field existed.
    pub fn default_cells(
        &self,
        reader: &Reader<'_>,
        relation: RelationId,
        field: FieldId,
    ) -> Result<Vec<OwnedCell>, String> {
        let field = self.schema().relation(relation).field(field);
        let value = field.default.as_ref().ok_or("the field has no default")?;
        let mut ctx = CallContext::new(crate::context::Limits::default(), 0, 0);
        let mut lanes = Vec::new();
        self.push_lanes(&mut ctx, reader, &field.ty, value, &mut lanes).map_err(|error| error.to_string())?;
        let mut out = CellBuffer::default();
        // SAFETY: the lanes were just made; texts lie in the arena of `ctx`.
        unsafe {
            self.push_cells(reader, &field.ty, &mut &lanes[..], &mut out).map_err(|error| error.to_string())?;
            Ok(out.cells().iter().map(own).collect())
        }
    }

    // From cells to lanes.

    /// Appends the lanes of a value that cells hold. Texts point into the cells or the arena of `ctx`.
    pub(crate) fn read_cells(
        &self,
        source: &mut CellReader<'_, '_>,
        ty: &DataType,
        out: &mut Vec<u64>,
    ) -> Result<(), String> {
        match ty {
            DataType::Bool | DataType::Int | DataType::Decimal(_) | DataType::Duration => {
                out.push(source.int()? as u64)
            }
            DataType::Float => match source.next()? {
                Cell::Real(value) => out.push((value + 0.0).to_bits()),
                Cell::Int(value) => out.push((value as f64).to_bits()),
                other => return Err(unexpected("a number", other)),
            },
            DataType::Text | DataType::Json => push_str(source.text()?.as_bytes(), out),
            DataType::Bytes => match source.next()? {
                Cell::Blob(bytes) => push_str(bytes, out),
                other => return Err(unexpected("bytes", other)),
            },
            DataType::Instant => out.push(source.parsed("an instant", time::parse_instant)? as u64),
            DataType::DateTime => out.push(source.parsed("a date with time", time::parse_date_time)? as u64),
            DataType::Date => out.push(i64::from(source.parsed("a date", time::parse_date)?) as u64),
            DataType::Time => out.push(source.parsed("a time", time::parse_time)? as u64),
            DataType::Id | DataType::Uuid => {
                let id = source.parsed("an identity", identity::parse)?;
                out.extend([(id >> 64) as u64, id as u64]);
            }
            DataType::Ref(relation) => {
                let mut key = Vec::new();
                let description = self.schema().relation(*relation);
                for field in &description.key {
                    self.read_cells(source, &description.field(*field).ty, &mut key)?;
                }
                // SAFETY: the lanes are those of the key; texts are those of the cells.
                let found = unsafe { source.reader.find_by_key(*relation, &key) };
                match found {
                    Some(row) => out.push(u64::from(row.entity)),
                    None => {
                        source.unresolved = true;
                        out.push(u64::from(NONE));
                    }
                }
            }
            DataType::Option(content) => {
                let count = columns::count(self.schema(), content);
                let present = if columns::is_plain_option(self.schema(), content) {
                    source.peek()? != Cell::Null
                } else {
                    source.int()? != 0
                };
                if present {
                    out.push(1);
                    self.read_cells(source, content, out)?;
                } else {
                    source.skip(count);
                    out.resize(out.len() + 1 + content.lanes(), 0);
                }
            }
            DataType::Record(fields) => {
                for field in fields {
                    self.read_cells(source, &field.ty, out)?;
                }
            }
            DataType::Variant(cases) => self.read_variant(source, cases, out)?,
            DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..) => {
                let value = self.from_json(ty, source.text()?)?;
                let reader = source.reader;
                self.push_lanes(source.arena, &reader, ty, &value, out).map_err(|error| {
                    source.unresolved |= matches!(error, ValueError::NoRow { .. });
                    error.to_string()
                })?;
            }
        }
        Ok(())
    }

    fn read_variant(&self, source: &mut CellReader<'_, '_>, cases: &[Case], out: &mut Vec<u64>) -> Result<(), String> {
        let name = source.text()?;
        let tag = cases.iter().position(|case| case.name == name).ok_or_else(|| format!("there is no case {name}"))?;
        out.push(tag as u64);
        for (number, case) in cases.iter().enumerate() {
            for field in &case.fields {
                if number == tag {
                    self.read_cells(source, &field.ty, out)?;
                } else {
                    source.skip(columns::count(self.schema(), &field.ty));
                    out.resize(out.len() + field.ty.lanes(), 0);
                }
            }
        }
        Ok(())
    }
}

fn push_str(bytes: &[u8], out: &mut Vec<u64>) {
    let text = Str::new(bytes);
    out.extend([text.head, text.tail]);
}

/// A time of day with all digits, so that texts sort as times.
fn write_time(out: &mut String, at: i64) {
    use std::fmt::Write;
    let (seconds, micros) = (at.div_euclid(1_000_000), at.rem_euclid(1_000_000));
    // Writing to a String cannot fail.
    let _ = write!(out, "{:02}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

fn write_date_time(out: &mut String, at: i64) {
    let (date, of_day) = time::split(at);
    time::write_date(out, date);
    out.push('T');
    write_time(out, of_day);
}

/// A cell that outlives the row that it was read from.
pub(crate) fn own(cell: &Cell<'_>) -> OwnedCell {
    match cell {
        Cell::Null => OwnedCell::Null,
        Cell::Int(value) => OwnedCell::Int(*value),
        Cell::Real(value) => OwnedCell::Real(*value),
        Cell::Text(text) => OwnedCell::Text((*text).into()),
        Cell::Blob(bytes) => OwnedCell::Blob(bytes.to_vec()),
    }
}

fn unexpected(wanted: &str, found: Cell<'_>) -> String {
    format!("{wanted} is needed, not {found:?}")
}

/// Cells while they are made: their texts lie in the image or in one scratch text.
#[derive(Debug, Default)]
pub struct CellBuffer {
    cells: Vec<Spec>,
    text: String,
    lanes: Vec<u64>,
}

#[derive(Clone, Debug)]
enum Spec {
    Null,
    Int(i64),
    Real(f64),
    Text(Str),
    Bytes(Str),
    Scratch(usize, usize),
}

impl CellBuffer {
    fn clear(&mut self) {
        self.cells.clear();
        self.text.clear();
    }

    fn scratch(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.cells.push(Spec::Scratch(start, self.text.len()));
    }

    /// The cells.
    ///
    /// # Safety
    /// The version that they were made from must not be freed while they are used.
    pub unsafe fn cells(&self) -> Vec<Cell<'_>> {
        self.cells
            .iter()
            .map(|cell| match cell {
                Spec::Null => Cell::Null,
                Spec::Int(value) => Cell::Int(*value),
                Spec::Real(value) => Cell::Real(*value),
                // SAFETY: by the caller's promise.
                Spec::Text(text) => Cell::Text(utf8(unsafe { text.bytes() })),
                // SAFETY: by the caller's promise.
                Spec::Bytes(bytes) => Cell::Blob(unsafe { bytes.bytes() }),
                Spec::Scratch(start, end) => Cell::Text(&self.text[*start..*end]),
            })
            .collect()
    }
}

/// Cells while they are read.
pub(crate) struct CellReader<'a, 'c> {
    cells: &'a [Cell<'c>],
    at: usize,
    reader: Reader<'a>,
    arena: &'a mut CallContext,
    /// Whether a reference led to a row that is not there (yet).
    pub(crate) unresolved: bool,
}

impl<'a, 'c> CellReader<'a, 'c> {
    pub(crate) fn new(cells: &'a [Cell<'c>], reader: Reader<'a>, arena: &'a mut CallContext) -> CellReader<'a, 'c> {
        CellReader { cells, at: 0, reader, arena, unresolved: false }
    }

    fn peek(&self) -> Result<Cell<'c>, String> {
        self.cells.get(self.at).copied().ok_or_else(|| "a column is missing".into())
    }

    fn next(&mut self) -> Result<Cell<'c>, String> {
        let cell = self.peek()?;
        self.at += 1;
        Ok(cell)
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
    }

    fn int(&mut self) -> Result<i64, String> {
        match self.next()? {
            Cell::Int(value) => Ok(value),
            other => Err(unexpected("an integer", other)),
        }
    }

    fn text(&mut self) -> Result<&'c str, String> {
        match self.next()? {
            Cell::Text(text) => Ok(text),
            other => Err(unexpected("a text", other)),
        }
    }

    fn parsed<T>(&mut self, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let text = self.text()?;
        parse(text).ok_or_else(|| format!("{what} is needed, not {text:?}"))
    }
}
