//! Uses: what each name in code stands for, as inference found it. The editor's references, renames and highlights
//! are drawn from here; nothing else of the compiler reads them.

use crate::builtins::Builtin;
use crate::db::Db;
use crate::items::Item;
use crate::names::{Resolution, resolve, resolve_in};
use crate::signature::Generic;
use crate::ty::{RecordTy, Symbol};
use crate::types::is_language_type;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_span::Range;
use tenon_syntax::ast::{self, TypeKind};

/// What a name stands for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Meaning {
    /// An item. Built-in errors are items of the module `tenon`.
    Item(Symbol),
    /// A module, by its dotted path.
    Module(SmolStr),
    /// A field of a relation or error.
    Field(Symbol, SmolStr),
    /// The rows whose field refers here: the relation that holds the reference, and its field.
    Inverse(Symbol, SmolStr),
    /// A case of a variant type.
    Case(Symbol, SmolStr),
    /// A field of a case.
    CaseField(Symbol, SmolStr, SmolStr),
    /// A field of a record type. Record types are equal by their fields, so no declaration owns it.
    RecordField(Arc<RecordTy>, SmolStr),
    /// A parameter of a function, query or handler.
    Parameter(Symbol, SmolStr),
    /// A local of the item, by the range of the name where it is declared.
    Local(Range),
    /// A name that the place gives: `it`, `result`, or a parameter that a condition of the header speaks of.
    Given(SmolStr),
    /// A primitive of the library.
    Builtin(Builtin),
    /// A type that the language has itself.
    BuiltinType(SmolStr),
    /// A type parameter of the item.
    TypeParameter(SmolStr),
}

/// What a name is there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// It declares.
    Definition,
    /// It takes the value, calls, or speaks of it.
    Read,
    /// It gives a value: an assignment, a field of a new row, a named argument.
    Write,
}

/// How the name is written, where that is not by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Form {
    /// The name itself.
    Plain,
    /// A bare name or path that is field, argument or group key and value at once: `qty` for `qty: qty`. The range is
    /// that of the last step; the value begins at the given place.
    Short(u32),
    /// Not written at all: the range is that of a value that is given by its place among the arguments.
    Positional,
}

/// One name in code.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Use {
    /// Where it stands, as a range of the item's code.
    pub range: Range,
    /// What it stands for.
    pub meaning: Meaning,
    /// What it is there for.
    pub role: Role,
    /// How it is written.
    pub form: Form,
}

impl Use {
    /// A plain use.
    pub fn new(range: Range, meaning: Meaning, role: Role) -> Use {
        Use { range, meaning, role, form: Form::Plain }
    }
}

/// Notes the names in a type as it is written, outside of the conditions of refinements.
pub fn note_type<'db>(db: &'db dyn Db, item: Item<'db>, generics: &[Generic], ty: &ast::Type, uses: &mut Vec<Use>) {
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        match &ty.kind {
            TypeKind::Error | TypeKind::Infer => {}
            TypeKind::Name(name) => note_type_name(db, item, generics, name, uses),
            TypeKind::Apply { name, args } => {
                note_type_name(db, item, generics, name, uses);
                open.extend(args);
            }
            TypeKind::Scaled { name, .. } => {
                uses.push(Use::new(name.range, Meaning::BuiltinType(name.text.clone()), Role::Read));
            }
            TypeKind::Optional(inner) | TypeKind::List(inner) => open.push(inner),
            TypeKind::Where { base, .. } => open.push(base),
            TypeKind::Function { params, result } => {
                open.extend(params);
                open.push(result);
            }
            TypeKind::Record(record) => open.extend(record.parts.iter().map(|part| match part {
                ast::RecordTypePart::Field(field) => &field.ty,
                ast::RecordTypePart::Spread(ty) => ty,
            })),
        }
    }
}

fn note_type_name<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    generics: &[Generic],
    name: &ast::TypeName,
    uses: &mut Vec<Use>,
) {
    let file = item.file(db);
    let text = &name.name.text;
    let mut note = |range: Range, meaning: Meaning| uses.push(Use::new(range, meaning, Role::Read));
    match &name.qualifier {
        // `S.Tag`, `R.Key`.
        Some(owner) if owner.text.starts_with(char::is_uppercase) => {
            if let Resolution::Item(symbol) = resolve(db, file, owner.text.clone()) {
                note(owner.range, Meaning::Item(symbol.clone()));
                note(name.name.range, Meaning::BuiltinType(text.clone()));
            }
        }
        Some(module) => {
            if let Resolution::Module(path) = resolve(db, file, module.text.clone()) {
                note(module.range, Meaning::Module(path.clone()));
                if let Resolution::Item(symbol) = resolve_in(db, path.clone(), text.clone()) {
                    note(name.name.range, Meaning::Item(symbol.clone()));
                }
            }
        }
        None if generics.iter().any(|generic| generic.name == *text) => {
            note(name.name.range, Meaning::TypeParameter(text.clone()));
        }
        None => match resolve(db, file, text.clone()) {
            Resolution::Item(symbol) => note(name.name.range, Meaning::Item(symbol.clone())),
            _ if is_language_type(text) => note(name.name.range, Meaning::BuiltinType(text.clone())),
            _ => {}
        },
    }
}
