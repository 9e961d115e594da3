//! The room `compiler/check` of the Tenon project; see `ARCHITECTURE.md`.
