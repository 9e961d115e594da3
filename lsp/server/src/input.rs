//! The input, before tower-lsp reads it. Two things happen here that it has no way to say or to survive: the end of the
//! input is told to the owner, and a message that is none is exchanged for a request that is refused (tower-lsp stops
//! reading at the first message that it cannot parse).

use crate::owner::Event;
use std::io;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tower_lsp::jsonrpc::Request;

/// The method that stands for a message that is not JSON.
pub const NOT_JSON: &str = "$/notJson";
/// What stands for a message that is not JSON.
const FOR_NOT_JSON: &[u8] = br#"{"jsonrpc":"2.0","id":null,"method":"$/notJson"}"#;
/// What stands for JSON that is no message.
const FOR_NO_MESSAGE: &[u8] = br#"{"jsonrpc":"2.0","id":null,"method":"$/noMessage"}"#;

/// More than any client's headers take.
const LONGEST_HEADERS: usize = 64 << 10;
/// More than the text of any program, escaped.
const LONGEST_BODY: usize = 256 << 20;
/// How much is read at once.
const PIECE: usize = 64 << 10;

/// See the module documentation.
pub struct Input<I> {
    input: I,
    owner: Sender<Event>,
    /// What was read and is not a whole message yet.
    raw: Vec<u8>,
    /// Whole messages, on their way out.
    out: Vec<u8>,
    /// How much of them has gone out.
    gone_out: usize,
    ended: bool,
}

impl<I> Input<I> {
    /// An input whose end is told to the owner.
    pub fn new(input: I, owner: Sender<Event>) -> Input<I> {
        Input { input, owner, raw: Vec::new(), out: Vec::new(), gone_out: 0, ended: false }
    }

    /// Moves whole messages from what was read to what goes out.
    ///
    /// # Errors
    /// No message begins where one must.
    fn take_messages(&mut self) -> Result<(), ()> {
        let mut taken = 0;
        while let Some((headers, length)) = headers(self.raw.get(taken..).unwrap_or_default())? {
            let Some(body) = self.raw.get(taken + headers..taken + headers + length) else { break };
            let body = if serde_json::from_slice::<Request>(body).is_ok() {
                body
            } else if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
                FOR_NO_MESSAGE
            } else {
                FOR_NOT_JSON
            };
            self.out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            self.out.extend_from_slice(body);
            taken += headers + length;
        }
        self.raw.drain(..taken);
        Ok(())
    }

    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            // The owner may have ended by itself.
            let _ = self.owner.send(Event::Gone);
        }
    }
}

/// The length of the headers at the beginning, with the empty line behind them, and of the body that they announce.
/// `None` where they are not complete.
fn headers(bytes: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    let Some(end) = bytes.windows(4).take(LONGEST_HEADERS).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > LONGEST_HEADERS { Err(()) } else { Ok(None) };
    };
    let text = bytes.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(())?;
    let length = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length = length.filter(|length| *length <= LONGEST_BODY).ok_or(())?;
    Ok(Some((end + 4, length)))
}

impl<I: AsyncRead + Unpin> AsyncRead for Input<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let waiting = this.out.get(this.gone_out..).unwrap_or_default();
            if !waiting.is_empty() || to.remaining() == 0 {
                let n = waiting.len().min(to.remaining());
                to.put_slice(waiting.get(..n).unwrap_or_default());
                this.gone_out += n;
                if this.gone_out == this.out.len() {
                    this.out.clear();
                    this.gone_out = 0;
                }
                return Poll::Ready(Ok(()));
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            let mut piece = [0; PIECE];
            let mut buffer = ReadBuf::new(&mut piece);
            let result = ready!(Pin::new(&mut this.input).poll_read(context, &mut buffer));
            this.raw.extend_from_slice(buffer.filled());
            let nothing = buffer.filled().is_empty();
            if result.is_err() || nothing || this.take_messages().is_err() {
                this.end();
                result?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use tokio::io::AsyncReadExt;

    /// What comes out of bytes that come in so many at a time, and whether the end was told.
    fn through(bytes: &[u8], at_once: usize) -> (String, bool) {
        let (sender, events) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut into, out) = tokio::io::duplex(at_once);
        let out = runtime.block_on(async {
            let mut input = Input::new(out, sender);
            let mut text = String::new();
            let write = async {
                use tokio::io::AsyncWriteExt;
                // A reader that has heard enough does not take the rest.
                let _ = into.write_all(bytes).await;
                drop(into);
            };
            tokio::join!(write, async { input.read_to_string(&mut text).await.unwrap() });
            text
        });
        (out, matches!(events.try_recv(), Ok(Event::Gone)))
    }

    #[test]
    fn messages_pass_and_others_are_exchanged() {
        let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let good = r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#;
        let answer = r#"{"jsonrpc":"2.0","id":"a","result":null}"#;
        let text = [good, "{", "[]", answer].map(frame).concat();
        let not_json = String::from_utf8_lossy(FOR_NOT_JSON);
        let no_message = String::from_utf8_lossy(FOR_NO_MESSAGE);
        let expected = [good, &not_json, &no_message, answer].map(frame).concat();
        for at_once in [1, 7, 4096] {
            assert_eq!(through(text.as_bytes(), at_once), (expected.clone(), true));
        }
    }

    #[test]
    fn what_frames_nothing_is_the_end() {
        assert_eq!(through(b"hello\r\n\r\nContent-Length: 2\r\n\r\n[]", 4096), (String::new(), true));
        assert_eq!(through(b"Content-Length: 100\r\n\r\n{", 4096), (String::new(), true));
        let endless = format!("Content-Length: {}\r\n\r\n{{", u64::MAX);
        assert_eq!(through(endless.as_bytes(), 4096), (String::new(), true));
        assert_eq!(through(&[b'x'; LONGEST_HEADERS + 1024], 4096), (String::new(), true));
    }
}
