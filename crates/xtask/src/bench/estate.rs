//! Made-up estates for benches: the same numbers give the same bytes on every machine.

use std::fmt::Write;

/// SplitMix64: a few lines, and the same sequence everywhere.
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    /// True in `percent` of a hundred cases.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Where the goals stand in the estate, and the class and goals themselves.
pub const GOALS: (&str, &str) = (
    "goals.yaml",
    r#"apiVersion: plimsoll.dev/v1alpha1
kind: AssetClass
metadata: {name: crown-jewel}
spec:
  rank: 900
  description: What takes payments.
  match: {labels: {tier: payments}}
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: crown-jewels-hold}
spec:
  owner: payments
  assets: {class: crown-jewel}
  require:
    - configuration: {baseline: pss/restricted@1.29, max: 0}
  target: 95%
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: nothing-privileged}
spec:
  owner: platform
  assets: {all: true}
  require:
    - configuration: {baseline: pss/baseline@1.29, max: 0}
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: payments-stay-inside}
spec:
  owner: payments
  assets: {class: crown-jewel}
  require:
    - exposure: {internet: false}
"#,
);

/// An estate of exactly `objects` objects in `files` files of one namespace each: workloads with
/// services, configuration, RBAC and network policies; about a third of the workloads flawed.
pub fn estate(objects: usize, files: usize) -> impl Iterator<Item = (String, String)> {
    let files = files.clamp(1, objects.max(1));
    (0..files).map(move |file| {
        // The remainder goes to the first files.
        let count = objects / files + usize::from(file < objects % files);
        let namespace = format!("team-{file:04}");
        (
            format!("{namespace}.yaml"),
            documents(&namespace, file as u64, count),
        )
    })
}

/// `count` documents of one namespace.
fn documents(namespace: &str, seed: u64, count: usize) -> String {
    let mut random = Random(seed);
    let mut documents: Vec<String> = Vec::with_capacity(count);
    documents.push(format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n  labels:\n    \
         pod-security.kubernetes.io/enforce: {}\n",
        if random.chance(50) {
            "baseline"
        } else {
            "privileged"
        }
    ));
    let mut app = 0;
    while documents.len() < count {
        application(namespace, app, &mut random, &mut documents);
        app += 1;
    }
    documents.truncate(count);
    documents.join("---\n")
}

/// One application: a workload and what belongs to it.
fn application(namespace: &str, app: usize, random: &mut Random, out: &mut Vec<String>) {
    let name = format!("app-{app:05}");
    let tier = if random.chance(10) {
        "payments"
    } else {
        "standard"
    };
    let head = |api: &str, kind: &str| {
        format!(
            "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: \
             {namespace}\n  labels:\n    app: {name}\n    tier: {tier}\n"
        )
    };
    let kind = if random.chance(15) {
        "StatefulSet"
    } else {
        "Deployment"
    };
    out.push(format!(
        "{}spec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    \
         metadata:\n      labels:\n        app: {name}\n        tier: {tier}\n    spec:\n{}",
        head("apps/v1", kind),
        1 + random.below(5),
        pod_spec(&name, 6, random)
    ));
    let service = if random.chance(5) {
        "LoadBalancer"
    } else {
        "ClusterIP"
    };
    out.push(format!(
        "{}spec:\n  type: {service}\n  selector:\n    app: {name}\n  ports:\n    - name: http\n      \
         port: 80\n      targetPort: 8080\n",
        head("v1", "Service")
    ));
    out.push(format!(
        "{}data:\n  LOG_LEVEL: info\n  settings.yaml: |\n    cache:\n      size: {}\n    upstream: \
         https://{name}.{namespace}.svc\n",
        head("v1", "ConfigMap"),
        random.below(1000)
    ));
    out.push(head("v1", "ServiceAccount"));
    let (resource, verb) = match random.below(20) {
        0 => ("\"*\"", "\"*\""),
        1 => ("secrets", "list"),
        _ => ("configmaps", "get"),
    };
    out.push(format!(
        "{}rules:\n  - apiGroups: [\"\"]\n    resources: [{resource}]\n    verbs: [{verb}]\n",
        head("rbac.authorization.k8s.io/v1", "Role")
    ));
    out.push(format!(
        "{}roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n  \
         - kind: ServiceAccount\n    name: {name}\n    namespace: {namespace}\n",
        head("rbac.authorization.k8s.io/v1", "RoleBinding")
    ));
    if random.chance(60) {
        out.push(format!(
            "{}spec:\n  podSelector:\n    matchLabels:\n      app: {name}\n  policyTypes: [Ingress]\n  \
             ingress:\n    - from:\n        - podSelector: {{}}\n",
            head("networking.k8s.io/v1", "NetworkPolicy")
        ));
    }
    if random.chance(10) {
        out.push(format!(
            "{}spec:\n  schedule: \"17 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        \
             spec:\n          restartPolicy: Never\n{}",
            head("batch/v1", "CronJob"),
            pod_spec(&name, 10, random)
        ));
    }
}

