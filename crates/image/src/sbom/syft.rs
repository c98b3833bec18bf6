//! Syft's own JSON (<https://github.com/anchore/syft/tree/main/schema/json>),
//! read.

use plimsoll_model::{
    Digest,
    image::{Image, ImageRelease},
    purl::source_rpm,
};
use serde::Deserialize;

use super::{
    SbomError,
    draft::{Component, Draft, source},
    json_error,
    lenient::{List, Maybe, Mixed, Text, TextOr, Texts},
    release::os_id,
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    artifacts: List<Artifact>,
    artifact_relationships: List<Relationship>,
    source: Maybe<Source>,
    distro: Maybe<Distro>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Artifact {
    id: Text,
    name: Text,
    version: Text,
    locations: List<Location>,
    licenses: Mixed<Licence>,
    cpes: Mixed<Cpe>,
    purl: Text,
    metadata: Maybe<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Location {
    path: Text,
    #[serde(rename = "layerID")]
    layer: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Licence {
    value: Text,
    spdx_expression: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cpe {
    cpe: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    source: Text,
    source_version: Text,
    source_rpm: Text,
    origin_package: Text,
    architecture: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationship {
    parent: Text,
    child: Text,
    #[serde(rename = "type")]
    kind: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    name: Text,
    metadata: Maybe<SourceMetadata>,
    target: Maybe<SourceMetadata>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SourceMetadata {
    user_input: Text,
    #[serde(rename = "imageID")]
    image_id: Text,
    manifest_digest: Text,
    tags: Texts,
    layers: List<Layer>,
    architecture: Text,
    os: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layer {
    digest: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Distro {
    id: Text,
    /// Of older versions of the schema.
    name: Text,
    version: Text,
    #[serde(rename = "versionID")]
    version_id: Text,
    version_codename: Text,
    #[serde(rename = "variantID")]
    variant_id: Text,
    pretty_name: Text,
    id_like: Texts,
    cpe_name: Text,
}

/// Reads Syft JSON.
pub(super) fn read(bytes: &[u8], mut draft: Draft) -> Result<Image, SbomError> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
    if let Some(source) = document.source.0 {
        let of = source.metadata.0.or(source.target.0).unwrap_or_default();
        let name = if of.user_input.is_empty() {
            source.name
        } else {
            of.user_input
        };
        if !name.is_empty() {
            draft.image.name = name.0;
        }
        draft.image.id = of.image_id.parse().ok();
        draft.image.digest = of.manifest_digest.parse().ok();
        draft.image.tags = of.tags.0;
        draft.image.platform.arch = of.architecture.0;
        draft.image.platform.os = of.os.0;
        for layer in &of.layers.items {
            if let Ok(digest) = layer.digest.parse::<Digest>() {
                draft.layer(Some(digest), None);
            }
        }
    }
    if let Some(distro) = document.distro.0 {
        let either = |a: Text, b: Text| if a.is_empty() { b.0 } else { a.0 };
        draft.release(ImageRelease {
            id: os_id(&either(distro.id, distro.name)),
            id_like: distro.id_like.0,
            version: either(distro.version_id, distro.version),
            codename: distro.version_codename.0,
            variant: distro.variant_id.0,
            name: distro.pretty_name.0,
            cpe: distro.cpe_name.0,
            ..ImageRelease::default()
        });
    }
    draft.odd(document.artifacts.odd, "artifacts");
    for artifact in document.artifacts.items {
        draft.component(component(artifact));
    }
    for relationship in &document.artifact_relationships.items {
        if &*relationship.kind == "dependency-of" {
            draft.needs(&relationship.child, &relationship.parent);
        }
    }
    Ok(draft.finish())
}

fn component(artifact: Artifact) -> Component {
    let mut component = Component {
        id: artifact.id.0,
        purl: artifact.purl.0,
        name: artifact.name.0,
        version: artifact.version.0,
        ..Component::default()
    };
    for licence in artifact.licenses.0 {
        component.licences.push(match licence {
            TextOr::Text(text) => text,
            TextOr::Object(licence) if licence.spdx_expression.is_empty() => licence.value.0,
            TextOr::Object(licence) => licence.spdx_expression.0,
            TextOr::Neither => continue,
        });
    }
    for cpe in artifact.cpes.0 {
        match cpe {
            TextOr::Text(text) => component.cpes.push(text),
            TextOr::Object(cpe) => component.cpes.push(cpe.cpe.0),
            TextOr::Neither => {}
        }
    }
    for location in artifact.locations.items {
        if component.layer.is_empty() {
            component.layer = location.layer.0;
        }
        component.paths.push(location.path.0);
    }
    let of = artifact.metadata.0.unwrap_or_default();
    component.arch = of.architecture.0;
    let version = |text: &Text| match text.is_empty() {
        true => component.version.clone(),
        false => text.0.clone(),
    };
    component.source = if let Some((name, version)) = source_rpm(&of.source_rpm) {
        source(name, "", version, "")
    } else if of.origin_package.is_empty() {
        source(&of.source, "", &version(&of.source_version), "")
    } else {
        source(&of.origin_package, "", &component.version, "")
    };
    component
}
