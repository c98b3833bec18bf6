//! OpenVEX (<https://github.com/openvex/spec>): 0.2.0, and the older form whose
//! products are plain texts.

use serde_json::Value;

use super::{
    Document, MOST_PRODUCTS, Product, ProductName, Statement, Status, VexFormat, add_name, bounds,
    tree,
};

/// Statements that name no product are about `inherited`: what the attestation is
/// about that the document came in (openvex/spec, ATTESTING.md).
pub(super) fn read(file: &str, root: &Value, inherited: &[Product]) -> Document {
    let mut document = Document::new(VexFormat::OpenVex, file);
    document.id = bounds::prose(tree::text(root, "@id"), bounds::NAME);
    document.author = bounds::prose(tree::text(root, "author"), bounds::NAME);
    document.time = tree::time(tree::text(root, "last_updated"))
        .or_else(|| tree::time(tree::text(root, "timestamp")));
    let mut products = 0;
    for (at, value) in tree::items(root, "statements").iter().enumerate() {
        let record = record(at, value);
        match statement(value, &document, inherited, &mut products) {
            Ok(statement) => document.take(statement, &record),
            Err(reason) => document.skip(&record, reason),
        }
        if products > MOST_PRODUCTS {
            document.skip(
                &record,
                format!("at most {MOST_PRODUCTS} products are read"),
            );
            break;
        }
    }
    document
}

fn record(at: usize, value: &Value) -> String {
    let named = match value.get("vulnerability") {
        Some(Value::String(name)) => name.as_str(),
        Some(object) => tree::text(object, "name"),
        None => "",
    };
    format!("statement {} {named}", at + 1)
        .trim_end()
        .to_owned()
}

fn statement(
    value: &Value,
    document: &Document,
    inherited: &[Product],
    count: &mut usize,
) -> Result<Statement, String> {
    let status = match tree::text(value, "status") {
        "not_affected" => Status::NotAffected,
        "affected" => Status::Affected,
        "fixed" => Status::Fixed,
        "under_investigation" => Status::UnderInvestigation,
        other => return Err(format!("`{}` is no status", other.escape_debug())),
    };
    let mut vulnerability = Vec::new();
    match value.get("vulnerability") {
        Some(Value::String(name)) => add_name(&mut vulnerability, name),
        Some(object) => {
            add_name(&mut vulnerability, tree::text(object, "name"));
            for alias in tree::texts(object, "aliases") {
                add_name(&mut vulnerability, alias);
            }
            if vulnerability.is_empty() {
                add_name(&mut vulnerability, tree::text(object, "@id"));
            }
        }
        None => {}
    }
    let parts_of = |value: &Value| -> Vec<Vec<ProductName>> {
        tree::items(value, "subcomponents")
            .iter()
            .map(names)
            .filter(|names| !names.is_empty())
            .take(MOST_PRODUCTS)
            .collect()
    };
    // The older form has the parts beside the products.
    let shared = parts_of(value);
    let mut products = Vec::new();
    for item in tree::items(value, "products") {
        let names = names(item);
        let mut parts = parts_of(item);
        parts.extend(shared.iter().cloned());
        *count += 1 + parts.len();
        if *count > MOST_PRODUCTS {
            return Err(format!("at most {MOST_PRODUCTS} products are read"));
        }
        if !names.is_empty() {
            products.push(Product { names, parts });
        }
    }
    if tree::items(value, "products").is_empty() {
        products.extend(inherited.iter().map(|product| Product {
            names: product.names.clone(),
            parts: shared.clone(),
        }));
        *count += products.len();
    }
    let text = match status {
        Status::Affected => tree::text(value, "action_statement"),
        _ => tree::text(value, "impact_statement"),
    };
    let text = if text.is_empty() {
        tree::text(value, "status_notes")
    } else {
        text
    };
    let time = |key: &str| tree::time(tree::text(value, key));
    Ok(Statement {
        vulnerability,
        products,
        status,
        justification: bounds::word(tree::text(value, "justification")).unwrap_or_default(),
        text: bounds::prose(text, bounds::NOTE),
        time: time("last_updated")
            .or_else(|| time("timestamp"))
            .or(document.time),
    })
}

/// The names of a product: its id, its identifiers, its hashes.
fn names(value: &Value) -> Vec<ProductName> {
    if let Value::String(text) = value {
        return ProductName::parse(text).into_iter().collect();
    }
    let mut names: Vec<ProductName> = ProductName::parse(tree::text(value, "@id"))
        .into_iter()
        .collect();
    let mut add = |name: Option<ProductName>| {
        if let Some(name) = name
            && !names.contains(&name)
        {
            names.push(name);
        }
    };
    if let Some(identifiers) = value.get("identifiers") {
        for key in ["purl", "cpe23", "cpe22"] {
            add(ProductName::parse(tree::text(identifiers, key)));
        }
    }
    if let Some(Value::Object(hashes)) = value.get("hashes") {
        for (algorithm, hash) in hashes {
            add(ProductName::digest(
                algorithm,
                hash.as_str().unwrap_or_default(),
            ));
        }
    }
    names
}
