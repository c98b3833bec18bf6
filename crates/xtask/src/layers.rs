//! The layers of the workspace and what each may depend on, checked over `cargo metadata`.
//!
//! `ARCHITECTURE.md` says why the layers are what they are; the table here is what is enforced.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Where a crate stands. Dependencies point from a higher layer to a lower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Layer 0: the vocabulary, and the reading of YAML and JSON.
    Words,
    /// Layer 1: what engines stand on.
    Ground,
    /// Layer 2: the engines. They do not know each other.
    Engines,
    /// Layer 3: the composition of the engines, and its outputs.
    Whole,
    /// Layer 4: what touches networks, clusters, kernels and disks.
    Edges,
    /// Layer 5: the programs. Composition only.
    Roots,
    /// The project's own tasks; nothing depends on them.
    Tasks,
}

impl Layer {
    /// Layers 0 to 3: no file system, network, clock or async runtime.
    #[must_use]
    pub fn is_pure(self) -> bool {
        self <= Self::Whole
    }
}

/// Every crate that is, or is designed, by folder name.
const LAYERS: [(&str, Layer); 22] = [
    ("digest", Layer::Words),
    ("manifest", Layer::Words),
    ("model", Layer::Words),
    ("inventory", Layer::Ground),
    ("rules", Layer::Ground),
    ("posture", Layer::Engines),
    ("image", Layer::Engines),
    ("vuln", Layer::Engines),
    ("detect", Layer::Engines),
    ("coverage", Layer::Engines),
    ("risk", Layer::Engines),
    ("goals", Layer::Engines),
    ("assess", Layer::Whole),
    ("report", Layer::Whole),
    ("registry", Layer::Edges),
    ("feeds", Layer::Edges),
    ("cluster", Layer::Edges),
    ("sensor", Layer::Edges),
    ("store", Layer::Edges),
    ("hub", Layer::Roots),
    ("cli", Layer::Roots),
    ("xtask", Layer::Tasks),
];

/// Dependencies inside one layer that are meant: (from, to).
const SIDEWAYS: [(&str, &str); 4] = [
    ("model", "manifest"),
    // How files are had over HTTP: proxies, certificates, retries.
    ("feeds", "registry"),
    // The agent looks into images that run, and matches them again.
    ("cluster", "registry"),
    ("cluster", "feeds"),
];

/// Packages that nothing in layers 0 to 3 may pull in, with the reason.
const BANNED: [(&str, &str); 16] = [
    ("tokio", "an async runtime"),
    ("axum", "a server"),
    ("hyper", "the network"),
    ("reqwest", "the network"),
    ("kube", "a cluster's API"),
    (
        "k8s-openapi",
        "a cluster's API; objects here are spanned trees",
    ),
    ("sqlx", "a database"),
    ("rusqlite", "a database"),
    ("notify", "the file system"),
    ("walkdir", "the file system"),
    ("ignore", "the file system"),
    ("chrono", "a clock; times are jiff's"),
    ("time", "a clock; times are jiff's"),
    ("openssl", "a second TLS stack"),
    ("ring", "a second TLS stack"),
    ("tempfile", "the file system"),
];

/// Features of jiff that read the machine's time zones. Its default has them.
const JIFF_ZONES: [&str; 4] = [
    "tz-system",
    "tzdb-zoneinfo",
    "tzdb-concatenated",
    "tzdb-bundle",
];

/// The layer of the crate in `crates/NAME`.
#[must_use]
pub fn layer(name: &str) -> Option<Layer> {
    LAYERS
        .iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, layer)| *layer)
}

/// Why the crate `from` may not depend on the crate `to`, where it may not.
fn refused(from: &str, to: &str) -> Option<String> {
    let (Some(above), Some(below)) = (layer(from), layer(to)) else {
        return None;
    };
    if SIDEWAYS.contains(&(from, to)) {
        return None;
    }
    let why = if below == Layer::Tasks {
        "nothing depends on the project's own tasks"
    } else if above == Layer::Tasks {
        return (below > Layer::Whole)
            .then(|| format!("{from} -> {to}: tasks stand on layers 0 to 3 alone"));
    } else if above == below && above == Layer::Engines {
        "engines do not know each other; `assess` composes them"
    } else if above <= below {
        "dependencies point downwards"
    } else if above == Layer::Roots && below == Layer::Engines {
        "programs call `assess`, never an engine"
    } else {
        return None;
    };
    Some(format!("{from} -> {to}: {why}"))
}

/// What `cargo metadata --format-version 1` shows to break the layers. Empty: all hold.
///
/// Direction is checked for normal, build and test dependencies alike; the bans over what the
/// pure crates' normal dependencies resolve to, on every platform.
#[must_use]
pub fn check_metadata(metadata: &Value) -> Vec<String> {
    let graph = Graph::new(metadata);
    let mut found = BTreeSet::new();
    for (id, folder) in &graph.members {
        let Some(own) = layer(folder) else {
            found.insert(format!(
                "crates/{folder} stands in no layer: add it to LAYERS in \
                 crates/xtask/src/layers.rs and to ARCHITECTURE.md"
            ));
            continue;
        };
        for dependency in array(graph.package(id), "dependencies") {
            let name = text(dependency, "name")
                .strip_prefix("plimsoll-")
                .unwrap_or_default();
            if let Some(why) = refused(folder, name) {
                found.insert(why);
            }
        }
        if own.is_pure() {
            found.extend(graph.impurities(id, folder));
        }
    }
    if graph.members.is_empty() {
        found.insert("the metadata has no workspace member: nothing was checked".to_owned());
    }
    found.into_iter().collect()
}

