//! The room `compiler/core` of the Tenon project; see `ARCHITECTURE.md`.
