//! Versions of whole clusters.

use plimsoll_model::Severity;
use proptest::prelude::*;

use super::{VersionPart, VersionState, Versions, versions};
use crate::{
    Seen, Settings,
    testing::{CLUSTER, inventory, now},
};

fn judged(yaml: &str, server: Option<&str>) -> Versions {
    let inventory = inventory(yaml);
    let seen = Seen::of(&inventory, server);
    versions(&seen, &Settings::new("prod".into(), now()))
}

/// A node whose `nodeInfo` this is.
fn node(info: &str) -> String {
    format!("apiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{nodeInfo: {{{info}}}}}\n")
}

fn found(versions: &Versions) -> Vec<(&str, &str, Severity)> {
    versions
        .findings
        .iter()
        .map(|f| (f.rule.id, f.asset.object.name.as_ref(), f.severity))
        .collect()
}

#[test]
fn what_is_past_its_end_is_found_and_what_ends_soon_is_found_less_severe() {
    let all = judged(CLUSTER, Some("v1.35.2"));
    assert_eq!(
        found(&all),
        [
            ("kernel-end-of-life", "bare", Severity::High),
            ("kubernetes-end-of-life", "mute", Severity::High),
            ("node-os-end-of-life", "mute", Severity::High),
            ("runtime-end-of-life", "mute", Severity::High),
            ("kubelet-skew", "bare", Severity::Medium),
            ("kubelet-skew", "good", Severity::Medium),
        ]
    );
    // 75 days before the end of 1.35.
    let later = "2026-12-15T00:00:00Z".parse().expect("a timestamp");
    let inventory = inventory("");
    let seen = Seen::of(&inventory, Some("v1.35.2"));
    let soon = versions(&seen, &Settings::new("prod".into(), later));
    assert_eq!(
        found(&soon),
        [("kubernetes-end-of-life", "prod", Severity::Low)]
    );
}

#[test]
fn what_the_table_does_not_know_is_unknown_and_never_supported() {
    let all = judged(CLUSTER, Some("v1.99.0"));
    let of = |name: &str, part: VersionPart| {
        let found = all
            .versions
            .iter()
            .find(|v| &*v.asset.object.name == name && v.part == part);
        found.map(|v| v.state.clone()).expect("a version")
    };
    for (name, part) in [
        ("prod", VersionPart::Kubernetes),
        ("bare", VersionPart::Runtime),
        ("bare", VersionPart::Os),
    ] {
        assert!(
            matches!(of(name, part), VersionState::Unknown(_)),
            "{name} {part:?}"
        );
    }
    // The kernel of a distribution has the distribution's end.
    assert_eq!(
        of("mute", VersionPart::Kernel).until(),
        of("mute", VersionPart::Os).until()
    );
    assert!(of("mute", VersionPart::Kernel).until().is_some());
    let open: Vec<_> = all
        .unevaluated
        .iter()
        .map(|gap| (gap.asset.as_str(), gap.control.unwrap_or_default()))
        .collect();
    for gap in [
        ("cluster/prod", "kubernetes-end-of-life"),
        ("cluster/prod/node/bare", "runtime-end-of-life"),
        ("cluster/prod/node/bare", "node-os-end-of-life"),
    ] {
        assert!(open.contains(&gap), "{gap:?}: {open:?}");
    }
}

#[test]
fn a_kubelet_may_be_three_minor_versions_older_and_never_newer() {
    let check = |kubelet: &str, server: &str, expect: bool| {
        let all = judged(&node(&format!("kubeletVersion: {kubelet}")), Some(server));
        let skew = found(&all).iter().any(|f| f.0 == "kubelet-skew");
        assert_eq!(skew, expect, "{kubelet} {server}");
    };
    check("v1.36.0", "v1.36.4", false);
    check("v1.33.0", "v1.36.4", false);
    check("v1.32.9", "v1.36.4", true);
    check("v1.37.0", "v1.36.4", true);
    // Patches are free.
    check("v1.36.9", "v1.36.0", false);
    // Before 1.28 it was two.
    check("v1.25.0", "v1.27.0", false);
    check("v1.24.0", "v1.27.0", true);
    check("v2.0.0", "v1.36.0", true);
}

#[test]
fn a_node_that_says_nothing_is_unknown_in_everything() {
    let all = judged(&node(""), None);
    assert!(all.findings.is_empty());
    let mut controls: Vec<_> = all.unevaluated.iter().filter_map(|g| g.control).collect();
    controls.sort_unstable();
    controls.dedup();
    assert_eq!(
        controls,
        [
            "kernel-end-of-life",
            "kubelet-skew",
            "kubernetes-end-of-life",
            "node-os-end-of-life",
            "runtime-end-of-life",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Texts of nodes are foreign: any are judged, none are believed to be
    /// supported without a date.
    #[test]
    fn any_text_is_judged(text in "\\PC{0,60}|v?[0-9.+-]{0,20}|(containerd|docker)://\\PC{0,20}|(ubuntu|sles|windows server) \\PC{0,20}") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let info = format!("kubeletVersion: {quoted}, containerRuntimeVersion: {quoted}, osImage: {quoted}, kernelVersion: {quoted}");
        let limits = plimsoll_manifest::Limits::default();
        let source = plimsoll_manifest::Source::new("a.yaml", node(&info).into_bytes(), &limits);
        let Ok(source) = source else { return Ok(()) };
        if !plimsoll_manifest::load(&source, &limits).errors.is_empty() {
            return Ok(());
        }
        let all = judged(&node(&info), Some(&text));
        for version in &all.versions {
            if let VersionState::Unknown(why) = &version.state {
                prop_assert!(!why.is_empty());
            }
        }
    }
}
