//! The clauses that ask what is in images.

use plimsoll_model::{
    Asset, AssetId, AssetKind, Date, ImageFacts, ImageLink, ObjectRef, ReleaseFacts,
};

use super::*;
use crate::testing::{at, place};

/// A workload that runs `web:1`, which is what `change` makes of it.
pub(super) fn estate(change: impl Fn(&mut ImageFacts)) -> Estate {
    let mut estate = Estate::default();
    estate.workload("shop/web").images = vec!["web:1".into()];
    let id = AssetId::image("docker.io/library/web", None);
    let mut image = ImageFacts {
        asset: id.clone(),
        observed: estate.assets[0].observed.clone(),
        created: Some(at("2026-11-01T00:00:00Z")),
        bytes: 10 << 20,
        user: "10001".to_owned(),
        release: Some(ReleaseFacts {
            name: "Debian 12".to_owned(),
            until: "2028-06-30".parse::<Date>().ok(),
        }),
        base: None,
        shells: Vec::new(),
        sbom: Ok(Some("a referrer".to_owned())),
        gaps: Vec::new(),
        advisories: Err("nothing was compared".to_owned()),
    };
    change(&mut image);
    estate.images = Some(BTreeMap::from([(
        "web:1".into(),
        ImageLink::Known(Arc::new(image)),
    )]));
    let mut asset = estate.assets[0].clone();
    asset.asset = Arc::new(Asset {
        id,
        kind: AssetKind::Image,
        object: ObjectRef {
            api_version: "".into(),
            kind: "Image".into(),
            namespace: None,
            name: "web:1".into(),
        },
    });
    asset.location = Some(place("web.tar"));
    estate.assets.push(asset);
    estate
}

pub(super) fn check(change: impl Fn(&mut ImageFacts), image: Value, expect: &str) {
    let drawn = clause(json!({"image": image}));
    assert_eq!(
        first(&verdict(&drawn, &estate(change), None, now())),
        expect,
        "{image}"
    );
}

#[test]
fn an_image_clause_is_judged_by_what_is_in_the_image() {
    let all = json!({
        "maxAge": "90d", "endOfLife": "forbid", "runsAsRoot": "forbid", "shell": "forbid",
        "maxSize": 10,
    });
    check(|_| {}, all, "satisfied");
    check(
        |image| image.created = Some(at("2026-01-01T00:00:00Z")),
        json!({"maxAge": "90d"}),
        "violated: image web:1 was built on 2026-01-01, longer than 90d ago",
    );
    check(
        |image| image.created = None,
        json!({"maxAge": "90d"}),
        "unknown: image web:1 does not say when it was built",
    );
    check(
        |image| image.release.as_mut().expect("one").until = "2026-11-24".parse().ok(),
        json!({"endOfLife": "forbid"}),
        "violated: image web:1 holds Debian 12, whose support ended on 2026-11-24",
    );
    check(
        |image| image.release.as_mut().expect("one").until = None,
        json!({"endOfLife": "forbid"}),
        "unknown: image web:1 holds Debian 12, whose end of support is not known",
    );
    check(
        |image| image.release = None,
        json!({"endOfLife": "forbid"}),
        "satisfied",
    );
    check(
        |image| image.user = "0:0".to_owned(),
        json!({"runsAsRoot": "forbid"}),
        "violated: image web:1 starts as user 0:0",
    );
    check(
        |image| image.shells = vec!["bin/sh".to_owned()],
        json!({"shell": "forbid"}),
        "violated: image web:1 holds a shell: bin/sh",
    );
    check(
        |image| image.gaps = vec!["layer 2 is cut short".to_owned()],
        json!({"shell": "forbid"}),
        "unknown: image web:1 may hold a shell: a part could not be read",
    );
    check(
        |image| image.bytes += 1,
        json!({"maxSize": 10}),
        "violated: image web:1 has 11 MiB, at most 10 allowed",
    );
}

#[test]
fn an_image_that_was_not_looked_into_is_unknown() {
    let mut estate = estate(|_| {});
    estate.images = None;
    for drawn in [
        json!({"image": {"shell": "forbid"}}),
        json!({"secrets": {"max": 0}}),
        json!({"supplyChain": {"sbom": true}}),
    ] {
        assert_eq!(
            first(&verdict(&clause(drawn), &estate, None, now())),
            "unknown: image web:1 was not looked into: give the folder or registry it is in with --images",
        );
    }
}

#[test]
fn what_names_no_image_is_unknown_where_something_runs_and_meets_it_where_nothing_does() {
    const NAMELESS: &str = "unknown: no container of it names an image: what runs is not known";
    let clauses = [
        json!({"image": {"shell": "forbid"}}),
        json!({"secrets": {"max": 0}}),
        json!({"vulnerabilities": {"max": 0}}),
    ];
    for drawn in clauses {
        let mut estate = estate(|_| {});
        estate.assets[0].images = Vec::new();
        let said = first(&verdict(&clause(drawn.clone()), &estate, None, now()));
        assert_eq!(said, NAMELESS, "{drawn}");
        // An account runs nothing: there is nothing to look into.
        let mut account = Estate::default();
        account.asset(AssetKind::Identity, "v1", "ServiceAccount", "web");
        let over = Drawn::goal(json!({
            "assets": {"match": {"kinds": ["ServiceAccount"]}}, "require": [drawn],
        }));
        let said = first(&verdict(&over, &account, None, now()));
        assert_eq!(said, "satisfied", "{drawn}");
    }
}

#[test]
fn nobody_looks_into_the_files_of_a_node() {
    let mut estate = Estate::default();
    estate.asset(AssetKind::Node, "v1", "Node", "n1");
    for drawn in [
        json!({"image": {"shell": "forbid"}}),
        json!({"secrets": {"max": 0}}),
    ] {
        let over = Drawn::goal(json!({
            "assets": {"match": {"kinds": ["Node"]}}, "require": [drawn],
        }));
        assert_eq!(
            first(&verdict(&over, &estate, None, now())),
            "unknown: node n1 is no image, and nobody looks into its files: draw the goal over workloads or images",
            "{drawn}"
        );
    }
}

#[test]
fn a_workload_answers_for_the_secrets_of_its_images() {
    use plimsoll_model::FindingKind;
    let drawn = clause(json!({"secrets": {"max": 0}}));
    let mut estate = estate(|_| {});
    assert_eq!(first(&verdict(&drawn, &estate, None, now())), "satisfied");
    estate.finding("/web:1", &LIMITS).kind = FindingKind::Secret;
    assert!(
        first(&verdict(&drawn, &estate, None, now()))
            .starts_with("violated: 1 secret, at most 0 allowed: limits"),
    );
    let lax = clause(json!({"secrets": {"severity": ">=critical"}}));
    assert_eq!(first(&verdict(&lax, &estate, None, now())), "satisfied");
}

#[test]
fn a_part_that_could_not_be_read_may_hold_a_secret() {
    let estate = estate(|image| image.gaps = vec!["layer 2 is cut short".to_owned()]);
    let drawn = clause(json!({"secrets": {}}));
    assert_eq!(
        first(&verdict(&drawn, &estate, None, now())),
        "unknown: 1 part of image web:1 could not be read: layer 2 is cut short"
    );
}
