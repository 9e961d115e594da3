//! The language server as a state machine: messages in, messages out. It knows no transport, no thread and no clock,
//! and runs on a page as it does beside an editor. Every answer comes from `tenon-ide`; here they become messages.
//!
//! | module | holds |
//! | --- | --- |
//! | [`session`] | the state machine |
//! | [`methods`] | the one table of methods |
//! | [`task`] | work over a snapshot |
//! | [`message`], [`error`] | JSON-RPC |
//! | [`client`], [`capabilities`] | what either side can do |
//! | [`lifecycle`], `start` | beginning and end; documents and files; the first look at them |
//! | [`workspace`] | which programs and documents there are |
//! | [`view`] | a file of a snapshot, and places in it |
//! | [`lines`], [`uri`] | positions and paths of the client |
//! | [`diagnostics`], [`publish`] | pulled and pushed |
//! | [`commands`] | what a client can have done |
//! | the others | one group of requests each |

pub mod actions;
pub mod calls;
pub mod capabilities;
pub mod client;
pub mod commands;
pub mod completion;
pub mod diagnostics;
pub mod error;
pub mod formatting;
pub mod hints;
pub mod hover;
pub mod lenses;
pub mod lifecycle;
pub mod lines;
pub mod message;
pub mod methods;
pub mod moves;
pub mod navigation;
pub mod publish;
pub mod rename;
pub mod session;
mod start;
pub mod structure;
pub mod symbols;
pub mod task;
pub mod tokens;
pub mod uri;
pub mod view;
pub mod workspace;

pub use session::{Effect, Session};
