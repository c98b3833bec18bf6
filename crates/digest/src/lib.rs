//! SHA-256 and MD5 of several messages at once.
//!
//! A digest is a chain: each block waits for the one before, and a processor that could do four or
//! eight such steps in the same time does one. Of several messages it can do one step of each.
//! No library that is kept does so for these two on all processors we run on, which is why the
//! inner loops stand here; they are used where the processor has what they need
//! (x86-64 with SHA extensions, with AVX2), and a library everywhere else. What comes out is the
//! same: the tests compare it with libraries.

mod blocks;
mod many;
mod md5;
pub mod sha256;

pub use many::{md5s, sha256s};
