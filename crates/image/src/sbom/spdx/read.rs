//! An SPDX 2 document as an image.

use plimsoll_model::image::{Image, ImageRelease};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::{
    CHECKSUMS,
    document::{Document, Package},
};
use crate::sbom::{
    SbomError,
    draft::{Component as Plain, Draft, source},
    json_error,
    lenient::Maybe,
    notes::{ImageNotes, PREFIX},
    release::os_id,
};

/// A document as it stands, in GitHub's answer (`sbom`) or in an in-toto
/// statement (`predicate`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped {
    sbom: Maybe<Document>,
    predicate: Maybe<Document>,
    #[serde(flatten)]
    plain: Document,
}

/// Reads SPDX 2 JSON.
pub(in crate::sbom) fn read_json(
    bytes: &[u8],
    wrapped: bool,
    draft: Draft,
) -> Result<Image, SbomError> {
    let document = if wrapped {
        let outer: Wrapped = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        outer.sbom.0.or(outer.predicate.0).unwrap_or(outer.plain)
    } else {
        serde_json::from_slice(bytes).map_err(|error| json_error(&error))?
    };
    image(document, draft)
}

/// The image that a document tells of.
pub(super) fn image(document: Document, mut draft: Draft) -> Result<Image, SbomError> {
    match &*document.spdx_version {
        "SPDX-2.1" | "SPDX-2.2" | "SPDX-2.3" => {}
        other => return Err(SbomError::Version(format!("SPDX `{other}`"))),
    }
    if !document.name.is_empty() {
        draft.image.name = document.name.0;
    }
    let mut described: FxHashSet<String> = document.document_describes.0.into_iter().collect();
    for relationship in &document.relationships.items {
        let (who, whom) = (
            &relationship.spdx_element_id,
            &relationship.related_spdx_element,
        );
        match &*relationship.relationship_type {
            "DESCRIBES" if **who == *"SPDXRef-DOCUMENT" => {
                described.insert(whom.0.clone());
            }
            "DESCRIBED_BY" if **whom == *"SPDXRef-DOCUMENT" => {
                described.insert(who.0.clone());
            }
            "DEPENDS_ON" => draft.needs(who, whom),
            "DEPENDENCY_OF" => draft.needs(whom, who),
            _ => {}
        }
    }
    let texts: FxHashMap<String, String> = document
        .has_extracted_licensing_infos
        .items
        .into_iter()
        .map(|info| {
            let named = !info.name.is_empty() && &*info.name != "NOASSERTION";
            let text = if named {
                info.name
            } else {
                info.extracted_text
            };
            (info.license_id.0, text.0)
        })
        .collect();
    draft.odd(document.packages.odd, "packages");
    // What is noted of the image comes first: packages refer to its layers.
    let (roots, packages): (Vec<Package>, Vec<Package>) = document
        .packages
        .items
        .into_iter()
        .partition(|package| described.contains(&*package.id) && is_root(package));
    for root in &roots {
        read_root(root, &mut draft);
    }
    for package in packages {
        read_package(package, &texts, &mut draft);
    }
    Ok(draft.finish())
}

fn purl(package: &Package) -> &str {
    let refs = package.external_refs.items.iter();
    refs.filter(|reference| &*reference.reference_type == "purl")
        .map(|reference| &*reference.reference_locator)
        .next()
        .unwrap_or_default()
}

/// Whether what the document describes is a whole, not one package (as apko
/// writes for each package it installs).
fn is_root(package: &Package) -> bool {
    let purl = purl(package);
    purl.is_empty()
        || &*package.primary_package_purpose == "CONTAINER"
        || ["pkg:oci/", "pkg:docker/", "pkg:github/"]
            .iter()
            .any(|kind| purl.starts_with(kind))
}

