//! Rules over the text of the repository that neither rustc nor clippy knows.

pub mod docs;
pub mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Folders that hold no source of ours.
const SKIPPED_FOLDERS: [&str; 7] = [
    "target",
    ".git",
    ".plimsoll",
    "node_modules",
    "artifacts",
    "corpus",
    "snapshots",
];
/// No source tree of ours comes near; a walk that does is in the wrong place.
const MAX_FILES: usize = 20_000;
/// No text of ours comes near.
const MAX_BYTES: u64 = 4 << 20;

/// The repository's texts by path from the root, `/` between folders.
pub type Tree = BTreeMap<String, String>;

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Path from the root.
    pub file: String,
    /// Line from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Every broken rule below `root`, in the order of files and lines.
///
/// # Errors
/// A file can't be read, or there are absurdly many.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut tree = Tree::new();
    read_tree(root, "", &mut tree)?;
    Ok(check_tree(&tree))
}

/// Every broken rule in the texts given.
#[must_use]
pub fn check_tree(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in tree {
        source::check_file(path, text, &mut found);
        if path.starts_with("docs/decisions/") && path.ends_with(".md") {
            docs::check_decision(path, text, &mut found);
        }
        if path.ends_with(".md") {
            docs::check_links(path, text, tree, &mut found);
        }
    }
    source::check_crates(tree, &mut found);
    docs::check_features(tree, &mut found);
    found.sort();
    found.dedup();
    found
}

/// Reads every text below `folder` (a path from `root`). Files of other kinds are listed with an
/// empty text, so that links to them resolve.
fn read_tree(root: &Path, folder: &str, tree: &mut Tree) -> Result<()> {
    let here = root.join(folder);
    let entries =
        std::fs::read_dir(&here).with_context(|| format!("can't list {}", here.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("can't list {}", here.display()))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type()?;
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        if kind.is_dir() {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                read_tree(root, &path, tree)?;
            }
        } else if kind.is_file() {
            if tree.len() >= MAX_FILES {
                bail!(
                    "more than {MAX_FILES} files below {}: is this the repository?",
                    root.display()
                );
            }
            let small = entry.metadata()?.len() <= MAX_BYTES;
            let text = if is_ours(&path) && small {
                shell::read(&entry.path())?
            } else {
                String::new()
            };
            tree.insert(path, text);
        }
    }
    Ok(())
}

/// Whether a file is text written for this project (and not an input of a test).
fn is_ours(path: &str) -> bool {
    let written = [".rs", ".md", ".toml", ".sh"]
        .iter()
        .any(|end| path.ends_with(end));
    (written || path == "x" || path == ".ci/run" || path.ends_with("/.cargo/config.toml"))
        && !path.contains("/fixtures/")
        && !path.contains("/testdata/")
}

#[cfg(test)]
pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check, is_ours};
    use crate::shell;

    #[test]
    fn the_repository_is_tidy() {
        let found = check(&shell::root()).expect("the repository can be read");
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(
            found.is_empty(),
            "{} rules are broken:\n{}",
            found.len(),
            text.join("\n")
        );
    }

    #[test]
    fn inputs_of_tests_are_not_ours() {
        let check = |path: &str, expect: bool| assert_eq!(is_ours(path), expect, "{path}");
        check("crates/model/src/lib.rs", true);
        check("x", true);
        check(".ci/run", true);
        check("crates/manifest/tests/fixtures/odd.md", false);
        check("examples/shop/web.yaml", false);
    }
}
