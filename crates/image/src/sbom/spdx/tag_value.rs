//! SPDX tag-value, read into the same document as JSON: `Tag: value` lines, a
//! value that spans lines between `<text>` and `</text>`.

use plimsoll_model::image::Image;

use super::{
    document::{Annotation, Checksum, Document, Extracted, Package, Reference, Relationship},
    read::image,
};
use crate::sbom::{SbomError, draft::Draft, lenient::Text};

/// Reads SPDX tag-value.
pub(in crate::sbom) fn read_tag_value(bytes: &[u8], draft: Draft) -> Result<Image, SbomError> {
    let text = String::from_utf8_lossy(bytes);
    let mut document = Document::default();
    let mut current = Current::Document;
    let mut annotation = String::new();
    let mut about: Vec<(String, String)> = Vec::new();
    let mut rest = &*text;
    while let Some((tag, value, after)) = next(rest) {
        rest = after;
        match tag {
            "PackageName" => {
                current = Current::Package;
                document.packages.items.push(Package {
                    name: Text(value.into()),
                    ..Package::default()
                });
            }
            "FileName" | "SnippetSPDXID" => current = Current::Other,
            "LicenseID" => {
                current = Current::Licence;
                document
                    .has_extracted_licensing_infos
                    .items
                    .push(Extracted {
                        license_id: Text(value.into()),
                        ..Extracted::default()
                    });
            }
            "SPDXVersion" => document.spdx_version = Text(value.into()),
            "DocumentName" => document.name = Text(value.into()),
            "Relationship" => {
                let mut words = value.split_whitespace();
                let mut word = || Text(words.next().unwrap_or_default().to_owned());
                document.relationships.items.push(Relationship {
                    spdx_element_id: word(),
                    relationship_type: word(),
                    related_spdx_element: word(),
                });
            }
            "AnnotationComment" => value.clone_into(&mut annotation),
            "SPDXREF" if !annotation.is_empty() => {
                about.push((value.to_owned(), std::mem::take(&mut annotation)));
            }
            _ => match current {
                Current::Package => {
                    if let Some(package) = document.packages.items.last_mut() {
                        of_package(package, tag, value);
                    }
                }
                Current::Licence => {
                    if let Some(licence) = document.has_extracted_licensing_infos.items.last_mut() {
                        match tag {
                            "LicenseName" => licence.name = Text(value.into()),
                            "ExtractedText" => licence.extracted_text = Text(value.into()),
                            _ => {}
                        }
                    }
                }
                Current::Document | Current::Other => {}
            },
        }
    }
    let by_id: rustc_hash::FxHashMap<String, usize> = (0..)
        .zip(&document.packages.items)
        .map(|(at, package)| (package.id.0.clone(), at))
        .collect();
    for (id, comment) in about {
        if let Some(at) = by_id.get(&id) {
            document.packages.items[*at]
                .annotations
                .items
                .push(Annotation {
                    comment: Text(comment),
                });
        }
    }
    image(document, draft)
}

/// What tags are about until the next of their kind begins.
enum Current {
    Document,
    Package,
    Licence,
    Other,
}

fn of_package(package: &mut Package, tag: &str, value: &str) {
    let text = || Text(value.to_owned());
    match tag {
        "SPDXID" => package.id = text(),
        "PackageVersion" => package.version_info = text(),
        "PackageLicenseDeclared" => package.license_declared = text(),
        "PackageLicenseConcluded" => package.license_concluded = text(),
        "PrimaryPackagePurpose" => package.primary_package_purpose = text(),
        "PackageSourceInfo" => package.source_info = text(),
        "PackageAttributionText" => package.attribution_texts.0.push(value.to_owned()),
        "PackageChecksum" => {
            if let Some((algorithm, digest)) = value.split_once(':') {
                package.checksums.items.push(Checksum {
                    algorithm: Text(algorithm.trim().into()),
                    checksum_value: Text(digest.trim().into()),
                });
            }
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            let mut word = || Text(words.next().unwrap_or_default().to_owned());
            package.external_refs.items.push(Reference {
                reference_type: word(),
                reference_locator: word(),
            });
        }
        _ => {}
    }
}

/// The next tag, its value and what comes after it; lines that are no tag are
/// passed over.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let tag = line
            .split_once(':')
            .filter(|(tag, _)| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
        let Some((tag, value)) = tag else {
            rest = after;
            continue;
        };
        let value = value.trim();
        if let Some(begun) = value.strip_prefix("<text>") {
            // From the value's own place on: it may end on a later line.
            let start = begun.as_ptr() as usize - text.as_ptr() as usize;
            let whole = &text[start..];
            return match whole.split_once("</text>") {
                Some((value, after)) => Some((tag, value.trim(), after)),
                None => Some((tag, whole.trim(), "")),
            };
        }
        return Some((tag, value, after));
    }
    None
}
