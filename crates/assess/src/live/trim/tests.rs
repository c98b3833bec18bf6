//! What is kept.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Change, seen, trim};

fn check(object: Value, expect: Value) {
    let document = trim(object).expect("an object");
    assert_eq!(document.root().to_json(), expect);
}

#[test]
fn what_nobody_judges_is_left_out() {
    check(
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "web", "namespace": "shop", "resourceVersion": "7", "generation": 2,
                "labels": {"app": "web"},
                "managedFields": [{"manager": "kubectl"}],
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"},
            },
            "spec": {"replicas": 2},
            "status": {"replicas": 2},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a": "b"}},
            "spec": {"replicas": 2},
        }),
    );
}

#[test]
fn values_of_secrets_are_never_kept() {
    check(
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"},
            "data": {"password": "aHVudGVyMg=="}, "stringData": {"token": "hunter2"}, "type": "Opaque",
        }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"},
            "data": {"password": ""}, "type": "Opaque",
        }),
    );
}

#[test]
fn a_pod_is_kept_without_the_token_that_every_pod_gets() {
    let mount = json!({"name": "kube-api-access-x7", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    check(
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
            "spec": {
                "volumes": [{"name": "kube-api-access-x7", "projected": {}}],
                "containers": [{"name": "a", "volumeMounts": [mount]}],
            },
            "status": {
                "phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready"}],
                "containerStatuses": [{"name": "a", "imageID": "a@sha256:1", "restartCount": 3, "ready": true, "state": {"running": {"startedAt": "now"}}}],
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
            "spec": {"containers": [{"name": "a"}]},
            "status": {
                "phase": "Running", "podIP": "10.0.0.1",
                "containerStatuses": [{"name": "a", "imageID": "a@sha256:1", "restartCount": 3, "state": {"running": {}}}],
            },
        }),
    );
}

pub(in crate::live) fn pod(name: &str, node: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "generateName": "web-1-", "namespace": "shop", "uid": name,
            "labels": {"app": "web", "pod-template-hash": "1"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": true, "blockOwnerDeletion": true}],
        },
        "spec": {
            "nodeName": node,
            "volumes": [{"name": format!("kube-api-access-{name}"), "projected": {}}],
            "containers": [{"name": "a", "image": image}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
        },
        "status": {"phase": "Running", "containerStatuses": [{"name": "a", "image": image, "imageID": "r/a@sha256:1", "restartCount": 0, "state": {"running": {}}}]},
    })
}

#[test]
fn pods_of_one_revision_are_alike() {
    let shape = |name: &str, node: &str| match seen(pod(name, node, "a"), "prod") {
        Ok(Change::Pod(pod)) => (pod.shape.source().text().to_owned(), pod.status),
        other => panic!("{other:?}"),
    };
    let (one, two) = (shape("web-1-x", "n1"), shape("web-1-y", "n2"));
    assert_eq!(one.0, two.0);
    assert!(!one.0.contains("web-1-x"), "{}", one.0);
    assert_eq!(one.1.node.as_deref(), Some("n1"));
    assert_eq!(&*one.1.containers[0].image_id, "r/a@sha256:1");
}

#[test]
fn what_runs_nothing_any_more_is_gone() {
    let check = |object: Value, expect: bool| {
        let change = seen(object.clone(), "prod").expect("an object");
        assert_eq!(matches!(change, Change::Gone(_)), expect, "{object}");
    };
    let owned =
        json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}]);
    let object = |kind: &str, spec: Value, status: Value, owners: Value| {
        json!({
            "apiVersion": match kind { "Pod" => "v1", "Job" => "batch/v1", _ => "apps/v1" },
            "kind": kind, "metadata": {"name": "x", "namespace": "shop", "ownerReferences": owners},
            "spec": spec, "status": status,
        })
    };
    check(
        object("Pod", json!({}), json!({"phase": "Succeeded"}), json!([])),
        true,
    );
    check(
        object("Pod", json!({}), json!({"phase": "Running"}), json!([])),
        false,
    );
    let done = json!({"conditions": [{"type": "Complete", "status": "True"}]});
    check(object("Job", json!({}), done, json!([])), true);
    check(
        object(
            "Job",
            json!({}),
            json!({"conditions": [{"type": "Suspended", "status": "True"}]}),
            json!([]),
        ),
        false,
    );
    check(
        object(
            "ReplicaSet",
            json!({"replicas": 0}),
            json!({"replicas": 0}),
            owned.clone(),
        ),
        true,
    );
    check(
        object(
            "ReplicaSet",
            json!({"replicas": 0}),
            json!({"replicas": 1}),
            owned.clone(),
        ),
        false,
    );
    check(
        object("ReplicaSet", json!({"replicas": 0}), json!({}), json!([])),
        false,
    );
}

#[test]
fn what_is_no_object_is_refused() {
    for object in [
        json!(null),
        json!([]),
        json!({}),
        json!({"apiVersion": "v1", "kind": "Pod"}),
    ] {
        assert!(seen(object.clone(), "prod").is_err(), "{object}");
    }
}

/// JSON of whatever form, with the words of the API in it often.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "ownerReferences",
        "controller",
        "spec",
        "status",
        "volumes",
        "containers",
        "volumeMounts",
        "data",
        "versions",
        "webhooks",
        "clientConfig",
        "annotations",
        "tolerations",
        "containerStatuses",
        "conditions",
        "phase",
        "v1",
        "Pod",
        "Secret",
        "ConfigMap",
        "Node",
        "apps/v1",
        "ReplicaSet",
        "kube-api-access-x",
        "\u{0}é\"",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_api_server_says_is_a_change_or_refused(
        kind in prop::sample::select(vec!["Pod", "Secret", "ConfigMap", "Node", "ReplicaSet", "Job"]),
        parts in prop::collection::vec(anything(), 4),
    ) {
        let mut parts = parts.into_iter();
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}});
        for field in ["spec", "status", "data"] {
            object[field] = parts.next().unwrap_or_default();
        }
        object["metadata"]["ownerReferences"] = parts.next().unwrap_or_default();
        let change = seen(object.clone(), "prod");
        prop_assert!(change.is_ok(), "{:?}", change);
        let _ = seen(object["spec"].clone(), "prod");
    }
}
