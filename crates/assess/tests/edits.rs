//! Plans as edits of files: order of removals, shared places.

use plimsoll_assess::{EstateOptions, InputFile, Limits, Options, Purpose, apply, assess, load};
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

/// Applies the plan for [`GOAL`] and says what is left and what the file is.
fn mend(file: &str) -> (Vec<String>, String) {
    let now: Timestamp = "2026-11-25T00:00:00Z".parse().expect("a time");
    let options = EstateOptions {
        cluster: "files".into(),
        default_namespace: "default".into(),
        now,
        limits: Limits::default(),
        line_given: false,
    };
    let input = |text: &str| {
        [("app.yaml", text), ("goal.yaml", GOAL)]
            .map(|(name, text)| InputFile {
                name: name.into(),
                content: Ok(text.as_bytes().to_vec()),
                purpose: Purpose::Estate,
            })
            .to_vec()
    };
    let judge = |text: &str| {
        let estate = load(input(text), &options);
        assert_eq!(
            estate.coverage.failed, 0,
            "{:?}\n{text}",
            estate.coverage.gaps
        );
        let result = assess(
            &estate,
            &estate.line,
            Options {
                now,
                history: None,
                starter_line: false,
            },
        );
        (estate, result)
    };
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
