//! Severity, one scale for every engine.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is when nothing is known of the asset it is on.
///
/// The order is the order of harm: `Info < Low < Medium < High < Critical`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; no harm by itself.
    Info,
    /// Hardening that limits harm after something else has gone wrong.
    Low,
    /// Weakens a boundary or hides a failure.
    Medium,
    /// Gives an attacker, or a mistake, real reach.
    High,
    /// Equals control of the node, the cluster or its secrets.
    Critical,
}

impl Severity {
    /// All severities, worst first.
    pub const WORST_FIRST: [Severity; 5] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ];

    /// The lower-case word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = ParseSeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::WORST_FIRST
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ParseSeverityError(text.to_owned()))
    }
}

/// The text is no severity.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no severity: write info, low, medium, high or critical, or a bound such as `>=high`"
)]
pub struct ParseSeverityError(String);

/// A bound on severity as written in goals: `high`, `>=high`, `=low`.
///
/// A bare word means *at least* that severity: nobody who writes
/// `severity: high` wants critical findings to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeverityBound {
    /// The severity named.
    pub severity: Severity,
    /// Whether only that severity counts.
    pub exactly: bool,
}

impl SeverityBound {
    /// Whether a finding of this severity is inside the bound.
    pub fn includes(self, severity: Severity) -> bool {
        if self.exactly {
            severity == self.severity
        } else {
            severity >= self.severity
        }
    }
}

impl fmt::Display for SeverityBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            if self.exactly { "=" } else { ">=" },
            self.severity
        )
    }
}

impl FromStr for SeverityBound {
    type Err = ParseSeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (word, exactly) = match text.strip_prefix(">=") {
            Some(rest) => (rest, false),
            None => match text.strip_prefix("==").or_else(|| text.strip_prefix('=')) {
                Some(rest) => (rest, true),
                None => (text, false),
            },
        };
        word.parse()
            .map(|severity| SeverityBound { severity, exactly })
            .map_err(|_| ParseSeverityError(text.to_owned()))
    }
}

impl TryFrom<String> for SeverityBound {
    type Error = ParseSeverityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SeverityBound> for String {
    fn from(bound: SeverityBound) -> String {
        bound.to_string()
    }
}

impl JsonSchema for SeverityBound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SeverityBound".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A severity, or a bound on it: `high` and `>=high` mean at least high, `=low` means exactly low.",
            "pattern": "^\\s*(>=|==?)?\\s*(info|low|medium|high|critical)\\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_read_as_people_write_them() {
        let check = |text: &str, expect: Option<(Severity, bool)>| {
            let got = text
                .parse::<SeverityBound>()
                .ok()
                .map(|b| (b.severity, b.exactly));
            assert_eq!(got, expect, "{text}");
        };
        check(">=high", Some((Severity::High, false)));
        check("high", Some((Severity::High, false)));
        check(" >= Critical ", Some((Severity::Critical, false)));
        check("=low", Some((Severity::Low, true)));
        check("<high", None);
        check("severe", None);
    }

    #[test]
    fn severity_orders_by_harm() {
        let mut sorted = Severity::WORST_FIRST;
        sorted.sort();
        sorted.reverse();
        assert_eq!(sorted, Severity::WORST_FIRST);
    }
}
