//! Whom a workload acts as towards the API, and where it stands.

use plimsoll_model::{ObjectRef, Rule, Severity};

use super::{
    relations::{account, mounts_token, subject, yaml},
    words::{NAMESPACES, NSA_GUIDE, RBAC, SERVICE_ACCOUNTS, attack, cis, nsa, pci},
};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

const AUTOMOUNT: &str = "automountServiceAccountToken";
const POD_AUTOMOUNT: &str = "spec.automountServiceAccountToken";

/// Pods get a token for the API only if they need one.
pub static TOKEN_AUTOMOUNT: Control = Control::workload(
    &Rule {
        id: "token-automount",
        title: "Pods get a token for the Kubernetes API only where they need one",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Unless told otherwise, Kubernetes puts a token of the service account into every container. Most programs never use it; an intruder does, to look around in the API and to use whatever right the account gets one day.",
        remediation: "Set automountServiceAccountToken to false in the pod, or in the service account for all that use it. Give programs that need the API an account of their own with the roles they need.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.volumes[]?.projected.sources[]?; .serviceAccountToken)) | .metadata.namespace + \"/\" + .metadata.name + \" \" + .spec.serviceAccountName'",
        references: &[SERVICE_ACCOUNTS, RBAC, NSA_GUIDE],
        mappings: &[
            cis("5.1.6"),
            nsa("Protecting Pod service account tokens"),
            attack("T1528"),
            attack("T1552.007"),
            pci("7.2.5"),
        ],
        aliases: &[
            "kubescape:C-0034",
            "kubescape:C-0190",
            "kubescape:C-0261",
            "polaris:automountServiceAccountToken",
            "trivy:KSV-0036",
        ],
    },
    token_automount,
);

fn token_automount(workload: &ObjectContext<'_>, sink: &mut Sink) {
    for (template, pod) in workload.pods() {
        let (name, object, root) = account(workload, &pod);
        if !mounts_token(&pod, root) {
            continue;
        }
        // An account of its own with a role of its own is there to be used.
        let namespace = workload.namespace().unwrap_or_default();
        let is_used = || {
            let subject = subject(namespace, name);
            !workload.inventory.bindings_of_subject(&subject).is_empty()
        };
        if name != "default" && is_used() {
            continue;
        }
        let message = if name == "default" {
            "the pod gets a token of the namespace's default service account, which every other pod shares"
        } else {
            "the pod gets a token for the Kubernetes API, though no binding here gives its service account a right to use"
        };
        sink.enter_template(template);
        let written = pod.spec.get(AUTOMOUNT);
        let mut violation = Violation::new(AUTOMOUNT, Path::template(POD_AUTOMOUNT), message)
            .observed(written)
            .remedy(no_token());
        // What the pod says itself goes before what its account says.
        if written.is_none_or(|node| node.as_bool().is_none()) {
            violation = match account_remedy(namespace, name, object) {
                Some(remedy) => violation.remedy(remedy),
                None => violation,
            };
        }
        sink.report(violation);
    }
}

fn no_token() -> Remedy {
    Remedy::new("Give the pod no token")
        .set(Path::template(POD_AUTOMOUNT), false)
        .decision("A program that calls the Kubernetes API needs the token: look whether it does.")
}

/// The same for all pods of a service account.
fn account_remedy(namespace: &str, name: &str, object: Option<ObjectRef>) -> Option<Remedy> {
    const SUMMARY: &str = "Give the pods of this service account no token";
    const DECISION: &str = "Pods of this account that call the Kubernetes API must ask for their token then (automountServiceAccountToken: true).";
    let remedy = match object {
        Some(object) => Remedy::new(SUMMARY)
            .on(object)
            .set(Path::object(AUTOMOUNT), false),
        // Kubernetes makes this one; a manifest of it changes it.
        None if name == "default" => {
            let object = ObjectRef {
                api_version: "v1".into(),
                kind: "ServiceAccount".into(),
                namespace: Some(namespace.into()),
                name: "default".into(),
            };
            let manifest = format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: default\n  namespace: {}\nautomountServiceAccountToken: false\n",
                yaml(namespace)
            );
            Remedy::new_object(SUMMARY, object, manifest)
        }
        None => return None,
    };
    Some(remedy.decision(DECISION))
}