/// The parts of the metadata that are asked about, by package id.
struct Graph<'a> {
    /// Workspace members and their folder names.
    members: BTreeMap<&'a str, &'a str>,
    packages: BTreeMap<&'a str, &'a Value>,
    /// Resolved normal dependencies.
    normal: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Value) -> Self {
        let packages: BTreeMap<&str, &Value> = array(metadata, "packages")
            .iter()
            .map(|package| (text(package, "id"), package))
            .collect();
        let members = array(metadata, "workspace_members")
            .iter()
            .filter_map(Value::as_str)
            .map(|id| {
                let path = packages
                    .get(id)
                    .map_or("", |package| text(package, "manifest_path"));
                // The manifest's folder, whichever way slashes lean.
                (id, path.rsplit(['/', '\\']).nth(1).unwrap_or_default())
            })
            .collect();
        let nodes = metadata
            .get("resolve")
            .map_or(&[][..], |resolve| array(resolve, "nodes"));
        let normal = nodes
            .iter()
            .map(|node| {
                let to = array(node, "deps")
                    .iter()
                    .filter(|dep| {
                        array(dep, "dep_kinds")
                            .iter()
                            .any(|kind| kind.get("kind").is_none_or(Value::is_null))
                    })
                    .map(|dep| text(dep, "pkg"))
                    .collect();
                (text(node, "id"), to)
            })
            .collect();
        Self {
            members,
            packages,
            normal,
        }
    }

    fn package(&self, id: &str) -> &'a Value {
        self.packages.get(id).copied().unwrap_or(&Value::Null)
    }

    /// What the pure crate `folder` pulls in that it may not, each with the way to it.
    fn impurities(&self, id: &'a str, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([id]);
        let mut seen = BTreeSet::from([id]);
        while let Some(here) = queue.pop_front() {
            let package = self.package(here);
            let name = text(package, "name");
            if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
                found.push(format!(
                    "{folder} pulls in {name} ({why}) by {}",
                    self.way(&came_from, here)
                ));
            }
            for dependency in array(package, "dependencies") {
                let normal = dependency.get("kind").is_none_or(Value::is_null);
                let active = self
                    .normal
                    .get(here)
                    .is_some_and(|to| to.iter().any(|id| text(self.package(id), "name") == "jiff"));
                if normal && active && text(dependency, "name") == "jiff" {
                    found.extend(jiff_features(dependency).map(|feature| {
                        format!(
                            "{folder} turns on jiff's `{feature}` (the machine's time zones) by {}",
                            self.way(&came_from, here)
                        )
                    }));
                }
            }
            for next in self.normal.get(here).into_iter().flatten() {
                if seen.insert(next) {
                    came_from.insert(next, here);
                    queue.push_back(next);
                }
            }
        }
        found
    }

    /// `a -> b -> c`, from the crate that was asked about to the package found.
    fn way(&self, came_from: &BTreeMap<&str, &str>, id: &str) -> String {
        let mut names = vec![text(self.package(id), "name")];
        let mut at = id;
        while let Some(before) = came_from.get(at) {
            names.push(text(self.package(before), "name"));
            at = before;
        }
        names.reverse();
        names.join(" -> ")
    }
}

/// The unwanted features that one dependency on jiff asks for.
fn jiff_features(dependency: &Value) -> impl Iterator<Item = &str> {
    let default = dependency
        .get("uses_default_features")
        .and_then(Value::as_bool)
        != Some(false);
    array(dependency, "features")
        .iter()
        .filter_map(Value::as_str)
        .filter(|feature| JIFF_ZONES.contains(feature))
        .chain(default.then_some("default"))
}

/// What a member's `Cargo.toml` shows to break "every version stands in the root".
#[must_use]
pub fn check_manifest(folder: &str, manifest: &str) -> Vec<String> {
    let table: toml::Table = match toml::from_str(manifest) {
        Ok(table) => table,
        Err(error) => return vec![format!("crates/{folder}/Cargo.toml: {error}")],
    };
    dependencies(&table)
        .filter(|(_, _, value)| value.get("workspace").and_then(toml::Value::as_bool) != Some(true))
        .map(|(kind, name, _)| {
            format!(
                "crates/{folder}/Cargo.toml: {kind}.{name}: write `{name}.workspace = true` and \
                 its version in the root Cargo.toml"
            )
        })
        .collect()
}

/// The dependencies that the root manifest has a version for and no member uses.
#[must_use]
pub fn unused(root: &str, members: &[String]) -> Vec<String> {
    let tables: Vec<toml::Table> = members
        .iter()
        .filter_map(|manifest| toml::from_str(manifest).ok())
        .collect();
    let used: BTreeSet<&str> = tables
        .iter()
        .flat_map(dependencies)
        .map(|(_, name, _)| name)
        .collect();
    let root: toml::Table = toml::from_str(root).unwrap_or_default();
    let declared = root
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"));
    declared
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .filter(|name| !used.contains(name.as_str()))
        .map(|name| format!("Cargo.toml: no crate uses workspace.dependencies.{name}"))
        .collect()
}

/// Section, name and value of each dependency of a manifest, per target ones too.
fn dependencies(table: &toml::Table) -> impl Iterator<Item = (&str, &str, &toml::Value)> {
    let targets = table.get("target").and_then(toml::Value::as_table);
    let per_target = targets
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.as_table());
    std::iter::once(table)
        .chain(per_target)
        .flat_map(|section| {
            ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .flat_map(move |kind| {
                    let entries = section.get(kind).and_then(toml::Value::as_table);
                    entries
                        .into_iter()
                        .flatten()
                        .map(move |(name, value)| (kind, name.as_str(), value))
                })
        })
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
