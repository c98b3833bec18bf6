//! Blobs: read once, in order, and taken up again where a connection breaks.

use std::{
    io::{self, Read},
    time::Instant,
};

use plimsoll_image::source::Descriptor;
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};
use ureq::BodyReader;

use super::{Client, Endpoint, session::Request};
use crate::{
    Error,
    http::{self, Answer, Ask, options::SLOWEST, status_error, url},
    reference::Reference,
};

/// Bytes after which earlier breaks of a connection are forgiven.
const PROGRESS: u64 = 1 << 20;

/// Breaks of one blob, forgiven or not.
const MOST_BREAKS: u32 = 100;

/// A blob being read. Ends with an error where the bytes are not those that
/// its descriptor names: read to the end before what came is relied on.
pub struct BlobReader {
    client: Client,
    endpoint: Endpoint,
    reference: Reference,
    descriptor: Descriptor,
    what: String,
    hasher: Option<Sha256>,
    body: Option<Body>,
    at: u64,
    /// Breaks since the last progress, and all of them.
    breaks: u32,
    all_breaks: u32,
    /// Where the last break was.
    broke_at: u64,
    is_done: bool,
    /// What it failed with, for good.
    failed: Option<Error>,
}

struct Body {
    reader: BodyReader<'static>,
    /// Whether its end shows without waiting for it.
    has_length: bool,
    /// When the current stretch of time began, and where.
    since: Instant,
    from: u64,
}

impl Client {
    /// A blob of a reference's repository; its digest and size are verified.
    ///
    /// # Errors
    /// It can't be had.
    pub fn blob(
        &self,
        reference: &Reference,
        descriptor: &Descriptor,
    ) -> Result<BlobReader, Error> {
        self.open(reference, descriptor, Some(Sha256::new()))
    }

    /// [`blob`](Self::blob) for those who verify its digest themselves.
    ///
    /// # Errors
    /// It can't be had.
    pub fn blob_unverified(
        &self,
        reference: &Reference,
        descriptor: &Descriptor,
    ) -> Result<BlobReader, Error> {
        self.open(reference, descriptor, None)
    }

    /// A whole small blob, verified.
    ///
    /// # Errors
    /// It can't be had or has more than `most` bytes.
    pub fn blob_bytes(
        &self,
        reference: &Reference,
        descriptor: &Descriptor,
        most: u64,
    ) -> Result<Vec<u8>, Error> {
        let what = format!("the blob {}", descriptor.digest);
        if descriptor.size > most {
            return Err(Error::TooLarge {
                host: reference.registry().to_owned(),
                what,
                most,
            });
        }
        let reader = self.blob(reference, descriptor)?;
        plimsoll_image::bounded::read_all(reader, most)
            .map_err(|error| Error::from_io(&what, error))
    }

    fn open(
        &self,
        reference: &Reference,
        descriptor: &Descriptor,
        hasher: Option<Sha256>,
    ) -> Result<BlobReader, Error> {
        let what = format!("the blob {}", descriptor.digest);
        self.each(reference.registry(), |endpoint| {
            let mut reader = BlobReader {
                client: self.clone(),
                endpoint: endpoint.clone(),
                reference: reference.clone(),
                descriptor: descriptor.clone(),
                what: what.clone(),
                hasher: hasher.clone(),
                body: None,
                at: 0,
                breaks: 0,
                all_breaks: 0,
                broke_at: 0,
                is_done: false,
                failed: None,
            };
            reader.body = Some(reader.connect()?);
            Ok(reader)
        })
    }
}

impl BlobReader {
    /// Asks for the bytes from `self.at` on.
    fn connect(&self) -> Result<Body, Error> {
        let mut headers = Vec::new();
        if self.at > 0 {
            headers.push(("range", format!("bytes={}-", self.at)));
        }
        let answer = match self.ask(headers.clone()) {
            // Layers that may not be given on are had from their makers.
            Err(error @ Error::NotFound { .. }) => self.ask_elsewhere(headers, error)?,
            other => other?,
        };
        self.body(answer)
    }

