//! How an image was built, as its history tells.

use plimsoll_model::{Rule, Severity, image::Image};

use super::words::{NIST, PRACTICES, cis, has_config, nist};
use crate::{Control, ImageSink};

/// A step of the history.
struct Step<'a> {
    /// Its place: `history[3].created_by`.
    field: String,
    /// `ADD`, `RUN`.
    instruction: &'a str,
    /// What stands behind it.
    text: &'a str,
    /// Whether it is the first one that made something: the root of a base image.
    first: bool,
}

/// The steps of the history, as builders write them: `RUN /bin/sh -c a #
/// buildkit`, `/bin/sh -c a`, `/bin/sh -c #(nop)  ADD file:a in /`.
fn steps(image: &Image) -> impl Iterator<Item = Step<'_>> {
    let mut made = false;
    image
        .config
        .history
        .iter()
        .enumerate()
        .map(move |(at, step)| {
            let text = step.created_by.trim();
            let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
            let (instruction, text) = match text.split_once("#(nop)") {
                Some((_, rest)) => split(rest.trim()),
                None if is_instruction(split(text).0) => split(text),
                None => ("RUN", text),
            };
            let first = !made && !step.empty_layer;
            made |= first;
            Step {
                field: format!("history[{at}].created_by"),
                instruction,
                text,
                first,
            }
        })
}

fn split(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

fn is_instruction(word: &str) -> bool {
    const ALL: [&str; 16] = [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "LABEL",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ];
    ALL.contains(&word)
}

/// What a RUN step runs, command by command.
fn commands<'a>(step: &Step<'a>) -> Vec<&'a str> {
    if step.instruction != "RUN" {
        return Vec::new();
    }
    // `|2 A=b C=d /bin/sh -c ...`: arguments, then the shell.
    let text = step
        .text
        .split_once(" -c ")
        .map_or(step.text, |(_, text)| text);
    text.split(['\n', ';'])
        .flat_map(|part| part.split("&&"))
        .flat_map(|part| part.split("||"))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .take(2_000)
        .collect()
}

/// The words of a command without those that merely lead to it.
fn words(command: &str) -> Vec<&str> {
    command
        .split_whitespace()
        .skip_while(|word| {
            matches!(
                *word,
                "sudo" | "(" | "{" | "then" | "do" | "exec" | "command" | "!" | "set"
            ) || (word.contains('=') && !word.starts_with('-'))
        })
        .take(400)
        .collect()
}

