//! The language server on a connection: threads around `tenon-protocol`.
//!
//! ```text
//!  client ──▶ transport (tower-lsp) ──▶ owner ──▶ pool
//!         ◀──────────── outlet ◀────────┴─────────┘
//! ```
//!
//! - The *transport* frames and parses messages. The first thing that happens to a message, before anything is awaited,
//!   is that it is sent to the owner; so the owner gets messages in the order in which they came.
//! - The *owner* is one thread that holds the session, and with it all databases. It applies what changes them, and
//!   hands requests to the pool as tasks over snapshots.
//! - The *pool* is a few threads that do tasks. Before the owner changes anything, it takes back the tasks that have not
//!   begun; those that run are stopped by the databases. So no snapshot waits while the owner does.
//!
//! | module | holds |
//! | --- | --- |
//! | `transport`, `input` | messages from and to tower-lsp |
//! | `owner` | the thread that holds the session |
//! | `pool` | the threads that do tasks |
//! | `outlet` | answers, each to the one who waits for it |

mod input;
mod outlet;
mod owner;
mod pool;
mod transport;

pub use tenon_protocol::Session;
pub use tenon_protocol::session::{Ide, LIBRARY_FOLDER};

use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// Programs are walked recursively; nesting is limited so that this is enough. Only what is used takes memory.
const STACK: usize = 256 << 20;

/// Serves one client on standard input and output until it says `exit` or hangs up. True if it said `shutdown` before.
///
/// # Errors
/// Threads cannot be made.
pub fn serve_stdio(session: Session) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let clean = runtime.block_on(serve(session, tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input cannot be taken back; nobody waits for it.
    runtime.shutdown_background();
    clean
}

/// Serves one client until it says `exit` or hangs up. True if it said `shutdown` before.
///
/// # Errors
/// Threads cannot be made.
pub async fn serve<I, O>(session: Session, input: I, output: O) -> io::Result<bool>
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (outlet, told) = outlet::Outlet::new();
    let (owner, ended) = owner::start(session, outlet.clone())?;
    transport::run(input, output, owner, outlet, told).await;
    // The owner ends once the transport has told it that the client is gone.
    Ok(ended.await.unwrap_or(false))
}
