//! `schemas`: the JSON Schemas of everything that others write or read, generated from the types
//! and kept in `schemas/`, so that an editor can use them and a change of the interface shows in
//! a diff; and the custom resource definitions, from the same types, as the chart installs them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Usage, shell};

/// The folders they are kept in, with the end of the names of all files there.
const FOLDERS: [(&str, &str); 2] = [("schemas", "json"), ("charts/plimsoll/crds", "yaml")];

/// Path and text of every file: the resources by kind, the reports by name, the definitions.
///
/// # Errors
/// A schema can't be written as JSON.
pub fn all() -> Result<BTreeMap<String, String>> {
    let resources = plimsoll_model::schema::all();
    let reports = plimsoll_report::schemas();
    let [(schemas, _), (definitions, _)] = FOLDERS;
    let mut all: BTreeMap<String, String> = resources
        .into_iter()
        .chain(reports)
        .map(|(name, schema)| Ok((format!("{schemas}/{name}.json"), pretty(&schema)?)))
        .collect::<Result<_>>()?;
    all.extend(
        plimsoll_model::crd::files()
            .into_iter()
            .map(|(name, text)| (format!("{definitions}/{name}"), text)),
    );
    Ok(all)
}

fn pretty(schema: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(schema).context("a schema as JSON")? + "\n")
}

/// What differs between the schemas and the folders, a line each.
///
/// # Errors
/// A folder can't be read.
pub fn differences(root: &Path) -> Result<Vec<String>> {
    let mut kept = BTreeMap::new();
    for (name, end) in FOLDERS {
        let folder = root.join(name);
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("can't list {}", folder.display()))?
        {
            let path = entry?.path();
            let is = path.extension().and_then(|end| end.to_str()) == Some(end);
            if let (Some(file), true) = (path.file_name(), is) {
                let file = format!("{name}/{}", file.to_string_lossy());
                kept.insert(file, shell::read(&path)?);
            }
        }
    }
    Ok(compare(&all()?, &kept))
}

fn compare(wanted: &BTreeMap<String, String>, kept: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in wanted {
        match kept.get(name) {
            None => found.push(format!("{name} is missing")),
            Some(old) if old != text => found.push(format!("{name} is out of date")),
            Some(_) => {}
        }
    }
    for name in kept.keys().filter(|name| !wanted.contains_key(*name)) {
        found.push(format!("{name} is the schema of no type"));
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
            for (folder, _) in FOLDERS {
                let folder = root.join(folder);
                std::fs::create_dir_all(&folder)
                    .with_context(|| format!("can't make {}", folder.display()))?;
            }
            for (name, text) in all()? {
                let path = root.join(&name);
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
                "b.json is out of date",
                "c.json is missing",
                "d.json is the schema of no type",
            ]
        );
    }
}
