//! The stable machine interface: what `-o json` writes and `goals diff` reads
//! back. Fields are only ever added within one `schemaVersion`; a reader
//! ignores what it does not know.

mod component;
mod coverage;
mod vulnerability;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AssetId, AssetKind, AssetState, AtRisk, ClassAssignment, Counts, Digest, ExposureLevel,
    FindingId, FindingKind, ObjectRef, PlanProof, Severity, Timestamp, Verdict, WindowResult,
    image::Image,
};

pub use self::component::{ComponentReport, ComponentState, ElsewhereReport};
pub use self::coverage::{
    AssetCoverageReport, ClusterCoverageReport, CoverageCellReport, CoverageGapReport,
    EngineReport, VersionReport,
};
pub use self::vulnerability::VulnerabilityReport;

/// The version of the reports this build writes.
pub const SCHEMA_VERSION: &str = "1.0";

/// What `plimsoll scan -o json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// The version of this form.
    pub schema_version: String,
    /// `scan`.
    pub kind: String,
    /// Which Plimsoll wrote it.
    pub generator: String,
    /// The clock of the run.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// The files and folders that were judged, as they were named: for the
    /// commands that a person is shown. No part of the machine interface,
    /// where the order in which files were named must not show.
    #[serde(skip)]
    pub inputs: Vec<String>,
    /// The name of the cluster the assets belong to.
    pub cluster: String,
    /// The baselines that were evaluated, pinned.
    pub baselines: Vec<String>,
    /// The words of the controls that were evaluated, by id.
    #[serde(default)]
    pub controls: BTreeMap<String, ControlReport>,
    /// What was read and what was not.
    pub coverage: CoverageReport,
    /// How many findings there are of each severity.
    pub severities: BTreeMap<Severity, u64>,
    /// What went wrong or must be known.
    pub diagnostics: Vec<DiagnosticReport>,
    /// The images that were looked into, in order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// The findings, worst first.
    pub findings: Vec<FindingReport>,
}

/// What `plimsoll check -o json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// The version of this form.
    pub schema_version: String,
    /// `check`.
    pub kind: String,
    /// Which Plimsoll wrote it.
    pub generator: String,
    /// The clock of the run.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// The files and folders that were judged, as they were named: for the
    /// commands that a person is shown. No part of the machine interface,
    /// where the order in which files were named must not show.
    #[serde(skip)]
    pub inputs: Vec<String>,
    /// The name of the cluster the assets belong to.
    pub cluster: String,
    /// The worst verdict of all goals.
    pub verdict: Verdict,
    /// Whether the goals are the built-in starter line.
    pub starter_line: bool,
    /// The baselines that the goals hold the assets to, pinned.
    #[serde(default)]
    pub baselines: Vec<String>,
    /// The ids of the controls that each of these baselines has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub baseline_controls: BTreeMap<String, Vec<String>>,
    /// The words of the controls that the findings name, by id.
    #[serde(default)]
    pub controls: BTreeMap<String, ControlReport>,
    /// What was read and what was not.
    pub coverage: CoverageReport,
    /// The goals, in order of their names.
    pub goals: Vec<GoalReport>,
    /// The changes that bring all goals to their targets together.
    pub fix_plan: PlanReport,
    /// Every asset that is in scope of a goal.
    pub assets: Vec<AssetReport>,
    /// What the cluster and its nodes run on, and what is known of the
    /// vulnerabilities of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentReport>,
    /// How many findings there are of each severity.
    pub severities: BTreeMap<Severity, u64>,
    /// What went wrong or must be known.
    pub diagnostics: Vec<DiagnosticReport>,
    /// The findings on which the verdicts rest, and those of `components`, worst
    /// first.
    pub findings: Vec<FindingReport>,
}

