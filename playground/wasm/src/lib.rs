//! The engine as a WebAssembly module with a plain C interface.
//!
//! Texts cross as UTF-8 in the module's memory. The host asks [`tenon_alloc`] for a place, writes a request there, and
//! calls [`tenon_handle`], which takes the place back and answers with the length of the answer; [`tenon_answer`] tells
//! where it lies, until the next call. The module imports nothing: clock and randomness come with each request.

use std::cell::RefCell;
use tenon_playground::Engine;

/// The engine and the last answer. A module has one thread.
struct State {
    engine: Engine,
    answer: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State { engine: Engine::new(), answer: String::new() });
}

/// A place for a request of so many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn tenon_alloc(length: usize) -> *mut u8 {
    let place = vec![0_u8; length].into_boxed_slice();
    Box::into_raw(place).cast()
}

/// Answers the request in a place that [`tenon_alloc`] gave for exactly this length, and frees the place. Returns the length of
/// the answer.
///
/// # Safety
/// `place` and `length` are those of one call of [`tenon_alloc`], and nobody uses the place afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenon_handle(place: *mut u8, length: usize) -> usize {
    // SAFETY: by the contract above, this is the box that `tenon_alloc` gave away.
    let request = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(place, length)) };
    let request = String::from_utf8_lossy(&request);
    STATE.with_borrow_mut(|state| {
        state.answer = state.engine.handle(&request);
        state.answer.len()
    })
}

/// Where the last answer lies.
#[unsafe(no_mangle)]
pub extern "C" fn tenon_answer() -> *const u8 {
    STATE.with_borrow(|state| state.answer.as_ptr())
}
