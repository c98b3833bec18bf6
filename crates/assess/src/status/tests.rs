use plimsoll_model::Timestamp;

use super::{kept::MOST_FINDINGS, *};
use crate::{Assessment, EstateOptions, InputFile, Options, Purpose, assess, load};

const GOAL: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: hold}
spec:
  owner: shop
  assets: {all: true}
  require: [{configuration: {baseline: pss/restricted@1.36, max: 0}}]
";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

/// What is known of these files as of `now`.
fn assessment(files: &[String], now: Timestamp) -> Assessment {
    let files = files.iter().map(String::as_str).chain([GOAL]);
    let files = (0..).zip(files).map(|(at, text): (usize, &str)| InputFile {
        name: format!("{at}.yaml").into(),
        content: Ok(text.as_bytes().to_vec()),
        purpose: Purpose::Estate,
    });
    let options = EstateOptions {
        cluster: "files".into(),
        default_namespace: "default".into(),
        now,
        limits: Default::default(),
        line_given: false,
    };
    let estate = load(files.collect(), &options);
    let options = Options {
        now,
        history: None,
        starter_line: false,
    };
    assess(&estate, &estate.line, options)
}

fn pod(name: &str) -> String {
    let capabilities: Vec<String> = (0..40).map(|n| format!("CAP_{n}_{name}")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {name}}}\nspec: {{containers: [{{name: {name}, image: a, securityContext: {{privileged: true, capabilities: {{add: [{}]}}}}}}]}}\n",
        capabilities.join(", ")
    )
}

fn first(before: Option<&Value>) -> About<'_> {
    About {
        generation: 3,
        before,
    }
}

fn status(assessment: &Assessment, before: Option<&Value>) -> Value {
    let statuses = Statuses::of(assessment);
    goal(&statuses.goals[0], statuses.now, first(before))
}

#[test]
fn a_status_is_at_most_16_kib_whatever_is_wrong() {
    // Names as long as the API takes them, and longer.
    for name in ["a".repeat(253), "ß".repeat(400), "𝕏".repeat(2_000)] {
        let pods: Vec<String> = (0..30).map(|n| pod(&format!("{name}{n}"))).collect();
        let status = status(&assessment(&pods, at(0)), None);
        let bytes = status.to_string().len();
        assert!(bytes <= MOST_BYTES, "{bytes}");
        let named = status["topFindings"].as_array().map_or(0, Vec::len);
        assert!(named <= MOST_FINDINGS, "{named}");
        assert_eq!(status["verdict"], "breached");
        assert_eq!(status["observedGeneration"], 3);
        assert_eq!(status["conditions"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_is_wrong_is_named_as_far_as_there_is_room() {
    let status = status(&assessment(&[pod("web"), pod("api")], at(0)), None);
    assert_eq!(
        status["topFindings"].as_array().unwrap().len(),
        MOST_FINDINGS
    );
    assert!(!status["fixPlan"].as_array().unwrap().is_empty());
    let because = status["because"].as_str().unwrap();
    assert!(
        because.starts_with("0 of 2 assets meet it, 2 violate it; cluster/files/ns/api/Pod/api"),
        "{because}"
    );
    assert_eq!(status["attainment"], "0%");
    assert_eq!(status["conditions"][1]["status"], "False");
    assert_eq!(status["conditions"][1]["reason"], "Breached");
}

#[test]
fn the_same_state_later_is_the_same_status() {
    let before = status(&assessment(&[pod("web")], at(0)), None);
    let later = assessment(&[pod("web")], at(90_000));
    assert_eq!(status(&later, Some(&before)), before);

    assert_eq!(before["flips"], 1);
    // Otherwise the times are those of the change.
    let met = status(&assessment(&[], at(90_000)), Some(&before));
    assert_eq!(met["verdict"], "unverified");
    assert_ne!(met["since"], before["since"]);
    assert_eq!(met["flips"], 2);
    // While it is wrong it has no verdict, and what was told stays known.
    let wrong = refused("it is wrong", at(90_001), first(Some(&met)));
    assert_eq!(
        status(&assessment(&[], at(90_002)), Some(&wrong))["flips"],
        3
    );
    let changed = |of: usize| met["conditions"][of]["lastTransitionTime"].clone();
    assert_eq!(changed(0), before["conditions"][0]["lastTransitionTime"]);
    assert_ne!(changed(1), before["conditions"][1]["lastTransitionTime"]);
}

#[test]
fn a_problem_is_cut_to_what_fits() {
    let refused = refused(&"x".repeat(100_000), at(0), first(None));
    assert!(refused.to_string().len() < 1_000);
    assert_eq!(refused["conditions"][0]["status"], "False");
}
