//! All that is known of a watched estate, put together when somebody asks.

use plimsoll_model::{Diagnostic, Finding, History};

use super::{Live, hidden};
use crate::{
    Assessment, Options,
    assessment::{Found, conclude, goal_by_goal},
    status::Statuses,
};

impl Live {
    /// What is to be remembered: when each finding was first and last seen,
    /// and the runs.
    pub fn history(&self) -> History {
        let open = self.objects.findings().chain(self.beside.seen());
        self.past.history(open, self.now)
    }

    /// Everything that is known now, with the fix plans: what
    /// [`assess`](crate::assess) says of the estate as it is.
    pub fn assessment(&self) -> Assessment {
        let history = self.history();
        let options = self.options(&history);
        let line = &self.estate.line;
        let mut result = conclude(&self.estate, line, options, self.found());
        result.components.clone_from(&self.components.reports);
        result.coverage.read = self.estate.inventory.len() as u64;
        result.coverage.failed += self.gaps.len() as u64;
        let gaps = self.gaps.values().map(hidden::report);
        result.coverage.gaps.extend(gaps);
        result.diagnostics.extend(self.line_said.iter().cloned());
        result.diagnostics.sort_by(Diagnostic::listing_order);
        result.diagnostics.dedup();
        result
    }

    /// What statuses say of everything that is known now: less than
    /// [`assessment`](Self::assessment), and so in less time.
    pub fn statuses(&self) -> Statuses {
        let history = self.history();
        let options = self.options(&history);
        let line = &self.estate.line;
        let (assessment, _) = goal_by_goal(&self.estate, line, options, self.found());
        Statuses::of(&assessment)
    }

    fn options<'a>(&self, history: &'a History) -> Options<'a> {
        Options {
            now: self.now,
            history: Some(history),
            starter_line: false,
        }
    }

    /// What the engines said, as it is kept.
    fn found(&self) -> Found<'_> {
        let inventory = &self.estate.inventory;
        let mut found = Found {
            assets: self.objects.judged_assets(inventory),
            findings: self.objects.listed(inventory),
            evaluation: self.objects.evaluation(inventory),
            images: self.beside.images.whole(),
            components: None,
        };
        let (observed, components) = (&self.observed, &self.components);
        let beside = [&observed.findings, &components.findings];
        if beside.iter().any(|findings| !findings.is_empty()) {
            found.findings.extend(beside.into_iter().flatten().cloned());
            found.findings.sort_by(Finding::listing_order);
        }
        let assets = observed.assets.iter().chain(&components.assets);
        found.assets.extend(assets.cloned());
        let unevaluated = observed.evaluation.unevaluated.iter();
        let unevaluated = unevaluated.chain(&components.unevaluated);
        found.evaluation.unevaluated.extend(unevaluated.cloned());
        found.evaluation.unevaluated.sort();
        found.evaluation.controls.extend(self.coverage_controls());
        found.evaluation.controls.sort_unstable();
        found.evaluation.controls.dedup();
        found.components = Some(components.links.clone());
        let cluster = &self.estate.cluster;
        let hidden = self.gaps.values();
        found
            .assets
            .extend(hidden.map(|gap| hidden::stand_in(gap, cluster, self.now)));
        found
    }
}
