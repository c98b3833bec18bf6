//! Packages of programming languages.
//!
//! [`compiled`]: Go, Rust, Java, .NET and the like. [`scripted`]: JavaScript,
//! Python, Ruby, PHP and the like.

pub mod compiled;
pub mod scripted;
mod yaml;
