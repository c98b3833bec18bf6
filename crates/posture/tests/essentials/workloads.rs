//! Examples of controls over pods and workloads.

use super::Case;

/// A Deployment with these fields in its pod and its container, which is
/// otherwise as it should be.
pub fn deployment(pod: &str, container: &str) -> String {
    workload(
        "apps/v1",
        "Deployment",
        "replicas: 2, selector: {matchLabels: {app: web}}, template: ",
        pod,
        container,
    )
}

fn workload(api: &str, kind: &str, before: &str, pod: &str, container: &str) -> String {
    let separator = |text: &str| if text.is_empty() { "" } else { ", " };
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {{{before}{{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web{}{container}}}]{}{pod}}}}}}}\n",
        separator(container),
        separator(pod),
    )
}

fn job(pod: &str, container: &str) -> String {
    workload("batch/v1", "Job", "template: ", pod, container)
}

fn bare(pod: &str) -> String {
    let separator = if pod.is_empty() { "" } else { ", " };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec: {{containers: [{{name: web}}]{separator}{pod}}}\n"
    )
}

const C: &str = "spec.template.spec.containers[0]";

fn of_container(rest: &str) -> String {
    format!("{C}.{rest}")
}

/// Adds examples of one control: fields of the container, and paths below it.
fn containers(cases: &mut Vec<Case>, id: &'static str, examples: &[(&str, &[&str])]) {
    for (container, expect) in examples {
        cases.push(Case {
            id,
            yaml: deployment("", container),
            expect: expect.iter().map(|rest| of_container(rest)).collect(),
        });
    }
}

/// The same of fields of the pod; paths are whole.
fn pods(cases: &mut Vec<Case>, id: &'static str, examples: &[(&str, &str, &[&str])]) {
    for (pod, container, expect) in examples {
        cases.push(Case {
            id,
            yaml: deployment(pod, container),
            expect: expect
                .iter()
                .map(|path| format!("spec.template.spec.{path}"))
                .collect(),
        });
    }
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    images(&mut cases);
    resources(&mut cases);
    probes(&mut cases);
    host(&mut cases);
    hardening(&mut cases);
    secrets(&mut cases);
    cases
}

fn images(cases: &mut Vec<Case>) {
    let c = cases;
    containers(
        c,
        "image-tag-mutable",
        &[
            ("image: nginx", &["image"]),
            ("image: 'nginx:latest'", &["image"]),
            ("image: 'registry.example.com:5000/web'", &["image"]),
            ("image: 'web:stable'", &["image"]),
            ("image: 'nginx:1.29'", &[]),
            (
                "image: 'nginx:latest@sha256:54353567266c47b7b8026e1ae0dea65ee5baebe1811703c4aadd71f899b1d741'",
                &[],
            ),
            ("image: 'registry.example.com:5000/web:1'", &[]),
            ("image: auto", &[]),
            ("image: '{{ .Values.image }}'", &[]),
            ("image: ''", &[]),
        ],
    );
    containers(
        c,
        "image-not-pinned",
        &[
            ("image: 'nginx:1.29'", &["image"]),
            ("image: nginx", &["image"]),
            (
                "image: 'nginx@sha256:54353567266c47b7b8026e1ae0dea65ee5baebe1811703c4aadd71f899b1d741'",
                &[],
            ),
        ],
    );
    containers(
        c,
        "image-pull-policy",
        &[
            (
                "image: nginx, imagePullPolicy: IfNotPresent",
                &["imagePullPolicy"],
            ),
            (
                "image: 'nginx:latest', imagePullPolicy: Never",
                &["imagePullPolicy"],
            ),
            ("image: 'nginx:stable'", &["imagePullPolicy"]),
            ("image: nginx", &[]),
            ("image: nginx, imagePullPolicy: Always", &[]),
            ("image: 'nginx:1.29', imagePullPolicy: IfNotPresent", &[]),
        ],
    );
}

