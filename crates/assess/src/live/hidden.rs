//! Kinds that can't be seen, and what is therefore not known.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{
    Asset, AssetFacts, AssetId, AssetKind, Evaluation, Finding, Location, ObjectRef, Observation,
    Timestamp, Unevaluated, UnknownAsset,
    wire::{GapReport, GapState},
};
use plimsoll_posture::{Check, Rests, find, leads_to_workloads, resting_on};

use super::Gap;
use crate::unread::{carries_pods, kind_of_unread};

/// Kinds that can't be seen, by kind and namespace.
pub(super) type Gaps = BTreeMap<(Arc<str>, Option<Arc<str>>), Gap>;

/// What stands for the objects of a kind that can't be seen: they are in
/// scope wherever they may be meant, and unknown.
pub(super) fn stand_in(gap: &Gap, cluster: &Arc<str>, now: Timestamp) -> AssetFacts {
    let (group, kind) = split(&gap.kind);
    let path = match &gap.namespace {
        Some(namespace) => format!("cluster/{cluster}/hidden/{namespace}/{}", gap.kind),
        None => format!("cluster/{cluster}/hidden/{}", gap.kind),
    };
    let asset = Asset {
        id: AssetId::from_text(path),
        kind: kind_of(group, kind),
        object: ObjectRef {
            api_version: group.into(),
            kind: kind.into(),
            namespace: gap.namespace.clone(),
            name: "*".into(),
        },
    };
    let observed = Observation {
        source: "cluster".into(),
        at: now,
    };
    AssetFacts {
        unknown: Some(UnknownAsset {
            reason: said(gap),
            remedy: gap.remedy.clone(),
        }),
        ..AssetFacts::bare(Arc::new(asset), observed, cluster.clone())
    }
}

/// The gap as coverage reports it.
pub(super) fn report(gap: &Gap) -> GapReport {
    GapReport {
        state: GapState::Failed,
        file: match &gap.namespace {
            Some(namespace) => format!("ns/{namespace}/{}", gap.kind),
            None => gap.kind.to_string(),
        },
        line: 0,
        column: 0,
        reason: format!("{}; {}", gap.reason, gap.remedy),
    }
}

/// `group/Kind` as two; the core group is empty.
fn split(kind: &str) -> (&str, &str) {
    kind.rsplit_once('/').unwrap_or(("", kind))
}

fn kind_of(group: &str, kind: &str) -> AssetKind {
    match (group, kind) {
        ("", "Node") => AssetKind::Node,
        // Kubernetes' own: those that carry pods are known.
        (group, kind) if group.ends_with(".k8s.io") || !group.contains('.') => {
            match kind_of_unread(kind) {
                AssetKind::Workload if !carries_pods(kind) => AssetKind::Object,
                known => known,
            }
        }
        (_, kind) => kind_of_unread(kind),
    }
}

fn said(gap: &Gap) -> String {
    let place = match &gap.namespace {
        Some(namespace) => format!(" of namespace {namespace}"),
        None => String::new(),
    };
    format!("{}{place} can't be seen: {}", gap.kind, gap.reason)
}

/// What the gaps mean for controls and exposure.
pub(super) struct Hidden<'a> {
    /// By control: why its findings or its silence prove nothing, in which
    /// namespace or in all.
    rests: Vec<(&'static str, Rests, &'a Gap)>,
    /// What may lead to workloads and can't be seen.
    ways: Vec<&'a Gap>,
}

impl<'a> Hidden<'a> {
    /// What the gaps mean for what was asked.
    pub(super) fn new(gaps: &'a Gaps, asked: &Evaluation) -> Self {
        let controls: BTreeSet<&str> = asked
            .baselines
            .values()
            .flat_map(|baseline| baseline.controls.iter().copied())
            .chain(asked.controls.iter().copied())
            .collect();
        let rests = gaps
            .values()
            .flat_map(|gap| resting_on(&gap.kind).map(move |(control, how)| (control, how, gap)));
        Hidden {
            rests: rests
                .filter(|(control, ..)| controls.contains(control))
                .collect(),
            ways: gaps
                .values()
                .filter(|gap| leads_to_workloads(&gap.kind))
                .collect(),
        }
    }

    /// Takes back what rests on what can't be seen: it is unknown.
    pub(super) fn withhold(
        &self,
        facts: &mut AssetFacts,
        findings: &mut Vec<Finding>,
        unevaluated: &mut Vec<Unevaluated>,
    ) {
        if self.rests.is_empty() && self.ways.is_empty() {
            return;
        }
        let object = facts.asset.object.clone();
        // A namespace is hidden from by what is hidden in it.
        let own = match facts.asset.kind {
            AssetKind::Namespace => Some(&object.name),
            _ => object.namespace.as_ref(),
        };
        let concerns = |gap: &Gap| gap.namespace.is_none() || gap.namespace.as_ref() == own;
        let location = facts.location.clone().unwrap_or_else(|| Location {
            file: facts.asset.id.as_str().into(),
            line: 0,
            column: 0,
            span: plimsoll_manifest::Span { start: 0, end: 0 },
        });
        let before = unevaluated.len();
        for (control, how, gap) in self.rests.iter().filter(|(.., gap)| concerns(gap)) {
            let found = |finding: &Finding| finding.rule.id == *control;
            let is_unknown = match how {
                Rests::OnAbsence => {
                    let all = findings.len();
                    findings.retain(|finding| !found(finding));
                    findings.len() < all
                }
                Rests::OnPresence => looks_at(control, &facts.asset) && !findings.iter().any(found),
            };
            if is_unknown {
                unevaluated.push(Unevaluated {
                    asset: facts.asset.id.clone(),
                    control: Some(control),
                    reason: said(gap),
                    location: location.clone(),
                });
            }
        }
        if unevaluated.len() > before {
            unevaluated.sort();
            unevaluated.dedup();
        }
        if facts.asset.kind == AssetKind::Workload {
            let way = self.ways.iter().find(|gap| concerns(gap));
            facts.exposure.unknown = way.map(|gap| said(gap).into());
        }
    }
}

/// Whether the control looks at this asset.
fn looks_at(control: &str, asset: &Asset) -> bool {
    let Some(control) = find(control) else {
        return false;
    };
    match control.check {
        Check::Workload(_) | Check::Pod(_) => asset.kind == AssetKind::Workload,
        Check::Object { kinds, .. } => {
            let object = &asset.object;
            let qualified = format!("{}/{}", object.group(), object.kind);
            kinds
                .iter()
                .any(|kind| *kind == &*object.kind || *kind == qualified)
        }
        Check::Image(_) => false,
    }
}
