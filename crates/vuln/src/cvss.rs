//! CVSS: a vector to its score and level, computed and never taken on trust.
//!
//! Versions 2.0, 3.0, 3.1 and 4.0, with the metrics beyond the base ones where a vector has them
//! (<https://www.first.org/cvss/>). A vector is taken apart here first; only one that is whole is
//! scored.

use std::{fmt, str::FromStr};

use plimsoll_model::Severity;

/// Bytes of a vector: all metrics of version 4.0 are less than half of it.
const MOST_BYTES: usize = 512;

/// A version of CVSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2.0, whose vectors name no version.
    V2,
    /// 3.0.
    V30,
    /// 3.1.
    V31,
    /// 4.0.
    V4,
}

impl Version {
    /// As the standard writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V2 => "2.0",
            Version::V30 => "3.0",
            Version::V31 => "3.1",
            Version::V4 => "4.0",
        }
    }

    fn mandatory(self) -> &'static [&'static str] {
        match self {
            Version::V2 => &["AV", "AC", "AU", "C", "I", "A"],
            Version::V30 | Version::V31 => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
            Version::V4 => &[
                "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
            ],
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// From where the vulnerability can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// With the hardware in hand.
    Physical,
    /// By somebody who is on the machine.
    Local,
    /// From the same network segment.
    Adjacent,
    /// From anywhere.
    Network,
}

/// What a vector comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cvss {
    /// Its version.
    pub version: Version,
    /// The score of the base metrics alone, 0 to 10.
    pub base: f64,
    /// The score with everything the vector has: temporal or threat and
    /// environmental metrics; the base score when it has none.
    pub score: f64,
    /// The level [`Cvss::score`] stands for; a score of 0 is `info`.
    pub level: Severity,
    /// From where it can be used.
    pub reach: Reach,
}

/// The text is no vector that can be scored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CvssError {
    /// It is longer than any vector.
    #[error("a CVSS vector of {0} bytes; none has more than {MOST_BYTES}")]
    TooLong(usize),
    /// The version is none that is known.
    #[error("CVSS version `{0}` is not known: 2.0, 3.0, 3.1 and 4.0 are")]
    Version(String),
    /// A part is not `metric:value`.
    #[error("`{0}` in a CVSS vector is not `metric:value`")]
    Part(String),
    /// A metric or its value is not known in this version.
    #[error("CVSS {version}: {problem}")]
    Metric {
        /// The version.
        version: Version,
        /// What is wrong.
        problem: String,
    },
    /// A metric is there twice.
    #[error("CVSS {version} vector has `{metric}` twice")]
    Twice {
        /// The version.
        version: Version,
        /// The metric.
        metric: String,
    },
    /// A mandatory metric is missing.
    #[error("CVSS {version} vector has no `{metric}`, which is mandatory")]
    Missing {
        /// The version.
        version: Version,
        /// The metric.
        metric: &'static str,
    },
}

/// Scores a vector.
///
/// Of version 2.0 it may stand in parentheses, and have `CVSS2#` or `CVSS:2.0/` before it.
///
/// # Errors
/// It is malformed, or of a version that is not known.
pub fn score(vector: &str) -> Result<Cvss, CvssError> {
    let text = vector.trim().trim_end_matches('/');
    if text.len() > MOST_BYTES {
        return Err(CvssError::TooLong(text.len()));
    }
    let (version, metrics) = split_version(text)?;
    let metrics = take_apart(version, metrics)?;
    let reach = reach(version, &metrics)?;
    let (base, score) = compute(version, &metrics)?;
    let whole = |score: f64| {
        let known = score.is_finite() && (0.0..=10.0).contains(&score);
        known.then_some(score).ok_or(CvssError::Metric {
            version,
            problem: "its metrics come to no score".to_owned(),
        })
    };
    let (base, score) = (whole(base)?, whole(score)?);
    Ok(Cvss {
        version,
        base,
        score,
        level: level(version, score),
        reach,
    })
}

/// The level of a score: the qualitative scale of versions 3 and 4, and NVD's for version 2.
#[must_use]
pub fn level(version: Version, score: f64) -> Severity {
    if score <= 0.0 {
        Severity::Info
    } else if score < 4.0 {
        Severity::Low
    } else if score < 7.0 {
        Severity::Medium
    } else if score < 9.0 || version == Version::V2 {
        Severity::High
    } else {
        Severity::Critical
    }
}

