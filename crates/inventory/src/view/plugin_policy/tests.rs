//! Policies of network plugins over one pod.

use proptest::prelude::*;

use super::{
    Endpoint, PluginPolicy, Truth,
    endpoint::Label,
    selector::{Comparison, Expression},
};
use crate::{
    testing::document,
    view::{labels::Labelled, network_policy::Direction},
};

struct Labels(&'static [(&'static str, &'static str)]);

impl Labelled for Labels {
    fn label(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| *found == key)
            .map(|(_, value)| *value)
    }
}

const POD: Labels = Labels(&[("app", "web"), ("tier", "front-end")]);
const NAMESPACE: Labels = Labels(&[("team", "payments")]);
const ACCOUNT: Labels = Labels(&[("role", "reader")]);

const KNOWN: Endpoint<'static> = Endpoint {
    labels: &POD,
    namespace: "shop",
    namespace_labels: Some(&NAMESPACE),
    account: "robot",
    account_labels: Some(&ACCOUNT),
};

const ALONE: Endpoint<'static> = Endpoint {
    namespace_labels: None,
    account_labels: None,
    ..KNOWN
};

/// What a policy says of ingress and of egress.
fn isolates(group: &str, kind: &str, spec: &str, endpoint: &Endpoint<'_>) -> [Truth; 2] {
    let document = document(&format!("apiVersion: {group}/v1\nkind: {kind}\n{spec}\n"));
    let policy = PluginPolicy::new(group, kind, document.root()).expect("a policy");
    [Direction::Ingress, Direction::Egress].map(|direction| policy.isolates(direction, endpoint))
}

use Truth::{No, Unknown, Yes};

#[test]
fn cilium_rules_isolate_what_they_have_entries_for() {
    let check = |rule: &str, expect: [Truth; 2]| {
        let spec = format!("spec: {{endpointSelector: {{}}, {rule}}}");
        let found = isolates("cilium.io", "CiliumNetworkPolicy", &spec, &KNOWN);
        assert_eq!(found, expect, "{rule}");
    };
    check("ingress: [{}]", [Yes, No]);
    check("egress: [{toEndpoints: [{}]}]", [No, Yes]);
    check("ingress: [{}], egress: [{}]", [Yes, Yes]);
    check("ingressDeny: [{fromEntities: [world]}]", [Yes, No]);
    check("egressDeny: [{}]", [No, Yes]);
    check("ingress: []", [No, No]);
    check("ingress: ~", [No, No]);
    check("ingress: text", [Unknown, No]);
    check("description: none", [No, No]);
    check(
        "ingress: [{}], egress: [{}], enableDefaultDeny: {ingress: false}",
        [No, Yes],
    );
    check(
        "ingress: [{}], enableDefaultDeny: {ingress: true, egress: true}",
        [Yes, Unknown],
    );
    check(
        "ingress: [{}], enableDefaultDeny: {ingress: 3}",
        [Unknown, No],
    );

    let several = "specs: [{endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}, {endpointSelector: {}, egress: [{}]}]";
    let found = isolates("cilium.io", "CiliumNetworkPolicy", several, &KNOWN);
    assert_eq!(found, [No, Yes]);
}

