//! Rust: what `cargo auditable` puts into programs, and `Cargo.lock`.

mod auditable;
mod lock;

pub(crate) use self::{
    auditable::{MARK, RUST_BINARY},
    lock::CARGO_LOCK,
};
