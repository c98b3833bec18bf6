use plimsoll_model::Digest;
use proptest::prelude::*;

use super::*;
use crate::advice::{Manager, Step, Upgrade};

/// Advice to go from one base to another, and to upgrade a package.
fn advice(base: Option<(&str, &str)>, digest: bool, upgrade: bool) -> Advice {
    Advice {
        total: 3,
        base: base.map(|(from, to)| BaseAdvice {
            from: from.to_owned(),
            to: to.to_owned(),
            digest: digest.then_some(Digest([7; 32])),
            clears: vec!["CVE-2023-1".to_owned()],
            of: 2,
            ..BaseAdvice::default()
        }),
        upgrades: if upgrade {
            vec![Upgrade {
                kind: "apk".to_owned(),
                name: "openssl".to_owned(),
                steps: vec![Step {
                    name: "libssl3".to_owned(),
                    from: "3.1.0-r0".to_owned(),
                    to: "3.1.4-r1".to_owned(),
                }],
                ..Upgrade::default()
            }]
        } else {
            Vec::new()
        },
        manager: Some(Manager::Apk),
        ..Advice::default()
    }
}

/// What stands between a text and its edited form: lines taken out and put in.
fn changes(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut out = Vec::new();
    let mut at = 0;
    for (number, line) in new.iter().enumerate() {
        if old.get(at) == Some(line) {
            at += 1;
        } else {
            out.push(format!("+{line}"));
            // A changed line takes the place of one; a new one does not.
            let rest = new.get(number + 1..).unwrap_or_default();
            if old.len() - at > rest.len() {
                out.push(format!("-{}", old[at]));
                at += 1;
            }
        }
    }
    out
}

fn bumped(text: &str, from: &str, to: &str, digest: bool) -> Edited {
    edit(
        text,
        &advice(Some((from, to)), digest, false),
        &Options::default(),
    )
    .expect(text)
}

#[test]
fn the_base_is_changed_where_it_is_written() {
    let check = |text: &str, from: &str, to: &str, expect: &[&str]| {
        let edited = bumped(text, from, to, false);
        assert_eq!(edited.left, [""; 0], "{text}");
        assert_eq!(changes(text, &edited.text), expect, "{text}");
        assert_eq!(edited.done.len(), 1);
    };
    let (old, new) = ("alpine:3.18", "alpine:3.19");
    check(
        "FROM alpine:3.18\n",
        old,
        new,
        &["+FROM alpine:3.19", "-FROM alpine:3.18"],
    );
    check(
        "# x\nfrom --platform=$BUILDPLATFORM docker.io/library/alpine:3.18 as run\nRUN x\n",
        old,
        new,
        &[
            "+from --platform=$BUILDPLATFORM docker.io/library/alpine:3.19 as run",
            "-from --platform=$BUILDPLATFORM docker.io/library/alpine:3.18 as run",
        ],
    );
    check(
        "FROM golang:1.21 AS build\nRUN go build\nFROM alpine:3.18\nCOPY --from=build /a /a\n",
        old,
        new,
        &["+FROM alpine:3.19", "-FROM alpine:3.18"],
    );
    check(
        "FROM alpine:3.18 AS base\nRUN x\nFROM base AS test\nRUN t\nFROM base\nCMD a\n",
        old,
        new,
        &["+FROM alpine:3.19 AS base", "-FROM alpine:3.18 AS base"],
    );
    check(
        "ARG TAG=3.18\nFROM alpine:${TAG}\n",
        old,
        new,
        &["+ARG TAG=3.19", "-ARG TAG=3.18"],
    );
    check(
        "ARG TAG=\"3.18\"\nFROM alpine:$TAG\n",
        old,
        new,
        &["+ARG TAG=\"3.19\"", "-ARG TAG=\"3.18\""],
    );
    check(
        "ARG BASE=alpine:3.18\nFROM ${BASE:-x}\n",
        old,
        new,
        &["+ARG BASE=alpine:3.19", "-ARG BASE=alpine:3.18"],
    );
    check(
        "ARG HUB=docker.io/library\nFROM ${HUB}/alpine:3.18\n",
        old,
        new,
        &["+FROM ${HUB}/alpine:3.19", "-FROM ${HUB}/alpine:3.18"],
    );
    check(
        "# escape=`\nFROM `\n  alpine:3.18\nRUN x\n",
        old,
        new,
        &["+  alpine:3.19", "-  alpine:3.18"],
    );
    check(
        "FROM debian:11\n",
        "debian:11",
        "registry.example.com/base/debian:12",
        &[
            "+FROM registry.example.com/base/debian:12",
            "-FROM debian:11",
        ],
    );
}

