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
    Analyzer, Candidate, FileKind, FileRecord, FoundPackage, How, Sink,
    analyzer::{Passing, Search, never_by_head},
    lang::compiled::text::file_name,
};

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[PROGRAM];

/// Searches a large file as it goes by.
pub(crate) const PASSING: (&str, Passing) = (PROGRAM.name, Passing::Search(passing));

const PROGRAM: Analyzer = Analyzer {
    name: "program",
    version: 2,
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

/// The rules for a file of this path, with their patterns; none where one does
/// not compile.
fn searches(path: &str) -> Vec<(&'static Rule, Option<Regex>)> {
    static COMPILED: LazyLock<Vec<OnceLock<Option<Regex>>>> =
        LazyLock::new(|| RULES.iter().map(|_| OnceLock::new()).collect());
    let mut done = Vec::new();
    let mut searches = Vec::new();
    for index in rules_for(path) {
        // Several patterns of one rule may fit a name.
        if done.contains(&index) {
            continue;
        }
        done.push(index);
        let rule = &RULES[index];
        let regex = if rule.pattern.contains("<s>") {
            compile(rule, &series(file_name(path)))
        } else {
            COMPILED[index].get_or_init(|| compile(rule, "")).clone()
        };
        searches.push((rule, regex));
    }
    searches
}

fn at_start(rule: &Rule) -> bool {
    rule.pattern.starts_with(r"\A")
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    for (rule, regex) in searches(file.path) {
        let Some(regex) = regex else {
            tell_broken(rule, sink);
            continue;
        };
        match scan::search(file.content, &regex, at_start(rule), MOST_SEARCHED) {
            Ok(hit) => tell(rule, hit, file, sink),
            Err(error) => sink.incomplete(format!("not read: {error}")),
        }
    }
}

fn tell_broken(rule: &Rule, sink: &mut Sink) {
    sink.incomplete(format!("the pattern of {} does not compile", rule.id));
}

fn tell(rule: &Rule, hit: Option<scan::Hit>, file: &Candidate<'_>, sink: &mut Sink) {
    match hit {
        Some(hit) => sink.push(FoundPackage {
            evidence: hit.excerpt,
            cpes: rule.cpes.iter().map(|&cpe| cpe.to_owned()).collect(),
            ..FoundPackage::new(
                Package::new(PackageType::Generic, "", rule.name, hit.version),
                How::Classifier(rule.id.to_owned()),
            )
        }),
        None if file.content.size() > MOST_SEARCHED => {
            sink.incomplete(format!(
                "more than {MOST_SEARCHED} bytes: not all were searched for the version"
            ));
        }
        None => {}
    }
}

/// A search in a file that goes by.
struct Searching {
    rules: Vec<(&'static Rule, bool)>,
    passing: scan::Passing,
}

impl Search for Searching {
    fn feed(&mut self, bytes: &[u8]) {
        self.passing.feed(bytes);
    }

    fn finish(self: Box<Self>, file: &Candidate<'_>, sink: &mut Sink) -> bool {
        let Some(hits) = self.passing.finish(file.content) else {
            return false;
        };
        let mut hits = hits.into_iter();
        for (rule, compiles) in self.rules {
            if compiles {
                tell(rule, hits.next().flatten(), file, sink);
            } else {
                tell_broken(rule, sink);
            }
        }
        true
    }
}

fn passing(path: &str, record: &FileRecord) -> Box<dyn Search> {
    let searches = searches(path);
    let rules = searches
        .iter()
        .map(|(rule, regex)| (*rule, regex.is_some()))
        .collect();
    let patterns = searches
        .into_iter()
        .filter_map(|(rule, regex)| Some((regex?, at_start(rule))));
    Box::new(Searching {
        rules,
        passing: scan::Passing::new(patterns, record.size, MOST_SEARCHED),
    })
}

#[cfg(test)]
mod tests;
