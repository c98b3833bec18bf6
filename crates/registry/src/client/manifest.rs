//! Manifests and indexes, as bytes whose digest is verified.

use plimsoll_image::Limits;
use plimsoll_model::Digest;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Client, Endpoint, session::Request};
use crate::{Error, http::status_error, reference::Reference};

/// What a client understands, the most wanted first.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, */*;q=0.1";

/// A manifest or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says it is.
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    schema_version: u64,
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Client {
    /// The manifest or index that a reference names.
    ///
    /// # Errors
    /// It can't be had, is too large, is of schema 1, or has another digest
    /// than the one asked for.
    pub fn manifest(&self, reference: &Reference) -> Result<Manifest, Error> {
        self.each(reference.registry(), |endpoint| {
            self.manifest_of(endpoint, reference)
        })
    }

    fn manifest_of(&self, endpoint: &Endpoint, reference: &Reference) -> Result<Manifest, Error> {
        let repository = endpoint.repository(reference);
        let what = format!(
            "the image {}:{}",
            reference.repository(),
            reference.target()
        );
        let host = &endpoint.registry;
        let answer = self.ask(
            endpoint,
            &Request {
                path: format!("{repository}/manifests/{}", reference.target()),
                scope: format!("repository:{repository}:pull"),
                repository: &repository,
                headers: vec![("accept", ACCEPT.to_owned())],
                what: &what,
            },
        )?;
        let http = &self.inner.http;
        if answer.status != 200 {
            let (status, headers) = (answer.status, answer.headers.clone());
            let message = http.error_message(answer);
            return Err(status_error(host, &what, status, &headers, message));
        }
        let stated = answer
            .header("docker-content-digest")
            .and_then(|digest| digest.parse::<Digest>().ok());
        let content_type = answer
            .header("content-type")
            .and_then(|text| text.split(';').next())
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let bytes = http.document(answer, &what, Limits::default().document_bytes)?;
        let digest = Digest(Sha256::digest(&bytes).into());
        let head: Head = serde_json::from_slice(&bytes).map_err(|error| Error::Protocol {
            host: host.clone(),
            what: what.clone(),
            message: format!(
                "no manifest in JSON (line {}, column {})",
                error.line(),
                error.column()
            ),
        })?;
        // Before the digest: that of a signed schema 1 manifest is of a part of it.
        let is_old = content_type.contains("manifest.v1+") && content_type.contains("docker");
        if is_old || head.schema_version == 1 && head.fs_layers.is_some() {
            return Err(Error::Schema1 { what });
        }
        if let Some(wanted) = reference.digest().or(stated)
            && wanted != digest
        {
            return Err(Error::WrongDigest {
                host: host.clone(),
                what,
                wanted,
                got: digest,
            });
        }
        let generic = [
            "",
            "application/json",
            "text/plain",
            "application/octet-stream",
        ];
        let media_type = if head.media_type.is_empty() {
            if generic.contains(&content_type.as_str()) {
                String::new()
            } else {
                content_type
            }
        } else {
            head.media_type
        };
        Ok(Manifest {
            bytes,
            media_type,
            digest,
        })
    }
}
