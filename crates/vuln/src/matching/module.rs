//! Modules of RPM distributions: several streams of one program in a release,
//! each with versions and fixes of its own.

use plimsoll_model::Package;

use crate::advisory::{Affected, End};

/// `nodejs:18` of the label `nodejs:18:8060020220523:ad008a3a`.
pub(super) fn of_package(package: &Package) -> Option<&str> {
    let label = package.qualifiers.get("modularity")?;
    let mut colons = label.match_indices(':').map(|(at, _)| at);
    let end = colons.nth(1).unwrap_or(label.len());
    label[..end].contains(':').then(|| &label[..end])
}

/// Whether a version was built in a module: its release says so.
fn is_built_in_one(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_")
}

/// Whether a statement is about this package, as far as modules go.
pub(super) fn is_about(affected: &Affected, package: &Package) -> bool {
    let own = of_package(package);
    let is_modular = own.is_some() || is_built_in_one(&package.version);
    let mut modules = affected.module.split(' ').filter(|of| !of.is_empty());
    if affected.module.is_empty() {
        // Fixed in a module, and which is not said: it may be this one.
        is_modular == fixed_in_one(affected)
    } else {
        // An old package database does not keep the label.
        is_modular && own.is_none_or(|own| modules.any(|module| module == own))
    }
}

fn fixed_in_one(affected: &Affected) -> bool {
    affected
        .ranges
        .iter()
        .any(|range| matches!(&range.end, Some(End::Fixed(fixed)) if is_built_in_one(fixed)))
}
