//! One diagnostic type, built once and shown anywhere: in the terminal, on one line, as JSON, in the editor.
//!
//! A [`Diagnostic`] names its place by item and item-relative range, so it stays valid while the file
//! around it changes. Rendering takes a [`Sources`], which knows where items lie.

mod catalogue;
mod diagnostic;
mod render;

pub use catalogue::{CATALOGUE, Code, CodeInfo, find as find_code};
pub use diagnostic::{Diagnostic, Edit, Fix, ItemPath, Label, Location, Severity};
pub use render::{Resolved, Sources, render_json, render_line, render_terminal};
