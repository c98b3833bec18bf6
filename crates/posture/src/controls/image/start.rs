//! How an image starts.

use plimsoll_model::{Rule, Severity, image::Image};

use super::words::{DOCKERFILE, PRACTICES, cis, has_config, nist};
use crate::{Control, ImageSink};

/// The image says how its health is checked.
pub const NO_HEALTHCHECK: Control = Control::image(
    &Rule {
        id: "image-no-healthcheck",
        title: "The image says how its health is checked",
        severity: Severity::Low,
        category: "images",
        why: "Without a health check an engine takes a container that hangs for one that works, and does not restart it. Kubernetes ignores it and has probes of its own.",
        remediation: "Add a HEALTHCHECK to the Dockerfile, such as `HEALTHCHECK CMD [\"/app\", \"-health\"]`. Images that run on Kubernetes alone may except this control.",
        test: "docker inspect --format '{{.Config.Healthcheck}}' IMAGE",
        references: &["https://docs.docker.com/reference/dockerfile/#healthcheck"],
        mappings: &[cis("4.6")],
        aliases: &["trivy:DS026", "dockle:CIS-DI-0006"],
    },
    |image, sink| {
        if has_config(image, sink) && image.config.healthcheck.is_empty() {
            sink.config(
                "Healthcheck",
                "config.Healthcheck",
                None,
                "has no health check",
            );
        }
    },
);

/// The image starts its program without a shell around it.
pub const SHELL_FORM: Control = Control::image(
    &Rule {
        id: "image-starts-through-shell",
        title: "The image starts its program without a shell around it",
        severity: Severity::Low,
        category: "images",
        why: "A shell around the program gets the signals: the program is killed at the end of the grace period in place of stopping in order. With an entry point of this form the command is ignored.",
        remediation: "Write ENTRYPOINT and CMD as lists: `ENTRYPOINT [\"/app\"]`; where a shell is needed, begin its text with `exec`.",
        test: "docker inspect --format '{{.Config.Entrypoint}} {{.Config.Cmd}}' IMAGE",
        references: &[DOCKERFILE, PRACTICES],
        mappings: &[nist("4.1.2")],
        aliases: &["hadolint:DL3025"],
    },
    shell_form,
);

fn shell_form(image: &Image, sink: &mut ImageSink) {
    if !has_config(image, sink) {
        return;
    }
    let config = &image.config;
    if let Some(text) = in_shell(&config.entrypoint) {
        let message = if config.cmd.is_empty() {
            "starts its entry point through a shell, which keeps signals from it"
        } else {
            "starts its entry point through a shell, which ignores the command"
        };
        sink.config("Entrypoint", "config.Entrypoint", Some(text), message);
    } else if config.entrypoint.is_empty()
        && let Some(text) = in_shell(&config.cmd)
    {
        sink.config(
            "Cmd",
            "config.Cmd",
            Some(text),
            "starts its command through a shell, which keeps signals from it",
        );
    }
}

/// What a shell is given, when it stays around it.
fn in_shell(words: &[String]) -> Option<&str> {
    let [shell, option, text, ..] = words else {
        return None;
    };
    let is_shell = matches!(
        shell.as_str(),
        "/bin/sh" | "sh" | "/bin/bash" | "bash" | "/bin/ash"
    );
    let text = text.trim_start();
    (is_shell && matches!(option.as_str(), "-c" | "-ec") && !text.starts_with("exec "))
        .then_some(text)
}

/// The working folder is written from the root.
pub const RELATIVE_WORKDIR: Control = Control::image(
    &Rule {
        id: "image-relative-workdir",
        title: "The working folder is written from the root",
        severity: Severity::Low,
        category: "images",
        why: "A working folder that is not written from the root means another folder after every change of the steps before it, or of the base image.",
        remediation: "Write WORKDIR from the root: `WORKDIR /app`.",
        test: "docker inspect --format '{{.Config.WorkingDir}}' IMAGE",
        references: &["https://docs.docker.com/reference/dockerfile/#workdir"],
        mappings: &[nist("4.1.2")],
        aliases: &["trivy:DS009", "hadolint:DL3000"],
    },
    |image, sink| {
        let folder = image.config.working_dir.trim();
        let is_windows = image.platform.os == "windows";
        if has_config(image, sink)
            && !folder.is_empty()
            && !is_windows
            && !folder.starts_with(['/', '$'])
        {
            sink.config(
                "WorkingDir",
                "config.WorkingDir",
                Some(folder),
                "has a working folder that is not written from the root",
            );
        }
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::hits;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_health_check_is_asked_for() {
        let mut image = Image::default();
        assert_eq!(hits(&NO_HEALTHCHECK, &image).len(), 1);
        image.config.healthcheck = words(&["CMD", "true"]);
        assert_eq!(hits(&NO_HEALTHCHECK, &image), []);
    }

    #[test]
    fn shells_around_programs_are_found() {
        let check = |entrypoint: &[&str], cmd: &[&str], expect: Option<&str>| {
            let mut image = Image::default();
            image.config.entrypoint = words(entrypoint);
            image.config.cmd = words(cmd);
            let hits = hits(&SHELL_FORM, &image);
            let subject = hits.first().map(|hit| &*hit.0);
            assert_eq!(subject, expect, "{entrypoint:?} {cmd:?}");
        };
        check(&["/bin/sh", "-c", "app"], &[], Some("Entrypoint"));
        check(&["/bin/sh", "-c", "app"], &["x"], Some("Entrypoint"));
        check(&[], &["/bin/sh", "-c", "app"], Some("Cmd"));
        check(&["/bin/sh", "-c", "exec app"], &[], None);
        check(&["/app"], &["/bin/sh", "-c", "x"], None);
        check(&["/app"], &[], None);
        check(&[], &["bash"], None);
    }

    #[test]
    fn working_folders_are_whole_paths() {
        let check = |folder: &str, expect: usize| {
            let mut image = Image::default();
            image.config.working_dir = folder.to_owned();
            assert_eq!(hits(&RELATIVE_WORKDIR, &image).len(), expect, "{folder}");
        };
        check("app", 1);
        check("./app", 1);
        check("/app", 0);
        check("", 0);
        check("$HOME", 0);
    }
}
