//! Causes: what stands behind findings and is changed in one place.

use plimsoll_model::{AssetId, Finding, Fix, FixTarget, Location, ObjectRef};
use rustc_hash::FxHashMap;

/// Effort of an edit that a machine can write: the unit of effort. Each
/// further change in the same place adds [`FURTHER_CHANGE`].
pub const AUTOMATIC: u32 = 10;
/// Effort of an edit of something that many objects take over, such as a YAML
/// anchor or a chart's values: more to think of than one object's edit, far
/// less than two of them.
pub const SHARED_BASE: u32 = 12;
/// Effort of adding an object that is missing.
pub const NEW_OBJECT: u32 = 15;
/// Effort of a change that a machine can write and that a person must decide
/// first, since it can break something.
pub const DECISION: u32 = 25;
/// Effort of a change that only a person can make.
pub const MANUAL: u32 = 40;
/// Effort of each further change in a place that is edited anyway.
pub const FURTHER_CHANGE: u32 = 1;

/// The least effort of a change that contains this fix.
pub fn effort_of(fix: &Fix) -> u32 {
    let new = matches!(fix.target, FixTarget::New { .. });
    match (&fix.decision, new) {
        _ if !fix.is_automatic() => MANUAL,
        (Some(_), _) => DECISION,
        (None, true) => NEW_OBJECT,
        (None, false) => AUTOMATIC,
    }
}

/// One place somebody can change, with all that findings want changed there:
/// an object, an object that is missing, or something that many objects share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its identity; two causes never have the same. Ties between plans of the
    /// same effort are broken by it.
    pub key: String,
    /// What to do there, in one sentence in the imperative.
    pub summary: String,
    /// Its name: `Deployment shop/web`, `chart shop-1.2.3`.
    pub cause: String,
    /// The object it edits or adds; of a shared thing, one of its objects.
    pub object: ObjectRef,
    /// Where it is; none for what is missing or was not read.
    pub location: Option<Location>,
    /// The least effort of a change there: a plain edit is [`AUTOMATIC`]. A
    /// plan raises it to the hardest of the fixes it takes, and adds
    /// [`FURTHER_CHANGE`] for each distinct change after the first.
    pub effort: u32,
    /// Whether a change there reaches more than one asset.
    pub shared: bool,
}

/// How each finding can be cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// The causes.
    pub causes: Vec<Cause>,
    /// For each finding, the ways to clear it, each of which clears it alone:
    /// the cause (index into `causes`) and the fix (index into the finding's
    /// fixes).
    pub of: Vec<Vec<(u32, u32)>>,
}

/// A fix whose edit lands on something that several objects share. The shared
/// cause is offered beside the object's own: one edit there does for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFix {
    /// The finding (index).
    pub finding: u32,
    /// The fix (index into the finding's fixes).
    pub fix: u32,
    /// What is shared: the same text for all that one edit there does.
    pub key: String,
    /// How people call it: `chart shop-1.2.3`,
    /// `anchor at storefront/web.yaml:12, used by 3 objects`.
    pub label: String,
    /// The least effort of an edit there; usually [`SHARED_BASE`].
    pub effort: u32,
}

/// Groups the fixes of all findings by the place they change. A fix belongs to
/// the object it edits or adds, and to the shared thing that `sharing` names
/// for it; entries of `sharing` that name no fix are passed over.
pub fn resolve(findings: &[Finding], sharing: &[SharedFix]) -> Causes {
    let mut found = Resolver::default();
    let mut of = Vec::with_capacity(findings.len());
    for finding in findings {
        let ways = finding.fixes.iter().zip(0..);
        of.push(
            ways.map(|(fix, index)| (found.object(finding, fix), index))
                .collect(),
        );
    }
    let mut sharing: Vec<&SharedFix> = sharing.iter().collect();
    sharing.sort_by_key(|shared| (shared.finding, shared.fix, &shared.key));
    for shared in sharing {
        let index = shared.finding as usize;
        let Some(finding) = findings.get(index) else {
            continue;
        };
        let Some(fix) = finding.fixes.get(shared.fix as usize) else {
            continue;
        };
        let cause = found.shared(finding, fix, shared);
        let ways: &mut Vec<(u32, u32)> = &mut of[index];
        if !ways.contains(&(cause, shared.fix)) {
            ways.push((cause, shared.fix));
        }
    }
    Causes {
        causes: found.causes,
        of,
    }
}

