//! An image as SPDX 2.3 JSON.

use std::collections::BTreeMap;

use plimsoll_model::{
    PackageType,
    image::{Image, ImagePackage, ImageRelease},
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::CHECKSUMS;
use crate::{
    licence,
    sbom::{
        draft::{Component as Plain, restored},
        notes::{ImageNotes, PREFIX, PackageNotes, json},
        stamp::{Stamp, uuid},
    },
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    document_namespace: String,
    creation_info: Creation,
    packages: Vec<Package<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<Extracted>,
    relationships: Vec<Relationship>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    created: String,
    creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    name: String,
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    version_info: &'a str,
    download_location: &'static str,
    files_analyzed: bool,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    primary_package_purpose: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    source_info: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'static str,
    checksum_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotation {
    annotation_date: String,
    annotation_type: &'static str,
    annotator: String,
    comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extracted {
    license_id: String,
    name: String,
    extracted_text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const ROOT: &str = "SPDXRef-Image";
const NOTHING: &str = "NOASSERTION";

/// An image as SPDX 2.3 JSON: the same image and stamp give the same bytes.
///
/// Packages that a later layer removed are not in it. What SPDX has no field
/// for stands in annotations.
#[must_use]
pub fn write(image: &Image, stamp: &Stamp) -> Vec<u8> {
    let found: Vec<&ImagePackage> = image
        .packages
        .iter()
        .filter(|package| package.removed_by.is_none())
        .collect();
    let ids = ids(&found);
    let mut by_name: FxHashMap<(PackageType, String), Option<usize>> = FxHashMap::default();
    for (at, package) in found.iter().enumerate() {
        by_name
            .entry((package.package.kind, package.package.full_name()))
            .and_modify(|known| *known = None)
            .or_insert(Some(at));
    }
    let mut extracted = BTreeMap::new();
    let mut packages = vec![root(image)];
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", ROOT)];
    if let Some(release) = &image.release {
        packages.push(os(release));
        relationships.push(relationship(ROOT, "CONTAINS", OS));
    }
    for (package, id) in found.iter().zip(&ids) {
        relationships.push(relationship(ROOT, "CONTAINS", id));
        let mut unresolved = Vec::new();
        let mut needed: Vec<usize> = Vec::new();
        for name in &package.needs {
            match by_name.get(&(package.package.kind, name.clone())) {
                Some(Some(at)) => needed.push(*at),
                _ => unresolved.push(name.clone()),
            }
        }
        needed.sort_unstable();
        needed.dedup();
        for at in needed {
            relationships.push(relationship(id, "DEPENDS_ON", &ids[at]));
        }
        packages.push(spdx_package(package, id, unresolved, &mut extracted));
    }
    let name = if image.name.is_empty() {
        "image"
    } else {
        &image.name
    };
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name,
        document_namespace: String::new(),
        creation_info: Creation::default(),
        packages,
        has_extracted_licensing_infos: extracted.into_values().collect(),
        relationships,
    };
    document.document_namespace = format!("https://plimsoll.dev/spdx/{}", uuid(&document));
    let annotator = format!("Tool: plimsoll-{}", stamp.version);
    document.creation_info = Creation {
        created: stamp.time_text(),
        creators: vec![annotator.clone()],
    };
    for annotation in document
        .packages
        .iter_mut()
        .flat_map(|p| &mut p.annotations)
    {
        annotation
            .annotation_date
            .clone_from(&document.creation_info.created);
        annotation.annotator.clone_from(&annotator);
    }
    let mut text = Vec::with_capacity(1024 * (1 + document.packages.len()));
    // Writing to memory can't fail, and no map of these types has odd keys.
    let _ = serde_json::to_writer(&mut text, &document);
    text.push(b'\n');
    text
}

const OS: &str = "SPDXRef-OperatingSystem";

fn relationship(who: &str, what: &'static str, whom: &str) -> Relationship {
    Relationship {
        spdx_element_id: who.to_owned(),
        relationship_type: what,
        related_spdx_element: whom.to_owned(),
    }
}

fn package(name: String, id: String, purpose: &'static str) -> Package<'static> {
    Package {
        name,
        id,
        version_info: "",
        download_location: NOTHING,
        files_analyzed: false,
        license_concluded: NOTHING,
        license_declared: NOTHING.into(),
        copyright_text: NOTHING,
        primary_package_purpose: purpose,
        source_info: String::new(),
        checksums: Vec::new(),
        external_refs: Vec::new(),
        annotations: Vec::new(),
    }
}

/// Date and annotator are put in last: ids are made from content alone.
fn annotation(notes: &impl Serialize) -> Annotation {
    Annotation {
        annotation_date: String::new(),
        annotation_type: "OTHER",
        annotator: String::new(),
        comment: format!("{PREFIX}{}", json(notes)),
    }
}

fn root(image: &Image) -> Package<'_> {
    let mut root = package(image.name.clone(), ROOT.into(), "CONTAINER");
    if root.name.is_empty() {
        root.name = "image".into();
    }
    root.annotations.push(annotation(&ImageNotes::of(image)));
    root
}

fn os(release: &ImageRelease) -> Package<'_> {
    let mut os = package(release.id.clone(), OS.into(), "OPERATING_SYSTEM");
    os.version_info = &release.version;
    if !release.cpe.is_empty() {
        os.external_refs.push(cpe(&release.cpe));
    }
    os
}

fn cpe(name: &str) -> Reference {
    Reference {
        reference_category: "SECURITY",
        reference_type: match name.starts_with("cpe:/") {
            true => "cpe22Type",
            false => "cpe23Type",
        },
        reference_locator: name.to_owned(),
    }
}

fn spdx_package<'a>(
    found: &'a ImagePackage,
    id: &str,
    needs: Vec<String>,
    extracted: &mut BTreeMap<String, Extracted>,
) -> Package<'a> {
    let of = &found.package;
    let purpose = match of.kind {
        PackageType::Generic | PackageType::Bitnami => "APPLICATION",
        _ => "LIBRARY",
    };
    let mut result: Package<'a> = package(of.full_name(), id.to_owned(), purpose);
    result.version_info = &of.version;
    result.license_declared = declared(&of.licences, extracted);
    let purl = of.purl();
    let plain = Plain {
        purl: purl.clone(),
        name: result.name.clone(),
        version: of.version.clone(),
        licences: match &*of.licences {
            [one] => vec![one.clone()],
            [] => Vec::new(),
            _ => vec![result.license_declared.clone()],
        },
        ..Plain::default()
    };
    result.external_refs.push(Reference {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl,
    });
    result
        .external_refs
        .extend(found.cpes.iter().map(|name| cpe(name)));
    let mut notes = PackageNotes::of(found);
    for checksum in &found.checksums {
        let known = checksum.split_once(':').and_then(|(algorithm, value)| {
            let (_, algorithm) = CHECKSUMS.iter().find(|known| known.0 == algorithm)?;
            let hex = !value.is_empty() && value.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then_some(Checksum {
                algorithm,
                checksum_value: value,
            })
        });
        match known {
            Some(checksum) => result.checksums.push(checksum),
            None => notes.checksums.push(checksum.clone()),
        }
    }
    notes.needs = needs;
    if restored(&plain).as_ref() != Ok(of) {
        notes.package = Some(of.clone());
    }
    let paths: Vec<&str> = found
        .locations
        .iter()
        .map(|l| &*l.path)
        .filter(|p| !p.is_empty())
        .collect();
    if !paths.is_empty() {
        result.source_info = format!("found in: {}", paths.join(", "));
    }
    if !notes.is_empty() {
        result.annotations.push(annotation(&notes));
    }
    result
}

