//! Estates and lines for tests: a few words make an asset, a finding, a goal.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    Asset, AssetFacts, AssetId, AssetKind, AssetState, ComponentLinks, CoverageLinks, Diagnostic,
    Evaluation, Evidence, Exposure, ExposureLevel, FieldRef, Finding, GoalVerdict, History,
    ImageLinks, Location, ObjectRef, Observation, ResolvedBaseline, Rule, Severity, Subject,
    Timestamp, UnknownAsset, Waiver,
    exposure::ExposureReason,
    resource::{AssetClass, PostureException, PostureGoal},
};
use serde_json::{Value, json};

use crate::{Facts, Line};

const fn rule(id: &'static str, severity: Severity) -> Rule {
    Rule {
        id,
        title: "a rule",
        severity,
        category: "pod-security",
        why: "it matters",
        remediation: "fix it",
        test: "look",
        references: &[],
        mappings: &[],
        aliases: &[],
    }
}

/// Of the baseline `base`.
pub(crate) static PRIVILEGED: Rule = rule("privileged", Severity::Critical);
/// Of the baseline `base`.
pub(crate) static HOST_PATH: Rule = rule("host-path", Severity::High);
/// Of the baseline `base`.
pub(crate) static SECCOMP: Rule = rule("seccomp", Severity::Low);
/// Of no baseline.
pub(crate) static LIMITS: Rule = rule("limits", Severity::Medium);

/// All rules there are.
pub(crate) static RULES: [&Rule; 4] = [&PRIVILEGED, &HOST_PATH, &SECCOMP, &LIMITS];

/// The pinned name of the only baseline there is.
pub(crate) const BASE: &str = "base@1";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// Noon of 2026-11-25.
pub(crate) fn now() -> Timestamp {
    at("2026-11-25T12:00:00Z")
}

pub(crate) fn place(file: &str) -> Location {
    Location {
        file: file.into(),
        line: 1,
        column: 1,
        span: plimsoll_manifest::Span { start: 0, end: 0 },
    }
}

/// Facts that own what they hold.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub(crate) assets: Vec<AssetFacts>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) evaluation: Evaluation,
    pub(crate) images: Option<ImageLinks>,
    pub(crate) coverage: Option<CoverageLinks>,
    pub(crate) components: Option<ComponentLinks>,
}

impl Default for Estate {
    fn default() -> Self {
        let baseline = |floating| ResolvedBaseline {
            pinned: BASE.into(),
            controls: vec![HOST_PATH.id, PRIVILEGED.id, SECCOMP.id],
            floating,
        };
        Estate {
            assets: Vec::new(),
            findings: Vec::new(),
            images: None,
            coverage: None,
            components: None,
            evaluation: Evaluation {
                baselines: BTreeMap::from([
                    ("base".to_owned(), baseline(true)),
                    (BASE.to_owned(), baseline(false)),
                ]),
                controls: vec![LIMITS.id],
                ..Evaluation::default()
            },
        }
    }
}

impl Estate {
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            assets: &self.assets,
            findings: &self.findings,
            evaluation: &self.evaluation,
            images: self.images.as_ref(),
            coverage: self.coverage.as_ref(),
            components: self.components.as_ref(),
        }
    }

    /// Adds the Deployment `namespace/name`.
    pub(crate) fn workload(&mut self, name: &str) -> &mut AssetFacts {
        self.asset(AssetKind::Workload, "apps/v1", "Deployment", name)
    }

    /// Adds a Deployment that could not be read.
    pub(crate) fn unread(&mut self, name: &str) -> &mut AssetFacts {
        let asset = self.workload(name);
        asset.unknown = Some(UnknownAsset {
            reason: "the chart template is not rendered".to_owned(),
            remedy: "render the chart and check its output".to_owned(),
        });
        asset
    }

    pub(crate) fn asset(
        &mut self,
        kind: AssetKind,
        api_version: &str,
        object: &str,
        name: &str,
    ) -> &mut AssetFacts {
        let (namespace, name) = match name.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, name),
        };
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: object.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        };
        let id = AssetId::object("files", object.group(), &object.kind, namespace, name);
        let observed = Observation {
            source: "files".into(),
            at: now(),
        };
        let asset = Arc::new(Asset { id, kind, object });
        self.assets.push(AssetFacts {
            location: Some(place("web.yaml")),
            ..AssetFacts::bare(asset, observed, "files".into())
        });
        self.assets.last_mut().expect("one was just added")
    }

    /// Adds a finding of `rule` in container `c` of the Deployment.
    pub(crate) fn finding(&mut self, name: &str, rule: &'static Rule) -> &mut Finding {
        self.finding_in(name, rule, "c")
    }

    pub(crate) fn finding_in(
        &mut self,
        name: &str,
        rule: &'static Rule,
        container: &str,
    ) -> &mut Finding {
        let named = |facts: &&AssetFacts| {
            let object = &facts.asset.object;
            format!(
                "{}/{}",
                object.namespace.as_deref().unwrap_or_default(),
                object.name
            ) == name
        };
        let asset = self
            .assets
            .iter()
            .find(named)
            .expect("the asset is there")
            .asset
            .clone();
        let evidence = Evidence::Manifest {
            location: place("web.yaml"),
            path: FieldRef::new("spec".into(), rule.id),
            observed: None,
        };
        let subject = Subject {
            container: Some(container.into()),
            field: rule.id.into(),
        };
        let mut finding = Finding::new(rule, asset, subject, "it is wrong", evidence);
        if rule.id != LIMITS.id {
            finding.baselines = Arc::from([Arc::from(BASE)]);
        }
        self.findings.push(finding);
        self.findings.last_mut().expect("one was just added")
    }

    /// A state file that saw every finding first at this time.
    pub(crate) fn seen(&self, first: &str) -> History {
        let mut history = History::default();
        crate::record(&mut history, &[], self.facts(), at(first));
        history.runs.clear();
        history
    }
}

