//! The engine: requests, identities, waivers, evidence, order, sharing.

mod support;

use std::collections::BTreeSet;

use plimsoll_model::Severity;
use plimsoll_posture::{Request, catalogue, evaluate, evaluate_objects};
use proptest::prelude::*;
use support::{baselines, documents, inventory, own_baseline, scan, scan_for, shown};

const PRIVILEGED: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1
        securityContext:
          privileged: true # for now
";

#[test]
fn a_finding_says_all_there_is() {
    let findings = scan(PRIVILEGED, "pss/baseline@v1.29");
    let [finding] = findings.as_slice() else {
        panic!("one finding: {findings:?}")
    };
    insta::assert_snapshot!(
        format!(
            "{} {} {}\n{}\n{}\n{} {:?}\n{} at {} ({:?})\nbaselines {:?}\n{}: {}",
            finding.severity,
            finding.rule.id,
            finding.asset.id,
            finding.subject,
            finding.message,
            finding.evidence().path(),
            finding.evidence().observed(),
            finding.id.short().len(),
            finding.evidence().location(),
            finding.evidence().location().span,
            finding.baselines,
            finding.fixes[0].summary,
            finding.fixes[0].edits[0],
        ),
        @r#"
    critical pss-privileged cluster/files/ns/shop/apps.Deployment/web
    container web: securityContext.privileged
    the container is privileged
    spec.template.spec.containers[0].securityContext.privileged Some("true")
    12 at test.yaml:13:11 (Span { start: 218, end: 234 })
    baselines ["pss/baseline@1.29"]
    Run the container without privileges: set spec.template.spec.containers[0].securityContext.privileged to false
    "#
    );
}

#[test]
fn ids_survive_edits_and_name_no_line() {
    let before = scan(PRIVILEGED, "pss/baseline@1.29");
    let moved = PRIVILEGED.replace(
        "      containers:\n",
        "      containers:\n      - name: first\n        image: i\n",
    );
    let after = scan(&format!("# a comment\n{moved}"), "pss/restricted@1.20");
    let ids: BTreeSet<_> = after.iter().map(|finding| finding.id).collect();
    assert!(ids.contains(&before[0].id));
}

#[test]
fn two_versions_of_a_control_are_one_finding() {
    let text = PRIVILEGED.replace(
        "privileged: true # for now",
        "seccompProfile: {type: Unconfined}",
    );
    let request = baselines(&[
        "pss/baseline@1.18",
        "pss/baseline@1.19",
        "pss/baseline@1.37",
    ]);
    let (findings, evaluation) = scan_for(&text, &request);
    assert_eq!(shown(&findings).len(), 1);
    let names: Vec<&str> = findings[0].baselines.iter().map(|name| &**name).collect();
    assert_eq!(names, ["pss/baseline@1.19", "pss/baseline@1.37"]);
    assert_eq!(evaluation.baselines["pss/baseline@1.18"].controls.len(), 11);
    // 1.34 has the probes.
    assert_eq!(evaluation.baselines["pss/baseline@1.37"].controls.len(), 12);
}

#[test]
fn names_without_version_float() {
    let (_, evaluation) = scan_for(
        PRIVILEGED,
        &baselines(&["pss/restricted", "pss/restricted@1.30"]),
    );
    let floating = &evaluation.baselines["pss/restricted"];
    assert_eq!(
        (&*floating.pinned, floating.floating),
        ("pss/restricted@1.37", true)
    );
    assert!(!evaluation.baselines["pss/restricted@1.30"].floating);
}

