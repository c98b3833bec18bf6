//! What the operating system's package managers say of themselves, and which
//! operating system it is.
//!
//! Each reader makes packages without a namespace: which distribution they are
//! of is told by another file, the `release`, and joined by whoever puts the
//! layers together ([`namespace`], [`distro`]). Packages are listed where their
//! files are on the disk, half installed ones too; what was removed and left
//! its configuration only is not.

pub(crate) mod apk;
pub(crate) mod control;
pub(crate) mod dpkg;
pub(crate) mod needs;
pub(crate) mod opkg;
pub(crate) mod pacman;
pub(crate) mod release;
pub(crate) mod rpm;
pub(crate) mod support;
pub(crate) mod text;

use crate::Analyzer;

pub use release::{choose, distro, namespace};
pub use support::{is_ended, support};

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[
    apk::INSTALLED,
    dpkg::STATUS,
    dpkg::LIST,
    dpkg::MD5SUMS,
    dpkg::CONFFILES,
    dpkg::DIVERSIONS,
    opkg::STATUS,
    opkg::LIST,
    pacman::DESC,
    pacman::FILES,
    pacman::MTREE,
    release::RELEASE,
    rpm::DATABASE,
    rpm::WAL,
    rpm::manifest::MANIFEST,
];
