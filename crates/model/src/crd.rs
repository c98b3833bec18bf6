//! The custom resource definitions, made from the types: the same document is
//! a file and an object of the API, so there is one source of both.
//!
//! A schema of the API server is *structural*: no references, no alternatives
//! between shapes. What the JSON Schema says with those is said here with
//! rules of CEL where it can be, so that `kubectl apply` refuses what the
//! parser would refuse. What neither can say is left to the parser, and shows
//! in the resource's status.

mod status;
mod structural;
mod yaml;

use serde_json::{Value, json};

use crate::resource::API_GROUP;

/// One kind as the API server has it.
struct Kind {
    kind: &'static str,
    plural: &'static str,
    short: &'static str,
    columns: &'static [(&'static str, &'static str, &'static str)],
    /// Rules of the spec: CEL, and what to say where it does not hold.
    rules: &'static [(&'static str, &'static str)],
}

const AGE: (&str, &str, &str) = ("Age", "date", ".metadata.creationTimestamp");

const KINDS: [Kind; 4] = [
    Kind {
        kind: "PostureGoal",
        plural: "posturegoals",
        short: "goal",
        columns: &[
            ("Owner", "string", ".spec.owner"),
            ("Verdict", "string", ".status.verdict"),
            ("Attainment", "string", ".status.attainment"),
            ("Breaches", "integer", ".status.counts.violated"),
            ("Unverified", "integer", ".status.counts.unknown"),
            AGE,
        ],
        rules: &[
            (
                "!has(self.assets.all) || self.assets.all",
                "write `all: true`, `class: NAME` or `match: {...}` under `assets`",
            ),
            (
                "!has(self.ramp) || has(self.due)",
                "a ramp leads to a `due` day: give one",
            ),
            (
                "!has(self.ramp) || !has(self.due) || self.ramp.start < self.due",
                "the ramp starts before the `due` day",
            ),
            (
                "!has(self.ramp) || !has(self.target) || double(self.ramp.from.replace('%', '')) <= double(self.target.replace('%', ''))",
                "the ramp leads up: `from` is above the target",
            ),
            (
                "!has(self.window) || self.window.findAll('[0-9]+[wdhms]').map(part, int(part.substring(0, size(part) - 1)) * (part.endsWith('w') ? 604800 : part.endsWith('d') ? 86400 : part.endsWith('h') ? 3600 : part.endsWith('m') ? 60 : 1)).sum() >= 3600",
                "a window is at least `1h`",
            ),
        ],
    },
    Kind {
        kind: "AssetClass",
        plural: "assetclasses",
        short: "class",
        columns: &[
            ("Rank", "integer", ".spec.rank"),
            ("Assets", "integer", ".status.assets"),
            AGE,
        ],
        rules: &[],
    },
    Kind {
        kind: "Baseline",
        plural: "baselines",
        short: "baseline",
        columns: &[
            ("Version", "string", ".spec.version"),
            ("Controls", "integer", ".status.controls"),
            AGE,
        ],
        rules: &[(
            "!self.version.contains('@')",
            "the version may not contain `@`",
        )],
    },
    Kind {
        kind: "PostureException",
        plural: "postureexceptions",
        short: "exception",
        columns: &[
            ("Owner", "string", ".spec.owner"),
            ("Expires", "string", ".spec.expires"),
            ("State", "string", ".status.state"),
            ("Findings", "integer", ".status.findings"),
            AGE,
        ],
        rules: &[(
            "(has(self.findings) && size(self.findings) > 0) || (has(self.assets) && has(self.controls) && size(self.controls) > 0)",
            "an exception names what it accepts: `findings`, or `assets` and `controls` (`controls: [\"*\"]` accepts all)",
        )],
    },
];

/// What a clause must name, by its word; all clauses but these may be empty.
const CLAUSES: [(&str, (&str, &str)); 6] = [
    (
        "configuration",
        (
            "has(self.baseline) || (has(self.controls) && size(self.controls) > 0)",
            "a configuration clause names a `baseline` or `controls`",
        ),
    ),
    (
        "runtime",
        (
            "has(self.drift) || has(self.openAlerts)",
            "a runtime clause names `drift` or `openAlerts`",
        ),
    ),
    (
        "coverage",
        (
            "has(self.sensor) || has(self.imageScan) || has(self.auditLog) || has(self.admission)",
            "a coverage clause names `sensor`, `imageScan`, `auditLog` or `admission`",
        ),
    ),
    (
        "supplyChain",
        (
            "has(self.registries) || has(self.signedBy) || has(self.sbom)",
            "a supplyChain clause names `registries`, `signedBy` or `sbom`",
        ),
    ),
    (
        "exposure",
        (
            "has(self.attackPaths) || has(self.internet)",
            "an exposure clause names `attackPaths` or `internet`",
        ),
    ),
    (
        "image",
        (
            "has(self.maxAge) || has(self.endOfLife) || has(self.runsAsRoot) || has(self.shell) || has(self.maxSize) || has(self.bases) || has(self.maxBaseAge)",
            "an image clause names `maxAge`, `endOfLife`, `runsAsRoot`, `shell`, `maxSize`, `bases` or `maxBaseAge`",
        ),
    ),
];

