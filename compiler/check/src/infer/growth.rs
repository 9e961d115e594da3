//! Types that grow in a body: from line to line they may double, so each new one is measured where it is made.

use super::engine::Infer;
use crate::ty::{MAX_LEVELS, MAX_PARTS, Symbol, Ty};
use crate::typed::{Expr, ExprKind};
use crate::width::{NARROWER, is_too_wide, too_wide};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// Whether an expression passes a value on whose type was made elsewhere.
pub(super) fn passes_on(e: &ast::Expr, expr: &Expr) -> bool {
    use ast::ExprKind as K;
    match &e.kind {
        K::Name(_) | K::Field { .. } | K::Index { .. } | K::Unwrap(_) | K::If(_) | K::Match { .. } | K::Else { .. } => {
            true
        }
        K::Call { .. } => matches!(&expr.kind, ExprKind::Call { types, .. } if types.is_empty()),
        _ => false,
    }
}

impl Infer<'_> {
    /// The value of a new type, unless that grows beyond the limits of types, which is said once. What is wanted there
    /// and too wide by itself is told of where it is written.
    pub fn bounded(&mut self, expr: Expr, wanted: Option<&Ty>) -> Expr {
        let found = self.shallow(&expr.ty);
        let is_made = matches!(
            found,
            Ty::Option(_)
                | Ty::List(_)
                | Ty::Bag(_)
                | Ty::Set(_)
                | Ty::Map(..)
                | Ty::Record(_)
                | Ty::Variant(..)
                | Ty::Fn(..)
        );
        if !is_made {
            return expr;
        }
        let range = expr.range;
        if !found.is_bounded_with(&|ty| self.shallow(ty)) {
            if !self.too_large {
                self.grows_too_large(range);
            }
            return self.broken(range);
        }
        if self.is_wide(&found) && !wanted.is_some_and(|wanted| self.is_wide(&self.shallow(wanted))) {
            if !self.too_large {
                self.too_large = true;
                self.error(Code::TooDeep, range, too_wide("the type of this"), NARROWER);
            }
            return self.broken(range);
        }
        expr
    }

    fn is_wide(&self, ty: &Ty) -> bool {
        let variant = |symbol: &Symbol, args: &[Ty]| {
            let args: Vec<Ty> = args.iter().map(|arg| self.resolve(arg)).collect();
            self.ctx.lanes_of_variant(symbol, &args)
        };
        is_too_wide(ty, &variant, &|ty| self.shallow(ty))
    }

    /// Reports that variables stood for types beyond the limits, which were cut off.
    pub fn refuse_what_was_cut(&mut self, range: Range) {
        if self.cut.get() && !self.too_large {
            self.grows_too_large(range);
        }
    }

    fn grows_too_large(&mut self, range: Range) {
        self.too_large = true;
        let message = format!(
            "the type of this is too large: it has more than {MAX_PARTS} parts, or more than {MAX_LEVELS} levels"
        );
        self.error(Code::TooDeep, range, message, "hold its parts in a type with cases, or in rows of a relation");
    }
}
