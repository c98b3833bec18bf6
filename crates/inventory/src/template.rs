//! Where an object carries pods.

use std::sync::{Arc, LazyLock};

use plimsoll_manifest::{FieldPath, Kind, Node};

/// A pod template of an object, or the Pod itself.
#[derive(Clone, Debug)]
pub struct TemplateRef<'a> {
    /// Its path: `spec.template`, `spec.jobTemplate.spec.template`, empty for a
    /// Pod.
    pub base: Arc<str>,
    /// The mapping of `metadata` and `spec`.
    pub node: Node<'a>,
}

/// The kinds of Kubernetes itself that carry pods, by where they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A Pod.
    Pod,
    /// A PodTemplate.
    PodTemplate,
    /// A controller with `spec.template`.
    Controller,
    /// A CronJob.
    CronJob,
}

static KNOWN_BASES: LazyLock<[Arc<str>; 4]> = LazyLock::new(|| {
    [
        Known::Pod,
        Known::PodTemplate,
        Known::Controller,
        Known::CronJob,
    ]
    .map(|known| known.keys().join(".").into())
});

impl Known {
    fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Pod") => Some(Known::Pod),
            ("", "PodTemplate") => Some(Known::PodTemplate),
            ("", "ReplicationController")
            | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job") => Some(Known::Controller),
            ("batch", "CronJob") => Some(Known::CronJob),
            _ => None,
        }
    }

    /// The keys from the root to the template.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Known::Pod => &[],
            Known::PodTemplate => &["template"],
            Known::Controller => &["spec", "template"],
            Known::CronJob => &["spec", "jobTemplate", "spec", "template"],
        }
    }

    fn base(self) -> Arc<str> {
        KNOWN_BASES[self as usize].clone()
    }
}

/// Where the pod templates of an object are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bases {
    /// There are none.
    None,
    /// Where this kind always has it, though it may be missing.
    Known(Known),
    /// Where they were found in an object of another kind.
    Found(Box<[Arc<str>]>),
}

impl Bases {
    /// Where an object of this kind carries pods.
    pub fn of(group: &str, kind: &str, root: Node<'_>) -> Self {
        if let Some(known) = Known::of(group, kind) {
            return Bases::Known(known);
        }
        if !may_carry_pods(group) {
            return Bases::None;
        }
        let found = search(root);
        if found.is_empty() {
            Bases::None
        } else {
            Bases::Found(found.into())
        }
    }

    /// The templates that are there and are mappings.
    pub fn templates<'a>(&self, root: Node<'a>) -> Vec<TemplateRef<'a>> {
        match self {
            Bases::None => Vec::new(),
            Bases::Known(known) => known
                .keys()
                .iter()
                .try_fold(root, |node, key| node.get(key))
                .filter(|node| node.kind() == Kind::Mapping)
                .map(|node| TemplateRef {
                    base: known.base(),
                    node,
                })
                .into_iter()
                .collect(),
            Bases::Found(bases) => bases
                .iter()
                .filter_map(|base| {
                    let node = root.lookup(&FieldPath::parse(base).ok()?)?;
                    Some(TemplateRef {
                        base: base.clone(),
                        node,
                    })
                })
                .collect(),
        }
    }
}

/// Groups whose kinds never carry pods apart from the known ones: Kubernetes'
/// own, and those of policies, which quote pods as patterns.
const WITHOUT_PODS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "gateway.networking.k8s.io",
    "kyverno.io",
    "networking.k8s.io",
    "node.k8s.io",
    "openreports.io",
    "policies.kubewarden.io",
    "policies.kyverno.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "wgpolicyk8s.io",
];

fn may_carry_pods(group: &str) -> bool {
    WITHOUT_PODS.binary_search(&group).is_err()
        && !group.ends_with("gatekeeper.sh")
        && group != "plimsoll.dev"
}

/// Levels below `spec` at which a template is looked for.
const MAX_DEPTH: usize = 6;
/// Values that are looked at in one object.
const MAX_VISITS: u32 = 20_000;
/// Templates that are taken from one object.
const MAX_TEMPLATES: usize = 64;

/// The paths of all mappings below `spec` that have a list of containers in a
/// `spec` of their own: an Argo Rollout, a Knative Service, a Spark application.
fn search(root: Node<'_>) -> Vec<Arc<str>> {
    let mut found = Found {
        bases: Vec::new(),
        visits: 0,
    };
    if let Some(spec) = root.get("spec") {
        found.walk(spec, &FieldPath::new().key("spec"), 0);
    }
    found.bases
}

struct Found {
    bases: Vec<Arc<str>>,
    visits: u32,
}

