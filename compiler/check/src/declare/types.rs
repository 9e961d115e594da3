//! `type`, `error` and `const`.

use super::Declaring;
use crate::declare;
use crate::names::resolve;
use crate::signature::{
    CallableKind, CaseSig, ConstSig, ErrorSig, FunctionSig, ResultSig, Signature, TypeBody, TypeSig,
};
use crate::suggest::closest;
use crate::ty::{RecordTy, Symbol, Ty};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_syntax::ast;
use tenon_value::BuiltIn;

impl Declaring<'_, '_> {
    pub(super) fn type_decl(&mut self, decl: &ast::TypeDecl, symbol: Symbol) -> Signature {
        self.types.upper_case("a type", &decl.name);
        self.generic_names(&decl.generics);
        self.change_clauses(decl.breaking, decl.was.as_ref());
        let body = match &decl.body {
            ast::TypeBody::Alias(ty) => TypeBody::Alias(self.alias(decl, ty, &symbol)),
            ast::TypeBody::Variants { cases, .. } => TypeBody::Variant(self.cases(cases)),
        };
        Signature::Type(TypeSig { symbol, generics: declare::generics(&decl.generics), body, doc: self.doc() })
    }

    fn alias(&mut self, decl: &ast::TypeDecl, ty: &ast::Type, symbol: &Symbol) -> Ty {
        let circle = declare::alias_circle(self.db, symbol);
        if circle.is_empty() {
            return self.types.resolve(ty);
        }
        // One circle, one message: at the member whose name comes first.
        if circle.first() == Some(symbol) {
            let through: Vec<String> = circle.iter().skip(1).map(|member| format!("`{}`", member.name)).collect();
            let message = match through.as_slice() {
                [] => format!("`{}` stands for a type that contains `{}` itself", symbol.name, symbol.name),
                others => {
                    format!("`{}` stands for a type that contains itself, through {}", symbol.name, others.join(", "))
                }
            };
            let diagnostic =
                self.types.report(Code::RecursiveType, decl.name.range, message, "an alias cannot contain itself");
            diagnostic.notes.push(format!(
                "a variant type can, inside of a collection: `type {} = Node(parts: [{}])`",
                symbol.name, symbol.name
            ));
        }
        Ty::Error
    }

    fn cases(&mut self, cases: &[ast::Case]) -> Vec<CaseSig> {
        let mut found: Vec<CaseSig> = Vec::with_capacity(cases.len());
        for (n, case) in cases.iter().enumerate() {
            self.types.upper_case("a case", &case.name);
            if let Some(was) = &case.was {
                self.unsupported(was.range, "`was`");
            }
            let fields = case.fields.as_ref().map(|fields| self.types.fields(fields)).unwrap_or_default();
            if let Some(first) = cases.iter().take(n).find(|other| other.name.text == case.name.text) {
                self.types.repeated("case", &case.name, first.name.range);
                continue;
            }
            found.push(CaseSig {
                name: case.name.text.clone(),
                wire: None,
                fields,
                doc: case.doc.as_ref().map(|doc| doc.text.clone()).unwrap_or_default(),
            });
        }
        found
    }

    pub(super) fn error_decl(&mut self, decl: &ast::ErrorDecl, symbol: Symbol) -> Signature {
        self.types.upper_case("an error", &decl.name);
        let fields = decl.fields.as_ref().map(|fields| self.types.fields(fields)).unwrap_or_default();
        let is = match BuiltIn::from_name(&decl.base.text) {
            Some(BuiltIn::Unreachable | BuiltIn::TimedOut) => {
                self.unsupported(decl.base.range, "failures of outside systems");
                SmolStr::new_static("Invalid")
            }
            Some(base) => SmolStr::new_static(base.name()),
            None => {
                self.error_base(&decl.base);
                SmolStr::new_static("Invalid")
            }
        };
        Signature::Error(ErrorSig { symbol, fields, is, message: decl.message.is_some(), doc: self.doc() })
    }

    fn error_base(&mut self, base: &ast::Ident) {
        let names = || {
            BuiltIn::ALL.iter().map(|error| error.name()).filter(|name| !matches!(*name, "Unreachable" | "TimedOut"))
        };
        let is_error =
            matches!(resolve(self.db, self.item.file(self.db), base.text.clone()), crate::names::Resolution::Item(_));
        let message = match is_error {
            true => format!("an error is one of the built-in failures, not another item such as `{}`", base.text),
            false => format!("there is no built-in failure `{}`", base.text),
        };
        let suggestion = closest(&base.text, names());
        let diagnostic = self.types.report(Code::ErrorBase, base.range, message, "not a built-in failure");
        diagnostic.did_you_mean(suggestion);
        diagnostic.notes.push(format!("the built-in failures are {}", names().collect::<Vec<_>>().join(", ")));
    }

    /// A view is a query without parameters, under a name in upper case.
    pub(super) fn view(&mut self, decl: &ast::View, symbol: Symbol) -> Signature {
        self.types.upper_case("a view", &decl.name);
        let fields = self.types.fields(&decl.columns);
        Signature::Function(FunctionSig {
            symbol,
            kind: CallableKind::Query,
            generics: Vec::new(),
            params: Vec::new(),
            result: ResultSig::Declared(Ty::bag(Ty::Record(Arc::new(RecordTy { fields })))),
            requires: 0,
            ensures: 0,
            endpoint: None,
            doc: self.doc(),
        })
    }

    pub(super) fn const_decl(&mut self, decl: &ast::Const, symbol: Symbol) -> Signature {
        self.types.lower_case("constant", &decl.name);
        let ty = decl.ty.as_ref().map(|ty| self.types.resolve(ty));
        Signature::Const(ConstSig { symbol, ty, doc: self.doc() })
    }
}
