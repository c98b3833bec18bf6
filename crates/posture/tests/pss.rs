//! The Pod Security Standards by example: each check, pass and fail, over
//! versions, kinds, Windows and user namespaces.

mod support;

use support::{fixed, scan, shown};

/// A pod that *restricted* lets pass, with `{pod}` in its spec, `{context}` in
/// the pod's and `{own}` in its container's security context, `{container}` in
/// its container and `{meta}` in its metadata.
struct Pod {
    meta: &'static str,
    pod: &'static str,
    context: &'static str,
    container: &'static str,
    own: &'static str,
}

const POD: Pod = Pod {
    meta: "",
    pod: "",
    context: "",
    container: "",
    own: "",
};

/// Fields of the hardened pod, each replaced when the example names it.
const HARD_CONTEXT: &[&str] = &[
    "runAsNonRoot: true",
    "seccompProfile: {type: RuntimeDefault}",
];
const HARD_OWN: &[&str] = &[
    "allowPrivilegeEscalation: false",
    "capabilities: {drop: [ALL]}",
];

impl Pod {
    fn yaml(&self) -> String {
        let join = |given: &str, hard: &[&str]| {
            let key = |field: &str| field.split(':').next().unwrap_or_default().to_owned();
            let mut lines: Vec<String> = hard
                .iter()
                .filter(|field| !given.lines().any(|line| key(line) == key(field)))
                .map(|field| (*field).to_owned())
                .collect();
            lines.extend(
                given
                    .lines()
                    .filter(|line| !line.ends_with(": ~"))
                    .map(str::to_owned),
            );
            lines
        };
        let indent = |lines: Vec<String>, by: usize| {
            lines
                .iter()
                .map(|line| format!("{:by$}{line}\n", ""))
                .collect::<String>()
        };
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n{}spec:\n{}  securityContext:\n    fsGroup: 1\n{}  containers:\n  - name: web\n    image: registry.example.com/web:1\n{}    securityContext:\n      readOnlyRootFilesystem: true\n{}",
            indent(lines(self.meta), 2),
            indent(lines(self.pod), 2),
            indent(join(self.context, HARD_CONTEXT), 4),
            indent(lines(self.container), 4),
            indent(join(self.own, HARD_OWN), 6),
        )
    }
}

/// Checks the findings of a pod at a baseline: `control path` of each.
fn check(pod: &Pod, baseline: &str, expect: &[&str]) {
    let yaml = pod.yaml();
    let findings = scan(&yaml, baseline);
    assert_eq!(shown(&findings), expect, "{baseline}\n{yaml}");
    // Where every finding has a fix that can be written, all together bring
    // the pod to passing.
    if findings
        .iter()
        .all(|finding| finding.fixes.first().is_some_and(|fix| fix.is_automatic()))
    {
        let after = fixed(&yaml, &findings);
        assert_eq!(
            shown(&scan(&after, baseline)),
            [""; 0],
            "{baseline}, fixed\n{after}"
        );
    }
}

const OWN: &str = "spec.containers[0].securityContext";

#[test]
fn the_hardened_pod_passes_everywhere() {
    for minor in 0..=37 {
        check(&POD, &format!("pss/baseline@1.{minor}"), &[]);
        check(&POD, &format!("pss/restricted@v1.{minor}"), &[]);
    }
    check(&POD, "pss/restricted", &[]);
    check(&POD, "pss/restricted@latest", &[]);
}

#[test]
fn a_plain_pod_fails_restricted_only() {
    let pod = Pod {
        context: "runAsNonRoot: ~\nseccompProfile: ~",
        own: "allowPrivilegeEscalation: ~\ncapabilities: ~",
        ..POD
    };
    check(&pod, "pss/baseline@1.37", &[]);
    check(
        &pod,
        "pss/restricted@1.7",
        &[&format!("pss-run-as-non-root {OWN}.runAsNonRoot")],
    );
    check(
        &pod,
        "pss/restricted@1.37",
        &[
            &format!("pss-allow-privilege-escalation {OWN}.allowPrivilegeEscalation"),
            &format!("pss-capabilities-restricted {OWN}.capabilities.drop"),
            &format!("pss-run-as-non-root {OWN}.runAsNonRoot"),
            &format!("pss-seccomp-restricted {OWN}.seccompProfile.type"),
        ],
    );
}

#[test]
fn privileged() {
    let pod = Pod {
        own: "privileged: true",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.0",
        &[&format!("pss-privileged {OWN}.privileged")],
    );
    check(
        &Pod {
            own: "privileged: false",
            ..POD
        },
        "pss/restricted",
        &[],
    );
}

