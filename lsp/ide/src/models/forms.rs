//! Forms: how a value of a type is entered, as the wire wants it.

use super::full_name;
use crate::Analysis;
use crate::limits::Limits;
use serde::Serialize;
use tenon_check::declare::signature;
use tenon_check::signature::{Signature, TypeBody};
use tenon_check::ty::{FieldTy, Symbol, Ty};

/// How deep forms nest; what is deeper is entered as JSON.
const DEPTH: u32 = 8;

/// How a value is entered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Form {
    /// The kind of input.
    pub input: Input,
    /// The type, as people write it.
    pub ty: String,
    /// May be null.
    pub optional: bool,
    /// What refinements say of the value.
    pub limits: Option<Limits>,
}

/// The kinds of input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Input {
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A number of exactly so many digits behind the point; a text on the wire.
    Decimal {
        /// The digits.
        scale: u8,
    },
    /// A floating-point number.
    Float,
    /// A text.
    Text,
    /// Octets, as base64.
    Bytes,
    /// A moment, as RFC 3339.
    Instant,
    /// A date and time without a zone.
    DateTime,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A length of time, as ISO 8601.
    Duration,
    /// A generated identity.
    Id,
    /// A UUID.
    Uuid,
    /// Any JSON.
    Json,
    /// One of some names.
    Choice {
        /// The variant type.
        of: String,
        /// The cases.
        cases: Vec<Choice>,
    },
    /// An object with a `type` and the fields of that case.
    Variant {
        /// The variant type.
        of: String,
        /// The cases.
        cases: Vec<Case>,
    },
    /// An object.
    Record {
        /// Its fields.
        fields: Vec<FormField>,
    },
    /// A list of values.
    List {
        /// Of what.
        element: Box<Form>,
        /// No value twice.
        distinct: bool,
    },
    /// Values by keys: an object where keys are texts, else pairs.
    Map {
        /// The keys.
        key: Box<Form>,
        /// The values.
        value: Box<Form>,
    },
    /// A row of a relation, by its key.
    Reference {
        /// The relation.
        relation: String,
        /// Its key.
        key: Box<Form>,
    },
}

/// A bare case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// Its documentation.
    pub doc: String,
}

/// A case with fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// Its documentation.
    pub doc: String,
    /// Its fields.
    pub fields: Vec<FormField>,
}

/// A field of a record or case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// False if it may be left out.
    pub required: bool,
    /// How its value is entered.
    pub form: Form,
}

impl Analysis {
    /// A name as the wire spells it.
    pub(crate) fn wire_name(&self, name: &str) -> String {
        self.db.program().settings(&self.db).names.spell(name).to_string()
    }

    /// How a value of a type is entered.
    pub(crate) fn form(&self, ty: &Ty) -> Form {
        self.form_at(ty, 0)
    }

    fn form_at(&self, ty: &Ty, depth: u32) -> Form {
        if let Ty::Option(inner) = ty.base() {
            return Form { optional: true, ..self.form_at(inner, depth) };
        }
        let input = if depth > DEPTH { Input::Json } else { self.input(ty.base(), depth + 1) };
        let shown = tenon_check::show::Shown(ty).to_string();
        Form { input, ty: shown, optional: false, limits: self.limits(ty) }
    }

