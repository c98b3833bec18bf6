//! The same manifests, read from files and from a real API server, have the same findings. What
//! differs is a list here, each line with what the server changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use plimsoll_assess::live::{Change, Live, LiveOptions, trim};
use plimsoll_assess::{
    Assessment, EstateOptions, InputFile, Limits, Line, Options, Purpose, Source, assess, load,
};
use plimsoll_model::Timestamp;
use serde_json::Value;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;

use cluster::Cluster;

/// The kinds that are asked for.
const KINDS: &str = "namespaces,pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs,services,serviceaccounts,configmaps,ingresses,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,roles,rolebindings,clusterroles,clusterrolebindings,resourcequotas,limitranges,rollouts,gateways,httproutes";

/// Custom kinds of the example.
const CUSTOM: [(&str, &str, &str, &str); 3] = [
    ("argoproj.io", "v1alpha1", "rollouts", "Rollout"),
    ("gateway.networking.k8s.io", "v1", "gateways", "Gateway"),
    ("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
];

/// Findings that differ: on which side, of which control, and what the API server changed to make
/// it so. There are none: `docs/concepts.md` says why.
const EXPLAINED: &[(&str, &str, &str)] = &[];

const LINE: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: everything}
spec:
  owner: test
  assets: {match: {kinds: [\"*\"]}}
  require: [{configuration: {baseline: pss/restricted@1.36, max: 0}}, {configuration: {baseline: plimsoll/essentials@1, max: 0}}]
";

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("a time")
}

fn from_files(files: &BTreeMap<String, String>) -> Assessment {
    let drawn = ("line.yaml".to_owned(), LINE.to_owned());
    let inputs = files
        .iter()
        .chain([(&drawn.0, &drawn.1)])
        .map(|(name, text)| InputFile {
            name: name.as_str().into(),
            content: Ok(text.clone().into_bytes()),
            purpose: Purpose::Estate,
        });
    let estate = load(
        inputs.collect(),
        &EstateOptions {
            cluster: "prod".into(),
            default_namespace: "default".into(),
            now: now(),
            limits: Limits::default(),
            line_given: false,
        },
    );
    let options = Options {
        now: now(),
        history: None,
        starter_line: false,
    };
    assess(&estate, &estate.line, options)
}

fn from_cluster(server: &Cluster) -> Assessment {
    let listed = server
        .kubectl(&["get", KINDS, "-A", "-o", "json"])
        .expect("kubectl runs");
    let listed = cluster::said(listed).expect("everything is listed");
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let items = listed["items"].as_array().expect("a list").iter();
    let mut changes: Vec<Change> = items
        .map(|object| trim::seen(object.clone(), "prod").expect("an object"))
        .collect();
    let limits = Limits::default();
    let source = Source::new("line.yaml", LINE.as_bytes().to_vec(), &limits).expect("text");
    let document = plimsoll_manifest::load_one(&source, &limits)
        .expect("YAML")
        .expect("a goal");
    let (line, said) = Line::read([&document]);
    changes.push(Change::Line(line, said));
    let mut live = Live::new(LiveOptions {
        cluster: "prod".into(),
        now: now(),
        history: Default::default(),
    });
    live.apply(changes, now());
    live.assessment()
}

/// Each finding as asset, control and subject, on assets of `known`.
fn findings(assessment: &Assessment, known: &BTreeSet<Arc<str>>) -> BTreeSet<String> {
    assessment
        .findings
        .iter()
        .filter(|finding| known.contains(finding.asset.id.as_str()))
        .map(|finding| {
            format!(
                "{}: {} {} [{}]",
                finding.asset.id, finding.rule.id, finding.subject, finding.severity
            )
        })
        .collect()
}

#[test]
fn the_same_manifests_give_the_same_findings_from_files_and_from_a_cluster() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = match cluster::program(&repo) {
        Ok(program) => program,
        Err(why) => {
            eprintln!(
                "SKIPPED: {why}; that files and cluster give the same findings was NOT tested"
            );
            return;
        }
    };
    let server = Cluster::start(&program).expect("the API server starts");
    server
        .apply(&custom_kinds())
        .expect("the custom kinds are defined");
    let waited = server.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd",
        "--all",
        "--timeout=60s",
    ]);
    cluster::said(waited.expect("kubectl runs")).expect("they are served");

    let mut files = manifests(&repo.join("examples/shop"));
    // Fields that are left to the server's defaults, and pods that it changes on admission.
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/same_answer");
    files.extend(manifests(&own));
    let namespaces: BTreeSet<String> = files.values().flat_map(|text| namespaces(text)).collect();
    let given: String = namespaces
        .iter()
        .filter(|name| *name != "default" && *name != "kube-system")
        .map(|name| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"))
        .collect();
    server.apply(&given).expect("the namespaces are made");
    // What the server refuses is no manifest of a cluster.
    files.retain(|name, text| match server.apply(text) {
        Ok(()) => true,
        Err(why) => {
            eprintln!(
                "left out, since the server refuses it: {name}: {}",
                why.lines().last().unwrap_or_default()
            );
            // What of it was accepted is not to be compared with nothing.
            false
        }
    });
    assert!(
        files.len() > 10 && files.contains_key("defaults.yaml"),
        "{:?}",
        files.keys()
    );

    let written = from_files(&files);
    let known: BTreeSet<Arc<str>> = written
        .assets
        .iter()
        .map(|a| a.asset.id.as_str().into())
        .collect();
    let served = from_cluster(&server);
    let (written, served) = (findings(&written, &known), findings(&served, &known));
    assert!(written.len() > 200, "{}", written.len());
    let explained = |from: &str, line: &str| {
        EXPLAINED
            .iter()
            .any(|(side, control, _)| *side == from && line.contains(&format!(": {control} ")))
    };
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(
        written
            .difference(&served)
            .filter(|l| !explained("files", l))
            .map(|l| format!("only from files: {l}")),
    );
    wrong.extend(
        served
            .difference(&written)
            .filter(|l| !explained("cluster", l))
            .map(|l| format!("only from the cluster: {l}")),
    );
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        written.len(),
        wrong.join("\n")
    );
}

fn custom_kinds() -> String {
    CUSTOM
        .iter()
        .map(|(group, version, plural, kind)| {
            format!(
                "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.{group}
  annotations: {{api-approved.kubernetes.io: \"unapproved, for tests\"}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: {plural}, kind: {kind}}}
  versions:
    - name: {version}
      served: true
      storage: true
      schema:
        openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"
            )
        })
        .collect()
}

/// The manifests below a folder, by path from it. Goals are no object of a cluster.
fn manifests(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(&here).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path
                .strip_prefix(folder)
                .expect("it is below")
                .display()
                .to_string();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, read(&path));
            }
        }
    }
    found.retain(|_, text| !text.contains("plimsoll.dev/v1alpha1"));
    found
}

#[expect(clippy::disallowed_methods, reason = "a file of the repository")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a manifest is text")
}

/// The values that follow `namespace:` anywhere.
fn namespaces(text: &str) -> BTreeSet<String> {
    let bare = text.replace('"', "");
    let values = bare.split("namespace:").skip(1).map(|rest| {
        let value = rest.trim_start().chars();
        value
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
    });
    values.filter(|value| !value.is_empty()).collect()
}