fn resources(cases: &mut Vec<Case>) {
    let c = cases;
    const LIMIT: &str = "resources.limits.memory";
    containers(
        c,
        "resources-memory-limit",
        &[
            ("image: a", &[LIMIT]),
            ("resources: {requests: {memory: 64Mi}}", &[LIMIT]),
            ("resources: {limits: {cpu: 1, memory: 0}}", &[LIMIT]),
            ("resources: {limits: {memory: 64Mi}}", &[]),
            ("resources: {limits: {memory: 1e6}}", &[]),
        ],
    );
    pods(
        c,
        "resources-memory-limit",
        &[
            ("resources: {limits: {memory: 1Gi}}", "", &[]),
            (
                "initContainers: [{name: i}]",
                "resources: {limits: {memory: 1}}",
                &["initContainers[0].resources.limits.memory"],
            ),
            (
                "ephemeralContainers: [{name: e}]",
                "resources: {limits: {memory: 1}}",
                &[],
            ),
        ],
    );
    let ranged = |namespace: &str, defaults: &str| {
        format!(
            "{}---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: l, namespace: {namespace}}}\nspec: {{limits: [{{type: Container, {defaults}}}]}}\n",
            deployment("", "")
        )
    };
    let mut range = |id, namespace: &str, defaults: &str, expect: &[&str]| {
        c.push(Case {
            id,
            yaml: ranged(namespace, defaults),
            expect: expect.iter().map(|rest| of_container(rest)).collect(),
        });
    };
    range(
        "resources-memory-limit",
        "shop",
        "default: {memory: 1Gi}",
        &[],
    );
    range(
        "resources-memory-limit",
        "shop",
        "defaultRequest: {memory: 1Gi}",
        &[LIMIT],
    );
    range(
        "resources-memory-limit",
        "other",
        "default: {memory: 1Gi}",
        &[LIMIT],
    );
    range(
        "resources-memory-request",
        "shop",
        "defaultRequest: {memory: 1Gi}",
        &[],
    );
    range("resources-cpu-request", "shop", "default: {cpu: 1}", &[]);
    containers(
        c,
        "resources-memory-request",
        &[
            ("", &["resources.requests.memory"]),
            ("resources: {requests: {memory: 1Gi}}", &[]),
            // A limit alone is a request too.
            ("resources: {limits: {memory: 1Gi}}", &[]),
        ],
    );
    containers(
        c,
        "resources-cpu-request",
        &[
            (
                "resources: {limits: {memory: 1Gi}}",
                &["resources.requests.cpu"],
            ),
            ("resources: {requests: {cpu: 100m}}", &[]),
            ("resources: {limits: {cpu: 1}}", &[]),
        ],
    );
    containers(
        c,
        "resources-cpu-limit",
        &[
            ("resources: {requests: {cpu: 1}}", &["resources.limits.cpu"]),
            ("resources: {limits: {cpu: 500m}}", &[]),
        ],
    );
    containers(
        c,
        "resources-ephemeral-storage-limit",
        &[
            (
                "resources: {limits: {memory: 1Gi}}",
                &["resources.limits.ephemeral-storage"],
            ),
            ("resources: {limits: {ephemeral-storage: 1Gi}}", &[]),
        ],
    );
}

fn probes(cases: &mut Vec<Case>) {
    for (id, field) in [
        ("probe-liveness", "livenessProbe"),
        ("probe-readiness", "readinessProbe"),
    ] {
        let mut case = |yaml: String, expect: &[String]| {
            cases.push(Case {
                id,
                yaml,
                expect: expect.to_vec(),
            })
        };
        case(deployment("", "image: a"), &[of_container(field)]);
        case(
            deployment("", &format!("{field}: {{httpGet: {{port: 80}}}}")),
            &[],
        );
        case(
            deployment(
                "initContainers: [{name: i}]",
                &format!("{field}: {{exec: {{command: [a]}}}}"),
            ),
            &[],
        );
        case(job("restartPolicy: Never", ""), &[]);
        case(bare("restartPolicy: Never"), &[]);
        case(bare(""), &[format!("spec.containers[0].{field}")]);
        case(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c, namespace: n}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}\n".to_owned(),
            &[],
        );
    }
}

