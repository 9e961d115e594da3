//! The room `compiler/plan` of the Tenon project; see `ARCHITECTURE.md`.
