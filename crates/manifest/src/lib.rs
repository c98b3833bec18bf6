//! (crate charter)
