//! Files by their URL: asked for only when they changed, taken up again where a
//! connection breaks, never more than a bound.

use std::{
    io::{Read, Write},
    sync::atomic::Ordering,
    time::Instant,
};

use ureq::http::Uri;

use super::{
    Answer, Ask, Http,
    options::{Options, SLOWEST},
    status_error, url,
};
use crate::Error;

/// Breaks of one file's connection that are taken up again.
const MOST_BREAKS: u32 = 8;

/// A file to be had.
#[derive(Clone, Copy, Debug)]
pub struct Fetch<'a> {
    /// Where.
    pub url: &'a str,
    /// The `ETag` it had the last time.
    pub etag: Option<&'a str>,
    /// The `Last-Modified` it had the last time.
    pub last_modified: Option<&'a str>,
    /// Bytes that are taken at most.
    pub most: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is as it was the last time.
    Unchanged,
    /// It was written.
    New {
        /// Its `ETag`.
        etag: Option<String>,
        /// Its `Last-Modified`.
        last_modified: Option<String>,
        /// Its bytes.
        bytes: u64,
    },
}

/// Fetches files.
pub struct Fetcher {
    http: Http,
}

impl Fetcher {
    /// One that asks as `options` say; credentials are for registries and not
    /// sent.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Fetcher {
            http: Http::new(options),
        }
    }

    /// Ends what is being read, and everything after it.
    pub fn stop(&self) {
        self.http.stop();
    }

    /// Fetches a file into `out`; `hears` gets the number of bytes as they come.
    ///
    /// # Errors
    /// It can't be had, or has more bytes than it may. What was written then is
    /// a part of it.
    pub fn fetch(
        &self,
        fetch: &Fetch<'_>,
        out: &mut dyn Write,
        hears: &dyn Fn(u64),
    ) -> Result<Fetched, Error> {
        let uri: Uri = fetch
            .url
            .parse()
            .map_err(|_| Error::Options(format!("`{}` is no URL", fetch.url)))?;
        let mut ask = Ask::get(uri);
        if let Some(etag) = fetch.etag {
            ask.headers.push(("if-none-match", etag.to_owned()));
        }
        if let Some(date) = fetch.last_modified {
            ask.headers.push(("if-modified-since", date.to_owned()));
        }
        let answer = self.http.send(&ask, fetch.url)?;
        let asked_before = fetch.etag.is_some() || fetch.last_modified.is_some();
        match answer.status {
            304 if asked_before => return Ok(Fetched::Unchanged),
            200 => {}
            _ => return Err(self.refused(answer, fetch.url)),
        }
        let told = |name: &str| answer.header(name).map(str::to_owned);
        let (etag, last_modified) = (told("etag"), told("last-modified"));
        let size = answer.header("content-length").and_then(|n| n.parse().ok());
        let bytes = self.body(answer, fetch, etag.as_deref(), size, out, hears)?;
        Ok(Fetched::New {
            etag,
            last_modified,
            bytes,
        })
    }

    /// Reads the body, from where it breaks on again.
    fn body(
        &self,
        mut answer: Answer,
        fetch: &Fetch<'_>,
        etag: Option<&str>,
        size: Option<u64>,
        out: &mut dyn Write,
        hears: &dyn Fn(u64),
    ) -> Result<u64, Error> {
        let host = url::host(&answer.url).to_owned();
        let too_large = || Error::TooLarge {
            host: host.clone(),
            what: fetch.url.to_owned(),
            most: fetch.most,
        };
        // Nothing is read of what says that it is too large.
        if size.is_some_and(|size| size > fetch.most) {
            return Err(too_large());
        }
        let mut at = 0;
        let mut breaks = 0;
        loop {
            let uri = answer.url.clone();
            let broken = match self.part(answer, &host, &mut at, fetch.most, out, hears)? {
                None if size.is_none_or(|size| size == at) => return Ok(at),
                None if size.is_some_and(|size| at > size) || at > fetch.most => {
                    return Err(too_large());
                }
                None => Error::Protocol {
                    host: host.clone(),
                    what: fetch.url.to_owned(),
                    message: format!("it ends after {at} bytes of {}", size.unwrap_or(0)),
                },
                Some(error) => error,
            };
            breaks += 1;
            // Without a name for this version of it, a rest may be of another.
            let Some(etag) = etag.filter(|etag| !etag.starts_with("W/")) else {
                return Err(broken);
            };
            let passing = broken.is_passing() || matches!(broken, Error::Protocol { .. });
            if breaks > MOST_BREAKS || !passing || at == 0 {
                return Err(broken);
            }
            let mut ask = Ask::get(uri);
            ask.headers.push(("range", format!("bytes={at}-")));
            ask.headers.push(("if-range", etag.to_owned()));
            answer = self.http.send(&ask, fetch.url)?;
            if answer.status != 206 {
                return Err(broken);
            }
        }
    }

    /// Reads to the end of one answer; the error that broke it, if one did.
    fn part(
        &self,
        answer: Answer,
        host: &str,
        at: &mut u64,
        most: u64,
        out: &mut dyn Write,
        hears: &dyn Fn(u64),
    ) -> Result<Option<Error>, Error> {
        let pace = self.http.options.timeouts.pace;
        let mut reader = answer.body.into_reader();
        let mut buffer = vec![0; 64 << 10];
        let (mut since, mut from) = (Instant::now(), *at);
        loop {
            if self.http.options.cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Some(self.http.read_error(host, error))),
            };
            *at += count as u64;
            if *at > most {
                return Ok(None);
            }
            out.write_all(&buffer[..count])
                .map_err(|error| Error::from_io("what was fetched", error))?;
            hears(count as u64);
            if since.elapsed() > pace {
                if *at - from < SLOWEST {
                    return Ok(Some(Error::Timeout {
                        host: host.to_owned(),
                        message: format!("fewer than {SLOWEST} bytes in {pace:?}"),
                    }));
                }
                (since, from) = (Instant::now(), *at);
            }
        }
    }

    fn refused(&self, answer: Answer, what: &str) -> Error {
        let host = url::host(&answer.url).to_owned();
        let (status, headers) = (answer.status, answer.headers.clone());
        let message = self.http.error_message(answer);
        status_error(&host, what, status, &headers, message)
    }
}
