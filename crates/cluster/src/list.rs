//! A list of all objects of a kind, page by page.

use std::sync::Arc;

use kube::Client;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    AskError, SourceOptions, ask,
    discover::Served,
    kept::{self, Kept},
};

/// Objects of one page.
pub(crate) const PAGE: u32 = 500;
/// Bytes of one page. A page that has more is asked for in halves.
const PAGE_BYTES: usize = 64 << 20;
/// Objects of one kind.
const MOST: usize = 2_000_000;
/// How often a list begins anew because its version expired on the way.
const RESTARTS: u32 = 2;
/// Names of objects that are told where they could not be read.
pub(crate) const NAMED: usize = 5;

/// What only metadata is asked of.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What a list came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The version from which on a watch goes on.
    pub version: String,
    /// Objects that are there and were given.
    pub objects: usize,
    /// Objects that could not be read.
    pub skipped: usize,
    /// Why, for the first of them.
    pub reasons: Vec<String>,
    /// Whether all of it is of one version. Else it must be listed again
    /// soon, and not be watched from here.
    pub consistent: bool,
}

/// What a list tells as it goes.
pub(crate) enum Told {
    /// It begins anew: what was told before does not count.
    Again,
    /// A page.
    Page(Vec<Kept>),
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMetadata {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: String,
}

/// A list that is under way.
pub(crate) struct Pages {
    client: Client,
    served: Served,
    cluster: Arc<str>,
    path: String,
    size: u32,
    restarts: u32,
    next: String,
    /// How many objects there were when it went on with what is there now.
    resumed: Option<usize>,
    listed: Listed,
    done: bool,
}

impl Pages {
    /// Everything of a kind, in one namespace or in all.
    pub(crate) fn of(client: &Client, served: &Served, options: &SourceOptions) -> Self {
        let namespace = options.namespace.as_deref();
        Pages {
            client: client.clone(),
            served: served.clone(),
            cluster: options.cluster.clone(),
            path: format!("{}?{}", served.path(namespace), only(served, namespace)),
            size: options.page.max(1),
            restarts: 0,
            next: String::new(),
            resumed: None,
            listed: Listed {
                consistent: true,
                ..Listed::default()
            },
            done: false,
        }
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// It can't be had. What was told before is there all the same.
    pub(crate) async fn next(&mut self) -> Result<Option<Told>, AskError> {
        let accept = (self.served.kind.kind == "Secret").then_some(METADATA);
        while !self.done {
            let mut asked = format!("{}limit={}", self.path, self.size);
            if !self.next.is_empty() {
                asked.push_str("&continue=");
                asked.push_str(&escape(&self.next));
            }
            let body = match ask::get(&self.client, &asked, accept, PAGE_BYTES).await {
                Ok(body) => body,
                Err(AskError::TooLarge(_)) if self.size > 1 => {
                    self.size /= 2;
                    continue;
                }
                Err(AskError::Gone { .. }) if !self.next.is_empty() && self.restarts < RESTARTS => {
                    self.restarts += 1;
                    self.next.clear();
                    self.listed = Listed {
                        consistent: true,
                        ..Listed::default()
                    };
                    return Ok(Some(Told::Again));
                }
                // It changes faster than it can be listed: the rest as it is
                // now, as often as that leads further.
                Err(AskError::Gone {
                    resume: Some(resume),
                }) if !self.next.is_empty() && self.resumed != Some(self.listed.objects) => {
                    self.resumed = Some(self.listed.objects);
                    self.next = resume;
                    self.listed.consistent = false;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (kept, metadata) = take(&body, &self.served, &self.cluster, &mut self.listed)?;
            self.listed.version = metadata.resource_version;
            self.next = metadata.next;
            self.done = self.next.is_empty();
            if self.listed.objects > MOST {
                return Err(AskError::TooMany(MOST));
            }
            return Ok(Some(Told::Page(kept)));
        }
        Ok(None)
    }

    /// What it came to.
    pub(crate) fn listed(self) -> Listed {
        self.listed
    }
}

/// What a question is narrowed to. One namespace is all of them that there is
/// to see, where only one is looked at.
pub(crate) fn only(served: &Served, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) if served.kind.kind == "Namespace" => {
            format!("fieldSelector=metadata.name%3D{}&", escape(namespace))
        }
        _ => String::new(),
    }
}

/// The objects of a page.
fn take(
    body: &[u8],
    served: &Served,
    cluster: &str,
    listed: &mut Listed,
) -> Result<(Vec<Kept>, PageMetadata), AskError> {
    let page: Page<'_> =
        serde_json::from_slice(body).map_err(|error| AskError::Malformed(error.to_string()))?;
    let items = page.items.unwrap_or_default();
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        match kept::keep(item.get().as_bytes(), served, cluster) {
            Ok(object) => kept.push(object),
            Err(why) => {
                listed.skipped += 1;
                if listed.reasons.len() < NAMED {
                    listed.reasons.push(why.to_string());
                }
            }
        }
    }
    listed.objects += kept.len();
    Ok((kept, page.metadata))
}

/// Reads any bytes as a page of pods, for the fuzz target.
pub(crate) fn any(bytes: &[u8]) {
    let mut listed = Listed::default();
    if let Some(served) = Served::pods()
        && let Ok((kept, _)) = take(bytes, &served, "any", &mut listed)
    {
        assert_eq!(kept.len(), listed.objects);
    }
}

/// A value as it may stand in a query.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_cannot_be_read_is_counted_and_the_others_are_taken() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let body = format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7","continue":"c"}},"items":[{{"metadata":{{"name":"a"}}}},{{"metadata":{{"name":"b","x":{deep}}}}},7]}}"#
        );
        let mut listed = Listed::default();
        let (kept, metadata) = take(
            body.as_bytes(),
            &Served::pods().unwrap(),
            "test",
            &mut listed,
        )
        .unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!((listed.objects, listed.skipped), (1, 2));
        assert_eq!((&*metadata.resource_version, &*metadata.next), ("7", "c"));
    }

    #[test]
    fn a_page_may_have_no_items() {
        let mut listed = Listed::default();
        for body in ["{}", r#"{"items":null}"#, r#"{"items":[]}"#] {
            let (kept, _) = take(
                body.as_bytes(),
                &Served::pods().unwrap(),
                "test",
                &mut listed,
            )
            .unwrap();
            assert!(kept.is_empty());
        }
        assert!(take(b"", &Served::pods().unwrap(), "test", &mut listed).is_err());
    }

    #[test]
    fn values_of_a_query_are_escaped() {
        assert_eq!(escape("a=b/c"), "a%3Db%2Fc");
    }
}