/// The words of a control, the same for all its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlReport {
    /// A few words: what must hold.
    pub title: String,
    /// How bad a violation is when nothing is known of the asset.
    pub severity: Severity,
    /// The topic it is listed under, such as `pod-security`.
    pub category: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a violation.
    pub remediation: String,
    /// Addresses where more is written.
    #[serde(default)]
    pub references: Vec<String>,
    /// Which requirements of which frameworks it helps to meet.
    #[serde(default)]
    pub mappings: Vec<MappingReport>,
}

/// One requirement of a framework that a control helps to meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingReport {
    /// The framework, such as `PSS` or `NSA/CISA 1.2`.
    pub framework: String,
    /// The requirement's own id or name there.
    pub requirement: String,
}

/// What was read and what was not. The numbers count objects and documents;
/// `gaps` lists the parts of the last three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CoverageReport {
    /// Files read.
    pub files: u64,
    /// Kubernetes objects read.
    pub read: u64,
    /// Of these, workloads.
    pub workloads: u64,
    /// Images looked into.
    #[serde(skip_serializing_if = "is_zero")]
    pub images: u64,
    /// Documents that are no Kubernetes objects, and files left out.
    pub skipped: u64,
    /// Chart templates that can't be read before they are rendered.
    pub not_rendered: u64,
    /// Files and documents that could not be read.
    pub failed: u64,
    /// Packages of images of which no advisory can tell anything: their
    /// vulnerabilities are not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub unmatched: u64,
    /// Each document, file or group of packages behind these numbers.
    pub gaps: Vec<GapReport>,
}

/// A document or file that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GapReport {
    /// Which of the three it is.
    pub state: GapState,
    /// The file.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1; 0 for the whole file.
    pub column: u32,
    /// Why, and what to do.
    pub reason: String,
}

/// Why a document counts as not read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum GapState {
    /// It holds no asset.
    Skipped,
    /// It is a chart template.
    NotRendered,
    /// It can't be read.
    Failed,
    /// Packages of an image that no advisories are known of.
    Unmatched,
}

/// A note about the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticReport {
    /// How much it matters.
    pub level: DiagnosticLevel,
    /// The file, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What, and what to do.
    pub message: String,
}

/// How much a diagnostic matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DiagnosticLevel {
    /// Something the user wrote can't be used.
    Error,
    /// Something is probably not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// Its identity.
    pub id: FindingId,
    /// Its kind.
    pub kind: FindingKind,
    /// The id of the control that is violated.
    pub control: String,
    /// The control's title.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The asset it is on.
    pub asset: AssetId,
    /// The object it is on.
    pub object: ObjectRef,
    /// The container it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The file it stands in.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The field's path in the object; for a finding in a file of an image the
    /// file's path in it.
    pub path: String,
    /// The layer of the image that shows it, by the digest of its
    /// uncompressed bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Digest>,
    /// What stands there, when it is short and no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The other places it shows at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<PlaceReport>,
    /// The pinned names of the baselines it violates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<String>,
    /// The usual way to clear it.
    pub fix: FixReport,
    /// Other ways, each of which clears it alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<FixReport>,
    /// The annotation that asks for it to be ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by: Option<String>,
    /// The exception in force that accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted_by: Option<String>,
    /// When it was first seen, as far as the state file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub first_seen: Option<Timestamp>,
    /// The vulnerability, for a finding that is one.
    #[serde(flatten)]
    pub vulnerability: Option<Box<VulnerabilityReport>>,
}

/// A field in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceReport {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The field's path in the object.
    pub path: String,
}

