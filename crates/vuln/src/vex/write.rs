//! OpenVEX, written: the same statements give the same bytes.

use plimsoll_model::Timestamp;
use serde_json::{Map, Value, json};

use super::{ProductName, Statement, Status};

/// Justifications that OpenVEX knows.
pub(super) const JUSTIFICATIONS: [&str; 5] = [
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
        "`{0}` is said to be not affected without what shows it, or with a justification that is none of OpenVEX's"
    )]
    Unjustified(String),
    /// It gives no action.
    #[error("`{0}` is said to be affected without what to do about it")]
    NoAction(String),
    /// There is no statement, and OpenVEX has no documents without one.
    #[error("there is no statement to write: OpenVEX has no documents without one")]
    Empty,
    /// It is about nothing.
    #[error("a statement about `{0}` names no vulnerability or no product")]
    Nothing(String),
}

/// Writes an OpenVEX 0.2.0 document, statements sorted.
///
/// # Errors
/// A statement says more than it shows, or there is none.
pub fn write(author: &Author, statements: &[Statement]) -> Result<String, WriteError> {
    let mut written: Vec<Value> = statements.iter().map(statement).collect::<Result<_, _>>()?;
    written.sort_by_cached_key(Value::to_string);
    written.dedup();
    if written.is_empty() {
        return Err(WriteError::Empty);
    }
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

/// An id for a document that says this, the same for the same words and no
/// other's: a UUID of version 8 (RFC 9562, 5.8) made of their hash.
#[must_use]
pub fn id_of(text: &str) -> String {
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
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
            let word = statement.justification.as_str();
            let known = word.is_empty() || JUSTIFICATIONS.contains(&word);
            if !known || statement.text.trim().is_empty() {
                return Err(WriteError::Unjustified(title()));
            }
            // Revisions of the schema of 0.2.0 differ in whether both may stand in one
            // statement: what shows a justification is written where all of them take it.
            if word.is_empty() {
                put("impact_statement", json!(statement.text));
            } else {
                put("justification", json!(word));
                put("status_notes", json!(statement.text));
            }
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
