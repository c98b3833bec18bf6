//! RustSec's advisories: TOML in a fence at the top of Markdown.
//!
//! <https://github.com/RustSec/advisory-db>. It names the versions that are
//! patched and those that never were affected, as Cargo's requirements; all
//! others are affected.

use plimsoll_model::PackageType;
use toml::{Table, Value};

use super::{
    bounds,
    interval::{Interval, outside, split},
    record, tree,
};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Origin, Read},
};

/// Reads an advisory. `file` tells crates (`crates/NAME/...`) from parts of
/// Rust itself (`rust/std/...`).
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    match advisory(file, bytes) {
        Ok(advisory) => Read {
            records: vec![advisory],
            skipped: Vec::new(),
        },
        Err(why) => tree::unreadable(file, why),
    }
}

/// Bytes of one advisory.
const BYTES: usize = 4 << 20;

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    let items = table.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

fn advisory(file: &str, bytes: &[u8]) -> Result<Advisory, String> {
    bounds::at_most(bytes.len(), BYTES, "bytes")?;
    let source = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8")?;
    let rest = source
        .trim_start_matches('\u{feff}')
        .trim_start()
        .strip_prefix("```toml")
        .ok_or("it does not begin with TOML in a fence")?;
    let (head, prose) = rest.split_once("\n```").ok_or("the fence does not end")?;
    let whole: Table = head
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let table = |key: &str| whole.get(key).and_then(Value::as_table);
    let own = table("advisory").ok_or("it has no table `advisory`")?;
    let id = bounds::word(text(own, "id")).map_err(|why| format!("its id {why}"))?;
    if id == "RUSTSEC-0000-0000" {
        return Err("it is the example".to_owned());
    }
    let package = bounds::word(text(own, "package"))
        .map_err(|why| format!("the name of the package {why}"))?;
    let mut advisory = record::advisory(id, "rustsec");
    advisory.source.record = bounds::prose(file, bounds::NAME);
    let date = match own.get("date") {
        Some(Value::Datetime(date)) => date.to_string(),
        _ => text(own, "date").to_owned(),
    };
    advisory.source.published = tree::time(&date);
    let withdrawn = match own.get("withdrawn") {
        Some(Value::Datetime(date)) => date.to_string(),
        _ => text(own, "withdrawn").to_owned(),
    };
    advisory.withdrawn = tree::time(&withdrawn);
    for alias in texts(own, "aliases").take(bounds::IDS) {
        record::add_id(&mut advisory.aliases, alias);
    }
    record::add_reference(&mut advisory.references, text(own, "url"));
    for address in texts(own, "references") {
        record::add_reference(&mut advisory.references, address);
    }
    let prose = prose.trim();
    advisory.summary = bounds::first_line(prose).trim().to_owned();
    let details = prose.split_once('\n').map_or("", |(_, rest)| rest);
    advisory.details = bounds::prose(details, bounds::DETAILS);
    let informational = text(own, "informational");
    if !text(own, "cvss").is_empty() {
        let vector = record::severity_vector("rustsec", text(own, "cvss"), "");
        advisory.severities.push(vector);
    } else if !informational.is_empty() {
        let word = record::severity_word("rustsec", "informational");
        advisory.severities.push(word);
    }
    let versions = table("versions").ok_or("it has no table `versions`")?;
    let mut intervals = Vec::new();
    for requirement in texts(versions, "patched").chain(texts(versions, "unaffected")) {
        bounds::at_most(intervals.len(), bounds::RANGES, "requirements")?;
        intervals.push(requirement_of(requirement)?);
    }
    let ranges = outside(Scheme::Semver, intervals);
    if ranges.is_empty() {
        return Err("no version is affected".to_owned());
    }
    let parts: Vec<&str> = file.rsplit(['/', '\\']).collect();
    let (origin, name) = if parts.get(2) == Some(&"rust") {
        (Origin::Program, "rust-lang:rust".to_owned())
    } else {
        (Origin::Registry(PackageType::Cargo), package)
    };
    let mut found = record::affected(origin, name, Scheme::Semver, ranges);
    notes(informational, table("affected"), &mut found);
    advisory.affected.push(found);
    Ok(advisory)
}

fn notes(informational: &str, affected: Option<&Table>, found: &mut Affected) {
    let mut note = |key: &str, text: &str| {
        if !text.is_empty() {
            let text = bounds::prose(text, bounds::NOTE);
            found.notes.insert(key.to_owned(), text);
        }
    };
    note("informational", informational);
    let Some(affected) = affected else { return };
    for key in ["arch", "os"] {
        note(key, &texts(affected, key).collect::<Vec<_>>().join(" "));
    }
    if let Some(functions) = affected.get("functions").and_then(Value::as_table) {
        let names: Vec<&str> = functions.keys().map(String::as_str).collect();
        note("functions", &names.join(" "));
    }
}

/// `>= 1.2, < 2`, `^0.8.3`, `1.2`: all that one requirement of Cargo allows.
fn requirement_of(text: &str) -> Result<Interval, String> {
    let mut interval = Interval::default();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (op, version) = split(part);
        if version == "*" {
            continue;
        }
        comparison(&mut interval, op, version)?;
    }
    Ok(interval)
}