#[test]
fn cilium_selectors_select_endpoints() {
    let check = |kind: &str, selector: &str, known: Truth, alone: Truth| {
        let spec = format!("spec: {{endpointSelector: {selector}, ingress: [{{}}]}}");
        for (endpoint, expect) in [(&KNOWN, known), (&ALONE, alone)] {
            let found = isolates("cilium.io", kind, &spec, endpoint);
            assert_eq!(found, [expect, No], "{kind} {selector}");
        }
    };
    let own =
        |selector: &str, expect: Truth| check("CiliumNetworkPolicy", selector, expect, expect);
    own("{}", Yes);
    own("~", No);
    own("text", Unknown);
    own("{matchLabels: []}", Unknown);
    own("{matchLabels: {app: web}}", Yes);
    own("{matchLabels: {\"k8s:app\": web}}", Yes);
    own("{matchLabels: {\"any:app\": web, tier: front-end}}", Yes);
    own("{matchLabels: {\"any:app\": api}}", No);
    own("{matchLabels: {\"container:app\": web}}", Unknown);
    own("{matchLabels: {\"container:app\": web, app: db}}", No);
    own("{matchLabels: {\"reserved:host\": \"\"}}", No);
    own("{matchLabels: {app: [web]}}", Unknown);
    own("{matchLabels: {pod-template-hash: a}}", Unknown);
    own(
        "{matchLabels: {\"k8s:topology.kubernetes.io/zone\": a}}",
        Unknown,
    );
    own(
        "{matchExpressions: [{key: \"k8s:app\", operator: In, values: [db, web]}]}",
        Yes,
    );
    own(
        "{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}",
        Yes,
    );
    own(
        "{matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}",
        Yes,
    );
    own(
        "{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}",
        No,
    );
    own("{matchExpressions: [{key: app, operator: Exists}]}", Yes);
    own(
        "{matchExpressions: [{key: \"any:app\", operator: DoesNotExist}]}",
        No,
    );
    own(
        "{matchExpressions: [{key: \"reserved:init\", operator: DoesNotExist}]}",
        Yes,
    );
    own("{matchExpressions: [{key: app, operator: Like}]}", Unknown);
    own("{matchExpressions: [text]}", Unknown);
    own(
        "{matchLabels: {\"io.cilium.k8s.policy.serviceaccount\": robot}}",
        Yes,
    );
    // In a namespace it is for that one, whatever is written.
    own(
        "{matchLabels: {\"k8s:io.kubernetes.pod.namespace\": other}}",
        Yes,
    );

    let wide = "CiliumClusterwideNetworkPolicy";
    check(
        wide,
        "{matchLabels: {\"k8s:io.kubernetes.pod.namespace\": shop}}",
        Yes,
        Yes,
    );
    check(
        wide,
        "{matchLabels: {\"k8s:io.kubernetes.pod.namespace\": other}}",
        No,
        No,
    );
    let of_namespace = |value: &str| {
        format!("{{matchLabels: {{\"k8s:io.cilium.k8s.namespace.labels.team\": {value}}}}}")
    };
    check(wide, &of_namespace("payments"), Yes, Unknown);
    check(wide, &of_namespace("search"), No, Unknown);
    check(
        wide,
        "{matchLabels: {\"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name\": shop}}",
        Yes,
        Yes,
    );
    check(
        wide,
        "{matchLabels: {\"k8s:io.cilium.k8s.policy.cluster\": a}}",
        Unknown,
        Unknown,
    );
    let nodes = isolates(
        "cilium.io",
        wide,
        "spec: {nodeSelector: {}, ingress: [{}]}",
        &KNOWN,
    );
    assert_eq!(nodes, [No, No]);
}

#[test]
fn calico_policies_isolate_by_type() {
    let check = |spec: &str, expect: [Truth; 2]| {
        let spec = format!("spec: {{{spec}}}");
        for group in ["projectcalico.org", "crd.projectcalico.org"] {
            let found = isolates(group, "GlobalNetworkPolicy", &spec, &KNOWN);
            assert_eq!(found, expect, "{spec}");
        }
    };
    check("", [Yes, No]);
    check("selector: ~", [Yes, No]);
    check("selector: all()", [Yes, No]);
    check("ingress: [{action: Allow}]", [Yes, No]);
    check("egress: [{action: Deny}]", [No, Yes]);
    check(
        "egress: [{action: Deny}], ingress: [{action: Deny}]",
        [Yes, Yes],
    );
    check("egress: [{action: Deny}], types: [Ingress]", [Yes, No]);
    check("types: [Ingress, Egress]", [Yes, Yes]);
    check("types: [Ingress, Egress], doNotTrack: true", [No, No]);
    check(
        "types: [Ingress], preDNAT: true, applyOnForward: true",
        [No, No],
    );
    check("tier: default", [Yes, No]);
    check("tier: platform", [Unknown, No]);
    check("tier: platform, selector: app == 'db'", [No, No]);
    check("selector: 3", [Unknown, No]);
    check("selector: not a selector", [Unknown, No]);
}

