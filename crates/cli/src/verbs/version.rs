//! `plimsoll version`: what this is, and what it reads and writes.

use plimsoll_assess::catalogue;
use plimsoll_model::{History, resource::API_VERSION, wire::SCHEMA_VERSION};
use serde_json::json;

use crate::{
    args::{VersionArgs, VersionFormat},
    exit::{Exit, Failure},
    output,
};

pub fn run(args: VersionArgs) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let controls = catalogue::rules().count();
    let baselines: Vec<(&str, &str)> = catalogue::baselines()
        .iter()
        .filter_map(|baseline| Some((baseline.name, baseline.versions.last()?.as_str())))
        .collect();
    let text = match args.output {
        VersionFormat::Text => {
            let newest: Vec<String> = baselines
                .iter()
                .map(|(name, version)| format!("{name}@{version}"))
                .collect();
            format!(
                "plimsoll {version}\n\
                 resources  {API_VERSION}\n\
                 reports    schemaVersion {SCHEMA_VERSION}\n\
                 state      version {}\n\
                 controls   {controls}\n\
                 baselines  {}\n",
                History::VERSION,
                newest.join(", ")
            )
        }
        VersionFormat::Json => {
            let newest: serde_json::Map<String, serde_json::Value> = baselines
                .iter()
                .map(|(name, version)| ((*name).to_owned(), (*version).into()))
                .collect();
            let value = json!({
                "version": version,
                "resources": API_VERSION,
                "reportSchemaVersion": SCHEMA_VERSION,
                "stateVersion": History::VERSION,
                "controls": controls,
                "baselines": newest,
            });
            serde_json::to_string_pretty(&value)? + "\n"
        }
    };
    output::stdout(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Holds)
}
