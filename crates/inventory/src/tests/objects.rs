//! What objects are: identity, kinds, owners, places.

use plimsoll_model::AssetKind;

use crate::testing::{Estate, documents, id, settings};
use crate::{Inventory, ObjectRole};

fn check_asset(yaml: &str, expect_id: &str, kind: AssetKind, role: ObjectRole) {
    let estate = Estate::of(yaml);
    let (_, object) = estate.inventory.objects().next().expect("one object");
    assert_eq!(object.asset.id, id(expect_id), "{yaml}");
    assert_eq!((object.asset.kind, object.role), (kind, role), "{yaml}");
}

#[test]
fn objects_have_their_identity_kind_and_role() {
    use {AssetKind as K, ObjectRole as R};
    let check = |api: &str, kind: &str, rest: &str, id: &str, asset: K, role: R| {
        check_asset(
            &format!("apiVersion: {api}\nkind: {kind}\n{rest}\n"),
            id,
            asset,
            role,
        );
    };
    let web = "metadata: {name: web, namespace: shop}";
    check(
        "apps/v1",
        "Deployment",
        web,
        "ns/shop/apps.Deployment/web",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Pod",
        web,
        "ns/shop/Pod/web",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "PodTemplate",
        web,
        "ns/shop/PodTemplate/web",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "ReplicationController",
        web,
        "ns/shop/ReplicationController/web",
        K::Workload,
        R::Workload,
    );
    check(
        "batch/v1",
        "CronJob",
        web,
        "ns/shop/batch.CronJob/web",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Service",
        web,
        "ns/shop/Service/web",
        K::Object,
        R::Service,
    );
    check(
        "v1",
        "ConfigMap",
        web,
        "ns/shop/ConfigMap/web",
        K::Object,
        R::Other,
    );
    check(
        "v1",
        "ServiceAccount",
        web,
        "identity/serviceaccount/shop/web",
        K::Identity,
        R::ServiceAccount,
    );
    check(
        "v1",
        "Namespace",
        "metadata: {name: shop}",
        "ns/shop",
        K::Namespace,
        R::Namespace,
    );
    check(
        "v1",
        "Node",
        "metadata: {name: n1}",
        "node/n1",
        K::Node,
        R::Node,
    );
    // A namespace that a cluster-scoped kind cannot have.
    check(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        web,
        "rbac.authorization.k8s.io.ClusterRole/web",
        K::Object,
        R::Role,
    );
    // No namespace, no name, a generated one, one that is a number.
    check(
        "v1",
        "Pod",
        "metadata: {name: web}",
        "ns/default/Pod/web",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Pod",
        "metadata: {generateName: web-}",
        "ns/default/Pod/web-*",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Pod",
        "spec: {}",
        "ns/default/Pod/*",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Pod",
        "metadata: {name: 1}",
        "ns/default/Pod/1",
        K::Workload,
        R::Workload,
    );
    check(
        "v1",
        "Pod",
        "metadata: text",
        "ns/default/Pod/*",
        K::Workload,
        R::Workload,
    );
    // Custom kinds: with pods and without.
    let pod = "spec: {template: {spec: {containers: [{name: a}]}}}";
    check(
        "argoproj.io/v1alpha1",
        "Rollout",
        &format!("{web}\n{pod}"),
        "ns/shop/argoproj.io.Rollout/web",
        K::Workload,
        R::Workload,
    );
    check(
        "serving.knative.dev/v1",
        "Service",
        &format!("{web}\n{pod}"),
        "ns/shop/serving.knative.dev.Service/web",
        K::Workload,
        R::Workload,
    );
    check(
        "example.com/v1",
        "Deployment",
        web,
        "ns/shop/example.com.Deployment/web",
        K::Object,
        R::Other,
    );
    check(
        "example.com/v1",
        "Service",
        web,
        "ns/shop/example.com.Service/web",
        K::Object,
        R::Other,
    );
}

