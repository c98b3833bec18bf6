//! rubysec's advisories, YAML: gems, and Ruby itself (`engine`).
//!
//! <https://github.com/rubysec/ruby-advisory-db>. It names the versions that
//! are patched and those that never were affected; all others are.

use plimsoll_model::{PackageType, Severity};
use serde_json::Value;

use super::{
    bounds,
    interval::{Interval, outside, split},
    record, tree,
};
use crate::{
    Scheme,
    advisory::{Advisory, Origin, Read, SeverityStatement},
};

/// Reads an advisory.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    match tree::yaml(file, bytes).and_then(|value| advisory(file, &value)) {
        Ok(advisory) => Read {
            records: vec![advisory],
            skipped: Vec::new(),
        },
        Err(why) => tree::unreadable(file, why),
    }
}

fn advisory(file: &str, value: &Value) -> Result<Advisory, String> {
    let (gem, engine) = (tree::text(value, "gem"), tree::text(value, "engine"));
    let (origin, name) = match (gem, engine) {
        ("", "") => return Err("it names neither a gem nor an engine".to_owned()),
        ("", engine) => (Origin::Program, program(engine)),
        (gem, _) => (Origin::Registry(PackageType::Gem), gem.to_owned()),
    };
    let name = bounds::word(&name).map_err(|why| format!("the name of the gem {why}"))?;
    let mut names = Vec::new();
    for (key, prefix) in [("cve", "CVE-"), ("ghsa", "GHSA-"), ("osvdb", "OSVDB-")] {
        let id = tree::text(value, key).trim();
        if !id.is_empty() {
            record::add_id(
                &mut names,
                &format!("{prefix}{}", id.trim_start_matches(prefix)),
            );
        }
    }
    let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.rsplit_once('.').map_or(base, |(base, _)| base);
    if names.is_empty() {
        names.push(bounds::word(base).map_err(|why| format!("its id {why}"))?);
    }
    let mut advisory = record::advisory(names.remove(0), "rubysec");
    advisory.aliases = names;
    advisory.source.record = bounds::prose(file, bounds::NAME);
    advisory.source.published = tree::time(tree::text(value, "date"));
    advisory.summary = bounds::prose(tree::text(value, "title"), bounds::SUMMARY);
    advisory.details = bounds::prose(tree::text(value, "description"), bounds::DETAILS);
    record::add_reference(&mut advisory.references, tree::text(value, "url"));
    let related = value.get("related").unwrap_or(&Value::Null);
    for address in tree::texts(related, "url") {
        record::add_reference(&mut advisory.references, address);
    }
    let scores = ["cvss_v4", "cvss_v3", "cvss_v2"];
    let scores = scores
        .iter()
        .filter_map(|key| score(tree::text(value, key)));
    advisory.severities.extend(scores);
    let mut intervals = Vec::new();
    for key in ["patched_versions", "unaffected_versions"] {
        let stated = tree::items(value, key);
        bounds::at_most(stated.len(), bounds::RANGES, key)?;
        for requirement in stated.iter().filter_map(Value::as_str) {
            intervals.push(requirement_of(requirement)?);
        }
    }
    let ranges = outside(Scheme::Gem, intervals);
    if ranges.is_empty() {
        return Err("no version is affected".to_owned());
    }
    let found = record::affected(origin, name, Scheme::Gem, ranges);
    advisory.affected.push(found);
    Ok(advisory)
}

/// Ruby itself is a program that no gem is.
fn program(engine: &str) -> String {
    match engine {
        "ruby" => "ruby-lang:ruby".to_owned(),
        "rbx" => "rubinius:rubinius".to_owned(),
        other => format!("{other}:{other}").to_lowercase(),
    }
}

