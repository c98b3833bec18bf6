//! What an SBOM in an image says, against what is in the image: it is read,
//! and not trusted blindly.
//!
//! - What a package database or the file itself says wins: the SBOM is one
//!   more place that the package was found in.
//! - What the SBOM alone names stays, with `sbom` as the way it is known.
//! - Where it names files that are not there, or another version than the
//!   database has, that is said.

use plimsoll_model::Package;

use crate::{FoundPackage, How};

/// What becomes of a package that an SBOM names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Other evidence names the same package: that one stands, and the SBOM is
    /// one more place it was found in. The index is among the others.
    Same(usize),
    /// The package database has it in another version: that one stands, the
    /// SBOM is out of date. The index is among the others.
    Superseded {
        /// Which of the others stands.
        by: usize,
        /// Words for a person.
        why: String,
    },
    /// The SBOM alone names it: it stays, known by the SBOM.
    Alone {
        /// Set when it names files of which none is there.
        missing: Option<String>,
    },
}

/// What becomes of `claimed`, which an SBOM names. `others` are what was found
/// otherwise (those known by an SBOM are passed over); `exists` tells whether a
/// path is there in the end.
pub fn outcome(
    claimed: &FoundPackage,
    others: &[(&Package, &How)],
    exists: impl Fn(&str) -> bool,
) -> Outcome {
    let package = &claimed.package;
    let kind = package.kind;
    let real = || {
        others.iter().enumerate().filter(|(_, (other, how))| {
            **how != How::Sbom
                && other.kind == kind
                && kind.canonical_name(&other.name) == kind.canonical_name(&package.name)
                && same_namespace(package, other)
        })
    };
    if let Some((at, _)) = real().find(|(_, (other, _))| other.version == package.version) {
        return Outcome::Same(at);
    }
    // A system has one version of a package; a project may well have several.
    if kind.is_os()
        && let Some((by, (other, _))) = real().find(|(_, (_, how))| **how == How::Installed)
    {
        let why = format!(
            "its SBOM names version {}, the package database {}",
            package.version, other.version
        );
        return Outcome::Superseded { by, why };
    }
    let missing =
        !claimed.files.is_empty() && !claimed.files.iter().any(|path| exists(outer(path)));
    Outcome::Alone {
        missing: missing.then(|| match claimed.files.len() {
            1 => format!("the file its SBOM names is not there: {}", claimed.files[0]),
            count => format!("none of the {count} files its SBOM names is there"),
        }),
    }
}

/// Readers of databases may leave the distribution out.
fn same_namespace(a: &Package, b: &Package) -> bool {
    let kind = a.kind;
    kind.is_os() || kind.canonical_namespace(&a.namespace) == kind.canonical_namespace(&b.namespace)
}

/// The file that holds what is in an archive: `app.jar` of `app.jar!/lib/a.jar`.
fn outer(path: &str) -> &str {
    let path = path.split_once("!/").map_or(path, |(outer, _)| outer);
    path.trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_wins_over_what_is_said() {
        let check = |claimed: &str, files: &[&str], others: &[(&str, How)], expect: &str| {
            let package = |purl: &str| Package::from_purl(purl).expect("a purl");
            let mut found = FoundPackage::new(package(claimed), How::Sbom);
            found.files = files.iter().map(|path| (*path).to_owned()).collect();
            let packages: Vec<Package> = others.iter().map(|(purl, _)| package(purl)).collect();
            let others: Vec<(&Package, &How)> = packages
                .iter()
                .zip(others.iter().map(|(_, how)| how))
                .collect();
            let outcome = outcome(&found, &others, |path| path.starts_with("there"));
            assert_eq!(format!("{outcome:?}"), expect, "{claimed}");
        };
        let installed = |purl| (purl, How::Installed);
        check(
            "pkg:apk/wolfi/curl@8",
            &[],
            &[installed("pkg:apk/curl@8")],
            "Same(0)",
        );
        check(
            "pkg:apk/wolfi/curl@8",
            &[],
            &[installed("pkg:apk/curl@9")],
            "Superseded { by: 0, why: \"its SBOM names version 8, the package database 9\" }",
        );
        check(
            "pkg:npm/a@1",
            &["there/a"],
            &[installed("pkg:npm/a@2")],
            "Alone { missing: None }",
        );
        check(
            "pkg:npm/a@1",
            &[],
            &[("pkg:npm/a@1", How::Sbom)],
            "Alone { missing: None }",
        );
        check("pkg:npm/A@1", &[], &[("pkg:npm/a@1", How::Lock)], "Same(0)");
        check(
            "pkg:maven/a/b@1",
            &["/there/x.jar!/b.jar"],
            &[],
            "Alone { missing: None }",
        );
        check(
            "pkg:maven/a/b@1",
            &["gone/b.jar"],
            &[],
            "Alone { missing: Some(\"the file its SBOM names is not there: gone/b.jar\") }",
        );
        check(
            "pkg:maven/a/b@1",
            &["gone/b.jar", "gone/c"],
            &[],
            "Alone { missing: Some(\"none of the 2 files its SBOM names is there\") }",
        );
    }
}
