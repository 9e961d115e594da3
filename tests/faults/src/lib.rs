//! A disk that fails, for tests: a library that is loaded before the C library (`LD_PRELOAD`) and stands in for the calls
//! by which a process writes files of one directory.
//!
//! It writes down what happens, so that a test can build what a power cut at any moment would have left (`LOG`), and it
//! makes the n-th of these calls fail (`AT`). The environment says what it does:
//!
//! | variable | meaning |
//! | --- | --- |
//! | `TENON_FAULTS_DIR` | the directory; calls on files elsewhere pass |
//! | `TENON_FAULTS_LOG` | the file to write records to |
//! | `TENON_FAULTS_FILE` | the file whose calls are counted and fail, by the end of its path; all of them without it |
//! | `TENON_FAULTS_AT` | the number of the call that fails, from 1; none without it |
//! | `TENON_FAULTS_KIND` | `eio`, `enospc` or `short` (half of a write, then `ENOSPC`) |
//! | `TENON_FAULTS_ONCE` | set: only that call fails; otherwise all later ones as well |
//!
//! A record is a byte for its kind (`w` write, `t` truncate, `s` sync, `u` unlink, `o` output), the length of the path as 32
//! bits, the path, 64 bits (offset, or new length), the length of the data as 32 bits, and the data. Numbers are
//! little-endian. Output is what goes to standard output: what the process has acknowledged stands there in its order
//! among the writes.

#![allow(
    clippy::missing_safety_doc,
    missing_docs,
    reason = "each function has the contract of the C function of its name"
)]

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

const PATH: usize = 4096;

/// One call at a time, so that the records are in the order of the calls.
static LOCK: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicI64 = AtomicI64::new(0);
static LOG: AtomicI32 = AtomicI32::new(-2);

struct Guard;

impl Guard {
    fn take() -> Guard {
        while LOCK.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            std::hint::spin_loop();
        }
        Guard
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        LOCK.store(false, Ordering::Release);
    }
}

fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: a variable of the environment lives as long as the process, which changes none of these.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_bytes())
    }
}

fn number(name: &CStr) -> Option<i64> {
    std::str::from_utf8(variable(name)?).ok()?.parse().ok()
}

