//! Whatever happened, in whatever order: the same as a fresh look.

use std::collections::BTreeMap;

use plimsoll_model::AssetId;
use proptest::prelude::*;

use super::{at, document, fresh, json, line, live};
use crate::live::{Change, Live};

/// Lines that differ in what they ask and of whom.
const LINES: [&[&str]; 3] = [
    &[
        "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: all-hold}
spec:
  owner: shop
  assets: {all: true}
  require: [{configuration: {baseline: pss/restricted@1.36, max: 1}}]
  target: 50%
",
        "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: essentials}
spec:
  owner: shop
  assets: {match: {kinds: [workload, namespace, identity, object]}}
  require: [{configuration: {baseline: plimsoll/essentials@1, max: 0, within: 1h}}]
",
    ],
    &[
        "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: jewels}
spec:
  owner: shop
  assets: {class: crown-jewel}
  require:
    - configuration: {baseline: plimsoll/essentials@1, max: 2, within: 30m}
    - exposure: {internet: false}
  target: 40%
",
        "
apiVersion: plimsoll.dev/v1alpha1
kind: AssetClass
metadata: {name: crown-jewel}
spec: {rank: 900, match: {labels: {tier: t1}}}
",
        "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: outside}
spec:
  owner: shop
  assets: {class: internet-facing}
  require: [{configuration: {baseline: pss/baseline@1.36, max: 0, within: 2h}}, {supplyChain: {registries: [\"registry.example.com/*\"]}}]
",
        "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureException
metadata: {name: known}
spec: {owner: shop, reason: known, expires: 2026-11-18, assets: {namespaces: [a]}, controls: [\"*\"]}
",
    ],
    &[],
];

/// Small objects of all roles over two namespaces and few names, so that they
/// meet each other often.
fn object() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["a", "b"]);
    let name = prop::sample::select(vec!["x", "y"]);
    (0..21u8, space, name, 0..6u8).prop_map(|(kind, space, name, form)| {
        let meta = format!("metadata: {{name: {name}, namespace: {space}");
        let app = ["x", "y", "z"][usize::from(form) % 3];
        let own = |api: &str, kind: &str, spec: &str| {
            format!("apiVersion: {api}\nkind: {kind}\n{meta}}}\n{spec}\n")
        };
        let context = [
            "{privileged: true}",
            "{}",
            "{allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}",
        ][usize::from(form) / 2];
        let pod = format!(
            "spec: {{serviceAccountName: {app}, containers: [{{name: a, image: \"registry.example.com/{app}:1\", securityContext: {context}, ports: [{{containerPort: 80}}]}}]}}"
        );
        let labels = format!("labels: {{app: {app}, tier: t{}}}", form / 3);
        let controlled = |owner: &str| {
            format!("{meta}, {labels}, ownerReferences: [{{apiVersion: apps/v1, kind: {owner}, name: {app}, controller: true}}]}}")
        };
        let other = if form % 2 == 0 { space } else { "b" };
        match kind {
            0 | 18 => own("apps/v1", "Deployment", &format!("spec: {{replicas: {}, selector: {{matchLabels: {{app: {app}}}}}, template: {{metadata: {{{labels}}}, {pod}}}}}", 1 + form % 3)),
            1 => format!(
                "apiVersion: apps/v1\nkind: ReplicaSet\n{}\nspec: {{template: {{metadata: {{{labels}}}, {pod}}}}}\n",
                controlled(if form % 2 == 0 { "Deployment" } else { "ReplicaSet" })
            ),
            2 | 19 => format!("apiVersion: v1\nkind: Pod\n{}\n{pod}\n", controlled(["ReplicaSet", "StatefulSet"][usize::from(form) % 2])),
            3 => own("v1", "Service", &format!("spec: {{selector: {{app: {app}}}, ports: [{{port: 80}}], type: {}}}", ["ClusterIP", "LoadBalancer"][usize::from(form / 3)])),
            4 => own("networking.k8s.io/v1", "Ingress", &format!("spec: {{defaultBackend: {{service: {{name: {app}, port: {{number: 80}}}}}}}}")),
            5 => own("gateway.networking.k8s.io/v1", "HTTPRoute", &format!(
                "spec: {{parentRefs: [{{name: x, namespace: {other}}}], rules: [{{backendRefs: [{{name: {app}, namespace: {other}, port: 80}}]}}]}}"
            )),
            6 => own("gateway.networking.k8s.io/v1", "Gateway", &format!(
                "spec: {{listeners: [{{name: h, port: 80, allowedRoutes: {{namespaces: {{from: {}, selector: {{matchLabels: {{l: l1}}}}}}}}}}]}}",
                ["All", "Same", "Selector"][usize::from(form) % 3]
            )),
            20 => format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: default-deny-{}, namespace: {space}}}\nspec: {{podSelector: {{matchLabels: {{app: {app}}}}}}}\n",
                ["ingress", "egress"][usize::from(form) % 2]
            ),
            7 => own("networking.k8s.io/v1", "NetworkPolicy", &format!(
                "spec: {{podSelector: {}, ingress: {}}}",
                ["{}".to_owned(), format!("{{matchLabels: {{app: {app}}}}}"), "{matchExpressions: [{key: app, operator: Exists}]}".to_owned()][usize::from(form) % 3],
                ["[]", "[{from: [{podSelector: {}}]}]"][usize::from(form / 3)]
            )),
            8 => format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}, labels: {{l: l{form}, team: t{form}{}}}}}\n",
                if form % 2 == 0 { ", plimsoll.dev/class: crown-jewel" } else { "" }
            ),
            9 => own("v1", "ServiceAccount", &format!("automountServiceAccountToken: {}", form % 2 == 0)),
            10 => own("policy/v1", "PodDisruptionBudget", &format!("spec: {{{}, selector: {{matchLabels: {{app: {app}}}}}}}", ["maxUnavailable: 0", "minAvailable: 2"][usize::from(form) % 2])),
            11 => own("autoscaling/v2", "HorizontalPodAutoscaler", &format!("spec: {{minReplicas: {}, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {app}}}}}", form % 3)),
            12 => own("rbac.authorization.k8s.io/v1", "RoleBinding", &format!(
                "subjects: [{{kind: ServiceAccount, name: {app}, namespace: {other}}}]\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {}, name: {app}}}",
                ["Role", "ClusterRole"][usize::from(form / 3)]
            )),
            13 => own("rbac.authorization.k8s.io/v1", "Role", &format!(
                "rules: [{{apiGroups: [{}], resources: [{}], verbs: [{}]}}]",
                ["\"\"", "\"*\""][usize::from(form) % 2], ["secrets", "\"*\"", "pods/exec"][usize::from(form) % 3], ["get", "\"*\"", "create"][usize::from(form) % 3]
            )),
            14 => own("v1", ["LimitRange", "ResourceQuota"][usize::from(form) % 2], "spec: {limits: [{type: Container, default: {cpu: 1, memory: 1Gi}}], hard: {pods: 4}}"),
            15 => own("cilium.io/v2", "CiliumNetworkPolicy", &format!(
                "spec: {{endpointSelector: {}, ingress: [{{}}]}}",
                ["{}".to_owned(), format!("{{matchLabels: {{\"k8s:app\": {app}}}}}"), "{matchLabels: {tier: t0, pod-template-hash: a}}".to_owned()][usize::from(form) % 3]
            )),
            16 => format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{to: {app}}}}}\nrules: [{{apiGroups: [\"*\"], resources: [\"*\"], verbs: [{}]}}]\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to: x}}}}]}}\n",
                ["list", "\"*\""][usize::from(form) % 2]
            ),
            _ => own("apps/v1", "StatefulSet", &format!("spec: {{serviceName: {app}, template: {{metadata: {{{labels}}}, {pod}}}}}")),
        }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Set(String),
    /// One of those that are there goes.
    Gone(usize),
    Line(usize),
    /// The clock goes on, or back.
    Time(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => object().prop_map(Step::Set),
        3 => any::<usize>().prop_map(Step::Gone),
        1 => (0..LINES.len()).prop_map(Step::Line),
        2 => prop::sample::select(vec![1, 600, 1800, 3600, -900, 86_400]).prop_map(Step::Time),
    ]
}

/// The watched estate with what there is, as files.
pub(super) struct Watched {
    pub live: Live,
    pub files: BTreeMap<AssetId, (String, String)>,
    pub line: usize,
    pub now: i64,
}

impl Watched {
    fn change(&mut self, step: Step) -> Option<Change> {
        match step {
            Step::Set(text) => {
                let named = document("name", &text);
                let mut inventory = super::inventory();
                let ix = inventory.insert(named).ix;
                let id = inventory.get(ix).expect("an object").asset.id.clone();
                let name = format!("live/{id}");
                let change = Change::Set(document(&name, &text));
                self.files.insert(id, (name, text));
                Some(change)
            }
            Step::Gone(at) => {
                let at = at.checked_rem(self.files.len())?;
                let id = self.files.keys().nth(at).expect("in range").clone();
                self.files.remove(&id);
                Some(Change::Gone(id))
            }
            Step::Line(which) => {
                self.line = which;
                Some(line(LINES[which]))
            }
            Step::Time(seconds) => {
                self.now += seconds;
                None
            }
        }
    }

    fn fresh(&self) -> String {
        let drawn = (0..).zip(LINES[self.line]);
        let drawn =
            drawn.map(|(at, text): (usize, _)| (format!("line-{at}.yaml"), (*text).to_owned()));
        let files = self.files.values().cloned().chain(drawn).collect();
        fresh(&self.live, files)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn after_any_edits_it_says_what_a_fresh_look_says(
        loaded in prop::collection::vec(prop::collection::vec(step(), 1..6), 0..3),
        batches in prop::collection::vec(prop::collection::vec(step(), 1..6), 1..14),
    ) {
        let mut watched = Watched { live: live(), files: BTreeMap::new(), line: 0, now: 0 };
        watched.live.load([line(LINES[0])]);
        for batch in loaded {
            let changes: Vec<Change> = batch.into_iter().filter_map(|step| watched.change(step)).collect();
            watched.live.load(changes);
        }
        for batch in batches {
            let changes: Vec<Change> = batch.into_iter().filter_map(|step| watched.change(step)).collect();
            let now = at(watched.now);
            watched.live.apply(changes, now);
            let whole = watched.live.assessment();
            // What is written into statuses is said of the whole.
            let statuses = crate::status::Statuses::of(&whole);
            prop_assert_eq!(format!("{:?}", watched.live.statuses()), format!("{statuses:?}"));
            let verdicts = &whole.goals;
            let standings = watched.live.standings();
            prop_assert_eq!(standings.len(), verdicts.len());
            for (standing, verdict) in standings.iter().zip(verdicts) {
                prop_assert!(plimsoll_goals::agrees(standing, verdict), "{} {:?}\n{:?}", standing.goal.metadata.name, (standing.verdict, standing.counts, standing.window, &standing.at_risk, standing.since), (verdict.verdict, verdict.counts, verdict.window, &verdict.at_risk, verdict.since));
            }
            let (said, fresh) = (json(&whole), watched.fresh());
            prop_assert!(said == fresh, "{}", super::difference(&said, &fresh));
        }
    }
}
