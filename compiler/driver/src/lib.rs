//! Opening, compiling and running a program.