    fn input(&self, ty: &Ty, depth: u32) -> Input {
        let boxed = |ty: &Ty| Box::new(self.form_at(ty, depth));
        match ty {
            Ty::Bool => Input::Bool,
            Ty::Int => Input::Int,
            Ty::Decimal(scale) => Input::Decimal { scale: *scale },
            Ty::Float => Input::Float,
            Ty::Text => Input::Text,
            Ty::Bytes => Input::Bytes,
            Ty::Instant => Input::Instant,
            Ty::DateTime => Input::DateTime,
            Ty::Date => Input::Date,
            Ty::Time => Input::Time,
            Ty::Duration => Input::Duration,
            Ty::Id => Input::Id,
            Ty::Uuid => Input::Uuid,
            Ty::List(element) | Ty::Bag(element) => Input::List { element: boxed(element), distinct: false },
            Ty::Set(element) => Input::List { element: boxed(element), distinct: true },
            Ty::Map(key, value) => Input::Map { key: boxed(key), value: boxed(value) },
            Ty::Record(record) => Input::Record { fields: self.form_fields(&record.fields, depth) },
            Ty::Row(relation) => {
                let key = self.key_form(relation, depth);
                Input::Reference { relation: full_name(relation), key: Box::new(key) }
            }
            Ty::Key(relation) => self.key_form(relation, depth).input,
            Ty::Tag(symbol) => self.variant(symbol, &[], true, depth),
            Ty::Variant(symbol, args) => self.variant(symbol, args, false, depth),
            Ty::Json
            | Ty::Error
            | Ty::Never
            | Ty::Unit
            | Ty::Option(_)
            | Ty::Refined(..)
            | Ty::Fn(..)
            | Ty::Param(_)
            | Ty::Infer(_) => Input::Json,
        }
    }

    /// The key of a relation: the value of its only field, else an object of its fields.
    fn key_form(&self, relation: &Symbol, depth: u32) -> Form {
        let Some(sig) = self.relation(relation).filter(|_| depth <= DEPTH) else {
            return Form { input: Input::Json, ty: format!("{}.Key", relation.name), optional: false, limits: None };
        };
        let of_field = |ty: &Ty| match ty.base() {
            Ty::Row(target) => self.key_form(target, depth + 1),
            _ => self.form_at(ty, depth),
        };
        let mut fields: Vec<FormField> = sig
            .key_fields()
            .map(|field| FormField {
                name: field.name.to_string(),
                wire: field.wire.as_ref().map_or_else(|| self.wire_name(&field.name), |wire| wire.to_string()),
                required: true,
                form: of_field(&field.ty),
            })
            .collect();
        match fields.pop() {
            Some(only) if fields.is_empty() => only.form,
            last => {
                fields.extend(last);
                let ty = format!("{}.Key", relation.name);
                Form { input: Input::Record { fields }, ty, optional: false, limits: None }
            }
        }
    }

    fn form_fields(&self, fields: &[FieldTy], depth: u32) -> Vec<FormField> {
        fields
            .iter()
            .map(|field| FormField {
                name: field.name.to_string(),
                wire: field.wire.as_ref().map_or_else(|| self.wire_name(&field.name), |wire| wire.to_string()),
                required: !field.absent && field.default.is_none(),
                form: self.form_at(&field.ty, depth),
            })
            .collect()
    }

    fn variant(&self, symbol: &Symbol, args: &[Ty], tags_only: bool, depth: u32) -> Input {
        let Some(Signature::Type(sig)) = signature(&self.db, symbol) else { return Input::Json };
        let TypeBody::Variant(cases) = &sig.body else { return Input::Json };
        let of = full_name(symbol);
        let wire = |name: &str, wire: &Option<smol_str::SmolStr>| {
            wire.as_ref().map_or(name.to_owned(), |wire| wire.to_string())
        };
        if tags_only || cases.iter().all(|case| case.fields.is_empty()) {
            let choice = |case: &tenon_check::signature::CaseSig| Choice {
                name: case.name.to_string(),
                wire: wire(&case.name, &case.wire),
                doc: case.doc.to_string(),
            };
            return Input::Choice { of, cases: cases.iter().map(choice).collect() };
        }
        let argument = |name: &str| {
            let at = sig.generics.iter().position(|generic| generic.name == name)?;
            args.get(at).cloned()
        };
        let case = |case: &tenon_check::signature::CaseSig| {
            let fields: Vec<FieldTy> = case
                .fields
                .iter()
                .map(|field| FieldTy { ty: field.ty.substitute(&argument), ..field.clone() })
                .collect();
            Case {
                name: case.name.to_string(),
                wire: wire(&case.name, &case.wire),
                doc: case.doc.to_string(),
                fields: self.form_fields(&fields, depth),
            }
        };
        Input::Variant { of, cases: cases.iter().map(case).collect() }
    }
}
