//! Renaming, everywhere at once.
//!
//! The edits follow from the table of [`occurrences`](crate::occurrences): every use of the same meaning, in code,
//! declarations, scenarios, path templates and holes of texts. A bare name that is field and value at once (`qty` for
//! `qty: qty`) is written out where only one of the two gets the new name, and written short where both have the same
//! name afterwards. A stored field says with `was` what it was called: this version does not move stored data by it, and
//! the checker says so.
//!
//! Before the edits are handed out the renamed program is checked, beside the database: if it has an error more, or a
//! name that was renamed means something else now, the rename is refused and says why. So a rename never changes what
//! a program means.

use crate::Analysis;
use crate::answer::{FilePosition, FileRange, TextEdit, WorkspaceEdit};
use crate::node::{Node, Part};
use crate::occurrences::{at, occurrences};
use crate::references::{is_of_item, uses_in};
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tenon_check::db::CheckDatabase;
use tenon_check::items::{Item, code, items, tree};
use tenon_check::names::{Resolution, is_library_module, item_of, module_items, resolve};
use tenon_check::program::check_file;
use tenon_check::ty::{RecordTy, Symbol};
use tenon_check::uses::{Form, Meaning, Role, Use};
use tenon_diagnostics::{Diagnostic, Severity};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};
use tenon_syntax::words::{TokenClass, keyword};

/// What a rename is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RenameTarget {
    /// The name under the cursor.
    pub place: FileRange,
    /// The name as it is.
    pub name: String,
}

/// Why something is not renamed: one sentence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct RenameRefused(pub String);

type Renamed<T> = Result<T, RenameRefused>;

fn refused<T>(why: impl Into<String>) -> Renamed<T> {
    Err(RenameRefused(why.into()))
}

impl Analysis {
    /// What would be renamed at a position.
    ///
    /// # Errors
    /// Nothing there can be renamed: it has no name, or the name is not the program's.
    pub fn prepare_rename(&self, position: &FilePosition) -> Renamed<RenameTarget> {
        let (item, found) = self.to_rename(position)?;
        Ok(RenameTarget { place: self.file_range(item, found.range), name: self.text_of(item, found).to_owned() })
    }

    /// The edits that give what stands at a position another name.
    ///
    /// # Errors
    /// The name is not the program's, the new name is no name or is taken, or the program would mean something else.
    pub fn rename(&self, position: &FilePosition, new: &str) -> Renamed<WorkspaceEdit> {
        let (item, found) = self.to_rename(position)?;
        let old = self.text_of(item, found).to_owned();
        if new == old {
            return Ok(WorkspaceEdit::default());
        }
        self.fits(item, &found.meaning, &old, new)?;
        let mut renaming = Renaming { analysis: self, new, edits: Vec::new() };
        let renamed = renaming.meaning(item, &found.meaning);
        let edit = WorkspaceEdit::new(renaming.edits);
        self.same_meaning(&edit, &renamed, new)?;
        Ok(edit)
    }

    /// The name at a position; of a name that is two things the value rather than the field that it fills.
    fn to_rename(&self, position: &FilePosition) -> Renamed<(Item<'_>, &Use)> {
        let Some(place) = self.locate(position) else { return refused("there is no such file") };
        let mut found = at(occurrences(&self.db, place.item), place.code_offset);
        found.sort_by_key(|found| (found.form != Form::Plain, found.role == Role::Definition && is_column(found)));
        let Some(found) = found.first().copied() else { return refused("no name that could be changed stands here") };
        match &found.meaning {
            Meaning::Builtin(_) | Meaning::BuiltinType(_) => refused("this name belongs to the language"),
            Meaning::Given(name) => refused(format!("`{name}` is a word of the place where it stands")),
            Meaning::Module(_) => refused("a module is called as its folder is; move the folder"),
            Meaning::Item(symbol) if item_of(&self.db, symbol).is_none() => {
                refused(format!("`{}` belongs to the language", symbol.name))
            }
            Meaning::Item(symbol) if symbol.name.starts_with('"') => {
                refused("a title is no name; edit it where it stands")
            }
            Meaning::Item(symbol) if symbol.module.is_empty() && symbol.name == "main" => {
                refused("`main` is what `tenon run` calls by this name")
            }
            meaning if self.is_library(meaning) => refused("this name belongs to the library"),
            _ => Ok((place.item, found)),
        }
    }

