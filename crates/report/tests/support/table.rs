//! The workloads of the shop, and what is wrong with them.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetId, AssetKind, ClassAssignment, ExposureLevel, FindingId, FindingKind, ObjectRef,
    Severity, Subject,
    wire::{
        AssetReport, ControlReport, EditReport, FindingReport, FixReport, MappingReport,
        PlaceReport,
    },
};

/// Namespace, kind, name, owner, class, exposure.
pub const WORKLOADS: [(&str, &str, &str, &str, &str, ExposureLevel); 24] = {
    use ExposureLevel::{Cluster, Internal, Internet, None};
    [
        (
            "shop",
            "Deployment",
            "web",
            "storefront",
            "internet-facing",
            Internet,
        ),
        (
            "shop",
            "Deployment",
            "cart",
            "storefront",
            "standard",
            Cluster,
        ),
        (
            "shop",
            "Deployment",
            "catalogue",
            "storefront",
            "standard",
            Cluster,
        ),
        (
            "shop",
            "Deployment",
            "search",
            "storefront",
            "standard",
            Internal,
        ),
        (
            "shop",
            "Deployment",
            "recommendations",
            "discovery",
            "standard",
            Cluster,
        ),
        ("shop", "CronJob", "sitemap", "storefront", "standard", None),
        (
            "payments",
            "Deployment",
            "checkout",
            "payments-platform",
            "crown-jewel",
            Internet,
        ),
        (
            "payments",
            "Deployment",
            "ledger",
            "payments-platform",
            "crown-jewel",
            Cluster,
        ),
        (
            "payments",
            "StatefulSet",
            "ledger-db",
            "payments-platform",
            "crown-jewel",
            Cluster,
        ),
        (
            "payments",
            "Deployment",
            "fraud",
            "payments-platform",
            "crown-jewel",
            Cluster,
        ),
        (
            "payments",
            "CronJob",
            "settlement",
            "payments-platform",
            "crown-jewel",
            None,
        ),
        (
            "payments",
            "Deployment",
            "webhooks",
            "payments-platform",
            "internet-facing",
            Internet,
        ),
        (
            "identity",
            "Deployment",
            "login",
            "identity",
            "crown-jewel",
            Internet,
        ),
        (
            "identity",
            "StatefulSet",
            "users-db",
            "identity",
            "crown-jewel",
            Cluster,
        ),
        (
            "identity",
            "Deployment",
            "sessions",
            "identity",
            "standard",
            Cluster,
        ),
        (
            "platform",
            "DaemonSet",
            "node-agent",
            "platform",
            "standard",
            None,
        ),
        (
            "platform",
            "Deployment",
            "ingress-controller",
            "platform",
            "internet-facing",
            Internet,
        ),
        (
            "platform",
            "Deployment",
            "cert-renewer",
            "platform",
            "standard",
            None,
        ),
        (
            "platform",
            "StatefulSet",
            "metrics",
            "platform",
            "standard",
            Cluster,
        ),
        ("data", "StatefulSet", "warehouse", "", "standard", Cluster),
        (
            "data",
            "CronJob",
            "nightly-export-of-the-whole-warehouse",
            "",
            "standard",
            None,
        ),
        (
            "data",
            "Deployment",
            "dashboards",
            "discovery",
            "standard",
            Internal,
        ),
        ("sandbox", "Deployment", "try-me", "", "sandbox", Cluster),
        ("sandbox", "Pod", "debug", "", "sandbox", Cluster),
    ]
};

pub fn object(at: usize) -> ObjectRef {
    let (namespace, kind, name, ..) = WORKLOADS[at];
    let api_version = match kind {
        "Pod" => "v1",
        "CronJob" => "batch/v1",
        _ => "apps/v1",
    };
    ObjectRef {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: Some(namespace.into()),
        name: name.into(),
    }
}

pub fn id(at: usize) -> AssetId {
    let object = object(at);
    AssetId::object(
        "prod",
        object.group(),
        &object.kind,
        object.namespace.as_deref(),
        &object.name,
    )
}

pub fn file(at: usize) -> String {
    let (namespace, _, name, ..) = WORKLOADS[at];
    format!("{namespace}/{name}.yaml")
}

