//! Plans as edits of files: order of removals, shared places.

use plimsoll_assess::{
    Assessment, Estate, EstateOptions, InputFile, Limits, Options, Purpose, apply, assess, load,
};
use plimsoll_model::Timestamp;

const GOAL: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: restricted}
spec:
  owner: us
  assets: {all: true}
  require: [{configuration: {baseline: pss/restricted@1.36}}]
";

/// Judges a file with [`GOAL`].
fn judge(text: &str) -> (Estate, Assessment) {
    judge_by(text, GOAL)
}

/// Judges a file with this goal.
fn judge_by(text: &str, goal: &str) -> (Estate, Assessment) {
    let now: Timestamp = "2026-11-25T00:00:00Z".parse().expect("a time");
    let options = EstateOptions {
        cluster: "files".into(),
        default_namespace: "default".into(),
        now,
        limits: Limits::default(),
        line_given: false,
    };
    let files = [("app.yaml", text), ("goal.yaml", goal)].map(|(name, text)| InputFile {
        name: name.into(),
        content: Ok(text.as_bytes().to_vec()),
        purpose: Purpose::Estate,
    });
    let estate = load(files.to_vec(), &options);
    assert_eq!(
        estate.coverage.failed, 0,
        "{:?}\n{text}",
        estate.coverage.gaps
    );
    let options = Options {
        now,
        history: None,
        starter_line: false,
    };
    let result = assess(&estate, &estate.line, options);
    (estate, result)
}

/// Applies the plan for [`GOAL`] and says what is left and what the file is.
fn mend(file: &str) -> (Vec<String>, String) {
    let (estate, before) = judge(file);
    let changes = apply(&estate.inventory, &before.findings, &before.plan);
    assert!(changes.not_applied.is_empty(), "{:?}", changes.not_applied);
    let text = changes
        .files
        .first()
        .map_or(file.to_owned(), |change| change.after.clone());
    let (_, after) = judge(&text);
    let left = after
        .findings
        .iter()
        .map(|f| format!("{} {}", f.rule.id, f.subject))
        .collect();
    (left, text)
}

#[test]
fn removals_do_not_move_what_later_ones_name() {
    let (left, text) = mend(
        "apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: c
      image: x:1
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop: [ALL]
          add:
            - SYS_ADMIN # never
            - NET_BIND_SERVICE # port 80
            - NET_ADMIN # never
",
    );
    assert!(left.is_empty(), "{left:?}\n{text}");
    assert!(text.contains("- NET_BIND_SERVICE # port 80"), "{text}");
    assert!(!text.contains("_ADMIN"), "{text}");
}

#[test]
fn a_shared_place_is_edited_once() {
    let (left, text) = mend(
        "apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: a}
    spec:
      securityContext: &pod
        runAsNonRoot: true
      containers:
        - name: c
          image: x:1
          securityContext: &container
            privileged: true
            capabilities:
              add: [SYS_ADMIN, NET_BIND_SERVICE, NET_ADMIN]
  - apiVersion: v1
    kind: Pod
    metadata: {name: b}
    spec:
      securityContext: *pod
      hostPID: true
      containers:
        - name: d
          image: x:1
          securityContext: *container
",
    );
    assert!(left.is_empty(), "{left:?}\n{text}");
    assert_eq!(text.matches("RuntimeDefault").count(), 1, "{text}");
    assert_eq!(text.matches("NET_BIND_SERVICE").count(), 1, "{text}");
    assert!(
        text.contains("*container") && text.contains("*pod"),
        "{text}"
    );
}

#[test]
fn a_step_at_an_object_without_findings_says_where_it_is() {
    let pod = |name: &str| {
        format!(
            "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop}}
spec: {{serviceAccountName: web, containers: [{{name: c, image: \"x:1\"}}]}}
"
        )
    };
    let file = format!(
        "# accounts
apiVersion: v1
kind: ServiceAccount
metadata: {{name: web, namespace: shop}}
{}{}",
        pod("a"),
        pod("b")
    );
    let goal = GOAL.replace(
        "baseline: pss/restricted@1.36",
        "controls: [token-automount]",
    );
    let (_, result) = judge_by(&file, &goal);
    for plan in [&result.plan, &result.goals[0].plan] {
        let [step] = &*plan.steps else {
            panic!("{:?}", plan.steps)
        };
        assert_eq!(step.cause, "ServiceAccount shop/web");
        let at = step.location.as_ref().expect("the account was read");
        assert_eq!((&*at.file, at.line), ("app.yaml", 2));
    }
}

#[test]
fn a_fix_does_not_undo_what_is_accepted() {
    let pod = |annotation: &str| {
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: a, namespace: shop{annotation}}}
spec:
  containers:
    - name: c
      image: x:1
      securityContext: {{privileged: true}}
"
        )
    };
    let controls = "controls: [pss-privileged, pss-allow-privilege-escalation]";
    let goal = GOAL.replace("baseline: pss/restricted@1.36", controls);
    let exception = "---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureException
metadata: {name: agent}
spec: {owner: us, reason: it must, expires: 2027-01-31, assets: {namespaces: [shop]}, controls: [pss-privileged]}
";
    let waived = ", annotations: {ignore-check.kube-linter.io/privileged-container: it must}";
    let check = |annotation: &str, goal: &str, expect: bool| {
        let (estate, result) = judge_by(&pod(annotation), goal);
        let changes = apply(&estate.inventory, &result.findings, &result.plan);
        let text = changes.files.first().map_or("", |file| &file.after);
        assert_eq!(text.contains("privileged: false"), expect, "{text}");
        let by_hand = result
            .plan
            .steps
            .iter()
            .flat_map(|step| &step.decisions)
            .any(|decision| decision.contains("clears pss-privileged, which is accepted here"));
        assert_eq!(by_hand, !expect, "{:?}", result.plan);
    };
    check("", &goal, true);
    check("", &format!("{goal}{exception}"), false);
    check(waived, &goal, false);
    // A goal that nothing waives wants both.
    let mandatory = goal.replace(
        "  owner: us\n  assets",
        "  owner: us\n  mandatory: true\n  assets",
    );
    assert!(mandatory.contains("mandatory"));
    check("", &format!("{mandatory}{exception}"), true);
}
