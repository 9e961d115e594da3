//! The one table of library primitives: what the language cannot say in itself. The rest of the library is
//! written in Tenon, under `stdlib/tenon`. Checking, evaluation, code generation, completion and the
//! documentation derive from this table.
//!
//! A signature is written as the documentation shows it. `Text.lower -> Text` is a property (`x.lower`, also
//! `x.lower()`), `Text.split(separator: Text) -> [Text]` a method, `now() -> Instant` a function. A method may
//! also be called as a function (`reverse(xs)`). Type letters: `T`, `U` any type, `O` an ordered one, `K` a
//! keyed one. `Decimal` is any scale, the same one throughout a signature; `Decimal(digits)` is the scale that
//! the constant argument `digits` says.

use crate::signature::TypeBound;
use crate::ty::{FieldTy, RecordTy, Ty};
use crate::typed::{AggregateFn, WindowFn};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::{Arc, LazyLock};

/// A library primitive: an index into [`BUILTINS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Builtin(pub u16);

/// What a primitive needs of the world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Need {
    /// Nothing: a function of its arguments.
    Pure,
    /// The moment of the transaction.
    Clock,
    /// Random bits of the transaction.
    Random,
    /// The operator's log.
    Log,
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuiltinInfo {
    /// The name of its constant.
    pub id: &'static str,
    /// Its signature as documentation shows it.
    pub signature: &'static str,
    /// What it needs.
    pub need: Need,
    /// It has a value whatever its arguments, limits of the call aside. All others count as able to fail.
    pub total: bool,
    /// What it does.
    pub doc: &'static str,
    /// A condition that holds; empty where it depends on the world.
    pub example: &'static str,
}

