//! Writes what is known into the status of the resources, and tells of
//! verdicts that flipped as events.
//!
//! Only a status is ever written, never a spec or metadata, and only where it
//! is otherwise than it was. A flip is told before it is written, by an event
//! whose name follows from the status before it, which counts them: whoever is
//! interrupted between the two tells it again, under the same name, which the
//! API server refuses. So no flip is lost and none is told twice, whatever the
//! clock does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, ListParams, PostParams},
};
use plimsoll_assess::{
    drift::Owner,
    status::{self, About, GoalStatus, Statuses},
};
use plimsoll_manifest::{Document, Limits, Source, load_one};
use plimsoll_model::{
    Timestamp, crd,
    resource::{self, API_GROUP, Resource},
};
use serde_json::{Value, json};
use tokio::{sync::watch, time};

use crate::{
    Server,
    agent::{Metrics, Round, Sink, WriteLabels},
};

/// Who writes, in the managed fields.
const MANAGER: &str = "plimsoll-agent";
/// The namespace of events about what has none.
const EVENTS: &str = "default";
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// The least time between two rounds of writing: a status is for people.
const PACE: Duration = Duration::from_secs(1);
/// Characters of an event's message, of which the API takes 1,024 bytes.
const MESSAGE: usize = 240;

/// Writes statuses and events.
pub struct StatusWriter {
    client: Client,
    metrics: Metrics,
    identity: String,
    last: Option<time::Instant>,
    owner: Option<watch::Receiver<Arc<Owner>>>,
}

impl StatusWriter {
    /// Writes to this server. `identity` is who this is, for readers of
    /// events.
    pub fn new(server: &Server, identity: impl Into<String>, metrics: Metrics) -> Self {
        StatusWriter {
            client: server.client().clone(),
            metrics,
            identity: identity.into(),
            last: None,
            owner: None,
        }
    }

    /// What owns the line: edits of it in the cluster are drift.
    #[must_use]
    pub fn owned_by(mut self, owner: watch::Receiver<Arc<Owner>>) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Whether everything is as it should be now.
    async fn write_all(&self, statuses: &Statuses) -> bool {
        let mut done = true;
        let owner = self.owner.as_ref().map(|owner| owner.borrow().clone());
        let mut drifted = 0;
        for (kind, plural) in crd::kinds() {
            let resource = api_resource(kind, plural);
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
            let listed = match within(api.list(&ListParams::default())).await {
                Ok(listed) => listed,
                // The definitions are not installed: nothing to write into.
                Err(Failed::Api(404)) => continue,
                Err(error) => {
                    self.count("status", false);
                    tracing::warn!(kind, %error, "the resources can't be listed");
                    // Whoever does not answer once is not asked for each kind.
                    if matches!(error, Failed::Slow) {
                        return false;
                    }
                    done = false;
                    continue;
                }
            };
            for object in listed.items {
                let next = new_status(object, kind, statuses, owner.as_deref());
                let Some(next) = next else {
                    done = false;
                    continue;
                };
                drifted += i64::from(next.drifted);
                match self.write_one(&api, kind, next).await {
                    Wrote::Done => {}
                    Wrote::Again => done = false,
                    Wrote::Away => return false,
                }
            }
        }
        self.metrics.drifted.set(drifted);
        done
    }

    async fn write_one(&self, api: &Api<DynamicObject>, kind: &str, next: Next<'_>) -> Wrote {
        let Next {
            mut object,
            status,
            flip,
            drift,
            ..
        } = next;
        if object.data.get("status") == Some(&status) {
            return Wrote::Done;
        }
        let name = object.metadata.name.clone().unwrap_or_default();
        let now = Timestamp::now();
        let flip = flip.map(|verdict| flip_event(&object, verdict, &self.identity, now));
        let drift = drift.map(|said| drift_event(&object, kind, &said, &self.identity, now));
        for event in flip.into_iter().chain(drift) {
            if let Err(error) = self.tell(event).await {
                // The next round tries both again.
                self.count("event", false);
                tracing::warn!(kind, name, %error, "an event can't be told");
                return Wrote::not(&error);
            }
        }
        object.data["status"] = status;
        object.metadata.managed_fields = None;
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        match within(api.replace_status(&name, &params, &object)).await {
            Ok(_) => {
                self.count("status", true);
                Wrote::Done
            }
            Err(Failed::Api(404)) => Wrote::Done,
            // Somebody else wrote meanwhile: it is looked at again.
            Err(Failed::Api(409)) => Wrote::Again,
            Err(error) => {
                self.count("status", false);
                tracing::warn!(kind, name, %error, "the status can't be written");
                Wrote::not(&error)
            }
        }
    }