fn host(cases: &mut Vec<Case>) {
    let mount = |path: &str, kind: &str, extra: &str| {
        (
            format!("volumes: [{{name: v, hostPath: {{path: '{path}'{kind}}}}}]"),
            format!("volumeMounts: [{{name: v, mountPath: /x{extra}}}]"),
        )
    };
    let mut case = |id: &'static str, (pod, container): (String, String), expect: &[&str]| {
        cases.push(Case {
            id,
            yaml: deployment(&pod, &container),
            expect: expect
                .iter()
                .map(|path| format!("spec.template.spec.{path}"))
                .collect(),
        });
    };
    const VOLUME: &str = "volumes[0].hostPath.path";
    for (path, expect) in [
        ("/var/run/docker.sock", true),
        ("/run/containerd/containerd.sock", true),
        ("/var/run/crio", true),
        ("/var/run/nscd/socket", false),
        ("/data", false),
    ] {
        case(
            "docker-socket-mount",
            mount(path, "", ""),
            if expect { &[VOLUME] } else { &[] },
        );
        case(
            "docker-socket-mount",
            mount(path, "", ", readOnly: true"),
            if expect { &[VOLUME] } else { &[] },
        );
    }
    for (path, expect) in [
        ("/", true),
        ("/etc", true),
        ("/etc/kubernetes/pki", true),
        ("/proc", true),
        ("/var/lib/kubelet", true),
        (concat!("/root", "/.ssh"), true),
        ("/var/log", false),
        ("/etc/localtime", false),
        ("/data/etc", false),
    ] {
        case(
            "sensitive-host-mount",
            mount(path, "", ", readOnly: true"),
            if expect { &[VOLUME] } else { &[] },
        );
    }
    case(
        "sensitive-host-mount",
        ("volumes: [{name: v, emptyDir: {}}]".into(), String::new()),
        &[],
    );
    const READ_ONLY: &str = "containers[0].volumeMounts[0].readOnly";
    case("writable-host-mount", mount("/data", "", ""), &[READ_ONLY]);
    case(
        "writable-host-mount",
        mount("/data", "", ", readOnly: false"),
        &[READ_ONLY],
    );
    case(
        "writable-host-mount",
        mount("/data", "", ", readOnly: true"),
        &[],
    );
    case(
        "writable-host-mount",
        mount("/run/docker.sock", "", ""),
        &[],
    );
    case(
        "writable-host-mount",
        mount("/dev/fuse", ", type: CharDevice", ""),
        &[],
    );
    case(
        "writable-host-mount",
        (
            "volumes: [{name: v, emptyDir: {}}]".into(),
            "volumeMounts: [{name: v, mountPath: /x}]".into(),
        ),
        &[],
    );
}

