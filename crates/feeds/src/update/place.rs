//! Where a part is: at its address, or where what is there says.

use plimsoll_registry::http::fetch::{Fetch, Fetched, Fetcher};
use quick_xml::{Reader, events::Event};

use crate::{
    Error,
    sources::{At, Part},
};

/// Bytes of what only says where something is.
const MOST_INDEX: u64 = 64 << 20;

/// Where a file is, and its SHA-256 where that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) url: String,
    pub(super) sha256: Option<String>,
}

/// A text of the publisher; none when it is not there.
pub(super) fn text(fetcher: &Fetcher, url: &str) -> Result<Option<String>, Error> {
    let mut out = Vec::new();
    let fetch = Fetch {
        url,
        etag: None,
        last_modified: None,
        most: MOST_INDEX,
    };
    match fetcher.fetch(&fetch, &mut out, &|_| {}) {
        Ok(Fetched::New { .. } | Fetched::Unchanged) => {
            Ok(Some(String::from_utf8_lossy(&out).into_owned()))
        }
        Err(plimsoll_registry::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where a part is that has this address.
///
/// # Errors
/// It can't be had, or says nothing of a file.
pub(super) fn place(part: &Part, url: &str, fetcher: &Fetcher) -> Result<Place, Error> {
    let there = |url: &str| -> Result<String, Error> {
        text(fetcher, url)?.ok_or_else(|| {
            Error::Fetch(plimsoll_registry::Error::NotFound {
                host: host(url).to_owned(),
                what: url.to_owned(),
                message: String::new(),
            })
        })
    };
    match part.at {
        At::File => Ok(Place {
            url: url.to_owned(),
            sha256: None,
        }),
        At::Latest => {
            let name = there(url)?;
            let name = name.trim();
            if !is_below(name) {
                return Err(unusable(
                    url,
                    format!("`{}` is no file beside it", cut(name)),
                ));
            }
            let folder = url.rsplit_once('/').map_or("", |(folder, _)| folder);
            Ok(Place {
                url: format!("{folder}/{name}"),
                sha256: None,
            })
        }
        At::Repository => repository(url, &there),
        At::MirrorList => {
            let list = there(url)?;
            let first = list.lines().map(str::trim).find(|line| !line.is_empty());
            let root = first.unwrap_or_default();
            if !root.starts_with("https://") && !root.starts_with("http://") {
                return Err(unusable(url, format!("`{}` is no repository", cut(root))));
            }
            repository(root, &there)
        }
    }
}

fn repository(root: &str, there: &dyn Fn(&str) -> Result<String, Error>) -> Result<Place, Error> {
    let root = root.trim_end_matches('/');
    let url = format!("{root}/repodata/repomd.xml");
    let found = updateinfo(&there(&url)?).map_err(|why| unusable(&url, why))?;
    Ok(Place {
        url: format!("{root}/{}", found.url),
        ..found
    })
}

fn unusable(what: &str, why: String) -> Error {
    Error::Unusable {
        what: what.to_owned(),
        why,
    }
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or(url)
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Whether a path stays below where it is written.
pub(super) fn is_below(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 512
        && !path.starts_with('/')
        && !path.contains([':', '\\', '?', '#', '+'])
        && !path.chars().any(|c| c.is_control() || c.is_whitespace())
        && !path.split('/').any(|part| part == ".." || part.is_empty())
}

/// What `repomd.xml` says of the `updateinfo`: its path, and its digest.
fn updateinfo(text: &str) -> Result<Place, String> {
    let mut reader = Reader::from_str(text);
    let (mut inside, mut checksum) = (false, false);
    let mut found = Place::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) | Event::Empty(tag) => {
                let attribute = |name: &str| {
                    let mut all = tag.attributes();
                    let mut all = all.with_checks(false).take(16).flatten();
                    let value = all.find(|a| a.key.local_name().as_ref() == name)?;
                    Some(value.value.to_string())
                };
                match tag.local_name().as_ref() {
                    "data" => inside = attribute("type").as_deref() == Some("updateinfo"),
                    "location" if inside => found.url = attribute("href").unwrap_or_default(),
                    "checksum" if inside => {
                        checksum = attribute("type").as_deref() == Some("sha256");
                    }
                    _ => {}
                }
            }
            Event::Text(part) if checksum => {
                found.sha256.get_or_insert_default().push_str(part.trim());
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "data" => inside = false,
                "checksum" => checksum = false,
                _ => {}
            },
            Event::DocType(_) => return Err("a document type is not read".to_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    match is_below(&found.url) {
        true => Ok(found),
        false if found.url.is_empty() => Err("it names no updateinfo".to_owned()),
        false => Err(format!("`{}` is no path in a repository", cut(&found.url))),
    }
}

/// Reads the text as what a repository says of itself.
pub(super) fn any(text: &str) {
    if let Ok(found) = updateinfo(text) {
        assert!(is_below(&found.url), "{}", found.url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_updateinfo_of_a_repository_is_found() {
        let text = "<repomd><data type='primary'><location href='a'/></data>\
            <data type='updateinfo'><checksum type='sha256'>ab</checksum>\
            <open-checksum type='sha256'>cd</open-checksum>\
            <location href='repodata/u.xml.gz'/></data></repomd>";
        let expect = Place {
            url: "repodata/u.xml.gz".to_owned(),
            sha256: Some("ab".to_owned()),
        };
        assert_eq!(updateinfo(text), Ok(expect));
        assert!(updateinfo("<repomd/>").is_err());
        for path in ["/etc/x", "../x", "http://h/x", "a//b"] {
            let text = format!("<r><data type='updateinfo'><location href='{path}'/></data></r>");
            assert!(updateinfo(&text).is_err(), "{path}");
        }
        assert!(updateinfo("<!DOCTYPE x><r/>").is_err());
    }
}
