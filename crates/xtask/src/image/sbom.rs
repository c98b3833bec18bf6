//! The SBOM of the program, from what Cargo says it is built from: names and versions of crates,
//! which nobody could find in the program afterwards.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::shell;

/// The package whose program it is.
const PACKAGE: &str = "plimsoll-cli";

/// What `cargo metadata` says, for this machine's platform.
///
/// # Errors
/// Cargo fails.
pub fn metadata() -> Result<Value> {
    let version = shell_output(std::process::Command::new("rustc").arg("-vV"))?;
    let platform = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say its host")?;
    let text = shell_output(shell::cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        platform,
    ]))?;
    Ok(serde_json::from_str(&text)?)
}

fn shell_output(command: &mut std::process::Command) -> Result<String> {
    let output = command
        .current_dir(shell::root())
        .output()
        .with_context(|| format!("can't start `{}`", shell::shown(command)))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {words}", shell::shown(command));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// CycloneDX 1.6: the program, and every crate that is linked into it, by name and version. There
/// is no time and no serial number in it: the same crates give the same bytes.
#[must_use]
pub fn cyclonedx(metadata: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> = list(&metadata["packages"])
        .into_iter()
        .map(|package| (word(&package["id"]), package))
        .collect();
    let nodes: BTreeMap<String, Value> = list(&metadata["resolve"]["nodes"])
        .into_iter()
        .map(|node| (word(&node["id"]), node))
        .collect();
    let mut open: Vec<String> = packages
        .iter()
        .filter(|(_, package)| package["name"] == PACKAGE)
        .map(|(id, _)| id.clone())
        .collect();
    let root = open.first().cloned();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        let runs_at_build = packages.get(&id).is_some_and(|package| {
            list(&package["targets"])
                .iter()
                .any(|target| list(&target["kind"]).contains(&json!("proc-macro")))
        });
        if runs_at_build || !seen.insert(id.clone()) {
            continue;
        }
        for dependency in nodes
            .get(&id)
            .map(|node| list(&node["deps"]))
            .unwrap_or_default()
        {
            // The kind of an ordinary dependency is null; others are `dev` and `build`.
            if list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null())
            {
                open.push(word(&dependency["pkg"]));
            }
        }
    }
    let mut components: Vec<(String, String, Value)> = seen
        .iter()
        .filter(|id| Some(*id) != root.as_ref())
        .filter_map(|id| packages.get(id))
        .map(|package| {
            let (name, version) = (word(&package["name"]), word(&package["version"]));
            let mut component = json!({
                "type": "library",
                "name": name,
                "version": version,
                "purl": format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
            });
            if let Some(licence) = package["license"].as_str() {
                component["licenses"] = json!([{"expression": licence.replace('/', " OR ")}]);
            }
            (name, version, component)
        })
        .collect();
    components.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let version = root
        .and_then(|id| packages.get(&id).map(|package| word(&package["version"])))
        .unwrap_or_default();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "name": "plimsoll",
            "version": version,
            "purl": format!("pkg:cargo/{PACKAGE}@{version}"),
        }},
        "components": components.into_iter().map(|(_, _, it)| it).collect::<Vec<_>>(),
    })
    .to_string()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::cyclonedx;
    use serde_json::{Value, json};

    #[test]
    fn what_is_linked_is_listed_and_what_only_builds_is_not() {
        let package = |name: &str, kind: &str| {
            json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0",
                "targets": [{"kind": [kind]}]})
        };
        let needs = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [package("plimsoll-cli", "bin"), package("b", "lib"), package("a", "lib"),
                package("derive", "proc-macro"), package("tool", "lib"), package("other", "lib")],
            "resolve": {"nodes": [
                {"id": "plimsoll-cli", "deps": [needs("b", Value::Null), needs("tool", json!("dev")),
                    needs("derive", Value::Null)]},
                {"id": "b", "deps": [needs("a", Value::Null), needs("b", Value::Null)]},
                {"id": "derive", "deps": [needs("other", Value::Null)]},
            ]},
        });
        let sbom: Value = serde_json::from_str(&cyclonedx(&metadata)).expect("JSON");
        let names: Vec<&Value> = sbom["components"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|component| &component["purl"])
            .collect();
        assert_eq!(names, ["pkg:cargo/a@1.0.0", "pkg:cargo/b@1.0.0"]);
        assert_eq!(
            sbom["components"][0]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
    }
}
