//! The one record that all engines emit.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Asset, Digest, FieldRef, Fix, Location, Rule, Severity, Vulnerability};

/// The identity of a finding: a hash of the asset's lineage, the rule's id and
/// the subject. It carries no line, index, version or time, so that a finding
/// survives edits, rebuilds and new tags, and an exception on it with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId([u8; 16]);

impl FindingId {
    /// The id of what `rule` found at `subject` of the asset of this lineage.
    pub fn new(lineage: &str, rule: &str, subject: &Subject) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [
            lineage,
            rule,
            subject.container.as_deref().unwrap_or_default(),
            &subject.field,
        ] {
            // A length before each part: no two lists of parts hash alike.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        FindingId(id)
    }

    /// The first twelve hexadecimal digits: enough for a person to name it.
    pub fn short(self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One write in place of sixteen: every finding of a report prints it.
        let mut digits = [0_u8; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            for (digit, value) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if value < 10 {
                    b'0' + value
                } else {
                    b'a' - 10 + value
                };
            }
        }
        f.pad(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no finding id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no finding id: it has 32 hexadecimal digits")]
pub struct ParseFindingIdError(String);

impl FromStr for FindingId {
    type Err = ParseFindingIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseFindingIdError(text.to_owned());
        if text.len() != 32 || !text.is_ascii() {
            return Err(error());
        }
        let mut id = [0; 16];
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| error())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| error())?;
        }
        Ok(FindingId(id))
    }
}

impl Serialize for FindingId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FindingId {
    fn schema_name() -> Cow<'static, str> {
        "FindingId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The identity of a finding, stable over edits, rebuilds and new tags.",
            "pattern": "^[0-9a-f]{32}$"
        })
    }
}

/// The kind of a finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A control is violated.
    Misconfiguration,
    /// A secret lies where others can read it.
    Secret,
    /// A package has a known vulnerability.
    Vulnerability,
    /// A package was published to do harm.
    Malware,
    /// Nobody observes what should be observed.
    CoverageGap,
}

/// What in the asset a finding is about, in names and never in indexes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The container it is about, if it is about one.
    pub container: Option<Arc<str>>,
    /// The field or named thing: `securityContext.privileged`,
    /// `volume docker-sock`, `rule secrets`.
    pub field: Cow<'static, str>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(container) => write!(f, "container {container}: {}", self.field),
            None => f.write_str(&self.field),
        }
    }
}

/// What a person can check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// A field of an object in a file, or the place where it is missing.
    Manifest {
        /// The place of the field; of the nearest parent that is there when
        /// the field itself is missing.
        location: Location,
        /// The field's path in its object.
        path: FieldRef,
        /// What stands there, when it is short and no secret.
        observed: Option<Box<str>>,
    },
    /// A file of an image, or a field of its configuration.
    Image {
        /// The image and, for a file, its path in it: `web.tar!/app/.env`.
        /// Line and column are 0 where there is none.
        location: Location,
        /// The file's path in the image, without a leading slash; for the
        /// configuration the field's (`config.User`).
        path: FieldRef,
        /// The layer that brought the file.
        layer: Option<Digest>,
        /// What stands there, when it is short; secrets are masked.
        observed: Option<Box<str>>,
    },
    /// What was last heard from a source of observations.
    Heard {
        /// The source: `kubernetes-watch/apps/Deployment`. Line and column are
        /// 0: a source has none.
        location: Location,
        /// What of it: `last heard`, or a field of what it said.
        path: FieldRef,
        /// When, or what it said.
        observed: Option<Box<str>>,
    },
}

impl Evidence {
    /// Where it stands.
    pub fn location(&self) -> &Location {
        match self {
            Evidence::Manifest { location, .. }
            | Evidence::Image { location, .. }
            | Evidence::Heard { location, .. } => location,
        }
    }

    /// The field's path.
    pub fn path(&self) -> &FieldRef {
        match self {
            Evidence::Manifest { path, .. }
            | Evidence::Image { path, .. }
            | Evidence::Heard { path, .. } => path,
        }
    }

    /// What was observed there.
    pub fn observed(&self) -> Option<&str> {
        match self {
            Evidence::Manifest { observed, .. }
            | Evidence::Image { observed, .. }
            | Evidence::Heard { observed, .. } => observed.as_deref(),
        }
    }

