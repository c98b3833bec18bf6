//! Readers of the formats advisories are published in.
//!
//! A feed is many files; [`detect`] says which format a file has and [`read`]
//! reads it. A record that cannot be read is passed over and named: a reader
//! never fails as a whole. What a file may make a reader hold is bounded by
//! `bounds`; a record that goes beyond is passed over like a malformed one,
//! except that prose is cut.

pub mod alpine;
pub mod arch;
pub(crate) mod bounds;
pub(crate) mod cpe;
pub mod csaf;
pub(crate) mod csv;
pub mod debian;
mod detect;
pub mod end_of_life;
pub mod epss;
pub mod exploitdb;
pub mod friendsofphp;
pub(crate) mod interval;
pub mod kev;
pub mod nvd;
pub mod osv;
pub mod oval;
pub(crate) mod platform;
pub(crate) mod record;
pub(crate) mod rpm;
pub mod rubysec;
pub mod rustsec;
pub(crate) mod tree;
pub mod updateinfo;
pub(crate) mod xml;

pub use detect::{Format, detect};

use crate::advisory::{Advisory, Exploitation, Lifecycle, Read, Skipped};

/// What a file of a feed holds, whatever its format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// What is said of packages.
    pub advisories: Vec<Advisory>,
    /// What is known of how vulnerabilities are exploited, by CVE.
    pub exploitation: Vec<(String, Exploitation)>,
    /// How long products are maintained.
    pub lifecycles: Vec<Lifecycle>,
    /// Records that were passed over.
    pub skipped: Vec<Skipped>,
}

impl From<Read<Advisory>> for Records {
    fn from(read: Read<Advisory>) -> Self {
        Self {
            advisories: read.records,
            skipped: read.skipped,
            ..Self::default()
        }
    }
}

impl From<Read<(String, Exploitation)>> for Records {
    fn from(read: Read<(String, Exploitation)>) -> Self {
        Self {
            exploitation: read.records,
            skipped: read.skipped,
            ..Self::default()
        }
    }
}

impl From<Read<Lifecycle>> for Records {
    fn from(read: Read<Lifecycle>) -> Self {
        Self {
            lifecycles: read.records,
            skipped: read.skipped,
            ..Self::default()
        }
    }
}

/// Reads a file of a format. `file` is its name in the feed, with folders where
/// the feed has them.
#[must_use]
pub fn read(format: Format, file: &str, bytes: &[u8]) -> Records {
    if bytes.len() > bounds::BYTES {
        return tree::unreadable::<Advisory>(
            file,
            format!("{} bytes; at most {} are read", bytes.len(), bounds::BYTES),
        )
        .into();
    }
    match format {
        Format::Csaf => csaf::read(file, bytes).into(),
        Format::Osv => osv::read(file, bytes).into(),
        Format::Oval => oval::read(file, bytes).into(),
        Format::UpdateInfo => updateinfo::read(file, bytes).into(),
        Format::DebianTracker => debian::read_tracker(file, bytes).into(),
        Format::DebianList => debian::read_list(file, bytes).into(),
        Format::Secdb => alpine::read(file, bytes).into(),
        Format::Arch => arch::read(file, bytes).into(),
        Format::RustSec => rustsec::read(file, bytes).into(),
        Format::Nvd => nvd::read(file, bytes).into(),
        Format::Kev => kev::read(file, bytes).into(),
        Format::Epss => epss::read(file, bytes).into(),
        Format::ExploitDb => exploitdb::read(file, bytes).into(),
        Format::RubySec => rubysec::read(file, bytes).into(),
        Format::FriendsOfPhp => friendsofphp::read(file, bytes).into(),
        Format::EndOfLife => end_of_life::read(file, bytes).into(),
    }
}
