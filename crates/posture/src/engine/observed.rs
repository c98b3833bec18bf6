//! What running pods show of the workload that controls them.
//!
//! A pod may be otherwise than its template: admission changed it, somebody
//! debugs in it, it is of an older revision. What only the pod shows is wrong
//! with the workload, and the pod is the evidence; what the template shows too
//! is said once.

use plimsoll_model::Unevaluated;

use super::{Plan, Unit, emit::Emitter, templates::judge};
use crate::Sink;

/// Pods of one workload that differ and are judged; past this many it is said
/// that the others are not.
const MOST_PODS: usize = 256;

pub(super) fn evaluate(unit: &Unit<'_>, plan: &Plan<'_>, sink: &mut Sink, emitter: &mut Emitter) {
    let pods = unit.inventory.observed_pods(unit.ix);
    for pod in pods.iter().take(MOST_PODS) {
        let Some(pod) = unit.inventory.get(*pod) else {
            continue;
        };
        let judged = judge(pod.document.root(), &plan.pod, sink);
        if judged.violations.is_empty() && judged.unevaluated.is_empty() {
            continue;
        }
        let file = pod.own_file();
        let file = file.unwrap_or_else(|| pod.document.source().name().clone());
        emitter.observe(&unit.object.asset, &pod.document, file, pod.name(), &judged);
    }
    if let Some(pod) = pods.get(MOST_PODS).and_then(|ix| unit.inventory.get(*ix)) {
        emitter.unevaluated(Unevaluated {
            asset: unit.object.asset.id.clone(),
            control: None,
            reason: format!(
                "it runs as {} pods that all differ, of which the first {MOST_PODS} are judged",
                pods.len()
            ),
            location: pod.location(),
        });
    }
}
