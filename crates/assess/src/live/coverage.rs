//! Who observes what is watched.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_coverage::{
    Coverage, Hidden, Input, Seen, Settings, Source, Versions, coverage, versions,
};
use plimsoll_model::{
    CoverageCell, Engine, Evaluation, Finding, Timestamp,
    resource::Clause,
    wire::{
        AssetCoverageReport, ClusterCoverageReport, CoverageCellReport, CoverageGapReport,
        EngineReport, SCHEMA_VERSION, VersionReport,
    },
};

use super::{Live, Observed};

/// What is known of the observers beside what a [`Live`] holds.
#[derive(Clone, Debug)]
pub struct CoverageAsked {
    /// The version of the API server: `v1.36.0`.
    pub server: Option<String>,
    /// What was heard from each source.
    pub sources: Vec<Source>,
    /// The clock, and how fresh what must be.
    pub settings: Settings,
}

/// Who observes what, and what runs.
#[derive(Clone, Debug)]
pub struct ClusterCoverage {
    /// The matrix and its gaps.
    pub coverage: Coverage,
    /// The versions that run.
    pub versions: Versions,
    settings: Settings,
}

impl Live {
    /// Who observes what, as of the settings' clock.
    pub fn coverage(&self, asked: CoverageAsked) -> ClusterCoverage {
        let inventory = &self.estate.inventory;
        let seen = Seen::of(inventory, asked.server.as_deref());
        let hidden: Vec<Hidden> = self
            .gaps
            .values()
            .map(|gap| Hidden {
                kind: gap.kind.clone(),
                namespace: gap.namespace.clone(),
                reason: gap.reason.as_str().into(),
                fix: gap.remedy.as_str().into(),
            })
            .collect();
        let coverage = coverage(Input {
            assets: &self.objects.assets(inventory),
            images: self.beside.links(),
            seen: &seen,
            sources: &asked.sources,
            exclusions: &self.exclusions,
            hidden: &hidden,
            settings: &asked.settings,
        });
        ClusterCoverage {
            coverage,
            versions: versions(&seen, &asked.settings),
            settings: asked.settings,
        }
    }
}

impl Live {
    /// The usual settings, with what the goals rely on: a scan that is older
    /// than one asks, and an engine that one needs and nobody runs, are gaps.
    pub fn coverage_settings(&self, now: Timestamp) -> Settings {
        let mut settings = Settings::new(self.estate.cluster.clone(), now);
        settings.image_scan = self.image_scan_asked();
        let goals = self.estate.line.goals.iter();
        for clause in goals.flat_map(|(goal, _)| &goal.spec.require) {
            let (mut scan, mut more) = (false, Vec::new());
            match clause {
                Clause::Coverage(clause) => {
                    scan = clause.image_scan.is_some();
                    more.extend(clause.sensor.map(|_| Engine::Sensor));
                    more.extend(clause.audit_log.filter(|a| *a).map(|_| Engine::AuditLog));
                    more.extend(clause.admission.map(|_| Engine::Admission));
                }
                Clause::Vulnerabilities(_) => {
                    scan = true;
                    more.push(Engine::Advisories);
                }
                Clause::Secrets(_) | Clause::Image(_) => scan = true,
                _ => {}
            }
            more.extend(scan.then_some(Engine::ImageScan));
            for engine in more {
                if !settings.expected.contains(&engine) {
                    settings.expected.push(engine);
                }
            }
        }
        settings
    }

    /// The rules of the coverage engine that goals name as controls, once it
    /// looked.
    pub(super) fn coverage_controls(&self) -> Vec<&'static str> {
        if self.observed.coverage.is_none() {
            return Vec::new();
        }
        let goals = self.estate.line.goals.iter();
        let clauses = goals.flat_map(|(goal, _)| &goal.spec.require);
        let named = clauses.filter_map(|clause| match clause {
            Clause::Configuration(clause) => Some(&clause.controls),
            _ => None,
        });
        let rules = named.flatten().filter_map(|id| plimsoll_coverage::rule(id));
        rules.map(|rule| rule.id).collect()
    }
}

