//! Rules over source text and crate folders.

use crate::layers;
use crate::tidy::{Tree, Violation};

/// The longest a Rust file may be, in lines.
const MAX_LINES: usize = 800;
/// What a longer file must say within its first lines, with the reason after it.
const LONG: &str = "// tidy: long because ";
/// How many of the first lines are looked at for it.
const LONG_WITHIN: usize = 10;

/// What the pure crates may not name: with it an output depends on more than the input.
const IMPURE: [(&str, &str); 11] = [
    ("std::fs", "the file system"),
    ("std::env", "the environment"),
    // Not `std::net`: its addresses are plain values.
    ("TcpStream", "the network"),
    ("TcpListener", "the network"),
    ("UdpSocket", "the network"),
    ("ToSocketAddrs", "the network"),
    ("std::process", "other processes"),
    ("SystemTime::now", "a clock"),
    ("Instant::now", "a clock"),
    ("Timestamp::now", "a clock"),
    ("Zoned::now", "a clock"),
];
/// The same, hidden in a grouped import.
const IMPURE_MODULES: [&str; 3] = ["fs", "env", "process"];

/// Marks of unfinished work. Put together here, so that this file does not break its own rule.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];
/// Folders of one person's machine.
const MACHINE: [&str; 6] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/wo", "rk/."),
    concat!("/ro", "ot/."),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "brief"),
];

/// The rules over one file.
pub fn check_file(path: &str, text: &str, found: &mut Vec<Violation>) {
    let mut say = |line: usize, message: String| {
        found.push(Violation {
            file: path.to_owned(),
            line,
            message,
        });
    };
    let rust = path.ends_with(".rs");
    let length = text.lines().count();
    if rust && length > MAX_LINES {
        let excused = text.lines().take(LONG_WITHIN).any(|line| {
            line.trim()
                .strip_prefix(LONG)
                .is_some_and(|reason| !reason.trim().is_empty())
        });
        if !excused {
            say(
                0,
                format!(
                    "{length} lines, over {MAX_LINES}: split it by subject, or say `{LONG}...` \
                     in its first {LONG_WITHIN} lines"
                ),
            );
        }
    }
    for (index, line) in text.lines().enumerate() {
        for mark in UNFINISHED {
            if has_word(line, mark) {
                say(
                    index + 1,
                    format!("`{mark}`: finish it, or file an issue and leave it out"),
                );
            }
        }
        for folder in MACHINE {
            if line.contains(folder) {
                say(index + 1, format!("`{folder}` is a folder of one machine"));
            }
        }
        if home_folder(line) {
            say(index + 1, "a home folder of one machine".to_owned());
        }
        let code = line.trim_start();
        if rust && (code.starts_with("#[allow(") || code.starts_with("#![allow(")) {
            say(
                index + 1,
                "use `#[expect(lint, reason = \"...\")]`, never `allow`".to_owned(),
            );
        }
    }
    if is_pure(path) {
        for (line, name, what) in impurities(text) {
            say(
                line,
                format!("`{name}`: layers 0 to 3 do not know {what}; take it in as a value"),
            );
        }
    }
}

/// Whether a path is the source (not a test) of a crate of layers 0 to 3.
fn is_pure(path: &str) -> bool {
    let mut parts = path.split('/');
    if parts.next() != Some("crates") {
        return false;
    }
    let pure = parts
        .next()
        .and_then(layers::layer)
        .is_some_and(layers::Layer::is_pure);
    pure && parts.next() == Some("src")
        && path.ends_with(".rs")
        && !path.ends_with("tests.rs")
        && !parts.any(|part| part == "tests")
}

/// Line, name and meaning of each impure name outside of comments and of the tests at the end.
fn impurities(text: &str) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim_start();
        // By convention tests end a file.
        if code.starts_with("#[cfg(test)]") {
            break;
        }
        if code.starts_with("//") {
            continue;
        }
        for (name, what) in IMPURE {
            if has_word(code, name) {
                found.push((index + 1, name.to_owned(), what));
            }
        }
        if let Some((_, group)) = code.split_once("use std::{") {
            for module in IMPURE_MODULES {
                if has_word(group, module) {
                    found.push((index + 1, format!("std::{{{module}}}"), "what is outside"));
                }
            }
        }
    }
    found
}

/// Whether `word` stands in `line` with no letter, digit or `_` on either side.
fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

/// Whether a line names a hidden folder of someone's home.
fn home_folder(line: &str) -> bool {
    line.match_indices("/home/").any(|(at, found)| {
        let rest = line.get(at + found.len()..).unwrap_or_default();
        rest.split_once('/').is_some_and(|(name, below)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                && below.starts_with('.')
        })
    })
}