/// An annotation that waives a finding.
pub(crate) fn waiver() -> Option<Box<Waiver>> {
    Some(Box::new(Waiver {
        annotation: "ignore.example.com/x".into(),
        reason: "legacy".into(),
    }))
}

/// Reachable from outside through a Service.
pub(crate) fn internet() -> Exposure {
    Exposure {
        level: ExposureLevel::Internet,
        reasons: vec![ExposureReason {
            text: "Service shop/web of type LoadBalancer selects it".to_owned(),
            location: None,
            level: ExposureLevel::Internet,
            blocked_by: None,
        }],
        unknown: None,
    }
}

/// A line that owns what it holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawn {
    pub(crate) goals: Vec<(Arc<PostureGoal>, Location)>,
    pub(crate) classes: Vec<(Arc<AssetClass>, Location)>,
    pub(crate) exceptions: Vec<(Arc<PostureException>, Location)>,
}

impl Drawn {
    pub(crate) fn line(&self) -> Line<'_> {
        Line {
            goals: &self.goals,
            classes: &self.classes,
            exceptions: &self.exceptions,
        }
    }

    /// A line of one goal named `g`: fields not given are those of a goal over
    /// all workloads that demands the baseline.
    pub(crate) fn goal(spec: Value) -> Self {
        Drawn::default().and_goal("g", spec)
    }

    pub(crate) fn and_goal(mut self, name: &str, spec: Value) -> Self {
        let mut whole = json!({
            "owner": "team",
            "assets": {"all": true},
            "require": [{"configuration": {"baseline": BASE}}],
        });
        merge(&mut whole, spec);
        self.goals
            .push((resource("PostureGoal", name, whole), place("goals.yaml")));
        self
    }

    pub(crate) fn class(mut self, name: &str, spec: Value) -> Self {
        self.classes
            .push((resource("AssetClass", name, spec), place("classes.yaml")));
        self
    }

    /// An exception of all violations of all workloads until the end of 2026,
    /// unless said otherwise.
    pub(crate) fn exception(mut self, name: &str, spec: Value) -> Self {
        let mut whole = json!({
            "owner": "team",
            "reason": "it is legacy",
            "expires": "2026-12-31",
            "assets": {},
            "controls": ["*"],
        });
        merge(&mut whole, spec);
        self.exceptions.push((
            resource("PostureException", name, whole),
            place("exceptions.yaml"),
        ));
        self
    }
}

fn merge(whole: &mut Value, part: Value) {
    if let (Value::Object(whole), Value::Object(part)) = (whole, part) {
        whole.extend(part);
    }
}

fn resource<T: serde::de::DeserializeOwned>(kind: &str, name: &str, spec: Value) -> Arc<T> {
    let document = json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    });
    Arc::new(serde_json::from_value(document).expect("the test writes a valid resource"))
}

/// The verdict on the only goal.
pub(crate) fn verdict(
    drawn: &Drawn,
    estate: &Estate,
    history: Option<&History>,
    now: Timestamp,
) -> GoalVerdict {
    let (mut verdicts, _) = crate::evaluate(drawn.line(), estate.facts(), history, now);
    verdicts.pop().expect("there is a goal")
}

/// What is wrong with the line, each with its level.
pub(crate) fn diagnostics(drawn: &Drawn, estate: &Estate) -> Vec<String> {
    let (_, diagnostics) = crate::evaluate(drawn.line(), estate.facts(), None, now());
    diagnostics
        .iter()
        .map(|d: &Diagnostic| format!("{:?}: {}", d.level, d.message))
        .collect()
}

/// A verdict in one line: `breached 50%..50% of 100%: 1 satisfied, 1 violated`.
pub(crate) fn said(verdict: &GoalVerdict) -> String {
    let counts = &verdict.counts;
    let states = [
        (counts.satisfied, AssetState::Satisfied),
        (counts.excepted, AssetState::Excepted),
        (counts.pending, AssetState::Pending),
        (counts.unknown, AssetState::Unknown),
        (counts.violated, AssetState::Violated),
    ];
    let states: Vec<String> = states
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, state)| format!("{number} {state}"))
        .collect();
    let attainment = &verdict.attainment;
    format!(
        "{} {}..{} of {}: {}",
        verdict.verdict,
        attainment.lower,
        attainment.upper,
        attainment.required,
        states.join(", ")
    )
}
