//! Rules over the documents: decisions, links, the list of features.

use crate::tidy::{Tree, Violation};

/// The list of the features that work, each with its test.
const FEATURES: &str = "docs/features.md";
/// What a decision's `Status:` may be; `superseded by NNNN` too.
const STATUSES: [&str; 3] = ["accepted", "proposed", "rejected"];

/// A decision is named `NNNN-title.md` and says its date and its status.
pub fn check_decision(path: &str, text: &str, found: &mut Vec<Violation>) {
    let mut say = |message: String| {
        found.push(Violation {
            file: path.to_owned(),
            line: 0,
            message,
        });
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let numbered = name.split_once('-').is_some_and(|(number, title)| {
        number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && title != ".md"
    });
    if !numbered {
        say("a decision is named NNNN-title.md".to_owned());
    }
    let field = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key).map(|value| value.trim().to_owned()))
    };
    match field("Date:") {
        Some(date) if is_date(&date) => {}
        _ => say("a decision has a line `Date: YYYY-MM-DD`".to_owned()),
    }
    match field("Status:") {
        Some(status)
            if STATUSES.contains(&status.as_str()) || status.starts_with("superseded by ") => {}
        _ => say(format!(
            "a decision has a line `Status: ...`, one of {}, superseded by NNNN",
            STATUSES.join(", ")
        )),
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Relative links of a Markdown file name something that exists.
pub fn check_links(path: &str, text: &str, tree: &Tree, found: &mut Vec<Violation>) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in links(line) {
            let file = target.split(['#', '?']).next().unwrap_or_default();
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let exists = resolve(folder, file).is_some_and(|full| {
                let below = format!("{full}/");
                full.is_empty()
                    || tree.contains_key(&full)
                    || tree
                        .range(below.clone()..)
                        .next()
                        .is_some_and(|(p, _)| p.starts_with(&below))
            });
            if !exists {
                found.push(Violation {
                    file: path.to_owned(),
                    line: index + 1,
                    message: format!("the link to `{target}` leads nowhere"),
                });
            }
        }
    }
}

/// Targets of `[text](target)` and of `[label]: target` on one line, outside of code spans.
fn links(line: &str) -> Vec<String> {
    // Every second piece between backticks is code.
    let prose: String = line
        .split('`')
        .enumerate()
        .map(|(index, piece)| if index % 2 == 0 { piece } else { "code" })
        .collect();
    let mut out = Vec::new();
    for (at, _) in prose.match_indices("](") {
        let rest = prose.get(at + 2..).unwrap_or_default();
        if let Some(target) = rest.split([')', ' ']).next() {
            out.push(target.trim_matches(['<', '>']).to_owned());
        }
    }
    if let Some((label, target)) = prose.split_once("]: ")
        && label.starts_with('[')
        && !label.starts_with("[^")
    {
        out.push(target.split(' ').next().unwrap_or_default().to_owned());
    }
    out
}

/// A path from the root for a link from `folder`, or nothing where it leaves the repository.
fn resolve(folder: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = if link.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Each row of the list of features names an id and tests that exist.
pub fn check_features(tree: &Tree, found: &mut Vec<Violation>) {
    let mut say = |line: usize, message: String| {
        found.push(Violation {
            file: FEATURES.to_owned(),
            line,
            message,
        });
    };
    let Some(text) = tree.get(FEATURES) else {
        say(
            0,
            "the list of features that work, each with its test, is missing".to_owned(),
        );
        return;
    };
    let mut seen = std::collections::BTreeSet::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let Some(row) = line.trim().strip_prefix('|') else {
            continue;
        };
        let head = lines.get(index + 1).is_some_and(|next| is_rule(next));
        if head || is_rule(line) {
            continue;
        }
        let id = row
            .split('|')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches(['`', '*']);
        if !is_feature(id) {
            say(
                index + 1,
                format!("`{id}` is no feature id (a letter A to H and a number)"),
            );
            continue;
        }
        if !seen.insert(id.to_owned()) {
            say(index + 1, format!("{id} stands here a second time"));
        }
        let tests: Vec<&str> = row
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|code| code.contains("::"))
            .collect();
        if tests.is_empty() {
            say(
                index + 1,
                format!("{id} names no test (`crates/NAME/tests/FILE.rs::FUNCTION`)"),
            );
        }
        for test in tests {
            if let Err(why) = find_test(tree, test) {
                say(index + 1, format!("{id}: `{test}`: {why}"));
            }
        }
    }
    if seen.is_empty() {
        say(0, "the list has no row".to_owned());
    }
}

