//! A server in this process, on a stream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::client::Client;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use tenon_project::Files;

/// A server in this process; gives a client of it, and what it says at its end.
pub fn in_process(files: Box<dyn Files>) -> (Client, std::thread::JoinHandle<bool>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = std::thread::spawn(move || {
        let session =
            tenon_lsp::Session::with(files, PathBuf::from(tenon_lsp::LIBRARY_FOLDER), Box::new(tenon_lsp::Ide::new));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async move {
            theirs.set_nonblocking(true).unwrap();
            let (input, output) = tokio::net::UnixStream::from_std(theirs).unwrap().into_split();
            tenon_lsp::serve(session, input, output).await.unwrap()
        })
    });
    let reader = ours.try_clone().unwrap();
    let hang_up = HangUp(ours);
    (Client::new(reader, hang_up), server)
}

/// A stream whose other side hears the end when it is dropped, though a clone of it is being read.
struct HangUp(UnixStream);

impl Write for HangUp {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }
}