#[test]
fn what_is_not_there_is_named() {
    let request = Request {
        baselines: ["pss/restrictd@1.29", "pss/restricted@1.99", "mine@1", "zzz"]
            .map(str::to_owned)
            .into(),
        controls: ["pss-privileged", "pss-privilegd"]
            .map(str::to_owned)
            .into(),
        ..Request::default()
    };
    let (findings, evaluation) = evaluate(&inventory(documents("a.yaml", PRIVILEGED)), &request);
    assert_eq!(shown(&findings).len(), 1);
    assert!(findings[0].baselines.is_empty());
    assert_eq!(evaluation.controls, ["pss-privileged"]);
    insta::assert_debug_snapshot!(evaluation.missing, @r#"
    {
        "mine@1": "there is no baseline `mine`: built in are cis-docker/image, plimsoll/essentials, pss/baseline, pss/restricted; write your own as a Baseline",
        "pss-privilegd": "there is no control `pss-privilegd`; did you mean `pss-privileged`?",
        "pss/restrictd@1.29": "there is no baseline `pss/restrictd`; did you mean `pss/restricted`?",
        "pss/restricted@1.99": "the baseline `pss/restricted` has no version `1.99`: it has 1.0 to 1.37",
        "zzz": "there is no baseline `zzz`: built in are cis-docker/image, plimsoll/essentials, pss/baseline, pss/restricted; write your own as a Baseline",
    }
    "#);
}

#[test]
fn own_baselines_extend_include_and_exclude() {
    let own = own_baseline(
        "apiVersion: plimsoll.dev/v1alpha1
kind: Baseline
metadata: {name: shop}
spec:
  version: '3'
  extends: [pss/baseline@1.29]
  include:
  - {control: pss-run-as-non-root, severity: low}
  - {control: pss-privileged, severity: medium}
  exclude:
  - {control: pss-host-ports, reason: an edge cluster}
",
    );
    let request = Request {
        own: vec![own],
        ..baselines(&["shop@3", "shop"])
    };
    let (findings, evaluation) = scan_for(PRIVILEGED, &request);
    assert_eq!(
        findings
            .iter()
            .map(|f| (f.rule.id, f.severity))
            .collect::<Vec<_>>(),
        [
            ("pss-privileged", Severity::Medium),
            ("pss-run-as-non-root", Severity::Low)
        ]
    );
    let resolved = &evaluation.baselines["shop@3"];
    assert_eq!(&*resolved.pinned, "shop@3");
    assert!(!resolved.controls.contains(&"pss-host-ports"));
    assert!(resolved.controls.contains(&"pss-run-as-non-root"));
    assert!(evaluation.baselines["shop"].floating);
    // Asked for beside the standard itself, the higher severity holds.
    let request = Request {
        baselines: ["shop@3", "pss/baseline@1.29"].map(str::to_owned).into(),
        ..request
    };
    assert_eq!(
        scan_for(PRIVILEGED, &request).0[0].severity,
        Severity::Critical
    );
}

#[test]
fn broken_own_baselines_are_refused_as_a_whole() {
    let own = |name: &str, spec: &str| {
        own_baseline(&format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: Baseline\nmetadata: {{name: {name}}}\nspec: {{version: '1', {spec}}}\n"
        ))
    };
    let request = Request {
        own: vec![
            own("loop-a", "extends: [loop-b@1]"),
            own("loop-b", "extends: [loop-a@1]"),
            own("slip", "include: [{control: pss-privilegd}]"),
            own("orphan", "extends: [slip@1, pss/restricted@1.29]"),
            own("old", "extends: [pss/restricted@1.29]"),
        ],
        ..baselines(&["loop-a@1", "slip@1", "orphan@1", "old@2"])
    };
    let (findings, evaluation) = evaluate(&inventory(documents("a.yaml", PRIVILEGED)), &request);
    assert!(findings.is_empty() && evaluation.baselines.is_empty());
    insta::assert_debug_snapshot!(evaluation.missing, @r#"
    {
        "loop-a@1": "`loop-a@1` extends `loop-b@1`: `loop-b@1` extends `loop-a@1`: the baseline extends itself: loop-a@1 -> loop-b@1 -> loop-a@1; take one of these out of `extends`",
        "old@2": "the baseline `old` has no version `2`: it has 1",
        "orphan@1": "`orphan@1` extends `slip@1`: `slip@1` includes `pss-privilegd`: there is no control `pss-privilegd`; did you mean `pss-privileged`?",
        "slip@1": "`slip@1` includes `pss-privilegd`: there is no control `pss-privilegd`; did you mean `pss-privileged`?",
    }
    "#);
}

#[test]
fn waivers_mark_and_never_hide() {
    let annotate = |key: &str| {
        PRIVILEGED.replacen(
            "  name: web\n",
            &format!("  name: web\n  annotations: {{{key}: agreed}}\n"),
            1,
        )
    };
    for (key, waived) in [
        ("ignore-check.kube-linter.io/privileged-container", true),
        ("ignore-check.kube-linter.io/run-as-non-root", false),
        ("ignore.plimsoll.dev/pss-privileged", true),
        ("ignore.plimsoll.dev/pss-host-ports", false),
        ("kube-linter.io/ignore-all", true),
        ("example.com/privileged-container", false),
    ] {
        let findings = scan(&annotate(key), "pss/baseline");
        assert_eq!(findings.len(), 1, "{key}");
        let waiver = findings[0].waiver.as_deref();
        assert_eq!(waiver.is_some(), waived, "{key}");
        if let Some(waiver) = waiver {
            assert_eq!((&*waiver.annotation, &*waiver.reason), (key, "agreed"));
        }
    }
    let on_template = PRIVILEGED.replace(
        "  template:\n",
        "  template:\n    metadata: {annotations: {ignore.plimsoll.dev/pss-privileged: ''}}\n",
    );
    assert!(scan(&on_template, "pss/baseline")[0].waiver.is_some());
}

#[test]
fn the_same_object_in_two_files_is_judged_in_each() {
    // The second has the container at another index, and waives the control.
    let other = PRIVILEGED
        .replace(
            "      containers:\n",
            "      containers:\n      - name: first\n        image: i\n",
        )
        .replacen(
            "  name: web\n",
            "  name: web\n  annotations: {ignore.plimsoll.dev/pss-privileged: agreed}\n",
            1,
        );
    let all = documents("b.yaml", &other)
        .into_iter()
        .chain(documents("a.yaml", PRIVILEGED));
    let (findings, _) = evaluate(&inventory(all), &baselines(&["pss/baseline"]));
    let seen: Vec<_> = findings
        .iter()
        .map(|f| {
            let edit = f.fixes[0].edits[0].to_string();
            (
                f.evidence().location().file.to_string(),
                f.waiver.is_some(),
                edit,
            )
        })
        .collect();
    let edit = |index: u32| {
        format!("set spec.template.spec.containers[{index}].securityContext.privileged to false")
    };
    assert_eq!(
        seen,
        [
            ("a.yaml".to_owned(), false, edit(0)),
            ("b.yaml".to_owned(), true, edit(1))
        ]
    );
    assert_eq!(
        findings[0].id, findings[1].id,
        "it is one finding, seen twice"
    );
}

#[test]
fn objects_without_pods_are_judged_wherever_they_are_written() {
    let role = |verbs: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules: [{{apiGroups: ['*'], resources: ['*'], verbs: [{verbs}]}}]\n"
        )
    };
    let all = documents("a.yaml", &role("get"))
        .into_iter()
        .chain(documents("b.yaml", &role("'*'")));
    let request = Request {
        controls: ["rbac-wildcard".to_owned()].into(),
        ..Request::default()
    };
    let (findings, _) = evaluate(&inventory(all), &request);
    let files: Vec<&str> = findings
        .iter()
        .map(|f| &*f.evidence().location().file)
        .collect();
    assert!(files.contains(&"b.yaml"), "{files:?}");
}

