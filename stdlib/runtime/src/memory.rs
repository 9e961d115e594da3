//! Arena memory and faults, for generated code.

use crate::context::{CallContext, FaultRecord, NO_SITE, Status};
use crate::text::context;

/// Takes `size` bytes of the arena, aligned to 8, uninitialised. Null, with a fault, beyond the limit.
pub unsafe extern "C" fn arena_grow(ctx: *mut CallContext, size: u64) -> *mut u8 {
    context!(ctx);
    match usize::try_from(size).ok().and_then(|size| ctx.allocate(size)) {
        Some(start) => start.as_ptr(),
        None => {
            ctx.set_fault(tenon_value::Fault::MemoryExceeded);
            std::ptr::null_mut()
        }
    }
}

/// Records a fault with its place: the one cold call for everything that must not happen. The first
/// fault of a call stays. A fault that the runtime found itself, without a place, receives this one.
#[cold]
pub unsafe extern "C" fn fault(ctx: *mut CallContext, code: u32, site: u32) {
    context!(ctx);
    if ctx.status == Status::Ok as u32 {
        ctx.status = Status::Fault as u32;
        ctx.fault = FaultRecord { code, site };
    } else if ctx.status == Status::Fault as u32 && ctx.fault.site == NO_SITE {
        ctx.fault.site = site;
    }
}
