//! From Core and physical plans to machine code.
//!
//! The room has one way for programs that run at once and programs that are built: [`compile`] makes an
//! [`Image`](tenon_runtime::native::Image), position-independent machine code with its constants and tables,
//! and `tenon_runtime::native` maps it. What cannot be compiled is an [`Error`]; nothing is left to another
//! engine.
//!
//! | module | holds |
//! | --- | --- |
//! | `layout`, `shapes` | types as lanes, types as shapes for the runtime |
//! | `program` | a whole program to an image |
//! | `unit`, `constants` | all functions of a program, and their layout as one text; its constant data |
//! | `emit` | one function in the making: lanes, blocks, calls, ways out |
//! | `expr`, `prim`, `compare` | expressions |
//! | `code`, `command` | functions, statements, what touches the store |
//! | `grow` | collections that statements build |
//! | `query` | physical plans, a function per pipeline |
//! | `store` | rows and their versions |
//! | `error` | what cannot be compiled |

mod code;
mod command;
mod compare;
mod constants;
mod emit;
mod error;
mod expr;
mod grow;
mod layout;
mod prim;
mod program;
mod query;
mod shapes;
mod store;
mod unit;

pub use error::Error;
pub use program::{Compiled, compile};
pub use unit::{Cpu, Options};
