//! What the tests of this crate share.
#![expect(dead_code, reason = "each test binary uses some of it")]

use std::sync::Arc;

use plimsoll_inventory::{Inventory, Settings};
use plimsoll_manifest::{
    Document, FieldPath, Limits, Source,
    edit::{self, Op},
    load,
};
use plimsoll_model::{Evaluation, Finding, FixEdit, FixTarget, Timestamp};
use plimsoll_posture::{Request, evaluate};

/// All documents of a text.
pub fn documents(name: &str, text: &str) -> Vec<Document> {
    let limits = Limits::default();
    let source = Source::new(name, text.as_bytes().to_vec(), &limits).expect("the text is UTF-8");
    let loaded = load(&source, &limits);
    assert!(loaded.errors.is_empty(), "{name}: {:?}", loaded.errors);
    assert!(!loaded.documents.is_empty(), "{name}: no documents");
    loaded.documents
}

/// An inventory of documents.
pub fn inventory(documents: impl IntoIterator<Item = Document>) -> Inventory {
    let mut inventory = Inventory::new(Settings {
        cluster: "files".into(),
        default_namespace: "default".into(),
        source: "files".into(),
        observed_at: Timestamp::UNIX_EPOCH,
    });
    for document in documents {
        inventory.insert(document);
    }
    inventory
}

/// A request for these baselines.
pub fn baselines(names: &[&str]) -> Request {
    Request {
        baselines: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Request::default()
    }
}

/// Findings of a text under one baseline.
pub fn scan(text: &str, baseline: &str) -> Vec<Finding> {
    scan_for(text, &baselines(&[baseline])).0
}

/// Findings and evaluation of a text.
pub fn scan_for(text: &str, request: &Request) -> (Vec<Finding>, Evaluation) {
    let (findings, evaluation) = evaluate(&inventory(documents("test.yaml", text)), request);
    assert!(evaluation.missing.is_empty(), "{:?}", evaluation.missing);
    (findings, evaluation)
}

/// `control path` of each finding, in order.
pub fn shown(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.rule.id, finding.evidence().path()))
        .collect()
}

/// The text of a one-document file with the usual fix of each finding applied.
///
/// Fixes name fields of the document as it is, so what removes items of lists
/// goes last, the last item first.
pub fn fixed(text: &str, findings: &[Finding]) -> String {
    let mut changes: Vec<Op> = Vec::new();
    let mut removals: Vec<FieldPath> = Vec::new();
    for finding in findings {
        let Some(fix) = finding.fixes.first() else {
            continue;
        };
        if fix.target != FixTarget::Own {
            continue;
        }
        for edit in &fix.edits {
            let path = edit.path().to_path().expect("a fix names a path");
            match edit {
                FixEdit::Set(_, value) => changes.push(Op::Set {
                    path,
                    value: value.to_json(),
                }),
                FixEdit::Add(_, value) => changes.push(Op::Add {
                    path,
                    value: value.to_json(),
                }),
                FixEdit::Remove(_) => removals.push(path),
            }
        }
    }
    let mut once: Vec<Op> = Vec::new();
    for change in changes {
        if !once.contains(&change) {
            once.push(change);
        }
    }
    removals.sort();
    removals.dedup();
    once.extend(removals.into_iter().rev().map(|path| Op::Remove { path }));
    let documents = documents("test.yaml", text);
    let planned = edit::plan(documents.first().expect("one document"), &once)
        .unwrap_or_else(|error| panic!("{error}\n{once:?}\n{text}"));
    edit::apply(text, &planned.edits).expect("edits of this text")
}

/// An own baseline from its YAML.
pub fn own_baseline(text: &str) -> Arc<plimsoll_model::resource::Baseline> {
    let documents = documents("baseline.yaml", text);
    match plimsoll_model::resource::parse(documents.first().expect("one document")) {
        Ok(plimsoll_model::resource::Resource::Baseline(baseline, _)) => baseline,
        other => panic!("no baseline: {other:?}"),
    }
}
