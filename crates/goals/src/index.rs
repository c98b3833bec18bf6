//! Look-ups over the facts, made once per evaluation.

use plimsoll_model::{AssetKind, Diagnostic, ImageLink, ImageLinks, Unevaluated};
use rustc_hash::FxHashMap;

use crate::Facts;

/// Facts by asset.
pub(crate) struct Index<'a> {
    /// Where each asset's findings begin in `findings`; one longer than the
    /// list of assets.
    starts: Vec<u32>,
    /// Indexes of findings, grouped by asset, ascending within one.
    findings: Vec<u32>,
    /// Indexes of findings of the images an asset names, ascending, by asset;
    /// only for assets that have any.
    of_images: FxHashMap<u32, Vec<u32>>,
    unevaluated: FxHashMap<&'a str, Vec<&'a Unevaluated>>,
}

impl<'a> Index<'a> {
    /// Builds the look-ups; linear in the facts.
    pub(crate) fn new(facts: Facts<'a>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut by_id: FxHashMap<&str, u32> = FxHashMap::default();
        for (index, asset) in facts.assets.iter().enumerate() {
            by_id.entry(asset.asset.id.as_str()).or_insert(index as u32);
        }
        let owner: Vec<Option<u32>> = facts
            .findings
            .iter()
            .map(|finding| by_id.get(finding.asset.id.as_str()).copied())
            .collect();
        let mut starts = vec![0u32; facts.assets.len() + 1];
        for asset in owner.iter().flatten() {
            starts[*asset as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut findings = vec![0u32; owner.iter().flatten().count()];
        for (finding, asset) in owner.iter().enumerate() {
            match asset {
                Some(asset) => {
                    let at = &mut next[*asset as usize];
                    findings[*at as usize] = finding as u32;
                    *at += 1;
                }
                None => diagnostics.push(Diagnostic::error(
                    Some(facts.findings[finding].evidence().location().clone()),
                    format!(
                        "finding {} of {} is on {}, which is not among the assets: no goal counts it",
                        facts.findings[finding].id.short(),
                        facts.findings[finding].rule.id,
                        facts.findings[finding].asset.id
                    ),
                )),
            }
        }
        let mut unevaluated: FxHashMap<&str, Vec<&Unevaluated>> = FxHashMap::default();
        for gap in &facts.evaluation.unevaluated {
            unevaluated.entry(gap.asset.as_str()).or_default().push(gap);
        }
        for gaps in unevaluated.values_mut() {
            gaps.sort();
        }
        let mut index = Index {
            starts,
            findings,
            of_images: FxHashMap::default(),
            unevaluated,
        };
        if let Some(links) = facts.images {
            index.link_images(facts, links, &by_id);
        }
        index
    }

    fn link_images(&mut self, facts: Facts<'_>, links: &ImageLinks, by_id: &FxHashMap<&str, u32>) {
        for (at, asset) in facts.assets.iter().enumerate() {
            // An image has its findings itself.
            if asset.asset.kind == AssetKind::Image {
                continue;
            }
            let mut images: Vec<u32> = asset
                .images
                .iter()
                .filter_map(|image| match links.get(image)? {
                    ImageLink::Known(image) => by_id.get(image.asset.as_str()).copied(),
                    ImageLink::Unknown(_) => None,
                })
                .collect();
            images.sort_unstable();
            images.dedup();
            let mut found: Vec<u32> = images
                .into_iter()
                .flat_map(|image| self.findings_of(image).iter().copied())
                .collect();
            if !found.is_empty() {
                found.sort_unstable();
                self.of_images.insert(at as u32, found);
            }
        }
    }

    /// The findings of the images that an asset names, as indexes, ascending.
    pub(crate) fn findings_of_images(&self, asset: u32) -> &[u32] {
        self.of_images.get(&asset).map_or(&[], Vec::as_slice)
    }

    /// The findings of an asset, as indexes, ascending.
    pub(crate) fn findings_of(&self, asset: u32) -> &[u32] {
        let asset = asset as usize;
        &self.findings[self.starts[asset] as usize..self.starts[asset + 1] as usize]
    }

    /// What could not be evaluated on an asset, in order.
    pub(crate) fn unevaluated_on(&self, id: &str) -> &[&'a Unevaluated] {
        self.unevaluated.get(id).map_or(&[], Vec::as_slice)
    }
}