    /// Whether the new name is one, and is free where the old one is declared.
    fn fits(&self, item: Item<'_>, meaning: &Meaning, old: &str, new: &str) -> Renamed<()> {
        let mut letters = new.chars();
        let first = letters.next();
        let word =
            first.is_some_and(|c| c.is_alphabetic() || c == '_') && letters.all(|c| c.is_alphanumeric() || c == '_');
        if !word {
            return refused(format!(
                "`{new}` is no name: a name has letters, digits and `_`, and begins with a letter"
            ));
        }
        let upper = |name: &str| name.starts_with(char::is_uppercase);
        if upper(new) != upper(old) {
            let how = if upper(old) { "a capital" } else { "a small letter" };
            return refused(format!("`{new}` cannot stand for `{old}`: such a name begins with {how}"));
        }
        if keyword(new).is_some_and(|kind| kind.class() == TokenClass::Reserved) {
            return refused(format!("`{new}` is a word of the language"));
        }
        let db = &self.db;
        let taken = |what: &str| refused(format!("`{new}` is the name of {what} already"));
        match meaning {
            Meaning::Item(symbol) => {
                let module = tenon_check::names::ModuleKey::new(db, symbol.module.clone());
                if module_items(db, module).by_name.contains_key(new) {
                    return taken("another item of the module");
                }
                let declaring = item_of(db, symbol).map(|item| item.file(db));
                if let Some(Resolution::Item(other)) =
                    declaring.map(|file| resolve(db, file, SmolStr::new(new)).clone())
                    && !is_library_module(&other.module)
                {
                    return taken("something that `use` brings");
                }
            }
            Meaning::Field(owner, _) => {
                if let Some(sig) = self.relation(owner) {
                    if sig.field(new).is_some() {
                        return taken(&format!("another field of `{}`", owner.name));
                    }
                    if tenon_check::declare::inverses(db, owner).iter().any(|inverse| inverse.name == new) {
                        return taken(&format!("an inverse of `{}`", owner.name));
                    }
                }
                if self.error_sig(owner).is_some_and(|sig| sig.fields.iter().any(|field| field.name == new)) {
                    return taken(&format!("another field of `{}`", owner.name));
                }
            }
            Meaning::Inverse(relation, field) => {
                let target = self.relation(relation).and_then(|sig| sig.field(field)).and_then(|field| field.target());
                if let Some(target) = target {
                    let own = self.relation(target).is_some_and(|sig| sig.field(new).is_some());
                    if own || tenon_check::declare::inverses(db, target).iter().any(|inverse| inverse.name == new) {
                        return taken(&format!("a field or inverse of `{}`", target.name));
                    }
                }
            }
            Meaning::Parameter(owner, _)
                if self.function(owner).is_some_and(|sig| sig.params.iter().any(|param| param.name == new)) =>
            {
                return taken(&format!("another parameter of `{}`", owner.name));
            }
            Meaning::Case(owner, _) => {
                if let Some(sig) = self.type_sig(owner)
                    && let tenon_check::signature::TypeBody::Variant(cases) = &sig.body
                    && cases.iter().any(|case| case.name == new)
                {
                    return taken(&format!("another case of `{}`", owner.name));
                }
            }
            Meaning::RecordField(record, _) if record.field(new).is_some() => {
                return taken("another field of the record");
            }
            Meaning::TypeParameter(_) => {
                let uses = occurrences(db, item).iter();
                if uses
                    .filter(|of| matches!(of.meaning, Meaning::TypeParameter(_)))
                    .any(|of| self.text_of(item, of) == new)
                {
                    return taken("another type parameter");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks the renamed program beside the database: no error more, and every renamed name means what it meant.
    fn same_meaning(&self, edit: &WorkspaceEdit, renamed: &Meaning, new: &str) -> Renamed<()> {
        let program = self.db.program();
        let mut texts: BTreeMap<String, String> =
            program.files(&self.db).iter().map(|file| (self.path(*file), file.text(&self.db).to_string())).collect();
        for file in &edit.files {
            if let Some(text) = texts.get_mut(&file.file) {
                *text = file.apply(text);
            }
        }
        let mut tried = CheckDatabase::new(tenon_check::library::LIBRARY);
        tried.set_settings(program.settings(&self.db).clone());
        tried.set_files(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let tried = Analysis { db: tried, plans: Default::default(), refused: Default::default() };
        for file in program.files(&self.db) {
            let path = self.path(*file);
            let Some(after) = tried.db.file(&path) else { continue };
            let (before, after) = (check_file(&self.db, *file), check_file(&tried.db, after));
            if errors(after).count() > errors(before).count() {
                let first = first_new(before, after);
                return refused(format!("with `{new}` the program would have an error in `{path}`: {first}"));
            }
        }
        // Every name means what it meant: those that were changed, and those that the new name might have caught.
        for file in program.files(&self.db) {
            let path = self.path(*file);
            let edited = edit.files.iter().any(|of| of.file == path);
            if !edited && !file.text(&self.db).contains(new) {
                continue;
            }
            let Some(after) = tried.db.file(&path) else { continue };
            let pairs = items(&self.db, *file).iter().zip(items(&tried.db, after));
            for (item, after) in pairs {
                let before = census(occurrences(&self.db, *item), &Clone::clone);
                let after = census(occurrences(&tried.db, *after), &|meaning| back(meaning, renamed, new));
                if before != after {
                    let name = item.name(&self.db);
                    return refused(format!("`{new}` means something else already in `{name}`, where it would stand"));
                }
            }
        }
        Ok(())
    }
}

/// How often each meaning stands in an item. Locals are told apart by the order in which they are declared.
fn census(uses: &[Use], meant: &dyn Fn(&Meaning) -> Meaning) -> BTreeMap<String, usize> {
    let mut declared: Vec<Range> = uses
        .iter()
        .filter_map(|of| match &of.meaning {
            Meaning::Local(range) => Some(*range),
            _ => None,
        })
        .collect();
    declared.sort();
    declared.dedup();
    let mut counts = BTreeMap::new();
    for of in uses {
        let key = match meant(&of.meaning) {
            Meaning::Local(range) => format!("local {}", declared.partition_point(|other| *other < range)),
            // The types of its other fields may hold what was renamed.
            Meaning::RecordField(_, name) => format!("record field {name}"),
            meaning => format!("{meaning:?}"),
        };
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// What a meaning of the renamed program was called before.
fn back(meaning: &Meaning, before: &Meaning, new: &str) -> Meaning {
    let symbol = |of: &Symbol| match before {
        Meaning::Item(old) if of.module == old.module && of.name == new => old.clone(),
        _ => of.clone(),
    };
    let mut meaning = match meaning {
        Meaning::Item(of) => Meaning::Item(symbol(of)),
        Meaning::Field(of, name) => Meaning::Field(symbol(of), name.clone()),
        Meaning::Inverse(of, name) => Meaning::Inverse(symbol(of), name.clone()),
        Meaning::Case(of, name) => Meaning::Case(symbol(of), name.clone()),
        Meaning::CaseField(of, case, name) => Meaning::CaseField(symbol(of), case.clone(), name.clone()),
        Meaning::Parameter(of, name) => Meaning::Parameter(symbol(of), name.clone()),
        other => other.clone(),
    };
    let named = |name: &mut SmolStr, old: &SmolStr| {
        if name == new {
            *name = old.clone();
        }
    };
    match (&mut meaning, before) {
        // An inverse is known by its field.
        (Meaning::Field(a, name) | Meaning::Inverse(a, name), Meaning::Field(b, old))
        | (Meaning::Case(a, name) | Meaning::CaseField(a, name, _), Meaning::Case(b, old))
        | (Meaning::Parameter(a, name), Meaning::Parameter(b, old))
            if a == b =>
        {
            named(name, old);
        }
        (Meaning::CaseField(a, c, name), Meaning::CaseField(b, d, old)) if a == b && c == d => named(name, old),
        (Meaning::RecordField(_, name), Meaning::RecordField(_, old)) => named(name, old),
        (Meaning::TypeParameter(name), Meaning::TypeParameter(old)) => named(name, old),
        _ => {}
    }
    meaning
}

fn errors(found: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
}

/// The first error that was not there before, as far as messages tell.
fn first_new(before: &[Diagnostic], after: &[Diagnostic]) -> String {
    let known: BTreeSet<&str> = errors(before).map(|diagnostic| diagnostic.message.as_str()).collect();
    let new = errors(after).find(|diagnostic| !known.contains(diagnostic.message.as_str()));
    new.or_else(|| errors(after).next()).map(|diagnostic| diagnostic.message.clone()).unwrap_or_default()
}

/// True for the local that a column of a `select` is.
fn is_column(found: &Use) -> bool {
    matches!(found.meaning, Meaning::Local(_))
}

struct Renaming<'a> {
    analysis: &'a Analysis,
    new: &'a str,
    edits: Vec<(String, TextEdit)>,
}

impl Renaming<'_> {
    /// Renames every use of a meaning that stands in `item`, and says what it was that got the name.
    fn meaning(&mut self, item: Item<'_>, meaning: &Meaning) -> Meaning {
        let analysis = self.analysis;
        // A column of a `select` and the field of the record that it becomes have one name.
        if let Meaning::Local(declared) = meaning
            && let Some(column) = record_field_at(analysis, item, *declared)
        {
            self.record_field(&column.0, &column.1);
            return Meaning::RecordField(column.0, column.1);
        }
        if let Meaning::RecordField(record, name) = meaning {
            self.record_field(record, name);
            return meaning.clone();
        }
        let mut uses: Vec<(Item<'_>, Use)> = Vec::new();
        match is_of_item(meaning) {
            true => uses_in(analysis, item, meaning, &mut |item, found| uses.push((item, found.clone()))),
            false => analysis.each_use(meaning, &mut |item, found| uses.push((item, found.clone()))),
        }
        for (item, found) in &uses {
            self.one(*item, found);
        }
        if let Meaning::Field(owner, name) = meaning {
            self.say_what_it_was(owner, name);
        }
        meaning.clone()
    }

    /// Renames a field of every record type that is equal to this one, and the columns that make it.
    fn record_field(&mut self, record: &Arc<RecordTy>, name: &SmolStr) {
        let analysis = self.analysis;
        let meaning = Meaning::RecordField(record.clone(), name.clone());
        let mut uses: Vec<(Item<'_>, Use)> = Vec::new();
        analysis.each_use(&meaning, &mut |item, found| uses.push((item, found.clone())));
        let mut done: BTreeSet<(String, u32)> = BTreeSet::new();
        for (item, found) in &uses {
            self.one(*item, found);
            let place = analysis.file_range(*item, found.range);
            if !done.insert((place.file, place.range.start)) {
                continue;
            }
            // The column is a local of the clauses behind.
            let column = Meaning::Local(found.range);
            let mut later: Vec<Use> = Vec::new();
            uses_in(analysis, *item, &column, &mut |_, of| later.push(of.clone()));
            for of in later.iter().filter(|of| of.range != found.range) {
                self.one(*item, of);
            }
        }
    }

    /// Renames one use.
    fn one(&mut self, item: Item<'_>, found: &Use) {
        let analysis = self.analysis;
        let place = analysis.file_range(item, found.range);
        let mut edit_file =
            |range: Range, text: String| self.edits.push((place.file.clone(), TextEdit { range, text }));
        let in_file = |range: Range| analysis.range_in_file(item, range);
        // An empty range of the code lies behind the token before; what is put before a value touches it.
        let before = |start: u32| Range::empty(in_file(Range::new(start, start + 1)).start);
        let beside = |found: &Use| {
            let all = occurrences(&analysis.db, item).iter();
            all.filter(|other| other.range == found.range && other.meaning != found.meaning).collect::<Vec<_>>()
        };
        match found.form {
            // The label gets the new name, and the value stays.
            Form::Short(start) => {
                let sign = if is_group_key(found) { " = " } else { ": " };
                edit_file(before(start), format!("{}{sign}", self.new));
                return;
            }
            Form::Positional => return,
            Form::Plain => {}
        }
        let short = beside(found).into_iter().find(|other| matches!(other.form, Form::Short(_)));
        if let Some(Use { form: Form::Short(start), .. }) = short {
            // The value gets the new name, and the label stays, written out.
            let label = analysis.text_of(item, found).to_owned();
            let sign = if short.is_some_and(is_group_key) { " = " } else { ": " };
            if *start == found.range.start {
                edit_file(place.range, format!("{label}{sign}{}", self.new));
            } else {
                edit_file(before(*start), format!("{label}{sign}"));
                edit_file(place.range, self.new.to_owned());
            }
            return;
        }
        match shortened(analysis, item, found, self.new) {
            Some(range) => edit_file(in_file(range), self.new.to_owned()),
            None => edit_file(place.range, self.new.to_owned()),
        }
    }

    /// A stored field says what it was called.
    fn say_what_it_was(&mut self, owner: &Symbol, name: &SmolStr) {
        let analysis = self.analysis;
        let Some(item) = item_of(&analysis.db, owner) else { return };
        let Some(ItemKind::Relation(relation)) = tree(&analysis.db, item).as_deref().map(|tree| &tree.kind) else {
            return;
        };
        let field = relation.members.iter().find_map(|member| match member {
            ast::Member::Field(field) if field.name.text == *name => Some(field),
            _ => None,
        });
        let Some(field) = field.filter(|field| field.computed.is_none()) else { return };
        let file = analysis.path(item.file(&analysis.db));
        let name_end = analysis.range_in_file(item, field.name.range).end;
        match &field.was {
            None => {
                let edit = TextEdit { range: Range::empty(name_end), text: format!(" was {name}") };
                self.edits.push((file, edit));
            }
            // Back to what the store knows.
            Some(was) if was.text == self.new => {
                let end = analysis.range_in_file(item, was.range).end;
                self.edits.push((file, TextEdit { range: Range::new(name_end, end), text: String::new() }));
            }
            // The store still knows the oldest name.
            Some(_) => {}
        }
    }
}

/// The record field that a column at a place makes.
fn record_field_at(analysis: &Analysis, item: Item<'_>, range: Range) -> Option<(Arc<RecordTy>, SmolStr)> {
    occurrences(&analysis.db, item).iter().find_map(|of| match &of.meaning {
        Meaning::RecordField(record, name) if of.range == range && of.role == Role::Write => {
            Some((record.clone(), name.clone()))
        }
        _ => None,
    })
}

fn is_group_key(found: &Use) -> bool {
    matches!(found.meaning, Meaning::Local(_)) && found.role == Role::Definition
}

/// Where `a: b` in a record or a new row would read `b: b` after the rename: its whole range, to be written short.
fn shortened(analysis: &Analysis, item: Item<'_>, found: &Use, new: &str) -> Option<Range> {
    let tree = tree(&analysis.db, item).as_ref()?;
    let text = code(&analysis.db, item);
    let path = Node::Item(tree).path_to(found.range.start);
    let whole = |label: &ast::Ident, value: &ast::Expr| {
        let ast::ExprKind::Name(of) = &value.kind else { return None };
        let becomes_same = label.range == found.range && of.range.slice(text) == new
            || of.range == found.range && label.range.slice(text) == new;
        becomes_same.then(|| label.range.cover(value.range))
    };
    path.iter().enumerate().rev().find_map(|(n, node)| match node {
        Node::Arg(arg) => {
            let row = path.get(..n).unwrap_or(&[]).iter().rev().find_map(|node| match node {
                Node::Expr(expr) => Some(matches!(expr.kind, ast::ExprKind::Insert { .. })),
                _ => None,
            });
            whole(arg.name.as_ref().filter(|_| row == Some(true))?, &arg.value)
        }
        Node::Part(_, Part::Named(Some(label), value)) => {
            // A group key is written with `=`.
            let colon = text.get(label.range.end as usize..).is_some_and(|rest| rest.starts_with(':'));
            whole(Some(*label).filter(|_| colon)?, value)
        }
        _ => None,
    })
}