#[test]
fn calico_policies_select_by_pod_namespace_and_account() {
    let check = |spec: &str, known: Truth, alone: Truth| {
        let spec = format!("spec: {{{spec}}}");
        for (endpoint, expect) in [(&KNOWN, known), (&ALONE, alone)] {
            let found = isolates("projectcalico.org", "GlobalNetworkPolicy", &spec, endpoint);
            assert_eq!(found, [expect, No], "{spec}");
        }
    };
    check("selector: app == 'web' && tier == 'front-end'", Yes, Yes);
    check("selector: projectcalico.org/namespace == 'shop'", Yes, Yes);
    check("selector: projectcalico.org/namespace != 'shop'", No, No);
    check(
        "selector: projectcalico.org/orchestrator == 'k8s'",
        Yes,
        Yes,
    );
    check(
        "selector: projectcalico.org/serviceaccount == 'robot'",
        Yes,
        Yes,
    );
    check("selector: projectcalico.org/other == 'a'", Unknown, Unknown);
    check("selector: pcns.team == 'payments'", Yes, Unknown);
    check("selector: pcns.projectcalico.org/name == 'shop'", Yes, Yes);
    check("selector: pcsa.role == 'writer'", No, Unknown);
    check("selector: has(job-name)", Unknown, Unknown);
    check("namespaceSelector: team == 'payments'", Yes, Unknown);
    check("namespaceSelector: team == 'search'", No, Unknown);
    check(
        "namespaceSelector: kubernetes.io/metadata.name == 'shop'",
        Yes,
        Yes,
    );
    check(
        "namespaceSelector: \"projectcalico.org/name in {'a'}\"",
        No,
        No,
    );
    check("namespaceSelector: global()", No, No);
    check("serviceAccountSelector: role == 'reader'", Yes, Unknown);
    check(
        "serviceAccountSelector: projectcalico.org/name == 'x'",
        No,
        No,
    );
    // Of a policy in a namespace it is no question.
    let spec = "spec: {namespaceSelector: team == 'search'}";
    let found = isolates("projectcalico.org", "NetworkPolicy", spec, &ALONE);
    assert_eq!(found, [Yes, No]);
}

/// A pod whose `app` is `web` and whose `later` is not known.
fn label(key: &str) -> Label<'static> {
    match key {
        "app" => Label::Is("web"),
        "later" => Label::Unknown,
        _ => Label::Absent,
    }
}

#[test]
fn selector_expressions_mean_what_calico_says() {
    let check = |text: &str, expect: Truth| {
        let expression = Expression::parse(text).unwrap_or_else(|| panic!("{text} is one"));
        assert_eq!(expression.holds(&label), expect, "{text}");
    };
    check("", Yes);
    check(" \t", Yes);
    check("all()", Yes);
    check("all( )", Yes);
    check("!all()", No);
    check("global()", No);
    check("app == 'web'", Yes);
    check("app==\"web\"", Yes);
    check("app != 'web'", No);
    check("zone != 'a'", Yes);
    check("zone == 'a'", No);
    check("has(app)", Yes);
    check("has( zone )", No);
    check("!has(zone)", Yes);
    check("!!has(app)", Yes);
    check("app in {'db', \"web\"}", Yes);
    check("app in {}", No);
    check("app not in {'db','web',}", No);
    check("zone not  in {'a'}", Yes);
    check("app contains 'e'", Yes);
    check("app starts with 'we'", Yes);
    check("app ends with 'we'", No);
    check("zone starts with ''", No);
    check("! app == 'web'", No);
    // && binds closer than ||.
    check("has(app) || has(zone) && has(zone)", Yes);
    check("(has(app) || has(zone)) && has(zone)", No);
    check("!(has(app) && has(zone))", Yes);
    check("later == 'a'", Unknown);
    check("later != 'a'", Unknown);
    check("later == 'a' && app == 'db'", No);
    check("later == 'a' || app == 'web'", Yes);
    check("!(has(later) || app == 'db')", Unknown);
}

#[test]
fn what_is_no_selector_is_not_understood() {
    let deep = |by: usize| format!("{}has(app){}", "(".repeat(by), ")".repeat(by));
    for text in [
        "app",
        "app = 'web'",
        "app == web",
        "app == 'web",
        "app == 'web' &&",
        "&& app == 'web'",
        "app == 'web' app == 'web'",
        "app in 'web'",
        "app in {'a' 'b'}",
        "app not 'a'",
        "has(app",
        "has()",
        "(has(app)",
        "has(app))",
        "app == 'a'\n",
        "app matches 'a'",
        "é == 'a'",
        "!",
        &deep(65),
        &format!("app == '{}'", "a".repeat(4 << 10)),
    ] {
        assert_eq!(Expression::parse(text), None, "{text}");
    }
    assert!(Expression::parse(&deep(64)).is_some());
}

