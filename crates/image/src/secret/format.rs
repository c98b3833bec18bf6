//! Files of known formats: where a secret stands in them.

use std::sync::OnceLock;

use regex_automata::{meta::Regex, util::syntax};

use super::{
    judge,
    kind::Sure,
    scan::{MOST_HITS, Match},
};

/// A format.
pub(super) struct Format {
    /// The kind of what stands in it.
    pub(super) rule: &'static str,
    /// Whether a file is of it, by its path and its name.
    is: fn(&str, &str) -> bool,
    /// What the text must have in it, too.
    with: &'static str,
    /// Where the secret stands: the first group.
    pattern: &'static str,
    /// What it must be like.
    check: fn(&[u8]) -> bool,
}

const fn format(rule: &'static str, is: fn(&str, &str) -> bool, pattern: &'static str) -> Format {
    Format {
        rule,
        is,
        with: "",
        pattern,
        check: is_meant,
    }
}

impl Format {
    const fn with(mut self, text: &'static str) -> Self {
        self.with = text;
        self
    }

    const fn checked(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = check;
        self
    }
}

fn is_history(_: &str, name: &str) -> bool {
    name.ends_with("_history") || name == ".history" || name == "history"
}

fn is_docker(path: &str, name: &str) -> bool {
    path.ends_with(".docker/config.json")
        || path.ends_with("containers/auth.json")
        || matches!(name, ".dockercfg" | ".dockerconfigjson")
}

