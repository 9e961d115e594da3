//! The text form of Core: what `--emit core` shows, and how tests write programs.
//!
//! [`print()`] and [`parse()`] are inverse: `parse(&print(p)) == Ok(p)` for every program that the verifier accepts.
//!
//! ```text
//! program "shop"
//! variant Status { Open, Closed(reason: Text) as "closed" }
//! relation Product {
//!   field sku: Text
//!   field stock: Int
//!   field maker: Ref[Maker]? clear
//!   key sku                              // or: key id generated id | serial
//!   unique stock, maker skip_none
//!   index stock desc
//! }
//! error OutOfStock(left: Int)
//! regex "a+"
//!
//! fn take(sku: Text, n: Int) -> Row[Product] writes @4 {
//!   do found <- lookup Product(sku)
//!   if is_some(found) { } else { fail NotFound(; "no product") }
//!   let p = unwrap(found)
//!   if (p.stock < n) { fail OutOfStock(p.stock; concat("only ", to_text(p.stock))) @7 }
//!   do p <- update Product ref(p) set (stock = (p.stock - n)) on_gone NotFound(; "gone")
//!   return p
//! }
//!
//! query cheap(least: Int) {
//!   scan Product p
//!   filter (p.stock > least)
//!   left_apply (s -> s2) { scan Sale s  filter (s.product == ref(p)) }
//!   group by k = p.sku fold n = count() fold t = sum(p.stock) per(p.sku) where((p.stock > 1))
//!   sort n desc, k
//!   limit 10 offset 2
//!   collect {sku: k, n: n}
//! }
//! ```
//!
//! - Sites are written `@n`; what says none has site 0. A text without a `sites { "file" "kind" "item" nth a..b … }`
//!   table gets one made-up site.
//! - `name#3` is entry 3 of the table that the name stands in; the name then is a comment. Names that are not plain
//!   stand in backquotes.
//! - A variable may be declared in a `vars a: Int, b: Text` line at the head of its function, query or scenario;
//!   a binder of an undeclared name declares it.
//! - `(e : T)` gives the type where the parts of `e` do not determine it: `(none : Int?)`, `([] : Bag[Text])`,
//!   `(query cheap(1) : [{sku: Text, n: Int}])`, `(div_decimal(a, b) : Decimal(6))`.
//! - Operators stand in parentheses with spaces around them: `(a + -1)`. Constants: `1`, `2.50d`, `1.5f`, `"text"`,
//!   `true`, `0x"ff"`, `instant(0)`, `date(1)`, `duration(1000)`, `const([Int], list(1, 2))`.
//! - Relational operators are lines from the leaf upwards; the right input of a join stands in braces.

mod lex;
mod parse;
mod parse_code;
mod parse_expr;
mod parse_query;
mod parse_value;
mod print;
mod print_query;
mod value;
pub mod words;

pub use parse::parse;
pub use print::{print, print_expr, print_function, print_query, print_type};

use crate::ir::{Program, Site, Type};
use std::fmt;

/// Types without parts, by name.
const SIMPLE_TYPES: &[(&str, Type)] = &[
    ("Unit", Type::Unit),
    ("Bool", Type::Bool),
    ("Int", Type::Int),
    ("Float", Type::Float),
    ("Text", Type::Text),
    ("Bytes", Type::Bytes),
    ("Instant", Type::Instant),
    ("DateTime", Type::DateTime),
    ("Date", Type::Date),
    ("Time", Type::Time),
    ("Duration", Type::Duration),
    ("Id", Type::Id),
    ("Uuid", Type::Uuid),
    ("Json", Type::Json),
];

/// Words that are types of their own; a variant type of such a name is written with its number.
const TYPE_WORDS: &[&str] = &[
    "Unit", "Bool", "Int", "Float", "Text", "Bytes", "Instant", "DateTime", "Date", "Time", "Duration", "Id", "Uuid",
    "Json", "Decimal", "Bag", "Set", "Map", "Ref", "Row",
];

/// Why a text is not a program of Core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ParseError {
    fn new(text: &str, at: usize, message: String) -> ParseError {
        let before = &text[..at.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        ParseError { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, message }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// The site of everything in a text that has no table of sites.
fn made_up_site() -> Site {
    Site { file: "".into(), kind: "".into(), item: "".into(), nth: 0, range: tenon_span::Range { start: 0, end: 0 } }
}

fn has_only_made_up_site(program: &Program) -> bool {
    program.sites == [made_up_site()]
}
