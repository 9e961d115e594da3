//! The relations of the program as a store would have them, for what a store refuses. The rules themselves stand in
//! [`tenon_value::schema::rules`], where the store asks them, too. The indexes that the planner adds are not here.

use crate::db::{Db, Program, SourceFile};
use crate::declare::{name_range, signature};
use crate::infer::substitute;
use crate::items::{Item, items, tree};
use crate::names::{SymbolKey, is_library_module, item_of, symbol_of};
use crate::signature::{RelationSig, Signature, TypeBody, TypeSig};
use crate::ty::{FieldTy, Symbol, Ty};
use smol_str::SmolStr;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind, Member};
use tenon_value::schema::rules::{self, Place};
use tenon_value::schema::{
    Case, DataType, Field, FieldId, Index, IndexKind, IndexPart, KeyPart, NamedType, Reference, Relation, RelationId,
    Schema, Unique, derived_name,
};

/// How many parts the types of one relation are looked at. A relation that has more has far too many columns, and a type
/// may double from line to line.
const PARTS: usize = 50_000;

/// The relations of a file, in order: what says of the whole program depends on these lists alone, and so on no body.
#[salsa::tracked(returns(ref))]
pub fn relations_in(db: &dyn Db, file: SourceFile) -> Vec<Symbol> {
    let relations = items(db, file).iter().filter(|item| item.is_relation(db));
    relations.filter_map(|item| symbol_of(db, *item).filter(|symbol| item_of(db, symbol) == Some(*item))).collect()
}

/// What a store would refuse of the names of all relations together.
#[salsa::tracked(returns(ref))]
pub fn refused_names(db: &dyn Db) -> Vec<Diagnostic> {
    let files = Program::get(db).files(db).iter().filter(|file| !is_library_module(file.module(db)));
    let symbols: Vec<&Symbol> = files.flat_map(|file| relations_in(db, *file)).collect();
    let schema = Schema { relations: symbols.iter().map(|symbol| nothing(symbol)).collect() };
    let refused = rules::refused_names(&schema);
    refused.into_iter().filter_map(|refusal| told(db, symbols.get(refusal.relation.index())?, refusal)).collect()
}

/// What a store would refuse of a relation beside its name. Depends on its signature, on the types in it and on the keys
/// that it refers to.
#[salsa::tracked(returns(ref))]
pub fn refused_shape<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Vec<Diagnostic> {
    let symbol = key.symbol(db);
    let Some(Signature::Relation(sig)) = signature(db, symbol) else { return Vec::new() };
    let mut stored = Stored { db, symbols: vec![symbol.clone()], open: Vec::new(), parts: 0 };
    let mut schema = Schema { relations: vec![stored.relation(sig)] };
    // Those that it refers to, and those to which their keys refer: of them only the key is looked at.
    while let Some(target) = stored.symbols.get(schema.relations.len()).cloned() {
        let relation = match signature(db, &target) {
            Some(Signature::Relation(sig)) => stored.key_alone(sig),
            _ => nothing(&target),
        };
        schema.relations.push(relation);
    }
    rules::refused_shape(&schema, RelationId(0)).into_iter().filter_map(|refusal| told(db, symbol, refusal)).collect()
}

/// The relations of the program in this order, as far as signatures tell of them: the form that is held against what
/// lowering and the planner make of the same program.
pub fn schema(db: &dyn Db, relations: &[Symbol]) -> Schema {
    let mut stored = Stored { db, symbols: relations.to_vec(), open: Vec::new(), parts: 0 };
    let relation = |symbol| match signature(db, symbol) {
        Some(Signature::Relation(sig)) => stored.relation(sig),
        _ => nothing(symbol),
    };
    Schema { relations: relations.iter().map(relation).collect() }
}

/// A relation of which only the name is known.
fn nothing(symbol: &Symbol) -> Relation {
    Relation {
        name: symbol.name.clone(),
        fields: Vec::new(),
        key: Vec::new(),
        uniques: Vec::new(),
        references: Vec::new(),
        indexes: Vec::new(),
        deletes: false,
    }
}

fn told(db: &dyn Db, symbol: &Symbol, refusal: rules::Refusal) -> Option<Diagnostic> {
    let item = item_of(db, symbol)?;
    let Some(Signature::Relation(sig)) = signature(db, symbol) else { return None };
    let label = match refusal.place {
        Place::Relation => "has no table",
        Place::Field(_) => "has no form in the store",
        Place::Key => "cannot be the key",
        Place::Unique(_) | Place::Index(_) => "cannot be kept",
    };
    let label = item.label(db, place(db, item, sig, refusal.place), label);
    Some(Diagnostic::new(Code::StoredForm, refusal.why, label))
}

