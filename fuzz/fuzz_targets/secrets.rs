//! Any bytes as files of every format that secrets are looked for in, and as
//! the configuration of an image.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use plimsoll_image::{Limits, config, secret};

mod common;

fuzz_target!(|data: &[u8]| {
    for path in [
        "app/.env",
        "app/main.py",
        "app/secret.yaml",
        "app/settings.xml",
        "app/terraform.tfstate",
        "root/.npmrc",
        "root/.netrc",
        "root/.docker/config.json",
        "root/.bash_history",
        "root/.kube/config",
        "etc/shadow",
        "etc/ssh/ssh_host_rsa_key",
        "usr/lib/node_modules/a/index.js",
    ] {
        common::run("secrets", path, data);
    }
    if let Ok(mut parsed) = config::parse(data, &Limits::default()) {
        secret::take_from(&mut parsed.config, &mut BTreeMap::new());
    }
});