macro_rules! builtins {
    (@total) => { false };
    (@total total) => { true };
    ($($id:ident $need:ident $($total:ident)? $signature:literal $doc:literal $example:literal;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named like the primitives")]
        #[repr(u16)]
        enum Number { $($id,)* }

        /// The table.
        pub const BUILTINS: &[BuiltinInfo] = &[
            $(BuiltinInfo {
                id: stringify!($id),
                signature: $signature,
                need: Need::$need,
                total: builtins!(@total $($total)?),
                doc: $doc,
                example: $example,
            },)*
        ];

        /// A constant per primitive, which may stand in patterns.
        #[allow(non_upper_case_globals, reason = "named like the primitives")]
        impl Builtin {
            $(#[doc = $doc] pub const $id: Builtin = Builtin(Number::$id as u16);)*
        }
    };
}

builtins! {
    // Text. Positions and lengths count code points; the first position is 0.
    TextLength Pure total "Text.length -> Int" "The number of code points." r#""blåbær".length == 6"#;
    TextLower Pure total "Text.lower -> Text" "In lower case." r#""Ann".lower == "ann""#;
    TextUpper Pure total "Text.upper -> Text" "In upper case." r#""Ann".upper == "ANN""#;
    TextCapitalise Pure total "Text.capitalise -> Text" "The first character in upper case, the others as they are." r#""ann".capitalise == "Ann""#;
    TextTrim Pure total "Text.trim -> Text" "Without white space at both ends." r#""  a b ".trim == "a b""#;
    TextTrimStart Pure total "Text.trim_start -> Text" "Without white space at the start." r#"" a ".trim_start == "a ""#;
    TextTrimEnd Pure total "Text.trim_end -> Text" "Without white space at the end." r#"" a ".trim_end == " a""#;
    TextSlice Pure total "Text.slice(from: Int, to: Int) -> Text" "The characters from a position up to another; positions outside are moved to the nearest end. Also written `t[0..2]`." r#""abcd".slice(1, 3) == "bc""#;
    TextAt Pure total "Text.at(position: Int) -> Text?" "The character at a position." r#""abc".at(1) == "b""#;
    TextFind Pure total "Text.find(part: Text) -> Int?" "The position where a part first occurs." r#""banana".find("nan") == 2"#;
    TextContains Pure total "Text.contains(part: Text) -> Bool" "True if the part occurs." r#""banana".contains("nan")"#;
    TextStartsWith Pure total "Text.starts_with(part: Text) -> Bool" "True if the text starts so." r#""banana".starts_with("ban")"#;
    TextEndsWith Pure total "Text.ends_with(part: Text) -> Bool" "True if the text ends so." r#""banana".ends_with("na")"#;
    TextSplit Pure total "Text.split(separator: Text) -> [Text]" "The pieces between separators; an empty separator gives the characters." r#""a,b,".split(",") == ["a", "b", ""]"#;
    TextWords Pure total "Text.words -> [Text]" "The pieces between white space." r#"" a  b ".words == ["a", "b"]"#;
    TextLines Pure total "Text.lines -> [Text]" "The lines, without their ends." r#""a\nb\n".lines == ["a", "b"]"#;
    TextReplace Pure "Text.replace(part: Text, with: Text) -> Text" "Every occurrence of a part replaced." r#""banana".replace("na", "no") == "banono""#;
    TextRepeat Pure "Text.repeat(count: Int) -> Text" "The text so many times." r#""ab".repeat(3) == "ababab""#;
    TextPadStart Pure "Text.pad_start(length: Int, with: Text) -> Text" "Filled up at the start to a length." r#""7".pad_start(3, "0") == "007""#;
    TextPadEnd Pure "Text.pad_end(length: Int, with: Text) -> Text" "Filled up at the end to a length." r#""a".pad_end(3, ".") == "a..""#;
    TextReverse Pure total "Text.reverse -> Text" "The characters from the last to the first." r#""abc".reverse == "cba""#;
    TextNormalise Pure total "Text.normalise -> Text" "In Unicode normal form C." r#""é".normalise == "é""#;
    TextInLanguage Pure "Text.in_language(language: Text) -> Bytes" "A key by which speakers of a language order texts, for `order by`: `order by p.name.in_language(\"nb\")`. Languages are written as in HTML (`nb`, `sv`, `de-u-co-phonebk`; `-u-kn` orders numbers in texts by their value); one without rules of its own has the common ones; what is no name of a language fails." r#""Ærfugl".in_language("nb") > "Zebra".in_language("nb")"#;
    TextToInt Pure total "Text.to_int -> Int?" "The Int that is written." r#""42".to_int == 42 and "x".to_int == none"#;
    TextToFloat Pure total "Text.to_float -> Float?" "The Float that is written." r#""1.5".to_float == 1.5f"#;
    TextToDecimal Pure total "Text.to_decimal(digits: Int) -> Decimal(digits)?" "The Decimal that is written, if it has no more fractional digits." r#""1.5".to_decimal(2) == 1.50"#;
    TextToDate Pure total "Text.to_date -> Date?" "The date that is written, as `2026-11-20`." r#""2026-11-20".to_date == @2026-11-20"#;
    TextToInstant Pure total "Text.to_instant -> Instant?" "The moment that is written, as `2026-11-20T10:00:00Z`." r#""2026-11-20T10:00:00Z".to_instant == @2026-11-20T10:00:00Z"#;
    TextToUuid Pure total "Text.to_uuid -> Uuid?" "The UUID that is written." r#""x".to_uuid == none"#;
    TextJoin Pure "[Text].join(separator: Text) -> Text" "The texts with a separator between them." r#"["a", "b"].join("-") == "a-b""#;
    ToText Pure total "T.text -> Text" "As interpolation shows it." r#"42.text == "42""#;

    // Numbers.
    IntAbs Pure "Int.abs -> Int" "Without its sign." "(-3).abs == 3";
    IntSign Pure total "Int.sign -> Int" "-1, 0 or 1." "(-3).sign == -1";
    IntPower Pure "Int.power(exponent: Int) -> Int" "Multiplied by itself; a negative exponent gives 0, overflow fails." "2.power(10) == 1024";
    IntToFloat Pure total "Int.to_float -> Float" "The nearest Float." "3.to_float == 3.0f";
    IntToDecimal Pure "Int.to_decimal(digits: Int) -> Decimal(digits)" "With fractional digits." "3.to_decimal(2) == 3.00";
    DecimalAbs Pure "Decimal.abs -> Decimal" "Without its sign." "(-1.5).abs == 1.5";
    DecimalRound Pure "Decimal.round(digits: Int) -> Decimal(digits)" "To so many fractional digits, half to even." "2.345.round(2) == 2.34";
    DecimalFloor Pure total "Decimal.floor -> Int" "The greatest Int that is not greater." "(-1.5).floor == -2";
    DecimalCeil Pure total "Decimal.ceil -> Int" "The least Int that is not less." "(-1.5).ceil == -1";
    DecimalToInt Pure total "Decimal.to_int -> Int" "Without its fraction, towards zero." "(-1.5).to_int == -1";
    DecimalToFloat Pure total "Decimal.to_float -> Float" "The nearest Float." "1.5.to_float == 1.5f";
    FloatAbs Pure "Float.abs -> Float" "Without its sign." "(-1.5f).abs == 1.5f";
    FloatFloor Pure "Float.floor -> Int" "The greatest Int that is not greater." "(-1.5f).floor == -2";
    FloatCeil Pure "Float.ceil -> Int" "The least Int that is not less." "(-1.5f).ceil == -1";
    FloatToInt Pure "Float.to_int -> Int" "Without its fraction, towards zero." "(-1.5f).to_int == -1";
    FloatToDecimal Pure "Float.to_decimal(digits: Int) -> Decimal(digits)" "To so many fractional digits, half to even." "1.25f.to_decimal(1) == 1.2";
    FloatSqrt Pure "Float.sqrt -> Float" "The square root; of a negative number it fails." "9.0f.sqrt == 3.0f";
    FloatPower Pure "Float.power(exponent: Float) -> Float" "Raised to a power." "2.0f.power(3.0f) == 8.0f";
    FloatLn Pure "Float.ln -> Float" "The natural logarithm." "1.0f.ln == 0.0f";
    FloatExp Pure "Float.exp -> Float" "e raised to it." "0.0f.exp == 1.0f";
    FloatSin Pure "Float.sin -> Float" "The sine of an angle in radians." "0.0f.sin == 0.0f";
    FloatCos Pure "Float.cos -> Float" "The cosine of an angle in radians." "0.0f.cos == 1.0f";
    Min Pure total "O.min(other: O) -> O" "The lesser of two values." "min(2, 3) == 2";
    Max Pure total "O.max(other: O) -> O" "The greater of two values." "max(2, 3) == 3";

    // Time.
    Now Clock "now() -> Instant" "The moment of the transaction; it never goes back from one commit to the next." "";
    Today Clock "today() -> Date" "The date of the transaction in UTC." "";
    InstantUtc Pure total "Instant.utc -> DateTime" "Calendar and clock in UTC." "@2026-11-20T10:00:00Z.utc.hour == 10";
    InstantIn Pure "Instant.in(zone: Text) -> DateTime" "Calendar and clock in a zone of the tz database; an unknown zone fails." r#"@2026-07-20T10:00:00Z.in("Europe/Oslo").hour == 12"#;
    DateTimeInstant Pure "DateTime.instant(zone: Text) -> Instant" "The moment at which clocks in a zone show this." r#"@2026-11-20T10:00:00Z.utc.instant("UTC") == @2026-11-20T10:00:00Z"#;
    DateTimeDate Pure total "DateTime.date -> Date" "The date." "@2026-11-20T10:00:00Z.utc.date == @2026-11-20";
    DateTimeTime Pure total "DateTime.time -> Time" "The time of day." "@2026-11-20T10:00:00Z.utc.time == 10:00";
    DateTimeYear Pure total "DateTime.year -> Int" "The year." "@2026-11-20T10:00:00Z.utc.year == 2026";
    DateTimeMonth Pure total "DateTime.month -> Int" "The month, 1 to 12." "@2026-11-20T10:00:00Z.utc.month == 11";
    DateTimeDay Pure total "DateTime.day -> Int" "The day of the month." "@2026-11-20T10:00:00Z.utc.day == 20";
    DateTimeHour Pure total "DateTime.hour -> Int" "The hour, 0 to 23." "@2026-11-20T10:30:00Z.utc.hour == 10";
    DateTimeMinute Pure total "DateTime.minute -> Int" "The minute." "@2026-11-20T10:30:00Z.utc.minute == 30";
    DateTimeSecond Pure total "DateTime.second -> Int" "The second." "@2026-11-20T10:30:05Z.utc.second == 5";
    DateTimeWeekday Pure total "DateTime.weekday -> Int" "1 for Monday to 7 for Sunday." "@2026-11-20T10:30:05Z.utc.weekday == 5";
    MakeDate Pure total "Int.date(month: Int, day: Int) -> Date?" "The date of a year, a month and a day, if there is one." "date(2026, 2, 28) == @2026-02-28 and date(2026, 2, 30) == none";
    DateYear Pure total "Date.year -> Int" "The year." "@2026-11-20.year == 2026";
    DateMonth Pure total "Date.month -> Int" "The month, 1 to 12." "@2026-11-20.month == 11";
    DateDay Pure total "Date.day -> Int" "The day of the month." "@2026-11-20.day == 20";
    DateWeekday Pure total "Date.weekday -> Int" "1 for Monday to 7 for Sunday." "@2026-11-20.weekday == 5";
    DateDayOfYear Pure total "Date.day_of_year -> Int" "The day of the year, from 1." "@2026-02-01.day_of_year == 32";
    DateWeek Pure total "Date.week -> Int" "The number of the ISO week." "@2026-11-20.week == 47";
    DateStartOfMonth Pure total "Date.start_of_month -> Date" "The first day of its month." "@2026-11-20.start_of_month == @2026-11-01";
    DateEndOfMonth Pure total "Date.end_of_month -> Date" "The last day of its month." "@2026-11-20.end_of_month == @2026-11-30";
    DateStartOfYear Pure total "Date.start_of_year -> Date" "The first day of its year." "@2026-11-20.start_of_year == @2026-01-01";
    DatePlusDays Pure "Date.plus_days(days: Int) -> Date" "So many days later." "@2026-11-30.plus_days(1) == @2026-12-01";
    DatePlusMonths Pure "Date.plus_months(months: Int) -> Date" "So many months later, on the same day or the month's last." "@2026-01-31.plus_months(1) == @2026-02-28";
    DateMonthsUntil Pure total "Date.months_until(other: Date) -> Int" "The number of whole months to another date." "@2026-01-31.months_until(@2026-03-30) == 1";
    DateAt Pure "Date.at(time: Time, zone: Text) -> Instant" "The moment of a time of day in a zone." r#"@2026-11-20.at(10:00, "UTC") == @2026-11-20T10:00:00Z"#;
    TimeHour Pure total "Time.hour -> Int" "The hour, 0 to 23." "10:30.hour == 10";
    TimeMinute Pure total "Time.minute -> Int" "The minute." "10:30.minute == 30";
    DurationDays Pure total "Duration.days -> Int" "The number of whole days, rounded down." "36h.days == 1";
    DurationHours Pure total "Duration.hours -> Int" "The number of whole hours, rounded down." "90min.hours == 1";
    DurationMinutes Pure total "Duration.minutes -> Int" "The number of whole minutes, rounded down." "90s.minutes == 1";
    DurationSeconds Pure total "Duration.seconds -> Int" "The number of whole seconds, rounded down." "1500ms.seconds == 1";
    DurationMilliseconds Pure total "Duration.milliseconds -> Int" "The number of whole milliseconds, rounded down." "2s.milliseconds == 2000";

    // Collections.
    Length Pure total "[T].length -> Int" "The number of elements." "[1, 2].length == 2";
    BagLength Pure total "Bag[T].length -> Int" "The number of elements." "";
    SetLength Pure total "Set[T].length -> Int" "The number of elements." "[1, 1].to_set.length == 1";
    MapLength Pure total "Map[K, T].length -> Int" "The number of entries." r#"["a": 1].length == 1"#;
    BytesLength Pure total "Bytes.length -> Int" "The number of octets." r#"0x"ff00".length == 2"#;
    ListFirst Pure total "[T].first -> T?" "The first element." "[1, 2].first == 1";
    ListLast Pure total "[T].last -> T?" "The last element." "[1, 2].last == 2";
    ListAt Pure total "[T].at(position: Int) -> T?" "The element at a position, from 0. Also written `xs[0]`." "[1, 2].at(1) == 2";
    ListSlice Pure total "[T].slice(from: Int, to: Int) -> [T]" "The elements from a position up to another. Also written `xs[0..2]`." "[1, 2, 3].slice(1, 3) == [2, 3]";
    ListTake Pure total "[T].take(count: Int) -> [T]" "The first elements." "[1, 2, 3].take(2) == [1, 2]";
    ListDrop Pure total "[T].drop(count: Int) -> [T]" "Without the first elements." "[1, 2, 3].drop(2) == [3]";
    ListReverse Pure total "[T].reverse -> [T]" "From the last to the first." "[1, 2].reverse == [2, 1]";
    ListContains Pure total "[T].contains(element: T) -> Bool" "True if the element is there." "[1, 2].contains(2)";
    ListFind Pure total "[T].find(element: T) -> Int?" "The position of the first such element." "[1, 2].find(2) == 1";
    ListDistinct Pure total "[K].distinct -> [K]" "Each element once, where it first stood." "[2, 1, 2].distinct == [2, 1]";
    ListEnumerate Pure "[T].enumerate -> [(index: Int, item: T)]" "The elements with their positions, from 0." r#"["a"].enumerate.length == 1"#;
    ListZip Pure "[T].zip(other: [U]) -> [(left: T, right: U)]" "Pairs of elements at the same positions, up to the shorter end." "[1, 2].zip([3]).length == 1";
    ListToSet Pure total "[K].to_set -> Set[K]" "Each element once." "[2, 1, 2].to_set.length == 2";
    BagToSet Pure total "Bag[K].to_set -> Set[K]" "Each element once." "";
    BagToList Pure total "Bag[T].to_list -> [T]" "In canonical order." "";
    SetToList Pure total "Set[T].to_list -> [T]" "In the order of the type." "[2, 1].to_set.to_list == [1, 2]";
    SetContains Pure total "Set[T].contains(element: T) -> Bool" "True if the element is there." "[1].to_set.contains(1)";
    SetInsert Pure "Set[T].insert(element: T) -> Set[T]" "With the element." "[1].to_set.insert(2).length == 2";
    SetRemove Pure "Set[T].remove(element: T) -> Set[T]" "Without the element." "[1].to_set.remove(1).length == 0";
    SetUnion Pure total "Set[T].union(other: Set[T]) -> Set[T]" "The elements of either." "[1].to_set.union([2].to_set).length == 2";
    SetIntersect Pure total "Set[T].intersect(other: Set[T]) -> Set[T]" "The elements of both." "[1].to_set.intersect([2].to_set).length == 0";
    SetMinus Pure total "Set[T].minus(other: Set[T]) -> Set[T]" "The elements that the other has not." "[1].to_set.minus([2].to_set).length == 1";
    ListToMap Pure "[(key: K, value: T)].to_map -> Map[K, T]" "A map; a later entry replaces an earlier one of the same key." r#"[(key: "a", value: 1)].to_map == ["a": 1]"#;
    MapGet Pure total "Map[K, T].get(key: K) -> T?" "The value under a key. Also written `m[key]`." r#"["a": 1].get("a") == 1"#;
    MapContains Pure total "Map[K, T].contains(key: K) -> Bool" "True if the key is there." r#"["a": 1].contains("a")"#;
    MapInsert Pure "Map[K, T].insert(key: K, value: T) -> Map[K, T]" "With the entry." r#"["a": 1].insert("b", 2).length == 2"#;
    MapRemove Pure "Map[K, T].remove(key: K) -> Map[K, T]" "Without the key." r#"["a": 1].remove("a").length == 0"#;
    MapKeys Pure total "Map[K, T].keys -> [K]" "The keys, in their order." r#"["b": 1, "a": 2].keys == ["a", "b"]"#;
    MapValues Pure total "Map[K, T].values -> [T]" "The values, in the order of the keys." r#"["b": 1, "a": 2].values == [2, 1]"#;
    MapEntries Pure total "Map[K, T].entries -> [(key: K, value: T)]" "The entries, in the order of the keys." r#"["a": 1].entries.length == 1"#;

    // Identity, chance and the log.
    NewUuid Random "uuid() -> Uuid" "A fresh UUID." "";
    Random Random "random() -> Float" "A number from 0 up to 1." "";
    RandomInt Random "random_int(low: Int, high: Int) -> Int" "A number from `low` to `high`, both included." "";
    RandomText Random "random_text(length: Int) -> Text" "A text of letters a to z and digits." "";
    Log Log "log(value: T)" "Writes a line for the operator." "";
}

/// The scale of a [`Ty::Decimal`] in a scheme that stands for the receiver's scale.
pub const SCALE_SAME: u8 = 255;
/// The scale of a [`Ty::Decimal`] in a scheme that the constant argument `digits` says.
pub const SCALE_DIGITS: u8 = 254;

/// A signature, read.
#[derive(Clone, PartialEq, Debug)]
pub struct Scheme {
    /// The name by which it is called.
    pub name: SmolStr,
    /// What it is called on; `None` for a function.
    pub receiver: Option<Ty>,
    /// Written without parentheses.
    pub property: bool,
    /// Parameters after the receiver.
    pub params: Vec<(SmolStr, Ty)>,
    /// Its value; `Unit` for none.
    pub result: Ty,
    /// The type letters in it, with their bounds.
    pub letters: Vec<(SmolStr, Option<TypeBound>)>,
}

struct Tables {
    schemes: Vec<Scheme>,
    by_name: FxHashMap<SmolStr, Vec<Builtin>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut by_name: FxHashMap<SmolStr, Vec<Builtin>> = FxHashMap::default();
    let schemes: Vec<Scheme> =
        BUILTINS.iter().map(|row| Reader { rest: row.signature, letters: Vec::new() }.scheme()).collect();
    for (index, scheme) in schemes.iter().enumerate() {
        by_name.entry(scheme.name.clone()).or_default().push(Builtin(index as u16));
    }
    Tables { schemes, by_name }
});

impl Builtin {
    /// Its row.
    pub fn info(self) -> &'static BuiltinInfo {
        &BUILTINS[self.0 as usize]
    }

    /// Its signature.
    pub fn scheme(self) -> &'static Scheme {
        &TABLES.schemes[self.0 as usize]
    }

    /// All primitives of a name, in the order of the table.
    pub fn named(name: &str) -> &'static [Builtin] {
        TABLES.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// All primitives.
    pub fn all() -> impl Iterator<Item = Builtin> {
        (0..BUILTINS.len() as u16).map(Builtin)
    }
}

