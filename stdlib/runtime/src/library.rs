//! The functions of the library that are written in Rust, for generated code: through values, by shapes.

use tenon_value::Fault;
use tenon_value::lanes::{from_value, to_value};
use tenon_value::shape::ShapeId;

use crate::abi::Pair;
use crate::arena::ArenaMemory;
use crate::context::CallContext;
use crate::native::Tables;
use crate::text::context;
use crate::value::lanes_at;

/// A function of the library: from its arguments and the scale of its result.
pub type Function = tenon_value::library::Function;

/// The function with this name in the table of the library.
pub fn find(name: &str) -> Option<Function> {
    tenon_value::library::find(name)
}

/// Calls function number `function` of the program's library. `shapes` are the numbers of the result's shape and of
/// the arguments'; the arguments' lanes follow each other at `arguments`; the result is written to `out`.
pub unsafe extern "C" fn builtin(
    ctx: *mut CallContext,
    function: u64,
    shapes: *const u64,
    arity: u64,
    arguments: *const u64,
    out: *mut u64,
) {
    context!(ctx);
    // SAFETY: generated code passes numbers of its program's tables, and as many lanes as the shapes have.
    unsafe {
        let tables = &*ctx.tables;
        let shapes = lanes_at(shapes, arity as usize + 1);
        let result = ShapeId(shapes[0] as u32);
        let count = tables.shapes.lanes(result) as usize;
        let out = std::slice::from_raw_parts_mut(out, count);
        let done = run(ctx, tables, function as usize, shapes, arguments, out);
        ctx.meter.passed();
        if let Err(fault) = done {
            ctx.set_fault(fault);
        }
    }
}

unsafe fn run(
    ctx: &mut CallContext,
    tables: &Tables,
    function: usize,
    shapes: &[u64],
    mut arguments: *const u64,
    out: &mut [u64],
) -> Result<(), Fault> {
    let function = tables.library.get(function).ok_or(Fault::Internal)?;
    // SAFETY: the lanes of the call's values.
    let mut memory = unsafe { ArenaMemory::new(ctx) };
    let mut values = Vec::with_capacity(shapes.len() - 1);
    for shape in &shapes[1..] {
        let shape = ShapeId(*shape as u32);
        let count = tables.shapes.lanes(shape) as usize;
        // SAFETY: by the contract of `builtin`.
        let lanes = unsafe { lanes_at(arguments, count) };
        values.push(to_value(&tables.shapes, shape, lanes, &memory)?);
        // SAFETY: the lanes of the next argument follow.
        arguments = unsafe { arguments.add(count) };
    }
    let result = ShapeId(shapes[0] as u32);
    let scale = match &tables.shapes.get(result).kind {
        tenon_value::shape::Kind::Decimal { scale } => *scale,
        tenon_value::shape::Kind::Option(content) => match &tables.shapes.get(*content).kind {
            tenon_value::shape::Kind::Decimal { scale } => *scale,
            _ => 0,
        },
        _ => 0,
    };
    let value = function(&values, scale)?;
    from_value(&tables.shapes, result, &value, out, &mut memory)
}

/// A value as interpolation shows it.
pub unsafe extern "C" fn value_to_text(ctx: *mut CallContext, shape: u64, value: *const u64) -> Pair {
    context!(ctx);
    let shape = ShapeId(shape as u32);
    // SAFETY: generated code passes a shape of its program and a value of it.
    let (tables, value) = unsafe {
        let tables = &*ctx.tables;
        let lanes = lanes_at(value, tables.shapes.lanes(shape) as usize);
        (tables, to_value(&tables.shapes, shape, lanes, &ArenaMemory::new(ctx)))
    };
    ctx.meter.passed();
    match value {
        Ok(value) => {
            let text = tenon_value::format::display_as(&tables.shapes, shape, &value);
            ctx.meter.scanned(text.len());
            ctx.text(text.as_bytes()).into()
        }
        Err(fault) => {
            ctx.set_fault(fault);
            tenon_store::Str::default().into()
        }
    }
}