/// Every kind with its plural, in the order in which they are listed.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|kind| (kind.kind, kind.plural))
}

/// The definition of every kind, by its name (`posturegoals.plimsoll.dev`), in
/// the order in which they are listed.
pub fn all() -> Vec<(String, Value)> {
    let schemas = crate::schema::all();
    KINDS
        .iter()
        .filter_map(|kind| {
            let (_, schema) = schemas.iter().find(|(name, _)| *name == kind.kind)?;
            let name = format!("{}.{API_GROUP}", kind.plural);
            Some((name.clone(), definition(kind, &name, schema)))
        })
        .collect()
}

/// The definitions as files of YAML, by their names.
pub fn files() -> Vec<(String, String)> {
    all()
        .into_iter()
        .map(|(name, definition)| (format!("{name}.yaml"), yaml::write(&definition)))
        .collect()
}

fn definition(kind: &Kind, name: &str, schema: &Value) -> Value {
    let singular = kind.kind.to_lowercase();
    let columns: Vec<Value> = kind
        .columns
        .iter()
        .map(|(name, of, path)| json!({"name": name, "type": of, "jsonPath": path}))
        .collect();
    let mut names = json!({
        "kind": kind.kind,
        "listKind": format!("{}List", kind.kind),
        "plural": kind.plural,
        "singular": singular,
        "categories": ["plimsoll"],
    });
    if kind.short != singular {
        names["shortNames"] = json!([kind.short]);
    }
    let mut spec = structural::of(schema, "/properties/spec");
    if !kind.rules.is_empty() {
        spec["x-kubernetes-validations"] = kind.rules.iter().map(rule).collect();
    }
    for (path, rules) in &CLAUSES {
        let clause = spec.pointer_mut("/properties/require/items/properties");
        if let Some(clause) = clause.and_then(|clauses| clauses.get_mut(path)) {
            clause["x-kubernetes-validations"] = json!([rule(rules)]);
        }
    }
    if kind.kind == "PostureGoal" {
        // Rules compute with them; their cost is that of the longest.
        for (path, longest) in [
            ("/properties/target", 9),
            ("/properties/ramp/properties/from", 9),
            ("/properties/window", 32),
        ] {
            if let Some(field) = spec.pointer_mut(path) {
                field["maxLength"] = longest.into();
            }
        }
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "plimsoll"}},
        "spec": {
            "group": API_GROUP,
            "names": names,
            "scope": "Cluster",
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": columns,
                "schema": {"openAPIV3Schema": {
                    "description": schema["description"],
                    "type": "object",
                    "required": ["spec"],
                    "properties": {
                        "apiVersion": {"type": "string"},
                        "kind": {"type": "string"},
                        "metadata": {"type": "object"},
                        "spec": spec,
                        "status": status::of(kind.kind),
                    },
                }},
            }],
        },
    })
}

fn rule((rule, message): &(&str, &str)) -> Value {
    json!({"rule": rule, "message": message})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_definition_with_its_columns_and_a_status() {
        let all = all();
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "posturegoals.plimsoll.dev",
                "assetclasses.plimsoll.dev",
                "baselines.plimsoll.dev",
                "postureexceptions.plimsoll.dev"
            ]
        );
        let columns: Vec<&str> = all[0].1["spec"]["versions"][0]["additionalPrinterColumns"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|column| column["name"].as_str())
            .collect();
        assert_eq!(
            columns,
            [
                "Owner",
                "Verdict",
                "Attainment",
                "Breaches",
                "Unverified",
                "Age"
            ]
        );
    }

    #[test]
    fn a_structural_schema_has_neither_references_nor_alternatives() {
        fn walk(value: &Value, inside_names: bool) {
            match value {
                Value::Object(members) => {
                    for (key, value) in members {
                        let keyword = !inside_names;
                        assert!(
                            !keyword
                                || !["$ref", "oneOf", "anyOf", "const", "$defs", "default"]
                                    .contains(&key.as_str()),
                            "{key}: {value}"
                        );
                        walk(value, keyword && key == "properties");
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, false)),
                _ => {}
            }
        }
        for (_, definition) in all() {
            walk(&definition["spec"]["versions"][0]["schema"], false);
        }
    }
}
