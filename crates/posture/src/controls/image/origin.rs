//! What an image says of where it comes from.

use plimsoll_model::{
    Rule, Severity,
    image::{Image, ImageForm},
};

use super::words::{PRACTICES, cis, has_config, nist};
use crate::{Control, ImageSink};

const SOURCE: &str = "org.opencontainers.image.source";
const REVISION: &str = "org.opencontainers.image.revision";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
const ANNOTATIONS: &str = "https://github.com/opencontainers/image-spec/blob/main/annotations.md";

/// A label, or the annotation of the same name.
fn said<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    image
        .annotations
        .get(name)
        .or_else(|| image.config.labels.get(name))
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
}

/// The image says what it was built from.
pub const NO_SOURCE: Control = Control::image(
    &Rule {
        id: "image-no-source",
        title: "The image says what it was built from",
        severity: Severity::Low,
        category: "images",
        why: "Without the repository and the commit, nobody knows whom to tell of a vulnerability in the image, and nobody can build it again.",
        remediation: "Set the labels `org.opencontainers.image.source` and `org.opencontainers.image.revision` in the build.",
        test: "docker inspect --format '{{.Config.Labels}}' IMAGE",
        references: &[ANNOTATIONS],
        mappings: &[nist("4.1.5")],
        aliases: &[],
    },
    |image, sink| {
        if !has_config(image, sink) {
            return;
        }
        for (name, what) in [(SOURCE, "repository"), (REVISION, "commit")] {
            if said(image, name).is_none() {
                sink.config(
                    format!("label {name}"),
                    "config.Labels",
                    None,
                    format!("does not say which {what} it was built from"),
                );
            }
        }
    },
);

