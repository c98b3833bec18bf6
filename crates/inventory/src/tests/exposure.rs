//! Every way to a workload, and what comes close without being one.

use crate::testing::Estate;

/// The exposure of `shop`'s Deployment `web` in words: the level, then the reasons.
pub(super) fn exposure_of(yaml: &str) -> String {
    let estate = Estate::of(yaml);
    let exposure = estate
        .inventory
        .exposure(estate.ix("shop/apps.Deployment/web"));
    let mut text = exposure.level.to_string();
    for reason in exposure.reasons {
        text += &format!("\n{}: {}", reason.level, reason.text);
        if let Some(location) = &reason.location {
            text += &format!(" ({})", location.line);
        }
        if let Some(blocked) = reason.blocked_by {
            text += &format!(" [{blocked}]");
        }
    }
    text
}

pub(super) fn workload(pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {pod}}}}}\n"
    )
}

/// A workload without ports in lines 1 to 4, and a Service in front of it in lines 6 to 9.
pub(super) fn with_service(spec: &str) -> String {
    let pod = workload("{containers: [{name: web}]}");
    format!(
        "{pod}---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, {spec}}}\n"
    )
}

fn check_pod(pod: &str, expect: &str) {
    assert_eq!(exposure_of(&workload(pod)), expect, "{pod}");
}

fn check_service(spec: &str, expect: &str) {
    assert_eq!(exposure_of(&with_service(spec)), expect, "{spec}");
}

#[test]
fn nothing_leads_to_what_nothing_leads_to() {
    check_pod("{containers: [{name: web}]}", "none");
    check_pod("{containers: [{name: web, ports: []}]}", "none");
}

#[test]
fn the_host_leads_to_it() {
    let network =
        "internet\ninternet: its pods are on the network of their nodes (hostNetwork) (4)";
    check_pod("{hostNetwork: true, containers: [{name: web}]}", network);
    check_pod(
        "{hostNetwork: true, containers: [{name: web, ports: [{containerPort: 80, hostPort: 80}]}]}",
        network,
    );
    check_pod("{hostNetwork: false, containers: [{name: web}]}", "none");
    check_pod(
        "{containers: [{name: web, ports: [{containerPort: 80, hostPort: 8080}]}]}",
        "internet\ninternet: container web has hostPort 8080 (4)",
    );
    check_pod(
        "{containers: [{name: web}], initContainers: [{name: side, restartPolicy: Always, ports: [{containerPort: 80, hostPort: 8080}]}]}",
        "internet\ninternet: container side has hostPort 8080 (4)",
    );
    let inside = "cluster\ncluster: container web listens on 80, where other pods reach it (4)";
    check_pod(
        "{containers: [{name: web, ports: [{containerPort: 80, hostPort: 0}]}]}",
        inside,
    );
    check_pod(
        "{containers: [{name: web, ports: [{containerPort: 80, hostPort: 8080, hostIP: 127.0.0.1}]}]}",
        inside,
    );
}

#[test]
fn services_lead_to_it() {
    check_service(
        "ports: [{port: 80}]",
        "cluster\ncluster: Service shop/web selects it (9)",
    );
    check_service(
        "clusterIP: None",
        "cluster\ncluster: Service shop/web selects it (9)",
    );
    check_service(
        "type: ClusterIP",
        "cluster\ncluster: Service shop/web selects it (9)",
    );
    check_service(
        "type: LoadBalancer",
        "internet\ninternet: Service shop/web of type LoadBalancer selects it (9)",
    );
    check_service(
        "type: NodePort",
        "internet\ninternet: Service shop/web of type NodePort selects it (9)",
    );
    check_service("type: ExternalName, externalName: example.com", "none");
    check_service(
        "externalIPs: [203.0.113.7]",
        "internet\ninternet: Service shop/web with external IP 203.0.113.7 selects it (9)",
    );
    check_service(
        "externalIPs: [10.0.0.7, 192.168.0.1]",
        "internal\ninternal: Service shop/web with external IP 10.0.0.7 and 192.168.0.1 selects it (9)",
    );
    check_service(
        "externalIPs: [10.0.0.7, 203.0.113.7]",
        "internet\ninternet: Service shop/web with external IP 10.0.0.7 and 203.0.113.7 selects it (9)",
    );
}

#[test]
fn services_that_do_not_select_it_do_not_lead_to_it() {
    let check = |from: &str, to: &str| {
        let yaml = with_service("type: LoadBalancer");
        assert!(yaml.contains(from), "{from}");
        assert_eq!(exposure_of(&yaml.replace(from, to)), "none", "{to}");
    };
    check("selector: {app: web}", "selector: {app: api}");
    check("selector: {app: web}", "selector: {app: web, tier: front}");
    check("selector: {app: web}", "selector: {}");
    check("selector: {app: web}, ", "");
    check(
        "kind: Service\nmetadata: {name: web, namespace: shop}",
        "kind: Service\nmetadata: {name: web, namespace: other}",
    );
}