#[test]
fn what_policies_require_is_known() {
    let check = |group: &str, kind: &str, spec: &str, expect: &[&[(&str, &str)]]| {
        let document = document(&format!("apiVersion: {group}/v1\nkind: {kind}\n{spec}\n"));
        let policy = PluginPolicy::new(group, kind, document.root()).expect("a policy");
        assert_eq!(policy.required(), expect, "{spec}");
    };
    let cilium = |spec: &str, expect: &[&[(&str, &str)]]| {
        check("cilium.io", "CiliumNetworkPolicy", spec, expect);
    };
    cilium("spec: {endpointSelector: {}}", &[&[]]);
    cilium(
        "spec: {endpointSelector: {matchLabels: {\"k8s:app\": web, \"reserved:host\": a, pod-template-hash: b, \"any:tier\": c}}}",
        &[&[("app", "web"), ("tier", "c")]],
    );
    cilium(
        "specs: [{endpointSelector: {matchExpressions: [{key: app, operator: In, values: [a]}, {key: b, operator: NotIn, values: [c]}]}}, {nodeSelector: {}}, {endpointSelector: {matchLabels: {x: y}}}]",
        &[&[("app", "a")], &[("x", "y")]],
    );
    let calico = |selector: &str, expect: &[(&str, &str)]| {
        let spec = format!("spec: {{selector: \"{selector}\"}}");
        check("projectcalico.org", "NetworkPolicy", &spec, &[expect]);
    };
    calico("all()", &[]);
    calico(
        "app == 'a' && (b in {'c'} && has(d)) && pcns.x == 'y'",
        &[("app", "a"), ("b", "c")],
    );
    calico("app == 'a' || app == 'b'", &[]);
    calico("!(app == 'a')", &[]);
    calico("app != 'a'", &[]);
    calico("not understood", &[]);
}

fn expression() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["app", "later", "zone", "a.b/c-d"]);
    let value = prop::sample::select(vec!["'web'", "\"a\"", "''", "'x y'"]);
    let leaf = prop_oneof![
        Just("all()".to_owned()),
        Just("global()".to_owned()),
        key.clone().prop_map(|key| format!("has({key})")),
        (
            key.clone(),
            prop::sample::select(vec!["==", "!=", "contains", "starts with", "ends with"]),
            value.clone()
        )
            .prop_map(|(key, operator, value)| format!("{key} {operator} {value}")),
        (key, prop::bool::ANY, prop::collection::vec(value, 0..3)).prop_map(
            |(key, not, values)| {
                format!(
                    "{key} {}in {{{}}}",
                    if not { "not " } else { "" },
                    values.join(", ")
                )
            }
        ),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("!({inner})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one}) && ({two})")),
            (inner.clone(), inner).prop_map(|(one, two)| format!("({one}) || ({two})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_written_is_read_or_not(text in "[ a-c()!&|={}'\",.]{0,40}") {
        let _ = Expression::parse(&text).map(|expression| expression.holds(&label));
    }

    #[test]
    fn every_selector_is_understood(text in expression()) {
        let parsed = Expression::parse(&text);
        prop_assert!(parsed.is_some(), "{}", text);
        let expression = parsed.expect("it was looked at");
        // What it selects has what it requires, so that it is found by that.
        for (key, value) in expression.required() {
            prop_assert!(expression.holds(&|found| if found == key { Label::Absent } else { Label::Unknown }) == No, "{} {}", text, value);
        }
        // Knowing more never takes a known answer back.
        let known = expression.holds(&label);
        let later = |value: Label<'static>| expression.holds(&|key| if key == "later" { value } else { label(key) });
        if known != Unknown {
            prop_assert_eq!(known, later(Label::Absent));
            prop_assert_eq!(known, later(Label::Is("web")));
        }
    }
}

#[test]
fn comparisons_of_one_value_are_sets_of_one() {
    assert_eq!(
        Expression::parse("a == 'b'"),
        Some(Expression::Compare("a", Comparison::In, vec!["b"]))
    );
}
