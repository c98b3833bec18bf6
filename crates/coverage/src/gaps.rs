//! What is not observed and should be, as findings.

use std::sync::Arc;

use plimsoll_manifest::Span;
use plimsoll_model::{
    Asset, AssetId, AssetKind, CoverageCell, CoverageState, Engine, Evidence, FieldRef, Finding,
    FindingKind, Fix, Location, ObjectRef, Rule, Subject, Timestamp,
};

use crate::{Input, Row, Source, cells::Cells, matrix::cluster, rules};

/// What a person must know of every fix of a gap.
const DECISION: &str = "it is done where the engine runs, not in the objects that are judged";

/// The gaps, in the listing order of findings.
pub(crate) fn findings(input: Input<'_>, cells: &Cells<'_>, rows: &[Row]) -> Vec<Finding> {
    let whole = Arc::new(cluster(&input.settings.cluster));
    let mut gaps = Gaps {
        findings: Vec::new(),
    };
    let namespace = |name: &Arc<str>| {
        let id = AssetId::object(&input.settings.cluster, "", "Namespace", None, name);
        match rows.binary_search_by(|row| row.asset.id.cmp(&id)) {
            Ok(at) => rows[at].asset.clone(),
            Err(_) => Arc::new(Asset {
                id,
                kind: AssetKind::Namespace,
                object: ObjectRef {
                    api_version: "v1".into(),
                    kind: "Namespace".into(),
                    namespace: None,
                    name: name.clone(),
                },
            }),
        }
    };
    for hidden in input.hidden {
        let asset = hidden.namespace.as_ref().map_or(whole.clone(), namespace);
        gaps.add(
            &rules::KIND_HIDDEN,
            &asset,
            format!("kind {}", hidden.kind),
            format!(
                "objects of kind {} can't be seen: {}",
                hidden.kind, hidden.reason
            ),
            heard(
                &format!("{}/{}", Engine::KubernetesWatch, hidden.kind),
                None,
            ),
            &hidden.fix,
        );
    }
    for engine in Engine::ALL {
        gaps.sources(input, engine, &whole);
        if input.settings.expected.contains(&engine) && !cells.is_deployed(engine) {
            let cell = &cells.of_cluster().0[engine as usize];
            gaps.add(
                &rules::NOT_DEPLOYED,
                &whole,
                engine.as_str().to_owned(),
                format!("{} although someone relies on it", cell.reason),
                heard(engine.as_str(), None),
                &cell.fix,
            );
        }
    }
    for one in input.exclusions {
        gaps.add(
            &rules::EXCLUDED,
            &namespace(&one.namespace),
            "all engines".to_owned(),
            format!("namespace {} is excluded by {}", one.namespace, one.by),
            Evidence::Heard {
                location: place(&one.by),
                path: FieldRef::new("excluded namespaces".into(), ""),
                observed: Some((&*one.namespace).into()),
            },
            "take the namespace back in, or accept the gap with an exception",
        );
    }
    for row in rows {
        gaps.row(row, cells);
    }
    let mut stale: Vec<&Row> = rows
        .iter()
        .filter(|row| row.asset.kind == AssetKind::Image)
        .filter(|row| row.cells.of(Engine::Advisories).state == CoverageState::Stale)
        .collect();
    stale.sort_by_key(|row| row.cells.of(Engine::Advisories).heard);
    if let Some(oldest) = stale.first() {
        let cell = oldest.cells.of(Engine::Advisories);
        let count = stale.len();
        let of = if count == 1 {
            "1 image"
        } else {
            &format!("{count} images")
        };
        gaps.add(
            &rules::ADVISORIES_STALE,
            &whole,
            Engine::Advisories.as_str().to_owned(),
            format!("of {of}: {}", cell.reason),
            heard(Engine::Advisories.as_str(), cell.heard),
            &cell.fix,
        );
    }
    let mut findings = gaps.findings;
    findings.sort_by(Finding::listing_order);
    findings.dedup_by(|one, other| one.id == other.id);
    findings
}

struct Gaps {
    findings: Vec<Finding>,
}

