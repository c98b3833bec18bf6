//! VEX: what somebody says of a vulnerability in a product.
//!
//! [`read`] takes OpenVEX, CSAF VEX and CycloneDX VEX to one form; [`apply`] lays it on what was
//! found. What a statement takes out of the count stays in the list, with whose word it is.
//! [`write()`] makes OpenVEX.

mod apply;
mod attested;
mod csaf;
mod cyclonedx;
mod draft;
mod openvex;
mod product;
mod purl;
mod range;
pub mod repository;
mod write;

use std::fmt;

use plimsoll_model::Timestamp;
use serde_json::Value;

pub use self::{
    apply::{Applied, Conflict, apply},
    draft::{draft, product_of},
    product::{Identity, Product, ProductName},
    purl::PurlPattern,
    write::{Author, WriteError, id_of, write},
};
use crate::{
    advisory::Skipped,
    read::{bounds, tree},
};

/// Bytes of one document.
const MOST_BYTES: usize = 64 << 20;
/// Statements of one document.
const MOST_STATEMENTS: usize = 200_000;
/// Products of one document, and places in a tree of them.
const MOST_PRODUCTS: usize = 500_000;
/// How deep a tree of products goes.
const MOST_DEPTH: usize = 60;

/// A form of VEX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VexFormat {
    /// OpenVEX 0.0.1 to 0.2.0.
    OpenVex,
    /// CSAF 2.0 and 2.1.
    Csaf,
    /// CycloneDX JSON 1.4 and later.
    CycloneDx,
}

impl fmt::Display for VexFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            VexFormat::OpenVex => "OpenVEX",
            VexFormat::Csaf => "CSAF VEX",
            VexFormat::CycloneDx => "CycloneDX VEX",
        })
    }
}

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nobody knows yet.
    UnderInvestigation,
    /// The product is affected.
    Affected,
    /// The product has the fix.
    Fixed,
    /// The product is not affected.
    NotAffected,
}

impl Status {
    /// As OpenVEX writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::UnderInvestigation => "under_investigation",
            Status::Affected => "affected",
            Status::Fixed => "fixed",
            Status::NotAffected => "not_affected",
        }
    }

    /// Whether it takes the vulnerability out of what is counted.
    #[must_use]
    pub fn suppresses(self) -> bool {
        matches!(self, Status::Fixed | Status::NotAffected)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One statement of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Names of the vulnerability, the one it goes by first.
    pub vulnerability: Vec<String>,
    /// What it is about.
    pub products: Vec<Product>,
    /// What it says.
    pub status: Status,
    /// Why it is not affected, in the format's own word
    /// (`vulnerable_code_not_present`, CycloneDX `code_not_reachable`); empty when none is given.
    pub justification: String,
    /// Why, or what to do, in the author's words.
    pub text: String,
    /// When it was last said.
    pub time: Option<Timestamp>,
}

impl Statement {
    /// Why, with the word of the justification before the author's own.
    #[must_use]
    pub fn reason(&self) -> String {
        let (word, text) = (&self.justification, &self.text);
        match (word.is_empty(), text.is_empty()) {
            (false, false) => format!("{word}: {text}"),
            (false, true) => word.clone(),
            (true, false) => text.clone(),
            (true, true) if self.status == Status::NotAffected => {
                "no justification is given".to_owned()
            }
            (true, true) => String::new(),
        }
    }

    /// For a person: `CVE-2023-1 not_affected for pkg:oci/web`.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.vulnerability.first().map_or("", String::as_str);
        let product = match self.products.as_slice() {
            [] => "nothing".to_owned(),
            [one] => one.title(),
            [one, rest @ ..] => format!("{} and {} more", one.title(), rest.len()),
        };
        format!("{name} {} for {product}", self.status)
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its format.
    pub format: VexFormat,
    /// The file, referrer or address it was had from.
    pub file: String,
    /// Its own id; empty when it has none.
    pub id: String,
    /// Who says it; empty when nobody is named.
    pub author: String,
    /// When it was last changed.
    pub time: Option<Timestamp>,
    /// Digests that the attestation is about which it came in, `sha256:...`; none where it came
    /// in none.
    pub subjects: Vec<String>,
    /// Whether it came with a signature, or from where there should be one, that nobody verified.
    pub unverified: bool,
    /// Whether it was found by the name of a package, and so also speaks of what is not at hand.
    pub shared: bool,
    /// What it says.
    pub statements: Vec<Statement>,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
}