fn split_version(text: &str) -> Result<(Version, &str), CvssError> {
    let prefixed = text
        .get(..5)
        .filter(|start| start.eq_ignore_ascii_case("CVSS:"))
        .and_then(|_| text.get(5..));
    if let Some(rest) = prefixed {
        let (version, metrics) = rest.split_once('/').unwrap_or((rest, ""));
        let version = match version {
            "2.0" => Version::V2,
            "3.0" => Version::V30,
            "3.1" => Version::V31,
            "4.0" => Version::V4,
            other => return Err(CvssError::Version(other.chars().take(20).collect())),
        };
        return Ok((version, metrics));
    }
    let bare = text.strip_prefix("CVSS2#").unwrap_or(text);
    let inner = bare
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    Ok((Version::V2, inner.unwrap_or(bare)))
}

/// Metrics and values, upper case, in the order given.
fn take_apart(version: Version, text: &str) -> Result<Vec<(String, String)>, CvssError> {
    let mut metrics: Vec<(String, String)> = Vec::new();
    for part in text.split('/') {
        let (metric, value) = part
            .split_once(':')
            .filter(|(metric, value)| !metric.is_empty() && !value.is_empty())
            .ok_or_else(|| CvssError::Part(part.chars().take(40).collect()))?;
        let metric = metric.to_ascii_uppercase();
        if metrics.iter().any(|(before, _)| *before == metric) {
            return Err(CvssError::Twice { version, metric });
        }
        metrics.push((metric, value.to_ascii_uppercase()));
    }
    for &metric in version.mandatory() {
        if !metrics.iter().any(|(name, _)| name == metric) {
            return Err(CvssError::Missing { version, metric });
        }
    }
    Ok(metrics)
}

fn reach(version: Version, metrics: &[(String, String)]) -> Result<Reach, CvssError> {
    let value = |metric: &str| {
        metrics
            .iter()
            .find(|(name, _)| name == metric)
            .map(|(_, value)| value.as_str())
    };
    // What the environment changes counts for the environment.
    let vector = match value("MAV") {
        Some("X") | None => value("AV"),
        modified => modified,
    };
    match vector {
        Some("N") => Ok(Reach::Network),
        Some("A") => Ok(Reach::Adjacent),
        Some("L") => Ok(Reach::Local),
        Some("P") if version != Version::V2 => Ok(Reach::Physical),
        other => Err(CvssError::Metric {
            version,
            problem: format!(
                "`{}` is no attack vector",
                other
                    .unwrap_or_default()
                    .chars()
                    .take(20)
                    .collect::<String>()
            ),
        }),
    }
}

/// The base score, and the score with everything.
fn compute(version: Version, metrics: &[(String, String)]) -> Result<(f64, f64), CvssError> {
    match version {
        Version::V2 => {
            let vector: cvss::v2::Vector = parse(version, "", metrics)?;
            let environmental = has(metrics, &["CDP", "TD", "CR", "IR", "AR"]);
            let score = if environmental {
                vector.environmental_score()
            } else {
                vector.temporal_score()
            };
            Ok((vector.score().value(), score.value()))
        }
        Version::V30 | Version::V31 => {
            let prefix = format!("CVSS:{version}/");
            let vector: cvss::v3::Vector = parse(version, &prefix, metrics)?;
            // With neither temporal nor environmental metrics this is the base score, except
            // that the environmental equation of 3.1 differs for a changed scope.
            let beyond = metrics.len() > version.mandatory().len();
            let environmental = has(
                metrics,
                &[
                    "CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA",
                ],
            );
            let score = if environmental {
                vector.environmental_score()
            } else if beyond {
                vector.temporal_score()
            } else {
                vector.base_score()
            };
            Ok((vector.base_score().value(), score.value()))
        }
        Version::V4 => {
            let vector: cvss::v4::Vector = parse(version, "CVSS:4.0/", metrics)?;
            let mandatory = version.mandatory();
            let base: Vec<_> = metrics
                .iter()
                .filter(|(name, _)| mandatory.contains(&name.as_str()))
                .cloned()
                .collect();
            let base: cvss::v4::Vector = parse(version, "CVSS:4.0/", &base)?;
            Ok((base.score().value(), vector.score().value()))
        }
    }
}

/// Whether one of these metrics is there and says something.
fn has(metrics: &[(String, String)], names: &[&str]) -> bool {
    metrics
        .iter()
        .any(|(name, value)| names.contains(&name.as_str()) && value != "X" && value != "ND")
}

fn parse<T>(version: Version, prefix: &str, metrics: &[(String, String)]) -> Result<T, CvssError>
where
    T: FromStr<Err = cvss::Error>,
{
    let parts: Vec<String> = metrics
        .iter()
        .map(|(metric, value)| match (version, metric.as_str()) {
            (Version::V2, "AU") => format!("Au:{value}"),
            _ => format!("{metric}:{value}"),
        })
        .collect();
    format!("{prefix}{}", parts.join("/"))
        .parse()
        .map_err(|error: cvss::Error| CvssError::Metric {
            version,
            problem: error.to_string().chars().take(120).collect(),
        })
}

#[cfg(test)]
mod tests;
