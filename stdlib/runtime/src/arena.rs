//! The arena of a call as the memory of native values.

use tenon_store::Str;
use tenon_value::Fault;
use tenon_value::lanes::Memory;

use crate::collection::collect;
use crate::context::{CallContext, Status};
use crate::value::elements;

/// See the module.
pub struct ArenaMemory<'a> {
    ctx: &'a mut CallContext,
}

impl<'a> ArenaMemory<'a> {
    /// The arena of a call.
    ///
    /// # Safety
    /// Lanes that are handed to this memory are those of values that are valid during the call.
    pub unsafe fn new(ctx: &'a mut CallContext) -> ArenaMemory<'a> {
        ArenaMemory { ctx }
    }

    /// The call.
    pub fn context(&mut self) -> &mut CallContext {
        self.ctx
    }
}

impl Memory for ArenaMemory<'_> {
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault> {
        let text = self.ctx.text(bytes);
        if self.ctx.status == Status::Ok as u32 { Ok([text.head, text.tail]) } else { Err(Fault::MemoryExceeded) }
    }

    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        // SAFETY: `Str` is two words in the order of `string`, without padding.
        let text = unsafe { &*string.as_ptr().cast::<Str>() };
        // SAFETY: by the promise made to `new`.
        unsafe { text.bytes() }
    }

    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        match collect(self.ctx, count, elements) {
            0 => Err(Fault::MemoryExceeded),
            lane => Ok(lane),
        }
    }

    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]) {
        // SAFETY: by the promise made to `new`.
        let all = unsafe { elements(collection, stride) };
        (crate::collection::count_of(collection), all)
    }
}
