//! The controls, by topic.

pub mod essentials;
pub mod image;
pub mod pss;

use crate::Control;

pub(crate) use self::essentials::DEFAULT_DENY_NAMES;

/// The topics; the catalogue is all of them, sorted.
pub const GROUPS: &[&[&Control]] = &[essentials::ALL, image::ALL, pss::ALL];

/// The controls of `plimsoll/essentials@1`: pinned, so that a new control
/// never moves an old goal.
pub const ESSENTIALS_1: &[&str] = essentials::VERSION_1;

/// The controls of `cis-docker/image@1`.
pub const IMAGE_1: &[&str] = image::VERSION_1;