#[test]
fn identical_templates_are_evaluated_once() {
    let copy = |name: &str| PRIVILEGED.replacen("name: web", &format!("name: {name}"), 1);
    let text = format!(
        "{}---\n{}---\n{}",
        copy("a"),
        copy("b"),
        copy("c").replace("web:1", "web:2")
    );
    let (findings, evaluation) = scan_for(&text, &baselines(&["pss/baseline"]));
    assert_eq!(
        (evaluation.templates, evaluation.distinct_templates),
        (3, 2)
    );
    let lines: Vec<u32> = findings
        .iter()
        .map(|f| f.evidence().location().line)
        .collect();
    assert_eq!(lines, [13, 27, 41]);
}

#[test]
fn what_cannot_be_judged_is_named() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: n}\nspec:\n  template:\n    spec:\n      containers: web\n";
    let (findings, evaluation) = evaluate(
        &inventory(documents("a.yaml", text)),
        &baselines(&["pss/baseline"]),
    );
    assert!(findings.is_empty());
    assert!(!evaluation.unevaluated.is_empty());
    assert!(evaluation.unevaluated.iter().all(|u| u.control.is_none()));
}

#[test]
fn everything_means_the_whole_catalogue() {
    let request = Request {
        everything: true,
        ..Request::default()
    };
    let (findings, evaluation) = scan_for(PRIVILEGED, &request);
    let of_objects = catalogue().iter().filter(|control| !control.is_of_images());
    assert_eq!(evaluation.controls.len(), of_objects.count());
    assert!(
        findings
            .iter()
            .any(|finding| finding.rule.id == "pss-privileged")
    );
    assert!(
        findings.is_sorted_by(|a, b| a.listing_order(b).is_lt()),
        "{:?}",
        shown(&findings)
    );
}

