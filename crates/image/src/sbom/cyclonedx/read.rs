//! A CycloneDX document as an image.

use plimsoll_model::{
    Digest,
    image::{Image, ImageGap, ImageRelease},
    purl::source_rpm,
};

use super::{
    HASHES, IMAGE, PACKAGE,
    bom::{Bom, Component, Metadata},
};
use crate::sbom::{
    SbomError,
    draft::{Component as Plain, Draft, source},
    json_error,
    notes::ImageNotes,
    release::os_id,
};

/// Reads CycloneDX JSON.
pub(in crate::sbom) fn read_json(bytes: &[u8], draft: Draft) -> Result<Image, SbomError> {
    let bom: Bom = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
    Ok(image(bom, draft))
}

/// The image that a document tells of.
pub(super) fn image(bom: Bom, mut draft: Draft) -> Image {
    let mut noted = false;
    let mut root = String::new();
    if let Some(metadata) = bom.metadata.0 {
        noted = read_metadata(&metadata, &mut draft);
        if let Some(component) = metadata.component.0 {
            root = component.bom_ref.0;
        }
    }
    draft.odd(bom.components.odd, "components");
    // Components may hold components: an order of their own, not the call stack.
    let mut open = bom.components.items;
    open.reverse();
    while let Some(mut component) = open.pop() {
        draft.odd(component.components.odd, "components");
        let inner = std::mem::take(&mut component.components.items);
        open.extend(inner.into_iter().rev());
        read_component(component, &mut draft);
    }
    for dependency in &bom.dependencies.items {
        for what in &dependency.depends_on.0 {
            draft.needs(&dependency.who, what);
        }
    }
    // Our own documents note each gap.
    let incomplete = bom.compositions.items.iter().any(|composition| {
        composition.aggregate.starts_with("incomplete")
            && (composition.assemblies.0.is_empty() || composition.assemblies.0.contains(&root))
    });
    if incomplete && (!noted || draft.image.gaps.is_empty()) {
        draft.image.gaps.push(ImageGap {
            message: "the SBOM says of itself that it is incomplete".into(),
            ..ImageGap::default()
        });
    }
    draft.finish()
}

/// What is told of the image itself; whether it is Plimsoll's own note.
fn read_metadata(metadata: &Metadata, draft: &mut Draft) -> bool {
    let Some(component) = &metadata.component.0 else {
        return false;
    };
    if !component.name.is_empty() {
        draft.image.name = component.name.0.clone();
    }
    let digest = |text: &str| text.rsplit_once('@').map_or(text, |(_, d)| d).parse().ok();
    draft.image.digest = digest(&component.version);
    let properties = metadata
        .properties
        .items
        .iter()
        .chain(&component.properties.items);
    let mut noted = false;
    for property in properties {
        match &*property.name {
            IMAGE => match serde_json::from_str::<ImageNotes>(&property.value) {
                Ok(notes) => {
                    notes.put_into(&mut draft.image);
                    draft.index_layers();
                    noted = true;
                }
                Err(error) => draft.gap(format!("what is noted of the image: {error}")),
            },
            "aquasecurity:trivy:DiffID" => {
                if let Ok(diff_id) = property.value.parse::<Digest>() {
                    draft.layer(Some(diff_id), None);
                }
            }
            "aquasecurity:trivy:ImageID" => draft.image.id = digest(&property.value),
            "aquasecurity:trivy:RepoDigest" => draft.image.digest = digest(&property.value),
            "aquasecurity:trivy:RepoTag" | "syft:image:tag" => {
                draft.image.tags.push(property.value.0.clone());
            }
            _ => {}
        }
    }
    noted
}

fn read_component(component: Component, draft: &mut Draft) {
    match &*component.kind {
        "operating-system" => {
            draft.release(release(&component));
            return;
        }
        // No packages; nothing to look for in advisories.
        "file"
        | "data"
        | "cryptographic-asset"
        | "machine-learning-model"
        | "device"
        | "firmware"
        | "container"
        | "platform"
        | "device-driver"
            if component.purl.is_empty() =>
        {
            return;
        }
        _ if component.purl.starts_with("pkg:oci/")
            || component.purl.starts_with("pkg:docker/") =>
        {
            return;
        }
        _ => {}
    }
    if component.purl.is_empty()
        && component.cpe.is_empty()
        && component
            .properties
            .items
            .iter()
            .any(|property| &*property.name == "aquasecurity:trivy:Class")
    {
        // Trivy's way to group packages by the lock file they are of.
        return;
    }
    draft.component(plain(component));
}

