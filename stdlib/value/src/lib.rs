//! The room `stdlib/value` of the Tenon project; see `ARCHITECTURE.md`.
