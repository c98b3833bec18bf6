//! OpenVEX, written: the same statements give the same bytes.

use plimsoll_model::{Timestamp, Tristate, Vulnerability, VulnerabilityState};
use serde_json::{Map, Value, json};

use super::{Product, ProductName, Statement, Status};

/// Justifications that OpenVEX knows.
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "inline_mitigations_already_exist",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_not_present",
];

/// Who says it, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The document's id, an IRI: `https://example.com/vex/web-1`.
    pub id: String,
    /// Who says it.
    pub name: String,
    /// In which role: `Security Team`; empty for none.
    pub role: String,
    /// When.
    pub time: Timestamp,
    /// Counts up from 1 with each change of the document.
    pub version: u32,
}

/// A statement that OpenVEX does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It gives no reason.
    #[error(
        "`{0}` is said to be not affected without one of OpenVEX's justifications and what shows it"
    )]
    Unjustified(String),
    /// It gives no action.
    #[error("`{0}` is said to be affected without what to do about it")]
    NoAction(String),
    /// It is about nothing.
    #[error("a statement about `{0}` names no vulnerability or no product")]
    Nothing(String),
}

/// What can be said of an image's vulnerabilities from what is known of them.
///
/// Not affected is only what is shown to be: the vulnerable code is not in the
/// program. Everything else is affected, with the upgrade that clears it, or
/// under investigation. What somebody else said of it is theirs to say.
#[must_use]
pub fn draft(found: &[Vulnerability], product: &ProductName) -> Vec<Statement> {
    found
        .iter()
        .filter(|vulnerability| !vulnerability.is_suppressed())
        .map(|vulnerability| {
            let part = ProductName::parse(&vulnerability.package.purl);
            let absent = vulnerability.reachable.answer == Tristate::No
                && !vulnerability.reachable.evidence.is_empty();
            let (status, justification, text) = if absent {
                (
                    Status::NotAffected,
                    "vulnerable_code_not_present",
                    vulnerability.reachable.evidence.clone(),
                )
            } else if vulnerability.state == VulnerabilityState::UnderInvestigation {
                (Status::UnderInvestigation, "", String::new())
            } else {
                let name = &vulnerability.package.name;
                let action = match (&vulnerability.fixed, vulnerability.fix_needs.as_str()) {
                    (Some(version), "") => format!("Upgrade {name} to {version}."),
                    (Some(version), needs) => {
                        format!("Upgrade {name} to {version}, which needs {needs}.")
                    }
                    (None, _) => format!("No version of {name} that fixes it is known."),
                };
                (Status::Affected, "", action)
            };
            Statement {
                vulnerability: vulnerability.names().map(str::to_owned).collect(),
                products: vec![Product {
                    names: vec![product.clone()],
                    parts: part.map(|part| vec![part]).into_iter().collect(),
                }],
                status,
                justification: justification.to_owned(),
                text,
                time: None,
            }
        })
        .collect()
}

/// Writes an OpenVEX 0.2.0 document, statements sorted.
///
/// # Errors
/// A statement says more than it shows.
pub fn write(author: &Author, statements: &[Statement]) -> Result<String, WriteError> {
    let mut written: Vec<Value> = statements.iter().map(statement).collect::<Result<_, _>>()?;
    written.sort_by_cached_key(Value::to_string);
    written.dedup();
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| {
        document.insert(key.to_owned(), value);
    };
    put("@context", json!("https://openvex.dev/ns/v0.2.0"));
    put("@id", json!(author.id));
    put("author", json!(author.name));
    if !author.role.is_empty() {
        put("role", json!(author.role));
    }
    put("timestamp", json!(author.time.to_string()));
    put("version", json!(author.version.max(1)));
    put("tooling", json!("plimsoll"));
    put("statements", Value::Array(written));
    Ok(format!("{:#}\n", Value::Object(document)))
}

fn statement(statement: &Statement) -> Result<Value, WriteError> {
    let title = || statement.title();
    let Some((name, aliases)) = statement.vulnerability.split_first() else {
        return Err(WriteError::Nothing(title()));
    };
    let products: Vec<Value> = statement
        .products
        .iter()
        .filter_map(|product| {
            let mut value = component(&product.names)?;
            let parts: Vec<Value> = product
                .parts
                .iter()
                .filter_map(|p| component(p))
                .map(Value::Object)
                .collect();
            if !parts.is_empty() {
                value.insert("subcomponents".to_owned(), Value::Array(parts));
            }
            Some(Value::Object(value))
        })
        .collect();
    if products.is_empty() {
        return Err(WriteError::Nothing(title()));
    }
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    let mut vulnerability = Map::new();
    vulnerability.insert("name".to_owned(), json!(name));
    if !aliases.is_empty() {
        let mut aliases = aliases.to_vec();
        aliases.sort();
        vulnerability.insert("aliases".to_owned(), json!(aliases));
    }
    put("vulnerability", Value::Object(vulnerability));
    put("products", Value::Array(products));
    put("status", json!(statement.status.as_str()));
    match statement.status {
        Status::NotAffected => {
            let known = JUSTIFICATIONS.contains(&statement.justification.as_str());
            if !known || statement.text.trim().is_empty() {
                return Err(WriteError::Unjustified(title()));
            }
            put("justification", json!(statement.justification));
            put("impact_statement", json!(statement.text));
        }
        Status::Affected => {
            if statement.text.trim().is_empty() {
                return Err(WriteError::NoAction(title()));
            }
            put("action_statement", json!(statement.text));
        }
        Status::Fixed | Status::UnderInvestigation => {
            if !statement.text.is_empty() {
                put("status_notes", json!(statement.text));
            }
        }
    }
    if let Some(time) = statement.time {
        put("timestamp", json!(time.to_string()));
    }
    Ok(Value::Object(out))
}

fn component(names: &[ProductName]) -> Option<Map<String, Value>> {
    let first = names.first()?;
    let mut value = Map::new();
    value.insert("@id".to_owned(), json!(first.to_string()));
    let mut identifiers = Map::new();
    let mut hashes = Map::new();
    for name in names {
        match name {
            ProductName::Purl(purl) => {
                identifiers.entry("purl").or_insert(json!(purl.text));
            }
            ProductName::Cpe(cpe) => {
                let key = if cpe.starts_with("cpe:2.3:") {
                    "cpe23"
                } else {
                    "cpe22"
                };
                identifiers.entry(key).or_insert(json!(cpe));
            }
            ProductName::Digest(digest) => {
                let hex = digest.trim_start_matches("sha256:");
                hashes.entry("sha-256").or_insert(json!(hex));
            }
            ProductName::Image(_) | ProductName::Other(_) => {}
        }
    }
    if !identifiers.is_empty() {
        value.insert("identifiers".to_owned(), Value::Object(identifiers));
    }
    if !hashes.is_empty() {
        value.insert("hashes".to_owned(), Value::Object(hashes));
    }
    Some(value)
}
