//! Controls of images, after section 4 of the CIS Docker Benchmark and what
//! image linters check.

mod user;

use crate::Control;

/// All of them.
pub const ALL: &[&Control] = &[&user::RUNS_AS_ROOT];

/// The controls of `cis-docker/image@1`: pinned, so that a new control never
/// moves an old goal.
pub const VERSION_1: &[&str] = &["image-runs-as-root"];
