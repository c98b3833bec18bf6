//! The documents say what the types say: the reference names every field with
//! its default, and every example parses.
//!
//! In `docs/*.md`, what follows `yaml` on a fence says how a block is read:
//!
//! - nothing: whole documents; those of Plimsoll's own kinds must parse;
//! - `clauses`: items of a goal's `require`;
//! - `selector`: the fields of a selector;
//! - `goal`: fields of a goal's `spec`; what it must have and the block leaves
//!   out is filled in;
//! - `wrong`: a document that must not parse. The next `text` block is the
//!   error, word for word; its lines may be broken elsewhere.
//!
//! `<!-- fields of TYPE -->` stands above the table of a type's fields, whose
//! third column says the default or `required`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_manifest::{Limits, Source, load};
use plimsoll_model::{resource, schema};
use plimsoll_xtask::shell;
use serde_json::Value;

const REFERENCE: &str = "docs/goal-language.md";

/// A fenced block of a Markdown file.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// The line of the fence, from 1.
    line: usize,
    /// What follows the fence: `yaml clauses`.
    info: String,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                open = true;
                let info = info.trim().to_owned();
                blocks.push(Block {
                    line: index + 1,
                    info,
                    text: String::new(),
                });
            }
            (Some(_), true) => open = false,
            (None, true) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (None, false) => {}
        }
    }
    blocks
}

/// What is wrong with Plimsoll's own documents in the text, and how many there
/// are.
fn judge(name: &str, text: &str) -> (usize, Vec<String>) {
    let limits = Limits::default();
    let source = match Source::new(Arc::from(name), text.as_bytes().to_vec(), &limits) {
        Ok(source) => source,
        Err(problem) => return (0, vec![problem.to_string()]),
    };
    let loaded = load(&source, &limits);
    let mut wrong: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    if loaded.not_rendered.is_some() {
        wrong.push(format!("{name}: it is taken for a template"));
    }
    let mut own = 0;
    for document in loaded.documents.iter().filter(|d| resource::is_resource(d)) {
        // The configuration of the command line is no part of the line.
        if document.root().get("kind").and_then(|kind| kind.as_str()) == Some("Config") {
            continue;
        }
        own += 1;
        wrong.extend(
            resource::parse(document)
                .err()
                .map(|problem| problem.to_string()),
        );
    }
    (own, wrong)
}

