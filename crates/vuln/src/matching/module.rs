//! Modules of RPM distributions: several streams of one program in a release,
//! each with versions and fixes of its own.

use std::borrow::Cow;

use plimsoll_model::Package;

use crate::advisory::{Advisory, Affected, End};

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

/// Whether what an advisory says of a package is about this one, as far as
/// modules go, and whether it says so by the stream.
pub(super) fn is_about(
    advisory: &Advisory,
    affected: &Affected,
    package: &Package,
) -> Option<bool> {
    let own = of_package(package);
    let is_modular = own.is_some() || is_built_in_one(&package.version);
    let modules = modules(advisory, affected);
    match (modules.is_empty(), is_modular) {
        // About no module, and the package is of none.
        (true, false) => (!fixed_in_one(affected)).then_some(false),
        // Fixed in a module, and which is not said.
        (true, true) => fixed_in_one(affected).then_some(false),
        (false, false) => None,
        (false, true) => match own {
            Some(own) => modules.iter().any(|module| module == own).then_some(true),
            // An old package database that does not keep the label.
            None => Some(false),
        },
    }
}

fn fixed_in_one(affected: &Affected) -> bool {
    affected
        .ranges
        .iter()
        .any(|range| matches!(&range.end, Some(End::Fixed(fixed)) if is_built_in_one(fixed)))
}

/// The modules that a statement is about. Where its feed has no field for it,
/// a title such as `nodejs:18 security update` says so.
fn modules<'a>(advisory: &'a Advisory, affected: &'a Affected) -> Vec<Cow<'a, str>> {
    if !affected.module.is_empty() {
        return vec![Cow::Borrowed(&affected.module)];
    }
    if !fixed_in_one(affected) {
        return Vec::new();
    }
    advisory
        .summary
        .split([' ', ','])
        .filter(|word| {
            word.split_once(':').is_some_and(|(name, stream)| {
                let is_name = |text: &str| {
                    !text.is_empty()
                        && text
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
                };
                is_name(name) && is_name(stream)
            })
        })
        .map(Cow::Borrowed)
        .collect()
}