/// Reads the signatures of the table; they are part of this file, so a fault in one is a bug, and a test reads all.
struct Reader {
    rest: &'static str,
    letters: Vec<(SmolStr, Option<TypeBound>)>,
}

impl Reader {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'static str {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn scheme(mut self) -> Scheme {
        let function = self.rest.starts_with(|c: char| c.is_ascii_lowercase());
        let receiver = if function {
            None
        } else {
            let ty = self.ty();
            self.eat(".");
            Some(ty)
        };
        let name = SmolStr::new(self.word());
        let mut params = Vec::new();
        let property = !self.eat("(");
        if !property {
            while !self.eat(")") {
                let name = SmolStr::new(self.word());
                self.eat(":");
                params.push((name, self.ty()));
                if !self.eat(",") && !self.rest.starts_with(')') {
                    break;
                }
            }
        }
        let result = if self.eat("->") { self.ty() } else { Ty::Unit };
        Scheme { name, receiver, property, params, result, letters: self.letters }
    }

    fn ty(&mut self) -> Ty {
        let ty = if self.eat("[") {
            let of = self.ty();
            self.eat("]");
            Ty::list(of)
        } else if self.eat("(") {
            let mut fields = Vec::new();
            while !self.eat(")") {
                let name = SmolStr::new(self.word());
                self.eat(":");
                let ty = self.ty();
                fields.push(FieldTy { name, wire: None, ty, absent: false, default: None });
                if !self.eat(",") && !self.rest.starts_with(')') {
                    break;
                }
            }
            Ty::Record(Arc::new(RecordTy { fields }))
        } else {
            let word = self.word();
            self.named(word)
        };
        if self.eat("?") { ty.optional() } else { ty }
    }

    fn named(&mut self, word: &'static str) -> Ty {
        match word {
            "Bool" => Ty::Bool,
            "Int" => Ty::Int,
            "Float" => Ty::Float,
            "Text" => Ty::Text,
            "Bytes" => Ty::Bytes,
            "Instant" => Ty::Instant,
            "DateTime" => Ty::DateTime,
            "Date" => Ty::Date,
            "Time" => Ty::Time,
            "Duration" => Ty::Duration,
            "Id" => Ty::Id,
            "Uuid" => Ty::Uuid,
            "Decimal" => {
                if self.eat("(") {
                    self.word();
                    self.eat(")");
                    Ty::Decimal(SCALE_DIGITS)
                } else {
                    Ty::Decimal(SCALE_SAME)
                }
            }
            "Bag" | "Set" => {
                self.eat("[");
                let of = Arc::new(self.ty());
                self.eat("]");
                if word == "Bag" { Ty::Bag(of) } else { Ty::Set(of) }
            }
            "Map" => {
                self.eat("[");
                let key = Arc::new(self.ty());
                self.eat(",");
                let value = Arc::new(self.ty());
                self.eat("]");
                Ty::Map(key, value)
            }
            letter => {
                let bound = match letter {
                    "O" => Some(TypeBound::Ordered),
                    "K" => Some(TypeBound::Keyed),
                    _ => None,
                };
                let name = SmolStr::new(letter);
                if !self.letters.iter().any(|(n, _)| *n == name) {
                    self.letters.push((name.clone(), bound));
                }
                Ty::Param(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_read_whole() {
        for builtin in Builtin::all() {
            let scheme = builtin.scheme();
            let info = builtin.info();
            assert!(!scheme.name.is_empty(), "{}", info.signature);
            assert!(scheme.letters.iter().all(|(l, _)| l.len() == 1), "{}: {:?}", info.signature, scheme.letters);
            assert_eq!(scheme.result == Ty::Unit, !info.signature.contains("->"), "{}", info.signature);
            assert!(info.doc.ends_with('.'), "{}", info.id);
        }
        assert_eq!(Builtin::TextSplit.scheme().params, [(SmolStr::new("separator"), Ty::Text)]);
        assert_eq!(Builtin::named("length").len(), 6);
    }

    #[test]
    fn names_are_unique_per_receiver() {
        let mut seen = std::collections::HashSet::new();
        for builtin in Builtin::all() {
            let scheme = builtin.scheme();
            assert!(seen.insert((scheme.name.clone(), scheme.receiver.clone())), "{}", builtin.info().signature);
        }
    }
}

/// How many rows or elements become one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folding {
    /// Of a group, of a collection, or over a window; the share of a percentile comes from its argument.
    Aggregate(AggregateFn),
    /// Is there one?
    Exists,
    /// The first, where there is an order.
    First,
    /// The only one.
    Only,
}

/// Where a function of many values may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// Of a collection or, if it is an aggregate, of a group or over a window.
    Many(Folding),
    /// Over a window alone.
    Window(WindowFn),
}

/// An aggregate, fold or window function of the language.
#[derive(Debug)]
pub struct FoldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub over: Over,
    /// Its arguments; of each what may be written for it, or nothing where that depends.
    pub arguments: &'static [&'static str],
    /// What it gives.
    pub doc: &'static str,
}

