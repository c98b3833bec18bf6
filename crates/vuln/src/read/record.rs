//! What readers build advisories from.

use std::collections::BTreeMap;

use plimsoll_model::Severity;

use super::bounds;
use crate::{
    Scheme,
    advisory::{Advisory, Affected, End, Origin, Range, SeverityStatement, Source, State},
};

/// An advisory with an id and a feed and nothing else.
pub(crate) fn advisory(id: String, feed: &str) -> Advisory {
    Advisory {
        id,
        aliases: Vec::new(),
        about: Vec::new(),
        source: Source {
            feed: feed.to_owned(),
            ..Source::default()
        },
        summary: String::new(),
        details: String::new(),
        severities: Vec::new(),
        weaknesses: Vec::new(),
        references: Vec::new(),
        affected: Vec::new(),
        withdrawn: None,
    }
}

/// A package with the ranges that are affected; the state is theirs.
pub(crate) fn affected(
    origin: Origin,
    name: String,
    scheme: Scheme,
    ranges: Vec<Range>,
) -> Affected {
    Affected {
        origin,
        name,
        scheme,
        state: state(&ranges),
        ranges,
        versions: Vec::new(),
        module: String::new(),
        architectures: Vec::new(),
        fix_published: None,
        imports: Vec::new(),
        notes: BTreeMap::new(),
    }
}

/// A source package of a distribution's release.
pub(crate) fn source_package(id: &str, release: &str, stream: &str) -> Origin {
    Origin::Distribution {
        id: id.to_owned(),
        release: release.to_owned(),
        stream: stream.to_owned(),
        source: true,
    }
}

/// All versions before a fix.
pub(crate) fn before(fixed: String) -> Range {
    Range {
        introduced: None,
        end: Some(End::Fixed(fixed)),
    }
}

/// Whether the ranges name a fix.
pub(crate) fn state(ranges: &[Range]) -> State {
    let fixed = |range: &Range| matches!(range.end, Some(End::Fixed(_)));
    if ranges.iter().any(fixed) {
        State::Fixed
    } else {
        State::Affected
    }
}

/// The level that a source's word comes to.
pub(crate) fn level(word: &str) -> Option<Severity> {
    Some(match word {
        "critical" | "malicious" => Severity::Critical,
        "important" | "high" => Severity::High,
        "moderate" | "medium" => Severity::Medium,
        "low" => Severity::Low,
        "negligible" | "unimportant" | "none" | "info" | "informational" => Severity::Info,
        _ => return None,
    })
}

/// A severity in a source's own word.
pub(crate) fn severity_word(by: &str, word: &str) -> SeverityStatement {
    let word = bounds::prose(word, bounds::NOTE).to_lowercase();
    SeverityStatement {
        by: by.to_owned(),
        level: level(&word),
        word,
        vector: String::new(),
    }
}

/// A severity as a CVSS vector, with the word beside it where there is one.
pub(crate) fn severity_vector(by: &str, vector: &str, word: &str) -> SeverityStatement {
    SeverityStatement {
        vector: bounds::prose(vector, bounds::NOTE),
        ..severity_word(by, word)
    }
}

/// Adds an id that is not there yet.
pub(crate) fn add_id(ids: &mut Vec<String>, id: &str) {
    if let Ok(id) = bounds::word(id)
        && !ids.contains(&id)
    {
        ids.push(id);
    }
}

/// Adds a reference, up to as many as are kept.
pub(crate) fn add_reference(references: &mut Vec<String>, address: &str) {
    if references.len() < bounds::REFERENCES
        && let Ok(address) = bounds::word(address)
        && !references.contains(&address)
    {
        references.push(address);
    }
}

/// Adds a weakness, `CWE-79`; not what is none.
pub(crate) fn add_weakness(weaknesses: &mut Vec<String>, text: &str) {
    let number = text.trim().strip_prefix("CWE-").unwrap_or_default();
    if !number.is_empty()
        && number.len() < 8
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && weaknesses.len() < bounds::IDS
    {
        add_id(weaknesses, text);
    }
}

/// Whether it is written like a CVE's id: `CVE-2023-1234`.
pub(crate) fn is_cve(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && digits(year) && digits(number))
}
