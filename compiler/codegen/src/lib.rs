//! The room `compiler/codegen` of the Tenon project; see `ARCHITECTURE.md`.
