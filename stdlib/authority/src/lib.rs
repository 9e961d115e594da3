//! The room `stdlib/authority` of the Tenon project; see `ARCHITECTURE.md`.
