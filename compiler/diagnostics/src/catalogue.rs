//! The one table of diagnostic codes. Documents, `tenon error`, tests and the editor derive from it.
//!
//! Numbers never change their meaning. Ranges: 00xx the language's limits, 01xx words and shapes,
//! 02xx names and types, 03xx facts, 05xx relations, 06xx queries, 07xx rules, callers and the wire,
//! 08xx change, 09xx scenarios.

use crate::Severity;

/// Everything that is known about one code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeInfo {
    /// The number, printed as `T0123`.
    pub number: u16,
    /// The stable name that people search for.
    pub name: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// One sentence: what the rule is.
    pub rule: &'static str,
    /// A page of text for `tenon error`, in Markdown, with a bad and a good program in `tenon` fences.
    pub page: &'static str,
}

macro_rules! catalogue {
    ($($id:ident = $number:literal $name:literal $severity:ident $rule:literal;)*) => {
        /// A diagnostic code.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $rule] $id,)*
        }

        /// All codes, in the order of their numbers.
        pub const CATALOGUE: &[(Code, CodeInfo)] = &[
            $((Code::$id, CodeInfo {
                number: $number,
                name: $name,
                severity: Severity::$severity,
                rule: $rule,
                page: include_str!(concat!("../pages/", $name, ".md")),
            }),)*
        ];

        impl Code {
            /// The row of the catalogue.
            pub fn info(self) -> &'static CodeInfo {
                &CATALOGUE[self as usize].1
            }
        }
    };
}

