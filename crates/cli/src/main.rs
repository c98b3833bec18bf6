//! (crate charter)
fn main() {}
