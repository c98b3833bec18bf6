use serde_json::json;

use super::*;
use crate::{
    lookup::Memory,
    read::{Format, read},
};

/// A record of the Go vulnerability database.
fn record(id: &str, summary: &str, module: &str, events: &[(&str, &str)]) -> String {
    let events: Vec<_> = events.iter().map(|(key, at)| json!({*key: at})).collect();
    json!({
        "schema_version": "1.3.1", "id": id, "modified": "2026-11-01T00:00:00Z",
        "published": "2026-11-01T00:00:00Z", "summary": summary, "details": summary,
        "affected": [{
            "package": {"name": module, "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": events}],
        }],
        "database_specific": {"url": "https://pkg.go.dev/vuln/x"},
    })
    .to_string()
}

fn database(records: &[String]) -> Memory {
    let file = format!("[{}]", records.join(","));
    let read = read(Format::Osv, "go.json", file.as_bytes());
    assert_eq!(read.skipped, []);
    assert_eq!(read.advisories.len(), records.len());
    read.advisories.into_iter().collect()
}

fn component(part: Part, text: &str, os: &str) -> Component {
    Component {
        part,
        text: text.to_owned(),
        os: os.to_owned(),
    }
}

const KUBERNETES: &str = "k8s.io/kubernetes";
const FIXED: [(&str, &str); 4] = [
    ("introduced", "0"),
    ("fixed", "1.29.7"),
    ("introduced", "1.30.0"),
    ("fixed", "1.30.3"),
];

#[test]
fn a_record_counts_for_the_program_that_its_words_name() {
    let db = database(&[
        record(
            "GO-1",
            "Bypass in kube-apiserver in k8s.io/kubernetes",
            KUBERNETES,
            &FIXED,
        ),
        record("GO-2", "Kubelet runs commands", KUBERNETES, &FIXED),
        record(
            "GO-3",
            "Insufficient input sanitization on Windows nodes",
            KUBERNETES,
            &FIXED,
        ),
        record("GO-4", "Symlink attack in kubectl cp", KUBERNETES, &FIXED),
        record(
            "GO-5",
            "Denial of service in Kubernetes",
            KUBERNETES,
            &FIXED,
        ),
    ]);
    let check = |part, os: &str, expect: &[&str]| {
        let compared = compare(&component(part, "v1.30.2", os), &db, &Options::default());
        let mut ids: Vec<&str> = compared.vulnerabilities.iter().map(|v| &*v.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, expect, "{part} {os}");
        // Nothing is lost: what is left out is named with why.
        assert_eq!(ids.len() + compared.elsewhere.len(), 5, "{part} {os}");
        assert_eq!(compared.unknown, [""; 0]);
    };
    check(Part::ApiServer, "", &["GO-1", "GO-5"]);
    check(Part::Kubelet, "linux", &["GO-2", "GO-5"]);
    check(Part::Kubelet, "windows", &["GO-2", "GO-3", "GO-5"]);
    // Where nobody says which system it is, it may be any.
    check(Part::Kubelet, "", &["GO-2", "GO-3", "GO-5"]);
    check(Part::Scheduler, "linux", &["GO-5"]);
    let compared = compare(
        &component(Part::Kubelet, "v1.30.2", "linux"),
        &db,
        &Options::default(),
    );
    let named = compared.vulnerabilities.iter().find(|v| v.id == "GO-5");
    let notes = &named.expect("there").notes;
    assert!(notes[0].contains("which program"), "{notes:?}");
}

