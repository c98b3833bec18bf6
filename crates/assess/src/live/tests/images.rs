//! Images that come and go beside objects that name them.

use std::sync::Arc;

use plimsoll_model::{
    Package, Timestamp, UnknownAsset,
    image::{Image, ImageConfig, ImagePackage},
};
use plimsoll_vuln::{
    lookup::Memory,
    matching,
    read::{self, Format},
};
use proptest::prelude::*;

use super::{at, difference, document, json, line, live};
use crate::{
    Advisories, EstateOptions, InputFile, LookedInto, Options, Purpose, Statements, assess,
    live::{Change, CloseReason, Live},
    load,
};

const GOAL: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: images}
spec:
  owner: shop
  assets: {match: {kinds: [workload, image]}}
  require:
    - vulnerabilities: {severity: \">=medium\", max: 0, within: 1h}
    - configuration: {baseline: cis-docker/image@1, max: 0}
    - secrets: {max: 0}
";

const OTHER: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: fixable}
spec:
  owner: shop
  assets: {all: true}
  require: [{vulnerabilities: {fixable: true, max: 0}}, {coverage: {imageScan: 2h}}]
";

/// What feeds say of `lodash`: until `fixed` it has a flaw.
fn advisories(fixed: &str) -> Advisories {
    let record = format!(
        r#"{{"id":"GHSA-test","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"],"summary":"a flaw","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],"affected":[{{"package":{{"ecosystem":"npm","name":"lodash"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    );
    let records = read::read(Format::Osv, "test.json", record.as_bytes());
    let memory: Memory = records.advisories.into_iter().collect();
    Advisories {
        db: Arc::new(memory),
        options: matching::Options::default(),
        statements: Arc::new(Statements::default()),
    }
}

/// An image of an application in one of its forms.
fn image(app: usize, form: usize) -> Arc<Image> {
    let purl = format!("pkg:npm/lodash@4.17.{}", 19 + form % 3);
    let name = name_of(app);
    Arc::new(Image {
        tags: vec![name.clone()],
        name,
        digest: format!("sha256:{:064x}", app * 1000 + form).parse().ok(),
        config: ImageConfig {
            user: ["", "10001"][form % 2].to_owned(),
            ..ImageConfig::default()
        },
        packages: vec![ImagePackage::of(Package::from_purl(&purl).expect("a purl"))],
        ..Image::default()
    })
}

fn name_of(app: usize) -> String {
    format!("registry.example.com/app-{app}:1")
}

fn looked_into(app: usize, form: usize, names: &[usize], then: Timestamp) -> LookedInto {
    LookedInto {
        names: names.iter().map(|app| name_of(*app).into()).collect(),
        outcome: match form {
            0 => Err(UnknownAsset {
                reason: "the registry does not answer".to_owned(),
                remedy: "try again".to_owned(),
            }),
            form => Ok(image(app, form)),
        },
        at: Some(then),
    }
}

fn deployment(app: usize) -> String {
    let image = name_of(app);
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{app}, namespace: shop}}\n\
         spec: {{selector: {{matchLabels: {{app: a{app}}}}}, template: {{metadata: {{labels: {{app: a{app}}}}}, \
         spec: {{containers: [{{name: a, image: \"{image}\"}}]}}}}}}\n"
    )
}

/// What a fresh look says of these workloads and images.
fn fresh(
    live: &Live,
    goals: &[&str],
    apps: &[usize],
    images: &[LookedInto],
    advisories: Option<&Advisories>,
) -> String {
    let goals = (0..).zip(goals);
    let goals = goals.map(|(at, goal): (usize, _)| (format!("line-{at}.yaml"), (*goal).to_owned()));
    let apps = apps
        .iter()
        .map(|app| (format!("shop/app-{app}"), deployment(*app)));
    let files = apps.chain(goals).map(|(name, text)| InputFile {
        name: name.into(),
        content: Ok(text.into_bytes()),
        purpose: Purpose::Estate,
    });
    let mut estate = load(
        files.collect(),
        &EstateOptions {
            cluster: "files".into(),
            default_namespace: "default".into(),
            now: live.now(),
            limits: Default::default(),
            line_given: false,
        },
    );
    estate.images = images.to_vec();
    estate.images.sort_by(|a, b| a.names.cmp(&b.names));
    estate.advisories = advisories.cloned();
    let history = live.history();
    let options = Options {
        now: live.now(),
        history: Some(&history),
        starter_line: false,
    };
    json(&assess(&estate, &estate.line, options))
}

#[derive(Clone, Debug)]
enum Step {
    Image(usize, usize, Vec<usize>),
    Unnamed(usize),
    Advisories(Option<&'static str>),
    Line(usize),
    Workload(usize),
    Time(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let names = prop::sample::select(vec![vec![0], vec![1], vec![2], vec![0, 1], vec![1, 2]]);
    let fixed = prop::sample::select(vec![None, Some("4.17.20"), Some("4.17.21")]);
    prop_oneof![
        8 => (0..3usize, 0..5usize, names).prop_map(|(app, form, names)| Step::Image(app, form, names)),
        3 => (0..3usize).prop_map(Step::Unnamed),
        2 => fixed.prop_map(Step::Advisories),
        1 => (0..2usize).prop_map(Step::Line),
        2 => (0..3usize).prop_map(Step::Workload),
        2 => prop::sample::select(vec![1, 1800, 3600, -900, 86_400]).prop_map(Step::Time),
    ]
}

const LINES: [&[&str]; 2] = [&[GOAL, OTHER], &[OTHER]];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_images_come_and_go_it_says_what_a_fresh_look_says(
        batches in prop::collection::vec(prop::collection::vec(step(), 1..5), 1..10),
    ) {
        let mut live = live();
        let (mut now, mut drawn, mut apps) = (0, 0, vec![0]);
        let (mut images, mut known): (Vec<LookedInto>, Option<Advisories>) = (Vec::new(), None);
        let first = Change::Set(document("shop/app-0", &deployment(0)));
        live.apply([line(LINES[0]), first], at(0));
        for batch in batches {
            let mut changes = Vec::new();
            for step in batch {
                match step {
                    Step::Image(app, form, names) => {
                        let new = looked_into(app, form, &names, at(now));
                        images.retain(|old| !old.names.iter().any(|name| new.names.contains(name)));
                        images.push(new.clone());
                        changes.push(Change::Images(vec![new]));
                    }
                    Step::Unnamed(app) => {
                        let name: Arc<str> = name_of(app).into();
                        for image in &mut images {
                            image.names.retain(|of| *of != name);
                        }
                        images.retain(|image| !image.names.is_empty());
                        changes.push(Change::Unnamed(vec![name]));
                    }
                    Step::Advisories(fixed) => {
                        known = fixed.map(advisories);
                        changes.push(Change::Advisories(known.clone()));
                    }
                    Step::Line(which) => {
                        drawn = which;
                        changes.push(line(LINES[which]));
                    }
                    Step::Workload(app) => {
                        if !apps.contains(&app) {
                            apps.push(app);
                        }
                        changes.push(Change::Set(document(&format!("shop/app-{app}"), &deployment(app))));
                    }
                    Step::Time(seconds) => now += seconds,
                }
            }
            live.apply(changes, at(now));
            let said = json(&live.assessment());
            let expect = fresh(&live, LINES[drawn], &apps, &images, known.as_ref());
            prop_assert!(said == expect, "{}", difference(&said, &expect));
            let (standings, verdicts) = (live.standings(), live.assessment().goals);
            for (standing, verdict) in standings.iter().zip(&verdicts) {
                prop_assert!(plimsoll_goals::agrees(standing, verdict), "{:?}\n{:?}", standing.counts, verdict.counts);
            }
        }
    }
}

#[test]
fn of_five_hundred_images_the_one_that_is_scanned_is_judged_with_who_runs_it() {
    const IMAGES: usize = 500;
    let mut live = live();
    let workloads = (0..IMAGES).map(|app| {
        let name = format!("shop/app-{app}");
        Change::Set(document(&name, &deployment(app)))
    });
    let waiting = (0..IMAGES).map(|app| looked_into(app, 0, &[app], at(0)));
    let mut begin = vec![
        line(LINES[0]),
        Change::Advisories(Some(advisories("4.17.21"))),
        Change::Images(waiting.collect()),
    ];
    begin.extend(workloads);
    live.apply(begin, at(0));

    // All of them, one after the other: each is judged once, with the one
    // workload that runs it.
    let (mut images, mut judged) = (0, 0);
    for app in 0..IMAGES {
        let new = looked_into(app, 1, &[app], at(1));
        let transition = live.apply([Change::Images(vec![new])], at(1));
        images += transition.images;
        judged += transition.judged;
        assert_eq!(transition.evaluated, 0, "no object is looked at for it");
    }
    assert_eq!((images, judged), (IMAGES as u64, 2 * IMAGES as u64));

    // What nobody runs any more concerns its image and who ran it.
    let gone = live.apply([Change::Unnamed(vec![name_of(7).into()])], at(2));
    assert_eq!((gone.images, gone.judged), (1, 2));
    let reasons = gone.closed.iter().map(|closed| closed.reason);
    assert!(reasons.clone().count() > 0);
    assert!(reasons.into_iter().all(|r| r == CloseReason::AssetGone));
    // Other advisories concern all.
    let again = live.apply([Change::Advisories(Some(advisories("4.17.20")))], at(3));
    assert_eq!(again.images, IMAGES as u64 - 1);
}

#[test]
fn what_two_images_of_one_repository_share_is_closed_with_the_last_of_them() {
    let mut live = live();
    let two = |form| looked_into(0, form, &[form], at(0));
    live.apply(
        [
            line(LINES[0]),
            Change::Advisories(Some(advisories("4.17.21"))),
        ],
        at(0),
    );
    // Both have the user root and one flaw, and are of the repository `app-0`.
    let first = live.apply([Change::Images(vec![two(2), two(4)])], at(1));
    let told = |closed: &[crate::live::Closed]| closed.iter().map(|c| c.finding.id).collect();
    let one = live.apply([Change::Unnamed(vec![name_of(2).into()])], at(2));
    let gone: std::collections::BTreeSet<_> = told(&one.closed);
    let other = live.apply([Change::Unnamed(vec![name_of(4).into()])], at(3));
    let rest: std::collections::BTreeSet<_> = told(&other.closed);
    assert!(!rest.is_empty() && rest.is_disjoint(&gone));
    assert_eq!(first.opened.len(), gone.len() + rest.len());
}