/// Workloads that use the API have a service account of their own.
pub static DEFAULT_SERVICE_ACCOUNT: Control = Control::workload(
    &Rule {
        id: "default-service-account",
        title: "Workloads do not act as the default service account",
        severity: Severity::Low,
        category: "pod-security",
        why: "All pods that name no service account share one. A right that one of them gets, all of them have, and the audit log can't tell them apart.",
        remediation: "Give each workload that calls the API a service account of its own and name it in serviceAccountName; take the token away from the others.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.serviceAccountName == \"default\") | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SERVICE_ACCOUNTS, RBAC, NSA_GUIDE],
        mappings: &[
            cis("5.1.5"),
            nsa("Protecting Pod service account tokens"),
            attack("T1078.001"),
            pci("7.2.5"),
        ],
        aliases: &["kube-linter:default-service-account"],
    },
    default_service_account,
);

fn default_service_account(workload: &ObjectContext<'_>, sink: &mut Sink) {
    for (template, pod) in workload.pods() {
        let (name, object, root) = account(workload, &pod);
        if name != "default" || !mounts_token(&pod, root) {
            continue;
        }
        sink.enter_template(template);
        let mut violation = Violation::new(
            "serviceAccountName",
            Path::template("spec.serviceAccountName"),
            "the pod acts as the namespace's default service account: what that may do, every pod without one of its own may do",
        )
        .observed(pod.spec.get("serviceAccountName"))
        .remedy(no_token());
        let asks = pod.spec.automount_service_account_token().is_some();
        let shared = account_remedy(workload.namespace().unwrap_or_default(), name, object);
        if let Some(remedy) = shared.filter(|_| !asks) {
            violation = violation.remedy(remedy);
        }
        sink.report(violation.remedy(Remedy::manual(
            "Name a service account of its own",
            "Which rights the program needs: make a ServiceAccount and a Role with these.",
        )));
    }
}

/// Workloads stand in a namespace that somebody chose.
pub static DEFAULT_NAMESPACE: Control = Control::workload(
    &Rule {
        id: "default-namespace",
        title: "Workloads do not stand in the namespace `default`",
        severity: Severity::Low,
        category: "pod-security",
        why: "Rights, quotas, network policies and Pod Security levels are drawn around namespaces. In `default` lands what nobody placed: owners are unknown, and each rule for it hits the others.",
        remediation: "Make a namespace for the application or team and move the workload there.",
        test: "kubectl get all -n default",
        references: &[NAMESPACES],
        mappings: &[cis("5.6.4"), nsa("Namespaces")],
        aliases: &[
            "kube-linter:use-namespace",
            "kubescape:C-0061",
            "trivy:KSV-0110",
        ],
    },
    default_namespace,
);

fn default_namespace(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if workload.namespace() != Some("default") {
        return;
    }
    let written = workload
        .root()
        .get("metadata")
        .and_then(|metadata| metadata.get("namespace"))
        .filter(|namespace| !namespace.is_null());
    let message = match written {
        Some(_) => {
            "the workload stands in the namespace `default`, where nothing is drawn around it"
        }
        None => {
            "the workload names no namespace and lands in `default` unless whoever applies it says otherwise"
        }
    };
    sink.report(
        Violation::new("namespace", Path::object("metadata.namespace"), message)
            .observed(written)
            .remedy(Remedy::manual(
                "Move it to a namespace of its own",
                "Which namespace; Services, ConfigMaps, Secrets and volumes it uses move with it.",
            )),
    );
}
