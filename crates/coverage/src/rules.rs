//! The words of what this engine finds.

use plimsoll_model::{Mapping, Rule, Severity};

/// A rule about coverage.
const fn gap(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    remediation: &'static str,
) -> Rule {
    Rule {
        id,
        title,
        severity,
        category: "coverage",
        why,
        remediation,
        test: "Run `plimsoll cluster coverage` and look at the row of the asset.",
        references: &["https://csrc.nist.gov/pubs/sp/800/190/final"],
        mappings: &[],
        aliases: &[],
    }
}

/// A kind that permissions hide.
pub(crate) static KIND_HIDDEN: Rule = gap(
    "coverage/kind-hidden",
    "every kind that verdicts rest on can be read",
    Severity::Medium,
    "What can't be read is not judged: a policy, a role or a workload of this kind may break the line and nobody would know.",
    "Grant the permission that is named, from `plimsoll cluster rbac --print`.",
);
/// A source that stopped to speak.
pub(crate) static SILENT: Rule = gap(
    "coverage/source-silent",
    "every source of observations speaks",
    Severity::High,
    "A source that is silent looks like a cluster in which nothing happens. Verdicts that rest on it are of the past.",
    "Find out why the source is silent and start it again.",
);
/// An engine that someone relies on and that is not there.
pub(crate) static NOT_DEPLOYED: Rule = gap(
    "coverage/engine-missing",
    "every engine that is relied on is deployed",
    Severity::High,
    "Someone relies on observations that nobody makes.",
    "Deploy the engine, or stop to ask for it.",
);
/// A node without a heartbeat.
pub(crate) static NODE_SILENT: Rule = gap(
    "coverage/node-silent",
    "every node has a heartbeat",
    Severity::High,
    "A node that is not heard may still run its containers: nobody sees what they do, and what the API says of them is old.",
    "Look at the node and its kubelet; remove the node if it is gone for good.",
);
/// An image nobody looked into.
pub(crate) static IMAGE_NOT_SCANNED: Rule = gap(
    "coverage/image-not-scanned",
    "every image that runs is looked into",
    Severity::Medium,
    "What is in an image that nobody looked into is not known: it is not clean.",
    "Make the image readable to the scanner, or run one that is.",
);
/// An image that was looked into too long ago.
pub(crate) static IMAGE_SCAN_STALE: Rule = gap(
    "coverage/image-scan-stale",
    "images are looked into as often as is asked",
    Severity::Medium,
    "What was found by an older scanner, or with older advisories, leaves out what became known since.",
    "Scan the image again; look at the scan queue if it should have been.",
);
/// Advisories that are too old.
pub(crate) static ADVISORIES_STALE: Rule = gap(
    "coverage/advisories-stale",
    "advisories are as fresh as is asked",
    Severity::Medium,
    "Vulnerabilities published since are not found.",
    "Update the database: `plimsoll db update`.",
);
/// A namespace that someone excluded.
pub(crate) static EXCLUDED: Rule = gap(
    "coverage/namespace-excluded",
    "no namespace is excluded",
    Severity::Low,
    "What runs in an excluded namespace is neither judged nor counted. That can be right, and it has to be known.",
    "Take the namespace back in, or accept the gap with an exception that has an owner and an end.",
);
/// A node or workload that no engine supports.
pub(crate) static UNSUPPORTED: Rule = gap(
    "coverage/unsupported",
    "everything runs where it can be observed",
    Severity::Low,
    "No engine can see what happens inside. The isolation may be worth it, and it has to be known.",
    "Accept the gap with an exception, or move what runs there.",
);

/// A rule about versions.
const fn version(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    remediation: &'static str,
    references: &'static [&'static str],
    mappings: &'static [Mapping],
) -> Rule {
    Rule {
        id,
        title,
        severity,
        category: "lifecycle",
        why,
        remediation,
        test: "Run `kubectl version` and `kubectl get nodes -o wide` and compare with the publisher's dates.",
        references,
        mappings,
        aliases: &[],
    }
}

const PATCHES: &[Mapping] = &[Mapping {
    framework: "PCI DSS 4.0",
    requirement: "6.3.3",
}];

/// A Kubernetes minor without support.
pub static KUBERNETES_END: Rule = version(
    "kubernetes-end-of-life",
    "the Kubernetes minor version is supported",
    Severity::High,
    "A minor version past its end gets no fixes, not even for vulnerabilities that are exploited.",
    "Upgrade to a supported minor version, one at a time: control plane first, then nodes.",
    &["https://kubernetes.io/releases/patch-releases/"],
    PATCHES,
);
/// A kubelet that does not fit the API server.
pub static KUBELET_SKEW: Rule = version(
    "kubelet-skew",
    "kubelets are no newer than the API server and at most three minor versions older",
    Severity::Medium,
    "Outside this range nobody tests that a kubelet does what the API server asks of it: security fields may be ignored.",
    "Upgrade the node, or the control plane where the node is newer.",
    &["https://kubernetes.io/releases/version-skew-policy/"],
    &[],
);
/// A node's system without support.
pub static OS_END: Rule = version(
    "node-os-end-of-life",
    "the operating system of the node is supported",
    Severity::High,
    "The kernel and the libraries of a release past its end get no fixes: whoever leaves a container is on such a machine.",
    "Replace the node by one with a supported release.",
    &["https://endoflife.date/"],
    PATCHES,
);
/// A kernel without support.
pub static KERNEL_END: Rule = version(
    "kernel-end-of-life",
    "the kernel of the node is supported",
    Severity::High,
    "All containers of a node share its kernel; one past its end gets no fixes for ways out of a container.",
    "Move the node to a long-term line of the kernel that is supported.",
    &["https://www.kernel.org/category/releases.html"],
    PATCHES,
);
/// A container runtime without support.
pub static RUNTIME_END: Rule = version(
    "runtime-end-of-life",
    "the container runtime is supported",
    Severity::High,
    "The runtime makes the walls between containers; one past its end gets no fixes for holes in them.",
    "Upgrade the runtime of the node to a supported line.",
    &["https://containerd.io/releases/"],
    PATCHES,
);

/// All of them.
pub const RULES: [&Rule; 14] = [
    &ADVISORIES_STALE,
    &NOT_DEPLOYED,
    &IMAGE_NOT_SCANNED,
    &IMAGE_SCAN_STALE,
    &KIND_HIDDEN,
    &EXCLUDED,
    &NODE_SILENT,
    &SILENT,
    &UNSUPPORTED,
    &KERNEL_END,
    &KUBELET_SKEW,
    &KUBERNETES_END,
    &OS_END,
    &RUNTIME_END,
];