impl ClusterCoverage {
    /// What is to be told to a [`Live`] as
    /// [`Change::Coverage`](super::Change::Coverage), so that goals read it.
    pub fn observed(&self) -> Observed {
        Observed {
            assets: Vec::new(),
            findings: self.findings().cloned().collect(),
            evaluation: Evaluation {
                unevaluated: self.versions.unevaluated.clone(),
                ..Evaluation::default()
            },
            coverage: Some(Arc::new(self.coverage.links())),
        }
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        let versions = self.versions.findings.iter();
        self.coverage.findings.iter().chain(versions)
    }

    /// Whether something should be observed and is not, or a version is not
    /// known.
    pub fn is_incomplete(&self) -> bool {
        !self.coverage.findings.is_empty() || !self.versions.unevaluated.is_empty()
    }

    /// The stable form of it.
    pub fn report(&self) -> ClusterCoverageReport {
        let mut engines: Vec<EngineReport> = Engine::ALL
            .into_iter()
            .map(|engine| EngineReport {
                engine,
                whole: cell(self.coverage.engines.of(engine)),
                counts: BTreeMap::new(),
            })
            .collect();
        let mut assets = Vec::with_capacity(self.coverage.rows.len());
        for row in &self.coverage.rows {
            for report in &mut engines {
                let state = row.cells.of(report.engine).state;
                let of_kind = report.counts.entry(row.asset.kind).or_default();
                *of_kind.entry(state).or_default() += 1;
            }
            assets.push(AssetCoverageReport {
                id: row.asset.id.clone(),
                kind: row.asset.kind,
                object: row.asset.object.clone(),
                owner: row.owner.as_deref().map(str::to_owned),
                engines: Engine::ALL
                    .into_iter()
                    .map(|engine| (engine, cell(row.cells.of(engine))))
                    .collect(),
            });
        }
        let mut findings: Vec<&Finding> = self.findings().collect();
        findings.sort_by(|one, other| one.listing_order(other));
        ClusterCoverageReport {
            schema_version: SCHEMA_VERSION.to_owned(),
            kind: "cluster-coverage".to_owned(),
            generator: crate::wire::GENERATOR.to_owned(),
            now: self.settings.now,
            cluster: self.settings.cluster.to_string(),
            engines,
            assets,
            gaps: findings.into_iter().map(|f| self.gap(f)).collect(),
            versions: self.versions.versions.iter().map(version).collect(),
            versions_as_of: versions::as_of().to_owned(),
        }
    }

    fn gap(&self, finding: &Finding) -> CoverageGapReport {
        let evidence = finding.evidence();
        CoverageGapReport {
            id: finding.id,
            kind: finding.kind,
            rule: finding.rule.id.to_owned(),
            title: finding.rule.title.to_owned(),
            severity: finding.severity,
            asset: finding.asset.id.clone(),
            subject: finding.subject.field.to_string(),
            owner: self
                .coverage
                .owner(&finding.asset.id)
                .map(ToString::to_string),
            message: finding.message.to_string(),
            source: evidence.location().file.to_string(),
            observed: evidence.observed().map(str::to_owned),
            fix: finding
                .fixes
                .first()
                .map_or(finding.rule.remediation, |fix| &fix.summary)
                .to_owned(),
        }
    }
}

fn cell(cell: &CoverageCell) -> CoverageCellReport {
    CoverageCellReport {
        state: cell.state,
        since: cell.since,
        heard: cell.heard,
        version: cell.version.as_deref().map(str::to_owned),
        reason: cell.reason.to_string(),
        fix: cell.fix.to_string(),
    }
}

fn version(version: &plimsoll_coverage::Version) -> VersionReport {
    let state = &version.state;
    VersionReport {
        asset: version.asset.id.clone(),
        part: version.part.as_str().to_owned(),
        version: version.text.to_string(),
        state: state.as_str().to_owned(),
        until: state.until().map(|until| until.to_string()),
        reason: match state {
            plimsoll_coverage::VersionState::Unknown(why) => Some(why.to_string()),
            _ => None,
        },
        source: version.source.clone(),
    }
}
