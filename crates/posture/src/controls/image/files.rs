//! Files of an image that need not, or may not, be as they are.

use plimsoll_model::{Rule, Severity, image::Image};

use super::words::{NIST, PRACTICES, cis, has_files, marks, nist};
use crate::{Control, ImageSink};

/// Reports every file with this mark.
fn files(image: &Image, sink: &mut ImageSink, name: &str, message: impl Fn(&str) -> String) {
    if has_files(image, sink) {
        for mark in marks(image, name) {
            sink.file(&mark.path, mark.layer, message(&mark.detail));
        }
    }
}

/// No program runs as another user than the one who starts it.
pub const SETUID: Control = Control::image(
    &Rule {
        id: "image-setuid-files",
        title: "No program runs as another than who starts it",
        severity: Severity::Low,
        category: "images",
        why: "A program with the setuid or setgid bit runs as its owner or group, mostly root: a flaw in it makes anybody in the container root.",
        remediation: "Take the bits away, `RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +`, or build on an image without such programs. `allowPrivilegeEscalation: false` makes the bits void on Kubernetes.",
        test: "docker run --rm --entrypoint find IMAGE / -xdev -perm /6000 -type f",
        references: &[NIST],
        mappings: &[cis("4.8"), nist("4.1.2")],
        aliases: &["dockle:CIS-DI-0008"],
    },
    |image, sink| {
        files(image, sink, "setuid", |detail| {
            format!("has the setuid bit ({detail})")
        });
        if image.form != plimsoll_model::image::ImageForm::Sbom {
            files(image, sink, "setgid", |detail| {
                format!("has the setgid bit ({detail})")
            });
        }
    },
);

/// Folders that everybody may write by design, or that are not the image's.
const SHARED: &[&str] = &[
    "tmp", "var/tmp", "dev", "proc", "sys", "run/lock", "var/lock",
];

