//! Objects come, change and go; what the inventory says must not depend on how.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_manifest::Document;
use plimsoll_model::AssetId;
use proptest::prelude::*;

use crate::{
    Inventory, ObjectIx,
    testing::{documents, settings},
    view::network_policy::Direction,
};

/// Small objects of all roles over two namespaces and few names, so that they
/// meet each other often.
fn object() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["a", "b"]);
    let name = prop::sample::select(vec!["x", "y"]);
    (0..18u8, space, name, 0..6u8).prop_map(|(kind, space, name, form)| {
        let meta = format!("metadata: {{name: {name}, namespace: {space}");
        let app = ["x", "y", "z"][usize::from(form) % 3];
        let own = |api: &str, kind: &str, spec: &str| format!("apiVersion: {api}\nkind: {kind}\n{meta}}}\n{spec}\n");
        let pod = format!("spec: {{serviceAccountName: {app}, containers: [{{name: a, ports: [{{containerPort: 80}}]}}]}}");
        let labels = format!("labels: {{app: {app}, tier: t{}}}", form / 3);
        let controlled = |owner: &str| {
            format!("{meta}, {labels}, ownerReferences: [{{apiVersion: apps/v1, kind: {owner}, name: {app}, controller: true}}]}}")
        };
        let other = if form % 2 == 0 { space } else { "b" };
        match kind {
            0 => own("apps/v1", "Deployment", &format!("spec: {{template: {{metadata: {{{labels}}}, {pod}}}}}")),
            1 => format!(
                "apiVersion: apps/v1\nkind: ReplicaSet\n{}\nspec: {{template: {{metadata: {{{labels}}}, {pod}}}}}\n",
                controlled(if form % 2 == 0 { "Deployment" } else { "ReplicaSet" })
            ),
            2 => format!("apiVersion: v1\nkind: Pod\n{}\n{pod}\n", controlled("ReplicaSet")),
            3 => own("v1", "Service", &format!("spec: {{selector: {{app: {app}}}, type: {}}}", ["ClusterIP", "LoadBalancer"][usize::from(form / 3)])),
            4 => own("networking.k8s.io/v1", "Ingress", &format!("spec: {{defaultBackend: {{service: {{name: {app}}}}}}}")),
            5 => own("gateway.networking.k8s.io/v1", "HTTPRoute", &format!(
                "spec: {{parentRefs: [{{name: x, namespace: {other}}}], rules: [{{backendRefs: [{{name: {app}, namespace: {other}}}]}}]}}"
            )),
            6 => own("gateway.networking.k8s.io/v1", "Gateway", &format!(
                "spec: {{listeners: [{{name: h, port: 80, allowedRoutes: {{namespaces: {{from: {}, selector: {{matchLabels: {{l: l1}}}}}}}}}}]}}",
                ["All", "Same", "Selector"][usize::from(form) % 3]
            )),
            7 => own("networking.k8s.io/v1", "NetworkPolicy", &format!(
                "spec: {{podSelector: {}, ingress: {}}}",
                ["{}".to_owned(), format!("{{matchLabels: {{app: {app}}}}}"), "{matchExpressions: [{key: app, operator: Exists}]}".to_owned()][usize::from(form) % 3],
                ["[]", "[{from: [{podSelector: {}}]}]"][usize::from(form / 3)]
            )),
            8 => format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}, labels: {{l: l{form}, team: t{form}}}}}\n"),
            9 => own("v1", "ServiceAccount", ""),
            10 => own("policy/v1", "PodDisruptionBudget", &format!("spec: {{selector: {{matchLabels: {{app: {app}}}}}}}")),
            11 => own("autoscaling/v2", "HorizontalPodAutoscaler", &format!("spec: {{scaleTargetRef: {{kind: Deployment, name: {app}}}}}")),
            12 => own("rbac.authorization.k8s.io/v1", "RoleBinding", &format!(
                "subjects: [{{kind: ServiceAccount, name: {app}}}]\nroleRef: {{kind: Role, name: {app}}}"
            )),
            15 => own("cilium.io/v2", "CiliumNetworkPolicy", &format!(
                "spec: {{endpointSelector: {}, ingress: [{{}}]}}",
                ["{}".to_owned(), format!("{{matchLabels: {{\"k8s:app\": {app}}}}}"), "{matchLabels: {tier: t0, pod-template-hash: a}}".to_owned()][usize::from(form) % 3]
            )),
            16 => format!(
                "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {{name: {name}}}\nspecs: [{{endpointSelector: {{matchLabels: {{app: {app}}}}}, egress: [{{}}]}}, {{endpointSelector: {{matchLabels: {{\"k8s:io.cilium.k8s.namespace.labels.team\": t{form}}}}}, ingress: [{{}}]}}]\n"
            ),
            17 => format!(
                "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{selector: \"{}\"}}\n",
                [format!("app == '{app}'"), format!("pcsa.a == 'b' && app != '{app}'"), "has(app) && tier in {'t0'}".to_owned()][usize::from(form) % 3]
            ),
            13 => own("rbac.authorization.k8s.io/v1", "Role", "rules: []"),
            _ => format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{to: {app}}}}}\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to: x}}}}]}}\n"
            ),
        }
    })
}

