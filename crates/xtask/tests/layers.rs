//! The layers hold in this workspace, and the checker of the layers finds what it should.

use plimsoll_xtask::{layers, shell};
use serde_json::{Value, json};

#[test]
fn dependencies_point_downwards_and_pure_crates_stay_pure() {
    let mut command = shell::cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    let output = command
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let found = layers::check_metadata(&metadata);
    assert!(found.is_empty(), "layers are broken:\n{}", found.join("\n"));
}

#[test]
fn every_version_stands_in_the_root_and_is_used() {
    let mut manifests = Vec::new();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shell::root().join("crates")).expect("there are crates") {
        let folder = entry.expect("the folder can be listed").path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() {
            let text = shell::read(&manifest).expect("a manifest is text");
            found.extend(layers::check_manifest(&name, &text));
            manifests.push(text);
        }
    }
    assert!(manifests.len() > 1, "no crate was checked");
    let root = shell::read(&shell::root().join("Cargo.toml")).expect("the root has a manifest");
    found.extend(layers::unused(&root, &manifests));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// One dependency of made-up metadata.
struct Dep {
    name: &'static str,
    kind: Option<&'static str>,
    features: &'static [&'static str],
    default: bool,
}

fn normal(name: &'static str) -> Dep {
    Dep {
        name,
        kind: None,
        features: &[],
        default: false,
    }
}

fn dev(name: &'static str) -> Dep {
    Dep {
        kind: Some("dev"),
        ..normal(name)
    }
}

