//! One request and its answer: agents, redirects, retries, errors in words.
//!
//! Redirects are followed here and not by ureq, so that credentials stay with
//! the host they are for.

pub mod fetch;
pub mod options;
pub mod proxy;
pub mod retry;
pub(crate) mod tls;
pub(crate) mod url;

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body, Timeout,
    http::{self, HeaderMap, Uri, header},
};

use crate::{Error, reference::is_loopback};

use self::options::Options;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 8;

/// Bytes of a response's head.
const MOST_HEAD: usize = 64 << 10;

/// Bytes of an error's body that are read.
const MOST_ERROR: u64 = 64 << 10;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Where.
    pub url: Uri,
    /// `Accept`, `Range` and the like.
    pub headers: Vec<(&'static str, String)>,
    /// `Authorization`; sent to the host of `url` alone.
    pub authorization: Option<String>,
    /// A form to post; none gets.
    pub form: Option<String>,
}

impl Ask {
    pub fn get(url: Uri) -> Self {
        Ask {
            url,
            headers: Vec::new(),
            authorization: None,
            form: None,
        }
    }
}

/// A response: its head, and its body not read yet.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
    /// Where it came from in the end.
    pub url: Uri,
}

impl Answer {
    /// A header as text; none when it is not there or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Which agent serves a request.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    verify: bool,
    proxy: Option<String>,
}

/// The HTTP side of a client.
pub(crate) struct Http {
    pub options: Options,
    agents: Mutex<HashMap<Key, Agent>>,
}

impl Http {
    pub fn new(options: Options) -> Self {
        Http {
            options,
            agents: Mutex::new(HashMap::new()),
        }
    }

    pub fn cancelled(&self) -> bool {
        self.options.cancel.load(Ordering::Relaxed)
    }

    /// Ends what is being read, and everything after it.
    pub fn stop(&self) {
        self.options.cancel.store(true, Ordering::Relaxed);
        let agents =
            std::mem::take(&mut *self.agents.lock().unwrap_or_else(PoisonError::into_inner));
        for agent in agents.into_values() {
            agent.shutdown();
        }
    }

    /// Sends, follows redirects, and sends again after passing failures. An
    /// answer of any status but 429 and 5xx is an answer.
    pub fn send(&self, ask: &Ask, what: &str) -> Result<Answer, Error> {
        let retry = &self.options.retry;
        let mut attempt = 0;
        loop {
            let host = url::host(&ask.url);
            let (error, stated) = match self.follow(ask, what) {
                Ok(answer) if !retry::is_passing(answer.status) => return Ok(answer),
                Ok(answer) => {
                    let after = retry::retry_after(answer.header("retry-after"));
                    let (status, headers) = (answer.status, answer.headers.clone());
                    let message = self.error_message(answer);
                    (status_error(host, what, status, &headers, message), after)
                }
                Err(error) if error.is_passing() => (error, None),
                Err(error) => return Err(error),
            };
            attempt += 1;
            let Some(wait) = retry.wait(attempt, stated) else {
                return Err(error);
            };
            pause(wait, &self.options.cancel)?;
        }
    }