#[derive(Default)]
struct Resolver<'a> {
    causes: Vec<Cause>,
    /// For each cause, the asset that it was first seen to reach.
    reaches: Vec<&'a AssetId>,
    by_key: FxHashMap<String, u32>,
}

impl<'a> Resolver<'a> {
    /// The cause that is the object which `fix` edits or adds.
    fn object(&mut self, finding: &'a Finding, fix: &Fix) -> u32 {
        let (key, object, location) = match &fix.target {
            FixTarget::Own => {
                let location = finding.evidence().location();
                if let Some(&cause) = self.by_key.get(finding.asset.id.as_str()) {
                    return self.again(cause, finding, fix, effort_of(fix), Some(location));
                }
                (
                    finding.asset.id.as_str().to_owned(),
                    &finding.asset.object,
                    Some(location),
                )
            }
            FixTarget::Other(object) | FixTarget::New { object, .. } => {
                (key_of(object, finding), object.as_ref(), None)
            }
        };
        if let Some(&cause) = self.by_key.get(&key) {
            return self.again(cause, finding, fix, effort_of(fix), location);
        }
        let name = object.to_string();
        let effort = effort_of(fix);
        self.insert(key, name, finding, fix, object, location, effort)
    }

    /// The cause that is the thing which `shared` names.
    fn shared(&mut self, finding: &'a Finding, fix: &Fix, shared: &SharedFix) -> u32 {
        let location = finding.evidence().location();
        // No asset id begins like this, so that no label can pass for one.
        let key = format!("shared/{}", shared.key);
        let cause = match self.by_key.get(&key) {
            Some(&cause) => self.again(cause, finding, fix, u32::MAX, Some(location)),
            None => {
                let object = match &fix.target {
                    FixTarget::Own => &finding.asset.object,
                    FixTarget::Other(object) | FixTarget::New { object, .. } => object,
                };
                let name = shared.label.clone();
                self.insert(
                    key,
                    name,
                    finding,
                    fix,
                    object,
                    Some(location),
                    shared.effort,
                )
            }
        };
        let known = &mut self.causes[cause as usize];
        known.shared = true;
        known.effort = known.effort.max(shared.effort);
        cause
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "private, and each is a field of the cause"
    )]
    fn insert(
        &mut self,
        key: String,
        name: String,
        finding: &'a Finding,
        fix: &Fix,
        object: &ObjectRef,
        location: Option<&Location>,
        effort: u32,
    ) -> u32 {
        let cause = self.causes.len() as u32;
        self.causes.push(Cause {
            key: key.clone(),
            summary: fix.summary.clone().into_owned(),
            cause: name,
            object: object.clone(),
            location: location.cloned(),
            effort,
            shared: false,
        });
        self.reaches.push(&finding.asset.id);
        self.by_key.insert(key, cause);
        cause
    }

    /// A further fix of a known cause.
    fn again(
        &mut self,
        cause: u32,
        finding: &'a Finding,
        fix: &Fix,
        effort: u32,
        location: Option<&Location>,
    ) -> u32 {
        let known = &mut self.causes[cause as usize];
        known.effort = known.effort.min(effort);
        known.shared |= *self.reaches[cause as usize] != finding.asset.id;
        if known.summary != fix.summary {
            known.summary = format!("Change {}", known.cause);
        }
        if let Some(location) = location
            && known
                .location
                .as_ref()
                .is_none_or(|earlier| location < earlier)
        {
            known.location = Some(location.clone());
        }
        cause
    }
}

/// The asset id of another object of the cluster that the finding is in.
fn key_of(object: &ObjectRef, finding: &Finding) -> String {
    let id = finding.asset.id.as_str();
    let cluster = id
        .strip_prefix("cluster/")
        .and_then(|rest| rest.split('/').next());
    let (kind, name) = (&object.kind, &object.name);
    let namespace = object.namespace.as_deref();
    AssetId::object(
        cluster.unwrap_or_default(),
        object.group(),
        kind,
        namespace,
        name,
    )
    .as_str()
    .to_owned()
}
