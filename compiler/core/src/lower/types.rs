//! From the checker's types to Core's: aliases gone, refinements forgotten, generics replaced.

use super::Lowering;
use crate::ir::{Case, Name, RecordType, Type, VariantId, VariantType};
use std::sync::Arc;
use tenon_check::signature::{Generic, Signature, TypeBody};
use tenon_check::ty::{RecordTy, Symbol, Ty};

/// Replaces type parameters by their arguments.
pub(super) fn substitute(ty: &Ty, generics: &[(Name, Ty)]) -> Ty {
    if generics.is_empty() {
        return ty.clone();
    }
    let go = |t: &Ty| substitute(t, generics);
    match ty {
        Ty::Param(name) => generics.iter().find(|(n, _)| n == name).map_or_else(|| ty.clone(), |(_, t)| t.clone()),
        Ty::Option(t) => go(t).optional(),
        Ty::List(t) => Ty::List(Arc::new(go(t))),
        Ty::Bag(t) => Ty::Bag(Arc::new(go(t))),
        Ty::Set(t) => Ty::Set(Arc::new(go(t))),
        Ty::Map(k, v) => Ty::Map(Arc::new(go(k)), Arc::new(go(v))),
        Ty::Refined(t, rule) => Ty::Refined(Arc::new(go(t)), rule.clone()),
        Ty::Variant(s, args) => Ty::Variant(s.clone(), args.iter().map(go).collect()),
        Ty::Fn(args, result) => Ty::Fn(args.iter().map(go).collect(), Arc::new(go(result))),
        Ty::Record(record) => {
            let fields =
                record.fields.iter().map(|f| tenon_check::ty::FieldTy { ty: go(&f.ty), ..f.clone() }).collect();
            Ty::Record(Arc::new(RecordTy { fields }))
        }
        _ => ty.clone(),
    }
}

/// Pairs of generic names and arguments.
pub(super) fn bind_generics(generics: &[Generic], types: &[Ty]) -> Vec<(Name, Ty)> {
    generics.iter().map(|g| g.name.clone()).zip(types.iter().cloned()).collect()
}

