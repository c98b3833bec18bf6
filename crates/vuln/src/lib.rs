//! Vulnerabilities: from what feeds say to what is wrong with a package.
//!
//! - [`advisory`]: what a feed says, in one form for all feeds.
//! - [`version`]: the order of versions in every ecosystem, each by its own rules.

pub mod advisory;
pub mod version;

pub use version::Scheme;