/// Whether a line is the rule below a table's head.
fn is_rule(line: &str) -> bool {
    line.trim_start().starts_with('|')
        && line.contains('-')
        && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn is_feature(id: &str) -> bool {
    let mut chars = id.chars();
    chars
        .next()
        .is_some_and(|letter| ('A'..='H').contains(&letter))
        && !chars.as_str().is_empty()
        && chars.all(|c| c.is_ascii_digit())
}

/// A test is `PATH::...::FUNCTION`, where PATH is a file, or a folder in which the function is.
fn find_test(tree: &Tree, test: &str) -> Result<(), String> {
    let (path, rest) = test.split_once("::").unwrap_or((test, ""));
    let name = rest.rsplit("::").next().unwrap_or_default();
    if name.is_empty() {
        return Err("names no function".to_owned());
    }
    let below = format!("{}/", path.trim_end_matches('/'));
    let mut files = tree
        .iter()
        .filter(|(file, _)| *file == path || (file.starts_with(&below) && file.ends_with(".rs")))
        .peekable();
    if files.peek().is_none() {
        return Err(format!("there is no {path}"));
    }
    if files.any(|(_, text)| is_test_in(text, name)) {
        Ok(())
    } else {
        Err(format!("no test `fn {name}` in {path}"))
    }
}

/// Whether the text has a function of that name that `cargo test` runs: with `#[test]` among the
/// attributes above it, or in a `proptest!` block, where it stands too.
fn is_test_in(text: &str, name: &str) -> bool {
    let open = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(index, line)| {
        let function = line.starts_with(&open) || line.starts_with(&format!("pub {open}"));
        function
            && lines
                .get(..index)
                .unwrap_or_default()
                .iter()
                .rev()
                .take_while(|above| {
                    !above.is_empty() && !above.ends_with('}') && !above.ends_with('{')
                })
                .any(|above| *above == "#[test]")
    })
}

#[cfg(test)]
mod tests {
    use super::{check_decision, check_features, check_links, links};
    use crate::tidy::tree;

    #[test]
    fn decisions_have_a_number_a_date_and_a_status() {
        let check = |path: &str, text: &str, expect: usize| {
            let mut found = Vec::new();
            check_decision(path, text, &mut found);
            assert_eq!(found.len(), expect, "{path} {text:?} {found:?}");
        };
        let good = "# 1. Title\n\nDate: 2026-11-25\nStatus: accepted\n";
        check("docs/decisions/0001-title.md", good, 0);
        check("docs/decisions/1-title.md", good, 1);
        check("docs/decisions/README.md", good, 1);
        check(
            "docs/decisions/0001-t.md",
            "Date: 2026-11-25\nStatus: superseded by 0009\n",
            0,
        );
        check(
            "docs/decisions/0001-t.md",
            "Date: today\nStatus: maybe\n",
            2,
        );
        check("docs/decisions/0001-t.md", "", 2);
    }

    #[test]
    fn relative_links_lead_somewhere() {
        let tree = tree(&[
            ("docs/a.md", ""),
            ("README.md", ""),
            ("examples/shop/web.yaml", ""),
        ]);
        let check = |text: &str, expect: &[usize]| {
            let mut found = Vec::new();
            check_links("docs/b.md", text, &tree, &mut found);
            let lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
            assert_eq!(lines, expect, "{text:?} {found:?}");
        };
        check("[a](a.md) [b](../README.md#top)\n[c](c.md)", &[2]);
        check(
            "[a](https://example.com/x) [b](#here) [m](mailto:a@example.com)",
            &[],
        );
        check(
            "[shop](../examples/shop) [e](../examples/) [no](../examples/bank)",
            &[1],
        );
        check("[up](../../elsewhere)", &[1]);
        check("```\n[a](b.md)\n```\n`[a](b.md)`", &[]);
        check("[label]: c.md\n[^note]: c.md", &[1]);
    }

    #[test]
    fn links_are_found() {
        let check = |line: &str, expect: &[&str]| assert_eq!(links(line), expect, "{line}");
        check("a [b](c) d [e](<f>) [g](h \"title\")", &["c", "f", "h"]);
        check("no [link] (here)", &[]);
    }

    #[test]
    fn features_name_tests_that_exist() {
        let source = "#[test]\n/// Words.\nfn holds() {\n}\n\nfn helper() {}\n";
        let check = |text: &str, expect: &[usize]| {
            let tree = tree(&[
                ("docs/features.md", text),
                ("crates/goals/tests/a.rs", source),
            ]);
            let mut found = Vec::new();
            check_features(&tree, &mut found);
            let lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
            assert_eq!(lines, expect, "{text:?} {found:?}");
        };
        let head = "| id | test |\n|---|---|\n";
        check(
            &format!("{head}| A2 | `crates/goals/tests/a.rs::holds` |\n"),
            &[],
        );
        check(&format!("{head}| A2 | `crates/goals::a::holds` |\n"), &[]);
        check(
            &format!("{head}| A2 | `crates/goals/tests/a.rs::helper` |\n"),
            &[3],
        );
        check(
            &format!("{head}| A2 | `crates/goals/tests/a.rs::gone` |\n"),
            &[3],
        );
        check(
            &format!("{head}| A2 | `crates/gone/tests/a.rs::holds` |\n"),
            &[3],
        );
        check(&format!("{head}| A2 | by hand |\n"), &[3]);
        check(&format!("{head}| Z9 | `crates/goals::holds` |\n"), &[3, 0]);
        check(
            &format!("{head}| A2 | `crates/goals::holds` |\n| A2 | `crates/goals::holds` |\n"),
            &[4],
        );
        check("no table\n", &[0]);
        let mut found = Vec::new();
        check_features(&tree(&[]), &mut found);
        assert_eq!(found.len(), 1, "a missing list is no pass");
    }
}
