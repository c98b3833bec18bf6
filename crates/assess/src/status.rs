//! From an assessment to what is written into the status of a custom
//! resource: bounded, and the same for the same state, so that nothing is
//! written when nothing changed.

mod kept;

use plimsoll_model::{Location, Timestamp, Verdict, resource::PostureException, time};
use serde_json::{Map, Value, json};

pub use self::kept::{GoalStatus, Statuses};

use crate::drift::Edit;

/// Characters of one text.
const MOST_CHARS: usize = 400;
/// Bytes of a status: etcd keeps every version of it for a while.
const MOST_BYTES: usize = 16 << 10;
/// The lists of a goal's status that give way where it is too long, the first
/// one first.
const GIVE_WAY: [&str; 4] = ["notes", "settledBy", "fixPlan", "topFindings"];

/// What is known of the resource beside what was judged.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The resource's generation.
    pub generation: i64,
    /// Its status as it is.
    pub before: Option<&'a Value>,
}

/// The status of a goal.
pub fn goal(goal: &GoalStatus, now: Timestamp, about: About<'_>) -> Value {
    let verdict = goal.verdict.as_str();
    // What the cluster knows of the past counts: the agent may have lost its
    // own memory.
    let since = match about.before {
        Some(before) if before["verdict"] == verdict => before["since"].as_str().map(str::to_owned),
        _ => None,
    };
    // A clock that was set back leaves a past that is ahead of it.
    let known = goal.since.filter(|since| *since <= now);
    let since = since.unwrap_or_else(|| instant(known.unwrap_or(now)));
    let flipped = about
        .before
        .is_none_or(|before| before["verdict"] != verdict);
    let because = &goal.because;
    let met = match goal.verdict {
        Verdict::Met | Verdict::AtRisk => "True",
        Verdict::Breached => "False",
        Verdict::Unverified => "Unknown",
    };
    let reason = reason(goal.verdict);
    let mut status = Map::new();
    let mut put = |key: &str, value: Value| {
        status.insert(key.to_owned(), value);
    };
    put("observedGeneration", about.generation.into());
    put("verdict", verdict.into());
    put("attainment", attainment(goal).into());
    put("since", since.into());
    put("flips", (flips(about) + u64::from(flipped)).into());
    put("counts", json!(goal.counts));
    put("because", because.as_str().into());
    if let Some(at_risk) = &goal.at_risk {
        put(
            "atRisk",
            json!({"at": instant(at_risk.at), "because": cut(&at_risk.because)}),
        );
    }
    for (key, list) in [
        ("topFindings", &goal.top),
        ("fixPlan", &goal.steps),
        ("settledBy", &goal.settled_by),
        ("notes", &goal.notes),
    ] {
        if !list.is_empty() {
            put(key, list.clone().into());
        }
    }
    put(
        "conditions",
        json!([
            condition("Accepted", "True", "Accepted", "it is judged", now, about),
            condition("Met", met, reason, because, now, about),
        ]),
    );
    bounded(Value::Object(status))
}

/// The status without the ends of lists that would make it too long.
fn bounded(mut status: Value) -> Value {
    for list in GIVE_WAY {
        while status.to_string().len() > MOST_BYTES {
            let lines = status.get_mut(list).and_then(Value::as_array_mut);
            if lines.and_then(Vec::pop).is_none() {
                break;
            }
        }
        if let Some(members) = status.as_object_mut()
            && members.get(list).is_some_and(|lines| *lines == json!([]))
        {
            members.remove(list);
        }
    }
    status
}

/// The status of a resource that is not judged because something is wrong
/// with it.
pub fn refused(problem: &str, now: Timestamp, about: About<'_>) -> Value {
    let mut status = json!({
        "observedGeneration": about.generation,
        "conditions": [condition("Accepted", "False", "Invalid", &cut(problem), now, about)],
    });
    if flips(about) > 0 {
        status["flips"] = flips(about).into();
    }
    status
}