#[test]
fn load_balancers_may_be_internal() {
    let annotated = |annotation: &str, expect: &str| {
        let yaml = with_service("type: LoadBalancer").replace(
            "kind: Service\nmetadata: {",
            &format!("kind: Service\nmetadata: {{annotations: {{{annotation}}}, "),
        );
        let got = exposure_of(&yaml);
        assert_eq!(got.lines().next(), Some(expect), "{annotation}: {got}");
    };
    annotated("networking.gke.io/load-balancer-type: Internal", "internal");
    annotated("cloud.google.com/load-balancer-type: internal", "internal");
    annotated("networking.gke.io/load-balancer-type: External", "internet");
    annotated(
        "service.beta.kubernetes.io/azure-load-balancer-internal: 'true'",
        "internal",
    );
    annotated(
        "service.beta.kubernetes.io/azure-load-balancer-internal: 'false'",
        "internet",
    );
    annotated(
        "service.beta.kubernetes.io/aws-load-balancer-internal: 0.0.0.0/0",
        "internal",
    );
    annotated(
        "service.beta.kubernetes.io/aws-load-balancer-internal: 'false'",
        "internet",
    );
    annotated(
        "service.beta.kubernetes.io/aws-load-balancer-scheme: internal",
        "internal",
    );
    annotated(
        "service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing",
        "internet",
    );
    annotated(
        "service.beta.kubernetes.io/load-balancer-source-ranges: '10.0.0.0/8, 192.168.0.0/16'",
        "internal",
    );
    annotated(
        "service.beta.kubernetes.io/load-balancer-source-ranges: '10.0.0.0/8, 8.8.8.8/32'",
        "internet",
    );
    annotated("unrelated: Internal", "internet");

    check_service(
        "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]",
        "internal\ninternal: Service shop/web of type LoadBalancer, open to 10.0.0.0/8 only, selects it (9)",
    );
    let public = "internet\ninternet: Service shop/web of type LoadBalancer selects it (9)";
    check_service(
        "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 203.0.113.0/24]",
        public,
    );
    check_service("type: LoadBalancer, loadBalancerSourceRanges: []", public);
    check_service(
        "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, [x]]",
        public,
    );
}

fn with_ingress(spec: &str) -> String {
    let service = with_service("ports: [{port: 80, name: http, targetPort: 8080}]");
    format!(
        "{service}---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: front, namespace: shop}}\nspec: {spec}\n"
    )
}

fn path(service: &str) -> String {
    format!(
        "http: {{paths: [{{backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}"
    )
}

#[test]
fn ingresses_lead_to_it() {
    let check =
        |spec: &str, expect: &str| assert_eq!(exposure_of(&with_ingress(spec)), expect, "{spec}");
    let web = path("web");
    check(
        &format!("{{rules: [{{host: shop.example.com, {web}}}]}}"),
        "internet\ninternet: Ingress shop/front routes shop.example.com to Service shop/web (14)",
    );
    check(
        &format!("{{rules: [{{host: b.example.com, {web}}}, {{host: a.example.com, {web}}}]}}"),
        "internet\ninternet: Ingress shop/front routes a.example.com and b.example.com to Service shop/web (14)",
    );
    check(
        &format!(
            "{{rules: [{{host: a, {web}}}, {{host: b, {web}}}, {{host: c, {web}}}, {{host: d, {web}}}]}}"
        ),
        "internet\ninternet: Ingress shop/front routes a, b and 2 more to Service shop/web (14)",
    );
    check(
        &format!("{{rules: [{{{web}}}]}}"),
        "internet\ninternet: Ingress shop/front routes every host to Service shop/web (14)",
    );
    check(
        "{defaultBackend: {service: {name: web, port: {name: http}}}}",
        "internet\ninternet: Ingress shop/front routes what no rule matches to Service shop/web (14)",
    );
    check(
        "{backend: {serviceName: web, servicePort: 80}}",
        "internet\ninternet: Ingress shop/front routes what no rule matches to Service shop/web (14)",
    );
    check(
        &format!("{{ingressClassName: gce-internal, rules: [{{{web}}}]}}"),
        "internal\ninternal: Ingress shop/front, internal by its class gce-internal, routes every host to Service shop/web (14)",
    );
    let inside = "cluster\ncluster: Service shop/web selects it (9)";
    check(&format!("{{rules: [{{{}}}]}}", path("api")), inside);
    check(
        "{defaultBackend: {resource: {kind: Bucket, name: web}}}",
        inside,
    );
    check("{rules: []}", inside);
}

#[test]
fn an_ingress_of_another_namespace_does_not_lead_to_it() {
    let yaml = with_ingress(&format!("{{rules: [{{{}}}]}}", path("web"))).replace(
        "{name: front, namespace: shop}",
        "{name: front, namespace: other}",
    );
    assert_eq!(
        exposure_of(&yaml),
        "cluster\ncluster: Service shop/web selects it (9)"
    );
}

#[test]
fn an_ingress_may_be_internal_by_annotation() {
    let yaml = with_ingress(&format!("{{rules: [{{{}}}]}}", path("web"))).replace(
        "{name: front, namespace: shop}",
        "{name: front, namespace: shop, annotations: {alb.ingress.kubernetes.io/scheme: internal}}",
    );
    assert_eq!(
        exposure_of(&yaml),
        "internal\ninternal: Ingress shop/front, internal by its annotation alb.ingress.kubernetes.io/scheme, routes every host to Service shop/web (14)"
    );
}

#[test]
fn every_place_of_an_object_counts() {
    let workload = workload("{containers: [{name: web}]}");
    let service = |kind: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, type: {kind}}}\n"
        )
    };
    let estate = Estate::of_files(&[
        ("a.yaml", &workload),
        ("dev.yaml", &service("ClusterIP")),
        ("prod.yaml", &service("LoadBalancer")),
    ]);
    let exposure = estate
        .inventory
        .exposure(estate.ix("shop/apps.Deployment/web"));
    assert_eq!(exposure.level.as_str(), "internet");
}

#[test]
fn many_reasons_are_counted() {
    let mut yaml = workload("{containers: [{name: web}]}");
    for index in 0..150 {
        yaml += &format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{index:03}, namespace: shop}}\nspec: {{selector: {{app: web}}}}\n"
        );
    }
    let text = exposure_of(&yaml);
    assert_eq!(text.lines().count(), 102);
    assert_eq!(text.lines().last(), Some("cluster: 50 more like these"));
}
