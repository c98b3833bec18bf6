//! Findings that come one by one, grouped by object within bounds.

use std::collections::BTreeMap;

use plimsoll_model::{ObjectRef, Severity, wire::FindingReport};
use rustc_hash::FxHashMap;

/// The place of an object for which there is no room.
const UNLISTED: usize = usize::MAX;
/// The place of an object all whose findings are listed elsewhere so far.
const ASIDE: usize = usize::MAX - 1;

/// How much is kept; everything is counted.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Objects.
    pub(crate) groups: usize,
    /// Findings of each object.
    pub(crate) findings: usize,
}

/// An object with its findings.
pub(crate) struct Group {
    pub(crate) object: ObjectRef,
    /// How many findings it has.
    pub(crate) total: u64,
    /// Those that are kept.
    pub(crate) findings: Vec<FindingReport>,
}

/// Findings by object, the object with the worst first.
pub(crate) struct Groups {
    /// The objects that are kept, in the order of their first finding.
    pub(crate) list: Vec<Group>,
    /// All findings.
    pub(crate) total: u64,
    /// All objects with a finding.
    pub(crate) objects: u64,
    /// Objects that are not in the list for want of room.
    pub(crate) unlisted: u64,
    /// Findings that another list takes.
    pub(crate) aside: u64,
    /// Findings on objects that are not kept.
    pub(crate) elsewhere: u64,
    /// All findings by severity.
    pub(crate) severities: BTreeMap<Severity, u64>,
    /// All findings by control, with the worst severity of each.
    pub(crate) controls: BTreeMap<String, (u64, Severity)>,
}

impl Groups {
    /// Takes all findings and keeps what the limits allow. Findings come worst
    /// first, so what is kept is the worst.
    pub(crate) fn collect(
        findings: &mut dyn Iterator<Item = FindingReport>,
        limits: Limits,
    ) -> Groups {
        Groups::collect_but(findings, limits, Some)
    }

    /// The same without the findings that `aside` takes: they count in the
    /// whole, and stand in no group and for no control.
    pub(crate) fn collect_but(
        findings: &mut dyn Iterator<Item = FindingReport>,
        limits: Limits,
        mut aside: impl FnMut(FindingReport) -> Option<FindingReport>,
    ) -> Groups {
        let mut groups = Groups {
            list: Vec::new(),
            total: 0,
            objects: 0,
            unlisted: 0,
            aside: 0,
            elsewhere: 0,
            severities: BTreeMap::new(),
            controls: BTreeMap::new(),
        };
        let mut known: FxHashMap<ObjectRef, usize> = FxHashMap::default();
        for finding in findings {
            groups.total += 1;
            *groups.severities.entry(finding.severity).or_default() += 1;
            let object = finding.object.clone();
            let Some(finding) = aside(finding) else {
                groups.aside += 1;
                known.entry(object).or_insert_with(|| {
                    groups.objects += 1;
                    ASIDE
                });
                continue;
            };
            match groups.controls.get_mut(&finding.control) {
                Some((n, worst)) => {
                    *n += 1;
                    *worst = finding.severity.max(*worst);
                }
                None => {
                    let control = finding.control.clone();
                    groups.controls.insert(control, (1, finding.severity));
                }
            }
            let next = groups.list.len();
            let at = match known.get(&object) {
                Some(at) if *at != ASIDE => *at,
                seen => {
                    groups.objects += u64::from(seen.is_none());
                    let at = if next < limits.groups {
                        groups.list.push(Group {
                            object: object.clone(),
                            total: 0,
                            findings: Vec::new(),
                        });
                        next
                    } else {
                        groups.unlisted += 1;
                        UNLISTED
                    };
                    known.insert(object, at);
                    at
                }
            };
            match groups.list.get_mut(at) {
                Some(group) => {
                    group.total += 1;
                    if group.findings.len() < limits.findings {
                        group.findings.push(finding);
                    }
                }
                None => groups.elsewhere += 1,
            }
        }
        groups
    }

    /// Findings that are counted and not kept.
    pub(crate) fn hidden(&self) -> u64 {
        self.total
            - self.aside
            - self
                .list
                .iter()
                .map(|group| group.findings.len() as u64)
                .sum::<u64>()
    }
}