fn is_yaml(_: &str, name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn is_kubeconfig(path: &str, name: &str) -> bool {
    path.ends_with(".kube/config")
        || name.contains("kubeconfig")
        || name.ends_with(".conf") && path.contains("kubernetes/")
        || is_yaml(path, name)
}

fn is_mysql(path: &str, name: &str) -> bool {
    matches!(name, ".my.cnf" | "my.cnf" | "debian.cnf" | "client.cnf")
        || path.contains("mysql/") && name.ends_with(".cnf")
}

/// Anything but what stands where a secret goes.
fn is_meant(value: &[u8]) -> bool {
    !judge::is_placeholder(value)
}

/// A value of a state or a variable that is no name and no number.
fn is_value(value: &[u8]) -> bool {
    is_meant(value)
        && judge::is_password(value)
        && !value.starts_with(b"arn:")
        && !value.starts_with(b"/")
}

/// The formats.
pub(super) const FORMATS: &[Format] = &[
    format(
        "npmrc-auth",
        |_, name| matches!(name, ".npmrc" | "npmrc"),
        r"(?m)^[^#;\n]{0,300}(?:_authToken|_auth|_password)[ \t]*=[ \t]*\x22?([^\s\x22]{4,4096})",
    ),
    format(
        "npmrc-auth",
        |_, name| name == ".yarnrc.yml",
        r"npmAuth(?:Token|Ident):[ \t]*[\x22']?([^\s\x22']{4,4096})",
    ),
    format(
        "pypirc-password",
        |_, name| name == ".pypirc",
        r"(?m)^[ \t]*password[ \t]*[:=][ \t]*(\S{3,1024})",
    ),
    format(
        "docker-config-auth",
        is_docker,
        r#""(?:auth|identitytoken|registrytoken|password)"\s{0,8}:\s{0,8}"([^"\s]{4,8192})""#,
    ),
    format(
        "nuget-config-password",
        |_, name| name.eq_ignore_ascii_case("nuget.config"),
        r#"(?i)<add\s+key="(?:ClearText)?Password"\s+value="([^"]{3,512})""#,
    ),
    format(
        "composer-auth",
        |path, name| name == "auth.json" && !is_docker(path, name),
        r#""(?:password|consumer-secret|[a-z0-9-]+(?:\.[a-z0-9-]+)+)"\s{0,8}:\s{0,8}"([^"\s]{8,512})""#,
    ),
    format(
        "maven-settings-password",
        |_, name| matches!(name, "settings.xml" | "settings-security.xml"),
        r"<(?:password|passphrase)>([^<\n]{3,256})</(?:password|passphrase)>",
    ),
    format(
        "cargo-credentials",
        |path, _| path.ends_with(".cargo/credentials.toml") || path.ends_with(".cargo/credentials"),
        r#"(?m)^[ \t]*token[ \t]*=[ \t]*"([^"\n]{8,512})""#,
    ),
    format(
        "gem-credentials",
        |path, _| path.ends_with(".gem/credentials") || path.ends_with("gem/credentials"),
        r"(?m)^:?[A-Za-z0-9_.:/-]{3,200}:[ \t]+\x22?([^\s\x22]{16,200})",
    ),
    format(
        "kubeconfig-token",
        is_kubeconfig,
        r"(?m)^[ \t-]*(?:token|password|id-token|refresh-token|access-token):[ \t]*[\x22']?([^\s\x22']{6,8192})",
    )
    .with("kind: Config"),
    format(
        "netrc-password",
        |_, name| matches!(name, ".netrc" | "_netrc" | "netrc"),
        r"(?:^|\s)password\s+(\S{2,256})",
    ),
    format(
        "git-credentials",
        |path, name| name == ".git-credentials" || path.ends_with("git/credentials"),
        r"://[^\s:/@]{0,256}:([^\s@]{3,512})@",
    ),
    format(
        "htpasswd-hash",
        |_, name| name.ends_with("htpasswd"),
        r"(?m)^[^:\s#]{1,256}:(\$apr1\$\S{10,64}|\$2[aby]\$\S{20,80}|\{SHA\}\S{20,40}|\$[156y]\$\S{10,200}|[./0-9A-Za-z]{13})$",
    )
    .checked(judge::anything),
    format(
        "password-hash",
        |path, _| matches!(path, "etc/shadow" | "etc/shadow-"),
        r"(?m)^[^:\s]{1,64}:(\$[^:\s]{10,200}|[./0-9A-Za-z]{13}):",
    )
    .checked(judge::anything),
    format(
        "pgpass-password",
        |_, name| matches!(name, ".pgpass" | "pgpass.conf"),
        r"(?m)^[^#\n:][^\n:]{0,256}:[^\n:]{0,16}:[^\n:]{0,256}:[^\n:]{0,256}:([^\r\n]{2,256})$",
    ),
    format(
        "mysql-option-password",
        is_mysql,
        r"(?m)^[ \t]*password[ \t]*=[ \t]*[\x22']?([^\s\x22'#]{3,256})",
    ),
    format(
        "shell-history-password",
        is_history,
        r"(?:--password[= ]|\b(?:mysql|mysqldump|mariadb|mysqladmin)\b[^\n]{0,200}\s-p|\bsshpass\s+-p\s?|\bcurl\b[^\n]{0,300}\s(?:-u|--user)[= ]?[\x22']?[^\s:]{1,128}:|\blogin\b[^\n]{0,200}\s-p\s|\bredis-cli\b[^\n]{0,200}\s-a\s|\b[A-Za-z0-9_]{0,64}(?:PASSWORD|PASSWD|TOKEN|SECRET|API_KEY|ACCESS_KEY)=|IDENTIFIED BY )[\x22']?([^\s\x22';]{3,256})",
    ),
    format(
        "azure-token-cache",
        |path, name| {
            path.contains(".azure/")
                && matches!(
                    name,
                    "accessTokens.json"
                        | "msal_token_cache.json"
                        | "service_principal_entries.json"
                        | "azureProfile.json"
                )
        },
        r#""(?:accessToken|refreshToken|secret|client_secret|accessKey)"\s{0,8}:\s{0,8}"([^"\s]{16,8192})""#,
    ),
    format(
        "gcloud-credentials",
        |path, name| path.contains("gcloud/") && name.ends_with(".json"),
        r#""refresh_token"\s{0,8}:\s{0,8}"([^"\s]{20,512})""#,
    ),
    format(
        "terraform-state-secret",
        |_, name| name.ends_with(".tfstate") || name.ends_with(".tfstate.backup"),
        r#""[a-z_]{0,40}(?:password|secret|private_key|token|access_key|connection_string)[a-z_]{0,20}"\s{0,8}:\s{0,8}"([^"\s]{6,4096})""#,
    )
    .checked(is_value),
    format(
        "terraform-variable-secret",
        |_, name| name.ends_with(".tfvars") || name.ends_with(".tfvars.json"),
        r#"(?m)^[ \t]*"?[A-Za-z0-9_-]{0,64}(?:password|secret|token|access_key|private_key|api_key)[A-Za-z0-9_-]{0,32}"?[ \t]*[=:][ \t]*"([^"\n]{6,512})""#,
    )
    .checked(is_value),
    format(
        "rclone-password",
        |_, name| name == "rclone.conf",
        r"(?m)^(?:pass|password2?|secret_access_key|client_secret|token|service_account_credentials)[ \t]*=[ \t]*(\S[^\r\n]{5,4096})$",
    ),
    format(
        "s3cmd-secret",
        |_, name| name == ".s3cfg",
        r"(?m)^secret_key[ \t]*=[ \t]*(\S{8,256})",
    ),
    format(
        "filezilla-password",
        |_, name| matches!(name, "sitemanager.xml" | "recentservers.xml" | "filezilla.xml"),
        r"<Pass[^>\n]{0,64}>([^<\n]{2,512})</Pass>",
    ),
    format(
        "wifi-passphrase",
        |path, name| {
            name.starts_with("wpa_supplicant") || path.contains("NetworkManager/system-connections/")
        },
        r"(?m)^[ \t]*psk[ \t]*=[ \t]*\x22?([^\x22\r\n]{8,64})",
    ),
    format(
        "ldap-bind-password",
        |_, name| {
            matches!(
                name,
                "nslcd.conf" | "ldap.conf" | "pam_ldap.conf" | "sssd.conf" | "libnss-ldap.conf"
            )
        },
        r"(?m)^[ \t]*(?:bindpw|rootbindpw|rootpwmodpw|ldap_default_authtok)[ \t]*[= \t][ \t]*(\S{2,256})",
    ),
    format(
        "tomcat-user-password",
        |_, name| name == "tomcat-users.xml",
        r#"<user\s[^>\n]{0,300}password="([^"\n]{2,256})""#,
    ),
    format(
        "rails-key-file",
        |path, name| {
            path.ends_with("config/master.key")
                || name.ends_with(".key") && path.contains("config/credentials/")
        },
        r"^\s{0,4}([0-9a-f]{32})\s{0,4}$",
    ),
    format(
        "ansible-vault-password",
        |_, name| {
            let name = name.trim_start_matches('.').trim_end_matches(".txt");
            matches!(
                name,
                "vault_pass" | "vault-pass" | "vault_password" | "vault-password" | "vault_password_file"
            )
        },
        r"^([^\s#]{4,256})\s{0,4}$",
    ),
];

static PATTERNS: [OnceLock<Option<Regex>>; FORMATS.len()] =
    [const { OnceLock::new() }; FORMATS.len()];

pub(super) fn compile(pattern: &str) -> Option<Regex> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(Regex::config().utf8_empty(false))
        .build(pattern)
        .ok()
}

