//! Primitives of the library: which one a name means, and its call.

use super::calls::{Callee, Param};
use super::engine::{Infer, substitute};
use super::obligations::constant_text;
use crate::builtins::{Builtin, Need, SCALE_DIGITS, SCALE_SAME, Scheme};
use crate::ty::Ty;
use crate::typed::{Arg, Conversion, Expr, ExprKind};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;
use tenon_value::collation::is_language;
use tenon_value::decimal::MAX_SCALE;
use tenon_value::time::Zone;

impl Infer<'_> {
    /// True if a primitive may be called on a value of the type.
    pub(crate) fn receives(&self, builtin: Builtin, ty: &Ty) -> bool {
        match &builtin.scheme().receiver {
            Some(pattern) => self.pattern_fits(pattern, &self.base(ty)),
            None => false,
        }
    }

    fn pattern_fits(&self, pattern: &Ty, ty: &Ty) -> bool {
        let ty = self.base(ty);
        match (pattern, &ty) {
            (Ty::Param(_), Ty::Unit | Ty::Fn(..)) => false,
            (Ty::Param(_), _) | (_, Ty::Error) => true,
            (Ty::Decimal(SCALE_SAME), Ty::Decimal(_)) => true,
            (Ty::List(p), Ty::List(t)) | (Ty::Bag(p), Ty::Bag(t)) | (Ty::Set(p), Ty::Set(t)) => {
                matches!(self.shallow(t), Ty::Infer(_)) || self.pattern_fits(p, t)
            }
            (Ty::Map(..), Ty::Map(..)) => true,
            (Ty::Record(p), Ty::Record(t)) => p.fields.iter().all(|f| t.field(&f.name).is_some()),
            (p, t) => p == t,
        }
    }

    pub(crate) fn candidates(&self, name: &str, ty: &Ty) -> Vec<Builtin> {
        Builtin::named(name).iter().copied().filter(|b| self.receives(*b, ty)).collect()
    }

    /// The primitive of a name that a value of the type has; a bag has those of lists too.
    pub(crate) fn builtin_for(&self, name: &str, ty: &Ty) -> Option<Builtin> {
        let found = self.candidates(name, ty);
        if let Some(exact) = found.iter().find(|b| !matches!(b.scheme().receiver, Some(Ty::Param(_)))).or(found.first())
        {
            // A variable of inference fits any letter; only a lone name says which type it is.
            if !matches!(ty, Ty::Infer(_)) {
                return Some(*exact);
            }
        }
        match ty {
            Ty::Infer(_) => match Builtin::named(name) {
                [only] if only.scheme().receiver.is_some() => Some(*only),
                _ => None,
            },
            Ty::Bag(element) => self.candidates(name, &Ty::List(element.clone())).first().copied(),
            _ => None,
        }
    }

    /// A primitive with its receiver and arguments.
    pub(crate) fn apply_builtin(
        &mut self,
        builtin: Builtin,
        receiver: Option<Expr>,
        args: Option<&ast::Args>,
        range: Range,
    ) -> Expr {
        let scheme: &Scheme = builtin.scheme();
        match builtin.info().need {
            Need::Pure => {}
            Need::Clock => self.effects.clock.push(range),
            Need::Random => self.effects.random.push(range),
            Need::Log => self.effects.logs.push(range),
        }
        if matches!(builtin, Builtin::Min | Builtin::Max)
            && let (Some(a), Some(args)) = (&receiver, args)
            && let [arg] = args.list.as_slice()
        {
            let hint = self.resolve(&a.ty);
            let b = self.expr(&arg.value, Some(&hint));
            return self.lesser_or_greater(builtin, a.clone(), b, range);
        }
        let map: Vec<(SmolStr, Ty)> =
            scheme.letters.iter().map(|(l, bound)| (l.clone(), self.fresh_bounded(range, *bound))).collect();
        let same = receiver.as_ref().and_then(|r| match self.base(&r.ty) {
            Ty::Decimal(scale) => Some(scale),
            _ => None,
        });
        let digits = args.and_then(|args| constant_digits(scheme, args));
        let put = |ty: &Ty| put_scales(&substitute(ty, &map), same, digits.flatten());
        let mut values = Vec::with_capacity(scheme.params.len() + 1);
        if let (Some(value), Some(pattern)) = (receiver, &scheme.receiver) {
            let ty = put(pattern);
            let value = match (self.base(&value.ty), &ty) {
                (Ty::Bag(_), Ty::List(_)) => {
                    let element = value.ty.element().cloned().unwrap_or(Ty::Error);
                    self.convert(Conversion::BagToList, value, Ty::list(element))
                }
                _ => value,
            };
            values.push(self.coerce(value, &ty));
        }
        let params: Vec<Param> = scheme
            .params
            .iter()
            .map(|(name, ty)| Param { name: name.clone(), ty: put(ty), absent: false, default: false })
            .collect();
        if let Some(None) = digits {
            if let Some(args) = args {
                self.skip_args(args);
                self.error(
                    Code::Arguments,
                    args.range,
                    format!("the number of digits is part of the type: write it as a constant, 0 to {MAX_SCALE}"),
                    "not a constant",
                );
            }
            return self.broken(range);
        }
        if let Some(args) = args {
            let what = format!("`{}`", scheme.name);
            match self.arguments(&params, args, &what, Callee::Primitive) {
                Some(list) => values.extend(list.into_iter().filter_map(|a| match a {
                    Arg::Value(e) => Some(e),
                    _ => None,
                })),
                None => {
                    let ty = self.resolve(&put(&scheme.result));
                    return Expr { kind: ExprKind::Error, ty, range };
                }
            }
        }
        let named = values.iter().rev().zip(params.iter().rev());
        let complaints: Vec<_> = named.filter_map(|(value, param)| unknown_name(&param.name, value)).collect();
        for (range, message, label) in complaints {
            self.error(Code::Literal, range, message, label);
        }
        let ty = self.resolve(&put(&scheme.result));
        self.node(ExprKind::Builtin(builtin, values), ty, range)
    }

    fn lesser_or_greater(&mut self, builtin: Builtin, a: Expr, b: Expr, range: Range) -> Expr {
        let (mut both, ty) = self.join_all(vec![a, b]);
        if matches!(ty, Ty::Error | Ty::Never) || both.iter().any(|e| matches!(e.kind, ExprKind::Error)) {
            return self.broken(range);
        }
        self.require_ordered(&ty, range);
        let b = both.pop().expect("two went in");
        let a = both.pop().expect("two went in");
        self.node(ExprKind::Builtin(builtin, vec![a, b]), ty, range)
    }
}

