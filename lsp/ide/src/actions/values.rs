//! Values to begin with, as text: what an action writes where it cannot know what is meant.

use super::scope::InSight;
use crate::Analysis;
use crate::limits::{Limits, Number};
use tenon_check::db::CheckDatabase;
use tenon_check::declare::signature;
use tenon_check::names::{Resolution, resolve};
use tenon_check::signature::{GeneratedKey, RelationSig, Signature, TypeBody};
use tenon_check::ty::{Symbol, Ty};

/// How deep made-up values nest.
const DEPTH: u32 = 4;

/// Where a value is to stand.
pub(crate) struct Wanted<'a> {
    pub analysis: &'a Analysis,
    pub file: tenon_check::db::SourceFile,
    /// Names that may be used.
    pub in_sight: &'a [InSight],
    /// True where `fail` may stand, so that a row may be looked up.
    pub may_fail: bool,
}

impl Wanted<'_> {
    /// A value of a type for something called `name`; `None` where none can be made up. A name in sight that is called
    /// so and has the type comes first.
    pub fn value(&self, name: &str, ty: &Ty) -> Option<String> {
        self.fitting(name, ty).or_else(|| self.made_up(name, ty, 0))
    }

    /// A name in sight for something called `name`: of the same name, or for a row the only one of its relation.
    pub fn fitting(&self, name: &str, ty: &Ty) -> Option<String> {
        let of_type = |other: &&InSight| fits(&other.ty, ty);
        if let Some(same) = self.in_sight.iter().filter(of_type).find(|other| other.name == name) {
            return Some(same.name.to_string());
        }
        let Ty::Row(relation) = without_option(ty) else { return None };
        let row = |other: &&InSight| matches!(other.ty.base(), Ty::Row(of) if of == relation);
        self.in_sight.iter().rev().find(row).map(|other| other.name.to_string())
    }

    fn made_up(&self, name: &str, ty: &Ty, depth: u32) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let inner = |name: &str, ty: &Ty| self.made_up(name, ty, depth + 1);
        let limits = self.analysis.limits(ty).unwrap_or_default();
        if let Some(first) = limits.one_of.first() {
            return Some(if *ty.base() == Ty::Text { quoted(first) } else { first.clone() });
        }
        Some(match ty.base() {
            Ty::Bool => String::from("false"),
            Ty::Int => number(&limits)?.ceil().to_string(),
            Ty::Decimal(scale) => {
                let step = if limits.min_excluded && limits.min == Some(number(&limits)?) {
                    // The least number that is more than the limit.
                    return Some(number(&limits)?.digits(*scale).trim_end_matches('0').to_owned() + "1")
                        .filter(|_| *scale > 0);
                } else {
                    number(&limits)?
                };
                let digits = step.digits(*scale);
                if *scale == 0 { format!("{digits}.to_decimal(0)") } else { digits }
            }
            Ty::Float => String::from("0.0f"),
            Ty::Text => text(name, &limits)?,
            Ty::Bytes => String::from("0x\"\""),
            Ty::Instant => String::from("@2026-01-01T00:00:00Z"),
            Ty::Date => String::from("@2026-01-01"),
            Ty::Time => String::from("08:00"),
            Ty::Duration => String::from("1min"),
            Ty::Option(_) => String::from("none"),
            Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..) => {
                if limits.min_length.is_some_and(|least| least > 0) {
                    let element = inner(name, ty.element()?)?;
                    format!("[{}]", vec![element; limits.min_length? as usize].join(", "))
                } else {
                    String::from("[]")
                }
            }
            Ty::Record(record) => {
                let mut needed: Vec<_> =
                    record.fields.iter().filter(|field| !field.absent && field.default.is_none()).collect();
                if needed.is_empty() {
                    // `()` is no record.
                    needed.push(record.fields.first()?);
                }
                let fields: Option<Vec<String>> = needed
                    .into_iter()
                    .map(|field| Some(format!("{}: {}", field.name, inner(&field.name, &field.ty)?)))
                    .collect();
                format!("({})", fields?.join(", "))
            }
            Ty::Variant(symbol, _) => self.case(symbol, depth)?,
            Ty::Row(relation) if self.may_fail => {
                let sig = relation_sig(&self.analysis.db, relation)?;
                let key: Option<Vec<String>> = sig.key_fields().map(|field| inner(&field.name, &field.ty)).collect();
                let key = key?;
                let key = if key.len() == 1 { key.concat() } else { format!("({})", key.join(", ")) };
                format!("{}[{key}] else fail NotFound(\"no {}\")", self.name(relation)?, words(&relation.name))
            }
            _ => return None,
        })
    }

    /// The simplest case of a variant type: a bare one, or the first whose fields have values.
    fn case(&self, symbol: &Symbol, depth: u32) -> Option<String> {
        let Some(Signature::Type(sig)) = signature(&self.analysis.db, symbol) else { return None };
        let TypeBody::Variant(cases) = &sig.body else { return None };
        if let Some(bare) = cases.iter().find(|case| case.fields.is_empty()) {
            return Some(bare.name.to_string());
        }
        cases.iter().find_map(|case| {
            let fields: Option<Vec<String>> = case
                .fields
                .iter()
                .filter(|field| !field.absent && field.default.is_none())
                .map(|field| Some(format!("{}: {}", field.name, self.made_up(&field.name, &field.ty, depth + 1)?)))
                .collect();
            Some(format!("{}({})", case.name, fields?.join(", ")))
        })
    }

    /// The name of an item, if it is in sight.
    pub fn name(&self, symbol: &Symbol) -> Option<String> {
        match resolve(&self.analysis.db, self.file, symbol.name.clone()) {
            Resolution::Item(found) if found == symbol => Some(symbol.name.to_string()),
            _ => None,
        }
    }
}

