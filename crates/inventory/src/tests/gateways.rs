//! Gateways and their routes.

use super::exposure::{exposure_of, with_service};

fn estate(gateway: &str, route: &str) -> String {
    let service = with_service("ports: [{port: 80}]");
    format!(
        "{service}{gateway}---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: web, namespace: shop}}\nspec: {route}\n"
    )
}

fn gateway(namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: public, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

const ROUTE: &str = "{parentRefs: [{name: public, namespace: infra}], hostnames: [shop.example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}";
const INSIDE: &str = "cluster\ncluster: Service shop/web selects it (9)";
const THROUGH: &str = "internet\ninternet: HTTPRoute shop/web routes shop.example.com to Service shop/web through Gateway infra/public";

fn check(gateway: &str, route: &str, expect: &str) {
    let text = exposure_of(&estate(gateway, route));
    let text = text.rsplit_once(" (").map_or(&*text, |(text, _)| text);
    let expect = expect.rsplit_once(" (").map_or(expect, |(text, _)| text);
    assert_eq!(text, expect, "{gateway} {route}");
}

fn listener(allowed: &str) -> String {
    gateway(
        "infra",
        &format!(
            "{{listeners: [{{name: http, port: 80, allowedRoutes: {{namespaces: {allowed}}}}}]}}"
        ),
    )
}

#[test]
fn a_route_leads_through_a_gateway_that_takes_it() {
    check(&listener("{from: All}"), ROUTE, THROUGH);
    check(&listener("{from: Same}"), ROUTE, INSIDE);
    check(&listener("{from: None}"), ROUTE, INSIDE);
    check(&listener("{}"), ROUTE, INSIDE);
    check(&gateway("infra", "{listeners: []}"), ROUTE, INSIDE);
    let unseen = format!("{THROUGH}, which is not among the objects");
    check("", ROUTE, &unseen);
    // The default is the Gateway's own namespace.
    let own = ROUTE.replace(", namespace: infra", "");
    let through = THROUGH.replace("infra/", "shop/");
    check(
        &gateway("shop", "{listeners: [{name: http, port: 80}]}"),
        &own,
        &through,
    );
}

#[test]
fn a_gateway_selects_namespaces_by_label() {
    let namespace = |labels: &str| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n"
        )
    };
    let selecting = listener("{from: Selector, selector: {matchLabels: {public: yes-please}}}");
    check(
        &(selecting.clone() + &namespace("{public: yes-please}")),
        ROUTE,
        THROUGH,
    );
    check(&(selecting.clone() + &namespace("{}")), ROUTE, INSIDE);
    // Labels of a namespace that is not there are not known.
    check(&selecting, ROUTE, THROUGH);
}

#[test]
fn a_route_may_name_a_section_or_port() {
    let all = listener("{from: All}");
    let with = |part: &str| ROUTE.replace("namespace: infra", &format!("namespace: infra, {part}"));
    check(&all, &with("sectionName: http"), THROUGH);
    check(&all, &with("sectionName: https"), INSIDE);
    check(&all, &with("port: 80"), THROUGH);
    check(&all, &with("port: 443"), INSIDE);
}

#[test]
fn what_comes_close_to_a_route_is_none() {
    let all = listener("{from: All}");
    let check = |from: &str, to: &str| {
        assert!(ROUTE.contains(from), "{from}");
        check(&all, &ROUTE.replace(from, to), INSIDE);
    };
    check("{name: web, port: 80}", "{name: api, port: 80}");
    check("{name: web, port: 80}", "{name: web, port: 80, weight: 0}");
    check(
        "{name: web, port: 80}",
        "{name: web, namespace: other, port: 80}",
    );
    check(
        "{name: web, port: 80}",
        "{kind: Bucket, group: example.com, name: web}",
    );
    check(
        "{name: public, namespace: infra}",
        "{kind: Service, group: '', name: web}",
    );
    check(
        "{name: public, namespace: infra}",
        "{group: example.com, name: public, namespace: infra}",
    );
    check("parentRefs: [{name: public, namespace: infra}], ", "");
}

#[test]
fn a_gateway_may_be_internal() {
    let check_spec = |spec: &str, expect: &str| {
        let listeners =
            "listeners: [{name: http, port: 80, allowedRoutes: {namespaces: {from: All}}}]";
        let text = exposure_of(&estate(
            &gateway("infra", &format!("{{{listeners}, {spec}}}")),
            ROUTE,
        ));
        assert_eq!(text.lines().next(), Some(expect), "{text}");
    };
    check_spec("gatewayClassName: gke-l7-rilb", "internal");
    check_spec("gatewayClassName: istio", "internet");
    check_spec(
        "infrastructure: {annotations: {networking.gke.io/load-balancer-type: Internal}}",
        "internal",
    );
}

#[test]
fn a_route_may_come_from_another_namespace() {
    let yaml = estate(
        &gateway("infra", "{listeners: [{name: http, port: 80}]}"),
        ROUTE,
    )
    .replace(
        "kind: HTTPRoute\nmetadata: {name: web, namespace: shop}",
        "kind: GRPCRoute\nmetadata: {name: web, namespace: infra}",
    )
    .replace(
        "{name: web, port: 80}",
        "{name: web, namespace: shop, port: 80}",
    );
    assert_eq!(
        exposure_of(&yaml),
        "internet\ninternet: GRPCRoute infra/web routes shop.example.com to Service shop/web through Gateway infra/public (19)"
    );
}
