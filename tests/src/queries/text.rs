//! The text of drawn queries in both languages.

use std::collections::BTreeMap;

use super::{Base, Expr, Grouping, Key, Part, Query, Schema, Source, Stage};

/// Puts parts in the place of holes: `#`, maybe a letter, the number of the part.
fn filled(template: &str, mut part: impl FnMut(char, usize) -> String) -> String {
    let mut out = String::new();
    let mut signs = template.chars();
    while let Some(sign) = signs.next() {
        if sign != '#' {
            out.push(sign);
            continue;
        }
        let kind = signs.next().unwrap_or('0');
        let (kind, number) = if kind.is_ascii_digit() { (' ', Some(kind)) } else { (kind, signs.next()) };
        let number = number.and_then(|n| n.to_digit(10)).unwrap_or(0);
        out.push_str(&part(kind, number as usize));
    }
    out
}

impl Expr {
    /// In Tenon.
    pub fn tenon(&self, schema: &Schema) -> String {
        filled(&self.tenon, |kind, n| match (&self.parts[n], kind) {
            (Part::Expr(e), _) => e.tenon(schema),
            (Part::Query(q), 's') => q.first_source(schema).0,
            (Part::Query(q), 'w') => q.first_condition().map_or("true".to_owned(), |c| c.tenon(schema)),
            (Part::Query(q), _) => q.tenon(schema),
        })
    }

    /// In SQL.
    pub fn sql(&self, schema: &Schema) -> String {
        filled(&self.sql, |kind, n| match (&self.parts[n], kind) {
            (Part::Expr(e), _) => e.sql(schema),
            (Part::Query(q), 'f') => q.first_source(schema).1,
            (Part::Query(q), 'w') => q.first_condition().map_or("1".to_owned(), |c| c.sql(schema)),
            (Part::Query(q), kind) => {
                let select = q.sql(schema);
                match kind {
                    'o' => select.order(),
                    'c' => select.fields[0].0.clone(),
                    'r' => select.row(),
                    _ => select.text,
                }
            }
        })
    }
}

/// A select of SQL.
pub struct Select {
    /// Its text.
    text: String,
    /// The terms of its order.
    terms: Vec<String>,
    /// The columns of its last `select`, and whether they hold JSON.
    fields: Vec<(String, bool)>,
}

impl Select {
    fn order(&self) -> String {
        if self.terms.is_empty() { "1".to_owned() } else { self.terms.join(", ") }
    }

    fn row(&self) -> String {
        let field = |(name, json): &(String, bool)| if *json { format!("json({name})") } else { name.clone() };
        format!("json_array({})", self.fields.iter().map(field).collect::<Vec<_>>().join(", "))
    }

    /// A column per value of one text: the JSON of the rows, in order.
    pub fn rows(&self) -> String {
        format!("SELECT {} FROM ({}) ORDER BY {}", self.row(), self.text, self.order())
    }
}

impl Query {
    fn first_source(&self, schema: &Schema) -> (String, String) {
        match self.stages.first() {
            Some(Stage::From { name, source }) => {
                (format!("{name} in {}", source.tenon(schema)), source.sql(name, schema).0)
            }
            _ => (String::new(), String::new()),
        }
    }

    fn first_condition(&self) -> Option<&Expr> {
        match self.stages.get(1) {
            Some(Stage::Where(c)) => Some(c),
            _ => None,
        }
    }

    /// In Tenon, on one line.
    pub fn tenon(&self, schema: &Schema) -> String {
        self.stages.iter().map(|s| s.tenon(schema)).collect::<Vec<_>>().join(" ")
    }

    /// In SQL.
    pub fn sql(&self, schema: &Schema) -> Select {
        let mut out = Select { text: "SELECT 1 AS nothing".to_owned(), terms: Vec::new(), fields: Vec::new() };
        for stage in &self.stages {
            stage.sql(schema, &mut out);
        }
        out
    }
}

impl Source {
    fn tenon(&self, schema: &Schema) -> String {
        match self {
            Source::Relation(r) => schema.relations[*r].name.clone(),
            Source::Inverse(r, f, host) => {
                format!("{}.{}", host.tenon(schema), schema.relations[*r].fields[*f].inverse)
            }
            Source::Elements(list) => list.tenon(schema),
            Source::Query(q) => format!("({})", q.tenon(schema)),
        }
    }

