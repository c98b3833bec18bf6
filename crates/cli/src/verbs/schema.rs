//! `plimsoll schema`: the JSON Schemas of what is read and written.

use std::path::Path;

use serde_json::Value;

use crate::{
    args::SchemaArgs,
    atomic, bounded,
    exit::{Exit, Failure, fail},
    input, names, output,
};

pub fn run(args: SchemaArgs) -> Result<Exit, Failure> {
    if let Some(folder) = &args.output_dir {
        write_all(folder)?;
        return Ok(Exit::Holds);
    }
    if args.crds {
        output::stdout(|out| {
            for (_, text) in plimsoll_model::crd::files() {
                write!(out, "---\n{text}")?;
            }
            Ok(())
        })?;
        return Ok(Exit::Holds);
    }
    let schemas = all();
    match &args.name {
        None => output::stdout(|out| {
            for (name, schema) in &schemas {
                let about = schema
                    .get("description")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let about = about.replace('\n', " ");
                let first = about.split_inclusive(". ").next().unwrap_or_default();
                writeln!(out, "{name:<24} {}", first.trim_end())?;
            }
            Ok(())
        })?,
        Some(name) => {
            let found = schemas
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            let Some((_, schema)) = found else {
                let near = names::did_you_mean(name, schemas.iter().map(|(known, _)| *known));
                let all: Vec<_> = schemas.iter().map(|(known, _)| *known).collect();
                return fail(format!(
                    "there is no schema `{name}`{near} There are {}",
                    all.join(", ")
                ));
            };
            let text = pretty(schema)?;
            output::stdout(|out| out.write_all(text.as_bytes()))?;
        }
    }
    Ok(Exit::Holds)
}

/// The schemas of the resources, then of the reports.
fn all() -> Vec<(&'static str, Value)> {
    let mut all = plimsoll_model::schema::all();
    all.extend(plimsoll_report::schemas());
    all
}

fn write_all(folder: &Path) -> Result<(), Failure> {
    let written = |path: &Path, result: std::io::Result<()>| match result {
        Ok(()) => Ok(()),
        Err(error) => fail(format!("{}: {}", input::name(path), bounded::words(&error))),
    };
    written(folder, std::fs::create_dir_all(folder))?;
    for (name, schema) in all() {
        let path = folder.join(format!("{name}.json"));
        let text = pretty(&schema)?;
        written(
            &path,
            atomic::write(&path, |out| out.write_all(text.as_bytes())),
        )?;
    }
    Ok(())
}

fn pretty(schema: &Value) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(schema)? + "\n")
}
