//! From an assessment to what is written into the status of a custom
//! resource: bounded, and the same for the same state, so that nothing is
//! written when nothing changed.

use plimsoll_model::{
    AssetState, GoalVerdict, Location, Timestamp, Verdict, resource::PostureException, time,
};
use serde_json::{Map, Value, json};

use crate::{Assessment, drift::Edit};

/// Findings that are named.
const MOST_FINDINGS: usize = 10;
/// Steps of the fix plan that are named.
const MOST_STEPS: usize = 5;
/// Lines of other lists.
const MOST_LINES: usize = 5;
/// Characters of one text.
const MOST_CHARS: usize = 400;
/// Bytes of a status: etcd keeps every version of it for a while.
const MOST_BYTES: usize = 16 << 10;
/// The lists of a goal's status that give way where it is too long, the first
/// one first.
const GIVE_WAY: [&str; 4] = ["notes", "settledBy", "fixPlan", "topFindings"];

/// What is known of the resource beside the assessment.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The resource's generation.
    pub generation: i64,
    /// Its status as it is.
    pub before: Option<&'a Value>,
}

/// The status of a goal.
pub fn goal(assessment: &Assessment, goal: &GoalVerdict, about: About<'_>) -> Value {
    let verdict = goal.verdict.as_str();
    // What the cluster knows of the past counts: the agent may have lost its
    // own memory.
    let since = match about.before {
        Some(before) if before["verdict"] == verdict => before["since"].as_str().map(str::to_owned),
        _ => None,
    };
    // A clock that was set back leaves a past that is ahead of it.
    let known = goal.since.filter(|since| *since <= assessment.now);
    let since = since.unwrap_or_else(|| instant(known.unwrap_or(assessment.now)));
    let flipped = about
        .before
        .is_none_or(|before| before["verdict"] != verdict);
    let because = because(assessment, goal);
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
    put("because", because.clone().into());
    if let Some(at_risk) = &goal.at_risk {
        put(
            "atRisk",
            json!({"at": instant(at_risk.at), "because": cut(&at_risk.because)}),
        );
    }
    let top = top_findings(assessment, goal);
    if !top.is_empty() {
        put("topFindings", top.into());
    }
    let steps: Vec<Value> = goal
        .plan
        .steps
        .iter()
        .take(MOST_STEPS)
        .map(|step| json!({"change": cut(&step.summary), "clears": step.clears.len()}))
        .collect();
    if !steps.is_empty() {
        put("fixPlan", steps.into());
    }
    for (key, lines) in [("settledBy", &goal.settled_by), ("notes", &goal.notes)] {
        let lines: Vec<String> = lines.iter().take(MOST_LINES).map(|l| cut(l)).collect();
        if !lines.is_empty() {
            put(key, json!(lines));
        }
    }
    put(
        "conditions",
        json!([
            condition(
                "Accepted",
                "True",
                "Accepted",
                "it is judged",
                assessment.now,
                about
            ),
            condition("Met", met, reason, &because, assessment.now, about),
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
pub fn class(assessment: &Assessment, name: &str, about: About<'_>) -> Value {
    let all = assessment.classes.iter();
    let assets = all
        .filter(|classes| classes.iter().any(|class| class.class == name))
        .count();
    json!({
        "observedGeneration": about.generation,
        "assets": assets,
        "conditions": [condition("Accepted", "True", "Accepted", "it is used", assessment.now, about)],
    })
}

/// The status of a baseline.
pub fn baseline(assessment: &Assessment, name: &str, version: &str, about: About<'_>) -> Value {
    let asked = [name.to_owned(), format!("{name}@{version}")];
    let resolved = asked
        .iter()
        .find_map(|name| assessment.evaluation.baselines.get(name));
    let mut status = json!({
        "observedGeneration": about.generation,
        "conditions": [condition("Accepted", "True", "Accepted", "goals can name it", assessment.now, about)],
    });
    if let Some(resolved) = resolved {
        status["controls"] = resolved.controls.len().into();
    }
    status
}

/// The status of an exception: whether it is in force, and what it accepts.
pub fn exception(assessment: &Assessment, exception: &PostureException, about: About<'_>) -> Value {
    let name = &exception.metadata.name;
    let expired = time::end_of(exception.spec.expires) <= assessment.now;
    let accepts = assessment.excepted_by.values();
    let findings = accepts.filter(|by| *by == name).count();
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
        "conditions": [condition("InForce", is, reason, message, assessment.now, about)],
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
fn attainment(goal: &GoalVerdict) -> String {
    let (lower, upper) = (goal.attainment.lower, goal.attainment.upper);
    if lower == upper {
        lower.to_string()
    } else {
        format!("{lower} to {upper}")
    }
}

/// The verdict in one sentence: the numbers, and the worst of what is wrong.
fn because(assessment: &Assessment, goal: &GoalVerdict) -> String {
    let counts = &goal.counts;
    if counts.in_scope == 0 {
        return "nothing is in scope, which proves nothing".to_owned();
    }
    let meeting = counts.satisfied + counts.excepted + counts.pending;
    let mut text = format!("{meeting} of {} assets meet it", counts.in_scope);
    for (number, what) in [
        (counts.violated, "violate it"),
        (counts.pending, "are pending"),
        (counts.unknown, "are unknown"),
        (counts.excepted, "by an exception"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    let state = match goal.verdict {
        Verdict::Unverified => AssetState::Unknown,
        _ => AssetState::Violated,
    };
    let worst = goal.assets.iter().find(|asset| asset.state == state);
    let why = worst.and_then(|asset| {
        let clause = asset.clauses.iter().find(|clause| clause.state == state)?;
        let id = &assessment.assets.get(asset.asset as usize)?.asset.id;
        Some(format!("{id}: {}", clause.because))
    });
    match why {
        Some(why) => cut(&format!("{text}; {why}")),
        None => text,
    }
}

/// The worst findings that violate it. They are listed worst first, so that
/// the lowest indexes are the worst.
fn top_findings(assessment: &Assessment, goal: &GoalVerdict) -> Vec<Value> {
    let mut worst = std::collections::BTreeSet::new();
    for clause in goal.assets.iter().flat_map(|asset| &asset.clauses) {
        let violating = clause.violating as usize;
        for index in clause.findings.iter().take(violating) {
            worst.insert(*index);
            if worst.len() > MOST_FINDINGS {
                worst.pop_last();
            }
        }
    }
    worst
        .into_iter()
        .filter_map(|index| assessment.findings.get(index as usize))
        .map(|finding| {
            json!({
                "id": finding.id.to_string(),
                "rule": finding.rule.id,
                "severity": finding.severity.as_str(),
                "asset": finding.asset.id.to_string(),
                "message": cut(&finding.message),
            })
        })
        .collect()
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
