//! Secrets that lie where everybody can read them. No message and no evidence
//! of these controls repeats a value.

pub(crate) mod detect;
mod shape;

use plimsoll_inventory::view::pod::Container;
use plimsoll_manifest::{FieldPath, Kind, Node};
use plimsoll_model::{Rule, Severity};

use self::detect::Reason;
use super::words::{SECRETS, attack, cis, nist, nsa, pci};
use crate::{Control, ObjectContext, Path, PodContext, Remedy, Sink, Violation};

/// So many findings of one object say all there is to say.
const MOST_PER_OBJECT: usize = 50;
/// So many bytes of a file in a ConfigMap are read.
const MOST_OF_A_FILE: usize = 1 << 20;

fn rotate(summary: &'static str) -> Remedy {
    Remedy::manual(
        summary,
        "Change the secret as well: it is in the history of these files and with everybody who has read them.",
    )
}

/// Environment variables hold no secret in plain text.
pub static IN_ENV: Control = Control::pod(
    &Rule {
        id: "secret-in-env",
        title: "Environment variables hold no secret in plain text",
        severity: Severity::High,
        category: "secrets",
        why: "A password in a manifest is read by everyone who can read the repository, the pod or its Deployment, lies in every backup and copy, and can't be changed without a rollout. `get pods` is a right that nobody guards like `get secrets`.",
        remediation: "Put the value into a Secret, best one that an external store fills, mount it as a file or refer to it with valueFrom, and change it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + (.spec.containers[].env[]? | select(.value != null and (.name | test(\"PASS|SECRET|TOKEN|KEY\"))) | .name)'",
        references: &[
            SECRETS,
            "https://kubernetes.io/docs/concepts/configuration/secret/",
        ],
        mappings: &[
            cis("5.4.1"),
            nsa("Secrets"),
            attack("T1552"),
            nist("4.1.4"),
            pci("8.6.2"),
        ],
        aliases: &[
            "kube-linter:env-var-secret",
            "kubescape:C-0012",
            "polaris:sensitiveContainerEnvVar",
        ],
    },
    in_env,
);

fn in_env(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        for variable in container.env() {
            let name = variable.name();
            let Some(reason) = variable
                .value()
                .and_then(|value| detect::secret(name, value))
            else {
                continue;
            };
            sink.report(
                Violation::of(
                    container,
                    format!("env[{}].value", variable.index()),
                    format!("the variable {name} holds {reason}, in plain text"),
                )
                .about(format!("env {name}"))
                .remedy(rotate("Move the value to a Secret")),
            );
        }
    }
}

/// Secrets come as files.
pub static ENV_REF: Control = Control::pod(
    &Rule {
        id: "secret-env-ref",
        title: "Secrets come as files and not as environment variables",
        severity: Severity::Info,
        category: "secrets",
        why: "Environment variables are inherited by every child process, end up in crash reports and debug pages, and stay as they were at start; a mounted Secret is read by who opens it and follows a rotation.",
        remediation: "Mount the Secret as a volume and let the program read the file; many images take a variable NAME_FILE for it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; any(.env[]?; .valueFrom.secretKeyRef) or any(.envFrom[]?; .secretRef))) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SECRETS],
        mappings: &[cis("5.4.1"), attack("T1552")],
        aliases: &["kube-linter:read-secret-from-env-var"],
    },
    env_ref,
);

fn env_ref(pod: &PodContext<'_>, sink: &mut Sink) {
    const MESSAGE: &str = "a Secret becomes an environment variable: child processes and crash reports see it, and a rotation does not reach it";
    let remedy = || {
        Remedy::manual(
            "Mount the Secret as a file",
            "Whether the program can read it from a file: where, and under which name.",
        )
    };
    let report = |container: &Container<'_>,
                  rest: String,
                  about: String,
                  name: Option<Node<'_>>,
                  sink: &mut Sink| {
        sink.report(
            Violation::of(container, rest, MESSAGE)
                .about(about)
                .observed(name)
                .remedy(remedy()),
        );
    };
    for container in pod.containers() {
        for variable in container.env() {
            let source = variable
                .value_from()
                .and_then(|from| from.get("secretKeyRef"));
            if let Some(source) = source.filter(|source| source.kind() == Kind::Mapping) {
                let rest = format!("env[{}].valueFrom.secretKeyRef", variable.index());
                report(
                    container,
                    rest,
                    format!("env {}", variable.name()),
                    source.get("name"),
                    sink,
                );
            }
        }
        for (index, from) in container.env_from() {
            let source = from
                .get("secretRef")
                .filter(|source| source.kind() == Kind::Mapping);
            if let Some(source) = source {
                let name = source.get("name");
                let text = name.and_then(Node::scalar_text).unwrap_or_default();
                report(
                    container,
                    format!("envFrom[{index}].secretRef"),
                    format!("envFrom {text}"),
                    name,
                    sink,
                );
            }
        }
    }
}

