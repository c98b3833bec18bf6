//! Vulnerabilities: from what feeds say to what is wrong with a package.
//!
//! - [`read`]: readers of the formats advisories are published in.
//! - [`advisory`]: what a feed says, in one form for all feeds.
//! - [`db`]: the advisory database, one read-only file.
//! - [`lookup`], [`gist`]: what the matcher asks of a database, and by what it
//!   chooses of the answer.
//! - [`matching`]: which vulnerabilities the packages of an image have.
//! - [`component`]: the same of what a cluster runs on, by the versions it tells.
//! - [`cvss`], [`priority`]: how bad each is, and what to look at first.
//! - [`vex`], [`ignore`]: what others say of a vulnerability, or leave out.
//! - [`advice`]: the fewest upgrades that clear what was found.
//! - [`rematch`]: which stored images to match again when the database changes.
//! - [`version`]: the order of versions in every ecosystem, each by its own rules.

pub mod advice;
pub mod advisory;
pub mod component;
pub mod cvss;
pub mod db;
pub mod gist;
pub mod ignore;
pub mod lookup;
pub mod matching;
pub mod priority;
pub mod read;
pub mod rematch;
pub mod version;
pub mod vex;

#[cfg(test)]
pub(crate) mod testing;

pub use version::Scheme;