catalogue! {
    NotSupported = 1 "not-supported" Error "a part of the language that this version does not run yet";
    TooDeep = 2 "too-deep" Error "nesting has a limit, so that no program can exhaust the compiler";
    LiveOnce = 3 "live-once" Warning "`live` is accepted, but the query is served as a plain answer";
    Syntax = 100 "syntax" Error "something stands where the grammar has no place for it";
    Case = 101 "case" Error "types, relations, variants and errors are written UpperCamel, everything else lower_snake";
    Missing = 102 "missing" Error "an operator, a dot or a clause word is followed by what it needs";
    Unclosed = 103 "unclosed" Error "every bracket that is opened is closed";
    Unopened = 104 "unopened" Error "a closing bracket closes an open one";
    LineEnd = 105 "line-end" Error "a statement ends with its line, or with `;`";
    UnclosedText = 106 "unclosed-text" Error "a text ends on its line, a block text before column 0";
    BadEscape = 107 "bad-escape" Error "the escapes of a text are `\\n \\r \\t \\\\ \\\" \\{ \\}` and `\\u{…}`";
    BadNumber = 108 "bad-number" Error "a number is digits, a duration digits with a unit, a byte two hexadecimal digits";
    BadCharacter = 109 "bad-character" Error "names and signs are ASCII; other characters stand in texts and comments";
    Twice = 110 "twice" Error "what can be said once is said once";
    KeyForm = 111 "key-form" Error "`key` comes before the field that it marks, or before a list of fields";
    NoKey = 112 "no-key" Error "every relation needs a key: it says when two rows are the same row";
    ItemColumn = 113 "item-column" Error "an item begins at column 0";
    ItemWord = 114 "item-word" Error "an item begins with an item word";
    BraceRecord = 121 "brace-record" Error "records are written with parentheses; braces hold code";
    BraceRow = 122 "brace-row" Error "rows and cases are written with parentheses";
    AssignCompare = 123 "assign-compare" Error "`=` gives a value to a name; to compare write `==`";
    ForeignOperator = 124 "foreign-operator" Error "Tenon writes `and`, `or`, `not`, `!=`, `mod`";
    Null = 125 "null" Error "there is no null; an absent value is `none`";
    ForeignLiteral = 126 "foreign-literal" Error "texts stand in double quotes";
    AsAlias = 127 "as-alias" Error "a name comes before its value";
    Sql = 128 "sql" Error "a query begins with `from`";
    FromIn = 129 "from-in" Error "`from` names the row before the relation";
    ClauseOrder = 131 "clause-order" Error "a clause sees only the names that the clause before it leaves";
    NoResultType = 132 "no-result-type" Error "a function without `->` gives no value";
    ForeignType = 133 "foreign-type" Error "the base types are Bool, Int, Decimal, Float, Text, Bytes and the types of time";
    AngleType = 134 "angle-type" Error "arguments of types stand in brackets";
    Having = 135 "having" Error "a `where` after `group by` filters groups";
    ClauseWords = 136 "clause-words" Error "the words are `order by` and `group by`";
    QueryLet = 137 "query-let" Error "a query names a value with `with`";
    Ternary = 138 "ternary" Error "an `if` with an `else` has a value";
    CoalesceMix = 139 "coalesce-mix" Error "`??` takes no arithmetic neighbour without parentheses";
    ComparisonChain = 140 "comparison-chain" Error "comparisons do not chain";
    MatchArrow = 141 "match-arrow" Error "an arm of `match` is written with `=>`";
    MissingComma = 142 "missing-comma" Error "elements stand between commas";
    MemberComma = 143 "member-comma" Error "the lines of a declaration have no commas";
    ParameterType = 144 "parameter-type" Error "parameters and fields have a type";
    BlockNeeded = 145 "block-needed" Error "what follows a condition stands in braces";
    NamedArgument = 146 "named-argument" Error "a named argument or field is written `name: value`";
    ForeignWord = 147 "foreign-word" Error "the words of statements are Tenon's: `var`, `let`, `else if`, `for`, `fail`";
    ForeignComment = 148 "foreign-comment" Error "a comment is `//` and the rest of its line";
    FieldAssign = 149 "field-assign" Error "a field of a row is changed by `update`";
    Unreachable = 150 "unreachable" Warning "code after `return`, `fail`, `break` or `continue` never runs";
    UnusedValue = 151 "unused-value" Warning "a value that nobody gets is probably a mistake";
    Misplaced = 152 "misplaced" Error "this cannot stand here";
    UnknownName = 200 "unknown-name" Error "every name is declared somewhere";
    UnknownField = 201 "unknown-field" Error "a field that is used is declared";
    Type = 202 "type" Error "a value has the type that its place wants";
    TextPlus = 203 "text-plus" Error "`+` joins texts with texts";
    IntDivision = 204 "int-division" Error "Ints are divided by `div` and `mod`";
    FloatDecimal = 205 "float-decimal" Error "Float and exact numbers mix only by conversion";
    FloatEqual = 206 "float-equal" Warning "equality of Floats is exact to the bit";
    Reference = 207 "reference" Error "a reference field takes a row";
    MissingField = 208 "missing-field" Error "every field without a default is given";
    RowKey = 209 "row-key" Error "a row is compared with a row";
    MaybeNone = 211 "maybe-none" Error "an optional value is tested before it is used";
    NoneOrder = 212 "none-order" Error "`<` and `in` take no optional values";
    CannotInfer = 213 "cannot-infer" Error "every value has a type that the text fixes";
    Arguments = 214 "arguments" Error "a call gives each parameter one argument";
    NotCallable = 215 "not-callable" Error "only functions are called";
    UnknownCase = 216 "unknown-case" Error "a case that is used is declared";
    Scale = 218 "scale" Error "a Decimal keeps its digits";
    Literal = 219 "literal" Error "a literal is a value of its type";
    Operator = 220 "operator" Error "an operator works on certain types";
    VariantText = 221 "variant-text" Error "a case is written by its name, not as a text";
    NotAll = 222 "not-all" Error "a `match` answers every case";
    VariantField = 223 "variant-field" Error "a case's field is read where the case is known";
    UselessArm = 224 "useless-arm" Warning "an arm that no value reaches is probably a mistake";
    MayNotMatch = 225 "may-not-match" Error "`let` takes a pattern that always matches";
    PatternType = 226 "pattern-type" Error "a pattern fits the type of what it is matched with";
    NotVar = 227 "not-var" Error "only a `var` is assigned";
    ReservedName = 228 "reserved-name" Error "a reserved word names no parameter, and `tenon` no folder";
    Diverge = 229 "diverge" Error "what stands after `else` leaves";
    Duplicate = 230 "duplicate" Error "a name is declared once in its place";
    UnknownType = 231 "unknown-type" Error "a type is a base type, a type parameter, or declared in sight";
    UnknownModule = 232 "unknown-module" Error "`use` names a module of the program or of the library";
    UnknownImport = 233 "unknown-import" Error "`use` takes items that the module has and does not keep private";
    Private = 234 "private" Error "a `private` item is used only by its own module";
    TypeArguments = 235 "type-arguments" Error "a type gets as many arguments as it has parameters";
    DecimalScale = 236 "decimal-scale" Error "a Decimal has 0 to 12 fractional digits";
    RecursiveType = 237 "recursive-type" Error "a type contains itself only through a collection";
    Bound = 238 "bound" Error "the type has what is asked of it: an order, equality, or a form in the store";
    InferredType = 239 "inferred-type" Error "`_` stands only for the whole result of a function";
    NotAType = 240 "not-a-type" Error "a type is wanted where another kind of item is named";
    FieldForm = 241 "field-form" Error "only record types and parameters have fields that may be absent or have a default";
    SpreadType = 242 "spread-type" Error "only a record type or a relation is spread into a record type";
    UnknownBound = 243 "unknown-bound" Error "the bounds are `Ordered`, `Keyed` and `Storable`";
    WireName = 244 "wire-name" Error "two fields of one thing have two names on the wire";
    ErrorBase = 245 "error-base" Error "an `error` is one of the built-in failures, which gives its status";
    MainForm = 246 "main-form" Error "`fn main` takes the arguments of the command line and gives nothing";
    CircularBody = 247 "circular-body" Error "what a body needs is known without the body itself";
    Refine = 303 "refine" Error "a value belongs to its refined type";
    Transition = 305 "transition" Error "a field changes only as its `transitions` say";
    ZeroDivisor = 306 "zero-divisor" Error "a divisor is not zero";
    KeyType = 501 "key-type" Error "a key is made of values that can be told apart for certain";
    KeyField = 502 "key-field" Error "a relation has one key, made of its own stored fields";
    NotStorable = 503 "not-storable" Error "a field of a relation has a type that can be stored";
    OnDelete = 504 "on-delete" Error "`on delete` says what becomes of a reference: `restrict`, or `clear` where it is optional";
    Inverse = 505 "inverse" Error "an inverse belongs to a reference and has a name of its own";
    RelationPath = 506 "relation-path" Error "`unique`, `index` and `transitions` name stored fields of the relation";
    ComputedCycle = 507 "computed-cycle" Error "a computed field does not need itself";
    Transitions = 508 "transitions" Error "`transitions` lead between cases of a field's variant type";
    Serial = 509 "serial" Error "`serial()` counts an Int key, and stands nowhere else";
    FieldClause = 510 "field-clause" Error "a clause of a field says something that the field can do";
    StoredForm = 511 "stored-form" Error "a relation has a table: names, columns and keys that a store can keep";
    EventChanged = 520 "event-changed" Error "an event is only ever inserted";
    KeyChanged = 521 "key-changed" Error "a key field is not updated";
    ComputedSet = 522 "computed-set" Error "a computed field is not given";
    LookUp = 523 "look-up" Error "a row is looked up by its key or by a unique";
    AggregateWithoutGroup = 601 "aggregate-without-group" Error "an aggregate has a group";
    NotGrouped = 602 "not-grouped" Error "after `group by` a row stands only in aggregates";
    Grain = 611 "grain" Error "an aggregate says what is counted once";
    CountLeft = 612 "count-left" Warning "`count()` counts a left join's empty row";
    FirstOfUnordered = 613 "first-of-unordered" Error "`first` needs an order";
    Source = 614 "source" Error "a query ranges over rows or elements";
    Window = 615 "window" Error "`over` follows a window function";
    NoCaller = 701 "no-caller" Error "an endpoint says who may call it";
    EndpointPath = 702 "endpoint-path" Error "a path begins with `/` and each step is a word or one parameter";
    PathParameter = 703 "path-parameter" Error "the parameters in a path are parameters of the declaration, each once and always given";
    WireType = 704 "wire-type" Error "what crosses the edge has a form on the wire where it stands";
    EndpointOverlap = 705 "endpoint-overlap" Error "no request is matched by two endpoints";
    EndpointMethod = 706 "endpoint-method" Error "GET is answered by a query, PUT, PATCH and DELETE by a handler, POST by either";
    EndpointStatus = 707 "endpoint-status" Error "`status` is a success: 200 to 299";
    ClausePlace = 708 "clause-place" Error "a header clause stands once, on a declaration that can do what it says";
    QueryWrites = 721 "query-writes" Error "a query reads; what writes is a handler";
    RuleEffect = 723 "rule-effect" Error "a rule speaks about its own values: not about the store, the clock or chance";
    SecretOut = 731 "secret-out" Error "a secret field never leaves the program";
    Zone = 741 "zone" Error "an Instant has calendar fields only in a zone";
    ScenarioLine = 901 "scenario-line" Error "a line of a scenario says what is given, done or expected";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "T{:04}", self.info().number)
    }
}

/// Finds a code by `T0123`, `123` or its name.
pub fn find(text: &str) -> Option<Code> {
    let digits = text.strip_prefix(['T', 't']).unwrap_or(text);
    let number = digits.parse::<u16>().ok();
    CATALOGUE.iter().find(|(_, info)| Some(info.number) == number || info.name == text).map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        for pair in CATALOGUE.windows(2) {
            assert!(pair[0].1.number < pair[1].1.number, "{} and {}", pair[0].1.name, pair[1].1.name);
        }
        let mut names: Vec<_> = CATALOGUE.iter().map(|(_, info)| info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
        assert_eq!(find("T0101"), Some(Code::Case));
        assert_eq!(find("case"), Some(Code::Case));
    }
}