/// Metadata as Cargo writes it; packages named `plimsoll-*` are the members.
fn metadata(packages: &[(&str, Vec<Dep>)]) -> Value {
    let folder = |name: &str| name.strip_prefix("plimsoll-").unwrap_or(name).to_owned();
    json!({
        "workspace_members": packages.iter().map(|(name, _)| name)
            .filter(|name| name.starts_with("plimsoll-")).collect::<Vec<_>>(),
        "packages": packages.iter().map(|(name, deps)| json!({
            "id": name,
            "name": name,
            "manifest_path": format!("/repo/crates/{}/Cargo.toml", folder(name)),
            "dependencies": deps.iter().map(|dep| json!({
                "name": dep.name,
                "kind": dep.kind,
                "features": dep.features,
                "uses_default_features": dep.default,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "resolve": {"nodes": packages.iter().map(|(name, deps)| json!({
            "id": name,
            "deps": deps.iter().map(|dep| json!({
                "pkg": dep.name,
                "dep_kinds": [{"kind": dep.kind, "target": null}],
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>()},
    })
}

fn check(packages: &[(&str, Vec<Dep>)], expect: &[&str]) {
    assert_eq!(layers::check_metadata(&metadata(packages)), expect);
}

#[test]
fn direction_is_enforced() {
    check(
        &[
            ("plimsoll-model", vec![normal("plimsoll-manifest")]),
            ("plimsoll-manifest", vec![]),
            (
                "plimsoll-posture",
                vec![normal("plimsoll-model"), normal("plimsoll-inventory")],
            ),
            ("plimsoll-inventory", vec![normal("plimsoll-model")]),
            ("plimsoll-assess", vec![normal("plimsoll-posture")]),
            ("plimsoll-report", vec![normal("plimsoll-model")]),
            (
                "plimsoll-cli",
                vec![normal("plimsoll-report"), normal("plimsoll-assess")],
            ),
            ("plimsoll-xtask", vec![normal("plimsoll-report")]),
        ],
        &[],
    );
    check(
        &[
            ("plimsoll-model", vec![normal("plimsoll-goals")]),
            ("plimsoll-goals", vec![]),
        ],
        &["model -> goals: dependencies point downwards"],
    );
    check(
        &[
            ("plimsoll-report", vec![normal("plimsoll-assess")]),
            ("plimsoll-assess", vec![]),
        ],
        &["report -> assess: dependencies point downwards"],
    );
    check(
        &[
            ("plimsoll-manifest", vec![normal("plimsoll-model")]),
            ("plimsoll-model", vec![]),
        ],
        &["manifest -> model: dependencies point downwards"],
    );
    check(
        &[
            ("plimsoll-risk", vec![dev("plimsoll-goals")]),
            ("plimsoll-goals", vec![]),
        ],
        &["risk -> goals: engines do not know each other; `assess` composes them"],
    );
    check(
        &[
            ("plimsoll-cli", vec![normal("plimsoll-posture")]),
            ("plimsoll-posture", vec![]),
        ],
        &["cli -> posture: programs call `assess`, never an engine"],
    );
    check(
        &[
            ("plimsoll-cli", vec![normal("plimsoll-xtask")]),
            ("plimsoll-xtask", vec![]),
        ],
        &["cli -> xtask: nothing depends on the project's own tasks"],
    );
    check(
        &[
            ("plimsoll-xtask", vec![normal("plimsoll-cli")]),
            ("plimsoll-cli", vec![]),
        ],
        &["xtask -> cli: tasks stand on layers 0 to 3 alone"],
    );
}

#[test]
fn bans_reach_through_other_packages() {
    check(
        &[
            ("plimsoll-goals", vec![normal("helper")]),
            ("helper", vec![normal("tokio")]),
            ("tokio", vec![]),
        ],
        &["goals pulls in tokio (an async runtime) by plimsoll-goals -> helper -> tokio"],
    );
    // What only tests need, and what edges and programs need, is their own affair.
    check(
        &[("plimsoll-goals", vec![dev("tokio")]), ("tokio", vec![])],
        &[],
    );
    check(
        &[("plimsoll-cli", vec![normal("ignore")]), ("ignore", vec![])],
        &[],
    );
}

#[test]
fn time_zones_of_the_machine_are_not_read() {
    let zoned = |features, default| Dep {
        features,
        default,
        ..normal("jiff")
    };
    check(
        &[
            ("plimsoll-goals", vec![zoned(&["std", "serde"], false)]),
            ("jiff", vec![]),
        ],
        &[],
    );
    check(
        &[
            ("plimsoll-goals", vec![zoned(&["tz-system"], false)]),
            ("jiff", vec![]),
        ],
        &["goals turns on jiff's `tz-system` (the machine's time zones) by plimsoll-goals"],
    );
    check(
        &[
            ("plimsoll-goals", vec![normal("plimsoll-model")]),
            ("plimsoll-model", vec![zoned(&[], true)]),
            ("jiff", vec![]),
        ],
        &[
            "goals turns on jiff's `default` (the machine's time zones) by plimsoll-goals -> \
             plimsoll-model",
            "model turns on jiff's `default` (the machine's time zones) by plimsoll-model",
        ],
    );
}

#[test]
fn a_crate_without_a_layer_is_refused() {
    check(
        &[("plimsoll-extra", vec![])],
        &[
            "crates/extra stands in no layer: add it to LAYERS in crates/xtask/src/layers.rs and \
           to ARCHITECTURE.md",
        ],
    );
    check(
        &[],
        &["the metadata has no workspace member: nothing was checked"],
    );
}

#[test]
fn versions_outside_of_the_root_are_refused() {
    let check = |manifest: &str, expect: usize| {
        let found = layers::check_manifest("model", manifest);
        assert_eq!(found.len(), expect, "{manifest:?} {found:?}");
    };
    check("[dependencies]\nserde.workspace = true\n", 0);
    check(
        "[dependencies]\nserde = {workspace = true, features = [\"rc\"]}\n",
        0,
    );
    check("[dependencies]\nserde = \"1\"\n", 1);
    check("[dev-dependencies]\nserde = {version = \"1\"}\n", 1);
    check("[build-dependencies]\nserde = {path = \"../serde\"}\n", 1);
    check("[target.'cfg(unix)'.dependencies]\nserde = \"1\"\n", 1);
    check("[dependencies\n", 1);
}

#[test]
fn a_version_that_nobody_uses_is_found() {
    let root = "[workspace.dependencies]\nserde = \"1\"\nrayon = \"1\"\n";
    let member = |name: &str| vec![format!("[dev-dependencies]\n{name}.workspace = true\n")];
    let message = "Cargo.toml: no crate uses workspace.dependencies.rayon";
    assert_eq!(layers::unused(root, &member("serde")), [message]);
    assert_eq!(
        layers::unused(
            "[workspace.dependencies]\nserde = \"1\"\n",
            &member("serde")
        ),
        [""; 0]
    );
}