pub fn asset(at: usize) -> AssetReport {
    let (_, _, _, owner, class, exposure) = WORKLOADS[at];
    AssetReport {
        id: id(at),
        kind: AssetKind::Workload,
        object: object(at),
        owner: (!owner.is_empty()).then(|| owner.to_owned()),
        file: Some(file(at)),
        line: Some(if at.is_multiple_of(3) { 14 } else { 1 }),
        classes: vec![ClassAssignment {
            class: class.to_owned(),
            rank: 50,
            because: format!("label plimsoll.dev/class={class}"),
        }],
        class_conflict: (class == "crown-jewel" && exposure == ExposureLevel::Internet)
            .then(|| "crown-jewel (rank 900) outranks internet-facing (rank 500)".to_owned()),
        exposure,
        exposed_by: Vec::new(),
        unknown: None,
    }
}

/// Control, title, severity, field, message, fix.
pub const CONTROLS: [(&str, &str, Severity, &str, &str, &str); 5] = [
    (
        "pss-privileged",
        "Containers are not privileged",
        Severity::Critical,
        "securityContext.privileged",
        "container `main` runs privileged: it is root on the node",
        "set privileged to false",
    ),
    (
        "pss-host-path-volumes",
        "No hostPath volumes",
        Severity::High,
        "volumes[logs].hostPath",
        "volume `logs` mounts /var/log of the node",
        "use an emptyDir or a persistent volume claim",
    ),
    (
        "pss-run-as-non-root",
        "Containers run as a user that is not root",
        Severity::Medium,
        "securityContext.runAsNonRoot",
        "container `main` may run as root: runAsNonRoot is not true",
        "set runAsNonRoot to true, and a user the image can run as",
    ),
    (
        "pss-seccomp-restricted",
        "A seccomp profile is set",
        Severity::Medium,
        "securityContext.seccompProfile.type",
        "container `main` has no seccomp profile",
        "set seccompProfile.type to RuntimeDefault",
    ),
    (
        "image-tag-mutable",
        "Images are pinned",
        Severity::Low,
        "containers[main].image",
        "image `registry.example.com/shop/main:latest` has a tag that moves",
        "name the image by its digest",
    ),
];

/// The words of the controls.
pub fn controls() -> BTreeMap<String, ControlReport> {
    let control = |(id, title, severity, _, _, fix): &(&str, &str, Severity, &str, &str, &str)| {
        let mapping = |framework: &str, requirement: &str| MappingReport {
            framework: framework.to_owned(),
            requirement: requirement.to_owned(),
        };
        let report = ControlReport {
            title: (*title).to_owned(),
            severity: *severity,
            category: "pod-security".to_owned(),
            why: format!(
                "{title}: what is not so gives whoever breaks in more than the container."
            ),
            remediation: format!("In the container, {fix}."),
            references: vec![
                "https://kubernetes.io/docs/concepts/security/pod-security-standards/".to_owned(),
            ],
            mappings: vec![
                mapping("PSS", "restricted"),
                mapping("NSA/CISA 1.2", "Kubernetes Pod security"),
            ],
        };
        ((*id).to_owned(), report)
    };
    CONTROLS.iter().map(control).collect()
}

pub fn finding(at: usize, control: usize) -> FindingReport {
    let (rule, title, severity, field, message, fix) = CONTROLS[control];
    let subject = Subject {
        container: Some("main".into()),
        field: field.into(),
    };
    FindingReport {
        id: FindingId::new(id(at).as_str(), rule, &subject),
        kind: FindingKind::Misconfiguration,
        control: rule.to_owned(),
        title: title.to_owned(),
        severity,
        asset: id(at),
        object: object(at),
        container: Some("main".to_owned()),
        file: file(at),
        line: 20 + 3 * control as u32,
        column: 11,
        path: format!("spec.template.spec.containers[main].{field}"),
        layer: None,
        observed: (control == 0).then(|| "true".to_owned()),
        message: message.to_owned(),
        also: if control == 1 {
            vec![PlaceReport {
                file: file(at),
                line: 41,
                column: 9,
                path: "spec.template.spec.containers[main].volumeMounts[logs]".to_owned(),
            }]
        } else {
            Vec::new()
        },
        baselines: vec!["pss/restricted@1.36".to_owned()],
        fix: FixReport {
            summary: fix.to_owned(),
            automatic: control != 2,
            object: None,
            edits: vec![EditReport {
                op: "set".to_owned(),
                path: format!("spec.template.spec.containers[main].{field}"),
                value: Some(serde_json::json!("RuntimeDefault")),
            }],
            manifest: None,
            decision: None,
        },
        alternatives: Vec::new(),
        waived_by: None,
        excepted_by: None,
        first_seen: None,
        vulnerability: None,
    }
}
