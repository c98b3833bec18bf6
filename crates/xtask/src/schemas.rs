//! `schemas`: the JSON Schemas of everything that others write or read, generated from the types
//! and kept in `schemas/`, so that an editor can use them and a change of the interface shows in
//! a diff.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Usage, shell};

/// The folder they are kept in.
const FOLDER: &str = "schemas";

/// File name and text of every schema: the resources by kind, the reports by name.
///
/// # Errors
/// A schema can't be written as JSON.
pub fn all() -> Result<BTreeMap<String, String>> {
    let resources = plimsoll_model::schema::all();
    let reports = plimsoll_report::schemas();
    resources
        .into_iter()
        .chain(reports)
        .map(|(name, schema)| Ok((format!("{name}.json"), pretty(&schema)?)))
        .collect()
}

fn pretty(schema: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(schema).context("a schema as JSON")? + "\n")
}

/// What differs between the schemas and the folder, a line each.
///
/// # Errors
/// The folder can't be read.
pub fn differences(root: &Path) -> Result<Vec<String>> {
    let mut kept = BTreeMap::new();
    let folder = root.join(FOLDER);
    if folder.is_dir() {
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("can't list {}", folder.display()))?
        {
            let path = entry?.path();
            if let (Some(name), Some("json")) = (
                path.file_name(),
                path.extension().and_then(|end| end.to_str()),
            ) {
                kept.insert(name.to_string_lossy().into_owned(), shell::read(&path)?);
            }
        }
    }
    Ok(compare(&all()?, &kept))
}

fn compare(wanted: &BTreeMap<String, String>, kept: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in wanted {
        match kept.get(name) {
            None => found.push(format!("{FOLDER}/{name} is missing")),
            Some(old) if old != text => found.push(format!("{FOLDER}/{name} is out of date")),
            Some(_) => {}
        }
    }
    for name in kept.keys().filter(|name| !wanted.contains_key(*name)) {
        found.push(format!("{FOLDER}/{name} is the schema of no type"));
    }
    found
}

/// Writes the schemas, or with `--check` compares them with what is kept.
///
/// # Errors
/// A file can't be read or written; or, with `--check`, something differs.
pub fn schemas(args: &[String]) -> Result<()> {
    let root = shell::root();
    match args {
        [] => {
            let folder = root.join(FOLDER);
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("can't make {}", folder.display()))?;
            for (name, text) in all()? {
                let path = folder.join(&name);
                std::fs::write(&path, text)
                    .with_context(|| format!("can't write {}", path.display()))?;
            }
            let left = differences(&root)?;
            if left.is_empty() {
                Ok(())
            } else {
                bail!("{}", left.join("\n"))
            }
        }
        [check] if check == "--check" => {
            let found = differences(&root)?;
            if found.is_empty() {
                Ok(())
            } else {
                bail!("{}\n(`./x schemas` writes them)", found.join("\n"))
            }
        }
        _ => Err(Usage("usage: ./x schemas [--check]".to_owned()).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{compare, differences};
    use crate::shell;

    #[test]
    fn the_schemas_kept_are_those_of_the_types() {
        let found = differences(&shell::root()).expect("the folder can be read");
        assert!(found.is_empty(), "run `./x schemas`:\n{}", found.join("\n"));
    }

    #[test]
    fn differences_are_told_apart() {
        let files = |names: &[(&str, &str)]| -> BTreeMap<String, String> {
            names
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect()
        };
        let found = compare(
            &files(&[("a.json", "1"), ("b.json", "1"), ("c.json", "1")]),
            &files(&[("a.json", "1"), ("b.json", "2"), ("d.json", "1")]),
        );
        assert_eq!(
            found,
            [
                "schemas/b.json is out of date",
                "schemas/c.json is missing",
                "schemas/d.json is the schema of no type",
            ]
        );
    }
}
