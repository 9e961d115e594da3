//! For each relation an internal endpoint `R$import` that stores one row as it comes from outside: it decodes by
//! the same shapes, checks by the same rules and fills in the same defaults as a handler would. Bulk import runs
//! its function once per row, inside of one transaction.

use super::Lowering;
use super::scope::Scope;
use super::source::BodyPart;
use super::wire::{Way, contains_row};
use crate::ir::{Endpoint, Expr, Function, FunctionKind, Name, Stmt, Type};
use std::sync::Arc;
use tenon_check::signature::{GeneratedKey, RelationSig};
use tenon_check::ty::{FieldTy, RecordTy, Symbol, Ty};
use tenon_check::typed::{self, Body};
use tenon_span::Range;
use tenon_value::BuiltIn;
use tenon_value::dispatch::{self, EndpointKind, Format, Method, Param, Source};
use tenon_value::shape::Kind;

/// The name of a relation's import endpoint.
pub fn import_name(relation: &str) -> Name {
    Name::from(format!("{relation}$import"))
}

impl Lowering<'_> {
    pub(super) fn lower_imports(&mut self, items: &[Symbol]) {
        for symbol in items {
            if let Some(sig) = self.relation_sig(symbol) {
                self.lower_import(symbol, sig);
                // Rows of one file may lead to each other in a circle: then a reference is set once all rows are there.
                if leads_to_itself(sig) {
                    self.lower_edit(symbol, sig);
                }
            }
        }
    }

    fn lower_import(&mut self, symbol: &Symbol, sig: &RelationSig) {
        // A reference deep inside of a value cannot be looked up by its key; such rows come through handlers.
        if sig.fields.iter().any(|f| !f.computed && !importable(self, &f.ty)) {
            return;
        }
        let site = self.site(symbol, Range::empty(0));
        let row = Ty::Record(Arc::new(self.import_record(sig)));
        let arguments = self.shape(&row, Way::In);
        let wire = self.wire_type_way(&row, Way::In);
        let params = match &self.program.api.shapes.get(arguments).kind {
            Kind::Record { fields } => {
                fields.iter().map(|f| Param { name: f.name.clone(), source: Source::Body }).collect()
            }
            _ => Vec::new(),
        };
        let value =
            typed::Expr { kind: typed::ExprKind::Block(Vec::new(), None), ty: Ty::Unit, range: Range::empty(0) };
        let empty = Arc::new(Body { locals: Vec::new(), params: Vec::new(), value });
        let mut scope = Scope::new(self, empty, symbol.clone(), Vec::new());
        let input = scope.fresh("row", wire.clone(), false);
        let record = scope.from_wire(Expr::var(input, wire), &row, "", false, site);
        let record = scope.name(record);
        let Ty::Record(fields) = &row else { return };
        let mut given = Vec::new();
        for field in fields.fields.iter().filter(|f| !f.absent) {
            if let Some(value) = scope.raw_field(record.clone(), &field.name) {
                given.push((field.name.clone(), value));
            }
        }
        let inserted = scope.insert(symbol, given, Some((row.clone(), record)), Range::empty(0));
        let key = match inserted.ty {
            Type::Row(relation) => scope.key_of(inserted, relation),
            _ => inserted,
        };
        let result = key.ty.clone();
        scope.emit(Stmt::Return(key));
        let (vars, body) = (scope.vars, scope.block);
        let name = import_name(&symbol.name);
        let function = self.add_function(Function {
            name: name.clone(),
            kind: FunctionKind::Pure,
            params: vec![input],
            result,
            vars,
            body,
            site,
        });
        let answer = self.shape(&Ty::Key(symbol.clone()), Way::Out);
        self.program.api.endpoints.push(dispatch::Endpoint {
            name,
            doc: None,
            kind: EndpointKind::Handler,
            method: Method::Post,
            path: "".into(),
            params,
            arguments,
            answer: Some(answer),
            answer_format: Format::Json,
            status: 200,
            failures: vec![BuiltIn::Conflict.id()],
        });
        self.program.endpoints.push(Endpoint { function, live: false, site });
    }

    /// The stored fields; those that have a value of their own may be left out.
    fn import_record(&mut self, sig: &RelationSig) -> RecordTy {
        let mut fields = Vec::new();
        for (at, field) in sig.fields.iter().enumerate().filter(|(_, f)| !f.computed) {
            let generated = sig.generated != GeneratedKey::No && sig.key.contains(&field.name);
            let optional = matches!(field.ty.base(), Ty::Option(_));
            let default = self.source.body(&sig.symbol, BodyPart::Default(at as u32)).is_some();
            fields.push(FieldTy {
                name: field.name.clone(),
                wire: field.wire.clone(),
                // What is left out is `none`, so `T?` travels as an absent-able `T`; only where it has a default must
                // `none` be said.
                ty: match field.ty.base() {
                    Ty::Option(inner) if !default => (**inner).clone(),
                    _ => field.ty.clone(),
                },
                absent: generated || optional || default,
                default: None,
            });
        }
        RecordTy { fields }
    }
}

/// Whether rows of a relation may lead to each other by a reference that need not be there.
pub(super) fn leads_to_itself(sig: &RelationSig) -> bool {
    let itself = |ty: &Ty| matches!(ty.base(), Ty::Option(inner) if *inner.base() == Ty::Row(sig.symbol.clone()));
    !sig.event && sig.fields.iter().any(|f| !f.computed && !sig.key.contains(&f.name) && itself(&f.ty))
}

/// Whether a value of the type can be made from what a file says.
pub(super) fn importable(lowering: &Lowering<'_>, ty: &Ty) -> bool {
    if !contains_row(lowering, ty) {
        return true;
    }
    match ty.base() {
        Ty::Row(_) => true,
        Ty::Option(inner) => importable(lowering, inner),
        Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => matches!(inner.base(), Ty::Row(_)),
        Ty::Record(record) => record.fields.iter().all(|f| importable(lowering, &f.ty)),
        _ => false,
    }
}