impl Gaps {
    fn add(
        &mut self,
        rule: &'static Rule,
        asset: &Arc<Asset>,
        subject: String,
        message: String,
        evidence: Evidence,
        fix: &str,
    ) {
        let subject = Subject {
            container: None,
            field: subject.into(),
        };
        let mut finding = Finding::new(rule, asset.clone(), subject, message, evidence)
            .of_kind(FindingKind::CoverageGap);
        finding.fixes = Arc::from([Fix::manual(fix.to_owned(), DECISION)]);
        self.findings.push(finding);
    }

    /// The sources of one engine: each that is silent, or the engine when all
    /// are.
    fn sources(&mut self, input: Input<'_>, engine: Engine, whole: &Arc<Asset>) {
        let all: Vec<(&Source, CoverageCell)> = input
            .sources
            .iter()
            .filter(|source| source.engine == engine)
            .map(|source| (source, source.cell(input.settings)))
            .collect();
        let bad: Vec<_> = all
            .iter()
            .filter(|(_, cell)| cell.state > CoverageState::NotDeployed)
            .collect();
        let newest = bad.iter().max_by_key(|(_, cell)| cell.heard);
        if let Some((_, newest)) = newest
            && bad.len() > 1
            && bad.len() == all.len()
        {
            let message = match newest.heard {
                Some(at) => format!(
                    "all {} sources of {engine} are silent since {at}",
                    bad.len()
                ),
                None => format!(
                    "none of the {} sources of {engine} was ever heard",
                    bad.len()
                ),
            };
            let evidence = heard(engine.as_str(), newest.heard);
            let subject = engine.as_str().to_owned();
            self.add(
                &rules::SILENT,
                whole,
                subject,
                message,
                evidence,
                &newest.fix,
            );
            return;
        }
        for (source, cell) in bad {
            let name = source.name();
            let message = cell.reason.to_string();
            let evidence = heard(&name, cell.heard);
            self.add(&rules::SILENT, whole, name, message, evidence, &cell.fix);
        }
    }

    /// What only the row of the asset shows.
    fn row(&mut self, row: &Row, cells: &Cells<'_>) {
        let asset = &row.asset;
        let mut add = |rule, engine: Engine, cell: &CoverageCell| {
            let what = &asset.object;
            let message = format!("{what}: {}", cell.reason);
            let source = format!("{engine}/{}", asset.id);
            let subject = engine.as_str().to_owned();
            self.add(
                rule,
                asset,
                subject,
                message,
                heard(&source, cell.heard),
                &cell.fix,
            );
        };
        match asset.kind {
            AssetKind::Node => {
                let cell = row.cells.of(Engine::KubernetesWatch);
                // What holds of all nodes is said of their source.
                if cells.is_unheard(asset) {
                    add(&rules::NODE_SILENT, Engine::KubernetesWatch, cell);
                }
            }
            AssetKind::Image if cells.is_deployed(Engine::ImageScan) => {
                let cell = row.cells.of(Engine::ImageScan);
                match cell.state {
                    CoverageState::Missing => {
                        add(&rules::IMAGE_NOT_SCANNED, Engine::ImageScan, cell)
                    }
                    CoverageState::Stale => add(&rules::IMAGE_SCAN_STALE, Engine::ImageScan, cell),
                    _ => {}
                }
            }
            _ => {}
        }
        let sensor = row.cells.of(Engine::Sensor);
        match sensor.state {
            CoverageState::Unsupported => add(&rules::UNSUPPORTED, Engine::Sensor, sensor),
            CoverageState::Missing if asset.kind == AssetKind::Node => {
                add(&rules::SILENT, Engine::Sensor, sensor);
            }
            _ => {}
        }
    }
}

/// When a source was last heard, as evidence.
fn heard(source: &str, at: Option<Timestamp>) -> Evidence {
    Evidence::Heard {
        location: place(source),
        path: FieldRef::new("last heard".into(), ""),
        observed: Some(at.map_or_else(|| "never".into(), |at| at.to_string().into())),
    }
}

fn place(source: &str) -> Location {
    Location {
        file: source.into(),
        line: 0,
        column: 0,
        span: Span { start: 0, end: 0 },
    }
}