impl Found {
    fn walk(&mut self, node: Node<'_>, path: &FieldPath, depth: usize) {
        self.visits += 1;
        if self.visits > MAX_VISITS || self.bases.len() >= MAX_TEMPLATES {
            return;
        }
        if is_template(node) {
            self.bases.push(path.to_string().into());
            return;
        }
        if depth == MAX_DEPTH {
            return;
        }
        let collection = |node: &Node<'_>| node.kind() >= Kind::Sequence && !node.is_empty();
        for (key, value) in node.entries().filter(|(_, value)| collection(value)) {
            self.walk(value, &path.clone().key(key.text), depth + 1);
        }
        for (index, value) in node
            .items()
            .enumerate()
            .filter(|(_, value)| collection(value))
        {
            self.walk(value, &path.clone().index(index), depth + 1);
        }
    }
}

fn is_template(node: Node<'_>) -> bool {
    node.get("spec")
        .and_then(|spec| spec.get("containers"))
        .is_some_and(|containers| containers.items().any(|item| item.kind() == Kind::Mapping))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    fn check(head: &str, spec: &str, expect: &[&str]) {
        let (group, kind) = head.split_once('/').expect("group/Kind");
        let version = if group.is_empty() {
            "v1".to_owned()
        } else {
            format!("{group}/v1")
        };
        let document = document(&format!("apiVersion: {version}\nkind: {kind}\n{spec}\n"));
        let bases = Bases::of(group, kind, document.root());
        let found: Vec<_> = bases
            .templates(document.root())
            .into_iter()
            .map(|found| found.base)
            .collect();
        let found: Vec<_> = found.iter().map(|base| &**base).collect();
        assert_eq!(found, expect, "{head} {spec}");
    }

    const POD: &str = "{spec: {containers: [{name: a}]}}";

    #[test]
    fn the_table_is_sorted() {
        assert!(WITHOUT_PODS.is_sorted());
    }

    #[test]
    fn known_kinds_have_their_place() {
        check("/Pod", "spec: {containers: [{name: a}]}", &[""]);
        check("/PodTemplate", &format!("template: {POD}"), &["template"]);
        check(
            "apps/Deployment",
            &format!("spec: {{template: {POD}}}"),
            &["spec.template"],
        );
        check(
            "extensions/DaemonSet",
            &format!("spec: {{template: {POD}}}"),
            &["spec.template"],
        );
        check(
            "batch/CronJob",
            &format!("spec: {{jobTemplate: {{spec: {{template: {POD}}}}}}}"),
            &["spec.jobTemplate.spec.template"],
        );
        check("apps/Deployment", "spec: {template: text}", &[]);
        check("apps/Deployment", "spec: {}", &[]);
        check("/ConfigMap", &format!("spec: {{template: {POD}}}"), &[]);
    }

    #[test]
    fn templates_are_found_in_custom_kinds() {
        let custom = |spec: &str, expect: &[&str]| check("example.com/Thing", spec, expect);
        custom(&format!("spec: {{template: {POD}}}"), &["spec.template"]);
        custom(
            &format!("spec: {{driver: {{template: {POD}}}, executor: {{template: {POD}}}}}"),
            &["spec.driver.template", "spec.executor.template"],
        );
        custom(
            &format!("spec: {{tasks: [{{template: {POD}}}, {{template: {POD}}}]}}"),
            &["spec.tasks[0].template", "spec.tasks[1].template"],
        );
        custom(
            &format!("spec: {{a.b: {{template: {POD}}}}}"),
            &["spec[\"a.b\"].template"],
        );
        custom(
            &format!("spec: {{a: {{b: {{c: {{d: {{e: {{f: {POD}}}}}}}}}}}}}"),
            &["spec.a.b.c.d.e.f"],
        );
        custom(
            &format!("spec: {{a: {{b: {{c: {{d: {{e: {{f: {{g: {POD}}}}}}}}}}}}}}}"),
            &[],
        );
        custom(&format!("status: {{template: {POD}}}"), &[]);
        custom("spec: {template: {spec: {containers: []}}}", &[]);
        custom("spec: {template: {spec: {containers: [text]}}}", &[]);
        custom("spec: {template: {spec: {containers: {name: a}}}}", &[]);
        custom("spec: text", &[]);
    }

    #[test]
    fn policies_quote_pods_without_carrying_any() {
        let rules = format!("spec: {{rules: [{{validate: {{pattern: {POD}}}}}]}}");
        check("kyverno.io/ClusterPolicy", &rules, &[]);
        check("mutations.gatekeeper.sh/Assign", &rules, &[]);
    }

    #[test]
    fn the_search_is_bounded() {
        let many = format!("spec: [{}]", vec![POD; 2 * MAX_TEMPLATES].join(", "));
        let document = document(&format!("apiVersion: a.b/v1\nkind: T\n{many}\n"));
        assert_eq!(search(document.root()).len(), MAX_TEMPLATES);
    }
}