#[test]
fn the_catalogue() {
    let ids: Vec<&str> = catalogue().iter().map(|control| control.id()).collect();
    let standards: Vec<&&str> = ids.iter().filter(|id| id.starts_with("pss-")).collect();
    insta::assert_debug_snapshot!(standards, @r#"
    [
        "pss-allow-privilege-escalation",
        "pss-apparmor",
        "pss-capabilities-baseline",
        "pss-capabilities-restricted",
        "pss-host-namespaces",
        "pss-host-path",
        "pss-host-ports",
        "pss-host-probes",
        "pss-privileged",
        "pss-proc-mount",
        "pss-proc-mount-restricted",
        "pss-run-as-non-root",
        "pss-run-as-user",
        "pss-seccomp-baseline",
        "pss-seccomp-restricted",
        "pss-selinux",
        "pss-sysctls",
        "pss-volume-types",
        "pss-windows-host-process",
    ]
    "#);
}

/// Deployments with and without faults, some the same but for their names.
fn estate() -> impl Strategy<Value = Vec<String>> {
    let faults = prop::sample::subsequence(
        vec![
            "          privileged: true\n",
            "          allowPrivilegeEscalation: false\n",
            "          runAsUser: 0\n",
            "          capabilities: {add: [SYS_ADMIN]}\n",
        ],
        0..=4,
    );
    prop::collection::vec((0..40u8, faults), 1..30).prop_map(|objects| {
        let mut seen = BTreeSet::new();
        objects
            .into_iter()
            .filter(|(name, _)| seen.insert(*name))
            .map(|(name, faults)| {
                let context = if faults.is_empty() {
                    String::new()
                } else {
                    format!("        securityContext:\n{}", faults.concat())
                };
                format!(
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{name}, namespace: n}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: i\n{context}"
                )
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_input_does_not_matter(texts in estate(), rotate in 0..30usize) {
        let request = Request { everything: true, ..baselines(&["pss/restricted@1.29", "pss/baseline"]) };
        let load = |(index, text): (usize, &String)| documents(&format!("f{index}.yaml"), text);
        let forward = inventory(texts.iter().enumerate().flat_map(load));
        let mut order: Vec<_> = texts.iter().enumerate().collect();
        order.rotate_left(rotate % texts.len());
        order.reverse();
        let backward = inventory(order.into_iter().flat_map(load));
        let (one, two) = (evaluate(&forward, &request), evaluate(&backward, &request));
        prop_assert_eq!(&one.0, &two.0);
        prop_assert_eq!(one.1.distinct_templates, two.1.distinct_templates);
        prop_assert!(one.0.is_sorted_by(|a, b| a.listing_order(b).is_lt()));
    }

    #[test]
    fn part_of_the_objects_gives_that_part_of_the_findings(texts in estate(), every in 1..4usize) {
        let request = baselines(&["pss/restricted@1.29"]);
        let inventory = inventory(texts.iter().flat_map(|text| documents("f.yaml", text)));
        let some: Vec<_> = inventory.objects().map(|(ix, _)| ix).step_by(every).collect();
        let ids: BTreeSet<_> = some
            .iter()
            .filter_map(|ix| Some(inventory.get(*ix)?.asset.id.clone()))
            .collect();
        let part = evaluate_objects(&inventory, &request, &some).0;
        let mut whole = evaluate(&inventory, &request).0;
        whole.retain(|finding| ids.contains(&finding.asset.id));
        prop_assert_eq!(part, whole);
    }
}

#[test]
fn an_object_written_too_often_is_unknown_and_not_slow() {
    let text = vec![PRIVILEGED; 300].join("---\n");
    let (findings, evaluation) = scan_for(&text, &baselines(&["pss/baseline"]));
    assert_eq!(findings.len(), 256);
    let reasons: Vec<&str> = evaluation.unevaluated.iter().map(|u| &*u.reason).collect();
    assert_eq!(
        reasons,
        ["it is written in 300 places, of which the first 256 are judged"]
    );
}

#[test]
fn a_policy_that_may_isolate_leaves_the_workload_unknown() {
    let text = format!(
        "{PRIVILEGED}---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p}}\nspec: {{selector: app resembles 'web', types: [Ingress]}}\n"
    );
    let request = Request {
        controls: ["network-policy-missing", "network-policy-egress-missing"]
            .map(str::to_owned)
            .into(),
        ..Request::default()
    };
    let (findings, evaluation) = scan_for(&text, &request);
    let found: Vec<&str> = findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(found, ["network-policy-egress-missing"]);
    let said: Vec<String> = evaluation
        .unevaluated
        .iter()
        .map(|one| {
            format!(
                "{} {:?} {}:{} {}",
                one.asset, one.control, one.location.line, one.location.column, one.reason
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "cluster/files/ns/shop/apps.Deployment/web Some(\"network-policy-missing\") 7:3 whether the GlobalNetworkPolicy `p` isolates the pods can't be told from what is here"
        ]
    );
}