/// The rules over crate folders: the name of the package, the words on top of its root.
pub fn check_crates(tree: &Tree, found: &mut Vec<Violation>) {
    for (path, text) in tree {
        let Some(folder) = path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        let mut say = |file: &str, message: String| {
            found.push(Violation {
                file: file.to_owned(),
                line: 0,
                message,
            });
        };
        if folder.contains('/') {
            say(
                path,
                "crates are flat: `crates/NAME`, never a crate in a crate".to_owned(),
            );
            continue;
        }
        let name = toml::from_str::<toml::Table>(text)
            .ok()
            .and_then(|manifest| Some(manifest.get("package")?.get("name")?.as_str()?.to_owned()));
        let expect = format!("plimsoll-{folder}");
        if name.as_deref() != Some(expect.as_str()) {
            say(
                path,
                format!(
                    "the package in crates/{folder} is named `{}`, not `{expect}`",
                    name.unwrap_or_default()
                ),
            );
        }
        let roots: Vec<String> = ["lib.rs", "main.rs"]
            .iter()
            .map(|file| format!("crates/{folder}/src/{file}"))
            .filter(|root| tree.contains_key(root))
            .collect();
        if roots.is_empty() {
            say(path, "no src/lib.rs and no src/main.rs".to_owned());
        }
        for root in roots {
            let charter = tree
                .get(&root)
                .and_then(|text| text.lines().next())
                .unwrap_or_default();
            if charter
                .strip_prefix("//!")
                .is_none_or(|words| words.trim().len() < 20)
            {
                say(
                    &root,
                    "a crate's root starts with `//!` and its charter".to_owned(),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINES, UNFINISHED, check_crates, check_file};
    use crate::tidy::tree;

    /// The lines at which a file breaks a rule.
    fn check(path: &str, text: &str, expect: &[usize]) {
        let mut found = Vec::new();
        check_file(path, text, &mut found);
        let lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
        assert_eq!(lines, expect, "{path}: {text:?}: {found:?}");
    }

    #[test]
    fn long_files_need_a_reason() {
        let long = "//\n".repeat(MAX_LINES + 1);
        check("crates/model/src/a.rs", &long, &[0]);
        check("crates/model/src/a.rs", &"//\n".repeat(MAX_LINES), &[]);
        check("docs/a.md", &long, &[]);
        check(
            "crates/model/src/a.rs",
            &format!("// tidy: long because of a table\n{long}"),
            &[],
        );
        check(
            "crates/model/src/a.rs",
            &format!("// tidy: long because \n{long}"),
            &[0],
        );
        check(
            "crates/model/src/a.rs",
            &format!("{long}// tidy: long because late\n"),
            &[0],
        );
    }

    #[test]
    fn pure_crates_name_nothing_impure() {
        for (text, expect) in [
            ("use std::fs;\n", vec![1]),
            ("\nlet a = std::env::var(\"A\");", vec![2]),
            ("use std::{fmt, fs};", vec![1]),
            ("use std::{fmt, ops};", vec![]),
            ("use std::net::Ipv4Addr;", vec![]),
            ("use std::net::TcpStream;", vec![1]),
            ("let t = Timestamp::now();", vec![1]),
            ("let t = std::time::SystemTime::now();", vec![1]),
            (
                "//! Knows no `std::fs`.\n/// nor std::env\n// nor std::net",
                vec![],
            ),
            ("let a = env!(\"CARGO_PKG_VERSION\");", vec![]),
            (
                "fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; }",
                vec![],
            ),
            ("fn at(now: Timestamp) {}", vec![]),
        ] {
            check("crates/goals/src/a/b.rs", text, &expect);
            check("crates/goals/src/a/tests.rs", text, &[]);
            check("crates/goals/src/tests/a.rs", text, &[]);
            check("crates/goals/tests/a.rs", text, &[]);
            check("crates/cli/src/a.rs", text, &[]);
        }
    }

    #[test]
    fn nothing_is_left_unfinished() {
        for mark in UNFINISHED {
            check("crates/cli/src/a.rs", &format!("\n// {mark}: later"), &[2]);
            check("README.md", &format!("({mark})"), &[1]);
            check("README.md", &format!("{mark}S"), &[]);
        }
    }

    #[test]
    fn no_lint_is_allowed() {
        check(
            "crates/cli/src/a.rs",
            "fn a() {}\n    #[allow(dead_code)]",
            &[2],
        );
        check("crates/cli/src/a.rs", "#![allow(dead_code)]", &[1]);
        check(
            "crates/cli/src/a.rs",
            "#[expect(dead_code, reason = \"why\")]",
            &[],
        );
    }

    #[test]
    fn no_machine_is_named() {
        check("docs/a.md", concat!("see /wo", "rk/main/x"), &[1]);
        check("docs/a.md", concat!("in /ro", "ot/.cargo"), &[1]);
        check("docs/a.md", concat!("in /home/ann", "/.cache"), &[1]);
        check("docs/a.md", "hostPath /root or /home/app/data", &[]);
    }

    #[test]
    fn crate_folders_and_packages_agree() {
        let check = |files: &[(&str, &str)], expect: &[&str]| {
            let mut found = Vec::new();
            check_crates(&tree(files), &mut found);
            let files: Vec<&str> = found
                .iter()
                .map(|violation| violation.file.as_str())
                .collect();
            assert_eq!(files, expect, "{found:?}");
        };
        let manifest = "[package]\nname = \"plimsoll-model\"\n";
        let root = "//! The words of the product as types.\n";
        check(
            &[
                ("crates/model/Cargo.toml", manifest),
                ("crates/model/src/lib.rs", root),
            ],
            &[],
        );
        check(
            &[
                ("crates/words/Cargo.toml", manifest),
                ("crates/words/src/lib.rs", root),
            ],
            &["crates/words/Cargo.toml"],
        );
        check(
            &[("crates/model/Cargo.toml", manifest)],
            &["crates/model/Cargo.toml"],
        );
        check(
            &[
                ("crates/model/Cargo.toml", manifest),
                ("crates/model/src/lib.rs", "fn a() {}\n"),
            ],
            &["crates/model/src/lib.rs"],
        );
        check(
            &[("crates/a/b/Cargo.toml", manifest)],
            &["crates/a/b/Cargo.toml"],
        );
    }
}
