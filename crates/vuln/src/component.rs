//! What a cluster runs on, by the versions it tells: Kubernetes, container runtimes, etcd, CoreDNS.
//!
//! Of most of them nobody sees the files; a node and an API server say which version they are. As
//! modules of Go they are in the advisories of that ecosystem, and are matched like any package. A
//! record about Kubernetes is about one of many programs: where its words name which, it counts for
//! those alone. What is no version that can be compared is unknown.

mod kernel;

use std::{collections::BTreeSet, fmt};

use plimsoll_model::{
    ImageName, Package, Vulnerability,
    image::{Image, ImagePackage, Platform},
};

pub use self::kernel::kernel;
use crate::{
    lookup::{FeedInfo, Lookup},
    matching::{self, Matched, Options},
};

/// Bytes of a version.
const MOST_VERSION: usize = 200;

/// A program of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// kubelet.
    Kubelet,
    /// kube-proxy.
    KubeProxy,
    /// kubectl, which runs where people are.
    Kubectl,
    /// etcd.
    Etcd,
    /// CoreDNS.
    CoreDns,
    /// containerd.
    Containerd,
    /// CRI-O.
    CriO,
    /// Docker Engine.
    Docker,
    /// runc.
    Runc,
}

impl Part {
    /// As it calls itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Part::ApiServer => "kube-apiserver",
            Part::ControllerManager => "kube-controller-manager",
            Part::Scheduler => "kube-scheduler",
            Part::Kubelet => "kubelet",
            Part::KubeProxy => "kube-proxy",
            Part::Kubectl => "kubectl",
            Part::Etcd => "etcd",
            Part::CoreDns => "CoreDNS",
            Part::Containerd => "containerd",
            Part::CriO => "CRI-O",
            Part::Docker => "Docker Engine",
            Part::Runc => "runc",
        }
    }

    /// The modules of Go that it is built from, at a major version.
    fn modules(self, major: u64) -> &'static [&'static str] {
        match self {
            Part::ApiServer
            | Part::ControllerManager
            | Part::Scheduler
            | Part::Kubelet
            | Part::KubeProxy
            | Part::Kubectl => &["k8s.io/kubernetes"],
            Part::Etcd => &[
                "go.etcd.io/etcd/server/v3",
                "go.etcd.io/etcd/v3",
                "go.etcd.io/etcd",
            ],
            Part::CoreDns => &["github.com/coredns/coredns"],
            Part::Containerd if major >= 2 => &["github.com/containerd/containerd/v2"],
            Part::Containerd => &["github.com/containerd/containerd"],
            Part::CriO => &["github.com/cri-o/cri-o"],
            Part::Docker => &["github.com/docker/docker"],
            Part::Runc => &["github.com/opencontainers/runc"],
        }
    }

    fn is_kubernetes(self) -> bool {
        self.modules(1) == ["k8s.io/kubernetes"]
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A program of a cluster, of a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Component {
    /// Which.
    pub part: Part,
    /// The version, as it says itself: `v1.36.2-eks-1a2b3c`.
    pub text: String,
    /// The operating system it runs on, as Go calls it; empty when that is not known.
    pub os: String,
}

impl Component {
    /// The runtime that a node names: `containerd://2.2.1`.
    ///
    /// # Errors
    /// It is none that the database can know, in words.
    pub fn of_runtime(text: &str, os: &str) -> Result<Self, String> {
        let shown = shown(text);
        let Some((name, version)) = text.split_once("://") else {
            return Err(format!("`{shown}` is no version of a container runtime"));
        };
        let part = match name {
            "containerd" => Part::Containerd,
            "cri-o" => Part::CriO,
            "docker" => Part::Docker,
            _ => return Err(format!("no advisories of the runtime `{shown}` are known")),
        };
        Ok(Component {
            part,
            text: version.to_owned(),
            os: os.to_owned(),
        })
    }

    /// The component that an image is, by its name: `registry.k8s.io/etcd:3.6.4-0`. None for
    /// images that are something else, or name no version.
    #[must_use]
    pub fn of_image(name: &ImageName) -> Option<Self> {
        let repository = name.repository();
        let part = match repository.rsplit('/').next()? {
            "kube-apiserver" => Part::ApiServer,
            "kube-controller-manager" => Part::ControllerManager,
            "kube-scheduler" => Part::Scheduler,
            "kube-proxy" => Part::KubeProxy,
            "etcd" => Part::Etcd,
            "coredns" => Part::CoreDns,
            _ => return None,
        };
        Some(Component {
            part,
            text: name.tag()?.to_owned(),
            os: String::new(),
        })
    }

    /// For a person: `kubelet v1.30.2`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.part, shown(&self.text))
    }
}

/// What is known of a component's vulnerabilities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Those it has, worst first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Those that its version has and that are in another program, or in a build for another
    /// operating system: id and why.
    pub elsewhere: Vec<(String, String)>,
    /// Why they may not be all.
    pub unknown: Vec<String>,
    /// The feeds that were asked.
    pub feeds: Vec<FeedInfo>,
}

