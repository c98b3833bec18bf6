//! Lists, page by page: tags, repositories, and what refers to an image.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_image::source::Descriptor;
use plimsoll_model::Digest;
use serde::{Deserialize, de::DeserializeOwned};
use ureq::http::Uri;

use super::{Client, Endpoint, session::Request};
use crate::{
    Error,
    http::{Answer, status_error, url},
    reference::Reference,
};

/// Bytes of one page.
const MOST_PAGE: u64 = 8 << 20;

/// Pages of a list.
const MOST_PAGES: usize = 2_000;

/// Items of a list.
const MOST_ITEMS: usize = 1_000_000;

/// Items asked for at a time.
const PAGE: &str = "1000";

/// A list, as far as it could be had.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// The items, in the registry's order.
    pub items: Vec<T>,
    /// Why there may be more: a later page failed, or a limit was reached.
    pub cut: Option<Error>,
}

/// Something that refers to an image: a signature, an SBOM, an attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Its manifest.
    pub descriptor: Descriptor,
    /// What it is: `application/spdx+json`; empty when the registry does not say.
    pub artifact_type: String,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalogue {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    artifact_type: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// What a list is of.
struct Pages<'a> {
    path: String,
    scope: String,
    repository: &'a str,
    what: &'a str,
}

impl Client {
    /// The tags of a reference's repository.
    ///
    /// # Errors
    /// The first page can't be had; with a later one the list is cut.
    pub fn tags(&self, reference: &Reference) -> Result<Listing<String>, Error> {
        let what = format!("the tags of {}", reference.repository());
        self.each(reference.registry(), |endpoint| {
            let repository = endpoint.repository(reference);
            let pages = Pages {
                path: format!("{repository}/tags/list?n={PAGE}"),
                scope: format!("repository:{repository}:pull"),
                repository: &repository,
                what: &what,
            };
            self.pages(endpoint, &pages, |page: Tags| page.tags.unwrap_or_default())
        })
    }

    /// The repositories of a registry. Many do not tell, or tell administrators only.
    ///
    /// # Errors
    /// The first page can't be had; with a later one the list is cut.
    pub fn catalogue(&self, registry: &str) -> Result<Listing<String>, Error> {
        let pages = Pages {
            path: format!("_catalog?n={PAGE}"),
            scope: "registry:catalog:*".to_owned(),
            repository: "",
            what: "its catalogue",
        };
        self.pages(&Endpoint::of(registry), &pages, |page: Catalogue| {
            page.repositories.unwrap_or_default()
        })
    }

