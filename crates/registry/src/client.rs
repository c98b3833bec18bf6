//! A client of registries: who they are, how they want to be asked, and one
//! request to one of them. What is asked for is in the modules below.

mod attached;
mod blob;
mod list;
mod manifest;
mod session;

use std::sync::Arc;

use crate::{
    Error,
    http::{Http, options::Options},
    reference::{self, Reference},
};

pub(crate) use self::list::next_link;
pub use self::{
    attached::{Attached, Attachments},
    blob::BlobReader,
    list::{Listing, Referrer},
    manifest::Manifest,
};

/// A client of registries. Clones share their connections, tokens and what
/// they know of hosts.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    sessions: session::Sessions,
}

/// One place a registry's content can be had from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    /// What its credentials are filed under.
    registry: String,
    /// Host and port.
    host: String,
    /// The scheme, when the user says it.
    scheme: Option<&'static str>,
    /// What stands before the repository: empty or with a slash at its end.
    prefix: String,
}

impl Client {
    /// A client.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Client {
            inner: Arc::new(Inner {
                http: Http::new(options),
                sessions: session::Sessions::default(),
            }),
        }
    }

    /// How it was made.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.http.options
    }

    /// Ends everything that is being read, at once and for good.
    pub fn stop(&self) {
        self.inner.http.stop();
    }

    /// Asks the mirrors of a registry, then the registry itself. The error is
    /// that of the registry.
    fn each<T>(
        &self,
        registry: &str,
        mut ask: impl FnMut(&Endpoint) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mirrors = self.options().mirrors.get(registry);
        for mirror in mirrors.into_iter().flatten() {
            match ask(&Endpoint::mirror(mirror)?) {
                Ok(found) => return Ok(found),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                // Whatever a mirror lacks or fails in, the registry may have.
                Err(_) => {}
            }
        }
        ask(&Endpoint::of(registry))
    }
}

impl Endpoint {
    fn of(registry: &str) -> Self {
        Endpoint {
            registry: registry.to_owned(),
            host: reference::api_host(registry).to_owned(),
            scheme: None,
            prefix: String::new(),
        }
    }

    fn mirror(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Some("https"), rest),
            Some(("http", rest)) => (Some("http"), rest),
            Some(_) => (None, ""),
            None => (None, text),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.trim_matches('/');
        let path = path
            .strip_prefix("v2")
            .map_or(path, |rest| rest.trim_start_matches('/'));
        if !reference::is_host(host) {
            return Err(Error::Options(format!(
                "`{text}` is no mirror: write `https://HOST[:PORT][/PREFIX]`"
            )));
        }
        Ok(Endpoint {
            registry: host.to_ascii_lowercase(),
            host: host.to_ascii_lowercase(),
            scheme,
            prefix: if path.is_empty() {
                String::new()
            } else {
                format!("{path}/")
            },
        })
    }

    fn repository(&self, reference: &Reference) -> String {
        format!("{}{}", self.prefix, reference.repository())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_have_a_scheme_and_a_prefix_or_not() {
        let check = |text: &str, expect: Option<(Option<&str>, &str, &str)>| {
            let got = Endpoint::mirror(text);
            let got = got
                .as_ref()
                .ok()
                .map(|e| (e.scheme, e.host.as_str(), e.prefix.as_str()));
            assert_eq!(got, expect, "{text}");
        };
        check(
            "https://m.example.com",
            Some((Some("https"), "m.example.com", "")),
        );
        check(
            "m.example.com:5000/",
            Some((None, "m.example.com:5000", "")),
        );
        check("http://m/hub/x/", Some((Some("http"), "m", "hub/x/")));
        check("https://m/v2/hub", Some((Some("https"), "m", "hub/")));
        check("ftp://m", None);
        check("https://", None);
        check("https://me:secret@m", None);
    }
}