/// The aggregates, folds and window functions.
pub const FOLDS: &[FoldInfo] = &[
    fold(
        "count",
        Over::Many(Folding::Aggregate(AggregateFn::Count)),
        &[""],
        "How many: of the rows of a group, of present values, of the elements of a collection.",
    ),
    fold("sum", Over::Many(Folding::Aggregate(AggregateFn::Sum)), &[""], "The sum; 0 of nothing."),
    fold("avg", Over::Many(Folding::Aggregate(AggregateFn::Avg)), &[""], "The mean."),
    fold("min", Over::Many(Folding::Aggregate(AggregateFn::Min)), &[""], "The least."),
    fold("max", Over::Many(Folding::Aggregate(AggregateFn::Max)), &[""], "The greatest."),
    fold("any", Over::Many(Folding::Aggregate(AggregateFn::Any)), &[""], "True if the condition holds once."),
    fold("all", Over::Many(Folding::Aggregate(AggregateFn::All)), &[""], "True if the condition holds always."),
    fold("list", Over::Many(Folding::Aggregate(AggregateFn::List)), &[""], "The values as a list."),
    fold("exists", Over::Many(Folding::Exists), &[""], "True if a query or collection has an element."),
    fold("first", Over::Many(Folding::First), &[""], "The first element, if there is one."),
    fold("only", Over::Many(Folding::Only), &[""], "The only element, if there is just one."),
    fold(
        "percentile",
        Over::Many(Folding::Aggregate(AggregateFn::Percentile(0))),
        &["", "0.95"],
        "The value below which a share of the values lies.",
    ),
    fold("stddev", Over::Many(Folding::Aggregate(AggregateFn::StdDev)), &[""], "The standard deviation."),
    fold(
        "rank",
        Over::Window(WindowFn::Rank),
        &[],
        "The place in the order of the window; equals share one, and leave out those behind it.",
    ),
    fold(
        "dense_rank",
        Over::Window(WindowFn::DenseRank),
        &[],
        "The place in the order of the window; equals share one, and leave out none.",
    ),
    fold("row_number", Over::Window(WindowFn::RowNumber), &[], "The number of the row in the order of the window."),
    fold("lag", Over::Window(WindowFn::Lag), &["", "1"], "The value some rows before, if there is such a row."),
    fold("lead", Over::Window(WindowFn::Lead), &["", "1"], "The value some rows behind, if there is such a row."),
];

const fn fold(name: &'static str, over: Over, arguments: &'static [&'static str], doc: &'static str) -> FoldInfo {
    FoldInfo { name, over, arguments, doc }
}

impl FoldInfo {
    /// The one of a name.
    pub fn named(name: &str) -> Option<&'static FoldInfo> {
        FOLDS.iter().find(|fold| fold.name == name)
    }

    /// A call of it on something.
    pub fn example(&self, of: &str) -> String {
        let written = self.arguments.iter().map(|argument| if argument.is_empty() { of } else { argument });
        format!("{}({})", self.name, written.collect::<Vec<_>>().join(", "))
    }

    /// True if it may stand before `over`.
    pub fn is_over_windows(&self) -> bool {
        match self.over {
            Over::Many(Folding::Aggregate(function)) => !matches!(function, AggregateFn::Percentile(_)),
            Over::Many(Folding::Exists | Folding::First | Folding::Only) => false,
            Over::Window(_) => true,
        }
    }
}
