//! Rules of roles that lead further than they look.

use plimsoll_inventory::view::rbac::{PolicyRule, Role};
use plimsoll_model::{Rule, Severity};

use super::{ROLES, is_built_in};
use crate::{
    Control, ObjectContext, Path, Remedy, Sink, Violation,
    controls::essentials::words::{RBAC, attack, cis, nist, nsa, pci},
};

/// What a rule must grant to be reported: one of the verbs on one of the
/// resources, each with its API group.
struct Grant {
    verbs: &'static [&'static str],
    resources: &'static [(&'static str, &'static str)],
    /// Whether a rule that is limited to names counts as well.
    named_too: bool,
}

/// Reports the rules of a role that grant it, at the verb that does.
fn report(
    object: &ObjectContext<'_>,
    sink: &mut Sink,
    grants: &[Grant],
    message: &'static str,
    decision: &'static str,
) {
    if is_built_in(object) {
        return;
    }
    for rule in Role::new(object.root()).rules() {
        if let Some(verb) = grants.iter().find_map(|grant| granted(rule, grant)) {
            sink.report(at_verb(rule, verb, message).remedy(Remedy::manual(
                "Take the right away, or narrow it",
                decision,
            )));
        }
    }
}

/// The place in `verbs` of what grants it.
fn granted(rule: PolicyRule<'_>, grant: &Grant) -> Option<usize> {
    let limited = rule.resource_names().next().is_some();
    let covers = grant
        .resources
        .iter()
        .any(|(group, resource)| rule.covers(group, resource));
    if !covers || limited && !grant.named_too {
        return None;
    }
    let verbs = rule.node().get("verbs")?;
    verbs.items().position(|verb| {
        verb.scalar_text()
            .is_some_and(|verb| verb == "*" || grant.verbs.contains(&verb))
    })
}

fn at_verb(rule: PolicyRule<'_>, verb: usize, message: &'static str) -> Violation {
    let node = rule.node().get("verbs").and_then(|verbs| verbs.at(verb));
    Violation::new(
        named(rule),
        Path::object(format!("rules[{}].verbs[{verb}]", rule.index())),
        message,
    )
    .observed(node)
}

/// A rule by what it is about, for indexes move: `rule pods/exec`.
fn named(rule: PolicyRule<'_>) -> String {
    const MOST: usize = 200;
    let mut name = String::from("rule ");
    for (at, resource) in rule.resources().enumerate() {
        if at > 0 {
            name.push(',');
        }
        if name.len() > MOST {
            name.push('…');
            break;
        }
        name.push_str(resource);
    }
    let groups: Vec<&str> = rule
        .api_groups()
        .filter(|group| !group.is_empty())
        .take(8)
        .collect();
    if !groups.is_empty() {
        name.push_str(" of ");
        name.push_str(&groups.join(","));
    }
    name
}

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

/// Nobody gives himself rights he has not.
pub static ESCALATE: Control = Control::object(
    &Rule {
        id: "rbac-escalate-bind-impersonate",
        title: "Roles do not escalate, bind or impersonate",
        severity: Severity::High,
        category: "rbac",
        why: "Kubernetes lets nobody grant what he has not, with three exceptions: escalate writes any rule into a role, bind gives any role to anybody, impersonate acts as anybody. Each is every right there is, one step away.",
        remediation: "Remove the verbs. Where a tool must grant roles, list in resourceNames which roles it may bind or whom it may impersonate.",
        test: "kubectl get roles,clusterroles -A -o json | jq -r '.items[] | select(any(.rules[]?; .verbs | (index(\"escalate\") or index(\"bind\") or index(\"impersonate\")))) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.8"),
            nsa("Role-based access control"),
            attack("T1098.006"),
            nist("4.3.1"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kubescape:C-0065",
            "kubescape:C-0191",
            "trivy:KSV-0043",
            "trivy:KSV-0050",
        ],
    },
    ROLES,
    escalate,
);

fn escalate(object: &ObjectContext<'_>, sink: &mut Sink) {
    const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
    const GRANTS: [Grant; 2] = [
        Grant {
            verbs: &["escalate", "bind"],
            resources: &[(RBAC_GROUP, "clusterroles"), (RBAC_GROUP, "roles")],
            named_too: false,
        },
        Grant {
            verbs: &["impersonate"],
            resources: &[("", "groups"), ("", "serviceaccounts"), ("", "users")],
            named_too: false,
        },
    ];
    report(
        object,
        sink,
        &GRANTS,
        "the rule lets its holder take rights that nobody gave it",
        "Which roles it may bind, or whom it may impersonate: name them in resourceNames.",
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

/// Nobody talks to the kubelet through the API.
pub static NODE_PROXY: Control = Control::object(
    &Rule {
        id: "rbac-node-proxy",
        title: "Roles do not reach the kubelet through nodes/proxy",
        severity: Severity::High,
        category: "rbac",
        why: "nodes/proxy, even with get alone, is the kubelet's own API: commands in every container of every node, past admission and past the audit log.",
        remediation: "Use nodes/metrics, nodes/stats or nodes/log, which monitoring needs.",
        test: "kubectl auth can-i get nodes/proxy --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[
            RBAC,
            "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
        ],
        mappings: &[cis("5.1.10"), attack("T1609"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0279", "trivy:KSV-0047"],
    },
    ROLES,
    node_proxy,
);

fn node_proxy(object: &ObjectContext<'_>, sink: &mut Sink) {
    // A namespaced role has no nodes.
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create", "get"],
            resources: &[("", "nodes/proxy")],
            named_too: true,
        }],
        "the rule reaches the kubelet: commands in every container, past admission and audit",
        "What it is used for: metrics and logs have resources of their own (nodes/metrics, nodes/stats, nodes/log).",
    );
}

