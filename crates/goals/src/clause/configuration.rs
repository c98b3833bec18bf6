//! At most so many violations of controls.

use plimsoll_model::{Evaluation, Finding, ResolvedBaseline, resource::ConfigurationClause};

use super::{Context, Event, Judged, counted::Count, images};
use crate::{notes::Noted, words};

/// A configuration clause with its baseline resolved.
pub(crate) struct Configuration<'a> {
    clause: &'a ConfigurationClause,
    baseline: Option<&'a ResolvedBaseline>,
    /// The controls it needs, sorted.
    needs: Vec<&'a str>,
    /// Why a part can't be judged on any asset.
    missing: Vec<String>,
    /// Whether a control it needs looks at images.
    asks_of_images: bool,
}

impl<'a> Configuration<'a> {
    /// Resolves what the clause names against what was evaluated.
    pub(crate) fn new(clause: &'a ConfigurationClause, evaluation: &'a Evaluation) -> Self {
        let mut missing = Vec::new();
        let mut absent = |name: &str, what: &str| {
            missing.push(match evaluation.missing.get(name) {
                Some(reason) => reason.clone(),
                None => format!("{what} `{name}` was not evaluated"),
            });
        };
        let name = clause.baseline.as_deref();
        let baseline = name.and_then(|name| evaluation.baselines.get(name));
        if let (Some(name), None) = (name, baseline) {
            absent(name, "baseline");
        }
        let mut needs: Vec<&str> = baseline
            .into_iter()
            .flat_map(|b| b.controls.iter().copied())
            .collect();
        for control in &clause.controls {
            let evaluated = evaluation.controls.iter().any(|c| c == control)
                || evaluation
                    .baselines
                    .values()
                    .any(|b| b.controls.iter().any(|c| c == control));
            if evaluated {
                needs.push(control);
            } else {
                absent(control, "control");
            }
        }
        needs.sort_unstable();
        needs.dedup();
        missing.dedup();
        let asks_of_images = needs
            .iter()
            .any(|control| evaluation.image_controls.contains(control));
        Configuration {
            clause,
            baseline,
            needs,
            missing,
            asks_of_images,
        }
    }

    /// Whether the clause counts the finding.
    fn counts(&self, finding: &Finding) -> bool {
        self.clause
            .severity
            .is_none_or(|bound| bound.includes(finding.severity))
            && (self
                .clause
                .controls
                .iter()
                .any(|control| control == finding.rule.id)
                || self
                    .baseline
                    .is_some_and(|baseline| finding.baselines.contains(&baseline.pinned)))
    }

    pub(super) fn judge(
        &self,
        asset: u32,
        context: &Context<'_>,
        mandatory: bool,
        events: &mut Vec<Event>,
        noted: &mut Noted,
    ) -> Judged {
        let unknown = self.unknown_on(asset, context);
        let findings = context
            .index
            .findings_of(asset)
            .iter()
            .chain(context.index.findings_of_images(asset))
            .copied()
            .filter(|&finding| self.counts(&context.facts.findings[finding as usize]));
        let count = Count {
            max: self.clause.max,
            within: self.clause.within,
            noun: "violation",
        };
        count.judge(findings, unknown, context, mandatory, events, noted)
    }

    /// Why the clause, or a part of it, can't be judged on the asset.
    fn unknown_on(&self, asset: u32, context: &Context<'_>) -> Vec<String> {
        let mut reasons = self.missing.clone();
        let id = &context.facts.assets[asset as usize].asset.id;
        for gap in context.index.unevaluated_on(id.as_str()) {
            match gap.control {
                None => reasons.push(format!("{} ({})", gap.reason, gap.location)),
                Some(control) if self.needs.binary_search(&control).is_ok() => {
                    let reason = &gap.reason;
                    reasons.push(format!(
                        "control {control} could not be evaluated: {reason} ({})",
                        gap.location
                    ));
                }
                Some(_) => {}
            }
        }
        if self.asks_of_images {
            reasons.extend(images::unknown(
                &context.facts.assets[asset as usize],
                context,
            ));
        }
        reasons
    }

    pub(super) fn text(&self) -> String {
        let clause = self.clause;
        let mut text = "configuration".to_owned();
        match (self.baseline, &clause.baseline) {
            (Some(baseline), _) => text.push_str(&format!(" {}", baseline.pinned)),
            (None, Some(name)) => text.push_str(&format!(" {name}")),
            (None, None) => {}
        }
        if !clause.controls.is_empty() {
            let also = if clause.baseline.is_some() {
                " and"
            } else {
                ""
            };
            text.push_str(&format!("{also} {}", words::list(&clause.controls, 4)));
        }
        if let Some(bound) = clause.severity {
            text.push_str(&format!(", severity {bound}"));
        }
        text.push_str(&format!(", max {}", clause.max));
        if let Some(within) = clause.within {
            text.push_str(&format!(", within {within}"));
        }
        text
    }

    /// A baseline without a version may mean another one tomorrow.
    pub(super) fn note(&self) -> Option<String> {
        let baseline = self.baseline.filter(|baseline| baseline.floating)?;
        let name = self.clause.baseline.as_deref().unwrap_or_default();
        Some(format!(
            "baseline {name} is named without a version and was taken as {pinned}; write `{pinned}` so that an update does not change what the goal means",
            pinned = baseline.pinned
        ))
    }
}
