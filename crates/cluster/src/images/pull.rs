//! Which pull secrets may be read, and reading exactly those.

use std::{fmt, str::FromStr, sync::Arc};

use k8s_openapi::ByteString;
use kube::Client;
use plimsoll_registry::auth::config::Keychain;
use serde::Deserialize;

use crate::{AskError, ask};

/// Bytes of a Secret's answer; the API server takes 1 MiB of data.
const MOST: usize = 4 << 20;

/// What the installer granted: Secrets by name, or all pull secrets of a
/// namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    namespace: String,
    /// None for every pull secret that a pod there names.
    name: Option<String>,
}

/// What is written is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pull secret: write NAMESPACE/NAME, or NAMESPACE/* for all that pods there name"
)]
pub struct GrantError(String);

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let wrong = || GrantError(text.to_owned());
        let (namespace, name) = text.split_once('/').ok_or_else(wrong)?;
        if !is_name(namespace) || !(name == "*" || is_name(name)) {
            return Err(wrong());
        }
        Ok(Grant {
            namespace: namespace.to_owned(),
            name: (name != "*").then(|| name.to_owned()),
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.namespace,
            self.name.as_deref().unwrap_or("*")
        )
    }
}

/// A name of Kubernetes: it goes into a path of the API.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(inner)
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
}

impl Grants {
    /// These.
    pub fn new(grants: impl IntoIterator<Item = Grant>) -> Self {
        Grants(grants.into_iter().collect())
    }

    /// Whether this Secret may be read.
    pub fn cover(&self, namespace: &str, name: &str) -> bool {
        self.0.iter().any(|grant| {
            grant.namespace == namespace && grant.name.as_deref().is_none_or(|own| own == name)
        })
    }
}

/// What pull secrets of an image gave.
#[derive(Debug, Default)]
pub struct Keys {
    /// Credentials, one keychain for each Secret.
    pub keychains: Vec<Keychain>,
    /// Secrets that were not granted, as `namespace/name`.
    pub ungranted: Vec<String>,
    /// Secrets that were granted and can't be used, with the reason.
    pub broken: Vec<String>,
}

/// Reads the granted ones of these Secrets; no other is asked for.
pub async fn read<'a>(
    client: &Client,
    grants: &Grants,
    secrets: impl IntoIterator<Item = &'a (Arc<str>, Arc<str>)>,
) -> Keys {
    let mut keys = Keys::default();
    for (namespace, name) in secrets {
        let full = format!("{namespace}/{name}");
        if !is_name(namespace) || !is_name(name) || !grants.cover(namespace, name) {
            keys.ungranted.push(full);
            continue;
        }
        match read_one(client, namespace, name).await {
            Ok(keychain) => keys.keychains.push(keychain),
            Err(why) => keys
                .broken
                .push(format!("the Secret {full} can't be used: {why}")),
        }
    }
    keys
}

async fn read_one(client: &Client, namespace: &str, name: &str) -> Result<Keychain, String> {
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    let body = match ask::get(client, &path, None, MOST).await {
        Ok(body) => body,
        Err(AskError::NotFound) => return Err("there is none of this name".to_owned()),
        Err(AskError::Forbidden(_)) => {
            return Err("RBAC forbids the agent to `get` it, although it is configured".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    };
    parse(&format!("{namespace}/{name}"), &body)
}

/// What is read of a Secret. No `Debug`: all of it is secret.
#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(rename = ".dockerconfigjson")]
    config: Option<ByteString>,
    #[serde(rename = ".dockercfg")]
    legacy: Option<ByteString>,
}

fn parse(name: &str, body: &[u8]) -> Result<Keychain, String> {
    // Without the parser's words: they may quote a secret.
    let secret: Secret =
        serde_json::from_slice(body).map_err(|_| "it is no Secret that can be read".to_owned())?;
    match (secret.data.config, secret.data.legacy) {
        (Some(config), _) => Keychain::of_pull_secret(name, &config.0, false),
        (None, Some(legacy)) => Keychain::of_pull_secret(name, &legacy.0, true),
        (None, None) => Err("it holds neither `.dockerconfigjson` nor `.dockercfg`".to_owned()),
    }
}

/// Reads any bytes, for the fuzz target and the property test.
pub(crate) fn any_secret(bytes: &[u8]) {
    let _ = parse("any", bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_grant_is_a_name_or_a_namespace() {
        let check = |text: &str, expect: Option<&str>| {
            let got = text.parse::<Grant>().ok().map(|grant| grant.to_string());
            assert_eq!(got.as_deref(), expect, "{text}");
        };
        check("shop/pull", Some("shop/pull"));
        check("shop/*", Some("shop/*"));
        for wrong in [
            "shop",
            "*/pull",
            "/pull",
            "shop/",
            "shop/a/b",
            "shop/../x",
            "Shop/x",
            "shop/pu*",
        ] {
            check(wrong, None);
        }
        let grants =
            Grants::new(["shop/pull", "bank/*"].map(|text| text.parse().expect("a grant")));
        let cover = |namespace, name| grants.cover(namespace, name);
        assert!(cover("shop", "pull") && cover("bank", "any"));
        assert!(!cover("shop", "other") && !cover("desk", "pull"));
    }

    #[test]
    fn both_forms_of_pull_secrets_are_read() {
        let check = |data: &str, expect: Result<bool, &str>| {
            let body = format!(r#"{{"kind": "Secret", "data": {data}}}"#);
            let got = parse("shop/pull", body.as_bytes());
            let found = got.map(|keychain| keychain.find("r", "x").expect("no helper").is_some());
            assert_eq!(found, expect.map_err(str::to_owned), "{data}");
        };
        // {"auths":{"r":{"auth":"Yjoy"}}} and {"r":{"auth":"Yjoy"}}
        check(
            r#"{".dockerconfigjson": "eyJhdXRocyI6eyJyIjp7ImF1dGgiOiJZam95In19fQ=="}"#,
            Ok(true),
        );
        check(
            r#"{".dockercfg": "eyJyIjp7ImF1dGgiOiJZam95In19"}"#,
            Ok(true),
        );
        check(r#"{".dockercfg": "e30="}"#, Ok(false));
        check(
            "{}",
            Err("it holds neither `.dockerconfigjson` nor `.dockercfg`"),
        );
        check(
            r#"{".dockercfg": "!"}"#,
            Err("it is no Secret that can be read"),
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_secret_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            any_secret(&bytes);
        }
    }
}
