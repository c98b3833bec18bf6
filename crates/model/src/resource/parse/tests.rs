use plimsoll_manifest::{Limits, Source, load};
use proptest::prelude::*;

use super::{API_VERSION, Resource, is_resource, parse};

/// What is read from a text: kind and name of each resource, or the error.
fn read(text: &str) -> Vec<String> {
    let limits = Limits::default();
    let Ok(source) = Source::new("r.yaml", text.as_bytes().to_vec(), &limits) else {
        return Vec::new();
    };
    let loaded = load(&source, &limits);
    let own = loaded.documents.iter().filter(|d| is_resource(d));
    own.map(|document| match parse(document) {
        Ok(resource) => {
            let (kind, version, name) = head(&resource);
            assert_eq!(version, API_VERSION);
            format!("{kind} {name}")
        }
        Err(problem) => {
            let file: &str = &problem.location.file;
            assert_eq!(file, "r.yaml");
            problem.to_string()
        }
    })
    .collect()
}

fn head(resource: &Resource) -> (&str, &str, &str) {
    let (kind, version, metadata) = match resource {
        Resource::Goal(r, _) => (&r.kind, &r.api_version, &r.metadata),
        Resource::Class(r, _) => (&r.kind, &r.api_version, &r.metadata),
        Resource::Baseline(r, _) => (&r.kind, &r.api_version, &r.metadata),
        Resource::Exception(r, _) => (&r.kind, &r.api_version, &r.metadata),
    };
    (kind, version, &metadata.name)
}

/// Kind, and the `spec` of a small document of it.
const SMALL: [(&str, &str); 4] = [
    (
        "PostureGoal",
        "{owner: a, assets: {all: true}, require: [{exposure: {internet: false}}]}",
    ),
    ("AssetClass", "{rank: 10}"),
    ("Baseline", "{version: '1'}"),
    (
        "PostureException",
        "{owner: a, reason: b, expires: 2027-01-31, assets: {namespaces: [a]}, controls: ['*']}",
    ),
];

/// What an API server adds to an object that was applied.
const SERVED: &str = r#"metadata:
  name: x
  uid: 3f2b7c1e-0000-4000-8000-000000000000
  resourceVersion: "123"
  generation: 2
  creationTimestamp: "2026-01-01T00:00:00Z"
  deletionTimestamp: null
  deletionGracePeriodSeconds: 30
  selfLink: /apis/plimsoll.dev/v1alpha1/x
  finalizers: [plimsoll.dev/a]
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a, uid: b}]
  labels: {app: x}
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"plimsoll.dev/v1alpha1","kind":"X","metadata":{"annotations":{},"name":"x"}}
  managedFields:
  - apiVersion: plimsoll.dev/v1alpha1
    fieldsType: FieldsV1
    fieldsV1: {"f:spec": {".": {}, "f:owner": {}}}
    manager: kubectl-client-side-apply
    operation: Update
    time: "2026-01-01T00:00:00Z"
status:
  conditions: [{type: Ready, status: "True"}]
  observedGeneration: 2
"#;

#[test]
fn what_a_cluster_adds_to_a_resource_is_passed_over() {
    for (kind, spec) in SMALL {
        let text = format!("apiVersion: {API_VERSION}\nkind: {kind}\n{SERVED}spec: {spec}\n");
        assert_eq!(read(&text), [format!("{kind} x")]);
    }
}

#[test]
fn what_a_cluster_adds_is_no_part_of_what_a_resource_says() {
    let limits = Limits::default();
    let goal = |rest: &str| {
        let (_, spec) = SMALL[0];
        let text = format!("apiVersion: {API_VERSION}\nkind: PostureGoal\n{rest}\nspec: {spec}\n");
        let source = Source::new("r.yaml", text.into_bytes(), &limits).expect("it is text");
        match parse(&load(&source, &limits).documents[0]) {
            Ok(Resource::Goal(goal, _)) => goal,
            other => panic!("{other:?}"),
        }
    };
    let applied = goal("metadata: {name: x}");
    let served = goal("metadata: {name: x, uid: b, generation: 7}\nstatus: {verdict: met}");
    assert_eq!(applied, served);
    let written = serde_json::to_value(&*served).expect("a goal has a form in JSON");
    assert_eq!(written["metadata"], serde_json::json!({"name": "x"}));
    assert!(written.get("status").is_none());
}