/// A way to clear a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixReport {
    /// What to do, in one sentence.
    pub summary: String,
    /// Whether `plimsoll fix --write` can do it.
    pub automatic: bool,
    /// The object it edits, when it is not the finding's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// The edits, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<EditReport>,
    /// The object it adds, as YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// What a person must decide or know first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// One edit of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditReport {
    /// `set`, `add` or `remove`.
    pub op: String,
    /// The field's path in the object.
    pub path: String,
    /// The value; none for `remove`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A goal and its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoalReport {
    /// The goal's name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Why the line is where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Whether nothing waives it.
    pub mandatory: bool,
    /// What the admission gate is told to do: `audit`, `warn` or `deny`.
    pub admission: String,
    /// The file it is written in.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// Attainment as fractions between 0 and 1.
    pub attainment: AttainmentReport,
    /// The parts of the scope; the last five add up to the first.
    pub counts: Counts,
    /// Over the goal's window, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowResult>,
    /// When it will stop to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_risk: Option<AtRisk>,
    /// Since when the verdict is what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// What changed since the last run.
    pub changes: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// What would settle it, when it is unverified.
    pub settled_by: Vec<String>,
    /// Its clauses.
    pub clauses: Vec<ClauseReport>,
    /// The fewest changes that reach its target.
    pub fix_plan: Vec<StepReport>,
    /// How good that plan is, and what it leaves.
    pub plan: PlanSummary,
    /// The assets in scope that are not simply satisfied.
    pub assets: Vec<GoalAssetReport>,
    /// The other assets in scope: those that satisfy every clause. A report
    /// of a build that did not write them has none, whatever `counts` says.
    #[serde(default)]
    pub satisfied: Vec<AssetId>,
}

/// Attainment, as fractions between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttainmentReport {
    /// What is certain.
    pub lower: f64,
    /// What is possible.
    pub upper: f64,
    /// The goal's target.
    pub target: f64,
    /// What is required today.
    pub required: f64,
}

/// One clause over all assets in scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClauseReport {
    /// The word it begins with: `configuration`, `vulnerabilities`, ...
    pub kind: String,
    /// The clause in words.
    pub text: String,
    /// How many assets are in which state for this clause alone.
    pub counts: Counts,
    /// What would make the unknown known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
}

/// One asset of a goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoalAssetReport {
    /// The asset.
    pub asset: AssetId,
    /// The object it is.
    pub object: ObjectRef,
    /// Its state.
    pub state: AssetState,
    /// Why, clause by clause.
    pub because: Vec<BecauseReport>,
}

/// Why an asset is in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BecauseReport {
    /// The clause's place in `clauses`, from 0.
    pub clause: u64,
    /// The asset's state for that clause.
    pub state: AssetState,
    /// Why, in words.
    pub text: String,
    /// The findings that count.
    pub findings: Vec<FindingId>,
    /// For pending: when the first grace period ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
}

/// A fix plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// The steps, the one that clears most first.
    pub steps: Vec<StepReport>,
    /// How good it is, and what it leaves.
    #[serde(flatten)]
    pub summary: PlanSummary,
}

/// How good a plan is, and what it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanSummary {
    /// How good it is.
    pub proof: PlanProof,
    /// Whether the target is reached once all steps are done.
    pub reaches_target: bool,
    /// Findings that no known change clears.
    pub out_of_reach: u64,
}

/// One step of a fix plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// What to do.
    pub summary: String,
    /// The object or shared cause it edits.
    pub cause: String,
    /// The object it edits or adds.
    pub object: ObjectRef,
    /// The file it edits, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How much work it is; a plain edit is 10.
    pub effort: u32,
    /// Whether `plimsoll fix --write` can do all of it.
    pub automatic: bool,
    /// What a person must decide or know first.
    pub decisions: Vec<String>,
    /// How many findings it clears.
    pub clears: u64,
    /// How many assets it brings above the line.
    pub assets: u64,
    /// The worst severity among what it clears.
    pub severity: Severity,
    /// The findings it clears.
    pub findings: Vec<FindingId>,
    /// The edits, without repeats.
    pub edits: Vec<EditReport>,
}

/// An asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReport {
    /// Its identity.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// The object it is.
    pub object: ObjectRef,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The file it is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its classes with the rule that gave each, the one it ranks by first.
    pub classes: Vec<ClassAssignment>,
    /// Which class it ranks by, and over which, when several claim it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_conflict: Option<String>,
    /// From where it can be reached.
    pub exposure: ExposureLevel,
    /// Why.
    pub exposed_by: Vec<String>,
    /// Why its state is not known, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