    /// Tells an event. That it was told already is no failure.
    async fn tell(&self, event: Value) -> Result<(), Failed> {
        let resource = ApiResource {
            group: String::new(),
            version: "v1".to_owned(),
            api_version: "v1".to_owned(),
            kind: "Event".to_owned(),
            plural: "events".to_owned(),
        };
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), EVENTS, &resource);
        let mut told = DynamicObject::new("", &resource);
        told.metadata.name = event["metadata"]["name"].as_str().map(str::to_owned);
        told.metadata.namespace = Some(EVENTS.to_owned());
        told.data = event;
        if let Some(data) = told.data.as_object_mut() {
            data.remove("metadata");
        }
        match within(api.create(&PostParams::default(), &told)).await {
            Ok(_) => {
                self.count("event", true);
                Ok(())
            }
            Err(Failed::Api(409)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn count(&self, what: &str, ok: bool) {
        let labels = WriteLabels {
            what: what.to_owned(),
            result: if ok { "ok" } else { "failed" }.to_owned(),
        };
        self.metrics.writes.get_or_create(&labels).inc();
    }
}

impl Sink for StatusWriter {
    async fn round(&mut self, round: Round, writes: bool) -> bool {
        for flip in round.flips.iter().filter(|_| writes) {
            tracing::info!(
                goal = flip.goal,
                from = flip.from.map(|verdict| verdict.as_str()),
                to = flip.to.map(|verdict| verdict.as_str()),
                because = flip.because.text,
                "a verdict"
            );
        }
        if !writes {
            return true;
        }
        if let Some(last) = self.last {
            time::sleep_until(last + PACE).await;
        }
        let done = self.write_all(&round.statuses).await;
        self.last = Some(time::Instant::now());
        done
    }
}

/// What came of writing one status.
enum Wrote {
    /// It is as it should be.
    Done,
    /// It must be tried again.
    Again,
    /// The server does not answer.
    Away,
}

impl Wrote {
    fn not(error: &Failed) -> Self {
        match error {
            Failed::Slow => Wrote::Away,
            _ => Wrote::Again,
        }
    }
}

/// What a resource is to become.
struct Next<'a> {
    object: DynamicObject,
    /// The status it should have.
    status: Value,
    /// The verdict to tell, for a goal whose verdict is otherwise than its
    /// status says.
    flip: Option<&'a GoalStatus>,
    /// Whether it was edited although Git owns it.
    drifted: bool,
    /// What to tell of that, where it is news.
    drift: Option<String>,
}

fn about(object: &DynamicObject) -> About<'_> {
    About {
        generation: object.metadata.generation.unwrap_or(0),
        before: object.data.get("status"),
    }
}

/// What a resource is to become. None where what was judged is another spec
/// than this: the next one will be of it.
fn new_status<'a>(
    object: DynamicObject,
    kind: &str,
    statuses: &'a Statuses,
    owner: Option<&Owner>,
) -> Option<Next<'a>> {
    let (about, now) = (about(&object), statuses.now);
    let parsed = read(&object, kind)
        .and_then(|document| resource::parse(&document).map_err(|problem| problem.message));
    let name = object.metadata.name.clone().unwrap_or_default();
    let (edit, written) = match &parsed {
        Ok(parsed) => owner.and_then(|owner| owner.edit_of(parsed)),
        Err(_) => None,
    }
    .unzip();
    let mut flip = None;
    let mut status = match &parsed {
        Err(problem) => status::refused(problem, now, about),
        Ok(Resource::Goal(goal, _)) => {
            let name = &goal.metadata.name;
            let mut verdicts = statuses.goals.iter();
            let verdict = verdicts.find(|verdict| verdict.goal.metadata.name == *name)?;
            // An edit of what Git owns is never judged.
            let owned = owner.is_some_and(|owner| owner.is(&verdict.goal));
            if verdict.goal.spec != goal.spec && !owned {
                return None;
            }
            let before = about.before.and_then(|before| before["verdict"].as_str());
            flip = (before != Some(verdict.verdict.as_str())).then_some(verdict);
            status::goal(verdict, now, about)
        }
        Ok(Resource::Class(class, _)) => status::class(statuses, &class.metadata.name, about),
        Ok(Resource::Baseline(baseline, _)) => {
            let name = &baseline.metadata.name;
            status::baseline(statuses, name, &baseline.spec.version, about)
        }
        Ok(Resource::Exception(exception, _)) => status::exception(statuses, exception, about),
    };
    let written = written.or_else(|| owner.and_then(|owner| owner.written(kind, &name)));
    let said = match (&parsed, &edit, written) {
        (Err(problem), _, Some(written)) => Some((Err(problem.as_str()), written)),
        (Ok(_), Some(edit), Some(written)) => Some((Ok(edit), written)),
        _ => None,
    };
    let (mut drifted, mut drift) = (false, None);
    if let Some((edit, written)) = said {
        let news = status::owned(&mut status, edit, written, now, about);
        let condition = status["conditions"].as_array().and_then(|all| all.last());
        drifted = condition.is_some_and(|condition| condition["status"] == "True");
        let message = condition.and_then(|condition| condition["message"].as_str());
        drift = message.filter(|_| news).map(str::to_owned);
    }
    Some(Next {
        object,
        status,
        flip,
        drifted,
        drift,
    })
}

