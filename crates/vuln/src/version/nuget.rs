//! NuGet: semantic versions with a fourth number, whatever their case
//! (<https://learn.microsoft.com/nuget/concepts/package-versioning>).

use std::cmp::Ordering;

use super::semver;

/// The fourth number needs no care of its own: numbers that are not there are 0.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    semver::compare(&a.to_lowercase(), &b.to_lowercase())
}
