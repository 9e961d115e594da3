//! Fields, inverses, cases, properties and methods of a value.

use super::collect::{Choice, Collector};
use super::site::Around;
use crate::answer::{SymbolKind, TextEdit};
use crate::typing::seen;
use smol_str::SmolStr;
use tenon_check::bodies::result_type;
use tenon_check::builtins::{Builtin, SCALE_SAME};
use tenon_check::declare::inverses;
use tenon_check::infer::ProbedAt;
use tenon_check::names::prelude;
use tenon_check::signature::{FieldSig, TypeBody};
use tenon_check::ty::{Symbol, Ty};

impl Collector<'_, '_> {
    /// What may follow the dot.
    pub fn members(&mut self, around: &Around) {
        let Some(ProbedAt::Member { ty, case }) = self.probed.as_ref().map(|probed| &probed.at) else { return };
        let (ty, case) = (ty.clone(), case.clone());
        self.clear_words();
        match ty.base() {
            // Through an option by `?.`, which replaces the dot.
            Ty::Option(inner) => {
                let step = around.dot.map(|dot| {
                    let range = self.marked.parsed.place(dot);
                    let range = range.shifted(self.place.item.offset(&self.analysis.db));
                    vec![TextEdit { range, text: String::from("?.") }]
                });
                let step = step.unwrap_or_default();
                self.case_fields(inner, None, &step);
                self.members_of(inner, around, &step);
                self.primitives(&ty, &[]);
            }
            _ => {
                self.case_fields(&ty, case.as_deref(), &[]);
                self.members_of(&ty, around, &[]);
            }
        }
    }

    fn members_of(&mut self, ty: &Ty, around: &Around, step: &[TextEdit]) {
        match ty.base() {
            Ty::Row(symbol) => self.row_fields(symbol, 100, step),
            Ty::Record(record) => {
                for field in &record.fields {
                    let choice = Choice { ty: Some(seen(field)), additional: step.to_vec(), ..Choice::default() };
                    self.add(&field.name, SymbolKind::Field, 100, choice);
                }
            }
            Ty::Variant(symbol, _) => {
                let choice =
                    Choice { ty: Some(Ty::Tag(symbol.clone())), additional: step.to_vec(), ..Choice::default() };
                self.add("tag", SymbolKind::Field, 60, choice);
            }
            Ty::List(element) | Ty::Bag(element) | Ty::Set(element) if around.through => {
                let element = Ty::clone(element);
                if matches!(element.base(), Ty::Row(_) | Ty::Record(_)) {
                    self.members_of(&element, &Around::default(), step);
                }
            }
            _ => {}
        }
        if !around.called || !matches!(ty.base(), Ty::Row(_)) {
            self.primitives(ty, step);
            self.functions_on(ty, step);
        }
    }

