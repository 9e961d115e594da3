//! From the text of a file to rows that are not decoded yet.

use super::columns::Columns;
use crate::report::{Stop, counted, visible};
use std::borrow::Cow;
use tenon_value::csv::{Record, Records};
use tenon_value::json::{MAX_DEPTH, Scanner, Start, SyntaxError};
use tenon_value::shape::Presence;

/// A row of the file: its line, and what stands in its columns.
pub struct Row<'a> {
    /// The line that it begins on.
    pub line: u64,
    /// Columns, each with what it gives; those that are left out do not stand here.
    pub given: Vec<(usize, Given<'a>)>,
}

/// What a row gives for a column.
pub enum Given<'a> {
    /// A cell of a CSV file with nothing in it.
    Nothing,
    /// The text of a cell.
    Cell(Cow<'a, str>),
    /// The JSON of a member.
    Json(&'a str),
}

/// A row that cannot be stored.
pub struct BadRow {
    /// The line that it begins on.
    pub line: u64,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// What was read: rows, and the lines that are none.
type Read<'a> = (Vec<Row<'a>>, Vec<BadRow>);

/// The rows of a CSV file.
///
/// # Errors
/// It cannot be told what its columns are, or where its cells end.
pub fn csv<'a>(text: &'a str, columns: &mut Columns<'_>) -> Result<Read<'a>, Stop> {
    let mut records = Records::new(text);
    let header = match records.next() {
        None => return Err(Stop::failed("the file is empty: its first line must name its columns")),
        Some(header) => header.map_err(|bad| Stop::failed(format!("line {} {}", bad.line, bad.what)))?,
    };
    let places = head(&header, columns)?;
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for record in records {
        let record = record.map_err(|bad| Stop::failed(format!("line {} {}", bad.line, bad.what)))?;
        let (line, width) = (record.line, record.cells.len());
        // Empty lines between rows and at the end say nothing.
        if width == 1 && record.cells[0].is_nothing() {
            continue;
        }
        if width != places.len() {
            let wanted = counted(places.len(), "column");
            bad.push(BadRow {
                line,
                problems: vec![format!("has {}, and the first line names {wanted}", counted(width, "cell"))],
            });
            continue;
        }
        let cells = record.cells.into_iter().zip(&places).filter(|(_, column)| columns.field(**column).is_some());
        let given = cells
            .map(|(cell, column)| (*column, if cell.is_nothing() { Given::Nothing } else { Given::Cell(cell.text) }))
            .collect();
        rows.push(Row { line, given });
    }
    Ok((rows, bad))
}

/// The columns that a first line names.
fn head(header: &Record<'_>, columns: &mut Columns<'_>) -> Result<Vec<usize>, Stop> {
    if let [only] = header.cells.as_slice()
        && !columns.is_known(only.text.trim())
        && let Some(sign) = [';', '\t', '|'].into_iter().find(|sign| only.text.contains(*sign))
    {
        let sign = if sign == '\t' { "tabs".to_owned() } else { format!("`{sign}`") };
        return Err(Stop::failed(format!(
            "the columns are separated by {sign}: a `.csv` file has commas between them"
        )));
    }
    let mut places: Vec<usize> = Vec::new();
    for (at, cell) in header.cells.iter().enumerate() {
        let name = cell.text.trim();
        if name.is_empty() && !columns.is_known(name) {
            return Err(Stop::failed(format!("column {} has no name: the first line must name every column", at + 1)));
        }
        let column = columns.column(name)?;
        let field = columns.field(column);
        if field.is_some()
            && let Some(other) = places.iter().find(|other| columns.field(**other) == field)
        {
            return Err(twice(columns, *other, column));
        }
        places.push(column);
    }
    let missing: Vec<&str> = columns
        .fields
        .iter()
        .enumerate()
        .filter(|(at, field)| {
            field.presence == Presence::Required && !places.iter().any(|column| columns.field(*column) == Some(*at))
        })
        .map(|(_, field)| field.name.as_str())
        .collect();
    if missing.is_empty() { Ok(places) } else { Err(Stop::failed(format!("no column for: {}", missing.join(", ")))) }
}

fn twice(columns: &Columns<'_>, one: usize, other: usize) -> Stop {
    let (one, other) = (visible(columns.name(one)), visible(columns.name(other)));
    if one == other {
        return Stop::failed(format!("there are two columns `{one}`"));
    }
    Stop::failed(format!(
        "columns `{one}` and `{other}` are the same field: say `--map {other}=field`, or `--map {other}=` to leave it out"
    ))
}

/// The rows of a file with a JSON object on each line.
///
/// # Errors
/// It cannot be told what a member is.
pub fn json_lines<'a>(text: &'a str, columns: &mut Columns<'_>) -> Result<Read<'a>, Stop> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for (number, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line = number as u64 + 1;
        match members(text) {
            Ok(members) => {
                let mut given: Vec<(usize, Given<'_>)> = Vec::new();
                let mut problem = None;
                for (name, json) in members {
                    let column = columns.column(&name)?;
                    let Some(field) = columns.field(column) else { continue };
                    if let Some((other, _)) = given.iter().find(|(other, _)| columns.field(*other) == Some(field)) {
                        problem.get_or_insert_with(|| {
                            let (name, other) = (visible(&name), visible(columns.name(*other)));
                            if name == other {
                                format!("{name}: is given twice")
                            } else {
                                format!("{name}: is the same field as {other}; say `--map {name}=field`")
                            }
                        });
                    }
                    given.push((column, Given::Json(json)));
                }
                match problem {
                    None => rows.push(Row { line, given }),
                    Some(problem) => bad.push(BadRow { line, problems: vec![problem] }),
                }
            }
            Err(problem) => bad.push(BadRow { line, problems: vec![problem] }),
        }
    }
    Ok((rows, bad))
}

/// The members of an object, each with its JSON.
fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, String> {
    let wrong = |error: SyntaxError| {
        let column = text.get(..error.at).map_or(0, |before| before.chars().count()) + 1;
        format!("is not JSON: {} (column {column})", error.what)
    };
    // One step deeper than a value in it may nest.
    let mut scanner = Scanner::new(text, MAX_DEPTH + 1);
    match scanner.start().map_err(wrong)? {
        Start::Object => {}
        other => return Err(format!("must be an object with the fields of the row, not {}", other.words())),
    }
    let mut members = Vec::new();
    let mut more = scanner.open(b'}').map_err(wrong)?;
    while more {
        let name = scanner.name().map_err(wrong)?;
        scanner.space();
        let start = scanner.offset();
        scanner.skip().map_err(wrong)?;
        members.push((name, scanner.since(start)));
        more = scanner.next(b'}').map_err(wrong)?;
    }
    scanner.end().map_err(wrong)?;
    Ok(members)
}
