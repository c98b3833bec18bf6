//! A watch of a kind from a version on: lines of events, until it ends.

use std::{sync::Arc, time::Duration};

use http::Response;
use kube::{Client, client::Body};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    AskError, SourceOptions,
    ask::{self, Refusal},
    discover::Served,
    kept::{self, Kept},
    list,
};

/// Bytes of one event. The API server takes objects of 3 MB at most.
const EVENT_BYTES: usize = 16 << 20;

/// What only metadata is asked of.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// One event.
#[derive(Debug)]
pub(crate) enum Event {
    /// An object is there as it is now.
    Set(Kept),
    /// An object is gone.
    Gone(Kept),
    /// It could not be read, for this reason; it is left out.
    Unreadable(String),
}

/// How a watch ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As watches do: it goes on from the last version.
    Over,
    /// The version is too old: everything must be listed anew.
    Expired,
    /// It failed.
    Failed(AskError),
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    sort: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    metadata: VersionOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionOnly {
    resource_version: String,
}

/// A watch that is open.
pub(crate) struct Watching {
    answer: Response<Body>,
    served: Served,
    cluster: Arc<str>,
    silent: Duration,
    lines: Lines,
    ended: Option<End>,
    /// The version from which on another watch would go on.
    pub version: String,
}

impl Watching {
    /// Watches a kind from `version` on; the server ends it after `whole`. The
    /// server sends a bookmark about every minute: what is silent for longer
    /// than the options say is dead.
    ///
    /// # Errors
    /// It ended before it began.
    pub(crate) async fn open(
        client: &Client,
        served: &Served,
        options: &SourceOptions,
        version: &str,
        whole: Duration,
    ) -> Result<Watching, End> {
        let namespace = options.namespace.as_deref();
        let path = format!(
            "{}?{}watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            served.path(namespace),
            list::only(served, namespace),
            list::escape(version),
            whole.as_secs().max(1)
        );
        let accept = (served.kind.kind == "Secret").then_some(METADATA);
        match ask::stream(client, &path, accept).await {
            Ok(answer) => Ok(Watching {
                answer,
                served: served.clone(),
                cluster: options.cluster.clone(),
                silent: options.silent,
                lines: Lines::default(),
                ended: None,
                version: version.to_owned(),
            }),
            Err(AskError::Gone { .. }) => Err(End::Expired),
            Err(error) => Err(End::Failed(error)),
        }
    }

    /// The events that arrive together next; there may be none.
    ///
    /// # Errors
    /// It ended.
    pub(crate) async fn next(&mut self) -> Result<Vec<Event>, End> {
        if let Some(end) = self.ended.take() {
            return Err(end);
        }
        let chunk = match ask::chunk(&mut self.answer, self.silent).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Err(End::Over),
            // A connection that breaks in the middle is how many watches end.
            Err(error) => return Err(End::Failed(error)),
        };
        let Self {
            lines,
            served,
            cluster,
            ended,
            version,
            ..
        } = self;
        let mut events = Vec::new();
        lines.feed(&chunk, |line| match line {
            _ if ended.is_some() => {}
            Some(line) => *ended = read(line, served, cluster, version, &mut events),
            None => events.push(Event::Unreadable(format!(
                "an event has more than {EVENT_BYTES} bytes"
            ))),
        });
        Ok(events)
    }
}

/// Reads one line; how the watch ends, if by this.
fn read(
    line: &[u8],
    served: &Served,
    cluster: &str,
    version: &mut String,
    events: &mut Vec<Event>,
) -> Option<End> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let line: Line<'_> = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) => {
            events.push(Event::Unreadable(error.to_string()));
            return None;
        }
    };
    let object = line.object.get();
    if line.sort == "ERROR" {
        let refusal: Refusal = serde_json::from_str(object).unwrap_or_default();
        return Some(match refusal.error(500, None) {
            AskError::Gone { .. } => End::Expired,
            error => End::Failed(error),
        });
    }
    let sort = line.sort;
    match sort {
        "ADDED" | "MODIFIED" | "DELETED" => match kept::keep(object.as_bytes(), served, cluster) {
            Ok(kept) if sort == "DELETED" => events.push(Event::Gone(kept)),
            Ok(kept) => events.push(Event::Set(kept)),
            Err(why) => events.push(Event::Unreadable(why.to_string())),
        },
        "BOOKMARK" => {}
        other => {
            let word: String = other.chars().take(20).collect();
            events.push(Event::Unreadable(format!(
                "an event of the unknown type `{word}`"
            )));
            return None;
        }
    }
    if let Ok(versioned) = serde_json::from_str::<Versioned>(object) {
        *version = versioned.metadata.resource_version;
    }
    None
}