impl Document {
    fn new(format: VexFormat, file: &str) -> Self {
        Document {
            format,
            file: bounds::prose(file, bounds::NAME),
            id: String::new(),
            author: String::new(),
            time: None,
            subjects: Vec::new(),
            unverified: false,
            shared: false,
            statements: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Whose word it is: `web.vex.json (Example Ltd)`, and that nobody verified
    /// the signature where there should be one.
    #[must_use]
    pub fn by(&self) -> String {
        let unverified = self.unverified.then_some("signature not verified");
        let author = Some(self.author.as_str()).filter(|author| !author.is_empty());
        let more: Vec<&str> = author.into_iter().chain(unverified).collect();
        if more.is_empty() {
            self.file.clone()
        } else {
            format!("{} ({})", self.file, more.join("; "))
        }
    }

    fn skip(&mut self, record: &str, reason: impl Into<String>) {
        if self.skipped.len() < bounds::SKIPPED {
            self.skipped.push(Skipped {
                file: self.file.clone(),
                record: bounds::prose(record, bounds::NAME),
                reason: bounds::prose(&reason.into(), bounds::NOTE),
            });
        }
    }

    /// Takes a statement, unless there are too many or it is about nothing.
    fn take(&mut self, statement: Statement, record: &str) {
        if statement.vulnerability.is_empty() {
            self.skip(record, "it names no vulnerability");
        } else if statement.products.is_empty() {
            self.skip(record, "it names no product");
        } else if self.statements.len() >= MOST_STATEMENTS {
            self.skip(
                record,
                format!("at most {MOST_STATEMENTS} statements are read"),
            );
        } else {
            self.statements.push(statement);
        }
    }
}

/// The file is no VEX document that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VexError {
    /// It is bigger than any.
    #[error("{file}: {size} bytes; at most {MOST_BYTES} of a VEX document are read")]
    TooLarge {
        /// The file.
        file: String,
        /// Its bytes.
        size: usize,
    },
    /// It is not JSON.
    #[error("{file}: no JSON: {problem}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// It is an envelope that can't be opened.
    #[error("{file}: {problem}")]
    Envelope {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// It attests something else.
    #[error("{file}: it attests `{kind}`, which is no VEX")]
    Attests {
        /// The file.
        file: String,
        /// Its predicate type.
        kind: String,
    },
    /// It is something else.
    #[error("{file}: neither OpenVEX, CSAF VEX nor CycloneDX: give a file that is one of them")]
    Format {
        /// The file.
        file: String,
    },
}

/// Reads a VEX document, of whichever form its content is, also where it is the
/// predicate of an in-toto statement, with or without an envelope with signatures
/// (DSSE, a Sigstore bundle). Those are not verified here, and [`Document::by`]
/// says so.
///
/// A statement that can't be read is passed over and named.
///
/// # Errors
/// It is none of the forms.
pub fn read(file: &str, bytes: &[u8]) -> Result<Document, VexError> {
    let name = || bounds::prose(file, bounds::NAME);
    if bytes.len() > MOST_BYTES {
        return Err(VexError::TooLarge {
            file: name(),
            size: bytes.len(),
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let root: Value = serde_json::from_slice(bytes).map_err(|error| VexError::Json {
        file: name(),
        problem: error.to_string(),
    })?;
    match attested::open(&name(), &root)? {
        Some(opened) => opened.read(file),
        None => plain(file, &root, &[]),
    }
}

/// A document that is not wrapped. Statements of OpenVEX that name no product
/// are about `inherited`.
fn plain(file: &str, root: &Value, inherited: &[Product]) -> Result<Document, VexError> {
    match detect(root) {
        Some(VexFormat::OpenVex) => Ok(openvex::read(file, root, inherited)),
        Some(VexFormat::Csaf) => Ok(csaf::read(file, root)),
        Some(VexFormat::CycloneDx) => Ok(cyclonedx::read(file, root)),
        None => Err(VexError::Format {
            file: bounds::prose(file, bounds::NAME),
        }),
    }
}

/// Which form a JSON document is.
#[must_use]
pub fn detect(root: &Value) -> Option<VexFormat> {
    let openvex = |context: &str| {
        let context = context.trim_start_matches("https://").to_lowercase();
        context.starts_with("openvex.dev/ns")
    };
    let context = root.get("@context");
    if context.and_then(Value::as_str).is_some_and(openvex)
        || tree::texts(root, "@context").any(openvex)
    {
        Some(VexFormat::OpenVex)
    } else if root
        .get("document")
        .and_then(|document| document.get("csaf_version"))
        .is_some()
    {
        Some(VexFormat::Csaf)
    } else if tree::text(root, "bomFormat") == "CycloneDX" {
        Some(VexFormat::CycloneDx)
    } else {
        None
    }
}

/// Whether something of this media type may be a VEX document or an attestation
/// that holds one; only reading it tells.
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = [
        "openvex",
        "csaf",
        "vex+json",
        "cyclonedx",
        "in-toto",
        "dsse",
        "sigstore.bundle",
    ];
    words.iter().any(|word| text.contains(word))
}

/// A name of a vulnerability; from an address its last part. Empty for what is none.
fn name(text: &str) -> String {
    let text = text.trim().trim_end_matches('/');
    let text = if text.contains("://") {
        text.rsplit('/').next().unwrap_or_default()
    } else {
        text
    };
    bounds::word(text).unwrap_or_default()
}

/// Adds a name that is not there yet.
fn add_name(names: &mut Vec<String>, text: &str) {
    let name = name(text);
    let known = names.iter().any(|other| other.eq_ignore_ascii_case(&name));
    if !name.is_empty() && !known && names.len() < bounds::IDS {
        names.push(name);
    }
}

#[cfg(test)]
mod tests;