/// The base image is pinned.
pub const BASE_NOT_PINNED: Control = Control::image(
    &Rule {
        id: "image-base-not-pinned",
        title: "The base image is named by a version",
        severity: Severity::Low,
        category: "images",
        why: "`latest`, or no tag at all, is another image tomorrow: the next build brings what nobody looked at, and this one can't be built again.",
        remediation: "Name the base image by a version and a digest, `FROM debian:12.11@sha256:...`, and let a bot raise them.",
        test: "the FROM of the Dockerfile",
        references: &[
            "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        ],
        mappings: &[cis("4.2"), nist("4.1.5")],
        aliases: &[
            "trivy:DS001",
            "dockle:DKL-DI-0006",
            "hadolint:DL3006",
            "hadolint:DL3007",
        ],
    },
    |image, sink| {
        let Some(base) = said(image, BASE_NAME) else {
            return;
        };
        let name = base.rsplit('/').next().unwrap_or_default();
        let is_digest = name.contains('@');
        let tag = name.split_once(':').map(|(_, tag)| tag);
        if !is_digest && matches!(tag, None | Some("latest" | "")) && name != "scratch" {
            let message = match said(image, BASE_DIGEST) {
                Some(_) => {
                    "was built on an image that its name does not pin; the digest it was then is told"
                }
                None => "was built on an image that its name does not pin",
            };
            sink.config(
                "base image",
                format!("annotations.{BASE_NAME}"),
                Some(base),
                message,
            );
        }
    },
);

/// An SBOM comes with the image.
pub const NO_SBOM: Control = Control::image(
    &Rule {
        id: "image-no-sbom",
        title: "An SBOM comes with the image",
        severity: Severity::Low,
        category: "images",
        why: "What was built knows its parts best while it is built: an SBOM names what can't be found in the image afterwards, such as libraries linked into a program.",
        remediation: "Let the build make one and attach it: `docker buildx build --sbom=true`.",
        test: "docker buildx imagetools inspect IMAGE --format '{{json .SBOM}}'",
        references: &["https://docs.docker.com/build/metadata/attestations/sbom/"],
        mappings: &[nist("4.1.5")],
        aliases: &[],
    },
    |image, sink| {
        let is_image = !matches!(
            image.form,
            ImageForm::Sbom | ImageForm::Source | ImageForm::RootFs
        );
        if is_image && image.sboms.is_empty() {
            sink.config("SBOM", "referrers", None, "comes without an SBOM");
        }
    },
);

/// The release of the operating system gets fixes.
pub const RELEASE_ENDED: Control = Control::image(
    &Rule {
        id: "image-release-ended",
        title: "The operating system's release gets fixes",
        severity: Severity::High,
        category: "images",
        why: "No advisories and no fixes come any more for a release whose support ended: that nothing is reported does not mean that nothing is wrong.",
        remediation: "Build on a release that is supported.",
        test: "docker run --rm --entrypoint cat IMAGE /etc/os-release",
        references: &["https://endoflife.date/", PRACTICES],
        mappings: &[cis("4.4"), nist("4.1.1")],
        aliases: &[],
    },
    ended,
);

fn ended(image: &Image, sink: &mut ImageSink) {
    let Some(release) = &image.release else {
        return;
    };
    let Some(support) = &release.support else {
        return;
    };
    // Dates of this form are in the order of their texts. The table's own
    // date is past for sure: what ended before it has ended.
    if support.until.is_empty() || support.until >= support.as_of {
        return;
    }
    let extended = match &support.extended_until {
        Some(until) if *until >= support.as_of => {
            format!("; extended support, to be asked for, ends on {until}")
        }
        _ => String::new(),
    };
    sink.config(
        format!("release {} {}", release.id, release.version),
        "release",
        Some(&release.name),
        format!(
            "is {}, whose support ended on {}{extended}",
            release.name, support.until
        ),
    );
}

#[cfg(test)]
mod tests {
    use plimsoll_model::image::{ImageRelease, Support};

    use super::*;
    use crate::image::testing::hits;

    #[test]
    fn sources_are_asked_for() {
        let mut image = Image::default();
        assert_eq!(hits(&NO_SOURCE, &image).len(), 2);
        for name in [SOURCE, REVISION] {
            image.annotations.insert(name.to_owned(), "x".to_owned());
        }
        assert_eq!(hits(&NO_SOURCE, &image), []);
    }

    #[test]
    fn bases_are_pinned() {
        let check = |base: &str, expect: usize| {
            let mut image = Image::default();
            image
                .config
                .labels
                .insert(BASE_NAME.to_owned(), base.to_owned());
            assert_eq!(hits(&BASE_NOT_PINNED, &image).len(), expect, "{base}");
        };
        check("docker.io/library/debian:latest", 1);
        check("registry.example.com:5000/debian", 1);
        check("docker.io/library/debian:12", 0);
        check("debian@sha256:ab", 0);
        check("debian:latest@sha256:ab", 0);
        check("scratch", 0);
        assert_eq!(hits(&BASE_NOT_PINNED, &Image::default()), []);
    }

    #[test]
    fn sboms_are_asked_for() {
        let mut image = Image::default();
        assert_eq!(hits(&NO_SBOM, &image).len(), 1);
        image.sboms.push("referrer sha256:ab".to_owned());
        assert_eq!(hits(&NO_SBOM, &image), []);
        image.sboms.clear();
        image.form = ImageForm::Sbom;
        assert_eq!(hits(&NO_SBOM, &image), []);
    }

    #[test]
    fn ended_releases_are_told_by_the_date_of_the_table() {
        let check = |until: &str, extended: Option<&str>, expect: Option<&str>| {
            let image = Image {
                release: Some(ImageRelease {
                    id: "debian".to_owned(),
                    version: "9".to_owned(),
                    name: "Debian 9".to_owned(),
                    support: Some(Support {
                        until: until.to_owned(),
                        extended_until: extended.map(str::to_owned),
                        as_of: "2026-08-22".to_owned(),
                        ..Support::default()
                    }),
                    ..ImageRelease::default()
                }),
                ..Image::default()
            };
            let hits = hits(&RELEASE_ENDED, &image);
            assert_eq!(hits.first().map(|hit| &*hit.1), expect, "{until}");
        };
        check(
            "2022-06-30",
            Some("2020-01-01"),
            Some("is Debian 9, whose support ended on 2022-06-30"),
        );
        check(
            "2022-06-30",
            Some("2027-06-30"),
            Some(
                "is Debian 9, whose support ended on 2022-06-30; extended support, to be asked for, ends on 2027-06-30",
            ),
        );
        check("2028-06-30", None, None);
        check("", None, None);
    }
}
