//! Where credentials are kept: Docker's `config.json` and Podman's `auth.json`
//! (<https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>).

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use base64::Engine;
use serde::Deserialize;

use super::{Credential, CredentialError, helper};
use crate::reference::DOCKER_HUB;

/// Bytes of a configuration file, at most.
const MOST: u64 = 4 << 20;

/// Asks a helper, by its name, for the credential of a server.
type Asked<'a> = dyn Fn(&str, &str) -> Result<Option<Credential>, CredentialError> + 'a;

/// One configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Auth>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

/// What a file says of one registry. All of it is secret: no `Debug`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(***)")
    }
}

/// The credentials a user has signed in with.
#[derive(Clone, Debug, Default)]
pub struct Keychain {
    files: Vec<(PathBuf, Config)>,
    /// Files that are there and could not be read, in words.
    pub problems: Vec<String>,
}

/// The files that are looked into, in their order, when `variable` gives the
/// environment. The first that knows a registry wins.
#[must_use]
pub fn usual_files(variable: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty());
    let home = folder("HOME").map(PathBuf::from);
    let mut files = Vec::new();
    if let Some(file) = folder("REGISTRY_AUTH_FILE") {
        files.push(PathBuf::from(file));
    }
    match folder("DOCKER_CONFIG") {
        Some(docker) => files.push(Path::new(&docker).join("config.json")),
        None => files.extend(home.as_ref().map(|home| home.join(".docker/config.json"))),
    }
    if let Some(run) = folder("XDG_RUNTIME_DIR") {
        files.push(Path::new(&run).join("containers/auth.json"));
    }
    match folder("XDG_CONFIG_HOME") {
        Some(config) => files.push(Path::new(&config).join("containers/auth.json")),
        None => files.extend(home.map(|home| home.join(".config/containers/auth.json"))),
    }
    files
}

