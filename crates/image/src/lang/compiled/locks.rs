//! Lock files of further package managers, each a small reader of its own.

mod conan;
mod dart;
mod haskell;
mod swift;

pub(crate) use self::{
    conan::{CONAN_FILE, CONAN_LOCK},
    dart::PUBSPEC_LOCK,
    haskell::{CABAL_FREEZE, STACK_LOCK},
    swift::{PACKAGE_RESOLVED, PODFILE_LOCK},
};

#[cfg(test)]
mod testing {
    use crate::{
        Analyzer,
        analyzer::testing::{claims, packages, run},
    };

    /// Asserts what the analyzer finds in a file: `namespace|name version
    /// (evidence)`, and how many problems.
    pub(super) fn check(
        analyzer: &Analyzer,
        path: &str,
        text: &str,
        expect: &[&str],
        problems: usize,
    ) {
        assert!(claims(analyzer, path, text.as_bytes()), "{path}");
        let sink = run(analyzer, path, text.as_bytes());
        let listed: Vec<String> = packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                let dev = if found.dev { " dev" } else { "" };
                format!(
                    "{}|{} {} ({}){dev}",
                    package.namespace, package.name, package.version, found.evidence
                )
            })
            .collect();
        assert_eq!(listed, expect);
        assert_eq!(sink.problems.len(), problems, "{:?}", sink.problems);
    }
}
