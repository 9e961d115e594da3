//! Drawn schemas and rows.

use std::fmt::Write as _;

use tenon_value::Value;
use tenon_value::random::Random;

use super::{Base, Ty};

/// A field of a relation; its key `id` is none of them.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type; that of `ks`, the last field, is a list of Ints.
    pub ty: Ty,
    /// Of a reference, the name of the way back.
    pub inverse: String,
    /// No two rows have the same value.
    pub unique: bool,
    /// The program asks for an index.
    pub indexed: bool,
}

/// A relation.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// The relations of a program.
#[derive(Clone, Debug)]
pub struct Schema {
    /// They refer to themselves and to those before them.
    pub relations: Vec<Relation>,
}

/// Rows: of each relation, keys and fields. References are keys.
#[derive(Clone, Debug)]
pub struct Data {
    /// In the order of insertion.
    pub rows: Vec<Vec<Vec<Value>>>,
}

/// What queries are given: name and type in Tenon.
pub const PARAMETERS: &[(&str, &str)] =
    &[("k", "Int"), ("j", "Int?"), ("ks", "[Int]"), ("ws", "[Text]"), ("js", "Set[Int]"), ("day", "Date")];

/// 2026-01-01.
const DAY: i32 = 20_454;

const WORDS: &[&str] = &["", "a", "ab", "abc", "b", "blåbær", "c"];

fn below(random: &mut Random, n: usize) -> usize {
    random.below(n as u64) as usize
}

impl Schema {
    /// Draws one.
    pub fn draw(random: &mut Random) -> Schema {
        let mut relations: Vec<Relation> = Vec::new();
        for (r, name) in ["A", "B", "C"].into_iter().enumerate() {
            let mut fields = Vec::new();
            let mut field = |name: String, ty: Ty, random: &mut Random| {
                let unique = ty == Base::Int.there() && random.below(4) == 0;
                let indexed = !unique && ty.base != Base::List && random.below(4) == 0;
                let inverse = format!("of_{}_{name}", name_of(r));
                fields.push(Field { name, ty, inverse, unique, indexed });
            };
            // What the generator asks for is there; more of it is drawn.
            field("n".into(), Base::Int.there(), random);
            field("o".into(), Base::Int.or_none(), random);
            let more = [Base::Int, Base::Int, Base::Text, Base::Bool, Base::Decimal, Base::Date];
            for i in 0..2 + below(random, 3) {
                let base = more[below(random, more.len())];
                let ty = Ty { base, optional: base != Base::Bool && random.below(3) == 0 };
                field(format!("f{i}"), ty, random);
            }
            for to in 0..=r {
                let optional = to == r || random.below(2) == 0;
                if to < r || random.below(3) == 0 {
                    let name = format!("{}{}", if optional { "m" } else { "r" }, name_of(to));
                    field(name, Ty { base: Base::Row(to), optional }, random);
                }
            }
            field("ks".into(), Base::List.there(), random);
            relations.push(Relation { name: name.into(), fields });
        }
        Schema { relations }
    }