impl Keychain {
    /// Reads `files`; those that are not there are passed over.
    #[must_use]
    pub fn read(files: &[PathBuf]) -> Self {
        let mut keychain = Keychain::default();
        for path in files {
            let read = std::fs::File::open(path)
                .and_then(|file| plimsoll_image::bounded::read_all(file, MOST));
            let problem = match read {
                Ok(bytes) => match serde_json::from_slice::<Config>(&bytes) {
                    Ok(config) => {
                        keychain.files.push((path.clone(), config));
                        continue;
                    }
                    // Without the parser's words: they may quote a secret.
                    Err(error) => format!(
                        "{} is no registry configuration: line {}, column {}",
                        path.display(),
                        error.line(),
                        error.column()
                    ),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => format!("{} can't be read: {error}", path.display()),
            };
            keychain.problems.push(problem);
        }
        keychain
    }

    /// The credentials in a pull secret of Kubernetes: the bytes of
    /// `.dockerconfigjson`, or, `legacy`, of `.dockercfg`. Helpers that it
    /// names are not run: whoever may write a Secret must not choose programs.
    ///
    /// # Errors
    /// They are neither; without a word of what is in them.
    pub fn of_pull_secret(name: &str, bytes: &[u8], legacy: bool) -> Result<Self, String> {
        if bytes.len() as u64 > MOST {
            return Err(format!("it has more than {MOST} bytes"));
        }
        let read = if legacy {
            serde_json::from_slice(bytes).map(|auths| Config {
                auths,
                ..Config::default()
            })
        } else {
            serde_json::from_slice(bytes).map(|config: Config| Config {
                auths: config.auths,
                ..Config::default()
            })
        };
        match read {
            Ok(config) => Ok(Keychain {
                files: vec![(PathBuf::from(name), config)],
                problems: Vec::new(),
            }),
            Err(error) => Err(format!(
                "its configuration of registries is broken at line {}, column {}",
                error.line(),
                error.column()
            )),
        }
    }

    /// The credential for `repository` of `registry`, none when there is none.
    ///
    /// # Errors
    /// A credential helper fails.
    pub fn find(
        &self,
        registry: &str,
        repository: &str,
    ) -> Result<Option<Credential>, CredentialError> {
        self.find_by(registry, repository, &|name, server| {
            helper::ask(name, server, helper::TIMEOUT)
        })
    }

    fn find_by(
        &self,
        registry: &str,
        repository: &str,
        ask: &Asked<'_>,
    ) -> Result<Option<Credential>, CredentialError> {
        for (_, config) in &self.files {
            if let Some(found) = config.find(registry, repository, ask)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// The names Docker Hub goes by in files; the first is the one that helpers know.
const HUB_NAMES: [&str; 4] = [
    "https://index.docker.io/v1/",
    "index.docker.io",
    DOCKER_HUB,
    "registry-1.docker.io",
];

impl Config {
    fn find(
        &self,
        registry: &str,
        repository: &str,
        ask: &Asked<'_>,
    ) -> Result<Option<Credential>, CredentialError> {
        let names: &[&str] = if registry == DOCKER_HUB {
            &HUB_NAMES
        } else {
            &[registry]
        };
        let server = names.first().copied().unwrap_or(registry);
        let helper = names.iter().find_map(|name| self.cred_helpers.get(*name));
        if let Some(helper) = helper.filter(|helper| !helper.is_empty()) {
            return ask(helper, server);
        }
        if let Some(found) = self.find_auth(names, repository).and_then(Auth::read) {
            return Ok(Some(found));
        }
        if self.creds_store.is_empty() {
            return Ok(None);
        }
        ask(&self.creds_store, server)
    }

    /// The entry of the longest part of the name: Podman has entries for
    /// `HOST/NAMESPACE` and `HOST/NAMESPACE/REPOSITORY` too.
    fn find_auth(&self, names: &[&str], repository: &str) -> Option<&Auth> {
        for name in names {
            let mut path = repository;
            while !path.is_empty() {
                if let Some(found) = self.auths.get(&format!("{name}/{path}")) {
                    return Some(found);
                }
                path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            }
        }
        let bare = |key: &str| {
            let key = key
                .strip_prefix("https://")
                .or_else(|| key.strip_prefix("http://"))
                .unwrap_or(key);
            let key = key.trim_end_matches('/');
            key.strip_suffix("/v1")
                .or_else(|| key.strip_suffix("/v2"))
                .unwrap_or(key)
                .to_ascii_lowercase()
        };
        names.iter().find_map(|name| {
            self.auths.get(*name).or_else(|| {
                self.auths
                    .iter()
                    .find(|(key, _)| bare(key) == *name)
                    .map(|(_, auth)| auth)
            })
        })
    }
}

impl Auth {
    fn read(&self) -> Option<Credential> {
        if !self.registrytoken.is_empty() {
            return Some(Credential::Bearer(self.registrytoken.clone()));
        }
        if !self.identitytoken.is_empty() {
            return Some(Credential::Identity(self.identitytoken.clone()));
        }
        if !self.username.is_empty() {
            return Some(Credential::Password {
                username: self.username.clone(),
                password: self.password.clone(),
            });
        }
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(self.auth.trim())
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (username, password) = text.trim_end_matches('\0').split_once(':')?;
        (!username.is_empty()).then(|| Credential::Password {
            username: username.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn read_any(bytes: &[u8]) {
    let _ = Keychain::of_pull_secret("any", bytes, true);
    if let Ok(config) = serde_json::from_slice::<Config>(bytes) {
        let _ = config.find("a", "b/c", &|_, _| Ok(None));
        let _ = config.auths.values().filter_map(Auth::read).count();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keychain(text: &str) -> Keychain {
        Keychain {
            files: vec![(
                PathBuf::from("config.json"),
                serde_json::from_str(text).expect(text),
            )],
            problems: Vec::new(),
        }
    }

    fn password(username: &str, password: &str) -> Option<Credential> {
        Some(Credential::Password {
            username: username.to_owned(),
            password: password.to_owned(),
        })
    }

    #[test]
    fn the_longest_name_wins() {
        // `a:1`, `b:2`, `c:3` in base64.
        let keychain = keychain(
            r#"{"auths": {
                "r.example.com": {"auth": "YToxCg=="},
                "r.example.com/team": {"auth": "Yjoy"},
                "r.example.com/team/app": {"auth": "Yzoz"},
                "https://old.example.com/v2/": {"username": "d", "password": "4"},
                "https://index.docker.io/v1/": {"auth": "Yjoy"},
                "tokens.example.com": {"auth": "", "identitytoken": "refresh"},
                "bearer.example.com": {"registrytoken": "access"},
                "empty.example.com": {}
            }}"#,
        );
        let check = |registry: &str, repository: &str, expect: Option<Credential>| {
            let got = keychain.find(registry, repository).expect("no helper");
            assert_eq!(got, expect, "{registry}/{repository}");
        };
        check("r.example.com", "other", password("a", "1\n"));
        check("r.example.com", "team/other", password("b", "2"));
        check("r.example.com", "team/app", password("c", "3"));
        check("r.example.com", "team/app/deeper", password("c", "3"));
        check("old.example.com", "x", password("d", "4"));
        check("docker.io", "library/nginx", password("b", "2"));
        check(
            "tokens.example.com",
            "x",
            Some(Credential::Identity("refresh".to_owned())),
        );
        check(
            "bearer.example.com",
            "x",
            Some(Credential::Bearer("access".to_owned())),
        );
        check("empty.example.com", "x", None);
        check("unknown.example.com", "x", None);
    }

    #[test]
    fn a_helper_of_the_registry_goes_before_the_store() {
        let keychain = keychain(
            r#"{"credsStore": "store", "credHelpers": {"r.example.com": "own"},
                "auths": {"docker.io": {}}}"#,
        );
        let ask = |name: &str, server: &str| Ok(password(name, server));
        let find = |registry: &str| keychain.find_by(registry, "x", &ask).expect("found");
        assert_eq!(find("r.example.com"), password("own", "r.example.com"));
        assert_eq!(find("s.example.com"), password("store", "s.example.com"));
        assert_eq!(
            find("docker.io"),
            password("store", "https://index.docker.io/v1/")
        );
    }

    #[test]
    fn a_pull_secret_gives_credentials_and_runs_no_program() {
        let find = |bytes: &str, legacy: bool| {
            let keychain = Keychain::of_pull_secret("shop/pull", bytes.as_bytes(), legacy);
            keychain.map(|keychain| keychain.find("r.example.com", "x").expect("no helper"))
        };
        let auths = r#"{"r.example.com": {"auth": "Yjoy"}}"#;
        assert_eq!(find(auths, true), Ok(password("b", "2")));
        assert_eq!(
            find(&format!(r#"{{"auths": {auths}}}"#), false),
            Ok(password("b", "2"))
        );
        let helpers = r#"{"credsStore": "evil", "credHelpers": {"r.example.com": "evil"}}"#;
        assert_eq!(find(helpers, false), Ok(None));
        let broken = find(r#"{"auths": hunter2"#, false).expect_err("broken");
        assert!(broken.contains("line 1") && !broken.contains("hunter2"));
    }

    #[test]
    fn a_broken_file_is_told_and_shows_no_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.json");
        std::fs::write(&path, r#"{"auths": {"a": {"auth": hunter2}}}"#).expect("written");
        let keychain = Keychain::read(&[folder.path().join("none.json"), path]);
        assert_eq!(keychain.problems.len(), 1);
        assert!(keychain.problems[0].contains("line 1"));
        assert!(!keychain.problems[0].contains("hunter2"));
        assert_eq!(keychain.find("a", "b"), Ok(None));
    }

    #[test]
    fn the_usual_files_follow_the_environment() {
        let files = |variables: &[(&str, &str)]| {
            usual_files(&|name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            files(&[("HOME", "/h")]),
            ["/h/.docker/config.json", "/h/.config/containers/auth.json"].map(PathBuf::from)
        );
        assert_eq!(
            files(&[
                ("HOME", "/h"),
                ("DOCKER_CONFIG", "/d"),
                ("XDG_RUNTIME_DIR", "/r"),
                ("REGISTRY_AUTH_FILE", "/a.json"),
                ("XDG_CONFIG_HOME", "/c"),
            ]),
            [
                "/a.json",
                "/d/config.json",
                "/r/containers/auth.json",
                "/c/containers/auth.json"
            ]
            .map(PathBuf::from)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(config) = serde_json::from_slice::<Config>(&bytes) {
                let _ = config.find("a", "b/c", &|_, _| Ok(None));
            }
        }

        #[test]
        fn any_auth_is_read_or_refused(auth in "[A-Za-z0-9+/=]{0,40}") {
            let _ = Auth { auth, ..Auth::default() }.read();
        }
    }
}