#[test]
fn a_digest_is_renewed_and_never_dropped() {
    let old = "FROM alpine:3.18@sha256:0000000000000000000000000000000000000000000000000000000000000000\n";
    let edited = bumped(old, "alpine:3.18", "alpine:3.19", true);
    let digest = Digest([7; 32]);
    assert_eq!(edited.text, format!("FROM alpine:3.19@{digest}\n"));
    let edited = bumped(old, "alpine:3.18", "alpine:3.19", false);
    assert_eq!(edited.text, old);
    assert_eq!(
        edited.left,
        ["line 1: it is pinned by digest, and the digest of alpine:3.19 is not known"]
    );
}

#[test]
fn what_is_not_certain_is_left_alone_with_the_reason() {
    let check = |text: &str, expect: &str| {
        let edited = bumped(text, "alpine:3.18", "alpine:3.19", false);
        assert_eq!(edited.text, text);
        assert_eq!(edited.left, [expect], "{text}");
    };
    check("FROM scratch\n", "line 1: the image is built from scratch");
    check("FROM alpine:3.19\n", "line 1: it is alpine:3.19 already");
    check(
        "FROM debian:12\n",
        "line 1: the image was built on alpine:3.18, and this says debian:12",
    );
    check(
        "ARG TAG\nFROM alpine:${TAG}\n",
        "line 2: `alpine:${TAG}` has a variable without a default here",
    );
    check(
        "ARG A=3 B=18\nFROM alpine:$A.$B\n",
        "line 2: `alpine:$A.$B` is put together from variables; write alpine:3.19 there",
    );
}

fn upgraded(text: &str, options: &Options) -> Edited {
    edit(text, &advice(None, false, true), options).expect(text)
}

const RUN: &str = "+RUN apk add --no-cache --upgrade 'libssl3>=3.1.4-r1'";

#[test]
fn an_upgrade_goes_behind_the_last_step_that_runs_as_root() {
    let check = |text: &str, expect: &str| {
        let edited = upgraded(text, &Options::default());
        assert_eq!(edited.left, [""; 0], "{text}");
        let line = RUN.trim_start_matches('+');
        assert_eq!(edited.text, expect.replace("+++", line), "{text}");
    };
    check("FROM alpine", "FROM alpine\n+++\n");
    check(
        "FROM alpine\nRUN apk add curl \\\n  # why\n  git\nUSER app\nRUN x\nCMD [\"a\"]\n",
        "FROM alpine\nRUN apk add curl \\\n  # why\n  git\n+++\nUSER app\nRUN x\nCMD [\"a\"]\n",
    );
    check(
        "FROM alpine\nRUN <<EOF\nUSER nobody\nEOF\nCMD a\n",
        "FROM alpine\nRUN <<EOF\nUSER nobody\nEOF\n+++\nCMD a\n",
    );
    check(
        "FROM alpine\nONBUILD RUN x\nUSER app\nUSER root\nCOPY a b\n",
        "FROM alpine\nONBUILD RUN x\nUSER app\nUSER root\nCOPY a b\n+++\n",
    );
    check(
        "FROM alpine AS base\nUSER app\nFROM base\nCMD a\n",
        "FROM alpine AS base\nUSER app\nFROM base\nUSER root\n+++\nUSER app\nCMD a\n",
    );
    check(
        "FROM alpine\r\nCMD a\r\n",
        "FROM alpine\r\n+++\r\nCMD a\r\n",
    );
}

