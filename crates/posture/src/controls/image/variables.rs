//! The variables an image sets.

use plimsoll_model::{Rule, Severity, image::Image};

use super::{
    super::essentials::secrets::detect::secret,
    words::{NIST, PRACTICES, cis, has_config, nist},
};
use crate::{Control, ImageSink};

/// No variable or build argument holds a secret.
pub const SECRET: Control = Control::image(
    &Rule {
        id: "image-secret-in-variable",
        title: "No variable or build argument of the image holds a secret",
        severity: Severity::High,
        category: "images",
        why: "Whoever can pull the image can read its variables and its history with the build arguments, and every process in the container gets the variables.",
        remediation: "Change the secret, remove the ENV or ARG, and give the value at run time; a build step gets it by `RUN --mount=type=secret`.",
        test: "docker inspect --format '{{.Config.Env}}' IMAGE; docker history --no-trunc IMAGE",
        references: &["https://docs.docker.com/build/building/secrets/"],
        mappings: &[cis("4.10"), nist("4.1.4")],
        aliases: &["trivy:DS031", "dockle:CIS-DI-0010"],
    },
    secrets,
);

fn secrets(image: &Image, sink: &mut ImageSink) {
    if !has_config(image, sink) {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for variable in &image.config.env {
        if let Some((name, value)) = variable.split_once('=')
            && holds_secret(name, value)
        {
            told.push(name);
            sink.config(
                format!("variable {name}"),
                "config.Env",
                None,
                format!("sets the variable {name}, whose name says that it is secret"),
            );
        }
    }
    for (at, step) in image.config.history.iter().enumerate() {
        for word in step.created_by.split_whitespace() {
            if let Some((name, value)) = word.split_once('=')
                && is_variable(name)
                && holds_secret(name, value)
                && !told.contains(&name)
            {
                told.push(name);
                sink.config(
                    format!("argument {name}"),
                    format!("history[{at}].created_by"),
                    None,
                    format!("was built with {name}, whose name says that it is secret"),
                );
            }
        }
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// By its name; values that were recognised are asterisks by now.
fn holds_secret(name: &str, value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    if value.chars().count() >= 6 && value.chars().all(|c| c == '*') {
        return says_secret(name);
    }
    // Fingerprints of the keys that sign what is downloaded are public.
    !name.to_ascii_uppercase().starts_with("GPG") && secret(name, value).is_some()
}

/// The last word of the name is that of a secret.
fn says_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let last = upper.rsplit(['_', '-', '.']).next().unwrap_or_default();
    [
        "PASSWORD",
        "PASSWD",
        "PASS",
        "PWD",
        "SECRET",
        "TOKEN",
        "KEY",
        "CREDENTIALS",
        "AUTH",
        "PAT",
    ]
    .iter()
    .any(|word| last.ends_with(word))
        || upper.contains("PASSWORD")
        || upper.contains("SECRET")
        || upper.contains("TOKEN")
        || upper.ends_with("URL")
        || upper.ends_with("DSN")
}

/// The variables that switch the checking of certificates off.
const UNCHECKED: &[(&str, &[&str])] = &[
    ("NODE_TLS_REJECT_UNAUTHORIZED", &["0"]),
    ("GIT_SSL_NO_VERIFY", &["1", "true", "yes"]),
    ("PYTHONHTTPSVERIFY", &["0"]),
    ("NPM_CONFIG_STRICT_SSL", &["false"]),
    ("CONDA_SSL_VERIFY", &["false"]),
    ("GONOSUMDB", &["*"]),
    ("GONOSUMCHECK", &["1"]),
    ("GOFLAGS", &["-insecure"]),
    ("GOSUMDB", &["off"]),
    ("YARN_STRICT_SSL", &["false"]),
    ("ANSIBLE_HOST_KEY_CHECKING", &["false"]),
];

/// No variable switches the checking of certificates off.
pub const TLS: Control = Control::image(
    &Rule {
        id: "image-disables-verification",
        title: "No variable switches the verification of others off",
        severity: Severity::High,
        category: "images",
        why: "Whoever sits between the container and what it talks to can read and change all of it, or give it other code than was published.",
        remediation: "Remove the variable, and add the authority that signed the certificate to those the container trusts.",
        test: "docker inspect --format '{{.Config.Env}}' IMAGE",
        references: &["https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue"],
        mappings: &[nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        if !has_config(image, sink) {
            return;
        }
        for (name, value) in image
            .config
            .env
            .iter()
            .filter_map(|one| one.split_once('='))
        {
            let value = value.trim();
            let is_off = UNCHECKED.iter().any(|(known, off)| {
                name.eq_ignore_ascii_case(known)
                    && off.iter().any(|off| value.eq_ignore_ascii_case(off))
            });
            if is_off {
                sink.config(
                    format!("variable {name}"),
                    "config.Env",
                    Some(value),
                    format!("switches verification off by {name}"),
                );
            }
        }
    },
);

/// Programs and libraries are searched for in whole paths that only root may write.
pub const SEARCH_PATH: Control = Control::image(
    &Rule {
        id: "image-unsafe-search-path",
        title: "Programs and libraries are not taken from where anybody may put them",
        severity: Severity::Medium,
        category: "images",
        why: "A search path with the working folder, or one that everybody may write, runs whatever lies there under the name of a program or library.",
        remediation: "Leave whole paths in PATH and LD_LIBRARY_PATH that only root may write, and do not set LD_PRELOAD in an image.",
        test: "docker inspect --format '{{.Config.Env}}' IMAGE",
        references: &[PRACTICES, NIST],
        mappings: &[nist("4.1.2")],
        aliases: &[],
    },
    search_path,
);

fn search_path(image: &Image, sink: &mut ImageSink) {
    if !has_config(image, sink) || image.platform.os == "windows" {
        return;
    }
    for (name, value) in image
        .config
        .env
        .iter()
        .filter_map(|one| one.split_once('='))
    {
        let parts = || value.split(':').map(str::trim);
        let is_shared = |part: &str| {
            ["/tmp", "/var/tmp", "/dev/shm"].iter().any(|folder| {
                part == *folder
                    || part
                        .strip_prefix(folder)
                        .is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let bad = match name {
            "PATH" | "LD_LIBRARY_PATH" => parts().find(|part| {
                // An empty part is the working folder; one at the end of a
                // list of libraries is a slip without effect on most loaders.
                is_shared(part)
                    || (name == "PATH" && part.is_empty() && !value.is_empty())
                    || (!part.is_empty() && !part.starts_with(['/', '$', '~']))
            }),
            "LD_PRELOAD" => {
                parts().find(|part| !part.is_empty() && (is_shared(part) || !part.starts_with('/')))
            }
            _ => None,
        };
        if let Some(part) = bad {
            let shown = if part.is_empty() {
                "an empty part"
            } else {
                part
            };
            sink.config(
                format!("variable {name}"),
                "config.Env",
                Some(value),
                format!("searches {shown} by {name}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::image::BuildStep;

    use super::*;
    use crate::image::testing::hits;

    fn with_env(env: &[&str]) -> Image {
        let mut image = Image::default();
        image.config.env = env.iter().map(|one| (*one).to_owned()).collect();
        image
    }

    fn subjects(control: &Control, image: &Image) -> Vec<String> {
        hits(control, image).into_iter().map(|hit| hit.0).collect()
    }

    #[test]
    fn secrets_are_told_by_the_names_of_variables_and_arguments() {
        let mut image = with_env(&[
            "DB_PASSWORD=hunter2",
            "API_TOKEN=********",
            "DB_PASSWORD_FILE=/run/secrets/db",
            "PATH=/bin",
            "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        ]);
        for text in [
            "ARG NPM_TOKEN",
            "RUN |1 NPM_TOKEN=******** /bin/sh -c npm ci",
            "ENV DB_PASSWORD=hunter2",
        ] {
            image.config.history.push(BuildStep {
                created_by: text.to_owned(),
                ..BuildStep::default()
            });
        }
        let told = subjects(&SECRET, &image);
        assert_eq!(
            told,
            [
                "variable DB_PASSWORD",
                "variable API_TOKEN",
                "argument NPM_TOKEN"
            ]
        );
        for (_, message) in hits(&SECRET, &image) {
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn switches_of_verification_are_found() {
        let check = |env: &str, expect: usize| {
            assert_eq!(hits(&TLS, &with_env(&[env])).len(), expect, "{env}");
        };
        check("NODE_TLS_REJECT_UNAUTHORIZED=0", 1);
        check("npm_config_strict_ssl=false", 1);
        check("GOSUMDB=off", 1);
        check("NODE_TLS_REJECT_UNAUTHORIZED=1", 0);
        check("GIT_SSL_NO_VERIFY=", 0);
        check("GOSUMDB=sum.golang.org", 0);
    }

    #[test]
    fn search_paths_have_whole_folders_of_root() {
        let check = |env: &str, expect: usize| {
            assert_eq!(hits(&SEARCH_PATH, &with_env(&[env])).len(), expect, "{env}");
        };
        check("PATH=/usr/bin:.", 1);
        check("PATH=/usr/bin:", 1);
        check("PATH=node_modules/.bin:/usr/bin", 1);
        check("PATH=/tmp/bin:/usr/bin", 1);
        check("LD_PRELOAD=/tmp/a.so", 1);
        check("PATH=/usr/local/bin:/usr/bin", 0);
        check("PATH=$HOME/bin:/usr/bin", 0);
        check("LD_LIBRARY_PATH=/opt/lib:", 0);
        check("LD_PRELOAD=/usr/lib/libjemalloc.so.2", 0);
        check("TMPDIR=/tmp", 0);
    }
}
