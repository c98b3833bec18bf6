//! What a finding is an instance of.

use serde::Serialize;

/// One requirement of a framework that a control helps to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Mapping {
    /// The framework: `PSS`, `CIS Kubernetes 1.12`, `NSA/CISA 1.2`,
    /// `ATT&CK Containers`, `PCI DSS 4.0`, `NIST 800-190`.
    pub framework: &'static str,
    /// The requirement's own id or name in that framework.
    pub requirement: &'static str,
}

/// The words of a rule, the same for all its findings: for the posture engine
/// a control's. The check itself belongs to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The stable id, such as `pss-run-as-non-root`.
    pub id: &'static str,
    /// A few words: what must hold.
    pub title: &'static str,
    /// How bad a violation is when nothing is known of the asset.
    pub severity: crate::Severity,
    /// The topic it is listed under: `pod-security`, `rbac`, `network`,
    /// `secrets`, `reliability`, `images`, `lifecycle`.
    pub category: &'static str,
    /// Why it matters, for someone who does not know it yet.
    pub why: &'static str,
    /// What to do about a violation.
    pub remediation: &'static str,
    /// How one tests by hand that it holds: a command or a look.
    pub test: &'static str,
    /// Where to read more.
    pub references: &'static [&'static str],
    /// Which requirements of which frameworks it helps to meet.
    pub mappings: &'static [Mapping],
    /// What other tools call the same check, as `tool:name`; their ignore
    /// annotations are understood through it.
    pub aliases: &'static [&'static str],
}