/// Command lines hold no secret.
pub static IN_ARGS: Control = Control::pod(
    &Rule {
        id: "secret-in-args",
        title: "Command lines hold no secret",
        severity: Severity::High,
        category: "secrets",
        why: "A command line is read by everyone who can read the pod, by every process on the node, and is written to logs of processes and audit records.",
        remediation: "Put the value into a Secret and let the program read it from a file or from a variable: `--password-file`, `$(PASSWORD)`. Then change it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.containers[] | (.command, .args) | .[]?] | join(\" \"))' | grep -Ei 'passw|token|secret'",
        references: &[SECRETS],
        mappings: &[
            cis("5.4.1"),
            nsa("Secrets"),
            attack("T1552"),
            nist("4.1.4"),
            pci("8.6.2"),
        ],
        aliases: &[],
    },
    in_args,
);

fn in_args(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        for list in ["command", "args"] {
            let texts: Vec<&str> = container
                .get(list)
                .into_iter()
                .flat_map(Node::items)
                .map(|item| item.scalar_text().unwrap_or_default())
                .collect();
            for (index, text) in texts.iter().enumerate() {
                let flag = index
                    .checked_sub(1)
                    .and_then(|before| texts.get(before))
                    .copied();
                let Some((what, reason)) = in_argument(text, flag) else {
                    continue;
                };
                sink.report(
                    Violation::of(
                        container,
                        format!("{list}[{index}]"),
                        format!("the command line holds {reason}, in plain text"),
                    )
                    .about(format!("{list} {what}"))
                    .remedy(rotate(
                        "Let the program read the value from a file or a variable",
                    )),
                );
            }
        }
    }
}

/// The secret within one argument: what it is called and what it is. `before`
/// is the argument before it: `--password VALUE`.
fn in_argument<'t>(text: &'t str, before: Option<&'t str>) -> Option<(&'t str, Reason)> {
    let flag_of = |word: &'t str| {
        word.strip_prefix('-')
            .map(|flag| flag.trim_start_matches('-'))
    };
    if let Some(flag) = before.and_then(flag_of).filter(|flag| !flag.contains('=')) {
        let found = (!text.starts_with('-') && !text.contains(char::is_whitespace))
            .then(|| detect::secret(flag, text))
            .flatten();
        if let Some(reason) = found {
            return Some((flag, reason));
        }
    }
    // A script is many words; an assignment or a flag in it is one.
    for word in text.split_whitespace() {
        if let Some((name, value)) = word.split_once('=') {
            let value = value.trim_matches(['"', '\'', ';']);
            let name = flag_of(name).unwrap_or(name);
            if !name.contains(['/', '?', '&', '$', '('])
                && let Some(reason) = detect::secret(name, value)
            {
                return Some((name, reason));
            }
        }
    }
    shape::of(text).map(|reason| ("value", reason))
}

/// ConfigMaps hold no secret.
pub static IN_CONFIG_MAP: Control = Control::object(
    &Rule {
        id: "secret-in-configmap",
        title: "ConfigMaps hold no secret",
        severity: Severity::High,
        category: "secrets",
        why: "ConfigMaps are made to be read: most roles may, they are not encrypted at rest, and tools print them. Secrets have rights, encryption and stores of their own.",
        remediation: "Put the value into a Secret, best one that an external store fills, and change it.",
        test: "kubectl get configmaps -A -o yaml | grep -iE 'passw|token|secret|private key'",
        references: &[
            SECRETS,
            "https://kubernetes.io/docs/concepts/configuration/configmap/",
        ],
        mappings: &[nsa("Secrets"), attack("T1552"), nist("4.1.4"), pci("8.6.2")],
        aliases: &[
            "kubescape:C-0012",
            "polaris:sensitiveConfigmapContent",
            "trivy:KSV-0109",
            "trivy:KSV-01010",
        ],
    },
    &["/ConfigMap"],
    in_config_map,
);

fn in_config_map(object: &ObjectContext<'_>, sink: &mut Sink) {
    let data = object.root().get("data");
    let mut reported = 0;
    for (key, value) in data.into_iter().flat_map(Node::entries) {
        let Some(text) = value.scalar_text() else {
            continue;
        };
        for (name, reason) in in_text(key.text, text) {
            reported += 1;
            if reported > MOST_PER_OBJECT {
                return;
            }
            let about = match name {
                "" => format!("key {}", key.text),
                name => format!("key {}: {name}", key.text),
            };
            let path = FieldPath::new().key("data").key(key.text).to_string();
            sink.report(
                Violation::new(
                    about,
                    Path::object(path),
                    format!("the ConfigMap holds {reason}, in plain text"),
                )
                .remedy(rotate("Move the value to a Secret")),
            );
        }
    }
}