fn hardening(cases: &mut Vec<Case>) {
    let c = cases;
    const ROOT: &str = "securityContext.readOnlyRootFilesystem";
    containers(
        c,
        "root-filesystem-writable",
        &[
            ("", &[ROOT]),
            ("securityContext: {readOnlyRootFilesystem: false}", &[ROOT]),
            ("securityContext: {readOnlyRootFilesystem: true}", &[]),
        ],
    );
    pods(
        c,
        "root-filesystem-writable",
        &[("os: {name: windows}", "", &[])],
    );
    containers(
        c,
        "dangerous-capabilities",
        &[
            (
                "securityContext: {capabilities: {add: [SYS_ADMIN]}}",
                &["securityContext.capabilities.add[0]"],
            ),
            (
                "securityContext: {capabilities: {add: [CHOWN, cap_net_admin]}}",
                &["securityContext.capabilities.add[1]"],
            ),
            (
                "securityContext: {capabilities: {add: [ALL]}}",
                &["securityContext.capabilities.add[0]"],
            ),
            (
                "securityContext: {capabilities: {add: [NET_BIND_SERVICE, CHOWN], drop: [SYS_ADMIN]}}",
                &[],
            ),
        ],
    );
    pods(
        c,
        "shared-process-namespace",
        &[
            (
                "shareProcessNamespace: true, initContainers: [{name: s, restartPolicy: Always}]",
                "",
                &["shareProcessNamespace"],
            ),
            ("shareProcessNamespace: true", "", &[]),
            ("shareProcessNamespace: false", "", &[]),
        ],
    );
    containers(
        c,
        "ssh-port",
        &[
            (
                "ports: [{containerPort: 80}, {containerPort: 22}]",
                &["ports[1].containerPort"],
            ),
            ("ports: [{containerPort: 2222}]", &[]),
        ],
    );
    containers(
        c,
        "privileged-port",
        &[
            ("ports: [{containerPort: 80}]", &["ports[0].containerPort"]),
            (
                "ports: [{containerPort: 1023, protocol: UDP}]",
                &["ports[0].containerPort"],
            ),
            ("ports: [{containerPort: 1024}, {containerPort: 8080}]", &[]),
        ],
    );
    containers(
        c,
        "run-as-low-uid",
        &[
            (
                "securityContext: {runAsUser: 1000}",
                &["securityContext.runAsUser"],
            ),
            ("securityContext: {runAsUser: 10000}", &[]),
            ("securityContext: {runAsUser: 0}", &[]),
        ],
    );
    pods(
        c,
        "run-as-low-uid",
        &[
            (
                "securityContext: {runAsUser: 33}",
                "",
                &["securityContext.runAsUser"],
            ),
            (
                "securityContext: {runAsUser: 33}, hostUsers: false",
                "",
                &[],
            ),
        ],
    );
    containers(
        c,
        "tiller-present",
        &[
            ("image: 'ghcr.io/helm/tiller:v2.17.0'", &["image"]),
            ("image: 'registry.example.com/tiller-dashboard:1'", &[]),
        ],
    );
}

fn secrets(cases: &mut Vec<Case>) {
    let c = cases;
    containers(
        c,
        "secret-in-env",
        &[
            (
                "env: [{name: DB_HOST, value: db}, {name: DB_PASSWORD, value: not-a-real-password}]",
                &["env[1].value"],
            ),
            (
                "env: [{name: DATABASE_URL, value: 'postgres://shop:hunter2@db/shop'}]",
                &["env[0].value"],
            ),
            (
                "env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]",
                &[],
            ),
            (
                "env: [{name: DB_PASSWORD_FILE, value: /run/secrets/db}]",
                &[],
            ),
            ("env: [{name: DB_PASSWORD, value: ''}]", &[]),
            ("env: [{name: DB_PASSWORD, value: '$(OTHER)'}]", &[]),
            (
                "env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: 'yes'}]",
                &[],
            ),
            (
                "env: [{name: TOKEN_URL, value: 'https://id.example.com/token'}]",
                &[],
            ),
        ],
    );
    containers(
        c,
        "secret-env-ref",
        &[
            (
                "env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: k}}}], envFrom: [{secretRef: {name: all}}]",
                &["env[0].valueFrom.secretKeyRef", "envFrom[0].secretRef"],
            ),
            (
                "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}], envFrom: [{configMapRef: {name: c}}]",
                &[],
            ),
            (
                "volumeMounts: [{name: secret, mountPath: /run/secrets}]",
                &[],
            ),
        ],
    );
    containers(
        c,
        "secret-in-args",
        &[
            ("args: [serve, --password=hunter2]", &["args[1]"]),
            ("command: [web, --db-password, hunter2]", &["command[2]"]),
            (
                "args: [--password=$(DB_PASSWORD), --token-file=/run/token]",
                &[],
            ),
            ("args: [--password, --verbose]", &[]),
        ],
    );
    for (data, expect) in [
        ("password: hunter2", vec!["data.password"]),
        (
            "app.properties: \"a=1\\ndb.password=hunter2\\n\"",
            vec!["data[\"app.properties\"]"],
        ),
        (
            "app.properties: \"# db.password=hunter2\\ndb.password=${DB_PASSWORD}\\n\"",
            vec![],
        ),
        ("password-policy: strict, log-level: debug", vec![]),
    ] {
        c.push(Case {
            id: "secret-in-configmap",
            yaml: format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: shop}}\ndata: {{{data}}}\n"),
            expect: expect.into_iter().map(str::to_owned).collect(),
        });
    }
}