/// A component as what it is built from: modules of Go.
///
/// # Errors
/// What it tells is no version that can be compared; in words.
pub fn image(component: &Component) -> Result<Image, String> {
    let Some(version) = Version::read(&component.text) else {
        return Err(format!(
            "`{}` is no version of {} that can be compared",
            shown(&component.text),
            component.part
        ));
    };
    Ok(Image {
        name: component.title(),
        platform: Platform {
            os: component.os.clone(),
            ..Platform::default()
        },
        packages: component
            .part
            .modules(version.major)
            .iter()
            .filter_map(|module| {
                let purl = format!("pkg:golang/{module}@v{}", version.number);
                Package::from_purl(&purl).ok()
            })
            .map(ImagePackage::of)
            .collect(),
        ..Image::default()
    })
}

/// Compares a component with a database.
#[must_use]
pub fn compare(component: &Component, db: &dyn Lookup, options: &Options) -> Compared {
    let mut compared = Compared::default();
    let image = match image(component) {
        Ok(image) => image,
        Err(why) => {
            compared.unknown.push(why);
            return compared;
        }
    };
    let vendor = Version::read(&component.text).and_then(|version| version.vendor);
    let Matched {
        vulnerabilities,
        unknown,
        feeds,
        ..
    } = matching::match_image(&image, db, options);
    compared.feeds = feeds;
    compared.unknown = unknown.into_iter().map(|gap| gap.why).collect();
    let mut seen = BTreeSet::new();
    for mut vulnerability in vulnerabilities {
        // Several modules of one program may be named for one vulnerability.
        if !seen.insert(vulnerability.id.clone()) {
            continue;
        }
        let about = About::of(&vulnerability.summary);
        if let Some(why) = about.not(component) {
            compared.elsewhere.push((vulnerability.id.clone(), why));
            continue;
        }
        if component.part.is_kubernetes() && about.parts.is_empty() {
            vulnerability
                .notes
                .push("the record does not say which program of Kubernetes has it".to_owned());
        }
        if let Some(vendor) = &vendor {
            vulnerability.notes.push(format!(
                "{} is a build of its own (`{vendor}`): it may have the fix without its version \
                 telling",
                component.title()
            ));
        }
        compared.vulnerabilities.push(vulnerability);
    }
    compared
}

/// What a record about Kubernetes is about, by its words.
struct About {
    parts: BTreeSet<Part>,
    windows: bool,
}

impl About {
    fn of(summary: &str) -> Self {
        let words = summary.to_lowercase();
        const NAMES: [(&str, Part); 9] = [
            ("apiserver", Part::ApiServer),
            ("api server", Part::ApiServer),
            ("kubelet", Part::Kubelet),
            ("kube-proxy", Part::KubeProxy),
            ("kube-controller-manager", Part::ControllerManager),
            ("controller manager", Part::ControllerManager),
            (" kcm ", Part::ControllerManager),
            ("kube-scheduler", Part::Scheduler),
            ("kubectl", Part::Kubectl),
        ];
        let mut parts: BTreeSet<Part> = NAMES
            .iter()
            .filter(|(name, _)| words.contains(name))
            .map(|(_, part)| *part)
            .collect();
        let windows = words.contains("windows");
        // What is about nodes of Windows is in what runs on them.
        if windows && parts.is_empty() {
            parts.extend([Part::Kubelet, Part::KubeProxy]);
        }
        About { parts, windows }
    }

    /// Why it is not about a component; none when it is, or may be.
    fn not(&self, component: &Component) -> Option<String> {
        if !component.part.is_kubernetes() {
            return None;
        }
        if !self.parts.is_empty() && !self.parts.contains(&component.part) {
            let names: Vec<&str> = self.parts.iter().map(|part| part.as_str()).collect();
            return Some(format!("it is in {}", names.join(" and ")));
        }
        if self.windows && component.os == "linux" {
            return Some("it is in builds for Windows".to_owned());
        }
        None
    }
}

/// A version as it is compared.
struct Version {
    major: u64,
    /// `1.36.2`, `1.36.0-rc.1`.
    number: String,
    /// What a vendor wrote behind it.
    vendor: Option<String>,
}

impl Version {
    /// Reads `v1.36.2-eks-1a2b3c`, `1.7.24~ds1`, `v1.30.4+k3s1`, `3.6.4-0`. None for what is no
    /// version, and for version 0: a build that nobody released.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MOST_VERSION {
            return None;
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let parts: Vec<&str> = number.split('.').collect();
        let [major, _, _] = parts.as_slice() else {
            return None;
        };
        let major: u64 = major.parse().ok()?;
        let numbers = parts.iter().all(|part| !part.is_empty() && part.len() < 10);
        if !numbers || major == 0 {
            return None;
        }
        let kind = rest.trim_start_matches(['-', '~', '.']);
        let is_before = ["alpha", "beta", "rc"]
            .iter()
            .any(|word| kind.starts_with(word));
        let number = if is_before {
            let end = kind.find('+').unwrap_or(kind.len());
            let (word, _) = kind.split_at(end);
            format!("{number}-{word}")
        } else {
            number.to_owned()
        };
        Some(Version {
            major,
            number,
            vendor: Some(kind.trim_start_matches('+'))
                .filter(|kind| !is_before && !kind.is_empty() && *kind != "0")
                .map(shown),
        })
    }
}

/// A text of somebody else, as it can be shown.
fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MOST_VERSION)
        .collect()
}

#[cfg(test)]
mod tests;