    /// Its declarations, with a function per relation that inserts a row, and functions for queries to call. Of each line
    /// one thing is declared.
    pub fn tenon(&self) -> String {
        let mut out = String::new();
        for r in &self.relations {
            let mut rules = String::new();
            let fields: Vec<String> = r
                .fields
                .iter()
                .map(|f| {
                    if f.unique {
                        let _ = write!(rules, "; unique {}", f.name);
                    } else if f.indexed {
                        let _ = write!(rules, "; index {}", f.name);
                    }
                    let inverse = match f.ty.base {
                        Base::Row(_) => format!(" inverse {}", f.inverse),
                        _ => String::new(),
                    };
                    format!("; {}: {}{inverse}", f.name, self.type_name(f.ty))
                })
                .collect();
            let _ = writeln!(out, "relation {} {{ key id: Int{}{rules} }}", r.name, fields.concat());
            let parameters = r.fields.iter().map(|f| match f.ty.base {
                Base::Row(_) => format!(", {}: Int{}", f.name, if f.ty.optional { "?" } else { "" }),
                _ => format!(", {}: {}", f.name, self.type_name(f.ty)),
            });
            let values = r.fields.iter().map(|f| {
                let name = &f.name;
                match f.ty.base {
                    Base::Row(to) if f.ty.optional => {
                        format!(", {name}: if {name} != none {{ {}[{name}] }} else {{ none }}", self.relations[to].name)
                    }
                    Base::Row(to) => {
                        format!(", {name}: ({}[{name}] else fail NotFound(\"row\"))", self.relations[to].name)
                    }
                    _ => format!(", {name}: {name}"),
                }
            });
            let (parameters, values) = (parameters.collect::<String>(), values.collect::<String>());
            let _ = writeln!(out, "fn add_{}(id: Int{parameters}) {{ insert {}(id: id{values}) }}", r.name, r.name);
            let name = &r.name;
            let _ = writeln!(out, "fn twice_{name}(x: {name}) -> Int {{ x.n + x.n }}");
            let _ = writeln!(
                out,
                "fn more_{name}(x: {name}, k: Int) -> Int {{ let m = x.o ?? 0; if m > k {{ return m }}; m + k }}"
            );
            for (s, f) in self.inverses(name) {
                let inverse = &self.relations[s].fields[f].inverse;
                let _ = writeln!(out, "fn n_{inverse}(x: {name}) -> Int {{ count(x.{inverse}) }}");
            }
        }
        out
    }

    /// The references to a relation: relation and field.
    pub fn inverses(&self, name: &str) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        for (s, r) in self.relations.iter().enumerate() {
            for (f, field) in r.fields.iter().enumerate() {
                if matches!(field.ty.base, Base::Row(to) if self.relations[to].name == name) {
                    out.push((s, f));
                }
            }
        }
        out
    }

    fn type_name(&self, ty: Ty) -> String {
        let base = match ty.base {
            Base::Int => "Int",
            Base::Text => "Text",
            Base::Bool => "Bool",
            Base::Decimal => "Decimal(2)",
            Base::Date => "Date",
            Base::Row(r) => &self.relations[r].name,
            Base::List => "[Int]",
        };
        format!("{base}{}", if ty.optional { "?" } else { "" })
    }

    /// Its tables.
    pub fn sql(&self) -> String {
        let table = |r: &Relation| {
            let fields: String = r.fields.iter().map(|f| format!(", {}", f.name)).collect();
            format!("CREATE TABLE {} (id INTEGER PRIMARY KEY{fields});\n", r.name)
        };
        self.relations.iter().map(table).collect()
    }
}

fn name_of(relation: usize) -> char {
    char::from(b'a' + relation as u8)
}

impl Data {
    /// Draws rows of each relation, at most so many. Small numbers repeat; `extreme`: some are at the ends of `Int`.
    pub fn draw(random: &mut Random, schema: &Schema, most: u64, extreme: bool) -> Data {
        let mut rows: Vec<Vec<Vec<Value>>> = Vec::new();
        for (r, relation) in schema.relations.iter().enumerate() {
            let mut own: Vec<Vec<Value>> = Vec::new();
            let count = if random.below(8) == 0 { 0 } else { random.below(most + 1) };
            for _ in 0..count {
                let id = random.below(3 * most + 3) as i64;
                if own.iter().any(|row| row[0] == Value::Int(id)) {
                    continue;
                }
                let mut row = vec![Value::Int(id)];
                for field in &relation.fields {
                    // A relation that nothing can refer to has no rows.
                    let targets = match field.ty.base {
                        Base::Row(to) => if to == r { &own } else { &rows[to] }.iter().map(|t| t[0].clone()).collect(),
                        _ => Vec::new(),
                    };
                    row.push(match field.unique {
                        true => Value::Int((id * 7 + 3) % (3 * most as i64 + 3) * 2),
                        false => value(random, field.ty, &targets, extreme),
                    });
                }
                let refers = |(f, v): (&super::schema::Field, &Value)| {
                    !matches!(f.ty.base, Base::Row(_)) || f.ty.optional || !v.is_none()
                };
                let unique = |(at, f): (usize, &super::schema::Field)| {
                    !f.unique || own.iter().all(|other| other[at + 1] != row[at + 1])
                };
                if relation.fields.iter().zip(&row[1..]).all(refers) && relation.fields.iter().enumerate().all(unique) {
                    own.push(row);
                }
            }
            rows.push(own);
        }
        Data { rows }
    }

