//! The vulnerabilities of an image's packages, as CycloneDX writes them.

use std::collections::BTreeMap;

use plimsoll_model::{
    Severity, StatedSeverity, Tristate, Vulnerability, VulnerabilityState, image::ImagePackage,
};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::write::{Property, ROOT};

/// Addresses written of one vulnerability.
const ADVISORIES: usize = 50;

/// A vulnerability with every package that has it in the same way.
#[derive(Serialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    what: What,
    affects: Vec<Affected>,
}

/// What is said of a vulnerability, whichever package has it.
#[derive(PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct What {
    id: String,
    source: Source,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ratings: Vec<Rating>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cwes: Vec<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    recommendation: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advisories: Vec<Advisory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<Analysis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(PartialEq, Serialize)]
struct Source {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(PartialEq, Serialize)]
struct Reference {
    id: String,
    source: Source,
}

#[derive(PartialEq, Serialize)]
struct Rating {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    vector: String,
}

#[derive(PartialEq, Serialize)]
struct Advisory {
    url: String,
}

#[derive(PartialEq, Serialize)]
struct Analysis {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response: Vec<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Affected {
    #[serde(rename = "ref")]
    what: String,
    versions: [Version; 1],
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Version {
    version: String,
    status: &'static str,
}

/// The vulnerabilities in order of their names, each with the refs of its
/// packages; those that say the same of several packages are one entry.
pub(super) fn entries<'a>(
    vulnerabilities: impl IntoIterator<Item = &'a Vulnerability>,
    packages: &[&ImagePackage],
    refs: &[String],
) -> Vec<Entry> {
    let mut by_purl: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for (package, bom_ref) in packages.iter().zip(refs) {
        by_purl.entry(&package.purl).or_default().push(bom_ref);
    }
    let made: FxHashMap<String, &str> = packages
        .iter()
        .zip(refs)
        .map(|(package, bom_ref)| (package.package.purl(), bom_ref.as_str()))
        .collect();
    let mut sorted: Vec<&Vulnerability> = vulnerabilities.into_iter().collect();
    sorted.sort_by(|a, b| {
        (&a.id, &a.package, &a.locations)
            .cmp(&(&b.id, &b.package, &b.locations))
            .then_with(|| a.listing_order(b))
    });
    let mut by_id: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    for v in sorted {
        let purl = v.package.purl.as_str();
        let refs = match (by_purl.get(purl), made.get(purl)) {
            (Some(refs), _) => refs.clone(),
            (None, Some(one)) => vec![*one],
            // Of a package that is not there any more.
            (None, None) => vec![ROOT],
        };
        let affects = refs.into_iter().map(|what| Affected {
            what: what.to_owned(),
            versions: [Version {
                version: v.package.version.clone(),
                status: match v.state {
                    VulnerabilityState::NotAffected => "unaffected",
                    VulnerabilityState::UnderInvestigation => "unknown",
                    _ => "affected",
                },
            }],
        });
        let what = what(v);
        let of_id = by_id.entry(&v.id).or_default();
        match of_id.iter_mut().find(|known| known.what == what) {
            Some(known) => known.affects.extend(affects),
            None => of_id.push(Entry {
                what,
                affects: affects.collect(),
            }),
        }
    }
    let mut entries: Vec<Entry> = by_id.into_values().flatten().collect();
    for entry in &mut entries {
        entry.affects.sort_unstable();
        entry.affects.dedup();
    }
    entries
}

fn what(v: &Vulnerability) -> What {
    let mut advisories: Vec<String> = v
        .references
        .iter()
        .filter(|at| address(at))
        .cloned()
        .collect();
    advisories.truncate(ADVISORIES);
    What {
        id: v.id.clone(),
        source: Source {
            name: v.source.feed.clone(),
            url: page(&v.id),
        },
        references: v
            .aliases
            .iter()
            .map(|alias| Reference {
                id: alias.clone(),
                source: Source {
                    name: names(alias),
                    url: page(alias),
                },
            })
            .collect(),
        ratings: v.severities.iter().map(rating).collect(),
        cwes: v.weaknesses.iter().filter_map(|cwe| number(cwe)).collect(),
        description: v.summary.clone(),
        recommendation: match &v.fixed {
            None => String::new(),
            Some(fixed) if v.fix_needs.is_empty() => format!("Upgrade to {fixed}"),
            Some(fixed) => format!("Upgrade to {fixed}, which takes {}", v.fix_needs),
        },
        advisories: advisories.into_iter().map(|url| Advisory { url }).collect(),
        updated: v
            .source
            .date
            .map(|date| date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        analysis: analysis(v),
        properties: properties(v),
    }
}

/// Whether it is an address as the form wants it.
fn address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |b: u8| b.is_ascii_graphic() && !b"<>\"{}|\\^`[]".contains(&b);
    let escaped = text.split('%').skip(1).all(|rest| {
        let two = rest.as_bytes().get(..2);
        two.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    let colon = |rest: &str| {
        rest.split(['/', '?', '#'])
            .next()
            .unwrap_or_default()
            .contains(['@', ':'])
    };
    rest.is_some_and(|rest| !rest.is_empty() && !colon(rest) && rest.matches('#').count() < 2)
        && text.bytes().all(plain)
        && escaped
}

fn number(cwe: &str) -> Option<u32> {
    let digits = cwe.strip_prefix("CWE-")?;
    digits.parse().ok().filter(|n| *n > 0)
}

/// Who gives names like this one.
fn names(id: &str) -> String {
    let prefix = id.split(['-', ':']).next().unwrap_or_default();
    let known = match prefix {
        "CVE" => "CVE",
        "GHSA" => "GitHub",
        "DSA" | "DLA" => "Debian",
        "USN" => "Ubuntu",
        "RHSA" | "RHBA" | "RHEA" => "Red Hat",
        "ALSA" => "AlmaLinux",
        "RLSA" | "RXSA" => "Rocky Linux",
        "ELSA" => "Oracle Linux",
        "SUSE" | "openSUSE" => "SUSE",
        "ALAS" | "ALAS2" | "ALAS2023" => "Amazon Linux",
        "GO" => "Go",
        "PYSEC" => "PyPA",
        "RUSTSEC" => "RustSec",
        "MAL" => "OpenSSF",
        "" => "unknown",
        other => other,
    };
    known.to_owned()
}

/// Where a name has a page of its own.
fn page(id: &str) -> Option<String> {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let base = match id.split('-').next()? {
        "CVE" => "https://nvd.nist.gov/vuln/detail/",
        "GHSA" => "https://github.com/advisories/",
        "GO" => "https://pkg.go.dev/vuln/",
        "RUSTSEC" | "PYSEC" | "MAL" => "https://osv.dev/vulnerability/",
        _ => return None,
    };
    plain.then(|| format!("{base}{id}"))
}

fn rating(said: &StatedSeverity) -> Rating {
    let method = match said.vector.as_str() {
        "" => None,
        vector if vector.starts_with("CVSS:4.") => Some("CVSSv4"),
        vector if vector.starts_with("CVSS:3.1/") => Some("CVSSv31"),
        vector if vector.starts_with("CVSS:3.0/") => Some("CVSSv3"),
        vector if vector.starts_with("AV:") => Some("CVSSv2"),
        _ => Some("other"),
    };
    Rating {
        source: Source {
            name: said.by.clone(),
            url: None,
        },
        score: said.score.filter(|score| score.is_finite()),
        severity: said.level.map_or("unknown", Severity::as_str),
        method,
        vector: said.vector.clone(),
    }
}

/// What was decided about it: by whoever suppresses it, else by the source.
fn analysis(v: &Vulnerability) -> Option<Analysis> {
    let response = match v.state {
        _ if v.fixed.is_some() => vec!["update"],
        VulnerabilityState::WillNotFix | VulnerabilityState::EndOfLife => vec!["will_not_fix"],
        _ => Vec::new(),
    };
    let Some(by) = v.suppressed.first() else {
        let state = match v.state {
            VulnerabilityState::NotAffected => Some("not_affected"),
            VulnerabilityState::UnderInvestigation => Some("in_triage"),
            _ => None,
        };
        let said = state.is_some() || !response.is_empty();
        return said.then(|| Analysis {
            state,
            response,
            detail: String::new(),
        });
    };
    let (state, response) = match by.status.as_str() {
        "not_affected" | "known_not_affected" => (Some("not_affected"), Vec::new()),
        "false_positive" => (Some("false_positive"), Vec::new()),
        "fixed" | "resolved" => (Some("resolved"), Vec::new()),
        "under_investigation" | "in_triage" => (Some("in_triage"), response),
        // Accepted: it stays as it is.
        _ => (None, vec!["will_not_fix"]),
    };
    let details = v.suppressed.iter().map(|by| {
        let mut text = format!("{} by {}", by.status, by.by);
        if !by.reason.is_empty() {
            text.push_str(&format!(": {}", by.reason));
        }
        if let Some(until) = by.until {
            text.push_str(&format!(" (until {until})"));
        }
        text
    });
    Some(Analysis {
        state,
        response,
        detail: details.collect::<Vec<_>>().join("; "),
    })
}

fn properties(v: &Vulnerability) -> Vec<Property> {
    let mut list = Vec::new();
    let mut add = |name: &'static str, value: String| list.push(Property { name, value });
    add("plimsoll:state", v.state.to_string());
    if let Some(severity) = v.severity {
        add("plimsoll:severity", severity.to_string());
    }
    if let Some(fixed) = &v.fixed {
        add("plimsoll:fixed", fixed.clone());
    }
    if let Some(date) = v.fix_published {
        add("plimsoll:fix-published", date.to_string());
    }
    if let Some(kev) = &v.kev {
        add("plimsoll:kev:added", kev.added.to_string());
        if let Some(due) = kev.due {
            add("plimsoll:kev:due", due.to_string());
        }
        add("plimsoll:kev:ransomware", kev.ransomware.to_string());
    }
    if let Some(epss) = &v.epss {
        add("plimsoll:epss:score", epss.score.to_string());
        add("plimsoll:epss:percentile", epss.percentile.to_string());
        if let Some(day) = epss.day {
            add("plimsoll:epss:day", day.to_string());
        }
    }
    for exploit in &v.exploits {
        add("plimsoll:exploit", exploit.clone());
    }
    if let Some(priority) = &v.priority {
        add("plimsoll:priority", priority.level.to_string());
        add("plimsoll:priority:why", priority.why.clone());
    }
    match v.reachable.answer {
        Tristate::Unknown => {}
        Tristate::Yes => add(
            "plimsoll:reachable",
            format!("yes: {}", v.reachable.evidence),
        ),
        Tristate::No => add(
            "plimsoll:reachable",
            format!("no: {}", v.reachable.evidence),
        ),
    }
    for source in std::iter::once(&v.source).chain(&v.also) {
        add(
            "plimsoll:source",
            format!("{} {}", source.feed, source.record),
        );
    }
    for note in &v.notes {
        add("plimsoll:note", note.clone());
    }
    list
}
