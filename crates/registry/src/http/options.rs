//! What a user can say about how registries are reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use super::{proxy::Proxies, retry::Retry};
use crate::auth::{Credential, config::Keychain};

/// How registries are reached. The default asks anonymously, over https, with
/// the certificates of the system and no proxy.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Credentials given for this run, by registry (`docker.io`, `r.example.com:5000`):
    /// before those of the keychain.
    pub credentials: BTreeMap<String, Credential>,
    /// What the user has signed in with.
    pub keychain: Keychain,
    /// Where a registry's content is asked for first: `https://mirror.example.com`
    /// or `mirror.example.com:5000/prefix`, by registry.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Take plain http and certificates that can't be verified, from any host.
    pub insecure: bool,
    /// The same from these hosts alone (`r.example.com:5000`).
    pub insecure_hosts: BTreeSet<String>,
    /// Certificates (PEM) that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Proxies.
    pub proxies: Proxies,
    /// How often and how soon a request is sent again.
    pub retry: Retry,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Set by the user's Ctrl-C.
    pub cancel: Arc<AtomicBool>,
}

impl Options {
    /// Whether plain http and certificates that can't be verified are taken from
    /// this host, which is written with its port where it has one.
    pub fn is_insecure(&self, host: &str) -> bool {
        self.insecure || self.insecure_hosts.contains(host)
    }
}

/// How long things may take.
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// Resolving a name, and connecting.
    pub connect: Duration,
    /// The head of an answer.
    pub response: Duration,
    /// Between two reads of a body.
    pub idle: Duration,
    /// A manifest, a list or a token as a whole.
    pub document: Duration,
    /// A blob has at least [`SLOWEST`] bytes in such a time.
    pub pace: Duration,
}

/// Bytes that come in [`Timeouts::pace`] of a blob that is not given up.
pub const SLOWEST: u64 = 4 << 10;

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(15),
            response: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            document: Duration::from_secs(90),
            pace: Duration::from_secs(60),
        }
    }
}
