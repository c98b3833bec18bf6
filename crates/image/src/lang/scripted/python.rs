//! Python: what was installed, wheels, lock files, conda.

mod conda;
mod locks;
mod metadata;
mod record;
mod requirements;
mod wheel;

use plimsoll_model::{Package, PackageType};

pub(crate) use self::{
    conda::{CONDA_ENVIRONMENT, CONDA_LOCK, CONDA_META},
    locks::{PDM_LOCK, PIPFILE_LOCK, POETRY_LOCK, PYLOCK, UV_LOCK},
    metadata::PYTHON_METADATA,
    record::PYTHON_RECORD,
    requirements::REQUIREMENTS,
    wheel::WHEEL,
};

/// A name in the one form that the index compares by
/// (<https://packaging.python.org/en/latest/specifications/name-normalization/>).
fn normal_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

fn package(name: &str, version: &str) -> Package {
    Package::new(PackageType::Pypi, "", normal_name(name), version)
}

/// Name and the rest of a dependency specifier: `a` and `[x]>=1; marker` of
/// `a[x]>=1; marker`.
fn split_specifier(text: &str) -> (&str, &str) {
    let text = text.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// The exact version that a specifier asks for, without the name: `1.0` of
/// `[x]>=0.9,==1.0 ; marker`. One with a wildcard is none.
fn exact_version(rest: &str) -> Option<&str> {
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let rest = rest.split([';', ' ']).next().unwrap_or(rest).trim();
    let rest = rest.trim_start_matches('(').trim_end_matches(')');
    rest.split(',').find_map(|part| {
        let version = part.trim().strip_prefix("==")?;
        let version = version.strip_prefix('=').unwrap_or(version).trim();
        (!version.is_empty() && !version.contains('*')).then_some(version)
    })
}

/// Whether a group of dependencies is, by its name, not for running.
fn is_for_development(group: &str) -> bool {
    const STARTS: &[&str] = &[
        "dev", "test", "lint", "doc", "typing", "format", "style", "bench",
    ];
    STARTS.iter().any(|start| group.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_brought_into_one_form() {
        let check = |name, expect: &str| assert_eq!(normal_name(name), expect);
        check("Foo.Bar__baz-._x", "foo-bar-baz-x");
        check("zope.interface", "zope-interface");
    }

    #[test]
    fn an_exact_version_is_told_from_a_range() {
        let check = |text, name, version| {
            let (found, rest) = split_specifier(text);
            assert_eq!((found, exact_version(rest)), (name, version), "{text}");
        };
        check("a==1.0", "a", Some("1.0"));
        check("a[x,y] (==1.0) ; z", "a", None);
        check("a[x,y]==1.0 ; z == '2'", "a", Some("1.0"));
        check("a>=1,==1.2", "a", Some("1.2"));
        check("a===1.0", "a", Some("1.0"));
        check("a==1.*", "a", None);
        check("a~=1", "a", None);
        check("a @ https://x", "a", None);
        check("[", "", None);
        check("", "", None);
    }
}