/// One expression of all licences; those that SPDX does not know become
/// references to what was written.
fn declared(licences: &[String], extracted: &mut BTreeMap<String, Extracted>) -> String {
    let mut parts = Vec::with_capacity(licences.len());
    for text in licences {
        if licence::is_expression(text) {
            let compound = licences.len() > 1 && text.contains(' ');
            parts.push(match compound {
                true => format!("({text})"),
                false => text.clone(),
            });
            continue;
        }
        let id = format!("LicenseRef-plimsoll-{}", short_hash(text));
        extracted.entry(id.clone()).or_insert_with(|| Extracted {
            license_id: id.clone(),
            name: text.clone(),
            extracted_text: text.clone(),
        });
        parts.push(id);
    }
    match parts.is_empty() {
        true => NOTHING.into(),
        false => parts.join(" AND "),
    }
}

fn short_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// An id for each package from its type, name and purl; letters, digits, `.`
/// and `-` alone.
fn ids(packages: &[&ImagePackage]) -> Vec<String> {
    let mut seen = FxHashSet::default();
    packages
        .iter()
        .enumerate()
        .map(|(at, found)| {
            let package = &found.package;
            let name: String = package
                .name
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || c == '.' {
                        c
                    } else {
                        '-'
                    }
                })
                .take(80)
                .collect();
            let hash = short_hash(&package.purl());
            let mut id = format!("SPDXRef-Package-{}-{name}-{hash}", package.kind);
            if !seen.insert(id.clone()) {
                id = format!("{id}-{at}");
                seen.insert(id.clone());
            }
            id
        })
        .collect()
}
