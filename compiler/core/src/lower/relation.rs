//! Relations: stored fields, keys, uniques. Computed fields vanish; a part of a unique that is more than a field
//! becomes a derived field, which `insert` and `update` compute.

use super::Lowering;
use super::source::BodyPart;
use crate::ir::{Field, FieldId, Generated, Index, Name, OnDelete, Relation, RelationId, SiteId, Type, Unique};
use tenon_check::signature::{self, GeneratedKey, RelationSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_span::Range;
use tenon_value::Value;
use tenon_value::schema::derived_name;

impl Lowering<'_> {
    pub(super) fn declare_relations(&mut self, items: &[Symbol]) {
        let mut sigs = Vec::new();
        for symbol in items {
            let Some(sig) = self.relation_sig(symbol) else { continue };
            let id = RelationId(self.program.relations.len() as u32);
            self.relations.insert(symbol.clone(), id);
            self.program.relations.push(Relation {
                name: sig.symbol.name.clone(),
                event: sig.event,
                fields: Vec::new(),
                key: Vec::new(),
                generated: Generated::No,
                uniques: Vec::new(),
                indexes: Vec::new(),
                site: SiteId(0),
            });
            sigs.push((id, sig));
        }
        for (id, sig) in sigs {
            let relation = self.declare_relation(sig);
            self.program.relations[id.index()] = relation;
        }
    }

    fn declare_relation(&mut self, sig: &RelationSig) -> Relation {
        let site = self.site(&sig.symbol, Range::empty(0));
        let mut fields = Vec::new();
        for (at, field) in sig.fields.iter().enumerate() {
            if field.computed {
                continue;
            }
            let ty = self.stored_type(&field.ty);
            fields.push(Field {
                name: field.name.clone(),
                initial: self.initial(sig, at, &ty),
                ty,
                secret: field.secret,
                on_delete: match field.on_delete {
                    signature::OnDelete::Restrict => OnDelete::Restrict,
                    signature::OnDelete::Clear => OnDelete::Clear,
                },
                derived: None,
            });
        }
        let find = |fields: &[Field], name: &str| fields.iter().position(|f| f.name == name).map(|i| FieldId(i as u32));
        let key = sig.key.iter().filter_map(|name| find(&fields, name)).collect();
        let mut uniques = Vec::new();
        for (n, unique) in sig.uniques.iter().enumerate() {
            let mut parts = Vec::new();
            for (p, part) in unique.parts.iter().enumerate() {
                if !part.derived {
                    parts.extend(find(&fields, &part.field));
                    continue;
                }
                let ty = self.stored_type(&part.ty);
                parts.push(FieldId(fields.len() as u32));
                fields.push(Field {
                    name: derived_name(&part.field, n, p),
                    initial: None,
                    ty,
                    secret: false,
                    on_delete: OnDelete::Restrict,
                    derived: Some(self.spelled_part(&sig.symbol, n, p)),
                });
            }
            uniques.push(Unique { fields: parts, skip_none: unique.skip_none });
        }
        let indexes = sig
            .indexes
            .iter()
            .map(|index| Index {
                fields: index.iter().filter_map(|(name, desc)| Some((find(&fields, name)?, *desc))).collect(),
            })
            .collect();
        Relation {
            name: sig.symbol.name.clone(),
            event: sig.event,
            key,
            generated: match sig.generated {
                GeneratedKey::No => Generated::No,
                GeneratedKey::Id => Generated::Id,
                GeneratedKey::Serial => Generated::Serial,
            },
            fields,
            uniques,
            indexes,
            site,
        }
    }

    /// A part of a unique as the program writes it.
    fn spelled_part(&self, relation: &Symbol, unique: usize, part: usize) -> Name {
        let body = self.source.body(relation, BodyPart::UniquePart(unique as u32, part as u32));
        let text = body.map(|body| self.source.source_text(relation, body.value.range)).unwrap_or_default();
        Name::from(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The constant that old rows get in a new field.
    fn initial(&mut self, sig: &RelationSig, at: usize, ty: &Type) -> Option<Value> {
        if let Some(body) = self.source.body(&sig.symbol, BodyPart::Default(at as u32)) {
            return self.constant_value(&body.value);
        }
        matches!(ty, Type::Option(_)).then_some(Value::None)
    }

    /// The signature of a field.
    pub(super) fn field_sig(&self, relation: &Symbol, name: &str) -> Option<(usize, &signature::FieldSig)> {
        match self.source.signature(relation) {
            Some(Signature::Relation(sig)) => sig.fields.iter().enumerate().find(|(_, f)| f.name == name),
            _ => None,
        }
    }

    /// The declared type of a field.
    pub(super) fn field_ty(&self, relation: &Symbol, name: &str) -> Ty {
        self.field_sig(relation, name).map_or(Ty::Error, |(_, f)| f.ty.clone())
    }
}