    /// A select under a name, and the terms of its order.
    fn sql(&self, name: &str, schema: &Schema) -> (String, Vec<String>) {
        let rows = |r: usize| {
            let fields = schema.relations[r].fields.iter().map(|f| format!(", {} AS {name}_{}", f.name, f.name));
            format!("SELECT id AS {name}_id{} FROM {}", fields.collect::<String>(), schema.relations[r].name)
        };
        match self {
            Source::Relation(r) => (rows(*r), vec![format!("{name}_id")]),
            Source::Inverse(r, f, host) => {
                let field = &schema.relations[*r].fields[*f].name;
                (format!("{} WHERE {field} = {}", rows(*r), host.sql(schema)), vec![format!("{name}_id")])
            }
            Source::Elements(list) => (
                format!("SELECT value AS {name}, key AS {name}_at FROM json_each({})", list.sql(schema)),
                vec![format!("{name}_at")],
            ),
            Source::Query(q) => {
                let select = q.sql(schema);
                (select.text, select.terms)
            }
        }
    }
}

impl Key {
    fn tenon(&self, schema: &Schema) -> String {
        let (desc, first) =
            (if self.descending { " desc" } else { "" }, if self.none_first { " none first" } else { "" });
        format!("{}{desc}{first}", self.value.tenon(schema))
    }

    fn term(&self, value: &str) -> String {
        let (none, desc) = (if self.none_first { "NOT " } else { "" }, if self.descending { " DESC" } else { "" });
        format!("({value}) IS {none}NULL, {value}{desc}")
    }
}

fn keys(keys: &[Key], schema: &Schema) -> String {
    keys.iter().map(|k| k.tenon(schema)).collect::<Vec<_>>().join(", ")
}

impl Stage {
    fn tenon(&self, schema: &Schema) -> String {
        let t = |e: &Expr| e.tenon(schema);
        match self {
            Stage::From { name, source } => format!("from {name} in {}", source.tenon(schema)),
            Stage::Join { name, source, left, on } => {
                let left = if *left { "left " } else { "" };
                let on = on.as_ref().map(|on| format!(" on {}", t(on))).unwrap_or_default();
                format!("{left}join {name} in {}{on}", source.tenon(schema))
            }
            Stage::Where(c) => format!("where {}", t(c)),
            Stage::With(name, e) => format!("with {name} = {}", t(e)),
            Stage::Window { name, value, partition, order, frame, .. } => {
                let mut over = Vec::new();
                over.extend(partition.as_ref().map(|p| format!("partition by {}", t(p))));
                if !order.is_empty() {
                    over.push(format!("order by {}", keys(order, schema)));
                }
                over.extend(frame.map(|(a, b)| format!("rows {a} before to {b} after")));
                format!("with {name} = {} over ({})", t(value), over.join(" "))
            }
            Stage::Group { keys, aggregates } => {
                let key = |k: &Grouping| match k {
                    Grouping::Value(name, e) => format!("{name} = {}", t(e)),
                    Grouping::Row(name, _) => name.clone(),
                };
                let by: Vec<String> = keys.iter().map(key).collect();
                let by = if by.is_empty() { "all".to_owned() } else { format!("by {}", by.join(", ")) };
                let with = aggregates.iter().map(|(name, e)| format!(" with {name} = {}", t(e)));
                format!("group {by}{}", with.collect::<String>())
            }
            Stage::Order(by) => format!("order by {}", keys(by, schema)),
            Stage::Limit(n, offset) => {
                let offset = offset.as_ref().map(|m| format!(" offset {}", t(m))).unwrap_or_default();
                format!("limit {}{offset}", t(n))
            }
            Stage::Select { fields, record, distinct } => {
                let distinct = if *distinct { "distinct " } else { "" };
                let named: Vec<String> =
                    fields.iter().map(|(name, e)| if *record { format!("{name}: {}", t(e)) } else { t(e) }).collect();
                match record {
                    true => format!("select {distinct}({})", named.join(", ")),
                    false => format!("select {distinct}{}", named.join(", ")),
                }
            }
        }
    }

