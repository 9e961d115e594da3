//! The room `stdlib/server` of the Tenon project; see `ARCHITECTURE.md`.
