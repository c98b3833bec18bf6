//! Rules of roles that grant more than they need.

use plimsoll_inventory::view::rbac::Role;
use plimsoll_model::{Rule, Severity};

use super::{
    ROLES,
    grants::{Grant, named, report},
    is_built_in,
};
use crate::{
    Control, ObjectContext, Path, Remedy, Sink, Violation,
    controls::essentials::words::{RBAC, attack, cis, nist, nsa, pci},
};

/// Roles name what they grant.
pub static WILDCARD: Control = Control::object(
    &Rule {
        id: "rbac-wildcard",
        title: "Roles name the verbs and resources they grant",
        severity: Severity::High,
        category: "rbac",
        why: "`*` grants what there is today and what will be added tomorrow: impersonation, secrets, new resources of any operator. Nobody can say what such a role may do, and most often it is far more than was meant.",
        remediation: "List the verbs and resources that the audit log shows in use; start from `kubectl auth can-i --list` and the program's documentation.",
        test: "kubectl get roles,clusterroles -A -o json | jq -r '.items[] | select(any(.rules[]?; (.verbs | index(\"*\")) or (.resources // [] | index(\"*\")))) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.3"),
            nsa("Role-based access control"),
            attack("T1098.006"),
            nist("4.3.1"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kube-linter:wildcard-in-rules",
            "kubescape:C-0187",
            "trivy:KSV-0044",
            "trivy:KSV-0045",
            "trivy:KSV-0046",
            "trivy:KSV-0112",
        ],
    },
    ROLES,
    wildcard,
);

fn wildcard(object: &ObjectContext<'_>, sink: &mut Sink) {
    if is_built_in(object) {
        return;
    }
    for rule in Role::new(object.root()).rules() {
        let limited = rule.resource_names().next().is_some();
        let star = |field: &str, wild: &[&str]| {
            let list = rule.node().get(field)?;
            list.items()
                .position(|item| item.scalar_text().is_some_and(|text| wild.contains(&text)))
        };
        let resource = star("resources", &["*", "*/*"]);
        // All verbs on named objects is a list of objects all the same.
        let verb = star("verbs", &["*"]).filter(|_| !limited || resource.is_some());
        let message = match (verb, resource) {
            (Some(_), Some(_)) => {
                "the rule grants every verb on every resource, those of tomorrow too"
            }
            (Some(_), None) => {
                "the rule grants every verb on these resources, those of tomorrow too"
            }
            (None, Some(_)) => "the rule is for every resource, those of tomorrow too",
            (None, None) => continue,
        };
        let path =
            |field: &str, at: usize| Path::object(format!("rules[{}].{field}[{at}]", rule.index()));
        let mut paths = verb
            .map(|at| path("verbs", at))
            .into_iter()
            .chain(resource.map(|at| path("resources", at)));
        let Some(first) = paths.next() else {
            continue;
        };
        let violation = Violation::new(named(rule), first, message);
        sink.report(
            paths
                .fold(violation, Violation::also)
                .remedy(Remedy::manual(
                    "List the verbs and resources",
                    "Which ones are used: the audit log and the program's documentation say it.",
                )),
        );
    }
}

/// Nobody reads all secrets.
pub static SECRETS_READ: Control = Control::object(
    &Rule {
        id: "rbac-secrets-read",
        title: "Roles do not read all Secrets",
        severity: Severity::High,
        category: "rbac",
        why: "Secrets hold passwords, certificates and tokens of other accounts: who can read all of them can become most others. `list` and `watch` hand out the contents as `get` does.",
        remediation: "Name the Secrets in resourceNames (with get only), or mount what the program needs and take the right away.",
        test: "kubectl auth can-i list secrets -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[
            cis("5.1.2"),
            nsa("Role-based access control"),
            attack("T1552.007"),
            nist("4.3.2"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kube-linter:access-to-secrets",
            "kubescape:C-0015",
            "kubescape:C-0186",
            "trivy:KSV-0041",
            "trivy:KSV-0113",
        ],
    },
    ROLES,
    secrets_read,
);

fn secrets_read(object: &ObjectContext<'_>, sink: &mut Sink) {
    report(
        object,
        sink,
        &[Grant {
            verbs: &["get", "list", "watch"],
            resources: &[("", "secrets")],
            named_too: false,
        }],
        "the rule reads every Secret in its reach: passwords, certificates and tokens of others",
        "Which Secrets it needs: name them in resourceNames with get, or mount them.",
    );
}

/// Nobody starts pods without need.
pub static POD_CREATE: Control = Control::object(
    &Rule {
        id: "rbac-pod-create",
        title: "Roles do not create pods without need",
        severity: Severity::Medium,
        category: "rbac",
        why: "Who can start a pod can mount every Secret of the namespace, act as each of its service accounts and, where no Pod Security level stands in the way, take the node.",
        remediation: "Leave it to the deployment tool, and set a Pod Security level on the namespace.",
        test: "kubectl auth can-i create pods -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[
            cis("5.1.4"),
            nsa("Role-based access control"),
            attack("T1610"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kube-linter:access-to-create-pods",
            "kubescape:C-0188",
            "trivy:KSV-0048",
        ],
    },
    ROLES,
    pod_create,
);

fn pod_create(object: &ObjectContext<'_>, sink: &mut Sink) {
    let resources = &[
        ("", "pods"),
        ("", "replicationcontrollers"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
    ];
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create"],
            resources,
            named_too: true,
        }],
        "the rule starts pods: with them come every Secret and service account of the namespace",
        "Whether the holder must start pods: an operator must, most others need not.",
    );
}

/// Nobody gets into running pods without need.
pub static POD_EXEC: Control = Control::object(
    &Rule {
        id: "rbac-pod-exec",
        title: "Roles do not run commands in pods",
        severity: Severity::Medium,
        category: "rbac",
        why: "exec and attach are a shell in every container of the namespace: its secrets in memory, its files, its tokens, past whatever the program itself protects.",
        remediation: "Remove pods/exec and pods/attach; give them to a role that people take for an incident and lose again.",
        test: "kubectl auth can-i create pods/exec -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[
            nsa("Role-based access control"),
            attack("T1609"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kubescape:C-0002",
            "polaris:clusterrolePodExecAttach",
            "polaris:rolePodExecAttach",
            "trivy:KSV-0053",
            "trivy:KSV-0054",
        ],
    },
    ROLES,
    pod_exec,
);

fn pod_exec(object: &ObjectContext<'_>, sink: &mut Sink) {
    // A GET opens the same connection as a POST does.
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create", "get"],
            resources: &[("", "pods/exec"), ("", "pods/attach")],
            named_too: true,
        }],
        "the rule runs commands in the containers of every pod in its reach",
        "Who must, and when: a role for incidents serves most.",
    );
}
