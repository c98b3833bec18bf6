//! CycloneDX VEX, JSON (<https://cyclonedx.org/docs/1.6/json/#vulnerabilities>).
//!
//! What a vulnerability affects is named by a reference to a component of the
//! same document, by a link into another one, or by a purl.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Document, MOST_DEPTH, MOST_PRODUCTS, Product, ProductName, Statement, Status, VexFormat,
    add_name, bounds, range::Range, tree,
};

pub(super) fn read(file: &str, root: &Value) -> Document {
    let mut document = Document::new(VexFormat::CycloneDx, file);
    document.id = bounds::prose(tree::text(root, "serialNumber"), bounds::NAME);
    let metadata = root.get("metadata").unwrap_or(&Value::Null);
    document.time = tree::time(tree::text(metadata, "timestamp"));
    document.author = bounds::prose(author(metadata), bounds::NAME);
    let subject = metadata.get("component");
    let components = components(root, subject, &mut document);
    // What the document is about, when that is an image: the components are its parts then.
    let whole: Vec<ProductName> = subject
        .map(names)
        .filter(|names| names.iter().any(ProductName::is_image))
        .unwrap_or_default();
    let subject_ref = subject.map_or("", |subject| tree::text(subject, "bom-ref"));
    let mut count = 0;
    for (at, value) in tree::items(root, "vulnerabilities").iter().enumerate() {
        let mut vulnerability = Vec::new();
        add_name(&mut vulnerability, tree::text(value, "id"));
        for reference in tree::items(value, "references") {
            add_name(&mut vulnerability, tree::text(reference, "id"));
        }
        let record = vulnerability
            .first()
            .cloned()
            .unwrap_or_else(|| format!("vulnerability {}", at + 1));
        let Some(analysis) = value.get("analysis") else {
            // A finding of an SBOM without anybody's word about it.
            continue;
        };
        let status = match status(analysis) {
            Ok(status) => status,
            Err(reason) => {
                document.skip(&record, reason);
                continue;
            }
        };
        let product = |names: Vec<ProductName>, own: bool| {
            if whole.is_empty() || own {
                Product {
                    names,
                    parts: Vec::new(),
                }
            } else {
                Product {
                    names: whole.clone(),
                    parts: vec![names],
                }
            }
        };
        let mut products = Vec::new();
        for affected in tree::items(value, "affects") {
            let reference = tree::text(affected, "ref");
            let local = reference.rsplit('#').next().unwrap_or_default();
            let is_link = reference.starts_with("urn:cdx:");
            let own = !subject_ref.is_empty() && [reference, local].contains(&subject_ref);
            let found = components
                .get(reference)
                .or_else(|| is_link.then(|| components.get(local)).flatten());
            let names = match found {
                Some(names) => names.clone(),
                None => ProductName::parse(if is_link { local } else { reference })
                    .into_iter()
                    .collect(),
            };
            for names in versions(affected, names, status) {
                count += 1;
                if count <= MOST_PRODUCTS {
                    products.push(product(names, own));
                }
            }
        }
        if count > MOST_PRODUCTS {
            document.skip(
                &record,
                format!("at most {MOST_PRODUCTS} products are read"),
            );
            break;
        }
        if tree::items(value, "affects").is_empty()
            && let Some(subject) = subject
        {
            products.push(product(names(subject), true));
        }
        let time = |value: &Value, key: &str| tree::time(tree::text(value, key));
        let statement = Statement {
            vulnerability,
            products,
            status,
            justification: justification(analysis),
            text: bounds::prose(tree::text(analysis, "detail"), bounds::NOTE),
            time: time(analysis, "lastUpdated")
                .or_else(|| time(analysis, "firstIssued"))
                .or_else(|| time(value, "updated"))
                .or(document.time),
        };
        document.take(statement, &record);
    }
    document
}

fn author(metadata: &Value) -> &str {
    let named = |value: &'_ Value| !tree::text(value, "name").is_empty();
    let of = |key: &str| {
        metadata
            .get(key)
            .filter(|value| named(value))
            .map(|value| tree::text(value, "name"))
    };
    of("manufacturer")
        .or_else(|| of("supplier"))
        .or_else(|| {
            tree::items(metadata, "authors")
                .iter()
                .find(|value| named(value))
                .map(|value| tree::text(value, "name"))
        })
        .unwrap_or_default()
}