/// The path behind a descriptor, if it lies in the directory.
fn path_of(fd: c_int, buffer: &mut [u8; PATH]) -> Option<&[u8]> {
    let directory = variable(c"TENON_FAULTS_DIR")?;
    let mut link = *b"/proc/self/fd/0000000000\0";
    let mut at = link.len() - 1;
    let mut rest = u32::try_from(fd).ok()?;
    loop {
        at -= 1;
        link[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    // The digits move to the front of their place.
    let digits = link.len() - 1 - at;
    let end = at + digits;
    link.copy_within(at..end, 14);
    link[14 + digits] = 0;
    // SAFETY: a path that ends, and a buffer of the length that is told.
    let length = unsafe { libc::readlink(link.as_ptr().cast(), buffer.as_mut_ptr().cast::<c_char>(), PATH) };
    let path = &buffer[..usize::try_from(length).ok()?];
    // What lies in memory alone is nothing that a power cut leaves.
    (path.starts_with(directory) && !path.ends_with(b"-shm")).then_some(path)
}

fn log() -> Option<c_int> {
    let mut fd = LOG.load(Ordering::Relaxed);
    if fd == -2 {
        fd = match variable(c"TENON_FAULTS_LOG") {
            // SAFETY: the bytes of a variable of the environment end with 0.
            Some(path) => unsafe {
                libc::syscall(
                    libc::SYS_openat,
                    libc::AT_FDCWD,
                    path.as_ptr(),
                    libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC,
                    0o600,
                ) as c_int
            },
            None => -1,
        };
        LOG.store(fd, Ordering::Relaxed);
    }
    (fd >= 0).then_some(fd)
}

fn record(kind: u8, path: &[u8], position: u64, data: &[u8]) {
    let Some(fd) = log() else { return };
    let mut head = [0u8; 1 + 4 + PATH + 8 + 4];
    head[0] = kind;
    head[1..5].copy_from_slice(&(path.len() as u32).to_le_bytes());
    head[5..5 + path.len()].copy_from_slice(path);
    let mut end = 5 + path.len();
    head[end..end + 8].copy_from_slice(&position.to_le_bytes());
    end += 8;
    head[end..end + 4].copy_from_slice(&(data.len() as u32).to_le_bytes());
    end += 4;
    for mut part in [&head[..end], data] {
        while !part.is_empty() {
            // SAFETY: the bytes are there.
            let written = unsafe { libc::syscall(libc::SYS_write, fd, part.as_ptr(), part.len()) };
            match usize::try_from(written) {
                Ok(written) if written > 0 => part = &part[written..],
                // A log that cannot be written makes the test worthless.
                _ => std::process::abort(),
            }
        }
    }
}

/// What a call meets.
enum Fate {
    Passes,
    Fails(c_int),
    Half,
}

fn fate(path: &[u8]) -> Fate {
    if variable(c"TENON_FAULTS_FILE").is_some_and(|file| !path.ends_with(file)) {
        return Fate::Passes;
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    let Some(at) = number(c"TENON_FAULTS_AT") else { return Fate::Passes };
    if count < at || count > at && variable(c"TENON_FAULTS_ONCE").is_some() {
        return Fate::Passes;
    }
    match variable(c"TENON_FAULTS_KIND") {
        Some(b"short") if count == at => Fate::Half,
        Some(b"eio") => Fate::Fails(libc::EIO),
        _ => Fate::Fails(libc::ENOSPC),
    }
}

fn failed(error: c_int) -> c_long {
    // SAFETY: the thread's own error number.
    unsafe { *libc::__errno_location() = error };
    -1
}

unsafe fn written(fd: c_int, data: *const c_void, count: usize, offset: Option<i64>) -> c_long {
    let real = |count: usize| -> c_long {
        // SAFETY: by the caller's promise.
        unsafe {
            match offset {
                Some(offset) => libc::syscall(libc::SYS_pwrite64, fd, data, count, offset),
                None => libc::syscall(libc::SYS_write, fd, data, count),
            }
        }
    };
    // SAFETY: by the caller's promise.
    let bytes = |count: usize| unsafe { std::slice::from_raw_parts(data.cast::<u8>(), count) };
    if fd == libc::STDOUT_FILENO && offset.is_none() {
        let _guard = Guard::take();
        let done = real(count);
        record(b'o', b"", 0, bytes(usize::try_from(done).unwrap_or(0)));
        return done;
    }
    let mut buffer = [0; PATH];
    let Some(path) = path_of(fd, &mut buffer) else { return real(count) };
    let _guard = Guard::take();
    // SAFETY: asks where the descriptor stands.
    let position = offset.unwrap_or_else(|| unsafe { libc::syscall(libc::SYS_lseek, fd, 0, libc::SEEK_CUR) });
    let count = match fate(path) {
        Fate::Passes => count,
        Fate::Fails(error) => return failed(error),
        Fate::Half => count / 2,
    };
    let done = real(count);
    if done > 0 {
        record(b'w', path, position as u64, bytes(done as usize));
    }
    done
}

unsafe fn changed(fd: c_int, kind: u8, position: u64, real: impl Fn() -> c_long) -> c_int {
    let mut buffer = [0; PATH];
    let Some(path) = path_of(fd, &mut buffer) else { return real() as c_int };
    let _guard = Guard::take();
    if let Fate::Fails(error) = fate(path) {
        return failed(error) as c_int;
    }
    let done = real();
    if done == 0 {
        record(kind, path, position, b"");
    }
    done as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, data: *const c_void, count: usize) -> isize {
    // SAFETY: by the caller's promise.
    unsafe { written(fd, data, count, None) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(fd: c_int, data: *const c_void, count: usize, offset: i64) -> isize {
    // SAFETY: by the caller's promise.
    unsafe { written(fd, data, count, Some(offset)) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, data: *const c_void, count: usize, offset: i64) -> isize {
    // SAFETY: by the caller's promise.
    unsafe { written(fd, data, count, Some(offset)) as isize }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(fd: c_int, length: i64) -> c_int {
    // SAFETY: by the caller's promise.
    unsafe { changed(fd, b't', length as u64, || libc::syscall(libc::SYS_ftruncate, fd, length)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(fd: c_int, length: i64) -> c_int {
    // SAFETY: by the caller's promise.
    unsafe { ftruncate(fd, length) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: by the caller's promise.
    unsafe { changed(fd, b's', 0, || libc::syscall(libc::SYS_fsync, fd)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: by the caller's promise.
    unsafe { changed(fd, b's', 0, || libc::syscall(libc::SYS_fdatasync, fd)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let _guard = Guard::take();
    // SAFETY: by the caller's promise.
    unsafe {
        let done = libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0);
        let bytes = CStr::from_ptr(path).to_bytes();
        if done == 0 && variable(c"TENON_FAULTS_DIR").is_some_and(|directory| bytes.starts_with(directory)) {
            record(b'u', bytes, 0, b"");
        }
        done as c_int
    }
}
