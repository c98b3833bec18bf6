use plimsoll_manifest::{Limits, Source, load};

use super::*;

/// A line of these documents, of a file of this name.
fn line(file: &str, text: &str) -> Line {
    let limits = Limits::default();
    let source = Source::new(file, text.as_bytes().to_vec(), &limits).expect("text");
    let loaded = load(&source, &limits);
    let (line, said) = Line::read(&loaded.documents);
    assert!(said.is_empty(), "{said:?}");
    line
}

fn goal(name: &str, max: u32, more: &str) -> String {
    format!(
        "---\napiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: {name}}}\n\
         spec:\n  owner: platform\n  assets: {{all: true}}\n{more}  require:\n  \
         - configuration: {{controls: [pss-privileged], max: {max}}}\n"
    )
}

fn check(git: &str, cluster: &str, expect: &[&str]) {
    let owner = Owner::new(line("git/line.yaml", git));
    let drift = owner.drift(&line("cluster", cluster));
    let said: Vec<String> = drift
        .iter()
        .map(|drift| {
            let what = match &drift.change {
                DriftChange::Edited(edit) => edit.to_string(),
                DriftChange::Missing => "missing".to_owned(),
                DriftChange::Unowned => "unowned".to_owned(),
            };
            format!("{} {}: {what}", drift.kind, drift.name)
        })
        .collect();
    assert_eq!(said, expect);
}

#[test]
fn what_is_otherwise_is_named_by_its_field() {
    let git = goal("a", 0, "");
    check(&git, &git, &[]);
    // Another order, another way to write it, and the default written out.
    let same = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\n\
                metadata: {name: a, labels: {tool: x}}\nspec:\n  require:\n  \
                - configuration: {max: 0, controls: [\"pss-privileged\"]}\n  assets:\n    \
                all: true\n  owner: 'platform'\n";
    check(&git, same, &[]);
    check(
        &git,
        &goal("a", 7, ""),
        &["PostureGoal a: spec.require[0].configuration.max is 7, not 0"],
    );
    check(
        &git,
        &goal("a", 0, "  window: 7d\n"),
        &["PostureGoal a: spec.window is \"7d\", not left out"],
    );
    check(&git, "", &["PostureGoal a: missing"]);
    check(
        &git,
        &format!("{git}{}", goal("b", 0, "")),
        &["PostureGoal b: unowned"],
    );
}

#[test]
fn a_baseline_is_known_by_its_name_and_version() {
    let baseline = |version: &str, control: &str| {
        format!(
            "---\napiVersion: plimsoll.dev/v1alpha1\nkind: Baseline\nmetadata: {{name: own}}\n\
             spec: {{version: \"{version}\", include: [{{control: {control}}}]}}\n"
        )
    };
    let git = baseline("1", "pss-privileged");
    check(
        &git,
        &baseline("2", "pss-privileged"),
        &["Baseline own@1: missing", "Baseline own@2: unowned"],
    );
    check(
        &git,
        &baseline("1", "pss-host-ports"),
        &["Baseline own@1: spec.include[0].control is \"pss-host-ports\", not \"pss-privileged\""],
    );
    assert!(
        Owner::new(line("git", &git))
            .written("Baseline", "own")
            .is_some()
    );
}

#[test]
fn what_is_owned_is_in_force_and_the_rest_of_the_cluster_with_it() {
    let owner = Owner::new(line("git", &goal("a", 0, "")));
    let cluster = line(
        "cluster",
        &format!("{}{}", goal("a", 9, ""), goal("b", 9, "")),
    );
    let over = owner.over(&cluster);
    let places: Vec<_> = over
        .goals
        .iter()
        .map(|(goal, at)| (goal.metadata.name.as_str(), &*at.file))
        .collect();
    assert_eq!(places, [("a", "git"), ("b", "cluster")]);
}

#[test]
fn an_edit_of_many_fields_is_cut_and_its_fields_are_counted() {
    let labels = |value: &str| -> String {
        let labels: Vec<String> = (0..20).map(|n| format!("l{n}: {value}")).collect();
        format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: a}}\nspec:\n  \
             owner: platform\n  assets: {{match: {{labels: {{{}}}}}}}\n  require:\n  \
             - configuration: {{controls: [pss-privileged], max: 0}}\n",
            labels.join(", ")
        )
    };
    let owner = Owner::new(line("git", &labels("one")));
    let drift = owner.drift(&line("cluster", &labels("two")));
    let DriftChange::Edited(edit) = &drift[0].change else {
        panic!("{drift:?}");
    };
    assert_eq!((edit.fields.len(), edit.count), (MOST_FIELDS, 20));
    assert!(edit.to_string().ends_with(", and 12 more"), "{edit}");
}

proptest::proptest! {
    /// Whatever is in the two, a resource is either the same in both or drift,
    /// and what is in force is what the owner says.
    #[test]
    fn nothing_is_lost(git in proptest::collection::btree_map("[a-e]", 0u32..3, 0..5),
                       cluster in proptest::collection::btree_map("[a-e]", 0u32..3, 0..5)) {
        let text = |goals: &BTreeMap<String, u32>| -> String {
            goals.iter().map(|(name, max)| goal(name, *max, "")).collect()
        };
        let owner = Owner::new(line("git", &text(&git)));
        let there = line("cluster", &text(&cluster));
        let drift = owner.drift(&there);
        for name in git.keys().chain(cluster.keys()) {
            let differs = git.get(name) != cluster.get(name);
            proptest::prop_assert_eq!(differs, drift.iter().any(|drift| drift.name == *name));
        }
        let over = owner.over(&there);
        let expect: std::collections::BTreeSet<&String> = git.keys().chain(cluster.keys()).collect();
        proptest::prop_assert_eq!(over.goals.len(), expect.len());
        let says = Owner::new(over);
        proptest::prop_assert!(owner.drift(says.line()).iter().all(|drift| drift.change == DriftChange::Unowned));
    }
}
