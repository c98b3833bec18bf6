//! The vocabulary of Plimsoll as types: assets, facts, findings, evidence,
//! fixes, verdicts, the resources a user writes, and coverage.
//!
//! No logic beyond parsing, ordering and display lives here. Everything that
//! crosses a crate border in Plimsoll is one of these types, so a word means
//! the same in the engines, the reports and the documentation.

pub mod asset;
pub mod coverage;
pub mod crd;
pub mod diagnostic;
pub mod digest;
pub mod evaluation;
pub mod exposure;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod history;
pub mod image;
pub mod image_diff;
pub mod image_name;
pub mod location;
pub mod package;
pub mod percent;
pub mod purl;
pub mod resource;
pub mod rule;
pub mod schema;
pub mod severity;
pub mod time;
pub mod verdict;
pub mod vulnerability;
pub mod wire;

pub use asset::{Asset, AssetId, AssetKind, ObjectRef};
pub use coverage::{AssetCoverage, CoverageCell, CoverageLinks, CoverageState, Engine};
pub use diagnostic::{Diagnostic, DiagnosticLevel};
pub use digest::Digest;
pub use evaluation::{Evaluation, ResolvedBaseline, Unevaluated};
pub use exposure::{Exposure, ExposureLevel};
pub use facts::{
    AdvisoryFacts, AssetFacts, BaseFacts, ComponentLinks, ImageFacts, ImageLink, ImageLinks,
    Observation, ReleaseFacts, UnknownAsset,
};
pub use finding::{Evidence, Finding, FindingId, FindingKind, Subject, Waiver};
pub use fix::{Fix, FixEdit, FixTarget, FixValue};
pub use history::{FindingRecord, GoalRecord, History, RunRecord};
pub use image_name::ImageName;
pub use location::{FieldRef, Location};
pub use package::{Package, PackageType, SourcePackage};
pub use percent::Percent;
pub use purl::ParsePurlError;
pub use rule::{Mapping, Rule};
pub use severity::{Severity, SeverityBound};
pub use time::{Date, Period, Timestamp};
pub use verdict::{
    AssetState, AssetVerdict, AtRisk, Attainment, ClassAssignment, ClauseOutcome, ClauseVerdict,
    Counts, FixPlan, FixStep, GoalVerdict, PlanProof, Verdict, WindowResult,
};
pub use vulnerability::{
    Epss, Kev, Priority, Reachability, StatedSeverity, Suppression, Tristate, Urgency,
    Vulnerability, VulnerabilityGap, VulnerabilityKind, VulnerabilitySource, VulnerabilityState,
    VulnerablePackage, VulnerablePlace,
};
