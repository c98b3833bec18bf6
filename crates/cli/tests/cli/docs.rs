//! The documentation says what the command does.

use crate::support::{read, run};

fn doc(name: &str) -> String {
    read(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(name),
    )
}

const VERBS: [&[&str]; 32] = [
    &["check"],
    &["scan"],
    &["goals", "init"],
    &["goals", "simulate"],
    &["goals", "diff"],
    &["fix"],
    &["image", "scan"],
    &["image", "sbom"],
    &["image", "ls"],
    &["image", "diff"],
    &["image", "fix"],
    &["image", "vex"],
    &["image", "rematch"],
    &["db", "update"],
    &["db", "import"],
    &["db", "info"],
    &["db", "verify"],
    &["db", "search"],
    &["db", "export"],
    &["db", "sign"],
    &["db", "compare"],
    &["cluster", "scan"],
    &["cluster", "watch"],
    &["cluster", "coverage"],
    &["cluster", "drift"],
    &["cluster", "rbac"],
    &["agent"],
    &["cache"],
    &["explain"],
    &["schema"],
    &["completion"],
    &["version"],
];

#[test]
fn every_option_of_every_verb_is_documented_under_it() {
    let page = doc("cli.md");
    let shared = page
        .split("\n## ")
        .find(|part| part.starts_with("Options of several verbs"));
    let shared = shared.expect("the options that several verbs have");
    let images = page.split("\n## ").find(|part| part.starts_with("Images"));
    let images = images.expect("the options of all verbs of images");
    let database = page
        .split("\n## ")
        .find(|part| part.starts_with("The database of advisories"));
    let database = database.expect("the options of all that use the database");
    for verb in VERBS {
        let title = format!("`plimsoll {}`", verb.join(" "));
        let section = page.split("\n## ").find(|part| part.starts_with(&title));
        let section = section.unwrap_or_else(|| panic!("cli.md has no section {title}"));
        let help = run(&[verb, &["--help"]].concat()).exits(0).stdout;
        let options = help
            .lines()
            .filter(|line| line.trim_start().starts_with('-'));
        for option in options.flat_map(|line| line.split_whitespace()) {
            let Some(name) = option.strip_prefix("--") else {
                continue;
            };
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let option = format!("--{}", &name[..end.unwrap_or(name.len())]);
            if option != "--help" {
                assert!(
                    section.contains(&option)
                        || shared.contains(&option)
                        || images.contains(&option)
                        || database.contains(&option),
                    "cli.md does not say what `plimsoll {} {option}` does",
                    verb.join(" ")
                );
            }
        }
    }
}

#[test]
fn every_exit_code_is_documented() {
    let page = doc("exit-codes.md");
    let codes = run(&["explain", "exit-codes"]).exits(0).stdout;
    for line in codes.lines().skip(2) {
        let code = line.split_whitespace().next().expect("a code");
        assert!(
            page.contains(&format!("| {code} |")),
            "exit-codes.md does not have {code}"
        );
    }
}