fn owned(api: &str, kind: &str, name: &str, owner: &str) -> String {
    let owner = match owner.split_once(' ') {
        Some((api, rest)) => {
            let (kind, name) = rest.split_once('/').expect("Kind/name");
            format!(
                ", ownerReferences: [{{apiVersion: {api}, kind: {kind}, name: {name}, controller: true}}]"
            )
        }
        None => String::new(),
    };
    let template = "spec: {containers: [{name: a}]}";
    let spec = if kind == "Pod" {
        template.to_owned()
    } else {
        format!("spec: {{template: {{{template}}}}}")
    };
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop{owner}}}\n{spec}\n---\n"
    )
}

#[test]
fn the_top_controller_stands_for_its_pods() {
    let deployment = owned("apps/v1", "Deployment", "web", "");
    let set = owned("apps/v1", "ReplicaSet", "web-1", "apps/v1 Deployment/web");
    let pod = owned("v1", "Pod", "web-1-a", "apps/v1 ReplicaSet/web-1");
    let check = |parts: &[&String], workloads: &[&str], top_of_pod: Option<&str>| {
        let estate = Estate::of(&parts.iter().map(|part| part.as_str()).collect::<String>());
        let found = estate.names(estate.inventory.workloads().map(|(ix, _)| ix));
        assert_eq!(found, workloads);
        let top = estate.inventory.controller_of(estate.ix("Pod/web-1-a"));
        assert_eq!(
            estate.names(top),
            top_of_pod.into_iter().collect::<Vec<_>>()
        );
        let kind = estate
            .inventory
            .get(estate.ix("Pod/web-1-a"))
            .map(|pod| pod.asset.kind);
        let expect = if top_of_pod.is_some() {
            AssetKind::Pod
        } else {
            AssetKind::Workload
        };
        assert_eq!(kind, Some(expect));
    };
    let top = "ns/shop/apps.Deployment/web";
    check(&[&deployment, &set, &pod], &[top], Some(top));
    check(&[&pod, &set, &deployment], &[top], Some(top));
    let set_id = "ns/shop/apps.ReplicaSet/web-1";
    check(&[&set, &pod], &[set_id], Some(set_id));
    check(&[&deployment, &pod], &["ns/shop/Pod/web-1-a", top], None);
    check(&[&pod], &["ns/shop/Pod/web-1-a"], None);
}

#[test]
fn what_a_controller_controls_is_known() {
    let estate = Estate::of(
        &[
            owned("apps/v1", "Deployment", "web", ""),
            owned("apps/v1", "ReplicaSet", "web-1", "apps/v1 Deployment/web"),
            owned("v1", "Pod", "a", "apps/v1 ReplicaSet/web-1"),
            owned("v1", "Pod", "b", ""),
        ]
        .concat(),
    );
    let below = estate.inventory.controlled_by(estate.ix("Deployment/web"));
    assert_eq!(
        estate.names(below),
        ["ns/shop/Pod/a", "ns/shop/apps.ReplicaSet/web-1"]
    );
}

#[test]
fn owners_that_carry_no_pods_do_not_stand_for_them() {
    let check = |owner: &str, more: &str| {
        let estate = Estate::of(&(owned("v1", "Pod", "a", owner) + more));
        assert_eq!(
            estate.inventory.controller_of(estate.ix("Pod/a")),
            None,
            "{owner}"
        );
    };
    check(
        "v1 Node/n1",
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n",
    );
    check(
        "example.com/v1 Db/d",
        "apiVersion: example.com/v1\nkind: Db\nmetadata: {name: d, namespace: shop}\n",
    );
    // Another namespace has nothing to say.
    check(
        "apps/v1 ReplicaSet/r",
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: r, namespace: other}\nspec: {template: {spec: {containers: [{name: a}]}}}\n",
    );
    // Owners that bite their tail.
    check("v1 Pod/a", "");
    check("v1 Pod/b", &owned("v1", "Pod", "b", "v1 Pod/a"));
}

#[test]
fn an_owner_that_does_not_control_is_none() {
    let yaml = owned("v1", "Pod", "a", "apps/v1 ReplicaSet/r")
        .replace("controller: true", "controller: false")
        + &owned("apps/v1", "ReplicaSet", "r", "");
    let estate = Estate::of(&yaml);
    assert_eq!(estate.inventory.controller_of(estate.ix("Pod/a")), None);
}