fn status(analysis: &Value) -> Result<Status, String> {
    match tree::text(analysis, "state") {
        "resolved" | "resolved_with_pedigree" => Ok(Status::Fixed),
        "exploitable" => Ok(Status::Affected),
        "in_triage" => Ok(Status::UnderInvestigation),
        "false_positive" | "not_affected" => Ok(Status::NotAffected),
        "" => Err("its analysis has no state".to_owned()),
        other => Err(format!(
            "`{}` is no state of an analysis",
            other.chars().take(40).collect::<String>().escape_debug()
        )),
    }
}

fn justification(analysis: &Value) -> String {
    let word = tree::text(analysis, "justification");
    let word = match (word, tree::text(analysis, "state")) {
        ("", "false_positive") => "false_positive",
        (word, _) => word,
    };
    bounds::word(word).unwrap_or_default()
}

/// Names by reference, of all components at whatever depth.
fn components(
    root: &Value,
    subject: Option<&Value>,
    document: &mut Document,
) -> BTreeMap<String, Vec<ProductName>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(&Value, usize)> = tree::items(root, "components")
        .iter()
        .chain(subject)
        .map(|component| (component, 0))
        .collect();
    while let Some((component, depth)) = open.pop() {
        let reference = tree::text(component, "bom-ref");
        if !reference.is_empty() {
            found.insert(reference.to_owned(), names(component));
        }
        if found.len() > MOST_PRODUCTS || depth > MOST_DEPTH {
            document.skip("components", "more or deeper components than are read");
            break;
        }
        let children = tree::items(component, "components").iter();
        open.extend(children.map(|child| (child, depth + 1)));
    }
    found
}

fn names(component: &Value) -> Vec<ProductName> {
    let mut names: Vec<ProductName> = ["purl", "cpe"]
        .into_iter()
        .filter_map(|key| ProductName::parse(tree::text(component, key)))
        .collect();
    let container = tree::text(component, "type") == "container";
    if container {
        for hash in tree::items(component, "hashes") {
            names.extend(ProductName::digest(
                tree::text(hash, "alg"),
                tree::text(hash, "content"),
            ));
        }
        // Tools write the reference as the name, and a digest as the version.
        names.extend(
            ProductName::parse(tree::text(component, "version"))
                .filter(|name| matches!(name, ProductName::Digest(_))),
        );
        let name = tree::text(component, "name");
        let version = tree::text(component, "version");
        if names.is_empty() && !name.is_empty() {
            let tagged = name
                .rsplit('/')
                .next()
                .is_some_and(|last| last.contains([':', '@']));
            let reference = if tagged || version.is_empty() {
                name.to_owned()
            } else {
                format!("{name}:{version}")
            };
            names.extend(ProductName::parse(&reference));
        }
    }
    if names.is_empty() {
        let title = tree::text(component, "name");
        names.push(ProductName::Other(bounds::prose(title, bounds::NAME)));
    }
    names
}

/// A component with the versions that the statement is about.
fn versions(affected: &Value, names: Vec<ProductName>, status: Status) -> Vec<Vec<ProductName>> {
    let listed = tree::items(affected, "versions");
    if listed.is_empty() {
        return vec![names];
    }
    let mut out = Vec::new();
    for entry in listed.iter().take(bounds::VERSIONS) {
        // A version that differs from the statement is not what it is about.
        let about = match tree::text(entry, "status") {
            "unaffected" => status.suppresses(),
            "affected" | "" => true,
            _ => status == Status::UnderInvestigation,
        };
        let version = tree::text(entry, "version");
        let range = tree::text(entry, "range");
        if !about {
            continue;
        }
        if !version.is_empty() {
            out.push(names.iter().cloned().map(|name| name.at(version)).collect());
        } else if let Some(range) = Range::parse(range) {
            let within = |name: ProductName| name.within(range.clone());
            out.push(names.iter().cloned().map(within).collect());
        }
    }
    out
}