/// Nobody but their owners may write files.
pub const WORLD_WRITABLE: Control = Control::image(
    &Rule {
        id: "image-world-writable-files",
        title: "Not everybody may write the files of the image",
        severity: Severity::Medium,
        category: "images",
        why: "A file that everybody may write is changed by whoever has any foot in the container, and run or read by the others.",
        remediation: "Take the right away in the step that makes the file: `COPY --chmod=755`, `chmod o-w`.",
        test: "docker run --rm --entrypoint find IMAGE / -xdev -perm -0002 ! -type l ! -perm -1000",
        references: &[NIST],
        mappings: &[nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        if !has_files(image, sink) {
            return;
        }
        for mark in marks(image, "world-writable") {
            let is_shared = SHARED.iter().any(|folder| {
                mark.path == *folder
                    || mark
                        .path
                        .strip_prefix(folder)
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            if !is_shared {
                let message = format!("may be written by everybody ({})", mark.detail);
                sink.file(&mark.path, mark.layer, message);
            }
        }
    },
);

/// Files are as their packages installed them.
pub const CHANGED: Control = Control::image(
    &Rule {
        id: "image-changed-package-files",
        title: "Files are as their packages installed them",
        severity: Severity::Medium,
        category: "images",
        why: "A program that is not what its package installed was patched, replaced or tampered with: its package's version says nothing of what runs, and no update of the package is known to reach it.",
        remediation: "Install the package anew, or put what was changed elsewhere and remove the package.",
        test: "dpkg --verify, rpm -Va or apk audit in a container of the image",
        references: &[NIST],
        mappings: &[cis("4.11"), nist("4.1.3")],
        aliases: &[],
    },
    |image, sink| files(image, sink, "changed", |detail| format!("is {detail}")),
);

/// It is known what every program is.
pub const UNKNOWN_PROGRAMS: Control = Control::image(
    &Rule {
        id: "image-unknown-programs",
        title: "It is known of every program what it is",
        severity: Severity::Low,
        category: "images",
        why: "A program that belongs to no package, and in which none was found, has no known version: no advisory will ever name it.",
        remediation: "Install it from a package, build it with what tells its modules (Go's build information, `cargo auditable`), or put an SBOM beside it.",
        test: "plimsoll image scan IMAGE",
        references: &[NIST],
        mappings: &[cis("4.11"), nist("4.1.3")],
        aliases: &[],
    },
    |image, sink| {
        if !has_files(image, sink) {
            return;
        }
        for mark in marks(image, "unowned-program") {
            if mark.detail.starts_with("nothing") {
                sink.file(
                    &mark.path,
                    mark.layer,
                    "belongs to no package, and none was found in it",
                );
            }
        }
    },
);

/// No cache of a package manager is left.
pub const CACHES: Control = Control::image(
    &Rule {
        id: "image-package-cache",
        title: "No cache of a package manager is left in the image",
        severity: Severity::Low,
        category: "images",
        why: "What package managers fetched is of no use in a container: it makes the image larger, and lists what could be installed to whoever gets in.",
        remediation: "Delete it in the step that fetched it (`rm -rf /var/lib/apt/lists/*`, `apk add --no-cache`, `pip install --no-cache-dir`), or mount it: `RUN --mount=type=cache`.",
        test: "docker run --rm --entrypoint du IMAGE -sh /var/lib/apt/lists /var/cache",
        references: &[PRACTICES],
        mappings: &[cis("4.3")],
        aliases: &[
            "dockle:DKL-DI-0005",
            "hadolint:DL3009",
            "hadolint:DL3019",
            "hadolint:DL3042",
        ],
    },
    |image, sink| {
        files(image, sink, "package-manager-cache", |detail| {
            format!("is a package manager's cache: {detail}")
        });
    },
);

/// No history of a shell is left.
pub const HISTORY: Control = Control::image(
    &Rule {
        id: "image-shell-history",
        title: "No history of a shell is left in the image",
        severity: Severity::Low,
        category: "images",
        why: "A history tells how the image was made by hand, and often passwords that were typed.",
        remediation: "Build the image from a Dockerfile alone, and delete the history in the step that writes it.",
        test: "docker run --rm --entrypoint find IMAGE / -xdev -name '.*_history'",
        references: &[NIST],
        mappings: &[nist("4.1.4")],
        aliases: &[],
    },
    |image, sink| {
        files(image, sink, "shell-history", |detail| {
            format!("is the history of a shell: {detail}")
        });
    },
);

/// No user logs in without a password.
pub const EMPTY_PASSWORD: Control = Control::image(
    &Rule {
        id: "image-empty-password",
        title: "No user logs in without a password",
        severity: Severity::High,
        category: "images",
        why: "A user with an empty password is logged in to by whoever asks, by `su` from any foot in the container.",
        remediation: "Lock the user: `RUN passwd -l USER`, or build on an image that did.",
        test: "docker run --rm --entrypoint grep IMAGE -E '^[^:]+::' /etc/shadow",
        references: &[NIST],
        mappings: &[nist("4.1.2")],
        aliases: &["dockle:DKL-LI-0001"],
    },
    |image, sink| {
        if !has_files(image, sink) {
            return;
        }
        for mark in marks(image, "empty-password") {
            let message = format!("gives {} no password", mark.detail);
            sink.file(&mark.path, mark.layer, message);
        }
    },
);

#[cfg(test)]
mod tests {
    use plimsoll_model::image::{FileMark, ImageForm};

    use super::*;
    use crate::image::testing::hits;

    fn marked(name: &str, path: &str, detail: &str) -> Image {
        Image {
            marks: vec![FileMark {
                path: path.to_owned(),
                name: name.to_owned(),
                detail: detail.to_owned(),
                layer: 0,
            }],
            ..Image::default()
        }
    }

    #[test]
    fn files_are_told_by_their_marks() {
        let check = |control: &Control, name: &str, path: &str, detail: &str, expect: &str| {
            let mut image = marked(name, path, detail);
            let found = hits(control, &image);
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].0, format!("file /{path}"));
            assert_eq!(found[0].1, expect);
            image.marks[0].name = "other".to_owned();
            assert_eq!(hits(control, &image), [], "{name}");
        };
        let mode = "mode 4755, owner 0:0";
        check(
            &SETUID,
            "setuid",
            "bin/su",
            mode,
            "has the setuid bit (mode 4755, owner 0:0)",
        );
        check(&SETUID, "setgid", "bin/wall", "m", "has the setgid bit (m)");
        check(
            &WORLD_WRITABLE,
            "world-writable",
            "app/run.sh",
            "m",
            "may be written by everybody (m)",
        );
        check(
            &CHANGED,
            "changed",
            "bin/ls",
            "not as the package a installed it",
            "is not as the package a installed it",
        );
        check(
            &UNKNOWN_PROGRAMS,
            "unowned-program",
            "app/x",
            "nothing is known of what it holds",
            "belongs to no package, and none was found in it",
        );
        check(
            &CACHES,
            "package-manager-cache",
            "var/cache/apk",
            "2 files",
            "is a package manager's cache: 2 files",
        );
        check(
            &HISTORY,
            "shell-history",
            "root/.ash_history",
            "2 lines",
            "is the history of a shell: 2 lines",
        );
        check(
            &EMPTY_PASSWORD,
            "empty-password",
            "etc/shadow",
            "user root",
            "gives user root no password",
        );
    }

    #[test]
    fn folders_for_everybody_may_be_written_by_everybody() {
        for path in ["tmp/a", "var/tmp", "run/lock", "dev/null"] {
            assert_eq!(
                hits(&WORLD_WRITABLE, &marked("world-writable", path, "")),
                [],
                "{path}"
            );
        }
        let hit = hits(&WORLD_WRITABLE, &marked("world-writable", "tmpfiles/a", ""));
        assert_eq!(hit.len(), 1);
    }

    #[test]
    fn programs_in_which_a_package_was_found_are_known() {
        let image = marked("unowned-program", "app/x", "a package was found in it");
        assert_eq!(hits(&UNKNOWN_PROGRAMS, &image), []);
    }

    #[test]
    fn sources_have_no_files_of_an_image() {
        let mut image = marked("setuid", "bin/su", "");
        image.form = ImageForm::Source;
        assert_eq!(hits(&SETUID, &image), []);
    }
}
