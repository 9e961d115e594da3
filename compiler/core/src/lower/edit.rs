//! For each relation, where tools ask for them, two internal endpoints that change one row by hand: `R$edit` sets the
//! fields that come, under the rules of a handler's `update`, and `R$delete` removes the row. Both name the row by its
//! key. An event has neither: it is only ever inserted. Imports ask for `R$edit` where rows may lead to each other.

use super::Lowering;
use super::import::{importable, leads_to_itself};
use super::scope::Scope;
use super::wire::Way;
use crate::ir::{Endpoint, Function, FunctionKind, Name, Stmt, Type};
use std::sync::Arc;
use tenon_check::signature::RelationSig;
use tenon_check::ty::{FieldTy, RecordTy, Symbol, Ty};
use tenon_check::typed::{self, Body};
use tenon_span::Range;
use tenon_value::BuiltIn;
use tenon_value::dispatch::{self, EndpointKind, Format, Method, Param, Source};

/// The name of the endpoint that sets fields of a row: its arguments are `row`, the key, and `set`, a record of the
/// fields that change.
pub fn edit_name(relation: &str) -> Name {
    Name::from(format!("{relation}$edit"))
}

/// The name of the endpoint that removes a row: its argument is `row`, the key.
pub fn delete_name(relation: &str) -> Name {
    Name::from(format!("{relation}$delete"))
}

impl Lowering<'_> {
    pub(super) fn lower_edits(&mut self, items: &[Symbol]) {
        for symbol in items {
            let Some(sig) = self.relation_sig(symbol).filter(|sig| !sig.event) else { continue };
            self.lower_delete(symbol);
            // Imports have made it for relations that lead to themselves.
            if !leads_to_itself(sig) {
                self.lower_edit(symbol, sig);
            }
        }
    }

    fn lower_delete(&mut self, symbol: &Symbol) {
        let arguments = record([("row", Ty::Row(symbol.clone()))]);
        self.internal(symbol, delete_name(&symbol.name), arguments, |scope, arguments| {
            let Some(row) = scope.raw_field(arguments, "row") else { return };
            scope.delete(symbol, row, Range::empty(0));
        });
    }

    /// Makes `R$edit`, unless the relation has fields that cannot be read from what a tool says.
    pub(super) fn lower_edit(&mut self, symbol: &Symbol, sig: &RelationSig) {
        if !sig.fields.iter().all(|f| f.computed || importable(self, &f.ty)) {
            return;
        }
        let fields = sig.fields.iter().filter(|f| !f.computed && !sig.key.contains(&f.name));
        let set = Ty::Record(Arc::new(RecordTy {
            fields: fields
                .map(|f| FieldTy {
                    name: f.name.clone(),
                    wire: f.wire.clone(),
                    ty: f.ty.clone(),
                    absent: true,
                    default: None,
                })
                .collect(),
        }));
        let arguments = record([("row", Ty::Row(symbol.clone())), ("set", set.clone())]);
        self.internal(symbol, edit_name(&symbol.name), arguments, |scope, arguments| {
            let arguments = scope.name(arguments);
            let row = scope.raw_field(arguments.clone(), "row");
            let changes = scope.raw_field(arguments, "set");
            let (Some(row), Some(changes)) = (row, changes) else { return };
            let relation = scope.l.relation_id(symbol);
            let target = scope.coerce(row, &Type::Ref(relation));
            let target = scope.name(target);
            scope.update(symbol, target, &[], Some((set, changes)), Range::empty(0));
        });
    }

    /// An endpoint without a path and without an answer over a record of arguments.
    fn internal(
        &mut self,
        symbol: &Symbol,
        name: Name,
        arguments: Ty,
        body: impl FnOnce(&mut Scope<'_, '_>, crate::ir::Expr),
    ) {
        let site = self.site(symbol, Range::empty(0));
        let shape = self.shape(&arguments, Way::In);
        let wire = self.wire_type_way(&arguments, Way::In);
        let Ty::Record(record) = &arguments else { return };
        let params =
            record.fields.iter().map(|f| Param { name: f.name.clone(), source: Source::Body }).collect::<Vec<_>>();
        let value =
            typed::Expr { kind: typed::ExprKind::Block(Vec::new(), None), ty: Ty::Unit, range: Range::empty(0) };
        let empty = Arc::new(Body { locals: Vec::new(), params: Vec::new(), value });
        let mut scope = Scope::new(self, empty, symbol.clone(), Vec::new());
        let input = scope.fresh("arguments", wire.clone(), false);
        let given = scope.from_wire(crate::ir::Expr::var(input, wire), &arguments, "", false, site);
        body(&mut scope, given);
        scope.emit(Stmt::Return(super::scope::unit()));
        let (vars, body) = (scope.vars, scope.block);
        let function = self.add_function(Function {
            name: name.clone(),
            kind: FunctionKind::Pure,
            params: vec![input],
            result: Type::Unit,
            vars,
            body,
            site,
        });
        self.program.api.endpoints.push(dispatch::Endpoint {
            name,
            doc: None,
            kind: EndpointKind::Handler,
            method: Method::Post,
            path: "".into(),
            params,
            arguments: shape,
            answer: None,
            answer_format: Format::Json,
            status: 204,
            failures: vec![BuiltIn::NotFound.id(), BuiltIn::Conflict.id()],
        });
        self.program.endpoints.push(Endpoint { function, live: false, site });
    }
}

fn record<const N: usize>(fields: [(&str, Ty); N]) -> Ty {
    let fields = fields
        .into_iter()
        .map(|(name, ty)| FieldTy { name: name.into(), wire: None, ty, absent: false, default: None })
        .collect();
    Ty::Record(Arc::new(RecordTy { fields }))
}
