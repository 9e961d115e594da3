//! The room `stdlib/runtime` of the Tenon project; see `ARCHITECTURE.md`.