/// A few words of a step, for a person.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(120).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Reports each command for which `judge` gives a subject and a message.
fn judge_commands(
    image: &Image,
    sink: &mut ImageSink,
    judge: impl Fn(&str, &[&str]) -> Option<(String, &'static str)>,
) {
    if !has_config(image, sink) {
        return;
    }
    for step in steps(image) {
        for command in commands(&step) {
            if let Some((subject, message)) = judge(command, &words(command)) {
                sink.config(subject, step.field.clone(), Some(&shown(command)), message);
            }
        }
    }
}

/// Nothing is added from a URL.
pub const ADD_URL: Control = Control::image(
    &Rule {
        id: "image-add-from-url",
        title: "Nothing is added from a URL without its checksum",
        severity: Severity::Medium,
        category: "images",
        why: "ADD takes whatever the server gives at the moment of the build: another file than last time, or another's.",
        remediation: "State what is meant: `ADD --checksum=sha256:... URL`, or download in a RUN step and compare the digest or the signature.",
        test: "docker history --no-trunc IMAGE",
        references: &["https://docs.docker.com/reference/dockerfile/#add"],
        mappings: &[cis("4.9"), cis("4.11")],
        aliases: &[],
    },
    |image, sink| {
        if !has_config(image, sink) {
            return;
        }
        for step in steps(image).filter(|step| step.instruction == "ADD") {
            if step.text.contains("--checksum=") {
                continue;
            }
            let sources = step.text.split_whitespace().filter(|word| {
                ["http://", "https://", "git@", "git://", "ssh://"]
                    .iter()
                    .any(|scheme| word.starts_with(scheme))
            });
            for source in sources {
                sink.config(
                    format!("ADD {source}"),
                    step.field.clone(),
                    Some(&shown(step.text)),
                    format!("adds {source} as the server gave it"),
                );
            }
        }
    },
);

/// Files are copied and not added.
pub const ADD_NOT_COPY: Control = Control::image(
    &Rule {
        id: "image-add-instead-of-copy",
        title: "Files are copied and not added",
        severity: Severity::Low,
        category: "images",
        why: "ADD does more than it says: it unpacks archives and follows URLs. COPY does what it says.",
        remediation: "Write COPY where no archive is to be unpacked.",
        test: "docker history --no-trunc IMAGE",
        references: &["https://docs.docker.com/reference/dockerfile/#add"],
        mappings: &[cis("4.9")],
        aliases: &["trivy:DS005", "dockle:CIS-DI-0009", "hadolint:DL3020"],
    },
    |image, sink| {
        if !has_config(image, sink) {
            return;
        }
        for step in steps(image).filter(|step| step.instruction == "ADD" && !step.first) {
            let words: Vec<&str> = step
                .text
                .split_whitespace()
                .filter(|word| !word.starts_with("--") && *word != "in")
                .collect();
            let Some((target, sources)) = words.split_last() else {
                continue;
            };
            for source in sources.iter().filter(|source| is_plain(source)) {
                // The builder of old writes digests for names.
                let subject = if source.starts_with("dir:") {
                    format!("ADD to {target}")
                } else {
                    format!("ADD {source}")
                };
                sink.config(
                    subject,
                    step.field.clone(),
                    Some(&shown(step.text)),
                    format!("adds to {target} what it could copy"),
                );
            }
        }
    },
);

/// Neither a URL nor an archive, nor what may be one.
fn is_plain(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    let is_archive = [
        ".tar", ".tgz", ".txz", ".tbz", ".tbz2", ".gz", ".xz", ".bz2", ".zst",
    ]
    .iter()
    .any(|end| lower.ends_with(end));
    !(is_archive
        || lower.contains("://")
        || lower.starts_with("git@")
        || lower.starts_with("file:")
        || lower.starts_with("multi:"))
}

/// Lists of packages are read in the step that installs from them.
pub const UPDATE_ALONE: Control = Control::image(
    &Rule {
        id: "image-update-alone",
        title: "Lists of packages are read in the step that installs from them",
        severity: Severity::Low,
        category: "images",
        why: "A step that reads the lists alone is taken from the cache in the next build: the steps behind it then install old versions, without the fixes that came since.",
        remediation: "Install in the same step: `RUN apt-get update && apt-get install -y --no-install-recommends ...`.",
        test: "docker history --no-trunc IMAGE",
        references: &["https://docs.docker.com/build/building/best-practices/#apt-get"],
        mappings: &[cis("4.7")],
        aliases: &["trivy:DS017", "dockle:CIS-DI-0007"],
    },
    |image, sink| {
        if !has_config(image, sink) {
            return;
        }
        for step in steps(image) {
            let commands = commands(&step);
            let has = |manager: &str, verbs: &[&str]| {
                commands.iter().any(|command| {
                    let words = words(command);
                    words.first().is_some_and(|word| is_program(word, manager))
                        && words.iter().any(|word| verbs.contains(word))
                })
            };
            for (manager, update) in [
                ("apt-get", &["update"][..]),
                ("apt", &["update"]),
                ("apk", &["update"]),
                ("yum", &["makecache"]),
                ("dnf", &["makecache"]),
                ("zypper", &["refresh", "ref"]),
            ] {
                let installs = [
                    "install",
                    "add",
                    "upgrade",
                    "dist-upgrade",
                    "full-upgrade",
                    "update-minimal",
                    "in",
                    "build-dep",
                    "download",
                ];
                let any = ["apt-get", "apt", "apk", "yum", "dnf", "zypper", "aptitude"]
                    .iter()
                    .any(|manager| has(manager, &installs));
                if has(manager, update) && !any {
                    sink.config(
                        format!("{manager} update"),
                        step.field.clone(),
                        Some(&shown(step.text)),
                        format!("reads the lists of {manager} in a step that installs nothing"),
                    );
                }
            }
        }
    },
);

fn is_program(word: &str, name: &str) -> bool {
    word.rsplit('/').next() == Some(name)
}

/// A distribution is not upgraded in a build.
pub const DISTRIBUTION_UPGRADE: Control = Control::image(
    &Rule {
        id: "image-distribution-upgrade",
        title: "The build does not upgrade the distribution to another release",
        severity: Severity::Low,
        category: "images",
        why: "A step that removes and replaces whatever is needed makes another image at every build, beside the layers of the base image that it covers and that stay in the image.",
        remediation: "Take a newer base image; where fixes must come before it does, `apt-get upgrade` keeps to the release.",
        test: "docker history --no-trunc IMAGE",
        references: &[PRACTICES],
        mappings: &[cis("4.4")],
        aliases: &["trivy:DS024", "dockle:DKL-DI-0003"],
    },
    |image, sink| {
        judge_commands(image, sink, |_, words| {
            let program = words.first()?.rsplit('/').next()?;
            let verb = words.iter().skip(1).find(|word| !word.starts_with('-'))?;
            let upgrades = matches!(
                (program, *verb),
                (
                    "apt-get" | "apt" | "aptitude",
                    "dist-upgrade" | "full-upgrade"
                ) | ("zypper", "dup" | "dist-upgrade")
                    | ("dnf", "system-upgrade")
            ) || program == "do-release-upgrade";
            upgrades.then(|| (format!("{program} {verb}"), "upgrades the distribution"))
        });
    },
);

/// Options that switch the verification of what is downloaded off, by program.
const UNVERIFIED: &[(&[&str], &[&str])] = &[
    (
        &["apt-get", "apt", "aptitude"],
        &[
            "--allow-unauthenticated",
            "--force-yes",
            "--allow-insecure-repositories",
        ],
    ),
    (&["apk"], &["--allow-untrusted"]),
    (
        &["yum", "dnf", "microdnf", "tdnf"],
        &["--nogpgcheck", "--no-gpgcheck"],
    ),
    (&["zypper"], &["--no-gpg-checks", "--no-gpg-check"]),
    (&["rpm"], &["--nosignature", "--nodigest"]),
    (&["curl"], &["-k", "--insecure"]),
    (&["wget"], &["--no-check-certificate"]),
    (&["pip", "pip3"], &["--trusted-host"]),
    (&["gem"], &["--no-verify"]),
];

/// What is downloaded is verified.
pub const UNVERIFIED_DOWNLOAD: Control = Control::image(
    &Rule {
        id: "image-unverified-download",
        title: "What the build downloads is verified",
        severity: Severity::Medium,
        category: "images",
        why: "Without a signature or a certificate that is checked, whoever sits between the build and the server decides what is in the image.",
        remediation: "Remove the option, and add the key of the repository or the authority of the server to those that are trusted.",
        test: "docker history --no-trunc IMAGE",
        references: &[NIST],
        mappings: &[cis("4.11"), nist("4.1.5")],
        aliases: &[],
    },
    |image, sink| {
        judge_commands(image, sink, |_, words| {
            let program = words.first()?.rsplit('/').next()?;
            let (_, options) = UNVERIFIED
                .iter()
                .find(|(programs, _)| programs.contains(&program))?;
            let option = words.iter().skip(1).find(|word| {
                let word = word.split('=').next().unwrap_or_default();
                options.contains(&word)
                    // `-fsSLk`
                    || program == "curl"
                        && word.starts_with('-')
                        && !word.starts_with("--")
                        && word.bytes().skip(1).all(|byte| b"fsSLkgiIOvN#".contains(&byte))
                        && word.contains('k')
            })?;
            Some((
                format!("{program} {option}"),
                "downloads without verifying from whom",
            ))
        });
    },
);

/// No script is run as it comes from the network.
pub const PIPED_SCRIPT: Control = Control::image(
    &Rule {
        id: "image-runs-downloaded-script",
        title: "No script is run as it comes from the network",
        severity: Severity::Medium,
        category: "images",
        why: "A script that goes from the server into a shell is another one whenever the server wants, and half of one when the connection breaks.",
        remediation: "Download the script to a file, compare its digest with one that is written down, and then run it; or install a package.",
        test: "docker history --no-trunc IMAGE",
        references: &[NIST],
        mappings: &[cis("4.11"), nist("4.1.5")],
        aliases: &[],
    },
    |image, sink| {
        judge_commands(image, sink, |command, _| {
            let (before, after) = command.split_once('|')?;
            let from = words(before);
            let program = from.first()?.rsplit('/').next()?;
            let downloads = matches!(program, "curl" | "wget");
            let runs = after.split('|').any(|part| {
                words(part).first().is_some_and(|word| {
                    matches!(
                        word.rsplit('/').next().unwrap_or_default(),
                        "sh" | "bash" | "ash" | "zsh" | "python" | "python3" | "perl" | "node"
                    )
                })
            });
            let source = from.iter().find(|word| word.contains("://")).unwrap_or(&"");
            (downloads && runs).then(|| {
                (
                    format!("script {}", source.trim_matches(['"', '\''])),
                    "runs a script as it comes from the network",
                )
            })
        });
    },
);

#[cfg(test)]
mod tests {
    use plimsoll_model::image::BuildStep;

    use super::*;
    use crate::image::testing::hits;

    fn built(steps: &[&str]) -> Image {
        let mut image = Image::default();
        image.config.history = steps
            .iter()
            .map(|text| BuildStep {
                created_by: (*text).to_owned(),
                ..BuildStep::default()
            })
            .collect();
        image
    }

    fn check(control: &Control, step: &str, expect: &[&str]) {
        let image = built(&["ADD file:1 in /", step]);
        let hits = hits(control, &image);
        let subjects: Vec<&str> = hits.iter().map(|hit| &*hit.0).collect();
        assert_eq!(subjects, expect, "{step}");
    }

    #[test]
    fn what_is_added_is_told() {
        let url = "ADD https://example.com/a.jar /a.jar # buildkit";
        check(&ADD_URL, url, &["ADD https://example.com/a.jar"]);
        check(&ADD_URL, "/bin/sh -c #(nop) ADD file:12 in /app", &[]);
        check(
            &ADD_URL,
            "ADD --checksum=sha256:ab https://example.com/a.jar /a.jar",
            &[],
        );
        check(&ADD_URL, "COPY https://a /b", &[]);
        check(
            &ADD_NOT_COPY,
            "ADD app.py /app/ # buildkit",
            &["ADD app.py"],
        );
        check(
            &ADD_NOT_COPY,
            "/bin/sh -c #(nop) ADD dir:12 in /app ",
            &["ADD to /app"],
        );
        check(&ADD_NOT_COPY, "ADD rootfs.tar.xz / # buildkit", &[]);
        check(&ADD_NOT_COPY, "/bin/sh -c #(nop) ADD file:12 in /", &[]);
        check(&ADD_NOT_COPY, url, &[]);
        check(&ADD_NOT_COPY, "COPY app.py /app/", &[]);
        let image = built(&["ADD . / # buildkit"]);
        assert_eq!(hits(&ADD_NOT_COPY, &image), [], "the root of a base image");
    }

    #[test]
    fn updates_stand_with_installs() {
        let alone = &["apt-get update"];
        check(
            &UPDATE_ALONE,
            "RUN /bin/sh -c apt-get update # buildkit",
            alone,
        );
        check(&UPDATE_ALONE, "/bin/sh -c apt-get -q update", alone);
        check(&UPDATE_ALONE, "|1 A=b /bin/sh -c apt-get update", alone);
        check(
            &UPDATE_ALONE,
            "/bin/sh -c apt-get update && apt-get install -y curl",
            &[],
        );
        check(
            &UPDATE_ALONE,
            "RUN /bin/sh -c set -eux; apt-get update; apt-get install -y a # buildkit",
            &[],
        );
        check(&UPDATE_ALONE, "/bin/sh -c apk add --update curl", &[]);
        check(&UPDATE_ALONE, "CMD apt-get update", &[]);
    }

    #[test]
    fn upgrades_of_the_distribution_are_told() {
        let upgrade = "RUN /bin/sh -c apt-get update && apt-get -y dist-upgrade";
        check(&DISTRIBUTION_UPGRADE, upgrade, &["apt-get dist-upgrade"]);
        check(
            &DISTRIBUTION_UPGRADE,
            "RUN /bin/sh -c apt-get -y upgrade",
            &[],
        );
        check(
            &DISTRIBUTION_UPGRADE,
            "RUN /bin/sh -c echo apt-get dist-upgrade",
            &[],
        );
    }

    #[test]
    fn downloads_without_verification_are_told() {
        let check = |command: &str, expect: &[&str]| {
            check(
                &UNVERIFIED_DOWNLOAD,
                &format!("RUN /bin/sh -c {command} # buildkit"),
                expect,
            );
        };
        check("curl -fsSLk https://a -o b", &["curl -fsSLk"]);
        check(
            "wget --no-check-certificate https://a",
            &["wget --no-check-certificate"],
        );
        check(
            "apk add --allow-untrusted a.apk",
            &["apk --allow-untrusted"],
        );
        check("pip install --trusted-host a b", &["pip --trusted-host"]);
        check(
            "A=b apt-get install --force-yes a",
            &["apt-get --force-yes"],
        );
        check("curl -fsSL https://a -o /b-k", &[]);
        check("curl --key a https://a", &[]);
        check("tar -k a", &[]);
        check("apt-get install -y a", &[]);
    }

    #[test]
    fn scripts_from_the_network_are_told() {
        let check = |command: &str, expect: usize| {
            let image = built(&["x", &format!("RUN /bin/sh -c {command}")]);
            assert_eq!(hits(&PIPED_SCRIPT, &image).len(), expect, "{command}");
        };
        check("curl -fsSL https://get.example.com | sh", 1);
        check("wget -qO- https://a | tee x | /bin/bash -s -- -y", 1);
        check("curl -fsSL https://a | sudo bash -", 1);
        check("curl -fsSL https://a | tar xz", 0);
        check("cat a | sh", 0);
        check("curl https://a -o a && sh a", 0);
    }
}
