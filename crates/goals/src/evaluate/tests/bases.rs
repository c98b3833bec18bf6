//! The image that an image was built on.

use plimsoll_model::{BaseFacts, Digest, ImageFacts};

use super::{images::check, *};
use crate::testing::at;

fn on(name: &str, created: Option<&str>) -> impl Fn(&mut ImageFacts) {
    let base = BaseFacts {
        name: name.to_owned(),
        digest: None,
        created: created.map(at),
        evidence: format!("the layers of {name}"),
    };
    move |image| image.base = Some(base.clone())
}

#[test]
fn a_base_is_approved_by_its_name_with_or_without_tag_and_digest() {
    let debian = json!({"bases": ["docker.io/library/debian", "registry.example.com/base/*"]});
    check(on("debian:12", None), debian.clone(), "satisfied");
    check(
        on("registry.example.com/base/jre:21", None),
        debian.clone(),
        "satisfied",
    );
    check(
        on("alpine:3", None),
        debian.clone(),
        "violated: image web:1 is built on alpine:3, which is none of \
         docker.io/library/debian, registry.example.com/base/* (by the layers of alpine:3)",
    );
    check(
        on("${BASE}", None),
        debian.clone(),
        "unknown: image web:1 says it is built on `${BASE}`, which is no name of an image: \
         mend the annotation org.opencontainers.image.base.name",
    );
    check(
        |_| {},
        debian,
        "unknown: image web:1 does not tell what it is built on: build it with the annotation \
         org.opencontainers.image.base.name, or name the bases there are with --base",
    );
    let pinned = json!({"bases": ["*@sha256:0707*"]});
    let with = |digest: Digest, name: &'static str| {
        move |image: &mut ImageFacts| {
            on(name, None)(image);
            if let Some(base) = &mut image.base {
                base.digest = Some(digest);
            }
        }
    };
    check(
        with(Digest([7; 32]), "debian:12"),
        pinned.clone(),
        "satisfied",
    );
    check(
        with(Digest([7; 32]), ""),
        pinned,
        &format!(
            "unknown: image web:1 is built on {}, whose name is not known: name it with --base",
            Digest([7; 32])
        ),
    );
}

#[test]
fn the_age_of_a_base_counts_from_when_it_was_built() {
    let young = json!({"maxBaseAge": "60d"});
    check(
        on("debian:12", Some("2026-11-01T00:00:00Z")),
        young.clone(),
        "satisfied",
    );
    check(
        on("debian:12", Some("2026-01-01T00:00:00Z")),
        young.clone(),
        "violated: image web:1 is built on debian:12, which was built on 2026-01-01, \
         longer than 60d ago",
    );
    check(
        on("debian:12", Some("1970-01-01T00:00:00Z")),
        young.clone(),
        "unknown: image web:1 is built on debian:12, which says it was built in 1970, \
         as reproducible builds do",
    );
    check(
        on("debian:12", None),
        young,
        "unknown: image web:1 is built on debian:12, and when that was built is not known: \
         give it with --base",
    );
}