fn plain(component: Component) -> Plain {
    let mut plain = Plain {
        id: component.bom_ref.0,
        purl: component.purl.0,
        group: component.group.0,
        name: component.name.0,
        version: component.version.0,
        dev: &*component.scope == "excluded",
        ..Plain::default()
    };
    if !component.cpe.is_empty() {
        plain.cpes.push(component.cpe.0);
    }
    for licence in component.licenses.items {
        let named = licence.license.0.unwrap_or_default();
        let texts = [licence.expression.0, named.id.0, named.name.0];
        plain
            .licences
            .extend(texts.into_iter().find(|text| !text.is_empty()));
    }
    for hash in component.hashes.items {
        let known = HASHES.iter().find(|known| known.1 == &*hash.alg);
        let algorithm = known.map_or_else(|| hash.alg.to_ascii_lowercase(), |known| known.0.into());
        plain
            .checksums
            .push(format!("{algorithm}:{}", hash.content.0));
    }
    if let Some(evidence) = component.evidence.0 {
        let paths = evidence.occurrences.items.into_iter();
        plain
            .paths
            .extend(paths.map(|occurrence| occurrence.location.0));
    }
    let [mut name, mut version, mut release, mut epoch] = [const { String::new() }; 4];
    let mut cpes = Vec::new();
    for property in component.properties.items {
        let value = property.value.0;
        match &*property.name {
            PACKAGE => plain.notes = Some(value),
            "plimsoll:layer" => plain.layer = value,
            "aquasecurity:trivy:SrcName" | "syft:metadata:source" => name = value,
            "aquasecurity:trivy:SrcVersion" | "syft:metadata:sourceVersion" => version = value,
            "aquasecurity:trivy:SrcRelease" => release = value,
            "aquasecurity:trivy:SrcEpoch" => epoch = value,
            "aquasecurity:trivy:FilePath" => plain.paths.push(value),
            "aquasecurity:trivy:LayerDiffID" => plain.layer = value,
            "aquasecurity:trivy:LayerDigest" if plain.layer.is_empty() => plain.layer = value,
            "syft:metadata:architecture" => plain.arch = value,
            "syft:metadata:originPackage" => name = value,
            "syft:metadata:sourceRpm" => {
                if let Some((source, of)) = source_rpm(&value) {
                    name = source.to_owned();
                    version = of.to_owned();
                }
            }
            "syft:cpe23" => cpes.push(value),
            other if other.starts_with("syft:location:") => {
                if other.ends_with(":path") && !plain.paths.contains(&value) {
                    plain.paths.push(value);
                } else if other == "syft:location:0:layerID" {
                    plain.layer = value;
                }
            }
            _ => {}
        }
    }
    for cpe in cpes {
        if !plain.cpes.contains(&cpe) {
            plain.cpes.push(cpe);
        }
    }
    if version.is_empty() {
        version.clone_from(&plain.version);
    }
    plain.source = source(&name, &epoch, &version, &release);
    plain
}

/// The operating system that a component tells of.
fn release(component: &Component) -> ImageRelease {
    let mut release = ImageRelease {
        id: os_id(&component.name),
        version: component.version.0.clone(),
        name: component.description.0.clone(),
        cpe: component.cpe.0.clone(),
        ..ImageRelease::default()
    };
    for property in &component.properties.items {
        let value = &property.value.0;
        match &*property.name {
            "syft:distro:id" => release.id = os_id(value),
            "syft:distro:versionID" => release.version.clone_from(value),
            "syft:distro:versionCodename" => release.codename.clone_from(value),
            "syft:distro:prettyName" => release.name.clone_from(value),
            "syft:distro:variantID" => release.variant.clone_from(value),
            other if other.starts_with("syft:distro:idLike:") => {
                release.id_like.push(value.clone());
            }
            _ => {}
        }
    }
    release
}