#[test]
fn a_typed_list_names_its_items() {
    for (kind, spec) in SMALL {
        let text = format!(
            "apiVersion: {API_VERSION}\nkind: {kind}List\nmetadata: {{resourceVersion: '9'}}\n\
             items:\n- metadata: {{name: a, uid: b}}\n  spec: {spec}\n\
             - metadata: {{name: c}}\n  spec: {spec}\n  status: {{}}\n\
             - metadata: {{name: d}}\n  spex: {spec}\n"
        );
        let found = read(&text);
        assert_eq!(found[..2], [format!("{kind} a"), format!("{kind} c")]);
        assert!(
            found[2].starts_with("r.yaml:11:3: unknown field `spex`"),
            "{found:?}"
        );
    }
}

#[test]
fn errors_name_the_place_and_the_nearest_name() {
    let check = |text: &str, expect: &str| {
        let text = format!("apiVersion: {API_VERSION}\n{text}");
        assert_eq!(read(&text), [expect], "{text}");
    };
    check(
        "kind: PostureGaol\nmetadata: {name: a}",
        "r.yaml:2:7: kind `PostureGaol` is not known under plimsoll.dev/v1alpha1: it has \
         PostureGoal, AssetClass, Baseline, PostureException",
    );
    check(
        "kind: AssetClass\nmetadata: {name: a}\nspec: {rank: 0}",
        "r.yaml:4:14: rank must be from 1 to 1000; higher is more critical",
    );
    check(
        "kind: AssetClass\nmetadata: {name: a}\nspec: {rank: 1, desciption: b}",
        "r.yaml:4:17: unknown field `desciption`; the fields here are `rank`, `description`, \
         `match`, `matchAny`; did you mean `description`?",
    );
    check(
        "kind: Baseline\nmetadata: {name: a@1}\nspec: {version: '1'}",
        "r.yaml:3:18: neither the name nor the version may contain `@`",
    );
    check(
        "kind: Baseline\nmetadata: {name: a}\nspec: {version: 1}",
        "r.yaml:4:17: a string was expected, but here is a whole number `1`; put it in quotes",
    );
    check(
        "kind: PostureGoal\nmetadata: {name: a}\nspec:\n  owner: a\n  assets: {all: true}\n  require: []",
        "r.yaml:7:12: a goal requires something: give at least one clause",
    );
}

proptest! {
    #[test]
    fn any_bytes_under_the_group_are_read_or_refused(
        kind in 0..4_usize,
        rest in "([a-z]{1,8}:|[ \n{}\\[\\],-]|[0-9]{1,4}[a-z%]?|metadata: \\{name: a\\}\n|spec:\n){0,60}",
    ) {
        let text = format!("apiVersion: {API_VERSION}\nkind: {}\n{rest}", SMALL[kind].0);
        for line in read(&text) {
            prop_assert!(!line.is_empty());
        }
    }

    #[test]
    fn a_field_anywhere_that_is_not_known_is_an_error(kind in 0..4_usize, at in 0..3_usize) {
        let (kind, spec) = SMALL[kind];
        let (mut root, mut metadata, mut spec) = ("", "name: a".to_owned(), spec.to_owned());
        match at {
            0 => root = "zzz: 1\n",
            1 => metadata.push_str(", zzz: 1"),
            _ => spec.insert_str(1, "zzz: 1, "),
        }
        let text = format!(
            "apiVersion: {API_VERSION}\nkind: {kind}\nmetadata: {{{metadata}}}\n{root}spec: {spec}\n"
        );
        let found = read(&text);
        prop_assert!(found[0].contains("unknown field `zzz`"), "{found:?}");
    }
}
