//! Images that were scanned before are known as the bases of others.

use serde_json::Value;

use crate::{
    images::{Tar, config, saved, system},
    support::{NOW, Sandbox},
};

/// `base.tar`, `middle.tar` on it and `app.tar` on that.
fn images() -> Sandbox {
    let sandbox = Sandbox::empty();
    let layers = [
        system(&[("musl", "1.2.4-r2")]),
        system(&[("musl", "1.2.4-r2"), ("curl", "8.5.0-r0")]),
        Tar::default().file("app/web", "x").done(),
    ];
    for (name, tag, count) in [
        ("base.tar", "alpine:3.19", 1),
        ("middle.tar", "registry.example.com/base/web:1", 2),
        ("app.tar", "shop/web:1", 3),
    ] {
        let layers = &layers[..count];
        let bytes = saved(tag, &config("1", layers), layers);
        std::fs::write(sandbox.path().join(name), bytes).expect("writable");
    }
    sandbox
}

fn image(sandbox: &Sandbox, args: &[&str]) -> Value {
    let store = ["--store-dir", "store", "--cache-dir", "cache", "--now", NOW];
    sandbox
        .run(&[&["image"], args, &store].concat())
        .exits(0)
        .json()
}

fn scan(sandbox: &Sandbox, target: &str, more: &[&str]) {
    let args = ["scan", target, "--no-vulnerabilities", "-o", "json"];
    image(sandbox, &[&args, more].concat());
}

/// What the description of an image says of its base, and which packages are its.
fn base(sandbox: &Sandbox, target: &str, more: &[&str]) -> String {
    let image = image(sandbox, &[&["sbom", target, "-o", "json"], more].concat());
    let base = &image["base"];
    let packages = image["packages"].as_array().expect("a list");
    let of_base = packages.iter().filter(|p| p["fromBase"] == true).count();
    let told = packages
        .iter()
        .filter(|p| p["fromBase"].is_boolean())
        .count();
    if base.is_null() {
        assert_eq!(told, 0, "{image}");
        return "none".to_owned();
    }
    assert_eq!(told, packages.len(), "{image}");
    format!(
        "{} of {} layers with {of_base} of {told} packages, by {}",
        base["name"], base["layers"], base["evidence"]
    )
}

const BASE: &str = "\"alpine:3.19\" of 1 layers with 1 of 2 packages, \
                    by \"the layers of alpine:3.19, an archive scanned before\"";
const MIDDLE: &str = "\"registry.example.com/base/web:1\" of 2 layers with 2 of 2 packages, \
                      by \"the layers of registry.example.com/base/web:1, an archive scanned before\"";

#[test]
fn the_longest_chain_of_an_image_that_was_scanned_before_is_the_base() {
    let sandbox = images();
    assert_eq!(base(&sandbox, "app.tar", &[]), "none");
    scan(&sandbox, "base.tar", &["--no-store"]);
    assert_eq!(base(&sandbox, "app.tar", &[]), "none");
    scan(&sandbox, "app.tar", &[]);
    assert_eq!(
        base(&sandbox, "app.tar", &[]),
        "none",
        "it is none of its own"
    );
    // The description was kept before anything was known of its base.
    scan(&sandbox, "base.tar", &[]);
    assert_eq!(base(&sandbox, "app.tar", &[]), BASE);
    assert_eq!(base(&sandbox, "app.tar", &["--no-cache"]), BASE);
    scan(&sandbox, "middle.tar", &[]);
    assert_eq!(base(&sandbox, "app.tar", &[]), MIDDLE);
    assert_eq!(base(&sandbox, "middle.tar", &[]), BASE);
    assert_eq!(base(&sandbox, "base.tar", &[]), "none");
    assert_eq!(base(&sandbox, "app.tar", &["--no-known-bases"]), "none");
    // What the user names says so himself.
    let named = base(&sandbox, "app.tar", &["--base", "middle.tar"]);
    assert_eq!(named, MIDDLE.replace(", an archive scanned before", ""));
    let both = base(&sandbox, "app.tar", &["--base", "base.tar"]);
    assert_eq!(both, MIDDLE, "the longest of all");
}

#[test]
fn it_does_not_matter_which_image_was_scanned_first() {
    let order = |targets: &[&str]| {
        let sandbox = images();
        targets
            .iter()
            .for_each(|target| scan(&sandbox, target, &[]));
        image(&sandbox, &["sbom", "app.tar", "-o", "json"])
    };
    let one = order(&["base.tar", "middle.tar", "app.tar"]);
    assert_eq!(one["base"]["layers"], 2);
    assert_eq!(order(&["app.tar", "middle.tar", "base.tar"]), one);
    assert_eq!(order(&["middle.tar"]), one);
}

#[test]
fn what_was_scanned_before_changes_no_verdict() {
    let sandbox = images();
    sandbox.write(
        "pods/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n\
         spec: {containers: [{name: web, image: 'shop/web:1'}]}\n",
    );
    sandbox.write(
        "goal.yaml",
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: bases}\n\
         spec:\n  owner: platform\n  why: Bases are looked after.\n  assets: {all: true}\n  \
         require:\n  - image: {bases: ['docker.io/library/alpine']}\n",
    );
    let state = |more: &[&str]| {
        let args = [
            "check",
            "pods",
            "--goals",
            "goal.yaml",
            "--images",
            ".",
            "--no-vulnerabilities",
            "--cache-dir",
            "cache",
            "--now",
            NOW,
            "-o",
            "json",
        ];
        let report = sandbox.run(&[&args, more].concat()).json();
        let assets = report["goals"][0]["assets"].as_array().expect("a list");
        let states = assets.iter().map(|asset| asset["state"].clone());
        states.collect::<Vec<Value>>()
    };
    let before = state(&[]);
    assert!(before.iter().any(|state| state == "unknown"), "{before:?}");
    scan(&sandbox, "base.tar", &[]);
    assert_eq!(state(&[]), before);
    assert_ne!(state(&["--base", "base.tar"]), before);
}
