//! Which image runs, and whether it is the one that was looked at.

use plimsoll_inventory::view::pod::Container;
use plimsoll_model::{Rule, Severity};

use super::words::{IMAGES, attack, nist, nsa};
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

/// An image's name taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ImageName<'a> {
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    fn parse(image: &'a str) -> Self {
        let (name, digest) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (image, None),
        };
        // A colon before the last slash is a registry's port.
        let last = name.rsplit('/').next().unwrap_or(name);
        let tag = last
            .split_once(':')
            .map(|(_, tag)| tag)
            .filter(|tag| !tag.is_empty());
        ImageName { tag, digest }
    }

    /// Whether the name is one that is moved from build to build.
    fn is_mutable(self) -> bool {
        self.digest.is_none() && self.tag.is_none_or(is_moving)
    }
}

/// Whether publishers move this tag by convention, in whatever case.
fn is_moving(tag: &str) -> bool {
    const MOVING: [&str; 18] = [
        "canary",
        "current",
        "dev",
        "develop",
        "edge",
        "experimental",
        "head",
        "latest",
        "lts",
        "main",
        "master",
        "nightly",
        "prod",
        "production",
        "rolling",
        "stable",
        "staging",
        "unstable",
    ];
    let tag = tag.to_ascii_lowercase();
    MOVING.contains(&&*tag) || tag.starts_with("latest-") || tag.ends_with("-latest")
}

/// The image, unless something fills it in later: a template's placeholder,
/// or `auto`, which a mesh's injector replaces.
fn written_image<'a>(container: &Container<'a>, sink: &mut Sink) -> Option<&'a str> {
    let image = container.image()?;
    if image.contains(['$', '{', '}', '<', '>']) {
        sink.cannot_judge(
            container.at("image"),
            "the image is a placeholder that something else fills in",
        );
        return None;
    }
    (image != "auto").then_some(image)
}

/// Images have a tag that stays where it is.
pub static TAG_MUTABLE: Control = Control::pod(
    &Rule {
        id: "image-tag-mutable",
        title: "Images have a tag that does not move",
        severity: Severity::Medium,
        category: "images",
        why: "`latest`, no tag and names such as `stable` point at whatever was pushed last. Two replicas can run different programs, a restart can bring a new one nobody has looked at, and a rollback brings back the name, not the program.",
        remediation: "Name a released version, best together with its digest: `registry.example.com/shop/web:1.4.2@sha256:...`.",
        test: "kubectl get pods -A -o json | jq -r '.items[].spec.containers[].image' | grep -v @ | grep -E '(:latest|/[^:]+)$'",
        references: &[IMAGES],
        mappings: &[
            nsa("Building secure container images"),
            attack("T1525"),
            nist("4.2.2"),
        ],
        aliases: &[
            "kube-linter:latest-tag",
            "polaris:tagNotSpecified",
            "trivy:KSV-0013",
        ],
    },
    tag_mutable,
);

fn tag_mutable(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        let Some(image) = written_image(container, sink) else {
            continue;
        };
        let name = ImageName::parse(image);
        if !name.is_mutable() {
            continue;
        }
        let message = match name.tag {
            None => format!(
                "the image `{image}` has no tag, which means latest: what runs changes whenever a new one is pushed"
            ),
            Some(tag) => format!(
                "the image `{image}` has the tag `{tag}`, which moves: what runs changes whenever a new one is pushed"
            ),
        };
        sink.report(
            Violation::of(container, "image", message)
                .observed(container.get("image"))
                .remedy(Remedy::manual(
                    "Name a released version of the image",
                    "Which version: the one that runs now is in the pod's status.containerStatuses[].imageID.",
                )),
        );
    }
}

/// Images are named by digest.
pub static NOT_PINNED: Control = Control::pod(
    &Rule {
        id: "image-not-pinned",
        title: "Images are pinned by digest",
        severity: Severity::Low,
        category: "images",
        why: "A tag can be pushed again, by its owner or by whoever got the registry's password; a digest names exactly the bytes that were scanned and approved, wherever they are pulled from.",
        remediation: "Add the digest to the image: `name:tag@sha256:...`. Let a bot (Renovate, Dependabot) update it.",
        test: "kubectl get pods -A -o json | jq -r '.items[].spec.containers[].image' | grep -v @sha256:",
        references: &[IMAGES],
        mappings: &[
            nsa("Building secure container images"),
            attack("T1525"),
            nist("4.1.5"),
        ],
        aliases: &["kubescape:C-0306"],
    },
    not_pinned,
);