/// The fields of a pod's spec, `indent` spaces in.
fn pod_spec(name: &str, indent: usize, random: &mut Random) -> String {
    let flawed = random.chance(33);
    let mut lines = vec![format!("serviceAccountName: {name}")];
    let mut say = |line: &str| lines.push(line.to_owned());
    if flawed && random.chance(10) {
        say("hostNetwork: true");
    }
    if !flawed {
        say("automountServiceAccountToken: false");
        say("securityContext:");
        say("  runAsNonRoot: true");
        say("  seccompProfile:");
        say("    type: RuntimeDefault");
    }
    say("containers:");
    say("  - name: main");
    let tag = if flawed {
        "latest".to_owned()
    } else {
        format!("1.{}", random.below(40))
    };
    say(&format!(
        "    image: registry.example.com/shop/{name}:{tag}"
    ));
    say("    ports:");
    say("      - containerPort: 8080");
    say("    env:");
    say("      - name: LOG_LEVEL");
    say("        value: info # as in staging");
    if flawed {
        if random.chance(20) {
            say("    securityContext:");
            say("      privileged: true");
        }
    } else {
        for line in [
            "    resources:",
            "      requests: {cpu: 100m, memory: 128Mi}",
            "      limits: {memory: 256Mi}",
            "    securityContext:",
            "      allowPrivilegeEscalation: false",
            "      readOnlyRootFilesystem: true",
            "      capabilities:",
            "        drop: [ALL]",
            "    readinessProbe:",
            "      httpGet: {path: /ready, port: 8080}",
        ] {
            say(line);
        }
    }
    let mut out = String::new();
    for line in lines {
        // Writing to a String can't fail.
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
    out
}

/// `count` small pods, one to a file, in folders as conformance suites have them.
pub fn pods(count: usize) -> impl Iterator<Item = (String, String)> {
    const FLAWS: [(&str, &str); 8] = [
        ("none", ""),
        ("hostpid", "  hostPID: true\n"),
        ("hostnetwork", "  hostNetwork: true\n"),
        ("nonroot", "  securityContext:\n    runAsNonRoot: true\n"),
        (
            "seccomp",
            "  securityContext:\n    seccompProfile:\n      type: Unconfined\n",
        ),
        (
            "hostpath",
            "  volumes:\n    - name: host\n      hostPath:\n        path: /a\n",
        ),
        (
            "sysctl",
            "  securityContext:\n    sysctls:\n      - name: kernel.msgmax\n        value: \"1\"\n",
        ),
        ("runasuser", "  securityContext:\n    runAsUser: 0\n"),
    ];
    (0..count).map(|number| {
        let (flaw, fields) = FLAWS.get(number % FLAWS.len()).copied().unwrap_or_default();
        let level = if number % 2 == 0 { "baseline" } else { "restricted" };
        let minor = number % 37;
        (
            format!("{level}/v1.{minor}/{flaw}{number}.yaml"),
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {flaw}{number}\nspec:\n{fields}  \
                 containers:\n    - image: registry.example.com/pause\n      name: container1\n      \
                 securityContext:\n        allowPrivilegeEscalation: false\n  initContainers:\n    - \
                 image: registry.example.com/pause\n      name: initcontainer1\n"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_manifest::{Limits, Loaded, Source, load};
    use plimsoll_model::resource::parse;

    use super::{GOALS, estate, pods};

    /// A text as the product reads it, with nothing left out.
    fn loaded(path: &str, text: &str) -> Loaded {
        let limits = Limits::default();
        let source = Source::new(path, text.as_bytes().to_vec(), &limits).expect("it is UTF-8");
        let loaded = load(&source, &limits);
        assert!(
            loaded.errors.is_empty() && loaded.skipped.is_empty() && loaded.empty == 0,
            "{path}: {loaded:?}"
        );
        loaded
    }

    #[test]
    fn an_estate_has_exactly_the_objects_asked_for() {
        let check = |objects: usize, files: usize, expect_files: usize| {
            let all: Vec<(String, String)> = estate(objects, files).collect();
            assert_eq!(all.len(), expect_files);
            let count: usize = all
                .iter()
                .map(|(path, text)| loaded(path, text).documents.len())
                .sum();
            assert_eq!(count, objects);
            assert_eq!(
                all,
                estate(objects, files).collect::<Vec<_>>(),
                "the same every time"
            );
        };
        check(1000, 7, 7);
        check(3, 200, 3);
        check(200, 200, 200);
    }

    #[test]
    fn the_goals_of_an_estate_can_be_read() {
        let loaded = loaded(GOALS.0, GOALS.1);
        assert_eq!(loaded.documents.len(), 4);
        for document in &loaded.documents {
            parse(document).expect("a class or a goal");
        }
    }

    #[test]
    fn pods_have_paths_of_their_own() {
        let all: std::collections::BTreeMap<String, String> = pods(4537).collect();
        assert_eq!(all.len(), 4537);
        for (path, text) in all.iter().take(100) {
            assert_eq!(loaded(path, text).documents.len(), 1);
        }
    }
}
