//! JavaScript: what npm and its kin installed, and their lock files.

mod bun;
mod deno;
mod npm_lock;
mod package;
mod pnpm;
mod yarn;

use plimsoll_model::{Package, PackageType};

pub(crate) use self::{
    bun::{BUN_LOCK, BUN_LOCKB},
    deno::DENO_LOCK,
    npm_lock::NPM_LOCK,
    package::{NPM_PACKAGE, YARN_CACHE},
    pnpm::PNPM_LOCK,
    yarn::YARN_LOCK,
};

/// A package of npm by its full name, `@types/node`.
fn package(name: &str, version: &str) -> Package {
    let (scope, name) = match name.split_once('/') {
        Some((scope, name)) if scope.starts_with('@') => (scope, name),
        _ => ("", name),
    };
    Package::new(PackageType::Npm, scope, name, version)
}

/// Name and what stands behind it, of `@types/node@npm:20`.
fn split_at_version(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether what stands behind a name is a place on the disk of whoever wrote
/// it: the project's own code, which no registry has.
fn is_local(reference: &str) -> bool {
    ["file:", "link:", "portal:", "workspace:", "root:", "."]
        .iter()
        .any(|start| reference.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_references_are_told_apart() {
        let check = |text, expect| assert_eq!(split_at_version(text), expect, "{text}");
        check("@a/b@npm:1", Some(("@a/b", "npm:1")));
        check("b@1@2", Some(("b", "1@2")));
        check("@a/b", None);
        check("é@1", None);
        check("", None);
        assert_eq!(package("@a/b", "1").purl(), "pkg:npm/%40a/b@1");
        assert_eq!(package("a/b", "1").name, "a/b");
    }
}