    /// Fields of the case that a value of a variant type has: the one that tests have left, or the only one there is.
    fn case_fields(&mut self, ty: &Ty, known: Option<&str>, step: &[TextEdit]) {
        let Ty::Variant(symbol, _) = ty.base() else { return };
        let Some(TypeBody::Variant(cases)) = self.analysis.type_sig(symbol).map(|sig| &sig.body) else { return };
        let case = match (known, cases.as_slice()) {
            (Some(known), _) => cases.iter().find(|case| case.name == known),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        for field in case.iter().flat_map(|case| &case.fields) {
            let choice = Choice { ty: Some(seen(field)), additional: step.to_vec(), ..Choice::default() };
            self.add(&field.name, SymbolKind::Field, 100, choice);
        }
    }

    /// Fields and inverses of a relation.
    pub fn row_fields(&mut self, symbol: &Symbol, base: i32, step: &[TextEdit]) {
        let analysis = self.analysis;
        let Some(sig) = analysis.relation(symbol) else { return };
        for field in &sig.fields {
            self.add(&field.name, SymbolKind::Field, base, Choice { additional: step.to_vec(), ..field_choice(field) });
        }
        for inverse in inverses(&analysis.db, symbol) {
            let ty = Ty::bag(Ty::Row(inverse.relation.clone()));
            let doc = format!("The rows of `{}` whose `{}` is this row.", inverse.relation.name, inverse.field);
            let choice = Choice { ty: Some(ty), doc: Some(doc), additional: step.to_vec(), ..Choice::default() };
            self.add(&inverse.name, SymbolKind::Inverse, base - 5, choice);
        }
    }

    /// The library's primitives of a type.
    fn primitives(&mut self, ty: &Ty, step: &[TextEdit]) {
        for builtin in Builtin::all() {
            let scheme = builtin.scheme();
            let Some(receiver) = &scheme.receiver else { continue };
            let list = match ty.base() {
                Ty::Bag(element) => Some(Ty::List(element.clone())),
                _ => None,
            };
            if !receives(receiver, ty) && !list.is_some_and(|list| receives(receiver, &list)) {
                continue;
            }
            // What every type has comes last.
            let base = if matches!(receiver, Ty::Param(_)) { 10 } else { 50 };
            let choice = Choice {
                detail: Some(builtin.info().signature.to_owned()),
                ty: Some(scheme.result.clone()).filter(|ty| !has_letters(ty)),
                doc: Some(builtin.info().doc.to_owned()),
                additional: step.to_vec(),
                ..self.called(&scheme.name, scheme.params.len(), scheme.property || scheme.params.is_empty())
            };
            self.add(&scheme.name, SymbolKind::Function, base, choice);
        }
    }

    /// Functions of the library, and of the item's file, that take such a value first.
    fn functions_on(&mut self, ty: &Ty, step: &[TextEdit]) {
        let analysis = self.analysis;
        let db = &analysis.db;
        let own = tenon_check::items::items(db, self.place.file).iter().filter(|item| item.word(db) == "fn");
        let own: Vec<Symbol> = own.filter_map(|item| tenon_check::names::symbol_of(db, *item)).collect();
        let library: Vec<Symbol> = prelude(db).values().cloned().collect();
        for (symbol, base) in own.iter().map(|symbol| (symbol, 40)).chain(library.iter().map(|symbol| (symbol, 30))) {
            if self.score(&symbol.name).is_none() {
                continue;
            }
            let Some(sig) = analysis.function(symbol) else { continue };
            let Some(first) = sig.params.first().filter(|first| receives(&first.ty, ty)) else { continue };
            // A function of anything is no method of everything.
            if matches!(first.ty, Ty::Param(_)) {
                continue;
            }
            let choice = Choice {
                detail: item_signature(analysis, symbol),
                ty: Some(result_type(db, symbol)),
                doc: Some(sig.doc.to_string()),
                additional: step.to_vec(),
                ..self.called(&symbol.name, sig.params.len() - 1, false)
            };
            self.add(&symbol.name, SymbolKind::Function, base, choice);
        }
    }

    /// What is inserted for something that is called.
    pub fn called(&self, name: &str, params: usize, property: bool) -> Choice {
        let followed =
            self.marked.parsed.code.get(self.marked.marker.end as usize..).is_some_and(|rest| rest.starts_with('('));
        if property || followed {
            return Choice::default();
        }
        let insert = if params == 0 { format!("{name}()") } else { format!("{name}($0)") };
        Choice { insert: Some(insert), snippet: params > 0, ..Choice::default() }
    }

    /// The cases of a type, or `Key` and `Tag` where a type is wanted.
    pub fn cases_of(&mut self, owner: &Symbol) {
        self.clear_words();
        let analysis = self.analysis;
        if analysis.relation(owner).is_some() {
            self.add(
                "Key",
                SymbolKind::BuiltinType,
                50,
                Choice { ty: Some(Ty::Key(owner.clone())), ..Choice::default() },
            );
            return;
        }
        let Some(TypeBody::Variant(cases)) = analysis.type_sig(owner).map(|sig| &sig.body) else { return };
        for case in cases {
            let choice = self.case_choice(owner, &case.name, case.fields.iter().map(|field| &field.name), &case.doc);
            self.add(&case.name, SymbolKind::Case, 100, choice);
        }
        self.add("Tag", SymbolKind::BuiltinType, 0, Choice { ty: Some(Ty::Tag(owner.clone())), ..Choice::default() });
    }

    /// A case with its fields named.
    pub fn case_choice<'n>(
        &self,
        owner: &Symbol,
        case: &str,
        fields: impl Iterator<Item = &'n SmolStr>,
        doc: &str,
    ) -> Choice {
        let stops: Vec<String> = fields.enumerate().map(|(n, field)| format!("{field}: ${}", n + 1)).collect();
        let ty = Some(Ty::Variant(owner.clone(), [].into()));
        let followed = self.called(case, 1, false).insert.is_none();
        if stops.is_empty() || followed {
            return Choice { ty, doc: Some(doc.to_owned()), ..Choice::default() };
        }
        let insert = Some(format!("{case}({})", stops.join(", ")));
        Choice { ty, doc: Some(doc.to_owned()), insert, snippet: true, ..Choice::default() }
    }
}

/// A field with its type and what is particular about it.
pub(super) fn field_choice(field: &FieldSig) -> Choice {
    Choice { ty: Some(field.ty.clone()), doc: Some(field.doc.to_string()), ..Choice::default() }
}

/// The signature of a function in a line.
pub(super) fn item_signature(analysis: &crate::Analysis, symbol: &Symbol) -> Option<String> {
    use tenon_check::show::Shown;
    let sig = analysis.function(symbol)?;
    let params: Vec<String> =
        sig.params.iter().map(|p| format!("{}{}: {}", p.name, if p.absent { "?" } else { "" }, Shown(&p.ty))).collect();
    let result = match result_type(&analysis.db, symbol) {
        Ty::Unit | Ty::Error => String::new(),
        ty => format!(" -> {}", Shown(&ty)),
    };
    Some(format!("({}){result}", params.join(", ")))
}

fn has_letters(ty: &Ty) -> bool {
    match ty {
        Ty::Param(_) => true,
        Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => has_letters(t),
        Ty::Map(k, v) => has_letters(k) || has_letters(v),
        _ => false,
    }
}

/// True if something that is declared for one type may be called on a value of another.
fn receives(pattern: &Ty, ty: &Ty) -> bool {
    match (pattern.base(), ty.base()) {
        (Ty::Param(_), Ty::Unit | Ty::Fn(..)) => false,
        (Ty::Param(_), _) => true,
        (_, Ty::Error) => false,
        (Ty::Decimal(SCALE_SAME), Ty::Decimal(_)) => true,
        (Ty::List(p), Ty::List(t)) | (Ty::Bag(p), Ty::Bag(t)) | (Ty::Set(p), Ty::Set(t)) => receives(p, t),
        (Ty::Option(p), Ty::Option(t)) => receives(p, t),
        (Ty::Map(..), Ty::Map(..)) => true,
        (Ty::Record(p), Ty::Record(t)) => p.fields.iter().all(|field| t.field(&field.name).is_some()),
        (p, t) => p == t,
    }
}
