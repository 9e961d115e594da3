//! Types as lanes: how many 64-bit words a value of a type has, and where its parts lie in them.
//!
//! The layout is that of `tenon_value::shape`; a type and the shape that [`crate::shapes`] makes of it
//! agree lane by lane.

use tenon_core::ir::{Program, Type, VariantId};

use crate::Error;

/// The lanes of all types of one program.
pub(crate) struct Layout<'p> {
    program: &'p Program,
    variants: Vec<u32>,
}

/// How far the layout of a variant type has come.
#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

impl<'p> Layout<'p> {
    /// Lays out the variant types of a program.
    pub(crate) fn new(program: &'p Program) -> Result<Layout<'p>, Error> {
        let mut layout = Layout { program, variants: vec![0; program.variants.len()] };
        let mut states = vec![State::New; program.variants.len()];
        for index in 0..program.variants.len() {
            layout.lay_out(index, &mut states)?;
        }
        Ok(layout)
    }

    fn lay_out(&mut self, index: usize, states: &mut [State]) -> Result<u32, Error> {
        match states.get(index) {
            Some(State::New) => {}
            Some(State::Done) => return Ok(self.variants[index]),
            Some(State::Open) => {
                return Err(Error::new(format!(
                    "the type `{}` contains itself without a collection between, so it has no size",
                    self.program.variants[index].name
                )));
            }
            None => return Err(Error::new("a variant type is not in the program's table")),
        }
        states[index] = State::Open;
        let program = self.program;
        let mut lanes = 1;
        for (_, ty) in program.variants[index].cases.iter().flat_map(|c| &c.fields) {
            lanes += self.measure(ty, states)?;
        }
        states[index] = State::Done;
        self.variants[index] = lanes;
        Ok(lanes)
    }

    fn measure(&mut self, ty: &Type, states: &mut [State]) -> Result<u32, Error> {
        Ok(match ty {
            Type::Option(inner) => 1 + self.measure(inner, states)?,
            Type::Record(record) => {
                let mut sum = 0;
                for (_, ty) in &record.fields {
                    sum += self.measure(ty, states)?;
                }
                sum
            }
            Type::Variant(id) => self.lay_out(id.index(), states)?,
            ty => self.lanes(ty),
        })
    }

    /// The number of lanes of a type.
    pub(crate) fn lanes(&self, ty: &Type) -> u32 {
        match ty {
            Type::Unit => 0,
            Type::Bool
            | Type::Int
            | Type::Decimal(_)
            | Type::Float
            | Type::Instant
            | Type::DateTime
            | Type::Date
            | Type::Time
            | Type::Duration
            | Type::List(_)
            | Type::Bag(_)
            | Type::Set(_)
            | Type::Map(..)
            | Type::Ref(_) => 1,
            Type::Text | Type::Bytes | Type::Json | Type::Id | Type::Uuid | Type::Row(_) => 2,
            Type::Option(inner) => 1 + self.lanes(inner),
            Type::Record(record) => record.fields.iter().map(|(_, ty)| self.lanes(ty)).sum(),
            Type::Variant(id) => self.variants[id.index()],
        }
    }

    /// The first lane and the number of lanes of a field of a record type.
    pub(crate) fn field(&self, fields: &[(tenon_core::ir::Name, Type)], index: u32) -> (usize, usize) {
        let before: u32 = fields.iter().take(index as usize).map(|(_, ty)| self.lanes(ty)).sum();
        let own = fields.get(index as usize).map_or(0, |(_, ty)| self.lanes(ty));
        (before as usize, own as usize)
    }

    /// The first lane and the number of lanes of a field of a case.
    pub(crate) fn case_field(&self, variant: VariantId, case: u32, field: u32) -> (usize, usize) {
        let cases = &self.program.variant(variant).cases;
        let before: u32 =
            1 + cases.iter().take(case as usize).flat_map(|c| &c.fields).map(|(_, ty)| self.lanes(ty)).sum::<u32>();
        let Some(own) = cases.get(case as usize) else { return (before as usize, 0) };
        let (offset, lanes) = self.field(&own.fields, field);
        (before as usize + offset, lanes)
    }

    /// The first lane and the number of lanes of all fields of a case together.
    pub(crate) fn case_span(&self, variant: VariantId, case: u32) -> (usize, usize) {
        let (start, _) = self.case_field(variant, case, 0);
        let lanes: u32 = self
            .program
            .variant(variant)
            .cases
            .get(case as usize)
            .map_or(0, |c| c.fields.iter().map(|(_, ty)| self.lanes(ty)).sum());
        (start, lanes as usize)
    }
}