/// The secrets of one value of a ConfigMap, each once: their names in the
/// file that the value is, or an empty name when it is no file.
fn in_text<'t>(key: &str, text: &'t str) -> Vec<(&'t str, Reason)> {
    let end = text.floor_char_boundary(MOST_OF_A_FILE.min(text.len()));
    let text = &text[..end];
    if !text.trim_end().contains('\n') {
        // One line is a value of its own, or a file of one line.
        let whole = detect::secret(key, text.trim()).map(|reason| ("", reason));
        return whole.or_else(|| in_line(text)).into_iter().collect();
    }
    let mut found: Vec<(&str, Reason)> = Vec::new();
    for line in text.lines() {
        if found.len() >= MOST_PER_OBJECT {
            break;
        }
        if let Some(secret) =
            in_line(line).filter(|(name, _)| !found.iter().any(|(known, _)| known == name))
        {
            found.push(secret);
        }
    }
    found
}

/// `db.password = hunter2`, `"password": "hunter2",`, or a secret by shape.
fn in_line(line: &str) -> Option<(&str, Reason)> {
    let line = line.trim();
    if ["#", "//", ";", "--", "*"]
        .iter()
        .any(|comment| line.starts_with(comment))
        && !line.starts_with("-----BEGIN")
    {
        return None;
    }
    let line = line.strip_prefix("- ").unwrap_or(line);
    let named = line.find(['=', ':']).and_then(|at| {
        let name = line[..at].trim().trim_matches(['"', '\'']);
        let simple = !name.is_empty()
            && name
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'));
        let value = line[at + 1..]
            .trim_start_matches(['=', '>'])
            .trim()
            .trim_end_matches([',', ';']);
        let value = value.trim_matches(['"', '\'']);
        // Prose and code have spaces and calls; a secret in a file has none.
        let plain = value.len() >= 3 && !value.contains([' ', '\t', '(', '<', '{', '[', '|']);
        let reason = (simple && plain).then(|| detect::secret(name, value))??;
        Some((name, reason))
    });
    named.or_else(|| shape::of(line).map(|reason| (reason, reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_flags_and_scripts() {
        for (text, before, expect) in [
            ("--password=hunter2", None, Some("password")),
            ("hunter2", Some("--password"), Some("password")),
            (
                "export DB_PASSWORD=hunter2; exec web",
                None,
                Some("DB_PASSWORD"),
            ),
            ("--db-password=\"hunter2\"", None, Some("db-password")),
            ("--password=$(DB_PASSWORD)", None, None),
            ("--password-file=/run/secrets/db", None, None),
            ("/run/secrets/db", Some("--password"), None),
            ("--verbose", Some("--password"), None),
            ("--token-ttl=24h", None, None),
            ("--leader-election-secret=false", None, None),
            ("https://example.com/?token=1", None, None),
            ("TOKEN=$(cat /run/token) exec web", None, None),
            ("--log-level=debug", None, None),
        ] {
            let found = in_argument(text, before).map(|(name, _)| name);
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn files_are_read_line_by_line() {
        let check = |key: &str, text: &str, expect: &[&str]| {
            let found: Vec<_> = in_text(key, text)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            assert_eq!(found, expect, "{key}: {text}");
        };
        check("password", "hunter2", &[""]);
        check("pwd", "hi", &[""]);
        check(
            "app.properties",
            "a=1\ndb.password=hunter2\ndb.url=jdbc:x\n",
            &["db.password"],
        );
        check(
            "app.yaml",
            "db:\n  password: hunter2\n  user: shop\n",
            &["password"],
        );
        check(
            "app.json",
            "{\n  \"apiKey\": \"abc-def\",\n  \"x\": 1\n}\n",
            &["apiKey"],
        );
        check("app.yaml", "# password: hunter2\nuser: shop\n", &[]);
        check(
            "app.yaml",
            "password: ${DB_PASSWORD}\ntoken: \"{{ .Token }}\"\n",
            &[],
        );
        check(
            "nginx.conf",
            "location / {\n  proxy_set_header X-Token $http_token;\n}\n",
            &[],
        );
        check(
            "readme.md",
            "password: ask the platform team for one\nx\n",
            &[],
        );
        check("app.py", "token = get_token()\nx = 1\n", &[]);
        check(
            "app.yaml",
            "tokenUrl: https://id.example.com/token\nb: 1\n",
            &[],
        );
        check("log-level", "debug", &[]);
    }
}