#[test]
fn versions_are_compared_as_they_are_released() {
    let db = database(&[
        record("GO-1", "In Kubernetes", KUBERNETES, &FIXED),
        record(
            "GO-2",
            "In containerd",
            "github.com/containerd/containerd",
            &[("introduced", "0"), ("fixed", "1.7.27")],
        ),
        record(
            "GO-3",
            "In containerd",
            "github.com/containerd/containerd/v2",
            &[("introduced", "0"), ("fixed", "2.0.4")],
        ),
        record(
            "GO-4",
            "In etcd",
            "go.etcd.io/etcd/v3",
            &[("introduced", "0"), ("fixed", "3.5.9")],
        ),
        record(
            "GO-4",
            "In etcd",
            "go.etcd.io/etcd/server/v3",
            &[("introduced", "0"), ("fixed", "3.5.9")],
        ),
        record(
            "GO-5",
            "In CRI-O",
            "github.com/cri-o/cri-o",
            &[("introduced", "0"), ("fixed", "1.30.2")],
        ),
    ]);
    let check = |component: &Component, expect: &[&str]| {
        let compared = compare(component, &db, &Options::default());
        let ids: Vec<String> = compared
            .vulnerabilities
            .iter()
            .map(|v| format!("{} {}", v.id, v.fixed.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(ids, expect, "{component:?}");
        compared
    };
    let kubelet = |text: &str| component(Part::Kubelet, text, "linux");
    check(&kubelet("v1.30.2"), &["GO-1 1.30.3"]);
    check(&kubelet("v1.30.3"), &[]);
    check(&kubelet("v1.30.3-rc.1"), &["GO-1 1.30.3"]);
    check(&kubelet("v1.30.3+k3s1"), &[]);
    check(&kubelet("v1.30.3-eks-1a2b3c"), &[]);
    let vendor = check(&kubelet("v1.30.2-gke.1587003"), &["GO-1 1.30.3"]);
    let notes = vendor.vulnerabilities[0].notes.join("; ");
    assert!(notes.contains("`gke.1587003`"), "{notes}");
    let runtime = |text: &str| Component::of_runtime(text, "linux").expect("a runtime");
    check(&runtime("containerd://1.7.26"), &["GO-2 1.7.27"]);
    check(&runtime("containerd://1.7.27~ds1"), &[]);
    check(&runtime("containerd://2.0.1"), &["GO-3 2.0.4"]);
    check(&runtime("cri-o://1.30.1"), &["GO-5 1.30.2"]);
    let image = |name: &str| {
        let name = ImageName::parse(name).expect("a name");
        Component::of_image(&name)
    };
    check(
        &image("registry.k8s.io/etcd:3.5.6-0").expect("etcd"),
        &["GO-4 3.5.9"],
    );
    check(&image("registry.k8s.io/etcd:3.6.4-0").expect("etcd"), &[]);
    let proxy = image("registry.k8s.io/kube-proxy:v1.30.2").expect("kube-proxy");
    check(&proxy, &["GO-1 1.30.3"]);
    assert_eq!(image("nginx:1.27"), None);
    assert_eq!(
        image(
            "registry.k8s.io/etcd@sha256:0000000000000000000000000000000000000000000000000000000000000000"
        ),
        None
    );
}

#[test]
fn what_can_not_be_compared_is_unknown_and_never_clean() {
    let db = database(&[record("GO-1", "In Kubernetes", KUBERNETES, &FIXED)]);
    for text in [
        "",
        "v0.0.0-master+$Format:%H$",
        "latest",
        "v1.30",
        "v1..2",
        "1.99999999999.1",
    ] {
        let compared = compare(
            &component(Part::Kubelet, text, ""),
            &db,
            &Options::default(),
        );
        assert_eq!(compared.unknown.len(), 1, "{text}");
        assert!(compared.vulnerabilities.is_empty());
    }
    assert!(Component::of_runtime("containerd", "").is_err());
    let other = Component::of_runtime("frakti://1.0.0", "").expect_err("unknown");
    assert!(other.contains("frakti"), "{other}");
    // A database without the advisories of Go knows nothing of it.
    let none = compare(
        &component(Part::Kubelet, "v1.30.2", ""),
        &Memory::default(),
        &Options::default(),
    );
    assert_eq!(none.unknown.len(), 1, "{none:?}");
}
