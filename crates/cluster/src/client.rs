//! From a kubeconfig, or the account of the pod that runs this, to an API
//! server.

use std::{path::PathBuf, time::Duration};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::Deserialize;

use crate::{AskError, ask};

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes of the answer to a small question.
const SMALL: usize = 1 << 20;

/// Which API server, as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig. None: `$KUBECONFIG`, else `~/.kube/config`, else the
    /// account of the pod this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it. None: its current one.
    pub context: Option<String>,
}

/// Why there is no way to an API server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file can't be used.
    #[error("{}: {why}", .file.display())]
    File {
        /// The kubeconfig.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is neither a kubeconfig nor a pod's account.
    #[error(
        "no cluster: {0}. Name a kubeconfig with --kubeconfig or $KUBECONFIG, or run in a pod with a service account"
    )]
    Nowhere(String),
    /// The configuration can't be used: a certificate, a command for
    /// credentials.
    #[error("the kubeconfig can't be used: {0}")]
    Unusable(String),
}

/// A way to an API server. Cloning it is cheap.
#[derive(Clone)]
pub struct Server {
    client: Client,
    name: String,
    address: String,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What an API server is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// `1`.
    #[serde(default)]
    pub major: String,
    /// `36`; some distributions add a `+`.
    #[serde(default)]
    pub minor: String,
    /// `v1.36.3`, with what a distribution adds.
    pub git_version: String,
}

impl Server {
    /// Finds the way. Nothing is asked yet.
    ///
    /// # Errors
    /// There is none, or what leads to it can't be used.
    pub async fn open(access: &Access) -> Result<Server, OpenError> {
        let options = KubeConfigOptions {
            context: access.context.clone(),
            ..KubeConfigOptions::default()
        };
        let (mut config, name) = match &access.kubeconfig {
            Some(file) => {
                let fail = |error: &dyn std::fmt::Display| OpenError::File {
                    file: file.clone(),
                    why: error.to_string(),
                };
                let read = Kubeconfig::read_from(file).map_err(|error| fail(&error))?;
                let name = context_name(&read, access);
                let config = Config::from_custom_kubeconfig(read, &options).await;
                (config.map_err(|error| fail(&error))?, name)
            }
            None => match Kubeconfig::read() {
                Ok(read) => {
                    let name = context_name(&read, access);
                    let config = Config::from_custom_kubeconfig(read, &options).await;
                    let config = config.map_err(|error| OpenError::Unusable(error.to_string()))?;
                    (config, name)
                }
                // A context that was asked for is in no pod's account.
                Err(error) if access.context.is_some() => {
                    return Err(OpenError::Nowhere(error.to_string()));
                }
                Err(error) => match Config::incluster() {
                    Ok(config) => (config, None),
                    Err(_) => return Err(OpenError::Nowhere(error.to_string())),
                },
            },
        };
        config.connect_timeout = Some(CONNECT);
        // What is asked again, and when, is decided where it is known why.
        config.default_retry = false;
        let address = config.cluster_url.to_string();
        let client =
            Client::try_from(config).map_err(|error| OpenError::Unusable(error.to_string()))?;
        Ok(Server {
            client,
            name: name.unwrap_or_else(|| "cluster".to_owned()),
            address,
        })
    }

    /// The client, for what is asked beside lists and watches.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the kubeconfig calls the cluster, with all that would read as
    /// more than one word of a path replaced by `-`; `cluster` in a pod.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its version.
    ///
    /// # Errors
    /// It does not say.
    pub async fn version(&self) -> Result<Version, AskError> {
        let body = ask::get(&self.client, "/version", None, SMALL).await?;
        serde_json::from_slice(&body).map_err(|error| AskError::Malformed(error.to_string()))
    }
}

/// The name of the cluster that the context leads to.
fn context_name(config: &Kubeconfig, access: &Access) -> Option<String> {
    let wanted = access
        .context
        .as_deref()
        .or(config.current_context.as_deref())?;
    let named = config
        .contexts
        .iter()
        .find(|context| context.name == wanted)?;
    let cluster = &named.context.as_ref()?.cluster;
    Some(word(cluster)).filter(|name| !name.is_empty())
}

/// One word of a path: cloud providers name clusters with slashes and colons.
fn word(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
            _ => '-',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clusters_name_is_one_word_of_a_path() {
        let check = |name: &str, expect: &str| assert_eq!(word(name), expect);
        check("prod", "prod");
        check(
            "arn:aws:eks:eu-west-1:1:cluster/prod",
            "arn-aws-eks-eu-west-1-1-cluster-prod",
        );
        check("gke_project_zone_name", "gke_project_zone_name");
    }
}
