//! The room `compiler/analysis` of the Tenon project; see `ARCHITECTURE.md`.
