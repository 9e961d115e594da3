//! The room `compiler/syntax` of the Tenon project; see `ARCHITECTURE.md`.
