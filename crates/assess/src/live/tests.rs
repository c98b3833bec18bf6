//! What a watched estate says against what a fresh look says.

mod components;
mod coverage;
mod edits;
mod gaps;
mod images;
mod pods;

use plimsoll_inventory::{Inventory, Settings};
use plimsoll_manifest::{Document, Limits, Source, load_one};
use plimsoll_model::{Timestamp, Verdict};

use super::{Change, CloseReason, Live, LiveOptions};
use crate::{Assessment, EstateOptions, InputFile, Line, Options, Purpose, assess, load, wire};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).expect("a time")
}

/// A document under a name that is its own.
pub(super) fn document(name: &str, text: &str) -> Document {
    let limits = Limits::default();
    let source = Source::new(name, text.as_bytes().to_vec(), &limits).expect("text");
    load_one(&source, &limits)
        .expect("yaml")
        .expect("an object")
}

pub(super) fn live() -> Live {
    Live::new(LiveOptions {
        cluster: "files".into(),
        now: at(0),
        history: Default::default(),
    })
}

pub(super) fn inventory() -> Inventory {
    Inventory::new(Settings {
        cluster: "files".into(),
        default_namespace: "default".into(),
        source: "files".into(),
        observed_at: at(0),
    })
}

pub(super) fn line(texts: &[&str]) -> Change {
    let documents: Vec<Document> = (0..)
        .zip(texts)
        .map(|(at, text): (usize, _)| document(&format!("line-{at}.yaml"), text))
        .collect();
    let (line, said) = Line::read(&documents);
    Change::Line(line, said)
}

/// The report without what differs by the way files are counted.
pub(super) fn json(assessment: &Assessment) -> String {
    let mut report = wire::check(assessment);
    report.coverage.files = 0;
    serde_json::to_string_pretty(&report).expect("JSON")
}

/// What `assess` says of these files, with the past of `live`.
pub(super) fn fresh(live: &Live, files: Vec<(String, String)>) -> String {
    let files = files.into_iter().map(|(name, text)| InputFile {
        name: name.into(),
        content: Ok(text.into_bytes()),
        purpose: Purpose::Estate,
    });
    let estate = load(
        files.collect(),
        &EstateOptions {
            cluster: "files".into(),
            default_namespace: "default".into(),
            now: live.now(),
            limits: Limits::default(),
            line_given: false,
        },
    );
    let history = live.history();
    let assessment = assess(
        &estate,
        &estate.line,
        Options {
            now: live.now(),
            history: Some(&history),
            starter_line: false,
        },
    );
    json(&assessment)
}

pub(super) const GOAL: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: hold}
spec:
  owner: shop
  assets: {all: true}
  require: [{configuration: {baseline: pss/restricted@1.36, max: 0}}]
";

fn pod(name: &str, safe: bool) -> String {
    let context = if safe {
        "{allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}"
    } else {
        "{privileged: true}"
    };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{containers: [{{name: a, image: a, securityContext: {context}}}]}}\n"
    )
}

#[test]
fn a_verdict_flips_with_its_reason_and_back() {
    let mut live = live();
    let set = |safe| Change::Set(document("shop/web", &pod("web", safe)));
    let first = live.apply([line(&[GOAL]), set(true)], at(0));
    assert_eq!(first.flips[0].to, Some(Verdict::Met));
    assert!(first.opened.is_empty());

    let bad = live.apply([set(false)], at(10));
    let [flip] = &*bad.flips else {
        panic!("{:?}", bad.flips)
    };
    assert_eq!(
        (flip.from, flip.to, flip.at),
        (Some(Verdict::Met), Some(Verdict::Breached), at(10))
    );
    let [moved] = &*flip.because.assets else {
        panic!("{:?}", flip.because)
    };
    assert_eq!(moved.asset.as_str(), "cluster/files/ns/shop/Pod/web");
    assert!(moved.because.contains("violations"), "{}", moved.because);
    assert!(moved.finding.is_some());
    assert!(!bad.opened.is_empty());

    assert_eq!(live.apply([set(false)], at(11)).evaluated, 0);

    let fixed = live.apply([set(true)], at(20));
    assert_eq!(fixed.flips[0].to, Some(Verdict::Met));
    assert_eq!(fixed.closed.len(), bad.opened.len());
    assert!(fixed.closed.iter().all(|c| c.reason == CloseReason::Fixed));
}