fn not_pinned(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        let Some(image) = written_image(container, sink) else {
            continue;
        };
        if ImageName::parse(image).digest.is_some() {
            continue;
        }
        sink.report(
            Violation::of(container, "image", "the image is named without a digest: its tag can come to mean other bytes")
                .observed(container.get("image"))
                .remedy(Remedy::manual(
                    "Add the image's digest",
                    "The digest of the image you tested: `crane digest IMAGE` or `docker buildx imagetools inspect IMAGE` says it.",
                )),
        );
    }
}

/// Images whose tag moves are pulled at every start.
pub static PULL_POLICY: Control = Control::pod(
    &Rule {
        id: "image-pull-policy",
        title: "Images with a moving tag are pulled at every start",
        severity: Severity::Low,
        category: "images",
        why: "A node that has some image of that name starts it without asking the registry: replicas on different nodes run different programs, and a fix that was pushed under the same tag never arrives where the old one lies.",
        remediation: "Pin the image to a version, or set imagePullPolicy to Always.",
        test: "kubectl get pods -A -o json | jq -r '.items[].spec.containers[] | select(.imagePullPolicy != \"Always\") | .image' | grep -E ':latest$'",
        references: &[IMAGES],
        mappings: &[nist("4.2.2")],
        aliases: &["kubescape:C-0075", "polaris:pullPolicyNotAlways"],
    },
    pull_policy,
);

fn pull_policy(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "imagePullPolicy";
    for container in pod.containers() {
        let Some(image) = written_image(container, sink) else {
            continue;
        };
        let name = ImageName::parse(image);
        if !name.is_mutable() {
            continue;
        }
        let policy = container.get(FIELD).and_then(|policy| policy.as_str());
        let message = match policy {
            Some("Always") => continue,
            Some("Never") => {
                "the image's tag moves, and the node never asks for a newer one: it runs whatever lies there"
            }
            Some(_) => {
                "the image's tag moves, and a node that has some image of that name does not ask for a newer one"
            }
            // Kubernetes sets Always for `latest` and for no tag, and for no other.
            None if name.tag.is_none_or(|tag| tag == "latest") => continue,
            None => {
                "the image's tag moves, and without a pull policy a node that has some image of that name does not ask for a newer one"
            }
        };
        let path: Path = container.at(FIELD);
        sink.report(
            Violation::of(container, FIELD, message)
                .observed(container.get(FIELD))
                .remedy(Remedy::new("Ask the registry at every start").set(path, "Always").decision(
                    "Pods no longer start while the registry can't be reached, and an image that was only loaded onto the node is not found.",
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let check = |image: &str, tag: Option<&str>, pinned: bool, mutable: bool| {
            let name = ImageName::parse(image);
            let found = (name.tag, name.digest.is_some(), name.is_mutable());
            assert_eq!(found, (tag, pinned, mutable), "{image}");
        };
        check("nginx", None, false, true);
        check("nginx:", None, false, true);
        check("nginx:latest", Some("latest"), false, true);
        check("nginx:Latest", Some("Latest"), false, true);
        check("nginx:latest-alpine", Some("latest-alpine"), false, true);
        check("nginx:1.29", Some("1.29"), false, false);
        check("nginx:1.29-latestish", Some("1.29-latestish"), false, false);
        check("nginx:stable", Some("stable"), false, true);
        check(
            "nginx:stable-20261101",
            Some("stable-20261101"),
            false,
            false,
        );
        check("r.example.com:5000/a/b", None, false, true);
        check("r.example.com:5000/a/b:1.2", Some("1.2"), false, false);
        check("nginx:latest@sha256:00", Some("latest"), true, false);
        check("nginx@sha256:00", None, true, false);
    }
}
