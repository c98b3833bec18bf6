//! The schemas of what a cluster's agent says of a resource.

use serde_json::{Value, json};

/// The schema of a kind's status.
pub(super) fn of(kind: &str) -> Value {
    let mut properties = json!({
        "observedGeneration": {
            "type": "integer",
            "format": "int64",
            "description": "The generation of the resource that this is about.",
        },
        "conditions": conditions(),
    });
    let own = match kind {
        "PostureGoal" => goal(),
        "AssetClass" => json!({
            "assets": number("Assets in the class."),
        }),
        "Baseline" => json!({
            "controls": number("Controls in the baseline."),
        }),
        _ => json!({
            "state": {
                "type": "string",
                "enum": ["in-force", "expired", "invalid"],
                "description": "Whether it is in force.",
            },
            "findings": number("Open findings that it accepts."),
        }),
    };
    if let (Some(all), Value::Object(own)) = (properties.as_object_mut(), own) {
        all.extend(own);
    }
    json!({
        "type": "object",
        "description": "What the agent of the cluster says of it; nobody else writes it.",
        "properties": properties,
    })
}

fn number(description: &str) -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 0, "description": description})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn goal() -> Value {
    let counts = json!({
        "inScope": number("All assets in scope."),
        "satisfied": number("Assets that meet every clause."),
        "violated": number("Assets that violate a clause."),
        "pending": number("Assets with a finding inside its grace period."),
        "unknown": number("Assets that can't be judged."),
        "excepted": number("Assets that meet the goal only by an exception."),
    });
    json!({
        "verdict": {
            "type": "string",
            "enum": ["met", "at-risk", "breached", "unverified"],
            "description": "Whether the goal holds.",
        },
        "attainment": text("The share of the scope that meets it: one number, or its bounds where assets are unknown."),
        "since": {
            "type": "string",
            "format": "date-time",
            "description": "Since when the verdict is what it is.",
        },
        "flips": number("How often the verdict was told as another one, the first time too."),
        "counts": {"type": "object", "description": "The parts of the scope.", "properties": counts},
        "because": text("The verdict in one sentence."),
        "atRisk": {
            "type": "object",
            "description": "What will break it, and when.",
            "properties": {"at": text("The day."), "because": text("Why.")},
        },
        "topFindings": {
            "type": "array",
            "maxItems": 10,
            "description": "The worst of the findings that violate it.",
            "items": {"type": "object", "properties": {
                "id": text("Its identity."),
                "rule": text("The rule."),
                "severity": text("How bad it is."),
                "asset": text("What it is on."),
                "message": text("What is wrong."),
            }},
        },
        "fixPlan": {
            "type": "array",
            "maxItems": 5,
            "description": "The first steps of the smallest change that reaches the target.",
            "items": {"type": "object", "properties": {
                "change": text("What to change."),
                "clears": number("Violations that it clears."),
            }},
        },
        "settledBy": {
            "type": "array",
            "maxItems": 5,
            "description": "What would settle an unverified verdict.",
            "items": {"type": "string"},
        },
        "notes": {
            "type": "array",
            "maxItems": 5,
            "description": "What must be said beside the verdict.",
            "items": {"type": "string"},
        },
    })
}

/// Conditions in the form that Kubernetes' own resources have.
fn conditions() -> Value {
    json!({
        "type": "array",
        "description": "What is so, in the form of all of Kubernetes.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {"type": "string", "maxLength": 316},
                "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
                "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
                "lastTransitionTime": {"type": "string", "format": "date-time"},
                "reason": {"type": "string", "minLength": 1, "maxLength": 1024},
                "message": {"type": "string", "maxLength": 32768},
            },
        },
    })
}