/// Where a part of a relation is written.
fn place<'db>(db: &'db dyn Db, item: Item<'db>, sig: &RelationSig, place: Place) -> Range {
    let name = name_range(db, item);
    let Some(ast::Item { kind: ItemKind::Relation(decl), .. }) = tree(db, item).as_deref() else { return name };
    let field = |name: &SmolStr| {
        decl.members.iter().find_map(|member| match member {
            Member::Field(field) if field.name.text == *name => Some(field.name.range),
            _ => None,
        })
    };
    // Of several lines that say the same only the first stands in the signature.
    let nth =
        |ranges: Vec<Range>, known: usize, n: usize| if ranges.len() == known { ranges.get(n).copied() } else { None };
    let found = match place {
        Place::Relation => None,
        Place::Field(n) => {
            sig.fields.iter().filter(|field| !field.computed).nth(n.index()).and_then(|of| field(&of.name))
        }
        Place::Key => decl
            .members
            .iter()
            .find_map(|member| if let Member::Key { range, .. } = member { Some(*range) } else { None })
            .or_else(|| sig.key.first().and_then(field)),
        Place::Unique(n) => {
            let ranges = decl.members.iter().filter_map(|member| match member {
                Member::Unique { range, .. } => Some(*range),
                _ => None,
            });
            nth(ranges.collect(), sig.uniques.len(), n)
        }
        Place::Index(n) => {
            let ranges = decl.members.iter().filter_map(|member| match member {
                Member::Index { range, .. } => Some(*range),
                _ => None,
            });
            nth(ranges.collect(), sig.indexes.len(), n)
        }
    };
    found.unwrap_or(name)
}

/// From signatures to a schema. What is wrong otherwise is told elsewhere, and is a number here.
struct Stored<'a> {
    db: &'a dyn Db,
    /// The relation that is looked at, then those that it refers to, in the order in which they are met.
    symbols: Vec<Symbol>,
    /// Variant types whose cases, and relations whose keys are being looked at.
    open: Vec<Symbol>,
    /// How many parts the relation at hand has so far.
    parts: usize,
}