/// A whole goal around fields of its `spec`.
fn goal_around(fields: &str) -> String {
    let mut text = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\n".to_owned();
    text.push_str("metadata: {name: example}\nspec:\n");
    let needed = [
        ("owner", "owner: someone"),
        ("assets", "assets: {all: true}"),
        ("require", "require: [{exposure: {internet: false}}]"),
    ];
    for (key, line) in needed {
        if !fields.lines().any(|l| l.starts_with(&format!("{key}:"))) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text + &indent(fields, 2)
}

fn indent(text: &str, by: usize) -> String {
    text.lines()
        .map(|line| format!("{:by$}{line}\n", ""))
        .collect()
}

/// What is wrong with the examples of a Markdown file, and how many documents
/// of Plimsoll's own were looked at.
fn judge_examples(name: &str, markdown: &str) -> (usize, Vec<String>) {
    let (mut looked_at, mut wrong) = (0, Vec::new());
    let blocks = blocks(markdown);
    for (index, block) in blocks.iter().enumerate() {
        let Some(how) = block.info.strip_prefix("yaml") else {
            continue;
        };
        let text = match how.trim() {
            "" | "wrong" => block.text.clone(),
            "clauses" => goal_around(&format!("require:\n{}", indent(&block.text, 2))),
            "selector" => goal_around(&format!("assets:\n  match:\n{}", indent(&block.text, 4))),
            "goal" => goal_around(&block.text),
            other => {
                wrong.push(format!(
                    "{name}:{}: `yaml {other}` is not known",
                    block.line
                ));
                continue;
            }
        };
        let file = if how.trim() == "wrong" {
            "goals.yaml"
        } else {
            name
        };
        let (own, found) = judge(file, &text);
        looked_at += own;
        if how.trim() == "wrong" {
            let said = blocks.get(index + 1).filter(|next| next.info == "text");
            let said = said.map_or("", |next| next.text.trim_end());
            let words = |text: &str| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            if found.is_empty() || words(&found.join("\n")) != words(said) {
                wrong.push(format!(
                    "{name}:{}: the error is\n{}\nbut the next block says\n{said}",
                    block.line,
                    found.join("\n")
                ));
            }
        } else {
            let at = |problem: String| format!("{name}:{}: {problem}", block.line);
            wrong.extend(found.into_iter().map(at));
        }
    }
    (looked_at, wrong)
}

fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = shell::root().join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == end))
        .collect();
    files.sort();
    assert!(
        !files.is_empty(),
        "{} has no .{end} files",
        folder.display()
    );
    files
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(shell::root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[test]
fn every_example_in_the_documents_parses() {
    let (mut looked_at, mut wrong) = (0, Vec::new());
    let readme = shell::root().join("README.md");
    for path in files("docs", "md")
        .into_iter()
        .chain(readme.is_file().then_some(readme))
    {
        let text = shell::read(&path).expect("a document is text");
        let (own, found) = judge_examples(&name_of(&path), &text);
        looked_at += own;
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        looked_at >= 15,
        "only {looked_at} examples were found: is the fence still `yaml`?"
    );
}

#[test]
fn the_line_of_the_example_shop_parses() {
    let mut looked_at = 0;
    for path in files("examples/shop/goals", "yaml") {
        let text = shell::read(&path).expect("an example is text");
        let (own, wrong) = judge(&name_of(&path), &text);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(own > 0, "{} holds a resource", path.display());
        looked_at += own;
    }
    assert!(
        looked_at >= 10,
        "five goals, three classes, a baseline, an exception"
    );
}

/// The fields of one type: name, and whether it is required.
type Fields = BTreeMap<String, bool>;

/// Every type with fields, by name: those of the resources themselves and of
/// what they are made of. A choice of one key has its keys, none required.
fn types() -> BTreeMap<String, Fields> {
    let mut types = BTreeMap::new();
    for (kind, schema) in schema::all() {
        let parts = schema["$defs"].as_object().into_iter().flatten();
        types.extend(parts.map(|(name, part)| (name.clone(), fields(part))));
        types.insert(kind.to_owned(), fields(&schema));
    }
    types.retain(|_, fields| !fields.is_empty());
    types
}

fn fields(schema: &Value) -> Fields {
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let own = names(schema).into_iter().map(|name| {
        let required = required.contains(&name.as_str());
        (name, required)
    });
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    own.chain(choices.flat_map(names).map(|name| (name, false)))
        .collect()
}

/// Every word that a field may have as its value.
fn words(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let one = members.get("const").into_iter();
            let listed = members
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            found.extend(
                one.chain(listed)
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
            members.values().for_each(|member| words(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        _ => {}
    }
}

/// The tables of fields in the reference, by type.
fn tables(markdown: &str) -> BTreeMap<String, Fields> {
    let mut tables: BTreeMap<String, Fields> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut rows = false;
    for line in markdown.lines() {
        if let Some(name) = line.strip_prefix("<!-- fields of ") {
            let name = name.trim_end_matches("-->").trim().to_owned();
            assert!(
                !tables.contains_key(&name),
                "{REFERENCE} has two tables of {name}"
            );
            tables.insert(name.clone(), Fields::new());
            (current, rows) = (Some(name), false);
        } else if let (Some(name), true) = (&current, line.starts_with('|')) {
            rows = true;
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let field = cells[0]
                .strip_prefix('`')
                .and_then(|cell| cell.strip_suffix('`'));
            if let (Some(field), Some(table)) = (field, tables.get_mut(name)) {
                assert_eq!(
                    cells.len(),
                    4,
                    "{name}: field, type, default, meaning: {line}"
                );
                assert!(!cells[3].is_empty(), "{name}: `{field}` has no meaning");
                table.insert(field.to_owned(), cells[2] == "required");
            }
        } else if rows {
            (current, rows) = (None, false);
        }
    }
    tables
}

#[test]
fn the_reference_has_every_field_and_no_other() {
    let text = shell::read(&shell::root().join(REFERENCE)).expect("the reference is text");
    let (types, tables) = (types(), tables(&text));
    let mut wrong = Vec::new();
    for (name, fields) in &types {
        match tables.get(name) {
            None => wrong.push(format!("no table has `<!-- fields of {name} -->` above it")),
            Some(table) if table != fields => {
                wrong.push(format!(
                    "{name}: it has {fields:?}, the table says {table:?}"
                ));
            }
            Some(_) => {}
        }
    }
    for name in tables.keys().filter(|name| !types.contains_key(*name)) {
        wrong.push(format!("the table of {name} is of no type that there is"));
    }
    let mut named = BTreeSet::new();
    for (_, schema) in schema::all() {
        words(&schema, &mut named);
    }
    named.extend(types.values().flat_map(|fields| fields.keys().cloned()));
    let unsaid = named
        .iter()
        .filter(|name| !text.contains(&format!("`{name}`")));
    wrong.extend(unsaid.map(|name| format!("`{name}` is nowhere")));
    assert!(wrong.is_empty(), "{REFERENCE}:\n{}", wrong.join("\n"));
}

#[test]
fn a_slip_in_an_example_is_found() {
    let check = |markdown: &str, expect: (usize, &[&str])| {
        let (looked_at, wrong) = judge_examples("x.md", markdown);
        assert_eq!(looked_at, expect.0, "{markdown}");
        assert_eq!(wrong.len(), expect.1.len(), "{wrong:?}");
        for (wrong, expect) in wrong.iter().zip(expect.1) {
            assert!(wrong.contains(expect), "{wrong}");
        }
    };
    check(
        "```yaml clauses\n- exposure: {internet: false}\n```\n",
        (1, &[]),
    );
    check(
        "```yaml clauses\n- exposure: {intrnet: false}\n```\n",
        (1, &["did you mean `internet`"]),
    );
    check("```yaml selector\nnamespaces: [a]\n```\n", (1, &[]));
    check(
        "```yaml goal\ntarget: 99\n```\n",
        (1, &["put it in quotes"]),
    );
    check("```yaml\nname: not ours\n```\n", (0, &[]));
    check("```yaml\n- [\n```\n", (0, &["x.md"]));
    check("```yaml claus\n```\n", (0, &["not known"]));
    check(
        "```yaml wrong\nname: not ours\n```\n```text\n```\n",
        (0, &["the error is"]),
    );
    check(
        "```yaml wrong\nname: not ours\n```\n```text\nx\n```\n",
        (0, &["the error is"]),
    );
    check("```sh\nplimsoll check\n```\n", (0, &[]));
}