#[test]
fn kinds_follow_when_controllers_come_and_go() {
    let mut estate = Estate::of(&owned("v1", "Pod", "a", "apps/v1 ReplicaSet/r"));
    let kind = |estate: &Estate| {
        estate
            .inventory
            .get(estate.ix("Pod/a"))
            .map(|pod| pod.asset.kind)
    };
    assert_eq!(kind(&estate), Some(AssetKind::Workload));
    for document in documents("b.yaml", &owned("apps/v1", "ReplicaSet", "r", "")) {
        estate.inventory.insert(document);
    }
    assert_eq!(kind(&estate), Some(AssetKind::Pod));
    assert!(estate.inventory.remove(&id("ns/shop/apps.ReplicaSet/r")));
    assert_eq!(kind(&estate), Some(AssetKind::Workload));
    assert!(!estate.inventory.remove(&id("ns/shop/apps.ReplicaSet/r")));
}

#[test]
fn an_object_written_twice_keeps_both_places() {
    let service = |kind: &str| {
        format!(
            "# a comment\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{type: {kind}}}\n"
        )
    };
    let (dev, prod) = (service("ClusterIP"), service("LoadBalancer"));
    for files in [
        [("dev.yaml", &*dev), ("prod.yaml", &*prod)],
        [("prod.yaml", &*prod), ("dev.yaml", &*dev)],
    ] {
        let estate = Estate::of_files(&files);
        assert_eq!(estate.inventory.len(), 1);
        let (_, object) = estate.inventory.objects().next().expect("one object");
        assert_eq!(&**object.document.source().name(), "dev.yaml");
        let places: Vec<String> = estate
            .inventory
            .duplicates()
            .into_iter()
            .map(|(object, places)| {
                let places: Vec<String> = places.iter().map(ToString::to_string).collect();
                format!("{object}: {}", places.join(", "))
            })
            .collect();
        assert_eq!(places, ["Service default/web: dev.yaml:2:1, prod.yaml:2:1"]);
    }
}

#[test]
fn a_new_reading_of_a_file_takes_the_place_of_the_old() {
    let service = |kind: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{type: {kind}}}\n")
    };
    let mut inventory = Inventory::new(settings());
    let mut insert = |name: &str, kind: &str| {
        let document = documents(name, &service(kind)).remove(0);
        let inserted = inventory.insert(document);
        let object = inventory.get(inserted.ix).expect("it was inserted");
        let kinds: Vec<String> = object
            .documents()
            .filter_map(|document| {
                Some(
                    document
                        .root()
                        .get("spec")?
                        .get("type")?
                        .as_str()?
                        .to_owned(),
                )
            })
            .collect();
        (inserted.replaced, kinds.join(" "))
    };
    assert_eq!(insert("b.yaml", "NodePort"), (false, "NodePort".to_owned()));
    assert_eq!(
        insert("b.yaml", "ClusterIP"),
        (true, "ClusterIP".to_owned())
    );
    assert_eq!(
        insert("a.yaml", "LoadBalancer"),
        (false, "LoadBalancer ClusterIP".to_owned())
    );
    assert_eq!(
        insert("b.yaml", "NodePort"),
        (true, "LoadBalancer NodePort".to_owned())
    );
}