impl Stored<'_> {
    fn number(&mut self, symbol: &Symbol) -> RelationId {
        let known = self.symbols.iter().position(|of| of == symbol);
        let number = known.unwrap_or_else(|| {
            self.symbols.push(symbol.clone());
            self.symbols.len() - 1
        });
        RelationId(number as u32)
    }

    /// A relation with the fields of its key alone.
    fn key_alone(&mut self, sig: &RelationSig) -> Relation {
        self.parts = 0;
        let fields: Vec<Field> = sig
            .key
            .iter()
            .filter_map(|name| sig.field(name))
            .map(|field| Field::new(field.name.clone(), self.data_type(&field.ty)))
            .collect();
        Relation { key: (0..fields.len()).map(|n| FieldId(n as u32)).collect(), fields, ..nothing(&sig.symbol) }
    }

    fn relation(&mut self, sig: &RelationSig) -> Relation {
        self.parts = 0;
        let stored = || sig.fields.iter().filter(|field| !field.computed);
        let mut fields: Vec<Field> =
            stored().map(|field| Field::new(field.name.clone(), self.data_type(&field.ty))).collect();
        let find = |name: &SmolStr| stored().position(|field| field.name == *name).map(|n| FieldId(n as u32));
        let mut uniques = Vec::new();
        for (n, unique) in sig.uniques.iter().enumerate() {
            let mut parts = Vec::new();
            for (p, part) in unique.parts.iter().enumerate() {
                if part.derived {
                    // It is kept as a field of its own.
                    parts.push(KeyPart::Field(FieldId(fields.len() as u32)));
                    fields.push(Field::new(derived_name(&part.field, n, p), self.data_type(&part.ty)));
                } else {
                    parts.extend(find(&part.field).map(KeyPart::Field));
                }
            }
            uniques.push(Unique { parts, where_present: Vec::new() });
        }
        let indexes = sig.indexes.iter().map(|index| Index {
            parts: index
                .iter()
                .filter_map(|(name, descending)| {
                    Some(IndexPart { part: KeyPart::Field(find(name)?), descending: *descending })
                })
                .collect(),
            kind: IndexKind::Ordered,
        });
        let references = fields.iter().enumerate().filter_map(|(n, field)| {
            let content = if let DataType::Option(inner) = &field.ty { inner } else { &field.ty };
            let DataType::Ref(target) = content else { return None };
            let on_delete = tenon_value::schema::OnDelete::Restrict;
            Some(Reference { field: FieldId(n as u32), target: *target, on_delete })
        });
        Relation {
            name: sig.symbol.name.clone(),
            // That a collection is no key is told where key types are.
            key: sig.key.iter().filter_map(find).filter(|id| !rules::has_collection(&fields[id.index()].ty)).collect(),
            uniques,
            references: references.collect(),
            indexes: indexes.collect(),
            deletes: false,
            fields,
        }
    }

    fn data_type(&mut self, ty: &Ty) -> DataType {
        self.parts += 1;
        if self.parts > PARTS {
            return DataType::Int;
        }
        let mut inner = |ty: &Ty| Box::new(self.data_type(ty));
        match ty {
            Ty::Error | Ty::Never | Ty::Infer(_) | Ty::Param(_) | Ty::Fn(..) => DataType::Int,
            Ty::Unit => DataType::Record(Vec::new()),
            Ty::Bool => DataType::Bool,
            Ty::Int => DataType::Int,
            Ty::Decimal(scale) => DataType::Decimal(*scale),
            Ty::Float => DataType::Float,
            Ty::Text => DataType::Text,
            Ty::Bytes => DataType::Bytes,
            Ty::Instant => DataType::Instant,
            Ty::DateTime => DataType::DateTime,
            Ty::Date => DataType::Date,
            Ty::Time => DataType::Time,
            Ty::Duration => DataType::Duration,
            Ty::Id => DataType::Id,
            Ty::Uuid => DataType::Uuid,
            Ty::Json => DataType::Json,
            Ty::Option(content) => DataType::Option(inner(content)),
            Ty::List(element) => DataType::List(inner(element)),
            Ty::Bag(element) => DataType::Bag(inner(element)),
            Ty::Set(element) => DataType::Set(inner(element)),
            Ty::Map(key, value) => DataType::Map(inner(key), inner(value)),
            Ty::Refined(base, _) => self.data_type(base),
            Ty::Row(symbol) => DataType::Ref(self.number(symbol)),
            Ty::Key(symbol) => self.within(symbol, |this| this.key(symbol)),
            Ty::Variant(symbol, args) => self.within(symbol, |this| this.variant(symbol, args, true)),
            Ty::Tag(symbol) => self.variant(symbol, &[], false),
            Ty::Record(record) => DataType::Record(self.fields(&record.fields, &[])),
        }
    }

    /// What `make` makes of a type, unless that is being made already.
    fn within(&mut self, symbol: &Symbol, make: impl FnOnce(&mut Self) -> DataType) -> DataType {
        if self.open.contains(symbol) {
            return DataType::Int;
        }
        self.open.push(symbol.clone());
        let made = make(self);
        self.open.pop();
        made
    }

    fn fields(&mut self, fields: &[FieldTy], map: &[(SmolStr, Ty)]) -> Vec<NamedType> {
        let fields = fields.iter().map(|field| {
            let ty = self.data_type(&substitute(&field.ty, map));
            let ty = match ty {
                // That it is absent and that it is `none` are two things.
                DataType::Option(_) if field.absent => {
                    let whole = NamedType { name: SmolStr::new_static("0"), ty };
                    DataType::Option(Box::new(DataType::Record(vec![whole])))
                }
                ty if field.absent => DataType::Option(Box::new(ty)),
                ty => ty,
            };
            NamedType { name: field.name.clone(), ty }
        });
        fields.collect()
    }

    fn variant(&mut self, symbol: &Symbol, args: &[Ty], with_fields: bool) -> DataType {
        let Some(Signature::Type(TypeSig { body: TypeBody::Variant(cases), generics, .. })) =
            signature(self.db, symbol)
        else {
            return DataType::Int;
        };
        let map: Vec<(SmolStr, Ty)> =
            generics.iter().map(|generic| generic.name.clone()).zip(args.iter().cloned()).collect();
        let cases = cases.iter().map(|case| Case {
            name: case.name.clone(),
            fields: if with_fields { self.fields(&case.fields, &map) } else { Vec::new() },
        });
        DataType::Variant(cases.collect())
    }

    /// The key of a relation as a value.
    fn key(&mut self, symbol: &Symbol) -> DataType {
        let Some(Signature::Relation(sig)) = signature(self.db, symbol) else { return DataType::Int };
        let mut parts = Vec::new();
        for name in &sig.key {
            let Some(field) = sig.field(name) else { continue };
            let ty = match field.ty.base() {
                Ty::Row(target) => self.within(target, |this| this.key(target)),
                _ => self.data_type(&field.ty),
            };
            parts.push(NamedType { name: name.clone(), ty });
        }
        match parts.len() {
            1 => parts.remove(0).ty,
            _ => DataType::Record(parts),
        }
    }
}