/// `>= 1.2, < 2`, `~> 1.2.3`, `1.2`: all that one requirement of RubyGems allows.
fn requirement_of(text: &str) -> Result<Interval, String> {
    let mut interval = Interval::default();
    for part in text.split(',') {
        let (op, version) = split(part);
        match op {
            "~>" => {
                interval.narrow(Scheme::Gem, ">=", version)?;
                interval.narrow(Scheme::Gem, "<", &next(version)?)?;
            }
            "" => interval.narrow(Scheme::Gem, "=", version)?,
            op => interval.narrow(Scheme::Gem, op, version)?,
        }
    }
    Ok(interval)
}

/// Where `~>` ends: `1.2.3` and `1.2` end before 1.3 and 2, and before what leads up to them.
fn next(version: &str) -> Result<String, String> {
    let mut numbers: Vec<u64> = version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect();
    if numbers.len() > 1 {
        numbers.pop();
    }
    let last = numbers
        .last_mut()
        .ok_or_else(|| format!("`~> {}` names no version", bounds::prose(version, 40)))?;
    *last = last.saturating_add(1);
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Ok(format!("{}.a", numbers.join(".")))
}

/// A CVSS score without its vector, with the level that the standard gives it.
fn score(text: &str) -> Option<SeverityStatement> {
    let score: f32 = text.trim().parse().ok()?;
    let level = match score {
        score if !(0.0..=10.0).contains(&score) => return None,
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Info,
    };
    Some(SeverityStatement {
        by: "rubysec".to_owned(),
        word: text.trim().to_owned(),
        level: Some(level),
        vector: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::{End, Range};

    fn shown(ranges: &[Range]) -> String {
        let one = |range: &Range| {
            let from = range.introduced.as_deref().unwrap_or_default();
            match &range.end {
                None => format!("[{from},"),
                Some(End::Fixed(end)) => format!("[{from},{end})"),
                Some(End::LastAffected(end)) => format!("[{from},{end}]"),
            }
        };
        ranges.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_neither_patched_nor_unaffected_is_affected() {
        let check = |lists: &str, expect: &str| {
            let text = format!("---\ngem: thing\ncve: 2024-1\ndate: 2024-01-02\n{lists}");
            let read = read("gems/thing/CVE-2024-1.yml", text.as_bytes());
            assert_eq!(read.skipped, [], "{lists}");
            assert_eq!(
                shown(&read.records[0].affected[0].ranges),
                expect,
                "{lists}"
            );
        };
        check("patched_versions: [\">= 1.2.3\"]", "[,1.2.3)");
        check(
            "unaffected_versions: [\"< 1.0\"]\npatched_versions: [\"~> 1.2.3\", \">= 2.0.1\"]",
            "[1.0,1.2.3) [1.3.a,2.0.1)",
        );
        check(
            "patched_versions: [\"~> 1.2.3, >= 1.2.3.4\"]",
            "[,1.2.3.4) [1.3.a,",
        );
        check("title: x", "[,");
        check(
            "unaffected_versions: [\"> 2.0\"]\npatched_versions: [\"= 1.5\"]",
            "[,1.5) [1.5.0.0.0.1.a,2.0]",
        );
    }

    #[test]
    fn ids_scores_and_engines_are_read() {
        let text = "---\nengine: ruby\ncve: 2011-4838\nosvdb: 78116\nghsa: cgqc-fqxr-q6r6\n\
            url: https://example.org/a\ntitle: \"T\"\ncvss_v2: 5.0\npatched_versions:\n- \">= 1.6\"\n";
        let got = read("rubies/ruby/CVE-2011-4838.yml", text.as_bytes());
        let advisory = &got.records[0];
        assert_eq!(advisory.id, "CVE-2011-4838");
        assert_eq!(advisory.aliases, ["GHSA-cgqc-fqxr-q6r6", "OSVDB-78116"]);
        assert_eq!(advisory.affected[0].name, "ruby-lang:ruby");
        assert_eq!(advisory.affected[0].origin, Origin::Program);
        assert_eq!(advisory.severities[0].level, Some(Severity::Medium));
        for text in ["", "gem: x\npatched_versions: [\"!= 1\"]", "a: b"] {
            assert_eq!(read("x.yml", text.as_bytes()).skipped.len(), 1, "{text}");
        }
    }
}
