//! Which package needs which: what a package asks for, looked up among what
//! the packages beside it are and provide.

use rustc_hash::FxHashMap;

/// Names that a package is taken to need at most; large ones need some hundred.
const MOST_NEEDS: usize = 10_000;

/// Names and provided names of one database that are looked up in at most.
const MOST_NAMES: usize = 2_000_000;

/// Names and provided names of the packages of one database.
#[derive(Default)]
pub(crate) struct Providers<'a> {
    by_name: FxHashMap<&'a [u8], &'a [u8]>,
}

impl<'a> Providers<'a> {
    /// `package` is there under its own name, which goes before any other's
    /// claim to provide it.
    pub(crate) fn is(&mut self, package: &'a [u8]) {
        self.by_name.insert(package, package);
    }

    /// `package` provides `name`. The first to do so is taken.
    pub(crate) fn provides(&mut self, name: &'a [u8], package: &'a [u8]) {
        if self.by_name.len() < MOST_NAMES {
            self.by_name.entry(name).or_insert(package);
        }
    }

    /// Which package is or provides `name`.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.by_name.get(name).copied()
    }
}

/// Names, each once and sorted, without the package's own.
pub(crate) fn tidy<'a>(names: impl IntoIterator<Item = &'a [u8]>, own: &[u8]) -> Vec<String> {
    let names = names.into_iter().filter(|&name| name != own);
    let mut names: Vec<&[u8]> = names.take(MOST_NEEDS).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(super::text::lossy).collect()
}

/// The packages that a relation field of Debian's control format asks for
/// (`a (>= 1), b | c:any`): of alternatives the first that is there, else the
/// first as written.
pub(crate) fn relations<'a>(
    field: &'a [u8],
    providers: &'a Providers<'a>,
) -> impl Iterator<Item = &'a [u8]> {
    field.split(|&byte| byte == b',').filter_map(|clause| {
        let names = || clause.split(|&byte| byte == b'|').map(relation_name);
        names()
            .find_map(|name| providers.get(name))
            .or_else(|| names().next().filter(|name| !name.is_empty()))
    })
}

/// The name of one relation, without version, architecture and conditions.
pub(crate) fn relation_name(relation: &[u8]) -> &[u8] {
    let relation = relation.trim_ascii();
    let end = relation
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'(' | b'[' | b'<' | b':'))
        .unwrap_or(relation.len());
    &relation[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_looked_up() {
        let mut providers = Providers::default();
        providers.is(b"mawk");
        providers.provides(b"awk", b"mawk");
        providers.provides(b"mawk", b"impostor");
        let check = |field: &str, expect: &[&str]| {
            let found = tidy(relations(field.as_bytes(), &providers), b"self");
            assert_eq!(found, expect, "{field}");
        };
        check("", &[]);
        check("libc6 (>= 2.36)", &["libc6"]);
        check("gawk | awk, mawk:any", &["mawk"]);
        check(
            "debconf (>= 0.5) | debconf-2.0,\n self, zlib1g",
            &["debconf", "zlib1g"],
        );
        check(", ,|", &[]);
    }
}
