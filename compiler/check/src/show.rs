//! Types as people write them, for messages and for what editors write.

use crate::ty::Ty;
use std::fmt;

/// Shows a type as the program would write it. Refinements that have a name show it; others show their base.
pub struct Shown<'a>(pub &'a Ty);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ty::Error => f.write_str("?"),
            Ty::Never => f.write_str("Never"),
            Ty::Unit => f.write_str("no value"),
            Ty::Bool => f.write_str("Bool"),
            Ty::Int => f.write_str("Int"),
            Ty::Decimal(6) => f.write_str("Decimal"),
            Ty::Decimal(scale) => write!(f, "Decimal({scale})"),
            Ty::Float => f.write_str("Float"),
            Ty::Text => f.write_str("Text"),
            Ty::Bytes => f.write_str("Bytes"),
            Ty::Instant => f.write_str("Instant"),
            Ty::DateTime => f.write_str("DateTime"),
            Ty::Date => f.write_str("Date"),
            Ty::Time => f.write_str("Time"),
            Ty::Duration => f.write_str("Duration"),
            Ty::Id => f.write_str("Id"),
            Ty::Uuid => f.write_str("Uuid"),
            Ty::Json => f.write_str("Json"),
            Ty::Option(inner) => match &**inner {
                Ty::Fn(..) => write!(f, "({})?", Shown(inner)),
                _ => write!(f, "{}?", Shown(inner)),
            },
            Ty::List(inner) => write!(f, "[{}]", Shown(inner)),
            Ty::Bag(inner) => write!(f, "Bag[{}]", Shown(inner)),
            Ty::Set(inner) => write!(f, "Set[{}]", Shown(inner)),
            Ty::Map(key, value) => write!(f, "Map[{}, {}]", Shown(key), Shown(value)),
            Ty::Record(record) => {
                f.write_str("(")?;
                for (n, field) in record.fields.iter().enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    let absent = if field.absent { "?" } else { "" };
                    write!(f, "{comma}{}{absent}: {}", field.name, Shown(&field.ty))?;
                }
                f.write_str(")")
            }
            Ty::Variant(symbol, args) if args.is_empty() => f.write_str(&symbol.name),
            Ty::Variant(symbol, args) => {
                write!(f, "{}[", symbol.name)?;
                for (n, arg) in args.iter().enumerate() {
                    write!(f, "{}{}", if n == 0 { "" } else { ", " }, Shown(arg))?;
                }
                f.write_str("]")
            }
            Ty::Tag(symbol) => write!(f, "{}.Tag", symbol.name),
            Ty::Refined(base, rule) => match rule.name() {
                Some(name) => f.write_str(name),
                None => Shown(base).fmt(f),
            },
            Ty::Row(symbol) => f.write_str(&symbol.name),
            Ty::Key(symbol) => write!(f, "{}.Key", symbol.name),
            Ty::Fn(params, result) => {
                f.write_str("fn(")?;
                for (n, param) in params.iter().enumerate() {
                    write!(f, "{}{}", if n == 0 { "" } else { ", " }, Shown(param))?;
                }
                write!(f, ") -> {}", Shown(result))
            }
            Ty::Param(name) => f.write_str(name),
            Ty::Infer(_) => f.write_str("_"),
        }
    }
}