#[test]
fn host_namespaces() {
    let pod = Pod {
        pod: "hostNetwork: true\nhostPID: yes\nhostIPC: true",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.20",
        &[
            "pss-host-namespaces spec.hostIPC",
            "pss-host-namespaces spec.hostNetwork",
            "pss-host-namespaces spec.hostPID",
        ],
    );
    check(
        &Pod {
            pod: "hostNetwork: false\nhostPID: null",
            ..POD
        },
        "pss/restricted",
        &[],
    );
}

#[test]
fn host_ports() {
    let container = "ports:\n- containerPort: 80\n  hostPort: 0\n- containerPort: 81\n  hostPort: 8081\n- containerPort: 82\n  hostPort: 8082";
    check(
        &Pod { container, ..POD },
        "pss/baseline",
        &[
            "pss-host-ports spec.containers[0].ports[1].hostPort",
            "pss-host-ports spec.containers[0].ports[2].hostPort",
        ],
    );
}

#[test]
fn volumes() {
    let pod = Pod {
        pod: "volumes:\n- name: none\n- name: a\n  emptyDir: {}\n- name: sock\n  hostPath: {path: /run/containerd}\n- name: data\n  nfs: {server: s, path: /}\n- name: weights\n  image: {reference: r}",
        ..POD
    };
    check(
        &pod,
        "pss/baseline",
        &["pss-host-path spec.volumes[2].hostPath"],
    );
    check(
        &pod,
        "pss/restricted@1.0",
        &[
            "pss-host-path spec.volumes[2].hostPath",
            "pss-volume-types spec.volumes[3].nfs",
            "pss-volume-types spec.volumes[4].image",
        ],
    );
}

#[test]
fn capabilities() {
    let pod = Pod {
        own: "capabilities: {add: [SYS_ADMIN, CHOWN, NET_RAW], drop: [ALL]}",
        ..POD
    };
    let add = |control: &str, index: u32| format!("{control} {OWN}.capabilities.add[{index}]");
    check(
        &pod,
        "pss/baseline",
        &[
            &add("pss-capabilities-baseline", 2),
            &add("pss-capabilities-baseline", 0),
        ],
    );
    check(
        &pod,
        "pss/restricted@1.21",
        &[
            &add("pss-capabilities-baseline", 2),
            &add("pss-capabilities-baseline", 0),
        ],
    );
    check(
        &pod,
        "pss/restricted@1.22",
        &[
            &add("pss-capabilities-restricted", 1),
            &add("pss-capabilities-restricted", 2),
            &add("pss-capabilities-restricted", 0),
        ],
    );
    let some = Pod {
        own: "capabilities:\n  drop:\n  - NET_RAW\n  add: [NET_BIND_SERVICE]",
        ..POD
    };
    check(
        &some,
        "pss/restricted",
        &[&format!(
            "pss-capabilities-restricted {OWN}.capabilities.drop"
        )],
    );
}

#[test]
fn users() {
    let root = Pod {
        context: "runAsNonRoot: true\nrunAsUser: 0",
        own: "runAsUser: 0",
        ..POD
    };
    check(&root, "pss/restricted@1.22", &[]);
    check(
        &root,
        "pss/restricted@1.23",
        &[
            "pss-run-as-user spec.securityContext.runAsUser",
            &format!("pss-run-as-user {OWN}.runAsUser"),
        ],
    );
    let pod = Pod {
        context: "runAsNonRoot: false",
        ..POD
    };
    check(
        &pod,
        "pss/restricted",
        &["pss-run-as-non-root spec.securityContext.runAsNonRoot"],
    );
    // A container that says it itself does not clear what the pod says.
    let pod = Pod {
        context: "runAsNonRoot: false",
        own: "runAsNonRoot: true",
        ..POD
    };
    check(
        &pod,
        "pss/restricted",
        &["pss-run-as-non-root spec.securityContext.runAsNonRoot"],
    );
    let pod = Pod {
        own: "runAsNonRoot: false",
        ..POD
    };
    check(
        &pod,
        "pss/restricted",
        &[&format!("pss-run-as-non-root {OWN}.runAsNonRoot")],
    );
    let pod = Pod {
        context: "runAsNonRoot: ~",
        own: "runAsNonRoot: true",
        ..POD
    };
    check(&pod, "pss/restricted", &[]);
}

#[test]
fn user_namespaces_relax_from_1_35() {
    let pod = Pod {
        pod: "hostUsers: false",
        context: "runAsNonRoot: ~\nrunAsUser: 0",
        own: "procMount: Unmasked",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.34",
        &[&format!("pss-proc-mount {OWN}.procMount")],
    );
    check(&pod, "pss/baseline@1.35", &[]);
    check(
        &pod,
        "pss/restricted@1.34",
        &[
            &format!("pss-proc-mount {OWN}.procMount"),
            &format!("pss-run-as-non-root {OWN}.runAsNonRoot"),
            "pss-run-as-user spec.securityContext.runAsUser",
        ],
    );
    check(
        &pod,
        "pss/restricted@1.35",
        &[&format!("pss-proc-mount-restricted {OWN}.procMount")],
    );
    let shared = Pod {
        pod: "hostUsers: true",
        ..pod
    };
    check(
        &shared,
        "pss/baseline@1.35",
        &[&format!("pss-proc-mount {OWN}.procMount")],
    );
}

