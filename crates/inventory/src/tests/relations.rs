//! Who selects, binds and limits whom.

use crate::{Inventory, ObjectIx, SubjectKey, testing::Estate};

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {serviceAccountName: web, containers: [{name: web}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  template:
    metadata: {labels: {app: db, tier: back}}
    spec: {containers: [{name: db}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {tier: front, app: web}}
---
apiVersion: v1
kind: Service
metadata: {name: none, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: example.com, selector: {app: web}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: not-back, namespace: shop}
spec: {podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: without-selector, namespace: shop}
spec: {policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: malformed, namespace: shop}
spec: {podSelector: text}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db, namespace: shop}
spec: {selector: {matchLabels: {app: db}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: shop}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota, namespace: shop}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {rules: [{http: {paths: [{backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old, namespace: shop}
spec: {backend: {serviceName: web, servicePort: 80}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: infra}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}
";

#[test]
fn relations_are_found_both_ways() {
    let estate = Estate::of(SHOP);
    let inventory = &estate.inventory;
    let check = |of: &str, ask: fn(&Inventory, ObjectIx) -> Vec<ObjectIx>, expect: &[&str]| {
        assert_eq!(estate.names(ask(inventory, estate.ix(of))), expect, "{of}");
    };
    let web = "shop/apps.Deployment/web";
    let db = "shop/apps.StatefulSet/db";
    check(
        web,
        Inventory::services_selecting,
        &["ns/shop/Service/front", "ns/shop/Service/web"],
    );
    check(db, Inventory::services_selecting, &[]);
    check(
        "other/apps.Deployment/web",
        Inventory::services_selecting,
        &[],
    );
    check(
        "shop/Service/web",
        Inventory::workloads_selected_by,
        &["ns/shop/apps.Deployment/web"],
    );
    check("shop/Service/none", Inventory::workloads_selected_by, &[]);
    check(
        "shop/Service/elsewhere",
        Inventory::workloads_selected_by,
        &[],
    );
    let policy = |name: &str| format!("ns/shop/networking.k8s.io.NetworkPolicy/{name}");
    let (all, not_back, without) = (
        policy("all"),
        policy("not-back"),
        policy("without-selector"),
    );
    check(
        web,
        Inventory::network_policies_selecting,
        &[&all, &not_back, &without],
    );
    check(db, Inventory::network_policies_selecting, &[&all, &without]);
    check(
        db,
        Inventory::pdbs_selecting,
        &["ns/shop/policy.PodDisruptionBudget/db"],
    );
    check(web, Inventory::pdbs_selecting, &[]);
    check(
        web,
        Inventory::hpas_targeting,
        &["ns/shop/autoscaling.HorizontalPodAutoscaler/web"],
    );
    check("other/apps.Deployment/web", Inventory::hpas_targeting, &[]);
    check(
        "shop/Service/web",
        Inventory::ingresses_to,
        &[
            "ns/shop/extensions.Ingress/old",
            "ns/shop/networking.k8s.io.Ingress/front",
        ],
    );
    check("shop/Service/front", Inventory::ingresses_to, &[]);
    check(
        "shop/Service/web",
        Inventory::routes_to,
        &["ns/infra/gateway.networking.k8s.io.HTTPRoute/route"],
    );
    // What is no Service has no Ingress.
    check(web, Inventory::ingresses_to, &[]);
}

#[test]
fn namespaces_know_what_limits_them() {
    let estate = Estate::of(SHOP);
    let inventory = &estate.inventory;
    assert_eq!(
        estate.names(inventory.limit_ranges("shop")),
        ["ns/shop/LimitRange/limits"]
    );
    assert_eq!(
        estate.names(inventory.resource_quotas("shop")),
        ["ns/shop/ResourceQuota/quota"]
    );
    assert_eq!(
        estate.names(inventory.limit_ranges("other")),
        Vec::<String>::new()
    );
    assert_eq!(
        estate.names(inventory.namespace_object("shop")),
        ["ns/shop"]
    );
    assert_eq!(inventory.namespace_object("other"), None);
    assert_eq!(
        estate.names(inventory.members("other")),
        ["ns/other/apps.Deployment/web"]
    );
}

#[test]
fn service_accounts_are_used_by_name() {
    let estate = Estate::of(SHOP);
    let inventory = &estate.inventory;
    let account = |of: &str| {
        let (namespace, name, ix) = inventory.service_account_of(estate.ix(of))?;
        Some((format!("{namespace}/{name}"), estate.names(ix)))
    };
    let known = vec!["identity/serviceaccount/shop/web".to_owned()];
    assert_eq!(
        account("shop/apps.Deployment/web"),
        Some(("shop/web".to_owned(), known))
    );
    assert_eq!(
        account("shop/apps.StatefulSet/db"),
        Some(("shop/default".to_owned(), vec![]))
    );
    assert_eq!(account("shop/Service/web"), None);
    assert_eq!(
        estate.names(inventory.workloads_using("shop", "web")),
        ["ns/shop/apps.Deployment/web"]
    );
    assert_eq!(
        estate.names(inventory.workloads_using("shop", "default")),
        ["ns/shop/apps.StatefulSet/db"]
    );
    assert_eq!(
        estate.names(inventory.workloads_using("shop", "nobody")),
        Vec::<String>::new()
    );
}

const ROLES: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: gather}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: gather}}, {}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {to: gather}}
rules: [{apiGroups: [''], resources: [pods, pods/log], verbs: [get]}, {apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: other, labels: {to: nobody}}
rules: [{apiGroups: [apps], resources: ['*/scale'], verbs: [update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: part, namespace: shop, labels: {to: gather}}
rules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: in-shop, namespace: shop}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: ci, namespace: build}
- {kind: User, name: jane}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: part}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everywhere}
subjects: [{kind: Group, name: 'system:authenticated'}, {kind: ServiceAccount, name: lost}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gather}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dangling, namespace: shop}
subjects: [{kind: User, name: jane}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nowhere}
";