    fn ask(&self, headers: Vec<(&'static str, String)>) -> Result<Answer, Error> {
        let repository = self.endpoint.repository(&self.reference);
        let answer = self.client.ask(
            &self.endpoint,
            &Request {
                path: format!("{repository}/blobs/{}", self.descriptor.digest),
                scope: format!("repository:{repository}:pull"),
                repository: &repository,
                headers,
                what: &self.what,
            },
        )?;
        self.checked(answer)
    }

    fn ask_elsewhere(
        &self,
        headers: Vec<(&'static str, String)>,
        error: Error,
    ) -> Result<Answer, Error> {
        let http = &self.client.inner.http;
        for text in self.descriptor.urls.iter().take(4) {
            let Ok(url) = text.parse::<ureq::http::Uri>() else {
                continue;
            };
            let is_https = url.scheme_str() == Some("https");
            if !is_https && !http.options.is_insecure(url::authority(&url)) {
                continue;
            }
            let ask = Ask {
                headers: headers.clone(),
                ..Ask::get(url)
            };
            if let Ok(answer) = http.send(&ask, &self.what).and_then(|a| self.checked(a)) {
                return Ok(answer);
            }
        }
        Err(error)
    }

    fn checked(&self, answer: Answer) -> Result<Answer, Error> {
        if matches!(answer.status, 200 | 206) {
            return Ok(answer);
        }
        let (status, headers) = (answer.status, answer.headers.clone());
        let message = self.client.inner.http.error_message(answer);
        Err(status_error(
            &self.endpoint.registry,
            &self.what,
            status,
            &headers,
            message,
        ))
    }

    fn body(&self, answer: Answer) -> Result<Body, Error> {
        let size = self.descriptor.size;
        let protocol = |message: &str| Error::Protocol {
            host: url::host(&answer.url).to_owned(),
            what: self.what.clone(),
            message: message.to_owned(),
        };
        let length = answer
            .header("content-length")
            .map(|text| text.trim().parse::<u64>())
            .transpose()
            .map_err(|_| protocol("its length is no number"))?;
        let begins = if answer.status == 206 {
            let range = answer.header("content-range").unwrap_or_default();
            let (begins, total) =
                content_range(range).ok_or_else(|| protocol("a part without its place"))?;
            if begins != self.at {
                return Err(protocol("another part than was asked for"));
            }
            if total.is_some_and(|total| total != size) {
                return Err(self.wrong_size(total.unwrap_or(0)));
            }
            begins
        } else {
            0
        };
        if let Some(length) = length
            && begins.saturating_add(length) != size
        {
            return Err(self.wrong_size(begins.saturating_add(length)));
        }
        let mut body = Body {
            reader: answer.body.into_reader(),
            has_length: length.is_some(),
            since: Instant::now(),
            from: begins,
        };
        // A server that knows no parts gives the whole again.
        let mut position = begins;
        let mut buffer = [0; 16 << 10];
        while position < self.at {
            let left = usize::try_from(self.at - position).unwrap_or(usize::MAX);
            let ask = buffer.len().min(left);
            let count = self.read_body(&mut body, &mut buffer[..ask], position)?;
            position += count as u64;
        }
        Ok(body)
    }

    /// Reads some bytes that stand at `position`; never none.
    fn read_body(&self, body: &mut Body, buffer: &mut [u8], position: u64) -> Result<usize, Error> {
        let http = &self.client.inner.http;
        if http.cancelled() {
            return Err(Error::Cancelled);
        }
        let host = &self.endpoint.registry;
        let pace = http.options.timeouts.pace;
        if body.since.elapsed() >= pace {
            if position - body.from < SLOWEST {
                return Err(Error::Timeout {
                    host: host.clone(),
                    message: format!("less than {SLOWEST} bytes in {} s", pace.as_secs()),
                });
            }
            body.since = Instant::now();
            body.from = position;
        }
        match body.reader.read(buffer) {
            Ok(0) => Err(Error::Connect {
                host: host.clone(),
                message: format!(
                    "it ended after {position} of {} bytes of {}",
                    self.descriptor.size, self.what
                ),
            }),
            Ok(count) => Ok(count),
            Err(error) => Err(http.read_error(host, error)),
        }
    }

    fn wrong_size(&self, got: u64) -> Error {
        Error::WrongSize {
            host: self.endpoint.registry.clone(),
            what: self.what.clone(),
            wanted: self.descriptor.size,
            got,
        }
    }

    /// Waits after a break; the error, when there were too many.
    fn broken(&mut self, error: Error) -> Result<(), Error> {
        if !error.is_passing() {
            return Err(error);
        }
        if self.at - self.broke_at >= PROGRESS {
            self.breaks = 0;
        }
        self.broke_at = self.at;
        self.breaks += 1;
        self.all_breaks += 1;
        self.body = None;
        let http = &self.client.inner.http;
        match http.options.retry.wait(self.breaks, None) {
            Some(wait) if self.all_breaks < MOST_BREAKS => http::pause(wait, &http.options.cancel),
            _ => Err(error),
        }
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.is_done || buffer.is_empty() {
            return Ok(0);
        }
        let left = self.descriptor.size - self.at;
        if left == 0 {
            self.finish()?;
            return Ok(0);
        }
        let ask = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        loop {
            let read = match self.body.take() {
                Some(mut body) => {
                    let read = self.read_body(&mut body, &mut buffer[..ask], self.at);
                    self.body = Some(body);
                    read
                }
                // An error here was tried again already.
                None => {
                    self.body = Some(self.connect()?);
                    continue;
                }
            };
            match read {
                Ok(count) => {
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&buffer[..count]);
                    }
                    self.at += count as u64;
                    return Ok(count);
                }
                Err(error) => self.broken(error)?,
            }
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let Some(mut body) = self.body.take()
            && body.has_length
        {
            // Its end is there already; seeing it gives the connection back.
            let _ = body.reader.read(&mut [0]);
        }
        if let Some(hasher) = self.hasher.take() {
            let got = Digest(hasher.finalize().into());
            if got != self.descriptor.digest {
                return Err(Error::WrongDigest {
                    host: self.endpoint.registry.clone(),
                    what: self.what.clone(),
                    wanted: self.descriptor.digest,
                    got,
                });
            }
        }
        self.is_done = true;
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into_io());
        }
        self.next(buffer).map_err(|error| {
            self.failed = Some(error.clone());
            error.into_io()
        })
    }
}

/// `bytes FIRST-LAST/TOTAL`: the first, and the total where it is known.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        for bad in [
            "",
            "bytes",
            "bytes */10",
            "bytes x-1/2",
            "items 0-1/2",
            "bytes 5",
        ] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