    /// Sends once and follows redirects.
    fn follow(&self, ask: &Ask, what: &str) -> Result<Answer, Error> {
        let mut ask = ask.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(&ask)?;
            let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let location = answer.header("location").filter(|_| is_redirect);
            let Some(location) = location else {
                return Ok(answer);
            };
            let protocol = |message: String| Error::Protocol {
                host: url::host(&ask.url).to_owned(),
                what: what.to_owned(),
                message,
            };
            if ask.form.is_some() {
                return Err(protocol("a redirect of a form".to_owned()));
            }
            let target = url::join(&ask.url, location)
                .ok_or_else(|| protocol("a redirect to what is no URL".to_owned()))?;
            let downgrade =
                ask.url.scheme_str() == Some("https") && target.scheme_str() != Some("https");
            if downgrade && !self.options.is_insecure(url::authority(&target)) {
                return Err(protocol("a redirect from https to http".to_owned()));
            }
            if !url::same_origin(&ask.url, &target) {
                ask.authorization = None;
            }
            ask.url = target;
        }
        Err(Error::Protocol {
            host: url::host(&ask.url).to_owned(),
            what: what.to_owned(),
            message: format!("more than {MOST_REDIRECTS} redirects"),
        })
    }

    fn once(&self, ask: &Ask) -> Result<Answer, Error> {
        if self.cancelled() {
            return Err(Error::Cancelled);
        }
        let agent = self.agent(&ask.url)?;
        let mut request = http::Request::builder().uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(value) = &ask.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let response = match &ask.form {
            None => request.body(()).map(|request| agent.run(request)),
            Some(form) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.as_str())
                .map(|request| agent.run(request)),
        };
        let response = response
            .map_err(|error| Error::Options(format!("no request can be made of it: {error}")))?
            .map_err(|error| self.error(url::host(&ask.url), error))?;
        let (head, body) = response.into_parts();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            url: ask.url.clone(),
        })
    }

    /// The agent for a URL: with or without a proxy and verification.
    fn agent(&self, url: &Uri) -> Result<Agent, Error> {
        let host = url::authority(url);
        let is_https = url.scheme_str() == Some("https");
        let proxy = if is_loopback(host) {
            None
        } else {
            self.options.proxies.find(is_https, host)
        };
        let key = Key {
            verify: is_https && !self.options.is_insecure(host),
            proxy: proxy.map(str::to_owned),
        };
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let proxy = match &key.proxy {
            None => None,
            Some(proxy) => Some(proxy::checked(proxy)?),
        };
        let times = &self.options.timeouts;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MOST_HEAD)
            // What is hashed is what was stored: nothing is compressed on the way.
            .accept_encoding("identity")
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(times.connect))
            .timeout_connect(Some(times.connect))
            .timeout_recv_response(Some(times.response))
            .timeout_per_read(Some(times.idle))
            .timeout_per_write(Some(times.idle))
            .proxy(proxy)
            .tls_config(tls::config(key.verify, is_https, self.options.ca_file.as_deref())?)
            .build()
            .new_agent();
        // Connections of http need no roots, and are another agent only when
        // verification is on: the key says `verify: false` for them.
        agents.insert(key, agent.clone());
        Ok(agent)
    }

    /// The whole body of an answer, when it has at most `most` bytes and comes
    /// in the time documents have.
    pub fn document(&self, answer: Answer, what: &str, most: u64) -> Result<Vec<u8>, Error> {
        let host = url::host(&answer.url).to_owned();
        let timed = Timed {
            inner: answer.body.into_reader(),
            end: Instant::now() + self.options.timeouts.document,
            cancel: &self.options.cancel,
        };
        plimsoll_image::bounded::read_all(timed, most).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Error::TooLarge {
                host,
                what: what.to_owned(),
                most,
            },
            _ => self.read_error(&host, error),
        })
    }

    /// What the body of an error says, in one line; empty when it says nothing.
    pub fn error_message(&self, answer: Answer) -> String {
        let bytes = self
            .document(answer, "an error", MOST_ERROR)
            .unwrap_or_default();
        error_text(&bytes)
    }

    /// An error while a body is read.
    pub fn read_error(&self, host: &str, error: io::Error) -> Error {
        if self.cancelled() {
            return Error::Cancelled;
        }
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            return Error::from_io("reading", error);
        }
        self.error(host, error.into())
    }

    fn error(&self, host: &str, error: ureq::Error) -> Error {
        if self.cancelled() {
            return Error::Cancelled;
        }
        let host = host.to_owned();
        match error {
            ureq::Error::HostNotFound => Error::Dns { host },
            ureq::Error::Timeout(which) => Error::Timeout {
                host,
                message: match which {
                    Timeout::Resolve => "its name is not resolved in time".to_owned(),
                    Timeout::Connect => "no connection in time".to_owned(),
                    Timeout::RecvResponse => "no answer in time".to_owned(),
                    _ => "it sends nothing for too long".to_owned(),
                },
            },
            ureq::Error::Rustls(error) => Error::Tls {
                host,
                message: tls::words(&error),
            },
            ureq::Error::Tls(message) => Error::Tls {
                host,
                message: message.to_owned(),
            },
            ureq::Error::Io(error) => {
                if let Some(inner) = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<rustls::Error>())
                {
                    return Error::Tls {
                        host,
                        message: tls::words(inner),
                    };
                }
                Error::Connect {
                    host,
                    message: match error.kind() {
                        io::ErrorKind::ConnectionRefused => {
                            "it is refused; is the server running there?".to_owned()
                        }
                        io::ErrorKind::UnexpectedEof => "it ended too early".to_owned(),
                        _ => error.to_string(),
                    },
                }
            }
            ureq::Error::ConnectProxyFailed(message) => Error::Connect {
                host,
                message: format!("the proxy refuses: {message}"),
            },
            ureq::Error::ConnectionFailed => Error::Connect {
                host,
                message: "it fails".to_owned(),
            },
            ureq::Error::LargeResponseHeader(..) => Error::Protocol {
                host,
                what: "a request".to_owned(),
                message: format!("a head of more than {MOST_HEAD} bytes"),
            },
            other => Error::Protocol {
                host,
                what: "a request".to_owned(),
                message: other.to_string(),
            },
        }
    }
}

/// The error of a status that is none of success.
pub(crate) fn status_error(
    host: &str,
    what: &str,
    status: u16,
    headers: &HeaderMap,
    message: String,
) -> Error {
    let host = host.to_owned();
    let what = what.to_owned();
    match status {
        403 => Error::Forbidden {
            host,
            what,
            message,
        },
        404 => Error::NotFound {
            host,
            what,
            message,
        },
        429 => Error::RateLimited {
            host,
            after: retry::retry_after(
                headers
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok()),
            ),
        },
        _ => Error::Status {
            host,
            what,
            status,
            message,
        },
    }
}

/// What an error's body says (distribution-spec, "Error Codes").
fn error_text(bytes: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Vec<One>,
        #[serde(default)]
        details: String,
    }
    #[derive(serde::Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let text = match serde_json::from_slice::<Errors>(bytes) {
        Ok(read) => match read.errors.into_iter().next() {
            Some(one) if one.message.is_empty() => one.code,
            Some(one) => one.message,
            None => read.details,
        },
        Err(_) => String::new(),
    };
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Waits, and looks whether the user stops it.
pub(crate) fn pause(wait: Duration, cancel: &AtomicBool) -> Result<(), Error> {
    let end = Instant::now() + wait;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(25)));
    }
}

/// Ends with an error when its time is over.
struct Timed<'a, R> {
    inner: R,
    end: Instant,
    cancel: &'a Arc<AtomicBool>,
}

impl<R: io::Read> io::Read for Timed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.load(Ordering::Relaxed) {
            // Not of the kind `Interrupted`: readers would try again for ever.
            return Err(io::Error::other(Error::Cancelled));
        }
        if Instant::now() > self.end {
            return Err(ureq::Error::Timeout(Timeout::RecvBody).into_io());
        }
        self.inner.read(buffer)
    }
}
