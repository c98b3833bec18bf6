//! SBOMs that are attached to an image in its registry.

use plimsoll_model::Digest;

use crate::{Client, Error, Reference, client::Referrer};

/// Manifests of things that refer to an image and do not say what they are that
/// are looked at.
const MOST_REFERRERS: usize = 20;

impl Client {
    /// Which of what refers to the image of this digest are SBOMs, in words.
    ///
    /// # Errors
    /// The registry does not say what refers to it.
    pub fn attached_sboms(
        &self,
        reference: &Reference,
        digest: Digest,
    ) -> Result<Vec<String>, Error> {
        let listing = self.referrers(reference, digest, None)?;
        Ok(sboms(self, reference, &listing.items))
    }
}

/// Which of what refers to an image are SBOMs: by their types, and where a
/// registry tells the type of an empty configuration, by what they hold.
fn sboms(client: &Client, reference: &Reference, referrers: &[Referrer]) -> Vec<String> {
    let is_sbom = |kind: &str| {
        ["cyclonedx", "spdx", "syft"]
            .iter()
            .any(|of| kind.contains(of))
    };
    let mut asked = 0;
    let mut held = |referrer: &Referrer| -> Option<String> {
        let kind = &referrer.artifact_type;
        if is_sbom(kind) {
            return Some(kind.clone());
        }
        let says_nothing = kind.is_empty() || kind.contains("oci.empty");
        if !says_nothing || asked >= MOST_REFERRERS {
            return None;
        }
        asked += 1;
        let manifest = client
            .manifest(&reference.at(referrer.descriptor.digest))
            .ok()?;
        let manifest: serde_json::Value = serde_json::from_slice(&manifest.bytes).ok()?;
        let layers = manifest["layers"].as_array();
        let kinds = layers
            .into_iter()
            .flatten()
            .map(|layer| &layer["mediaType"]);
        std::iter::once(&manifest["artifactType"])
            .chain(kinds)
            .filter_map(serde_json::Value::as_str)
            .find(|kind| is_sbom(kind))
            .map(str::to_owned)
    };
    referrers
        .iter()
        .filter_map(|referrer| {
            let kind = held(referrer)?;
            Some(format!("referrer {} ({kind})", referrer.descriptor.digest))
        })
        .collect()
}