/// The object as a document of ours.
fn read(object: &DynamicObject, kind: &str) -> Result<Document, String> {
    let spec = object.data.get("spec").cloned().unwrap_or(Value::Null);
    let labels: &BTreeMap<String, String> = &object.metadata.labels.clone().unwrap_or_default();
    let text = json!({
        "apiVersion": resource::API_VERSION,
        "kind": kind,
        "metadata": {"name": object.metadata.name, "labels": labels},
        "spec": spec,
    })
    .to_string();
    let limits = Limits::default();
    let source =
        Source::new("resource", text.into_bytes(), &limits).map_err(|error| error.to_string())?;
    load_one(&source, &limits)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| "it is empty".to_owned())
}

/// What an event says.
struct Said<'a> {
    /// The kind of the resource it is about.
    kind: &'a str,
    /// What was before, and what is now: the event's name follows from both.
    before: &'a str,
    now: &'a str,
    is_normal: bool,
    reason: String,
    message: String,
}

/// The event that tells of a flip.
fn flip_event(
    object: &DynamicObject,
    verdict: &GoalStatus,
    identity: &str,
    at: Timestamp,
) -> Value {
    let goal = &verdict.goal.metadata.name;
    let before = object.data.get("status");
    let was = match before.and_then(|before| before["verdict"].as_str()) {
        Some(before) => format!("{before} before"),
        None => "not judged before".to_owned(),
    };
    let counts = &verdict.counts;
    let message = format!(
        "{goal} is {} ({was}): {} of {} assets meet it, {} violate it, {} are unknown",
        verdict.verdict.as_str(),
        counts.satisfied + counts.excepted + counts.pending,
        counts.in_scope,
        counts.violated,
        counts.unknown,
    );
    let flips = status::flips(about(object)).to_string();
    let said = Said {
        kind: "PostureGoal",
        before: &flips,
        now: verdict.verdict.as_str(),
        is_normal: matches!(verdict.verdict, plimsoll_model::Verdict::Met),
        reason: format!("Verdict{}", status::reason(verdict.verdict)),
        message,
    };
    event(object, &said, identity, at)
}

/// The event that tells of an edit of what Git owns.
fn drift_event(
    object: &DynamicObject,
    kind: &str,
    edit: &str,
    identity: &str,
    at: Timestamp,
) -> Value {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let generation = object.metadata.generation.unwrap_or(0);
    let said = Said {
        kind,
        before: &format!("generation{generation}"),
        now: "drifted",
        is_normal: false,
        reason: "Drifted".to_owned(),
        message: format!("{name} was edited in the cluster: {edit}"),
    };
    event(object, &said, identity, at)
}

fn event(object: &DynamicObject, said: &Said<'_>, identity: &str, at: Timestamp) -> Value {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let uid = object.metadata.uid.as_deref().unwrap_or_default();
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut message = said.message.clone();
    if let Some((end, _)) = message.char_indices().nth(MESSAGE) {
        message.truncate(end);
    }
    json!({
        "metadata": {"name": event_name(name, uid, said.before, said.now), "namespace": EVENTS},
        "involvedObject": {
            "apiVersion": resource::API_VERSION,
            "kind": said.kind,
            "name": name,
            "uid": uid,
        },
        "type": if said.is_normal { "Normal" } else { "Warning" },
        "reason": said.reason,
        "message": message,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "source": {"component": MANAGER},
        "reportingComponent": format!("{API_GROUP}/agent"),
        "reportingInstance": identity,
    })
}

/// A name that follows from what was before and what is now.
fn event_name(goal: &str, uid: &str, before: &str, verdict: &str) -> String {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    let goal: String = goal.chars().take(120).collect();
    let uid: String = plain(uid).chars().take(8).collect();
    format!("{goal}.{uid}.{}.{}", plain(before), plain(verdict))
}

fn api_resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: API_GROUP.to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: resource::API_VERSION.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the API server answers {0}")]
    Api(u16),
    #[error("the API server does not answer within {} s", REQUEST.as_secs())]
    Slow,
    #[error("{0}")]
    Other(kube::Error),
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Failed> {
    match time::timeout(REQUEST, request).await {
        Err(_) => Err(Failed::Slow),
        Ok(Ok(value)) => Ok(value),
        Ok(Err(kube::Error::Api(answer))) => Err(Failed::Api(answer.code)),
        Ok(Err(error)) => Err(Failed::Other(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_name_follows_from_what_it_tells() {
        let name = event_name("hold", "8A1c-22-f3bb", "7", "at-risk");
        assert_eq!(name, "hold.8a1c22f3.7.atrisk");
        // The same flip is the same name, the way back is another.
        assert_ne!(event_name("hold", "8A1c-22-f3bb", "8", "at-risk"), name);
    }
}