#[test]
fn seccomp() {
    let pod = Pod {
        context: "seccompProfile: {type: Unconfined}",
        ..POD
    };
    let path = "spec.securityContext.seccompProfile.type";
    check(&pod, "pss/baseline@1.18", &[]);
    check(
        &pod,
        "pss/baseline@1.19",
        &[&format!("pss-seccomp-baseline {path}")],
    );
    check(
        &pod,
        "pss/restricted@1.19",
        &[&format!("pss-seccomp-restricted {path}")],
    );
    let pod = Pod {
        own: "seccompProfile: {type: Localhost, localhostProfile: a.json}",
        ..POD
    };
    check(&pod, "pss/restricted", &[]);
    let pod = Pod {
        own: "seccompProfile: {}",
        ..POD
    };
    check(
        &pod,
        "pss/baseline",
        &[&format!("pss-seccomp-baseline {OWN}.seccompProfile.type")],
    );

    let pod = Pod {
        meta: "annotations:\n  seccomp.security.alpha.kubernetes.io/pod: unconfined\n  container.seccomp.security.alpha.kubernetes.io/web: unconfined\n  container.seccomp.security.alpha.kubernetes.io/other: unconfined",
        ..POD
    };
    check(
        &pod,
        "pss/restricted@1.18",
        &[
            "pss-seccomp-baseline metadata.annotations[\"seccomp.security.alpha.kubernetes.io/pod\"]",
            "pss-seccomp-baseline metadata.annotations[\"container.seccomp.security.alpha.kubernetes.io/web\"]",
        ],
    );
    check(&pod, "pss/restricted@1.19", &[]);
    let pod = Pod {
        meta: "annotations: {seccomp.security.alpha.kubernetes.io/pod: docker/default}",
        ..POD
    };
    check(&pod, "pss/baseline@1.0", &[]);
}

#[test]
fn apparmor() {
    let pod = Pod {
        meta: "annotations:\n  container.apparmor.security.beta.kubernetes.io/web: unconfined",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.37",
        &[
            "pss-apparmor metadata.annotations[\"container.apparmor.security.beta.kubernetes.io/web\"]",
        ],
    );
    let pod = Pod {
        meta: "annotations:\n  container.apparmor.security.beta.kubernetes.io/web: localhost/x",
        ..POD
    };
    check(&pod, "pss/baseline", &[]);
    let pod = Pod {
        context: "appArmorProfile: {type: Unconfined}",
        own: "appArmorProfile: {type: RuntimeDefault}",
        ..POD
    };
    check(
        &pod,
        "pss/baseline",
        &["pss-apparmor spec.securityContext.appArmorProfile.type"],
    );
}

#[test]
fn selinux() {
    let pod = Pod {
        context: "seLinuxOptions: {type: spc_t, user: u, role: r, level: s0}",
        ..POD
    };
    let at = |field: &str| format!("pss-selinux spec.securityContext.seLinuxOptions.{field}");
    check(
        &pod,
        "pss/baseline",
        &[&at("role"), &at("type"), &at("user")],
    );
    let pod = Pod {
        own: "seLinuxOptions: {type: container_engine_t}",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.30",
        &[&format!("pss-selinux {OWN}.seLinuxOptions.type")],
    );
    check(&pod, "pss/baseline@1.31", &[]);
}

#[test]
fn sysctls() {
    let pod = Pod {
        context: "sysctls:\n- {name: kernel.msgmax, value: \"1\"}\n- {name: net.ipv4.ip_local_reserved_ports, value: \"1\"}\n- {name: net.ipv4.tcp_keepalive_time, value: \"1\"}\n- {name: net.ipv4.tcp_rmem, value: \"1\"}\n- {name: net.ipv4.tcp_notsent_lowat, value: \"1\"}\n- {name: kernel.shm_rmid_forced, value: \"1\"}",
        ..POD
    };
    let at = |index: u32| format!("pss-sysctls spec.securityContext.sysctls[{index}].name");
    check(
        &pod,
        "pss/baseline@1.26",
        &[&at(0), &at(1), &at(2), &at(4), &at(3)],
    );
    check(&pod, "pss/baseline@1.27", &[&at(0), &at(2), &at(4), &at(3)]);
    check(&pod, "pss/baseline@1.29", &[&at(0), &at(4), &at(3)]);
    check(&pod, "pss/baseline@1.32", &[&at(0), &at(4)]);
    check(&pod, "pss/baseline@1.37", &[&at(0)]);
}