fn read_root(root: &Package, draft: &mut Draft) {
    let noted = root
        .annotations
        .items
        .iter()
        .find_map(|annotation| annotation.comment.strip_prefix(PREFIX));
    if let Some(notes) = noted {
        match serde_json::from_str::<ImageNotes>(notes) {
            Ok(notes) => {
                notes.put_into(&mut draft.image);
                draft.index_layers();
            }
            Err(error) => draft.gap(format!("what is noted of the image: {error}")),
        }
        if !root.name.is_empty() {
            draft.image.name = root.name.0.clone();
        }
        return;
    }
    let digest = |text: &str| text.rsplit_once('@').map_or(text, |(_, d)| d).parse().ok();
    draft.image.digest = digest(&root.version_info);
    for text in remarks(root) {
        match text.split_once(": ") {
            Some(("DiffID", value)) => {
                if let Ok(diff_id) = value.parse() {
                    draft.layer(Some(diff_id), None);
                }
            }
            Some(("ImageID", value)) => draft.image.id = digest(value),
            Some(("RepoDigest", value)) => draft.image.digest = digest(value),
            Some(("RepoTag", value)) => draft.image.tags.push(value.to_owned()),
            _ => {}
        }
    }
}

/// `Key: value` in annotations and attributions, as Trivy writes them.
fn remarks(package: &Package) -> impl Iterator<Item = &str> {
    let annotations = package
        .annotations
        .items
        .iter()
        .map(|annotation| &*annotation.comment);
    annotations.chain(package.attribution_texts.0.iter().map(|text| &**text))
}

fn read_package(package: Package, texts: &FxHashMap<String, String>, draft: &mut Draft) {
    let purl = purl(&package).to_owned();
    match &*package.primary_package_purpose {
        "OPERATING_SYSTEM" | "OPERATING-SYSTEM" => {
            draft.release(ImageRelease {
                id: os_id(&package.name),
                version: package.version_info.0,
                ..ImageRelease::default()
            });
            return;
        }
        "CONTAINER" | "FILE" | "DEVICE" | "FIRMWARE" if purl.is_empty() => return,
        _ if purl.starts_with("pkg:oci/") || purl.starts_with("pkg:docker/") => return,
        _ => {}
    }
    let mut plain = Plain {
        purl,
        ..Plain::default()
    };
    let mut grouping = false;
    for text in remarks(&package) {
        if let Some(notes) = text.strip_prefix(PREFIX) {
            plain.notes = Some(notes.to_owned());
        }
        match text.split_once(": ") {
            Some(("LayerDiffID", value)) => value.clone_into(&mut plain.layer),
            Some(("LayerDigest", value)) if plain.layer.is_empty() => {
                value.clone_into(&mut plain.layer);
            }
            Some(("FilePath", value)) => plain.paths.push(value.to_owned()),
            Some(("Class", _)) => grouping = true,
            _ => {}
        }
    }
    if grouping && plain.purl.is_empty() && package.version_info.is_empty() {
        // Trivy's way to group packages by the lock file they are of.
        return;
    }
    for reference in package.external_refs.items {
        if matches!(&*reference.reference_type, "cpe23Type" | "cpe22Type") {
            plain.cpes.push(reference.reference_locator.0);
        }
    }
    for checksum in package.checksums.items {
        let known = CHECKSUMS
            .iter()
            .find(|known| known.1 == &*checksum.algorithm);
        let algorithm = known.map_or_else(
            || checksum.algorithm.to_ascii_lowercase(),
            |known| known.0.into(),
        );
        plain
            .checksums
            .push(format!("{algorithm}:{}", checksum.checksum_value.0));
    }
    let says = |text: &str| !matches!(text, "" | "NOASSERTION" | "NONE");
    let licence = [package.license_declared, package.license_concluded]
        .into_iter()
        .find(|text| says(text));
    if let Some(licence) = licence {
        let text = texts.get(&*licence).cloned();
        plain.licences.push(text.unwrap_or(licence.0));
    }
    let info = &*package.source_info;
    if let Some(built) = info.strip_prefix("built package from: ") {
        // Trivy: name and version of the source package.
        if let Some((name, version)) = built.split_once(' ') {
            plain.source = source(name, "", version, "");
        }
    } else if info.starts_with("acquired package info from ")
        && let Some((_, paths)) = info.split_once(": ")
    {
        // Syft: where it was found.
        plain.paths.extend(paths.split(", ").map(str::to_owned));
    }
    plain.id = package.id.0;
    plain.name = package.name.0;
    plain.version = package.version_info.0;
    draft.component(plain);
}
