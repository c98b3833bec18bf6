//! How running images are looked into, by the command line and the
//! configuration.

use std::path::Path;

use plimsoll_cluster::images::{DatabaseFile, Grants, Settings, TIMEOUT, WORKERS};
use plimsoll_registry::http::proxy::Proxies;

use crate::{
    args::AgentArgs,
    config::AgentConfig,
    exit::{Failure, fail},
};

/// Workers at most: each holds what is known of an image in memory.
const MOST_WORKERS: usize = 32;

/// The settings; none where images are not looked into.
///
/// # Errors
/// They say something that can't be.
pub fn settings(
    args: &AgentArgs,
    config: &AgentConfig,
    state: Option<&Path>,
) -> Result<Option<Settings>, Failure> {
    let config = config.images.clone().unwrap_or_default();
    if !args.images && !config.enabled {
        return Ok(None);
    }
    let beside = || Some(state?.parent()?.join("images"));
    let folder = args.image_folder.clone().or(config.folder);
    let Some(folder) = folder.or_else(beside) else {
        return fail("images need a folder: give --image-folder, or --state, which it lies beside");
    };
    let workers = args.image_workers.or(config.workers).unwrap_or(WORKERS);
    if !(1..=MOST_WORKERS).contains(&workers) {
        return fail(format!("{workers} workers: give 1 to {MOST_WORKERS}"));
    }
    let mut grants = Vec::new();
    for text in args.pull_secret.iter().chain(&config.pull_secrets) {
        match text.parse() {
            Ok(grant) => grants.push(grant),
            Err(error) => return fail(format!("{error}")),
        }
    }
    let mut mirrors = std::collections::BTreeMap::<String, Vec<String>>::new();
    for text in args.mirror.iter().chain(&config.mirrors) {
        let Some((registry, mirror)) = text.split_once('=') else {
            return fail(format!(
                "the mirror {text}: write the registry and its mirror, as in docker.io=mirror.example.com"
            ));
        };
        mirrors
            .entry(registry.to_owned())
            .or_default()
            .push(mirror.to_owned());
    }
    let mut keys = args.db_key.clone();
    keys.extend(config.database_keys);
    let database = args.db.clone().or(config.database);
    let insecure = args
        .insecure_registry
        .iter()
        .cloned()
        .chain(config.insecure);
    Ok(Some(Settings {
        folder,
        workers,
        timeout: TIMEOUT,
        rescan_after: args.rescan_after.or(config.rescan_after),
        mirrors,
        insecure: insecure.collect(),
        ca_file: args.ca_file.clone().or(config.ca_file),
        proxies: Proxies::from_environment(&|name| std::env::var(name).ok()),
        grants: Grants::new(grants),
        database: database.map(|path| DatabaseFile::new(path, keys)),
    }))
}