#[test]
fn an_upgrade_that_can_not_run_is_not_written() {
    let check = |text: &str, options: &Options, expect: &str| {
        let edited = upgraded(text, options);
        assert_eq!(edited.text, text);
        assert_eq!(edited.left, [expect], "{text}");
    };
    let plain = Options::default();
    check(
        "FROM scratch\nCOPY a /\n",
        &plain,
        "line 1: an image built from scratch has no packages to upgrade",
    );
    check(
        "FROM alpine\nRUN x \\\n",
        &plain,
        "line 2: the file ends in the middle of it",
    );
    check(
        "FROM alpine\nRUN cat <<EOF\nx\n",
        &plain,
        "line 2: the file ends in the middle of it",
    );
    let there = format!("FROM alpine\n{}\n", RUN.trim_start_matches('+'));
    check(&there, &plain, "line 2: the upgrade is there already");
    let nobody = Options {
        base_user: Some("nobody".to_owned()),
        ..Options::default()
    };
    let edited = upgraded("FROM alpine\nCMD a\n", &nobody);
    assert_eq!(
        changes("FROM alpine\nCMD a\n", &edited.text),
        ["+USER root", RUN, "+USER nobody"]
    );
    let mut none = advice(None, false, true);
    none.manager = None;
    let edited = edit("FROM alpine\n", &none, &plain).expect("a Dockerfile");
    assert_eq!(
        edited.left,
        ["the image has no package manager: take a base image with the upgrades"]
    );
}

#[test]
fn the_stage_that_is_built_can_be_named() {
    let text = "FROM alpine:3.18 AS one\nCMD a\nFROM debian:12 AS two\nCMD b\n";
    let at = |target: &str| {
        let options = Options {
            target: Some(target.to_owned()),
            ..Options::default()
        };
        edit(
            text,
            &advice(Some(("alpine:3.18", "alpine:3.19")), false, true),
            &options,
        )
    };
    for target in ["one", "ONE", "0"] {
        let edited = at(target).expect("a stage");
        let run = RUN.trim_start_matches('+');
        assert_eq!(
            edited.text,
            format!("FROM alpine:3.19 AS one\n{run}\nCMD a\nFROM debian:12 AS two\nCMD b\n")
        );
    }
    assert_eq!(
        at("three"),
        Err(DockerfileError::NoTarget("three".to_owned()))
    );
    assert_eq!(at("7"), Err(DockerfileError::NoTarget("7".to_owned())));
    let edited = edit("# nothing\n", &Advice::default(), &Options::default());
    assert_eq!(edited, Err(DockerfileError::NoStage));
}

fn line() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "FROM alpine:3.18",
        "FROM alpine:3.18 AS a",
        "FROM a",
        "FROM a AS b",
        "FROM scratch",
        "FROM alpine:${T}",
        "FROM $B",
        "ARG T=3.18",
        "ARG B=alpine:3.18",
        "ARG",
        "FROM",
        "RUN x",
        "RUN x \\",
        "RUN <<E",
        "E",
        "USER app",
        "USER root",
        "USER",
        "# c",
        "",
        "COPY a b",
        "ONBUILD RUN y",
        "\u{e9}",
        "# escape=`",
        "RUN z `",
        "FROM --platform=x alpine:3.18",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_edit_keeps_every_other_line_and_a_second_one_changes_nothing(
        lines in proptest::collection::vec(line(), 0..10),
        windows in any::<bool>(),
        upgrade in any::<bool>(),
    ) {
        let text = lines.join(if windows { "\r\n" } else { "\n" });
        let advice = advice(Some(("alpine:3.18", "alpine:3.19")), false, upgrade);
        let Ok(edited) = edit(&text, &advice, &Options::default()) else { return Ok(()) };
        let again = edit(&edited.text, &advice, &Options::default()).expect("still one");
        prop_assert_eq!(&again.text, &edited.text, "{:?}", again.done);
        prop_assert_eq!(edited.done.is_empty(), edited.text == text);
        let before = Dockerfile::parse(&text).expect("one").stages.len();
        let after = Dockerfile::parse(&edited.text).expect("one").stages.len();
        prop_assert_eq!(before, after);
        for line in edited.text.lines() {
            let own = lines.iter().any(|own| own == line.trim_end_matches('\r'));
            let new = line.contains("3.19") || line.starts_with("RUN apk") || line.starts_with("USER ");
            prop_assert!(own || new, "{line}");
        }
    }

    #[test]
    fn any_text_is_taken_apart_without_harm(text in "(FROM a\n)?[A-Z<$\\{}:=\"'\\\\#\n a-z`-]{0,80}") {
        let advice = advice(Some(("a", "b:1")), true, true);
        if let Ok(edited) = edit(&text, &advice, &Options::default()) {
            prop_assert!(edited.text.len() >= text.len().saturating_sub(80));
        }
    }
}
