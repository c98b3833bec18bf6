//! Where images come from.

use plimsoll_model::{AssetFacts, ImageName, resource::SupplyChainClause};

use super::{Context, Judged, Parts, has_images, images};
use crate::words;

const NO_SIGNATURES: &str = "no signature facts: this version does not verify image signatures";

pub(super) fn judge(
    clause: &SupplyChainClause,
    asset: &AssetFacts,
    context: &Context<'_>,
) -> Judged {
    let mut parts = Parts::default();
    if !has_images(asset) {
        return Judged::satisfied();
    }
    if !clause.registries.is_empty() {
        let mut foreign = Vec::new();
        for image in &asset.images {
            match ImageName::parse(image) {
                None => parts.unknown.push(format!(
                    "image `{image}` is no complete name: write it out where the asset is checked"
                )),
                Some(name) if !clause.registries.iter().any(|glob| name.matches(glob)) => {
                    foreign.push(name.full().to_owned());
                }
                Some(_) => {}
            }
        }
        foreign.sort();
        foreign.dedup();
        parts.unknown.sort();
        parts.unknown.dedup();
        if !foreign.is_empty() {
            parts.violated.push(format!(
                "image {} comes from none of {}",
                words::list(&foreign, 3),
                words::list(&clause.registries, 4)
            ));
        }
    }
    if !clause.signed_by.is_empty() {
        parts.unknown.push(NO_SIGNATURES.to_owned());
    }
    if clause.sbom == Some(true) {
        images::each(
            asset,
            context,
            &mut parts,
            |name, image, parts| match &image.sbom {
                Ok(Some(_)) => {}
                Ok(None) => parts
                    .violated
                    .push(format!("image {name} comes without an SBOM")),
                Err(why) => parts.unknown.push(format!(
                    "whether image {name} comes with an SBOM is not known: {why}"
                )),
            },
        );
    }
    parts.judged()
}

pub(super) fn text(clause: &SupplyChainClause) -> String {
    let mut parts = Vec::new();
    if !clause.registries.is_empty() {
        parts.push(format!("registries {}", words::list(&clause.registries, 4)));
    }
    if !clause.signed_by.is_empty() {
        parts.push(format!("signed by {}", clause.signed_by.join(" or ")));
    }
    match clause.sbom {
        Some(true) => parts.push("with SBOM".to_owned()),
        Some(false) => parts.push("SBOM not needed".to_owned()),
        None => {}
    }
    format!("supplyChain {}", parts.join(", "))
}