#[test]
fn bindings_join_subjects_and_roles() {
    let estate = Estate::of(ROLES);
    let inventory = &estate.inventory;
    let check = |subject: SubjectKey, expect: &[&str]| {
        let names: Vec<_> = inventory
            .bindings_of_subject(&subject)
            .into_iter()
            .filter_map(|ix| Some(inventory.get(ix)?.name().to_owned()))
            .collect();
        assert_eq!(names, expect, "{subject:?}");
    };
    check(
        SubjectKey::ServiceAccount("shop".into(), "web".into()),
        &["in-shop"],
    );
    check(
        SubjectKey::ServiceAccount("build".into(), "ci".into()),
        &["in-shop"],
    );
    check(SubjectKey::ServiceAccount("shop".into(), "ci".into()), &[]);
    check(
        SubjectKey::ServiceAccount("default".into(), "lost".into()),
        &[],
    );
    check(SubjectKey::User("jane".into()), &["dangling", "in-shop"]);
    check(
        SubjectKey::Group("system:authenticated".into()),
        &["everywhere"],
    );

    let role = |binding: &str| estate.names(inventory.role_of(estate.ix(binding)));
    let prefix = "rbac.authorization.k8s.io";
    assert_eq!(
        role("RoleBinding/in-shop"),
        [format!("ns/shop/{prefix}.Role/part")]
    );
    assert_eq!(
        role("ClusterRoleBinding/everywhere"),
        [format!("{prefix}.ClusterRole/gather")]
    );
    assert_eq!(role("RoleBinding/dangling"), Vec::<String>::new());
    let bindings =
        inventory.bindings_of_role(estate.ix(".ClusterRole/gather".trim_start_matches('.')));
    assert_eq!(
        estate.names(bindings),
        [format!("{prefix}.ClusterRoleBinding/everywhere")]
    );
}

#[test]
fn gathered_rules_are_rules() {
    let estate = Estate::of(ROLES);
    let rules: Vec<String> = estate
        .inventory
        .rules_of(estate.ix("ClusterRole/gather"))
        .into_iter()
        .map(|(ix, rule)| {
            let name = estate.names([ix]).concat();
            format!(
                "{name} {} {:?}",
                rule.index(),
                rule.verbs().collect::<Vec<_>>()
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            "rbac.authorization.k8s.io.ClusterRole/part 0 [\"get\"]",
            "rbac.authorization.k8s.io.ClusterRole/part 1 [\"*\"]",
        ]
    );
    let check = |of: &str, at: usize, group: &str, resource: &str, verb: &str, expect: bool| {
        let rules = estate.inventory.rules_of(estate.ix(of));
        let (_, rule) = rules.get(at).expect("the rule");
        assert_eq!(
            rule.covers(group, resource) && rule.grants_verb(verb),
            expect,
            "{group}/{resource} {verb}"
        );
    };
    check("ClusterRole/part", 0, "", "pods", "get", true);
    check("ClusterRole/part", 0, "", "pods/log", "get", true);
    check("ClusterRole/part", 0, "", "pods/exec", "get", false);
    check("ClusterRole/part", 0, "apps", "pods", "get", false);
    check("ClusterRole/part", 0, "", "pods", "list", false);
    check("ClusterRole/part", 1, "anything", "at/all", "delete", true);
    check(
        "ClusterRole/other",
        0,
        "apps",
        "deployments/scale",
        "update",
        true,
    );
    check(
        "ClusterRole/other",
        0,
        "apps",
        "deployments",
        "update",
        false,
    );
}
