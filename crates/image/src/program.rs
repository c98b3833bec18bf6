//! Programs that no package manager installed, by the version strings in them.
//!
//! A rule says which files may be a program and what its version
//! looks like; the match is kept as evidence. What a package manager owns is
//! found here too: who puts a layer together leaves it out.

mod rules;
mod scan;

use std::sync::{LazyLock, OnceLock};

use plimsoll_model::{Package, PackageType};
use regex_automata::{meta::Regex, util::syntax};

use self::rules::{RULES, Rule};
use crate::{
    Analyzer, Candidate, FileKind, FileRecord, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::compiled::text::file_name,
};

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[PROGRAM];

const PROGRAM: Analyzer = Analyzer {
    name: "program",
    version: 1,
    by_path: wanted,
    by_head: never_by_head,
    run,
};

/// Bytes of a program that are searched for its version.
const MOST_SEARCHED: u64 = 1 << 30;

/// For each first byte of a file's name the patterns that begin with it, with
/// the index of their rule: most names are told off by that byte alone.
static BY_FIRST: LazyLock<Vec<Vec<(&str, usize)>>> = LazyLock::new(|| {
    let mut table = vec![Vec::new(); 256];
    for (index, rule) in RULES.iter().enumerate() {
        for pattern in rule.files {
            if let Some(&first) = pattern.as_bytes().first() {
                table[usize::from(first)].push((*pattern, index));
            }
        }
    }
    table
});

fn rules_for(path: &str) -> impl Iterator<Item = usize> {
    let name = file_name(path);
    name.as_bytes()
        .first()
        .map_or(&[][..], |&first| &BY_FIRST[usize::from(first)])
        .iter()
        .filter(move |(pattern, index)| {
            matches(pattern, name) && path.contains(RULES[*index].under)
        })
        .map(|(_, index)| *index)
}

fn wanted(path: &str, record: &FileRecord) -> bool {
    record.kind == FileKind::Regular && record.size > 0 && rules_for(path).next().is_some()
}

/// Whether a name is of this form; `*` stands for any bytes, in up to two places.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(left) = name.strip_prefix(start) else {
        return false;
    };
    match rest.split_once('*') {
        None => left.ends_with(rest),
        Some((middle, end)) => left
            .find(middle)
            .is_some_and(|at| left[at + middle.len()..].ends_with(end)),
    }
}

/// What `<v>` of a pattern stands for: numbers with dots between.
const VERSION: &str = r"([0-9]+(?:\.[0-9]+)+)";
/// What `<d>` of a pattern stands for: what distributions add to a version.
const DISTRIBUTED: &str = r"(?:[-~+][0-9A-Za-z.+~-]{1,40})?";

/// The pattern of a rule, compiled; `series` is put in for `<s>`.
fn compile(rule: &Rule, series: &str) -> Option<Regex> {
    let pattern = rule
        .pattern
        .replace("<v>", VERSION)
        .replace("<d>", DISTRIBUTED)
        .replace("<s>", series);
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(&pattern)
        .ok()
}

/// The series that a file's name tells: `3\.11` of `libpython3.11.so.1.0`.
fn series(name: &str) -> String {
    let name = name.split(".so").next().unwrap_or(name);
    let from = name
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(name.len());
    let digits: String = name[from..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    match digits.trim_matches('.') {
        numbers if numbers.contains('.') => numbers.replace('.', r"\."),
        // `python3` and `python` tell too little. 3.0 may be OpenSSL, linked in.
        _ => r"(?:2\.7|3\.[1-9][0-9]?)".to_owned(),
    }
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    static COMPILED: LazyLock<Vec<OnceLock<Option<Regex>>>> =
        LazyLock::new(|| RULES.iter().map(|_| OnceLock::new()).collect());
    let mut done = Vec::new();
    for index in rules_for(file.path) {
        // Several patterns of one rule may fit a name.
        if done.contains(&index) {
            continue;
        }
        done.push(index);
        let rule = &RULES[index];
        let own;
        let regex = if rule.pattern.contains("<s>") {
            own = compile(rule, &series(file_name(file.path)));
            own.as_ref()
        } else {
            COMPILED[index].get_or_init(|| compile(rule, "")).as_ref()
        };
        let Some(regex) = regex else {
            sink.incomplete(format!("the pattern of {} does not compile", rule.id));
            continue;
        };
        match scan::search(
            file.content,
            regex,
            rule.pattern.starts_with(r"\A"),
            MOST_SEARCHED,
        ) {
            Ok(Some(hit)) => sink.push(FoundPackage {
                evidence: hit.excerpt,
                cpes: rule.cpes.iter().map(|&cpe| cpe.to_owned()).collect(),
                ..FoundPackage::new(
                    Package::new(PackageType::Generic, "", rule.name, hit.version),
                    How::Classifier(rule.id.to_owned()),
                )
            }),
            Ok(None) if file.content.size() > MOST_SEARCHED => {
                let message = format!(
                    "more than {MOST_SEARCHED} bytes: not all were searched for the version"
                );
                sink.incomplete(message);
            }
            Ok(None) => {}
            Err(error) => sink.incomplete(format!("not read: {error}")),
        }
    }
}

#[cfg(test)]
mod tests;