impl Lowering<'_> {
    /// The Core type of a closed type. Rows are `Row`; see [`Lowering::stored_type`] for fields.
    pub(super) fn lower_ty(&mut self, ty: &Ty) -> Type {
        match ty {
            Ty::Error | Ty::Never | Ty::Unit | Ty::Infer(_) | Ty::Param(_) | Ty::Fn(..) => Type::Unit,
            Ty::Bool => Type::Bool,
            Ty::Int => Type::Int,
            Ty::Decimal(scale) => Type::Decimal(*scale),
            Ty::Float => Type::Float,
            Ty::Text => Type::Text,
            Ty::Bytes => Type::Bytes,
            Ty::Instant => Type::Instant,
            Ty::DateTime => Type::DateTime,
            Ty::Date => Type::Date,
            Ty::Time => Type::Time,
            Ty::Duration => Type::Duration,
            Ty::Id => Type::Id,
            Ty::Uuid => Type::Uuid,
            Ty::Json => Type::Json,
            Ty::Option(t) => self.lower_ty(t).optional(),
            Ty::List(t) => Type::List(Arc::new(self.lower_ty(t))),
            Ty::Bag(t) => Type::Bag(Arc::new(self.lower_ty(t))),
            Ty::Set(t) => Type::Set(Arc::new(self.lower_ty(t))),
            Ty::Map(k, v) => Type::Map(Arc::new(self.lower_ty(k)), Arc::new(self.lower_ty(v))),
            Ty::Refined(t, _) => self.lower_ty(t),
            Ty::Row(symbol) => Type::Row(self.relation_id(symbol)),
            Ty::Key(symbol) => self.key_type(symbol),
            Ty::Variant(symbol, args) => Type::Variant(self.variant(symbol, args, false)),
            Ty::Tag(symbol) => Type::Variant(self.variant(symbol, &[], true)),
            Ty::Record(record) => {
                let fields = record.fields.iter().map(|f| {
                    let ty = self.lower_ty(&f.ty);
                    (f.name.clone(), if f.absent { absentable(ty) } else { ty })
                });
                Type::Record(Arc::new(RecordType { fields: fields.collect() }))
            }
        }
    }

    /// The Core type of a stored field: as [`Lowering::lower_ty`], with references for rows.
    pub(super) fn stored_type(&mut self, ty: &Ty) -> Type {
        as_stored(&self.lower_ty(ty))
    }

    /// The type of a relation's key: of its one field, or a record of them.
    pub(super) fn key_type(&mut self, symbol: &Symbol) -> Type {
        let Some(sig) = self.relation_sig(symbol) else { return Type::Unit };
        let mut fields = Vec::new();
        for name in &sig.key {
            if let Some(field) = sig.fields.iter().find(|f| f.name == *name) {
                // A key part that is a reference stands for the key of its target.
                let ty = match field.ty.base() {
                    Ty::Row(target) => self.key_type(&target.clone()),
                    _ => self.lower_ty(&field.ty),
                };
                fields.push((name.clone(), ty));
            }
        }
        match fields.len() {
            1 => fields.remove(0).1,
            _ => Type::record(fields),
        }
    }

    /// The Core variant of a variant type at these arguments, or of its bare cases.
    pub(super) fn variant(&mut self, symbol: &Symbol, args: &[Ty], tag_only: bool) -> VariantId {
        let core_args: Vec<Type> = args.iter().map(|t| self.lower_ty(t)).collect();
        let key = (symbol.clone(), core_args, tag_only);
        if let Some(id) = self.variants.get(&key) {
            return *id;
        }
        let id = VariantId(self.program.variants.len() as u32);
        let name = if tag_only { Name::from(format!("{}.Tag", symbol.name)) } else { symbol.name.clone() };
        self.program.variants.push(VariantType { name, cases: Vec::new() });
        self.variants.insert(key, id);
        let Some(Signature::Type(sig)) = self.source.signature(symbol) else { return id };
        let TypeBody::Variant(cases) = &sig.body else { return id };
        let bound = bind_generics(&sig.generics, args);
        let closed = self.may_instantiate(symbol, args);
        let mut lowered = Vec::new();
        for case in cases {
            let mut fields = Vec::new();
            if !tag_only {
                for field in &case.fields {
                    let ty = substitute(&field.ty, &bound);
                    // Rows inside of variants are references: a variant may be stored.
                    let ty = if closed { self.stored_type(&ty) } else { Type::Unit };
                    fields.push((field.name.clone(), if field.absent { absentable(ty) } else { ty }));
                }
            }
            lowered.push(Case { name: case.name.clone(), wire: case.wire.clone(), fields });
        }
        self.program.variants[id.index()].cases = lowered;
        id
    }
}

/// `f?: T` in memory: an option; of an option, an option of a record that holds it, so that absent and `none` differ.
pub(super) fn absentable(ty: Type) -> Type {
    match ty {
        Type::Option(_) => Type::Option(Arc::new(Type::record(vec![(Name::new_static("0"), ty)]))),
        ty => Type::Option(Arc::new(ty)),
    }
}

/// Rows become references, also inside of options, collections and records.
pub(super) fn as_stored(ty: &Type) -> Type {
    match ty {
        Type::Row(r) => Type::Ref(*r),
        Type::Option(t) => Type::Option(Arc::new(as_stored(t))),
        Type::List(t) => Type::List(Arc::new(as_stored(t))),
        Type::Bag(t) => Type::Bag(Arc::new(as_stored(t))),
        Type::Set(t) => Type::Set(Arc::new(as_stored(t))),
        Type::Map(k, v) => Type::Map(Arc::new(as_stored(k)), Arc::new(as_stored(v))),
        Type::Record(r) => Type::record(r.fields.iter().map(|(n, t)| (n.clone(), as_stored(t))).collect()),
        ty => ty.clone(),
    }
}