/// A comparison with a version that may lack its last numbers: `> 1.2` is above all of 1.2.
fn comparison(interval: &mut Interval, op: &str, version: &str) -> Result<(), String> {
    let version = version.trim_end_matches(".*");
    let (core, rest) = match version.find(['-', '+']) {
        Some(at) => version.split_at(at),
        None => (version, ""),
    };
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers
        .filter(|numbers| numbers.len() <= 3)
        .ok_or_else(|| format!("`{}` is no version of Cargo", bounds::prose(version, 40)))?;
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    let full = format!("{}.{}.{}{rest}", number(0), number(1), number(2));
    // The first version above all that begin with so many of the numbers; what
    // leads up to it is above them too.
    let above = |kept: usize| match kept {
        1 => format!("{}.0.0-0", number(0).saturating_add(1)),
        2 => format!("{}.{}.0-0", number(0), number(1).saturating_add(1)),
        _ => format!(
            "{}.{}.{}-0",
            number(0),
            number(1),
            number(2).saturating_add(1)
        ),
    };
    let narrow = |interval: &mut Interval, op: &str, version: &str| {
        interval.narrow(Scheme::Semver, op, version)
    };
    let partial = numbers.len() < 3;
    match op {
        ">" if partial => narrow(interval, ">=", &above(numbers.len())),
        "<=" if partial => narrow(interval, "<", &above(numbers.len())),
        "=" if partial => {
            narrow(interval, ">=", &full)?;
            narrow(interval, "<", &above(numbers.len()))
        }
        "~" => {
            narrow(interval, ">=", &full)?;
            narrow(interval, "<", &above(numbers.len().min(2)))
        }
        "^" | "" => {
            let kept = match (number(0), number(1)) {
                (0, 0) if numbers.len() == 3 => 3,
                (0, _) if numbers.len() > 1 => 2,
                _ => 1,
            };
            narrow(interval, ">=", &full)?;
            narrow(interval, "<", &above(kept))
        }
        op => narrow(interval, op, &full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::{End, Range};

    fn record(versions: &str) -> String {
        format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2020-0105\"\npackage = \"abi_stable\"\n\
            aliases = [\"CVE-2020-36212\"]\ncvss = \"CVSS:3.1/AV:N\"\ndate = \"2020-12-21\"\n\
            [affected]\narch = [\"x86\"]\nfunctions = {{\"abi_stable::drain\" = [\"< 1\"]}}\n\
            [versions]\n{versions}\n```\n\n# Update unsound DrainFilter\n\nWords.\n"
        )
    }

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
    fn requirements_of_cargo_leave_ranges() {
        let check = |versions: &str, expect: &str| {
            let read = read("crates/a/R.md", record(versions).as_bytes());
            assert_eq!(read.skipped, [], "{versions}");
            assert_eq!(
                shown(&read.records[0].affected[0].ranges),
                expect,
                "{versions}"
            );
        };
        check("patched = [\">= 0.9.1\"]", "[,0.9.1)");
        check("patched = []", "[,");
        check(
            "patched = [\"^0.8.3\", \">= 1.2\"]",
            "[,0.8.3) [0.9.0-0,1.2.0)",
        );
        check(
            "patched = [\">= 1.2.3, < 1.3\"]\nunaffected = [\"< 1\"]",
            "[1.0.0,1.2.3) [1.3.0,",
        );
        check("patched = [\"> 1.2\"]", "[,1.3.0-0)");
        check("patched = []\nunaffected = [\"<= 1.2.3\"]", "[1.2.4-0,");
        check("patched = [\"= 1.2.3\"]", "[,1.2.3) [1.2.4-0,");
        check("patched = [\"~1.2\"]", "[,1.2.0) [1.3.0-0,");
    }

    #[test]
    fn the_rest_of_an_advisory_is_read() {
        let text = record("patched = [\">= 0.9.1\"]");
        let advisory = &read("crates/abi_stable/R.md", text.as_bytes()).records[0];
        assert_eq!(advisory.aliases, ["CVE-2020-36212"]);
        assert_eq!(advisory.summary, "Update unsound DrainFilter");
        assert_eq!(advisory.details, "Words.");
        assert_eq!(advisory.severities[0].vector, "CVSS:3.1/AV:N");
        let notes = &advisory.affected[0].notes;
        assert_eq!(
            notes.get("functions").map(String::as_str),
            Some("abi_stable::drain")
        );
        let advisory = &read("rust/std/R.md", text.as_bytes()).records[0];
        assert_eq!(advisory.affected[0].name, "rust-lang:rust");
        for text in [
            "",
            "```toml\n",
            "```toml\na=\n```",
            "```toml\n[advisory]\n```",
        ] {
            assert_eq!(read("x.md", text.as_bytes()).skipped.len(), 1, "{text}");
        }
        let text = record("patched = [\"1.2.3.4\"]");
        assert_eq!(read("x.md", text.as_bytes()).skipped.len(), 1);
    }
}