    fn sql(&self, schema: &Schema, select: &mut Select) {
        let t = |e: &Expr| e.sql(schema);
        let before = std::mem::take(&mut select.text);
        let ascending = |name: &str| format!("{name} IS NULL, {name}");
        select.text = match self {
            Stage::From { name, source } => {
                let (text, terms) = source.sql(name, schema);
                select.terms = terms;
                text
            }
            Stage::Join { name, source, left, on } => {
                let (text, terms) = source.sql(name, schema);
                select.terms.extend(terms);
                let on = on.as_ref().map_or("1".to_owned(), t);
                let left = if *left { "LEFT " } else { "" };
                match source {
                    // What is joined along a path sees the row before it.
                    Source::Inverse(r, f, host) => {
                        let text = Source::Relation(*r).sql(name, schema).0;
                        let field = &schema.relations[*r].fields[*f].name;
                        let on = format!("r.{name}_{field} = {}", t(host));
                        format!("SELECT * FROM ({before}) {left}JOIN ({text}) r ON {on}")
                    }
                    Source::Elements(list) => format!(
                        "SELECT p.*, r.value AS {name}, r.key AS {name}_at FROM ({before}) p {left}JOIN json_each({}) r ON {}",
                        t(list),
                        on.replace(name, "r.value")
                    ),
                    _ => format!("SELECT * FROM ({before}) {left}JOIN ({text}) ON {on}"),
                }
            }
            Stage::Where(c) => format!("SELECT * FROM ({before}) WHERE {}", t(c)),
            Stage::With(name, e) => format!("SELECT *, {} AS {name} FROM ({before})", t(e)),
            Stage::Window { name, value, partition, order, frame, whole } => {
                let mut over = Vec::new();
                over.extend(partition.as_ref().map(|p| format!("PARTITION BY {}", t(p))));
                let mut terms: Vec<String> = order.iter().map(|k| k.term(&t(&k.value))).collect();
                if *whole {
                    terms.extend(select.terms.iter().cloned());
                }
                if !terms.is_empty() {
                    over.push(format!("ORDER BY {}", terms.join(", ")));
                }
                over.extend(frame.map(|(a, b)| format!("ROWS BETWEEN {a} PRECEDING AND {b} FOLLOWING")));
                let value = t(value).replace('~', &format!("OVER ({})", over.join(" ")));
                format!("SELECT *, {value} AS {name} FROM ({before})")
            }
            Stage::Group { keys, aggregates } => {
                // What is grouped by and folded are columns first: an aggregate over outer columns alone would be one of
                // the outer query, and a number would be the place of a column.
                let (mut inner, mut columns, mut by, mut terms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                for key in keys {
                    let name = match key {
                        Grouping::Value(name, e) => {
                            inner.push(format!("{} AS {name}", t(e)));
                            name.clone()
                        }
                        Grouping::Row(name, r) => {
                            columns.extend(schema.relations[*r].fields.iter().map(|f| format!("{name}_{}", f.name)));
                            format!("{name}_id")
                        }
                    };
                    terms.push(ascending(&name));
                    columns.push(name.clone());
                    by.push(name);
                }
                for (name, aggregate) in aggregates {
                    let column = |n: usize| format!("{name}_{n}");
                    for (n, part) in aggregate.parts.iter().enumerate() {
                        if let Part::Expr(e) = part {
                            inner.push(format!("{} AS {}", t(e), column(n)));
                        }
                    }
                    columns.push(format!("{} AS {name}", filled(&aggregate.sql, |_, n| column(n))));
                }
                // Without an aggregate it would be no grouping.
                columns.push("COUNT(*) AS size".to_owned());
                select.terms = terms;
                let by = if by.is_empty() { String::new() } else { format!(" GROUP BY {}", by.join(", ")) };
                let inner: String = inner.iter().map(|column| format!(", {column}")).collect();
                format!("SELECT {} FROM (SELECT *{inner} FROM ({before})){by}", columns.join(", "))
            }
            Stage::Order(by) => {
                let columns = by.iter().map(|k| format!(", {} AS {}", t(&k.value), k.name));
                let text = format!("SELECT *{} FROM ({before})", columns.collect::<String>());
                let terms: Vec<String> = by.iter().map(|k| k.term(&k.name)).collect();
                select.terms.splice(0..0, terms);
                text
            }
            Stage::Limit(n, offset) => {
                let offset = offset.as_ref().map_or("0".to_owned(), t);
                let order = select.order();
                format!(
                    "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY {order}) - MAX(0, {offset}) AS place FROM ({before})) \
                     WHERE place > 0 AND place <= {}",
                    t(n)
                )
                .replace("place", &format!("place{}", before.len()))
            }
            Stage::Select { fields, distinct, .. } => {
                select.fields = fields.iter().map(|(name, e)| (name.clone(), e.ty.base == Base::List)).collect();
                let columns: Vec<String> = fields.iter().map(|(name, e)| format!("{} AS {name}", t(e))).collect();
                if *distinct {
                    select.terms = fields.iter().map(|(name, _)| ascending(name)).collect();
                    format!("SELECT DISTINCT {} FROM ({before})", columns.join(", "))
                } else {
                    format!("SELECT *, {} FROM ({before})", columns.join(", "))
                }
            }
        };
    }
}

/// A text of SQL with values in the place of its parameters, `$name`.
pub fn with_parameters(sql: &str, values: &BTreeMap<&str, String>) -> String {
    let mut out = sql.to_owned();
    // The longest first: a name may begin another.
    for (name, value) in values.iter().rev() {
        out = out.replace(&format!("${name}"), value);
    }
    out
}
