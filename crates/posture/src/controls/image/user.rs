//! As whom an image starts.

use plimsoll_model::{Rule, Severity, image::Image};

use super::words::{cis, has_config, nist};
use crate::{Control, ImageSink};

/// The image names a user that is not root.
pub const RUNS_AS_ROOT: Control = Control::image(
    &Rule {
        id: "image-runs-as-root",
        title: "The image names a user that is not root",
        severity: Severity::Medium,
        category: "images",
        why: "A program that runs as root in its container is root to the kernel: whoever breaks out of it, or finds a mounted folder of the host, acts as root there.",
        remediation: "Create a user in the Dockerfile and name it by number, so that runAsNonRoot can be checked: `USER 10001`.",
        test: "docker inspect --format '{{.Config.User}}' IMAGE",
        references: &["https://docs.docker.com/build/building/best-practices/#user"],
        mappings: &[cis("4.1"), nist("4.1.2")],
        aliases: &["trivy:DS002", "dockle:CIS-DI-0001", "hadolint:DL3002"],
    },
    check,
);

fn check(image: &Image, sink: &mut ImageSink) {
    if !has_config(image, sink) {
        return;
    }
    let user = image.config.user.trim();
    let name = user.split(':').next().unwrap_or_default();
    if name.is_empty() {
        sink.config(
            "User",
            "config.User",
            None,
            "names no user, and so starts as root",
        );
    } else if name == "root" || name.parse::<u64>() == Ok(0) {
        sink.config(
            "User",
            "config.User",
            Some(user),
            format!("starts as user {user}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::hits;

    #[test]
    fn root_is_nothing_the_name_or_the_number() {
        let check = |user: &str, expect: usize| {
            let mut image = Image::default();
            image.config.user = user.to_owned();
            assert_eq!(hits(&RUNS_AS_ROOT, &image).len(), expect, "`{user}`");
        };
        check("", 1);
        check("root", 1);
        check("0", 1);
        check("00:10", 1);
        check("root:root", 1);
        check("10001", 0);
        check("10001:0", 0);
        check("app", 0);
    }
}
