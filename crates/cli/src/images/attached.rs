//! VEX documents that are attached to images in their registries.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use plimsoll_assess::{
    image::{Digest, source::ImageSource},
    vuln::vex::{self, Document, VexError, VexFormat},
};
use plimsoll_registry::{Client, Error, Reference};

use crate::context::Context;

/// The documents of the images that were opened, by the digest of their manifests.
#[derive(Default)]
pub struct Documents(Mutex<BTreeMap<Digest, Vec<Document>>>);

impl Documents {
    /// Has the documents that are attached to an image, or to the index it was
    /// chosen from. What can't be had is told.
    pub fn gather(
        &self,
        context: &Context,
        client: &Client,
        reference: &Reference,
        source: &ImageSource,
    ) {
        let Some(manifest) = source.manifest else {
            return;
        };
        let own: Vec<String> = [source.manifest, source.index]
            .iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        let mut documents = Vec::new();
        for subject in [source.manifest, source.index].into_iter().flatten() {
            let found = match client.attached(reference, subject, &vex::is_media_type) {
                Ok(found) => found,
                Err(Error::Cancelled) => return,
                Err(error) => {
                    context.stderr.warning(&format!(
                        "{}: whether VEX documents are attached to it is not known: {error}",
                        source.name
                    ));
                    continue;
                }
            };
            for problem in found.problems {
                context
                    .stderr
                    .warning(&format!("{}: {problem}", source.name));
            }
            for blob in found.blobs {
                let name = format!("referrer {} of {}", blob.referrer, source.name);
                match vex::read(&name, &blob.bytes) {
                    Ok(document) => {
                        documents.extend(taken(context, document, &own));
                    }
                    // Attestations of something else, SBOMs.
                    Err(VexError::Attests { .. } | VexError::Format { .. }) => {}
                    Err(error) => context.stderr.warning(&error.to_string()),
                }
            }
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(manifest, documents);
    }

    /// All that was gathered.
    pub fn take(self) -> BTreeMap<Digest, Vec<Document>> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The document, where it is one about the image.
fn taken(context: &Context, mut document: Document, own: &[String]) -> Option<Document> {
    // An SBOM says nothing of vulnerabilities, and that is no mistake.
    if document.format == VexFormat::CycloneDx && document.statements.is_empty() {
        return None;
    }
    let is_about = |subject: &String| own.contains(subject);
    if !document.subjects.is_empty() && !document.subjects.iter().any(is_about) {
        context.stderr.warning(&format!(
            "{}: passed over: what it attests is of another image",
            document.file
        ));
        return None;
    }
    for skipped in &document.skipped {
        context.stderr.warning(&format!(
            "{}: {}: passed over: {}",
            document.file, skipped.record, skipped.reason
        ));
    }
    // Whoever may write to the repository may attach one.
    document.unverified = true;
    Some(document)
}