/// Nobody makes tokens of other accounts.
pub static TOKEN_CREATE: Control = Control::object(
    &Rule {
        id: "rbac-token-create",
        title: "Roles do not make tokens of every service account",
        severity: Severity::High,
        category: "rbac",
        why: "Who can create serviceaccounts/token makes himself a token of any account in reach, and has its rights for as long as he wants.",
        remediation: "Name the service accounts in resourceNames.",
        test: "kubectl auth can-i create serviceaccounts/token -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.13"), attack("T1528"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0282"],
    },
    ROLES,
    token_create,
);

fn token_create(object: &ObjectContext<'_>, sink: &mut Sink) {
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create"],
            resources: &[("", "serviceaccounts/token")],
            named_too: false,
        }],
        "the rule makes tokens of every service account in its reach, and so has their rights",
        "Of which service accounts: name them in resourceNames.",
    );
}

/// Nobody changes admission without need.
pub static WEBHOOK_WRITE: Control = Control::object(
    &Rule {
        id: "rbac-webhook-config-write",
        title: "Roles do not write webhook configurations",
        severity: Severity::High,
        category: "rbac",
        why: "A webhook sees every object it is registered for, Secrets too, and a mutating one changes them: who can write its configuration can read and rewrite whatever anybody applies, or switch the others off.",
        remediation: "Name in resourceNames the one configuration that the program keeps up to date; let a person or the deployment tool create it.",
        test: "kubectl auth can-i update mutatingwebhookconfigurations --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.12"), attack("T1562"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0281", "trivy:KSV-0114"],
    },
    ROLES,
    webhook_write,
);

fn webhook_write(object: &ObjectContext<'_>, sink: &mut Sink) {
    const GROUP: &str = "admissionregistration.k8s.io";
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create", "update", "patch", "delete", "deletecollection"],
            resources: &[
                (GROUP, "mutatingwebhookconfigurations"),
                (GROUP, "validatingwebhookconfigurations"),
            ],
            named_too: false,
        }],
        "the rule writes webhook configurations: its holder sees and changes whatever anybody applies",
        "Which configuration it keeps up to date: name it in resourceNames.",
    );
}

/// Nobody approves certificates.
pub static CSR_APPROVE: Control = Control::object(
    &Rule {
        id: "rbac-csr-approve",
        title: "Roles do not approve certificate requests",
        severity: Severity::High,
        category: "rbac",
        why: "An approved request for a client certificate is a login with any name and group, and certificates can't be revoked.",
        remediation: "Leave approval to the controller manager, or restrict the signers the role may approve for.",
        test: "kubectl auth can-i update certificatesigningrequests/approval --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[
            RBAC,
            "https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
        ],
        mappings: &[cis("5.1.11"), attack("T1078"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0280"],
    },
    ROLES,
    csr_approve,
);

fn csr_approve(object: &ObjectContext<'_>, sink: &mut Sink) {
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["update", "patch"],
            resources: &[("certificates.k8s.io", "certificatesigningrequests/approval")],
            named_too: true,
        }],
        "the rule approves certificate requests: a login with any name, which can't be revoked",
        "Which program must approve, and for which signer.",
    );
}

/// Nobody makes volumes of the node's disk.
pub static PERSISTENT_VOLUME_CREATE: Control = Control::object(
    &Rule {
        id: "rbac-persistent-volume-create",
        title: "Roles do not create PersistentVolumes",
        severity: Severity::Medium,
        category: "rbac",
        why: "A PersistentVolume may be a path of the node. Who can create one mounts the node's files through a claim, past what Pod Security says of hostPath.",
        remediation: "Let people create claims, and a provisioner the volumes.",
        test: "kubectl auth can-i create persistentvolumes --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.9"), attack("T1611"), pci("7.2.2")],
        aliases: &["kubescape:C-0278"],
    },
    ROLES,
    persistent_volume_create,
);

fn persistent_volume_create(object: &ObjectContext<'_>, sink: &mut Sink) {
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create"],
            resources: &[("", "persistentvolumes")],
            named_too: true,
        }],
        "the rule creates volumes, which may be the node's own files",
        "Whether the holder is a provisioner: others need claims only.",
    );
}