/// What controls want to know of a file besides the secrets in it: a short
/// name and words.
pub(super) fn marks(path: &str, text: &[u8]) -> Vec<(&'static str, String)> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut marks = Vec::new();
    if is_history(path, name) && name.starts_with('.') {
        let commands = lines().filter(|line| !line.is_empty()).count();
        marks.push(("shell-history", counted(commands, "line")));
    }
    if path.ends_with(".ssh/authorized_keys") || path.ends_with(".ssh/authorized_keys2") {
        let keys = lines()
            .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
            .count();
        if keys > 0 {
            marks.push(("authorized-keys", counted(keys, "key")));
        }
    }
    if path == "etc/shadow" {
        let users = lines().filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            let user = std::str::from_utf8(fields.next()?).ok()?;
            (fields.next()?.is_empty() && !user.is_empty() && user.len() <= 64).then_some(user)
        });
        marks.extend(
            users
                .take(100)
                .map(|user| ("empty-password", format!("user {user}"))),
        );
    }
    marks
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Whether a place of an XML file is within a comment.
fn is_comment(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(8 << 10)..at];
    let opened = memchr::memmem::rfind(before, b"<!--");
    let closed = memchr::memmem::rfind(before, b"-->");
    opened.is_some() && opened > closed
}

/// Finds what stands in a file because of what the file is.
pub(super) fn scan(path: &str, text: &[u8], all: &mut Vec<Match>) {
    let name = path.rsplit('/').next().unwrap_or_default();
    let before = all.len();
    let is_xml = name.ends_with(".xml");
    for (format, pattern) in FORMATS.iter().zip(&PATTERNS) {
        if !(format.is)(path, name) || memchr::memmem::find(text, format.with.as_bytes()).is_none()
        {
            continue;
        }
        let Some(regex) = pattern.get_or_init(|| compile(format.pattern)) else {
            continue;
        };
        for captures in regex.captures_iter(text).take(MOST_HITS + 1) {
            let Some(group) = captures.get_group(1) else {
                continue;
            };
            let value = &text[group.range()];
            if (format.check)(value) && !(is_xml && is_comment(text, group.start)) {
                all.push(Match {
                    rule: format.rule,
                    value: group.range(),
                    sure: Sure::Format,
                });
            }
        }
    }
    if is_yaml(path, name) {
        super::manifest::scan(text, all);
    }
    if name.starts_with("ssh_host_") && name.ends_with("_key") {
        let mut keys = Vec::new();
        super::scan::scan(text, super::scan::Scope::default(), &mut keys);
        for key in keys {
            if key.rule.starts_with("private-key") {
                all.push(Match {
                    rule: "ssh-host-key",
                    sure: Sure::Place,
                    ..key
                });
            }
        }
    }
    all.truncate(before + 4 * MOST_HITS);
}
