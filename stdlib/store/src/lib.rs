//! The room `stdlib/store` of the Tenon project; see `ARCHITECTURE.md`.