    /// The layer of the image that shows it.
    pub fn layer(&self) -> Option<&Digest> {
        match self {
            Evidence::Manifest { .. } | Evidence::Heard { .. } => None,
            Evidence::Image { layer, .. } => layer.as_ref(),
        }
    }
}

/// What asks for a rule to be ignored on an object: an annotation there, or, for
/// a vulnerability, a statement that it does not count (VEX, a list of what is
/// ignored).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver {
    /// The annotation's key; whose word the statement is.
    pub annotation: Box<str>,
    /// The annotation's value: the reason given, if any.
    pub reason: Box<str>,
}

/// Something wrong with an asset, with evidence: the field is private and
/// [`Finding::new`] asks for it, so that none can be made without.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its identity.
    pub id: FindingId,
    /// Its kind.
    pub kind: FindingKind,
    /// The rule it is an instance of; for a misconfiguration the control.
    pub rule: &'static Rule,
    /// How bad it is: the rule's severity unless a baseline says otherwise.
    pub severity: Severity,
    /// The asset it is on.
    pub asset: Arc<Asset>,
    /// What in the asset it is about.
    pub subject: Subject,
    /// What is wrong, in one sentence, with the observed value.
    pub message: Cow<'static, str>,
    /// The pinned names of the baselines whose requirements it violates, in
    /// order; shared by the many findings that have the same.
    pub baselines: Arc<[Arc<str>]>,
    /// Alternative ways to clear it; each clears it alone. The first is the
    /// usual one. Empty when only a person can say what to do. Shared by the
    /// findings that differ only in their asset: in a large estate most do.
    pub fixes: Arc<[Fix]>,
    /// The annotation that asks for it to be ignored.
    pub waiver: Option<Box<Waiver>>,
    /// The vulnerability, for a finding that is one.
    pub vulnerability: Option<Arc<Vulnerability>>,
    evidence: Evidence,
    more: Vec<Evidence>,
}

impl Finding {
    /// A finding of `rule` at `subject` of `asset`, as `evidence` shows.
    pub fn new(
        rule: &'static Rule,
        asset: Arc<Asset>,
        subject: Subject,
        message: impl Into<Cow<'static, str>>,
        evidence: Evidence,
    ) -> Self {
        Finding {
            id: FindingId::new(asset.id.lineage(), rule.id, &subject),
            kind: FindingKind::Misconfiguration,
            rule,
            severity: rule.severity,
            asset,
            subject,
            message: message.into(),
            baselines: Arc::default(),
            fixes: Arc::default(),
            waiver: None,
            vulnerability: None,
            evidence,
            more: Vec::new(),
        }
    }

    /// The same finding of another kind than misconfiguration.
    #[must_use]
    pub fn of_kind(mut self, kind: FindingKind) -> Self {
        self.kind = kind;
        self
    }

    /// Whether it goes by this name: its rule's id, or a name of its
    /// vulnerability.
    pub fn is_called(&self, name: impl Fn(&str) -> bool) -> bool {
        let of_vulnerability = |v: &Arc<Vulnerability>| v.names().any(&name);
        name(self.rule.id) || self.vulnerability.as_ref().is_some_and(of_vulnerability)
    }

    /// The first evidence.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// All evidence, the first first: then the other fields it violates. Where
    /// the same object is written down in several places, each is a finding
    /// of its own with the same id.
    pub fn all_evidence(&self) -> impl Iterator<Item = &Evidence> {
        std::iter::once(&self.evidence).chain(&self.more)
    }

    /// Adds evidence unless it is there already.
    pub fn add_evidence(&mut self, evidence: Evidence) {
        if self.evidence != evidence && !self.more.contains(&evidence) {
            self.more.push(evidence);
        }
    }

    /// The order of every list of findings: worst first, then by asset, rule
    /// and subject. It does not depend on the order of input.
    pub fn listing_order(&self, other: &Self) -> std::cmp::Ordering {
        (
            other.severity,
            &self.asset.id,
            self.rule.id,
            &self.subject,
            &self.evidence,
        )
            .cmp(&(
                self.severity,
                &other.asset.id,
                other.rule.id,
                &other.subject,
                &other.evidence,
            ))
    }
}