/// How often the verdict of a goal was told as another one, its first one too,
/// as far as its status says.
pub fn flips(about: About<'_>) -> u64 {
    let flips = about.before.and_then(|before| before["flips"].as_u64());
    flips.unwrap_or(0)
}

/// Adds to the status of a resource that Git owns whether it was edited in the
/// cluster: the condition `Drifted`. Gives whether that is news.
pub fn owned(
    status: &mut Value,
    edit: Result<&Edit, &str>,
    written: &Location,
    now: Timestamp,
    about: About<'_>,
) -> bool {
    let (is, reason, message) = match edit {
        Ok(edit) if edit.count == 0 => ("False", "AsWritten", format!("it is as {written} has it")),
        Ok(edit) => (
            "True",
            "Edited",
            format!("{written} is in force, not this edit: {edit}"),
        ),
        Err(problem) => (
            "True",
            "Invalid",
            format!("{written} is in force; what is here can't be used: {problem}"),
        ),
    };
    let new = condition("Drifted", is, reason, &cut(&message), now, about);
    // An edit of an edit is told again.
    let known = before(about, "Drifted")
        .is_some_and(|known| known["status"] == is && known["message"] == new["message"]);
    if let Some(conditions) = status["conditions"].as_array_mut() {
        conditions.push(new);
    }
    is == "True" && !known
}

/// The status of a class: how many assets are in it.
pub fn class(statuses: &Statuses, name: &str, about: About<'_>) -> Value {
    json!({
        "observedGeneration": about.generation,
        "assets": statuses.in_class(name),
        "conditions": [condition("Accepted", "True", "Accepted", "it is used", statuses.now, about)],
    })
}

/// The status of a baseline.
pub fn baseline(statuses: &Statuses, name: &str, version: &str, about: About<'_>) -> Value {
    let mut status = json!({
        "observedGeneration": about.generation,
        "conditions": [condition("Accepted", "True", "Accepted", "goals can name it", statuses.now, about)],
    });
    if let Some(controls) = statuses.controls_of(name, version) {
        status["controls"] = controls.into();
    }
    status
}

/// The status of an exception: whether it is in force, and what it accepts.
pub fn exception(statuses: &Statuses, exception: &PostureException, about: About<'_>) -> Value {
    let expired = time::end_of(exception.spec.expires) <= statuses.now;
    let findings = statuses.accepted_by(&exception.metadata.name);
    let (state, is, reason, message) = if expired {
        (
            "expired",
            "False",
            "Expired",
            "it has expired: what it accepted counts again",
        )
    } else {
        ("in-force", "True", "InForce", "it is in force")
    };
    json!({
        "observedGeneration": about.generation,
        "state": state,
        "findings": findings,
        "conditions": [condition("InForce", is, reason, message, statuses.now, about)],
    })
}

/// The reason of a verdict's condition and event.
pub fn reason(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Met",
        Verdict::AtRisk => "AtRisk",
        Verdict::Breached => "Breached",
        Verdict::Unverified => "Unverified",
    }
}

/// A condition as it is.
fn before<'a>(about: About<'a>, of: &str) -> Option<&'a Value> {
    let conditions = about.before?["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == of)
}

/// A condition; the time of its last transition stays as long as its status
/// does.
fn condition(
    of: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
    about: About<'_>,
) -> Value {
    let since = before(about, of)
        .filter(|before| before["status"] == status)
        .and_then(|before| before["lastTransitionTime"].as_str())
        .map_or_else(|| second(now), str::to_owned);
    json!({
        "type": of,
        "status": status,
        "observedGeneration": about.generation,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    })
}

/// The share that meets it: one number, or the bounds.
fn attainment(goal: &GoalStatus) -> String {
    let (lower, upper) = (goal.attainment.lower, goal.attainment.upper);
    if lower == upper {
        lower.to_string()
    } else {
        format!("{lower} to {upper}")
    }
}

/// A text that is not longer than it may be.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// An instant to the millisecond: two flips in one second are two.
fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The form of `metav1.Time`.
fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
