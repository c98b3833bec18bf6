//! Vulnerabilities: from what feeds say to what is wrong with a package.
//!
//! - [`version`]: the order of versions in every ecosystem, each by its own rules.

pub mod version;

pub use version::Scheme;
