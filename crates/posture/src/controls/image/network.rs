//! What an image lets in.

use plimsoll_model::{Rule, Severity, image::Image};

use super::words::{DOCKERFILE, NIST, has_config, has_files, marks, nist};
use crate::{Control, ImageSink};

/// Ports of protocols by which one gets a shell or a host.
const REMOTE: &[(u16, &str)] = &[
    (21, "FTP"),
    (22, "SSH"),
    (23, "Telnet"),
    (512, "rexec"),
    (513, "rlogin"),
    (514, "rsh"),
    (2375, "the Docker API without TLS"),
    (2376, "the Docker API"),
    (3389, "RDP"),
    (5900, "VNC"),
    (5985, "WinRM"),
    (10250, "the kubelet's API"),
];

/// The image offers no way to log in.
pub const EXPOSES_REMOTE: Control = Control::image(
    &Rule {
        id: "image-exposes-remote-access",
        title: "The image exposes no port for logging in",
        severity: Severity::Medium,
        category: "images",
        why: "A container that can be logged in to is changed where it runs: what runs is no longer what was built and reviewed, and its password or key is one more way in.",
        remediation: "Remove the EXPOSE of the port and the server behind it; look into a container with `kubectl exec` or `kubectl debug`, which are authorised and logged.",
        test: "docker inspect --format '{{.Config.ExposedPorts}}' IMAGE",
        references: &[NIST, DOCKERFILE],
        mappings: &[nist("4.1.2")],
        aliases: &["trivy:DS004"],
    },
    exposes,
);

fn exposes(image: &Image, sink: &mut ImageSink) {
    if !has_config(image, sink) {
        return;
    }
    for port in &image.config.exposed_ports {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let (low, high) = number.split_once('-').unwrap_or((number, number));
        let (Ok(low), Ok(high)) = (low.parse::<u16>(), high.parse::<u16>()) else {
            continue;
        };
        if !protocol.eq_ignore_ascii_case("tcp") {
            continue;
        }
        for (remote, name) in REMOTE {
            if (low..=high).contains(remote) {
                sink.config(
                    format!("port {remote}"),
                    "config.ExposedPorts",
                    Some(port),
                    format!("exposes port {remote}, {name}"),
                );
            }
        }
    }
}

/// The image holds no SSH server.
pub const SSH_SERVER: Control = Control::image(
    &Rule {
        id: "image-ssh-server",
        title: "The image holds no SSH server",
        severity: Severity::Medium,
        category: "images",
        why: "An SSH server in a container has host keys that all its copies share, users and passwords of its own, and lets what runs be changed unseen.",
        remediation: "Remove the package of the SSH server; look into a container with `kubectl exec` or `kubectl debug`.",
        test: "docker run --rm --entrypoint which IMAGE sshd",
        references: &[NIST],
        mappings: &[nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        if has_files(image, sink) {
            for mark in marks(image, "sshd") {
                sink.file(&mark.path, mark.layer, "is an SSH server");
            }
        }
    },
);

/// Nobody's key is authorised in the image.
pub const AUTHORIZED_KEYS: Control = Control::image(
    &Rule {
        id: "image-authorized-keys",
        title: "No key is authorised to log in",
        severity: Severity::Medium,
        category: "images",
        why: "Whoever has the other half of the key can log in to every container of the image that runs an SSH server.",
        remediation: "Delete authorized_keys in the step that makes it.",
        test: "docker run --rm --entrypoint find IMAGE / -xdev -name authorized_keys",
        references: &[NIST],
        mappings: &[nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        if has_files(image, sink) {
            for mark in marks(image, "authorized-keys") {
                let message = format!("lets the owners of {} log in", mark.detail);
                sink.file(&mark.path, mark.layer, message);
            }
        }
    },
);

#[cfg(test)]
mod tests {
    use plimsoll_model::image::FileMark;

    use super::*;
    use crate::image::testing::hits;

    #[test]
    fn ports_for_logging_in_are_found() {
        let check = |ports: &[&str], expect: &[&str]| {
            let mut image = Image::default();
            image.config.exposed_ports = ports.iter().map(|port| (*port).to_owned()).collect();
            let hits = hits(&EXPOSES_REMOTE, &image);
            let subjects: Vec<&str> = hits.iter().map(|hit| &*hit.0).collect();
            assert_eq!(subjects, expect, "{ports:?}");
        };
        check(&["22/tcp", "8080/tcp"], &["port 22"]);
        check(&["22"], &["port 22"]);
        check(&["20-25/tcp"], &["port 21", "port 22", "port 23"]);
        check(&["2222/tcp", "22/udp", "x", ""], &[]);
    }

    #[test]
    fn servers_and_keys_are_found_by_their_marks() {
        let mut image = Image::default();
        assert_eq!(hits(&SSH_SERVER, &image), []);
        for (name, path) in [
            ("sshd", "usr/sbin/sshd"),
            ("authorized-keys", "root/.ssh/authorized_keys"),
            ("shell", "bin/sh"),
        ] {
            image.marks.push(FileMark {
                name: name.to_owned(),
                path: path.to_owned(),
                detail: "1 keys".to_owned(),
                ..FileMark::default()
            });
        }
        assert_eq!(hits(&SSH_SERVER, &image)[0].0, "file /usr/sbin/sshd");
        assert_eq!(
            hits(&AUTHORIZED_KEYS, &image)[0].1,
            "lets the owners of 1 keys log in"
        );
    }
}