/// Reads any bytes as what a watch tells, cut where they say, for the fuzz
/// target.
pub(crate) fn any(bytes: &[u8]) {
    let Some(served) = Served::pods() else {
        return;
    };
    let (mut lines, mut version, mut events) = (Lines::default(), String::new(), Vec::new());
    let cut = bytes.first().map_or(1, |first| usize::from(*first).max(1));
    for piece in bytes.chunks(cut) {
        lines.feed(piece, |line| {
            if let Some(line) = line {
                let _ = read(line, &served, "any", &mut version, &mut events);
            }
        });
    }
}

/// Cuts bytes into lines. One that is too long is left out and told as none.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
    /// Whether the rest of the line is left out.
    skipping: bool,
}

impl Lines {
    fn feed(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Option<&[u8]>)) {
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(at);
            bytes = &rest[1..];
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if self.pending.is_empty() {
                tell(Some(line));
            } else {
                self.pending.extend_from_slice(line);
                tell(Some(&self.pending));
                self.pending.clear();
            }
        }
        if self.skipping {
            return;
        }
        if self.pending.len() + bytes.len() > EVENT_BYTES {
            self.pending = Vec::new();
            self.skipping = true;
            tell(None);
        } else {
            self.pending.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, events: &[&str], version: &str, end: Option<End>) {
        let (mut found, mut at) = (Vec::new(), "1".to_owned());
        let ended = read(
            line.as_bytes(),
            &Served::pods().unwrap(),
            "test",
            &mut at,
            &mut found,
        );
        let found: Vec<String> = found
            .iter()
            .map(|event| match event {
                Event::Set(kept) => format!("set {}", kept.name),
                Event::Gone(kept) => format!("gone {}", kept.name),
                Event::Unreadable(_) => "unreadable".to_owned(),
            })
            .collect();
        assert_eq!(found, events, "{line}");
        assert_eq!(at, version, "{line}");
        assert_eq!(ended, end, "{line}");
    }

    #[test]
    fn events_are_objects_that_come_change_and_go() {
        let object = r#"{"metadata":{"name":"a","resourceVersion":"7"}}"#;
        let event = |sort: &str| format!(r#"{{"type":"{sort}","object":{object}}}"#);
        check(&event("ADDED"), &["set a"], "7", None);
        check(&event("MODIFIED"), &["set a"], "7", None);
        check(&event("DELETED"), &["gone a"], "7", None);
        check(&event("BOOKMARK"), &[], "7", None);
        check(&event("NEWS"), &["unreadable"], "1", None);
        check("", &[], "1", None);
    }

    #[test]
    fn an_event_that_cannot_be_read_is_left_out_and_the_watch_goes_on() {
        check("{", &["unreadable"], "1", None);
        check("7", &["unreadable"], "1", None);
        check(r#"{"type":"ADDED"}"#, &["unreadable"], "1", None);
        check(
            r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"8"}}}"#,
            &["unreadable"],
            "8",
            None,
        );
    }

    #[test]
    fn a_version_that_is_too_old_ends_the_watch() {
        check(
            r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#,
            &[],
            "1",
            Some(End::Expired),
        );
        check(
            r#"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"m"}}"#,
            &[],
            "1",
            Some(End::Failed(AskError::Refused {
                status: 500,
                message: "m".into(),
            })),
        );
    }

    #[test]
    fn lines_are_put_together_and_those_too_long_are_left_out() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut feed = |bytes: &[u8]| {
            lines.feed(bytes, |line| {
                found.push(line.map(|line| String::from_utf8_lossy(line).into_owned()));
            });
        };
        feed(b"a\nb");
        feed(b"c\n\nd");
        feed(&vec![b'x'; EVENT_BYTES]);
        feed(b"yyy\ne\n");
        let expect = [Some("a"), Some("bc"), Some(""), None, Some("e")];
        assert_eq!(found, expect.map(|line| line.map(str::to_owned)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

        #[test]
        fn lines_are_the_same_however_the_bytes_are_cut(
            text in "[a\n]{0,60}",
            cut in 0usize..60,
        ) {
            let collect = |pieces: &[&[u8]]| {
                let (mut lines, mut found) = (Lines::default(), Vec::new());
                for piece in pieces {
                    lines.feed(piece, |line| found.push(line.map(<[u8]>::to_vec)));
                }
                found
            };
            let bytes = text.as_bytes();
            let (one, two) = bytes.split_at(cut.min(bytes.len()));
            proptest::prop_assert_eq!(collect(&[bytes]), collect(&[one, two]));
        }

        #[test]
        fn no_line_makes_it_panic(line in r#"[{}\[\]":,a-zA-Z0-9\\]{0,200}"#) {
            let mut version = String::new();
            let _ = read(line.as_bytes(), &Served::pods().unwrap(), "test", &mut version, &mut Vec::new());
            let event = format!(r#"{{"type":"ADDED","object":{line}}}"#);
            let _ = read(event.as_bytes(), &Served::pods().unwrap(), "test", &mut version, &mut Vec::new());
        }
    }
}
