//! VEX documents and CVSS vectors as their publishers have them. The files are
//! not part of the repository: without them the tests say so and pass.

use std::{collections::BTreeMap, path::Path};

use plimsoll_vuln::{cvss, vex};
use serde_json::Value;

use crate::data::{bytes, files, unpack};

/// All JSON files below a folder that can be parsed, sorted by path.
fn documents(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for path in files(folder) {
        if path.extension().is_some_and(|end| end == "json")
            && let Ok(value) = serde_json::from_slice(&bytes(&path))
        {
            found.push((path.display().to_string(), value));
        }
    }
    found
}

/// Every pair of a vector and the base score stated beside it.
fn stated(value: &Value, found: &mut Vec<(String, f64)>) {
    match value {
        Value::Object(map) => {
            if let (Some(Value::String(vector)), Some(score)) =
                (map.get("vectorString"), map.get("baseScore"))
            {
                found.push((vector.clone(), score.as_f64().expect("a score")));
            }
            map.values().for_each(|value| stated(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| stated(value, found)),
        _ => {}
    }
}

#[test]
fn vectors_of_publishers_come_to_the_scores_they_state() {
    let Some(folder) = unpack("feeds/published-format-samples.tar.xz") else {
        return;
    };
    let mut pairs = Vec::new();
    for (_, document) in documents(folder.path()) {
        stated(&document, &mut pairs);
    }
    assert!(pairs.len() > 10, "{} vectors", pairs.len());
    for (vector, expect) in pairs {
        let score = cvss::score(&vector).expect(&vector).base;
        assert!(
            (score - expect).abs() < 0.01,
            "{vector}: {score}, stated {expect}"
        );
    }
}

#[test]
fn every_product_of_a_published_csaf_document_is_in_a_statement() {
    let Some(folder) = unpack("feeds/published-format-samples.tar.xz") else {
        return;
    };
    let mut read = 0;
    for (path, document) in documents(folder.path()) {
        if document.pointer("/document/csaf_version").is_none() {
            continue;
        }
        let mut expect: BTreeMap<&str, usize> = BTreeMap::new();
        for vulnerability in document["vulnerabilities"].as_array().into_iter().flatten() {
            for (key, status) in [
                ("known_not_affected", "not_affected"),
                ("fixed", "fixed"),
                ("known_affected", "affected"),
                ("under_investigation", "under_investigation"),
            ] {
                let ids = vulnerability["product_status"][key].as_array();
                *expect.entry(status).or_default() += ids.map_or(0, Vec::len);
            }
        }
        expect.retain(|_, count| *count > 0);
        let vex = vex::read(&path, document.to_string().as_bytes()).expect(&path);
        let mut got: BTreeMap<&str, usize> = BTreeMap::new();
        for statement in &vex.statements {
            *got.entry(statement.status.as_str()).or_default() += statement.products.len();
        }
        assert_eq!(got, expect, "{path}");
        read += 1;
    }
    assert!(read >= 8, "{read} documents");
}
