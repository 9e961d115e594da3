//! The binary that runs a built program.
fn main() {}