    /// What refers to the image with this digest; of one artifact type when
    /// one is given. A registry without the referrers API is asked for the tag
    /// `sha256-HEX` (distribution-spec, "Referrers Tag Schema").
    ///
    /// # Errors
    /// Neither can be had.
    pub fn referrers(
        &self,
        reference: &Reference,
        digest: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Listing<Referrer>, Error> {
        let what = format!("the referrers of {digest}");
        let mut listing = self.each(reference.registry(), |endpoint| {
            let repository = endpoint.repository(reference);
            let filter = artifact_type.map_or_else(String::new, |kind| {
                format!("?{}", url::query(&[("artifactType", kind)]))
            });
            let pages = Pages {
                path: format!("{repository}/referrers/{digest}{filter}"),
                scope: format!("repository:{repository}:pull"),
                repository: &repository,
                what: &what,
            };
            let found = self.pages(endpoint, &pages, |page: Index| page.manifests);
            match found {
                Err(
                    Error::NotFound { .. }
                    | Error::Status {
                        status: 400 | 405, ..
                    },
                ) => self.referrers_by_tag(endpoint, reference, digest),
                // Some that do not know the API answer with a page for people.
                Err(Error::Protocol { .. }) => self.referrers_by_tag(endpoint, reference, digest),
                found => found,
            }
        })?;
        let mut cut = listing.cut.take();
        let mut items = Vec::new();
        for entry in listing.items {
            match entry.digest.parse::<Digest>() {
                Ok(digest) => items.push(Referrer {
                    descriptor: Descriptor {
                        media_type: entry.media_type,
                        digest,
                        size: entry.size,
                        urls: Vec::new(),
                        annotations: entry.annotations,
                        platform: None,
                    },
                    artifact_type: entry.artifact_type,
                }),
                Err(error) => {
                    cut = cut.or(Some(Error::Protocol {
                        host: reference.registry().to_owned(),
                        what: what.clone(),
                        message: error.to_string(),
                    }));
                }
            }
        }
        // Filtering is the registry's to do or not.
        if let Some(wanted) = artifact_type {
            items.retain(|item| item.artifact_type == wanted);
        }
        Ok(Listing { items, cut })
    }

    fn referrers_by_tag(
        &self,
        endpoint: &Endpoint,
        reference: &Reference,
        digest: Digest,
    ) -> Result<Listing<Entry>, Error> {
        let repository = endpoint.repository(reference);
        let what = format!("the referrers tag of {digest}");
        let answer = self.ask(
            endpoint,
            &Request {
                path: format!("{repository}/manifests/sha256-{}", digest.hex()),
                scope: format!("repository:{repository}:pull"),
                repository: &repository,
                headers: vec![(
                    "accept",
                    "application/vnd.oci.image.index.v1+json".to_owned(),
                )],
                what: &what,
            },
        )?;
        if answer.status == 404 {
            return Ok(Listing {
                items: Vec::new(),
                cut: None,
            });
        }
        let index: Index = self.page(endpoint, &what, answer)?;
        Ok(Listing {
            items: index.manifests,
            cut: None,
        })
    }

    /// Page after page, until there is no next one.
    fn pages<P: DeserializeOwned, T>(
        &self,
        endpoint: &Endpoint,
        pages: &Pages<'_>,
        items_of: impl Fn(P) -> Vec<T>,
    ) -> Result<Listing<T>, Error> {
        let request = Request {
            path: pages.path.clone(),
            scope: pages.scope.clone(),
            repository: pages.repository,
            headers: vec![(
                "accept",
                "application/json, application/vnd.oci.image.index.v1+json".to_owned(),
            )],
            what: pages.what,
        };
        let protocol = |message: &str| Error::Protocol {
            host: endpoint.registry.clone(),
            what: pages.what.to_owned(),
            message: message.to_owned(),
        };
        let mut items = Vec::new();
        let mut seen = BTreeSet::new();
        let mut answer = self.ask(endpoint, &request)?;
        loop {
            let next = answer.header("link").and_then(next_link).map(|to| {
                url::join(&answer.url, to).filter(|to| url::same_origin(&answer.url, to))
            });
            let page = match self.page::<P>(endpoint, pages.what, answer) {
                Ok(page) => page,
                Err(error) if seen.is_empty() => return Err(error),
                Err(error) => {
                    return Ok(Listing {
                        items,
                        cut: Some(error),
                    });
                }
            };
            items.extend(items_of(page));
            let cut = |message: &str| Some(protocol(message));
            let next: Uri = match next {
                None => return Ok(Listing { items, cut: None }),
                Some(None) => {
                    let cut = cut("the next page is not of the same host");
                    return Ok(Listing { items, cut });
                }
                Some(Some(next)) => next,
            };
            if seen.len() >= MOST_PAGES || items.len() >= MOST_ITEMS {
                let cut = cut(&format!(
                    "more than {} items or {MOST_PAGES} pages",
                    MOST_ITEMS
                ));
                items.truncate(MOST_ITEMS);
                return Ok(Listing { items, cut });
            }
            if !seen.insert(next.to_string()) {
                let cut = cut("its pages go round in a circle");
                return Ok(Listing { items, cut });
            }
            answer = match self.ask_url(endpoint, next, &request) {
                Ok(answer) => answer,
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => {
                    return Ok(Listing {
                        items,
                        cut: Some(error),
                    });
                }
            };
        }
    }

    fn page<P: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        what: &str,
        answer: Answer,
    ) -> Result<P, Error> {
        let http = &self.inner.http;
        let host = &endpoint.registry;
        if answer.status != 200 {
            let (status, headers) = (answer.status, answer.headers.clone());
            let message = http.error_message(answer);
            return Err(status_error(host, what, status, &headers, message));
        }
        let bytes = http.document(answer, what, MOST_PAGE)?;
        // serde takes an array for an object whose fields all have defaults.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err(Error::Protocol {
                host: host.clone(),
                what: what.to_owned(),
                message: "an array of JSON in place of an object".to_owned(),
            });
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::Protocol {
            host: host.clone(),
            what: what.to_owned(),
            message: format!(
                "line {}, column {} of its JSON",
                error.line(),
                error.column()
            ),
        })
    }
}

/// The target of `<...>; rel="next"` (RFC 8288).
pub(crate) fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some(begin) = rest.find('<') {
        let after = &rest[begin + 1..];
        let end = after.find('>')?;
        let (target, tail) = (&after[..end], &after[end + 1..]);
        let parameters = tail.split('<').next().unwrap_or_default();
        let is_next = parameters.split([';', ',']).any(|parameter| {
            parameter.split_once('=').is_some_and(|(key, value)| {
                key.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
            })
        });
        if is_next {
            return Some(target);
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found() {
        let check =
            |header: &str, expect: Option<&str>| assert_eq!(next_link(header), expect, "{header}");
        check(
            "</v2/_catalog?n=1&last=a>; rel=\"next\"",
            Some("/v2/_catalog?n=1&last=a"),
        );
        check("<a>; rel=prev, <b>; title=x; REL=Next", Some("b"));
        check("<a>; rel=prev", None);
        check("<a", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn any_link_is_read(header in "(<|>|;|rel|=|next|\"|,|é| |a){0,20}") {
            let _ = next_link(&header);
        }
    }
}
