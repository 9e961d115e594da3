//! Which column of a file is which field.

use crate::report::{Stop, visible};
use std::collections::HashMap;
use tenon_value::schema::{DataType, RelationId, Schema};
use tenon_value::shape::{Field, Shapes};

/// The fields of a relation, and what the columns of a file are called.
pub struct Columns<'a> {
    /// The fields that an import takes.
    pub fields: &'a [Field],
    /// The shapes of their values.
    pub shapes: &'a Shapes,
    /// The program's relations.
    pub schema: &'a Schema,
    /// The relation.
    pub relation: RelationId,
    /// What the command line says of columns: a field, or `None` for one that is left out.
    map: Vec<(String, Option<String>)>,
    names: Vec<String>,
    places: Vec<Option<usize>>,
    known: HashMap<String, usize>,
}

impl<'a> Columns<'a> {
    /// The fields, with no column yet.
    pub fn new(
        fields: &'a [Field],
        shapes: &'a Shapes,
        schema: &'a Schema,
        relation: RelationId,
        map: Vec<(String, Option<String>)>,
    ) -> Columns<'a> {
        let (names, places, known) = Default::default();
        Columns { fields, shapes, schema, relation, map, names, places, known }
    }

    /// The number of a column, which is looked at when it is first met.
    ///
    /// # Errors
    /// No field goes by its name, or more than one.
    pub fn column(&mut self, name: &str) -> Result<usize, Stop> {
        if let Some(number) = self.known.get(name) {
            return Ok(*number);
        }
        let place = self.place(name)?;
        self.names.push(name.to_owned());
        self.places.push(place);
        self.known.insert(name.to_owned(), self.names.len() - 1);
        Ok(self.names.len() - 1)
    }

    /// What a column is called.
    pub fn name(&self, column: usize) -> &str {
        &self.names[column]
    }

    /// The field of a column; `None` if it is left out.
    pub fn field(&self, column: usize) -> Option<usize> {
        self.places[column]
    }

    /// Whether a name is that of a column, by the command line or by a field.
    pub fn is_known(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    fn place(&self, column: &str) -> Result<Option<usize>, Stop> {
        if let Some((_, field)) = self.map.iter().find(|(name, _)| name == column) {
            let Some(field) = field else { return Ok(None) };
            return match self.fields.iter().position(|f| f.name == *field) {
                Some(at) => Ok(Some(at)),
                None => Err(Stop::usage(format!("there is no field `{field}`; there are: {}", self.all()))),
            };
        }
        if let Some(exact) = self.fields.iter().position(|f| f.name == *column) {
            return Ok(Some(exact));
        }
        let wanted = plain(column);
        let of = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..self.fields.len()).filter(|at| !wanted.is_empty() && fits(*at)).collect()
        };
        let mut found = of(&|at| plain(&self.fields[at].name) == wanted);
        if found.is_empty() {
            found = of(&|at| self.also(at).contains(&wanted));
        }
        let shown = visible(column);
        match found.as_slice() {
            [at] => Ok(Some(*at)),
            [] => Err(Stop::usage(format!(
                "no field goes by the name of column `{shown}`; the fields are: {}; say `--map {shown}=field`, or `--map {shown}=` to leave it out",
                self.all()
            ))),
            several => {
                let names: Vec<String> = several.iter().map(|at| format!("`{}`", self.fields[*at].name)).collect();
                Err(Stop::usage(format!(
                    "column `{shown}` may be {}: say which by `--map {shown}=field`",
                    names.join(" or ")
                )))
            }
        }
    }

    /// What else a field may be called, without case and signs: with `id` for references, with the relation's name for `id`.
    fn also(&self, at: usize) -> Vec<String> {
        let name = plain(&self.fields[at].name);
        let relation = self.schema.relation(self.relation);
        let mut all = Vec::new();
        if self.target(at).is_some() {
            all.push(format!("{name}id"));
        }
        if relation.key.len() == 1 && relation.key.first().is_some_and(|f| f.0 as usize == at) {
            all.push(format!("{}{name}", plain(&relation.name)));
        }
        all
    }

    fn all(&self) -> String {
        self.fields.iter().map(|f| f.name.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// The relation that a field refers to.
    pub fn target(&self, at: usize) -> Option<RelationId> {
        match &self.schema.relation(self.relation).fields.get(at)?.ty {
            DataType::Ref(relation) => Some(*relation),
            DataType::Option(inner) => match &**inner {
                DataType::Ref(relation) => Some(*relation),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a field may be `none`.
    pub fn is_optional(&self, at: usize) -> bool {
        let field = self.schema.relation(self.relation).fields.get(at);
        field.is_some_and(|field| matches!(field.ty, DataType::Option(_)))
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
