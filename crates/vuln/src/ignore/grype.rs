//! The `ignore` rules of `.grype.yaml`
//! (<https://github.com/anchore/grype#specifying-matches-to-ignore>).

use plimsoll_manifest::Node;
use regex_automata::{meta::Regex, util::syntax};

use super::{
    IgnoreFile, IgnoreFormat, Kind, Rule,
    glob::Glob,
    rule::{FixState, MatchType, Name},
};
use crate::{read::bounds, vex::Status};

/// Bytes of a regular expression, and of its program.
const MOST_REGEX: usize = 500;
const MOST_PROGRAM: usize = 64 << 10;
/// Regular expressions of one file.
const MOST_REGEXES: usize = 2_000;

/// Names of package types, and the purl types they stand for.
const TYPES: [(&str, &[&str]); 26] = [
    ("alpm", &["alpm"]),
    ("apk", &["apk"]),
    ("binary", &["generic"]),
    ("bitnami", &["bitnami"]),
    ("cocoapods", &["cocoapods"]),
    ("conan", &["conan"]),
    ("conda", &["conda"]),
    ("dart-pub", &["pub"]),
    ("deb", &["deb"]),
    ("dotnet", &["nuget"]),
    ("gem", &["gem"]),
    ("github-action", &["github"]),
    ("go-module", &["golang"]),
    ("hackage", &["hackage"]),
    ("hex", &["hex"]),
    ("java-archive", &["maven"]),
    ("jenkins-plugin", &["maven"]),
    ("lua-rocks", &["luarocks"]),
    ("npm", &["npm"]),
    ("php-composer", &["composer"]),
    ("pod", &["cocoapods"]),
    ("python", &["pypi"]),
    ("r-package", &["cran"]),
    ("rpm", &["rpm"]),
    ("rust-crate", &["cargo"]),
    ("swift", &["swift"]),
];

const LANGUAGES: [(&str, &[&str]); 17] = [
    ("c++", &["conan"]),
    ("dart", &["pub"]),
    ("dotnet", &["nuget"]),
    ("elixir", &["hex"]),
    ("erlang", &["hex"]),
    ("go", &["golang"]),
    ("haskell", &["hackage"]),
    ("java", &["maven"]),
    ("javascript", &["npm"]),
    ("lua", &["luarocks"]),
    ("php", &["composer"]),
    ("python", &["pypi"]),
    ("r", &["cran"]),
    ("ruby", &["gem"]),
    ("rust", &["cargo"]),
    ("swift", &["swift", "cocoapods"]),
    ("swipl", &["generic"]),
];

pub(super) fn read(file: &str, root: Node<'_>) -> IgnoreFile {
    let mut read = IgnoreFile::new(file, IgnoreFormat::Grype);
    let mut regexes = 0;
    let Some(rules) = root.get("ignore") else {
        return read;
    };
    for item in rules.items() {
        let line = item.place().line;
        let rule = Rule::new(read.place(line), Kind::Vulnerability);
        let rule = self::rule(rule, item, &mut regexes);
        read.take(line, rule);
    }
    read
}

fn rule(mut rule: Rule, item: Node<'_>, regexes: &mut usize) -> Result<Rule, String> {
    for (key, value) in item.entries() {
        let text = value.scalar_text().unwrap_or_default().trim();
        if text.is_empty() && key.text != "package" {
            continue;
        }
        match key.text {
            "vulnerability" => {
                rule.id = Some(bounds::word(text).map_err(|why| format!("the id {why}"))?);
            }
            "reason" => rule.reason = bounds::prose(text, bounds::NOTE),
            // All names of a vulnerability count anyway.
            "include-aliases" => {}
            "fix-state" => {
                rule.fix_state = Some(match text {
                    "fixed" => FixState::Fixed,
                    "not-fixed" => FixState::NotFixed,
                    "wont-fix" => FixState::WontFix,
                    "unknown" => FixState::Unknown,
                    other => return Err(unknown("fix-state", other)),
                });
            }
            "match-type" => {
                rule.match_type = Some(match text {
                    "exact-direct-match" => MatchType::Direct,
                    "exact-indirect-match" => MatchType::Indirect,
                    "cpe-match" => MatchType::Cpe,
                    other => return Err(unknown("match-type", other)),
                });
            }
            "vex-status" => {
                rule.vex_status = Some(match text {
                    "not_affected" => Status::NotAffected,
                    "affected" => Status::Affected,
                    "fixed" => Status::Fixed,
                    "under_investigation" => Status::UnderInvestigation,
                    other => return Err(unknown("vex-status", other)),
                });
            }
            "vex-justification" => rule.vex_justification = bounds::prose(text, bounds::NAME),
            "package" => package(&mut rule, value, regexes)?,
            other => return Err(format!("`{other}` is not understood")),
        }
    }
    if !rule.asks() {
        return Err("it asks for nothing".to_owned());
    }
    Ok(rule)
}

fn package(rule: &mut Rule, value: Node<'_>, regexes: &mut usize) -> Result<(), String> {
    for (key, value) in value.entries() {
        let text = value.scalar_text().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let known = |table: &[(&str, &'static [&'static str])]| {
            let lower = text.to_ascii_lowercase();
            table
                .iter()
                .find(|(name, _)| *name == lower)
                .map(|(_, kinds)| kinds.to_vec())
                .ok_or_else(|| unknown(key.text, text))
        };
        let package = &mut rule.package;
        match key.text {
            "name" => package.name = Some(name(text, regexes)?),
            "upstream-name" => package.upstream = Some(name(text, regexes)?),
            "version" => text.clone_into(&mut package.version),
            "type" => package.kinds = known(&TYPES)?,
            "language" => package.languages = known(&LANGUAGES)?,
            "location" => rule.paths.push(Glob::parse(text)?),
            other => return Err(format!("`package.{other}` is not understood")),
        }
    }
    Ok(())
}

/// A name is a regular expression for all of it when it is written as one.
fn name(text: &str, regexes: &mut usize) -> Result<Name, String> {
    if text.len() > MOST_REGEX {
        return Err(format!("a name of more than {MOST_REGEX} bytes"));
    }
    // A dot alone is as likely a part of the name; as an expression it matches that as well.
    if !text.contains(['\\', '^', '$', '*', '+', '?', '(', '[', '{', '|']) {
        return Ok(Name::Exactly(text.to_owned()));
    }
    *regexes += 1;
    if *regexes > MOST_REGEXES {
        return Err(format!(
            "at most {MOST_REGEXES} regular expressions are read"
        ));
    }
    let config = Regex::config()
        .nfa_size_limit(Some(MOST_PROGRAM))
        .hybrid(false)
        .onepass(false)
        .utf8_empty(true);
    Regex::builder()
        .configure(config)
        .syntax(syntax::Config::new().nest_limit(40))
        .build(&format!("^(?:{text})$"))
        .map(|regex| Name::Like(Box::new(regex)))
        .map_err(|_| format!("`{text}` is no regular expression, or too big a one"))
}

fn unknown(field: &str, value: &str) -> String {
    let value: String = value.chars().take(60).collect();
    format!("`{value}` is no {field}")
}
