//! VEX in attestations: in-toto statements whose predicate is a document, in DSSE envelopes and
//! Sigstore bundles.
//!
//! <https://github.com/in-toto/attestation>, <https://github.com/secure-systems-lab/dsse>. Nothing
//! is verified here: who reads an attestation this way has the word of whoever could write it.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::{Document, Product, ProductName, VexError, bounds, plain, tree};

/// Things that one attestation is about.
const MOST_SUBJECTS: usize = 10_000;

/// Base64 of either alphabet, padded or not (DSSE: "Either standard or URL-safe encoding is
/// allowed").
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// An attestation that was opened.
pub(super) struct Opened {
    /// The in-toto statement.
    statement: Value,
}

/// Opens an attestation; none where the document is no such thing.
pub(super) fn open(file: &str, root: &Value) -> Result<Option<Opened>, VexError> {
    let envelope = match root.get("dsseEnvelope") {
        // A bundle of Sigstore has the envelope beside what verifies it.
        Some(envelope) => Some(envelope),
        None => root
            .get("payload")
            .filter(|_| root.get("payloadType").is_some())
            .map(|_| root),
    };
    let statement = match envelope {
        Some(envelope) => payload(envelope).map_err(|problem| VexError::Envelope {
            file: file.to_owned(),
            problem: problem.to_owned(),
        })?,
        None if is_statement(root) => root.clone(),
        None => return Ok(None),
    };
    if !is_statement(&statement) {
        return Err(VexError::Envelope {
            file: file.to_owned(),
            problem: "the envelope holds no in-toto statement".to_owned(),
        });
    }
    Ok(Some(Opened { statement }))
}

fn is_statement(root: &Value) -> bool {
    tree::text(root, "_type").starts_with("https://in-toto.io/Statement/")
        && root.get("predicate").is_some()
}

fn payload(envelope: &Value) -> Result<Value, &'static str> {
    let text: String = tree::text(envelope, "payload")
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, LENIENT)
        .decode(&text)
        .or_else(|_| GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT).decode(&text))
        .map_err(|_| "the payload of the envelope is no base64")?;
    serde_json::from_slice(&bytes).map_err(|_| "the payload of the envelope is no JSON")
}

impl Opened {
    /// The document in it.
    pub(super) fn read(&self, file: &str) -> Result<Document, VexError> {
        let statement = &self.statement;
        let mut subjects = Vec::new();
        let mut products = Vec::new();
        for subject in tree::items(statement, "subject").iter().take(MOST_SUBJECTS) {
            let mut names: Vec<ProductName> = Vec::new();
            if let Some(digest) = subject.get("digest")
                && let Some(name) = ProductName::digest("sha256", tree::text(digest, "sha256"))
            {
                subjects.push(name.to_string());
                names.push(name);
            }
            // Other names are files or references as whoever signed it called them: the digest
            // says which they are.
            if let Some(purl @ ProductName::Purl(_)) =
                ProductName::parse(tree::text(subject, "name"))
            {
                names.push(purl);
            }
            if !names.is_empty() {
                products.push(Product {
                    names,
                    parts: Vec::new(),
                });
            }
        }
        let predicate = statement.get("predicate").unwrap_or(&Value::Null);
        let mut document = plain(file, predicate, &products).map_err(|error| match error {
            VexError::Format { file } => VexError::Attests {
                file,
                kind: bounds::prose(tree::text(statement, "predicateType"), bounds::NAME),
            },
            error => error,
        })?;
        document.subjects = subjects;
        document.unverified = true;
        Ok(document)
    }
}