#[test]
fn what_goes_closes_as_gone_and_its_first_seen_survives() {
    let mut live = live();
    let set = || Change::Set(document("shop/web", &pod("web", false)));
    let first = live.apply([line(&[GOAL]), set()], at(0));
    let id = first.opened[0].asset.clone();
    let gone = live.apply([Change::Gone(id.clone())], at(60));
    assert_eq!(gone.closed.len(), first.opened.len());
    let reasons = gone.closed.iter().map(|closed| closed.reason);
    assert!(reasons.into_iter().all(|r| r == CloseReason::AssetGone));
    let record = &live.history().findings[&first.opened[0].id.to_string()];
    assert_eq!((record.first_seen, record.last_seen), (at(0), at(60)));

    let back = live.apply([set()], at(120));
    assert!(back.opened.iter().all(|told| told.first_seen == at(0)));
    assert_eq!(back.opened.len(), first.opened.len());
}

#[test]
fn what_the_past_knows_is_no_news_when_a_watch_begins_again() {
    let mut before = live();
    let changes = || {
        [
            line(&[GOAL]),
            Change::Set(document("shop/web", &pod("web", false))),
        ]
    };
    before.apply(changes(), at(0));
    let mut again = Live::new(LiveOptions {
        cluster: "files".into(),
        now: at(100),
        history: before.history(),
    });
    let first = again.apply(changes(), at(100));
    assert!(first.opened.is_empty(), "{:?}", first.opened);
    let record = again.history();
    let mut seen = record.findings.values().map(|record| record.first_seen);
    assert!(seen.all(|seen| seen == at(0)));
}

#[test]
fn a_watched_estate_says_what_a_fresh_look_says() {
    let mut live = live();
    live.apply(
        [
            line(&[GOAL]),
            Change::Set(document("shop/web", &pod("web", false))),
            Change::Set(document("shop/api", &pod("api", true))),
        ],
        at(0),
    );
    let files = vec![
        ("line-0.yaml".to_owned(), GOAL.to_owned()),
        ("shop/web".to_owned(), pod("web", false)),
        ("shop/api".to_owned(), pod("api", true)),
    ];
    let said = json(&live.assessment());
    assert_eq!(said, fresh(&live, files));
}

#[test]
fn an_image_is_forgotten_with_the_last_of_its_names() {
    let image = |names: &[&str]| crate::LookedInto {
        names: names.iter().map(|name| (*name).into()).collect(),
        outcome: Err(plimsoll_model::UnknownAsset {
            reason: "the registry does not answer".to_owned(),
            remedy: "try again".to_owned(),
        }),
        at: None,
    };
    let mut live = live();
    live.apply([Change::Images(vec![image(&["a:1", "a:latest"])])], at(0));
    let known = |live: &Live| live.assessment().links.map(|links| links.len());
    assert_eq!(known(&live), Some(2));
    assert!(
        live.apply([Change::Unnamed(vec!["a:1".into()])], at(1))
            .changed
    );
    assert_eq!(known(&live), Some(1));
    live.apply(
        [Change::Unnamed(vec!["a:latest".into(), "b".into()])],
        at(2),
    );
    assert_eq!(known(&live), None);
    assert!(
        !live
            .apply([Change::Unnamed(vec!["b".into()])], at(3))
            .changed
    );
}

/// The first lines that differ, with what stands around them.
pub(super) fn difference(one: &str, two: &str) -> String {
    let (one, two): (Vec<&str>, Vec<&str>) = (one.lines().collect(), two.lines().collect());
    let at = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    let around =
        |lines: &[&str]| lines[at.saturating_sub(12)..(at + 6).min(lines.len())].join("\n");
    format!("watched:\n{}\nfresh:\n{}", around(&one), around(&two))
}
