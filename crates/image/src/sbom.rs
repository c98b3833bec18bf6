//! SBOM formats, read into an [`Image`] and written from one.
//!
//! - [`cyclonedx`] and [`spdx`]: read and written; [`detect`] and [`read`]
//!   also know Syft's own JSON and the wrappings of GitHub and in-toto.
//! - [`reconcile`]: what an SBOM found in an image says, against what its
//!   package databases and files say.

pub mod cyclonedx;
mod draft;
mod found;
mod lenient;
mod notes;
pub mod reconcile;
mod release;
pub mod spdx;
mod stamp;
mod syft;

#[cfg(test)]
mod tests;

use plimsoll_model::image::Image;

pub use self::{found::ANALYZERS, stamp::Stamp};
use crate::Limits;

/// A format of SBOMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SbomFormat {
    /// CycloneDX JSON.
    CycloneDxJson,
    /// CycloneDX XML.
    CycloneDxXml,
    /// SPDX 2 JSON.
    SpdxJson,
    /// SPDX 2 JSON in GitHub's answer or an in-toto statement.
    SpdxWrapped,
    /// SPDX 2 tag-value.
    SpdxTagValue,
    /// SPDX 3 JSON-LD: known by name, not read.
    Spdx3,
    /// Syft's own JSON.
    Syft,
}

impl SbomFormat {
    /// Its name, as evidence shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CycloneDxJson => "CycloneDX",
            Self::CycloneDxXml => "CycloneDX XML",
            Self::SpdxJson | Self::SpdxWrapped => "SPDX",
            Self::SpdxTagValue => "SPDX tag-value",
            Self::Spdx3 => "SPDX 3",
            Self::Syft => "Syft",
        }
    }
}

/// Why an SBOM could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SbomError {
    /// It is in no format that is known.
    #[error("it is no SBOM that is known: CycloneDX, SPDX 2 and Syft JSON are read")]
    Unknown,
    /// It is of a version that is not read.
    #[error("{0} is not read; CycloneDX 1.2 to 1.6, SPDX 2.2 and 2.3 are")]
    Version(String),
    /// It is not what its format says.
    #[error("{message} (at byte {offset})")]
    Malformed {
        /// What is wrong.
        message: String,
        /// Where, in bytes.
        offset: u64,
    },
    /// It is no JSON of its format.
    #[error("{0}")]
    Json(String),
}

/// The error of the JSON reader: it names line and column.
fn json_error(error: &serde_json::Error) -> SbomError {
    SbomError::Json(error.to_string())
}

/// Where a document is looked at first, to tell its format: bytes.
const HEAD: usize = 64 << 10;

/// The format of a document by its beginning: 512 bytes tell most, all of it
/// tells every one.
#[must_use]
pub fn detect(head: &[u8]) -> Option<SbomFormat> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    match head.first()? {
        b'{' => json_format(&head[..head.len().min(HEAD)]).or_else(|| json_format(head)),
        b'<' if find(head, "cyclonedx.org/schema/bom").is_some() => Some(SbomFormat::CycloneDxXml),
        _ if head.starts_with(b"SPDXVersion:") || find(head, "\nSPDXVersion:").is_some() => {
            Some(SbomFormat::SpdxTagValue)
        }
        _ => None,
    }
}

fn find(text: &[u8], what: &str) -> Option<usize> {
    memchr::memmem::find(text, what.as_bytes())
}

/// Where a key of JSON stands first.
fn key(text: &[u8], name: &str) -> Option<usize> {
    memchr::memmem::find_iter(text, name.as_bytes())
        .find(|at| text[at + name.len()..].trim_ascii_start().starts_with(b":"))
}

/// The format of JSON by the key that stands first: what stands later may be
/// quoted in it.
fn json_format(text: &[u8]) -> Option<SbomFormat> {
    let least_of = |places: &[Option<usize>]| places.iter().flatten().min().copied();
    let cyclonedx = least_of(&[
        key(text, "\"bomFormat\""),
        find(text, "cyclonedx.org/schema/bom-"),
    ]);
    let spdx = least_of(&[
        key(text, "\"spdxVersion\""),
        key(text, "\"SPDXID\""),
        find(text, "spdx.dev/Document"),
    ]);
    let spdx3 = find(text, "spdx.org/rdf/3");
    let syft = least_of(&[key(text, "\"foundBy\""), find(text, "anchore/syft")]);
    let least = least_of(&[cyclonedx, spdx, spdx3, syft])?;
    Some(if Some(least) == cyclonedx {
        SbomFormat::CycloneDxJson
    } else if Some(least) == spdx3 {
        SbomFormat::Spdx3
    } else if Some(least) == spdx {
        let wrapper = [key(text, "\"sbom\""), find(text, "\"predicate")];
        let wrapped = least_of(&wrapper).is_some_and(|at| at < least);
        match wrapped {
            true => SbomFormat::SpdxWrapped,
            false => SbomFormat::SpdxJson,
        }
    } else if key(text, "\"artifacts\"").is_some() {
        SbomFormat::Syft
    } else {
        return None;
    })
}

/// Reads an SBOM in any of the formats. What can't be understood of it is a
/// gap of the image; `name` is the image's where the document has none.
///
/// # Errors
/// It is no SBOM, of a version that is not read, or malformed as a whole.
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Image, SbomError> {
    let format = detect(bytes).ok_or(SbomError::Unknown)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let draft = draft::Draft::new(name, format.name(), limits.found);
    match format {
        SbomFormat::CycloneDxJson => cyclonedx::read_json(bytes, draft),
        SbomFormat::CycloneDxXml => cyclonedx::read_xml(bytes, draft),
        SbomFormat::SpdxJson => spdx::read_json(bytes, false, draft),
        SbomFormat::SpdxWrapped => spdx::read_json(bytes, true, draft),
        SbomFormat::SpdxTagValue => spdx::read_tag_value(bytes, draft),
        SbomFormat::Syft => syft::read(bytes, draft),
        SbomFormat::Spdx3 => Err(SbomError::Version("SPDX 3".into())),
    }
}