    /// The statements that insert the rows.
    pub fn sql(&self, schema: &Schema) -> String {
        let mut out = String::new();
        for (relation, rows) in schema.relations.iter().zip(&self.rows) {
            for row in rows {
                let values: Vec<String> = row.iter().map(literal).collect();
                let _ = writeln!(out, "INSERT INTO {} VALUES ({});", relation.name, values.join(", "));
            }
        }
        out
    }
}

fn value(random: &mut Random, ty: Ty, targets: &[Value], extreme: bool) -> Value {
    if ty.optional && random.below(3) == 0 {
        return Value::None;
    }
    let value = match ty.base {
        Base::Int => Value::Int(int(random, extreme)),
        Base::Text => Value::text(WORDS[below(random, WORDS.len())]),
        Base::Bool => Value::Bool(random.below(2) == 0),
        Base::Decimal => Value::Decimal { unscaled: (random.below(9) as i64 - 3) * 25, scale: 2 },
        Base::Date => Value::Date(DAY + random.below(70) as i32 - 3),
        Base::Row(_) if targets.is_empty() => return Value::None,
        Base::Row(_) => targets[below(random, targets.len())].clone(),
        Base::List => ints(random),
    };
    if ty.optional { Value::some(value) } else { value }
}

fn int(random: &mut Random, extreme: bool) -> i64 {
    match random.below(12) {
        0 if extreme => i64::MAX,
        1 if extreme => i64::MIN,
        _ => random.below(7) as i64 - 1,
    }
}

fn ints(random: &mut Random) -> Value {
    let count = [0, 1, 2, 3, 12][below(random, 5)];
    Value::list((0..count).map(|_| Value::Int(random.below(7) as i64 - 1)).collect::<Vec<_>>())
}

/// Values for [`PARAMETERS`].
pub fn arguments(random: &mut Random) -> Vec<Value> {
    let js = match ints(random) {
        Value::List(items) => Value::set(items.iter().cloned()),
        other => other,
    };
    vec![
        Value::Int(random.below(7) as i64 - 1),
        value(random, Base::Int.or_none(), &[], false),
        ints(random),
        Value::list((0..random.below(4)).map(|_| Value::text(WORDS[below(random, WORDS.len())])).collect::<Vec<_>>()),
        js,
        Value::Date(DAY + random.below(70) as i32 - 3),
    ]
}

/// A value as SQL writes it.
pub fn literal(value: &Value) -> String {
    match value {
        Value::None => "NULL".to_owned(),
        Value::Text(text) => format!("'{text}'"),
        Value::List(_) | Value::Set(_) => format!("'{}'", json(value)),
        Value::Int(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
        other => json(other),
    }
}

/// A value as SQL's JSON writes it: records are arrays, times and decimals numbers.
pub fn json(value: &Value) -> String {
    let all = |items: &[Value]| format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(","));
    match value {
        Value::None => "null".to_owned(),
        Value::Bool(yes) => u8::from(*yes).to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal { unscaled, .. } => unscaled.to_string(),
        Value::Date(day) => day.to_string(),
        Value::Text(text) => format!("\"{text}\""),
        Value::Some(inner) => json(inner),
        Value::List(items) | Value::Bag(items) | Value::Set(items) | Value::Record(items) => all(items),
        other => format!("{other:?}"),
    }
}