/// What is wrong with a constant that names a time zone or a language. What is no constant fails when it runs.
fn unknown_name(param: &str, value: &Expr) -> Option<(Range, String, &'static str)> {
    let text = constant_text(value)?;
    match param {
        "zone" if Zone::named(&text).is_err() => Some((
            value.range,
            format!("there is no time zone `{text}`"),
            "zones are written as in the tz database: `Europe/Oslo`, `UTC`",
        )),
        "language" if !is_language(&text) => Some((
            value.range,
            format!("`{text}` is not written as languages are"),
            "languages are written as in HTML: `nb`, `en-GB`, `de-u-co-phonebk`",
        )),
        _ => None,
    }
}

/// The number of digits that a call says: `None` where the signature has none, `Some(None)` where it is no constant.
fn constant_digits(scheme: &Scheme, args: &ast::Args) -> Option<Option<u8>> {
    let wants = |ty: &Ty| {
        matches!(ty, Ty::Decimal(SCALE_DIGITS)) || matches!(ty, Ty::Option(t) if **t == Ty::Decimal(SCALE_DIGITS))
    };
    if !wants(&scheme.result) {
        return None;
    }
    let arg = args.list.iter().find(|a| a.name.as_ref().is_none_or(|n| n.text == "digits"));
    Some(arg.and_then(|a| match &a.value.kind {
        ast::ExprKind::Literal(ast::Literal::Int(text)) => text.parse::<u8>().ok().filter(|n| *n <= MAX_SCALE),
        _ => None,
    }))
}

fn put_scales(ty: &Ty, same: Option<u8>, digits: Option<u8>) -> Ty {
    match ty {
        Ty::Decimal(SCALE_SAME) => Ty::Decimal(same.unwrap_or(6)),
        Ty::Decimal(SCALE_DIGITS) => Ty::Decimal(digits.unwrap_or(6)),
        ty => super::engine::map_ty(ty, &mut |t| put_scales(t, same, digits)),
    }
}