/// The signature of a relation.
pub(crate) fn relation_sig<'db>(db: &'db CheckDatabase, relation: &Symbol) -> Option<&'db RelationSig> {
    match signature(db, relation) {
        Some(Signature::Relation(sig)) => Some(sig),
        _ => None,
    }
}

/// True for a field that a new row must be given.
pub(crate) fn is_required(sig: &RelationSig, field: &tenon_check::signature::FieldSig) -> bool {
    let generated = sig.generated != GeneratedKey::No && sig.key.contains(&field.name);
    !field.computed && !field.default && !generated && !matches!(field.ty.base(), Ty::Option(_))
}

/// True if a value of the one type may stand where the other is wanted, refinements apart.
pub(crate) fn fits(given: &Ty, wanted: &Ty) -> bool {
    if matches!(given, Ty::Error | Ty::Infer(_)) {
        return false;
    }
    let (given, wanted) = (given.base(), wanted.base());
    given == wanted
        || match (given, wanted) {
            (Ty::Option(given), Ty::Option(wanted)) => fits(given, wanted),
            (given, Ty::Option(wanted)) => fits(given, wanted),
            _ => false,
        }
}

fn without_option(ty: &Ty) -> &Ty {
    match ty.base() {
        Ty::Option(inner) => inner.base(),
        other => other,
    }
}

/// A number within limits: 0, or the limit that is nearest to it.
fn number(limits: &Limits) -> Option<Number> {
    let zero = Number::whole(0);
    let number = match (limits.min, limits.max) {
        (Some(min), _) if min > zero || min == zero && limits.min_excluded => min,
        (_, Some(max)) if max < zero => max,
        _ => zero,
    };
    limits.max.is_none_or(|max| number <= max).then_some(number)
}

/// A text within limits, which begins with the name of what it is for.
fn text(name: &str, limits: &Limits) -> Option<String> {
    if limits.pattern.is_some() {
        return None;
    }
    let least = limits.min_length.unwrap_or(0) as usize;
    let most = limits.max_length.map_or(usize::MAX, |most| most as usize);
    let mut text: String = words(name).chars().take(most).collect();
    if least > LONGEST {
        return None;
    }
    while text.chars().count() < least {
        text.push('x');
    }
    Some(quoted(&text))
}

/// No made-up text is longer.
const LONGEST: usize = 200;

pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `OrderLine` and `order_line` as words for people.
pub(crate) fn words(name: &str) -> String {
    tenon_check::suggest::lower_snake(name).replace('_', " ")
}
