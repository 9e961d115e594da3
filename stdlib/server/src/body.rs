//! Bodies: reading one within limits, and sending one.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// A body that is sent at once.
pub(crate) struct Whole(Option<Bytes>);

impl Whole {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Whole {
        let bytes = bytes.into();
        Whole((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// Why a body could not be read.
pub(crate) enum BodyError {
    /// It is larger than allowed; what is left of it is to be thrown away.
    TooLarge,
    /// All bodies together take more memory than allowed.
    NoMemory,
    /// The connection failed.
    Gone,
}

/// The bytes that one body holds of the memory for all.
pub(crate) struct Held<'a> {
    all: &'a AtomicUsize,
    most: usize,
    own: usize,
}

impl<'a> Held<'a> {
    pub(crate) fn new(all: &'a AtomicUsize, most: usize) -> Held<'a> {
        Held { all, most, own: 0 }
    }

    fn more(&mut self, bytes: usize) -> Result<(), BodyError> {
        self.own += bytes;
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.most { Err(BodyError::NoMemory) } else { Ok(()) }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(incoming: &mut Incoming, limit: usize, held: &mut Held<'_>) -> Result<Bytes, BodyError> {
    if incoming.is_end_stream() {
        return Ok(Bytes::new());
    }
    // A body that says it is too large is not read at all.
    if incoming.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut first: Option<Bytes> = None;
    let mut all: Vec<u8> = Vec::new();
    while let Some(frame) = next(incoming).await {
        let Ok(data) = frame.map_err(|_| BodyError::Gone)?.into_data() else {
            continue;
        };
        let length = first.as_ref().map_or(all.len(), Bytes::len);
        if length + data.len() > limit {
            return Err(BodyError::TooLarge);
        }
        held.more(data.len())?;
        // Most bodies come in one piece, which needs no copy.
        match first.take() {
            None if all.is_empty() => first = Some(data),
            None => all.extend_from_slice(&data),
            Some(start) => {
                all.extend_from_slice(&start);
                all.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| Bytes::from(all)))
}

async fn next(incoming: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    poll_fn(|context| Pin::new(&mut *incoming).poll_frame(context)).await
}

/// Reads the rest of a body and throws it away, so that a client that is still sending can read its response instead of
/// seeing its connection reset. Ends after `bytes` bytes or `time`.
pub(crate) async fn discard(mut incoming: Incoming, mut bytes: usize, time: Duration) {
    let reading = async {
        while let Some(Ok(frame)) = next(&mut incoming).await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match bytes.checked_sub(read) {
                Some(left) => bytes = left,
                None => return,
            }
        }
    };
    // Running out of time closes the connection, as running out of bytes does.
    let _ = tokio::time::timeout(time, reading).await;
}
