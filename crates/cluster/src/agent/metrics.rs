//! What the agent counts, in the text form that Prometheus reads.

use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};

/// A goal.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct GoalLabels {
    /// The goal's name.
    pub goal: String,
}

/// A goal and a verdict.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct VerdictLabels {
    /// The goal's name.
    pub goal: String,
    /// The verdict.
    pub verdict: String,
}

/// A bound of the interval that attainment is.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct AttainmentLabels {
    /// The goal's name.
    pub goal: String,
    /// `lower` or `upper`.
    pub bound: String,
}

/// A severity.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct SeverityLabels {
    /// The severity.
    pub severity: String,
}

/// A kind of Kubernetes.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct KindLabels {
    /// The kind, as its API group has it: `apps/Deployment`.
    pub kind: String,
}

/// A queue.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct QueueLabels {
    /// What waits in it.
    pub queue: String,
}

/// How far images are, or what came of looking into one.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ImageLabels {
    /// `scanned`, `failing`, `unknown`; of one look `ok`, `incomplete`, `failed`.
    pub state: String,
}

/// A write to the cluster.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct WriteLabels {
    /// What is written: `status`, `event`.
    pub what: String,
    /// `ok` or `failed`.
    pub result: String,
}

/// A share or a time in seconds.
pub type Real = Gauge<f64, AtomicU64>;

/// Everything that is counted. Clones share their numbers.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// 1 for the verdict a goal has, 0 for the others.
    pub verdict: Family<VerdictLabels, Gauge>,
    /// The bounds of the goal's attainment, 0 to 1.
    pub attainment: Family<AttainmentLabels, Real>,
    /// Assets that violate a goal.
    pub violating: Family<GoalLabels, Gauge>,
    /// Assets of which a goal knows nothing.
    pub unknown: Family<GoalLabels, Gauge>,
    /// Findings that are open.
    pub findings: Family<SeverityLabels, Gauge>,
    /// Verdicts that flipped.
    pub flips: Family<VerdictLabels, Counter>,
    /// Objects that are watched.
    pub objects: Family<KindLabels, Gauge>,
    /// 1 for a kind that can't be seen now.
    pub watch_failing: Family<KindLabels, Gauge>,
    /// Seconds since a kind was last heard.
    pub watch_silent: Family<KindLabels, Gauge>,
    /// What waits.
    pub queue: Family<QueueLabels, Gauge>,
    /// Images that run, by how far they are.
    pub images: Family<ImageLabels, Gauge>,
    /// Images that were looked into, by what came of it.
    pub image_scans: Family<ImageLabels, Counter>,
    /// Coverage gaps.
    pub gaps: Gauge<i64, AtomicI64>,
    /// Writes to the cluster.
    pub writes: Family<WriteLabels, Counter>,
    /// Changes that were taken in.
    pub changes: Counter,
    /// Seconds from changes to verdicts.
    pub evaluation: EvaluationSeconds,
    /// 1 for the replica that writes.
    pub leader: Gauge,
    /// Resources that were edited in the cluster though Git owns them.
    pub drifted: Gauge,
    /// 1 while what Git owns can't be read.
    pub owner_failing: Gauge,
}

/// A histogram with the buckets that fit an evaluation: 1 ms to 16 s.
#[derive(Clone, Debug)]
pub struct EvaluationSeconds(pub Histogram);

impl Default for EvaluationSeconds {
    fn default() -> Self {
        EvaluationSeconds(Histogram::new(exponential_buckets(0.001, 2.0, 15)))
    }
}

impl Metrics {
    /// A registry of them all, with the version of the program.
    pub fn registry(&self, version: &str) -> Registry {
        let mut registry = Registry::with_prefix("plimsoll");
        registry.register(
            "build",
            "The program",
            Info::new([("version".to_owned(), version.to_owned())]),
        );
        registry.register(
            "goal_verdict",
            "1 for the verdict that a goal has, 0 for the others",
            self.verdict.clone(),
        );
        registry.register(
            "goal_attainment_ratio",
            "The bounds of a goal's attainment, from 0 to 1",
            self.attainment.clone(),
        );
        registry.register(
            "goal_violating_assets",
            "Assets that violate a goal",
            self.violating.clone(),
        );
        registry.register(
            "goal_unknown_assets",
            "Assets in a goal's scope of which it knows too little",
            self.unknown.clone(),
        );
        registry.register("findings", "Findings that are open", self.findings.clone());
        registry.register(
            "goal_verdict_flips",
            "Verdicts that flipped, by the verdict they flipped to",
            self.flips.clone(),
        );
        registry.register("objects", "Objects that are watched", self.objects.clone());
        registry.register(
            "watch_failing",
            "1 for a kind that can't be seen now",
            self.watch_failing.clone(),
        );
        registry.register(
            "watch_silent_seconds",
            "Since a kind was last heard; a watch says something about every minute",
            self.watch_silent.clone(),
        );
        registry.register("queue_depth", "What waits in a queue", self.queue.clone());
        registry.register(
            "images",
            "Running images: scanned, failing, unknown",
            self.images.clone(),
        );
        registry.register(
            "image_scans",
            "Images that were looked into, by what came of it",
            self.image_scans.clone(),
        );
        registry.register("coverage_gaps", "Coverage gaps", self.gaps.clone());
        registry.register("writes", "Writes to the cluster", self.writes.clone());
        registry.register(
            "changes",
            "Changes of the cluster that were taken in",
            self.changes.clone(),
        );
        registry.register(
            "evaluation_seconds",
            "Seconds from changes to verdicts",
            self.evaluation.0.clone(),
        );
        registry.register(
            "leader",
            "1 for the replica that writes",
            self.leader.clone(),
        );
        registry.register(
            "drifted_resources",
            "Resources that Git owns and that were edited in the cluster",
            self.drifted.clone(),
        );
        registry.register(
            "owner_failing",
            "1 while the folder that owns the line can't be read: what was read last is in force",
            self.owner_failing.clone(),
        );
        registry
    }
}

/// The registry as text.
pub fn encode(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    text::encode(&mut text, registry)?;
    Ok(text)
}

/// What an HTTP answer of [`encode`] is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_in_the_text_with_its_help() {
        let metrics = Metrics::default();
        metrics
            .verdict
            .get_or_create(&VerdictLabels {
                goal: "hold".to_owned(),
                verdict: "met".to_owned(),
            })
            .set(1);
        metrics.evaluation.0.observe(0.004);
        metrics.gaps.set(2);
        let text = encode(&metrics.registry("1.2.3")).unwrap();
        for line in [
            "plimsoll_build_info{version=\"1.2.3\"} 1",
            "plimsoll_goal_verdict{goal=\"hold\",verdict=\"met\"} 1",
            "plimsoll_coverage_gaps 2",
            "plimsoll_evaluation_seconds_count 1",
            "plimsoll_changes_total 0",
            "plimsoll_leader 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|got| got == line), "{line}\n{text}");
        }
        let helps = text.lines().filter(|line| line.starts_with("# HELP"));
        let types = text.lines().filter(|line| line.starts_with("# TYPE"));
        assert_eq!(helps.count(), types.count());
    }
}