#[derive(Clone, Debug)]
enum Step {
    /// Reads an object from one of three files.
    Insert(u8, String),
    /// Removes one of those that are there.
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3u8, object()).prop_map(|(file, object)| Step::Insert(file, object)),
        1 => any::<usize>().prop_map(Step::Remove),
    ]
}

/// All that is said of all objects, by id.
fn told(inventory: &Inventory) -> BTreeMap<AssetId, String> {
    inventory
        .all_facts()
        .into_iter()
        .map(|facts| {
            let id = facts.asset.id.clone();
            let isolation = inventory.find(&id).map(|ix| {
                [Direction::Ingress, Direction::Egress]
                    .map(|direction| inventory.plugin_isolation(ix, direction))
            });
            (id, format!("{facts:?} {isolation:?}"))
        })
        .collect()
}

/// The relations of all objects, by id.
fn relations(inventory: &Inventory) -> BTreeMap<AssetId, Vec<Vec<AssetId>>> {
    let ids = |set: Vec<ObjectIx>| -> Vec<AssetId> {
        set.into_iter()
            .filter_map(|ix| Some(inventory.get(ix)?.asset.id.clone()))
            .collect()
    };
    inventory
        .objects()
        .map(|(ix, object)| {
            let sets = [
                inventory.services_selecting(ix),
                inventory.workloads_selected_by(ix),
                inventory.network_policies_selecting(ix),
                inventory.pdbs_selecting(ix),
                inventory.hpas_targeting(ix),
                inventory.ingresses_to(ix),
                inventory.routes_to(ix),
                inventory.routes_of_gateway(ix),
                inventory.controlled_by(ix),
                inventory.controller_of(ix).into_iter().collect(),
                inventory.bindings_of_role(ix),
                inventory.role_of(ix).into_iter().collect(),
                inventory.gathered_by(ix),
                inventory.workloads_using(object.namespace().unwrap_or_default(), object.name()),
                inventory.members(object.name()),
                inventory.affected_by(ix),
            ];
            (object.asset.id.clone(), sets.map(ids).into())
        })
        .collect()
}

fn affected(inventory: &Inventory, ix: Option<ObjectIx>) -> BTreeSet<AssetId> {
    let affected = ix.map_or_else(Vec::new, |ix| inventory.affected_by(ix));
    affected
        .into_iter()
        .filter_map(|ix| Some(inventory.get(ix)?.asset.id.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_inventory_equals_a_fresh_one(steps in prop::collection::vec(step(), 1..40)) {
        let mut inventory = Inventory::new(settings());
        // What must be there now: by id and file.
        let mut there: BTreeMap<AssetId, BTreeMap<String, Document>> = BTreeMap::new();
        let mut before = told(&inventory);
        for step in steps {
            let mut touched;
            match step {
                Step::Insert(file, yaml) => {
                    let file = format!("{file}.yaml");
                    let document = documents(&file, &yaml).remove(0);
                    // Its id is found by a look at an inventory of its own.
                    let mut alone = Inventory::new(settings());
                    let ix = alone.insert(document.clone()).ix;
                    let id = alone.get(ix).expect("it was inserted").asset.id.clone();
                    touched = affected(&inventory, inventory.find(&id));
                    let inserted = inventory.insert(document.clone());
                    touched.extend(affected(&inventory, Some(inserted.ix)));
                    let replaced = there.entry(id).or_default().insert(file, document);
                    prop_assert_eq!(inserted.replaced, replaced.is_some());
                }
                Step::Remove(at) => {
                    let Some(id) = there.keys().nth(at % there.len().max(1)).cloned() else { continue };
                    touched = affected(&inventory, inventory.find(&id));
                    there.remove(&id);
                    prop_assert!(inventory.remove(&id));
                }
            }
            let now = told(&inventory);
            let ids: BTreeSet<&AssetId> = now.keys().chain(before.keys()).collect();
            for id in ids {
                if now.get(id) != before.get(id) {
                    prop_assert!(touched.contains(id), "{} changed and is not among those affected", id);
                }
            }
            before = now;
        }

        // In reverse, to show that order does not count.
        let mut fresh = Inventory::new(settings());
        let all: Vec<Document> = there.into_values().flat_map(BTreeMap::into_values).collect();
        for document in all.into_iter().rev() {
            fresh.insert(document);
        }
        prop_assert_eq!(told(&inventory), told(&fresh));
        prop_assert_eq!(relations(&inventory), relations(&fresh));

        // And nothing is left behind.
        let ids: Vec<AssetId> = inventory.objects().map(|(_, object)| object.asset.id.clone()).collect();
        for id in ids {
            prop_assert!(inventory.remove(&id));
        }
        prop_assert!(inventory.index.is_vacant(), "{:?}", inventory.index);
    }
}