#[test]
fn proc_mount() {
    check(
        &Pod {
            own: "procMount: Default",
            ..POD
        },
        "pss/restricted",
        &[],
    );
    let pod = Pod {
        own: "procMount: Unmasked",
        ..POD
    };
    check(
        &pod,
        "pss/restricted@1.34",
        &[&format!("pss-proc-mount {OWN}.procMount")],
    );
}

#[test]
fn host_process_and_windows() {
    let pod = Pod {
        pod: "os: {name: windows}",
        context: "seccompProfile: ~\nwindowsOptions: {hostProcess: true}",
        own: "allowPrivilegeEscalation: ~\ncapabilities: ~\nwindowsOptions: {hostProcess: true}",
        ..POD
    };
    check(
        &pod,
        "pss/baseline@1.0",
        &[
            "pss-windows-host-process spec.securityContext.windowsOptions.hostProcess",
            &format!("pss-windows-host-process {OWN}.windowsOptions.hostProcess"),
        ],
    );
    let pod = Pod {
        pod: "os: {name: windows}",
        context: "seccompProfile: ~",
        own: "allowPrivilegeEscalation: ~\ncapabilities: ~",
        ..POD
    };
    check(&pod, "pss/restricted@1.25", &[]);
    check(
        &pod,
        "pss/restricted@1.24",
        &[
            &format!("pss-allow-privilege-escalation {OWN}.allowPrivilegeEscalation"),
            &format!("pss-capabilities-restricted {OWN}.capabilities.drop"),
            &format!("pss-seccomp-restricted {OWN}.seccompProfile.type"),
        ],
    );
    // Nothing is relaxed for a pod that only runs on Windows by chance.
    let linux = Pod {
        pod: "os: {name: linux}",
        ..pod
    };
    assert_eq!(scan(&linux.yaml(), "pss/restricted@1.25").len(), 3);
}

#[test]
fn host_probes() {
    let pod = Pod {
        container: "livenessProbe:\n  httpGet: {host: 127.0.0.1, port: 80}\nreadinessProbe:\n  tcpSocket: {host: \"\", port: 80}\nlifecycle:\n  preStop:\n    httpGet:\n      host: metadata.internal\n      port: 80",
        ..POD
    };
    check(&pod, "pss/baseline@1.33", &[]);
    check(
        &pod,
        "pss/baseline@1.34",
        &[
            "pss-host-probes spec.containers[0].lifecycle.preStop.httpGet.host",
            "pss-host-probes spec.containers[0].livenessProbe.httpGet.host",
        ],
    );
}

#[test]
fn every_kind_that_carries_pods_is_looked_at() {
    const SPEC: &str = "containers: [{name: a, image: i, securityContext: {privileged: true}}], initContainers: [{name: b, image: i, securityContext: {privileged: true}}], ephemeralContainers: [{name: c, image: i, securityContext: {privileged: true}}]";
    for (api, kind, base) in [
        ("v1", "Pod", ""),
        ("v1", "PodTemplate", "template"),
        ("v1", "ReplicationController", "spec.template"),
        ("apps/v1", "Deployment", "spec.template"),
        ("apps/v1", "StatefulSet", "spec.template"),
        ("apps/v1", "DaemonSet", "spec.template"),
        ("apps/v1", "ReplicaSet", "spec.template"),
        ("batch/v1", "Job", "spec.template"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template"),
        ("serving.knative.dev/v1", "Service", "spec.template"),
    ] {
        let mut body = format!("spec: {{{SPEC}}}");
        for part in base.rsplit('.').filter(|part| !part.is_empty()) {
            body = format!("{part}: {{{body}}}");
        }
        let text = format!(
            "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: n}}\n{body}\n"
        );
        let dot = if base.is_empty() { "" } else { "." };
        let expect: Vec<String> = ["containers", "initContainers", "ephemeralContainers"]
            .iter()
            .map(|list| {
                format!("pss-privileged {base}{dot}spec.{list}[0].securityContext.privileged")
            })
            .collect();
        assert_eq!(shown(&scan(&text, "pss/baseline")), expect, "{kind}");
    }
}

#[test]
fn malformed_pods_do_not_panic() {
    for text in [
        "spec: 5",
        "spec: {containers: x}",
        "spec: {containers: [5, ~, {name: 3, securityContext: [], ports: {}, env: 7}], volumes: {a: b}}",
        "spec: {securityContext: {sysctls: {a: 1}, seLinuxOptions: [1]}, containers: []}",
        "spec: {containers: [{securityContext: {capabilities: {add: SYS_ADMIN, drop: {}}, procMount: []}}]}",
    ] {
        let text =
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: [1]}}\n{text}\n");
        for baseline in ["pss/restricted@1.0", "pss/restricted@1.37"] {
            scan(&text, baseline);
        }
    }
}
