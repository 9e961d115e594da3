//! Last words: what was being run when the process died of a fault in machine code, which no `Result` reports.
//!
//! Whoever runs several things gives each a name while it runs ([`named`]). Once [`install`] was called, a fatal signal
//! writes the name of what its thread runs, or, where that thread runs nothing, of all that runs; then the signal takes
//! its usual course. The handler allocates nothing, takes no lock and calls only what signal handlers may call.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

/// More threads than this may run at once, but not all are told of.
const PLACES: usize = 64;

/// The signals that a fault in machine code, or an abort, ends in.
const FATAL: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

/// What a thread runs: its number (0: nobody), and the bytes of a name that outlives the run.
struct Place {
    thread: AtomicI32,
    name: AtomicPtr<u8>,
    length: AtomicUsize,
}

static RUNNING: [Place; PLACES] =
    [const { Place { thread: AtomicI32::new(0), name: AtomicPtr::new(null_mut()), length: AtomicUsize::new(0) } };
        PLACES];

fn thread() -> i32 {
    // SAFETY: asks the kernel for a number.
    unsafe { libc::gettid() }
}

/// Runs something under a name.
pub fn named<T>(name: &str, run: impl FnOnce() -> T) -> T {
    /// Leaves the place also where the run panics.
    struct Leave(Option<&'static Place>);
    impl Drop for Leave {
        fn drop(&mut self) {
            if let Some(place) = self.0 {
                place.length.store(0, Ordering::SeqCst);
                place.name.store(null_mut(), Ordering::SeqCst);
                place.thread.store(0, Ordering::SeqCst);
            }
        }
    }
    let own = thread();
    let free = |place: &&Place| place.thread.compare_exchange(0, own, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    let place = RUNNING.iter().find(free);
    let _leave = Leave(place);
    if let Some(place) = place {
        place.name.store(name.as_ptr().cast_mut(), Ordering::SeqCst);
        place.length.store(name.len(), Ordering::SeqCst);
    }
    run()
}

/// Makes fatal signals tell what ran. Once per process; later calls do nothing.
///
/// # Errors
/// The system refuses.
pub fn install() -> io::Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| {
        for (signal, before) in FATAL.into_iter().zip(&BEFORE) {
            // SAFETY: the handler has the signature of its flags and does only what a handler may do.
            let done = unsafe {
                let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
                action.sa_sigaction = tell as extern "C" fn(i32, *const libc::siginfo_t, *const libc::c_void) as usize;
                action.sa_flags = libc::SA_ONSTACK | libc::SA_SIGINFO;
                libc::sigemptyset(&raw mut action.sa_mask);
                let mut old: libc::sigaction = MaybeUninit::zeroed().assume_init();
                let done = libc::sigaction(signal, &raw const action, &raw mut old);
                before.store(Box::into_raw(Box::new(old)), Ordering::SeqCst);
                done
            };
            if done != 0 {
                result = Err(io::Error::last_os_error());
            }
        }
    });
    result
}

/// What the signals did before, which they do in the end. Never freed: a signal may come at any time.
static BEFORE: [AtomicPtr<libc::sigaction>; FATAL.len()] = [const { AtomicPtr::new(null_mut()) }; FATAL.len()];

extern "C" fn tell(signal: i32, info: *const libc::siginfo_t, _: *const libc::c_void) {
    let own = thread();
    let mine = RUNNING.iter().any(|place| place.thread.load(Ordering::SeqCst) == own);
    write_out(b"\nthe process ends by ");
    write_out(match signal {
        libc::SIGSEGV => b"SIGSEGV",
        libc::SIGBUS => b"SIGBUS",
        libc::SIGILL => b"SIGILL",
        libc::SIGFPE => b"SIGFPE",
        _ => b"SIGABRT",
    });
    write_out(if mine { b" while it runs:\n" } else { b"; what runs:\n" });
    for place in &RUNNING {
        let (of, name, length) = (
            place.thread.load(Ordering::SeqCst),
            place.name.load(Ordering::SeqCst),
            place.length.load(Ordering::SeqCst),
        );
        if of == 0 || name.is_null() || mine && of != own {
            continue;
        }
        write_out(b"  ");
        // SAFETY: the name outlives its run; one that ends just now leaves the length 0 before it leaves the place.
        write_out(unsafe { std::slice::from_raw_parts(name, length) });
        write_out(b"\n");
    }
    let at = FATAL.iter().position(|fatal| *fatal == signal).unwrap_or(0);
    // SAFETY: the kernel says in `info` where the signal comes from; the action was stored by `install`, and nobody frees
    // it; all calls are allowed in handlers.
    unsafe {
        if (*info).si_code > 0 {
            // A fault of an instruction, which faults again on return: then as it would have without this handler.
            libc::sigaction(signal, BEFORE[at].load(Ordering::SeqCst).cast_const(), null_mut());
        } else {
            // Sent by somebody: it comes again on return, and ends the process.
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}

fn write_out(bytes: &[u8]) {
    // SAFETY: the bytes are there. Nothing is to be done if they cannot be written.
    unsafe {
        let _ = libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len());
    }
}
