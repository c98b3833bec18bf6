//! What was heard from whom, and whether that is as lately as it should be.

use std::sync::Arc;

use plimsoll_model::{CoverageCell, CoverageState, Engine, Period, Timestamp};

use crate::Settings;

/// How far a clock may be ahead of this one before what it says is not
/// believed.
const SKEW: Period = Period::minutes(5);

/// What a source observes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The whole cluster.
    Cluster,
    /// One namespace.
    Namespace(Arc<str>),
    /// One node.
    Node(Arc<str>),
    /// The objects of one kind, as `group/Kind`, or `Kind` for the core group.
    Kind {
        /// The kind.
        kind: Arc<str>,
        /// The only namespace they are seen in; none for all.
        namespace: Option<Arc<str>>,
    },
}

/// One source of observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which engine it feeds.
    pub engine: Engine,
    /// What it observes.
    pub scope: Scope,
    /// Its version, where it has one.
    pub version: Option<Arc<str>>,
    /// Since when it observes.
    pub since: Option<Timestamp>,
    /// When it was last heard; none for never.
    pub heard: Option<Timestamp>,
    /// How often it should speak.
    pub cadence: Period,
}

/// A namespace that nobody looks at because someone said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// Which.
    pub namespace: Arc<str>,
    /// Who said so, and where.
    pub by: Arc<str>,
}

/// A kind of object that can't be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Which, as `group/Kind`, or `Kind` for the core group.
    pub kind: Arc<str>,
    /// The only namespace it can't be seen in; none for all.
    pub namespace: Option<Arc<str>>,
    /// Why.
    pub reason: Arc<str>,
    /// What would make it visible.
    pub fix: Arc<str>,
}

/// How old something heard at a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// So many seconds.
    Seconds(u64),
    /// It lies in the future by more than clocks differ.
    Ahead,
}

/// The age at `now`.
pub(crate) fn age(heard: Timestamp, now: Timestamp) -> Age {
    if heard > SKEW.after(now) {
        Age::Ahead
    } else {
        Age::Seconds(u64::try_from(now.as_second().saturating_sub(heard.as_second())).unwrap_or(0))
    }
}

/// What is said where a clock can't be believed.
pub(crate) fn ahead(heard: Timestamp, now: Timestamp) -> (Arc<str>, Arc<str>) {
    (
        format!("it was heard at {heard}, which is after now ({now}): a clock is wrong").into(),
        "set the clocks of the nodes by one time server".into(),
    )
}

/// `7m`, `3h`, `2d`: about how long.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

impl Source {
    /// Its name in evidence: `kubernetes-watch/apps/Deployment`.
    pub(crate) fn name(&self) -> String {
        let engine = self.engine;
        match &self.scope {
            Scope::Cluster => engine.to_string(),
            Scope::Namespace(name) => format!("{engine}/namespace/{name}"),
            Scope::Node(name) => format!("{engine}/node/{name}"),
            Scope::Kind {
                kind,
                namespace: None,
            } => format!("{engine}/{kind}"),
            Scope::Kind {
                kind,
                namespace: Some(namespace),
            } => format!("{engine}/{namespace}/{kind}"),
        }
    }

    /// How it observes what is in its scope.
    pub(crate) fn cell(&self, settings: &Settings) -> CoverageCell {
        let mut cell = CoverageCell {
            state: CoverageState::Observed,
            since: self.since.or(self.heard),
            heard: self.heard,
            version: self.version.clone(),
            ..CoverageCell::default()
        };
        let most = self.cadence.max(settings.silence);
        let name = self.name();
        match self.heard {
            None => {
                cell.state = CoverageState::Missing;
                cell.reason = format!("{name} was never heard").into();
                cell.fix = mend(self.engine).into();
            }
            Some(heard) => match age(heard, settings.now) {
                Age::Ahead => {
                    cell.state = CoverageState::Stale;
                    (cell.reason, cell.fix) = ahead(heard, settings.now);
                }
                // From the very second on: five minutes of silence are five.
                Age::Seconds(age) if age >= most.as_secs() => {
                    cell.state = CoverageState::Silent;
                    cell.reason = format!(
                        "{name} was last heard {} ago and should speak every {}",
                        span(age),
                        self.cadence
                    )
                    .into();
                    cell.fix = mend(self.engine).into();
                }
                Age::Seconds(_) => {}
            },
        }
        cell
    }
}

/// What to do about an engine that is silent.
pub(crate) fn mend(engine: Engine) -> &'static str {
    match engine {
        Engine::KubernetesWatch => {
            "look at the agent's log and at /readyz of the API server: the watch must be reconnected"
        }
        Engine::ImageScan => {
            "look at the scan queue and the workers in the agent's log and metrics"
        }
        Engine::Advisories => "update the database of advisories: plimsoll db update",
        Engine::AuditLog => "look at the audit webhook of the API server and at what receives it",
        Engine::Sensor => "look at the sensor's pod on the node and at the node itself",
        Engine::Admission => "look at the webhook's pods and at its certificate",
    }
}

/// What to do about an engine that is not there.
pub(crate) fn deploy(engine: Engine) -> &'static str {
    match engine {
        Engine::KubernetesWatch => {
            "run the agent in the cluster, or look at it with plimsoll cluster scan"
        }
        Engine::ImageScan => "have the images looked into: --images, or the agent's image scan",
        Engine::Advisories => "give a database of advisories: plimsoll db update",
        Engine::AuditLog => {
            "nothing in this version receives an audit log: keep and search it elsewhere"
        }
        Engine::Sensor => "this version has no sensor: observe what runs with another tool",
        Engine::Admission => {
            "this version has no admission gate: enforce with Pod Security labels or a policy engine"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    #[test]
    fn a_source_that_should_speak_is_silent_after_five_minutes_and_not_before() {
        let check = |heard: &str, cadence: &str, expect: CoverageState| {
            let source = Source {
                engine: Engine::KubernetesWatch,
                scope: Scope::Cluster,
                version: None,
                since: None,
                heard: heard.parse().ok(),
                cadence: cadence.parse().expect("a period"),
            };
            let cell = source.cell(&Settings::new("prod".into(), now()));
            assert_eq!(cell.state, expect, "{heard} {cadence}: {}", cell.reason);
            assert_eq!(cell.reason.is_empty(), expect == CoverageState::Observed);
        };
        check("2026-11-26T12:00:00Z", "1m", CoverageState::Observed);
        check("2026-11-26T11:55:01Z", "1m", CoverageState::Observed);
        check("2026-11-26T11:55:00Z", "1m", CoverageState::Silent);
        check("2026-11-26T11:10:00Z", "1h", CoverageState::Observed);
        check("2026-11-26T11:00:00Z", "1h", CoverageState::Silent);
        check("never", "1h", CoverageState::Missing);
        // A clock that is a little ahead is one that is right.
        check("2026-11-26T12:04:00Z", "1m", CoverageState::Observed);
        check("2026-11-26T13:00:00Z", "1m", CoverageState::Stale);
    }
}
