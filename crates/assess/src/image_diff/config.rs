//! The configuration of two images, field by field.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    image::{Image, ImageConfig},
    image_diff::FieldChange,
};

pub(super) fn changes(from: &Image, to: &Image) -> Vec<FieldChange> {
    let (mut a, mut b) = (fields(&from.config), fields(&to.config));
    for (fields, image) in [(&mut a, from), (&mut b, to)] {
        let platform = &image.platform;
        if !platform.os.is_empty() || !platform.arch.is_empty() {
            fields.insert("platform".to_owned(), platform.to_string());
        }
        if let Some(release) = &image.release {
            fields.insert("system".to_owned(), release.name.clone());
        }
    }
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .filter(|name| a.get(*name) != b.get(*name))
        .map(|name| FieldChange {
            field: name.clone(),
            from: a.get(name).cloned(),
            to: b.get(name).cloned(),
        })
        .collect()
}

/// What is set of a configuration. The history is left out: what its steps did
/// shows in files and packages.
fn fields(config: &ImageConfig) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("author", config.author.clone());
    put("user", config.user.clone());
    put("entrypoint", words(&config.entrypoint));
    put("cmd", words(&config.cmd));
    put("working-dir", config.working_dir.clone());
    put("health check", words(&config.healthcheck));
    put("stop signal", config.stop_signal.clone());
    for variable in &config.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        fields.insert(format!("env {name}"), value.to_owned());
    }
    for port in &config.exposed_ports {
        fields.insert(format!("port {port}"), "exposed".to_owned());
    }
    for volume in &config.volumes {
        fields.insert(format!("volume {volume}"), "declared".to_owned());
    }
    for (name, value) in &config.labels {
        fields.insert(format!("label {name}"), value.clone());
    }
    fields
}

fn words(command: &[String]) -> String {
    command.join(" ")
}