#[test]
fn malformed_objects_are_taken_without_harm() {
    let kinds = [
        ("v1", "Pod"),
        ("v1", "Service"),
        ("v1", "Namespace"),
        ("v1", "ServiceAccount"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "CronJob"),
        ("networking.k8s.io/v1", "Ingress"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("gateway.networking.k8s.io/v1", "Gateway"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("policy/v1", "PodDisruptionBudget"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("example.com/v1", "Thing"),
    ];
    let bodies = [
        "metadata: []",
        "spec: text",
        "spec: [1]",
        "metadata: {labels: [a], annotations: 1, ownerReferences: x}",
        "spec: {selector: 1, ports: {}, type: [], rules: {}, ingress: x, podSelector: y, template: 1}",
        "spec: {rules: [1, {http: 1, backendRefs: 2}], parentRefs: [1], listeners: [1], scaleTargetRef: []}",
        "rules: x\nsubjects: [1, {kind: 2}]\nroleRef: 3\naggregationRule: 4",
        "spec: {template: {metadata: 1, spec: {containers: [{ports: 1, name: []}, 2], hostNetwork: 'true'}}}",
        "spec: {ports: [1, {port: x}], externalIPs: [[]], loadBalancerSourceRanges: [1], selector: {a: [b]}}",
    ];
    for (api, kind) in kinds {
        for body in bodies {
            let mut estate = Estate::of(&format!("apiVersion: {api}\nkind: {kind}\n{body}\n"));
            let (ix, object) = estate.inventory.objects().next().expect("one object");
            let id = object.asset.id.clone();
            assert!(estate.inventory.facts(ix).is_some());
            assert_eq!(estate.inventory.affected_by(ix), [ix]);
            estate.inventory.shape_problems(ix);
            estate.inventory.rules_of(ix);
            assert!(estate.inventory.remove(&id));
            assert!(estate.inventory.is_empty());
        }
    }
}

#[test]
fn long_chains_and_many_places_take_no_time_in_their_square() {
    // From the end to the beginning, so that each new owner has all others below it.
    let chain: String = (0..1_000)
        .map(|at| {
            owned(
                "apps/v1",
                "ReplicaSet",
                &format!("r{at}"),
                &format!("apps/v1 ReplicaSet/r{}", at + 1),
            )
        })
        .collect();
    let estate = Estate::of(&chain);
    assert_eq!(estate.inventory.len(), 1_000);
    let last = estate.inventory.controller_of(estate.ix("ReplicaSet/r990"));
    assert_eq!(estate.names(last), ["ns/shop/apps.ReplicaSet/r999"]);
    assert_eq!(
        estate.inventory.controller_of(estate.ix("ReplicaSet/r0")),
        None
    );

    let places = owned("v1", "Pod", "a", "").repeat(20_000);
    let estate = Estate::of(&places);
    let (_, pod) = estate.inventory.objects().next().expect("one object");
    assert_eq!((estate.inventory.len(), pod.also.len()), (1, 19_999));
}

#[test]
fn items_of_typed_lists_are_what_the_list_is_of() {
    let estate = Estate::of(
        "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: web, namespace: shop}\n  spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: i}]}}}\n---\napiVersion: v1\nkind: ReplicationControllerList\nitems:\n- metadata: {name: old, namespace: shop}\n  spec: {selector: {app: old}, template: {metadata: {labels: {app: old}}, spec: {containers: [{name: a, image: i}]}}}\n---\n{\"kind\":\"NetworkPolicyList\",\"apiVersion\":\"networking.k8s.io/v1\",\"items\":[{\"metadata\":{\"name\":\"n\",\"namespace\":\"shop\"},\"spec\":{\"podSelector\":{}}}]}\n",
    );
    let (ids, kinds): (Vec<_>, Vec<_>) = estate
        .inventory
        .objects()
        .map(|(_, object)| {
            let asset = &object.asset;
            (
                asset.id.as_str().to_owned(),
                (&*asset.object.api_version, asset.kind),
            )
        })
        .unzip();
    assert_eq!(
        ids,
        [
            "cluster/prod/ns/shop/ReplicationController/old",
            "cluster/prod/ns/shop/apps.Deployment/web",
            "cluster/prod/ns/shop/networking.k8s.io.NetworkPolicy/n",
        ]
    );
    assert_eq!(
        kinds,
        [
            ("v1", AssetKind::Workload),
            ("apps/v1", AssetKind::Workload),
            ("networking.k8s.io/v1", AssetKind::Object),
        ]
    );
    let web = estate.ix("Deployment/web");
    let policies = estate.inventory.network_policies_selecting(web);
    assert_eq!(
        estate.names(policies),
        ["ns/shop/networking.k8s.io.NetworkPolicy/n"]
    );
    let old = estate.ix("ReplicationController/old");
    let root = estate
        .inventory
        .get(old)
        .expect("an object")
        .document
        .root();
    let selector = crate::view::workload::Workload::new(root).selector();
    assert_eq!(selector.required().collect::<Vec<_>>(), [("app", "old")]);
}
