//! The configuration: `.plimsoll/config.yaml` of the working folder, or
//! `--config`. The command line wins over it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use plimsoll_assess::{Limits, Source};
use plimsoll_manifest::{de, load};
use plimsoll_model::Period;
use serde::Deserialize;

use crate::{
    args::{LogForm, Namespace},
    bounded,
    exit::{Failure, fail},
    output::OutputChoice,
};

/// Where it is looked for.
pub const DEFAULT_PATH: &str = ".plimsoll/config.yaml";
/// A configuration is a few lines.
const MAX_BYTES: u64 = 1 << 20;

/// Defaults for the options of the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// `plimsoll.dev/v1alpha1`.
    #[serde(rename = "apiVersion")]
    _api_version: String,
    /// `Config`.
    #[serde(rename = "kind")]
    _kind: String,
    /// `--cluster`.
    #[serde(default)]
    pub cluster: Option<String>,
    /// `--namespace`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// `--state`, from the working folder.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// `--exclude`; added to those of the command line.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// `--output`, where the command line gives none.
    #[serde(default)]
    pub output: Vec<String>,
    /// `scan --baseline`, where the command line gives neither that nor
    /// `--control`.
    #[serde(default)]
    pub baselines: Vec<String>,
    /// `agent`'s options.
    #[serde(default)]
    pub agent: Option<AgentConfig>,
}

/// Defaults for the options of `plimsoll agent`; its environment and command
/// line win over them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentConfig {
    /// `--cluster`.
    #[serde(default)]
    pub cluster: Option<String>,
    /// `--goals`.
    #[serde(default)]
    pub goals: Vec<PathBuf>,
    /// `--exclude-namespace`.
    #[serde(default)]
    pub exclude_namespaces: Vec<Namespace>,
    /// `--listen`.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// `--state`.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// `--lease`.
    #[serde(default)]
    pub lease: Option<String>,
    /// `--lease-namespace`.
    #[serde(default)]
    pub lease_namespace: Option<String>,
    /// `--identity`.
    #[serde(default)]
    pub identity: Option<String>,
    /// `--log`.
    #[serde(default)]
    pub log: Option<LogForm>,
    /// Running images.
    #[serde(default)]
    pub images: Option<AgentImages>,
}

/// How the agent looks into running images. Lists are added to those of the
/// command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentImages {
    /// `--images`.
    #[serde(default)]
    pub enabled: bool,
    /// `--image-folder`.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// `--image-workers`.
    #[serde(default)]
    pub workers: Option<usize>,
    /// `--rescan-after`.
    #[serde(default)]
    pub rescan_after: Option<Period>,
    /// `--pull-secret`.
    #[serde(default)]
    pub pull_secrets: Vec<String>,
    /// `--mirror`.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// `--insecure-registry`.
    #[serde(default)]
    pub insecure: Vec<String>,
    /// `--ca-file`.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// `--db`.
    #[serde(default)]
    pub database: Option<PathBuf>,
    /// `--db-key`.
    #[serde(default)]
    pub database_keys: Vec<PathBuf>,
}

impl Config {
    /// Reads the file that was named, or the default one if it is there.
    ///
    /// # Errors
    /// The named file is not there, or a file is not of the form.
    pub fn read(named: Option<&Path>) -> Result<Config, Failure> {
        let path = named.unwrap_or(Path::new(DEFAULT_PATH));
        if named.is_none() && !path.is_file() {
            return Ok(Config::default());
        }
        let bytes = match bounded::read_file(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(reason) => return fail(format!("{}: {reason}", path.display())),
        };
        parse(&path.display().to_string(), bytes)
            .map_err(|message| Failure::Error(anyhow::anyhow!(message)))
    }

    /// The outputs it names.
    ///
    /// # Errors
    /// One of them is no output.
    pub fn outputs(&self) -> Result<Vec<OutputChoice>, Failure> {
        self.output
            .iter()
            .map(|text| {
                text.parse().map_err(|error| {
                    Failure::Error(anyhow::anyhow!("`output` of the configuration: {error}"))
                })
            })
            .collect()
    }
}

fn parse(name: &str, bytes: Vec<u8>) -> Result<Config, String> {
    let limits = Limits::default();
    let source = Source::new(name, bytes, &limits).map_err(|error| error.to_string())?;
    let loaded = load(&source, &limits);
    if let Some(error) = loaded.errors.first() {
        return Err(error.to_string());
    }
    let head = "a configuration begins with `apiVersion: plimsoll.dev/v1alpha1` and `kind: Config`";
    let [document] = loaded.documents.as_slice() else {
        return Err(format!("{name}:1:1: {head}, and is one document"));
    };
    let root = document.root();
    let text = |key: &str| {
        root.get(key)
            .and_then(|node| node.as_str())
            .unwrap_or_default()
    };
    if text("apiVersion") != "plimsoll.dev/v1alpha1" || text("kind") != "Config" {
        return Err(format!("{name}:{}: {head}", root.place()));
    }
    de::from_node(root).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_read_strictly() {
        let check = |body: &str, expect: Result<&str, &str>| {
            let got = parse("config.yaml", body.as_bytes().to_vec());
            match (got, expect) {
                (Ok(config), Ok(cluster)) => assert_eq!(config.cluster.as_deref(), Some(cluster)),
                (Err(got), Err(expect)) => assert_eq!(got, expect),
                (got, expect) => panic!("{body}: got {got:?}, expected {expect:?}"),
            }
        };
        let head = "apiVersion: plimsoll.dev/v1alpha1\nkind: Config\n";
        check(
            &format!("{head}cluster: prod\nexclude: [vendor/]\n"),
            Ok("prod"),
        );
        check(
            &format!("{head}clutser: prod\n"),
            Err(
                "config.yaml:3:1: unknown field `clutser`; the fields here are `apiVersion`, \
                 `kind`, `cluster`, `namespace`, `state`, `exclude`, `output`, `baselines`, \
                 `agent` (did you mean `cluster`?)",
            ),
        );
        check(
            &format!(
                "{head}cluster: prod\nagent: {{listen: 127.0.0.1:9000, log: json, excludeNamespaces: [lab]}}\n"
            ),
            Ok("prod"),
        );
        check(
            &format!(
                "{head}cluster: prod\nagent:\n  images: {{enabled: true, workers: 4, rescanAfter: 7d, pullSecrets: [shop/pull], insecure: [r:5000]}}\n"
            ),
            Ok("prod"),
        );
        check(
            &format!("{head}agent: {{excludeNamespaces: [Lab]}}\n"),
            Err(
                "config.yaml:3:29: no namespace has this name: it is of at most 63 lower case \
                 letters, digits and `-`, and neither begins nor ends with `-`",
            ),
        );
        check(
            "cluster: prod\n",
            Err(
                "config.yaml:1:1: a configuration begins with `apiVersion: plimsoll.dev/v1alpha1` \
                 and `kind: Config`, and is one document",
            ),
        );
    }
}
