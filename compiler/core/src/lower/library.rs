//! Library primitives: those that Core has by itself, those that ask the world, and the long tail.

use super::scope::{Scope, compare, int_literal, unit};
use crate::ir::{Command, Expr, ExprKind, Prim, Type};
use tenon_check::builtins::Builtin;
use tenon_check::ty::Ty;
use tenon_check::typed;
use tenon_span::Range;

impl Scope<'_, '_> {
    pub fn builtin(&mut self, builtin: Builtin, args: &[typed::Expr], ty: &Ty, range: Range) -> Expr {
        let refs: Vec<_> = args.iter().collect();
        let mut values = self.all(&refs);
        let core = self.ty(ty);
        if let Some(command) = self.world_command(builtin, &mut values) {
            if self.in_query() {
                return self.query_input(command, core, range);
            }
            let value = self.run_command("world", core.clone(), command, range);
            return value;
        }
        if builtin == Builtin::Today {
            let now = self.query_input(Command::Now, Type::Instant, range);
            let utc = self.pure_builtin(Builtin::InstantUtc, vec![now], Type::DateTime, range);
            return self.pure_builtin(Builtin::DateTimeDate, vec![utc], Type::Date, range);
        }
        self.pure_builtin(builtin, values, core, range)
    }

    fn world_command(&mut self, builtin: Builtin, values: &mut Vec<Expr>) -> Option<Command> {
        Some(match builtin {
            Builtin::Now => Command::Now,
            Builtin::NewUuid => Command::NewUuid,
            Builtin::Random => Command::RandomFloat,
            Builtin::RandomInt => {
                let high = values.pop().unwrap_or_else(|| int_literal(0));
                let low = values.pop().unwrap_or_else(|| int_literal(0));
                Command::RandomInt(low, high)
            }
            Builtin::RandomText => Command::RandomText(values.pop().unwrap_or_else(|| int_literal(0))),
            Builtin::Log => Command::Log(values.pop().unwrap_or_else(unit)),
            _ => return None,
        })
    }

    /// What the world answers, once per query: an input of the query.
    fn query_input(&mut self, command: Command, ty: Type, range: Range) -> Expr {
        if !self.in_query() {
            return self.run_command("world", ty, command, range);
        }
        if !matches!(command, Command::Now) {
            return self.unsupported(
                range,
                "chance and the log have no place inside a query: bind the value before it",
                &ty,
            );
        }
        let query = self.query.take();
        let value = self.run_command("now", ty, command, range);
        self.query = query;
        self.capture(value)
    }

    /// Elements and keys that are given to a collection, in the form that the collection holds them: a record with its
    /// fields in another order, a row as it was read.
    fn fit_elements(&mut self, values: &mut [Expr]) {
        let Some((collection, given)) = values.split_first_mut() else { return };
        let held = match &collection.ty {
            Type::Map(key, _) => (**key).clone(),
            ty => match ty.element() {
                Some(element) => element.clone(),
                None => return,
            },
        };
        let fits = |ty: &Type| {
            matches!((ty, &held), (Type::Record(a), Type::Record(b)) if a.fields.len() == b.fields.len()
                && a.fields.iter().all(|(name, _)| b.fields.iter().any(|(other, _)| other == name)))
        };
        if let Some(first) = given.first_mut()
            && first.ty != held
            && fits(&first.ty)
        {
            let value = first.clone();
            *first = self.coerce(value, &held);
        }
    }

    pub fn pure_builtin(&mut self, builtin: Builtin, mut values: Vec<Expr>, core: Type, range: Range) -> Expr {
        self.fit_elements(&mut values);
        let site = self.site(range);
        let prim = match builtin {
            Builtin::TextLength
            | Builtin::Length
            | Builtin::BagLength
            | Builtin::SetLength
            | Builtin::MapLength
            | Builtin::BytesLength => Prim::Length,
            Builtin::ToText => Prim::ToText,
            Builtin::IntAbs => Prim::AbsInt,
            Builtin::DecimalAbs => Prim::AbsDecimal,
            Builtin::FloatAbs => Prim::AbsFloat,
            Builtin::IntToFloat => Prim::IntToFloat,
            Builtin::IntToDecimal => {
                values.truncate(1);
                Prim::IntToDecimal
            }
            Builtin::DecimalRound => {
                values.truncate(1);
                Prim::Rescale
            }
            Builtin::ListAt => Prim::ElementAt,
            // Outside of an empty list stands no element, and an optional element is the option itself.
            Builtin::ListFirst => {
                values.truncate(1);
                values.push(int_literal(0));
                Prim::ElementAt
            }
            Builtin::ListLast => {
                let Some(list) = values.pop() else { return unit() };
                let list = self.name(list);
                let length = Expr::new(ExprKind::Prim(Prim::Length, vec![list.clone()], site), Type::Int);
                let at = Expr::new(ExprKind::Prim(Prim::SubInt, vec![length, int_literal(1)], site), Type::Int);
                values = vec![list, at];
                Prim::ElementAt
            }
            Builtin::MapGet => Prim::ValueAt,
            Builtin::ListContains | Builtin::SetContains | Builtin::MapContains => {
                values.reverse();
                Prim::Contains
            }
            Builtin::ListToSet | Builtin::BagToSet => Prim::ToSet,
            Builtin::BagToList | Builtin::SetToList => Prim::ToList,
            Builtin::ListToMap => Prim::ToMap,
            Builtin::MapEntries => Prim::Entries,
            Builtin::SetUnion => Prim::Append,
            Builtin::Min | Builtin::Max => {
                let mut values = values.into_iter();
                let (Some(a), Some(b)) = (values.next(), values.next()) else { return unit() };
                let (a, b) = (self.coerce(a, &core), self.coerce(b, &core));
                let (a, b) = (self.name(a), self.name(b));
                let first = if builtin == Builtin::Min { Prim::Le } else { Prim::Ge };
                let condition = compare(first, a.clone(), b.clone());
                return Expr::new(ExprKind::If(Box::new(condition), Box::new(a), Box::new(b)), core);
            }
            _ => Prim::Builtin(builtin.0),
        };
        Expr::new(ExprKind::Prim(prim, values, site), core)
    }
}
