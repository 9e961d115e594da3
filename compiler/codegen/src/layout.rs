//! Types as lanes: how many 64-bit words a value of a type has, and where its parts lie in them.
//!
//! The widths are those of `tenon_value::width`; a type and the shape that [`crate::shapes`] makes of it
//! agree lane by lane.

use tenon_core::ir::{Program, Type, VariantId};
use tenon_core::width::Widths;
use tenon_value::width::TAG;

use crate::Error;

/// The lanes of all types of one program.
pub(crate) struct Layout<'p> {
    program: &'p Program,
    widths: Widths,
}

impl<'p> Layout<'p> {
    /// Lays out the variant types of a program.
    pub(crate) fn new(program: &'p Program) -> Result<Layout<'p>, Error> {
        let mut widths = Widths::default();
        if !widths.extend(program) {
            return Err(Error::new("a type contains itself without a collection between, so it has no size"));
        }
        Ok(Layout { program, widths })
    }

    /// The number of lanes of a type.
    pub(crate) fn lanes(&self, ty: &Type) -> u32 {
        self.widths.lanes(ty)
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
            TAG + cases.iter().take(case as usize).flat_map(|c| &c.fields).map(|(_, ty)| self.lanes(ty)).sum::<u32>();
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
