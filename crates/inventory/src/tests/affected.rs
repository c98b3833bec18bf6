//! What a change asks to be looked at again.

use crate::testing::Estate;

const ESTATE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: web}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: web}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: web}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: edge}
spec: {parentRefs: [{name: public, namespace: infra}], rules: [{backendRefs: [{name: web, namespace: shop}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: infra}
---
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec: {podSelector: {matchLabels: {app: api}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: shop}
spec: {selector: {matchLabels: {app: api}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec: {scaleTargetRef: {kind: Deployment, name: api}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: edge}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {to: all}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: all}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
roleRef: {kind: ClusterRole, name: all}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, namespace: other}
";

#[test]
fn a_change_reaches_what_depends_on_it_and_nothing_else() {
    let estate = Estate::of(ESTATE);
    let check = |of: &str, expect: &[&str]| {
        let affected = estate.inventory.affected_by(estate.ix(of));
        let mut names: Vec<String> = estate
            .names(affected)
            .into_iter()
            .map(|name| {
                let mut end = name.rsplit('/').take(2).collect::<Vec<_>>();
                end.reverse();
                let name = end.join("/");
                name.rsplit_once(".k8s.io.")
                    .map_or(name.clone(), |(_, name)| name.to_owned())
            })
            .collect();
        let mut expect: Vec<&str> = expect.to_vec();
        names.sort();
        expect.sort_unstable();
        assert_eq!(names, expect, "{of}");
    };
    let web = "apps.Deployment/web";
    let set = "apps.ReplicaSet/web-1";
    let api = "apps.Deployment/api";
    check("ConfigMap/plain", &["ConfigMap/plain"]);
    check(
        "shop/Service/web",
        &["Service/web", web, set, "Ingress/front", "HTTPRoute/route"],
    );
    check("Ingress/front", &["Ingress/front", "Service/web", web, set]);
    check(
        "HTTPRoute/route",
        &["HTTPRoute/route", "Service/web", web, set],
    );
    check(
        "Gateway/public",
        &["Gateway/public", "HTTPRoute/route", "Service/web", web, set],
    );
    // By its labels it may be taken by Gateways, and its routes lead elsewhere.
    check(
        "ns/edge",
        &[
            "ns/edge",
            "HTTPRoute/route",
            "LimitRange/limits",
            "Service/web",
            web,
            set,
        ],
    );
    check("NetworkPolicy/api", &["NetworkPolicy/api", api, "ns/shop"]);
    check(
        "PodDisruptionBudget/api",
        &["policy.PodDisruptionBudget/api", api],
    );
    check(
        "HorizontalPodAutoscaler/api",
        &["autoscaling.HorizontalPodAutoscaler/api", api],
    );
    check("LimitRange/limits", &["LimitRange/limits", "ns/edge"]);
    check(
        "serviceaccount/shop/web",
        &["shop/web", web, set, "ClusterRoleBinding/web"],
    );
    let binding = [
        "ClusterRoleBinding/web",
        "ClusterRole/all",
        "shop/web",
        web,
        set,
    ];
    check("ClusterRoleBinding/web", &binding);
    check(
        "ClusterRole/part",
        &[&binding[..], &["ClusterRole/part"]].concat(),
    );
    check(
        "apps.Deployment/api",
        &[
            api,
            "NetworkPolicy/api",
            "policy.PodDisruptionBudget/api",
            "autoscaling.HorizontalPodAutoscaler/api",
            "ns/shop",
        ],
    );
    check(
        "apps.Deployment/web",
        &[web, set, "Service/web", "ns/shop", "shop/web"],
    );
}
